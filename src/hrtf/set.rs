//! A measured set at one sample rate, ready to be interpolated.

use super::interpolate::Interpolator;
use super::mesh::Mesh;
use super::onset::OnsetFinder;
use super::prepared::Prepared;
use crate::coords::Vec3;
use crate::dsp::SAMPLE_RATES;
use crate::dsp::resample::{ResponseResampler, bessel_i0, resampled_len};
use crate::error::{Error, Result};

/// Directional responses of two ears as they were measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Hz.
    pub sample_rate: f64,
    /// Samples of each response.
    pub taps: usize,
    /// Where the source stood, metres from the middle of the head, `[M]`.
    pub positions: Vec<Vec3>,
    /// `[M][2][taps]`, the left ear first.
    pub responses: Vec<f32>,
    /// Further delays in samples, `[M]`, left and right; fractions allowed, not negative.
    pub delays: Vec<[f32; 2]>,
}

/// Directions measured at one distance.
#[derive(Clone, Debug)]
pub struct Shell {
    /// Metres.
    pub radius: f64,
    /// Index in the set of the mesh's vertex 0.
    pub first: u32,
    /// The triangulated directions.
    pub mesh: Mesh,
}

/// A place as a mix of measured vertices: at most two shells of three.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    /// Vertex and weight; the weights add up to 1.
    pub terms: [(u32, f64); 6],
    /// How many of them count.
    pub count: usize,
}

impl Place {
    /// The terms that count.
    pub fn terms(&self) -> &[(u32, f64)] {
        &self.terms[..self.count]
    }

    fn push(&mut self, vertex: u32, weight: f64) {
        if weight > NO_WEIGHT && self.count < self.terms.len() {
            self.terms[self.count] = (vertex, weight);
            self.count += 1;
        }
    }
}

/// A set of head-related responses at one sample rate; immutable, to be shared.
#[derive(Clone, Debug)]
pub struct HrtfSet {
    sample_rate: f64,
    taps: usize,
    /// `[V][2][taps]`
    responses: Vec<f32>,
    /// Arrival times in samples, `[V][2]`.
    onsets: Vec<[f32; 2]>,
    shells: Vec<Shell>,
    measured: usize,
    /// What engines have made of it.
    pub(crate) prepared: Prepared,
}

/// Weights below this are none (−120 dB), so that a direction known to six decimals is the measured one.
const NO_WEIGHT: f64 = 1e-6;
/// Shells closer than this part of their radius are one.
const SAME_RADIUS: f64 = 0.01;
/// Directions closer than this (as a chord of the unit sphere) are one: 0.006 degrees.
const SAME_DIRECTION: f64 = 1e-4;
/// An axis this far from everything measured gets a vertex made from its surroundings, as a cosine: 35 degrees.
const GAP_COS: f64 = 0.819;
/// Values of all responses together, delays put in and resampled: half a gigabyte.
const MOST_VALUES: f64 = (1u64 << 27) as f64;
/// Longest response accepted, seconds: longer ones are rooms.
const MAX_SECONDS: f64 = 0.5;

impl HrtfSet {
    /// Prepares a measured set for `sample_rate` Hz, 1000 to 1 000 000.
    ///
    /// # Errors
    /// `Malformed` if sizes do not agree, values are not finite or the set's own rate is beyond that range, `Unsupported`
    /// if responses are too long to be a head's, `Limit` if there are too many, `Argument` if the rate wanted is beyond
    /// the range.
    pub fn new(measured: &Measured, sample_rate: f64) -> Result<Self> {
        check(measured, sample_rate)?;
        let groups = group_by_distance(&measured.positions);
        let (responses, taps) = responses_at_rate(measured, sample_rate);
        let order: Vec<u32> = groups.iter().flat_map(|g| g.members.iter().copied()).collect();
        let mut set = Self {
            sample_rate,
            taps,
            responses: in_order(responses, &order, 2 * taps),
            onsets: Vec::new(),
            shells: Vec::with_capacity(groups.len()),
            measured: order.len(),
            prepared: Prepared::default(),
        };
        set.onsets = set.find_onsets();
        let mut interpolator = Interpolator::new(taps);
        let mut first = 0;
        for group in groups {
            let count = group.members.len() as u32;
            let mut directions: Vec<Vec3> =
                group.members.iter().map(|m| measured.positions[*m as usize].direction()).collect();
            // Made-up vertices come after the measured ones of their shell; later shells move up.
            let gaps = gaps(&directions);
            for (k, gap) in gaps.iter().enumerate() {
                let terms: Vec<(u32, f64)> = gap.terms.iter().map(|(v, w)| (first + v, *w)).collect();
                set.insert_made_up(first + count + k as u32, &terms, &mut interpolator);
                directions.push(gap.direction);
            }
            let made = gaps.len() as u32;
            let mesh = Mesh::new(directions)
                .ok_or_else(|| Error::unsupported("the measured directions cannot be triangulated"))?;
            set.shells.push(Shell { radius: group.radius, first, mesh });
            first += count + made;
        }
        Ok(set)
    }

    /// Hz.
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }

    /// Samples of each response.
    pub fn taps(&self) -> usize {
        self.taps
    }

    /// Vertices, measured and made up.
    pub fn vertices(&self) -> usize {
        self.onsets.len()
    }

    /// Vertices that were measured.
    pub fn measured(&self) -> usize {
        self.measured
    }

    /// Shells by radius, the nearest first.
    pub fn shells(&self) -> &[Shell] {
        &self.shells
    }

    /// True if sources within a metre are to be had by the near field's model: the set was measured at one distance, and
    /// not from nearby.
    pub fn models_near_field(&self) -> bool {
        matches!(&self.shells[..], [only] if only.radius > 0.9)
    }

    /// The response of one ear (0 = left) at a vertex, `[taps]`.
    pub fn response(&self, vertex: u32, ear: usize) -> &[f32] {
        let at = (vertex as usize * 2 + ear) * self.taps;
        &self.responses[at..at + self.taps]
    }

    /// Arrival times at both ears of a vertex, samples.
    pub fn onsets(&self, vertex: u32) -> [f32; 2] {
        self.onsets[vertex as usize]
    }

    /// The place `at` metres from the head as a mix of vertices. `near` keeps the last triangle of each of two shells,
    /// so that the next search is short. Allocates nothing.
    pub fn place(&self, at: Vec3, near: &mut [u32; 2]) -> Place {
        let mut place = Place::default();
        let direction = at.direction();
        let distance = at.norm();
        let mut add = |shell: &Shell, part: f64, near: &mut u32| {
            let (triangle, corners) = shell.mesh.find(direction, *near);
            *near = triangle;
            for (vertex, weight) in corners {
                place.push(shell.first + vertex, weight * part);
            }
        };
        let above = self.shells.partition_point(|s| s.radius < distance);
        match (above.checked_sub(1).and_then(|i| self.shells.get(i)), self.shells.get(above)) {
            (Some(low), Some(high)) => {
                // Pressure goes with 1/d, so that is what is linear between two shells.
                let part = (1.0 / low.radius - 1.0 / distance) / (1.0 / low.radius - 1.0 / high.radius);
                add(low, 1.0 - part, &mut near[0]);
                add(high, part, &mut near[1]);
            }
            (Some(only), None) | (None, Some(only)) => add(only, 1.0, &mut near[0]),
            (None, None) => {}
        }
        let sum: f64 = place.terms().iter().map(|(_, w)| w).sum();
        place.terms[..place.count].iter_mut().for_each(|(_, w)| *w /= sum);
        place
    }

    /// Arrival time at one ear of a mix of vertices, samples.
    pub fn delay(&self, place: &Place, ear: usize) -> f64 {
        place.terms().iter().map(|(v, w)| w * f64::from(self.onsets[*v as usize][ear])).sum()
    }

    fn find_onsets(&self) -> Vec<[f32; 2]> {
        let mut finder = OnsetFinder::new(self.taps, self.sample_rate);
        self.responses
            .chunks_exact(2 * self.taps)
            .map(|both| {
                let (left, right) = both.split_at(self.taps);
                [finder.find(left), finder.find(right)]
            })
            .collect()
    }

    /// Adds a vertex mixed from others: the mean of their arrival times and of their magnitudes.
    fn insert_made_up(&mut self, at: u32, terms: &[(u32, f64)], interpolator: &mut Interpolator) {
        let mut both = vec![0.0; 2 * self.taps];
        let mut onsets = [0.0f32; 2];
        for (ear, response) in both.chunks_exact_mut(self.taps).enumerate() {
            let delay: f64 = terms.iter().map(|(v, w)| w * f64::from(self.onsets[*v as usize][ear])).sum();
            interpolator.response(self, terms, ear, delay, response);
            onsets[ear] = delay as f32;
        }
        let from = at as usize * 2 * self.taps;
        self.responses.splice(from..from, both);
        self.onsets.insert(at as usize, onsets);
    }
}

fn check(m: &Measured, sample_rate: f64) -> Result<()> {
    if !SAMPLE_RATES.contains(&sample_rate) {
        return Err(Error::argument(format!("a head's sample rate is 1000 to 1000000 Hz, not {sample_rate} Hz")));
    }
    if !SAMPLE_RATES.contains(&m.sample_rate) {
        return Err(Error::malformed(format!("the set's sample rate is {} Hz, not 1000 to 1000000 Hz", m.sample_rate)));
    }
    let count = m.positions.len();
    if count == 0 || m.taps == 0 {
        return Err(Error::malformed("the set holds no responses"));
    }
    if m.responses.len() != count * 2 * m.taps || m.delays.len() != count {
        return Err(Error::malformed(format!(
            "{count} directions of 2 ears and {} samples want {} values, not {}",
            m.taps,
            count * 2 * m.taps,
            m.responses.len()
        )));
    }
    if m.taps as f64 / m.sample_rate > MAX_SECONDS {
        return Err(Error::unsupported(format!(
            "responses of {:.2} s are a room's, not a head's: at most {MAX_SECONDS} s",
            m.taps as f64 / m.sample_rate
        )));
    }
    if let Some(i) = m.positions.iter().position(|p| !p.is_finite() || p.norm() < 1e-6) {
        return Err(Error::malformed(format!("measurement {i} has no direction")));
    }
    if let Some(i) = m.responses.iter().position(|x| !x.is_finite()) {
        return Err(Error::malformed(format!("measurement {} holds a value that is not finite", i / (2 * m.taps))));
    }
    let longest = MAX_SECONDS * m.sample_rate;
    let latest = m.delays.iter().flatten().fold(0.0f64, |a, d| a.max(f64::from(*d)));
    let values = 2.0 * count as f64 * (m.taps as f64 + latest) * (sample_rate / m.sample_rate).max(1.0);
    if values > MOST_VALUES {
        return Err(Error::limit(format!("with its delays put in the set would have {values:.0} values"))
            .hint("at most 134 million are prepared: use fewer directions, shorter delays or a lower rate"));
    }
    if let Some(i) = m.delays.iter().position(|d| d.iter().any(|d| !(0.0..=longest).contains(&f64::from(*d)))) {
        return Err(Error::malformed(format!("measurement {i} is delayed by {:?} samples", m.delays[i])));
    }
    Ok(())
}

/// Measurements at one distance, the first of each direction.
struct Group {
    radius: f64,
    members: Vec<u32>,
}

/// Sorts measurements into shells. Distances that scatter too much to be shells are taken for one.
fn group_by_distance(positions: &[Vec3]) -> Vec<Group> {
    let mut order: Vec<u32> = (0..positions.len() as u32).collect();
    let radius = |i: u32| positions[i as usize].norm();
    // Stable, so measurements of one distance keep their order.
    order.sort_by(|a, b| radius(*a).total_cmp(&radius(*b)));
    let mut groups: Vec<Group> = Vec::new();
    for i in order {
        match groups.last_mut() {
            Some(g) if radius(i) <= g.radius * (1.0 + SAME_RADIUS) => g.members.push(i),
            _ => groups.push(Group { radius: radius(i), members: vec![i] }),
        }
    }
    if groups.len() * 8 > positions.len() && groups.len() > 1 {
        let mean = positions.iter().map(|p| p.norm()).sum::<f64>() / positions.len() as f64;
        groups = vec![Group { radius: mean, members: (0..positions.len() as u32).collect() }];
    }
    for g in &mut groups {
        g.members.sort_unstable();
        drop_repeats(&mut g.members, positions);
    }
    groups
}

/// Keeps the first measurement of each direction.
fn drop_repeats(members: &mut Vec<u32>, positions: &[Vec3]) {
    let mut by_height: Vec<(Vec3, u32)> = members.iter().map(|i| (positions[*i as usize].direction(), *i)).collect();
    by_height.sort_by(|a, b| a.0.z.total_cmp(&b.0.z).then(a.1.cmp(&b.1)));
    let mut repeats = Vec::new();
    let mut dropped = vec![false; by_height.len()];
    for n in 0..by_height.len() {
        if dropped[n] {
            continue;
        }
        let (d, mut first) = by_height[n];
        for (k, (e, j)) in by_height.iter().enumerate().skip(n + 1) {
            if e.z - d.z >= SAME_DIRECTION {
                break;
            }
            if !dropped[k] && (*e - d).norm() < SAME_DIRECTION {
                dropped[k] = true;
                repeats.push(first.max(*j));
                first = first.min(*j);
            }
        }
    }
    if !repeats.is_empty() {
        repeats.sort_unstable();
        members.retain(|i| repeats.binary_search(i).is_err());
    }
}

/// A direction to make up, and from what.
struct Gap {
    direction: Vec3,
    terms: Vec<(u32, f64)>,
}

/// Axes far from every measured direction: a missing pole, half a sphere, all but a circle. Each is to be the mean of
/// what surrounds it, which keeps left and right alike wherever the set does.
fn gaps(directions: &[Vec3]) -> Vec<Gap> {
    let axes =
        [(0.0, 0.0, -1.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, -1.0, 0.0)];
    axes.into_iter()
        .map(|(x, y, z)| Vec3::new(x, y, z))
        .filter_map(|axis| {
            let nearest = directions.iter().map(|d| d.dot(axis)).fold(-1.0, f64::max);
            if nearest > GAP_COS {
                return None;
            }
            let reach = nearest.clamp(-1.0, 1.0).acos() * 1.1 + 0.02;
            let around: Vec<u32> = (0..directions.len() as u32)
                .filter(|i| reach >= 3.1 || directions[*i as usize].dot(axis) >= reach.cos())
                .collect();
            let weight = 1.0 / around.len() as f64;
            Some(Gap { direction: axis, terms: around.into_iter().map(|v| (v, weight)).collect() })
        })
        .collect()
}

/// Rows of `width` values in another order; moved, not copied, where the order is the same.
fn in_order(rows: Vec<f32>, order: &[u32], width: usize) -> Vec<f32> {
    if rows.len() == order.len() * width && order.iter().enumerate().all(|(i, o)| i == *o as usize) {
        return rows;
    }
    order.iter().flat_map(|o| rows[*o as usize * width..][..width].iter().copied()).collect()
}

/// The responses at another rate with their delays put in, and their length.
fn responses_at_rate(m: &Measured, rate: f64) -> (Vec<f32>, usize) {
    let latest = m.delays.iter().flatten().fold(0.0f32, |a, d| a.max(*d));
    if latest == 0.0 && m.sample_rate == rate {
        return (m.responses.clone(), m.taps);
    }
    // A fraction of a sample of delay needs a few samples for the sinc to die away.
    let whole = m.delays.iter().flatten().all(|d| d.fract() == 0.0);
    let delayed = m.taps + latest.ceil() as usize + if whole { 0 } else { FRACTION_TAIL };
    let taps = if m.sample_rate == rate { delayed } else { resampled_len(delayed, m.sample_rate, rate) };
    let mut resampler = (m.sample_rate != rate).then(|| ResponseResampler::new(delayed, m.sample_rate, rate));
    let mut row = vec![0.0f32; delayed];
    let mut out = vec![0.0f32; m.positions.len() * 2 * taps];
    for (i, (response, y)) in m.responses.chunks_exact(m.taps).zip(out.chunks_exact_mut(taps)).enumerate() {
        delay_into(response, f64::from(m.delays[i / 2][i % 2]), &mut row);
        match &mut resampler {
            Some(r) => r.process(&row, y),
            None => y.copy_from_slice(&row),
        }
    }
    (out, taps)
}

/// Samples that a fractionally delayed response grows by.
const FRACTION_TAIL: usize = 24;

/// Delays a response by windowed-sinc interpolation; exactly, if by whole samples.
fn delay_into(x: &[f32], delay: f64, out: &mut [f32]) {
    out.fill(0.0);
    let whole = delay.floor();
    let part = delay - whole;
    let at = whole as usize;
    if part < 1e-6 {
        out[at..at + x.len()].copy_from_slice(x);
        return;
    }
    let reach = FRACTION_TAIL as i64 - 1;
    let norm = bessel_i0(8.0);
    let kernel: Vec<f32> = (-reach..=reach)
        .map(|k| {
            let t = k as f64 - part;
            let sinc = (std::f64::consts::PI * t).sin() / (std::f64::consts::PI * t);
            let edge = (t / FRACTION_TAIL as f64).abs().min(1.0);
            (sinc * bessel_i0(8.0 * (1.0 - edge * edge).sqrt()) / norm) as f32
        })
        .collect();
    for (n, x) in x.iter().enumerate() {
        for (k, h) in kernel.iter().enumerate() {
            let to = (at + n + k) as i64 - reach;
            if let Some(y) = usize::try_from(to).ok().and_then(|to| out.get_mut(to)) {
                *y += x * h;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_rates_that_nobody_means_are_refused() {
        let positions = [(0.0, 0.0), (90.0, 0.0), (-90.0, 0.0), (180.0, 0.0), (0.0, 90.0), (0.0, -90.0)];
        let at = |own: f64, wanted: f64| {
            let measured = Measured {
                sample_rate: own,
                taps: 4,
                positions: positions.map(|(azimuth, elevation)| Vec3::from_polar(azimuth, elevation, 1.0)).to_vec(),
                responses: [1.0, 0.5, 0.2, 0.1].repeat(12),
                delays: vec![[0.0; 2]; 6],
            };
            HrtfSet::new(&measured, wanted).map(|set| set.taps()).map_err(|e| e.to_string())
        };
        for bad in [f64::NAN, 0.0, -48_000.0, 1e-300, 999.0, 1.1e6, 1e18, f64::MAX, f64::INFINITY] {
            assert!(at(48_000.0, bad).unwrap_err().contains("a head's sample rate is 1000 to 1000000 Hz"), "{bad}");
            assert!(at(bad, 48_000.0).unwrap_err().contains("the set's sample rate is"), "{bad}");
        }
        assert_eq!([at(1e3, 1e6), at(1e6, 1e3)], [Ok(4000), Ok(1)]);
    }
}
