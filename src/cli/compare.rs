//! `periphon hrtf compare`: how far apart two heads are.

use super::hear::{self, Hear};
use super::{Common, print};
use crate::error::{Error, Result};
use clap::Args;
use serde::Serialize;

/// Measure the distance between two sets, at the directions of the first
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The second set is resampled to the rate of the first and interpolated at its directions. Spectra
are compared at 100 log-spaced frequencies from 200 Hz to 16 kHz; their distance is the log-spectral
distortion, root mean square over frequency, for each direction and ear. Differences are second less
first. A set is no distance from itself.

Examples:
  periphon hrtf compare ku100 kemar
  periphon hrtf compare mine.sofa ku100 --json"
)]
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
/// Transforms are at least this long, so that bins lie closer than the lowest points need.
const FFT_LEN: usize = 4096;
/// Nominal centres of third octaves (IEC 61260-1); the exact ones are 1000·10^(n/10).
const NOMINAL_HZ: [f64; 20] = [
    200.0, 250.0, 315.0, 400.0, 500.0, 630.0, 800.0, 1000.0, 1250.0, 1600.0, 2000.0, 2500.0, 3150.0, 4000.0, 5000.0,
    6300.0, 8000.0, 10_000.0, 12_500.0, 16_000.0,
];

#[derive(Serialize)]
struct Stat {
    mean: f64,
    p95: f64,
}

impl Stat {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let n = values.len().max(1);
        let rank = (0.95 * n as f64).ceil() as usize - 1;
        Self { mean: values.iter().sum::<f64>() / n as f64, p95: values.get(rank).copied().unwrap_or(0.0) }
    }
}

/// Band levels, over directions and ears.
#[derive(Serialize)]
struct Band {
    centre_hz: f64,
    /// Mean of second less first, dB.
    difference_db: f64,
    /// Root mean square of it, dB.
    rms_db: f64,
}

#[derive(Serialize)]
struct Report<'a> {
    a: &'a str,
    b: &'a str,
    sample_rate: f64,
    directions: usize,
    from_hz: f64,
    to_hz: f64,
    lsd_db: Stat,
    itd_us: Stat,
    ild_db: Stat,
    level_db: f64,
    third_octaves: Vec<Band>,
}

pub(super) fn run(args: &CompareArgs, common: &Common) -> Result<()> {
    let (a, places) = hear::open(&args.a, None)?;
    let rate = a.sample_rate();
    let high = HIGH_HZ.min(0.45 * rate);
    if high < 2.0 * LOW_HZ {
        return Err(Error::unsupported(format!("a head at {rate} Hz has no band to compare")).at(&args.a));
    }
    let (b, _) = hear::open(&args.b, Some(rate))?;
    let (mut hear_a, mut hear_b) = (Hear::new(&a, FFT_LEN), Hear::new(&b, FFT_LEN));
    let points: Vec<f64> = (0..POINTS).map(|i| LOW_HZ * (high / LOW_HZ).powf(i as f64 / (POINTS - 1) as f64)).collect();
    let centres: Vec<f64> = NOMINAL_HZ.into_iter().filter(|hz| *hz <= high).collect();
    let (mut lsd, mut itd, mut ild, mut level) = (Vec::new(), Vec::new(), Vec::new(), 0.0);
    let mut sums = vec![[0.0; 2]; centres.len()];
    for at in &places {
        hear_a.listen(*at);
        hear_b.listen(*at);
        for ear in 0..2 {
            let differences = points.iter().map(|hz| hear_b.level_at(ear, *hz) - hear_a.level_at(ear, *hz));
            let (sum, squares) = differences.fold((0.0, 0.0), |(s, q), d| (s + d, q + d * d));
            level += sum / POINTS as f64;
            lsd.push((squares / POINTS as f64).sqrt());
            for (sums, nominal) in sums.iter_mut().zip(&centres) {
                let exact = 1000.0 * 10f64.powf(((nominal / 1000.0).log10() * 10.0).round() / 10.0);
                let half = 10f64.powf(0.05);
                let d = hear_b.level(ear, exact / half, exact * half) - hear_a.level(ear, exact / half, exact * half);
                *sums = [sums[0] + d, sums[1] + d * d];
            }
        }
        itd.push((hear_b.itd_us() - hear_a.itd_us()).abs());
        ild.push((hear_b.ild_db() - hear_a.ild_db()).abs());
    }
    let ears = 2.0 * places.len() as f64;
    let bands = centres.iter().zip(&sums);
    let report = Report {
        a: &args.a,
        b: &args.b,
        sample_rate: rate,
        directions: places.len(),
        from_hz: LOW_HZ,
        to_hz: high,
        lsd_db: Stat::of(lsd),
        itd_us: Stat::of(itd),
        ild_db: Stat::of(ild),
        level_db: level / ears,
        third_octaves: bands
            .map(|(hz, s)| Band { centre_hz: *hz, difference_db: s[0] / ears, rms_db: (s[1] / ears).sqrt() })
            .collect(),
    };
    if common.json { print::json(&report) } else { print::lines(&report.text()) }
}

impl Report<'_> {
    fn text(&self) -> String {
        format!(
            "{} against {}: {} directions at {} Hz\n\
             \n\
             {:12}{:>10}{:>14}\n\
             spectra     {:7.2} dB{:11.2} dB   ({:.0} Hz to {:.0} Hz)\n\
             ITD         {:7.1} µs{:11.1} µs\n\
             ILD         {:7.2} dB{:11.2} dB\n\
             level       {:+7.2} dB\n",
            self.b,
            self.a,
            self.directions,
            self.sample_rate,
            "",
            "mean",
            "95 % below",
            self.lsd_db.mean,
            self.lsd_db.p95,
            self.from_hz,
            self.to_hz,
            self.itd_us.mean,
            self.itd_us.p95,
            self.ild_db.mean,
            self.ild_db.p95,
            self.level_db,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_95th_percentile_is_the_value_that_95_of_100_do_not_exceed() {
        let stat = Stat::of((1..=100).map(f64::from).collect());
        assert_eq!((stat.mean, stat.p95), (50.5, 95.0));
        assert_eq!(Stat::of(vec![3.0]).p95, 3.0);
    }
}
