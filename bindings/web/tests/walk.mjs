// Reads tests/data/truth/walk.txt for the tests: its lines, and the noise that sources play.

import { readFileSync } from 'node:fs';

export function read(path) {
  const lines = readFileSync(path, 'utf8').split('\n').filter((l) => l && !l.startsWith('#')).map((l) => l.trim().split(/\s+/));
  const [, rate, block, sources, frames, reach] = lines[0].map(Number);
  return { rate, block, sources, frames, reach, steps: lines.slice(1).map(([frame, what, ...rest]) => ({ frame: +frame, what, rest })) };
}

/** The noise of a seed, exact in every language. */
export function noise(seed, frames) {
  const out = new Float32Array(frames);
  let state = seed >>> 0;
  for (let n = 0; n < frames; n++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[n] = ((state | 0) >> 8) / 33554432;
  }
  return out;
}

/** Energy of the difference of two ears over that of what is expected, dB, and where it is largest. */
export function difference(ears, expected) {
  let wrong = 0;
  let energy = 0;
  let worst = 0;
  let at = 0;
  for (let n = 0; n < ears[0].length; n++) {
    for (const c of [0, 1]) {
      const d = Math.abs(ears[c][n] - expected[2 * n + c]);
      energy += expected[2 * n + c] ** 2;
      wrong += d * d;
      if (!(d <= worst)) [worst, at] = [d, n];
    }
  }
  return { db: 10 * Math.log10(wrong / energy + 1e-30), peak: 20 * Math.log10(worst + 1e-30), at };
}
