//! Models of one's own: tiny ONNX files, written here byte by byte, run through the library and the program.
#![cfg(all(feature = "onnx", feature = "cli"))]

mod program;
mod sounds;

use periphon::AudioBuffer;
use periphon::ErrorKind;
use periphon::render::{Loudness, Placement, RenderJob, Vocals, render};
use periphon::separate::own::StemSeparator;
use periphon::sink::SampleFormat;
use program::{periphon, text};
use sounds::wav;
use std::path::{Path, PathBuf};

/// Protocol Buffers as ONNX has them (onnx.proto3): fields of numbers and of bytes.
#[derive(Clone, Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut x: u64) {
        while x >= 0x80 {
            self.0.push(x as u8 | 0x80);
            x >>= 7;
        }
        self.0.push(x as u8);
    }

    fn number(mut self, field: u64, x: i64) -> Self {
        self.varint(field << 3);
        self.varint(x as u64);
        self
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u64, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }
}

/// `ValueInfoProto` of floats; a size of −1 is open.
fn value(name: &str, shape: &[i64]) -> Message {
    let dimension = |d: &i64| match d {
        -1 => Message::default().text(2, "n"),
        d => Message::default().number(1, *d),
    };
    let shape = shape.iter().fold(Message::default(), |all, d| all.message(1, &dimension(d)));
    let tensor = Message::default().number(1, 1).message(2, &shape);
    Message::default().text(1, name).message(2, &Message::default().message(1, &tensor))
}

/// `TensorProto` of floats, or of whole numbers.
fn tensor(name: &str, shape: &[i64], floats: &[f32], wholes: &[i64]) -> Message {
    let mut t = shape.iter().fold(Message::default(), |t, d| t.number(1, *d));
    t = t.number(2, if wholes.is_empty() { 1 } else { 7 });
    let raw: Vec<u8> =
        floats.iter().flat_map(|x| x.to_le_bytes()).chain(wholes.iter().flat_map(|x| x.to_le_bytes())).collect();
    t.text(8, name).bytes(9, &raw)
}

/// `AttributeProto` of one whole number, or of several.
fn attribute(name: &str, numbers: &[i64], list: bool) -> Message {
    let a = Message::default().text(1, name);
    if list {
        numbers.iter().fold(a, |a, n| a.number(8, *n)).number(20, 7)
    } else {
        a.number(3, numbers[0]).number(20, 2)
    }
}

fn node(kind: &str, inputs: &[&str], output: &str, attributes: &[Message]) -> Message {
    let n = inputs.iter().fold(Message::default(), |n, i| n.text(1, i)).text(2, output).text(3, output).text(4, kind);
    attributes.iter().fold(n, |n, a| n.message(5, a))
}

fn model(
    nodes: &[Message],
    tensors: &[Message],
    inputs: &[Message],
    outputs: &[Message],
    metadata: &[(&str, &str)],
) -> Vec<u8> {
    let mut graph = nodes.iter().fold(Message::default(), |g, n| g.message(1, n)).text(2, "g");
    graph = tensors.iter().fold(graph, |g, t| g.message(5, t));
    graph = inputs.iter().fold(graph, |g, i| g.message(11, i));
    graph = outputs.iter().fold(graph, |g, o| g.message(12, o));
    let opset = Message::default().text(1, "").number(2, 17);
    let m = Message::default().number(1, 8).text(2, "periphon's tests").message(7, &graph).message(8, &opset);
    metadata.iter().fold(m, |m, (k, v)| m.message(14, &Message::default().text(1, k).text(2, v))).0
}

const TAPS: i64 = 127;

/// Waveforms: what is low is the bass, what is high the voice. A convolution for both channels, two filters each.
fn crossover(samples: i64, metadata: &[(&str, &str)]) -> Vec<u8> {
    let half = TAPS / 2;
    let low: Vec<f32> = (-half..=half)
        .map(|n| {
            let (x, cut) = (n as f64, 0.09);
            let sinc =
                if n == 0 { 2.0 * cut } else { (std::f64::consts::TAU * cut * x).sin() / (std::f64::consts::PI * x) };
            let window = 0.54 + 0.46 * (std::f64::consts::TAU * x / TAPS as f64).cos();
            (sinc * window) as f32
        })
        .collect();
    let sum: f32 = low.iter().sum();
    let low: Vec<f32> = low.iter().map(|x| x / sum).collect();
    let mut high: Vec<f32> = low.iter().map(|x| -x).collect();
    high[half as usize] += 1.0;
    let weights = [low.clone(), high.clone(), low, high].concat();
    let ones = |name| attribute(name, &[1], true);
    let kernel = attribute("kernel_shape", &[TAPS], true);
    let pads = attribute("pads", &[half, half], true);
    let conv = [ones("dilations"), attribute("group", &[2], false), kernel, pads, ones("strides")];
    let nodes = [
        node("Conv", &["mix", "w"], "c", &conv),
        node("Reshape", &["c", "shape"], "r", &[]),
        node("Transpose", &["r"], "stems", &[attribute("perm", &[0, 2, 1, 3], true)]),
    ];
    let tensors = [tensor("w", &[4, 1, TAPS], &weights, &[]), tensor("shape", &[4], &[], &[1, 2, 2, -1])];
    model(&nodes, &tensors, &[value("mix", &[1, 2, samples])], &[value("stems", &[1, 2, 2, samples])], metadata)
}

/// Complex spectra of 513 lines of 1024: what is below line 100 is the stem.
fn lines_below(lines: i64, frames: i64) -> Vec<u8> {
    let mask: Vec<f32> = (0..lines).map(|k| if k < 100 { 1.0 } else { 0.0 }).collect();
    let shape = [-1, 4, lines, frames];
    let nodes = [node("Mul", &["x", "mask"], "y", &[])];
    model(&nodes, &[tensor("mask", &[1, 1, lines, 1], &mask, &[])], &[value("x", &shape)], &[value("y", &shape)], &[])
}

/// Magnitudes times a number, and another added.
fn scaled(lines: i64, times: f32, plus: f32) -> Vec<u8> {
    let shape = [1, 2, lines, 64];
    let nodes = [node("Mul", &["x", "times"], "z", &[]), node("Add", &["z", "plus"], "y", &[])];
    let tensors = [tensor("times", &[1], &[times], &[]), tensor("plus", &[1], &[plus], &[])];
    model(&nodes, &tensors, &[value("x", &shape)], &[value("y", &shape)], &[])
}

const RATE: u32 = 44_100;

/// A low tone, the left channel's louder, and a high one, the right channel's louder.
fn tones(frames: usize) -> [[Vec<f32>; 2]; 2] {
    let tone = |hz: f64, gain: f64| -> Vec<f32> {
        (0..frames).map(|n| (gain * (std::f64::consts::TAU * hz * n as f64 / f64::from(RATE)).sin()) as f32).collect()
    };
    [[tone(150.0, 0.3), tone(150.0, 0.1)], [tone(9000.0, 0.05), tone(9000.0, 0.2)]]
}

fn separated(file: &Path, song: &[Vec<f32>; 2], threads: usize) -> (Vec<String>, Vec<AudioBuffer>) {
    let mut separator = StemSeparator::open(file, RATE, 2, threads).unwrap();
    separator.push(&[&song[0], &song[1]]).unwrap();
    separator.finish().unwrap();
    let mut parts = Vec::new();
    assert_eq!(separator.pull(&mut parts, usize::MAX), song[0].len());
    (separator.names().to_vec(), parts)
}

/// How far below the wanted the rest is, dB.
fn error_db(got: &[f32], wanted: &[f32]) -> f64 {
    let power = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>().max(1e-30);
    10.0 * (power(&mut got.iter().zip(wanted).map(|(a, b)| a - b)) / power(&mut wanted.iter().copied())).log10()
}

#[test]
fn a_model_of_waveforms_separates_and_the_parts_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let [low, high] = tones(100_000);
    let song = [0, 1].map(|c| low[c].iter().zip(&high[c]).map(|(a, b)| a + b).collect::<Vec<f32>>());
    for samples in [20_000, -1] {
        let file = dir.path().join("crossover.onnx");
        std::fs::write(&file, crossover(samples, &[("stems", "bass, vocals"), ("sample_rate", "44100")])).unwrap();
        let (names, parts) = separated(&file, &song, 2);
        assert_eq!(names, ["bass", "vocals", "remainder"]);
        for c in 0..2 {
            for (part, wanted) in parts.iter().zip([&low, &high]) {
                let db = error_db(&part.channel(c)[200..99_800], &wanted[c][200..99_800]);
                assert!(db < -45.0, "{db:.1} dB");
            }
            for i in 0..song[c].len() {
                let sum: f32 = parts.iter().map(|p| p.channel(c)[i]).sum();
                assert!((sum - song[c][i]).abs() < 1e-6);
            }
            // These two filters leave nothing.
            assert!(parts[2].channel(c).iter().all(|x| x.abs() < 1e-5));
        }
        assert!(separated(&file, &song, 1).1 == parts, "threads are heard");
    }
}

#[test]
fn models_of_spectra_separate_as_their_description_says() {
    let dir = tempfile::tempdir().unwrap();
    let [low, high] = tones(120_000);
    let song = [0, 1].map(|c| low[c].iter().zip(&high[c]).map(|(a, b)| a + b).collect::<Vec<f32>>());
    let file = dir.path().join("mdx.onnx");
    // The highest line left out, as MDX-Net does.
    std::fs::write(&file, lines_below(512, 128)).unwrap();
    std::fs::write(file.with_extension("toml"), "window = 1024\nhop = 256\nstems = ['vocals']\nsample_rate = 44100\n")
        .unwrap();
    let (names, parts) = separated(&file, &song, 2);
    assert_eq!(names, ["vocals", "instrumental"]);
    for c in 0..2 {
        // Line 100 is at 4.3 kHz.
        for (part, wanted) in parts.iter().zip([&low, &high]) {
            let db = error_db(&part.channel(c)[2000..118_000], &wanted[c][2000..118_000]);
            assert!(db < -60.0, "{db:.1} dB");
        }
    }
    let file = dir.path().join("umx-drums.onnx");
    for (kind, times, plus, gain) in [("magnitude", 0.5, 0.0, 0.5f32), ("mask", 0.0, 0.25, 0.25)] {
        std::fs::write(&file, scaled(513, times, plus)).unwrap();
        std::fs::write(file.with_extension("toml"), format!("kind = '{kind}'\nstems = ['drums']\n")).unwrap();
        let (_, parts) = separated(&file, &song, 2);
        let wanted: Vec<f32> = song[0].iter().map(|x| gain * x).collect();
        let db = error_db(&parts[0].channel(0)[2000..118_000], &wanted[2000..118_000]);
        assert!(db < -80.0, "{kind}: {db:.1} dB");
    }
}

#[test]
fn the_stems_of_a_model_stand_where_files_of_their_roles_do() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let [low, high] = tones(60_000);
    let song = [0, 1].map(|c| low[c].iter().zip(&high[c]).map(|(a, b)| a + b).collect::<Vec<f32>>());
    let track = wav(&d.join("song.wav"), RATE, &song);
    std::fs::write(d.join("mine.onnx"), crossover(20_000, &[("stems", "bass, vocals"), ("sample_rate", "44100")]))
        .unwrap();
    let own = |change: &dyn Fn(&mut RenderJob)| {
        let mut job = RenderJob::new(&track, d.join("out.wav"));
        (job.model, job.separate, job.force) = (Some(d.join("mine.onnx")), true, true);
        (job.format, job.loudness, job.true_peak) = (SampleFormat::F32, Loudness::Off, None);
        change(&mut job);
        let report = render(&job, &mut |_| ()).unwrap();
        let all: Vec<f32> = hound::WavReader::open(&job.output).unwrap().samples::<f32>().map(Result::unwrap).collect();
        (report, all)
    };
    let (report, heard) = own(&|_| ());
    assert_eq!(report.placement, "stems");
    let roles: Vec<&str> = report.stems.iter().map(|s| s.role.name()).collect();
    assert_eq!(roles, ["bass", "lead", "other"]);
    // The same parts as files, rendered as stems.
    let (_, parts) = separated(&d.join("mine.onnx"), &song, 2);
    let files: Vec<PathBuf> = ["bass", "vocals", "remainder"]
        .iter()
        .zip(&parts)
        .map(|(name, part)| {
            wav(&d.join(format!("{name}.wav")), RATE, &[part.channel(0).to_vec(), part.channel(1).to_vec()])
        })
        .collect();
    let (_, stems) = own(&|job| (job.model, job.separate, job.stems) = (None, false, files.clone()));
    let n = heard.len().min(stems.len());
    assert!(n > 100_000);
    let worst = heard[..n].iter().zip(&stems[..n]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-5, "{worst}");
    // The voice out, and alone, without any place.
    let plain =
        |vocals| own(&|job| (job.separate, job.vocals, job.placement) = (false, vocals, Some(Placement::Stereo))).1;
    let (off, only) = (plain(Some(Vocals::Off)), plain(Some(Vocals::Only)));
    for (i, (o, v)) in off.iter().zip(&only).enumerate() {
        assert!((o + v - song[i % 2][i / 2]).abs() < 1e-6);
    }
    assert!(error_db(&only[400..100_000], &(400..100_000).map(|i| high[i % 2][i / 2]).collect::<Vec<_>>()) < -40.0);
}

#[test]
fn models_that_cannot_be_used_are_refused_by_name_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let [low, _] = tones(20_000);
    wav(&d.join("song.wav"), RATE, &low);
    let good = crossover(20_000, &[]);
    let picture = {
        let nodes = [node("Relu", &["x"], "y", &[])];
        model(&nodes, &[], &[value("x", &[1, 3, 224, 224])], &[value("y", &[1, 3, 224, 224])], &[])
    };
    let strange = {
        let nodes = [node("Frobnicate", &["x"], "y", &[])];
        model(&nodes, &[], &[value("x", &[1, 2, 20_000])], &[value("y", &[1, 2, 20_000])], &[])
    };
    // Says one thing, gives another.
    let liar = {
        let nodes = [node("Transpose", &["x"], "y", &[attribute("perm", &[0, 2, 1], true)])];
        model(&nodes, &[], &[value("x", &[1, 2, 20_000])], &[value("y", &[1, 2, 20_000])], &[])
    };
    let huge = {
        let shape = [1, 2, 1 << 40];
        model(&[node("Relu", &["x"], "y", &[])], &[], &[value("x", &shape)], &[value("y", &shape)], &[])
    };
    for (name, bytes, said) in [
        ("empty.onnx", &b""[..], "not an ONNX model"),
        ("text.onnx", b"this is no model at all", "not an ONNX model"),
        ("song.onnx", &std::fs::read(d.join("song.wav")).unwrap(), "not an ONNX model"),
        ("cut.onnx", &good[..good.len() / 2], "damaged"),
        ("picture.onnx", &picture, "[1, 3, 224, 224]"),
        ("strange.onnx", &strange, "Frobnicate"),
        ("liar.onnx", &liar, "[1, 20000, 2]; stems of 2 x 20000"),
        ("huge.onnx", &huge, "too large"),
    ] {
        std::fs::write(d.join(name), bytes).unwrap();
        let out = periphon(d, &["render", "song.wav", "--model", name]);
        let err = text(&out.stderr);
        assert_eq!(out.status.code(), Some(1), "{name}: {err}");
        assert!(err.starts_with("error: ") && err.contains(said) && err.contains(name), "{name}: {err}");
        assert!(!d.join("song.binaural.wav").exists());
    }
    // Flipped bytes anywhere: an error or a model, never a crash.
    let mut state = 1u32;
    for _ in 0..200 {
        let mut bytes = good.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (state >> 8) as usize % bytes.len();
            bytes[at] ^= 1 << (state & 7);
        }
        std::fs::write(d.join("flipped.onnx"), &bytes).unwrap();
        if let Err(e) = StemSeparator::open(d.join("flipped.onnx"), RATE, 2, 1) {
            assert_ne!(e.kind(), ErrorKind::Io, "{e}");
        }
    }
    std::fs::write(d.join("mine.onnx"), &good).unwrap();
    std::fs::write(d.join("mine.toml"), "stems = ['drums', 'bass']\n").unwrap();
    for (args, code, said) in [
        (&["--model", "nowhere.onnx"][..], 1, "cannot read the model"),
        (&["--model", "mine.onnx", "--vocals", "off"], 2, "tells no voice apart, only drums, bass"),
        (&["--model", "mine.onnx", "--place", "speakers"], 2, "where their roles do"),
    ] {
        let out = periphon(d, &[&["render", "song.wav"], args].concat());
        let err = text(&out.stderr);
        assert_eq!(out.status.code(), Some(code), "{args:?}: {err}");
        assert!(err.contains(said), "{args:?}: {err}");
    }
    std::fs::write(d.join("mine.toml"), "stms = ['drums', 'bass']\n").unwrap();
    let out = periphon(d, &["render", "song.wav", "--model", "mine.onnx"]);
    assert!(text(&out.stderr).contains("1:1: unknown key 'stms'"), "{}", text(&out.stderr));
}
