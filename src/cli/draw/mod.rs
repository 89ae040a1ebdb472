//! Pictures: shapes on a page, written as SVG by hand or drawn into a PNG by a small rasteriser of our own.
//!
//! [`chart`] makes axes, lines and coloured fields of shapes, [`svg`] and [`raster`] put shapes into files, and
//! [`lettering`] is the alphabet of the rasteriser, which knows no fonts.

pub(super) mod chart;
mod lettering;
mod png;
mod raster;
mod svg;

use crate::error::{Error, Result};
use std::path::Path;

/// A colour of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rgb(pub [u8; 3]);

/// Text and frames.
pub(super) const INK: Rgb = Rgb([0x26, 0x2d, 0x33]);
/// Labels of axes.
pub(super) const GREY: Rgb = Rgb([0x5f, 0x69, 0x70]);
/// Rules behind the data.
pub(super) const FAINT: Rgb = Rgb([0xe3, 0xe6, 0xe8]);
/// Blue and vermilion that everybody tells apart (Okabe and Ito's palette); the left ear is blue.
pub(super) const LEFT: Rgb = Rgb([0x00, 0x72, 0xb2]);
/// As above; the right ear.
pub(super) const RIGHT: Rgb = Rgb([0xd5, 0x5e, 0x00]);

/// The end or middle of a text that stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// One thing on a page. Lengths are in the page's units, from the top left.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A line through points.
    Line { points: Vec<(f64, f64)>, width: f64, colour: Rgb, opacity: f64 },
    /// Round dots.
    Dots { points: Vec<(f64, f64)>, radius: f64, colour: Rgb },
    /// One line of text; `upright` ones read from the bottom to the top.
    Text { at: (f64, f64), size: f64, anchor: Anchor, upright: bool, bold: bool, colour: Rgb, text: String },
    /// Coloured cells in a box, values from 0 to 1, row by row from the bottom.
    Field { at: [f64; 4], columns: usize, values: Vec<f32> },
}

/// A page under way.
#[derive(Clone, Debug)]
pub(super) struct Page {
    width: f64,
    height: f64,
    shapes: Vec<Shape>,
}

impl Page {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { width, height, shapes: Vec::new() }
    }

    pub(super) fn add(&mut self, shape: Shape) {
        self.shapes.push(shape);
    }

    /// Plain text.
    pub(super) fn text(&mut self, at: (f64, f64), size: f64, anchor: Anchor, colour: Rgb, text: impl Into<String>) {
        self.add(Shape::Text { at, size, anchor, upright: false, bold: false, colour, text: text.into() });
    }

    /// A heading.
    pub(super) fn heading(&mut self, at: (f64, f64), size: f64, text: impl Into<String>) {
        let text = text.into();
        self.add(Shape::Text { at, size, anchor: Anchor::Start, upright: false, bold: true, colour: INK, text });
    }

    /// The page as a file of the kind that `path` asks for.
    ///
    /// # Errors
    /// As [`check`].
    pub(super) fn to_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        Ok(match kind(path)? {
            Kind::Svg => svg::write(self).into_bytes(),
            Kind::Png => {
                let canvas = raster::draw(self, SCALE);
                png::write(canvas.width, canvas.height, &canvas.rgb())
            }
        })
    }
}

/// Pixels for one unit of the page.
const SCALE: f64 = 2.0;

enum Kind {
    Svg,
    Png,
}

/// Says whether a picture of that name can be made.
///
/// # Errors
/// `Argument` if the name ends in neither `.svg` nor `.png`.
pub(super) fn check(path: &Path) -> Result<()> {
    kind(path).map(|_| ())
}

fn kind(path: &Path) -> Result<Kind> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "svg" => Ok(Kind::Svg),
        "png" => Ok(Kind::Png),
        _ => Err(Error::argument("pictures are written as SVG or PNG")
            .at(path)
            .hint("end the output's name in .svg or .png")),
    }
}

/// Dark violet over green to yellow (the stops of viridis): rises evenly in lightness, so it reads in grey and by every
/// eye. `x` from 0 to 1.
pub(super) fn shade(x: f64) -> Rgb {
    const STOPS: [[f64; 3]; 9] = [
        [68.0, 1.0, 84.0],
        [71.0, 44.0, 122.0],
        [59.0, 81.0, 139.0],
        [44.0, 113.0, 142.0],
        [33.0, 144.0, 141.0],
        [39.0, 173.0, 129.0],
        [92.0, 200.0, 99.0],
        [170.0, 220.0, 50.0],
        [253.0, 231.0, 37.0],
    ];
    let at = if x.is_finite() { x.clamp(0.0, 1.0) * 8.0 } else { 0.0 };
    let i = (at as usize).min(7);
    let part = at - i as f64;
    Rgb(std::array::from_fn(|k| (STOPS[i][k] + (STOPS[i + 1][k] - STOPS[i][k]) * part).round() as u8))
}
