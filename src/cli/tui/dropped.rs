//! Files that are dropped onto the terminal, which pastes their paths, or typed: which one is meant, and what it is for.

use super::action::Order;
use crate::cli::file;
use crate::decode::{self, Kind};
use crate::error::{Error, Result};
use crate::headphones;
use crate::live::address::path_of_address;
use crate::room::measured::MeasuredRoom;
use crate::scene::{RoomFile, Scene};
use crate::sofa::{self, Container};
use std::path::{Path, PathBuf};

/// So much of a text is looked at to tell what it is meant to be, bytes.
const LOOKED_AT: u64 = 1 << 20;

pub(super) fn ending(path: &Path) -> Option<String> {
    path.extension().map(|e| e.to_string_lossy().to_lowercase())
}

/// A file's name as the player takes it.
///
/// # Errors
/// `Argument` if it is not Unicode.
pub(super) fn name_of(path: &Path) -> Result<String> {
    let name = path.to_str().ok_or_else(|| Error::argument(NOT_UNICODE).at(path))?;
    Ok(name.to_string())
}

/// What is said of a name that nobody can pass on.
pub(super) const NOT_UNICODE: &str = "the name of this file is not Unicode (UTF-8): rename it";

/// An error in one line that is no longer than it must be: with the file's name, but without its folders.
pub(super) fn told(e: &Error) -> String {
    let mut line = e.sentence();
    if let Some((path, name)) = e.path().and_then(|p| Some((p, p.file_name()?))) {
        line = line.replace(&path.display().to_string(), &name.to_string_lossy());
    }
    e.hints().first().map_or(line.clone(), |hint| format!("{line}; {hint}"))
}

/// What a file means that was dropped onto the terminal: a head, a room, a correction of the headphones or a track, told by
/// its content.
///
/// # Errors
/// Why it is none of these, or what is wrong with it.
pub(super) fn order(path: &Path) -> Result<Order> {
    let ending = ending(path).unwrap_or_default();
    // What they hold is looked at when they are added.
    if path.is_dir() || ["m3u", "m3u8"].contains(&ending.as_str()) {
        return Ok(Order::Add(path.to_path_buf()));
    }
    match file::kind(path)? {
        Kind::Hdf5 => of_sofa(path),
        kind if ending == "sofa" && !matches!(kind, Kind::Audio(_)) => of_sofa(path),
        Kind::Scene => of_toml(path),
        Kind::Text => of_text(path),
        _ => track(path),
    }
}

fn track(path: &Path) -> Result<Order> {
    decode::open(path)?;
    Ok(Order::Add(path.to_path_buf()))
}

/// A head or a measured room. What the player finds wrong with a room it tells itself; of what may be either, a head's
/// faults are told.
fn of_sofa(path: &Path) -> Result<Order> {
    let file = Container::open(path)?;
    match sofa::from_container(&file) {
        Ok(_) => Ok(Order::Hrtf(name_of(path)?)),
        Err(_) if says_room(&file) || MeasuredRoom::open(path, 48_000.0).is_ok() => room(path),
        Err(e) => Err(e.at(path)),
    }
}

/// True if a file calls itself a room: by its convention, or by the place where it was measured.
fn says_room(file: &Container) -> bool {
    let text = |name: &str| file.attribute(name).unwrap_or_default().to_lowercase();
    let convention = text("SOFAConventions");
    let walls = !["", "free field", "freefield", "free-field", "anechoic"].contains(&text("RoomType").as_str());
    convention.contains("room") || convention.contains("brir") || (walls && convention.starts_with("general"))
}

/// A room by the name of its file, which says what it is.
fn room(path: &Path) -> Result<Order> {
    if ending(path).is_some_and(|e| ["toml", "sofa"].contains(&e.as_str())) {
        return Ok(Order::Room(Some(name_of(path)?)));
    }
    Err(Error::argument("this is a room, but it is not called so").at(path).hint("rename it to .toml or .sofa"))
}

/// A room file, or a scene: what sounds in it tells them apart, also where there are mistakes in it.
fn of_toml(path: &Path) -> Result<Order> {
    let text = beginning(path)?;
    let sounding = |line: &str| {
        let key = line.trim_start_matches(['[', ' ', '\t']);
        ["source", "bed"].iter().any(|k| key.strip_prefix(k).is_some_and(|rest| rest.starts_with([']', '.', ' ', '='])))
    };
    let short = path.file_name().map(PathBuf::from);
    let mistakes = if text.lines().any(sounding) {
        match Scene::open(path) {
            Ok(_) => return Ok(Order::Add(path.to_path_buf())),
            Err(mistakes) => mistakes,
        }
    } else {
        match RoomFile::open(path) {
            Ok(_) => return room(path),
            Err(mistakes) => mistakes,
        }
    };
    Err(crate::scene::SceneErrors { path: short, ..mistakes }.into())
}

/// An equaliser for headphones, or nothing of use.
fn of_text(path: &Path) -> Result<Order> {
    let name = name_of(path)?;
    let text = beginning(path)?;
    let first =
        text.trim_start_matches('\u{feff}').lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#'));
    let command = first.and_then(|l| l.split_once(':')?.0.split_whitespace().next()).unwrap_or_default();
    let commands = ["preamp", "filter", "graphiceq", "channel", "device"];
    if !commands.contains(&command.to_lowercase().as_str()) {
        return track(path);
    }
    headphones::open(&name)?;
    Ok(Order::Headphones(Some(name)))
}

fn beginning(path: &Path) -> Result<String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|f| f.take(LOOKED_AT).read_to_end(&mut bytes))
        .map_err(|e| Error::io(path, "cannot be read", e))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The path in a text that was typed, or that a terminal pastes when a file is dropped: quoted, escaped, as a `file://`
/// address or from the user's own folder on (`~/`).
pub(super) fn path_of(text: &str) -> Option<PathBuf> {
    let text = text.trim();
    let quoted = |q: char| text.strip_prefix(q).and_then(|t| t.strip_suffix(q));
    let plain = match (quoted('\''), quoted('"')) {
        (Some(inner), _) => PathBuf::from(inner.replace("'\\''", "'")),
        (_, Some(inner)) => PathBuf::from(inner),
        _ if text.starts_with("file://") => path_of_address(text.as_bytes()).unwrap_or_default(),
        _ if cfg!(windows) => PathBuf::from(text),
        _ => {
            let mut out = String::new();
            let mut chars = text.chars();
            while let Some(c) = chars.next() {
                out.extend(if c == '\\' { chars.next() } else { Some(c) });
            }
            let home =
                out.strip_prefix("~/").and_then(|rest| Some(PathBuf::from(std::env::var_os("HOME")?).join(rest)));
            home.unwrap_or_else(|| PathBuf::from(out))
        }
    };
    [PathBuf::from(text), plain].into_iter().find(|p| !p.as_os_str().is_empty() && p.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

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

    /// What an order is, without the folder; or what is told.
    fn meant(path: &Path) -> String {
        let kind = match order(path) {
            Err(e) => return told(&e),
            Ok(Order::Hrtf(_)) => "head",
            Ok(Order::Room(_)) => "room",
            Ok(Order::Headphones(_)) => "headphones",
            Ok(Order::Add(_)) => "track",
            Ok(other) => panic!("{other:?}"),
        };
        kind.to_string()
    }

    #[test]
    fn measured_files_are_heads_or_rooms_and_what_is_wrong_with_a_head_is_told() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hrtf");
        assert_eq!(meant(&data.join("FreeFieldHRIR.sofa")), "head");
        assert_eq!(meant(&data.join("SingleRoomSRIR_3views.sofa")), "room");
        assert_eq!(meant(&data.join("tiny/refused_room.sofa")), "room");
        for (name, why) in [
            ("tiny/refused_nan.sofa", "NaN"),
            ("tiny/refused_one_direction.sofa", "direction"),
            ("tiny/refused_directivity.sofa", "directivity"),
            ("tiny/refused_no_convention.sofa", "SOFAConventions"),
            ("SimpleHeadphoneIR_pulse.sofa", "headphones"),
        ] {
            let told = meant(&data.join(name));
            assert!(told.contains(why) && !told.contains("not a measured room"), "{told}");
            assert!(!told.contains(&data.display().to_string()), "{told}");
        }
    }

    #[test]
    fn texts_are_rooms_scenes_or_equalisers_and_their_mistakes_are_told_with_their_place() {
        let dir = tempfile::tempdir().unwrap();
        let meant = |name: &str, text: &str| {
            std::fs::write(dir.path().join(name), text).unwrap();
            meant(&dir.path().join(name))
        };
        let source = "[[source]]\nid = \"a\"\nposition = [1, 0, 0]\nfile = ";
        assert_eq!(meant("a.toml", "[room]\nsize = [5, 4, 3]\nmaterial = \"plaster\"\n"), "room");
        let told = meant("b.toml", "size = [5, 4, 3]\n[room]\nmaterial = \"plaster\"\n");
        assert!(told.starts_with("b.toml:1:1: ") && told.contains("size"), "{told}");
        let told = meant("c.toml", "[room]\nsize = [5, 4\n");
        assert!(told.starts_with("c.toml:2:"), "{told}");
        let told = meant("d.toml", &format!("format = 1\n{source}\"missing.wav\"\n"));
        assert!(told.starts_with("d.toml:5:") && told.contains("missing.wav"), "{told}");
        let own = format!("format = 1\n{source}\"d.toml\"\n");
        assert_eq!(meant("e.toml", &own), "track", "what its sources hold is looked at when it plays");
        let told = meant("f.txt", "[room]\npreset = \"club\"\n");
        assert!(told.contains("rename it"), "{told}");
        // As AutoEq writes them.
        let equaliser = "Preamp: -6.2 dB\nFilter 1: ON LSC Fc 105 Hz Gain 5.5 dB Q 0.70\n";
        assert_eq!(meant("HD 650 ParametricEQ.txt", equaliser), "headphones");
        assert_eq!(meant("g.txt", "GraphicEQ: 20 -0.5; 21 -0.6; 22 -0.6"), "headphones");
        let told = meant("h.txt", &format!("{equaliser}Filter 2: ON PK Fc 9 kHz\n"));
        assert!(told.starts_with("h.txt: line 3"), "{told}");
    }

    #[test]
    fn what_is_nothing_of_use_is_refused_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let meant = |name: &str, bytes: &[u8]| {
            std::fs::write(dir.path().join(name), bytes).unwrap();
            meant(&dir.path().join(name))
        };
        assert!(meant("passwd", b"root:x:0:0:root:/root:/bin/bash\n").contains("this is a text file"));
        assert!(meant("text.wav", b"Dear Sir").starts_with("text.wav: expected a sound file, this is a text file"));
        assert!(meant("empty.wav", b"").contains("an empty file"));
        assert!(meant("text.sofa", b"Dear Sir").starts_with("text.sofa: "));
        assert!(meant("picture.png", b"\x89PNG\r\n\x1a\n\0\0").contains("PNG picture"));
        let header: &[u8] =
            b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\x77\x01\0\x02\0\x10\0data\0\0\0\0";
        let told = meant("no frames.wav", header);
        assert!(told.starts_with("no frames.wav: "), "{told}");
        // A folder is looked through when it is added.
        assert!(order(dir.path()).is_ok_and(|o| o == Order::Add(dir.path().to_path_buf())));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_name_that_is_not_unicode_is_played_but_no_room_and_no_head() {
        use std::os::unix::ffi::OsStrExt;
        let dir = tempfile::tempdir().unwrap();
        let data = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = |name: &[u8]| dir.path().join(std::ffi::OsStr::from_bytes(name));
        std::fs::copy(data.join("tests/data/hrtf/FreeFieldHRIR.sofa"), path(b"caf\xe9.sofa")).unwrap();
        assert!(meant(&path(b"caf\xe9.sofa")).contains("not Unicode"));
        std::fs::write(path(b"caf\xe9.toml"), "[room]\npreset = \"club\"\n").unwrap();
        assert!(meant(&path(b"caf\xe9.toml")).contains("not Unicode"));
        std::fs::copy(data.join("samples/speech.ogg"), path(b"caf\xe9.ogg")).unwrap();
        assert_eq!(meant(&path(b"caf\xe9.ogg")), "track");
        let address = format!("file://{}/caf%E9.ogg", dir.path().display());
        assert_eq!(path_of(&address), Some(path(b"caf\xe9.ogg")));
    }
}
