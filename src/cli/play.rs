//! `periphon play`: tracks and scenes through a sound device.

use super::sound::SoundArgs;
use super::{Common, file, print, signals};
use crate::decode::Kind;
use crate::error::{Error, ErrorKind, Result};
use crate::live::{DeviceBackend, Event, Player, Settings, State, Status, tracks};
use crate::render::GainMemory;
use clap::Args;
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

/// Play tracks, scenes, directories and play lists through a sound device
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon play song.flac
  periphon play album/ --loop
  periphon play evening.m3u8 --room concert-hall
  periphon play band.toml
  periphon play voice.wav --orbit 8
  periphon play song.flac --device jack --buffer 128")]
pub(super) struct PlayArgs {
    /// Tracks, scenes (.toml), directories and lists (.m3u, .m3u8), one behind the other
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// The output: a name as 'periphon devices' lists it, a part of one, or a sound system (jack) [default: the system's]
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Frames of the device's buffer [default: about 10 ms]
    #[arg(long, value_name = "FRAMES", value_parser = clap::value_parser!(u32).range(16..=65_536), allow_negative_numbers = true)]
    buffer: Option<u32>,
    /// Begin again when all has been played
    #[arg(long = "loop")]
    repeat: bool,
    #[command(flatten)]
    sound: SoundArgs,
}

/// The report as JSON has it.
#[derive(Serialize)]
struct Json<'a> {
    tracks: usize,
    played_to_s: f64,
    device: &'a str,
    sample_rate: u32,
    buffer: usize,
    xruns: u64,
    starved_frames: u64,
    max_load: f64,
    mean_load: f64,
    latency_ms: f64,
    true_peak_dbtp: Option<f64>,
    gain_db: f64,
    hrtf: &'a str,
    room: &'a str,
    interrupted: bool,
    warnings: &'a [String],
}

/// How often events are looked at.
const TICK: Duration = Duration::from_millis(50);

pub(super) fn run(args: &PlayArgs, common: &Common) -> Result<()> {
    let list = tracks(&args.inputs)?;
    let job = args.sound.job(&list[0])?;
    if let [only] = &list[..]
        && file::kind(only)? == Kind::Scene
    {
        // Of a scene all mistakes are told.
        super::scene::open(only)?;
        if job.placement.is_some() || job.layout.is_some() {
            return Err(Error::argument(
                "--place, --at, --orbit and --layout cannot be used with a scene, which says it itself",
            )
            .at(only)
            .hint("edit the scene instead"));
        }
    }
    signals::work_listens();
    let settings = Settings { job, follow_head: None, repeat: args.repeat, memory: GainMemory::of_user() };
    let backend = DeviceBackend::new(args.device.clone(), args.buffer);
    let player = Player::start(list, settings, Box::new(backend))?;
    let mut line = StatusLine::new(common);
    let mut warnings = Vec::new();
    let mut interrupted = false;
    while !player.is_over() {
        if crate::render::is_interrupted() && !interrupted {
            interrupted = true;
            player.stop();
        }
        hear(&player, &mut line, common, &mut warnings);
        line.show(&player);
        std::thread::sleep(TICK);
    }
    hear(&player, &mut line, common, &mut warnings);
    line.clear();
    let status = player.finish()?.status;
    if common.json {
        print::json(&to_json(&status, interrupted, &warnings))?;
    } else if !common.quiet {
        print::lines(&summary(&status))?;
    }
    if interrupted {
        return Err(Error::new(ErrorKind::Interrupted, "interrupted"));
    }
    Ok(())
}

/// Says what happened.
fn hear(player: &Player, line: &mut StatusLine, common: &Common, warnings: &mut Vec<String>) {
    for event in player.events() {
        let text = match event {
            Event::Track(_, path) => {
                line.title = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                continue;
            }
            Event::Warning(text) => text,
            Event::DeviceLost(why) => format!("the sound device is gone ({why}); looking for it"),
            Event::DeviceBack(name) => format!("playing goes on, on {name}"),
        };
        if !common.quiet {
            line.clear();
            print::warning(&text);
        }
        warnings.push(text);
    }
}

/// One line on standard error, if that is a terminal.
struct StatusLine {
    shown: bool,
    visible: bool,
    title: String,
}

impl StatusLine {
    fn new(common: &Common) -> Self {
        let visible = !common.quiet && !common.json && std::io::stderr().is_terminal();
        Self { shown: false, visible, title: String::new() }
    }

    fn show(&mut self, player: &Player) {
        if !self.visible {
            return;
        }
        let s = player.status();
        let what = match s.state {
            State::Opening => "opening",
            State::Playing => "playing",
            State::Paused => "paused",
            State::Reopening => "waiting for the device",
            State::Ended => "ended",
        };
        let of = s.duration_s.map_or(String::new(), |d| format!(" / {}", clock(d)));
        let text = format!(
            "{what} {}/{}  {}{of}  load {:.0} % (worst {:.0} %)  xruns {}  {}",
            s.track + 1,
            s.tracks.max(1),
            clock(s.position_s),
            100.0 * s.mean_load,
            100.0 * s.max_load,
            s.xruns,
            print::harmless(&self.title),
        );
        let text: String = text.chars().filter(|c| *c != '\n').take(100).collect();
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K{text}");
        self.shown = true;
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

fn clock(seconds: f64) -> String {
    let s = seconds.max(0.0) as u64;
    format!("{}:{:02}", s / 60, s % 60)
}

fn to_json<'a>(s: &'a Status, interrupted: bool, warnings: &'a [String]) -> Json<'a> {
    Json {
        tracks: s.tracks,
        played_to_s: s.position_s,
        device: &s.device,
        sample_rate: s.sample_rate,
        buffer: s.buffer,
        xruns: s.xruns,
        starved_frames: s.starved_frames,
        max_load: s.max_load,
        mean_load: s.mean_load,
        latency_ms: s.latency_ms,
        true_peak_dbtp: Some(s.true_peak_dbtp).filter(|p| p.is_finite()),
        gain_db: s.gain_db,
        hrtf: &s.hrtf,
        room: &s.room,
        interrupted,
        warnings,
    }
}

fn summary(s: &Status) -> String {
    format!(
        "{}: {} Hz, buffers of up to {} frames, latency {:.1} ms, load {:.1} % (worst {:.1} %), {} xruns, room {}, head {}\n",
        s.device,
        s.sample_rate,
        s.buffer,
        s.latency_ms,
        100.0 * s.mean_load,
        100.0 * s.max_load,
        s.xruns,
        s.room,
        s.hrtf,
    )
}
