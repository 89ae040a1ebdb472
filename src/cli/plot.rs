//! `periphon hrtf plot`: pictures of a head.

use super::around::Plane;
use super::picture::Head;
use super::{Common, draw, numbers, print};
use crate::coords::Vec3;
use crate::error::{Error, Result};
use crate::hrtf::{self, HrtfSet, Measured};
use crate::sink::write_whole;
use crate::sofa;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Draw a set: spectra around the head, time and level differences, measured directions
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon hrtf plot ku100 -o ku100.svg
  periphon hrtf plot mine.sofa -o median.png --what median
  periphon hrtf plot mine.sofa -o left.png --at 90,0")]
pub(super) struct PlotArgs {
    /// A SOFA file or a built-in set
    head: String,
    /// The picture to write, .svg or .png
    #[arg(short, long, value_name = "OUT.svg|OUT.png")]
    output: PathBuf,
    /// Replace an existing picture
    #[arg(long)]
    force: bool,
    /// What is drawn [default: all, or direction with --at]
    #[arg(long, value_name = "WHAT")]
    what: Option<What>,
    /// The direction: azimuth and elevation in degrees, distance in metres; implies --what direction [default: 0,0]
    #[arg(long, value_name = "AZ,EL[,DIST]", value_parser = numbers::position, allow_hyphen_values = true)]
    at: Option<Vec3>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Horizontal plane, time and level differences and directions on one page
    All,
    /// The measured directions on a map
    Grid,
    /// Interaural time difference against azimuth, at several elevations
    Itd,
    /// Interaural level difference against azimuth, in octaves
    Ild,
    /// Magnitude in the horizontal plane, both ears
    Horizontal,
    /// Magnitude in the median plane, both ears
    Median,
    /// Magnitude and impulse response of one direction, both ears
    Direction,
}

pub(super) fn run(args: &PlotArgs, common: &Common) -> Result<()> {
    let what = match (args.what, args.at) {
        (None, None) => What::All,
        (None, Some(_)) => What::Direction,
        (Some(what), Some(_)) if what != What::Direction => {
            return Err(Error::argument("--at goes with --what direction only").hint("leave out --what or --at"));
        }
        (Some(what), _) => what,
    };
    draw::check(&args.output)?;
    if args.output.exists() && !args.force {
        return Err(Error::argument("the output exists already")
            .at(&args.output)
            .hint("choose another name with -o, or replace it with --force"));
    }
    let data = hrtf::read(&args.head)?;
    let grid = sofa::diagnose(&data).grid;
    let measured = Measured::from(data);
    let set = HrtfSet::new(&measured, measured.sample_rate).map_err(|e| e.at(&args.head))?;
    let name = Path::new(&args.head).file_name().map_or(args.head.clone().into(), |n| n.to_string_lossy());
    let head = Head { name: &name, set: &set, positions: &measured.positions, grid: &grid };
    let page = match what {
        What::All => head.overview(),
        What::Grid => head.directions(),
        What::Itd => head.itds(),
        What::Ild => head.ilds(),
        What::Horizontal => head.circle(Plane::Horizontal),
        What::Median => head.circle(Plane::Median),
        What::Direction => head.direction(args.at.unwrap_or(Vec3::new(1.0, 0.0, 0.0))),
    };
    write_whole(&args.output, &page.to_bytes(&args.output)?, args.force)?;
    if common.json {
        let what = what.to_possible_value().map(|v| v.get_name().to_string());
        return print::json(&json!({ "output": args.output.to_string_lossy(), "head": args.head, "what": what }));
    }
    if common.quiet { Ok(()) } else { print::lines(&format!("{}\n", args.output.display())) }
}
