//! Title, artist and cover, as WAV (LIST INFO) and FLAC (Vorbis comments, PICTURE) hold them.

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Such as `image/jpeg`.
    pub mime: String,
    /// The file of the picture as it is.
    pub data: Vec<u8>,
}

/// What is known about a track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// Names as in Vorbis comments (`TITLE`, `ARTIST`, `ALBUM`, ...; case does not matter) and their values.
    pub entries: Vec<(String, String)>,
    /// The front cover. Only FLAC carries it.
    pub cover: Option<Cover>,
}

/// The names that LIST INFO knows (RIFF MCI; `ITRK` is what players agreed on).
const INFO: &[(&str, &[u8; 4])] = &[
    ("TITLE", b"INAM"),
    ("ARTIST", b"IART"),
    ("ALBUM", b"IPRD"),
    ("DATE", b"ICRD"),
    ("GENRE", b"IGNR"),
    ("COMMENT", b"ICMT"),
    ("TRACKNUMBER", b"ITRK"),
    ("COPYRIGHT", b"ICOP"),
    ("ENCODER", b"ISFT"),
];

/// No tag is longer than this; a cover may be as large as a FLAC block (16 MiB).
const MOST_TEXT: usize = 1 << 16;
const MOST_BLOCK: usize = (1 << 24) - 1;

/// The start of `text`, of at most `most` bytes, ending between two characters.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl Tags {
    /// The LIST chunk, or nothing. Names that INFO does not know are left out.
    pub(super) fn list_info(&self) -> Vec<u8> {
        let mut body = b"INFO".to_vec();
        for (id, value) in self.entries.iter().filter_map(|(name, value)| {
            let known = INFO.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
            known.filter(|_| !value.is_empty()).map(|(_, id)| (id, cut(value, MOST_TEXT)))
        }) {
            body.extend_from_slice(*id);
            body.extend_from_slice(&(value.len() as u32 + 1).to_le_bytes());
            body.extend_from_slice(value.as_bytes());
            // The closing zero, and a second one to an even length.
            body.extend(std::iter::repeat_n(0, 1 + (value.len() + 1) % 2));
        }
        if body.len() == 4 {
            return Vec::new();
        }
        let mut chunk = b"LIST".to_vec();
        chunk.extend_from_slice(&(body.len() as u32).to_le_bytes());
        chunk.extend(body);
        chunk
    }

    /// The body of a VORBIS_COMMENT block, with `more` entries.
    pub(super) fn vorbis_comment(&self, more: &[(String, String)]) -> Vec<u8> {
        let mut body = Vec::new();
        let mut text = |s: &str| {
            body.extend_from_slice(&(s.len() as u32).to_le_bytes());
            body.extend_from_slice(s.as_bytes());
        };
        text(concat!("periphon ", env!("CARGO_PKG_VERSION")));
        // RFC 9639: printable ASCII without '='. Anything else has no place to go.
        let is_name = |n: &str| !n.is_empty() && n.bytes().all(|b| (0x20..0x7e).contains(&b) && b != b'=');
        let mut entries = Vec::new();
        let mut size = 0;
        for (name, value) in self.entries.iter().chain(more).filter(|(n, _)| is_name(n)) {
            let entry = format!("{}={}", name.to_ascii_uppercase(), cut(value, MOST_TEXT));
            size += entry.len() + 4;
            if size < MOST_BLOCK / 2 {
                entries.push(entry);
            }
        }
        let count = entries.len() as u32;
        let mut list = Vec::new();
        for entry in entries {
            list.extend_from_slice(&(entry.len() as u32).to_le_bytes());
            list.extend_from_slice(entry.as_bytes());
        }
        body.extend_from_slice(&count.to_le_bytes());
        body.extend(list);
        body
    }

    /// The body of a PICTURE block, if there is a cover that fits one.
    pub(super) fn picture(&self) -> Option<Vec<u8>> {
        let cover = self.cover.as_ref()?;
        let mut body = 3u32.to_be_bytes().to_vec(); // front cover
        body.extend_from_slice(&(cover.mime.len() as u32).to_be_bytes());
        body.extend_from_slice(cover.mime.as_bytes());
        // No description; width, height, depth and colours 0: not stated.
        body.extend_from_slice(&[0; 20]);
        body.extend_from_slice(&(cover.data.len() as u32).to_be_bytes());
        body.extend_from_slice(&cover.data);
        (body.len() <= MOST_BLOCK).then_some(body)
    }
}
