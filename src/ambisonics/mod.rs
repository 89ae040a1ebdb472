//! The Ambisonic bus: any number of sounds from any direction in a few channels, decoded to two ears once.
//!
//! Channels are in ACN order with SN3D gains (AmbiX): channel `l² + l + m` is degree `l`, index `m`; channel 0 is the
//! sound pressure. [`harmonics`] encodes a direction, [`rotate`] has the matrices that turn a sound field and
//! [`rotator`] turns a bus with them, [`magls`] designs the filters from a measured head, and [`decoder`] sends a bus
//! through them. [`sphere`], [`covariance`] and [`solve`] are what the design is built from.

pub mod covariance;
pub mod decoder;
mod fir;
mod fit;
pub mod harmonics;
mod low_end;
pub mod magls;
pub mod rotate;
pub mod rotator;
pub mod solve;
pub mod sphere;

pub use decoder::Decoder;
pub use harmonics::{encode, encode_f64, encode_third};
pub use magls::{DecoderFilters, DesignOptions};
pub use rotate::RotationMatrices;
pub use rotator::Rotator;

/// The highest order that is rotated and decoded.
pub const MAX_ORDER: usize = 7;

/// The channels of that order.
pub const MAX_CHANNELS: usize = channels(MAX_ORDER);

/// The number of channels of an order: `(order + 1)²`.
pub const fn channels(order: usize) -> usize {
    (order + 1) * (order + 1)
}

/// The degree of each channel in ACN order.
pub const fn degree(channel: usize) -> usize {
    channel.isqrt()
}
