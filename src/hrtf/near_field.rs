//! What nearness changes at each ear, so that a set measured from afar serves sources nearer than 1 m.
//!
//! Three things differ from a source of the same direction at 1 m. Each ear sees the source in a direction of its own
//! (acoustic parallax); the head's shadow deepens and the near ear gains, low notes most (the distance variation filter
//! of Kan, Jin & van Schaik, J. Acoust. Soc. Am. 125(4), 2009, pp. 2233–2242, for the rigid sphere of Duda & Martens,
//! J. Acoust. Soc. Am. 104(5), 1998, pp. 3048–3058); and the ways to the ears differ by more. [`near_ear`] gives all
//! three, for a head of 8.75 cm radius with ears at (0, ±8.75 cm, 0). At 1 m they are exactly nothing, so a source may
//! cross over without a step. The 1 / d law to the middle of the head is the caller's, and so is its propagation delay.
//!
//! The filter is the exact ratio of the 1 / distance laws to the ear itself, times two first-order shelves from a table
//! over distance and angle. The ratio carries what is steep near the ear; what is left is smooth enough for a coarse
//! table. Errors against the series, and how the table was made: `docs/decisions/near-field.md`.

use super::near_field_table::{ANGLES, DISTANCES, HEAD, NEAREST, SECTIONS, TABLE};
use crate::coords::Vec3;
use crate::dsp::fft::LANES;
use std::f64::consts::{FRAC_PI_2, PI};

/// Metres per second.
const SOUND: f64 = 343.0;

/// How one ear hears a near source by means of a set measured at 1 m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearEar {
    /// Where to look up this ear's far response, of length 1: where the ray from the ear through the source meets the
    /// sphere of 1 m around the middle of the head.
    pub direction: Vec3,
    /// Seconds to add to the arrival time that was measured in that direction; mostly negative for the near ear. It does
    /// not hold the way from the source to the middle of the head.
    pub delay_s: f64,
    /// What to filter the far response with.
    pub shelves: Shelves,
}

/// A gain and two minimum-phase shelves, `g · Π (1 + jf / f_zero) / (1 + jf / f_pole)`: the same at every sample rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shelves {
    gain: f32,
    /// Zero and pole of each, Hz.
    sections: [[f32; 2]; SECTIONS],
}

/// What one ear makes of a source at `source`, metres in the frame of the head; `ear` 0 is the left one (+y).
///
/// `None` from 1 m on, where there is nothing to change, and for a place that is not finite. Places nearer than 0.1 m
/// are moved out to 0.1 m in their direction. Continuous in the place; allocates nothing; may be called on the audio
/// thread.
pub fn near_ear(source: Vec3, ear: usize) -> Option<NearEar> {
    let far = source.norm();
    if !far.is_finite() || far >= 1.0 {
        return None;
    }
    let d = far.max(NEAREST);
    let place = source.direction() * d;
    let side = if ear == 0 { 1.0 } else { -1.0 };
    let to_source = place - Vec3::new(0.0, side * HEAD, 0.0);
    let distance = to_source.norm();
    let ray = to_source * (1.0 / distance);
    // The ear lies inside of the sphere of 1 m, so the ray meets it once.
    let along = -side * HEAD * ray.y;
    let reach = along + (along * along + 1.0 - HEAD * HEAD).sqrt();
    let direction = Vec3::new(reach * ray.x, reach * ray.y + side * HEAD, reach * ray.z);
    let angle = (side * place.y / d).clamp(-1.0, 1.0).acos();
    let far_angle = (side * direction.y).clamp(-1.0, 1.0).acos();
    let delay = (way(d, angle, distance) - d) - (way(1.0, far_angle, reach) - 1.0);
    Some(NearEar { direction, delay_s: delay / SOUND, shelves: Shelves::at(d, angle, d * reach / distance) })
}

/// Metres from a source to an ear on a sphere: straight if the ear is in sight, else to the edge and around.
fn way(d: f64, angle: f64, straight: f64) -> f64 {
    // acos(a / d) = π / 2 − asin(a / d)
    let around = angle - FRAC_PI_2 + (HEAD / d).asin();
    if around <= 0.0 { straight } else { (d * d - HEAD * HEAD).sqrt() + HEAD * around }
}

impl Shelves {
    /// The table between its nodes, linear in the logs of everything; `ratio` is the gain that goes with distance.
    fn at(d: f64, angle: f64, ratio: f64) -> Self {
        const STEPS: f64 = (DISTANCES - 1) as f64;
        let y = (STEPS * (1.0 - d.ln() / NEAREST.ln())).clamp(0.0, STEPS);
        let x = (angle * ((ANGLES - 1) as f64 / PI)).clamp(0.0, (ANGLES - 1) as f64);
        let (row, column) = ((y as usize).min(DISTANCES - 2), (x as usize).min(ANGLES - 2));
        let (v, u) = ((y - row as f64) as f32, (x - column as f64) as f32);
        let (a, b) = (&TABLE[row][column], &TABLE[row][column + 1]);
        let (c, e) = (&TABLE[row + 1][column], &TABLE[row + 1][column + 1]);
        let log = |p: usize| {
            let near = a[p] + u * (b[p] - a[p]);
            let far = c[p] + u * (e[p] - c[p]);
            near + v * (far - near)
        };
        Self {
            gain: ratio as f32 * log(0).exp(),
            sections: std::array::from_fn(|k| [log(1 + 2 * k).exp(), log(2 + 2 * k).exp()]),
        }
    }

    /// The gain at 0 Hz, linear.
    pub fn gain(&self) -> f32 {
        self.gain
    }

    /// Zero and pole of each shelf, Hz.
    pub fn sections(&self) -> &[[f32; 2]] {
        &self.sections
    }

    /// The gain at `hz`, dB.
    pub fn magnitude_db(&self, hz: f64) -> f64 {
        let square = |f: f32| 1.0 + (hz / f64::from(f)).powi(2);
        let power: f64 = self.sections.iter().map(|[zero, pole]| square(*zero) / square(*pole)).product();
        10.0 * (f64::from(self.gain).powi(2) * power).log10()
    }

    /// Filters a half spectrum in place: `re` and `im` are bins 0, 1, 2… of a transform of `len` samples at
    /// `sample_rate` Hz. As many bins as there are, padding included, are multiplied by the response at their
    /// frequency. Allocates nothing; may be called on the audio thread.
    pub fn apply(&self, re: &mut [f32], im: &mut [f32], len: usize, sample_rate: f64) {
        let response = Response::new(self, sample_rate / len.max(1) as f64);
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine was just asked for the instruction set.
            #[allow(unsafe_code)]
            unsafe {
                multiply_avx2(&response, re, im);
            }
            return;
        }
        multiply(&response, re, im);
    }
}

/// [`multiply`] with eight lanes. Without fused multiply-add, so that both give the same bits.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn multiply_avx2(response: &Response, re: &mut [f32], im: &mut [f32]) {
    multiply(response, re, im);
}

/// Multiplies bins 0, 1, 2… by the response; the compiler makes vectors of it.
#[inline(always)]
fn multiply(response: &Response, re: &mut [f32], im: &mut [f32]) {
    let (re_lanes, re_rest) = re.as_chunks_mut::<LANES>();
    let (im_lanes, im_rest) = im.as_chunks_mut::<LANES>();
    let ramp: [f32; LANES] = std::array::from_fn(|k| k as f32);
    let mut first = 0.0f32;
    for (re, im) in re_lanes.iter_mut().zip(im_lanes) {
        for k in 0..LANES {
            (re[k], im[k]) = response.times(first + ramp[k], re[k], im[k]);
        }
        first += LANES as f32;
    }
    for (re, im) in re_rest.iter_mut().zip(im_rest) {
        (*re, *im) = response.times(first, *re, *im);
        first += 1.0;
    }
}

/// The response as a fraction of two polynomials of the bin: `(1 − n₂k² + jn₁k) / (1 − p₂k² + jp₁k)`.
#[derive(Clone, Copy)]
struct Response {
    gain: f32,
    zeros: [f32; 2],
    poles: [f32; 2],
}

impl Response {
    /// `step` is the distance of two bins, Hz.
    fn new(shelves: &Shelves, step: f64) -> Self {
        let [[za, pa], [zb, pb]] = shelves.sections.map(|s| s.map(|f| (step / f64::from(f)) as f32));
        Self { gain: shelves.gain, zeros: [za + zb, za * zb], poles: [pa + pb, pa * pb] }
    }

    #[inline(always)]
    fn times(&self, k: f32, re: f32, im: f32) -> (f32, f32) {
        let x = k * k;
        let (nr, ni) = (1.0 - self.zeros[1] * x, self.zeros[0] * k);
        let (pr, pi) = (1.0 - self.poles[1] * x, self.poles[0] * k);
        let scale = self.gain / (pr * pr + pi * pi);
        let (hr, hi) = ((nr * pr + ni * pi) * scale, (ni * pr - nr * pi) * scale);
        (re * hr - im * hi, re * hi + im * hr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(azimuth: f64, elevation: f64, distance: f64, ear: usize) -> NearEar {
        near_ear(Vec3::from_polar(azimuth, elevation, distance), ear).expect("a near source")
    }

    #[test]
    fn there_is_nothing_to_change_from_1_m_on_and_nowhere() {
        assert_eq!(near_ear(Vec3::new(0.0, 1.0, 0.0), 0), None);
        assert_eq!(near_ear(Vec3::new(5.0, 1.0, 0.0), 1), None);
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(near_ear(Vec3::new(0.1, bad, 0.0), 0), None);
        }
    }

    #[test]
    fn places_inside_of_the_head_are_moved_out() {
        for ear in 0..2 {
            assert_eq!(at(70.0, 10.0, 0.03, ear), at(70.0, 10.0, 0.1, ear));
            let middle = near_ear(Vec3::default(), ear).expect("a near source");
            assert_eq!(middle, at(0.0, 0.0, 0.1, ear));
            let inside_of_the_ear = near_ear(Vec3::new(0.0, 0.0875, 0.0), ear).expect("a near source");
            assert!(inside_of_the_ear.direction.is_finite() && inside_of_the_ear.delay_s.is_finite());
        }
    }

    #[test]
    fn at_1_m_nothing_is_left() {
        for ear in 0..2 {
            for azimuth in (-180..180).step_by(5) {
                for elevation in (-90..=90).step_by(15) {
                    let there = Vec3::from_polar(f64::from(azimuth), f64::from(elevation), 1.0);
                    let near = near_ear(there * (1.0 - 1e-9), ear).expect("a near source");
                    assert!((near.direction - there).norm() < 1e-7);
                    assert!(near.delay_s.abs() < 1e-10, "{}", near.delay_s);
                    for hz in [0.0, 100.0, 1000.0, 10_000.0, 40_000.0] {
                        assert!(near.shelves.magnitude_db(hz).abs() < 1e-5);
                    }
                }
            }
        }
    }

    #[test]
    fn left_is_the_mirror_of_right() {
        for (azimuth, elevation, d) in [(30.0, 10.0, 0.2), (90.0, 0.0, 0.12), (-140.0, -40.0, 0.6), (0.0, 80.0, 0.3)] {
            let left = at(azimuth, elevation, d, 0);
            let right = at(-azimuth, elevation, d, 1);
            assert!((left.delay_s - right.delay_s).abs() < 1e-15);
            assert!((left.direction.y + right.direction.y).abs() < 1e-12);
            assert!((left.direction.x - right.direction.x).abs() < 1e-12);
            assert!((left.shelves.magnitude_db(900.0) - right.shelves.magnitude_db(900.0)).abs() < 1e-5);
        }
    }

    #[test]
    fn each_ear_is_symmetric_about_its_axis() {
        let place = |turn: f64| Vec3::new(0.2 * turn.cos(), 0.1, 0.2 * turn.sin());
        let one = near_ear(place(0.0), 0).expect("a near source");
        for turn in 1..12 {
            let other = near_ear(place(f64::from(turn) * 0.5), 0).expect("a near source");
            assert!((one.delay_s - other.delay_s).abs() < 1e-12);
            assert!((one.direction.y - other.direction.y).abs() < 1e-12);
            assert!((one.shelves.magnitude_db(500.0) - other.shelves.magnitude_db(500.0)).abs() < 1e-5);
        }
    }

    #[test]
    fn parallax_turns_a_near_source_outward_for_the_far_ear_and_keeps_the_axis() {
        let [left, right] = [0, 1].map(|ear| at(0.0, 0.0, 0.25, ear).direction.to_polar().0);
        // atan(0.0875 / 0.25) is 19.3 degrees, less the 5 that the ear's own place takes back at 1 m.
        assert!((left + right).abs() < 1e-9 && (-15.0..-14.0).contains(&left), "{left} {right}");
        for ear in 0..2 {
            assert!((at(90.0, 0.0, 0.3, ear).direction - Vec3::new(0.0, 1.0, 0.0)).norm() < 1e-12);
        }
    }

    #[test]
    fn a_spectrum_is_multiplied_by_the_response() {
        let shelves = at(75.0, 0.0, 0.15, 0).shelves;
        let (len, rate) = (512, 48_000.0);
        // 272 padded bins, and a number that is not a multiple of anything.
        for bins in [272, 257] {
            let (mut re, mut im): (Vec<f32>, Vec<f32>) =
                (0..bins).map(|k| ((k as f32 * 0.7).sin(), (k as f32 * 1.3).cos())).unzip();
            let (x, y) = (re.clone(), im.clone());
            shelves.apply(&mut re, &mut im, len, rate);
            for k in 0..bins {
                let hz = k as f64 * rate / len as f64;
                let db = shelves.magnitude_db(hz);
                let phase: f64 = shelves
                    .sections
                    .iter()
                    .map(|[z, p]| (hz / f64::from(*z)).atan() - (hz / f64::from(*p)).atan())
                    .sum();
                let h = 10f64.powf(db / 20.0);
                let (hr, hi) = (h * phase.cos(), h * phase.sin());
                let (a, b) = (f64::from(x[k]), f64::from(y[k]));
                let want = (a * hr - b * hi, a * hi + b * hr);
                let error = (f64::from(re[k]) - want.0).hypot(f64::from(im[k]) - want.1);
                assert!(error < 2e-6 * h, "bin {k}: {error}");
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let shelves = at(-100.0, 20.0, 0.2, 0).shelves;
        let (re, im): (Vec<f32>, Vec<f32>) = (0..275).map(|k| ((k as f32).sin(), (k as f32).cos())).unzip();
        let (mut here, mut plain) = ((re.clone(), im.clone()), (re, im));
        shelves.apply(&mut here.0, &mut here.1, 512, 44_100.0);
        multiply(&Response::new(&shelves, 44_100.0 / 512.0), &mut plain.0, &mut plain.1);
        assert_eq!(here, plain);
    }

    #[test]
    fn every_filter_dies_away_within_5_ms() {
        // The slowest pole decides; 250 Hz falls by 60 dB in 4.4 ms.
        for pole in TABLE.iter().flatten().flat_map(|c| [c[2], c[4]]) {
            assert!(pole.exp() >= 249.0, "{} Hz", pole.exp());
        }
    }
}
