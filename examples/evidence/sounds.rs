//! The sounds that the whole program is measured with, made here: the same on every machine.

use periphon::sink::{FileSink, SampleFormat, SinkSpec};
use periphon::{Layout, Result};
use std::f64::consts::{PI, TAU};
use std::path::Path;

/// A small linear congruential generator.
pub struct Random(pub u64);

impl Random {
    /// In [0, 1).
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// In 0..n.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.next() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// In [−1, 1).
    pub fn both(&mut self) -> f64 {
        2.0 * self.next() - 1.0
    }
}

/// Writes a 16-bit WAV file at 48 kHz: pink noise with a slow envelope in every channel, so that nobody meets silence.
/// Ten seconds are made and repeated.
pub fn write_track(path: &Path, layout: &str, channels: usize, seconds: usize) -> Result<()> {
    const RATE: usize = 48_000;
    let planes: Vec<Vec<f32>> = (0..channels)
        .map(|c| {
            let mut pink = Pink::new(c as u64 + 1);
            let rate = TAU / (RATE as f64 * 10.0) * (1 + c) as f64;
            (0..10 * RATE).map(|n| (pink.next() * (0.35 + 0.1 * (rate * n as f64).sin())) as f32).collect()
        })
        .collect();
    let spec = SinkSpec::new(RATE as u32, Layout::named(layout, channels)?, SampleFormat::I16);
    let mut sink = FileSink::create(path, &spec, true)?;
    let mut left = seconds * RATE;
    while left > 0 {
        let now = left.min(planes[0].len());
        sink.write(&planes.iter().map(|p| &p[..now]).collect::<Vec<_>>())?;
        left -= now;
    }
    sink.finish()?;
    Ok(())
}

/// Noise that falls by three decibels an octave: Paul Kellet's "economy" sum of three one-pole filters.
struct Pink {
    random: Random,
    state: [f64; 3],
}

impl Pink {
    fn new(seed: u64) -> Self {
        Self { random: Random(seed), state: [0.0; 3] }
    }

    fn next(&mut self) -> f64 {
        let white = self.random.both();
        let poles = [(0.99765, 0.099_046), (0.963, 0.296_516_4), (0.57, 1.052_691_3)];
        for (s, (pole, gain)) in self.state.iter_mut().zip(poles) {
            *s = pole * *s + gain * white;
        }
        (self.state.iter().sum::<f64>() + 0.1848 * white) * 0.15
    }
}

/// Writes something like music, stereo, 44.1 kHz, 24 bits: panned plucked notes and hits with high peaks.
pub fn write_music(path: &Path, seconds: usize) -> Result<()> {
    const RATE: f64 = 44_100.0;
    let frames = seconds * RATE as usize;
    let mut random = Random(7);
    let mut planes = [vec![0.0f32; frames], vec![0.0f32; frames]];
    for _ in 0..seconds * 6 {
        let hz = 110.0 * (random.below(36) as f64 / 12.0).exp2();
        let (decay, pan) = (3.0 + 6.0 * random.next(), random.next() * PI / 2.0);
        let at = random.below(frames);
        let length = ((0.8 * RATE) as usize).min(frames - at);
        for n in 0..length {
            let t = n as f64 / RATE;
            let wave: f64 = (1..8).map(|h| (TAU * hz * f64::from(h) * t).sin() / f64::from(h)).sum();
            let y = 0.05 * wave * (-t * decay).exp();
            planes[0][at + n] += (y * pan.cos()) as f32;
            planes[1][at + n] += (y * pan.sin()) as f32;
        }
    }
    for hit in 0..2 * seconds {
        let at = (hit as f64 * 0.5 * RATE) as usize;
        for n in 0..((0.2 * RATE) as usize).min(frames - at) {
            let y = 0.4 * random.both() * (-(n as f64) / RATE * 30.0).exp();
            planes.iter_mut().for_each(|p| p[at + n] += y as f32);
        }
    }
    let peak = planes.iter().flatten().fold(1e-9f32, |m, x| m.max(x.abs()));
    planes.iter_mut().flatten().for_each(|x| *x *= 0.9 / peak);
    let spec = SinkSpec::new(RATE as u32, Layout::named("stereo", 2)?, SampleFormat::I24);
    let mut sink = FileSink::create(path, &spec, true)?;
    sink.write(&[&planes[0], &planes[1]])?;
    sink.finish()?;
    Ok(())
}
