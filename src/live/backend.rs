//! Where sound goes: what a device has to offer the player, and what the player lends it.

use super::gauge::Gauge;
use super::playout::Playout;
use crate::error::Result;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A device found.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// What to call it.
    pub name: String,
    /// The rate at which it will run, Hz.
    pub rate: u32,
}

/// A running stream; dropping it stops the callbacks.
pub trait Stream: Send {}

/// Where sound goes: a device, or in tests something that pulls as one would.
pub trait Backend: Send {
    /// Looks for the device, wanted at `rate` Hz.
    ///
    /// # Errors
    /// `Device` if there is none.
    fn find(&mut self, rate: u32) -> Result<Opened>;

    /// Starts the device found last: its callbacks fill their buffers from `lease`.
    ///
    /// # Errors
    /// `Device` if it cannot be opened.
    fn start(&mut self, lease: Lease, reports: Reports) -> Result<Box<dyn Stream>>;
}

/// A playout lent to a stream: when the stream is dropped, it goes home with all that it was playing.
pub struct Lease {
    pub(super) playout: Option<Box<Playout>>,
    pub(super) home: Sender<Box<Playout>>,
}

impl Lease {
    /// As [`Playout::fill`].
    pub fn fill(&mut self, out: &mut [f32], channels: usize, latency: Option<Duration>) {
        match &mut self.playout {
            Some(playout) => playout.fill(out, channels, latency),
            None => out.fill(0.0),
        }
    }

    /// Fills `part` over and over until `samples` interleaved samples are done, and hands each to `write` with its place.
    pub(super) fn fill_in_parts(
        &mut self,
        samples: usize,
        part: &mut [f32],
        channels: usize,
        latency: Option<Duration>,
        mut write: impl FnMut(usize, &[f32]),
    ) {
        let Some(playout) = &mut self.playout else { return };
        let began = playout.begin(samples / channels, latency);
        let mut done = 0;
        while done < samples {
            let n = part.len().min(samples - done);
            playout.pour(&mut part[..n], channels);
            write(done, &part[..n]);
            done += n;
        }
        playout.finish(began, samples / channels, latency);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(playout) = self.playout.take() {
            // If nobody waits for it any more, it is freed here, which is no callback.
            let _ = self.home.send(playout);
        }
    }
}

/// What a stream tells besides its callbacks; not for the audio thread, except [`Reports::xrun`].
#[derive(Clone)]
pub struct Reports {
    pub(super) gauge: Arc<Gauge>,
    pub(super) lost: Arc<Mutex<Option<String>>>,
    pub(super) odd: Arc<Mutex<Option<String>>>,
}

impl Reports {
    /// The device ran dry.
    pub fn xrun(&self) {
        self.gauge.reported.fetch_add(1, Ordering::Relaxed);
    }

    /// The device is gone.
    pub fn lost(&self, why: &str) {
        if let Ok(mut slot) = self.lost.lock() {
            slot.get_or_insert_with(|| why.to_string());
        }
    }

    /// Something odd that does not end playback.
    pub fn odd(&self, what: &str) {
        if let Ok(mut slot) = self.odd.lock() {
            slot.get_or_insert_with(|| what.to_string());
        }
    }
}
