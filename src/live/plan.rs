//! What a machine plays, as it was set up: the stage without its sound, for whoever shows or steers it.

use crate::coords::{Pose, Vec3};
use crate::render::StageRoom;
use crate::render::live::Ears;
use crate::spatializer::motion::PathKey;
use crate::spatializer::{HeadMotion, Motion, Path};
use std::sync::Arc;

/// A listener keeps so far from the walls, metres.
const FROM_WALL_M: f64 = 0.15;

/// One source of a plan.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub name: String,
    pub motion: Motion,
    pub gain: f64,
    pub head_locked: bool,
    pub everywhere: bool,
}

/// The stage of a machine.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub parts: Vec<Part>,
    pub fields: usize,
    pub head: HeadMotion,
    pub room: StageRoom,
    pub placement: &'static str,
    pub rate: f64,
    /// There is an engine that a control steers.
    pub steerable: bool,
}

impl Plan {
    pub(super) fn new(ears: &Ears) -> Self {
        let stage = &ears.stage;
        let part = |(source, name): (&crate::spatializer::SourceSpec, &String)| Part {
            name: name.clone(),
            motion: source.motion.clone(),
            gain: source.gain,
            head_locked: source.head_locked,
            everywhere: source.everywhere,
        };
        Self {
            parts: stage.sources.iter().zip(&stage.names).map(part).collect(),
            fields: stage.fields.len(),
            head: stage.head.clone(),
            room: stage.room.clone(),
            placement: ears.placement,
            rate: f64::from(ears.rate),
            steerable: !stage.sources.is_empty() && !ears.is_measured(),
        }
    }

    /// Length, width and height, if there are walls.
    pub(super) fn size(&self) -> Option<[f64; 3]> {
        if let StageRoom::Shoebox(room, _) = &self.room { Some(room.size) } else { None }
    }

    /// True if sources moved on `other` can be where they are on this one.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.has_sources_of(other)
            && self.size() == other.size()
            && self.parts.iter().zip(&other.parts).all(|(a, b)| a.motion.at(0.0) == b.motion.at(0.0))
    }

    /// True if both have the same sources, wherever they are.
    pub(super) fn has_sources_of(&self, other: &Self) -> bool {
        self.parts.iter().map(|p| &p.name).eq(other.parts.iter().map(|p| &p.name))
    }

    /// The listener's way with `beside` added: its position in the stage's axes, its turn after the listener's own. Walls
    /// hold it back.
    pub(super) fn head_beside(&self, beside: &Pose) -> HeadMotion {
        match &self.head {
            HeadMotion::Still(pose) => HeadMotion::Still(self.add(pose, beside)),
            HeadMotion::Path(path) => {
                let moved = |key: &PathKey<Pose>| PathKey { t: key.t, value: self.add(&key.value, beside) };
                // Times rise as they did, and every number is finite.
                Path::new(path.keys().iter().map(moved).collect())
                    .map_or_else(|_| self.head.clone(), |path| HeadMotion::Path(Arc::new(path)))
            }
        }
    }

    /// How far walls move the listener with `beside` added, after so many seconds: metres.
    pub(super) fn held_back(&self, beside: &Pose, seconds: f64) -> Vec3 {
        let own = self.head.at(seconds);
        self.add(&own, beside).position - (own.position + beside.position)
    }

    fn add(&self, own: &Pose, beside: &Pose) -> Pose {
        let mut p = own.position + beside.position;
        if let (Some([x, y, z]), true) = (self.size(), beside.position != Vec3::default()) {
            let keep = |v: f64, l: f64| v.clamp(FROM_WALL_M.min(0.5 * l), (l - FROM_WALL_M).max(0.5 * l));
            p = Vec3::new(keep(p.x, x), keep(p.y, y), keep(p.z, z));
        }
        Pose { position: p, orientation: own.orientation * beside.orientation }
    }
}
