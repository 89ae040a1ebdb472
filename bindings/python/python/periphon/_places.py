"""Places, directions and orientations.

Metres; x front, y left, z up. Azimuth is counter-clockwise seen from above (+90 = left), elevation up; degrees.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from . import _periphon
from ._arrays import Floats, numbers, rows
from ._errors import ArgumentError


def from_polar(azimuth: ArrayLike, elevation: ArrayLike = 0.0, distance: ArrayLike = 1.0) -> Floats:
    """Places (..., 3) of directions in degrees and distances in metres, broadcast against each other."""
    given = [numbers(n, v) for n, v in (("azimuth", azimuth), ("elevation", elevation), ("distance", distance))]
    try:
        azimuth, elevation, distance = np.broadcast_arrays(*given)
    except ValueError:
        shapes = ", ".join(str(a.shape) for a in given)
        raise ArgumentError(f"azimuth, elevation and distance do not go together by broadcasting: {shapes}") from None
    # In the order in which the library multiplies.
    a, e = azimuth * np.pi / 180.0, elevation * np.pi / 180.0
    flat = distance * np.cos(e)
    return np.stack([flat * np.cos(a), flat * np.sin(a), distance * np.sin(e)], axis=-1)


def to_polar(places: ArrayLike) -> Floats:
    """Azimuth, elevation (degrees) and distance (metres) of places: (..., 3) of (..., 3)."""
    flat, leading = rows("places", places, 3)
    x, y, z = flat.T
    polar = [np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y))), np.linalg.norm(flat, axis=1)]
    return np.stack(polar, axis=-1).reshape(*leading, 3)


def quaternion(yaw: ArrayLike = 0.0, pitch: ArrayLike = 0.0, roll: ArrayLike = 0.0) -> Floats:
    """Unit quaternions (..., 4), w first, of heads turned left by `yaw`, then nose up by `pitch`, then right ear down by
    `roll`, in degrees."""
    given = np.broadcast_arrays(numbers("yaw", yaw), numbers("pitch", pitch), numbers("roll", roll))
    angles = np.stack(given, axis=-1)
    return _periphon.quaternion(angles.reshape(-1, 3)).reshape(*angles.shape[:-1], 4)


def orientations(value: ArrayLike | None) -> tuple[Floats, tuple[int, ...]]:
    """Quaternions as rows; None looks along +x."""
    array, leading = rows("orientation", [1.0, 0.0, 0.0, 0.0] if value is None else value, 4)
    length = np.linalg.norm(array, axis=1)
    if not (np.abs(length - 1.0) < 1e-3).all():
        raise ArgumentError(
            "orientation: quaternions (w, x, y, z) have the length 1",
            ["periphon.quaternion(yaw, pitch, roll) makes them from degrees"],
        )
    return array, leading
