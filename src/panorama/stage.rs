//! Stages: small files that say where the parts of a stereo track go, and in which room.
//!
//! Written for one half: what is said of the left is mirrored to the right. `docs/panorama.md` has all keys.

use super::parts::PartsLayout;
use super::roles::Roles;
#[cfg(feature = "scene")]
use crate::error::{Error, Result};

/// Where a part stands: on the left, or in the middle; its mirror image is on the right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spot {
    /// Degrees, counter-clockwise, 0 to 180.
    pub azimuth: f64,
    /// Degrees, up, -90 to 90.
    pub elevation: f64,
    /// Degrees of width, 0 for a point to 360.
    pub spread: f64,
    /// dB.
    pub gain_db: f64,
}

/// What a stage file says.
#[derive(Clone, Debug, PartialEq)]
pub struct StageFile {
    /// Its name, or that of its file.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The room: `none`, a preset, or a file, as `--room` takes it.
    pub room: String,
    /// Metres to everything on the stage; `None` for the room's usual distance.
    pub distance: Option<f64>,
    /// Direct sound from the middle outwards to what is panned hard left: 2 to 5 places, equally far apart in panning.
    pub direct: Vec<Spot>,
    /// Where the ambience of the left channel comes from: 1 to 4 places.
    pub ambience: Vec<Spot>,
    /// Level of the low bass, dB.
    pub bass_db: f64,
    /// The stage's own colour is taken away, so that the track keeps its.
    pub equalise: bool,
    /// Where the stems of a song go.
    pub roles: Roles,
}

impl StageFile {
    /// What its parts are.
    pub fn layout(&self) -> PartsLayout {
        let sectors = 2 * self.direct.len().clamp(2, 5) - 1;
        // Never any other number than these.
        PartsLayout::new(sectors).unwrap_or_else(|_| unreachable!("3 to 9 directions"))
    }

    /// Where a direct part is, counted from hard left: as [`StageFile::direct`], azimuths negative on the right.
    pub fn spot(&self, sector: usize) -> Spot {
        let middle = self.direct.len() - 1;
        if sector <= middle {
            self.direct[middle - sector]
        } else {
            let spot = self.direct[sector - middle];
            Spot { azimuth: -spot.azimuth, ..spot }
        }
    }
}

/// The stages that come along: name and text.
#[cfg(feature = "scene")]
pub const BUILT_IN: [(&str, &str); 6] = [
    ("natural", include_str!("../../stages/natural.toml")),
    ("wide", include_str!("../../stages/wide.toml")),
    ("intimate", include_str!("../../stages/intimate.toml")),
    ("live", include_str!("../../stages/live.toml")),
    ("car", include_str!("../../stages/car.toml")),
    ("cinema", include_str!("../../stages/cinema.toml")),
];

/// The stage when none is asked for.
pub const DEFAULT_STAGE: &str = "natural";

#[cfg(feature = "scene")]
mod read {
    use super::*;
    use crate::panorama::roles::{Role, RoleSpot};
    use crate::scene::node::Node;
    use crate::scene::parse::from_text;
    use crate::scene::reader::{Mistakes, Reader};
    use crate::scene::{SceneErrors, nearest};
    use std::path::Path;

    /// A longer text is no stage.
    const MOST_BYTES: u64 = 1 << 20;

    impl StageFile {
        /// A stage by name or from a file.
        ///
        /// # Errors
        /// `Argument` if there is none of that name or the file has mistakes, `Io` if it cannot be read.
        pub fn open(name: &str) -> Result<Self> {
            if let Some((name, text)) = BUILT_IN.iter().find(|(n, _)| *n == name) {
                return Self::parse(name, text);
            }
            let path = Path::new(name);
            if path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("toml")) {
                let names: Vec<&str> = BUILT_IN.iter().map(|(n, _)| *n).collect();
                let error = Error::argument(format!("there is no stage called '{name}'"));
                let error = match nearest(name, names.iter().copied()) {
                    Some(near) => error.hint(format!("did you mean '{near}'?")),
                    None => error,
                };
                return Err(error.hint(format!("the stages are {}; or a stage file (.toml)", names.join(", "))));
            }
            let io = |e| Error::io(path, "the stage cannot be read", e);
            if std::fs::metadata(path).map_err(io)?.len() > MOST_BYTES {
                return Err(Error::limit(format!("a stage has {} MB at most", MOST_BYTES >> 20)).at(path));
            }
            let text = String::from_utf8(std::fs::read(path).map_err(io)?).map_err(|e| {
                Error::argument("the stage is not Unicode (UTF-8)")
                    .at(path)
                    .hint("save it as UTF-8 with your editor")
                    .caused_by(e)
            })?;
            let stem = path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
            let mut stage = Self::parse(&stem, &text).map_err(|e| e.at(path))?;
            // A room file is beside the stage that names it.
            let beside = path.parent().unwrap_or(Path::new("")).join(&stage.room);
            if Path::new(&stage.room).extension().is_some() && beside.is_file() {
                stage.room = beside.to_string_lossy().into_owned();
            }
            Ok(stage)
        }

        /// Reads a stage; `name` is what it is called.
        ///
        /// # Errors
        /// `Argument` with the first mistake's line and column, and the others as hints.
        pub fn parse(name: &str, text: &str) -> Result<Self> {
            from_text(text, |document| {
                let all = Mistakes::default();
                match (stage(document, name, &all), all.len()) {
                    (Some(stage), 0) => Ok(stage),
                    _ => Err(all.into_inner()),
                }
            })
            .map_err(|e| together(&e))
        }
    }

    fn together(all: &SceneErrors) -> Error {
        let mut lines = all.errors.iter().map(|e| (all.line(e), e.hint.clone()));
        let (first, hint) = lines.next().unwrap_or_else(|| ("the stage is wrong".to_string(), None));
        let mut error = Error::argument(first);
        if let Some(hint) = hint {
            error = error.hint(hint);
        }
        lines.take(5).fold(error, |error, (line, _)| error.hint(format!("also wrong: {line}")))
    }

    const KEYS: &[&str] =
        &["format", "description", "room", "distance", "equalise", "direct", "ambience", "bass", "roles"];

    fn stage(document: &Node, name: &str, all: &Mistakes) -> Option<StageFile> {
        let r = Reader::new(document, "", KEYS, all)?;
        r.whole("format", 1, 1);
        let direct = direct(&r, all);
        let ambience: Vec<Option<Spot>> =
            r.tables("ambience").into_iter().map(|(name, node)| spot(node, &name, all)).collect();
        if ambience.is_empty() {
            r.missing("the stage says nothing of the ambience".to_string(), "add [[ambience]] with an azimuth");
        } else if ambience.len() > 4 {
            r.wrong(r.key_at("ambience"), format!("ambience has 1 to 4 places, not {}", ambience.len()), None);
        }
        let bass = r.get("bass").and_then(|n| Reader::new(n, "bass", &["gain_db"], all));
        let ambience = ambience.into_iter().collect::<Option<Vec<_>>>();
        let roles = match (&direct, &ambience) {
            (Some(direct), Some(ambience)) => roles(&r, direct, ambience, all),
            // What they follow from is wrong already.
            _ => roles(&r, &[], &[], all),
        };
        Some(StageFile {
            name: name.to_string(),
            description: r.text("description").unwrap_or_default().to_string(),
            room: r.text("room").unwrap_or("studio").to_string(),
            distance: r.number("distance", 0.2, 50.0),
            bass_db: bass.and_then(|b| b.number("gain_db", -24.0, 12.0)).unwrap_or(0.0),
            equalise: r.flag("equalise").unwrap_or(true),
            direct: direct?,
            ambience: ambience?,
            roles,
        })
    }

    fn roles(r: &Reader<'_>, direct: &[Spot], ambience: &[Spot], all: &Mistakes) -> Roles {
        let mut roles = Roles::usual(direct, ambience);
        let names = Role::ALL.map(Role::name);
        let Some(table) = r.get("roles").and_then(|n| Reader::new(n, "roles", &names, all)) else { return roles };
        for role in Role::ALL {
            let keys = ["azimuth", "elevation", "width", "distance", "spread", "gain_db"];
            let name = table.key(role.name());
            let Some(t) = table.get(role.name()).and_then(|n| Reader::new(n, name, &keys, all)) else { continue };
            let usual = roles.spot(role);
            roles.set(
                role,
                RoleSpot {
                    azimuth: t.number("azimuth", -180.0, 180.0).unwrap_or(usual.azimuth),
                    elevation: t.number("elevation", -90.0, 90.0).unwrap_or(usual.elevation),
                    width: t.number("width", 0.0, 360.0).unwrap_or(usual.width),
                    distance: t.number("distance", 0.2, 5.0).unwrap_or(usual.distance),
                    spread: t.number("spread", 0.0, 360.0).unwrap_or(usual.spread),
                    gain_db: t.number("gain_db", -60.0, 20.0).unwrap_or(usual.gain_db),
                },
            );
        }
        roles
    }

    fn direct(r: &Reader<'_>, all: &Mistakes) -> Option<Vec<Spot>> {
        let Some(node) = r.get("direct") else {
            r.missing("the stage says nothing of the direct sound".to_string(), "begin it with the line: [direct]");
            return None;
        };
        let d = Reader::new(node, "direct", &["azimuths", "elevations", "spreads", "gains_db"], all)?;
        if !d.has("azimuths") {
            d.missing(
                "direct has no azimuths".to_string(),
                "give it those from the middle to hard left: azimuths = [0, 20, 42, 65]",
            );
        }
        let azimuths = d.list("azimuths", 2..=5, 0.0, 180.0)?;
        let n = azimuths.len();
        let others = |key, low, high| if d.has(key) { d.list(key, n..=n, low, high) } else { Some(vec![0.0; n]) };
        let elevations = others("elevations", -90.0, 90.0);
        let spreads = others("spreads", 0.0, 360.0);
        let gains = others("gains_db", -60.0, 20.0);
        if !azimuths.is_sorted() {
            d.wrong(
                d.key_at("azimuths"),
                "direct.azimuths must not fall: what is panned further out stands further out".to_string(),
                None,
            );
        }
        let (elevations, spreads, gains) = (elevations?, spreads?, gains?);
        let spot =
            |i: usize| Spot { azimuth: azimuths[i], elevation: elevations[i], spread: spreads[i], gain_db: gains[i] };
        Some((0..n).map(spot).collect())
    }

    fn spot(node: &Node, name: &str, all: &Mistakes) -> Option<Spot> {
        let r = Reader::new(node, name, &["azimuth", "elevation", "spread", "gain_db"], all)?;
        if !r.has("azimuth") {
            r.missing(format!("{name} has no azimuth"), "say where the left ambience comes from: azimuth = 110");
        }
        Some(Spot {
            azimuth: r.number("azimuth", 0.0, 180.0)?,
            elevation: r.number("elevation", -90.0, 90.0).unwrap_or(0.0),
            spread: r.number("spread", 0.0, 360.0).unwrap_or(0.0),
            gain_db: r.number("gain_db", -60.0, 20.0).unwrap_or(0.0),
        })
    }
}

#[cfg(all(test, feature = "scene"))]
mod tests {
    use super::*;

    #[test]
    fn built_in_stages_are_whole_and_their_rooms_exist() {
        for (name, _) in BUILT_IN {
            let stage = StageFile::open(name).unwrap();
            assert_eq!(stage.name, name);
            assert!(!stage.description.is_empty(), "{name}");
            assert!(crate::room::preset::find(&stage.room).is_some(), "{name}");
            assert_eq!(stage.spot(stage.layout().centre()).azimuth, 0.0, "{name}");
        }
        assert!(BUILT_IN.iter().any(|(name, _)| *name == DEFAULT_STAGE));
    }

    #[test]
    fn the_right_half_mirrors_the_left() {
        let stage = StageFile::parse(
            "mine",
            "[direct]\nazimuths = [0, 30, 80]\nelevations = [1, 2, 3]\n[[ambience]]\nazimuth = 120\n",
        )
        .unwrap();
        assert_eq!(stage.layout().sectors(), 5);
        let azimuths: Vec<f64> = (0..5).map(|s| stage.spot(s).azimuth).collect();
        assert_eq!(azimuths, [80.0, 30.0, 0.0, -30.0, -80.0]);
        let elevations: Vec<f64> = (0..5).map(|s| stage.spot(s).elevation).collect();
        assert_eq!(elevations, [3.0, 2.0, 1.0, 2.0, 3.0]);
        assert!(stage.equalise);
        assert_eq!((stage.room.as_str(), stage.distance), ("studio", None));
    }

    #[test]
    fn a_stage_may_say_where_roles_stand_and_the_rest_follows() {
        use crate::panorama::roles::Role;
        let text = "[direct]\nazimuths = [0, 50]\n[[ambience]]\nazimuth = 100\n";
        let plain = StageFile::parse("mine", text).unwrap();
        let said =
            StageFile::parse("mine", &format!("{text}[roles]\nkeys = {{ azimuth = -70, distance = 2 }}\n")).unwrap();
        for role in Role::ALL {
            let (plain, said) = (plain.roles.spot(role), said.roles.spot(role));
            if role == Role::Keys {
                assert_eq!((said.azimuth, said.distance, said.width), (-70.0, 2.0, plain.width));
            } else {
                assert_eq!(said, plain, "{role:?}");
            }
        }
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (text, said) in [
            ("", "the stage says nothing of the direct sound"),
            ("[direct]\nazimuths = [0, 20]\n", "ambience"),
            (
                "[direct]\nazimuths = [0]\n[[ambience]]\nazimuth = 90\n",
                "2:12: direct.azimuths must be a list of 2 to 5",
            ),
            ("[direct]\nazimuths = [0, 200]\n[[ambience]]\nazimuth = 90\n", "0 to 180, not 200"),
            ("[direct]\nazimuths = [30, 10]\n[[ambience]]\nazimuth = 90\n", "must not fall"),
            ("[direct]\nazimuths = [0, 9]\nspreads = [1]\n[[ambience]]\nazimuth = 90\n", "a list of 2 numbers"),
            ("[direct]\nazimuths = [0, 9]\n[[ambience]]\nspread = 90\n", "ambience[0] has no azimuth"),
            (
                "[direct]\nazimuths = [0, 9]\n[[ambience]]\nazimuth = 9\n[roles]\ndrms = {}\n",
                "6:1: unknown key 'drms' in roles",
            ),
            (
                "[direct]\nazimuths = [0, 9]\n[[ambience]]\nazimuth = 9\n[roles]\ndrums = { width = 400 }\n",
                "roles.drums.width must be 0 to 360",
            ),
            ("rooom = 'x'\n[direct]\nazimuths = [0, 9]\n[[ambience]]\nazimuth = 9\n", "1:1: unknown key 'rooom'"),
            ("[direct\n", "not TOML"),
        ] {
            let error = StageFile::parse("mine", text).unwrap_err();
            let all = format!("{error} {:?}", error.hints());
            assert!(all.contains(said), "{text:?}: {all}");
        }
        let error = StageFile::open("natrual").unwrap_err();
        assert!(error.hints()[0].contains("natural"), "{error:?}");
        assert_eq!(StageFile::open("nowhere.toml").unwrap_err().kind(), crate::ErrorKind::Io);
    }
}
