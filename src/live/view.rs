//! A picture of what plays: where everything is at this moment. For interfaces; nothing here is seen by the callback.

use super::plan::Plan;
use super::player::Player;
use super::steering::Wheels;
use crate::coords::{Pose, Vec3};
use crate::render::StageRoom;
use std::sync::atomic::Ordering;

/// A stage at one moment. Positions are metres in the stage's axes: x ahead, y left, z up; in a room the corner at the
/// back, right and floor is the origin, without one the place of the listener.
#[derive(Clone, Debug, PartialEq)]
pub struct StageView {
    /// Which of the tracks it belongs to.
    pub track: usize,
    /// The listener.
    pub listener: Pose,
    /// From where [`HeadControl::turn`](super::HeadControl::turn) would have the listener to where walls let it be, metres.
    pub held_back: Vec3,
    /// The room, if it has walls or was measured.
    pub room: Option<RoomView>,
    /// In the order in which [`Player::move_source`] counts them.
    pub sources: Vec<SourceView>,
    /// Sound fields, which have no place.
    pub fields: usize,
    /// How the channels were placed: `panorama`, `stereo`, `speakers`, `point`, `orbit`, `scene`.
    pub placement: &'static str,
    /// Sources can be moved and their gains be set: not in measured rooms, and not without spatialisation.
    pub steerable: bool,
}

/// A room as an interface shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomView {
    /// A preset's name, or a file.
    pub name: String,
    /// Length (x), width (y) and height (z), metres; `None` for a measured room, whose walls nobody told.
    pub size: Option<[f64; 3]>,
}

/// A source at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceView {
    /// A scene's id, or a loudspeaker's label.
    pub name: String,
    /// Where it is.
    pub position: Vec3,
    /// It is on its way, by itself.
    pub moves: bool,
    /// It turns with the head.
    pub head_locked: bool,
    /// It is heard from everywhere, so its place means nothing.
    pub everywhere: bool,
    /// What [`Player::set_source_gain`] said last, linear; 1 unless told.
    pub gain: f64,
    /// Where its first reflections meet the walls, in the order of [`crate::room::Wall`]; empty where there are none.
    pub reflections: Vec<Vec3>,
}

impl Player {
    /// The stage of what plays now; `None` before the first sound. Takes no lock that the audio thread takes.
    pub fn stage(&self) -> Option<StageView> {
        let wheels = self.shared.wheels.lock().ok()?;
        let playing = self.shared.gauge.machine.load(Ordering::Acquire);
        let frame = self.shared.gauge.position.load(Ordering::Relaxed);
        let wheel = wheels.all.iter().find(|w| w.id == playing)?;
        Some(view(&wheels, &wheel.plan, wheel.track, frame as f64 / wheel.plan.rate))
    }
}

fn view(wheels: &Wheels, plan: &Plan, track: usize, seconds: f64) -> StageView {
    let listener = wheels.head_of(plan).at(seconds);
    let reflecting = match &plan.room {
        StageRoom::Shoebox(room, _) if room.reflection_order > 0 => Some(room.size),
        _ => None,
    };
    let steered = wheels.steered.get(&track);
    let source = |(n, part): (usize, &super::plan::Part)| {
        let motion = steered.and_then(|s| s.moves.get(&n)).unwrap_or(&part.motion);
        let mut position = motion.at(seconds);
        if part.head_locked {
            position = listener.position + listener.orientation.rotate(position);
        }
        let placed = !part.everywhere && !part.head_locked;
        let size = reflecting.filter(|_| placed);
        SourceView {
            name: part.name.clone(),
            position,
            moves: motion.moves(seconds),
            head_locked: part.head_locked,
            everywhere: part.everywhere,
            gain: steered.and_then(|s| s.gains.get(&n)).copied().unwrap_or(1.0),
            reflections: size.map_or(Vec::new(), |s| first_reflections(s, position, listener.position).to_vec()),
        }
    };
    StageView {
        track,
        sources: plan.parts.iter().enumerate().map(source).collect(),
        room: match &plan.room {
            StageRoom::None => None,
            room => Some(RoomView { name: room.name(), size: plan.size() }),
        },
        listener,
        held_back: wheels.held_back(plan, seconds),
        fields: plan.fields,
        placement: plan.placement,
        steerable: plan.steerable,
    }
}

/// Where the first reflection at each wall meets it: on the straight line from the source's image to the listener.
fn first_reflections(size: [f64; 3], source: Vec3, listener: Vec3) -> [Vec3; 6] {
    std::array::from_fn(|wall| {
        let axis = wall / 2;
        let at = if wall % 2 == 0 { 0.0 } else { size[axis] };
        let along = |p: Vec3| [p.x, p.y, p.z][axis];
        // Both as far from the wall as they are; the line is cut in that ratio.
        let (s, l) = ((along(source) - at).abs(), (along(listener) - at).abs());
        let part = if s + l > 0.0 { s / (s + l) } else { 0.5 };
        let hit = source.lerp(listener, part);
        let mut place = [hit.x, hit.y, hit.z];
        place[axis] = at;
        Vec3::new(place[0], place[1], place[2])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reflection_leaves_its_wall_at_the_angle_at_which_it_came_and_is_as_long_as_from_the_image() {
        let (size, s, l) = ([5.0, 4.0, 3.0], Vec3::new(4.0, 3.0, 1.0), Vec3::new(1.0, 2.5, 1.6));
        let images = [
            Vec3::new(-4.0, 3.0, 1.0),
            Vec3::new(6.0, 3.0, 1.0),
            Vec3::new(4.0, -3.0, 1.0),
            Vec3::new(4.0, 5.0, 1.0),
            Vec3::new(4.0, 3.0, -1.0),
            Vec3::new(4.0, 3.0, 5.0),
        ];
        for (hit, image) in first_reflections(size, s, l).into_iter().zip(images) {
            assert!(((hit - s).norm() + (l - hit).norm() - (image - l).norm()).abs() < 1e-12, "{hit:?}");
        }
    }
}
