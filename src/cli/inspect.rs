//! `periphon inspect`: what a file is and holds, and what of it cannot be used.

use super::head::Info;
use super::{Common, print};
use crate::decode::{self, Kind, TrackInfo, sniff};
use crate::error::{Error, Result};
use crate::sofa::{self, Container};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Say what a track or SOFA file is and holds, and what of it cannot be used
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon inspect song.flac
  periphon inspect head.sofa --json")]
pub(super) struct InspectArgs {
    /// The file, of any kind
    file: PathBuf,
}

/// A track as JSON has it.
#[derive(Serialize)]
struct Track<'a> {
    kind: &'static str,
    file: &'a Path,
    container: &'a str,
    codec: &'a str,
    decoder: &'a str,
    sample_rate: u32,
    channels: usize,
    layout: String,
    frames: Option<u64>,
    seconds: Option<f64>,
    bits: Option<u32>,
    tags: BTreeMap<&'a str, &'a str>,
    cover: Option<String>,
    has_video: bool,
    has_adm: bool,
    warnings: &'a [String],
}

/// A SOFA file that is no head.
#[derive(Serialize)]
struct Sofa<'a> {
    kind: &'static str,
    file: &'a Path,
    convention: Option<&'a str>,
    variables: Vec<Variable>,
    not_a_head: String,
}

#[derive(Serialize)]
struct Variable {
    name: String,
    dimensions: Vec<usize>,
}

/// A head as JSON has it.
#[derive(Serialize)]
struct Head {
    kind: &'static str,
    #[serde(flatten)]
    info: Info,
}

pub(super) fn run(args: &InspectArgs, common: &Common) -> Result<()> {
    let file = &args.file;
    match sniff(file)? {
        Kind::Audio(_) => track(file, common),
        Kind::Hdf5 => sofa_file(file, common),
        kind => Err(Error::unsupported(format!("this is {}", kind.describe()))
            .at(file)
            .hint("tracks and SOFA files can be inspected")),
    }
}

fn track(file: &Path, common: &Common) -> Result<()> {
    let decoder = decode::open(file)?;
    let info = decoder.info();
    if common.json {
        return print::json(&Track {
            kind: "track",
            file,
            container: &info.container,
            codec: &info.codec,
            decoder: info.decoder,
            sample_rate: info.sample_rate,
            channels: info.layout.channels(),
            layout: info.layout.name(),
            frames: info.frames,
            seconds: info.seconds(),
            bits: info.bits,
            tags: info.tags.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect(),
            cover: info.cover.as_ref().map(|c| c.mime.clone()),
            has_video: info.has_video,
            has_adm: info.has_adm,
            warnings: decoder.warnings(),
        });
    }
    print::out(&track_text(file, info, decoder.warnings()))
}

fn track_text(file: &Path, info: &TrackInfo, warnings: &[String]) -> String {
    let mut t = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(t, "{name:10} {value}");
    };
    line("file", file.display().to_string());
    line("format", format!("{}, {}, decoded by {}", info.container, info.codec, info.decoder));
    let bits = info.bits.map_or_else(String::new, |b| format!(", {b} bits"));
    line("samples", format!("{} Hz{bits}", info.sample_rate));
    line("channels", format!("{} ({})", info.layout.channels(), info.layout.name()));
    let length = info.seconds().map_or_else(|| "not known before decoding".to_string(), |s| format!("{s:.3} s"));
    line("length", length);
    for (name, value) in &info.tags {
        line("tag", format!("{name}: {}", value.lines().next().unwrap_or_default()));
    }
    if let Some(cover) = &info.cover {
        line("cover", format!("{}, {} bytes", cover.mime, cover.data.len()));
    }
    if info.has_video {
        line("also", "moving pictures, which are not used".to_string());
    }
    if info.has_adm {
        line("also", "ADM metadata, which is not used: channels go by the layout".to_string());
    }
    warnings.iter().for_each(|w| line("warning", w.clone()));
    t
}

fn sofa_file(file: &Path, common: &Common) -> Result<()> {
    let container = Container::open(file)?;
    match sofa::from_container(&container) {
        Ok(data) => {
            let info = Info::of(&file.display().to_string(), &data);
            if common.json { print::json(&Head { kind: "head", info }) } else { print::out(&info.text()) }
        }
        Err(why) => {
            let convention = container.attribute("SOFAConventions");
            if convention.is_none() {
                return Err(why.at(file));
            }
            let report = Sofa {
                kind: "sofa",
                file,
                convention,
                variables: container
                    .variables()
                    .iter()
                    .map(|v| Variable { name: v.name.clone(), dimensions: v.dims.clone() })
                    .collect(),
                not_a_head: why.to_string(),
            };
            if common.json { print::json(&report) } else { print::out(&report.text()) }
        }
    }
}

impl Sofa<'_> {
    fn text(&self) -> String {
        let mut t = format!(
            "file       {}\nconvention {}\nnot usable {}\n",
            self.file.display(),
            self.convention.unwrap_or_default(),
            self.not_a_head
        );
        for v in &self.variables {
            let _ = writeln!(t, "variable   {} {:?}", v.name, v.dimensions);
        }
        t
    }
}
