"""What a response says of its room: the figures of ISO 3382-1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from . import _periphon
from ._arrays import Floats, number, samples, threads as workers
from ._errors import ArgumentError


@dataclass(frozen=True, eq=False)
class Measures:
    """Figures by octave band (..., 7), 125 Hz to 8 kHz, and of the whole response (...). NaN where a response does not
    have what a figure needs."""

    #: Reverberation time from -5 to -25 dB, seconds for 60 dB.
    t20: Floats
    #: The same from -5 to -35 dB.
    t30: Floats
    #: Early decay time, from 0 to -10 dB, seconds for 60 dB.
    edt: Floats
    #: Energy of the first 50 ms against the rest, dB.
    c50: Floats
    #: Energy of the first 80 ms against the rest, dB.
    c80: Floats
    #: Share of the first 50 ms in the energy, 0 to 1.
    d50: Floats
    #: Centre time, seconds after the onset.
    ts: Floats
    #: From the loudest part down to noise or the end, dB.
    range_db: Floats
    #: Direct (2.5 ms from the onset) to reverberant energy, dB; all bands together.
    drr_db: Floats
    #: From the direct sound to the first reflection, ms.
    itdg_ms: Floats
    #: When the direct sound arrives, seconds.
    onset_s: Floats


def measures(responses: ArrayLike, rate: float, *, threads: int | None = None) -> Measures:
    """The figures of responses (..., frames) at `rate` Hz, of any level, on all cores."""
    given = samples("responses", responses)
    if given.ndim == 0:
        raise ArgumentError("responses: an array (..., frames) is needed, not one number")
    shape = given.shape[:-1]
    count = int(np.prod(shape, dtype=np.int64))
    found = _periphon.measures(given.reshape(count, given.shape[-1]), number("rate", rate), workers(threads))
    bands = [found[:, 7 * i : 7 * i + 7].reshape(*shape, 7) for i in range(8)]
    return Measures(*bands, *(found[:, 56 + i].reshape(shape) for i in range(3)))


def decay_curve(response: ArrayLike, rate: float, centre: float) -> Floats:
    """The energy decay curve of a response (frames,) in the octave around `centre` Hz: the level of what is still to come,
    dB below the whole, until it meets the noise; empty where there is nothing."""
    given = samples("response", response)
    if given.ndim != 1:
        raise ArgumentError(f"response: an array (frames,) is needed, the shape is {given.shape}")
    return _periphon.decay_curve(given, number("rate", rate), number("centre", centre))
