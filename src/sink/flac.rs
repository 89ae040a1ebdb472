//! FLAC (RFC 9639), block by block: `flacenc` codes each block, the blocks around them are ours. Memory holds one block,
//! however long the track; length, frame sizes and MD5 go into STREAMINFO at the end.

use super::wav::{channel_mask, interleave_i16, interleave_i24};
use super::{Encoder, SampleFormat, SinkSpec};
use crate::error::{Error, Result};
use crate::output::dither::{CHUNK_FRAMES, Quantizer};
use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, StreamInfo};
use flacenc::config;
use flacenc::error::{Verified, Verify};
use flacenc::source::{Context, Fill, FrameBuf};

/// Frames in a block, as the reference encoder has it.
const BLOCK_FRAMES: usize = 4096;

pub(super) fn no_float() -> Error {
    Error::argument("a FLAC file holds whole numbers, not f32").hint("use --format i24, or name the output .wav")
}

pub(super) struct FlacEncoder {
    spec: SinkSpec,
    bits: usize,
    config: Verified<config::Encoder>,
    info: StreamInfo,
    quantizer: Quantizer,
    whole: Vec<Vec<i32>>,
    /// Interleaved samples of the block under way, and as bytes for the MD5.
    block: Vec<i32>,
    block_bytes: Vec<u8>,
    buffer: FrameBuf,
    context: Context,
    bytes: ByteSink,
    smallest: usize,
    largest: usize,
    blocks: usize,
}

impl FlacEncoder {
    pub(super) fn new(spec: &SinkSpec) -> Result<Self> {
        let channels = spec.layout.channels();
        let bits = match spec.format {
            SampleFormat::I16 => 16,
            SampleFormat::I24 => 24,
            SampleFormat::F32 => return Err(no_float()),
        };
        if channels > 8 {
            return Err(Error::argument(format!("a FLAC file holds at most 8 channels, not {channels}"))
                .hint("name the output .wav"));
        }
        let beyond = |e: flacenc::error::VerifyError| {
            Error::argument(format!(
                "a FLAC file cannot hold {channels} channels of {bits} bits at {} Hz",
                spec.sample_rate
            ))
            .hint("name the output .wav")
            .caused_by(e.to_string())
        };
        if spec.sample_rate == 0 || spec.sample_rate >= 1 << 20 {
            return Err(Error::argument(format!("a FLAC file cannot hold a rate of {} Hz", spec.sample_rate)));
        }
        // The coder refuses rates above 96 kHz, which it only copies into the header of every block. A rate that no
        // header can express makes it write "as in STREAMINFO" there, and that block is ours.
        let coder_rate = if spec.sample_rate > 96_000 { 95_999 } else { spec.sample_rate };
        let mut config = config::Encoder::default();
        config.block_size = BLOCK_FRAMES;
        config.multithread = false;
        Ok(Self {
            bits,
            config: config.into_verified().map_err(|(_, e)| beyond(e))?,
            info: StreamInfo::new(coder_rate as usize, channels, bits).map_err(beyond)?,
            quantizer: Quantizer::new(bits as u32, channels),
            whole: vec![vec![0; CHUNK_FRAMES]; channels],
            block: Vec::with_capacity(BLOCK_FRAMES * channels),
            block_bytes: Vec::with_capacity(BLOCK_FRAMES * channels * 3),
            buffer: FrameBuf::with_size(channels, BLOCK_FRAMES).map_err(beyond)?,
            context: Context::new(bits, channels),
            bytes: ByteSink::new(),
            smallest: usize::MAX,
            largest: 0,
            blocks: 0,
            spec: spec.clone(),
        })
    }

    /// The marker and the STREAMINFO block; `md5` of zeros and no length mean "not known".
    fn stream_info(&self, frames: u64, md5: [u8; 16]) -> Vec<u8> {
        let mut out = b"fLaC".to_vec();
        out.extend_from_slice(&[0, 0, 0, 34]);
        out.extend_from_slice(&(BLOCK_FRAMES as u16).to_be_bytes());
        out.extend_from_slice(&(BLOCK_FRAMES as u16).to_be_bytes());
        let (smallest, largest) = if self.largest == 0 { (0, 0) } else { (self.smallest, self.largest) };
        for size in [smallest, largest] {
            // 24 bits; 0 means "not known".
            out.extend_from_slice(&(if size < 1 << 24 { size as u32 } else { 0 }).to_be_bytes()[1..]);
        }
        // 20 bits of rate, 3 of channels - 1, 5 of bits - 1, 36 of length (0 if it does not fit).
        let frames = if frames < 1 << 36 { frames } else { 0 };
        let packed = u64::from(self.spec.sample_rate) << 44
            | (self.spec.layout.channels() as u64 - 1) << 41
            | (self.bits as u64 - 1) << 36
            | frames;
        out.extend_from_slice(&packed.to_be_bytes());
        out.extend_from_slice(&md5);
        out
    }

    fn encode_block(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let failed = |e: String| Error::unsupported("the FLAC encoder refused a block").caused_by(e);
        self.context.fill_le_bytes(&self.block_bytes, self.bits / 8).map_err(|e| failed(e.to_string()))?;
        self.buffer.fill_interleaved(&self.block).map_err(|e| failed(e.to_string()))?;
        let frame = flacenc::encode_fixed_size_frame(&self.config, &self.buffer, self.blocks, &self.info)
            .map_err(|e| failed(e.to_string()))?;
        self.bytes.clear();
        frame.write(&mut self.bytes).map_err(|e| failed(e.to_string()))?;
        let bytes = self.bytes.as_slice();
        out.extend_from_slice(bytes);
        self.smallest = self.smallest.min(bytes.len());
        self.largest = self.largest.max(bytes.len());
        self.blocks += 1;
        self.block.clear();
        self.block_bytes.clear();
        Ok(())
    }
}

impl Encoder for FlacEncoder {
    fn start(&mut self) -> Result<Vec<u8>> {
        let mut out = self.stream_info(self.spec.frames.unwrap_or(0), [0; 16]);
        let mut more = Vec::new();
        if self.spec.layout.channels() > 2 {
            let mask = channel_mask(&self.spec.layout);
            more.push(("WAVEFORMATEXTENSIBLE_CHANNEL_MASK".to_string(), format!("0x{mask:04X}")));
        }
        let comment = self.spec.tags.vorbis_comment(&more);
        let picture = self.spec.tags.picture();
        const LAST: u8 = 0x80;
        let mut block = |kind: u8, body: &[u8]| {
            out.push(kind);
            out.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
            out.extend_from_slice(body);
        };
        block(if picture.is_some() { 4 } else { 4 | LAST }, &comment);
        if let Some(picture) = picture {
            block(6 | LAST, &picture);
        }
        Ok(out)
    }

    fn chunk(&mut self, planes: &[&[f32]], out: &mut Vec<u8>) -> Result<()> {
        let frames = planes[0].len();
        for (channel, (whole, plane)) in self.whole.iter_mut().zip(planes).enumerate() {
            self.quantizer.quantize(channel, plane, &mut whole[..frames]);
        }
        let whole: Vec<&[i32]> = self.whole.iter().map(|w| &w[..frames]).collect();
        match self.bits {
            16 => interleave_i16(&whole, &mut self.block_bytes),
            _ => interleave_i24(&whole, &mut self.block_bytes),
        }
        self.block.extend((0..frames).flat_map(|i| whole.iter().map(move |w| w[i])));
        if self.block.len() == BLOCK_FRAMES * planes.len() {
            self.encode_block(out)?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<Vec<u8>> {
        if !self.block.is_empty() {
            self.encode_block(out)?;
        }
        Ok(self.stream_info(self.context.total_samples() as u64, self.context.md5_digest()))
    }

    fn counts(&self) -> (u64, u64) {
        (self.quantizer.clipped(), self.quantizer.silenced())
    }
}
