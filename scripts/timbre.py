#!/usr/bin/env python3
"""How much a room colours music: third octaves of a render in the room against the dry binaural render.

    timbre.py [--program PATH] [--room ROOM] [TRACK...]

Needs numpy and scipy. Both ears' energies are added up over the whole track; bands of 100 Hz to 16 kHz in which the track
has less than a millionth of its energy are left out. The mean over the bands, which is loudness, is taken away.
"""
import argparse
import pathlib
import subprocess
import tempfile

import numpy as np
from scipy.io import wavfile

SAMPLES = pathlib.Path(__file__).parent.parent / "samples"
CENTRES = 1000 * 2 ** (np.arange(-10, 13) / 3)


def spectrum(program, track, room, folder):
    out = folder / "out.wav"
    flags = ["--loudness", "off", "--format", "f32", "--force", "--quiet", "--place", "speakers"]
    subprocess.run([program, "render", track, "-o", out, "--room", room, *flags], check=True)
    rate, x = wavfile.read(out)
    n = 1 << 15
    window, power = np.hanning(n)[:, None], 0
    for at in range(0, len(x) - n, n // 2):
        power = power + (np.abs(np.fft.rfft(x[at:at + n] * window, axis=0)) ** 2).sum(1)
    hz = np.fft.rfftfreq(n, 1 / rate)
    return np.array([power[(hz >= c * 2 ** (-1 / 6)) & (hz < c * 2 ** (1 / 6))].sum() for c in CENTRES])


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--program", default="target/release/periphon")
    args.add_argument("--room", default="studio")
    args.add_argument("tracks", nargs="*", type=pathlib.Path)
    args = args.parse_args()
    tracks = args.tracks or sorted(p for p in SAMPLES.iterdir() if p.suffix in (".ogg", ".mp3"))
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        for track in tracks:
            dry, wet = (spectrum(args.program, track, room, pathlib.Path(folder)) for room in ("none", args.room))
            heard = dry > 1e-6 * dry.sum()
            change = 10 * np.log10(wet[heard] / dry[heard])
            level, change = change.mean(), change - change.mean()
            most = np.abs(change).argmax()
            worst = max(worst, abs(change[most]))
            print(f"{track.name}: {level:+.2f} dB; most {change[most]:+.2f} dB at {CENTRES[heard][most]:.0f} Hz, rms "
                  f"{np.sqrt(np.mean(change ** 2)):.2f} dB")
    print(f"worst: {worst:.2f} dB")


if __name__ == "__main__":
    main()
