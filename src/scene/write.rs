//! A scene as a tree: what differs from what it is without being written, in a fixed order.

use super::node::{Node, Table, Value};
use super::parts::{Angles, Bed, Channel, Listener, Place, Polar, RoomSpec, Source, Surface, stem};
use super::{FORMAT, Scene};
use crate::coords::Vec3;
use crate::room::{SPEED_OF_SOUND, Wall};

/// The whole scene.
pub(super) fn scene(scene: &Scene) -> Node {
    let mut t = Table::default();
    t.put("format", FORMAT);
    t.put_some("sample_rate", scene.sample_rate.map(i64::from));
    t.put_some("duration", scene.duration);
    t.put_unless("speed_of_sound", scene.speed_of_sound, SPEED_OF_SOUND);
    t.put_unless("propagation", scene.propagation, true);
    let listener = listener(&scene.listener);
    if !listener.is_empty() {
        t.put("listener", listener);
    }
    t.put_some("room", scene.room.as_ref().map(room));
    list(&mut t, "source", scene.sources.iter().map(source).collect());
    list(&mut t, "bed", scene.beds.iter().map(bed).collect());
    t.into()
}

fn list(t: &mut Table, key: &str, items: Vec<Node>) {
    if !items.is_empty() {
        t.put(key, Value::List(items));
    }
}

fn point(p: Vec3) -> Node {
    Node::from(&[p.x, p.y, p.z][..])
}

fn angles(a: &Angles) -> Node {
    let mut t = Table::default();
    t.put_unless("yaw", a.yaw, 0.0);
    t.put_unless("pitch", a.pitch, 0.0);
    t.put_unless("roll", a.roll, 0.0);
    t.into()
}

fn polar(p: &Polar) -> Node {
    let mut t = Table::default();
    t.put("azimuth", p.azimuth);
    t.put_unless("elevation", p.elevation, 0.0);
    t.put_unless("distance", p.distance, 1.0);
    t.into()
}

fn listener(l: &Listener) -> Table {
    let mut t = Table::default();
    t.put_some("position", l.position.map(point));
    if l.orientation != Angles::default() {
        t.put("orientation", angles(&l.orientation));
    }
    let key = |k: &super::ListenerKey| {
        let mut t = Table::default();
        t.put("t", k.t);
        t.put_some("position", k.position.map(point));
        t.put_some("orientation", k.orientation.as_ref().map(angles));
        t.into()
    };
    list(&mut t, "path", l.path.iter().map(key).collect());
    t
}

/// The table `room`.
pub(super) fn room(spec: &RoomSpec) -> Node {
    let mut t = Table::default();
    t.put_some("preset", spec.preset.map(|p| p.name));
    t.put_some("file", spec.file.as_deref());
    t.put_some("size", spec.size.as_ref().map(|s| &s[..]));
    t.put_some("material", spec.material.as_ref().map(surface));
    let mut walls = Table::default();
    for (wall, own) in Wall::ALL.iter().zip(&spec.materials) {
        walls.put_some(wall.name(), own.as_ref().map(surface));
    }
    if !walls.is_empty() {
        t.put("materials", walls);
    }
    t.put_some("reflection_order", spec.reflection_order.map(|n| n as i64));
    t.put_some("air_absorption", spec.air_absorption);
    t.put_some("temperature_c", spec.temperature_c);
    t.put_some("humidity_percent", spec.humidity_percent);
    t.put_some("late", spec.late);
    t.put_some("t60", spec.t60.as_ref().map(|b| bands(b)));
    t.into()
}

fn bands(all: &[f64]) -> Node {
    if all.iter().all(|x| x == &all[0]) { all[0].into() } else { all.into() }
}

fn surface(s: &Surface) -> Node {
    match s {
        Surface::Material(m) => m.name.into(),
        Surface::Absorption(a) => bands(a),
    }
}

fn path<T>(keys: &[super::SourceKey<T>], name: &str, of: impl Fn(&T) -> Node) -> Node {
    let key = |k: &super::SourceKey<T>| {
        let mut t = Table::default();
        t.put("t", k.t);
        t.put(name, of(&k.at));
        t.into()
    };
    Value::List(keys.iter().map(key).collect()).into()
}

fn source(s: &Source) -> Node {
    let mut t = Table::default();
    t.put_unless("id", s.id.as_str(), stem(&s.file));
    t.put("file", s.file.as_str());
    if let Channel::Index(i) = s.channel {
        t.put("channel", i as i64);
    }
    match &s.place {
        Place::At(p) => t.put("position", point(*p)),
        Place::Polar(p) => t.put("polar", polar(p)),
        Place::Path(keys) => t.put("path", path(keys, "position", |p| point(*p))),
        Place::PolarPath(keys) => t.put("path", path(keys, "polar", polar)),
    }
    ending(&mut t, s.gain_db, s.start, s.looped);
    t.put_unless("directivity", s.directivity.name(), "omni");
    t.put_some(
        "facing",
        s.facing.map(|f| {
            let mut t = Table::default();
            t.put("yaw", f.yaw);
            t.put_unless("pitch", f.pitch, 0.0);
            Node::from(t)
        }),
    );
    t.put_unless("spread", s.spread, 0.0);
    t.put_unless("head_locked", s.head_locked, false);
    t.into()
}

fn bed(b: &Bed) -> Node {
    let mut t = Table::default();
    t.put("file", b.file.as_str());
    t.put_some("layout", b.layout.map(|l| l.name()));
    t.put_unless("head_locked", b.head_locked, false);
    t.put_some("position", b.position.map(point));
    t.put_some("distance", b.distance);
    ending(&mut t, b.gain_db, b.start, b.looped);
    t.into()
}

fn ending(t: &mut Table, gain_db: f64, start: f64, looped: bool) {
    t.put_unless("gain_db", gain_db, 0.0);
    t.put_unless("start", start, 0.0);
    t.put_unless("loop", looped, false);
}
