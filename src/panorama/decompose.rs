//! A stereo stream taken apart into direct sound per panning direction and ambience.
//!
//! Short-time spectra of 1024 samples (at 44.1 and 48 kHz; about 22 ms), a quarter of that from one to the next, root-of-Hann windows before and
//! after. Every direction takes its part of each bin by a real gain (`masks`), so phases stay as they are. What no direction
//! takes is the ambience: it is not made but left over, as the delayed input less all direct parts, so the parts add up to the input whatever
//! the gains were.
//!
//! Whoever places the parts may want them changed a little, all alike ([`super::balance`]): that is free while they are
//! still spectra.

use super::balance::PairGains;
use super::masks::{Masks, Stereo, pick};
use super::parts::PartsLayout;
use crate::buffer::is_sound;
use crate::dsp::denormals::FlushDenormals;
use crate::dsp::fft::{Fft, Spectrum, padded_bins};
use crate::error::{Error, Result};

/// How a stereo signal is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Panning directions: 3, 5, 7 or 9.
    pub sectors: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { sectors: 7 }
    }
}

/// Frames between two spectra, of their length.
const OVERLAP: usize = 4;

/// Takes a stereo stream apart. `new` allocates, `process` does not: it may run on the audio thread.
///
/// What comes out in blocks of any length is the same, bit by bit.
pub struct Decomposer {
    layout: PartsLayout,
    gains: Vec<[f32; 2]>,
    len: usize,
    hop: usize,
    window: Vec<f32>,
    fft: Fft,
    spectra: [Spectrum; 2],
    /// Of each part.
    picked: Vec<Spectrum>,
    masks: Masks,
    /// The last `len` frames of both channels, of which the newest `filled` have not been looked at yet.
    input: [Vec<f32>; 2],
    filled: usize,
    /// Of each part, what has been put together so far, `[len]`.
    growing: Vec<Vec<f32>>,
    /// Of each part, the next `hop` frames to go out.
    ready: Vec<Vec<f32>>,
    non_finite: u64,
}

impl std::fmt::Debug for Decomposer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decomposer").field("layout", &self.layout).field("len", &self.len).finish_non_exhaustive()
    }
}

impl Decomposer {
    /// For a stream at `sample_rate` Hz, 8000 to 384000.
    ///
    /// # Errors
    /// `Argument` if the rate or the number of directions is out of range.
    pub fn new(sample_rate: f64, options: &Options) -> Result<Self> {
        if !(8_000.0..=384_000.0).contains(&sample_rate) {
            return Err(Error::argument(format!("a panorama runs at 8000 to 384000 Hz, not at {sample_rate} Hz")));
        }
        let layout = PartsLayout::new(options.sectors)?;
        let octaves = (sample_rate / 46_000.0).log2().round() as i32;
        let len = (1024.0 * f64::from(octaves).exp2()) as usize;
        let (hop, bins) = (len / OVERLAP, padded_bins(len));
        let window = |n: usize| (std::f64::consts::PI * n as f64 / len as f64).sin() as f32;
        Ok(Self {
            gains: (0..layout.sectors()).map(|s| layout.gains(s)).collect(),
            len,
            hop,
            window: (0..len).map(window).collect(),
            fft: Fft::new(len),
            spectra: [Spectrum::new(len), Spectrum::new(len)],
            picked: vec![Spectrum::new(len); layout.len()],
            masks: Masks::new(sample_rate, len, hop, layout.sectors(), bins),
            input: [vec![0.0; len], vec![0.0; len]],
            filled: 0,
            growing: vec![vec![0.0; len]; layout.len()],
            ready: vec![vec![0.0; hop]; layout.len()],
            non_finite: 0,
            layout,
        })
    }

    /// What the signals are.
    pub fn layout(&self) -> PartsLayout {
        self.layout
    }

    /// Frames between a sound and its parts: 1024 at 44.1 and 48 kHz.
    pub fn latency_frames(&self) -> usize {
        self.len
    }

    /// Frames from one spectrum to the next.
    pub fn hop_frames(&self) -> usize {
        self.hop
    }

    /// Frames until the next spectrum is looked at: gains are free to change then.
    pub fn frames_to_hop(&self) -> usize {
        self.hop - self.filled
    }

    /// Numbers that [`PairGains`] for it have.
    pub fn gain_bins(&self) -> usize {
        padded_bins(self.len)
    }

    /// Frames that come out after the input has ended, beyond the latency: none.
    pub fn tail_frames(&self) -> usize {
        0
    }

    /// Samples so far that were NaN, infinite or absurdly loud; they are taken as silence.
    pub fn non_finite(&self) -> u64 {
        self.non_finite
    }

    /// As new.
    pub fn reset(&mut self) {
        self.masks.reset();
        self.input.iter_mut().chain(&mut self.growing).chain(&mut self.ready).for_each(|s| s.fill(0.0));
        self.filled = 0;
        self.non_finite = 0;
    }

    /// One block of the stream, as far as the shortest slice goes; `parts` are overwritten, one slice each in the order
    /// of [`PartsLayout`], beyond that with silence. Missing parts are not written.
    pub fn process<P: AsMut<[f32]>>(&mut self, left: &[f32], right: &[f32], parts: &mut [P]) {
        self.run(left, right, parts, None);
    }

    /// As [`Decomposer::process`], but what each pair of mirrored parts has alike and what it has unlike go through gains:
    /// the parts add up to the input behind those. A stream goes through one of both functions from its beginning.
    pub fn process_with<P: AsMut<[f32]>>(&mut self, left: &[f32], right: &[f32], parts: &mut [P], gains: &PairGains) {
        self.run(left, right, parts, Some(gains));
    }

    fn run<P: AsMut<[f32]>>(&mut self, left: &[f32], right: &[f32], parts: &mut [P], gains: Option<&PairGains>) {
        let _flush = FlushDenormals::new();
        let shortest = parts.iter_mut().map(|p| p.as_mut().len()).min().unwrap_or(usize::MAX);
        let frames = left.len().min(right.len()).min(shortest);
        let mut done = 0;
        while done < frames {
            let step = (self.hop - self.filled).min(frames - done);
            let at = self.len - self.hop + self.filled;
            for (input, from) in self.input.iter_mut().zip([left, right]) {
                let to = &mut input[at..at + step];
                to.copy_from_slice(&from[done..done + step]);
                for x in to.iter_mut().filter(|x| !is_sound(**x)) {
                    *x = 0.0;
                    self.non_finite += 1;
                }
            }
            for (part, ready) in parts.iter_mut().zip(&self.ready) {
                part.as_mut()[done..done + step].copy_from_slice(&ready[self.filled..self.filled + step]);
            }
            self.filled += step;
            done += step;
            if self.filled == self.hop {
                self.frame(gains);
                self.filled = 0;
            }
        }
        parts.iter_mut().for_each(|p| p.as_mut()[frames..].fill(0.0));
    }

    /// Takes the last `len` frames apart, finishes `hop` frames of every part, and makes room for the next ones.
    fn frame(&mut self, pair_gains: Option<&PairGains>) {
        let Self { fft, window, spectra, .. } = self;
        for (input, spectrum) in self.input.iter().zip(spectra.iter_mut()) {
            fft.time.iter_mut().zip(input).zip(&*window).for_each(|((y, x), w)| *y = x * w);
            fft.forward(&mut spectrum.re, &mut spectrum.im);
        }
        let [left, right] = &self.spectra;
        let both = Stereo { re: [&left.re, &right.re], im: [&left.im, &right.im] };
        self.masks.update(&both);
        let sectors = self.layout.sectors();
        for (sector, Spectrum { re, im }) in self.picked.iter_mut().enumerate().take(sectors) {
            pick(&self.masks, &both, sector, sector == self.layout.centre(), self.gains[sector], [re, im]);
        }
        let in_spectra = match pair_gains {
            Some(gains) => {
                let (direct, ambience) = self.picked.split_at_mut(sectors);
                for ((channel, rest), input) in ambience.iter_mut().enumerate().zip(&self.spectra) {
                    rest.re.copy_from_slice(&input.re);
                    rest.im.copy_from_slice(&input.im);
                    for (part, share) in direct.iter().zip(&self.gains) {
                        take_away(&mut rest.re, &part.re, share[channel]);
                        take_away(&mut rest.im, &part.im, share[channel]);
                    }
                }
                gains.apply(self.layout, &mut self.picked);
                self.layout.len()
            }
            None => sectors,
        };
        // The squares of four windows add up to two.
        let scale = 2.0 / (OVERLAP * self.len) as f32;
        let (before, hop) = (self.len - self.hop, self.hop);
        for (part, Spectrum { re, im }) in self.picked.iter_mut().enumerate().take(in_spectra) {
            self.fft.inverse(re, im);
            let growing = &mut self.growing[part];
            for ((y, x), w) in growing.iter_mut().zip(&self.fft.time).zip(&self.window) {
                *y += x * w * scale;
            }
            self.ready[part].copy_from_slice(&growing[..hop]);
            growing.copy_within(hop.., 0);
            growing[before..].fill(0.0);
        }
        if pair_gains.is_none() {
            let (direct, ambience) = self.ready.split_at_mut(sectors);
            for ((channel, rest), input) in ambience.iter_mut().enumerate().zip(&self.input) {
                rest.copy_from_slice(&input[..hop]);
                for (signal, share) in direct.iter().zip(&self.gains) {
                    take_away(rest, signal, share[channel]);
                }
            }
        }
        self.input.iter_mut().for_each(|input| input.copy_within(hop.., 0));
    }
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn take_away(from: &mut [f32], what: &[f32], gain: f32) {
    from.iter_mut().zip(what).for_each(|(y, x)| *y -= gain * x);
}
