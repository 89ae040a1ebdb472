//! Sources whose samples C makes on the audio thread.

use crate::status::in_block;
use periphon::Signal;
use std::ffi::c_void;

/// Writes up to `frames` samples to `out` and returns how many; the rest is silence. Called on the audio thread, once a
/// block (more often for blocks longer than `max_block`): it must not wait, allocate, or leave by `longjmp` or an
/// exception. Of this library it may call only what is for the audio thread, and not with the same engine.
pub type PeriphonFill = Option<unsafe extern "C" fn(user: *mut c_void, out: *mut f32, frames: usize) -> usize>;

/// Frees what a callback works with. Called once, never inside a block.
pub type PeriphonRelease = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// A pair of C functions as a signal.
pub(crate) struct Callback {
    pub(crate) fill: PeriphonFill,
    pub(crate) release: PeriphonRelease,
    pub(crate) user: *mut c_void,
}

// SAFETY: `user` is only handed to the two functions, one at a time; the header asks that they may be called on the audio
// thread and on the control's.
unsafe impl Send for Callback {}

impl Signal for Callback {
    fn fill(&mut self, out: &mut [f32]) -> usize {
        // SAFETY: `out` is ours and as long as we say; that the function is what it should be is the caller's promise.
        self.fill.map_or(0, |fill| unsafe { fill(self.user, out.as_mut_ptr(), out.len()) })
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // What it must not call, because a control may just be locked, is told from within a block.
            // SAFETY: called once, as nothing of the callback is left; the rest is the caller's promise.
            in_block(|| unsafe { release(self.user) });
        }
    }
}
