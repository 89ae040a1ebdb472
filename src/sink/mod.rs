//! Where the sound leaves: WAV, RF64 and FLAC files that are whole or absent, and the scratch file in between.
//!
//! A file is written beside its name and gets its name at the end; whatever goes wrong before leaves nothing under it.
//! Samples arrive planar; here, and only here, they are interleaved. NaN, infinity and denormals are silenced and
//! counted on the way, and what does not fit a whole-number format is clipped and counted.

pub mod film;
mod flac;
pub mod master;
mod place;
mod scratch;
mod tags;
mod wav;

pub use place::remove_unfinished;
pub use scratch::Scratch;
pub use tags::{Cover, Tags};

use crate::AudioBuffer;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::output::dither::CHUNK_FRAMES;
use place::Place;
use std::path::Path;
use std::str::FromStr;

/// How a sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleFormat {
    /// 16-bit whole numbers, dithered.
    I16,
    /// 24-bit whole numbers, dithered.
    I24,
    /// 32-bit floating point, as it is.
    F32,
}

impl SampleFormat {
    /// Bytes of one sample.
    pub fn bytes(self) -> usize {
        match self {
            Self::I16 => 2,
            Self::I24 => 3,
            Self::F32 => 4,
        }
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::I16 => "i16",
            Self::I24 => "i24",
            Self::F32 => "f32",
        }
    }
}

impl FromStr for SampleFormat {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        [Self::I16, Self::I24, Self::F32].into_iter().find(|f| f.name() == name).ok_or_else(|| {
            Error::argument(format!("there is no sample format '{name}'")).hint("choose one of: i16, i24, f32")
        })
    }
}

/// Which kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Container {
    /// RIFF/WAVE, or RF64 (EBU Tech 3306) where it would pass 4 GiB.
    Wav,
    /// FLAC (RFC 9639).
    Flac,
}

impl Container {
    /// The container that a name asks for by its extension; WAV for a pipe or device without one.
    ///
    /// # Errors
    /// `Argument` if the extension is neither `.wav` (`.wave`, `.rf64`) nor `.flac`.
    pub fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        match extension.as_str() {
            "wav" | "wave" | "rf64" => Ok(Self::Wav),
            "flac" => Ok(Self::Flac),
            _ if place::is_stream(path) => Ok(Self::Wav),
            "" => Err(Error::argument("the output's name has no extension").at(path).hint("end it in .wav or .flac")),
            other => Err(Error::argument(format!("this program does not write '.{other}' files")).at(path).hint(
                "end the output's name in .wav or .flac; with a picture in the input also .mp4, .mov, .mkv or .webm",
            )),
        }
    }
}

/// What a file is to hold.
#[derive(Clone, Debug)]
pub struct SinkSpec {
    /// Frames a second.
    pub sample_rate: u32,
    /// Which channel is which; its number of channels is the file's.
    pub layout: Layout,
    /// How samples are stored.
    pub format: SampleFormat,
    /// Title, artist and the like.
    pub tags: Tags,
    /// The number of frames, if it is known: a pipe then gets a true header.
    pub frames: Option<u64>,
    /// The largest RIFF size; above it a WAV file becomes RF64. `u32::MAX` but in tests.
    pub riff_limit: u64,
}

impl SinkSpec {
    /// A file without tags.
    pub fn new(sample_rate: u32, layout: Layout, format: SampleFormat) -> Self {
        Self { sample_rate, layout, format, tags: Tags::default(), frames: None, riff_limit: u64::from(u32::MAX) }
    }
}

/// What became of the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SinkReport {
    /// Frames written.
    pub frames: u64,
    /// Bytes of the whole file.
    pub bytes: u64,
    /// Samples set to full scale because they did not fit.
    pub clipped: u64,
    /// Samples that were NaN, infinite or denormal and became silence.
    pub silenced: u64,
}

/// Writes a small file, such as a picture, whole or not at all.
///
/// # Errors
/// As [`FileSink::create`] and [`FileSink::finish`].
pub fn write_whole(path: impl AsRef<Path>, bytes: &[u8], force: bool) -> Result<()> {
    let mut place = Place::create(path.as_ref(), force)?;
    place.write_all(bytes)?;
    place.commit()
}

/// Turns planar chunks into the bytes of a container.
trait Encoder: Send {
    /// The bytes before the first frame.
    fn start(&mut self) -> Result<Vec<u8>>;
    /// Encodes a chunk: [`CHUNK_FRAMES`] frames, fewer only at the end. Appends to `out`.
    fn chunk(&mut self, planes: &[&[f32]], out: &mut Vec<u8>) -> Result<()>;
    /// The bytes after the last frame, and what the start of the file must be replaced by.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<Vec<u8>>;
    /// Clipped and silenced samples.
    fn counts(&self) -> (u64, u64);
}

/// Bytes gathered before they are written: few enough to stay in the cache, enough to make a system call cheap.
const WRITE_BYTES: usize = 192 * 1024;

/// A sound file under way. Dropped before [`FileSink::finish`], it leaves nothing behind.
pub struct FileSink {
    place: Place,
    encoder: Box<dyn Encoder>,
    spec: SinkSpec,
    container: Container,
    /// Frames that do not make a chunk yet.
    waiting: AudioBuffer,
    pending: Vec<u8>,
    frames: u64,
    bytes: u64,
}

impl FileSink {
    /// Says, before any work is done, whether `path` could be created: as [`FileSink::create`], but touches nothing.
    ///
    /// # Errors
    /// As [`FileSink::create`].
    pub fn check(path: impl AsRef<Path>, format: SampleFormat, force: bool) -> Result<()> {
        let container = Container::of(path.as_ref())?;
        if container == Container::Flac && format == SampleFormat::F32 {
            return Err(flac::no_float().at(path));
        }
        Place::check(path.as_ref(), force)
    }

    /// Starts a file at `path`, WAV or FLAC by its extension. `-` is standard output; pipes and devices are written
    /// straight, since they cannot be renamed.
    ///
    /// # Errors
    /// `Argument` if the file exists and `force` is false, the extension is not known, or the container cannot hold the
    /// format, rate or channels; `Io` if the system refuses.
    pub fn create(path: impl AsRef<Path>, spec: &SinkSpec, force: bool) -> Result<Self> {
        let path = path.as_ref();
        let container = Container::of(path)?;
        let encoder = new_encoder(container, spec).map_err(|e| e.at(path))?;
        let mut sink = Self {
            place: Place::create(path, force)?,
            encoder,
            container,
            waiting: AudioBuffer::new(spec.layout.channels(), 0),
            spec: spec.clone(),
            pending: Vec::with_capacity(WRITE_BYTES + 64 * 1024),
            frames: 0,
            bytes: 0,
        };
        sink.pending = sink.encoder.start()?;
        Ok(sink)
    }

    /// Writes planar frames, one slice a channel, full scale ±1. The file does not depend on the division into calls.
    ///
    /// # Errors
    /// `Io` if the system refuses, above all for want of space; the file is then removed when the sink is dropped.
    ///
    /// # Panics
    /// Panics if the slices are not one a channel, or differ in length.
    pub fn write(&mut self, planes: &[&[f32]]) -> Result<()> {
        assert_eq!(planes.len(), self.spec.layout.channels(), "one slice a channel");
        let frames = planes.first().map_or(0, |p| p.len());
        assert!(planes.iter().all(|p| p.len() == frames), "slices of one length");
        let mut rest = planes.to_vec();
        while !rest[0].is_empty() {
            let (taken, whole) = if self.waiting.is_empty() && rest[0].len() >= CHUNK_FRAMES {
                (CHUNK_FRAMES, true)
            } else {
                (rest[0].len().min(CHUNK_FRAMES - self.waiting.frames()), false)
            };
            let heads: Vec<&[f32]> = rest.iter().map(|p| &p[..taken]).collect();
            if whole {
                self.encoder.chunk(&heads, &mut self.pending)?;
            } else {
                self.waiting.extend(&heads);
                if self.waiting.frames() == CHUNK_FRAMES {
                    self.encode_waiting()?;
                }
            }
            rest.iter_mut().for_each(|p| *p = &p[taken..]);
            if self.pending.len() >= WRITE_BYTES {
                self.send()?;
            }
        }
        self.frames += frames as u64;
        Ok(())
    }

    /// As [`FileSink::write`].
    ///
    /// # Errors
    /// As [`FileSink::write`].
    ///
    /// # Panics
    /// As [`FileSink::write`].
    pub fn write_buffer(&mut self, buffer: &AudioBuffer) -> Result<()> {
        self.write(&buffer.iter().collect::<Vec<_>>())
    }

    /// Throws away what was written and starts the file again.
    ///
    /// # Errors
    /// `Unsupported` for a pipe or device, `Io` if the system refuses.
    pub fn restart(&mut self) -> Result<()> {
        self.place.restart()?;
        self.encoder = new_encoder(self.container, &self.spec).map_err(|e| self.place.name(e))?;
        self.pending = self.encoder.start()?;
        self.waiting.resize(0);
        (self.frames, self.bytes) = (0, 0);
        Ok(())
    }

    /// True if [`FileSink::restart`] works: a file, not a pipe or device.
    pub fn can_restart(&self) -> bool {
        self.place.is_file()
    }

    /// Writes the rest, makes the header true and gives the file its name.
    ///
    /// # Errors
    /// `Io` if the system refuses; `Argument` if a file of this name appeared meanwhile and may not be replaced;
    /// `Interrupted` after [`remove_unfinished`]. Nothing is left behind then.
    pub fn finish(mut self) -> Result<SinkReport> {
        let report = self.end()?;
        self.place.commit()?;
        Ok(report)
    }

    /// Writes the rest and makes the header true.
    fn end(&mut self) -> Result<SinkReport> {
        if !self.waiting.is_empty() {
            self.encode_waiting()?;
        }
        let start = self.encoder.finish(&mut self.pending).map_err(|e| self.place.name(e))?;
        self.send()?;
        self.place.patch_start(&start)?;
        let (clipped, silenced) = self.encoder.counts();
        Ok(SinkReport { frames: self.frames, bytes: self.bytes, clipped, silenced })
    }

    /// As [`FileSink::finish`], but the file gets no name: for whoever makes something else of it. It is gone when the result
    /// is dropped.
    ///
    /// # Errors
    /// As [`FileSink::finish`]; `Unsupported` for a pipe or device.
    pub fn finish_unnamed(mut self) -> Result<(SinkReport, Unnamed)> {
        let report = self.end()?;
        if self.place.part().is_none() {
            return Err(Error::unsupported("a pipe or device cannot be read again"));
        }
        Ok((report, Unnamed(self.place)))
    }

    fn encode_waiting(&mut self) -> Result<()> {
        let planes: Vec<&[f32]> = self.waiting.iter().collect();
        self.encoder.chunk(&planes, &mut self.pending)?;
        self.waiting.resize(0);
        Ok(())
    }

    fn send(&mut self) -> Result<()> {
        self.place.write_all(&self.pending)?;
        self.bytes += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}

/// A whole file without a name, removed when it is dropped, or with the program.
pub struct Unnamed(Place);

impl Unnamed {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.part().unwrap_or(Path::new(""))
    }
}

fn new_encoder(container: Container, spec: &SinkSpec) -> Result<Box<dyn Encoder>> {
    if spec.layout.channels() == 0 {
        return Err(Error::argument("a sound file needs at least one channel"));
    }
    Ok(match container {
        Container::Wav => Box::new(wav::WavEncoder::new(spec)?),
        Container::Flac => Box::new(flac::FlacEncoder::new(spec)?),
    })
}
