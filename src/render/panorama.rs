//! A stereo track on a stage: from the feed's two channels to the engine's sources.

use super::engine::EngineOptions;
use super::stage::Stage;
use crate::buffer::AudioBuffer;
use crate::dsp::partitioned::{Convolver, Filters, Plan};
use crate::error::Result;
use crate::headphones::graphic::minimum_phase;
use crate::hrtf::HrtfSet;
use crate::panorama::stage::Spot;
use crate::panorama::timbre::{Pair, add_bass, equaliser};
use crate::panorama::{Decomposer, Options, StageFile};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;
use std::sync::Arc;

/// Of the power of music, in the mean over songs (docs/decisions/panorama.md): what is in the middle, in the directions outwards from it (both sides
/// together), and in the ambience.
const MIDDLE: f64 = 0.6;
const SIDES: f64 = 0.15;
const AMBIENCE: f64 = 0.25;
/// Responses end where what is left of them is this part of their energy: −90 dB.
const ENDED: f64 = 1e-9;
/// The equaliser looks at this much of a room's response, seconds.
const LOOKED_AT_S: f64 = 0.35;

/// The spots of a stage in the order of an engine's sources: the direct parts from hard left to hard right, then the
/// ambience, left and right of every place.
pub(super) fn spots(file: &StageFile) -> Vec<Spot> {
    let direct = (0..file.layout().sectors()).map(|s| file.spot(s));
    // Places share the ambience: they are as loud together as one would be.
    let share = -10.0 * (file.ambience.len() as f64).log10();
    let both = |spot: &Spot| {
        let left = Spot { gain_db: spot.gain_db + share, ..*spot };
        [left, Spot { azimuth: -left.azimuth, ..left }]
    };
    direct.chain(file.ambience.iter().flat_map(both)).collect()
}

/// Between a track's two channels and the inputs of an engine whose sources stand on a stage.
pub(super) struct Opening {
    decomposer: Decomposer,
    /// Places of the ambience.
    places: usize,
    parts: Vec<Vec<f32>>,
    /// Frames at the beginning that are only delay.
    skip: usize,
}

impl Opening {
    pub(super) fn new(file: &StageFile, sample_rate: u32) -> Result<Self> {
        let layout = file.layout();
        let decomposer = Decomposer::new(f64::from(sample_rate), &Options { sectors: layout.sectors() })?;
        Ok(Self {
            skip: decomposer.latency_frames(),
            decomposer,
            places: file.ambience.len(),
            parts: vec![Vec::new(); layout.len()],
        })
    }

    /// Signals that come out.
    pub(super) fn channels(&self) -> usize {
        self.decomposer.layout().sectors() + 2 * self.places
    }

    /// Takes the next frames apart and appends what is ready of the parts.
    pub(super) fn push(&mut self, stereo: &AudioBuffer, ready: &mut AudioBuffer) {
        self.take(stereo.channel(0), stereo.channel(1), ready);
    }

    /// Appends what is still on its way.
    pub(super) fn finish(&mut self, ready: &mut AudioBuffer) {
        let silence = vec![0.0; self.decomposer.latency_frames()];
        self.take(&silence, &silence, ready);
    }

    fn take(&mut self, left: &[f32], right: &[f32], ready: &mut AudioBuffer) {
        self.parts.iter_mut().for_each(|p| p.resize(left.len(), 0.0));
        self.decomposer.process(left, right, &mut self.parts);
        let late = self.skip.min(left.len());
        self.skip -= late;
        let layout = self.decomposer.layout();
        let sectors = 0..layout.sectors();
        let planes = sectors.chain((0..self.places).flat_map(|_| layout.ambience()));
        ready.extend(&planes.map(|p| &self.parts[p][late..]).collect::<Vec<_>>());
    }
}

/// The responses of a stage on which nothing moves, from each source to both ears, of at most `longest` frames.
///
/// # Errors
/// As [`Stage::engine`].
pub(super) fn responses(stage: &Stage, set: &Arc<HrtfSet>, longest: usize) -> Result<Vec<Pair>> {
    const STEP: usize = 4096;
    let mut all = Vec::with_capacity(stage.sources.len());
    for source in &stage.sources {
        let alone = Stage { sources: vec![source.clone()], ..stage.clone() };
        let (mut engine, _control) = alone.engine(set, EngineOptions::offline(set.sample_rate(), STEP, 1))?;
        let frames = engine.tail_frames().min(longest);
        let mut pair = [vec![0.0; frames], vec![0.0; frames]];
        let mut pulse = vec![0.0; STEP];
        pulse[0] = 1.0;
        let [left, right] = &mut pair;
        for (left, right) in left.chunks_mut(STEP).zip(right.chunks_mut(STEP)) {
            engine.process(&[&pulse[..left.len()]], left, right);
            pulse[0] = 0.0;
        }
        all.push(pair);
    }
    Ok(all)
}

/// The equaliser of a stage as a response, minimum phase; `None` if it is to be left as it is. `responses` may be longer than it needs.
pub(super) fn colour(file: &StageFile, responses: &[Pair], set: &HrtfSet) -> Option<Vec<f32>> {
    let mut points = if file.equalise {
        let longest = looked_at(set);
        let short = |r: &Vec<f32>| r[..r.len().min(longest)].to_vec();
        let short: Vec<Pair> = responses.iter().map(|[l, r]| [short(l), short(r)]).collect();
        equaliser(&short, &weights(file), set)
    } else {
        (0..24).map(|b| (62.5 * f64::from(b).exp2().powf(1.0 / 3.0), 0.0)).collect()
    };
    add_bass(&mut points, file.bass_db);
    points.iter().any(|(_, db)| db.abs() > 1e-3).then(|| minimum_phase(&points, set.sample_rate()))
}

/// Frames of a response that the equaliser looks at.
pub(super) fn looked_at(set: &HrtfSet) -> usize {
    (LOOKED_AT_S * set.sample_rate()) as usize
}

/// What of music's power each source gets.
fn weights(file: &StageFile) -> Vec<f64> {
    let sectors = file.layout().sectors();
    let side = SIDES / (sectors - 1) as f64;
    let places = 2 * file.ambience.len();
    let direct = (0..sectors).map(|s| if s == sectors / 2 { MIDDLE } else { side });
    // The share of each place is in its gain already.
    direct.chain((0..places).map(|_| 0.5 * AMBIENCE)).collect()
}

/// A stage on which nothing moves, as the responses that it comes to: the same sound as the engine's for a fraction of its work.
pub(super) struct Still {
    convolver: Convolver,
}

impl Still {
    /// # Errors
    /// `Limit` if the responses take too much memory.
    pub(super) fn new(mut responses: Vec<Pair>, colour: Option<&[f32]>, block: usize) -> Result<Self> {
        let taps = responses.iter().flatten().map(|r| ended(r)).max().unwrap_or(1).max(1);
        responses.iter_mut().flatten().for_each(|r| r.truncate(taps));
        if let Some(colour) = colour {
            responses.iter_mut().flatten().for_each(|r| *r = convolved(r, colour));
        }
        let taps = responses.iter().flatten().map(Vec::len).max().unwrap_or(1);
        let plan = Arc::new(Plan::search(responses.len(), 2, taps, block, 0)?);
        let responses: Vec<Vec<Vec<f32>>> = responses.into_iter().map(Vec::from).collect();
        Ok(Self { convolver: Convolver::new(&Filters::of(&plan, &responses), 0) })
    }

    pub(super) fn process(&mut self, inputs: &[&[f32]], left: &mut [f32], right: &mut [f32]) {
        self.convolver.process(inputs, &mut [left, right]);
    }

    pub(super) fn tail_frames(&self) -> usize {
        self.convolver.tail_frames()
    }

    pub(super) fn non_finite(&self) -> u64 {
        self.convolver.non_finite()
    }
}

/// Taps of a response up to its end.
fn ended(response: &[f32]) -> usize {
    let energy: f64 = response.iter().map(|x| f64::from(*x).powi(2)).sum();
    let mut left = 0.0;
    let rest = response.iter().rev().take_while(|x| {
        left += f64::from(**x).powi(2);
        left <= ENDED * energy
    });
    response.len() - rest.count()
}

fn convolved(a: &[f32], b: &[f32]) -> Vec<f32> {
    let frames = a.len() + b.len() - 1;
    let len = frames.next_power_of_two();
    let mut planner = FftPlanner::<f64>::new();
    let transform = planner.plan_fft_forward(len);
    let mut spectra = [a, b].map(|x| {
        let mut y = vec![Complex::default(); len];
        y.iter_mut().zip(x).for_each(|(y, x)| y.re = f64::from(*x));
        transform.process(&mut y);
        y
    });
    let [x, y] = &mut spectra;
    x.iter_mut().zip(y).for_each(|(x, y)| *x *= *y);
    planner.plan_fft_inverse(len).process(x);
    x[..frames].iter().map(|x| (x.re / len as f64) as f32).collect()
}

/// The equaliser behind an engine, for both ears.
pub(super) struct Colour {
    convolver: Convolver,
    dry: [Vec<f32>; 2],
}

impl Colour {
    pub(super) fn new(response: &[f32], block: usize) -> Result<Self> {
        let plan = Arc::new(Plan::search(2, 2, response.len(), block, block)?);
        let filters = Filters::of(&plan, &[vec![response, &[]], vec![&[], response]]);
        Ok(Self { convolver: Convolver::new(&filters, 0), dry: [vec![0.0; block], vec![0.0; block]] })
    }

    /// In place. Allocates nothing.
    pub(super) fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let [a, b] = &mut self.dry;
        for (left, right) in left.chunks_mut(a.len()).zip(right.chunks_mut(b.len())) {
            let frames = left.len().min(right.len());
            a[..frames].copy_from_slice(&left[..frames]);
            b[..frames].copy_from_slice(&right[..frames]);
            self.convolver.process(&[&a[..frames], &b[..frames]], &mut [left, right]);
        }
    }

    pub(super) fn tail_frames(&self) -> usize {
        self.convolver.tail_frames()
    }
}
