//! `periphon devices`: the outputs there are.

use super::{Common, print};
use crate::error::Result;
use crate::live::device::{DeviceInfo, outputs};
use clap::Args;
use serde::Serialize;

/// List the sound outputs, with rates and buffer sizes
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon devices
  periphon devices --json
  periphon play song.flac --device pulseaudio:headphones")]
pub(super) struct DevicesArgs {}

#[derive(Serialize)]
struct Json<'a> {
    devices: Vec<Device<'a>>,
}

#[derive(Serialize)]
struct Device<'a> {
    name: String,
    description: &'a str,
    host: &'a str,
    default: bool,
    min_rate: u32,
    max_rate: u32,
    min_buffer: Option<u32>,
    max_buffer: Option<u32>,
    channels: u16,
    formats: &'a [String],
}

pub(super) fn run(_: &DevicesArgs, common: &Common) -> Result<()> {
    let all = outputs()?;
    if common.json {
        let devices = all.iter().map(|d| Device {
            name: name(d),
            description: &d.description,
            host: &d.host,
            default: d.default,
            min_rate: d.rates[0],
            max_rate: d.rates[1],
            min_buffer: d.buffers.map(|b| b[0]),
            max_buffer: d.buffers.map(|b| b[1]),
            channels: d.channels,
            formats: &d.formats,
        });
        return print::json(&Json { devices: devices.collect() });
    }
    let mut text = String::new();
    for d in &all {
        let buffers = d.buffers.map_or(String::new(), |[a, b]| format!(", buffers of {a} to {b} frames"));
        let mark = if d.default { " (default)" } else { "" };
        text += &format!("{}{mark}\n    {}\n", name(d), d.description);
        let formats = d.formats.join(", ");
        text +=
            &format!("    {} to {} Hz, up to {} channels{buffers}, {formats}\n", d.rates[0], d.rates[1], d.channels);
    }
    print::lines(&text)
}

/// As `--device` takes it.
fn name(d: &DeviceInfo) -> String {
    format!("{}:{}", d.host, d.name)
}
