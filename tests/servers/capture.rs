//! Finds a render in what a server captured.

use std::path::Path;

/// How a capture agrees with a render.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    /// Frames of the render that the capture has.
    pub frames: usize,
    /// Of the render.
    pub of: usize,
    /// Energy of the difference over that of the render, dB.
    pub error_db: f64,
    /// Samples that are not the same to the last bit.
    pub different: usize,
}

impl Match {
    /// Nearly all is there, but for what sounded before the recorder listened, and it is the same.
    pub fn is_whole(&self) -> bool {
        self.frames * 10 >= self.of * 9 && self.error_db < -120.0
    }
}

/// Both interleaved, two channels.
pub fn matched(want: &[f32], got: &[f32]) -> Match {
    let frame = |x: &[f32], n: usize| [x[2 * n], x[2 * n + 1]];
    let (of, length) = (want.len() / 2, got.len() / 2);
    // By the loudest frame of the render; where the capture has its like, the surroundings decide.
    let key = (500..of - 500).max_by(|a, b| want[2 * a].abs().total_cmp(&want[2 * b].abs())).unwrap();
    let apart = |a: [f32; 2], b: [f32; 2]| f64::from(a[0] - b[0]).powi(2) + f64::from(a[1] - b[1]).powi(2);
    let surroundings =
        |n: usize| (0..900).map(|k| apart(frame(got, n + k - 450), frame(want, key + k - 450))).sum::<f64>();
    let found = (450..length.saturating_sub(450))
        .filter(|n| (got[2 * n] - want[2 * key]).abs() < 1e-4)
        .min_by(|a, b| surroundings(*a).total_cmp(&surroundings(*b)));
    let Some(at) = found else { return Match { frames: 0, of, error_db: f64::INFINITY, different: want.len() } };
    let first = key.saturating_sub(at);
    let last = of.min(length + key - at);
    let (mut error, mut power, mut different) = (0.0, 1e-30, 0);
    for n in first..last {
        let (a, b) = (frame(want, n), frame(got, n + at - key));
        error += apart(a, b);
        power += apart(a, [0.0; 2]);
        different += usize::from(a[0] != b[0]) + usize::from(a[1] != b[1]);
    }
    Match { frames: last - first, of, error_db: 10.0 * (error / power).log10(), different }
}

/// Frames of a piece that is looked for by itself.
const PIECE: usize = 480;

/// How many of the render's sounding pieces of 10 ms the capture lacks, and how many there are: found are those that are the same to −120 dB,
/// one after the other, whatever lies between them. So much a server that was held up has lost.
pub fn lost_pieces(want: &[f32], got: &[f32]) -> (u32, u32) {
    let (mut sounding, mut found, mut from) = (0, 0, 0);
    for piece in want.chunks_exact(2 * PIECE) {
        let peak = piece.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        if peak < 1e-3 {
            continue;
        }
        sounding += 1;
        let like = |other: &[f32]| other.iter().zip(piece).all(|(a, b)| (a - b).abs() <= 1e-6 * peak);
        let at = (from..got.len().saturating_sub(piece.len())).step_by(2).find(|at| like(&got[*at..][..piece.len()]));
        if let Some(at) = at {
            found += 1;
            from = at + piece.len();
        }
    }
    (sounding - found, sounding)
}

/// The samples of a file of nothing but 32-bit floats.
pub fn raw_floats(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// The samples of a WAV of floats or 32-bit integers.
pub fn floats_of_wav(path: &Path) -> Vec<f32> {
    let mut wav = hound::WavReader::open(path).unwrap();
    match wav.spec().sample_format {
        hound::SampleFormat::Float => wav.samples::<f32>().map(Result::unwrap).collect(),
        hound::SampleFormat::Int => {
            let full = f64::from(1u32 << (wav.spec().bits_per_sample - 1));
            wav.samples::<i32>().map(|x| (f64::from(x.unwrap()) / full) as f32).collect()
        }
    }
}
