//! A set transformed for one engine: the table that moving filters are mixed from.
//!
//! Each spectrum is stored without its arrival time, so that neighbours mix without combing, as 16-bit numbers with one
//! scale for each ear of each direction. Half the memory of `f32` is half the traffic, and a thousand moving sources
//! are bound by traffic; the rounding lies 92 dB below the spectrum.

use super::set::HrtfSet;
use crate::dsp::fft::{LANES, padded_bins};
use rustfft::num_complex::Complex;
use std::sync::Arc;

/// Spectra of all vertices of a set for transforms of one length; immutable, to be shared.
#[derive(Clone, Debug)]
pub struct FilterBank {
    set: Arc<HrtfSet>,
    len: usize,
    bins: usize,
    /// `[V][2][re, im][bins]`
    table: Vec<i16>,
    /// `[V][2]`; includes the 1 / len of the transform there and back.
    scale: Vec<[f32; 2]>,
}

impl FilterBank {
    /// Transforms of `len` samples; `len` is more than the set's taps.
    pub fn new(set: Arc<HrtfSet>, len: usize) -> Self {
        let bins = padded_bins(len);
        let mut transform = Transform::new(len);
        let vertices = set.vertices();
        let mut table = vec![0i16; vertices * 4 * bins];
        let mut scale = vec![[0.0f32; 2]; vertices];
        for ((vertex, rows), scale) in table.chunks_exact_mut(4 * bins).enumerate().zip(&mut scale) {
            let responses = [0, 1].map(|ear| set.response(vertex as u32, ear));
            let onsets = set.onsets(vertex as u32).map(f64::from);
            transform.run(responses, onsets);
            for ((row, spectrum), scale) in rows.chunks_exact_mut(2 * bins).zip(&transform.ears).zip(scale) {
                let peak = spectrum.iter().flatten().fold(0.0f64, |m, x| m.max(x.abs()));
                let up = if peak > 0.0 { 32_767.0 / peak } else { 0.0 };
                for (row, part) in row.chunks_exact_mut(bins).zip(spectrum) {
                    for (to, x) in row.iter_mut().zip(part) {
                        *to = to_i16(x * up);
                    }
                }
                *scale = (peak / 32_767.0 / len as f64) as f32;
            }
        }
        Self { set, len, bins, table, scale }
    }

    /// The same, made once for all engines of a set that need this length.
    pub(crate) fn shared(set: &Arc<HrtfSet>, len: usize) -> Arc<Self> {
        set.prepared.bank(len, || Arc::new(Self::new(Arc::clone(set), len)))
    }

    /// The set that this was made from.
    pub fn set(&self) -> &Arc<HrtfSet> {
        &self.set
    }

    /// Length of the transform, samples.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Never: a set has vertices.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Padded bins of each spectrum.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// All spectra, `[V][2][re, im][bins]`.
    pub fn table(&self) -> &[i16] {
        &self.table
    }

    /// What the spectrum of one ear at a vertex is to be multiplied by.
    pub fn scale(&self, vertex: u32, ear: usize) -> f32 {
        self.scale[vertex as usize][ear]
    }

    /// Real and imaginary parts of one ear at a vertex, and what they are to be multiplied by.
    pub fn spectrum(&self, vertex: u32, ear: usize) -> (&[i16], &[i16], f32) {
        let at = (vertex as usize * 2 + ear) * 2 * self.bins;
        let (re, im) = self.table[at..at + 2 * self.bins].split_at(self.bins);
        (re, im, self.scale[vertex as usize][ear])
    }
}

/// Both ears' spectra without their onsets, in double precision: what is rounded to 16 bits then is the same on every
/// machine. The last bit of single precision, which is not, would now and then be the one that decides.
struct Transform {
    fft: Arc<dyn rustfft::Fft<f64>>,
    /// The left ear as real, the right ear as imaginary parts: they part again in [`Transform::run`]. `[len + 1]`, the
    /// first once more at the end.
    packed: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    /// `[2][re, im][len / 2 + 1]`
    ears: [[Vec<f64>; 2]; 2],
}

impl Transform {
    fn new(len: usize) -> Self {
        let fft = rustfft::FftPlanner::new().plan_fft_forward(len);
        let scratch = vec![Complex::default(); fft.get_inplace_scratch_len()];
        let half = || vec![0.0; len / 2 + 1];
        Self { fft, packed: vec![Complex::default(); len + 1], scratch, ears: [[half(), half()], [half(), half()]] }
    }

    fn run(&mut self, responses: [&[f32]; 2], onsets: [f64; 2]) {
        let taps = responses[0].len();
        for ((z, left), right) in self.packed.iter_mut().zip(responses[0]).zip(responses[1]) {
            *z = Complex::new(f64::from(*left), f64::from(*right));
        }
        self.packed[taps..].fill(Complex::default());
        let len = self.packed.len() - 1;
        self.fft.process_with_scratch(&mut self.packed[..len], &mut self.scratch);
        self.packed[len] = self.packed[0];
        let mut turned = onsets.map(|onset| Turned::new(std::f64::consts::TAU / len as f64 * onset));
        for first in (0..=len / 2).step_by(LANES) {
            let lanes = LANES.min(len / 2 + 1 - first);
            for lane in 0..lanes {
                let k = first + lane;
                let (z, back) = (self.packed[k], self.packed[len - k]);
                let left = Complex::new(0.5 * (z.re + back.re), 0.5 * (z.im - back.im));
                let right = Complex::new(0.5 * (z.im + back.im), 0.5 * (back.re - z.re));
                for ((ear, x), turned) in self.ears.iter_mut().zip([left, right]).zip(&turned) {
                    let y = x * turned.lanes[lane];
                    (ear[0][k], ear[1][k]) = (y.re, y.im);
                }
            }
            turned.iter_mut().for_each(Turned::go_on);
        }
    }
}

/// exp(jφk) for some bins k, [`LANES`] at a time.
struct Turned {
    lanes: [Complex<f64>; LANES],
    step: Complex<f64>,
}

impl Turned {
    fn new(angle: f64) -> Self {
        let turn = |k: usize| Complex::from_polar(1.0, angle * k as f64);
        Self { lanes: std::array::from_fn(turn), step: turn(LANES) }
    }

    fn go_on(&mut self) {
        self.lanes.iter_mut().for_each(|z| *z *= self.step);
    }
}

/// Rounds to nearest; written so that the loop becomes vector code.
#[inline(always)]
fn to_i16(x: f64) -> i16 {
    // Adding 1.5·2⁵² leaves the rounded integer in the low bits of the sum.
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    (x + MAGIC).to_bits() as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coords::Vec3;
    use crate::hrtf::Measured;
    use std::f64::consts::TAU;

    #[test]
    fn rounding_is_to_nearest_on_both_sides() {
        for x in -32_767..=32_767i32 {
            for part in [-0.4, 0.0, 0.4] {
                assert_eq!(i32::from(to_i16(f64::from(x) + part)), x);
            }
        }
    }

    /// In single precision some sums would be rounded to the other side, and which ones would depend on the machine.
    #[test]
    fn the_table_is_the_rounded_sum_that_defines_the_transform() {
        let (taps, len) = (96usize, 256usize);
        let positions: Vec<Vec3> =
            (0..100).map(|i| Vec3::from_polar(f64::from(i) * 137.5, f64::from(i * 37 % 170 - 85), 1.0)).collect();
        let mut seed = 1u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((seed as i32) >> 8) as f32 / 8_388_608.0
        };
        let responses = (0..200 * taps).map(|n| noise() * (-((n % taps) as f32) / 20.0).exp()).collect();
        let delays = vec![[0.0; 2]; positions.len()];
        let measured = Measured { sample_rate: 48_000.0, taps, positions, responses, delays };
        let set = Arc::new(HrtfSet::new(&measured, 48_000.0).unwrap());
        let bank = FilterBank::new(Arc::clone(&set), len);
        let turns: Vec<(f64, f64)> = (0..len).map(|n| (TAU * n as f64 / len as f64).sin_cos()).collect();
        let (mut numbers, mut other) = (0, 0);
        for vertex in 0..set.vertices() as u32 {
            for ear in 0..2 {
                let (re, im, scale) = bank.spectrum(vertex, ear);
                let onset = f64::from(set.onsets(vertex)[ear]);
                let want: Vec<[f64; 2]> = (0..=len / 2)
                    .map(|k| {
                        let (mut x, mut y) = (0.0, 0.0);
                        for (n, h) in set.response(vertex, ear).iter().enumerate() {
                            let (s, c) = turns[k * n % len];
                            (x, y) = (x + f64::from(*h) * c, y - f64::from(*h) * s);
                        }
                        let (s, c) = (TAU / len as f64 * onset * k as f64).sin_cos();
                        [x * c - y * s, x * s + y * c]
                    })
                    .collect();
                let peak = want.iter().flatten().fold(0.0f64, |m, x| m.max(x.abs()));
                assert!((f64::from(scale) * 32_767.0 * len as f64 / peak - 1.0).abs() < 1e-7);
                for (k, [x, y]) in want.iter().enumerate() {
                    for (got, want) in [(re[k], x), (im[k], y)] {
                        let want = want / peak * 32_767.0;
                        numbers += 1;
                        other += i32::from(f64::from(got) != want.round());
                    }
                }
                assert!(re[len / 2 + 1..].iter().chain(&im[len / 2 + 1..]).all(|x| *x == 0));
            }
        }
        assert!(numbers > 50_000 && other == 0, "{other} of {numbers}");
    }
}
