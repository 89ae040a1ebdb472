//! A graph, run on segments of a song.

use super::contract::{Contract, Kind, Shapes, Size, said};
use super::description::Description;
use super::spectra::Spectra;
use crate::error::{Error, ErrorKind, Result};
use rten::{Dimension, Model, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{Tensor, TensorView};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A larger file is no ONNX model: the format ends at 2 GiB.
const MOST_BYTES: u64 = 2 << 30;

/// What takes a segment apart.
pub(super) trait Network: Send {
    /// The stems of a segment: `[2][segment]` in, `[stem][2][segment]` out.
    fn run(&mut self, segment: &[Vec<f32>; 2]) -> Result<Vec<[Vec<f32>; 2]>>;
}

pub(super) struct OnnxNetwork {
    /// For errors.
    path: PathBuf,
    model: Model,
    input: NodeId,
    outputs: Vec<NodeId>,
    contract: Contract,
    spectra: Option<Spectra>,
    pool: Arc<ThreadPool>,
    numbers: Vec<f32>,
}

impl OnnxNetwork {
    /// Loads a model and finds out how it is to be used.
    ///
    /// # Errors
    /// `Io` if it cannot be read, `Malformed` if it is no ONNX model, `Unsupported` if it has layers or shapes that cannot be
    /// run, and what [`Contract::new`] and its description run into.
    pub fn open(path: &Path, threads: usize) -> Result<Self> {
        let model = load(path)?;
        let shapes = |ids: &[NodeId]| {
            ids.iter()
                .map(|id| {
                    let node = model.node_info(*id);
                    let name = node.as_ref().and_then(|n| n.name()).unwrap_or("?").to_string();
                    (name, node.and_then(|n| n.shape()).map(|s| s.iter().map(size).collect::<Vec<Size>>()))
                })
                .collect()
        };
        let shapes = Shapes { inputs: shapes(model.input_ids()), outputs: shapes(model.output_ids()) };
        let told = Description::beside(path)?;
        let told = told.or_metadata(|key| model.metadata().get(key).map(str::to_string));
        let file = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let contract = Contract::new(&shapes, &told, &file)?;
        let c = &contract;
        Ok(Self {
            path: path.to_path_buf(),
            spectra: (c.kind != Kind::Waveform).then(|| Spectra::new(c.window, c.hop, c.lines, c.frames)),
            input: model.input_ids()[0],
            outputs: model.output_ids().to_vec(),
            contract,
            model,
            pool: Arc::new(ThreadPool::with_num_threads(threads.max(1))),
            numbers: Vec::new(),
        })
    }

    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// The numbers of all stems, one behind the other, `[stem][channel]...`.
    fn ask(&mut self, input: Vec<f32>) -> Result<()> {
        let shape = self.contract.shape();
        let each: usize = shape.iter().product();
        let wanted = each * self.contract.stems.len();
        let tensor = TensorView::from_data(&shape[..], &input[..]);
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)));
        let inputs: Vec<(NodeId, ValueOrView<'_>)> = vec![(self.input, tensor.into())];
        let run = catch_unwind(AssertUnwindSafe(|| self.model.run(inputs, &self.outputs, Some(options))));
        let outputs = match run {
            Ok(Ok(outputs)) => outputs,
            Ok(Err(e)) => {
                return Err(Error::unsupported(format!("the model cannot be run: {}", one_line(&e.to_string()))));
            }
            Err(_) => return Err(Error::unsupported("the model cannot be run: one of its layers broke off")),
        };
        self.numbers.clear();
        for value in outputs {
            let tensor: Tensor<f32> = value
                .try_into()
                .map_err(|_| Error::unsupported("the model gives other numbers than floating-point ones"))?;
            let got: Vec<Size> = tensor.shape().iter().map(|d| Some(*d)).collect();
            if !tensor.len().is_multiple_of(each) || tensor.shape().last() != shape.last() {
                return Err(Error::unsupported(format!(
                    "the model gave {} where stems of {shape:?} are expected",
                    said(&got)
                )));
            }
            self.numbers.extend(tensor.to_vec());
        }
        if self.numbers.len() != wanted {
            return Err(Error::unsupported(format!(
                "the model gave {} stems, {} are expected",
                self.numbers.len() / each,
                self.contract.stems.len()
            )));
        }
        Ok(())
    }
}

impl Network for OnnxNetwork {
    fn run(&mut self, segment: &[Vec<f32>; 2]) -> Result<Vec<[Vec<f32>; 2]>> {
        self.run_segment(segment).map_err(|e| e.at(&self.path))
    }
}

impl OnnxNetwork {
    fn run_segment(&mut self, segment: &[Vec<f32>; 2]) -> Result<Vec<[Vec<f32>; 2]>> {
        let frames = self.contract.segment;
        let room = || [vec![0.0; frames], vec![0.0; frames]];
        let mut stems: Vec<[Vec<f32>; 2]> = self.contract.stems.iter().map(|_| room()).collect();
        let Some(mut spectra) = self.spectra.take() else {
            self.ask(segment.concat())?;
            for (stem, numbers) in stems.iter_mut().zip(self.numbers.chunks_exact(2 * frames)) {
                stem.iter_mut().zip(numbers.chunks_exact(frames)).for_each(|(to, from)| to.copy_from_slice(from));
            }
            return Ok(stems);
        };
        // Kept, whatever comes.
        let result = self.run_spectra(&mut spectra, segment, &mut stems);
        self.spectra = Some(spectra);
        result.map(|()| stems)
    }

    fn run_spectra(
        &mut self,
        spectra: &mut Spectra,
        segment: &[Vec<f32>; 2],
        stems: &mut [[Vec<f32>; 2]],
    ) -> Result<()> {
        let points = self.contract.lines * self.contract.frames;
        // Left and right, real and imaginary.
        let mut planes = vec![0.0; 4 * points];
        for (plane, samples) in planes.chunks_exact_mut(2 * points).zip(segment) {
            let (re, im) = plane.split_at_mut(points);
            spectra.forward(samples, re, im);
        }
        let complex = self.contract.kind == Kind::Complex;
        let magnitude = |plane: &[f32]| -> Vec<f32> {
            let (re, im) = plane.split_at(points);
            re.iter().zip(im).map(|(a, b)| a.hypot(*b)).collect()
        };
        let magnitudes: Vec<Vec<f32>> = planes.chunks_exact(2 * points).map(magnitude).collect();
        self.ask(if complex { planes.clone() } else { magnitudes.concat() })?;
        let each = self.contract.kind.channels() * points;
        for (stem, numbers) in stems.iter_mut().zip(self.numbers.chunks_exact(each)) {
            for (channel, samples) in stem.iter_mut().enumerate() {
                if complex {
                    let (re, im) = numbers[channel * 2 * points..][..2 * points].split_at(points);
                    spectra.inverse(re, im, samples);
                    continue;
                }
                let answer = &numbers[channel * points..][..points];
                let share = |(i, a): (usize, &f32)| match self.contract.kind {
                    Kind::Mask => a.clamp(0.0, 1.0),
                    _ => (a / magnitudes[channel][i].max(1e-9)).clamp(0.0, 1.0),
                };
                let shares: Vec<f32> = answer.iter().enumerate().map(share).collect();
                let (re, im) = planes[channel * 2 * points..][..2 * points].split_at(points);
                let times = |x: &[f32]| x.iter().zip(&shares).map(|(x, s)| x * s).collect::<Vec<f32>>();
                spectra.inverse(&times(re), &times(im), samples);
            }
        }
        Ok(())
    }
}

fn size(dimension: &Dimension) -> Size {
    match dimension {
        Dimension::Fixed(n) => Some(*n),
        Dimension::Symbolic(_) => None,
    }
}

fn load(path: &Path) -> Result<Model> {
    let io = |e| Error::io(path, "cannot read the model", e);
    let mut file = std::fs::File::open(path).map_err(io)?;
    let data = file.metadata().map_err(io)?;
    if data.is_dir() {
        return Err(Error::new(ErrorKind::Io, "this is a folder, not a model").at(path));
    }
    if data.len() > MOST_BYTES {
        return Err(Error::limit("a model in one file has 2 GiB at most").at(path));
    }
    // A protobuf of a model begins with its version: field 1, a small number. Whatever else comes, the reader tells.
    let mut head = [0; 2];
    let known = file.read_exact(&mut head).is_ok() && head[0] == 0x08 && (1..64).contains(&head[1]);
    if !known {
        return Err(Error::malformed("this is not an ONNX model")
            .at(path)
            .hint("--model takes .onnx files; docs/models.md says which, and how others are exported"));
    }
    let loaded = catch_unwind(|| Model::load_file(path))
        .map_err(|_| Error::malformed("the model is damaged: reading it broke off").at(path))?;
    loaded.map_err(|e| {
        let why = one_line(&e.to_string());
        let error = match e.kind() {
            rten::LoadErrorKind::IoError => Error::new(ErrorKind::Io, format!("the model cannot be read: {why}")),
            rten::LoadErrorKind::ParseError => Error::malformed(format!("the model is damaged, or not ONNX: {why}")),
            _ => Error::unsupported(format!("the model cannot be loaded: {why}"))
                .hint("docs/models.md says which models can be used, and how others are exported"),
        };
        error.at(path)
    })
}

/// The first line of what a library says.
fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}
