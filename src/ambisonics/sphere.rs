//! What part of the sphere each vertex of a mesh stands for.

use crate::coords::Vec3;
use crate::hrtf::mesh::Mesh;

/// The area of each vertex's Voronoi cell over that of the sphere; they add up to 1.
///
/// The mesh is a Delaunay triangulation, so each triangle's circumcentre is a corner of the cells of its three
/// vertices. Areas are signed: where a triangle is obtuse and its circumcentre lies outside, neighbours make up for it.
/// Unlike thirds of triangles, the result does not depend on which diagonal a square of the grid was given.
pub fn voronoi_weights(mesh: &Mesh) -> Vec<f64> {
    let points = mesh.directions();
    let mut weights = vec![0.0; points.len()];
    for corners in mesh.triangles() {
        let p = corners.map(|i| points[i as usize]);
        let centre = (p[1] - p[0]).cross(p[2] - p[0]).direction();
        for k in 0..3 {
            let (a, b) = (p[k], p[(k + 1) % 3]);
            let middle = (a + b).direction();
            weights[corners[k] as usize] += area(a, middle, centre);
            weights[corners[(k + 1) % 3] as usize] += area(middle, b, centre);
        }
    }
    // A sliver may leave a trace below nothing.
    weights.iter_mut().for_each(|w| *w = w.max(0.0));
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    weights
}

/// The signed area of a spherical triangle, positive if its corners go counter-clockwise seen from outside (Van
/// Oosterom and Strackee, "The solid angle of a plane triangle", IEEE Trans. Biomed. Eng. 30(2), 1983, pp. 125–126).
fn area(a: Vec3, b: Vec3, c: Vec3) -> f64 {
    2.0 * a.dot(b.cross(c)).atan2(1.0 + a.dot(b) + b.dot(c) + c.dot(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_the_shares_of_nearest_points() {
        // Rings every 15 degrees with a pole missing: squares, slivers and one wide cell.
        let mut points = vec![Vec3::new(0.0, 0.0, 1.0), Vec3::new(0.0, 0.0, -1.0)];
        for el in (-45..=75).step_by(15) {
            for az in (0..360).step_by(15) {
                points.push(Vec3::from_polar(f64::from(az), f64::from(el), 1.0));
            }
        }
        let mesh = Mesh::new(points.clone()).expect("a closed hull");
        let weights = voronoi_weights(&mesh);
        let mut shares = vec![0.0f64; points.len()];
        let n = 40_000;
        for i in 0..n {
            let z: f64 = (2.0 * i as f64 + 1.0) / n as f64 - 1.0;
            let d = Vec3::from_polar(i as f64 * 137.507_764, z.asin().to_degrees(), 1.0);
            let best = (0..points.len()).max_by(|a, b| points[*a].dot(d).total_cmp(&points[*b].dot(d)));
            shares[best.expect("points")] += 1.0 / n as f64;
        }
        for (i, (w, s)) in weights.iter().zip(shares).enumerate() {
            assert!((w - s).abs() < 0.02 * s + 1e-4, "{i}: {w} {s}");
        }
    }
}
