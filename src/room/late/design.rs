//! What the network of one room is: lengths, and the weights of every line's two filters.
//!
//! Each axis of the room has a group of lines, and its share of the mean image field (see [`crate::room::decay`]) is
//! replaced by one exponential, fitted to the energy still to come from the network's first pass to the end of the T30
//! range. Its rate makes the filters in the loop. Its level makes those behind it: lines of `m` seconds on average that
//! hold the energy e put out the power e/m, and if they were fed images at times t, each with the energy e_t, they put
//! out `Σ e_t exp(k t) / m · exp(−k t)` for good. So the squared gain is `power · m / Σ e_t exp(k t)`: exact for
//! the tail whatever the lines' lengths.

use super::bank::{Bank, POLES};
use super::diffuser::{Delays, delays, weighted_energy};
use super::lines::{GROUP, GROUPS, HALF, LINES, feed, lengths};
use crate::coords::Vec3;
use crate::dsp::SAMPLE_RATES;
use crate::error::{Error, Result};
use crate::room::Room;
use crate::room::decay::{
    CELLS, CellMask, Cells, Decay, EVERYWHERE, LONGEST_T60, SIXTY_DB, SPECTRUM, Spectrum, Term, energy_after, fit,
    time_of_fall,
};

/// Eight lines side by side.
pub(super) type Lanes = [f32; GROUP];

/// Weights of the low-passes of a group's lines, and of what passes directly.
pub(super) type Taps = [Lanes; POLES + 1];

/// A factor of every mixing matrix, which is in the weights: a Hadamard matrix of four has columns of this length.
/// The last step of it, between the halves of a group, is a rotation.
const COLUMN: f64 = 2.0;

/// Halves of a group whose rates differ by less than this part are one.
const ALIKE: f64 = 0.08;

/// The network for one room and sample rate. Made anywhere, given to [`super::Late`].
#[derive(Clone, Debug)]
pub struct LateDesign {
    pub(super) lengths: [usize; LINES],
    pub(super) scattering: Delays,
    pub(super) poles: [f32; POLES],
    /// What goes around, with the mixing matrix's scale.
    pub(super) round: [Taps; GROUPS],
    /// What is heard.
    pub(super) heard: [Taps; GROUPS],
    /// How the halves of each group are mixed: cosine and sine of a rotation.
    pub(super) turn: [[f32; 2]; GROUPS],
    sample_rate: f64,
    cells: Cells,
    /// Decay rate of each half group, nepers of energy a second, and its gain.
    rates: [Spectrum; CELLS],
    gains: [Spectrum; CELLS],
}

impl LateDesign {
    /// For a room at a sample rate, Hz. The network continues images of `room.reflection_order`.
    ///
    /// # Errors
    /// `Argument` if the room does not pass [`Room::check`] or the rate is not 1 kHz to 1 MHz.
    pub fn new(room: &Room, sample_rate: f64) -> Result<Self> {
        check(room, sample_rate)?;
        let decay = Decay::new(room);
        let t60 = decay.t30().into_iter().fold(0.0, f64::max);
        let least = decay.t30().into_iter().fold(t60, f64::min);
        let scattering = delays(decay.mixing_time(), least, sample_rate);
        Ok(Self::with_lengths(room, &decay, sample_rate, lengths(room, &decay, t60, sample_rate), scattering))
    }

    /// The same lines with the walls, the air, the decay or the order of another room, to glide to while sounding.
    ///
    /// # Errors
    /// As [`LateDesign::new`].
    pub fn retuned(&self, room: &Room) -> Result<Self> {
        check(room, self.sample_rate)?;
        let mut decay = Decay::new(room);
        decay.set_cells(&self.cells);
        Ok(Self::with_lengths(room, &decay, self.sample_rate, self.lengths, self.scattering))
    }

    fn with_lengths(room: &Room, decay: &Decay, sample_rate: f64, lengths: [usize; LINES], scattering: Delays) -> Self {
        let bank = Bank::new(sample_rate);
        let mut design = Self {
            lengths,
            scattering,
            poles: bank.poles.map(|p| p as f32),
            round: [[[0.0; GROUP]; POLES + 1]; GROUPS],
            heard: [[[0.0; GROUP]; POLES + 1]; GROUPS],
            turn: [[1.0, 0.0]; GROUPS],
            sample_rate,
            cells: *decay.cells(),
            rates: [[0.0; SPECTRUM]; CELLS],
            gains: [[0.0; SPECTRUM]; CELLS],
        };
        let everything: [Vec<Term>; SPECTRUM] = std::array::from_fn(|b| decay.terms(b, EVERYWHERE));
        let ends: Spectrum = std::array::from_fn(|b| time_of_fall(&everything[b], 35.0));
        let mut parts = Vec::with_capacity(CELLS);
        for g in 0..GROUPS {
            let cells: [CellMask; 2] = [1 << (2 * g), 2 << (2 * g)];
            let [slow, fast] = cells.map(|cell| tune(room, decay, cell, &ends));
            if slow.iter().zip(&fast).all(|(s, f)| (s.rate / f.rate).ln().abs() < ALIKE) {
                let both = cells[0] | cells[1];
                parts.push(Part::new(both, g * GROUP, GROUP, tune(room, decay, both, &ends)));
                design.turn[g] = [std::f32::consts::FRAC_1_SQRT_2; 2];
            } else {
                parts.push(Part::new(cells[0], g * GROUP, HALF, slow));
                parts.push(Part::new(cells[1], g * GROUP + HALF, HALF, fast));
            }
        }
        for b in 0..SPECTRUM {
            if room.t60.is_none() {
                align(&mut parts, b, &everything[b], ends[b]);
            }
            for part in &parts {
                let own = &lengths[part.first..][..part.lines];
                let mean = own.iter().sum::<usize>() as f64 / (part.lines as f64 * sample_rate);
                let Tuned { rate, power } = part.tuned[b];
                // With the source itself as its only feed, every line gets the whole of it at once.
                let fed = match room.reflection_order {
                    0 => part.lines as f64,
                    order => decay.of_order(order, b, part.cells, rate),
                };
                let scattered = &scattering[part.first..][..part.lines];
                let later = scattered.iter().map(|d| weighted_energy(d, rate, sample_rate)).sum::<f64>();
                let gain = (power * mean / (fed * later / part.lines as f64)).sqrt();
                for half in (part.first / HALF)..(part.first + part.lines) / HALF {
                    // Walls that absorb everything feed nothing; more than 40 dB would make up for nothing audible.
                    design.gains[half][b] = if gain.is_finite() { gain.min(100.0) } else { 0.0 };
                    design.rates[half][b] = rate;
                }
            }
        }
        design.weigh(&bank);
        design
    }

    /// The filters of every line from rates and gains.
    fn weigh(&mut self, bank: &Bank) {
        for i in 0..LINES {
            let (g, lane, half) = (i / GROUP, i % GROUP, i / HALF);
            let length = self.lengths[i] as f64 / self.sample_rate;
            let most = (-0.5 * length * SIXTY_DB / LONGEST_T60).exp();
            let pass = |delay: &Spectrum| -> Spectrum {
                std::array::from_fn(|b| (-0.5 * self.rates[half][b] * (length + delay[b] / self.sample_rate)).exp())
            };
            let mut weights = bank.weights(&pass(&[0.0; SPECTRUM]), most);
            // The filter's own delay is part of the way round.
            let delay = std::array::from_fn(|b| bank.group_delay(&weights, b));
            let gains = pass(&delay);
            weights = bank.weights(&gains, most);
            let heard = bank.weights(&std::array::from_fn(|b| gains[b] * self.gains[half][b]), f64::MAX);
            for (taps, weights, scale) in
                [(&mut self.round[g], weights, 1.0 / COLUMN), (&mut self.heard[g], heard, 1.0)]
            {
                // Sums of parts as sums of low-passes: Σ w_b (low_b − low_{b−1}).
                for p in 0..POLES {
                    taps[p][lane] = ((weights[p] - weights[p + 1]) * scale) as f32;
                }
                taps[POLES][lane] = (weights[POLES] * scale) as f32;
            }
        }
    }

    /// The two lines that an image in `direction` (from the listener, in the room's frame; any length but 0) feeds, and
    /// the gain for each: one of those whose sound decays slowly, one of those whose sound decays fast. Their powers add
    /// up to 1. A small change of direction changes the gains smoothly, but may exchange a line: fade. For the audio
    /// thread.
    pub fn feed(&self, direction: Vec3) -> [(usize, f32); 2] {
        feed(&self.cells, direction)
    }

    /// Samples of each line.
    pub fn lengths(&self) -> &[usize; LINES] {
        &self.lengths
    }

    /// Hz
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }

    /// Seconds to −60 dB of each four lines in each band, the last being 16 kHz.
    pub fn t60(&self) -> [Spectrum; CELLS] {
        self.rates.map(|group| group.map(|k| SIXTY_DB / k))
    }

    /// Seconds until the tail has fallen by 60 dB in its slowest band.
    pub fn tail_seconds(&self) -> f64 {
        self.t60().iter().flatten().fold(0.0, |m, t| t.max(m))
            + 2.0 * self.lengths.iter().fold(0, |m, n| *n.max(&m)) as f64 / self.sample_rate
    }
}

fn check(room: &Room, sample_rate: f64) -> Result<()> {
    room.check()?;
    if SAMPLE_RATES.contains(&sample_rate) {
        Ok(())
    } else {
        Err(Error::argument(format!("the sample rate must be 1000 to 1000000 Hz, not {sample_rate}")))
    }
}

/// Lines that feed each other, and the part of the field they stand for.
#[derive(Clone, Copy, Debug)]
struct Part {
    cells: CellMask,
    first: usize,
    lines: usize,
    tuned: [Tuned; SPECTRUM],
}

impl Part {
    fn new(cells: CellMask, first: usize, lines: usize, tuned: [Tuned; SPECTRUM]) -> Self {
        Self { cells, first, lines, tuned }
    }
}

/// What a part of the field comes to in one band.
#[derive(Clone, Copy, Debug, Default)]
struct Tuned {
    /// Nepers of energy a second.
    rate: f64,
    /// Of the exponential at the time 0.
    power: f64,
}

/// Every band of the field in some cells; `ends` is when the whole field has fallen by 35 dB.
fn tune(room: &Room, decay: &Decay, cells: CellMask, ends: &Spectrum) -> [Tuned; SPECTRUM] {
    let path = decay.free_path(cells) / room.speed_of_sound;
    std::array::from_fn(|b| {
        let terms: Vec<Term> = decay.terms(b, cells);
        // The fit keeps to what can be heard, however high the order.
        let start = ((room.reflection_order + 1) as f64 * path).min(2.0 * ends[b]);
        let (mut level, mut rate) = fit(&terms, start, ends[b].max(start + 4.0 * path));
        if let Some(wanted) = &room.t60 {
            rate = decay.wanted_rate(wanted, b);
            level = energy_after(&terms, start).ln() + rate * start;
        }
        let rate = rate.max(SIXTY_DB / LONGEST_T60);
        Tuned { rate, power: level.exp() * rate }
    })
}

/// Turns the parts' decays together until their sum falls as the whole field does from −5 to −35 dB; its level half way
/// stays.
fn align(parts: &mut [Part], band: usize, whole: &[Term], end: f64) {
    let from = time_of_fall(whole, 5.0);
    let middle = 0.5 * (from + end);
    let wanted = fit(whole, from, end).1;
    for _ in 0..2 {
        let sum: Vec<Term> =
            parts.iter().map(|p| Term { energy: p.tuned[band].power, rate: p.tuned[band].rate }).collect();
        let scale = wanted / fit(&sum, from, end).1;
        if !(0.5..2.0).contains(&scale) {
            return;
        }
        for part in parts.iter_mut() {
            let old = part.tuned[band];
            let rate = (old.rate * scale).max(SIXTY_DB / LONGEST_T60);
            part.tuned[band] =
                Tuned { rate, power: old.power * (rate / old.rate) * ((rate - old.rate) * middle).exp() };
        }
    }
}
