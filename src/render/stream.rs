//! A track or a scene as blocks in memory: what [`render`](super::render()) writes, for those who want to go on with it.

use super::job::RenderJob;
use super::offline::{Ears, Pace, Show, open};
use crate::buffer::AudioBuffer;
use crate::error::Result;

/// A render under way, from the first frame to the last.
///
/// The bits are those that [`render`](super::render()) writes as `f32` with [`Loudness::Off`](super::Loudness::Off) and
/// no ceiling: neither gain nor limiter, as both need the end before they know the beginning. Of the job, what concerns
/// the output file, loudness and ceiling is not looked at.
pub struct RenderStream {
    show: Show,
    ears: Ears,
    block: AudioBuffer,
    mix: AudioBuffer,
    /// Frames of the mix that have been handed out.
    taken: usize,
    /// Frames at the beginning that are not wanted.
    skip: u64,
    frames: Option<u64>,
    done: bool,
}

impl std::fmt::Debug for RenderStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenderStream")
            .field("sample_rate", &self.ears.rate)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

impl RenderStream {
    /// Opens what the job plays: files, head, room and engine.
    ///
    /// # Errors
    /// As [`render`](super::render()), but for what concerns the output.
    pub fn open(job: &RenderJob) -> Result<Self> {
        let (show, ears) = open(job, Pace::File)?;
        let skip = ears.skip;
        let frames = show.total_frames().map(|n| n.saturating_sub(skip));
        Ok(Self {
            block: AudioBuffer::default(),
            mix: AudioBuffer::new(2, 0),
            taken: 0,
            skip,
            frames,
            done: false,
            show,
            ears,
        })
    }

    /// Hz.
    pub fn sample_rate(&self) -> u32 {
        self.ears.rate
    }

    /// Frames in all, if that is known before the end.
    pub fn frames(&self) -> Option<u64> {
        self.frames
    }

    /// What was odd but is rendered all the same.
    pub fn warnings(&self) -> Vec<String> {
        let mut all = self.show.warnings();
        all.extend(self.ears.warnings());
        all
    }

    /// Renders the next frames into both ears, as many as the shorter one holds; returns how many there were: fewer
    /// only at the end. What is behind them is left as it was. The length of the slices changes nothing of what is
    /// heard.
    ///
    /// # Errors
    /// What the decoder runs into.
    pub fn read(&mut self, left: &mut [f32], right: &mut [f32]) -> Result<usize> {
        let wanted = left.len().min(right.len());
        let mut done = 0;
        while done < wanted {
            if self.taken == self.mix.frames() && !self.next()? {
                break;
            }
            let frames = (wanted - done).min(self.mix.frames() - self.taken);
            let from = self.taken..self.taken + frames;
            left[done..done + frames].copy_from_slice(&self.mix.channel(0)[from.clone()]);
            right[done..done + frames].copy_from_slice(&self.mix.channel(1)[from]);
            self.taken += frames;
            done += frames;
        }
        Ok(done)
    }

    /// Brings the next block into the mix; false at the end.
    fn next(&mut self) -> Result<bool> {
        self.taken = 0;
        self.mix.resize(0);
        if self.done || !self.show.program().next(&mut self.block)? {
            self.done = true;
            return Ok(false);
        }
        self.ears.render(&self.block, &mut self.mix);
        let left_out = usize::try_from(self.skip).unwrap_or(usize::MAX).min(self.mix.frames());
        self.mix.drain_front(left_out);
        self.skip -= left_out as u64;
        Ok(true)
    }
}
