//! How loud a track will be, before it has been heard.
//!
//! A render to a file measures the whole track before it sets its gain. A short track is rendered unheard for that, while
//! the device opens; of a long one, which would be waiting, excerpts are measured, and their gain holds for the whole track,
//! unless a render has left its own in the memory. See docs/decisions/live.md for how far that is off.

use crate::buffer::AudioBuffer;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::output::loudness::LoudnessMeter;
use crate::render::live::{Ears, Pace, Show, open};
use crate::render::{GainMemory, Loudness, RenderJob, Stage, StageRoom, render};
use crate::spatializer::SourceSpec;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Length of the excerpt of a track, seconds.
const EXCERPT_S: f64 = 3.0;
/// A track of this length or more is measured in an excerpt inside, where it is likelier to be as loud as it gets; of a scene
/// of this length or more several are taken.
const LONG_S: f64 = 12.0;
/// Where the excerpt begins, as a part of a long track.
const INTO: f64 = 0.4;
/// No track is turned up by more than this, dB: what is quiet in the excerpts may be loud elsewhere.
const MOST_DB: f64 = 20.0;
/// Places, spread over all of it, at which a scene is rendered.
const PLACES: usize = 7;
/// Moments at which the sources' distances are looked at.
const MOMENTS: u64 = 5000;
/// What is rendered at each, seconds, and what of that is not measured, as everything has yet to arrive and the room to fill.
const PLACE_S: [f64; 2] = [0.6, 0.1];
/// Nearer than this a source is no louder, metres.
const NEAREST_M: f64 = 0.2;
/// A scene without an end is looked at for so long, seconds.
const ENDLESS_S: f64 = 60.0;
/// Places at which a track is decoded to learn how loud it is as a whole, and how much at each, seconds.
const GLANCES: u64 = 12;
const GLANCE_S: f64 = 1.0;

/// The gain, dB, that brings a track to the loudness that its job asks for, or about so; 0 if the excerpt is silent. While
/// files lie about for it, which a process that ends then would leave behind, it counts in `at_work`.
///
/// # Errors
/// Whatever opening and decoding the track runs into.
pub(super) fn gain_db(job: &RenderJob, memory: Option<&GainMemory>, at_work: &AtomicUsize) -> Result<f64> {
    if job.loudness == Loudness::Off {
        return Ok(0.0);
    }
    match memory.and_then(|memory| memory.recall(job)) {
        Some(known) => Ok(known),
        None if job.is_scene()? => of_scene(job, at_work),
        None if length(job)?.is_some_and(|l| l < LONG_S) => exact(job, at_work),
        None => of_track(job),
    }
}

/// Seconds that a track plays, if known.
fn length(job: &RenderJob) -> Result<Option<f64>> {
    let length = crate::decode::open(&job.input)?.info().seconds().map(|s| (s - job.start).max(0.0));
    Ok(job.duration.map_or(length, |d| Some(length.map_or(d, |l| l.min(d)))))
}

/// As a render has it, by a render.
fn exact(job: &RenderJob, at_work: &AtomicUsize) -> Result<f64> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    at_work.fetch_add(1, Ordering::Relaxed);
    let done = render_to_measure(job, number);
    at_work.fetch_sub(1, Ordering::Relaxed);
    done
}

fn render_to_measure(job: &RenderJob, number: usize) -> Result<f64> {
    let dir = std::env::temp_dir().join(format!("periphon-level-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&dir).map_err(|e| Error::io(&dir, "cannot make a directory to measure in", e))?;
    let report = render(&RenderJob { output: dir.join("level.wav"), ..job.clone() }, &mut |_| ());
    let _ = std::fs::remove_dir_all(&dir);
    Ok(report?.gain_db)
}

/// What spatialisation makes of the loudness of an excerpt, it makes of all.
fn of_track(job: &RenderJob) -> Result<f64> {
    let mut excerpt = job.clone();
    if let Some(length) = length(job)? {
        excerpt.start += INTO * length;
    }
    excerpt.duration = Some(excerpt.duration.unwrap_or(EXCERPT_S).min(EXCERPT_S));
    excerpt.tail = Some(0.0);
    let (mut show, mut ears) = open(&excerpt, Pace::File)?;
    show.measure()?;
    let mut heard = Heard::new(ears.rate)?;
    while heard.next(&mut show, &mut ears)?.is_some() {}
    let Some((from, to)) = show.meter().and_then(LoudnessMeter::integrated_lufs).zip(heard.meter.integrated_lufs())
    else {
        return Ok(0.0);
    };
    let gain = match job.loudness {
        // Where only a voice is left, or none, it is that which has been measured, not the track.
        Loudness::Lufs(lufs) if job.vocals.is_some() || job.separate => lufs - to,
        // What breaks a decoder somewhere in the track does not keep its beginning from being played.
        Loudness::Lufs(lufs) => lufs - (glances(job).ok().flatten().unwrap_or(from) + to - from),
        // It is to be as loud as it went in.
        _ => from - to,
    };
    Ok(gain.min(MOST_DB))
}

/// How loud a track is as a whole, as it is, LUFS: a passage that is loud or quiet is one of many.
fn glances(job: &RenderJob) -> Result<Option<f64>> {
    let Some(length) = length(job)? else { return Ok(None) };
    let mut decoder = match &job.layout {
        Some(layout) => crate::decode::open_as(&job.input, layout)?,
        None => crate::decode::open(&job.input)?,
    };
    let info = decoder.info();
    if info.decoder == "ffmpeg" || ["MP1", "MP2"].contains(&&info.codec[..]) {
        // Each place would be decoded to from the beginning.
        return Ok(None);
    }
    let (layout, rate) = (decoder.info().layout.clone(), decoder.info().sample_rate);
    let mut meter = LoudnessMeter::new(&layout, rate)?.without_true_peak();
    let mut block = AudioBuffer::default();
    for place in 0..GLANCES {
        let at = job.start + length * (place as f64 + 0.5) / GLANCES as f64;
        decoder.seek((at * f64::from(rate)) as u64)?;
        decoder.read(&mut block, (GLANCE_S * f64::from(rate)) as usize)?;
        meter.push(&block.iter().collect::<Vec<&[f32]>>());
    }
    Ok(meter.integrated_lufs())
}

/// As a render has it if the scene is short, and by excerpts otherwise.
fn of_scene(job: &RenderJob, at_work: &AtomicUsize) -> Result<f64> {
    let (mut show, mut ears) = open(job, Pace::File)?;
    let second = f64::from(ears.rate);
    let first = ears.skip;
    let length = show.total_frames().map_or((ENDLESS_S * second) as u64, |n| n.saturating_sub(first));
    if (length as f64) < LONG_S * second {
        return exact(job, at_work);
    }
    show.measure()?;
    let power =
        |show: &Show, ears: &Ears, frame: u64| power(&ears.stage, frame as f64 / second, |n| show.sounds(n, frame));
    let moments = (0..MOMENTS).map(|n| first + length * n / MOMENTS);
    let mut powers: Vec<(u64, f64)> = moments.map(|at| (at, power(&show, &ears, at))).collect();
    if powers.iter().any(|(_, p)| *p > 0.0) {
        powers.retain(|(_, p)| *p > 0.0);
    }
    let mut heard = Heard::new(ears.rate)?;
    let [all, arriving] = PLACE_S.map(|s| (s * second) as u64);
    let mut seen = Vec::new();
    for n in 0..PLACES {
        let (place, _) = powers[powers.len() * (2 * n + 1) / (2 * PLACES)];
        show.begin_at(place)?;
        ears.start_at(place);
        heard.ignored = arriving;
        let mut done = 0;
        while done < all
            && let Some(frames) = heard.next(&mut show, &mut ears)?
        {
            done += frames;
        }
        seen.extend((0..10).map(|k| power(&show, &ears, place + arriving + (all - arriving) * k / 10)));
    }
    let Some((to, from)) = show.target_lufs(job.loudness).zip(heard.meter.integrated_lufs()) else { return Ok(0.0) };
    // What moves is loud when it is near, and may be that between the places.
    let all: Vec<f64> = powers.into_iter().map(|(_, p)| p).collect();
    let (all, seen) = (gated(&all), gated(&seen));
    let missed = if all > 0.0 && seen > 0.0 { 10.0 * (all / seen).log10() } else { 0.0 };
    Ok((to - from - missed.clamp(-MOST_DB, MOST_DB)).min(MOST_DB))
}

/// Power that reaches the head after so many seconds from the sources that sound then, if all were equally loud at one metre.
fn power(stage: &Stage, seconds: f64, sounds: impl Fn(usize) -> bool) -> f64 {
    let head = stage.head.at(seconds).position;
    // The sound that a room gives back is as loud everywhere, about as loud as the direct sound at a metre.
    let room = if let StageRoom::None = stage.room { 0.0 } else { 1.0 };
    let of = |(_, source): (usize, &SourceSpec)| {
        let at = source.motion.at(seconds);
        let distance = if source.head_locked { at.norm() } else { (at - head).norm() };
        source.gain.powi(2) * if source.everywhere { 1.0 } else { distance.max(NEAREST_M).powi(-2) + room }
    };
    stage.sources.iter().enumerate().filter(|(n, _)| sounds(*n)).map(of).sum()
}

/// The mean without what lies 10 dB below it, as loudness is measured.
fn gated(powers: &[f64]) -> f64 {
    let mean = |above: f64| {
        let (sum, count) = powers.iter().filter(|p| **p >= above).fold((0.0, 0.0), |(s, n), p| (s + p, n + 1.0));
        sum / f64::max(count, 1.0)
    };
    mean(0.1 * mean(0.0))
}

/// What comes out, measured.
struct Heard {
    block: AudioBuffer,
    mix: AudioBuffer,
    meter: LoudnessMeter,
    /// So many of the next frames are not measured.
    ignored: u64,
}

impl Heard {
    fn new(rate: u32) -> Result<Self> {
        let meter = LoudnessMeter::new(&Layout::named("stereo", 2)?, rate)?.without_true_peak();
        Ok(Self { block: AudioBuffer::default(), mix: AudioBuffer::new(2, 0), meter, ignored: 0 })
    }

    /// Renders a block and returns its frames; `None` at the end.
    fn next(&mut self, show: &mut Show, ears: &mut Ears) -> Result<Option<u64>> {
        if !show.program().next(&mut self.block)? {
            return Ok(None);
        }
        ears.render(&self.block, &mut self.mix);
        let skip = usize::try_from(self.ignored).unwrap_or(usize::MAX).min(self.mix.frames());
        self.ignored -= skip as u64;
        self.meter.push(&[&self.mix.channel(0)[skip..], &self.mix.channel(1)[skip..]]);
        Ok(Some(self.mix.frames() as u64))
    }
}
