//! Settings of a list that one of its tracks cannot be played with: a panorama of a mono file, a placement of a scene. The
//! track is played without them, and that is told; with the next one they hold again.

use super::*;
use crate::render::{Placement, Vocals};

/// What a track is played without, as it was when the track could not be played with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Unfit {
    placement: Option<Placement>,
    stage: Option<String>,
    layout: Option<String>,
    separate: bool,
    vocals: Option<Vocals>,
    model: Option<PathBuf>,
    room: Option<String>,
    /// What was wrong with it.
    pub(super) why: String,
}

impl Unfit {
    /// What can be left out of a job, the least first, and what it is called.
    fn of(job: &RenderJob, why: &str) -> Vec<(Self, &'static str)> {
        let nothing = Self { why: why.to_string(), ..Self::default() };
        let placing = Self {
            placement: job.placement.clone(),
            stage: job.stage.clone(),
            layout: job.layout.clone(),
            separate: job.separate,
            ..nothing.clone()
        };
        let room = Self { room: job.room.clone(), ..nothing.clone() };
        let voice = Self { separate: job.separate, vocals: job.vocals, model: job.model.clone(), ..nothing.clone() };
        let all = Self { room: job.room.clone(), vocals: job.vocals, model: job.model.clone(), ..placing.clone() };
        let mut seen = vec![nothing];
        let steps = [(placing, "placement"), (room, "room"), (voice, "voice"), (all, "placement, voice and room")];
        let mut steps = Vec::from(steps);
        steps.retain(|(unfit, _)| {
            let new = !seen.contains(unfit);
            seen.push(unfit.clone());
            new
        });
        steps
    }

    /// Leaves out what has not been set anew meanwhile.
    pub(super) fn leave_out(&self, job: &mut RenderJob) {
        if job.placement == self.placement {
            job.placement = None;
        }
        if job.stage == self.stage {
            job.stage = None;
        }
        if job.layout == self.layout {
            job.layout = None;
        }
        if job.vocals == self.vocals {
            job.vocals = None;
        }
        if job.model == self.model {
            job.model = None;
        }
        if job.room == self.room {
            job.room = None;
        }
        job.separate &= !self.separate;
    }
}

impl Steward {
    /// Does something with a track of several as the settings have it; if they are not for it, as it is usually played.
    pub(super) fn fitting(&mut self, track: usize, does: impl Fn(&mut Self, usize) -> Result<()>) -> Result<()> {
        let why = match does(self, track) {
            Err(e) if self.is_misfit(&e) && self.tracks.len() > 1 && self.stems(track).is_empty() => e,
            done => return done,
        };
        let before = self.unfit.remove(&track);
        for (unfit, what) in Unfit::of(&self.settings.job, &why.sentence()) {
            self.unfit.insert(track, unfit);
            match does(self, track) {
                Ok(()) => {
                    self.tell(Event::Warning(format!("played without the {what} that is set: {}", why.sentence())));
                    return Ok(());
                }
                Err(e) if self.is_misfit(&e) => {}
                // That has nothing to do with it.
                Err(e) => {
                    self.restore(track, before);
                    return Err(e);
                }
            }
        }
        self.restore(track, before);
        Err(why)
    }

    fn is_misfit(&self, e: &Error) -> bool {
        e.kind() == ErrorKind::Argument && !self.shared.stopping() && !interrupted(e)
    }

    fn restore(&mut self, track: usize, before: Option<Unfit>) {
        match before {
            Some(unfit) => drop(self.unfit.insert(track, unfit)),
            None => drop(self.unfit.remove(&track)),
        }
    }
}
