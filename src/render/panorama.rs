//! A stereo track on a stage: from the feed's two channels to the engine's sources.

use super::engine::EngineOptions;
use super::stage::Stage;
use crate::buffer::AudioBuffer;
use crate::dsp::partitioned::{Convolver, Filters, Plan};
use crate::error::Result;
use crate::headphones::graphic::minimum_phase;
use crate::hrtf::HrtfSet;
use crate::panorama::stage::Spot;
use crate::panorama::timbre::{Curve, Pair, Seat, add_bass, equalisers, flat};
use crate::panorama::{Balance, Decomposer, Options, StageFile};
use crate::spatializer::SourceSpec;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Of the power of music, about: what is in the middle, in the directions outwards from it (all together), and in the
/// ambience.
const MIDDLE: f64 = 0.6;
const SIDES: f64 = 0.15;
const AMBIENCE: f64 = 0.25;
/// Responses end where what is left of them is this part of their energy: −90 dB.
const ENDED: f64 = 1e-9;
/// The equalisers and the balance look at this much of a room's response, seconds.
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
    /// Of the stereo pairs that come in: one, or those of voice and band.
    decomposers: Vec<Decomposer>,
    /// Places of the ambience.
    places: usize,
    parts: Vec<Vec<f32>>,
    /// What one step gives of the parts of one pair, on its way to them.
    step: Vec<Vec<f32>>,
    /// Keeps the track's own balance, unless the stage is to be heard as it is.
    balance: Option<Balance>,
    /// What each signal goes through, if that is not in the responses already.
    colours: Vec<Convolver>,
    /// Frames at the beginning that are only delay.
    skip: usize,
}

impl Opening {
    /// For `pairs` stereo pairs, whose parts belong together. `colours` as [`colours`] has them, or none; `balance` as
    /// [`balance`] does.
    pub(super) fn new(
        file: &StageFile,
        sample_rate: u32,
        pairs: usize,
        colours: &[Vec<f32>],
        balance: Option<Balance>,
    ) -> Result<Self> {
        let layout = file.layout();
        let decomposers =
            (0..pairs.max(1)).map(|_| decomposer(file, f64::from(sample_rate))).collect::<Result<Vec<_>>>()?;
        Ok(Self {
            skip: decomposers[0].latency_frames(),
            places: file.ambience.len(),
            parts: vec![Vec::new(); layout.len()],
            step: vec![vec![0.0; decomposers[0].hop_frames()]; layout.len()],
            decomposers,
            balance,
            colours: colours.iter().map(|c| filter(c)).collect::<Result<_>>()?,
        })
    }

    /// Signals that come out.
    pub(super) fn channels(&self) -> usize {
        self.decomposers[0].layout().sectors() + 2 * self.places
    }

    /// Takes the next frames of all pairs apart and appends what is ready of the parts.
    pub(super) fn push(&mut self, pairs: &AudioBuffer, ready: &mut AudioBuffer) {
        self.take(&pairs.iter().collect::<Vec<_>>(), ready);
    }

    /// Appends what is still on its way.
    pub(super) fn finish(&mut self, ready: &mut AudioBuffer) {
        let silence = vec![0.0; self.decomposers[0].latency_frames()];
        self.take(&vec![&silence[..]; 2 * self.decomposers.len()], ready);
    }

    fn take(&mut self, pairs: &[&[f32]], ready: &mut AudioBuffer) {
        let frames = pairs[0].len();
        for part in &mut self.parts {
            part.clear();
            part.resize(frames, 0.0);
        }
        // Gains change between hops, wherever blocks begin and end.
        let mut at = 0;
        while at < frames {
            let to = frames.min(at + self.decomposers[0].frames_to_hop());
            for (decomposer, pair) in self.decomposers.iter_mut().zip(pairs.chunks_exact(2)) {
                let (left, right) = (&pair[0][at..to], &pair[1][at..to]);
                match &self.balance {
                    Some(balance) => decomposer.process_with(left, right, &mut self.step, balance.gains()),
                    None => decomposer.process(left, right, &mut self.step),
                }
                for (part, step) in self.parts.iter_mut().zip(&self.step) {
                    part[at..to].iter_mut().zip(step).for_each(|(part, step)| *part += step);
                }
            }
            if let Some(balance) = &mut self.balance {
                balance.listen(&self.parts.iter().map(|p| &p[at..to]).collect::<Vec<_>>(), to - at);
            }
            at = to;
        }
        let late = self.skip.min(frames);
        self.skip -= late;
        let layout = self.decomposers[0].layout();
        let sectors = 0..layout.sectors();
        let planes = sectors.chain((0..self.places).flat_map(|_| layout.ambience()));
        if self.colours.is_empty() {
            return ready.extend(&planes.map(|p| &self.parts[p][late..]).collect::<Vec<_>>());
        }
        let filtered: Vec<Vec<f32>> = planes
            .zip(&mut self.colours)
            .map(|(part, colour)| {
                let mut out = vec![0.0; self.parts[part].len() - late];
                colour.process(&[&self.parts[part][late..]], &mut [&mut out]);
                out
            })
            .collect();
        ready.extend(&filtered.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
}

/// The responses of a stage on which nothing moves, from each source to both ears. The last ones are kept: what is played
/// is asked for twice, once for its loudness, and one stage is played after another track.
///
/// # Errors
/// As [`Stage::engine`].
pub(super) fn responses(stage: &Stage, set: &Arc<HrtfSet>) -> Result<Arc<Vec<Pair>>> {
    struct Known {
        set: Weak<HrtfSet>,
        stage: String,
        responses: Arc<Vec<Pair>>,
    }
    static LAST: Mutex<Option<Known>> = Mutex::new(None);
    let described = described(stage);
    // Whoever asks while they are being made waits for them.
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = &*last
        && std::ptr::eq(known.set.as_ptr(), Arc::as_ptr(set))
        && known.set.strong_count() > 0
        && known.stage == described
    {
        return Ok(Arc::clone(&known.responses));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(stage.sources.len().max(1));
    let share = stage.sources.len().div_ceil(threads).max(1);
    let parts: Vec<Result<Vec<Pair>>> = std::thread::scope(|scope| {
        let work = |sources| scope.spawn(move || responses_of(sources, stage, set));
        let workers: Vec<_> = stage.sources.chunks(share).map(work).collect();
        workers.into_iter().map(|w| w.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let all = parts.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    let responses = Arc::new(all);
    *last = Some(Known { set: Arc::downgrade(set), stage: described, responses: Arc::clone(&responses) });
    Ok(responses)
}

/// All that its responses depend on.
fn described(stage: &Stage) -> String {
    // A followed head moves, and asks for the same: with a space, all engines are built for motion.
    let moves = stage.moves && !stage.needs_space();
    format!("{:?}", Stage { moves, ..stage.clone() })
}

fn responses_of(sources: &[SourceSpec], stage: &Stage, set: &Arc<HrtfSet>) -> Result<Vec<Pair>> {
    const STEP: usize = 4096;
    let mut all = Vec::with_capacity(sources.len());
    // Kept until the next one is there, so that it finds what they share.
    let mut before = None;
    for source in sources {
        let alone = Stage { sources: vec![source.clone()], ..stage.clone() };
        let (mut engine, _control) = alone.engine(set, EngineOptions::offline(set.sample_rate(), STEP, 1))?;
        let frames = engine.tail_frames();
        // Whole blocks: a cut one would be transformed in another way.
        let whole = frames.next_multiple_of(STEP);
        let mut pair = [vec![0.0; whole], vec![0.0; whole]];
        let mut pulse = vec![0.0; STEP];
        pulse[0] = 1.0;
        let [left, right] = &mut pair;
        for (left, right) in left.chunks_mut(STEP).zip(right.chunks_mut(STEP)) {
            engine.process(&[&pulse[..left.len()]], left, right);
            pulse[0] = 0.0;
        }
        pair.iter_mut().for_each(|r| r.truncate(frames));
        all.push(pair);
        before = Some(engine);
    }
    drop(before);
    Ok(all)
}

/// The equaliser of each source as a response, minimum phase; none if all are to be left as they are.
pub(super) fn colours(file: &StageFile, responses: &[Pair], set: &HrtfSet) -> Vec<Vec<f32>> {
    let spots = spots(file);
    let mut curves = if file.equalise {
        let longest = looked_at(set);
        let short = |r: &Vec<f32>| r[..r.len().min(longest)].to_vec();
        let short: Vec<Pair> = responses.iter().map(|[l, r]| [short(l), short(r)]).collect();
        // Mirror images are alike.
        let alike =
            |a: &Spot, b: &Spot| Spot { azimuth: a.azimuth.abs(), ..*a } == Spot { azimuth: b.azimuth.abs(), ..*b };
        let first = |s: &Spot| spots.iter().position(|other| alike(s, other)).unwrap_or(0);
        let sectors = file.layout().sectors();
        let weight = |spot: usize| match spot {
            middle if middle == sectors / 2 => MIDDLE,
            side if side < sectors => SIDES / (sectors - 1) as f64,
            _ => AMBIENCE / (spots.len() - sectors) as f64,
        };
        let seat = |(i, (spot, response))| {
            let (spot, response): (&Spot, &Pair) = (spot, response);
            Seat { response, group: first(spot), gain_db: spot.gain_db, weight: weight(i) }
        };
        let seats: Vec<Seat<'_>> = spots.iter().zip(&short).enumerate().map(seat).collect();
        equalisers(&seats, set)
    } else if file.bass_db != 0.0 {
        vec![flat(); spots.len()]
    } else {
        return Vec::new();
    };
    curves.iter_mut().for_each(|c| add_bass(c, file.bass_db));
    let mut made: Vec<(&Curve, Vec<f32>)> = Vec::new();
    for curve in &curves {
        // Mirror images have one in common.
        let same = made.iter().find(|(known, _)| *known == curve).map(|(_, filter)| filter.clone());
        made.push((curve, same.unwrap_or_else(|| minimum_phase(curve, set.sample_rate()))));
    }
    made.into_iter().map(|(_, filter)| filter).collect()
}

/// What keeps a track's balance on this stage; none if it is to be heard as it is. `coloured` as [`coloured`] has them.
///
/// # Errors
/// `Argument` if the head's rate is none for a panorama.
pub(super) fn balance(file: &StageFile, coloured: &[Pair], set: &HrtfSet) -> Result<Option<Balance>> {
    if !file.equalise {
        return Ok(None);
    }
    let (sectors, longest) = (file.layout().sectors(), looked_at(set));
    let mut heard: Vec<Pair> = vec![Default::default(); file.layout().len()];
    for (i, pair) in coloured.iter().enumerate() {
        // A part that the stage makes louder is meant to be.
        let (part, meant_db) = match i.checked_sub(sectors) {
            None => (i, file.spot(i).gain_db),
            Some(n) => (sectors + n % 2, file.ambience.get(n / 2).map_or(0.0, |spot| spot.gain_db)),
        };
        let gain = 10f64.powf(-0.05 * meant_db) as f32;
        for (sum, own) in heard[part].iter_mut().zip(pair) {
            let own = &own[..own.len().min(longest)];
            sum.resize(sum.len().max(own.len()), 0.0);
            sum.iter_mut().zip(own).for_each(|(y, x)| *y += gain * x);
        }
    }
    let mut wanted = flat();
    add_bass(&mut wanted, file.bass_db);
    Ok(Some(Balance::new(set.sample_rate(), &decomposer(file, set.sample_rate())?, &heard, &wanted)))
}

fn decomposer(file: &StageFile, sample_rate: f64) -> Result<Decomposer> {
    Decomposer::new(sample_rate, &Options { sectors: file.layout().sectors() })
}

/// A response as a filter of one signal.
fn filter(response: &[f32]) -> Result<Convolver> {
    let plan = Arc::new(Plan::search(1, 1, response.len(), 1024, 0)?);
    Ok(Convolver::new(&Filters::of(&plan, &[vec![response]]), 0))
}

/// Frames of a response that the equaliser looks at.
fn looked_at(set: &HrtfSet) -> usize {
    (LOOKED_AT_S * set.sample_rate()) as usize
}

/// A stage on which nothing moves, as the responses that it comes to: the same sound as the engine's for a fraction of its work.
pub(super) struct Still {
    convolver: Convolver,
}

impl Still {
    /// For responses as [`coloured`] has them.
    ///
    /// # Errors
    /// `Limit` if the responses take too much memory.
    pub(super) fn new(mut responses: Vec<Pair>, block: usize) -> Result<Self> {
        let taps = responses.iter().flatten().map(|r| ended(r)).max().unwrap_or(1).max(1);
        responses.iter_mut().flatten().for_each(|r| r.truncate(taps));
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

/// The responses behind their sources' equalisers; as they are, if there are none.
pub(super) fn coloured(responses: &[Pair], colours: &[Vec<f32>]) -> Vec<Pair> {
    let longest = |x: &mut dyn Iterator<Item = usize>| x.max().unwrap_or(0);
    let [frames, taps] =
        [longest(&mut responses.iter().flatten().map(Vec::len)), longest(&mut colours.iter().map(Vec::len))];
    if frames == 0 || taps == 0 {
        return responses.to_vec();
    }
    let len = (frames + taps - 1).next_power_of_two();
    let mut planner = FftPlanner::<f32>::new();
    let (forward, inverse) = (planner.plan_fft_forward(len), planner.plan_fft_inverse(len));
    let one = |(pair, colour): (&Pair, &Vec<f32>)| {
        // Both ears at once, as real and imaginary parts: the equaliser is real.
        let mut ears = vec![Complex::default(); len];
        let [left, right] = pair;
        ears.iter_mut().zip(left).for_each(|(z, l)| z.re = *l);
        ears.iter_mut().zip(right).for_each(|(z, r)| z.im = *r);
        let mut filter = vec![Complex::default(); len];
        filter.iter_mut().zip(colour).for_each(|(z, c)| z.re = *c / len as f32);
        forward.process(&mut ears);
        forward.process(&mut filter);
        ears.iter_mut().zip(&filter).for_each(|(z, f)| *z *= f);
        inverse.process(&mut ears);
        let ends = [left, right].map(|r| r.len() + colour.len() - 1);
        [ears[..ends[0]].iter().map(|z| z.re).collect(), ears[..ends[1]].iter().map(|z| z.im).collect()]
    };
    responses.iter().zip(colours).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Layout;
    use crate::render::{Placement, RenderJob};

    fn noise(frames: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..frames).map(|_| 0.1 * next()).collect()
    }

    /// As much of the responses as the equalisers and the balance look at.
    fn looked(whole: &[Pair], set: &HrtfSet) -> Vec<Pair> {
        let longest = looked_at(set);
        whole.iter().map(|pair| pair.each_ref().map(|r| r[..r.len().min(longest)].to_vec())).collect()
    }

    fn by_the_engine(stage: &Stage, set: &Arc<HrtfSet>, inputs: &[&[f32]]) -> Pair {
        let (mut engine, _control) = stage.engine(set, EngineOptions::offline(48_000.0, 4096, 1)).unwrap();
        let frames = inputs[0].len();
        let mut ears = [vec![0.0; frames], vec![0.0; frames]];
        let [left, right] = &mut ears;
        for at in (0..frames).step_by(4096) {
            let to = (at + 4096).min(frames);
            let block: Vec<&[f32]> = inputs.iter().map(|x| &x[at..to]).collect();
            engine.process(&block, &mut left[at..to], &mut right[at..to]);
        }
        ears
    }

    /// The energy of the difference over that of `b`.
    fn apart_db(a: &[f32], b: &[f32]) -> f64 {
        let apart: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
        10.0 * (apart / b.iter().map(|b| f64::from(*b).powi(2)).sum::<f64>()).log10()
    }

    #[test]
    fn a_stage_rendered_by_its_responses_sounds_as_the_engine_does_behind_the_same_equalisers() {
        let set = crate::hrtf::open("ku100", 48_000.0).unwrap();
        let file = StageFile::open("natural").unwrap();
        let stereo = Layout::named("stereo", 2).unwrap();
        let stage = Stage::of_track(&RenderJob::new("a", "b"), &Placement::Panorama, &stereo, Some(&file)).unwrap();
        let whole = responses(&stage, &set).unwrap();
        let looked = looked(&whole, &set);
        let colours = colours(&file, &looked, &set);
        // What a listener's equalisers are made from is what a file's are made from.
        assert!(super::colours(&file, &whole, &set) == colours);
        let frames = 12_000;
        let inputs: Vec<Vec<f32>> = (0..stage.sources.len()).map(|i| noise(frames, i as u32)).collect();
        let inputs: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
        let mut still = Still::new(coloured(&whole, &colours), 4096).unwrap();
        let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
        still.process(&inputs, &mut left, &mut right);

        let filtered: Vec<Vec<f32>> = inputs
            .iter()
            .zip(&colours)
            .map(|(x, c)| {
                let mut y = vec![0.0; frames];
                filter(c).unwrap().process(&[x], &mut [&mut y]);
                y
            })
            .collect();
        let filtered: Vec<&[f32]> = filtered.iter().map(Vec::as_slice).collect();
        let [a, b] = by_the_engine(&stage, &set, &filtered);
        for (still, engine) in [(&left, &a), (&right, &b)] {
            let db = apart_db(still, engine);
            assert!(db < -75.0, "{db:.1} dB");
        }
    }

    #[test]
    fn a_followed_head_has_the_balance_that_a_file_has() {
        let set = crate::hrtf::open("ku100", 48_000.0).unwrap();
        let file = StageFile::open("natural").unwrap();
        let stereo = Layout::named("stereo", 2).unwrap();
        let stage = Stage::of_track(&RenderJob::new("a", "b"), &Placement::Panorama, &stereo, Some(&file)).unwrap();
        let whole = responses(&stage, &set).unwrap();
        let looked = looked(&whole, &set);
        let colours = colours(&file, &looked, &set);
        let frames = 36_000;
        // Two sounds of two colours at two sides.
        let dark: Vec<f32> = noise(frames, 7).windows(9).map(|w| w.iter().sum()).collect();
        let track = [dark.clone(), noise(frames, 8)[..dark.len()].to_vec()];
        let opened = |colours: &[Vec<f32>], balance: Option<Balance>, block: usize| {
            let mut opening = Opening::new(&file, 48_000, 1, colours, balance).unwrap();
            let mut ready = AudioBuffer::new(opening.channels(), 0);
            for at in (0..track[0].len()).step_by(block) {
                let to = (at + block).min(track[0].len());
                let mut part = AudioBuffer::new(2, 0);
                part.extend(&[&track[0][at..to], &track[1][at..to]]);
                opening.push(&part, &mut ready);
            }
            opening.finish(&mut ready);
            ready
        };
        let still_parts = opened(&[], balance(&file, &coloured(&whole, &colours), &set).unwrap(), 8192);
        let unbalanced = opened(&[], None, 8192);
        let followed_parts = opened(&colours, balance(&file, &coloured(&looked, &colours), &set).unwrap(), 128);
        let frames = still_parts.frames();
        let mut still = Still::new(coloured(&whole, &colours), 4096).unwrap();
        let mut ours = [vec![0.0; frames], vec![0.0; frames]];
        let [left, right] = &mut ours;
        still.process(&still_parts.iter().collect::<Vec<_>>(), left, right);
        let engines = by_the_engine(&stage, &set, &followed_parts.iter().collect::<Vec<_>>());
        still = Still::new(coloured(&whole, &colours), 4096).unwrap();
        let mut plain = [vec![0.0; frames], vec![0.0; frames]];
        let [left, right] = &mut plain;
        still.process(&unbalanced.iter().collect::<Vec<_>>(), left, right);
        for ear in 0..2 {
            let db = apart_db(&engines[ear], &ours[ear]);
            assert!(db < -75.0, "{db:.1} dB");
            let moved = apart_db(&plain[ear], &ours[ear]);
            assert!(moved > -40.0, "there is a balance to be kept: {moved:.1} dB");
        }
    }

    #[test]
    fn a_followed_head_asks_for_the_responses_that_a_file_asked_for() {
        let file = StageFile::open("natural").unwrap();
        let stereo = Layout::named("stereo", 2).unwrap();
        let job = RenderJob::new("a", "b");
        let stage = Stage::of_track(&job, &Placement::Panorama, &stereo, Some(&file)).unwrap();
        let mut followed = stage.clone();
        followed.stand_still();
        assert!(followed.moves && !stage.moves);
        assert_eq!(described(&followed), described(&stage));
        followed.sources[0].gain *= 2.0;
        assert_ne!(described(&followed), described(&stage));
    }

    #[test]
    fn a_stage_that_is_to_be_heard_as_it_is_has_no_balance() {
        let set = crate::hrtf::open("ku100", 48_000.0).unwrap();
        let mut file = StageFile::open("natural").unwrap();
        assert!(balance(&file, &[], &set).unwrap().is_some());
        file.equalise = false;
        assert!(balance(&file, &[], &set).unwrap().is_none());
    }

    #[test]
    fn what_is_opened_up_adds_up_to_the_track_in_step_with_it() {
        let file = StageFile::open("wide").unwrap();
        let mut opening = Opening::new(&file, 48_000, 1, &[], None).unwrap();
        let mut ready = AudioBuffer::new(opening.channels(), 0);
        let track = [noise(5_000, 1), noise(5_000, 2)];
        for at in (0..5_000).step_by(777) {
            let to = (at + 777).min(5_000);
            let mut block = AudioBuffer::new(2, 0);
            block.extend(&[&track[0][at..to], &track[1][at..to]]);
            opening.push(&block, &mut ready);
        }
        opening.finish(&mut ready);
        assert_eq!(ready.frames(), 5_000);
        let parts: Vec<&[f32]> = ready.iter().take(9).collect();
        let (mut left, mut right) = (vec![0.0; 5_000], vec![0.0; 5_000]);
        file.layout().add_up(&parts, |_| true, &mut left, &mut right);
        for (sum, x) in [(&left, &track[0]), (&right, &track[1])] {
            assert!(sum.iter().zip(x).all(|(a, b)| (a - b).abs() < 1e-6));
        }
    }
}
