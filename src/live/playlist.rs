//! What a list of inputs comes to: files, directories and M3U lists, in order.

use super::address::{is_foreign, of_bytes, path_of_address, unescape, verbatim_path};
use crate::decode::{Kind, sniff};
use crate::error::{Error, ErrorKind, Result};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Files at most: a directory tree that is a whole disk is a mistake.
const MOST: usize = 100_000;
/// Directories and lists inside one another, at most.
const DEEPEST: usize = 16;
/// Sentences about what was passed over, at most.
const MOST_TOLD: usize = 20;
/// The longest list that is read, bytes.
const LIST_BYTES: u64 = 16 << 20;

/// The tracks that `inputs` name: a file stands for itself, an M3U list (`.m3u`, `.m3u8`) for its entries, relative to
/// the list, and a directory for all tracks in it and below, by name. What lies in a directory and is no track is passed
/// over; what a list names is kept, so that a missing file is told when its turn comes.
///
/// # Errors
/// `Io` if a list or a directory cannot be read, `Argument` if nothing is left, `Unsupported` if there is nothing but
/// addresses, `Limit` for more than 100 000 tracks.
pub fn tracks(inputs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    tracks_told(inputs).map(|(tracks, _)| tracks)
}

/// As [`tracks`], with a sentence for whatever was passed over though somebody may have meant it: addresses in lists, and
/// directories inside others that cannot be read or lie too deep.
///
/// # Errors
/// As [`tracks`].
pub fn tracks_told(inputs: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let mut found = Found::default();
    for input in inputs {
        found.add(input, 0)?;
    }
    if found.passed_over > 0 {
        found.told.push(format!("{} more were passed over", found.passed_over));
    }
    if found.tracks.is_empty() {
        let error = match found.address {
            Some(address) => {
                Error::unsupported(format!("there are only addresses ('{address}'): only files are played"))
            }
            None => Error::argument("there is nothing to play"),
        };
        let error = found.told.into_iter().fold(error, Error::hint);
        return Err(match inputs {
            [one] => error.at(one).hint("the directory or list holds no track that can be decoded"),
            _ => error,
        });
    }
    Ok((found.tracks, found.told))
}

#[derive(Default)]
struct Found {
    tracks: Vec<PathBuf>,
    /// Lists and directories under way, so that none holds itself.
    open: HashSet<PathBuf>,
    /// What was passed over, and how much more than is told.
    told: Vec<String>,
    passed_over: usize,
    /// The first address that is not a file's.
    address: Option<String>,
}

impl Found {
    fn add(&mut self, path: &Path, depth: usize) -> Result<()> {
        let is_list = is_list(path);
        if !is_list && !path.is_dir() {
            if self.tracks.len() >= MOST {
                return Err(Error::limit(format!("more than {MOST} tracks")).at(path));
            }
            self.tracks.push(path.to_path_buf());
            return Ok(());
        }
        if depth > DEEPEST {
            self.pass_over(format!("passed over: {}: it lies more than {DEEPEST} deep", path.display()));
            return Ok(());
        }
        match self.open(path, is_list, depth) {
            // One of many must not keep the others from being played.
            Err(e) if depth > 0 && e.kind() == ErrorKind::Io => {
                self.pass_over(format!("passed over: {}", e.sentence()));
                Ok(())
            }
            done => done,
        }
    }

    fn open(&mut self, path: &Path, is_list: bool, depth: usize) -> Result<()> {
        let name = path.canonicalize().map_err(|e| Error::io(path, "cannot be read", e))?;
        if !self.open.insert(name.clone()) {
            return Err(Error::malformed("this list or directory holds itself").at(path));
        }
        let done = if is_list { self.list(path, depth) } else { self.directory(path, depth) };
        self.open.remove(&name);
        done
    }

    fn pass_over(&mut self, what: String) {
        if self.told.len() < MOST_TOLD {
            self.told.push(what);
        } else {
            self.passed_over += 1;
        }
    }

    fn list(&mut self, path: &Path, depth: usize) -> Result<()> {
        let size = std::fs::metadata(path).map_err(|e| Error::io(path, "cannot be read", e))?.len();
        if size > LIST_BYTES {
            return Err(Error::limit(format!("a list of {size} bytes is longer than {LIST_BYTES}")).at(path));
        }
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, "cannot be read", e))?;
        let base = path.parent().unwrap_or(Path::new(""));
        let (foreign, entries): (Vec<_>, Vec<_>) = entries(&bytes).into_iter().partition(|e| is_foreign(e));
        if let Some(first) = foreign.first() {
            let first = String::from_utf8_lossy(first).into_owned();
            let count = if foreign.len() > 1 { format!(" and {} more", foreign.len() - 1) } else { String::new() };
            self.pass_over(format!(
                "passed over: {}: the address {first}{count}: addresses cannot be played, only files",
                path.display()
            ));
            self.address.get_or_insert(first);
        }
        for entry in entries {
            self.add(&meant(base, &entry), depth + 1)?;
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

/// Told by a file's first bytes: opening thousands, and asking another program about some, would take a while. What calls
/// itself sound and is none is told of when its turn comes.
fn is_track(path: &Path) -> bool {
    path.is_file()
        && match sniff(path) {
            Ok(Kind::Audio(_)) => true,
            // Scenes are played when they are named, not because they lie beside their tracks.
            Ok(Kind::Scene) | Err(_) => false,
            Ok(_) => crate::decode::open(path).is_ok(),
        }
}

/// The entries of a list, as bytes: nothing says for sure what encoding a list has. With a mark at its beginning it is
/// UTF-16, and is made UTF-8.
fn entries(bytes: &[u8]) -> Vec<Vec<u8>> {
    let utf_16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|b| unit([b[0], b[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>().into_bytes()
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
        all => all.to_vec(),
    };
    let lines = text.split(|b| *b == b'\n' || *b == b'\r').map(<[u8]>::trim_ascii);
    lines.filter(|l| !l.is_empty() && !l.starts_with(b"#")).map(<[u8]>::to_vec).collect()
}

/// The file that an entry means: of what it can mean the first that is there, otherwise the likeliest, so that it is missed
/// by its name.
fn meant(base: &Path, entry: &[u8]) -> PathBuf {
    if let Some(path) = path_of_address(entry) {
        let as_it_is = base.join(of_bytes(entry.to_vec()));
        let others = verbatim_path(entry).map(|p| base.join(p)).into_iter().chain([as_it_is]);
        return first_there([path.clone()].into_iter().chain(others), path);
    }
    // Latin-1, as older programs wrote it.
    let latin_1 = || entry.iter().map(|b| char::from(*b)).collect();
    let text = std::str::from_utf8(entry).map_or_else(|_| latin_1(), str::to_string);
    // Lists from Windows have its separators.
    let turned = |entry: &[u8]| entry.iter().map(|b| if *b == b'\\' { b'/' } else { *b }).collect::<Vec<_>>();
    // Whatever its bytes mean to people: on Unix they are the name.
    let (readings, likeliest) = if cfg!(windows) || text.contains('/') || !text.contains('\\') {
        (vec![entry.to_vec()], text)
    } else {
        (vec![entry.to_vec(), turned(entry)], text.replace('\\', "/"))
    };
    // Some players write relative paths as addresses are written: with %20 for a space.
    let unescaped = readings.iter().map(|r| unescape(r)).collect::<Vec<_>>();
    let readings = readings.into_iter().chain(unescaped).map(|r| base.join(of_bytes(r)));
    first_there(readings, base.join(likeliest))
}

fn first_there(readings: impl IntoIterator<Item = PathBuf>, likeliest: PathBuf) -> PathBuf {
    readings.into_iter().find(|p| p.exists()).unwrap_or(likeliest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8]) -> Vec<String> {
        entries(bytes).iter().map(|e| meant(Path::new(""), e).display().to_string()).collect()
    }

    #[test]
    fn a_list_has_comments_a_mark_and_separators_of_its_system() {
        let text = b"\xef\xbb\xbf#EXTM3U\r\n#EXTINF:3,x\r\na b.wav\r\n\r\nsub\\c.flac\n/abs/d.wav";
        assert_eq!(names(text), ["a b.wav", "sub/c.flac", "/abs/d.wav"]);
        assert_eq!(names(b"caf\xe9.wav"), ["caf\u{e9}.wav"]);
    }

    #[test]
    fn a_list_of_utf_16_is_read_by_its_mark() {
        let text = "\u{feff}#EXTM3U\r\nZo\u{eb}\u{1d11e}.wav\r\n";
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let list: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
            assert_eq!(names(&list), ["Zo\u{eb}\u{1d11e}.wav"]);
        }
    }

    #[test]
    #[cfg(unix)]
    fn an_entry_is_the_file_that_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let is = |entry: &[u8], file: &[u8]| {
            let file = dir.path().join(of_bytes(file.to_vec()));
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, b"x").unwrap();
            assert_eq!(meant(dir.path(), entry), file, "{entry:?}");
        };
        // Names on disk in Latin-1, with separators of Windows or not; and a list in Latin-1 of names in UTF-8.
        is(b"caf\xe9.wav", b"caf\xe9.wav");
        is(b"s\xfcd\\a.wav", b"s\xfcd/a.wav");
        is(b"th\xe9.wav", "th\u{e9}.wav".as_bytes());
        is(b"back\\slash.wav", b"back\\slash.wav");
        is(b"sp%20of%C3%A9.wav", "sp of\u{e9}.wav".as_bytes());
        is(b"sub\\x%20y.wav", b"sub/x y.wav");
        is(b"100%25.wav", b"100%25.wav");
        let absolute = dir.path().to_str().unwrap();
        is(format!("file://{absolute}/sp%20ace.wav").as_bytes(), b"sp ace.wav");
        is(format!("file://localhost{absolute}/host.wav").as_bytes(), b"host.wav");
        is(format!("file://{absolute}/50%25.wav").as_bytes(), b"50%25.wav");
        is(format!("file://{absolute}/50%25.wav").as_bytes(), b"50%.wav");
    }

    #[test]
    fn addresses_are_passed_over_unless_there_is_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("radio.m3u");
        std::fs::write(&list, "a.wav\nhttp://radio.example/1\nHTTPS://radio.example/2\nb.wav\n").unwrap();
        let (found, told) = tracks_told(std::slice::from_ref(&list)).unwrap();
        assert_eq!(found, ["a.wav", "b.wav"].map(|n| dir.path().join(n)));
        let says = "radio.m3u: the address http://radio.example/1 and 1 more: addresses cannot be played, only files";
        assert!(told.len() == 1 && told[0].ends_with(says), "{told:?}");
        std::fs::write(&list, "http://radio.example/1\n").unwrap();
        let error = tracks(&[list]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("only addresses ('http://radio.example/1')"), "{error}");
    }

    #[test]
    fn what_lies_too_deep_or_cannot_be_read_does_not_keep_the_rest_from_being_played() {
        let dir = tempfile::tempdir().unwrap();
        let sound = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/speech.ogg");
        let track = dir.path().join("z.ogg");
        std::fs::copy(&sound, &track).unwrap();
        let deep = dir.path().join("d/".repeat(DEEPEST + 1));
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::copy(&sound, deep.join("a.ogg")).unwrap();
        let (found, told) = tracks_told(&[dir.path().to_path_buf()]).unwrap();
        assert_eq!(found, std::slice::from_ref(&track));
        assert!(told.len() == 1 && told[0].ends_with("it lies more than 16 deep"), "{told:?}");
        // Who may read everything cannot try the rest.
        let closed = dir.path().join("d");
        let Ok(true) = close(&closed) else { return };
        let (found, told) = tracks_told(&[dir.path().to_path_buf()]).unwrap();
        assert_eq!(found, [track]);
        assert!(told.len() == 1 && told[0].contains("d: cannot be read: Permission denied"), "{told:?}");
        assert!(tracks(std::slice::from_ref(&closed)).is_err());
        open(&closed);
    }

    #[cfg(unix)]
    fn close(dir: &Path) -> std::io::Result<bool> {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o000))?;
        Ok(std::fs::read_dir(dir).is_err())
    }

    #[cfg(unix)]
    fn open(dir: &Path) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[cfg(not(unix))]
    fn close(_: &Path) -> std::io::Result<bool> {
        Ok(false)
    }

    #[cfg(not(unix))]
    fn open(_: &Path) {}

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
