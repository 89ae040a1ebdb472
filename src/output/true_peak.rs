//! The largest value the signal takes between its samples, in dBTP (ITU-R BS.1770 Annex 2, sixteen points a sample).

use super::oversample::{BLOCK, CONTEXT, Oversampler, SPAN, sample_peak};

/// Frames kept waiting for more, at most.
const ROOM: usize = 1024;

/// A streaming meter of the largest true peak over all channels.
#[derive(Clone, Debug)]
pub struct TruePeakMeter {
    over: Oversampler,
    lines: Vec<Line>,
    peak: f32,
}

/// The last frames of one channel: `CONTEXT` of the past, then those that are not judged yet.
#[derive(Clone, Debug)]
struct Line {
    samples: Vec<f32>,
    filled: usize,
}

impl TruePeakMeter {
    /// A meter of `channels` channels.
    pub fn new(channels: usize) -> Self {
        let line = Line { samples: vec![0.0; ROOM + SPAN], filled: CONTEXT };
        Self { over: Oversampler::new(), lines: vec![line; channels], peak: 0.0 }
    }

    /// Takes the next frames, one slice a channel. Samples that are not finite count as silence. Never allocates.
    ///
    /// # Panics
    /// Panics if there are more slices than channels.
    pub fn push(&mut self, planes: &[&[f32]]) {
        for (line, plane) in self.lines[..planes.len()].iter_mut().zip(planes) {
            for part in plane.chunks(ROOM) {
                let new = &mut line.samples[line.filled..line.filled + part.len()];
                new.copy_from_slice(part);
                super::guard::silence_odd(new);
                line.filled += part.len();
                line.judge(&self.over, &mut self.peak);
            }
        }
    }

    /// The largest true peak of what has been judged, all but the last few frames. Never allocates.
    pub fn peak_so_far(&self) -> f32 {
        self.peak
    }

    /// As [`TruePeakMeter::peak_so_far`], and the next one begins at nothing: for meters that show the last moment.
    pub fn take_peak(&mut self) -> f32 {
        std::mem::take(&mut self.peak)
    }

    /// The largest true peak so far, linear: 1 is full scale. The signal is taken to be silent from here on.
    pub fn peak(&self) -> f32 {
        let mut peak = self.peak;
        for line in &self.lines {
            let mut line = line.clone();
            let end = line.filled + SPAN;
            line.samples.resize(end.max(line.samples.len()), 0.0);
            line.samples[line.filled..end].fill(0.0);
            line.filled = end;
            line.judge(&self.over, &mut peak);
        }
        peak
    }

    /// The largest true peak so far in dBTP; minus infinity for silence.
    pub fn dbtp(&self) -> f64 {
        20.0 * f64::from(self.peak()).log10()
    }

    /// Forgets everything: as new.
    pub fn reset(&mut self) {
        self.peak = 0.0;
        for line in &mut self.lines {
            line.samples.fill(0.0);
            line.filled = CONTEXT;
        }
    }
}

impl Line {
    fn judge(&mut self, over: &Oversampler, peak: &mut f32) {
        let mut start = 0;
        while let Some(span) = self.samples[start..self.filled].first_chunk::<SPAN>() {
            if !over.stays_under(sample_peak(span), *peak)
                && let Some(peaks) = over.peaks_over(span, *peak)
            {
                *peak = peaks.iter().copied().fold(*peak, f32::max);
            }
            start += BLOCK;
        }
        self.samples.copy_within(start..self.filled, 0);
        self.filled -= start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: f64, frequency: f64, phase_deg: f64, amplitude: f64, frames: usize) -> Vec<f32> {
        let step = 2.0 * std::f64::consts::PI * frequency / rate;
        (0..frames).map(|n| (amplitude * (step * n as f64 + phase_deg.to_radians()).sin()) as f32).collect()
    }

    /// Cases 15 to 20 of EBU Tech 3341 in kind: tones whose samples miss the crest; the tolerance is +0.2, -0.4 dB.
    #[test]
    fn crests_between_samples_are_found() {
        for (divide, phase, amplitude, want) in [
            (4.0, 0.0, 0.5, -6.0),
            (4.0, 45.0, 0.5, -6.0),
            (6.0, 60.0, 0.5, -6.0),
            (8.0, 67.5, 0.5, -6.0),
            (4.0, 45.0, 1.41, 3.0),
        ] {
            let mut signal = tone(48000.0, 48000.0 / divide, phase, amplitude, 48000);
            // Fades, as in the EBU files, so that start and end make no peaks of their own.
            for (i, x) in signal.iter_mut().enumerate() {
                *x *= (i.min(48_000 - i) as f32 / 4800.0).min(1.0);
            }
            let mut meter = TruePeakMeter::new(1);
            meter.push(&[&signal]);
            assert!((meter.dbtp() - want).abs() < 0.1, "fs/{divide} {phase}: {}", meter.dbtp());
        }
    }

    #[test]
    fn the_answer_does_not_depend_on_the_blocks() {
        let signal: Vec<f32> = tone(44100.0, 997.0, 0.0, 0.7, 30011)
            .iter()
            .zip(tone(44100.0, 15013.0, 20.0, 0.4, 30011))
            .map(|(a, b)| a + b)
            .collect();
        let mut whole = TruePeakMeter::new(1);
        whole.push(&[&signal]);
        for block in [1, 16, 100, 4096] {
            let mut meter = TruePeakMeter::new(1);
            signal.chunks(block).for_each(|c| meter.push(&[c]));
            assert_eq!(meter.peak(), whole.peak());
        }
        whole.reset();
        assert_eq!(whole.peak(), 0.0);
    }

    #[test]
    fn a_peak_at_the_very_end_counts_and_nan_does_not() {
        let mut meter = TruePeakMeter::new(2);
        meter.push(&[&[0.1, f32::NAN, 0.9], &[0.0, 0.0, f32::INFINITY]]);
        assert!(meter.peak() >= 0.9 && meter.peak() < 1.3);
    }
}
