//! A list to choose from, narrowed by what is typed.

use super::action::{Order, Topic};
use super::dropped::{self, ending, name_of};
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
    /// What choosing it means, or why it cannot be chosen.
    order: Result<Order, String>,
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

    /// What choosing means, or why it means nothing.
    pub(super) fn choose(&self) -> Result<Order, String> {
        let nothing = || format!("nothing matches '{}': erase some of it, or leave with esc", self.query);
        self.shown.get(self.at).map_or_else(|| Err(nothing()), |item| item.order.clone())
    }

    /// The order for a file of this list's kind.
    pub(super) fn of_file(&self, path: &Path) -> Option<Result<Order>> {
        let order = match self.topic {
            Topic::Room => |name| Order::Room(Some(name)),
            Topic::Hrtf => Order::Hrtf,
            Topic::Headphones => |name| Order::Headphones(Some(name)),
            Topic::Placement => return None,
        };
        Some(name_of(path).map(order))
    }

    /// The file whose path is typed, if there is one.
    fn typed(&self) -> Option<Item> {
        let path = dropped::path_of(&self.query).filter(|p| p.is_file())?;
        Some(Item { note: "this file".to_string(), ..of_path(&path, self.of_file(&path)?) })
    }

    fn narrow(&mut self) {
        self.at = 0;
        self.shown = if self.topic == Topic::Headphones { models(&self.query) } else { self.matching() };
        // A word may be a file's name by chance; a path is meant.
        let is_path = self.query.contains(std::path::MAIN_SEPARATOR);
        if (is_path || self.shown.is_empty())
            && let Some(file) = self.typed()
        {
            self.shown.insert(0, file);
        }
    }

    fn matching(&self) -> Vec<Item> {
        let words: Vec<String> = self.query.to_lowercase().split_whitespace().map(str::to_string).collect();
        let fits = |item: &&Item| {
            let text = format!("{} {}", item.label, item.note).to_lowercase();
            words.iter().all(|w| text.contains(w))
        };
        self.all.iter().filter(fits).cloned().collect()
    }
}

fn item(label: &str, note: &str, order: Order) -> Item {
    Item { label: label.to_string(), note: note.to_string(), order: Ok(order) }
}

fn rooms(folders: &[PathBuf]) -> Vec<Item> {
    let named = |name: String| Order::Room(Some(name));
    let mut all = vec![
        item("usual", "the placement's, or the scene's own", Order::Room(None)),
        item("none", "the free field", named("none".to_string())),
    ];
    for p in preset::all() {
        all.push(item(p.name, p.description, named(p.name.to_string())));
    }
    let files = files(folders, &["sofa", "toml", "wav"]);
    all.extend(files.map(|path| of_path(&path, name_of(&path).map(named))));
    all
}

fn heads(folders: &[PathBuf]) -> Vec<Item> {
    let built_in = crate::sofa::builtin_names().map(|n| item(n, "built in", Order::Hrtf(n.to_string())));
    let files = files(folders, &["sofa"]);
    built_in.chain(files.map(|path| of_path(&path, name_of(&path).map(Order::Hrtf)))).collect()
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
        item(&m.name(), &format!("{} {}", m.kind.name(), m.source), order)
    };
    none.into_iter().chain(headphones::search(query).into_iter().map(model)).collect()
}

fn of_path(path: &Path, order: Result<Order>) -> Item {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().map(|p| p.display().to_string()).unwrap_or_default();
    Item { label: name, note: folder, order: order.map_err(|e| dropped::told(&e)) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_narrows_a_list_and_choosing_gives_what_is_marked() {
        let mut picker = Picker::open(Topic::Room, &[]);
        assert_eq!(picker.shown.len(), preset::all().len() + 2);
        "hall".chars().for_each(|c| picker.type_char(c));
        assert_eq!(picker.choose(), Ok(Order::Room(Some("concert-hall".to_string()))));
        picker.clear();
        picker.scroll(2);
        assert_eq!(picker.choose(), Ok(Order::Room(Some(preset::all()[0].name.to_string()))));
        picker.scroll(isize::MAX / 2);
        assert_eq!(picker.at, picker.shown.len() - 1);
        "no such room".chars().for_each(|c| picker.type_char(c));
        assert!(picker.choose().unwrap_err().contains("nothing matches 'no such room'"));
    }

    #[test]
    fn every_headphone_in_the_list_opens() {
        let mut picker = Picker::open(Topic::Headphones, &[]);
        assert_eq!(picker.shown.len(), headphones::catalogue::all().len() + 1);
        assert_eq!(picker.choose(), Ok(Order::Headphones(None)));
        "hd 650".chars().for_each(|c| picker.type_char(c));
        assert!(picker.shown.len() > 1 && picker.shown[0].label.contains("650"), "{:?}", picker.shown.first());
        for item in picker.shown.iter() {
            let Ok(Order::Headphones(Some(name))) = &item.order else { panic!("{item:?}") };
            let found = headphones::find(name).unwrap();
            assert_eq!(format!("{} ({})", item.label, found.source), *name);
        }
    }

    #[test]
    fn a_file_that_is_typed_is_what_the_list_is_of() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("My Room.toml");
        std::fs::write(&file, "x").unwrap();
        let name = file.to_str().unwrap().to_string();
        let typed = |topic: Topic, text: &str| {
            let mut picker = Picker::open(topic, &[]);
            text.chars().for_each(|c| picker.type_char(c));
            picker.choose()
        };
        assert_eq!(typed(Topic::Room, &name), Ok(Order::Room(Some(name.clone()))));
        assert_eq!(typed(Topic::Hrtf, &name), Ok(Order::Hrtf(name.clone())));
        assert_eq!(typed(Topic::Headphones, &name), Ok(Order::Headphones(Some(name.clone()))));
        assert!(typed(Topic::Placement, &name).unwrap_err().contains("nothing matches"));
        assert!(typed(Topic::Room, &name[..name.len() - 1]).unwrap_err().contains("nothing matches"));
        assert!(typed(Topic::Room, dir.path().to_str().unwrap()).is_err(), "a folder is no room");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_whose_name_is_not_unicode_is_listed_and_refused_with_the_reason() {
        use std::os::unix::ffi::OsStrExt;
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.sofa")), "x").unwrap();
        let mut picker = Picker::open(Topic::Hrtf, &[dir.path().to_path_buf()]);
        "caf".chars().for_each(|c| picker.type_char(c));
        assert!(picker.choose().unwrap_err().contains("not Unicode"), "{:?}", picker.choose());
    }
}
