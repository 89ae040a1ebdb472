//! How the program ends when it is told to, or when nobody listens any more.
#![cfg(all(unix, feature = "cli"))]

mod program;

use program::text;
use std::process::{Command, Stdio};

#[test]
fn a_reader_that_goes_away_is_no_disaster() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_periphon"))
        .current_dir(dir.path())
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert!(!text(&out.stderr).contains("panic"), "{}", text(&out.stderr));
}

#[test]
fn an_interrupted_render_ends_with_130_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    // A minute at a high rate: long enough to be caught in the middle.
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 192_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(dir.path().join("long.wav"), spec).unwrap();
    for i in 0..192_000 * 2 * 60 {
        writer.write_sample((i % 1000) as i16).unwrap();
    }
    writer.finalize().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_periphon"))
        .current_dir(dir.path())
        .args(["render", "long.wav", "--orbit", "2", "--block", "64"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(130), "{}", text(&out.stderr));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn work_that_does_not_listen_ends_at_once_on_a_signal() {
    let dir = tempfile::tempdir().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_periphon"))
        .current_dir(dir.path())
        .args(["bench", "--seconds", "60"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let began = std::time::Instant::now();
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(130));
    assert_eq!(text(&out.stderr), "error: interrupted\n");
    assert!(began.elapsed().as_secs() < 5);
}
