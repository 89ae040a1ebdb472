"""Many responses at once: the same bits whatever the threads, and the interpreter goes on meanwhile."""

import _thread
import signal
import threading
import time

import numpy as np
import pytest

import periphon as pp


def test_a_batch_is_what_single_responses_are_and_the_threads_do_not_matter():
    room = pp.Room([5, 4, 3], 0.25, order=4)
    sources, listeners = pp.random_places(room, 12, seed=1)
    batch = pp.room_responses(room, sources, listeners, length=0.2)
    assert batch.shape == (12, 1, 9600)
    for threads in (1, 2, 5):
        assert np.array_equal(batch, pp.room_responses(room, sources, listeners, length=0.2, threads=threads))
    for i in (0, 7, 11):
        assert np.array_equal(batch[i], pp.room_response(room, sources[i], listeners[i], length=0.2))


def test_training_examples_come_out_the_same_from_the_same_seed(head):
    def examples(seed):
        rng = np.random.default_rng(seed)
        rooms = pp.random_rooms(6, rng, order=2)
        pairs = [pp.random_places(room, 1, rng) for room in rooms]
        sources, listeners = (np.concatenate(x) for x in zip(*pairs))
        turned = pp.quaternion(yaw=rng.uniform(-180, 180, 6))
        return pp.room_responses(
            rooms, sources, listeners, receiver="binaural", head=head, orientation=turned, length=0.3
        )

    one = examples(5)
    assert one.shape == (6, 2, 14_400) and np.abs(one).max(axis=(1, 2)).min() > 0.01
    assert np.array_equal(one, examples(5)) and not np.array_equal(one, examples(6))


def test_places_broadcast_against_each_other():
    room = pp.Room([5, 4, 3], 0.25, order=2, late=False)
    sources = np.random.default_rng(2).uniform(1, 2, (3, 1, 3))
    listeners = np.random.default_rng(3).uniform(2.2, 2.8, (4, 3))
    grid = pp.room_responses(room, sources, listeners, length=0.05)
    assert grid.shape == (3, 4, 1, 2400)
    assert np.array_equal(grid[2, 1], pp.room_response(room, sources[2, 0], listeners[1], length=0.05))


def test_each_response_may_have_its_own_room():
    rooms = pp.random_rooms(5, seed=9, late=False)
    sources, listeners = np.full((5, 3), 1.0), np.tile([2.0, 1.5, 1.2], (5, 1))
    batch = pp.room_responses(rooms, sources, listeners, length=0.05)
    for i, room in enumerate(rooms):
        assert np.array_equal(batch[i], pp.room_response(room, sources[i], listeners[i], length=0.05))


def test_without_a_length_all_are_as_long_as_the_longest():
    rooms = [pp.Room([3, 3, 3], 0.5, order=1, late=False), pp.Room([9, 8, 3], 0.5, order=8, late=False)]
    places = np.full((2, 3), 1.0), np.full((2, 3), 2.0)
    batch = pp.room_responses(rooms, *places)
    alone = pp.room_response(rooms[1], places[0][1], places[1][1])
    assert np.array_equal(batch[1], alone)


def test_random_places_are_in_the_room_and_apart():
    room = pp.Room([4, 3, 2.5])
    sources, listeners = pp.random_places(room, 500, seed=4, wall=0.5, distance=1.0)
    both = np.concatenate([sources, listeners])
    assert (both >= 0.5).all() and (both <= np.array(room.size) - 0.5).all()
    assert np.linalg.norm(sources - listeners, axis=1).min() >= 1.0
    with pytest.raises(pp.ArgumentError):
        pp.random_places(room, 1, seed=4, wall=2.0)


def test_the_interpreter_goes_on_while_responses_are_computed():
    room = pp.Room([5, 4, 3], 0.1, order=30, late=False)
    sources, listeners = pp.random_places(room, 40, seed=1)
    done = threading.Event()

    def work():
        pp.room_responses(room, sources, listeners, length=0.5, threads=1)
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    turns = 0
    while not done.wait(0.002):
        turns += 1
    worker.join()
    assert turns > 10


def test_a_batch_can_be_interrupted():
    room = pp.Room([5, 4, 3], 0.1, order=60, late=False)
    sources, listeners = pp.random_places(room, 2000, seed=1)
    alarm = threading.Timer(0.3, _thread.interrupt_main)
    # Whoever is started in the background by a shell may have been told to ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        began = time.monotonic()
        alarm.start()
        with pytest.raises(KeyboardInterrupt):
            pp.room_responses(room, sources, listeners, length=0.5)
        assert time.monotonic() - began < 10.0
    finally:
        signal.signal(signal.SIGINT, before)
