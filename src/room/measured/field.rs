//! Inputs through a room that was measured as a sound field, to any head's two ears.

use super::assign::Assignment;
use super::{MeasuredRoom, Receivers, check_assignments};
use crate::ambisonics::{Decoder, DecoderFilters, MAX_CHANNELS, MAX_ORDER, Rotator};
use crate::coords::Rotation;
use crate::dsp::partitioned::{Convolver, Filters, Plan};
use crate::error::{Error, Result};
use crate::hrtf::HrtfSet;
use std::sync::Arc;

/// Renders inputs through a room's responses in spherical harmonics: they make a sound field, which turns against the head
/// and is decoded to its ears as any other. Nothing is allocated after `new`.
pub struct FieldRenderer {
    convolver: Convolver,
    rotator: Rotator,
    decoder: Decoder,
    /// Of the measured view that the responses are taken from.
    view: Rotation,
    channels: usize,
    block: usize,
    /// `[channels][block]`
    bus: Vec<f32>,
}

impl std::fmt::Debug for FieldRenderer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FieldRenderer").field("channels", &self.channels).finish_non_exhaustive()
    }
}

impl FieldRenderer {
    /// For inputs with these ways into the room, in blocks of up to `block` frames at once, and a head that is first
    /// turned as `head`. The set is at the room's rate.
    ///
    /// # Errors
    /// `Unsupported` if the room was measured with ears, or in an order that is not 1 to 7; `Argument` if rates differ or
    /// an assignment does not fit; `Limit` if it takes too much memory.
    pub fn new(
        room: &MeasuredRoom,
        assignments: &[Assignment],
        set: &HrtfSet,
        block: usize,
        head: Rotation,
    ) -> Result<Self> {
        let Receivers::SoundField(order) = room.receivers() else {
            return Err(Error::unsupported("the room was measured with two ears, not as a sound field"));
        };
        if !(1..=MAX_ORDER).contains(&order) {
            return Err(Error::unsupported(format!("the room was measured as a sound field of order {order}"))
                .hint(format!("two ears need one of order 1 to {MAX_ORDER}")));
        }
        if set.sample_rate() != room.sample_rate() {
            return Err(Error::argument(format!(
                "the head is at {} Hz and the room at {} Hz",
                set.sample_rate(),
                room.sample_rate()
            )));
        }
        if assignments.len() > MOST_INPUTS {
            return Err(Error::limit(format!(
                "a room measured as a sound field takes {MOST_INPUTS} inputs at most, not {}",
                assignments.len()
            )));
        }
        check_assignments(room, assignments)?;
        let (channels, taps) = (room.receivers().count(), room.taps());
        let view = room.nearest_orientation(Rotation::IDENTITY);
        let responses: Vec<Vec<Vec<f32>>> = assignments
            .iter()
            .map(|a| {
                let channel = |c| {
                    let mut sum = vec![0.0; taps];
                    for (emitter, gain) in &a.terms {
                        let from = room.response(view, *emitter, c);
                        sum.iter_mut().zip(from).for_each(|(y, x)| *y += gain * x);
                    }
                    sum
                };
                (0..channels).map(channel).collect()
            })
            .collect();
        let plan = Arc::new(Plan::search(assignments.len(), channels, taps, block, 0)?);
        let mut renderer = Self {
            convolver: Convolver::new(&Filters::of(&plan, &responses), 0),
            rotator: Rotator::new(order),
            decoder: Decoder::new(&Arc::new(DecoderFilters::design(set, order)?), block)?,
            view: room.orientations()[view],
            channels,
            block,
            bus: vec![0.0; channels * block],
        };
        renderer.set_head(head);
        renderer.rotator.jump(renderer.against(head));
        Ok(renderer)
    }

    fn against(&self, head: Rotation) -> Rotation {
        head.inverse() * self.view
    }

    /// Turns the head, seen from where the field was measured unturned; reached at the end of the next block.
    pub fn set_head(&mut self, head: Rotation) {
        self.rotator.set(self.against(head));
    }

    /// One block: `inputs[i]` goes the way of assignment `i`; missing ones are silent. Both ears are overwritten, as far
    /// as the shorter one goes.
    pub fn process(&mut self, inputs: &[&[f32]], left: &mut [f32], right: &mut [f32]) {
        let frames = left.len().min(right.len());
        let mut parts: [&[f32]; MOST_INPUTS] = [&[]; MOST_INPUTS];
        for from in (0..frames).step_by(self.block) {
            let n = self.block.min(frames - from);
            let (left, right) = (&mut left[from..from + n], &mut right[from..from + n]);
            for (part, input) in parts.iter_mut().zip(inputs) {
                let rest = input.get(from..).unwrap_or(&[]);
                *part = &rest[..n.min(rest.len())];
            }
            let mut planes = self.bus.chunks_exact_mut(self.block);
            let mut planes: [&mut [f32]; MAX_CHANNELS] =
                std::array::from_fn(|_| planes.next().map_or(&mut [][..], |p| &mut p[..n]));
            let planes = &mut planes[..self.channels];
            self.convolver.process(&parts[..inputs.len().min(MOST_INPUTS)], planes);
            self.rotator.process(planes, n);
            left.fill(0.0);
            right.fill(0.0);
            self.decoder.process(planes, left, right);
        }
    }

    /// Frames between an input and its answer, beyond what the room itself takes: none.
    pub fn latency_frames(&self) -> usize {
        0
    }

    /// Frames that sound after the input has ended.
    pub fn tail_frames(&self) -> usize {
        self.convolver.tail_frames() + self.decoder.tail_frames()
    }

    /// Samples of the input so far that were NaN or infinite; they are taken as silence.
    pub fn non_finite(&self) -> u64 {
        self.convolver.non_finite()
    }
}

/// Inputs at once.
const MOST_INPUTS: usize = 64;
