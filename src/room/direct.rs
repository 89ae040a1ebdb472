//! The direct sound on its way through the air: its delay, if propagation takes time, what the air and the source's
//! beam leave of it, and how wide it is.

use super::bands::BandFilter;
use super::history::{History, Parts};
use super::path::{NEAREST, Path, Placing, Point, Reading, Span, Stretch, THIRD, slack};
use super::{BANDS, Bands};
use crate::ambisonics::encode_third;
use crate::dsp::fractional::{LONG_AHEAD, LongReader};
use crate::dsp::kernel::paths::PathKernels;
use crate::spatializer::point::Basis;

/// Width at which all of a source goes into the bus and none through one head response, degrees.
const WIDE_DEG: f64 = 60.0;

/// What the direct paths of an engine share.
pub(crate) struct Medium {
    pub reader: LongReader,
    pub filter: BandFilter,
    /// Samples by the metre.
    pub samples_per_metre: f64,
    /// Delays from the distance.
    pub propagation: bool,
    /// Nepers by the metre.
    pub air: Bands,
    pub segment: f64,
    /// The longest delay, samples.
    pub longest: f64,
    kernels: PathKernels,
    past: Vec<f32>,
    other: Vec<f32>,
}

impl Medium {
    /// `frames` is the longest stretch, `reach_m` the farthest distance whose delay is kept.
    pub(crate) fn new(
        sample_rate: f64,
        speed_of_sound: f64,
        propagation: bool,
        reach_m: f64,
        segment: usize,
        frames: usize,
    ) -> Self {
        let samples_per_metre = sample_rate / speed_of_sound;
        Self {
            reader: LongReader::new(),
            filter: BandFilter::new(sample_rate),
            samples_per_metre,
            propagation,
            air: [0.0; BANDS],
            segment: segment as f64,
            longest: if propagation { reach_m * samples_per_metre } else { 0.0 },
            kernels: PathKernels::detect(),
            past: vec![0.0; frames + slack(segment)],
            other: vec![0.0; frames],
        }
    }

    /// A path for one more source.
    pub(crate) fn direct(&self) -> Direct {
        let frames = self.longest as usize + self.past.len();
        Direct { history: History::new(frames, true), path: Path::new(LONG_AHEAD as f64), narrow: 1.0 }
    }
}

/// One source's direct path.
pub(crate) struct Direct {
    history: History,
    path: Path,
    /// The part heard through a head response; the rest is spread out in the bus.
    narrow: f32,
}

/// A planar bus of third order that is added to.
pub(crate) struct Bus<'a> {
    /// `[THIRD][stride]`
    pub samples: &'a mut [f32],
    pub stride: usize,
}

impl Direct {
    fn point(&mut self, placing: &Placing, spread_deg: f64, medium: &Medium) -> Point {
        let way = placing.place - placing.head.position;
        let distance = way.norm();
        let direction = way.direction();
        let colour = self.path.colour(distance, &[1.0; BANDS], &medium.air, &medium.filter, &mut 1);
        let delay =
            (distance * medium.samples_per_metre).clamp(LONG_AHEAD as f64, medium.longest.max(LONG_AHEAD as f64));
        let mut gains = [0.0; THIRD];
        if spread_deg > 0.0 {
            let local = placing.head.orientation.inverse().rotate(direction);
            gains = encode_third([local.x as f32, local.y as f32, local.z as f32]);
            let gain = (placing.gain / distance.max(NEAREST)) as f32 * (1.0 - self.narrow);
            let cap = cap(spread_deg);
            gains.iter_mut().enumerate().for_each(|(c, g)| *g *= gain * cap[c.isqrt()]);
        }
        Point {
            delay: if medium.propagation { delay } else { 0.0 },
            scale: placing.beam.gain(direction * -1.0) as f32,
            feed: 0.0,
            colour,
            gains,
        }
    }

    pub(crate) fn begin(&mut self, placings: &[Placing; 3], spread_deg: f64, medium: &Medium) {
        self.history.reset();
        self.path.forget_colour();
        self.narrow = (1.0 - spread_deg / WIDE_DEG).clamp(0.0, 1.0) as f32;
        let points = placings.map(|p| self.point(&p, spread_deg, medium));
        self.path.begin(points, medium.segment);
    }

    /// The air has changed.
    pub(crate) fn forget_colour(&mut self) {
        self.path.forget_colour();
    }

    pub(crate) fn advance(&mut self, placing: &Placing, spread_deg: f64, medium: &Medium) {
        let point = self.point(placing, spread_deg, medium);
        self.path.advance(point, medium.segment);
    }

    /// Brings what the next stretch reads nearer to the processor.
    pub(crate) fn fetch(&self, medium: &Medium) {
        let past = medium.past.len();
        self.history.fetch((self.path.delay() as usize).saturating_sub(past), 2 * past);
    }

    /// True while the path changes.
    pub(crate) fn is_changing(&self) -> bool {
        !self.path.rests()
    }

    /// From what the source sends, `parts` and `signal`, to what arrives, in place; what is spread out is added to the bus.
    pub(crate) fn process(
        &mut self,
        parts: &Parts,
        signal: &mut [f32],
        basis: &Basis,
        ends: [f64; 2],
        medium: &mut Medium,
        bus: Bus<'_>,
    ) {
        self.history.push(parts, [1.0; 2]);
        if !medium.propagation && self.path.is_plain() {
            return;
        }
        let span = Span::new(basis, signal.len());
        let stretch = Stretch::new(&self.path, &span);
        if medium.propagation {
            let reading = Reading { history: &self.history, past: &mut medium.past, other: &mut medium.other };
            self.path.read(&stretch, ends, &medium.reader, reading, signal);
        } else {
            stretch.read_at_once(&self.history, &mut medium.past, signal);
        }
        if self.path.spreads() {
            let ramp = self.path.ramp(&span, [1.0; 2], &medium.kernels);
            medium.kernels.mix(bus.samples, bus.stride, signal.len(), signal, &[ramp]);
            signal.iter_mut().for_each(|x| *x *= self.narrow);
        }
    }
}

/// Gains of degrees 0 to 3 for a source as wide as `spread_deg`: a cap of the sphere, sending evenly. Between keeping the
/// pressure and keeping the power.
fn cap(spread_deg: f64) -> [f32; 4] {
    let x = (0.5 * spread_deg.clamp(0.5, 359.0)).to_radians().cos();
    let legendre = [1.0, x, 0.5 * (3.0 * x * x - 1.0), 0.5 * (5.0 * x * x - 3.0) * x];
    let fourth = (35.0 * x.powi(4) - 30.0 * x * x + 3.0) / 8.0;
    let above = [legendre[1], legendre[2], legendre[3], fourth];
    let below = [1.0, legendre[0], legendre[1], legendre[2]];
    let mut gains: [f64; 4] =
        std::array::from_fn(|l| if l == 0 { 1.0 } else { (below[l] - above[l]) / ((2 * l + 1) as f64 * (1.0 - x)) });
    let power: f64 = gains.iter().enumerate().map(|(l, g)| (2 * l + 1) as f64 * g * g).sum::<f64>() / 16.0;
    gains.iter_mut().for_each(|g| *g *= power.powf(-0.25));
    gains.map(|g| g as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_source_is_a_point_and_a_wide_one_has_no_direction() {
        assert!(cap(1.0).iter().all(|g| (g - 1.0).abs() < 1e-3));
        let wide = cap(358.0);
        assert!(wide[1..].iter().all(|g| g.abs() < 0.01 * wide[0]), "{wide:?}");
    }
}
