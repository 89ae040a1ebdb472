//! From what was heard to what is to be done about it: two gains for each third octave.
//!
//! Power in a band is the sum of its middle's (what both channels, or ears, have alike) and its side's. Against the mean
//! of all bands, let the ears have `p` dB more power in this one than the channels, and their mono sum `m` dB more than the
//! channels'. A gain of `u` dB for what is in the middle of the stage and of `v` dB for what is not leaves m + u and about
//! p + s u + (1 − s) v, where s is the middle's part of the power. (A head that is not its own mirror image hears a little
//! of each as the other; that is counted.) Both squares, and that of v − u as far as it narrows and widens the picture, are to be
//! small together: two linear equations, solved again where the gains have led. Where ears are alike, at low frequencies,
//! s is nearly one: there nothing is gained by `v`, and `u` goes half way between what the two would have.

/// Powers of one band: the channels' middle and side; of what is alike in both ears, that which comes of the middle and of the
/// side of the stage, and twice their cross power, real part; the same of what is unlike; and the cross power of the channels'
/// middle and side.
pub(super) type Heard = [f64; 9];

/// The powers behind gains of middle and side, linear in power.
pub(super) fn behind(heard: &Heard, [u, v]: [f64; 2]) -> Heard {
    let both = (u * v).sqrt();
    let [mid, side, a, b, ab, c, d, cd, cross] = *heard;
    [mid * u, side * v, a * u, b * v, ab * both, c * u, d * v, cd * both, cross * both]
}

/// What a change of width counts for, against a change of spectrum of as many dB, up to the first and from the second of these
/// frequencies on, Hz: where the ears go by phase it matters more. And what any change counts for.
const WIDTH: [f64; 2] = [0.15, 0.05];
const WIDTH_HZ: [f64; 2] = [1_500.0, 3_000.0];
const CHANGE: f64 = 0.001;
/// Where the coherence of middle and side (squared) goes from the first to the second, a band is one sound at one side, whose
/// place is more than its spectrum: a change of width counts so much more.
const PLACED: [f64; 2] = [0.5, 0.9];
const PLACE: f64 = 10.0;
/// No gain is more, dB.
pub(super) const MOST_DB: f64 = 4.0;
/// A band this far below all together counts half, as part of their power.
const FAINT: f64 = 3e-7;
/// A mono sum that is this part of a band's power counts half: next to nothing need not be kept.
const OPPOSED: f64 = 0.02;
/// What is compared is at least this part of all power.
const FLOOR: f64 = 1e-9;
/// Bands from the first to the second decide what is the mean, Hz.
const MEAN_HZ: [f64; 2] = [90.0, 11_000.0];
const ROUNDS: usize = 3;

/// One band, and how it counts.
struct Band {
    heard: Heard,
    wanted: f64,
    floor: f64,
    weight: f64,
    /// How much its mono sum means, 0 to 1.
    mono: f64,
    width: f64,
}

/// What a band has too much, dB, and how much less it has for a dB less of the middle; the rest is for a dB of the side.
struct Excess {
    power: f64,
    by_middle: f64,
    mono: f64,
    mono_by_middle: f64,
}

impl Band {
    fn new(heard: Heard, hz: f64, wanted: f64, all: f64) -> Self {
        let given = heard[0] + heard[1];
        let coherence = heard[8] * heard[8] / (heard[0] * heard[1] + (FLOOR * all).powi(2));
        let placed = ((coherence - PLACED[0]) / (PLACED[1] - PLACED[0])).clamp(0.0, 1.0);
        let part = ((hz / WIDTH_HZ[0]).log2() / (WIDTH_HZ[1] / WIDTH_HZ[0]).log2()).clamp(0.0, 1.0);
        Self {
            heard,
            wanted,
            floor: FLOOR * all,
            weight: given / (given + FAINT * all),
            mono: heard[0] / (heard[0] + OPPOSED * given + 1e-30),
            width: WIDTH[0] + part * (WIDTH[1] - WIDTH[0]) + PLACE * placed,
        }
    }

    fn excess(&self, [u, v]: [f64; 2]) -> Excess {
        let level = |x: f64| 10.0 * (x.max(0.0) + self.floor).log10();
        let given = self.heard[0] + self.heard[1];
        let [_, _, a, b, ab, c, d, cd, _] = behind(&self.heard, [u, v].map(|db| 10f64.powf(db / 10.0)));
        let (mono, all) = (a + b + ab, a + b + ab + c + d + cd);
        let tiny = 1e-3 * self.floor;
        Excess {
            power: level(all) - level(given) - self.wanted,
            by_middle: (a + c + 0.5 * (ab + cd) + tiny) / (all + 2.0 * tiny),
            mono: level(mono) - level(self.heard[0]) - self.wanted,
            mono_by_middle: ((a + 0.5 * ab + tiny) / (mono + tiny)).clamp(-1.0, 2.0),
        }
    }

    /// The gains that leave least, if what all bands have in common is nothing.
    fn gains(&self, common: [f64; 2]) -> [f64; 2] {
        let [mut u, mut v] = [0.0f64; 2];
        for _ in 0..ROUNDS {
            let now = self.excess([u, v]);
            let (power, mono) = (now.power - common[0], now.mono - common[1]);
            let (s, q) = (now.by_middle, 1.0 - now.by_middle);
            let (a, b) = (now.mono_by_middle, 1.0 - now.mono_by_middle);
            let (w, width) = (self.mono, self.width);
            let uu = w * a * a + s * s + width + CHANGE;
            let uv = w * a * b + s * q - width;
            let vv = w * b * b + q * q + width + CHANGE;
            let to_u = -(w * a * mono + s * power) + width * (v - u) - CHANGE * u;
            let to_v = -(w * b * mono + q * power) - width * (v - u) - CHANGE * v;
            let determinant = uu * vv - uv * uv;
            u = (u + (to_u * vv - to_v * uv) / determinant).clamp(-MOST_DB, MOST_DB);
            v = (v + (uu * to_v - uv * to_u) / determinant).clamp(-MOST_DB, MOST_DB);
        }
        [self.weight * u, self.weight * v]
    }
}

/// Finds the gains of middle and side of each band, dB within ±[`MOST_DB`]. `wanted` is what the ears are meant to have
/// more, dB.
pub(super) fn gains(heard: &[Heard], centres_hz: &[f64], wanted_db: &[f64], out: &mut [[f64; 2]]) {
    out.fill([0.0; 2]);
    let all: f64 = heard.iter().map(|h| h[0] + h[1]).sum();
    // Also false for what is no number.
    let something = all.is_finite() && all > 1e-30;
    if !something {
        return;
    }
    let bands = || heard.iter().zip(centres_hz).zip(wanted_db).map(|((h, hz), db)| Band::new(*h, *hz, *db, all));
    // What is louder or softer everywhere is no change of colour.
    let mut sums = [[0.0; 2]; 2];
    for (band, hz) in bands().zip(centres_hz) {
        if (MEAN_HZ[0]..MEAN_HZ[1]).contains(hz) {
            let now = band.excess([0.0; 2]);
            for (sum, (weight, db)) in
                sums.iter_mut().zip([(band.weight, now.power), (band.weight * band.mono, now.mono)])
            {
                sum[0] += weight * db;
                sum[1] += weight;
            }
        }
    }
    let common = sums.map(|[sum, weight]| if weight > 0.0 { sum / weight } else { 0.0 });
    out.iter_mut().zip(bands()).for_each(|(out, band)| *out = band.gains(common));
}

#[cfg(test)]
mod tests {
    use super::*;

    const CENTRES: [f64; 5] = [200.0, 400.0, 800.0, 1600.0, 3200.0];

    fn found(heard: &[Heard; 5]) -> [[f64; 2]; 5] {
        let mut out = [[9.0; 2]; 5];
        gains(heard, &CENTRES, &[0.0; 5], &mut out);
        out
    }

    #[test]
    fn what_is_alike_in_all_bands_is_no_colour() {
        for [u, v] in found(&[[2.0, 1.0, 6.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0]; 5]) {
            assert!(u.abs() < 1e-6 && v.abs() < 1e-6, "{u} {v}");
        }
        assert_eq!(found(&[[0.0; 9]; 5]), [[0.0; 2]; 5]);
        assert_eq!(found(&[[f64::NAN; 9]; 5]), [[0.0; 2]; 5]);
    }

    #[test]
    fn too_much_of_everything_in_one_band_is_taken_away() {
        let mut heard = [[2.0, 1.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]; 5];
        heard[2] = [2.0, 1.0, 4.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0];
        let out = found(&heard);
        let [u, v] = out[2];
        // 3 dB less the mean of five bands, which is 0.6 dB.
        assert!((u + 2.4).abs() < 0.05 && (v + 2.4).abs() < 0.05, "{u} {v}");
        assert!((out[0][0] - 0.6).abs() < 0.05, "{out:?}");
    }

    #[test]
    fn ears_that_are_alike_share_the_difference_of_mono_and_power() {
        let mut heard = [[2.0, 1.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]; 5];
        // 3 dB too much mono for the same power, and no side to speak of.
        heard[0] = [1.5, 1.5, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let [u, v] = found(&heard)[0];
        assert!((-1.6..-1.0).contains(&u), "{u}");
        assert!((v - u).abs() < 0.5, "{v}");
    }

    #[test]
    fn ears_that_are_not_give_mono_and_power_what_both_want() {
        let mut heard = [[2.0, 1.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]; 5];
        heard[3] = [1.5, 1.5, 2.4, 0.0, 0.0, 0.0, 0.6, 0.0, 0.0];
        let [u, v] = found(&heard)[3];
        let mono = 10.0 * (2.4f64 / 1.5).log10() + u;
        let power = 10.0 * ((2.4 * 10f64.powf(u / 10.0) + 0.6 * 10f64.powf(v / 10.0)) / 3.0).log10();
        assert!(mono.abs() < 1.2 && power.abs() < 1.2, "{mono} {power}");
        assert!(v > u + 1.0, "wider: {u} {v}");
    }

    #[test]
    fn opposed_channels_and_nearly_silent_bands_are_left_nearly_alone() {
        let mut heard = [[2.0, 1.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]; 5];
        heard[1] = [0.0, 3.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0];
        heard[4] = [1e-9, 1e-9, 1e-7, 0.0, 0.0, 0.0, 1e-7, 0.0, 0.0];
        let out = found(&heard);
        assert!(out[1][0].abs() < 0.3 && out[1][1].abs() < 0.3, "{out:?}");
        assert!(out[4][0].abs() < 0.01, "{out:?}");
    }

    #[test]
    fn what_is_wanted_is_left() {
        let mut heard = [[2.0, 1.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]; 5];
        heard[0] = [2.0, 1.0, 4.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0];
        let mut out = [[9.0; 2]; 5];
        gains(&heard, &CENTRES, &[10.0 * 2f64.log10(), 0.0, 0.0, 0.0, 0.0], &mut out);
        assert!(out.iter().flatten().all(|g| g.abs() < 1e-6), "{out:?}");
    }

    #[test]
    fn one_sound_at_one_side_keeps_its_place() {
        let mut heard = [[2.0, 1.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]; 5];
        heard[3] = [1.5, 1.5, 2.4, 0.0, 0.0, 0.0, 0.6, 0.0, 1.5];
        let [u, v] = found(&heard)[3];
        assert!((v - u).abs() < 0.2, "{u} {v}");
    }
}
