//! The program as people use it: what it prints, where, and how it ends.
#![cfg(feature = "cli")]

mod program;

use program::{periphon, refused, sample, text};
use std::process::Command;

#[test]
fn every_verb_has_help_with_examples() {
    let dir = tempfile::tempdir().unwrap();
    for verb in [
        &["render"][..],
        &["play"],
        &["devices"],
        &["inspect"],
        &["scene"],
        &["scene", "new"],
        &["scene", "check"],
        &["scene", "plot"],
        &["ir"],
        &["hrtf"],
        &["hrtf", "info"],
        &["hrtf", "plot"],
        &["hrtf", "compare"],
        &["headphones"],
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
        (&["render", song, "--room", "nowhere"], "nowhere"),
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
    std::fs::write(dir.path().join("scene.toml"), "format = 1\n[listener]\nposition = [0, 0, 0]\n").unwrap();
    refused(&periphon(dir.path(), &["render", "scene.toml"]), 2, "no source");
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
        (&["render", "/dev/null"], "device"),
        (&["render", "."], "directory"),
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

#[test]
fn what_is_wrong_with_every_track_of_a_list_is_told_once_and_before_anything_sounds() {
    let dir = tempfile::tempdir().unwrap();
    let songs = [sample("solo_trumpet.ogg"), sample("speech.ogg")];
    let songs = songs.each_ref().map(|s| s.to_str().unwrap());
    for (flags, code, names) in [
        (&["--room", "studoi"][..], 2, "there is no room called 'studoi'"),
        (&["--room", "missing.sofa"], 1, "missing.sofa"),
        (&["--hrtf", "missing.sofa"], 1, "missing.sofa"),
        (&["--stage", "live", "--place", "speakers"], 2, "a stage is for panoramas"),
        (&["--layout", "5,1"], 2, "there is no layout '5,1'"),
        (&["--head-track", "osc:9000", "--head-smoothing", "-3000"], 2, "smoothing"),
    ] {
        let args = [&["play"][..], &songs, flags].concat();
        refused(&periphon(dir.path(), &args), code, names);
    }
}
