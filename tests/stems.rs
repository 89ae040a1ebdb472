//! Stems: placed by their names, rendered as the scene that they make, written for whoever goes on from there.
#![cfg(feature = "cli")]

mod program;

use periphon::panorama::{Role, StageFile, stage::BUILT_IN};
use periphon::render::{Loudness, RenderJob, Vocals, render};
use periphon::scene::Scene;
use periphon::sink::SampleFormat;
use periphon::stems::{arrange, stems_of, write_scene};
use program::periphon;
use std::path::{Path, PathBuf};

/// A tone of its own for each file, `seconds` long.
fn tone(path: &Path, rate: u32, channels: u16, seconds: f64, hz: f64) {
    let spec =
        hound::WavSpec { channels, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..(seconds * f64::from(rate)) as u32 {
        for c in 0..channels {
            let x =
                0.2 * (std::f64::consts::TAU * hz * (1.0 + 0.3 * f64::from(c)) * f64::from(n) / f64::from(rate)).sin();
            wav.write_sample((x * 32_767.0) as i16).unwrap();
        }
    }
    wav.finalize().unwrap();
}

/// A song in stems of several rates, lengths and numbers of channels.
fn song(dir: &Path) -> PathBuf {
    let folder = dir.join("My Song");
    std::fs::create_dir(&folder).unwrap();
    tone(&folder.join("01 Lead Vox.wav"), 44_100, 1, 0.7, 330.0);
    tone(&folder.join("02 Drums.wav"), 48_000, 2, 0.5, 120.0);
    tone(&folder.join("03 Bass.wav"), 48_000, 2, 0.4, 60.0);
    tone(&folder.join("04 gtr_L.wav"), 22_050, 1, 0.3, 500.0);
    tone(&folder.join("04 gtr_R.wav"), 22_050, 1, 0.3, 510.0);
    tone(&folder.join("05 Qwerty.wav"), 48_000, 1, 0.2, 800.0);
    std::fs::write(folder.join("notes.txt"), "about this song\n").unwrap();
    folder
}

/// What a run of the program came to.
struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

fn run<'a>(dir: &Path, args: impl IntoIterator<Item = &'a str>) -> Outcome {
    let out = periphon(dir, &args.into_iter().collect::<Vec<_>>());
    let (stdout, stderr) = (program::text(&out.stdout), program::text(&out.stderr));
    Outcome { code: out.status.code().unwrap_or(-1), stdout, stderr }
}

fn json(outcome: &Outcome) -> serde_json::Value {
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).unwrap()
}

fn job(files: &[PathBuf], output: &Path) -> RenderJob {
    let mut job = RenderJob::new("song", output);
    job.stems = files.to_vec();
    (job.format, job.loudness, job.true_peak) = (SampleFormat::F32, Loudness::Off, None);
    job
}

fn samples(path: &Path) -> Vec<f32> {
    hound::WavReader::open(path).unwrap().samples::<f32>().map(Result::unwrap).collect()
}

#[test]
fn the_scene_that_stems_write_is_valid_and_renders_to_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let folder = song(dir.path());
    let other = dir.path().join("scenes");
    std::fs::create_dir(&other).unwrap();
    for stage in ["natural", "live"] {
        let scene = other.join(format!("{stage}.toml"));
        let out = dir.path().join(format!("{stage}.wav"));
        let args = ["render", "--stems", folder.to_str().unwrap(), "--stage", stage, "--write-scene"];
        let report = json(&run(
            dir.path(),
            args.into_iter().chain([scene.to_str().unwrap(), "-o", out.to_str().unwrap(), "--json"]),
        ));
        assert_eq!((report["placement"].as_str(), report["stage"].as_str()), (Some("stems"), Some(stage)));
        assert_eq!(report["sample_rate"], 48_000);
        let text = std::fs::read_to_string(&scene).unwrap();
        assert!(text.contains("file = \"../My Song/01 Lead Vox.wav\""), "{text}");
        assert!(text.contains("# lead vocals") && text.contains("does not say what this is"), "{text}");
        let check = run(dir.path(), ["scene", "check", scene.to_str().unwrap()]);
        assert_eq!(check.code, 0, "{}", check.stderr);
        let again = dir.path().join("again.wav");
        let back = run(dir.path(), ["render", scene.to_str().unwrap(), "-o", again.to_str().unwrap(), "--force"]);
        assert_eq!(back.code, 0, "{}", back.stderr);
        assert!(std::fs::read(&out).unwrap() == std::fs::read(&again).unwrap(), "{stage}");
    }
    // What is there is not written over.
    let scene = other.join("live.toml");
    let before = std::fs::read(&scene).unwrap();
    let args =
        ["render", "--stems", folder.to_str().unwrap(), "-o", "new.wav", "--write-scene", scene.to_str().unwrap()];
    let refused = run(dir.path(), args);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("exists already") && refused.stderr.contains("--force"), "{}", refused.stderr);
    assert!(!dir.path().join("new.wav").exists() && std::fs::read(&scene).unwrap() == before);
    assert_eq!(run(dir.path(), args.into_iter().chain(["--force"])).code, 0);
    assert!(std::fs::read(&scene).unwrap() != before);
}

#[test]
fn stems_stand_where_their_roles_do_and_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    let folder = song(dir.path());
    tone(&folder.join("mixture.wav"), 48_000, 2, 0.2, 100.0);
    tone(&folder.join("My Song.binaural.wav"), 48_000, 2, 0.2, 100.0);
    let report = json(&run(dir.path(), ["render", "--stems", folder.to_str().unwrap(), "--room", "none", "--json"]));
    assert_eq!(report["output"], "My Song.binaural.wav");
    let stems = report["stems"].as_array().unwrap();
    let get = |name: &str| stems.iter().find(|s| s["file"].as_str().unwrap().contains(name)).unwrap();
    let azimuths = |name: &str| -> Vec<f64> {
        get(name)["places"].as_array().unwrap().iter().map(|p| p["azimuth"].as_f64().unwrap()).collect()
    };
    let roles = StageFile::open("natural").unwrap().roles;
    let near = |a: Vec<f64>, b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.1);
    assert_eq!(stems.len(), 6);
    assert!(near(azimuths("Lead"), &[0.0]));
    let drums = 0.5 * roles.spot(Role::Drums).width;
    assert!(near(azimuths("Drums"), &[drums, -drums]), "a stereo stem keeps its width");
    assert!(near(azimuths("Bass"), &[0.0]), "the bass is one source in front");
    let guitars = 0.5 * roles.spot(Role::Guitars).width;
    assert!(near(azimuths("gtr_L"), &[guitars]) && near(azimuths("gtr_R"), &[-guitars]));
    assert_eq!((get("Qwerty")["role"].as_str(), get("Qwerty")["known"].as_bool()), (Some("other"), Some(false)));
    let warnings = report["warnings"].to_string();
    for told in ["mixture.wav", "My Song.binaural.wav", "Qwerty.wav"] {
        assert!(warnings.contains(told), "{told}: {warnings}");
    }
    // The same without rendering, and said in words.
    let seen = json(&run(dir.path(), ["inspect", folder.to_str().unwrap(), "--json"]));
    assert_eq!((seen["kind"].as_str(), seen["stems"].as_array().unwrap().len()), (Some("stems"), 6));
    let words = run(dir.path(), ["inspect", folder.to_str().unwrap()]);
    assert!(words.stdout.contains("01 Lead Vox.wav: lead vocals"), "{}", words.stdout);
}

#[test]
fn several_inputs_are_stems_and_all_begin_together() {
    let dir = tempfile::tempdir().unwrap();
    let folder = song(dir.path());
    let files: Vec<PathBuf> = ["01 Lead Vox.wav", "02 Drums.wav"].map(|n| folder.join(n)).to_vec();
    let out = dir.path().join("both.wav");
    let report = render(&job(&files, &out), &mut |_| ()).unwrap();
    assert_eq!((report.placement, report.stems.len()), ("stems", 2));
    assert!(report.frames >= (0.7 * 48_000.0) as u64, "as long as the longest");
    // Alone and together: the sum of what each gives, from the first frame on.
    let both = samples(&out);
    let mut sum = vec![0.0f64; both.len()];
    for file in &files {
        let one = dir.path().join("one.wav");
        let mut job = job(std::slice::from_ref(file), &one);
        (job.rate, job.force) = (Some(48_000), true);
        render(&job, &mut |_| ()).unwrap();
        sum.iter_mut().zip(samples(&one)).for_each(|(s, x)| *s += f64::from(x));
    }
    let worst = both.iter().zip(&sum).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
    assert!(worst < 2e-5, "{worst}");
    let named = run(dir.path(), ["render", files[0].to_str().unwrap(), files[1].to_str().unwrap(), "--quiet"]);
    assert_eq!(named.code, 0, "{}", named.stderr);
    assert!(dir.path().join("My Song.binaural.wav").exists(), "named after their folder");
}

#[test]
fn stems_have_voices_to_turn_up_or_leave_out() {
    let dir = tempfile::tempdir().unwrap();
    let (files, _) = stems_of(song(dir.path())).unwrap();
    let stage = StageFile::open("natural").unwrap();
    let names = |vocals| {
        let all = arrange(&files, &stage, None, vocals).unwrap();
        all.stems.iter().map(|s| s.role).collect::<Vec<_>>()
    };
    assert!(names(None).contains(&Role::Lead));
    assert!(!names(Some(Vocals::Off)).contains(&Role::Lead));
    assert_eq!(names(Some(Vocals::Only)), [Role::Lead]);
    let gain = |vocals| {
        arrange(&files, &stage, None, vocals).unwrap().scene.sources.iter().map(|s| s.gain_db).collect::<Vec<_>>()
    };
    let (plain, louder) = (gain(None), gain(Some(Vocals::Gain(6.0))));
    assert!((louder[0] - plain[0] - 6.0).abs() < 1e-9 && louder[1..] == plain[1..]);
    let band: Vec<PathBuf> = files[1..].to_vec();
    let error = arrange(&band, &stage, None, Some(Vocals::Off)).unwrap_err();
    assert!(error.to_string().contains("none of the stems is a voice"), "{error}");
}

#[test]
fn every_stage_and_room_has_room_for_a_big_band() {
    let dir = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for name in
        ["vox", "bgv", "drums", "bass", "gtr", "keys", "strings", "horns", "other", "crowd", "sax", "flute", "tuba"]
    {
        for channels in [1, 2] {
            files.push(dir.path().join(format!("{name}{channels}.wav")));
            tone(files.last().unwrap(), 8000, channels, 0.01, 300.0);
        }
    }
    files.push(dir.path().join("film_5_1.wav"));
    tone(files.last().unwrap(), 8000, 6, 0.01, 300.0);
    let rooms = ["car", "bedroom", "studio", "concert-hall", "none"];
    for (stage, _) in BUILT_IN {
        for room in std::iter::once(None).chain(rooms.map(Some)) {
            let all = arrange(&files, &StageFile::open(stage).unwrap(), room, None).unwrap();
            all.scene.check().unwrap_or_else(|e| panic!("{stage} in {room:?}: {e}"));
            let file = dir.path().join("all.toml");
            write_scene(&all, &file, true).unwrap();
            assert_eq!(Scene::open(&file).unwrap().sources, {
                let mut sources = all.scene.sources.clone();
                sources
                    .iter_mut()
                    .for_each(|s| s.file = Path::new(&s.file).file_name().unwrap().to_str().unwrap().into());
                sources
            });
            // Nothing is louder for standing nearer.
            for (source, stem) in
                all.scene.sources.iter().zip(all.stems.iter().flat_map(|s| s.places.iter().map(move |p| (s, p))))
            {
                let mono = if stem.0.channels == 1 { 3.0 } else { 0.0 };
                let role = StageFile::open(stage).unwrap().roles.spot(stem.0.role).gain_db;
                assert!((source.gain_db - 20.0 * stem.1[2].max(0.1).log10() - mono - role).abs() < 0.01, "{source:?}");
            }
        }
    }
}

#[test]
fn mistakes_with_stems_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let folder = song(dir.path());
    let folder = folder.to_str().unwrap();
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    std::fs::write(empty.join("read.me"), "no sound").unwrap();
    std::fs::write(dir.path().join("band.toml"), "format = 1\n").unwrap();
    tone(&dir.path().join("a.wav"), 8000, 1, 0.01, 300.0);
    for (args, code, said) in [
        (vec!["render"], 2, "INPUT"),
        (vec!["render", folder], 1, "--stems FOLDER"),
        (vec!["render", "--stems", "empty"], 2, "there are no stems in this folder"),
        (vec!["render", "--stems", "a.wav"], 2, "takes a folder"),
        (vec!["render", "--stems", "nowhere"], 1, "cannot read the folder of stems"),
        (vec!["render", "a.wav", "band.toml"], 2, "several inputs are the stems of one song"),
        (vec!["render", "a.wav", "b.wav"], 1, "b.wav"),
        (vec!["render", "a.wav", "--write-scene", "x.toml"], 2, "not a song in stems"),
        (vec!["render", "--stems", folder, "--place", "speakers"], 2, "cannot be used with stems"),
        (vec!["render", "--stems", folder, "--separate"], 2, "cannot be used with stems"),
        (vec!["render", "--stems", folder, "--stage", "moon"], 2, "no stage called 'moon'"),
        (vec!["render", "--stems", folder, "--write-scene", "no/x.toml"], 1, "cannot find the scene's folder"),
        (vec!["render", "--stems", folder, "-o", "x.wav", "--write-scene", "x.wav"], 2, "the same name"),
    ] {
        let outcome = run(dir.path(), args.iter().copied());
        assert_eq!(outcome.code, code, "{args:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{args:?}: {}", outcome.stderr);
        assert!(!dir.path().join("x.toml").exists());
    }
    let files = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(files, 4, "nothing is left behind");
}

#[cfg(not(feature = "onnx"))]
#[test]
fn a_build_without_models_of_ones_own_says_how_to_have_them() {
    let dir = tempfile::tempdir().unwrap();
    tone(&dir.path().join("a.wav"), 8000, 2, 0.1, 300.0);
    std::fs::write(dir.path().join("mine.onnx"), "whatever").unwrap();
    let outcome = run(dir.path(), ["render", "a.wav", "--model", "mine.onnx"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("cannot run models of your own"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("hint: ") && outcome.stderr.contains("--features onnx"), "{}", outcome.stderr);
}
