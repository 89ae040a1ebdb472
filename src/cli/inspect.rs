//! `periphon inspect`: what a file is and holds, and what of it cannot be used.

use super::head::Info;
use super::{Common, file, print};
use crate::decode::{self, Kind, TrackInfo};
use crate::error::{Error, Result};
use crate::room::measured::{Emitter, MeasuredRoom, Receivers};
use crate::scene::Scene;
use crate::sofa::{self, Container};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Say what a file is and holds, and what of it cannot be used and why
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon inspect song.flac
  periphon inspect film.mkv
  periphon inspect song-stems/
  periphon inspect head.sofa --json")]
pub(super) struct InspectArgs {
    /// The file, of any kind, or a folder of stems
    file: PathBuf,
}

/// A track as JSON has it.
#[derive(Serialize)]
struct Track<'a> {
    kind: &'static str,
    #[serde(serialize_with = "print::path")]
    file: &'a Path,
    container: &'a str,
    codec: &'a str,
    decoder: &'a str,
    sample_rate: u32,
    channels: usize,
    layout: String,
    frames: Option<u64>,
    seconds: Option<f64>,
    bits: Option<u32>,
    /// A name that stands there several times has its values in one string, divided by "; ".
    tags: BTreeMap<&'a str, String>,
    cover: Option<Cover<'a>>,
    replay_gain: Gains,
    has_video: bool,
    has_adm: bool,
    /// What the file holds and this version does not use.
    not_used: Vec<&'static str>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Cover<'a> {
    mime: &'a str,
    bytes: usize,
}

#[derive(Serialize)]
struct Gains {
    track_gain_db: Option<f32>,
    track_peak: Option<f32>,
    album_gain_db: Option<f32>,
    album_peak: Option<f32>,
}

/// A file whose kind is known and that this version has no use for.
#[derive(Serialize)]
struct Unusable<'a> {
    kind: &'static str,
    #[serde(serialize_with = "print::path")]
    file: &'a Path,
    what: String,
    not_usable: &'static str,
}

/// A SOFA file that is no head.
#[derive(Serialize)]
struct Sofa<'a> {
    kind: &'static str,
    #[serde(serialize_with = "print::path")]
    file: &'a Path,
    convention: Option<&'a str>,
    variables: Vec<Variable>,
    not_a_head: String,
    /// What it is as a room, or why it is none either.
    room: Option<MeasuredReport>,
    not_a_room: Option<String>,
}

/// A measured room, for `--room`.
#[derive(Serialize)]
struct MeasuredReport {
    receivers: String,
    /// Name, azimuth, elevation, distance of each loudspeaker.
    loudspeakers: Vec<(String, f64, f64, f64)>,
    orientations: usize,
    seconds: f64,
    warnings: Vec<String>,
}

impl MeasuredReport {
    fn of(room: &MeasuredRoom) -> Self {
        let loudspeaker = |e: &Emitter| {
            let (azimuth, elevation, distance) = e.position.to_polar();
            (e.name.clone(), azimuth, elevation, distance)
        };
        Self {
            receivers: match room.receivers() {
                Receivers::Ears => "two ears".to_string(),
                Receivers::SoundField(order) => format!("a sound field of order {order}"),
            },
            loudspeakers: room.emitters().iter().map(loudspeaker).collect(),
            orientations: room.orientations().len(),
            seconds: room.taps() as f64 / room.sample_rate(),
            warnings: room.warnings().to_vec(),
        }
    }

    fn text(&self) -> String {
        let mut t = format!(
            "kind       measured room, for --room\nheard by   {}, {} orientation{}\nlength     {:.3} s\n",
            self.receivers,
            self.orientations,
            if self.orientations == 1 { "" } else { "s" },
            self.seconds,
        );
        for (name, azimuth, elevation, distance) in &self.loudspeakers {
            let _ = writeln!(t, "speaker    {name}: azimuth {azimuth:.1}, elevation {elevation:.1}, {distance:.2} m");
        }
        for warning in &self.warnings {
            let _ = writeln!(t, "warning    {warning}");
        }
        t
    }
}

#[derive(Serialize)]
struct Variable {
    name: String,
    dimensions: Vec<usize>,
}

/// A head as JSON has it.
#[derive(Serialize)]
struct Head {
    kind: &'static str,
    #[serde(flatten)]
    info: Info,
}

pub(super) fn run(args: &InspectArgs, common: &Common) -> Result<()> {
    let path = &args.file;
    if path.is_dir() {
        return super::stems::inspect(path, common);
    }
    let kind = file::kind(path)?;
    match kind {
        Kind::Audio(_) => track(path, common),
        Kind::Hdf5 => sofa_file(path, common),
        Kind::Scene => scene(path, common),
        Kind::Iamf => unusable("iamf", path, kind, "this version does not decode IAMF", common),
        Kind::Xml => unusable("xml", path, kind, "this version does not read ADM documents", common),
        kind => Err(Error::unsupported(format!("this is {}", kind.describe()))
            .at(path)
            .hint("tracks, SOFA files and scenes can be inspected")),
    }
}

/// What a scene holds; its mistakes if it has any.
fn scene(file: &Path, common: &Common) -> Result<()> {
    let scene = Scene::open(file)?;
    if common.json {
        return print::json(&serde_json::json!({
            "kind": "scene",
            "file": file.to_string_lossy(),
            "room": super::scene::room_name(&scene),
            "sources": scene.sources.iter().map(|s| &s.id).collect::<Vec<_>>(),
            "scene": scene,
        }));
    }
    let mut t =
        format!("file       {}\nkind       scene\nroom       {}\n", file.display(), super::scene::room_name(&scene));
    let at = scene.listener_pose().position;
    let moving = if scene.listener.path.is_empty() { "" } else { ", moving" };
    let _ = writeln!(t, "listener   [{}, {}, {}]{moving}", at.x, at.y, at.z);
    for (s, o) in scene.sources.iter().zip(scene.objects()?) {
        let p = o.motion.at(0.0);
        let locked = if o.head_locked { " in the head's frame" } else { "" };
        let moving = if o.motion.moves(0.0) { ", moving" } else { "" };
        let _ = writeln!(
            t,
            "source     {}: {}, at [{:.2}, {:.2}, {:.2}]{locked}{moving}, {} dB, from {} s",
            s.id, s.file, p.x, p.y, p.z, s.gain_db, s.start
        );
    }
    for b in &scene.beds {
        let layout = b.layout.map_or("layout as the file says", |l| l.name());
        let _ = writeln!(t, "bed        {}: {layout}, {} dB, from {} s", b.file, b.gain_db, b.start);
    }
    print::lines(&t)
}

fn unusable(kind: &'static str, file: &Path, found: Kind, why: &'static str, common: &Common) -> Result<()> {
    let what = found.describe();
    if common.json {
        return print::json(&Unusable { kind, file, what, not_usable: why });
    }
    print::lines(&format!("file       {}\nkind       {what}\nnot usable {why}\n", file.display()))
}

/// What a track holds besides the sound that is rendered.
fn not_used(info: &TrackInfo) -> Vec<&'static str> {
    let mut all = Vec::new();
    if info.has_video {
        all.push("moving pictures: only the sound is read");
    }
    if info.has_adm {
        all.push("ADM metadata: channels go by the layout");
    }
    all
}

fn track(file: &Path, common: &Common) -> Result<()> {
    let decoder = decode::open(file)?;
    let info = decoder.info();
    if common.json {
        return print::json(&Track {
            kind: "track",
            file,
            container: &info.container,
            codec: &info.codec,
            decoder: info.decoder,
            sample_rate: info.sample_rate,
            channels: info.layout.channels(),
            layout: info.layout.name(),
            frames: info.frames,
            seconds: info.seconds(),
            bits: info.bits,
            tags: tags(info),
            cover: info.cover.as_ref().map(|c| Cover { mime: &c.mime, bytes: c.data.len() }),
            replay_gain: Gains {
                track_gain_db: info.replay_gain.track_gain_db,
                track_peak: info.replay_gain.track_peak,
                album_gain_db: info.replay_gain.album_gain_db,
                album_peak: info.replay_gain.album_peak,
            },
            has_video: info.has_video,
            has_adm: info.has_adm,
            not_used: not_used(info),
            warnings: decoder.warnings(),
        });
    }
    print::lines(&track_text(file, info, decoder.warnings()))
}

fn tags(info: &TrackInfo) -> BTreeMap<&str, String> {
    let mut all = BTreeMap::<&str, String>::new();
    for (name, value) in &info.tags {
        all.entry(name).and_modify(|v| *v = format!("{v}; {value}")).or_insert_with(|| value.clone());
    }
    all
}

fn track_text(file: &Path, info: &TrackInfo, warnings: &[String]) -> String {
    let mut t = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(t, "{name:10} {value}");
    };
    line("file", file.display().to_string());
    line("format", format!("{}, {}, decoded by {}", info.container, info.codec, info.decoder));
    let bits = info.bits.map_or_else(String::new, |b| format!(", {b} bits"));
    line("samples", format!("{} Hz{bits}", info.sample_rate));
    line("channels", format!("{} ({})", info.layout.channels(), info.layout.name()));
    let length = info.seconds().map_or_else(|| "not known before decoding".to_string(), |s| format!("{s:.3} s"));
    line("length", length);
    for (name, value) in &info.tags {
        line("tag", format!("{name}: {}", value.lines().next().unwrap_or_default()));
    }
    let gain = &info.replay_gain;
    if let Some(db) = gain.track_gain_db.or(gain.album_gain_db) {
        line("gain", format!("{db:+.2} dB, says the file (ReplayGain; not applied)"));
    }
    if let Some(cover) = &info.cover {
        line("cover", format!("{}, {} bytes", cover.mime, cover.data.len()));
    }
    not_used(info).iter().for_each(|what| line("not used", (*what).to_string()));
    warnings.iter().for_each(|w| line("warning", w.clone()));
    t
}

fn sofa_file(file: &Path, common: &Common) -> Result<()> {
    let container = Container::open(file)?;
    match sofa::from_container(&container) {
        Ok(data) => {
            let info = Info::of(&file.display().to_string(), &data);
            if common.json { print::json(&Head { kind: "head", info }) } else { print::lines(&info.text()) }
        }
        Err(why) => {
            let convention = container.attribute("SOFAConventions");
            if convention.is_none() {
                return Err(why.at(file));
            }
            // At a common rate: only what it is counts here.
            let room = MeasuredRoom::open(file, 48_000.0);
            let report = Sofa {
                kind: if room.is_ok() { "measured room" } else { "sofa" },
                file,
                convention,
                variables: container
                    .variables()
                    .iter()
                    .map(|v| Variable { name: v.name.clone(), dimensions: v.dims.clone() })
                    .collect(),
                not_a_head: why.to_string(),
                not_a_room: room.as_ref().err().map(ToString::to_string),
                room: room.ok().as_ref().map(MeasuredReport::of),
            };
            if common.json { print::json(&report) } else { print::lines(&report.text()) }
        }
    }
}

impl Sofa<'_> {
    fn text(&self) -> String {
        let mut t = format!("file       {}\nconvention {}\n", self.file.display(), self.convention.unwrap_or_default());
        match &self.room {
            Some(room) => t.push_str(&room.text()),
            None => {
                let _ = writeln!(t, "no head    {}", self.not_a_head);
                let _ = writeln!(t, "no room    {}", self.not_a_room.as_deref().unwrap_or_default());
            }
        }
        for v in &self.variables {
            let _ = writeln!(t, "variable   {} {:?}", v.name, v.dimensions);
        }
        t
    }
}
