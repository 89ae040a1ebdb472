//! Settings of a list that one of its tracks cannot be played with: a panorama of a mono file, a placement of a scene. The
//! track is played without them, and that is told; with the next one they hold again.

use super::*;
use crate::render::Placement;

/// What a track is played without, as it was when the track could not be played with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Unfit {
    placement: Option<Placement>,
    stage: Option<String>,
    layout: Option<String>,
    separate: bool,
    room: Option<String>,
}

impl Unfit {
    /// What can be left out of a job, the least first, and what it is called.
    fn of(job: &RenderJob) -> Vec<(Self, &'static str)> {
        let placing = Self {
            placement: job.placement.clone(),
            stage: job.stage.clone(),
            layout: job.layout.clone(),
            separate: job.separate,
            room: None,
        };
        let room = Self { room: job.room.clone(), ..Self::default() };
        let both = Self { room: job.room.clone(), ..placing.clone() };
        let mut all = vec![(placing, "placement"), (room, "room"), (both, "placement and room")];
        let mut seen = vec![Self::default()];
        all.retain(|(unfit, _)| {
            let new = !seen.contains(unfit);
            seen.push(unfit.clone());
            new
        });
        all
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
        job.separate &= !self.separate;
        if job.room == self.room {
            job.room = None;
        }
    }
}

impl Steward {
    /// Does something with a track of several as the settings have it; if they are not for it, as it is usually played.
    pub(super) fn fitting(&mut self, track: usize, does: impl Fn(&mut Self, usize) -> Result<()>) -> Result<()> {
        let unsuited = |e: &Error| e.kind() == ErrorKind::Argument;
        let why = match does(self, track) {
            Err(e) if unsuited(&e) && self.tracks.len() > 1 && self.stems(track).is_empty() => e,
            done => return done,
        };
        let before = self.unfit.remove(&track);
        for (unfit, what) in Unfit::of(&self.settings.job) {
            self.unfit.insert(track, unfit);
            match does(self, track) {
                Err(e) if unsuited(&e) => {}
                done => {
                    self.tell(Event::Warning(format!("played without the {what} that is set: {}", why.sentence())));
                    return done;
                }
            }
        }
        self.unfit.remove(&track);
        before.into_iter().for_each(|unfit| drop(self.unfit.insert(track, unfit)));
        Err(why)
    }
}
