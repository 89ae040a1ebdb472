// The page: what people do becomes places, rooms and heads. The sound itself is all in ../js/index.js.

import { PRESETS, PeriphonNode, ROOMS, preload } from '../js/index.js';
import { loops } from './loops.js';
import { Plan } from './plan.js';

const $ = (id) => document.getElementById(id);
const COLOURS = ['#ffb45e', '#74c7ec', '#a6e3a1', '#f38ba8', '#cba6f7', '#f9e2af', '#94e2d5', '#eba0ac'];
const OUTSIDE = { size: [14, 12, 6], listener: [6, 6, 1.6] };
const SPOTS = [[1.6, 1.1], [1.9, -0.9], [1.2, 0.1], [0.2, -1.7], [-1.2, 1.3], [-1.4, -1.1], [0.4, 1.9], [2.4, 0.3]];

/** Everything on the page; also what tests look at. */
const room = { name: 'living-room', context: null, node: null, me: null, yaw: 0, things: new Map(), next: 0, reference: null };
window.room = room;
preload().catch(() => {});

const status = (text, error = false) => {
  $('status').textContent = text;
  $('status').classList.toggle('error', error);
  clearTimeout(status.timer);
  if (text && !error) status.timer = setTimeout(() => status(''), 4000);
};
const failed = (error) => status([error.message, ...(error.hints ?? [])].join('. '), true);
const now = () => PRESETS[room.name] ?? OUTSIDE;
const inside = (position) => position.map((v, i) => Math.min(Math.max(v, 0.15), now().size[i] - 0.15));

const plan = new Plan($('plan'), {
  moved: (key, [x, y]) => (key === 'me' ? walkTo([x, y, room.me[2]]) : put(key, [x, y, room.things.get(key).position[2]])),
  raised: (key, z) => (key === 'me' ? walkTo([room.me[0], room.me[1], z]) : put(key, [...room.things.get(key).position.slice(0, 2), z])),
  turned: (yaw) => turnTo(yaw),
  silenced: (key) => silence(key),
});

function walkTo(position) {
  room.me = inside(position);
  plan.place('me', { position: room.me });
  if (!room.node) return;
  ['positionX', 'positionY', 'positionZ'].forEach((p, i) => (room.node.listener[p].value = room.me[i]));
}

function turnTo(yaw) {
  room.yaw = ((((yaw + 180) % 360) + 360) % 360) - 180;
  plan.place('me', { yaw: room.yaw });
  if (room.node) room.node.listener.yaw.value = room.yaw;
}

function step(ahead, left) {
  const a = (room.yaw * Math.PI) / 180;
  walkTo([room.me[0] + ahead * Math.cos(a) - left * Math.sin(a), room.me[1] + ahead * Math.sin(a) + left * Math.cos(a), room.me[2]]);
}

function put(key, position) {
  const thing = room.things.get(key);
  thing.position = inside(position);
  plan.place(key, { position: thing.position });
  thing.source?.moveTo(thing.position);
}

function silence(key) {
  const thing = room.things.get(key);
  thing.silent = !thing.silent;
  plan.place(key, { silent: thing.silent });
  thing.button.setAttribute('aria-pressed', thing.silent);
  thing.source?.setGain(thing.silent ? 0 : thing.gain);
}

/** A place for one more, some steps from the listener. */
function spot(n) {
  const [ahead, left] = SPOTS[n % SPOTS.length];
  const reach = Math.max(0.45, 0.55 * Math.sqrt(Math.max(...now().size)));
  return inside([room.me[0] + ahead * reach, room.me[1] + left * reach, Math.min(1.3, now().size[2] / 2)]);
}

function add(name, buffer) {
  const key = `s${room.next++}`;
  const thing = { key, name, buffer, gain: 1, silent: false, position: spot(room.things.size), colour: COLOURS[(room.next - 1) % COLOURS.length] };
  room.things.set(key, thing);
  plan.add(key, { label: name, colour: thing.colour, position: thing.position });
  const item = document.createElement('li');
  item.innerHTML = '<span class="dot"></span><span class="name"></span><span><button class="silence" aria-pressed="false">Mute</button> <button class="away">×</button></span><input type="range" min="-40" max="12" step="0.5" value="0">';
  item.querySelector('.dot').style.background = thing.colour;
  item.querySelector('.name').textContent = name;
  thing.button = item.querySelector('.silence');
  thing.button.setAttribute('aria-label', `Mute ${name}`);
  thing.button.onclick = () => silence(key);
  item.querySelector('.away').setAttribute('aria-label', `Remove ${name}`);
  item.querySelector('.away').onclick = () => takeAway(key);
  const level = item.querySelector('input');
  level.setAttribute('aria-label', `Level of ${name}, dB`);
  level.oninput = () => {
    thing.gain = level.value <= -40 ? 0 : 10 ** (level.value / 20);
    if (!thing.silent) thing.source?.setGain(thing.gain);
  };
  thing.item = item;
  $('sources').append(item);
  if (room.node) sound(thing);
}

function takeAway(key) {
  const thing = room.things.get(key);
  thing.source?.remove();
  setTimeout(() => thing.player?.stop(), 400);
  plan.remove(key);
  thing.item.remove();
  room.things.delete(key);
}

/** Lets a thing sound: all loops of one length run together. */
function sound(thing) {
  thing.buffer ??= room.loops?.find((l) => l.name === thing.name)?.buffer;
  thing.source = room.node.addSource({ position: thing.position, gain: thing.silent ? 0 : thing.gain });
  thing.player = new AudioBufferSourceNode(room.context, { buffer: thing.buffer, loop: true });
  thing.player.connect(thing.source.input);
  const offset = room.reference === null ? 0 : (room.context.currentTime + 0.1 - room.reference) % thing.buffer.duration;
  room.reference ??= room.context.currentTime + 0.1;
  thing.player.start(room.context.currentTime + 0.1, offset);
}

async function start() {
  $('start').disabled = true;
  try {
    const context = (room.context = new AudioContext({ latencyHint: 'interactive' }));
    const [node] = await Promise.all([
      PeriphonNode.create(context, { room: PRESETS[room.name] ? room.name : null, listener: { position: room.me, yaw: room.yaw } }),
      context.resume(),
    ]);
    room.node = node;
    node.addEventListener('error', (e) => failed(e.detail));
    const loudness = new DynamicsCompressorNode(context, { threshold: -3, knee: 0, ratio: 20, attack: 0.002, release: 0.1 });
    node.connect(loudness).connect(context.destination);
    meters(loudness);
    room.loops = loops(context.sampleRate);
    for (const thing of room.things.values()) sound(thing);
    $('start').disabled = false;
    $('start').textContent = 'Pause';
    $('start').onclick = pause;
  } catch (error) {
    $('start').disabled = false;
    failed(error);
  }
}

async function pause() {
  const { context } = room;
  await (context.state === 'running' ? context.suspend() : context.resume());
  $('start').textContent = context.state === 'running' ? 'Pause' : 'Go on';
}

function meters(from) {
  const splitter = new ChannelSplitterNode(room.context, { numberOfOutputs: 2 });
  from.connect(splitter);
  const ears = ['meter-left', 'meter-right'].map((id, i) => {
    const analyser = new AnalyserNode(room.context, { fftSize: 1024 });
    splitter.connect(analyser, i);
    return { bar: $(id), analyser, samples: new Float32Array(1024), level: 0 };
  });
  const draw = () => {
    for (const ear of ears) {
      ear.analyser.getFloatTimeDomainData(ear.samples);
      const db = 20 * Math.log10(ear.samples.reduce((a, x) => Math.max(a, Math.abs(x)), 1e-6));
      ear.level = Math.max(Math.min(1, (db + 54) / 54), ear.level - 0.02);
      ear.bar.style.transform = `scaleX(${Math.max(0, ear.level)})`;
    }
    requestAnimationFrame(draw);
  };
  draw();
}

/** Another room: everything keeps its direction and, where there is room, its distance. */
async function enter(name) {
  const before = room.me;
  const was = now().size;
  room.name = name;
  const { size, listener } = now();
  // Nearer in small rooms, farther in large ones, but not by as much as the rooms differ.
  const scale = Math.sqrt(Math.max(size[0], size[1]) / Math.max(was[0], was[1]));
  plan.room(size, !PRESETS[name]);
  const offsets = [...room.things.values()].map((t) => [t.key, t.position.map((v, i) => (v - before[i]) * (i < 2 ? scale : 1))]);
  walkTo(listener);
  for (const [key, offset] of offsets) put(key, offset.map((v, i) => room.me[i] + v));
  if (!room.node) return;
  try {
    await room.node.setRoom(PRESETS[name] ? name : null, { seconds: 0.4 });
  } catch (error) {
    failed(error);
  }
}

async function wear(file) {
  if (!room.node) return status('Start listening first, then change heads.');
  try {
    await room.node.loadHead(file, { seconds: 0.15 });
    if (file) {
      const option = $('head').querySelector('.own') ?? $('head').insertBefore(new Option('', 'own'), $('head').lastElementChild);
      option.className = 'own';
      option.textContent = file.name;
      room.own = file;
      $('head').value = 'own';
    }
    status(file ? `You hear with the ears of ${file.name}.` : 'You hear with the ears of the KU 100.');
  } catch (error) {
    $('head').value = '';
    failed(error);
  }
}

async function take(files) {
  for (const file of files) {
    if (/\.sofa$/i.test(file.name)) {
      await wear(file);
      continue;
    }
    try {
      const decoder = room.context ?? new OfflineAudioContext(1, 1, 48000);
      add(file.name.replace(/\.[^.]+$/, ''), await decoder.decodeAudioData(await file.arrayBuffer()));
      status(room.node ? `${file.name} is in the room.` : `${file.name} is in the room: start listening.`);
    } catch {
      status(`${file.name} is no sound that this browser can read.`, true);
    }
  }
}

/** The device's compass turns the head: as it is held when this begins is straight ahead. */
async function followDevice() {
  try {
    const allowed = await (DeviceOrientationEvent.requestPermission?.() ?? 'granted');
    if (allowed !== 'granted') return status('This device does not let its movements be seen.', true);
  } catch (error) {
    return failed(error);
  }
  let zero = null;
  addEventListener('deviceorientation', ({ alpha }) => {
    if (alpha === null) return;
    zero ??= alpha - room.yaw;
    turnTo(alpha - zero);
  });
  status('Turn the device: your head turns with it.');
}

// The page as it begins.
for (const name of [...ROOMS.filter((n) => n !== 'open-air'), 'outside']) {
  const text = name.replace('-', ' ');
  $('room').append(new Option(text[0].toUpperCase() + text.slice(1), name, name === room.name, name === room.name));
}
plan.room(now().size, false);
room.me = now().listener;
plan.add('me', { me: true, label: 'You', position: room.me });
for (const name of ['Guitar', 'Bass', 'Drum']) add(name, null);

$('start').onclick = start;
$('room').onchange = () => enter($('room').value);
$('head').onchange = () => {
  const { value } = $('head');
  if (value === 'file') {
    $('head').value = '';
    $('head-file').click();
  } else wear(value === 'own' ? room.own : null);
};
$('head-file').onchange = () => $('head-file').files[0] && wear($('head-file').files[0]);
$('songs').onchange = () => take($('songs').files);
addEventListener('dragover', (e) => {
  e.preventDefault();
  document.body.classList.add('dropping');
});
addEventListener('dragleave', (e) => e.relatedTarget || document.body.classList.remove('dropping'));
addEventListener('drop', (e) => {
  e.preventDefault();
  document.body.classList.remove('dropping');
  take(e.dataTransfer.files);
});

// Walking: as long as keys are held, at a metre and a half a second, faster in large rooms.
const held = new Set();
const WALK = { w: [1, 0], s: [-1, 0], a: [0, 1], d: [0, -1] };
const TURN = { q: 1, e: -1 };
addEventListener('keydown', (e) => {
  const key = e.key.toLowerCase();
  if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) || !(WALK[key] || TURN[key])) return;
  e.preventDefault();
  if (!held.size) requestAnimationFrame((t) => stride(t, t));
  held.add(key);
});
addEventListener('keyup', (e) => held.delete(e.key.toLowerCase()));
addEventListener('blur', () => held.clear());
function stride(t, last) {
  const dt = Math.min(0.1, (t - last) / 1000);
  const speed = Math.max(1.5, now().size[0] / 8);
  for (const key of held) {
    if (WALK[key]) step(WALK[key][0] * speed * dt, WALK[key][1] * speed * dt);
    else turnTo(room.yaw + TURN[key] * 110 * dt);
  }
  if (held.size) requestAnimationFrame((next) => stride(next, t));
}
for (const button of document.querySelectorAll('#pad button')) {
  button.onclick = () => {
    const [ahead, left] = (button.dataset.step ?? '0 0').split(' ').map((n) => (n * now().size[0]) / 25);
    if (button.dataset.turn) turnTo(room.yaw + 15 * button.dataset.turn);
    else step(ahead, left);
  };
}
if (typeof DeviceOrientationEvent !== 'undefined' && matchMedia('(pointer: coarse)').matches) {
  $('orientation').hidden = false;
  $('orientation').onclick = followDevice;
}
if ('serviceWorker' in navigator) navigator.serviceWorker.register('../sw.js').catch(() => {});
