//! `periphon bench`: the measuring is in `bench.rs`.

use super::bench::{BenchOptions, bench};
use super::{Common, print};
use crate::error::Result;
use crate::hrtf::DEFAULT_HEAD;
use clap::Args;

/// Measure what this machine can do
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon bench
  periphon bench --sources 64 --block 128 --json")]
pub(super) struct BenchArgs {
    /// Only this many sources
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096), allow_negative_numbers = true)]
    sources: Option<u32>,
    /// Only this block, frames
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(16..=8192), allow_negative_numbers = true)]
    block: Option<u32>,
    /// Seconds of sound in each run
    #[arg(long, value_name = "S", default_value = "2", value_parser = bench_seconds, allow_negative_numbers = true)]
    seconds: f64,
    /// The head: a SOFA file or a built-in set
    #[arg(long, value_name = "FILE|NAME", default_value = DEFAULT_HEAD)]
    hrtf: String,
}

pub(super) fn run(args: &BenchArgs, common: &Common) -> Result<()> {
    let options = BenchOptions {
        hrtf: args.hrtf.clone(),
        sources: args.sources.map(|n| n as usize),
        block: args.block.map(|n| n as usize),
        seconds: args.seconds,
    };
    let mut printed = Ok(());
    let report = bench(&options, &mut |line| {
        if !common.json && !common.quiet && printed.is_ok() {
            printed = print::out(&format!("{line}\n"));
        }
    })?;
    printed?;
    if common.json { print::json(&report) } else { Ok(()) }
}

fn bench_seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(s) if (0.05..=600.0).contains(&s) => Ok(s),
        _ => Err("it must be a number of seconds, 0.05 to 600".to_string()),
    }
}
