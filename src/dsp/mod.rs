//! Signal processing that knows nothing of scenes: transforms, spectra in vector lanes, resampling, the denormal guard.

pub mod denormals;
pub mod fft;
pub mod fractional;
pub mod kernel;
pub mod partitioned;
pub mod resample;
pub mod simd;
