//! What a source plays, when its samples do not come with the block: a queue that another thread fills, or code that
//! makes them on the audio thread.

use crate::error::{Error, Result};
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Samples of one source, made when the engine asks for them. Any `FnMut(&mut [f32]) -> usize + Send` is one.
///
/// It is asked once a block, on the audio thread, from the source's first block to the one in which it has faded out; it
/// is dropped on the thread of the [`Control`](crate::Control), or with the engine.
pub trait Signal: Send {
    /// Writes the next samples to the beginning of `out` and returns how many; the rest of the block is silent. `out`
    /// holds what it held the last time.
    ///
    /// On the audio thread: no allocation, no lock, no wait, no panic.
    fn fill(&mut self, out: &mut [f32]) -> usize;
}

impl<F: FnMut(&mut [f32]) -> usize + Send> Signal for F {
    fn fill(&mut self, out: &mut [f32]) -> usize {
        self(out)
    }
}

/// The writing end of a source that plays what is pushed; from [`Control::add_feed`](crate::Control::add_feed). Never
/// waits, allocates nothing: it may be used on any one thread, another audio callback too.
#[derive(Debug)]
pub struct Feed {
    samples: Producer<f32>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    missing: AtomicU64,
    ended: AtomicBool,
}

impl Feed {
    /// Queues samples, as many as there is room for; returns how many.
    #[must_use = "samples that found no room are not played"]
    pub fn push(&mut self, samples: &[f32]) -> usize {
        self.samples.push_partial_slice(samples).0.len()
    }

    /// Samples that there is room for.
    pub fn room(&self) -> usize {
        self.samples.slots()
    }

    /// Samples that have not been played yet.
    pub fn queued(&self) -> usize {
        self.samples.buffer().capacity() - self.samples.slots()
    }

    /// Frames since the first sample in which nothing was there to be played: 0 when the other side keeps up.
    pub fn missing(&self) -> u64 {
        self.state.missing.load(Ordering::Relaxed)
    }

    /// What is queued is all there will be: what is missing behind it is not counted.
    pub fn end(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
    }

    /// True once the source has been removed and plays nothing more.
    pub fn is_over(&self) -> bool {
        self.samples.is_abandoned()
    }
}

/// The most samples that a feed may hold: 6 minutes at 48 kHz.
const MOST_QUEUED: usize = 1 << 24;

/// A feed and what plays it.
pub(crate) fn feed(samples: usize) -> Result<(Feed, Queue)> {
    if !(1..=MOST_QUEUED).contains(&samples) {
        return Err(Error::argument(format!("a feed holds 1 to {MOST_QUEUED} samples, not {samples}")));
    }
    let (producer, consumer) = RingBuffer::new(samples);
    let state = Arc::new(State::default());
    let queue = Queue { samples: consumer, state: Arc::clone(&state), begun: false };
    Ok((Feed { samples: producer, state }, queue))
}

/// The reading end of a feed.
pub(crate) struct Queue {
    samples: Consumer<f32>,
    state: Arc<State>,
    begun: bool,
}

impl Signal for Queue {
    fn fill(&mut self, out: &mut [f32]) -> usize {
        let got = self.samples.pop_partial_slice(out).0.len();
        self.begun |= got > 0;
        if got < out.len() && self.begun && !self.samples.is_abandoned() && !self.state.ended.load(Ordering::Relaxed) {
            self.state.missing.fetch_add((out.len() - got) as u64, Ordering::Relaxed);
        }
        got
    }
}

/// A signal on its way through the engine, with room for a block of it.
pub(crate) struct Inlet {
    signal: Box<dyn Signal>,
    plane: Vec<f32>,
    got: usize,
}

impl Inlet {
    pub(crate) fn new(signal: Box<dyn Signal>, max_block: usize) -> Self {
        Self { signal, plane: vec![0.0; max_block], got: 0 }
    }

    /// Takes the next block in.
    pub(crate) fn next(&mut self, frames: usize) {
        let frames = frames.min(self.plane.len());
        self.got = self.signal.fill(&mut self.plane[..frames]).min(frames);
    }

    /// The block.
    pub(crate) fn samples(&self) -> &[f32] {
        &self.plane[..self.got]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_plays_what_is_pushed_in_order_and_counts_what_is_missing() {
        let (mut feed, mut queue) = feed(8).unwrap();
        let mut out = [9.0; 6];
        assert_eq!((queue.fill(&mut out), feed.missing()), (0, 0), "before the first sample nothing is missing");
        assert_eq!(feed.push(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]), 8);
        assert_eq!((feed.room(), feed.queued()), (0, 8));
        assert_eq!((queue.fill(&mut out), out), (6, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        assert_eq!((queue.fill(&mut out), &out[..2]), (2, &[7.0, 8.0][..]));
        assert_eq!((feed.missing(), feed.queued()), (4, 0));
        feed.end();
        assert_eq!((queue.fill(&mut out), feed.missing()), (0, 4));
        assert!(!feed.is_over());
        drop(queue);
        assert!(feed.is_over());
        assert!(super::feed(0).is_err() && super::feed(usize::MAX).is_err());
    }
}
