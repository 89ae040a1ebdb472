/** Metres: x ahead, y left, z up. */
export type Vec3 = readonly [x: number, y: number, z: number] | Float32Array | Float64Array;
/** w, x, y, z of length 1; (1, 0, 0, 0) looks along +x with +z up. */
export type Quaternion = readonly [w: number, x: number, y: number, z: number] | Float32Array | Float64Array;
export type RoomName =
  | 'car' | 'studio' | 'bedroom' | 'living-room' | 'club' | 'theatre' | 'concert-hall' | 'cathedral' | 'open-air';
export type WallName = 'back' | 'front' | 'right' | 'left' | 'floor' | 'ceiling';
/** A material's name, one absorption coefficient (0 to 1), or seven for the octave bands from 125 to 8000 Hz. */
export type Surface = string | number | readonly number[];

/** A shoebox `[0, x] x [0, y] x [0, z]`; front is x = size[0], left is y = size[1]. */
export interface Shoebox {
  size: Vec3;
  /** All walls; 0.2 unless told otherwise. */
  material?: Surface;
  materials?: Partial<Record<WallName, Surface>>;
  /** Image sources one by one up to this order; 3 unless told otherwise. */
  reflectionOrder?: number;
  late?: boolean;
  airAbsorption?: boolean;
  /** Seconds, one or seven; otherwise from the walls. */
  t60?: number | readonly number[];
  speedOfSound?: number;
}

/** A room: by name, a shoebox, or null for the open. */
export type Room = RoomName | Shoebox | null;
/** A head: a SOFA file, or null for the one built in (Neumann KU 100). */
export type Head = string | URL | ArrayBuffer | ArrayBufferView | Blob | null;

export interface NodeOptions {
  /** 32 unless told otherwise, at most 240. Memory is set aside for all of them. */
  maxSources?: number;
  room?: Room;
  head?: Head;
  listener?: { position?: Vec3; yaw?: number; pitch?: number; roll?: number };
  /** Distance delays the sound, and motion shifts its pitch. */
  propagation?: boolean;
  /** Metres whose delay is kept; 100 unless told otherwise. */
  reach?: number;
  /** Where periphon.wasm is, if not in the package. */
  wasm?: string | URL;
}

export interface SourceOptions {
  position?: Vec3;
  /** Linear; at 1 m a gain of 1 is the head's response unscaled. */
  gain?: number;
  /** Directivity: 1 alike in all directions, 0.5 cardioid, 0 figure of eight. */
  pattern?: number;
  facing?: Vec3;
  /** Degrees of width, 0 to 360. */
  spread?: number;
  /** Seconds. */
  fadeIn?: number;
  /** The position is given in the head's frame. */
  headLocked?: boolean;
  /** Alike at both ears, without direction and distance. */
  everywhere?: boolean;
}

/** When: seconds on the context's clock, exact to the frame; at once unless told otherwise. */
export interface When {
  at?: number;
}
/** How long it takes, 0 to 3600 s; 0.02 unless told otherwise. */
export interface Glide extends When {
  seconds?: number;
}

export class PeriphonError extends Error {
  /** 2 argument, 6 not to be had, 7 malformed, 8 unsupported, 9 limit, 10 a defect of periphon. */
  readonly status: number;
  readonly hints: readonly string[];
}

export class PeriphonSource {
  private constructor();
  /** Connect what it plays: `player.connect(source.input)`. Channels are summed. */
  readonly input: GainNode;
  /** Metres, k-rate. A value that changes takes the source there within 20 ms; the last asked wins, here or by `moveTo`. */
  readonly positionX: AudioParam;
  readonly positionY: AudioParam;
  readonly positionZ: AudioParam;
  moveTo(position: Vec3, when?: Glide): this;
  jumpTo(position: Vec3, when?: When): this;
  follow(keys: readonly { t: number; position: Vec3 }[], when?: Glide): this;
  setGain(gain: number, when?: When): this;
  setBeam(pattern: number, facing: Vec3, when?: When): this;
  remove(when?: When): void;
  readonly removed: boolean;
}

export interface Listener {
  readonly positionX: AudioParam;
  readonly positionY: AudioParam;
  readonly positionZ: AudioParam;
  /** Degrees to the left. */
  readonly yaw: AudioParam;
  /** Degrees up. */
  readonly pitch: AudioParam;
  /** Degrees, right ear down. */
  readonly roll: AudioParam;
  /** Holds until one of the AudioParams changes. */
  setPose(pose: { position: Vec3; orientation?: Quaternion }, when?: Glide): void;
  follow(keys: readonly { t: number; position: Vec3; orientation?: Quaternion }[], when?: Glide): void;
}

/** A room with a listener: two channels out. Dispatches `error` events whose `detail` is a PeriphonError. */
export class PeriphonNode extends AudioWorkletNode {
  private constructor();
  static create(context: BaseAudioContext, options?: NodeOptions): Promise<PeriphonNode>;
  readonly listener: Listener;
  addSource(options?: SourceOptions, when?: When): PeriphonSource;
  /** `at` in an OfflineAudioContext only. */
  setRoom(room: Room, options?: { seconds?: number; at?: number }): Promise<void>;
  loadHead(head: Head, options?: { seconds?: number }): Promise<void>;
  settled(): Promise<{ frames: number; nonFinite: number }>;
  destroy(): void;
}

export function preload(wasm?: string | URL): Promise<void>;
/** Sizes and usual places to listen, metres. */
export const PRESETS: Readonly<Record<RoomName, { size: readonly [number, number, number]; listener: readonly [number, number, number] }>>;
export const ROOMS: readonly RoomName[];
export const WALLS: readonly WallName[];
export function fromWebAudio(position: readonly [number, number, number]): [number, number, number];
export function toWebAudio(position: readonly [number, number, number]): [number, number, number];
