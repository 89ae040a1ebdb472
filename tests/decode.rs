//! Whole files through `decode`: every format, its length, its channels, seeking, and what happens to bad input.

#![cfg(feature = "files")]
#![allow(missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use periphon::decode::{self, Kind};
use periphon::resample::Resampler;
use periphon::{AudioBuffer, ErrorKind};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audio").join(name)
}

fn has_ffmpeg() -> bool {
    Command::new("ffmpeg").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn read_all(decoder: &mut decode::Decoder, block: usize) -> AudioBuffer {
    let mut all = AudioBuffer::new(decoder.info().layout.channels(), 0);
    let mut out = AudioBuffer::default();
    while decoder.read(&mut out, block).unwrap() > 0 {
        all.extend(&out.iter().collect::<Vec<_>>());
    }
    all
}

fn load(name: &str) -> AudioBuffer {
    read_all(&mut decode::open(data(name)).unwrap(), 4096)
}

/// Name, container, codec, rate, layout, frames, and whether only ffmpeg reads it.
type Row = (&'static str, &'static str, &'static str, u32, &'static str, usize, bool);

const FILES: &[Row] = &[
    ("chid_5_1.flac", "FLAC", "FLAC", 48_000, "5.1", 96_000, false),
    ("chid_7_1.flac", "FLAC", "FLAC", 48_000, "7.1", 96_000, false),
    ("chid_5_1.opus", "Ogg", "Opus", 48_000, "5.1", 96_000, false),
    ("chid_5_1.ogg", "Ogg", "Vorbis", 48_000, "5.1", 96_000, true),
    ("chid_5_1.m4a", "MP4", "AAC", 48_000, "5.1", 96_000, true),
    ("chid_5_1.ac3", "AC-3", "AC-3", 48_000, "5.1", 96_768, true),
    ("chid_5_1.dts", "DTS", "DTS", 48_000, "5.1", 96_256, true),
    ("s_5_1.thd", "TrueHD", "TrueHD", 48_000, "5.1", 14_400, true),
    ("s.wv", "WavPack", "WavPack", 44_100, "stereo", 13_230, true),
    ("stereo.ogg", "Ogg", "Vorbis", 44_100, "stereo", 176_400, false),
    ("stereo.opus", "Ogg", "Opus", 48_000, "stereo", 192_000, false),
    ("stereo_opus.mp4", "MP4", "Opus", 48_000, "stereo", 192_000, false),
    ("s_opus.webm", "Matroska/WebM", "Opus", 48_000, "stereo", 24_000, false),
    ("stereo_aac.m4a", "MP4", "AAC", 44_100, "stereo", 176_400, false),
    ("stereo_aac.adts.aac", "AAC", "AAC", 44_100, "stereo", 178_176, false),
    ("stereo_cbr128.mp3", "MP3", "MP3", 44_100, "stereo", 176_400, false),
    ("tagged.mp3", "MP3", "MP3", 44_100, "stereo", 22_050, false),
    ("ref_1s.flac", "FLAC", "FLAC", 44_100, "stereo", 44_100, false),
    ("s.aiff", "AIFF", "PCM s16", 44_100, "stereo", 13_230, false),
    ("s.w64", "W64", "PCM s16", 44_100, "stereo", 13_230, false),
    ("s24.caf", "CAF", "PCM s24", 44_100, "stereo", 13_230, false),
    ("s_alac.m4a", "MP4", "ALAC", 44_100, "stereo", 13_230, false),
    ("s_flac.mka", "Matroska/WebM", "FLAC", 44_100, "stereo", 13_230, false),
    ("s_flac.oga", "Ogg", "FLAC", 44_100, "stereo", 13_230, false),
    ("s_ima.wav", "WAV", "IMA ADPCM", 44_100, "stereo", 14_238, false),
    ("s_mulaw.wav", "WAV", "mu-law", 44_100, "stereo", 13_230, false),
    ("foa_family2.opus", "Ogg", "Opus", 48_000, "ambix order 1", 14_400, false),
    ("movie.mp4", "MP4", "AAC", 44_100, "stereo", 22_050, false),
];

#[test]
fn every_format_is_known_and_has_its_exact_length() {
    for &(name, container, codec, rate, layout, frames, foreign) in FILES {
        let opened = decode::open(data(name));
        if foreign && !has_ffmpeg() {
            let error = opened.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}");
            assert!(error.to_string().contains(codec) && error.hints()[0].contains("ffmpeg"), "{name}: {error}");
            continue;
        }
        let mut decoder = opened.unwrap();
        let info = decoder.info().clone();
        assert_eq!((&*info.container, &*info.codec), (container, codec), "{name}");
        assert_eq!((info.sample_rate, &*info.layout.name()), (rate, layout), "{name}");
        assert_eq!(info.decoder == "ffmpeg", foreign, "{name}");
        let all = read_all(&mut decoder, 3000);
        assert_eq!(all.frames(), frames, "{name}");
        assert!(info.frames.is_none_or(|n| n == frames as u64), "{name}: {:?}", info.frames);
        assert!(decoder.warnings().is_empty(), "{name}: {:?}", decoder.warnings());
        assert!(all.iter().any(|c| c.iter().any(|x| x.abs() > 0.01)), "{name} is silent");
    }
}

#[test]
fn each_loudspeaker_gets_its_own_sine() {
    // By layout order: L R C LFE, backs, sides.
    let (five, seven): (&[f64], &[f64]) =
        (&[400., 500., 600., 60., 700., 800.], &[400., 500., 600., 60., 900., 1000., 700., 800.]);
    for (name, tones, foreign) in [
        ("chid_5_1.flac", five, false),
        ("chid_7_1.flac", seven, false),
        ("chid_5_1.opus", five, false),
        ("chid_5_1.ogg", five, true),
        ("chid_5_1.m4a", five, true),
        ("chid_5_1.dts", five, true),
        ("chid_5_1.ac3", five, true),
    ] {
        if foreign && !has_ffmpeg() {
            continue;
        }
        let all = load(name);
        for (c, &own) in tones.iter().enumerate() {
            let level = |hz: f64| {
                let (mut re, mut im) = (0.0, 0.0);
                for (i, &x) in all.channel(c)[..48_000].iter().enumerate() {
                    let phase = std::f64::consts::TAU * hz * i as f64 / 48_000.0;
                    re += f64::from(x) * phase.cos();
                    im += f64::from(x) * phase.sin();
                }
                re.hypot(im)
            };
            let loudest = tones.iter().copied().max_by(|a, b| level(*a).total_cmp(&level(*b))).unwrap();
            assert_eq!(loudest, own, "{name}, channel {c}");
        }
    }
}

/// Signal to difference in dB of the first channels over the common length.
fn agreement(a: &[f32], b: &[f32]) -> f64 {
    let (mut signal, mut noise) = (0.0, 1e-30);
    for (&x, &y) in a.iter().zip(b) {
        signal += f64::from(x).powi(2);
        noise += f64::from(x - y).powi(2);
    }
    10.0 * (signal / noise).log10()
}

#[test]
fn lossy_codings_line_up_with_the_original_to_the_sample() {
    let original = load("ref_1s.flac");
    let mut at_48k = AudioBuffer::new(2, 0);
    let mut resampler = Resampler::new(44_100, 48_000, 2).unwrap();
    resampler.process(&original, &mut at_48k).unwrap();
    resampler.finish(&mut at_48k).unwrap();
    assert_eq!(at_48k.frames(), 48_000);
    for (name, least, reference) in [
        ("stereo.ogg", 15.0, &original),
        ("stereo_aac.m4a", 15.0, &original),
        ("stereo_cbr128.mp3", 15.0, &original),
        ("stereo.opus", 10.0, &at_48k),
        ("stereo_opus.mp4", 10.0, &at_48k),
        ("s_opus.webm", 8.0, &at_48k),
    ] {
        let coded = load(name);
        let to = coded.frames().min(reference.frames()) - 1000;
        let shifted = |lag: usize| agreement(&reference.channel(0)[500..to], &coded.channel(0)[lag..to - 500 + lag]);
        let best = (490..511).max_by(|&a, &b| shifted(a).total_cmp(&shifted(b))).unwrap();
        assert_eq!(best, 500, "{name} is shifted");
        assert!(shifted(500) > least, "{name}: only {} dB", shifted(500));
    }
}

#[test]
fn lossless_codings_are_bit_equal() {
    let original = load("ref_1s.flac");
    for name in ["s.aiff", "s.w64", "s24.caf", "s_alac.m4a", "s_flac.mka", "s_flac.oga"] {
        let coded = load(name);
        for c in 0..2 {
            assert_eq!(coded.channel(c), &original.channel(c)[..13_230], "{name}");
        }
    }
}

#[test]
fn decoding_agrees_with_ffmpeg() {
    if !has_ffmpeg() {
        return;
    }
    for &(name, .., frames, foreign) in FILES {
        if foreign {
            continue;
        }
        let ours = load(name);
        let raw = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-i"])
            .arg(data(name))
            .args(["-map", "0:a:0", "-c:a", "pcm_f32le", "-f", "f32le", "-"])
            .output()
            .unwrap()
            .stdout;
        let (samples, _) = raw.as_chunks::<4>();
        let channels = ours.channels();
        // ffmpeg keeps the padding of AAC and of Opus in MP4, never less than we have.
        assert!(samples.len() / channels >= frames, "{name}");
        // Opus in fixed point against floating point: a few steps of 16 bits.
        let tolerance = if name.contains("opus") { 1e-3 } else { 2e-5 };
        for c in 0..channels {
            for (i, &x) in ours.channel(c).iter().enumerate() {
                let y = f32::from_le_bytes(samples[i * channels + c]);
                assert!((x - y).abs() < tolerance, "{name}, channel {c}, frame {i}: {x} and {y}");
            }
        }
    }
}

#[test]
fn seeking_lands_on_the_sample() {
    for &(name, .., frames, foreign) in FILES {
        if foreign && (!has_ffmpeg() || name != "chid_5_1.ac3") {
            continue; // one is enough: each seek starts ffmpeg anew
        }
        let whole = load(name);
        let mut decoder = decode::open(data(name)).unwrap();
        let mut out = AudioBuffer::default();
        // AAC's noise substitution starts its random numbers anew; the Opus decoder remembers long steady tones.
        let tolerance = if name.contains("aac") || name == "movie.mp4" {
            3e-2
        } else if name.contains("opus") {
            1e-3
        } else {
            1e-6
        };
        for target in [frames / 2 + 7, 3, frames / 3, 0, frames - 1, frames * 9 / 10] {
            decoder.seek(target as u64).unwrap();
            assert_eq!(decoder.position(), target as u64);
            let n = decoder.read(&mut out, 2000).unwrap();
            assert_eq!(n, (frames - target).min(2000), "{name} at {target}");
            for c in 0..out.channels() {
                let pairs = out.channel(c).iter().zip(&whole.channel(c)[target..]);
                let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst <= tolerance, "{name} at {target}: off by {worst}");
            }
        }
        decoder.seek(frames as u64 + 1_000_000).unwrap();
        assert_eq!(decoder.read(&mut out, 100).unwrap(), 0, "{name} goes on behind its end");
    }
}

#[test]
fn the_block_size_does_not_change_the_sound() {
    for name in ["stereo.ogg", "stereo.opus", "ref_1s.flac", "s.w64", "stereo_aac.m4a"] {
        let whole = load(name);
        for block in [1, 97, 100_000] {
            let blocks = read_all(&mut decode::open(data(name)).unwrap(), block);
            assert_eq!(whole, blocks, "{name} in blocks of {block}");
        }
    }
}

#[test]
fn tags_cover_and_pictures_are_seen() {
    let decoder = decode::open(data("tagged.mp3")).unwrap();
    let info = decoder.info();
    assert_eq!(info.tag("title"), Some("Ein Titel"));
    assert_eq!(info.tag("ARTIST"), Some("Jemand"));
    assert_eq!(info.replay_gain.track_gain_db, Some(-6.2));
    let cover = info.cover.as_ref().unwrap();
    assert_eq!(cover.mime, "image/png");
    assert!(cover.data.starts_with(b"\x89PNG"));
    assert!(!info.has_video, "a cover is no video");
    assert!(decode::open(data("movie.mp4")).unwrap().info().has_video);
}

#[test]
fn a_layout_can_be_imposed_if_it_fits() {
    let decoder = decode::open_as(data("foa_family2.opus"), "quad").unwrap();
    assert_eq!(decoder.info().layout.name(), "quad");
    let error = decode::open_as(data("s.w64"), "5.1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
}

#[test]
fn what_is_no_sound_is_named() {
    let dir = tempfile::tempdir().unwrap();
    for (bytes, kind, word) in [
        (&b"format = 1\n[listener]\n"[..], Kind::Scene, "scene"),
        (b"hello there", Kind::Text, "text"),
        (b"\x89HDF\r\n\x1a\n\0\0\0\0", Kind::Hdf5, "SOFA"),
        (b"\x89PNG\r\n\x1a\n\0\0", Kind::Image("PNG"), "PNG"),
        (b"", Kind::Empty, "empty"),
        (b"\0\x01\x02\x03\x04", Kind::Unknown, "not a format"),
    ] {
        let path = dir.path().join("x.wav");
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(decode::sniff(&path).unwrap(), kind);
        let error = decode::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(decode::open(dir.path()).unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(decode::open(dir.path().join("none")).unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn content_rules_over_the_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("really_flac.mp3");
    std::fs::copy(data("ref_1s.flac"), &path).unwrap();
    assert_eq!(decode::open(&path).unwrap().info().codec, "FLAC");
    if has_ffmpeg() {
        let path = dir.path().join("-i %d;http:x.wav");
        std::fs::copy(data("s.wv"), &path).unwrap();
        assert_eq!(decode::open(&path).unwrap().info().codec, "WavPack");
    }
}

#[test]
fn a_cut_file_gives_what_is_there_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["ref_1s.flac", "stereo.opus", "stereo_aac.m4a", "s.w64", "stereo.ogg", "s24.caf"] {
        let bytes = std::fs::read(data(name)).unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let whole = load(name);
        let mut decoder = match decode::open(&path) {
            Ok(decoder) => decoder,
            // An MP4 whose index stands at the end has nothing to go by; symphonia wants a whole CAF chunk.
            Err(error) => {
                assert!(name.ends_with("m4a") || name.ends_with("caf"), "{error}");
                continue;
            }
        };
        let part = read_all(&mut decoder, 1000);
        assert!(part.frames() > whole.frames() / 4, "{name}: {} frames", part.frames());
        assert!(part.frames() < whole.frames(), "{name}");
        assert_eq!(part.channel(0)[..1000], whole.channel(0)[..1000], "{name}");
        if matches!(name, "ref_1s.flac" | "s.w64") {
            assert!(decoder.warnings().iter().any(|w| w.contains("cut short")), "{name}: {:?}", decoder.warnings());
        }
    }
}
