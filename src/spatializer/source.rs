//! A source: what it is, its way, and the ears that hear it directly.

use super::beam::Beam;
use super::ears::Ears;
use super::motion::{Glide, Motion};
use super::voice::{Target, Workshop};
use crate::coords::{Pose, Vec3};
use crate::error::{Error, Result};

/// How long a source that is added to a running engine fades in when nothing else is said, seconds.
const FADE_IN_S: f64 = 0.005;

/// What a source is when it is added.
#[non_exhaustive]
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
    /// How loud it sends in each direction; heard by engines with a [`crate::render::Space`].
    pub beam: Beam,
    /// Degrees of width, 0 for a point to 360 for all around; as above.
    pub spread_deg: f64,
    /// Seconds in which it fades in if it is added while the engine runs, as its signal may be under way; 0 for one that
    /// begins with an attack of its own.
    pub fade_in_s: f64,
}

impl SourceSpec {
    /// A point in the world that sends alike in all directions, at unit gain.
    pub fn new(motion: Motion) -> Self {
        Self {
            motion,
            gain: 1.0,
            head_locked: false,
            everywhere: false,
            beam: Beam::OMNI,
            spread_deg: 0.0,
            fade_in_s: FADE_IN_S,
        }
    }

    /// # Errors
    /// `Argument` if a number is out of its range.
    pub(crate) fn check(&self) -> Result<()> {
        self.motion.check()?;
        check_gain(self.gain)?;
        check_beam(&self.beam)?;
        if !((0.0..=360.0).contains(&self.spread_deg) && (0.0..=3600.0).contains(&self.fade_in_s)) {
            return Err(Error::argument(format!(
                "a source's width must be 0 to 360 degrees, not {}, its fade 0 to 3600 s, not {}",
                self.spread_deg, self.fade_in_s
            )));
        }
        Ok(())
    }

    /// A source that stands still in the world.
    pub fn still(at: Vec3) -> Self {
        Self::new(Motion::Still(at))
    }

    /// With this gain, linear, -1e6 to 1e6.
    #[must_use]
    pub fn with_gain(self, gain: f64) -> Self {
        Self { gain, ..self }
    }

    /// Its place is given in the head's frame: it goes and turns with the listener, and rooms do not answer it.
    #[must_use]
    pub fn with_head_locked(self) -> Self {
        Self { head_locked: true, ..self }
    }

    /// Heard alike at both ears, wherever it is: for low-frequency effects and narrators.
    #[must_use]
    pub fn with_everywhere(self) -> Self {
        Self { everywhere: true, ..self }
    }

    /// With this directivity.
    #[must_use]
    pub fn with_beam(self, beam: Beam) -> Self {
        Self { beam, ..self }
    }

    /// This wide, 0 to 360 degrees.
    #[must_use]
    pub fn with_spread(self, degrees: f64) -> Self {
        Self { spread_deg: degrees, ..self }
    }

    /// Fading in over `seconds` (0 to 3600) where it is added to a running engine.
    #[must_use]
    pub fn with_fade_in(self, seconds: f64) -> Self {
        Self { fade_in_s: seconds, ..self }
    }
}

/// # Errors
/// `Argument` if a beam's pattern or direction is out of range.
pub(crate) fn check_beam(beam: &Beam) -> Result<()> {
    if (0.0..=1.0).contains(&beam.everywhere) && (beam.facing.norm() - 1.0).abs() < 1e-6 {
        Ok(())
    } else {
        Err(Error::argument("a source's beam must face in a direction of length 1, its pattern be 0 to 1"))
    }
}

/// # Errors
/// `Argument` if a gain is out of range.
pub(crate) fn check_gain(gain: f64) -> Result<()> {
    if gain.is_finite() && gain.abs() <= 1e6 {
        Ok(())
    } else {
        Err(Error::argument(format!("a gain of {gain} is out of range")))
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
    /// Segments that it stays at least, once it is leaving.
    stays: usize,
    glide: Option<Glide<Vec3>>,
    /// A way to jump to as soon as no other jump is under way.
    jump: Option<Motion>,
    /// Gain of the signal on its way to 1, and its step from frame to frame.
    fade: (f32, f32),
    pub(crate) ears: Ears,
}

impl Source {
    pub(crate) fn new(len: usize, bins: usize) -> Self {
        Self {
            state: State::Free,
            spec: SourceSpec::still(Vec3::new(1.0, 0.0, 0.0)),
            stays: 0,
            glide: None,
            jump: None,
            fade: (1.0, 0.0),
            ears: Ears::new(len, bins),
        }
    }

    pub(crate) fn is_free(&self) -> bool {
        self.state == State::Free
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.state == State::Leaving
    }

    /// True when the segment of `clock` differs from the one before, or may.
    pub(crate) fn is_changing(&self, clock: &Clock, head: &impl Head) -> bool {
        let rate = clock.sample_rate;
        self.state != State::Free
            && (self.state == State::Leaving
                || self.jump.is_some()
                || self.glide.is_some()
                || self.spec.motion.moves(clock.point(0) / rate)
                || !self.ears.are_resting_at(&self.target(clock.point(2), rate, head)))
    }

    /// Begins to sound, fading in if the engine is `running`. Returns what it replaces, to be freed elsewhere.
    pub(crate) fn begin(
        &mut self,
        spec: SourceSpec,
        clock: &Clock,
        head: &impl Head,
        running: bool,
        shop: &mut Workshop<'_>,
    ) -> SourceSpec {
        let before = std::mem::replace(&mut self.spec, spec);
        self.state = State::Sounding;
        (self.glide, self.jump) = (None, None);
        let frames = self.spec.fade_in_s * clock.sample_rate;
        self.fade = if running && frames >= 1.0 { (0.0, (1.0 / frames) as f32) } else { (1.0, 0.0) };
        let targets = std::array::from_fn(|i| self.target(clock.point(i), clock.sample_rate, head));
        self.ears.begin(targets, shop);
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

    /// The next stretch of its signal, faded in where it has just been added.
    pub(crate) fn fade_in(&mut self, signal: &mut [f32]) {
        let (gain, step) = &mut self.fade;
        if *step == 0.0 {
            return;
        }
        for x in signal {
            *x *= *gain;
            *gain = (*gain + *step).min(1.0);
        }
        if *gain == 1.0 {
            *step = 0.0;
        }
    }

    /// Begins to fade out, in at least so many segments.
    pub(crate) fn leave(&mut self, segments: usize) {
        if self.state == State::Sounding {
            self.state = State::Leaving;
            self.stays = segments;
        }
    }

    /// Where it is, in the world or, if it is locked to the head, in the head's frame.
    pub(crate) fn place(&self, frame: f64, sample_rate: f64) -> Vec3 {
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
        self.ears.settle();
        if self.glide.as_ref().is_some_and(|g| g.is_over(clock.point(0))) {
            self.glide = None;
        }
        if self.state == State::Leaving {
            self.stays = self.stays.saturating_sub(1);
            if self.ears.advance_to_silence() && self.stays == 0 {
                self.state = State::Free;
                // A jump that was never made goes back to be freed elsewhere.
                return (self.jump.take(), true);
            }
        } else if let Some(motion) = (!self.ears.are_fading()).then(|| self.jump.take()).flatten() {
            left = Some(std::mem::replace(&mut self.spec.motion, motion));
            self.glide = None;
            let targets = std::array::from_fn(|i| self.target(clock.point(i), clock.sample_rate, head));
            self.ears.cut_to(targets, shop);
        } else {
            let target = self.target(clock.point(2), clock.sample_rate, head);
            self.ears.advance(target, shop);
        }
        (left, false)
    }
}
