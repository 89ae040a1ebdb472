// The package in a real Chromium: the walk against Node, which is tied to Rust by core.mjs, misuse, everything moving, the demo page.
// node tests/browser.mjs FOLDER, where core.mjs has written walk-quanta.f32. Pictures go there, too.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { serve } from './server.mjs';
import { difference, read } from './walk.mjs';

const folder = process.argv[2];
const root = new URL('../../..', import.meta.url).pathname;
const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const heads = { '/ku100.sofa': join(root, 'hrtf/sadie_ku100_dfc_48k.sofa'), '/kemar.sofa': join(root, 'hrtf/mit_kemar_normal_pinna_44k.sofa'), '/song.ogg': join(root, 'samples/lets_go_fishin.ogg') };
const { url, close } = await serve(0, heads);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] });
const noise = [];

async function open(path, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on('pageerror', (e) => noise.push(String(e)));
  page.on('console', (m) => m.type() === 'error' && !/404|ERR_INTERNET/.test(m.text()) && noise.push(m.text()));
  await page.goto(`${url}${path}`);
  return page;
}
/** Runs a function of page.js. */
const run = (page, name, ...args) => page.evaluate(async ([name, args]) => (await import('/tests/page.js'))[name](...args), [name, args]);

try {
  const page = await open('/tests/blank.html');

  const expected = readFileSync(join(folder, 'walk-quanta.f32'));
  const walked = new Float32Array(expected.buffer.slice(expected.byteOffset, expected.byteOffset + expected.length));
  const off = difference(await run(page, 'walk', read(join(root, 'tests/data/truth/walk.txt')), '/ku100.sofa'), walked);
  console.log(`web: the walk in Chromium differs from the one in Node by ${off.db.toFixed(1)} dB, ${off.peak.toFixed(1)} dBFS at most`);
  assert(off.db < -120, `${off.db} dB at frame ${off.at}`);

  const { seen, energy, finite } = await run(page, 'misuse');
  for (const [what, name, message] of seen) {
    assert(['TypeError', 'RangeError', 'PeriphonError', 'InvalidStateError', 'QuotaExceededError'].includes(name), `${what}: ${name} ${message}`);
    assert(message.length > 10, `${what}: ${message}`);
  }
  assert(energy > 1 && finite, `after all misuse it sounds: ${energy}`);
  console.log(`web: ${seen.length} kinds of misuse, each an exception or an error event; it still sounds`);

  // Other work on the machine may hold up one such run; three in a row are our own doing.
  let kept = false;
  for (let n = 0; n < 3 && !kept; n += 1) {
    const live = await run(page, 'live', { seconds: 5, sources: 8, head: '/kemar.sofa' });
    console.log(`web: live ${JSON.stringify(live)}`);
    assert.deepEqual(live.errors, []);
    assert(live.changes >= 4 && live.peak > 0.01 && live.bad === 0 && live.nonFinite === 0);
    // Every sound here is below 320 Hz, at most 0.5 at a metre; a torn wave would step by its height.
    assert(live.jump < 0.12, `a step of ${live.jump}`);
    // Nothing fell out, and the audio clock kept up with the page's, give or take a device buffer.
    kept = live.silent === 0 && Math.abs(live.audio - live.wall) < 0.25;
  }
  assert(kept, 'live sound fell behind three times');
  await page.context().close();

  if (process.env.PERIPHON_WEB_NO_DEMO !== '1') {
    const { demo } = await import('./demo.mjs');
    await demo({ open, run, folder, url });
  }
  assert.deepEqual(noise, []);
  console.log('web: Chromium: all passed');
} finally {
  await browser.close();
  close();
}
