//! The thread that opens tracks, builds engines and keeps the device: everything that takes time or may fail.

use super::backend::{Backend, Lease, Opened, Reports, Stream};
use super::gauge::{Gauge, State, Status};
use super::level::gain_db;
use super::machine::{Card, Machine};
use super::meters::Bench;
use super::player::{Event, Settings};
use super::playout::{Command, FADE_S, Playout, Reins};
use super::request::{Request, gathered};
use super::steering::{Wheel, Wheels};
use crate::error::{Error, ErrorKind, Result};
use crate::render::live::Pace;
use crate::render::{Control, RenderJob};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How often the steward looks around.
const TICK: Duration = Duration::from_millis(10);
/// The next track is opened when so much of this one is left, seconds.
const PRIME_S: f64 = 4.0;
/// How far ahead of what plays a machine is when it is handed over, seconds.
const LEAD_S: f64 = 0.06;
/// How long a device is sought again.
const SEEK_DEVICE: Duration = Duration::from_secs(60);
/// A device that has not called for so long is gone.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long a playout may take to come home from a stream that has been dropped.
const COMING_HOME: Duration = Duration::from_millis(100);
/// Waits between tries to open a device: the first, and the longest.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(1)];

/// What the steward and the player's handle both see.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) gauge: Arc<Gauge>,
    /// All of it that is not in the gauge.
    pub(super) status: Mutex<Status>,
    pub(super) wheels: Mutex<Wheels>,
    pub(super) bench: Mutex<Option<Bench>>,
    /// The end was asked for: whoever is at work on something else gives it up.
    pub(super) stop: AtomicBool,
}

impl Shared {
    pub(super) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Gains that are kept.
const MOST_KNOWN: usize = 64;

/// How long a change may take to catch up with what plays.
const CATCHING_UP: Duration = Duration::from_secs(20);

/// A machine given away.
struct Entry {
    id: u64,
    track: usize,
    /// Where in the file its first frame lies, seconds.
    begin_s: f64,
    frames: Option<u64>,
    hrtf: String,
    room: String,
    gain_db: f64,
    trouble: Arc<Mutex<Option<Error>>>,
}

pub(super) struct Steward {
    settings: Settings,
    tracks: Vec<PathBuf>,
    backend: Box<dyn Backend>,
    shared: Arc<Shared>,
    requests: Receiver<Request>,
    events: Sender<Event>,
    stream: Option<Box<dyn Stream>>,
    home: (Sender<Box<Playout>>, Receiver<Box<Playout>>),
    reins: Option<Reins>,
    reports: Reports,
    device: Option<Opened>,
    limiter_frames: usize,
    entries: Vec<Entry>,
    /// The track that plays or was meant to, and the id of its newest machine.
    track: usize,
    newest: u64,
    /// The machine that follows, if it has been handed over; or that none can.
    queued: Option<u64>,
    dead_end: bool,
    ids: u64,
    paused: bool,
    /// Gains found so far, and for what.
    known: Vec<(RenderJob, f64)>,
    /// Callbacks so far, and when the last was seen.
    heartbeat: (u64, Instant),
}

impl Steward {
    pub(super) fn new(
        settings: Settings,
        tracks: Vec<PathBuf>,
        backend: Box<dyn Backend>,
        shared: Arc<Shared>,
        requests: Receiver<Request>,
        events: Sender<Event>,
    ) -> Self {
        let reports = Reports { gauge: Arc::clone(&shared.gauge), lost: Arc::default(), odd: Arc::default() };
        Self {
            settings,
            tracks,
            backend,
            shared,
            requests,
            events,
            stream: None,
            home: channel(),
            reins: None,
            reports,
            device: None,
            limiter_frames: 0,
            entries: Vec::new(),
            track: 0,
            newest: 0,
            queued: None,
            dead_end: false,
            ids: 0,
            paused: false,
            known: Vec::new(),
            heartbeat: (0, Instant::now()),
        }
    }

    /// Plays until the end or until told to stop.
    pub(super) fn run(&mut self) -> Result<()> {
        let done = self.play_all();
        self.note(|s| s.state = State::Ended);
        // The fade has been heard; now the device may go.
        self.stream = None;
        done
    }

    fn play_all(&mut self) -> Result<()> {
        self.begin_somewhere(0, 1)?;
        loop {
            match self.requests.recv_timeout(TICK) {
                Err(RecvTimeoutError::Disconnected) => return self.fade_out(),
                Ok(first) => {
                    for request in gathered(std::iter::once(first).chain(self.requests.try_iter())) {
                        // What else was asked for before the end is not waited for, nor said to have failed.
                        if self.shared.stopping() {
                            break;
                        }
                        if let Err(e) = self.serve(request)
                            && !self.shared.stopping()
                        {
                            self.tell(Event::Warning(e.to_string()));
                        }
                    }
                    if self.shared.stopping() {
                        return self.fade_out();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.tidy();
            let lost = self.reports.lost.lock().map_or(None, |mut l| l.take());
            if lost.or_else(|| self.silence()).is_some_and(|why| self.lose(&why)) {
                self.reopen()?;
                self.heartbeat = (0, Instant::now());
            }
            self.follow()?;
            if self.shared.gauge.dry.load(Ordering::Relaxed) && self.on_newest() && self.queued.is_none() {
                match self.next_track(1).filter(|_| !self.dead_end) {
                    Some(next) => self.begin_somewhere(next, 1)?,
                    None => return self.ring_out(),
                }
            }
        }
    }

    /// Why the device is taken for lost if it asks for nothing any more: some servers end a stream without a word.
    fn silence(&mut self) -> Option<String> {
        let count = self.shared.gauge.callbacks.load(Ordering::Relaxed);
        if self.stream.is_none() || count != self.heartbeat.0 {
            self.heartbeat = (count, Instant::now());
        }
        (self.heartbeat.1.elapsed() > HEARTBEAT).then(|| "it asks for no more sound".to_string())
    }

    /// Begins a track from nothing, or the first behind it that can be played.
    fn begin_somewhere(&mut self, track: usize, step: isize) -> Result<()> {
        let mut at = track;
        for _ in 0..self.tracks.len() {
            match self.begin(at) {
                Ok(()) => return Ok(()),
                Err(e) if self.tracks.len() == 1 || e.kind() == ErrorKind::Device => return Err(e),
                Err(e) => self.tell(Event::Warning(format!("passed over: {e}"))),
            }
            self.track = at;
            match self.next_track(step) {
                Some(next) => at = next,
                None => break,
            }
        }
        Err(Error::new(ErrorKind::Unsupported, "none of the tracks can be played"))
    }

    /// Opens a track and, where it has another rate than the device runs at, the device.
    fn begin(&mut self, track: usize) -> Result<()> {
        let wanted = self.rate_of(track)?;
        let found = match &self.device {
            Some(device) if device.rate == wanted || self.settings.job.rate.is_some() => device.clone(),
            _ => self.backend.find(wanted)?,
        };
        let again = self.stream.is_none() || self.device.as_ref().map(|d| d.rate) != Some(found.rate);
        let job = self.job(track, found.rate);
        let (known, memory) = (self.known_gain(&job), self.settings.memory.clone());
        let (pace, id) = (self.pace(), self.next_id());
        if again {
            self.stop_stream();
        }
        // The track, its loudness and the device are opened side by side.
        let (machine, gain) = std::thread::scope(|scope| -> Result<_> {
            let machine = scope.spawn(|| {
                let opened = Machine::open(id, &job, pace, 0, &AtomicBool::new(false))?;
                opened.0.wait_ready();
                Ok::<_, Error>(opened)
            });
            let gain = scope.spawn(|| known.map_or_else(|| gain_db(&job, memory.as_ref()), Ok));
            if again {
                self.start_stream(&found)?;
            }
            let broken = || Error::new(ErrorKind::Io, "a thread broke off with a defect");
            Ok((machine.join().map_err(|_| broken())??, gain.join().map_err(|_| broken())??))
        })?;
        self.remember(&job, gain);
        self.hand_over(track, machine, gain, |m| Command::Swap(m, false))
    }

    fn start_stream(&mut self, found: &Opened) -> Result<()> {
        let (playout, reins, tap) =
            Playout::new(found.rate, self.settings.job.true_peak, Arc::clone(&self.shared.gauge))?;
        let bench = Bench::new(tap, found.rate)?;
        if let Ok(mut slot) = self.shared.bench.lock() {
            *slot = Some(bench);
        }
        self.limiter_frames = playout.limiter_frames();
        self.reins = Some(reins);
        self.entries.clear();
        self.clear_wheels();
        self.queued = None;
        self.lend(playout)?;
        self.device = Some(found.clone());
        self.note(|s| {
            s.device.clone_from(&found.name);
            s.sample_rate = found.rate;
        });
        if self.paused {
            self.send(Command::Pause(true))?;
        }
        Ok(())
    }

    fn lend(&mut self, playout: Box<Playout>) -> Result<()> {
        let lease = Lease { playout: Some(playout), home: self.home.0.clone() };
        self.stream = Some(self.backend.start(lease, self.reports.clone())?);
        Ok(())
    }

    fn stop_stream(&mut self) {
        self.stream = None;
        self.reins = None;
        while self.home.1.try_recv().is_ok() {}
    }

    /// The job of a track, at the device's rate.
    fn job(&self, track: usize, rate: u32) -> RenderJob {
        RenderJob { input: self.tracks[track].clone(), rate: Some(rate), ..self.settings.job.clone() }
    }

    /// Of the device, Hz.
    fn rate(&self) -> u32 {
        self.device.as_ref().map_or(48_000, |d| d.rate)
    }

    fn pace(&self) -> Pace {
        self.settings.follow_head.map_or(Pace::Live, Pace::Follow)
    }

    fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    /// The rate at which a track would be rendered to a file.
    fn rate_of(&self, track: usize) -> Result<u32> {
        if let Some(rate) = self.settings.job.rate {
            return Ok(rate);
        }
        let path = &self.tracks[track];
        if !self.settings.job.stems.is_empty() {
            return crate::render::live::scene_rate(&crate::render::arrangement(&self.settings.job)?.scene);
        }
        Ok(if crate::decode::sniff(path)? == crate::decode::Kind::Scene {
            crate::render::live::scene_rate(&crate::scene::Scene::open(path)?)?
        } else {
            crate::decode::open(path)?.info().sample_rate
        })
    }

    /// Sends a machine to the callback.
    fn hand_over(
        &mut self,
        track: usize,
        (mut machine, card): (Box<Machine>, Card),
        gain_db: f64,
        how: impl FnOnce(Box<Machine>) -> Command,
    ) -> Result<()> {
        machine.set_gain(10f64.powf(gain_db / 20.0) as f32);
        let wheel = Wheel {
            id: card.id,
            track,
            plan: card.plan,
            control: card.control,
            poses: card.poses,
            measured: card.measured,
        };
        if let Ok(mut wheels) = self.shared.wheels.lock() {
            wheels.add(wheel)?;
        }
        card.warnings.into_iter().for_each(|w| self.tell(Event::Warning(w)));
        self.entries.push(Entry {
            id: card.id,
            track,
            begin_s: self.begin_s(track),
            frames: card.frames,
            hrtf: card.hrtf,
            room: card.room,
            gain_db,
            trouble: card.trouble,
        });
        let mut command = how(machine);
        if let Command::Follow(_) = command {
            self.queued = Some(card.id);
        } else {
            if let Command::Swap(machine, _) = &mut command {
                machine.render_ahead();
            }
            (self.track, self.newest, self.queued, self.dead_end) = (track, card.id, None, false);
        }
        self.send(command)
    }

    fn send(&mut self, command: Command) -> Result<()> {
        let full = || Error::limit("the sound device does not take commands: is it running?");
        self.reins.as_mut().ok_or_else(full)?.commands.push(command).map_err(|_| full())
    }

    /// Frees what the callback gave back and follows what it plays.
    fn tidy(&mut self) {
        let mut gone = Vec::new();
        if let Some(reins) = &mut self.reins {
            while let Ok(machine) = reins.returned.pop() {
                gone.push(machine.id);
            }
        }
        if let Ok(mut wheels) = self.shared.wheels.lock() {
            wheels.all.retain(|w| !gone.contains(&w.id));
            wheels.all.iter_mut().filter_map(|w| w.control.as_mut()).for_each(Control::tidy);
        }
        let playing = self.shared.gauge.machine.load(Ordering::Acquire);
        if self.queued == Some(playing) {
            self.newest = playing;
            self.queued = None;
            self.track = self.entries.iter().find(|e| e.id == playing).map_or(self.track, |e| e.track);
        }
        let mut troubles = Vec::new();
        for entry in &self.entries {
            let trouble = entry.trouble.lock().map_or(None, |mut t| t.take());
            troubles.extend(trouble.map(|e| format!("{e}: the rest of the track is left out")));
        }
        troubles.extend(self.reports.odd.lock().map_or(None, |mut o| o.take()));
        troubles.into_iter().for_each(|t| self.tell(Event::Warning(t)));
        self.entries.retain(|e| !gone.contains(&e.id));
        self.show(playing);
    }

    fn show(&mut self, playing: u64) {
        let Some(entry) = self.entries.iter().find(|e| e.id == playing) else { return };
        let rate = f64::from(self.rate());
        let begin = entry.begin_s;
        let position = self.shared.gauge.position.load(Ordering::Relaxed) as f64 / rate;
        let position = entry.frames.map_or(position, |n| position.min(n as f64 / rate));
        let state = if self.paused { State::Paused } else { State::Playing };
        let Ok(mut s) = self.shared.status.lock() else { return };
        if s.state == State::Opening || s.track != entry.track {
            let _ = self.events.send(Event::Track(entry.track, self.tracks[entry.track].clone()));
        }
        s.state = state;
        s.track = entry.track;
        s.tracks = self.tracks.len();
        s.position_s = begin + position;
        s.duration_s = entry.frames.map(|n| begin + n as f64 / rate);
        s.hrtf.clone_from(&entry.hrtf);
        s.room.clone_from(&entry.room);
        s.gain_db = entry.gain_db;
        s.latency_ms = self.limiter_frames as f64 / rate * 1000.0;
    }

    /// Where in the file a track's first frame lies, seconds: a scene is counted from its beginning.
    fn begin_s(&self, track: usize) -> f64 {
        if self.job(track, self.rate()).is_scene().unwrap_or(false) { 0.0 } else { self.settings.job.start }
    }

    fn on_newest(&self) -> bool {
        self.shared.gauge.machine.load(Ordering::Acquire) == self.newest
    }

    /// Opens the next track ahead of time.
    fn follow(&mut self) -> Result<()> {
        if self.queued.is_some() || self.dead_end || !self.on_newest() {
            return Ok(());
        }
        let rate = self.rate();
        let entry = self.entries.iter().find(|e| e.id == self.newest);
        let position = self.shared.gauge.position.load(Ordering::Relaxed);
        let left = entry.and_then(|e| e.frames).map_or(0, |n| n.saturating_sub(position));
        if left as f64 > PRIME_S * f64::from(rate) {
            return Ok(());
        }
        let here = self.track;
        let mut next = self.next_track(1);
        for _ in 0..self.tracks.len() {
            let Some(track) = next else { break };
            match self.prime(track, rate) {
                Ok(true) => return Ok(()),
                // It wants another rate: it begins when this one is over.
                Ok(false) => {
                    self.track = here;
                    return Ok(());
                }
                Err(e) => self.tell(Event::Warning(format!("passed over: {e}"))),
            }
            self.track = track;
            next = self.next_track(1);
        }
        self.track = here;
        self.dead_end = true;
        Ok(())
    }

    fn prime(&mut self, track: usize, rate: u32) -> Result<bool> {
        let wanted = self.rate_of(track)?;
        if wanted != rate && self.settings.job.rate.is_none() && self.backend.find(wanted)?.rate != rate {
            return Ok(false);
        }
        let job = self.job(track, rate);
        let gain = self.gain_of(&job)?;
        let id = self.next_id();
        let opened = Machine::open(id, &job, self.pace(), 0, &AtomicBool::new(false))?;
        opened.0.wait_ready();
        self.hand_over(track, opened, gain, Command::Follow)?;
        Ok(true)
    }

    /// The gain for a job, which is found once: one goes back and forth between rooms and tracks.
    fn gain_of(&mut self, job: &RenderJob) -> Result<f64> {
        if let Some(gain) = self.known_gain(job) {
            return Ok(gain);
        }
        let gain = gain_db(job, self.settings.memory.as_ref())?;
        self.remember(job, gain);
        Ok(gain)
    }

    fn known_gain(&self, job: &RenderJob) -> Option<f64> {
        self.known.iter().find(|(known, _)| known == job).map(|(_, gain)| *gain)
    }

    fn remember(&mut self, job: &RenderJob, gain: f64) {
        if self.known_gain(job).is_some() {
            return;
        }
        if self.known.len() >= MOST_KNOWN {
            self.known.remove(0);
        }
        self.known.push((job.clone(), gain));
    }

    fn next_track(&self, step: isize) -> Option<usize> {
        let count = self.tracks.len();
        let to = self.track.checked_add_signed(step).filter(|t| *t < count);
        to.or_else(|| self.settings.repeat.then(|| if step < 0 { count - 1 } else { 0 }))
    }

    fn serve(&mut self, request: Request) -> Result<()> {
        match request {
            Request::Stop => Ok(()),
            Request::Pause(paused) => {
                self.paused = paused;
                self.note(|s| s.state = if paused { State::Paused } else { State::Playing });
                self.send(Command::Pause(paused))
            }
            Request::Seek(seconds) => {
                let rate = self.rate();
                let at = (seconds - self.begin_s(self.track)).max(0.0) * f64::from(rate);
                let frames = self.entries.iter().find(|e| e.id == self.newest).and_then(|e| e.frames);
                let at = frames.map_or(at as u64, |n| (at as u64).min(n.saturating_sub(1)));
                let (id, job) = (self.next_id(), self.job(self.track, rate));
                let gain = self.gain_of(&job)?;
                let opened = Machine::open(id, &job, self.pace(), at, &self.shared.stop)?;
                opened.0.wait_ready();
                self.hand_over(self.track, opened, gain, |m| Command::Swap(m, false))
            }
            Request::Repeat(repeat) => {
                self.settings.repeat = repeat;
                self.dead_end = false;
                Ok(())
            }
            Request::Add(tracks) => {
                self.tracks.extend(tracks);
                self.dead_end = false;
                Ok(())
            }
            Request::Skip(step) => match self.next_track(step) {
                Some(track) => self.begin_somewhere(track, step.signum()),
                None if step < 0 => self.begin(self.track),
                None => Err(Error::argument("there is no further track")),
            },
            Request::Change(change) => {
                let before = self.settings.job.clone();
                change(&mut self.settings.job);
                let done = self.exchange();
                if done.is_err() {
                    self.settings.job = before;
                }
                done
            }
        }
    }

    /// Crosses over to the same track as the settings have it now, at the frame that plays.
    fn exchange(&mut self) -> Result<()> {
        let rate = self.rate();
        // While nothing sounds nothing has to be met at its frame.
        let lead = if self.paused { 0 } else { (LEAD_S * f64::from(rate)) as u64 };
        let job = self.job(self.track, rate);
        let gain = self.gain_of(&job)?;
        let now = || self.shared.gauge.position.load(Ordering::Relaxed);
        let (id, pace) = (self.ids + 1, self.pace());
        let began = Instant::now();
        let (mut machine, card) = Machine::open(id, &job, pace, now() + lead, &self.shared.stop)?;
        // Time has passed meanwhile; it plays faster than time does.
        while machine.position() < now() + lead && !machine.is_over() {
            if began.elapsed() > CATCHING_UP {
                return Err(Error::limit("this computer is too slow to change that while it plays").hint(
                    "pause first, or play something that takes less work: fewer sources, a room of a lower reflection_order",
                ));
            }
            machine.advance_to(now() + lead, &self.shared.stop)?;
        }
        machine.wait_ready();
        self.ids = id;
        let aligned = !self.paused;
        self.hand_over(self.track, (machine, card), gain, |m| Command::Swap(m, aligned))
    }

    /// Tells of a device that is gone, which is heard. Always true.
    fn lose(&mut self, why: &str) -> bool {
        self.shared.gauge.late.fetch_add(1, Ordering::Relaxed);
        self.note(|s| s.state = State::Reopening);
        self.tell(Event::DeviceLost(why.to_string()));
        true
    }

    /// Opens the device again, or the one that is the default now, and goes on at the same frame.
    fn reopen(&mut self) -> Result<()> {
        self.stream = None;
        let began = Instant::now();
        let rate = self.rate();
        // It comes home with the stream that had it, or, if that hangs, another takes its place.
        let mut playout = self.home.1.recv_timeout(COMING_HOME).ok();
        let mut wait = BACK_OFF[0];
        loop {
            let tried = self.backend.find(rate).and_then(|found| {
                if found.rate != rate || playout.is_none() {
                    return self.move_to(&found).map(|()| found);
                }
                if let Some(mut playout) = playout.take() {
                    playout.forget_clock();
                    self.lend(playout)?;
                }
                Ok(found)
            });
            match tried {
                Ok(found) => {
                    if let Ok(mut lost) = self.reports.lost.lock() {
                        *lost = None;
                    }
                    self.note(|s| {
                        s.device.clone_from(&found.name);
                        s.sample_rate = found.rate;
                        s.state = State::Playing;
                    });
                    self.device = Some(found.clone());
                    self.tell(Event::DeviceBack(found.name));
                    return Ok(());
                }
                Err(e) if began.elapsed() > SEEK_DEVICE => return Err(e),
                // A failed start has sent the playout home again.
                Err(_) => playout = playout.take().or_else(|| self.home.1.try_recv().ok()),
            }
            match self.requests.recv_timeout(wait) {
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::new(ErrorKind::Device, "the sound device was lost and did not come back"));
                }
                Ok(Request::Pause(paused)) => self.paused = paused,
                _ => {}
            }
            wait = (2 * wait).min(BACK_OFF[1]);
        }
    }

    /// Goes on at the same moment on a device of another rate.
    fn move_to(&mut self, found: &Opened) -> Result<()> {
        let before = self.device.as_ref().map_or(found.rate, |d| d.rate);
        let at = self.shared.gauge.position.load(Ordering::Relaxed) as f64 / f64::from(before);
        // Measuring anew would only be a longer silence.
        let gain = self.entries.iter().find(|e| e.id == self.newest).map_or(0.0, |e| e.gain_db);
        self.stop_stream();
        self.start_stream(found)?;
        let (id, job) = (self.next_id(), self.job(self.track, found.rate));
        let at = (at * f64::from(found.rate)) as u64;
        let opened = Machine::open(id, &job, self.pace(), at, &self.shared.stop)?;
        self.hand_over(self.track, opened, gain, |m| Command::Swap(m, false))
    }

    /// Ends with a fade.
    fn fade_out(&mut self) -> Result<()> {
        if self.stream.is_some() && !self.paused && self.send(Command::Pause(true)).is_ok() {
            let since = Instant::now();
            while !self.shared.gauge.silent.load(Ordering::Relaxed) && since.elapsed() < Duration::from_millis(500) {
                std::thread::sleep(Duration::from_millis(2));
            }
            self.wait_for_device(FADE_S);
        }
        Ok(())
    }

    /// Waits until the device has played what it was given.
    fn ring_out(&mut self) -> Result<()> {
        self.wait_for_device(0.02);
        Ok(())
    }

    fn wait_for_device(&self, more_s: f64) {
        let mut status = Status::default();
        self.shared.gauge.figures(&mut status);
        let rate = f64::from(self.rate());
        let held = self.limiter_frames as f64 / rate + status.latency_ms / 1000.0;
        let buffers = 2.0 * status.buffer.min(8192) as f64 / rate;
        std::thread::sleep(Duration::from_secs_f64((held + buffers + more_s).min(2.0)));
    }

    fn clear_wheels(&self) {
        if let Ok(mut wheels) = self.shared.wheels.lock() {
            wheels.all.clear();
        }
    }

    fn note(&self, change: impl FnOnce(&mut Status)) {
        if let Ok(mut status) = self.shared.status.lock() {
            change(&mut status);
        }
    }

    fn tell(&self, event: Event) {
        // Nobody has to listen.
        let _ = self.events.send(event);
    }
}
