//! From what a tracker says to where the head is: recentred, smoothed, predicted.
//!
//! Nothing here knows a clock: every call brings its time, seconds on any scale that does not run backwards (a time before
//! the last one counts as the last one). Nothing allocates, and no input makes it panic or leave the unit quaternions.

use super::event::{Axis, HeadEvent, of_angles, of_scene_angles};
use crate::coords::{Pose, Rotation, Vec3};
use crate::error::{Error, Result};

/// What "ahead" means after recentring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Recentre {
    /// Only the heading is set to ahead: for trackers that sit level on the head.
    #[default]
    Yaw,
    /// The head's whole attitude counts as level and ahead: for trackers that sit askew. Turns afterwards are still about
    /// the vertical, however the tracker sits.
    Full,
}

/// How a tracker treats what it hears.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackerOptions {
    /// Time constant of the smoothing, seconds, 0 (none) to 2: after a step, 63 % of it are reached after this time.
    pub smoothing_s: f64,
    /// How far ahead the head is predicted by its angular velocity, seconds, 0 (not at all) to 0.2. What the smoothing
    /// delays is not made up for by itself: add its time constant here if that is wanted.
    pub look_ahead_s: f64,
    /// What recentring sets.
    pub recentre: Recentre,
    /// The head's position is followed as well as its turns.
    pub position: bool,
}

impl Default for TrackerOptions {
    /// 10 ms of smoothing against the jitter of sensors, 25 ms of prediction for smoothing, a packet's age and a device's
    /// buffer; the heading is recentred; positions are left alone.
    fn default() -> Self {
        Self { smoothing_s: 0.01, look_ahead_s: 0.025, recentre: Recentre::Yaw, position: false }
    }
}

impl TrackerOptions {
    /// What is heard is what is given: no smoothing, no prediction.
    pub fn raw() -> Self {
        Self { smoothing_s: 0.0, look_ahead_s: 0.0, ..Self::default() }
    }
}

/// Packets closer together than this count as one when the velocity is measured, seconds: senders put the three angles
/// into three messages, and networks deliver in bursts.
const LEAST_STEP_S: f64 = 0.004;
/// After such a pause the head's velocity is not known, seconds.
const PAUSE_S: f64 = 0.25;
/// Time constant of the velocity's smoothing, seconds.
const VELOCITY_S: f64 = 0.01;
/// No head turns faster, radians a second (the fastest shakes are about half of it).
const FASTEST: f64 = 25.0;
/// No prediction goes further, radians (25 degrees).
const FURTHEST: f64 = 0.436;
/// The age of the last word is added to the look-ahead up to this, seconds; from then on the prediction fades, and is
/// gone at twice the age, so that a head whose tracker went silent rests where it was last seen.
const TRUSTED_AGE_S: f64 = 0.05;

/// A tracker's state.
#[derive(Clone, Debug)]
pub struct Tracker {
    options: TrackerOptions,
    now: f64,
    /// The last word on rotation, when it came, and the one that velocity is measured from.
    raw: Rotation,
    raw_time: f64,
    anchor: Option<(Rotation, f64)>,
    /// Radians a second about world axes.
    velocity: Vec3,
    smooth: Rotation,
    /// The angles heard one by one, of the head and of a scene.
    angles: [f64; 3],
    scene: [f64; 3],
    place: Vec3,
    smooth_place: Vec3,
    heard_place: bool,
    /// Undoes the heading at the last recentring, and the way the tracker sits on the head.
    heading: Rotation,
    mount: Rotation,
    centre: Vec3,
    accepted: u64,
    rejected: u64,
}

impl Tracker {
    /// A tracker that has heard nothing: the head looks ahead.
    ///
    /// # Errors
    /// `Argument` if a time is not within its range.
    pub fn new(options: TrackerOptions) -> Result<Self> {
        let TrackerOptions { smoothing_s, look_ahead_s, .. } = options;
        if !(0.0..=2.0).contains(&smoothing_s) {
            return Err(Error::argument(format!("a head tracker's smoothing takes 0 to 2 s, not {smoothing_s}")));
        }
        if !(0.0..=0.2).contains(&look_ahead_s) {
            return Err(Error::argument(format!("a head tracker looks ahead 0 to 0.2 s, not {look_ahead_s}")));
        }
        Ok(Self {
            options,
            now: 0.0,
            raw: Rotation::IDENTITY,
            raw_time: 0.0,
            anchor: None,
            velocity: Vec3::default(),
            smooth: Rotation::IDENTITY,
            angles: [0.0; 3],
            scene: [0.0; 3],
            place: Vec3::default(),
            smooth_place: Vec3::default(),
            heard_place: false,
            heading: Rotation::IDENTITY,
            mount: Rotation::IDENTITY,
            centre: Vec3::default(),
            accepted: 0,
            rejected: 0,
        })
    }

    /// Takes in what came at a time. False if it makes no sense ([`HeadEvent::is_sane`]); then nothing changes.
    pub fn event(&mut self, time_s: f64, event: HeadEvent) -> bool {
        if !time_s.is_finite() || !event.is_sane() {
            self.rejected += 1;
            return false;
        }
        self.accepted += 1;
        self.advance(time_s);
        match event {
            HeadEvent::Quaternion([w, x, y, z]) => self.hear(Rotation::from_quaternion(w, x, y, z)),
            HeadEvent::Angles(angles) => self.hear_angles(angles),
            HeadEvent::SceneAngles(angles) => self.hear_scene(angles),
            HeadEvent::Angle(axis, degrees) => {
                let mut angles = self.angles;
                angles[index(axis)] = degrees;
                self.hear_angles(angles);
            }
            HeadEvent::SceneAngle(axis, degrees) => {
                let mut angles = self.scene;
                angles[index(axis)] = degrees;
                self.hear_scene(angles);
            }
            HeadEvent::Position(place) => self.hear_place(place),
            HeadEvent::Pose(place, angles) => {
                self.hear_place(place);
                self.hear_angles(angles);
            }
            HeadEvent::Recentre => self.recentre(self.options.recentre),
        }
        true
    }

    /// Where the head is at a time, as far as is known then.
    pub fn pose(&mut self, time_s: f64) -> Pose {
        self.advance(time_s);
        let ahead = predicted(self.smooth, self.velocity, self.lead());
        let turned = self.heading * ahead * self.mount;
        let position =
            if self.options.position { self.heading.rotate(self.smooth_place - self.centre) } else { Vec3::default() };
        Pose { position, orientation: Rotation::from_quaternion(turned.w, turned.x, turned.y, turned.z) }
    }

    /// Makes ahead of where the head looks now.
    pub fn recentre(&mut self, how: Recentre) {
        self.heading = Rotation::from_yaw_pitch_roll(-heading(self.raw), 0.0, 0.0);
        self.mount = match how {
            Recentre::Yaw => Rotation::IDENTITY,
            Recentre::Full => (self.heading * self.raw).inverse(),
        };
        self.centre = self.place;
    }

    /// Undoes every recentring.
    pub fn forget_centre(&mut self) {
        (self.heading, self.mount, self.centre) = (Rotation::IDENTITY, Rotation::IDENTITY, Vec3::default());
    }

    /// Seconds since a turn of the head was last heard of; `None` before the first.
    pub fn age_s(&self, time_s: f64) -> Option<f64> {
        self.anchor.map(|_| (time_s - self.raw_time).max(0.0))
    }

    /// Events taken in, and those that made no sense.
    pub fn counts(&self) -> (u64, u64) {
        (self.accepted, self.rejected)
    }

    /// Brings the smoothing up to a time.
    fn advance(&mut self, time_s: f64) {
        if !time_s.is_finite() || time_s <= self.now {
            return;
        }
        let step = time_s - self.now;
        self.now = time_s;
        let part = self.part(step);
        self.smooth = self.smooth.slerp(self.raw, part);
        self.smooth_place = self.smooth_place.lerp(self.place, part);
    }

    /// How much of the way the smoothing goes within a time.
    fn part(&self, seconds: f64) -> f64 {
        if self.options.smoothing_s > 0.0 { 1.0 - (-seconds / self.options.smoothing_s).exp() } else { 1.0 }
    }

    fn hear(&mut self, rotation: Rotation) {
        let now = self.now;
        (self.raw, self.raw_time) = (rotation, now);
        match self.anchor {
            // The first word counts at once.
            None => {
                self.smooth = rotation;
                self.anchor = Some((rotation, now));
            }
            Some((_, then)) if now - then > PAUSE_S => {
                self.velocity = Vec3::default();
                self.anchor = Some((rotation, now));
            }
            Some((from, then)) if now - then >= LEAST_STEP_S => {
                let step = now - then;
                let turn = turn(rotation * from.inverse()) * (1.0 / step);
                let turn = turn * (FASTEST / turn.norm().max(FASTEST));
                self.velocity = self.velocity.lerp(turn, 1.0 - (-step / VELOCITY_S).exp());
                self.anchor = Some((rotation, now));
            }
            Some(_) => {}
        }
        if self.options.smoothing_s == 0.0 {
            self.smooth = rotation;
        }
    }

    fn hear_angles(&mut self, angles: [f64; 3]) {
        self.angles = angles;
        self.hear(of_angles(angles));
    }

    fn hear_scene(&mut self, angles: [f64; 3]) {
        self.scene = angles;
        self.hear(of_scene_angles(angles));
    }

    fn hear_place(&mut self, place: Vec3) {
        self.place = place;
        if !self.heard_place || self.options.smoothing_s == 0.0 {
            self.smooth_place = place;
        }
        if !self.heard_place {
            // Trackers count from anywhere; the head begins where the listener is.
            self.centre = place;
        }
        self.heard_place = true;
    }

    /// Seconds by which the velocity is to be followed.
    fn lead(&self) -> f64 {
        if self.options.look_ahead_s == 0.0 {
            return 0.0;
        }
        let age = self.now - self.raw_time;
        let trust = (2.0 - age / TRUSTED_AGE_S).clamp(0.0, 1.0);
        (self.options.look_ahead_s + age.min(TRUSTED_AGE_S)) * trust
    }
}

fn index(axis: Axis) -> usize {
    match axis {
        Axis::Yaw => 0,
        Axis::Pitch => 1,
        Axis::Roll => 2,
    }
}

/// The direction a head looks to, degrees to the left; looking straight up or down, that of its crown or chin.
fn heading(head: Rotation) -> f64 {
    let ahead = head.rotate(Vec3::new(1.0, 0.0, 0.0));
    let flat = if ahead.x.hypot(ahead.y) > 0.1 {
        ahead
    } else {
        head.rotate(Vec3::new(0.0, 0.0, if ahead.z > 0.0 { -1.0 } else { 1.0 }))
    };
    flat.y.atan2(flat.x).to_degrees()
}

/// A rotation as its axis times its angle, radians, the short way.
fn turn(q: Rotation) -> Vec3 {
    let sign = if q.w < 0.0 { -1.0 } else { 1.0 };
    let v = Vec3::new(q.x, q.y, q.z) * sign;
    let sin = v.norm();
    v * if sin > 1e-9 { 2.0 * sin.atan2(q.w * sign) / sin } else { 2.0 }
}

/// A head that turns on for a time.
fn predicted(head: Rotation, velocity: Vec3, seconds: f64) -> Rotation {
    let turn = velocity * seconds;
    let angle = turn.norm();
    if angle < 1e-9 {
        return head;
    }
    let (sin, cos) = (0.5 * angle.min(FURTHEST)).sin_cos();
    let axis = turn * (sin / angle);
    Rotation { w: cos, x: axis.x, y: axis.y, z: axis.z } * head
}
