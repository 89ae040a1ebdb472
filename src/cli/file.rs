//! What kind of file a verb was given, before it is opened in earnest.

use crate::decode::{Kind, sniff};
use crate::error::{Error, Result};
use std::path::Path;

/// Tells what the file is by its content.
///
/// # Errors
/// As [`sniff`]; `Unsupported` for pipes and devices, which can be looked at only once.
pub(super) fn kind(path: &Path) -> Result<Kind> {
    match std::fs::metadata(path) {
        Ok(m) if !m.is_file() && !m.is_dir() => {
            Err(Error::unsupported("this is a pipe or a device; only files can be read, since they are read twice")
                .at(path)
                .hint("write it to a file first: cat PIPE > FILE"))
        }
        _ => sniff(path),
    }
}
