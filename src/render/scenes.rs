//! Opening what is a scene, or becomes one: scenes, stems in files, and stems that a model tells apart.

use super::feed::Feed;
use super::job::{Placement, RenderJob};
use super::offline::{Ears, Pace, Show};
use super::scene_feed::SceneFeed;
use super::stage::{Stage, room_spec};
use crate::error::{Error, Result};
use crate::panorama::StageFile;
use crate::panorama::stage::DEFAULT_STAGE;
use crate::scene::Scene;
use crate::stems::arrange::arrange_parts;
use crate::stems::{Arrangement, arrange};

/// A track that a model of the user's own takes apart: its parts stand where stems would.
pub(super) fn of_parts(job: &RenderJob, pace: Pace) -> Result<(Show, Ears)> {
    if let Some(other) = job.placement.as_ref().filter(|p| **p != Placement::Panorama) {
        return Err(Error::argument(format!(
            "the stems of a model stand where their roles do, not with --place {}",
            other.name()
        ))
        .at(&job.input)
        .hint("leave out --place; with --vocals and without --separate any placement works"));
    }
    let mut feed = Feed::open(job)?;
    let rate = job.rate.unwrap_or(feed.rate);
    let file = StageFile::open(job.stage.as_deref().unwrap_or(DEFAULT_STAGE))?;
    let (all, seats) = arrange_parts(feed.part_names(), feed.layout.channels(), &file, job.room.as_deref())?;
    let stage = Stage::of_scene(&all.scene, &[])?;
    let mut ears = Ears::new(job, pace, &stage, "stems", None, rate, 0)?;
    (ears.stage_name, ears.stems, ears.remarks) = (all.stage, all.stems, all.warnings);
    feed.seat(seats);
    feed.prepare(false, rate, ears.block, ears.tail)?;
    Ok((Show::Track(Box::new(feed)), ears))
}

pub(super) fn of_scene(job: &RenderJob, pace: Pace) -> Result<(Show, Ears)> {
    for (given, flag) in [
        (job.placement.is_some(), "--place, --at and --orbit"),
        (job.layout.is_some(), "--layout"),
        (job.vocals.is_some(), "--vocals"),
        (job.separate || job.model.is_some(), "--separate and --model"),
        (job.stage.is_some(), "--stage"),
    ] {
        if given {
            return Err(Error::argument(format!("{flag} cannot be used with a scene, which says it itself"))
                .at(&job.input)
                .hint("edit the scene instead"));
        }
    }
    let mut scene = Scene::open(&job.input)?;
    if let Some(room) = &job.room {
        scene.room = room_spec(room)?;
        let misfit = |e| Error::argument(format!("the scene does not go with the room '{room}': {}", Error::from(e)));
        scene.check().map_err(misfit)?;
    }
    play_scene(job, pace, &scene, "scene")
}

/// Where a job's stems stand, and the scene that they make.
///
/// # Errors
/// `Argument` for settings that stems have no use for, and what [`arrange()`](crate::stems::arrange()) runs into.
pub fn arrangement(job: &RenderJob) -> Result<Arrangement> {
    for (given, flag) in [
        (job.placement.is_some(), "--place, --at and --orbit"),
        (job.layout.is_some(), "--layout"),
        (job.separate || job.model.is_some(), "--separate and --model"),
    ] {
        if given {
            return Err(Error::argument(format!("{flag} cannot be used with stems, which go where their roles stand"))
                .at(&job.input)
                .hint("choose where that is with --stage, or write a scene with --write-scene and edit it"));
        }
    }
    let stage = StageFile::open(job.stage.as_deref().unwrap_or(DEFAULT_STAGE))?;
    arrange(&job.stems, &stage, job.room.as_deref(), job.vocals)
}

pub(super) fn of_stems(job: &RenderJob, pace: Pace) -> Result<(Show, Ears)> {
    let all = arrangement(job)?;
    let (show, mut ears) = play_scene(job, pace, &all.scene, "stems")?;
    (ears.stage_name, ears.stems, ears.remarks) = (all.stage, all.stems, all.warnings);
    Ok((show, ears))
}

/// Opens what a scene holds; `placement` is what reports call it.
fn play_scene(job: &RenderJob, pace: Pace, scene: &Scene, placement: &'static str) -> Result<(Show, Ears)> {
    let limit = job.duration.map(|d| d + job.start);
    let mut feed = SceneFeed::open(scene, job.rate, limit)?;
    let stage = Stage::of_scene(scene, &feed.bed_layouts())?;
    let skip = (job.start * f64::from(feed.rate)).round() as u64;
    let ears = Ears::new(job, pace, &stage, placement, None, feed.rate, skip)?;
    feed.prepare(ears.block, ears.tail, job.tail.is_some())?;
    if let Some(total) = feed.total_frames()
        && skip > 0
        && skip >= total
    {
        let seconds = total as f64 / f64::from(feed.rate);
        return Err(Error::argument(format!("--start {} is past the end: the scene has {seconds:.3} s", job.start))
            .at(&job.input));
    }
    Ok((Show::Scene(Box::new(feed)), ears))
}
