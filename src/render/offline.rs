//! The file side: a track in, a binaural file out, through the same engine as live.
//!
//! The track streams through in blocks, so memory does not grow with its length. Where a loudness or a ceiling is to be
//! held, the mix is kept in a scratch file until its loudness is known; see [`crate::sink::master`].

use super::engine::{Engine, EngineOptions, engine};
use super::feed::Feed;
use super::job::{Loudness, Placement, RenderJob, RenderReport};
use super::place::{default_placement, place};
use crate::buffer::AudioBuffer;
use crate::error::{Error, ErrorKind, Result};
use crate::hrtf;
use crate::layout::Layout;
use crate::output::loudness::LoudnessMeter;
use crate::sink::master::{MasterSpec, master};
use crate::sink::{FileSink, Scratch, SinkSpec};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Frames rendered at a time at most when no block is asked for.
const BLOCK: usize = 8192;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Asks every render under way to stop: it fails with [`ErrorKind::Interrupted`] and leaves nothing behind. May be called
/// from any thread.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

fn go_on() -> bool {
    !INTERRUPTED.load(Ordering::Relaxed)
}

/// How far a render is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Frames of the output done in this stage.
    pub done_frames: u64,
    /// Frames in all, if known.
    pub total_frames: Option<u64>,
    /// What is being done: `rendering` or `finishing`.
    pub stage: &'static str,
}

/// Renders a track to a file, whole or not at all.
///
/// # Errors
/// `Argument` if the job contradicts itself or its input, `Io` if the system refuses, what the decoder and the head's
/// reader run into, and `Interrupted` after [`interrupt`].
pub fn render(job: &RenderJob, progress: &mut dyn FnMut(Progress)) -> Result<RenderReport> {
    let began = Instant::now();
    FileSink::check(&job.output, job.format, job.force)?;
    if let (Ok(from), Ok(to)) = (job.input.canonicalize(), job.output.canonicalize())
        && from == to
        && from.is_file()
    {
        return Err(Error::argument("the output is the input itself")
            .at(&job.output)
            .hint("choose another name with -o"));
    }
    let mut feed = Feed::open(job)?;
    let mut ears = Ears::new(job, &mut feed)?;
    if job.loudness == Loudness::Source || job.measure {
        feed.meter = Some(LoudnessMeter::new(&feed.layout, feed.rate)?.without_true_peak());
    }
    let mastered = job.loudness != Loudness::Off || job.true_peak.is_some();
    let stereo = Layout::named("stereo", 2)?;
    let mut meter = match (mastered, job.measure) {
        (true, _) => Some(LoudnessMeter::new(&stereo, ears.rate)?.with_envelope()),
        (false, true) => Some(LoudnessMeter::new(&stereo, ears.rate)?),
        (false, false) => None,
    };
    let mut spec = SinkSpec::new(ears.rate, stereo, job.format);
    spec.tags = feed.tags();
    let total = feed.total_frames();
    spec.frames = total;
    let mut sink = FileSink::create(&job.output, &spec, job.force)?;
    let mut scratch = if mastered { Some(Scratch::new(&job.output, 2)?) } else { None };

    let mut mix = AudioBuffer::new(2, 0);
    let mut frames = 0;
    let threads = job.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    feed.run(threads, |block| {
        if !go_on() {
            return Err(Error::new(ErrorKind::Interrupted, "the work was interrupted before the output was whole"));
        }
        ears.render(block, &mut mix);
        let planes = [mix.channel(0), mix.channel(1)];
        if let Some(meter) = &mut meter {
            meter.push(&planes);
        }
        match &mut scratch {
            Some(scratch) => scratch.write(&planes)?,
            None => sink.write(&planes)?,
        }
        frames += mix.frames() as u64;
        progress(Progress { done_frames: frames, total_frames: total, stage: "rendering" });
        Ok(())
    })?;

    let mut report = RenderReport {
        output: job.output.clone(),
        frames,
        sample_rate: ears.rate,
        channels: 2,
        format: job.format,
        placement: ears.placement.name(),
        layout: feed.layout.name(),
        input_lufs: feed.meter.as_ref().and_then(LoudnessMeter::integrated_lufs),
        output_lufs: meter.as_ref().and_then(LoudnessMeter::integrated_lufs),
        true_peak_dbtp: meter.as_ref().and_then(LoudnessMeter::true_peak_dbtp).filter(|p| p.is_finite()),
        gain_db: 0.0,
        limited_frames: 0,
        clipped_samples: 0,
        non_finite_samples: feed.non_finite() + ears.non_finite(),
        seconds_elapsed: 0.0,
        realtime_factor: 0.0,
        hrtf: ears.hrtf.clone(),
        room: "none".to_string(),
        warnings: Vec::new(),
    };
    if let (Some(scratch), Some(meter)) = (&mut scratch, &meter) {
        let target_lufs = match job.loudness {
            Loudness::Off => None,
            Loudness::Source => report.input_lufs,
            Loudness::Lufs(lufs) => Some(lufs),
        };
        let spec = MasterSpec { target_lufs, ceiling_dbtp: job.true_peak };
        let mastered = master(scratch, meter, &spec, &mut sink, &mut |done| {
            progress(Progress { done_frames: done, total_frames: Some(frames), stage: "finishing" });
            go_on()
        })?;
        report.gain_db = mastered.gain_db;
        report.limited_frames = mastered.limited_frames;
        report.output_lufs = mastered.output_lufs;
        report.true_peak_dbtp = Some(mastered.true_peak_dbtp).filter(|p| p.is_finite());
    }
    report.clipped_samples = sink.finish()?.clipped;
    report.warnings = warnings(feed.warnings(), &report);
    report.seconds_elapsed = began.elapsed().as_secs_f64();
    report.realtime_factor = frames as f64 / f64::from(ears.rate) / report.seconds_elapsed.max(1e-9);
    Ok(report)
}

fn warnings(of_track: &[String], report: &RenderReport) -> Vec<String> {
    let mut all = of_track.to_vec();
    if report.non_finite_samples > 0 {
        all.push(format!("{} input samples were not finite and have been silenced", report.non_finite_samples));
    }
    if report.clipped_samples > 0 {
        all.push(format!("{} output samples were beyond full scale and have been clipped", report.clipped_samples));
    }
    all
}

/// The rendering half: blocks in, two ears out.
struct Ears {
    placement: Placement,
    hrtf: String,
    rate: u32,
    engine: Option<Renderer>,
}

/// The engine with its control, which must live as long.
struct Renderer {
    engine: Engine,
    control: super::Control,
}

impl Ears {
    /// Builds the engine for a job's placement and tells `feed` what blocks it wants.
    fn new(job: &RenderJob, feed: &mut Feed) -> Result<Self> {
        let placement = job.placement.clone().unwrap_or_else(|| default_placement(&feed.layout));
        let placed = place(&placement, &feed.layout).map_err(|e| e.at(&job.input))?;
        let rate = job.rate.unwrap_or(feed.rate);
        let mut ears = Self { placement, hrtf: "none".to_string(), rate, engine: None };
        let (mut block, mut tail) = (job.block.unwrap_or(BLOCK), 0);
        if !placed.sources.is_empty() {
            let set = hrtf::open(&job.hrtf, f64::from(rate))?;
            let mut options = EngineOptions::offline(f64::from(rate), block, placed.sources.len());
            options.still = !matches!(ears.placement, Placement::Orbit(..));
            let (engine, mut control) = engine(&set, &options)?;
            for source in placed.sources {
                control.add(source)?;
            }
            block = job.block.unwrap_or(engine.best_block());
            tail = engine.tail_frames() as u64;
            ears.hrtf.clone_from(&job.hrtf);
            ears.engine = Some(Renderer { engine, control });
        }
        let tail = job.tail.map_or(tail, |seconds| (seconds * f64::from(rate)).round() as u64);
        feed.prepare(placed.sum, rate, block, tail)?;
        Ok(ears)
    }

    fn non_finite(&self) -> u64 {
        self.engine.as_ref().map_or(0, |r| r.control.counters().non_finite())
    }

    fn render(&mut self, block: &AudioBuffer, mix: &mut AudioBuffer) {
        mix.resize(block.frames());
        let inputs: Vec<&[f32]> = block.iter().collect();
        let mut ears = mix.iter_mut();
        let (Some(left), Some(right)) = (ears.next(), ears.next()) else { return };
        match &mut self.engine {
            Some(r) => r.engine.process(&inputs, left, right),
            None => {
                // Mono sounds from both sides.
                if let (Some(first), Some(last)) = (inputs.first(), inputs.last()) {
                    left.copy_from_slice(first);
                    right.copy_from_slice(last);
                }
            }
        }
    }
}
