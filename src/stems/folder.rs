//! Which files of a folder are stems.

use super::names::recognise;
use crate::decode::{Kind, sniff};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Stems at most: more is a folder of something else.
pub const MOST_STEMS: usize = 256;

/// The stems in a folder, by name, and what was passed over with the reason.
///
/// A stem is a file that is sound by its content. Hidden files, folders inside and what is no sound are not looked at;
/// renders of this program, and a mix of the whole song beside its stems, are passed over and told.
///
/// # Errors
/// `Io` if the folder cannot be read, `Argument` if there is no stem in it, `Limit` for more than [`MOST_STEMS`].
pub fn stems_of(folder: impl AsRef<Path>) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let folder = folder.as_ref();
    let io = |e| Error::io(folder, "cannot read the folder of stems", e);
    let data = std::fs::metadata(folder).map_err(io)?;
    if !data.is_dir() {
        return Err(Error::argument("--stems takes a folder, this is a file")
            .at(folder)
            .hint("name stems one by one without --stems: periphon render vocals.flac drums.flac"));
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if !hidden && path.is_file() && matches!(sniff(&path)?, Kind::Audio(_)) {
            files.push(path);
        }
    }
    files.sort();
    let mut told = Vec::new();
    files.retain(|path| {
        let ours = stem_name(path).ends_with(".binaural");
        if ours {
            told.push(format!("{} is a render, not a stem: it was left out", path.display()));
        }
        !ours
    });
    let names: Vec<String> = files.iter().map(|f| stem_name(f)).collect();
    let named = recognise(&names);
    if named.iter().any(|n| !n.mix) {
        let mut mixes = named.iter().map(|n| n.mix);
        files.retain(|path| {
            let mix = mixes.next() == Some(true);
            if mix {
                told.push(format!("{} is the mix of all, by its name: it was left out", path.display()));
            }
            !mix
        });
    }
    if files.is_empty() {
        return Err(Error::argument("there are no stems in this folder: no file in it is a sound file").at(folder));
    }
    if files.len() > MOST_STEMS {
        let n = files.len();
        return Err(Error::limit(format!("this folder holds {n} sound files; a song has {MOST_STEMS} stems at most"))
            .at(folder));
    }
    Ok((files, told))
}

/// The name of a file without its ending.
pub(super) fn stem_name(path: &Path) -> String {
    path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}
