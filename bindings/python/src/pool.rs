//! Much of the same work on all cores, without the interpreter's lock.
//!
//! Each piece of work has a place of its own in the result and depends on nothing but its number, so that the result is
//! the same whatever the threads. Meanwhile the calling thread asks four times a second whether the user has had
//! enough.

use crate::errors::raise;
use periphon::{Error, Result};
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

/// How often signals are looked at.
const PATIENCE: Duration = Duration::from_millis(250);

/// Fills `out`, `each` values at a time, by `work(state, number, values)`; each thread has a state of its own.
///
/// # Errors
/// The error of the work with the lowest number among those that were tried; `KeyboardInterrupt`.
pub(crate) fn fill<T: Send, S>(
    py: Python<'_>,
    out: &mut [T],
    each: usize,
    threads: Option<usize>,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize, &mut [T]) -> Result<()> + Sync,
) -> PyResult<()> {
    let count = out.len() / each.max(1);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.unwrap_or(cores).clamp(1, 1024).min(count.max(1));
    py.detach(|| {
        if count == 1 {
            return work(&mut state(), 0, out).map_err(|e| raise(&e));
        }
        let (stop, failed) = (AtomicBool::new(false), Mutex::new(None::<(usize, Error)>));
        let left = AtomicUsize::new(threads);
        let parts = Mutex::new(out.chunks_exact_mut(each.max(1)).enumerate());
        let (done, all_done) = mpsc::channel::<()>();
        let one = || {
            let mut state = state();
            while !stop.load(Ordering::Relaxed) {
                let next = parts.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((i, part)) = next else { break };
                if let Err(e) = work(&mut state, i, part) {
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    if failed.as_ref().is_none_or(|(first, _)| i < *first) {
                        *failed = Some((i, e));
                    }
                    stop.store(true, Ordering::Relaxed);
                }
            }
        };
        let interrupted = std::thread::scope(|scope| {
            for _ in 0..threads {
                let (done, left, one) = (done.clone(), &left, &one);
                scope.spawn(move || {
                    one();
                    if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                        _ = done.send(());
                    }
                });
            }
            // Were a thread to end by a panic, nobody would hold a sender any more.
            drop(done);
            while let Err(mpsc::RecvTimeoutError::Timeout) = all_done.recv_timeout(PATIENCE) {
                if let Err(e) = Python::attach(|py| py.check_signals()) {
                    stop.store(true, Ordering::Relaxed);
                    return Some(e);
                }
            }
            None
        });
        match (interrupted, failed.into_inner().unwrap_or_else(PoisonError::into_inner)) {
            (Some(e), _) => Err(e),
            (None, Some((_, e))) => Err(raise(&e)),
            (None, None) => Ok(()),
        }
    })
}

/// An error that says which of many it concerns.
pub(crate) fn of(number: usize, many: usize, error: Error) -> Error {
    if many == 1 {
        return error;
    }
    let said = Error::new(error.kind(), format!("response {number}: {error}"));
    error.hints().iter().fold(said, |e, hint| e.hint(hint.clone()))
}

/// Zeros, or an error if there is no memory for so many.
///
/// # Errors
/// `Limit`.
pub(crate) fn zeros<T: Clone + Default>(sizes: &[usize]) -> Result<Vec<T>> {
    let count = sizes.iter().try_fold(1usize, |n, size| n.checked_mul(*size));
    let mut all = Vec::new();
    let fits = count.filter(|n| all.try_reserve_exact(*n).is_ok());
    let count = fits.ok_or_else(|| {
        Error::limit(format!("there is no memory for an array of {sizes:?}")).hint("ask for fewer or shorter responses")
    })?;
    all.resize(count, T::default());
    Ok(all)
}
