//! Planar audio: one slice of `f32` for each channel. Interleaving happens only at the edges.

/// Samples beyond this, 120 dB over full scale, are damage, not sound.
const LOUDEST: f32 = 1e6;

/// False for NaN, infinity and what no sound is: such samples are silenced and counted.
pub(crate) fn is_sound(x: f32) -> bool {
    x.to_bits() & 0x7fff_ffff <= LOUDEST.to_bits()
}

/// Frames of planar audio; every channel has the same length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AudioBuffer {
    channels: Vec<Vec<f32>>,
    frames: usize,
}

impl AudioBuffer {
    /// Silence of `channels` channels and `frames` frames.
    pub fn new(channels: usize, frames: usize) -> Self {
        Self { channels: vec![vec![0.0; frames]; channels], frames }
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.channels.len()
    }

    /// The number of frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// True when there are no frames.
    pub fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// One channel.
    pub fn channel(&self, index: usize) -> &[f32] {
        &self.channels[index]
    }

    /// One channel, to write.
    pub fn channel_mut(&mut self, index: usize) -> &mut [f32] {
        &mut self.channels[index]
    }

    /// All channels in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.channels.iter().map(Vec::as_slice)
    }

    /// All channels in order, to write.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = &mut [f32]> {
        self.channels.iter_mut().map(Vec::as_mut_slice)
    }

    /// Sets the length; new frames are silent. Keeps its memory, so growing back to an earlier length does not allocate.
    pub fn resize(&mut self, frames: usize) {
        for channel in &mut self.channels {
            channel.resize(frames, 0.0);
        }
        self.frames = frames;
    }

    /// Sets the number of channels; new ones are silent.
    pub fn set_channels(&mut self, channels: usize) {
        self.channels.resize_with(channels, || vec![0.0; self.frames]);
    }

    /// Appends planar frames, one slice a channel, all of one length.
    ///
    /// # Panics
    /// Panics if the number of slices is not the number of channels, or their lengths differ.
    pub fn extend(&mut self, planes: &[&[f32]]) {
        assert_eq!(planes.len(), self.channels.len(), "one slice a channel");
        let frames = planes.first().map_or(0, |p| p.len());
        for (channel, plane) in self.channels.iter_mut().zip(planes) {
            assert_eq!(plane.len(), frames, "slices of one length");
            channel.extend_from_slice(plane);
        }
        self.frames += frames;
    }

    /// Drops the first `frames` frames (at most all).
    pub fn drain_front(&mut self, frames: usize) {
        let n = frames.min(self.frames);
        for channel in &mut self.channels {
            channel.drain(..n);
        }
        self.frames -= n;
    }

    /// Makes all samples zero.
    pub fn silence(&mut self) {
        self.iter_mut().for_each(|c| c.fill(0.0));
    }
}
