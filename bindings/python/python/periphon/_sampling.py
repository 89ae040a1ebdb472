"""Places and rooms by chance, the same from the same seed: for training sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Floats, number, vector, whole
from ._errors import ArgumentError
from ._room import Room, default_room


def random_places(
    room: Room | str,
    count: int,
    seed: int | np.random.Generator,
    *,
    wall: float = 0.3,
    distance: float = 0.5,
) -> tuple[Floats, Floats]:
    """`count` pairs of a source and a listener (count, 3) in a room, each `wall` metres off the walls and `distance` metres
    off the other, otherwise alike everywhere."""
    given = default_room(room)
    if given is None:
        raise ArgumentError("room: places by chance need a room")
    count = whole("count", count, 0, 2**40)
    margin, apart = number("wall", wall), number("distance", distance)
    size = np.array(given.size)
    inner = size - 2.0 * margin
    if not (margin >= 0.0 and (inner > 0.0).all() and 0.0 <= apart < np.linalg.norm(inner) / 2.0):
        raise ArgumentError(
            f"wall, distance: a room of {' × '.join(f'{x:g}' for x in size)} m has no places {wall} m off its walls and"
            f" {distance} m off each other"
        )
    rng = np.random.default_rng(seed)
    pairs = np.empty((count, 2, 3))
    missing = np.arange(count)
    while len(missing):
        pairs[missing] = margin + rng.random((len(missing), 2, 3)) * inner
        near = np.linalg.norm(pairs[missing, 0] - pairs[missing, 1], axis=1) < apart
        missing = missing[near]
    return pairs[:, 0], pairs[:, 1]


def random_rooms(
    count: int,
    seed: int | np.random.Generator,
    *,
    smallest: ArrayLike = (3.0, 2.5, 2.3),
    largest: ArrayLike = (12.0, 9.0, 5.0),
    absorption: tuple[float, float] = (0.05, 0.5),
    **room: Any,
) -> list[Room]:
    """`count` rooms: sizes alike between `smallest` and `largest`, each wall with an absorption of its own between two
    bounds, in all bands; everything else as `Room` has it."""
    low, high = np.array(vector("smallest", smallest, 3)), np.array(vector("largest", largest, 3))
    least, most = vector("absorption", absorption, 2)
    if not ((low <= high).all() and 0.0 <= least <= most <= 1.0):
        raise ArgumentError("smallest, largest, absorption: bounds rise, and absorption is 0 to 1")
    rng = np.random.default_rng(seed)
    draw = (rng.random(9) for _ in range(whole("count", count, 0, 2**40)))
    return [Room(low + x[:3] * (high - low), least + x[3:, None] * (most - least), **room) for x in draw]
