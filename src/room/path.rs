//! A path from a source to the listener: a delay, a colour, a gain, and where it goes, each of them moving.

use super::bands::{BandFilter, Weights};
use super::history::History;
use super::{BANDS, Bands};
use crate::coords::{Pose, Vec3};
use crate::dsp::fractional::{Glide, LONG_TAPS, Reader};
use crate::dsp::kernel::paths::{CHANNELS, Ramp};
use crate::spatializer::Beam;
use crate::spatializer::point::Basis;

/// Channels of the bus that reflections go into: third order.
pub(crate) const THIRD: usize = CHANNELS;

/// Gain 1/d stops rising at this distance, metres.
pub(crate) const NEAREST: f64 = 0.1;

/// Change of a path's delay that glides, samples a sample: about 20 m/s. Beyond it the path is cross-faded.
const FASTEST: f64 = 0.06;

/// The air's part of a path's colour is renewed after so many metres.
const COLOUR_STEP: f64 = 0.1;

/// Frames of the past that a stretch may need beyond its own length, and room to read them.
pub(crate) fn slack(segment: usize) -> usize {
    History::room((2.0 * FASTEST * segment as f64) as usize + 2 * LONG_TAPS)
}

/// A source and its listener at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placing {
    /// Of the source, metres.
    pub place: Vec3,
    pub head: Pose,
    /// Linear.
    pub gain: f64,
    pub beam: Beam,
}

/// A path at a control point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// Samples.
    pub delay: f64,
    /// Gain of the signal that leaves, before it goes into the bus or anywhere else.
    pub scale: f32,
    /// Gain of that signal on its way to the late field.
    pub feed: f32,
    /// Walls and air.
    pub colour: Weights,
    /// Of that signal into the bus.
    pub gains: [f32; THIRD],
}

/// A path's way through a segment.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    points: [Point; 3],
    /// Where it came from, if it is cross-faded in this segment.
    from: Option<Point>,
    /// Nothing changes within the segment.
    rests: bool,
    /// The colour stays the same within the segment.
    colour_rests: bool,
    /// The distance that `colour` was made for.
    coloured_at: f64,
    colour: Weights,
}

/// What a path is read from, and room to do it in.
pub(crate) struct Reading<'a> {
    pub history: &'a History,
    /// As long as a stretch and [`slack`].
    pub past: &'a mut [f32],
    /// As long as a stretch.
    pub other: &'a mut [f32],
}

impl Path {
    /// Silent, at a delay.
    pub(crate) fn new(delay: f64) -> Self {
        let point = Point { delay, scale: 0.0, feed: 0.0, colour: [0.0; BANDS], gains: [0.0; THIRD] };
        Self {
            points: [point; 3],
            from: None,
            rests: true,
            colour_rests: true,
            coloured_at: f64::NAN,
            colour: [0.0; BANDS],
        }
    }

    /// Walls and air at a distance, metres; the air's part is renewed step by step.
    pub(crate) fn colour(&mut self, distance: f64, wall: &Bands, air: &Bands, filter: &BandFilter) -> Weights {
        if self.coloured_at.is_nan() || (self.coloured_at - distance).abs() > COLOUR_STEP {
            self.colour = filter.weights(&std::array::from_fn(|b| wall[b] * (-air[b] * distance).exp()));
            self.coloured_at = distance;
        }
        self.colour
    }

    /// The colour is to be made anew at the next point.
    pub(crate) fn forget_colour(&mut self) {
        self.coloured_at = f64::NAN;
    }

    /// Starts on a way through three control points.
    pub(crate) fn begin(&mut self, points: [Point; 3], segment: f64) {
        let [a, b, c] = &points;
        self.from = None;
        self.points = if glides(a, b, segment) && glides(b, c, segment) { points } else { [*c; 3] };
        self.look();
    }

    fn look(&mut self) {
        let [a, b, c] = &self.points;
        self.colour_rests = a.colour == c.colour && b.colour == c.colour;
        self.rests = self.from.is_none() && a == c && b == c;
    }

    /// Goes on to the next control point; true if that is a change.
    pub(crate) fn advance(&mut self, next: Point, segment: f64) -> bool {
        let [_, b, c] = self.points;
        let changes = next != c;
        if self.rests && !changes {
            return false;
        }
        if glides(&c, &next, segment) {
            self.from = None;
            self.points = [b, c, next];
        } else {
            self.from = Some(halfway(&b, &c));
            self.points = [next; 3];
        }
        self.look();
        changes
    }

    /// Where it is going, samples.
    pub(crate) fn delay(&self) -> f64 {
        self.points[2].delay
    }

    /// True if nothing changes within the segment.
    pub(crate) fn rests(&self) -> bool {
        self.rests
    }

    /// The path it comes from, if it is cross-faded in this segment: along a straight line from one end to the other.
    pub(crate) fn before(&self) -> Option<Stretch> {
        self.from.as_ref().map(Stretch::still)
    }

    /// True where the signal passes as it is.
    pub(crate) fn is_plain(&self) -> bool {
        self.rests() && self.points[2].scale == 1.0 && self.points[2].colour == [1.0; BANDS] && !self.spreads()
    }

    /// True if any of it goes into the bus.
    pub(crate) fn spreads(&self) -> bool {
        self.points.iter().any(|p| p.gains[0] != 0.0)
    }

    /// The path's signal over the stretch that its history took in last; `ends` are the stretch's ends as parts of the
    /// segment.
    pub(crate) fn read(
        &self,
        stretch: &Stretch,
        ends: [f64; 2],
        reader: &impl Reader,
        reading: Reading<'_>,
        out: &mut [f32],
    ) {
        let Reading { history, past, other } = reading;
        stretch.read(reader, history, past, out);
        if let Some(from) = &self.from {
            // The old path fades out over the segment, along a straight line.
            let other = &mut other[..out.len()];
            Stretch::still(from).read(reader, history, past, other);
            let step = (ends[1] - ends[0]) / out.len() as f64;
            for (n, (new, old)) in out.iter_mut().zip(other.iter()).enumerate() {
                let part = (ends[0] + step * n as f64) as f32;
                *new = old + part * (*new - old);
            }
        }
    }
}

/// Gains that go from one end of a stretch to the other.
pub(crate) fn ramp(from: &[f32; THIRD], to: &[f32; THIRD]) -> Ramp {
    [*from, std::array::from_fn(|c| to[c] - from[c])]
}

/// A path over one stretch.
pub(crate) struct Stretch {
    delay: Glide,
    /// What it is as the stretch begins and ends; the delay is not used.
    pub ends: [Point; 2],
}

impl Stretch {
    fn still(point: &Point) -> Self {
        Self { delay: Glide::still(point.delay), ends: [*point; 2] }
    }

    pub(crate) fn new(path: &Path, basis: &Basis, frames: usize) -> Self {
        let p = &path.points;
        if path.rests || path.from.is_some() {
            return Self::still(&p[2]);
        }
        let delay = [0, 1, 2].map(|k| (0..3).map(|i| basis[k][i] * p[i].delay).sum::<f64>());
        let n = frames as f64;
        let delay = Glide { mid: delay[0], slope: delay[1] / n, curve: delay[2] / (n * n) };
        let end = |q: f64| {
            let w: [f32; 3] = std::array::from_fn(|i| (basis[0][i] + q * (basis[1][i] + q * basis[2][i])) as f32);
            let blend = |x: [f32; 3]| w[0] * x[0] + w[1] * x[1] + w[2] * x[2];
            Point {
                delay: 0.0,
                // Rounding must not make a ramp of what stays.
                scale: if p[0].scale == p[2].scale && p[1].scale == p[2].scale {
                    p[2].scale
                } else {
                    blend([p[0].scale, p[1].scale, p[2].scale])
                },
                feed: blend([p[0].feed, p[1].feed, p[2].feed]),
                colour: if path.colour_rests {
                    p[2].colour
                } else {
                    std::array::from_fn(|b| blend([p[0].colour[b], p[1].colour[b], p[2].colour[b]]))
                },
                gains: std::array::from_fn(|c| blend([p[0].gains[c], p[1].gains[c], p[2].gains[c]])),
            }
        };
        Self { delay, ends: [end(-0.5), end(0.5)] }
    }

    /// Reads the signal, coloured and scaled.
    pub(crate) fn read(&self, reader: &impl Reader, history: &History, past: &mut [f32], out: &mut [f32]) {
        let (shortest, longest) = self.delay.range(out.len());
        // Delays are never negative.
        let (shortest, longest) = (shortest as usize, longest as usize);
        let back = shortest.saturating_sub(reader.ahead());
        let len = (out.len() + longest - shortest + reader.taps() + 1).min(past.len() - History::room(0));
        let [from, to] = &self.ends;
        let past = history.read(back, len, &from.colour, &to.colour, past);
        // The sample that is sent as the stretch begins would be here, if the history went on.
        reader.read(past, len + back - out.len(), &self.delay, out);
        scale(out, from.scale, to.scale);
    }

    /// Reads the signal without any delay.
    pub(crate) fn read_at_once(&self, history: &History, past: &mut [f32], out: &mut [f32]) {
        let [from, to] = &self.ends;
        out.copy_from_slice(history.read(0, out.len(), &from.colour, &to.colour, past));
        scale(out, from.scale, to.scale);
    }
}

fn scale(out: &mut [f32], from: f32, to: f32) {
    if (from, to) != (1.0, 1.0) {
        fade(out, from, to);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn fade(out: &mut [f32], from: f32, to: f32) {
    let step = (to - from) / out.len() as f32;
    for (n, y) in out.iter_mut().enumerate() {
        *y *= from + step * n as f32;
    }
}

/// True if a path may glide from one control point to the next.
fn glides(a: &Point, b: &Point, segment: f64) -> bool {
    (a.delay - b.delay).abs() <= FASTEST * segment
}

fn halfway(a: &Point, b: &Point) -> Point {
    let mid = |x: f32, y: f32| 0.5 * (x + y);
    Point {
        delay: 0.5 * (a.delay + b.delay),
        scale: mid(a.scale, b.scale),
        feed: mid(a.feed, b.feed),
        colour: std::array::from_fn(|i| mid(a.colour[i], b.colour[i])),
        gains: std::array::from_fn(|i| mid(a.gains[i], b.gains[i])),
    }
}
