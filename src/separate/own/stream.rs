//! A song through a network that sees a few seconds at a time.
//!
//! Segments share a part with the next and fade into each other there; their ends, where a network sees only one side, count
//! for nothing. Where the song has another rate than the model it is resampled there and its stems back. What the stems leave
//! of the song, at its own rate, is a part of its own, so that all parts add up to it.

use super::network::{Network, OnnxNetwork};
use crate::buffer::{AudioBuffer, is_sound};
use crate::error::{Error, Result};
use crate::resample::Resampler;
use crate::stems::recognise;
use std::path::Path;

/// Separates a stream of one or two channels into the stems of a model of the user's own, and the rest; together they are the
/// stream.
///
/// Blocks of any size go in by [`StemSeparator::push`] and come out by [`StemSeparator::pull`], the same numbers whatever the
/// sizes. It works in bursts, a segment at a time, and allocates: nothing for the audio thread.
pub struct StemSeparator {
    network: Box<dyn Network>,
    names: Vec<String>,
    warnings: Vec<String>,
    channels: usize,
    /// Stems of the model.
    stems: usize,
    gain: f32,
    segment: usize,
    step: usize,
    /// Silence in front of the song, so that its first frame counts in full.
    lead: usize,
    weights: Vec<f32>,
    to_model: Resampler,
    from_model: Resampler,
    /// At the model's rate: what has not been looked at, and its length with all that was.
    window: [Vec<f32>; 2],
    heard: u64,
    /// Stems of the segment under way, `[2 stem + channel]`.
    sums: Vec<Vec<f32>>,
    given: u64,
    /// At the song's rate: the song, and its stems, `[channels · stem + channel]`, that wait to be pulled.
    song: AudioBuffer,
    ready: AudioBuffer,
    silenced: u64,
    ended: bool,
}

impl std::fmt::Debug for StemSeparator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StemSeparator").field("names", &self.names).finish_non_exhaustive()
    }
}

impl StemSeparator {
    /// Loads a model for `channels` channels (1 or 2) at `sample_rate` Hz, to be run on up to `threads` threads.
    ///
    /// # Errors
    /// `Io` if the model cannot be read, `Malformed` or `Unsupported` if it cannot be used, with what is wrong with it;
    /// `Argument` for another number of channels, or if the description beside the model is wrong; `Limit` if it is too large.
    pub fn open(path: impl AsRef<Path>, sample_rate: u32, channels: usize, threads: usize) -> Result<Self> {
        let path = path.as_ref();
        let network = OnnxNetwork::open(path, threads).map_err(|e| e.at(path))?;
        let c = network.contract().clone();
        let seams = Seams { segment: c.segment, overlap: c.overlap, edge: c.edge };
        let mut new = Self::with(Box::new(network), &c.stems, seams, c.sample_rate, sample_rate, channels)
            .map_err(|e| e.at(path))?;
        new.gain = c.gain;
        new.warnings = c.warnings.iter().map(|w| format!("{}: {w}", path.display())).collect();
        Ok(new)
    }

    pub(super) fn with(
        network: Box<dyn Network>,
        stems: &[String],
        seams: Seams,
        model_rate: u32,
        sample_rate: u32,
        channels: usize,
    ) -> Result<Self> {
        if !(1..=2).contains(&channels) {
            return Err(Error::argument(format!("stems are separated in 1 or 2 channels, not in {channels}"))
                .hint("fold the track down to stereo first"));
        }
        let mut names = stems.to_vec();
        // One stem is a voice or all but the voice; what is left of more is told from them.
        let rest = match recognise(stems).as_slice() {
            [one] if one.known && one.role.is_voice() => "instrumental",
            [_] => "the rest",
            _ => "remainder",
        };
        names.push(rest.to_string());
        let Seams { segment, overlap, edge } = seams;
        let ramp = |i: usize| ((i as f32 + 0.5 - edge as f32) / (overlap - 2 * edge) as f32).clamp(0.0, 1.0);
        let lead = overlap - edge;
        Ok(Self {
            network,
            names,
            warnings: Vec::new(),
            channels,
            stems: stems.len(),
            gain: 1.0,
            segment,
            step: segment - overlap,
            lead,
            weights: (0..segment).map(|i| ramp(i).min(ramp(segment - 1 - i))).collect(),
            to_model: Resampler::new(sample_rate, model_rate, channels)?,
            from_model: Resampler::new(model_rate, sample_rate, channels * stems.len())?,
            window: [vec![0.0; lead], vec![0.0; lead]],
            heard: 0,
            sums: vec![vec![0.0; segment]; 2 * stems.len()],
            given: 0,
            song: AudioBuffer::new(channels, 0),
            ready: AudioBuffer::new(channels * stems.len(), 0),
            silenced: 0,
            ended: false,
        })
    }

    /// Names of the parts, in the order in which they are pulled; the last is what the stems leave.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What was assumed of the model.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Samples that were no numbers, or absurdly large, and have been silenced.
    pub fn silenced(&self) -> u64 {
        self.silenced
    }

    /// Takes frames, one slice a channel, all of one length.
    ///
    /// # Errors
    /// `Argument` for another number of slices or different lengths; `Unsupported` if the model fails.
    pub fn push(&mut self, input: &[&[f32]]) -> Result<()> {
        let frames = input.first().map_or(0, |x| x.len());
        if input.len() != self.channels || input.iter().any(|x| x.len() != frames) {
            return Err(Error::argument(format!("{} channels of one length are expected", self.channels)));
        }
        let mut clean = AudioBuffer::new(self.channels, frames);
        for (to, from) in clean.iter_mut().zip(input) {
            for (to, x) in to.iter_mut().zip(*from) {
                let sound = is_sound(*x);
                self.silenced += u64::from(!sound);
                *to = if sound { *x } else { 0.0 };
            }
        }
        self.song.extend(&clean.iter().collect::<Vec<_>>());
        let mut at_model = AudioBuffer::new(self.channels, 0);
        self.to_model.process(&clean, &mut at_model)?;
        self.hear(&at_model)
    }

    /// Says that the song is over, so that the rest can be pulled.
    ///
    /// # Errors
    /// `Unsupported` if the model fails.
    pub fn finish(&mut self) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        let mut at_model = AudioBuffer::new(self.channels, 0);
        self.to_model.finish(&mut at_model)?;
        self.hear(&at_model)?;
        self.ended = true;
        while self.given < self.heard {
            self.window.iter_mut().for_each(|w| w.resize(self.segment, 0.0));
            self.look()?;
        }
        self.from_model.finish(&mut self.ready)?;
        // There and back may round to a frame less.
        if self.ready.frames() < self.song.frames() {
            self.ready.resize(self.song.frames());
        }
        Ok(())
    }

    /// Frames that can be pulled now.
    pub fn available(&self) -> usize {
        self.ready.frames().min(self.song.frames())
    }

    /// Replaces the contents of `parts`, one buffer for each of [`StemSeparator::names`], by the next frames, at most `most`
    /// of them; returns how many.
    pub fn pull(&mut self, parts: &mut Vec<AudioBuffer>, most: usize) -> usize {
        let frames = most.min(self.available());
        parts.resize_with(self.stems + 1, AudioBuffer::default);
        for part in parts.iter_mut() {
            part.set_channels(self.channels);
            part.resize(frames);
        }
        for c in 0..self.channels {
            let mut rest = self.song.channel(c)[..frames].to_vec();
            for (stem, part) in parts.iter_mut().take(self.stems).enumerate() {
                let from = &self.ready.channel(stem * self.channels + c)[..frames];
                for ((to, rest), x) in part.channel_mut(c).iter_mut().zip(&mut rest).zip(from) {
                    *to = *x;
                    *rest -= *x;
                }
            }
            parts[self.stems].channel_mut(c).copy_from_slice(&rest);
        }
        self.song.drain_front(frames);
        self.ready.drain_front(frames);
        frames
    }

    /// Takes frames at the model's rate.
    fn hear(&mut self, at_model: &AudioBuffer) -> Result<()> {
        let (first, last) = (0, at_model.channels().saturating_sub(1));
        self.window[0].extend_from_slice(at_model.channel(first));
        self.window[1].extend_from_slice(at_model.channel(last));
        self.heard += at_model.frames() as u64;
        while self.window[0].len() >= self.segment {
            self.look()?;
        }
        Ok(())
    }

    /// One segment: the window's first.
    fn look(&mut self) -> Result<()> {
        let segment = [0, 1].map(|c| self.window[c][..self.segment].to_vec());
        let silent = segment.iter().flatten().all(|x| *x == 0.0);
        if !silent {
            let stems = self.network.run(&segment)?;
            for (sum, stem) in self.sums.iter_mut().zip(stems.iter().flatten()) {
                for ((sum, x), w) in sum.iter_mut().zip(stem).zip(&self.weights) {
                    // A network may say anything.
                    *sum += if x.is_finite() { x * w * self.gain } else { 0.0 };
                }
            }
        }
        // The beginning is settled now; of the very first segment it is the silence in front.
        let skip = self.lead;
        let frames = self.step.saturating_sub(skip);
        self.lead -= self.step.min(skip);
        let frames = usize::try_from(self.heard - self.given).unwrap_or(usize::MAX).min(frames);
        let mut settled = AudioBuffer::new(self.channels * self.stems, frames);
        let from = self.step.min(skip);
        for (i, plane) in settled.iter_mut().enumerate() {
            let (stem, channel) = (i / self.channels, i % self.channels);
            let (left, right) = (&self.sums[2 * stem], &self.sums[2 * stem + 1]);
            for (n, to) in plane.iter_mut().enumerate() {
                *to = match (self.channels, channel) {
                    (1, _) => 0.5 * (left[from + n] + right[from + n]),
                    (_, 0) => left[from + n],
                    _ => right[from + n],
                };
            }
        }
        self.given += frames as u64;
        for sum in &mut self.sums {
            sum.drain(..self.step);
            sum.resize(self.segment, 0.0);
        }
        self.window.iter_mut().for_each(|w| drop(w.drain(..self.step)));
        self.from_model.process(&settled, &mut self.ready)
    }
}

/// How segments lie beside each other, in samples.
pub(super) struct Seams {
    pub segment: usize,
    pub overlap: usize,
    pub edge: usize,
}
