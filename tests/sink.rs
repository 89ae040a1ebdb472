//! Files that leave: read back by `hound` and `symphonia`, whole or absent, at their loudness and under their ceiling.
#![cfg(feature = "files")]

use periphon::layout::Layout;
use periphon::output::loudness::LoudnessMeter;
use periphon::sink::master::{MasterSpec, master};
use periphon::sink::{Cover, FileSink, SampleFormat, Scratch, SinkReport, SinkSpec, Tags};
use periphon::{AudioBuffer, ErrorKind};
use proptest::prelude::*;
use std::path::Path;

fn noise(seed: u32, frames: usize, scale: f32) -> Vec<f32> {
    let mut word = seed.max(1);
    (0..frames)
        .map(|_| {
            word ^= word << 13;
            word ^= word >> 17;
            word ^= word << 5;
            (word as f32 / u32::MAX as f32 * 2.0 - 1.0) * scale
        })
        .collect()
}

fn layout(channels: usize) -> Layout {
    match channels {
        1 => Layout::named("mono", 1).unwrap(),
        2 => Layout::named("stereo", 2).unwrap(),
        6 => Layout::named("5.1", 6).unwrap(),
        _ => Layout::Discrete { channels },
    }
}

fn planes(seed: u32, channels: usize, frames: usize, scale: f32) -> Vec<Vec<f32>> {
    (0..channels as u32).map(|c| noise(seed + 31 * c, frames, scale)).collect()
}

fn write(path: &Path, spec: &SinkSpec, planes: &[Vec<f32>], block: usize) -> SinkReport {
    let mut sink = FileSink::create(path, spec, false).unwrap();
    let frames = planes[0].len();
    let mut at = 0;
    while at < frames {
        let end = (at + block).min(frames);
        sink.write(&planes.iter().map(|p| &p[at..end]).collect::<Vec<_>>()).unwrap();
        at = end;
    }
    sink.finish().unwrap()
}

/// Interleaved whole numbers, or the bits of floats.
fn read_wav(path: &Path) -> (hound::WavSpec, Vec<i32>) {
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    let samples = match spec.sample_format {
        hound::SampleFormat::Int => reader.samples::<i32>().map(|s| s.unwrap()).collect(),
        hound::SampleFormat::Float => reader.samples::<f32>().map(|s| s.unwrap().to_bits() as i32).collect(),
    };
    (spec, samples)
}

/// Interleaved samples as `symphonia` decodes them, left-justified in 32 bits.
fn read_symphonia(path: &Path, extension: &str) -> (u32, Vec<i32>) {
    use symphonia::core::codecs::audio::AudioDecoderOptions;
    use symphonia::core::formats::{FormatOptions, TrackType, probe::Hint};
    use symphonia::core::io::MediaSourceStream;
    let stream = MediaSourceStream::new(Box::new(std::fs::File::open(path).unwrap()), Default::default());
    let mut hint = Hint::new();
    hint.with_extension(extension);
    let mut reader =
        symphonia::default::get_probe().probe(&hint, stream, FormatOptions::default(), Default::default()).unwrap();
    let track = reader.default_track(TrackType::Audio).unwrap();
    let params = track.codec_params.as_ref().unwrap().audio().unwrap().clone();
    let mut options = AudioDecoderOptions::default();
    options.verify = true;
    let mut decoder = symphonia::default::get_codecs().make_audio_decoder(&params, &options).unwrap();
    let (mut all, mut part) = (Vec::new(), Vec::<i32>::new());
    while let Some(packet) = reader.next_packet().unwrap() {
        let decoded = decoder.decode(&packet).unwrap();
        decoded.copy_to_vec_interleaved(&mut part);
        all.extend_from_slice(&part);
    }
    // `None` where the format has no checksum.
    assert_ne!(decoder.finalize().verify_ok, Some(false), "the MD5 is wrong");
    (params.sample_rate.unwrap(), all)
}

fn leftovers(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..Default::default() })]

    #[test]
    fn wav_files_come_back_through_hound_and_symphonia(
        seed in 1u32..10_000,
        channels in prop::sample::select(vec![1usize, 2, 3, 6]),
        frames in prop::sample::select(vec![0usize, 1, 2, 3, 1023, 1024, 1025, 4096, 5001]),
        rate in prop::sample::select(vec![8_000u32, 44_100, 48_000, 192_000, 384_000]),
        format in prop::sample::select(vec![SampleFormat::I16, SampleFormat::I24, SampleFormat::F32]),
        block in 1usize..3000,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let signal = planes(seed, channels, frames, 0.99);
        let report = write(&path, &SinkSpec::new(rate, layout(channels), format), &signal, block);
        prop_assert_eq!(report.frames, frames as u64);
        prop_assert_eq!(report.bytes, std::fs::metadata(&path).unwrap().len());
        let (spec, samples) = read_wav(&path);
        prop_assert_eq!((spec.channels as usize, spec.sample_rate), (channels, rate));
        prop_assert_eq!(spec.bits_per_sample as usize, 8 * format.bytes());
        prop_assert_eq!(samples.len(), channels * frames);
        for (i, &s) in samples.iter().enumerate() {
            let x = signal[i % channels][i / channels];
            match format {
                SampleFormat::F32 => prop_assert_eq!(s, x.to_bits() as i32),
                SampleFormat::I16 => prop_assert!((s as f32 - x * 32_768.0).abs() <= 1.5),
                SampleFormat::I24 => prop_assert!((s as f32 - x * 8_388_608.0).abs() <= 2.0),
            }
        }
        if frames > 0 && format != SampleFormat::F32 {
            let (symphonia_rate, decoded) = read_symphonia(&path, "wav");
            prop_assert_eq!(symphonia_rate, rate);
            let shift = 32 - 8 * format.bytes() as u32;
            prop_assert!(decoded.iter().map(|d| d >> shift).eq(samples.iter().copied()));
        }
    }

    #[test]
    fn flac_files_hold_the_very_samples_of_the_wav_file(
        seed in 1u32..10_000,
        channels in prop::sample::select(vec![1usize, 2, 6]),
        frames in prop::sample::select(vec![1usize, 2, 15, 16, 17, 31, 4095, 4096, 4097, 9000]),
        rate in prop::sample::select(vec![8_000u32, 44_100, 48_000, 96_000, 192_000]),
        format in prop::sample::select(vec![SampleFormat::I16, SampleFormat::I24]),
        scale in prop::sample::select(vec![0.0f32, 1e-4, 0.5, 2.0]),
        block in 1usize..3000,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let signal = planes(seed, channels, frames, scale);
        let spec = SinkSpec::new(rate, layout(channels), format);
        write(&folder.path().join("a.wav"), &spec, &signal, block);
        write(&folder.path().join("a.flac"), &spec, &signal, block);
        let (_, wav) = read_wav(&folder.path().join("a.wav"));
        let (flac_rate, flac) = read_symphonia(&folder.path().join("a.flac"), "flac");
        let shift = 32 - 8 * format.bytes() as u32;
        prop_assert_eq!(flac_rate, rate);
        prop_assert!(flac.iter().map(|d| d >> shift).eq(wav.iter().copied()));
    }

    #[test]
    fn a_file_does_not_depend_on_the_blocks(seed in 1u32..1000, block in 1usize..5000) {
        let folder = tempfile::tempdir().unwrap();
        let signal = planes(seed, 2, 6000, 0.7);
        let spec = SinkSpec::new(48_000, layout(2), SampleFormat::I24);
        write(&folder.path().join("a.wav"), &spec, &signal, 6000);
        write(&folder.path().join("b.wav"), &spec, &signal, block);
        prop_assert!(std::fs::read(folder.path().join("a.wav")).unwrap() == std::fs::read(folder.path().join("b.wav")).unwrap());
    }
}

/// Chunks of a RIFF or RF64 file: id and body.
fn chunks(file: &[u8], data_size: Option<u64>) -> Vec<(String, &[u8])> {
    let mut rest = &file[12..];
    let mut all = Vec::new();
    while rest.len() >= 8 {
        let id = String::from_utf8_lossy(&rest[..4]).into_owned();
        let mut size = u32::from_le_bytes(rest[4..8].try_into().unwrap()) as usize;
        if id == "data" {
            size = data_size.map_or(size, |s| s as usize);
        }
        all.push((id, &rest[8..8 + size]));
        rest = &rest[8 + size + size % 2..];
    }
    assert!(rest.is_empty());
    all
}

#[test]
fn past_the_limit_a_wav_file_becomes_rf64_with_the_same_samples() {
    let folder = tempfile::tempdir().unwrap();
    let signal = planes(5, 3, 1001, 0.5);
    let mut spec = SinkSpec::new(48_000, layout(3), SampleFormat::I24);
    write(&folder.path().join("small.wav"), &spec, &signal, 500);
    spec.riff_limit = 5000;
    write(&folder.path().join("large.wav"), &spec, &signal, 500);
    let small = std::fs::read(folder.path().join("small.wav")).unwrap();
    let large = std::fs::read(folder.path().join("large.wav")).unwrap();
    assert_eq!(small.len(), large.len());
    assert_eq!((&small[..4], &large[..4], &large[4..8]), (&b"RIFF"[..], &b"RF64"[..], &[0xff; 4][..]));
    let data_bytes = 3 * 3 * 1001;
    let old = chunks(&small, None);
    let new = chunks(&large, Some(data_bytes));
    let ids = |c: &[(String, &[u8])]| c.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&old), ["JUNK", "fmt ", "data"]);
    assert_eq!(ids(&new), ["ds64", "fmt ", "data"]);
    let field = |at: usize| u64::from_le_bytes(new[0].1[at..at + 8].try_into().unwrap());
    assert_eq!((field(0), field(8), field(16)), (large.len() as u64 - 8, data_bytes, 1001));
    assert_eq!((old[1].1, old[2].1), (new[1].1, new[2].1));
    // Just under the limit nothing changes.
    spec.riff_limit = large.len() as u64 - 8;
    write(&folder.path().join("edge.wav"), &spec, &signal, 500);
    assert!(std::fs::read(folder.path().join("edge.wav")).unwrap() == small);
}

#[test]
fn tags_and_cover_are_where_players_look() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = SinkSpec::new(44_100, layout(2), SampleFormat::I16);
    spec.tags = Tags {
        entries: vec![("Title".into(), "Přes moře".into()), ("ARTIST".into(), "A".into()), ("X=Y".into(), "no".into())],
        cover: Some(Cover { mime: "image/png".into(), data: vec![1, 2, 3] }),
    };
    let signal = planes(1, 2, 100, 0.1);
    write(&folder.path().join("a.wav"), &spec, &signal, 100);
    write(&folder.path().join("a.flac"), &spec, &signal, 100);
    let wav = std::fs::read(folder.path().join("a.wav")).unwrap();
    let list = chunks(&wav, None).into_iter().find(|(id, _)| id == "LIST").unwrap().1.to_vec();
    assert_eq!(list, ["INFOINAM\u{c}\0\0\0Přes moře\0".as_bytes(), b"IART\x02\0\0\0A\0"].concat());
    assert_eq!(read_wav(&folder.path().join("a.wav")).1.len(), 200);
    let flac = std::fs::read(folder.path().join("a.flac")).unwrap();
    let has = |what: &[u8]| flac.windows(what.len()).any(|w| w == what);
    assert!(has("TITLE=Přes moře".as_bytes()) && has(b"ARTIST=A") && has(b"image/png") && !has(b"X=Y"));
    assert_eq!(read_symphonia(&folder.path().join("a.flac"), "flac").1.len(), 200);
}

#[test]
fn broken_samples_are_silenced_and_counted_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let mut signal = planes(2, 2, 3000, 0.5);
    (signal[0][7], signal[1][2500], signal[0][2999]) = (f32::NAN, f32::NEG_INFINITY, 1e-40);
    for (name, format) in [("a.wav", SampleFormat::F32), ("b.wav", SampleFormat::I24), ("c.flac", SampleFormat::I16)] {
        let report = write(&folder.path().join(name), &SinkSpec::new(48_000, layout(2), format), &signal, 700);
        assert_eq!(report.silenced, 3, "{name}");
    }
    let (_, bits) = read_wav(&folder.path().join("a.wav"));
    assert_eq!((bits[14], bits[5001], bits[5998]), (0, 0, 0));
}

#[test]
fn an_output_is_whole_or_absent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.wav");
    let spec = SinkSpec::new(48_000, layout(2), SampleFormat::I24);
    let mut sink = FileSink::create(&path, &spec, false).unwrap();
    let signal = planes(1, 2, 50_000, 0.5);
    sink.write(&[&signal[0], &signal[1]]).unwrap();
    assert!(!path.exists());
    let beside = leftovers(folder.path());
    assert!(beside.len() == 1 && beside[0].starts_with(".out.wav.") && beside[0].ends_with(".part"), "{beside:?}");
    drop(sink);
    assert!(leftovers(folder.path()).is_empty());
    // A panic in between is a drop as well.
    let spec2 = spec.clone();
    let target = path.clone();
    let panicked = std::panic::catch_unwind(move || {
        let _sink = FileSink::create(&target, &spec2, false).unwrap();
        panic!("on purpose");
    });
    assert!(panicked.is_err() && leftovers(folder.path()).is_empty());
    write(&path, &spec, &signal, 4096);
    assert_eq!(leftovers(folder.path()), ["out.wav"]);
}

#[test]
fn an_existing_output_is_refused_unless_forced_even_if_it_appears_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.flac");
    let spec = SinkSpec::new(48_000, layout(1), SampleFormat::I24);
    let sink = FileSink::create(&path, &spec, false).unwrap();
    std::fs::write(&path, b"mine").unwrap();
    let error = sink.finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    let error = FileSink::check(&path, SampleFormat::I24, false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.hints()[0].contains("--force"));
    assert!(FileSink::create(&path, &spec, false).is_err());
    assert_eq!(leftovers(folder.path()), ["out.flac"]);
    // Forced: the old file stays until the new one is whole.
    let mut sink = FileSink::create(&path, &spec, true).unwrap();
    sink.write(&[&[0.5; 100]]).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    sink.finish().unwrap();
    assert_eq!(read_symphonia(&path, "flac").1.len(), 100);
    assert_eq!(leftovers(folder.path()), ["out.flac"]);
}

#[test]
fn what_cannot_be_written_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let spec = |format| SinkSpec::new(48_000, layout(2), format);
    let refused = |name: &str, spec: &SinkSpec| {
        let error = FileSink::create(folder.path().join(name), spec, false).err().expect(name);
        assert!(!error.hints().is_empty(), "{error}");
        (error.kind(), error.to_string())
    };
    let (kind, text) = refused("none/out.wav", &spec(SampleFormat::I24));
    assert!(kind == ErrorKind::Io && text.contains("does not exist"), "{text}");
    assert_eq!(refused("out.mp3", &spec(SampleFormat::I24)).0, ErrorKind::Argument);
    assert_eq!(refused("out", &spec(SampleFormat::I24)).0, ErrorKind::Argument);
    assert_eq!(refused("out.flac", &spec(SampleFormat::F32)).0, ErrorKind::Argument);
    assert_eq!(refused("out.flac", &SinkSpec::new(48_000, layout(9), SampleFormat::I16)).0, ErrorKind::Argument);
    std::fs::create_dir(folder.path().join("folder.wav")).unwrap();
    assert_eq!(refused("folder.wav", &spec(SampleFormat::I24)).0, ErrorKind::Argument);
    assert_eq!(leftovers(folder.path()), ["folder.wav"]);
    assert!("i32".parse::<SampleFormat>().is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_says_so_and_devices_are_written_straight() {
    let spec = SinkSpec::new(48_000, layout(2), SampleFormat::F32);
    let signal = planes(1, 2, 200_000, 0.5);
    let mut sink = FileSink::create("/dev/full", &spec, false).unwrap();
    let error = sink.write(&[&signal[0], &signal[1]]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("the disk is full"), "{error}");
    write(Path::new("/dev/null"), &spec, &signal, 4096);
    assert!(std::fs::metadata("/dev/null").unwrap().file_type() != std::fs::metadata(".").unwrap().file_type());
}

#[test]
fn a_restarted_file_is_as_if_the_first_had_never_been() {
    let folder = tempfile::tempdir().unwrap();
    let signal = planes(1, 2, 5000, 0.5);
    for name in ["a.wav", "a.flac"] {
        let spec = SinkSpec::new(48_000, layout(2), SampleFormat::I24);
        write(&folder.path().join(format!("once.{name}")), &spec, &signal, 5000);
        let path = folder.path().join(name);
        let mut sink = FileSink::create(&path, &spec, false).unwrap();
        let longer = planes(9, 2, 400_000, 0.9);
        sink.write(&[&longer[0], &longer[1]]).unwrap();
        sink.restart().unwrap();
        sink.write(&[&signal[0], &signal[1]]).unwrap();
        sink.finish().unwrap();
        assert!(std::fs::read(path).unwrap() == std::fs::read(folder.path().join(format!("once.{name}"))).unwrap());
    }
}

#[test]
fn the_scratch_file_gives_back_what_it_took_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let signal = planes(3, 3, 10_001, 4.0);
    let mut scratch = Scratch::new(folder.path().join("out.wav"), 3).unwrap();
    for at in (0..10_001).step_by(777) {
        let end = (at + 777).min(10_001);
        scratch.write(&signal.iter().map(|p| &p[at..end]).collect::<Vec<_>>()).unwrap();
    }
    assert_eq!(scratch.frames(), 10_001);
    let (mut buffer, mut back) = (AudioBuffer::default(), AudioBuffer::new(3, 0));
    for _ in 0..2 {
        scratch.rewind().unwrap();
        back.resize(0);
        while scratch.read(&mut buffer).unwrap() > 0 {
            back.extend(&buffer.iter().collect::<Vec<_>>());
        }
        assert!(back.iter().zip(&signal).all(|(a, b)| a == b));
    }
    drop(scratch);
    assert!(leftovers(folder.path()).is_empty());
}

/// Music in miniature: noise with a beat, so that peaks stand out of it.
fn beat(frames: usize) -> Vec<Vec<f32>> {
    let mut signal = planes(4, 2, frames, 0.3);
    for plane in &mut signal {
        let mut low = 0.0;
        for (n, x) in plane.iter_mut().enumerate() {
            low = 0.8 * low + *x;
            *x = low * (0.1 + (-((n % 24_000) as f32) / 3000.0).exp());
        }
    }
    signal
}

#[test]
fn the_output_lands_at_its_loudness_and_under_its_ceiling() {
    let folder = tempfile::tempdir().unwrap();
    let signal = beat(48_000 * 12);
    let slices: Vec<&[f32]> = signal.iter().map(Vec::as_slice).collect();
    let mut meter = LoudnessMeter::new(&layout(2), 48_000).unwrap().with_envelope();
    meter.push(&slices);
    let mut scratch = Scratch::new(folder.path().join("out.wav"), 2).unwrap();
    scratch.write(&slices).unwrap();
    let spec = SinkSpec::new(48_000, layout(2), SampleFormat::F32);
    for (target, limits) in [(Some(-30.0), false), (Some(-16.0), true), (Some(-9.0), true), (None, false)] {
        let path = folder.path().join(format!("out{target:?}.wav"));
        let mut sink = FileSink::create(&path, &spec, false).unwrap();
        let ceiling = target.map(|_| -1.0);
        let want = MasterSpec { target_lufs: target, ceiling_dbtp: ceiling };
        let report = master(&mut scratch, &meter, &want, &mut sink, &mut |_| true).unwrap();
        assert_eq!(sink.finish().unwrap().frames, 48_000 * 12);
        assert_eq!(report.limited_frames > 0, limits, "{report:?}");
        // What the file holds, measured by others.
        let (_, bits) = read_wav(&path);
        let samples: Vec<f32> = bits.iter().map(|b| f32::from_bits(*b as u32)).collect();
        let mut theirs = ebur128::EbuR128::new(2, 48_000, ebur128::Mode::I | ebur128::Mode::TRUE_PEAK).unwrap();
        theirs.add_frames_f32(&samples).unwrap();
        let loudness = theirs.loudness_global().unwrap();
        let peak = 20.0 * theirs.true_peak(0).unwrap().max(theirs.true_peak(1).unwrap()).log10();
        assert!((report.output_lufs.unwrap() - loudness).abs() < 0.02, "{report:?} {loudness}");
        match target {
            Some(target) => {
                assert!((loudness - target).abs() < 0.1, "{target}: {loudness}, {report:?}");
                assert!(report.true_peak_dbtp <= -1.0 && peak <= -0.9, "{peak} {report:?}");
            }
            None => assert!(samples.chunks_exact(2).zip(&signal[0]).all(|(frame, x)| frame[0] == *x)),
        }
    }
}

#[test]
fn an_interrupted_master_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let signal = beat(48_000);
    let slices: Vec<&[f32]> = signal.iter().map(Vec::as_slice).collect();
    let mut meter = LoudnessMeter::new(&layout(2), 48_000).unwrap().with_envelope();
    meter.push(&slices);
    let mut scratch = Scratch::new(folder.path().join("out.wav"), 2).unwrap();
    scratch.write(&slices).unwrap();
    let mut sink =
        FileSink::create(folder.path().join("out.wav"), &SinkSpec::new(48_000, layout(2), SampleFormat::I16), false)
            .unwrap();
    let error = master(&mut scratch, &meter, &MasterSpec::default(), &mut sink, &mut |n| n < 9000).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    drop((sink, scratch));
    assert!(leftovers(folder.path()).is_empty());
}
