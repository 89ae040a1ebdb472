//! What symphonia does not tell of an MP4 file: edit lists and iTunes' gapless comment (how much the encoder added at
//! both ends), which AAC dialect it is, and whether there are moving pictures.
//!
//! Sources: ISO/IEC 14496-12 (boxes, `elst`), 14496-1 and -3 (`esds`, AudioSpecificConfig), and Apple's
//! `iTunSMPB` comment as iTunes and afconvert write it. Everything here is a hint: damage only loses the hint.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The largest `moov` box that is read; a day of sound has about 20 MB.
const MAX_MOOV: u64 = 64 << 20;

/// One sound track.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Mp4Track {
    pub id: u32,
    /// Encoder delay, frames.
    pub skip: u64,
    /// Frames after the delay, if the file says.
    pub frames: Option<u64>,
    /// MPEG-4 audio object type of AAC: 2 is AAC-LC, 5 and 29 are HE-AAC.
    pub aac_type: Option<u8>,
}

/// The hints of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Mp4Info {
    pub tracks: Vec<Mp4Track>,
    pub has_video: bool,
}

/// Reads the hints; nothing if the file is not what it should be.
pub(super) fn read(path: &Path) -> Option<Mp4Info> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let moov = find_moov(&mut file, length)?;
    Some(parse(&moov))
}

fn find_moov(file: &mut File, length: u64) -> Option<Vec<u8>> {
    let mut position = 0u64;
    for _ in 0..4096 {
        file.seek(SeekFrom::Start(position)).ok()?;
        let mut head = [0; 16];
        file.read_exact(&mut head[..8]).ok()?;
        let mut size = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
        let mut header = 8;
        if size == 1 {
            file.read_exact(&mut head[8..]).ok()?;
            size = u64::from_be_bytes(head[8..].try_into().ok()?);
            header = 16;
        } else if size == 0 {
            size = length.checked_sub(position)?;
        }
        let body = size.checked_sub(header)?;
        if &head[4..8] == b"moov" {
            let mut moov = Vec::new();
            file.take(body.min(MAX_MOOV)).read_to_end(&mut moov).ok()?;
            return Some(moov);
        }
        position = position.checked_add(size).filter(|&p| p < length)?;
    }
    None
}

/// The boxes side by side in `data`, as name and content.
fn boxes(mut data: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let head = data.get(..8)?;
        let size = match be32(head, 0)? as usize {
            0 => data.len(),
            n => n.min(data.len()),
        };
        let body = data.get(8..size)?;
        data = &data[size..];
        Some((&head[4..8], body))
    })
}

fn child<'a>(data: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(data, |data, name| boxes(data).find(|(n, _)| *n == *name).map(|(_, body)| body))
}

fn be32(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn be64(data: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(data.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

fn parse(moov: &[u8]) -> Mp4Info {
    let mut info = Mp4Info::default();
    let movie_scale = child(moov, &[b"mvhd"]).and_then(|b| be32(b, if b.first() == Some(&1) { 20 } else { 12 }));
    let comment = gapless_comment(moov);
    let tracks = || boxes(moov).filter(|(name, _)| *name == b"trak").map(|(_, body)| body);
    for trak in tracks() {
        match child(trak, &[b"mdia", b"hdlr"]).and_then(|b| b.get(8..12)) {
            Some(b"vide") => info.has_video = true,
            Some(b"soun") => info.tracks.extend(sound_track(trak, movie_scale)),
            _ => {}
        }
    }
    // The comment is exact to the frame and belongs to the only sound track.
    if let ([track], Some((delay, frames))) = (info.tracks.as_mut_slice(), comment) {
        track.skip = delay;
        track.frames = Some(frames);
    }
    info
}

fn sound_track(trak: &[u8], movie_scale: Option<u32>) -> Option<Mp4Track> {
    let tkhd = child(trak, &[b"tkhd"])?;
    let id = be32(tkhd, if tkhd.first() == Some(&1) { 20 } else { 12 })?;
    let stbl = child(trak, &[b"mdia", b"minf", b"stbl"])?;
    let entry = boxes(child(stbl, &[b"stsd"])?.get(8..)?).next();
    let mut track = Mp4Track { id, ..Default::default() };
    let mut rate = None;
    if let Some((_, entry)) = entry {
        // AudioSampleEntry: 6 reserved, index, 8 version and vendor, channels, bits, 4, rate as 16.16.
        rate = be32(entry, 24).map(|r| u64::from(r >> 16)).filter(|&r| r > 0);
        let version = entry.get(8..10).map(|v| v[1]);
        let extra = match version {
            Some(1) => 16,
            Some(2) => 36,
            _ => 0,
        };
        track.aac_type = entry.get(28 + extra..).and_then(|inner| {
            let esds = child(inner, &[b"esds"]).or_else(|| child(inner, &[b"wave", b"esds"]))?;
            aac_type(esds.get(4..)?)
        });
    }
    let mdhd = child(trak, &[b"mdia", b"mdhd"])?;
    let scale = u64::from(be32(mdhd, if mdhd.first() == Some(&1) { 20 } else { 12 })?);
    let rate = rate.filter(|_| scale > 0 && scale != 44_100 && scale != 48_000).unwrap_or(scale).max(1);
    let to_frames = |ticks: u64, scale: u64| {
        u64::try_from(u128::from(ticks) * u128::from(rate) / u128::from(scale.max(1))).unwrap_or(u64::MAX)
    };
    let media = child(stbl, &[b"stts"]).map(stts_ticks).filter(|&n| n > 0).map(|n| to_frames(n, scale));
    if let Some((duration, start)) = child(trak, &[b"edts", b"elst"]).and_then(single_edit) {
        track.skip = to_frames(start, scale);
        let rest = media.map(|n| n.saturating_sub(track.skip));
        track.frames = match movie_scale.map(u64::from).filter(|_| duration > 0) {
            Some(movie) => {
                let edit = to_frames(duration, movie);
                // The edit is counted in ticks of the movie, often milliseconds; within two of them the media's own
                // count, which is exact, is meant.
                let slack = to_frames(2, movie) + 1;
                Some(rest.filter(|&n| n.abs_diff(edit) <= slack).unwrap_or(edit))
            }
            None => rest,
        };
    }
    Some(track)
}

/// Duration (movie ticks) and start (media ticks) of the only edit that shows media.
fn single_edit(elst: &[u8]) -> Option<(u64, u64)> {
    let long = elst.first() == Some(&1);
    let count = be32(elst, 4)? as usize;
    let size = if long { 20 } else { 12 };
    let mut edits = elst.get(8..)?.chunks_exact(size).take(count.min(16)).filter_map(|e| {
        if long {
            let start = be64(e, 8)? as i64;
            (start >= 0).then_some((be64(e, 0)?, start as u64))
        } else {
            let start = be32(e, 4)? as i32;
            (start >= 0).then_some((u64::from(be32(e, 0)?), start as u64))
        }
    });
    let first = edits.next()?;
    edits.next().is_none().then_some(first)
}

/// Sum of all sample durations.
fn stts_ticks(stts: &[u8]) -> u64 {
    let entries = stts.get(8..).unwrap_or(&[]).chunks_exact(8);
    entries.fold(0, |sum: u64, e| {
        let (count, delta) = (be32(e, 0).unwrap_or(0), be32(e, 4).unwrap_or(0));
        sum.saturating_add(u64::from(count) * u64::from(delta))
    })
}

/// Object type of the AudioSpecificConfig in a chain of descriptors.
fn aac_type(mut data: &[u8]) -> Option<u8> {
    loop {
        let tag = *data.first()?;
        let (mut size, mut at) = (0usize, 1);
        loop {
            let byte = *data.get(at)?;
            size = size << 7 | usize::from(byte & 0x7f);
            at += 1;
            if byte & 0x80 == 0 || at > 4 {
                break;
            }
        }
        let body = data.get(at..)?;
        data = match tag {
            3 => body.get(3..)?, // ES descriptor: id, flags
            4 if matches!(body.first()?, 0x40 | 0x66..=0x68) => body.get(13..)?,
            5 => return config_type(body.get(..size.min(body.len()))?),
            _ => return None,
        };
    }
}

/// ISO/IEC 14496-3, 1.6.2.1; the backward compatible announcement of SBR at the end included.
fn config_type(config: &[u8]) -> Option<u8> {
    let first = *config.first()?;
    let kind = first >> 3;
    if kind == 31 {
        return Some(32 + ((first & 7) << 3 | config.get(1)? >> 5));
    }
    // Sync extension 0x2b7, object type 5, SBR present.
    let bits = |at: usize, n: usize| {
        (at..at + n).try_fold(0u32, |v, i| Some(v << 1 | u32::from(config.get(i / 8)? >> (7 - i % 8) & 1)))
    };
    let escaped_rate = bits(5, 4)? == 15;
    let at = 5 + 4 + if escaped_rate { 24 } else { 0 } + 4 + 3;
    if kind == 2 && bits(at, 11) == Some(0x2b7) && bits(at + 11, 5) == Some(5) && bits(at + 16, 1) == Some(1) {
        return Some(5);
    }
    Some(kind)
}

/// Delay and length from `iTunSMPB`: " 00000000 DELAY PADDING LENGTH ..." in hexadecimal.
fn gapless_comment(moov: &[u8]) -> Option<(u64, u64)> {
    let meta = child(moov, &[b"udta", b"meta"])?;
    let list = child(meta.get(4..)?, &[b"ilst"]).or_else(|| child(meta, &[b"ilst"]))?;
    boxes(list).filter(|(name, _)| *name == b"----").find_map(|(_, item)| {
        let name = child(item, &[b"name"])?.get(4..)?;
        if name != b"iTunSMPB" {
            return None;
        }
        let text = std::str::from_utf8(child(item, &[b"data"])?.get(8..)?).ok()?;
        let mut fields = text.split_whitespace().skip(1).map(|f| u64::from_str_radix(f, 16).ok());
        let (delay, _padding, frames) = (fields.next()??, fields.next()??, fields.next()??);
        // Nobody adds a second of delay; such a value is rubbish.
        (delay < 48_000 && frames > 0).then_some((delay, frames))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut out = (body.len() as u32 + 8).to_be_bytes().to_vec();
        out.extend_from_slice(name);
        out.extend_from_slice(body);
        out
    }

    #[test]
    fn the_itunes_comment_is_read() {
        let text = b"\0\0\0\x01\0\0\0\0 00000000 00000840 000001CA 00000000003F31F6 00000000";
        let item =
            [boxed(b"mean", b"\0\0\0\0com.apple.iTunes"), boxed(b"name", b"\0\0\0\0iTunSMPB"), boxed(b"data", text)];
        let ilst = boxed(b"ilst", &boxed(b"----", &item.concat()));
        let moov = boxed(b"udta", &boxed(b"meta", &[b"\0\0\0\0".to_vec(), ilst].concat()));
        assert_eq!(gapless_comment(&moov), Some((0x840, 0x3f31f6)));
    }

    #[test]
    fn empty_edits_are_passed_over_and_two_edits_are_too_many() {
        let edit = |d: u32, s: i32| [d.to_be_bytes(), s.to_be_bytes(), [0, 1, 0, 0]].concat();
        let list = |edits: &[Vec<u8>]| {
            [0u32.to_be_bytes().to_vec(), (edits.len() as u32).to_be_bytes().to_vec(), edits.concat()].concat()
        };
        assert_eq!(single_edit(&list(&[edit(50, -1), edit(4000, 1024)])), Some((4000, 1024)));
        assert_eq!(single_edit(&list(&[edit(100, 0), edit(4000, 1024)])), None);
        assert_eq!(single_edit(b"\0\0\0\0\xff\xff\xff\xff"), None);
    }

    #[test]
    fn aac_dialects_are_told_apart() {
        assert_eq!(config_type(&[0x12, 0x10]), Some(2)); // LC, 44.1 kHz, stereo
        assert_eq!(config_type(&[0x2b, 0x92, 0x08, 0x00]), Some(5)); // HE-AAC
        assert_eq!(config_type(&[0x13, 0x90, 0x56, 0xe5, 0xa0]), Some(5)); // LC with announced SBR
    }

    #[test]
    fn rubbish_gives_no_hints() {
        let noise: Vec<u8> = (0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert_eq!(parse(&noise).tracks, []);
    }
}
