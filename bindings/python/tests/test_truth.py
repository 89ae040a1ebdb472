"""One truth: the same walk and the same scene as in Rust, to the bit."""

import numpy as np
from conftest import REPOSITORY

import periphon as pp


class Noise:
    """The generator of tests/truth/mod.rs."""

    def __init__(self, seed):
        self.state = seed

    def take(self, count):
        out = np.empty(count, np.float32)
        state = self.state
        for i in range(count):
            state = (state * 1_664_525 + 1_013_904_223) & 0xFFFF_FFFF
            signed = state - (1 << 32) if state >= 1 << 31 else state
            out[i] = (signed >> 8) / 33_554_432.0
        self.state = state
        return out


def walk(text):
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    rate, block, sources, frames, reach = map(float, lines[0][1:])
    block, frames = int(block), int(frames)
    engine = pp.Engine(
        pp.Head("ku100", rate), max_block=block, max_sources=int(sources), offline=True, propagation=reach
    )
    steps = [(int(words[0]), words[1], words[2:]) for words in lines[1:]]
    sounding, leaving = {}, []
    ears, at = [], 0
    while at < frames:
        while steps and steps[0][0] == at:
            _, what, rest = steps.pop(0)
            name = rest[0]

            def of(first, rest=rest):
                return [float(word) for word in rest[first:]]

            match what:
                case "room":
                    engine.set_room(pp.Room.preset(name), seconds=float(rest[1]))
                case "shoebox":
                    v = of(0)
                    engine.set_room(pp.Room(v[1:4], v[4], order=int(v[5])), seconds=v[0])
                case "outside":
                    engine.set_room(None, seconds=float(name))
                case "path":
                    keys = np.reshape(of(2), (-1, 8))
                    engine.set_head_path(keys[:, 0], keys[:, 1:4], keys[:, 4:], seconds=float(name))
                case "listen":
                    v = of(0)
                    engine.set_head(v[1:4], v[4:], seconds=v[0])
                case "add":
                    v = of(1)
                    source = engine.add(v[1:4], gain=v[4], directivity=v[5], facing=v[6:9], spread=v[9])
                    leaving = [s for s in leaving if s[0].input != source.input]
                    sounding[name] = (source, Noise(int(v[0])))
                case "way":
                    keys = np.reshape(of(3), (-1, 4))
                    sounding[name][0].move_to(pp.path(keys[:, 0], keys[:, 1:]), seconds=float(rest[1]))
                case "move":
                    sounding[name][0].move_to(of(1)[:3], seconds=of(4)[0])
                case "snap":
                    sounding[name][0].snap_to(of(1))
                case "gain":
                    sounding[name][0].set_gain(float(rest[1]))
                case "beam":
                    v = of(1)
                    sounding[name][0].set_directivity(v[0], v[1:])
                case "remove":
                    sounding[name][0].remove()
                    leaving.append(sounding.pop(name))
                case _:
                    raise AssertionError(f"the walk does not know '{what}'")
        to = min(frames, at + block, steps[0][0] if steps else frames)
        # A source that leaves plays on while it fades out.
        planes = {s.input: noise.take(to - at) for s, noise in [*sounding.values(), *leaving]}
        ears.append(engine.process(planes, to - at))
        at = to
    return np.concatenate(ears, axis=1)


def expected(truth, name):
    return np.fromfile(truth / name, "<f4").reshape(-1, 2).T


def test_a_walk_through_rooms_is_to_the_bit_that_of_rust(truth):
    ears = walk((REPOSITORY / "tests/data/truth/walk.txt").read_text())
    want = expected(truth, "walk.f32")
    assert ears.shape == want.shape and np.abs(want).max() > 0.01
    assert np.array_equal(ears.view(np.uint32), np.ascontiguousarray(want).view(np.uint32))


def test_a_scene_file_is_to_the_bit_that_of_rust(truth):
    ears, rate = pp.render_scene(truth / "scene.toml")
    want = expected(truth, "scene.f32")
    assert rate == 48_000 and ears.shape == want.shape
    assert np.array_equal(ears.view(np.uint32), np.ascontiguousarray(want).view(np.uint32))
