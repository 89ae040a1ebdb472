#!/usr/bin/env python3
"""Packs parametric equalisers for headphones into headphones/catalogue.bin.

usage: pack_headphones.py OPRA.jsonl.gz headphones/catalogue.bin

The input has one JSON object a line: v vendor, p product, k kind, d "Measured by NAME", g preamp in dB, b bands, each
[shape, Hz, dB, Q]. What is packed is exact: frequencies are whole hertz, gains tenths of a decibel, Q hundredths; the
script refuses anything else. The layout is described in src/headphones/catalogue.rs.
"""

import gzip
import json
import struct
import sys
import zlib

KINDS = ["over_the_ear", "on_ear", "in_ear", "earbuds"]
SHAPES = ["peak_dip", "low_shelf", "high_shelf"]


def whole(value, scale, low, high):
    packed = round(value * scale)
    if abs(packed - value * scale) > 1e-6 or not low <= packed <= high:
        raise SystemExit(f"{value} cannot be packed as a whole number of 1/{scale} from {low} to {high}")
    return packed


def main(source, target):
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows:
        row["d"] = row["d"].removeprefix("Measured by ")
    rows.sort(key=lambda r: (r["v"].casefold(), r["v"], r["p"].casefold(), r["p"], r["d"].casefold()))
    vendors = sorted({r["v"] for r in rows}, key=lambda s: (s.casefold(), s))
    sources = sorted({r["d"] for r in rows}, key=lambda s: (s.casefold(), s))
    models, equalisers, entries = [], [], []
    for row in rows:
        model = (vendors.index(row["v"]), KINDS.index(row["k"]), row["p"])
        if not models or models[-1] != model:
            models.append(model)
        bands = tuple(
            (SHAPES.index(s), whole(f, 1, 1, 65535), whole(g, 10, -32768, 32767), whole(q, 100, 1, 65535))
            for s, f, g, q in row["b"]
        )
        if len(bands) != 10:
            raise SystemExit(f"{row['v']} {row['p']}: ten bands expected, not {len(bands)}")
        equalisers.append((whole(row["g"], 10, -32768, 32767), bands))
        entries.append((len(models) - 1, sources.index(row["d"])))
    distinct = sorted(set(equalisers))
    place = {e: i for i, e in enumerate(distinct)}

    out = bytearray(b"PHEQ")
    out += struct.pack("<5I", len(vendors), len(sources), len(models), len(entries), len(distinct))
    for name in vendors + sources + [m[2] for m in models]:
        text = name.encode()
        out += struct.pack("<B", len(text)) + text
    columns = []
    columns.append(("<H", [m[0] for m in models]))
    columns.append(("<B", [m[1] for m in models]))
    columns.append(("<H", [e[0] for e in entries]))
    columns.append(("<H", [e[1] for e in entries]))
    columns.append(("<H", [place[e] for e in equalisers]))
    columns.append(("<h", [e[0] for e in distinct]))
    for band in range(10):
        columns.append(("<B", [e[1][band][0] for e in distinct]))
        columns.append(("<H", [e[1][band][1] for e in distinct]))
        columns.append(("<h", [e[1][band][2] for e in distinct]))
        columns.append(("<H", [e[1][band][3] for e in distinct]))
    for kind, values in columns:
        # Low bytes first, then high bytes: alike bytes side by side pack better.
        raw = [struct.pack(kind, v) for v in values]
        for i in range(struct.calcsize(kind)):
            out += bytes(r[i] for r in raw)
    packed = zlib.compress(bytes(out), 9)
    with open(target, "wb") as file:
        file.write(packed)
    print(f"{len(entries)} equalisers of {len(models)} models, {len(out)} bytes, packed {len(packed)}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2])
