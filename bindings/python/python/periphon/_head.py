"""Heads: measured responses of two ears."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import ArrayLike

from . import _periphon
from ._arrays import Floats, Samples, number, rows, samples
from ._errors import ArgumentError
from ._places import from_polar


class Head:
    """Two ears, prepared for one sample rate; immutable, shared by everything that hears with it.

    `name` is a built-in set (`ku100`, `kemar`) or the path of a SOFA file. Responses are resampled to `rate` (Hz),
    band-limited, with their gain kept.
    """

    _native: _periphon.Head

    def __init__(self, name: str | os.PathLike[str] = "ku100", rate: float = 48_000.0) -> None:
        self.name = os.fspath(name)
        if not isinstance(self.name, str):
            raise ArgumentError(f"a head's name or path is text, not {type(self.name).__name__}")
        self._native = _periphon.Head.open(self.name, number("rate", rate))

    @classmethod
    def from_responses(
        cls, places: ArrayLike, responses: ArrayLike, measured_rate: float, rate: float | None = None
    ) -> Head:
        """A head of one's own: responses (M, 2, taps), left ear first, measured at places (M, 3) at `measured_rate` Hz."""
        at, _ = rows("places", places, 3)
        pairs = samples("responses", responses)
        if pairs.ndim != 3:
            raise ArgumentError(f"responses: an array (M, 2, taps) is needed, the shape is {pairs.shape}")
        measured = number("measured_rate", measured_rate)
        head = cls.__new__(cls)
        head.name = "measured"
        head._native = _periphon.Head.measured(at, pairs, measured, measured if rate is None else number("rate", rate))
        return head

    @property
    def rate(self) -> float:
        """Hz."""
        return self._native.rate

    @property
    def taps(self) -> int:
        """Samples of each response."""
        return self._native.taps

    @property
    def count(self) -> int:
        """Directions that were measured."""
        return self._native.count

    @property
    def distances(self) -> list[float]:
        """Metres at which was measured, the nearest first."""
        return self._native.distances

    @property
    def places(self) -> Floats:
        """(V, 3): the places of the stored responses; some may be made up, where the measured ones leave a gap."""
        return self._native.places()

    @property
    def responses(self) -> Samples:
        """(V, 2, taps): the stored responses, at `places`."""
        return self._native.stored()

    def response(self, azimuth: ArrayLike, elevation: ArrayLike = 0.0, distance: ArrayLike = 1.0) -> Samples:
        """The responses (..., 2, taps) for sources in these directions (degrees) at these distances (metres), broadcast
        against each other.

        They are what the engine's filters are, without its gain of 1/distance: a direction that was measured comes out
        as it was measured; between directions, time-aligned responses are mixed by their magnitudes. Nearer than 1 m a
        head that was measured from afar gets the near field's cues.
        """
        return self.response_at(from_polar(azimuth, elevation, distance))

    def response_at(self, places: ArrayLike) -> Samples:
        """The same for places (..., 3) from the middle of the head, x front, y left, z up."""
        at, leading = rows("places", places, 3)
        return self._native.responses(at).reshape(*leading, 2, self.taps)

    def arrival(self, azimuth: ArrayLike, elevation: ArrayLike = 0.0, distance: ArrayLike = 1.0) -> Floats:
        """Seconds (..., 2) until the sound arrives in those responses; right less left is the interaural time
        difference, positive for sources on the left."""
        at = from_polar(azimuth, elevation, distance)
        return self._native.arrivals(at.reshape(-1, 3)).reshape(*at.shape[:-1], 2)

    def __repr__(self) -> str:
        return f"<periphon.Head {self.name}: {self.count} directions, {self.taps} taps at {self.rate:g} Hz>"


def default_head(head: Head | str | os.PathLike[str] | None, rate: float) -> Head:
    """The head that an argument means."""
    if head is None:
        return Head(rate=rate)
    if isinstance(head, (str, os.PathLike)):
        return Head(head, rate)
    if not isinstance(head, Head):
        raise ArgumentError(f"head: a Head, a name or a path is needed, not {type(head).__name__}")
    if not np.isclose(head.rate, rate, rtol=1e-12):
        raise ArgumentError(f"head: it is prepared for {head.rate:g} Hz, {rate:g} Hz are asked for")
    return head
