//! What is wrong with a scene: everything, not only the first thing.

use crate::error::{Error, ErrorKind};
use std::fmt;
use std::path::PathBuf;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SceneError {
    /// Line and column, both from 1, columns in characters. `None` if the scene did not come from text.
    pub place: Option<(usize, usize)>,
    /// One sentence that names the key.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Every mistake of a scene, in the order of the text.
#[derive(Clone, Debug)]
pub struct SceneErrors {
    /// The scene's file, if it has one.
    pub path: Option<PathBuf>,
    /// Never empty.
    pub errors: Vec<SceneError>,
    /// `Argument` for mistakes of the scene, `Io` if its file cannot be read.
    pub kind: ErrorKind,
}

impl SceneErrors {
    pub(super) fn new(errors: Vec<SceneError>) -> Self {
        Self { path: None, errors, kind: ErrorKind::Argument }
    }

    /// One line of text for a mistake: `file:line:column: message`.
    pub fn line(&self, error: &SceneError) -> String {
        let mut text = self.path.as_ref().map_or(String::new(), |p| format!("{}:", p.display()));
        if let Some((line, column)) = error.place {
            text += &format!("{line}:{column}:");
        }
        if text.is_empty() { error.message.clone() } else { format!("{text} {}", error.message) }
    }
}

impl SceneErrors {
    /// Each mistake as an error of its own, in order.
    pub fn into_errors(self) -> Vec<Error> {
        let error =
            |e: &SceneError| e.hint.iter().fold(Error::new(self.kind, self.line(e)), |all, hint| all.hint(hint));
        self.errors.iter().map(error).collect()
    }
}

impl fmt::Display for SceneErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.errors.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.line(error))?;
        }
        Ok(())
    }
}

impl std::error::Error for SceneErrors {}

impl From<SceneErrors> for Error {
    /// The first mistake, its hint, and how many there are besides it.
    fn from(all: SceneErrors) -> Self {
        let Some(first) = all.errors.first() else { return Self::new(all.kind, "the scene is wrong") };
        let mut error = Self::new(all.kind, all.line(first));
        if let Some(hint) = &first.hint {
            error = error.hint(hint);
        }
        match all.errors.len() - 1 {
            0 => error,
            n => error.hint(format!(
                "there {} more: `periphon scene check` lists all",
                if n == 1 { "is one mistake".to_string() } else { format!("are {n} mistakes") }
            )),
        }
    }
}
