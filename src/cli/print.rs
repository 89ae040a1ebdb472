//! What the program says, and where: results on standard output, all else on standard error.

use crate::error::{Error, ErrorKind, Result};
use serde::Serialize;
use std::io::Write;

/// Prints an error and its hints. One line each, whatever the message holds.
pub(super) fn error(e: &Error) {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "error: {}", one_line(&e.sentence()));
    for hint in e.hints() {
        let _ = writeln!(err, "hint: {}", one_line(hint));
    }
}

/// Prints a warning.
pub(super) fn warning(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "warning: {}", one_line(text));
}

/// Text in one line, [`harmless`].
pub(super) fn one_line(text: &str) -> String {
    let joined = text.split(['\n', '\r']).map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("; ");
    harmless(&joined)
}

/// Text from a file or its name, without what would steer the terminal.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
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

/// Prints lines for people; `harmless`, since they may quote a file.
///
/// # Errors
/// As [`out`].
pub(super) fn lines(text: &str) -> Result<()> {
    out(&harmless(text))
}

/// Prints lines for people on standard error, where standard output carries sound.
pub(super) fn aside(text: &str) {
    let _ = std::io::stderr().lock().write_all(harmless(text).as_bytes());
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

/// A path as JSON has it: paths that are not Unicode lose what cannot be said.
pub(super) fn path<S: serde::Serializer>(path: &std::path::Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line_and_does_not_steer_the_terminal() {
        assert_eq!(one_line("a\n  b\r\n"), "a; b");
        assert_eq!(one_line("\u{1b}[31mred"), "\u{fffd}[31mred");
    }
}
