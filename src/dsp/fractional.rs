//! Reading a signal at times between its samples.
//!
//! Two readers: [`ShortReader`] for the many reflections of a room (8 taps, exact to −40 dB up to 0.7 of the band), whose
//! delay may glide from sample to sample at little cost, and [`LongReader`] for the direct sound (32 taps).
//!
//! The short one holds a polynomial for each tap (Farrow, ISCAS 1988, pp. 2641–2645), fitted to the least-squares optimal
//! taps of every fraction (Laakso, Välimäki, Karjalainen and Laine, IEEE Signal Processing Magazine 13(1), 1996).

use super::kernel::paths::{PathKernels, Polynomials, Table, long_taps};
use std::sync::OnceLock;

/// Taps of the short reader.
pub const SHORT_TAPS: usize = 8;

/// Samples after the one asked for that the short reader looks at: no delay may be shorter.
pub const SHORT_AHEAD: usize = 3;

/// Coefficients of each tap's polynomial.
const DEGREE: usize = 6;

/// The part of the band that the short reader is fitted to.
const BAND: f64 = 0.7;

/// A delay along a stretch of samples: at sample n it is `mid + slope·(n − c) + curve·(n − c)²`, c the middle of the
/// stretch; samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glide {
    /// In the middle.
    pub mid: f64,
    /// By the sample.
    pub slope: f64,
    /// By the sample squared.
    pub curve: f64,
}

impl Glide {
    /// A delay that stays.
    pub fn still(delay: f64) -> Self {
        Self { mid: delay, slope: 0.0, curve: 0.0 }
    }

    #[inline(always)]
    pub(crate) fn at(&self, from_middle: f64) -> f64 {
        self.mid + (self.slope + self.curve * from_middle) * from_middle
    }

    /// The shortest and the longest delay in a stretch of `frames`.
    pub fn range(&self, frames: usize) -> (f64, f64) {
        let half = 0.5 * frames as f64;
        let ends = [self.at(-half), self.at(half)];
        let mut range = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        let turn = -0.5 * self.slope / self.curve;
        if turn.abs() < half {
            let there = self.at(turn);
            range = (range.0.min(there), range.1.max(there));
        }
        range
    }
}

/// Reads a signal at delays between its samples.
pub trait Reader {
    /// Samples after the one asked for that it looks at: no delay may be shorter.
    fn ahead(&self) -> usize;
    /// Samples that it looks at in all.
    fn taps(&self) -> usize;
    /// Reads `out.len()` samples: `out[n] = x[start + n − delay]`. `x` must reach from `taps − ahead` samples before the
    /// longest delay to `ahead` after the shortest; where it does not, the output is silent.
    fn read(&self, x: &[f32], start: usize, delay: &Glide, out: &mut [f32]);
}

/// Reads at gliding delays with eight taps.
#[derive(Clone, Debug)]
pub struct ShortReader {
    taps: Polynomials,
    kernels: PathKernels,
}

impl Default for ShortReader {
    fn default() -> Self {
        Self::new()
    }
}

impl ShortReader {
    /// Fits the polynomials; takes some tens of microseconds.
    pub fn new() -> Self {
        let sinc =
            |x: f64| if x.abs() < 1e-9 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
        // Fractions a little beyond a sample, as a chunk of samples shares its integer delay.
        const POINTS: usize = 25;
        let fractions: [f64; POINTS] = std::array::from_fn(|i| -0.5 + 2.0 * i as f64 / (POINTS - 1) as f64);
        let mut best = [[0.0; SHORT_TAPS]; POINTS];
        for (taps, f) in best.iter_mut().zip(fractions) {
            let mut rows = vec![vec![0.0; SHORT_TAPS + 1]; SHORT_TAPS];
            for (t, row) in rows.iter_mut().enumerate() {
                for (s, x) in row[..SHORT_TAPS].iter_mut().enumerate() {
                    *x = sinc(BAND * (t as f64 - s as f64)) + if s == t { 1e-7 } else { 0.0 };
                }
                row[SHORT_TAPS] = sinc(BAND * (t as f64 - ((SHORT_TAPS / 2) as f64 - f)));
            }
            taps.copy_from_slice(&solve(rows));
        }
        let mut reader = Self { taps: [[0.0; SHORT_TAPS / 2]; DEGREE], kernels: PathKernels::detect() };
        // The other half are the same in reverse.
        for tap in 0..SHORT_TAPS / 2 {
            let mut rows = vec![vec![0.0; DEGREE + 1]; DEGREE];
            for (taps, f) in best.iter().zip(fractions) {
                for (i, row) in rows.iter_mut().enumerate() {
                    let x = (f - 0.5).powi(i as i32);
                    (0..DEGREE).for_each(|j| row[j] += x * (f - 0.5).powi(j as i32));
                    row[DEGREE] += x * taps[tap];
                }
            }
            for (to, c) in reader.taps.iter_mut().zip(solve(rows)) {
                to[tap] = c as f32;
            }
        }
        reader
    }

    /// The taps for a fraction: tap t belongs to the sample `SHORT_TAPS / 2 − t` after the integer delay.
    fn taps_at(&self, fraction: f64) -> [f32; SHORT_TAPS] {
        let f = (fraction - 0.5) as f32;
        let half = |f: f32| -> [f32; SHORT_TAPS / 2] {
            let mut taps = self.taps[DEGREE - 1];
            for power in self.taps[..DEGREE - 1].iter().rev() {
                taps.iter_mut().zip(power).for_each(|(t, c)| *t = *t * f + c);
            }
            taps
        };
        let (near, far) = (half(f), half(-f));
        std::array::from_fn(|t| if t < SHORT_TAPS / 2 { near[t] } else { far[SHORT_TAPS - 1 - t] })
    }

    #[cfg(test)]
    pub(crate) fn polynomials(&self) -> &Polynomials {
        &self.taps
    }
}

impl Reader for ShortReader {
    fn ahead(&self) -> usize {
        SHORT_AHEAD
    }

    fn taps(&self) -> usize {
        SHORT_TAPS
    }

    fn read(&self, x: &[f32], start: usize, delay: &Glide, out: &mut [f32]) {
        if delay.slope != 0.0 || delay.curve != 0.0 {
            self.kernels.glide(x, start, delay, &self.taps, out);
            return;
        }
        // Delays are never negative.
        let whole = delay.mid as usize;
        match window(x, start, whole.saturating_add(SHORT_TAPS / 2), out.len() + SHORT_TAPS - 1) {
            Some(x) => self.kernels.short(x, &self.taps_at(delay.mid - whole as f64), out),
            None => out.fill(0.0),
        }
    }
}

/// `len` samples of `x`, the first `before` samples before `start`.
fn window(x: &[f32], start: usize, before: usize, len: usize) -> Option<&[f32]> {
    let first = start.checked_sub(before)?;
    x.get(first..first + len)
}

/// Solves a small system, the right side in the last column.
fn solve(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let n = rows.len();
    for i in 0..n {
        let pivot = (i..n).max_by(|p, q| rows[*p][i].abs().total_cmp(&rows[*q][i].abs())).unwrap_or(i);
        rows.swap(i, pivot);
        let scale = 1.0 / rows[i][i];
        rows[i].iter_mut().for_each(|x| *x *= scale);
        let row = rows[i].clone();
        for (_, other) in rows.iter_mut().enumerate().filter(|(k, _)| *k != i) {
            let factor = other[i];
            other.iter_mut().zip(&row).for_each(|(x, y)| *x -= factor * y);
        }
    }
    rows.iter().map(|r| r[n]).collect()
}

/// Taps of the long reader.
pub const LONG_TAPS: usize = 32;

/// Samples after the one asked for that the long reader looks at: no delay may be shorter.
pub const LONG_AHEAD: usize = LONG_TAPS / 2 - 1;

/// Fractions in the long reader's table, of a sample.
pub const PHASES: usize = 256;

/// Reads at gliding delays with 32 taps: a sinc under a Kaiser window, from a table.
#[derive(Clone, Debug)]
pub struct LongReader {
    table: &'static Table,
    kernels: PathKernels,
}

impl Default for LongReader {
    fn default() -> Self {
        Self::new()
    }
}

impl LongReader {
    /// Makes the table, the first time.
    pub fn new() -> Self {
        static TABLE: OnceLock<Box<Table>> = OnceLock::new();
        Self { table: TABLE.get_or_init(Self::make), kernels: PathKernels::detect() }
    }

    fn make() -> Box<Table> {
        let half = (LONG_TAPS / 2) as f64;
        let row = |phase: usize| {
            let f = phase as f64 / PHASES as f64;
            let mut taps: [f64; LONG_TAPS] = std::array::from_fn(|t| {
                let x = t as f64 - (half - f);
                let window = (1.0 - (x / half).powi(2)).max(0.0);
                let sinc =
                    if x.abs() < 1e-9 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
                sinc * bessel(8.0 * window.sqrt()) / bessel(8.0)
            });
            let sum: f64 = taps.iter().sum();
            taps.iter_mut().for_each(|t| *t /= sum);
            taps.map(|t| t as f32)
        };
        let mut table = Box::new([[0.0; LONG_TAPS]; PHASES + 1]);
        table.iter_mut().enumerate().for_each(|(phase, taps)| *taps = row(phase));
        table
    }
}

impl Reader for LongReader {
    fn ahead(&self) -> usize {
        LONG_AHEAD
    }

    fn taps(&self) -> usize {
        LONG_TAPS
    }

    fn read(&self, x: &[f32], start: usize, delay: &Glide, out: &mut [f32]) {
        if delay.slope != 0.0 || delay.curve != 0.0 {
            self.kernels.glide_long(x, start, delay, self.table, out);
            return;
        }
        // Delays are never negative.
        let whole = delay.mid as usize;
        match window(x, start, whole.saturating_add(LONG_TAPS / 2), out.len() + LONG_TAPS - 1) {
            Some(x) => self.kernels.long(x, &self.taps_at(delay.mid - whole as f64), out),
            None => out.fill(0.0),
        }
    }
}

impl LongReader {
    fn taps_at(&self, fraction: f64) -> [f32; LONG_TAPS] {
        long_taps(self.table, fraction)
    }

    #[cfg(test)]
    pub(crate) fn table(&self) -> &Table {
        self.table
    }
}

/// The modified Bessel function of order zero.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..60 {
        term *= (0.5 * x / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(cycles_per_sample: f64, n: f64) -> f64 {
        (std::f64::consts::TAU * cycles_per_sample * n).sin()
    }

    /// Energy of the error over that of the tone, dB.
    fn error_db(cycles: f64, delay: Glide, read: impl Fn(&[f32], usize, &Glide, &mut [f32])) -> f64 {
        let x: Vec<f32> = (0..2000).map(|n| tone(cycles, n as f64) as f32).collect();
        let mut out = [0.0; 300];
        read(&x, 1200, &delay, &mut out);
        let want = |n: usize| tone(cycles, 1200.0 + n as f64 - delay.at(n as f64 - 150.0));
        let error: f64 = out.iter().enumerate().map(|(n, y)| (f64::from(*y) - want(n)).powi(2)).sum();
        10.0 * (error / 150.0).log10()
    }

    #[test]
    fn readers_are_exact_where_they_promise_it() {
        let (short, long) = (ShortReader::new(), LongReader::new());
        for delay in [3.0, 57.25, 57.5, 600.9] {
            let still = Glide::still(delay);
            let gliding = Glide { mid: delay + 40.0, slope: 0.02, curve: 1e-5 };
            let slowly = Glide { mid: delay + 40.0, slope: -0.003, curve: 1e-6 };
            for (glide, limit) in [(still, -40.0), (gliding, -40.0), (slowly, -40.0)] {
                for cycles in [0.01, 0.1, 0.2, 0.3, 0.33] {
                    let e = error_db(cycles, glide, |x, s, d, o| short.read(x, s, d, o));
                    assert!(e < limit, "short, {cycles}, {glide:?}: {e:.1} dB");
                }
            }
            for glide in [Glide::still(delay + 20.0), gliding, slowly] {
                for cycles in [0.01, 0.2, 0.35, 0.4] {
                    let e = error_db(cycles, glide, |x, s, d, o| long.read(x, s, d, o));
                    assert!(e < -75.0, "long, {cycles}, {glide:?}: {e:.1} dB");
                }
            }
        }
    }

    #[test]
    fn a_slow_long_glide_is_what_taps_for_every_sample_make_of_it() {
        let reader = LongReader::new();
        let x: Vec<f32> =
            (0..900u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0).collect();
        // Over whole samples, around a turn, and hardly at all; blocks that are no whole chunks.
        let ways = [(300.4, 0.0035, 0.0), (120.01, -0.001, 9e-6), (80.5, 1e-5, 0.0), (16.2, -0.002, 1e-6)];
        for (mid, slope, curve) in ways {
            for frames in [128, 77, 256] {
                let delay = Glide { mid, slope, curve };
                let mut out = vec![0.0; frames];
                reader.read(&x, 500, &delay, &mut out);
                let (mut error, mut power) = (0.0, 0.0);
                for (n, y) in out.iter().enumerate() {
                    let here = delay.at(n as f64 - 0.5 * frames as f64);
                    let first = 500 + n - here as usize - LONG_TAPS / 2;
                    let taps = reader.taps_at(here.fract());
                    let want: f64 = taps.iter().zip(&x[first..]).map(|(t, x)| f64::from(*t) * f64::from(*x)).sum();
                    error += (f64::from(*y) - want).powi(2);
                    power += want * want;
                }
                let db = 10.0 * (error / power).log10();
                assert!(db < -95.0, "{delay:?}, {frames} frames: {db:.1} dB");
            }
        }
    }

    #[test]
    fn what_is_not_there_is_silence() {
        let mut out = [1.0; 20];
        ShortReader::new().read(&[1.0; 30], 5, &Glide::still(100.0), &mut out);
        assert_eq!(out, [0.0; 20]);
        ShortReader::new().read(&[1.0; 30], 29, &Glide { mid: 0.0, slope: 0.5, curve: 0.0 }, &mut out);
        assert!(out.iter().all(|y| y.is_finite()));
    }
}
