// Figures: `node tests/figures.mjs [RUNS]`. Sources that move, 48 kHz, quanta of 128 frames, rendered by an OfflineAudioContext:
// periphon's node beside the browser's own PannerNode with its HRTF. CPU seconds (user and system) of all of the browser's
// processes between beginning and end of the rendering, the median of the runs; so it is the work of one core. Then the time
// from opening a page to the first sound.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { serve } from './server.mjs';

const runs = Number(process.argv[2] ?? 5);
const seconds = 5;
const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const TICKS = Number(execFileSync('getconf', ['CLK_TCK']));

/** CPU seconds of a process and all that it has started. */
function cpu(root) {
  const all = new Map();
  for (const pid of readdirSync('/proc').filter((p) => /^\d+$/.test(p))) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
      all.set(+pid, { parent: +fields[1], ticks: +fields[11] + +fields[12] });
    } catch {}
  }
  let sum = 0;
  for (const [pid, { ticks }] of all) {
    let p = pid;
    while (p > 1 && p !== root) p = all.get(p)?.parent ?? 0;
    if (p === root) sum += ticks;
  }
  return sum / TICKS;
}

const marks = [];
const { url, close } = await serve();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] });
// The browser is a child of this process.
const root = process.pid;
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];

async function measure(options) {
  const page = await browser.newPage();
  await page.route('**/mark', (route) => {
    marks.push(cpu(root));
    return route.fulfill({ status: 204 });
  });
  await page.goto(`${url}/tests/blank.html`);
  marks.length = 0;
  const energy = await page.evaluate(async (o) => (await import('/tests/figures.js')).many(o), { ...options, seconds, runs: runs + 1 });
  await page.close();
  const spent = [];
  // The first run warms up.
  for (let i = 2; i < marks.length; i += 2) spent.push(marks[i + 1] - marks[i]);
  const per = median(spent) / seconds;
  const { what, n, room = null, by = 'ways' } = options;
  console.log(`${what.padEnd(9)} ${String(n).padStart(4)} sources ${by.padEnd(8)} ${(room ?? 'free field').padEnd(12)} ${(1e3 * per).toFixed(1).padStart(7)} ms a second, ${((1e6 * per) / n).toFixed(0).padStart(6)} us a source, ${String(Math.floor(n / per)).padStart(5)} in real time (energy ${energy.toFixed(2)})`);
  return per;
}

try {
  const one = await measure({ what: 'periphon', n: 1 });
  const ours = await measure({ what: 'periphon', n: 64 });
  await measure({ what: 'periphon', n: 64, by: 'params' });
  await measure({ what: 'periphon', n: 64, by: 'nothing' });
  await measure({ what: 'periphon', n: 200 });
  await measure({ what: 'periphon', n: 16, room: 'living-room' });
  const theirs = await measure({ what: 'HRTF', n: 64 });
  await measure({ what: 'HRTF', n: 64, by: 'nothing' });
  console.log(`periphon costs ${(ours / theirs).toFixed(3)} of PannerNode at 64 moving sources: ${(theirs / ours).toFixed(1)} times as many; one alone ${(1e3 * one).toFixed(1)} ms a second`);

  const first = [];
  for (let k = 0; k < 5; k++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${url}/tests/blank.html`);
    first.push(await page.evaluate(async () => (await import('/tests/page.js')).firstSound()));
    await context.close();
  }
  console.log(`page to first sound: ${first.map((f) => Math.round(f.heard - f.script)).join(', ')} ms after its script began, of which the node ${first.map((f) => Math.round(f.made)).join(', ')} ms`);
} finally {
  await browser.close();
  close();
}
