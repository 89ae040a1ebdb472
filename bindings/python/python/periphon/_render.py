"""Whole renders: of arrays, of scenes and tracks."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _periphon
from ._arrays import Samples, number, numbers, samples
from ._engine import Engine, Place
from ._errors import ArgumentError
from ._head import Head, default_head
from ._room import Room

#: Frames between two chances to interrupt.
_STRETCH = 1 << 17


def render(
    signals: ArrayLike,
    places: ArrayLike | Sequence[Place] | Place,
    *,
    rate: float = 48_000.0,
    head: Head | str | os.PathLike[str] | None = None,
    room: Room | str | None = None,
    position: ArrayLike = (0.0, 0.0, 0.0),
    orientation: ArrayLike | None = None,
    gain: float | Sequence[float] = 1.0,
    propagation: bool = False,
    tail: float | None = None,
) -> Samples:
    """Signals (frames,) or (sources, frames) at places, each (x, y, z) or a way (`path`, `orbit`): both ears (2, frames +
    tail).

    The listener is at `position`, in `room` or in the free field. `gain` is linear, 1 at 1 m, one for all or one each.
    `tail` is in seconds; None until everything has rung out.
    """
    given = np.atleast_2d(samples("signals", signals))
    if given.ndim != 2:
        raise ArgumentError(f"signals: an array (frames,) or (sources, frames) is needed, the shape is {given.shape}")
    count, frames = given.shape
    if count == 0:
        raise ArgumentError("signals: there are none")
    ways = _ways(places, count)
    gains = numbers("gain", gain)
    if gains.shape not in ((), (count,)):
        raise ArgumentError(f"gain: one number is needed, or one for each of {count} signals, not {gains.shape}")
    hears = default_head(head, number("rate", rate))
    engine = Engine(
        hears, max_block=8192, max_sources=count, room=room, position=position, orientation=orientation,
        space=room is not None or propagation, propagation=1000.0 if propagation else None,
    )  # fmt: skip
    for way, one in zip(ways, np.broadcast_to(gains, count).tolist()):
        engine.add(way, gain=one)
    ears = [engine.process(given[:, at : at + _STRETCH]) for at in range(0, frames, _STRETCH)]
    left = engine.tail if tail is None else _seconds("tail", tail, engine.rate)
    while left > 0:
        ears.append(engine.process(frames=min(left, _STRETCH)))
        left -= _STRETCH
    return np.concatenate([np.zeros((2, 0), np.float32), *ears], axis=1)


def render_scene(path: str | os.PathLike[str], **options: Any) -> tuple[Samples, int]:
    """A scene (`.toml`) or a track, as both ears (2, frames), and the sample rate.

    The samples are those of `periphon render --loudness off --true-peak off --format f32`. Options: `head`, `room`, `stage`,
    `headphones`, `layout` (names or files), `rate` (Hz), `start`, `duration`, `tail` (seconds), and for tracks `place`
    (`"panorama"`, `"stereo"`, `"speakers"`, `"point"`, `"orbit"`), `at` (azimuth, elevation, distance), `orbit`
    (seconds). What is odd is a warning.
    """
    for name in ("format", "loudness", "true_peak", "force"):
        if name in options:
            raise ArgumentError(f"{name}: it concerns a file that is written", ["see render_file"])
    ears, rate, odd = _periphon.render_stream(_text("path", path), _options(options))
    for message in odd:
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    return ears, rate


def render_file(source: str | os.PathLike[str], output: str | os.PathLike[str], **options: Any) -> dict[str, Any]:
    """Renders a scene or a track to a file (`.wav`, `.flac`), whole or not at all; returns the report.

    Options are those of `render_scene`, and `format` (`"i16"`, `"i24"`, `"f32"`), `loudness` (LUFS, `"source"` or `"off"`),
    `true_peak` (dBTP, or None), `force` (replaces an existing file), `block`, `threads`.
    """
    return _periphon.render_file(_text("source", source), _text("output", output), _options(options))


def _ways(places: Any, count: int) -> list[Any]:
    if isinstance(places, _periphon.Motion):
        places = [places]
    elif not (isinstance(places, Sequence) and any(isinstance(p, _periphon.Motion) for p in places)):
        places = np.atleast_2d(numbers("places", places))
    if len(places) != count:
        hints = ["signals are (sources, frames): are these (frames, channels)?"] if count > 1024 else []
        raise ArgumentError(f"places: one is needed for each of {count} signals, not {len(places)}", hints)
    return list(places)


def _seconds(name: str, seconds: Any, rate: float) -> int:
    frames = number(name, seconds) * rate
    if not (math.isfinite(frames) and 0.0 <= frames < 2**40):
        raise ArgumentError(f"{name}: seconds from 0 on are needed, not {seconds}")
    return round(frames)


def _text(name: str, path: Any) -> str:
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str):
        raise ArgumentError(f"{name}: a path is needed, not {type(path).__name__}")
    return text


def _options(options: dict[str, Any]) -> dict[str, Any]:
    """Paths as text; what is None as if it were not there, except where None means off."""
    plain = {name: os.fspath(v) if isinstance(v, os.PathLike) else v for name, v in options.items()}
    return {name: v for name, v in plain.items() if v is not None or name in ("true_peak", "loudness")}
