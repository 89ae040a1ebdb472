// Builds engines where nothing sounds: in a worker of its own. Heads, engines and rooms take tens or hundreds of milliseconds,
// which an audio thread does not have; it gets the finished memory.
//
// One instance is kept for each head, so that a change of room alone does not prepare the head again.

import { Core } from './core.js';

let core = null;
let prepared = null;

/** Builds what `request` asks for: `{ module, head, rate, engine, room }`, `head` null or the bytes of a SOFA file with a key. */
export function build(request) {
  const { module, head, rate, engine, room } = request;
  const key = `${head?.key ?? ''} ${rate}`;
  try {
    if (!core || prepared !== key) {
      core = Core.begin(module);
      core.head(rate, head && new Uint8Array(head.bytes));
      prepared = key;
    }
    core.engine(engine);
    if (room !== undefined && room !== null) core.room(room, 0);
    return core.snapshot();
  } catch (error) {
    core = prepared = null;
    throw error;
  }
}

if (typeof WorkerGlobalScope !== 'undefined' && globalThis instanceof WorkerGlobalScope) {
  onmessage = ({ data }) => {
    try {
      const snapshot = build(data);
      postMessage({ id: data.id, snapshot }, [snapshot.memory]);
    } catch (error) {
      postMessage({ id: data.id, error: { message: error.message, status: error.status ?? 10, hints: error.hints ?? [] } });
    }
  };
}
