//! The other way to filter a block: uniform partitions, overlap-save, a delay line of spectra.
//!
//! Gardner, "Efficient convolution without input-output delay", J. Audio Eng. Soc. 43(3), 1995; the uniform case as in
//! Wefers, "Partitioned convolution algorithms for real-time auralization", 2015, chapter 5. Both ears and all sources
//! share the inverse transforms, the transforms are the engine's own, and the products of all partitions run in one pass
//! over filters that lie in the order of reading: comparing the two compares the schemes. Being another way to the same
//! sound, it also checks the engine.

use multiversion::multiversion;
use periphon::dsp::denormals::FlushDenormals;
use periphon::dsp::fft::{Fft, LANES, Spectrum, padded_bins};

/// One source's responses and the spectra of its last blocks.
pub struct Partitioned {
    parts: usize,
    /// `[bins / LANES][parts][left re, left im, right re, right im][LANES]`
    filters: Vec<f32>,
    /// Spectra of the last blocks, a ring: `[parts][re, im][bins]`.
    history: Vec<f32>,
    newest: usize,
    /// The last two blocks.
    window: Vec<f32>,
}

impl Partitioned {
    /// A source heard through `responses`, cut into partitions of `block` samples.
    pub fn new(responses: [&[f32]; 2], block: usize) -> Self {
        let len = 2 * block;
        let bins = padded_bins(len);
        let mut fft = Fft::new(len);
        let mut s = Spectrum::new(len);
        let parts = responses.iter().map(|r| r.len().div_ceil(block)).max().unwrap_or(1).max(1);
        let mut filters = vec![0.0; parts * 4 * bins];
        for (ear, response) in responses.iter().enumerate() {
            for (k, part) in response.chunks(block).enumerate() {
                fft.time.fill(0.0);
                fft.time.iter_mut().zip(part).for_each(|(t, x)| *t = x / len as f32);
                fft.forward(&mut s.re, &mut s.im);
                for (chunk, (re, im)) in s.re.chunks(LANES).zip(s.im.chunks(LANES)).enumerate() {
                    let at = ((chunk * parts + k) * 4 + 2 * ear) * LANES;
                    filters[at..at + LANES].copy_from_slice(re);
                    filters[at + LANES..at + 2 * LANES].copy_from_slice(im);
                }
            }
        }
        Self { parts, filters, history: vec![0.0; parts * 2 * bins], newest: 0, window: vec![0.0; len] }
    }
}

/// Many such sources in blocks of one length.
pub struct PartitionedMix {
    sources: Vec<Partitioned>,
    block: usize,
    bins: usize,
    fft: Fft,
    /// `[left re, left im, right re, right im][bins]`
    sums: Vec<f32>,
}

impl PartitionedMix {
    /// All sources are cut for blocks of `block` frames.
    pub fn new(sources: Vec<Partitioned>, block: usize) -> Self {
        let bins = padded_bins(2 * block);
        Self { sources, block, bins, fft: Fft::new(2 * block), sums: vec![0.0; 4 * bins] }
    }

    /// One block of every source, summed into two ears.
    pub fn process(&mut self, inputs: &[&[f32]], left: &mut [f32], right: &mut [f32]) {
        let _flush = FlushDenormals::new();
        let (block, bins) = (self.block, self.bins);
        self.sums.fill(0.0);
        for (source, input) in self.sources.iter_mut().zip(inputs) {
            source.window.copy_within(block.., 0);
            source.window[block..].copy_from_slice(input);
            source.newest = (source.newest + source.parts - 1) % source.parts;
            let newest = &mut source.history[source.newest * 2 * bins..][..2 * bins];
            let (re, im) = newest.split_at_mut(bins);
            self.fft.forward_of(&source.window, &[], re, im);
            // Partition k meets the spectrum of k blocks ago: from the newest to the ring's end, then from its start.
            add_products(&mut self.sums, &source.filters, &source.history, source.newest, bins);
        }
        for (sums, out) in self.sums.chunks_exact(2 * bins).zip([left, right]) {
            let (re, im) = sums.split_at(bins);
            self.fft.inverse(re, im);
            out.copy_from_slice(&self.fft.time[block..]);
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
fn add_products(sums: &mut [f32], filters: &[f32], history: &[f32], newest: usize, bins: usize) {
    let parts = history.len() / (2 * bins);
    for (chunk, filters) in filters.chunks_exact(parts * 4 * LANES).enumerate() {
        let mut acc = [[0.0f32; LANES]; 4];
        let order = history[newest * 2 * bins..].chunks_exact(2 * bins).chain(history.chunks_exact(2 * bins));
        for (h, x) in filters.chunks_exact(4 * LANES).zip(order) {
            let (xr, xi) = (&x[chunk * LANES..][..LANES], &x[bins + chunk * LANES..][..LANES]);
            for ear in 0..2 {
                let (hr, hi) = (&h[2 * ear * LANES..][..LANES], &h[(2 * ear + 1) * LANES..][..LANES]);
                for n in 0..LANES {
                    acc[2 * ear][n] += hr[n] * xr[n] - hi[n] * xi[n];
                    acc[2 * ear + 1][n] += hr[n] * xi[n] + hi[n] * xr[n];
                }
            }
        }
        for (row, acc) in acc.iter().enumerate() {
            let sum = &mut sums[row * bins + chunk * LANES..][..LANES];
            sum.iter_mut().zip(acc).for_each(|(s, a)| *s += a);
        }
    }
}
