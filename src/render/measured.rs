//! A stage in a measured room: every source comes from the loudspeaker that stands in its direction.

use super::stage::Stage;
use crate::coords::{Pose, Vec3};
use crate::error::{Error, Result};
use crate::hrtf;
use crate::room::measured::{Assignment, BrirRenderer, FieldRenderer, MeasuredRoom, Receivers};
use crate::spatializer::{HeadMotion, Motion, SourceSpec};
use std::path::Path;
use std::sync::Arc;

/// Rooms measured with ears, and rooms measured as sound fields.
enum Renderer {
    Ears(Box<BrirRenderer>),
    Field(Box<FieldRenderer>),
}

/// What plays a stage in a measured room, block by block as an engine does.
pub(super) struct MeasuredPlayer {
    renderer: Renderer,
    /// Whose ears they are.
    pub(super) head_name: String,
    head: HeadMotion,
    /// Where the head has been turned to, instead of its way.
    turned: Option<Pose>,
    frame: u64,
    sample_rate: f64,
    /// What had to be left out.
    pub(super) warnings: Vec<String>,
}

impl MeasuredPlayer {
    /// # Errors
    /// What the file or the head (for rooms measured as sound fields) runs into; `Unsupported` for sound fields on the
    /// stage.
    pub(super) fn new(stage: &Stage, path: &Path, head: &str, sample_rate: f64, block: usize) -> Result<Self> {
        if !stage.fields.is_empty() {
            return Err(Error::unsupported("a sound field cannot be played in a measured room")
                .at(path)
                .hint("use a room of the other kinds, or none"));
        }
        let room = Arc::new(MeasuredRoom::open(path, sample_rate)?);
        let first = stage.head.at(0.0);
        let assign = |source: &SourceSpec| {
            let mut way = Assignment::direction(&room, direction(source, &first));
            way.terms.iter_mut().for_each(|(_, gain)| *gain *= source.gain as f32);
            way
        };
        let assignments: Vec<Assignment> = stage.sources.iter().map(assign).collect();
        let mut warnings = room.warnings().to_vec();
        if stage.sources.iter().any(|s| !matches!(s.motion, Motion::Still(_))) {
            warnings.push("sources stay at their first place: a measured room has loudspeakers only".to_string());
        }
        let places = stage.head.corners();
        if places.iter().any(|p| *p != places[0]) {
            warnings.push("the listener stays in one place: a measured room was measured there".to_string());
        }
        let shaped = |s: &SourceSpec| s.beam.everywhere != 1.0 || s.spread_deg > 0.0;
        if stage.propagation && stage.sources.iter().any(|s| !s.everywhere && !s.head_locked) {
            let what = if stage.sources.iter().any(shaped) { ", directivity and width" } else { "" };
            warnings.push(format!(
                "distance{what} of the sources count for nothing in a measured room: its responses have those of its loudspeakers"
            ));
        }
        let (renderer, head_name) = match room.receivers() {
            Receivers::Ears => {
                let renderer = BrirRenderer::new(&room, &assignments, block, first.orientation)?;
                (Renderer::Ears(Box::new(renderer)), format!("that of {}", path.display()))
            }
            Receivers::SoundField(_) => {
                let set = hrtf::open(head, sample_rate)?;
                let renderer =
                    FieldRenderer::new(&room, &assignments, &set, block, first.orientation).map_err(|e| e.at(path))?;
                (Renderer::Field(Box::new(renderer)), head.to_string())
            }
        };
        Ok(Self { renderer, head_name, head: stage.head.clone(), turned: None, frame: 0, sample_rate, warnings })
    }

    pub(super) fn process(&mut self, inputs: &[&[f32]], left: &mut [f32], right: &mut [f32]) {
        let seconds = self.frame as f64 / self.sample_rate;
        let head = self.turned.unwrap_or_else(|| self.head.at(seconds)).orientation;
        match &mut self.renderer {
            Renderer::Ears(ears) => {
                ears.set_head(head);
                ears.process(inputs, left, right);
            }
            Renderer::Field(field) => {
                field.set_head(head);
                field.process(inputs, left, right);
            }
        }
        self.frame += left.len() as u64;
    }

    /// Turns the head.
    pub(super) fn set_head(&mut self, pose: Pose) {
        self.turned = Some(pose);
    }

    /// Puts the clock of the head's way to a frame.
    pub(super) fn start_at(&mut self, frame: u64) {
        self.frame = frame;
    }

    pub(super) fn tail_frames(&self) -> usize {
        match &self.renderer {
            Renderer::Ears(ears) => ears.tail_frames(),
            Renderer::Field(field) => field.tail_frames(),
        }
    }

    pub(super) fn non_finite(&self) -> u64 {
        match &self.renderer {
            Renderer::Ears(ears) => ears.non_finite(),
            Renderer::Field(field) => field.non_finite(),
        }
    }
}

/// Where a source is at first, seen by a head that is not turned.
fn direction(source: &SourceSpec, head: &Pose) -> Vec3 {
    let place = source.motion.at(0.0);
    match (source.everywhere, source.head_locked) {
        (true, _) => Vec3::new(1.0, 0.0, 0.0),
        (_, true) => place,
        _ => place - head.position,
    }
}
