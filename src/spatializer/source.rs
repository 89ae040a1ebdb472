//! A source: its samples so far, its way, and the one or two voices that it is heard by.

use super::motion::{Glide, Motion};
use super::voice::{Target, Voice, Workshop};
use crate::coords::{Pose, Vec3};

/// What a source is when it is added.
#[derive(Clone, Debug)]
pub struct SourceSpec {
    /// Where it is; times count from the engine's first frame.
    pub motion: Motion,
    /// Linear; at 1 m a gain of 1 is the head's response unscaled.
    pub gain: f64,
    /// The motion is in the head's frame, not the world's.
    pub head_locked: bool,
    /// Without direction and distance, alike at both ears: for low-frequency effects.
    pub everywhere: bool,
}

impl SourceSpec {
    /// A source in the world at unit gain.
    pub fn new(motion: Motion) -> Self {
        Self { motion, gain: 1.0, head_locked: false, everywhere: false }
    }

    /// A source that stands still in the world.
    pub fn still(at: Vec3) -> Self {
        Self::new(Motion::Still(at))
    }
}

/// How the listener's head is, at any frame.
pub(crate) trait Head {
    fn at(&self, frame: f64) -> Pose;
}

/// Time as the sources see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// First frame of the segment.
    pub start: f64,
    /// Frames in a segment.
    pub segment: f64,
    pub sample_rate: f64,
}

impl Clock {
    /// When control point `i` (0, 1, 2) of the segment is passed nearest: mid-segment for 1.
    pub(crate) fn point(&self, i: usize) -> f64 {
        self.start + (i as f64 - 0.5) * self.segment
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Sounding,
    Leaving,
}

pub(crate) struct Source {
    state: State,
    pub(crate) spec: SourceSpec,
    glide: Option<Glide<Vec3>>,
    /// A way to jump to as soon as no other jump is under way.
    jump: Option<Motion>,
    voices: [Voice; 2],
    current: usize,
    fading: bool,
    ring: Vec<f32>,
    at: usize,
    /// Frames of silence at the end of the ring.
    quiet: usize,
}

impl Source {
    pub(crate) fn new(len: usize, bins: usize) -> Self {
        Self {
            state: State::Free,
            spec: SourceSpec::still(Vec3::new(1.0, 0.0, 0.0)),
            glide: None,
            jump: None,
            voices: [Voice::new(bins), Voice::new(bins)],
            current: 0,
            fading: false,
            ring: vec![0.0; len],
            at: 0,
            quiet: len,
        }
    }

    pub(crate) fn is_free(&self) -> bool {
        self.state == State::Free
    }

    /// True when the segment of `clock` differs from the one before, or may.
    pub(crate) fn is_changing(&self, clock: &Clock, head: &impl Head) -> bool {
        let rate = clock.sample_rate;
        self.state != State::Free
            && (self.state == State::Leaving
                || self.fading
                || self.jump.is_some()
                || self.glide.is_some()
                || self.spec.motion.moves(clock.point(0) / rate)
                || !self.voices[self.current].is_resting_at(&self.target(clock.point(2), rate, head)))
    }

    /// Begins to sound. Returns what it replaces, to be freed elsewhere.
    pub(crate) fn begin(
        &mut self,
        spec: SourceSpec,
        clock: &Clock,
        head: &impl Head,
        shop: &mut Workshop<'_>,
    ) -> SourceSpec {
        let before = std::mem::replace(&mut self.spec, spec);
        self.state = State::Sounding;
        (self.glide, self.jump, self.fading) = (None, None, false);
        self.ring.fill(0.0);
        self.quiet = self.ring.len();
        let targets = std::array::from_fn(|i| self.target(clock.point(i), clock.sample_rate, head));
        self.voices[self.current].start(targets, shop);
        before
    }

    /// Takes another way from here on, reaching it over `frames`. Returns the way it leaves.
    pub(crate) fn glide_to(&mut self, motion: Motion, now: f64, frames: f64, sample_rate: f64) -> Motion {
        let here = self.place(now, sample_rate);
        self.glide = Some(Glide::new(here, now, frames.max(1.0)));
        std::mem::replace(&mut self.spec.motion, motion)
    }

    /// Jumps to another way as soon as an earlier jump is over. Returns a way that will not be taken any more.
    pub(crate) fn jump_to(&mut self, motion: Motion) -> Option<Motion> {
        self.jump.replace(motion)
    }

    /// Begins to fade out.
    pub(crate) fn leave(&mut self) {
        if self.state == State::Sounding {
            self.state = State::Leaving;
        }
    }

    fn place(&self, frame: f64, sample_rate: f64) -> Vec3 {
        let to = self.spec.motion.at(frame / sample_rate);
        self.glide.as_ref().map_or(to, |g| g.at(frame, to))
    }

    fn target(&self, frame: f64, sample_rate: f64, head: &impl Head) -> Target {
        let place = self.place(frame, sample_rate);
        let at = if self.spec.head_locked || self.spec.everywhere { place } else { head.at(frame).relative(place) };
        Target { at, gain: self.spec.gain, everywhere: self.spec.everywhere }
    }

    /// Moves on to the segment of `clock`. Returns a way that is no longer needed, and whether the source has become
    /// free.
    pub(crate) fn advance(
        &mut self,
        clock: &Clock,
        head: &impl Head,
        shop: &mut Workshop<'_>,
    ) -> (Option<Motion>, bool) {
        let mut left = None;
        if self.fading {
            let old = &mut self.voices[1 - self.current];
            old.advance_to_silence();
            self.fading = !old.is_silent();
        }
        if self.glide.as_ref().is_some_and(|g| g.is_over(clock.point(0))) {
            self.glide = None;
        }
        if self.state == State::Leaving {
            let voice = &mut self.voices[self.current];
            voice.advance_to_silence();
            if voice.is_silent() && !self.fading {
                self.state = State::Free;
                // A jump that was never made goes back to be freed elsewhere.
                return (self.jump.take(), true);
            }
        } else if let Some(motion) = (!self.fading).then(|| self.jump.take()).flatten() {
            left = Some(std::mem::replace(&mut self.spec.motion, motion));
            self.glide = None;
            let targets = std::array::from_fn(|i| self.target(clock.point(i), clock.sample_rate, head));
            self.cross_fade().start(targets, shop);
            self.voices[self.current].fade_in();
        } else {
            let target = self.target(clock.point(2), clock.sample_rate, head);
            if !self.voices[self.current].advance(target, shop) {
                if self.fading {
                    self.voices[self.current].hold();
                } else {
                    self.cross_fade().start_at(target, shop);
                    self.voices[self.current].fade_in();
                }
            }
        }
        (left, false)
    }

    /// Lets the voice that sounds fade out and gives the other one, to begin elsewhere.
    fn cross_fade(&mut self) -> &mut Voice {
        self.voices[self.current].advance_to_silence();
        self.current = 1 - self.current;
        self.fading = true;
        &mut self.voices[self.current]
    }

    /// Takes in the next `frames` frames, silence where `input` is shorter. Values that are not finite become silence;
    /// returns how many there were.
    pub(crate) fn push(&mut self, input: &[f32], frames: usize) -> u64 {
        let len = self.ring.len();
        const EXPONENT: u32 = 0x7f80_0000;
        let finite = input.iter().fold(true, |all, x| all & (x.to_bits() & EXPONENT != EXPONENT));
        let silent = input.iter().fold(0, |any, x| any | (x.to_bits() << 1)) == 0;
        if silent && self.is_quiet() {
            return 0;
        }
        self.quiet = if silent { (self.quiet + frames).min(len) } else { 0 };
        let (from, to) = (self.at, (self.at + frames) % len);
        let first = frames.min(len - from);
        let padded = |range: std::ops::Range<usize>| {
            input.get(range.start.min(input.len())..range.end.min(input.len())).unwrap_or(&[])
        };
        for (room, part) in [(from..from + first, padded(0..first)), (0..frames - first, padded(first..frames))] {
            let room = &mut self.ring[room];
            let (sound, rest) = room.split_at_mut(part.len());
            sound.copy_from_slice(part);
            rest.fill(0.0);
        }
        self.at = to;
        if finite {
            return 0;
        }
        let mut bad = 0;
        for x in self.ring.iter_mut().filter(|x| !x.is_finite()) {
            *x = 0.0;
            bad += 1;
        }
        bad
    }

    /// True when nothing of the ring sounds.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet >= self.ring.len()
    }

    /// The last frames, the older part first.
    pub(crate) fn window(&self) -> (&[f32], &[f32]) {
        let (new, old) = self.ring.split_at(self.at);
        (old, new)
    }

    /// The voices that sound.
    pub(crate) fn voices(&self) -> impl Iterator<Item = &Voice> {
        let fading = self.fading.then(|| &self.voices[1 - self.current]);
        std::iter::once(&self.voices[self.current]).chain(fading)
    }
}
