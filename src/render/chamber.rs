//! A room as the engine plays it: reflections, the ears of those that are heard through head responses, and the late
//! field.

use super::space::Stretch;
use crate::ambisonics::{Rotator, encode_third};
use crate::coords::Rotation;
use crate::dsp::kernel::paths::{PathKernels, Ramp};
use crate::error::{Error, Result};
use crate::hrtf::FilterBank;
use crate::room::early::{Early, EarlyOptions, NEAR, Outlets, Ways};
use crate::room::history::Parts;
use crate::room::late::{DIRECTIONS, LINES, Late};
use crate::room::path::{Placing, THIRD, ramp};
use crate::room::{Bands, Room, decay};
use crate::spatializer::ears::Ears;
use crate::spatializer::source::Clock;
use crate::spatializer::voice::{Target, Workshop};

/// Sources that a new room takes up in one segment at most, so that many of them do not make one long block.
const STARTS_PER_SEGMENT: usize = 4;

/// Reflections that begin to cross-fade in one segment at most, so that a head that jumps does not make one long block. The
/// direct sounds follow at once; who is a few milliseconds behind them is not heard.
const JUMPS_PER_SEGMENT: usize = 16;

/// What an engine's rooms are built for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChamberOptions {
    pub early: EarlyOptions,
    /// Length and bins of the head responses' transform.
    pub len: usize,
    pub bins: usize,
}

/// Where a source is in the life of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Absent,
    Waiting,
    Present,
}

/// A gain on its way, level at both ends: two of them in opposite directions add up to the same all the time.
#[derive(Clone, Copy, Debug)]
struct Fade {
    /// Along a straight line.
    gain: f32,
    step: f32,
    left: usize,
}

impl Fade {
    fn still(gain: f32) -> Self {
        Self { gain, step: 0.0, left: 0 }
    }

    fn to(&mut self, gain: f32, frames: usize) {
        let frames = frames.max(1);
        *self = Self { gain: self.gain, step: (gain - self.gain) / frames as f32, left: frames };
    }

    /// The gain at both ends of the next `frames` frames.
    fn next(&mut self, frames: usize) -> [f32; 2] {
        let from = self.gain;
        let go = frames.min(self.left);
        self.gain += self.step * go as f32;
        self.left -= go;
        if self.left == 0 {
            // Rounding must not leave a rest.
            self.gain = self.gain.round();
        }
        [from, self.gain].map(|x| x * x * (3.0 - 2.0 * x))
    }
}

/// A room, built on any thread and played on the audio thread.
pub(crate) struct Chamber {
    sample_rate: f64,
    early: Early,
    late: Option<Late>,
    /// For a room without images: what a source sends into the late field.
    order: usize,
    air: Bands,
    presence: Vec<Presence>,
    /// `[source][NEAR]`
    ears: Vec<Ears>,
    stride: usize,
    near: Vec<f32>,
    /// `[LINES][reach]`: what goes into the late field, and what comes out of it.
    lines: Vec<f32>,
    waves: Vec<f32>,
    /// How far ahead of a stretch's beginning images are rendered, frames.
    reach: usize,
    /// `[THIRD][reach]`, in the room's frame: so nothing in it changes when only the head turns.
    bus: Vec<f32>,
    /// How the late field's lines go into the bus.
    line_gains: [Ramp; LINES],
    /// From the room's frame to the head's.
    rotator: Rotator,
    turned: Option<Rotation>,
    kernels: PathKernels,
    /// What goes in, and what comes out.
    fade_in: Fade,
    fade_out: Fade,
    /// The gain of what goes in at both ends of the stretch.
    entering: [f32; 2],
}

/// Reflections of all sources together, each of which keeps its own state: 0.8 GB.
const MOST_PATHS: usize = 1_000_000;

impl Chamber {
    pub(crate) fn new(room: &Room, options: &ChamberOptions) -> Result<Self> {
        room.check()?;
        let EarlyOptions { sample_rate, sources, frames, .. } = options.early;
        let n = room.reflection_order;
        let images = (4 * n * n * n + 6 * n * n + 8 * n) / 3;
        if images * sources > MOST_PATHS {
            return Err(Error::argument(format!("order {n} has {images} reflections for each of {sources} sources"))
                .hint(format!("lower the room's reflection_order: {MOST_PATHS} can be rendered in all")));
        }
        let late = if room.late { Some(Late::new(room, sample_rate)?) } else { None };
        let early = Early::new(room, &decay::reflection(room), late.as_ref().map(Late::design), &options.early);
        let (near, reach) = (early.near(), early.reach());
        Ok(Self {
            sample_rate,
            late,
            order: room.reflection_order,
            air: room.air.map_or([0.0; crate::room::BANDS], |air| crate::room::air::bands(&air)),
            presence: vec![Presence::Absent; sources],
            ears: (0..sources * near).map(|_| Ears::new(options.len, options.bins)).collect(),
            early,
            stride: frames,
            near: vec![0.0; sources * NEAR * frames],
            reach,
            lines: vec![0.0; LINES * reach],
            waves: vec![0.0; LINES * reach],
            bus: vec![0.0; THIRD * reach],
            line_gains: DIRECTIONS.map(|d| {
                let gains = encode_third([d.x as f32, d.y as f32, d.z as f32]);
                ramp(&gains, &gains)
            }),
            rotator: Rotator::new(3),
            turned: None,
            kernels: PathKernels::detect(),
            fade_in: Fade::still(1.0),
            fade_out: Fade::still(1.0),
            entering: [1.0; 2],
        })
    }

    /// Amplitude that the air takes, nepers by the metre.
    pub(crate) fn air(&self) -> &Bands {
        &self.air
    }

    /// Fades in over `frames`: what is sent into the room grows, so that nothing in it begins abruptly.
    pub(crate) fn enter(&mut self, frames: usize) {
        self.fade_in = Fade::still(0.0);
        self.fade_in.to(1.0, frames);
    }

    /// Fades out over `frames`.
    pub(crate) fn leave(&mut self, frames: usize) {
        self.fade_out.to(0.0, frames);
    }

    pub(crate) fn has_left(&self) -> bool {
        self.fade_out.gain == 0.0 && self.fade_out.left == 0
    }

    /// A source will sound in this room from one of the next segments on.
    pub(crate) fn expect(&mut self, source: usize) {
        self.presence[source] = Presence::Waiting;
    }

    /// A source sounds in this room from this segment on.
    pub(crate) fn begin(
        &mut self,
        source: usize,
        clock: &Clock,
        placings: impl Fn(&Clock) -> [Placing; 3],
        shop: &mut Workshop<'_>,
    ) {
        self.presence[source] = Presence::Present;
        let ways = Ways { segment: placings(clock), turn: placings(&self.turn_of(clock)) };
        self.early.begin(source, &ways);
        for k in 0..self.early.near() {
            let targets = ways.segment.map(|p| self.target(k, &p));
            self.ears[source * self.early.near() + k].begin(targets, shop);
        }
    }

    /// The clock by which far images go, a turn at a time.
    fn turn_of(&self, clock: &Clock) -> Clock {
        Clock { segment: clock.segment * self.early.turn() as f64, ..*clock }
    }

    pub(crate) fn end(&mut self, source: usize) {
        if self.presence[source] == Presence::Present {
            self.early.end(source);
        }
        self.presence[source] = Presence::Absent;
    }

    fn target(&self, k: usize, placing: &Placing) -> Target {
        let mut at = self.early.inside(placing.place);
        if let Some((axis, wall)) = self.early.mirror(k) {
            let axis = [&mut at.x, &mut at.y, &mut at.z].into_iter().nth(axis);
            axis.into_iter().for_each(|x| *x = 2.0 * wall - *x);
        }
        Target { at: placing.head.relative(at), gain: placing.gain, everywhere: false }
    }

    /// True while anything but signals changes. `placing` says where a source is going to be.
    pub(crate) fn is_changing(&self, placing: impl Fn(usize) -> Placing, head: Rotation) -> bool {
        self.early.is_changing()
            || self.fade_in.left > 0
            || self.turned.is_some_and(|turned| turned != head)
            || self.presence.iter().enumerate().any(|(source, presence)| match presence {
                Presence::Absent => false,
                Presence::Waiting => true,
                Presence::Present => {
                    let placing = placing(source);
                    let n = self.early.near();
                    (0..n).any(|k| !self.ears[source * n + k].are_resting_at(&self.target(k, &placing)))
                }
            })
    }

    /// The next segment. `placing` gives where a source is at a control point.
    pub(crate) fn next_segment(
        &mut self,
        clock: &Clock,
        placing: impl Fn(usize, &Clock, usize) -> Placing,
        shop: &mut Workshop<'_>,
    ) {
        let turn = self.turn_of(clock);
        self.early.next_segment();
        shop.jumps = JUMPS_PER_SEGMENT;
        let mut starts = STARTS_PER_SEGMENT;
        for source in 0..self.presence.len() {
            match self.presence[source] {
                Presence::Absent => {}
                Presence::Waiting if starts == 0 => {}
                Presence::Waiting => {
                    starts -= 1;
                    self.begin(source, clock, |clock| [0, 1, 2].map(|i| placing(source, clock, i)), shop);
                }
                Presence::Present => {
                    let far = || placing(source, &turn, 2);
                    let placing = placing(source, clock, 2);
                    self.early.advance(source, &placing, far);
                    for k in 0..self.early.near() {
                        let target = self.target(k, &placing);
                        let ears = &mut self.ears[source * self.early.near() + k];
                        ears.settle();
                        ears.advance(target, shop);
                    }
                }
            }
        }
    }

    /// True if it needs the parts of what it hears.
    pub(crate) fn is_coloured(&self) -> bool {
        self.early.is_coloured()
    }

    /// Begins a stretch of `frames` frames.
    pub(crate) fn next_stretch(&mut self, frames: usize) {
        self.entering = self.fade_in.next(frames);
    }

    /// Hears a source's signal of the stretch.
    pub(crate) fn push(&mut self, source: usize, parts: &Parts) {
        if self.presence[source] == Presence::Present {
            self.early.push(source, parts, self.entering);
        }
    }

    /// Renders a stretch, after every source's signal of it has been pushed: `inputs` gives the finite samples of a
    /// source. What goes through the bus is added to `bus`, in the head's frame, planar, as far apart as the stretches may
    /// be long.
    pub(crate) fn render<'a>(
        &mut self,
        stretch: &Stretch<'_>,
        inputs: impl Fn(usize) -> Option<(&'a [f32], f32)>,
        bus: &mut [f32],
    ) {
        let &Stretch { frames, basis, ends, head } = stretch;
        let (stride, reach) = (self.stride, self.reach);
        let (fade_in, fade_out) = (self.entering, self.fade_out.next(frames));
        for source in (0..self.presence.len()).filter(|s| self.presence[*s] == Presence::Present) {
            let Some((x, power)) = inputs(source) else { continue };
            if let (0, Some(_)) = (self.order, &self.late) {
                let [from, to] = fade_in.map(|f| f * power);
                for line in self.lines.chunks_exact_mut(reach) {
                    self.kernels.add(&mut line[..frames], x, from, to - from);
                }
            }
            if !self.early.is_quiet(source) {
                let (bus, near, lines) = (&mut self.bus, &mut self.near, &mut self.lines);
                let mut outlets = Outlets { stride, reach, near, bus, lines };
                self.early.render(source, frames, basis, ends, &mut outlets);
            }
        }
        if let Some(late) = &mut self.late {
            let lines: [&[f32]; LINES] = std::array::from_fn(|l| &self.lines[l * reach..][..frames]);
            let mut waves = self.waves.chunks_exact_mut(reach).map(|w| &mut w[..frames]);
            late.process(&lines, &mut std::array::from_fn(|_| waves.next().unwrap_or_default()));
            drop(waves);
            self.kernels.mix(&mut self.bus, reach, frames, &self.waves, &self.line_gains);
        }
        let back = head.inverse();
        match self.turned {
            None => self.rotator.jump(back),
            Some(_) => self.rotator.set(back),
        }
        self.turned = Some(head);
        let mut planes = self.bus.chunks_exact_mut(reach);
        self.rotator.process(&mut std::array::from_fn::<_, THIRD, _>(|_| planes.next().unwrap_or_default()), frames);
        drop(planes);
        let step = (fade_out[1] - fade_out[0]) / frames as f32;
        for (to, from) in bus.chunks_exact_mut(stride).zip(self.bus.chunks_exact(reach)) {
            self.kernels.add(&mut to[..frames], from, fade_out[0], fade_out[1] - fade_out[0]);
        }
        if fade_out != [1.0, 1.0] {
            for plane in self.near.chunks_exact_mut(stride) {
                plane[..frames].iter_mut().enumerate().for_each(|(n, x)| *x *= fade_out[0] + step * n as f32);
            }
        }
        self.early.end_stretch(frames, &mut self.bus, &mut self.lines);
    }

    /// Hands the near images' signals of the stretch just rendered to their ears, and gives those that sound.
    pub(crate) fn ears(&mut self, frames: usize, mut hear: impl FnMut(&Ears)) {
        let n = self.early.near();
        for (source, _) in self.presence.iter().enumerate().filter(|(_, p)| **p == Presence::Present) {
            let quiet = self.early.is_quiet(source);
            for k in 0..n {
                let ears = &mut self.ears[source * n + k];
                let signal = &self.near[(source * NEAR + k) * self.stride..][..frames];
                ears.push(if quiet { &[] } else { signal }, frames);
                if !ears.are_quiet() {
                    hear(ears);
                }
            }
        }
    }

    /// Brings what the next stretch reads of a source nearer to the processor.
    pub(crate) fn fetch(&self, source: usize, bank: &FilterBank) {
        if self.presence[source] == Presence::Present {
            self.early.fetch(source);
            let near = self.early.near();
            self.ears[source * near..][..near].iter().for_each(|e| e.fetch(bank));
        }
    }

    /// The same of what all sources share.
    pub(crate) fn fetch_late(&self) {
        self.late.iter().for_each(Late::fetch);
    }

    /// Frames until a room that hears nothing more is silent.
    pub(crate) fn tail_frames(&self) -> usize {
        let late = self.late.as_ref().map_or(0.0, |l| l.tail_seconds() * self.sample_rate);
        self.early.tail_frames() + late as usize
    }
}
