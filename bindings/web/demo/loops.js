// What sounds before anybody has dropped a song: three loops of eight seconds, made here, so that nothing is to be fetched.

const BEAT = 0.5;
const LENGTH = 8;

/** A string plucked at `from` seconds; Karplus and Strong, Computer Music Journal 7(2), 1983. */
function pluck(out, rate, from, hz, level, damping, seed) {
  const period = Math.max(2, Math.round(rate / hz));
  const string = new Float32Array(period);
  let state = seed;
  for (let n = 0; n < period; n++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    string[n] = (state / 2 ** 31) * level;
  }
  const start = Math.round(from * rate);
  const frames = Math.round(3 * rate);
  for (let n = 0; n < frames; n++) {
    const i = n % period;
    const next = string[(i + 1) % period];
    // The loop's end runs on at its beginning.
    out[(start + n) % out.length] += string[i] * (1 - n / frames);
    string[i] = damping * (0.5 * string[i] + 0.5 * next);
  }
}

const note = (midi) => 440 * 2 ** ((midi - 69) / 12);
const CHORDS = [[57, 60, 64, 69], [53, 57, 60, 65], [48, 55, 60, 64], [55, 59, 62, 67]];

function guitar(out, rate) {
  CHORDS.forEach((chord, bar) => {
    [0, 2, 3, 1, 2, 3, 2, 1].forEach((k, i) => pluck(out, rate, (4 * bar + i / 2) * BEAT, note(chord[k]), 0.35, 0.997, 17 + i + 8 * bar));
  });
}

function bass(out, rate) {
  CHORDS.forEach((chord, bar) => {
    [0, 1.5, 2, 3].forEach((beat, i) => pluck(out, rate, (4 * bar + beat) * BEAT, note(chord[0] - 12 - (chord[0] > 54 ? 12 : 0)), 0.5, 0.998, 5 + i));
  });
}

function drum(out, rate) {
  let state = 3;
  for (let step = 0; step < 32; step++) {
    const start = Math.round((step * BEAT * rate) / 2);
    const accent = step % 4 === 2 ? 0.22 : 0.1;
    for (let n = 0; n < 0.08 * rate; n++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      out[(start + n) % out.length] += (state / 2 ** 31) * accent * Math.exp((-n * 70) / rate);
    }
    if (step % 8 === 0 || step % 8 === 5) {
      let phase = 0;
      for (let n = 0; n < 0.25 * rate; n++) {
        phase += (2 * Math.PI * (55 + 90 * Math.exp((-n * 45) / rate))) / rate;
        out[(start + n) % out.length] += 0.5 * Math.sin(phase) * Math.exp((-n * 14) / rate);
      }
    }
  }
}

/** `[{ name, buffer }]` for a context's rate. */
export function loops(rate) {
  return [['Guitar', guitar], ['Bass', bass], ['Drum', drum]].map(([name, play]) => {
    const buffer = new AudioBuffer({ length: Math.round(LENGTH * rate), sampleRate: rate });
    play(buffer.getChannelData(0), rate);
    return { name, buffer };
  });
}
