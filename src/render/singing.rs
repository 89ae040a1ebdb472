//! The voice of a track made louder, softer, left out or left alone, before anything is placed.

use crate::buffer::AudioBuffer;
use crate::error::{Error, Result};
use crate::render::job::Vocals;
use crate::separate::{Model, Separator};

/// Between a decoder and whatever places its channels.
pub(super) struct Singing {
    separator: Separator,
    vocals: Vocals,
    voice: AudioBuffer,
    band: AudioBuffer,
    ended: bool,
}

impl Singing {
    /// For a track of one or two channels.
    ///
    /// # Errors
    /// `Argument` for more channels.
    pub(super) fn new(vocals: Vocals, sample_rate: u32, channels: usize) -> Result<Self> {
        if !(1..=2).contains(&channels) {
            return Err(Error::argument(format!(
                "voice and band are told apart in mono and stereo tracks, not in {channels} channels"
            ))
            .hint("leave out --vocals, or mix the track down first"));
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            separator: Separator::new(Model::built_in()?, sample_rate, channels, threads)?,
            vocals,
            voice: AudioBuffer::default(),
            band: AudioBuffer::default(),
            ended: false,
        })
    }

    /// Takes frames of the track.
    pub(super) fn push(&mut self, track: &AudioBuffer) -> Result<()> {
        self.separator.push(&track.iter().collect::<Vec<_>>())
    }

    /// The track is over.
    pub(super) fn finish(&mut self) {
        self.ended = true;
        self.separator.finish();
    }

    /// Replaces the contents of `out` by the next frames, at most `most`; 0 if more has to be pushed first, or at the end.
    pub(super) fn pull(&mut self, out: &mut AudioBuffer, most: usize) -> usize {
        let frames = self.separator.pull(&mut self.voice, &mut self.band, most);
        out.set_channels(self.voice.channels());
        out.resize(frames);
        let gain = self.vocals.gain();
        let planes = out.iter_mut().zip(self.voice.iter()).zip(self.band.iter());
        for ((out, voice), band) in planes {
            match self.vocals {
                Vocals::Off => out.copy_from_slice(band),
                Vocals::Only => out.copy_from_slice(voice),
                Vocals::Gain(_) => {
                    for ((o, v), b) in out.iter_mut().zip(voice).zip(band) {
                        *o = gain * v + b;
                    }
                }
            }
        }
        frames
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended && self.separator.available() == 0
    }
}
