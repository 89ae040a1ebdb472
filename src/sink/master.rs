//! The second pass: from the mix in a scratch file to the finished output, at its loudness and under its ceiling.

use super::{FileSink, Scratch};
use crate::AudioBuffer;
use crate::error::{Error, ErrorKind, Result};
use crate::output::limiter::Limiter;
use crate::output::loudness::LoudnessMeter;
use crate::output::plan::plan_gain;

/// What the output is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MasterSpec {
    /// Integrated loudness, LUFS; `None` for no gain at all.
    pub target_lufs: Option<f64>,
    /// Ceiling of the true peak, dBTP; `None` for no limiter.
    pub ceiling_dbtp: Option<f64>,
}

/// What the output became.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MasterReport {
    /// Gain before the limiter, dB.
    pub gain_db: f64,
    /// Frames that the limiter turned down.
    pub limited_frames: u64,
    /// Integrated loudness of the output; `None` for silence or less than 400 ms.
    pub output_lufs: Option<f64>,
    /// True peak of the output; minus infinity for silence.
    pub true_peak_dbtp: f64,
    /// Samples that were NaN, infinite or denormal.
    pub silenced: u64,
    /// Passes over the scratch file: 1 unless the first missed the target.
    pub passes: usize,
}

/// How far a first pass may miss the target before a second one is made, LU.
const CLOSE_LU: f64 = 0.08;
/// Passes at most.
const MOST_PASSES: usize = 3;

/// Sends the mix in `scratch` through gain and limiter to `sink`. `meter` has measured that same mix, with its envelope
/// (see [`LoudnessMeter::with_envelope`]). The limiter's delay is taken out: the first frame answers the first frame.
///
/// `go_on` is asked every 4096 frames, with the frames done in this pass; `false` stops the work.
///
/// # Errors
/// `Io` if a file refuses, `Interrupted` if `go_on` says so, `Argument` for a meter without envelope.
pub fn master(
    scratch: &mut Scratch,
    meter: &LoudnessMeter,
    spec: &MasterSpec,
    sink: &mut FileSink,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<MasterReport> {
    let Some(envelope) = meter.envelope() else {
        return Err(Error::argument("the mix was measured without its envelope"));
    };
    let mut correction = 0.0;
    let mut gain_db = match spec.target_lufs {
        Some(target) => plan(envelope, meter, target, spec.ceiling_dbtp, correction),
        None => 0.0,
    };
    let mut report = MasterReport::default();
    for pass in 1..=MOST_PASSES {
        let silenced = report.silenced;
        report = run(scratch, meter, gain_db, spec.ceiling_dbtp, sink, go_on)?;
        report.passes = pass;
        report.silenced = report.silenced.max(silenced);
        let (Some(target), Some(got)) = (spec.target_lufs, report.output_lufs) else { break };
        if (got - target).abs() <= CLOSE_LU || pass == MOST_PASSES || !sink.can_restart() {
            break;
        }
        // What the limiter does that its model does not know.
        correction = got - envelope.loudness_at(gain_db, spec.ceiling_dbtp).unwrap_or(got);
        let next = plan_gain(envelope, target, spec.ceiling_dbtp, correction).gain_db;
        if (next - gain_db).abs() < 0.01 {
            break;
        }
        gain_db = next;
        sink.restart()?;
    }
    Ok(report)
}

/// The gain for a target. Without limiting it is exact and needs no model.
fn plan(
    envelope: &crate::output::plan::Envelope,
    meter: &LoudnessMeter,
    target: f64,
    ceiling: Option<f64>,
    correction: f64,
) -> f64 {
    let Some(loudness) = meter.integrated_lufs() else { return 0.0 };
    let plain = target - loudness;
    let limits = ceiling.is_some_and(|c| meter.true_peak_dbtp().is_none_or(|peak| peak + plain > c - 0.1));
    if limits { plan_gain(envelope, target, ceiling, correction).gain_db } else { plain }
}

fn run(
    scratch: &mut Scratch,
    meter: &LoudnessMeter,
    gain_db: f64,
    ceiling: Option<f64>,
    sink: &mut FileSink,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<MasterReport> {
    let channels = scratch.channels();
    let mut out_meter = meter.fresh();
    let mut limiter = match ceiling {
        Some(ceiling) => Some(Limiter::new(meter.sample_rate(), channels, ceiling, 4096)?),
        None => None,
    };
    let gain = 10f64.powf(gain_db / 20.0) as f32;
    // A gain of one is exactly one: nothing is multiplied.
    let scale = gain != 1.0;
    let mut skip = limiter.as_ref().map_or(0, Limiter::latency_frames);
    let mut owed = skip;
    let mut buffer = AudioBuffer::new(channels, 0);
    let mut done = 0u64;
    scratch.rewind()?;
    loop {
        let mut frames = scratch.read(&mut buffer)?;
        if frames == 0 {
            // What the limiter still holds comes out behind silence.
            frames = owed.min(4096);
            owed -= frames;
            buffer.resize(frames);
            buffer.silence();
        }
        if frames == 0 {
            break;
        }
        if scale {
            buffer.iter_mut().flatten().for_each(|x| *x *= gain);
        }
        if let Some(limiter) = &mut limiter {
            limiter.process(&mut buffer.iter_mut().collect::<Vec<_>>());
        }
        let skipped = skip.min(frames);
        skip -= skipped;
        let planes: Vec<&[f32]> = buffer.iter().map(|p| &p[skipped..]).collect();
        out_meter.push(&planes);
        sink.write(&planes)?;
        done += (frames - skipped) as u64;
        if !go_on(done) {
            return Err(Error::new(ErrorKind::Interrupted, "the work was interrupted before the output was whole"));
        }
    }
    Ok(MasterReport {
        gain_db,
        limited_frames: limiter.as_ref().map_or(0, Limiter::limited_frames),
        output_lufs: out_meter.integrated_lufs(),
        true_peak_dbtp: out_meter.true_peak_dbtp().unwrap_or(f64::NEG_INFINITY),
        silenced: limiter.as_ref().map_or(0, Limiter::silenced),
        passes: 1,
    })
}
