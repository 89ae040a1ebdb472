//! Stems on a stage: a scene of sources where their roles stand.
//!
//! A mono stem is a point, 3 dB louder than it is written, as a pan pot would put it on two channels. A stereo stem is two
//! sources, so that it keeps its width, or one where its role has none (the bass). What has more channels is a bed on its
//! loudspeakers or a sound field. All are as loud as at one metre wherever they stand, begin together and stay in step:
//! distance delays nothing.

use super::folder::{MOST_STEMS, stem_name};
use super::names::{Named, Side, recognise};
use crate::coords::Vec3;
use crate::decode;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::panorama::{Role, RoleSpot, StageFile};
use crate::render::Vocals;
use crate::render::stage::{Site, StageRoom, inside, site};
use crate::room::directivity::Directivity;
use crate::scene::{Bed, Channel, Listener, Place, Scene, Source};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What a pan pot puts on both channels together, dB.
const PAN_POT_DB: f64 = 3.0;

/// A stem and where it went.
#[derive(Clone, Debug, PartialEq)]
pub struct Stem {
    /// Its file.
    pub file: PathBuf,
    /// What it is.
    pub role: Role,
    /// Whether its name says so; [`Role::Other`] if not.
    pub known: bool,
    /// Channels of the file.
    pub channels: usize,
    /// Its sources around the listener: azimuth and elevation in degrees, distance in metres. None for a sound field.
    pub places: Vec<[f64; 3]>,
}

/// Stems on a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrangement {
    /// What is rendered. Files are named as they were given, relative to the working directory.
    pub scene: Scene,
    /// The stems, in their order; those that are left out (`--vocals`) excluded.
    pub stems: Vec<Stem>,
    /// What of each of the scene's sources and beds is said beside it in a file: one for each, sources first.
    pub(super) notes: Vec<String>,
    /// The stage's name.
    pub stage: String,
    /// What was odd.
    pub warnings: Vec<String>,
}

/// Puts stems on a stage, in `room` instead of the stage's if that is given. `vocals` says what becomes of those that are
/// voices.
///
/// # Errors
/// `Argument` for no stems, an unknown room, names that are no Unicode, or if nothing is left; `Limit` for too many; what
/// opening a file runs into.
pub fn arrange(
    files: &[PathBuf],
    stage: &StageFile,
    room: Option<&str>,
    vocals: Option<Vocals>,
) -> Result<Arrangement> {
    if files.is_empty() {
        return Err(Error::argument("there are no stems"));
    }
    if files.len() > MOST_STEMS {
        return Err(Error::limit(format!("{} stems are too many: {MOST_STEMS} at most", files.len())));
    }
    let names: Vec<String> = files.iter().map(|f| stem_name(f)).collect();
    let mut found = Vec::new();
    for (file, named) in files.iter().zip(recognise(&names)) {
        let layout = decode::open(file)?.info().layout.clone();
        found.push(Found { file, named, layout });
    }
    let parts: Vec<Part> = seated(&found, stage);
    build(parts, stage, room, vocals)
}

/// What a source plays of parts that come without files: one channel of a part, or all of them added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) part: usize,
    pub(crate) channel: Option<usize>,
}

/// Parts that come without files, such as those that a model tells apart: where they stand, and for each of the scene's
/// sources what it plays of them. Each has `channels` (1 or 2). The scene's files are never opened.
pub(crate) fn arrange_parts(
    names: &[String],
    channels: usize,
    stage: &StageFile,
    room: Option<&str>,
) -> Result<(Arrangement, Vec<Seat>)> {
    let layout = Layout::named(if channels == 1 { "mono" } else { "stereo" }, channels)?;
    let files: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
    let found: Vec<Found<'_>> = files
        .iter()
        .zip(recognise(names))
        .map(|(file, named)| Found { file, named: Named { side: None, ..named }, layout: layout.clone() })
        .collect();
    let parts = seated(&found, stage);
    let seats = |(i, part): (usize, &Part)| match part.seats {
        Seats::Pair(_) => vec![Seat { part: i, channel: Some(0) }, Seat { part: i, channel: Some(1) }],
        Seats::Point(_) | Seats::Bed => vec![Seat { part: i, channel: None }],
    };
    let seats = parts.iter().enumerate().flat_map(seats).collect();
    Ok((build(parts, stage, room, None)?, seats))
}

struct Found<'a> {
    file: &'a Path,
    named: Named,
    layout: Layout,
}

impl Found<'_> {
    fn is_mono(&self) -> bool {
        self.layout.channels() == 1
    }
}

/// How the channels of a stem become sources.
enum Seats {
    /// One point; the azimuth.
    Point(f64),
    /// Left and right; the azimuth of the left one.
    Pair(f64),
    /// As their loudspeakers, or a sound field.
    Bed,
}

struct Part {
    file: PathBuf,
    named: Named,
    layout: Layout,
    spot: RoleSpot,
    seats: Seats,
}

/// Finds everybody's seat: those of one role share its place.
fn seated(found: &[Found<'_>], stage: &StageFile) -> Vec<Part> {
    let shares = |f: &Found<'_>| f.is_mono() && f.named.side.is_none() && !f.named.middle;
    let part = |(i, f): (usize, &Found<'_>)| {
        let spot = stage.roles.spot(f.named.role);
        let same = |g: &&Found<'_>| g.named.role == f.named.role;
        let seats = match f.layout.channels() {
            1 if f.named.middle => Seats::Point(0.0),
            1 => match f.named.side {
                Some(Side::Left) => Seats::Point(0.5 * spot.width),
                Some(Side::Right) => Seats::Point(-0.5 * spot.width),
                None => {
                    let n = found[..i].iter().filter(same).filter(|g| shares(g)).count();
                    let of = found.iter().filter(same).filter(|g| shares(g)).count();
                    Seats::Point(place_of(n, of, &spot))
                }
            },
            2 if spot.width == 0.0 => Seats::Point(spot.azimuth),
            2 => Seats::Pair(0.5 * spot.width),
            _ if matches!(f.layout, Layout::Discrete { .. }) => Seats::Point(spot.azimuth),
            _ => Seats::Bed,
        };
        Part { file: f.file.to_path_buf(), named: f.named, layout: f.layout.clone(), spot, seats }
    };
    found.iter().enumerate().map(part).collect()
}

/// The azimuth of the `n`th of several mono stems of one role: one at its place, two on both sides, more across its width.
fn place_of(n: usize, of: usize, spot: &RoleSpot) -> f64 {
    match of {
        0 | 1 => spot.azimuth,
        2 if spot.azimuth != 0.0 => [spot.azimuth, -spot.azimuth][n.min(1)],
        2 => [0.25 * spot.width, -0.25 * spot.width][n.min(1)],
        _ => 0.5 * spot.width - spot.width * n as f64 / (of - 1) as f64,
    }
}

fn build(mut parts: Vec<Part>, stage: &StageFile, room: Option<&str>, vocals: Option<Vocals>) -> Result<Arrangement> {
    if let Some(vocals) = vocals {
        if !parts.iter().any(|p| p.named.role.is_voice()) {
            return Err(Error::argument("none of the stems is a voice, by their names")
                .hint("leave out --vocals, or rename the voice: vocals.wav"));
        }
        parts.retain(|p| match vocals {
            Vocals::Off => !p.named.role.is_voice(),
            Vocals::Only => p.named.role.is_voice(),
            Vocals::Gain(_) => true,
        });
        if parts.is_empty() {
            return Err(
                Error::argument("all stems are voices: without them nothing is left").hint("leave out --vocals off")
            );
        }
    }
    let Site { room, spec, listener, distance } = site(room.unwrap_or(&stage.room))?;
    let distance = stage.distance.unwrap_or(distance);
    let mut all = Arrangement {
        scene: Scene { propagation: false, room: spec, ..Scene::new() }.listener(Listener::at(rounded(listener))),
        stems: Vec::new(),
        notes: Vec::new(),
        stage: stage.name.clone(),
        warnings: Vec::new(),
    };
    let listener = rounded(listener);
    let (mut ids, mut bed_notes) = (HashSet::new(), Vec::new());
    for part in parts {
        let name = text(&part.file)?;
        let voice_db = match vocals {
            Some(Vocals::Gain(db)) if part.named.role.is_voice() => db,
            _ => 0.0,
        };
        let note = note_of(&part);
        let mut stem = Stem {
            file: part.file.clone(),
            role: part.named.role,
            known: part.named.known,
            channels: part.layout.channels(),
            places: Vec::new(),
        };
        let mut source = |channel: Channel, azimuth: f64, ending: &str, more_db: f64| {
            let spot = &part.spot;
            let around = Vec3::from_polar(azimuth, spot.elevation, distance * spot.distance);
            let at = rounded(if matches!(room, StageRoom::Shoebox(..)) {
                inside(&room, listener + around)
            } else {
                listener + around
            });
            let (az, el, d) = (at - listener).to_polar();
            stem.places.push([az, el, d]);
            let mut id = format!("{}{ending}", stem_name(&part.file));
            let mut number = 2;
            while !ids.insert(id.clone()) {
                id = format!("{}{ending} {number}", stem_name(&part.file));
                number += 1;
            }
            // As loud as at one metre, wherever it stands; a scene does not go nearer than a tenth of one.
            let gain_db = 20.0 * d.max(0.1).log10() + spot.gain_db + more_db + voice_db;
            all.notes.push(note.clone());
            all.scene.sources.push(Source {
                channel,
                gain_db: (gain_db.clamp(-120.0, 60.0) * 100.0).round() / 100.0,
                spread: spot.spread,
                // Everything faces the listener.
                directivity: if matches!(room, StageRoom::Shoebox(..)) {
                    Directivity::Subcardioid
                } else {
                    Directivity::Omni
                },
                ..Source::new(&name, Place::At(at)).id(&id)
            });
        };
        match part.seats {
            Seats::Point(azimuth) => {
                let more_db = if part.layout.channels() == 1 { PAN_POT_DB } else { 0.0 };
                source(Channel::Sum, azimuth, "", more_db);
            }
            Seats::Pair(azimuth) => {
                source(Channel::Index(0), azimuth, " L", 0.0);
                source(Channel::Index(1), -azimuth, " R", 0.0);
            }
            Seats::Bed => {
                let mut bed = Bed::new(&name);
                bed.gain_db = (part.spot.gain_db + voice_db).clamp(-120.0, 60.0);
                if let Layout::Speakers { speakers, .. } = &part.layout {
                    let room_for = reach(&room, listener).min(distance);
                    bed.distance = Some((room_for * 1000.0).round() / 1000.0).filter(|d| *d >= 0.1);
                    let place = |s: &crate::layout::Speaker| [f64::from(s.azimuth), f64::from(s.elevation), room_for];
                    stem.places = speakers.iter().map(place).collect();
                }
                bed_notes.push(note);
                all.scene.beds.push(bed);
            }
        }
        all.warnings.extend(warnings(&part));
        all.stems.push(stem);
    }
    all.notes.extend(bed_notes);
    Ok(all)
}

/// What is said of a stem beside it.
fn note_of(part: &Part) -> String {
    let what = part.named.role.describe();
    if part.named.known { what.to_string() } else { format!("{what}: the name does not say what this is") }
}

fn warnings(part: &Part) -> Vec<String> {
    let mut all = Vec::new();
    let path = part.file.display();
    if !part.named.known {
        all.push(format!("{path}: its name does not say what it plays; it stands among the rest of the band"));
    }
    if matches!(part.layout, Layout::Discrete { .. }) && part.layout.channels() > 2 {
        let channels = part.layout.channels();
        all.push(format!("{path}: it does not say where its {channels} channels belong; they are added up"));
    }
    all
}

/// To the millimetre: what is written is what is rendered.
fn rounded(p: Vec3) -> Vec3 {
    let mm = |x: f64| (x * 1000.0).round() / 1000.0;
    Vec3::new(mm(p.x), mm(p.y), mm(p.z))
}

/// The way from the listener to the nearest wall, metres.
fn reach(room: &StageRoom, listener: Vec3) -> f64 {
    let StageRoom::Shoebox(room, _) = room else { return f64::MAX };
    let [x, y, z] = room.size;
    let ways = [listener.x, x - listener.x, listener.y, y - listener.y, listener.z, z - listener.z];
    0.9 * ways.into_iter().fold(f64::MAX, f64::min)
}

/// A path as a scene has it.
pub(super) fn text(path: &Path) -> Result<String> {
    path.to_str().map(|t| t.replace('\\', if cfg!(windows) { "/" } else { "\\" })).ok_or_else(|| {
        Error::unsupported("the name of this stem is not Unicode (UTF-8), which a scene needs")
            .at(path)
            .hint("rename the file")
    })
}
