//! Stems on the command line: which files they are, what they are called together, and what is said of them.

use super::{Common, print};
use crate::error::{Error, ErrorKind, Result};
use crate::panorama::StageFile;
use crate::panorama::stage::DEFAULT_STAGE;
use crate::stems::{self, Arrangement, Stem};
use serde::Serialize;
use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What a command line names: one input, or the stems of a song.
pub(super) struct Given {
    /// The input, or what stems are called by.
    pub(super) input: PathBuf,
    /// Empty for a track or a scene.
    pub(super) stems: Vec<PathBuf>,
    /// What an output is named after.
    pub(super) name: OsString,
    /// What was passed over.
    pub(super) told: Vec<String>,
}

/// Sorts out inputs and `--stems`.
///
/// # Errors
/// `Argument` if there is neither, `Io` if an input is a folder; what reading the folder runs into.
pub(super) fn given(inputs: &[PathBuf], folder: Option<&Path>) -> Result<Given> {
    if let Some(folder) = inputs.iter().find(|i| i.is_dir()) {
        return Err(Error::new(ErrorKind::Io, "this is a directory, not a sound file")
            .at(folder)
            .hint("for the stems of a song in one folder say so: --stems FOLDER"));
    }
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_os_string();
    match (folder, inputs) {
        (None, []) => Err(Error::argument("there is no input").hint("name a track, a scene, or stems: see --help")),
        (None, [one]) => Ok(Given { input: one.clone(), stems: Vec::new(), name: name(one), told: Vec::new() }),
        (None, all) => {
            Ok(Given { input: all[0].clone(), stems: all.to_vec(), name: together(all).into(), told: Vec::new() })
        }
        (Some(folder), more) => {
            let (mut stems, told) = stems::stems_of(folder)?;
            stems.extend_from_slice(more);
            // "." has a name, too.
            let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
            let name = whole.file_name().map_or_else(|| "stems".into(), OsString::from);
            Ok(Given { input: folder.to_path_buf(), stems, name, told })
        }
    }
}

/// What files have in common: the beginning of their names, or else the name of their folder.
fn together(files: &[PathBuf]) -> String {
    let names: Vec<String> =
        files.iter().map(|f| f.file_stem().unwrap_or_default().to_string_lossy().into_owned()).collect();
    let first: Vec<char> = names[0].chars().collect();
    let same = |n: &String| n.chars().zip(&first).take_while(|(a, b)| a == *b).count();
    let common: String = first[..names.iter().map(same).min().unwrap_or(0)].iter().collect();
    let common = common.trim_end_matches(|c: char| !c.is_alphanumeric()).to_string();
    if common.chars().count() >= 3 && common.chars().any(char::is_alphabetic) {
        return common;
    }
    let folder = files[0].canonicalize().ok();
    let folder = folder.as_deref().and_then(Path::parent).and_then(Path::file_name);
    folder.map_or_else(|| "stems".to_string(), |n| n.to_string_lossy().into_owned())
}

/// A stem as JSON has it.
#[derive(Serialize)]
pub(super) struct Json<'a> {
    #[serde(serialize_with = "print::path")]
    file: &'a Path,
    role: &'static str,
    known: bool,
    channels: usize,
    places: Vec<Place>,
}

/// Degrees, degrees, metres.
#[derive(Serialize)]
struct Place {
    azimuth: f64,
    elevation: f64,
    distance: f64,
}

pub(super) fn json(stems: &[Stem]) -> Vec<Json<'_>> {
    let short = |x: f64| (x * 100.0).round() / 100.0;
    let place = |[a, e, d]: &[f64; 3]| Place { azimuth: short(*a), elevation: short(*e), distance: short(*d) };
    let one = |s: &'_ Stem| (s.role.name(), s.known, s.channels, s.places.iter().map(place).collect::<Vec<_>>());
    stems
        .iter()
        .map(|s| {
            let (role, known, channels, places) = one(s);
            Json { file: &s.file, role, known, channels, places }
        })
        .collect()
}

/// A line for every stem.
pub(super) fn lines(stems: &[Stem]) -> String {
    let mut t = String::new();
    for s in stems {
        let name = s.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let at: Vec<String> = s.places.iter().map(|[a, ..]| format!("{a:+.0}")).collect();
        let at = if at.is_empty() { "a sound field".to_string() } else { format!("{} degrees", at.join(", ")) };
        let known = if s.known { "" } else { " (by its name it could be anything)" };
        let _ = writeln!(t, "stem       {}: {}{known}, {at}", print::harmless(&name), s.role.describe());
    }
    t
}

/// `inspect` of a folder: the stems in it and where they would stand.
pub(super) fn inspect(folder: &Path, common: &Common) -> Result<()> {
    let (files, mut warnings) = stems::stems_of(folder)?;
    let Arrangement { stems, stage, warnings: more, .. } =
        stems::arrange(&files, &StageFile::open(DEFAULT_STAGE)?, None, None)?;
    warnings.extend(more);
    if common.json {
        return print::json(&serde_json::json!({
            "kind": "stems",
            "file": folder.to_string_lossy(),
            "stage": stage,
            "stems": json(&stems),
            "warnings": warnings,
        }));
    }
    let mut t = format!(
        "file       {}\nkind       stems, for --stems\nstage      {stage}\n{}",
        folder.display(),
        lines(&stems)
    );
    warnings.iter().for_each(|w| t.push_str(&format!("warning    {w}\n")));
    print::lines(&t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_are_called_by_what_their_names_have_in_common_or_by_their_folder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("My Song");
        std::fs::create_dir(&folder).unwrap();
        let files = |names: &[&str]| -> Vec<PathBuf> {
            names.iter().map(|n| folder.join(n)).inspect(|p| std::fs::write(p, b"RIFF").unwrap()).collect()
        };
        assert_eq!(together(&files(&["sectoid_war_guitar.ogg", "sectoid_war_backing.ogg"])), "sectoid_war");
        assert_eq!(together(&files(&["vocals.wav", "drums.wav"])), "My Song");
        assert_eq!(together(&files(&["01 vocals.wav", "01 drums.wav"])), "My Song");
    }
}
