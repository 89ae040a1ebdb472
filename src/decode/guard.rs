//! A wall around other people's parsers: a panic inside becomes an error and prints nothing.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::error::{Error, Result};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; if it panics, the panic message is kept quiet and a `Malformed` error comes back.
///
/// The panic hook of the process is wrapped once; it stays silent only for threads that are inside this function.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    static WRAP: Once = Once::new();
    WRAP.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.with(Cell::get) {
                previous(info);
            }
        }));
    });
    let before = QUIET.with(|quiet| quiet.replace(true));
    // What `work` touched is thrown away by every caller once it has failed.
    let outcome = catch_unwind(AssertUnwindSafe(work));
    QUIET.with(|quiet| quiet.set(before));
    outcome.unwrap_or_else(|_| {
        Err(Error::malformed("the data is damaged in a way that broke the decoder")
            .hint("convert the file anew from its original, for example with ffmpeg"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_panic_becomes_an_error_and_the_next_call_works() {
        let failed: Result<()> = guarded(|| panic!("inside"));
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Malformed);
        assert_eq!(guarded(|| Ok(7)).unwrap(), 7);
    }
}
