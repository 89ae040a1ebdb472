//! How does the head turn? Poses arrive on a thread of their own, as from a tracker; the audio thread never waits for them.
//!
//! `cargo run --release --example head_tracking`

use periphon::{Control, Engine, Pose, Result, Rotation, SourceSpec, Vec3, hrtf};
use std::sync::mpsc::{Receiver, sync_channel};

const RATE: f64 = 48_000.0;
const BLOCK: usize = 128;

/// What steers: takes poses from wherever they come and hands them to the engine. Runs where the control is.
fn follow(mut control: Control, poses: Receiver<Rotation>) -> Result<()> {
    for orientation in poses {
        // Reached within 20 ms, so that a tracker of 60 poses a second makes one smooth way.
        control.set_head(Pose::new(Vec3::default(), orientation))?;
    }
    Ok(())
}

/// A bell straight ahead, while the head turns to the left by 90 degrees: the level of both ears in dB, each 0.1 s.
pub fn turn() -> Result<Vec<[f64; 2]>> {
    let head = hrtf::open("ku100", RATE)?;
    let (mut engine, mut control) = Engine::builder(&head).max_block(BLOCK).max_sources(1).build()?;
    control.add(SourceSpec::still(Vec3::from_polar(0.0, 0.0, 1.0)))?;

    let (tracker, poses) = sync_channel(1);
    let steering = std::thread::spawn(move || follow(control, poses));
    let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
    let (mut levels, mut sums) = (Vec::new(), [0.0f64; 2]);
    for block in 0..375 {
        let seconds = (block * BLOCK) as f64 / RATE;
        // Here a tracker would speak up on its own.
        let _ = tracker.send(Rotation::from_yaw_pitch_roll(90.0 * seconds.min(1.0), 0.0, 0.0));
        let bell: [f32; BLOCK] = std::array::from_fn(|n| (((block * BLOCK + n) as f32) * 0.4).sin());
        engine.process(&[&bell], &mut left, &mut right);
        for (sum, ear) in sums.iter_mut().zip([&left, &right]) {
            *sum += ear.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        }
        if block % 37 == 36 {
            levels.push(sums.map(|sum| 10.0 * (sum / (37 * BLOCK) as f64).log10()));
            sums = [0.0; 2];
        }
    }
    drop(tracker);
    steering.join().expect("steering does not panic")?;
    Ok(levels)
}

#[allow(dead_code, reason = "a test calls the function above")]
fn main() -> Result<()> {
    println!("the head turns left, the bell comes to the right ear:");
    for (i, [left, right]) in turn()?.into_iter().enumerate() {
        println!("{:.1} s   left {left:6.1} dB   right {right:6.1} dB", 0.1 * i as f64);
    }
    Ok(())
}
