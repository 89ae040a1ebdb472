//! Gains of what mirrored parts have alike and of what they have unlike: on a stage, which is its own mirror image, these
//! are gains of the middle and of the sides of what the ears get.

use crate::dsp::fft::Spectrum;
use crate::panorama::PartsLayout;

/// Linear gains of each bin of a [`crate::panorama::Decomposer`]'s spectra.
#[derive(Clone, Debug, PartialEq)]
pub struct PairGains {
    /// Of half the sum of a pair, and of the centre: `[Decomposer::gain_bins]`.
    pub mid: Vec<f32>,
    /// Of half the difference: as long.
    pub side: Vec<f32>,
}

impl PairGains {
    /// Gains that change nothing.
    pub fn unity(bins: usize) -> Self {
        Self { mid: vec![1.0; bins], side: vec![1.0; bins] }
    }

    /// Changes the spectra of all parts. Bins without gains stay as they are.
    pub(in crate::panorama) fn apply(&self, layout: PartsLayout, parts: &mut [Spectrum]) {
        let (direct, ambience) = parts.split_at_mut(layout.sectors());
        let (outer, rest) = direct.split_at_mut(layout.centre());
        if let ([centre, mirrored @ ..], [left, right]) = (rest, ambience) {
            for x in [&mut centre.re, &mut centre.im] {
                x.iter_mut().zip(&self.mid).for_each(|(x, g)| *x *= g);
            }
            let pairs = outer.iter_mut().zip(mirrored.iter_mut().rev()).chain([(left, right)]);
            for (a, b) in pairs {
                mix(&self.mid, &self.side, &mut a.re, &mut b.re);
                mix(&self.mid, &self.side, &mut a.im, &mut b.im);
            }
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn mix(mid: &[f32], side: &[f32], a: &mut [f32], b: &mut [f32]) {
    let n = mid.len().min(side.len()).min(a.len()).min(b.len());
    let (mid, side, a, b) = (&mid[..n], &side[..n], &mut a[..n], &mut b[..n]);
    for k in 0..n {
        let (same, other) = (0.5 * (a[k] + b[k]) * mid[k], 0.5 * (a[k] - b[k]) * side[k]);
        a[k] = same + other;
        b[k] = same - other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pair_has_alike_and_unlike_go_through_their_gains_and_the_centre_through_the_first() {
        let layout = PartsLayout::new(5).unwrap();
        let mut parts: Vec<Spectrum> = (0..7).map(|_| Spectrum::new(30)).collect();
        for (p, part) in parts.iter_mut().enumerate() {
            part.re[3] = [1.0, 5.0, 7.0, 3.0, -2.0, 4.0, 6.0][p];
            part.im[3] = part.re[3];
        }
        let mut gains = PairGains::unity(16);
        (gains.mid[3], gains.side[3]) = (2.0, 10.0);
        gains.apply(layout, &mut parts);
        // (1 − 2)/2·2 ± (1 + 2)/2·10, and so on.
        let expected = [14.0, 18.0, 14.0, -2.0, -16.0, 0.0, 20.0];
        for (part, expected) in parts.iter().zip(expected) {
            assert_eq!([part.re[3], part.im[3]], [expected; 2]);
        }
    }
}
