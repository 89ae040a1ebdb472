//! The gains that renders have found, kept from one run to the next: what was rendered once is played with the very same
//! gain, where playing could otherwise only guess it from an excerpt (see docs/decisions/live.md).

use super::RenderJob;
use crate::decode::{Kind, sniff};
use crate::scene::{RoomChoice, Scene};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Lines that are kept when the file has grown to twice as many.
const MOST: usize = 2000;

/// A small file of gains. Whatever goes wrong with it is as if it were empty: it only saves work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GainMemory {
    path: PathBuf,
}

impl GainMemory {
    /// In a file of the caller's choice, which is made when there is something to keep.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where this user's programs keep such things (`$XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches`,
    /// `%LOCALAPPDATA%`); `None` if that cannot be told.
    pub fn of_user() -> Option<Self> {
        let named = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
        let base = if cfg!(windows) {
            named("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            named("HOME").map(|home| home.join("Library/Caches"))
        } else {
            named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")))
        };
        base.map(|base| Self::new(base.join("periphon").join("gains")))
    }

    /// The gain that a render of this job had, dB. Its rate must be that of the output.
    pub fn recall(&self, job: &RenderJob) -> Option<f64> {
        let key = key(job)?;
        let text = std::fs::read_to_string(&self.path).ok()?;
        let line = text.lines().rev().find_map(|line| line.strip_prefix(key.as_str()))?;
        line.trim().parse().ok().filter(|gain: &f64| gain.is_finite())
    }

    /// Keeps the gain of a render, dB. Its rate must be that of the output.
    pub fn note(&self, job: &RenderJob, gain_db: f64) {
        let Some(key) = key(job) else { return };
        if let Some(folder) = self.path.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        if text.lines().count() >= 2 * MOST {
            let kept: Vec<&str> = text.lines().rev().take(MOST).collect();
            let kept = kept.into_iter().rev().fold(String::new(), |all, line| all + line + "\n");
            // Whoever writes at the same time loses a line, which costs a guess.
            let _ = std::fs::write(&self.path, kept);
        }
        if let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(&self.path) {
            let _ = file.write_all(format!("{key} {gain_db}\n").as_bytes());
        }
    }
}

/// What the gain depends on, in a few letters; `None` if a file cannot be read.
fn key(job: &RenderJob) -> Option<String> {
    let usual = RenderJob::new("", "");
    // What changes no level is left out.
    let same = RenderJob {
        input: PathBuf::new(),
        output: PathBuf::new(),
        force: false,
        format: usual.format,
        block: None,
        threads: None,
        measure: false,
        ..job.clone()
    };
    let mut text = format!("{} {same:?}", env!("CARGO_PKG_VERSION"));
    let mut files = if job.stems.is_empty() { vec![job.input.clone()] } else { job.stems.clone() };
    let named = [Some(&job.hrtf), job.stage.as_ref(), job.room.as_ref(), job.headphones.as_ref()];
    files.extend(named.into_iter().flatten().map(PathBuf::from).filter(|p| p.is_file()));
    files.extend(job.model.clone());
    files.extend(job.model.as_ref().map(|m| m.with_extension("toml")).filter(|p| p.is_file()));
    if job.stems.is_empty() && sniff(&job.input).ok()? == Kind::Scene {
        let scene = Scene::open(&job.input).ok()?;
        files.extend(scene.objects().ok()?.into_iter().map(|o| o.file));
        files.extend(scene.bed_inputs().into_iter().map(|b| b.file));
        if let Some(RoomChoice::Measured(path)) = scene.room_choice() {
            files.push(path);
        }
    }
    for file in files {
        write!(text, "\n{}", look(&file)?).ok()?;
    }
    // FNV-1a, two of them: nobody has a reason to make these collide.
    let hash = |start: u64| text.bytes().fold(start, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    Some(format!("{:016x}{:016x}", hash(0xcbf2_9ce4_8422_2325), hash(0x6c62_272e_07bb_0142)))
}

/// A file as it is now, without reading it.
fn look(file: &Path) -> Option<String> {
    let path = file.canonicalize().ok()?;
    let data = path.metadata().ok()?;
    let changed = data.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(format!("{} {} {}", path.display(), data.len(), changed.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_is_found_again_until_anything_that_it_depends_on_changes() {
        let dir = tempfile::tempdir().unwrap();
        let track = dir.path().join("track.wav");
        std::fs::write(&track, b"RIFF").unwrap();
        let memory = GainMemory::new(dir.path().join("new").join("gains"));
        let job = RenderJob { rate: Some(48_000), ..RenderJob::new(&track, "a.wav") };
        assert_eq!(memory.recall(&job), None);
        memory.note(&job, -3.25);
        memory.note(&RenderJob { room: Some("club".to_string()), ..job.clone() }, 1.5);
        let elsewhere = RenderJob { output: PathBuf::from("b.wav"), block: Some(64), force: true, ..job.clone() };
        assert_eq!(memory.recall(&elsewhere), Some(-3.25));
        assert_eq!(memory.recall(&RenderJob { start: 1.0, ..job.clone() }), None);
        memory.note(&job, 2.0);
        assert_eq!(memory.recall(&job), Some(2.0), "the last one counts");
        std::fs::write(&track, b"RIFFRIFF").unwrap();
        assert_eq!(memory.recall(&job), None);
    }

    #[test]
    fn the_file_does_not_grow_for_ever_and_rubbish_in_it_does_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        let track = dir.path().join("track.wav");
        std::fs::write(&track, b"RIFF").unwrap();
        let path = dir.path().join("gains");
        std::fs::write(&path, "rubbish\n".repeat(2 * MOST)).unwrap();
        let memory = GainMemory::new(&path);
        let job = RenderJob::new(&track, "");
        memory.note(&job, 1.0);
        assert_eq!(memory.recall(&job), Some(1.0));
        assert!(std::fs::read_to_string(&path).unwrap().lines().count() <= MOST + 1);
        std::fs::write(&path, [0xff; 100]).unwrap();
        assert_eq!(memory.recall(&job), None);
    }
}
