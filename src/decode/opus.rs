//! Opus packets to planes: `ropus` behind the header of RFC 7845, with every field checked before it gets there.
//!
//! ropus works in fixed point like libopus built for small machines: its output has 16 bits and clips at full scale,
//! about 74 dB below the programme in noise against the floating-point build. The gain of the header is applied here,
//! in floating point, so that it can neither clip nor cost bits.

use ropus::OpusMSDecoder;
use ropus::opus::decoder::opus_packet_get_nb_samples;

use super::channels::{self, Placement};
use super::stream::Planes;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// Opus always decodes at this rate here, Hz.
pub(super) const RATE: u32 = 48_000;
/// Frames decoded and dropped before a seek target. RFC 7845 asks for 80 ms; over a second the decoder's long memory
/// of steady tones agrees too.
pub(super) const PRE_ROLL: u64 = 48_000;
/// The longest packet: 120 ms.
const MAX_FRAMES: usize = 5760;

/// The identification header (RFC 7845, section 5.1; families 2 and 3: RFC 8486).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OpusHead {
    pub channels: usize,
    /// Frames at the start that only settle the decoder.
    pub pre_skip: u64,
    gain: f32,
    family: u8,
    streams: u8,
    coupled: u8,
    mapping: Vec<u8>,
    /// Family 3: `[channels][streams + coupled]`.
    matrix: Vec<f32>,
}

impl OpusHead {
    /// Reads and checks a header that begins with `OpusHead`.
    pub fn parse(data: &[u8]) -> Result<Self> {
        let short = || Error::malformed("the Opus header is cut short");
        let head = data.get(..19).filter(|h| h.starts_with(b"OpusHead")).ok_or_else(short)?;
        if head[8] >> 4 != 0 {
            return Err(Error::unsupported(format!("Opus header version {} is not known", head[8])));
        }
        let channels = usize::from(head[9]);
        let family = head[18];
        let mut parsed = Self {
            channels,
            pre_skip: u64::from(u16::from_le_bytes([head[10], head[11]])),
            gain: 10f32.powf(f32::from(i16::from_le_bytes([head[16], head[17]])) / 256.0 / 20.0),
            family,
            streams: 1,
            coupled: u8::from(channels == 2),
            mapping: vec![0, 1],
            matrix: Vec::new(),
        };
        parsed.mapping.truncate(channels);
        if channels == 0 || (family == 0 && channels > 2) {
            return Err(Error::malformed(format!(
                "the Opus header says {channels} channels in mapping family {family}"
            )));
        }
        if family == 0 {
            return Ok(parsed);
        }
        let table = data.get(19..).ok_or_else(short)?;
        let (streams, coupled) = (*table.first().ok_or_else(short)?, *table.get(1).ok_or_else(short)?);
        let coded = usize::from(streams) + usize::from(coupled);
        if streams == 0 || coupled > streams || coded > 255 {
            return Err(Error::malformed(format!("the Opus header says {streams} streams, {coupled} of them coupled")));
        }
        (parsed.streams, parsed.coupled) = (streams, coupled);
        if family == 3 {
            let bytes = table.get(2..2 + 2 * channels * coded).ok_or_else(short)?;
            let column = |c: usize, s: usize| {
                let at = 2 * (s * channels + c);
                f32::from(i16::from_le_bytes([bytes[at], bytes[at + 1]])) / 32_768.0
            };
            parsed.matrix =
                (0..channels).flat_map(|c| (0..coded).map(move |s| (c, s))).map(|(c, s)| column(c, s)).collect();
            parsed.mapping = (0..coded as u8).collect();
            return Ok(parsed);
        }
        parsed.mapping = table.get(2..2 + channels).ok_or_else(short)?.to_vec();
        if let Some(bad) = parsed.mapping.iter().find(|&&m| m != 255 && usize::from(m) >= coded) {
            return Err(Error::malformed(format!("the Opus header maps a channel to stream channel {bad} of {coded}")));
        }
        if family == 1 && channels > 8 {
            return Err(Error::malformed(format!(
                "the Opus header says {channels} channels, mapping family 1 has up to 8"
            )));
        }
        Ok(parsed)
    }

    /// Reads the `dOps` box of MP4 behind an `OpusHead` magic: the same fields, but version 0 and big-endian.
    pub fn parse_dops(data: &[u8]) -> Result<Self> {
        let mut head = data.to_vec();
        if head.len() >= 19 {
            head[8] = 1;
            head[10..12].reverse();
            head[12..16].reverse();
            head[16..18].reverse();
        }
        Self::parse(&head)
    }

    /// Where the channels belong.
    pub fn placement(&self) -> Placement {
        let ambisonic = |channels: usize| {
            let order = (channels as f64).sqrt() as usize;
            (order * order == channels).then(|| Layout::Ambisonic { order: order - 1 })
        };
        match self.family {
            0 | 1 => channels::vorbis_positions(self.channels)
                .map_or_else(|| Placement::discrete(self.channels), channels::from_positions),
            // RFC 8486: ACN and SN3D, possibly followed by a head-locked stereo pair.
            2 | 3 => match ambisonic(self.channels) {
                Some(layout) => Placement::straight(layout),
                None => {
                    let mut placed = Placement::discrete(self.channels);
                    placed.assumed = Some(format!(
                        "the Opus file has {} channels: a sound field and a head-locked pair, which are not told apart",
                        self.channels
                    ));
                    placed
                }
            },
            _ => channels::from_count(self.channels),
        }
    }
}

/// The decoder of one stream.
pub(super) struct OpusDecoder {
    head: OpusHead,
    inner: OpusMSDecoder,
    pcm: Vec<i16>,
}

impl OpusDecoder {
    pub fn new(head: &OpusHead) -> Result<Self> {
        let coded = head.mapping.len();
        let inner = OpusMSDecoder::new(
            RATE as i32,
            coded as i32,
            i32::from(head.streams),
            i32::from(head.coupled),
            &head.mapping,
        )
        .map_err(|code| Error::malformed(format!("the Opus decoder refuses the header (code {code})")))?;
        Ok(Self { head: head.clone(), inner, pcm: vec![0; coded * MAX_FRAMES] })
    }

    /// Frames that a packet will give, from its first two bytes; 0 if it is damaged.
    pub fn duration(packet: &[u8]) -> u64 {
        if packet.is_empty() {
            return 0;
        }
        opus_packet_get_nb_samples(packet, RATE as i32).map_or(0, |n| u64::try_from(n).unwrap_or(0))
    }

    /// Decodes into `planes` (replaced); a damaged packet gives silence of its length and `false`.
    pub fn decode(&mut self, packet: &[u8], planes: &mut Planes) -> bool {
        let coded = self.head.mapping.len();
        let outcome = if packet.is_empty() {
            Err(0)
        } else {
            self.inner.decode(Some(packet), packet.len() as i32, &mut self.pcm, MAX_FRAMES as i32, false)
        };
        let Ok(frames) = outcome else {
            planes.resize(self.head.channels, Self::duration(packet).min(MAX_FRAMES as u64) as usize);
            planes.channels.iter_mut().for_each(|p| p.fill(0.0));
            return false;
        };
        let frames = usize::try_from(frames).unwrap_or(0).min(MAX_FRAMES);
        planes.resize(self.head.channels, frames);
        let scale = self.head.gain / 32_768.0;
        for (c, plane) in planes.channels.iter_mut().enumerate() {
            if self.head.matrix.is_empty() {
                for (y, frame) in plane.iter_mut().zip(self.pcm.chunks_exact(coded)) {
                    *y = f32::from(frame[c]) * scale;
                }
            } else {
                let row = &self.head.matrix[c * coded..(c + 1) * coded];
                for (y, frame) in plane.iter_mut().zip(self.pcm.chunks_exact(coded)) {
                    *y = row.iter().zip(frame).map(|(m, x)| m * f32::from(*x)).sum::<f32>() * scale;
                }
            }
        }
        true
    }

    /// Forgets the past, as after a seek.
    pub fn reset(&mut self) {
        self.inner.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(channels: u8, family: u8, table: &[u8]) -> Vec<u8> {
        let mut data = b"OpusHead\x01".to_vec();
        data.push(channels);
        data.extend_from_slice(&[0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, family]);
        data.extend_from_slice(table);
        data
    }

    #[test]
    fn headers_are_checked_before_the_decoder_sees_them() {
        assert_eq!(OpusHead::parse(&head(2, 0, &[])).unwrap().pre_skip, 312);
        assert!(OpusHead::parse(&head(3, 0, &[])).is_err());
        assert!(OpusHead::parse(&head(0, 1, &[1, 0])).is_err());
        assert!(OpusHead::parse(&head(6, 1, &[4, 2, 0, 4, 1, 2, 3])).is_err()); // table too short
        assert!(OpusHead::parse(&head(6, 1, &[4, 2, 0, 4, 1, 2, 3, 6])).is_err()); // no stream channel 6
        assert!(OpusHead::parse(&head(2, 1, &[1, 2, 0, 1])).is_err()); // more coupled than streams
        assert!(OpusHead::parse(&head(6, 1, &[4, 2, 0, 4, 1, 2, 3, 5])).is_ok());
        assert!(OpusHead::parse(b"OpusHead").is_err());
    }

    #[test]
    fn a_sound_field_is_known_by_its_family() {
        let mapping: Vec<u8> = [4, 0].into_iter().chain(0..4).collect();
        let parsed = OpusHead::parse(&head(4, 2, &mapping)).unwrap();
        assert_eq!(parsed.placement().layout, Layout::Ambisonic { order: 1 });
        assert!(OpusDecoder::new(&parsed).is_ok());
    }

    #[test]
    fn a_damaged_packet_is_silence_not_a_panic() {
        let parsed = OpusHead::parse(&head(2, 0, &[])).unwrap();
        let mut decoder = OpusDecoder::new(&parsed).unwrap();
        let mut planes = Planes::default();
        for seed in 0..200u32 {
            let packet: Vec<u8> =
                (0..seed % 40).map(|i| (i.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 9) as u8).collect();
            decoder.decode(&packet, &mut planes);
            assert!(planes.len() <= MAX_FRAMES);
        }
    }
}
