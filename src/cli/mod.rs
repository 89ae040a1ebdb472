//! The `periphon` program: one file for each verb.
//!
//! Results go to standard output, everything else to standard error. An error is one `error:` line that names the file,
//! what is wrong and where, then `hint:` lines. Exit codes: 0 done, 1 the work failed, 2 the command line is wrong,
//! 130 interrupted.

mod around;
pub mod bench;
mod bench_verb;
mod compare;
mod decay_plot;
mod devices;
mod docs;
mod draw;
mod file;
mod head;
mod headphones;
mod hear;
mod inspect;
mod ir;
mod ir_report;
mod numbers;
mod picture;
mod play;
mod plot;
mod print;
mod render;
mod scene;
mod scene_errors;
mod scene_plan;
mod signals;
mod sound;
mod stance;
mod status_line;
mod stems;
mod tui;

use crate::error::{Error, ErrorKind, Result};
use clap::{Args, CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;

/// Spatial audio for headphones: tracks, rooms and measured heads to two ears.
#[derive(Debug, Parser)]
#[command(name = "periphon", version, max_term_width = 100, arg_required_else_help = false)]
#[command(after_help = "Examples:
  periphon render song.flac
  periphon play song.flac
  periphon render voice.wav --at 30,0,1.5 -o left.flac
  periphon inspect song.m4a
  periphon scene check band.toml
  periphon ir hall.toml -o hall.wav
  periphon hrtf info my-head.sofa

Exit codes: 0 done, 1 the work failed, 2 the command line is wrong, 130 interrupted.")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    common: Common,
}

/// Flags of every verb.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// Say nothing but errors
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Print one JSON object on standard output, and nothing else there
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Render(Box<render::RenderArgs>),
    Play(Box<play::PlayArgs>),
    Devices(devices::DevicesArgs),
    Inspect(inspect::InspectArgs),
    Scene(scene::SceneArgs),
    Ir(ir::IrArgs),
    Hrtf(head::HrtfArgs),
    Headphones(headphones::HeadphonesArgs),
    Bench(bench_verb::BenchArgs),
    Completions(docs::CompletionsArgs),
    Man(docs::ManArgs),
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    ExitCode::from(run(std::env::args_os()))
}

/// Runs the program; returns its exit code. Never panics: what does inside is reported as an error.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    // Panics are turned into errors here; their own words would only be in the way.
    std::panic::set_hook(Box::new(|_| ()));
    let args: Vec<OsString> = args.into_iter().collect();
    std::panic::catch_unwind(|| parse_and_run(&args)).unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        crate::sink::remove_unfinished();
        let error = Error::new(ErrorKind::Io, format!("internal error: {}", what.unwrap_or("unknown")))
            .hint("this is a defect of periphon: please report it with the command and the file");
        print::error(&error);
        1
    })
}

fn parse_and_run(args: &[OsString]) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(e) => return wrong_usage(&e),
    };
    signals::watch();
    match dispatch(cli) {
        Ok(()) => 0,
        Err(e) => {
            print::error(&e);
            exit_code(e.kind())
        }
    }
}

fn dispatch(cli: Cli) -> Result<()> {
    let common = &cli.common;
    match cli.verb {
        Verb::Render(args) => render::run(&args, common),
        Verb::Play(args) => play::run(&args, common),
        Verb::Devices(args) => devices::run(&args, common),
        Verb::Inspect(args) => inspect::run(&args, common),
        Verb::Scene(args) => scene::run(args, common),
        Verb::Ir(args) => ir::run(&args, common),
        Verb::Hrtf(args) => head::run(args, common),
        Verb::Headphones(args) => headphones::run(&args, common),
        Verb::Bench(args) => bench_verb::run(&args, common),
        Verb::Completions(args) => docs::completions(&args, &mut Cli::command(), common),
        Verb::Man(args) => docs::man(&args, &Cli::command(), common),
    }
}

fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Argument => 2,
        ErrorKind::Interrupted => 130,
        _ => 1,
    }
}

/// Help and version as clap prints them; mistakes in our own form.
fn wrong_usage(e: &clap::Error) -> u8 {
    use clap::error::ErrorKind as Kind;
    if matches!(e.kind(), Kind::DisplayHelp | Kind::DisplayVersion) {
        // A reader that went away has read enough.
        return match e.print() {
            Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
                print::error(&Error::new(ErrorKind::Io, "cannot write to standard output").caused_by(e));
                1
            }
            _ => 0,
        };
    }
    let text = e.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    let first = lines.next().unwrap_or("error: the command line is wrong");
    let mut message = first.strip_prefix("error: ").unwrap_or(first).to_string();
    let mut hints = Vec::new();
    for line in lines {
        if let Some(tip) = line.strip_prefix("tip: ") {
            hints.push(tip.to_string());
        } else if line.starts_with("Usage:") {
            hints.push(line.replacen("Usage:", "usage:", 1));
        } else if line.starts_with("For more information") {
            hints.push("see --help".to_string());
        } else if line.starts_with('[') || line.starts_with('<') || line.starts_with("--") {
            message = format!("{message} {line}");
        }
    }
    let error = hints.into_iter().fold(Error::argument(message), Error::hint);
    print::error(&error);
    2
}
