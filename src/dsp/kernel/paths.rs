//! The inner loops of a room's paths: reading a signal between its samples, and adding many signals to the bus.
//!
//! As with the loops over bins, each is written once for any number of lanes and chosen at run time. A bus of sixteen
//! channels stays in registers while many signals are added to it.

use crate::dsp::fractional::{Glide, LONG_TAPS, PHASES, SHORT_TAPS};
use crate::dsp::simd::{Portable, Simd};

/// Channels of the bus that signals are added to: third order.
pub const CHANNELS: usize = 16;

/// Most signals added in one pass.
pub const MOST: usize = 24;

/// Samples that share an integer delay in [`PathKernels::glide`].
pub const CHUNK: usize = 16;

/// Samples of one plane that lie side by side in what [`PathKernels::combine`] reads.
pub const GROUP: usize = 16;

/// Planes of a group: a signal, then its seven parts.
pub const PLANES: usize = 8;

/// A polynomial for each tap of the short reader. As tap 7 − t is tap t of the mirrored fraction, half of them are kept:
/// `[power of (fraction − ½)][tap]`.
pub type Polynomials = [[f32; SHORT_TAPS / 2]; 6];

/// The rows of the long reader's table, one a phase and one more.
pub type Table = [[f32; LONG_TAPS]; PHASES + 1];

/// A signal's gain into each channel: at the first sample, and how much more one sample after the last.
pub type Ramp = [[f32; CHANNELS]; 2];

type FirFn<const T: usize> = fn(&[f32], &[f32; T], &mut [f32]);
type GlideFn = fn(&[f32], usize, &Glide, &Polynomials, &mut [f32]);
type LongFn = fn(&[f32], usize, &Glide, &Table, &mut [f32]);
type CombineFn = fn(&[f32], &[f32; PLANES - 1], &[f32; PLANES - 1], &mut [f32]);
type BlendFn = fn([&[f32; CHANNELS]; 3], &[[f32; 3]; 2], &mut Ramp);
type MixFn = fn(&mut [f32], usize, usize, &[f32], &[Ramp]);
type AddFn = fn(&mut [f32], &[f32], [f32; 2]);

/// The loops for this machine.
#[derive(Clone, Copy)]
pub struct PathKernels {
    name: &'static str,
    short: FirFn<SHORT_TAPS>,
    long: FirFn<LONG_TAPS>,
    glide: GlideFn,
    glide_long: LongFn,
    combine: CombineFn,
    blend: BlendFn,
    mix: MixFn,
    add: AddFn,
}

impl std::fmt::Debug for PathKernels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PathKernels").field(&self.name).finish()
    }
}

impl PathKernels {
    /// The fastest loops that this machine can run.
    pub fn detect() -> Self {
        Self::all().pop().unwrap_or(portable::KERNELS)
    }

    /// Every set of loops that this machine can run, the slowest first.
    pub fn all() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut sets = vec![portable::KERNELS];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            sets.push(avx2::KERNELS);
            if is_x86_feature_detected!("avx512f") {
                sets.push(avx512::KERNELS);
            }
        }
        sets
    }

    /// `out[n] = Σ taps[t] · x[n + t]`; `x` is at least `out.len() + 7` long.
    pub fn short(&self, x: &[f32], taps: &[f32; SHORT_TAPS], out: &mut [f32]) {
        assert!(x.len() + 1 >= out.len() + SHORT_TAPS);
        (self.short)(x, taps, out);
    }

    /// `out[n] = Σ taps[t] · x[n + t]`; `x` is at least `out.len() + 31` long.
    pub fn long(&self, x: &[f32], taps: &[f32; LONG_TAPS], out: &mut [f32]) {
        assert!(x.len() + 1 >= out.len() + LONG_TAPS);
        (self.long)(x, taps, out);
    }

    /// `out[n] = x[start + n − delay]` by eight taps, silence where `x` does not reach. Every [`CHUNK`] samples share an
    /// integer delay, and a straight piece of the way.
    pub fn glide(&self, x: &[f32], start: usize, delay: &Glide, taps: &Polynomials, out: &mut [f32]) {
        (self.glide)(x, start, delay, taps, out);
    }

    /// `out[n] = x[start + n − delay]` by 32 taps, silence where `x` does not reach.
    pub fn glide_long(&self, x: &[f32], start: usize, delay: &Glide, table: &Table, out: &mut [f32]) {
        (self.glide_long)(x, start, delay, table, out);
    }

    /// `out[n] = Σ parts_b[n] · (from_b + step_b · n)`. `groups` is `[out.len() / GROUP][PLANES][GROUP]`; of the planes,
    /// the parts count, not the signal before them.
    pub fn combine(&self, groups: &[f32], from: &[f32; PLANES - 1], step: &[f32; PLANES - 1], out: &mut [f32]) {
        assert!(out.len().is_multiple_of(GROUP) && groups.len() == PLANES * out.len());
        (self.combine)(groups, from, step, out);
    }

    /// The gains that three sets of gains come to, weighted differently at both ends of a ramp.
    pub fn blend(&self, gains: [&[f32; CHANNELS]; 3], ends: &[[f32; 3]; 2]) -> Ramp {
        let mut ramp = [[0.0; CHANNELS]; 2];
        (self.blend)(gains, ends, &mut ramp);
        ramp
    }

    /// `bus[c][n] += Σ signals[i][n] · (from_i(c) + more_i(c) · n / frames)`. `bus` is `[16][stride]`, `signals` is
    /// `[gains.len()][stride]`, the first `frames` samples of each plane count; at most [`MOST`] signals.
    pub fn mix(&self, bus: &mut [f32], stride: usize, frames: usize, signals: &[f32], gains: &[Ramp]) {
        if frames == 0 || gains.is_empty() {
            return;
        }
        assert!(gains.len() <= MOST && frames <= stride);
        assert!(bus.len() >= (CHANNELS - 1) * stride + frames);
        assert!(signals.len() >= (gains.len() - 1) * stride + frames);
        (self.mix)(bus, stride, frames, signals, gains);
    }

    /// `to[n] += x[n] · (from + more · n / frames)`, with as many frames as both have.
    pub fn add(&self, to: &mut [f32], x: &[f32], from: f32, more: f32) {
        let frames = to.len().min(x.len());
        (self.add)(&mut to[..frames], &x[..frames], [from, more]);
    }
}

/// # Safety
/// The caller is compiled for the instruction set of `S`; `x` is at least `out.len() + T − 1` long.
#[inline(always)]
unsafe fn fir_lanes<S: Simd, const T: usize>(x: &[f32], taps: &[f32; T], out: &mut [f32]) {
    let frames = out.len();
    if frames < S::LANES {
        for (n, y) in out.iter_mut().enumerate() {
            *y = taps.iter().zip(&x[n..]).map(|(t, x)| t * x).sum();
        }
        return;
    }
    let mut n = 0;
    loop {
        // SAFETY: n + LANES ≤ frames, and x is T − 1 longer; the instruction set is granted by the caller.
        unsafe {
            let from = x.as_ptr().add(n);
            let mut y = [S::splat(0.0); 2];
            for t in 0..T {
                y[t % 2] = S::load(from.add(t)).mul_add(S::splat(taps[t]), y[t % 2]);
            }
            y[0].add(y[1]).store(out.as_mut_ptr().add(n));
        }
        if n + S::LANES >= frames {
            return;
        }
        // The last lanes may be done twice.
        n = (n + S::LANES).min(frames - S::LANES);
    }
}

/// Chunks that a slow glide is cut into at once.
const CHUNKS: usize = 16;

/// Change of the delay over a chunk, samples, up to which taps go along a straight line from one end of it to the other.
/// What that neglects is `(ω · change)² / 8`: −57 dB at 16 kHz, for a path that grows by 1.3 m/s at 48 kHz.
const SLOW: f64 = 0.06;

/// # Safety
/// The caller is compiled for the instruction set of `S`; U · LANES is [`CHUNK`].
#[inline(always)]
unsafe fn glide_lanes<S: Simd, const U: usize>(
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
            let c = S::load(super::COUNT.as_ptr().add(lane));
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
        for u in 0..U {
            // SAFETY: `x` goes on for 23 numbers from the window's first one; the instruction set is granted by the caller.
            unsafe {
                let window = x.as_ptr().add(window + u * S::LANES);
                let (mut still, mut moving) = ([S::splat(0.0); 2], [S::splat(0.0); 2]);
                for t in 0..SHORT_TAPS {
                    let x = S::load(window.add(t));
                    still[t % 2] = x.mul_add(S::splat(here[t][c]), still[t % 2]);
                    moving[t % 2] = x.mul_add(S::splat(more[t][c]), moving[t % 2]);
                }
                let count = S::load(super::COUNT.as_ptr().add(u * S::LANES));
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
            let count = S::load(super::COUNT.as_ptr().add(u * S::LANES));
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
unsafe fn glide_long_lanes<S: Simd, const U: usize>(
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
    // Of each tap: at the chunk's beginning, middle and end; then in the middle, along the chunk, and along its square.
    let mut taps = [[0.0f32; LONG_TAPS]; 3];
    for (taps, delay) in taps.iter_mut().zip(delays) {
        let ([a, b], part) = rows(table, delay - whole as f64);
        for t in 0..LONG_TAPS {
            taps[t] = a[t] + part * (b[t] - a[t]);
        }
    }
    let [begin, mid, end] = taps;
    for t in 0..LONG_TAPS {
        taps[0][t] = mid[t];
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
            let count = S::load(super::COUNT.as_ptr().add(u * S::LANES));
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

/// # Safety
/// The caller is compiled for the instruction set of `S` and has checked the lengths as [`PathKernels::combine`] does.
#[inline(always)]
unsafe fn combine_lanes<S: Simd>(groups: &[f32], from: &[f32; PLANES - 1], step: &[f32; PLANES - 1], out: &mut [f32]) {
    let still = *step == [0.0; PLANES - 1];
    let mut first = 0.0;
    for (out, group) in out.chunks_exact_mut(GROUP).zip(groups.chunks_exact(PLANES * GROUP)) {
        for n in (0..GROUP).step_by(S::LANES) {
            // SAFETY: n + LANES ≤ GROUP, which every plane holds; the instruction set is granted by the caller.
            unsafe {
                let part = |b: usize| S::load(group.as_ptr().add((b + 1) * GROUP + n));
                // Two chains, as one would wait for itself.
                let mut y = [S::splat(0.0); 2];
                for b in 0..PLANES - 1 {
                    y[b % 2] = part(b).mul_add(S::splat(from[b]), y[b % 2]);
                }
                if !still {
                    let mut more = [S::splat(0.0); 2];
                    for b in 0..PLANES - 1 {
                        more[b % 2] = part(b).mul_add(S::splat(step[b]), more[b % 2]);
                    }
                    let t = S::load(super::COUNT.as_ptr().add(n)).add(S::splat(first));
                    y[0] = more[0].add(more[1]).mul_add(t, y[0]);
                }
                y[0].add(y[1]).store(out.as_mut_ptr().add(n));
            }
        }
        first += GROUP as f32;
    }
}

/// # Safety
/// The caller is compiled for the instruction set of `S`.
#[inline(always)]
unsafe fn blend_lanes<S: Simd>(gains: [&[f32; CHANNELS]; 3], ends: &[[f32; 3]; 2], ramp: &mut Ramp) {
    for c in (0..CHANNELS).step_by(S::LANES) {
        // SAFETY: all planes have CHANNELS numbers, a multiple of the lanes; the instruction set is granted by the caller.
        unsafe {
            let g = gains.map(|g| S::load(g.as_ptr().add(c)));
            let at = |w: [f32; 3]| g[2].mul_add(S::splat(w[2]), g[1].mul_add(S::splat(w[1]), g[0].mul(S::splat(w[0]))));
            at(ends[0]).store(ramp[0].as_mut_ptr().add(c));
            at(std::array::from_fn(|i| ends[1][i] - ends[0][i])).store(ramp[1].as_mut_ptr().add(c));
        }
    }
}

/// # Safety
/// The caller is compiled for the instruction set of `S` and has checked the lengths as [`PathKernels::mix`] does.
/// C divides [`CHANNELS`].
#[inline(always)]
unsafe fn mix_lanes<S: Simd, const C: usize>(
    bus: &mut [f32],
    stride: usize,
    frames: usize,
    signals: &[f32],
    gains: &[Ramp],
) {
    let mut moves = [false; MOST];
    for (moves, [_, more]) in moves.iter_mut().zip(gains) {
        *moves = *more != [0.0; CHANNELS];
    }
    let scale = 1.0 / frames as f32;
    let whole = frames - frames % S::LANES;
    for first in (0..CHANNELS).step_by(C) {
        let mut n = 0;
        while n < whole {
            // SAFETY: n + LANES ≤ frames, which every plane holds; the instruction set is granted by the caller.
            unsafe {
                let t = S::load(super::COUNT.as_ptr()).add(S::splat(n as f32)).mul(S::splat(scale));
                let plane = bus.as_mut_ptr().add(first * stride + n);
                let mut sums = [S::splat(0.0); C];
                for c in 0..C {
                    sums[c] = S::load(plane.add(c * stride));
                }
                for (i, [from, more]) in gains.iter().enumerate() {
                    let x = S::load(signals.as_ptr().add(i * stride + n));
                    for c in 0..C {
                        sums[c] = x.mul_add(S::splat(from[first + c]), sums[c]);
                    }
                    if moves[i] {
                        let x = x.mul(t);
                        for c in 0..C {
                            sums[c] = x.mul_add(S::splat(more[first + c]), sums[c]);
                        }
                    }
                }
                for c in 0..C {
                    sums[c].store(plane.add(c * stride));
                }
            }
            n += S::LANES;
        }
    }
    for n in whole..frames {
        let t = n as f32 * scale;
        for (i, [from, more]) in gains.iter().enumerate() {
            let x = signals[i * stride + n];
            for c in 0..CHANNELS {
                bus[c * stride + n] += x * (from[c] + t * more[c]);
            }
        }
    }
}

/// # Safety
/// The caller is compiled for the instruction set of `S`; both slices are of one length.
#[inline(always)]
unsafe fn add_lanes<S: Simd>(to: &mut [f32], x: &[f32], [from, more]: [f32; 2]) {
    let frames = to.len();
    let step = more / frames as f32;
    let whole = frames - frames % S::LANES;
    let mut n = 0;
    while n < whole {
        // SAFETY: n + LANES ≤ frames; the instruction set is granted by the caller.
        unsafe {
            let t = S::load(super::COUNT.as_ptr()).add(S::splat(n as f32));
            let gain = t.mul_add(S::splat(step), S::splat(from));
            let y = to.as_mut_ptr().add(n);
            S::load(x.as_ptr().add(n)).mul_add(gain, S::load(y)).store(y);
        }
        n += S::LANES;
    }
    for n in whole..frames {
        to[n] += x[n] * (from + step * n as f32);
    }
}

/// One entry: the loop compiled for the instruction set, behind a function that any code may call.
macro_rules! entry {
    ([$($features:literal)?] $name:ident($($arg:ident: $type:ty),*) $body:expr) => {
        fn $name($($arg: $type),*) {
            $(#[target_feature(enable = $features)])?
            fn here($($arg: $type),*) {
                // SAFETY: this function is compiled for the instruction set, and `PathKernels` checked the lengths.
                unsafe { $body }
            }
            // SAFETY: `PathKernels::all` hands this out only after it found the instruction set.
            #[allow(unused_unsafe)]
            unsafe { here($($arg),*) }
        }
    };
}

/// The same entries for one instruction set.
macro_rules! instruction_set {
    ($name:ident, $lanes:ty, $vectors:literal, $channels:literal, [$($features:literal)?]) => {
        mod $name {
            use super::*;

            entry!([$($features)?] short(x: &[f32], taps: &[f32; SHORT_TAPS], out: &mut [f32])
                fir_lanes::<$lanes, SHORT_TAPS>(x, taps, out));
            entry!([$($features)?] long(x: &[f32], taps: &[f32; LONG_TAPS], out: &mut [f32])
                fir_lanes::<$lanes, LONG_TAPS>(x, taps, out));
            entry!([$($features)?] glide(x: &[f32], start: usize, delay: &Glide, taps: &Polynomials, out: &mut [f32])
                glide_lanes::<$lanes, $vectors>(x, start, delay, taps, out));
            entry!([$($features)?] glide_long(x: &[f32], start: usize, delay: &Glide, table: &Table, out: &mut [f32])
                glide_long_lanes::<$lanes, $vectors>(x, start, delay, table, out));
            entry!([$($features)?] combine(groups: &[f32], from: &[f32; PLANES - 1], step: &[f32; PLANES - 1], out: &mut [f32])
                combine_lanes::<$lanes>(groups, from, step, out));
            entry!([$($features)?] blend(gains: [&[f32; CHANNELS]; 3], ends: &[[f32; 3]; 2], ramp: &mut Ramp)
                blend_lanes::<$lanes>(gains, ends, ramp));
            entry!([$($features)?] mix(bus: &mut [f32], stride: usize, frames: usize, signals: &[f32], gains: &[Ramp])
                mix_lanes::<$lanes, $channels>(bus, stride, frames, signals, gains));
            entry!([$($features)?] add(to: &mut [f32], x: &[f32], gain: [f32; 2]) add_lanes::<$lanes>(to, x, gain));

            pub(super) const KERNELS: PathKernels =
                PathKernels { name: stringify!($name), short, long, glide, glide_long, combine, blend, mix, add };
        }
    };
}

instruction_set!(portable, Portable, 4, 8, []);
#[cfg(target_arch = "x86_64")]
instruction_set!(avx2, crate::dsp::simd::Avx2, 2, 8, ["avx2,fma"]);
#[cfg(target_arch = "x86_64")]
instruction_set!(avx512, crate::dsp::simd::Avx512, 1, 16, ["avx512f,avx2,fma"]);

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<f32> {
        (0..len as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0).collect()
    }

    #[test]
    fn every_set_of_loops_mixes_the_sum_of_ramped_signals() {
        for kernels in PathKernels::all() {
            for (frames, stride, count) in [(256, 256, 8), (37, 40, 24), (5, 9, 3), (1, 1, 1), (64, 70, 0)] {
                let signals = noise(count.max(1) * stride);
                let gains: Vec<Ramp> = (0..count)
                    .map(|i| {
                        let from = std::array::from_fn(|c| ((i * 16 + c) as f32).sin());
                        // One in three stays as it is.
                        let more = std::array::from_fn(|c| if i % 3 == 0 { 0.0 } else { ((i + c) as f32).cos() });
                        [from, more]
                    })
                    .collect();
                let mut bus = vec![0.5; CHANNELS * stride];
                kernels.mix(&mut bus, stride, frames, &signals, &gains);
                for c in 0..CHANNELS {
                    for n in 0..stride {
                        let gain = |i: usize| gains[i][0][c] + gains[i][1][c] * n as f32 / frames as f32;
                        let sum = (0..count).map(|i| gain(i) * signals[i * stride + n]).sum::<f32>();
                        let want = if n < frames { 0.5 + sum } else { 0.5 };
                        let got = bus[c * stride + n];
                        assert!((got - want).abs() < 2e-5, "{kernels:?} {frames} {c} {n}: {got} {want}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_set_of_loops_adds_a_ramped_signal() {
        for kernels in PathKernels::all() {
            for frames in [1, 7, 16, 100] {
                let x = noise(frames);
                let mut y = vec![1.0; frames];
                kernels.add(&mut y, &x, 0.5, -0.25);
                for n in 0..frames {
                    let want = 1.0 + x[n] * (0.5 - 0.25 * n as f32 / frames as f32);
                    assert!((y[n] - want).abs() < 1e-6, "{kernels:?} {frames} {n}");
                }
            }
        }
    }

    #[test]
    fn every_set_of_loops_filters_and_glides_alike() {
        let x = noise(700);
        let reader = crate::dsp::fractional::ShortReader::new();
        let long = crate::dsp::fractional::LongReader::new();
        // Fast, slow over whole samples, and around a turn.
        let ways = [(60.3, -0.03, 1e-5), (60.9, 0.003, 0.0), (60.3, 1e-4, 1e-5)];
        for (frames, (mid, slope, curve)) in [1, 15, 16, 100, 256].into_iter().flat_map(|n| ways.map(|w| (n, w))) {
            let delay = Glide { mid, slope, curve };
            let run = |kernels: &PathKernels| {
                let mut out = vec![vec![0.0f32; frames]; 4];
                kernels.short(&x[..frames + 7], &std::array::from_fn(|t| 0.1 * t as f32), &mut out[0]);
                kernels.long(&x[..frames + 31], &std::array::from_fn(|t| 0.02 * t as f32), &mut out[1]);
                kernels.glide(&x, 300, &delay, reader.polynomials(), &mut out[2]);
                kernels.glide_long(&x, 300, &delay, long.table(), &mut out[3]);
                out.concat()
            };
            let want = run(&portable::KERNELS);
            assert!(want.iter().any(|y| y.abs() > 0.1));
            for kernels in PathKernels::all() {
                for (got, want) in run(&kernels).iter().zip(&want) {
                    assert!((got - want).abs() < 2e-6, "{kernels:?} {frames}: {got} {want}");
                }
            }
            let fir: f32 = (0..8).map(|t| 0.1 * t as f32 * x[frames - 1 + t]).sum();
            assert!((want[frames - 1] - fir).abs() < 1e-6);
        }
    }
}
