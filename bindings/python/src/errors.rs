//! The library's errors as Python's exceptions, which are classes of the package (`periphon._errors`).

use periphon::{Error, ErrorKind};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use std::error::Error as _;

static ARGUMENT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static DATA: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static LIMIT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static FILE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static OTHER: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The exception for an error: its sentence with the cause, its hints, its file.
pub(crate) fn raise(error: &Error) -> PyErr {
    let (class, name) = match error.kind() {
        ErrorKind::Interrupted => return PyKeyboardInterrupt::new_err(error.to_string()),
        ErrorKind::Argument => (&ARGUMENT, "ArgumentError"),
        ErrorKind::Malformed | ErrorKind::Unsupported => (&DATA, "DataError"),
        ErrorKind::Limit => (&LIMIT, "LimitError"),
        ErrorKind::Io => (&FILE, "FileError"),
        _ => (&OTHER, "Error"),
    };
    let message = error.sentence();
    let errno = error.source().and_then(|e| e.downcast_ref::<std::io::Error>()).and_then(|e| e.raw_os_error());
    let path = error.path().map(|p| p.display().to_string());
    let hints = error.hints().to_vec();
    Python::attach(|py| match class.import(py, "periphon._errors", name) {
        Ok(class) => {
            let exception = match error.kind() {
                ErrorKind::Io => class.call1((message, hints, path, errno)),
                _ => class.call1((message, hints, path)),
            };
            exception.map_or_else(|e| e, PyErr::from_value)
        }
        Err(e) => e,
    })
}

/// An argument that is not what it should be.
pub(crate) fn argument(message: impl Into<String>) -> PyErr {
    raise(&Error::argument(message))
}

/// Results of the library as Python's.
pub(crate) trait OrRaise<T> {
    /// The value, or the exception.
    fn or_raise(self) -> PyResult<T>;
}

impl<T> OrRaise<T> for periphon::Result<T> {
    fn or_raise(self) -> PyResult<T> {
        self.map_err(|e| raise(&e))
    }
}
