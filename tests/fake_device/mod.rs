//! A device made of a test: its callback is called by the test, as often as the test likes.

use super::watching::watched;
use periphon::Result;
use periphon::live::{Backend, Lease, Opened, Player, Reports, Settings, State, Stream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Hz.
pub const RATE: usize = 48_000;
/// Frames of a callback.
const BLOCK: usize = 128;

#[derive(Clone, Default)]
pub struct Fake {
    /// What the device calls.
    pub line: Arc<Mutex<Option<Lease>>>,
}

struct Running(Fake);

impl Stream for Running {}

impl Drop for Running {
    fn drop(&mut self) {
        let lease = self.0.line.lock().unwrap().take();
        drop(lease);
    }
}

impl Backend for Fake {
    fn find(&mut self, rate: u32) -> Result<Opened> {
        Ok(Opened { name: "fake".to_string(), rate })
    }

    fn start(&mut self, lease: Lease, _: Reports) -> Result<Box<dyn Stream>> {
        *self.line.lock().unwrap() = Some(lease);
        Ok(Box::new(Running(self.clone())))
    }
}

/// A player on such a device, and what was heard of it.
pub struct Ears {
    pub fake: Fake,
    pub player: Player,
    pub heard: [Vec<f32>; 2],
    /// How often the callback touched the heap.
    pub heap: u64,
}

impl Ears {
    pub fn new(tracks: &[PathBuf], settings: Settings) -> Self {
        let fake = Fake::default();
        let player = Player::start(tracks.to_vec(), settings, Box::new(fake.clone())).unwrap();
        Self { fake, player, heard: Default::default(), heap: 0 }
    }

    /// Callbacks until `done` says so, with rests for the threads beside.
    pub fn listen(&mut self, mut done: impl FnMut(&Self) -> bool) {
        let since = Instant::now();
        for n in 0.. {
            assert!(since.elapsed() < Duration::from_secs(60), "{:?}", self.player.status());
            if done(self) {
                return;
            }
            let called = self.callback();
            if !called || n % 16 == 0 || self.player.status().state == State::Opening {
                std::thread::sleep(Duration::from_millis(8));
            }
        }
    }

    fn callback(&mut self) -> bool {
        let mut out = vec![0.0; 2 * BLOCK];
        {
            let mut line = self.fake.line.lock().unwrap();
            let Some(lease) = line.as_mut() else { return false };
            self.heap += watched(|| lease.fill(&mut out, 2, Some(Duration::from_millis(500))));
        }
        for (ear, heard) in self.heard.iter_mut().enumerate() {
            heard.extend(out.iter().skip(ear).step_by(2));
        }
        true
    }

    pub fn until_playing(&mut self) {
        self.listen(|e| e.player.status().state == State::Playing && e.player.stage().is_some());
    }

    pub fn seconds(&mut self, seconds: f64) {
        let until = self.heard[0].len() + (seconds * RATE as f64) as usize;
        self.listen(|e| e.heard[0].len() >= until);
    }

    /// Root of the mean square of the left ear over the last seconds.
    pub fn level(&self, seconds: f64) -> f64 {
        let last = &self.heard[0][self.heard[0].len() - (seconds * RATE as f64) as usize..];
        (last.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>() / last.len() as f64).sqrt()
    }
}
