"""Writes tests/data/hrtf/tiny: one small set of ten directions in every form, and sets that must be refused.

Needs h5py and numpy: python tests/data/hrtf/make_tiny.py
The set: azimuths 0, 45, ... 315 and both poles, 2 m; each response is one sample, at 16 - 14 s for an ear on the side
of s = +1 (left) or -1, where s = +-y / 2 m rounded down to whole samples, with the value 1 + s / 2.
"""
import os
import h5py
import numpy as np

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tiny")
RATE, TAPS = 48000.0, 64
ANGLES = [(45.0 * i, 0.0) for i in range(8)] + [(0.0, 90.0), (0.0, -90.0)]
M = len(ANGLES)


def cartesian(az, el, r):
    az, el = np.radians(az), np.radians(el)
    return np.stack([r * np.cos(el) * np.cos(az), r * np.cos(el) * np.sin(az), r * np.sin(el)], -1)


PLACES = cartesian(np.array(ANGLES)[:, 0], np.array(ANGLES)[:, 1], 2.0)
IR = np.zeros((M, 2, TAPS))
for m in range(M):
    for ear, sign in ((0, 1.0), (1, -1.0)):
        s = sign * PLACES[m, 1] / 2.0
        IR[m, ear, int(np.floor(16 - 14 * s + 1e-9))] = 1 + s / 2


def write(name, convention="SimpleFreeFieldHRIR", kind="FIR", drop=(), attrs=None, libver="earliest", strings="fixed",
          userblock=0, **variables):
    """A set with the usual variables; `variables` replace or add: name=(values, attributes, dataset options)."""
    SPHERE = {"Type": "spherical", "Units": "degree, degree, metre"}
    CART = {"Type": "cartesian", "Units": "metre"}
    all_ = {
        "ListenerPosition": ([[0.0, 0, 0]], CART),
        "ListenerView": ([[1.0, 0, 0]], CART),
        "ListenerUp": ([[0.0, 0, 1]], {}),
        "ReceiverPosition": ([[[0.0], [0.09], [0.0]], [[0.0], [-0.09], [0.0]]], CART),
        "SourcePosition": ([[a, e, 2.0] for a, e in ANGLES], SPHERE),
        "EmitterPosition": ([[[0.0], [0.0], [0.0]]], CART),
        "Data.IR": (IR, {}),
        "Data.SamplingRate": ([RATE], {"Units": "hertz"}),
        "Data.Delay": ([[0.0, 0.0]], {}),
    }
    all_.update({k.replace("__", "."): v for k, v in variables.items()})
    for k in drop:
        all_.pop(k)
    path = os.path.join(HERE, name + ".sofa")
    options = {"userblock_size": userblock} if userblock else {}
    with h5py.File(path, "w", libver=libver, **options) as f:
        g = {"Conventions": "SOFA", "Version": "2.1", "SOFAConventions": convention, "SOFAConventionsVersion": "1.0",
             "DataType": kind, "RoomType": "free field", "License": "CC0", "Title": "tiny", "DatabaseName": "made"}
        g.update(attrs or {})
        for k, v in g.items():
            if v is not None:
                f.attrs[k] = v if strings == "vlen" else np.bytes_(v)
        for k, v in all_.items():
            values, a = v[0], v[1]
            opts = v[2] if len(v) > 2 else {}
            d = f.create_dataset(k, data=np.asarray(values, dtype=opts.pop("dtype", np.float64)), **opts) \
                if "shape" not in opts else f.create_dataset(k, **opts)
            for n, t in a.items():
                d.attrs[n] = t if strings == "vlen" else np.bytes_(t)


def spherical(units):
    return {"Type": "spherical", "Units": units}


os.makedirs(HERE, exist_ok=True)
# The same set in every form.
write("contiguous")
write("latest", libver="latest", strings="vlen")
write("user_block", userblock=1024)
write("big_endian_f64", Data__IR=(IR, {}, {"dtype": ">f8"}))
write("big_endian_f32_shuffled", Data__IR=(IR, {}, {"dtype": ">f4", "chunks": (3, 2, 20), "shuffle": True, "compression": 4}))
write("little_f32_shuffled", Data__IR=(IR, {}, {"dtype": "<f4", "chunks": (4, 1, 32), "shuffle": True, "compression": 4}))
write("fletcher", Data__IR=(IR, {}, {"chunks": (7, 2, 9), "shuffle": True, "compression": 9, "fletcher32": True}))
write("extensible", libver="latest", Data__IR=(IR, {}, {"chunks": (4, 2, 16), "maxshape": (None, 2, 64), "compression": 4}))
write("btree2", libver="latest", Data__IR=(IR, {}, {"chunks": (4, 2, 16), "maxshape": (None, 2, None), "compression": 4}))
write("fixed_array", libver="latest", Data__IR=(IR, {}, {"chunks": (4, 2, 16), "shuffle": True, "compression": 4}))
write("cartesian", SourcePosition=(PLACES, {"Type": "cartesian", "Units": "meter"}))
write("radians", SourcePosition=([[np.radians(a), np.radians(e), 2.0] for a, e in ANGLES], spherical("radian, radian, metre")))
write("centimetres", SourcePosition=([[a, e, 200.0] for a, e in ANGLES], spherical("degree, degree, centimetre")))
write("listener_off_origin", ListenerPosition=([[3.0, -1.0, 1.5]], {"Type": "cartesian", "Units": "metre"}),
      SourcePosition=(PLACES + [3.0, -1.0, 1.5], {"Type": "cartesian", "Units": "metre"}))
# The head turns, the source stays in front: view = minus the azimuth (the poles by looking down and up).
view = [[-a, -e, 1.0] for a, e in ANGLES]
up = [[-a, 90.0, 1.0] for a, e in ANGLES[:8]] + [[0.0, 0.0, 1.0], [180.0, 0.0, 1.0]]
write("head_turns", SourcePosition=([[0.0, 0.0, 2.0]], spherical("degree, degree, metre")),
      ListenerView=(view, spherical("degree, degree, metre")), ListenerUp=(up, {}))
write("receivers_swapped", ReceiverPosition=([[[0.0], [-0.09], [0.0]], [[0.0], [0.09], [0.0]]], {"Type": "cartesian", "Units": "metre"}),
      Data__IR=(IR[:, ::-1], {}))
emitters = ([[[x], [y], [z]] for x, y, z in PLACES], {"Type": "cartesian", "Units": "metre"})
centre = ([[0.0, 0.0, 0.0]], spherical("degree, degree, metre"))
write("emitters", "FreeFieldHRIR", "FIR-E", EmitterPosition=emitters, SourcePosition=centre,
      Data__IR=(IR.transpose(1, 2, 0)[None], {}), Data__Delay=(np.zeros((1, 2, M)), {}))
write("emitters_first", "GeneralFIRE", "FIRE", EmitterPosition=emitters, SourcePosition=centre,
      Data__IR=(IR.transpose(1, 0, 2)[None], {}), Data__Delay=(np.zeros((1, 2, M)), {}))
H = np.fft.rfft(IR, axis=-1)
F = np.arange(TAPS // 2 + 1) * RATE / TAPS
tf = ("Data.IR", "Data.SamplingRate", "Data.Delay")
write("transfer", "SimpleFreeFieldHRTF", "TF", tf, N=(F, {"Units": "hertz"}), Data__Real=(H.real, {}), Data__Imag=(H.imag, {}))
write("transfer_general", "GeneralTF", "TF", tf, N=(F, {"Units": "hertz"}), Data__Real=(H.real, {}), Data__Imag=(H.imag, {}))
write("transfer_emitters", "FreeFieldHRTF", "TF-E", tf, EmitterPosition=emitters, SourcePosition=centre, N=(F, {"Units": "hertz"}),
      Data__Real=(H.real.transpose(1, 2, 0)[None], {}), Data__Imag=(H.imag.transpose(1, 2, 0)[None], {}))
write("transfer_no_dc", "SimpleFreeFieldHRTF", "TF", tf, N=(F[1:], {"Units": "hertz"}), Data__Real=(H.real[..., 1:], {}), Data__Imag=(H.imag[..., 1:], {}))
write("delay_field", Data__IR=(np.ones((M, 2, 1)) * IR.max(-1, keepdims=True), {}), Data__Delay=(IR.argmax(-1).astype(float), {}))
write("delay_seconds", Data__Delay=([[0.5 / RATE, 0.5 / RATE]], {"Units": "second"}))
write("rate_in_kilohertz", Data__SamplingRate=([48.0], {"Units": "hertz"}))
write("rate_per_measurement", Data__SamplingRate=([RATE] * M, {"Units": "hertz"}))
sos = np.tile([1.0, 0, 0, 2.0, -1.0, 0], (M, 2, 2)) * np.array([1, 1, 1, 1, 1, 1] + [1, 0, 0, 0, 0, 0] )
sos[..., 6:] = [4.0, 0, 0, 2.0, 0, 0]
write("sections", "SimpleFreeFieldHRSOS", "SOS", ("Data.IR",), Data__SOS=(sos, {}), Data__Delay=(IR.argmax(-1).astype(float), {}))
# Odd, and named.
write("odd_ears_swapped", Data__IR=(IR[:, ::-1], {}))
write("odd_double_itd", Data__Delay=([[20.0 - 10 * p[1], 20.0 + 10 * p[1]] for p in PLACES], {}))
write("odd_common_delay", Data__Delay=([[4800.0, 4800.0]], {}))
write("odd_loud", Data__IR=(IR * 32768, {}))
write("odd_rate", Data__SamplingRate=([192000.0], {"Units": "hertz"}))
write("odd_no_distance", SourcePosition=([[a, e, 0.0] for a, e in ANGLES], spherical("degree, degree, metre")))
twice = np.concatenate([PLACES[:9], PLACES[:1]])
write("odd_duplicates", SourcePosition=(twice, {"Type": "cartesian", "Units": "metre"}))
# Refused.
bad = IR.copy(); bad[7, 1, 3] = np.nan
write("refused_nan", Data__IR=(bad, {}))
write("refused_rate_zero", Data__SamplingRate=([0.0], {"Units": "hertz"}))
write("refused_rates_differ", Data__SamplingRate=([RATE] * 9 + [44100.0], {"Units": "hertz"}))
write("refused_one_receiver", Data__IR=(IR[:, :1], {}))
write("refused_wrong_rows", SourcePosition=([[a, e, 2.0] for a, e in ANGLES[:7]], spherical("degree, degree, metre")))
write("refused_one_direction", SourcePosition=([[0.0, 0.0, 2.0]], spherical("degree, degree, metre")))
write("refused_in_the_head", SourcePosition=(PLACES * 0, {"Type": "cartesian", "Units": "metre"}))
write("refused_unit", SourcePosition=([[a, e, 2.0] for a, e in ANGLES], spherical("gradian, gradian, metre")))
write("refused_room", "GeneralFIR", attrs={"RoomType": "reverberant"})
write("refused_directivity", "FreeFieldDirectivityTF", "TF", attrs={})
write("refused_no_convention", attrs={"SOFAConventions": None})
write("refused_silent", Data__IR=(IR * 0, {}))
write("refused_uneven", "SimpleFreeFieldHRTF", "TF", tf, N=(F ** 1.1, {"Units": "hertz"}), Data__Real=(H.real, {}), Data__Imag=(H.imag, {}))
unstable = sos.copy(); unstable[3, 1, 4] = -2.5
write("refused_unstable", "SimpleFreeFieldHRSOS", "SOS", ("Data.IR",), Data__SOS=(unstable, {}))
write("refused_huge", Data__IR=(None, {}, {"shape": (2000000000, 2, 4096), "dtype": "f8", "chunks": (16, 2, 64)}))
write("refused_never_written", Data__IR=(None, {}, {"shape": (M, 2, 4096), "dtype": "f8", "chunks": (5, 2, 64)}))
write("refused_huge_chunk", Data__IR=(None, {}, {"shape": (M, 2, 4096), "dtype": "f8", "chunks": (M, 2, 4096), "compression": 4, "maxshape": (None, 2, None)}))
