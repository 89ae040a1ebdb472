//! Tracks that are dropped while something plays: looked for by threads of their own, as a directory may be large or far away.

use crate::error::{Error, ErrorKind, Result};
use crate::live::tracks_told;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

/// What was dropped, the tracks that were found there, and what is to be told of others.
pub(super) type Found = (PathBuf, Result<(Vec<PathBuf>, Vec<String>)>);

/// What is being looked for.
pub(super) struct Additions {
    to: Sender<Found>,
    found: Receiver<Found>,
}

impl Additions {
    pub(super) fn new() -> Self {
        let (to, found) = channel();
        Self { to, found }
    }

    /// Begins to look for the tracks in a file, list or directory.
    ///
    /// # Errors
    /// `Io` if no thread can be started.
    pub(super) fn look_into(&self, path: &Path) -> Result<()> {
        let (to, path) = (self.to.clone(), path.to_path_buf());
        // Not waited for at the end: it may be looking at a drive that does not answer.
        std::thread::Builder::new()
            .name("periphon-look".to_string())
            .spawn(move || {
                let found = tracks_told(std::slice::from_ref(&path));
                // Nobody may want it any more.
                let _ = to.send((path, found));
            })
            .map_err(|e| Error::new(ErrorKind::Io, "cannot start a thread to look for tracks").caused_by(e))?;
        Ok(())
    }

    /// What has been found since the last call.
    pub(super) fn found(&self) -> impl Iterator<Item = Found> + '_ {
        self.found.try_iter()
    }
}
