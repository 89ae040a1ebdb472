//! Queues that sources play.

use crate::arg;
use crate::handle::Table;
use crate::status::{guard, guard_off, Failure, PeriphonStatus};
use periphon::Feed;

/// The writing end of a source that plays what is pushed into it. For any one thread at a time, an audio thread too:
/// pushing neither allocates, nor locks, nor waits.
pub struct PeriphonFeed {
    _private: [u8; 0],
}

static FEEDS: Table<Feed, 8192> = Table::new(5, "this is not a feed, or one that has been freed\0");

pub(crate) fn insert(feed: Feed) -> Result<*mut PeriphonFeed, Failure> {
    FEEDS.insert(feed)
}

/// Queues `count` samples, or as many as there is room for, and says how many. For the audio thread too.
///
/// # Safety
/// `samples` points to `count` samples; `pushed` is where the number goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_feed_push(
    feed: *mut PeriphonFeed,
    samples: *const f32,
    count: usize,
    pushed: *mut usize,
) -> PeriphonStatus {
    guard(|| {
        FEEDS.with(feed, false, |feed| {
            arg::writable(pushed)?;
            // SAFETY: by this function's contract.
            let samples = unsafe { arg::slice(samples, count, "the samples are null\0") }?;
            // SAFETY: by this function's contract.
            unsafe { arg::put(pushed, feed.push(samples)) }
        })
    })
}

/// Samples that there is room for. For the audio thread too.
///
/// # Safety
/// `out` is where the number goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_feed_room(feed: *mut PeriphonFeed, out: *mut usize) -> PeriphonStatus {
    // SAFETY: by this function's contract.
    guard(|| FEEDS.with(feed, false, |feed| unsafe { arg::put(out, feed.room()) }))
}

/// Frames since the first sample in which nothing was there to be played. For the audio thread too.
///
/// # Safety
/// `out` is where the number goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_feed_missing(feed: *mut PeriphonFeed, out: *mut u64) -> PeriphonStatus {
    // SAFETY: by this function's contract.
    guard(|| FEEDS.with(feed, false, |feed| unsafe { arg::put(out, feed.missing()) }))
}

/// 1 once the source has been removed and plays nothing more, else 0. For the audio thread too.
///
/// # Safety
/// `out` is where the number goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_feed_is_over(feed: *mut PeriphonFeed, out: *mut i32) -> PeriphonStatus {
    // SAFETY: by this function's contract.
    guard(|| FEEDS.with(feed, false, |feed| unsafe { arg::put(out, i32::from(feed.is_over())) }))
}

/// Says that what is queued is all there will be: what is missing behind it is not counted. For the audio thread too.
#[no_mangle]
pub extern "C" fn periphon_feed_end(feed: *mut PeriphonFeed) -> PeriphonStatus {
    guard(|| {
        FEEDS.with(feed, false, |feed| {
            feed.end();
            Ok(())
        })
    })
}

/// Frees a feed; null is nothing to free. What is queued is still played. Not for the audio thread.
#[no_mangle]
pub extern "C" fn periphon_feed_free(feed: *mut PeriphonFeed) -> PeriphonStatus {
    guard_off(|| FEEDS.remove(feed).map(drop))
}
