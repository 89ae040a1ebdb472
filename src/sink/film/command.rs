//! Running ffmpeg to its end: killed when nobody wants its work any more, its last words kept.

use crate::error::{Error, ErrorKind, Result};
use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Of what ffmpeg says, this much is kept of each of its streams.
const MAX_SAID: u64 = 1 << 16;
/// How often its end is looked for.
const TICK: Duration = Duration::from_millis(10);

/// A file as ffmpeg is told of it: a leading dash or a name like `http://` cannot be taken for something else.
pub(super) fn source(path: &Path) -> OsString {
    let mut name = OsString::from("file:");
    name.push(path);
    name
}

/// Killed and waited for when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs ffmpeg; returns what it wrote to its standard output.
///
/// # Errors
/// `Unsupported` if it is not installed, or if it fails, with its own words; `Io` if a disk is full; `Interrupted` if
/// `go_on` says so.
pub(super) fn run(args: &[OsString], go_on: &dyn Fn() -> bool) -> Result<String> {
    let spawned = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-v", "error"])
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => Running(child),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::unsupported("a film needs ffmpeg to copy its picture, and ffmpeg is not installed")
                .hint("install ffmpeg (on Debian: apt-get install ffmpeg), or write the sound alone: -o NAME.wav"));
        }
        Err(e) => return Err(Error::unsupported("ffmpeg, which would copy the picture, did not start").caused_by(e)),
    };
    // Both are read on beside us, or ffmpeg would wait for room in the pipe.
    let ear = |from: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut said = Vec::new();
            if let Some(mut from) = from {
                let _ = from.by_ref().take(MAX_SAID).read_to_end(&mut said);
                let _ = std::io::copy(&mut from, &mut std::io::sink());
            }
            String::from_utf8_lossy(&said).into_owned()
        })
    };
    let out = ear(child.0.stdout.take().map(|s| Box::new(s) as _));
    let err = ear(child.0.stderr.take().map(|s| Box::new(s) as _));
    let status = loop {
        if !go_on() {
            return Err(Error::new(ErrorKind::Interrupted, "the work was interrupted before the output was whole"));
        }
        match child.0.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => std::thread::sleep(TICK),
            Err(e) => return Err(Error::new(ErrorKind::Io, "waiting for ffmpeg failed").caused_by(e)),
        }
    };
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    if status.success() {
        return Ok(out);
    }
    // A signal for all of us, such as Ctrl-C, may have reached ffmpeg first.
    if !go_on() {
        return Err(Error::new(ErrorKind::Interrupted, "the work was interrupted before the output was whole"));
    }
    Err(failed(&err))
}

/// ffmpeg's words as an error.
fn failed(said: &str) -> Error {
    let why = crate::decode::ffmpeg_said(said);
    if said.contains("No space left on device") {
        return Error::new(ErrorKind::Io, "cannot write the film: the disk is full")
            .hint("make room, or write to another disk");
    }
    let why = if why.is_empty() { "it gave no reason".to_string() } else { why };
    Error::unsupported(format!("ffmpeg could not make the film: {why}")).hint(
        "another container may take what this one does not, such as -o NAME.mkv; or write the sound alone: -o NAME.wav",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ffmpeg_says_becomes_one_sentence() {
        let said = "[webm @ 0x55d0c0] Only VP8 or VP9 or AV1 video are supported for WebM.\nCould not write header\n";
        let error = failed(said);
        assert_eq!(
            error.to_string(),
            "ffmpeg could not make the film: Only VP8 or VP9 or AV1 video are supported for WebM."
        );
        assert_eq!(failed("av_interleaved_write_frame(): No space left on device\n").kind(), ErrorKind::Io);
        assert!(failed("").to_string().contains("no reason"));
    }
}
