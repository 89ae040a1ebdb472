//! What a list of inputs comes to: files, directories and M3U lists, in order.

use crate::decode::{Kind, sniff};
use crate::error::{Error, Result};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Files at most: a directory tree that is a whole disk is a mistake.
const MOST: usize = 100_000;
/// Directories and lists inside one another, at most.
const DEEPEST: usize = 16;
/// The longest list that is read, bytes.
const LIST_BYTES: u64 = 16 << 20;

/// The tracks that `inputs` name: a file stands for itself, an M3U list (`.m3u`, `.m3u8`) for its entries, relative to
/// the list, and a directory for all tracks in it and below, by name. What lies in a directory and is no track is passed
/// over; what a list names is kept, so that a missing file is told when its turn comes.
///
/// # Errors
/// `Io` if a list or a directory cannot be read, `Argument` if nothing is left, `Limit` for more than 100 000 tracks.
pub fn tracks(inputs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Found::default();
    for input in inputs {
        found.add(input, 0)?;
    }
    if found.tracks.is_empty() {
        let error = Error::argument("there is nothing to play");
        return Err(match inputs {
            [one] => error.at(one).hint("the directory or list holds no track that can be decoded"),
            _ => error,
        });
    }
    Ok(found.tracks)
}

#[derive(Default)]
struct Found {
    tracks: Vec<PathBuf>,
    /// Lists and directories under way, so that none holds itself.
    open: HashSet<PathBuf>,
}

impl Found {
    fn add(&mut self, path: &Path, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(Error::limit(format!("lists and directories lie more than {DEEPEST} deep")).at(path));
        }
        let is_list = is_list(path);
        if !is_list && !path.is_dir() {
            if self.tracks.len() >= MOST {
                return Err(Error::limit(format!("more than {MOST} tracks")).at(path));
            }
            self.tracks.push(path.to_path_buf());
            return Ok(());
        }
        let name = path.canonicalize().map_err(|e| Error::io(path, "cannot be read", e))?;
        if !self.open.insert(name.clone()) {
            return Err(Error::malformed("this list or directory holds itself").at(path));
        }
        let done = if is_list { self.list(path, depth) } else { self.directory(path, depth) };
        self.open.remove(&name);
        done
    }

    fn list(&mut self, path: &Path, depth: usize) -> Result<()> {
        let size = std::fs::metadata(path).map_err(|e| Error::io(path, "cannot be read", e))?.len();
        if size > LIST_BYTES {
            return Err(Error::limit(format!("a list of {size} bytes is longer than {LIST_BYTES}")).at(path));
        }
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, "cannot be read", e))?;
        let base = path.parent().unwrap_or(Path::new(""));
        for entry in entries(&bytes) {
            if entry.contains("://") && !entry.starts_with("file://") {
                return Err(Error::unsupported(format!("the list names '{entry}': only files are played")).at(path));
            }
            self.add(&base.join(entry.strip_prefix("file://").unwrap_or(&entry)), depth + 1)?;
        }
        Ok(())
    }

    fn directory(&mut self, path: &Path, depth: usize) -> Result<()> {
        let entries = std::fs::read_dir(path).map_err(|e| Error::io(path, "cannot be read", e))?;
        let mut names: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
        names.sort();
        for name in names {
            let hidden = name.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
            if hidden || is_list(&name) {
                continue;
            }
            // Only what is a track, and directories that are no loops.
            if name.is_dir() {
                if !name.is_symlink() {
                    self.add(&name, depth + 1)?;
                }
            } else if is_track(&name) {
                self.add(&name, depth + 1)?;
            }
        }
        Ok(())
    }
}

fn is_list(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("m3u") || e.eq_ignore_ascii_case("m3u8")) && path.is_file()
}

fn is_track(path: &Path) -> bool {
    // Scenes are played when they are named, not because they lie beside their tracks.
    path.is_file() && sniff(path).is_ok_and(|kind| kind != Kind::Scene) && crate::decode::open(path).is_ok()
}

/// The entries of a list. UTF-8, or Latin-1 as older programs wrote it.
fn entries(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    };
    let lines = text.split(['\n', '\r']).map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    // Lists from Windows have its separators.
    lines.map(|l| if cfg!(windows) || l.contains('/') { l.to_string() } else { l.replace('\\', "/") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_comments_a_mark_and_separators_of_its_system() {
        let text = b"\xef\xbb\xbf#EXTM3U\r\n#EXTINF:3,x\r\na b.wav\r\n\r\nsub\\c.flac\n/abs/d.wav";
        assert_eq!(entries(text), ["a b.wav", "sub/c.flac", "/abs/d.wav"]);
        assert_eq!(entries(b"caf\xe9.wav"), ["caf\u{e9}.wav"]);
    }

    #[test]
    fn lists_name_files_beside_them_and_may_hold_lists_but_not_themselves() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join("sub/in.m3u"), "c.wav\n").unwrap();
        std::fs::write(dir.path().join("out.m3u8"), "a.wav\nsub/in.m3u\nb.wav\n").unwrap();
        let found = tracks(&[dir.path().join("out.m3u8")]).unwrap();
        let names = ["a.wav", "sub/c.wav", "b.wav"].map(|n| dir.path().join(n));
        assert_eq!(found, names);
        std::fs::write(dir.path().join("loop.m3u"), "loop.m3u\n").unwrap();
        assert!(tracks(&[dir.path().join("loop.m3u")]).unwrap_err().to_string().contains("holds itself"));
        std::fs::write(dir.path().join("none.m3u"), "# nothing\n").unwrap();
        assert!(tracks(&[dir.path().join("none.m3u")]).unwrap_err().to_string().contains("nothing to play"));
    }
}
