//! `periphon hrtf compare`: how far apart two heads are.

use super::{Common, print};
use crate::dsp::fft::{Fft, Spectrum, good_len};
use crate::error::Result;
use crate::hrtf::{self, HrtfSet, Interpolator, Place};
use clap::Args;
use serde::Serialize;

/// Measure the distance between two sets, at the directions of the first
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon hrtf compare ku100 kemar
  periphon hrtf compare mine.sofa ku100 --json")]
pub(super) struct CompareArgs {
    /// A SOFA file or a built-in set: its directions are compared
    a: String,
    /// A SOFA file or a built-in set: interpolated to them
    b: String,
}

/// Frequencies of the log-spectral distortion: log-spaced, as many as make the mean steady.
const POINTS: usize = 100;
const LOW_HZ: f64 = 200.0;
const HIGH_HZ: f64 = 16_000.0;

#[derive(Serialize)]
struct Stat {
    mean: f64,
    p95: f64,
}

#[derive(Serialize)]
struct Band {
    centre_hz: f64,
    /// Mean over directions and ears of B − A, dB.
    difference_db: f64,
}

#[derive(Serialize)]
struct Report<'a> {
    a: &'a str,
    b: &'a str,
    sample_rate: f64,
    directions: usize,
    lsd_db: Stat,
    itd_us: Stat,
    ild_db: Stat,
    level_db: f64,
    third_octaves: Vec<Band>,
}

/// Both ears at one direction.
struct Ears {
    /// dB at the comparison's frequencies, `[2][POINTS]`.
    levels: [Vec<f64>; 2],
    itd_us: f64,
    ild_db: f64,
}

struct Listener<'a> {
    set: &'a HrtfSet,
    interpolator: Interpolator,
    fft: Fft,
    spectrum: Spectrum,
    response: Vec<f32>,
    points: Vec<f64>,
}

impl<'a> Listener<'a> {
    fn new(set: &'a HrtfSet, points: &[f64]) -> Self {
        let len = good_len(set.taps().max(2048));
        Self {
            set,
            interpolator: Interpolator::new(set.taps()),
            fft: Fft::new(len),
            spectrum: Spectrum::new(len),
            response: vec![0.0; set.taps()],
            points: points.to_vec(),
        }
    }

    fn hear(&mut self, place: &Place) -> Ears {
        let delay = [self.set.delay(place, 0), self.set.delay(place, 1)];
        let mut energy = [0.0; 2];
        let levels = [0, 1].map(|ear| {
            self.interpolator.response(self.set, place.terms(), ear, delay[ear], &mut self.response);
            energy[ear] = self.response.iter().map(|x| f64::from(*x).powi(2)).sum();
            self.fft.time.fill(0.0);
            self.fft.time[..self.response.len()].copy_from_slice(&self.response);
            self.fft.forward(&mut self.spectrum.re, &mut self.spectrum.im);
            let step = self.set.sample_rate() / self.fft.len() as f64;
            self.points
                .iter()
                .map(|hz| {
                    let k = ((hz / step).round() as usize).min(self.fft.len() / 2);
                    let power = f64::from(self.spectrum.re[k]).powi(2) + f64::from(self.spectrum.im[k]).powi(2);
                    10.0 * power.max(1e-18).log10()
                })
                .collect()
        });
        Ears {
            levels,
            itd_us: (delay[1] - delay[0]) / self.set.sample_rate() * 1e6,
            ild_db: 10.0 * (energy[0].max(1e-18) / energy[1].max(1e-18)).log10(),
        }
    }
}

fn stat(mut values: Vec<f64>) -> Stat {
    values.sort_by(f64::total_cmp);
    let n = values.len().max(1);
    Stat {
        mean: values.iter().sum::<f64>() / n as f64,
        p95: values.get((n * 95 / 100).min(n - 1)).copied().unwrap_or(0.0),
    }
}

pub(super) fn run(args: &CompareArgs, common: &Common) -> Result<()> {
    let first = hrtf::read(&args.a)?;
    let rate = first.sample_rate;
    let a = hrtf::open(&args.a, rate)?;
    let b = hrtf::open(&args.b, rate)?;
    let high = HIGH_HZ.min(0.45 * rate);
    let points: Vec<f64> = (0..POINTS).map(|i| LOW_HZ * (high / LOW_HZ).powf(i as f64 / (POINTS - 1) as f64)).collect();
    let (mut hear_a, mut hear_b) = (Listener::new(&a, &points), Listener::new(&b, &points));
    let (mut lsd, mut itd, mut ild, mut difference) = (Vec::new(), Vec::new(), Vec::new(), vec![0.0; POINTS]);
    let (mut near_a, mut near_b) = ([0; 2], [0; 2]);
    for position in &first.positions {
        let at = crate::coords::Vec3::new(position[0], position[1], position[2]);
        let (x, y) = (hear_a.hear(&a.place(at, &mut near_a)), hear_b.hear(&b.place(at, &mut near_b)));
        for ear in 0..2 {
            let mut square = 0.0;
            for ((d, p), q) in difference.iter_mut().zip(&x.levels[ear]).zip(&y.levels[ear]) {
                square += (q - p).powi(2);
                *d += q - p;
            }
            lsd.push((square / POINTS as f64).sqrt());
        }
        itd.push((y.itd_us - x.itd_us).abs());
        ild.push((y.ild_db - x.ild_db).abs());
    }
    let ears = 2.0 * first.positions.len() as f64;
    difference.iter_mut().for_each(|d| *d /= ears);
    let report = Report {
        a: &args.a,
        b: &args.b,
        sample_rate: rate,
        directions: first.positions.len(),
        lsd_db: stat(lsd),
        itd_us: stat(itd),
        ild_db: stat(ild),
        level_db: difference.iter().sum::<f64>() / POINTS as f64,
        third_octaves: bands(&points, &difference),
    };
    if common.json {
        return print::json(&report);
    }
    print::out(&format!(
        "{} against {}, {} directions at {} Hz, mean and 95th percentile\n\
         spectra     {:.2} dB, {:.2} dB ({LOW_HZ:.0} Hz to {high:.0} Hz)\n\
         ITD         {:.0} µs, {:.0} µs\n\
         ILD         {:.2} dB, {:.2} dB\n\
         level       {:+.2} dB\n",
        report.b,
        report.a,
        report.directions,
        report.sample_rate,
        report.lsd_db.mean,
        report.lsd_db.p95,
        report.itd_us.mean,
        report.itd_us.p95,
        report.ild_db.mean,
        report.ild_db.p95,
        report.level_db,
    ))
}

/// Mean differences in third octaves.
fn bands(points: &[f64], difference: &[f64]) -> Vec<Band> {
    (-7..=12)
        .map(|n| 1000.0 * 2f64.powf(f64::from(n) / 3.0))
        .filter_map(|centre| {
            let half = 2f64.powf(1.0 / 6.0);
            let inside: Vec<f64> = points
                .iter()
                .zip(difference)
                .filter(|(hz, _)| (centre / half..centre * half).contains(*hz))
                .map(|(_, d)| *d)
                .collect();
            (!inside.is_empty())
                .then(|| Band { centre_hz: centre, difference_db: inside.iter().sum::<f64>() / inside.len() as f64 })
        })
        .collect()
}
