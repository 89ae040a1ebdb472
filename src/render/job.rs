//! What an offline render is asked for, and what it reports.

use crate::coords::Vec3;
use crate::decode::{Kind, sniff};
use crate::error::Result;
use crate::sink::SampleFormat;
use crate::stems::Stem;
use std::path::PathBuf;

/// Where the channels of a track go.
#[derive(Clone, Debug, PartialEq)]
pub enum Placement {
    /// A stereo track opened up into the room, on a stage ([`RenderJob::stage`]).
    Panorama,
    /// No spatialisation: two channels as they are.
    Stereo,
    /// Each channel at its layout's loudspeaker.
    Speakers,
    /// Channels summed to one source.
    Point(Vec3),
    /// A point that circles the head counter-clockwise from a place; seconds for one turn, negative for clockwise.
    Orbit(Vec3, f64),
}

impl Placement {
    /// Its name on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Panorama => "panorama",
            Self::Stereo => "stereo",
            Self::Speakers => "speakers",
            Self::Point(_) => "point",
            Self::Orbit(..) => "orbit",
        }
    }
}

/// What becomes of the voice of a track; see [`crate::separate`](../separate/index.html).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Vocals {
    /// The band alone: something to sing to.
    Off,
    /// The voice alone.
    Only,
    /// The voice louder or softer, dB.
    Gain(f64),
}

impl Vocals {
    /// Linear, of the voice.
    pub fn gain(self) -> f32 {
        match self {
            Self::Off => 0.0,
            Self::Only => 1.0,
            Self::Gain(db) => 10f64.powf(db / 20.0) as f32,
        }
    }
}

/// How loud the output is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Loudness {
    /// As loud as the input, by BS.1770 integrated loudness. A scene is as loud as its sounds together, -16 LUFS at most.
    #[default]
    Source,
    /// Integrated loudness, LUFS.
    Lufs(f64),
    /// No gain at all.
    Off,
}

/// An offline render of one track.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderJob {
    /// The track or scene; for stems what they are called by, such as their folder.
    pub input: PathBuf,
    /// The parts of a song, placed on the stage by what their names say they are ([`crate::stems`]); then `input` is not
    /// opened.
    pub stems: Vec<PathBuf>,
    /// `.wav` or `.flac`; or a film (`.mp4`, `.m4v`, `.mov`, `.mkv`, `.webm`) with the input's picture, see
    /// [`crate::sink::film`].
    pub output: PathBuf,
    /// An existing output may be replaced.
    pub force: bool,
    /// `None`: by the number of channels, mono a point, stereo a panorama, more at their loudspeakers.
    pub placement: Option<Placement>,
    /// A layout's name to read the channels as; `None` for the file's own.
    pub layout: Option<String>,
    /// What becomes of the voice, which is told from the band by a neural network; `None`: it stays as it is.
    pub vocals: Option<Vocals>,
    /// A panorama takes voice and band apart, told from each other by a neural network, on their own.
    pub separate: bool,
    /// A model of the user's own (ONNX) instead of the built-in one. With [`RenderJob::separate`] its stems go where their
    /// roles stand, as files would.
    pub model: Option<PathBuf>,
    /// A SOFA file or the name of a built-in set.
    pub hrtf: String,
    /// Where the panorama puts the parts of a track, or stems go: a stage's name or file; `None` for the default.
    pub stage: Option<String>,
    /// A room; `None` for the default of the placement, for a panorama the stage's.
    pub room: Option<String>,
    /// Correction after the ears, by [`crate::headphones::open`]; `None` for none.
    pub headphones: Option<String>,
    /// Output sample rate, Hz; `None` for the input's.
    pub rate: Option<u32>,
    /// How samples are written.
    pub format: SampleFormat,
    /// Loudness to reach.
    pub loudness: Loudness,
    /// Ceiling of the limiter, dBTP; `None` for no limiter.
    pub true_peak: Option<f64>,
    /// Seconds of the input to leave out.
    pub start: f64,
    /// Seconds of the input to render; `None` for all.
    pub duration: Option<f64>,
    /// Seconds after the input's end; `None` until the filters have rung out.
    pub tail: Option<f64>,
    /// Processing block, frames; `None` for the fastest.
    pub block: Option<usize>,
    /// Worker threads; `None` for all cores.
    pub threads: Option<usize>,
    /// Loudness and true peak are to be reported even where they are not needed (with [`Loudness::Off`]).
    pub measure: bool,
}

impl RenderJob {
    /// A render of `input` into `output` with every setting at its default.
    pub fn new(input: impl Into<PathBuf>, output: impl Into<PathBuf>) -> Self {
        Self {
            input: input.into(),
            stems: Vec::new(),
            output: output.into(),
            force: false,
            placement: None,
            layout: None,
            vocals: None,
            separate: false,
            model: None,
            hrtf: crate::hrtf::DEFAULT_HEAD.to_string(),
            stage: None,
            room: None,
            headphones: None,
            rate: None,
            format: SampleFormat::I24,
            loudness: Loudness::default(),
            true_peak: Some(-1.0),
            start: 0.0,
            duration: None,
            tail: None,
            block: None,
            threads: None,
            measure: false,
        }
    }

    /// True if a scene is played: one that was written, or one that stems make.
    ///
    /// # Errors
    /// `Io` if the input cannot be read.
    pub(crate) fn is_scene(&self) -> Result<bool> {
        Ok(!self.stems.is_empty() || sniff(&self.input)? == Kind::Scene)
    }
}

/// What a render came to.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderReport {
    /// The file written.
    pub output: PathBuf,
    /// Frames written.
    pub frames: u64,
    /// Hz.
    pub sample_rate: u32,
    /// Channels written: 2.
    pub channels: usize,
    /// How samples were written.
    pub format: SampleFormat,
    /// What the sound of a film is coded as; `None` for sound files.
    pub film: Option<&'static str>,
    /// How the channels were placed.
    pub placement: &'static str,
    /// The layout they were read as.
    pub layout: String,
    /// Integrated loudness of the input; `None` for silence, or if it was not measured.
    pub input_lufs: Option<f64>,
    /// Integrated loudness of the output; as above.
    pub output_lufs: Option<f64>,
    /// True peak of the output.
    pub true_peak_dbtp: Option<f64>,
    /// Gain applied.
    pub gain_db: f64,
    /// Frames that the limiter held down.
    pub limited_frames: u64,
    /// Samples beyond full scale that were clipped; 0 under a limiter.
    pub clipped_samples: u64,
    /// Input samples that were NaN or infinite and were silenced.
    pub non_finite_samples: u64,
    /// Wall-clock seconds.
    pub seconds_elapsed: f64,
    /// Seconds of sound for one of the clock's.
    pub realtime_factor: f64,
    /// The stage of a panorama or of stems; `none` without.
    pub stage: String,
    /// The stems and where they stand; none unless stems were rendered, or separated by [`RenderJob::model`].
    pub stems: Vec<Stem>,
    /// The head used: its name and where it is from.
    pub hrtf: String,
    /// The room used.
    pub room: String,
    /// The headphone correction used: a model and its source, or a file; `none` without.
    pub headphones: String,
    /// What was odd but rendered all the same.
    pub warnings: Vec<String>,
}
