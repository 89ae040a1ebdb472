//! Sounds for tests, and files of them.
#![allow(dead_code)] // No test wants all of it.

use std::path::{Path, PathBuf};

/// White noise between -0.25 and 0.25, another one for each seed.
pub fn noise(seed: u32, frames: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 33_554_432.0 - 0.25
    };
    (0..frames).map(|_| next()).collect()
}

/// Writes a WAV of 32-bit floats at `rate` Hz, as long as its first channel.
pub fn wav(path: &Path, rate: u32, channels: &[impl AsRef<[f32]>]) -> PathBuf {
    let spec = hound::WavSpec {
        channels: channels.len() as u16,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut file = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..channels[0].as_ref().len() {
        channels.iter().for_each(|c| file.write_sample(c.as_ref()[n]).unwrap());
    }
    file.finalize().unwrap();
    path.to_path_buf()
}
