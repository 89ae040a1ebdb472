//! The sound devices there are, and the one that is meant.

use super::hosts::{self, Client, Survey};
use super::naming::{Asked, Found, Named};
use crate::error::{Error, ErrorKind, Result};
use cpal::traits::DeviceTrait;
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
    /// What a stream is opened on; to be found again where it is gone.
    pub(super) device: Option<cpal::Device>,
    client: Client,
    pub(super) host: String,
    pub(super) name: String,
    pub(super) range: SupportedStreamConfigRange,
    pub(super) rate: u32,
    /// All that it can do, and the rate at which it usually runs.
    ranges: Vec<SupportedStreamConfigRange>,
    usual: Option<u32>,
}

impl Choice {
    /// Leaves its client to the stream that was opened on the device: that ends with the stream, if nobody else has it.
    pub(super) fn leave(&mut self) {
        self.device = None;
        self.client.leave();
    }

    /// The same output as it comes nearest to another rate, without asking it.
    pub(super) fn run_at(&mut self, rate: u32) -> bool {
        let best = best(&self.ranges, rate, self.usual);
        if let Some((range, rate)) = best {
            (self.range, self.rate) = (range, rate);
        }
        best.is_some()
    }

    /// Gives its client back, to be asked again.
    pub(super) fn give_back(&mut self) {
        self.device = None;
        self.client = Client::default();
    }
}

/// All outputs, the default first.
///
/// # Errors
/// `Device` if there is no sound system at all.
pub fn outputs() -> Result<Vec<DeviceInfo>> {
    let mut all: Vec<DeviceInfo> = Vec::new();
    for id in hosts::built() {
        let Ok(survey) = hosts::survey(id, false) else { continue };
        let host = hosts::name(id);
        // JACK is played through only where it is asked for.
        let has_default = survey.has_default && host != "jack" && all.iter().all(|d| !d.default);
        for (n, device) in survey.devices.iter().enumerate() {
            all.extend(info(&host, device, has_default && n == 0));
        }
    }
    if all.is_empty() {
        return Err(none());
    }
    all.sort_by_key(|d| !d.default);
    Ok(all)
}

/// What is told of an output; `None` for one that cannot be opened.
fn info(host: &str, device: &cpal::Device, default: bool) -> Option<DeviceInfo> {
    let ranges: Vec<_> = device.supported_output_configs().ok()?.collect();
    let low = ranges.iter().map(|r| r.min_sample_rate()).min()?;
    let high = ranges.iter().map(|r| r.max_sample_rate()).max()?;
    let mut formats: Vec<SampleFormat> = ranges.iter().map(|r| r.sample_format()).collect();
    formats.sort_by_key(|f| std::cmp::Reverse(worth(*f)));
    formats.dedup();
    Some(DeviceInfo {
        host: host.to_string(),
        name: id_of(device),
        description: device.to_string(),
        default,
        rates: [low, high].map(|r| r.clamp(8_000, 384_000)),
        buffers: ranges.iter().find_map(|r| match r.buffer_size() {
            SupportedBufferSize::Range { min, max } => Some([*min, *max]),
            SupportedBufferSize::Unknown => None,
        }),
        channels: ranges.iter().map(|r| r.channels()).max().unwrap_or(0),
        formats: formats.iter().map(ToString::to_string).collect(),
    })
}

/// Finds the output called `name` (the default for `None`), and how it comes nearest to `rate`.
pub(super) fn find(name: Option<&str>, rate: u32) -> Result<Choice> {
    let ids = hosts::built();
    let Some(name) = name else {
        // JACK is played through only where it is asked for.
        let mut usual = ids.into_iter().filter(|id| hosts::name(*id) != "jack");
        let default = |id| {
            let survey = hosts::survey(id, true).ok().filter(|s| s.has_default)?;
            chosen(&hosts::name(id), survey, 0, rate)
        };
        return usual.find_map(default).ok_or_else(none);
    };
    let built: Vec<String> = ids.iter().map(|id| hosts::name(*id)).collect();
    let asked = Asked::read(name, &built);
    let (mut surveys, mut found) = (Vec::new(), Vec::new());
    for id in ids.into_iter().filter(|id| asked.concerns(&hosts::name(*id))) {
        let survey = hosts::survey(id, matches!(asked, Asked::System(_)));
        let named = |d: &cpal::Device| Named { id: id_of(d), description: d.to_string() };
        let outputs = survey.as_ref().map(|s| s.devices.iter().map(named).collect()).map_err(String::clone);
        found.push(Found { system: hosts::name(id), outputs });
        surveys.push(survey);
    }
    let (n, output) = asked.choose(&built, &found)?;
    let unable = || Error::new(ErrorKind::Device, format!("the output '{name}' takes no format that is played"));
    surveys.swap_remove(n).ok().and_then(|s| chosen(&found[n].system, s, output, rate)).ok_or_else(unable)
}

/// An output, as it comes nearest to `rate`; `None` if it takes nothing that is played.
fn chosen(system: &str, mut survey: Survey, output: usize, rate: u32) -> Option<Choice> {
    let device = survey.devices.swap_remove(output);
    let usual = device.default_output_config().ok().map(|c| c.sample_rate());
    let ranges: Vec<_> = device.supported_output_configs().ok()?.collect();
    let (range, rate) = best(&ranges, rate, usual)?;
    let name = format!("{system}:{}", id_of(&device));
    let host = system.to_string();
    Some(Choice { device: Some(device), client: survey.client, host, name, range, rate, ranges, usual })
}

fn none() -> Error {
    Error::new(ErrorKind::Device, "no sound device was found")
        .hint("is a sound server running, and may this user reach it?")
        .hint("periphon render writes a file instead")
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
    ranges: &[SupportedStreamConfigRange],
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
    ranges.iter().filter(|r| able(r)).max_by_key(|r| score(r)).map(|r| (*r, runs_at(r)))
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
        let (found, rate) = best(&all, 44_100, None).unwrap();
        assert_eq!((found.channels(), found.sample_format(), rate), (2, SampleFormat::I32, 44_100));
        let (found, rate) = best(&all, 96_000, None).unwrap();
        assert_eq!((found.channels(), rate), (6, 96_000));
        let (found, rate) = best(&all[..1], 44_100, Some(48_000)).unwrap();
        assert_eq!((found.sample_format(), rate), (SampleFormat::F32, 48_000));
        assert!(best(&[range(2, 48_000, 48_000, SampleFormat::U8)], 48_000, None).is_none());
    }
}
