//! The map: which place of the stage is which cell of the screen. Ahead (x) is up, left (y) is left; a cell is taken to be
//! twice as high as wide.

use crate::coords::Vec3;
use crate::live::StageView;
use ratatui::layout::Rect;

/// Half widths of the map without walls, metres: one of these, so that it does not wobble while things move.
const REACHES: [f64; 12] = [1.5, 2.5, 4.0, 6.0, 10.0, 16.0, 25.0, 40.0, 100.0, 300.0, 1000.0, 12_000.0];

/// The map as it was drawn last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PlanView {
    pub area: Rect,
    /// The place in the middle.
    centre: (f64, f64),
    /// Metres that a cell is wide.
    pub scale: f64,
}

impl PlanView {
    /// All of a stage, in an area.
    pub(super) fn fit(stage: &StageView, area: Rect) -> Self {
        let (w, h) = (f64::from(area.width.max(1)), f64::from(area.height.max(1)));
        if let Some([length, width, _]) = stage.room.as_ref().and_then(|r| r.size) {
            // The walls take a cell on each side.
            let scale = (width / (w - 3.0).max(1.0)).max(length / (2.0 * (h - 2.0).max(1.0)));
            return Self { area, centre: (0.5 * length, 0.5 * width), scale: scale.max(1e-6) };
        }
        let flat = |p: Vec3| p.x.hypot(p.y);
        let placed = stage.sources.iter().filter(|s| !s.everywhere).map(|s| flat(s.position));
        let far = placed.chain([flat(stage.listener.position)]).fold(0.0, f64::max);
        let reach = REACHES.into_iter().find(|r| far * 1.15 <= *r).unwrap_or(far * 1.15);
        Self { area, centre: (0.0, 0.0), scale: (2.0 * reach / w).max(2.0 * reach / (2.0 * h)) }
    }

    /// Column and row of a place, from the screen's corner; the middle of a cell is at a half.
    pub(super) fn to_screen(self, p: Vec3) -> (f64, f64) {
        let middle = |from: u16, n: u16| f64::from(from) + 0.5 * f64::from(n);
        (
            middle(self.area.x, self.area.width) - (p.y - self.centre.1) / self.scale,
            middle(self.area.y, self.area.height) - (p.x - self.centre.0) / (2.0 * self.scale),
        )
    }

    /// The cell of a place, if it is on the map.
    pub(super) fn cell(self, p: Vec3) -> Option<(u16, u16)> {
        let (x, y) = self.to_screen(p);
        let within = |v: f64, from: u16, n: u16| v >= f64::from(from) && v < f64::from(from) + f64::from(n);
        let on = within(x, self.area.x, self.area.width) && within(y, self.area.y, self.area.height);
        on.then_some((x as u16, y as u16))
    }

    /// The place at the middle of a cell: x and y.
    pub(super) fn place(self, column: u16, row: u16) -> (f64, f64) {
        let (x0, y0) = self.to_screen(Vec3::new(self.centre.0, self.centre.1, 0.0));
        (
            self.centre.0 - (f64::from(row) + 0.5 - y0) * 2.0 * self.scale,
            self.centre.1 - (f64::from(column) + 0.5 - x0) * self.scale,
        )
    }

    /// How far a place is from a cell, in columns.
    pub(super) fn distance(self, p: Vec3, column: u16, row: u16) -> f64 {
        let (x, y) = self.to_screen(p);
        (x - f64::from(column) - 0.5).hypot(2.0 * (y - f64::from(row) - 0.5))
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_place_and_its_cell_are_each_other_s_and_ahead_is_up_and_left_is_left() {
        let stage = samples::stage();
        let view = PlanView::fit(&stage, Rect::new(3, 2, 46, 17));
        let (x, y) = view.place(20, 9);
        let (column, row) = view.to_screen(Vec3::new(x, y, 1.0));
        assert!((column - 20.5).abs() < 1e-9 && (row - 9.5).abs() < 1e-9, "{column} {row}");
        let (ahead, left) = (view.to_screen(Vec3::new(3.0, 2.0, 0.0)), view.to_screen(Vec3::new(2.0, 3.0, 0.0)));
        let here = view.to_screen(Vec3::new(2.0, 2.0, 0.0));
        assert!(ahead.1 < here.1 && left.0 < here.0);
        for corner in [Vec3::default(), Vec3::new(5.0, 4.0, 0.0)] {
            assert!(view.cell(corner).is_some(), "{corner:?}");
        }
        assert_eq!(view.cell(Vec3::new(900.0, 0.0, 0.0)), None);
    }
}
