//! What scatters a reflection before it goes round: two all-passes in series for each line.
//!
//! Walls are not mirrors, and images of the last order are few: without scattering the network takes several passes to
//! become as dense as the sound of a room is. An all-pass spreads an echo in time and changes neither its energy nor any
//! spectrum (Schroeder, J. Audio Eng. Soc. 10(3), 1962).

use super::lines::LINES;
use crate::dsp::simd::fetch;
use crate::room::decay::SIXTY_DB;

/// All-passes for each line.
pub(super) const STAGES: usize = 2;

/// The part of the sound that passes at once, negated, and by which an echo repeats.
pub(super) const COEFFICIENT: f32 = 0.62;

/// Delays, as parts of the mixing time: where each stage's begin and end over the lines.
const PARTS: [(f64, f64); STAGES] = [(0.03, 0.06), (0.08, 0.16)];

/// A delay is at most this part of the time in which the fastest sound falls by 60 dB.
const PART_OF_DECAY: f64 = 0.03;

/// Delays in samples, `[LINES][STAGES]`.
pub(super) type Delays = [[usize; STAGES]; LINES];

/// For a room with this mixing time and shortest decay, seconds.
pub(super) fn delays(mixing: f64, shortest_t60: f64, sample_rate: f64) -> Delays {
    std::array::from_fn(|line| {
        // Golden steps: no two lines are alike, and neighbours least.
        let part = (line as f64 * 0.618_034).fract();
        PARTS.map(|(low, high)| {
            let seconds = mixing * low * (high / low).powf(part);
            ((seconds.min(PART_OF_DECAY * shortest_t60) * sample_rate) as usize).clamp(3, 1 << 14) | 1
        })
    })
}

/// By how much the energy that leaves a line's all-passes, weighted by `exp(rate · t)`, is more than what went in: later
/// sound has missed part of the decay.
pub(super) fn weighted_energy(delays: &[usize; STAGES], rate: f64, sample_rate: f64) -> f64 {
    let g2 = f64::from(COEFFICIENT).powi(2);
    let stage = |delay: &usize| {
        let grown = (rate.min(SIXTY_DB * sample_rate) * *delay as f64 / sample_rate).exp();
        g2 + (1.0 - g2).powi(2) * grown / (1.0 - (g2 * grown).min(0.95))
    };
    delays.iter().map(stage).product()
}

/// The state of all lines' all-passes.
#[derive(Clone, Debug)]
pub(super) struct Diffuser {
    delays: Delays,
    /// One ring after another, where each begins and where it goes on.
    memory: Vec<f32>,
    starts: Delays,
    at: Delays,
}

impl Diffuser {
    pub(super) fn fetch(&self) {
        fetch(&self.memory);
    }

    pub(super) fn new(delays: &Delays) -> Self {
        let mut total = 0;
        let starts = delays.map(|line| {
            line.map(|n| {
                total += n;
                total - n
            })
        });
        Self { delays: *delays, memory: vec![0.0; total], starts, at: [[0; STAGES]; LINES] }
    }

    /// Samples after which an echo has fallen by 120 dB in all stages.
    pub(super) fn memory(delays: &Delays) -> usize {
        let passes = (-6.0 / f64::from(COEFFICIENT).log10()).ceil() as usize;
        delays.iter().map(|line| line.iter().sum::<usize>()).fold(0, usize::max) * passes
    }

    pub(super) fn silence(&mut self) {
        self.memory.fill(0.0);
        self.at = [[0; STAGES]; LINES];
    }

    /// The next samples of a line, in place.
    pub(super) fn process(&mut self, line: usize, x: &mut [f32]) {
        for stage in 0..STAGES {
            let ring = &mut self.memory[self.starts[line][stage]..][..self.delays[line][stage]];
            self.at[line][stage] = all_pass(x, ring, self.at[line][stage]);
        }
    }
}

/// One stage over the next samples, in place; `at` is where its ring goes on, and then what is returned.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn all_pass(x: &mut [f32], ring: &mut [f32], mut at: usize) -> usize {
    let mut rest = x;
    while !rest.is_empty() {
        let past = &mut ring[at..];
        let n = rest.len().min(past.len());
        let (now, later) = std::mem::take(&mut rest).split_at_mut(n);
        for (x, past) in now.iter_mut().zip(&mut past[..n]) {
            let into = *x + COEFFICIENT * *past;
            *x = *past - COEFFICIENT * into;
            *past = into;
        }
        rest = later;
        at += n;
        if at == ring.len() {
            at = 0;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_stays_and_its_weighted_sum_is_that_of_the_formula() {
        let delays = delays(0.016, 0.4, 48_000.0);
        let mut diffuser = Diffuser::new(&delays);
        for line in [0, 7, 23] {
            let mut x = vec![0.0f32; 48_000];
            x[0] = 1.0;
            x.chunks_mut(37).for_each(|part| diffuser.process(line, part));
            for rate in [0.0, 13.8, 60.0] {
                let energy: f64 =
                    x.iter().enumerate().map(|(n, x)| f64::from(*x).powi(2) * (rate * n as f64 / 48_000.0).exp()).sum();
                let want = weighted_energy(&delays[line], rate, 48_000.0);
                assert!((energy / want - 1.0).abs() < 1e-3, "{line} {rate}: {energy} {want}");
                assert!(rate > 0.0 || (energy - 1.0).abs() < 1e-5);
            }
        }
    }
}
