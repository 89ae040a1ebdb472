"""Rooms and their responses, against image sources added up in NumPy."""

import itertools

import numpy as np
import pytest
from conftest import db

import periphon as pp

RATE = 48_000
SOURCE, LISTENER = np.array([4.4, 3.1, 1.3]), np.array([1.7, 2.2, 1.6])
SIZE = np.array([6.0, 5.0, 3.0])


def images(size, source, order, absorption):
    """Every image of a source and the pressure that the walls leave of it; absorption (6, ...) of the walls."""
    beta = np.sqrt(1.0 - np.asarray(absorption, float))
    for index in itertools.product(range(-order, order + 1), repeat=3):
        if sum(map(abs, index)) > order:
            continue
        place = [n * l + (s if n % 2 == 0 else l - s) for n, l, s in zip(index, size, source)]
        gain = 1.0
        for axis, n in enumerate(index):
            first, second = (2 * axis + 1, 2 * axis) if n >= 0 else (2 * axis, 2 * axis + 1)
            gain = gain * beta[first] ** ((abs(n) + 1) // 2) * beta[second] ** (abs(n) // 2)
        yield np.array(place), gain


def spectrum(size, source, listener, order, absorption, hz, encode=lambda direction: 1.0):
    """The transfer function, straight from the sum over the images."""
    total = np.zeros(len(hz), complex)
    for place, gain in images(size, source, order, absorption):
        way = place - listener
        distance = np.linalg.norm(way)
        total += encode(way / distance) * gain / distance * np.exp(-2j * np.pi * hz * distance / 343.0)
    return total


def compared(response, reference, hz):
    mine = np.fft.rfft(response)[np.round(hz * len(response) / RATE).astype(int)]
    return db(np.abs(mine - reference), np.abs(reference))


HZ = np.arange(50.0, 16_000.0, 50.0)


def test_a_response_is_the_sum_of_its_images():
    absorption = np.array([0.1, 0.3, 0.2, 0.4, 0.5, 0.15])
    room = pp.Room(SIZE, absorption[:, None], order=6, late=False, air=None)
    response = pp.room_response(room, SOURCE, LISTENER, rate=RATE, length=0.24)
    assert response.shape == (1, 11_520) and response.dtype == np.float32
    assert compared(response[0], spectrum(SIZE, SOURCE, LISTENER, 6, absorption, HZ), HZ) < -80


def test_a_sound_field_has_the_gains_of_its_directions():
    room = pp.Room(SIZE, 0.3, order=3, late=False, air=None)
    field = pp.room_response(room, SOURCE, LISTENER, rate=RATE, length=0.16, receiver="ambix:1")
    assert field.shape[0] == 4
    # ACN, SN3D: 1, y, z, x.
    for channel, axis in zip(field, (None, 1, 2, 0)):
        encode = (lambda d: 1.0) if axis is None else (lambda d, axis=axis: d[axis])
        assert compared(channel, spectrum(SIZE, SOURCE, LISTENER, 3, [0.3] * 6, HZ, encode), HZ) < -80
    turned = pp.room_response(
        room, SOURCE, LISTENER, rate=RATE, length=0.16, receiver=1, orientation=pp.quaternion(90)
    )
    # Turned to the left, what was left is in front, and what was behind is on the left.
    assert db(turned[3] - field[1], field[1]) < -100 and db(turned[1] + field[3], field[3]) < -100


def test_two_ears_in_the_free_field_hear_the_heads_response(head):
    way = np.array([1.0, 1.2, 0.4])
    response = pp.room_response(
        None, LISTENER + way, LISTENER, receiver="binaural", head=head, length=0.02, propagation=False
    )
    expect = head.response_at(way) / np.linalg.norm(way)
    assert response.shape == (2, 960)
    assert db(response[:, : head.taps] - expect, expect) < -100
    # A wall, and it is more than that.
    room = pp.Room(SIZE, 0.3, order=1)
    more = pp.room_response(room, LISTENER + way, LISTENER, receiver="binaural", head=head, length=0.02)
    assert db(more, expect) > 0.1


def test_a_head_that_looks_at_the_source_hears_it_in_front(head):
    source = LISTENER + [0.0, 1.5, 0.0]
    response = pp.room_response(
        "none", source, LISTENER, receiver="binaural", head=head, orientation=pp.quaternion(yaw=90), length=0.02,
        propagation=False,
    )  # fmt: skip
    expect = head.response(0.0, 0.0, 1.5) / 1.5
    assert db(response[:, : head.taps] - expect, expect) < -80


def test_bands_may_be_given_in_many_ways():
    bands = np.linspace(0.1, 0.7, 7)
    dense = pp.Room(SIZE, np.tile(bands, (6, 1)))
    assert np.array_equal(pp.Room(SIZE, bands).absorption, dense.absorption)
    assert np.array_equal(pp.Room(SIZE, {"all": bands}).absorption, dense.absorption)
    named = pp.Room(SIZE, {"floor": "carpet", "ceiling": 0.5, "all": "plaster"})
    materials = pp.materials()
    assert np.array_equal(named.absorption[4], materials["carpet"])
    assert np.array_equal(named.absorption[5], np.full(7, 0.5))
    assert np.array_equal(named.absorption[0], materials["plaster"])


def test_a_preset_is_a_room_like_any_other():
    studio = pp.Room.preset("studio")
    assert studio.listener is not None and "studio" in pp.presets() and len(studio.t60) == 7
    again = pp.Room(studio.size, studio.absorption, order=3, t60=studio.t60)
    source = np.add(studio.listener, [2.0, 0.5, 0.0])
    one = pp.room_response(studio, source, studio.listener, length=0.1)
    assert np.array_equal(one, pp.room_response(again, source, studio.listener, length=0.1))
    assert np.array_equal(one, pp.room_response("studio", source, studio.listener, length=0.1))
    assert studio.replace(order=1).order == 1 and studio.replace(order=1).t60 == studio.t60


def test_a_wanted_decay_is_what_is_measured():
    room = pp.Room([8, 6, 3.5], 0.2, t60=0.7)
    response = pp.room_response(room, [6.0, 2.0, 1.5], [2.5, 3.5, 1.6])
    assert response.shape[1] > 0.7 * RATE
    t30 = pp.measures(response[0], RATE).t30
    assert t30[2:6] == pytest.approx(0.7, rel=0.06)


def test_walls_of_different_bands_take_different_energy():
    def d50(absorption):
        room = pp.Room(SIZE, absorption, order=12, late=False, air=None)
        return pp.measures(pp.room_response(room, SOURCE, LISTENER, length=0.4)[0], RATE).d50

    hard, soft = d50(0.1), d50([0.1, 0.1, 0.1, 0.8, 0.1, 0.1, 0.1])
    assert soft[3] > hard[3] + 0.05
    # Octaves overlap, but two bands away there is little of it.
    assert np.abs(soft - hard)[[0, 1, 5, 6]].max() < 0.4 * (soft[3] - hard[3])


def test_a_source_that_faces_away_sends_less():
    room = pp.Room(SIZE, 0.3, order=0, late=False, air=None)
    toward = pp.room_response(room, SOURCE, LISTENER, directivity="cardioid", length=0.05)
    omni = pp.room_response(room, SOURCE, LISTENER, length=0.05)
    assert db(toward - omni, omni) < -60
    away = pp.room_response(room, SOURCE, LISTENER, directivity="cardioid", facing=SOURCE - LISTENER, length=0.05)
    assert np.abs(away).max() < 1e-6


@pytest.mark.parametrize("place", [[-0.1, 1.0, 1.0], [2.0, 3.5, 1.0], [100.0, 1.0, 1.0]])
def test_places_outside_a_room_are_refused(place: list[float]) -> None:
    room, inside = pp.Room([4.0, 3.0, 2.0], 0.2), [1.0, 1.0, 1.0]
    for source, listener, name in [(place, inside, "source"), (inside, place, "listener")]:
        with pytest.raises(pp.ArgumentError, match=f"{name}: .* is outside the room"):
            pp.room_response(room, source, listener)
    with pytest.raises(pp.ArgumentError, match="outside the room"):
        pp.room_responses([room, room], [inside, place], inside)
    # Not outside of the second room.
    larger = pp.Room([200.0, 9.0, 4.0], 0.2, late=False, order=1)
    assert len(pp.room_responses([room, larger], [inside, [100.0, 1.0, 1.0]], inside, length=0.1)) == 2
    assert pp.room_response(None, [100.0, 1.0, 1.0], inside, length=0.5).any()
