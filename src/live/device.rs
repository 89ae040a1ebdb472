//! The sound devices there are, and the one that is meant.

use crate::error::{Error, ErrorKind, Result};
use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{SampleFormat, SupportedBufferSize, SupportedStreamConfigRange};

/// An output as `periphon devices` lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceInfo {
    /// The system it belongs to: `alsa`, `pulseaudio`, `jack`, `wasapi`, `coreaudio`.
    pub host: String,
    /// What the user calls it: `HOST:NAME` or `NAME` choose it.
    pub name: String,
    /// What it is, in words.
    pub description: String,
    /// The one that is taken if none is named.
    pub default: bool,
    /// Lowest and highest sample rate, Hz.
    pub rates: [u32; 2],
    /// Fewest and most frames of a buffer, if the system tells.
    pub buffers: Option<[u32; 2]>,
    /// The most channels.
    pub channels: u16,
    /// Sample formats, best first.
    pub formats: Vec<String>,
}

/// An output found, and how it will run.
pub(super) struct Choice {
    pub(super) device: cpal::Device,
    pub(super) host: String,
    pub(super) name: String,
    pub(super) range: SupportedStreamConfigRange,
    pub(super) rate: u32,
}

/// All outputs, the default first.
///
/// # Errors
/// `Device` if there is no sound system at all.
pub fn outputs() -> Result<Vec<DeviceInfo>> {
    let mut all = Vec::new();
    for (n, id) in hosts().into_iter().enumerate() {
        let Ok(host) = cpal::host_from_id(id) else { continue };
        let default = host.default_output_device();
        let Ok(devices) = host.output_devices() else { continue };
        for device in devices {
            let Ok(ranges) = device.supported_output_configs() else { continue };
            let ranges: Vec<_> = ranges.collect();
            let (Some(low), Some(high)) =
                (ranges.iter().map(|r| r.min_sample_rate()).min(), ranges.iter().map(|r| r.max_sample_rate()).max())
            else {
                continue;
            };
            let mut formats: Vec<SampleFormat> = ranges.iter().map(|r| r.sample_format()).collect();
            formats.sort_by_key(|f| std::cmp::Reverse(worth(*f)));
            formats.dedup();
            all.push(DeviceInfo {
                host: host_name(id),
                name: id_of(&device),
                description: device.to_string(),
                default: n == 0 && default.as_ref() == Some(&device),
                rates: [low, high].map(|r| r.clamp(8_000, 384_000)),
                buffers: ranges.iter().find_map(|r| match r.buffer_size() {
                    SupportedBufferSize::Range { min, max } => Some([*min, *max]),
                    SupportedBufferSize::Unknown => None,
                }),
                channels: ranges.iter().map(|r| r.channels()).max().unwrap_or(0),
                formats: formats.iter().map(ToString::to_string).collect(),
            });
        }
    }
    if all.is_empty() {
        return Err(none());
    }
    all.sort_by_key(|d| !d.default);
    Ok(all)
}

/// Finds the output called `name` (the default for `None`), and how it comes nearest to `rate`.
pub(super) fn find(name: Option<&str>, rate: u32) -> Result<Choice> {
    let asked = name.map(str::to_lowercase);
    let hosts = hosts();
    // The name of a sound system means that, though another may have a device of that name.
    let whole = hosts.iter().any(|id| Some(host_name(*id)) == asked);
    let mut seen = Vec::new();
    for id in hosts {
        let prefix = host_name(id);
        let part = match &asked {
            // A bare JACK server would be started by looking for it.
            None if prefix == "jack" => continue,
            Some(asked) if whole && *asked != prefix => continue,
            Some(_) if whole => None,
            Some(asked) => Some(asked.strip_prefix(&format!("{prefix}:")).unwrap_or(asked).to_string()),
            None => None,
        };
        let Ok(host) = cpal::host_from_id(id) else { continue };
        let device = match part {
            None => host.default_output_device(),
            Some(part) => {
                let all: Vec<_> = host.output_devices().map(Iterator::collect).unwrap_or_default();
                let named = |d: &cpal::Device| (id_of(d).to_lowercase(), d.to_string().to_lowercase());
                let at = all
                    .iter()
                    .position(|d| named(d).0 == part || named(d).1 == part)
                    .or_else(|| all.iter().position(|d| named(d).0.contains(&part) || named(d).1.contains(&part)));
                seen.extend(all.iter().map(|d| format!("{prefix}:{}", id_of(d))));
                at.and_then(|at| all.into_iter().nth(at))
            }
        };
        let Some(device) = device else { continue };
        let name = format!("{prefix}:{}", id_of(&device));
        let usual = device.default_output_config().ok().map(|c| c.sample_rate());
        let Ok(ranges) = device.supported_output_configs() else { continue };
        let Some((range, rate)) = best(ranges.collect(), rate, usual) else { continue };
        return Ok(Choice { device, host: prefix, name, range, rate });
    }
    Err(match name {
        None => none(),
        Some(name) => {
            let near = crate::scene::nearest(name, seen.iter().map(String::as_str)).map(str::to_string);
            let error = Error::new(ErrorKind::Device, format!("there is no output called '{name}'"));
            let error = near.iter().fold(error, |e, near| e.hint(format!("did you mean '{near}'?")));
            error.hint("periphon devices lists them")
        }
    })
}

fn none() -> Error {
    Error::new(ErrorKind::Device, "no sound device was found")
        .hint("is a sound server running, and may this user reach it?")
        .hint("periphon render writes a file instead")
}

/// The hosts of this system, the one to be preferred first: a sound server, then the hardware.
fn hosts() -> Vec<cpal::HostId> {
    let mut all = cpal::available_hosts();
    let rank = |id: &cpal::HostId| match host_name(*id).as_str() {
        "pulseaudio" => 0,
        "jack" => 2,
        _ => 1,
    };
    all.sort_by_key(rank);
    all
}

fn host_name(id: cpal::HostId) -> String {
    id.name().to_lowercase()
}

/// The name of a device inside its host.
fn id_of(device: &cpal::Device) -> String {
    let id = device.id().map(|id| id.to_string()).unwrap_or_else(|_| device.to_string());
    // An id is written as HOST:NAME.
    id.split_once(':').map_or(id.clone(), |(_, name)| name.to_string())
}

/// How much a sample format is worth; 0 for those that are not written.
pub(super) fn worth(format: SampleFormat) -> u8 {
    match format {
        SampleFormat::F32 => 5,
        SampleFormat::F64 => 4,
        SampleFormat::I32 => 3,
        SampleFormat::I16 => 2,
        SampleFormat::U16 => 1,
        _ => 0,
    }
}

/// The best of what a device can do: the rate first, then two channels, then the format.
fn best(
    ranges: Vec<SupportedStreamConfigRange>,
    rate: u32,
    usual: Option<u32>,
) -> Option<(SupportedStreamConfigRange, u32)> {
    let runs_at = |r: &SupportedStreamConfigRange| {
        let usual = usual.unwrap_or(48_000);
        let holds = |hz: u32| (r.min_sample_rate()..=r.max_sample_rate()).contains(&hz);
        if holds(rate) {
            rate
        } else if holds(usual) {
            usual
        } else {
            rate.clamp(r.min_sample_rate(), r.max_sample_rate())
        }
    };
    let score = |r: &SupportedStreamConfigRange| {
        let at = runs_at(r);
        let channels = match r.channels() {
            2 => 3,
            0 | 1 => 1,
            _ => 2,
        };
        (at == rate, std::cmp::Reverse(at.abs_diff(rate)), channels, worth(r.sample_format()))
    };
    let able = |r: &SupportedStreamConfigRange| {
        worth(r.sample_format()) > 0 && r.channels() > 0 && (8_000..=384_000).contains(&runs_at(r))
    };
    ranges.into_iter().filter(able).max_by_key(score).map(|r| (r, runs_at(&r)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(channels: u16, low: u32, high: u32, format: SampleFormat) -> SupportedStreamConfigRange {
        SupportedStreamConfigRange::new(channels, low, high, SupportedBufferSize::Unknown, format)
    }

    #[test]
    fn the_rate_comes_before_the_channels_and_these_before_the_format() {
        let all = vec![
            range(2, 48_000, 48_000, SampleFormat::F32),
            range(6, 8_000, 192_000, SampleFormat::F32),
            range(2, 44_100, 44_100, SampleFormat::I16),
            range(2, 44_100, 44_100, SampleFormat::I32),
            range(2, 44_100, 44_100, SampleFormat::U8),
        ];
        let (found, rate) = best(all.clone(), 44_100, None).unwrap();
        assert_eq!((found.channels(), found.sample_format(), rate), (2, SampleFormat::I32, 44_100));
        let (found, rate) = best(all.clone(), 96_000, None).unwrap();
        assert_eq!((found.channels(), rate), (6, 96_000));
        let (found, rate) = best(all[..1].to_vec(), 44_100, Some(48_000)).unwrap();
        assert_eq!((found.sample_format(), rate), (SampleFormat::F32, 48_000));
        assert!(best(vec![range(2, 48_000, 48_000, SampleFormat::U8)], 48_000, None).is_none());
    }
}
