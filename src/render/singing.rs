//! Voice and band of a track told apart before anything is placed: to make the voice louder, softer, leave it out or
//! alone, and to take both apart into their directions on their own.

use crate::buffer::AudioBuffer;
use crate::error::{Error, Result};
use crate::render::job::Vocals;
use crate::separate::{Model, Separator};

/// Between a decoder and whatever places its channels.
pub(super) struct Singing {
    separator: Separator,
    vocals: Option<Vocals>,
    /// Voice and band stay apart: twice the channels.
    apart: bool,
    voice: AudioBuffer,
    band: AudioBuffer,
    ended: bool,
}

impl Singing {
    /// For a track of one or two channels.
    ///
    /// # Errors
    /// `Argument` for more channels.
    pub(super) fn new(vocals: Option<Vocals>, apart: bool, sample_rate: u32, channels: usize) -> Result<Self> {
        if !(1..=2).contains(&channels) {
            return Err(Error::argument(format!(
                "voice and band are told apart in mono and stereo tracks, not in {channels} channels"
            ))
            .hint("leave out --vocals and --separate, or mix the track down first"));
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            separator: Separator::new(Model::built_in()?, sample_rate, channels, threads)?,
            vocals,
            apart,
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
    /// Apart, the channels of the voice come first, then those of the band.
    pub(super) fn pull(&mut self, out: &mut AudioBuffer, most: usize) -> usize {
        let frames = self.separator.pull(&mut self.voice, &mut self.band, most);
        let gain = self.vocals.map_or(1.0, Vocals::gain);
        if gain != 1.0 {
            self.voice.iter_mut().flatten().for_each(|x| *x *= gain);
        }
        if self.vocals == Some(Vocals::Only) {
            self.band.silence();
        }
        let channels = self.voice.channels();
        out.set_channels(if self.apart { 2 * channels } else { channels });
        out.resize(frames);
        for c in 0..channels {
            let (voice, band) = (self.voice.channel(c), self.band.channel(c));
            if self.apart {
                out.channel_mut(c).copy_from_slice(voice);
                out.channel_mut(channels + c).copy_from_slice(band);
            } else {
                out.channel_mut(c).iter_mut().zip(voice.iter().zip(band)).for_each(|(o, (v, b))| *o = v + b);
            }
        }
        frames
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended && self.separator.available() == 0
    }
}
