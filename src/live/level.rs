//! How loud a track will be, before it has been heard.
//!
//! A render to a file measures the whole track before it sets its gain. A short track is rendered unheard for that, while
//! the device opens; of a long one, which would be waiting, an excerpt is rendered and measured, and its gain holds for the
//! whole track, unless a render has left its own in the memory. See docs/decisions/live.md for how far that is off.

use crate::buffer::AudioBuffer;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::output::loudness::LoudnessMeter;
use crate::render::live::{Pace, open};
use crate::render::{GainMemory, Loudness, RenderJob, render};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Length of the excerpt, seconds.
const EXCERPT_S: f64 = 3.0;
/// A track of this length or more is measured in an excerpt inside, where it is likelier to be as loud as it gets.
const LONG_S: f64 = 12.0;
/// Where the excerpt begins, as a part of a long track.
const INTO: f64 = 0.4;
/// No track is turned up by more than this, dB: what is quiet in the excerpt may be loud elsewhere.
const MOST_DB: f64 = 20.0;

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
        None if length(job)?.is_some_and(|l| l < LONG_S) => exact(job, at_work),
        None => guess(job),
    }
}

/// Seconds that a track plays, if known; of a scene, only if it is told.
fn length(job: &RenderJob) -> Result<Option<f64>> {
    if job.is_scene()? {
        return Ok(job.duration.map(|d| d + job.start));
    }
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

fn guess(job: &RenderJob) -> Result<f64> {
    let mut job = job.clone();
    if !job.is_scene()?
        && let Some(length) = length(&job)?
    {
        job.start += INTO * length;
    }
    job.duration = Some(job.duration.unwrap_or(EXCERPT_S).min(EXCERPT_S));
    job.tail = Some(0.0);
    let (mut show, mut ears) = open(&job, Pace::File)?;
    show.measure()?;
    let mut meter = LoudnessMeter::new(&Layout::named("stereo", 2)?, ears.rate)?.without_true_peak();
    let (mut block, mut mix) = (AudioBuffer::default(), AudioBuffer::new(2, 0));
    while show.program().next(&mut block)? {
        ears.render(&block, &mut mix);
        meter.push(&[mix.channel(0), mix.channel(1)]);
    }
    let target = show.target_lufs(job.loudness);
    Ok(target.zip(meter.integrated_lufs()).map_or(0.0, |(t, l)| (t - l).min(MOST_DB)))
}
