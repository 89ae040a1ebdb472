//! The file side: a track in, a binaural file out, through the same engine as live.
//!
//! The track streams through in blocks, so memory does not grow with its length. Where a loudness or a ceiling is to be
//! held, the mix is kept in a scratch file until its loudness is known; see [`crate::sink::master`].

use super::engine::{Engine, EngineOptions, engine};
use super::job::{Loudness, Placement, RenderJob, RenderReport};
use super::place::{default_placement, place, sum_channels};
use crate::buffer::AudioBuffer;
use crate::decode::{self, Decoder};
use crate::error::{Error, ErrorKind, Result};
use crate::hrtf;
use crate::layout::Layout;
use crate::output::loudness::LoudnessMeter;
use crate::resample::Resampler;
use crate::sink::master::{MasterSpec, master};
use crate::sink::{Cover, FileSink, Scratch, SinkSpec, Tags};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Frames read at a time, and rendered at most when no block is asked for.
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

fn interrupted() -> Error {
    Error::new(ErrorKind::Interrupted, "the work was interrupted before the output was whole")
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
    let mut track = Track::open(job)?;
    let mut ears = Ears::new(job, &track)?;
    let mut input_meter = match job.loudness {
        Loudness::Source => Some(LoudnessMeter::new(&track.layout, track.rate)?.without_true_peak()),
        _ if job.measure => Some(LoudnessMeter::new(&track.layout, track.rate)?.without_true_peak()),
        _ => None,
    };
    let mastered = job.loudness != Loudness::Off || job.true_peak.is_some();
    let stereo = Layout::named("stereo", 2)?;
    let mut output_meter = match (mastered, job.measure) {
        (true, _) => Some(LoudnessMeter::new(&stereo, ears.rate)?.with_envelope()),
        (false, true) => Some(LoudnessMeter::new(&stereo, ears.rate)?),
        (false, false) => None,
    };
    let mut spec = SinkSpec::new(ears.rate, stereo, job.format);
    spec.tags = track.tags();
    let total = ears.total_frames(&track);
    spec.frames = total;
    let mut sink = FileSink::create(&job.output, &spec, job.force)?;
    let mut scratch = if mastered { Some(Scratch::new(&job.output, 2)?) } else { None };

    let mut mix = AudioBuffer::new(2, 0);
    let mut frames = 0;
    while ears.next(&mut track, &mut input_meter, &mut mix)? {
        if !go_on() {
            return Err(interrupted());
        }
        let planes = [mix.channel(0), mix.channel(1)];
        if let Some(meter) = &mut output_meter {
            meter.push(&planes);
        }
        match &mut scratch {
            Some(scratch) => scratch.write(&planes)?,
            None => sink.write(&planes)?,
        }
        frames += mix.frames() as u64;
        progress(Progress { done_frames: frames, total_frames: total, stage: "rendering" });
    }

    let input_lufs = input_meter.as_ref().and_then(LoudnessMeter::integrated_lufs);
    let mut report = RenderReport {
        output: job.output.clone(),
        frames,
        sample_rate: ears.rate,
        channels: 2,
        format: job.format,
        placement: ears.placement.name(),
        layout: track.layout.name(),
        input_lufs,
        output_lufs: output_meter.as_ref().and_then(LoudnessMeter::integrated_lufs),
        true_peak_dbtp: output_meter.as_ref().and_then(LoudnessMeter::true_peak_dbtp).filter(|p| p.is_finite()),
        gain_db: 0.0,
        limited_frames: 0,
        clipped_samples: 0,
        non_finite_samples: track.decoder.non_finite() + ears.non_finite(),
        seconds_elapsed: 0.0,
        realtime_factor: 0.0,
        hrtf: ears.hrtf.clone(),
        room: "none".to_string(),
        warnings: Vec::new(),
    };
    if let (Some(scratch), Some(meter)) = (&mut scratch, &output_meter) {
        let target_lufs = match job.loudness {
            Loudness::Off => None,
            Loudness::Source => input_lufs,
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
    let written = sink.finish()?;
    report.clipped_samples = written.clipped;
    report.warnings = warnings(&track, &report);
    report.seconds_elapsed = began.elapsed().as_secs_f64();
    report.realtime_factor = frames as f64 / f64::from(ears.rate) / report.seconds_elapsed.max(1e-9);
    Ok(report)
}

fn warnings(track: &Track, report: &RenderReport) -> Vec<String> {
    let mut all = track.decoder.warnings().to_vec();
    if report.non_finite_samples > 0 {
        all.push(format!("{} input samples were not finite and have been silenced", report.non_finite_samples));
    }
    if report.clipped_samples > 0 {
        all.push(format!("{} output samples were beyond full scale and have been clipped", report.clipped_samples));
    }
    all
}

/// The part of the input that is rendered.
struct Track {
    decoder: Decoder,
    layout: Layout,
    rate: u32,
    /// Frames still to be read; `None` for all there are.
    left: Option<u64>,
    buffer: AudioBuffer,
}

impl Track {
    fn open(job: &RenderJob) -> Result<Self> {
        let mut decoder = match &job.layout {
            Some(layout) => decode::open_as(&job.input, layout)?,
            None => decode::open(&job.input)?,
        };
        let info = decoder.info();
        let (layout, rate) = (info.layout.clone(), info.sample_rate);
        if job.start > 0.0 {
            let first = (job.start * f64::from(rate)).round() as u64;
            if info.frames.is_some_and(|n| first >= n) {
                let seconds = info.seconds().unwrap_or(0.0);
                return Err(Error::argument(format!(
                    "--start {} is past the end: the track has {seconds:.3} s",
                    job.start
                ))
                .at(&job.input));
            }
            decoder.seek(first)?;
        }
        let left = job.duration.map(|d| (d * f64::from(rate)).round() as u64);
        Ok(Self { decoder, layout, rate, left, buffer: AudioBuffer::default() })
    }

    /// Reads the next frames, at most `frames`; false at the end.
    fn read(&mut self, frames: usize) -> Result<bool> {
        let most = self.left.map_or(frames, |left| frames.min(usize::try_from(left).unwrap_or(usize::MAX)));
        let got = if most == 0 { 0 } else { self.decoder.read(&mut self.buffer, most)? };
        if let Some(left) = &mut self.left {
            *left -= got as u64;
        }
        Ok(got > 0)
    }

    fn frames(&self) -> Option<u64> {
        let all = self.decoder.info().frames.map(|n| n.saturating_sub(self.decoder.position()));
        match (all, self.left) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn tags(&self) -> Tags {
        let info = self.decoder.info();
        let cover = info.cover.as_ref().map(|c| Cover { mime: c.mime.clone(), data: c.data.clone() });
        Tags { entries: info.tags.clone(), cover }
    }
}

/// The rendering half: channels in, two ears out.
struct Ears {
    placement: Placement,
    hrtf: String,
    rate: u32,
    sum: bool,
    engine: Option<Renderer>,
    resampler: Option<Resampler>,
    /// What waits to be rendered, at the output's rate.
    ready: AudioBuffer,
    block: usize,
    ended: bool,
    tail: u64,
}

/// The engine with its control, which must live as long.
struct Renderer {
    engine: Engine,
    control: super::Control,
}

impl Ears {
    fn new(job: &RenderJob, track: &Track) -> Result<Self> {
        let placement = job.placement.clone().unwrap_or_else(|| default_placement(&track.layout));
        let placed = place(&placement, &track.layout).map_err(|e| e.at(&job.input))?;
        let rate = job.rate.unwrap_or(track.rate);
        let mut block = job.block.unwrap_or(BLOCK);
        let engine = if placed.sources.is_empty() {
            None
        } else {
            let set = hrtf::open(&job.hrtf, f64::from(rate))?;
            let moving = matches!(placement, Placement::Orbit(..));
            let mut options = EngineOptions::offline(f64::from(rate), block, placed.sources.len());
            options.still = !moving;
            let (engine, mut control) = engine(&set, &options)?;
            for source in &placed.sources {
                control.add(source.clone())?;
            }
            block = job.block.unwrap_or(engine.best_block());
            Some(Renderer { engine, control })
        };
        let tail = match (job.tail, &engine) {
            (Some(seconds), _) => (seconds * f64::from(rate)).round() as u64,
            (None, Some(r)) => r.engine.tail_frames() as u64,
            (None, None) => 0,
        };
        let channels = if placed.sum { 1 } else { track.layout.channels() };
        let resampler = (rate != track.rate).then(|| Resampler::new(track.rate, rate, channels)).transpose()?;
        Ok(Self {
            hrtf: if engine.is_some() { job.hrtf.clone() } else { "none".to_string() },
            placement,
            rate,
            sum: placed.sum,
            engine,
            resampler,
            ready: AudioBuffer::new(channels, 0),
            block,
            ended: false,
            tail,
        })
    }

    fn total_frames(&self, track: &Track) -> Option<u64> {
        let frames = track.frames()?;
        Some(self.resampler.as_ref().map_or(frames, |r| r.output_frames(frames)) + self.tail)
    }

    fn non_finite(&self) -> u64 {
        self.engine.as_ref().map_or(0, |r| r.control.counters().non_finite())
    }

    /// Renders the next block into `mix`; false at the end.
    fn next(&mut self, track: &mut Track, meter: &mut Option<LoudnessMeter>, mix: &mut AudioBuffer) -> Result<bool> {
        while self.ready.frames() < self.block && !self.ended {
            if track.read(BLOCK)? {
                if let Some(meter) = meter {
                    meter.push(&track.buffer.iter().collect::<Vec<_>>());
                }
                if self.sum {
                    sum_channels(&mut track.buffer);
                }
                match &mut self.resampler {
                    Some(r) => r.process(&track.buffer, &mut self.ready)?,
                    None => self.ready.extend(&track.buffer.iter().collect::<Vec<_>>()),
                }
            } else {
                self.ended = true;
                if let Some(r) = &mut self.resampler {
                    r.finish(&mut self.ready)?;
                }
            }
        }
        if self.ended {
            // Silence behind the end, until everything has rung out.
            let want = (self.block.saturating_sub(self.ready.frames()) as u64).min(self.tail);
            self.tail -= want;
            self.ready.resize(self.ready.frames() + want as usize);
        }
        let frames = self.ready.frames().min(self.block);
        mix.resize(frames);
        self.render(frames, mix);
        self.ready.drain_front(frames);
        Ok(frames > 0)
    }

    fn render(&mut self, frames: usize, mix: &mut AudioBuffer) {
        let inputs: Vec<&[f32]> = self.ready.iter().map(|c| &c[..frames]).collect();
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
