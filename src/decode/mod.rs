//! A file becomes planar blocks and what is known about each channel.
//!
//! [`open`] tells the format by content and picks the decoder: an own reader for PCM in the WAV family (RIFF, RIFX,
//! RF64, BW64, W64) and for Ogg Opus, symphonia for everything else that Rust can decode, and the `ffmpeg` command,
//! where installed, for what no Rust decoder reads. Memory is bounded whatever a header claims, a panic in a foreign
//! parser becomes an error, and a damaged or cut file gives what can be had of it, with a warning.

mod channels;
mod demux;
mod ffmpeg;
mod guard;
mod info;
mod mp4;
mod ogg;
mod opus;
mod pcm;
mod sniff;
mod stream;
mod tags;
mod wav;
mod wav_read;

use std::path::{Path, PathBuf};

pub(crate) use ffmpeg::first_words as ffmpeg_said;
pub use info::{Cover, ReplayGain, TrackInfo};
pub use sniff::{Kind, sniff};

use crate::buffer::AudioBuffer;
use crate::error::{Error, Result};
use crate::layout::Layout;
use guard::guarded;
use stream::Source;

/// Sample rates that are accepted, Hz.
pub const SAMPLE_RATES: std::ops::RangeInclusive<u32> = 8_000..=384_000;
/// The most channels that are accepted: a sound field of order 7.
pub const MAX_CHANNELS: usize = 64;

/// What a format's own module hands to [`open`].
struct Opened {
    info: TrackInfo,
    source: Box<dyn Source>,
    warnings: Vec<String>,
    /// True if `info.frames` is a promise, so that fewer frames mean a cut file.
    exact: bool,
    /// True if samples may be NaN or infinite.
    float: bool,
}

/// An open track: a stream of planar `f32` frames at the file's own rate, nominally within ±1.
pub struct Decoder {
    path: PathBuf,
    info: TrackInfo,
    source: Box<dyn Source>,
    warnings: Vec<String>,
    exact: bool,
    float: bool,
    position: u64,
    non_finite: u64,
    ended: bool,
    broken: bool,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("path", &self.path).field("info", &self.info).finish_non_exhaustive()
    }
}

/// Opens a track and decodes far enough to know that there is sound in it.
///
/// # Errors
/// `Io` if the file cannot be read, `Malformed` if it is damaged beyond use or holds no frame, `Unsupported` if it is
/// not a sound file or of a coding that neither Rust nor an installed `ffmpeg` reads; the message names it.
pub fn open(path: impl AsRef<Path>) -> Result<Decoder> {
    let path = path.as_ref();
    let opened = guarded(|| dispatch(path)).map_err(|e| e.at(path))?;
    Ok(Decoder {
        path: path.to_path_buf(),
        info: opened.info,
        source: opened.source,
        warnings: opened.warnings,
        exact: opened.exact,
        float: opened.float,
        position: 0,
        non_finite: 0,
        ended: false,
        broken: false,
    })
}

/// Opens a track and reads its channels as `layout` (a name of [`Layout::named`]), whatever the file says.
///
/// # Errors
/// As [`open`]; `Argument` if there is no such layout or it has another number of channels.
pub fn open_as(path: impl AsRef<Path>, layout: &str) -> Result<Decoder> {
    let mut decoder = open(path)?;
    let channels = decoder.info.layout.channels();
    decoder.info.layout = Layout::named(layout, channels).map_err(|e| e.at(&decoder.path))?;
    decoder.warnings.retain(|w| !w.starts_with("the file does not say where"));
    Ok(decoder)
}

fn dispatch(path: &Path) -> Result<Opened> {
    let kind = sniff(path)?;
    let Kind::Audio(name) = kind else {
        return Err(Error::unsupported(format!("expected a sound file, this is {}", kind.describe())));
    };
    match name {
        "WAV" | "RIFX" | "RF64" | "BW64" | "W64" => match wav_read::open(path)? {
            Some(opened) => Ok(opened),
            None if name == "WAV" => demux::open(path, name),
            None => ffmpeg::open(path, name, None),
        },
        "Ogg" => match ogg::open(path)? {
            Some(opened) => Ok(opened),
            None => demux::open(path, name),
        },
        "AIFF" | "CAF" | "FLAC" | "MP4" | "Matroska" | "MP1" | "MP2" | "MP3" | "AAC" => demux::open(path, name),
        other => ffmpeg::open(path, other, None),
    }
}

/// Refuses rates and channel counts that are out of range.
fn check_limits(sample_rate: u32, channels: usize) -> Result<()> {
    if !SAMPLE_RATES.contains(&sample_rate) {
        let (low, high) = (SAMPLE_RATES.start(), SAMPLE_RATES.end());
        return Err(Error::unsupported(format!(
            "the sample rate is {sample_rate} Hz; {low} to {high} Hz are supported"
        ))
        .hint("resample the file, for example with: ffmpeg -i FILE -ar 48000 OUT.wav"));
    }
    if channels == 0 || channels > MAX_CHANNELS {
        return Err(Error::unsupported(format!("the file has {channels} channels; 1 to {MAX_CHANNELS} are supported")));
    }
    Ok(())
}

impl Decoder {
    /// What the track is.
    pub fn info(&self) -> &TrackInfo {
        &self.info
    }

    /// The next frame that [`Decoder::read`] delivers.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Replaces the contents of `out` by the next frames: exactly `frames` of them, fewer only at the end, none after.
    /// Returns how many. NaN and infinity are silenced and counted. Once `out` has seen a call of this size, our own
    /// readers do not allocate; symphonia allocates each packet.
    ///
    /// # Errors
    /// `Io` if reading fails before a single frame came, `Malformed` if a foreign decoder broke; the decoder then
    /// delivers nothing more. A cut file is not an error but a warning.
    pub fn read(&mut self, out: &mut AudioBuffer, frames: usize) -> Result<usize> {
        let channels = self.info.layout.channels();
        if out.channels() != channels {
            out.set_channels(channels);
        }
        if out.frames() != frames {
            out.resize(frames);
        }
        let mut got = 0;
        if !self.ended && !self.broken {
            let source = &mut self.source;
            let outcome = guarded(|| {
                while got < frames {
                    match source.read(out, got, frames - got)? {
                        0 => return Ok(true),
                        n => got += n,
                    }
                }
                Ok(false)
            });
            self.source.warnings(&mut self.warnings);
            match outcome {
                Ok(ended) => self.ended = ended,
                Err(e) => {
                    self.broken = true;
                    out.resize(0);
                    return Err(e.at(&self.path));
                }
            }
        }
        if got < frames {
            out.resize(got);
        }
        self.position += got as u64;
        if self.float {
            self.non_finite += out.iter_mut().map(pcm::silence_non_finite).sum::<u64>();
        }
        if self.ended && self.exact {
            self.exact = false; // said once
            if let Some(promised) = self.info.frames.filter(|&n| n > self.position) {
                self.warnings
                    .push(format!("the file is cut short: {} of {promised} frames could be read", self.position));
            }
        }
        Ok(got)
    }

    /// Reads all that is left, a vector for each channel; `None` as soon as it lasts longer than `most_seconds`.
    ///
    /// # Errors
    /// As [`Decoder::read`].
    pub(crate) fn read_rest(&mut self, most_seconds: f64) -> Result<Option<Vec<Vec<f32>>>> {
        const STEP: usize = 16_384;
        let channels = self.info.layout.channels();
        let mut planes = vec![Vec::new(); channels];
        let mut part = AudioBuffer::new(channels, 0);
        loop {
            let frames = self.read(&mut part, STEP)?;
            if frames == 0 {
                return Ok(Some(planes));
            }
            for (plane, x) in planes.iter_mut().zip(part.iter()) {
                plane.extend_from_slice(&x[..frames]);
            }
            if planes[0].len() as f64 > most_seconds * f64::from(self.info.sample_rate) {
                return Ok(None);
            }
        }
    }

    /// Makes `frame` the next one read, to the sample; beyond the end is the end.
    ///
    /// # Errors
    /// As [`Decoder::read`].
    pub fn seek(&mut self, frame: u64) -> Result<()> {
        if self.broken {
            return Err(Error::malformed("the track broke off earlier and cannot be sought").at(&self.path));
        }
        let source = &mut self.source;
        let outcome = guarded(|| source.seek(frame));
        self.source.warnings(&mut self.warnings);
        if let Err(e) = outcome {
            self.broken = true;
            return Err(e.at(&self.path));
        }
        self.position = self.info.frames.map_or(frame, |n| frame.min(n));
        self.ended = false;
        Ok(())
    }

    /// What was assumed, repaired or skipped so far, one sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// How many samples were NaN or infinite and have been silenced so far.
    pub fn non_finite(&self) -> u64 {
        self.non_finite
    }
}
