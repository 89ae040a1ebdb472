//! The filters that decode a bus to two ears, fitted to a measured head.
//!
//! An order has few channels, so a head cannot be had in full. Below a cut the filters are the least-squares fit of the
//! complex responses: waveforms, and with them interaural time differences, are right there. Above it only magnitudes
//! are fitted: each bin takes over the phases that the bin below gave to every direction, and so spends no channel on
//! phase, which the ears do not hear up there (Schörkhuber, Zaunschirm, Höldrich, "Binaural rendering of Ambisonic
//! signals via magnitude least squares", DAGA 2018). Then a 2 × 2 matrix for each bin gives a diffuse field the levels
//! and the interaural coherence that the set itself gives it ([`super::covariance`]). At last the filters are cut to
//! their length (with the low end mended); as that disturbs the covariances a little, the last two steps are repeated.

use super::covariance::C64;
use super::fir::{Span, Spectra, Time, constrain};
use super::fit::{Fit, Targets};
use super::{MAX_ORDER, channels};
use crate::error::{Error, Result};
use crate::hrtf::{HrtfSet, Shell};
use std::f64::consts::TAU;

/// The distance that bus sounds are thought to come from, metres.
const DISTANCE_M: f64 = 1.0;
/// Length of a filter behind the set's common delay, seconds: 256 samples at 48 kHz.
const LENGTH_S: f64 = 256.0 / 48_000.0;
/// The head's radius that says up to where an order carries waveforms, metres.
const HEAD_RADIUS_M: f64 = 0.0875;
/// The least cut, Hz: time differences are heard up to about here.
const LEAST_CUT_HZ: f64 = 1500.0;
/// Phases taken over in each bin, the second time from the fit itself.
const PASSES: usize = 2;
/// Diffuse-field error in any third octave, dB, above which longer filters are tried.
const LEVEL_DB: f64 = 0.5;

/// How a decoder is designed.
#[derive(Clone, Debug, PartialEq)]
pub struct DesignOptions {
    /// Hz, where the fit goes over from waveforms to magnitudes; `None`: the order's own, `N c / 2πr`, 1.5 kHz at
    /// least.
    pub cut_hz: Option<f64>,
    /// Tikhonov term of degree `l`, times `1 + l (l + 1)`; not negative.
    pub regularisation: f64,
    /// Gives a diffuse field the levels and the coherence that the set gives it.
    pub diffuse_field: bool,
    /// Samples of each filter behind the common delay, at most the set's; `None`: 256 at 48 kHz, at other rates as long
    /// in time, and twice that for a set whose low end needs it.
    pub taps: Option<usize>,
}

impl Default for DesignOptions {
    fn default() -> Self {
        Self { cut_hz: None, regularisation: 1e-4, diffuse_field: true, taps: None }
    }
}

/// Filters from each channel of a bus to both ears; immutable, to be shared.
#[derive(Clone, Debug, PartialEq)]
pub struct DecoderFilters {
    sample_rate: f64,
    order: usize,
    taps: usize,
    cut_hz: f64,
    /// `[channels][2][taps]`
    filters: Vec<f32>,
}

impl DecoderFilters {
    /// Filters of `order` (1 to [`MAX_ORDER`]) for a head, at the head's rate. Their delay is that of the set's own
    /// responses, so a bus and a source that goes through the set arrive together.
    ///
    /// # Errors
    /// `Argument` if the order is out of range.
    pub fn design(set: &HrtfSet, order: usize) -> Result<Self> {
        Self::design_with(set, order, &DesignOptions::default())
    }

    /// [`DecoderFilters::design`] in another way.
    ///
    /// # Errors
    /// `Argument` if the order or an option is out of range.
    pub fn design_with(set: &HrtfSet, order: usize, options: &DesignOptions) -> Result<Self> {
        if !(1..=MAX_ORDER).contains(&order) {
            return Err(Error::argument(format!("a decoder has order 1 to {MAX_ORDER}, not {order}")));
        }
        if !(0.0..=1.0).contains(&options.regularisation) {
            return Err(Error::argument(format!("a regularisation is 0 to 1, not {}", options.regularisation)));
        }
        let rate = set.sample_rate();
        let wanted = options.taps.unwrap_or((LENGTH_S * rate).round() as usize);
        if !(16..=65_536).contains(&wanted) {
            return Err(Error::argument(format!("a decoder's filters have 16 to 65536 samples, not {wanted}")));
        }
        let own_cut = (order as f64 * crate::room::SPEED_OF_SOUND / (TAU * HEAD_RADIUS_M)).max(LEAST_CUT_HZ);
        let cut_hz = options.cut_hz.unwrap_or(own_cut);
        if !(0.0..=f64::MAX).contains(&cut_hz) {
            return Err(Error::argument(format!("a cut is 0 Hz or more, not {cut_hz}")));
        }
        let Some(shell) = set.shells().iter().min_by(|a, b| {
            let far = |s: &Shell| (s.radius / DISTANCE_M).ln().abs();
            far(a).total_cmp(&far(b))
        }) else {
            return Err(Error::malformed("the set holds no directions"));
        };

        let mut span = Span::of(set, shell, wanted);
        let weights = super::sphere::voronoi_weights(&shell.mesh);
        let targets = Targets::new(set, shell, &weights, span.lead, span.len);
        let fit = Fit::new(shell.mesh.directions(), &weights, order, options.regularisation)
            .ok_or_else(|| Error::unsupported(format!("the set's directions do not carry order {order}")))?;
        let mut spectra = magnitude_least_squares(&targets, &fit, span, cut_hz / rate);
        if options.diffuse_field {
            constrain(&mut spectra, &targets);
        }
        // A second, longer try if the first did not get the low end right; not if a length was asked for.
        let mut time = Time::new(span, channels(order), &targets, rate);
        time.fit(&spectra, &targets, options.diffuse_field);
        let longer = span.longer(set);
        if options.taps.is_none()
            && options.diffuse_field
            && longer > span.taps
            && time.level_error(&targets) > LEVEL_DB
        {
            span.taps = longer;
            time = Time::new(span, channels(order), &targets, rate);
            time.fit(&spectra, &targets, true);
        }
        Ok(Self { sample_rate: rate, order, taps: span.lead + span.taps, cut_hz, filters: time.filters() })
    }

    /// Hz.
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }

    /// The order.
    pub fn order(&self) -> usize {
        self.order
    }

    /// The channels, `(order + 1)²`.
    pub fn channels(&self) -> usize {
        channels(self.order)
    }

    /// Samples of each filter.
    pub fn taps(&self) -> usize {
        self.taps
    }

    /// Where the fit goes over from waveforms to magnitudes, Hz.
    pub fn cut_hz(&self) -> f64 {
        self.cut_hz
    }

    /// The filter from a channel (ACN, SN3D) to an ear (0 = left), `[taps]`.
    pub fn filter(&self, channel: usize, ear: usize) -> &[f32] {
        let at = (channel * 2 + ear) * self.taps;
        &self.filters[at..at + self.taps]
    }
}

/// Waveforms below the cut (cycles a sample), magnitudes above, half an octave of both between.
fn magnitude_least_squares(targets: &Targets, fit: &Fit, span: Span, cut: f64) -> Spectra {
    let mut spectra: Spectra = Vec::with_capacity(targets.bins());
    let mut room = targets.room();
    for bin in 0..targets.bins() {
        let octaves = (bin as f64 / span.len as f64 / cut.max(1e-9)).log2();
        // 0 a quarter of an octave below the cut, 1 a quarter above.
        let part = (2.0 * octaves + 0.5).clamp(0.0, 1.0);
        let waveforms = || -> Vec<[C64; 2]> {
            let turn = span.turn(bin);
            fit.project(targets.bin(bin)).into_iter().map(|d| d.map(|d| d * turn)).collect()
        };
        let now = match spectra.last() {
            Some(before) if part > 0.0 => {
                let mut now = fit.continue_phase(targets.bin(bin), before, &mut room);
                for _ in 1..PASSES {
                    now = fit.continue_phase(targets.bin(bin), &now, &mut room);
                }
                if part < 1.0 {
                    for (m, w) in now.iter_mut().zip(waveforms()) {
                        *m = std::array::from_fn(|ear| m[ear] * part + w[ear] * (1.0 - part));
                    }
                }
                now
            }
            _ => waveforms(),
        };
        spectra.push(now);
    }
    spectra
}
