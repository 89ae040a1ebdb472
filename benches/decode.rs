//! Tracks to planar samples: the same second and a half of sound or so in each container that the tests bring along.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use periphon::AudioBuffer;
use periphon::sink::{FileSink, SampleFormat, SinkSpec};
use periphon::{Layout, Result, decode};
use std::path::Path;

fn read_all(path: &Path) -> Result<u64> {
    let mut decoder = decode::open(path)?;
    let mut buffer = AudioBuffer::default();
    while decoder.read(&mut buffer, 4096)? > 0 {}
    Ok(decoder.position())
}

fn tracks(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    let sound: Vec<f32> = (0..96_000).map(|i| ((i * 7919 % 20_011) as f32 / 20_011.0 - 0.5) * 0.25).collect();
    for format in [SampleFormat::I16, SampleFormat::I24, SampleFormat::F32] {
        let path = folder.path().join(format!("{}.wav", format.name()));
        let spec = SinkSpec::new(48_000, Layout::named("stereo", 2).expect("a layout"), format);
        let mut sink = FileSink::create(&path, &spec, true).expect("room in the folder");
        sink.write(&[&sound, &sound]).expect("room on the disk");
        sink.finish().expect("room on the disk");
        files.push(path);
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audio");
    let names = ["ref_1s.flac", "stereo_cbr128.mp3", "stereo.ogg", "stereo.opus", "stereo_aac.m4a", "chid_7_1.flac"];
    files.extend(names.map(|n| data.join(n)));
    let mut group = c.benchmark_group("decode");
    group.sample_size(20);
    for file in files {
        let frames = read_all(&file).expect("a track of the tests");
        group.throughput(Throughput::Elements(frames));
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        group.bench_function(name, |b| b.iter(|| read_all(&file)));
    }
    group.finish();
}

criterion_group!(benches, tracks);
criterion_main!(benches);
