// The API: a node that hears. See index.d.ts and docs/embedding/web.md.

import { PeriphonError } from './core.js';
import * as spec from './spec.js';

export { PeriphonError };
export const { PRESETS, ROOMS, WALLS } = spec;

/** Web Audio's axes (y up, -z ahead) as periphon's (x ahead, y left, z up). */
export const fromWebAudio = ([x, y, z]) => [-z, -x, y];
/** The way back. */
export const toWebAudio = ([x, y, z]) => [-y, z, -x];

const compiled = new Map();
const worklets = new WeakMap();
const SLOTS = [8, 32, 128, 240];

/** The module of a URL, compiled once. */
function compile(url) {
  const known = compiled.get(url);
  if (known) return known;
  const fresh = (async () => {
    let response;
    try {
      response = await fetch(url);
    } catch (cause) {
      throw new PeriphonError(`${url} could not be fetched`, 6, ['is the file periphon.wasm where the package has it? or name its place: { wasm: URL }']);
    }
    if (!response.ok) throw new PeriphonError(`${url} could not be fetched: the server says ${response.status}`, 6, ['name its place: { wasm: URL }']);
    // Servers that do not know the type of .wasm are many; then it is compiled once it is all there.
    const streaming = response.headers.get('content-type')?.startsWith('application/wasm');
    try {
      return await (streaming ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer()));
    } catch (cause) {
      throw new PeriphonError(`${url} is not periphon's module: ${cause.message}`, 6, ['is it the file periphon.wasm, or a web page in its place? name its place: { wasm: URL }']);
    }
  })();
  compiled.set(url, fresh);
  fresh.catch(() => compiled.delete(url));
  return fresh;
}

/** Starts fetching and compiling before anything else is known; `create` goes on with it. */
export function preload(wasm = new URL('../periphon.wasm', import.meta.url)) {
  return compile(String(wasm)).then(() => undefined);
}

/** Engines are built by a worker for each node, one request after another. */
class Builder {
  #worker;
  #waiting = new Map();
  #next = 0;
  #failed = null;

  constructor() {
    this.#worker = new Worker(new URL('./builder.js', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data }) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.error) waiting?.reject(new PeriphonError(data.error.message, data.error.status, data.error.hints));
      else waiting?.resolve(data.snapshot);
    };
    this.#worker.onerror = (event) => {
      this.#failed = new PeriphonError(`the worker that builds engines has failed: ${event.message ?? 'it could not be loaded'}`, 6);
      for (const { reject } of this.#waiting.values()) reject(this.#failed);
      this.#waiting.clear();
    };
  }

  build(request) {
    if (this.#failed) return Promise.reject(this.#failed);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id });
    });
  }

  end() {
    this.#worker.terminate();
    this.#failed = new PeriphonError('the node has been destroyed', 3);
    for (const { reject } of this.#waiting.values()) reject(this.#failed);
    this.#waiting.clear();
  }
}

const state = Symbol('state');

function alive(node, what = 'the node') {
  const s = node[state];
  if (s.ended) throw new DOMException(`${what} has been destroyed`, 'InvalidStateError');
  if (s.broken) throw new DOMException(`${what} has stopped after a defect: ${s.broken.message}`, 'InvalidStateError');
  return s;
}

/** The frame of a time of the context, or none for at once. */
function frame(node, at) {
  return at === undefined ? undefined : Math.round(spec.within(at, 0, 1e9, 'a time') * node.context.sampleRate);
}

/** A source: connect what it plays to `input`. */
export class PeriphonSource {
  #node;
  #slot;
  #removed = false;

  constructor(key, node, slot, settings) {
    if (key !== state) throw new TypeError('sources are made by addSource');
    this.#node = node;
    this.#slot = slot;
    this.input = new GainNode(node.context, { channelCount: 1, channelCountMode: 'explicit' });
    this.input.connect(node, 0, slot);
    const { parameters } = node;
    this.positionX = parameters.get(`x${slot}`);
    this.positionY = parameters.get(`y${slot}`);
    this.positionZ = parameters.get(`z${slot}`);
    this.#show(settings.position);
  }

  /** So that the AudioParams tell where it has been put. */
  #show(position) {
    [this.positionX, this.positionY, this.positionZ].forEach((param, i) => {
      param.cancelScheduledValues(0);
      param.value = position[i];
    });
  }

  #send(what, options = {}, { at } = {}) {
    alive(this.#node);
    if (this.#removed) throw new DOMException('the source has been removed', 'InvalidStateError');
    this.#node[state].send({ what, slot: this.#slot, at: frame(this.#node, at), ...options });
  }

  /** Takes it to a place on a straight line. */
  moveTo(position, { seconds, at } = {}) {
    this.#send('move', { position: spec.vec3(position), seconds: spec.seconds(seconds, 0.02) }, { at });
    return this;
  }

  /** Puts it elsewhere at once, by a fade. */
  jumpTo(position, { at } = {}) {
    this.#send('snap', { position: spec.vec3(position) }, { at });
    return this;
  }

  /** Sends it along `[{ t, position }]`; t in seconds since the node began. */
  follow(keys, { seconds, at } = {}) {
    this.#send('way', { keys: spec.way(keys), seconds: spec.seconds(seconds, 0.02) }, { at });
    return this;
  }

  setGain(gain, { at } = {}) {
    this.#send('gain', { gain: spec.within(gain, -1e6, 1e6, 'a gain') }, { at });
    return this;
  }

  /** Turns it, or changes its pattern: 1 alike in all directions, 0.5 cardioid, 0 figure of eight. */
  setBeam(pattern, facing, { at } = {}) {
    this.#send('beam', spec.beam(pattern, facing), { at });
    return this;
  }

  /** Fades it out and frees its place. */
  remove({ at } = {}) {
    this.#send('remove', {}, { at });
    this.#removed = true;
    this.#node[state].leaves(this.#slot, this);
  }

  get removed() {
    return this.#removed;
  }
}

/** Who hears. */
class Listener {
  #node;

  constructor(node) {
    this.#node = node;
    const of = (name) => node.parameters.get(`listener.${name}`);
    [this.positionX, this.positionY, this.positionZ] = [of('x'), of('y'), of('z')];
    /** Degrees: left, up, right ear down. */
    [this.yaw, this.pitch, this.roll] = [of('yaw'), of('pitch'), of('roll')];
  }

  /** Takes the head to a pose; `orientation` is a unit quaternion w, x, y, z. Holds until one of the AudioParams changes. */
  setPose({ position, orientation = [1, 0, 0, 0] }, { seconds, at } = {}) {
    alive(this.#node).send({
      what: 'pose',
      position: spec.vec3(position),
      orientation: spec.quaternion(orientation),
      seconds: spec.seconds(seconds, 0.02),
      at: frame(this.#node, at),
    });
  }

  /** Sends the head along `[{ t, position, orientation }]`. */
  follow(keys, { seconds, at } = {}) {
    alive(this.#node).send({ what: 'poses', keys: spec.poses(keys), seconds: spec.seconds(seconds, 0.02), at: frame(this.#node, at) });
  }
}

const KNOWN = ['maxSources', 'room', 'head', 'listener', 'propagation', 'reach', 'wasm'];

/** A room with a listener in it: an AudioNode with two channels. Made by `PeriphonNode.create`. */
export class PeriphonNode extends AudioWorkletNode {
  constructor(key, context, slots, module, listener) {
    if (key !== state) throw new TypeError('nodes are made by PeriphonNode.create');
    super(context, `periphon-${slots}`, {
      numberOfInputs: slots,
      numberOfOutputs: 1,
      outputChannelCount: [2],
      channelCount: 1,
      channelCountMode: 'explicit',
      processorOptions: { module, rate: context.sampleRate, listener },
    });
  }

  /**
   * Makes a node. `options`: `maxSources` (32, at most 240), `room`, `head` (URL, ArrayBuffer or Blob of a SOFA file),
   * `listener` ({ position, yaw, pitch, roll }), `propagation` (delays and Doppler), `reach` in metres, `wasm` (URL).
   */
  static async create(context, options = {}) {
    if (!(context instanceof BaseAudioContext)) throw new TypeError('a node belongs to an AudioContext');
    spec.only(options, KNOWN, "a node's options");
    const most = spec.within(options.maxSources ?? 32, 1, 240, 'maxSources');
    const slots = SLOTS.find((n) => n >= most);
    const room = spec.room(options.room);
    const at = options.listener ?? {};
    spec.only(at, ['position', 'yaw', 'pitch', 'roll'], "a listener's options");
    const listener = [...spec.vec3(at.position ?? [0, 0, 0]), ...['yaw', 'pitch', 'roll'].map((n) => spec.within(at[n] ?? 0, -1e6, 1e6, n))];
    if (!context.audioWorklet) throw new PeriphonError('this page has no AudioWorklet', 8, ['serve it by https, or from localhost']);
    if (!worklets.has(context)) {
      const added = context.audioWorklet.addModule(new URL('./worklet.js', import.meta.url));
      worklets.set(context, added);
      added.catch(() => worklets.delete(context));
    }
    const builder = new Builder();
    try {
      const url = String(options.wasm ?? new URL('../periphon.wasm', import.meta.url));
      const [module, head] = await Promise.all([compile(url), headBytes(options.head), worklets.get(context)]);
      const offline = typeof OfflineAudioContext !== 'undefined' && context instanceof OfflineAudioContext;
      const engine = {
        block: context.renderQuantumSize ?? 128,
        // A source that is added where one is just fading out needs a place of its own.
        sources: Math.min(256, slots + Math.min(16, slots)),
        offline,
        space: true,
        propagation: !!options.propagation,
        reach: spec.within(options.reach ?? 100, 1, 10000, 'reach'),
      };
      const node = new PeriphonNode(state, context, slots, module, listener);
      node[state] = new State(node, { builder, module, engine, offline, head, room, most, rate: context.sampleRate });
      node.listener = new Listener(node);
      ['positionX', 'positionY', 'positionZ', 'yaw', 'pitch', 'roll'].forEach((name, i) => (node.listener[name].value = listener[i]));
      await node[state].rebuild({ seconds: 0 });
      return node;
    } catch (error) {
      builder.end();
      throw error;
    }
  }

  /** Adds a source: `{ position, gain, pattern, facing, spread, fadeIn, headLocked, everywhere }`, and `at`. */
  addSource(options = {}, { at } = {}) {
    const s = alive(this);
    const settings = spec.source(options);
    const slot = s.take();
    const source = new PeriphonSource(state, this, slot, settings);
    s.sources.add(source);
    s.send({ what: 'add', slot, spec: settings, at: frame(this, at) });
    return source;
  }

  /**
   * Changes the room by a cross-fade: a preset's name, null for the open air, or a shoebox. Resolves when it is heard alone. In
   * an OfflineAudioContext it may be given a time.
   */
  async setRoom(room, { seconds = 0.3, at } = {}) {
    const s = alive(this);
    const wanted = spec.room(room);
    spec.seconds(seconds);
    if (s.offline) {
      s.send({ what: 'room', room: wanted, seconds, at: frame(this, at) });
      return;
    }
    if (at !== undefined) throw new TypeError('the time of a change of room can be set in an OfflineAudioContext only');
    const before = s.room;
    s.room = wanted;
    try {
      await s.rebuild({ seconds: Math.max(seconds, 0.02) });
    } catch (error) {
      if (s.room === wanted) s.room = before;
      throw error;
    }
  }

  /** Changes the head by a cross-fade: the URL, ArrayBuffer or Blob of a SOFA file, or null for the one built in. */
  async loadHead(source, { seconds = 0.1 } = {}) {
    const s = alive(this);
    spec.seconds(seconds);
    if (source === undefined) throw new TypeError('a head is a URL, an ArrayBuffer, a Blob, or null for the one built in');
    const head = await headBytes(source);
    const before = s.head;
    s.head = head;
    try {
      await s.rebuild({ seconds: Math.max(seconds, 0.02) });
    } catch (error) {
      if (s.head === head) s.head = before;
      throw error;
    }
  }

  /** Resolves when all that has been asked for is known to the audio thread: `{ frames, nonFinite }`. */
  async settled() {
    return alive(this).ask();
  }

  /** Ends it for good and frees its memory. */
  destroy() {
    const s = this[state];
    if (s.ended) return;
    s.ended = true;
    s.builder.end();
    this.port.postMessage({ what: 'end' });
    this.disconnect();
    for (const source of s.sources) source.input.disconnect();
    s.giveUp(new DOMException('the node has been destroyed', 'InvalidStateError'));
  }
}

/** What a node keeps. */
class State {
  sources = new Set();
  ended = false;
  broken = null;
  #node;
  #waiting = new Map();
  #next = 0;
  #free;
  #outbox = [];
  #leaving = new Map();

  constructor(node, settings) {
    Object.assign(this, settings);
    this.#node = node;
    this.#free = Array.from({ length: settings.most }, (_, i) => i);
    node.port.onmessage = ({ data }) => this.#hear(data);
    node.addEventListener('processorerror', () => this.#fail({ message: 'the audio processor has failed', status: 10 }));
  }

  /** Sends a message; those of one turn go together. */
  send(message) {
    this.#outbox.push(message);
    if (this.#outbox.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush() {
    if (this.#outbox.length) this.#node.port.postMessage(this.#outbox);
    this.#outbox = [];
  }

  #hear(data) {
    if (data.what === 'error') this.#fail(data.error);
    else if (data.what === 'left') this.#left(data.slot);
    else {
      this.#waiting.get(`${data.what} ${data.id}`)?.resolve(data);
      this.#waiting.delete(`${data.what} ${data.id}`);
    }
  }

  #fail({ message, status, hints }) {
    const error = new PeriphonError(message, status, hints);
    if (status === 10) {
      this.broken = error;
      this.giveUp(error);
    }
    this.#node.dispatchEvent(new CustomEvent('error', { detail: error }));
  }

  giveUp(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #reply(what, id) {
    return new Promise((resolve, reject) => this.#waiting.set(`${what} ${id}`, { resolve, reject }));
  }

  ask() {
    const id = this.#next++;
    this.#flush();
    this.#node.port.postMessage({ what: 'ask', id });
    return this.#reply('answer', id);
  }

  /** Builds an engine for the head and room wanted and sends it over. The last one wins. */
  async rebuild({ seconds }) {
    const { module, head, rate, engine, room, offline } = this;
    const id = this.#next++;
    this.latest = id;
    const snapshot = await this.builder.build({ module, head, rate, engine, room });
    alive(this.#node);
    // Another has been asked for meanwhile; it brings what this one would have.
    if (this.latest !== id) return;
    this.#flush();
    this.#node.port.postMessage({ what: 'engine', snapshot, seconds, whole: offline, id }, [snapshot.memory]);
    // A context that is suspended does not take it before it runs: nothing to wait for then.
    if (this.#node.context.state === 'running' && !offline && seconds > 0) await this.#reply('settled', id);
  }

  take() {
    const slot = this.#free.shift();
    if (slot === undefined) throw new DOMException(`all ${this.most} sources of the node are in use`, 'QuotaExceededError');
    return slot;
  }

  leaves(slot, source) {
    this.#leaving.set(slot, source);
  }

  /** A slot is used again, and its input cut, once its source has faded out. */
  #left(slot) {
    const source = this.#leaving.get(slot);
    this.#leaving.delete(slot);
    this.sources.delete(source);
    source?.input.disconnect();
    this.#free.push(slot);
  }
}

let heads = 0;

/** The bytes of a SOFA file with a key that tells it from others; null is the built-in head. */
async function headBytes(source) {
  if (source === null || source === undefined) return null;
  let bytes;
  if (typeof source === 'string' || source instanceof URL) {
    let response;
    try {
      response = await fetch(source);
    } catch {
      throw new PeriphonError(`${source} could not be fetched`, 6);
    }
    if (!response.ok) throw new PeriphonError(`${source} could not be fetched: the server says ${response.status}`, 6);
    bytes = await response.arrayBuffer();
  } else if (source instanceof Blob) bytes = await source.arrayBuffer();
  else if (source instanceof ArrayBuffer) bytes = source.slice(0);
  else if (ArrayBuffer.isView(source)) bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice().buffer;
  else throw new TypeError('a head is a URL, an ArrayBuffer, a Blob, or null for the one built in');
  return { bytes, key: String(++heads) };
}
