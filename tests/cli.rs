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
        &["completions"],
        &["man"],
        &[],
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
        (&["render", song, "--tail", "-1"], "from 0 to 600"),
        (&["render", song, "--start", "-1"], "from 0 to"),
        (&["render", song, "--rate", "-5"], "8000"),
        (&["render", song, "--true-peak", "3"], "from -60 to 0"),
        (&["render", song, "--at", "0,-91"], "from -90 to 90"),
        (&["render", song, "--orbit", "0"], "turn"),
        (&["render", song, "-o", "-", "--json"], "standard output"),
        (&["render"], "INPUT"),
        (&["hrtf"], "subcommand"),
        (&[], "subcommand"),
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
    std::fs::write(dir.path().join("scene.toml"), "format = 1\n[listener]\nposition = [0, 0, 0]\n").unwrap();
    for (args, names) in [
        (&["render", "nothing.wav"][..], "nothing.wav"),
        (&["render", "empty.wav"], "empty.wav"),
        (&["render", "noise.flac"], "noise.flac"),
        (&["inspect", "empty.wav"], "empty"),
        (&["render", "/dev/null"], "device"),
        (&["render", "scene.toml"], "scene"),
        (&["render", "."], "directory"),
        (&["hrtf", "info", "noise.flac"], "noise.flac"),
    ] {
        refused(&periphon(dir.path(), args), 1, names);
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3);
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
    std::fs::write(dir.path().join("scene.toml"), "format = 1\n[listener]\n").unwrap();
    for args in [
        &["inspect", "q.flac"][..],
        &["hrtf", "info"],
        &["hrtf", "info", "kemar"],
        &["hrtf", "compare", "kemar", "kemar"],
        &["inspect", "scene.toml"],
        &["completions", "zsh"],
        &["man"],
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
fn the_number_of_threads_changes_no_bit() {
    let dir = tempfile::tempdir().unwrap();
    let song = sample("solo_trumpet.ogg");
    let song = song.to_str().unwrap();
    for (name, flags) in [("a.wav", ["--threads", "1"]), ("b.wav", ["--threads", "4"])] {
        let mut args = vec!["render", song, "-o", name, "--quiet"];
        args.extend(flags);
        assert!(periphon(dir.path(), &args).status.success());
    }
    let read = |name| std::fs::read(dir.path().join(name)).unwrap();
    assert!(read("a.wav") == read("b.wav"), "bit-identical whatever the number of threads");
}

#[test]
fn a_set_is_no_distance_from_itself() {
    let dir = tempfile::tempdir().unwrap();
    let out = periphon(dir.path(), &["hrtf", "compare", "kemar", "kemar", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    for figure in [&value["lsd_db"]["p95"], &value["itd_us"]["p95"], &value["ild_db"]["p95"], &value["level_db"]] {
        assert_eq!(figure.as_f64(), Some(0.0));
    }
    assert!(value["third_octaves"].as_array().unwrap().iter().all(|b| b["rms_db"].as_f64() == Some(0.0)));
    let out = periphon(dir.path(), &["hrtf", "compare", "kemar", "ku100", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert!(value["lsd_db"]["mean"].as_f64().unwrap() > 1.0);
}

#[test]
fn pictures_are_whole_and_are_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    for what in ["all", "grid", "itd", "ild", "horizontal", "median", "direction"] {
        let svg = format!("{what}.svg");
        let args = ["hrtf", "plot", "kemar", "-o", &svg, "--what", what];
        assert!(periphon(dir.path(), &args).status.success());
        let text = std::fs::read_to_string(dir.path().join(&svg)).unwrap();
        assert!(text.starts_with("<svg") && text.ends_with("</svg>\n") && !text.contains("NaN"));
        refused(&periphon(dir.path(), &args), 2, &svg);
        let png = format!("{what}.png");
        assert!(periphon(dir.path(), &["hrtf", "plot", "kemar", "-o", &png, "--what", what]).status.success());
        let bytes = std::fs::read(dir.path().join(&png)).unwrap();
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.ends_with(b"IEND\xae\x42\x60\x82"));
    }
    let out = periphon(dir.path(), &["hrtf", "plot", "ku100", "-o", "left.png", "--at", "-90,10", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((value["output"].as_str(), value["what"].as_str()), (Some("left.png"), Some("direction")));
    refused(&periphon(dir.path(), &["hrtf", "plot", "ku100", "-o", "a.pdf"]), 2, ".png");
    refused(
        &periphon(dir.path(), &["hrtf", "plot", "ku100", "-o", "a.svg", "--what", "itd", "--at", "0,0"]),
        2,
        "--at",
    );
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

#[test]
fn sound_to_standard_output_comes_alone() {
    let dir = tempfile::tempdir().unwrap();
    let song = sample("solo_trumpet.ogg");
    let song = song.to_str().unwrap();
    let out = periphon(dir.path(), &["render", song, "-o", "-", "--duration", "0.5"]);
    assert!(out.status.success() && text(&out.stderr).contains("44100 Hz"), "{}", text(&out.stderr));
    let reader = hound::WavReader::new(std::io::Cursor::new(&out.stdout)).unwrap();
    assert_eq!((reader.spec().channels, reader.spec().bits_per_sample), (2, 24));
}

#[cfg(unix)]
#[test]
fn names_of_any_encoding_are_kept_and_do_not_steer_the_terminal() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9\x1b[31m.ogg");
    std::fs::copy(sample("solo_trumpet.ogg"), dir.path().join(name)).unwrap();
    let run = |flag: &str| {
        Command::new(env!("CARGO_BIN_EXE_periphon"))
            .current_dir(dir.path())
            .arg("render")
            .arg(name)
            .args(["--force", "--duration", "0.5", flag])
            .output()
            .unwrap()
    };
    let out = run("--json");
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(serde_json::from_slice::<serde_json::Value>(&out.stdout).unwrap()["output"].is_string());
    assert!(dir.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9\x1b[31m.binaural.wav")).exists());
    assert!(!run("--threads=1").stdout.contains(&0x1b));
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

#[cfg(unix)]
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
