//! Where a decay ends in noise, and its curve with the noise taken out.
//!
//! The end and the noise are found as Lundeby, Vigran, Bietz and Vorländer do (Acustica 81, 1995, pp. 344–355): block
//! levels, a line through the decay, its crossing with the noise, and both again with better blocks. The energy curve is
//! then cut at the crossing, freed of the noise, and given back what the cut took: method E of Guski and Vorländer, Acta
//! Acustica united with Acustica 100, 2014, pp. 320–327.

/// Rounds of refinement.
const ROUNDS: usize = 5;
/// The line is fitted down to this far above the noise, dB, and up to `SPAN_DB` further.
const ABOVE_DB: f64 = 7.0;
const SPAN_DB: f64 = 20.0;

/// The decay of one squared (filtered) response.
#[derive(Clone, Debug)]
pub(super) struct Decay {
    /// First frame that is left out: where the decay crosses the noise, or the end.
    pub end: usize,
    /// Noise, energy a frame; 0 where the response ends before it shows.
    pub noise: f64,
    /// Energy that the decay would have had after `end`.
    pub tail: f64,
    /// Frames in which the decay's energy falls to 1/e, there.
    pub tail_frames: f64,
    /// From the loudest block down to the noise, or to the end of a response without noise, dB.
    pub range_db: f64,
}

/// A straight line through block levels.
#[derive(Clone, Copy)]
struct Line {
    /// dB at frame 0.
    at_zero: f64,
    /// dB a frame, negative.
    slope: f64,
}

impl Line {
    /// Through the points (frame, dB); `None` if there are not two or they do not fall.
    fn fit(points: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Self> {
        let count = points.clone().count() as f64;
        if count < 2.0 {
            return None;
        }
        let (sx, sy) = points.clone().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x, sy + y));
        let (mx, my) = (sx / count, sy / count);
        let (xx, xy) = points.fold((0.0, 0.0), |(xx, xy), (x, y)| (xx + (x - mx) * (x - mx), xy + (x - mx) * (y - my)));
        let slope = xy / xx;
        (slope < 0.0).then_some(Self { at_zero: my - slope * mx, slope })
    }

    fn reaches(&self, level: f64) -> f64 {
        (level - self.at_zero) / self.slope
    }

    fn at(&self, frame: f64) -> f64 {
        self.at_zero + self.slope * frame
    }
}

fn db(energy: f64) -> f64 {
    10.0 * energy.max(1e-300).log10()
}

fn mean(x: &[f64]) -> f64 {
    if x.is_empty() { 0.0 } else { x.iter().sum::<f64>() / x.len() as f64 }
}

/// Levels of blocks of `size` frames, each at its middle.
fn levels(squared: &[f64], size: usize) -> Vec<(f64, f64)> {
    squared.chunks_exact(size).enumerate().map(|(i, c)| ((i as f64 + 0.5) * size as f64, db(mean(c)))).collect()
}

impl Decay {
    /// Of a squared response. `width_hz` is that of its band: narrow bands need longer blocks for a steady level.
    /// `None` if it is silent or falls nowhere.
    pub fn find(squared: &[f64], sample_rate: f64, width_hz: f64) -> Option<Self> {
        let len = squared.len();
        let shortest = ((0.003f64).max(0.5 / width_hz) * sample_rate) as usize + 1;
        let mut size = ((0.02f64).max(4.0 / width_hz) * sample_rate) as usize;
        size = size.min(len / 20).max(shortest);
        let mut noise = mean(&squared[len - (len / 10).min(len)..]);
        let blocks = levels(squared, size);
        let (loudest, peak_db) =
            blocks.iter().enumerate().max_by(|a, b| a.1.1.total_cmp(&b.1.1)).map(|(i, b)| (i, b.1))?;
        if peak_db < -290.0 {
            return None;
        }
        // In large rooms there is nothing between the direct sound and the first reflection.
        let first = blocks[loudest..].iter().filter(|b| b.1 > db(noise) + 10.0);
        let mut line = Line::fit(first.copied())?;
        let mut line_size;
        let mut floor = len - len / 10;
        for _ in 0..ROUNDS {
            // Five blocks for each 10 dB.
            line_size = ((2.0 / -line.slope) as usize).clamp(shortest, (len / 10).max(shortest));
            let crossing = line.reaches(db(noise)).clamp(0.0, len as f64);
            // The noise is safe to measure where the decay lies 10 dB below it.
            floor = ((crossing + 10.0 / -line.slope) as usize).min(len - len / 10);
            noise = mean(&squared[floor..]);
            let low = db(noise) + ABOVE_DB;
            let high = (low + SPAN_DB).min(peak_db - 2.0);
            let late = levels(squared, line_size);
            let from = late.iter().rposition(|b| b.1 > high).map_or(0, |i| i + 1);
            let fit = late[from.min(late.len())..].iter().take_while(|b| b.1 > low);
            match Line::fit(fit.copied()) {
                Some(better) => line = better,
                None => break,
            }
        }
        let drop = |energy: &[f64]| {
            let (a, b) = energy.split_at(energy.len() / 2);
            db(mean(a)) - db(mean(b))
        };
        // What still falls at half of the decay's rate is no floor: the response ends before its noise shows.
        let falls = drop(&squared[floor..]) > 0.5 * -line.slope * 0.5 * (len - floor) as f64;
        let tail_frames = 10.0 * std::f64::consts::LOG10_E / -line.slope;
        if falls || noise < 1e-290 {
            let range_db = peak_db - line.at(len as f64).max(db(noise) - 20.0);
            return Some(Self { end: len, noise: 0.0, tail: 0.0, tail_frames, range_db });
        }
        let end = line.reaches(db(noise)).clamp(0.0, len as f64);
        // On the line the decay is as strong as the noise there.
        let tail = 10f64.powf(0.1 * line.at(end)) * tail_frames;
        Some(Self { end: end as usize, noise, tail, tail_frames, range_db: peak_db - db(noise) })
    }

    /// Energy from each frame on, as a level, dB below that of the whole: Schroeder's curve, J. Acoust. Soc. Am. 37(3),
    /// 1965, pp. 409–412. As long as the decay stands out of the noise.
    pub fn curve(&self, squared: &[f64]) -> Vec<f64> {
        let mut energy = self.tail;
        let mut curve: Vec<f64> = squared[..self.end]
            .iter()
            .rev()
            .map(|x| {
                energy += x - self.noise;
                energy
            })
            .collect();
        curve.reverse();
        let whole = curve.first().copied().unwrap_or(0.0);
        // Next to the crossing the noise may take more than there is.
        curve.iter_mut().for_each(|e| *e = 10.0 * (*e / whole).max(1e-30).log10());
        curve
    }

    /// Energy of the first `frames` of a squared response that is cut in the same noise.
    pub fn energy(&self, squared: &[f64], frames: std::ops::Range<usize>) -> f64 {
        let (from, to) = (frames.start.min(self.end), frames.end.min(self.end));
        squared[from..to].iter().map(|x| x - self.noise).sum()
    }
}

/// The decay time, seconds for 60 dB, of the line through a curve between its first frames at `from` and `to` dB;
/// `None` if it does not get there.
pub(super) fn time(curve: &[f64], start: usize, from: f64, to: f64, sample_rate: f64) -> Option<f64> {
    let first = curve.iter().skip(start).position(|l| *l <= from)? + start;
    let last = curve.iter().skip(first).position(|l| *l <= to)? + first;
    let points = (first..last).map(|n| (n as f64, curve[n]));
    Line::fit(points).map(|line| -60.0 / line.slope / sample_rate)
}
