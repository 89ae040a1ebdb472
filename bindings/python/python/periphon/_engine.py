"""The engine, block by block: sources, their ways, a listener, a room."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from . import _periphon
from ._arrays import Samples, number, numbers, rows, samples, vector, whole
from ._errors import ArgumentError
from ._head import Head, default_head
from ._places import orientations
from ._responses import pattern
from ._room import Room, default_room

#: A place (x, y, z), or a way.
Place = ArrayLike | _periphon.Motion


def path(times: ArrayLike, places: ArrayLike) -> _periphon.Motion:
    """A way through places (N, 3) at rising times (N,), seconds of the engine's clock; straight between them."""
    seconds, at = _keys(times), rows("places", places, 3)[0]
    return _periphon.Motion.path(seconds, at)


def orbit(
    seconds_per_turn: float, start: ArrayLike = (1.0, 0.0, 0.0), centre: ArrayLike = (0.0, 0.0, 0.0)
) -> _periphon.Motion:
    """A circle around the vertical axis through `centre`, from `centre + start` at time 0, counter-clockwise (clockwise if
    the seconds are negative)."""
    turn = number("seconds_per_turn", seconds_per_turn)
    return _periphon.Motion.orbit(vector("centre", centre, 3), vector("start", start, 3), turn)


class Engine:
    """Renders sources to two ears, block by block, at the head's sample rate, without latency.

    `max_block` (1 to 8192) is the block that will usually be asked for; others may be. `offline` draws motion through the
    same points whatever the blocks are; without it, motion is followed from block to block. `propagation` is the
    distance in metres up to which sound takes its time (with Doppler shifts), None for no delay. `fields` are the orders
    of sound fields (AmbiX) that are to be played, too. `space=False` leaves rooms, directivities and all of these out,
    which costs less.

    Calls from several threads wait for each other; what is asked for between two blocks is heard in the next.
    """

    _native: _periphon.Engine

    def __init__(
        self,
        head: Head | str | os.PathLike[str] | None = None,
        *,
        rate: float | None = None,
        max_block: int = 1024,
        max_sources: int = 32,
        offline: bool = True,
        space: bool = True,
        propagation: float | None = None,
        speed_of_sound: float = 343.0,
        fields: Sequence[int] = (),
        room: Room | str | None = None,
        position: ArrayLike = (0.0, 0.0, 0.0),
        orientation: ArrayLike | None = None,
    ) -> None:
        if rate is None:
            rate = head.rate if isinstance(head, Head) else 48_000.0
        self.head = default_head(head, number("rate", rate))
        room = default_room(room)
        self.max_sources = whole("max_sources", max_sources, 1, 65_536)
        self._native = _periphon.Engine(
            self.head._native,
            whole("max_block", max_block, 1, 8192),
            self.max_sources,
            bool(offline),
            bool(space),
            None if propagation is None else number("propagation", propagation),
            number("speed_of_sound", speed_of_sound),
            [(whole("fields", order, 0, 7), 1.0, False) for order in fields],
            None if room is None else room._native,
        )
        self.set_head(position, orientation, seconds=0.0)

    @property
    def rate(self) -> float:
        """Hz."""
        return self._native.rate

    @property
    def inputs(self) -> int:
        """Inputs: `max_sources`, then the channels of the sound fields."""
        return self._native.inputs

    @property
    def tail(self) -> int:
        """Frames that sound after the inputs have ended, as things are."""
        return self._native.tail

    @property
    def frames(self) -> int:
        """Frames rendered so far."""
        return self._native.frames

    @property
    def non_finite(self) -> int:
        """Input samples that were NaN or infinite, and were silenced."""
        return self._native.non_finite

    def add(
        self,
        place: Place,
        *,
        gain: float = 1.0,
        directivity: str | float = "omni",
        facing: ArrayLike = (1.0, 0.0, 0.0),
        spread: float = 0.0,
        head_locked: bool = False,
        everywhere: bool = False,
        fade_in: float | None = None,
    ) -> Source:
        """A source at a place (x, y, z), or on a way (`path`, `orbit`), heard from the next block on.

        `gain` is linear, 1 at 1 m. `spread` is its width in degrees, 0 to 360. With `head_locked` its place is in the
        head's frame; `everywhere` is for sounds without a direction. `fade_in` is in seconds (5 ms) where the engine
        runs already.
        """
        ident = self._native.add(
            _motion(place),
            number("gain", gain),
            pattern(directivity),
            vector("facing", facing, 3),
            number("spread", spread),
            bool(head_locked),
            bool(everywhere),
            None if fade_in is None else number("fade_in", fade_in),
        )
        return Source(self, ident)

    def set_head(self, position: ArrayLike, orientation: ArrayLike | None = None, *, seconds: float = 0.02) -> None:
        """Takes the listener to a place and an orientation (quaternion, w first) within `seconds`."""
        (turned,), _ = orientations(orientation)
        pose = [*vector("position", position, 3), *turned.tolist()]
        self._native.set_head(_periphon.HeadMotion.still(pose), number("seconds", seconds))

    def set_head_path(
        self, times: ArrayLike, positions: ArrayLike, orientation: ArrayLike | None = None, *, seconds: float = 0.0
    ) -> None:
        """Takes the listener along a way: positions (N, 3) and quaternions (N, 4) or one, at rising times (N,), reached
        within `seconds`."""
        at = rows("positions", positions, 3)[0]
        turned = orientations(orientation)[0]
        if len(turned) not in (1, len(at)):
            raise ArgumentError(f"orientation: one is needed, or one for each of {len(at)} places, not {len(turned)}")
        poses = np.concatenate([at, np.broadcast_to(turned, (len(at), 4))], axis=1)
        self._native.set_head(_periphon.HeadMotion.path(_keys(times), poses), number("seconds", seconds))

    def set_room(self, room: Room | str | None, *, seconds: float = 0.0) -> None:
        """Puts everything in another room, or outside, by a cross-fade."""
        room = default_room(room)
        self._native.set_room(None if room is None else room._native, number("seconds", seconds))

    def field_input(self, field: int = 0) -> int:
        """The first input of a sound field."""
        found = self._native.field_input(whole("field", field, 0, 2**31))
        if found is None:
            raise ArgumentError(f"the engine has no sound field {field}")
        return found

    def process(
        self, inputs: ArrayLike | Mapping[Source | int, ArrayLike] | None = None, frames: int | None = None
    ) -> Samples:
        """The next frames: (2, frames), left ear first.

        `inputs` is an array (N, frames) whose rows are the engine's inputs (`Source.input`), or a dict of sources (or
        numbers of inputs) and their samples (frames,); who is left out is silent. `frames` is needed without any.
        """
        given: list[tuple[int, Samples]]
        if inputs is None:
            given = []
        elif isinstance(inputs, Mapping):
            given = [(self._input(key), samples(f"input {key}", value)) for key, value in inputs.items()]
            if wrong := [x.shape for _, x in given if x.ndim != 1]:
                raise ArgumentError(f"inputs: a source's samples are an array (frames,), the shape is {wrong[0]}")
        else:
            block = samples("inputs", inputs)
            if block.ndim != 2:
                raise ArgumentError(f"inputs: an array (inputs, frames) is needed, the shape is {block.shape}")
            given = list(enumerate(block))
            frames = block.shape[1] if frames is None else frames
        if frames is None:
            if not given:
                raise ArgumentError("frames: without inputs it must be said how many are wanted")
            frames = len(given[0][1])
        return self._native.process(given, whole("frames", frames, 0, 2**62))

    def _input(self, key: Source | int) -> int:
        if isinstance(key, Source):
            if key.engine is not self:
                raise ArgumentError("inputs: the source belongs to another engine")
            return key.input
        return whole("inputs", key, 0, self.inputs - 1)

    def __repr__(self) -> str:
        return f"<periphon.Engine: {self.inputs} inputs at {self.rate:g} Hz>"


class Source:
    """A source of an engine; made by `Engine.add`."""

    def __init__(self, engine: Engine, ident: int) -> None:
        self.engine = engine
        self._id = ident

    @property
    def input(self) -> int:
        """The row of its samples among the engine's inputs."""
        return self._id & 0xFFFF_FFFF

    @property
    def alive(self) -> bool:
        """True until it is removed."""
        return self.engine._native.has(self._id)

    def move_to(self, place: Place, *, seconds: float = 0.02) -> None:
        """Takes it to a place, or to a way, within `seconds`."""
        self.engine._native.move_over(self._id, _motion(place), number("seconds", seconds))

    def snap_to(self, place: Place) -> None:
        """Puts it elsewhere at once: one place fades out, the other in."""
        self.engine._native.snap_to(self._id, _motion(place))

    def set_gain(self, gain: float) -> None:
        """Its gain, linear."""
        self.engine._native.set_gain(self._id, number("gain", gain))

    def set_directivity(self, directivity: str | float, facing: ArrayLike) -> None:
        """How it sends, and where it faces."""
        self.engine._native.set_beam(self._id, pattern(directivity), vector("facing", facing, 3))

    def remove(self) -> None:
        """Fades it out and frees its place; its samples are heard until it has faded."""
        self.engine._native.remove(self._id)

    def __repr__(self) -> str:
        return f"<periphon.Source {self.input}{'' if self.alive else ', removed'}>"


def _motion(place: Place) -> _periphon.Motion:
    if isinstance(place, _periphon.Motion):
        return place
    return _periphon.Motion.still(vector("place", place, 3))


def _keys(times: ArrayLike) -> np.ndarray:
    seconds = numbers("times", times)
    if seconds.ndim != 1:
        raise ArgumentError(f"times: an array (N,) is needed, the shape is {seconds.shape}")
    return seconds
