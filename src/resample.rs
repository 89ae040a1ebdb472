//! Whole files from any sample rate to any other, once, before anything spatial happens.
//!
//! A streaming wrapper around rubato's FFT resampler: a linear-phase filter, flat to 0.97 of the lower Nyquist
//! frequency, aliases below -140 dB. The filter's delay is cut off and the length is exact, so frame `n` of the output
//! is the moment `n / to` of the input. Head responses do not go through here: the steep filter rings for
//! milliseconds.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Indexing, Resampler as _};

use crate::buffer::AudioBuffer;
use crate::error::{Error, Result};

/// Frames of input that go through the filter at once, at least; see [`chunk_frames`].
const CHUNK: u32 = 1024;

/// The number of input frames a transform takes: a multiple of what the two rates allow, and an even one.
///
/// rubato centres its filter at half the transform and rounds down. With an odd length the output comes half an input
/// frame early; with an even one the delay is exactly half of both lengths and can be cut off to the frame.
fn chunk_frames(from: u32, to: u32) -> usize {
    let (mut a, mut b) = (from, to);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let least = from / a;
    let pairs = CHUNK.div_ceil(2 * least).max(1);
    2 * least as usize * pairs as usize
}

/// Turns a stream of one rate into a stream of another.
///
/// Memory is a few chunks, whatever the length. Equal rates pass through untouched.
pub struct Resampler {
    from: u32,
    to: u32,
    inner: Option<Fft<f32>>,
    /// Input that has not filled a chunk, `fill` frames of it.
    input: Vec<Vec<f32>>,
    fill: usize,
    output: Vec<Vec<f32>>,
    /// Frames of the filter's delay that are still to be dropped.
    drop: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// A resampler for `channels` channels, from `from` Hz to `to` Hz.
    ///
    /// # Errors
    /// `Argument` if a rate or the number of channels is 0, `Unsupported` if the rates have so little in common that
    /// the filter would not fit into memory.
    pub fn new(from: u32, to: u32, channels: usize) -> Result<Self> {
        if from == 0 || to == 0 || channels == 0 {
            return Err(Error::argument(format!("cannot resample {channels} channels from {from} Hz to {to} Hz")));
        }
        let mut this = Self {
            from,
            to,
            inner: None,
            input: vec![Vec::new(); channels],
            fill: 0,
            output: vec![Vec::new(); channels],
            drop: 0,
            taken: 0,
            given: 0,
        };
        // Rates without a common divisor would make transforms of millions of points.
        if from != to && chunk_frames(from, to).max(chunk_frames(to, from)) > 1 << 21 {
            return Err(Error::unsupported(format!("{from} Hz and {to} Hz have too little in common to resample"))
                .hint("choose a usual rate, such as 44100, 48000, 96000 or 192000 Hz"));
        }
        if from != to {
            let refused = |e| Error::argument(format!("cannot resample from {from} Hz to {to} Hz")).caused_by(e);
            let inner = Fft::<f32>::new_custom(
                from as usize,
                to as usize,
                chunk_frames(from, to),
                1,
                channels,
                rubato::WindowFunction::BlackmanHarris2,
                FixedSync::Both,
            )
            .map_err(refused)?;
            this.drop = inner.output_delay();
            this.input.iter_mut().for_each(|p| p.resize(inner.input_frames_max(), 0.0));
            this.output.iter_mut().for_each(|p| p.resize(inner.output_frames_max(), 0.0));
            this.inner = Some(inner);
        }
        Ok(this)
    }

    /// Frames that come out in all when `frames` go in: the nearest whole number to `frames * to / from`.
    pub fn output_frames(&self, frames: u64) -> u64 {
        let (from, to) = (u128::from(self.from), u128::from(self.to));
        u64::try_from((u128::from(frames) * to + from / 2) / from).unwrap_or(u64::MAX)
    }

    /// The frame of the output that stands for frame `frame` of the input.
    pub fn output_position(&self, frame: u64) -> u64 {
        self.output_frames(frame)
    }

    /// Takes all of `input` and appends what is ready to `output`.
    ///
    /// # Errors
    /// `Argument` if a buffer has another number of channels.
    pub fn process(&mut self, input: &AudioBuffer, output: &mut AudioBuffer) -> Result<()> {
        self.check(input.channels(), output.channels())?;
        self.taken += input.frames() as u64;
        let Some(inner) = &self.inner else {
            append(output, input.iter(), 0, input.frames());
            self.given += input.frames() as u64;
            return Ok(());
        };
        let size = inner.input_frames_next();
        let mut at = 0;
        while at < input.frames() {
            let n = (size - self.fill).min(input.frames() - at);
            for (store, plane) in self.input.iter_mut().zip(input.iter()) {
                store[self.fill..self.fill + n].copy_from_slice(&plane[at..at + n]);
            }
            self.fill += n;
            at += n;
            if self.fill == size {
                self.chunk(output, u64::MAX)?;
            }
        }
        Ok(())
    }

    /// Appends the rest, until the output has exactly [`Resampler::output_frames`] of all that was taken.
    ///
    /// # Errors
    /// As [`Resampler::process`].
    pub fn finish(&mut self, output: &mut AudioBuffer) -> Result<()> {
        self.check(self.input.len(), output.channels())?;
        let total = self.output_frames(self.taken);
        while self.inner.is_some() && self.given < total {
            self.chunk(output, total)?;
        }
        Ok(())
    }

    /// Forgets everything, as if newly made.
    pub fn reset(&mut self) {
        if let Some(inner) = &mut self.inner {
            inner.reset();
            self.drop = inner.output_delay();
        }
        (self.fill, self.taken, self.given) = (0, 0, 0);
    }

    fn check(&self, input: usize, output: usize) -> Result<()> {
        let channels = self.input.len();
        if input != channels || output != channels {
            return Err(Error::argument(format!(
                "the resampler has {channels} channels, the buffers have {input} and {output}"
            )));
        }
        Ok(())
    }

    /// Sends what is stored through the filter, silence behind it, and appends the result up to frame `total`.
    fn chunk(&mut self, output: &mut AudioBuffer, total: u64) -> Result<()> {
        let Some(inner) = &mut self.inner else { return Ok(()) };
        let channels = self.input.len();
        let failed = |e: &dyn std::fmt::Display| Error::argument(format!("resampling failed: {e}"));
        let frames_in = self.input[0].len();
        let frames_out = self.output[0].len();
        let source = SequentialSliceOfVecs::new(&self.input, channels, frames_in).map_err(|e| failed(&e))?;
        let mut sink =
            SequentialSliceOfVecs::new_mut(&mut self.output, channels, frames_out).map_err(|e| failed(&e))?;
        let indexing = Indexing::new().partial_len(self.fill);
        let (_, made) = inner.process_into_buffer(&source, &mut sink, Some(&indexing)).map_err(|e| failed(&e))?;
        self.fill = 0;
        let start = self.drop.min(made);
        self.drop -= start;
        let left = usize::try_from(total - self.given).unwrap_or(usize::MAX);
        let end = made.min(start.saturating_add(left));
        append(output, self.output.iter().map(Vec::as_slice), start, end);
        self.given += (end - start) as u64;
        Ok(())
    }
}

/// Appends the frames `from..to` of some planes.
fn append<'a>(output: &mut AudioBuffer, planes: impl Iterator<Item = &'a [f32]>, from: usize, to: usize) {
    let at = output.frames();
    output.resize(at + to - from);
    for (channel, plane) in output.iter_mut().zip(planes) {
        channel[at..].copy_from_slice(&plane[from..to]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn run(from: u32, to: u32, input: &AudioBuffer, block: usize) -> AudioBuffer {
        let mut resampler = Resampler::new(from, to, input.channels()).unwrap();
        let mut out = AudioBuffer::new(input.channels(), 0);
        let mut piece = AudioBuffer::new(input.channels(), 0);
        let mut at = 0;
        while at < input.frames() {
            let n = block.min(input.frames() - at);
            piece.resize(0);
            append(&mut piece, input.iter(), at, at + n);
            resampler.process(&piece, &mut out).unwrap();
            at += n;
        }
        resampler.finish(&mut out).unwrap();
        assert_eq!(out.frames() as u64, resampler.output_frames(input.frames() as u64));
        out
    }

    fn tone(rate: u32, hz: f64, frames: usize) -> AudioBuffer {
        let mut buffer = AudioBuffer::new(1, frames);
        for (i, x) in buffer.channel_mut(0).iter_mut().enumerate() {
            *x = (0.5 * (TAU * hz * i as f64 / f64::from(rate)).sin()) as f32;
        }
        buffer
    }

    const PAIRS: [(u32, u32); 7] = [
        (44_100, 48_000),
        (48_000, 192_000),
        (96_000, 44_100),
        (48_000, 44_100),
        (8_000, 384_000),
        (22_050, 48_000),
        (192_000, 48_000),
    ];

    #[test]
    fn a_tone_keeps_its_level_and_its_moment() {
        for (from, to) in PAIRS {
            let hz = 997.0;
            let out = run(from, to, &tone(from, hz, from as usize), 4096);
            let ideal = tone(to, hz, out.frames());
            let inside = out.frames() / 4..out.frames() * 3 / 4;
            // Projection on the ideal tone and its quadrature: amplitude and phase at once.
            let (mut re, mut im, mut error) = (0.0, 0.0, 0.0f64);
            for i in inside.clone() {
                let phase = TAU * hz * i as f64 / f64::from(to);
                let y = f64::from(out.channel(0)[i]);
                re += y * phase.sin();
                im += y * phase.cos();
                error = error.max((y - f64::from(ideal.channel(0)[i])).abs());
            }
            let scale = 2.0 / inside.len() as f64 / 0.5;
            let db = 20.0 * (re.hypot(im) * scale).log10();
            assert!(db.abs() < 0.01, "{from} to {to}: {db} dB");
            assert!(error < 2e-4, "{from} to {to}: off by {error}");
        }
    }

    #[test]
    fn an_impulse_stays_where_it_is() {
        for (from, to) in PAIRS {
            let mut input = AudioBuffer::new(1, from as usize / 2);
            let at = from as usize / 4;
            input.channel_mut(0)[at] = 1.0;
            let out = run(from, to, &input, 1000);
            let peak = (0..out.frames()).max_by(|&a, &b| out.channel(0)[a].abs().total_cmp(&out.channel(0)[b].abs()));
            let expected = at as f64 * f64::from(to) / f64::from(from);
            assert!((peak.unwrap() as f64 - expected).abs() <= 0.51, "{from} to {to}: {peak:?}, not {expected}");
        }
    }

    #[test]
    fn the_block_size_is_not_heard() {
        let input = tone(44_100, 440.0, 20_000);
        let whole = run(44_100, 48_000, &input, 20_000);
        for block in [1, 7, 441, 1024, 5000] {
            assert_eq!(whole, run(44_100, 48_000, &input, block));
        }
    }

    #[test]
    fn lengths_are_exact_down_to_one_frame() {
        for (from, to) in PAIRS {
            for frames in [1, 2, 3, 100, 1023, 1025] {
                run(from, to, &AudioBuffer::new(2, frames), 512);
            }
        }
    }

    #[test]
    fn equal_rates_pass_untouched() {
        let input = tone(48_000, 440.0, 1000);
        assert_eq!(run(48_000, 48_000, &input, 64), input);
    }

    #[test]
    fn reset_makes_it_new() {
        let input = tone(44_100, 440.0, 5000);
        let mut resampler = Resampler::new(44_100, 48_000, 1).unwrap();
        let (mut first, mut second) = (AudioBuffer::new(1, 0), AudioBuffer::new(1, 0));
        resampler.process(&input, &mut first).unwrap();
        resampler.finish(&mut first).unwrap();
        resampler.reset();
        resampler.process(&input, &mut second).unwrap();
        resampler.finish(&mut second).unwrap();
        assert_eq!(first, second);
    }

    #[test]
    fn a_band_that_does_not_fit_is_removed() {
        let out = run(96_000, 44_100, &tone(96_000, 30_000.0, 48_000), 4096);
        let inside = &out.channel(0)[5000..15_000];
        assert!(inside.iter().all(|x| x.abs() < 1e-5));
    }
}
