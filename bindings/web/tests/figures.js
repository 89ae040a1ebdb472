// The page's part of figures.mjs: sources on circles in an OfflineAudioContext, through periphon or through PannerNodes.

import { PeriphonNode } from '../js/index.js';

const RATE = 48000;

/** A way around the head, a little up and down; x right, y up, z back, as Web Audio has it. */
function orbit(i, n, t) {
  const a = 2 * Math.PI * (i / n + t * (0.1 + 0.002 * i));
  const z = 0.35 * Math.sin(0.5 * a);
  const r = Math.sqrt(1 - z * z);
  return [-r * Math.sin(a), z, -r * Math.cos(a)];
}

/** Renders once; gives the energy of half a second. `mark` is called when rendering begins and ends. */
async function once({ what, n, seconds, room, by }) {
  const context = new OfflineAudioContext(2, seconds * RATE, RATE);
  const sound = new AudioBuffer({ length: 2 * RATE, sampleRate: RATE });
  const data = sound.getChannelData(0);
  let r = 12345;
  for (let i = 0; i < data.length; i++) {
    r = (Math.imul(r, 1664525) + 1013904223) >>> 0;
    data[i] = (r / 4294967296 - 0.5) * 0.25;
  }
  const node = what === 'periphon' ? await PeriphonNode.create(context, { maxSources: n, room, listener: { position: room ? [2.3, 2.3, 1.15] : [0, 0, 0] } }) : null;
  node?.connect(context.destination);
  for (let i = 0; i < n; i++) {
    const player = new AudioBufferSourceNode(context, { buffer: sound, loop: true });
    const place = ([x, y, z]) => (room ? [2.3 - z, 2.3 - x, 1.15 + y] : [-z, -x, y]);
    if (node) {
      const source = node.addSource({ position: place(orbit(i, n, 0)) });
      if (by === 'params') {
        for (let j = 1; j <= seconds * 10; j++) {
          place(orbit(i, n, j / 10)).forEach((v, k) => source[['positionX', 'positionY', 'positionZ'][k]].linearRampToValueAtTime(v, j / 10));
        }
      } else if (by !== 'nothing') source.follow(Array.from({ length: seconds * 10 + 1 }, (_, j) => ({ t: j / 10, position: place(orbit(i, n, j / 10)) })), { at: 0 });
      player.connect(source.input);
    } else {
      const [positionX, positionY, positionZ] = orbit(i, n, 0);
      const panner = new PannerNode(context, { panningModel: what, positionX, positionY, positionZ });
      for (let j = 1; by !== 'nothing' && j <= seconds * 10; j++) {
        orbit(i, n, j / 10).forEach((v, k) => panner[['positionX', 'positionY', 'positionZ'][k]].linearRampToValueAtTime(v, j / 10));
      }
      player.connect(panner).connect(context.destination);
    }
    player.start(0, i * 0.01);
  }
  await node?.settled();
  // The browser loads its head in the background.
  await new Promise((done) => setTimeout(done, 300));
  await fetch('/mark', { method: 'POST' });
  const out = await context.startRendering();
  await fetch('/mark', { method: 'POST' });
  node?.destroy();
  return out.getChannelData(0).subarray(RATE / 2, RATE).reduce((e, x) => e + x * x, 0);
}

/** Renders some times. */
export async function many(options) {
  let energy = 0;
  for (let k = 0; k < options.runs; k++) energy = await once(options);
  return energy;
}
