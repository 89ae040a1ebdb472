//! A model of the user's own: ONNX files that take a song apart into stems.
//!
//! Which tensors a model may have, and what is assumed where it does not say, is in `docs/models.md`: waveforms in and stems
//! out (`[1, 2, N]` to `[1, S, 2, N]`, as Demucs is exported), or spectrograms, complex (`[1, 4, F, T]`, as MDX-Net) or of
//! magnitudes (`[1, 2, F, T]`, as Open-Unmix). `description` is what a file beside the model says of it, `contract` makes
//! one of that and the graph's shapes, `network` runs the graph (by the crate `rten`), `spectra` is the way into a spectrogram
//! and back, and [`StemSeparator`] streams a song through, segment by segment, in bounded memory.

mod contract;
mod description;
mod network;
mod spectra;
mod stream;

#[cfg(test)]
mod tests;

pub use stream::StemSeparator;
