//! A stage in a measured room: every source comes from the loudspeaker that stands in its direction.

use super::stage::Stage;
use crate::coords::{Pose, Vec3};
use crate::error::{Error, Result};
use crate::room::measured::{Assignment, BrirRenderer, MeasuredRoom, Receivers};
use crate::spatializer::{HeadMotion, Motion, SourceSpec};
use std::path::Path;
use std::sync::Arc;

/// What plays a stage in a measured room, block by block as an engine does.
pub(super) struct MeasuredPlayer {
    renderer: BrirRenderer,
    head: HeadMotion,
    frame: u64,
    sample_rate: f64,
    /// What had to be left out.
    pub(super) warnings: Vec<String>,
}

impl MeasuredPlayer {
    /// # Errors
    /// What the file runs into; `Unsupported` if its responses are not for two ears, or for sound fields on the stage.
    pub(super) fn new(stage: &Stage, path: &Path, sample_rate: f64, block: usize) -> Result<Self> {
        if !stage.fields.is_empty() {
            return Err(Error::unsupported("a sound field cannot be played in a measured room")
                .at(path)
                .hint("use a room of the other kinds, or none"));
        }
        let room = Arc::new(MeasuredRoom::open(path, sample_rate)?);
        if let Receivers::SoundField(order) = room.receivers() {
            return Err(Error::unsupported(format!(
                "the room was measured as a sound field of order {order}; rooms for headphones need two ears"
            ))
            .at(path)
            .hint("use responses for two ears (MultiSpeakerBRIR, or a two-channel WAV)"));
        }
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
        Ok(Self {
            renderer: BrirRenderer::new(&room, &assignments, block, first.orientation)?,
            head: stage.head.clone(),
            frame: 0,
            sample_rate,
            warnings,
        })
    }

    pub(super) fn process(&mut self, inputs: &[&[f32]], left: &mut [f32], right: &mut [f32]) {
        let seconds = self.frame as f64 / self.sample_rate;
        self.renderer.set_head(self.head.at(seconds).orientation);
        left.fill(0.0);
        right.fill(0.0);
        self.renderer.process(inputs, left, right);
        self.frame += left.len() as u64;
    }

    pub(super) fn tail_frames(&self) -> usize {
        self.renderer.tail_frames()
    }

    pub(super) fn non_finite(&self) -> u64 {
        self.renderer.non_finite()
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
