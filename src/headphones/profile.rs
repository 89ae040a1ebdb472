//! What a headphone needs: an equaliser, a curve, a response, for no sample rate in particular.

use super::equaliser::Equaliser;
use crate::error::{Error, Result};

/// An impulse response for each ear.
#[derive(Clone, Debug, PartialEq)]
pub struct ImpulseResponse {
    /// Its own rate, Hz.
    pub sample_rate: f64,
    /// Left and right, of one length. Phase and delay are kept as they are.
    pub ears: [Vec<f32>; 2],
}

/// A correction, whatever sample rate it will run at. What it has is applied one after the other: the equaliser, the
/// graphic curve, the response.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// What to call it.
    pub name: String,
    /// A gain and filters for both ears.
    pub equaliser: Equaliser,
    /// Points of a curve, Hz and dB, frequencies rising, joined on a logarithmic axis and level beyond its ends; made a
    /// minimum-phase response. Empty for none.
    pub graphic: Vec<(f64, f64)>,
    /// A response for each ear.
    pub response: Option<ImpulseResponse>,
}

/// The longest response, seconds: longer ones are rooms.
pub const MOST_SECONDS: f64 = 2.0;

impl Profile {
    /// An equaliser and nothing else.
    pub fn of(name: impl Into<String>, equaliser: Equaliser) -> Self {
        Self { name: name.into(), equaliser, graphic: Vec::new(), response: None }
    }

    /// A response and nothing else.
    pub fn of_response(name: impl Into<String>, response: ImpulseResponse) -> Self {
        Self { name: name.into(), equaliser: Equaliser::default(), graphic: Vec::new(), response: Some(response) }
    }

    /// Reads the text of an equaliser file, as AutoEq publishes them (`... ParametricEQ.txt`, `... GraphicEQ.txt`).
    ///
    /// # Errors
    /// `Malformed`, `Unsupported` or `Limit`, with the number of the line.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        super::parse::parse(name, text)
    }

    /// # Errors
    /// `Argument` if a number is not finite or out of its range or points do not rise, `Limit` if a response is too long.
    pub fn check(&self) -> Result<()> {
        self.equaliser.check()?;
        let sound = |(hz, db): &(f64, f64)| (0.0..=1e6).contains(hz) && (-120.0..=60.0).contains(db);
        if !self.graphic.iter().all(sound) || self.graphic.windows(2).any(|w| w[0].0 >= w[1].0) {
            return Err(Error::argument("the points of a curve have rising frequencies and gains from -120 to 60 dB"));
        }
        if let Some(response) = &self.response {
            let [left, right] = &response.ears;
            if !(8_000.0..=384_000.0).contains(&response.sample_rate) || left.len() != right.len() || left.is_empty() {
                return Err(Error::argument(
                    "a response has two ears of one length and a sample rate from 8000 to 384000 Hz",
                ));
            }
            if left.iter().chain(right).any(|x| !x.is_finite()) {
                return Err(Error::malformed("the impulse response has samples that are not finite"));
            }
            let seconds = left.len() as f64 / response.sample_rate;
            if seconds > MOST_SECONDS {
                return Err(Error::limit(format!(
                    "the impulse response is {seconds:.1} s long; a headphone's has at most {MOST_SECONDS} s"
                ))
                .hint("rooms are given with --room"));
            }
        }
        Ok(())
    }
}
