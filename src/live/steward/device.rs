//! The device: opened, left, lost and found again.

use super::*;
use crate::live::backend::Lease;
use crate::live::playout::FADE_S;

/// A device that has not called for so long is gone, or for so many of its largest buffers. A PulseAudio sink without hardware
/// that nobody plays to for a moment, as between tracks of different rates, sleeps for up to 2 s before it goes on.
const HEARTBEAT: Duration = Duration::from_secs(3);
const HEARTBEAT_BUFFERS: f64 = 4.0;
/// How long a playout may take to come home from a stream that has been dropped.
const COMING_HOME: Duration = Duration::from_millis(100);
/// Waits between tries to open a device: the first, and the longest.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(1)];

impl Steward {
    /// Of the device, Hz.
    pub(super) fn rate(&self) -> u32 {
        self.device.as_ref().map_or(48_000, |d| d.rate)
    }

    pub(super) fn start_stream(&mut self, found: &Opened) -> Result<()> {
        let gauge = Arc::clone(&self.shared.gauge);
        let (playout, reins, tap) = Playout::new(found.rate, self.settings.job.true_peak, self.is_paused(), gauge)?;
        let bench = Bench::new(tap, found.rate)?;
        if let Ok(mut slot) = self.shared.bench.lock() {
            *slot = Some(bench);
        }
        self.limiter_frames = playout.limiter_frames();
        self.reins = Some(reins);
        self.entries.clear();
        self.clear_wheels();
        self.following = Following::Open;
        self.lend(playout)?;
        self.runs_on(found);
        Ok(())
    }

    fn runs_on(&mut self, found: &Opened) {
        self.device = Some(found.clone());
        self.note(|s| {
            s.device.clone_from(&found.name);
            s.sample_rate = found.rate;
        });
    }

    fn lend(&mut self, playout: Box<Playout>) -> Result<()> {
        // A stream that hung when it was dropped may end later: what it had and says does not concern this one.
        self.home = channel();
        self.reports.lost = Arc::default();
        let lease = Lease { playout: Some(playout), home: self.home.0.clone() };
        self.stream = Some(self.backend.start(lease, self.reports.clone())?);
        // Opening may have taken seconds.
        self.heartbeat = (self.shared.gauge.callbacks.load(Ordering::Relaxed), Instant::now());
        Ok(())
    }

    fn stop_stream(&mut self) {
        self.stream = None;
        self.reins = None;
    }

    /// Leaves the device when what plays has faded out, or has been heard to its end.
    pub(super) fn leave_stream(&mut self) {
        if self.is_dry() {
            self.ring_out();
        } else {
            self.fade();
        }
        self.stop_stream();
    }

    /// Sees whether the device is still there, and looks for it if it is not.
    pub(super) fn keep_device(&mut self) -> Result<()> {
        let lost = self.reports.lost.lock().map_or(None, |mut l| l.take());
        if let Some(why) = lost.or_else(|| self.silence()) {
            self.lose(&why);
            let done = self.reopen();
            self.lost = false;
            done?;
        }
        Ok(())
    }

    /// The device has said that it is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.reports.lost.lock().is_ok_and(|lost| lost.is_some())
    }

    /// Why the device is taken for lost if it asks for nothing any more: some servers end a stream without a word.
    fn silence(&mut self) -> Option<String> {
        let mut status = Status::default();
        self.shared.gauge.figures(&mut status);
        let count = self.shared.gauge.callbacks.load(Ordering::Relaxed);
        if self.stream.is_none() || count != self.heartbeat.0 {
            self.heartbeat = (count, Instant::now());
        }
        let buffers = HEARTBEAT_BUFFERS * status.buffer as f64 / f64::from(self.rate());
        let patience = HEARTBEAT.max(Duration::from_secs_f64(buffers));
        (self.heartbeat.1.elapsed() > patience).then(|| "it asks for no more sound".to_string())
    }

    /// Tells of a device that is gone, which is heard.
    fn lose(&mut self, why: &str) {
        self.lost = true;
        self.shared.gauge.late.fetch_add(1, Ordering::Relaxed);
        self.note(|s| s.state = State::Reopening);
        self.tell(Event::DeviceLost(why.to_string()));
    }

    /// It is there again.
    fn regain(&mut self, found: &Opened) {
        self.lost = false;
        if let Following::Apart(_) = self.following {
            // The backend has looked for a device at this track's rate since.
            self.following = Following::Open;
        }
        self.runs_on(found);
        self.tell(Event::DeviceBack(found.name.clone()));
    }

    /// Opens the device again, or the one that is the default now, and goes on at the same frame. What is asked for meanwhile is
    /// served afterwards.
    fn reopen(&mut self) -> Result<()> {
        self.stream = None;
        let (track, entry) = (self.track, self.entry(self.newest));
        let at = self.shared.gauge.place_of(self.newest, entry.map_or(0, |e| e.at));
        let at_s = at as f64 / f64::from(self.rate());
        // Measuring anew would only be a longer silence.
        let gain = entry.map(|e| e.gain_db);
        // It comes home with the stream that had it, or, if that hangs, another takes its place.
        let mut playout = self.home.1.recv_timeout(COMING_HOME).ok();
        self.seek_device(|s| {
            let rate = s.rate();
            let found = s.backend.find(rate)?;
            let kept = playout.take().or_else(|| s.home.1.try_recv().ok());
            match kept.filter(|p| found.rate == rate && p.sample_rate() == rate && p.plays()) {
                Some(mut playout) => {
                    playout.resume(s.is_paused());
                    s.lend(playout)?;
                }
                None => s.move_to(&found, track, at_s, gain)?,
            }
            s.regain(&found);
            Ok(())
        })
    }

    /// Begins a track when there is a device again.
    pub(super) fn recover(&mut self, track: usize, why: &Error) -> Result<()> {
        self.lose(&why.sentence());
        self.stop_stream();
        let done = self.seek_device(|s| {
            s.fitting(track, Self::begin)?;
            if let Some(found) = s.device.clone() {
                s.regain(&found);
            }
            Ok(())
        });
        self.lost = false;
        done
    }

    /// Tries until it can be done, for a while, or until the end is asked for.
    fn seek_device(&mut self, mut attempt: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        let began = Instant::now();
        let mut wait = BACK_OFF[0];
        loop {
            match attempt(self) {
                Err(e) if e.kind() == ErrorKind::Device && began.elapsed() < self.settings.patience => {}
                done => return done,
            }
            self.rest(wait);
            if self.shared.stopping() {
                return Ok(());
            }
            wait = (2 * wait).min(BACK_OFF[1]);
        }
    }

    /// Goes on at the same moment on a device of another rate.
    fn move_to(&mut self, found: &Opened, track: usize, at_s: f64, gain: Option<f64>) -> Result<()> {
        self.stop_stream();
        self.start_stream(found)?;
        let at = (at_s * f64::from(found.rate)) as u64;
        let order = self.order(track, found.rate, Beginning::Quick(at));
        let built = self.build(Order { gain: gain.or(order.gain), ..order })?;
        self.hand_over(track, built, Command::swap)
    }

    /// Fades out what plays, and waits until that has been heard.
    pub(super) fn fade(&mut self) {
        if self.stream.is_some() && !self.is_paused() && self.send(Command::Pause(true)).is_ok() {
            let since = Instant::now();
            while !self.shared.gauge.silent.load(Ordering::Relaxed) && since.elapsed() < Duration::from_millis(500) {
                std::thread::sleep(Duration::from_millis(2));
            }
            self.wait_for_device(FADE_S);
        }
    }

    /// Waits until the device has played what it was given.
    pub(super) fn ring_out(&self) {
        self.wait_for_device(0.02);
    }

    fn wait_for_device(&self, more_s: f64) {
        let mut status = Status::default();
        self.shared.gauge.figures(&mut status);
        let rate = f64::from(self.rate());
        let held = self.limiter_frames as f64 / rate + status.latency_ms / 1000.0;
        let buffers = 2.0 * status.buffer.min(8192) as f64 / rate;
        std::thread::sleep(Duration::from_secs_f64((held + buffers + more_s).min(2.0)));
    }
}
