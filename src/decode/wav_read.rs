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

#[cfg(test)]
mod tests {
    use crate::decode::{Decoder, open};
    use crate::{AudioBuffer, ErrorKind, Layout};

    fn chunk(id: &[u8; 4], size: u32, body: &[u8]) -> Vec<u8> {
        let mut out = [&id[..], &size.to_le_bytes(), body].concat();
        out.resize(out.len() + body.len() % 2, 0);
        out
    }

    fn fmt(tag: u16, channels: u16, bits: u16, mask: Option<u32>) -> Vec<u8> {
        let block = channels * bits / 8;
        let mut body = [if mask.is_some() { 0xfffe } else { tag }.to_le_bytes(), channels.to_le_bytes()].concat();
        body.extend(48_000u32.to_le_bytes());
        body.extend((48_000 * u32::from(block)).to_le_bytes());
        body.extend(block.to_le_bytes());
        body.extend(bits.to_le_bytes());
        if let Some(mask) = mask {
            body.extend(22u16.to_le_bytes());
            body.extend(bits.to_le_bytes());
            body.extend(mask.to_le_bytes());
            body.extend(tag.to_le_bytes());
            body.extend(b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
        }
        chunk(b"fmt ", body.len() as u32, &body)
    }

    fn file(magic: &[u8; 4], chunks: &[Vec<u8>]) -> Vec<u8> {
        let body = chunks.concat();
        [&magic[..], &(body.len() as u32 + 4).to_le_bytes(), b"WAVE", &body].concat()
    }

    fn decode(bytes: &[u8]) -> crate::Result<(Decoder, AudioBuffer)> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, bytes).unwrap();
        let mut decoder = open(&path)?;
        let mut out = AudioBuffer::default();
        decoder.read(&mut out, 1000)?;
        Ok((decoder, out))
    }

    fn ramp(samples: i16) -> Vec<u8> {
        (1..=samples).flat_map(i16::to_le_bytes).collect()
    }

    #[test]
    fn sizes_that_were_never_filled_in_are_repaired_with_a_warning() {
        for size in [0, u32::MAX, 10_000] {
            let bytes = file(b"RIFF", &[fmt(1, 2, 16, None), chunk(b"data", size, &ramp(20))]);
            let (decoder, out) = decode(&bytes).unwrap();
            assert_eq!(out.frames(), 10, "size {size}");
            assert_eq!(decoder.info().frames, Some(10));
            assert_eq!(decoder.warnings().len(), 1, "size {size}");
        }
    }

    #[test]
    fn long_files_take_their_size_from_ds64() {
        for magic in [b"RF64", b"BW64"] {
            let mut ds64 = vec![0; 28];
            ds64[8..16].copy_from_slice(&40u64.to_le_bytes());
            let junk = chunk(b"JUNK", 4, &[1, 2, 3, 4]);
            let list = chunk(b"LIST", 18, b"INFOINAM\x06\0\0\0Titel\0");
            let chunks =
                [chunk(b"ds64", 28, &ds64), junk, fmt(1, 2, 16, None), chunk(b"data", u32::MAX, &ramp(20)), list];
            let (decoder, out) = decode(&file(magic, &chunks)).unwrap();
            assert_eq!(out.frames(), 10);
            assert_eq!(out.channel(1)[0], 2.0 / 32_768.0);
            assert_eq!(decoder.info().tag("TITLE"), Some("Titel"));
            assert!(decoder.warnings().is_empty());
        }
    }

    #[test]
    fn masks_place_the_channels_and_their_lack_is_said() {
        for (channels, mask, name, said) in [
            (12, Some(0x2d63f), "7.1.4", 0),
            (12, None, "7.1.4", 1),
            (6, Some(0x60f), "5.1", 0),
            (4, Some(0x33), "quad", 0),
            (16, Some(0), "16 channels", 1),
            (2, Some(0), "stereo", 0),
        ] {
            let samples = ramp(channels as i16 * 3);
            let data = chunk(b"data", samples.len() as u32, &samples);
            let (decoder, out) = decode(&file(b"RIFF", &[fmt(1, channels, 16, mask), data])).unwrap();
            assert_eq!(decoder.info().layout.name(), name);
            assert_eq!((out.channels(), out.frames()), (usize::from(channels), 3));
            assert_eq!(decoder.warnings().len(), said, "{channels} {mask:?}");
        }
        let samples = ramp(22);
        let data = chunk(b"data", samples.len() as u32, &samples);
        let (decoder, _) = decode(&file(b"RIFF", &[fmt(1, 11, 16, None), data])).unwrap();
        assert_eq!(decoder.info().layout, Layout::Discrete { channels: 11 });
    }

    #[test]
    fn what_is_not_finite_is_silenced_and_counted() {
        let samples = [0.5f32, f32::NAN, f32::INFINITY, -0.5];
        let body: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
        let bytes = file(b"RIFF", &[fmt(3, 1, 32, None), chunk(b"data", 16, &body)]);
        let (decoder, out) = decode(&bytes).unwrap();
        assert_eq!(out.channel(0), [0.5, 0.0, 0.0, -0.5]);
        assert_eq!(decoder.non_finite(), 2);
    }

    #[test]
    fn broken_headers_are_errors_that_say_why() {
        let data = || chunk(b"data", 40, &ramp(20));
        let mut zero_rate = fmt(1, 2, 16, None);
        zero_rate[12..16].fill(0);
        for (bytes, kind) in [
            (file(b"RIFF", &[data()]), ErrorKind::Malformed),
            (file(b"RIFF", &[fmt(1, 2, 16, None)]), ErrorKind::Malformed),
            (file(b"RIFF", &[fmt(1, 0, 16, None), data()]), ErrorKind::Malformed),
            (file(b"RIFF", &[fmt(1, 2, 16, None), chunk(b"data", 0, &[])]), ErrorKind::Malformed),
            (file(b"RIFF", &[zero_rate, data()]), ErrorKind::Unsupported),
            (file(b"RIFF", &[fmt(1, 200, 16, None), data()]), ErrorKind::Unsupported),
            (file(b"RIFF", &[chunk(b"fmt ", 0x7fff_fff0, &[1, 2])]), ErrorKind::Malformed),
            (b"RF64\xff\xff\xff\xffWAVEds64\x02\0\0\0ab".to_vec(), ErrorKind::Malformed),
        ] {
            assert_eq!(decode(&bytes).unwrap_err().kind(), kind);
        }
    }
}
