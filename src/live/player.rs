//! The handle of playback: everything a program or an interface can do to what plays, from any thread but the audio
//! thread.

use super::gauge::{State, Status};
use super::steward::{Backend, Shared, Steward};
use crate::coords::Pose;
use crate::error::{Error, ErrorKind, Result};
use crate::render::{Control, GainMemory, Placement, RenderJob, SourceId};
use crate::spatializer::Motion;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

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

/// What the handle asks of the steward.
pub(super) enum Request {
    Pause(bool),
    Seek(f64),
    Skip(isize),
    Change(Box<dyn FnOnce(&mut RenderJob) + Send>),
    Stop,
}

/// Plays tracks and scenes through a device. Dropping it stops with a short fade.
pub struct Player {
    shared: Arc<Shared>,
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
            self.ask(Request::Seek(seconds.max(0.0)));
        }
    }

    /// Goes `step` tracks on, back if negative.
    pub fn skip(&self, step: isize) {
        self.ask(Request::Skip(step));
    }

    /// Another head, by name or file, cross-faded.
    pub fn set_hrtf(&self, name: impl Into<String>) {
        let name = name.into();
        self.ask(Request::Change(Box::new(move |job| job.hrtf = name)));
    }

    /// Another room, by name or file, cross-faded; `None` for that of the placement. Not for scenes.
    pub fn set_room(&self, room: Option<String>) {
        self.ask(Request::Change(Box::new(move |job| job.room = room)));
    }

    /// Another placement, cross-faded; `None` for that of the layout. Not for scenes.
    pub fn set_placement(&self, placement: Option<Placement>) {
        self.ask(Request::Change(Box::new(move |job| job.placement = placement)));
    }

    /// Takes the head to a pose, now and in all that is played later. It is heard from the next block on. Cheap enough
    /// for every packet of a head tracker.
    ///
    /// # Errors
    /// `Argument` if a number is not finite.
    pub fn set_head(&self, pose: Pose) -> Result<()> {
        self.shared.wheels.lock().map_or(Ok(()), |mut wheels| wheels.set_head(pose))
    }

    /// Takes a source of the stage, counted from 0, along another way, in whatever plays now.
    ///
    /// # Errors
    /// `Argument` if there is no such source or a number is not finite, `Limit` if too many commands wait.
    pub fn move_source(&self, source: usize, motion: &Motion) -> Result<()> {
        self.steer(|control| control.move_to(id(source), motion.clone()))
    }

    /// Sets the gain of a source of the stage, linear, in whatever plays now.
    ///
    /// # Errors
    /// As [`Player::move_source`].
    pub fn set_source_gain(&self, source: usize, gain: f64) -> Result<()> {
        self.steer(|control| control.set_gain(id(source), gain))
    }

    fn steer(&self, mut f: impl FnMut(&mut Control) -> Result<()>) -> Result<()> {
        let Ok(mut wheels) = self.shared.wheels.lock() else { return Ok(()) };
        wheels.all.iter_mut().filter_map(|w| w.control.as_mut()).try_for_each(&mut f)
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

/// A stage's sources are the first that its engine was given.
fn id(source: usize) -> SourceId {
    SourceId { slot: u32::try_from(source).unwrap_or(u32::MAX), generation: 1 }
}
