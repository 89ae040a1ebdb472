//! The reflections of one room, source by source: what each image sends, when it arrives and from where.
//!
//! Every image is a path from its source's [`History`]: a delay that glides, seven weights for walls and air, and a gain.
//! The first-order images leave as signals of their own, to be heard through head responses; the others go into an
//! Ambisonic bus in the room's frame, which is turned as a whole when the head turns. The images of the last order also feed the late field's lines, so that it sets in
//! when and as loud as the next order would.
//!
//! In time a path follows a quadratic B-spline through control points, the same that moving filters follow (see
//! [`crate::spatializer`]). A path that changes too fast to glide is cross-faded within one segment.

use super::bands::BandFilter;
use super::history::{History, Parts};
use super::late::LateDesign;
use super::lattice::Image;
use super::path::{Path, Placing, Point, Reading, Span, Stretch, THIRD, ramp, slack};
use super::{BANDS, Bands, Room};
use crate::ambisonics::encode_third;
use crate::coords::{Pose, Rotation, Vec3};
use crate::dsp::fractional::{SHORT_AHEAD, ShortReader};
use crate::dsp::kernel::paths::{PathKernels, Ramp};
use crate::dsp::simd::fetch;
use crate::spatializer::point::Basis;

/// Images that are heard through head responses: those of first order.
pub(crate) const NEAR: usize = 6;

/// Paths that are added to the bus in one pass: as many as the nearest cache holds with the bus.
const GROUP: usize = 8;

/// Segments that a source and its listener stay where they are until every path rests.
const SETTLING: u32 = 3;

/// What does not change with time about an image.
#[derive(Clone, Debug)]
struct Fixed {
    image: Image,
    /// What its walls leave of the pressure.
    wall: Bands,
    /// The lines of the late field that it feeds, and how much, if it is of the last order.
    feeds: Option<[(usize, f32); 2]>,
}

struct Sender {
    history: History,
    paths: Vec<Path>,
    /// The images that go into the bus, those that have the shortest way first: neighbours read nearly the same samples.
    order: Vec<u32>,
    sounding: bool,
    /// Where it was last, and for how many segments.
    last: Option<Placing>,
    still: u32,
}

impl Sender {
    /// Brings the images into order, which they nearly are. By their delays alone, so that the past does not count.
    fn sort(&mut self) {
        let key = |i: u32| (self.paths[i as usize].delay(), i);
        for n in 1..self.order.len() {
            let (this, mut at) = (self.order[n], n);
            while at > 0 && key(self.order[at - 1]) > key(this) {
                self.order[at] = self.order[at - 1];
                at -= 1;
            }
            self.order[at] = this;
        }
    }
}

/// A source as seen from the listener, before it is mirrored.
struct Aim {
    /// Within the room.
    place: Vec3,
    /// Metres that delays are counted from.
    start: f64,
    placing: Placing,
}

/// The reflections of a room. Built anywhere, run on the audio thread.
pub(crate) struct Early {
    size: [f64; 3],
    images: Vec<Fixed>,
    /// How many of them are heard through head responses.
    near: usize,
    /// Their walls or the air treat the bands differently.
    coloured: bool,
    /// Nepers by the metre.
    air: Bands,
    filter: BandFilter,
    reader: ShortReader,
    /// Samples by the metre.
    samples_per_metre: f64,
    /// Frames of a segment.
    segment: f64,
    /// Delays count from the emission; otherwise from the arrival of the direct sound.
    propagation: bool,
    senders: Vec<Sender>,
    /// Segments until every path rests.
    unsettled: u32,
    past: Vec<f32>,
    other: Vec<f32>,
    group: Group,
}

/// Where the reflections of a stretch go. All planes are `stride` frames long, the longest stretch that was asked for.
pub(crate) struct Outlets<'a> {
    pub stride: usize,
    /// `[THIRD][stride]`, added to.
    pub bus: &'a mut [f32],
    /// `[sources · NEAR][stride]`, overwritten where a source sounds.
    pub near: &'a mut [f32],
    /// `[lines][stride]`, added to.
    pub lines: &'a mut [f32],
}

/// How an [`Early`] is built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EarlyOptions {
    pub sample_rate: f64,
    pub sources: usize,
    /// The longest stretch rendered at once, frames.
    pub frames: usize,
    pub segment: usize,
    pub propagation: bool,
}

impl Early {
    /// `reflection` holds each wall's pressure reflection factors; `late` is the late field that is fed.
    pub(crate) fn new(room: &Room, reflection: &[Bands; 6], late: Option<&LateDesign>, options: &EarlyOptions) -> Self {
        let order = room.reflection_order;
        let middle = Vec3::new(0.5 * room.size[0], 0.5 * room.size[1], 0.5 * room.size[2]);
        // As seen from the middle of the room: a line that a moving source changed would click.
        let feeds = |image: &Image| late.map(|l| l.feed((image.position(room.size, middle) - middle).direction()));
        let images: Vec<Fixed> = Image::up_to(order)
            .into_iter()
            .skip(1)
            .map(|image| Fixed {
                wall: image.reflection(reflection),
                feeds: if image.order() == order { feeds(&image) } else { None },
                image,
            })
            .collect();
        let near = images.len().min(NEAR);
        let flat = |bands: &Bands| bands.iter().all(|b| b == &bands[0]);
        let coloured = room.air.is_some() || !reflection.iter().all(flat);
        let filter = BandFilter::new(options.sample_rate);
        let samples_per_metre = options.sample_rate / room.speed_of_sound;
        // No image is farther than this from any place in the room.
        let farthest = (order as f64 + 1.0) * room.size.iter().fold(0.0f64, |m, l| m.max(*l));
        let past = options.frames + slack(options.segment);
        let frames = (farthest * samples_per_metre) as usize + past;
        Self {
            coloured,
            size: room.size,
            near,
            air: room.air.map_or([0.0; BANDS], |air| super::air::bands(&air)),
            reader: ShortReader::new(),
            samples_per_metre,
            segment: options.segment as f64,
            propagation: options.propagation,
            senders: (0..options.sources)
                .map(|_| Sender {
                    history: History::new(frames, coloured),
                    paths: vec![Path::new(SHORT_AHEAD as f64); images.len()],
                    order: (near as u32..images.len() as u32).collect(),
                    sounding: false,
                    last: None,
                    still: 0,
                })
                .collect(),
            filter,
            images,
            unsettled: 0,
            past: vec![0.0; past],
            other: vec![0.0; options.frames],
            group: Group {
                signals: vec![0.0; GROUP * options.frames],
                gains: [[[0.0; THIRD]; 2]; GROUP],
                count: 0,
                kernels: PathKernels::detect(),
            },
        }
    }

    /// The mirror of each image that is heard through head responses: axis and wall, metres.
    pub(crate) fn mirror(&self, near: usize) -> Option<(usize, f64)> {
        let index = self.images.get(near).filter(|_| near < self.near)?.image.index;
        let axis = index.iter().position(|n| *n != 0)?;
        Some((axis, if index[axis] > 0 { self.size[axis] } else { 0.0 }))
    }

    /// How many images are heard through head responses.
    pub(crate) fn near(&self) -> usize {
        self.near
    }

    /// Keeps a place within the room, where its images are defined.
    pub(crate) fn inside(&self, p: Vec3) -> Vec3 {
        let keep = |x: f64, l: f64| x.clamp(0.0, l);
        Vec3::new(keep(p.x, self.size[0]), keep(p.y, self.size[1]), keep(p.z, self.size[2]))
    }

    /// True if it needs the parts of what is pushed.
    pub(crate) fn is_coloured(&self) -> bool {
        self.coloured
    }

    /// True while a path changes.
    pub(crate) fn is_changing(&self) -> bool {
        self.unsettled > 0
    }

    /// A source begins to sound.
    pub(crate) fn begin(&mut self, source: usize, placings: &[Placing; 3]) {
        let aims = placings.map(|p| self.aim(&p));
        let sender = &mut self.senders[source];
        sender.history.reset();
        sender.sounding = true;
        sender.last = Some(facing_ahead(placings[2]));
        sender.still = 0;
        for i in 0..self.images.len() {
            let points = [0, 1, 2].map(|k| self.point(source, i, &aims[k]));
            self.senders[source].paths[i].begin(points, self.segment);
            if points[0] != points[2] {
                self.unsettled = SETTLING;
            }
        }
        self.senders[source].sort();
    }

    /// A source ends; what it has sent is forgotten.
    pub(crate) fn end(&mut self, source: usize) {
        self.senders[source].sounding = false;
        self.senders[source].history.reset();
    }

    /// Every segment begins with this, before the sources' [`Early::advance`].
    pub(crate) fn next_segment(&mut self) {
        self.unsettled = self.unsettled.saturating_sub(1);
    }

    /// Brings a source's paths to their next control points.
    pub(crate) fn advance(&mut self, source: usize, placing: &Placing) {
        let placing = &facing_ahead(*placing);
        let sender = &mut self.senders[source];
        sender.still = if sender.last == Some(*placing) { sender.still.saturating_add(1) } else { 0 };
        sender.last = Some(*placing);
        if sender.still > SETTLING {
            return;
        }
        let aim = self.aim(placing);
        for i in 0..self.images.len() {
            let next = self.point(source, i, &aim);
            if self.senders[source].paths[i].advance(next, self.segment) {
                self.unsettled = SETTLING;
            }
        }
        self.senders[source].sort();
    }

    fn aim(&self, placing: &Placing) -> Aim {
        Aim {
            place: self.inside(placing.place),
            start: if self.propagation { 0.0 } else { (placing.place - placing.head.position).norm() },
            placing: *placing,
        }
    }

    fn point(&mut self, source: usize, i: usize, aim: &Aim) -> Point {
        let fixed = &self.images[i];
        let Placing { head, gain, beam, .. } = &aim.placing;
        let way = fixed.image.position(self.size, aim.place) - head.position;
        let far = way.norm();
        let distance = far.max(super::path::NEAREST);
        let delay = ((distance - aim.start) * self.samples_per_metre).max(SHORT_AHEAD as f64);
        let mut colour = self.senders[source].paths[i].colour(distance, &fixed.wall, &self.air, &self.filter);
        let direction = if far > 1e-9 { way * (1.0 / far) } else { way.direction() };
        let omni = beam.everywhere == 1.0;
        let mut sent = if omni { 1.0 } else { beam.gain(fixed.image.seen_by_source(direction * -1.0)) };
        if !self.coloured {
            // All bands alike: a gain like any other.
            sent *= f64::from(colour[0]);
            colour = [1.0; BANDS];
        }
        if i < self.near {
            // The voice of a near image brings gain and distance itself.
            let feed = (gain / distance) as f32;
            return Point { delay, scale: sent as f32, feed, colour, gains: [0.0; THIRD] };
        }
        let arriving = (sent * gain / distance) as f32;
        let gains = encode_third([direction.x as f32, direction.y as f32, direction.z as f32]).map(|g| g * arriving);
        Point { delay, scale: 1.0, feed: arriving, colour, gains }
    }

    /// Takes in the next stretch of a source, times a gain from `fade[0]` to `fade[1]`.
    pub(crate) fn push(&mut self, source: usize, parts: &Parts, fade: [f32; 2]) {
        self.senders[source].history.push(parts, fade);
    }

    /// True when nothing of a source is still under way.
    pub(crate) fn is_quiet(&self, source: usize) -> bool {
        let sender = &self.senders[source];
        !sender.sounding || sender.history.is_quiet()
    }

    /// Renders the stretch of `frames` frames that was pushed last; `basis` says where in the segment it lies, `ends` are
    /// its ends as parts of the segment.
    pub(crate) fn render(&mut self, source: usize, frames: usize, basis: &Basis, ends: [f64; 2], to: &mut Outlets<'_>) {
        let Sender { history, paths, order, .. } = &self.senders[source];
        let span = Span::new(basis, frames);
        let kernels = self.group.kernels;
        for i in 0..self.near {
            let (path, feeds) = (&paths[i], &self.images[i].feeds);
            let stretch = Stretch::new(path, &span);
            let signal = &mut to.near[(source * NEAR + i) * to.stride..][..frames];
            let reading = Reading { history, past: &mut self.past, other: &mut self.other };
            path.read(&stretch, ends, &self.reader, reading, signal);
            self.group.kernels.feed(signal, feeds, stretch.feed, to.lines, to.stride);
        }
        for (n, i) in order.iter().map(|i| *i as usize).enumerate() {
            if let Some(next) = order.get(n + 2).and_then(|i| paths.get(*i as usize)) {
                fetch(std::slice::from_ref(next));
            }
            let (path, feeds) = (&paths[i], &self.images[i].feeds);
            let mut add = |stretch: &Stretch, fade: [f32; 2], ramp: Ramp, to: &mut Outlets<'_>| {
                let signal = &mut self.group.signals[self.group.count * to.stride..][..frames];
                stretch.read(&self.reader, history, &mut self.past, signal);
                let feed = std::array::from_fn(|e| fade[e] * stretch.feed[e]);
                self.group.kernels.feed(signal, feeds, feed, to.lines, to.stride);
                self.group.gains[self.group.count] = ramp;
                self.group.count += 1;
                if self.group.count == GROUP {
                    self.group.flush(frames, to);
                }
            };
            let fade = match path.before() {
                None => [1.0; 2],
                Some((before, gains)) => {
                    let fade = ends.map(|e| 1.0 - e as f32);
                    add(&before, fade, ramp(&gains.map(|g| fade[0] * g), &gains.map(|g| fade[1] * g)), to);
                    ends.map(|e| e as f32)
                }
            };
            add(&Stretch::new(path, &span), fade, path.ramp(&span, fade, &kernels), to);
        }
        self.group.flush(frames, to);
    }

    /// Brings what the next stretch reads of a source nearer to the processor.
    pub(crate) fn fetch(&self, source: usize) {
        let sender = &self.senders[source];
        fetch(&sender.paths);
        let longest = sender.order.last().map_or(0.0, |last| sender.paths[*last as usize].delay());
        sender.history.fetch(0, longest as usize + self.past.len());
    }

    /// Frames after a source's last sample in which its images still arrive.
    pub(crate) fn tail_frames(&self) -> usize {
        self.senders.iter().map(|s| s.history.frames()).max().unwrap_or(0)
    }
}

/// A placing as the reflections see it: how the head is turned is nothing to them.
fn facing_ahead(placing: Placing) -> Placing {
    Placing { head: Pose { orientation: Rotation::IDENTITY, ..placing.head }, ..placing }
}

/// Paths that wait to be added to the bus.
struct Group {
    /// `[GROUP][stride]`
    signals: Vec<f32>,
    gains: [Ramp; GROUP],
    count: usize,
    kernels: PathKernels,
}

impl Group {
    fn flush(&mut self, frames: usize, to: &mut Outlets<'_>) {
        self.kernels.mix(to.bus, to.stride, frames, &self.signals, &self.gains[..self.count]);
        self.count = 0;
    }
}

impl PathKernels {
    /// Adds a path's signal to the lines that it feeds.
    fn feed(
        &self,
        signal: &[f32],
        feeds: &Option<[(usize, f32); 2]>,
        [from, to]: [f32; 2],
        lines: &mut [f32],
        stride: usize,
    ) {
        for (line, gain) in feeds.iter().flatten() {
            let plane = &mut lines[line * stride..][..signal.len()];
            self.add(plane, signal, from * gain, (to - from) * gain);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bands::BandSplit;
    use super::*;
    use crate::spatializer::Beam;
    use crate::spatializer::point::basis;

    const RATE: f64 = 48_000.0;

    fn options(frames: usize) -> EarlyOptions {
        EarlyOptions { sample_rate: RATE, sources: 1, frames, segment: 256, propagation: true }
    }

    fn placing(place: Vec3, head: Vec3) -> Placing {
        Placing { place, head: Pose { position: head, ..Pose::default() }, gain: 1.0, beam: Beam::OMNI }
    }

    /// What an omnidirectional ear hears of all images but the source itself.
    fn omni(early: &mut Early, x: &[f32], block: usize, placing_at: &dyn Fn(usize) -> Placing) -> Vec<f64> {
        let mut out = Vec::new();
        let (mut split, mut parts) = (BandSplit::new(&early.filter), Parts::new(block));
        let (mut bus, mut near, mut lines) = (vec![0.0; THIRD * block], vec![0.0; NEAR * block], vec![0.0; 24 * block]);
        early.begin(0, &[0, 1, 2].map(|_| placing_at(0)));
        for (i, x) in x.chunks(block).enumerate() {
            bus.fill(0.0);
            early.next_segment();
            early.advance(0, &placing_at(i + 1));
            parts.cut(&mut split, x, false);
            early.push(0, &parts, [1.0; 2]);
            let mut outlets = Outlets { stride: block, bus: &mut bus, near: &mut near, lines: &mut lines };
            early.render(0, x.len(), &basis(0.0, 1.0), [0.0, 1.0], &mut outlets);
            out.extend((0..x.len()).map(|n| {
                let far = f64::from(bus[n]);
                let distance = |k: usize| {
                    let p = placing_at(i);
                    (early.images[k].image.position(early.size, p.place) - p.head.position).norm()
                };
                far + (0..early.near).map(|k| f64::from(near[k * block + n]) / distance(k)).sum::<f64>()
            }));
        }
        out
    }

    #[test]
    fn all_images_arrive_when_and_as_loud_as_theory_says() {
        let mut room = Room::new([6.0, 5.0, 3.0], 0.0);
        room.air = None;
        for (i, wall) in room.absorption.iter_mut().enumerate() {
            *wall = [0.1 + 0.08 * i as f64; BANDS];
        }
        let (source, head) = (Vec3::new(4.5, 2.5, 1.5), Vec3::new(2.0, 2.2, 1.6));
        let reflection = room.absorption.map(|w| w.map(|a| (1.0 - a).sqrt()));
        let mut early = Early::new(&room, &reflection, None, &options(256));
        // A band-limited pulse, so that only what the short reader promises is asked of it.
        let pulse = |t: f64| {
            let x = 0.5 * t;
            let sinc = if x.abs() < 1e-9 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
            if t.abs() < 40.0 { sinc * (0.5 + 0.5 * (std::f64::consts::PI * t / 40.0).cos()) } else { 0.0 }
        };
        let x: Vec<f32> = (0..4096).map(|n| pulse(n as f64 - 50.0) as f32).collect();
        let got = omni(&mut early, &x, 256, &|_| placing(source, head));
        let mut error = 0.0;
        let mut energy = 0.0;
        let images: Vec<(f64, f64)> = Image::up_to(3)
            .iter()
            .skip(1)
            .map(|i| {
                let d = (i.position(room.size, source) - head).norm();
                (d / 343.0 * RATE, i.reflection(&reflection)[0] / d)
            })
            .collect();
        for (n, y) in got.iter().enumerate() {
            let want: f64 = images.iter().map(|(t, g)| g * pulse(n as f64 - 50.0 - t)).sum();
            error += (y - want).powi(2);
            energy += want * want;
        }
        let db = 10.0 * (error / energy).log10();
        assert!(db < -45.0, "{db:.1} dB");
    }

    #[test]
    fn a_walking_source_does_not_click() {
        let room = Room::new([8.0, 6.0, 3.0], 0.2);
        let reflection = room.absorption.map(|w| w.map(|a| (1.0 - a).sqrt()));
        let place = |segment: usize| {
            let t = segment as f64 * 256.0 / RATE;
            placing(Vec3::new(1.0 + 2.0 * t, 2.0, 1.5), Vec3::new(4.0, 3.0, 1.6))
        };
        let x: Vec<f32> = (0..48_000).map(|n| (n as f64 * 0.13).sin() as f32).collect();
        let mut early = Early::new(&room, &reflection, None, &options(256));
        let whole = omni(&mut early, &x, 256, &place);
        // The loudest change from sample to sample is the tone's own: nothing clicks.
        let level = whole.iter().map(|y| y * y).sum::<f64>() / whole.len() as f64;
        let step = whole[4096..].windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f64::max);
        assert!(step < 0.13f64.powi(2) * 4.0 * level.sqrt(), "{step} at a level of {}", level.sqrt());
    }
}
