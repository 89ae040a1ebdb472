//! A page as pixels. Everything but fields is a line with round ends: a pixel is covered as much as the line
//! reaches into it, judged by its distance from the line.

use super::{Anchor, Page, Rgb, Shape, lettering, shade};

/// Thickness of the strokes of letters, as a part of their size.
const STROKE: f64 = 0.088;
const BOLD_STROKE: f64 = 0.125;

pub(super) struct Canvas {
    pub width: usize,
    pub height: usize,
    /// `[height][width]`, 0 to 255.
    pixels: Vec<[f32; 3]>,
    /// How much of each pixel the line under way covers; all zero between lines.
    cover: Vec<f32>,
}

/// Draws a page with `scale` pixels to the unit, on white.
pub(super) fn draw(page: &Page, scale: f64) -> Canvas {
    let (width, height) = ((page.width * scale).ceil() as usize, (page.height * scale).ceil() as usize);
    let n = width * height;
    let mut canvas = Canvas { width, height, pixels: vec![[255.0; 3]; n], cover: vec![0.0; n] };
    for shape in &page.shapes {
        canvas.add(shape, scale);
    }
    canvas
}

/// The part of a picture that a line may touch: columns and rows, ends excluded.
#[derive(Clone, Copy)]
struct Area {
    columns: (usize, usize),
    rows: (usize, usize),
}

impl Canvas {
    /// Three bytes a pixel, row by row.
    pub(super) fn rgb(&self) -> Vec<u8> {
        self.pixels.iter().flatten().map(|v| v.round() as u8).collect()
    }

    fn add(&mut self, shape: &Shape, scale: f64) {
        match shape {
            Shape::Line { points, width, colour, opacity } => {
                let points: Vec<_> = points.iter().map(|(x, y)| (x * scale, y * scale)).collect();
                self.strokes(&[points], width * scale, *colour, *opacity);
            }
            Shape::Dots { points, radius, colour } => {
                for (x, y) in points {
                    self.strokes(&[vec![(x * scale, y * scale)]], 2.0 * radius * scale, *colour, 1.0);
                }
            }
            Shape::Text { at, size, anchor, upright, bold, colour, text } => {
                let unit = size * scale / lettering::EM;
                let (strokes, width) = lettering::write(text);
                let start = match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => -0.5 * width,
                    Anchor::End => -width,
                };
                let turned = |(x, y): &(f64, f64)| {
                    let (x, y) = ((x + start) * unit, y * unit);
                    let (right, up) = if *upright { (-y, x) } else { (x, y) };
                    (at.0 * scale + right, at.1 * scale - up)
                };
                let strokes: Vec<Vec<_>> = strokes.iter().map(|s| s.iter().map(turned).collect()).collect();
                let stroke = if *bold { BOLD_STROKE } else { STROKE };
                self.strokes(&strokes, size * scale * stroke, *colour, 1.0);
            }
            Shape::Field { at, columns, values } => {
                let columns = (*columns).max(1);
                let rows = values.len() / columns;
                if rows > 0 {
                    self.fill(at.map(|v| v * scale), |x, y| shade(between(values, columns, rows, x, 1.0 - y)));
                }
            }
        }
    }

    /// Fills a box with colours by the place in it, 0 to 1 from the left and the top.
    fn fill(&mut self, [x, y, w, h]: [f64; 4], colour: impl Fn(f64, f64) -> Rgb) {
        let area = self.area((x, y), (x + w, y + h), 0.0);
        for row in area.rows.0..area.rows.1 {
            for column in area.columns.0..area.columns.1 {
                let (px, py) = (column as f64, row as f64);
                let part = |from: f64, to: f64, p: f64| (to.min(p + 1.0) - from.max(p)).clamp(0.0, 1.0);
                let cover = part(x, x + w, px) * part(y, y + h, py);
                if cover > 0.0 {
                    let inside = |v: f64| v.clamp(0.0, 1.0);
                    let colour = colour(inside((px + 0.5 - x) / w), inside((py + 0.5 - y) / h));
                    self.blend(row * self.width + column, colour, cover as f32);
                }
            }
        }
    }

    /// Draws lines in one go, so that where they meet nothing is drawn twice.
    fn strokes(&mut self, strokes: &[Vec<(f64, f64)>], width: f64, colour: Rgb, opacity: f64) {
        let reach = 0.5 * width + 0.5;
        let points = strokes.iter().flatten();
        let (low, high) = points.fold(((f64::MAX, f64::MAX), (f64::MIN, f64::MIN)), |(l, h), p| {
            ((l.0.min(p.0), l.1.min(p.1)), (h.0.max(p.0), h.1.max(p.1)))
        });
        for stroke in strokes {
            match stroke[..] {
                [] => {}
                [dot] => self.segment(dot, dot, reach),
                _ => stroke.windows(2).for_each(|p| self.segment(p[0], p[1], reach)),
            }
        }
        let area = self.area(low, high, reach);
        for row in area.rows.0..area.rows.1 {
            for at in row * self.width + area.columns.0..row * self.width + area.columns.1 {
                let cover = std::mem::take(&mut self.cover[at]);
                if cover > 0.0 {
                    self.blend(at, colour, cover * opacity as f32);
                }
            }
        }
    }

    fn segment(&mut self, a: (f64, f64), b: (f64, f64), reach: f64) {
        let area = self.area((a.0.min(b.0), a.1.min(b.1)), (a.0.max(b.0), a.1.max(b.1)), reach);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let square = dx * dx + dy * dy;
        for row in area.rows.0..area.rows.1 {
            for column in area.columns.0..area.columns.1 {
                let (x, y) = (column as f64 + 0.5 - a.0, row as f64 + 0.5 - a.1);
                let along = if square > 0.0 { ((x * dx + y * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
                let cover = (reach - (x - along * dx).hypot(y - along * dy)).clamp(0.0, 1.0) as f32;
                let pixel = &mut self.cover[row * self.width + column];
                *pixel = pixel.max(cover);
            }
        }
    }

    fn area(&self, low: (f64, f64), high: (f64, f64), reach: f64) -> Area {
        // Casts saturate, so what lies outside or is not finite becomes an empty area.
        let ends = |from: f64, to: f64, size: usize| {
            (((from - reach).floor().max(0.0) as usize).min(size), ((to + reach).ceil().max(0.0) as usize).min(size))
        };
        Area { columns: ends(low.0, high.0, self.width), rows: ends(low.1, high.1, self.height) }
    }

    fn blend(&mut self, at: usize, Rgb(colour): Rgb, cover: f32) {
        for (p, c) in self.pixels[at].iter_mut().zip(colour) {
            *p += (f32::from(c) - *p) * cover;
        }
    }
}

/// A value between the middles of cells, `x` from the left and `y` from the bottom, 0 to 1.
fn between(values: &[f32], columns: usize, rows: usize, x: f64, y: f64) -> f64 {
    let cell = |v: f64, n: usize| {
        let at = (v * n as f64 - 0.5).clamp(0.0, (n - 1) as f64);
        let first = (at as usize).min(n.saturating_sub(2));
        (first, (first + 1).min(n - 1), at - first as f64)
    };
    let ((c0, c1, cx), (r0, r1, ry)) = (cell(x, columns), cell(y, rows));
    let v = |r: usize, c: usize| f64::from(values[r * columns + c]);
    let row = |r: usize| v(r, c0) + (v(r, c1) - v(r, c0)) * cx;
    row(r0) + (row(r1) - row(r0)) * ry
}
