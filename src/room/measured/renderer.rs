//! Inputs through a measured room to two ears, with a head that turns.

use super::assign::Assignment;
use super::blend::{self, Mix, Shifter};
use super::{MeasuredRoom, Receivers, check_assignments};
use crate::coords::Rotation;
use crate::dsp::partitioned::{Convolver, FilterWriter, Filters, LevelFilters, Plan};
use crate::error::{Error, Result};
use crate::hrtf::onset::OnsetFinder;
use std::sync::Arc;

/// The part of a response that turns with the head, seconds: direct sound and strong reflections. What comes later is
/// diffuse, and is that of the orientation nearest to the first head for all of them (Lindau, Kosanke, Weinzierl, J.
/// Audio Eng. Soc. 60(11), 2012).
const EARLY_SECONDS: f64 = 0.08;
/// Fade from the early part to the late one, seconds.
const SEAM_SECONDS: f64 = 0.01;
/// Frames (at 48 kHz) in which the filters of all inputs are made anew while the head turns.
const RENEWAL_SECONDS: f64 = 1024.0 / 48_000.0;

/// Renders inputs through a measured room. Nothing is allocated after `new`.
pub struct BrirRenderer {
    convolver: Convolver,
    turning: Option<Turning>,
}

impl std::fmt::Debug for BrirRenderer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrirRenderer").field("plan", self.convolver.plan()).finish_non_exhaustive()
    }
}

/// What makes the early filters for a head.
struct Turning {
    room: Arc<MeasuredRoom>,
    assignments: Vec<Assignment>,
    writer: FilterWriter,
    shifter: Shifter,
    /// The orientation whose late part is heard.
    late: usize,
    /// Early taps with the seam at their end.
    early: usize,
    /// Of the early part, `[early]`: 1, and down to 0 over the seam.
    seam: Vec<f32>,
    /// Early parts, their first wavefronts brought together over the orientations, `[O][E][2][early]`.
    aligned: Vec<f32>,
    /// Arrival times, samples, `[O][E][2]`, and where they were brought to, `[E][2]`.
    onsets: Vec<f32>,
    meeting: Vec<f32>,
    /// One response, a mix of aligned ones, and the same at its arrival.
    response: Vec<f32>,
    mixed: Vec<f32>,
    blend: Vec<f32>,
    spare: Option<LevelFilters>,
    /// What was asked for, what is being made, and what was made last.
    wanted: Mix,
    making: Mix,
    made: Mix,
    /// The next input to be made; `None` if nothing is being made.
    next: Option<usize>,
    renewal: usize,
}

impl BrirRenderer {
    /// For inputs with these ways into the room, blocks of mostly `block` frames (any other is rendered as well), and a
    /// head that is first turned as `head`.
    ///
    /// # Errors
    /// `Unsupported` if the room was not measured with two ears; `Argument` if there is no input or an emitter that does
    /// not exist; `Limit` if it takes too much memory.
    pub fn new(room: &Arc<MeasuredRoom>, assignments: &[Assignment], block: usize, head: Rotation) -> Result<Self> {
        if let Receivers::SoundField(order) = room.receivers() {
            return Err(Error::unsupported(format!(
                "the room was measured in spherical harmonics of order {order}, not with two ears"
            ))
            .hint("`FieldRenderer` renders those"));
        }
        check_assignments(room, assignments)?;
        let rate = room.sample_rate();
        let turns = room.orientations().len() > 1;
        let early = if turns { ((EARLY_SECONDS * rate) as usize).min(room.taps()) } else { 0 };
        let plan = Arc::new(Plan::search(assignments.len(), 2, room.taps(), block, early)?);
        let late = room.nearest_orientation(head);
        let mut filters = Filters::new(&plan);
        let mut writer = FilterWriter::new(&plan);
        let mut response = vec![0.0; room.taps()];
        for (input, assignment) in assignments.iter().enumerate() {
            for ear in 0..2 {
                response.fill(0.0);
                for (emitter, gain) in &assignment.terms {
                    let from = room.response(late, *emitter, ear);
                    response.iter_mut().zip(from).for_each(|(y, x)| *y += gain * x);
                }
                writer.write_all(&mut filters, input, ear, &response);
            }
        }
        let mut turning = turns.then(|| Turning::new(room, assignments, &plan, writer, late, early));
        if let Some(turning) = &mut turning {
            turning.wanted = blend::mix(room.orientations(), head);
            turning.making = turning.wanted;
            turning.made = turning.wanted;
            let level = filters.level_mut(0);
            for input in 0..assignments.len() {
                turning.make(input, level);
            }
        }
        // About 5 ms.
        Ok(Self { convolver: Convolver::new(&filters, (rate * 0.005) as usize), turning })
    }

    /// Turns the head, seen from where it was measured unturned. The early sound follows within a few tens of
    /// milliseconds. With one measured orientation nothing changes. Allocates nothing.
    pub fn set_head(&mut self, head: Rotation) {
        if let Some(turning) = &mut self.turning {
            turning.wanted = blend::mix(turning.room.orientations(), head);
        }
    }

    /// One block: `inputs[i]` goes the way of assignment `i`; missing ones are silent. Both ears are overwritten, as far
    /// as the shorter one goes.
    pub fn process(&mut self, inputs: &[&[f32]], left: &mut [f32], right: &mut [f32]) {
        if let Some(turning) = &mut self.turning {
            turning.step(&mut self.convolver, left.len().min(right.len()));
        }
        self.convolver.process(inputs, &mut [left, right]);
    }

    /// Frames between an input and its answer, beyond what the room itself takes: none.
    pub fn latency_frames(&self) -> usize {
        0
    }

    /// Frames that sound after the input has ended.
    pub fn tail_frames(&self) -> usize {
        self.convolver.tail_frames()
    }

    /// How the responses are cut.
    pub fn plan(&self) -> &Plan {
        self.convolver.plan()
    }

    /// Samples of the input so far that were NaN or infinite; they are taken as silence.
    pub fn non_finite(&self) -> u64 {
        self.convolver.non_finite()
    }

    /// Forgets all sound.
    pub fn reset(&mut self) {
        self.convolver.reset();
    }
}

impl Turning {
    fn new(
        room: &Arc<MeasuredRoom>,
        assignments: &[Assignment],
        plan: &Arc<Plan>,
        writer: FilterWriter,
        late: usize,
        early: usize,
    ) -> Self {
        let rate = room.sample_rate();
        let (orientations, emitters) = (room.orientations().len(), room.emitters().len());
        let shifter = Shifter::new();
        let mut finder = OnsetFinder::new(early, rate);
        let mut onsets = Vec::with_capacity(orientations * emitters * 2);
        for o in 0..orientations {
            for e in 0..emitters {
                onsets.extend([0, 1].map(|ear| finder.find(&room.response(o, e, ear)[..early])));
            }
        }
        let pairs = emitters * 2;
        let meeting: Vec<f32> = (0..pairs)
            .map(|p| (0..orientations).map(|o| onsets[o * pairs + p]).sum::<f32>() / orientations as f32)
            .collect();
        let mut aligned = vec![0.0; orientations * pairs * early];
        for (row, out) in aligned.chunks_exact_mut(early).enumerate() {
            let (o, p) = (row / pairs, row % pairs);
            let shift = f64::from(meeting[p] - onsets[row]);
            shifter.add(out, room.response(o, p / 2, p % 2), shift, 1.0);
        }
        let seam_frames = ((SEAM_SECONDS * rate) as usize).clamp(1, early);
        let whole = early == room.taps();
        let seam = (0..early)
            .map(|n| {
                let part = (n + seam_frames).saturating_sub(early) as f64 / seam_frames as f64;
                // Responses that are all early need no seam.
                if whole { 1.0 } else { (0.5 + 0.5 * (std::f64::consts::PI * part).cos()) as f32 }
            })
            .collect();
        Self {
            room: Arc::clone(room),
            assignments: assignments.to_vec(),
            writer,
            shifter,
            late,
            early,
            seam,
            aligned,
            onsets,
            meeting,
            response: vec![0.0; room.taps().min(plan.levels()[0].end())],
            mixed: vec![0.0; early],
            blend: vec![0.0; early],
            spare: Some(LevelFilters::new(plan, 0)),
            wanted: Mix::default(),
            making: Mix::default(),
            made: Mix::default(),
            next: None,
            renewal: (RENEWAL_SECONDS * rate) as usize,
        }
    }

    /// Goes on with the filters of a new head, as much as is due in `frames` frames.
    fn step(&mut self, convolver: &mut Convolver, frames: usize) {
        if let Some(spent) = convolver.take_spent(0) {
            self.spare = Some(spent);
        }
        if self.next.is_none() && self.wanted != self.made && self.spare.is_some() && convolver.is_free(0) {
            self.making = self.wanted;
            self.next = Some(0);
        }
        let Some(mut input) = self.next else { return };
        let Some(mut level) = self.spare.take() else { return };
        let inputs = self.assignments.len();
        let due = (inputs * frames).div_ceil(self.renewal).clamp(1, inputs);
        for _ in 0..due {
            if input < inputs {
                self.make(input, &mut level);
                input += 1;
            }
        }
        if input < inputs {
            self.next = Some(input);
            self.spare = Some(level);
            return;
        }
        self.next = None;
        self.made = self.making;
        // There is room: nothing else exchanges this level.
        self.spare = convolver.exchange_level(0, level).err();
    }

    /// Writes the early filters of one input for the mix that is being made.
    fn make(&mut self, input: usize, level: &mut LevelFilters) {
        let pairs = self.room.emitters().len() * 2;
        let early = self.early;
        for ear in 0..2 {
            self.response.fill(0.0);
            for (emitter, gain) in &self.assignments[input].terms {
                let p = emitter * 2 + ear;
                let late = self.room.response(self.late, *emitter, ear);
                match *self.making.terms() {
                    // The measured one itself, not shifted there and back.
                    [(o, _)] => {
                        let from = &self.room.response(o, *emitter, ear)[..early];
                        self.blend.copy_from_slice(from);
                    }
                    ref terms => {
                        // Mixed where the wavefronts meet, and then moved to the mean arrival.
                        self.mixed.fill(0.0);
                        let mut arrival = 0.0;
                        for (o, weight) in terms {
                            let row = o * pairs + p;
                            arrival += weight * self.onsets[row];
                            let from = &self.aligned[row * early..][..early];
                            blend::add_scaled(&mut self.mixed, from, *weight);
                        }
                        self.blend.fill(0.0);
                        self.shifter.add(&mut self.blend, &self.mixed, f64::from(arrival - self.meeting[p]), 1.0);
                    }
                }
                let seam_end = early.min(self.response.len());
                let (turned, rest) = self.response.split_at_mut(seam_end);
                for (((y, turned), late), share) in turned.iter_mut().zip(&self.blend).zip(late).zip(&self.seam) {
                    *y += gain * (late + (turned - late) * share);
                }
                blend::add_scaled(rest, &late[early..], *gain);
            }
            self.writer.write(0, level, input, ear, &self.response);
        }
    }
}
