//! Paths on their way into the bus: a few signals wait and are added in one pass.

use super::{Outlets, THIRD};
use crate::dsp::kernel::paths::{PathKernels, Ramp};

/// Paths that are added to the bus in one pass: as many as the nearest cache holds with the bus.
const GROUP: usize = 8;

/// Paths that wait to be added to the bus.
pub(super) struct Group {
    /// `[GROUP][reach]`
    signals: Vec<f32>,
    reach: usize,
    gains: [Ramp; GROUP],
    count: usize,
    pub kernels: PathKernels,
}

impl Group {
    /// For signals of up to `reach` frames.
    pub(super) fn new(reach: usize) -> Self {
        Self {
            signals: vec![0.0; GROUP * reach],
            reach,
            gains: [[[0.0; THIRD]; 2]; GROUP],
            count: 0,
            kernels: PathKernels::detect(),
        }
    }

    pub(super) fn reach(&self) -> usize {
        self.reach
    }

    /// Where the next signal goes.
    pub(super) fn place(&mut self, frames: usize) -> &mut [f32] {
        &mut self.signals[self.count * self.reach..][..frames]
    }

    /// The signal in its place waits to be added to the bus, from its frame `first` on.
    pub(super) fn add(&mut self, gains: Ramp, first: usize, frames: usize, to: &mut Outlets<'_>) {
        self.gains[self.count] = gains;
        self.count += 1;
        if self.count == GROUP {
            self.flush(first, frames, to);
        }
    }

    /// Adds what waits.
    pub(super) fn flush(&mut self, first: usize, frames: usize, to: &mut Outlets<'_>) {
        self.kernels.mix_in_steps(&mut to.bus[first..], to.reach, frames, &self.signals, &self.gains[..self.count]);
        self.count = 0;
    }
}

impl PathKernels {
    /// Adds a path's signal to the lines that it feeds, from frame `first` of them on.
    pub(super) fn feed(
        &self,
        signal: &[f32],
        feeds: &Option<[(usize, f32); 2]>,
        [from, to]: [f32; 2],
        lines: &mut [f32],
        stride: usize,
        first: usize,
    ) {
        for (line, gain) in feeds.iter().flatten() {
            let plane = &mut lines[line * stride + first..][..signal.len()];
            self.add(plane, signal, from * gain, (to - from) * gain);
        }
    }
}
