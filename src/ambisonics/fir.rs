//! The decoder's filters between spectra and time: where they lie, how they are cut to length, and how they keep the
//! wanted diffuse field through that.

use super::covariance::{C64, Covariance, match_covariance};
use super::degree;
use super::fit::Targets;
use super::low_end::LowEnd;
use crate::dsp::fft::{Fft, Spectrum};
use crate::hrtf::{HrtfSet, Shell};
use std::f64::consts::{PI, TAU};

/// What of the common delay is kept for the filters to rise in, seconds.
const RISE_S: f64 = 0.001;
/// Rounds of covariance and cutting to length.
const ROUNDS: usize = 3;

/// The filters of all channels to both ears at each bin, without the mean arrival, for channels of unit mean power in a
/// diffuse field (N3D): `[bins][channels]`.
pub(super) type Spectra = Vec<Vec<[C64; 2]>>;

/// Where the filters lie in time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// Samples that every response of the shell is silent for.
    pub(super) lead: usize,
    /// Samples of the filters from there on.
    pub(super) taps: usize,
    /// The mean arrival, samples from `lead`: phases are fitted about it.
    centre: usize,
    /// Length of the transforms: twice the filters, so that what is fitted has room to ring on.
    pub(super) len: usize,
    /// Samples in which filters rise from nothing.
    rise: usize,
}

impl Span {
    pub(super) fn of(set: &HrtfSet, shell: &Shell, wanted: usize) -> Self {
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
    pub(super) fn longer(&self, set: &HrtfSet) -> usize {
        (2 * self.taps).min(set.taps() - self.lead).min(self.len / 2)
    }

    /// exp(jω · centre) at a bin: takes the mean arrival out.
    pub(super) fn turn(&self, bin: usize) -> C64 {
        let angle = TAU * ((bin * self.centre) % self.len) as f64 / self.len as f64;
        C64::from_polar(1.0, angle)
    }
}

/// Gives a diffuse field the set's own levels and coherence, bin by bin.
pub(super) fn constrain(spectra: &mut Spectra, targets: &Targets) {
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
pub(super) struct Time {
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
    pub(super) fn new(span: Span, channels: usize, targets: &Targets, rate: f64) -> Self {
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
    pub(super) fn fit(&mut self, spectra: &Spectra, targets: &Targets, diffuse_field: bool) {
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
    pub(super) fn level_error(&mut self, targets: &Targets) -> f64 {
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
    pub(super) fn filters(&self) -> Vec<f32> {
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
