// The WebAssembly module as an object: one instance, one engine, one listener. Used inside the AudioWorklet, by the builder
// in its worker, and by tests in Node. Nothing in here needs a browser.

/** What the module refused, or what broke it. `status` is as in the C library: 2 argument, 7 malformed, 8 unsupported, 9 limit, 10 defect. */
export class PeriphonError extends Error {
  constructor(message, status = 2, hints = []) {
    super(message);
    this.name = 'PeriphonError';
    this.status = status;
    this.hints = hints;
  }
}

const PAGE = 65536;

/** Text of UTF-8 bytes. An AudioWorklet has no TextDecoder. */
function text(bytes) {
  let escaped = '';
  for (const b of bytes) escaped += '%' + (b < 16 ? '0' : '') + b.toString(16);
  try {
    return decodeURIComponent(escaped);
  } catch {
    return 'an error whose text is damaged';
  }
}

/** UTF-8 bytes of text. */
function utf8(string) {
  const encoded = encodeURIComponent(string.toWellFormed?.() ?? string);
  const bytes = [];
  for (let i = 0; i < encoded.length; i++) {
    if (encoded[i] === '%') {
      bytes.push(parseInt(encoded.slice(i + 1, i + 3), 16));
      i += 2;
    } else bytes.push(encoded.charCodeAt(i));
  }
  return bytes;
}

export class Core {
  #wasm;
  #defect = null;
  #buffer = null;
  /** Sample planes and flags inside the module; made anew by `#look` when its memory has grown. */
  inputs = null;
  active = null;
  ears = null;

  /** A new, empty instance of the compiled module. */
  constructor(module) {
    this.#wasm = new WebAssembly.Instance(module, {}).exports;
    this.block = 0;
    this.sources = 0;
  }

  /** An instance that begins with nothing but the built-in parts. */
  static begin(module) {
    const core = new Core(module);
    core.#wasm.periphon_begin();
    return core;
  }

  /**
   * What another instance of the same module has built: its memory, whole. At rest an instance is its memory: nothing of it
   * is on the stack, and it has no other state that changes.
   */
  snapshot() {
    return { memory: this.#wasm.memory.buffer.slice(0), block: this.block, sources: this.sources };
  }

  /** Makes room for a snapshot, to be filled in by pieces: `copy` takes from byte `from` on and returns where to go on. */
  receive(snapshot) {
    const { memory } = this.#wasm;
    const missing = snapshot.memory.byteLength - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    this.block = snapshot.block;
    this.sources = snapshot.sources;
  }

  copy(snapshot, from, bytes) {
    const to = Math.min(from + bytes, snapshot.memory.byteLength);
    new Uint8Array(this.#wasm.memory.buffer).set(new Uint8Array(snapshot.memory, from, to - from), from);
    return to;
  }

  /** An instance that goes on where another was. */
  static resume(module, snapshot) {
    const core = new Core(module);
    core.receive(snapshot);
    core.copy(snapshot, 0, Infinity);
    return core;
  }

  /** Runs a call; a trap ends this instance. */
  #call(name, ...args) {
    if (this.#defect) throw this.#defect;
    let status;
    try {
      status = this.#wasm[name](...args);
    } catch (trap) {
      this.#defect = new PeriphonError(`${this.#sentence() || 'a defect in periphon'} (${trap.message})`, 10);
      throw this.#defect;
    }
    if (status) {
      const [message, ...hints] = this.#sentence().split('\nhint: ');
      throw new PeriphonError(message, status, hints);
    }
  }

  #sentence() {
    try {
      const bytes = new Uint8Array(this.#wasm.memory.buffer, this.#wasm.periphon_error(), this.#wasm.periphon_error_bytes());
      return text(bytes);
    } catch {
      return '';
    }
  }

  /** Puts bytes where the next call reads them. */
  #put(bytes) {
    const at = this.#wasm.periphon_inbox(bytes.length);
    if (!at) throw new PeriphonError(`there is no memory for ${bytes.length} bytes`, 9);
    new Uint8Array(this.#wasm.memory.buffer, at, bytes.length).set(bytes);
  }

  #numbers(values) {
    const numbers = new Float64Array(this.#wasm.memory.buffer, this.#wasm.periphon_numbers(), 64);
    if (values) numbers.set(values);
    return numbers;
  }

  /** Takes a head, prepared for `rate` Hz: the built-in one, or that of a SOFA file's bytes. */
  head(rate, sofa = null) {
    if (sofa) {
      this.#put(sofa);
      this.#call('periphon_head_sofa', rate);
    } else this.#call('periphon_head_built_in', rate);
  }

  /** Builds the engine. */
  engine({ block = 128, sources = 32, offline = false, space = true, propagation = false, reach = 100 } = {}) {
    this.#call('periphon_engine', block, sources, (offline ? 1 : 0) | (space ? 2 : 0) | (propagation ? 4 : 0), reach);
    this.block = block;
    this.sources = sources;
    this.#buffer = null;
  }

  /** Makes the views of the module's memory valid. To be called before they are used; cheap. */
  look() {
    const wasm = this.#wasm;
    if (this.#buffer === wasm.memory.buffer) return;
    const buffer = (this.#buffer = wasm.memory.buffer);
    this.inputs = [];
    for (let i = 0; i < this.sources; i++) {
      this.inputs.push(new Float32Array(buffer, wasm.periphon_inputs() + 4 * i * this.block, this.block));
    }
    this.active = new Uint8Array(buffer, wasm.periphon_active(), this.sources);
    const ears = wasm.periphon_ears();
    this.ears = [new Float32Array(buffer, ears, this.block), new Float32Array(buffer, ears + 4 * this.block, this.block)];
  }

  /** Renders `frames` frames of the block from frame `from` on. */
  process(from, frames) {
    this.#call('periphon_process', from, frames);
    this.look();
  }

  /** Adds a source; gives its number, whose lower 16 bits are its input. */
  add({ position, gain = 1, pattern = 1, facing = [1, 0, 0], spread = 0, fadeIn = 0.005, headLocked = false, everywhere = false }) {
    this.#numbers([...position, gain, pattern, ...facing, spread, fadeIn, headLocked ? 1 : 0, everywhere ? 1 : 0]);
    this.#call('periphon_add');
    return this.#numbers()[0];
  }

  move(source, [x, y, z], seconds = 0.02) {
    this.#call('periphon_move', source, x, y, z, seconds);
  }

  snap(source, [x, y, z]) {
    this.#call('periphon_snap', source, x, y, z);
  }

  /** `keys` are flat: t, x, y, z each. */
  way(source, keys, seconds = 0.02) {
    this.#put(new Uint8Array(Float64Array.from(keys).buffer));
    this.#call('periphon_way', source, Math.floor(keys.length / 4), seconds);
  }

  gain(source, gain) {
    this.#call('periphon_gain', source, gain);
  }

  beam(source, pattern, [x, y, z]) {
    this.#call('periphon_beam', source, pattern, x, y, z);
  }

  remove(source) {
    this.#call('periphon_remove', source);
  }

  listener(position, [w, x, y, z], seconds = 0.02) {
    this.#numbers([...position, w, x, y, z]);
    this.#call('periphon_listener', seconds);
  }

  /** The quaternion of a head turned left by yaw, then up by pitch, then right ear down by roll; degrees. */
  turned(yaw, pitch, roll) {
    this.#wasm.periphon_turn(yaw, pitch, roll);
    return Array.from(this.#numbers().subarray(3, 7));
  }

  /** `keys` are flat: t, x, y, z, qw, qx, qy, qz each. */
  listenerWay(keys, seconds = 0.02) {
    this.#put(new Uint8Array(Float64Array.from(keys).buffer));
    this.#call('periphon_listener_way', Math.floor(keys.length / 8), seconds);
  }

  /** A preset's name, null for the open, or what `spec.js` calls a shoebox. */
  room(room, seconds = 0) {
    if (room === null) this.#call('periphon_no_room', seconds);
    else if (typeof room === 'string') {
      this.#put(utf8(room));
      this.#call('periphon_room_preset', seconds);
    } else {
      const absorption = room.walls.flatMap((wall) => (typeof wall === 'string' ? this.material(wall) : wall));
      const { size, order, late, air, speedOfSound, t60 } = room;
      this.#numbers([...size, order, late ? 1 : 0, air ? 1 : 0, speedOfSound, t60 ? 1 : 0, ...(t60 ?? Array(7).fill(0)), 0]);
      this.#numbers().set(absorption, 15);
      this.#call('periphon_room', seconds);
    }
  }

  /** Seven absorption coefficients of a material by name. */
  material(name) {
    this.#put(utf8(name));
    this.#call('periphon_material');
    return Array.from(this.#numbers().subarray(0, 7));
  }

  /** Size and usual listener of a preset. */
  preset(name) {
    this.#put(utf8(name));
    this.#call('periphon_preset');
    const n = Array.from(this.#numbers().subarray(0, 6));
    return { size: n.slice(0, 3), listener: n.slice(3) };
  }

  /** Puts the clock of the ways to a frame; before the first block. */
  startAt(frame) {
    this.#call('periphon_start_at', frame);
  }

  get frames() {
    return this.#wasm.periphon_frames();
  }

  get nonFinite() {
    return this.#wasm.periphon_non_finite();
  }

  get tail() {
    return this.#wasm.periphon_tail();
  }
}
