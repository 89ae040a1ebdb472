//! The parts of a scene, as they are written.

use crate::coords::Vec3;
use crate::layout::Layout;
use crate::room::directivity::Directivity;
use crate::room::material::{self, Material};
use crate::room::preset::Preset;
use crate::room::{Air, BANDS, Bands, Wall};

/// How a head is turned, degrees: yaw left, pitch up, roll right ear down.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Angles {
    /// Counter-clockwise seen from above, −360 to 360.
    pub yaw: f64,
    /// Nose up, −180 to 180.
    pub pitch: f64,
    /// Right ear down, −180 to 180.
    pub roll: f64,
}

/// Where a source faces, degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facing {
    /// Counter-clockwise seen from above, 0 along +x, −360 to 360.
    pub yaw: f64,
    /// Up, −90 to 90.
    pub pitch: f64,
}

/// A place as seen from the listener.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polar {
    /// Degrees, counter-clockwise, 0 ahead. In a path more than a turn away is another turn.
    pub azimuth: f64,
    /// Degrees, up, −90 to 90.
    pub elevation: f64,
    /// Metres, from 0.01.
    pub distance: f64,
}

/// Who listens: in one place, or along a path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listener {
    /// Metres; `None`: where the room's preset says, else in the middle of the room at 1.6 m, else at the origin.
    pub position: Option<Vec3>,
    /// How the head is turned.
    pub orientation: Angles,
    /// Where it goes; empty if nowhere.
    pub path: Vec<ListenerKey>,
}

/// One key of the listener's path. In all keys of a path the same things are given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListenerKey {
    /// Seconds.
    pub t: f64,
    /// `None`: the listener's fixed place.
    pub position: Option<Vec3>,
    /// `None`: the listener's fixed orientation.
    pub orientation: Option<Angles>,
}

impl Listener {
    /// A listener who stays at one place.
    pub fn at(position: Vec3) -> Self {
        Self { position: Some(position), ..Self::default() }
    }
}

/// Which of a file's channels a source plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Channel {
    /// All of them, added up.
    #[default]
    Sum,
    /// One, counted from 0.
    Index(usize),
}

/// Where a source is.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// At a point of the world, metres.
    At(Vec3),
    /// As seen from the listener.
    Polar(Polar),
    /// Along points of the world, straight between them.
    Path(Vec<SourceKey<Vec3>>),
    /// Around the listener: angles and distance move evenly between keys.
    PolarPath(Vec<SourceKey<Polar>>),
}

/// One key of a source's path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceKey<T> {
    /// Seconds on the scene's clock.
    pub t: f64,
    /// Where it is then.
    pub at: T,
}

/// Something that sounds at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its name, unique in the scene.
    pub id: String,
    /// Its sound file, relative to the scene's folder.
    pub file: String,
    /// What of the file it plays.
    pub channel: Channel,
    /// Where it is.
    pub place: Place,
    /// Decibels, −120 to 60; at 0 dB its gain is 1 at 1 m.
    pub gain_db: f64,
    /// Seconds on the scene's clock.
    pub start: f64,
    /// Whether it begins again at its end.
    pub looped: bool,
    /// How it sends its sound into the directions.
    pub directivity: Directivity,
    /// Where it faces; `None`: to where the listener is at first.
    pub facing: Option<Facing>,
    /// Degrees of width, 0 to 360.
    pub spread: f64,
    /// Whether its polar place turns and goes with the head.
    pub head_locked: bool,
}

impl Source {
    /// A source of `file`, its name being that of the file without its ending.
    pub fn new(file: &str, place: Place) -> Self {
        Self {
            id: stem(file).to_string(),
            file: file.to_string(),
            channel: Channel::Sum,
            place,
            gain_db: 0.0,
            start: 0.0,
            looped: false,
            directivity: Directivity::Omni,
            facing: None,
            spread: 0.0,
            head_locked: false,
        }
    }

    /// A source at a point of the world.
    pub fn at(file: &str, position: Vec3) -> Self {
        Self::new(file, Place::At(position))
    }

    /// A source as seen from the listener: degrees, degrees, metres.
    pub fn polar(file: &str, azimuth: f64, elevation: f64, distance: f64) -> Self {
        Self::new(file, Place::Polar(Polar { azimuth, elevation, distance }))
    }

    /// With another name.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.id = id.to_string();
        self
    }

    /// Louder or softer.
    #[must_use]
    pub fn gain_db(mut self, gain_db: f64) -> Self {
        self.gain_db = gain_db;
        self
    }
}

/// The name of a file without its folder and ending.
pub(super) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem })
}

/// How the channels of a bed are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BedLayout {
    /// Loudspeakers, one of [`Layout::names`].
    Speakers(&'static str),
    /// A sound field in ACN and SN3D; its order follows from the channels.
    Ambix,
}

impl BedLayout {
    /// The layout of that name.
    pub fn find(name: &str) -> Option<Self> {
        if name == "ambix" {
            return Some(Self::Ambix);
        }
        Layout::names().find(|n| *n == name).map(Self::Speakers)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Speakers(name) => name,
            Self::Ambix => "ambix",
        }
    }
}

/// A multichannel file on its loudspeakers, or a sound field.
#[derive(Clone, Debug, PartialEq)]
pub struct Bed {
    /// The sound file, relative to the scene's folder.
    pub file: String,
    /// `None`: as the file says.
    pub layout: Option<BedLayout>,
    /// Whether it turns and goes with the head.
    pub head_locked: bool,
    /// The middle of its loudspeakers in the world; `None`: where the listener is at first. Not for sound fields.
    pub position: Option<Vec3>,
    /// Metres to its loudspeakers; `None`: as far as the room's preset puts them, else 1 m. Not for sound fields.
    pub distance: Option<f64>,
    /// Decibels, −120 to 60.
    pub gain_db: f64,
    /// Seconds on the scene's clock.
    pub start: f64,
    /// Whether it begins again at its end.
    pub looped: bool,
}

impl Bed {
    /// A bed of `file` as the file says.
    pub fn new(file: &str) -> Self {
        Self {
            file: file.to_string(),
            layout: None,
            head_locked: false,
            position: None,
            distance: None,
            gain_db: 0.0,
            start: 0.0,
            looped: false,
        }
    }
}

/// What a wall is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Surface {
    /// A material of the table.
    Material(&'static Material),
    /// Absorption coefficients, 0 to 1.
    Absorption(Bands),
}

impl Surface {
    /// The material of that name.
    pub fn named(name: &str) -> Option<Self> {
        material::find(name).map(Self::Material)
    }

    /// Its absorption coefficients.
    pub fn absorption(&self) -> Bands {
        match self {
            Self::Material(m) => m.absorption,
            Self::Absorption(bands) => *bands,
        }
    }

    /// Its name, or its coefficients.
    pub fn label(&self) -> String {
        match self {
            Self::Material(m) => m.name.to_string(),
            Self::Absorption(a) if a.iter().all(|x| x == &a[0]) => format!("absorption {}", a[0]),
            Self::Absorption(a) => {
                let mean = a.iter().sum::<f64>() / BANDS as f64;
                format!("absorption {mean:.2} on average")
            }
        }
    }
}

/// A room as it is written: a preset, a measured room, or a shoebox. What is `None` is as in the preset or as usual.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoomSpec {
    /// One of [`crate::room::preset::all`].
    pub preset: Option<&'static Preset>,
    /// A measured room (a SOFA file or a two-channel WAV), relative to the scene's folder.
    pub file: Option<String>,
    /// Length (x), width (y), height (z), metres.
    pub size: Option<[f64; 3]>,
    /// What all walls are made of.
    pub material: Option<Surface>,
    /// What single walls are made of, in the order of [`Wall::ALL`].
    pub materials: [Option<Surface>; 6],
    /// Image sources up to this order.
    pub reflection_order: Option<usize>,
    /// Whether the air absorbs.
    pub air_absorption: Option<bool>,
    /// Degrees Celsius.
    pub temperature_c: Option<f64>,
    /// Percent.
    pub humidity_percent: Option<f64>,
    /// Whether there is reverberation after the early reflections.
    pub late: Option<bool>,
    /// Seconds, for each octave band.
    pub t60: Option<Bands>,
}

impl RoomSpec {
    /// A room of the table.
    pub fn preset(preset: &'static Preset) -> Self {
        Self { preset: Some(preset), ..Self::default() }
    }

    /// A shoebox with walls of one kind.
    pub fn shoebox(size: [f64; 3], material: Surface) -> Self {
        Self { size: Some(size), material: Some(material), ..Self::default() }
    }

    /// A measured room.
    pub fn measured(file: &str) -> Self {
        Self { file: Some(file.to_string()), ..Self::default() }
    }

    /// With another material on one wall.
    #[must_use]
    pub fn wall(mut self, wall: Wall, surface: Surface) -> Self {
        self.materials[wall as usize] = Some(surface);
        self
    }

    /// The air, if it absorbs.
    pub(super) fn air(&self) -> Option<Air> {
        let usual = Air::default();
        self.air_absorption.unwrap_or(true).then(|| Air {
            temperature_c: self.temperature_c.unwrap_or(usual.temperature_c),
            humidity_percent: self.humidity_percent.unwrap_or(usual.humidity_percent),
        })
    }
}
