//! The equaliser of a stage: what its places and its room do to the colour of music, taken away.
//!
//! A head colours sound by where it comes from; only over all directions together (its diffuse field) does it leave it
//! as headphones expect it. A stage favours some directions, and its room adds to them. Their mean, weighted with what
//! music sends to each, is compared with the head's diffuse field in third octaves, and both ears get the inverse of the difference, alike, so that
//! no direction moves. Nothing of it depends on the song.

use crate::ambisonics::sphere::voronoi_weights;
use crate::hrtf::HrtfSet;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

/// The response from one place to both ears.
pub type Pair = [Vec<f32>; 2];

/// Third octaves, Hz: from the lowest to the highest that is equalised.
const LOWEST_HZ: f64 = 62.5;
const THIRDS: usize = 24;
/// The mean of the equaliser over these is 0 dB.
const LEVEL_HZ: [f64; 2] = [100.0, 10_000.0];
/// No more than this is done, dB.
const MOST_DB: f64 = 9.0;

/// The equaliser as points of a curve, Hz and dB: `responses` are those of the stage's places, `weights` the part of music's power that
/// each gets, `set` is the head they were made with. Allocates: not for the audio thread.
pub fn equaliser(responses: &[Pair], weights: &[f64], set: &HrtfSet) -> Vec<(f64, f64)> {
    let rate = set.sample_rate();
    let mut stage = [0.0; THIRDS];
    let mut bands = Bands::new(rate);
    for (pair, weight) in responses.iter().zip(weights) {
        for response in pair {
            bands.add(response, *weight, &mut stage);
        }
    }
    let mut head = [0.0; THIRDS];
    // Any shell will do: far ones are alike.
    if let Some(shell) = set.shells().last() {
        for (vertex, weight) in (shell.first..).zip(voronoi_weights(&shell.mesh)) {
            for ear in 0..2 {
                bands.add(set.response(vertex, ear), weight, &mut head);
            }
        }
    }
    let mut points: Vec<(f64, f64)> = (0..THIRDS)
        .map(|b| (centre(b), 10.0 * (head[b] / stage[b]).log10()))
        .filter(|(hz, db)| db.is_finite() && *hz < 0.45 * rate)
        .collect();
    let heard = |hz: f64| (LEVEL_HZ[0]..=LEVEL_HZ[1]).contains(&hz);
    let levels: Vec<f64> = points.iter().filter(|(hz, _)| heard(*hz)).map(|(_, db)| *db).collect();
    let mean = levels.iter().sum::<f64>() / levels.len().max(1) as f64;
    points.iter_mut().for_each(|(_, db)| *db = (*db - mean).clamp(-MOST_DB, MOST_DB));
    points
}

/// Adds a shelf for the low bass to an equaliser.
pub fn add_bass(points: &mut [(f64, f64)], gain_db: f64) {
    // Whole below 80 Hz, nothing above 160 Hz: where the bass is one with the centre.
    for (hz, db) in points {
        *db += gain_db * (160.0 / *hz).log2().clamp(0.0, 1.0);
    }
}

fn centre(band: usize) -> f64 {
    LOWEST_HZ * (band as f64 / 3.0).exp2()
}

/// Energies of responses in third octaves.
struct Bands {
    rate: f64,
    planner: FftPlanner<f64>,
}

impl Bands {
    fn new(rate: f64) -> Self {
        Self { rate, planner: FftPlanner::new() }
    }

    fn add(&mut self, response: &[f32], weight: f64, bands: &mut [f64; THIRDS]) {
        // Two bins in the lowest band at least.
        let resolution = LOWEST_HZ * 0.1;
        let len = response.len().max((self.rate / resolution) as usize).next_power_of_two();
        let mut spectrum = vec![Complex::default(); len];
        spectrum.iter_mut().zip(response).for_each(|(y, x)| y.re = f64::from(*x));
        self.planner.plan_fft_forward(len).process(&mut spectrum);
        let bin = |hz: f64| ((hz * len as f64 / self.rate).ceil() as usize).min(len / 2);
        for (b, sum) in bands.iter_mut().enumerate() {
            let half = (1.0f64 / 6.0).exp2();
            let (from, to) = (bin(centre(b) / half), bin(centre(b) * half));
            let energy: f64 = spectrum[from..to].iter().map(Complex::norm_sqr).sum();
            *sum += weight * energy;
        }
    }
}
