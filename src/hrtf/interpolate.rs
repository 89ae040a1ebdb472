//! The response between measured directions, at its best: for filters that stay.
//!
//! The measured responses are brought to the same arrival time, mixed as complex spectra, and the mix is given the
//! mixed *magnitude*: where phases still disagree a plain mix loses level at high frequencies, which is heard as
//! dullness between the measured directions (Arend, Pörschmann, Weinzierl, Brinkmann, "Magnitude-corrected and
//! time-aligned interpolation of head-related transfer functions", IEEE/ACM TASLP 31, 2023). Then the mixed arrival time
//! is put back. A direction that was measured comes out as it was measured.

use super::near_field::NearEar;
use super::set::HrtfSet;
use crate::dsp::fft::{Fft, Spectrum, delay_spectrum, good_len};

/// The magnitude is restored by at most this factor: beyond it the phases of the mix mean nothing.
const MOST: f32 = 4.0;

/// Mixes responses of one set; holds the transforms and scratch, so that mixing allocates nothing.
#[derive(Clone)]
pub struct Interpolator {
    fft: Fft,
    one: Spectrum,
    mix: Spectrum,
    magnitude: Vec<f32>,
}

impl std::fmt::Debug for Interpolator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interpolator").field("len", &self.fft.len()).finish_non_exhaustive()
    }
}

impl Interpolator {
    /// For sets of `taps` samples.
    pub fn new(taps: usize) -> Self {
        let len = good_len(2 * taps);
        let one = Spectrum::new(len);
        Self { fft: Fft::new(len), mix: one.clone(), magnitude: vec![0.0; one.re.len()], one }
    }

    /// The response of one ear for a mix of vertices whose weights add up to 1, arriving at `delay` samples, into
    /// `out`, `[taps]`.
    pub fn response(&mut self, set: &HrtfSet, terms: &[(u32, f64)], ear: usize, delay: f64, out: &mut [f32]) {
        if let [(vertex, weight)] = terms
            && (weight - 1.0).abs() < 1e-9
        {
            out.copy_from_slice(set.response(*vertex, ear));
            return;
        }
        let len = self.fft.len();
        self.mix.clear();
        self.magnitude.fill(0.0);
        for (vertex, weight) in terms {
            let response = set.response(*vertex, ear);
            self.fft.time[..response.len()].copy_from_slice(response);
            self.fft.time[response.len()..].fill(0.0);
            let Spectrum { re, im } = &mut self.one;
            self.fft.forward(re, im);
            delay_spectrum(re, im, delay - f64::from(set.onsets(*vertex)[ear]), len);
            let w = *weight as f32;
            let sums = self.mix.re.iter_mut().zip(&mut self.mix.im).zip(&mut self.magnitude);
            for (((mr, mi), m), (r, i)) in sums.zip(re.iter().zip(im.iter())) {
                *mr += w * r;
                *mi += w * i;
                *m += w * (r * r + i * i).sqrt();
            }
        }
        for ((r, i), m) in self.mix.re.iter_mut().zip(&mut self.mix.im).zip(&self.magnitude) {
            let have = (*r * *r + *i * *i).sqrt();
            let gain = if have * MOST > *m { m / have.max(f32::MIN_POSITIVE) } else { MOST };
            *r *= gain;
            *i *= gain;
        }
        self.fft.inverse(&self.mix.re, &self.mix.im);
        // What the mix rings beyond the set's own length is left out, as measurements end there too.
        let scale = 1.0 / len as f32;
        for (y, x) in out.iter_mut().zip(&self.fft.time) {
            *y = x * scale;
        }
    }

    /// Sends a response of `[taps]` samples at `sample_rate` Hz through the near field's filter and its delay, in
    /// place; what would come after its end is left out.
    pub fn bring_near(&mut self, response: &mut [f32], near: &NearEar, sample_rate: f64) {
        let len = self.fft.len();
        self.fft.time[..response.len()].copy_from_slice(response);
        self.fft.time[response.len()..].fill(0.0);
        let Spectrum { re, im } = &mut self.one;
        self.fft.forward(re, im);
        near.shelves.apply(re, im, len, sample_rate);
        delay_spectrum(re, im, near.delay_s * sample_rate, len);
        self.fft.inverse(re, im);
        let scale = 1.0 / len as f32;
        response.iter_mut().zip(&self.fft.time).for_each(|(y, x)| *y = x * scale);
    }
}
