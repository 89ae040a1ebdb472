//! The late field: what the image sources leave out, as plane waves from all around.
//!
//! A feedback delay network of 24 lines in three groups, one for each axis of the room. A line is a plane wave from a
//! direction of its own ([`DIRECTIONS`]); the lines of a group feed each other through a Hadamard matrix and lose at each
//! pass what the walls and the air of that axis take, band by band. A shoebox does not scatter sound from one axis to
//! another, and walls are rarely alike: so the groups decay at their own rates, and the whole decays as fast at first and
//! as slowly at last as the room's images do.
//!
//! The images of the last order rendered feed the line closest to their direction ([`LateDesign::feed`]), scattered. They are one generation
//! of reflections, the first pass through the lines is the next, and [`LateDesign`] sets the level such that the energy
//! continues that of the mean image field.
//!
//! Sources: Jot and Chaigne, AES 90th convention, 1991 (decay of a network); Schlecht and Habets, IEEE/ACM TASLP 25(2),
//! 2017 (lossless matrices, decay in bands); Prawda, Schlecht and Välimäki, DAFx 2019 (attenuation filters).

mod bank;
mod design;
mod diffuser;
mod kernel;
mod lines;
#[cfg(test)]
mod tests;

pub use design::LateDesign;
pub use lines::{DIRECTIONS, GROUP, LINES};

use crate::dsp::simd::fetch;
use crate::error::Result;
use crate::room::Room;
use bank::POLES;
use design::{Lanes, Taps};
use diffuser::Diffuser;
use kernel::{Planar, SPAN};
use lines::GROUPS;

/// How long a change of the filters takes, seconds.
const GLIDE_SECONDS: f64 = 0.5;

/// While the filters change they change every so many samples.
const GLIDE_STEP: usize = 16;

/// A tail this far below the loudest that went in has ended: −120 dB.
const SILENCE: f32 = 1e-6;

/// What no signal is: louder input would end as infinity in the lines.
const LOUDEST: f32 = 1e30;

/// The late field of one room. [`Late::new`] allocates; everything else is for the audio thread.
#[derive(Clone, Debug)]
pub struct Late {
    design: LateDesign,
    store: Store,
    diffuser: Diffuser,
    /// Samples since the lines were last empty: what they hold from before counts as silence.
    age: usize,
    state: [[Lanes; POLES]; GROUPS],
    glide: Option<Glide>,
    /// Samples processed, for steps that do not depend on blocks.
    clock: usize,
    scratch: Box<Scratch>,
    /// The loudest input since the lines were empty.
    loudest: f32,
    /// Samples since anything that can be heard went into a line.
    still: usize,
    /// Samples that the lines and what is before them remember.
    longest: usize,
}

/// Room to work in: one group's lines, and the same side by side, before and behind the filters.
#[derive(Clone, Debug)]
struct Scratch {
    lines: [Planar; GROUP],
    block: [Lanes; SPAN],
    heard: [Lanes; SPAN],
    /// What goes into one line.
    fed: Planar,
}

/// A change under way: the weights wanted and the steps left.
#[derive(Clone, Debug)]
struct Glide {
    round: [Taps; GROUPS],
    heard: [Taps; GROUPS],
    turn: [[f32; 2]; GROUPS],
    steps: usize,
}

impl Late {
    /// The late field of a room that has its `reflection_order` of images rendered, at a sample rate in Hz.
    ///
    /// # Errors
    /// As [`LateDesign::new`].
    pub fn new(room: &Room, sample_rate: f64) -> Result<Self> {
        Ok(Self::from_design(LateDesign::new(room, sample_rate)?))
    }

    /// From a design.
    pub fn from_design(design: LateDesign) -> Self {
        let mut starts = [0; LINES];
        let mut total = 0;
        for (start, n) in starts.iter_mut().zip(design.lengths) {
            *start = total;
            total += n;
        }
        let longest = design.lengths.iter().fold(0, |m, n| *n.max(&m));
        Self {
            store: Store { memory: vec![0.0; total], starts, at: [0; LINES], lengths: design.lengths },
            age: 0,
            state: [[[0.0; GROUP]; POLES]; GROUPS],
            glide: None,
            clock: 0,
            scratch: Box::new(Scratch {
                lines: [[0.0; SPAN]; GROUP],
                block: [[0.0; GROUP]; SPAN],
                heard: [[0.0; GROUP]; SPAN],
                fed: [0.0; SPAN],
            }),
            loudest: 0.0,
            still: 0,
            longest: longest + Diffuser::memory(&design.scattering),
            diffuser: Diffuser::new(&design.scattering),
            design,
        }
    }

    /// What it was made of.
    pub fn design(&self) -> &LateDesign {
        &self.design
    }

    /// Changes walls, air and decay over half a second, while sounding. False, and nothing happens, if the lines are
    /// not the same: then the design is not one of [`LateDesign::retuned`].
    pub fn glide(&mut self, to: &LateDesign) -> bool {
        if to.lengths != self.design.lengths || to.scattering != self.design.scattering || to.poles != self.design.poles
        {
            return false;
        }
        let steps = (GLIDE_SECONDS * to.sample_rate() / GLIDE_STEP as f64).ceil() as usize;
        let (round, heard, turn) = (self.design.round, self.design.heard, self.design.turn);
        self.design.clone_from(to);
        if self.is_quiet() {
            self.glide = None;
        } else {
            (self.design.round, self.design.heard, self.design.turn) = (round, heard, turn);
            self.glide = Some(Glide { round: to.round, heard: to.heard, turn: to.turn, steps: steps.max(1) });
        }
        true
    }

    /// Back to silence, with any change done.
    pub fn reset(&mut self) {
        if let Some(glide) = self.glide.take() {
            (self.design.round, self.design.heard, self.design.turn) = (glide.round, glide.heard, glide.turn);
        }
        self.silence();
        self.store.at = [0; LINES];
        self.clock = 0;
    }

    fn silence(&mut self) {
        if self.age > 0 {
            self.diffuser.silence();
        }
        self.age = 0;
        self.state = [[[0.0; GROUP]; POLES]; GROUPS];
        self.loudest = 0.0;
        self.still = 0;
    }

    /// True when nothing is in the lines: then silence in is silence out, at no cost.
    pub fn is_quiet(&self) -> bool {
        self.age == 0
    }

    /// Brings its lines nearer to the processor.
    pub(crate) fn fetch(&self) {
        fetch(&self.store.memory);
        self.diffuser.fetch();
    }

    /// Seconds the tail of its slowest band takes to fall by 60 dB.
    pub fn tail_seconds(&self) -> f64 {
        self.design.tail_seconds()
    }

    /// One block: `inputs` are the signals that arrive at each line, `outputs` (overwritten) the plane waves from
    /// [`DIRECTIONS`], as pressure. With a reflection order of 1 and more an input is the sum of the last order's images
    /// closest to that line, as they arrive at the listener; with an order of 0 every input is the source itself as it
    /// leaves. As many samples as the shortest slice holds, any number of them; blocks do not change the sound. What is
    /// not finite empties the lines.
    pub fn process(&mut self, inputs: &[&[f32]; LINES], outputs: &mut [&mut [f32]; LINES]) {
        let frames = inputs.iter().map(|x| x.len()).chain(outputs.iter().map(|y| y.len())).min().unwrap_or(0);
        let loudest = inputs.iter().fold(0.0, |m: f32, x| m.max(kernel::peak(&x[..frames])));
        if loudest.is_nan() || loudest > LOUDEST || (self.is_quiet() && loudest == 0.0) {
            self.silence();
            outputs.iter_mut().for_each(|y| y[..frames].fill(0.0));
            return;
        }
        self.loudest = self.loudest.max(loudest);
        let shortest = self.design.lengths.iter().fold(SPAN, |m, n| *n.min(&m));
        let mut done = 0;
        while done < frames {
            let mut n = shortest.min(frames - done);
            if self.glide.is_some() {
                n = n.min(GLIDE_STEP - self.clock % GLIDE_STEP);
                self.step();
            }
            self.span(inputs, outputs, done, n, loudest == 0.0);
            done += n;
            self.clock = self.clock.wrapping_add(n);
        }
        if self.still > self.longest {
            self.silence();
        }
    }

    /// One step of a change, at the beginning of every [`GLIDE_STEP`] samples.
    fn step(&mut self) {
        if !self.clock.is_multiple_of(GLIDE_STEP) {
            return;
        }
        let Some(glide) = &mut self.glide else { return };
        let part = 1.0 / glide.steps as f32;
        let design = &mut self.design;
        let taps = design.round.iter_mut().zip(&glide.round).chain(design.heard.iter_mut().zip(&glide.heard));
        let taps = taps.flat_map(|(now, goal)| now.as_flattened_mut().iter_mut().zip(goal.as_flattened()));
        let turns = design.turn.as_flattened_mut().iter_mut().zip(glide.turn.as_flattened());
        for (x, g) in taps.chain(turns) {
            *x = if glide.steps == 1 { *g } else { *x + (*g - *x) * part };
        }
        glide.steps -= 1;
        if glide.steps == 0 {
            self.glide = None;
        }
    }

    /// `n` samples, no more than the shortest line has: what comes out of the lines was all put in before.
    fn span(
        &mut self,
        inputs: &[&[f32]; LINES],
        outputs: &mut [&mut [f32]; LINES],
        from: usize,
        n: usize,
        watch: bool,
    ) {
        let mut top = 0.0f32;
        for g in 0..GROUPS {
            let Scratch { lines, block, heard, fed } = &mut *self.scratch;
            for (i, line) in lines.iter_mut().enumerate() {
                self.store.read(g * GROUP + i, self.age, &mut line[..n]);
            }
            kernel::interleave(lines, block);
            kernel::filter(
                &mut block[..n],
                &mut heard[..n],
                &mut self.state[g],
                &self.design.poles,
                &self.design.round[g],
                &self.design.heard[g],
            );
            kernel::separate(heard, lines);
            for (i, line) in lines.iter().enumerate() {
                outputs[g * GROUP + i][from..from + n].copy_from_slice(&line[..n]);
            }
            kernel::separate(block, lines);
            kernel::mix(lines, self.design.turn[g]);
            for (i, line) in lines.iter_mut().enumerate() {
                fed[..n].copy_from_slice(&inputs[g * GROUP + i][from..from + n]);
                self.diffuser.process(g * GROUP + i, &mut fed[..n]);
                line[..n].iter_mut().zip(&*fed).for_each(|(x, i)| *x += i);
                if watch {
                    top = top.max(kernel::peak(&line[..n]));
                }
                self.store.write(g * GROUP + i, &line[..n]);
            }
        }
        self.age = self.age.saturating_add(n);
        if !watch {
            self.still = 0;
        } else if top.is_finite() {
            self.still = if top > SILENCE * self.loudest { 0 } else { self.still + n };
        } else {
            self.silence();
        }
    }
}

/// The memory of all lines.
#[derive(Clone, Debug)]
struct Store {
    /// One after another, and where each begins and goes on.
    memory: Vec<f32>,
    starts: [usize; LINES],
    at: [usize; LINES],
    lengths: [usize; LINES],
}

impl Store {
    /// The next samples of a line; silence where nothing has gone in since it was empty,
    /// `age` samples ago.
    fn read(&self, line: usize, age: usize, to: &mut [f32]) {
        let length = self.lengths[line];
        let own = &self.memory[self.starts[line]..][..length];
        let first = to.len().min(length - self.at[line]);
        let (a, b) = to.split_at_mut(first);
        a.copy_from_slice(&own[self.at[line]..][..first]);
        b.copy_from_slice(&own[..b.len()]);
        let empty = length.saturating_sub(age).min(to.len());
        to[..empty].fill(0.0);
    }

    /// Puts samples where the same number were just read.
    fn write(&mut self, line: usize, from: &[f32]) {
        let length = self.lengths[line];
        let own = &mut self.memory[self.starts[line]..][..length];
        let first = from.len().min(length - self.at[line]);
        own[self.at[line]..][..first].copy_from_slice(&from[..first]);
        own[..from.len() - first].copy_from_slice(&from[first..]);
        self.at[line] = (self.at[line] + from.len()) % length;
    }
}
