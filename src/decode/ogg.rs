//! Ogg Opus with an own page reader: symphonia's demuxer knows neither the sound fields of RFC 8486 nor the trimming
//! of RFC 7845. All other codecs in Ogg stay with symphonia.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::info::{ReplayGain, TrackInfo};
use super::opus::{OpusDecoder, OpusHead, PRE_ROLL, RATE};
use super::stream::{Landed, Packets, Planes, Stream};
use super::tags::Tags;
use super::{Opened, check_limits};
use crate::error::{Error, ErrorKind, Result};

/// The largest packet that is put together: comments with a cover may be long.
const MAX_PACKET: usize = 32 << 20;
/// How much of the end is searched for the last page.
const TAIL: u64 = 256 << 10;

/// One page.
struct Page {
    serial: u32,
    granule: i64,
    continued: bool,
    first: bool,
    lacing: Vec<u8>,
    body: Vec<u8>,
}

/// Reads pages, passing over whatever is not one.
struct Pages {
    reader: BufReader<File>,
    /// Pages whose checksum was wrong, and stretches that were no page at all.
    damaged: u64,
}

impl Pages {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io(path, "cannot open the file", e))?;
        Ok(Self { reader: BufReader::with_capacity(64 << 10, file), damaged: 0 })
    }

    /// The next good page; `None` at the end, also if the last page is cut.
    fn next(&mut self) -> Option<Page> {
        loop {
            let start = self.find_capture()?;
            match self.read_page(start) {
                Ok(Some(page)) => return Some(page),
                Ok(None) => {
                    // A wrong checksum: look for the next page right behind this one's capture pattern.
                    self.damaged += 1;
                    self.reader.seek(SeekFrom::Start(start + 4)).ok()?;
                }
                Err(_) => {
                    self.damaged += 1;
                    return None;
                }
            }
        }
    }

    /// Goes behind the next `OggS`; gives its place.
    fn find_capture(&mut self) -> Option<u64> {
        let mut window = [0u8; 4];
        self.reader.read_exact(&mut window).ok()?;
        let mut lost = false;
        while &window != b"OggS" {
            lost = true;
            window.rotate_left(1);
            if self.reader.read_exact(&mut window[3..]).is_err() {
                self.damaged += 1;
                return None;
            }
        }
        self.damaged += u64::from(lost);
        self.reader.stream_position().ok()?.checked_sub(4)
    }

    /// The page behind a capture pattern; `None` if its checksum is wrong.
    fn read_page(&mut self, _start: u64) -> std::io::Result<Option<Page>> {
        let mut head = [0u8; 27];
        head[..4].copy_from_slice(b"OggS");
        self.reader.read_exact(&mut head[4..])?;
        let mut lacing = vec![0; usize::from(head[26])];
        self.reader.read_exact(&mut lacing)?;
        let mut body = vec![0; lacing.iter().map(|&n| usize::from(n)).sum()];
        self.reader.read_exact(&mut body)?;
        let said = u32::from_le_bytes([head[22], head[23], head[24], head[25]]);
        head[22..26].fill(0);
        let sum = [&head[..], &lacing, &body].iter().fold(0, |crc, part| crc32(crc, part));
        if sum != said || head[4] != 0 {
            return Ok(None);
        }
        let granule = i64::from_le_bytes([head[6], head[7], head[8], head[9], head[10], head[11], head[12], head[13]]);
        let serial = u32::from_le_bytes([head[14], head[15], head[16], head[17]]);
        Ok(Some(Page { serial, granule, continued: head[5] & 1 != 0, first: head[5] & 2 != 0, lacing, body }))
    }
}

/// CRC of Ogg: polynomial 0x04c11db7, no reflection, start and final value 0 (RFC 3533, section 6).
fn crc32(mut crc: u32, data: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let (mut r, mut bit) = ((i as u32) << 24, 0);
            while bit < 8 {
                r = if r & 0x8000_0000 != 0 { r << 1 ^ 0x04c1_1db7 } else { r << 1 };
                bit += 1;
            }
            table[i] = r;
            i += 1;
        }
        table
    };
    for &byte in data {
        crc = crc << 8 ^ TABLE[((crc >> 24) as u8 ^ byte) as usize];
    }
    crc
}

/// The packets of one logical stream.
struct OpusPackets {
    path: std::path::PathBuf,
    pages: Pages,
    serial: u32,
    partial: Vec<u8>,
    ready: VecDeque<Vec<u8>>,
    decoder: OpusDecoder,
    /// Headers that are still to be passed over.
    headers: usize,
    /// Place of the next packet's first frame, pre-skip included.
    position: u64,
    damaged: u64,
    chained: bool,
    done: bool,
}

impl OpusPackets {
    /// Puts the packets of the next page of our stream into `ready`. False at the end.
    fn fill(&mut self) -> bool {
        loop {
            let Some(page) = self.pages.next() else { return false };
            if page.serial != self.serial {
                // A stream that begins after ours is the next link of a chain.
                self.chained |= page.first && self.headers == 0;
                continue;
            }
            if !page.continued && !self.partial.is_empty() {
                self.partial.clear();
                self.damaged += 1;
            }
            // A page may go on with a packet whose beginning was lost.
            let mut orphan = page.continued && self.partial.is_empty();
            let mut at = 0;
            for &size in &page.lacing {
                let piece = &page.body[at..at + usize::from(size)];
                at += usize::from(size);
                if !orphan && self.partial.len() + piece.len() <= MAX_PACKET {
                    self.partial.extend_from_slice(piece);
                }
                let ends = size < 255;
                if ends && !std::mem::take(&mut orphan) {
                    self.ready.push_back(std::mem::take(&mut self.partial));
                }
            }
            if !self.ready.is_empty() {
                return true;
            }
        }
    }

    fn packet(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(packet) = self.ready.pop_front() {
                if self.headers > 0 {
                    self.headers -= 1;
                    continue;
                }
                return Some(packet);
            }
            if self.done || !self.fill() {
                self.done = true;
                return None;
            }
        }
    }
}

impl Packets for OpusPackets {
    fn next(&mut self, planes: &mut Planes) -> Result<Option<Option<i64>>> {
        while let Some(packet) = self.packet() {
            if !self.decoder.decode(&packet, planes) {
                self.damaged += 1;
            }
            let at = self.position;
            self.position += planes.len() as u64;
            if planes.len() > 0 {
                return Ok(Some(i64::try_from(at).ok()));
            }
        }
        Ok(None)
    }

    fn seek(&mut self, frame: u64) -> Result<Landed> {
        self.rewind()?;
        let wanted = frame.saturating_sub(PRE_ROLL);
        // Lengths stand in the packets' first bytes, so passing over them costs little more than reading the file.
        while let Some(packet) = self.packet() {
            let duration = OpusDecoder::duration(&packet);
            if self.position + duration > wanted {
                self.ready.push_front(packet);
                break;
            }
            self.position += duration;
        }
        Ok(Landed::Stamped)
    }

    fn rewind(&mut self) -> Result<()> {
        self.pages = Pages::open(&self.path)?;
        self.partial.clear();
        self.ready.clear();
        self.decoder.reset();
        (self.headers, self.position, self.done) = (2, 0, false);
        Ok(())
    }

    fn warnings(&mut self, into: &mut Vec<String>) {
        let damaged = std::mem::take(&mut self.damaged) + std::mem::take(&mut self.pages.damaged);
        if damaged > 0 {
            into.push(format!("{damaged} damaged pages or packets were skipped or silenced"));
        }
        if std::mem::take(&mut self.chained) {
            into.push("the file is a chain of several streams; only the first is read".into());
        }
    }
}

/// Opens an Ogg file whose first sound stream is Opus; `None` if it is something else.
pub(super) fn open(path: &Path) -> Result<Option<Opened>> {
    let mut pages = Pages::open(path)?;
    let (mut found, mut has_video) = (None, false);
    // All streams introduce themselves on pages of their own before any goes on (RFC 3533, section 4).
    while let Some(page) = pages.next().filter(|p| p.first) {
        if page.body.starts_with(b"OpusHead") && found.is_none() {
            found = Some((page.serial, OpusHead::parse(&page.body)?));
        } else if page.body.starts_with(b"\x80theora") {
            has_video = true;
        } else if found.is_none() && (page.body.starts_with(b"\x01vorbis") || page.body.starts_with(b"\x7fFLAC")) {
            return Ok(None);
        }
    }
    let Some((serial, head)) = found else { return Ok(None) };
    check_limits(RATE, head.channels)?;
    let mut packets = OpusPackets {
        path: path.to_path_buf(),
        pages: Pages::open(path)?,
        serial,
        partial: Vec::new(),
        ready: VecDeque::new(),
        decoder: OpusDecoder::new(&head)?,
        headers: 1,
        position: 0,
        damaged: 0,
        chained: false,
        done: false,
    };
    let mut tags = Tags::default();
    match packets.packet() {
        Some(comment) if comment.starts_with(b"OpusTags") => tags.vorbis_comment(&comment[8..]),
        // Sound right away: a missing comment loses nothing.
        Some(sound) => packets.ready.push_front(sound),
        None => {}
    }
    let mut planes = Planes::default();
    let offset = first_offset(path, serial).unwrap_or(0);
    if packets.next(&mut planes)?.is_none() {
        return Err(Error::malformed("the Opus stream holds no packet that can be decoded"));
    }
    let end = last_granule(path, serial);
    let frames = end.map(|granule| granule.saturating_sub(offset).saturating_sub(head.pre_skip)).filter(|&n| n > 0);
    let placement = head.placement();
    let warnings = placement.assumed.clone().into_iter().collect();
    let info = TrackInfo {
        container: "Ogg".into(),
        codec: "Opus".into(),
        decoder: "ropus",
        sample_rate: RATE,
        layout: placement.layout,
        frames,
        bits: None,
        replay_gain: ReplayGain::from_tags(&tags.tags),
        tags: tags.tags,
        cover: tags.cover,
        has_video,
        has_adm: false,
    };
    let source = Stream::new(packets, planes, placement.order, head.pre_skip, frames);
    Ok(Some(Opened { info, source: Box::new(source), warnings, exact: true, float: false }))
}

/// Granule position before the first packet: more than 0 if the recording began in the middle of a broadcast.
fn first_offset(path: &Path, serial: u32) -> Option<u64> {
    let mut pages = Pages::open(path).ok()?;
    let mut packets = 0;
    for _ in 0..4096 {
        let page = pages.next()?;
        if page.serial != serial {
            continue;
        }
        if packets < 2 {
            packets += page.lacing.iter().filter(|&&n| n < 255).count();
            continue;
        }
        if page.granule < 0 {
            continue;
        }
        let (mut at, mut start, mut frames) = (0, 0, 0);
        for &size in &page.lacing {
            at += usize::from(size);
            if size < 255 {
                frames += OpusDecoder::duration(&page.body[start..at]);
                start = at;
            }
        }
        return u64::try_from(page.granule).ok()?.checked_sub(frames);
    }
    None
}

/// Granule position of the last page of the stream, from the end of the file.
fn last_granule(path: &Path, serial: u32) -> Option<u64> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut tail = Vec::new();
        file.take(TAIL).read_to_end(&mut tail)?;
        Ok(tail)
    };
    let tail = read().map_err(|e| Error::new(ErrorKind::Io, "reading the file failed").caused_by(e)).ok()?;
    let number = |at: usize| Some(i64::from_le_bytes(tail.get(at..at + 8)?.try_into().ok()?));
    (0..tail.len().saturating_sub(27)).rev().filter(|&i| tail[i..].starts_with(b"OggS")).find_map(|i| {
        let found = u32::from_le_bytes(tail.get(i + 14..i + 18)?.try_into().ok()?);
        // -1 stands for "no packet ends on this page".
        (found == serial).then_some(())?;
        u64::try_from(number(i + 6)?).ok().filter(|&g| g > 0)
    })
}
