//! Control points: the filters that a voice's trajectory is drawn between.
//!
//! Time is cut into segments of equal length. Within a segment the filter follows a quadratic B-spline through three
//! control points: continuous with its slope from segment to segment, so that neither the corners of the measured grid
//! nor the steps of a control signal are heard. A spline of measured spectra is a weighted sum of them, which is what
//! [`crate::dsp::kernel`] computes.

use crate::hrtf::Place;

/// No spectrum of the voice's own.
pub(crate) const NO_SLOT: u8 = u8::MAX;

/// What one ear hears at a control point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EarPoint {
    /// Vertices of the table with their weights, gain included.
    pub terms: [(u32, f32); 6],
    pub count: u8,
    /// A spectrum of the voice's own, with its weight, gain included.
    pub slot: u8,
    pub own_weight: f32,
    /// Arrival time, samples.
    pub delay: f64,
}

impl EarPoint {
    pub(crate) const SILENT: Self = Self { terms: [(0, 0.0); 6], count: 0, slot: NO_SLOT, own_weight: 0.0, delay: 0.0 };

    /// Mixed from the table, arriving at `delay` samples.
    pub(crate) fn from_table(place: &Place, delay: f64, gain: f64) -> Self {
        let mut point = Self { delay, count: place.count as u8, ..Self::SILENT };
        for ((v, w), to) in place.terms().iter().zip(&mut point.terms) {
            *to = (*v, (w * gain) as f32);
        }
        point
    }

    /// A spectrum of the voice's own.
    pub(crate) fn own(slot: u8, delay: f64, gain: f64) -> Self {
        Self { slot, own_weight: gain as f32, delay, ..Self::SILENT }
    }

    /// The same with no sound.
    pub(crate) fn silenced(mut self) -> Self {
        self.terms.iter_mut().for_each(|t| t.1 = 0.0);
        self.own_weight = 0.0;
        self
    }
}

/// Both ears at a control point.
pub(crate) type Point = [EarPoint; 2];

/// What three control points weigh in a hop: in the value at its middle, its slope and its curvature, per hop.
pub(crate) type Basis = [[f64; 3]; 3];

/// The B-spline basis for a hop from `r0` to `r1`, parts of the segment. `basis[k][i]` is the weight of control point
/// `i` in the coefficient of qᵏ, q from −½ to ½ over the hop.
pub(crate) fn basis(r0: f64, r1: f64) -> Basis {
    let (r, d) = (0.5 * (r0 + r1), r1 - r0);
    [
        [0.5 * (1.0 - r) * (1.0 - r), 0.5 + r - r * r, 0.5 * r * r],
        [-(1.0 - r) * d, (1.0 - 2.0 * r) * d, r * d],
        [0.5 * d * d, -d * d, 0.5 * d * d],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(p: [f64; 3], b: &Basis, q: f64) -> f64 {
        (0..3).map(|k| (0..3).map(|i| b[k][i] * p[i]).sum::<f64>() * q.powi(k as i32)).sum()
    }

    #[test]
    fn segments_join_in_value_and_slope_however_they_are_cut() {
        let p = [0.3, -1.0, 2.0, 0.7];
        let (first, second) = ([p[0], p[1], p[2]], [p[1], p[2], p[3]]);
        let whole = basis(0.0, 1.0);
        assert!((curve(first, &whole, 0.5) - curve(second, &whole, -0.5)).abs() < 1e-12);
        let slope = |p: [f64; 3], b: &Basis, q: f64| (curve(p, b, q + 1e-6) - curve(p, b, q - 1e-6)) / 2e-6;
        assert!((slope(first, &whole, 0.5) - slope(second, &whole, -0.5)).abs() < 1e-6);
        let part = basis(0.25, 0.5);
        for q in [-0.5, -0.2, 0.5] {
            let r = 0.25 + (q + 0.5) * 0.25;
            assert!((curve(first, &part, q) - curve(first, &whole, r - 0.5)).abs() < 1e-12);
        }
    }
}
