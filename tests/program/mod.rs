//! The built program, for tests that run it as people do.
#![allow(dead_code)] // Not every test file uses all of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

pub fn periphon(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_periphon")).current_dir(dir).args(args).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// An error is one `error:` line, then hints, and nothing on standard output.
pub fn refused(out: &Output, code: i32, names: &str) {
    let err = text(&out.stderr);
    assert_eq!(out.status.code(), Some(code), "{err}");
    assert!(err.starts_with("error: ") && err.contains(names), "{err}");
    assert!(err.lines().skip(1).all(|l| l.starts_with("hint: ")), "{err}");
    assert!(out.stdout.is_empty(), "{}", text(&out.stdout));
}
