//! The inner loops over bins, each written once for any number of lanes and chosen at run time.
//!
//! Three loops carry the sound. [`Kernels::sweep`] sends one spectrum through one ear's *moving* filter,
//! [`Kernels::apply`] through a filter that rests, and [`Kernels::finish`] turns the four sums of a hop into samples.
//!
//! # The moving filter
//! Within a hop the filter of one ear follows `H(q) = (A + D₁q + D₂q²) · exp(−jω(τ + t₁q + t₂q²))`, q from −½ to ½:
//! a magnitude-and-shape part that goes along a parabola, and a delay that does. Expanding the exponential about the
//! middle of the hop to third order gives a polynomial in q whose coefficients are spectra,
//! `H(q) ≈ (C₀ + C₁q + C₂q² + C₃q³) · exp(−jωτ)`. The sums `Σ C_k X` over all sources are formed here, bin by bin, and
//! the powers of q are applied after the inverse transforms, once for all sources. What is left out is
//! `(ωt₁/2)⁴/24`: −88 dB at 7 kHz for a source that circles the head in two seconds, at hops of 256 frames.
#![allow(unsafe_code)]

pub mod paths;

use super::fft::Tangle;
use super::simd::{Portable, Simd};
use rustfft::num_complex::Complex;

/// The coefficients `C₀` to `C₃` of one ear, summed over sources: real then imaginary parts of each, `[8][bins]`.
#[derive(Clone, Debug)]
pub struct Sums {
    bins: usize,
    data: Vec<f32>,
}

/// The number of coefficients.
pub const ORDERS: usize = 4;

impl Sums {
    /// Zeros, for spectra of `bins` padded bins.
    pub fn new(bins: usize) -> Self {
        Self { bins, data: vec![0.0; bins * 2 * ORDERS] }
    }

    /// Makes the first `orders` coefficients zero.
    pub fn clear(&mut self, orders: usize) {
        self.data[..orders * 2 * self.bins].fill(0.0);
    }

    /// Real and imaginary parts of one coefficient.
    pub fn order(&self, k: usize) -> (&[f32], &[f32]) {
        self.data[2 * k * self.bins..(2 * k + 2) * self.bins].split_at(self.bins)
    }
}

/// One measured spectrum that a moving filter is mixed from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Term {
    /// Which spectrum: it begins at `index · 2 · bins` of its table, real parts first, then imaginary ones.
    pub index: u32,
    /// Its weights in the value at mid-hop, the slope and the curvature, per hop.
    pub weights: [f32; 3],
}

/// One ear's way through one hop.
#[derive(Clone, Copy, Debug)]
pub struct Sweep<'a> {
    /// Spectra that all sources share, 16-bit with their scale in the weights, `[..][re, im][bins]`.
    pub table: &'a [i16],
    /// Those that count.
    pub table_terms: &'a [Term],
    /// Spectra of this source alone, `[..][re, im][bins]`.
    pub own: &'a [f32],
    /// Those that count.
    pub own_terms: &'a [Term],
    /// `τ`, `t₁`, `t₂` in samples.
    pub delay: [f64; 3],
    /// Length of the transform, samples.
    pub len: usize,
}

type SweepFn = fn(&mut Sums, &[f32], &[f32], &Sweep<'_>);
type ApplyFn = fn([&mut Sums; 2], &[f32], &[f32], [(&[f32], &[f32]); 2], f32);
type FinishFn = fn(&mut [f32], [&[f32]; ORDERS]);
type UntangleFn = fn(&[Complex<f32>], &mut Tangle, &mut [f32], &mut [f32]);
type TangleFn = fn(&[f32], &[f32], &mut Tangle, &mut [Complex<f32>]);
type GatherFn = fn(&mut [f32], &[f32], &[f32], &Gather);

/// Numbers of one complex group of bins: its real parts, then its imaginary ones.
pub const GROUP: usize = 2 * super::fft::LANES;

/// Which products [`Kernels::gather`] adds up. An *entry* is one spectrum's group of bins.
#[derive(Clone, Copy, Debug)]
pub struct Gather {
    /// Groups of bins.
    pub groups: usize,
    /// Entries in each group.
    pub entries: usize,
    /// The first entry of the signals.
    pub signal: usize,
    /// The first entry of the filters.
    pub filter: usize,
    /// How many entries of both, one after the other, are multiplied.
    pub count: usize,
}

/// The loops for this machine.
#[derive(Clone, Copy)]
pub struct Kernels {
    name: &'static str,
    sweep: SweepFn,
    apply: ApplyFn,
    finish: FinishFn,
    untangle: UntangleFn,
    tangle: TangleFn,
    gather: GatherFn,
}

impl std::fmt::Debug for Kernels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Kernels").field(&self.name).finish()
    }
}

impl Kernels {
    /// The fastest loops that this machine can run.
    pub fn detect() -> Self {
        Self::all().pop().unwrap_or_else(Self::portable)
    }

    /// The loops of every machine.
    pub fn portable() -> Self {
        portable::KERNELS
    }

    /// Every set of loops that this machine can run, the slowest first.
    pub fn all() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut sets = vec![Self::portable()];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            sets.push(avx2::KERNELS);
            if is_x86_feature_detected!("avx512f") {
                sets.push(avx512::KERNELS);
            }
        }
        sets
    }

    /// Which loops these are: `portable`, `avx2` or `avx512`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Adds one source, of spectrum `re`, `im`, heard by one ear on a moving way.
    pub fn sweep(&self, sums: &mut Sums, re: &[f32], im: &[f32], way: &Sweep<'_>) {
        let bins = sums.bins;
        // The loops read without looking: every length is checked here, once.
        assert!(re.len() == bins && im.len() == bins && bins.is_multiple_of(super::fft::LANES));
        let within = |terms: &[Term], len: usize| terms.iter().all(|t| (t.index as usize + 1) * 2 * bins <= len);
        assert!(within(way.table_terms, way.table.len()) && within(way.own_terms, way.own.len()));
        (self.sweep)(sums, re, im, way);
    }

    /// Adds one source, of spectrum `re`, `im`, through a filter for each ear that rests, times `gain`.
    pub fn apply(&self, sums: [&mut Sums; 2], re: &[f32], im: &[f32], filters: [(&[f32], &[f32]); 2], gain: f32) {
        let bins = sums[0].bins;
        assert!(sums[1].bins == bins && re.len() == bins && im.len() == bins);
        assert!(filters.iter().all(|(r, i)| r.len() == bins && i.len() == bins));
        assert!(bins.is_multiple_of(super::fft::LANES));
        (self.apply)(sums, re, im, filters, gain);
    }

    /// From the transform of a real signal's pairs as complex numbers to its spectrum.
    pub(crate) fn untangle(&self, packed: &[Complex<f32>], room: &mut Tangle, re: &mut [f32], im: &mut [f32]) {
        (self.untangle)(packed, room, re, im);
    }

    /// The way back.
    pub(crate) fn tangle(&self, re: &[f32], im: &[f32], room: &mut Tangle, packed: &mut [Complex<f32>]) {
        (self.tangle)(re, im, room, packed);
    }

    /// Adds many spectra, each through its filter for each of two ears, for some groups of bins:
    /// `sums[group][ear] += Σ signals[group][signal + k] · filters[group][filter + k][ear]`, k from 0 to `count`.
    ///
    /// `sums` is `[groups][2][GROUP]`, `signals` `[groups][entries][GROUP]`, `filters` `[groups][entries][2][GROUP]`.
    pub fn gather(&self, sums: &mut [f32], signals: &[f32], filters: &[f32], which: &Gather) {
        let Gather { groups, entries, signal, filter, count } = *which;
        // The loops read without looking: every length is checked here, once.
        assert!(signal + count <= entries && filter + count <= entries);
        assert!(sums.len() == groups * 2 * GROUP);
        assert!(signals.len() == groups * entries * GROUP && filters.len() == groups * entries * 2 * GROUP);
        (self.gather)(sums, signals, filters, which);
    }

    /// Samples from the four inverse transforms of a hop: `out[n] = ((y₃q + y₂)q + y₁)q + y₀`, q = n / hop − ½.
    pub fn finish(&self, out: &mut [f32], y: [&[f32]; ORDERS]) {
        assert!(y.iter().all(|y| y.len() == out.len()));
        (self.finish)(out, y);
    }
}

/// 0, 1, 2, ...
const COUNT: [f32; 32] = {
    let mut count = [0.0; 32];
    let mut k = 0;
    while k < 32 {
        count[k] = k as f32;
        k += 1;
    }
    count
};

/// After so many vectors, a power of two, the phase of a delay is made anew.
const TURNS: u32 = 16;

/// # Safety
/// The caller is compiled for the instruction set of `S`; all spectra have `sums.bins` bins, a multiple of
/// `U · S::LANES`.
#[inline(always)]
unsafe fn sweep_lanes<S: Simd, const U: usize>(sums: &mut Sums, re: &[f32], im: &[f32], way: &Sweep<'_>) {
    let bins = sums.bins;
    let step = S::LANES * U;
    let omega = std::f64::consts::TAU / way.len as f64;
    let [tau, t1, t2] = way.delay;
    // exp(−jωτ) for the first lanes by doubling, then turned on by a fixed angle from vector to vector.
    let (mut pr, mut pi) = ([0.0f32; 32], [0.0f32; 32]);
    let (s1, c1) = (-omega * tau).sin_cos();
    let (mut zr, mut zi) = (c1, s1);
    (pr[0], pi[0]) = (1.0, 0.0);
    let mut have = 1;
    while have < step {
        for k in 0..have {
            let (a, b) = (f64::from(pr[k]), f64::from(pi[k]));
            (pr[have + k], pi[have + k]) = ((a * zr - b * zi) as f32, (a * zi + b * zr) as f32);
        }
        (zr, zi) = (zr * zr - zi * zi, 2.0 * zr * zi);
        have *= 2;
    }
    // The angle that the lanes are turned by, rounded, is wrong by the same bit each time: so they begin anew every so often.
    let (mut leap, mut base) = ((zr, zi), (1.0, 0.0));
    for _ in 0..TURNS.ilog2() {
        leap = (leap.0 * leap.0 - leap.1 * leap.1, 2.0 * leap.0 * leap.1);
    }
    let sums = sums.data.as_mut_ptr();
    // SAFETY: `pr` and `pi` hold `step` numbers; every other pointer stays within its `bins` numbers, as `bins` is a
    // multiple of `step`; the instruction set is granted by the caller.
    unsafe {
        let pr: [S; U] = std::array::from_fn(|u| S::load(pr.as_ptr().add(u * S::LANES)));
        let pi: [S; U] = std::array::from_fn(|u| S::load(pi.as_ptr().add(u * S::LANES)));
        let (zr, zi) = (S::splat(zr as f32), S::splat(zi as f32));
        let mut w: [S; U] =
            std::array::from_fn(|u| S::load(COUNT.as_ptr().add(u * S::LANES)).mul(S::splat(omega as f32)));
        let w_step = S::splat((omega * step as f64) as f32);
        let (t1, t2) = (S::splat(t1 as f32), S::splat(t2 as f32));
        let (half, third) = (S::splat(0.5), S::splat(1.0 / 3.0));
        let zero = S::splat(0.0);
        let (mut er, mut ei) = (pr, pi);
        let (mut k, mut turns) = (0, 0);
        while k < bins {
            if turns == TURNS {
                turns = 0;
                base = (base.0 * leap.0 - base.1 * leap.1, base.0 * leap.1 + base.1 * leap.0);
                let (br, bi) = (S::splat(base.0 as f32), S::splat(base.1 as f32));
                for u in 0..U {
                    er[u] = pi[u].neg_mul_add(bi, pr[u].mul(br));
                    ei[u] = pi[u].mul_add(br, pr[u].mul(bi));
                }
            }
            turns += 1;
            let (mut ar, mut ai, mut br, mut bi, mut cr, mut ci) =
                ([zero; U], [zero; U], [zero; U], [zero; U], [zero; U], [zero; U]);
            for t in way.table_terms {
                let [wa, wb, wc] = t.weights.map(|w| S::splat(w));
                let from = way.table.as_ptr().add(t.index as usize * 2 * bins + k);
                for u in 0..U {
                    let r = S::load_i16(from.add(u * S::LANES));
                    let i = S::load_i16(from.add(bins + u * S::LANES));
                    (ar[u], ai[u]) = (r.mul_add(wa, ar[u]), i.mul_add(wa, ai[u]));
                    (br[u], bi[u]) = (r.mul_add(wb, br[u]), i.mul_add(wb, bi[u]));
                    (cr[u], ci[u]) = (r.mul_add(wc, cr[u]), i.mul_add(wc, ci[u]));
                }
            }
            for t in way.own_terms {
                let [wa, wb, wc] = t.weights.map(|w| S::splat(w));
                let from = way.own.as_ptr().add(t.index as usize * 2 * bins + k);
                for u in 0..U {
                    let r = S::load(from.add(u * S::LANES));
                    let i = S::load(from.add(bins + u * S::LANES));
                    (ar[u], ai[u]) = (r.mul_add(wa, ar[u]), i.mul_add(wa, ai[u]));
                    (br[u], bi[u]) = (r.mul_add(wb, br[u]), i.mul_add(wb, bi[u]));
                    (cr[u], ci[u]) = (r.mul_add(wc, cr[u]), i.mul_add(wc, ci[u]));
                }
            }
            for u in 0..U {
                let at = k + u * S::LANES;
                let (a, ia, b, ib, c, ic) = (ar[u], ai[u], br[u], bi[u], cr[u], ci[u]);
                // The phase polynomial is 1 − jx q − (z + jv) q² + (−xv + jy) q³.
                let x = w[u].mul(t1);
                let v = w[u].mul(t2);
                let z = x.mul(x).mul(half);
                let y = x.mul(z).mul(third);
                let xv = x.mul(v);
                let c1r = x.mul_add(ia, b);
                let c1i = x.neg_mul_add(a, ib);
                let c2r = v.mul_add(ia, z.neg_mul_add(a, x.mul_add(ib, c)));
                let c2i = v.neg_mul_add(a, z.neg_mul_add(ia, x.neg_mul_add(b, ic)));
                let c3r = y.neg_mul_add(ia, xv.neg_mul_add(a, v.mul_add(ib, z.neg_mul_add(b, x.mul(ic)))));
                let c3i = y.mul_add(a, xv.neg_mul_add(ia, v.neg_mul_add(b, z.neg_mul_add(ib, x.neg_mul_add(c, zero)))));
                let (xr, xi) = (S::load(re.as_ptr().add(at)), S::load(im.as_ptr().add(at)));
                let sr = ei[u].neg_mul_add(xi, er[u].mul(xr));
                let si = ei[u].mul_add(xr, er[u].mul(xi));
                for (o, (hr, hi)) in [(a, ia), (c1r, c1i), (c2r, c2i), (c3r, c3i)].into_iter().enumerate() {
                    let (pr, pi) = (sums.add(2 * o * bins + at), sums.add((2 * o + 1) * bins + at));
                    hi.neg_mul_add(si, hr.mul_add(sr, S::load(pr))).store(pr);
                    hi.mul_add(sr, hr.mul_add(si, S::load(pi))).store(pi);
                }
                let next = ei[u].neg_mul_add(zi, er[u].mul(zr));
                ei[u] = ei[u].mul_add(zr, er[u].mul(zi));
                er[u] = next;
                w[u] = w[u].add(w_step);
            }
            k += step;
        }
    }
}

/// # Safety
/// As for [`sweep_lanes`].
#[inline(always)]
unsafe fn apply_lanes<S: Simd>(
    sums: [&mut Sums; 2],
    re: &[f32],
    im: &[f32],
    filters: [(&[f32], &[f32]); 2],
    gain: f32,
) {
    let bins = sums[0].bins;
    for (sums, (fr, fi)) in sums.into_iter().zip(filters) {
        let (sr, si) = sums.data[..2 * bins].split_at_mut(bins);
        let mut k = 0;
        while k < bins {
            // SAFETY: all six slices have `bins` numbers, a multiple of the lanes.
            unsafe {
                let g = S::splat(gain);
                let (xr, xi) = (S::load(re.as_ptr().add(k)).mul(g), S::load(im.as_ptr().add(k)).mul(g));
                let (hr, hi) = (S::load(fr.as_ptr().add(k)), S::load(fi.as_ptr().add(k)));
                let (pr, pi) = (sr.as_mut_ptr().add(k), si.as_mut_ptr().add(k));
                hi.neg_mul_add(xi, hr.mul_add(xr, S::load(pr))).store(pr);
                hi.mul_add(xr, hr.mul_add(xi, S::load(pi))).store(pi);
            }
            k += S::LANES;
        }
    }
}

/// # Safety
/// As for [`sweep_lanes`]; the lengths are those that [`Kernels::gather`] checks.
#[inline(always)]
unsafe fn gather_lanes<S: Simd>(sums: &mut [f32], signals: &[f32], filters: &[f32], which: &Gather) {
    let half = GROUP / 2;
    // SAFETY: the instruction set is granted by the caller.
    let (zero, one) = unsafe { (S::splat(0.0), S::splat(1.0)) };
    for group in 0..which.groups {
        for lane in (0..half).step_by(S::LANES) {
            // SAFETY: by the lengths, all entries of the group lie within the slices; `half` is a multiple of the lanes.
            unsafe {
                let mut x = signals.as_ptr().add((group * which.entries + which.signal) * GROUP + lane);
                let mut h = filters.as_ptr().add((group * which.entries + which.filter) * 2 * GROUP + lane);
                // The four real products of each ear apart: eight chains, as many as the multipliers need to be busy.
                let (mut lrr, mut lii, mut lri, mut lir) = (zero, zero, zero, zero);
                let (mut rrr, mut rii, mut rri, mut rir) = (zero, zero, zero, zero);
                for _ in 0..which.count {
                    let (xr, xi) = (S::load(x), S::load(x.add(half)));
                    let (lr, li) = (S::load(h), S::load(h.add(half)));
                    let (rr, ri) = (S::load(h.add(GROUP)), S::load(h.add(GROUP + half)));
                    (lrr, lii, lri, lir) =
                        (xr.mul_add(lr, lrr), xi.mul_add(li, lii), xr.mul_add(li, lri), xi.mul_add(lr, lir));
                    (rrr, rii, rri, rir) =
                        (xr.mul_add(rr, rrr), xi.mul_add(ri, rii), xr.mul_add(ri, rri), xi.mul_add(rr, rir));
                    x = x.add(GROUP);
                    h = h.add(2 * GROUP);
                }
                let s = sums.as_mut_ptr().add(group * 2 * GROUP + lane);
                let places = [(0, lrr, lii, true), (half, lri, lir, false), (GROUP, rrr, rii, true)];
                for (at, a, b, minus) in places.into_iter().chain([(GROUP + half, rri, rir, false)]) {
                    let sum = S::load(s.add(at)).add(a);
                    let sum = if minus { b.neg_mul_add(one, sum) } else { sum.add(b) };
                    sum.store(s.add(at));
                }
            }
        }
    }
}

/// Plain loops: the compiler makes vectors of them.
#[inline(always)]
fn finish_lanes(out: &mut [f32], y: [&[f32]; ORDERS]) {
    let n = out.len();
    let step = 1.0 / n as f32;
    let [a, b, c, d] = y.map(|y| &y[..n]);
    for i in 0..n {
        let q = i as f32 * step - 0.5;
        out[i] += ((d[i] * q + c[i]) * q + b[i]) * q + a[i];
    }
}

/// X[k] = E + W·O with E = (Z[k] + Z*[half − k]) / 2, O = −j (Z[k] − Z*[half − k]) / 2 and W = exp(−2πjk / len).
#[inline(always)]
fn untangle_lanes(packed: &[Complex<f32>], room: &mut Tangle, re: &mut [f32], im: &mut [f32]) {
    let half = packed.len();
    for ((r, i), z) in room.re.iter_mut().zip(&mut room.im).zip(packed) {
        (*r, *i) = (z.re, z.im);
    }
    (room.re[half], room.im[half]) = (room.re[0], room.im[0]);
    for ((r, i), (fr, fi)) in
        room.back_re.iter_mut().zip(&mut room.back_im).zip(room.re.iter().rev().zip(room.im.iter().rev()))
    {
        (*r, *i) = (*fr, *fi);
    }
    let n = half + 1;
    let (zr, zi, br, bi) = (&room.re[..n], &room.im[..n], &room.back_re[..n], &room.back_im[..n]);
    let (wr, wi) = (&room.turn_re[..n], &room.turn_im[..n]);
    let (re, im) = (&mut re[..n], &mut im[..n]);
    for k in 0..n {
        let (er, ei) = (0.5 * (zr[k] + br[k]), 0.5 * (zi[k] - bi[k]));
        let (or, oi) = (0.5 * (zi[k] + bi[k]), -0.5 * (zr[k] - br[k]));
        re[k] = er + (wr[k] * or - wi[k] * oi);
        im[k] = ei + (wr[k] * oi + wi[k] * or);
    }
}

/// Z[k] = (X[k] + X*[half − k]) + j W* (X[k] − X*[half − k]); imaginary parts of X at both ends are taken for zero.
#[inline(always)]
fn tangle_lanes(re: &[f32], im: &[f32], room: &mut Tangle, packed: &mut [Complex<f32>]) {
    let half = packed.len();
    let n = half + 1;
    room.re[..n].copy_from_slice(&re[..n]);
    room.im[..n].copy_from_slice(&im[..n]);
    (room.im[0], room.im[half]) = (0.0, 0.0);
    for ((r, i), (fr, fi)) in
        room.back_re.iter_mut().zip(&mut room.back_im).zip(room.re.iter().rev().zip(room.im.iter().rev()))
    {
        (*r, *i) = (*fr, *fi);
    }
    let (xr, xi, br, bi) = (&room.re[..half], &room.im[..half], &room.back_re[..half], &room.back_im[..half]);
    let (wr, wi) = (&room.turn_re[..half], &room.turn_im[..half]);
    for (k, z) in packed.iter_mut().enumerate() {
        let (sr, si) = (xr[k] + br[k], xi[k] - bi[k]);
        let (dr, di) = (xr[k] - br[k], xi[k] + bi[k]);
        // j (wr − j wi)(dr + j di)
        *z = Complex::new(sr - (wr[k] * di - wi[k] * dr), si + (wr[k] * dr + wi[k] * di));
    }
}

/// The same entries for one instruction set.
macro_rules! instruction_set {
    ($name:ident, $lanes:ty, $unroll:literal $(, $features:literal)?) => {
        mod $name {
            use super::*;

            $(#[target_feature(enable = $features)])?
            fn sweep_here(sums: &mut Sums, re: &[f32], im: &[f32], way: &Sweep<'_>) {
                // SAFETY: this function is compiled for the instruction set, and `Kernels::sweep` checked the lengths.
                unsafe { sweep_lanes::<$lanes, $unroll>(sums, re, im, way) }
            }

            $(#[target_feature(enable = $features)])?
            fn apply_here(sums: [&mut Sums; 2], re: &[f32], im: &[f32], filters: [(&[f32], &[f32]); 2], gain: f32) {
                // SAFETY: as above, by `Kernels::apply`.
                unsafe { apply_lanes::<$lanes>(sums, re, im, filters, gain) }
            }

            $(#[target_feature(enable = $features)])?
            fn gather_here(sums: &mut [f32], signals: &[f32], filters: &[f32], which: &Gather) {
                // SAFETY: as above, by `Kernels::gather`.
                unsafe { gather_lanes::<$lanes>(sums, signals, filters, which) }
            }

            $(#[target_feature(enable = $features)])?
            fn finish_here(out: &mut [f32], y: [&[f32]; ORDERS]) {
                finish_lanes(out, y);
            }

            $(#[target_feature(enable = $features)])?
            fn untangle_here(packed: &[Complex<f32>], room: &mut Tangle, re: &mut [f32], im: &mut [f32]) {
                untangle_lanes(packed, room, re, im);
            }

            $(#[target_feature(enable = $features)])?
            fn tangle_here(re: &[f32], im: &[f32], room: &mut Tangle, packed: &mut [Complex<f32>]) {
                tangle_lanes(re, im, room, packed);
            }

            fn untangle(packed: &[Complex<f32>], room: &mut Tangle, re: &mut [f32], im: &mut [f32]) {
                // SAFETY: as above.
                #[allow(unused_unsafe)]
                unsafe { untangle_here(packed, room, re, im) }
            }

            fn tangle(re: &[f32], im: &[f32], room: &mut Tangle, packed: &mut [Complex<f32>]) {
                // SAFETY: as above.
                #[allow(unused_unsafe)]
                unsafe { tangle_here(re, im, room, packed) }
            }

            pub(super) const KERNELS: Kernels = Kernels { name: stringify!($name), sweep, apply, finish, untangle, tangle, gather };

            fn gather(sums: &mut [f32], signals: &[f32], filters: &[f32], which: &Gather) {
                // SAFETY: `Kernels::all` hands this out only after it found the instruction set.
                #[allow(unused_unsafe)]
                unsafe { gather_here(sums, signals, filters, which) }
            }

            fn sweep(sums: &mut Sums, re: &[f32], im: &[f32], way: &Sweep<'_>) {
                // SAFETY: `Kernels::all` hands this out only after it found the instruction set.
                #[allow(unused_unsafe)]
                unsafe { sweep_here(sums, re, im, way) }
            }

            fn apply(sums: [&mut Sums; 2], re: &[f32], im: &[f32], filters: [(&[f32], &[f32]); 2], gain: f32) {
                // SAFETY: as above.
                #[allow(unused_unsafe)]
                unsafe { apply_here(sums, re, im, filters, gain) }
            }

            fn finish(out: &mut [f32], y: [&[f32]; ORDERS]) {
                // SAFETY: as above.
                #[allow(unused_unsafe)]
                unsafe { finish_here(out, y) }
            }
        }
    };
}

instruction_set!(portable, Portable, 1);
#[cfg(target_arch = "x86_64")]
instruction_set!(avx2, super::super::simd::Avx2, 2, "avx2,fma");
#[cfg(target_arch = "x86_64")]
instruction_set!(avx512, super::super::simd::Avx512, 1, "avx512f,avx2,fma");
