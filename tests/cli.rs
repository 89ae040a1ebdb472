//! The program as people use it: what it prints, where, and how it ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

fn periphon(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_periphon")).current_dir(dir).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// An error is one `error:` line, then hints, and nothing on standard output.
fn refused(out: &Output, code: i32, names: &str) {
    let err = text(&out.stderr);
    assert_eq!(out.status.code(), Some(code), "{err}");
    assert!(err.starts_with("error: ") && err.contains(names), "{err}");
    assert!(err.lines().skip(1).all(|l| l.starts_with("hint: ")), "{err}");
    assert!(out.stdout.is_empty(), "{}", text(&out.stdout));
}

#[test]
fn every_verb_has_help_with_examples() {
    let dir = tempfile::tempdir().unwrap();
    for verb in [
        &["render"][..],
        &["inspect"],
        &["hrtf"],
        &["hrtf", "info"],
        &["hrtf", "plot"],
        &["hrtf", "compare"],
        &["bench"],
        &["man"],
    ] {
        let mut args = verb.to_vec();
        args.push("--help");
        let out = periphon(dir.path(), &args);
        assert_eq!(out.status.code(), Some(0));
        assert!(text(&out.stdout).contains("Examples:"), "{verb:?}");
    }
    assert_eq!(periphon(dir.path(), &["--version"]).status.code(), Some(0));
}

#[test]
fn a_render_reports_and_refuses_to_overwrite() {
    let dir = tempfile::tempdir().unwrap();
    let song = sample("solo_trumpet.ogg");
    let song = song.to_str().unwrap();
    let out = periphon(dir.path(), &["render", song, "--json"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    for key in [
        "output",
        "frames",
        "sample_rate",
        "channels",
        "format",
        "input_lufs",
        "output_lufs",
        "true_peak_dbtp",
        "gain_db",
        "limited_frames",
        "seconds_elapsed",
        "realtime_factor",
        "hrtf",
        "room",
    ] {
        assert!(!report[key].is_null(), "{key}");
    }
    assert!((report["input_lufs"].as_f64().unwrap() - report["output_lufs"].as_f64().unwrap()).abs() < 0.1);
    assert!(report["true_peak_dbtp"].as_f64().unwrap() <= -1.0);
    let written = dir.path().join("solo_trumpet.binaural.wav");
    let reader = hound::WavReader::open(&written).unwrap();
    assert_eq!((reader.spec().channels, reader.spec().bits_per_sample, reader.spec().sample_rate), (2, 24, 44_100));
    assert_eq!(u64::from(reader.duration()), report["frames"].as_u64().unwrap());

    refused(&periphon(dir.path(), &["render", song]), 2, "solo_trumpet.binaural.wav");
    let before = std::fs::read(&written).unwrap();
    assert_eq!(periphon(dir.path(), &["render", song, "--force", "--quiet"]).status.code(), Some(0));
    assert_eq!(before, std::fs::read(&written).unwrap(), "the same input and options give the same bytes");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn a_mistake_on_the_command_line_ends_with_2() {
    let dir = tempfile::tempdir().unwrap();
    let song = sample("speech.ogg");
    let song = song.to_str().unwrap();
    for (args, names) in [
        (&["render", song, "--block", "3"][..], "16"),
        (&["render", song, "--at", "400,0"], "azimuth"),
        (&["render", song, "--place", "speakers", "--at", "0,0"], "--at"),
        (&["render", song, "--room", "studio"], "studio"),
        (&["render", song, "-o", "x.mp3"], ".mp3"),
        (&["render", song, "-o", "x.flac", "--format", "f32"], "FLAC"),
        (&["render", song, "--hrtf", "nobody"], "nobody"),
        (&["render", song, "--layout", "5.1"], "5.1"),
        (&["render", song, "--loudness", "loud"], "loudness"),
        (&["render", song, "--start", "99"], "past the end"),
        (&["render", "--nonsense"], "--nonsense"),
        (&["dance"], "dance"),
    ] {
        refused(&periphon(dir.path(), args), 2, names);
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn work_that_fails_ends_with_1_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("empty.wav"), b"").unwrap();
    std::fs::write(dir.path().join("noise.flac"), vec![0x5a; 5000]).unwrap();
    for (args, names) in [
        (&["render", "nothing.wav"][..], "nothing.wav"),
        (&["render", "empty.wav"], "empty.wav"),
        (&["render", "noise.flac"], "noise.flac"),
        (&["inspect", "empty.wav"], "empty"),
        (&["hrtf", "info", "noise.flac"], "noise.flac"),
    ] {
        refused(&periphon(dir.path(), args), 1, names);
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn negative_values_are_values() {
    let dir = tempfile::tempdir().unwrap();
    let song = sample("solo_trumpet.ogg");
    let song = song.to_str().unwrap();
    for (i, args) in [
        &["--at", "-30,-10,1"][..],
        &["--orbit", "-4", "--at", "-90,0"],
        &["--loudness", "-23", "--true-peak", "-3"],
        &["--loudness", "off", "--format", "f32", "--rate", "48000"],
        &["--place", "stereo", "--start", "1", "--duration", "0.5"],
    ]
    .iter()
    .enumerate()
    {
        let name = format!("{i}.wav");
        let mut all = vec!["render", song, "-o", &name, "--json"];
        all.extend(*args);
        let out = periphon(dir.path(), &all);
        assert_eq!(out.status.code(), Some(0), "{args:?}: {}", text(&out.stderr));
        let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert!(report["frames"].as_u64().unwrap() > 1000);
    }
    let right = hound::WavReader::open(dir.path().join("3.wav")).unwrap();
    assert_eq!((right.spec().sample_rate, right.spec().bits_per_sample), (48_000, 32));
    let part = hound::WavReader::open(dir.path().join("4.wav")).unwrap();
    assert_eq!(part.duration(), 22_050, "half a second, and no head that rings on");
}

#[test]
fn quiet_says_nothing_and_json_is_one_object() {
    let dir = tempfile::tempdir().unwrap();
    let song = sample("solo_trumpet.ogg");
    let song = song.to_str().unwrap();
    let out = periphon(dir.path(), &["render", song, "-o", "q.flac", "--quiet"]);
    assert!(out.status.success() && out.stdout.is_empty() && out.stderr.is_empty(), "{}", text(&out.stderr));
    for args in [
        &["inspect", "q.flac"][..],
        &["hrtf", "info"],
        &["hrtf", "info", "kemar"],
        &["hrtf", "compare", "kemar", "kemar"],
    ] {
        let mut all = args.to_vec();
        all.push("--json");
        let out = periphon(dir.path(), &all);
        assert!(out.status.success(), "{}", text(&out.stderr));
        let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert!(value.is_object());
    }
}

#[test]
fn a_set_is_no_distance_from_itself() {
    let dir = tempfile::tempdir().unwrap();
    let out = periphon(dir.path(), &["hrtf", "compare", "kemar", "kemar", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(value["lsd_db"]["mean"].as_f64(), Some(0.0));
    let out = periphon(dir.path(), &["hrtf", "compare", "kemar", "ku100", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert!(value["lsd_db"]["mean"].as_f64().unwrap() > 1.0);
}

#[test]
fn a_picture_is_whole_and_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    for plane in ["horizontal", "median"] {
        let name = format!("{plane}.svg");
        let args = ["hrtf", "plot", "kemar", "-o", &name, "--plane", plane];
        assert!(periphon(dir.path(), &args).status.success());
        let svg = std::fs::read_to_string(dir.path().join(&name)).unwrap();
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n") && !svg.contains("NaN"));
        refused(&periphon(dir.path(), &args), 2, &name);
    }
}

#[test]
fn completions_and_manual_pages_are_made() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        assert!(text(&periphon(dir.path(), &["completions", shell]).stdout).contains("render"));
    }
    assert!(text(&periphon(dir.path(), &["man"]).stdout).contains(".TH"));
    assert!(periphon(dir.path(), &["man", "--dir", "."]).status.success());
    assert!(dir.path().join("periphon-hrtf-compare.1").exists());
}

#[cfg(unix)]
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

#[cfg(unix)]
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
