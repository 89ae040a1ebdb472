//! Every mistake of a scene, said as errors are said.

use super::print;
use crate::error::Error;
use crate::scene::{SceneError, SceneErrors};

/// Prints all mistakes but the last, each as an `error:` line with its hint; the last is returned, to be printed and to end
/// the program as any other error.
pub(super) fn all_printed(errors: SceneErrors) -> Error {
    let one = |e: &SceneError| {
        let error = Error::new(errors.kind, errors.line(e));
        e.hint.iter().fold(error, Error::hint)
    };
    let Some((last, others)) = errors.errors.split_last() else { return errors.into() };
    others.iter().map(one).for_each(|e| print::error(&e));
    one(last)
}
