#!/usr/bin/env python3
"""What does a room do to a sound, and what do two ears make of it? Needs matplotlib.

    rooms_and_heads.py [PICTURE.png]
"""

# %% A head: interaural time and level differences all around, between the measured directions too
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import periphon as pp

RATE = 48_000
head = pp.Head("ku100", RATE)
azimuth = np.arange(-180.0, 181.0, 2.0)
pairs = head.response(azimuth)
itd_us = 1e6 * np.diff(head.arrival(azimuth), axis=-1)[:, 0]
level = 10 * np.log10((pairs.astype(float) ** 2).sum(axis=-1))
ild = level[:, 0] - level[:, 1]

# %% A room, and what it does between two places
walls = {"floor": "carpet-thick", "ceiling": "perforated-panel", "front": "curtain-heavy", "all": "plasterboard"}
room = pp.Room([7.5, 5.2, 2.9], walls, order=3)
source, listener = [5.6, 3.7, 1.5], [2.2, 2.0, 1.6]
response = pp.room_response(room, source, listener, rate=RATE)[0]
figures = pp.measures(response, RATE)
curves = {hz: pp.decay_curve(response, RATE, hz) for hz in (250.0, 1000.0, 4000.0)}

# %% Clarity everywhere in the room: one call, all cores
x, y = np.meshgrid(np.linspace(0.3, 7.2, 47), np.linspace(0.3, 4.9, 32))
ears = np.stack([x, y, np.full_like(x, 1.6)], axis=-1)
grid = pp.room_responses(room.replace(order=20, late=False), source, ears, rate=16_000, length=0.5)
clarity = pp.measures(grid[:, :, 0], 16_000).c80[..., 3]

# %% A voice that walks past the listener, in that room, for two ears
noise = np.random.default_rng(1).standard_normal(3 * RATE).astype(np.float32)
bursts = 0.1 * noise * (np.arange(len(noise)) % (RATE // 4) < RATE // 16)
way = pp.path([0.0, 3.0], [[4.0, 4.6, 1.6], [4.0, 0.6, 1.6]])
ears = pp.render(bursts, way, rate=RATE, head=head, room=room, position=listener, propagation=True)

# %% The picture
figure, axes = plt.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
left = axes[0, 0]
left.plot(azimuth, itd_us, color="tab:blue")
left.set(xlabel="azimuth, degrees (left is +)", ylabel="ITD, µs", xticks=range(-180, 181, 60), title="Two ears")
right = left.twinx()
right.plot(azimuth, ild, color="tab:orange")
right.set_ylabel("ILD, dB")
left.yaxis.label.set_color("tab:blue")
right.yaxis.label.set_color("tab:orange")

decay = axes[0, 1]
for band, (hz, curve) in zip((1, 3, 5), curves.items()):
    decay.plot(np.arange(len(curve)) / RATE, curve, label=f"{hz:.0f} Hz: T30 {figures.t30[band]:.2f} s")
decay.set(xlabel="time, s", ylabel="decay, dB", ylim=(-60, 2), xlim=(0, 1.2 * np.nanmax(figures.t30)), title=f"The room, DRR {figures.drr_db:.1f} dB")
decay.legend()

floor = axes[1, 0]
drawn = floor.pcolormesh(x, y, clarity, shading="gouraud", cmap="viridis")
floor.plot(*source[:2], "w*", markersize=14)
floor.plot(*listener[:2], "wo")
floor.set(xlabel="x, m", ylabel="y, m", aspect="equal", title="C80 at 1 kHz, dB, from the star")
figure.colorbar(drawn, ax=floor)

walk = axes[1, 1]
window = np.ones(RATE // 20) / (RATE // 20)
for ear, name in zip(ears, ("left", "right")):
    walk.plot(
        np.arange(ears.shape[1]) / RATE,
        10 * np.log10(np.convolve(ear.astype(float) ** 2, window, "same") + 1e-12),
        label=name,
    )
walk.set(xlabel="time, s", ylabel="level, dB", ylim=(-70, -15), xlim=(0, 4), title="A walk from the left to the right")
walk.legend()
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "rooms_and_heads.png", dpi=110)
