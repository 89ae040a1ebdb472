//! `periphon hrtf`: what is in a set of head-related responses, and what is odd about it.

use super::{Common, compare, plot, print};
use crate::error::Result;
use crate::hrtf;
use crate::sofa::{self, Diagnosis, Finding, HrirData};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::fmt::Write;

/// Look at heads: what a set holds, pictures of it, the distance between two
#[derive(Clone, Debug, Args)]
#[command(arg_required_else_help = false)]
#[command(after_help = "Examples:
  periphon hrtf info
  periphon hrtf info my-head.sofa
  periphon hrtf plot ku100 -o ku100.png
  periphon hrtf compare ku100 kemar")]
pub(super) struct HrtfArgs {
    #[command(subcommand)]
    verb: HrtfVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum HrtfVerb {
    Info(InfoArgs),
    Plot(plot::PlotArgs),
    Compare(compare::CompareArgs),
}

/// Say what a set holds and name each thing that is odd
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon hrtf info
  periphon hrtf info my-head.sofa --json")]
pub(super) struct InfoArgs {
    /// A SOFA file, or a built-in set; without one the built-in sets are listed
    head: Option<String>,
}

pub(super) fn run(args: HrtfArgs, common: &Common) -> Result<()> {
    match args.verb {
        HrtfVerb::Info(InfoArgs { head: None }) => list(common),
        HrtfVerb::Info(InfoArgs { head: Some(head) }) => info(&head, common),
        HrtfVerb::Plot(args) => plot::run(&args, common),
        HrtfVerb::Compare(args) => compare::run(&args, common),
    }
}

fn list(common: &Common) -> Result<()> {
    #[derive(Serialize)]
    struct List<'a> {
        built_in: Vec<&'a str>,
        default: &'a str,
    }
    let names: Vec<&str> = sofa::builtin_names().collect();
    if common.json {
        return print::json(&List { built_in: names, default: hrtf::DEFAULT_HEAD });
    }
    let mut text = String::new();
    for name in names {
        let data = hrtf::read(name)?;
        let title = data.meta.title.or(data.meta.listener).unwrap_or_default();
        let default = if name == hrtf::DEFAULT_HEAD { " (default)" } else { "" };
        let _ =
            writeln!(text, "{name:8} {} directions, {} Hz: {title}{default}", data.positions.len(), data.sample_rate);
    }
    print::lines(&text)
}

/// A set as the doctor sees it.
#[derive(Serialize)]
pub(super) struct Info {
    file: String,
    convention: Option<String>,
    convention_version: Option<String>,
    title: Option<String>,
    database: Option<String>,
    listener: Option<String>,
    license: Option<String>,
    organization: Option<String>,
    author: Option<String>,
    origin: Option<String>,
    references: Option<String>,
    comment: Option<String>,
    room_type: Option<String>,
    date_created: Option<String>,
    sample_rate: f64,
    taps: usize,
    measurements: usize,
    directions: usize,
    grid: &'static str,
    rings: usize,
    elevation_range_deg: [f64; 2],
    distances_m: Vec<f64>,
    widest_gap_deg: f64,
    widest_gap_at_deg: [f64; 2],
    itd_us: Option<[f64; 2]>,
    onset_ms: Option<[f64; 2]>,
    delay_samples: [f32; 2],
    peak: f32,
    front_level_db: Option<f64>,
    mean_level_db: Option<f64>,
    bass_db: Option<f64>,
    findings: Vec<JsonFinding>,
}

#[derive(Serialize)]
struct JsonFinding {
    severity: String,
    code: &'static str,
    message: String,
    hint: Option<String>,
}

impl From<Finding> for JsonFinding {
    fn from(f: Finding) -> Self {
        Self { severity: f.severity.to_string(), code: f.code, message: f.message, hint: f.hint }
    }
}

impl Info {
    pub(super) fn of(name: &str, data: &HrirData) -> Self {
        let Diagnosis {
            grid,
            itd_s,
            onset_s,
            delay_samples,
            peak,
            front_level_db,
            mean_level_db,
            bass_db,
            findings,
            ..
        } = sofa::diagnose(data);
        let finite = |x: f64| x.is_finite().then_some(x);
        let meta = &data.meta;
        Self {
            file: name.to_string(),
            convention: meta.convention.clone(),
            convention_version: meta.convention_version.clone(),
            title: meta.title.clone(),
            database: meta.database.clone(),
            listener: meta.listener.clone(),
            license: meta.license.clone(),
            organization: meta.organization.clone(),
            author: meta.author.clone(),
            origin: meta.origin.clone(),
            references: meta.references.clone(),
            comment: meta.comment.clone(),
            room_type: meta.room_type.clone(),
            date_created: meta.date_created.clone(),
            sample_rate: data.sample_rate,
            taps: data.taps,
            measurements: data.positions.len(),
            directions: grid.directions,
            grid: grid.kind.name(),
            rings: grid.elevations_deg.len(),
            elevation_range_deg: grid.elevation_range_deg,
            distances_m: grid.distances_m,
            widest_gap_deg: grid.widest_gap_deg,
            widest_gap_at_deg: grid.widest_gap_at_deg,
            itd_us: itd_s.map(|r| r.map(|s| s * 1e6)),
            onset_ms: onset_s.map(|r| r.map(|s| s * 1e3)),
            delay_samples,
            peak,
            front_level_db: finite(front_level_db),
            mean_level_db: finite(mean_level_db),
            bass_db: finite(bass_db),
            findings: findings.into_iter().map(JsonFinding::from).collect(),
        }
    }

    pub(super) fn text(&self) -> String {
        let mut t = String::new();
        let mut line = |name: &str, value: String| {
            let _ = writeln!(t, "{name:13} {value}");
        };
        let version = self.convention_version.as_deref().unwrap_or("");
        line("file", self.file.clone());
        line("convention", format!("{} {version}", self.convention.as_deref().unwrap_or("not said")));
        for (name, value) in [
            ("title", &self.title),
            ("database", &self.database),
            ("listener", &self.listener),
            ("origin", &self.origin),
            ("made by", &self.organization),
            ("licence", &self.license),
        ] {
            if let Some(value) = value.as_deref().filter(|v| !v.trim().is_empty()) {
                let mut short: String = value.split_whitespace().collect::<Vec<_>>().join(" ");
                if short.chars().count() > 90 {
                    short = short.chars().take(87).collect::<String>() + "...";
                }
                line(name, short);
            }
        }
        line("responses", format!("{} of {} samples at {} Hz", self.measurements, self.taps, self.sample_rate));
        let distances: Vec<String> = self.distances_m.iter().map(|d| format!("{d:.2}")).collect();
        line("directions", format!("{}, {}, at {} m", self.directions, self.grid, distances.join(", ")));
        line(
            "elevations",
            format!("{:.1}° to {:.1}°, {} rings", self.elevation_range_deg[0], self.elevation_range_deg[1], self.rings),
        );
        line(
            "widest gap",
            format!(
                "{:.1}° around azimuth {:.0}°, elevation {:.0}°",
                self.widest_gap_deg, self.widest_gap_at_deg[0], self.widest_gap_at_deg[1]
            ),
        );
        if let Some([low, high]) = self.itd_us {
            line("ITD", format!("{low:.0} to {high:.0} µs"));
        }
        if let Some([first, last]) = self.onset_ms {
            line("onsets", format!("{first:.2} to {last:.2} ms"));
        }
        line("front, 1 kHz", print::some(self.front_level_db, 1, "dB"));
        line("mean level", print::some(self.mean_level_db, 1, "dB"));
        if self.findings.is_empty() {
            line("findings", "none".to_string());
        }
        for f in &self.findings {
            line(&f.severity, format!("{} [{}]", f.message, f.code));
            if let Some(hint) = &f.hint {
                line("", hint.clone());
            }
        }
        t
    }
}

pub(super) fn info(head: &str, common: &Common) -> Result<()> {
    let info = Info::of(head, &hrtf::read(head)?);
    if common.json { print::json(&info) } else { print::lines(&info.text()) }
}
