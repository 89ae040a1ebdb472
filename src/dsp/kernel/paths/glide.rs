//! Reading a signal at a delay that glides: with eight taps for reflections, with 32 for direct sounds.
//!
//! Fast glides get taps for every sample. Slow ones share what is made for the ends of a chunk of samples, and go between.

use super::{CHUNK, Polynomials, Table};
use crate::dsp::fractional::{Glide, LONG_TAPS, PHASES, SHORT_TAPS};
use crate::dsp::simd::Simd;

/// Chunks that a slow glide is cut into at once.
const CHUNKS: usize = 16;

/// Change of the delay over a chunk, samples, up to which taps go along a straight line from one end of it to the other.
/// What that neglects is `(ω · change)² / 8`: −57 dB at 16 kHz, for a path that grows by 1.3 m/s at 48 kHz.
const SLOW: f64 = 0.06;

/// # Safety
/// The caller is compiled for the instruction set of `S`; U · LANES is [`CHUNK`].
#[inline(always)]
pub(super) unsafe fn glide_lanes<S: Simd, const U: usize>(
    x: &[f32],
    start: usize,
    delay: &Glide,
    taps: &Polynomials,
    out: &mut [f32],
) {
    let middle = 0.5 * out.len() as f64;
    let mut done = 0;
    while done < out.len() {
        let from_middle = done as f64 - middle;
        let chunks = ((out.len() - done) / CHUNK).min(CHUNKS);
        let part = &mut out[done..];
        // SAFETY: granted by the caller.
        done += unsafe {
            if chunks > 0 && glide_slow::<S, U>(x, start + done, delay, from_middle, taps, &mut part[..chunks * CHUNK])
            {
                chunks * CHUNK
            } else {
                let frames = CHUNK.min(part.len());
                glide_chunk::<S, U>(x, start + done, delay, from_middle, taps, &mut part[..frames]);
                frames
            }
        };
    }
}

/// A few whole chunks of a glide, the first of them at `from_middle`, by taps that are made for the ends of the chunks alone;
/// false, and nothing is done, if it is too fast for that, or `x` does not reach.
///
/// # Safety
/// The caller is compiled for the instruction set of `S`; U · LANES is [`CHUNK`]; `out` is up to [`CHUNKS`] chunks long.
#[inline(always)]
unsafe fn glide_slow<S: Simd, const U: usize>(
    x: &[f32],
    start: usize,
    delay: &Glide,
    from_middle: f64,
    taps: &Polynomials,
    out: &mut [f32],
) -> bool {
    let frames = out.len() as f64;
    let [begin, half, end] = [0.0, 0.5, 1.0].map(|part| delay.at(from_middle + part * frames));
    let bend = begin - 2.0 * half + end;
    if (end - begin).abs() + 4.0 * bend.abs() > SLOW * frames / CHUNK as f64 {
        return false;
    }
    // No delay is shorter than this one, nor negative.
    let shortest = (begin.min(half).min(end) - bend.abs()) as usize;
    let Some(last) = start.checked_sub(shortest.saturating_add(SHORT_TAPS / 2)) else { return false };
    if last + out.len() + SHORT_TAPS - 1 > x.len() {
        return false;
    }
    // Along the chunks: first + slope · c + curve · c².
    let by_chunk = CHUNK as f64 / frames;
    let first = (begin - shortest as f64) as f32;
    let slope = ((end - begin - 2.0 * bend) * by_chunk) as f32;
    let curve = (2.0 * bend * by_chunk * by_chunk) as f32;
    let mut whole = [0.0f32; CHUNKS];
    let mut here = [[0.0f32; CHUNKS]; SHORT_TAPS];
    let mut more = [[0.0f32; CHUNKS]; SHORT_TAPS];
    for lane in (0..CHUNKS).step_by(S::LANES) {
        // SAFETY: the rows are 16 long, which all lanes fit in; the instruction set is granted by the caller.
        unsafe {
            let at = |c: S| S::splat(curve).mul_add(c, S::splat(slope)).mul_add(c, S::splat(first));
            let c = S::load(super::super::COUNT.as_ptr().add(lane));
            let (now, next) = (at(c), at(c.add(S::splat(1.0))));
            // Every chunk has the integer delay of its middle. A number so large has no fraction left; a hair more than a
            // half keeps what was rounded to below zero from being rounded down.
            let integers = S::splat(12_582_912.0);
            let mid = now.add(next).mul_add(S::splat(0.5), S::splat(-0.499));
            let integer = mid.add(integers).sub(integers);
            integer.store(whole.as_mut_ptr().add(lane));
            let from = integer.add(S::splat(0.5));
            let (now, next) = (now.sub(from), next.sub(from));
            let (squared, next_squared) = (now.mul(now), next.mul(next));
            for t in 0..SHORT_TAPS / 2 {
                let (even, odd) = halves(taps, t, squared);
                let (next_even, next_odd) = halves(taps, t, next_squared);
                let (near, far) = (now.mul_add(odd, even), now.neg_mul_add(odd, even));
                let by_sample = S::splat(1.0 / CHUNK as f32);
                let more_near = next.mul_add(next_odd, next_even).sub(near).mul(by_sample);
                let more_far = next.neg_mul_add(next_odd, next_even).sub(far).mul(by_sample);
                near.store(here[t].as_mut_ptr().add(lane));
                far.store(here[SHORT_TAPS - 1 - t].as_mut_ptr().add(lane));
                more_near.store(more[t].as_mut_ptr().add(lane));
                more_far.store(more[SHORT_TAPS - 1 - t].as_mut_ptr().add(lane));
            }
        }
    }
    for (c, out) in out.chunks_exact_mut(CHUNK).enumerate() {
        // Within `x`, whatever was rounded.
        let window = last + c * CHUNK - (whole[c] as usize).min(last);
        let whole_lanes = window + CHUNK + S::LANES <= x.len();
        for u in 0..U {
            // SAFETY: `x` goes on for 23 numbers from the window's first one, for all lanes after it where that was found; the
            // instruction set is granted by the caller.
            unsafe {
                let window = x.as_ptr().add(window + u * S::LANES);
                let (mut still, mut moving) = ([S::splat(0.0); 2], [S::splat(0.0); 2]);
                macro_rules! tap {
                    ($t:literal, $x:expr) => {
                        let x = $x;
                        still[$t % 2] = x.mul_add(S::splat(here[$t][c]), still[$t % 2]);
                        moving[$t % 2] = x.mul_add(S::splat(more[$t][c]), moving[$t % 2]);
                    };
                }
                macro_rules! taps {
                    ($($t:literal)*) => {
                        if whole_lanes {
                            let (first, next) = (S::load(window), S::load(window.add(S::LANES)));
                            tap!(0, first);
                            $(tap!($t, S::shifted::<$t>(window, first, next));)*
                        } else {
                            tap!(0, S::load(window));
                            $(tap!($t, S::load(window.add($t)));)*
                        }
                    };
                }
                taps!(1 2 3 4 5 6 7);
                let count = S::load(super::super::COUNT.as_ptr().add(u * S::LANES));
                let y = moving[0].add(moving[1]).mul_add(count, still[0].add(still[1]));
                y.store(out.as_mut_ptr().add(u * S::LANES));
            }
        }
    }
    true
}

/// One chunk of a glide, or less: taps for every sample.
///
/// # Safety
/// The caller is compiled for the instruction set of `S`; U · LANES is [`CHUNK`].
#[inline(always)]
unsafe fn glide_chunk<S: Simd, const U: usize>(
    x: &[f32],
    start: usize,
    delay: &Glide,
    from_middle: f64,
    taps: &Polynomials,
    out: &mut [f32],
) {
    let len = out.len();
    let half = 0.5 * len as f64;
    let here = delay.at(from_middle + half);
    // Delays are never negative.
    let whole = here as usize;
    let window = start.checked_sub(whole.saturating_add(SHORT_TAPS / 2));
    let Some(window) = window.and_then(|first| x.get(first..first + len + SHORT_TAPS - 1)) else {
        out.fill(0.0);
        return;
    };
    let slope = delay.slope + 2.0 * delay.curve * (from_middle + half);
    let first = (here - whole as f64 - 0.5 - slope * half) as f32;
    // A chunk may be shorter than what is worked on at once.
    let (mut padded, mut y) = ([0.0f32; CHUNK + SHORT_TAPS - 1], [0.0f32; CHUNK]);
    padded[..window.len()].copy_from_slice(window);
    for u in 0..U {
        // SAFETY: the window holds CHUNK + 7 numbers, `y` CHUNK; the instruction set is granted by the caller.
        unsafe {
            let count = S::load(super::super::COUNT.as_ptr().add(u * S::LANES));
            let g = count.mul_add(S::splat(slope as f32), S::splat(first));
            let squared = g.mul(g);
            let from = padded.as_ptr().add(u * S::LANES);
            let (mut even, mut odd) = (S::splat(0.0), S::splat(0.0));
            for t in 0..SHORT_TAPS / 2 {
                let (a, b) = (S::load(from.add(t)), S::load(from.add(SHORT_TAPS - 1 - t)));
                let (e, o) = halves(taps, t, squared);
                even = e.mul_add(a.add(b), even);
                odd = o.mul_add(a.sub(b), odd);
            }
            g.mul_add(odd, even).store(y.as_mut_ptr().add(u * S::LANES));
        }
    }
    out.copy_from_slice(&y[..len]);
}

/// The even powers of a tap's polynomial, and the odd ones but for one factor, from the fraction's square.
///
/// # Safety
/// The caller is compiled for the instruction set of `S`.
#[inline(always)]
unsafe fn halves<S: Simd>(taps: &Polynomials, t: usize, squared: S) -> (S, S) {
    // SAFETY: the instruction set is granted by the caller.
    unsafe {
        let c = |k: usize| S::splat(taps[k][t]);
        (squared.mul_add(squared.mul_add(c(4), c(2)), c(0)), squared.mul_add(squared.mul_add(c(5), c(3)), c(1)))
    }
}

/// Change of the delay over a chunk, samples, up to which the taps of a long glide go along a parabola through those of the
/// chunk's beginning, middle and end. What that neglects is `(ω · change)³ / 125`: −95 dB at 16 kHz, for a path that grows by
/// 1.3 m/s at 48 kHz.
const LONG_SLOW: f64 = 0.06;

/// # Safety
/// The caller is compiled for the instruction set of `S`; U · LANES is [`CHUNK`].
#[inline(always)]
pub(super) unsafe fn glide_long_lanes<S: Simd, const U: usize>(
    x: &[f32],
    start: usize,
    delay: &Glide,
    table: &Table,
    out: &mut [f32],
) {
    let middle = 0.5 * out.len() as f64;
    for (chunk, out) in out.chunks_mut(CHUNK).enumerate() {
        let first = chunk * CHUNK;
        let from_middle = first as f64 - middle;
        // SAFETY: granted by the caller.
        unsafe {
            if out.len() < CHUNK || !glide_long_slow::<S, U>(x, start + first, delay, from_middle, table, out) {
                glide_long_chunk::<S>(x, start + first, delay, from_middle, table, out);
            }
        }
    }
}

/// The taps of a fraction of a sample: two rows of the table, and how far it lies between them.
#[inline(always)]
fn rows(table: &Table, fraction: f64) -> (&[[f32; LONG_TAPS]; 2], f32) {
    let phase = fraction * PHASES as f64;
    let row = (phase as usize).min(PHASES - 1);
    let (_, from) = table.split_at(row);
    // The table has a row more than there are phases.
    let rows = from.first_chunk().unwrap_or(&[[0.0; LONG_TAPS]; 2]);
    (rows, (phase - row as f64) as f32)
}

/// The long reader's taps for a fraction of a sample, between two rows of its table.
#[inline(always)]
pub(crate) fn long_taps(table: &Table, fraction: f64) -> [f32; LONG_TAPS] {
    let ([a, b], part) = rows(table, fraction);
    let mut taps = [0.0; LONG_TAPS];
    for t in 0..LONG_TAPS {
        taps[t] = a[t] + part * (b[t] - a[t]);
    }
    taps
}

/// A whole chunk of a long glide, all lanes at once; false, and nothing is done, if it is too fast for that, goes over a whole
/// sample, or `x` does not reach.
///
/// # Safety
/// The caller is compiled for the instruction set of `S`; U · LANES is [`CHUNK`], which `out` is long.
#[inline(always)]
unsafe fn glide_long_slow<S: Simd, const U: usize>(
    x: &[f32],
    start: usize,
    delay: &Glide,
    from_middle: f64,
    table: &Table,
    out: &mut [f32],
) -> bool {
    let delays = [0.0, 0.5, 1.0].map(|part| delay.at(from_middle + part * CHUNK as f64));
    let bend = delays[0] - 2.0 * delays[1] + delays[2];
    // Delays are never negative.
    let whole = delays[1] as usize;
    if (delays[2] - delays[0]).abs() + 4.0 * bend.abs() > LONG_SLOW || delays.iter().any(|d| *d as usize != whole) {
        return false;
    }
    let Some(window) = start.checked_sub(whole.saturating_add(LONG_TAPS / 2)) else { return false };
    let Some(window) = x.get(window..window + CHUNK + LONG_TAPS - 1) else { return false };
    let fraction = delays.map(|delay| delay - whole as f64);
    let (begin, mid, end) =
        (long_taps(table, fraction[0]), long_taps(table, fraction[1]), long_taps(table, fraction[2]));
    // Of each tap: in the middle, along the chunk, and along its square.
    let mut taps = [mid; 3];
    for t in 0..LONG_TAPS {
        taps[1][t] = end[t] - begin[t];
        taps[2][t] = 2.0 * (begin[t] + end[t] - 2.0 * mid[t]);
    }
    for u in 0..U {
        // SAFETY: the window is 31 samples longer than the chunk; the instruction set is granted by the caller.
        unsafe {
            let (mut mid, mut slope, mut curve) = ([S::splat(0.0); 2], [S::splat(0.0); 2], [S::splat(0.0); 2]);
            for t in 0..LONG_TAPS {
                let x = S::load(window.as_ptr().add(u * S::LANES + t));
                mid[t % 2] = x.mul_add(S::splat(taps[0][t]), mid[t % 2]);
                slope[t % 2] = x.mul_add(S::splat(taps[1][t]), slope[t % 2]);
                curve[t % 2] = x.mul_add(S::splat(taps[2][t]), curve[t % 2]);
            }
            let (mid, slope, curve) = (mid[0].add(mid[1]), slope[0].add(slope[1]), curve[0].add(curve[1]));
            let count = S::load(super::super::COUNT.as_ptr().add(u * S::LANES));
            let q = count.mul_add(S::splat(1.0 / CHUNK as f32), S::splat(-0.5));
            curve.mul_add(q, slope).mul_add(q, mid).store(out.as_mut_ptr().add(u * S::LANES));
        }
    }
    true
}

/// Some samples of a long glide: taps for every sample.
///
/// # Safety
/// The caller is compiled for the instruction set of `S`.
#[inline(always)]
unsafe fn glide_long_chunk<S: Simd>(
    x: &[f32],
    start: usize,
    delay: &Glide,
    from_middle: f64,
    table: &Table,
    out: &mut [f32],
) {
    for (n, y) in out.iter_mut().enumerate() {
        let here = delay.at(n as f64 + from_middle);
        // Delays are never negative.
        let whole = here as usize;
        let first = (start + n).checked_sub(whole.saturating_add(LONG_TAPS / 2));
        *y = match first.and_then(|first| x.get(first..first + LONG_TAPS)) {
            // SAFETY: all three hold 32 numbers, a multiple of the lanes; the instruction set is granted by the caller.
            Some(x) => unsafe {
                let ([a, b], part) = rows(table, here - whole as f64);
                let (mut near, mut far) = (S::splat(0.0), S::splat(0.0));
                for t in (0..LONG_TAPS).step_by(S::LANES) {
                    let x = S::load(x.as_ptr().add(t));
                    near = x.mul_add(S::load(a.as_ptr().add(t)), near);
                    far = x.mul_add(S::load(b.as_ptr().add(t)), far);
                }
                S::splat(part).mul_add(far.sub(near), near).sum()
            },
            None => 0.0,
        };
    }
}
