//! `periphon play`: tracks and scenes through a sound device.

use super::sound::SoundArgs;
use super::stance::Stance;
use super::status_line::StatusLine;
use super::tui;
use super::{Common, file, print, signals, stems};
use crate::decode::Kind;
use crate::error::{Error, ErrorKind, Result};
use crate::headphones;
use crate::live::{DeviceBackend, Event, Player, Settings, Status, tracks_told};
use crate::render::{GainMemory, RenderJob, arrangement};
use crate::stems::Stem;
use crate::tracking::{Listener, Source, TrackerOptions};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Play tracks, scenes, directories and play lists through a sound device
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon play song.flac
  periphon play album/ --loop
  periphon play evening.m3u8 --room concert-hall
  periphon play band.toml
  periphon play --stems song-stems/ --stage live
  periphon play voice.wav --orbit 8
  periphon play song.flac --device jack --buffer 128
  periphon play song.flac --head-track osc:9000
  periphon play song.flac --headphones 'HD 650' --plain

In a terminal the room is shown from above; ? lists the keys.")]
pub(super) struct PlayArgs {
    /// Tracks, scenes (.toml), directories and lists (.m3u, .m3u8), one behind the other
    #[arg(required_unless_present = "stems", conflicts_with = "stems", value_name = "INPUT")]
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
    /// Follow the head of a tracker: osc:PORT or opentrack:PORT, with an address in front of the port to listen there only
    #[arg(long, value_name = "PROTOCOL:PORT")]
    head_track: Option<String>,
    /// Smooth the tracked head over this time, ms (0 to 2000)
    #[arg(long, value_name = "MS", default_value_t = 10.0, requires = "head_track", allow_negative_numbers = true)]
    head_smoothing: f64,
    /// Predict the tracked head so far ahead, ms (0 to 200)
    #[arg(long, value_name = "MS", default_value_t = 25.0, requires = "head_track", allow_negative_numbers = true)]
    head_prediction: f64,
    /// Follow where the tracked head is as well, where the tracker tells, from where it was first
    #[arg(long, requires = "head_track")]
    head_position: bool,
    /// Play without the interface: one line, no keys
    #[arg(long)]
    plain: bool,
    #[command(flatten)]
    sound: SoundArgs,
}

impl PlayArgs {
    fn tracker_options(&self) -> Result<TrackerOptions> {
        let range = |flag: &str, ms: f64, most: f64| {
            if (0.0..=most).contains(&ms) {
                Ok(ms / 1000.0)
            } else {
                Err(Error::argument(format!("{flag} takes 0 to {most} ms, not {ms}")))
            }
        };
        Ok(TrackerOptions {
            smoothing_s: range("--head-smoothing", self.head_smoothing, 2000.0)?,
            look_ahead_s: range("--head-prediction", self.head_prediction, 200.0)?,
            position: self.head_position,
            ..TrackerOptions::default()
        })
    }
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
    overruns: u64,
    starved_frames: u64,
    max_load: f64,
    mean_load: f64,
    latency_ms: f64,
    true_peak_dbtp: Option<f64>,
    gain_db: f64,
    hrtf: &'a str,
    room: &'a str,
    headphones: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stems: Vec<stems::Json<'a>>,
    /// Packets of the head tracker, and how many of them meant nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    head_packets: Option<[u64; 2]>,
    interrupted: bool,
    warnings: &'a [String],
}

/// How often events are looked at.
const TICK: Duration = Duration::from_millis(50);

pub(super) fn run(args: &PlayArgs, common: &Common) -> Result<()> {
    let (list, stems, told_before) = match &args.sound.stems {
        Some(folder) => {
            let given = stems::given(&[], Some(folder))?;
            (vec![given.input], given.stems, given.told)
        }
        None => {
            let (tracks, told) = tracks_told(&args.inputs)?;
            (tracks, Vec::new(), told)
        }
    };
    let job = RenderJob { stems, ..args.sound.job(&list[0])? };
    if let [only] = &list[..]
        && job.stems.is_empty()
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
    if let Some(what) = &job.headphones {
        // Of a list each track would be passed over for them.
        headphones::open(what)?;
    }
    if list.len() > 1 {
        crate::render::live::check(&job)?;
    }
    let shown = !args.plain && !common.json && !common.quiet && tui::terminal::is_possible();
    signals::work_listens();
    // Where the head turns, blocks are short; otherwise they are those of a render.
    let follow_head = (shown || args.head_track.is_some()).then_some(FOLLOWED_BLOCK);
    let (stage, separate) = (job.stage.clone(), job.separate);
    let settings = Settings { follow_head, repeat: args.repeat, memory: GainMemory::of_user(), ..Settings::new(job) };
    if !common.quiet {
        told_before.iter().for_each(|w| print::warning(w));
    }
    // Whatever is wrong with it is told before anything sounds.
    let stance = Stance::default();
    let tracker = args.head_track.as_deref().map(|from| listen(args, from, stance.clone())).transpose()?;
    let placed = if settings.job.stems.is_empty() { Vec::new() } else { arrangement(&settings.job)?.stems };
    let backend = DeviceBackend::new(args.device.clone(), args.buffer);
    let tracks = if shown { list.clone() } else { Vec::new() };
    let player = Player::start(list, settings, Box::new(backend))?;
    stance.steers(player.head())?;
    let mut outcome = if shown {
        tui::run(&tui::Board {
            player: &player,
            stance: &stance,
            tracker: tracker.as_ref(),
            tracker_name: args.head_track.as_deref().unwrap_or_default(),
            repeat: args.repeat,
            tracks: &tracks,
            stage,
            separate,
            told,
        })?
    } else {
        plainly(&player, common)
    };
    let heard = tracker.as_ref().map(Listener::heard);
    drop(tracker);
    // What the interface said is gone with it.
    if shown {
        outcome.warnings.iter().for_each(|w| print::warning(w));
    }
    outcome.warnings.splice(0..0, told_before);
    let status = player.finish()?.status;
    // It may have ended the player before anybody here has seen it.
    outcome.interrupted |= crate::render::is_interrupted();
    if common.json {
        let packets = heard.map(|h| [h.packets, h.ignored]);
        print::json(&to_json(&status, packets, &outcome, &placed))?;
    } else if !common.quiet {
        print::lines(&summary(&status))?;
    }
    if outcome.interrupted {
        return Err(Error::new(ErrorKind::Interrupted, "interrupted"));
    }
    Ok(())
}

/// Frames of a block in which a head is followed.
const FOLLOWED_BLOCK: usize = 128;

/// Listens for a tracker and turns the head as it says.
fn listen(args: &PlayArgs, from: &str, stance: Stance) -> Result<Listener> {
    Listener::start(from.parse::<Source>()?, args.tracker_options()?, move |pose| {
        // A tracker's poses are finite; were one not, the head would stay where it is.
        let _ = stance.set_tracker(pose);
    })
}

/// Plays with one line on standard error, and without it where that is no terminal.
fn plainly(player: &Player, common: &Common) -> tui::Outcome {
    let mut line = StatusLine::new(common);
    let mut outcome = tui::Outcome { interrupted: false, warnings: Vec::new() };
    while !player.is_over() {
        if crate::render::is_interrupted() && !outcome.interrupted {
            outcome.interrupted = true;
            player.stop();
        }
        hear(player, &mut line, common, &mut outcome.warnings);
        line.show(player);
        std::thread::sleep(TICK);
    }
    hear(player, &mut line, common, &mut outcome.warnings);
    line.clear();
    outcome
}

/// What an event says to the user, if it is no track that begins.
fn told(event: &Event) -> Option<String> {
    Some(match event {
        Event::Track(..) => return None,
        Event::Warning(text) => text.clone(),
        Event::DeviceLost(why) => format!("the sound device is gone ({why}); looking for it"),
        Event::DeviceBack(name) => format!("playing goes on, on {name}"),
    })
}

/// Says what happened.
fn hear(player: &Player, line: &mut StatusLine, common: &Common, warnings: &mut Vec<String>) {
    for event in player.events() {
        if let Event::Track(_, path) = &event {
            line.title = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        }
        let Some(text) = told(&event) else { continue };
        if !common.quiet {
            line.clear();
            print::warning(&text);
        }
        warnings.push(text);
    }
}

fn to_json<'a>(
    s: &'a Status,
    head_packets: Option<[u64; 2]>,
    outcome: &'a tui::Outcome,
    placed: &'a [Stem],
) -> Json<'a> {
    Json {
        tracks: s.tracks,
        played_to_s: s.position_s,
        device: &s.device,
        sample_rate: s.sample_rate,
        buffer: s.buffer,
        xruns: s.xruns,
        overruns: s.overruns,
        starved_frames: s.starved_frames,
        max_load: s.max_load,
        mean_load: s.mean_load,
        latency_ms: s.latency_ms,
        true_peak_dbtp: Some(s.true_peak_dbtp).filter(|p| p.is_finite()),
        gain_db: s.gain_db,
        hrtf: &s.hrtf,
        room: &s.room,
        headphones: &s.headphones,
        stems: stems::json(placed),
        head_packets,
        interrupted: outcome.interrupted,
        warnings: &outcome.warnings,
    }
}

fn summary(s: &Status) -> String {
    let corrected = !matches!(&s.headphones[..], "" | "none");
    let headphones = if corrected { format!(", headphones {}", s.headphones) } else { String::new() };
    format!(
        "{}: {} Hz, buffers of up to {} frames, latency {:.1} ms, load {:.1} % (worst {:.1} %), {} xruns, room {}, head {}{headphones}\n",
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        play: PlayArgs,
    }

    #[test]
    fn a_tracked_head_turns_and_moves_only_where_that_is_asked_for() {
        let line = |more: &[&str]| Line::try_parse_from([&["play", "a.wav", "--head-track", "osc:9"], more].concat());
        assert_eq!(line(&[]).unwrap().play.tracker_options().unwrap(), TrackerOptions::default());
        let options = line(&["--head-position", "--head-smoothing", "0"]).unwrap().play.tracker_options().unwrap();
        assert!(options.position && options.smoothing_s == 0.0);
        assert!(line(&["--head-smoothing", "3000"]).unwrap().play.tracker_options().is_err());
        assert!(Line::try_parse_from(["play", "a.wav", "--head-position"]).is_err());
    }

    #[test]
    fn the_report_names_the_headphones_as_a_render_does() {
        let name = headphones::open("HD 6").unwrap().name;
        let status = |headphones: &str| Status {
            hrtf: "ku100".to_string(),
            headphones: headphones.to_string(),
            ..Status::default()
        };
        let outcome = tui::Outcome { interrupted: false, warnings: Vec::new() };
        let json = serde_json::to_value(to_json(&status(&name), None, &outcome, &[])).unwrap();
        assert_eq!(json["headphones"], name);
        assert!(summary(&status(&name)).ends_with(&format!("head ku100, headphones {name}\n")));
        assert!(summary(&status("none")).ends_with("head ku100\n"));
    }
}
