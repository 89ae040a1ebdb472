//! The reflections of one room, source by source: what each image sends, when it arrives and from where.
//!
//! Every image is a path from its source's [`History`]: a delay that glides, seven weights for walls and air, and a gain.
//! The first-order images leave as signals of their own, to be heard through head responses; the others go into an
//! Ambisonic bus in the room's frame, which is turned as a whole when the head turns. The images of the last order also feed the late field's lines, so that it sets in
//! when and as loud as the next order would.
//!
//! In time a path follows a quadratic B-spline through control points, the same that moving filters follow (see
//! [`crate::spatializer`]). A path that changes too fast to glide is cross-faded within one segment.
//!
//! What a far image sends has left its source long ago, so it is rendered *ahead*. Where an engine's segments are short, as
//! live, the far images take a *turn* of several segments at once: half as many control points, and longer pieces, each of
//! which costs less. The sources take turns one after another, so that no segment has more work than others.

mod group;
#[cfg(test)]
mod tests;

use super::bands::BandFilter;
use super::history::{History, Parts};
use super::late::LateDesign;
use super::lattice::Image;
use super::path::{Path, Placing, Point, Reading, Span, Stretch, THIRD, ramp, slack};
use super::{BANDS, Bands, Room};
use crate::ambisonics::encode_third;
use crate::coords::{Pose, Rotation, Vec3};
use crate::dsp::fractional::{SHORT_AHEAD, ShortReader};
use crate::dsp::kernel::paths::Ramp;
use crate::dsp::simd::fetch;
use crate::spatializer::point::{Basis, basis};
use group::Group;
use std::ops::Range;

/// Images that are heard through head responses: those of first order.
pub(crate) const NEAR: usize = 6;

/// Segments that a source and its listener stay where they are until every path rests.
const SETTLING: u32 = 3;

/// Far images of a source that begin to cross-fade in one turn at most, and those whose colour is made anew, where turns are
/// longer than segments: a listener who jumps must not make one long block. The others stay as they are for a turn or a
/// few.
const JUMPS_PER_TURN: usize = 8;
const COLOURS_PER_TURN: usize = 16;

/// What does not change with time about an image.
#[derive(Clone, Debug)]
struct Fixed {
    image: Image,
    /// What its walls leave of the pressure.
    wall: Bands,
    /// The lines of the late field that it feeds, and how much, if it is of the last order.
    feeds: Option<[(usize, f32); 2]>,
}

/// A source's reflections.
struct Sender {
    history: History,
    paths: Vec<Path>,
    /// The images that go into the bus, those that have the shortest way first: neighbours read nearly the same samples.
    order: Vec<u32>,
    /// How many of them arrive too soon to be rendered a turn ahead: the first of the order.
    soon: usize,
    /// Frames for which the others have been rendered.
    ready: usize,
    /// The first image that waits for its cross-fade, if one does.
    waits: Option<usize>,
    sounding: bool,
    /// Where it was last, and for how many segments.
    last: Option<Placing>,
    still: u32,
}

impl Sender {
    /// Brings the images into order, which they nearly are. By their delays alone, so that the past does not count. What
    /// arrives within `reach` frames arrives too soon to be rendered ahead.
    fn sort(&mut self, reach: usize) {
        let key = |i: u32| (self.paths[i as usize].delay(), i);
        for n in 1..self.order.len() {
            let (this, mut at) = (self.order[n], n);
            while at > 0 && key(self.order[at - 1]) > key(this) {
                self.order[at] = self.order[at - 1];
                at -= 1;
            }
            self.order[at] = this;
        }
        let reach = (reach + SHORT_AHEAD + 1) as f64;
        let soon = |i: &u32| self.paths[*i as usize].shortest() < reach;
        self.soon = self.order.iter().rposition(soon).map_or(0, |last| last + 1);
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
    segment: usize,
    /// Segments of a turn, and how many there have been since the last whole one.
    turn: usize,
    segments: usize,
    /// Frames until the segment's end; none while nothing changes, when stretches have any length.
    left: usize,
    /// Delays count from the emission; otherwise from the arrival of the direct sound.
    propagation: bool,
    senders: Vec<Sender>,
    /// Segments until every path rests.
    unsettled: u32,
    past: Vec<f32>,
    other: Vec<f32>,
    group: Group,
}

/// Where the reflections of a stretch go.
pub(crate) struct Outlets<'a> {
    /// The longest stretch, frames.
    pub stride: usize,
    /// [`Early::reach`]
    pub reach: usize,
    /// `[sources · NEAR][stride]`, overwritten where a source sounds.
    pub near: &'a mut [f32],
    /// `[THIRD][reach]`, added to: from the stretch's first frame on.
    pub bus: &'a mut [f32],
    /// `[lines][reach]`, added to.
    pub lines: &'a mut [f32],
}

/// Where a source and its listener are at the control points of a segment, and at those of a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ways {
    pub segment: [Placing; 3],
    pub turn: [Placing; 3],
}

/// How an [`Early`] is built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EarlyOptions {
    pub sample_rate: f64,
    pub sources: usize,
    /// The longest stretch rendered at once, frames.
    pub frames: usize,
    pub segment: usize,
    /// Segments that far images are rendered ahead.
    pub turn: usize,
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
        let turn = options.turn.max(1);
        let reach = options.frames.max(if turn > 1 { turn * options.segment } else { 0 });
        let past = reach + slack(turn * options.segment);
        let frames = (farthest * samples_per_metre) as usize + past;
        Self {
            coloured,
            size: room.size,
            near,
            air: room.air.map_or([0.0; BANDS], |air| super::air::bands(&air)),
            reader: ShortReader::new(),
            samples_per_metre,
            segment: options.segment,
            turn,
            segments: 0,
            left: 0,
            propagation: options.propagation,
            senders: (0..options.sources)
                .map(|_| Sender {
                    history: History::new(frames, coloured),
                    paths: vec![Path::new(SHORT_AHEAD as f64); images.len()],
                    order: (near as u32..images.len() as u32).collect(),
                    soon: 0,
                    ready: 0,
                    waits: None,
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
            group: Group::new(reach),
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

    /// Frames from the beginning of a stretch on that are rendered to: the longest stretch, or a turn.
    pub(crate) fn reach(&self) -> usize {
        self.group.reach()
    }

    /// Segments of a turn.
    pub(crate) fn turn(&self) -> usize {
        self.turn
    }

    /// The segment of a source's turn that is under way; a turn begins with 0.
    fn segment_of_turn(&self, source: usize) -> usize {
        (self.segments + source) % self.turn
    }

    /// Segments until everything has followed a change.
    fn settling(&self) -> u32 {
        SETTLING * self.turn as u32
    }

    /// A source begins to sound.
    pub(crate) fn begin(&mut self, source: usize, placings: &Ways) {
        let [near, far] = [placings.segment, placings.turn].map(|way| way.map(|p| self.aim(&p)));
        let sender = &mut self.senders[source];
        sender.history.reset();
        (sender.ready, sender.waits) = (0, None);
        sender.sounding = true;
        sender.last = Some(facing_ahead(placings.segment[2]));
        sender.still = 0;
        let mut colours = usize::MAX;
        for i in 0..self.images.len() {
            let aims = if i < self.near { &near } else { &far };
            let points = [0, 1, 2].map(|k| self.point(source, i, &aims[k], &mut colours));
            let segment = self.segment_of(i);
            self.senders[source].paths[i].begin(points, segment);
            if points[0] != points[2] {
                self.unsettled = self.settling();
            }
        }
        self.senders[source].sort(self.turn * self.segment);
    }

    /// Frames between an image's control points.
    fn segment_of(&self, image: usize) -> f64 {
        (if image < self.near { self.segment } else { self.turn * self.segment }) as f64
    }

    /// A source ends; what it has sent is forgotten.
    pub(crate) fn end(&mut self, source: usize) {
        self.senders[source].sounding = false;
        self.senders[source].history.reset();
        self.senders[source].ready = 0;
    }

    /// Every segment begins with this, before the sources' [`Early::advance`].
    pub(crate) fn next_segment(&mut self) {
        self.unsettled = self.unsettled.saturating_sub(1);
        self.segments = (self.segments + 1) % self.turn;
        self.left = self.segment;
    }

    /// Brings a source's paths to their next control points: that of a segment, and, where a turn begins, that of a turn.
    pub(crate) fn advance(&mut self, source: usize, placing: &Placing, turn: impl FnOnce() -> Placing) {
        let placing = &facing_ahead(*placing);
        let settling = self.settling();
        let sender = &mut self.senders[source];
        // What waits for its turn is a change that is still to come.
        let same = sender.last == Some(*placing) && sender.waits.is_none();
        sender.still = if same { sender.still.saturating_add(1) } else { 0 };
        sender.last = Some(*placing);
        if sender.still > settling {
            return;
        }
        if sender.still == 0 {
            // Images that are not at their turn will follow.
            self.unsettled = settling;
        }
        let near = self.aim(placing);
        let mut colours = usize::MAX;
        for i in 0..self.near {
            let next = self.point(source, i, &near, &mut colours);
            if self.senders[source].paths[i].advance(next, self.segment as f64) {
                self.unsettled = settling;
            }
        }
        if self.begins_turn(source) {
            let far = self.aim(&facing_ahead(turn()));
            self.advance_far(source, &far);
        }
    }

    /// Brings a source's far images to their next control points.
    fn advance_far(&mut self, source: usize, aim: &Aim) {
        let segment = (self.turn * self.segment) as f64;
        let (mut jumps, mut colours) =
            if self.turn > 1 { (JUMPS_PER_TURN, COLOURS_PER_TURN) } else { (usize::MAX, usize::MAX) };
        let (settling, images) = (self.settling(), self.images.len());
        let first = self.senders[source].waits.take().unwrap_or(self.near);
        for i in (first..images).chain(self.near..first) {
            let next = self.point(source, i, aim, &mut colours);
            let sender = &mut self.senders[source];
            let path = &mut sender.paths[i];
            if !path.glides_to(&next, segment) {
                if jumps == 0 {
                    sender.waits = sender.waits.or(Some(i));
                    // A source that leaves falls silent where its images are.
                    path.hold(aim.placing.gain == 0.0);
                    continue;
                }
                jumps -= 1;
            }
            if path.advance(next, segment) {
                self.unsettled = settling;
            }
        }
        self.senders[source].sort(self.turn * self.segment);
    }

    /// True if a source's far images begin a turn with this segment. After a rest that was no whole number of segments they
    /// wait until all that was rendered ahead has been heard.
    fn begins_turn(&self, source: usize) -> bool {
        self.segment_of_turn(source) == 0 && self.senders[source].ready == 0
    }

    fn aim(&self, placing: &Placing) -> Aim {
        Aim {
            place: self.inside(placing.place),
            start: if self.propagation { 0.0 } else { (placing.place - placing.head.position).norm() },
            placing: *placing,
        }
    }

    fn point(&mut self, source: usize, i: usize, aim: &Aim, colours: &mut usize) -> Point {
        let fixed = &self.images[i];
        let Placing { head, gain, beam, .. } = &aim.placing;
        let way = fixed.image.position(self.size, aim.place) - head.position;
        let far = way.norm();
        let distance = far.max(super::path::NEAREST);
        let delay = ((distance - aim.start) * self.samples_per_metre).max(SHORT_AHEAD as f64);
        let mut colour = self.senders[source].paths[i].colour(distance, &fixed.wall, &self.air, &self.filter, colours);
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
        let Sender { history, paths, .. } = &self.senders[source];
        let span = Span::new(basis, frames);
        for i in 0..self.near {
            let (path, feeds) = (&paths[i], &self.images[i].feeds);
            let stretch = Stretch::new(path, &span);
            let signal = &mut to.near[(source * NEAR + i) * to.stride..][..frames];
            let reading = Reading { history, past: &mut self.past, other: &mut self.other };
            path.read(&stretch, ends, &self.reader, reading, signal);
            self.group.kernels.feed(signal, feeds, stretch.feed, to.lines, to.reach, 0);
        }
        let (images, soon) = (self.senders[source].order.len(), self.senders[source].soon);
        let into = self.segment_of_turn(source) as f64;
        let ends = ends.map(|e| (into + e) / self.turn as f64);
        if self.turn > 1 && self.left == self.segment && self.begins_turn(source) {
            let turn = self.turn * self.segment;
            self.far(source, 0..soon, Piece { first: 0, frames, ahead: 0, ends }, to);
            let whole = Piece { first: 0, frames: turn, ahead: turn - frames, ends: [0.0, 1.0] };
            self.far(source, soon..images, whole, to);
            self.senders[source].ready = turn - frames;
            return;
        }
        let ready = &mut self.senders[source].ready;
        let done = frames.min(*ready);
        *ready -= done;
        if done == 0 {
            return self.far(source, 0..images, Piece { first: 0, frames, ahead: 0, ends }, to);
        }
        self.far(source, 0..soon, Piece { first: 0, frames, ahead: 0, ends }, to);
        if done < frames {
            let begin = ends[0] + (ends[1] - ends[0]) * done as f64 / frames as f64;
            let rest = Piece { first: done, frames: frames - done, ahead: 0, ends: [begin, ends[1]] };
            self.far(source, soon..images, rest, to);
        }
    }

    /// Renders a piece of some of a source's far images, those between two places of their order.
    fn far(&mut self, source: usize, some: Range<usize>, piece: Piece, to: &mut Outlets<'_>) {
        let Sender { history, paths, order, .. } = &self.senders[source];
        let Piece { first, frames, ahead, ends } = piece;
        let span = Span::new(&basis(ends[0], ends[1]), frames);
        let kernels = self.group.kernels;
        for n in some {
            let i = order[n] as usize;
            if let Some(next) = order.get(n + 2).and_then(|i| paths.get(*i as usize)) {
                fetch(std::slice::from_ref(next));
            }
            let (path, feeds) = (&paths[i], &self.images[i].feeds);
            let mut add = |stretch: &Stretch, fade: [f32; 2], ramp: Ramp, to: &mut Outlets<'_>| {
                let signal = self.group.place(frames);
                stretch.read_ahead(ahead, &self.reader, history, &mut self.past, signal);
                let feed = std::array::from_fn(|e| fade[e] * stretch.feed[e]);
                kernels.feed(signal, feeds, feed, to.lines, to.reach, first);
                self.group.add(ramp, first, frames, to);
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
        self.group.flush(first, frames, to);
    }

    /// Every stretch ends with this, after the bus and the lines have been read: what was rendered ahead moves up.
    pub(crate) fn end_stretch(&mut self, frames: usize, bus: &mut [f32], lines: &mut [f32]) {
        self.left = self.left.saturating_sub(frames);
        let reach = self.reach();
        for plane in bus.chunks_exact_mut(reach).chain(lines.chunks_exact_mut(reach)) {
            plane.copy_within(frames.., 0);
            plane[reach - frames..].fill(0.0);
        }
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

/// A piece of a source's far images.
#[derive(Clone, Copy)]
struct Piece {
    /// Where it begins, frames after the beginning of the stretch.
    first: usize,
    frames: usize,
    /// Frames by which it ends after the stretch.
    ahead: usize,
    /// Its ends as parts of the turn.
    ends: [f64; 2],
}

/// A placing as the reflections see it: how the head is turned is nothing to them.
fn facing_ahead(placing: Placing) -> Placing {
    Placing { head: Pose { orientation: Rotation::IDENTITY, ..placing.head }, ..placing }
}
