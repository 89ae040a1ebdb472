//! `periphon scene`: starter scenes, every mistake of one, a picture from above.

use super::scene_errors::all_printed;
use super::{Common, draw, print, scene_plan};
use crate::error::{Error, Result};
use crate::room::preset::{self, Preset};
use crate::scene::{RoomFile, Scene};
use crate::sink::write_whole;
use clap::{Args, Subcommand};
use serde_json::json;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Begin, check and draw scenes
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon scene new band.toml drums.wav bass.wav guitar.wav
  periphon scene check band.toml
  periphon scene plot band.toml -o band.svg")]
pub(super) struct SceneArgs {
    #[command(subcommand)]
    verb: SceneVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum SceneVerb {
    New(NewArgs),
    Check(CheckArgs),
    Plot(PlotArgs),
}

/// Write a starter scene with a comment for every key
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon scene new
  periphon scene new band.toml drums.wav bass.wav guitar.wav
  periphon scene new hall.toml --preset concert-hall choir.flac")]
struct NewArgs {
    /// The scene to write
    #[arg(value_name = "FILE", default_value = "scene.toml")]
    file: PathBuf,
    /// Sound files to put on a stage before the listener
    #[arg(value_name = "SOUND")]
    sounds: Vec<PathBuf>,
    /// The room: studio, living-room, club, concert-hall, ...
    #[arg(long, value_name = "NAME", default_value = "studio", value_parser = find_preset)]
    preset: &'static Preset,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

/// Say everything that is wrong with a scene or a room file, with line and column
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon scene check band.toml
  periphon scene check band.toml --json")]
struct CheckArgs {
    /// The scene, or a room file
    file: PathBuf,
}

/// Draw a scene from above: room, sources, paths, listener, first reflections
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon scene plot band.toml -o band.svg
  periphon scene plot band.toml -o band.png --force")]
struct PlotArgs {
    /// The scene
    file: PathBuf,
    /// The picture to write, .svg or .png
    #[arg(short, long, value_name = "OUT.svg|OUT.png")]
    output: PathBuf,
    /// Replace an existing picture
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: SceneArgs, common: &Common) -> Result<()> {
    match args.verb {
        SceneVerb::New(args) => new(&args, common),
        SceneVerb::Check(args) => check(&args.file, common),
        SceneVerb::Plot(args) => plot(&args, common),
    }
}

fn find_preset(name: &str) -> Result<&'static Preset, String> {
    preset::find(name).ok_or_else(|| {
        let all: Vec<&str> = preset::all().iter().map(|p| p.name).collect();
        format!("there is no room '{name}'; choose one of: {}", all.join(", "))
    })
}

/// Opens a scene; of its mistakes all but the last are printed, the last is the error.
pub(super) fn open(file: &Path) -> Result<Scene> {
    Scene::open(file).map_err(all_printed)
}

fn check(file: &Path, common: &Common) -> Result<()> {
    // A file with a room and nothing that sounds is one for --room.
    let small = std::fs::metadata(file).is_ok_and(|m| m.is_file() && m.len() < 1 << 22);
    let text = if small { std::fs::read_to_string(file).unwrap_or_default() } else { String::new() };
    // Comments say what they like.
    let text: String = text.lines().map(|l| l.split('#').next().unwrap_or(l)).collect::<Vec<_>>().join("\n");
    let is_room = !text.contains("format") && text.contains("[room]") && !text.contains("[[");
    let result = if is_room {
        RoomFile::open(file).map(|_| "a room for --room, without mistakes".to_string())
    } else {
        Scene::open(file).map(|s| format!("without mistakes: {}", summary(&s)))
    };
    if common.json {
        let errors = result.as_ref().err().map_or(&[][..], |e| &e.errors);
        let errors: Vec<_> = errors
            .iter()
            .map(|e| {
                let (line, column) = e.place.unzip();
                json!({ "line": line, "column": column, "message": e.message, "hint": e.hint })
            })
            .collect();
        let kind = if is_room { "room" } else { "scene" };
        let name = file.to_string_lossy();
        print::json(&json!({ "file": name, "kind": kind, "ok": result.is_ok(), "errors": errors }))?;
    }
    let good = result.map_err(all_printed)?;
    if common.quiet || common.json { Ok(()) } else { print::lines(&format!("{}: {good}\n", file.display())) }
}

/// What a scene holds, in half a line.
pub(super) fn summary(scene: &Scene) -> String {
    let count = |n: usize, what: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    };
    let mut parts = vec![count(scene.sources.len(), "source")];
    if !scene.beds.is_empty() {
        parts.push(count(scene.beds.len(), "bed"));
    }
    parts.push(room_name(scene));
    parts.join(", ")
}

/// The room in a few words.
pub(super) fn room_name(scene: &Scene) -> String {
    match &scene.room {
        None => "free field".to_string(),
        Some(room) => match (room.preset, &room.file, room.size) {
            (Some(preset), ..) => format!("room '{}'", preset.name),
            (_, Some(file), _) => format!("measured room {file}"),
            (.., Some([x, y, z])) => format!("room of {x} x {y} x {z} m"),
            _ => "no room".to_string(),
        },
    }
}

fn new(args: &NewArgs, common: &Common) -> Result<()> {
    if args.file.exists() && !args.force {
        return Err(Error::argument("the scene exists already")
            .at(&args.file)
            .hint("choose another name, or replace it with --force"));
    }
    if let Some(sound) = args.sounds.iter().find(|s| !s.exists()) {
        return Err(Error::argument("the sound file is not there").at(sound));
    }
    let text = starter(args);
    let folder = args.file.parent().unwrap_or(Path::new(""));
    if !args.sounds.is_empty() {
        // What we write we can read; the same sound twice is the only thing that may be wrong with it.
        Scene::parse(&text, folder).map_err(all_printed)?;
    }
    write_whole(&args.file, text.as_bytes(), args.force)?;
    if common.json {
        return print::json(&json!({ "output": args.file.to_string_lossy() }));
    }
    if common.quiet { Ok(()) } else { print::lines(&format!("{}\n", args.file.display())) }
}

/// A scene with a comment for every key, and the sounds on a stage before the listener.
fn starter(args: &NewArgs) -> String {
    let p = args.preset;
    let [x, y, z] = p.listener;
    let names: Vec<String> = if args.sounds.is_empty() {
        vec!["voice.wav".to_string(), "guitar.wav".to_string()]
    } else {
        let folder = args.file.parent().unwrap_or(Path::new(""));
        args.sounds.iter().map(|s| relative(s, folder)).collect()
    };
    let mut t = include_str!("scene_starter.toml")
        .replace("@PRESET@", p.name)
        .replace("@SIZE@", &format!("{} x {} x {} m", p.size[0], p.size[1], p.size[2]))
        .replace("@LISTENER@", &format!("[{x}, {y}, {z}]"));
    let (head, source) = t.split_once("@SOURCES@\n").map(|(h, s)| (h.to_string(), s.to_string())).unwrap_or_default();
    t = head;
    let n = names.len();
    for (i, name) in names.iter().enumerate() {
        // From +30° to −30°, as far away as the room likes it.
        let azimuth = if n == 1 { 0.0 } else { 30.0 - 60.0 * i as f64 / (n - 1) as f64 };
        let (s, c) = f64::to_radians(azimuth).sin_cos();
        let place = [x + p.place_distance * c, y + p.place_distance * s, z].map(|v| (v * 100.0).round() / 100.0);
        let quoted = format!("{name:?}");
        if i == 0 {
            t += &source.replace("@FILE@", &quoted).replace("@POSITION@", &format!("{place:?}"));
        } else {
            let _ = write!(t, "\n[[source]]\nfile = {quoted}\nposition = {place:?}\n");
        }
    }
    t
}

/// A sound's path as a scene in `folder` has it.
fn relative(sound: &Path, folder: &Path) -> String {
    let near = sound.strip_prefix(folder).unwrap_or(sound);
    let near = if near == sound && sound.is_relative() && !folder.as_os_str().is_empty() {
        std::path::absolute(sound).unwrap_or_else(|_| sound.to_path_buf())
    } else {
        near.to_path_buf()
    };
    near.to_string_lossy().replace('\\', "/")
}

fn plot(args: &PlotArgs, common: &Common) -> Result<()> {
    draw::check(&args.output)?;
    if args.output.exists() && !args.force {
        return Err(Error::argument("the output exists already")
            .at(&args.output)
            .hint("choose another name with -o, or replace it with --force"));
    }
    let scene = open(&args.file)?;
    let name = args.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let page = scene_plan::draw(&scene, &name)?;
    write_whole(&args.output, &page.to_bytes(&args.output)?, args.force)?;
    if common.json {
        let (output, file) = (args.output.to_string_lossy(), args.file.to_string_lossy());
        return print::json(&json!({ "output": output, "scene": file }));
    }
    if common.quiet { Ok(()) } else { print::lines(&format!("{}\n", args.output.display())) }
}
