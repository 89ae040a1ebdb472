"""Writes the measured rooms of tests/measured_rooms.rs: responses of one or two pulses, in every form that is read, and
rooms that must be refused.

Needs h5py and numpy: python tests/data/rooms/make_rooms.py
Two loudspeakers at +30 and -30 degrees, 2 m; the head is turned to -30, 0 and 30 degrees. The response of view m, ear r
and loudspeaker e is a pulse of 1 / (1 + m + 2 r + 4 e) at sample 10 + 5 m + 3 r + 7 e, and half of it 40 samples later.
"""
import os
import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
RATE, TAPS = 48000.0, 96
VIEWS = [-30.0, 0.0, 30.0]
CART = {"Type": "cartesian", "Units": "metre"}


def polar(az, r=1.0):
    return [r * np.cos(np.radians(az)), r * np.sin(np.radians(az)), 0.0]


SPEAKERS = np.array([polar(30, 2.0), polar(-30, 2.0)])
IR = np.zeros((3, 2, 2, TAPS))  # [M][R][E][N]
for m in range(3):
    for r in range(2):
        for e in range(2):
            at, value = 10 + 5 * m + 3 * r + 7 * e, 1 / (1 + m + 2 * r + 4 * e)
            IR[m, r, e, at], IR[m, r, e, at + 40] = value, value / 2


def write(name, convention, kind, ir, room="reverberant", receivers=None, drop=(), **variables):
    ears = [[[0.0], [0.09], [0.0]], [[0.0], [-0.09], [0.0]]]
    all_ = {
        "ListenerPosition": ([[0.0, 0, 0]], CART),
        "ListenerView": ([polar(v) for v in VIEWS], CART),
        "ListenerUp": ([[0.0, 0, 1]], {}),
        "ReceiverPosition": (ears, CART) if receivers is None else receivers,
        "SourcePosition": ([[0.0, 0, 0]], CART),
        "EmitterPosition": ([[[x], [y], [z]] for x, y, z in SPEAKERS], CART),
        "Data.IR": (ir, {}),
        "Data.SamplingRate": ([RATE], {"Units": "hertz"}),
    }
    all_.update({k.replace("__", "."): v for k, v in variables.items()})
    with h5py.File(os.path.join(HERE, name + ".sofa"), "w") as f:
        g = {"Conventions": "SOFA", "Version": "2.1", "SOFAConventions": convention, "SOFAConventionsVersion": "1.0",
             "DataType": kind, "RoomType": room, "License": "CC0", "Title": "tiny", "DatabaseName": "made"}
        for k, v in g.items():
            f.attrs[k] = np.bytes_(v)
        for k, (values, a) in all_.items():
            if k in drop:
                continue
            values = np.asarray(values, dtype=np.float32 if k == "Data.IR" else np.float64)
            d = f.create_dataset(k, data=values, **({"compression": 4} if k == "Data.IR" else {}))
            for n, t in a.items():
                d.attrs[n] = np.bytes_(t)


LAST = IR.transpose(0, 1, 3, 2)  # [M][R][N][E]
write("emitters_last", "MultiSpeakerBRIR", "FIR-E", LAST)
write("emitters_first", "MultiSpeakerBRIR", "FIRE", IR)
write("default_source", "MultiSpeakerBRIR", "FIR-E", LAST,
      SourcePosition=([[0.0, 0, 1]], {"Type": "spherical", "Units": "degree, degree, metre"}))
write("mimo", "SingleRoomMIMOSRIR", "FIR-E", LAST, ListenerPosition=([[3.0, 2, 1.5]], CART),
      SourcePosition=([[3.0, 2, 1.5]], CART))
# One measurement for each view and loudspeaker.
flat = IR.transpose(0, 2, 1, 3).reshape(6, 2, TAPS)
views = [polar(VIEWS[k // 2]) for k in range(6)]
sources = [SPEAKERS[k % 2] + [3, 2, 1.5] for k in range(6)]
single = {"EmitterPosition": ([[[0.0], [0.0], [0.0]]], CART), "ListenerPosition": ([[3.0, 2, 1.5]] * 6, CART),
          "ListenerView": (views, CART), "SourcePosition": (sources, CART)}
write("single", "SingleRoomSRIR", "FIR", flat, **single)
write("general", "GeneralFIR", "FIR", flat, **single)
write("right_ear_first", "SingleRoomSRIR", "FIR", flat[:, ::-1],
      receivers=([[[0.0], [-0.09], [0.0]], [[0.0], [0.09], [0.0]]], CART), **single)
# The pulses are moved into Data.Delay.
moved = np.zeros_like(IR)
delay = np.zeros((3, 2, 2))
for index in np.ndindex(3, 2, 2):
    at = int(IR[index].argmax())
    delay[index] = at
    moved[index][:TAPS - at] = IR[index][at:]
write("delays", "MultiSpeakerBRIR", "FIR-E", moved.transpose(0, 1, 3, 2), Data__Delay=(delay, {}))
# One view lacks a loudspeaker, one response is there twice, one measurement was taken elsewhere.
keep = [0, 1, 2, 3, 4, 3, 0]
gaps = {k: (np.asarray(v[0])[keep] if len(v[0]) == 6 else v[0], v[1]) for k, v in single.items()}
gaps["ListenerPosition"][0][6] = [1, 1, 1]
write("gaps", "SingleRoomSRIR", "FIR", flat[keep], **gaps)
harmonics = {"Type": "spherical harmonics", "Units": "degree, degree, metre"}
write("sound_field", "SingleRoomSRIR", "FIR", np.tile(flat[:, :1], (1, 4, 1)),
      receivers=([[[0.0], [0.0], [0.0]]] * 4, harmonics), **single)
write("refused_array", "SingleRoomSRIR", "FIR", np.tile(flat[:, :1], (1, 7, 1)),
      receivers=([[[0.1 * k], [0.0], [0.0]] for k in range(7)], CART), **single)
write("refused_one", "SingleRoomSRIR", "FIR", flat[:, :1], receivers=([[[0.0], [0.0], [0.0]]], CART), **single)
write("refused_delay", "MultiSpeakerBRIR", "FIR-E", LAST, Data__Delay=(np.zeros((2, 2, 2)), {}))
write("refused_rows", "MultiSpeakerBRIR", "FIR-E", LAST, EmitterPosition=([[[1.0], [0.0], [0.0]]] * 3, CART))
bad = LAST.copy()
bad[1, 0, 5, 1] = np.nan
write("refused_nan", "MultiSpeakerBRIR", "FIR-E", bad)
write("refused_silent", "MultiSpeakerBRIR", "FIR-E", LAST * 0)
write("refused_transfer", "SingleRoomSRIR", "TF", LAST, drop=("Data.IR",))
write("refused_no_grid", "SingleRoomSRIR", "FIR", flat[[0, 3]], **{k: (np.asarray(v[0])[[0, 3]] if len(v[0]) == 6 else v[0], v[1]) for k, v in single.items()})
