//! `periphon ir`: the response is what theory says, and the figures are there.
#![cfg(feature = "cli")]

mod program;
mod sounds;

use program::{periphon, refused, text};
use serde_json::Value;
use sounds::wav;
use std::path::Path;

/// A scene with sound files that are not there.
fn scene(dir: &Path, room: &str, more: &str) {
    let text = format!(
        r#"format = 1
speed_of_sound = 343.0
{more}
[listener]
position = [2.0, 2.2, 1.6]
{room}
[[source]]
id = "left"
file = "left.wav"
position = [3.5, 3.9, 1.4]
gain_db = -6.0
"#
    );
    std::fs::write(dir.join("room.toml"), text).unwrap();
}

const ROOM: &str =
    "[room]\nsize = [6.0, 5.0, 3.0]\nmaterial = 0.3\nreflection_order = 2\nair_absorption = false\nlate = false";
const LIVE: &str = "[room]\nsize = [6.0, 5.0, 3.0]\nmaterial = \"plaster\"\nt60 = 0.6";

fn read(path: &Path) -> (hound::WavSpec, Vec<Vec<f32>>) {
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    let samples: Vec<f32> = reader.samples::<f32>().map(Result::unwrap).collect();
    let n = usize::from(spec.channels);
    (spec, (0..n).map(|c| samples.iter().skip(c).step_by(n).copied().collect()).collect())
}

fn json(dir: &Path, args: &[&str]) -> Value {
    let out = periphon(dir, args);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Images of a shoebox by folding, to second order: metres and walls hit.
fn images() -> Vec<(f64, i32)> {
    let (size, source, listener) = ([6.0, 5.0, 3.0], [3.5, 3.9, 1.4], [2.0, 2.2, 1.6]);
    let mut all = Vec::new();
    for x in -2i32..=2 {
        for y in -2i32..=2 {
            for z in -2i32..=2 {
                let n = [x, y, z];
                let order: i32 = n.iter().map(|n| n.abs()).sum();
                if order <= 2 {
                    let along = |a: usize| {
                        let s = if n[a] % 2 == 0 { source[a] } else { size[a] - source[a] };
                        f64::from(n[a]) * size[a] + s - listener[a]
                    };
                    all.push(((0..3).map(|a| along(a).powi(2)).sum::<f64>().sqrt(), order));
                }
            }
        }
    }
    all
}

#[test]
fn the_omnidirectional_response_is_the_sum_over_images() {
    let dir = tempfile::tempdir().unwrap();
    scene(dir.path(), ROOM, "");
    let report = json(dir.path(), &["ir", "room.toml", "-o", "ir.wav", "--json"]);
    let (spec, channels) = read(&dir.path().join("ir.wav"));
    assert_eq!((spec.channels, spec.bits_per_sample, spec.sample_rate), (1, 32, 48_000));
    assert_eq!(report["frames"], channels[0].len());
    assert!(channels[0].len() >= 4800);
    // By its spectrum: delays between samples are phases.
    let gain = 10f64.powf(-6.0 / 20.0);
    let (mut off, mut all) = (0.0, 0.0);
    for k in 0..60 {
        let omega = std::f64::consts::TAU * (130.0 + 250.0 * f64::from(k)) / 48_000.0;
        let turn = |t: f64| ((omega * t).cos(), -(omega * t).sin());
        let got = channels[0].iter().enumerate().fold((0.0, 0.0), |(re, im), (n, x)| {
            let (c, s) = turn(n as f64);
            (re + c * f64::from(*x), im + s * f64::from(*x))
        });
        let want = images().iter().fold((0.0, 0.0), |(re, im), (metres, order)| {
            let (c, s) = turn(metres / 343.0 * 48_000.0);
            let g = gain * 0.7f64.sqrt().powi(*order) / metres;
            (re + c * g, im + s * g)
        });
        off += (got.0 - want.0).powi(2) + (got.1 - want.1).powi(2);
        all += want.0.powi(2) + want.1.powi(2);
    }
    let db = 10.0 * (off / all).log10();
    assert!(db < -80.0, "{db:.1} dB");
}

#[test]
fn the_report_has_every_figure_by_octave_band() {
    let dir = tempfile::tempdir().unwrap();
    scene(dir.path(), LIVE, "sample_rate = 44100");
    let report = json(dir.path(), &["ir", "room.toml", "-o", "ir.wav", "--json", "--plot", "decay.svg"]);
    assert_eq!(report["sample_rate"], 44_100);
    assert_eq!(report["bands_hz"].as_array().unwrap().len(), 7);
    for key in ["t20", "t30", "edt", "c50", "c80", "d50", "ts"] {
        let bands = report[key].as_array().unwrap();
        assert!(bands.len() == 7 && bands.iter().all(Value::is_number), "{key}: {bands:?}");
    }
    for t in report["t30"].as_array().unwrap() {
        assert!((0.5..0.7).contains(&t.as_f64().unwrap()), "{t}");
    }
    // 2.28 m to the source; the floor's image is 1.49 m farther.
    assert!((report["onset_ms"].as_f64().unwrap() - 6.63).abs() < 0.3, "{}", report["onset_ms"]);
    assert!((report["itdg_ms"].as_f64().unwrap() - 4.36).abs() < 0.3, "{}", report["itdg_ms"]);
    assert!(report["drr_db"].is_number());
    for (key, want) in [("source", "left"), ("room", "shoebox"), ("receiver", "omni"), ("output", "ir.wav")] {
        assert_eq!(report[key], want, "{key}");
    }
    assert!(std::fs::read_to_string(dir.path().join("decay.svg")).unwrap().contains("energy decay"));
    let table = periphon(dir.path(), &["ir", "room.toml", "-o", "again.wav", "--receiver", "ambix:1"]);
    let table = text(&table.stdout);
    assert!(table.contains("T30 s") && table.contains("8000") && table.contains("4 channels"), "{table}");
}

#[test]
fn the_first_channel_of_a_sound_field_is_the_omnidirectional_response() {
    let dir = tempfile::tempdir().unwrap();
    scene(dir.path(), LIVE, "");
    json(dir.path(), &["ir", "room.toml", "-o", "omni.wav", "--length", "0.3", "--json"]);
    let report =
        json(dir.path(), &["ir", "room.toml", "-o", "field.wav", "--length", "0.3", "--json", "--receiver", "ambix:2"]);
    assert_eq!((report["channels"].as_u64(), report["frames"].as_u64()), (Some(9), Some(14_400)));
    let (omni, field) = (read(&dir.path().join("omni.wav")).1, read(&dir.path().join("field.wav")).1);
    assert!(field[0] == omni[0]);
    // The direct sound is there after 318.5 frames, from the left and ahead: Y and X are its direction.
    let [w, y, x] = [0, 1, 3].map(|c| f64::from(field[c][318]));
    assert!((y / w - 1.7 / 2.276).abs() < 0.01 && (x / w - 1.5 / 2.276).abs() < 0.01, "{w} {y} {x}");
}

#[test]
fn two_ears_hear_it_later_at_the_far_one_and_as_the_scene_is_rendered() {
    let dir = tempfile::tempdir().unwrap();
    scene(dir.path(), LIVE, "");
    let args = ["ir", "room.toml", "-o", "ears.wav", "--receiver", "binaural", "--length", "0.5"];
    let report = json(dir.path(), &[&args[..], &["--json"]].concat());
    assert_eq!((report["channels"].as_u64(), report["hrtf"].as_str()), (Some(2), Some("ku100")));
    let (_, ears) = read(&dir.path().join("ears.wav"));
    let onset = |x: &[f32]| {
        let peak = x.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        x.iter().position(|x| x.abs() > 0.1 * peak).unwrap()
    };
    let (left, right) = (onset(&ears[0]), onset(&ears[1]));
    assert!((10..60).contains(&(right - left)), "{left} {right}");
    // The same scene rendered, the sound being one impulse.
    wav(
        &dir.path().join("left.wav"),
        48_000,
        &[(0..24_000).map(|n| if n == 0 { 1.0 } else { 0.0 }).collect::<Vec<f32>>()],
    );
    let out = periphon(
        dir.path(),
        &["render", "room.toml", "-o", "render.wav", "--loudness", "off", "--format", "f32", "--quiet"],
    );
    assert!(out.status.success(), "{}", text(&out.stderr));
    let (_, rendered) = read(&dir.path().join("render.wav"));
    for (ir, render) in ears.iter().zip(&rendered) {
        let energy = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
        let off = energy(&mut ir.iter().zip(render).map(|(a, b)| a - b));
        assert!(off < 1e-8 * energy(&mut ir.iter().copied()), "{off}");
    }
}

#[test]
fn a_far_source_is_rendered_when_its_sound_arrives() {
    let dir = tempfile::tempdir().unwrap();
    wav(
        &dir.path().join("far.wav"),
        48_000,
        &[(0..4800).map(|n| if n == 0 { 1.0 } else { 0.0 }).collect::<Vec<f32>>()],
    );
    let text = "format = 1\n[[source]]\nfile = \"far.wav\"\nposition = [500, 0, 0]\n";
    std::fs::write(dir.path().join("far.toml"), text).unwrap();
    let args = ["render", "far.toml", "-o", "far.out.wav", "--loudness", "off", "--format", "f32", "--quiet"];
    assert!(periphon(dir.path(), &args).status.success());
    let (_, ears) = read(&dir.path().join("far.out.wav"));
    let peak = ears[0].iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let first = ears[0].iter().position(|x| x.abs() > 0.1 * peak).unwrap();
    let want = (500.0 / 343.0 * 48_000.0) as usize;
    assert!((want..want + 100).contains(&first), "{first}, not {want}");
}

#[test]
fn a_head_that_turns_in_a_measured_room_sounds_alike_in_any_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hrtf/SingleRoomSRIR_3views.sofa");
    let mut state = 1u32;
    let noise = std::iter::from_fn(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((state >> 8) as f32 / 16_777_216.0 - 0.5)
    });
    wav(&dir.path().join("noise.wav"), 48_000, &[noise.take(96_000).collect::<Vec<f32>>()]);
    let keys = |t: f64, yaw: f64| format!("[[listener.path]]\nt = {t}\norientation = {{ yaw = {yaw} }}\n");
    let text = format!(
        "format = 1\n[listener]\n{}{}{}[room]\nfile = {room:?}\n[[source]]\nfile = \"noise.wav\"\n\
         polar = {{ azimuth = 0, elevation = 0, distance = 1 }}\n",
        keys(0.0, 0.0),
        keys(0.7, 30.0),
        keys(2.0, -30.0)
    );
    std::fs::write(dir.path().join("turn.toml"), text).unwrap();
    let render = |block: &str| {
        let args =
            ["render", "turn.toml", "-o", "turn.wav", "--loudness", "off", "--format", "f32", "--quiet", "--force"];
        let out = periphon(dir.path(), &[&args[..], &["--block", block]].concat());
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        read(&dir.path().join("turn.wav")).1.concat()
    };
    let (small, large) = (render("64"), render("8192"));
    let energy = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
    let off = energy(&mut small.iter().zip(&large).map(|(a, b)| a - b)) / energy(&mut large.iter().copied());
    assert!(off < 1e-10, "{:.1} dB", 10.0 * off.log10());
}

#[test]
fn without_propagation_the_direct_sound_comes_at_once() {
    let dir = tempfile::tempdir().unwrap();
    scene(dir.path(), "", "propagation = false");
    json(dir.path(), &["ir", "room.toml", "-o", "ir.wav", "--json", "--rate", "96000"]);
    let (spec, channels) = read(&dir.path().join("ir.wav"));
    assert_eq!((spec.sample_rate, channels[0].len()), (96_000, 9600));
    let metres = (1.5f64.powi(2) + 1.7f64.powi(2) + 0.2f64.powi(2)).sqrt();
    assert!((f64::from(channels[0][0]) - 10f64.powf(-6.0 / 20.0) / metres).abs() < 1e-6);
    assert!(channels[0][1..].iter().all(|x| *x == 0.0));
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_left_behind() {
    let dir = tempfile::tempdir().unwrap();
    scene(dir.path(), ROOM, "");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let one = std::fs::read_to_string(dir.path().join("room.toml")).unwrap();
    write("two.toml", &format!("{one}[[source]]\nid = \"right\"\nfile = \"r.wav\"\nposition = [4, 1, 1]\n"));
    write("none.toml", "format = 1\n[[bed]]\nfile = \"bed.wav\"\nlayout = \"5.1\"\n");
    let measured = "format = 1\n[room]\nfile = \"b.sofa\"\n[[source]]\nfile = \"a.wav\"\npolar = { azimuth = 0 }\n";
    write("measured.toml", measured);
    write("taken.wav", "mine");
    let files = || std::fs::read_dir(dir.path()).unwrap().count();
    let before = files();
    for (args, code, names) in [
        (&["room.toml", "-o", "taken.wav"][..], 2, "taken.wav"),
        (&["room.toml", "-o", "ir.mp3"], 2, ".mp3"),
        (&["room.toml", "-o", "ir.flac"], 2, "FLAC"),
        (&["room.toml"], 2, "--output"),
        (&["missing.toml", "-o", "ir.wav"], 1, "missing.toml"),
        (&["two.toml", "-o", "ir.wav"], 2, "left, right"),
        (&["two.toml", "-o", "ir.wav", "--source", "rihgt"], 2, "did you mean 'right'"),
        (&["none.toml", "-o", "ir.wav"], 2, "no source"),
        (&["measured.toml", "-o", "ir.wav"], 1, "measured"),
        (&["room.toml", "-o", "ir.wav", "--receiver", "ambix:9"], 2, "0 to 7"),
        (&["room.toml", "-o", "ir.wav", "--receiver", "stereo"], 2, "omni, binaural"),
        (&["room.toml", "-o", "ir.wav", "--hrtf", "kemar"], 2, "--receiver binaural"),
        (&["room.toml", "-o", "ir.wav", "--receiver", "binaural", "--hrtf", "nobody"], 2, "nobody"),
        (&["room.toml", "-o", "ir.wav", "--length", "0"], 2, "--length"),
        (&["room.toml", "-o", "ir.wav", "--length", "-1"], 2, "from 0 to"),
        (&["room.toml", "-o", "ir.wav", "--length", "100000"], 2, "174"),
        (&["room.toml", "-o", "ir.wav", "--rate", "5"], 2, "8000"),
        (&["room.toml", "-o", "ir.wav", "--plot", "a.pdf"], 2, "SVG or PNG"),
        (&["room.toml", "-o", "-", "--json"], 2, "standard output"),
        (&["room.toml", "-o", "nowhere/ir.wav"], 1, "nowhere"),
    ] {
        refused(&periphon(dir.path(), &[&["ir"], args].concat()), code, names);
        assert_eq!(files(), before, "{args:?}");
    }
    assert_eq!(std::fs::read_to_string(dir.path().join("taken.wav")).unwrap(), "mine");
    let out = periphon(dir.path(), &["ir", "room.toml", "-o", "taken.wav", "--force", "--quiet"]);
    assert!(out.status.success() && out.stdout.is_empty() && out.stderr.is_empty(), "{}", text(&out.stderr));
    assert_eq!(files(), before);
}

#[test]
fn every_mistake_of_a_scene_is_said_with_its_line_and_column() {
    let dir = tempfile::tempdir().unwrap();
    let bad =
        "format = 1\n[room]\nsize = [6.0, 5.0]\n[[source]]\nfile = \"a.wav\"\npositon = [1, 1, 1]\ngain_db = 900\n";
    std::fs::write(dir.path().join("bad.toml"), bad).unwrap();
    let out = periphon(dir.path(), &["ir", "bad.toml", "-o", "ir.wav"]);
    let err = text(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{err}");
    for line in ["bad.toml:3:", "bad.toml:6:", "bad.toml:7:"] {
        assert!(err.lines().any(|l| l.starts_with("error: ") && l.contains(line)), "{line} {err}");
    }
    assert!(err.lines().all(|l| l.starts_with("error: ") || l.starts_with("hint: ")), "{err}");
    assert!(err.contains("position"), "{err}");
    assert!(!dir.path().join("ir.wav").exists());
}
