//! Real transforms of one length, with spectra kept as separate real and imaginary arrays so that every loop over
//! bins is one vector loop.

use super::kernel::Kernels;
use rustfft::num_complex::Complex;
use std::sync::Arc;

/// Bins are padded to a multiple of this many lanes; the padding stays zero.
pub const LANES: usize = 16;

/// The padded number of bins of a real transform of `len` samples.
pub fn padded_bins(len: usize) -> usize {
    (len / 2 + 1).next_multiple_of(LANES)
}

/// The smallest even length of at least `min` whose only prime factors are 2, 3 and 5, in the sizes that transform
/// fast: 2ᵃ, 3·2ᵃ, 5·2ᵃ or 9·2ᵃ, at least 32.
pub fn good_len(min: usize) -> usize {
    [1usize, 3, 5, 9].iter().map(|odd| odd * min.div_ceil(*odd).max(32).next_power_of_two()).min().unwrap_or(32)
}

/// Half of the spectrum of a real signal: `[bins]` real and imaginary parts, padded.
#[derive(Clone, Debug, Default)]
pub struct Spectrum {
    /// Real parts.
    pub re: Vec<f32>,
    /// Imaginary parts.
    pub im: Vec<f32>,
}

impl Spectrum {
    /// Silence, for a transform of `len` samples.
    pub fn new(len: usize) -> Self {
        let n = padded_bins(len);
        Self { re: vec![0.0; n], im: vec![0.0; n] }
    }

    /// Makes it silent.
    pub fn clear(&mut self) {
        self.re.fill(0.0);
        self.im.fill(0.0);
    }
}

/// A forward and an inverse real transform of one length, with their scratch. Neither allocates.
///
/// A real signal of `len` samples is transformed as `len / 2` complex numbers, and the halves are untangled in vector
/// loops straight into separate real and imaginary arrays (Numerical Recipes, 3rd ed., section 12.3.2). At the lengths
/// used here that takes two thirds of the time of the usual crate for real transforms.
pub struct Fft {
    forward: Arc<dyn rustfft::Fft<f32>>,
    inverse: Arc<dyn rustfft::Fft<f32>>,
    /// `len` samples: the input of [`Fft::forward`] and the output of [`Fft::inverse`].
    pub time: Vec<f32>,
    /// `len / 2` complex numbers.
    packed: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    tangle: Tangle,
    kernels: Kernels,
}

/// Tables and room for the untangling; half = `len / 2`.
#[derive(Clone, Debug)]
pub(crate) struct Tangle {
    /// exp(−2πjk / len), `[half + 1]`.
    pub turn_re: Vec<f32>,
    pub turn_im: Vec<f32>,
    /// The packed transform, its first number repeated at the end, `[half + 1]`; and the same backwards.
    pub re: Vec<f32>,
    pub im: Vec<f32>,
    pub back_re: Vec<f32>,
    pub back_im: Vec<f32>,
}

impl Clone for Fft {
    fn clone(&self) -> Self {
        Self {
            forward: Arc::clone(&self.forward),
            inverse: Arc::clone(&self.inverse),
            time: self.time.clone(),
            packed: self.packed.clone(),
            scratch: self.scratch.clone(),
            tangle: self.tangle.clone(),
            kernels: self.kernels,
        }
    }
}

impl Fft {
    /// Transforms of `len` samples, `len` even.
    pub fn new(len: usize) -> Self {
        assert!(len >= 2 && len.is_multiple_of(2), "an even length");
        let half = len / 2;
        let mut planner = rustfft::FftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(half), planner.plan_fft_inverse(half));
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len());
        let turn = |k: usize| (-std::f64::consts::TAU * k as f64 / len as f64).sin_cos();
        let zeros = vec![0.0; half + 1];
        Self {
            forward,
            inverse,
            time: vec![0.0; len],
            packed: vec![Complex::default(); half],
            scratch: vec![Complex::default(); scratch],
            tangle: Tangle {
                turn_re: (0..=half).map(|k| turn(k).1 as f32).collect(),
                turn_im: (0..=half).map(|k| turn(k).0 as f32).collect(),
                re: zeros.clone(),
                im: zeros.clone(),
                back_re: zeros.clone(),
                back_im: zeros,
            },
            kernels: Kernels::detect(),
        }
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Never: there is no transform of nothing.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// The spectrum of `self.time`: the first `len / 2 + 1` numbers of `re` and `im`; what is beyond is left alone.
    pub fn forward(&mut self, re: &mut [f32], im: &mut [f32]) {
        for (z, x) in self.packed.iter_mut().zip(self.time.chunks_exact(2)) {
            *z = Complex::new(x[0], x[1]);
        }
        self.forward.process_with_scratch(&mut self.packed, &mut self.scratch);
        self.kernels.untangle(&self.packed, &mut self.tangle, re, im);
    }

    /// The spectrum of a signal of `len` samples in two parts, as a ring buffer holds it.
    pub fn forward_of(&mut self, first: &[f32], second: &[f32], re: &mut [f32], im: &mut [f32]) {
        if !first.len().is_multiple_of(2) {
            self.time[..first.len()].copy_from_slice(first);
            self.time[first.len()..].copy_from_slice(second);
            return self.forward(re, im);
        }
        let (head, tail) = self.packed.split_at_mut(first.len() / 2);
        for (z, x) in [(head, first), (tail, second)] {
            for (z, x) in z.iter_mut().zip(x.chunks_exact(2)) {
                *z = Complex::new(x[0], x[1]);
            }
        }
        self.forward.process_with_scratch(&mut self.packed, &mut self.scratch);
        self.kernels.untangle(&self.packed, &mut self.tangle, re, im);
    }

    /// `self.time` from a spectrum; unscaled, so `len` times too large. Imaginary parts at 0 and at Nyquist are ignored.
    pub fn inverse(&mut self, re: &[f32], im: &[f32]) {
        self.kernels.tangle(re, im, &mut self.tangle, &mut self.packed);
        self.inverse.process_with_scratch(&mut self.packed, &mut self.scratch);
        for (z, x) in self.packed.iter().zip(self.time.chunks_exact_mut(2)) {
            (x[0], x[1]) = (z.re, z.im);
        }
    }
}

/// Delays a spectrum of a transform of `len` samples by `delay` samples (may be negative), circularly:
/// multiplies by exp(−jω·delay).
pub fn delay_spectrum(re: &mut [f32], im: &mut [f32], delay: f64, len: usize) {
    let angle = -std::f64::consts::TAU / len as f64 * delay;
    let lane: [(f32, f32); LANES] = std::array::from_fn(|k| {
        let (s, c) = (angle * k as f64).sin_cos();
        (c as f32, s as f32)
    });
    let (turn_s, turn_c) = (angle * LANES as f64).sin_cos();
    let (mut c, mut s) = (1.0f64, 0.0f64);
    for (re, im) in re.chunks_exact_mut(LANES).zip(im.chunks_exact_mut(LANES)) {
        let (bc, bs) = (c as f32, s as f32);
        for ((re, im), (lc, ls)) in re.iter_mut().zip(im).zip(&lane) {
            let (wr, wi) = (lc * bc - ls * bs, lc * bs + ls * bc);
            (*re, *im) = (*re * wr - *im * wi, *re * wi + *im * wr);
        }
        (c, s) = (c * turn_c - s * turn_s, c * turn_s + s * turn_c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transform_is_the_sum_that_defines_it() {
        for len in [2, 6, 32, 80, 288, 512] {
            let x: Vec<f32> = (0..len).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
            let mut fft = Fft::new(len);
            let mut s = Spectrum::new(len);
            fft.time.copy_from_slice(&x);
            fft.forward(&mut s.re, &mut s.im);
            for k in 0..=len / 2 {
                let (mut re, mut im) = (0.0f64, 0.0f64);
                for (n, x) in x.iter().enumerate() {
                    let (sin, cos) = (std::f64::consts::TAU * (k * n % len) as f64 / len as f64).sin_cos();
                    re += f64::from(*x) * cos;
                    im -= f64::from(*x) * sin;
                }
                let error = (f64::from(s.re[k]) - re).hypot(f64::from(s.im[k]) - im);
                assert!(error < 1e-5 * len as f64, "{len}, bin {k}: {error}");
            }
            assert!(s.re[len / 2 + 1..].iter().chain(&s.im[len / 2 + 1..]).all(|x| *x == 0.0));
        }
    }

    #[test]
    fn there_and_back_is_the_signal_times_its_length() {
        for len in [32, 96, 160, 512, 576] {
            let mut fft = Fft::new(len);
            let x: Vec<f32> = (0..len).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
            let mut s = Spectrum::new(len);
            fft.time.copy_from_slice(&x);
            fft.forward(&mut s.re, &mut s.im);
            fft.inverse(&s.re, &s.im);
            for (a, b) in x.iter().zip(&fft.time) {
                assert!((a - b / len as f32).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn a_delayed_spectrum_is_that_of_the_delayed_signal() {
        let len = 256;
        let mut fft = Fft::new(len);
        let mut s = Spectrum::new(len);
        fft.time.fill(0.0);
        fft.time[10] = 1.0;
        fft.forward(&mut s.re, &mut s.im);
        delay_spectrum(&mut s.re, &mut s.im, 33.0, len);
        fft.inverse(&s.re, &s.im);
        for (n, x) in fft.time.iter().enumerate() {
            let want = if n == 43 { len as f32 } else { 0.0 };
            assert!((x - want).abs() < 1e-3, "{n}: {x}");
        }
    }

    #[test]
    fn good_lengths_are_even_and_long_enough() {
        for min in 1..3000 {
            let n = good_len(min);
            assert!(n >= min && n.is_multiple_of(32) && n <= (2 * min).max(32), "{min} -> {n}");
        }
    }
}
