// The demo page as people use it: by mouse, keyboard and finger, by dropping things in, and without a network.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('../../..', import.meta.url).pathname;

export async function demo({ open, folder }) {
  const page = await open('/demo/', { viewport: { width: 1280, height: 800 } });
  const begun = Date.now();
  await page.click('#start');
  await page.waitForFunction(() => document.getElementById('start').textContent === 'Pause');
  console.log(`web: demo: from the click to a running room ${Date.now() - begun} ms`);
  await page.waitForFunction(() => +document.getElementById('meter-left').style.transform.slice(7, -1) > 0.2);
  const get = (what) => page.evaluate(what);

  // A drag by mouse moves what sounds, there and in the engine's parameters.
  const guitar = page.locator('[data-key=s0] circle >> nth=1');
  const box = await guitar.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const before = await get(() => room.things.get('s0').position);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 150, y + 60, { steps: 12 });
  await page.mouse.up();
  const after = await get(() => room.things.get('s0').position);
  assert(after[0] < before[0] - 0.2 && after[1] < before[1] - 0.5, `${before} became ${after}`);

  // Keys walk and turn the listener, and move what has the focus.
  const me = await get(() => room.me);
  await page.keyboard.down('w');
  await page.waitForTimeout(250);
  await page.keyboard.up('w');
  await page.keyboard.down('q');
  await page.waitForTimeout(250);
  await page.keyboard.up('q');
  assert((await get(() => room.me[0])) > me[0] + 0.1 && (await get(() => room.yaw)) > 5);
  assert(Math.abs((await get(() => room.node.listener.yaw.value)) - (await get(() => room.yaw))) < 1e-3);
  await page.focus('[data-key=s1]');
  const bass = await get(() => room.things.get('s1').position);
  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('PageUp');
  const moved = await get(() => room.things.get('s1').position);
  assert(moved[1] > bass[1] + 0.1 && moved[2] > bass[2] + 0.05);
  await page.keyboard.press(' ');
  assert(await get(() => room.things.get('s1').silent));
  await page.keyboard.press(' ');
  await page.screenshot({ path: join(folder, 'demo.png') });

  // Rooms, heads, songs.
  await page.selectOption('#room', 'cathedral');
  await page.waitForFunction(() => room.me[0] === 36);
  await page.setInputFiles('#songs', { name: 'Let’s go fishin’.ogg', mimeType: 'audio/ogg', buffer: readFileSync(join(root, 'samples/lets_go_fishin.ogg')) });
  await page.waitForFunction(() => room.things.size === 4, null, { timeout: 20000 });
  await page.setInputFiles('#head-file', { name: 'kemar.sofa', mimeType: '', buffer: readFileSync(join(root, 'hrtf/mit_kemar_normal_pinna_44k.sofa')) });
  await page.waitForFunction(() => document.getElementById('head').value === 'own', null, { timeout: 20000 });
  await page.screenshot({ path: join(folder, 'demo-cathedral.png') });
  await page.setInputFiles('#head-file', { name: 'broken.sofa', mimeType: '', buffer: Buffer.from('nothing') });
  await page.waitForSelector('#status.error');
  await page.setInputFiles('#songs', { name: 'broken.mp3', mimeType: '', buffer: Buffer.from('nothing') });
  await page.waitForFunction(() => /broken\.mp3/.test(document.getElementById('status').textContent));

  // Every control has a name, and the page works without a network once it has been seen.
  const nameless = await get(() => [...document.querySelectorAll('button, select, input, [tabindex]')].filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML));
  assert.deepEqual(nameless, []);
  await get(() => navigator.serviceWorker.ready.then(() => 0));
  await page.waitForFunction(async () => (await caches.keys()).length > 0 && (await (await caches.open((await caches.keys())[0])).keys()).length >= 13);
  await page.context().setOffline(true);
  await page.reload();
  await page.click('#start');
  await page.waitForFunction(() => document.getElementById('start').textContent === 'Pause');
  await page.waitForFunction(() => +document.getElementById('meter-left').style.transform.slice(7, -1) > 0.2);
  await page.context().close();

  // By finger, on a small screen.
  const phone = await open('/demo/', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, colorScheme: 'light' });
  await phone.tap('#start');
  await phone.waitForFunction(() => document.getElementById('start').textContent === 'Pause');
  const yaw = await phone.evaluate(() => room.yaw);
  await phone.tap('#pad [data-turn="1"]');
  assert.equal(await phone.evaluate(() => room.yaw), yaw + 15);
  // Nobody is there to be asked.
  await phone.evaluate(() => (DeviceOrientationEvent.requestPermission = async () => 'granted'));
  await phone.tap('#orientation');
  await phone.waitForFunction(() => /Turn the device/.test(document.getElementById('status').textContent));
  await phone.evaluate(() => {
    for (const alpha of [100, 130]) dispatchEvent(new DeviceOrientationEvent('deviceorientation', { alpha, beta: 0, gamma: 0 }));
  });
  await phone.waitForFunction((yaw) => Math.abs(room.yaw - yaw - 45) < 1e-6, yaw);
  await phone.screenshot({ path: join(folder, 'demo-phone.png') });
  await phone.context().close();
  console.log('web: demo: mouse, keys, touch, device, files, and no network');
}
