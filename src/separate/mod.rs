//! Voice and band of a finished stereo track, told apart by a small neural network, here, on a CPU.
//!
//! A [`Separator`] takes a track in blocks and gives two, which add up to it; a [`Model`] is what it has learned. The way
//! of the sound: `frames` makes spectra of overlapping windows, `answers` asks the networks (`unet`, of
//! `layer`s, over one `kernel`) about twelve seconds at a time, `shares` makes of their answers how much of each
//! line of each spectrum is the voice's, and `separator` applies that and adds the windows up again.
//!
//! What was tried, and the figures: docs/decisions/separation.md.

mod answers;
mod file;
mod frames;
mod kernel;
mod layer;
mod model;
#[cfg(feature = "onnx")]
pub mod own;
mod parallel;
mod picture;
mod separator;
mod shares;
mod unet;

#[cfg(test)]
mod tests;

pub use model::Model;
pub use separator::Separator;

use crate::buffer::AudioBuffer;
use crate::error::Result;
use std::sync::Arc;

/// Separates a whole track of one or two channels at `sample_rate` Hz into voice and band.
///
/// # Errors
/// As [`Separator::new`].
pub fn separate(
    model: Arc<Model>,
    sample_rate: u32,
    input: &AudioBuffer,
    threads: usize,
) -> Result<(AudioBuffer, AudioBuffer)> {
    let mut separator = Separator::new(model, sample_rate, input.channels(), threads)?;
    let planes: Vec<&[f32]> = input.iter().collect();
    separator.push(&planes)?;
    separator.finish();
    let (mut voice, mut band) = (AudioBuffer::default(), AudioBuffer::default());
    separator.pull(&mut voice, &mut band, input.frames());
    Ok((voice, band))
}
