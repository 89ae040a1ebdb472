//! A set transformed for one engine: the table that moving filters are mixed from.
//!
//! Each spectrum is stored without its arrival time, so that neighbours mix without combing, as 16-bit numbers with one
//! scale for each ear of each direction. Half the memory of `f32` is half the traffic, and a thousand moving sources
//! are bound by traffic; the rounding lies 92 dB below the spectrum.

use super::set::HrtfSet;
use crate::dsp::fft::{Fft, Spectrum, delay_spectrum, padded_bins};
use std::sync::Arc;

/// Spectra of all vertices of a set for transforms of one length; immutable, to be shared.
#[derive(Clone, Debug)]
pub struct FilterBank {
    set: Arc<HrtfSet>,
    len: usize,
    bins: usize,
    /// `[V][2][re, im][bins]`
    table: Vec<i16>,
    /// `[V][2]`; includes the 1 / len of the transform there and back.
    scale: Vec<[f32; 2]>,
}

impl FilterBank {
    /// Transforms of `len` samples; `len` is more than the set's taps.
    pub fn new(set: Arc<HrtfSet>, len: usize) -> Self {
        let bins = padded_bins(len);
        let mut fft = Fft::new(len);
        let mut s = Spectrum::new(len);
        let vertices = set.vertices();
        let mut table = vec![0i16; vertices * 4 * bins];
        let mut scale = vec![[0.0f32; 2]; vertices];
        for (pair, row) in table.chunks_exact_mut(2 * bins).enumerate() {
            let (vertex, ear) = (pair / 2, pair % 2);
            let response = set.response(vertex as u32, ear);
            fft.time[..response.len()].copy_from_slice(response);
            fft.time[response.len()..].fill(0.0);
            fft.forward(&mut s.re, &mut s.im);
            delay_spectrum(&mut s.re, &mut s.im, -f64::from(set.onsets(vertex as u32)[ear]), len);
            let peak = s.re.iter().chain(&s.im).fold(0.0f32, |m, x| m.max(x.abs()));
            let up = if peak > 0.0 { 32_767.0 / peak } else { 0.0 };
            let (re, im) = row.split_at_mut(bins);
            for (to, x) in re.iter_mut().zip(&s.re).chain(im.iter_mut().zip(&s.im)) {
                *to = to_i16(x * up);
            }
            scale[vertex][ear] = peak / 32_767.0 / len as f32;
        }
        Self { set, len, bins, table, scale }
    }

    /// The same, made once for all engines of a set that need this length.
    pub(crate) fn shared(set: &Arc<HrtfSet>, len: usize) -> Arc<Self> {
        set.prepared.bank(len, || Arc::new(Self::new(Arc::clone(set), len)))
    }

    /// The set that this was made from.
    pub fn set(&self) -> &Arc<HrtfSet> {
        &self.set
    }

    /// Length of the transform, samples.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Never: a set has vertices.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Padded bins of each spectrum.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// All spectra, `[V][2][re, im][bins]`.
    pub fn table(&self) -> &[i16] {
        &self.table
    }

    /// What the spectrum of one ear at a vertex is to be multiplied by.
    pub fn scale(&self, vertex: u32, ear: usize) -> f32 {
        self.scale[vertex as usize][ear]
    }

    /// Real and imaginary parts of one ear at a vertex, and what they are to be multiplied by.
    pub fn spectrum(&self, vertex: u32, ear: usize) -> (&[i16], &[i16], f32) {
        let at = (vertex as usize * 2 + ear) * 2 * self.bins;
        let (re, im) = self.table[at..at + 2 * self.bins].split_at(self.bins);
        (re, im, self.scale[vertex as usize][ear])
    }
}

/// Rounds to nearest; written so that the loop becomes vector code.
#[inline(always)]
fn to_i16(x: f32) -> i16 {
    // Adding 1.5·2²³ leaves the rounded integer in the low bits of the sum.
    const MAGIC: f32 = 12_582_912.0;
    ((x + MAGIC).to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32) as i16
}

#[cfg(test)]
mod tests {
    use super::to_i16;

    #[test]
    fn rounding_is_to_nearest_on_both_sides() {
        for x in -32_767..=32_767i32 {
            for part in [-0.4f32, 0.0, 0.4] {
                assert_eq!(i32::from(to_i16(x as f32 + part)), x);
            }
        }
    }
}
