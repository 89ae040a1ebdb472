//! `periphon bench`: what this machine can do, measured with the engine that renders and plays.
//!
//! Figures are CPU time of one thread, so that other work on the machine disturbs them little; the median of several
//! runs after a warm-up. The worst block is taken over blocks, each at its best over the runs: what the engine itself
//! needs, without what interrupts it.

use crate::coords::{Pose, Rotation, Vec3};
use crate::error::Result;
use crate::hrtf::{self, HrtfSet};
use crate::render::{EngineOptions, Space, engine};
use crate::room::Room;
use crate::room::measured::{Assignment, BrirRenderer, Emitter, MeasuredRoom, Receivers, RoomResponses};
use crate::spatializer::{HeadMotion, Motion, SourceSpec};
use serde::Serialize;
use std::f64::consts::TAU;
use std::hint::black_box;
use std::sync::Arc;

const RATE: f64 = 48_000.0;
const RUNS: usize = 5;

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct BenchOptions {
    /// Head to use: a built-in name or a SOFA file.
    pub hrtf: String,
    /// Only this many sources.
    pub sources: Option<usize>,
    /// Only this block.
    pub block: Option<usize>,
    /// Seconds of sound in each run.
    pub seconds: f64,
}

/// One measurement of sources that are all alike.
#[derive(Clone, Debug, Serialize)]
pub struct Sources {
    /// Sources at once.
    pub sources: usize,
    /// Frames in a block.
    pub block: usize,
    /// Samples of the head's responses.
    pub taps: usize,
    /// Microseconds of CPU for one source and second of sound.
    pub us_per_source_second: f64,
    /// The longest block over the mean one.
    pub worst_block_over_mean: f64,
    /// Sources that fill one core.
    pub sources_per_core: f64,
}

/// Sources in a shoebox of 6 × 5 × 3 m, absorption 0.2, with images up to an order and the late field, live.
#[derive(Clone, Debug, Serialize)]
pub struct InRoom {
    /// Sources at once.
    pub sources: usize,
    /// Order of the image sources.
    pub reflection_order: usize,
    /// Frames in a block.
    pub block: usize,
    /// Every source on a way of its own, or all still.
    pub moving: bool,
    /// Milliseconds of CPU for a second of sound.
    pub ms_per_second: f64,
    /// The longest block over the mean one.
    pub worst_block_over_mean: f64,
    /// Milliseconds of CPU to build the room.
    pub build_ms: f64,
}

/// Sources through measured responses for two ears.
#[derive(Clone, Debug, Serialize)]
pub struct Brir {
    /// Sources at once, each with responses of its own.
    pub sources: usize,
    /// Seconds of each response.
    pub seconds: f64,
    /// Frames in a block.
    pub block: usize,
    /// Milliseconds of CPU for a second of sound.
    pub ms_per_second: f64,
    /// The longest block over the mean one.
    pub worst_block_over_mean: f64,
}

/// Offline rendering of a still layout.
#[derive(Clone, Debug, Serialize)]
pub struct Offline {
    /// Loudspeaker layout.
    pub layout: &'static str,
    /// Seconds of sound for one of CPU, engine alone.
    pub x_realtime: f64,
}

/// What `bench` found.
#[derive(Clone, Debug, Serialize)]
pub struct BenchReport {
    /// Which inner loops this machine runs.
    pub kernels: &'static str,
    /// The head.
    pub hrtf: String,
    /// Every source on a circle of its own, a new direction every block.
    pub moving: Vec<Sources>,
    /// The same, standing still.
    pub still: Vec<Sources>,
    /// Sources in a room.
    pub room: Vec<InRoom>,
    /// Sources through measured responses.
    pub brir: Vec<Brir>,
    /// Layouts, offline.
    pub offline: Vec<Offline>,
}

/// CPU seconds of this thread; wall-clock seconds where the system does not tell.
pub fn cpu_seconds() -> f64 {
    #[cfg(unix)]
    {
        let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9
    }
    #[cfg(not(unix))]
    {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed().as_secs_f64()
    }
}

/// Measures; `told` is called with each finished line.
///
/// # Errors
/// What opening the head or building an engine runs into.
pub fn bench(options: &BenchOptions, told: &mut dyn FnMut(&str)) -> Result<BenchReport> {
    let set = hrtf::open(&options.hrtf, RATE)?;
    let counts = options.sources.map_or(vec![64, 256], |n| vec![n]);
    let blocks = options.block.map_or(vec![64, 128, 256, 512], |b| vec![b]);
    let mut report = BenchReport {
        kernels: crate::dsp::kernel::Kernels::detect().name(),
        hrtf: options.hrtf.clone(),
        moving: Vec::new(),
        still: Vec::new(),
        room: Vec::new(),
        brir: Vec::new(),
        offline: Vec::new(),
    };
    for &block in &blocks {
        for &n in &counts {
            for moves in [true, false] {
                let s = sources(&set, n, block, options.seconds, moves)?;
                told(&format!(
                    "{n} sources, {}, block {block}: {:.0} µs for a source and second, {:.0} a core, worst block {:.2} of the mean",
                    if moves { "moving" } else { "still" },
                    s.us_per_source_second,
                    s.sources_per_core,
                    s.worst_block_over_mean
                ));
                if moves { report.moving.push(s) } else { report.still.push(s) }
            }
        }
    }
    let counts = options.sources.map_or(vec![1, 8], |n| vec![n]);
    for n in counts {
        for moves in [false, true] {
            let s = in_room(&set, n, options.block.unwrap_or(256), options.seconds, moves)?;
            told(&format!(
                "{n} sources in a room, {}, order {}, late field, block {}: {:.1} ms for a second, worst block {:.2} of the mean",
                if moves { "moving" } else { "still" },
                s.reflection_order,
                s.block,
                s.ms_per_second,
                s.worst_block_over_mean
            ));
            report.room.push(s);
        }
    }
    for block in options.block.map_or(vec![256, 8192], |b| vec![b]) {
        let s = brir(options.sources.unwrap_or(8), block, options.seconds)?;
        told(&format!(
            "{} sources through 1 s for two ears, block {block}: {:.1} ms for a second, worst block {:.2} of the mean",
            s.sources, s.ms_per_second, s.worst_block_over_mean
        ));
        report.brir.push(s);
    }
    if options.sources.is_none() && options.block.is_none() {
        for layout in ["stereo", "7.1.4"] {
            let n = crate::layout::Layout::named(layout, if layout == "stereo" { 2 } else { 12 })?.channels();
            let x_realtime = offline(&set, n, options.seconds)?;
            told(&format!("{layout}, offline: {x_realtime:.0} times real time"));
            report.offline.push(Offline { layout, x_realtime });
        }
    }
    Ok(report)
}

/// White noise in [−0.125, 0.125), the same on every run.
fn noise(n: usize) -> Vec<f32> {
    let mut r = 12_345u32;
    (0..n)
        .map(|_| {
            r = r.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (r >> 8) as f32 / 16_777_216.0 * 0.25 - 0.125
        })
        .collect()
}

/// Source `i` of `n`: where it starts and how long it takes to circle the head.
fn circle(i: usize, n: usize) -> Motion {
    let angle = TAU * i as f64 / n as f64;
    let z = 0.35 * (0.5 * angle).sin();
    let r = (1.0 - z * z).sqrt();
    Motion::Orbit {
        centre: Vec3::default(),
        start: Vec3::new(r * angle.cos(), r * angle.sin(), z),
        seconds_per_turn: 1.0 / (0.1 + 0.002 * i as f64),
    }
}

fn sources(set: &Arc<HrtfSet>, n: usize, block: usize, seconds: f64, moves: bool) -> Result<Sources> {
    let (mut engine, mut control) = engine(set, &EngineOptions::live(RATE, block, n))?;
    for i in 0..n {
        let motion = circle(i, n);
        let motion = if moves { motion } else { Motion::Still(motion.at(0.0)) };
        control.add(SourceSpec::new(motion))?;
    }
    let (mean, worst) = blocks(n, block, seconds, |inputs, l, r| engine.process(inputs, l, r));
    let us = mean * 1e6 / n as f64 * RATE / block as f64;
    Ok(Sources {
        sources: n,
        block,
        taps: set.taps(),
        us_per_source_second: us,
        worst_block_over_mean: worst,
        sources_per_core: 1e6 / us,
    })
}

fn in_room(set: &Arc<HrtfSet>, n: usize, block: usize, seconds: f64, moves: bool) -> Result<InRoom> {
    let space = Space { propagation: true, ..Space::default() };
    let (mut engine, mut control) = engine(set, &EngineOptions::live(RATE, block, n).with_space(space))?;
    let listener = Pose { position: Vec3::new(2.0, 2.2, 1.6), ..Pose::default() };
    control.set_head_motion(HeadMotion::Still(listener), 0.0)?;
    let room = Room { air: None, ..Room::new([6.0, 5.0, 3.0], 0.2) };
    let began = cpu_seconds();
    control.set_room(Some(&room), 0.0)?;
    let build_ms = 1e3 * (cpu_seconds() - began);
    for i in 0..n {
        let centre = Vec3::new(3.6, 2.5, 1.5);
        let start = Vec3::from_polar(360.0 * i as f64 / n as f64, 0.0, 0.9);
        let still = Motion::Still(centre + start);
        let orbit = Motion::Orbit { centre, start, seconds_per_turn: 6.0 + i as f64 };
        control.add(SourceSpec::new(if moves { orbit } else { still }))?;
    }
    let (mean, worst_block_over_mean) = blocks(n, block, seconds, |inputs, l, r| engine.process(inputs, l, r));
    Ok(InRoom {
        sources: n,
        reflection_order: room.reflection_order,
        block,
        moving: moves,
        ms_per_second: mean * 1e3 * RATE / block as f64,
        worst_block_over_mean,
        build_ms,
    })
}

fn brir(n: usize, block: usize, seconds: f64) -> Result<Brir> {
    let taps = RATE as usize;
    let decay = |i: usize| (-6.9 * (i % taps) as f32 / taps as f32).exp();
    let room = RoomResponses {
        sample_rate: RATE,
        taps,
        emitters: (0..n).map(|i| Emitter { name: i.to_string(), position: circle(i, n).at(0.0) }).collect(),
        orientations: vec![Rotation::IDENTITY],
        receivers: Receivers::Ears,
        responses: noise(2 * n * taps).iter().enumerate().map(|(i, x)| x * decay(i)).collect(),
        warnings: Vec::new(),
    };
    let room = Arc::new(MeasuredRoom::new(room, RATE)?);
    let ways: Vec<Assignment> = (0..n).map(Assignment::emitter).collect();
    let mut renderer = BrirRenderer::new(&room, &ways, block, Rotation::IDENTITY)?;
    // Two seconds at least, as the longest partitions are as long as that.
    let (mean, worst_block_over_mean) =
        blocks(n, block, seconds.max(2.0), |inputs, l, r| renderer.process(inputs, l, r));
    Ok(Brir {
        sources: n,
        seconds: room.taps() as f64 / RATE,
        block,
        ms_per_second: mean * 1e3 * RATE / block as f64,
        worst_block_over_mean,
    })
}

/// CPU seconds of the mean block, the median of the runs, and the longest block over the mean, each at its best.
fn blocks(
    n: usize,
    block: usize,
    seconds: f64,
    mut process: impl FnMut(&[&[f32]], &mut [f32], &mut [f32]),
) -> (f64, f64) {
    let sound = noise(2 * RATE as usize);
    let count = ((seconds * RATE) as usize / block).max(1);
    let (mut left, mut right) = (vec![0.0f32; block], vec![0.0f32; block]);
    let mut inputs: Vec<&[f32]> = Vec::with_capacity(n);
    let mut best = vec![f64::INFINITY; count];
    let mut means = Vec::new();
    for run in 0..=RUNS {
        let began = cpu_seconds();
        for (b, best) in best.iter_mut().enumerate() {
            inputs.clear();
            inputs.extend((0..n).map(|i| {
                let at = (i * 977 + b * block) % (sound.len() - block);
                &sound[at..at + block]
            }));
            let t = cpu_seconds();
            process(&inputs, &mut left, &mut right);
            black_box((&left, &right));
            if run > 0 {
                *best = best.min(cpu_seconds() - t);
            }
        }
        if run > 0 {
            means.push((cpu_seconds() - began) / count as f64);
        }
    }
    means.sort_by(f64::total_cmp);
    let best_mean = best.iter().sum::<f64>() / count as f64;
    (means[means.len() / 2], best.iter().fold(0.0f64, |m, b| m.max(*b)) / best_mean)
}

fn offline(set: &Arc<HrtfSet>, n: usize, seconds: f64) -> Result<f64> {
    let block = 4096;
    let mut options = EngineOptions::offline(RATE, block, n);
    options.still = true;
    let (mut engine, mut control) = engine(set, &options)?;
    for i in 0..n {
        control.add(SourceSpec::still(circle(i, n).at(0.0)))?;
    }
    let sound = noise(2 * RATE as usize);
    let count = ((10.0 * seconds * RATE) as usize / block).max(1);
    let (mut left, mut right) = (vec![0.0f32; block], vec![0.0f32; block]);
    let mut times = Vec::new();
    for run in 0..=RUNS {
        let began = cpu_seconds();
        for b in 0..count {
            let at = (b * block) % (sound.len() - block - n);
            let inputs: Vec<&[f32]> = (0..n).map(|i| &sound[at + i..at + i + block]).collect();
            engine.process(&inputs, &mut left, &mut right);
            black_box((&left, &right));
        }
        if run > 0 {
            times.push(cpu_seconds() - began);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(count as f64 * block as f64 / RATE / times[times.len() / 2])
}
