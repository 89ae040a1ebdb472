"""What is wrong is an exception that says so, and never more than that."""

import copy
import os
import pickle

import numpy as np
import pytest

import periphon as pp
from periphon import _periphon

NAN, INF = float("nan"), float("inf")


def refused(call, *words, kind=pp.ArgumentError):
    with pytest.raises(kind) as caught:
        call()
    text = str(caught.value)
    assert all(word in text for word in words), text
    return caught.value


def test_errors_are_what_python_calls_them(tmp_path):
    missing = refused(lambda: pp.Head(tmp_path / "no.sofa"), "no.sofa", kind=pp.FileError)
    assert isinstance(missing, OSError) and isinstance(missing, pp.Error)
    assert missing.path.endswith("no.sofa") and missing.errno == 2
    unknown = refused(lambda: pp.Head("nobody"), "nobody", "hint:", "ku100")
    assert isinstance(unknown, ValueError) and unknown.hints
    broken = tmp_path / "broken.sofa"
    broken.write_bytes(b"not a SOFA file at all")
    assert isinstance(refused(lambda: pp.Head(broken), "broken.sofa", kind=pp.DataError), ValueError)
    again = pickle.loads(pickle.dumps(unknown))
    assert type(again) is pp.ArgumentError and again.message == unknown.message


@pytest.mark.parametrize("rate", [0, -1, NAN, INF, "48000", None, [1, 2]])
def test_a_head_has_a_rate(rate):
    with pytest.raises(pp.Error):
        pp.Head("ku100", rate)


def test_heads_want_places_and_pairs(head):
    refused(lambda: head.response_at([1, 2]), "places", "3")
    refused(lambda: head.response_at([[1, 2, NAN]]), "finite")
    refused(lambda: head.response(NAN), "finite")
    refused(lambda: head.response([1, 2], [1, 2, 3]), "broadcasting")
    refused(lambda: head.response("left"), "numbers")
    refused(lambda: pp.Head.from_responses(np.eye(3), np.zeros((2, 2, 8)), 48_000), "[3][2][taps]")
    refused(lambda: pp.Head.from_responses(np.eye(3), np.zeros((3, 8)), 48_000), "(M, 2, taps)")
    refused(lambda: pp.Head.from_responses(np.eye(3), np.full((3, 2, 8), NAN), 48_000), "finite", kind=pp.DataError)
    refused(lambda: pp.Head.from_responses(np.eye(3), np.zeros((3, 2, 8), int), 48_000), "floating-point")
    assert head.response_at(np.zeros((0, 3))).shape == (0, 2, head.taps)
    assert np.isfinite(head.response_at([0.0, 0.0, 0.0])).all()


@pytest.mark.parametrize(
    "arguments",
    [
        dict(size=[1, 2]),
        dict(size=[0, 2, 3]),
        dict(size=[5, 4, NAN]),
        dict(size="big"),
        dict(absorption=1.5),
        dict(absorption=-0.1),
        dict(absorption=NAN),
        dict(absorption="marshmallow"),
        dict(absorption=[0.1, 0.2]),
        dict(absorption=np.zeros((5, 7))),
        dict(absorption={"floor": 0.1}),
        dict(absorption={"flor": 0.1, "all": 0.2}),
        dict(order=-1),
        dict(order=101),
        dict(order=2.5),
        dict(order=10**30),
        dict(t60=0.0),
        dict(t60=NAN),
        dict(air=(20, 0)),
        dict(air=(20,)),
        dict(speed_of_sound=0),
        dict(speed_of_sound=INF),
    ],
)
def test_a_room_that_cannot_be_is_refused(arguments):
    refused(lambda: pp.Room(**({"size": [5, 4, 3]} | arguments)))


@pytest.mark.parametrize(
    "arguments",
    [
        dict(source=[1, 1]),
        dict(source=[1, 1, NAN]),
        dict(source=[[1, 1, 1], [2, 2, 2]]),
        dict(listener=[1, 1, INF]),
        dict(rate=0),
        dict(rate=NAN),
        dict(rate=1e9),
        dict(length=0),
        dict(length=-1),
        dict(length=NAN),
        dict(length="long"),
        dict(receiver="dog"),
        dict(receiver="ambix:8"),
        dict(receiver=-1),
        dict(receiver=99),
        dict(receiver=True),
        dict(receiver=2.5),
        dict(head="ku100"),
        dict(orientation=[1, 1, 1, 1]),
        dict(orientation=[NAN, 0, 0, 0]),
        dict(orientation=[1, 0, 0]),
        dict(directivity="banana"),
        dict(directivity=2.0),
        dict(facing=[NAN, 0, 0]),
        dict(speed_of_sound=1.0),
        dict(room="castle"),
        dict(room=42),
    ],
)
def test_a_response_that_cannot_be_is_refused(arguments):
    usual = {"room": pp.Room([5, 4, 3], late=False), "source": [1, 1, 1], "listener": [3, 2, 1.5], "length": 0.1}
    refused(lambda: pp.room_response(**(usual | arguments)))


def test_batches_that_do_not_fit_together_are_refused():
    room = pp.Room([5, 4, 3], late=False)
    many = np.ones((4, 3))
    refused(lambda: pp.room_responses(room, many, np.ones((3, 3)), length=0.1), "broadcasting")
    refused(lambda: pp.room_responses([room, room], many, many, length=0.1), "one for each of 4")
    refused(lambda: pp.room_responses([room, 3], many[:2], many[:2], length=0.1), "preset")
    refused(lambda: pp.room_responses(room, many, many, length=0.1, threads=0), "threads")
    refused(lambda: pp.room_responses(room, many, many, length=1e6), kind=pp.LimitError)
    assert pp.room_responses(room, many[:0], many[:0], length=0.1).shape == (0, 1, 4800)
    head = pp.Head("ku100", 44_100)
    refused(lambda: pp.room_response(room, [1, 1, 1], [2, 2, 2], receiver="binaural", head=head), "44100", "48000")
    huge = np.broadcast_to([1.0, 1.0, 1.0], (10**6, 3))
    refused(lambda: pp.room_responses(room, huge, [2, 2, 2], length=150.0, receiver=2), kind=pp.LimitError)


def test_a_place_of_source_and_listener_in_one_is_no_crash():
    room = pp.Room([5, 4, 3], order=2)
    for receiver in ("omni", "binaural", 1):
        out = pp.room_response(room, [1, 1, 1], [1, 1, 1], receiver=receiver, length=0.05)
        assert np.isfinite(out).all()


def test_measures_of_anything_are_figures_or_nan():
    for response in (np.zeros(0), np.full(100, NAN), np.full(100, INF), np.array([1.0]), np.ones(50) * 1e30):
        found = pp.measures(response, 48_000)
        assert found.t30.shape == (7,)
    refused(lambda: pp.measures(1.0, 48_000))
    refused(lambda: pp.measures(np.zeros(10), NAN), "sample rate")
    refused(lambda: pp.measures(np.zeros(10, int), 48_000), "floating-point")
    refused(lambda: pp.decay_curve(np.zeros((2, 10)), 48_000, 1000))
    assert len(pp.decay_curve(np.zeros(10), 48_000, NAN)) == 0


def test_an_engine_wants_what_fits(head):
    for wrong in (
        dict(max_block=0), dict(max_block=10_000), dict(max_sources=0), dict(max_sources=10**6), dict(propagation=NAN),
        dict(propagation=-5.0), dict(space=False, room="studio"), dict(fields=[8]), dict(rate=44_100),
        dict(speed_of_sound=NAN), dict(position=[0, 0]), dict(orientation=[0, 0, 0, 0]),
    ):  # fmt: skip
        refused(lambda wrong=wrong: pp.Engine(head, **wrong))
    refused(lambda: pp.Engine(head, max_sources=65_536), "8 GB", kind=pp.LimitError)
    refused(lambda: pp.Engine(head, max_sources=1000, propagation=10_000), "8 GB", kind=pp.LimitError)
    refused(lambda: pp.orbit(1e-300), "orbit")
    refused(lambda: pp.Engine(head, position=[1e8, 0, 0]), "at most")
    engine = pp.Engine(head, max_sources=2)
    source = engine.add([1, 0, 0])
    for wrong in (
        dict(place=[1, 0]), dict(place=[NAN, 0, 0]), dict(place=[1, 0, 0], gain=NAN), dict(place="left"),
        dict(place=[1, 0, 0], spread=400), dict(place=[1, 0, 0], facing=[0, 0]),
        dict(place=[1, 0, 0], directivity="x"), dict(place=[1, 0, 0], fade_in=-1),
    ):  # fmt: skip
        refused(lambda wrong=wrong: engine.add(**wrong))
    refused(lambda: source.move_to([0, 1, 0], seconds=NAN), "3600")
    refused(lambda: engine.set_head([0, 0, 0], [2, 0, 0, 0]), "length 1")
    refused(lambda: engine.set_room("castle"), "castle")
    refused(lambda: pp.path([0, 0], [[1, 0, 0], [2, 0, 0]]), "not after")
    refused(lambda: pp.path([0], [[1, 0, 0], [2, 0, 0]]), "1 times")
    refused(lambda: pp.path([], np.zeros((0, 3))), "key")
    refused(lambda: pp.orbit(0.0), "turn")
    tone = np.zeros(64, np.float32)
    refused(lambda: engine.process(), "frames")
    refused(lambda: engine.process(frames=-1), "frames")
    refused(lambda: engine.process(frames=2**40), "at most")
    refused(lambda: engine.process({source: tone}, 65), "65")
    refused(lambda: engine.process({5: tone}), "inputs")
    refused(lambda: engine.process({source: np.zeros((2, 64))}), "shape")
    refused(lambda: engine.process(np.zeros((3, 64))), "2 inputs")
    refused(lambda: engine.process(np.zeros((1, 64), np.int16)), "floating-point")
    refused(lambda: engine.process({pp.Engine(head).add([1, 0, 0]): tone}), "another engine")
    assert engine.process(frames=0).shape == (2, 0)
    engine.add([1, 0, 0])
    refused(lambda: engine.add([1, 0, 0]), "in use", kind=pp.LimitError)


def test_a_removed_source_does_nothing_any_more(head):
    engine = pp.Engine(head, max_sources=1)
    source = engine.add([1, 0, 0])
    source.remove()
    for use in (
        source.remove, lambda: source.set_gain(1.0), lambda: source.move_to([1, 1, 1]),
        lambda: source.snap_to([1, 1, 1]), lambda: source.set_directivity("omni", [1, 0, 0]),
    ):  # fmt: skip
        refused(use, "removed")
    for invented in (0, 2**64 - 1, 12345):
        assert not engine._native.has(invented)
        refused(lambda invented=invented: engine._native.set_gain(invented, 1.0))


def test_what_is_not_finite_is_silenced_and_counted(head):
    engine = pp.Engine(head)
    source = engine.add([1, 0, 0])
    out = engine.process({source: np.array([NAN, INF, -INF, 0.5] * 64, np.float32)})
    assert np.isfinite(out).all() and engine.non_finite == 192


def test_a_full_queue_says_so(head):
    engine = pp.Engine(head)
    source = engine.add([1, 0, 0])

    def shout():
        for _ in range(10_000):
            source.set_gain(0.5)

    refused(shout, "queue", kind=pp.LimitError)
    engine.process(frames=64)
    source.set_gain(0.5)


def test_renders_want_what_fits(head, tmp_path):
    refused(lambda: pp.render(np.zeros((2, 10)), [1, 0, 0], head=head), "2 signals")
    refused(lambda: pp.render(np.zeros((2, 2, 10)), [1, 0, 0], head=head), "shape")
    refused(lambda: pp.render(np.zeros((0, 10)), [1, 0, 0], head=head), "none")
    refused(lambda: pp.render(np.zeros(10), [1, 0, 0], head=head, tail=-1), "tail")
    refused(lambda: pp.render(np.zeros(10), [1, 0, 0], head=head, gain=[1, 2]), "gain")
    refused(lambda: pp.render_scene(tmp_path / "no.toml"), "no.toml", kind=pp.FileError)
    refused(lambda: pp.render_scene("x.toml", format="f32"), "render_file")
    refused(lambda: pp.render_scene("x.toml", colour="blue"), "colour")
    refused(lambda: pp.render_scene("x.toml", rate=44_100.5), "whole number")
    refused(lambda: pp.render_scene(42), "path")
    refused(lambda: pp.render_scene("x\0.toml"), kind=pp.Error)
    scene = tmp_path / "wrong.toml"
    scene.write_text("format = 1\nlistner = 3\n")
    refused(lambda: pp.render_scene(scene), "wrong.toml", kind=pp.Error)
    refused(lambda: pp.render_file(scene, tmp_path / "out.wav", loudness="loud"), "loudness")
    assert os.listdir(tmp_path) == ["wrong.toml"]


def test_the_native_half_refuses_what_is_not_its_kind(head):
    for call in (
        lambda: head._native.responses(np.zeros((1, 3), np.float32)),
        lambda: head._native.responses(np.zeros(3)),
        lambda: head._native.responses(None),
        lambda: _periphon.Room([1, 2, 3], None, 1, True, None, None, 343.0),
        lambda: _periphon.Engine(None, 1, 1, True, True, None, 343.0, [], None),
        lambda: _periphon.Motion(),
        lambda: copy.copy(head._native),
    ):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(pp.ArgumentError):
        head._native.responses(np.zeros((2, 4)))
    with pytest.raises(OverflowError):
        _periphon.measures(np.zeros((1, 4), np.float32), 48_000, -1)
