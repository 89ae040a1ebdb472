//! From file to file: ten seconds of a track through everything, with and without the loudness stage, and a bed.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use periphon::Layout;
use periphon::coords::Vec3;
use periphon::render::{Loudness, Placement, RenderJob, render};
use periphon::sink::{FileSink, SampleFormat, SinkSpec};
use std::path::Path;

const RATE: u32 = 48_000;
const SECONDS: usize = 10;

fn write_track(path: &Path, layout: &str, channels: usize) {
    let planes: Vec<Vec<f32>> = (0..channels)
        .map(|c| {
            (0..SECONDS * RATE as usize)
                .map(|i| ((i * (7919 + 2 * c) % 20_011) as f32 / 20_011.0 - 0.5) * 0.25)
                .collect()
        })
        .collect();
    let spec = SinkSpec::new(RATE, Layout::named(layout, channels).expect("a layout"), SampleFormat::I16);
    let mut sink = FileSink::create(path, &spec, true).expect("room in the folder");
    sink.write(&planes.iter().map(Vec::as_slice).collect::<Vec<_>>()).expect("room on the disk");
    sink.finish().expect("room on the disk");
}

fn files(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let (stereo, bed) = (folder.path().join("stereo.wav"), folder.path().join("bed.wav"));
    write_track(&stereo, "stereo", 2);
    write_track(&bed, "7.1.4", 12);
    let mut group = c.benchmark_group("pipeline");
    group.throughput(Throughput::Elements((SECONDS * RATE as usize) as u64));
    group.sample_size(10);
    let ahead = Vec3::new(1.0, 0.0, 0.0);
    for (name, input, placement, loudness) in [
        ("stereo at its speakers", &stereo, Placement::Speakers, Loudness::Off),
        ("stereo at its speakers, loudness kept", &stereo, Placement::Speakers, Loudness::Source),
        ("stereo as one point in orbit", &stereo, Placement::Orbit(ahead, 8.0), Loudness::Off),
        ("stereo as it is", &stereo, Placement::Stereo, Loudness::Off),
        ("7.1.4 at its speakers", &bed, Placement::Speakers, Loudness::Off),
    ] {
        let mut job = RenderJob::new(input, folder.path().join("out.wav"));
        job.force = true;
        job.placement = Some(placement);
        job.loudness = loudness;
        job.true_peak = (loudness != Loudness::Off).then_some(-1.0);
        job.threads = Some(1);
        job.room = Some("none".to_string());
        render(&job, &mut |_| ()).expect("a track that renders");
        group.bench_function(name, |b| b.iter(|| render(&job, &mut |_| ())));
    }
    group.finish();
}

criterion_group!(benches, files);
criterion_main!(benches);
