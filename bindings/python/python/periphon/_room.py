"""Rooms: shoeboxes with walls, air and perhaps a wanted decay."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _periphon
from ._arrays import Floats, number, numbers, vector, whole
from ._errors import ArgumentError

#: Centres of the octave bands, Hz, in which rooms are described and measured.
BANDS = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)

#: The walls in the order of `Room.absorption`: x = 0, x = length, y = 0, y = width, z = 0, z = height.
WALLS = ("back", "front", "right", "left", "floor", "ceiling")

#: The air of a room unless it is said: degrees Celsius, percent of relative humidity.
AIR = (20.0, 50.0)


@cache
def _materials() -> dict[str, tuple[float, ...]]:
    known = {}
    for name, aliases, absorption, _ in _periphon.materials():
        known[name] = tuple(absorption)
        known.update((alias, tuple(absorption)) for alias in aliases)
    return known


def materials() -> dict[str, Floats]:
    """Absorption (7,) in octave bands of every material, by name."""
    return {name: np.array(absorption) for name, _, absorption, _ in _periphon.materials()}


def presets() -> dict[str, str]:
    """The rooms that come along, and what they are."""
    return dict(_periphon.presets())


class Room:
    """A shoebox `[0, x] × [0, y] × [0, z]` metres; immutable.

    `absorption` is the part of the energy that walls take, 0 to 1: one number, seven (octave bands, `BANDS`), a
    material's name, an array (6, 7) or (6, 1) in the order of `WALLS`, or a dict of walls with any of these, where `"all"`
    stands for the walls that are not named.

    Image sources are rendered one by one up to `order` (0 to 100); `late` is whether a late field follows them. `t60`
    (one number or seven, seconds) is the decay wanted; None is what walls and air make it. `air` is (degrees Celsius,
    percent of humidity), or None for air that absorbs nothing.
    """

    _native: _periphon.Room

    def __init__(
        self,
        size: ArrayLike,
        absorption: Any = 0.1,
        *,
        order: int = 3,
        late: bool = True,
        t60: ArrayLike | None = None,
        air: tuple[float, float] | None = AIR,
        speed_of_sound: float = 343.0,
    ) -> None:
        self._native = _periphon.Room(
            vector("size", size, 3),
            _walls(absorption),
            whole("order", order, 0, 100),
            bool(late),
            None if t60 is None else _bands("t60", t60),
            None if air is None else _pair("air", air),
            number("speed_of_sound", speed_of_sound),
        )

    @classmethod
    def preset(cls, name: str) -> Room:
        """A room by name: see `periphon.presets()`."""
        room = cls.__new__(cls)
        room._native = _periphon.Room.preset(name)
        return room

    def replace(self, **changes: Any) -> Room:
        """The same room but for these arguments of the constructor."""
        known: dict[str, Any] = {
            "size": self.size,
            "absorption": self.absorption,
            "order": self.order,
            "late": self.late,
            "t60": self.t60,
            "air": self.air,
            "speed_of_sound": self.speed_of_sound,
        }
        if unknown := changes.keys() - known.keys():
            raise ArgumentError(f"a room has no {', '.join(sorted(unknown))}", [f"it has: {', '.join(known)}"])
        return Room(**(known | changes))

    @property
    def size(self) -> list[float]:
        """Length (x), width (y), height (z), metres."""
        return self._native.size

    @property
    def absorption(self) -> Floats:
        """(6, 7): walls in the order of `WALLS`, octave bands."""
        return self._native.absorption()

    @property
    def order(self) -> int:
        """The highest order of image sources."""
        return self._native.order

    @property
    def late(self) -> bool:
        """Whether a late field follows the images."""
        return self._native.late

    @property
    def t60(self) -> list[float] | None:
        """The decay wanted, seconds in seven bands."""
        return self._native.t60

    @property
    def air(self) -> tuple[float, float] | None:
        """Degrees Celsius, percent of humidity."""
        return self._native.air

    @property
    def speed_of_sound(self) -> float:
        """Metres a second."""
        return self._native.speed_of_sound

    @property
    def volume(self) -> float:
        """Cubic metres."""
        return self._native.volume

    @property
    def surface(self) -> float:
        """Square metres."""
        return self._native.surface

    @property
    def listener(self) -> list[float] | None:
        """Where one listens in a preset; None elsewhere."""
        return self._native.listener

    def __repr__(self) -> str:
        size = " × ".join(f"{x:g}" for x in self.size)
        return f"<periphon.Room {size} m, order {self.order}{', late field' if self.late else ''}>"


def default_room(room: Room | str | None) -> Room | None:
    """The room that an argument means."""
    if isinstance(room, str):
        return None if room == "none" else Room.preset(room)
    if room is None or isinstance(room, Room):
        return room
    raise ArgumentError(f"room: a Room, a preset's name or None is needed, not {type(room).__name__}")


def _pair(name: str, value: ArrayLike) -> tuple[float, float]:
    first, second = vector(name, value, 2)
    return first, second


def _bands(name: str, value: ArrayLike) -> list[float]:
    array = numbers(name, value)
    if array.shape not in ((), (1,), (7,)):
        raise ArgumentError(f"{name}: one number or seven are needed, the shape is {array.shape}")
    return [float(x) for x in np.broadcast_to(array, 7)]


def _wall(name: str, value: Any) -> list[float]:
    if not isinstance(value, str):
        return _bands(name, value)
    if value not in _materials():
        raise ArgumentError(f"{name}: there is no material '{value}'", ["periphon.materials() has all"])
    return list(_materials()[value])


def _walls(value: Any) -> Floats:
    if isinstance(value, Mapping):
        if unknown := [w for w in value if w not in (*WALLS, "all")]:
            raise ArgumentError(f"absorption: there is no wall {unknown[0]!r}", [f"there are: {', '.join(WALLS)}, all"])
        if missing := [w for w in WALLS if w not in value and "all" not in value]:
            raise ArgumentError(f"absorption: nothing is said about {', '.join(missing)}", ["'all' is for the rest"])
        return np.array([_wall(f"absorption ({w})", value.get(w, value.get("all"))) for w in WALLS])
    if not isinstance(value, str) and np.ndim(value) == 2:
        array = numbers("absorption", value)
        if array.shape not in ((6, 7), (6, 1)):
            raise ArgumentError(f"absorption: an array (6, 7) or (6, 1) is needed, the shape is {array.shape}")
        return np.broadcast_to(array, (6, 7)).copy()
    return np.tile(_wall("absorption", value), (6, 1))
