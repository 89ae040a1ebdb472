//! From what the networks say to what is the voice's: the share of each line of each frame.
//!
//! The networks look twice, the second time at a spectrogram in which everything is higher by two semitones
//! ([`View`]). Where there is a voice, both looks agree about it; what they take for a voice in strings, guitars or
//! drums, they seldom take for one twice. So the mean of both is the better estimate, and their agreement tells whether
//! anybody sings at all: it opens and closes a gate over seconds. Figures: docs/decisions/separation.md.

use super::frames::View;
use super::unet::BINS;

/// Lines above which the higher view sees nothing, and from where it fades: its lines are farther apart by 9/8.
const HIGHER_FADES: usize = 850;
const HIGHER_ENDS: usize = 905;
/// Lines that count for agreement: 100 Hz to 9 kHz.
const HEARD: std::ops::Range<usize> = 10..836;
/// Lines whose shares are carried on above the model's last, where they begin to prevail, and lines over which the
/// nearest of them gives way to the more cautious one.
const NEAR: usize = 896;
pub(super) const FAR: usize = 512;
const SEAM: usize = 992;
const GLIDE: usize = 276;

/// The voice's share where both networks have a say, as `v^p / (v^p + b^p)`, p = 1.5: between the networks' own share
/// (p = 1) and Wiener's (p = 2).
fn ratio(voice: f32, band: f32) -> f32 {
    let (v, b) = (voice * voice.sqrt(), band * band.sqrt());
    v / (v + b + 1e-9)
}

/// What a frame's shares say about whether there is a voice: four sums over lines and channels, weighted by power.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Evidence {
    /// Of the smaller and of the larger of both views' shares.
    pub both: f64,
    pub either: f64,
    /// Of the squared share and of the share.
    pub squared: f64,
    pub plain: f64,
}

impl Evidence {
    pub fn add(&mut self, other: &Self, weight: f64) {
        self.both += weight * other.both;
        self.either += weight * other.either;
        self.squared += weight * other.squared;
        self.plain += weight * other.plain;
    }

    /// How wide the gate is open, 0 to 1.
    ///
    /// Agreement times the square of how decided the shares are. Instrumentals give 0.000 to 0.02, voices that could be
    /// separated at all 0.05 to 1. In between the gate closes by decibels.
    pub fn gate(&self) -> f32 {
        const SHUT: f64 = 0.015;
        const OPEN: f64 = 0.05;
        if self.either <= 0.0 || self.plain <= 0.0 {
            return 0.0;
        }
        let decided = self.squared / self.plain;
        let certain = self.both / self.either * decided * decided;
        if certain <= SHUT {
            return 0.0;
        }
        let open = ((certain / SHUT).ln() / (OPEN / SHUT).ln()).min(1.0);
        10f64.powf(-40.0 * (1.0 - open) / 20.0) as f32
    }
}

/// The higher view's answer brought back to the plain view's lines, from `[2][BINS]` to `[2][BINS]`.
fn lowered(from: &[f32], channel: usize, line: usize) -> f32 {
    let from = &from[channel * BINS..][..BINS];
    // Eight lines of the plain view are nine of the higher one.
    let (whole, part) = (line * 9 / 8, (line * 9 % 8) as f32 / 8.0);
    match (from.get(whole), from.get(whole + 1)) {
        (Some(a), Some(b)) => a + part * (b - a),
        (Some(a), None) => *a,
        _ => 0.0,
    }
}

/// The voice's share of one frame, `[2][BINS]`, and what speaks for a voice, from both networks' answers in both views.
pub(super) fn combine(voice: [&[f32]; 2], band: [&[f32]; 2], magnitudes: &[f32], out: &mut [f32]) -> Evidence {
    let [plain, higher] = View::ALL.map(|v| v as usize);
    let mut evidence = Evidence::default();
    for channel in 0..2 {
        for k in 0..BINS {
            let at = channel * BINS + k;
            let a = ratio(voice[plain][at], band[plain][at]);
            if k >= HIGHER_ENDS {
                out[at] = a;
                continue;
            }
            let b = ratio(lowered(voice[higher], channel, k), lowered(band[higher], channel, k));
            let fade = k.saturating_sub(HIGHER_FADES) as f32 / (HIGHER_ENDS - HIGHER_FADES) as f32;
            let m = a + 0.5 * (1.0 - fade) * (b - a);
            out[at] = m;
            if HEARD.contains(&k) {
                let power = f64::from(magnitudes[at] * magnitudes[at]);
                evidence.both += power * f64::from(a.min(b));
                evidence.either += power * f64::from(a.max(b));
                evidence.squared += power * f64::from(m * m);
                evidence.plain += power * f64::from(m);
            }
        }
    }
    evidence
}

/// Gains for all lines of a spectrum, also those above 11 kHz that the model knows nothing of.
///
/// There the share is carried on from the lines below, weighted by their magnitude: first that of the nearest lines, so
/// that no seam is heard, then the smaller of it and that of the octave, because a cymbal just below 11 kHz goes on
/// upwards more often than a voice does.
///
/// `magnitudes` are those of the lines from [`FAR`] on.
pub(super) fn extend(shares: &[f32], magnitudes: &[f32], gate: f32, gains: &mut [f32]) {
    let known = gains.len().min(BINS);
    for (g, s) in gains[..known].iter_mut().zip(shares) {
        *g = gate * s;
    }
    if gains.len() <= BINS {
        return;
    }
    let mean = |from: usize| {
        let (mut sum, mut weight) = (0.0, 1e-12);
        for k in from..BINS {
            sum += shares[k] * magnitudes[k - FAR];
            weight += magnitudes[k - FAR];
        }
        gate * sum / weight
    };
    let (near, far) = (mean(NEAR), mean(FAR));
    let far = near.min(far);
    for (k, g) in gains.iter_mut().enumerate().skip(SEAM) {
        if k < BINS {
            *g += (k - SEAM) as f32 / (BINS - SEAM) as f32 * (near - *g);
        } else {
            *g = near + ((k - BINS) as f32 / GLIDE as f32).min(1.0) * (far - near);
        }
    }
}

/// Splits a sample into voice and band so that they add up to it.
///
/// The band is the sample less the voice. If the sample is a whole number of 2⁻²³, as all sound of up to 24 bits is, the
/// voice is rounded to such a number first; then no sum of the two is rounded at all.
pub(super) fn split(x: f32, voice: f32) -> (f32, f32) {
    const STEPS: f32 = (1 << 23) as f32;
    let steps = x * STEPS;
    let whole = steps.abs() < STEPS * 2.0 && steps == steps.trunc();
    let voice = if whole && voice.abs() < 2.0 { (voice * STEPS).round_ties_even() / STEPS } else { voice };
    (voice, x - voice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_sound_with_24_bits_add_up_to_the_bit() {
        let mut seed = 1u32;
        let mut random = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(seed) / f64::from(u32::MAX) * 2.0 - 1.0
        };
        for _ in 0..100_000 {
            let x = ((random() * 8_388_608.0).round() / 8_388_608.0) as f32;
            let (voice, band) = split(x, random() as f32);
            assert_eq!((voice + band).to_bits() << 1, x.to_bits() << 1, "{x} {voice} {band}");
            // Any other sample: to half a step of the larger part.
            let x = (random() * 0.7) as f32 * 1e-3;
            let (voice, band) = split(x, random() as f32);
            assert!((voice + band - x).abs() <= 1.2e-7 * voice.abs().max(band.abs()));
        }
    }

    #[test]
    fn the_gate_opens_only_for_shares_that_are_decided_and_agreed_upon() {
        let of = |both, either, squared, plain| Evidence { both, either, squared, plain }.gate();
        assert_eq!(of(9.0, 10.0, 9.0, 10.0), 1.0);
        assert_eq!(of(0.1, 10.0, 5.0, 10.0), 0.0, "two opinions");
        assert_eq!(of(3.0, 10.0, 1.0, 10.0), 0.0, "nothing decided");
        assert_eq!(of(0.0, 0.0, 0.0, 0.0), 0.0, "silence");
        // Half way on a logarithmic scale, 0.0274, is half of the 40 dB.
        let half = of(2.74, 10.0, 3.162, 10.0);
        assert!((half - 0.1).abs() < 0.002, "{half}");
    }

    #[test]
    fn shares_go_on_above_the_model_without_a_step() {
        let shares: Vec<f32> = (0..BINS).map(|k| 0.5 + 0.4 * (k as f32 * 0.01).sin()).collect();
        let mut gains = vec![0.0; 2241];
        extend(&shares, &[1.0; BINS - FAR], 1.0, &mut gains);
        for k in 960..gains.len() - 1 {
            assert!((gains[k + 1] - gains[k]).abs() < 0.02, "{k}: {} {}", gains[k], gains[k + 1]);
        }
        assert_eq!(gains[..SEAM], shares[..SEAM]);
        assert!(gains.iter().all(|g| (0.0..=1.0).contains(g)));
        let mut short = vec![0.0; 361];
        extend(&shares, &[1.0; BINS - FAR], 0.5, &mut short);
        assert_eq!(short[100], 0.5 * shares[100]);
    }
}
