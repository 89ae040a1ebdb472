//! Circles around the head, and curves along them.

use super::draw::chart::{Axis, Chart, in_order};
use super::draw::{LEFT, Page};
use crate::coords::Vec3;

/// A circle around the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plane {
    /// At the height of the ears.
    Horizontal,
    /// From below the front over the top to below the back.
    Median,
}

impl Plane {
    /// A place on the circle.
    pub(super) fn place(self, degrees: f64, distance: f64) -> Vec3 {
        match self {
            Self::Horizontal => Vec3::from_polar(degrees, 0.0, distance),
            Self::Median => Vec3::new(degrees.to_radians().cos(), 0.0, degrees.to_radians().sin()) * distance,
        }
    }

    /// Degrees along it, as an axis.
    pub(super) fn axis(self) -> Axis {
        let (label, from, to, names): (_, _, _, &[(f64, &str)]) = match self {
            Self::Horizontal => (
                "azimuth, degrees",
                180.0,
                -180.0,
                &[(180.0, "180 back"), (90.0, "90 left"), (0.0, "0 front"), (-90.0, "−90 right"), (-180.0, "−180")],
            ),
            Self::Median => (
                "elevation, degrees, over the top to the back",
                -60.0,
                240.0,
                &[
                    (-45.0, "−45"),
                    (0.0, "0 front"),
                    (45.0, "45"),
                    (90.0, "90 top"),
                    (135.0, "135"),
                    (180.0, "180 back"),
                    (225.0, "225"),
                ],
            ),
        };
        let ticks = names.iter().map(|(v, name)| (*v, (*name).to_string())).collect();
        Axis { label: label.to_string(), from, to, ticks, log: false }
    }
}

/// Curves against azimuth, on an axis that is symmetric about zero; a name for each if there are several.
/// The place is left, top, width, height.
pub(super) fn curves_around(
    page: &mut Page,
    [left, top, width, height]: [f64; 4],
    title: &str,
    label: &str,
    names: Vec<String>,
    curves: &[Vec<(f64, f64)>],
) {
    let reach = curves.iter().flatten().fold(1.0f64, |m, p| m.max(p.1.abs()));
    let chart = Chart { left, top, width, height, x: Plane::Horizontal.axis(), y: Axis::around(label, -reach, reach) };
    chart.frame(page, title);
    chart.zero(page);
    let colours = if curves.len() == 1 { vec![LEFT] } else { in_order(curves.len()) };
    for (points, colour) in curves.iter().zip(&colours) {
        chart.curve(page, points, *colour);
    }
    if curves.len() > 1 {
        chart.legend(page, &names.into_iter().zip(colours).collect::<Vec<_>>());
    }
}
