//! The network of one part: it looks at twelve seconds of a magnitude spectrogram and says how much of each point belongs
//! to the part.
//!
//! Six convolutions halve the picture down to 8 × 16 points, six transposed ones bring it back; each step back also
//! sees what the step down at its size saw (Jansson et al., "Singing voice separation with deep U-Net convolutional
//! networks", ISMIR 2017; as trained by Hennequin et al., "Spleeter", J. Open Source Software 5(50), 2020).

use super::file::Tensors;
use super::layer::{Affine, Layer};
use super::parallel::share;
use super::picture::Picture;
use crate::error::Result;

/// Frequency points of a picture.
pub const BINS: usize = 1024;
/// Time points of a picture.
pub const FRAMES: usize = 512;
/// Channels after each halving.
const DEPTHS: [usize; 6] = [16, 32, 64, 128, 256, 512];
/// The last kernel: four by four, every other point, so three points around.
const LAST: usize = 4;
const SPREAD: usize = 2;

/// One network's weights.
pub(super) struct UNet {
    down: Vec<Layer>,
    down_norms: Vec<Affine>,
    up: Vec<Layer>,
    up_norms: Vec<Affine>,
    /// `[channel][row][column]`, then the bias of each channel.
    last: Vec<f32>,
    last_bias: Vec<f32>,
}

/// The pictures between the layers, shared by all networks.
pub(super) struct Workspace {
    /// What the layers down read: the input, then each normalised result but the last.
    down: Vec<Picture>,
    /// What the layers up read: the deepest result, then pairs of what came down and what came up.
    up: Vec<Picture>,
    /// The result before the last layer.
    full: Picture,
    /// The widened weights of a layer.
    room: Vec<f32>,
}

impl Workspace {
    /// For pictures of `frames` rows, a multiple of 64.
    pub fn new(frames: usize) -> Self {
        let size = |level: usize| (frames >> level, BINS >> level);
        let picture = |level: usize, channels: usize, before, after| {
            let (height, width) = size(level);
            Picture::new(height, width, channels, before, after)
        };
        let mut down = vec![picture(0, 2, 1, 2)];
        down.extend((1..6).map(|level| picture(level, DEPTHS[level - 1], 1, 2)));
        let mut up = vec![picture(6, DEPTHS[5], 1, 1)];
        up.extend((1..6).rev().map(|level| picture(level, 2 * DEPTHS[level - 1], 1, 1)));
        let edge = (LAST - 1) * SPREAD / 2;
        Self { down, up, full: picture(0, 1, edge, edge), room: Vec::new() }
    }

    /// The rows of the input, `[BINS][2]` each: magnitudes, left and right side by side.
    pub fn input_rows(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.down[0].rows_mut()
    }
}

impl UNet {
    /// Reads the network of a part by its name.
    pub fn read(file: &Tensors<'_>, part: &str) -> Result<Self> {
        let (mut down, mut down_norms, mut up, mut up_norms) = (vec![], vec![], vec![], vec![]);
        let mut inputs = 2;
        for (i, &outputs) in DEPTHS.iter().enumerate() {
            down.push(Layer::convolution(file, &format!("{part}.conv{i}"), inputs, outputs)?);
            if i < 5 {
                down_norms.push(Affine::normalisation(file, &format!("{part}.bn{i}"), outputs)?);
            }
            inputs = outputs;
        }
        for i in 0..6 {
            let outputs = if i < 5 { DEPTHS[4 - i] } else { 1 };
            up.push(Layer::transposed(file, &format!("{part}.deconv{i}"), inputs, outputs)?);
            up_norms.push(Affine::normalisation(file, &format!("{part}.bn{}", i + 6), outputs)?);
            inputs = 2 * outputs;
        }
        let name = format!("{part}.conv6");
        let scale = file.floats(&format!("{name}.scale"), 2)?;
        let weights = file.bytes_of_shape(&format!("{name}.weight_q"), &[2, 1, LAST, LAST])?;
        let last = weights.iter().enumerate().map(|(i, w)| f32::from(*w) * scale[i / (LAST * LAST)]).collect();
        Ok(Self { down, down_norms, up, up_norms, last, last_bias: file.floats(&format!("{name}.bias"), 2)? })
    }

    /// The part's share of each point, 0 to 1: `[frame][channel][BINS]`. The input is in `work`.
    pub fn run(&self, work: &mut Workspace, threads: usize, share_of: &mut [f32]) {
        let Workspace { down, up, full, room } = work;
        for (i, layer) in self.down.iter().enumerate() {
            let (before, after) = down.split_at_mut(i + 1);
            let next = after.first_mut().zip(self.down_norms.get(i));
            layer.halve(&before[i], &mut up[5 - i], next, threads, room);
        }
        for (i, layer) in self.up.iter().enumerate() {
            let (before, after) = up.split_at_mut(i + 1);
            layer.double(&before[i], after.first_mut().unwrap_or(full), &self.up_norms[i], threads, room);
        }
        let rows: Vec<_> = share_of.chunks_exact_mut(2 * BINS).enumerate().collect();
        share(threads, rows, |(t, row), _| {
            for (channel, out) in row.chunks_exact_mut(BINS).enumerate() {
                out.fill(self.last_bias[channel]);
                for tap in 0..LAST * LAST {
                    let weight = self.last[channel * LAST * LAST + tap];
                    let (y, x) = (tap / LAST * SPREAD, tap % LAST * SPREAD);
                    let from = &full.data[full.at_border(t + y, x)..][..BINS];
                    out.iter_mut().zip(from).for_each(|(o, f)| *o += weight * f);
                }
                out.iter_mut().for_each(|o| *o = 1.0 / (1.0 + (-*o).exp()));
            }
        });
    }
}
