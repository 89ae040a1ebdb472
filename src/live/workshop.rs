//! Machines are built on a thread of their own, beside the steward: a large room takes seconds, and meanwhile there are
//! pauses to be kept, tracks that end and devices that go.

use super::gauge::Gauge;
use super::level::gain_db;
use super::machine::{Card, Feeder, Machine};
use crate::error::{Error, ErrorKind, Result};
use crate::render::live::Pace;
use crate::render::{GainMemory, RenderJob};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long a machine may take to catch up with what plays.
const CATCHING_UP: Duration = Duration::from_secs(20);
/// How much the workshop yields to everybody else where something plays already: that is what must not be disturbed.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Where a machine is to begin.
#[derive(Clone, Debug)]
pub(super) enum Beginning {
    /// At this frame of the output's clock. Nothing is heard before: be quick.
    Quick(u64),
    /// At this frame, while something else plays.
    At(u64),
    /// So many frames ahead of where a machine is by then, which was given away `at` a frame; at the very frame while it
    /// is paused.
    Ahead { of: u64, at: u64, frames: u64 },
}

/// What is to be built.
pub(super) struct Order {
    pub(super) id: u64,
    pub(super) job: RenderJob,
    pub(super) pace: Pace,
    pub(super) beginning: Beginning,
    /// The gain, dB, if it is known.
    pub(super) gain: Option<f64>,
    pub(super) memory: Option<GainMemory>,
    /// How much is under way that must not be left half done, see [`gain_db`].
    pub(super) at_work: Arc<AtomicUsize>,
}

/// A machine that is ready to play.
pub(super) struct Built {
    pub(super) machine: Box<Machine>,
    pub(super) card: Card,
    pub(super) job: RenderJob,
    pub(super) gain_db: f64,
}

/// Work under way. Dropping it gives it up.
pub(super) struct Work {
    done: Receiver<Result<Built>>,
    give_up: Arc<AtomicBool>,
}

impl Work {
    /// Begins to build. `paused` is true while what plays is paused.
    ///
    /// # Errors
    /// `Io` if no thread can be started.
    pub(super) fn start(order: Order, gauge: Arc<Gauge>, paused: Arc<AtomicBool>) -> Result<Self> {
        let (tell, done) = channel();
        let give_up = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&give_up);
        std::thread::Builder::new()
            .name("periphon-build".to_string())
            .spawn(move || {
                // Nobody may want it any more.
                let _ = tell.send(build(order, &gauge, &paused, &stop));
            })
            .map_err(|e| Error::new(ErrorKind::Io, "cannot start a thread to open a track").caused_by(e))?;
        Ok(Self { done, give_up })
    }

    /// What became of it, if that is known before `wait` is over.
    pub(super) fn wait(&self, wait: Duration) -> Option<Result<Built>> {
        match self.done.recv_timeout(wait) {
            Ok(done) => Some(done),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                Some(Err(Error::new(ErrorKind::Io, "a thread broke off with a defect")))
            }
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.give_up.store(true, Ordering::Relaxed);
    }
}

fn build(order: Order, gauge: &Gauge, paused: &AtomicBool, stop: &AtomicBool) -> Result<Built> {
    let Order { id, job, pace, beginning, gain, memory, at_work } = order;
    // What decodes must keep pace with what is heard, so it does not yield as the rest does.
    let feeder = Feeder::start(&job.input)?;
    let level = || gain.map_or_else(|| gain_db(&job, memory.as_ref(), &at_work), Ok);
    if let Beginning::Quick(from) = beginning {
        let (opened, gain_db) = std::thread::scope(|scope| -> Result<_> {
            let level = scope.spawn(level);
            let opened = Machine::open(id, &job, pace, from, feeder, stop)?;
            opened.0.wait_ready();
            Ok((opened, level.join().map_err(|_| Error::new(ErrorKind::Io, "a thread broke off with a defect"))??))
        })?;
        return Ok(Built { machine: opened.0, card: opened.1, job, gain_db });
    }
    yield_to_all();
    let gain_db = level()?;
    let goal = || match beginning {
        Beginning::Quick(frame) | Beginning::At(frame) => frame,
        Beginning::Ahead { of, at, frames } => {
            gauge.place_of(of, at) + if paused.load(Ordering::Relaxed) { 0 } else { frames }
        }
    };
    let (mut machine, card) = Machine::open(id, &job, pace, goal(), feeder, stop)?;
    if let Beginning::Ahead { .. } = beginning {
        // Time has passed meanwhile; it plays faster than time does.
        let began = Instant::now();
        while machine.position() < goal() && !machine.is_over() {
            if began.elapsed() > CATCHING_UP {
                return Err(Error::limit("this computer is too slow to change that while it plays").hint(
                    "pause first, or play something that takes less work: fewer sources, a room of a lower reflection_order",
                ));
            }
            machine.advance_to(goal(), stop)?;
        }
    }
    machine.wait_ready();
    Ok(Built { machine, card, job, gain_db })
}

/// Lets every other thread go first, as far as this system can do that for one thread.
fn yield_to_all() {
    #[cfg(target_os = "linux")]
    {
        // Without it the work is done all the same.
        let _ = rustix::process::nice(NICENESS);
    }
}
