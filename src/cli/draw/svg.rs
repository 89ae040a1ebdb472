//! A page as SVG, written by hand.

use super::{Anchor, Page, Rgb, Shape, shade};
use std::fmt::Write;

/// Colours that a field is divided into.
const LEVELS: usize = 40;

pub(super) fn write(page: &Page) -> String {
    let (w, h) = (page.width, page.height);
    let mut s = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" \
         font-family=\"Helvetica, Arial, sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for shape in &page.shapes {
        add(&mut s, shape);
    }
    s.push_str("</svg>\n");
    s
}

fn hex(Rgb([r, g, b]): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn add(s: &mut String, shape: &Shape) {
    // Writing to a string cannot fail.
    let _ = match shape {
        Shape::Line { points, width, colour, opacity } => {
            let mut d = String::new();
            for (i, (x, y)) in points.iter().enumerate() {
                let _ = write!(d, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
            }
            let faint = if *opacity < 1.0 { format!(r#" stroke-opacity="{opacity}""#) } else { String::new() };
            writeln!(
                s,
                r#"<path d="{d}" fill="none" stroke="{}" stroke-width="{width}" stroke-linejoin="round"{faint}/>"#,
                hex(*colour)
            )
        }
        Shape::Dots { points, radius, colour } => {
            let mut d = String::new();
            for (x, y) in points {
                let _ = write!(d, "M{x:.1} {y:.1}h0");
            }
            let (width, colour) = (2.0 * radius, hex(*colour));
            writeln!(s, r#"<path d="{d}" stroke="{colour}" stroke-width="{width}" stroke-linecap="round"/>"#)
        }
        Shape::Text { at: (x, y), size, anchor, upright, bold, colour, text } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let turn = if *upright { format!(r#" transform="rotate(-90 {x:.1} {y:.1})""#) } else { String::new() };
            let weight = if *bold { r#" font-weight="bold""# } else { "" };
            writeln!(
                s,
                r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}" text-anchor="{anchor}" fill="{}"{weight}{turn}>{}</text>"#,
                hex(*colour),
                escape(text)
            )
        }
        Shape::Field { at, columns, values } => {
            field(s, *at, *columns, values);
            Ok(())
        }
    };
}

/// What XML forbids or takes for its own is replaced.
fn escape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_string(),
            '<' => "&lt;".to_string(),
            '>' => "&gt;".to_string(),
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => "\u{fffd}".to_string(),
            c => c.to_string(),
        })
        .collect()
}

/// Cells of one colour are one path, and neighbours in a row one rectangle; coordinates are whole numbers of cells.
fn field(s: &mut String, [x, y, w, h]: [f64; 4], columns: usize, values: &[f32]) {
    let rows = values.len() / columns.max(1);
    let mut paths = vec![String::new(); LEVELS];
    let level = |v: f32| ((f64::from(v) * LEVELS as f64) as usize).min(LEVELS - 1);
    for (row, line) in values.chunks_exact(columns.max(1)).enumerate() {
        let mut column = 0;
        for run in line.chunk_by(|a, b| level(*a) == level(*b)) {
            let n = run.len();
            // A little taller than its row, so that no seam shows between rows.
            let _ = write!(paths[level(run[0])], "M{column} {}h{n}v1.1h-{n}z", rows - 1 - row);
            column += n;
        }
    }
    let _ = writeln!(
        s,
        r#"<g transform="translate({x:.2} {y:.2}) scale({:.5} {:.5})" shape-rendering="crispEdges">"#,
        w / columns as f64,
        h / rows as f64
    );
    for (i, d) in paths.iter().enumerate().filter(|(_, d)| !d.is_empty()) {
        let _ = writeln!(s, r#"<path d="{d}" fill="{}"/>"#, hex(shade((i as f64 + 0.5) / LEVELS as f64)));
    }
    s.push_str("</g>\n");
}
