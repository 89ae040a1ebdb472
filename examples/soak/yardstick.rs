//! A callback's work in units that a slow machine does not change: so many small Fourier transforms, timed on the same thread
//! right after it. What makes a processor slow for a while, such as another machine's thread on the same core, makes both slow.

use super::witness::now;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::sync::{Arc, Mutex};

/// Points of the transform, and how many are timed after each callback: about 30 µs.
const POINTS: usize = 512;
const TRANSFORMS: u32 = 60;

pub struct Yardstick {
    fft: Arc<dyn Fft<f32>>,
    points: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// The shortest time that all transforms took, CPU seconds: clocks of virtual machines jump.
    best: f64,
    told: Arc<Mutex<Vec<Callback>>>,
    looks: Vec<Callback>,
}

/// One callback as it was measured.
#[derive(Clone, Copy)]
pub struct Callback {
    /// Seconds since 1970.
    from: f64,
    to: f64,
    /// CPU seconds of the callback and of one transform.
    cpu: f64,
    transform: f64,
}

impl Callback {
    /// Transforms that it was as long as.
    fn work(&self) -> f64 {
        self.cpu / self.transform
    }
}

impl Yardstick {
    /// Tells what it measured when it is dropped.
    pub fn new(told: Arc<Mutex<Vec<Callback>>>) -> Self {
        let fft = FftPlanner::new().plan_fft_forward(POINTS);
        let scratch = vec![Complex::default(); fft.get_inplace_scratch_len()];
        let points = vec![Complex::new(0.1, 0.2); POINTS];
        let mut new = Self { fft, points, scratch, best: 0.0, told, looks: Vec::new() };
        new.best = (0..100).map(|_| new.transform()).filter(|t| *t > 0.0).fold(f64::INFINITY, f64::min);
        new
    }

    /// CPU seconds of one transform.
    fn transform(&mut self) -> f64 {
        let start = cpu_time();
        // Its length stays what it is, so that no number becomes so small that it is slow.
        let keep = (1.0 / POINTS as f32).sqrt();
        for _ in 0..TRANSFORMS {
            self.fft.process_with_scratch(&mut self.points, &mut self.scratch);
            self.points.iter_mut().for_each(|z| *z *= keep);
        }
        (cpu_time() - start) / f64::from(TRANSFORMS)
    }

    /// Measures a callback by this thread's CPU time.
    pub fn measure(&mut self, callback: impl FnOnce()) {
        let (from, start) = (now(), cpu_time());
        callback();
        let (cpu, to) = (cpu_time() - start, now());
        let transform = self.transform().max(self.best);
        self.looks.push(Callback { from, to, cpu, transform });
    }
}

impl Drop for Yardstick {
    fn drop(&mut self) {
        if let Ok(mut told) = self.told.lock() {
            told.append(&mut self.looks);
        }
    }
}

/// Callbacks that are named because they were longest.
const NAMED: usize = 8;

/// What was measured, as JSON's next fields; `undisturbed` says of a stretch of time whether nothing held the machine up, `changes`
/// what was changed, and when.
pub fn sum_up(looks: &[Callback], undisturbed: impl Fn(f64, f64) -> bool, changes: &[(f64, &str)]) -> String {
    let sum = |of: fn(&Callback) -> f64| looks.iter().map(of).sum::<f64>() / looks.len().max(1) as f64;
    let mut sorted: Vec<f64> = looks.iter().map(Callback::work).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = |part: f64| sorted.get((part * sorted.len().saturating_sub(1) as f64) as usize).copied().unwrap_or(0.0);
    let mut alone: Vec<&Callback> = looks.iter().filter(|l| undisturbed(l.from, l.to)).collect();
    alone.sort_unstable_by(|a, b| b.work().total_cmp(&a.work()));
    for look in alone.iter().take(NAMED) {
        let before = changes.iter().rev().find(|c| c.0 <= look.from);
        let after =
            before.map_or(String::new(), |(at, what)| format!(", {:.0} ms after '{what}'", 1000.0 * (look.from - at)));
        eprintln!("{:.0} transforms, undisturbed{after}", look.work());
    }
    let (count, worst) = (alone.len(), alone.first().map_or(0.0, |l| l.work()));
    format!(
        ", \"callbacks\": {}, \"cpu_us\": {:.1}, \"transform_us\": {:.4}, \"mean_work\": {:.0}, \"p99_work\": {:.0}, \"p999_work\": {:.0}, \
         \"worst_work\": {:.0}, \"undisturbed\": {count}, \"worst_undisturbed_work\": {worst:.0}",
        looks.len(),
        1e6 * sum(|l| l.cpu),
        1e6 * sum(|l| l.transform),
        sum(Callback::work),
        rank(0.99),
        rank(0.999),
        rank(1.0)
    )
}

fn cpu_time() -> f64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    t.tv_sec as f64 + 1e-9 * t.tv_nsec as f64
}
