//! The second pass: from the mix in a scratch file to the finished output, at its loudness and under its ceiling.

use super::{FileSink, Scratch};
use crate::AudioBuffer;
use crate::error::{Error, ErrorKind, Result};
use crate::output::limiter::{GUARD_DB, Limiter};
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
    /// Passes over the scratch file: 1 unless the first missed the target.
    pub passes: usize,
}

/// How far a first pass may miss the target before a second one is made, LU.
const CLOSE_LU: f64 = 0.08;
/// Passes at most.
const MOST_PASSES: usize = 3;
/// Frames that the scratch file gives at once.
const BLOCK_FRAMES: usize = 4096;

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
    let (loudness, peak) = (meter.integrated_lufs(), meter.true_peak_dbtp().unwrap_or(f64::INFINITY));
    let plain_db = spec.target_lufs.zip(loudness).map_or(0.0, |(target, loudness)| target - loudness);
    if spec.ceiling_dbtp.is_none_or(|ceiling| peak + plain_db < ceiling - GUARD_DB - 0.001) {
        // The limiter would do nothing, and a gain alone changes the readings by itself: nothing to measure again.
        run(scratch, &mut Chain { gain_db: plain_db, limiter: None, meter: None }, sink, go_on)?;
        return Ok(MasterReport {
            gain_db: plain_db,
            limited_frames: 0,
            output_lufs: loudness.map(|l| l + plain_db),
            true_peak_dbtp: peak + plain_db,
            passes: 1,
        });
    }
    let mut gain_db = match spec.target_lufs {
        Some(target) => plan_gain(envelope, target, spec.ceiling_dbtp, 0.0).gain_db,
        None => 0.0,
    };
    let mut report = MasterReport::default();
    for pass in 1..=MOST_PASSES {
        let limiter = match spec.ceiling_dbtp {
            Some(ceiling) => Some(Limiter::new(meter.sample_rate(), scratch.channels(), ceiling, BLOCK_FRAMES)?),
            None => None,
        };
        let mut chain = Chain { gain_db, limiter, meter: Some(meter.fresh()) };
        run(scratch, &mut chain, sink, go_on)?;
        report = chain.report(pass);
        let (Some(target), Some(got)) = (spec.target_lufs, report.output_lufs) else { break };
        if (got - target).abs() <= CLOSE_LU || pass == MOST_PASSES || !sink.can_restart() {
            break;
        }
        // What the limiter does that its model does not know.
        let correction = got - envelope.loudness_at(gain_db, spec.ceiling_dbtp).unwrap_or(got);
        let next = plan_gain(envelope, target, spec.ceiling_dbtp, correction).gain_db;
        if (next - gain_db).abs() < 0.01 {
            break;
        }
        gain_db = next;
        sink.restart()?;
    }
    Ok(report)
}

/// What a block goes through on its way out.
struct Chain {
    gain_db: f64,
    limiter: Option<Limiter>,
    meter: Option<LoudnessMeter>,
}

impl Chain {
    fn report(&self, passes: usize) -> MasterReport {
        let limiter = self.limiter.as_ref();
        let meter = self.meter.as_ref();
        MasterReport {
            gain_db: self.gain_db,
            limited_frames: limiter.map_or(0, Limiter::limited_frames),
            output_lufs: meter.and_then(LoudnessMeter::integrated_lufs),
            true_peak_dbtp: meter.and_then(LoudnessMeter::true_peak_dbtp).unwrap_or(f64::NEG_INFINITY),
            passes,
        }
    }

    fn process(&mut self, buffer: &mut AudioBuffer) {
        let gain = 10f64.powf(self.gain_db / 20.0) as f32;
        // A gain of one is exactly one: nothing is multiplied.
        if gain != 1.0 {
            for plane in buffer.iter_mut() {
                plane.iter_mut().for_each(|x| *x *= gain);
            }
        }
        if let Some(limiter) = &mut self.limiter {
            limiter.process(&mut buffer.iter_mut().collect::<Vec<_>>());
        }
    }
}

/// One pass, with the limiter's delay taken out.
fn run(
    scratch: &mut Scratch,
    chain: &mut Chain,
    sink: &mut FileSink,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<()> {
    let mut skip = chain.limiter.as_ref().map_or(0, Limiter::latency_frames);
    let mut owed = skip;
    let mut buffer = AudioBuffer::new(scratch.channels(), 0);
    let mut done = 0u64;
    scratch.rewind()?;
    loop {
        let mut frames = scratch.read(&mut buffer)?;
        if frames == 0 {
            // What the limiter still holds comes out behind silence.
            frames = owed.min(BLOCK_FRAMES);
            owed -= frames;
            buffer.resize(frames);
            buffer.silence();
        }
        if frames == 0 {
            return Ok(());
        }
        chain.process(&mut buffer);
        let skipped = skip.min(frames);
        skip -= skipped;
        let planes: Vec<&[f32]> = buffer.iter().map(|p| &p[skipped..]).collect();
        if let Some(meter) = &mut chain.meter {
            meter.push(&planes);
        }
        sink.write(&planes)?;
        done += (frames - skipped) as u64;
        if !go_on(done) {
            return Err(Error::new(ErrorKind::Interrupted, "the work was interrupted before the output was whole"));
        }
    }
}
