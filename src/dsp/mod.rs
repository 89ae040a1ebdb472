//! Signal processing that knows nothing of scenes: transforms, spectra in vector lanes, resampling, the denormal guard.

pub mod denormals;
pub mod fft;
pub mod fractional;
pub mod kernel;
pub mod partitioned;
pub mod resample;
pub mod simd;

/// Sample rates that are meant, Hz: between them, filters and delays stay within memory.
pub const SAMPLE_RATES: std::ops::RangeInclusive<f64> = 1e3..=1e6;
