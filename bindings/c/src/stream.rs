//! Tracks and scenes from files, rendered block by block.

use crate::arg;
use crate::handle::Table;
use crate::status::{argument, guard_off, PeriphonStatus};
use periphon::render::{RenderJob, RenderStream};
use std::ffi::c_char;

/// A track or a scene that is rendered block by block to memory. Reads files and allocates: never for the audio
/// thread. A library built without `files` has none of its functions.
pub struct PeriphonStream {
    _private: [u8; 0],
}

static STREAMS: Table<RenderStream, 256> = Table::new(6, "this is not a stream, or one that has been freed\0");

/// Opens a track or a scene (`.toml`). `head` is a built-in head's name or a SOFA file, null for the usual one; `room`, null
/// for the usual one, is a room's name or file, or `none`; `sample_rate` is in Hz, 0 for the input's own. The samples are those of
/// `periphon render --loudness off --true-peak off --format f32`. Not for the audio thread.
///
/// # Safety
/// The texts are in UTF-8, or null where that is allowed; `out` is where the handle goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_stream_open(
    path: *const c_char,
    head: *const c_char,
    room: *const c_char,
    sample_rate: u32,
    out: *mut *mut PeriphonStream,
) -> PeriphonStatus {
    guard_off(|| {
        arg::writable(out)?;
        // SAFETY: by this function's contract.
        let mut job = RenderJob::new(unsafe { arg::text(path) }?, "");
        if !head.is_null() {
            // SAFETY: by this function's contract.
            job.hrtf = unsafe { arg::text(head) }?.to_string();
        }
        if !room.is_null() {
            // SAFETY: by this function's contract.
            job.room = Some(unsafe { arg::text(room) }?.to_string());
        }
        if sample_rate > 0 {
            if !(8_000..=384_000).contains(&sample_rate) {
                return Err(argument(format!("a sample rate is 8000 to 384000 Hz, not {sample_rate}")));
            }
            job.rate = Some(sample_rate);
        }
        let stream = RenderStream::open(&job)?;
        // SAFETY: by this function's contract.
        unsafe { arg::put(out, STREAMS.insert(stream)?) }
    })
}

/// The sample rate of a stream, Hz.
///
/// # Safety
/// `out` is where the number goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_stream_sample_rate(stream: *mut PeriphonStream, out: *mut u32) -> PeriphonStatus {
    // SAFETY: by this function's contract.
    guard_off(|| STREAMS.with(stream, false, |stream| unsafe { arg::put(out, stream.sample_rate()) }))
}

/// Frames in all, counted from the first; 0 where that is not known before the end.
///
/// # Safety
/// `out` is where the number goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_stream_frames(stream: *mut PeriphonStream, out: *mut u64) -> PeriphonStatus {
    // SAFETY: by this function's contract.
    guard_off(|| STREAMS.with(stream, false, |stream| unsafe { arg::put(out, stream.frames().unwrap_or(0)) }))
}

/// Renders up to `frames` frames more into both ears and says how many there were: fewer only at the end. The lengths asked
/// for change nothing of what is heard.
///
/// # Safety
/// `left` and `right` have room for `frames` samples and do not overlap; `got` is where the number goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_stream_read(
    stream: *mut PeriphonStream,
    left: *mut f32,
    right: *mut f32,
    frames: usize,
    got: *mut usize,
) -> PeriphonStatus {
    guard_off(|| {
        STREAMS.with(stream, false, |stream| {
            arg::writable(got)?;
            if arg::overlap(left, right, frames) {
                return Err(argument("both ears have the same samples"));
            }
            // SAFETY: by this function's contract.
            let left = unsafe { arg::slice_mut(left, frames, "the left ear's samples are null\0") }?;
            // SAFETY: by this function's contract.
            let right = unsafe { arg::slice_mut(right, frames, "the right ear's samples are null\0") }?;
            let frames = stream.read(left, right)?;
            // SAFETY: by this function's contract.
            unsafe { arg::put(got, frames) }
        })
    })
}

/// Frees a stream; null is nothing to free.
#[no_mangle]
pub extern "C" fn periphon_stream_free(stream: *mut PeriphonStream) -> PeriphonStatus {
    guard_off(|| STREAMS.remove(stream).map(drop))
}
