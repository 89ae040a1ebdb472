//! The handle of playback: everything a program or an interface can do to what plays, from any thread but the audio
//! thread.

use super::backend::Backend;
use super::gauge::{State, Status};
use super::request::Request;
use super::steward::{Shared, Steward};
use crate::error::{Error, ErrorKind, Result};
use crate::render::{GainMemory, Placement, RenderJob};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How things are to be played.
#[derive(Clone, Debug)]
pub struct Settings {
    /// As for a render: placement, head, room, rate, loudness, ceiling, start and length. Input, output and format are
    /// not looked at.
    pub job: RenderJob,
    /// The head is followed: it is heard in blocks of this many frames, and what else would turn with it stays.
    /// Otherwise the blocks are those that give a render's bits.
    pub follow_head: Option<usize>,
    /// From the last track on to the first.
    pub repeat: bool,
    /// Gains that renders have found; what is not in it is measured in an excerpt.
    pub memory: Option<GainMemory>,
    /// How long a device that is gone is sought before playing ends with its error.
    pub patience: Duration,
}

impl Settings {
    /// Once through, in blocks that give a render's bits, with no gains known; a lost device is sought for a minute.
    pub fn new(job: RenderJob) -> Self {
        Self { job, follow_head: None, repeat: false, memory: None, patience: Duration::from_secs(60) }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A track began: which, and its file.
    Track(usize, PathBuf),
    /// Something odd, or a request that could not be met; playing goes on.
    Warning(String),
    /// The device is gone: why.
    DeviceLost(String),
    /// Playing goes on on this device.
    DeviceBack(String),
}

/// What playing came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlayReport {
    /// The last state of all figures.
    pub status: Status,
}

/// Plays tracks and scenes through a device. Dropping it stops with a short fade.
pub struct Player {
    pub(super) shared: Arc<Shared>,
    requests: Sender<Request>,
    events: Receiver<Event>,
    steward: Option<JoinHandle<Result<()>>>,
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Player").finish_non_exhaustive()
    }
}

impl Player {
    /// Begins to play `tracks`, one behind the other. Returns at once; what cannot be opened is told by
    /// [`Player::finish`].
    ///
    /// # Errors
    /// `Argument` if there are no tracks, `Io` if no thread can be started.
    pub fn start(tracks: Vec<PathBuf>, settings: Settings, backend: Box<dyn Backend>) -> Result<Self> {
        if tracks.is_empty() {
            return Err(Error::argument("there is nothing to play"));
        }
        let shared = Arc::new(Shared::default());
        let (requests, asked) = channel();
        let (told, events) = channel();
        let mut steward = Steward::new(settings, tracks, backend, Arc::clone(&shared), asked, told);
        let steward = std::thread::Builder::new()
            .name("periphon-steward".to_string())
            .spawn(move || steward.run())
            .map_err(|e| Error::new(ErrorKind::Io, "cannot start a thread to play").caused_by(e))?;
        Ok(Self { shared, requests, events, steward: Some(steward) })
    }

    /// Fades out and waits, or fades in and goes on.
    pub fn pause(&self, paused: bool) {
        self.ask(Request::Pause(paused));
    }

    /// Goes to a moment of the track, seconds from its beginning.
    pub fn seek(&self, seconds: f64) {
        if seconds.is_finite() {
            self.ask(Request::Seek(seconds.max(0.0), None));
        }
    }

    /// Goes `step` tracks on, back if negative.
    pub fn skip(&self, step: isize) {
        self.ask(Request::Skip(step, None));
    }

    /// Begins anew after the last track, or no longer. A track that is about to follow already is still played.
    pub fn set_repeat(&self, repeat: bool) {
        self.ask(Request::Repeat(repeat));
    }

    /// Adds tracks behind the last.
    pub fn add_tracks(&self, tracks: Vec<PathBuf>) {
        self.ask(Request::Add(tracks));
    }

    /// Changes how things are played, cross-faded: whatever of the job a render looks at, several things at once. What
    /// cannot be is told by a warning, and everything stays as it was. Changes that come while another is under way are made
    /// together; if that cannot be, each by itself, so `change` may be called more than once.
    pub fn change(&self, change: impl Fn(&mut RenderJob) + Send + 'static) {
        self.ask(Request::Change(vec![Box::new(change)]));
    }

    /// Another head, by name or file, cross-faded.
    pub fn set_hrtf(&self, name: impl Into<String>) {
        let name = name.into();
        self.change(move |job| job.hrtf.clone_from(&name));
    }

    /// Another room, by name or file, cross-faded; `None` for that of the placement, or of
    /// the scene.
    pub fn set_room(&self, room: Option<String>) {
        self.change(move |job| job.room.clone_from(&room));
    }

    /// Another placement, cross-faded; `None` for that of the layout. Not for scenes.
    pub fn set_placement(&self, placement: Option<Placement>) {
        self.change(move |job| job.placement.clone_from(&placement));
    }

    /// Another correction after the ears, by [`crate::headphones::open`], cross-faded; `None` for none. It is as loud as
    /// before, as a render would be.
    pub fn set_headphones(&self, headphones: Option<String>) {
        self.change(move |job| job.headphones.clone_from(&headphones));
    }

    /// How things stand. Peaks are those since the last call.
    pub fn status(&self) -> Status {
        let mut status = self.shared.status.lock().map(|s| s.clone()).unwrap_or_default();
        self.shared.gauge.fill(&mut status);
        status
    }

    /// What happened since the last call, oldest first.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.events.try_iter()
    }

    /// True when all has been played or nothing can be.
    pub fn is_over(&self) -> bool {
        self.steward.as_ref().is_none_or(JoinHandle::is_finished) || self.status_state() == State::Ended
    }

    fn status_state(&self) -> State {
        self.shared.status.lock().map_or(State::Ended, |s| s.state)
    }

    /// Asks for the end: a short fade, then the device is given back. [`Player::finish`] waits for it.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.ask(Request::Stop);
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// What ended it early: a track that cannot be opened, a device that failed.
    pub fn finish(mut self) -> Result<PlayReport> {
        let broken = || Error::new(ErrorKind::Io, "the player broke off with a defect");
        self.steward.take().map_or(Ok(()), |s| s.join().unwrap_or_else(|_| Err(broken())))?;
        Ok(PlayReport { status: self.status() })
    }

    fn ask(&self, request: Request) {
        // A steward that has ended is told by `is_over`.
        let _ = self.requests.send(request);
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.stop();
        if let Some(steward) = self.steward.take() {
            let _ = steward.join();
        }
    }
}
