//! Axes, lines and coloured fields.

use super::{Anchor, FAINT, GREY, INK, Page, Rgb, Shape, shade};

/// Size of the text at axes.
const SMALL: f64 = 11.5;
/// Size of a chart's title.
const TITLE: f64 = 13.5;

/// One axis: what it shows, its ends (in either order), and where it has ticks. On a logarithmic axis all are positive.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Axis {
    pub label: String,
    pub from: f64,
    pub to: f64,
    pub ticks: Vec<(f64, String)>,
    pub log: bool,
}

impl Axis {
    /// An even axis with a tick at each of `ticks`.
    pub(in crate::cli) fn new(label: &str, from: f64, to: f64, ticks: &[f64]) -> Self {
        Self { label: label.to_string(), from, to, ticks: ticks.iter().map(|v| (*v, number(*v))).collect(), log: false }
    }

    /// An even axis over `low` to `high`, widened to round numbers.
    pub(in crate::cli) fn around(label: &str, low: f64, high: f64) -> Self {
        let span = (high - low).max(1e-9);
        let magnitude = 10f64.powf((span / 5.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|k| k * magnitude).into_iter().find(|s| span / s <= 8.0);
        let step = step.unwrap_or(10.0 * magnitude);
        let (from, to) = ((low / step).floor(), (high / step).ceil().max((low / step).floor() + 1.0));
        let ticks: Vec<f64> = (from as i64..=to as i64).map(|i| i as f64 * step).collect();
        Self::new(label, from * step, to * step, &ticks)
    }

    /// Frequencies from `low` to `high` Hz.
    pub(in crate::cli) fn hertz(low: f64, high: f64) -> Self {
        const TICKS: [f64; 10] = [50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 10e3, 20e3, 50e3];
        let ticks: Vec<f64> = TICKS.into_iter().filter(|hz| (0.99 * low..=1.01 * high).contains(hz)).collect();
        let mut axis = Self { log: true, ..Self::new("frequency, Hz", low, high, &ticks) };
        for (hz, text) in axis.ticks.iter_mut().filter(|(hz, _)| *hz >= 1000.0) {
            *text = format!("{}k", *hz / 1000.0);
        }
        axis
    }

    /// Where a value lies, from 0 at the beginning to 1 at the end.
    fn part(&self, v: f64) -> f64 {
        if self.log {
            (v / self.from).ln() / (self.to / self.from).ln()
        } else {
            (v - self.from) / (self.to - self.from)
        }
    }
}

/// A number as it stands at a tick.
fn number(v: f64) -> String {
    format!("{}", (v * 1e6).round() / 1e6).replace('-', "−")
}

/// A chart on a page: its place, size and axes.
pub(in crate::cli) struct Chart {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x: Axis,
    pub y: Axis,
}

impl Chart {
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.left + self.width * self.x.part(x), self.top + self.height * (1.0 - self.y.part(y)))
    }

    fn right(&self) -> f64 {
        self.left + self.width
    }

    fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Rules, ticks, labels and title; the data is drawn over them.
    pub(in crate::cli) fn frame(&self, page: &mut Page, title: &str) {
        for (v, text) in &self.x.ticks {
            let (x, _) = self.at(*v, self.y.from);
            rule(page, vec![(x, self.top), (x, self.bottom() + 4.0)], 1.0, FAINT);
            page.text((x, self.bottom() + 18.0), SMALL, Anchor::Middle, GREY, text);
        }
        for (v, text) in &self.y.ticks {
            let (_, y) = self.at(self.x.from, *v);
            rule(page, vec![(self.left - 4.0, y), (self.right(), y)], 1.0, FAINT);
            page.text((self.left - 8.0, y + 4.0), SMALL, Anchor::End, GREY, text);
        }
        page.heading((self.left, self.top - 11.0), TITLE, title);
        page.text(
            (self.left + 0.5 * self.width, self.bottom() + 37.0),
            SMALL,
            Anchor::Middle,
            GREY,
            self.x.label.as_str(),
        );
        page.add(Shape::Text {
            at: (self.left - 47.0, self.top + 0.5 * self.height),
            size: SMALL,
            anchor: Anchor::Middle,
            upright: true,
            bold: false,
            colour: GREY,
            text: self.y.label.clone(),
        });
    }

    /// The value 0 of the upright axis, a little stronger than the other rules.
    pub(in crate::cli) fn zero(&self, page: &mut Page) {
        let (_, y) = self.at(self.x.from, 0.0);
        rule(page, vec![(self.left, y), (self.right(), y)], 1.0, Rgb([0xa8, 0xae, 0xb3]));
    }

    /// A curve; what leaves the chart is cut off.
    pub(in crate::cli) fn curve(&self, page: &mut Page, points: &[(f64, f64)], colour: Rgb) {
        let (low, high) = (self.y.from.min(self.y.to), self.y.from.max(self.y.to));
        let inside = |y: f64| (low..=high).contains(&y);
        let mut piece = Vec::new();
        let mut end = |piece: &mut Vec<(f64, f64)>| {
            if piece.len() > 1 {
                page.add(Shape::Line { points: std::mem::take(piece), width: 1.8, colour, opacity: 1.0 });
            }
            piece.clear();
        };
        for (i, (x, y)) in points.iter().enumerate() {
            let before = i.checked_sub(1).map(|j| points[j]);
            // Where the curve passes an edge between two points, it is drawn up to the edge.
            if let Some((bx, by)) = before
                && inside(by) != inside(*y)
            {
                let edge = if by.max(*y) > high { high } else { low };
                piece.push(self.at(bx + (x - bx) * (edge - by) / (y - by), edge));
                if !inside(*y) {
                    end(&mut piece);
                }
            }
            if inside(*y) {
                piece.push(self.at(*x, *y));
            }
        }
        end(&mut piece);
    }

    /// Dots.
    pub(in crate::cli) fn dots(&self, page: &mut Page, points: &[(f64, f64)], radius: f64, colour: Rgb) {
        let points = points.iter().map(|(x, y)| self.at(*x, *y)).collect();
        page.add(Shape::Dots { points, radius, colour });
    }

    /// A ring around a point, with a word beside it.
    pub(in crate::cli) fn ring(&self, page: &mut Page, at: (f64, f64), radius: f64, colour: Rgb, word: &str) {
        let (x, y) = self.at(at.0, at.1);
        let points = (0..=48).map(|i| f64::from(i) * std::f64::consts::TAU / 48.0);
        let points = points.map(|a| (x + radius * a.cos(), y + radius * a.sin())).collect();
        page.add(Shape::Line { points, width: 2.0, colour, opacity: 1.0 });
        let (anchor, side) = if x > self.left + 0.8 * self.width { (Anchor::End, -1.0) } else { (Anchor::Start, 1.0) };
        page.text((x + side * (radius + 5.0), y + 4.0), SMALL, anchor, colour, word);
    }

    /// Coloured cells over the whole chart, values from 0 to 1 row by row from the bottom, under rules and a frame.
    pub(in crate::cli) fn field(&self, page: &mut Page, title: &str, columns: usize, values: Vec<f32>) {
        self.frame(page, title);
        page.add(Shape::Field { at: [self.left, self.top, self.width, self.height], columns, values });
        let mut faint = |points| {
            page.add(Shape::Line { points, width: 0.8, colour: Rgb([255; 3]), opacity: 0.28 });
        };
        let inside = |v: f64, from: f64, to: f64| v > from + 1.0 && v < to - 1.0;
        for (v, _) in &self.x.ticks {
            let (x, _) = self.at(*v, self.y.from);
            if inside(x, self.left, self.right()) {
                faint(vec![(x, self.top), (x, self.bottom())]);
            }
        }
        for (v, _) in &self.y.ticks {
            let (_, y) = self.at(self.x.from, *v);
            if inside(y, self.top, self.bottom()) {
                faint(vec![(self.left, y), (self.right(), y)]);
            }
        }
    }

    /// The colours of a field beside its chart, from `low` to `high`.
    pub(in crate::cli) fn scale(&self, page: &mut Page, low: f64, high: f64, unit: &str) {
        let at = [self.right() + 14.0, self.top, 13.0, self.height];
        page.add(Shape::Field { at, columns: 1, values: (0..64).map(|i| (i as f32 + 0.5) / 64.0).collect() });
        for v in (0..=4).map(|i| low + (high - low) * f64::from(i) / 4.0) {
            let y = self.top + self.height * (1.0 - (v - low) / (high - low));
            rule(page, vec![(at[0] + 13.0, y), (at[0] + 17.0, y)], 1.0, GREY);
            page.text((at[0] + 21.0, y + 4.0), SMALL, Anchor::Start, GREY, number(v));
        }
        page.text((at[0], self.top - 11.0), SMALL, Anchor::Start, GREY, unit);
    }

    /// The mark of a curve in a legend of the page's own.
    pub(in crate::cli) fn key(&self, page: &mut Page, (x, y): (f64, f64), colour: Rgb) {
        rule(page, vec![(x, y), (x + 14.0, y)], 3.0, colour);
    }

    /// Names of curves, in a row above the chart's right end.
    pub(in crate::cli) fn legend(&self, page: &mut Page, entries: &[(String, Rgb)]) {
        // The average letter of the common fonts is about half as wide as high.
        let width = |text: &str| 0.52 * SMALL * text.chars().count() as f64 + 34.0;
        let mut x = self.right() - entries.iter().map(|(t, _)| width(t)).sum::<f64>() + 10.0;
        for (text, colour) in entries {
            let y = self.top - 15.0;
            rule(page, vec![(x, y), (x + 14.0, y)], 3.0, *colour);
            page.text((x + 19.0, y + 4.0), SMALL, Anchor::Start, INK, text);
            x += width(text);
        }
    }
}

fn rule(page: &mut Page, points: Vec<(f64, f64)>, width: f64, colour: Rgb) {
    page.add(Shape::Line { points, width, colour, opacity: 1.0 });
}

/// Colours for `n` curves in an order, dark to light, all visible on white.
pub(in crate::cli) fn in_order(n: usize) -> Vec<Rgb> {
    (0..n).map(|i| shade(0.06 + 0.74 * i as f64 / (n.max(2) - 1) as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_widened_to_round_numbers() {
        let axis = Axis::around("", -787.0, 771.0);
        assert_eq!((axis.from, axis.to), (-800.0, 800.0));
        assert_eq!((axis.ticks.len(), axis.ticks[0].1.as_str()), (9, "−800"));
        let flat = Axis::around("", 0.0, 0.0);
        assert!(flat.to > flat.from && flat.ticks.len() < 20);
    }

    #[test]
    fn a_curve_is_cut_at_the_edges_of_its_chart() {
        let axis = || Axis::new("", 0.0, 1.0, &[]);
        let chart = Chart { left: 0.0, top: 0.0, width: 1.0, height: 1.0, x: axis(), y: axis() };
        let mut page = Page::new(1.0, 1.0);
        chart.curve(&mut page, &[(0.0, 0.5), (0.5, 1.5), (1.0, 0.5)], INK);
        let lines: Vec<_> = page
            .shapes
            .iter()
            .map(|s| if let Shape::Line { points, .. } = s { points.clone() } else { unreachable!() })
            .collect();
        assert_eq!(lines, [vec![(0.0, 0.5), (0.25, 0.0)], vec![(0.75, 0.0), (1.0, 0.5)]]);
    }
}
