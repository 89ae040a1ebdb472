//! The block function: inputs in, two ears out. It never allocates, locks, waits or panics.
//!
//! The engine works in *hops*, stretches of at most one segment, whatever the block. A hop sends each source's last
//! `len` samples through one forward transform, adds it to the sums of both ears through the filters of its voices, and
//! takes the sums back through at most eight inverse transforms, however many sources there are. As each hop starts from
//! time-domain history (overlap-save in one partition), a hop may have any length, and so may a block: no frame waits.

use super::builder::EngineBuilder;
use super::chamber::ChamberOptions;
use super::control::{Command, Control, Counters, Returned};
use super::signal::Inlet;
use super::space::{Space, Spatial, Stretch};
use crate::buffer::is_sound;
use crate::coords::Pose;
use crate::dsp::denormals::FlushDenormals;
use crate::dsp::fft::{Fft, Spectrum, good_len};
use crate::dsp::kernel::{Kernels, ORDERS, Sums};
use crate::error::{Error, Result};
use crate::hrtf::{FilterBank, HrtfSet, Interpolator};
use crate::room::early::EarlyOptions;
use crate::spatializer::ears::Ears;
use crate::spatializer::motion::{Glide, HeadMotion};
use crate::spatializer::point::{Basis, basis};
use crate::spatializer::source::{Clock, Head, Source};
use crate::spatializer::voice::Workshop;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Sizes of an engine, fixed when it is built: the inner form of an [`EngineBuilder`], no promise.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq)]
pub struct EngineOptions {
    /// The longest block that [`Engine::process`] takes in one, frames, 1 to 8192.
    pub max_block: usize,
    /// The most sources at once.
    pub max_sources: usize,
    /// Frames between control points of motion; see [`EngineOptions::default_segment`].
    pub segment: usize,
    /// Nothing is going to move: transforms are made long, which is fastest then.
    pub still: bool,
    /// Readiness for rooms, propagation, beams, widths and sound fields; `None` for sources in a free field without delay.
    pub space: Option<Space>,
}

impl EngineOptions {
    /// For blocks of up to `max_block` frames at `sample_rate` Hz, steered live: motion is followed from block to block
    /// down to 64 frames (at 48 kHz).
    pub fn live(sample_rate: f64, max_block: usize, max_sources: usize) -> Self {
        let most = Self::default_segment(sample_rate);
        Self { max_block, max_sources, segment: max_block.clamp((most / 4).max(16), most), still: false, space: None }
    }

    /// For rendering to a file: motion does not depend on the block.
    pub fn offline(sample_rate: f64, max_block: usize, max_sources: usize) -> Self {
        Self { max_block, max_sources, segment: Self::default_segment(sample_rate), still: false, space: None }
    }

    /// The same with readiness for rooms and all else that a [`Space`] brings.
    #[must_use]
    pub fn with_space(mut self, space: Space) -> Self {
        self.space = Some(space);
        self
    }

    /// About 5 ms, a power of two of frames: 256 at 44.1 and 48 kHz.
    pub fn default_segment(sample_rate: f64) -> usize {
        let octaves = (sample_rate / 48_000.0).log2().round().clamp(-3.0, 4.0);
        (256.0 * octaves.exp2()) as usize
    }
}

/// Resting filters computed in one segment at most, so that many sources coming to rest do not make one long block.
const RESTS_PER_SEGMENT: usize = 4;

/// Commands that may wait for the next block.
const QUEUE: usize = 4096;

/// Makes an engine for `set` and its control. The engine's rate is the set's.
///
/// # Errors
/// `Argument` if a size is out of range.
#[doc(hidden)]
pub fn engine(set: &Arc<HrtfSet>, options: &EngineOptions) -> Result<(Engine, Control)> {
    let EngineOptions { max_block, max_sources, segment, still, ref space } = *options;
    if !(1..=8192).contains(&max_block) {
        return Err(Error::argument(format!("a block has 1 to 8192 frames, not {max_block}")));
    }
    if !(1..=65_536).contains(&max_sources) {
        return Err(Error::argument(format!("an engine has 1 to 65536 sources, not {max_sources}")));
    }
    if !(16..=16_384).contains(&segment) {
        return Err(Error::argument(format!("a segment has 16 to 16384 frames, not {segment}")));
    }
    let sample_rate = set.sample_rate();
    // A hop of h frames through t taps needs h + t − 1 samples of history.
    let len =
        if still { good_len(6 * set.taps()).max(2048) } else { good_len(segment.min(max_block) + set.taps() - 1) };
    let bank = FilterBank::shared(set, len);
    let bins = bank.bins();
    let capacity = QUEUE.max(16 * max_sources);
    let (commands, inbox) = RingBuffer::new(capacity);
    // Every command gives back one thing at most, and every source its slot and what it played.
    let (outbox, returned) = RingBuffer::new(2 * capacity + 3 * max_sources);
    let counters = Arc::new(Counters::default());
    // Where things move, hops are segments; to keep to that while nothing does makes the same bits of any blocks that
    // are whole segments.
    let max_hop = if still { len + 1 - set.taps() } else { (len + 1 - set.taps()).min(segment) };
    let turn = (EngineOptions::default_segment(sample_rate) / segment).max(1);
    let chambers = space.as_ref().map(|space| ChamberOptions {
        early: EarlyOptions {
            sample_rate,
            sources: max_sources,
            frames: max_hop,
            segment,
            turn,
            propagation: space.propagation,
        },
        len,
        bins,
    });
    let spatial = match (space, &chambers) {
        (Some(space), Some(options)) => Some(Box::new(Spatial::new(set, space, options)?)),
        _ => None,
    };
    let engine = Engine {
        clock: Clock { start: 0.0, segment: segment as f64, sample_rate },
        frame: 0,
        into_segment: 0,
        segment,
        changing: false,
        head: HeadState { motion: HeadMotion::Still(Pose::default()), glide: None, sample_rate },
        sources: (0..max_sources).map(|_| Source::new(len, bins)).collect(),
        interpolator: Interpolator::new(set.taps()),
        response: vec![0.0; set.taps()],
        fft: Fft::new(len),
        spectrum: Spectrum::new(len),
        sums: [Sums::new(bins), Sums::new(bins)],
        waves: std::array::from_fn(|_| vec![0.0; len]),
        max_hop,
        still,
        clean: vec![0.0; max_hop * if spatial.is_some() { max_sources } else { 1 }],
        arriving: vec![0.0; max_hop],
        space: spatial,
        inlets: (0..max_sources).map(|_| None).collect(),
        unsettled: 0,
        farewell: if turn > 1 { turn * (SETTLING + 1) } else { 0 },
        max_block,
        kernels: Kernels::detect(),
        bank,
        inbox,
        outbox,
        counters: Arc::clone(&counters),
    };
    let control = Control {
        commands,
        returned,
        counters,
        slots: vec![(0, false); max_sources],
        sample_rate,
        max_block,
        chambers,
    };
    Ok((engine, control))
}

/// The audio side of an engine: blocks of its sources in, two ears out. Its [`Control`] says what they hear.
///
/// Belongs to the audio thread: [`Engine::process`] allocates nothing, waits for nothing and does not panic. Dropping an
/// engine frees its memory, which is for another thread.
pub struct Engine {
    clock: Clock,
    frame: u64,
    into_segment: usize,
    segment: usize,
    changing: bool,
    head: HeadState,
    sources: Vec<Source>,
    interpolator: Interpolator,
    response: Vec<f32>,
    fft: Fft,
    spectrum: Spectrum,
    sums: [Sums; 2],
    /// The inverse transforms of one ear's sums.
    waves: [Vec<f32>; ORDERS],
    max_hop: usize,
    still: bool,
    max_block: usize,
    /// The finite inputs of a hop: of every source if there are rooms to hear them, `[source][max_hop]`, else of one.
    clean: Vec<f32>,
    /// What of one source arrives at the head.
    arriving: Vec<f32>,
    space: Option<Box<Spatial>>,
    /// What sources play whose samples do not come with the block.
    inlets: Vec<Option<Box<Inlet>>>,
    /// Segments until everything has followed a change that filters do not show.
    unsettled: usize,
    /// Segments until the last reflection of a source that leaves has faded out.
    farewell: usize,
    kernels: Kernels,
    bank: Arc<FilterBank>,
    inbox: Consumer<Command>,
    outbox: Producer<Returned>,
    counters: Arc<Counters>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("sample_rate", &self.clock.sample_rate)
            .field("sources", &self.sources.len())
            .field("transform", &self.bank.len())
            .field("kernels", &self.kernels.name())
            .finish_non_exhaustive()
    }
}

/// Segments in which a value reaches all three control points.
const SETTLING: usize = 3;

impl Engine {
    /// Begins to build an engine that hears with `head`, at the head's sample rate.
    pub fn builder(head: &Arc<HrtfSet>) -> EngineBuilder {
        EngineBuilder::new(head)
    }

    /// Renders one block: `inputs[i]` is the mono signal of the source whose [`SourceId::input`] is `i`; a source
    /// without one, or with a shorter one, is silent from there on. A source with a signal of its own needs no input.
    /// Both ears are overwritten. What is not finite, or beyond 120 dB over full scale, is silenced and counted
    /// ([`Counters::non_finite`]).
    ///
    /// The block's length is that of the shorter ear; what the longer one has beyond is silence. A block longer than
    /// `max_block` sounds as several would that follow each other.
    ///
    /// [`SourceId::input`]: crate::render::SourceId::input
    pub fn process(&mut self, inputs: &[&[f32]], left: &mut [f32], right: &mut [f32]) {
        let _flush = FlushDenormals::new();
        self.obey();
        left.fill(0.0);
        right.fill(0.0);
        let frames = left.len().min(right.len());
        for start in (0..frames).step_by(self.max_block) {
            let end = frames.min(start + self.max_block);
            self.inlets.iter_mut().flatten().for_each(|inlet| inlet.next(end - start));
            let mut done = start;
            while done < end {
                if self.into_segment == 0 {
                    self.next_segment();
                }
                let hop = self.hop(end - done);
                self.gather(inputs, done, done - start, hop);
                let (left, right) = (&mut left[done..done + hop], &mut right[done..done + hop]);
                self.ear(0, left);
                self.ear(1, right);
                if let Some(space) = &mut self.space {
                    space.decode(left, right);
                }
                self.into_segment = if self.changing { (self.into_segment + hop) % self.segment } else { 0 };
                self.frame += hop as u64;
                done += hop;
            }
        }
        self.counters.frames.store(self.frame, Ordering::Relaxed);
    }

    /// Frames between an input and its answer: none beyond the block.
    pub fn latency_frames(&self) -> usize {
        0
    }

    /// Brings one of `parts` parts of what the next block reads nearer to the processor: a hint that changes nothing
    /// else. The first block after a rest, or on another thread than the last, takes up to four times as long as others, as
    /// it waits for memory piece by piece. Who has a few callbacks to spare before it, silent ones, asks for a part in
    /// each: 0, 1, up to `parts` − 1.
    pub fn fetch(&self, part: usize, parts: usize) {
        for (slot, source) in self.sources.iter().enumerate().skip(part).step_by(parts.max(1)) {
            if source.is_free() {
                continue;
            }
            source.ears.fetch(&self.bank);
            if let Some(space) = &self.space {
                space.fetch(slot, &self.bank);
            }
        }
        if let (0, Some(space)) = (part, &self.space) {
            space.fetch_bus();
        }
    }

    /// Frames that sound after the input has ended.
    pub fn tail_frames(&self) -> usize {
        self.bank.set().taps() + self.space.as_ref().map_or(0, |s| s.tail_frames())
    }

    /// The first input of a sound field, in the order of [`Space::fields`]; its other channels follow. `None` if there is no
    /// such field.
    pub fn field_input(&self, field: usize) -> Option<usize> {
        self.space.as_ref()?.field_input(field)
    }

    /// The block, up to the longest, that leaves no short hop at its end: the fastest while nothing moves.
    pub fn best_block(&self) -> usize {
        if self.max_hop > self.max_block { self.max_block } else { self.max_block / self.max_hop * self.max_hop }
    }

    /// The longest stretch that goes through one transform, frames: blocks of this length and of its multiples give the
    /// same bits.
    pub fn hop_frames(&self) -> usize {
        self.max_hop.min(self.max_block)
    }

    /// Puts the clock, by which sources and head are on their ways, to a frame: to begin in the middle. What sounded
    /// before still rings on, and everything moves to its new place within the next segment.
    pub fn start_at(&mut self, frame: u64) {
        self.frame = frame;
        self.into_segment = 0;
        self.clock.start = frame as f64;
    }

    /// Hz.
    pub fn sample_rate(&self) -> f64 {
        self.clock.sample_rate
    }

    /// Replaces the inner loops, to compare those of other machines with this one's.
    #[doc(hidden)]
    pub fn use_kernels(&mut self, kernels: Kernels) {
        self.kernels = kernels;
    }

    /// Carries out what the control side asked for.
    fn obey(&mut self) {
        let now = self.frame as f64;
        let rate = self.clock.sample_rate;
        while let Ok(command) = self.inbox.pop() {
            let back = match command {
                Command::Add(slot, spec, inlet) => {
                    self.inlets[slot as usize] = inlet;
                    // Its first control points are those of the segment under way: the one before, if one begins now.
                    let start = if self.into_segment == 0 { now - self.clock.segment } else { self.clock.start };
                    let clock = Clock { start, ..self.clock };
                    let mut shop = Workshop {
                        bank: &self.bank,
                        interpolator: &mut self.interpolator,
                        fft: &mut self.fft,
                        response: &mut self.response,
                        budget: 1,
                        jumps: usize::MAX,
                    };
                    let (source, head) = (&mut self.sources[slot as usize], &self.head);
                    let before = source.begin(spec, &clock, head, self.frame > 0, &mut shop).motion;
                    if let Some(space) = &mut self.space {
                        space.begin(slot as usize, source, &clock, head, &mut shop);
                    }
                    Some(Returned::Motion(before))
                }
                Command::Glide(slot, motion, frames) => {
                    Some(Returned::Motion(self.sources[slot as usize].glide_to(motion, now, frames, rate)))
                }
                Command::Jump(slot, motion) => self.sources[slot as usize].jump_to(motion).map(Returned::Motion),
                Command::Gain(slot, gain) => {
                    self.sources[slot as usize].spec.gain = gain;
                    None
                }
                Command::Beam(slot, beam) => {
                    self.sources[slot as usize].spec.beam = beam;
                    self.unsettled = SETTLING;
                    None
                }
                Command::Remove(slot) => {
                    self.sources[slot as usize].leave(self.farewell);
                    None
                }
                Command::Room(room, frames) => match &mut self.space {
                    Some(space) => space.set_room(room, frames, &self.sources).map(Returned::Room),
                    None => room.map(Returned::Room),
                },
                Command::Head(motion, frames) => {
                    let here = self.head.at(now);
                    // Without a way there is no glide, not even one of a frame: a source that begins now looks back at where
                    // the head was half a segment ago.
                    self.head.glide = (frames >= 1.0).then(|| Glide::new(here, now, frames));
                    Some(Returned::Head(std::mem::replace(&mut self.head.motion, motion)))
                }
            };
            if let Some(back) = back {
                give_back(&mut self.outbox, back);
            }
        }
    }

    /// Brings every source to its next control point, if any of them changes.
    fn next_segment(&mut self) {
        self.clock.start = self.frame as f64;
        let now = self.clock.start;
        if self.head.glide.as_ref().is_some_and(|g| g.is_over(now)) {
            self.head.glide = None;
        }
        let head_moves = self.head.glide.is_some() || self.head.motion.moves(now / self.clock.sample_rate);
        self.changing = head_moves
            || self.unsettled > 0
            || self.sources.iter().any(|s| s.is_changing(&self.clock, &self.head))
            || self.space.as_ref().is_some_and(|s| s.is_changing(&self.sources, &self.clock, &self.head));
        self.unsettled = self.unsettled.saturating_sub(1);
        if !self.changing {
            return;
        }
        let mut shop = Workshop {
            bank: &self.bank,
            interpolator: &mut self.interpolator,
            fft: &mut self.fft,
            response: &mut self.response,
            budget: RESTS_PER_SEGMENT,
            jumps: usize::MAX,
        };
        for (slot, source) in self.sources.iter_mut().enumerate().filter(|(_, s)| !s.is_free()) {
            let (left, free) = source.advance(&self.clock, &self.head, &mut shop);
            // What it played goes back before its place does, to which the next source may come.
            let inlet = if free { self.inlets[slot].take() } else { None };
            let returned =
                [left.map(Returned::Motion), inlet.map(Returned::Inlet), free.then_some(Returned::Free(slot as u32))];
            if let (true, Some(space)) = (free, &mut self.space) {
                space.end(slot);
            }
            for item in returned.into_iter().flatten() {
                give_back(&mut self.outbox, item);
            }
        }
        if let Some(space) = &mut self.space
            && let Some(room) = space.next_segment(&self.sources, &self.clock, &self.head, &mut shop)
        {
            give_back(&mut self.outbox, Returned::Room(room));
        }
    }

    /// The length of the next hop: to the end of the block, of the segment if anything moves, and of the transform.
    fn hop(&self, left: usize) -> usize {
        let segment = if self.changing { self.segment - self.into_segment } else { usize::MAX };
        // Long hops end at whole multiples of their length: so do blocks of that length, wherever a short one was.
        let whole = if self.still { self.max_hop - (self.frame % self.max_hop as u64) as usize } else { self.max_hop };
        left.min(segment).min(whole)
    }

    /// Takes in one hop of every source and adds it to the sums of both ears: from frame `from` of the inputs, and from
    /// `into` of what signals of their own have made.
    fn gather(&mut self, inputs: &[&[f32]], from: usize, into: usize, hop: usize) {
        let orders = if self.changing { ORDERS } else { 1 };
        self.sums.iter_mut().for_each(|s| s.clear(orders));
        let part = |frame: usize| frame as f64 / self.segment as f64;
        let ends = [part(self.into_segment), part(self.into_segment + hop)];
        let basis = basis(ends[0], ends[1]);
        let head = self.head.at((self.frame + hop as u64) as f64).orientation;
        let stretch = Stretch { frames: hop, basis: &basis, ends, head };
        let mut bad = 0;
        if let Some(space) = &mut self.space {
            space.next_stretch(hop);
            bad += space.fields(inputs, from, hop, head);
        }
        let mut ear = Hearing {
            fft: &mut self.fft,
            spectrum: &mut self.spectrum,
            sums: &mut self.sums,
            bank: &self.bank,
            kernels: &self.kernels,
            basis: &basis,
        };
        for (i, source) in self.sources.iter_mut().enumerate().filter(|(_, s)| !s.is_free()) {
            let input = match &self.inlets[i] {
                Some(inlet) => inlet.samples().get(into..),
                None => inputs.get(i).and_then(|x| x.get(from..)),
            };
            let input = input.unwrap_or(&[]);
            let input = &input[..hop.min(input.len())];
            let Some(space) = &mut self.space else {
                let clean = &mut self.clean[..input.len()];
                bad += clean_copy(input, clean);
                source.fade_in(clean);
                source.ears.push(clean, hop);
                ear.hear(&source.ears);
                continue;
            };
            let signal = &mut self.arriving[..hop];
            let (sound, rest) = signal.split_at_mut(input.len());
            bad += clean_copy(input, sound);
            source.fade_in(sound);
            rest.fill(0.0);
            space.send(i, signal, &mut self.clean[i * self.max_hop..][..hop], &stretch);
            source.ears.push(signal, hop);
            ear.hear(&source.ears);
        }
        if let Some(space) = &mut self.space {
            let (clean, stride) = (&self.clean, self.max_hop);
            let input = |slot: usize| Some(&clean[slot * stride..][..hop]);
            space.reflect(input, &self.sources, &stretch, |ears| ear.hear(ears));
        }
        if bad > 0 {
            self.counters.non_finite.fetch_add(bad, Ordering::Relaxed);
        }
    }

    /// Brings one ear's sums back to time.
    fn ear(&mut self, ear: usize, out: &mut [f32]) {
        let len = self.bank.len();
        let hop = out.len();
        if !self.changing {
            let (re, im) = self.sums[ear].order(0);
            self.fft.inverse(re, im);
            out.copy_from_slice(&self.fft.time[len - hop..]);
            return;
        }
        for (order, wave) in self.waves.iter_mut().enumerate() {
            let (re, im) = self.sums[ear].order(order);
            self.fft.inverse(re, im);
            wave[..hop].copy_from_slice(&self.fft.time[len - hop..]);
        }
        self.kernels.finish(out, self.waves.each_ref().map(|w| &w[..hop]));
    }
}

/// What it takes to send one signal through its filters.
struct Hearing<'a> {
    fft: &'a mut Fft,
    spectrum: &'a mut Spectrum,
    sums: &'a mut [Sums; 2],
    bank: &'a FilterBank,
    kernels: &'a Kernels,
    basis: &'a Basis,
}

impl Hearing<'_> {
    /// Adds a signal to the sums of both ears.
    fn hear(&mut self, ears: &Ears) {
        if ears.are_quiet() {
            return;
        }
        // They arrive while the signal is transformed.
        ears.voices().for_each(|v| v.fetch(self.bank));
        let (old, new) = ears.window();
        self.fft.forward_of(old, new, &mut self.spectrum.re, &mut self.spectrum.im);
        for voice in ears.voices() {
            let x = (&self.spectrum.re[..], &self.spectrum.im[..]);
            voice.add(x, self.basis, self.bank, self.kernels, self.sums);
        }
    }
}

/// Copies samples, silence for those that are no sound; returns how many there were.
fn clean_copy(from: &[f32], to: &mut [f32]) -> u64 {
    to.copy_from_slice(from);
    if from.iter().fold(true, |all, x| all & is_sound(*x)) {
        return 0;
    }
    let mut bad = 0;
    for x in to.iter_mut().filter(|x| !is_sound(**x)) {
        *x = 0.0;
        bad += 1;
    }
    bad
}

/// Hands something to the control side to be freed there.
fn give_back(outbox: &mut Producer<Returned>, item: Returned) {
    if let Err(rtrb::PushError::Full(item)) = outbox.push(item) {
        // The queue holds one place for every command and source, so this cannot happen; a leak would be the lesser
        // evil beside freeing on the audio thread.
        std::mem::forget(item);
    }
}

/// The listener's head on its way.
struct HeadState {
    motion: HeadMotion,
    glide: Option<Glide<Pose>>,
    sample_rate: f64,
}

impl Head for HeadState {
    fn at(&self, frame: f64) -> Pose {
        let to = self.motion.at(frame / self.sample_rate);
        self.glide.as_ref().map_or(to, |g| g.at(frame, to))
    }
}
