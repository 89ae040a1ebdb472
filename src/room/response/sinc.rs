//! An impulse between two samples: a windowed sinc from a table, and the loops that add it to a response.

use std::f64::consts::PI;
use std::sync::LazyLock;

/// Frames the kernel reaches to either side.
pub(super) const HALF: usize = 32;
/// Frames that an impulse covers.
pub(super) const TAPS: usize = 2 * HALF;
/// Steps between two frames; between two steps the taps are interpolated (at most −100 dB off, at 16 of 48 kHz).
pub(super) const PHASES: usize = 256;
/// Kaiser's parameter: with this length flat to 0.46 of the sample rate, within −80 dB.
const BETA: f64 = 8.0;

/// The taps of one delay.
pub(super) type Taps = [f32; TAPS];

/// `[PHASES + 1][TAPS]`: tap k of phase p is the kernel at `k − (HALF − 1) − p / PHASES` frames.
static TABLE: LazyLock<Vec<Taps>> = LazyLock::new(|| {
    let scale = 1.0 / bessel_i0(BETA);
    let at = |t: f64| (sinc(t) * kaiser(t / HALF as f64, BETA) * scale) as f32;
    let row =
        |p: usize| -> Taps { std::array::from_fn(|k| at(k as f64 - (HALF - 1) as f64 - p as f64 / PHASES as f64)) };
    (0..=PHASES).map(row).collect()
});

/// The table; made at the first call.
pub(super) fn table() -> &'static [Taps] {
    &TABLE
}

/// The taps from frame 0 on of an impulse at `delay` frames that is nearer than the kernel is long. Nothing can sound
/// before frame 0, so the kernel is made as short as the delay: at 8 frames (6 cm) it is still −70 dB true to 16 of 48 kHz.
pub(super) fn near(delay: f64) -> Taps {
    let half = delay.clamp(1.0, HALF as f64);
    if delay < 1.0 {
        // A delay of less than a frame, 7 mm: between two frames on a straight line.
        let late = delay.max(0.0) as f32;
        return std::array::from_fn(|k| [1.0 - late, late].get(k).copied().unwrap_or(0.0));
    }
    // Kaiser's rule for a transition band of a third of the sample rate.
    let depth_db = 8.0 + 2.285 * (2.0 * PI / 3.0) * 2.0 * half;
    let beta = (0.1102 * (depth_db - 8.7)).clamp(0.0, BETA);
    let scale = 1.0 / bessel_i0(beta);
    std::array::from_fn(|k| {
        let t = k as f64 - delay;
        if t.abs() > half { 0.0 } else { (sinc(t) * kaiser(t / half, beta) * scale) as f32 }
    })
}

/// Adds an impulse of `amplitude` between the phases `a` and `b`, `part` of the way.
#[inline(always)]
pub(super) fn mix(a: &Taps, b: &Taps, part: f32, amplitude: f32) -> Taps {
    let (near, far) = (amplitude * (1.0 - part), amplitude * part);
    std::array::from_fn(|k| near * a[k] + far * b[k])
}

fn sinc(t: f64) -> f64 {
    if t.abs() < 1e-9 { 1.0 } else { (PI * t).sin() / (PI * t) }
}

/// A Kaiser window that ends at ±1, not yet divided by its middle.
fn kaiser(t: f64, beta: f64) -> f64 {
    bessel_i0(beta * (1.0 - t * t).max(0.0).sqrt())
}

fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-16 * sum {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far the taps are from a pure delay, worst up to `high` of the sample rate.
    fn error_db(taps: &Taps, first: f64, delay: f64, high: f64) -> f64 {
        let off = |f: f64| {
            let (mut re, mut im) = (0.0, 0.0);
            for (k, tap) in taps.iter().enumerate() {
                let (s, c) = (2.0 * PI * f * (first + k as f64 - delay)).sin_cos();
                re += f64::from(*tap) * c;
                im -= f64::from(*tap) * s;
            }
            (re - 1.0).hypot(im)
        };
        20.0 * (0..=200).map(|i| off(high * f64::from(i) / 200.0)).fold(0.0, f64::max).log10()
    }

    #[test]
    fn the_table_delays_exactly_up_to_22_of_48_khz() {
        let table = table();
        for step in 0..97 {
            let x = f64::from(step) / 97.0 * PHASES as f64;
            let (row, part) = (x as usize, (x - x.floor()) as f32);
            let taps = mix(&table[row], &table[row + 1], part, 1.0);
            let delay = (HALF - 1) as f64 + x / PHASES as f64;
            let (low, high) = (error_db(&taps, 0.0, delay, 16.0 / 48.0), error_db(&taps, 0.0, delay, 22.0 / 48.0));
            assert!(low < -85.0 && high < -75.0, "phase {x}: {low} and {high} dB");
        }
    }

    #[test]
    fn a_near_impulse_is_not_cut() {
        for (delay, limit) in [(31.7, -80.0), (21.3, -80.0), (14.9, -75.0), (8.5, -65.0), (4.2, -40.0), (0.0, -100.0)] {
            let error = error_db(&near(delay), 0.0, delay, 16.0 / 48.0);
            assert!(error < limit, "{delay} frames: {error} dB");
        }
    }

    #[test]
    fn the_short_kernels_grow_into_the_table() {
        let taps = near(31.999_999);
        let far = &table()[PHASES];
        assert!(taps.iter().zip(far).all(|(a, b)| (a - b).abs() < 1e-4));
    }
}
