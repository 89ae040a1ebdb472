"""Arguments as arrays of one kind and shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._errors import ArgumentError

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]


def numbers(name: str, value: ArrayLike) -> Floats:
    """`value` as float64; what is not a number is refused."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ArgumentError(f"{name}: an array is needed whose rows have one length") from error
    if array.dtype.kind not in "fiu":
        raise ArgumentError(f"{name}: real numbers are needed, not {array.dtype}")
    return array.astype(np.float64)


def samples(name: str, value: ArrayLike) -> Samples:
    """`value` as float32. Integers are refused: nobody knows what is full scale."""
    array = np.asarray(value)
    if array.dtype.kind != "f":
        raise ArgumentError(f"{name}: samples are floating-point numbers, ±1 at full scale, not {array.dtype}")
    return array.astype(np.float32)


def rows(name: str, value: ArrayLike, width: int) -> tuple[Floats, tuple[int, ...]]:
    """`value`, of shape (..., width), as rows, and what stands for the dots."""
    array = numbers(name, value)
    if array.ndim == 0 or array.shape[-1] != width:
        raise ArgumentError(f"{name}: the last axis must have {width} numbers, the shape is {array.shape}")
    return array.reshape(-1, width), array.shape[:-1]


def vector(name: str, value: ArrayLike, width: int) -> list[float]:
    """`value` as `width` finite numbers."""
    array = numbers(name, value)
    if array.shape != (width,):
        raise ArgumentError(f"{name}: {width} numbers are needed, the shape is {array.shape}")
    if not np.isfinite(array).all():
        raise ArgumentError(f"{name}: the numbers must be finite, not {array.tolist()}")
    return [float(x) for x in array]


def number(name: str, value: Any) -> float:
    """`value` as one number, finite or not."""
    return float(numbers(name, value).reshape(-1)[0]) if np.ndim(value) == 0 else _refuse(name, value)


def whole(name: str, value: Any, low: int, high: int) -> int:
    """`value` as a whole number from `low` to `high`."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and low <= value <= high:
        return int(value)
    raise ArgumentError(f"{name}: a whole number from {low} to {high} is needed, not {value!r}")


def threads(value: int | None) -> int | None:
    """The number of threads; None for all cores."""
    return None if value is None else whole("threads", value, 1, 1024)


def together(**arrays: tuple[Floats, tuple[int, ...]]) -> tuple[list[Floats], tuple[int, ...]]:
    """Rows broadcast against each other, as rows, and the shape that comes of it."""
    try:
        shape = np.broadcast_shapes(*(leading for _, leading in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {leading}" for name, (_, leading) in arrays.items())
        raise ArgumentError(f"these do not go together by broadcasting: {shapes}") from None
    out = []
    for array, leading in arrays.values():
        width = array.shape[-1]
        out.append(np.broadcast_to(array.reshape(*leading, width), (*shape, width)).reshape(-1, width))
    return out, shape


def _refuse(name: str, value: Any) -> float:
    raise ArgumentError(f"{name}: one number is needed, the shape is {np.shape(value)}")
