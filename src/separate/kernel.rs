//! The one loop that costs time: sixteen pixels by sixteen channels of a convolution at once.
//!
//! A pixel's neighbourhood is a few *runs* of neighbouring numbers, since pictures are kept channel last. A tile of
//! pixels goes through the runs with its sums in registers; each weight is loaded once for the tile. The sixteen products
//! of a pixel, and the pixels of a tile, are written out by a macro: loops over them become vector code or a tenth of
//! that speed as the compiler's unroller likes, and in builds with assertions never (docs/decisions/separation.md).

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
        "x86_64+avx512f" => all_tiles(pass, starts, pixels, out, 16, tile_of_16::<Fused>),
        "x86_64+avx2+fma" => all_tiles(pass, starts, pixels, out, 4, tile_of_4::<Fused>),
        _ => all_tiles(pass, starts, pixels, out, 4, tile_of_4::<Plain>),
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

/// Goes over all pixels with tiles of `size`.
#[inline(always)]
fn all_tiles(
    pass: &Pass<'_>,
    starts: &[usize],
    pixels: usize,
    out: &mut [f32],
    size: usize,
    tile: impl Fn(&Pass<'_>, &[f32], usize, &mut [f32], usize),
) {
    let panel = pass.runs.len() * pass.run * LANES;
    let channels = pass.weights.len() / panel * LANES;
    // A panel of the largest layer fills half of the second-level cache, so it serves all rows before the next comes.
    for (p, weights) in pass.weights.chunks_exact(panel).enumerate() {
        for (row, &start) in starts.iter().enumerate() {
            for x in (0..pixels).step_by(size) {
                let at = (row * pixels + x) * channels + p * LANES;
                tile(pass, weights, start + x * pass.step, &mut out[at..], channels);
            }
        }
    }
}

/// `sums + x · w`, lane by lane.
#[rustfmt::skip]
#[inline(always)]
fn lanes<M: Product>(x: f32, w: &[f32; LANES], s: [f32; LANES]) -> [f32; LANES] {
    [
        M::add(x, w[0], s[0]), M::add(x, w[1], s[1]), M::add(x, w[2], s[2]), M::add(x, w[3], s[3]),
        M::add(x, w[4], s[4]), M::add(x, w[5], s[5]), M::add(x, w[6], s[6]), M::add(x, w[7], s[7]),
        M::add(x, w[8], s[8]), M::add(x, w[9], s[9]), M::add(x, w[10], s[10]), M::add(x, w[11], s[11]),
        M::add(x, w[12], s[12]), M::add(x, w[13], s[13]), M::add(x, w[14], s[14]), M::add(x, w[15], s[15]),
    ]
}

/// A tile of as many pixels as names are given.
macro_rules! tile {
    ($name:ident: $($p:literal $sums:ident $pixel:ident),*) => {
        #[inline(always)]
        fn $name<M: Product>(pass: &Pass<'_>, weights: &[f32], start: usize, out: &mut [f32], channels: usize) {
            $(let mut $sums = [0.0f32; LANES];)*
            let (mut weights, _) = weights.as_chunks::<LANES>();
            let n = pass.run;
            for &run in pass.runs {
                $(let $pixel = &pass.input[start + $p * pass.step + run..][..n];)*
                let (now, later) = weights.split_at(n);
                weights = later;
                for i in 0..n {
                    let w = &now[i];
                    $($sums = lanes::<M>($pixel[i], w, $sums);)*
                }
            }
            $(out[$p * channels..][..LANES].copy_from_slice(&$sums);)*
        }
    };
}

tile!(tile_of_4: 0 s0 x0, 1 s1 x1, 2 s2 x2, 3 s3 x3);
tile!(tile_of_16: 0 s0 x0, 1 s1 x1, 2 s2 x2, 3 s3 x3, 4 s4 x4, 5 s5 x5, 6 s6 x6, 7 s7 x7, 8 s8 x8, 9 s9 x9, 10 s10 x10,
    11 s11 x11, 12 s12 x12, 13 s13 x13, 14 s14 x14, 15 s15 x15);
