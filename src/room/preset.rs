//! Rooms by name: size, what the walls are made of, and where one listens in them.
//!
//! Decay times are those that such walls have where they scatter sound, as the walls of furnished rooms do: Eyring's, with
//! the air of ISO 9613-1. Mirrors of the same materials would ring two times as long between the hardest pair of walls.
//!
//! Source: Eyring, J. Acoust. Soc. Am. 1, 1930, pp. 217–241.

use super::air::attenuation_per_metre;
use super::decay::SIXTY_DB;
use super::{BAND_CENTRES_HZ, BANDS, Bands, Room, Wall, material};

/// A surface: parts of its area and the names of their materials.
type Surface = &'static [(f64, &'static str)];

/// A room with a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// Its name on the command line and in scenes.
    pub name: &'static str,
    /// What it is and what it is for.
    pub description: &'static str,
    /// Length (x), width (y), height (z), metres.
    pub size: [f64; 3],
    /// Where the listener stands unless told otherwise, looking along +x.
    pub listener: [f64; 3],
    /// Metres from the listener to a track's loudspeakers unless told otherwise: nearer than or about as far as the place
    /// where room and direct sound are equally strong.
    pub place_distance: f64,
    /// Whether it has a late field; outdoors there is none.
    pub late: bool,
    /// Order of image sources.
    pub reflection_order: usize,
    /// In the order of [`Wall::ALL`].
    surfaces: [Surface; 6],
}

impl Preset {
    /// The room, at the usual speed of sound and with air.
    pub fn room(&self) -> Room {
        let mut room = Room::new(self.size, 0.0);
        room.absorption = self.surfaces.map(bands);
        room.late = self.late;
        room.reflection_order = self.reflection_order;
        room.t60 = self.late.then(|| eyring(&room));
        room
    }

    /// What a wall is made of, for people: `limestone, lead-glazing`.
    pub fn wall(&self, wall: Wall) -> String {
        self.surfaces[wall as usize].iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
    }
}

fn bands(surface: Surface) -> Bands {
    let mut sum = [0.0; BANDS];
    for (share, name) in surface {
        // A name that is not known would be a mistake in this file; a test looks at every one.
        let absorption = material::find(name).map_or([1.0; BANDS], |m| m.absorption);
        sum.iter_mut().zip(absorption).for_each(|(s, a)| *s += share * a);
    }
    sum
}

/// Seconds to −60 dB in each band, of a room whose walls scatter.
fn eyring(room: &Room) -> Bands {
    std::array::from_fn(|b| {
        let absorbed: f64 = Wall::ALL.iter().map(|w| room.area(*w) * room.absorption[*w as usize][b]).sum();
        let surface = room.surface();
        let air = room.air.as_ref().map_or(0.0, |air| 2.0 * attenuation_per_metre(air, BAND_CENTRES_HZ[b]));
        let walls = -(1.0 - absorbed / surface).max(1e-9).ln() * surface;
        (SIXTY_DB * 4.0 / room.speed_of_sound * room.volume() / (walls + 4.0 * air * room.volume())).clamp(0.05, 30.0)
    })
}

/// Every preset, smallest first, the open air last.
pub fn all() -> &'static [Preset] {
    PRESETS
}

/// The preset of that name.
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|p| p.name == name)
}

/// Nothing comes back from there.
const SKY: Surface = &[(1.0, "open")];
// Proportions, walls and place of the studio were searched for together, by the third octaves of music at the listener's
// ears (docs/decisions/studio.md).
const STUDIO_WALL: Surface = &[(0.65, "plasterboard"), (0.05, "fabric-panel"), (0.3, "bass-trap")];
const CAR_SIDE: Surface = &[(0.45, "window"), (0.35, "plywood"), (0.2, "foam")];
const CLUB_SIDE: Surface = &[(0.6, "brick-painted"), (0.4, "wood-panel")];
const THEATRE_SIDE: Surface = &[(0.5, "plaster"), (0.45, "wood-panel"), (0.05, "velvet")];
const HALL_SIDE: Surface = &[(0.65, "plaster"), (0.25, "wood"), (0.1, "seats-empty")];
const NAVE_SIDE: Surface = &[(0.7, "limestone"), (0.15, "lead-glazing"), (0.15, "wood-panel")];

#[rustfmt::skip]
const PRESETS: &[Preset] = &[
    Preset {
        name: "car",
        description: "the inside of a car: very short, boxy; how a mix sounds on the road",
        size: [2.4, 1.45, 1.2],
        listener: [1.05, 0.9, 0.75],
        place_distance: 0.4,
        late: true,
        reflection_order: 3,
        surfaces: [
            &[(0.45, "window"), (0.55, "seats-leather")],
            &[(0.65, "window"), (0.35, "foam")],
            CAR_SIDE,
            CAR_SIDE,
            &[(0.45, "carpet"), (0.55, "seats-heavy")],
            &[(0.8, "perforated-panel"), (0.2, "window")],
        ],
    },
    Preset {
        name: "studio",
        description: "a studio's recording room: loudspeakers that are out there, with hardly any colour of the room",
        size: [11.4, 8.6, 4.0],
        listener: [5.0, 4.3, 1.6],
        place_distance: 1.0,
        late: true,
        reflection_order: 3,
        surfaces: [
            &[(0.55, "plasterboard"), (0.05, "fabric-panel"), (0.3, "bass-trap"), (0.1, "window")],
            STUDIO_WALL,
            STUDIO_WALL,
            STUDIO_WALL,
            &[(0.55, "carpet-thick"), (0.45, "seats-heavy")],
            &[(0.65, "plasterboard-ceiling"), (0.05, "fabric-panel"), (0.3, "bass-trap")],
        ],
    },
    Preset {
        name: "bedroom",
        description: "a small furnished room, soft and close",
        size: [4.2, 3.6, 2.5],
        listener: [1.7, 1.9, 1.15],
        place_distance: 0.8,
        late: true,
        reflection_order: 3,
        surfaces: [
            &[(0.75, "plasterboard"), (0.25, "curtain-heavy")],
            &[(0.65, "plasterboard"), (0.35, "curtain-heavy")],
            &[(0.5, "plaster"), (0.5, "wood-panel")],
            &[(0.8, "plasterboard"), (0.2, "wood-panel")],
            &[(0.5, "carpet"), (0.5, "seats-heavy")],
            &[(1.0, "plasterboard")],
        ],
    },
    Preset {
        name: "living-room",
        description: "a furnished living room: a room as most people listen in",
        size: [5.8, 4.4, 2.6],
        listener: [2.3, 2.3, 1.15],
        place_distance: 1.0,
        late: true,
        reflection_order: 3,
        surfaces: [
            &[(0.65, "plasterboard"), (0.35, "curtain-heavy")],
            &[(0.5, "plaster"), (0.5, "wood-panel")],
            &[(0.55, "plaster"), (0.25, "window"), (0.2, "curtain-heavy")],
            &[(0.5, "plasterboard"), (0.5, "wood-panel")],
            &[(0.4, "parquet"), (0.3, "carpet-cotton"), (0.3, "seats-empty")],
            &[(1.0, "plasterboard")],
        ],
    },
    Preset {
        name: "club",
        description: "a music club with a crowd on the floor: dense and lively, the stage near",
        size: [16.0, 11.0, 4.5],
        listener: [8.5, 5.8, 1.65],
        place_distance: 1.8,
        late: true,
        reflection_order: 3,
        surfaces: [
            &[(0.65, "brick-painted"), (0.15, "curtain-heavy"), (0.2, "wood-panel")],
            &[(0.25, "curtain-heavy"), (0.75, "wood-panel")],
            CLUB_SIDE,
            CLUB_SIDE,
            &[(0.35, "audience-standing"), (0.65, "floorboards")],
            &[(0.75, "plasterboard-ceiling"), (0.25, "perforated-board")],
        ],
    },
    Preset {
        name: "theatre",
        description: "a theatre with its audience: speech stays clear, music gets a stage",
        size: [26.0, 18.0, 10.0],
        listener: [15.0, 9.5, 1.5],
        place_distance: 3.5,
        late: true,
        reflection_order: 3,
        surfaces: [
            &[(0.4, "curtain-heavy"), (0.6, "wood-panel")],
            &[(0.6, "velvet"), (0.4, "stage-floor")],
            THEATRE_SIDE,
            THEATRE_SIDE,
            &[(0.75, "audience"), (0.25, "carpet-thin")],
            &[(0.6, "plaster"), (0.4, "plasterboard-ceiling")],
        ],
    },
    Preset {
        name: "concert-hall",
        description: "a shoebox hall of the old kind, occupied: two seconds of warm decay for orchestras",
        size: [42.0, 22.0, 16.0],
        listener: [26.0, 11.8, 1.6],
        place_distance: 4.5,
        late: true,
        reflection_order: 3,
        surfaces: [
            &[(0.4, "plaster"), (0.4, "wood"), (0.2, "seats-empty")],
            &[(0.4, "plaster"), (0.6, "wood")],
            HALL_SIDE,
            HALL_SIDE,
            &[(0.75, "audience"), (0.1, "orchestra"), (0.15, "stage-floor")],
            &[(0.7, "plaster"), (0.3, "wood")],
        ],
    },
    Preset {
        name: "cathedral",
        description: "a nave of stone: six seconds in which slow music, choirs and organs bloom",
        size: [60.0, 22.0, 22.0],
        listener: [36.0, 11.8, 1.65],
        place_distance: 3.2,
        late: true,
        reflection_order: 3,
        surfaces: [
            &[(0.8, "limestone"), (0.1, "lead-glazing"), (0.1, "open")],
            &[(0.8, "limestone"), (0.2, "lead-glazing")],
            NAVE_SIDE,
            NAVE_SIDE,
            &[(0.42, "marble"), (0.18, "audience-wooden-chairs"), (0.4, "chairs-wooden")],
            &[(0.7, "limestone"), (0.3, "wood-ceiling")],
        ],
    },
    Preset {
        name: "open-air",
        description: "a meadow: the ground and the air, no walls and no reverberation",
        size: [200.0, 200.0, 100.0],
        listener: [100.0, 100.0, 1.65],
        place_distance: 2.0,
        late: false,
        reflection_order: 1,
        surfaces: [SKY, SKY, SKY, SKY, &[(1.0, "grass")], SKY],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn mid(name: &str) -> f64 {
        let t = find(name).unwrap().room().t60.unwrap();
        0.5 * (t[2] + t[3])
    }

    #[test]
    fn every_preset_is_a_room_of_known_materials_and_its_listener_is_in_it() {
        for p in all() {
            p.room().check().unwrap();
            for surface in p.surfaces {
                assert!((surface.iter().map(|(share, _)| share).sum::<f64>() - 1.0).abs() < 1e-9, "{}", p.name);
                assert!(surface.iter().all(|(_, name)| material::find(name).is_some()), "{}", p.name);
            }
            // Loudspeakers at ±30° and at ±110° are in the room too, 0.15 m off the walls.
            for degrees in [-110.0f64, -30.0, 0.0, 30.0, 110.0] {
                let (s, c) = degrees.to_radians().sin_cos();
                let at = [p.listener[0] + p.place_distance * c, p.listener[1] + p.place_distance * s, p.listener[2]];
                for (x, size) in at.iter().zip(p.size) {
                    assert!((0.15..=size - 0.15).contains(x), "{} {degrees}: {at:?}", p.name);
                }
            }
        }
    }

    #[test]
    fn decays_are_those_of_such_rooms() {
        for (name, low, high) in [
            ("car", 0.06, 0.13),
            ("studio", 0.34, 0.44),
            ("bedroom", 0.28, 0.42),
            ("living-room", 0.38, 0.52),
            ("club", 0.65, 0.95),
            ("theatre", 1.0, 1.3),
            ("concert-hall", 1.8, 2.2),
            ("cathedral", 5.0, 7.0),
        ] {
            assert!((low..=high).contains(&mid(name)), "{name}: {:.2} s", mid(name));
            let all = find(name).unwrap().room().t60.unwrap();
            assert!(all[0] < 1.95 * mid(name), "the bass of {name} booms: {all:.2?}");
            assert!(all.iter().all(|t| *t >= 0.04), "{name}: {all:.2?}");
        }
        assert!(!find("open-air").unwrap().late);
    }

    #[test]
    fn loudspeakers_stand_no_farther_than_where_the_room_is_as_loud() {
        for p in all().iter().filter(|p| p.late) {
            let room = p.room();
            let absorbed: f64 = Wall::ALL.iter().map(|w| room.area(*w) * room.absorption[*w as usize][3]).sum::<f64>();
            // Critical distance, from the room constant (Kuttruff, Room Acoustics, section 5.1).
            let constant = absorbed / (1.0 - absorbed / room.surface());
            let critical = (constant / (16.0 * std::f64::consts::PI)).sqrt();
            let part = p.place_distance / critical;
            assert!((0.4..=1.45).contains(&part), "{}: {part:.2} of {critical:.2} m", p.name);
        }
    }
}
