//! Parts of a track told apart before anything is placed: to make the voice louder, softer, leave it out or alone, and to
//! place the parts on their own.

use crate::buffer::AudioBuffer;
use crate::error::{Error, Result};
use crate::render::job::{RenderJob, Vocals};
#[cfg(feature = "onnx")]
use crate::separate::own::StemSeparator;
use crate::separate::{Model, Separator};
use crate::stems::recognise;

/// Who tells the parts apart.
enum Engine {
    /// The built-in networks: voice and band.
    BuiltIn(Box<Separator>),
    /// A model of the user's own: its stems, and what they leave.
    #[cfg(feature = "onnx")]
    Own(Box<StemSeparator>),
}

/// Between a decoder and whatever places its channels.
pub(super) struct Singing {
    engine: Engine,
    names: Vec<String>,
    /// Linear, of each part.
    gains: Vec<f32>,
    /// The parts stay apart: each with the channels of the track.
    apart: bool,
    parts: Vec<AudioBuffer>,
    ended: bool,
}

impl Singing {
    /// For a track of one or two channels.
    ///
    /// # Errors
    /// `Argument` for more channels, or if the voice is to be changed and the model has none; what opening the model runs into.
    pub(super) fn new(job: &RenderJob, sample_rate: u32, channels: usize) -> Result<Self> {
        if !(1..=2).contains(&channels) {
            return Err(Error::argument(format!(
                "voice and band are told apart in mono and stereo tracks, not in {channels} channels"
            ))
            .at(&job.input)
            .hint("leave out --vocals and --separate, or mix the track down first"));
        }
        let threads = job.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let (engine, names) = open(job, sample_rate, channels, threads)?;
        let voices: Vec<bool> = recognise(&names).iter().map(|n| n.known && n.role.is_voice()).collect();
        if let (Some(model), Some(_), false) = (&job.model, job.vocals, voices.contains(&true)) {
            return Err(Error::argument(format!("the model tells no voice apart, only {}", names.join(", ")))
                .at(model)
                .hint("leave out --vocals, or name the voice in a file beside the model: see docs/models.md"));
        }
        let gain = |voice: &bool| match (job.vocals, voice) {
            (None, _) | (Some(Vocals::Off | Vocals::Gain(_)), false) | (Some(Vocals::Only), true) => 1.0,
            (Some(vocals), true) => vocals.gain(),
            (Some(Vocals::Only), false) => 0.0,
        };
        Ok(Self {
            engine,
            gains: voices.iter().map(gain).collect(),
            apart: job.separate,
            parts: names.iter().map(|_| AudioBuffer::default()).collect(),
            names,
            ended: false,
        })
    }

    /// Names of the parts.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// What was assumed.
    pub(super) fn warnings(&self) -> &[String] {
        match &self.engine {
            Engine::BuiltIn(_) => &[],
            #[cfg(feature = "onnx")]
            Engine::Own(stems) => stems.warnings(),
        }
    }

    /// Takes frames of the track.
    pub(super) fn push(&mut self, track: &AudioBuffer) -> Result<()> {
        let planes = track.iter().collect::<Vec<_>>();
        match &mut self.engine {
            Engine::BuiltIn(separator) => separator.push(&planes),
            #[cfg(feature = "onnx")]
            Engine::Own(stems) => stems.push(&planes),
        }
    }

    /// The track is over.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.ended = true;
        match &mut self.engine {
            Engine::BuiltIn(separator) => separator.finish(),
            #[cfg(feature = "onnx")]
            Engine::Own(stems) => stems.finish()?,
        }
        Ok(())
    }

    /// Replaces the contents of `out` by the next frames, at most `most`; 0 if more has to be pushed first, or at the end.
    /// Apart, the channels of the first part come first, then those of the second, and so on.
    pub(super) fn pull(&mut self, out: &mut AudioBuffer, most: usize) -> usize {
        let frames = match (&mut self.engine, &mut self.parts[..]) {
            (Engine::BuiltIn(separator), [voice, band, ..]) => separator.pull(voice, band, most),
            (Engine::BuiltIn(_), _) => 0,
            #[cfg(feature = "onnx")]
            (Engine::Own(stems), _) => stems.pull(&mut self.parts, most),
        };
        for (part, gain) in self.parts.iter_mut().zip(&self.gains) {
            if *gain == 0.0 {
                part.silence();
            } else if *gain != 1.0 {
                part.iter_mut().flatten().for_each(|x| *x *= gain);
            }
        }
        let channels = self.parts[0].channels();
        out.set_channels(if self.apart { self.parts.len() * channels } else { channels });
        out.resize(frames);
        for c in 0..channels {
            if self.apart {
                for (n, part) in self.parts.iter().enumerate() {
                    out.channel_mut(n * channels + c).copy_from_slice(part.channel(c));
                }
                continue;
            }
            out.channel_mut(c).copy_from_slice(self.parts[0].channel(c));
            for part in &self.parts[1..] {
                out.channel_mut(c).iter_mut().zip(part.channel(c)).for_each(|(o, x)| *o += x);
            }
        }
        frames
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended
            && match &self.engine {
                Engine::BuiltIn(separator) => separator.available() == 0,
                #[cfg(feature = "onnx")]
                Engine::Own(stems) => stems.available() == 0,
            }
    }
}

/// The job's model with the names of its parts.
fn open(job: &RenderJob, sample_rate: u32, channels: usize, threads: usize) -> Result<(Engine, Vec<String>)> {
    let Some(model) = &job.model else {
        let separator =
            Separator::new(Model::built_in()?, sample_rate, channels, threads).map_err(|e| e.at(&job.input))?;
        return Ok((Engine::BuiltIn(Box::new(separator)), vec!["vocals".to_string(), "accompaniment".to_string()]));
    };
    #[cfg(feature = "onnx")]
    {
        let stems = StemSeparator::open(model, sample_rate, channels, threads)?;
        let names = stems.names().to_vec();
        Ok((Engine::Own(Box::new(stems)), names))
    }
    #[cfg(not(feature = "onnx"))]
    Err(Error::unsupported("this build cannot run models of your own")
        .at(model)
        .hint("build it with them: cargo install --features onnx; or leave out --model, a model for voice and band is built in"))
}
