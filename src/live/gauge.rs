//! What the callback tells the world: figures in atomics, written there, read anywhere.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// What a player is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// A track or the device is being opened.
    #[default]
    Opening,
    /// Sound comes.
    Playing,
    /// It waits to be told to go on.
    Paused,
    /// The device is lost; another is sought.
    Reopening,
    /// Everything has been played, or the player was stopped.
    Ended,
}

/// A player at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// What it is doing.
    pub state: State,
    /// Which of the tracks, from 0.
    pub track: usize,
    /// How many there are.
    pub tracks: usize,
    /// Where in the track, seconds.
    pub position_s: f64,
    /// How long the track is, seconds, if known.
    pub duration_s: Option<f64>,
    /// Largest samples of both ears since they were last asked for, linear.
    pub peaks: [f32; 2],
    /// The largest true peak since the start, dBTP; minus infinity for silence.
    pub true_peak_dbtp: f64,
    /// Part of the time that the callbacks took, and that of the worst.
    pub mean_load: f64,
    /// As above.
    pub max_load: f64,
    /// The same of the worst callback since the status was last asked for.
    pub recent_load: f64,
    /// Interruptions that were heard, as the device reports or our own clock finds them: the larger number.
    pub xruns: u64,
    /// Callbacks that took longer than what they filled lasts: interruptions that are ours, not the system's.
    pub overruns: u64,
    /// Frames for which the decoder was late.
    pub starved_frames: u64,
    /// From the engine to the device's output as the device tells it, with the limiter's delay, ms.
    pub latency_ms: f64,
    /// The device.
    pub device: String,
    /// Hz.
    pub sample_rate: u32,
    /// Frames of the largest callback so far.
    pub buffer: usize,
    /// The head.
    pub hrtf: String,
    /// The room.
    pub room: String,
    /// The headphones that are corrected for, or `none`.
    pub headphones: String,
    /// Gain that brings the track to its loudness, dB.
    pub gain_db: f64,
}

/// The atomics.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    /// Id of the machine that plays, and its frame.
    pub(super) machine: AtomicU64,
    pub(super) position: AtomicU64,
    /// The frame at which its track ends, once that is known; 0 before.
    pub(super) end: AtomicU64,
    /// Nothing is left to play.
    pub(super) dry: AtomicBool,
    pub(super) silent: AtomicBool,
    /// Somebody looks at the meters.
    pub(super) tapped: AtomicBool,
    peaks: [AtomicU32; 2],
    true_peak: AtomicU32,
    pub(super) starved: AtomicU64,
    busy_ns: AtomicU64,
    audio_ns: AtomicU64,
    worst: AtomicU32,
    recent: AtomicU32,
    pub(super) late: AtomicU64,
    overruns: AtomicU64,
    pub(super) reported: AtomicU64,
    latency_us: AtomicU64,
    buffer: AtomicU64,
    pub(super) callbacks: AtomicU64,
}

impl Gauge {
    pub(super) fn heard(&self, peaks: [f32; 2], true_peak: f32) {
        for (slot, peak) in self.peaks.iter().zip(peaks) {
            // Of numbers that are not negative the bits are in order.
            slot.fetch_max(peak.to_bits(), Ordering::Relaxed);
        }
        self.true_peak.fetch_max(true_peak.to_bits(), Ordering::Relaxed);
    }

    pub(super) fn worked(&self, busy: Duration, frames: usize, rate: u32, latency: Option<Duration>) {
        let audio = frames as f64 / f64::from(rate) * 1e9;
        self.busy_ns.fetch_add(u64::try_from(busy.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.audio_ns.fetch_add(audio as u64, Ordering::Relaxed);
        self.overruns.fetch_add(u64::from(busy.as_nanos() as f64 > audio), Ordering::Relaxed);
        let load = ((busy.as_nanos() as f64 / audio.max(1.0)) as f32).to_bits();
        self.worst.fetch_max(load, Ordering::Relaxed);
        self.recent.fetch_max(load, Ordering::Relaxed);
        self.buffer.fetch_max(frames as u64, Ordering::Relaxed);
        self.callbacks.fetch_add(1, Ordering::Relaxed);
        if let Some(latency) = latency {
            self.latency_us.store(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// The frame that a machine has come to: `at` before the callback has it. What rings on behind the track counts as its
    /// last frame.
    pub(super) fn place_of(&self, machine: u64, at: u64) -> u64 {
        if self.machine.load(Ordering::Acquire) != machine {
            return at;
        }
        let last = self.end.load(Ordering::Relaxed).checked_sub(1).unwrap_or(u64::MAX);
        self.position.load(Ordering::Relaxed).min(last)
    }

    /// Forgets the worst: what came before the first sound does not count.
    pub(super) fn forget_load(&self) {
        self.worst.store(0, Ordering::Relaxed);
        self.recent.store(0, Ordering::Relaxed);
        self.overruns.store(0, Ordering::Relaxed);
        self.busy_ns.store(0, Ordering::Relaxed);
        self.audio_ns.store(0, Ordering::Relaxed);
    }

    pub(super) fn fill(&self, status: &mut Status) {
        for (peak, slot) in status.peaks.iter_mut().zip(&self.peaks) {
            *peak = f32::from_bits(slot.swap(0, Ordering::Relaxed));
        }
        status.recent_load = f64::from(f32::from_bits(self.recent.swap(0, Ordering::Relaxed)));
        self.figures(status);
    }

    pub(super) fn figures(&self, status: &mut Status) {
        status.true_peak_dbtp = 20.0 * f64::from(f32::from_bits(self.true_peak.load(Ordering::Relaxed))).log10();
        let busy = self.busy_ns.load(Ordering::Relaxed) as f64;
        status.mean_load = busy / (self.audio_ns.load(Ordering::Relaxed) as f64).max(1.0);
        status.max_load = f64::from(f32::from_bits(self.worst.load(Ordering::Relaxed)));
        status.xruns = self.late.load(Ordering::Relaxed).max(self.reported.load(Ordering::Relaxed));
        status.starved_frames = self.starved.load(Ordering::Relaxed);
        status.overruns = self.overruns.load(Ordering::Relaxed);
        status.latency_ms += self.latency_us.load(Ordering::Relaxed) as f64 / 1000.0;
        status.buffer = self.buffer.load(Ordering::Relaxed) as usize;
    }
}
