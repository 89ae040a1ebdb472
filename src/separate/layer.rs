//! The layers of the network, each written as sums over runs of neighbouring numbers ([`super::kernel`]).
//!
//! Kernels are five by five. A *convolution* halves the picture: output pixel m sums input pixels 2m − 1 to 2m + 3. A
//! *transposed convolution* doubles it: input pixel i spreads over output pixels 2i − 1 to 2i + 3, so an output pixel
//! of even place takes two input pixels each way and one of odd place three: four kernels, one for each combination,
//! none of which multiplies by an inserted zero. (The padding is TensorFlow's 'same', with which the weights were
//! trained.) Weights stay in eight bits and are widened layer by layer: as floating-point numbers they would be 79 MB, and
//! widening takes little time beside the sums.

use super::file::Tensors;
use super::kernel::{self, LANES, Pass};
use super::parallel::share;
use super::picture::Picture;
use crate::error::Result;

/// Side of the kernels.
const SIDE: usize = 5;
/// Pixels that share a panel of weights before the next panel comes, at least.
const GROUP: usize = 128;
/// Added to the variance in the normalisation (the model's `BN eps`).
const EPSILON: f32 = 1e-3;

/// Weights for one kernel of some runs.
struct Kernel {
    /// `[panel][run][number][LANES]`.
    weights: Vec<i8>,
    /// Rows and columns before the pixel at which the runs begin.
    up: usize,
    left: usize,
    rows: usize,
    columns: usize,
}

/// `x · scale + shift` for each channel.
pub(super) struct Affine {
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
}

impl Affine {
    /// Batch normalisation as one product and one sum.
    pub fn normalisation(file: &Tensors<'_>, name: &str, channels: usize) -> Result<Self> {
        let read = |part: &str| file.floats(&format!("{name}.{part}"), channels);
        let (gamma, beta, mean, var) = (read("gamma")?, read("beta")?, read("mean")?, read("var")?);
        // A variance is never negative; a damaged file gives whatever it gives, but no NaN.
        let scale: Vec<f32> = gamma.iter().zip(&var).map(|(g, v)| g / (v.max(0.0) + EPSILON).sqrt()).collect();
        let shift = beta.iter().zip(&mean).zip(&scale).map(|((b, m), s)| b - m * s).collect();
        Ok(Self { scale, shift })
    }

    fn quantised(file: &Tensors<'_>, name: &str, channels: usize) -> Result<Self> {
        let read = |part: &str| file.floats(&format!("{name}.{part}"), channels);
        Ok(Self { scale: read("scale")?, shift: read("bias")? })
    }
}

/// A convolution or a transposed one, with its scale and bias.
pub(super) struct Layer {
    kernels: Vec<Kernel>,
    output: Affine,
    inputs: usize,
    outputs: usize,
}

/// Packs the weights `of(output, input, row, column)` for the kernel rows and columns given.
fn pack(
    of: impl Fn(usize, usize, usize, usize) -> i8,
    (outputs, inputs): (usize, usize),
    (rows, columns): (&[usize], &[usize]),
    (up, left): (usize, usize),
) -> Kernel {
    let mut weights = Vec::with_capacity(outputs.next_multiple_of(LANES) * inputs * rows.len() * columns.len());
    for panel in (0..outputs).step_by(LANES) {
        for &y in rows {
            for &x in columns {
                for i in 0..inputs {
                    weights.extend((panel..panel + LANES).map(|o| if o < outputs { of(o, i, y, x) } else { 0 }));
                }
            }
        }
    }
    Kernel { weights, up, left, rows: rows.len(), columns: columns.len() }
}

/// Kernel rows (or columns) that reach an output pixel of even or odd place, in the order of the input pixels from the
/// one before on.
const REACH: [&[usize]; 2] = [&[3, 1], &[4, 2, 0]];

impl Layer {
    /// Reads a convolution, weights `[out][in][5][5]`.
    pub fn convolution(file: &Tensors<'_>, name: &str, inputs: usize, outputs: usize) -> Result<Self> {
        let q = file.bytes_of_shape(&format!("{name}.weight_q"), &[outputs, inputs, SIDE, SIDE])?;
        let of = |o: usize, i: usize, y: usize, x: usize| q[((o * inputs + i) * SIDE + y) * SIDE + x];
        let all = [0, 1, 2, 3, 4];
        let kernels = vec![pack(of, (outputs, inputs), (&all, &all), (1, 1))];
        Ok(Self { kernels, output: Affine::quantised(file, name, outputs)?, inputs, outputs })
    }

    /// Reads a transposed convolution, weights `[in][out][5][5]`.
    pub fn transposed(file: &Tensors<'_>, name: &str, inputs: usize, outputs: usize) -> Result<Self> {
        let q = file.bytes_of_shape(&format!("{name}.weight_q"), &[inputs, outputs, SIDE, SIDE])?;
        let of = |o: usize, i: usize, y: usize, x: usize| q[((i * outputs + o) * SIDE + y) * SIDE + x];
        let kernels = if outputs == 1 {
            // With one channel the four places of an output pixel are the lanes.
            let place =
                |lane: usize, i: usize, y: usize, x: usize| match (REACH[lane / 2].get(y), REACH[lane % 2].get(x)) {
                    (Some(&y), Some(&x)) => of(0, i, y, x),
                    _ => 0,
                };
            vec![pack(place, (4, inputs), (&[0, 1, 2], &[0, 1, 2]), (1, 1))]
        } else {
            (0..4).map(|place| pack(of, (outputs, inputs), (REACH[place / 2], REACH[place % 2]), (1, 1))).collect()
        };
        Ok(Self { kernels, output: Affine::quantised(file, name, outputs)?, inputs, outputs })
    }

    /// Widens the weights of kernel `index` into `room`.
    fn widen(&self, index: usize, threads: usize, room: &mut Vec<f32>) {
        const PART: usize = 1 << 16;
        let narrow = &self.kernels[index].weights;
        room.resize(narrow.len(), 0.0);
        let tasks: Vec<_> = room.chunks_mut(PART).zip(narrow.chunks(PART)).collect();
        share(threads, tasks, |(wide, narrow), _| wide.iter_mut().zip(narrow).for_each(|(w, n)| *w = f32::from(*n)));
    }

    /// The runs of kernel `index` in `input`, from the place of the pixel in its border.
    fn runs(&self, index: usize, input: &Picture) -> Vec<usize> {
        (0..self.kernels[index].rows).map(|y| y * input.stride()).collect()
    }

    /// Halves `input`. The sums go to the first channels of `plain`, and normalised and with negative values at a fifth
    /// (the leaky ReLU) to `next`.
    pub fn halve(
        &self,
        input: &Picture,
        plain: &mut Picture,
        next: Option<(&mut Picture, &Affine)>,
        threads: usize,
        room: &mut Vec<f32>,
    ) {
        self.widen(0, threads, room);
        let kernel = &self.kernels[0];
        let runs = self.runs(0, input);
        let pass = Pass {
            input: &input.data,
            runs: &runs,
            run: kernel.columns * self.inputs,
            step: 2 * self.inputs,
            weights: room,
        };
        let (height, width, channels) = (plain.height, plain.width, plain.channels);
        let outputs = self.outputs;
        let norm = next.as_ref().map(|(_, norm)| *norm);
        let mut plain_rows: Vec<&mut [f32]> = plain.rows_mut().collect();
        let mut next_rows: Vec<&mut [f32]> = next.map(|(next, _)| next.rows_mut().collect()).unwrap_or_default();
        let group = GROUP.div_ceil(width);
        let mut next_groups = next_rows.chunks_mut(group);
        let tasks: Vec<_> = (0..height)
            .step_by(group)
            .zip(plain_rows.chunks_mut(group))
            .map(|(row, plain)| (row, plain, next_groups.next()))
            .collect();
        share(threads, tasks, |(row, plain, mut next), sums| {
            sums.resize(plain.len() * width * outputs, 0.0);
            let starts: Vec<usize> = (0..plain.len())
                .map(|r| input.at(2 * (row + r), 0) - input.at_border(kernel.up, kernel.left))
                .collect();
            kernel::rows(&pass, &starts, width, sums);
            for (r, sums) in sums.chunks_exact(width * outputs).enumerate() {
                let pixels = sums.chunks_exact(outputs).zip(plain[r].chunks_exact_mut(channels));
                for (x, (sums, plain)) in pixels.enumerate() {
                    for o in 0..outputs {
                        plain[o] = sums[o] * self.output.scale[o] + self.output.shift[o];
                    }
                    if let (Some(next), Some(norm)) = (&mut next, norm) {
                        let next = &mut next[r][x * outputs..][..outputs];
                        for o in 0..outputs {
                            let y = plain[o] * norm.scale[o] + norm.shift[o];
                            next[o] = if y > 0.0 { y } else { 0.2 * y };
                        }
                    }
                }
            }
        });
    }

    /// Doubles `input`. The sums, without negative values (the ReLU) and then normalised, go to the last channels of
    /// `output`.
    pub fn double(&self, input: &Picture, output: &mut Picture, norm: &Affine, threads: usize, room: &mut Vec<f32>) {
        let width = input.width;
        let (outputs, channels) = (self.outputs, output.channels);
        let finish = |sum: f32, o: usize| {
            let y = (sum * self.output.scale[o] + self.output.shift[o]).max(0.0);
            y * norm.scale[o] + norm.shift[o]
        };
        for (place, kernel) in self.kernels.iter().enumerate() {
            self.widen(place, threads, room);
            let runs = self.runs(place, input);
            let pass = Pass {
                input: &input.data,
                runs: &runs,
                run: kernel.columns * self.inputs,
                step: self.inputs,
                weights: room,
            };
            let mut rows: Vec<&mut [f32]> = output.rows_mut().collect();
            // Two rows of output for each of input.
            let group = GROUP.div_ceil(width);
            let tasks: Vec<_> = (0..input.height).step_by(group).zip(rows.chunks_mut(2 * group)).collect();
            share(threads, tasks, |(row, out), sums| {
                let lanes = outputs.next_multiple_of(LANES);
                let count = out.len() / 2;
                sums.resize(count * width * lanes, 0.0);
                let starts: Vec<usize> =
                    (0..count).map(|r| input.at(row + r, 0) - input.at_border(kernel.up, kernel.left)).collect();
                kernel::rows(&pass, &starts, width, sums);
                for (r, sums) in sums.chunks_exact(width * lanes).enumerate() {
                    if outputs == 1 {
                        for (x, sums) in sums.chunks_exact(lanes).enumerate() {
                            for lane in 0..4 {
                                out[2 * r + lane / 2][2 * x + lane % 2] = finish(sums[lane], 0);
                            }
                        }
                        continue;
                    }
                    let to = &mut out[2 * r + place / 2];
                    for (sums, to) in
                        sums.chunks_exact(lanes).zip(to.chunks_exact_mut(channels).skip(place % 2).step_by(2))
                    {
                        let to = &mut to[channels - outputs..];
                        for o in 0..outputs {
                            to[o] = finish(sums[o], o);
                        }
                    }
                }
            });
        }
    }
}
