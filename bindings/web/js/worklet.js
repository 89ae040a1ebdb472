// The audio thread's side: takes what the sources play and where they are, block by block, and hands out two ears.
//
// An engine arrives as memory that a worker has filled (builder.js), is copied in by pieces, and replaces the one before by a
// cross-fade: a head or a room may be changed while everything sounds. What is asked for comes by messages, each with the
// frame at which it counts, or by AudioParams, which are looked at once a quantum.

import { Core } from './core.js';

/** Bytes copied in one quantum: about half a millisecond. */
const PIECE = 1 << 20;
/** Seconds in which a place that an AudioParam names is reached. */
const GLIDE_S = 0.02;
/** Seconds for which a source that has been removed still plays into its fade. */
const LEAVING_S = 0.2;

class Periphon extends AudioWorkletProcessor {
  static slots = 0;

  static get parameterDescriptors() {
    const descriptors = [];
    const add = (name, defaultValue = 0) => descriptors.push({ name, defaultValue, automationRate: 'k-rate' });
    for (const name of ['x', 'y', 'z', 'yaw', 'pitch', 'roll']) add(`listener.${name}`);
    for (let i = 0; i < this.slots; i++) for (const axis of ['x', 'y', 'z']) add(`${axis}${i}`);
    return descriptors;
  }

  constructor({ processorOptions: { module, rate, listener } }) {
    super();
    const slots = this.constructor.slots;
    this.module = module;
    this.rate = rate;
    this.core = null;
    /** An engine that is being copied in, and one that fades out. */
    this.arriving = null;
    this.fading = null;
    this.ended = false;
    this.broken = false;
    /** By slot: `{ id, spec, last, way }`. */
    this.voices = Array(slots).fill(null);
    this.leaving = [];
    /** Slots that are free again at a frame, the next first. */
    this.gone = [];
    /** As the AudioParams begin; its quaternion is made by the first engine. */
    this.head = { position: listener.slice(0, 3), orientation: null, way: null };
    this.lastHead = Float32Array.from(listener);
    this.names = Array.from({ length: slots }, (_, i) => [`x${i}`, `y${i}`, `z${i}`]);
    this.headNames = ['x', 'y', 'z', 'yaw', 'pitch', 'roll'].map((n) => `listener.${n}`);
    /** What is to be done at a later frame, the next first. */
    this.waiting = [];
    this.port.onmessage = ({ data }) => this.take(data);
  }

  /** A message: `{ what, at?, ... }`, `at` a frame of the context. */
  take(message) {
    if (Array.isArray(message)) {
      for (const one of message) this.take(one);
      return;
    }
    if (message.what === 'ask') {
      this.port.postMessage({ what: 'answer', id: message.id, frames: this.core?.frames ?? 0, nonFinite: this.core?.nonFinite ?? 0, broken: this.broken });
      return;
    }
    // Before there is an engine, what is asked for waits in order, and so does what comes later than now.
    if (message.what !== 'engine' && message.what !== 'end' && (!this.core || message.at > currentFrame || this.waiting[0]?.at === undefined && this.waiting.length > 0)) {
      const at = message.at ?? 0;
      let i = this.waiting.length;
      while (i > 0 && (this.waiting[i - 1].at ?? 0) > at) i--;
      this.waiting.splice(i, 0, message);
      return;
    }
    this.carryOut(message);
  }

  carryOut(message) {
    try {
      this[message.what](message);
    } catch (error) {
      this.tell(error);
    }
  }

  tell(error) {
    if (error.status === 10 || !(error.status > 0)) this.broken = true;
    this.port.postMessage({ what: 'error', error: { message: error.message, status: error.status ?? 10, hints: error.hints ?? [] } });
  }

  // Messages, by name.

  end() {
    this.ended = true;
  }

  engine({ snapshot, seconds, whole, id }) {
    // One that has not been heard yet is replaced.
    if (this.arriving) this.port.postMessage({ what: 'settled', id: this.arriving.id });
    const core = new Core(this.module);
    core.receive(snapshot);
    this.arriving = { core, snapshot, at: 0, seconds, id };
    if (whole) {
      this.arriving.at = core.copy(snapshot, 0, Infinity);
      this.enter();
    }
  }

  add({ slot, spec }) {
    const id = this.core.add(spec);
    // The engine has faded out what had this input before.
    this.leaving = this.leaving.filter((l) => l.input !== id % 65536);
    this.voices[slot] = { id, spec, last: Float32Array.from(spec.position), way: null };
  }

  /** Runs a call for a voice in both engines that may be sounding. */
  each(slot, call) {
    const voice = this.voices[slot];
    if (!voice) return;
    call(this.core, voice.id, voice);
    // What fades out is not worth an error.
    if (this.fading && voice.fadingId !== undefined) {
      try {
        call(this.fading.core, voice.fadingId, voice);
      } catch {}
    }
  }

  move({ slot, position, seconds }) {
    this.each(slot, (core, id, voice) => {
      core.move(id, position, seconds);
      voice.spec.position = position;
      voice.way = null;
    });
  }

  snap({ slot, position }) {
    this.each(slot, (core, id, voice) => {
      core.snap(id, position);
      voice.spec.position = position;
      voice.way = null;
    });
  }

  way({ slot, keys, seconds }) {
    this.each(slot, (core, id, voice) => {
      core.way(id, keys, seconds);
      voice.way = keys;
    });
  }

  gain({ slot, gain }) {
    this.each(slot, (core, id, voice) => {
      core.gain(id, gain);
      voice.spec.gain = gain;
    });
  }

  beam({ slot, pattern, facing }) {
    this.each(slot, (core, id, voice) => {
      core.beam(id, pattern, facing);
      Object.assign(voice.spec, { pattern, facing });
    });
  }

  remove({ slot }) {
    const voice = this.voices[slot];
    if (!voice) return;
    this.core.remove(voice.id);
    const until = currentFrame + LEAVING_S * this.rate;
    this.leaving.push({ slot, input: voice.id % 65536, until });
    this.gone.push({ slot, until });
    if (this.fading && voice.fadingId !== undefined) {
      this.fading.core.remove(voice.fadingId);
      this.fading.leaving.push({ slot, input: voice.fadingId % 65536, until });
    }
    this.voices[slot] = null;
  }

  pose({ position, orientation, seconds }) {
    this.listen({ position, orientation, way: null }, seconds);
  }

  poses({ keys, seconds }) {
    this.listen({ ...this.head, way: keys }, seconds);
  }

  listen(head, seconds) {
    this.head = head;
    for (const core of [this.core, this.fading?.core]) if (core) this.steer(core, seconds);
  }

  steer(core, seconds) {
    if (this.head.way) core.listenerWay(this.head.way, seconds);
    else core.listener(this.head.position, this.head.orientation, seconds);
  }

  /** A room at once, built here: for offline contexts, where nothing waits. */
  room({ room, seconds }) {
    this.core.room(room, seconds);
  }

  /** An engine that has been copied in whole takes over. */
  enter() {
    const { core, seconds, id } = this.arriving;
    this.arriving = null;
    try {
      if (this.core) core.startAt(this.core.frames);
      const before = this.core;
      this.core = core;
      this.head.orientation ??= core.turned(...this.lastHead.subarray(3));
      this.steer(core, 0);
      for (const voice of this.voices) {
        if (!voice) continue;
        voice.fadingId = voice.id;
        voice.id = core.add({ ...voice.spec, fadeIn: 0 });
        if (voice.way) core.way(voice.id, voice.way, 0);
      }
      // Those that were leaving the engine before go with it.
      this.fading = before && seconds > 0 ? { core: before, frame: 0, frames: Math.max(1, Math.round(seconds * this.rate)), leaving: this.leaving } : null;
      this.leaving = [];
    } catch (error) {
      this.tell(error);
    }
    this.port.postMessage({ what: 'entered', id });
    if (!this.fading) this.port.postMessage({ what: 'settled', id });
    else this.fading.id = id;
  }

  /** Follows the AudioParams that have changed. */
  follow(parameters) {
    for (let slot = 0; slot < this.voices.length; slot++) {
      const voice = this.voices[slot];
      if (!voice) continue;
      const [nx, ny, nz] = this.names[slot];
      const x = parameters[nx][0], y = parameters[ny][0], z = parameters[nz][0];
      const { last } = voice;
      if (x !== last[0] || y !== last[1] || z !== last[2]) {
        last[0] = x;
        last[1] = y;
        last[2] = z;
        if (Number.isFinite(x + y + z)) this.move({ slot, position: [x, y, z], seconds: GLIDE_S });
      }
    }
    const last = this.lastHead;
    let changed = false;
    for (let i = 0; i < 6; i++) {
      const value = parameters[this.headNames[i]][0];
      if (value !== last[i]) {
        last[i] = value;
        changed = true;
      }
    }
    if (changed && last.every(Number.isFinite)) {
      const [x, y, z, yaw, pitch, roll] = last;
      this.listen({ position: [x, y, z], orientation: this.core.turned(yaw, pitch, roll), way: null }, GLIDE_S);
    }
  }

  /** Hands a core the samples of its voices; `which` says under which name it knows them. */
  feed(core, inputs, which, leaving) {
    core.look();
    core.active.fill(0);
    const give = (slot, input) => {
      const channel = inputs[slot]?.[0];
      if (!channel) return;
      core.inputs[input].set(channel);
      core.active[input] = 1;
    };
    for (let slot = 0; slot < this.voices.length; slot++) {
      const id = this.voices[slot]?.[which];
      if (id !== undefined) give(slot, id % 65536);
    }
    for (const { slot, input } of leaving) give(slot, input);
  }

  process(inputs, [out], parameters) {
    if (this.ended || this.broken) return false;
    if (this.arriving) {
      const { core, snapshot, at } = this.arriving;
      this.arriving.at = core.copy(snapshot, at, PIECE);
      // One cross-fade at a time.
      if (this.arriving.at === snapshot.memory.byteLength && !this.fading) this.enter();
    }
    if (!this.core) return true;
    try {
      this.render(inputs, out, parameters);
    } catch (error) {
      for (const channel of out) channel.fill(0);
      this.tell(error);
    }
    return !this.broken;
  }

  render(inputs, out, parameters) {
    const frames = out[0].length;
    const end = currentFrame + frames;
    this.leaving = this.leaving.filter((l) => l.until > currentFrame);
    while (this.gone.length && this.gone[0].until <= currentFrame) this.port.postMessage({ what: 'left', slot: this.gone.shift().slot });
    let done = 0;
    let fed = false;
    while (done < frames) {
      // What is due now, or has been for long.
      while (this.waiting.length && (this.waiting[0].at ?? 0) <= currentFrame + done) {
        this.carryOut(this.waiting.shift());
        fed = false;
      }
      if (done === 0) this.follow(parameters);
      if (!fed) this.feed(this.core, inputs, 'id', this.leaving);
      fed = true;
      const next = this.waiting.length ? Math.min(this.waiting[0].at, end) - currentFrame : frames;
      this.core.process(done, next - done);
      done = next;
    }
    const { ears } = this.core;
    out[0].set(ears[0].subarray(0, frames));
    out[1]?.set(ears[1].subarray(0, frames));
    if (this.fading) this.fade(inputs, out, frames);
  }

  /** Lets the engine before fade out under the new one. */
  fade(inputs, out, frames) {
    const { fading } = this;
    this.feed(fading.core, inputs, 'fadingId', fading.leaving);
    fading.core.process(0, frames);
    const { ears } = fading.core;
    for (let c = 0; c < out.length; c++) {
      for (let n = 0; n < frames; n++) {
        const part = Math.min(1, (fading.frame + n) / fading.frames);
        out[c][n] = part * out[c][n] + (1 - part) * ears[c][n];
      }
    }
    fading.frame += frames;
    if (fading.frame >= fading.frames) {
      for (const voice of this.voices) if (voice) delete voice.fadingId;
      this.fading = null;
      this.port.postMessage({ what: 'settled', id: fading.id });
    }
  }
}

// AudioParams belong to a class: one class for each number of sources.
for (const slots of [8, 32, 128, 240]) {
  registerProcessor(`periphon-${slots}`, class extends Periphon {
    static slots = slots;
  });
}
