//! The equalisers of a stage: what its places and its room do to the colour of music, taken away.
//!
//! A head colours sound by where it comes from; only over all directions together (its diffuse field) does it leave it
//! as headphones expect it. The places of a stage, the room's answer included, are compared with the head's diffuse field
//! in third octaves, the mean of both ears. What their mean, weighted with what music sends to each, differs from it is
//! taken away from all; of what each place has of its own, a decibel stays at most. So a song's long-term spectrum stays
//! nearly as it was, whatever it has where. What is between the ears stays too, and so does what is finer than a third
//! octave. Nothing of it depends on the song.

use crate::ambisonics::sphere::voronoi_weights;
use crate::headphones::graphic::at as curve_at;
use crate::hrtf::HrtfSet;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// The response from one place to both ears.
pub type Pair = [Vec<f32>; 2];

/// A curve as points, Hz and dB.
pub type Curve = Vec<(f64, f64)>;

/// Third octaves, Hz: from the lowest to the highest that is equalised.
const LOWEST_HZ: f64 = 62.5;
const THIRDS: usize = 24;
/// No more than this is done, dB.
const MOST_DB: f64 = 12.0;
/// How far each place is made like the others; what all have in common is taken away wholly. More would leave less of the
/// directions' own spectra, and of what the head does to their levels (docs/decisions/panorama.md has figures).
const EACH: f64 = 0.5;
/// But no more than this is left, dB: a head's notches are deeper than what changes no timbre.
const LEFT_DB: f64 = 1.0;
/// Between third octaves the curves are straight, and responses are not: rounds of looking again.
const ROUNDS: usize = 10;
/// What music does in several parts at once, Hz and dB that are taken away: at low frequencies it adds up in phase, at
/// high ones in power; and where bass differs between the channels, the ears hear little of the difference. The mean over
/// music (docs/decisions/panorama.md).
const SHARED: [(f64, f64); 5] = [(80.0, 0.2), (125.0, -0.4), (180.0, 0.6), (500.0, 0.6), (2500.0, -0.6)];

/// A place as the equalisers see it.
#[derive(Clone, Copy, Debug)]
pub struct Seat<'a> {
    /// Its response to both ears, with its gain.
    pub response: &'a Pair,
    /// Places of the same group, a place and its mirror image, are treated alike; from 0.
    pub group: usize,
    /// How loud it is meant to be, dB.
    pub gain_db: f64,
    /// The part of music's power that it gets.
    pub weight: f64,
}

/// The equaliser of each place for the head `set`, with which their responses were made. Allocates: not for the audio
/// thread.
pub fn equalisers(seats: &[Seat<'_>], set: &HrtfSet) -> Vec<Curve> {
    let longest = seats.iter().flat_map(|s| s.response).map(Vec::len).max().unwrap_or(0).max(set.taps());
    let mut bands = Bands::new(set.sample_rate(), longest);
    let mut head = bands.silence();
    // Any shell will do: far ones are alike.
    if let Some(shell) = set.shells().last() {
        let both = |vertex| [0, 1].map(|ear| set.response(vertex, ear));
        let weights = voronoi_weights(&shell.mesh);
        bands.add_all(weights.iter().zip(shell.first..).map(|(w, v)| (both(v), *w)), set.taps(), &mut head);
    }
    let head = bands.thirds(&head, &flat());
    let groups = seats.iter().map(|s| s.group + 1).max().unwrap_or(0);
    let mut powers = vec![(bands.silence(), 0.0, 0.0); groups];
    for seat in seats {
        let (power, members, weight) = &mut powers[seat.group];
        *members += 1.0;
        *weight += seat.weight;
        for response in seat.response {
            bands.add(response, 10f64.powf(-seat.gain_db / 10.0), power);
        }
    }
    let mut curves = vec![flat(); groups];
    // What each place keeps of its own, set by the first look.
    let mut kept = vec![[0.0; THIRDS]; groups];
    for round in 0..ROUNDS {
        let left: Vec<[f64; THIRDS]> = powers
            .iter()
            .zip(&curves)
            .map(|((power, members, _), curve)| {
                let now = bands.thirds(power, curve);
                std::array::from_fn(|b| now[b] / (members * head[b]))
            })
            .collect();
        let all: f64 = powers.iter().map(|(_, _, weight)| weight).sum();
        for b in 0..THIRDS {
            // Groups without members have no power to speak of.
            let known = left.iter().zip(&powers).filter(|(_, (_, members, _))| *members > 0.0);
            let sum: f64 = known.map(|(left, (_, _, weight))| left[b] * weight).sum();
            let common = 10.0 * (sum / all).log10();
            for ((curve, left), kept) in curves.iter_mut().zip(&left).zip(&mut kept) {
                let own = 10.0 * left[b].log10() - common;
                if round == 0 {
                    kept[b] = ((1.0 - EACH) * own).clamp(-LEFT_DB, LEFT_DB);
                }
                let db = curve[b].1 - common - (own - kept[b]);
                curve[b].1 = if db.is_finite() { db.clamp(-MOST_DB, MOST_DB) } else { 0.0 };
            }
        }
    }
    for (hz, db) in curves.iter_mut().flatten() {
        *db -= curve_at(&SHARED, *hz);
    }
    curves.iter_mut().for_each(|c| c.retain(|(hz, _)| *hz < 0.45 * set.sample_rate()));
    seats.iter().map(|s| curves[s.group].clone()).collect()
}

/// A curve that changes nothing.
pub fn flat() -> Curve {
    (0..THIRDS).map(|b| (centre(b), 0.0)).collect()
}

/// Adds a shelf for the low bass to an equaliser.
pub fn add_bass(curve: &mut [(f64, f64)], gain_db: f64) {
    // Whole below 80 Hz, nothing above 160 Hz: where the bass is one with the centre.
    for (hz, db) in curve {
        *db += gain_db * (160.0 / *hz).log2().clamp(0.0, 1.0);
    }
}

fn centre(band: usize) -> f64 {
    LOWEST_HZ * (band as f64 / 3.0).exp2()
}

/// Power spectra of responses, and their third octaves.
struct Bands {
    rate: f64,
    transform: Arc<dyn Fft<f64>>,
}

impl Bands {
    fn new(rate: f64, longest: usize) -> Self {
        // Bins much finer than the lowest third octave.
        let len = longest.max((rate / (0.1 * LOWEST_HZ)) as usize).next_power_of_two();
        Self { rate, transform: FftPlanner::new().plan_fft_forward(len) }
    }

    fn silence(&self) -> Vec<f64> {
        vec![0.0; self.transform.len() / 2]
    }

    /// Adds the power of a response.
    fn add(&mut self, response: &[f32], weight: f64, power: &mut [f64]) {
        let mut spectrum = vec![Complex::default(); self.transform.len()];
        spectrum.iter_mut().zip(response).for_each(|(y, x)| y.re = f64::from(*x));
        self.transform.process(&mut spectrum);
        power.iter_mut().zip(&spectrum).for_each(|(sum, x)| *sum += weight * x.norm_sqr());
    }

    /// Adds the power of many pairs of responses of `taps` samples. Their autocorrelations are short, so that short
    /// transforms tell them exactly, and one long transform of the sum is all it takes.
    fn add_all<'a>(&mut self, all: impl Iterator<Item = ([&'a [f32]; 2], f64)>, taps: usize, power: &mut [f64]) {
        let len = (2 * taps).next_power_of_two();
        let mut planner = FftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(len), planner.plan_fft_inverse(len));
        let mut spectrum = vec![Complex::default(); len];
        let mut sum = vec![0.0; len];
        for ([left, right], weight) in all {
            spectrum.fill(Complex::default());
            for ((z, l), r) in spectrum.iter_mut().zip(left).zip(right) {
                *z = Complex::new(f64::from(*l), f64::from(*r));
            }
            forward.process(&mut spectrum);
            sum.iter_mut().zip(&spectrum).for_each(|(sum, z)| *sum += weight * z.norm_sqr());
        }
        // A bin and its mirror image together hold the powers of both.
        let both = |k: usize| 0.5 * (sum[k] + sum[(len - k) % len]);
        let mut correlation: Vec<_> = (0..len).map(|k| Complex::new(both(k) / len as f64, 0.0)).collect();
        inverse.process(&mut correlation);
        let long = self.transform.len();
        let mut spectrum = vec![Complex::default(); long];
        for lag in 0..taps {
            spectrum[lag % long].re += correlation[lag].re;
            if lag > 0 {
                spectrum[(2 * long - lag) % long].re += correlation[len - lag].re;
            }
        }
        self.transform.process(&mut spectrum);
        power.iter_mut().zip(&spectrum).for_each(|(sum, x)| *sum += x.re);
    }

    /// The energies of a power spectrum behind an equaliser.
    fn thirds(&self, power: &[f64], curve: &[(f64, f64)]) -> [f64; THIRDS] {
        let per_bin = self.rate / self.transform.len() as f64;
        let bin = |hz: f64| ((hz / per_bin).ceil() as usize).min(power.len());
        let half = (1.0f64 / 6.0).exp2();
        std::array::from_fn(|b| {
            let bins = bin(centre(b) / half)..bin(centre(b) * half);
            bins.map(|k| power[k] * 10f64.powf(curve_at(curve, k as f64 * per_bin) / 10.0)).sum()
        })
    }
}

#[cfg(all(test, feature = "sofa"))]
mod tests {
    use super::*;

    #[test]
    fn what_places_have_in_common_goes_and_little_of_what_is_their_own_stays() {
        let set = crate::hrtf::open("ku100", 48_000.0).unwrap();
        let at = |azimuth: f64| -> Pair {
            let place = set.place(crate::coords::Vec3::from_polar(azimuth, 0.0, 1.5), &mut [0; 2]);
            let (vertex, _) = place.terms()[0];
            std::array::from_fn(|ear| set.response(vertex, ear).to_vec())
        };
        let responses = [at(0.0), at(60.0), at(-60.0)];
        let seat = |i: usize, weight| Seat { response: &responses[i], group: 2 * i.min(1), gain_db: 0.0, weight };
        let curves = equalisers(&[seat(0, 0.6), seat(1, 0.2), seat(2, 0.2)], &set);
        assert_eq!(curves[1], curves[2]);
        let mut bands = Bands::new(48_000.0, 0);
        let (mut head, mut front, mut side) = (bands.silence(), bands.silence(), bands.silence());
        let shell = &set.shells()[0];
        let weights = voronoi_weights(&shell.mesh);
        for (vertex, weight) in (shell.first..).zip(&weights) {
            (0..2).for_each(|ear| bands.add(set.response(vertex, ear), *weight, &mut head));
        }
        let mut at_once = bands.silence();
        let both = |vertex| [0, 1].map(|ear| set.response(vertex, ear));
        bands.add_all(weights.iter().zip(shell.first..).map(|(w, v)| (both(v), *w)), set.taps(), &mut at_once);
        assert!(head.iter().zip(&at_once).all(|(a, b)| (a - b).abs() < 1e-9 * a));
        responses[0].iter().for_each(|r| bands.add(r, 0.6, &mut front));
        responses[1..].iter().flatten().for_each(|r| bands.add(r, 0.2, &mut side));
        let head = bands.thirds(&head, &flat());
        let before = [bands.thirds(&front, &flat()), bands.thirds(&side, &flat())];
        let after = [bands.thirds(&front, &curves[0]), bands.thirds(&side, &curves[1])];
        for b in 2..22 {
            let db = 10.0 * ((after[0][b] + after[1][b]) / head[b]).log10();
            let shared = curve_at(&SHARED, centre(b));
            assert!((db + shared).abs() < 0.5, "{:.0} Hz: {db:.2} dB", centre(b));
            let apart = |x: &[[f64; THIRDS]; 2]| 10.0 * (x[0][b] / 0.6 / (x[1][b] / 0.4)).log10();
            // Straight lines between third octaves cannot follow the steepest notches.
            let (before, after) = (apart(&before).abs(), apart(&after).abs());
            assert!(after < before.max(1.0) && after < 2.5, "{:.0} Hz: {after:.1} dB of {before:.1}", centre(b));
        }
    }

    #[test]
    fn what_is_meant_to_be_softer_stays_softer() {
        let set = crate::hrtf::open("ku100", 48_000.0).unwrap();
        let response: Pair = std::array::from_fn(|ear| set.response(100, ear).to_vec());
        let soft: Pair = response.clone().map(|r| r.iter().map(|x| 0.5 * x).collect());
        let seats = [
            Seat { response: &response, group: 0, gain_db: 0.0, weight: 0.5 },
            Seat { response: &soft, group: 1, gain_db: 20.0 * 0.5f64.log10(), weight: 0.5 },
        ];
        let curves = equalisers(&seats, &set);
        assert!(curves[0].iter().zip(&curves[1]).all(|(a, b)| (a.1 - b.1).abs() < 1e-6));
    }

    #[test]
    fn the_shelf_is_whole_in_the_bass_and_nothing_above() {
        let mut curve = flat();
        add_bass(&mut curve, 4.0);
        assert_eq!(curve[0], (62.5, 4.0));
        assert!(curve.iter().filter(|(hz, _)| *hz > 160.0).all(|(_, db)| *db == 0.0));
    }
}
