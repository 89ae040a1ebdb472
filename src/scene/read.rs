//! A scene from its tree, and everything that is wrong with it.

use super::geometry;
use super::node::{Node, Value};
use super::parts::{
    Angles, Bed, BedLayout, Channel, Facing, Listener, ListenerKey, Place, Polar, Source, SourceKey, stem,
};
use super::read_room;
use super::reader::{Mistake, Mistakes, Reader};
use super::{FORMAT, Scene, SceneError, SceneErrors};
use crate::layout::Layout;
use crate::room::SPEED_OF_SOUND;
use crate::room::directivity::Directivity;
use std::collections::HashMap;
use std::path::PathBuf;

/// Seconds: more than eleven days.
const LONGEST: f64 = 1e6;

/// How a scene is read.
#[derive(Default)]
pub(super) struct Options<'a> {
    pub base_dir: PathBuf,
    pub files: Files<'a>,
}

/// What is wrong with a file, and a hint; nothing if it is there. Takes its name as it is written.
pub(super) type Look<'a> = &'a dyn Fn(&str) -> Option<(String, String)>;

/// Whether files are there; by default every one is.
#[derive(Default)]
pub(super) struct Files<'a> {
    pub look: Option<Look<'a>>,
}

impl Files<'_> {
    /// Notes a file that is not there.
    pub(super) fn check(&self, r: &Reader<'_>, at: Option<usize>, key: &str, name: &str) {
        if r.mistakes().is_full() {
            return;
        }
        if let Some((what, hint)) = self.look.and_then(|look| look(name)) {
            r.wrong(at, format!("{}: {what}", r.key(key)), Some(hint));
        }
    }
}

/// Reads a scene; the places of mistakes are bytes of the text.
pub(super) fn mistakes(document: &Node, options: &Options<'_>) -> Result<Scene, Vec<Mistake>> {
    let all = Mistakes::default();
    let scene = top(document, options, &all);
    match (scene, all.len()) {
        (Some(scene), 0) => Ok(scene),
        _ => Err(all.into_inner()),
    }
}

/// The same without a text.
pub(super) fn scene(document: &Node, options: &Options<'_>) -> Result<Scene, SceneErrors> {
    mistakes(document, options).map_err(|all| {
        let error = |m: Mistake| SceneError { place: None, message: m.message, hint: m.hint };
        SceneErrors::new(all.into_iter().map(error).collect())
    })
}

const KEYS: &[&str] =
    &["format", "sample_rate", "duration", "speed_of_sound", "propagation", "listener", "room", "source", "bed"];

fn top(document: &Node, options: &Options<'_>, all: &Mistakes) -> Option<Scene> {
    // What a later version means by its keys is not for this one to judge.
    if let Some(Value::Integer(version)) = document.get("format").map(|n| &n.value)
        && *version > FORMAT
    {
        let at = document.get("format").and_then(|n| n.at);
        let message = format!("the scene is of format {version}; this version reads format {FORMAT}");
        let hint = Some("a newer periphon reads it".to_string());
        all.add(Mistake { at, message, hint, missing: false });
        return None;
    }
    let r = Reader::new(document, "", KEYS, all)?;
    if r.has("format") {
        r.whole("format", 1, FORMAT);
    } else {
        r.missing("the scene does not say its format".to_string(), "begin it with the line: format = 1");
    }
    let before_room = all.len();
    let room = read_room::room(&r, &options.files);
    let room_is_good = all.len() == before_room;
    let listener = r.get("listener").map_or_else(Default::default, |n| listener(n, &r));
    let listener_is_good = all.len() == before_room;
    let scene = Scene {
        sample_rate: r.whole("sample_rate", 8000, 384_000).map(|x| x as u32),
        duration: r.number("duration", 0.001, LONGEST),
        speed_of_sound: r.number("speed_of_sound", 100.0, 2000.0).unwrap_or(SPEED_OF_SOUND),
        propagation: r.flag("propagation").unwrap_or(true),
        listener,
        room,
        sources: r.tables("source").into_iter().filter_map(|(name, n)| source(n, name, &r, &options.files)).collect(),
        beds: r.tables("bed").into_iter().filter_map(|(name, n)| bed(n, name, &r, &options.files)).collect(),
        base_dir: options.base_dir.clone(),
    };
    unique_ids(&r);
    // What could not be read cannot be looked at; and where the room is in doubt, nothing is outside it.
    let whole = scene.sources.len() == r.tables("source").len() && scene.beds.len() == r.tables("bed").len();
    if whole && room_is_good {
        geometry::check(&scene, &r, listener_is_good);
    }
    Some(scene)
}

fn unique_ids(r: &Reader<'_>) {
    let mut seen: HashMap<&str, String> = HashMap::new();
    let Some(Value::List(items)) = r.get("source").map(|n| &n.value) else { return };
    for (i, node) in items.iter().enumerate() {
        let text = |key: &str| match node.get(key).map(|n| &n.value) {
            Some(Value::Text(t)) => Some(t.as_str()),
            _ => None,
        };
        let Some(id) = text("id").or_else(|| text("file").map(stem)) else { continue };
        if let Some(first) = seen.get(id) {
            let at = node.get("id").or(node.get("file")).and_then(|n| n.at);
            let hint = if text("id").is_some() { "choose another id" } else { "give each an id of its own" };
            r.wrong(at, format!("source[{i}] has the id '{id}' of {first}"), Some(hint.to_string()));
        } else {
            seen.insert(id, format!("source[{i}]"));
        }
    }
}

fn listener(node: &Node, parent: &Reader<'_>) -> Listener {
    let keys = ["position", "orientation", "path"];
    let Some(r) = Reader::new(node, "listener", &keys, parent.mistakes()) else { return Listener::default() };
    let mut path = Vec::new();
    let tables = r.tables("path");
    for (name, node) in &tables {
        let Some(k) = Reader::new(node, name.clone(), &["t", "position", "orientation"], r.mistakes()) else {
            continue;
        };
        path.push(ListenerKey {
            t: time(&k),
            position: k.point("position"),
            orientation: k.get("orientation").and_then(|n| angles(n, &k)),
        });
    }
    rising(&tables, &r);
    for key in ["position", "orientation"] {
        let with: Vec<bool> = tables.iter().map(|(_, n)| n.get(key).is_some()).collect();
        if let (Some(first), true) = (with.first(), with.iter().any(|w| *w != with[0])) {
            let i = with.iter().position(|w| w != first).unwrap_or(0);
            let i = if with[i] { 0 } else { i };
            let message = format!("listener.path[{i}] has no {key}, other keys of the path have one");
            r.wrong(tables[i].1.at, message, Some("give it in every key or in none".to_string()));
        } else if with.first() == Some(&true) && r.has(key) {
            let message = format!("listener.{key} and listener.path do not go together");
            let hint = format!("leave out listener.{key}: each key of the path has its own");
            r.wrong(r.key_at(key), message, Some(hint));
        }
    }
    Listener {
        position: r.point("position"),
        orientation: r.get("orientation").and_then(|n| angles(n, &r)).unwrap_or_default(),
        path,
    }
}

fn angles(node: &Node, parent: &Reader<'_>) -> Option<Angles> {
    let r = Reader::new(node, parent.key("orientation"), &["yaw", "pitch", "roll"], parent.mistakes())?;
    Some(Angles {
        yaw: r.number("yaw", -360.0, 360.0).unwrap_or(0.0),
        pitch: r.number("pitch", -180.0, 180.0).unwrap_or(0.0),
        roll: r.number("roll", -180.0, 180.0).unwrap_or(0.0),
    })
}

fn time(r: &Reader<'_>) -> f64 {
    if !r.has("t") {
        r.missing(format!("{} has no time", r.name), "give it t = seconds");
    }
    r.number("t", 0.0, LONGEST).unwrap_or(0.0)
}

/// Times of keys must rise.
fn rising(keys: &[(String, &Node)], r: &Reader<'_>) {
    let number = |n: &Node| match n.get("t").map(|t| &t.value) {
        Some(Value::Float(x)) => Some(*x),
        Some(Value::Integer(i)) => Some(*i as f64),
        _ => None,
    };
    for pair in keys.windows(2) {
        if let (Some(before), Some(t)) = (number(pair[0].1), number(pair[1].1))
            && t <= before
        {
            let at = pair[1].1.get("t").and_then(|n| n.at);
            let message = format!("{}.t must come after the key before it at {before} s, not at {t} s", pair[1].0);
            r.wrong(at, message, Some("sort the keys by time; two keys cannot have the same".to_string()));
        }
    }
}

/// What sources and beds have in common: file, gain, start, loop.
fn common(r: &Reader<'_>, files: &Files<'_>) -> Option<(String, f64, f64, bool)> {
    if !r.has("file") {
        r.missing(format!("{} has no file", r.name), "give it file = \"NAME\", relative to the scene file");
    }
    let file = r.text("file");
    let gain = r.number("gain_db", -120.0, 60.0).unwrap_or(0.0);
    let start = r.number("start", 0.0, LONGEST).unwrap_or(0.0);
    let looped = r.flag("loop").unwrap_or(false);
    files.check(r, r.get("file").and_then(|n| n.at), "file", file?);
    Some((file?.to_string(), gain, start, looped))
}

const SOURCE_KEYS: &[&str] = &[
    "id",
    "file",
    "channel",
    "position",
    "polar",
    "path",
    "gain_db",
    "start",
    "loop",
    "directivity",
    "facing",
    "spread",
    "head_locked",
];

fn source(node: &Node, name: String, parent: &Reader<'_>, files: &Files<'_>) -> Option<Source> {
    let r = Reader::new(node, name, SOURCE_KEYS, parent.mistakes())?;
    let common = common(&r, files);
    let id = r.text("id");
    let channel = channel(&r);
    let head_locked = r.flag("head_locked").unwrap_or(false);
    let place = place(&r, head_locked);
    let patterns = Directivity::ALL.iter().map(|d| d.name());
    let directivity = r.one_of("directivity", "directivity", Directivity::find, patterns).unwrap_or_default();
    let facing = r.get("facing").and_then(|n| {
        let f = Reader::new(n, r.key("facing"), &["yaw", "pitch"], r.mistakes())?;
        let number = |key, limit: f64| f.number(key, -limit, limit).unwrap_or(0.0);
        Some(Facing { yaw: number("yaw", 360.0), pitch: number("pitch", 90.0) })
    });
    let spread = r.number("spread", 0.0, 360.0).unwrap_or(0.0);
    let (file, gain_db, start, looped) = common?;
    Some(Source {
        id: id.unwrap_or_else(|| stem(&file)).to_string(),
        file,
        channel,
        place: place?,
        gain_db,
        start,
        looped,
        directivity,
        facing,
        spread,
        head_locked,
    })
}

fn channel(r: &Reader<'_>) -> Channel {
    match r.get("channel").map(|n| (&n.value, n.at)) {
        Some((Value::Text(t), at)) if t != "sum" => {
            let hint = "\"sum\", or the channel's number counted from 0".to_string();
            r.wrong(at, format!("there is no channel '{t}' ({})", r.key("channel")), Some(hint));
            Channel::Sum
        }
        None | Some((Value::Text(_), _)) => Channel::Sum,
        Some(_) => r.whole("channel", 0, 1023).map_or(Channel::Sum, |i| Channel::Index(i as usize)),
    }
}

fn place(r: &Reader<'_>, head_locked: bool) -> Option<Place> {
    let hint = "a source has one of position, polar and path";
    let mut two = false;
    for (key, other) in [("position", "polar"), ("position", "path"), ("polar", "path")] {
        two |= r.contradict(key, other, hint);
    }
    if head_locked && !two && (r.has("position") || r.tables("path").iter().any(|(_, n)| n.get("position").is_some())) {
        let message = format!("{} needs polar: a position is a place in the world", r.key("head_locked"));
        let hint = "write polar = { azimuth = 0, elevation = 0, distance = 1 } instead".to_string();
        r.wrong(r.key_at("head_locked"), message, Some(hint));
    }
    if r.has("position") {
        return r.point("position").map(Place::At);
    }
    if let Some(node) = r.get("polar") {
        return polar(node, r, 360.0).map(Place::Polar);
    }
    let tables = r.tables("path");
    if tables.is_empty() {
        if !r.has("path") {
            r.missing(format!("{} has no place", r.name), "give it position = [x, y, z], polar, or a path");
        } else if matches!(r.get("path").map(|n| &n.value), Some(Value::List(_))) {
            r.missing(format!("{} needs at least one key", r.key("path")), "give each key a t and a position");
        }
        return None;
    }
    path(r, &tables)
}

fn path(r: &Reader<'_>, tables: &[(String, &Node)]) -> Option<Place> {
    rising(tables, r);
    let is_polar = tables[0].1.get("polar").is_some();
    let (mut points, mut polars) = (Vec::new(), Vec::new());
    for (name, node) in tables {
        let Some(k) = Reader::new(node, name.clone(), &["t", "position", "polar"], r.mistakes()) else { continue };
        let t = time(&k);
        if k.contradict("position", "polar", "a key has one of the two") {
            continue;
        }
        if is_polar && k.has("position") || !is_polar && k.has("polar") {
            let message = format!("{name} mixes position and polar with the other keys of the path");
            r.wrong(k.at(), message, Some("use the same in all keys".to_string()));
        } else if let Some(node) = k.get("polar") {
            // Turns are counted, so more than one may be asked for.
            polars.extend(polar(node, &k, 36_000.0).map(|at| SourceKey { t, at }));
        } else if k.has("position") {
            points.extend(k.point("position").map(|at| SourceKey { t, at }));
        } else {
            k.missing(format!("{name} has no position"), "give it position = [x, y, z] or polar");
        }
    }
    Some(if is_polar { Place::PolarPath(polars) } else { Place::Path(points) })
}

fn polar(node: &Node, parent: &Reader<'_>, turns: f64) -> Option<Polar> {
    let r = Reader::new(node, parent.key("polar"), &["azimuth", "elevation", "distance"], parent.mistakes())?;
    Some(Polar {
        azimuth: r.number("azimuth", -turns, turns).unwrap_or(0.0),
        elevation: r.number("elevation", -90.0, 90.0).unwrap_or(0.0),
        distance: r.number("distance", 0.01, 10_000.0).unwrap_or(1.0),
    })
}

fn bed(node: &Node, name: String, parent: &Reader<'_>, files: &Files<'_>) -> Option<Bed> {
    let keys = ["file", "layout", "head_locked", "position", "distance", "gain_db", "start", "loop"];
    let r = Reader::new(node, name, &keys, parent.mistakes())?;
    let common = common(&r, files);
    let known = Layout::names().chain(std::iter::once("ambix"));
    let layout = layout(&r, known.collect::<Vec<_>>());
    let head_locked = r.flag("head_locked").unwrap_or(false);
    let (position, distance) = (r.point("position"), r.number("distance", 0.1, 10_000.0));
    for key in ["position", "distance"] {
        if layout == Some(BedLayout::Ambix) && r.has(key) {
            let hint = "a sound field has the listener in its middle: leave it out".to_string();
            r.wrong(r.key_at(key), format!("{} and the layout ambix do not go together", r.key(key)), Some(hint));
        }
    }
    if head_locked {
        r.contradict("head_locked", "position", "a bed that goes with the head has no place in the world");
    }
    let (file, gain_db, start, looped) = common?;
    Some(Bed { file, layout, head_locked, position, distance, gain_db, start, looped })
}

fn layout(r: &Reader<'_>, known: Vec<&'static str>) -> Option<BedLayout> {
    let text = r.text("layout")?;
    let found = BedLayout::find(text);
    if found.is_none() {
        let lower = text.to_ascii_lowercase();
        if ["ambi", "hoa", "foa", "toa", "b-format", "acn", "fuma"].iter().any(|w| lower.contains(w)) {
            let hint = "write \"ambix\" (ACN, SN3D); the order follows from the number of channels".to_string();
            r.wrong(r.get("layout")?.at, format!("there is no layout '{text}'"), Some(hint));
        } else {
            r.unknown(r.get("layout")?.at, "layout", text, known.into_iter());
        }
    }
    found
}
