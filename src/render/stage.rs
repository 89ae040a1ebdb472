//! What an engine plays: sources, sound fields, the listener and the room, from a track or from a scene.

use super::control::Control;
use super::engine::{Engine, EngineOptions, engine};
use super::job::{Placement, RenderJob};
use super::panorama;
use super::place::speakers;
use super::space::{FieldSpec, Space};
use crate::coords::{Pose, Vec3};
use crate::error::{Error, Result};
use crate::hrtf::HrtfSet;
use crate::layout::Layout;
use crate::panorama::StageFile;
use crate::room::{Room, preset};
use crate::scene::{self, RoomChoice, RoomFile, RoomSpec, Scene, nearest};
use crate::spatializer::{Beam, HeadMotion, Motion, SourceSpec};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The pattern of a room's loudspeakers, which face the listener: between a cardioid and one that sends everywhere, as
/// boxes on average do. They excite a room 4 dB less than points would.
const LOUDSPEAKER: f64 = 0.6;

/// Delays are kept as far as this, metres: farther sources arrive no later.
const FARTHEST_M: f64 = 10_000.0;

/// Memory for the delays of all sources.
const MOST_DELAYED_BYTES: f64 = 2e9;

/// How far inside its walls a room's loudspeakers stay, metres.
const FROM_WALL_M: f64 = 0.15;

/// Everything an engine needs to know about what it plays. Its inputs are the sources in order, then the channels of the
/// sound fields.
#[derive(Clone, Debug)]
pub struct Stage {
    /// One for each of the engine's mono inputs.
    pub sources: Vec<SourceSpec>,
    /// What to call each of them: a scene's ids, else the labels of ITU-R BS.2051.
    pub names: Vec<String>,
    /// Sound fields.
    pub fields: Vec<FieldSpec>,
    /// The listener.
    pub head: HeadMotion,
    /// The room around them.
    pub room: StageRoom,
    /// Propagation takes time.
    pub propagation: bool,
    /// Metres a second.
    pub speed_of_sound: f64,
    /// Something may move.
    pub moves: bool,
}

/// The room of a stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum StageRoom {
    /// The free field.
    #[default]
    None,
    /// A shoebox, and what to call it.
    Shoebox(Box<Room>, String),
    /// Measured responses in a file.
    Measured(PathBuf),
}

impl StageRoom {
    /// What a report calls it.
    pub fn name(&self) -> String {
        match self {
            Self::None => "none".to_string(),
            Self::Shoebox(_, name) => name.clone(),
            Self::Measured(path) => path.display().to_string(),
        }
    }
}

/// A room that was asked for by name or file, with where one listens in it.
struct Listening {
    room: StageRoom,
    listener: Vec3,
    /// Metres to a track's loudspeakers.
    distance: f64,
}

impl Stage {
    /// A track's channels where `placement` has them, in the room that the job asks for; for a panorama its parts, on the
    /// stage `file`.
    ///
    /// # Errors
    /// `Argument` if the placement does not fit the layout or the room is not known, what a room file has wrong.
    pub fn of_track(job: &RenderJob, placement: &Placement, layout: &Layout, file: Option<&StageFile>) -> Result<Self> {
        let mut stage = Self {
            sources: Vec::new(),
            names: Vec::new(),
            fields: Vec::new(),
            head: HeadMotion::Still(Pose::default()),
            room: StageRoom::None,
            propagation: false,
            speed_of_sound: crate::room::SPEED_OF_SOUND,
            moves: matches!(placement, Placement::Orbit(..)),
        };
        if let Layout::Ambisonic { order } = layout
            && !matches!(placement, Placement::Point(_) | Placement::Orbit(..))
        {
            if job.room.as_deref().is_some_and(|room| room != "none") {
                return Err(Error::argument("a sound field has its own room: --room does not go with it")
                    .hint("leave out --room, or use the field as a [[bed]] of a scene"));
            }
            stage.fields.push(FieldSpec { order: *order, gain: 1.0, head_locked: true });
            return Ok(stage);
        }
        let usual = match (placement, file) {
            (_, Some(file)) => file.room.as_str(),
            (Placement::Panorama | Placement::Speakers, None) => "studio",
            _ => "none",
        };
        let Listening { room, listener, distance } = find_room(job.room.as_deref().unwrap_or(usual))?;
        let in_room = matches!(room, StageRoom::Shoebox(..));
        // Without a room everything keeps its place beside the head; with one it has a place in the room.
        let place = |at: Vec3| if in_room { inside(&room, listener + at) } else { at };
        let source = |motion| SourceSpec { head_locked: !in_room, ..SourceSpec::new(motion) };
        let beam = |at: Vec3| match in_room {
            true => Beam { everywhere: LOUDSPEAKER, facing: (listener - at).direction() },
            false => Beam::OMNI,
        };
        // As loud as at one metre, wherever the loudspeakers of this room stand.
        let loudness = |at: Vec3| if in_room { (at - listener).norm() } else { 1.0 };
        match (placement, file) {
            (Placement::Panorama, Some(file)) => {
                let distance = file.distance.unwrap_or(distance);
                let sectors = file.layout().sectors();
                for (n, spot) in panorama::spots(file).into_iter().enumerate() {
                    stage.names.push(if n < sectors { format!("part {}", n + 1) } else { "ambience".to_string() });
                    let around = Vec3::from_polar(spot.azimuth, spot.elevation, 1.0);
                    let at = if in_room { place(around * distance) } else { around };
                    stage.sources.push(SourceSpec {
                        gain: loudness(at) * 10f64.powf(spot.gain_db / 20.0),
                        beam: beam(at),
                        spread_deg: spot.spread,
                        ..source(Motion::Still(at))
                    });
                }
            }
            (Placement::Stereo, _) => {}
            (Placement::Point(at), _) => {
                stage.names.push("point".to_string());
                stage.sources.push(source(Motion::Still(place(*at))));
            }
            (Placement::Orbit(start, seconds_per_turn), _) => {
                let centre = if in_room { listener } else { Vec3::default() };
                let start = if in_room { fitting(&room, listener, *start) } else { *start };
                stage.names.push("orbit".to_string());
                stage.sources.push(source(Motion::Orbit { centre, start, seconds_per_turn: *seconds_per_turn }));
            }
            (Placement::Panorama | Placement::Speakers, _) => {
                for speaker in speakers(layout).map_err(|e| e.at(&job.input))? {
                    let around = Vec3::from_polar(f64::from(speaker.azimuth), f64::from(speaker.elevation), 1.0);
                    let at = if in_room { place(around * distance) } else { around };
                    let everywhere = speaker.lfe;
                    let spec = source(Motion::Still(if everywhere { around } else { at }));
                    let gain = if everywhere { 1.0 } else { loudness(at) };
                    stage.names.push(speaker.label.to_string());
                    stage.sources.push(SourceSpec {
                        gain,
                        everywhere,
                        head_locked: spec.head_locked || everywhere,
                        beam: beam(at),
                        ..spec
                    });
                }
            }
        }
        if in_room {
            stage.head = HeadMotion::Still(Pose { position: listener, ..Pose::default() });
        }
        stage.room = room;
        Ok(stage)
    }

    /// A scene; `layouts` are those of its beds' files, in order.
    ///
    /// # Errors
    /// `Argument` if a bed's layout does not tell where its channels belong.
    pub fn of_scene(scene: &Scene, layouts: &[Layout]) -> Result<Self> {
        let mut stage = Self {
            sources: Vec::new(),
            names: Vec::new(),
            fields: Vec::new(),
            head: scene.listener_motion()?,
            room: match scene.room_choice() {
                None => StageRoom::None,
                Some(RoomChoice::Shoebox(room)) => {
                    let name = scene.room.as_ref().and_then(|r| r.preset).map_or("shoebox", |p| p.name);
                    StageRoom::Shoebox(Box::new(room), name.to_string())
                }
                Some(RoomChoice::Measured(path)) => StageRoom::Measured(path),
            },
            propagation: scene.propagation,
            speed_of_sound: scene.speed_of_sound,
            moves: true,
        };
        for object in scene.objects()? {
            stage.names.push(object.id);
            let facing = object.facing.rotate(Vec3::new(1.0, 0.0, 0.0));
            stage.sources.push(SourceSpec {
                gain: object.gain,
                head_locked: object.head_locked,
                beam: Beam { everywhere: object.directivity.omni_part(), facing: facing.direction() },
                spread_deg: object.spread,
                ..SourceSpec::new(object.motion)
            });
        }
        let in_room = matches!(stage.room, StageRoom::Shoebox(..));
        let listener = stage.head.at(0.0).position;
        for (bed, layout) in scene.bed_inputs().iter().zip(layouts) {
            if let Layout::Ambisonic { order } = layout {
                let gain = bed.gain as f32;
                stage.fields.push(FieldSpec { order: *order, gain, head_locked: bed.head_locked });
                continue;
            }
            for speaker in speakers(layout).map_err(|e| e.at(&bed.file))? {
                stage.names.push(speaker.label.to_string());
                let at = bed.speaker(f64::from(speaker.azimuth), f64::from(speaker.elevation));
                // A bed's loudspeakers are as loud as at one metre, wherever they stand.
                let gain = bed.gain * if speaker.lfe { 1.0 } else { bed.distance };
                stage.sources.push(SourceSpec {
                    gain,
                    head_locked: bed.head_locked || speaker.lfe,
                    everywhere: speaker.lfe,
                    // In a room they are such as a track's.
                    beam: if in_room && !bed.head_locked && !speaker.lfe {
                        Beam { everywhere: LOUDSPEAKER, facing: (listener - at).direction() }
                    } else {
                        Beam::OMNI
                    },
                    ..SourceSpec::still(at)
                });
            }
        }
        stage.moves = !matches!(stage.head, HeadMotion::Still(_))
            || stage.sources.iter().any(|s| !matches!(s.motion, Motion::Still(_)));
        Ok(stage)
    }

    /// For a track around a head that is followed: what would turn with it stays where it is, except what is heard from
    /// everywhere.
    pub fn stand_still(&mut self) {
        self.moves = true;
        self.sources.iter_mut().for_each(|s| s.head_locked = s.everywhere);
        self.fields.iter_mut().for_each(|f| f.head_locked = false);
    }

    /// True if an engine for it needs a [`Space`].
    pub fn needs_space(&self) -> bool {
        self.propagation
            || !self.fields.is_empty()
            || !matches!(self.room, StageRoom::None)
            || self.sources.iter().any(|s| s.beam.everywhere != 1.0 || s.spread_deg > 0.0)
    }

    /// The longest way from a source to the listener, metres, as far as delays are kept.
    fn reach_m(&self) -> f64 {
        let head = self.head.corners();
        let ways = self.sources.iter().filter(|s| !s.head_locked).flat_map(|s| {
            let corners = s.motion.corners();
            head.iter().flat_map(move |h| corners.clone().into_iter().map(|c| (c - *h).norm())).collect::<Vec<_>>()
        });
        let locked = self.sources.iter().filter(|s| s.head_locked);
        let locked = locked.flat_map(|s| s.motion.corners()).map(Vec3::norm);
        (ways.chain(locked).fold(0.0, f64::max) + 1.0).min(FARTHEST_M)
    }

    /// An engine that plays it from its first frame on.
    ///
    /// # Errors
    /// As [`engine`]; `Unsupported` for a measured room.
    pub fn engine(&self, set: &Arc<HrtfSet>, mut options: EngineOptions) -> Result<(Engine, Control)> {
        options.still = !self.moves && !self.needs_space();
        if self.needs_space() {
            let reach_m = if self.propagation { self.reach_m() } else { 1.0 };
            let bytes = self.sources.len() as f64 * reach_m / self.speed_of_sound * set.sample_rate() * 64.0;
            if bytes > MOST_DELAYED_BYTES {
                return Err(Error::limit(format!(
                    "the delay over {reach_m:.0} m for {} sources takes too much memory",
                    self.sources.len()
                ))
                .hint("bring sources and listener closer together, or set propagation = false"));
            }
            options.space = Some(Space {
                propagation: self.propagation,
                speed_of_sound: self.speed_of_sound,
                reach_m,
                fields: self.fields.clone(),
            });
        }
        options.max_sources = self.sources.len().max(1);
        let (mut engine, mut control) = engine(set, &options)?;
        control.set_head_motion(self.head.clone(), 0.0)?;
        match &self.room {
            StageRoom::None => {}
            StageRoom::Shoebox(room, _) => control.set_room(Some(room), 0.0)?,
            StageRoom::Measured(path) => {
                return Err(Error::unsupported("a measured room cannot be combined with sources yet").at(path));
            }
        }
        for source in &self.sources {
            control.add(source.clone())?;
        }
        // The commands take effect with the first block, even an empty one: now the tail is known.
        engine.process(&[], &mut [], &mut []);
        Ok((engine, control))
    }
}

/// A room by name or file.
fn find_room(name: &str) -> Result<Listening> {
    let in_head = Listening { room: StageRoom::None, listener: Vec3::default(), distance: 1.0 };
    if name == "none" {
        return Ok(in_head);
    }
    if let Some(preset) = preset::find(name) {
        let [x, y, z] = preset.listener;
        return Ok(Listening {
            room: StageRoom::Shoebox(Box::new(preset.room()), preset.name.to_string()),
            listener: Vec3::new(x, y, z),
            distance: preset.place_distance,
        });
    }
    let path = Path::new(name);
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "toml" => room_file(path),
        "sofa" | "wav" => Ok(Listening { room: StageRoom::Measured(path.to_path_buf()), ..in_head }),
        _ => {
            let names: Vec<&str> = std::iter::once("none").chain(preset::all().iter().map(|p| p.name)).collect();
            let error = Error::argument(format!("there is no room called '{name}'"));
            let error = match nearest(name, names.iter().copied()) {
                Some(near) => error.hint(format!("did you mean '{near}'?")),
                None => error,
            };
            Err(error.hint(format!(
                "the rooms are {}; or a room file (.toml), measured responses (.sofa, .wav)",
                names.join(", ")
            )))
        }
    }
}

/// A place to put things in: a room, as an engine and as a scene have it, and where one listens in it.
pub(crate) struct Site {
    pub(crate) room: StageRoom,
    /// `None` for the free field.
    pub(crate) spec: Option<RoomSpec>,
    pub(crate) listener: Vec3,
    /// Metres to a track's loudspeakers.
    pub(crate) distance: f64,
}

/// The site that a room's name or file comes to.
pub(crate) fn site(name: &str) -> Result<Site> {
    let Listening { room, listener, distance } = find_room(name)?;
    Ok(Site { room, spec: room_spec(name)?, listener, distance })
}

/// A room by name or file, as a scene would have it; `None` for the free field.
pub(super) fn room_spec(name: &str) -> Result<Option<RoomSpec>> {
    if let Some(preset) = preset::find(name) {
        return Ok(Some(RoomSpec::preset(preset)));
    }
    // Paths inside a scene are relative to its folder; this one is not.
    let whole = |path: &Path| std::path::absolute(path).map_err(|e| Error::io(path, "cannot find the room", e));
    Ok(match find_room(name)?.room {
        StageRoom::None => None,
        StageRoom::Measured(path) => Some(RoomSpec::measured(&whole(&path)?.to_string_lossy())),
        StageRoom::Shoebox(..) => Some(RoomFile::open(name)?.room),
    })
}

fn room_file(path: &Path) -> Result<Listening> {
    let file = RoomFile::open(path)?;
    let base = path.parent().unwrap_or(Path::new(""));
    let mut whole = Scene::new().room(file.room);
    whole.base_dir = base.to_path_buf();
    if let Some(listener) = file.listener {
        whole = whole.listener(scene::Listener::at(listener));
    }
    let listener = whole.listener_pose().position;
    let usual = whole.room.as_ref().and_then(|r| r.preset).map(|p| p.place_distance);
    Ok(match whole.room_choice() {
        None => Listening { room: StageRoom::None, listener: Vec3::default(), distance: 1.0 },
        Some(RoomChoice::Measured(path)) => {
            Listening { room: StageRoom::Measured(path), listener: Vec3::default(), distance: 1.0 }
        }
        Some(RoomChoice::Shoebox(room)) => {
            let distance = usual.unwrap_or_else(|| room.size.iter().fold(1.5f64, |m, l| m.min(0.4 * l)));
            Listening { room: StageRoom::Shoebox(Box::new(room), path.display().to_string()), listener, distance }
        }
    })
}

fn size(room: &StageRoom) -> Option<[f64; 3]> {
    if let StageRoom::Shoebox(room, _) = room { Some(room.size) } else { None }
}

/// A place, moved inside the walls if it is beyond them.
pub(crate) fn inside(room: &StageRoom, p: Vec3) -> Vec3 {
    let Some([x, y, z]) = size(room) else { return p };
    let keep = |v: f64, l: f64| v.clamp(FROM_WALL_M.min(0.5 * l), (l - FROM_WALL_M).max(0.5 * l));
    Vec3::new(keep(p.x, x), keep(p.y, y), keep(p.z, z))
}

/// The start of a circle that stays inside the walls.
fn fitting(room: &StageRoom, listener: Vec3, start: Vec3) -> Vec3 {
    let Some([x, y, _]) = size(room) else { return start };
    let free = [listener.x, x - listener.x, listener.y, y - listener.y].iter().fold(f64::MAX, |m, d| m.min(*d));
    let flat = start.x.hypot(start.y);
    let scale = ((free - FROM_WALL_M) / flat.max(1e-9)).clamp(0.0, 1.0);
    inside(room, listener + Vec3::new(start.x * scale, start.y * scale, start.z)) - listener
}
