//! The scene that stems come to, as a file to go on from.

use super::arrange::{Arrangement, text};
use crate::error::{Error, ErrorKind, Result};
use crate::scene::Scene;
use crate::sink::write_whole;
use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

/// Writes the scene of stems to `path`, whole or not at all: with a comment for every stem, and paths relative to it.
///
/// Rendering the file gives the very samples that rendering the stems gives.
///
/// # Errors
/// `Argument` if the file exists and `force` is false; `Io` if the system refuses; `Unsupported` if a name is not Unicode.
pub fn write_scene(all: &Arrangement, path: impl AsRef<Path>, force: bool) -> Result<()> {
    let path = path.as_ref();
    all.check_file(path, force)?;
    write_whole(path, to_text(all, path)?.as_bytes(), force)
}

impl Arrangement {
    /// Says, before any work is done, whether [`write_scene`] could write to `path`; touches nothing.
    ///
    /// # Errors
    /// As [`write_scene`].
    pub fn check_file(&self, path: &Path, force: bool) -> Result<()> {
        if !force && path.exists() {
            return Err(Error::argument("the scene exists already")
                .at(path)
                .hint("choose another name for --write-scene, or replace it with --force"));
        }
        to_text(self, path).map(drop)
    }
}

/// The text of the scene as it would stand in `path`.
fn to_text(all: &Arrangement, path: &Path) -> Result<String> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(|e| Error::io(path, "cannot find the scene's folder", e))?;
    let mut scene = all.scene.clone();
    for source in &mut scene.sources {
        source.file = relative(Path::new(&source.file), &folder)?;
    }
    for bed in &mut scene.beds {
        bed.file = relative(Path::new(&bed.file), &folder)?;
    }
    if let Some(file) = scene.room.as_mut().and_then(|r| r.file.as_mut()) {
        *file = relative(Path::new(file), &folder)?;
    }
    let mut out = format!(
        "# Stems on the stage '{}'. Metres, seconds, degrees, decibels; x is front, y is left, z is up.\n\
         # Move things, change gains, add sources; docs/scene-file.md explains every key. Then:\n\
         #   periphon scene check THIS      everything that is wrong with it\n\
         #   periphon scene plot THIS -o plan.svg\n\
         #   periphon render THIS -o out.wav\n\
         # A stereo stem is two sources, one for each channel. Without propagation all stems stay in step.\n\n",
        all.stage.replace(char::is_control, " ")
    );
    let mut notes = all.notes.iter();
    for line in scene.to_toml().lines() {
        if line == "[[source]]" || line == "[[bed]]" {
            let note = notes.next().map(String::as_str).unwrap_or_default();
            let _ = writeln!(out, "{line:32} # {note}");
        } else {
            out.push_str(line);
            out.push('\n');
        }
    }
    // What is written is read before anybody else has to.
    let read = Scene::parse(&out, &folder).map_err(|e| {
        Error::new(
            ErrorKind::Unsupported,
            format!("the scene that these stems make cannot be written: {}", Error::from(e)),
        )
        .at(path)
    })?;
    let same = Scene { base_dir: PathBuf::new(), ..read } == Scene { base_dir: PathBuf::new(), ..scene };
    if same { Ok(out) } else { Err(Error::unsupported("the scene that these stems make cannot be written").at(path)) }
}

/// The way from `folder`, which is canonical, to a file.
fn relative(file: &Path, folder: &Path) -> Result<String> {
    let io = |e| Error::io(file, "cannot find the folder of this file", e);
    let home = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let home = home.canonicalize().map_err(io)?;
    let name = file.file_name().unwrap_or_default();
    let (to, from): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (home.components().collect(), folder.components().collect());
    let common = to.iter().zip(&from).take_while(|(a, b)| a == b).count();
    // On another drive there is no way.
    if common == 0 {
        return text(&home.join(name));
    }
    let mut way: PathBuf = from[common..].iter().map(|_| Component::ParentDir).collect();
    way.extend(&to[common..]);
    text(&way.join(name))
}
