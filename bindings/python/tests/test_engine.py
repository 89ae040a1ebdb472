"""The engine, and renders of arrays, against convolution in NumPy."""

import threading

import numpy as np
from conftest import db

import periphon as pp


def convolved(signal, pair):
    return np.stack([np.convolve(signal, ear) for ear in pair.astype(float)])


def test_a_source_at_rest_is_convolved_with_the_heads_response(head, rng):
    signal = rng.uniform(-0.5, 0.5, 4000).astype(np.float32)
    place = pp.from_polar(40, 20, 1.7)
    ears = pp.render(signal, place, head=head)
    expect = convolved(signal, head.response(40, 20, 1.7)) / 1.7
    frames = expect.shape[1]
    assert ears.shape[0] == 2 and ears.dtype == np.float32 and ears.shape[1] >= frames
    assert db(ears[:, :frames] - expect, expect) < -100


def test_several_sources_add_up(head, rng):
    signals = rng.uniform(-0.5, 0.5, (3, 2000)).astype(np.float32)
    places = pp.from_polar([30, -60, 170], [0, 10, -20], [1.0, 2.0, 0.5])
    gains = [1.0, 0.5, 0.3]
    ears = pp.render(signals, places, head=head, gain=gains, tail=0.02)
    expect = sum(
        convolved(s, head.response_at(p)) * g / np.linalg.norm(p) for s, p, g in zip(signals, places, gains)
    )
    assert ears.shape == (2, 2960)
    # Lengths differ by the tail only.
    frames = min(ears.shape[1], expect.shape[1])
    assert db(ears[:, :frames] - expect[:, :frames], expect) < -100


def test_a_room_sounds_as_its_response_does(head, rng):
    room = pp.Room([6, 5, 3], 0.3, order=2)
    signal = rng.uniform(-0.5, 0.5, 3000).astype(np.float32)
    source, listener = [4.0, 3.0, 1.2], [2.0, 2.2, 1.6]
    ears = pp.render(signal, source, head=head, room=room, position=listener, tail=0.3)
    response = pp.room_response(
        room, source, listener, receiver="binaural", head=head, length=ears.shape[1] / head.rate, propagation=False
    )
    expect = convolved(signal, response)[:, : ears.shape[1]]
    assert db(ears - expect, expect) < -80


def test_blocks_of_any_length_sound_alike(head, rng):
    signal = rng.uniform(-0.5, 0.5, 10_000).astype(np.float32)
    way = pp.path([0.0, 1.0], [[1.0, 1.0, 0.0], [2.0, -1.0, 0.5]])

    def run(blocks):
        engine = pp.Engine(head, max_block=8192, max_sources=2)
        engine.add(way)
        ears, at = [], 0
        while at < len(signal):
            step = blocks[len(ears) % len(blocks)]
            ears.append(engine.process(signal[None, at : at + step]))
            at += step
        assert engine.frames == len(signal)
        return np.concatenate(ears, axis=1)

    whole = run([10_000])
    assert np.abs(whole).max() > 0.05
    assert np.array_equal(whole, run([256]))
    assert db(whole - run([7, 1000, 100]), whole) < -90


def test_strided_arrays_lists_and_doubles_are_taken_as_they_are_meant(head, rng):
    signal = rng.uniform(-0.5, 0.5, 1000).astype(np.float32)
    spread = np.zeros((1000, 3), np.float32)
    spread[:, 1] = signal
    want = pp.render(signal, [1, 0, 0], head=head)
    assert np.array_equal(want, pp.render(spread[:, 1], (1, 0, 0), head=head))
    assert np.array_equal(want, pp.render(spread.T[1:2], np.array([[1.0, 0, 0]]), head=head))
    assert np.array_equal(want, pp.render(signal.astype(float).tolist(), [1, 0, 0], head=head))
    assert np.array_equal(want, pp.render(signal[::-1].copy()[::-1], [1, 0, 0], head=head))


def test_the_callers_arrays_stay_as_they_were(head, rng):
    signal = rng.uniform(-0.5, 0.5, 1000).astype(np.float32)
    signal.flags.writeable = False
    before = signal.copy()
    out = pp.render(signal, [1, 0, 0], head=head)
    assert np.array_equal(signal, before) and out.flags.writeable


def test_sources_come_move_and_go(head):
    engine = pp.Engine(head, max_sources=2)
    one, two = engine.add([1, 0, 0]), engine.add(pp.orbit(2.0))
    assert (one.input, two.input) == (0, 1) and one.alive
    tone = np.full(480, 0.5, np.float32)
    assert np.abs(engine.process({one: tone, two: tone})).max() > 0
    one.move_to([0, 1, 0], seconds=0.01)
    two.snap_to([0, -1, 0])
    one.set_gain(0.5)
    one.set_directivity("cardioid", [1, 0, 0])
    engine.set_head([0, 0, 0], pp.quaternion(30))
    engine.set_room("bedroom", seconds=0.05)
    engine.process({one: tone})
    one.remove()
    assert not one.alive and two.alive and "removed" in repr(one)
    for _ in range(20):
        engine.process({two: tone})
    three = engine.add([2, 0, 0])
    assert three.input == 0 and three.alive and not one.alive


def test_a_sound_field_is_heard_and_turns_with_the_world(head):
    engine = pp.Engine(head, max_sources=1, fields=[1])
    first = engine.field_input()
    assert engine.inputs == 5 and first == 1
    pulse = np.zeros(2000, np.float32)
    pulse[0] = 1.0
    # A plane wave from the left: ACN 0 and 1.
    ears = engine.process({first: pulse, first + 1: pulse})
    energy = (ears.astype(float) ** 2).sum(axis=1)
    assert energy[0] > 2 * energy[1]


def test_two_threads_may_use_one_engine(head):
    engine = pp.Engine(head, max_sources=4)
    source = engine.add([1, 0, 0])
    tone = np.full(256, 0.1, np.float32)
    failures = []

    def render():
        try:
            for _ in range(200):
                assert engine.process({source: tone}).shape == (2, 256)
        except BaseException as error:
            failures.append(error)

    def steer():
        try:
            for i in range(200):
                source.move_to([1, i / 100, 0])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=f) for f in (render, render, steer)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not failures and engine.frames == 400 * 256


def test_a_track_is_rendered_to_a_file_and_to_memory_alike(tmp_path, truth):
    ears, rate = pp.render_scene(truth / "noise.wav", place="point", at=(30, 0, 1.5), tail=0.0)
    out = tmp_path / "out.wav"
    options = dict(place="point", at=(30, 0, 1.5), tail=0.0, format="f32", loudness="off", true_peak=None)
    report = pp.render_file(truth / "noise.wav", out, **options)
    assert report["frames"] == ears.shape[1] and report["sample_rate"] == rate == 48_000
    written = np.frombuffer(out.read_bytes()[-8 * ears.shape[1] :], "<f4").reshape(-1, 2).T
    assert np.array_equal(written, ears)
    try:
        pp.render_file(truth / "noise.wav", out)
    except pp.Error as error:
        assert "exists" in str(error) and error.path == str(out)
    else:
        raise AssertionError("an existing file was replaced")
