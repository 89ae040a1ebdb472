//! From what was written to what the renderer needs. Nothing here opens a file.

use super::parts::{BedLayout, Channel, Facing, Place, Polar, RoomSpec, SourceKey, Surface};
use super::{Scene, Source};
use crate::coords::{Pose, Rotation, Vec3};
use crate::error::Result;
use crate::room::directivity::Directivity;
use crate::room::{Room, Wall};
use crate::spatializer::motion::{HeadMotion, Motion, Path, PathKey};
use std::path::PathBuf;
use std::sync::Arc;

/// Degrees between the points that an arc is drawn with: their chords are 0.03 % too near.
const STEP_DEG: f64 = 3.0;

/// What a listener hears besides the direct sound.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // There is one in a scene.
pub enum RoomChoice {
    /// A shoebox of image sources and a late field.
    Shoebox(Room),
    /// Measured responses, in a file.
    Measured(PathBuf),
}

/// A source, ready to be rendered.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its name, unique in the scene.
    pub id: String,
    /// Its sound file.
    pub file: PathBuf,
    /// What of the file it plays.
    pub channel: Channel,
    /// Where it is, on the scene's clock: in the world, or in the head's frame if head-locked.
    pub motion: Motion,
    /// Whether the motion is in the head's frame.
    pub head_locked: bool,
    /// Linear.
    pub gain: f64,
    /// Seconds on the scene's clock.
    pub start: f64,
    /// Whether it begins again at its end.
    pub looped: bool,
    /// How it sends its sound into the directions.
    pub directivity: Directivity,
    /// Turns +x to where it faces; in the frame of the motion.
    pub facing: Rotation,
    /// Degrees of width, 0 for a point.
    pub spread: f64,
}

/// A bed, ready to be rendered.
#[derive(Clone, Debug, PartialEq)]
pub struct BedInput {
    /// Its sound file.
    pub file: PathBuf,
    /// `None`: as the file says.
    pub layout: Option<BedLayout>,
    /// Whether it turns and goes with the head; its centre is the head then.
    pub head_locked: bool,
    /// The middle of its loudspeakers, and how they are turned: at first the listener has them where they belong.
    pub centre: Pose,
    /// Metres to its loudspeakers.
    pub distance: f64,
    /// Linear.
    pub gain: f64,
    /// Seconds on the scene's clock.
    pub start: f64,
    /// Whether it begins again at its end.
    pub looped: bool,
}

impl BedInput {
    /// The place of a loudspeaker: in the world, or in the head's frame if head-locked. Degrees.
    pub fn speaker(&self, azimuth: f64, elevation: f64) -> Vec3 {
        let around = Vec3::from_polar(azimuth, elevation, self.distance);
        if self.head_locked { around } else { self.centre.position + self.centre.orientation.rotate(around) }
    }
}

impl Scene {
    /// Where the listener is at first.
    pub fn listener_pose(&self) -> Pose {
        let first = self.listener.path.first();
        let position = first.and_then(|k| k.position).or(self.listener.position);
        let angles = first.and_then(|k| k.orientation).unwrap_or(self.listener.orientation);
        Pose {
            position: position.unwrap_or_else(|| self.usual_place()),
            orientation: Rotation::from_yaw_pitch_roll(angles.yaw, angles.pitch, angles.roll),
        }
    }

    /// Where a listener is who is not told where.
    fn usual_place(&self) -> Vec3 {
        let place = |[x, y, z]: [f64; 3]| Vec3::new(x, y, z);
        match &self.room {
            Some(RoomSpec { preset: Some(preset), .. }) => place(preset.listener),
            Some(RoomSpec { size: Some([x, y, z]), .. }) => Vec3::new(0.5 * x, 0.5 * y, (0.5 * z).min(1.6)),
            _ => Vec3::default(),
        }
    }

    /// The listener's way.
    ///
    /// # Errors
    /// `Argument` if the path's times do not rise or a number is not finite; never for a scene that was read.
    pub fn listener_motion(&self) -> Result<HeadMotion> {
        let first = self.listener_pose();
        if self.listener.path.is_empty() {
            return Ok(HeadMotion::Still(first));
        }
        let fixed = self.listener.orientation;
        let key = |k: &super::ListenerKey| {
            let a = k.orientation.unwrap_or(fixed);
            PathKey {
                t: k.t,
                value: Pose {
                    position: k.position.unwrap_or(first.position),
                    orientation: Rotation::from_yaw_pitch_roll(a.yaw, a.pitch, a.roll),
                },
            }
        };
        Ok(HeadMotion::Path(Arc::new(Path::new(self.listener.path.iter().map(key).collect())?)))
    }

    /// The room; `None` for the free field.
    pub fn room_choice(&self) -> Option<RoomChoice> {
        let spec = self.room.as_ref()?;
        match &spec.file {
            Some(file) => Some(RoomChoice::Measured(self.base_dir.join(file))),
            None => spec.shoebox_room(self.speed_of_sound).map(RoomChoice::Shoebox),
        }
    }

    /// The sources.
    ///
    /// # Errors
    /// `Argument` if a path's times do not rise or a number is not finite; never for a scene that was read.
    pub fn objects(&self) -> Result<Vec<Object>> {
        self.sources.iter().map(|s| self.object(s)).collect()
    }

    fn object(&self, source: &Source) -> Result<Object> {
        let place = |p: Polar| if source.head_locked { own(p) } else { self.around(p) };
        let motion = match &source.place {
            Place::At(p) => Motion::Still(*p),
            Place::Polar(p) => Motion::Still(place(*p)),
            Place::Path(keys) => along(keys.iter().map(|k| PathKey { t: k.t, value: k.at }).collect())?,
            Place::PolarPath(keys) => along(arcs(keys).map(|k| PathKey { t: k.t, value: place(k.at) }).collect())?,
        };
        let ears = if source.head_locked { Vec3::default() } else { self.listener_pose().position };
        let facing = source.facing.unwrap_or_else(|| {
            let (yaw, pitch, _) = (ears - motion.at(0.0)).to_polar();
            Facing { yaw, pitch }
        });
        Ok(Object {
            id: source.id.clone(),
            file: self.base_dir.join(&source.file),
            channel: source.channel,
            motion,
            head_locked: source.head_locked,
            gain: linear(source.gain_db),
            start: source.start,
            looped: source.looped,
            directivity: source.directivity,
            facing: Rotation::from_yaw_pitch_roll(facing.yaw, facing.pitch, 0.0),
            spread: source.spread,
        })
    }

    /// The beds.
    pub fn bed_inputs(&self) -> Vec<BedInput> {
        let pose = self.level_pose();
        let usual = self.room.as_ref().and_then(|r| r.preset).map_or(1.0, |p| p.place_distance);
        let input = |bed: &super::Bed| BedInput {
            file: self.base_dir.join(&bed.file),
            layout: bed.layout,
            head_locked: bed.head_locked,
            centre: Pose { position: bed.position.unwrap_or(pose.position), ..pose },
            distance: bed.distance.unwrap_or(usual),
            gain: linear(bed.gain_db),
            start: bed.start,
            looped: bed.looped,
        };
        self.beds.iter().map(input).collect()
    }

    /// Where the listener is at first and which way they look, with a level head.
    fn level_pose(&self) -> Pose {
        let first = self.listener_pose();
        let (yaw, _, _) = first.orientation.rotate(Vec3::new(1.0, 0.0, 0.0)).to_polar();
        Pose { orientation: Rotation::from_yaw_pitch_roll(yaw, 0.0, 0.0), ..first }
    }

    /// A place around the listener as they are at first, in the world.
    pub(super) fn around(&self, polar: Polar) -> Vec3 {
        let pose = self.level_pose();
        pose.position + pose.orientation.rotate(own(polar))
    }
}

impl RoomSpec {
    /// The shoebox that is written; `None` if it has no size or is a measured room.
    pub fn shoebox_room(&self, speed_of_sound: f64) -> Option<Room> {
        let mut room = match (self.preset, self.size) {
            (Some(preset), _) => preset.room(),
            (None, Some(size)) => {
                let mut room = Room::new(size, 0.0);
                let surface = self.material.unwrap_or_else(|| fitting(&room, self.t60));
                room.absorption = [surface.absorption(); 6];
                for (wall, own) in Wall::ALL.iter().zip(&self.materials) {
                    if let Some(own) = own {
                        room.absorption[*wall as usize] = own.absorption();
                    }
                }
                room
            }
            (None, None) => return None,
        };
        room.air = self.air();
        room.t60 = self.t60.or(room.t60);
        room.speed_of_sound = speed_of_sound;
        room.late = self.late.unwrap_or(room.late);
        room.reflection_order = self.reflection_order.unwrap_or(room.reflection_order);
        Some(room)
    }
}

/// Walls of which nothing is known but how long the room rings: those that make it ring so (Eyring's formula).
fn fitting(room: &Room, t60: Option<crate::room::Bands>) -> Surface {
    let absorption = |t: f64| (1.0 - (-0.161 * room.volume() / (room.surface() * t)).exp()).clamp(0.01, 0.99);
    Surface::Absorption(t60.map_or([0.2; crate::room::BANDS], |t| t.map(absorption)))
}

fn linear(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

fn own(p: Polar) -> Vec3 {
    Vec3::from_polar(p.azimuth, p.elevation, p.distance)
}

fn along(keys: Vec<PathKey<Vec3>>) -> Result<Motion> {
    Ok(Motion::Path(Arc::new(Path::new(keys)?)))
}

/// Points from one place to the next, the first excluded.
pub(super) fn arc(from: Option<Polar>, to: Polar) -> impl Iterator<Item = Polar> {
    let from = from.unwrap_or(to);
    let far = (to.azimuth - from.azimuth).abs().max((to.elevation - from.elevation).abs());
    // 36000 degrees at most between keys; whatever comes, no more points than that makes.
    let steps = (far / STEP_DEG).ceil().clamp(1.0, 24_000.0) as usize;
    (1..=steps).map(move |i| {
        let part = i as f64 / steps as f64;
        let between = |a: f64, b: f64| if i == steps { b } else { a + (b - a) * part };
        Polar {
            azimuth: between(from.azimuth, to.azimuth),
            elevation: between(from.elevation, to.elevation),
            distance: between(from.distance, to.distance),
        }
    })
}

/// A path around the listener, with points on its arcs.
fn arcs(keys: &[SourceKey<Polar>]) -> impl Iterator<Item = SourceKey<Polar>> + '_ {
    keys.iter().enumerate().flat_map(move |(i, key)| {
        let before = i.checked_sub(1).map(|j| keys[j]);
        let points: Vec<Polar> = arc(before.map(|k| k.at), key.at).collect();
        let n = points.len();
        let from = before.map_or(key.t, |k| k.t);
        points.into_iter().enumerate().map(move |(p, at)| {
            let t = if p + 1 == n { key.t } else { from + (key.t - from) * (p + 1) as f64 / n as f64 };
            SourceKey { t, at }
        })
    })
}
