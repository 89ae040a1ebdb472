//! What a head and a decoder make of sound fields, by plain sums over directions: the truth that a decoder is held to.

#![allow(dead_code, reason = "tests use what they need of it")]

use periphon::ambisonics::{DecoderFilters, channels, encode_f64};
use periphon::coords::Vec3;
use periphon::dsp::fft::{Fft, Spectrum};
use periphon::hrtf::HrtfSet;

/// Length of the transforms that everything is looked at with.
pub const LEN: usize = 8192;
/// Third-octave centres from 50 Hz to 16 kHz.
pub const BANDS: usize = 26;

pub fn centre(band: usize) -> f64 {
    1000.0 * 2f64.powf((band as f64 - 13.0) / 3.0)
}

/// Points spread evenly over the sphere.
pub fn even(n: usize) -> Vec<Vec3> {
    (0..n)
        .map(|i| {
            let z: f64 = (2.0 * i as f64 + 1.0) / n as f64 - 1.0;
            Vec3::from_polar(i as f64 * 137.507_764_05, z.asin().to_degrees(), 1.0)
        })
        .collect()
}

/// Spectrum of a response, `[re, im][LEN / 2 + 1]`.
pub struct Transform {
    fft: Fft,
    s: Spectrum,
}

pub type Line = Vec<(f32, f32)>;

impl Transform {
    pub fn new() -> Self {
        Self { fft: Fft::new(LEN), s: Spectrum::new(LEN) }
    }

    pub fn of(&mut self, x: &[f32]) -> Line {
        self.fft.time.fill(0.0);
        self.fft.time[..x.len()].copy_from_slice(x);
        self.fft.forward(&mut self.s.re, &mut self.s.im);
        (0..=LEN / 2).map(|k| (self.s.re[k], self.s.im[k])).collect()
    }
}

/// Power left, power right, product (re, im) of a diffuse field in each third octave.
#[derive(Clone, Copy, Default, Debug)]
pub struct Band {
    pub left: f64,
    pub right: f64,
    pub re: f64,
    pub im: f64,
}

impl Band {
    pub fn coherence(&self) -> f64 {
        self.re.hypot(self.im) / (self.left * self.right).sqrt()
    }
}

#[derive(Clone)]
pub struct Diffuse {
    rate: f64,
    bins: Vec<Band>,
}

impl Diffuse {
    fn new(rate: f64) -> Self {
        Self { rate, bins: vec![Band::default(); LEN / 2 + 1] }
    }

    fn add(&mut self, left: &Line, right: &Line, weight: f64) {
        for (band, (l, r)) in self.bins.iter_mut().zip(left.iter().zip(right)) {
            let (a, b, c, d) = (f64::from(l.0), f64::from(l.1), f64::from(r.0), f64::from(r.1));
            band.left += weight * (a * a + b * b);
            band.right += weight * (c * c + d * d);
            band.re += weight * (a * c + b * d);
            band.im += weight * (b * c - a * d);
        }
    }

    /// A diffuse field through a set: every direction of a fine even grid is heard through the nearest vertex.
    pub fn of_set(set: &HrtfSet, shell: usize) -> Self {
        let shell = &set.shells()[shell];
        let points = shell.mesh.directions();
        let mut shares = vec![0.0; points.len()];
        let grid = even(20_000);
        for d in &grid {
            let best = (0..points.len()).max_by(|a, b| points[*a].dot(*d).total_cmp(&points[*b].dot(*d))).unwrap();
            shares[best] += 1.0 / grid.len() as f64;
        }
        let mut sum = Self::new(set.sample_rate());
        let mut t = Transform::new();
        for (v, share) in shares.into_iter().enumerate() {
            let v = shell.first + v as u32;
            sum.add(&t.of(set.response(v, 0)), &t.of(set.response(v, 1)), share);
        }
        sum
    }

    /// A diffuse field through a decoder: plane waves from an even grid, encoded and decoded.
    pub fn of_decoder(filters: &DecoderFilters) -> Self {
        let mut sum = Self::new(filters.sample_rate());
        let lines = lines(filters);
        let grid = even(500);
        for d in &grid {
            let [l, r] = hear(&lines, *d);
            sum.add(&l, &r, 1.0 / grid.len() as f64);
        }
        sum
    }

    /// What two ears hear, frame by frame, each frame weighted as if it were as loud as any other.
    pub fn of_ears(rate: f64, ears: [&[f32]; 2], sum: Option<Self>) -> Self {
        const FRAME: usize = 4096;
        let mut sum = sum.unwrap_or_else(|| Self::new(rate));
        let mut t = Transform::new();
        let len = ears[0].len().min(ears[1].len());
        for from in (0..(len + 1).saturating_sub(FRAME)).step_by(FRAME / 2) {
            let cut = |x: &[f32]| -> Vec<f32> {
                let hann = |n: usize| (std::f64::consts::PI * n as f64 / FRAME as f64).sin().powi(2) as f32;
                x[from..from + FRAME].iter().enumerate().map(|(n, x)| x * hann(n)).collect()
            };
            let [l, r] = ears.map(cut);
            let energy: f64 = l.iter().chain(&r).map(|x| f64::from(*x).powi(2)).sum();
            sum.add(&t.of(&l), &t.of(&r), 1.0 / energy.max(1e-30));
        }
        sum
    }

    pub fn bands(&self) -> Vec<Band> {
        (0..BANDS)
            .map(|b| {
                let edge = |f: f64| (centre(b) * f / self.rate * LEN as f64).round() as usize;
                let (low, high) = (edge(2f64.powf(-1.0 / 6.0)).min(LEN / 2), edge(2f64.powf(1.0 / 6.0)).min(LEN / 2));
                self.bins[low..=high].iter().fold(Band::default(), |s, b| Band {
                    left: s.left + b.left,
                    right: s.right + b.right,
                    re: s.re + b.re,
                    im: s.im + b.im,
                })
            })
            .collect()
    }
}

/// Spectra of all filters of a decoder, `[channels][2]`.
pub fn lines(filters: &DecoderFilters) -> Vec<[Line; 2]> {
    let mut t = Transform::new();
    (0..filters.channels()).map(|c| [t.of(filters.filter(c, 0)), t.of(filters.filter(c, 1))]).collect()
}

/// Both ears for a plane wave of one direction.
pub fn hear(lines: &[[Line; 2]], direction: Vec3) -> [Line; 2] {
    let order = lines.len().isqrt() - 1;
    let mut gains = vec![0.0; channels(order)];
    encode_f64(order, direction, &mut gains);
    std::array::from_fn(|ear| {
        let mut sum = vec![(0.0f32, 0.0f32); LEN / 2 + 1];
        for (line, g) in lines.iter().zip(&gains) {
            let g = *g as f32;
            for (s, x) in sum.iter_mut().zip(&line[ear]) {
                s.0 += g * x.0;
                s.1 += g * x.1;
            }
        }
        sum
    })
}

/// Interaural time difference of the band up to 1.3 kHz, seconds, positive if the left ear leads: the lag that brings
/// both ears together best.
pub fn time_difference(ears: [&Line; 2], rate: f64) -> f64 {
    let bin = |hz: f64| (hz / rate * LEN as f64).round() as usize;
    let cross: Vec<(f64, f64, f64)> = (bin(100.0)..bin(1300.0))
        .map(|k| {
            let ((a, b), (c, d)) = (ears[0][k], ears[1][k]);
            let (a, b, c, d) = (f64::from(a), f64::from(b), f64::from(c), f64::from(d));
            (std::f64::consts::TAU * k as f64 * rate / LEN as f64, a * c + b * d, b * c - a * d)
        })
        .collect();
    let fit = |lag: f64| -> f64 { cross.iter().map(|(w, re, im)| re * (w * lag).cos() + im * (w * lag).sin()).sum() };
    let mut best = 0.0;
    for (step, reach) in [(2e-5, 1.2e-3), (1e-6, 2e-5), (5e-8, 1e-6)] {
        let n = (reach / step) as i32;
        let about = best;
        for i in -n..=n {
            let lag = about + f64::from(i) * step;
            if fit(lag) > fit(best) {
                best = lag;
            }
        }
    }
    best
}

/// Power of one ear in each third octave.
pub fn band_powers(line: &Line, rate: f64) -> Vec<f64> {
    (0..BANDS)
        .map(|b| {
            let edge = |f: f64| (centre(b) * f / rate * LEN as f64).round() as usize;
            let (low, high) = (edge(2f64.powf(-1.0 / 6.0)).min(LEN / 2), edge(2f64.powf(1.0 / 6.0)).min(LEN / 2));
            line[low..=high].iter().map(|(r, i)| f64::from(r * r + i * i)).sum()
        })
        .collect()
}
