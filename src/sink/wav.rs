//! WAV and RF64 (EBU Tech 3306). The header has room for a `ds64` chunk from the start, hidden in a `JUNK` chunk; where
//! the file passes 4 GiB it is put to use.
//!
//! `hound` says what the format is; the samples go out in bulk, as it would write them one by one at several times the
//! cost, and past 4 GiB it cannot go (see `docs/decisions/output.md`). It reads these files in the tests.

use super::{Encoder, SampleFormat, SinkSpec};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::output::dither::{CHUNK_FRAMES, Quantizer};
use crate::output::guard::{has_odd, silence_odd};

/// The bits of `dwChannelMask`, in order, and the BS.2051 places that go there.
const PLACES: [&[&str]; 18] = [
    &["M+030"],
    &["M-030"],
    &["M+000"],
    &["LFE1"],
    &["M+135", "M+110"],
    &["M-135", "M-110"],
    &["M+060"],
    &["M-060"],
    &["M+180"],
    &["M+090"],
    &["M-090"],
    &["T+000"],
    &["U+045", "U+030"],
    &["U+000"],
    &["U-045", "U-030"],
    &["U+135", "U+110"],
    &["U+180"],
    &["U-135", "U-110"],
];

/// `dwChannelMask` of a layout; 0 if it has none, as for a sound field, or if its channels are not in the mask's order.
pub(super) fn channel_mask(layout: &Layout) -> u32 {
    let Layout::Speakers { speakers, .. } = layout else { return 0 };
    let mut mask = 0;
    for speaker in speakers {
        let Some(bit) = PLACES.iter().position(|labels| labels.contains(&speaker.label)) else { return 0 };
        if mask >> bit != 0 {
            return 0;
        }
        mask |= 1 << bit;
    }
    mask
}

/// An extensible `fmt ` chunk with its head, and where the mask lies in it.
const EXTENSIBLE_BYTES: usize = 48;
const MASK_AT: usize = 28;

pub(super) struct WavEncoder {
    spec: SinkSpec,
    quantizer: Option<Quantizer>,
    whole: Vec<Vec<i32>>,
    clean: Vec<Vec<f32>>,
    data_bytes: u64,
    silenced: u64,
}

impl WavEncoder {
    pub(super) fn new(spec: &SinkSpec) -> Result<Self> {
        let channels = spec.layout.channels();
        let frame_bytes = channels * spec.format.bytes();
        if u16::try_from(frame_bytes).is_err() {
            return Err(Error::argument(format!(
                "a WAV file cannot hold {channels} channels of {}",
                spec.format.name()
            )));
        }
        if u32::try_from(u64::from(spec.sample_rate) * frame_bytes as u64).is_err() || spec.sample_rate == 0 {
            return Err(Error::argument(format!("a WAV file cannot hold a rate of {} Hz", spec.sample_rate)));
        }
        let bits = match spec.format {
            SampleFormat::I16 => Some(16),
            SampleFormat::I24 => Some(24),
            SampleFormat::F32 => None,
        };
        Ok(Self {
            quantizer: bits.map(|b| Quantizer::new(b, channels)),
            whole: vec![vec![0; CHUNK_FRAMES]; if bits.is_some() { channels } else { 0 }],
            clean: Vec::new(),
            data_bytes: 0,
            silenced: 0,
            spec: spec.clone(),
        })
    }

    /// Everything before the first sample; of the same length whatever `data_bytes` is. `None`: not known, as in a pipe.
    fn header(&self, data_bytes: Option<u64>) -> Vec<u8> {
        const UNKNOWN: u32 = u32::MAX;
        let spec = &self.spec;
        let frame_bytes = (spec.layout.channels() * spec.format.bytes()) as u64;
        let mut rest = self.format_chunk();
        if spec.format == SampleFormat::F32 {
            let frames = data_bytes.map_or(UNKNOWN, |b| u32::try_from(b / frame_bytes).unwrap_or(UNKNOWN));
            chunk(&mut rest, b"fact", &frames.to_le_bytes());
        }
        rest.extend(spec.tags.list_info());
        // "RIFF", size, "WAVE"; JUNK or ds64 of 28 bytes; the rest; "data", size.
        let before_data = 12 + 8 + 28 + rest.len() as u64 + 8;
        let riff_size = data_bytes.map(|b| before_data - 8 + b + b % 2);
        let large = riff_size.is_some_and(|s| s > spec.riff_limit);
        let small = |size: Option<u64>| size.filter(|_| !large).and_then(|s| u32::try_from(s).ok()).unwrap_or(UNKNOWN);

        let mut header = if large { b"RF64".to_vec() } else { b"RIFF".to_vec() };
        header.extend_from_slice(&small(riff_size).to_le_bytes());
        header.extend_from_slice(b"WAVE");
        let mut ds64 = [0; 28];
        if let (true, Some(riff), Some(data)) = (large, riff_size, data_bytes) {
            ds64[..8].copy_from_slice(&riff.to_le_bytes());
            ds64[8..16].copy_from_slice(&data.to_le_bytes());
            ds64[16..24].copy_from_slice(&(data / frame_bytes).to_le_bytes());
        }
        chunk(&mut header, if large { b"ds64" } else { b"JUNK" }, &ds64);
        header.extend(rest);
        header.extend_from_slice(b"data");
        header.extend_from_slice(&small(data_bytes).to_le_bytes());
        header
    }

    /// The `fmt ` chunk as hound writes it, with the channel mask put right: hound takes channels for the first
    /// speakers of the mask, whatever they are.
    fn format_chunk(&self) -> Vec<u8> {
        let spec = &self.spec;
        let header = hound::WavSpec {
            channels: spec.layout.channels() as u16,
            sample_rate: spec.sample_rate,
            bits_per_sample: 8 * spec.format.bytes() as u16,
            sample_format: match spec.format {
                SampleFormat::F32 => hound::SampleFormat::Float,
                SampleFormat::I16 | SampleFormat::I24 => hound::SampleFormat::Int,
            },
        }
        .into_header_for_infinite_file();
        // "RIFF", size, "WAVE", then the chunk, then "data" and its size.
        let mut chunk = header[12..header.len() - 8].to_vec();
        if chunk.len() == EXTENSIBLE_BYTES {
            chunk[MASK_AT..MASK_AT + 4].copy_from_slice(&channel_mask(&spec.layout).to_le_bytes());
        }
        chunk
    }

    fn float_chunk(&mut self, planes: &[&[f32]], out: &mut Vec<u8>) {
        if planes.iter().any(|p| has_odd(p)) {
            self.clean.resize(planes.len(), Vec::new());
            for (clean, plane) in self.clean.iter_mut().zip(planes) {
                clean.clear();
                clean.extend_from_slice(plane);
                self.silenced += silence_odd(clean);
            }
            let clean: Vec<&[f32]> = self.clean.iter().map(Vec::as_slice).collect();
            interleave_f32(&clean, out);
        } else {
            interleave_f32(planes, out);
        }
    }
}

fn chunk(out: &mut Vec<u8>, id: &[u8; 4], body: &[u8]) {
    out.extend_from_slice(id);
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(body);
}

impl Encoder for WavEncoder {
    fn start(&mut self) -> Result<Vec<u8>> {
        let frame_bytes = (self.spec.layout.channels() * self.spec.format.bytes()) as u64;
        Ok(self.header(self.spec.frames.map(|f| f.saturating_mul(frame_bytes))))
    }

    fn chunk(&mut self, planes: &[&[f32]], out: &mut Vec<u8>) -> Result<()> {
        let frames = planes[0].len();
        self.data_bytes += (frames * planes.len() * self.spec.format.bytes()) as u64;
        let Some(quantizer) = &mut self.quantizer else {
            self.float_chunk(planes, out);
            return Ok(());
        };
        for (channel, (whole, plane)) in self.whole.iter_mut().zip(planes).enumerate() {
            quantizer.quantize(channel, plane, &mut whole[..frames]);
        }
        let whole: Vec<&[i32]> = self.whole.iter().map(|w| &w[..frames]).collect();
        match self.spec.format {
            SampleFormat::I16 => interleave_i16(&whole, out),
            _ => interleave_i24(&whole, out),
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<Vec<u8>> {
        // Chunks have even lengths.
        out.extend(std::iter::repeat_n(0, (self.data_bytes % 2) as usize));
        Ok(self.header(Some(self.data_bytes)))
    }

    fn counts(&self) -> (u64, u64) {
        let (clipped, silenced) = self.quantizer.as_ref().map_or((0, 0), |q| (q.clipped(), q.silenced()));
        (clipped, silenced + self.silenced)
    }
}

/// Room for `bytes` more, to be filled.
fn grow(out: &mut Vec<u8>, bytes: usize) -> &mut [u8] {
    let at = out.len();
    out.resize(at + bytes, 0);
    &mut out[at..]
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn interleave_f32(planes: &[&[f32]], out: &mut Vec<u8>) {
    let (channels, frames) = (planes.len(), planes[0].len());
    let out = grow(out, 4 * channels * frames);
    if let [left, right] = planes {
        for ((l, r), out) in left.iter().zip(*right).zip(out.chunks_exact_mut(8)) {
            let both = u64::from(l.to_bits()) | u64::from(r.to_bits()) << 32;
            out.copy_from_slice(&both.to_le_bytes());
        }
        return;
    }
    for (channel, plane) in planes.iter().enumerate() {
        for (x, out) in plane.iter().zip(out.chunks_exact_mut(4 * channels)) {
            out[4 * channel..4 * channel + 4].copy_from_slice(&x.to_le_bytes());
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(super) fn interleave_i16(planes: &[&[i32]], out: &mut Vec<u8>) {
    let (channels, frames) = (planes.len(), planes[0].len());
    let out = grow(out, 2 * channels * frames);
    if let [left, right] = planes {
        for ((l, r), out) in left.iter().zip(*right).zip(out.chunks_exact_mut(4)) {
            let both = (*l as u32 & 0xffff) | (*r as u32) << 16;
            out.copy_from_slice(&both.to_le_bytes());
        }
        return;
    }
    for (channel, plane) in planes.iter().enumerate() {
        for (x, out) in plane.iter().zip(out.chunks_exact_mut(2 * channels)) {
            out[2 * channel..2 * channel + 2].copy_from_slice(&(*x as i16).to_le_bytes());
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(super) fn interleave_i24(planes: &[&[i32]], out: &mut Vec<u8>) {
    let (channels, frames) = (planes.len(), planes[0].len());
    let out = grow(out, 3 * channels * frames);
    if let [left, right] = planes {
        // Eight bytes for a frame of six: each store is overlapped by the next, which is faster than joining them.
        let whole = frames.saturating_sub(2);
        for (i, (l, r)) in left.iter().zip(*right).enumerate().take(whole) {
            let both = u64::from(*l as u32 & 0x00ff_ffff) | u64::from(*r as u32) << 24;
            out[6 * i..6 * i + 8].copy_from_slice(&both.to_le_bytes());
        }
        for i in whole..frames {
            out[6 * i..6 * i + 3].copy_from_slice(&left[i].to_le_bytes()[..3]);
            out[6 * i + 3..6 * i + 6].copy_from_slice(&right[i].to_le_bytes()[..3]);
        }
        return;
    }
    for (channel, plane) in planes.iter().enumerate() {
        for (x, out) in plane.iter().zip(out.chunks_exact_mut(3 * channels)) {
            out[3 * channel..3 * channel + 3].copy_from_slice(&x.to_le_bytes()[..3]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_those_of_the_usual_files() {
        let mask = |name, channels| channel_mask(&Layout::named(name, channels).unwrap());
        assert_eq!(mask("mono", 1), 0x4);
        assert_eq!(mask("stereo", 2), 0x3);
        assert_eq!(mask("quad", 4), 0x33);
        assert_eq!(mask("5.1", 6), 0x3f);
        assert_eq!(mask("7.1", 8), 0x63f);
        assert_eq!(mask("7.1.4", 12), 0x2d63f);
        // No mask can say these.
        assert_eq!(mask("ambix", 16), 0);
        assert_eq!(mask("22.2", 24), 0);
    }
}
