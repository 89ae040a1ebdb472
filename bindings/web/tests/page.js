// What the tests do inside the page.

import { PeriphonNode } from '../js/index.js';

/** Renders the walk in an OfflineAudioContext; gives both ears. `text` is the walk's file, `head` a SOFA file's URL or null. */
export async function walk({ rate, frames, reach, steps }, head) {
  const context = new OfflineAudioContext(2, frames, rate);
  const node = await PeriphonNode.create(context, { maxSources: 8, head, propagation: true, reach });
  node.connect(context.destination);
  const sources = new Map();
  for (const { frame, what, rest } of steps) {
    const at = frame / rate;
    const of = (from) => rest.slice(from).map(Number);
    const source = sources.get(rest[0]);
    const groups = (list, n) => Array.from({ length: list.length / n }, (_, i) => list.slice(n * i, n * i + n));
    const pose = (p) => ({ position: p.slice(0, 3), orientation: p.slice(3) });
    const act = {
      room: () => node.setRoom(rest[0], { seconds: +rest[1], at }),
      shoebox: () => {
        const [seconds, x, y, z, material, reflectionOrder] = of(0);
        return node.setRoom({ size: [x, y, z], material, reflectionOrder }, { seconds, at });
      },
      outside: () => node.setRoom(null, { seconds: +rest[0], at }),
      path: () => node.listener.follow(groups(of(2), 8).map(([t, ...p]) => ({ t, ...pose(p) })), { seconds: +rest[0], at }),
      listen: () => node.listener.setPose(pose(of(1)), { seconds: +rest[0], at }),
      add: () => {
        const [seed, x, y, z, gain, pattern, fx, fy, fz, spread] = of(1);
        const made = node.addSource({ position: [x, y, z], gain, pattern, facing: [fx, fy, fz], spread }, { at });
        // From the beginning on, with silence first: a player that starts at a time may start between two frames.
        const samples = new Float32Array(frames);
        let state = seed;
        for (let n = frame; n < samples.length; n++) {
          state = (Math.imul(state, 1664525) + 1013904223) | 0;
          samples[n] = (state >> 8) / 33554432;
        }
        const buffer = new AudioBuffer({ length: samples.length, sampleRate: rate });
        buffer.copyToChannel(samples, 0);
        const player = new AudioBufferSourceNode(context, { buffer });
        player.connect(made.input);
        player.start();
        sources.set(rest[0], made);
      },
      way: () => source.follow(groups(of(3), 4).map(([t, ...position]) => ({ t, position })), { seconds: +rest[1], at }),
      move: () => source.moveTo(of(1).slice(0, 3), { seconds: of(4)[0], at }),
      snap: () => source.jumpTo(of(1), { at }),
      gain: () => source.setGain(+rest[1], { at }),
      beam: () => source.setBeam(of(1)[0], of(2), { at }),
      remove: () => source.remove({ at }),
    };
    await act[what]();
  }
  await node.settled();
  const out = await context.startRendering();
  return [Array.from(out.getChannelData(0)), Array.from(out.getChannelData(1))];
}

/** What each of these throws or rejects with: `[name of the call, error's name, message]`. */
export async function misuse() {
  const context = new OfflineAudioContext(2, 4800, 48000);
  const seen = [];
  const say = (what, error) => seen.push([what, error?.name ?? 'nothing', String(error?.message ?? '')]);
  const attempt = async (what, call) => {
    try {
      await call();
      say(what, null);
    } catch (error) {
      say(what, error);
    }
  };
  const create = (options) => PeriphonNode.create(context, options);
  await attempt('create without a context', () => PeriphonNode.create(null));
  await attempt('new by hand', () => new PeriphonNode(context));
  await attempt('create with null', () => create(null));
  await attempt('an unknown option', () => create({ rooms: 'club' }));
  await attempt('an unknown room', () => create({ room: 'shed' }));
  await attempt('a room of NaN', () => create({ room: { size: [1, NaN, 3] } }));
  await attempt('a wall of chocolate', () => create({ room: { size: [4, 3, 2], material: 'chocolate' } }));
  await attempt('no sources', () => create({ maxSources: 0 }));
  await attempt('a head that is not one', () => create({ head: new ArrayBuffer(100) }));
  await attempt('a head that is not there', () => create({ head: '/nothing.sofa' }));
  await attempt('a module that is not there', () => create({ wasm: '/nothing.wasm' }));
  const node = await create({ maxSources: 2, room: 'studio' });
  const source = node.addSource({ position: [2, 1, 1] });
  const other = node.addSource();
  await attempt('too many sources', () => node.addSource());
  await attempt('a position of null', () => source.moveTo(null));
  await attempt('a position of NaN', () => source.moveTo([1, NaN, 0]));
  await attempt('a position of two', () => source.moveTo([1, 2]));
  await attempt('a position of text', () => source.moveTo('abc'));
  await attempt('negative seconds', () => source.moveTo([1, 2, 3], { seconds: -1 }));
  await attempt('a time of NaN', () => source.moveTo([1, 2, 3], { at: NaN }));
  await attempt('an infinite gain', () => source.setGain(Infinity));
  await attempt('a pattern of 2', () => source.setBeam(2, [1, 0, 0]));
  await attempt('facing nowhere', () => source.setBeam(1, [0, 0, 0]));
  await attempt('no way', () => source.follow([]));
  await attempt('a way of nulls', () => source.follow([null]));
  await attempt('a head turned by zero', () => node.listener.setPose({ position: [0, 0, 0], orientation: [0, 0, 0, 0] }));
  await attempt('a pose of nothing', () => node.listener.setPose(undefined));
  await attempt('a room of nothing', () => node.setRoom({}));
  await attempt('a head of a number', () => node.loadHead(7));
  await attempt('an orientation of NaN by a param', () => { node.listener.yaw.value = NaN; });
  source.remove();
  await attempt('a source that has been removed', () => source.moveTo([1, 0, 0]));
  await attempt('removed twice', () => source.remove());
  // A way whose times fall is found out by the module, on the audio thread: an event says so.
  const told = new Promise((resolve) => node.addEventListener('error', (e) => resolve(e.detail), { once: true }));
  other.follow([{ t: 1, position: [0, 0, 0] }, { t: 0, position: [1, 1, 1] }]);
  say('falling times', await told);
  // After all of this it still sounds, with NaN in what is played.
  node.connect(context.destination);
  const buffer = new AudioBuffer({ length: 4800, sampleRate: 48000 });
  buffer.getChannelData(0).fill(0.1).fill(NaN, 100, 200);
  const player = new AudioBufferSourceNode(context, { buffer });
  player.connect(other.input);
  player.start();
  await node.settled();
  const out = (await context.startRendering()).getChannelData(0);
  const energy = out.reduce((sum, x) => sum + x * x, 0);
  node.destroy();
  node.destroy();
  await attempt('a source of a node that has been destroyed', () => other.moveTo([1, 0, 0]));
  await attempt('a node that has been destroyed', () => node.addSource());
  return { seen, energy, finite: out.every(Number.isFinite) };
}

/**
 * Everything moves for some seconds in a real-time context: sixteen sources, the listener, rooms, heads; then a steady tone is
 * looked at. Gives what the audio clock, the page's clock and the samples say.
 */
export async function live({ seconds, sources, head }) {
  const context = new AudioContext({ sampleRate: 48000 });
  const node = await PeriphonNode.create(context, { maxSources: 32, room: 'living-room', listener: { position: [2.3, 2.3, 1.15] } });
  const errors = [];
  node.addEventListener('error', (e) => errors.push(e.detail.message));
  node.addEventListener('processorerror', () => errors.push('processorerror'));
  // The output is looked at by a processor of its own: steps of a smooth sound that are too large, and silence.
  const watcher = `registerProcessor('watch', class extends AudioWorkletProcessor {
    constructor() { super(); this.last = 0; this.jump = 0; this.quanta = 0; this.silent = 0; this.peak = 0; this.first = -1; this.bad = 0;
      this.port.onmessage = () => this.port.postMessage({ jump: this.jump, quanta: this.quanta, silent: this.silent, peak: this.peak, bad: this.bad }); }
    process([[left]]) {
      if (!left) return true;
      let energy = 0;
      for (const x of left) { const step = Math.abs(x - this.last); if (step > this.jump) this.jump = step; this.last = x; energy += x * x; if (Math.abs(x) > this.peak) this.peak = Math.abs(x); if (!(x === x)) this.bad++; }
      if (energy > 0) this.first = this.quanta; else if (this.first >= 0) this.silent++;
      this.quanta++;
      return true;
    }
  });`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([watcher], { type: 'text/javascript' })));
  const watch = new AudioWorkletNode(context, 'watch', { numberOfOutputs: 0, channelCount: 2 });
  node.connect(watch);
  node.connect(context.destination);
  const all = [];
  for (let i = 0; i < sources; i++) {
    const tone = new OscillatorNode(context, { frequency: 110 + 13 * i });
    const source = node.addSource({ position: [1 + (i % 4), 1 + 0.5 * (i >> 2), 1.2], gain: 0.5 / sources });
    tone.connect(source.input);
    tone.start();
    all.push(source);
  }
  const begun = performance.now();
  const from = context.currentTime;
  const rooms = ['club', null, 'studio', { size: [5, 4, 3], material: 'plaster' }, 'living-room'];
  let changes = 0;
  const changing = (async () => {
    while (performance.now() - begun < 1000 * seconds - 700) {
      await node.setRoom(rooms[changes++ % rooms.length], { seconds: 0.2 });
      if (changes === 2) await node.loadHead(head);
      if (changes === 4) await node.loadHead(null);
    }
  })();
  while (performance.now() - begun < 1000 * seconds) {
    const t = (performance.now() - begun) / 1000;
    all.forEach((source, i) => {
      const a = 0.7 * t + i;
      const place = [2.5 + 1.5 * Math.cos(a), 2.2 + 1.2 * Math.sin(a), 1.2 + 0.5 * Math.sin(0.6 * a)];
      if (i % 2) source.moveTo(place);
      else ['positionX', 'positionY', 'positionZ'].forEach((p, k) => (source[p].value = place[k]));
    });
    node.listener.positionX.value = 2.3 + 0.5 * Math.sin(t);
    node.listener.yaw.value = 40 * t;
    await new Promise((r) => setTimeout(r, 16));
  }
  await changing;
  const wall = (performance.now() - begun) / 1000;
  const audio = context.currentTime - from;
  const answer = new Promise((r) => (watch.port.onmessage = (e) => r(e.data)));
  watch.port.postMessage(0);
  const watched = await answer;
  const { frames, nonFinite } = await node.settled();
  node.destroy();
  await context.close();
  return { wall, audio, ...watched, frames, nonFinite, errors, changes, latency: context.baseLatency };
}

/** From nothing to a first sample that is not zero, ms on the page's clock since it began to load. */
export async function firstSound() {
  const context = new AudioContext({ sampleRate: 48000 });
  const begun = performance.now();
  const node = await PeriphonNode.create(context, { room: 'living-room', listener: { position: [2.3, 2.3, 1.15] } });
  const made = performance.now();
  const analyser = new AnalyserNode(context, { fftSize: 32768 });
  node.connect(analyser).connect(context.destination);
  const source = node.addSource({ position: [3, 2, 1] });
  const tone = new OscillatorNode(context);
  tone.connect(source.input);
  tone.start();
  const samples = new Float32Array(32768);
  do {
    await new Promise((r) => setTimeout(r, 2));
    analyser.getFloatTimeDomainData(samples);
  } while (samples.every((x) => x === 0));
  const heard = performance.now();
  node.destroy();
  await context.close();
  return { script: begun, made: made - begun, heard };
}
