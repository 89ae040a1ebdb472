//! Whether a render is to become a film.

use super::job::RenderJob;
use crate::error::{Error, Result};
use crate::sink::film::{Film, FilmContainer};

/// The film that the output is to be, if its name is that of one.
pub(super) fn film_of(job: &RenderJob) -> Result<Option<Film>> {
    if FilmContainer::of(&job.output).is_none() {
        return Ok(None);
    }
    if job.is_scene()? {
        return Err(Error::argument("scenes and stems have no picture to make a film of")
            .at(&job.output)
            .hint("write a sound file: -o NAME.wav or NAME.flac"));
    }
    if job.start > 0.0 {
        return Err(Error::argument("the beginning of a picture cannot be left out without coding it anew")
            .at(&job.input)
            .hint("leave out --start, or write the sound alone: -o NAME.wav"));
    }
    Film::probe(&job.input, &job.output, job.rate, job.force).map(Some)
}
