//! The header of the WAV family: RIFF, RIFX, RF64, BW64 and Sony's Wave64.
//!
//! Sources: Microsoft "Multiple channel audio data and WAVE files"; EBU Tech 3306 (RF64); ITU-R BS.2088 (BW64);
//! Sony "Wave64" 1.0. Sizes that cannot be true (streamed or cut files) are repaired with a warning.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::channels::{self, Placement};
use super::pcm::Format;
use super::tags::Tags;
use crate::error::{Error, Result};

/// Chunks larger than this are not read for their tags.
const MAX_TEXT: u64 = 4 << 20;
/// More chunks than this is no honest file.
const MAX_CHUNKS: usize = 4096;

/// How the samples lie.
#[derive(Clone, Debug)]
pub(super) struct WavHeader {
    pub container: &'static str,
    pub format: Option<Format>,
    pub big_endian: bool,
    pub channels: usize,
    pub sample_rate: u32,
    pub bits: u32,
    pub placement: Placement,
    /// First byte of the samples.
    pub data_start: u64,
    /// Bytes of samples; whole frames.
    pub data_bytes: u64,
    pub has_adm: bool,
}

/// A byte source that may be a pipe.
pub(super) trait Bytes: Read {
    fn skip(&mut self, bytes: u64) -> std::io::Result<()>;
}

impl Bytes for File {
    fn skip(&mut self, bytes: u64) -> std::io::Result<()> {
        // Beyond the end is caught by the next read.
        self.seek(SeekFrom::Current(i64::try_from(bytes).unwrap_or(i64::MAX / 2))).map(|_| ())
    }
}

/// What `fmt ` says.
struct Fmt {
    tag: u16,
    channels: usize,
    sample_rate: u32,
    block: usize,
    bits: u32,
    mask: Option<u32>,
    ambisonic_guid: bool,
}

/// The flavour of a file and the walk over its chunks.
struct Walker {
    container: &'static str,
    big: bool,
    wave64: bool,
    /// `data` size from `ds64`.
    long_data: Option<u64>,
    /// Sizes of other chunks from `ds64`.
    long_other: Vec<([u8; 4], u64)>,
}

impl Walker {
    fn u32(&self, b: &[u8]) -> u32 {
        let b = [b[0], b[1], b[2], b[3]];
        if self.big { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) }
    }

    fn u16(&self, b: &[u8]) -> u16 {
        if self.big { u16::from_be_bytes([b[0], b[1]]) } else { u16::from_le_bytes([b[0], b[1]]) }
    }

    /// Reads the outer header.
    fn open(reader: &mut impl Bytes) -> Result<Self> {
        let mut head = [0; 12];
        fill(reader, &mut head)?;
        let flavour = match &head[..4] {
            b"RIFF" => ("WAV", false),
            b"RIFX" => ("WAV (RIFX)", true),
            b"RF64" => ("RF64", false),
            b"BW64" => ("BW64", false),
            b"riff" => {
                // The rest of the GUID, the file size and the GUID of "wave".
                let mut rest = [0; 28];
                fill(reader, &mut rest)?;
                if &rest[12..16] != b"wave" {
                    return Err(Error::malformed("the Wave64 file does not say 'wave' after its header"));
                }
                return Ok(Self { container: "W64", big: false, wave64: true, long_data: None, long_other: vec![] });
            }
            _ => return Err(Error::malformed("the file does not begin with RIFF, RF64, BW64 or riff")),
        };
        if &head[8..] != b"WAVE" {
            return Err(Error::malformed("the RIFF file is not a WAVE file"));
        }
        Ok(Self { container: flavour.0, big: flavour.1, wave64: false, long_data: None, long_other: vec![] })
    }

    /// Name, bytes of content and bytes of padding of the next chunk; `None` at the end of the file.
    fn next(&self, reader: &mut impl Bytes) -> Result<Option<([u8; 4], u64, u64)>> {
        let mut head = [0; 24];
        let n = if self.wave64 { 24 } else { 8 };
        let mut got = 0;
        while got < n {
            match reader.read(&mut head[got..n]) {
                Ok(0) => return Ok(None),
                Ok(k) => got += k,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(read_failed(e)),
            }
        }
        let id = [head[0], head[1], head[2], head[3]];
        if self.wave64 {
            let size =
                u64::from_le_bytes([head[16], head[17], head[18], head[19], head[20], head[21], head[22], head[23]]);
            let size = size.saturating_sub(24);
            return Ok(Some((id, size, (8 - size % 8) % 8)));
        }
        let short = self.u32(&head[4..8]);
        let size = match (short, &id) {
            (u32::MAX, b"data") => self.long_data.unwrap_or(u64::MAX),
            (u32::MAX, _) => self.long_other.iter().find(|(i, _)| *i == id).map_or(u64::from(short), |(_, s)| *s),
            // BW64 allows a true size in both places, and ds64 rules.
            (_, b"data") if self.long_data.is_some_and(|long| long > u64::from(u32::MAX)) => {
                self.long_data.unwrap_or(u64::from(short))
            }
            _ => u64::from(short),
        };
        Ok(Some((id, size, size % 2)))
    }

    /// `ds64`: RIFF size, data size, sample count, table.
    fn ds64(&mut self, body: &[u8]) -> Result<()> {
        let long = |at: usize| body.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
        self.long_data =
            Some(long(8).ok_or_else(|| Error::malformed("the ds64 chunk is shorter than its 24 bytes of sizes"))?);
        let entries = body.get(28..).unwrap_or(&[]);
        self.long_other = entries
            .chunks_exact(12)
            .take(64)
            .map(|e| ([e[0], e[1], e[2], e[3]], u64::from_le_bytes([e[4], e[5], e[6], e[7], e[8], e[9], e[10], e[11]])))
            .collect();
        Ok(())
    }

    fn fmt(&self, body: &[u8]) -> Result<Fmt> {
        if body.len() < 14 {
            return Err(Error::malformed(format!("the fmt chunk has {} bytes, at least 16 are needed", body.len())));
        }
        let mut fmt = Fmt {
            tag: self.u16(&body[0..]),
            channels: usize::from(self.u16(&body[2..])),
            sample_rate: self.u32(&body[4..]),
            block: usize::from(self.u16(&body[12..])),
            bits: body.get(14..16).map_or(8, |b| u32::from(self.u16(b))),
            mask: None,
            ambisonic_guid: false,
        };
        if fmt.tag == 0xfffe {
            let Some(ext) = body.get(16..40) else {
                return Err(Error::malformed(format!(
                    "the extensible fmt chunk has {} bytes, 40 are needed",
                    body.len()
                )));
            };
            fmt.mask = Some(self.u32(&ext[4..]));
            fmt.tag = self.u16(&ext[8..]);
            // The sub-format of "WAVE-EX ambisonic" B-format files (Dobson, 2000).
            fmt.ambisonic_guid = ext[12..24] == *b"\x21\x07\xd3\x11\x86\x44\xc8\xc1\xca\x00\x00\x00";
        }
        Ok(fmt)
    }
}

impl Fmt {
    /// The storage of one sample if our reader knows it.
    fn format(&self) -> Option<Format> {
        let width =
            if self.channels > 0 && self.block.is_multiple_of(self.channels) { self.block / self.channels } else { 0 };
        Some(match (self.tag, width, self.bits) {
            (1, 1, 1..=8) => Format::U8,
            (1, 2, 9..=16) => Format::S16,
            (1, 3, 17..=24) => Format::S24,
            // Fewer bits in a wider container are left-justified (the extensible form says so).
            (1, 4, 17..=32) => Format::S32,
            (3, 4, 32) => Format::F32,
            (3, 8, 64) => Format::F64,
            _ => return None,
        })
    }
}

fn read_failed(e: std::io::Error) -> Error {
    Error::new(crate::ErrorKind::Io, "reading the file failed").caused_by(e)
}

fn fill(reader: &mut impl Bytes, into: &mut [u8]) -> Result<()> {
    reader.read_exact(into).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::malformed("the WAV file ends inside its header"),
        _ => read_failed(e),
    })
}

/// Reads a header up to the samples and leaves `reader` at their first byte.
///
/// `length` is that of the file; a pipe has none, and its data size is taken as unknown (`u64::MAX`).
pub(super) fn read_header(
    reader: &mut impl Bytes,
    length: Option<u64>,
    tags: &mut Tags,
    warnings: &mut Vec<String>,
) -> Result<WavHeader> {
    let mut walker = Walker::open(reader)?;
    let mut position = if walker.wave64 { 40 } else { 12 };
    let head_bytes = if walker.wave64 { 24 } else { 8 };
    let (mut fmt, mut has_adm) = (None, false);
    for _ in 0..MAX_CHUNKS {
        let Some((id, size, pad)) = walker.next(reader)? else { break };
        position += head_bytes;
        if &id == b"data" {
            let Some(fmt) = fmt else {
                return Err(Error::malformed("the data chunk comes before any fmt chunk"));
            };
            return finish(&walker, fmt, position, size, length, has_adm, warnings);
        }
        let whole = size.saturating_add(pad);
        if length.is_some_and(|n| position.saturating_add(size) > n) {
            return Err(Error::malformed(format!(
                "the chunk '{}' at byte {position} claims {size} bytes, the file has {}",
                id.escape_ascii(),
                length.unwrap_or(0)
            )));
        }
        has_adm |= matches!(&id, b"axml" | b"chna" | b"bxml");
        if matches!(&id, b"fmt " | b"ds64" | b"LIST") && size <= MAX_TEXT {
            let mut body = vec![0; size as usize];
            fill(reader, &mut body)?;
            reader.skip(pad).map_err(read_failed)?;
            match &id {
                b"fmt " => fmt = Some(walker.fmt(&body)?),
                b"ds64" => walker.ds64(&body)?,
                _ => list(&body, tags),
            }
        } else {
            reader.skip(whole).map_err(read_failed)?;
        }
        position = position.saturating_add(whole);
    }
    Err(Error::malformed(match fmt {
        Some(_) => "the WAV file has no data chunk",
        None => "the WAV file has neither a fmt chunk nor samples",
    }))
}

fn list(body: &[u8], tags: &mut Tags) {
    if let Some(info) = body.strip_prefix(b"INFO") {
        tags.riff_info(info);
    }
}

fn finish(
    walker: &Walker,
    fmt: Fmt,
    start: u64,
    size: u64,
    length: Option<u64>,
    has_adm: bool,
    warnings: &mut Vec<String>,
) -> Result<WavHeader> {
    if fmt.channels == 0 {
        return Err(Error::malformed("the fmt chunk says 0 channels"));
    }
    let format = fmt.format();
    let frame = fmt.block.max(1) as u64;
    let mut bytes = size;
    if let Some(length) = length {
        let there = length.saturating_sub(start);
        let unset = size == 0 || size == u64::MAX || (size == u64::from(u32::MAX) && !walker.wave64);
        // A size of 0 with further bytes behind is what a recorder leaves that could not seek back.
        if size > there || (unset && there > 0) {
            bytes = there;
            warnings.push(if unset {
                format!("the data size was never filled in; the {there} bytes up to the end of the file are used")
            } else {
                format!("the file is cut short: its data chunk claims {size} bytes, {there} are there")
            });
        }
    } else if size == 0 || size >= u64::from(u32::MAX) - 65_536 {
        bytes = u64::MAX;
    }
    if format.is_some() && bytes != u64::MAX && !bytes.is_multiple_of(frame) {
        warnings.push(format!("the last frame is incomplete: {} bytes are left over", bytes % frame));
        bytes -= bytes % frame;
    }
    let mut placement = match fmt.mask {
        Some(mask) => channels::from_mask(u64::from(mask), fmt.channels),
        None => channels::from_count(fmt.channels),
    };
    if fmt.ambisonic_guid {
        placement = Placement::discrete(fmt.channels);
        placement.assumed = Some(
            "the file is marked as B-format ambisonics (W X Y Z, FuMa), which is not converted; \
             its channels are taken as they are"
                .into(),
        );
    }
    Ok(WavHeader {
        container: walker.container,
        format,
        big_endian: walker.big,
        channels: fmt.channels,
        sample_rate: fmt.sample_rate,
        bits: fmt.bits,
        placement,
        data_start: start,
        data_bytes: bytes,
        has_adm,
    })
}

/// Looks through the chunks behind the samples for tags and ADM; damage there loses nothing but them.
pub(super) fn read_trailer(file: &mut File, header: &mut WavHeader, length: u64, tags: &mut Tags) {
    let wave64 = header.container == "W64";
    let walker =
        Walker { container: header.container, big: header.big_endian, wave64, long_data: None, long_other: vec![] };
    let end = header.data_start.saturating_add(header.data_bytes);
    let mut position = end + if wave64 { (8 - end % 8) % 8 } else { header.data_bytes % 2 };
    for _ in 0..MAX_CHUNKS {
        if position >= length || file.seek(SeekFrom::Start(position)).is_err() {
            return;
        }
        let Ok(Some((id, size, pad))) = walker.next(file) else { return };
        position += if wave64 { 24 } else { 8 };
        if position.saturating_add(size) > length {
            return;
        }
        header.has_adm |= matches!(&id, b"axml" | b"chna" | b"bxml");
        if (&id == b"LIST" || &id == b"list") && size <= MAX_TEXT {
            let mut body = vec![0; size as usize];
            if fill(file, &mut body).is_err() {
                return;
            }
            list(&body, tags);
        }
        position = position.saturating_add(size).saturating_add(pad);
    }
}
