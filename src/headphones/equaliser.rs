//! Parametric equalisers as numbers: a gain and a list of filters, for no sample rate in particular.

use super::biquad::{Biquad, design};
use crate::error::{Error, Result};

/// What a filter does to the spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A bell around the frequency, of `gain_db` at its top.
    Peak,
    /// `gain_db` well below the frequency, half of it there, nothing above.
    LowShelf,
    /// `gain_db` well above the frequency, half of it there, nothing below.
    HighShelf,
    /// Lets pass what is below; 12 dB an octave.
    LowPass,
    /// Lets pass what is above; 12 dB an octave.
    HighPass,
}

/// One second-order filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filter {
    /// What it does.
    pub shape: Shape,
    /// Its middle, Hz, 1 to 100 000.
    pub frequency_hz: f64,
    /// Its gain, dB, -60 to 60; of no meaning for the passes.
    pub gain_db: f64,
    /// How narrow it is, 0.01 to 100, as in Bristow-Johnson's cookbook.
    pub q: f64,
}

/// A gain and filters one after the other, the same for both ears.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Equaliser {
    /// Gain before the filters, dB, so that what they lift does not clip.
    pub preamp_db: f64,
    /// The filters.
    pub filters: Vec<Filter>,
}

/// The most filters of an equaliser.
pub const MOST_FILTERS: usize = 256;

/// Refuses a number that is outside a range.
pub(super) fn within(value: f64, low: f64, high: f64, what: &str) -> Result<f64> {
    if (low..=high).contains(&value) {
        Ok(value)
    } else {
        Err(Error::argument(format!("{what} is from {low} to {high}, not {value}")))
    }
}

impl Filter {
    /// # Errors
    /// `Argument` if a number is not finite or outside its range.
    pub fn check(&self) -> Result<()> {
        within(self.frequency_hz, 1.0, 100_000.0, "the frequency of a filter in Hz")?;
        within(self.gain_db, -60.0, 60.0, "the gain of a filter in dB")?;
        within(self.q, 0.01, 100.0, "the Q of a filter")?;
        Ok(())
    }
}

impl Equaliser {
    /// # Errors
    /// `Argument` if a number is not finite or outside its range, `Limit` if there are too many filters.
    pub fn check(&self) -> Result<()> {
        within(self.preamp_db, -100.0, 60.0, "the preamp in dB")?;
        if self.filters.len() > MOST_FILTERS {
            return Err(Error::limit(format!(
                "an equaliser has at most {MOST_FILTERS} filters, not {}",
                self.filters.len()
            )));
        }
        self.filters.iter().try_for_each(Filter::check)
    }

    /// The filters for a sample rate. Allocates.
    pub fn biquads(&self, sample_rate: f64) -> Vec<Biquad> {
        self.filters.iter().map(|f| design(f, sample_rate)).collect()
    }

    /// The gain at `hz` of the equaliser as it runs at `sample_rate`, preamp included, dB. Slow: it designs the filters.
    pub fn gain_db(&self, hz: f64, sample_rate: f64) -> f64 {
        self.preamp_db + self.biquads(sample_rate).iter().map(|b| b.gain_db(hz, sample_rate)).sum::<f64>()
    }
}
