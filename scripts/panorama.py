#!/usr/bin/env python3
"""What the panorama does to music, in figures: against the true stems on the same stage, and against the input.

    panorama.py [--program PATH] [--stage NAME|FILE] [--data FOLDER] [--stempeg FILE] [--more N] [--plot FOLDER]
                [--json FILE] [TRACK...]

Mixes are made from mono stems by known panning (of amplitude, one of them of time as well) and reverberation, measured and
synthetic. The *oracle* is a scene with the stems at the stage's places and the reverberation where the stage has its
ambience; the *baseline* is the pair of loudspeakers. Stems come from the project's samples, and from a folder of further
ones (`--data`, with `audio/` and `rooms/` in it) and an excerpt with its stems (`--stempeg`, a .stem.mp4) if given.

The panorama's constants were chosen on these mixes and the samples. `--more N` adds what was left out then: N mixes drawn from
seeds (stems, levels, panning, delays, reverberation), the folder's other songs, and excerpts of 10 to 20 s of all of them.

Needs numpy, scipy, and matplotlib for `--plot`; ffmpeg to decode.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile
import tomllib

import numpy as np
from scipy.io import wavfile
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

HERE = pathlib.Path(__file__).parent.parent
RATE = 44100
CENTRES = 1000 * 2 ** (np.arange(-10, 11) / 3)
# In docs/decisions/studio.md: where the listener of the stage's room is, for the oracle.
ROOMS = {"studio": [5.0, 4.3, 1.6]}


def load(path, start=0, seconds=12, stream=0):
    command = ["ffmpeg", "-v", "error", "-ss", str(start), "-t", str(seconds), "-i", str(path), "-map", f"0:a:{stream}",
               "-ar", str(RATE), "-ac", "2", "-f", "f32le", "-"]
    out = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(out, np.float32).reshape(-1, 2).astype(float)


def stem(path, start=0, seconds=10, stream=0, db=-22, frames=None):
    x = load(path, start, seconds, stream).mean(1)
    if frames:
        x = np.resize(np.concatenate([x, np.zeros(RATE // 10)]), frames)
    return x * 10 ** (db / 20) / np.sqrt((x ** 2).mean())


def pan(x, p):
    """p is -1 hard left to 1 hard right; the power stays the same."""
    t = (p + 1) * np.pi / 4
    return np.stack([np.cos(t) * x, np.sin(t) * x], 1)


def synthetic_reverb(seconds, rng):
    n = int(RATE * seconds * 1.1)
    h = rng.standard_normal((n, 2)) * np.exp(-6.91 * np.arange(n) / RATE / seconds)[:, None]
    h[:int(0.015 * RATE)] = 0
    h = sosfilt(butter(1, 6000, fs=RATE, output="sos"), h, axis=0)
    return h / np.sqrt((h ** 2).sum(0).mean())


def measured_reverb(path):
    rate, h = wavfile.read(path)
    h = resample_poly(h[:, [0, 3]].astype(float), RATE // 300, rate // 300, axis=0)
    h = h[np.abs(h).max(1).argmax() + int(0.005 * RATE):]
    return h / np.sqrt((h ** 2).sum(0).mean())


def mixes(data, stempeg):
    rng = np.random.default_rng(1)
    samples = HERE / "samples"
    n = 10 * RATE
    voice = stem(samples / "speech.ogg", 0, 10, frames=n)
    trumpet = stem(samples / "solo_trumpet.ogg", 0, 5, db=-24, frames=n)
    strings = stem(samples / "hungarian_dance_5.ogg", 5, frames=n)
    guitar, backing = (stem(samples / "stems" / f"{s}.ogg", 8, frames=n) for s in ("guitar", "backing"))
    hall, room = synthetic_reverb(1.8, rng), synthetic_reverb(0.8, rng)
    if data:
        room = measured_reverb(data / "rooms/rir/frl_array_example_room_7ch.wav")
    # Signal, panning, delay of the farther channel, what goes to the reverberation (dB).
    made = {
        "rock": ([(backing, 0, 0, -22), (guitar, .75, 0, -13), (trumpet, -.75, 0, -13), (voice, 0, 0, -16)], room),
        "acoustic": ([(trumpet, -.5, 0, -10), (strings, .45, 0, -12), (voice, -.1, 0, -16)], hall),
    }
    if data:
        stems, songs = data / "audio/stems", data / "audio/cc0-samples"
        tabla = stem(songs / "loop_tabla.flac", frames=n)
        double = stem(stems / "sectoid_war_of_freedom_guitar.ogg", 70, frames=n)
        band = stem(stems / "sectoid_war_of_freedom_backing.ogg", 70, frames=n)
        made["rock"][0][2] = (double, -.75, 0, -13)
        made["acoustic"][0].append((tabla, 1, 0, -18))
        made["ballad"] = ([(band, 0, 0, -16), (guitar, .33, 0, -12), (trumpet, -.66, 3e-4, -12), (tabla, -1, 0, -18)], room)
    if stempeg:
        drums, bass, other, vocals = (stem(stempeg, 0, 7, i) for i in (1, 2, 3, 4))
        made["pop"] = ([(vocals, 0, 0, -13), (bass, 0, 0, -99), (drums, -.3, 0, -18), (other, .65, 0, -13)],
                       synthetic_reverb(1.2, rng))
    for name, (stems, response) in made.items():
        frames = min(len(s[0]) for s in stems)
        placed = [(x[:frames], p, late) for x, p, late, _ in stems]
        mix, reverb = reverberant(placed, [send for *_, send in stems], response)
        yield name, [(x, p) for x, p, _ in placed], reverb, mix + reverb


def reverberant(stems, sends, response):
    """The stems' images added up, and what the room makes of them: (panning, delay of the farther channel) each."""
    frames = len(stems[0][0])
    mix, reverb = np.zeros((frames, 2)), np.zeros((frames, 2))
    for (x, p, late), send in zip(stems, sends):
        image = pan(x, p)
        if late:
            k, c = int(round(late * RATE)), int(p < 0)
            image[:, c] = np.concatenate([np.zeros(k), image[:-k, c]])
        mix += image
        for c in range(2):
            reverb[:, c] += 10 ** (send / 20) * fftconvolve(x, response[:, c])[:frames]
    return mix, reverb


def pool(data, stempeg, n):
    """Mono stems by name, 10 s of each."""
    samples = HERE / "samples"
    files = {"voice": samples / "speech.ogg", "trumpet": samples / "solo_trumpet.ogg",
             "strings": samples / "hungarian_dance_5.ogg", "guitar": samples / "stems/guitar.ogg",
             "backing": samples / "stems/backing.ogg"}
    if data:
        for path in sorted(data.glob("audio/cc0-samples/*.flac")) + sorted(data.glob("audio/speech/*.ogg")):
            files[path.stem] = path
        for path in sorted(data.glob("audio/stems/*.ogg")):
            files[path.stem] = path
    made = {name: stem(path, 40 if "sectoid" in name else 0, frames=n) for name, path in files.items()}
    if stempeg:
        for i, name in enumerate(("drums", "bass", "other", "vocals"), 1):
            made[name] = stem(stempeg, 0, 7, i, frames=n)
    return made


def drawn(data, stempeg, count):
    """Mixes by chance: three to six stems, the first in the middle, levels, pannings, some delays, some hard-panned, and a room
    of 0.5 to 2.5 s."""
    n = 10 * RATE
    stems = pool(data, stempeg, n)
    for seed in range(count):
        rng = np.random.default_rng(1000 + seed)
        chosen = rng.choice(sorted(stems), rng.integers(3, 7), replace=False)
        placed, sends = [], []
        for i, name in enumerate(chosen):
            x = stems[name] * 10 ** (rng.uniform(-6, 3) / 20)
            p = 0.0 if i == 0 else float(rng.uniform(-1, 1))
            p = float(np.sign(p)) if rng.random() < 0.2 else p
            placed.append((x, p, rng.uniform(1e-4, 6e-4) if rng.random() < 0.15 else 0))
            sends.append(rng.uniform(-20, -8))
        response = synthetic_reverb(rng.uniform(0.5, 2.5), rng)
        if data and seed % 4 == 3:
            response = measured_reverb(data / "rooms/rir/frl_array_example_room_7ch.wav")
        mix, reverb = reverberant(placed, sends, response)
        yield f"seed {1000 + seed}", [(x, p) for x, p, _ in placed], reverb, mix + reverb


def left_out(data, stempeg):
    """Songs and excerpts that nothing was fitted to."""
    samples = HERE / "samples"
    yield "dance, 20 to 30 s", load(samples / "hungarian_dance_5.ogg", 20, 10)
    yield "fishin, 20 to 35 s", load(samples / "lets_go_fishin.ogg", 20, 15)
    yield "fishin, 80 to 100 s", load(samples / "lets_go_fishin.ogg", 80, 20)
    if data:
        vibe = data / "audio/music/kevin_macleod_vibe_ace_ccby3.ogg"
        yield "vibe ace", load(vibe, 0, 120)
        yield "vibe ace, 12 to 22 s", load(vibe, 12, 10)
        yield "vibe ace, 35 to 55 s", load(vibe, 35, 20)
        for song in ("metal_madness", "war_of_freedom"):
            parts = [load(data / f"audio/stems/sectoid_{song}_{part}.ogg", 20, 30) for part in ("backing", "guitar")]
            yield song.replace("_", " "), sum(parts)
    if stempeg:
        yield "falcon 69", load(stempeg, 0, 12)


class Program:
    """Renders through the command line, without any change of level."""

    def __init__(self, path, stage, folder):
        self.path, self.stage, self.folder = path, stage, pathlib.Path(folder)
        file = pathlib.Path(stage)
        self.file = tomllib.loads((file if file.suffix else HERE / "stages" / f"{stage}.toml").read_text())

    def write(self, name, x):
        wavfile.write(self.folder / name, RATE, x.astype(np.float32))
        return self.folder / name

    def run(self, source, *flags):
        out = self.folder / "out.wav"
        flags = [*flags, "--loudness", "off", "--format", "f32", "--force", "--quiet"]
        subprocess.run([self.path, "render", source, "-o", out, *flags], check=True)
        return wavfile.read(out)[1].astype(float)

    def panorama(self, x, *flags):
        return self.run(self.write("mix.wav", x), "--stage", self.stage, *flags)[:len(x)]

    def speakers(self, x, *flags):
        return self.run(self.write("mix.wav", x), "--place", "speakers", *flags)[:len(x)]

    def azimuth(self, p):
        """Where the stage has a panning, degrees to the left."""
        azimuths = self.file["direct"]["azimuths"]
        return -np.sign(p) * np.interp(abs(p), np.linspace(0, 1, len(azimuths)), azimuths)

    def oracle(self, stems, reverb):
        room = self.file.get("room", "studio")
        listener, distance = np.array(ROOMS[room]), self.file.get("distance", 1.0)
        text = f"format = 1\npropagation = false\n[listener]\nposition = {listener.tolist()}\n[room]\npreset = '{room}'\n"
        places = [(x, self.azimuth(p), 0, 0, 0) for x, p in stems]
        ambience = self.file["ambience"]
        for a in ambience:
            gain = a.get("gain_db", 0) - 10 * np.log10(len(ambience))
            for c, side in enumerate((1, -1)):
                places.append((reverb[:, c], side * a["azimuth"], a.get("elevation", 0), a.get("spread", 0), gain))
        for i, (x, az, el, spread, gain) in enumerate(places):
            self.write(f"s{i}.wav", x)
            a, e = np.radians(az), np.radians(el)
            at = listener + distance * np.array([np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)])
            yaw = (az + 360) % 360 - 180
            text += (f"[[source]]\nid = 's{i}'\nfile = 's{i}.wav'\nposition = {at.round(4).tolist()}\ngain_db = {gain}\n"
                     f"directivity = 'subcardioid'\nfacing = {{ yaw = {yaw}, pitch = {-el} }}\nspread = {spread}\n")
        (self.folder / "oracle.toml").write_text(text)
        return self.run(self.folder / "oracle.toml")[:len(reverb)]


def spectra(x, n=2048, hop=512):
    frames = (len(x) - n) // hop + 1
    return np.fft.rfft(x[np.arange(n)[None] + hop * np.arange(frames)[:, None]] * np.hanning(n + 1)[:n], axis=1)


def cues(ears):
    """Powers of both ears and their cross power, [frames][ERB bands] (Glasberg & Moore 1990)."""
    erb = lambda f: 21.4 * np.log10(1 + 0.00437 * f)
    edges = (10 ** (np.arange(erb(100), erb(12000)) / 21.4) - 1) / 0.00437
    f = np.fft.rfftfreq(2048, 1 / RATE)
    bands = [(f >= a) & (f < b) if ((f >= a) & (f < b)).any() else np.arange(len(f)) == np.abs(f - (a + b) / 2).argmin()
             for a, b in zip(edges, edges[1:])]
    to = np.array(bands, float).T
    left, right = spectra(ears[:, 0]), spectra(ears[:, 1])
    return np.abs(left) ** 2 @ to, np.abs(right) ** 2 @ to, (left * right.conj()) @ to, (edges[1:] + edges[:-1]) / 2


def remembered(x, keep=0.6):
    out, now = np.empty_like(x), x[0]
    for t, row in enumerate(x):
        now = keep * now + (1 - keep) * row
        out[t] = now
    return out


def distance(ears, oracle):
    """Mean differences of interaural level (dB, 20 at most), phase below 1.5 kHz (rad, as far as the oracle's ears are
    coherent) and coherence; every band counts alike, louder frames more, frames 40 dB below the band's loudest not."""
    (al, ar, ax, centre), (ol, orr, ox, _) = cues(ears), cues(oracle)
    power = ol + orr
    weight = np.where(power > 1e-4 * power.max(0), power ** 0.25, 0)
    weight /= weight.sum(0) + 1e-30
    level = np.minimum(np.abs(10 * np.log10((al + 1e-12) / (ar + 1e-12) * (orr + 1e-12) / (ol + 1e-12))), 20)
    coherence = lambda l, r, x: np.abs(remembered(x)) / np.sqrt(remembered(l) * remembered(r) + 1e-24)
    have, want = coherence(al, ar, ax), coherence(ol, orr, ox)
    phase = np.abs(np.angle(ax * ox.conj())) * want
    mean = lambda d, bands: (d * weight)[:, bands].sum(0).mean()
    every = centre > 0
    return np.array([mean(level, every), mean(phase, centre < 1500), mean(np.abs(have - want), every)])


def thirds(x):
    n = 1 << 15
    x = np.concatenate([x, np.zeros((n, x.shape[1]))])
    power = sum(np.abs(np.fft.rfft(x[a:a + n] * np.hanning(n)[:, None], axis=0)) ** 2 for a in range(0, len(x) - n, n // 2))
    f = np.fft.rfftfreq(n, 1 / RATE)
    return np.array([power[(f >= c * 2 ** (-1 / 6)) & (f < c * 2 ** (1 / 6))].sum(0) for c in CENTRES])


def deviation(out, given):
    """dB in each third octave without the mean, and which of them count."""
    heard = given > 1e-6 * given.sum()
    db = 10 * np.log10(np.maximum(out, 1e-30) / np.maximum(given, 1e-30))
    return db - db[heard].mean(), heard


def colour(x, y):
    """Mean of the ears against the mean of the channels, and mono of the ears against mono of the channels."""
    ears = deviation(thirds(y).sum(1), thirds(x).sum(1))
    mono = deviation(thirds(y.sum(1, keepdims=True))[:, 0], thirds(x.sum(1, keepdims=True))[:, 0])
    return ears, mono


def worst(change):
    db, heard = change
    return float(np.abs(db[heard]).max())


def rms(change):
    db, heard = change
    return float(np.sqrt(np.mean(db[heard] ** 2)))


def transients(program):
    """Noise bursts at five pannings over a chord in the middle, 40 dB softer: energy of the onsets against the input's,
    and what is in front of them against the oracle's onsets, dB: beyond the chord as it is, and beyond the oracle's chord, which
    counts a chord that has another level than the oracle's."""
    rng = np.random.default_rng(3)
    n, at = 6 * RATE, np.arange(RATE // 2, 6 * RATE - RATE // 2, RATE // 3)
    t = np.arange(n) / RATE
    chord = 0.001 * sum(np.sin(2 * np.pi * f * t) for f in (220, 277.2, 329.6, 440, 1108.7))
    pans, stems = [-1, -.6, 0, .4, .8], []
    for i, p in enumerate(pans):
        x = np.zeros(n)
        for k in at[i::len(pans)]:
            x[k:k + 2000] += 0.3 * rng.standard_normal(2000) * np.exp(-np.arange(2000) / 200)
        stems.append((x, p))
    stems.append((chord, 0))
    mix = sum(pan(x, p) for x, p in stems)
    y, o = program.panorama(mix, "--room", "none"), np.zeros((n, 2))
    text = "format = 1\npropagation = false\n"
    for i, (x, p) in enumerate(stems):
        program.write(f"s{i}.wav", x)
        text += (f"[[source]]\nid = 's{i}'\nfile = 's{i}.wav'\nhead_locked = true\n"
                 f"polar = {{ azimuth = {program.azimuth(p)}, elevation = 0, distance = 1 }}\n")
    (program.folder / "oracle.toml").write_text(text)
    o = program.run(program.folder / "oracle.toml")[:n]
    # The stage's equaliser is in one and not in the other: the same for all, so levels are set alike.
    y = y * np.sqrt((o ** 2).sum() / (y ** 2).sum())
    energy = lambda e, a, b: np.array([(e[k + a:k + b] ** 2).sum() for k in at])
    onset, should, given = energy(y, 0, 441), energy(o, 0, 441), energy(mix, 0, 441)
    # The chord is as loud 40 ms earlier.
    before = np.maximum(energy(y, -882, -44) - energy(y, -2646, -1808), 1e-12)
    beyond = np.maximum(energy(y, -882, -44) - energy(o, -882, -44), 1e-12)
    kept = 10 * np.log10(onset / given)
    return kept - kept.mean(), *(10 * np.log10(x.sum() / should.sum()) for x in (before, beyond))


def centre(program):
    """Level (dB) and time (us) between the ears for a voice in the middle."""
    x = load(HERE / "samples/speech.ogg", 0, 8).mean(1)
    y = program.panorama(np.stack([x, x], 1), "--room", "none")
    level = 10 * np.log10((y[:, 0] ** 2).sum() / (y[:, 1] ** 2).sum())
    n = 1 << (2 * len(y) - 1).bit_length()
    cross = np.fft.irfft(np.fft.rfft(y[:, 0], n) * np.fft.rfft(y[:, 1], n).conj(), n)
    near = np.roll(cross, 64)[:129]
    k = int(near.argmax())
    bend = near[k - 1] - 2 * near[k] + near[k + 1]
    return float(level), float(1e6 * (k - 64 + 0.5 * (near[k - 1] - near[k + 1]) / bend) / RATE)


def pumping(program):
    """A soft steady tone in the middle while a band around it begins and stops every 2 s: how far its level goes at either ear
    from 4 s on, dB, how fast at most, dB a second, and the strongest modulation of 0.5 to 20 Hz, dB under the tone."""
    rng = np.random.default_rng(5)
    n, hz = 20 * RATE, 1000
    t = np.arange(n) / RATE
    band = 0.1 * rng.standard_normal((n, 2)) + 0.1 * rng.standard_normal((n, 1))
    band = sosfilt(butter(4, (500, 2000), "bandstop", fs=RATE, output="sos"), band, axis=0)
    smooth = np.clip(0.5 + 20 * np.sin(2 * np.pi * t / 4), 0, 1)
    tone = 0.03 * np.sin(2 * np.pi * hz * t)
    y = program.panorama(band * smooth[:, None] + tone[:, None])
    z = sosfilt(butter(2, 20, fs=RATE, output="sos"), y * np.exp(-2j * np.pi * hz * t)[:, None], axis=0)[4 * RATE:]
    z = np.abs(z[::RATE // 100])
    level = 20 * np.log10(z)
    # The band's own sound at 1 kHz is noise on top: what lasts half a second is the gain's.
    slow = np.apply_along_axis(lambda c: np.convolve(c, np.ones(50) / 50, "valid"), 0, level)
    f = np.fft.rfftfreq(len(z), 0.01)
    m = np.abs(np.fft.rfft(z / z.mean(0) - 1, axis=0))[(f >= 0.5) & (f <= 20)] * 2 / len(z)
    return np.ptp(slow, 0).max(), np.abs(slow[25:] - slow[:-25]).max() * 4, 20 * np.log10(m.max())


class Report:
    """Prints what is found of each piece and keeps it."""

    def __init__(self, program, stage):
        self.program = program
        self.json = {"stage": stage, "cues": {}, "colour": {}}
        self.curves, self.ratios = [], []

    def mix(self, name, stems, reverb, mix):
        true = self.program.oracle(stems, reverb)
        result, pair = self.program.panorama(mix), self.program.speakers(mix)
        ratio = distance(result, true) / distance(pair, true)
        self.ratios.append(ratio)
        self.json["cues"][name] = dict(zip(("level", "phase", "coherence"), ratio.round(3).tolist()))
        self.piece(name, mix, result, pair, "cues {:.2f} {:.2f} {:.2f}; ".format(*ratio))

    def piece(self, name, x, y, pair, before=""):
        ears, mono = colour(x, y)
        pair_ears, pair_mono = colour(x, pair)
        self.curves.append((name, ears, mono))
        self.json["colour"][name] = {"ears": worst(ears), "mono": worst(mono), "pair_ears": worst(pair_ears),
                                     "pair_mono": worst(pair_mono)}
        print(f"{name:20} {before}ears {worst(ears):.2f} dB (rms {rms(ears):.2f}), mono {worst(mono):.2f} dB "
              f"(rms {rms(mono):.2f}); the pair: {worst(pair_ears):.2f}, {worst(pair_mono):.2f}", flush=True)

    def track(self, name, x):
        self.piece(name, x, self.program.panorama(x), self.program.speakers(x))

    def summary(self, what, first=0, first_ratio=0):
        ears, mono = (np.array([worst(c[k]) for c in self.curves[first:]]) for k in (1, 2))
        line = (f"{what}: {len(ears)} pieces; ears worst {ears.max():.2f}, median {np.median(ears):.2f}, over 1.5 dB in "
                f"{(ears > 1.5).sum()}; mono worst {mono.max():.2f}, median {np.median(mono):.2f}, over 2 dB in {(mono > 2).sum()}")
        ratios = self.ratios[first_ratio:]
        if ratios:
            line += f"; cues {np.mean(ratios):.3f}, of each {np.mean(ratios, 0).round(3).tolist()}"
            self.json["cues"][what] = float(np.mean(ratios))
        print(line, flush=True)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--program", default=str(HERE / "target/release/periphon"))
    args.add_argument("--stage", default="natural")
    args.add_argument("--data", type=pathlib.Path)
    args.add_argument("--stempeg", type=pathlib.Path)
    args.add_argument("--more", type=int, default=0)
    args.add_argument("--plot", type=pathlib.Path)
    args.add_argument("--json", type=pathlib.Path)
    args.add_argument("--skip-cues", action="store_true")
    args.add_argument("tracks", nargs="*", type=pathlib.Path)
    args = args.parse_args()
    tracks = args.tracks or sorted(p for p in (HERE / "samples").iterdir() if p.suffix in (".ogg", ".mp3")
                                   and p.stem not in ("speech", "solo_trumpet"))
    with tempfile.TemporaryDirectory() as folder:
        program = Program(args.program, args.stage, folder)
        report = Report(program, args.stage)

        def mixed(all_mixes):
            for name, stems, reverb, mix in all_mixes:
                if args.skip_cues:
                    report.track(name, mix)
                else:
                    report.mix(name, stems, reverb, mix)

        mixed(mixes(args.data, args.stempeg))
        for track in tracks:
            report.track(track.stem, load(track, 0, 120))
        report.summary("chosen on")
        chosen, ratios = len(report.curves), len(report.ratios)
        if args.more:
            mixed(drawn(args.data, args.stempeg, args.more))
            for name, x in left_out(args.data, args.stempeg):
                report.track(name, x)
            report.summary("left out", chosen, ratios)
        found = report.json
        onsets, before, beyond = transients(program)
        found["onset_db"] = [float(onsets.min()), float(onsets.max())]
        found["pre_echo_db"] = float(before)
        print(f"onsets {onsets.min():+.2f} to {onsets.max():+.2f} dB; before them {before:.1f} dB, {beyond:.1f} dB with what the "
              f"chord's level differs from the oracle's")
        level, time = centre(program)
        found["centre"] = {"ild_db": level, "itd_us": time}
        print(f"a voice in the middle: {level:+.3f} dB, {time:+.2f} us")
        range_db, fastest, modulation = pumping(program)
        found["steady_tone"] = {"range_db": range_db, "db_per_s": fastest, "modulation_db": modulation}
        print(f"a steady tone under a band that comes and goes: within {range_db:.2f} dB, {fastest:.2f} dB/s at most, strongest "
              f"modulation {modulation:.1f} dB")
    if args.json:
        args.json.write_text(json.dumps(found, indent=1))
    if args.plot:
        plot(args.plot, args.stage, report.curves[:chosen])


def plot(folder, stage, curves):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(2, 1, figsize=(8, 6), sharex=True, constrained_layout=True)
    for axis, pick, title in zip(axes, (1, 2), ("mean of the ears against the input", "ears' mono against the input's")):
        for curve in curves:
            db, heard = curve[pick]
            axis.semilogx(CENTRES[heard], db[heard], label=curve[0])
        axis.set(title=title, ylabel="dB", ylim=(-4, 4))
        axis.axhspan(-1, 1, color="0.9")
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=7, ncols=2)
    axes[1].set_xlabel("Hz")
    figure.savefig(folder / f"panorama-{pathlib.Path(stage).stem}.png", dpi=110)


if __name__ == "__main__":
    main()
