//! Work on several threads: a heap of tasks, each of which writes to a place of its own, so that the result does not
//! depend on who takes which.

use crate::dsp::denormals::FlushDenormals;
use std::sync::{Mutex, PoisonError};

/// Does all `tasks` on up to `threads` threads, this one included. Each thread has a scratch buffer to reuse.
pub(super) fn share<T: Send>(threads: usize, tasks: Vec<T>, work: impl Fn(T, &mut Vec<f32>) + Sync) {
    let helpers = threads.min(tasks.len()).saturating_sub(1);
    let heap = Mutex::new(tasks.into_iter());
    let run = || {
        let _flush = FlushDenormals::new();
        let mut scratch = Vec::new();
        loop {
            // A lock is only poisoned if a worker panicked, and then the scope passes that on.
            let task = heap.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(task) = task else { break };
            work(task, &mut scratch);
        }
    };
    if helpers == 0 {
        return run();
    }
    std::thread::scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(run);
        }
        run();
    });
}
