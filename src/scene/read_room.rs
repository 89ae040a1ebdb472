//! The `[room]` table.

use super::parts::{RoomSpec, Surface};
use super::read::Files;
use super::reader::Reader;
use super::{near, node};
use crate::room::{MOST_ORDER, Wall, material, preset};

const KEYS: &[&str] = &[
    "preset",
    "file",
    "size",
    "material",
    "materials",
    "reflection_order",
    "air_absorption",
    "temperature_c",
    "humidity_percent",
    "late",
    "t60",
];

/// Reads the table `room`.
pub(super) fn room(parent: &Reader<'_>, files: &Files<'_>) -> Option<RoomSpec> {
    let node = parent.get("room")?;
    let r = Reader::new(node, parent.key("room"), KEYS, parent.mistakes())?;
    let preset_names = preset::all().iter().map(|p| p.name);
    let spec = RoomSpec {
        preset: r.one_of("preset", "room preset", preset::find, preset_names),
        file: r.text("file").map(str::to_string),
        size: r.three("size", 0.5, 1000.0),
        material: r.get("material").and_then(|n| surface(&r, n, &r.key("material"))),
        materials: materials(&r),
        reflection_order: r.whole("reflection_order", 0, MOST_ORDER as i64).map(|x| x as usize),
        air_absorption: r.flag("air_absorption"),
        temperature_c: r.number("temperature_c", -20.0, 50.0),
        humidity_percent: r.number("humidity_percent", 10.0, 100.0),
        late: r.flag("late"),
        t60: r.bands("t60", 0.05, 30.0),
    };
    together(&r);
    if let Some(file) = &spec.file {
        let at = r.get("file").and_then(|n| n.at);
        if file.to_ascii_lowercase().ends_with(".toml") {
            let hint = "copy its [room] table here, or give it on the command line with --room";
            r.wrong(at, format!("{} must be a measured room, .sofa or .wav", r.key("file")), Some(hint.to_string()));
        } else {
            files.check(&r, at, "file", file);
        }
    }
    Some(spec)
}

/// Keys that contradict each other or need each other.
fn together(r: &Reader<'_>) {
    for key in ["size", "material", "materials"] {
        r.contradict("preset", key, "a preset has its own size and walls: leave out one of the two");
    }
    for key in KEYS.iter().filter(|k| **k != "file") {
        r.contradict("file", key, "a measured room is as it was measured: leave out one of the two");
    }
    if r.has("preset") || r.has("file") {
        return;
    }
    if !r.has("size") {
        r.missing(
            format!("{} has no size", r.name),
            "give it size = [length, width, height], a preset, or the file of a measured room; or leave out [room]",
        );
    } else if !r.has("material") && !r.has("t60") {
        let given = |wall: &Wall| r.get("materials").and_then(|m| m.get(wall.name())).is_some();
        let bare: Vec<&str> = Wall::ALL.iter().filter(|w| !given(w)).map(|w| w.name()).collect();
        if !bare.is_empty() {
            r.missing(
                format!("{} does not say what its walls are made of: {}", r.name, bare.join(", ")),
                "give it a material for all, materials for each, or t60",
            );
        }
    }
}

fn materials(r: &Reader<'_>) -> [Option<Surface>; 6] {
    let mut all = [None; 6];
    let Some(node) = r.get("materials") else { return all };
    let names = Wall::ALL.map(Wall::name);
    let Some(m) = Reader::new(node, r.key("materials"), &names, r.mistakes()) else { return all };
    for (slot, name) in all.iter_mut().zip(names) {
        *slot = m.get(name).and_then(|n| surface(&m, n, &m.key(name)));
    }
    all
}

/// A material's name, one coefficient, or seven.
fn surface(r: &Reader<'_>, node: &node::Node, name: &str) -> Option<Surface> {
    let node::Value::Text(text) = &node.value else {
        return r.bands_of(node, name, 0.0, 1.0).map(Surface::Absorption);
    };
    let found = Surface::named(text);
    if found.is_none() {
        let known = || material::all().iter().flat_map(|m| std::iter::once(&m.name).chain(m.aliases).copied());
        let hint = match near::nearest(text, known()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!(
                "choose one of: {}; or give its absorption, one number from 0 to 1 or seven",
                material::all().iter().map(|m| m.name).collect::<Vec<_>>().join(", ")
            ),
        };
        r.wrong(node.at, format!("there is no material '{text}' ({name})"), Some(hint));
    }
    found
}
