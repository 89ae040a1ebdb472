//! Where an output stands until it is whole: a hidden file beside its name, renamed at the end.
//!
//! Every unfinished file is on one list, so that a signal handler's thread can remove them all before the program ends.
//! Naming a file happens under the lock of that list: a file is either finished or removed, never half of both.

use super::tags;
use crate::error::{Error, ErrorKind, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Unfinished files, and whether it is all over.
#[derive(Default)]
struct Unfinished {
    paths: Vec<PathBuf>,
    closed: bool,
}

static UNFINISHED: Mutex<Unfinished> = Mutex::new(Unfinished { paths: Vec::new(), closed: false });

fn unfinished() -> MutexGuard<'static, Unfinished> {
    // A list of paths cannot be left half-changed.
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes every unfinished output of this process and lets none be started or finished any more: for the moment before
/// the program ends on a signal. To be called from an ordinary thread (such as `signal-hook`'s iterator), not from
/// within a signal handler.
pub fn remove_unfinished() {
    let mut list = unfinished();
    list.closed = true;
    for path in list.paths.drain(..) {
        // Nothing more can be done about a file that will not go.
        let _ = fs::remove_file(path);
    }
}

fn interrupted() -> Error {
    Error::new(ErrorKind::Interrupted, "the work was interrupted before the output was whole")
}

/// A new hidden file beside `target`, on the list of the unfinished.
pub(super) fn create_beside(target: &Path) -> Result<(File, PathBuf)> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let mut list = unfinished();
    if list.closed {
        return Err(interrupted().at(target));
    }
    // A number only if the process before us with the same id was killed, or we write the name twice.
    for number in 0..1000 {
        let suffix = if number == 0 { String::new() } else { format!("-{number}") };
        // Names may have 255 bytes; a long one must leave room for the rest.
        let short = tags::cut(&name, 200);
        let part = target.with_file_name(format!(".{short}.{}{suffix}.part", std::process::id()));
        match OpenOptions::new().read(true).write(true).create_new(true).open(&part) {
            Ok(file) => {
                list.paths.push(part.clone());
                return Ok((file, part));
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(refused(target, "cannot create the output", e)),
        }
    }
    Err(Error::new(ErrorKind::Io, "a thousand unfinished files of this name are in the way").at(target))
}

/// Takes a path off the list and removes the file.
pub(super) fn discard(part: &Path) {
    let mut list = unfinished();
    if let Some(at) = list.paths.iter().position(|p| p == part) {
        list.paths.swap_remove(at);
        let _ = fs::remove_file(part);
    }
}

/// An error of the system, with what a person can do about it.
pub(super) fn refused(path: &Path, doing: &str, e: io::Error) -> Error {
    let (why, hint) = match e.kind() {
        io::ErrorKind::StorageFull => ("the disk is full", "make room, or write to another disk"),
        io::ErrorKind::QuotaExceeded => ("the quota is used up", "make room, or write to another disk"),
        io::ErrorKind::FileTooLarge => {
            ("the file would be larger than the system allows", "write a shorter part, or to another file system")
        }
        io::ErrorKind::PermissionDenied => ("no permission", "choose a folder that you may write to"),
        io::ErrorKind::ReadOnlyFilesystem => ("the file system is read-only", "choose a folder that you may write to"),
        io::ErrorKind::BrokenPipe => ("the reader went away", "keep the reading program open until the end"),
        io::ErrorKind::InvalidFilename => ("the name is not allowed", "choose a shorter or simpler name"),
        _ => return Error::io(path, format!("{doing}: {}", lower(&e)), e),
    };
    Error::io(path, format!("{doing}: {why}"), e).hint(hint)
}

fn lower(e: &io::Error) -> String {
    let text = e.to_string();
    // "No such file or directory (os error 2)": the number helps nobody here, the source keeps it.
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|c| c.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// True for standard output and for a pipe or device: written straight.
pub(super) fn is_stream(path: &Path) -> bool {
    is_stdout(path) || fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir())
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdout")
}

fn exists(path: &Path) -> Error {
    Error::argument("the output exists already")
        .at(path)
        .hint("choose another name with -o, or replace it with --force")
}

/// An output under way.
pub(super) struct Place {
    /// What the user asked for.
    path: PathBuf,
    to: To,
}

enum To {
    /// A file that will be renamed to `target`.
    Part { file: File, part: PathBuf, target: PathBuf, force: bool },
    /// Something that takes bytes as they come.
    Stream(Box<dyn Write + Send>),
}

impl Place {
    /// Whether `path` may be written, as far as one can tell without doing it.
    pub(super) fn check(path: &Path, force: bool) -> Result<()> {
        if is_stream(path) {
            return Ok(());
        }
        match fs::metadata(path) {
            Ok(m) if m.is_dir() => {
                return Err(Error::argument("the output is a folder").at(path).hint("name a file in it"));
            }
            Ok(_) if !force => return Err(exists(path)),
            _ => {}
        }
        if path.file_name().is_none() {
            return Err(Error::argument("the output's name is empty").at(path).hint("name a file with -o"));
        }
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match fs::metadata(parent) {
            Ok(m) if m.is_dir() => Ok(()),
            Ok(_) => Err(Error::new(ErrorKind::Io, format!("'{}' is not a folder", parent.display()))
                .at(path)
                .hint("choose a folder that exists")),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                Err(Error::io(path, format!("the folder '{}' does not exist", parent.display()), e)
                    .hint(format!("create it first: mkdir -p '{}'", parent.display())))
            }
            Err(e) => Err(refused(path, "cannot look at the output's folder", e)),
        }
    }

    pub(super) fn create(path: &Path, force: bool) -> Result<Self> {
        Self::check(path, force)?;
        let to = if is_stdout(path) {
            To::Stream(Box::new(io::stdout()))
        } else if is_stream(path) {
            let file =
                OpenOptions::new().write(true).open(path).map_err(|e| refused(path, "cannot open the output", e))?;
            To::Stream(Box::new(file))
        } else {
            // Through a link to the file it names: the link itself stays.
            let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
            let (file, part) = create_beside(&target).map_err(|e| e.at(path))?;
            if let Ok(old) = fs::metadata(&target) {
                // A replaced file keeps its permissions; where that is not possible the usual ones will do.
                let _ = fs::set_permissions(&part, old.permissions());
            }
            To::Part { file, part, target, force }
        };
        Ok(Self { path: path.to_path_buf(), to })
    }

    /// Names the output in an error.
    pub(super) fn name(&self, e: Error) -> Error {
        e.at(&self.path)
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self.to, To::Part { .. })
    }

    /// The file as long as it has no name; `None` for a stream.
    pub(super) fn part(&self) -> Option<&Path> {
        if let To::Part { part, .. } = &self.to { Some(part) } else { None }
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        let done = match &mut self.to {
            To::Part { file, .. } => file.write_all(bytes),
            To::Stream(stream) => stream.write_all(bytes),
        };
        done.map_err(|e| refused(&self.path, "cannot write the output", e))
    }

    /// Replaces the first bytes; a stream keeps those it has.
    pub(super) fn patch_start(&mut self, bytes: &[u8]) -> Result<()> {
        let done = match &mut self.to {
            To::Part { file, .. } => file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(bytes)),
            To::Stream(stream) => stream.flush(),
        };
        done.map_err(|e| refused(&self.path, "cannot finish the output", e))
    }

    /// Empties the file.
    pub(super) fn restart(&mut self) -> Result<()> {
        let To::Part { file, .. } = &mut self.to else {
            return Err(Error::unsupported("a pipe or device cannot be written a second time").at(&self.path));
        };
        let done = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0)));
        done.map(drop).map_err(|e| refused(&self.path, "cannot start the output again", e))
    }

    /// Gives the file its name.
    pub(super) fn commit(&mut self) -> Result<()> {
        let To::Part { part, target, force, .. } = &self.to else { return Ok(()) };
        let mut list = unfinished();
        let Some(at) = list.paths.iter().position(|p| p == part) else {
            return Err(interrupted().at(&self.path));
        };
        let named = if *force { fs::rename(part, target) } else { name_new(part, target) };
        match named {
            Ok(()) => {
                list.paths.swap_remove(at);
                Ok(())
            }
            // The part goes when this place is dropped.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(exists(&self.path)),
            Err(e) => Err(refused(&self.path, "cannot name the output", e)),
        }
    }
}

/// Renames, but never over a file that appeared meanwhile: a hard link fails if its name exists, all at once. File
/// systems without links get a look and a rename.
fn name_new(part: &Path, target: &Path) -> io::Result<()> {
    match fs::hard_link(part, target) {
        Ok(()) => {
            // The output is whole under its name; a second name that will not go does no harm.
            let _ = fs::remove_file(part);
            Ok(())
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(e),
        Err(_) if fs::symlink_metadata(target).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(part, target),
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let To::Part { part, .. } = &self.to {
            discard(part);
        }
    }
}
