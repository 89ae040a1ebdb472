//! Every mistake of a scene, said as errors are said.

use super::print;
use crate::error::Error;
use crate::scene::SceneErrors;

/// Prints all mistakes but the last, each as an `error:` line with its hint; the last is returned, to be printed and to end
/// the program as any other error.
pub(super) fn all_printed(errors: SceneErrors) -> Error {
    let mut all = errors.into_errors();
    let last = all.pop().unwrap_or_else(|| Error::argument("the scene is wrong"));
    all.iter().for_each(print::error);
    last
}
