//! `--headphones` and `periphon headphones`, as people use them.
#![cfg(feature = "cli")]

mod program;
mod sounds;

use program::{periphon, refused, text};
use sounds::wav;
use std::f64::consts::TAU;
use std::path::Path;

fn read(path: &Path) -> [Vec<f32>; 2] {
    let samples: Vec<f32> = hound::WavReader::open(path).unwrap().samples().map(Result::unwrap).collect();
    [0, 1].map(|ear| samples.iter().skip(ear).step_by(2).copied().collect())
}

fn pulse(at: usize, frames: usize) -> Vec<f32> {
    let mut x = vec![0.0; frames];
    x[at] = 0.5;
    x
}

/// Gain at `hz` relative to a pulse of 0.5, dB.
fn gain_db(h: &[f32], hz: f64, rate: f64) -> f64 {
    let at = |k: fn(f64) -> f64| {
        h.iter().enumerate().map(|(n, x)| f64::from(*x) * k(TAU * hz * n as f64 / rate)).sum::<f64>()
    };
    20.0 * (2.0 * at(f64::cos).hypot(at(f64::sin))).log10()
}

const PLAIN: [&str; 6] = ["--place", "stereo", "--loudness", "off", "--format", "f32"];

fn render(dir: &Path, headphones: &str, more: &[&str]) -> (serde_json::Value, [Vec<f32>; 2]) {
    let args =
        [&["render", "in.wav", "-o", "out.wav", "--force", "--json", "--headphones", headphones], &PLAIN[..], more]
            .concat();
    let out = periphon(dir, &args);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    (serde_json::from_slice(&out.stdout).unwrap(), read(&dir.join("out.wav")))
}

#[test]
fn a_model_by_name_is_applied_after_the_ears_with_its_preamp() {
    let dir = tempfile::tempdir().unwrap();
    wav(&dir.path().join("in.wav"), 48_000, &[pulse(100, 24_000), pulse(50, 24_000)]);
    let (report, ears) = render(dir.path(), "sennheiser HD-650", &[]);
    assert_eq!(report["headphones"], "Sennheiser HD 650 (oratory1990)");
    let equaliser = periphon::headphones::find("hd 650").unwrap().equaliser();
    assert!(equaliser.preamp_db < -1.0);
    for ear in &ears {
        for hz in [30.0, 100.0, 1000.0, 5000.0, 12_000.0] {
            assert!((gain_db(ear, hz, 48_000.0) - equaliser.gain_db(hz, 48_000.0)).abs() < 0.02, "{hz} Hz");
        }
    }
    // No frame late, and the sound rings out.
    assert!(ears[0][..100].iter().all(|x| *x == 0.0) && ears[0][100] != 0.0);
    assert!(ears[0].len() > 24_000);
    let (report, _) = render(dir.path(), "none", &[]);
    assert_eq!(report["headphones"], "none");
}

#[test]
fn the_equaliser_shown_is_the_file_that_does_the_same() {
    let dir = tempfile::tempdir().unwrap();
    wav(&dir.path().join("in.wav"), 44_100, &[pulse(0, 8000), pulse(0, 8000)]);
    let shown = periphon(dir.path(), &["headphones", "hd", "600", "crinacle", "--show"]);
    assert_eq!(shown.status.code(), Some(0));
    assert!(text(&shown.stdout).contains("\nPreamp: -") && text(&shown.stdout).contains("Filter 10: ON "));
    std::fs::write(dir.path().join("eq.txt"), &shown.stdout).unwrap();
    let (report, by_file) = render(dir.path(), "eq.txt", &[]);
    assert_eq!(report["headphones"], "eq.txt");
    let (_, by_name) = render(dir.path(), "hd 600 crinacle", &[]);
    assert_eq!(by_file, by_name);
}

#[test]
fn impulse_responses_of_any_rate_stay_in_time() {
    let dir = tempfile::tempdir().unwrap();
    wav(&dir.path().join("in.wav"), 48_000, &[pulse(1000, 9000), pulse(1000, 9000)]);
    let mut h = vec![0.0f32; 64];
    (h[0], h[3], h[20]) = (0.8, -0.4, 0.1);
    wav(&dir.path().join("same.wav"), 48_000, &[h.clone()]);
    wav(&dir.path().join("other.wav"), 96_000, &[h.clone(), h.iter().map(|x| -x).collect()]);
    let (_, [left, right]) = render(dir.path(), "same.wav", &[]);
    assert_eq!(left, right);
    for (n, x) in h.iter().enumerate() {
        assert!((left[1000 + n] - 0.5 * x).abs() < 1e-6);
    }
    let (_, [left, right]) = render(dir.path(), "other.wav", &[]);
    assert!(left.iter().zip(&right).all(|(l, r)| (l + r).abs() < 1e-6), "two channels are two ears");
    let largest = (0..left.len()).max_by(|a, b| left[*a].abs().total_cmp(&left[*b].abs())).unwrap();
    assert!(largest.abs_diff(1000) <= 1, "{largest}");
}

#[test]
fn mistakes_are_told_with_names_and_lines() {
    let dir = tempfile::tempdir().unwrap();
    wav(&dir.path().join("in.wav"), 48_000, &[pulse(0, 100), pulse(0, 100)]);
    wav(&dir.path().join("three.wav"), 48_000, &[pulse(0, 100), pulse(0, 100), pulse(0, 100)]);
    wav(&dir.path().join("long.wav"), 48_000, &[pulse(0, 100_000)]);
    wav(&dir.path().join("silent.wav"), 48_000, &[vec![0.0; 100]]);
    std::fs::write(dir.path().join("bad.txt"), "Preamp: -6 dB\nFilter 1: ON PK Fc x Hz Gain 1 dB Q 1\n").unwrap();
    std::fs::write(dir.path().join("noise.bin"), [0u8, 1, 2, 200, 201, 3].repeat(100)).unwrap();
    std::fs::write(dir.path().join("empty.txt"), "").unwrap();
    for (what, code, words) in [
        ("HD 999999", 2, "no headphone called 'HD 999999'"),
        ("sennheiser", 2, "may mean any of"),
        ("", 2, "no headphone called"),
        ("missing.txt", 2, "no such file"),
        ("bad.txt", 1, "bad.txt: line 2: Fc is followed by a number"),
        ("noise.bin", 1, "noise.bin"),
        ("empty.txt", 1, "no filter"),
        ("three.wav", 1, "3 channels"),
        ("long.wav", 1, "longer than 2 s"),
        ("silent.wav", 1, "silent"),
    ] {
        let out = periphon(dir.path(), &["render", "in.wav", "--headphones", what]);
        refused(&out, code, words);
    }
    refused(&periphon(dir.path(), &["headphones", "zzzz", "qqqq"]), 2, "no headphone called 'zzzz qqqq'");
    refused(&periphon(dir.path(), &["headphones", "--show"]), 2, "");
}

#[test]
fn the_list_is_searched_by_words() {
    let dir = tempfile::tempdir().unwrap();
    let out = periphon(dir.path(), &["headphones"]);
    assert!(text(&out.stdout).contains("6002 headphones, 10784 equalisers"), "{}", text(&out.stdout));
    let out = periphon(dir.path(), &["headphones", "SONY", "wf1000xm4"]);
    let lines = text(&out.stdout);
    assert!(lines.lines().count() > 10 && lines.lines().all(|l| l.contains("Sony WF-1000XM4")), "{lines}");
    let out = periphon(dir.path(), &["headphones", "sony", "over-ear", "--json"]);
    let list: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(list["models"], 6002);
    let found = list["found"].as_array().unwrap();
    assert!(found.len() > 20 && found.iter().all(|m| m["kind"] == "over-ear" && m["vendor"] == "Sony"));
}
