"""The figures of ISO 3382-1, against the standard's formulas in NumPy."""

import numpy as np
import pytest

import periphon as pp

RATE = 48_000


def decaying_tone(hz, seconds, length=2.0, onset=480):
    t = np.arange(int(length * RATE)) / RATE
    tone = np.exp(-6.9078 * t / seconds) * np.sin(2 * np.pi * hz * t)
    return np.concatenate([np.zeros(onset), tone])


def figures(response, onset):
    """Figures of a response that needs no filter: Schroeder's integral, straight lines, energies."""
    energy = response[onset:] ** 2
    curve = 10 * np.log10(np.cumsum(energy[::-1])[::-1] / energy.sum() + 1e-30)
    t = np.arange(len(energy)) / RATE

    def time(high, low):
        part = (curve <= high) & (curve >= low)
        return -60.0 / np.polyfit(t[part], curve[part], 1)[0]

    def early(seconds):
        return energy[: round(seconds * RATE)].sum()

    whole = energy.sum()
    return {
        "t20": time(-5, -25),
        "t30": time(-5, -35),
        "edt": time(0, -10),
        "c50": 10 * np.log10(early(0.05) / (whole - early(0.05))),
        "c80": 10 * np.log10(early(0.08) / (whole - early(0.08))),
        "d50": early(0.05) / whole,
        "ts": (t * energy).sum() / whole,
    }


@pytest.mark.parametrize("band", range(1, 7))
def test_a_decaying_tone_has_the_figures_of_the_formulas(band):
    response = decaying_tone(pp.BANDS[band], 0.9)
    expect, found = figures(response, 480), pp.measures(response, RATE)
    for name, value in expect.items():
        mine = getattr(found, name)[band]
        if name.startswith("c"):
            assert mine == pytest.approx(value, abs=0.2), name
        elif name == "ts":
            # The octave around a low tone takes some milliseconds to swing in.
            assert mine == pytest.approx(value, abs=0.6 / pp.BANDS[band]), name
        else:
            assert mine == pytest.approx(value, rel=0.02), name


def test_direct_and_reverberant_energy_are_told_apart():
    response = np.zeros(RATE)
    response[1000] = 1.0
    tail = 0.02 * np.random.default_rng(3).standard_normal(RATE // 2) * np.exp(-np.arange(RATE // 2) / 4000)
    response[1400 : 1400 + len(tail)] += tail
    found = pp.measures(response, RATE)
    assert found.drr_db == pytest.approx(-10 * np.log10((tail**2).sum()), abs=0.1)
    assert found.onset_s == pytest.approx(1000 / RATE)


def test_many_responses_are_measured_as_one_by_one():
    many = np.stack([decaying_tone(1000, t) for t in (0.3, 0.6, 0.9, 1.2)]).reshape(2, 2, -1)
    found = pp.measures(many, RATE)
    assert found.t30.shape == (2, 2, 7) and found.drr_db.shape == (2, 2)
    for i in range(2):
        for j in range(2):
            one = pp.measures(many[i, j], RATE)
            assert one.t30.shape == (7,) and one.drr_db.shape == ()
            assert np.array_equal(one.t30, found.t30[i, j], equal_nan=True)
    one_thread = pp.measures(many, RATE, threads=1)
    assert np.array_equal(one_thread.c80, found.c80, equal_nan=True)


def test_what_is_not_there_is_nan():
    silent = pp.measures(np.zeros(1000), RATE)
    assert np.isnan(silent.t30).all() and np.isnan(silent.drr_db)
    low_rate = pp.measures(decaying_tone(1000, 0.5), 8000)
    assert np.isnan(low_rate.t30[6])


def test_the_decay_curve_falls_as_the_tone_does():
    curve = pp.decay_curve(decaying_tone(1000, 1.0, onset=0), RATE, 1000)
    at = np.array([0.1, 0.2, 0.4])
    assert curve[(at * RATE).astype(int)] == pytest.approx(-60 * at, abs=0.5)
