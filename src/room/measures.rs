//! What a room's impulse response says of the room: the figures of ISO 3382-1:2009, octave band by octave band.
//!
//! Octave bands are twelve-pole Butterworth filters run backwards in time, so that the filter's own decay stays out of the
//! room's. A noise floor is found, cut off and compensated (the papers are named in `measures/decay.rs`); a figure whose range the response does
//! not cover is `None`, and [`BandMeasures::missing`] says why.

mod decay;
mod diffuse;
mod octave;

pub use diffuse::{echo_density, iacc, third_octaves};
pub use octave::BandPass;

use super::{BAND_CENTRES_HZ, BANDS};
use decay::Decay;
use std::fmt;

/// Seconds after the onset that count as the direct sound in [`Measures::drr_db`].
pub const DIRECT_S: f64 = 0.0025;

/// The onset is the first sample that reaches the peak less this, dB (ISO 3382-1, 5.3.2 asks for at least 20).
const ONSET_DB: f64 = 20.0;

/// Sample rates that make sense, Hz.
const SAMPLE_RATES: std::ops::RangeInclusive<f64> = 1.0..=1e7;

/// The figures of one response.
#[derive(Clone, Debug, PartialEq)]
pub struct Measures {
    /// By octave band, 125 Hz to 8 kHz.
    pub bands: [BandMeasures; BANDS],
    /// Energy up to [`DIRECT_S`] after the onset against all that follows, dB, broadband. `None` if nothing follows.
    pub drr_db: Option<f64>,
    /// From the direct sound to the first reflection within 20 dB of it, at least 1 ms later, milliseconds.
    pub itdg_ms: Option<f64>,
    /// When the direct sound arrives, seconds; `None` in silence.
    pub onset_s: Option<f64>,
}

/// The figures of one octave band.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BandMeasures {
    /// Reverberation time from −5 to −25 dB, seconds for 60 dB.
    pub t20: Option<f64>,
    /// The same from −5 to −35 dB.
    pub t30: Option<f64>,
    /// Early decay time, from 0 to −10 dB, seconds for 60 dB.
    pub edt: Option<f64>,
    /// Energy of the first 50 ms against the rest, dB.
    pub c50: Option<f64>,
    /// Energy of the first 80 ms against the rest, dB.
    pub c80: Option<f64>,
    /// Share of the first 50 ms in the energy, 0 to 1.
    pub d50: Option<f64>,
    /// Centre time, seconds after the onset.
    pub ts: Option<f64>,
    /// From the loudest part down to the noise, or to the end of a response without noise, dB.
    pub range_db: Option<f64>,
    /// Why figures are missing, if any is.
    pub missing: Option<Missing>,
}

/// Why a band has not all figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Missing {
    /// The sample rate does not carry the band.
    Rate,
    /// There is nothing in the band, or nothing that decays.
    Silence,
    /// The decay covers only so many decibels: noise, or the end of the response, comes too soon.
    Range(f64),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate => f.write_str("the sample rate does not carry the band"),
            Self::Silence => f.write_str("nothing in the band decays"),
            Self::Range(db) => {
                write!(f, "the decay covers {db:.0} dB before noise or the end; T30 needs 45, T20 35 and EDT 20")
            }
        }
    }
}

/// The figures of an impulse response (one channel, any level; what is not finite counts as silence).
///
/// Allocates, and takes about 0.1 s for 10 s at 48 kHz: not for the audio thread.
pub fn measures(response: &[f32], sample_rate: f64) -> Measures {
    if !SAMPLE_RATES.contains(&sample_rate) {
        let bands = std::array::from_fn(|_| BandMeasures { missing: Some(Missing::Rate), ..BandMeasures::default() });
        return Measures { bands, drr_db: None, itdg_ms: None, onset_s: None };
    }
    let x = trimmed(response);
    let onset = onset(&x);
    let bands = std::array::from_fn(|b| match onset {
        Some(onset) => band(&x, onset, BAND_CENTRES_HZ[b], sample_rate),
        None => BandMeasures { missing: Some(Missing::Silence), ..BandMeasures::default() },
    });
    Measures {
        bands,
        drr_db: onset.and_then(|o| drr_db(&x, o, sample_rate)),
        itdg_ms: onset.and_then(|o| itdg_ms(&x, o, sample_rate)),
        onset_s: onset.map(|o| o as f64 / sample_rate),
    }
}

/// The energy decay curve of an octave band: level of what is still to come at each frame, dB below the whole. It ends
/// where the decay meets the noise; empty in silence and where the sample rate does not carry the band.
pub fn decay_curve(response: &[f32], sample_rate: f64, centre_hz: f64) -> Vec<f64> {
    let x = trimmed(response);
    let Some(filter) = BandPass::fraction(centre_hz, 1.0, sample_rate) else { return Vec::new() };
    let squared = in_band(&filter, &x);
    let decay = Decay::find(&squared, sample_rate, octave_width(centre_hz));
    decay.map(|d| d.curve(&squared)).unwrap_or_default()
}

/// As f64, without what is not finite and without the silence at the end.
fn trimmed(response: &[f32]) -> Vec<f64> {
    let clean = |x: &f32| if x.is_finite() { f64::from(*x) } else { 0.0 };
    let peak = response.iter().map(clean).fold(0.0, |m: f64, x| m.max(x.abs()));
    // 200 dB below the peak is rounding.
    let last = response.iter().rposition(|x| clean(x).abs() > 1e-10 * peak).map_or(0, |i| i + 1);
    response[..last].iter().map(clean).collect()
}

fn onset(x: &[f64]) -> Option<usize> {
    let peak = x.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let least = peak * 10f64.powf(-ONSET_DB / 20.0);
    if peak > 0.0 { x.iter().position(|x| x.abs() >= least) } else { None }
}

fn octave_width(centre_hz: f64) -> f64 {
    centre_hz * std::f64::consts::FRAC_1_SQRT_2
}

/// The squared response in a band.
fn in_band(filter: &BandPass, x: &[f64]) -> Vec<f64> {
    let mut y = x.to_vec();
    filter.run_reversed(&mut y);
    y.iter_mut().for_each(|y| *y *= *y);
    y
}

fn band(x: &[f64], onset: usize, centre_hz: f64, sample_rate: f64) -> BandMeasures {
    let lacks = |missing| BandMeasures { missing: Some(missing), ..BandMeasures::default() };
    let Some(filter) = BandPass::fraction(centre_hz, 1.0, sample_rate) else { return lacks(Missing::Rate) };
    // The filter rings before the onset; what rings before the first frame would be lost.
    let lead = filter.ring().saturating_sub(onset);
    let (x, onset) = (&[&vec![0.0; lead], x].concat()[..], onset + lead);
    let squared = in_band(&filter, x);
    let Some(decay) = Decay::find(&squared, sample_rate, octave_width(centre_hz)) else {
        return lacks(Missing::Silence);
    };
    let curve = decay.curve(&squared);
    let within = |needed: f64| (decay.range_db >= needed).then_some(());
    // ISO 3382-1, 5.3.3: the noise at least 10 dB below the range that is evaluated.
    let t30 = within(45.0).and_then(|()| decay::time(&curve, 0, -5.0, -35.0, sample_rate));
    let t20 = within(35.0).and_then(|()| decay::time(&curve, 0, -5.0, -25.0, sample_rate));
    let edt = within(20.0).and_then(|()| edt(&curve, onset, &filter, sample_rate));
    // The response is cut in time before it is filtered, so that no filter smears the boundary.
    let split = |seconds: f64| -> (f64, f64) {
        let at = (onset + (seconds * sample_rate).round() as usize).min(x.len());
        let mut late = vec![0.0; x.len()];
        late[at..].copy_from_slice(&x[at..]);
        // What rings on after the boundary belongs to the early part; ringing backwards, it stays before.
        let early = decay.energy(&in_band(&filter, &x[..at]), 0..at);
        let late = in_band(&filter, &late);
        (early, late[..decay.end].iter().sum::<f64>() - decay.noise * decay.end.saturating_sub(at) as f64 + decay.tail)
    };
    let ratio_db = |(early, late): (f64, f64)| (early > 0.0 && late > 0.0).then(|| 10.0 * (early / late).log10());
    let (at_50, at_80) = (split(0.05), split(0.08));
    let whole = at_50.0 + at_50.1;
    BandMeasures {
        t20,
        t30,
        edt,
        c50: ratio_db(at_50),
        c80: ratio_db(at_80),
        d50: (whole > 0.0).then(|| (at_50.0 / whole).clamp(0.0, 1.0)),
        ts: centre_time(&squared, &decay, onset, &filter, sample_rate),
        range_db: Some(decay.range_db),
        missing: (t30.is_none() || edt.is_none()).then_some(Missing::Range(decay.range_db)),
    }
}

/// The filter rings before the direct sound, which bends the curve's beginning; from the onset on it is true.
fn edt(curve: &[f64], onset: usize, filter: &BandPass, sample_rate: f64) -> Option<f64> {
    // Short rooms and strong direct sounds are past −8 dB by then: they start where the direct sound is on average.
    let late = curve.get(onset).is_none_or(|l| *l < -8.0);
    let start = if late { onset.saturating_sub(filter.centroid as usize) } else { onset };
    decay::time(curve, start, 0.0, -10.0, sample_rate)
}

/// The first moment of the energy, freed of the filter's own.
fn centre_time(squared: &[f64], decay: &Decay, onset: usize, filter: &BandPass, sample_rate: f64) -> Option<f64> {
    let (mut energy, mut moment) = (decay.tail, decay.tail * (decay.end as f64 + decay.tail_frames));
    for (n, x) in squared[..decay.end].iter().enumerate() {
        energy += x - decay.noise;
        moment += n as f64 * (x - decay.noise);
    }
    (energy > 0.0).then(|| (moment / energy + filter.centroid - onset as f64).max(0.0) / sample_rate)
}

fn drr_db(x: &[f64], onset: usize, sample_rate: f64) -> Option<f64> {
    let squared: Vec<f64> = x.iter().map(|x| x * x).collect();
    let at = (onset + (DIRECT_S * sample_rate).round() as usize).min(x.len());
    let whole = Decay { end: x.len(), noise: 0.0, tail: 0.0, tail_frames: 0.0, range_db: 0.0 };
    let decay = Decay::find(&squared, sample_rate, 0.5 * sample_rate).filter(|d| d.end > at).unwrap_or(whole);
    let (direct, rest) = (decay.energy(&squared, 0..at), decay.energy(&squared, at..x.len()) + decay.tail);
    (direct > 0.0 && rest > 0.0).then(|| 10.0 * (direct / rest).log10())
}

fn itdg_ms(x: &[f64], onset: usize, sample_rate: f64) -> Option<f64> {
    let near = (0.001 * sample_rate).round() as usize;
    let end = (onset + near).min(x.len());
    let peak = (onset..end).max_by(|a, b| x[*a].abs().total_cmp(&x[*b].abs()))?;
    let least = 0.1 * x[peak].abs();
    let level = |n: usize| x.get(n).map_or(0.0, |x| x.abs());
    let reflection = (peak + near..x.len()).find(|n| level(*n) >= least && level(*n) >= level(*n + 1))?;
    Some((reflection - peak) as f64 / sample_rate * 1e3)
}

#[cfg(test)]
mod tests;
