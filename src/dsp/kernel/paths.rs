//! The inner loops of a room's paths: reading a signal between its samples, and adding many signals to the bus.
//!
//! As with the loops over bins, each is written once for any number of lanes and chosen at run time. A bus of sixteen
//! channels stays in registers while many signals are added to it.

mod glide;

use crate::dsp::fractional::{Glide, LONG_TAPS, PHASES, SHORT_TAPS};
use crate::dsp::simd::{Portable, Simd};
pub(crate) use glide::long_taps;
use glide::{glide_lanes, glide_long_lanes};

/// Channels of the bus that signals are added to: third order.
pub const CHANNELS: usize = 16;

/// Most signals added in one pass.
pub const MOST: usize = 24;

/// Samples that share an integer delay in [`PathKernels::glide`].
pub const CHUNK: usize = 16;

/// Samples after which a slow gain takes its next step in [`PathKernels::mix_in_steps`].
const STEP: usize = 16;

/// Change of a signal's gains from one step to the next, of the gains themselves (both as root mean squares), up to which they go in
/// steps. What that adds is a twelfth of the step's square: −77 dB of the signal.
const SLOW_GAIN: f32 = 1.0 / 2048.0;

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
    mix_in_steps: MixFn,
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
        mix_by(self.mix, bus, stride, frames, signals, gains);
    }

    /// The same for half the work, where gains that change slowly may go in steps of sixteen samples.
    pub fn mix_in_steps(&self, bus: &mut [f32], stride: usize, frames: usize, signals: &[f32], gains: &[Ramp]) {
        mix_by(self.mix_in_steps, bus, stride, frames, signals, gains);
    }

    /// `to[n] += x[n] · (from + more · n / frames)`, with as many frames as both have.
    pub fn add(&self, to: &mut [f32], x: &[f32], from: f32, more: f32) {
        let frames = to.len().min(x.len());
        (self.add)(&mut to[..frames], &x[..frames], [from, more]);
    }
}

/// The loops read without looking: every length is checked here, once.
fn mix_by(mix: MixFn, bus: &mut [f32], stride: usize, frames: usize, signals: &[f32], gains: &[Ramp]) {
    if frames == 0 || gains.is_empty() {
        return;
    }
    assert!(gains.len() <= MOST && frames <= stride);
    assert!(bus.len() >= (CHANNELS - 1) * stride + frames);
    assert!(signals.len() >= (gains.len() - 1) * stride + frames);
    mix(bus, stride, frames, signals, gains);
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

/// How a signal's gains go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    Still,
    InSteps,
    Ramp,
}

/// # Safety
/// The caller is compiled for the instruction set of `S`, whose lanes divide [`CHANNELS`].
#[inline(always)]
unsafe fn course<S: Simd>([from, more]: &Ramp, by: f32, in_steps: bool) -> Course {
    if *more == [0.0; CHANNELS] {
        return Course::Still;
    }
    if !in_steps {
        return Course::Ramp;
    }
    // SAFETY: both hold CHANNELS numbers; the instruction set is granted by the caller.
    unsafe {
        let (by, most) = (S::splat(by), S::splat(SLOW_GAIN));
        let mut excess = S::splat(0.0);
        for c in (0..CHANNELS).step_by(S::LANES) {
            let (gain, step) = (S::load(from.as_ptr().add(c)).mul(most), S::load(more.as_ptr().add(c)).mul(by));
            excess = gain.neg_mul_add(gain, step.mul_add(step, excess));
        }
        if excess.sum() <= 0.0 { Course::InSteps } else { Course::Ramp }
    }
}

/// # Safety
/// The caller is compiled for the instruction set of `S` and has checked the lengths as [`mix_by`] does.
/// C divides [`CHANNELS`] and is a multiple of the lanes, which divide [`STEP`].
#[inline(always)]
unsafe fn mix_lanes<S: Simd, const C: usize>(
    in_steps: bool,
    bus: &mut [f32],
    stride: usize,
    frames: usize,
    signals: &[f32],
    gains: &[Ramp],
) {
    let scale = 1.0 / frames as f32;
    let by = STEP as f32 * scale;
    let mut courses = [Course::Still; MOST];
    for (to, ramp) in courses.iter_mut().zip(gains) {
        // SAFETY: granted by the caller.
        *to = unsafe { course::<S>(ramp, by, in_steps) };
    }
    let whole = frames - frames % S::LANES;
    for first in (0..CHANNELS).step_by(C) {
        // The gains as they are at the middle of a step.
        let mut now = [[0.0f32; C]; MOST];
        for (i, [from, more]) in gains.iter().enumerate() {
            let part = if courses[i] == Course::InSteps { 0.5 * by } else { 0.0 };
            for c in 0..C {
                now[i][c] = from[first + c] + part * more[first + c];
            }
        }
        let mut n = 0;
        while n < whole {
            let steps = (n + S::LANES).is_multiple_of(STEP);
            // SAFETY: n + LANES ≤ frames, which every plane holds; the instruction set is granted by the caller.
            unsafe {
                let t = S::load(super::COUNT.as_ptr()).add(S::splat(n as f32)).mul(S::splat(scale));
                let plane = bus.as_mut_ptr().add(first * stride + n);
                let mut sums = [S::splat(0.0); C];
                for c in 0..C {
                    sums[c] = S::load(plane.add(c * stride));
                }
                for (i, [_, more]) in gains.iter().enumerate() {
                    let x = S::load(signals.as_ptr().add(i * stride + n));
                    for c in 0..C {
                        sums[c] = x.mul_add(S::splat(now[i][c]), sums[c]);
                    }
                    if courses[i] == Course::Ramp {
                        let x = x.mul(t);
                        for c in 0..C {
                            sums[c] = x.mul_add(S::splat(more[first + c]), sums[c]);
                        }
                    } else if steps && courses[i] == Course::InSteps {
                        for c in (0..C).step_by(S::LANES) {
                            let (now, more) = (now[i].as_mut_ptr().add(c), more.as_ptr().add(first + c));
                            S::load(more).mul_add(S::splat(by), S::load(now)).store(now);
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
                mix_lanes::<$lanes, $channels>(false, bus, stride, frames, signals, gains));
            entry!([$($features)?] mix_in_steps(bus: &mut [f32], stride: usize, frames: usize, signals: &[f32], gains: &[Ramp])
                mix_lanes::<$lanes, $channels>(true, bus, stride, frames, signals, gains));
            entry!([$($features)?] add(to: &mut [f32], x: &[f32], gain: [f32; 2]) add_lanes::<$lanes>(to, x, gain));

            pub(super) const KERNELS: PathKernels =
                PathKernels { name: stringify!($name), short, long, glide, glide_long, combine, blend, mix, mix_in_steps, add };
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
    fn gains_go_in_steps_only_where_they_are_slow() {
        const FRAMES: usize = 256;
        let signals = noise(3 * FRAMES);
        let ramp = |rate: f32| -> Ramp {
            let from: [f32; CHANNELS] = std::array::from_fn(|c| (c as f32).cos());
            [from, std::array::from_fn(|c| rate * (1.7 * c as f32).sin())]
        };
        // A still one, and ones at both sides of the limit.
        let slow = FRAMES as f32 / STEP as f32 * SLOW_GAIN;
        let gains = [ramp(0.0), ramp(0.9 * slow), ramp(2.0 * slow)];
        for kernels in PathKernels::all() {
            let error = |count: usize| {
                let (mut want, mut got) = (vec![0.0; CHANNELS * FRAMES], vec![0.0; CHANNELS * FRAMES]);
                for i in 0..count {
                    kernels.mix(&mut want, FRAMES, FRAMES, &signals[i * FRAMES..], &gains[i..=i]);
                }
                kernels.mix_in_steps(&mut got, FRAMES, FRAMES, &signals, &gains[..count]);
                let energy = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
                let missed = energy(&mut want.iter().zip(&got).map(|(a, b)| a - b));
                10.0 * (missed / energy(&mut want.iter().copied())).log10()
            };
            let [still, two, three] = [1, 2, 3].map(error);
            assert!(still < -130.0, "{kernels:?}: {still}");
            assert!((-90.0..-77.0).contains(&two), "{kernels:?}: {two}");
            // The third, a ramp, adds signal and no error.
            assert!(three < two, "{kernels:?}: {three}");
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
