//! Fits the near-field filters of a rigid-sphere head and writes their table, `src/hrtf/near_field_table.rs`.
//!
//! `cargo run --release --no-default-features --example make_near_field_table`
//!
//! At each distance and angle the filter is a gain and [`SECTIONS`] shelves, each with a middle and a height, fitted to
//! the series of `tests/reference/sphere.rs` by damped Gauss–Newton steps. What the data leave open (the middle of a
//! shelf that has no height) is drawn to the mean of the neighbours, sweep after sweep, so that the numbers of each
//! shelf lie on a smooth sheet and may be interpolated. Errors go to stderr.

#[path = "../tests/reference/sphere.rs"]
mod sphere;

use std::f64::consts::{LN_10, PI};

/// Radius of the head, metres.
const HEAD: f64 = 0.0875;
/// Metres per second.
const SOUND: f64 = 343.0;
/// Shelves of a filter.
const SECTIONS: usize = 2;
/// Log gain, then the log middle (Hz) and log height of each shelf.
const PARAMETERS: usize = 1 + 2 * SECTIONS;
/// Distances, in equal ratios from [`NEAREST`] to 1 m.
const DISTANCES: usize = 13;
/// Angles, in equal steps from 0 to 180 degrees.
const ANGLES: usize = 37;
/// Metres.
const NEAREST: f64 = 0.1;
/// Hz: poles and zeros stay between.
const LOWEST: f64 = 250.0;
const HIGHEST: f64 = 24_000.0;
/// dB per neper.
const DB: f64 = 20.0 / LN_10;

type Cell = [f64; PARAMETERS];

/// A frequency of the fit with its weight.
struct Line {
    hz: f64,
    weight: f64,
}

fn main() -> std::io::Result<()> {
    let lines: Vec<Line> = (0..64)
        .map(|i| {
            let hz = 25.0 * (16_000.0f64 / 25.0).powf(f64::from(i) / 63.0);
            Line { hz, weight: if (100.0..=10_000.0).contains(&hz) { 1.0 } else { 0.3 } }
        })
        .collect();
    let targets: Vec<Vec<f64>> = (0..DISTANCES * ANGLES)
        .map(|i| {
            let (d, theta) = node(i / ANGLES, i % ANGLES);
            lines.iter().map(|l| target_db(d, theta, l.hz)).collect()
        })
        .collect();
    let table = fit(&lines, &targets);
    report(&table);
    // Written at the end: the library, which this program is built with, holds the old one.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/hrtf/near_field_table.rs");
    std::fs::write(path, source(&table))
}

/// Distance and angle of a node of the table.
fn node(row: usize, column: usize) -> (f64, f64) {
    let d = NEAREST.powf(1.0 - row as f64 / (DISTANCES - 1) as f64);
    (d, PI * column as f64 / (ANGLES - 1) as f64)
}

/// What the shelves have to do: the nearness of the series less what goes with the distance to the ear.
fn target_db(d: f64, theta: f64, hz: f64) -> f64 {
    sphere::nearness_db(HEAD, d, theta, hz, SOUND) - ear_gain_db(d, theta)
}

/// The 1 / distance law to the ear over that to the centre, near over far.
fn ear_gain_db(d: f64, theta: f64) -> f64 {
    let nearer = |d: f64, theta: f64| d / (d * d + HEAD * HEAD - 2.0 * d * HEAD * theta.cos()).sqrt();
    DB * (nearer(d, theta) / nearer(1.0, sphere::parallax(HEAD, d, theta))).ln()
}

/// The filter in dB, and its slope by each parameter.
fn model(cell: &Cell, hz: f64) -> (f64, Cell) {
    let mut slopes = [0.0; PARAMETERS];
    slopes[0] = DB;
    let mut db = DB * cell[0];
    for k in 0..SECTIONS {
        let (middle, height) = (cell[1 + 2 * k], cell[2 + 2 * k]);
        // The zero lies half the height above the middle and the pole as far below, so a positive height lowers the top.
        let part = |log: f64| {
            let x = (hz / log.exp()).powi(2);
            (0.5 * DB * (1.0 + x).ln(), -DB * x / (1.0 + x))
        };
        let (zero, zero_slope) = part(middle + 0.5 * height);
        let (pole, pole_slope) = part(middle - 0.5 * height);
        db += zero - pole;
        slopes[1 + 2 * k] = zero_slope - pole_slope;
        slopes[2 + 2 * k] = 0.5 * (zero_slope + pole_slope);
    }
    (db, slopes)
}

fn fit(lines: &[Line], targets: &[Vec<f64>]) -> Vec<Cell> {
    let mut start = [0.0; PARAMETERS];
    for k in 0..SECTIONS {
        start[1 + 2 * k] = (550.0 * (7000.0f64 / 550.0).powf(k as f64 / (SECTIONS.max(2) - 1) as f64)).ln();
    }
    let mut table = vec![start; DISTANCES * ANGLES];
    for sweep in 0..120 {
        for i in 0..DISTANCES * ANGLES {
            let (row, column) = (i / ANGLES, i % ANGLES);
            let mut neighbours = Vec::with_capacity(4);
            neighbours.extend((row > 0).then(|| table[i - ANGLES]));
            neighbours.extend((row + 1 < DISTANCES).then(|| table[i + ANGLES]));
            neighbours.extend((column > 0).then(|| table[i - 1]));
            neighbours.extend((column + 1 < ANGLES).then(|| table[i + 1]));
            let mean: Cell =
                std::array::from_fn(|p| neighbours.iter().map(|n| n[p]).sum::<f64>() / neighbours.len() as f64);
            if row + 1 == DISTANCES {
                // At 1 m nothing is changed; only the middles of the shelves are free, and follow.
                table[i] = std::array::from_fn(|p| if p % 2 == 1 { mean[p] } else { 0.0 });
                continue;
            }
            improve(&mut table[i], &mean, lines, &targets[i], [sweep, column]);
        }
    }
    table
}

/// Pull to the neighbours of a middle, of a height.
const PULL: [f64; 2] = [40.0, 8.0];

/// How much stronger behind.
const STIFF: f64 = 60.0;

/// One Gauss–Newton step of a cell.
fn improve(cell: &mut Cell, mean: &Cell, lines: &[Line], target: &[f64], [sweep, column]: [usize; 2]) {
    // Behind, where the interference of a sphere is sharper than that of any head, the sheets are held stiffer.
    let stiff = 1.0 + STIFF * (column as f64 / (ANGLES - 1) as f64 - 0.7).clamp(0.0, 0.1) * 10.0;
    let mut a = [[0.0; PARAMETERS]; PARAMETERS];
    let mut b = [0.0; PARAMETERS];
    for (line, want) in lines.iter().zip(target) {
        let (db, slopes) = model(cell, line.hz);
        let miss = want - db;
        // Later sweeps weigh by the error itself, towards the least fourth power.
        let weight = line.weight * if sweep > 30 { 0.3 + miss.abs().min(1.0) } else { 1.0 };
        for i in 0..PARAMETERS {
            b[i] += weight * slopes[i] * miss;
            for j in 0..PARAMETERS {
                a[i][j] += weight * slopes[i] * slopes[j];
            }
        }
    }
    for p in 0..PARAMETERS {
        let pull = stiff * if p % 2 == 1 { PULL[0] } else { PULL[1] } * if sweep < 20 { 10.0 } else { 1.0 };
        let drag = 0.05 * a[p][p];
        a[p][p] += pull + drag;
        b[p] += pull * (mean[p] - cell[p]);
    }
    let step = solve(a, b);
    for p in 0..PARAMETERS {
        cell[p] += step[p].clamp(-0.3, 0.3);
    }
    for k in 0..SECTIONS {
        let half = 0.5 * cell[2 + 2 * k].abs();
        let (low, high) = (LOWEST.ln() + half, HIGHEST.ln() - half);
        cell[1 + 2 * k] = cell[1 + 2 * k].clamp(low, high.max(low));
    }
}

/// Gauss's elimination of a positive definite system.
fn solve(mut a: [[f64; PARAMETERS]; PARAMETERS], mut b: Cell) -> Cell {
    for i in 0..PARAMETERS {
        for j in i + 1..PARAMETERS {
            let part = a[j][i] / a[i][i];
            let pivot = a[i];
            for (x, p) in a[j].iter_mut().zip(pivot).skip(i) {
                *x -= part * p;
            }
            b[j] -= part * b[i];
        }
    }
    for i in (0..PARAMETERS).rev() {
        for k in i + 1..PARAMETERS {
            b[i] -= a[i][k] * b[k];
        }
        b[i] /= a[i][i];
    }
    b
}

/// The table between its nodes.
fn at(table: &[Cell], d: f64, theta: f64) -> Cell {
    let y = ((d / NEAREST).ln() / -NEAREST.ln() * (DISTANCES - 1) as f64).clamp(0.0, (DISTANCES - 1) as f64);
    let x = (theta / PI * (ANGLES - 1) as f64).clamp(0.0, (ANGLES - 1) as f64);
    let (row, column) = ((y as usize).min(DISTANCES - 2), (x as usize).min(ANGLES - 2));
    let (v, u) = (y - row as f64, x - column as f64);
    let cell = |r: usize, c: usize| &table[(row + r) * ANGLES + column + c];
    std::array::from_fn(|p| {
        (1.0 - v) * ((1.0 - u) * cell(0, 0)[p] + u * cell(0, 1)[p])
            + v * ((1.0 - u) * cell(1, 0)[p] + u * cell(1, 1)[p])
    })
}

/// Errors between the nodes from 100 Hz to 10 kHz, by angle; and how far neighbours lie apart.
fn report(table: &[Cell]) {
    eprintln!("{:>12}{:>9}{:>9}{:>9}", "degrees", "rms dB", "worst", "at");
    let mut all = (0.0, 0.0);
    for from in (0..180).step_by(10) {
        let (mut sum, mut count, mut worst) = (0.0, 0.0, (0.0, 0.0, 0.0, 0.0));
        for i in 0..24 {
            let d = 0.12f64.powf(1.0 - f64::from(i) / 24.0);
            for j in 0..6 {
                let degrees = f64::from(from) + (f64::from(j) + 0.5) / 6.0 * 10.0;
                let theta = degrees * PI / 180.0;
                let cell = at(table, d, theta);
                for k in 0..60 {
                    let hz = 100.0 * 100f64.powf(f64::from(k) / 59.0);
                    let error = model(&cell, hz).0 - target_db(d, theta, hz);
                    sum += error * error;
                    count += 1.0;
                    if error.abs() > f64::abs(worst.0) {
                        worst = (error, d, degrees, hz);
                    }
                }
            }
        }
        all = (all.0 + sum, all.1 + count);
        eprintln!(
            "{:>12}{:>9.2}{:>9.2}   {:.2} m {:.0} deg {:.0} Hz",
            format!("{from}..{}", from + 10),
            f64::sqrt(sum / count),
            worst.0,
            worst.1,
            worst.2,
            worst.3
        );
    }
    eprintln!("all rms {:.3} dB", f64::sqrt(all.0 / all.1));
    let names = ["gain", "middle", "height"];
    for p in 0..PARAMETERS {
        let mut jump = 0.0f64;
        for i in 0..table.len() {
            if i % ANGLES + 1 < ANGLES {
                jump = jump.max((table[i][p] - table[i + 1][p]).abs());
            }
            if i + ANGLES < table.len() {
                jump = jump.max((table[i][p] - table[i + ANGLES][p]).abs());
            }
        }
        let (low, high) = table.iter().fold((f64::MAX, f64::MIN), |(l, h), c| (l.min(c[p]), h.max(c[p])));
        let name = names[if p == 0 { 0 } else { 2 - p % 2 }];
        eprintln!("{name:>8} {low:.2} to {high:.2}, neighbours {jump:.2} nepers apart at most");
    }
}

/// The table as source.
fn source(table: &[Cell]) -> String {
    let mut text = format!(
        "//! Near-field filters of a rigid-sphere head of {HEAD} m, fitted to its series.
//!
//! Made by `cargo run --release --no-default-features --example make_near_field_table`; not to be edited.

/// Distances, in equal ratios from [`NEAREST`] to 1 m.
pub(super) const DISTANCES: usize = {DISTANCES};
/// Angles from the axis of the ear, in equal steps from 0 to 180 degrees.
pub(super) const ANGLES: usize = {ANGLES};
/// Shelves of a filter.
pub(super) const SECTIONS: usize = {SECTIONS};
/// Metres.
pub(super) const NEAREST: f64 = {NEAREST:?};
/// Radius of the head, metres.
pub(super) const HEAD: f64 = {HEAD:?};

/// Logs of the gain and of each shelf's zero and pole in Hz, `[DISTANCES][ANGLES]`.
// Some of so many numbers look like a constant of mathematics.
#[allow(clippy::approx_constant)]
#[rustfmt::skip]
pub(super) static TABLE: [[[f32; {PARAMETERS}]; ANGLES]; DISTANCES] = [
"
    );
    for row in table.chunks(ANGLES) {
        text += "    [\n";
        for cells in row.chunks(3) {
            let cells: Vec<String> = cells.iter().map(numbers).collect();
            text += &format!("        {}\n", cells.join(" "));
        }
        text += "    ],\n";
    }
    text + "];\n"
}

/// One cell as source.
fn numbers(cell: &Cell) -> String {
    let mut text = format!("[{:.3}", cell[0]);
    for k in 0..SECTIONS {
        // Zero and pole are rounded apart, but come out equal where there is no height.
        let (middle, half) = (cell[1 + 2 * k], 0.5 * cell[2 + 2 * k]);
        text += &format!(", {:.3}, {:.3}", middle + half, middle - half);
    }
    text.replace("-0.000", "0.000") + "],"
}
