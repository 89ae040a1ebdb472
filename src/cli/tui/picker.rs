//! A list to choose from, narrowed by what is typed.

use super::action::{Order, Topic};
use crate::coords::Vec3;
use crate::error::Result;
use crate::headphones;
use crate::render::Placement;
use crate::room::preset;
use std::path::{Path, PathBuf};

/// Files of a folder that are offered, at most.
const MOST_FILES: usize = 500;

/// One line of a list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub label: String,
    pub note: String,
    order: Order,
}

/// An open list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Picker {
    pub topic: Topic,
    pub query: String,
    /// What fits the query.
    pub shown: Vec<Item>,
    /// The one that would be chosen.
    pub at: usize,
    all: Vec<Item>,
}

impl Picker {
    /// A list for a topic; files are those of `folders`.
    pub(super) fn open(topic: Topic, folders: &[PathBuf]) -> Self {
        let all = match topic {
            Topic::Room => rooms(folders),
            Topic::Hrtf => heads(folders),
            Topic::Placement => placements(),
            Topic::Headphones => Vec::new(),
        };
        let mut picker = Self { topic, query: String::new(), shown: Vec::new(), at: 0, all };
        picker.narrow();
        picker
    }

    pub(super) fn title(&self) -> &'static str {
        match self.topic {
            Topic::Room => "Room",
            Topic::Hrtf => "Head (HRTF)",
            Topic::Placement => "Placement",
            Topic::Headphones => "Headphones",
        }
    }

    pub(super) fn type_char(&mut self, c: char) {
        if !c.is_control() && self.query.chars().count() < 200 {
            self.query.push(c);
            self.narrow();
        }
    }

    pub(super) fn erase(&mut self) {
        self.query.pop();
        self.narrow();
    }

    pub(super) fn clear(&mut self) {
        self.query.clear();
        self.narrow();
    }

    pub(super) fn scroll(&mut self, lines: isize) {
        let last = self.shown.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(lines).min(last);
    }

    /// What choosing means; a file that is typed or dropped counts as well.
    pub(super) fn choose(&self) -> Option<Order> {
        self.shown.get(self.at).map(|item| item.order.clone())
    }

    /// The order for a file of this list's kind.
    pub(super) fn of_file(&self, path: &Path) -> Option<Order> {
        let name = path.display().to_string();
        match self.topic {
            Topic::Room => Some(Order::Room(name)),
            Topic::Hrtf => Some(Order::Hrtf(name)),
            Topic::Headphones => Some(Order::Headphones(Some(name))),
            Topic::Placement => None,
        }
    }

    fn narrow(&mut self) {
        self.at = 0;
        if self.topic == Topic::Headphones {
            self.shown = models(&self.query);
            return;
        }
        let words: Vec<String> = self.query.to_lowercase().split_whitespace().map(str::to_string).collect();
        let fits = |item: &&Item| {
            let text = format!("{} {}", item.label, item.note).to_lowercase();
            words.iter().all(|w| text.contains(w))
        };
        self.shown = self.all.iter().filter(fits).cloned().collect();
    }
}

fn item(label: &str, note: &str, order: Order) -> Item {
    Item { label: label.to_string(), note: note.to_string(), order }
}

fn rooms(folders: &[PathBuf]) -> Vec<Item> {
    let mut all = vec![item("none", "the free field", Order::Room("none".to_string()))];
    for p in preset::all() {
        all.push(item(p.name, p.description, Order::Room(p.name.to_string())));
    }
    let files = files(folders, &["sofa", "toml", "wav"]);
    all.extend(files.map(|path| of_path(&path, Order::Room(path.display().to_string()))));
    all
}

fn heads(folders: &[PathBuf]) -> Vec<Item> {
    let built_in = crate::sofa::builtin_names().map(|n| item(n, "built in", Order::Hrtf(n.to_string())));
    let files = files(folders, &["sofa"]);
    built_in.chain(files.map(|path| of_path(&path, Order::Hrtf(path.display().to_string())))).collect()
}

fn placements() -> Vec<Item> {
    let ahead = Vec3::new(1.0, 0.0, 0.0);
    [
        ("usual", "by the number of channels", None),
        ("panorama", "stereo opened up into the room", Some(Placement::Panorama)),
        ("speakers", "each channel at its loudspeaker", Some(Placement::Speakers)),
        ("point", "all channels in one source ahead", Some(Placement::Point(ahead))),
        ("orbit", "a point circling the head", Some(Placement::Orbit(ahead, 8.0))),
        ("stereo", "as it is, in no room", Some(Placement::Stereo)),
    ]
    .into_iter()
    .map(|(name, note, place)| item(name, note, Order::Place(place)))
    .collect()
}

fn models(query: &str) -> Vec<Item> {
    let none = "none".contains(&query.trim().to_lowercase());
    let none = none.then(|| item("none", "no correction", Order::Headphones(None)));
    let model = |m: &headphones::Model| {
        let order = Order::Headphones(Some(m.title()));
        Item { label: m.name(), note: format!("{} {}", m.kind.name(), m.source), order }
    };
    none.into_iter().chain(headphones::search(query).into_iter().map(model)).collect()
}

fn of_path(path: &Path, order: Order) -> Item {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().map(|p| p.display().to_string()).unwrap_or_default();
    Item { label: name, note: folder, order }
}

/// The files of some folders that end like this, by name.
fn files(folders: &[PathBuf], endings: &[&str]) -> impl Iterator<Item = PathBuf> + use<> {
    let mut found = Vec::new();
    for folder in folders {
        // A folder that cannot be read offers nothing.
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        let mut here: Vec<PathBuf> = entries.flatten().take(100 * MOST_FILES).map(|e| e.path()).collect();
        here.retain(|p| ending(p).is_some_and(|e| endings.contains(&e.as_str())) && p.is_file());
        here.sort();
        found.extend(here);
    }
    found.dedup();
    found.truncate(MOST_FILES);
    found.into_iter()
}

pub(super) fn ending(path: &Path) -> Option<String> {
    path.extension().map(|e| e.to_string_lossy().to_lowercase())
}

/// What a file means that was dropped onto the terminal: a head, a room or a track. A SOFA file is told by its content,
/// and so is everything else, by what a decoder makes of it.
pub(super) fn dropped(path: &Path) -> Result<Order> {
    use crate::decode::{Kind, sniff};
    let name = path.display().to_string();
    let kind = if path.is_dir() { None } else { Some(sniff(path)?) };
    Ok(match (ending(path).as_deref(), kind) {
        (Some("sofa"), _) => {
            let head = crate::sofa::open(path);
            if head.is_ok() { Order::Hrtf(name) } else { Order::Room(name) }
        }
        (_, Some(Kind::Scene)) if crate::scene::RoomFile::open(path).is_ok() => Order::Room(name),
        _ => Order::Add(path.to_path_buf()),
    })
}

/// The path in a text that a terminal pastes when a file is dropped: quoted, escaped or as a `file://` address.
pub(super) fn path_of(text: &str) -> Option<PathBuf> {
    let text = text.trim();
    let quoted = |q: char| text.strip_prefix(q).and_then(|t| t.strip_suffix(q));
    let plain = match (quoted('\''), quoted('"')) {
        (Some(inner), _) => inner.replace("'\\''", "'"),
        (_, Some(inner)) => inner.to_string(),
        _ if text.starts_with("file://") => unescape_address(&text["file://".len()..]),
        _ if cfg!(windows) => text.to_string(),
        _ => {
            let mut out = String::new();
            let mut chars = text.chars();
            while let Some(c) = chars.next() {
                out.extend(if c == '\\' { chars.next() } else { Some(c) });
            }
            out
        }
    };
    [PathBuf::from(text), PathBuf::from(plain)].into_iter().find(|p| !p.as_os_str().is_empty() && p.exists())
}

fn unescape_address(text: &str) -> String {
    // A host in front of the path, as some file managers write it.
    let text = text.find('/').map_or(text, |at| &text[at..]);
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
        match (bytes[at], hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(a), Some(b)) => {
                out.push((16 * a + b) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_narrows_a_list_and_choosing_gives_what_is_marked() {
        let mut picker = Picker::open(Topic::Room, &[]);
        assert_eq!(picker.shown.len(), preset::all().len() + 1);
        "hall".chars().for_each(|c| picker.type_char(c));
        assert_eq!(picker.choose(), Some(Order::Room("concert-hall".to_string())));
        picker.clear();
        picker.scroll(1);
        assert_eq!(picker.choose(), Some(Order::Room(preset::all()[0].name.to_string())));
        picker.scroll(isize::MAX / 2);
        assert_eq!(picker.at, picker.shown.len() - 1);
        "no such room".chars().for_each(|c| picker.type_char(c));
        assert_eq!(picker.choose(), None);
    }

    #[test]
    fn every_headphone_in_the_list_opens() {
        let mut picker = Picker::open(Topic::Headphones, &[]);
        assert_eq!(picker.shown.len(), headphones::catalogue::all().len() + 1);
        assert_eq!(picker.choose(), Some(Order::Headphones(None)));
        "hd 650".chars().for_each(|c| picker.type_char(c));
        assert!(picker.shown.len() > 1 && picker.shown[0].label.contains("650"), "{:?}", picker.shown.first());
        for item in picker.shown.iter() {
            let Order::Headphones(Some(name)) = &item.order else { panic!("{item:?}") };
            let found = headphones::find(name).unwrap();
            assert_eq!(format!("{} ({})", item.label, found.source), *name);
        }
    }

    #[test]
    fn a_dropped_path_is_read_as_terminals_write_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("my head's.sofa");
        std::fs::write(&file, b"x").unwrap();
        let text = file.display().to_string();
        for written in [
            text.clone(),
            format!("{text}\n"),
            format!("'{}'", text.replace('\'', "'\\''")),
            format!("\"{text}\""),
            text.replace(' ', "\\ ").replace('\'', "\\'"),
            format!("file://{}", text.replace(' ', "%20").replace('\'', "%27")),
            format!("file://localhost{}", text.replace(' ', "%20")),
        ] {
            assert_eq!(path_of(&written).as_deref(), Some(file.as_path()), "{written}");
        }
        assert_eq!(path_of("no such file"), None);
        assert_eq!(path_of("  "), None);
    }
}
