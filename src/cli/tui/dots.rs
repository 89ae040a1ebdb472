//! Fine lines of Braille dots: two by four to a cell.

use super::plan_view::PlanView;
use crate::coords::Vec3;
use ratatui::buffer::Buffer;
use ratatui::style::Style;

/// The bit of each dot of a cell: `[row][column]`.
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
/// Dots of one line at most: more than any screen has.
const MOST: f64 = 4096.0;

/// Lines over a map.
pub(super) struct Dots {
    view: PlanView,
    cells: Vec<u8>,
}

impl Dots {
    pub(super) fn new(view: PlanView) -> Self {
        Self { view, cells: vec![0; usize::from(view.area.width) * usize::from(view.area.height)] }
    }

    /// A straight line; what is off the map is left out. With `gap`, only every so many dots.
    pub(super) fn line(&mut self, from: Vec3, to: Vec3, gap: usize) {
        let (from, to) = (self.view.to_screen(from), self.view.to_screen(to));
        let steps = (2.0 * (to.0 - from.0).abs()).max(4.0 * (to.1 - from.1).abs()).ceil().clamp(1.0, MOST);
        for n in (0..=steps as usize).step_by(gap.max(1)) {
            let part = n as f64 / steps;
            self.dot(from.0 + part * (to.0 - from.0), from.1 + part * (to.1 - from.1));
        }
    }

    /// A circle about a place, metres.
    pub(super) fn circle(&mut self, middle: Vec3, radius: f64, dots: usize) {
        for n in 0..dots {
            let (s, c) = (std::f64::consts::TAU * n as f64 / dots as f64).sin_cos();
            let (x, y) = self.view.to_screen(middle + Vec3::new(radius * c, radius * s, 0.0));
            self.dot(x, y);
        }
    }

    fn dot(&mut self, x: f64, y: f64) {
        let area = self.view.area;
        let (x, y) = (x - f64::from(area.x), y - f64::from(area.y));
        if !(x >= 0.0 && y >= 0.0 && x < f64::from(area.width) && y < f64::from(area.height)) {
            return;
        }
        let (column, row) = (x as usize, y as usize);
        let bit = BITS[((y.fract() * 4.0) as usize).min(3)][((x.fract() * 2.0) as usize).min(1)];
        if let Some(cell) = self.cells.get_mut(row * usize::from(area.width) + column) {
            *cell |= bit;
        }
    }

    /// Puts the dots onto cells that are empty.
    pub(super) fn draw(&self, buffer: &mut Buffer, style: Style) {
        let area = self.view.area;
        for (n, bits) in self.cells.iter().enumerate().filter(|(_, bits)| **bits != 0) {
            let (column, row) = (n % usize::from(area.width), n / usize::from(area.width));
            let at = (area.x + column as u16, area.y + row as u16);
            let Some(cell) = buffer.cell_mut(at) else { continue };
            if cell.symbol() == " "
                && let Some(symbol) = char::from_u32(0x2800 + u32::from(*bits))
            {
                cell.set_char(symbol).set_style(style);
            }
        }
    }
}
