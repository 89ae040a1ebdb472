//! What the network of one room is: lengths, and the weights of every line's two filters.
//!
//! Each axis of the room has a group of lines, and its share of the mean image field (see [`crate::room::decay`]) is
//! replaced by one exponential, fitted to the energy still to come from the network's first pass to the end of the T30
//! range. Its rate makes the filters in the loop. Its level makes those behind it: lines of `m` seconds on average that
//! hold the energy e put out the power e/m, and if they were fed images at times t, each with the energy e_t, they put
//! out `Σ e_t exp(k t) / m · exp(−k t)` for good. So the squared gain is `power · m / Σ e_t exp(k t)`: exact for
//! the tail whatever the lines' lengths.

use super::bank::{Bank, POLES};
use super::lines::{GROUP, GROUPS, LINES, lengths};
use crate::error::{Error, Result};
use crate::room::Room;
use crate::room::decay::{Decay, LONGEST_T60, SIXTY_DB, SPECTRUM, Spectrum, Term, fit, time_of_fall};

/// Eight lines side by side.
pub(super) type Lanes = [f32; GROUP];

/// Weights of the low-passes of a group's lines, and of what passes directly.
pub(super) type Taps = [Lanes; POLES + 1];

/// A factor of every group's mixing matrix, which is in the weights: a Hadamard matrix of eight has columns of this length.
const COLUMN: f64 = 2.828_427_124_746_190_3;

/// The network for one room and sample rate. Made anywhere, given to [`super::Late`].
#[derive(Clone, Debug)]
pub struct LateDesign {
    pub(super) lengths: [usize; LINES],
    pub(super) poles: [f32; POLES],
    /// What goes around, with the mixing matrix's scale.
    pub(super) round: [Taps; GROUPS],
    /// What is heard.
    pub(super) heard: [Taps; GROUPS],
    sample_rate: f64,
    /// Decay rates of the groups, nepers of energy a second, and their powers.
    rates: [Spectrum; GROUPS],
    gains: [Spectrum; GROUPS],
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
        Ok(Self::with_lengths(room, &decay, sample_rate, lengths(room, &decay, t60, sample_rate)))
    }

    /// The same lines with the walls, the air, the decay or the order of another room, to glide to while sounding.
    ///
    /// # Errors
    /// As [`LateDesign::new`].
    pub fn retuned(&self, room: &Room) -> Result<Self> {
        check(room, self.sample_rate)?;
        Ok(Self::with_lengths(room, &Decay::new(room), self.sample_rate, self.lengths))
    }

    fn with_lengths(room: &Room, decay: &Decay, sample_rate: f64, lengths: [usize; LINES]) -> Self {
        let bank = Bank::new(sample_rate);
        let mut design = Self {
            lengths,
            poles: bank.poles.map(|p| p as f32),
            round: [[[0.0; GROUP]; POLES + 1]; GROUPS],
            heard: [[[0.0; GROUP]; POLES + 1]; GROUPS],
            sample_rate,
            rates: [[0.0; SPECTRUM]; GROUPS],
            gains: [[0.0; SPECTRUM]; GROUPS],
        };
        for b in 0..SPECTRUM {
            let all = decay.terms(b, None);
            let end = time_of_fall(&all, 35.0);
            for g in 0..GROUPS {
                let own = &lengths[g * GROUP..][..GROUP];
                let mean = own.iter().sum::<usize>() as f64 / (GROUP as f64 * sample_rate);
                (design.rates[g][b], design.gains[g][b]) = level(room, decay, b, g, mean, end);
            }
        }
        design.weigh(&bank);
        design
    }

    /// The filters of every line from rates and gains.
    fn weigh(&mut self, bank: &Bank) {
        for i in 0..LINES {
            let (g, lane) = (i / GROUP, i % GROUP);
            let length = self.lengths[i] as f64 / self.sample_rate;
            let most = (-0.5 * length * SIXTY_DB / LONGEST_T60).exp();
            let pass = |delay: &Spectrum| -> Spectrum {
                std::array::from_fn(|b| (-0.5 * self.rates[g][b] * (length + delay[b] / self.sample_rate)).exp())
            };
            let mut weights = bank.weights(&pass(&[0.0; SPECTRUM]), most);
            // The filter's own delay is part of the way round.
            let delay = std::array::from_fn(|b| bank.group_delay(&weights, b));
            let gains = pass(&delay);
            weights = bank.weights(&gains, most);
            let heard = bank.weights(&std::array::from_fn(|b| gains[b] * self.gains[g][b]), f64::MAX);
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

    /// Samples of each line.
    pub fn lengths(&self) -> &[usize; LINES] {
        &self.lengths
    }

    /// Hz
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }

    /// Seconds to −60 dB of each axis's lines in each band, the last being 16 kHz.
    pub fn t60(&self) -> [Spectrum; GROUPS] {
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
    if (1000.0..=1e6).contains(&sample_rate) {
        Ok(())
    } else {
        Err(Error::argument(format!("the sample rate must be 1000 to 1000000 Hz, not {sample_rate}")))
    }
}

/// Rate and gain of one group in one band; `mean` seconds are its lines' mean length, `end` is when the whole field has
/// fallen by 35 dB.
fn level(room: &Room, decay: &Decay, band: usize, axis: usize, mean: f64, end: f64) -> (f64, f64) {
    let terms: Vec<Term> = decay.terms(band, Some(axis));
    let order = room.reflection_order;
    let path = decay.free_path(axis) / room.speed_of_sound;
    // The fit keeps to what can be heard, however high the order.
    let start = ((order + 1) as f64 * path).min(2.0 * end);
    let (level, rate) = fit(&terms, start, end.max(start + 4.0 * path));
    let rate = rate.max(SIXTY_DB / LONGEST_T60);
    // With the source itself as its only feed, every line gets the whole of it at once.
    let fed = if order == 0 { GROUP as f64 } else { decay.of_order(order, band, Some(axis), rate) };
    let squared = level.exp() * rate * mean / fed;
    // Walls that absorb everything feed nothing; more than 40 dB would make up for nothing that can be heard.
    let gain = if squared.is_finite() { squared.sqrt().min(100.0) } else { 0.0 };
    (rate, gain)
}
