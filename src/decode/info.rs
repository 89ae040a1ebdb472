//! What is known of a track before, and besides, its samples.

use crate::layout::Layout;

/// What a track is.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackInfo {
    /// The file format: `WAV`, `FLAC`, `Ogg`, `MP4`, ...
    pub container: String,
    /// The coding of the samples: `PCM s16`, `MP3`, `Opus`, ...
    pub codec: String,
    /// Who decodes it: `periphon`, `symphonia`, `ropus` or `ffmpeg`.
    pub decoder: &'static str,
    /// Frames a second, 8 000 to 384 000.
    pub sample_rate: u32,
    /// Which channel stands where, in the order in which [`super::Decoder::read`] delivers them.
    pub layout: Layout,
    /// Frames in all, encoder delay and padding left out; `None` if only decoding to the end would tell.
    pub frames: Option<u64>,
    /// Significant bits of a sample, where the coding has such a thing.
    pub bits: Option<u32>,
    /// Name and value. Common names are those of Vorbis comments in capitals (`TITLE`, `ARTIST`, ...).
    pub tags: Vec<(String, String)>,
    /// The front cover, or else the first picture.
    pub cover: Option<Cover>,
    /// Loudness hints that another program left in the tags.
    pub replay_gain: ReplayGain,
    /// True if the file also holds moving pictures.
    pub has_video: bool,
    /// True if the file carries Audio Definition Model metadata (an `axml` or `chna` chunk).
    pub has_adm: bool,
}

impl TrackInfo {
    /// Length in seconds, if known.
    pub fn seconds(&self) -> Option<f64> {
        self.frames.map(|n| n as f64 / f64::from(self.sample_rate))
    }

    /// The first value of a tag; case does not matter.
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// A picture that travels with the track, at most [`Cover::MAX_BYTES`] long.
#[derive(Clone, Debug, PartialEq)]
pub struct Cover {
    /// Media type, such as `image/jpeg`.
    pub mime: String,
    /// The picture file.
    pub data: Vec<u8>,
}

impl Cover {
    /// Larger pictures are left behind, so that a hostile file cannot take the memory.
    pub const MAX_BYTES: usize = 16 << 20;
}

/// Gain that a tagger measured (ReplayGain 1 and 2, or the R128 tags of Opus turned into ReplayGain's reference).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReplayGain {
    /// For this track alone, dB.
    pub track_gain_db: Option<f32>,
    /// Largest sample of the track, linear.
    pub track_peak: Option<f32>,
    /// For the whole album, dB.
    pub album_gain_db: Option<f32>,
    /// Largest sample of the album, linear.
    pub album_peak: Option<f32>,
}

impl ReplayGain {
    /// Reads the values from tags; what does not parse is left out.
    pub(super) fn from_tags(tags: &[(String, String)]) -> Self {
        let find = |name: &str| tags.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim());
        let number = |name: &str| {
            let text = find(name)?;
            let text = text.strip_suffix("dB").or_else(|| text.strip_suffix("DB")).unwrap_or(text).trim();
            text.parse::<f32>().ok().filter(|v| v.is_finite() && v.abs() < 1000.0)
        };
        // RFC 7845 section 5.2.1: Q7.8 towards -23 LUFS, 5 dB below ReplayGain 2's -18 LUFS.
        let r128 = |name: &str| Some(f32::from(find(name)?.parse::<i16>().ok()?) / 256.0 + 5.0);
        Self {
            track_gain_db: number("REPLAYGAIN_TRACK_GAIN").or_else(|| r128("R128_TRACK_GAIN")),
            track_peak: number("REPLAYGAIN_TRACK_PEAK"),
            album_gain_db: number("REPLAYGAIN_ALBUM_GAIN").or_else(|| r128("R128_ALBUM_GAIN")),
            album_peak: number("REPLAYGAIN_ALBUM_PEAK"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_read_in_both_spellings() {
        let tags = |n: &str, v: &str| vec![(n.to_string(), v.to_string())];
        assert_eq!(ReplayGain::from_tags(&tags("replaygain_track_gain", "-6.20 dB")).track_gain_db, Some(-6.2));
        assert_eq!(ReplayGain::from_tags(&tags("R128_TRACK_GAIN", "-512")).track_gain_db, Some(3.0));
        assert_eq!(ReplayGain::from_tags(&tags("REPLAYGAIN_TRACK_GAIN", "loud")).track_gain_db, None);
    }
}
