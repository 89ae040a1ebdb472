//! `periphon hrtf plot`: a head in one picture.

use super::svg::{Axis, Frame, LEFT, Page, RIGHT};
use super::{Common, print};
use crate::coords::Vec3;
use crate::dsp::fft::{Fft, Spectrum, good_len};
use crate::error::{Error, Result};
use crate::hrtf::{self, HrtfSet, Interpolator};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Draw a set: spectra around the head, time and level differences, measured directions
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon hrtf plot ku100 -o ku100.svg
  periphon hrtf plot mine.sofa -o up-and-down.svg --plane median")]
pub(super) struct PlotArgs {
    /// A SOFA file or a built-in set
    head: String,
    /// The picture to write, .svg
    #[arg(short, long, value_name = "OUT.svg")]
    output: PathBuf,
    /// Replace an existing picture
    #[arg(long)]
    force: bool,
    /// The circle around the head that spectra are drawn on
    #[arg(long, default_value = "horizontal")]
    plane: Plane,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Plane {
    /// Azimuth −180° to 180° at ear height
    Horizontal,
    /// From below the front over the top to below the back
    Median,
}

impl Plane {
    fn at(self, degrees: f64) -> Vec3 {
        match self {
            Self::Horizontal => Vec3::from_polar(degrees, 0.0, 2.0),
            Self::Median => Vec3::new(degrees.to_radians().cos(), 0.0, degrees.to_radians().sin()) * 2.0,
        }
    }

    fn axis(self) -> Axis<'static> {
        match self {
            Self::Horizontal => Axis {
                label: "azimuth, degrees (left is positive)",
                from: 180.0,
                to: -180.0,
                ticks: &[180.0, 90.0, 0.0, -90.0, -180.0],
                log: false,
            },
            Self::Median => Axis {
                label: "elevation, degrees (0 front, 90 above, 180 behind)",
                from: -60.0,
                to: 240.0,
                ticks: &[-45.0, 0.0, 45.0, 90.0, 135.0, 180.0, 225.0],
                log: false,
            },
        }
    }
}

const STEPS: usize = 121;
const BANDS: usize = 96;
const LOW_HZ: f64 = 200.0;
const LOW_DB: f64 = -30.0;
const HIGH_DB: f64 = 15.0;

/// Both ears around a circle.
struct Circle {
    degrees: Vec<f64>,
    /// dB, `[2][STEPS][BANDS]`.
    levels: [Vec<Vec<f64>>; 2],
    itd_us: Vec<f64>,
    ild_db: Vec<f64>,
}

fn listen(set: &HrtfSet, plane: Plane, high_hz: f64) -> Circle {
    let axis = plane.axis();
    let mut interpolator = Interpolator::new(set.taps());
    let mut fft = Fft::new(good_len(set.taps().max(4096)));
    let mut spectrum = Spectrum::new(fft.len());
    let mut response = vec![0.0; set.taps()];
    let mut near = [0; 2];
    let mut c =
        Circle { degrees: Vec::new(), levels: [Vec::new(), Vec::new()], itd_us: Vec::new(), ild_db: Vec::new() };
    for i in 0..STEPS {
        let degrees = axis.from + (axis.to - axis.from) * i as f64 / (STEPS - 1) as f64;
        let place = set.place(plane.at(degrees), &mut near);
        let mut energy = [0.0; 2];
        for ear in 0..2 {
            interpolator.response(set, place.terms(), ear, set.delay(&place, ear), &mut response);
            energy[ear] = response.iter().map(|x| f64::from(*x).powi(2)).sum();
            fft.time.fill(0.0);
            fft.time[..response.len()].copy_from_slice(&response);
            fft.forward(&mut spectrum.re, &mut spectrum.im);
            let bin = set.sample_rate() / fft.len() as f64;
            let level = |band: usize| {
                let edge = |b: usize| LOW_HZ * (high_hz / LOW_HZ).powf(b as f64 / BANDS as f64) / bin;
                let (from, to) = (edge(band) as usize, (edge(band + 1) as usize).max(edge(band) as usize + 1));
                let power = (from..to).map(|k| f64::from(spectrum.re[k]).powi(2) + f64::from(spectrum.im[k]).powi(2));
                10.0 * (power.sum::<f64>() / (to - from) as f64).max(1e-12).log10()
            };
            c.levels[ear].push((0..BANDS).map(level).collect());
        }
        c.degrees.push(degrees);
        c.itd_us.push((set.delay(&place, 1) - set.delay(&place, 0)) / set.sample_rate() * 1e6);
        c.ild_db.push(10.0 * (energy[0].max(1e-18) / energy[1].max(1e-18)).log10());
    }
    c
}

pub(super) fn run(args: &PlotArgs, common: &Common) -> Result<()> {
    if args.output.extension().is_none_or(|e| e != "svg") {
        return Err(Error::argument("pictures are written as SVG")
            .at(&args.output)
            .hint("end the output's name in .svg"));
    }
    if args.output.exists() && !args.force {
        return Err(Error::argument("the output exists").at(&args.output).hint("replace it with --force"));
    }
    let data = hrtf::read(&args.head)?;
    let set = hrtf::open(&args.head, data.sample_rate)?;
    let picture = draw(&args.head, &set, &data.positions, args.plane);
    crate::sink::write_whole(&args.output, picture.as_bytes(), args.force)?;
    if common.quiet || common.json { Ok(()) } else { print::out(&format!("{}\n", args.output.display())) }
}

fn draw(name: &str, set: &HrtfSet, positions: &[[f64; 3]], plane: Plane) -> String {
    let high_hz = 20_000f64.min(0.45 * set.sample_rate());
    let circle = listen(set, plane, high_hz);
    let name =
        std::path::Path::new(name).file_name().map_or_else(|| name.to_string(), |n| n.to_string_lossy().into_owned());
    let title = format!("{name}: {} directions, {} samples at {} Hz", set.measured(), set.taps(), set.sample_rate());
    let mut page = Page::new(1000.0, 900.0, &title);
    let hertz = Axis {
        label: "frequency, Hz",
        from: LOW_HZ,
        to: high_hz,
        ticks: &[500.0, 1000.0, 2000.0, 5000.0, 10_000.0],
        log: true,
    };
    for (ear, which) in ["left ear", "right ear"].into_iter().enumerate() {
        let frame = Frame {
            left: 75.0 + 470.0 * ear as f64,
            top: 80.0,
            width: 370.0,
            height: 270.0,
            x: plane.axis(),
            y: hertz.clone(),
        };
        let levels = &circle.levels[ear];
        page.field(&frame, STEPS, BANDS, |c, r| (levels[c][r] - LOW_DB) / (HIGH_DB - LOW_DB));
        page.frame(&frame, which);
        if ear == 1 {
            page.scale(&frame, LOW_DB, HIGH_DB, "dB");
        }
    }
    let pairs = |y: &[f64]| circle.degrees.iter().copied().zip(y.iter().copied()).collect::<Vec<_>>();
    let frame = |left, top, label, reach: f64, ticks| Frame {
        left,
        top,
        width: 370.0,
        height: 130.0,
        x: plane.axis(),
        y: Axis { label, from: -reach, to: reach, ticks, log: false },
    };
    let itd = frame(75.0, 440.0, "µs", 900.0, &[-800.0, -400.0, 0.0, 400.0, 800.0]);
    page.line(&itd, &pairs(&circle.itd_us), LEFT);
    page.frame(&itd, "interaural time difference (positive: left leads)");
    let ild = frame(545.0, 440.0, "dB", 30.0, &[-20.0, -10.0, 0.0, 10.0, 20.0]);
    page.line(&ild, &pairs(&circle.ild_db), RIGHT);
    page.frame(&ild, "interaural level difference (positive: left louder)");
    let map = Frame {
        left: 75.0,
        top: 660.0,
        width: 840.0,
        height: 180.0,
        x: Plane::Horizontal.axis(),
        y: Axis {
            label: "elevation, degrees",
            from: -90.0,
            to: 90.0,
            ticks: &[-90.0, -45.0, 0.0, 45.0, 90.0],
            log: false,
        },
    };
    let places: Vec<(f64, f64)> = positions
        .iter()
        .map(|[x, y, z]| {
            let (az, el, _) = Vec3::new(*x, *y, *z).to_polar();
            (az, el)
        })
        .collect();
    page.points(&map, &places, LEFT);
    page.frame(&map, "measured directions");
    page.finish()
}
