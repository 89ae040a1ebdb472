//! The one loop that costs time: sixteen pixels by sixteen channels of a convolution at once.
//!
//! A pixel's neighbourhood is a few *runs* of neighbouring numbers, since pictures are kept channel last. A tile of
//! pixels goes through the runs with its sums in registers; each weight is loaded once for the tile. Written as plain
//! loops of fixed size, which the compiler turns into vector code for each instruction set: 45 billion products a second
//! on one core with AVX-512, 32 with AVX2 (docs/decisions/separation.md).

use std::array::from_fn;

/// Output channels worked on together; weights come in panels of this width.
pub(super) const LANES: usize = 16;

/// One convolution: where its numbers lie. Rows have a multiple of sixteen pixels.
pub(super) struct Pass<'a> {
    /// The picture, channel last, with its border.
    pub input: &'a [f32],
    /// The beginning of each run, counted from the place of a pixel.
    pub runs: &'a [usize],
    /// Numbers in each run.
    pub run: usize,
    /// From a pixel to the next that is wanted.
    pub step: usize,
    /// `[panel][run][number][LANES]`.
    pub weights: &'a [f32],
}

/// Sums of products, before scale and bias: for each of `starts` a row of `pixels` pixels, `[row][pixel][channel]` with
/// as many channels as there are panels of weights, times [`LANES`].
#[multiversion::multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx512vbmi2+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(super) fn rows(pass: &Pass<'_>, starts: &[usize], pixels: usize, out: &mut [f32]) {
    multiversion::target::match_target! {
        "x86_64+avx512f" => all_tiles::<Fused, 16>(pass, starts, pixels, out),
        "x86_64+avx2+fma" => all_tiles::<Fused, 4>(pass, starts, pixels, out),
        _ => all_tiles::<Plain, 4>(pass, starts, pixels, out),
    }
}

/// `a · b + c`.
trait Product {
    fn add(a: f32, b: f32, c: f32) -> f32;
}

/// One instruction, for functions that are compiled for a machine that has it.
struct Fused;
/// Two instructions.
struct Plain;

impl Product for Fused {
    #[inline(always)]
    fn add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

impl Product for Plain {
    #[inline(always)]
    fn add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

#[inline(always)]
fn all_tiles<M: Product, const P: usize>(pass: &Pass<'_>, starts: &[usize], pixels: usize, out: &mut [f32]) {
    let panel = pass.runs.len() * pass.run * LANES;
    let channels = pass.weights.len() / panel * LANES;
    // A panel of the largest layer fills half of the second-level cache, so it serves all rows before the next comes.
    for (p, weights) in pass.weights.chunks_exact(panel).enumerate() {
        for (row, &start) in starts.iter().enumerate() {
            for x in (0..pixels).step_by(P) {
                let at = (row * pixels + x) * channels + p * LANES;
                tile::<M, P>(pass, weights, start + x * pass.step, &mut out[at..], channels);
            }
        }
    }
}

#[inline(always)]
fn tile<M: Product, const P: usize>(pass: &Pass<'_>, weights: &[f32], start: usize, out: &mut [f32], channels: usize) {
    let mut sums = [[0.0f32; LANES]; P];
    let (mut weights, _) = weights.as_chunks::<LANES>();
    let n = pass.run;
    for &run in pass.runs {
        let pixels: [&[f32]; P] = from_fn(|p| &pass.input[start + p * pass.step + run..][..n]);
        let (now, later) = weights.split_at(n);
        weights = later;
        for i in 0..n {
            for p in 0..P {
                let x = pixels[p][i];
                for lane in 0..LANES {
                    sums[p][lane] = M::add(x, now[i][lane], sums[p][lane]);
                }
            }
        }
    }
    for (p, sums) in sums.iter().enumerate() {
        out[p * channels..][..LANES].copy_from_slice(sums);
    }
}
