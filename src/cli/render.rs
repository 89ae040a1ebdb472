//! `periphon render`: a track or a scene in, a binaural file out.

use super::{Common, file, numbers, print, signals};
use crate::coords::Vec3;
use crate::decode::Kind;
use crate::error::{Error, Result};
use crate::hrtf::DEFAULT_HEAD;
use crate::render::{Loudness, Placement, Progress, RenderJob, RenderReport, render};
use crate::sink::SampleFormat;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Render a track or a scene for headphones
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon render song.flac
  periphon render song.mp3 -o song.wav --loudness -16
  periphon render voice.wav --at 30,0,1.5
  periphon render voice.wav --orbit 8
  periphon render band.toml -o band.wav
  periphon render song.flac --room concert-hall
  periphon render song.flac --headphones 'Sennheiser HD 650'
  periphon render film.mkv --place speakers --hrtf my-head.sofa
  periphon render bed.wav --layout 7.1.4 --format f32 --loudness off")]
pub(super) struct RenderArgs {
    /// A track of any format that is decoded, or a scene (.toml): told apart by content
    input: PathBuf,
    /// The file to write, .wav or .flac [default: <input>.binaural.wav in the working directory]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Replace an existing output
    #[arg(long)]
    force: bool,
    /// Where the channels go [default: panorama for stereo, point for mono, speakers for more]
    #[arg(long, value_name = "MODE")]
    place: Option<PlaceMode>,
    /// Position of the point: azimuth and elevation in degrees, distance in metres; implies --place point
    #[arg(long, value_name = "AZ,EL[,DIST]", value_parser = numbers::position, allow_hyphen_values = true)]
    at: Option<Vec3>,
    /// Seconds for one turn around the head, counter-clockwise (negative: clockwise); implies --place orbit [default: 8]
    #[arg(long, value_name = "SECONDS", value_parser = numbers::turn, allow_hyphen_values = true)]
    orbit: Option<f64>,
    /// Read the channels as this layout: mono, stereo, 5.1, 7.1, 5.1.2, 5.1.4, 7.1.4, 22.2, ... [default: from the file]
    #[arg(long, value_name = "NAME")]
    layout: Option<String>,
    /// The room: none (free field), a preset (studio, living-room, bedroom, club, theatre, concert-hall, cathedral, car,
    /// open-air), a room file (.toml), or measured responses (SOFA, or a two-channel WAV) [default: none for a point, studio otherwise]
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,
    /// The head: a SOFA file, or a built-in set (ku100, kemar)
    #[arg(long, value_name = "FILE|NAME", default_value = DEFAULT_HEAD)]
    hrtf: String,
    /// Correction after the ears: an equaliser file as AutoEq publishes them, an impulse response, or a headphone's name
    /// [default: none]
    #[arg(long, value_name = "FILE|MODEL")]
    headphones: Option<String>,
    /// Sample rate of the output, Hz [default: the input's]
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8000..=384_000), allow_negative_numbers = true)]
    rate: Option<u32>,
    /// Sample format of the output
    #[arg(long, value_name = "FORMAT", default_value = "i24")]
    format: Format,
    /// Integrated loudness of the output: LUFS, the input's own (source; a scene's -16 at most), or no gain at all (off)
    #[arg(long, value_name = "LUFS|source|off", default_value = "source", value_parser = numbers::loudness, allow_hyphen_values = true)]
    loudness: Loudness,
    /// Ceiling of the true peak [default: -1, and off with --loudness off]
    #[arg(long, value_name = "DBTP|off", value_parser = numbers::true_peak, allow_hyphen_values = true)]
    true_peak: Option<numbers::Maybe>,
    /// Leave out this much of the beginning, seconds
    #[arg(long, value_name = "S", default_value = "0", value_parser = numbers::seconds, allow_negative_numbers = true)]
    start: f64,
    /// Render only this much, seconds
    #[arg(long, value_name = "S", value_parser = numbers::seconds, allow_negative_numbers = true)]
    duration: Option<f64>,
    /// How long the end may ring on, seconds
    #[arg(long, value_name = "S|auto", default_value = "auto", value_parser = numbers::tail, allow_negative_numbers = true)]
    tail: numbers::Maybe,
    /// Processing block, frames: changes speed, never what is heard [default: chosen]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(16..=8192), allow_negative_numbers = true)]
    block: Option<u32>,
    /// Worker threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024), allow_negative_numbers = true)]
    threads: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PlaceMode {
    /// A stereo track opened up (for now: the loudspeaker pair)
    Panorama,
    /// No spatialisation
    Stereo,
    /// Each channel at its layout's loudspeaker
    Speakers,
    /// Channels summed to one source
    Point,
    /// A point circling the head
    Orbit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// 16 bits, dithered
    I16,
    /// 24 bits, dithered
    I24,
    /// 32-bit floating point
    F32,
}

impl RenderArgs {
    fn placement(&self) -> Result<Option<Placement>> {
        let at = self.at.unwrap_or(Vec3::new(1.0, 0.0, 0.0));
        let orbit = Placement::Orbit(at, self.orbit.unwrap_or(8.0));
        let clash = |flag: &str, mode: &str| {
            Err(Error::argument(format!("{flag} does not go with --place {mode}"))
                .hint(format!("leave out --place, which {flag} implies")))
        };
        Ok(Some(match self.place {
            Some(PlaceMode::Orbit) => orbit,
            Some(PlaceMode::Point) if self.orbit.is_some() => return clash("--orbit", "point"),
            Some(PlaceMode::Point) => Placement::Point(at),
            Some(mode) if self.at.is_some() || self.orbit.is_some() => {
                let flag = if self.orbit.is_some() { "--orbit" } else { "--at" };
                return clash(flag, mode.to_possible_value().as_ref().map_or("", |v| v.get_name()));
            }
            Some(PlaceMode::Panorama) => Placement::Panorama,
            Some(PlaceMode::Stereo) => Placement::Stereo,
            Some(PlaceMode::Speakers) => Placement::Speakers,
            None if self.orbit.is_some() => orbit,
            None if self.at.is_some() => Placement::Point(at),
            None => return Ok(None),
        }))
    }

    fn output(&self) -> PathBuf {
        self.output.clone().unwrap_or_else(|| {
            // The input's name byte for byte, whatever its encoding.
            let mut name = self.input.file_stem().unwrap_or(OsStr::new("output")).to_os_string();
            name.push(".binaural.wav");
            PathBuf::from(name)
        })
    }

    fn job(&self) -> Result<RenderJob> {
        Ok(RenderJob {
            force: self.force,
            placement: self.placement()?,
            layout: self.layout.clone(),
            hrtf: self.hrtf.clone(),
            room: self.room.clone(),
            headphones: self.headphones.clone().filter(|h| h != "none"),
            rate: self.rate,
            format: match self.format {
                Format::I16 => SampleFormat::I16,
                Format::I24 => SampleFormat::I24,
                Format::F32 => SampleFormat::F32,
            },
            loudness: self.loudness,
            true_peak: match self.true_peak {
                Some(given) => given.0,
                None if self.loudness == Loudness::Off => None,
                None => Some(-1.0),
            },
            start: self.start,
            duration: self.duration,
            tail: self.tail.0,
            block: self.block.map(|b| b as usize),
            threads: self.threads.map(|t| t as usize),
            ..RenderJob::new(&self.input, self.output())
        })
    }
}

/// The report as JSON has it.
#[derive(Serialize)]
struct Json<'a> {
    #[serde(serialize_with = "print::path")]
    output: &'a Path,
    frames: u64,
    sample_rate: u32,
    channels: usize,
    format: &'a str,
    placement: &'a str,
    layout: &'a str,
    input_lufs: Option<f64>,
    output_lufs: Option<f64>,
    true_peak_dbtp: Option<f64>,
    gain_db: f64,
    limited_frames: u64,
    clipped_samples: u64,
    non_finite_samples: u64,
    seconds_elapsed: f64,
    realtime_factor: f64,
    hrtf: &'a str,
    room: &'a str,
    headphones: &'a str,
    warnings: &'a [String],
}

pub(super) fn run(args: &RenderArgs, common: &Common) -> Result<()> {
    let mut job = args.job()?;
    job.measure = !common.quiet || common.json;
    let to_stdout = [Path::new("-"), Path::new("/dev/stdout")].contains(&job.output.as_path());
    if to_stdout && common.json {
        return Err(Error::argument("the sound and the JSON report cannot both go to standard output")
            .hint("leave out --json, or write to a file with -o"));
    }
    // Pipes and devices are refused here, with words of their own; of a scene all mistakes are told.
    if file::kind(&job.input)? == Kind::Scene {
        super::scene::open(&job.input)?;
    }
    signals::work_listens();
    let bar = progress_bar(common);
    let report = render(&job, &mut |p| show(&bar, p));
    bar.finish_and_clear();
    let report = report?;
    if !common.quiet {
        report.warnings.iter().for_each(|w| print::warning(w));
    }
    if common.json {
        print::json(&to_json(&report))
    } else if common.quiet {
        Ok(())
    } else if to_stdout {
        print::aside(&summary(&report));
        Ok(())
    } else {
        print::lines(&summary(&report))
    }
}

fn progress_bar(common: &Common) -> ProgressBar {
    if common.quiet || common.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg:10} [{bar:40}] {percent:>3} % {eta_precise}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn show(bar: &ProgressBar, p: Progress) {
    bar.set_message(p.stage);
    bar.set_length(p.total_frames.unwrap_or(p.done_frames));
    bar.set_position(p.done_frames);
}

fn to_json(r: &RenderReport) -> Json<'_> {
    Json {
        output: &r.output,
        frames: r.frames,
        sample_rate: r.sample_rate,
        channels: r.channels,
        format: r.format.name(),
        placement: r.placement,
        layout: &r.layout,
        input_lufs: r.input_lufs,
        output_lufs: r.output_lufs,
        true_peak_dbtp: r.true_peak_dbtp,
        gain_db: r.gain_db,
        limited_frames: r.limited_frames,
        clipped_samples: r.clipped_samples,
        non_finite_samples: r.non_finite_samples,
        seconds_elapsed: r.seconds_elapsed,
        realtime_factor: r.realtime_factor,
        hrtf: &r.hrtf,
        room: &r.room,
        headphones: &r.headphones,
        warnings: &r.warnings,
    }
}

fn summary(r: &RenderReport) -> String {
    let headphones = if r.headphones == "none" { String::new() } else { format!(", headphones {}", r.headphones) };
    format!(
        "{}: {:.1} s at {} Hz, {} ({}), room {}, head {}{headphones}, {} and {}, gain {:+.1} dB, {:.0} times real time\n",
        r.output.display(),
        r.frames as f64 / f64::from(r.sample_rate),
        r.sample_rate,
        r.placement,
        r.layout,
        r.room,
        r.hrtf,
        print::some(r.output_lufs, 1, "LUFS"),
        print::some(r.true_peak_dbtp, 1, "dBTP"),
        r.gain_db,
        r.realtime_factor,
    )
}
