//! Everything that symphonia reads: it takes the container apart and decodes, we trim, order the channels, seek to the
//! sample and survive damage. Opus packets inside MP4 and Matroska go to our own decoder.

use std::fs::File;
use std::io::{ErrorKind as IoKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::audio::{ChannelLabel, Channels, GenericAudioBufferRef};
use symphonia::core::codecs::audio::well_known::*;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::Timestamp;

use super::channels::{self, Placement};
use super::info::{Cover, ReplayGain, TrackInfo};
use super::opus::{OpusDecoder, OpusHead};
use super::stream::{Landed, Limited, Packets, Planes, Stream};
use super::tags::Tags;
use super::{Opened, check_limits, ffmpeg, mp4};
use crate::error::{Error, ErrorKind, Result};

/// Packets or demuxer errors in a row that yield nothing before we stop: a second or more of music in any codec.
const MAX_BARREN: u32 = 4096;

/// A file that stops answering when a demuxer goes in circles: every read and seek costs from a budget that each
/// packet fills up again.
struct Metered {
    file: File,
    length: u64,
    budget: Arc<AtomicU64>,
}

impl Metered {
    fn spend(&self, cost: u64) -> std::io::Result<()> {
        let left = self.budget.load(Ordering::Relaxed);
        if left < cost {
            return Err(std::io::Error::other("the demuxer does not come to an end"));
        }
        self.budget.store(left - cost, Ordering::Relaxed);
        Ok(())
    }
}

impl Read for Metered {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.spend(64 + into.len() as u64)?;
        self.file.read(into)
    }
}

impl Seek for Metered {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.spend(1024)?;
        self.file.seek(to)
    }
}

impl MediaSource for Metered {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}

enum Codec {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(Box<OpusDecoder>),
}

/// One track of a container.
struct Demuxed {
    path: PathBuf,
    reader: Box<dyn FormatReader>,
    codec: Codec,
    params: AudioCodecParameters,
    opus: Option<OpusHead>,
    track: u32,
    /// Frames that Matroska says to drop from the last packet; symphonia does not.
    tail: u64,
    /// The packet behind the current one, fetched ahead where `tail` must know the last.
    ahead: Option<Packet>,
    /// Rate and channels that the first packet had; a change ends the stream.
    spec: Option<(u32, Channels)>,
    /// True if stamps count frames.
    stamped: bool,
    pre_roll: u64,
    budget: Arc<AtomicU64>,
    allowance: u64,
    damaged: u64,
    notes: Vec<String>,
    done: bool,
}

impl Demuxed {
    fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    /// The next packet; of our track only, one late, if the last one must be known.
    fn fetch(&mut self) -> symphonia::core::errors::Result<Option<Packet>> {
        if self.tail == 0 {
            return self.reader.next_packet();
        }
        let mut ours = || loop {
            match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id != self.track => {}
                other => return other,
            }
        };
        let current = match self.ahead.take() {
            Some(packet) => packet,
            None => match ours()? {
                Some(packet) => packet,
                None => return Ok(None),
            },
        };
        // An error behind the current packet will come again.
        self.ahead = ours().unwrap_or(None);
        Ok(Some(current))
    }

    fn end(&mut self, text: Option<String>) {
        self.done = true;
        if let Some(text) = text {
            self.note(text);
        }
    }
}

impl Packets for Demuxed {
    fn next(&mut self, planes: &mut Planes) -> Result<Option<Option<i64>>> {
        let mut barren = 0;
        while !self.done {
            barren += 1;
            if barren > MAX_BARREN {
                self.end(Some("the sound breaks off: nothing that can be decoded follows".into()));
                break;
            }
            self.budget.store(self.allowance, Ordering::Relaxed);
            let packet = match self.fetch() {
                Ok(Some(packet)) => packet,
                Ok(None) => {
                    self.done = true;
                    break;
                }
                Err(SymphoniaError::IoError(e)) => {
                    self.end(Some(match e.kind() {
                        IoKind::UnexpectedEof => "the file is cut short: it ends in the middle of a packet".into(),
                        _ => format!("reading broke off: {e}"),
                    }));
                    break;
                }
                Err(SymphoniaError::DecodeError(_)) => {
                    self.damaged += 1;
                    continue;
                }
                Err(SymphoniaError::ResetRequired) => {
                    self.end(Some("the file is a chain of several streams; only the first is read".into()));
                    break;
                }
                Err(e) => {
                    self.end(Some(format!("the sound breaks off: {e}")));
                    break;
                }
            };
            if packet.track_id != self.track {
                barren -= 1; // packets of pictures are bounded by the file
                continue;
            }
            let stamp = self.stamped.then(|| packet.pts.get().saturating_add(packet.trim_start.get() as i64));
            match &mut self.codec {
                Codec::Opus(decoder) => {
                    if !decoder.decode(&packet.data, planes) {
                        self.damaged += 1;
                    }
                }
                Codec::Symphonia(decoder) => match decoder.decode(&packet) {
                    Ok(buffer) if buffer.frames() == 0 => continue,
                    Ok(buffer) => {
                        let spec = (buffer.spec().rate(), buffer.spec().channels().clone());
                        if self.spec.as_ref().is_some_and(|first| *first != spec) {
                            let (rate, channels) = (spec.0, spec.1.count());
                            self.end(Some(format!(
                                "the track changes to {rate} Hz and {channels} channels midway; it is read up to there"
                            )));
                            break;
                        }
                        if self.spec.is_none() {
                            self.spec = Some(spec);
                        }
                        copy(&buffer, planes);
                    }
                    Err(SymphoniaError::DecodeError(_) | SymphoniaError::IoError(_)) => {
                        self.damaged += 1;
                        continue;
                    }
                    Err(SymphoniaError::Unsupported(what)) if self.spec.is_none() => {
                        return Err(Error::unsupported(format!("the decoder does not know: {what}")));
                    }
                    Err(e) => {
                        self.end(Some(format!("the sound breaks off: {e}")));
                        break;
                    }
                },
            }
            if self.tail > 0 && self.ahead.is_none() {
                planes.hold(0, planes.len().saturating_sub(usize::try_from(self.tail).unwrap_or(usize::MAX)));
            }
            if planes.len() > 0 {
                return Ok(Some(stamp));
            }
        }
        planes.hold(0, 0);
        Ok(None)
    }

    fn seek(&mut self, frame: u64) -> Result<Landed> {
        let wanted = frame.saturating_sub(self.pre_roll);
        if wanted == 0 || !self.stamped {
            self.rewind()?;
            return Ok(Landed::Start);
        }
        self.budget.store(self.allowance, Ordering::Relaxed);
        let to = SeekTo::Timestamp { ts: Timestamp::new(wanted as i64), track_id: self.track };
        if self.done || self.reader.seek(SeekMode::Accurate, to).is_err() {
            self.rewind()?;
            return Ok(Landed::Start);
        }
        match &mut self.codec {
            Codec::Symphonia(decoder) => decoder.reset(),
            Codec::Opus(decoder) => decoder.reset(),
        }
        Ok(Landed::Stamped)
    }

    fn rewind(&mut self) -> Result<()> {
        (self.reader, self.budget, _) = probe(&self.path).map_err(|e| broken(&e))?;
        self.codec = make_codec(&self.params, self.opus.as_ref())?;
        self.ahead = None;
        self.done = false;
        Ok(())
    }

    fn warnings(&mut self, into: &mut Vec<String>) {
        for note in self.notes.drain(..) {
            if !into.contains(&note) {
                into.push(note);
            }
        }
        let damaged = std::mem::take(&mut self.damaged);
        if damaged > 0 {
            into.push(format!("{damaged} damaged packets were skipped"));
        }
    }
}

fn copy(buffer: &GenericAudioBufferRef<'_>, planes: &mut Planes) {
    planes.channels.resize_with(buffer.num_planes(), Vec::new);
    buffer.copy_to_vecs_planar::<f32>(&mut planes.channels);
    planes.hold(0, buffer.frames());
}

type Probed = (Box<dyn FormatReader>, Arc<AtomicU64>, u64);

fn probe(path: &Path) -> Result<Probed, SymphoniaError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let allowance = length.saturating_mul(4).saturating_add(64 << 20);
    let budget = Arc::new(AtomicU64::new(allowance));
    let source = Metered { file, length, budget: Arc::clone(&budget) };
    let stream = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
    let limits = MetadataOptions::default().limit_visual_bytes(Limit::Maximum(Cover::MAX_BYTES));
    let reader = symphonia::default::get_probe().probe(&Hint::new(), stream, FormatOptions::default(), limits)?;
    Ok((reader, budget, allowance))
}

fn make_codec(params: &AudioCodecParameters, opus: Option<&OpusHead>) -> Result<Codec> {
    if let Some(head) = opus {
        return Ok(Codec::Opus(Box::new(OpusDecoder::new(head)?)));
    }
    symphonia::default::get_codecs()
        .make_audio_decoder(params, &AudioDecoderOptions::default())
        .map(Codec::Symphonia)
        .map_err(|e| broken(&e))
}

/// symphonia's error in our kinds.
fn broken(e: &SymphoniaError) -> Error {
    match e {
        SymphoniaError::Unsupported(what) => Error::unsupported(format!("the decoder does not know: {what}")),
        SymphoniaError::LimitError(what) => Error::limit(format!("the file asks for too much: {what}")),
        SymphoniaError::IoError(io) if io.kind() != IoKind::UnexpectedEof && io.kind() != IoKind::Other => {
            Error::new(ErrorKind::Io, format!("reading the file failed: {io}"))
        }
        SymphoniaError::IoError(io) if io.kind() == IoKind::UnexpectedEof => {
            Error::malformed("the file ends before its sound begins")
        }
        other => Error::malformed(format!("the file is damaged: {other}")),
    }
}

/// Opens the first or default sound track of a file whose format is `name`.
pub(super) fn open(path: &Path, name: &'static str) -> Result<Opened> {
    let (mut reader, budget, allowance) = match probe(path) {
        Ok(probed) => probed,
        // What symphonia calls malformed in these rich containers may only be a form that it does not know.
        Err(e)
            if matches!(name, "MP4" | "Matroska" | "CAF" | "AIFF") || matches!(e, SymphoniaError::Unsupported(_)) =>
        {
            let why = broken(&e);
            return match (why.kind(), ffmpeg::open(path, name, None)) {
                (_, Ok(opened)) => Ok(opened),
                (ErrorKind::Unsupported, Err(e)) => Err(e),
                _ => Err(why),
            };
        }
        Err(e) => return Err(broken(&e)),
    };
    let hints = if name == "MP4" { mp4::read(path).unwrap_or_default() } else { mp4::Mp4Info::default() };
    let has_video = hints.has_video || reader.first_track(TrackType::Video).is_some();
    let mut tags = Tags::default();
    collect_tags(&mut *reader, &mut tags);
    let container = container_name(name);
    // ffmpeg for the samples, symphonia's reading of the container for the rest.
    let by_ffmpeg = |what: &str, codec: &str, frames: Option<u64>, why: Error, tags: Tags| {
        if why.kind() != ErrorKind::Unsupported {
            return Err(why);
        }
        let mut opened = ffmpeg::open(path, what, Some(why))?;
        opened.info.container = container.into();
        opened.info.codec = codec.into();
        if let Some(frames) = frames {
            // ffmpeg leaves the encoder's padding at the end of AAC.
            opened.info.frames = Some(frames);
            opened.source = Box::new(Limited::new(opened.source, frames));
        }
        opened.info.has_video = has_video;
        opened.info.replay_gain = ReplayGain::from_tags(&tags.tags);
        (opened.info.tags, opened.info.cover) = (tags.tags, tags.cover);
        Ok(opened)
    };

    let Some(track) = reader.default_track(TrackType::Audio).cloned() else {
        let why = "there is no sound track that the built-in decoders read";
        return by_ffmpeg(name, name, None, Error::unsupported(why), tags);
    };
    let Some(params) = track.codec_params.as_ref().and_then(|p| p.audio()).cloned() else {
        let why = Error::unsupported("the coding of the sound track is not known");
        return by_ffmpeg(name, "unknown", None, why, tags);
    };
    let codec_name = codec_name(&params);
    let hint = hints.tracks.iter().find(|t| t.id == track.id);
    let stereo_only = matches!(params.codec, CODEC_ID_AAC | CODEC_ID_VORBIS)
        && params.channels.as_ref().is_none_or(|c| c.count() > 2);
    let what = if stereo_only { format!("{codec_name} of more than two channels") } else { codec_name.clone() };
    let told = hint.and_then(|t| t.frames);
    if hint.and_then(|t| t.aac_type).is_some_and(|kind| kind != 2) && params.codec == CODEC_ID_AAC {
        let kind = hint.and_then(|t| t.aac_type).unwrap_or(0);
        let what = if matches!(kind, 5 | 29) { "HE-AAC" } else { "AAC other than LC" };
        return by_ffmpeg(what, what, None, Error::unsupported(format!("MPEG-4 audio object type {kind}")), tags);
    }
    let mut warnings = Vec::new();
    if params.codec == CODEC_ID_AAC && params.sample_rate.is_some_and(|rate| rate <= 24_000) {
        // HE-AAC may hide its upper half where only a decoder sees it; then the core has at most 24 kHz.
        match ffmpeg::open(path, "AAC", None) {
            Ok(opened) => return Ok(opened),
            Err(_) => warnings.push(
                "the AAC stream has a low rate: if it is HE-AAC, its upper half is missing (install ffmpeg to hear it)"
                    .into(),
            ),
        }
    }
    let opus = match (params.codec == CODEC_ID_OPUS, &params.extra_data) {
        (false, _) => None,
        (true, Some(data)) if name == "MP4" => Some(OpusHead::parse_dops(data)?),
        (true, Some(data)) => Some(OpusHead::parse(data)?),
        (true, None) => return Err(Error::malformed("the Opus track has no header")),
    };
    let codec = match make_codec(&params, opus.as_ref()) {
        Ok(codec) => codec,
        // Whatever the decoder has against the header, another may not.
        Err(e) => {
            let why = Error::unsupported(e.to_string()).caused_by(e);
            return by_ffmpeg(&what, &codec_name, told, why, tags);
        }
    };
    if params.codec == CODEC_ID_VORBIS && stereo_only {
        // symphonia 0.6.1 undoes the coupling of channels in the wrong order (Vorbis I, section 4.3.5, runs from the
        // last step to the first): right for stereo, garbage for 5.1 and 7.1.
        let why = Error::unsupported("coupled channels come out wrong");
        return by_ffmpeg(&what, &codec_name, track.num_frames, why, tags);
    }
    let rate = if opus.is_some() { Some(super::opus::RATE) } else { params.sample_rate };
    let per_frame = track.time_base.is_some_and(|tb| tb.numer.get() == 1 && Some(tb.denom.get()) == rate);
    let (skip, limit) = match (hint, &opus) {
        (Some(hint), Some(head)) => (hint.skip.max(head.pre_skip), hint.frames),
        (Some(hint), None) => (hint.skip, hint.frames),
        (None, Some(head)) => (head.pre_skip, None),
        (None, None) => (0, None),
    };
    let is_opus = opus.is_some();
    let mut packets = Demuxed {
        path: path.to_path_buf(),
        reader,
        codec,
        opus,
        track: track.id,
        tail: if name == "Matroska" && is_opus { discard_padding(path).unwrap_or(0) } else { 0 },
        ahead: None,
        spec: None,
        stamped: per_frame && seeks_by_stamp(&params),
        pre_roll: pre_roll(&params),
        params,
        budget,
        allowance,
        damaged: 0,
        notes: Vec::new(),
        done: false,
    };
    let mut planes = Planes::default();
    match packets.next(&mut planes) {
        Ok(Some(_)) => {}
        Ok(None) => {
            let mut why = Vec::new();
            packets.warnings(&mut why);
            let why = why.first().map_or(String::new(), |w| format!(": {w}"));
            return Err(Error::malformed(format!("the {codec_name} track holds no frame that can be decoded{why}")));
        }
        Err(e) => return by_ffmpeg(&what, &codec_name, told, e, tags),
    }
    let (sample_rate, placement) = match (&packets.opus, &packets.spec) {
        (Some(head), _) => (super::opus::RATE, head.placement()),
        (None, Some((rate, channels))) => (*rate, place(channels, name)),
        (None, None) => return Err(Error::malformed("the decoder gave sound without a format")),
    };
    check_limits(sample_rate, placement.order.len())?;
    if placement.order.len() != planes.channels.len() {
        return Err(Error::malformed("the decoder gave another number of channels than it declared"));
    }
    warnings.extend(placement.assumed.clone());
    let decoder = if packets.opus.is_some() { "ropus" } else { "symphonia" };
    // Where the track is trimmed here, symphonia's count is one with the padding.
    let frames = match limit {
        Some(n) => Some(n),
        None if per_frame && packets.opus.is_none() => track.num_frames.map(|n| n.saturating_sub(skip)),
        None => None,
    };
    let exact = is_lossless(&packets.params);
    let info = TrackInfo {
        container: container.into(),
        codec: codec_name,
        decoder,
        sample_rate,
        layout: placement.layout,
        frames: frames.filter(|&n| n > 0),
        bits: packets.params.bits_per_sample.filter(|_| is_lossless(&packets.params)),
        replay_gain: ReplayGain::from_tags(&tags.tags),
        tags: tags.tags,
        cover: tags.cover,
        has_video,
        has_adm: false,
    };
    let source = Stream::new(packets, planes, placement.order, skip, limit);
    Ok(Opened { info, source: Box::new(source), warnings, exact, float: true })
}

/// Matroska's `DiscardPadding` of the last block (RFC 9559, section 5.1.3.5.7), in frames of Opus.
///
/// Only the end of the file is searched, for the element's identifier and a believable size and value.
fn discard_padding(path: &Path) -> Option<u64> {
    const TAIL: u64 = 32 << 10;
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail).ok()?;
    (0..tail.len()).rev().filter(|&i| tail[i..].starts_with(&[0x75, 0xa2])).find_map(|i| {
        let size = usize::from(tail.get(i + 2)?.checked_sub(0x80).filter(|n| (1..=8).contains(n))?);
        let value = tail.get(i + 3..i + 3 + size)?.iter().fold(0u64, |v, &b| v << 8 | u64::from(b));
        // Nanoseconds; no packet is longer than 120 ms.
        (1..=120_000_000).contains(&value).then_some((value * 48 + 500_000) / 1_000_000)
    })
}

fn collect_tags(reader: &mut dyn FormatReader, tags: &mut Tags) {
    let mut log = reader.metadata();
    loop {
        if let Some(revision) = log.current() {
            tags.revision(revision);
        }
        if log.pop().is_none() {
            return;
        }
    }
}

/// Where symphonia says the channels belong.
fn place(channels: &Channels, container: &str) -> Placement {
    let positions = |bits: u64| (0..64).map(|i| 1u64 << i).filter(|b| bits & b != 0).collect::<Vec<_>>();
    match channels {
        // A WAV header without a mask arrives as "the first n positions", which is a guess we make better ourselves.
        Channels::Positioned(p) if container == "WAV" && p.bits() + 1 == 1 << p.bits().count_ones() => {
            channels::from_count(channels.count())
        }
        Channels::Positioned(p) => channels::from_positions(&positions(p.bits())),
        Channels::Discrete(n) => channels::from_count(usize::from(*n)),
        Channels::Ambisonic(order) => Placement::straight(crate::Layout::Ambisonic { order: usize::from(*order) }),
        Channels::Custom(labels) => {
            let bits: Option<Vec<u64>> = labels
                .iter()
                .map(|label| match label {
                    ChannelLabel::Positioned(p) if p.bits().count_ones() == 1 => Some(p.bits()),
                    _ => None,
                })
                .collect();
            bits.map_or_else(|| channels::from_count(labels.len()), |bits| channels::from_positions(&bits))
        }
        _ => channels::from_count(channels.count()),
    }
}

/// True if a seek by stamp was found to agree with decoding from the start (tests/decode.rs compares them).
fn seeks_by_stamp(params: &AudioCodecParameters) -> bool {
    // AAC restarts its noise generator, which is as good as the codec defines it.
    !matches!(params.codec, CODEC_ID_MP1 | CODEC_ID_MP2)
}

/// Frames decoded and dropped before a seek target, so that overlaps and bit reservoirs are filled.
fn pre_roll(params: &AudioCodecParameters) -> u64 {
    match params.codec {
        CODEC_ID_MP3 | CODEC_ID_MP1 | CODEC_ID_MP2 => 1152 * 12,
        CODEC_ID_AAC => 1024 * 4,
        CODEC_ID_VORBIS => 8192 * 3,
        CODEC_ID_OPUS => super::opus::PRE_ROLL,
        _ => 0,
    }
}

fn is_lossless(params: &AudioCodecParameters) -> bool {
    matches!(params.codec, CODEC_ID_FLAC | CODEC_ID_ALAC) || is_pcm(params.codec)
}

fn is_pcm(id: AudioCodecId) -> bool {
    codec_table(id).is_some_and(|name| name.starts_with("PCM"))
}

fn codec_name(params: &AudioCodecParameters) -> String {
    match codec_table(params.codec) {
        Some(name) => name.into(),
        None => format!("coding {}", params.codec),
    }
}

fn codec_table(id: AudioCodecId) -> Option<&'static str> {
    Some(match id {
        CODEC_ID_MP1 => "MP1",
        CODEC_ID_MP2 => "MP2",
        CODEC_ID_MP3 => "MP3",
        CODEC_ID_AAC => "AAC",
        CODEC_ID_VORBIS => "Vorbis",
        CODEC_ID_OPUS => "Opus",
        CODEC_ID_FLAC => "FLAC",
        CODEC_ID_ALAC => "ALAC",
        CODEC_ID_AC3 => "AC-3",
        CODEC_ID_EAC3 => "E-AC-3",
        CODEC_ID_AC4 => "AC-4",
        CODEC_ID_DCA => "DTS",
        CODEC_ID_TRUEHD => "TrueHD",
        CODEC_ID_WAVPACK => "WavPack",
        CODEC_ID_TTA => "TTA",
        CODEC_ID_WMA => "WMA",
        CODEC_ID_SPEEX => "Speex",
        CODEC_ID_PCM_ALAW => "A-law",
        CODEC_ID_PCM_MULAW => "mu-law",
        CODEC_ID_ADPCM_MS => "MS ADPCM",
        CODEC_ID_ADPCM_IMA_WAV | CODEC_ID_ADPCM_IMA_QT => "IMA ADPCM",
        CODEC_ID_PCM_S8 | CODEC_ID_PCM_S8_PLANAR => "PCM s8",
        CODEC_ID_PCM_U8 | CODEC_ID_PCM_U8_PLANAR => "PCM u8",
        CODEC_ID_PCM_S16LE | CODEC_ID_PCM_S16BE => "PCM s16",
        CODEC_ID_PCM_S24LE | CODEC_ID_PCM_S24BE => "PCM s24",
        CODEC_ID_PCM_S32LE | CODEC_ID_PCM_S32BE => "PCM s32",
        CODEC_ID_PCM_F32LE | CODEC_ID_PCM_F32BE => "PCM f32",
        CODEC_ID_PCM_F64LE | CODEC_ID_PCM_F64BE => "PCM f64",
        _ => return None,
    })
}

/// The name to show; WebM is a subset of Matroska with the same first bytes.
fn container_name(sniffed: &'static str) -> &'static str {
    if sniffed == "Matroska" { "Matroska/WebM" } else { sniffed }
}
