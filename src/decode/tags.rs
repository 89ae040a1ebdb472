//! Names and pictures: from symphonia's metadata, from the comments of Vorbis and Opus, from RIFF `INFO`.

use symphonia::core::meta::{MetadataRevision, RawValue, StandardTag, StandardVisualKey};

use super::info::Cover;

/// No file needs more; a hostile one may have them.
const MAX_TAGS: usize = 1024;
const MAX_VALUE: usize = 64 << 10;

/// Tags and the cover of a track, collected from several places.
#[derive(Default)]
pub(super) struct Tags {
    pub tags: Vec<(String, String)>,
    pub cover: Option<Cover>,
    cover_is_front: bool,
}

impl Tags {
    /// Adds a tag unless it is there already, empty, or too many.
    pub fn push(&mut self, name: &str, value: &str) {
        let value = value.trim_matches(['\0', ' ', '\r', '\n']);
        let known = self.tags.iter().any(|(n, v)| n.eq_ignore_ascii_case(name) && v == value);
        if value.is_empty() || name.is_empty() || known || self.tags.len() >= MAX_TAGS || value.len() > MAX_VALUE {
            return;
        }
        self.tags.push((name.to_string(), value.to_string()));
    }

    /// Offers a picture; the front cover wins, otherwise the first.
    pub fn picture(&mut self, mime: &str, data: &[u8], front: bool) {
        let better = self.cover.is_none() || (front && !self.cover_is_front);
        if better && !data.is_empty() && data.len() <= Cover::MAX_BYTES {
            self.cover = Some(Cover { mime: mime.to_string(), data: data.to_vec() });
            self.cover_is_front = front;
        }
    }

    /// Everything that symphonia found at one place.
    pub fn revision(&mut self, revision: &MetadataRevision) {
        let tracks = revision.per_track.iter().map(|t| &t.metadata);
        for part in std::iter::once(&revision.media).chain(tracks) {
            for tag in &part.tags {
                if matches!(tag.raw.value, RawValue::Binary(_) | RawValue::Flag) {
                    continue;
                }
                match tag.std.as_ref().and_then(common_name) {
                    Some((name, Some(number))) => self.push(name, &number.to_string()),
                    Some((name, None)) => self.push(name, &tag.raw.value.to_string()),
                    None => self.push(&tag.raw.key, &tag.raw.value.to_string()),
                }
            }
            for picture in &part.visuals {
                let mime = picture.media_type.as_deref().unwrap_or("application/octet-stream");
                self.picture(mime, &picture.data, picture.usage == Some(StandardVisualKey::FrontCover));
            }
        }
    }

    /// A Vorbis comment packet without its leading magic (Vorbis I, section 5; RFC 7845, section 5.2).
    pub fn vorbis_comment(&mut self, mut data: &[u8]) {
        fn field<'a>(data: &mut &'a [u8]) -> Option<&'a [u8]> {
            let size = u32::from_le_bytes(data.get(..4)?.try_into().ok()?) as usize;
            let text = data.get(4..4usize.checked_add(size)?)?;
            *data = &data[4 + size..];
            Some(text)
        }
        if field(&mut data).is_none() || data.len() < 4 {
            return;
        }
        data = &data[4..];
        while let Some(text) = field(&mut data) {
            let text = String::from_utf8_lossy(text);
            let Some((name, value)) = text.split_once('=') else { continue };
            if name.eq_ignore_ascii_case("METADATA_BLOCK_PICTURE") {
                if let Some(block) = base64(value) {
                    self.flac_picture(&block);
                }
            } else {
                self.push(&name.to_ascii_uppercase(), value);
            }
        }
    }

    /// A FLAC picture block (RFC 9639, section 8.8).
    fn flac_picture(&mut self, data: &[u8]) -> Option<()> {
        let number = |at: usize| Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?) as usize);
        let mime_end = 8usize.checked_add(number(4)?)?;
        let mime = String::from_utf8_lossy(data.get(8..mime_end)?).into_owned();
        let text_end = (mime_end + 4).checked_add(number(mime_end)?)?;
        let size_at = text_end.checked_add(16)?;
        let picture = data.get(size_at + 4..(size_at + 4).checked_add(number(size_at)?)?)?;
        self.picture(&mime, picture, number(0)? == 3);
        Some(())
    }

    /// The chunks of a RIFF `LIST` of type `INFO`.
    pub fn riff_info(&mut self, mut data: &[u8]) {
        while let Some((id, rest)) = data.split_at_checked(8) {
            let size = u32::from_le_bytes([id[4], id[5], id[6], id[7]]) as usize;
            let Some(text) = rest.get(..size) else { return };
            let name = match &id[..4] {
                b"INAM" => "TITLE",
                b"IART" => "ARTIST",
                b"IPRD" => "ALBUM",
                b"ICMT" => "COMMENT",
                b"ICRD" => "DATE",
                b"IGNR" => "GENRE",
                b"ITRK" | b"IPRT" => "TRACKNUMBER",
                b"ICOP" => "COPYRIGHT",
                b"ISFT" => "ENCODER",
                b"IMUS" => "COMPOSER",
                other => &String::from_utf8_lossy(other),
            };
            self.push(name, &String::from_utf8_lossy(text));
            data = rest.get(size + size % 2..).unwrap_or(&[]);
        }
    }
}

/// The Vorbis name of a common tag, and its number if it is one.
fn common_name(tag: &StandardTag) -> Option<(&'static str, Option<u64>)> {
    use StandardTag as T;
    Some(match tag {
        T::TrackTitle(_) => ("TITLE", None),
        T::TrackSubtitle(_) => ("SUBTITLE", None),
        T::Artist(_) => ("ARTIST", None),
        T::Album(_) => ("ALBUM", None),
        T::AlbumArtist(_) => ("ALBUMARTIST", None),
        T::Composer(_) => ("COMPOSER", None),
        T::Conductor(_) => ("CONDUCTOR", None),
        T::Performer(_) => ("PERFORMER", None),
        T::Genre(_) => ("GENRE", None),
        T::Comment(_) => ("COMMENT", None),
        T::Description(_) => ("DESCRIPTION", None),
        T::Copyright(_) => ("COPYRIGHT", None),
        T::License(_) => ("LICENSE", None),
        T::Lyrics(_) => ("LYRICS", None),
        T::Encoder(_) => ("ENCODER", None),
        T::IdentIsrc(_) => ("ISRC", None),
        T::RecordingDate(_) | T::ReleaseDate(_) => ("DATE", None),
        T::RecordingYear(year) | T::ReleaseYear(year) => ("DATE", Some(u64::from(*year))),
        T::TrackNumber(n) => ("TRACKNUMBER", Some(*n)),
        T::TrackTotal(n) => ("TRACKTOTAL", Some(*n)),
        T::DiscNumber(n) => ("DISCNUMBER", Some(*n)),
        T::DiscTotal(n) => ("DISCTOTAL", Some(*n)),
        T::Bpm(n) => ("BPM", Some(*n)),
        T::ReplayGainTrackGain(_) => ("REPLAYGAIN_TRACK_GAIN", None),
        T::ReplayGainTrackPeak(_) => ("REPLAYGAIN_TRACK_PEAK", None),
        T::ReplayGainAlbumGain(_) => ("REPLAYGAIN_ALBUM_GAIN", None),
        T::ReplayGainAlbumPeak(_) => ("REPLAYGAIN_ALBUM_PEAK", None),
        _ => return None,
    })
}

fn base64(text: &str) -> Option<Vec<u8>> {
    if text.len() > Cover::MAX_BYTES / 3 * 4 + 4096 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes().take_while(|&b| b != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'\r' | b'\n' | b' ' => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_and_rubbish_refused() {
        assert_eq!(base64("aGVsbG8=").unwrap(), b"hello");
        assert_eq!(base64("a\u{1}"), None);
    }

    #[test]
    fn a_vorbis_comment_gives_tags_and_a_lying_length_gives_none() {
        let mut packet = vec![2, 0, 0, 0, b'm', b'e', 1, 0, 0, 0, 7, 0, 0, 0];
        packet.extend_from_slice(b"title=x");
        let mut tags = Tags::default();
        tags.vorbis_comment(&packet);
        assert_eq!(tags.tags, [("TITLE".to_string(), "x".to_string())]);
        packet[10] = 200;
        let mut tags = Tags::default();
        tags.vorbis_comment(&packet);
        assert!(tags.tags.is_empty());
    }
}
