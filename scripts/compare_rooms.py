#!/usr/bin/env python3
"""The whole chain of a room against image sources of high order (pyroomacoustics): decay, clarity, direct sound.

    compare_rooms.py [--program PATH] [--rooms N] [--seed N] [--as-rendered] [--peer-only] [--asked] [--json OUT]

Needs numpy, scipy and pyroomacoustics (0.10). Twenty rooms of 3 to 12 m with six different walls in seven octave bands,
an omnidirectional source and receiver, no air. The program renders each scene (`periphon ir`: exact images as far as
they are heard, the late field after them; with `--as-rendered` images to order 3 and the late field); the peer takes images up to the order that fills the response, where 1.5 million images allow that,
else as many orders as they do. T30, EDT and C80 of both by the same analysis, then the share of bands within 5 %, 5 % and
1 dB, and the error of the direct-to-reverberant ratio.

With `--asked` there is no peer: every room asks for a reverberation time between 0.3 and 3 s that changes from band to band, and T30
is held against it.

With `--peer-only` the peer is compared with itself, one response cut and one whole, which proves the analysis.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from scipy import signal
from scipy.io import wavfile

FS = 48_000
C = 343.0
BANDS = [125, 250, 500, 1000, 2000, 4000, 8000]
WALLS = ["back", "front", "right", "left", "floor", "ceiling"]
# The same walls as pyroomacoustics names them.
PEER = ["west", "east", "south", "north", "floor", "ceiling"]
MOST_IMAGES = 1_500_000
DIRECT_S = 0.0025


def make_rooms(count, seed):
    """Sizes, places and absorption [6][7]; reverberation of about 0.2 to 1.5 s."""
    rng = np.random.default_rng(seed)
    rooms = []
    for _ in range(count):
        size = rng.uniform([3, 3, 2.3], [12, 10, 5]).round(2)
        while True:
            source, listener = (rng.uniform(0.15, 0.85, (2, 3)) * size).round(2)
            if np.linalg.norm(source - listener) > 1.0:
                break
        # Walls that change slowly from band to band, as materials do.
        base = rng.uniform(0.08, 0.45, (6, 1))
        slope = rng.uniform(-0.5, 0.7, (6, 1))
        alpha = np.clip(base * (1 + slope * np.linspace(-1, 1, 7)), 0.04, 0.8).round(3)
        rooms.append({"size": size, "source": source, "listener": listener, "alpha": alpha})
    return rooms


def sabine(room):
    """Longest reverberation time of the bands, by Eyring."""
    x, y, z = room["size"]
    areas = np.array([y * z, y * z, x * z, x * z, x * y, x * y])
    mean = areas @ room["alpha"] / areas.sum()
    return float((0.161 * x * y * z / (-areas.sum() * np.log(1 - mean))).max())


def scene(room, folder):
    """The room as a scene file."""
    wavfile.write(folder / "impulse.wav", FS, np.r_[np.float32(1), np.zeros(FS - 1, np.float32)])
    def line(v):
        return "[" + ", ".join(f"{x:g}" for x in v) + "]"
    walls = ", ".join(f"{n} = {line(a)}" for n, a in zip(WALLS, room["alpha"]))
    text = f"""format = 1
sample_rate = {FS}
speed_of_sound = {C}
propagation = true

[listener]
position = {line(room["listener"])}

[room]
size = {line(room["size"])}
materials = {{ {walls} }}
reflection_order = 3
air_absorption = false
late = true
{f"t60 = {line(room['t60'])}" if "t60" in room else ""}

[[source]]
id = "s"
file = "impulse.wav"
position = {line(room["source"])}
"""
    path = folder / "room.toml"
    path.write_text(text)
    return path


def ours(program, room, seconds, folder, as_rendered):
    """The program's response."""
    out = folder / "ir.wav"
    out.unlink(missing_ok=True)
    command = [program, "ir", scene(room, folder), "-o", out, "--receiver", "omni", "--length", f"{seconds:.2f}", "--json"]
    command += ["--as-rendered"] if as_rendered else []
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr.strip()}")
    fs, x = wavfile.read(out)
    if fs != FS:
        sys.exit(f"the response is at {fs} Hz, not {FS}")
    if x.dtype.kind == "i":
        x = x / float(np.iinfo(x.dtype).max + 1)
    x = np.asarray(x, float)
    return x if x.ndim == 1 else x[:, 0]


def order_for(room, seconds):
    """The order whose images fill the response, or that MOST_IMAGES allow; and the seconds it fills."""
    most = 0
    while (4 * (most + 1) ** 3 + 6 * (most + 1) ** 2 + 8 * (most + 1) + 3) / 3 <= MOST_IMAGES:
        most += 1
    # Orders fill up last along the shortest side.
    per_second = C / min(room["size"])
    order = min(most, int(np.ceil(seconds * per_second)) + 1)
    return order, order / per_second


def peer(room, order, frames):
    """pyroomacoustics: images only, seven bands."""
    import pyroomacoustics as pra

    materials = {
        name: pra.Material({"coeffs": list(a), "center_freqs": BANDS}) for name, a in zip(PEER, room["alpha"])
    }
    pra.constants.set("c", C)
    box = pra.ShoeBox(list(room["size"]), fs=FS, materials=materials, max_order=order, air_absorption=False)
    box.add_source(list(room["source"]))
    box.add_microphone(list(room["listener"]))
    box.compute_rir()
    # Its responses begin half a kernel early, and its pressure has a factor 1 / (4 pi).
    x = np.asarray(box.rir[0][0], float)[pra.constants.get("frac_delay_length") // 2:] * 4 * np.pi
    return np.r_[x, np.zeros(max(0, frames - len(x)))][:frames]


def decay_db(x, fc):
    """Schroeder's curve in an octave band, filtered backwards so that the filter's own decay stays out."""
    sos = signal.butter(6, [fc / 2 ** 0.5, min(fc * 2 ** 0.5, 0.49 * FS)], "bandpass", fs=FS, output="sos")
    lead = np.zeros(int(10 * FS / fc))
    y = signal.sosfilt(sos, np.r_[lead, x][::-1])[::-1] ** 2
    e = np.cumsum(y[::-1])[::-1]
    return len(lead), 10 * np.log10(e / e[0] + 1e-30)


def slope_time(level, first, last):
    if last - first < 8:
        return np.nan
    return -60 / np.polyfit(np.arange(first, last) / FS, level[first:last], 1)[0]


def figures(x, until):
    """T30, EDT, C80 by band, and the DRR; `until` cuts the response where the peer's images end."""
    x = x[: int(until * FS)]
    start = int(np.argmax(np.abs(x) >= 0.1 * np.abs(x).max()))
    t30, edt, c80 = [], [], []
    for fc in BANDS:
        lead, level = decay_db(x, fc)
        below = lambda db: int(np.argmax(level <= db))
        # A cut response bends down near its end: only where 10 dB more than needed is left.
        enough = level[min(len(level) - 1, lead + len(x) - FS // 50)] <= -45
        t30.append(slope_time(level, below(-5), below(-35)) if enough else np.nan)
        edt.append(slope_time(level, lead + start, below(-10)))
        # Cut first and filter then: no filter smears the 80 ms.
        at = start + int(0.08 * FS)
        sos = signal.butter(6, [fc / 2 ** 0.5, min(fc * 2 ** 0.5, 0.49 * FS)], "bandpass", fs=FS, output="sos")
        pad = np.zeros(FS // 4)
        early = np.sum(signal.sosfilt(sos, np.r_[x[:at], pad]) ** 2)
        late = np.sum(signal.sosfilt(sos, np.r_[x[at:], pad]) ** 2)
        c80.append(10 * np.log10(early / late))
    at = start + int(DIRECT_S * FS)
    drr = 10 * np.log10(np.sum(x[:at] ** 2) / np.sum(x[at:] ** 2))
    return {"t30": np.array(t30), "edt": np.array(edt), "c80": np.array(c80), "drr": drr}


def asked(args):
    """T30 against the times that rooms ask for."""
    rng = np.random.default_rng(args.seed)
    errors = []
    with tempfile.TemporaryDirectory() as folder:
        for number, room in enumerate(make_rooms(args.rooms, args.seed)):
            middle, tilt = np.exp(rng.uniform(np.log(0.4), np.log(2.2))), rng.uniform(0.7, 1.1)
            room["t60"] = np.clip(middle * tilt ** np.linspace(-1, 1.5, 7), 0.3, 3).round(3)
            seconds = 1.3 * float(room["t60"].max()) + 0.2
            x = ours(args.program, room, seconds, pathlib.Path(folder), False)
            errors.append(figures(x, seconds)["t30"] / room["t60"] - 1)
            print(f"room {number}: {room['size']} m, asked {room['t60']}, off by %", (100 * errors[-1]).round(1), flush=True)
    e = np.array(errors)
    print("rms by band, %:", (100 * np.sqrt(np.mean(e ** 2, axis=0))).round(1))
    print(f"asked: rms {100 * np.sqrt(np.mean(e ** 2)):.2f} %, worst {100 * np.abs(e).max():.1f} %")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--program", default="target/release/periphon")
    args.add_argument("--rooms", type=int, default=20)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--as-rendered", action="store_true", help="the late field of `render`")
    args.add_argument("--peer-only", action="store_true", help="the peer with itself, 30 % fewer orders: the analysis alone")
    args.add_argument("--asked", action="store_true", help="T30 against the T60 asked for, without a peer")
    args.add_argument("--json", type=pathlib.Path)
    args = args.parse_args()
    if args.asked:
        return asked(args)
    errors = {"t30": [], "edt": [], "c80": [], "drr": []}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for number, room in enumerate(make_rooms(args.rooms, args.seed)):
            seconds = 1.1 * sabine(room) + 0.2
            order, filled = order_for(room, seconds)
            frames = int(seconds * FS)
            until = min(seconds, filled)
            oracle = figures(peer(room, order, frames), until)
            if args.peer_only:
                x = peer(room, int(0.7 * order), frames)
            else:
                x = ours(args.program, room, seconds, folder, args.as_rendered)
            got = figures(x, until)
            errors["t30"].append(got["t30"] / oracle["t30"] - 1)
            errors["edt"].append(got["edt"] / oracle["edt"] - 1)
            errors["c80"].append(got["c80"] - oracle["c80"])
            errors["drr"].append(got["drr"] - oracle["drr"])
            percent = lambda e: " ".join(f"{100 * v:+6.1f}" for v in e)
            print(
                f"room {number}: {room['size']} m, order {order} fills {filled:.2f} of {seconds:.2f} s, "
                f"T30 {oracle['t30'].round(2)}\n"
                f"  T30 % {percent(errors['t30'][-1])} | EDT % {percent(errors['edt'][-1])} | "
                f"C80 dB {' '.join(f'{v:+.2f}' for v in errors['c80'][-1])} | DRR {errors['drr'][-1]:+.2f} dB",
                flush=True,
            )
    result = {}
    for name, limit in [("t30", 0.05), ("edt", 0.05), ("c80", 1.0)]:
        e = np.concatenate(errors[name])
        known = np.isfinite(e)
        result[name] = {
            "bands": int(known.sum()),
            "within": float(np.mean(np.abs(e[known]) <= limit)) if known.any() else None,
            "median": float(np.median(np.abs(e[known]))) if known.any() else None,
            "worst": float(np.max(np.abs(e[known]))) if known.any() else None,
        }
        what = f"{100 * limit:g} %" if name != "c80" else "1 dB"
        print(f"{name}: {result[name]['within']:.1%} of {known.sum()} bands within {what}, worst {result[name]['worst']:.3g}")
    drr = np.array(errors["drr"])
    result["drr"] = {"mean": float(drr.mean()), "rms": float(np.sqrt(np.mean(drr ** 2))), "worst": float(np.abs(drr).max())}
    print(f"drr: mean {drr.mean():+.2f} dB, rms {result['drr']['rms']:.2f} dB, worst {result['drr']['worst']:.2f} dB")
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
