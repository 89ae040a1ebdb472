//! Which loudspeakers of a measured room an input comes from.

use super::MeasuredRoom;
use crate::coords::Vec3;

/// An input's way into the room: loudspeakers and gains.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assignment {
    /// Emitter and gain.
    pub terms: Vec<(usize, f32)>,
}

/// An emitter this near (cosine of 7.5 degrees) is the one that is meant.
const SAME: f64 = 0.991;
/// Emitters looked at for one direction.
const NEAREST: usize = 12;

impl Assignment {
    /// From one loudspeaker.
    pub fn emitter(index: usize) -> Self {
        Self { terms: vec![(index, 1.0)] }
    }

    /// From the direction of `wanted`, seen by a head that is not turned: the loudspeaker that stands there; between two
    /// or three of them by amplitude panning (Pulkki, J. Audio Eng. Soc. 45(6), 1997), the squares of the gains adding
    /// up to 1; the nearest one where none stand around it.
    pub fn direction(room: &MeasuredRoom, wanted: Vec3) -> Self {
        let d = wanted.direction();
        let mut near: Vec<(usize, Vec3)> =
            room.emitters().iter().enumerate().map(|(i, e)| (i, e.position.direction())).collect();
        near.sort_by(|a, b| b.1.dot(d).total_cmp(&a.1.dot(d)));
        near.truncate(NEAREST);
        let Some(&(first, v)) = near.first() else { return Self::default() };
        if near.len() == 1 || v.dot(d) > SAME {
            return Self::emitter(first);
        }
        let best = triple(&near, d).or_else(|| pair(&near, d));
        let Some(mut terms) = best else { return Self::emitter(first) };
        let norm = terms.iter().map(|(_, g)| f64::from(*g).powi(2)).sum::<f64>().sqrt() as f32;
        terms.iter_mut().for_each(|(_, g)| *g /= norm);
        terms.retain(|(_, g)| *g > 1e-3);
        Self { terms }
    }
}

/// The closest three around a direction that is above or below the plane of two.
fn triple(near: &[(usize, Vec3)], d: Vec3) -> Option<Vec<(usize, f32)>> {
    let mut best: Option<(f64, Vec<(usize, f32)>)> = None;
    for i in 0..near.len() {
        for j in i + 1..near.len() {
            for k in j + 1..near.len() {
                let (a, b, c) = (near[i].1, near[j].1, near[k].1);
                let volume = a.dot(b.cross(c));
                // Three in a row, or half way round the head, make no triangle.
                if volume.abs() < 0.02 {
                    continue;
                }
                let gains = [d.dot(b.cross(c)), a.dot(d.cross(c)), a.dot(b.cross(d))].map(|g| g / volume);
                let spread = 3.0 - a.dot(d) - b.dot(d) - c.dot(d);
                if gains.iter().all(|g| *g >= -1e-6) && best.as_ref().is_none_or(|(s, _)| spread < *s - 1e-9) {
                    let terms = [i, j, k].iter().zip(gains).map(|(n, g)| (near[*n].0, g.max(0.0) as f32)).collect();
                    best = Some((spread, terms));
                }
            }
        }
    }
    best.map(|(_, terms)| terms)
}

/// The closest two that a direction lies between, seen from above if their ring does not pass through it.
fn pair(near: &[(usize, Vec3)], d: Vec3) -> Option<Vec<(usize, f32)>> {
    let mut best: Option<(f64, Vec<(usize, f32)>)> = None;
    for i in 0..near.len() {
        for j in i + 1..near.len() {
            let (a, b) = (near[i].1, near[j].1);
            let ab = a.dot(b);
            // Opposite or coinciding ones have nothing between them.
            if !(-0.98..0.9999).contains(&ab) {
                continue;
            }
            let (da, db) = (d.dot(a), d.dot(b));
            let gains = [(da - ab * db) / (1.0 - ab * ab), (db - ab * da) / (1.0 - ab * ab)];
            let reached = a * gains[0] + b * gains[1];
            let off = (d - reached).norm();
            let spread = 2.0 - da - db + 4.0 * off;
            if gains.iter().all(|g| *g >= -1e-6) && off < 0.7 && best.as_ref().is_none_or(|(s, _)| spread < *s - 1e-9) {
                let terms = [i, j].iter().zip(gains).map(|(n, g)| (near[*n].0, g.max(0.0) as f32)).collect();
                best = Some((spread, terms));
            }
        }
    }
    best.map(|(_, terms)| terms)
}
