#!/usr/bin/env python3
"""Responses of shoeboxes per second of CPU, against pyroomacoustics at the same order, and how true both are.

    compare_pyroomacoustics.py [--order 10] [--responses 200] [--rounds 5] [--json OUT]

Needs periphon and `pip install pyroomacoustics`. Rooms, places and absorption come from a seed; one source, one omnidirectional
microphone, 48 kHz. `flat`: each wall has one absorption for all bands and the air takes nothing, the same sum of images on
both sides. `bands`: seven octave bands and air. Each takes its responses one call a room, as both allow, and periphon also
all of them in one call. Figures are user and system time of the process, all its threads, medians over rounds in which both
take turns; the wall clock is beside it.

Accuracy is held against the sum of the images itself, as a spectrum in double precision (`flat`, 100 Hz to 16 kHz): the
energy of the difference, dB, median over rooms, after pyroomacoustics' constant delay of 40 samples is taken off and its high-pass
filter switched off.
"""

import argparse
import itertools
import json
import time

import numpy as np
import pyroomacoustics as pra

import periphon as pp

RATE = 48_000
SECONDS = 0.4
# In the order of periphon's walls: x = 0, x = length, y = 0, y = width, z = 0, z = height.
PEER = ["west", "east", "south", "north", "floor", "ceiling"]


def cases(count, bands, order, seed=1):
    rng = np.random.default_rng(seed)
    air = pp.AIR if bands else None
    rooms = []
    for _ in range(count):
        size = rng.uniform([3, 2.5, 2.3], [10, 8, 4])
        walls = rng.uniform(0.05, 0.5, (6, 1)) * (rng.uniform(0.5, 1.5, (6, 7)) if bands else np.ones((6, 7)))
        rooms.append(pp.Room(size, walls, order=order, late=False, air=air))
    pairs = [pp.random_places(room, 1, rng) for room in rooms]
    return rooms, np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])


def ours_one_by_one(rooms, sources, listeners):
    return [
        pp.room_response(room, source, listener, rate=RATE, length=SECONDS)[0]
        for room, source, listener in zip(rooms, sources, listeners)
    ]


def ours_at_once(rooms, sources, listeners):
    return pp.room_responses(rooms, sources, listeners, rate=RATE, length=SECONDS)[:, 0]


def theirs(rooms, sources, listeners):
    out = []
    for room, source, listener in zip(rooms, sources, listeners):
        walls = room.absorption
        flat = room.air is None
        if flat:
            materials = {name: pra.Material(float(a[0])) for name, a in zip(PEER, walls)}
        else:
            bands = [{"coeffs": a.tolist(), "center_freqs": list(pp.BANDS)} for a in walls]
            materials = {name: pra.Material(band) for name, band in zip(PEER, bands)}
        box = pra.ShoeBox(
            room.size, fs=RATE, materials=materials, max_order=room.order, air_absorption=not flat, use_rand_ism=False
        )
        box.add_source(source)
        box.add_microphone(listener)
        box.compute_rir()
        out.append(box.rir[0][0])
    return out


def exact(room, source, listener, hz):
    """The sum over the images, as a spectrum."""
    beta, size, c = np.sqrt(1.0 - room.absorption[:, 0]), np.array(room.size), room.speed_of_sound
    total = np.zeros(len(hz), complex)
    span = range(-room.order, room.order + 1)
    for index in itertools.product(span, repeat=3):
        if sum(map(abs, index)) > room.order:
            continue
        n = np.array(index)
        place = n * size + np.where(n % 2 == 0, source, size - source)
        many, few = (abs(n) + 1) // 2, abs(n) // 2
        first, second = np.where(n >= 0, beta[1::2], beta[::2]), np.where(n >= 0, beta[::2], beta[1::2])
        distance = np.linalg.norm(place - listener)
        total += np.prod(first**many * second**few) / distance * np.exp(-2j * np.pi * hz * distance / c)
    return total


def difference_db(response, want, hz, late=0, scale=1.0):
    frames = RATE
    mine = np.fft.rfft(np.asarray(response, float)[: frames + late], frames)[hz.astype(int)]
    mine = mine * scale * np.exp(2j * np.pi * hz * late / RATE)
    return 10 * np.log10((np.abs(mine - want) ** 2).sum() / (np.abs(want) ** 2).sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--order", type=int, default=10)
    parser.add_argument("--responses", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json")
    args = parser.parse_args()
    figures = {"order": args.order, "responses": args.responses}
    pra.constants.set("rir_hpf_enable", False)
    pra.constants.set("c", 343.0)
    for kind in ("flat", "bands"):
        given = cases(args.responses, kind == "bands", args.order)
        ways = {"ours": ours_one_by_one, "ours_at_once": ours_at_once, "theirs": theirs}
        times = {name: [] for name in ways}
        clock = {name: [] for name in ways}
        for turn in range(args.rounds + 1):
            for name, way in ways.items():
                began, at = time.process_time(), time.perf_counter()
                way(*given)
                # The first round warms caches.
                if turn:
                    times[name].append(time.process_time() - began)
                    clock[name].append(time.perf_counter() - at)
        row = {name: args.responses / np.median(t) for name, t in times.items()}
        figures[kind] = {f"{name}_per_cpu_second": value for name, value in row.items()}
        figures[kind] |= {f"{name}_per_second": args.responses / np.median(t) for name, t in clock.items()}
        figures[kind]["cpu_ratio"] = row["ours"] / row["theirs"]
        figures[kind]["cpu_ratio_at_once"] = row["ours_at_once"] / row["theirs"]
        if kind == "flat":
            hz = np.arange(100.0, 16_000.0, 25.0)
            some = [x[:10] for x in given]
            want = [exact(*case, hz) for case in zip(*some)]
            mine = [difference_db(x, w, hz) for x, w in zip(ours_one_by_one(*some), want)]
            # Its kernel of 81 samples is centred 40 later; its images carry 1/(4 pi).
            peer = theirs(*some)
            late, scale = pra.constants.get("frac_delay_length") // 2, 4.0 * np.pi
            off = [min(difference_db(x, w, hz, late, s) for s in (1.0, scale)) for x, w in zip(peer, want)]
            figures["difference_db"] = {"ours": float(np.median(mine)), "theirs": float(np.median(off))}
    for kind in ("flat", "bands"):
        f = figures[kind]
        print(
            f"{kind}: order {args.order}, responses per second of CPU: {f['ours_per_cpu_second']:.0f} one by one, "
            f"{f['ours_at_once_per_cpu_second']:.0f} at once, pyroomacoustics {f['theirs_per_cpu_second']:.0f}: "
            f"{f['cpu_ratio']:.1f} and {f['cpu_ratio_at_once']:.1f} times as many"
        )
        print(
            f"      by the clock: {f['ours_per_second']:.0f}, {f['ours_at_once_per_second']:.0f}, "
            f"{f['theirs_per_second']:.0f}"
        )
    d = figures["difference_db"]
    print(f"difference from the sum of the images: {d['ours']:.1f} dB, pyroomacoustics {d['theirs']:.1f} dB")
    if args.json:
        with open(args.json, "w") as file:
            json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
