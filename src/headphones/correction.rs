//! A profile made ready for a sample rate: filters one after the other, then a response, in place.

use super::biquad::Biquad;
use super::graphic;
use super::profile::Profile;
use crate::dsp::denormals::FlushDenormals;
use crate::dsp::partitioned::{Convolver, Filters, Plan};
use crate::dsp::resample::ResponseResampler;
use crate::error::{Error, Result};
use std::sync::Arc;

/// Frames of silence before a response that is resampled, at the lower of both rates: the interpolator rings as much
/// ahead of an onset as after it.
const LEAD: usize = 33;
/// What rings below this part of a pulse has ended.
const ENDED: f64 = 1e-4;
/// No equaliser lifts anything further, dB.
const MOST_GAIN_DB: f64 = 100.0;
/// No filter rings on for longer than this, seconds, as far as [`Correction::tail_frames`] is concerned.
const LONGEST_TAIL_S: f64 = 2.0;

/// A correction that runs. `new` allocates, `process` never does.
pub struct Correction {
    gain: f64,
    filters: Vec<Section>,
    convolver: Option<Box<Response>>,
    /// Both ears of a block as they pass through the filters.
    work: [Vec<f64>; 2],
    latency: usize,
    tail: usize,
}

/// A filter and its state, transposed direct form II: the form that keeps its precision at low frequencies and may start
/// from silence at any time.
struct Section {
    filter: Biquad,
    state: [[f64; 2]; 2],
}

struct Response {
    convolver: Convolver,
    /// Both ears before and after.
    dry: [Vec<f32>; 2],
}

impl std::fmt::Debug for Correction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Correction")
            .field("filters", &self.filters.len())
            .field("response", &self.convolver.is_some())
            .field("tail", &self.tail)
            .finish_non_exhaustive()
    }
}

impl Correction {
    /// For blocks of mostly `block` frames (1 to 8192; others are rendered as well) at `sample_rate` Hz.
    ///
    /// # Errors
    /// `Argument` if a number is out of its range, `Limit` if the profile asks for too much.
    pub fn new(profile: &Profile, sample_rate: f64, block: usize) -> Result<Self> {
        profile.check()?;
        if !(8_000.0..=384_000.0).contains(&sample_rate) || !(1..=8192).contains(&block) {
            return Err(Error::argument(format!(
                "a correction runs at 8000 to 384000 Hz in blocks of 1 to 8192 frames, not at {sample_rate} Hz in blocks \
                 of {block}"
            )));
        }
        check_gain(profile, sample_rate)?;
        let filters: Vec<Section> = profile
            .equaliser
            .biquads(sample_rate)
            .into_iter()
            .filter(|q| *q != Biquad::IDENTITY)
            .map(|filter| Section { filter, state: [[0.0; 2]; 2] })
            .collect();
        let mut tail = filters.iter().map(|s| ring_frames(&s.filter)).fold(0.0, f64::max);
        tail = tail.min(LONGEST_TAIL_S * sample_rate);
        let (responses, latency) = responses(profile, sample_rate);
        let mut convolver = None;
        if let Some([left, right]) = responses {
            let taps = left.len().max(right.len());
            let plan = Arc::new(Plan::search(2, 2, taps, block, block)?);
            tail += taps as f64;
            let filters = Filters::of(&plan, &[vec![left, Vec::new()], vec![Vec::new(), right]]);
            let room = || [vec![0.0; block], vec![0.0; block]];
            convolver = Some(Box::new(Response { convolver: Convolver::new(&filters, 0), dry: room() }));
        }
        Ok(Self {
            gain: 10f64.powf(profile.equaliser.preamp_db / 20.0),
            filters,
            convolver,
            work: [vec![0.0; block], vec![0.0; block]],
            latency,
            tail: tail.ceil() as usize,
        })
    }

    /// Corrects both ears in place; of unequal ones the common length. Samples that are not finite count as silence.
    /// Allocates nothing.
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let _flush = FlushDenormals::new();
        let step = self.work[0].len();
        for (left, right) in left.chunks_mut(step).zip(right.chunks_mut(step)) {
            let frames = left.len().min(right.len());
            self.block(&mut left[..frames], &mut right[..frames]);
        }
    }

    fn block(&mut self, left: &mut [f32], right: &mut [f32]) {
        let frames = left.len();
        let [one, two] = &mut self.work;
        let (one, two) = (&mut one[..frames], &mut two[..frames]);
        let gain = self.gain;
        let take = |y: &mut f64, x: &f32| *y = if x.is_finite() { gain * f64::from(*x) } else { 0.0 };
        one.iter_mut().zip(left.iter()).for_each(|(y, x)| take(y, x));
        two.iter_mut().zip(right.iter()).for_each(|(y, x)| take(y, x));
        for section in &mut self.filters {
            section.process(one, two);
        }
        // Full scale is 1: what is beyond the largest number was no sound to begin with.
        let give = |y: &mut f32, x: &f64| *y = x.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
        match &mut self.convolver {
            None => {
                left.iter_mut().zip(one.iter()).for_each(|(y, x)| give(y, x));
                right.iter_mut().zip(two.iter()).for_each(|(y, x)| give(y, x));
            }
            Some(response) => {
                let [dry_left, dry_right] = &mut response.dry;
                dry_left.iter_mut().zip(one.iter()).for_each(|(y, x)| give(y, x));
                dry_right.iter_mut().zip(two.iter()).for_each(|(y, x)| give(y, x));
                response.convolver.process(&[&dry_left[..frames], &dry_right[..frames]], &mut [left, right]);
            }
        }
    }

    /// Forgets all sound, as if newly made.
    pub fn reset(&mut self) {
        self.filters.iter_mut().for_each(|s| s.state = [[0.0; 2]; 2]);
        if let Some(response) = &mut self.convolver {
            response.convolver.reset();
        }
    }

    /// Frames by which the sound is late: none, unless a response had to be resampled; then 33 frames of the lower of both
    /// rates (0.7 ms at 44.1 kHz), to the nearest frame. Without them the interpolation would cut off half of an onset.
    pub fn latency_frames(&self) -> usize {
        self.latency
    }

    /// Frames that sound after the input has ended, until they are 80 dB down.
    pub fn tail_frames(&self) -> usize {
        self.tail
    }
}

impl Section {
    /// Both ears side by side: two independent chains hide each other's waiting.
    fn process(&mut self, left: &mut [f64], right: &mut [f64]) {
        let Biquad { b: [b0, b1, b2], a: [a1, a2] } = self.filter;
        let [[mut l1, mut l2], [mut r1, mut r2]] = self.state;
        for (l, r) in left.iter_mut().zip(right) {
            let (x, z) = (*l, *r);
            let (y, w) = (b0 * x + l1, b0 * z + r1);
            l1 = b1 * x - a1 * y + l2;
            r1 = b1 * z - a1 * w + r2;
            l2 = b2 * x - a2 * y;
            r2 = b2 * z - a2 * w;
            (*l, *r) = (y, w);
        }
        self.state = [[l1, l2], [r1, r2]];
    }
}

/// Refuses filters that lift anything so far that numbers could overflow on the way.
fn check_gain(profile: &Profile, sample_rate: f64) -> Result<()> {
    let equaliser = &profile.equaliser;
    let biquads = equaliser.biquads(sample_rate);
    let grid = (0..64).map(|i| 10.0 * (0.049 * sample_rate).powf(f64::from(i) / 63.0));
    let own = equaliser.filters.iter().map(|f| f.frequency_hz.min(0.49 * sample_rate));
    for hz in grid.chain(own) {
        let mut sum = equaliser.preamp_db;
        for biquad in &biquads {
            sum += biquad.gain_db(hz, sample_rate);
            if sum > MOST_GAIN_DB {
                return Err(Error::limit(format!(
                    "the equaliser lifts {hz:.0} Hz by more than {MOST_GAIN_DB} dB, which no headphone needs"
                )));
            }
        }
    }
    Ok(())
}

/// Frames until a filter has rung out.
fn ring_frames(filter: &Biquad) -> f64 {
    let radius = filter.pole_radius();
    if radius > 0.0 { (ENDED.ln() / radius.ln()).max(2.0) } else { 2.0 }
}

/// The responses of a profile at a rate, and by how many frames they came late.
fn responses(profile: &Profile, sample_rate: f64) -> (Option<[Vec<f32>; 2]>, usize) {
    let curve = (!profile.graphic.is_empty()).then(|| graphic::minimum_phase(&profile.graphic, sample_rate));
    let Some(response) = &profile.response else {
        return (curve.map(|h| [h.clone(), h]), 0);
    };
    let (mut ears, mut latency) = (response.ears.clone(), 0);
    if response.sample_rate != sample_rate {
        let lead = (LEAD as f64 * (response.sample_rate / sample_rate).max(1.0)).ceil() as usize;
        latency = (lead as f64 * sample_rate / response.sample_rate).round() as usize;
        let len = ears[0].len() + 2 * lead;
        let mut resampler = ResponseResampler::new(len, response.sample_rate, sample_rate);
        for ear in &mut ears {
            let mut padded = vec![0.0; lead];
            padded.extend_from_slice(ear);
            padded.resize(len, 0.0);
            let mut out = vec![0.0; resampler.output_len()];
            resampler.process(&padded, &mut out);
            *ear = out;
        }
    }
    if let Some(curve) = curve {
        ears = ears.map(|ear| convolved(&ear, &curve));
    }
    (Some(ears), latency)
}

/// Two responses one after the other, directly: both are short and this is not the audio thread.
fn convolved(x: &[f32], h: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0f64; x.len() + h.len() - 1];
    for (n, a) in x.iter().enumerate().filter(|(_, a)| **a != 0.0) {
        let a = f64::from(*a);
        sums[n..n + h.len()].iter_mut().zip(h).for_each(|(y, b)| *y += a * f64::from(*b));
    }
    sums.into_iter().map(|y| y as f32).collect()
}
