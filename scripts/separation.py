#!/usr/bin/env python3
"""How well voice and band are told apart.

    separation.py [--program PATH] [--excerpt FILE.stem.mp4] [--backing TRACK...] [--instrumental TRACK...] [--song TRACK...]

Needs numpy, scipy and the ffmpeg command; PATH is the example `separate` (cargo build --release --example separate).

--excerpt       a stem file with the mix first and the voice last, as the one in PyPI stempeg (evaluation only): its stems
                are mixed; SDR = 10 lg (|stem|^2 / |stem - estimate|^2) of both parts, and scale-invariant SDR.
--backing       the excerpt's voice over other instrumentals from their middle, --below dB below them (7); also the
                level at which the voice is found in its part, dB of what it was.
--instrumental  level of the "voice" in tracks without one, dB of the track, first 30 s.
--song          what the parts add up to, the seam at 11 kHz (long-term spectrum of the voice, 10.5 to 11 against 11 to
                11.5 kHz, less that of the track), speed and memory.
"""
import argparse
import pathlib
import re
import resource
import subprocess
import tempfile

import numpy as np
from scipy.io import wavfile

RATE = 44100


def read(path, stream=0, seconds=None, start=0):
    limit = ["-t", str(seconds)] if seconds else []
    raw = subprocess.run(["ffmpeg", "-v", "error", "-ss", str(start), *limit, "-i", path, "-map", f"0:a:{stream}", "-ac", "2",
                          "-ar", str(RATE), "-f", "f32le", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.float32).reshape(-1, 2)


def separate(program, x, folder):
    mix, voice, band = (folder / name for name in ("mix.wav", "voice.wav", "band.wav"))
    wavfile.write(mix, RATE, x.astype(np.float32))
    done = subprocess.run([program, mix, voice, band], check=True, capture_output=True, text=True)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wavfile.read(voice)[1], wavfile.read(band)[1], done.stdout.strip().replace("\n", "; "), usage


def db(x):
    return 10 * np.log10(np.sum(np.square(x, dtype=np.float64)) + 1e-20)


def sdr(stem, estimate):
    return db(stem) - db(stem - estimate)


def si_sdr(stem, estimate):
    return sdr(stem * (np.sum(stem * estimate, dtype=np.float64) / np.sum(np.square(stem, dtype=np.float64))), estimate)


def report(name, program, voice, band, folder):
    v, b, _, _ = separate(program, voice + band, folder)
    kept = np.sum(v * voice, dtype=np.float64) / np.sum(voice * voice, dtype=np.float64)
    print(f"{name}: voice {sdr(voice, v):.2f} dB (mix {sdr(voice, voice + band):.2f}; scale-invariant {si_sdr(voice, v):.2f}; "
          f"level {20 * np.log10(abs(kept) + 1e-9):.1f} dB), band {sdr(band, b):.2f} dB", flush=True)
    return sdr(voice, v), sdr(band, b)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--program", default="target/release/examples/separate")
    args.add_argument("--excerpt")
    for name in ("backing", "instrumental", "song"):
        args.add_argument(f"--{name}", nargs="*", default=[], type=pathlib.Path)
    args.add_argument("--below", type=float, default=7)
    args = args.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if args.excerpt:
            stems = [read(args.excerpt, k) for k in range(1, 5)]
            voice = stems[-1]
            report("excerpt", args.program, voice, sum(stems[:-1]), folder)
            seconds, all_of_them = len(voice) / RATE, []
            for track in args.backing:
                whole = read(track)
                middle = max(0, (len(whole) - len(voice)) // 2)
                band = whole[middle:middle + len(voice)]
                v = voice[:len(band)]
                band = band * 10 ** ((db(v) + args.below - db(band)) / 20)
                gain = 0.7 / np.abs(v + band).max()
                all_of_them.append(report(f"voice over {track.name}", args.program, v * gain, band * gain, folder))
            if all_of_them:
                print("mean: voice {:.2f}, band {:.2f} dB".format(*np.mean(all_of_them, axis=0)))
        for track in args.instrumental:
            x = read(track, seconds=30)
            v, _, _, _ = separate(args.program, x, folder)
            print(f"{track.name}: voice {max(db(v) - db(x), -150):.1f} dB", flush=True)
        for track in args.song:
            x = read(track)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            v, b, speed, usage = separate(args.program, x, folder)
            cpu = usage.ru_utime + usage.ru_stime - before.ru_utime - before.ru_stime
            n = 4096
            spectrum = [sum(np.abs(np.fft.rfft(s[i:i + n].T * np.hanning(n))) ** 2 for i in range(0, len(s) - n, n)).sum(0)
                        for s in (v, x)]
            hz = np.fft.rfftfreq(n, 1 / RATE)
            bands = [(hz >= 10500) & (hz < 11000), (hz >= 11050) & (hz < 11550)]
            step = [10 * np.log10(s[bands[1]].sum() / s[bands[0]].sum()) for s in spectrum]
            error = np.abs(v + b - x).max()
            print(f"{track.name}: {speed}; CPU {cpu:.1f} s, {len(x) / RATE / cpu:.1f} x real time a core; "
                  f"parts off by {20 * np.log10(max(error, 1e-12)):.0f} dBFS at most; "
                  f"seam {step[0]:.2f} dB, track {step[1]:.2f} dB; voice {db(v) - db(x):.1f} dB")


if __name__ == "__main__":
    main()
