//! The large sums of the decoder's design: over all directions of a set, bin by bin, in vector loops.

use super::channels;
use super::covariance::{C64, Covariance};
use super::harmonics::encode_f64;
use super::solve::solve_positive;
use crate::coords::Vec3;
use crate::dsp::fft::{Fft, Spectrum};
use crate::hrtf::{HrtfSet, Shell};

/// Directions worked on together.
const LANES: usize = 16;

/// The responses of all directions of a shell by bin, and what they make of a diffuse field.
pub(super) struct Targets {
    /// Directions, padded to whole lanes.
    width: usize,
    /// `[bins][left re, left im, right re, right im][width]`; the padding is silent.
    values: Vec<f32>,
    covariances: Vec<Covariance>,
}

impl Targets {
    /// The spectra of `len` samples of each response from sample `lead` on.
    pub(super) fn new(set: &HrtfSet, shell: &Shell, weights: &[f64], lead: usize, len: usize) -> Self {
        let width = weights.len().next_multiple_of(LANES);
        let bins = len / 2 + 1;
        let mut values = vec![0.0f32; bins * 4 * width];
        let (mut fft, mut s) = (Fft::new(len), Spectrum::new(len));
        // Lanes of directions are turned round together, so that memory is written in whole lines.
        let mut tile = vec![[0.0f32; LANES]; 4 * bins];
        for (group, _) in weights.chunks(LANES).enumerate() {
            let vertices = (group * LANES..weights.len()).take(LANES);
            tile.fill([0.0; LANES]);
            for (lane, vertex) in vertices.enumerate() {
                for ear in 0..2 {
                    let response = set.response(shell.first + vertex as u32, ear);
                    load(&mut fft.time, &response[lead.min(response.len())..]);
                    fft.forward(&mut s.re, &mut s.im);
                    for bin in 0..bins {
                        tile[4 * bin + 2 * ear][lane] = s.re[bin];
                        tile[4 * bin + 2 * ear + 1][lane] = s.im[bin];
                    }
                }
            }
            for (row, tile) in tile.iter().enumerate() {
                values[row * width + group * LANES..][..LANES].copy_from_slice(tile);
            }
        }
        let mut shares: Vec<f32> = weights.iter().map(|w| *w as f32).collect();
        shares.resize(width, 0.0);
        let covariances = values.chunks_exact(4 * width).map(|bin| covariance(bin, &shares)).collect();
        Self { width, values, covariances }
    }

    pub(super) fn bins(&self) -> usize {
        self.covariances.len()
    }

    /// `[left re, left im, right re, right im][width]`
    pub(super) fn bin(&self, bin: usize) -> &[f32] {
        &self.values[bin * 4 * self.width..][..4 * self.width]
    }

    /// What the set makes of a diffuse field of power 1.
    pub(super) fn covariance(&self, bin: usize) -> &Covariance {
        &self.covariances[bin]
    }

    /// Scratch for [`Fit`].
    pub(super) fn room(&self) -> Vec<f32> {
        vec![0.0; 4 * self.width]
    }
}

/// A response into `time`; what is too long fades out at the end.
fn load(time: &mut [f32], response: &[f32]) {
    let n = response.len().min(time.len());
    time[..n].copy_from_slice(&response[..n]);
    time[n..].fill(0.0);
    if response.len() > n {
        let fade = n / 8;
        for (k, x) in time[n - fade..].iter_mut().enumerate() {
            *x *= 0.5 + 0.5 * (std::f32::consts::PI * (k as f32 + 0.5) / fade as f32).cos();
        }
    }
}

/// The harmonics of all directions, and the weighted pseudo-inverse that fits them to values on these directions.
pub(super) struct Fit {
    channels: usize,
    /// `[width / LANES][channels]`
    harmonics: Vec<[f32; LANES]>,
    /// `[width / LANES][channels]`: (YᵀWY + λ)⁻¹ YᵀW
    inverse: Vec<[f32; LANES]>,
}

impl Fit {
    /// `None` if the directions do not carry the order, which a regularisation prevents. Harmonics are N3D.
    pub(super) fn new(directions: &[Vec3], weights: &[f64], order: usize, regularisation: f64) -> Option<Self> {
        let count = channels(order);
        let degrees: Vec<f64> = (0..count).map(|c| super::degree(c) as f64).collect();
        let mut y = vec![0.0; directions.len() * count];
        let mut gram = vec![0.0; count * count];
        for ((direction, weight), y) in directions.iter().zip(weights).zip(y.chunks_exact_mut(count)) {
            encode_f64(order, *direction, y);
            y.iter_mut().zip(&degrees).for_each(|(y, l)| *y *= (2.0 * l + 1.0).sqrt());
            for (a, row) in gram.chunks_exact_mut(count).enumerate() {
                let scale = weight * y[a];
                row[..=a].iter_mut().zip(&*y).for_each(|(g, y)| *g += scale * y);
            }
        }
        for (c, l) in degrees.iter().enumerate() {
            gram[c * count + c] += regularisation * (1.0 + l * (l + 1.0));
        }
        let mut inverse: Vec<f64> =
            y.chunks_exact(count).zip(weights).flat_map(|(y, w)| y.iter().map(move |y| y * w)).collect();
        if !solve_positive(&mut gram, count, &mut inverse) {
            return None;
        }
        Some(Self { channels: count, harmonics: in_lanes(&y, count), inverse: in_lanes(&inverse, count) })
    }

    /// The filters that fit the complex values best.
    pub(super) fn project(&self, values: &[f32]) -> Vec<[C64; 2]> {
        let mut sums = vec![[[0.0; LANES]; 4]; self.channels];
        project(&self.inverse, values, &mut sums);
        total(&sums)
    }

    /// The filters that fit the magnitudes of `values` best, each direction with the phase that `before` gives it.
    pub(super) fn continue_phase(&self, values: &[f32], before: &[[C64; 2]], room: &mut [f32]) -> Vec<[C64; 2]> {
        let mut sums = vec![[[0.0; LANES]; 4]; self.channels];
        let before: Vec<[f32; 4]> =
            before.iter().map(|[l, r]| [l.re as f32, l.im as f32, r.re as f32, r.im as f32]).collect();
        take_phase(&self.harmonics, &before, values, room);
        project(&self.inverse, room, &mut sums);
        total(&sums)
    }
}

/// `[directions][channels]` as `[directions / LANES][channels][LANES]`.
fn in_lanes(rows: &[f64], count: usize) -> Vec<[f32; LANES]> {
    let mut out = Vec::with_capacity(rows.len().div_ceil(LANES * count) * count);
    for group in rows.chunks(LANES * count) {
        out.extend((0..count).map(|c| {
            let mut lanes = [0.0f32; LANES];
            for (lane, row) in lanes.iter_mut().zip(group.chunks_exact(count)) {
                *lane = row[c] as f32;
            }
            lanes
        }));
    }
    out
}

fn total(sums: &[[[f32; LANES]; 4]]) -> Vec<[C64; 2]> {
    sums.iter()
        .map(|sums| {
            let [lr, li, rr, ri] = sums.map(|lanes| lanes.iter().map(|x| f64::from(*x)).sum::<f64>());
            [C64::new(lr, li), C64::new(rr, ri)]
        })
        .collect()
}

/// Adds `inverse` times `values`, lane by lane.
#[multiversion::multiversion(targets("x86_64+avx2+fma", "x86_64+avx"))]
fn project(inverse: &[[f32; LANES]], values: &[f32], sums: &mut [[[f32; LANES]; 4]]) {
    let width = values.len() / 4;
    let count = sums.len();
    for (group, inverse) in inverse.chunks_exact(count).enumerate() {
        let mut v = [[0.0f32; LANES]; 4];
        for (row, v) in v.iter_mut().enumerate() {
            v.copy_from_slice(&values[row * width + group * LANES..][..LANES]);
        }
        for (g, sums) in inverse.iter().zip(&mut *sums) {
            for (sum, v) in sums.iter_mut().zip(&v) {
                for lane in 0..LANES {
                    sum[lane] += g[lane] * v[lane];
                }
            }
        }
    }
}

/// The magnitudes of `values` with the phases that filters `before` give each direction, into `out`.
#[multiversion::multiversion(targets("x86_64+avx2+fma", "x86_64+avx"))]
fn take_phase(harmonics: &[[f32; LANES]], before: &[[f32; 4]], values: &[f32], out: &mut [f32]) {
    let width = values.len() / 4;
    for (group, harmonics) in harmonics.chunks_exact(before.len()).enumerate() {
        let mut p = [[0.0f32; LANES]; 4];
        for (y, d) in harmonics.iter().zip(before) {
            for (p, d) in p.iter_mut().zip(d) {
                for lane in 0..LANES {
                    p[lane] += y[lane] * d;
                }
            }
        }
        for ear in 0..2 {
            let at = 2 * ear * width + group * LANES;
            let mut gain = [0.0f32; LANES];
            for lane in 0..LANES {
                let (hr, hi) = (values[at + lane], values[at + width + lane]);
                let (pr, pi) = (p[2 * ear][lane], p[2 * ear + 1][lane]);
                // Where there is no phase to take over, nothing comes of it: the bin after starts from the others'.
                gain[lane] = ((hr * hr + hi * hi) / (pr * pr + pi * pi).max(1e-30)).sqrt();
            }
            for lane in 0..LANES {
                out[at + lane] = p[2 * ear][lane] * gain[lane];
                out[at + width + lane] = p[2 * ear + 1][lane] * gain[lane];
            }
        }
    }
}

/// The weighted powers of both ears and their product over all directions.
#[multiversion::multiversion(targets("x86_64+avx2+fma", "x86_64+avx"))]
fn covariance(values: &[f32], weights: &[f32]) -> Covariance {
    let width = weights.len();
    let mut sums = [[0.0f32; LANES]; 4];
    for (group, w) in weights.chunks_exact(LANES).enumerate() {
        let part = |row: usize| &values[row * width + group * LANES..][..LANES];
        let (lr, li, rr, ri) = (part(0), part(1), part(2), part(3));
        for lane in 0..LANES {
            let (a, b, c, d, w) = (lr[lane], li[lane], rr[lane], ri[lane], w[lane]);
            sums[0][lane] += w * (a * a + b * b);
            sums[1][lane] += w * (c * c + d * d);
            sums[2][lane] += w * (a * c + b * d);
            sums[3][lane] += w * (b * c - a * d);
        }
    }
    let [left, right, re, im] = sums.map(|lanes| lanes.iter().map(|x| f64::from(*x)).sum::<f64>());
    Covariance { left, right, cross: C64::new(re, im) }
}
