//! Roles: what a stem of a song is, and where each role stands on a stage.
//!
//! A stage file may say it in its table `[roles]`; what it leaves out follows from where it puts the parts of a stereo
//! track, so that every stage has a place for every role.

use super::stage::Spot;

/// What a stem is in its song.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The singer.
    Lead,
    /// Backing vocals, harmonies, choirs.
    Backing,
    /// Drums and percussion.
    Drums,
    /// Bass of any kind.
    Bass,
    /// Guitars and other plucked instruments.
    Guitars,
    /// Pianos, organs, synthesizers.
    Keys,
    /// Bowed strings.
    Strings,
    /// Brass and woodwinds.
    Winds,
    /// The rest of the band, and what is not known.
    Other,
    /// Reverberation, rooms, crowds, atmospheres.
    Ambience,
}

impl Role {
    /// All of them, in the order of their places in arrays.
    pub const ALL: [Self; 10] = [
        Self::Lead,
        Self::Backing,
        Self::Drums,
        Self::Bass,
        Self::Guitars,
        Self::Keys,
        Self::Strings,
        Self::Winds,
        Self::Other,
        Self::Ambience,
    ];

    /// Its name in stage files and reports.
    pub fn name(self) -> &'static str {
        ["lead", "backing", "drums", "bass", "guitars", "keys", "strings", "winds", "other", "ambience"][self as usize]
    }

    /// What it is, for people.
    pub fn describe(self) -> &'static str {
        [
            "lead vocals",
            "backing vocals",
            "drums and percussion",
            "bass",
            "guitars",
            "keys and synths",
            "strings",
            "brass and winds",
            "other",
            "ambience",
        ][self as usize]
    }

    /// The role of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }

    /// True for singers, in front or behind.
    pub fn is_voice(self) -> bool {
        matches!(self, Self::Lead | Self::Backing)
    }
}

/// Where a role stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoleSpot {
    /// Where its only mono stem stands: degrees, counter-clockwise, −180 to 180. The second one stands on the other side.
    pub azimuth: f64,
    /// Degrees, up, −90 to 90.
    pub elevation: f64,
    /// Degrees between the two channels of a stereo stem, in front of the listener in the middle; 0 to 360. Several mono
    /// stems share it.
    pub width: f64,
    /// Distance in terms of the stage's, 0.2 to 5.
    pub distance: f64,
    /// Width of each source, degrees, 0 for a point to 360.
    pub spread: f64,
    /// dB.
    pub gain_db: f64,
}

/// The places of all roles.
#[derive(Clone, Debug, PartialEq)]
pub struct Roles([RoleSpot; 10]);

impl Roles {
    /// What a stage comes to that says nothing of roles: `direct` and `ambience` as a stage file has them, from the middle
    /// outwards.
    ///
    /// In terms of where hard-panned sound stands: the singer and the bass in the middle, drums behind them, guitars left and
    /// keys right of them, strings and winds outside and farther away, as bands and orchestras stand.
    pub fn usual(direct: &[Spot], ambience: &[Spot]) -> Self {
        let edge = direct.last().map_or(60.0, |s| s.azimuth);
        let around = ambience.first().copied().unwrap_or(Spot { azimuth: 110.0, spread: 60.0, ..Spot::default() });
        let spot = |azimuth: f64, width: f64, distance: f64| RoleSpot {
            azimuth: azimuth * edge,
            elevation: elevation(direct, azimuth.abs().max(0.5 * width) * edge),
            width: width * edge,
            distance,
            spread: 0.0,
            gain_db: 0.0,
        };
        Self(Role::ALL.map(|role| match role {
            Role::Lead => spot(0.0, 0.35, 1.0),
            Role::Backing => spot(0.35, 1.0, 1.15),
            Role::Drums => spot(0.0, 0.9, 1.2),
            Role::Bass => spot(0.0, 0.0, 1.1),
            Role::Guitars => spot(0.6, 1.35, 1.0),
            Role::Keys => spot(-0.5, 1.2, 1.05),
            Role::Strings => spot(0.8, 1.6, 1.3),
            Role::Winds => spot(-0.75, 1.2, 1.25),
            Role::Other => spot(-0.3, 1.2, 1.1),
            Role::Ambience => RoleSpot {
                azimuth: around.azimuth,
                elevation: around.elevation,
                width: 2.0 * around.azimuth,
                distance: 1.0,
                spread: around.spread,
                gain_db: around.gain_db,
            },
        }))
    }

    /// Where a role stands.
    pub fn spot(&self, role: Role) -> RoleSpot {
        self.0[role as usize]
    }

    /// Puts a role elsewhere.
    pub fn set(&mut self, role: Role, spot: RoleSpot) {
        self.0[role as usize] = spot;
    }
}

/// The elevation that a stage has at an azimuth: straight between its places.
fn elevation(direct: &[Spot], azimuth: f64) -> f64 {
    let after = direct.iter().position(|s| s.azimuth >= azimuth).unwrap_or(direct.len());
    match (after.checked_sub(1).and_then(|i| direct.get(i)), direct.get(after)) {
        (Some(a), Some(b)) if b.azimuth > a.azimuth => {
            a.elevation + (b.elevation - a.elevation) * (azimuth - a.azimuth) / (b.azimuth - a.azimuth)
        }
        (_, Some(only)) | (Some(only), None) => only.elevation,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_says_nothing_has_a_place_for_every_role() {
        let direct = [(0.0, 0.0), (20.0, -5.0), (40.0, -10.0)].map(|(azimuth, elevation)| Spot {
            azimuth,
            elevation,
            ..Spot::default()
        });
        let ambience = [Spot { azimuth: 120.0, elevation: 10.0, spread: 80.0, gain_db: -3.0 }];
        let roles = Roles::usual(&direct, &ambience);
        let middle = |role| (roles.spot(role).azimuth, roles.spot(role).elevation);
        assert_eq!(middle(Role::Lead).0, 0.0);
        assert_eq!((roles.spot(Role::Bass).azimuth, roles.spot(Role::Bass).width), (0.0, 0.0));
        assert_eq!(middle(Role::Guitars), (24.0, -6.75), "elevation is that of the wider of place and width");
        assert_eq!(roles.spot(Role::Ambience).width, 240.0);
        assert_eq!(roles.spot(Role::Ambience).gain_db, -3.0);
        assert!(Role::ALL.iter().all(|r| roles.spot(*r).width <= 360.0 && roles.spot(*r).azimuth.abs() <= 180.0));
    }

    #[test]
    fn names_lead_back_to_their_roles() {
        for (i, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!((role as usize, Role::find(role.name())), (i, Some(role)));
        }
        assert_eq!(Role::find("tuba"), None);
    }
}
