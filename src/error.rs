//! One error type for everything that may fail off the audio thread.
//!
//! A program matches on [`ErrorKind`]; a person reads the message, which names the file, what is wrong and where, and
//! the hints, which say what to do. The audio call itself returns no error.

use std::fmt;
use std::path::{Path, PathBuf};

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system refused: a missing file, no permission, a full disk.
    Io,
    /// The data breaks its own format.
    Malformed,
    /// The data is sound, but asks for something this build cannot do.
    Unsupported,
    /// The data asks for more memory or time than it is granted.
    Limit,
    /// An argument is out of its range or two contradict each other.
    Argument,
    /// A sound device failed.
    Device,
    /// The user interrupted the work.
    Interrupted,
}

/// What went wrong, where, and what to do about it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    path: Option<PathBuf>,
    message: String,
    hints: Vec<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of work that may fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind`; `message` is one lower-case sentence without the cause.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, path: None, message: message.into(), hints: Vec::new(), source: None }
    }

    /// The data breaks its own format.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, message)
    }

    /// The data asks for something this build cannot do.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// The data asks for more memory or time than it is granted.
    pub fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    /// An argument is out of its range.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Argument, message)
    }

    /// The system refused an operation on `path`.
    pub fn io(path: impl AsRef<Path>, message: impl Into<String>, source: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, message).at(path).caused_by(source)
    }

    /// Names the file; the innermost name wins.
    #[must_use]
    pub fn at(mut self, path: impl AsRef<Path>) -> Self {
        self.path.get_or_insert_with(|| path.as_ref().to_path_buf());
        self
    }

    /// Adds one thing the reader can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Keeps the cause for [`std::error::Error::source`].
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The file concerned, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The message with its causes, as people are told of it: of the system's errors the words, not the number, and only
    /// what says something new.
    pub fn sentence(&self) -> String {
        let mut line = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(c) = cause {
            let text = c.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            if !line.to_lowercase().contains(&text.to_lowercase()) {
                line = format!("{line}: {text}");
            }
            cause = c.source();
        }
        line
    }

    /// What the reader can do, most useful first.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: {}", path.display(), self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}
