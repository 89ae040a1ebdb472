//! A path from a source to the listener: a delay, a colour, a gain, and where it goes, each of them moving.

use super::bands::{BandFilter, Weights};
use super::history::History;
use super::{BANDS, Bands};
use crate::coords::{Pose, Vec3};
use crate::dsp::fractional::{Glide, LONG_TAPS, Reader};
use crate::dsp::kernel::paths::{CHANNELS, PathKernels, Ramp};
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

    /// Walls and air at a distance, metres; the air's part is renewed step by step, as long as there are `renewals` left.
    pub(crate) fn colour(
        &mut self,
        distance: f64,
        wall: &Bands,
        air: &Bands,
        filter: &BandFilter,
        renewals: &mut usize,
    ) -> Weights {
        let stale = *renewals > 0 && (self.coloured_at - distance).abs() > COLOUR_STEP;
        if self.coloured_at.is_nan() || stale {
            *renewals = renewals.saturating_sub(1);
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

    /// True if it can go on to a control point without a cross-fade.
    pub(crate) fn glides_to(&self, next: &Point, segment: f64) -> bool {
        glides(&self.points[2], next, segment)
    }

    /// Goes no farther; `silently`, what goes into the bus and the late field fades out.
    pub(crate) fn hold(&mut self, silently: bool) {
        let [_, b, c] = self.points;
        self.from = None;
        self.points = [b, c, if silently { Point { feed: 0.0, gains: [0.0; THIRD], ..c } } else { c }];
        self.look();
    }

    /// Where it is going, samples.
    pub(crate) fn delay(&self) -> f64 {
        self.points[2].delay
    }

    /// The shortest delay on its way, samples.
    pub(crate) fn shortest(&self) -> f64 {
        self.points.iter().chain(&self.from).fold(f64::INFINITY, |least, p| least.min(p.delay))
    }

    /// True if nothing changes within the segment.
    pub(crate) fn rests(&self) -> bool {
        self.rests
    }

    /// The path it comes from, if it is cross-faded in this segment: along a straight line from one end to the other.
    pub(crate) fn before(&self) -> Option<(Stretch, &[f32; THIRD])> {
        self.from.as_ref().map(|from| (Stretch::still(from), &from.gains))
    }

    /// Where it goes over a stretch, times a gain at both ends.
    #[inline]
    pub(crate) fn ramp(&self, span: &Span, gain: [f32; 2], kernels: &PathKernels) -> Ramp {
        let [a, b, c] = &self.points;
        let arrived = self.rests || self.from.is_some();
        let ends = if arrived { [[0.0, 0.0, 1.0]; 2] } else { span.ends };
        kernels.blend([&a.gains, &b.gains, &c.gains], &std::array::from_fn(|e| ends[e].map(|w| gain[e] * w)))
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

/// A stretch within its segment: what each control point weighs in it.
pub(crate) struct Span {
    /// In a delay's value, slope and curve.
    delay: [[f64; 3]; 3],
    /// At both ends.
    ends: [[f32; 3]; 2],
}

impl Span {
    pub(crate) fn new(basis: &Basis, frames: usize) -> Self {
        let n = frames as f64;
        let by = [1.0, 1.0 / n, 1.0 / (n * n)];
        let at = |q: f64, i: usize| (basis[0][i] + q * (basis[1][i] + q * basis[2][i])) as f32;
        Self {
            delay: std::array::from_fn(|k| basis[k].map(|w| w * by[k])),
            ends: [-0.5, 0.5].map(|q| std::array::from_fn(|i| at(q, i))),
        }
    }
}

/// A path over one stretch, with what it is at both ends.
pub(crate) struct Stretch {
    delay: Glide,
    scale: [f32; 2],
    pub feed: [f32; 2],
    colour: [Weights; 2],
}

impl Stretch {
    fn still(point: &Point) -> Self {
        Self {
            delay: Glide::still(point.delay),
            scale: [point.scale; 2],
            feed: [point.feed; 2],
            colour: [point.colour; 2],
        }
    }

    #[inline]
    pub(crate) fn new(path: &Path, span: &Span) -> Self {
        let p = &path.points;
        if path.rests || path.from.is_some() {
            return Self::still(&p[2]);
        }
        let delay = span.delay.map(|w| w[0] * p[0].delay + w[1] * p[1].delay + w[2] * p[2].delay);
        let blend = |w: [f32; 3], x: [f32; 3]| w[0] * x[0] + w[1] * x[1] + w[2] * x[2];
        // Rounding must not make a ramp of what stays.
        let scale_rests = p[0].scale == p[2].scale && p[1].scale == p[2].scale;
        Self {
            delay: Glide { mid: delay[0], slope: delay[1], curve: delay[2] },
            scale: span.ends.map(|w| if scale_rests { p[2].scale } else { blend(w, [0, 1, 2].map(|i| p[i].scale)) }),
            feed: span.ends.map(|w| blend(w, [0, 1, 2].map(|i| p[i].feed))),
            colour: if path.colour_rests {
                [p[2].colour; 2]
            } else {
                span.ends.map(|w| std::array::from_fn(|b| blend(w, [0, 1, 2].map(|i| p[i].colour[b]))))
            },
        }
    }

    /// Reads the signal, coloured and scaled.
    pub(crate) fn read(&self, reader: &impl Reader, history: &History, past: &mut [f32], out: &mut [f32]) {
        self.read_ahead(0, reader, history, past, out);
    }

    /// The same for a stretch that ends `ahead` frames after what the history has taken in; no delay is shorter than that.
    pub(crate) fn read_ahead(
        &self,
        ahead: usize,
        reader: &impl Reader,
        history: &History,
        past: &mut [f32],
        out: &mut [f32],
    ) {
        let delay = Glide { mid: self.delay.mid - ahead as f64, ..self.delay };
        let (shortest, longest) = delay.range(out.len());
        // Delays are never negative.
        let (shortest, longest) = (shortest as usize, longest as usize);
        let back = shortest.saturating_sub(reader.ahead());
        let len = (out.len() + longest - shortest + reader.taps() + 1).min(past.len() - History::room(0));
        let past = history.read(back, len, &self.colour, past);
        // The sample that is sent as the stretch begins would be here, if the history went on.
        reader.read(past, len + back - out.len(), &delay, out);
        scale(out, self.scale);
    }

    /// Reads the signal without any delay.
    pub(crate) fn read_at_once(&self, history: &History, past: &mut [f32], out: &mut [f32]) {
        out.copy_from_slice(history.read(0, out.len(), &self.colour, past));
        scale(out, self.scale);
    }
}

fn scale(out: &mut [f32], [from, to]: [f32; 2]) {
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
