//! What a file is, told by its first bytes; its name does not matter.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::{Error, Result};

/// How much of the start is looked at.
const HEAD: usize = 64 << 10;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A sound file of this format; the name is for people (`WAV`, `MP4`, `WavPack`, ...).
    Audio(&'static str),
    /// Text that looks like TOML: most likely a scene.
    Scene,
    /// Text that looks like JSON.
    Json,
    /// XML text (an ADM document stands alone in such a file).
    Xml,
    /// Any other text.
    Text,
    /// HDF5: a SOFA file.
    Hdf5,
    /// An IAMF stream without a container.
    Iamf,
    /// A picture of this format.
    Image(&'static str),
    /// Something else that has a name.
    Other(&'static str),
    /// No bytes at all.
    Empty,
    /// None of the above.
    Unknown,
}

impl Kind {
    /// What the file is, in words that complete "this is ...".
    pub fn describe(&self) -> String {
        match self {
            Self::Audio(name) => format!("a {name} sound file"),
            Self::Scene => "a text file that looks like a scene (TOML)".into(),
            Self::Json => "a JSON text file".into(),
            Self::Xml => "an XML text file".into(),
            Self::Text => "a text file".into(),
            Self::Hdf5 => "an HDF5 file, most likely measured heads or rooms (SOFA)".into(),
            Self::Iamf => "an IAMF stream".into(),
            Self::Image(name) => format!("a {name} picture"),
            Self::Other(name) => format!("a {name} file"),
            Self::Empty => "an empty file".into(),
            Self::Unknown => "not a format that is known here".into(),
        }
    }
}

/// Tells what the file at `path` is from its content.
///
/// # Errors
/// `Io` if it cannot be read, also when it is a directory.
pub fn sniff(path: &Path) -> Result<Kind> {
    let io = |e| Error::io(path, "cannot read the file", e);
    let mut file = File::open(path).map_err(|e| Error::io(path, "cannot open the file", e))?;
    if file.metadata().map_err(io)?.is_dir() {
        return Err(Error::new(crate::ErrorKind::Io, "this is a directory, not a sound file").at(path));
    }
    let mut head = Vec::with_capacity(HEAD);
    Read::by_ref(&mut file).take(HEAD as u64).read_to_end(&mut head).map_err(io)?;
    // An ID3v2 tag may stand before MP3, AAC, FLAC and others; the sound begins behind it.
    if let Some(size) = id3v2_size(&head) {
        let mut rest = Vec::new();
        if file.seek(SeekFrom::Start(size)).is_ok() {
            let _ = Read::by_ref(&mut file).take(HEAD as u64).read_to_end(&mut rest);
        }
        return Ok(match kind(&rest) {
            Kind::Audio(name) => Kind::Audio(name),
            _ => Kind::Audio("MP3"),
        });
    }
    Ok(kind(&head))
}

/// Bytes of an ID3v2 tag at the start, header included.
fn id3v2_size(head: &[u8]) -> Option<u64> {
    let header = head.get(..10)?;
    if &header[..3] != b"ID3" || header[3] == 0xff || header[6..10].iter().any(|b| b & 0x80 != 0) {
        return None;
    }
    let size = header[6..10].iter().fold(0u64, |n, &b| n << 7 | u64::from(b));
    Some(size + 10 + if header[5] & 0x10 != 0 { 10 } else { 0 })
}

/// The kind of data that begins with `head`.
pub(super) fn kind(head: &[u8]) -> Kind {
    if head.is_empty() {
        return Kind::Empty;
    }
    let is = |at: usize, magic: &[u8]| head.get(at..at + magic.len()) == Some(magic);
    if is(8, b"WAVE") {
        for (magic, name) in [(b"RIFF", "WAV"), (b"RIFX", "RIFX"), (b"RF64", "RF64"), (b"BW64", "BW64")] {
            if is(0, magic) {
                return Kind::Audio(name);
            }
        }
    }
    if is(0, b"FORM") && (is(8, b"AIFF") || is(8, b"AIFC")) {
        return Kind::Audio("AIFF");
    }
    if is(4, b"ftyp") || is(4, b"moov") || is(4, b"mdat") || (is(4, b"wide") && is(12, b"mdat")) {
        let picture = [b"avif", b"heic", b"mif1", b"heix"].iter().any(|brand| is(8, *brand));
        return if picture { Kind::Image("HEIF") } else { Kind::Audio("MP4") };
    }
    const AUDIO: &[(&[u8], &str)] = &[
        (b"fLaC", "FLAC"),
        (b"OggS", "Ogg"),
        (b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", "W64"),
        (b"caff\x00\x01", "CAF"),
        (b"\x1a\x45\xdf\xa3", "Matroska"),
        (b"wvpk", "WavPack"),
        (b"\x0b\x77", "AC-3"),
        (b"\x7f\xfe\x80\x01", "DTS"),
        (b"\xfe\x7f\x01\x80", "DTS"),
        (b"\x1f\xff\xe8\x00", "DTS"),
        (b"\xff\x1f\x00\xe8", "DTS"),
        (b"\x64\x58\x20\x25", "DTS-HD"),
        (b"DTSHDHDR", "DTS-HD"),
        (b"MAC ", "Monkey's Audio"),
        (b"TTA1", "TTA"),
        (b"MPCK", "Musepack"),
        (b"MP+", "Musepack"),
        (b"DSD ", "DSF"),
        (b"FRM8", "DSDIFF"),
        (b"tBaK", "TAK"),
        (b"OFR ", "OptimFROG"),
        (b".snd", "AU"),
        (b"#!AMR", "AMR"),
        (b".RMF", "RealMedia"),
        (b"FLV\x01", "FLV"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "ASF/WMA"),
        (b"ADIF", "AAC (ADIF)"),
        (b"LOAS", "AAC"),
    ];
    if let Some((_, name)) = AUDIO.iter().find(|(magic, _)| is(0, magic)) {
        return Kind::Audio(if *name == "AC-3" && is_eac3(head) { "E-AC-3" } else { name });
    }
    if is(4, b"\xf8\x72\x6f\xba") || is(4, b"\xf8\x72\x6f\xbb") {
        return Kind::Audio("TrueHD");
    }
    if is(0, b"RIFF") && is(8, b"AVI ") {
        return Kind::Audio("AVI");
    }
    const OTHER: &[(&[u8], Kind)] = &[
        (b"\x89HDF\r\n\x1a\n", Kind::Hdf5),
        (b"\xf8\x06iamf", Kind::Iamf),
        (b"\x89PNG\r\n", Kind::Image("PNG")),
        (b"\xff\xd8\xff", Kind::Image("JPEG")),
        (b"GIF8", Kind::Image("GIF")),
        (b"BM", Kind::Image("BMP")),
        (b"II*\0", Kind::Image("TIFF")),
        (b"MM\0*", Kind::Image("TIFF")),
        (b"%PDF", Kind::Other("PDF")),
        (b"PK\x03\x04", Kind::Other("ZIP")),
        (b"\x1f\x8b", Kind::Other("gzip")),
        (b"\xfd7zXZ", Kind::Other("xz")),
        (b"\x28\xb5\x2f\xfd", Kind::Other("zstd")),
        (b"7z\xbc\xaf", Kind::Other("7-Zip")),
        (b"Rar!", Kind::Other("RAR")),
        (b"\x7fELF", Kind::Other("program")),
        (b"\x93NUMPY", Kind::Other("NumPy")),
        (b"MThd", Kind::Other("MIDI")),
        (b"CDF\x01", Kind::Other("netCDF-3")),
    ];
    if is(0, b"RIFF") && is(8, b"WEBP") {
        return Kind::Image("WebP");
    }
    let binary_bm = is(0, b"BM") && !looks_like_text(head);
    // "BM" alone may as well begin a text.
    let named = OTHER.iter().find(|(magic, _)| is(0, magic) && (*magic != b"BM" || binary_bm));
    if let Some((_, kind)) = named {
        return *kind;
    }
    // HDF5 may begin behind a user block of 512, 1024, ... bytes.
    if (9..16).any(|p| is(1 << p, b"\x89HDF\r\n\x1a\n")) {
        return Kind::Hdf5;
    }
    if looks_like_text(head) {
        return text_kind(head);
    }
    if is(0, &[0x47]) && is(188, &[0x47]) && is(376, &[0x47]) {
        return Kind::Audio("MPEG-TS");
    }
    if is(0, b"\0\0\x01\xba") {
        return Kind::Audio("MPEG-PS");
    }
    mpeg_audio(head).map_or(Kind::Unknown, Kind::Audio)
}

/// Bit stream identification 11 to 16 (ETSI TS 102 366, annex E.1.3.1.6).
fn is_eac3(head: &[u8]) -> bool {
    head.get(5).is_some_and(|b| (11..=16).contains(&(b >> 3)))
}

fn looks_like_text(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be cut by our limit.
        Err(e) if e.error_len().is_none() => std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or(""),
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !"\t\r\n\u{c}".contains(c))
}

fn text_kind(head: &[u8]) -> Kind {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    match text.trim_start().chars().next() {
        Some('<') => return Kind::Xml,
        Some('{') => return Kind::Json,
        _ => {}
    }
    let toml = lines.find(|l| !l.starts_with('#')).is_some_and(|line| {
        let table = line.starts_with('[') && line.split('#').next().is_some_and(|l| l.trim_end().ends_with(']'));
        let key = line.split_once('=').is_some_and(|(key, _)| {
            !key.trim().is_empty() && key.trim().chars().all(|c| c.is_ascii_alphanumeric() || "_-.\"".contains(c))
        });
        table || key
    });
    if toml { Kind::Scene } else { Kind::Text }
}

/// Looks for three MPEG audio or ADTS frames in a row anywhere in `head`: one sync word alone is chance.
fn mpeg_audio(head: &[u8]) -> Option<&'static str> {
    let chain = |start: usize, length: fn(&[u8]) -> Option<usize>| {
        let (mut at, mut frames) = (start, 0);
        while let Some(size) = head.get(at..).and_then(length) {
            (at, frames) = (at + size, frames + 1);
            if frames == 3 || (frames >= 1 && at == head.len() && start == 0) {
                return true;
            }
        }
        false
    };
    (0..head.len().saturating_sub(4)).filter(|&i| head[i] == 0xff && head[i + 1] & 0xe0 == 0xe0).find_map(|i| {
        if chain(i, adts_frame) {
            Some("AAC")
        } else if chain(i, mpeg_frame) {
            Some(match head[i + 1] >> 1 & 3 {
                1 => "MP3",
                2 => "MP2",
                _ => "MP1",
            })
        } else {
            None
        }
    })
}

/// Length of the ADTS frame at the start of `data` (ISO/IEC 13818-7, 6.2).
fn adts_frame(data: &[u8]) -> Option<usize> {
    let d = data.get(..7)?;
    if d[0] != 0xff || d[1] & 0xf6 != 0xf0 || d[2] >> 2 & 15 > 12 {
        return None;
    }
    let size = usize::from(d[3] & 3) << 11 | usize::from(d[4]) << 3 | usize::from(d[5]) >> 5;
    (size > 7).then_some(size)
}

/// Length of the MPEG-1/2/2.5 frame at the start of `data` (ISO/IEC 11172-3, 2.4.1.3).
fn mpeg_frame(data: &[u8]) -> Option<usize> {
    let d = data.get(..4)?;
    if d[0] != 0xff || d[1] & 0xe0 != 0xe0 {
        return None;
    }
    let (version, layer) = (d[1] >> 3 & 3, 4 - (d[1] >> 1 & 3));
    let (rate_index, bitrate_index, pad) = (d[2] >> 2 & 3, usize::from(d[2] >> 4), usize::from(d[2] >> 1 & 1));
    if version == 1 || layer == 4 || rate_index == 3 || bitrate_index == 0 || bitrate_index == 15 {
        return None;
    }
    const KBPS: [[usize; 14]; 5] = [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let one = version == 3;
    let table = match (one, layer) {
        (true, l) => usize::from(l) - 1,
        (false, 1) => 3,
        (false, _) => 4,
    };
    let bits = KBPS[table][bitrate_index - 1] * 1000;
    let rate = [44_100, 48_000, 32_000][usize::from(rate_index)] >> [2, 0, 1, 0][usize::from(version)];
    Some(match (layer, one) {
        (1, _) => (12 * bits / rate + pad) * 4,
        (3, false) => 72 * bits / rate + pad,
        _ => 144 * bits / rate + pad,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart() {
        assert_eq!(kind(b"# my scene\nformat = 1\n[listener]\n"), Kind::Scene);
        assert_eq!(kind(b"[[source]]\nid = \"a\"\n"), Kind::Scene);
        assert_eq!(kind(b"Dear Sir, please find\nattached"), Kind::Text);
        assert_eq!(kind(b"{\"a\": 1}"), Kind::Json);
        assert_eq!(kind(b"<?xml version=\"1.0\"?><ebuCoreMain/>"), Kind::Xml);
        assert_eq!(kind("caf\u{e9}".as_bytes()), Kind::Text);
    }

    #[test]
    fn other_files_get_their_names() {
        assert_eq!(kind(b""), Kind::Empty);
        assert_eq!(kind(b"\x89HDF\r\n\x1a\n\0\0"), Kind::Hdf5);
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n\0\0"), Kind::Image("PNG"));
        assert_eq!(kind(b"\0\x01\x02\x03"), Kind::Unknown);
        let mut behind_user_block = vec![0; 512];
        behind_user_block.extend_from_slice(b"\x89HDF\r\n\x1a\n");
        assert_eq!(kind(&behind_user_block), Kind::Hdf5);
    }

    #[test]
    fn a_lone_sync_word_is_not_an_mp3() {
        let mut noise = vec![0u8; 4000];
        noise[100] = 0xff;
        noise[101] = 0xfb;
        noise[102] = 0x90;
        assert_eq!(kind(&noise), Kind::Unknown);
        let mut frames = vec![0u8; 7];
        for _ in 0..3 {
            let at = frames.len();
            frames.extend_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
            frames.resize(at + 417, 0);
        }
        frames.push(1);
        assert_eq!(kind(&frames), Kind::Audio("MP3"));
    }
}
