//! How do samples get in that come when they come, as from a microphone or a network? Through a feed: one thread pushes,
//! the audio thread plays, and neither waits for the other.
//!
//! `cargo run --release --example live_samples`

use periphon::{Engine, Feed, Result, SourceSpec, Vec3, hrtf};

const RATE: f64 = 48_000.0;
const BLOCK: usize = 256;

/// What came of a call.
#[derive(Debug)]
pub struct Call {
    /// Samples that arrived.
    pub pushed: usize,
    /// Frames that were silent because none had.
    pub missing: u64,
    /// Of what was heard.
    pub loudest: f32,
}

/// Packets of 20 ms, as a voice codec has them. One of them is lost.
fn network(mut feed: Feed, packets: usize) -> (Feed, usize) {
    let mut pushed = 0;
    for packet in (0..packets).filter(|p| *p != 20) {
        let samples: Vec<f32> = (0..960).map(|n| 0.5 * ((packet * 960 + n) as f32 * 0.03).sin()).collect();
        let mut rest = &samples[..];
        while !rest.is_empty() && !feed.is_over() {
            rest = &rest[feed.push(rest)..];
            std::thread::yield_now();
        }
        pushed += samples.len() - rest.len();
    }
    // From here on silence is no loss.
    feed.end();
    (feed, pushed)
}

/// A second of a call: 50 packets, of which one never comes.
pub fn call() -> Result<Call> {
    let head = hrtf::open("ku100", RATE)?;
    let (mut engine, mut control) = Engine::builder(&head).max_block(BLOCK).max_sources(4).build()?;
    // As much as is to be kept of what comes early: 100 ms.
    let (caller, feed) = control.add_feed(SourceSpec::still(Vec3::from_polar(30.0, 0.0, 1.0)), 4800)?;
    let sender = std::thread::spawn(move || network(feed, 50));

    // An audio callback would do this; nothing but the block is needed.
    let (mut left, mut right, mut loudest) = ([0.0; BLOCK], [0.0; BLOCK], 0.0f32);
    while !sender.is_finished() {
        engine.process(&[], &mut left, &mut right);
        loudest = left.iter().chain(&right).fold(loudest, |m, x| m.max(x.abs()));
    }
    let (feed, pushed) = sender.join().expect("the network does not panic");
    control.remove(caller)?;
    Ok(Call { pushed, missing: feed.missing(), loudest })
}

#[allow(dead_code, reason = "a test calls the function above")]
fn main() -> Result<()> {
    let Call { pushed, missing, loudest } = call()?;
    println!(
        "{pushed} samples came, {missing} frames were silent because none were there, the loudest was {loudest:.2}"
    );
    Ok(())
}
