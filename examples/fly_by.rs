//! How does a sound fly past? A humming drone crosses from left to right with Doppler shift, in front of a listener.
//!
//! `cargo run --release --example fly_by -- fly_by.wav`

use periphon::render::Space;
use periphon::sink::{FileSink, SampleFormat, SinkSpec};
use periphon::{Engine, Layout, Motion, Result, SourceSpec, Vec3, hrtf};

const RATE: f64 = 48_000.0;

/// Six seconds at both ears.
pub fn fly_by() -> Result<[Vec<f32>; 2]> {
    let head = hrtf::open("ku100", RATE)?;
    // With propagation, the sound takes its time, and what moves changes its pitch.
    let space = Space::default().with_propagation(100.0);
    let (mut engine, mut control) = Engine::builder(&head).offline().max_sources(1).space(space).build()?;
    let way = Motion::path([(0.0, Vec3::new(5.0, 90.0, 3.0)), (6.0, Vec3::new(5.0, -90.0, 3.0))])?;
    let drone = control.add(SourceSpec::new(way).with_gain(4.0))?;

    let frames = (6.0 * RATE) as usize;
    let hum = |n: usize| {
        let tone = |k: f64| (n as f64 * k * 110.0 / RATE * std::f64::consts::TAU).sin() / 8.0;
        (1..9).map(|k| tone(f64::from(k))).sum::<f64>() as f32
    };
    let samples: Vec<f32> = (0..frames).map(hum).collect();
    let mut ears = [vec![0.0; frames], vec![0.0; frames]];
    let [left, right] = &mut ears;
    let blocks = samples.chunks(512).zip(left.chunks_mut(512).zip(right.chunks_mut(512)));
    for (block, (left, right)) in blocks {
        let mut inputs = [&[][..]; 1];
        inputs[drone.input()] = block;
        engine.process(&inputs, left, right);
    }
    Ok(ears)
}

#[allow(dead_code, reason = "a test calls the function above")]
fn main() -> Result<()> {
    let ears = fly_by()?;
    let path = std::env::args().nth(1).unwrap_or_else(|| "fly_by.wav".to_string());
    let spec = SinkSpec::new(RATE as u32, Layout::named("stereo", 2)?, SampleFormat::F32);
    let mut file = FileSink::create(&path, &spec, true)?;
    file.write(&[&ears[0], &ears[1]])?;
    file.finish()?;
    println!("{path}: it passes after three seconds, from the left");
    Ok(())
}
