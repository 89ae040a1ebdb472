//! Scenes and room files from TOML.

use super::node::{Key, Node, Value};
use super::parts::RoomSpec;
use super::read::{self, Files, Options};
use super::read_room;
use super::reader::{MOST, Mistake, Mistakes, Reader};
use super::{Scene, SceneError, SceneErrors};
use crate::coords::Vec3;
use crate::error::ErrorKind;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A longer text is no scene.
const MOST_BYTES: u64 = 4 << 20;

impl Scene {
    /// Reads a scene. `base_dir` is the folder that its paths are relative to; whether the files are there is not looked
    /// at.
    ///
    /// # Errors
    /// Every mistake with its line and column.
    pub fn parse(text: &str, base_dir: impl AsRef<Path>) -> Result<Self, SceneErrors> {
        let options = Options { base_dir: base_dir.as_ref().to_path_buf(), files: Files::default() };
        from_text(text, |document| read::mistakes(document, &options))
    }

    /// Reads a scene from a file, and looks whether the files that it names are there.
    ///
    /// # Errors
    /// Every mistake with its line and column; one of kind `Io` if the file cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SceneErrors> {
        let path = path.as_ref();
        let look = |name: &str| missing(folder(path), name);
        Self::from_file(path, Files { look: Some(&look) })
    }

    /// Reads a scene from a file; whether the files that it names are there is not looked at.
    ///
    /// # Errors
    /// As [`Scene::open`].
    pub fn open_without_files(path: impl AsRef<Path>) -> Result<Self, SceneErrors> {
        Self::from_file(path.as_ref(), Files::default())
    }

    fn from_file(path: &Path, files: Files<'_>) -> Result<Self, SceneErrors> {
        let options = Options { base_dir: folder(path).to_path_buf(), files };
        let read = |text: String| from_text(&text, |document| read::mistakes(document, &options));
        text(path).and_then(read).map_err(|e| SceneErrors { path: Some(path.to_path_buf()), ..e })
    }
}

/// What a file's paths are relative to.
fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// A room on its own, as `--room FILE.toml` has it: the table `[room]` of a scene, and perhaps where the listener is.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomFile {
    /// The room.
    pub room: RoomSpec,
    /// Where the listener is, metres.
    pub listener: Option<Vec3>,
}

impl RoomFile {
    /// Reads a room file.
    ///
    /// # Errors
    /// Every mistake with its line and column.
    pub fn parse(text: &str) -> Result<Self, SceneErrors> {
        from_text(text, |document| room_file(document, &Files::default()))
    }

    /// Reads a room file from a file; the file of a measured room must be there.
    ///
    /// # Errors
    /// As [`Scene::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SceneErrors> {
        let path = path.as_ref();
        let base_dir = path.parent().unwrap_or(Path::new(""));
        let look = |name: &str| missing(base_dir, name);
        let read = |text: String| from_text(&text, |document| room_file(document, &Files { look: Some(&look) }));
        text(path).and_then(read).map_err(|e| SceneErrors { path: Some(path.to_path_buf()), ..e })
    }
}

fn room_file(document: &Node, files: &Files<'_>) -> Result<RoomFile, Vec<Mistake>> {
    let all = Mistakes::default();
    let file = read_room_file(document, files, &all);
    match (file, all.len()) {
        (Some(file), 0) => Ok(file),
        _ => Err(all.into_inner()),
    }
}

fn read_room_file(document: &Node, files: &Files<'_>, all: &Mistakes) -> Option<RoomFile> {
    let r = Reader::new(document, "", &["format", "listener", "room"], all)?;
    r.whole("format", 1, super::FORMAT);
    if !r.has("room") {
        r.missing("the room file has no [room]".to_string(), "begin it with the line: [room]");
    }
    let room = read_room::room(&r, files);
    let listener = r.get("listener").and_then(|n| Reader::new(n, "listener", &["position"], all)?.point("position"));
    let file = RoomFile { room: room?, listener };
    if all.len() == 0 && file.listener.is_some() {
        let mut scene = Scene::new().room(file.room.clone());
        scene.listener.position = file.listener;
        super::geometry::check(&scene, &r, true);
    }
    Some(file)
}

/// The text of a file.
fn text(path: &Path) -> Result<String, SceneErrors> {
    let failed = |kind, message: String, hint: Option<&str>| {
        let error = SceneError { place: None, message, hint: hint.map(str::to_string) };
        SceneErrors { kind, ..SceneErrors::new(vec![error]) }
    };
    let io = |e: std::io::Error| {
        let why = e.to_string();
        failed(ErrorKind::Io, format!("cannot read the scene: {}", why.split(" (os").next().unwrap_or("")), None)
    };
    if std::fs::metadata(path).map_err(io)?.len() > MOST_BYTES {
        return Err(failed(ErrorKind::Limit, format!("a scene has {} MB at most", MOST_BYTES >> 20), None));
    }
    let bytes = std::fs::read(path).map_err(io)?;
    String::from_utf8(bytes).map_err(|e| {
        let good = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let mut all = failed(
            ErrorKind::Argument,
            "the text is not Unicode (UTF-8) from here on".to_string(),
            Some("save it as UTF-8 with your editor"),
        );
        all.errors[0].place = Some(line_and_column(&String::from_utf8_lossy(good), good.len()));
        all
    })
}

/// What is wrong with the file `name`, and a hint.
fn missing(folder: &Path, name: &str) -> Option<(String, String)> {
    let path = folder.join(name);
    let what = match std::fs::metadata(&path) {
        Ok(m) if m.is_dir() => "is a directory, not a file",
        Ok(_) => return None,
        Err(_) => "is not there",
    };
    let near = neighbour(&path).map_or(String::new(), |near| format!("did you mean '{near}'? "));
    Some((format!("the file '{name}' {what}"), format!("{near}paths are relative to the scene file")))
}

/// The file of the same folder with the most similar name.
fn neighbour(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).ok()?;
    let mut names: Vec<String> =
        entries.flatten().take(1000).map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    super::nearest(&name, names.iter().map(String::as_str)).map(str::to_string)
}

/// Reads a text with `read`, and gives mistakes their lines and columns.
pub(crate) fn from_text<T>(text: &str, read: impl Fn(&Node) -> Result<T, Vec<Mistake>>) -> Result<T, SceneErrors> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (document, syntax) = DeTable::parse_recoverable(body);
    let root = Node { at: Some(0), value: table(document.get_ref()) };
    let read = read(&root);
    let mut all: Vec<Mistake> = syntax.iter().take(MOST).map(|e| syntax_mistake(body, e)).collect();
    let broken: Vec<usize> = all.iter().filter_map(|m| m.at).map(|at| line_and_column(body, at).0).collect();
    match read {
        Ok(value) if all.is_empty() => return Ok(value),
        Ok(_) => {}
        // What a broken line holds is a guess, and what is missing may have been in it.
        Err(mistakes) => all.extend(mistakes.into_iter().filter(|m| {
            let line = m.at.map(|at| line_and_column(body, at).0);
            broken.is_empty() || !m.missing && !line.is_some_and(|l| broken.contains(&l))
        })),
    }
    all.sort_by_key(|m| m.at);
    let error =
        |m: Mistake| SceneError { place: m.at.map(|at| line_and_column(body, at)), message: m.message, hint: m.hint };
    Err(SceneErrors::new(all.into_iter().map(error).collect()))
}

fn syntax_mistake(text: &str, e: &toml::de::Error) -> Mistake {
    let at = e.span().map_or(text.len(), |s| s.start);
    let mut message = e.message().split('\n').next().unwrap_or_default();
    // What begins like a number, true or nan but is none of them.
    if ["invalid float", "invalid integer", "invalid boolean", "string values must be quoted"]
        .iter()
        .any(|m| message.starts_with(m))
    {
        message = "this is neither a number, nor true or false, nor a text in quotes";
    }
    let hint = if message.contains("duplicate key") {
        "a key, and a table in single brackets, may be written once; several sources are [[source]] each"
    } else if message.starts_with("this is neither") || message.contains("invalid") {
        "texts are in double quotes, decimals have a point, lists are in [square brackets]"
    } else {
        "a line is key = value, [table] or [[list]]; what follows # is a comment"
    };
    Mistake { at: Some(at), message: format!("not TOML: {message}"), hint: Some(hint.to_string()), missing: false }
}

fn table(t: &DeTable<'_>) -> Value {
    let mut entries: Vec<(Key, Node)> = t
        .iter()
        .map(|(k, v)| {
            let key = Key { at: Some(k.span().start), name: k.get_ref().to_string() };
            (key, Node { at: Some(v.span().start), value: value(v.get_ref()) })
        })
        .collect();
    entries.sort_by_key(|(k, _)| k.at);
    Value::Table(entries)
}

fn value(v: &DeValue<'_>) -> Value {
    match v {
        DeValue::String(s) => Value::Text(s.to_string()),
        DeValue::Integer(i) => match i64::from_str_radix(i.as_str(), i.radix()) {
            Ok(i) => Value::Integer(i),
            // Larger than any limit, which then says so.
            Err(_) => Value::Float(i.as_str().parse().unwrap_or(f64::INFINITY)),
        },
        DeValue::Float(f) => Value::Float(f.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Datetime(_) => Value::Other("a date or time"),
        DeValue::Array(a) => {
            Value::List(a.iter().map(|v| Node { at: Some(v.span().start), value: value(v.get_ref()) }).collect())
        }
        DeValue::Table(t) => table(t),
    }
}

/// Line and column of a byte, from 1.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.bytes().filter(|b| *b == b'\n').count() + 1, before[start..].chars().count() + 1)
}
