//! Sends a bus through its filters to two ears: one transform a channel, two back, no delay.
//!
//! As in the engine, each hop transforms the last samples of every channel anew (overlap-save in one partition), so a
//! block may have any length and no frame waits.

use super::magls::DecoderFilters;
use crate::dsp::denormals::FlushDenormals;
use crate::dsp::fft::{Fft, Spectrum, good_len, padded_bins};
use crate::dsp::kernel::{Kernels, Sums};
use crate::dsp::simd::fetch;
use crate::error::{Error, Result};
use std::sync::Arc;

/// Samples up to here are silence: −180 dB.
const SILENCE: f32 = 1e-9;

/// Decodes a bus of one order. For another head build another decoder elsewhere, let it [`Decoder::take_history`], fade
/// from one to the other over a block, and send the old one away to be freed.
pub struct Decoder {
    filters: Arc<DecoderFilters>,
    channels: usize,
    /// Frames of the longest hop.
    max_hop: usize,
    bins: usize,
    /// `[channels][2][re, im][bins]`, with the 1 / len of the transform there and back.
    spectra: Vec<f32>,
    /// The last samples of each channel, a ring, `[channels][len]`.
    history: Vec<f32>,
    /// Where the next sample goes in every ring.
    at: usize,
    /// Silent samples of each channel in a row, at most len; then its ring holds zeros.
    quiet: Vec<usize>,
    fft: Fft,
    spectrum: Spectrum,
    sums: [Sums; 2],
    kernels: Kernels,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("order", &self.filters.order())
            .field("taps", &self.filters.taps())
            .field("transform", &self.fft.len())
            .finish_non_exhaustive()
    }
}

impl Decoder {
    /// For blocks of `max_block` frames (1 to 65536), for which transforms are made as long as is fastest. Shorter and
    /// longer blocks sound the same.
    ///
    /// # Errors
    /// `Argument` if the block is out of range.
    pub fn new(filters: &Arc<DecoderFilters>, max_block: usize) -> Result<Self> {
        if !(1..=65_536).contains(&max_block) {
            return Err(Error::argument(format!("a block has 1 to 65536 frames, not {max_block}")));
        }
        Ok(Self::with_transform(filters, transform_len(filters.taps(), max_block)))
    }

    fn with_transform(filters: &Arc<DecoderFilters>, len: usize) -> Self {
        let (channels, bins) = (filters.channels(), padded_bins(len));
        let mut fft = Fft::new(len);
        let mut spectra = vec![0.0f32; channels * 4 * bins];
        for (pair, spectrum) in spectra.chunks_exact_mut(2 * bins).enumerate() {
            let filter = filters.filter(pair / 2, pair % 2);
            fft.time.fill(0.0);
            fft.time[..filter.len()].copy_from_slice(filter);
            let (re, im) = spectrum.split_at_mut(bins);
            fft.forward(re, im);
            spectrum.iter_mut().for_each(|x| *x /= len as f32);
        }
        Self {
            filters: Arc::clone(filters),
            channels,
            max_hop: len + 1 - filters.taps(),
            bins,
            spectra,
            history: vec![0.0; channels * len],
            at: 0,
            quiet: vec![len; channels],
            fft,
            spectrum: Spectrum::new(len),
            sums: [Sums::new(bins), Sums::new(bins)],
            kernels: Kernels::detect(),
        }
    }

    /// The filters.
    pub fn filters(&self) -> &Arc<DecoderFilters> {
        &self.filters
    }

    /// Frames between an input and its answer: none beyond the block.
    pub fn latency_frames(&self) -> usize {
        0
    }

    /// Brings what the next hop reads nearer to the processor.
    pub(crate) fn fetch(&self) {
        fetch(&self.spectra);
        fetch(&self.history);
    }

    /// Frames that sound after the input has ended.
    pub fn tail_frames(&self) -> usize {
        self.filters.taps() - 1
    }

    /// True when nothing is left to sound.
    pub fn is_quiet(&self) -> bool {
        self.quiet.iter().all(|q| *q >= self.fft.len())
    }

    /// As new.
    pub fn reset(&mut self) {
        self.history.fill(0.0);
        self.at = 0;
        self.quiet.fill(self.fft.len());
    }

    /// Decodes a block and *adds* it to both ears; its length is that of the shorter ear. `bus` has one slice for each
    /// channel, `[channels][frames]` in ACN order and SN3D; channels that are missing or too short are silent from
    /// there on. Returns how many samples were not finite; they were taken for silence. For the audio thread.
    pub fn process<C: AsRef<[f32]>>(&mut self, bus: &[C], left: &mut [f32], right: &mut [f32]) -> u64 {
        let _flush = FlushDenormals::new();
        let frames = left.len().min(right.len());
        let (mut done, mut bad) = (0, 0);
        while done < frames {
            let hop = self.max_hop.min(frames - done);
            bad += self.hop(bus, done..done + hop, left, right);
            done += hop;
        }
        bad
    }

    fn hop<C: AsRef<[f32]>>(
        &mut self,
        bus: &[C],
        range: std::ops::Range<usize>,
        left: &mut [f32],
        right: &mut [f32],
    ) -> u64 {
        let (len, hop) = (self.fft.len(), range.len());
        let (mut sounds, mut bad) = (false, 0);
        for c in 0..self.channels {
            let whole = bus.get(c).map_or(&[][..], |c| c.as_ref());
            let input = &whole[range.start.min(whole.len())..range.end.min(whole.len())];
            bad += self.push(c, input, hop);
            if self.quiet[c] >= len {
                continue;
            }
            if !sounds {
                self.sums.iter_mut().for_each(|s| s.clear(1));
                sounds = true;
            }
            let ring = &self.history[c * len..(c + 1) * len];
            let (new, old) = ring.split_at((self.at + hop) % len);
            let Spectrum { re, im } = &mut self.spectrum;
            self.fft.forward_of(old, new, re, im);
            let filters = &self.spectra[c * 4 * self.bins..(c + 1) * 4 * self.bins];
            let (l, r) = filters.split_at(2 * self.bins);
            let [sl, sr] = &mut self.sums;
            self.kernels.apply([sl, sr], re, im, [l.split_at(self.bins), r.split_at(self.bins)], 1.0);
        }
        self.at = (self.at + hop) % len;
        if sounds {
            for (sums, out) in self.sums.iter().zip([left, right]) {
                let (re, im) = sums.order(0);
                self.fft.inverse(re, im);
                out[range.clone()].iter_mut().zip(&self.fft.time[len - hop..]).for_each(|(y, x)| *y += x);
            }
        }
        bad
    }

    /// Writes `hop` frames to the ring of a channel. Returns how many were not finite.
    fn push(&mut self, c: usize, input: &[f32], hop: usize) -> u64 {
        let len = self.fft.len();
        // Not finite is not silent either.
        let silent = input.iter().fold(true, |all, x| all & (x.abs() <= SILENCE));
        let was_quiet = self.quiet[c] >= len;
        if silent && was_quiet {
            return 0;
        }
        self.quiet[c] = if silent { (self.quiet[c] + hop).min(len) } else { 0 };
        let ring = &mut self.history[c * len..(c + 1) * len];
        if self.quiet[c] >= len {
            ring.fill(0.0);
            return 0;
        }
        let first = hop.min(len - self.at);
        let (rest, start) = ring.split_at_mut(self.at);
        let (head, tail) = input.split_at(first.min(input.len()));
        for (room, part) in [(&mut start[..first], head), (&mut rest[..hop - first], tail)] {
            let (sound, silence) = room.split_at_mut(part.len());
            sound.copy_from_slice(part);
            silence.fill(0.0);
        }
        const EXPONENT: u32 = 0x7f80_0000;
        if input.iter().fold(true, |all, x| all & (x.to_bits() & EXPONENT != EXPONENT)) {
            return 0;
        }
        let mut bad = 0;
        for x in ring.iter_mut().filter(|x| !x.is_finite()) {
            *x = 0.0;
            bad += 1;
        }
        bad
    }

    /// Takes over what another decoder has heard, so that this one goes on as if it had heard it itself. Allocates
    /// nothing. Of what the other no longer remembers (its filters being shorter) nothing is heard.
    pub fn take_history(&mut self, other: &Self) {
        let (len, from) = (self.fft.len(), other.fft.len());
        self.reset();
        let kept = len.min(from);
        for c in 0..self.channels.min(other.channels) {
            if other.quiet[c] >= from {
                continue;
            }
            let ring = &other.history[c * from..(c + 1) * from];
            let mine = &mut self.history[c * len..(c + 1) * len];
            for (k, x) in mine[len - kept..].iter_mut().enumerate() {
                *x = ring[(other.at + from - kept + k) % from];
            }
            self.quiet[c] = other.quiet[c].min(len - 1);
        }
    }
}

/// The transform that costs least for each block, by the usual len·log₂(len); longer ones than five filters gain
/// nothing and fall out of the cache at high orders.
fn transform_len(taps: usize, block: usize) -> usize {
    let longest = good_len(block + taps - 1).min(good_len(5 * taps));
    let mut best = (f64::INFINITY, longest);
    let mut len = good_len(taps + 15.min(block));
    while len <= longest {
        let hops = block.div_ceil(len + 1 - taps);
        let cost = hops as f64 * len as f64 * (len as f64).log2();
        if cost < best.0 {
            best = (cost, len);
        }
        len = good_len(len + 1);
    }
    best.1
}
