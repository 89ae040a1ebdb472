//! The equalisers of a stage: what its places and its room do to the colour of music, taken away.
//!
//! A head colours sound by where it comes from; only over all directions together (its diffuse field) does it leave it
//! as headphones expect it. Each place of a stage, its room's answer included, is compared with the head's diffuse field
//! in third octaves, the mean of both ears, and gets the inverse of the difference before anything else happens to its
//! sound. So whatever a song puts where, its long-term spectrum stays. What is between the ears stays too, and so does what is finer than a third
//! octave. Nothing of it depends on the song.

use crate::ambisonics::sphere::voronoi_weights;
use crate::hrtf::HrtfSet;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

/// The response from one place to both ears.
pub type Pair = [Vec<f32>; 2];

/// A curve as points, Hz and dB.
pub type Curve = Vec<(f64, f64)>;

/// Third octaves, Hz: from the lowest to the highest that is equalised.
const LOWEST_HZ: f64 = 62.5;
const THIRDS: usize = 24;
/// No more than this is done, dB.
const MOST_DB: f64 = 12.0;

/// The equaliser of each place: `responses` are those of the places, of which those of the same `group` (a place and its
/// mirror image) are treated alike; `gains_db` is how loud each is meant to be; `set` is the head they were made with.
/// Allocates: not for the audio thread.
pub fn equalisers(responses: &[Pair], group: &[usize], gains_db: &[f64], set: &HrtfSet) -> Vec<Curve> {
    let rate = set.sample_rate();
    let mut bands = Bands::new(rate);
    let mut head = [0.0; THIRDS];
    // Any shell will do: far ones are alike.
    if let Some(shell) = set.shells().last() {
        for (vertex, weight) in (shell.first..).zip(voronoi_weights(&shell.mesh)) {
            for ear in 0..2 {
                bands.add(set.response(vertex, ear), weight, &mut head);
            }
        }
    }
    let groups = group.iter().max().map_or(0, |g| g + 1);
    let mut powers = vec![([0.0; THIRDS], 0.0); groups];
    for ((pair, group), db) in responses.iter().zip(group).zip(gains_db) {
        let (sum, members) = &mut powers[*group];
        *members += 1.0;
        for response in pair {
            bands.add(response, 10f64.powf(-db / 10.0), sum);
        }
    }
    let curve = |group: &usize| {
        let (power, members) = &powers[*group];
        let points = (0..THIRDS).map(|b| (centre(b), 10.0 * (head[b] * members / power[b]).log10()));
        let usable = points.filter(|(hz, db)| db.is_finite() && *hz < 0.45 * rate);
        usable.map(|(hz, db)| (hz, db.clamp(-MOST_DB, MOST_DB))).collect()
    };
    group.iter().map(curve).collect()
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

#[cfg(all(test, feature = "sofa"))]
mod tests {
    use super::*;

    #[test]
    fn a_place_and_its_equaliser_together_are_the_diffuse_field() {
        let set = crate::hrtf::open("ku100", 48_000.0).unwrap();
        let at = |azimuth: f64| -> Pair {
            let place = set.place(crate::coords::Vec3::from_polar(azimuth, 0.0, 1.5), &mut [0; 2]);
            let (vertex, _) = place.terms()[0];
            std::array::from_fn(|ear| set.response(vertex, ear).to_vec())
        };
        let responses = [at(0.0), at(60.0), at(-60.0)];
        let curves = equalisers(&responses, &[0, 1, 1], &[0.0, -3.0, -3.0], &set);
        assert_eq!(curves[1], curves[2]);
        assert!(curves[0] != curves[1]);
        let mut bands = Bands::new(48_000.0);
        let (mut head, mut front) = ([0.0; THIRDS], [0.0; THIRDS]);
        let shell = &set.shells()[0];
        for (vertex, weight) in (shell.first..).zip(voronoi_weights(&shell.mesh)) {
            (0..2).for_each(|ear| bands.add(set.response(vertex, ear), weight, &mut head));
        }
        responses[0].iter().for_each(|r| bands.add(r, 1.0, &mut front));
        for (b, (hz, db)) in curves[0].iter().enumerate() {
            let left = 10.0 * (front[b] / head[b]).log10() + db;
            assert!(left.abs() < 1e-9 || db.abs() == MOST_DB, "{hz:.0} Hz: {left:.3} dB");
        }
        // What is meant to be softer stays softer.
        let loud = equalisers(&responses, &[0, 1, 1], &[0.0; 3], &set);
        assert!((loud[1][10].1 - curves[1][10].1 - 3.0).abs() < 1e-9, "{:?} {:?}", loud[1][10], curves[1][10]);
    }

    #[test]
    fn the_shelf_is_whole_in_the_bass_and_nothing_above() {
        let mut curve = flat();
        add_bass(&mut curve, 4.0);
        assert_eq!(curve[0], (62.5, 4.0));
        assert!(curve.iter().filter(|(hz, _)| *hz > 160.0).all(|(_, db)| *db == 0.0));
    }
}
