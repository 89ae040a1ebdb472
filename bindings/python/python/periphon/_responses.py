"""Impulse responses from sources to listeners: one, or thousands on all cores."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from . import _periphon
from ._arrays import Floats, Samples, number, rows, threads as workers, together
from ._errors import ArgumentError
from ._head import Head, default_head
from ._places import orientations
from ._room import Room, default_room

#: Receivers: a microphone, two ears, or the order of a sound field.
Receiver = str | int


def room_response(
    room: Room | str | None,
    source: ArrayLike,
    listener: ArrayLike,
    *,
    rate: float = 48_000.0,
    length: float | None = None,
    receiver: Receiver = "omni",
    head: Head | str | os.PathLike[str] | None = None,
    orientation: ArrayLike | None = None,
    directivity: str | float = "omni",
    facing: ArrayLike | None = None,
    propagation: bool = True,
    as_rendered: bool = False,
    speed_of_sound: float = 343.0,
) -> Samples:
    """The impulse response (channels, frames) from a source to a listener at rest.

    `room` is a `Room`, a preset's name, or None for the free field (there with `speed_of_sound`). `receiver` is `"omni"`
    (one channel), `"binaural"` (two ears: `head`) or `"ambix:N"` or N, a sound field of order N from 0 to 7 ((N + 1)²
    channels, ACN/SN3D, turned with the head). `length` is in seconds; None until the room has rung out. `orientation` is
    the listener's quaternion (w, x, y, z).

    A source sends alike in all directions, or as `directivity` says (`cardioid` and the like, or the part that goes
    everywhere), facing `facing`: the listener, unless that is given. With `propagation` the response counts from the
    moment at which the source sends, else from the arrival of the direct sound.

    Images are exact, each at its own fraction of a sample. With `late`, they go on until the field has fallen by 45 dB, and
    a network of delay lines follows; with `as_rendered`, with a wanted `t60` and for two ears the network takes over after
    the room's `order`, as in a render.
    """
    return _respond(
        [room], source, listener, rate, length, receiver, head, orientation, directivity, facing, propagation,
        as_rendered, speed_of_sound, None, single=True,
    )  # fmt: skip


def room_responses(
    rooms: Room | str | None | Sequence[Room | str],
    sources: ArrayLike,
    listeners: ArrayLike,
    *,
    rate: float = 48_000.0,
    length: float | None = None,
    receiver: Receiver = "omni",
    head: Head | str | os.PathLike[str] | None = None,
    orientation: ArrayLike | None = None,
    directivity: str | float | ArrayLike = "omni",
    facing: ArrayLike | None = None,
    propagation: bool = True,
    as_rendered: bool = False,
    speed_of_sound: float = 343.0,
    threads: int | None = None,
) -> Samples:
    """Many responses (..., channels, frames) at once, on all cores (or `threads` of them), without the interpreter's lock.

    `sources` and `listeners` are places (..., 3), `orientation` quaternions (..., 4), `facing` directions (..., 3) and
    `directivity` (...), broadcast against each other. `rooms` is one room for all, or a sequence with one for each
    response. Without a `length` all are as long as the longest. Everything else is as in `room_response`.

    A response depends on nothing but its own arguments: the same bits come out whatever the number of threads.
    """
    many = isinstance(rooms, Sequence) and not isinstance(rooms, (str, bytes))
    given = list(cast(Sequence[Room | str], rooms)) if many else [cast(Room | str | None, rooms)]
    return _respond(
        given, sources, listeners, rate, length, receiver, head, orientation, directivity, facing, propagation,
        as_rendered, speed_of_sound, workers(threads), single=False,
    )  # fmt: skip


def _respond(
    rooms: Sequence[Room | str | None],
    sources: ArrayLike,
    listeners: ArrayLike,
    rate: float,
    length: float | None,
    receiver: Receiver,
    head: Head | str | os.PathLike[str] | None,
    orientation: ArrayLike | None,
    directivity: str | float | ArrayLike,
    facing: ArrayLike | None,
    propagation: bool,
    as_rendered: bool,
    speed_of_sound: float,
    threads: int | None,
    *,
    single: bool,
) -> Samples:
    rate = number("rate", rate)
    source, listener = rows("source", sources, 3), rows("listener", listeners, 3)
    turned = orientations(orientation)
    patterns = _patterns(directivity)
    aims = None if facing is None else rows("facing", facing, 3)
    given = {"source": source, "listener": listener, "orientation": turned, "directivity": patterns}
    if aims is not None:
        given["facing"] = aims
    (at, ears, quaternions, parts, *rest), shape = together(**given)
    if single and shape != ():
        raise ArgumentError(
            f"one source and one listener make one response, the shapes given make {shape}", ["see room_responses"]
        )
    aim = _unit(rest[0] if rest else ears - at)
    if len(rooms) not in (1, len(at)):
        raise ArgumentError(f"rooms: one is needed, or one for each of {len(at)} responses, not {len(rooms)}")
    around = [default_room(room) for room in rooms]
    native = [room._native for room in around if room is not None]
    if len(native) < len(around) and len(around) > 1:
        raise ArgumentError("rooms: a sequence has a room for each response, not None")
    _check_inside(around, {"source": at, "listener": ears})
    order, hears = _receiver(receiver, head, rate)
    out = _periphon.responses(
        native,
        at,
        np.concatenate([ears, quaternions], axis=1),
        np.concatenate([parts, aim], axis=1),
        rate,
        frames_of(length, rate),
        order,
        None if hears is None else hears._native,
        bool(propagation),
        not as_rendered,
        number("speed_of_sound", speed_of_sound),
        threads,
    )
    return out.reshape(*shape, *out.shape[1:])


def _check_inside(rooms: Sequence[Room | None], places: dict[str, Floats]) -> None:
    """Images stand for what walls reflect only where the walls are."""
    sizes = np.array([room.size for room in rooms if room is not None])
    if len(sizes) == 0:
        return
    for name, at in places.items():
        outside = ((at < 0.0) | (at > sizes)).any(axis=1)
        if outside.any():
            n = int(np.argmax(outside))
            size = sizes[n % len(sizes)].tolist()
            raise ArgumentError(
                f"{name}: {at[n].tolist()} is outside the room, which reaches from 0 to {size} m",
                ["room=None is the free field"],
            )


def frames_of(length: float | None, rate: float) -> int | None:
    """Frames of so many seconds."""
    if length is None:
        return None
    seconds = number("length", length)
    frames = seconds * rate
    if not (math.isfinite(frames) and round(frames) >= 1 and frames < 2**40):
        raise ArgumentError(f"length: a sample at least and some minutes at most are needed, not {seconds} s")
    return round(frames)


def _receiver(
    receiver: Receiver, head: Head | str | os.PathLike[str] | None, rate: float
) -> tuple[int, Head | None]:
    if receiver == "binaural":
        return -1, default_head(head, rate)
    if head is not None:
        raise ArgumentError(f"head: receiver {receiver!r} has none", ['receiver="binaural" hears with it'])
    if receiver == "omni":
        return -1, None
    order = receiver
    if isinstance(receiver, str) and receiver.startswith("ambix:") and receiver[6:].isdecimal():
        order = int(receiver[6:])
    if isinstance(order, (int, np.integer)) and not isinstance(order, bool) and 0 <= order <= 7:
        return int(order), None
    raise ArgumentError(f'receiver: "omni", "binaural" or "ambix:N" with N of 0 to 7 is needed, not {receiver!r}')


def pattern(directivity: str | float) -> float:
    """The part of a directivity that goes everywhere."""
    part = _periphon.directivity(directivity) if isinstance(directivity, str) else number("directivity", directivity)
    if not 0.0 <= part <= 1.0:
        raise ArgumentError(f"directivity: a name, or the part that goes everywhere, 0 to 1, is needed, not {part}")
    return part


def _patterns(directivity: str | float | ArrayLike) -> tuple[Floats, tuple[int, ...]]:
    if isinstance(directivity, str) or np.ndim(directivity) == 0:
        return np.array([[pattern(cast(float, directivity))]]), ()
    parts = np.array([pattern(d) for d in np.asarray(directivity, dtype=object).ravel()])
    return parts.reshape(-1, 1), np.shape(directivity)


def _unit(aim: Floats) -> Floats:
    """Directions of length 1; where source and listener are one, straight ahead."""
    if not np.isfinite(aim).all():
        raise ArgumentError("places and directions must be finite")
    length = np.linalg.norm(aim, axis=1, keepdims=True)
    return np.where(length > 0.0, aim / np.where(length > 0.0, length, 1.0), [1.0, 0.0, 0.0])
