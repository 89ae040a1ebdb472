//! What an input holds, and when its picture and its sound begin, as ffmpeg sees it.
//!
//! Asked in its own table of packets (`framecrc`), which is made to be read by programs and has not changed in years:
//! `#media_type 0: video`, `#tb 0: 1/12800`, then `stream, dts, pts, duration, size, sum` for each packet.

use super::command::{run, source};
use crate::error::Result;
use std::ffi::OsString;
use std::path::Path;

/// What matters of an input.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Probe {
    pub pictures: usize,
    pub sounds: usize,
    pub subtitles: usize,
    pub attachments: usize,
    pub data: usize,
    /// Of the sound, Hz.
    pub sample_rate: u32,
    /// Seconds on the container's clock: the first picture, and the first frame of sound behind its coder's delay.
    pub picture_start: f64,
    pub sound_start: f64,
}

impl Probe {
    pub fn of(input: &Path) -> Result<Self> {
        let ask = |words: &[&str]| {
            let mut args: Vec<OsString> =
                ["-copyts", "-protocol_whitelist", "file,pipe", "-i"].map(Into::into).to_vec();
            args.push(source(input));
            args.extend(words.iter().map(OsString::from));
            args.extend(["-f", "framecrc", "pipe:1"].map(OsString::from));
            run(&args, &|| true).map_err(|e| e.at(input))
        };
        // What streams there are; none of their packets.
        let table = ask(&["-map", "0", "-c", "copy", "-t", "0"])?;
        let mut probe = Self::default();
        for line in table.lines().filter_map(|l| l.strip_prefix("#media_type ")) {
            match line.split_once(": ").map(|(_, kind)| kind.trim()) {
                Some("video") => probe.pictures += 1,
                Some("audio") => probe.sounds += 1,
                Some("subtitle") => probe.subtitles += 1,
                Some("attachment") => probe.attachments += 1,
                Some("data") => probe.data += 1,
                _ => {}
            }
        }
        if probe.pictures == 0 || probe.sounds == 0 {
            return Ok(probe);
        }
        // Half a second of packets: pictures come in the order in which they are coded, not in that of their times.
        let picture = Table::read(&ask(&["-map", "0:v:0", "-c", "copy", "-frames:v", "16"])?);
        let sound = Table::read(&ask(&["-map", "0:a:0", "-c:a", "pcm_s16le", "-frames:a", "1"])?);
        probe.picture_start = picture.first.unwrap_or(0.0);
        probe.sound_start = sound.first.unwrap_or(probe.picture_start);
        probe.sample_rate = sound.sample_rate;
        Ok(probe)
    }
}

/// One stream's table.
#[derive(Default)]
struct Table {
    /// The earliest time, seconds.
    first: Option<f64>,
    sample_rate: u32,
}

impl Table {
    fn read(text: &str) -> Self {
        let (mut unit, mut table) = (0.0, Self::default());
        for line in text.lines() {
            if let Some(of) = line.strip_prefix("#tb 0: ") {
                let parts = of.trim().split_once('/').map(|(a, b)| (a.parse::<f64>(), b.parse::<f64>()));
                if let Some((Ok(a), Ok(b))) = parts
                    && b > 0.0
                {
                    unit = a / b;
                }
            } else if let Some(rate) = line.strip_prefix("#sample_rate 0: ") {
                table.sample_rate = rate.trim().parse().unwrap_or(0);
            } else if !line.starts_with('#')
                && let Some(pts) = line.split(',').nth(2).and_then(|t| t.trim().parse::<f64>().ok())
            {
                let t = pts * unit;
                table.first = Some(table.first.map_or(t, |first: f64| first.min(t)));
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_time_of_a_table_is_read() {
        let text = "#software: Lavf59\n#tb 0: 1/12800\n#media_type 0: video\n#codec_id 0: mpeg4\n\
                    0,       -512,          512,      512,    12345, 0x1234\n\
                    0,          0,          256,      512,      345, 0x1234, F=0x0\n";
        assert_eq!(Table::read(text).first, Some(0.02));
        let sound = Table::read("#tb 0: 1/44100\n#sample_rate 0: 44100\n0, 22050, 22050, 1024, 4096, 0x1\n");
        assert_eq!((sound.first, sound.sample_rate), (Some(0.5), 44_100));
        assert_eq!(Table::read("rubbish\n#tb 0: 1/0\n0,0\n").first, None);
    }
}
