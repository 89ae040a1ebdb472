//! What happens to the mix before it leaves: loudness is measured (BS.1770), the true peak is held under a ceiling, and
//! samples are quantised with dither.

pub mod dither;
pub mod guard;
mod k_weighting;
pub mod limiter;
pub mod loudness;
mod oversample;
pub mod plan;
pub mod true_peak;

use crate::error::{Error, Result};

/// Sample rates that this program works at.
fn check_rate(sample_rate: u32) -> Result<()> {
    if (8_000..=384_000).contains(&sample_rate) {
        return Ok(());
    }
    Err(Error::argument(format!("a sample rate of {sample_rate} Hz is outside 8000 to 384000 Hz")))
}
