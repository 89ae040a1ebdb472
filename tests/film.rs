//! Films: the picture as it was, the sound exactly where it was, everything else kept, whole or not at all.
//!
//! Clips are made by ffmpeg, which also judges what came out; without ffmpeg there is nothing to test.
#![cfg(feature = "cli")]

mod program;

use program::{periphon, refused, text};
use std::path::Path;
use std::process::Command;

/// What ffmpeg writes to its standard output; `None` where it is not installed.
fn ffmpeg(dir: &Path, args: &[&str]) -> Option<Vec<u8>> {
    let out = Command::new("ffmpeg").args(["-nostdin", "-v", "error", "-y"]).args(args).current_dir(dir).output();
    let out = match out {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("ffmpeg is not installed: nothing was tested");
            return None;
        }
        out => out.unwrap(),
    };
    assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
    Some(out.stdout)
}

/// Two seconds of noise in bursts, the same in both channels but for a factor.
fn noise(path: &Path, rate: u32) {
    let spec =
        hound::WavSpec { channels: 2, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    let mut state = 1u32;
    let mut slow = 0.0;
    for n in 0..2 * rate {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Low-passed, so that lossy coders keep it, and loud in turns.
        slow += 0.2 * (f64::from(state >> 8) / 8_388_608.0 - 1.0 - slow);
        let x = if (n * 10 / rate).is_multiple_of(2) { slow } else { 0.05 * slow };
        for gain in [20_000.0, 12_000.0] {
            wav.write_sample((gain * x) as i16).unwrap();
        }
    }
    wav.finalize().unwrap();
}

/// The left channel on the film's own clock, from its first picture on.
fn sound(dir: &Path, film: &str, rate: u32) -> Vec<f32> {
    let filter = format!("aresample={rate}:async=1:first_pts=0");
    let bytes =
        ffmpeg(dir, &["-i", film, "-map", "0:a:0", "-af", &filter, "-f", "f32le", "-ac", "2", "pipe:1"]).unwrap();
    let all: Vec<f32> = bytes.chunks_exact(8).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let first = times(dir, film, "0:v:0")[0];
    all[(first * f64::from(rate)).round() as usize..].to_vec()
}

/// When each packet of a stream is shown, seconds, in order.
fn times(dir: &Path, film: &str, stream: &str) -> Vec<f64> {
    let table = text(&ffmpeg(dir, &["-i", film, "-map", stream, "-c", "copy", "-f", "framecrc", "pipe:1"]).unwrap());
    let unit = table.lines().find_map(|l| l.strip_prefix("#tb 0: ")).unwrap().split_once('/').unwrap();
    let unit = unit.0.parse::<f64>().unwrap() / unit.1.parse::<f64>().unwrap();
    let packets = table.lines().filter(|l| !l.starts_with('#'));
    let mut all: Vec<f64> =
        packets.map(|l| l.split(',').nth(2).unwrap().trim().parse::<f64>().unwrap() * unit).collect();
    all.sort_by(f64::total_cmp);
    all
}

fn picture_hash(dir: &Path, film: &str) -> String {
    text(
        &ffmpeg(dir, &["-i", film, "-map", "0:v", "-c", "copy", "-f", "streamhash", "-hash", "md5", "pipe:1"]).unwrap(),
    )
}

/// How many frames later `b` is than `a`, and how alike they are then, 0 to 1.
fn lag(a: &[f32], b: &[f32]) -> (i64, f64) {
    let n = a.len().min(b.len()).min(30_000) as i64;
    let most = 500;
    let mut best = (0, 0.0);
    for lag in -most..=most {
        let (mut ab, mut aa, mut bb) = (0.0f64, 0.0f64, 0.0f64);
        for i in most..n - most {
            let (x, y) = (f64::from(a[i as usize]), f64::from(b[(i + lag) as usize]));
            ab += x * y;
            aa += x * x;
            bb += y * y;
        }
        let alike = ab / (aa * bb).sqrt().max(1e-12);
        if alike > best.1 {
            best = (lag, alike);
        }
    }
    best
}

const PICTURE: [&str; 4] = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=25:duration=2"];

/// A clip whose sound begins `late` seconds after its picture, or before it.
fn clip(dir: &Path, name: &str, rate: u32, late: f64, coding: &[&str]) -> Option<()> {
    noise(&dir.join("noise.wav"), rate);
    let (sound, picture) = (format!("{:.3}", late.max(0.0)), format!("{:.3}", (-late).max(0.0)));
    let mut args = vec!["-itsoffset", &picture];
    args.extend(PICTURE);
    args.extend(["-itsoffset", &sound, "-i", "noise.wav", "-map", "0:v", "-map", "1:a"]);
    args.extend(coding);
    args.push(name);
    ffmpeg(dir, &args).map(drop)
}

/// The sound as it was: rendering without any spatialisation must not move it.
const AS_IT_IS: [&str; 5] = ["--place", "stereo", "--loudness", "off", "--tail"];

#[test]
fn the_picture_is_untouched_and_the_sound_is_where_it_was_to_the_sample() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let x264: &[&str] = &["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-pix_fmt", "yuv420p", "-c:a", "aac"];
    let cases: &[(&str, u32, f64, &[&str])] = &[
        ("a.mp4", 44_100, 0.0, &["-c:v", "mpeg4", "-c:a", "aac"]),
        ("b.mp4", 48_000, 0.0, x264),
        ("late.mp4", 48_000, 0.25, x264),
        ("early.mp4", 48_000, -0.2, &["-c:v", "mpeg4", "-c:a", "aac"]),
        ("mp3.mp4", 44_100, 0.0, &["-c:v", "mpeg4", "-c:a", "libmp3lame"]),
        ("c.mov", 48_000, 0.0, &["-c:v", "mpeg4", "-c:a", "pcm_s16le"]),
        ("late.mov", 44_100, 0.1234, &["-c:v", "mpeg4", "-c:a", "alac"]),
        ("d.mkv", 48_000, 0.0, &["-c:v", "mpeg4", "-c:a", "flac"]),
        ("late.mkv", 44_100, 0.333, &["-c:v", "mpeg4", "-c:a", "libvorbis"]),
        ("opus.mkv", 48_000, 0.0, &["-c:v", "mpeg4", "-c:a", "libopus"]),
        ("aac.mkv", 48_000, 0.0, &["-c:v", "mpeg4", "-c:a", "aac"]),
        ("ac3.mkv", 48_000, 0.0, &["-c:v", "mpeg4", "-c:a", "ac3"]),
        ("e.webm", 48_000, 0.0, &["-c:v", "libvpx", "-c:a", "libopus"]),
        ("vorbis.webm", 44_100, 0.1, &["-c:v", "libvpx", "-c:a", "libvorbis"]),
    ];
    let mut wrong = Vec::new();
    for (name, rate, late, coding) in cases {
        if clip(d, name, *rate, *late, coding).is_none() {
            return;
        }
        let mut args = vec!["render", name, "--json"];
        args.extend(AS_IT_IS);
        args.push("0");
        let out = periphon(d, &args);
        assert!(out.status.success(), "{name}: {}", text(&out.stderr));
        let report: serde_json::Value = serde_json::from_str(&text(&out.stdout)).unwrap();
        let made = report["output"].as_str().unwrap();
        let (stem, ending) = name.split_once('.').unwrap();
        assert_eq!(made, format!("{stem}.binaural.{ending}"));
        assert!(report["film"].is_string());
        assert_eq!(picture_hash(d, name), picture_hash(d, made), "{name}");
        let shown = |film: &str| {
            let all = times(d, film, "0:v:0");
            all.iter().map(|t| ((t - all[0]) * 1000.0).round() as i64).collect::<Vec<_>>()
        };
        assert_eq!(shown(name), shown(made), "{name}");
        let judged = if *ending == *"webm" { 48_000 } else { *rate };
        let (lag, alike) = lag(&sound(d, name, judged), &sound(d, made, judged));
        println!("{name}: {lag} frames, {alike:.4} alike");
        // Opus begins within a millisecond of WebM's clock, in the input and in the output.
        let allowed = if ending == "webm" { judged as i64 / 1000 } else { 0 };
        if lag.abs() > allowed || alike < 0.95 {
            wrong.push(format!("{name}: {lag} frames, {alike:.4} alike"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let left =
        std::fs::read_dir(d).unwrap().filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().contains(".part"));
    assert_eq!(left.count(), 0);
}

#[test]
fn chapters_titles_languages_subtitles_and_attachments_stay() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    noise(&d.join("noise.wav"), 48_000);
    std::fs::write(d.join("s.srt"), "1\n00:00:00,200 --> 00:00:01,500\nHear, hear\n\n").unwrap();
    std::fs::write(
        d.join("meta.txt"),
        ";FFMETADATA1\ntitle=A Film\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n\
         [CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Two\n",
    )
    .unwrap();
    std::fs::write(d.join("font.ttf"), b"not really a font").unwrap();
    for (name, text_coding) in [("film.mkv", "srt"), ("film.mp4", "mov_text")] {
        let mut args = PICTURE.to_vec();
        args.extend([
            "-i",
            "noise.wav",
            "-i",
            "noise.wav",
            "-i",
            "s.srt",
            "-i",
            "meta.txt",
            "-map",
            "0",
            "-map",
            "1",
            "-map",
            "2",
        ]);
        args.extend(["-map", "3", "-map_metadata", "4", "-map_chapters", "4", "-c:v", "mpeg4", "-c:a", "aac"]);
        args.extend(["-c:s", text_coding, "-metadata:s:a:0", "language=deu", "-metadata:s:s:0", "language=fra"]);
        if name.ends_with("mkv") {
            args.extend(["-attach", "font.ttf", "-metadata:s:t", "mimetype=application/x-truetype-font"]);
        }
        args.push(name);
        if ffmpeg(d, &args).is_none() {
            return;
        }
        for out in ["again.mkv", "again.mp4"] {
            let made = periphon(d, &["render", name, "-o", out, "--force"]);
            assert!(made.status.success(), "{name} to {out}: {}", text(&made.stderr));
            let said = text(&made.stderr);
            assert!(said.contains("1 more sound track"), "{said}");
            let meta = text(
                &ffmpeg(
                    d,
                    &[
                        "-i",
                        out,
                        "-map",
                        "0:v",
                        "-map",
                        "0:a",
                        "-map",
                        "0:s",
                        "-c",
                        "copy",
                        "-f",
                        "ffmetadata",
                        "pipe:1",
                    ],
                )
                .unwrap(),
            );
            for kept in ["title=A Film", "title=One", "title=Two", "START=1000", "language=deu", "language=fra"] {
                assert!(meta.contains(kept), "{name} to {out} lost {kept}: {meta}");
            }
            let subtitles = text(&ffmpeg(d, &["-i", out, "-map", "0:s:0", "-f", "srt", "pipe:1"]).unwrap());
            assert!(subtitles.contains("Hear, hear"), "{subtitles}");
            let shown = |film: &str| {
                let at = times(d, film, "0:s:0").into_iter().find(|t| *t > 0.0).unwrap();
                at - times(d, film, "0:v:0")[0]
            };
            assert!((shown(name) - shown(out)).abs() < 0.0015, "{} {}", shown(name), shown(out));
            if name.ends_with("mkv") && out.ends_with("mkv") {
                ffmpeg(d, &["-dump_attachment:t:0", "dumped.ttf", "-i", out, "-t", "0", "-f", "null", "-"]);
                assert_eq!(std::fs::read(d.join("dumped.ttf")).unwrap(), b"not really a font");
            }
        }
    }
}

#[test]
fn only_the_sound_is_written_where_that_is_asked_for_and_a_part_ends_where_it_should() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    if clip(d, "a.mkv", 48_000, 0.0, &["-c:v", "mpeg4", "-g", "5", "-c:a", "flac"]).is_none() {
        return;
    }
    assert!(periphon(d, &["render", "a.mkv", "-o", "a.wav"]).status.success());
    assert!(hound::WavReader::open(d.join("a.wav")).is_ok());
    let part = periphon(d, &["render", "a.mkv", "-o", "part.mkv", "--duration", "1", "--tail", "0"]);
    assert!(part.status.success(), "{}", text(&part.stderr));
    assert_eq!(times(d, "part.mkv", "0:v:0").len(), 25);
    assert_eq!(sound(d, "part.mkv", 48_000).len(), 48_000);
    refused(&periphon(d, &["render", "a.mkv", "--start", "1"]), 2, "without coding it anew");
}

#[test]
fn what_is_no_film_is_refused_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    if clip(d, "a.mkv", 48_000, 0.0, &["-c:v", "mpeg4", "-c:a", "flac"]).is_none() {
        return;
    }
    ffmpeg(d, &["-f", "lavfi", "-i", "testsrc=size=64x48:rate=10", "-t", "1", "-c:v", "mpeg4", "mute.mp4"]).unwrap();
    std::fs::write(d.join("a.mp4"), "here before").unwrap();
    std::fs::write(d.join("b.toml"), "format = 1\n[[source]]\nfile = \"noise.wav\"\nposition = [1, 0, 0]\n").unwrap();
    let before: Vec<_> = std::fs::read_dir(d).unwrap().map(|e| e.unwrap().file_name()).collect();
    refused(&periphon(d, &["render", "mute.mp4"]), 1, "there is no sound in it");
    refused(&periphon(d, &["render", "noise.wav", "-o", "b.mp4"]), 2, "has no picture");
    refused(&periphon(d, &["render", "b.toml", "-o", "b.mp4"]), 2, "have no picture");
    refused(&periphon(d, &["render", "a.mkv", "-o", "a.mp4"]), 2, "exists already");
    refused(&periphon(d, &["render", "a.mkv", "-o", "c.avi"]), 2, "'.avi'");
    refused(&periphon(d, &["render", "a.mkv", "-o", "c.webm", "--rate", "44100"]), 2, "Opus");
    // MPEG-4 video does not go into WebM: what ffmpeg says is passed on.
    let out = periphon(d, &["render", "a.mkv", "-o", "c.webm"]);
    refused(&out, 1, "WebM");
    assert!(text(&out.stderr).contains("hint: "), "{}", text(&out.stderr));
    let out =
        Command::new(env!("CARGO_BIN_EXE_periphon")).args(["render", "a.mkv"]).current_dir(d).env("PATH", d).output();
    let out = out.unwrap();
    refused(&out, 1, "ffmpeg is not installed");
    assert!(text(&out.stderr).contains("-o NAME.wav"), "{}", text(&out.stderr));
    let after: Vec<_> = std::fs::read_dir(d).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(before, after);
    assert_eq!(std::fs::read(d.join("a.mp4")).unwrap(), b"here before");
}

#[cfg(unix)]
#[test]
fn an_interrupted_film_ends_ffmpeg_and_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    if clip(d, "a.mkv", 48_000, 0.0, &["-c:v", "mpeg4", "-c:a", "flac"]).is_none() {
        return;
    }
    // An ffmpeg that answers questions and never ends its work.
    let bin = d.join("bin");
    std::fs::create_dir(&bin).unwrap();
    let path = std::env::var("PATH").unwrap();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *framecrc*) PATH='{path}' exec ffmpeg \"$@\";; esac\n\
         for last; do :; done\nwhile :; do echo x >> '{}/busy'; sleep 0.02; done\n",
        d.display()
    );
    std::fs::write(bin.join("ffmpeg"), script).unwrap();
    std::fs::set_permissions(bin.join("ffmpeg"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_periphon"))
        .args(["render", "a.mkv", "--quiet"])
        .current_dir(d)
        .env("PATH", format!("{}:{path}", bin.display()))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !d.join("busy").exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "ffmpeg was never asked to join");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let busy = || std::fs::metadata(d.join("busy")).unwrap().len();
    std::thread::sleep(Duration::from_millis(100));
    let before = busy();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(before, busy(), "ffmpeg goes on");
    let mut left: Vec<String> =
        std::fs::read_dir(d).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    left.sort();
    assert_eq!(left, ["a.mkv", "bin", "busy", "noise.wav"]);
}
