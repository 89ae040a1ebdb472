//! Pictures of heads: what the ears hear around the head, and where it was measured.

use super::around::{Plane, curves_around};
use super::draw::chart::{Axis, Chart, in_order};
use super::draw::{Anchor, GREY, LEFT, Page, RIGHT, Rgb};
use super::hear::Hear;
use crate::coords::Vec3;
use crate::hrtf::HrtfSet;
use crate::sofa::Grid;

/// Lowest frequency drawn, Hz.
const LOW_HZ: f64 = 200.0;
/// Coloured fields reach this far below their loudest level, dB.
const RANGE_DB: f64 = 40.0;
/// Columns and rows of a coloured field.
const COLUMNS: usize = 145;
const ROWS: usize = 96;
/// Length of the transforms.
const FFT_LEN: usize = 4096;
const WIDTH: f64 = 1000.0;
const EARS: [&str; 2] = ["left ear", "right ear"];

/// A head to be drawn.
pub(super) struct Head<'a> {
    pub name: &'a str,
    pub set: &'a HrtfSet,
    pub positions: &'a [Vec3],
    pub grid: &'a Grid,
}

impl Head<'_> {
    fn hear(&self) -> Hear<'_> {
        Hear::new(self.set, FFT_LEN)
    }

    /// Where circles are listened to: the farthest distance that was measured, where no near-field cue is.
    fn distance(&self) -> f64 {
        self.set.shells().last().map_or(1.0, |s| s.radius)
    }

    fn high_hz(&self) -> f64 {
        20_000f64.min(0.45 * self.set.sample_rate()).max(4.0 * LOW_HZ)
    }

    /// A page with its title and the chart's own words below it.
    fn page(&self, height: f64, what: &str) -> Page {
        let mut page = Page::new(WIDTH, height);
        page.heading((32.0, 38.0), 19.0, self.name);
        let (set, rate) = (self.set, self.set.sample_rate());
        let facts = format!("{what}{} directions, {} samples at {rate} Hz", set.measured(), set.taps());
        page.text((32.0, 58.0), 12.5, Anchor::Start, GREY, facts);
        page
    }

    /// All of it on one page.
    pub(super) fn overview(&self) -> Page {
        let mut page = self.page(960.0, "");
        self.fields(&mut page, Plane::Horizontal, 105.0, 255.0);
        self.itd(&mut page, [75.0, 450.0, 370.0, 150.0], &[0.0]);
        self.ild(&mut page, [545.0, 450.0, 370.0, 150.0], false);
        self.map(&mut page, 695.0, 205.0);
        page
    }

    /// Magnitudes around a circle.
    pub(super) fn circle(&self, plane: Plane) -> Page {
        let what = match plane {
            Plane::Horizontal => "magnitude in the horizontal plane; ",
            Plane::Median => "magnitude in the median plane; ",
        };
        let mut page = self.page(520.0, what);
        self.fields(&mut page, plane, 110.0, 350.0);
        page
    }

    /// Time differences against azimuth.
    pub(super) fn itds(&self) -> Page {
        let mut page = self.page(520.0, "interaural time difference, positive where the left ear leads; ");
        self.itd(&mut page, [80.0, 115.0, 880.0, 345.0], &[-30.0, 0.0, 30.0, 60.0]);
        page
    }

    /// Level differences against azimuth.
    pub(super) fn ilds(&self) -> Page {
        let mut page = self.page(520.0, "interaural level difference, positive where the left ear is louder; ");
        self.ild(&mut page, [80.0, 115.0, 880.0, 345.0], true);
        page
    }

    /// The measured directions on a map.
    pub(super) fn directions(&self) -> Page {
        let mut page = self.page(590.0, "");
        self.map(&mut page, 115.0, 415.0);
        page
    }

    /// Both ears for one direction.
    pub(super) fn direction(&self, at: Vec3) -> Page {
        let (azimuth, elevation, _) = at.to_polar();
        let degrees = |v: f64| format!("{}°", (v * 10.0).round() / 10.0 + 0.0).replace('-', "−");
        let what = format!("from azimuth {}, elevation {}; ", degrees(azimuth), degrees(elevation));
        let mut page = self.page(800.0, &what);
        let mut hear = self.hear();
        hear.listen(at);
        let high = self.high_hz();
        let names: Vec<(String, Rgb)> = EARS.iter().map(|e| e.to_string()).zip([LEFT, RIGHT]).collect();
        let spectrum = |ear: usize| -> Vec<(f64, f64)> {
            let hz = |i: usize| LOW_HZ / 2.0 * (high / LOW_HZ * 2.0).powf(i as f64 / 400.0);
            (0..=400).map(|i| (hz(i), hear.level_at(ear, hz(i)))).collect()
        };
        let spectra = [spectrum(0), spectrum(1)];
        let top = spectra.iter().flatten().fold(f64::MIN, |m, p| m.max(p.1));
        let chart = Chart {
            left: 80.0,
            top: 115.0,
            width: 880.0,
            height: 270.0,
            x: Axis::hertz(LOW_HZ / 2.0, high),
            y: Axis::around("level, dB", top - 45.0, top + 2.0),
        };
        chart.frame(&mut page, "magnitude");
        chart.legend(&mut page, &names);
        for (points, (_, colour)) in spectra.iter().zip(&names) {
            chart.curve(&mut page, points, *colour);
        }
        self.responses(&mut page, &hear, &names);
        page
    }

    /// Impulse responses, as long as something is to be seen of them.
    fn responses(&self, page: &mut Page, hear: &Hear<'_>, names: &[(String, Rgb)]) {
        let peak = hear.responses.iter().flatten().fold(1e-9f32, |m, x| m.max(x.abs()));
        let loud = hear.responses.iter().filter_map(|r| r.iter().rposition(|x| x.abs() > 0.01 * peak)).max();
        let rate = self.set.sample_rate();
        let end = (loud.unwrap_or(0) + 9).min(self.set.taps());
        let ms = 1e3 / rate;
        let chart = Chart {
            left: 80.0,
            top: 490.0,
            width: 880.0,
            height: 250.0,
            x: Axis { to: end as f64 * ms, ..within(Axis::around("time, ms", 0.0, end as f64 * ms), end as f64 * ms) },
            y: Axis::around("amplitude", f64::from(-peak), f64::from(peak)),
        };
        let itd = format!("impulse responses, {:.0} µs apart", hear.itd_us().abs());
        chart.frame(page, &itd);
        chart.zero(page);
        for (response, (_, colour)) in hear.responses.iter().zip(names) {
            let points: Vec<_> =
                response[..end].iter().enumerate().map(|(n, x)| (n as f64 * ms, f64::from(*x))).collect();
            chart.curve(page, &points, *colour);
        }
    }

    fn fields(&self, page: &mut Page, plane: Plane, top: f64, height: f64) {
        let (high, axis) = (self.high_hz(), plane.axis());
        let mut hear = self.hear();
        let mut levels = [vec![0f64; COLUMNS * ROWS], vec![0f64; COLUMNS * ROWS]];
        for column in 0..COLUMNS {
            let degrees = axis.from + (axis.to - axis.from) * (column as f64 + 0.5) / COLUMNS as f64;
            hear.listen(plane.place(degrees, self.distance()));
            for (ear, levels) in levels.iter_mut().enumerate() {
                for row in 0..ROWS {
                    let edge = |r: usize| LOW_HZ * (high / LOW_HZ).powf(r as f64 / ROWS as f64);
                    levels[row * COLUMNS + column] = hear.level(ear, edge(row), edge(row + 1));
                }
            }
        }
        let loudest = levels.iter().flatten().fold(f64::MIN, |m, v| m.max(*v));
        let highest = (loudest / 10.0).ceil() * 10.0;
        for (ear, levels) in levels.into_iter().enumerate() {
            let values = levels.iter().map(|db| (1.0 + (db - highest) / RANGE_DB).clamp(0.0, 1.0) as f32).collect();
            let left = if ear == 0 { 75.0 } else { 545.0 };
            let chart = Chart { left, top, width: 370.0, height, x: plane.axis(), y: Axis::hertz(LOW_HZ, high) };
            chart.field(page, EARS[ear], COLUMNS, values);
            if ear == 1 {
                chart.scale(page, highest - RANGE_DB, highest, "dB");
            }
        }
    }

    /// What `of` says of both ears all around, at each elevation.
    fn around<const N: usize>(&self, elevation: f64, of: impl Fn(&Hear<'_>) -> [f64; N]) -> Vec<(f64, [f64; N])> {
        let mut hear = self.hear();
        (0..=240)
            .map(|i| {
                let azimuth = 180.0 - 1.5 * f64::from(i);
                hear.listen(Vec3::from_polar(azimuth, elevation, self.distance()));
                (azimuth, of(&hear))
            })
            .collect()
    }

    fn itd(&self, page: &mut Page, place: [f64; 4], elevations: &[f64]) {
        let curves: Vec<Vec<(f64, f64)>> = elevations
            .iter()
            .map(|e| self.around(*e, |h| [h.itd_us()]).into_iter().map(|(a, [v])| (a, v)).collect())
            .collect();
        let names = elevations.iter().map(|e| format!("elevation {e}°").replace('-', "−")).collect();
        curves_around(page, place, "time difference", "ITD, µs", names, &curves);
    }

    fn ild(&self, page: &mut Page, place: [f64; 4], by_octave: bool) {
        const OCTAVES: [f64; 5] = [500.0, 1000.0, 2000.0, 4000.0, 8000.0];
        let around = self.around(0.0, |h| {
            let band = |i: usize| {
                let (low, high) = (OCTAVES[i] / std::f64::consts::SQRT_2, OCTAVES[i] * std::f64::consts::SQRT_2);
                h.level(0, low, high) - h.level(1, low, high)
            };
            [h.ild_db(), band(0), band(1), band(2), band(3), band(4)]
        });
        let curve = |k: usize| around.iter().map(|(a, v)| (*a, v[k])).collect::<Vec<_>>();
        let (curves, names) = if by_octave {
            let names = OCTAVES.iter().map(|hz| format!("{hz} Hz")).collect();
            ((1..=OCTAVES.len()).map(curve).collect::<Vec<_>>(), names)
        } else {
            (vec![curve(0)], vec![String::new()])
        };
        let title = if by_octave { "level difference in octaves, at ear height" } else { "level difference" };
        curves_around(page, place, title, "ILD, dB", names, &curves);
    }

    fn map(&self, page: &mut Page, top: f64, height: f64) {
        let chart = Chart {
            left: 75.0,
            top,
            width: 840.0,
            height,
            x: Plane::Horizontal.axis(),
            y: Axis::new("elevation, degrees", -90.0, 90.0, &[-90.0, -60.0, -30.0, 0.0, 30.0, 60.0, 90.0]),
        };
        let [azimuth, elevation] = self.grid.widest_gap_at_deg;
        let gap = self.grid.widest_gap_deg;
        chart.frame(page, &format!("measured directions ({})", self.grid.kind.name()));
        let radius = (60.0 / (self.positions.len() as f64).sqrt()).clamp(0.7, 3.2);
        let shells = &self.grid.distances_m;
        let several = (2..=5).contains(&shells.len());
        let colours = if several { in_order(shells.len()) } else { vec![LEFT] };
        for (i, colour) in colours.iter().enumerate().rev() {
            let here = |p: &&Vec3| !several || nearest(shells, p.norm()) == i;
            let points: Vec<_> = self.positions.iter().filter(here).map(|p| (p.to_polar().0, p.to_polar().1)).collect();
            chart.dots(page, &points, radius, *colour);
        }
        if several {
            let names: Vec<_> = shells.iter().map(|d| format!("{d:.2} m")).zip(colours).collect();
            chart.legend(page, &names);
        }
        chart.ring(page, (azimuth, elevation), 7.0, RIGHT, &format!("widest gap, {gap:.1}°"));
    }
}

fn nearest(distances: &[f64], to: f64) -> usize {
    let off = |i: &usize| (distances[*i] - to).abs();
    (0..distances.len()).min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(0)
}

/// The axis with only those ticks that lie before `end`.
fn within(mut axis: Axis, end: f64) -> Axis {
    axis.ticks.retain(|(v, _)| *v <= end);
    axis
}
