//! The shape of a set: on which kind of grid its directions lie, and where they leave gaps.

use super::places::{Vec3, dot, from_angles, length, to_angles};

/// What kind of grid the directions make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridKind {
    /// One direction only.
    Single,
    /// All directions in the horizontal plane.
    Circle,
    /// Rings of equal elevation, evenly filled, on most of the sphere.
    Rings,
    /// Evenly spread over the sphere without rings: Lebedev, Fibonacci, t-design and the like.
    Even,
    /// Nothing below or nothing above the horizon.
    HalfSphere,
    /// Anything else.
    Irregular,
}

impl GridKind {
    /// A name for people and programs: `circle`, `rings`, ...
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Circle => "circle",
            Self::Rings => "rings",
            Self::Even => "even",
            Self::HalfSphere => "half-sphere",
            Self::Irregular => "irregular",
        }
    }
}

/// The directions of a set.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Their kind.
    pub kind: GridKind,
    /// The number of different directions.
    pub directions: usize,
    /// Measurements whose place is that of an earlier one.
    pub duplicates: usize,
    /// The different distances, metres, ascending; at most 64.
    pub distances_m: Vec<f64>,
    /// The elevations of the rings, degrees, ascending; at most 180, empty if there are no rings.
    pub elevations_deg: Vec<f64>,
    /// Least and greatest elevation, degrees.
    pub elevation_range_deg: [f64; 2],
    /// The greatest angle between any direction and the nearest measured one, degrees.
    pub widest_gap_deg: f64,
    /// Azimuth and elevation of that direction, degrees.
    pub widest_gap_at_deg: [f64; 2],
    /// As `widest_gap_deg`, for directions in the horizontal plane alone.
    pub horizontal_gap_deg: f64,
}

/// Looks at the places of a set (metres, from the head).
pub(crate) fn look(positions: &[Vec3]) -> Grid {
    let angles: Vec<_> = positions.iter().map(|&p| to_angles(p)).collect();
    let mut distances: Vec<f64> = angles.iter().map(|a| a.2).collect();
    distances.sort_by(f64::total_cmp);
    distances.dedup_by(|a, b| *a - *b <= 0.005 + 0.005 * *b);
    distances.truncate(64);

    let mut seen = std::collections::HashSet::new();
    let duplicates = positions.iter().filter(|p| !seen.insert(p.map(|v| (v * 1e4).round() as i64))).count();
    // Directions to a hundredth of a degree: that of rounded files.
    let mut units: Vec<Vec3> = Vec::new();
    let mut elevations: Vec<f64> = Vec::new();
    seen.clear();
    for (p, a) in positions.iter().zip(&angles) {
        let unit = p.map(|v| v / length(*p));
        if seen.insert(unit.map(|v| (v * 5e3).round() as i64)) {
            units.push(unit);
            elevations.push(a.1);
        }
    }
    let range = elevations.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |r, &e| [r[0].min(e), r[1].max(e)]);
    let mut rings = elevations.clone();
    rings.sort_by(f64::total_cmp);
    rings.dedup_by(|a, b| *a - *b < 0.25);
    // A ring holds several directions; without rings nearly each direction has an elevation of its own.
    let on_rings = units.len() >= 8 && rings.len() * 4 <= units.len() && rings.len() <= 180;
    let search = Search::new(&units);
    let (gap, at) = widest_gap(&search);
    let horizontal =
        (0..720).map(|i| search.nearest(from_angles((f64::from(i) / 2.0).to_radians(), 0.0, 1.0))).fold(0.0, f64::max);
    // The mean spacing if the directions were spread evenly over the whole sphere.
    let even = (4.0 * std::f64::consts::PI / units.len() as f64).sqrt().to_degrees();
    let kind = if units.len() == 1 {
        GridKind::Single
    } else if range[0] > -3.0 && range[1] < 3.0 {
        GridKind::Circle
    } else if range[0] > -10.0 && range[1] > 45.0 || range[1] < 10.0 && range[0] < -45.0 {
        GridKind::HalfSphere
    } else if on_rings && gap < 65.0 {
        GridKind::Rings
    } else if gap < 1.6 * even {
        GridKind::Even
    } else {
        GridKind::Irregular
    };
    Grid {
        kind,
        directions: units.len(),
        duplicates,
        distances_m: distances,
        elevations_deg: if on_rings { rings } else { Vec::new() },
        elevation_range_deg: range,
        widest_gap_deg: gap,
        widest_gap_at_deg: at,
        horizontal_gap_deg: horizontal,
    }
}

/// Searches the sphere on rings 2 degrees apart for the direction farthest from all.
fn widest_gap(search: &Search) -> (f64, [f64; 2]) {
    // As a cosine: the smallest is the widest.
    let mut best = (2.0, [0.0, 0.0]);
    for ring in 0..=90 {
        let elevation = f64::from(ring) * 2.0 - 90.0;
        let count = ((180.0 * elevation.to_radians().cos()).round() as i32).max(1);
        let mut to = from_angles(0.0, elevation.to_radians(), 1.0);
        let (sin, cos) = (std::f64::consts::TAU / f64::from(count)).sin_cos();
        for i in 0..count {
            let near = search.nearest_cos(to);
            if near < best.0 - 1e-12 {
                let azimuth = 360.0 * f64::from(i) / f64::from(count);
                best = (near, [if azimuth > 180.0 { azimuth - 360.0 } else { azimuth }, elevation]);
            }
            to = [to[0] * cos - to[1] * sin, to[0] * sin + to[1] * cos, to[2]];
        }
    }
    (best.0.clamp(-1.0, 1.0).acos().to_degrees(), best.1)
}

/// Directions in cells of a coarse cube, so that the nearest one is found without looking at all of them.
struct Search<'a> {
    units: &'a [Vec3],
    cells: Vec<Vec<u32>>,
}

const CELLS: usize = 12;

impl<'a> Search<'a> {
    fn new(units: &'a [Vec3]) -> Self {
        let mut cells = vec![Vec::new(); CELLS * CELLS * CELLS];
        for (i, &u) in units.iter().enumerate() {
            let [x, y, z] = u.map(cell);
            cells[(x * CELLS + y) * CELLS + z].push(i as u32);
        }
        Self { units, cells }
    }

    /// The angle to the nearest direction, degrees.
    fn nearest(&self, to: Vec3) -> f64 {
        self.nearest_cos(to).clamp(-1.0, 1.0).acos().to_degrees()
    }

    /// The cosine of the angle to the nearest direction.
    fn nearest_cos(&self, to: Vec3) -> f64 {
        if self.units.len() < 200 {
            return self.units.iter().map(|&u| dot(to, u)).fold(-1.0, f64::max);
        }
        let centre = to.map(cell);
        let mut best = -2.0f64;
        for reach in 0..CELLS {
            let span = centre.map(|c| c.saturating_sub(reach)..=(c + reach).min(CELLS - 1));
            for x in span[0].clone() {
                for y in span[1].clone() {
                    for z in span[2].clone() {
                        let ring = [x, y, z].iter().zip(centre).map(|(&a, b)| a.abs_diff(b)).max();
                        if ring != Some(reach) {
                            continue;
                        }
                        for &i in &self.cells[(x * CELLS + y) * CELLS + z] {
                            best = best.max(dot(to, self.units[i as usize]));
                        }
                    }
                }
            }
            // Whatever is in the cells beyond is at least this far away, as a chord.
            let beyond = reach as f64 * 2.0 / CELLS as f64;
            if best > 1.0 - beyond * beyond / 2.0 {
                break;
            }
        }
        best
    }
}

fn cell(v: f64) -> usize {
    (((v + 1.0) / 2.0 * CELLS as f64) as usize).min(CELLS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(azimuth: f64, elevation: f64, distance: f64) -> Vec3 {
        from_angles(azimuth.to_radians(), elevation.to_radians(), distance)
    }

    fn rings(from: i32, to: i32, step: i32) -> Vec<Vec3> {
        let mut out = Vec::new();
        for elevation in (from..=to).step_by(step as usize) {
            let count = if elevation.abs() == 90 { 1 } else { 360 / step };
            out.extend((0..count).map(|i| at(f64::from(i * step), f64::from(elevation), 1.4)));
        }
        out
    }

    #[test]
    fn a_full_sphere_of_rings_has_no_gap_wider_than_its_cells() {
        let grid = look(&rings(-90, 90, 10));
        assert_eq!(grid.kind, GridKind::Rings);
        assert_eq!(grid.elevations_deg.len(), 19);
        assert!((6.0..7.2).contains(&grid.widest_gap_deg), "{}", grid.widest_gap_deg);
        assert_eq!(grid.distances_m.len(), 1);
    }

    #[test]
    fn a_missing_south_pole_is_where_the_gap_is() {
        let grid = look(&rings(-40, 90, 10));
        assert!((grid.widest_gap_deg - 50.0).abs() < 1e-6);
        assert_eq!(grid.widest_gap_at_deg[1], -90.0);
    }

    #[test]
    fn circles_half_spheres_and_several_distances_are_named() {
        assert_eq!(look(&rings(0, 0, 5)).kind, GridKind::Circle);
        assert_eq!(look(&rings(0, 90, 10)).kind, GridKind::HalfSphere);
        let mut two = rings(0, 0, 10);
        two.extend((0..36).map(|i| at(f64::from(i) * 10.0, 0.0, 0.5)));
        let grid = look(&two);
        assert_eq!((grid.directions, grid.duplicates, grid.distances_m.len()), (36, 0, 2));
    }

    #[test]
    fn a_spiral_is_even() {
        let golden = std::f64::consts::PI * (3.0 - 5f64.sqrt());
        let points: Vec<Vec3> = (0..500)
            .map(|i| {
                let z = 1.0 - 2.0 * (f64::from(i) + 0.5) / 500.0;
                from_angles(f64::from(i) * golden, z.asin(), 1.0)
            })
            .collect();
        assert_eq!(look(&points).kind, GridKind::Even);
    }

    #[test]
    fn the_search_agrees_with_looking_at_all() {
        let points = rings(-40, 60, 10);
        let units: Vec<Vec3> = points.iter().map(|p| p.map(|v| v / 1.4)).collect();
        let fast = Search::new(&units);
        for i in 0..200 {
            let to = at(f64::from(i) * 37.3, f64::from(i % 19) * 10.0 - 90.0, 1.0);
            let slow = units.iter().map(|&u| dot(to, u)).fold(-1.0, f64::max).clamp(-1.0, 1.0).acos().to_degrees();
            assert!((fast.nearest(to) - slow).abs() < 1e-9);
        }
    }
}
