// What may be asked for, looked at before it is sent anywhere: mistakes throw where they are made.

function finite(value, name) {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError(`${name} must be a finite number, not ${String(value)}`);
  return value;
}

export function within(value, low, high, name) {
  finite(value, name);
  if (value < low || value > high) throw new RangeError(`${name} must be ${low} to ${high}, not ${value}`);
  return value;
}

/** A number list of known length. */
export function numbers(value, count, name) {
  const list = value != null && typeof value === 'object' && typeof value.length === 'number' ? Array.from(value) : null;
  if (!list || list.length !== count) throw new TypeError(`${name} must be ${count} numbers, not ${list ? list.length : String(value)}`);
  return list.map((v) => finite(v, name));
}

export const vec3 = (value, name = 'a position') => numbers(value, 3, name);

export function quaternion(value, name = 'an orientation') {
  const q = numbers(value, 4, name);
  const norm = Math.hypot(...q);
  if (Math.abs(norm - 1) > 1e-3) throw new RangeError(`${name} must be a unit quaternion (w, x, y, z), this one has the length ${norm}`);
  return Math.abs(norm - 1) > 1e-12 ? q.map((v) => v / norm) : q;
}

export const seconds = (value, usual) => within(value ?? usual, 0, 3600, 'seconds');

function only(options, known, name) {
  if (options === null || typeof options !== 'object') throw new TypeError(`${name} must be an object, not ${String(options)}`);
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`${name} know no '${key}', but ${known.join(', ')}`);
  }
  return options;
}

export { only };

function facing(value) {
  const v = vec3(value, 'the direction a source faces in');
  if (!(Math.hypot(...v) > 1e-9)) throw new RangeError('the direction a source faces in must not be zero');
  return v;
}

export function beam(pattern, direction) {
  return { pattern: within(pattern, 0, 1, 'a pattern'), facing: facing(direction) };
}

/** A source with all that is usual filled in. */
export function source(options = {}) {
  only(options, ['position', 'gain', 'pattern', 'facing', 'spread', 'fadeIn', 'headLocked', 'everywhere'], "a source's options");
  return {
    position: vec3(options.position ?? [1, 0, 0]),
    gain: within(options.gain ?? 1, -1e6, 1e6, 'a gain'),
    ...beam(options.pattern ?? 1, options.facing ?? [1, 0, 0]),
    spread: within(options.spread ?? 0, 0, 360, 'a spread'),
    fadeIn: seconds(options.fadeIn, 0.005),
    headLocked: !!options.headLocked,
    everywhere: !!options.everywhere,
  };
}

/** The presets with their sizes and where one listens in them, metres; a test compares them with the module's. */
export const PRESETS = {
  car: { size: [2.4, 1.45, 1.2], listener: [1.05, 0.9, 0.75] },
  studio: { size: [11.4, 8.6, 4.0], listener: [5.0, 4.3, 1.6] },
  bedroom: { size: [4.2, 3.6, 2.5], listener: [1.7, 1.9, 1.15] },
  'living-room': { size: [5.8, 4.4, 2.6], listener: [2.3, 2.3, 1.15] },
  club: { size: [16.0, 11.0, 4.5], listener: [8.5, 5.8, 1.65] },
  theatre: { size: [26.0, 18.0, 10.0], listener: [15.0, 9.5, 1.5] },
  'concert-hall': { size: [42.0, 22.0, 16.0], listener: [26.0, 11.8, 1.6] },
  cathedral: { size: [60.0, 22.0, 22.0], listener: [36.0, 11.8, 1.65] },
  'open-air': { size: [200.0, 200.0, 100.0], listener: [100.0, 100.0, 1.65] },
};
export const ROOMS = Object.keys(PRESETS);

/** Walls in the order of the module: x = 0, x = length, y = 0, y = width, z = 0, z = height. */
export const WALLS = ['back', 'front', 'right', 'left', 'floor', 'ceiling'];

function surface(value, name) {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Array(7).fill(within(value, 0, 1, `the absorption of ${name}`));
  return numbers(value, 7, `the absorption of ${name}`).map((a) => within(a, 0, 1, `the absorption of ${name}`));
}

/** A room: null, a preset's name, or a shoebox. */
export function room(value) {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') {
    if (!ROOMS.includes(value)) throw new RangeError(`there is no room '${value}', but ${ROOMS.join(', ')}`);
    return value;
  }
  only(value, ['size', 'material', 'materials', 'reflectionOrder', 'late', 'airAbsorption', 't60', 'speedOfSound'], 'a room');
  const size = vec3(value.size, "a room's size").map((s) => within(s, 0.5, 1000, "a room's size"));
  const all = surface(value.material ?? 0.2, 'all walls');
  const each = only(value.materials ?? {}, WALLS, "a room's walls");
  const order = within(value.reflectionOrder ?? 3, 0, 100, "a room's order of reflections");
  if (!Number.isInteger(order)) throw new RangeError(`a room's order of reflections must be whole, not ${order}`);
  const t60 = value.t60 == null ? null : typeof value.t60 === 'number' ? Array(7).fill(value.t60) : numbers(value.t60, 7, "a room's t60");
  return {
    size,
    order,
    walls: WALLS.map((w) => (each[w] === undefined ? all : surface(each[w], `the wall '${w}'`))),
    late: value.late ?? true,
    air: value.airAbsorption ?? true,
    t60: t60?.map((t) => within(t, 0.05, 30, "a room's t60")) ?? null,
    speedOfSound: within(value.speedOfSound ?? 343, 100, 2000, 'the speed of sound'),
  };
}

/** Keys of a way: `[{ t, position }]`, flat. */
export function way(keys) {
  if (!Array.isArray(keys) || keys.length === 0) throw new TypeError('a way is a list of { t, position }');
  return keys.flatMap((k) => [finite(k?.t, 'a time'), ...vec3(k.position)]);
}

/** Poses of a way: `[{ t, position, orientation }]`, flat. */
export function poses(keys) {
  if (!Array.isArray(keys) || keys.length === 0) throw new TypeError('a way is a list of { t, position, orientation }');
  return keys.flatMap((k) => [finite(k?.t, 'a time'), ...vec3(k.position), ...quaternion(k.orientation ?? [1, 0, 0, 0])]);
}
