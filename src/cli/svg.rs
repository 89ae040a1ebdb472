//! Pictures as SVG, written by hand: frames with axes, lines, points and coloured fields.

use std::fmt::Write;

/// Text and rules.
const INK: &str = "#333";
/// Blue and orange that everybody tells apart (Okabe and Ito's palette).
pub(super) const LEFT: &str = "#0072b2";
pub(super) const RIGHT: &str = "#d55e00";

/// A page under way.
pub(super) struct Page {
    body: String,
    width: f64,
    height: f64,
}

/// One axis: what it shows, its ends, and the values that get a tick. On a logarithmic axis all are positive.
#[derive(Clone)]
pub(super) struct Axis<'a> {
    pub label: &'a str,
    pub from: f64,
    pub to: f64,
    pub ticks: &'a [f64],
    pub log: bool,
}

impl Axis<'_> {
    fn part(&self, x: f64) -> f64 {
        if self.log {
            (x / self.from).ln() / (self.to / self.from).ln()
        } else {
            (x - self.from) / (self.to - self.from)
        }
    }
}

/// A frame with two axes on a page.
pub(super) struct Frame<'a> {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x: Axis<'a>,
    pub y: Axis<'a>,
}

impl Frame<'_> {
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.left + self.width * self.x.part(x), self.top + self.height * (1.0 - self.y.part(y)))
    }
}

impl Page {
    pub(super) fn new(width: f64, height: f64, title: &str) -> Self {
        let mut page = Self { body: String::new(), width, height };
        page.text(24.0, 34.0, 18.0, "start", INK, title);
        page
    }

    pub(super) fn text(&mut self, x: f64, y: f64, size: f64, anchor: &str, colour: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = writeln!(
            self.body,
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{text}</text>"#
        );
    }

    /// Draws the frame's box, ticks and labels, and its title above.
    pub(super) fn frame(&mut self, f: &Frame<'_>, title: &str) {
        let (right, bottom) = (f.left + f.width, f.top + f.height);
        for &v in f.x.ticks {
            let (x, _) = f.at(v, f.y.from);
            let _ = writeln!(
                self.body,
                r##"<path d="M{x:.1} {bottom:.1}v5M{x:.1} {:.1}V{bottom:.1}" stroke="#000" stroke-opacity=".12"/>"##,
                f.top
            );
            self.text(x, bottom + 18.0, 11.0, "middle", INK, &short(v));
        }
        for &v in f.y.ticks {
            let (_, y) = f.at(f.x.from, v);
            let _ = writeln!(
                self.body,
                r##"<path d="M{:.1} {y:.1}h-5M{:.1} {y:.1}H{right:.1}" stroke="#000" stroke-opacity=".12"/>"##,
                f.left, f.left
            );
            self.text(f.left - 8.0, y + 4.0, 11.0, "end", INK, &short(v));
        }
        let _ = writeln!(
            self.body,
            r#"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" fill="none" stroke="{INK}"/>"#,
            f.left, f.top, f.width, f.height
        );
        self.text(f.left, f.top - 9.0, 13.0, "start", INK, title);
        self.text(f.left + f.width / 2.0, bottom + 35.0, 11.0, "middle", INK, f.x.label);
        let (x, y) = (f.left - 44.0, f.top + f.height / 2.0);
        let _ = writeln!(
            self.body,
            r#"<text x="{x:.1}" y="{y:.1}" font-size="11" text-anchor="middle" fill="{INK}" transform="rotate(-90 {x:.1} {y:.1})">{}</text>"#,
            f.y.label
        );
    }

    pub(super) fn line(&mut self, f: &Frame<'_>, points: &[(f64, f64)], colour: &str) {
        let mut d = String::new();
        for (i, (x, y)) in points.iter().enumerate() {
            let (x, y) = f.at(*x, *y);
            let _ = write!(d, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
        }
        let _ = writeln!(self.body, r#"<path d="{d}" fill="none" stroke="{colour}" stroke-width="1.6"/>"#);
    }

    pub(super) fn points(&mut self, f: &Frame<'_>, points: &[(f64, f64)], colour: &str) {
        let mut d = String::new();
        for (x, y) in points {
            let (x, y) = f.at(*x, *y);
            let _ = write!(d, "M{x:.1} {y:.1}h0");
        }
        let _ = writeln!(self.body, r#"<path d="{d}" stroke="{colour}" stroke-width="2.4" stroke-linecap="round"/>"#);
    }

    /// Coloured cells: `value(column, row)` from 0 to 1, columns and rows spread evenly over the frame.
    pub(super) fn field(&mut self, f: &Frame<'_>, columns: usize, rows: usize, value: impl Fn(usize, usize) -> f64) {
        const LEVELS: usize = 32;
        let mut paths = vec![String::new(); LEVELS + 1];
        let (w, h) = (f.width / columns as f64, f.height / rows as f64);
        let level = |c, r| (value(c, r).clamp(0.0, 1.0) * LEVELS as f64).round() as usize;
        for row in 0..rows {
            let mut column = 0;
            while column < columns {
                // Neighbours of one colour are one rectangle.
                let here = level(column, row);
                let run = (column..columns).take_while(|c| level(*c, row) == here).count();
                let y = f.top + f.height - (row + 1) as f64 * h;
                let _ = write!(
                    paths[here],
                    "M{:.1} {y:.1}h{:.1}v{:.2}h-{:.1}z",
                    f.left + column as f64 * w,
                    run as f64 * w,
                    h + 0.3,
                    run as f64 * w
                );
                column += run;
            }
        }
        for (i, d) in paths.iter().enumerate().filter(|(_, d)| !d.is_empty()) {
            // Crisp edges: no hairlines between neighbours.
            let fill = colour(i as f64 / LEVELS as f64);
            let _ = writeln!(self.body, r#"<path d="{d}" fill="{fill}" shape-rendering="crispEdges"/>"#);
        }
    }

    /// A scale for a field, beside its frame.
    pub(super) fn scale(&mut self, f: &Frame<'_>, low: f64, high: f64, unit: &str) {
        let (x, steps) = (f.left + f.width + 14.0, 24);
        let h = f.height / f64::from(steps);
        for i in 0..steps {
            let y = f.top + f.height - f64::from(i + 1) * h;
            let c = colour((f64::from(i) + 0.5) / f64::from(steps));
            let _ =
                writeln!(self.body, r#"<rect x="{x:.1}" y="{y:.1}" width="12" height="{:.1}" fill="{c}"/>"#, h + 0.3);
        }
        self.text(x + 17.0, f.top + f.height, 11.0, "start", INK, &format!("{} {unit}", short(low)));
        self.text(x + 17.0, f.top + 9.0, 11.0, "start", INK, &format!("{} {unit}", short(high)));
    }

    pub(super) fn finish(self) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" \
             font-family=\"Helvetica, Arial, sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{}</svg>\n",
            self.body,
            w = self.width,
            h = self.height
        )
    }
}

fn short(v: f64) -> String {
    if v.abs() >= 1000.0 && v % 1000.0 == 0.0 { format!("{}k", v / 1000.0) } else { format!("{v}") }
}

/// Dark blue over green to yellow: rises evenly in lightness, so it reads in grey and by every eye.
fn colour(x: f64) -> String {
    const STOPS: [[f64; 3]; 6] = [
        [68.0, 1.0, 84.0],
        [65.0, 68.0, 135.0],
        [42.0, 120.0, 142.0],
        [34.0, 168.0, 132.0],
        [122.0, 209.0, 81.0],
        [253.0, 231.0, 37.0],
    ];
    let at = x.clamp(0.0, 1.0) * 5.0;
    let i = (at as usize).min(4);
    let c: [u8; 3] = std::array::from_fn(|k| (STOPS[i][k] + (STOPS[i + 1][k] - STOPS[i][k]) * (at - i as f64)) as u8);
    format!("#{:02x}{:02x}{:02x}", c[0], c[1], c[2])
}
