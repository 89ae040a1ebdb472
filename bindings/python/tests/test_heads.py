"""Heads: what was measured comes out, what lies between is between."""

import numpy as np
import pytest
from conftest import REPOSITORY, db

import periphon as pp


def test_a_measured_direction_has_the_measured_response(head):
    places = head.places
    responses = head.response_at(places[:500])
    assert responses.shape == (500, 2, head.taps) and responses.dtype == np.float32
    assert db(responses - head.responses[:500], head.responses[:500]) < -120


def test_many_directions_at_once_are_those_asked_for_one_by_one(head):
    azimuth, elevation = np.linspace(-180, 180, 13)[:, None], np.array([-30.0, 0.0, 45.0])
    all_at_once = head.response(azimuth, elevation, 2.0)
    assert all_at_once.shape == (13, 3, 2, head.taps)
    for i in range(13):
        for j in range(3):
            assert np.array_equal(all_at_once[i, j], head.response(azimuth[i, 0], elevation[j], 2.0))


def test_left_and_right_are_where_they_should_be(head):
    left = head.response(90)
    energy = (left.astype(float) ** 2).sum(axis=1)
    assert energy[0] > 4 * energy[1]
    itd = np.diff(head.arrival([90, -90, 0]), axis=-1).ravel()
    assert 0.0006 < itd[0] < 0.0009 and -0.0009 < itd[1] < -0.0006 and abs(itd[2]) < 0.00005


def test_near_sources_have_a_louder_near_ear(head):
    far, near = head.response(90, 0, 1.0), head.response(90, 0, 0.2)
    low = np.abs(np.fft.rfft(near, 4096)[:, 10]) / np.abs(np.fft.rfft(far, 4096)[:, 10])
    assert low[0] > 1.3 and low[1] < 1.0


def test_a_head_of_ones_own_interpolates_between_its_directions():
    azimuth = np.arange(0, 360, 30.0)
    places = pp.from_polar(azimuth[:, None], np.array([-40.0, 0.0, 40.0])).reshape(-1, 3)
    responses = np.zeros((len(places), 2, 32), np.float32)
    # Louder to the left.
    responses[:, 0, 8] = 1.0 + places[:, 1]
    responses[:, 1, 8] = 1.0 - 0.5 * places[:, 1]
    own = pp.Head.from_responses(places, responses, 44_100)
    assert (own.count, own.rate, own.taps, own.distances) == (36, 44_100, 32, [pytest.approx(1.0)])
    between = own.response(75)
    expect = 0.5 * (responses[[places_at(places, 60)], 0, 8] + responses[[places_at(places, 90)], 0, 8])
    assert between[0, 8] == pytest.approx(expect.item(), rel=0.05)


def places_at(places, azimuth):
    return int(np.argmin(np.linalg.norm(places - pp.from_polar(azimuth), axis=1)))


def test_a_sofa_file_is_a_head_at_any_rate():
    path = REPOSITORY / "tests/data/hrtf/FreeFieldHRIR.sofa"
    head = pp.Head(path, 96_000)
    assert head.rate == 96_000 and head.name == str(path) and "96000 Hz" in repr(head)
    assert head.response(0).shape == (2, head.taps)
