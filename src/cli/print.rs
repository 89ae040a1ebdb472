//! What the program says, and where: results on standard output, all else on standard error.

use crate::error::{Error, ErrorKind, Result};
use serde::Serialize;
use std::io::Write;

/// Prints an error and its hints. One line each, whatever the message holds.
pub(super) fn error(e: &Error) {
    let mut line = e.to_string();
    let mut cause = std::error::Error::source(e);
    while let Some(c) = cause {
        let text = c.to_string();
        if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
        cause = c.source();
    }
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "error: {}", one_line(&line));
    for hint in e.hints() {
        let _ = writeln!(err, "hint: {}", one_line(hint));
    }
}

/// Prints a warning.
pub(super) fn warning(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "warning: {}", one_line(text));
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("; ")
}

/// Prints to standard output. A reader that went away ends the output, not the program.
///
/// # Errors
/// `Io` for anything else that goes wrong there.
pub(super) fn out(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::new(ErrorKind::Io, "cannot write to standard output").caused_by(e))
        }
        _ => Ok(()),
    }
}

/// Prints one JSON object.
///
/// # Errors
/// As [`out`].
pub(super) fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|e| Error::new(ErrorKind::Io, "cannot write the report as JSON").caused_by(e))?;
    out(&format!("{text}\n"))
}

/// A number with the digits that matter, or a dash.
pub(super) fn some(value: Option<f64>, digits: usize, unit: &str) -> String {
    value.map_or_else(|| "-".to_string(), |v| format!("{v:.digits$} {unit}"))
}
