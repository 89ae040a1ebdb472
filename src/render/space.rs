//! What lies between the sources and the head: the air, rooms, sound fields, and the bus that carries what does not go
//! through a head response of its own.

use super::chamber::{Chamber, ChamberOptions};
use crate::ambisonics::{Decoder, DecoderFilters, MAX_CHANNELS, Rotator, channels};
use crate::buffer::is_sound;
use crate::coords::{Pose, Rotation};
use crate::dsp::denormals::FlushDenormals;
use crate::error::{Error, Result};
use crate::hrtf::{FilterBank, HrtfSet};
use crate::room::bands::BandSplit;
use crate::room::direct::{Bus, Direct, Medium};
use crate::room::early::EarlyOptions;
use crate::room::history::Parts;
use crate::room::path::Placing;
use crate::room::{BANDS, SPEED_OF_SOUND};
use crate::spatializer::ears::Ears;
use crate::spatializer::point::Basis;
use crate::spatializer::source::{Clock, Head, Source};
use crate::spatializer::voice::Workshop;
use std::sync::Arc;

/// What an engine is ready for beyond sources in a free field without delay.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// The direct sound takes its time, so that moving sources have a Doppler shift; otherwise reflections count from it.
    pub propagation: bool,
    /// Metres a second.
    pub speed_of_sound: f64,
    /// The farthest distance whose delay is kept, metres; farther sources arrive no later.
    pub reach_m: f64,
    /// Sound fields (AmbiX) that the engine turns and decodes.
    pub fields: Vec<FieldSpec>,
}

impl Default for Space {
    fn default() -> Self {
        Self { propagation: false, speed_of_sound: SPEED_OF_SOUND, reach_m: 100.0, fields: Vec::new() }
    }
}

impl Space {
    /// With sound that takes its time: delays and Doppler shifts from distances up to `reach_m` metres (1 to 10000;
    /// memory goes with it, 1 MB for each source and 100 m at 48 kHz).
    #[must_use]
    pub fn with_propagation(self, reach_m: f64) -> Self {
        Self { propagation: true, reach_m, ..self }
    }

    /// With another speed of sound, 100 to 2000 m/s.
    #[must_use]
    pub fn with_speed_of_sound(self, speed_of_sound: f64) -> Self {
        Self { speed_of_sound, ..self }
    }

    /// With one sound field more; [`Engine::field_input`](crate::Engine::field_input) says where its channels go.
    #[must_use]
    pub fn with_field(mut self, field: FieldSpec) -> Self {
        self.fields.push(field);
        self
    }
}

/// A running room is not cut off in less, seconds.
const SHORTEST_FADE_S: f64 = 0.02;

/// A sound field: channels in ACN order with SN3D gains.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldSpec {
    /// 0 to 7.
    pub order: usize,
    /// Linear.
    pub gain: f32,
    /// It turns with the head.
    pub head_locked: bool,
}

impl FieldSpec {
    /// Of `order` 0 to 7, that is (order + 1)² channels, at unit gain, fixed to the world.
    pub fn new(order: usize) -> Self {
        Self { order, gain: 1.0, head_locked: false }
    }

    /// With this gain, linear.
    #[must_use]
    pub fn with_gain(self, gain: f32) -> Self {
        Self { gain, ..self }
    }

    /// Turning with the head.
    #[must_use]
    pub fn with_head_locked(self) -> Self {
        Self { head_locked: true, ..self }
    }
}

/// A sound field under way.
struct Field {
    spec: FieldSpec,
    rotator: Rotator,
    planes: Vec<f32>,
    first_input: usize,
}

/// What the inner steps of a stretch need.
pub(crate) struct Stretch<'a> {
    pub frames: usize,
    /// Where in the segment it lies.
    pub basis: &'a Basis,
    /// Its ends as parts of the segment.
    pub ends: [f64; 2],
    /// How the head is turned at its end.
    pub head: Rotation,
}

pub(crate) struct Spatial {
    medium: Medium,
    directs: Vec<Direct>,
    splits: Vec<BandSplit>,
    parts: Parts,
    room: Option<Box<Chamber>>,
    leaving: Option<Box<Chamber>>,
    /// The next room and the frames of its fade, as soon as no other fade is under way.
    pending: Option<(Option<Box<Chamber>>, usize)>,
    /// Something has been rendered: from now on rooms fade.
    running: bool,
    shortest_fade: usize,
    fields: Vec<Field>,
    bus: Vec<f32>,
    stride: usize,
    decoder: Decoder,
}

impl Spatial {
    pub(crate) fn new(set: &Arc<HrtfSet>, space: &Space, options: &ChamberOptions) -> Result<Self> {
        let EarlyOptions { sample_rate, sources, frames, segment, .. } = options.early;
        let mut order = 3;
        for field in &space.fields {
            if field.order > crate::ambisonics::MAX_ORDER {
                return Err(Error::argument(format!("a sound field has an order of 0 to 7, not {}", field.order)));
            }
            order = order.max(field.order);
        }
        if !(100.0..=2000.0).contains(&space.speed_of_sound) || !(1.0..=10_000.0).contains(&space.reach_m) {
            return Err(Error::argument(format!(
                "the speed of sound must be 100 to 2000 m/s, not {}, the reach 1 to 10000 m, not {}",
                space.speed_of_sound, space.reach_m
            )));
        }
        let filters = set.prepared.decoder(order, || DecoderFilters::design(set, order).map(Arc::new))?;
        let decoder = Decoder::new(&filters, frames)?;
        let medium = Medium::new(sample_rate, space.speed_of_sound, space.propagation, space.reach_m, segment, frames);
        let mut first_input = sources;
        let fields = space.fields.iter().map(|spec| {
            let field = Field {
                spec: *spec,
                rotator: Rotator::new(spec.order),
                planes: vec![0.0; channels(spec.order) * frames],
                first_input,
            };
            first_input += channels(spec.order);
            field
        });
        Ok(Self {
            fields: fields.collect(),
            directs: (0..sources).map(|_| medium.direct()).collect(),
            splits: vec![BandSplit::new(&medium.filter); sources],
            parts: Parts::new(frames),
            medium,
            room: None,
            leaving: None,
            pending: None,
            running: false,
            shortest_fade: (SHORTEST_FADE_S * sample_rate) as usize,
            bus: vec![0.0; channels(order) * frames],
            stride: frames,
            decoder,
        })
    }

    /// The first of the inputs of a field.
    pub(crate) fn field_input(&self, field: usize) -> Option<usize> {
        self.fields.get(field).map(|f| f.first_input)
    }

    /// Changes the room over `frames`. Returns a room that will not be entered any more.
    pub(crate) fn set_room(
        &mut self,
        room: Option<Box<Chamber>>,
        frames: usize,
        sources: &[Source],
    ) -> Option<Box<Chamber>> {
        if self.leaving.is_some() {
            return self.pending.replace((room, frames)).and_then(|(room, _)| room);
        }
        let frames = if self.running { frames.max(self.shortest_fade) } else { frames };
        let fade = frames > 0;
        if let Some(mut old) = self.room.take() {
            old.leave(frames);
            self.leaving = Some(old);
        }
        if let Some(mut new) = room {
            if fade {
                new.enter(frames);
            }
            for (i, source) in sources.iter().enumerate().filter(|(_, s)| s.is_in_room()) {
                debug_assert!(!source.is_free());
                new.expect(i);
            }
            self.room = Some(new);
        }
        self.medium.air = self.room.as_ref().map_or([0.0; BANDS], |r| *r.air());
        self.directs.iter_mut().for_each(Direct::forget_colour);
        None
    }

    fn rooms(&mut self) -> impl Iterator<Item = &mut Box<Chamber>> {
        self.room.iter_mut().chain(&mut self.leaving)
    }

    /// A source begins to sound.
    pub(crate) fn begin(
        &mut self,
        slot: usize,
        source: &Source,
        clock: &Clock,
        head: &impl Head,
        shop: &mut Workshop<'_>,
    ) {
        let placings = |clock: &Clock| std::array::from_fn(|i| source.placing(clock, i, head));
        self.splits[slot].reset();
        self.directs[slot].begin(&placings(clock), source.spec.spread_deg, &self.medium);
        for room in self.rooms() {
            room.end(slot);
            if source.is_in_room() {
                room.begin(slot, clock, placings, shop);
            }
        }
    }

    /// A source has ended.
    pub(crate) fn end(&mut self, slot: usize) {
        self.rooms().for_each(|r| r.end(slot));
    }

    /// True when the segment of `clock` differs from the one before, or may.
    pub(crate) fn is_changing(&self, sources: &[Source], clock: &Clock, head: &impl Head) -> bool {
        self.leaving.is_some()
            || self.pending.is_some()
            || sources.iter().zip(&self.directs).any(|(s, d)| !s.is_free() && d.is_changing())
            || self.room.as_ref().is_some_and(|r| {
                r.is_changing(|slot| sources[slot].placing(clock, 2, head), head.at(clock.start).orientation)
            })
    }

    /// The next segment. Returns a room that is no longer needed.
    pub(crate) fn next_segment(
        &mut self,
        sources: &[Source],
        clock: &Clock,
        head: &impl Head,
        shop: &mut Workshop<'_>,
    ) -> Option<Box<Chamber>> {
        let left = self.leaving.take_if(|r| r.has_left());
        if self.leaving.is_none()
            && let Some((room, frames)) = self.pending.take()
        {
            self.set_room(room, frames, sources);
        }
        for (slot, source) in sources.iter().enumerate().filter(|(_, s)| !s.is_free()) {
            self.directs[slot].advance(&source.placing(clock, 2, head), source.spec.spread_deg, &self.medium);
        }
        for room in self.rooms() {
            room.next_segment(clock, |slot, clock, i| sources[slot].placing(clock, i, head), shop);
        }
        left
    }

    /// Begins a stretch.
    pub(crate) fn next_stretch(&mut self, frames: usize) {
        self.running |= frames > 0;
        self.bus.chunks_exact_mut(self.stride).for_each(|c| c[..frames].fill(0.0));
        self.rooms().for_each(|r| r.next_stretch(frames));
    }

    /// Sends a source's signal into the rooms, and to the head: `signal` becomes what arrives there, `sent` is what the
    /// late field of a room without reflections hears.
    pub(crate) fn send(&mut self, slot: usize, signal: &mut [f32], sent: &mut [f32], stretch: &Stretch<'_>) {
        let whole = !self.medium.propagation
            && self.medium.air == [0.0; BANDS]
            && self.room.iter().chain(&self.leaving).all(|r| !r.is_coloured());
        self.parts.cut(&mut self.splits[slot], signal, whole);
        sent.copy_from_slice(signal);
        for room in self.room.iter_mut().chain(&mut self.leaving) {
            room.push(slot, &self.parts);
        }
        let bus = Bus { samples: &mut self.bus, stride: self.stride };
        self.directs[slot].process(&self.parts, signal, stretch.basis, stretch.ends, &mut self.medium, bus);
    }

    /// What the rooms make of the sources' signals: into the bus, and into ears that `hear` is called with.
    pub(crate) fn reflect<'a>(
        &mut self,
        inputs: impl Fn(usize) -> Option<&'a [f32]> + Copy,
        sources: &[Source],
        stretch: &Stretch<'_>,
        mut hear: impl FnMut(&Ears),
    ) {
        for room in self.room.iter_mut().chain(&mut self.leaving) {
            let input = |slot: usize| {
                let spec = &sources[slot].spec;
                inputs(slot).map(|x| (x, (spec.gain * spec.beam.power().sqrt()) as f32))
            };
            room.render(stretch, input, &mut self.bus);
            room.ears(stretch.frames, &mut hear);
        }
    }

    /// Adds the sound fields to the bus. `inputs` are the engine's; returns how many samples were not finite.
    pub(crate) fn fields(&mut self, inputs: &[&[f32]], from: usize, frames: usize, head: Rotation) -> u64 {
        let mut bad = 0;
        for field in &mut self.fields {
            for (c, plane) in field.planes.chunks_exact_mut(self.stride).enumerate() {
                let x = inputs.get(field.first_input + c).and_then(|x| x.get(from..)).unwrap_or(&[]);
                let (sound, rest) = plane[..frames].split_at_mut(frames.min(x.len()));
                for (y, x) in sound.iter_mut().zip(x) {
                    let finite = is_sound(*x);
                    bad += u64::from(!finite);
                    *y = if finite { x * field.spec.gain } else { 0.0 };
                }
                rest.fill(0.0);
            }
            if !field.spec.head_locked {
                field.rotator.set(head.inverse());
                let mut planes = field.planes.chunks_exact_mut(self.stride);
                let mut planes: [&mut [f32]; MAX_CHANNELS] = std::array::from_fn(|_| planes.next().unwrap_or_default());
                field.rotator.process(&mut planes[..channels(field.spec.order)], frames);
            }
            for (to, from) in self.bus.chunks_exact_mut(self.stride).zip(field.planes.chunks_exact(self.stride)) {
                to[..frames].iter_mut().zip(from).for_each(|(y, x)| *y += x);
            }
        }
        bad
    }

    /// Adds the bus to both ears.
    pub(crate) fn decode(&mut self, left: &mut [f32], right: &mut [f32]) {
        let _flush = FlushDenormals::new();
        let mut planes = self.bus.chunks_exact(self.stride).map(|c| &c[..left.len()]);
        let count = self.bus.len() / self.stride;
        let planes: [&[f32]; MAX_CHANNELS] = std::array::from_fn(|_| planes.next().unwrap_or_default());
        self.decoder.process(&planes[..count], left, right);
    }

    /// Brings what the next stretch reads of a source nearer to the processor.
    pub(crate) fn fetch(&self, slot: usize, bank: &FilterBank) {
        self.directs[slot].fetch(&self.medium);
        self.room.iter().chain(&self.leaving).for_each(|r| r.fetch(slot, bank));
    }

    /// The same of what all sources share.
    pub(crate) fn fetch_bus(&self) {
        self.room.iter().chain(&self.leaving).for_each(|r| r.fetch_late());
        self.decoder.fetch();
    }

    /// Frames that sound after the last input has ended.
    pub(crate) fn tail_frames(&self) -> usize {
        let rooms = [&self.room, &self.leaving].into_iter().flatten().map(|r| r.tail_frames()).max();
        self.medium.longest as usize + rooms.unwrap_or(0) + self.decoder.tail_frames()
    }
}

impl Source {
    /// True if rooms answer it.
    pub(crate) fn is_in_room(&self) -> bool {
        !self.is_free() && !self.spec.head_locked && !self.spec.everywhere
    }

    /// Where it and the listener are at control point `i` of the segment.
    pub(crate) fn placing(&self, clock: &Clock, i: usize, head: &impl Head) -> Placing {
        let frame = clock.point(i);
        Placing {
            place: self.place(frame, clock.sample_rate),
            head: if self.spec.head_locked || self.spec.everywhere { Pose::default() } else { head.at(frame) },
            gain: if self.is_leaving() { 0.0 } else { self.spec.gain },
            beam: self.spec.beam,
        }
    }
}
