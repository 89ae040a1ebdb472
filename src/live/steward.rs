//! The thread that sees to it that there is always something to play: it takes in what is asked for, has machines built,
//! hands them to the callback and follows what becomes of them. It never works on anything that takes long itself.

mod device;
mod tracks;
mod unfit;

use super::backend::{Backend, Opened, Reports, Stream};
use super::gauge::{Gauge, State, Status};
use super::machine::{Machine, Trouble};
use super::meters::Bench;
use super::player::{Event, Settings};
use super::playout::{Command, Playout, Reins};
use super::request::{Change, Request, gathered, pin};
use super::steering::{Wheel, Wheels};
use super::workshop::{Beginning, Built, Order, Work};
use crate::error::{Error, ErrorKind, Result};
use crate::render::live::Pace;
use crate::render::{Control, RenderJob};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tracks::Following;
use unfit::Unfit;

/// How often the steward looks around.
const TICK: Duration = Duration::from_millis(10);
/// How long work that would leave files behind is waited for at the end.
const TIDYING_UP: Duration = Duration::from_secs(5);
/// How far ahead of what plays a machine is when it is handed over, seconds.
const LEAD_S: f64 = 0.06;

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

/// A machine given away.
struct Entry {
    id: u64,
    track: usize,
    /// Where in the file its first frame lies, seconds.
    begin_s: f64,
    /// The frame at which it was given away.
    at: u64,
    frames: Option<u64>,
    hrtf: String,
    room: String,
    headphones: String,
    gain_db: f64,
    trouble: Trouble,
}

pub(super) struct Steward {
    settings: Settings,
    tracks: Vec<PathBuf>,
    /// Tracks from here on were added; the stems of the settings are not theirs.
    added: usize,
    /// By track: what of the settings is not for it.
    unfit: BTreeMap<usize, Unfit>,
    backend: Box<dyn Backend>,
    shared: Arc<Shared>,
    requests: Receiver<Request>,
    /// What has been asked for and is not served yet.
    waiting: Vec<Request>,
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
    following: Following,
    /// Another track is on its way because somebody asked for it.
    skipping: bool,
    ids: u64,
    paused: Arc<AtomicBool>,
    /// What is under way in the workshop that leaves files behind if it is left.
    at_work: Arc<AtomicUsize>,
    /// The device is lost and sought.
    lost: bool,
    /// A change has come too late for its track: it is still to be made.
    owed: bool,
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
            added: tracks.len(),
            unfit: BTreeMap::new(),
            tracks,
            backend,
            shared,
            requests,
            waiting: Vec::new(),
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
            following: Following::Open,
            skipping: false,
            ids: 0,
            paused: Arc::default(),
            at_work: Arc::default(),
            lost: false,
            owed: false,
            known: Vec::new(),
            heartbeat: (0, Instant::now()),
        }
    }

    /// Plays until the end or until told to stop.
    pub(super) fn run(&mut self) -> Result<()> {
        let done = self.play_all();
        let done = if self.shared.stopping() || done.as_ref().is_err_and(interrupted) {
            // What was under way has been given up, which is no failure.
            self.fade();
            Ok(())
        } else {
            done
        };
        self.note(|s| s.state = State::Ended);
        // The fade has been heard; now the device may go.
        self.stream = None;
        // The process may be about to end.
        let since = Instant::now();
        while self.at_work.load(Ordering::Relaxed) > 0 && since.elapsed() < TIDYING_UP {
            std::thread::sleep(Duration::from_millis(2));
        }
        done
    }

    fn play_all(&mut self) -> Result<()> {
        self.begin_somewhere(0, 1)?;
        loop {
            self.attend(if self.waiting.is_empty() { TICK } else { Duration::ZERO });
            // One at a time: what else waits may be meant for the track that ends meanwhile, or for another device.
            self.waiting = gathered(std::mem::take(&mut self.waiting).into_iter());
            if !self.waiting.is_empty() {
                let request = self.waiting.remove(0);
                self.attempt(|s| s.serve(request))?;
            }
            if std::mem::take(&mut self.owed) {
                self.attempt(|s| s.exchange().map(|done| s.owed |= !done))?;
            }
            if self.shared.stopping() {
                return Ok(());
            }
            self.keep_device()?;
            if self.waiting.is_empty() {
                self.follow();
            }
            if self.is_dry() {
                pin(&mut self.waiting, self.track);
                // Whoever goes back in the last track at its end is in time.
                if !self.go_on()? && self.waiting.is_empty() {
                    self.ring_out();
                    return Ok(());
                }
            }
        }
    }

    /// Does what was asked for; tells if it cannot be done. What else was asked for before the end is neither done nor
    /// said to have failed. An error only if nothing can be heard any more.
    fn attempt(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if self.shared.stopping() {
            return Ok(());
        }
        match work(self) {
            Err(e) if self.stream.is_none() || interrupted(&e) => return Err(e),
            Err(e) if !self.shared.stopping() => self.tell(Event::Warning(e.sentence())),
            _ => {}
        }
        Ok(())
    }

    /// Takes in what is asked for, `wait`ing for it, and looks after what plays. What takes no time is done at once; the rest
    /// waits until it is served.
    fn attend(&mut self, wait: Duration) {
        let mut next = match self.requests.recv_timeout(wait) {
            Ok(request) => Some(request),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Request::Stop),
        };
        while let Some(request) = next {
            match request {
                Request::Stop => self.shared.stop.store(true, Ordering::Relaxed),
                Request::Pause(paused) => self.pause(paused),
                Request::Repeat(repeat) => {
                    self.settings.repeat = repeat;
                    self.following.may_go_on();
                }
                Request::Add(tracks) => {
                    self.tracks.extend(tracks);
                    self.following.may_go_on();
                }
                later => self.waiting.push(later),
            }
            next = self.requests.try_recv().ok();
        }
        self.tidy();
    }

    /// Attends to everything for so long, or until the end is asked for.
    fn rest(&mut self, time: Duration) {
        let since = Instant::now();
        while since.elapsed() < time && !self.shared.stopping() {
            self.attend(TICK.min(time));
        }
    }

    fn pause(&mut self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
        // A playout that is not with a device learns it when it goes there.
        if self.stream.is_some()
            && let Err(e) = self.send(Command::Pause(paused))
        {
            self.tell(Event::Warning(e.sentence()));
        }
    }

    fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    fn serve(&mut self, request: Request) -> Result<()> {
        match request {
            Request::Seek(seconds, track) => {
                let (track, rate) = (track.unwrap_or(self.track), self.rate());
                let at = (seconds - self.begin_s(track)).max(0.0) * f64::from(rate);
                let frames = self.entries.iter().rev().find(|e| e.track == track).and_then(|e| e.frames);
                let at = frames.map_or(at as u64, |n| (at as u64).min(n.saturating_sub(1)));
                let order = self.order(track, rate, Beginning::At(at));
                let built = self.build(order)?;
                self.hand_over(track, built, Command::swap)
            }
            Request::Skip(step, from) => {
                self.skipping = true;
                let done = self.skip(step, from.unwrap_or(self.track));
                self.skipping = false;
                done
            }
            Request::Change(changes) => match self.change(&changes) {
                Ok(done) => {
                    if !done {
                        self.waiting.insert(0, Request::Change(changes));
                    }
                    Ok(())
                }
                Err(_) if changes.len() > 1 && !self.shared.stopping() => self.change_one_by_one(changes),
                Err(e) => Err(e),
            },
            Request::Pause(_) | Request::Repeat(_) | Request::Add(_) | Request::Stop => Ok(()),
        }
    }

    /// Goes `step` tracks on from a track that plays or has just ended.
    fn skip(&mut self, step: isize, from: usize) -> Result<()> {
        match self.track_after(from, step) {
            // It has begun by itself meanwhile.
            Some(track) if track == self.track && from != track => Ok(()),
            Some(track) => self.begin_somewhere(track, step.signum()),
            None if step < 0 => self.fitting(from, Self::begin),
            None => Err(Error::argument("there is no further track")),
        }
    }

    /// Has what plays changed; false if the device is gone, which comes first. What is not done leaves the settings as they
    /// were.
    fn change(&mut self, changes: &[Change]) -> Result<bool> {
        let before = self.settings.job.clone();
        changes.iter().for_each(|change| change(&mut self.settings.job));
        if let Some(unfit) = self.unfit.get(&self.track)
            && self.settings.job == before
        {
            // Of what it is played without, the same again.
            return Err(Error::argument(unfit.why.clone()));
        }
        let done = self.exchange();
        if !matches!(done, Ok(true)) {
            self.settings.job = before;
        }
        done
    }

    /// Of changes that cannot be made together: which, and what of the others?
    fn change_one_by_one(&mut self, mut changes: Vec<Change>) -> Result<()> {
        while let Some(one) = changes.first() {
            let done = self.change(std::slice::from_ref(one));
            if let Ok(false) = done {
                self.waiting.insert(0, Request::Change(changes));
                return Ok(());
            }
            self.attempt(|_| done.map(|_| ()))?;
            drop(changes.remove(0));
        }
        Ok(())
    }

    /// Crosses over to the same track as the settings have it now, at the frame that plays. If the next track begins
    /// meanwhile, to that one. False if the device is gone, which comes first.
    fn exchange(&mut self) -> Result<bool> {
        loop {
            let (track, newest, rate) = (self.track, self.newest, self.rate());
            let frames = (LEAD_S * f64::from(rate)) as u64;
            let at = self.entry(newest).map_or(0, |e| e.at);
            let order = self.order(track, rate, Beginning::Ahead { of: newest, at, frames });
            let Some(built) = self.build_unless(order, |s| s.newest != newest || s.is_gone())? else {
                if self.is_gone() {
                    return Ok(false);
                }
                continue;
            };
            // While nothing sounds nothing has to be met at its frame.
            let (aligned, instead_of) = (!self.is_paused(), Some(newest));
            self.hand_over(track, built, |machine| Command::Swap { machine, aligned, instead_of })?;
            return Ok(true);
        }
    }

    fn order(&mut self, track: usize, rate: u32, beginning: Beginning) -> Order {
        let job = self.job(track, rate);
        let gain = self.known_gain(&job);
        self.ids += 1;
        let (memory, at_work) = (self.settings.memory.clone(), Arc::clone(&self.at_work));
        Order { id: self.ids, job, pace: self.pace(), beginning, gain, memory, at_work }
    }

    fn build(&mut self, order: Order) -> Result<Built> {
        let work = self.start_work(order)?;
        self.wait_for(&work)
    }

    fn start_work(&self, order: Order) -> Result<Work> {
        Work::start(order, Arc::clone(&self.shared.gauge), Arc::clone(&self.paused))
    }

    fn wait_for(&mut self, work: &Work) -> Result<Built> {
        self.wait_unless(work, |_| false).and_then(|built| built.ok_or_else(given_up))
    }

    /// Builds, unless it turns out meanwhile that nobody needs it any more.
    fn build_unless(&mut self, order: Order, stale: impl Fn(&Self) -> bool) -> Result<Option<Built>> {
        let work = self.start_work(order)?;
        self.wait_unless(&work, stale)
    }

    fn wait_unless(&mut self, work: &Work, stale: impl Fn(&Self) -> bool) -> Result<Option<Built>> {
        loop {
            let done = work.wait(TICK);
            self.attend(Duration::ZERO);
            if self.shared.stopping() {
                return Err(given_up());
            }
            if stale(self) {
                return Ok(None);
            }
            if let Some(built) = done.transpose()? {
                self.remember(&built.job, built.gain_db);
                return Ok(Some(built));
            }
        }
    }

    /// Sends a machine to the callback.
    fn hand_over(
        &mut self,
        track: usize,
        Built { mut machine, card, gain_db, .. }: Built,
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
            behind: false,
        };
        if let Ok(mut wheels) = self.shared.wheels.lock() {
            wheels.add(wheel)?;
        }
        card.warnings.into_iter().for_each(|w| self.tell(Event::Warning(w)));
        self.entries.push(Entry {
            id: card.id,
            track,
            begin_s: self.begin_s(track),
            at: machine.position(),
            frames: card.frames,
            hrtf: card.hrtf,
            room: card.room,
            headphones: card.headphones,
            gain_db,
            trouble: card.trouble,
        });
        let mut command = how(machine);
        if let Command::Follow(_) = command {
            self.following = Following::Queued(card.id);
        } else {
            if let Command::Swap { machine, .. } = &mut command {
                machine.render_ahead();
            }
            (self.track, self.newest, self.following) = (track, card.id, Following::Open);
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
            wheels.catch_up();
        }
        let playing = self.shared.gauge.machine.load(Ordering::Acquire);
        if self.following.is_queued() == Some(playing) {
            if !self.skipping {
                pin(&mut self.waiting, self.track);
            }

            (self.newest, self.track, self.following) = (playing, self.track_of(playing), Following::Open);
        } else if gone.contains(&self.newest) && playing != self.newest {
            // It came when the track that it belongs to had just ended.
            (self.newest, self.track) = (playing, self.track_of(playing));
            self.owed = true;
        }
        let mut troubles = Vec::new();
        for entry in &self.entries {
            if let Ok(mut told) = entry.trouble.lock() {
                troubles.append(&mut told);
            }
        }
        troubles.extend(self.reports.odd.lock().map_or(None, |mut o| o.take()));
        troubles.into_iter().for_each(|t| self.tell(Event::Warning(t)));
        self.entries.retain(|e| !gone.contains(&e.id));
        self.show(playing);
    }

    fn show(&mut self, playing: u64) {
        let Some(entry) = self.entry(playing) else { return };
        let rate = f64::from(self.rate());
        let begin = entry.begin_s;
        let position = self.shared.gauge.position.load(Ordering::Relaxed) as f64 / rate;
        let position = entry.frames.map_or(position, |n| position.min(n as f64 / rate));
        let state = match (self.lost, self.is_paused()) {
            (true, _) => State::Reopening,
            (_, true) => State::Paused,
            _ => State::Playing,
        };
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
        s.headphones.clone_from(&entry.headphones);
        s.gain_db = entry.gain_db;
        s.latency_ms = self.limiter_frames as f64 / rate * 1000.0;
    }

    fn entry(&self, machine: u64) -> Option<&Entry> {
        self.entries.iter().find(|e| e.id == machine)
    }

    fn track_of(&self, machine: u64) -> usize {
        self.entry(machine).map_or(self.track, |e| e.track)
    }

    fn on_newest(&self) -> bool {
        self.shared.gauge.machine.load(Ordering::Acquire) == self.newest
    }

    /// All that there was to play has been played.
    fn is_dry(&self) -> bool {
        // Which machine plays is told last, so what was told before is true of it.
        self.on_newest() && self.shared.gauge.dry.load(Ordering::Relaxed) && self.following.is_queued().is_none()
    }

    fn known_gain(&self, job: &RenderJob) -> Option<f64> {
        self.known.iter().find(|(known, _)| known == job).map(|(_, gain)| *gain)
    }

    /// Keeps a gain, which is found once: one goes back and forth between rooms and tracks.
    fn remember(&mut self, job: &RenderJob, gain: f64) {
        if self.known_gain(job).is_some() {
            return;
        }
        if self.known.len() >= MOST_KNOWN {
            self.known.remove(0);
        }
        self.known.push((job.clone(), gain));
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

/// Whoever uses the program has asked for its end.
fn interrupted(error: &Error) -> bool {
    error.kind() == ErrorKind::Interrupted
}

/// Never told: whoever asked for the end knows.
fn given_up() -> Error {
    Error::argument("the end was asked for")
}
