//! Rooms: what becomes of a sound between its source and the listener.
//!
//! A [`Room`] is a shoebox with walls, air and perhaps a wanted decay. [`lattice`] says where its mirror images are,
//! [`bands`] filters a signal by one gain for each octave band, and everything that colours a path (walls, air,
//! directivity) is expressed as seven such gains.
//!
//! While it sounds, a source's signal lies in a history of seven parts; the direct sound and every early image reads it
//! where its way begins, and the images of the last order feed the [`late`] field, which [`decay`] tunes. [`preset`]
//! has rooms by name, [`material`] walls. [`measured`] rooms take another way: long convolution.
//! Offline, [`response`] adds up images exactly, [`impulse`] adds the late field, [`measures`] says what a response is like.

pub mod air;
#[doc(hidden)]
pub mod bands;
pub mod decay;
pub(crate) mod direct;
pub mod directivity;
pub(crate) mod early;
pub(crate) mod history;
pub mod impulse;
#[doc(hidden)]
pub mod late;
#[doc(hidden)]
pub mod lattice;
pub mod material;
mod material_table;
pub mod measured;
pub mod measures;
pub(crate) mod path;
pub mod preset;
pub mod response;

use crate::error::{Error, Result};

/// Octave bands, everywhere in this library.
pub const BANDS: usize = 7;

/// Their centres, Hz.
pub const BAND_CENTRES_HZ: [f64; BANDS] = [125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0];

/// One value for each octave band.
pub type Bands = [f64; BANDS];

/// Metres a second, unless a scene says otherwise.
pub const SPEED_OF_SOUND: f64 = 343.0;

/// The walls of a shoebox in the order in which arrays hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wall {
    /// x = 0
    Back,
    /// x = length
    Front,
    /// y = 0
    Right,
    /// y = width
    Left,
    /// z = 0
    Floor,
    /// z = height
    Ceiling,
}

impl Wall {
    /// All six, in order.
    pub const ALL: [Self; 6] = [Self::Back, Self::Front, Self::Right, Self::Left, Self::Floor, Self::Ceiling];

    /// Its name in scene files.
    pub fn name(self) -> &'static str {
        ["back", "front", "right", "left", "floor", "ceiling"][self as usize]
    }
}

/// The state of the air, for its absorption.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Air {
    /// Degrees Celsius, −20 to 50.
    pub temperature_c: f64,
    /// Relative humidity, percent, 10 to 100.
    pub humidity_percent: f64,
}

impl Default for Air {
    fn default() -> Self {
        Self { temperature_c: 20.0, humidity_percent: 50.0 }
    }
}

/// A shoebox room: `[0, x] × [0, y] × [0, z]` metres, its walls in the order of [`Wall::ALL`].
///
/// ```
/// use periphon::room::{Room, Wall, material, preset};
///
/// let chapel = Room::new([14.0, 9.0, 8.0], 0.05).with_wall(Wall::Floor, material::find("carpet").unwrap().absorption);
/// chapel.check().unwrap();
/// let club = preset::find("club").unwrap().room();
/// assert!(club.volume() > 500.0);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// Length (x), width (y), height (z), metres.
    pub size: [f64; 3],
    /// Absorption coefficients (energy, 0 to 1) of each wall and octave band.
    pub absorption: [Bands; 6],
    /// Image sources are rendered one by one up to this order; 0 is the direct sound alone.
    pub reflection_order: usize,
    /// The air's absorption; `None` for air that absorbs nothing.
    pub air: Option<Air>,
    /// Whether the late reverberation follows the early reflections.
    pub late: bool,
    /// Reverberation time wanted, seconds in each octave band; `None`: what the walls and the air make it. With a
    /// wanted time the absorption says how it is distributed over the walls, the time how much there is of it.
    pub t60: Option<Bands>,
    /// Metres a second.
    pub speed_of_sound: f64,
}

/// The highest order of image sources.
pub const MOST_ORDER: usize = 100;

impl Room {
    /// A room of `size` metres with `absorption` on all walls, in all bands, third-order reflections, air and late field.
    pub fn new(size: [f64; 3], absorption: f64) -> Self {
        Self {
            size,
            absorption: [[absorption; BANDS]; 6],
            reflection_order: 3,
            air: Some(Air::default()),
            late: true,
            t60: None,
            speed_of_sound: SPEED_OF_SOUND,
        }
    }

    /// With this absorption on one wall: a [`material`]'s, or seven coefficients of energy, 0 to 1.
    #[must_use]
    pub fn with_wall(mut self, wall: Wall, absorption: Bands) -> Self {
        self.absorption[wall as usize] = absorption;
        self
    }

    /// With the reverberation times wanted, 0.05 to 30 s in each octave band.
    #[must_use]
    pub fn with_t60(self, t60: Bands) -> Self {
        Self { t60: Some(t60), ..self }
    }

    /// With image sources one by one up to this order, 0 to [`MOST_ORDER`].
    #[must_use]
    pub fn with_order(self, reflection_order: usize) -> Self {
        Self { reflection_order, ..self }
    }

    /// With a late field, or without.
    #[must_use]
    pub fn with_late(self, late: bool) -> Self {
        Self { late, ..self }
    }

    /// With this air, or with one that absorbs nothing.
    #[must_use]
    pub fn with_air(self, air: Option<Air>) -> Self {
        Self { air, ..self }
    }

    /// Cubic metres.
    pub fn volume(&self) -> f64 {
        self.size.iter().product()
    }

    /// Area of a wall, square metres.
    pub fn area(&self, wall: Wall) -> f64 {
        let axis = wall as usize / 2;
        self.volume() / self.size[axis]
    }

    /// Area of all walls, square metres.
    pub fn surface(&self) -> f64 {
        Wall::ALL.iter().map(|w| self.area(*w)).sum()
    }

    /// # Errors
    /// `Argument` if a number is out of its range; the message names it.
    pub fn check(&self) -> Result<()> {
        let range = |name: &str, x: f64, low: f64, high: f64| {
            if (low..=high).contains(&x) {
                Ok(())
            } else {
                Err(Error::argument(format!("the room's {name} must be {low} to {high}, not {x}")))
            }
        };
        for (x, name) in self.size.iter().zip(["length", "width", "height"]) {
            range(name, *x, 0.5, 1000.0)?;
        }
        for (wall, bands) in Wall::ALL.iter().zip(&self.absorption) {
            for a in bands {
                range(&format!("absorption ({})", wall.name()), *a, 0.0, 1.0)?;
            }
        }
        if self.reflection_order > MOST_ORDER {
            return Err(Error::argument(format!(
                "the room's reflection order must be 0 to {MOST_ORDER}, not {}",
                self.reflection_order
            )));
        }
        if let Some(air) = &self.air {
            range("temperature", air.temperature_c, -20.0, 50.0)?;
            range("humidity", air.humidity_percent, 10.0, 100.0)?;
        }
        for t in self.t60.iter().flatten() {
            range("t60", *t, 0.05, 30.0)?;
        }
        range("speed of sound", self.speed_of_sound, 100.0, 2000.0)
    }
}
