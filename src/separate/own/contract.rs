//! What a model takes and gives: found in the shapes of its graph, completed by its description, and by what is usual where
//! both are silent. Whatever is assumed is said.

use super::description::Description;
use crate::error::{Error, Result};

/// Numbers of a tensor at most: half a gigabyte.
const MOST_NUMBERS: usize = 1 << 27;
/// Stems at most.
const MOST_STEMS: usize = 16;

/// What goes in and comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Samples of two channels.
    Waveform,
    /// Complex spectra: real and imaginary part of the left channel, then of the right one.
    Complex,
    /// Magnitudes of two channels in, those of the stems out.
    Magnitude,
    /// Magnitudes in, the stems' shares of them out.
    Mask,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Waveform, Self::Complex, Self::Magnitude, Self::Mask];

    pub fn name(self) -> &'static str {
        ["waveform", "complex", "magnitude", "mask"][self as usize]
    }

    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }

    /// Channels of the tensor.
    pub fn channels(self) -> usize {
        if self == Self::Complex { 4 } else { 2 }
    }
}

/// A dimension: fixed, or whatever one likes.
pub(super) type Size = Option<usize>;

/// The shapes of a graph's tensors, with their names; `None` where the graph does not tell.
pub(super) struct Shapes {
    pub inputs: Vec<(String, Option<Vec<Size>>)>,
    pub outputs: Vec<(String, Option<Vec<Size>>)>,
}

/// How a model is to be used.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Contract {
    pub kind: Kind,
    /// Hz.
    pub sample_rate: u32,
    /// Samples of a segment.
    pub segment: usize,
    /// Samples that a segment shares with the next one, and those of them at its ends that count for nothing.
    pub overlap: usize,
    pub edge: usize,
    /// Lines and frames of a spectrogram, its window and hop.
    pub lines: usize,
    pub frames: usize,
    pub window: usize,
    pub hop: usize,
    pub gain: f32,
    /// Names of the stems in their order.
    pub stems: Vec<String>,
    /// What was assumed.
    pub warnings: Vec<String>,
}

impl Contract {
    /// The shape of the input.
    pub fn shape(&self) -> Vec<usize> {
        match self.kind {
            Kind::Waveform => vec![1, 2, self.segment],
            kind => vec![1, kind.channels(), self.lines, self.frames],
        }
    }

    /// Makes a contract of what is known. `file` is the model's name without folder and ending.
    ///
    /// # Errors
    /// `Unsupported` for shapes of another kind, `Argument` for a description that contradicts them, `Limit` for tensors that
    /// are too large.
    pub fn new(shapes: &Shapes, told: &Description, file: &str) -> Result<Self> {
        let [(name, shape)] = &shapes.inputs[..] else {
            let names: Vec<&str> = shapes.inputs.iter().map(|(n, _)| n.as_str()).collect();
            return Err(unsupported(format!(
                "a model with one input is expected, this one has {}: {}",
                names.len(),
                names.join(", ")
            )));
        };
        let Some(shape) = shape else {
            return Err(unsupported(format!("the model does not say which shape its input '{name}' has")));
        };
        let kind = kind(name, shape, told)?;
        if shape[0].is_some_and(|batch| batch != 1) {
            return Err(unsupported(format!("the model takes {} pieces at once, one is expected", said(shape))));
        }
        let mut warnings = Vec::new();
        let sample_rate = told.sample_rate.unwrap_or_else(|| {
            warnings.push("the model does not say its sample rate: 44100 Hz is assumed".to_string());
            44_100
        });
        let mut new = Self {
            kind,
            sample_rate,
            segment: 0,
            overlap: 0,
            edge: 0,
            lines: 0,
            frames: 0,
            window: 0,
            hop: 0,
            gain: told.gain.unwrap_or(1.0) as f32,
            stems: Vec::new(),
            warnings,
        };
        if kind == Kind::Waveform {
            // Ten seconds where a model takes any length.
            new.segment = fixed("segment", shape[2], told.segment)?.unwrap_or(10 * sample_rate as usize);
            new.edge = new.segment / 32;
        } else {
            new.spectrogram(shape, told)?;
        }
        let share = (told.overlap.unwrap_or(0.25) * new.segment as f64) as usize;
        new.overlap = share.max(2 * new.edge + 2);
        if new.overlap > new.segment / 2 {
            return Err(unsupported(format!(
                "the model sees {} samples at once, too few for windows that reach {} beyond",
                new.segment, new.edge
            )));
        }
        let numbers = new.shape().iter().try_fold(1usize, |n, d| n.checked_mul(*d));
        if numbers.is_none_or(|n| n > MOST_NUMBERS) || new.segment > 1 << 24 {
            return Err(Error::limit(format!("the model's input of {:?} numbers is too large", new.shape())));
        }
        new.name_stems(shapes, told, file)?;
        Ok(new)
    }

    fn spectrogram(&mut self, shape: &[Size], told: &Description) -> Result<()> {
        self.frames = fixed("segment", shape[3], told.segment)?.unwrap_or(256);
        let lines = shape[2];
        // Open-Unmix and its kin have all lines of their window, MDX-Net leaves out the highest.
        let whole = lines.filter(|n| n % 2 == 1 && *n > 32).map(|n| 2 * (n - 1));
        self.window = match told.window.or(whole) {
            Some(window) => window,
            None if self.kind == Kind::Complex => {
                self.warnings.push("the model does not say its window: 6144 samples are assumed".to_string());
                6144
            }
            None => 4096,
        };
        self.lines = lines.unwrap_or(self.window / 2 + 1);
        let usual = if self.kind == Kind::Complex { 1024 } else { self.window / 4 };
        self.hop = told.hop.unwrap_or(usual);
        if self.lines > self.window / 2 + 1 || self.lines == 0 {
            return Err(Error::argument(format!(
                "a window of {} samples has {} lines, the model wants {}",
                self.window,
                self.window / 2 + 1,
                self.lines
            ))
            .hint("say the right one in a file beside the model: window = 7680"));
        }
        if self.hop > self.window / 2 || self.frames < 2 {
            return Err(Error::argument(format!(
                "windows of {} samples every {} samples, {} of them, do not overlap enough",
                self.window, self.hop, self.frames
            )));
        }
        self.segment = self.hop.saturating_mul(self.frames - 1);
        self.edge = self.window / 2;
        Ok(())
    }

    /// Finds how many stems there are and what they are called.
    fn name_stems(&mut self, shapes: &Shapes, told: &Description, file: &str) -> Result<()> {
        let mut names: Vec<String> = Vec::new();
        let several = shapes.outputs.len() > 1;
        for (name, shape) in &shapes.outputs {
            let count = match shape {
                Some(shape) => self.stems_of(name, shape)?,
                None if several => 1,
                None => told.stems.len().max(1),
            };
            if several && count != 1 {
                return Err(unsupported(format!(
                    "the model has {} outputs, and '{name}' holds {count} stems: one each is expected",
                    shapes.outputs.len()
                )));
            }
            names.extend((0..count).map(|_| name.clone()));
        }
        let count = names.len();
        if count == 0 || count > MOST_STEMS {
            return Err(unsupported(format!("1 to {MOST_STEMS} stems are expected, the model has {count}")));
        }
        if !told.stems.is_empty() {
            if told.stems.len() != count {
                return Err(Error::argument(format!(
                    "{} stems are named ({}), the model has {count}",
                    told.stems.len(),
                    told.stems.join(", ")
                )));
            }
            self.stems.clone_from(&told.stems);
            return Ok(());
        }
        if several {
            self.stems = names;
            return Ok(());
        }
        let usual: &[&str] = match count {
            1 if crate::stems::recognise(&[file.to_string()])[0].known => &[],
            1 => &["vocals"],
            2 => &["vocals", "accompaniment"],
            4 => &["drums", "bass", "other", "vocals"],
            6 => &["drums", "bass", "other", "vocals", "guitar", "piano"],
            _ => &[],
        };
        self.stems = match (usual.is_empty(), count) {
            (true, 1) => vec![file.to_string()],
            (true, _) => (1..=count).map(|n| format!("stem {n}")).collect(),
            _ => usual.iter().map(|s| (*s).to_string()).collect(),
        };
        self.warnings.push(format!("the model does not name its stems: {} is assumed", self.stems.join(", ")));
        Ok(())
    }

    /// The stems in an output of this shape.
    fn stems_of(&self, name: &str, shape: &[Size]) -> Result<usize> {
        let wanted = self.shape();
        let (tail, channels) = (&wanted[2..], wanted[1]);
        let wrong = || {
            unsupported(format!(
                "the model's output '{name}' is {}; stems of {} numbers each are expected, such as [1, 4, {}]",
                said(shape),
                wanted[1..].iter().map(ToString::to_string).collect::<Vec<_>>().join(" x "),
                wanted[1..].iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            ))
        };
        let Some((front, back)) = shape.len().checked_sub(tail.len()).map(|n| shape.split_at(n)) else {
            return Err(wrong());
        };
        if front.len() < 2 || front.len() > 3 || back.iter().zip(tail).any(|(s, w)| s.is_some_and(|s| s != *w)) {
            return Err(wrong());
        }
        // [1, S, C, ...], or [1, S C, ...]. Where the number of stems is open there is one.
        let (stems, last) = match front {
            [_, stems, last] => (stems.unwrap_or(1), last.unwrap_or(channels)),
            [_, all] => (all.unwrap_or(channels) / channels, channels),
            _ => return Err(wrong()),
        };
        let even = front.len() == 3 || front[1].is_none_or(|all| all % channels == 0);
        if last != channels || stems == 0 || !even || front[0].is_some_and(|batch| batch != 1) {
            Err(wrong())
        } else {
            Ok(stems)
        }
    }
}

fn kind(name: &str, shape: &[Size], told: &Description) -> Result<Kind> {
    let found = match (shape.len(), shape.get(1).copied().flatten()) {
        (3, Some(2)) => Some(Kind::Waveform),
        (3, None) if shape.len() == 3 => Some(Kind::Waveform),
        (4, Some(4)) => Some(Kind::Complex),
        (4, Some(2)) => Some(if told.kind == Some(Kind::Mask) { Kind::Mask } else { Kind::Magnitude }),
        (4, None) => told.kind.filter(|k| *k != Kind::Waveform),
        _ => None,
    };
    match (found, told.kind) {
        (Some(found), Some(told)) if found != told => Err(Error::argument(format!(
            "the model is said to be of the kind {}, but its input '{name}' is {}, as of {}",
            told.name(),
            said(shape),
            found.name()
        ))),
        (Some(found), _) => Ok(found),
        (None, _) => Err(unsupported(format!(
            "the model's input '{name}' is {}; a waveform [1, 2, N] or a spectrogram [1, 4, F, T] or [1, 2, F, T] is expected",
            said(shape)
        ))),
    }
}

/// A size that the graph or the description fixes, or neither.
fn fixed(key: &str, shape: Size, told: Option<usize>) -> Result<Option<usize>> {
    match (shape, told) {
        (Some(a), Some(b)) if a != b => {
            Err(Error::argument(format!("the model's {key} is {a} by its shape, its description says {b}")))
        }
        (a, b) => Ok(a.or(b)),
    }
}

/// A shape for people.
pub(super) fn said(shape: &[Size]) -> String {
    let all: Vec<String> = shape.iter().map(|s| s.map_or_else(|| "?".to_string(), |n| n.to_string())).collect();
    format!("[{}]", all.join(", "))
}

fn unsupported(message: String) -> Error {
    Error::unsupported(message).hint("docs/models.md says which models can be used")
}
