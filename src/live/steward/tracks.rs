//! Which track comes when: from the beginning, behind another, on another device.

use super::*;

/// The next track is opened when so much of this one is left, seconds.
const PRIME_S: f64 = 4.0;

/// What is known of the track behind the one that plays.
pub(super) enum Following {
    /// Nothing yet.
    Open,
    /// The callback has this machine and goes on with it.
    Queued(u64),
    /// It is built, for a device of another rate, which is opened when this one has been heard.
    Apart(Box<(usize, Opened, Built)>),
    /// The device could not be asked: it is when all has been played.
    Later,
    /// No further track can be played.
    Nothing,
}

impl Following {
    pub(super) fn is_queued(&self) -> Option<u64> {
        if let Self::Queued(id) = self { Some(*id) } else { None }
    }

    /// There may be one now where there was none.
    pub(super) fn may_go_on(&mut self) {
        if let Self::Nothing = self {
            *self = Self::Open;
        }
    }
}

impl Steward {
    /// Begins a track from nothing, or the first behind it that can be played.
    pub(super) fn begin_somewhere(&mut self, track: usize, step: isize) -> Result<()> {
        let mut next = Some(track);
        for _ in 0..self.tracks.len() {
            let Some(at) = next else { break };
            match self.fitting(at, Self::begin) {
                Err(e) if self.shared.stopping() || interrupted(&e) || self.tracks.len() == 1 => return Err(e),
                // That is not the track's fault.
                Err(e) if e.kind() == ErrorKind::Device => return self.without_device(at, e),
                Err(e) => self.tell(Event::Warning(format!("passed over: {}", e.sentence()))),
                done => return done,
            }
            next = self.track_after(at, step);
        }
        let what = if self.newest == 0 { "none of the tracks" } else { "none of the other tracks" };
        Err(Error::new(ErrorKind::Unsupported, format!("{what} can be played")))
    }

    /// A device failed when a track was to begin: at the very start that is an error, and so it is while something else
    /// plays; between tracks the device is waited for.
    fn without_device(&mut self, track: usize, why: Error) -> Result<()> {
        if self.newest != 0 && (self.stream.is_none() || self.is_dry()) { self.recover(track, &why) } else { Err(why) }
    }

    /// Opens a track and, where it has another rate than the device runs at, the device.
    pub(super) fn begin(&mut self, track: usize) -> Result<()> {
        let device = self.device_for(track)?;
        let built = if self.stream.is_none() {
            // The track, its loudness and the device are opened side by side.
            let order = self.order(track, device.rate, Beginning::Quick(0));
            let work = self.start_work(order)?;
            self.start_stream(&device)?;
            self.wait_for(&work)?
        } else {
            let order = self.order(track, device.rate, Beginning::At(0));
            let newest = self.newest;
            // It may begin by itself meanwhile, where the one before it ends.
            let Some(built) = self.build_unless(order, |s| s.track == track && s.newest != newest)? else {
                return Ok(());
            };
            if device.rate != self.rate() {
                self.leave_stream();
                self.start_stream(&device)?;
            }
            built
        };
        self.hand_over(track, built, Command::swap)
    }

    /// The device for a track: the one at hand, if its rate is the track's or is asked for.
    fn device_for(&mut self, track: usize) -> Result<Opened> {
        let wanted = self.rate_of(track)?;
        match &self.device {
            Some(device) if device.rate == wanted || self.settings.job.rate.is_some() => Ok(device.clone()),
            _ => {
                if let Following::Apart(_) = self.following {
                    // The backend starts what it has found last.
                    self.following = Following::Open;
                }
                self.backend.find(wanted)
            }
        }
    }

    /// Opens the next track ahead of time.
    pub(super) fn follow(&mut self) {
        if !matches!(self.following, Following::Open) || !self.on_newest() {
            return;
        }
        let entry = self.entry(self.newest);
        let position = self.shared.gauge.position.load(Ordering::Relaxed);
        let left = entry.and_then(|e| e.frames).map_or(0, |n| n.saturating_sub(position));
        if left as f64 > PRIME_S * f64::from(self.rate()) {
            return;
        }
        let mut next = self.track_after(self.track, 1);
        for _ in 0..self.tracks.len() {
            let Some(track) = next else { break };
            match self.fitting(track, Self::prime) {
                Ok(()) => return,
                // If the end was asked for, it comes.
                Err(e) if self.shared.stopping() || interrupted(&e) => return,
                Err(e) if e.kind() == ErrorKind::Device => {
                    self.following = Following::Later;
                    return;
                }
                Err(e) => self.tell(Event::Warning(format!("passed over: {}", e.sentence()))),
            }
            next = self.track_after(track, 1);
        }
        self.following = Following::Nothing;
    }

    /// Has a track built that is to follow, unless something else is asked for meanwhile.
    fn prime(&mut self, track: usize) -> Result<()> {
        let device = self.device_for(track)?;
        let order = self.order(track, device.rate, Beginning::At(0));
        let newest = self.newest;
        let Some(built) = self.build_unless(order, |s| !s.waiting.is_empty() || s.newest != newest || s.is_gone())?
        else {
            return Ok(());
        };
        if device.rate == self.rate() {
            self.hand_over(track, built, Command::Follow)
        } else {
            self.following = Following::Apart(Box::new((track, device, built)));
            Ok(())
        }
    }

    /// Goes on with the next track when all has been played; false if there is none.
    pub(super) fn go_on(&mut self) -> Result<bool> {
        match std::mem::replace(&mut self.following, Following::Open) {
            Following::Nothing => return Ok(false),
            Following::Apart(next) => {
                let (track, device, built) = *next;
                self.leave_stream();
                match self.start_stream(&device) {
                    Err(e) => self.without_device(track, e)?,
                    Ok(()) => self.hand_over(track, built, Command::swap)?,
                }
            }
            _ => match self.track_after(self.track, 1) {
                Some(next) => match self.begin_somewhere(next, 1) {
                    // Each has been told of; what could be played has been.
                    Err(e) if e.kind() == ErrorKind::Unsupported && self.tracks.len() > 1 => return Ok(false),
                    done => done?,
                },
                None => return Ok(false),
            },
        }
        Ok(true)
    }

    pub(super) fn track_after(&self, track: usize, step: isize) -> Option<usize> {
        let count = self.tracks.len();
        let to = track.checked_add_signed(step).filter(|t| *t < count);
        to.or_else(|| self.settings.repeat.then(|| if step < 0 { count - 1 } else { 0 }))
    }

    /// The job of a track, at the device's rate.
    pub(super) fn job(&self, track: usize, rate: u32) -> RenderJob {
        let mut job = RenderJob {
            input: self.tracks[track].clone(),
            rate: Some(rate),
            stems: self.stems(track),
            ..self.settings.job.clone()
        };
        if let Some(unfit) = self.unfit.get(&track) {
            unfit.leave_out(&mut job);
        }
        job
    }

    pub(super) fn stems(&self, track: usize) -> Vec<PathBuf> {
        if track < self.added { self.settings.job.stems.clone() } else { Vec::new() }
    }

    pub(super) fn pace(&self) -> Pace {
        self.settings.follow_head.map_or(Pace::Live, Pace::Follow)
    }

    /// The rate at which a track would be rendered to a file.
    fn rate_of(&self, track: usize) -> Result<u32> {
        if let Some(rate) = self.settings.job.rate {
            return Ok(rate);
        }
        let path = &self.tracks[track];
        if !self.stems(track).is_empty() {
            return crate::render::live::scene_rate(&crate::render::arrangement(&self.settings.job)?.scene);
        }
        Ok(if crate::decode::sniff(path)? == crate::decode::Kind::Scene {
            crate::render::live::scene_rate(&crate::scene::Scene::open(path)?)?
        } else {
            crate::decode::open(path)?.info().sample_rate
        })
    }

    /// Where in the file a track's first frame lies, seconds: a scene is counted from its beginning.
    pub(super) fn begin_s(&self, track: usize) -> f64 {
        if self.job(track, self.rate()).is_scene().unwrap_or(false) { 0.0 } else { self.settings.job.start }
    }
}
