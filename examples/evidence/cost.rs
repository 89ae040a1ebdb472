//! What the engine costs: moving sources, and opening a head.

use crate::measure::{cpu_of, median, program_cpu};
use crate::table::Row;
use periphon::cli::bench::{BenchOptions, Sources, bench};
use periphon::coords::Vec3;
use periphon::dsp::fft::good_len;
use periphon::hrtf::{FilterBank, HrtfSet, Interpolator, Measured, read};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Moving sources, measured several times over a sitting: other work on the machine slows whole stretches of it down.
#[derive(Default)]
pub struct Moving {
    small: Vec<Sources>,
    large: Vec<Sources>,
}

impl Moving {
    /// Measures once more.
    pub fn measure(&mut self, quick: bool) -> Result<(), String> {
        for (sources, block, all) in [(64, 128, &mut self.small), (256, 256, &mut self.large)] {
            let options = BenchOptions {
                hrtf: "ku100".into(),
                sources: Some(sources),
                block: Some(block),
                seconds: if quick { 0.1 } else { 1.0 },
            };
            all.extend(bench(&options, &mut |_| ()).map_err(|e| e.to_string())?.moving);
        }
        Ok(())
    }

    /// The rows: medians, and what they were between.
    pub fn rows(&self) -> Vec<Row> {
        let how = "one thread, 48 kHz, 256 taps, every source on its own circle, a new direction every block";
        let row = |what, all: &[Sources], bar: f64, peer| {
            let figures: Vec<f64> = all.iter().map(|s| s.us_per_source_second).collect();
            let (low, high) = figures.iter().fold((f64::MAX, 0.0f64), |(l, h), f| (l.min(*f), h.max(*f)));
            let us = median(figures);
            let each = format!("{us:.0} µs for a source and second ({low:.0} to {high:.0})");
            let figure = format!("{each}: {:.0} on one core", 1e6 / us);
            Row::new(what, figure, format!("≤ {bar:.0} µs; {peer}"), us <= bar, how)
        };
        let worst = median(self.large.iter().map(|s| s.worst_block_over_mean).collect());
        vec![
            row("64 moving sources, block 128", &self.small, 500.0, "`sofar` 0.4: 1571 µs on an AMD EPYC (Zen 4)"),
            row("256 moving sources, block 256", &self.large, 280.0, "`sofar` 0.4: 1088 µs on an AMD EPYC (Zen 4)"),
            Row::new(
                "the same: longest block over the mean one",
                format!("{worst:.2}"),
                "≤ 1.5",
                worst <= 1.5,
                "each block at its best of the runs",
            ),
        ]
    }
}

/// A head in the engine's form, as a live engine with blocks of 256 frames has it.
fn prepare(measured: &Measured, rate: f64) -> Result<FilterBank, String> {
    let set = Arc::new(HrtfSet::new(measured, rate).map_err(|e| e.to_string())?);
    let len = good_len(256 + set.taps() - 1);
    Ok(FilterBank::new(set, len))
}

/// Opening heads. `dense` names a SOFA file with thousands of directions to open as well.
pub fn opening(folder: &Path, dense: Option<&Path>, quick: bool) -> Result<Vec<Row>, String> {
    let runs = if quick { 3 } else { 9 };
    let mysofa = Mysofa::build(folder);
    let peer = |file: &Path, rate: f64| match mysofa.as_ref().map_err(Clone::clone).and_then(|p| p.open_ms(file, rate))
    {
        Ok(ms) => format!("libmysofa {ms:.0} ms"),
        Err(why) => format!("libmysofa: {why}"),
    };
    let mut rows = Vec::new();
    let whole = "read, triangulated, transformed; resampled where the rates differ";
    let heads = [
        ("ku100", 48_000.0, "opening the default head ready to render (KU 100, 1550 directions, 48 kHz)"),
        ("kemar", 44_100.0, "opening KEMAR ready to render (710 directions × 512 taps, 44.1 kHz)"),
        ("kemar", 48_000.0, "the same, resampled to 48 kHz"),
    ];
    for (name, rate, what) in heads {
        let open = || prepare(&Measured::from(read(name).map_err(|e| e.to_string())?), rate);
        open()?;
        let ms = 1e3 * cpu_of(runs, || open().is_ok());
        let aim = format!("≤ 10 ms; {}", peer(&crate::program::head_file(folder, name)?, rate));
        rows.push(Row::new(what, format!("{ms:.1} ms"), aim, ms <= 10.0, whole));
    }
    rows.push(match dense {
        Some(file) => {
            let read = || periphon::sofa::open(file).map(Measured::from).map_err(|e| e.to_string());
            let directions = read()?.positions.len();
            let open = || read().and_then(|measured| prepare(&measured, 48_000.0));
            open()?;
            let ms = 1e3 * cpu_of(runs, || open().is_ok());
            let figure = format!("{ms:.0} ms ({directions} directions)");
            let aim = format!("≤ 100 ms; {}", peer(file, 48_000.0));
            Row::new("opening a dense head ready to render", figure, aim, ms <= 100.0, whole)
        }
        None => {
            let measured = dense_head()?;
            let ms = 1e3 * cpu_of(runs, || prepare(&measured, 48_000.0).is_ok());
            let what = "preparing a dense head that has been read (8802 directions × 256 taps, 48 kHz)";
            Row::new(what, format!("{ms:.0} ms"), "≤ 100 ms with reading", ms <= 100.0, "the KU 100, made denser")
        }
    });
    Ok(rows)
}

/// The KU 100 at 8802 directions on a Fibonacci spiral, made by interpolation.
fn dense_head() -> Result<Measured, String> {
    const COUNT: usize = 8802;
    let known = Measured::from(read("ku100").map_err(|e| e.to_string())?);
    let set = HrtfSet::new(&known, known.sample_rate).map_err(|e| e.to_string())?;
    let mut interpolator = Interpolator::new(set.taps());
    let mut near = [0; 2];
    let mut dense = Measured {
        sample_rate: known.sample_rate,
        taps: set.taps(),
        delays: vec![[0.0; 2]; COUNT],
        responses: vec![0.0; COUNT * 2 * set.taps()],
        positions: Vec::with_capacity(COUNT),
    };
    for (k, both) in dense.responses.chunks_exact_mut(2 * set.taps()).enumerate() {
        let k = k as f64 + 0.5;
        let elevation = 90.0 - (1.0 - 2.0 * k / COUNT as f64).acos().to_degrees();
        let at = Vec3::from_polar((180.0 * (1.0 + 5f64.sqrt()) * k) % 360.0, elevation, 1.4);
        let place = set.place(at, &mut near);
        for (ear, response) in both.chunks_exact_mut(set.taps()).enumerate() {
            interpolator.response(&set, place.terms(), ear, set.delay(&place, ear), response);
        }
        dense.positions.push(at);
    }
    Ok(dense)
}

/// libmysofa behind a small program.
struct Mysofa {
    program: PathBuf,
}

/// Opens a file at a rate so often.
const PROGRAM: &str = r#"
#include <mysofa.h>
#include <stdlib.h>
int main(int argc, char **argv) {
    for (int i = argc > 3 ? atoi(argv[3]) : 0; i > 0; i--) {
        int taps, error;
        struct MYSOFA_EASY *head = mysofa_open(argv[1], atoi(argv[2]), &taps, &error);
        if (!head)
            return 1;
        mysofa_close(head);
    }
    return 0;
}
"#;

impl Mysofa {
    fn build(folder: &Path) -> Result<Self, String> {
        let source = folder.join("open.c");
        let program = folder.join("open_with_libmysofa");
        fs::write(&source, PROGRAM).map_err(|e| e.to_string())?;
        let built =
            Command::new("cc").arg("-O2").arg("-o").arg(&program).arg(&source).args(["-lmysofa", "-lm"]).output();
        match built {
            Ok(out) if out.status.success() => Ok(Self { program }),
            _ => Err("not installed".to_string()),
        }
    }

    /// Milliseconds to open a file: several openings in one process less its start.
    fn open_ms(&self, file: &Path, rate: f64) -> Result<f64, String> {
        const TIMES: usize = 3;
        let run = |times: usize| {
            program_cpu(Command::new(&self.program).arg(file).arg(rate.to_string()).arg(times.to_string()))
        };
        let once = || Ok(1e3 * (run(TIMES)? - run(0)?) / TIMES as f64);
        let all: Result<Vec<f64>, String> = (0..5).map(|_| once()).collect();
        Ok(median(all?))
    }
}
