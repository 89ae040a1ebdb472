//! The exact impulse response of a shoebox, offline: every image at its own fractional delay.
//!
//! The pressure at the listener is `Σ g/d · δ(t − d/c)` over the images of the source, g what the walls, the air and the
//! source's directivity leave, d the distance (Allen and Berkley 1979). Each image is one windowed sinc, added to the
//! response where it arrives. When anything depends on frequency, the images are added up in seven responses, one for
//! each part of [`super::bands`], and the parts' filters run once over them: the same model that the engine renders.

mod sinc;
mod walk;

use super::lattice::Image;
use super::{BANDS, Bands, Room};
use crate::coords::Vec3;
use crate::dsp::SAMPLE_RATES;
use crate::error::{Error, ErrorKind, Result};
use crate::spatializer::motion::is_meant;
use std::ops::RangeInclusive;

/// Nearer images are no louder than at this distance, metres.
pub const NEAREST_M: f64 = 0.1;

/// The longest response, frames: 174 s at 48 kHz.
pub const MOST_FRAMES: usize = 1 << 23;

/// A source and a listener in a room.
#[derive(Clone, Copy)]
pub struct Shoebox<'a> {
    /// Size, air, speed of sound and the order of the images.
    pub room: &'a Room,
    /// Pressure reflection factor of each wall and band, in the order of [`super::Wall::ALL`]; [`walls`] has those of
    /// the absorption alone.
    pub reflection: &'a [Bands; 6],
    /// Where the source is, metres in the room's frame.
    pub source: Vec3,
    /// Where the listener is, metres in the room's frame.
    pub listener: Vec3,
    /// What the source sends in a direction (of length 1, in the room's frame, unmirrored); `None`: 1 everywhere.
    pub directivity: Option<&'a dyn Fn(Vec3) -> Bands>,
    /// Orders rendered, within the room's.
    pub orders: (usize, usize),
    /// Metres whose delay is left out of every image's; see [`Shoebox::counting_from`].
    pub lead: f64,
}

/// One image as it reaches the listener.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// Which one.
    pub image: Image,
    /// Metres from the listener.
    pub distance: f64,
    /// Seconds after the source sent it, or after the moment that the response counts from.
    pub delay_s: f64,
    /// Where it comes from, seen from the listener: of length 1, in the room's frame.
    pub direction: Vec3,
    /// Pressure gain in each band: walls, air, directivity and 1/distance.
    pub gains: Bands,
}

/// The pressure reflection factors `√(1 − α)` of a room's walls.
pub fn walls(room: &Room) -> [Bands; 6] {
    room.absorption.map(|wall| wall.map(|alpha| (1.0 - alpha).max(0.0).sqrt()))
}

/// The response of an omnidirectional receiver: `frames` samples from the moment the source sends.
///
/// # Errors
/// As [`Shoebox::response`].
pub fn shoebox(
    room: &Room,
    reflection: &[Bands; 6],
    source: Vec3,
    listener: Vec3,
    sample_rate: f64,
    frames: usize,
) -> Result<Vec<f32>> {
    Shoebox::new(room, reflection, source, listener).omni(sample_rate, frames)
}

impl<'a> Shoebox<'a> {
    /// An omnidirectional source; every order that the room renders.
    pub fn new(room: &'a Room, reflection: &'a [Bands; 6], source: Vec3, listener: Vec3) -> Self {
        Self { room, reflection, source, listener, directivity: None, orders: (0, room.reflection_order), lead: 0.0 }
    }

    /// Only the images of these orders; what is beyond the room's order is not rendered.
    #[must_use]
    pub fn of_orders(self, orders: RangeInclusive<usize>) -> Self {
        Self { orders: (*orders.start(), (*orders.end()).min(self.room.reflection_order)), ..self }
    }

    /// A response that begins when sound from `metres` away arrives: with the source's own distance the direct sound comes
    /// at once, to the fraction of a sample, and every image later by what its way is longer. What would come earlier
    /// comes at once.
    #[must_use]
    pub fn counting_from(self, metres: f64) -> Self {
        Self { lead: metres, ..self }
    }

    /// A source that sends `gains(direction)`; see [`Shoebox::directivity`].
    #[must_use]
    pub fn sending(self, gains: &'a dyn Fn(Vec3) -> Bands) -> Self {
        Self { directivity: Some(gains), ..self }
    }

    /// Frames that hold every image to its last sample; `usize::MAX` if there are more, as for places that are not finite
    /// enough to be rendered.
    pub fn frames(&self, sample_rate: f64) -> usize {
        let order = self.orders.1 as i32;
        let farthest = (0..6).map(|side| {
            let mut index = [0; 3];
            index[side / 2] = if side % 2 == 0 { -order } else { order };
            (Image { index }.position(self.room.size, self.source) - self.listener).norm()
        });
        // A distance is a convex function of the index along an octahedron's side, up to one room's length.
        let slack = self.room.size.iter().fold(0.0f64, |m, l| m.max(*l));
        let far = farthest.fold(0.0, f64::max) + 2.0 * slack;
        ((far / self.room.speed_of_sound * sample_rate) as usize).saturating_add(sinc::TAPS)
    }

    /// Every image, the lowest order first.
    pub fn arrivals(&self) -> Vec<Arrival> {
        let air = self.room.air.as_ref().map(super::air::bands);
        let (low, high) = self.orders;
        let images = Image::up_to(high).into_iter().filter(|i| i.order() >= low);
        images
            .map(|image| {
                let way = image.position(self.room.size, self.source) - self.listener;
                let distance = way.norm();
                let mut gains = image.reflection(self.reflection);
                let sent = self.directivity.map(|d| d(image.seen_by_source(-way.direction())));
                for k in 0..BANDS {
                    let lost = air.map_or(1.0, |a| (-a[k] * distance).exp());
                    gains[k] *= lost * sent.map_or(1.0, |s| s[k]) / distance.max(NEAREST_M);
                }
                let delay_s = (distance - self.lead).max(0.0) / self.room.speed_of_sound;
                Arrival { image, distance, delay_s, direction: way.direction(), gains }
            })
            .collect()
    }

    /// The response of an omnidirectional receiver: `frames` samples from the moment the source sends.
    ///
    /// # Errors
    /// As [`Shoebox::response`].
    pub fn omni(&self, sample_rate: f64, frames: usize) -> Result<Vec<f32>> {
        self.check(sample_rate, frames)?;
        Ok(walk::respond(self, sample_rate, frames, 1, None).pop().unwrap_or_default())
    }

    /// The response of a receiver with several channels, `[channels][frames]`: `encode(direction, gains)` fills the
    /// gain of each channel for a plane wave from `direction` (of length 1, in the room's frame, seen from the listener).
    ///
    /// # Errors
    /// `Argument` if a number of the room is out of its range, a place or what is counted from is not finite or beyond
    /// 10 000 km, or the sample rate is not 1 to 1000 kHz; `Limit` if `frames` is over [`MOST_FRAMES`].
    pub fn response(
        &self,
        sample_rate: f64,
        frames: usize,
        channels: usize,
        mut encode: impl FnMut(Vec3, &mut [f32]),
    ) -> Result<Vec<Vec<f32>>> {
        self.check(sample_rate, frames)?;
        Ok(walk::respond(self, sample_rate, frames, channels, Some(&mut encode)))
    }

    fn check(&self, sample_rate: f64, frames: usize) -> Result<()> {
        self.room.check()?;
        if !SAMPLE_RATES.contains(&sample_rate) {
            return Err(Error::argument(format!("the sample rate must be 1000 to 1000000 Hz, not {sample_rate}")));
        }
        for (name, place) in [("source", self.source), ("listener", self.listener)] {
            if !is_meant(place) {
                let at = [place.x, place.y, place.z];
                return Err(Error::argument(format!("the {name} must be within 10 000 km, not at {at:?}")));
            }
        }
        if !is_meant(Vec3::new(self.lead, 0.0, 0.0)) {
            return Err(Error::argument(format!("a response counts from 10 000 km at most, not from {} m", self.lead)));
        }
        if self.reflection.iter().flatten().any(|r| !r.is_finite()) {
            return Err(Error::argument("the reflection factors of the walls must be finite"));
        }
        if frames > MOST_FRAMES {
            let message = format!("a room's response may have {MOST_FRAMES} frames at most, not {frames}");
            return Err(Error::new(ErrorKind::Limit, message).hint("ask for a shorter response"));
        }
        Ok(())
    }
}
