//! What the networks say about a segment: both networks, both views, one after another through one workspace.

use super::frames::View;
use super::model::Model;
use super::shares::{Evidence, combine};
use super::unet::{BINS, FRAMES, Workspace};
use std::sync::Arc;

/// Numbers of a frame: two channels of magnitudes or shares.
const FRAME: usize = 2 * BINS;
/// The level that a segment is brought to before the networks look at it, mean square in dB of full scale: they were
/// trained on finished masters and take what is much softer for something else. One level for each view.
const LEVELS_DB: [f32; 2] = [-18.0, -15.0];
/// Below this mean square, -100 dB of full scale, a segment is silence.
const SILENCE: f64 = 1e-10;

/// A segment's spectrogram, and the networks' answers to it.
pub(super) struct Answers {
    model: Arc<Model>,
    threads: usize,
    work: Workspace,
    /// For each view, `[frame][2][BINS]`.
    magnitudes: [Vec<f32>; 2],
    voice: [Vec<f32>; 2],
    band: [Vec<f32>; 2],
    silent: bool,
}

impl Answers {
    pub fn new(model: Arc<Model>, threads: usize) -> Self {
        let room = || [vec![0.0; FRAMES * FRAME], vec![0.0; FRAMES * FRAME]];
        Self {
            model,
            threads,
            work: Workspace::new(FRAMES),
            magnitudes: room(),
            voice: room(),
            band: room(),
            silent: true,
        }
    }

    /// One frame of the segment, `[2][BINS]`.
    pub fn magnitudes_mut(&mut self, view: View, frame: usize) -> &mut [f32] {
        &mut self.magnitudes[view as usize][frame * FRAME..][..FRAME]
    }

    /// Lets the networks look at the first `count` frames.
    pub fn ask(&mut self, count: usize) {
        let all = &self.magnitudes[View::Plain as usize][..count * FRAME];
        let power: f64 = all.iter().map(|m| f64::from(m * m)).sum();
        // Parseval, over half a spectrum and a Hann window of 4096 samples, and two channels.
        let mean_square = 2.0 * power / (0.375 * 4096.0 * 4096.0) / (2 * count.max(1)) as f64;
        self.silent = mean_square < SILENCE;
        if self.silent || count == 0 {
            return;
        }
        for view in View::ALL.map(|v| v as usize) {
            let gain = (10f64.powf(f64::from(LEVELS_DB[view]) / 10.0) / mean_square).sqrt() as f32;
            for (i, row) in self.work.input_rows().enumerate() {
                // Beyond the end of the track one view hears silence, the other the sound going backwards and forwards:
                // what they only find because of that, they do not agree about.
                let turn = i % (2 * count);
                let from = if turn < count { turn } else { 2 * count - 1 - turn };
                if i >= count && view == View::Plain as usize {
                    row.fill(0.0);
                    continue;
                }
                let frame = &self.magnitudes[view][from * FRAME..][..FRAME];
                let (left, right) = frame.split_at(BINS);
                for ((pixel, l), r) in row.chunks_exact_mut(2).zip(left).zip(right) {
                    (pixel[0], pixel[1]) = (l * gain, r * gain);
                }
            }
            self.model.voice.run(&mut self.work, self.threads, &mut self.voice[view]);
            self.model.band.run(&mut self.work, self.threads, &mut self.band[view]);
        }
    }

    /// The voice's share of a frame, `[2][BINS]`, and what speaks for a voice.
    pub fn shares(&self, frame: usize, out: &mut [f32]) -> Evidence {
        if self.silent {
            out.fill(0.0);
            return Evidence::default();
        }
        let place = frame * FRAME..(frame + 1) * FRAME;
        combine(
            [&self.voice[0][place.clone()], &self.voice[1][place.clone()]],
            [&self.band[0][place.clone()], &self.band[1][place.clone()]],
            &self.magnitudes[View::Plain as usize][place],
            out,
        )
    }

    /// Makes the last `count` frames the first of the next segment.
    pub fn keep_last(&mut self, count: usize) {
        for magnitudes in &mut self.magnitudes {
            magnitudes.copy_within((FRAMES - count) * FRAME.., 0);
        }
    }
}
