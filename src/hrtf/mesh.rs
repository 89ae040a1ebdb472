//! The triangulated sphere of measured directions: which three of them hold a direction, and with what weights.
//!
//! The Delaunay triangulation of points on a sphere is their convex hull. It is found in the plane: seen from one of
//! the points (stereographic projection), circles on the sphere stay circles, so the planar Delaunay triangulation of
//! the others, joined to that point along its outline, is the spherical one.

use crate::coords::Vec3;

/// No neighbour; the hull of a proper set has none such.
const NONE: u32 = u32::MAX;

/// Cells of the seed grid along azimuth and along elevation.
const SEEDS: (usize, usize) = (32, 16);

/// A direction as a mix of three vertices: their indices and weights, which are not negative and add up to 1.
pub type Barycentric = [(u32, f64); 3];

/// A closed triangle mesh over unit vectors, with a walk from triangle to triangle to find a direction.
#[derive(Clone, Debug)]
pub struct Mesh {
    directions: Vec<Vec3>,
    triangles: Vec<[u32; 3]>,
    /// Neighbour across the side opposite to each corner.
    neighbours: Vec<[u32; 3]>,
    /// Rows of the inverse of each triangle's corner matrix: a direction times a row is that corner's weight.
    inverse: Vec<[Vec3; 3]>,
    seeds: Vec<u32>,
}

impl Mesh {
    /// The hull of unit vectors; `None` if they do not enclose the origin or lie in a plane (fewer than four do).
    /// No two may be the same.
    pub fn new(directions: Vec<Vec3>) -> Option<Self> {
        let triangles = hull(&directions)?;
        let mut inverse = Vec::with_capacity(triangles.len());
        for t in &triangles {
            let [a, b, c] = t.map(|i| directions[i as usize]);
            let volume = a.dot(b.cross(c));
            // A side of the hull that the origin does not see from inside: the set covers less than half a sphere.
            if volume <= 1e-12 {
                return None;
            }
            inverse.push([b.cross(c) * (1.0 / volume), c.cross(a) * (1.0 / volume), a.cross(b) * (1.0 / volume)]);
        }
        let neighbours = neighbours(&triangles, directions.len());
        if neighbours.iter().flatten().any(|n| *n == NONE) {
            return None;
        }
        let mut mesh = Self { directions, triangles, neighbours, inverse, seeds: Vec::new() };
        let mut seed = 0;
        mesh.seeds = (0..SEEDS.0 * SEEDS.1)
            .map(|cell| {
                let azimuth = ((cell % SEEDS.0) as f64 + 0.5) / SEEDS.0 as f64 * 360.0 - 180.0;
                let elevation = ((cell / SEEDS.0) as f64 + 0.5) / SEEDS.1 as f64 * 180.0 - 90.0;
                seed = mesh.walk(Vec3::from_polar(azimuth, elevation, 1.0), seed).0;
                seed
            })
            .collect();
        Some(mesh)
    }

    /// The vertices, unit vectors.
    pub fn directions(&self) -> &[Vec3] {
        &self.directions
    }

    /// The triangles, counter-clockwise seen from outside.
    pub fn triangles(&self) -> &[[u32; 3]] {
        &self.triangles
    }

    /// A triangle near a direction, to start a walk from.
    pub fn seed(&self, d: Vec3) -> u32 {
        let (azimuth, elevation, _) = d.to_polar();
        let cell = |x: f64, n: usize| ((x * n as f64) as usize).min(n - 1);
        self.seeds[cell((elevation + 90.0) / 180.0, SEEDS.1) * SEEDS.0 + cell((azimuth + 180.0) / 360.0, SEEDS.0)]
    }

    /// The triangle that holds unit vector `d`, searched from triangle `from`, and the weights of its corners.
    /// Bounded and free of allocation.
    pub fn find(&self, d: Vec3, from: u32) -> (u32, Barycentric) {
        let (t, w) = self.walk(d, from.min(self.triangles.len() as u32 - 1));
        let w = w.map(|w| w.max(0.0));
        let sum = w[0] + w[1] + w[2];
        let corners = self.triangles[t as usize];
        (t, std::array::from_fn(|i| (corners[i], w[i] / sum)))
    }

    /// Walks towards `d` across the side that it lies farthest beyond. On a Delaunay mesh this arrives; the bound and
    /// the search behind it are for rounding at slivers.
    fn walk(&self, d: Vec3, from: u32) -> (u32, [f64; 3]) {
        let mut t = from;
        for _ in 0..self.triangles.len() {
            let w = self.inverse[t as usize].map(|row| row.dot(d));
            let worst = (0..3).min_by(|a, b| w[*a].total_cmp(&w[*b])).unwrap_or(0);
            if w[worst] >= -1e-9 {
                return (t, w);
            }
            t = self.neighbours[t as usize][worst];
        }
        let fit = |t: &u32| self.inverse[*t as usize].iter().map(|r| r.dot(d)).fold(f64::INFINITY, f64::min);
        let best = (0..self.triangles.len() as u32).max_by(|a, b| fit(a).total_cmp(&fit(b))).unwrap_or(0);
        (best, self.inverse[best as usize].map(|row| row.dot(d)))
    }
}

/// Directions are rounded to this before they are triangulated.
const GRAIN: f64 = 1.0 / (1u64 << 36) as f64;

/// The triangles of the convex hull, outward; `None` for degenerate sets.
///
/// Regular grids are full of ties: four directions on one circle, either diagonal as good. Rounding decides them, and sines
/// and cosines are rounded differently by every platform's library; so the last bits are taken away first, and every machine
/// draws the same mesh.
fn hull(points: &[Vec3]) -> Option<Vec<[u32; 3]>> {
    if points.len() < 4 {
        return None;
    }
    let round = |x: f64| (x / GRAIN).round() * GRAIN;
    let points: Vec<Vec3> = points.iter().map(|p| Vec3::new(round(p.x), round(p.y), round(p.z))).collect();
    // A frame whose +z is the point that the others are seen from.
    let eye = points[0];
    let side = if eye.z.abs() < 0.9 { Vec3::new(0.0, 0.0, 1.0) } else { Vec3::new(1.0, 0.0, 0.0) };
    let u = side.cross(eye).direction();
    let v = eye.cross(u);
    let flat: Vec<delaunator::Point> = points[1..]
        .iter()
        .map(|p| {
            let away = (1.0 - p.dot(eye)).max(1e-15);
            delaunator::Point { x: p.dot(u) / away, y: p.dot(v) / away }
        })
        .collect();
    let plane = delaunator::triangulate(&flat);
    if plane.triangles.is_empty() {
        return None;
    }
    let outward = |t: [usize; 3]| {
        let [a, b, c] = t.map(|i| points[i]);
        let flip = (b - a).cross(c - a).dot(a + b + c) < 0.0;
        let t = t.map(|i| i as u32);
        if flip { [t[0], t[2], t[1]] } else { t }
    };
    let mut triangles: Vec<[u32; 3]> =
        plane.triangles.chunks_exact(3).map(|t| outward([t[0] + 1, t[1] + 1, t[2] + 1])).collect();
    let outline = &plane.hull;
    for (i, a) in outline.iter().enumerate() {
        let b = outline[(i + 1) % outline.len()];
        triangles.push(outward([0, a + 1, b + 1]));
    }
    Some(triangles)
}

/// For each triangle the one across the side opposite to each corner.
fn neighbours(triangles: &[[u32; 3]], vertices: usize) -> Vec<[u32; 3]> {
    // Sides by their first vertex: a vertex has about six, so a short list each is the fastest map.
    let mut sides: Vec<Vec<(u32, u32)>> = vec![Vec::with_capacity(8); vertices];
    for (t, corners) in triangles.iter().enumerate() {
        for k in 0..3 {
            sides[corners[(k + 1) % 3] as usize].push((corners[(k + 2) % 3], t as u32));
        }
    }
    let across = |a: u32, b: u32| sides[b as usize].iter().find(|(end, _)| *end == a).map_or(NONE, |(_, t)| *t);
    triangles.iter().map(|c| std::array::from_fn(|k| across(c[(k + 1) % 3], c[(k + 2) % 3]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rings every 10° and both poles: as degenerate as measured grids are.
    fn rings() -> Vec<Vec3> {
        let mut v = vec![Vec3::from_polar(0.0, 90.0, 1.0), Vec3::from_polar(0.0, -90.0, 1.0)];
        for el in (-80..=80).step_by(10) {
            for az in (0..360).step_by(10) {
                v.push(Vec3::from_polar(f64::from(az), f64::from(el), 1.0));
            }
        }
        v
    }

    fn random(n: usize) -> Vec<Vec3> {
        let mut state = 1u64;
        let mut next = move || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..n).map(|_| Vec3::from_polar(next() * 360.0, (next() * 2.0 - 1.0).asin().to_degrees(), 1.0)).collect()
    }

    #[test]
    fn a_hull_has_two_triangles_less_than_twice_its_vertices() {
        for points in [rings(), random(500), random(8802)] {
            let n = points.len();
            let mesh = Mesh::new(points).unwrap();
            assert_eq!(mesh.triangles.len(), 2 * n - 4);
        }
    }

    #[test]
    fn no_vertex_lies_beyond_a_triangle() {
        let mesh = Mesh::new(random(200)).unwrap();
        for t in &mesh.triangles {
            let [a, b, c] = t.map(|i| mesh.directions[i as usize]);
            let normal = (b - a).cross(c - a).direction();
            for p in &mesh.directions {
                assert!(normal.dot(*p - a) < 1e-9);
            }
        }
    }

    #[test]
    fn weights_give_the_direction_back() {
        for points in [rings(), random(300)] {
            let mesh = Mesh::new(points).unwrap();
            let mut t = 0;
            for d in random(2000) {
                let (at, w) = mesh.find(d, t);
                t = at;
                assert!(w.iter().all(|(_, w)| *w >= 0.0));
                let sum = w.iter().fold(Vec3::default(), |s, (i, w)| s + mesh.directions[*i as usize] * *w);
                assert!((sum.direction() - d).norm() < 1e-7, "{d:?}");
            }
        }
    }

    #[test]
    fn at_a_vertex_its_weight_is_one() {
        let mesh = Mesh::new(rings()).unwrap();
        for (i, d) in mesh.directions.iter().enumerate() {
            let (_, w) = mesh.find(*d, mesh.seed(*d));
            let own = w.iter().find(|(v, _)| *v as usize == i).map_or(0.0, |(_, w)| *w);
            assert!(own > 1.0 - 1e-9, "vertex {i}: {w:?}");
        }
    }

    #[test]
    fn half_a_sphere_and_a_circle_are_refused() {
        assert!(Mesh::new(rings().into_iter().filter(|d| d.z > 0.1).collect()).is_none());
        assert!(Mesh::new(rings().into_iter().filter(|d| d.z.abs() < 0.1).collect()).is_none());
    }
}
