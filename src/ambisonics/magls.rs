//! The filters that decode a bus to two ears, fitted to a measured head.
//!
//! An order has few channels, so a head cannot be had in full. Below a cut the filters are the least-squares fit of the
//! complex responses: waveforms, and with them interaural time differences, are right there. Above it only magnitudes are
//! fitted: each bin takes over the phases that the bin below gave to every direction, and so spends no channel on phase,
//! which the ears do not hear up there (Schörkhuber, Zaunschirm, Höldrich, "Binaural rendering of Ambisonic signals via
//! magnitude least squares", DAGA 2018). Then a 2 × 2 matrix for each bin gives a diffuse field the levels and the interaural
//! coherence that the set itself gives it ([`super::covariance`]). At last the filters are cut to their length (with
//! the low end mended); as that disturbs the covariances a little, the last two steps are repeated.

use super::covariance::{C64, Covariance, match_covariance};
use super::fit::{Fit, Targets};
use super::low_end::LowEnd;
use super::{MAX_ORDER, channels, degree};
use crate::dsp::fft::{Fft, Spectrum};
use crate::error::{Error, Result};
use crate::hrtf::{HrtfSet, Shell};
use std::f64::consts::{PI, TAU};

/// The distance that bus sounds are thought to come from, metres.
const DISTANCE_M: f64 = 1.0;
/// Length of a filter behind the set's common delay, seconds: 256 samples at 48 kHz.
const LENGTH_S: f64 = 256.0 / 48_000.0;
/// What of the common delay is kept for the filters to rise in, seconds.
const RISE_S: f64 = 0.001;
/// The head's radius that says up to where an order carries waveforms, metres.
const HEAD_RADIUS_M: f64 = 0.0875;
/// The least cut, Hz: time differences are heard up to about here.
const LEAST_CUT_HZ: f64 = 1500.0;
/// Phases taken over in each bin, the second time from the fit itself.
const PASSES: usize = 2;
/// Diffuse-field error in any third octave, dB, above which longer filters are tried.
const LEVEL_DB: f64 = 0.5;
/// Rounds of covariance and cutting to length.
const ROUNDS: usize = 3;

/// How a decoder is designed.
#[derive(Clone, Debug, PartialEq)]
pub struct DesignOptions {
    /// Hz, where the fit goes over from waveforms to magnitudes; `None`: the order's own, `N c / 2πr`, 1.5 kHz at least.
    pub cut_hz: Option<f64>,
    /// Tikhonov term of degree `l`, times `1 + l (l + 1)`; not negative.
    pub regularisation: f64,
    /// Gives a diffuse field the levels and the coherence that the set gives it.
    pub diffuse_field: bool,
    /// Samples of each filter behind the common delay, at most the set's; `None`: 256 at 48 kHz, at other rates as long in
    /// time, and twice that for a set whose low end needs it.
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
        if !(cut_hz >= 0.0) {
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

/// Where the filters lie in time.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// Samples that every response of the shell is silent for.
    lead: usize,
    /// Samples of the filters from there on.
    taps: usize,
    /// The mean arrival, samples from `lead`: phases are fitted about it.
    centre: usize,
    /// Length of the transforms: twice the filters, so that what is fitted has room to ring on.
    len: usize,
    /// Samples in which filters rise from nothing.
    rise: usize,
}

impl Span {
    fn of(set: &HrtfSet, shell: &Shell, wanted: usize) -> Self {
        let onsets = (0..shell.mesh.directions().len() as u32).flat_map(|v| set.onsets(shell.first + v));
        let (mut first, mut sum, mut count) = (f64::INFINITY, 0.0, 0.0);
        for onset in onsets.map(f64::from) {
            first = first.min(onset);
            sum += onset;
            count += 1.0;
        }
        let rise = RISE_S * set.sample_rate();
        let lead = (first - rise).max(0.0) as usize;
        let taps = wanted.min(set.taps().saturating_sub(lead)).max(1);
        Self {
            lead,
            taps,
            centre: (sum / count - lead as f64).round().clamp(0.0, (taps - 1) as f64) as usize,
            // Long sets in full up to twice as much again: their lowest frequencies need it.
            len: (2 * taps).max((set.taps() - lead).min(4 * taps)).next_power_of_two().max(32),
            rise: (0.25 * rise).min(0.5 * (first - lead as f64)) as usize,
        }
    }

    /// Twice the length, as far as the set goes.
    fn longer(&self, set: &HrtfSet) -> usize {
        (2 * self.taps).min(set.taps() - self.lead).min(self.len / 2)
    }

    /// exp(jω · centre) at a bin: takes the mean arrival out.
    fn turn(&self, bin: usize) -> C64 {
        let angle = TAU * ((bin * self.centre) % self.len) as f64 / self.len as f64;
        C64::from_polar(1.0, angle)
    }
}

/// The filters of all channels to both ears at each bin, without the mean arrival, for channels of unit mean power in a
/// diffuse field (N3D): `[bins][channels]`.
type Spectra = Vec<Vec<[C64; 2]>>;

/// Waveforms below the cut (cycles a sample), magnitudes above, half an octave of both between.
fn magnitude_least_squares(targets: &Targets, fit: &Fit, span: Span, cut: f64) -> Spectra {
    let mut spectra: Spectra = Vec::with_capacity(targets.bins());
    let mut room = targets.room();
    for bin in 0..targets.bins() {
        let octaves = (bin as f64 / span.len as f64 / cut.max(1e-9)).log2();
        // 0 a quarter of an octave below the cut, 1 a quarter above.
        let part = (2.0 * octaves + 0.5).clamp(0.0, 1.0);
        let waveforms = |room: &mut Vec<f32>| -> Vec<[C64; 2]> {
            let turn = span.turn(bin);
            fit.project(targets.bin(bin), room).into_iter().map(|d| d.map(|d| d * turn)).collect()
        };
        let now = match spectra.last() {
            Some(before) if part > 0.0 => {
                let mut now = fit.continue_phase(targets.bin(bin), before, &mut room);
                for _ in 1..PASSES {
                    now = fit.continue_phase(targets.bin(bin), &now, &mut room);
                }
                if part < 1.0 {
                    for (m, w) in now.iter_mut().zip(waveforms(&mut room)) {
                        *m = std::array::from_fn(|ear| m[ear] * part + w[ear] * (1.0 - part));
                    }
                }
                now
            }
            _ => waveforms(&mut room),
        };
        spectra.push(now);
    }
    spectra
}

/// Gives a diffuse field the set's own levels and coherence, bin by bin.
fn constrain(spectra: &mut Spectra, targets: &Targets) {
    for (bin, filters) in spectra.iter_mut().enumerate() {
        let mut have = Covariance::default();
        filters.iter().for_each(|d| have.add(*d, 1.0));
        let m = match_covariance(&have, targets.covariance(bin));
        for d in filters {
            *d = std::array::from_fn(|ear| m[ear][0] * d[0] + m[ear][1] * d[1]);
        }
    }
}

/// The filters in time.
struct Time {
    span: Span,
    /// Hz.
    rate: f64,
    fft: Fft,
    spectrum: Spectrum,
    window: Vec<f32>,
    low: LowEnd,
    /// `[channels][2][span.taps]`
    filters: Vec<f32>,
}

impl Time {
    fn new(span: Span, channels: usize, targets: &Targets, rate: f64) -> Self {
        let Span { taps, rise, .. } = span;
        let edge = |n: usize, of: usize| 0.5 - 0.5 * (PI * (n as f64 + 0.5) / of as f64).cos();
        let fall = (taps / 8).max(1);
        let window: Vec<f32> = (0..taps)
            .map(|n| {
                let up = if n < rise { edge(n, rise) } else { 1.0 };
                let down = if taps - 1 - n < fall { edge(taps - 1 - n, fall) } else { 1.0 };
                (up * down) as f32
            })
            .collect();
        let mut fft = Fft::new(span.len);
        Self {
            span,
            rate,
            low: LowEnd::new(&window, &mut fft, targets),
            fft,
            spectrum: Spectrum::new(span.len),
            window,
            filters: vec![0.0; channels * 2 * taps],
        }
    }

    /// Brings spectra to time and cuts them to length.
    fn cut(&mut self, spectra: &Spectra) {
        let scale = 1.0 / self.span.len as f32;
        for (pair, filter) in self.filters.chunks_exact_mut(self.span.taps).enumerate() {
            let Spectrum { re, im } = &mut self.spectrum;
            for (bin, filters) in spectra.iter().enumerate() {
                let d = filters[pair / 2][pair % 2] * self.span.turn(bin).conj();
                (re[bin], im[bin]) = (d.re as f32, d.im as f32);
            }
            self.fft.inverse(re, im);
            for ((y, x), w) in filter.iter_mut().zip(&self.fft.time).zip(&self.window) {
                *y = x * w * scale;
            }
            self.fft.time[..filter.len()].copy_from_slice(filter);
            self.fft.time[filter.len()..].fill(0.0);
            self.fft.forward(re, im);
            self.low.mend(filter, re, im, |bin| spectra[bin][pair / 2][pair % 2] * self.span.turn(bin).conj());
        }
    }

    /// Brings spectra to time, cut to length, and as near to the wanted diffuse field again as that allows.
    fn fit(&mut self, spectra: &Spectra, targets: &Targets, diffuse_field: bool) {
        self.cut(spectra);
        if diffuse_field {
            let mut spectra = spectra.clone();
            for _ in 1..ROUNDS {
                self.spectra(&mut spectra);
                constrain(&mut spectra, targets);
                self.cut(&spectra);
            }
        }
    }

    /// The largest error of a diffuse field's level at either ear in any third octave from 50 Hz to 16 kHz, dB.
    fn level_error(&mut self, targets: &Targets) -> f64 {
        let channels = self.filters.len() / (2 * self.span.taps);
        let mut spectra = vec![vec![[C64::default(); 2]; channels]; targets.bins()];
        self.spectra(&mut spectra);
        let mut worst = 0.0f64;
        for band in 0..26 {
            let middle = 1000.0 * 2f64.powf((f64::from(band) - 13.0) / 3.0) / self.rate * self.span.len as f64;
            let edge = |octaves: f64| ((middle * octaves.exp2()).round() as usize).min(targets.bins() - 1);
            let (mut have, mut want) = ([0.0; 2], [0.0; 2]);
            for bin in edge(-1.0 / 6.0)..=edge(1.0 / 6.0) {
                let target = targets.covariance(bin);
                want = [want[0] + target.left, want[1] + target.right];
                for d in &spectra[bin] {
                    have = [have[0] + d[0].norm_sqr(), have[1] + d[1].norm_sqr()];
                }
            }
            for ear in 0..2 {
                if want[ear] > 0.0 {
                    worst = worst.max((10.0 * (have[ear] / want[ear]).log10()).abs());
                }
            }
        }
        worst
    }

    /// The spectra of what is there now.
    fn spectra(&mut self, spectra: &mut Spectra) {
        for (pair, filter) in self.filters.chunks_exact(self.span.taps).enumerate() {
            self.fft.time[..filter.len()].copy_from_slice(filter);
            self.fft.time[filter.len()..].fill(0.0);
            let Spectrum { re, im } = &mut self.spectrum;
            self.fft.forward(re, im);
            for (bin, filters) in spectra.iter_mut().enumerate() {
                filters[pair / 2][pair % 2] = C64::new(f64::from(re[bin]), f64::from(im[bin])) * self.span.turn(bin);
            }
        }
    }

    /// `[channels][2][lead + taps]`, for channels in SN3D.
    fn filters(&self) -> Vec<f32> {
        let Span { lead, taps, .. } = self.span;
        let mut out = Vec::with_capacity(self.filters.len() / taps * (lead + taps));
        for (pair, filter) in self.filters.chunks_exact(taps).enumerate() {
            // N3D is SN3D times √(2l + 1).
            let gain = ((2 * degree(pair / 2) + 1) as f32).sqrt();
            out.resize(out.len() + lead, 0.0);
            out.extend(filter.iter().map(|x| x * gain));
        }
        out
    }
}
