//! How loud a track will be, before it has been heard.
//!
//! A render to a file measures the whole track before it sets its gain. Live, that would be waiting; so an excerpt is
//! rendered and measured while the device opens, and its gain holds for the whole track. See docs/decisions/live.md for
//! how far that is off.

use crate::buffer::AudioBuffer;
use crate::error::Result;
use crate::layout::Layout;
use crate::output::loudness::LoudnessMeter;
use crate::render::live::{Pace, open};
use crate::render::{Loudness, RenderJob};

/// Length of the excerpt, seconds.
const EXCERPT_S: f64 = 3.0;
/// A track of this length or more is measured inside, where it is likelier to be as loud as it gets.
const LONG_S: f64 = 12.0;
/// Where the excerpt begins, as a part of a long track.
const INTO: f64 = 0.4;
/// No track is turned up by more than this, dB: what is quiet in the excerpt may be loud elsewhere.
const MOST_DB: f64 = 20.0;

/// The gain, dB, that brings a track about to the loudness that its job asks for; 0 if the excerpt is silent.
///
/// # Errors
/// Whatever opening and decoding the track runs into.
pub(super) fn guess_gain_db(job: &RenderJob) -> Result<f64> {
    if job.loudness == Loudness::Off {
        return Ok(0.0);
    }
    let mut job = job.clone();
    if crate::decode::sniff(&job.input)? != crate::decode::Kind::Scene {
        let length = crate::decode::open(&job.input)?.info().seconds().map(|s| (s - job.start).max(0.0));
        let length = job.duration.map_or(length, |d| Some(length.map_or(d, |l| l.min(d))));
        if let Some(length) = length.filter(|l| *l >= LONG_S) {
            job.start += INTO * length;
        }
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
    let target = match job.loudness {
        Loudness::Lufs(lufs) => Some(lufs),
        _ => show.meter().and_then(LoudnessMeter::integrated_lufs),
    };
    Ok(target.zip(meter.integrated_lufs()).map_or(0.0, |(t, l)| (t - l).min(MOST_DB)))
}
