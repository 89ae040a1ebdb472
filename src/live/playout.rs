//! The callback: whatever a device asks for, from the machines at hand. Never allocates, locks, waits or panics.

use super::gauge::Gauge;
use super::machine::{Fade, Machine};
use super::meters;
use crate::error::Result;
use crate::output::guard::silence_odd;
use crate::output::limiter::Limiter;
use crate::output::true_peak::TruePeakMeter;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Frames mixed at a time.
const CHUNK: usize = 256;
/// A fade at pause and at jumps, seconds: long enough not to click, short enough to feel immediate.
pub(super) const FADE_S: f64 = 0.01;
/// Words on their way.
const QUEUE: usize = 64;
/// Machines that may ring on at once.
const LEAVING: usize = 3;

/// What the steward asks for.
pub(super) enum Command {
    Pause(bool),
    /// Cross over to another machine.
    Swap {
        machine: Box<Machine>,
        /// At its own frame, where that lies ahead of what plays; otherwise at once.
        aligned: bool,
        /// Only if this one still plays, and not the one that follows it.
        instead_of: Option<u64>,
    },
    /// Goes on with another machine where the track ends.
    Follow(Box<Machine>),
}

impl Command {
    /// Crosses over to a machine at once, whatever plays.
    pub(super) fn swap(machine: Box<Machine>) -> Self {
        Self::Swap { machine, aligned: false, instead_of: None }
    }
}

/// The far end of a playout.
pub(super) struct Reins {
    pub(super) commands: Producer<Command>,
    pub(super) returned: Consumer<Box<Machine>>,
}

/// What a device's callback fills its buffers from.
pub struct Playout {
    rate: u32,
    fade: usize,
    current: Option<Box<Machine>>,
    /// Machines that fade out or ring on.
    leaving: [Option<Box<Machine>>; LEAVING],
    next: Option<Box<Machine>>,
    /// A machine to cross over to, at its frame if so said.
    coming: Option<(Box<Machine>, bool)>,
    inbox: Consumer<Command>,
    outbox: Producer<Box<Machine>>,
    paused: bool,
    pause: Fade,
    limiter: Option<Limiter>,
    meter: TruePeakMeter,
    /// Where what is handed out is copied to, if somebody looks.
    tap: Producer<[f32; 2]>,
    mix: [Vec<f32>; 2],
    more: [Vec<f32>; 2],
    gauge: Arc<Gauge>,
    /// When the last callback began, and how long what it wrote lasts.
    last: Option<(Instant, Duration)>,
}

impl std::fmt::Debug for Playout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Playout").field("rate", &self.rate).finish_non_exhaustive()
    }
}

impl Playout {
    /// For a device at `rate` Hz, with a limiter at `ceiling_dbtp` if there is one; silent at first if `paused`.
    pub(super) fn new(
        rate: u32,
        ceiling_dbtp: Option<f64>,
        paused: bool,
        gauge: Arc<Gauge>,
    ) -> Result<(Box<Self>, Reins, Consumer<[f32; 2]>)> {
        let (commands, inbox) = RingBuffer::new(QUEUE);
        // Each command gives back two machines at most, and four may be held here.
        let (outbox, returned) = RingBuffer::new(2 * QUEUE + 8);
        let (tap, tapped) = meters::tap(rate);
        let plane = || [vec![0.0; CHUNK], vec![0.0; CHUNK]];
        let playout = Self {
            rate,
            fade: (FADE_S * f64::from(rate)) as usize,
            current: None,
            leaving: Default::default(),
            next: None,
            coming: None,
            inbox,
            outbox,
            paused,
            pause: Fade::at(if paused { 0.0 } else { 1.0 }),
            limiter: ceiling_dbtp.map(|c| Limiter::new(rate, 2, c, CHUNK)).transpose()?,
            meter: TruePeakMeter::new(2),
            tap,
            mix: plane(),
            more: plane(),
            gauge,
            last: None,
        };
        Ok((Box::new(playout), Reins { commands, returned }, tapped))
    }

    /// Hz.
    pub fn sample_rate(&self) -> u32 {
        self.rate
    }

    /// There is something that it plays, or is about to.
    pub(super) fn plays(&self) -> bool {
        self.current.is_some() || !self.inbox.is_empty()
    }

    /// Frames that the limiter holds back.
    pub(super) fn limiter_frames(&self) -> usize {
        self.limiter.as_ref().map_or(0, Limiter::latency_frames)
    }

    /// Fills one buffer of a device: `out` has interleaved frames of `channels`; the ears go to the first two, or both
    /// to a single one. `latency` is what the device says of the time until the buffer sounds.
    pub fn fill(&mut self, out: &mut [f32], channels: usize, latency: Option<Duration>) {
        let channels = channels.max(1);
        let began = self.begin(out.len() / channels, latency);
        self.pour(out, channels);
        self.finish(began, out.len() / channels, latency);
    }

    /// A callback begins: is it late?
    pub(super) fn begin(&mut self, frames: usize, latency: Option<Duration>) -> Instant {
        let began = Instant::now();
        let lasts = Duration::from_secs_f64(frames as f64 / f64::from(self.rate));
        if let Some((last, lasted)) = self.last
            && began.duration_since(last) > lasted + latency.unwrap_or_default() + SLACK
            && self.current.is_some()
        {
            // What was written has long been played by now.
            self.gauge.late.fetch_add(1, Ordering::Relaxed);
        }
        if frames > 0 {
            self.last = Some((began, lasts));
        }
        began
    }

    /// Fills a buffer or a part of one.
    pub(super) fn pour(&mut self, out: &mut [f32], channels: usize) {
        for part in out.chunks_mut(CHUNK * channels) {
            let frames = part.len() / channels;
            self.mix(frames);
            let [left, right] = &self.mix;
            for ((frame, l), r) in part.chunks_exact_mut(channels).zip(&left[..frames]).zip(&right[..frames]) {
                match frame {
                    [one] => *one = 0.5 * (l + r),
                    [a, b, rest @ ..] => {
                        (*a, *b) = (*l, *r);
                        rest.fill(0.0);
                    }
                    [] => {}
                }
            }
        }
    }

    /// A callback ends.
    pub(super) fn finish(&mut self, began: Instant, frames: usize, latency: Option<Duration>) {
        if frames > 0 {
            self.gauge.worked(began.elapsed(), frames, self.rate, latency);
        }
    }

    /// Is about to go on with another device: the clock of the callbacks starts anew, and what was asked for meanwhile
    /// holds from the first frame on.
    pub(super) fn resume(&mut self, paused: bool) {
        self.last = None;
        if paused && !self.paused {
            self.pause = Fade::at(0.0);
        } else if self.paused && !paused {
            self.pause.turn(true, self.fade);
        }
        self.paused = paused;
    }

    fn mix(&mut self, frames: usize) {
        self.obey();
        self.mix.iter_mut().for_each(|m| m[..frames].fill(0.0));
        if let Some(machine) = &mut self.current {
            if self.paused && self.pause.is_silent() {
                machine.rested();
            } else if !(self.pause.is_unheard() && machine.fetch()) {
                // After a pause all is brought near first: it goes on a few callbacks later, not with one long one.
                self.play(frames);
            }
        }
        let [left, right] = &mut self.mix;
        let (left, right) = (&mut left[..frames], &mut right[..frames]);
        silence_odd(left);
        silence_odd(right);
        if let Some(limiter) = &mut self.limiter {
            limiter.process(&mut [&mut *left, &mut *right]);
        }
        self.meter.push(&[&*left, &*right]);
        let peak = |plane: &[f32]| plane.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        self.gauge.heard([peak(left), peak(right)], self.meter.peak_so_far());
        if self.gauge.tapped.load(Ordering::Relaxed) {
            meters::copy(&mut self.tap, left, right);
        }
        self.gauge.silent.store(self.pause.is_silent(), Ordering::Relaxed);
        let playing = self.current.as_ref();
        self.gauge.dry.store(playing.is_some_and(|m| m.is_over()) && self.next.is_none(), Ordering::Relaxed);
        if let Some(machine) = playing {
            self.gauge.position.store(machine.position(), Ordering::Relaxed);
            self.gauge.end.store(machine.source_end().unwrap_or(0), Ordering::Relaxed);
            self.gauge.machine.store(machine.id, Ordering::Release);
        }
    }

    fn play(&mut self, frames: usize) {
        let mut done = 0;
        while done < frames {
            self.cross_over();
            let Some(current) = &mut self.current else { break };
            let mut n = frames - done;
            if let Some((coming, true)) = &self.coming {
                let ahead = coming.position().saturating_sub(current.position());
                n = n.min(usize::try_from(ahead).unwrap_or(usize::MAX).max(1));
            }
            let [left, right] = &mut self.mix;
            let mut got = current.draw(&mut left[done..done + n], &mut right[done..done + n]);
            if got == 0 {
                if !current.is_over() {
                    self.gauge.starved.fetch_add(n as u64, Ordering::Relaxed);
                }
                got = n;
            }
            for slot in &mut self.leaving {
                let Some(leaving) = slot else { continue };
                let [left, right] = &mut self.more;
                let sounding = leaving.draw(&mut left[..got], &mut right[..got]);
                for (mix, more) in self.mix.iter_mut().zip(&self.more) {
                    mix[done..done + sounding].iter_mut().zip(more).for_each(|(m, x)| *m += x);
                }
                if leaving.fade.is_silent() || leaving.is_over() {
                    give_back(&mut self.outbox, slot.take());
                }
            }
            done += got;
        }
        let [left, right] = &mut self.mix;
        self.pause.apply(&mut left[..frames], &mut right[..frames]);
    }

    /// Changes over to the machine that follows or has come, if it is time.
    fn cross_over(&mut self) {
        let Some(current) = &mut self.current else { return };
        current.look_ahead();
        if current.source_left() == Some(0) && self.next.is_some() {
            // The next begins at this very frame, while this one's room rings on.
            let old = std::mem::replace(&mut self.current, self.next.take());
            self.leave(old);
            return;
        }
        let Some((coming, aligned)) = &self.coming else { return };
        let ahead = coming.position().saturating_sub(current.position());
        if *aligned && ahead > 0 && ahead < u64::from(self.rate) && !current.is_over() {
            return;
        }
        let Some((mut coming, _)) = self.coming.take() else { return };
        coming.fade = Fade::at(0.0);
        coming.fade.turn(true, self.fade);
        self.leaving.iter_mut().flatten().for_each(|m| m.fade.turn(false, self.fade));
        let mut old = self.current.replace(coming);
        old.iter_mut().for_each(|m| m.fade.turn(false, self.fade));
        self.leave(old);
    }

    /// Lets a machine ring on; if all places are taken, the one nearest to its end goes.
    fn leave(&mut self, old: Option<Box<Machine>>) {
        let place = self.leaving.iter().position(Option::is_none).unwrap_or(0);
        give_back(&mut self.outbox, self.leaving[place].take());
        self.leaving[place..].rotate_left(1);
        self.leaving[LEAVING - 1] = old;
    }

    fn obey(&mut self) {
        while let Ok(command) = self.inbox.pop() {
            match command {
                Command::Pause(paused) => {
                    self.paused = paused;
                    self.pause.turn(!paused, self.fade);
                    if self.current.is_none() {
                        // Nothing sounds that would have to fade.
                        self.pause = Fade::at(if paused { 0.0 } else { 1.0 });
                    }
                }
                Command::Swap { machine, aligned, instead_of } => {
                    let current = self.current.as_ref().map(|m| m.id);
                    if instead_of.is_some() && instead_of != current {
                        // The track that it belongs to has just ended.
                        give_back(&mut self.outbox, Some(machine));
                        continue;
                    }
                    give_back(&mut self.outbox, self.next.take());
                    if self.current.is_none() {
                        // The first one begins as a file does: at once, and with it the limiter, which works in
                        // intervals that count from there.
                        if self.gauge.machine.load(Ordering::Relaxed) == 0 {
                            self.gauge.forget_load();
                        }
                        if let Some(limiter) = &mut self.limiter {
                            limiter.reset();
                        }
                        self.current = Some(machine);
                        continue;
                    }
                    let before = self.coming.replace((machine, aligned));
                    give_back(&mut self.outbox, before.map(|(m, _)| m));
                    // At once, so that what comes right behind it finds it playing.
                    match (aligned, self.paused && self.pause.is_silent()) {
                        (true, _) => {}
                        (false, true) => self.replace_unheard(),
                        (false, false) => self.cross_over(),
                    }
                }
                Command::Follow(machine) => {
                    let before = self.next.replace(machine);
                    give_back(&mut self.outbox, before);
                }
            }
        }
    }

    /// While nothing sounds there is nothing to fade.
    fn replace_unheard(&mut self) {
        let Some((machine, _)) = self.coming.take() else { return };
        let old = self.current.replace(machine);
        give_back(&mut self.outbox, old);
        for slot in &mut self.leaving {
            give_back(&mut self.outbox, slot.take());
        }
    }
}

/// How late a callback may come without anything being missed.
const SLACK: Duration = Duration::from_millis(5);

/// Hands a machine back to be freed.
fn give_back(outbox: &mut Producer<Box<Machine>>, machine: Option<Box<Machine>>) {
    if let Some(machine) = machine
        && let Err(rtrb::PushError::Full(machine)) = outbox.push(machine)
    {
        // There is a place for each, so this cannot happen; a leak would be the lesser evil beside freeing here.
        std::mem::forget(machine);
    }
}
