//! An allocator that counts what is done on the heap while the audio thread's code runs.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Watching;

thread_local! {
    static ON_AUDIO_THREAD: Cell<bool> = const { Cell::new(false) };
    /// For each thread its own: tests run side by side.
    static BROKEN: Cell<u64> = const { Cell::new(0) };
}

fn note() {
    if ON_AUDIO_THREAD.try_with(Cell::get).unwrap_or(false) {
        BROKEN.set(BROKEN.get() + 1);
    }
}

#[expect(unsafe_code, reason = "an allocator is unsafe by nature; this one only counts and passes on")]
// SAFETY: every call is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: passed on as it came.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) {
        note();
        // SAFETY: passed on as it came.
        unsafe { System.dealloc(p, layout) }
    }
    unsafe fn realloc(&self, p: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: passed on as it came.
        unsafe { System.realloc(p, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// Runs `f` as the audio thread would and tells how often it touched the heap.
pub fn watched(f: impl FnOnce()) -> u64 {
    let before = BROKEN.get();
    ON_AUDIO_THREAD.with(|a| a.set(true));
    f();
    ON_AUDIO_THREAD.with(|a| a.set(false));
    BROKEN.get() - before
}
