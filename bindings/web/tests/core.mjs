// The module in Node, without a browser: the walk against what Rust renders, and misuse.
// node tests/core.mjs FOLDER, where `cargo run --example truth -- FOLDER` has written walk.f32.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Core, PeriphonError } from '../js/core.js';
import { build } from '../js/builder.js';
import { PRESETS } from '../js/spec.js';
import { difference, noise, read } from './walk.mjs';

const here = new URL('..', import.meta.url).pathname;
const root = join(here, '..', '..');
const module = await WebAssembly.compile(readFileSync(join(here, 'periphon.wasm')));
const ku100 = readFileSync(join(root, 'hrtf', 'sadie_ku100_dfc_48k.sofa'));

/** Renders the walk by blocks that begin where the file's do, or by a browser's quanta, cut where something happens. */
function walk(core, quantum = null) {
  const { block, frames, steps } = read(join(root, 'tests/data/truth/walk.txt'));
  const ears = [new Float32Array(frames), new Float32Array(frames)];
  const sounding = new Map();
  let leaving = [];
  const next = steps.slice();
  let at = 0;
  while (at < frames) {
    while (next.length && next[0].frame === at) {
      const { what, rest } = next.shift();
      const of = (from) => rest.slice(from).map(Number);
      const id = () => sounding.get(rest[0]).id;
      const steps = {
        room: () => core.room(rest[0], +rest[1]),
        shoebox: () => {
          const [seconds, x, y, z, a, order] = of(0);
          core.room({ size: [x, y, z], order, walls: Array(6).fill(Array(7).fill(a)), late: true, air: true, t60: null, speedOfSound: 343 }, seconds);
        },
        outside: () => core.room(null, +rest[0]),
        path: () => core.listenerWay(of(2), +rest[0]),
        listen: () => core.listener(of(1).slice(0, 3), of(1).slice(3), +rest[0]),
        add: () => {
          const [seed, x, y, z, gain, pattern, fx, fy, fz, spread] = of(1);
          const source = core.add({ position: [x, y, z], gain, pattern, facing: [fx, fy, fz], spread });
          leaving = leaving.filter((s) => s.id % 65536 !== source % 65536);
          sounding.set(rest[0], { id: source, from: at, noise: noise(seed, frames - at) });
        },
        way: () => core.way(id(), of(3), +rest[1]),
        move: () => core.move(id(), of(1).slice(0, 3), of(4)[0]),
        snap: () => core.snap(id(), of(1)),
        gain: () => core.gain(id(), +rest[1]),
        beam: () => core.beam(id(), of(1)[0], of(2)),
        remove: () => {
          core.remove(id());
          leaving.push(sounding.get(rest[0]));
          sounding.delete(rest[0]);
        },
      };
      steps[what]();
    }
    const to = Math.min(quantum ? at + quantum - (at % quantum) : at + block, frames, next.length ? next[0].frame : frames);
    core.look();
    core.active.fill(1);
    for (const input of core.inputs) input.fill(0);
    for (const s of [...sounding.values(), ...leaving]) core.inputs[s.id % 65536].set(s.noise.subarray(at - s.from, to - s.from));
    core.process(0, to - at);
    ears.forEach((ear, c) => ear.set(core.ears[c].subarray(0, to - at), at));
    at = to;
  }
  return ears;
}

// The same bits as Rust, nearly: other instructions, other rounding.
const { rate, block, sources, reach } = read(join(root, 'tests/data/truth/walk.txt'));
const expected = readFileSync(join(process.argv[2], 'walk.f32'));
const walked = new Float32Array(expected.buffer.slice(expected.byteOffset, expected.byteOffset + expected.length));
const engine = { block, sources, offline: true, propagation: true, reach };
const core = Core.begin(module);
core.head(rate, ku100);
core.engine(engine);
const ears = walk(core);
const off = difference(ears, walked);
console.log(`web: the walk in Node differs from Rust's by ${off.db.toFixed(1)} dB, ${off.peak.toFixed(1)} dBFS at most`);
assert(off.db < -120, `the walk differs by ${off.db} dB at frame ${off.at}`);

// An engine built in one instance sounds the same in another.
const moved = Core.resume(module, build({ module, head: { bytes: ku100, key: 'ku100' }, rate, engine }));
assert.deepEqual(walk(moved), ears);

// What a browser has to render: where blocks begin is where motion begins, so its quanta are another walk than Rust's blocks.
const quanta = Core.begin(module);
quanta.head(rate, ku100);
quanta.engine({ ...engine, block: 128 });
const [left, right] = walk(quanta, 128);
writeFileSync(join(process.argv[2], 'walk-quanta.f32'), Float32Array.from({ length: 2 * left.length }, (_, i) => (i % 2 ? right : left)[i >> 1]));

// The built-in head is the same one in 16 bits.
const packed = Core.begin(module);
packed.head(rate);
packed.engine(engine);
const near = difference(walk(packed), walked);
console.log(`web: with the built-in head by ${near.db.toFixed(1)} dB`);
assert(near.db < -55);

// What the API says of the presets is what they are.
for (const [name, preset] of Object.entries(PRESETS)) assert.deepEqual(packed.preset(name), preset);

// Misuse of the bare module: a status with a sentence, and it goes on.
const empty = Core.begin(module);
const refuses = (what, pattern) => assert.throws(what, (e) => e instanceof PeriphonError && e.status !== 10 && pattern.test(e.message));
refuses(() => empty.process(0, 128), /no engine/);
refuses(() => empty.engine({}), /no head/);
refuses(() => empty.head(NaN), /sample rate/);
refuses(() => empty.head(48000, new Uint8Array(5)), /./);
refuses(() => empty.head(48000, ku100.subarray(0, ku100.length / 2)), /./);
empty.head(48000);
refuses(() => empty.engine({ sources: 0 }), /sources/);
refuses(() => empty.engine({ sources: 1e6 }), /sources/);
refuses(() => empty.engine({ block: 0 }), /block/);
refuses(() => empty.engine({ propagation: true, reach: NaN }), /./);
empty.engine({ block: 128, sources: 2 });
refuses(() => empty.process(0, 129), /block/);
refuses(() => empty.process(127, 2), /block/);
refuses(() => empty.add({ position: [NaN, 0, 0] }), /./);
refuses(() => empty.add({ position: [1, 0, 0], gain: Infinity }), /gain/);
refuses(() => empty.add({ position: [1, 0, 0], facing: [0, 0, 0] }), /zero/);
const voice = empty.add({ position: [1, 0, 0] });
empty.add({ position: [1, 0, 0] });
refuses(() => empty.add({ position: [1, 0, 0] }), /in use/);
for (const bad of [NaN, -1, 0.5, 1e300, Infinity]) refuses(() => empty.gain(bad, 1), /source|removed/);
refuses(() => empty.move(voice, [1, NaN, 0]), /./);
refuses(() => empty.move(voice, [1, 0, 0], -1), /./);
refuses(() => empty.way(voice, [0, 1, 2, 3, 4]), /numbers/);
refuses(() => empty.way(voice, []), /./);
refuses(() => empty.way(voice, [1, 0, 0, 0, 0, 1, 1, 1]), /./);
refuses(() => empty.listener([0, 0, 0], [0, 0, 0, 0]), /./);
refuses(() => empty.room('shed'), /no room 'shed'/);
refuses(() => empty.room('\u{d800}'), /./);
refuses(() => empty.material('chocolate'), /no material/);
refuses(() => empty.startAt(-1), /clock/);
empty.remove(voice);
refuses(() => empty.gain(voice, 1), /removed/);
refuses(() => empty.remove(voice), /removed/);
empty.look();
empty.inputs[1].fill(NaN);
empty.active.fill(1);
empty.process(0, 128);
assert.equal(empty.nonFinite, 128);
assert(empty.ears.every((ear) => ear.every(Number.isFinite)));
console.log('web: misuse in Node: statuses only');
