//! Whether everything is inside the room. An image source of something outside a shoebox would be nonsense.

use super::node::{Node, Value};
use super::parts::{BedLayout, Place};
use super::reader::Reader;
use super::{BedInput, Scene};
use crate::coords::Vec3;
use crate::layout::Layout;

/// Notes everything outside the room. `places_around` says whether places around the listener are known.
pub(super) fn check(scene: &Scene, r: &Reader<'_>, places_around: bool) {
    let Some(room) = Inside::of(scene) else { return };
    let item = |list: &str, i: usize| match r.get(list).map(|n| &n.value) {
        Some(Value::List(items)) => items.get(i),
        _ => None,
    };
    let listener = r.get("listener");
    if places_around {
        if scene.listener.path.is_empty() || scene.listener.position.is_some() {
            let at = listener.and_then(|n| n.get("position"));
            room.look(r, at, "listener.position", scene.listener_pose().position);
        }
        for (i, key) in scene.listener.path.iter().enumerate() {
            if let Some(p) = key.position {
                room.look(r, path_key(listener, i), &format!("listener.path[{i}].position"), p);
            }
        }
    }
    for (i, source) in scene.sources.iter().enumerate().filter(|(_, s)| !s.head_locked) {
        let node = item("source", i);
        let name = format!("source[{i}]");
        match &source.place {
            Place::At(p) => room.look(r, node.and_then(|n| n.get("position")), &format!("{name}.position"), *p),
            Place::Path(keys) => {
                for (k, key) in keys.iter().enumerate() {
                    room.look(r, path_key(node, k), &format!("{name}.path[{k}].position"), key.at);
                }
            }
            Place::Polar(p) if places_around => {
                let at = node.and_then(|n| n.get("polar"));
                room.look(r, at, &format!("{name}.polar, which is"), scene.around(*p));
            }
            Place::PolarPath(keys) if places_around => {
                let (mut found, mut from) = (false, None);
                for (k, key) in keys.iter().enumerate() {
                    // Between keys the way is an arc, which may leave the room although its ends do not.
                    let way = super::convert::arc(from, key.at);
                    if let Some(p) = way.map(|p| scene.around(p)).find(|p| !room.has(*p))
                        && !found
                    {
                        found = true;
                        room.look(r, path_key(node, k), &format!("the way to {name}.path[{k}], by way of"), p);
                    }
                    from = Some(key.at);
                }
            }
            _ => {}
        }
    }
    let inputs = scene.bed_inputs();
    for (i, bed) in scene.beds.iter().enumerate().filter(|(_, b)| !b.head_locked && places_around) {
        let Some(BedLayout::Speakers(name)) = bed.layout else { continue };
        let node = item("bed", i);
        let at = node.and_then(|n| n.get("distance").or(n.get("position")).or(n.get("layout")));
        let outside = speakers(&inputs[i], name).into_iter().find(|(_, p)| !room.has(*p));
        if let Some((label, p)) = outside {
            room.look(r, at, &format!("loudspeaker {label} of bed[{i}] at"), p);
        }
    }
}

/// Labels and places of a bed's loudspeakers.
fn speakers(bed: &BedInput, name: &str) -> Vec<(&'static str, Vec3)> {
    let layout = (1..=64).find_map(|n| Layout::named(name, n).ok());
    let Some(Layout::Speakers { speakers, .. }) = layout else { return Vec::new() };
    let place = |s: &crate::layout::Speaker| bed.speaker(f64::from(s.azimuth), f64::from(s.elevation));
    speakers.iter().filter(|s| !s.lfe).map(|s| (s.label, place(s))).collect()
}

fn path_key(node: Option<&Node>, i: usize) -> Option<&Node> {
    let Some(Value::List(keys)) = node?.get("path").map(|n| &n.value) else { return None };
    let key = keys.get(i)?;
    key.get("position").or(key.get("polar")).or(Some(key))
}

/// The room that things are inside of.
struct Inside {
    size: [f64; 3],
    preset: Option<&'static str>,
}

impl Inside {
    fn of(scene: &Scene) -> Option<Self> {
        let spec = scene.room.as_ref()?;
        let size = spec.preset.map(|p| p.size).or(spec.size)?;
        Some(Self { size, preset: spec.preset.map(|p| p.name) })
    }

    fn has(&self, p: Vec3) -> bool {
        [p.x, p.y, p.z].iter().zip(self.size).all(|(x, size)| (0.0..=size).contains(x))
    }

    fn look(&self, r: &Reader<'_>, node: Option<&Node>, what: &str, p: Vec3) {
        if self.has(p) {
            return;
        }
        let round = |x: f64| (x * 1000.0).round() / 1000.0 + 0.0;
        let [x, y, z] = self.size;
        let which = self.preset.map_or("the room".to_string(), |name| format!("the room '{name}'"));
        let message = format!(
            "{what} [{}, {}, {}] is outside {which}, which is [0, {x}] x [0, {y}] x [0, {z}] m",
            round(p.x),
            round(p.y),
            round(p.z)
        );
        let hint = "one corner of the room is the origin; everything is inside, or the room larger";
        r.wrong(node.and_then(|n| n.at), message, Some(hint.to_string()));
    }
}
