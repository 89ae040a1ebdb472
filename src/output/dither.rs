//! From `f32` to whole numbers: triangular dither of two steps peak to peak, rounding, full scale.
//!
//! TPDF dither makes the mean and the variance of the rounding error independent of the signal (Lipshitz, Wannamaker &
//! Vanderkooy, J. Audio Eng. Soc. 40(5), 1992). It is added only where bits are dropped: a chunk whose samples are all
//! whole steps already (digital silence, a 16-bit track passed through) comes out as it went in. The seed is fixed, so
//! the same signal gives the same bytes.

/// Samples for each pass of a kernel: 16 generators, each word serving two samples.
const GROUP: usize = 32;
const LANES: usize = GROUP / 2;

/// Frames that one call of [`Quantizer::quantize`] should carry, the last call excepted: whether dither is needed is
/// decided for such a chunk, and the generators step by whole groups.
pub const CHUNK_FRAMES: usize = 1024;

/// Quantises planar samples to 16 or 24 bits.
#[derive(Clone, Debug)]
pub struct Quantizer {
    bits: u32,
    lanes: Vec<[u32; LANES]>,
    clipped: u64,
    silenced: u64,
}

/// What a fast pass found out about its samples.
struct Seen {
    /// A sample is not plain: denormal, close to full scale or beyond, infinite or NaN.
    odd: bool,
    /// Every sample is a whole step.
    exact: bool,
}

impl Quantizer {
    /// A quantiser of `channels` channels to `bits` (16 or 24) bits, with the fixed seed.
    ///
    /// # Panics
    /// Panics if `bits` is neither 16 nor 24.
    pub fn new(bits: u32, channels: usize) -> Self {
        assert!(bits == 16 || bits == 24, "16 or 24 bits");
        // SplitMix64 spreads the seeds; xorshift32 must not start at 0.
        let mut state = 0x7065_7269_7068_6f6e_u64;
        let mut seed = || loop {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let word = ((z ^ (z >> 31)) >> 32) as u32;
            if word != 0 {
                return word;
            }
        };
        let lanes = (0..channels).map(|_| std::array::from_fn(|_| seed())).collect();
        Self { bits, lanes, clipped: 0, silenced: 0 }
    }

    /// Samples that did not fit and were set to full scale.
    pub fn clipped(&self) -> u64 {
        self.clipped
    }

    /// Samples that were NaN, infinite or denormal and became silence.
    pub fn silenced(&self) -> u64 {
        self.silenced
    }

    /// Quantises the next samples of `channel` (±1 = full scale) into `out`: whole numbers in the range of the bits.
    /// Every call but the last must carry [`CHUNK_FRAMES`] samples. Never allocates.
    ///
    /// # Panics
    /// Panics if there is no such channel, the lengths differ, or there are more than [`CHUNK_FRAMES`] samples.
    pub fn quantize(&mut self, channel: usize, input: &[f32], out: &mut [i32]) {
        assert!(input.len() == out.len() && input.len() <= CHUNK_FRAMES, "one chunk in, one out");
        let before = self.lanes[channel];
        let lanes = &mut self.lanes[channel];
        let seen = match self.bits {
            16 => fast::<15, 8>(lanes, input, out),
            _ => fast::<7, 7>(lanes, input, out),
        };
        if seen.odd || seen.exact {
            *lanes = before;
            match self.bits {
                16 => self.careful::<15, 8>(channel, input, out),
                _ => self.careful::<7, 7>(channel, input, out),
            }
        }
    }

    /// The literal form of [`fast`] for any sample at all.
    fn careful<const STEP: u32, const RANDOM: u32>(&mut self, channel: usize, input: &[f32], out: &mut [i32]) {
        let mut fixed = [0i32; CHUNK_FRAMES];
        let fixed = &mut fixed[..input.len()];
        let mut exact = true;
        for (f, &x) in fixed.iter_mut().zip(input) {
            if !x.is_normal() && x != 0.0 {
                self.silenced += 1;
                *f = 0;
            } else {
                // Room for one and a quarter of full scale, then the dither.
                *f = (x.clamp(-1.25, 1.25) * SCALE) as i32;
                // 2^30 times a larger f32 is whole, but a smaller one loses bits.
                exact &= *f as f32 == x * SCALE || x.abs() > 1.0;
            }
            exact &= *f & ((1 << STEP) - 1) == 0;
        }
        let lanes = &mut self.lanes[channel];
        let (low, high) = (-(1 << (30 - STEP)), (1 << (30 - STEP)) - 1);
        for (f, out) in fixed.chunks(GROUP).zip(out.chunks_mut(GROUP)) {
            let noise = noise_group::<STEP, RANDOM>(lanes);
            for ((f, noise), out) in f.iter().zip(noise).zip(out) {
                let value = if exact { f >> STEP } else { (f + noise + (1 << (STEP - 1))) >> STEP };
                *out = value.clamp(low, high);
                // Dither may push a sample at full scale over it by one step; that is not the signal's fault.
                self.clipped += u64::from(value < low - 1 || value > high + 1);
            }
        }
    }
}

/// Samples are worked on as 2.30 fixed point.
const SCALE: f32 = (1 << 30) as f32;

/// One word of xorshift32 (Marsaglia, J. Stat. Softw. 8(14), 2003) in each lane.
#[inline(always)]
fn step(word: &mut u32) -> u32 {
    *word ^= *word << 13;
    *word ^= *word >> 17;
    *word ^= *word << 5;
    *word
}

/// Two triangular values from one word: in each half, the difference of two uniform numbers of `RANDOM` bits, scaled so
/// that a uniform number spans one step of `2^STEP`.
#[inline(always)]
fn triangular<const STEP: u32, const RANDOM: u32>(word: u32) -> (i32, i32) {
    let mask = (1 << RANDOM) - 1;
    let pick = |shift: u32| ((word >> shift) & mask) as i32;
    ((pick(16 - RANDOM) - pick(0)) << (STEP - RANDOM), (pick(32 - RANDOM) - pick(16)) << (STEP - RANDOM))
}

fn noise_group<const STEP: u32, const RANDOM: u32>(lanes: &mut [u32; LANES]) -> [i32; GROUP] {
    let mut noise = [0; GROUP];
    for (i, lane) in lanes.iter_mut().enumerate() {
        (noise[i], noise[LANES + i]) = triangular::<STEP, RANDOM>(step(lane));
    }
    noise
}

/// The common case, written so that the compiler makes vectors of it. Right only if the answer says not `odd`.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn fast<const STEP: u32, const RANDOM: u32>(lanes: &mut [u32; LANES], input: &[f32], out: &mut [i32]) -> Seen {
    let mut state = *lanes;
    let (mut odd, mut dropped) = ([0i32; LANES], [0i32; LANES]);
    let mut whole = input.chunks_exact(GROUP);
    let mut outs = out.chunks_exact_mut(GROUP);
    for (x, out) in (&mut whole).zip(&mut outs) {
        let (x0, x1) = x.split_at(LANES);
        let (o0, o1) = out.split_at_mut(LANES);
        for i in 0..LANES {
            let (n0, n1) = triangular::<STEP, RANDOM>(step(&mut state[i]));
            let (v0, v1) = (to_fixed(x0[i]), to_fixed(x1[i]));
            odd[i] |= is_odd(x0[i]) | is_odd(x1[i]);
            dropped[i] |= v0 | v1;
            o0[i] = v0.wrapping_add(n0 + (1 << (STEP - 1))) >> STEP;
            o1[i] = v1.wrapping_add(n1 + (1 << (STEP - 1))) >> STEP;
        }
    }
    let tail = whole.remainder();
    if !tail.is_empty() {
        let noise = noise_group::<STEP, RANDOM>(&mut state);
        for ((&x, noise), out) in tail.iter().zip(noise).zip(outs.into_remainder()) {
            let v = to_fixed(x);
            odd[0] |= is_odd(x);
            dropped[0] |= v;
            *out = v.wrapping_add(noise + (1 << (STEP - 1))) >> STEP;
        }
    }
    *lanes = state;
    let dropped = dropped.iter().fold(0, |a, b| a | b) & ((1 << STEP) - 1);
    Seen { odd: odd.iter().any(|&o| o != 0), exact: dropped == 0 }
}

/// `x · 2^30` rounded to nearest, for |x| < 1.25. A cast to `i32` saturates, which costs more than all the rest, so the
/// bits are read off the mantissa twice: adding 3 leaves a step of 2^-22, adding 1.5 · 2^-7 to the rest one of 2^-30.
#[inline(always)]
fn to_fixed(x: f32) -> i32 {
    const COARSE: f32 = 3.0;
    const FINE: f32 = 1.5 / 128.0;
    let shifted = x + COARSE;
    let rest = x - (shifted - COARSE);
    let high = (shifted.to_bits() as i32).wrapping_sub(COARSE.to_bits() as i32);
    let low = ((rest + FINE).to_bits() as i32).wrapping_sub(FINE.to_bits() as i32);
    (high << 8).wrapping_add(low)
}

/// All ones if |x| is denormal, above 1 - 2^-13, infinite or NaN.
#[inline(always)]
fn is_odd(x: f32) -> i32 {
    const LIMIT: i32 = 0x3f7f_f800; // 1 - 2^-13
    let magnitude = (x.to_bits() & 0x7fff_ffff) as i32;
    // Zero wraps to the largest number, the smallest denormal to the smallest.
    let wrapped = magnitude.wrapping_add(0x7fff_ffff);
    -i32::from(magnitude > LIMIT) | -i32::from(wrapped < i32::MIN + 0x007f_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(seed: u32, n: usize, scale: f32) -> Vec<f32> {
        let mut word = seed;
        (0..n).map(|_| (step(&mut word) as f32 / u32::MAX as f32 - 0.5) * 2.0 * scale).collect()
    }

    fn run(bits: u32, input: &[f32]) -> (Vec<i32>, Quantizer) {
        let mut q = Quantizer::new(bits, 1);
        let mut out = vec![0; input.len()];
        for (x, o) in input.chunks(CHUNK_FRAMES).zip(out.chunks_mut(CHUNK_FRAMES)) {
            q.quantize(0, x, o);
        }
        (out, q)
    }

    #[test]
    fn the_fast_kernel_is_the_careful_one() {
        for bits in [16, 24] {
            let input = random(3, 5 * CHUNK_FRAMES + 77, 0.9);
            let mut slow = Quantizer::new(bits, 1);
            let (fast, _) = run(bits, &input);
            let mut out = vec![0; input.len()];
            for (x, o) in input.chunks(CHUNK_FRAMES).zip(out.chunks_mut(CHUNK_FRAMES)) {
                if bits == 16 { slow.careful::<15, 8>(0, x, o) } else { slow.careful::<7, 7>(0, x, o) }
            }
            // The careful path cuts where the fast one rounds at 2^-30, which may move a sample by one step.
            let far = fast.iter().zip(&out).filter(|(a, b)| (*a - *b).abs() > 1).count();
            let different = fast.iter().zip(&out).filter(|(a, b)| a != b).count();
            assert_eq!(far, 0);
            assert!(different < input.len() / 100, "{different} of {}", input.len());
        }
    }

    #[test]
    fn the_error_has_the_mean_and_the_variance_of_triangular_dither_at_any_level() {
        // Total error = rounding (1/12) + triangular dither (2/12) = a quarter of a squared step.
        for bits in [16, 24] {
            let step = 1.0 / f64::from(1u32 << (bits - 1));
            for dc in [0.1, 0.3, 0.5, 0.77] {
                let x = (dc * step + 16.0 * step) as f32;
                let input = vec![x; 400_000];
                let (out, _) = run(bits, &input);
                let error: Vec<f64> = out.iter().map(|&o| f64::from(o) - f64::from(x) / step).collect();
                let mean = error.iter().sum::<f64>() / error.len() as f64;
                let variance = error.iter().map(|e| e * e).sum::<f64>() / error.len() as f64 - mean * mean;
                assert!(mean.abs() < 0.01, "{bits} bits, {dc}: mean {mean}");
                assert!((variance - 0.25).abs() < 0.01, "{bits} bits, {dc}: variance {variance}");
                assert!(error.iter().all(|e| e.abs() < 1.51));
            }
        }
    }

    #[test]
    fn the_error_is_white_and_differs_between_channels() {
        let input = random(9, 200 * CHUNK_FRAMES, 0.5);
        let mut q = Quantizer::new(16, 2);
        let mut outs = [vec![0; input.len()], vec![0; input.len()]];
        for (channel, out) in outs.iter_mut().enumerate() {
            for (x, o) in input.chunks(CHUNK_FRAMES).zip(out.chunks_mut(CHUNK_FRAMES)) {
                q.quantize(channel, x, o);
            }
        }
        let error = |c: usize| -> Vec<f64> {
            outs[c].iter().zip(&input).map(|(&o, &x)| f64::from(o) - f64::from(x) * 32768.0).collect()
        };
        let (left, right) = (error(0), error(1));
        let n = left.len();
        let correlation = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / n as f64 / 0.25;
        // Rounding alone would correlate the two fully: dither leaves nothing in common but that.
        assert!(correlation(&left, &right).abs() < 0.02, "{}", correlation(&left, &right));
        for lag in 1..200 {
            let c = correlation(&left[..n - lag], &left[lag..]);
            assert!(c.abs() < 0.015, "lag {lag}: {c}");
        }
    }

    #[test]
    fn whole_steps_and_full_scale_pass_unchanged() {
        let whole: Vec<f32> = (-32768..32768).map(|i| i as f32 / 32768.0).collect();
        let (out, q) = run(16, &whole);
        assert!(out.iter().copied().eq(-32768..32768));
        assert_eq!(q.clipped(), 0);
        let (out, _) = run(24, &whole);
        assert!(out.iter().copied().eq((-32768..32768).map(|i| i * 256)));
        let (out, _) = run(24, &[0.0; 100]);
        assert!(out.iter().all(|&o| o == 0));
    }

    #[test]
    fn what_does_not_fit_is_clipped_and_counted() {
        let (out, q) = run(16, &[1.0, -1.0, 1.5, -7.0, 0.1]);
        assert_eq!(&out[..4], [32767, -32768, 32767, -32768]);
        assert_eq!(q.clipped(), 2);
        assert_eq!(run(24, &[1.0, -1.0]).0, [8_388_607, -8_388_608]);
    }

    #[test]
    fn nan_infinity_and_denormals_become_counted_silence() {
        let (out, q) = run(24, &[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-40, 0.5]);
        assert_eq!(q.silenced(), 4);
        assert!(out[..4].iter().all(|o| o.abs() <= 1));
        assert!((out[4] - (1 << 22)).abs() <= 1);
    }

    #[test]
    fn the_same_signal_gives_the_same_bits() {
        let input = random(5, 3000, 1.1);
        assert_eq!(run(24, &input).0, run(24, &input).0);
    }
}
