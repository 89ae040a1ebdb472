//! What the ears get of the parts: of each pair of mirrored parts what the two have alike and what they have unlike, with the
//! responses of their places.

use crate::dsp::fft::{Fft, Spectrum};
use crate::panorama::PartsLayout;
use crate::panorama::timbre::Pair;

/// Half the sum or half the difference of a pair of parts, or the centre.
pub(super) struct Source {
    first: usize,
    /// The other part, and its sign.
    second: Option<(usize, f32)>,
    pub is_side: bool,
    /// With which gain it is in the channels' middle, or side.
    pub share: f32,
    /// What both ears get alike of it and what unlike: half the sum, half the difference of its responses.
    pub ears: [Spectrum; 2],
}

impl Source {
    /// Those of all parts, as many as there are parts. Responses that are missing are silent.
    pub fn all(layout: PartsLayout, responses: &[Pair], fft: &mut Fft) -> Vec<Self> {
        let centre = layout.centre();
        let outer = (0..centre).map(|part| (part, layout.sectors() - 1 - part));
        let pairs = outer.chain([layout.ambience().into()]);
        let mut all = vec![Self::new(layout, centre, None, responses, fft)];
        for (left, right) in pairs {
            for sign in [1.0, -1.0] {
                all.push(Self::new(layout, left, Some((right, sign)), responses, fft));
            }
        }
        all
    }

    fn new(layout: PartsLayout, first: usize, second: Option<(usize, f32)>, responses: &[Pair], fft: &mut Fft) -> Self {
        let is_side = second.is_some_and(|(_, sign)| sign < 0.0);
        let [left, right] = layout.gains(first);
        let mut ears = [Spectrum::new(fft.len()), Spectrum::new(fft.len())];
        for (spectrum, right_ear) in ears.iter_mut().zip([0.5, -0.5]) {
            fft.time.fill(0.0);
            for (part, sign) in [(first, 1.0)].into_iter().chain(second) {
                if let Some([left, right]) = responses.get(part) {
                    fold(left, 0.5 * sign, &mut fft.time);
                    fold(right, right_ear * sign, &mut fft.time);
                }
            }
            fft.forward(&mut spectrum.re, &mut spectrum.im);
        }
        let both = if second.is_some() { 1.0 } else { 0.5 };
        Self { first, second, is_side, share: both * if is_side { left - right } else { left + right }, ears }
    }

    /// Its signal under a window.
    pub fn listen(&self, parts: &[Vec<f32>], window: &[f32], out: &mut [f32]) {
        let first = &parts[self.first];
        match self.second {
            None => out.iter_mut().zip(first).zip(window).for_each(|((y, x), w)| *y = w * x),
            Some((second, sign)) => {
                let both = first.iter().zip(&parts[second]);
                out.iter_mut().zip(both).zip(window).for_each(|((y, (a, b)), w)| *y = 0.5 * w * (a + sign * b));
            }
        }
    }
}

/// Adds a response of any length to one of the transform's, whose bins are the same: what is beyond the end begins anew.
fn fold(response: &[f32], gain: f32, time: &mut [f32]) {
    for chunk in response.chunks(time.len()) {
        add(time, chunk, gain);
    }
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(super) fn add(to: &mut [f32], what: &[f32], gain: f32) {
    to.iter_mut().zip(what).for_each(|(y, x)| *y += gain * x);
}

/// Adds a product of spectra.
#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(super) fn product(sum: &mut Spectrum, with: &Spectrum, re: &[f32], im: &[f32]) {
    let n = re.len();
    let (sum_re, sum_im) = (&mut sum.re[..n], &mut sum.im[..n]);
    let (with_re, with_im, im) = (&with.re[..n], &with.im[..n], &im[..n]);
    for k in 0..n {
        sum_re[k] += with_re[k] * re[k] - with_im[k] * im[k];
        sum_im[k] += with_re[k] * im[k] + with_im[k] * re[k];
    }
}
