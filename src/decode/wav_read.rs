//! Reads PCM and float samples of the WAV family, straight from the file into planes.

use std::fs::File;
use std::io::{ErrorKind as IoKind, Read, Seek, SeekFrom};
use std::path::Path;

use super::info::{ReplayGain, TrackInfo};
use super::pcm::{self, Format};
use super::stream::Source;
use super::tags::Tags;
use super::wav::{WavHeader, read_header, read_trailer};
use super::{Opened, check_limits};
use crate::buffer::AudioBuffer;
use crate::error::{Error, Result};

/// Bytes asked of the system at once: enough to make calls rare, small enough for the cache.
const CHUNK: usize = 64 << 10;

/// Opens a WAV file that holds PCM or float; `None` for any other coding inside (ADPCM, A-law, MP3, ...).
pub(super) fn open(path: &Path) -> Result<Option<Opened>> {
    let io = |e| Error::io(path, "cannot read the file", e);
    let mut file = File::open(path).map_err(|e| Error::io(path, "cannot open the file", e))?;
    let length = file.metadata().map_err(io)?.len();
    let (mut tags, mut warnings) = (Tags::default(), Vec::new());
    let mut header = read_header(&mut file, Some(length), &mut tags, &mut warnings)?;
    let Some(format) = header.format else { return Ok(None) };
    check_limits(header.sample_rate, header.channels)?;
    read_trailer(&mut file, &mut header, length, &mut tags);
    file.seek(SeekFrom::Start(header.data_start)).map_err(io)?;
    let frame = (format.bytes() * header.channels) as u64;
    let frames = header.data_bytes / frame;
    if frames == 0 {
        return Err(Error::malformed("the WAV file holds no samples"));
    }
    warnings.extend(header.placement.assumed.clone());
    let info = TrackInfo {
        decoder: "periphon",
        frames: Some(frames),
        replay_gain: ReplayGain::from_tags(&tags.tags),
        tags: tags.tags,
        cover: tags.cover,
        ..describe(&header, format)
    };
    let source =
        WavSource { reader: file, start: header.data_start, frames, left: frames, pcm: Pcm::new(&header, format) };
    Ok(Some(Opened { info, source: Box::new(source), warnings, exact: true, float: format.is_float() }))
}

/// What a header says, without tags and length.
pub(super) fn describe(header: &WavHeader, format: Format) -> TrackInfo {
    let name = match format {
        Format::U8 => "PCM u8",
        Format::S16 => "PCM s16",
        Format::S24 => "PCM s24",
        Format::S32 => "PCM s32",
        Format::F32 => "PCM f32",
        Format::F64 => "PCM f64",
    };
    TrackInfo {
        container: header.container.into(),
        codec: name.into(),
        decoder: "periphon",
        sample_rate: header.sample_rate,
        layout: header.placement.layout.clone(),
        frames: None,
        bits: Some(header.bits),
        tags: Vec::new(),
        cover: None,
        replay_gain: ReplayGain::default(),
        has_video: false,
        has_adm: header.has_adm,
    }
}

/// The state of turning bytes into planes; shared with the pipe of ffmpeg.
pub(super) struct Pcm {
    format: Format,
    big: bool,
    order: Vec<usize>,
    frame: usize,
    bytes: Vec<u8>,
}

impl Pcm {
    pub fn new(header: &WavHeader, format: Format) -> Self {
        let frame = format.bytes() * header.channels;
        let order = header.placement.order.clone();
        Self { format, big: header.big_endian, order, frame, bytes: vec![0; (CHUNK / frame).max(1) * frame] }
    }

    /// Reads up to `frames` frames; 0 at the end. A last piece of a frame is dropped.
    pub fn read(
        &mut self,
        reader: &mut impl Read,
        out: &mut AudioBuffer,
        at: usize,
        frames: usize,
    ) -> std::io::Result<usize> {
        let want = (frames * self.frame).min(self.bytes.len());
        let mut got = 0;
        while got < want {
            match reader.read(&mut self.bytes[got..want]) {
                Ok(0) => break,
                Ok(n) => got += n,
                Err(e) if e.kind() == IoKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        let n = got / self.frame;
        pcm::deinterleave(&self.bytes[..n * self.frame], self.format, self.big, &self.order, out, at);
        Ok(n)
    }
}

struct WavSource {
    reader: File,
    start: u64,
    frames: u64,
    left: u64,
    pcm: Pcm,
}

impl Source for WavSource {
    fn read(&mut self, out: &mut AudioBuffer, at: usize, frames: usize) -> Result<usize> {
        let want = frames.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if want == 0 {
            return Ok(0);
        }
        let n = self
            .pcm
            .read(&mut self.reader, out, at, want)
            .map_err(|e| Error::new(crate::ErrorKind::Io, "reading the file failed").caused_by(e))?;
        self.left -= n as u64;
        Ok(n)
    }

    fn seek(&mut self, frame: u64) -> Result<()> {
        let frame = frame.min(self.frames);
        self.left = self.frames - frame;
        self.reader
            .seek(SeekFrom::Start(self.start + frame * self.pcm.frame as u64))
            .map_err(|e| Error::new(crate::ErrorKind::Io, "seeking in the file failed").caused_by(e))?;
        Ok(())
    }

    fn warnings(&mut self, _: &mut Vec<String>) {}
}
