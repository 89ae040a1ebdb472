//! A head heard from any direction: spectra, arrival times and levels at both ears, for pictures and comparisons.

use crate::coords::Vec3;
use crate::dsp::fft::{Fft, Spectrum, good_len};
use crate::error::{Error, Result};
use crate::hrtf::{self, HrtfSet, Interpolator, Measured};

/// Power that stands for silence: −180 dB.
const SILENCE: f64 = 1e-18;

/// Opens a head at its own rate, or another; also gives the places that were measured.
///
/// # Errors
/// As [`hrtf::open`].
pub(super) fn open(name: &str, rate: Option<f64>) -> Result<(HrtfSet, Vec<Vec3>)> {
    let measured = Measured::from(hrtf::read(name)?);
    let set = HrtfSet::new(&measured, rate.unwrap_or(measured.sample_rate)).map_err(|e: Error| e.at(name))?;
    Ok((set, measured.positions))
}

/// Listens to a set. What it heard last is in its fields.
pub(super) struct Hear<'a> {
    set: &'a HrtfSet,
    interpolator: Interpolator,
    fft: Fft,
    spectrum: Spectrum,
    near: [u32; 2],
    /// Impulse responses.
    pub responses: [Vec<f32>; 2],
    /// Power in each bin up to half the rate.
    pub power: [Vec<f64>; 2],
    /// Arrival times, seconds.
    pub arrival_s: [f64; 2],
}

impl<'a> Hear<'a> {
    /// With transforms of at least `len` samples: spectra of sets that share a rate then have the same bins.
    pub(super) fn new(set: &'a HrtfSet, len: usize) -> Self {
        let len = good_len(len.max(set.taps()));
        Self {
            set,
            interpolator: Interpolator::new(set.taps()),
            fft: Fft::new(len),
            spectrum: Spectrum::new(len),
            near: [0; 2],
            responses: [vec![0.0; set.taps()], vec![0.0; set.taps()]],
            power: [vec![0.0; len / 2 + 1], vec![0.0; len / 2 + 1]],
            arrival_s: [0.0; 2],
        }
    }

    /// Listens to a source at `at`, metres from the head.
    pub(super) fn listen(&mut self, at: Vec3) {
        let place = self.set.place(at, &mut self.near);
        for ear in 0..2 {
            let delay = self.set.delay(&place, ear);
            self.arrival_s[ear] = delay / self.set.sample_rate();
            let response = &mut self.responses[ear];
            self.interpolator.response(self.set, place.terms(), ear, delay, response);
            self.fft.time.fill(0.0);
            self.fft.time[..response.len()].copy_from_slice(response);
            self.fft.forward(&mut self.spectrum.re, &mut self.spectrum.im);
            for ((p, re), im) in self.power[ear].iter_mut().zip(&self.spectrum.re).zip(&self.spectrum.im) {
                *p = f64::from(*re).powi(2) + f64::from(*im).powi(2);
            }
        }
    }

    /// Level at one frequency, dB.
    pub(super) fn level_at(&self, ear: usize, hz: f64) -> f64 {
        let bin = (hz * self.fft.len() as f64 / self.set.sample_rate()).round() as usize;
        db(self.power[ear][bin.min(self.fft.len() / 2)])
    }

    /// Mean level from `low` to `high` Hz, dB; of the nearest bin if the band holds none.
    pub(super) fn level(&self, ear: usize, low: f64, high: f64) -> f64 {
        let bin = |hz: f64| (hz * self.fft.len() as f64 / self.set.sample_rate()).round() as usize;
        let last = self.fft.len() / 2;
        let from = bin(low).min(last);
        let to = bin(high).clamp(from + 1, last + 1);
        db(self.power[ear][from..to].iter().sum::<f64>() / (to - from) as f64)
    }

    /// Interaural time difference, µs: positive if the left ear leads.
    pub(super) fn itd_us(&self) -> f64 {
        (self.arrival_s[1] - self.arrival_s[0]) * 1e6
    }

    /// Interaural level difference over all frequencies, dB: positive if the left ear is louder.
    pub(super) fn ild_db(&self) -> f64 {
        let energy = |ear: usize| self.responses[ear].iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        db(energy(0)) - db(energy(1))
    }
}

/// Power as a level.
pub(super) fn db(power: f64) -> f64 {
    10.0 * power.max(SILENCE).log10()
}
