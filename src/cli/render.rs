//! `periphon render`: a track or a scene in, a binaural file out.

use super::sound::SoundArgs;
use super::stems::Given;
use super::{Common, file, print, signals, stems};
use crate::decode::{self, Kind, sniff};
use crate::error::{Error, Result};
use crate::render::{GainMemory, Loudness, Progress, RenderJob, RenderReport, arrangement, render};
use crate::sink::SampleFormat;
use crate::sink::film::FilmContainer;
use crate::stems::Arrangement;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::ffi::{OsStr, OsString};
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
  periphon render vocals.flac drums.flac bass.wav keys.flac -o song.wav
  periphon render --stems song-stems/ --stage live --write-scene song.toml
  periphon render film.mkv --place speakers --hrtf my-head.sofa
  periphon render film.mkv -o film.wav
  periphon render bed.wav --layout 7.1.4 --format f32 --loudness off")]
pub(super) struct RenderArgs {
    /// A track of any format that is decoded, or a scene (.toml): told apart by content; several are the stems of one song
    #[arg(value_name = "INPUT", required_unless_present = "stems")]
    inputs: Vec<PathBuf>,
    /// The file to write: .wav or .flac, or a film with the input's picture, .mp4, .m4v, .mov, .mkv or .webm (by ffmpeg)
    /// [default: <input>.binaural.wav in the working directory, for films <input>.binaural.mp4 and the like]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Write the scene that stems come to, to go on from there
    #[arg(long, value_name = "FILE")]
    write_scene: Option<PathBuf>,
    /// Replace an existing output
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    sound: SoundArgs,
    /// Sample format of the output
    #[arg(long, value_name = "FORMAT", default_value = "i24")]
    format: Format,
    /// Processing block, frames: changes speed, never what is heard [default: chosen]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(16..=8192), allow_negative_numbers = true)]
    block: Option<u32>,
    /// Worker threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024), allow_negative_numbers = true)]
    threads: Option<u32>,
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
    fn output(&self, given: &Given) -> PathBuf {
        self.output.clone().unwrap_or_else(|| {
            // The input's name byte for byte, whatever its encoding.
            let mut name = given.name.clone();
            name.push(".binaural.");
            name.push(if given.stems.is_empty() { film_ending(&given.input) } else { "wav".into() });
            PathBuf::from(name)
        })
    }

    fn job(&self, given: &Given) -> Result<RenderJob> {
        Ok(RenderJob {
            stems: given.stems.clone(),
            force: self.force,
            format: match self.format {
                Format::I16 => SampleFormat::I16,
                Format::I24 => SampleFormat::I24,
                Format::F32 => SampleFormat::F32,
            },
            block: self.block.map(|b| b as usize),
            threads: self.threads.map(|t| t as usize),
            output: self.output(given),
            ..self.sound.job(&given.input)?
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
    #[serde(skip_serializing_if = "Option::is_none")]
    film: Option<&'a str>,
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
    stage: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stems: Vec<stems::Json<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scene: Option<String>,
    hrtf: &'a str,
    room: &'a str,
    headphones: &'a str,
    warnings: &'a [String],
}

pub(super) fn run(args: &RenderArgs, common: &Common) -> Result<()> {
    let given = stems::given(&args.inputs, args.sound.stems.as_deref())?;
    let mut job = args.job(&given)?;
    job.measure = !common.quiet || common.json;
    let to_stdout = [Path::new("-"), Path::new("/dev/stdout")].contains(&job.output.as_path());
    if to_stdout && common.json {
        return Err(Error::argument("the sound and the JSON report cannot both go to standard output")
            .hint("leave out --json, or write to a file with -o"));
    }
    // Pipes and devices are refused here, with words of their own; of a scene all mistakes are told.
    for input in if job.stems.is_empty() { std::slice::from_ref(&job.input) } else { &job.stems } {
        match file::kind(input)? {
            Kind::Scene if job.stems.is_empty() => drop(super::scene::open(input)?),
            Kind::Scene => {
                return Err(Error::argument("this is a scene; several inputs are the stems of one song")
                    .at(input)
                    .hint("render the scene alone"));
            }
            _ => {}
        }
    }
    let scene = scene_of(&job, args)?;
    signals::work_listens();
    let bar = progress_bar(common);
    let report = render(&job, &mut |p| show(&bar, p));
    bar.finish_and_clear();
    let mut report = report?;
    report.warnings.splice(0..0, given.told);
    if let (Some(scene), Some(path)) = (scene, &args.write_scene) {
        crate::stems::write_scene(&scene, path, args.force)?;
    }
    if let Some(memory) = GainMemory::of_user().filter(|_| job.loudness != Loudness::Off) {
        // What is played later has this very gain.
        memory.note(&RenderJob { rate: Some(report.sample_rate), ..job.clone() }, report.gain_db);
    }
    if !common.quiet {
        report.warnings.iter().for_each(|w| print::warning(w));
    }
    if common.json {
        print::json(&to_json(&report, args.write_scene.as_deref()))
    } else if common.quiet {
        Ok(())
    } else if to_stdout {
        print::aside(&summary(&report));
        Ok(())
    } else {
        print::lines(&summary(&report))
    }
}

/// The ending of the output's name: that of the input if it is a film with a picture.
fn film_ending(input: &Path) -> OsString {
    let film = FilmContainer::of(input).is_some()
        && matches!(sniff(input), Ok(Kind::Audio(_)))
        && decode::open(input).is_ok_and(|d| d.info().has_video);
    input.extension().filter(|_| film).unwrap_or(OsStr::new("wav")).to_os_string()
}

/// The scene to write, if one is asked for; told before any work is done where that cannot be.
fn scene_of(job: &RenderJob, args: &RenderArgs) -> Result<Option<Arrangement>> {
    let Some(path) = &args.write_scene else { return Ok(None) };
    if job.stems.is_empty() {
        return Err(Error::argument("--write-scene writes where stems stand: this is not a song in stems")
            .at(&job.input)
            .hint("name several files, or a folder with --stems"));
    }
    if *path == job.output {
        return Err(Error::argument("the scene and the output have the same name").at(path));
    }
    let scene = arrangement(job)?;
    scene.check_file(path, args.force)?;
    Ok(Some(scene))
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

fn to_json<'a>(r: &'a RenderReport, scene: Option<&Path>) -> Json<'a> {
    Json {
        output: &r.output,
        frames: r.frames,
        sample_rate: r.sample_rate,
        channels: r.channels,
        format: r.format.name(),
        film: r.film,
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
        stage: &r.stage,
        stems: stems::json(&r.stems),
        scene: scene.map(|s| s.to_string_lossy().into_owned()),
        hrtf: &r.hrtf,
        room: &r.room,
        headphones: &r.headphones,
        warnings: &r.warnings,
    }
}

fn summary(r: &RenderReport) -> String {
    let headphones = if r.headphones == "none" { String::new() } else { format!(", headphones {}", r.headphones) };
    format!(
        "{}: {:.1} s at {} Hz, {} ({}), room {}, head {}{headphones}, {} and {}, gain {:+.1} dB, {:.0} times real time\n{}",
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
        stems::lines(&r.stems),
    )
}
