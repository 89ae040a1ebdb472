//! The K-weighting of ITU-R BS.1770: a high shelf for the head, then a high-pass.
//!
//! The standard gives coefficients for 48 kHz only. These come, for any rate, from the bilinear transform of the analogue
//! prototype behind them (its constants as in De Man, "Evaluation of implementations of the EBU R128 loudness
//! measurement", AES 145, 2018), and equal the printed ones at 48 kHz to nine digits.

use std::f64::consts::PI;

/// Feedback and feed-forward weights of both filters, `a0 = 1`.
#[derive(Clone, Copy, Debug)]
pub(super) struct KWeighting {
    /// b0, b1, b2, a1, a2 of the shelf.
    pub(super) shelf: [f64; 5],
    /// a1, a2 of the high-pass; its b are 1, -2, 1.
    pub(super) high_pass: [f64; 2],
}

impl KWeighting {
    pub(super) fn new(sample_rate: u32) -> Self {
        let rate = f64::from(sample_rate);
        let k = (PI * 1_681.974_450_955_533 / rate).tan();
        let (q, gain) = (0.707_175_236_955_419_6, 10f64.powf(3.999_843_853_973_347 / 20.0));
        let root = gain.powf(0.499_666_774_154_541_6);
        let a0 = 1.0 + k / q + k * k;
        let shelf = [
            (gain + root * k / q + k * k) / a0,
            2.0 * (k * k - gain) / a0,
            (gain - root * k / q + k * k) / a0,
            2.0 * (k * k - 1.0) / a0,
            (1.0 - k / q + k * k) / a0,
        ];
        let k = (PI * 38.135_470_876_024_44 / rate).tan();
        let q = 0.500_327_037_323_877_3;
        let a0 = 1.0 + k / q + k * k;
        // The standard prints b = 1, -2, 1, without the 1 / a0 of the transform, and so do all meters at every rate. At
        // 8 kHz that makes up, at 1 kHz, for the shelf, which the transform bends there: calibration tones read right.
        Self { shelf, high_pass: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0] }
    }
}

/// Both filters' memory for two channels side by side: the second lane costs nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PairState {
    x: [[f64; 2]; 2],
    y: [[f64; 2]; 2],
    v: [[f64; 2]; 2],
}

impl PairState {
    /// Filters two channels of one length and returns the sum of the squares of each.
    pub(super) fn energy(&mut self, k: &KWeighting, left: &[f32], right: &[f32]) -> [f64; 2] {
        let [b0, b1, b2, a1, a2] = k.shelf;
        let [c1, c2] = k.high_pass;
        let ([mut x1, mut x2], [mut y1, mut y2], [mut v1, mut v2]) = (self.x, self.y, self.v);
        let mut sum = [0.0; 2];
        for (&l, &r) in left.iter().zip(right) {
            let x0 = [f64::from(l), f64::from(r)];
            let (mut y0, mut v0) = ([0.0; 2], [0.0; 2]);
            for i in 0..2 {
                // The last step of each recursion holds only one product: the loop's length is its latency.
                let forward = b0 * x0[i] + (b1 * x1[i] + b2 * x2[i]) - a2 * y2[i];
                y0[i] = forward - a1 * y1[i];
                let forward = (y0[i] + y2[i]) - 2.0 * y1[i] - c2 * v2[i];
                v0[i] = forward - c1 * v1[i];
                sum[i] += v0[i] * v0[i];
            }
            (x2, x1, y2, y1, v2, v1) = (x1, x0, y1, y0, v1, v0);
        }
        // Rings down to nothing instead of to denormals.
        let quiet = |s: [f64; 2]| s.map(|s| if s.abs() < 1e-30 { 0.0 } else { s });
        self.x = [x1, x2].map(quiet);
        self.y = [y1, y2].map(quiet);
        self.v = [v1, v2].map(quiet);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_at_48_khz_are_those_of_the_standard() {
        let k = KWeighting::new(48_000);
        let shelf = [
            1.535_124_859_586_97,
            -2.691_696_189_406_38,
            1.198_392_810_852_85,
            -1.690_659_293_182_41,
            0.732_480_774_215_85,
        ];
        for (got, want) in k.shelf.iter().zip(shelf) {
            assert!((got - want).abs() < 1e-8, "{got} {want}");
        }
        for (got, want) in k.high_pass.iter().zip([-1.990_047_454_833_98, 0.990_072_250_366_21]) {
            assert!((got - want).abs() < 1e-8, "{got} {want}");
        }
    }

    #[test]
    fn the_response_is_the_same_at_every_rate() {
        // The bilinear transform bends the frequency axis: that shows only at the lowest rates.
        for rate in [8_000, 11_025, 22_050, 44_100, 96_000, 192_000, 384_000] {
            for frequency in [40.0, 100.0, 997.0, 2000.0] {
                let level = |rate: u32| {
                    let step = 2.0 * PI * frequency / f64::from(rate);
                    let tone: Vec<f32> = (0..rate).map(|n| (step * f64::from(n)).sin() as f32).collect();
                    let mut state = PairState::default();
                    let half = tone.len() / 2;
                    state.energy(&KWeighting::new(rate), &tone[..half], &tone[..half]);
                    let rest = &tone[half..];
                    10.0 * (state.energy(&KWeighting::new(rate), rest, rest)[0] / rest.len() as f64).log10()
                };
                let difference = level(rate) - level(48_000);
                let allowed = if rate < 20_000 { 0.5 } else { 0.1 };
                assert!(difference.abs() < allowed, "{rate} Hz, {frequency} Hz: {difference} dB");
            }
        }
    }
}
