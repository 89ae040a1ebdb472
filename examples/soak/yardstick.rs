//! A callback's work in units that a slow machine does not change: so many small Fourier transforms, timed on the same thread
//! right after it. What makes a processor slow for a while, such as another machine's thread on the same core, makes both slow.

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;
use std::time::Duration;

/// Points of the transform, and how many are timed after each callback: about 30 µs.
const POINTS: usize = 512;
const TRANSFORMS: u32 = 60;

pub struct Yardstick {
    fft: Arc<dyn Fft<f32>>,
    points: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// Of each callback: CPU seconds, transforms that it was as long as, when, seconds.
    looks: Vec<[f64; 3]>,
    /// CPU seconds of all transforms.
    spent: f64,
}

impl Yardstick {
    pub fn new() -> Self {
        let fft = FftPlanner::new().plan_fft_forward(POINTS);
        let scratch = vec![Complex::default(); fft.get_inplace_scratch_len()];
        Self { fft, points: vec![Complex::new(0.1, 0.2); POINTS], scratch, looks: Vec::new(), spent: 0.0 }
    }

    /// Measures a callback by this thread's CPU time.
    pub fn measure(&mut self, at: Duration, callback: impl FnOnce()) {
        let start = cpu_time();
        callback();
        let done = cpu_time();
        // Its length stays what it is, so that no number becomes so small that it is slow.
        let keep = (1.0 / POINTS as f32).sqrt();
        for _ in 0..TRANSFORMS {
            self.fft.process_with_scratch(&mut self.points, &mut self.scratch);
            self.points.iter_mut().for_each(|z| *z *= keep);
        }
        let transforms = cpu_time() - done;
        self.spent += transforms;
        let work = f64::from(TRANSFORMS) * (done - start) / transforms;
        self.looks.push([done - start, work, at.as_secs_f64()]);
    }

    /// Says what was measured, of callbacks `period` seconds apart.
    pub fn say(&self, period: f64) {
        let count = self.looks.len().max(1) as f64;
        let unit = self.spent / (count * f64::from(TRANSFORMS));
        let cpu = self.looks.iter().map(|l| l[0]).sum::<f64>();
        let mut sorted = self.looks.clone();
        sorted.sort_unstable_by(|a, b| a[1].total_cmp(&b[1]));
        let rank = |part: f64| sorted.get((part * (count - 1.0)) as usize).map_or(0.0, |l| l[1]);
        for [cpu, work, at] in sorted.iter().rev().take(8) {
            eprintln!("{work:.0} transforms, {:.0} % of CPU time, at {at:.3} s", 100.0 * cpu / period);
        }
        println!(
            "{{\"callbacks\": {count}, \"cpu_load\": {:.4}, \"transform_us\": {:.4}, \"mean_work\": {:.0}, \"median_work\": {:.0}, \
             \"p99_work\": {:.0}, \"p999_work\": {:.0}, \"worst_work\": {:.0}}}",
            cpu / count / period,
            1e6 * unit,
            cpu / unit / count,
            rank(0.5),
            rank(0.99),
            rank(0.999),
            rank(1.0)
        );
    }
}

fn cpu_time() -> f64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    t.tv_sec as f64 + 1e-9 * t.tv_nsec as f64
}
