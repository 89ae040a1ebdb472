//! The same calls that C makes, from here: for Miri, which watches every pointer. A head of a few directions is enough.

use crate::callback::{PeriphonFill, PeriphonRelease};
use crate::control::*;
use crate::engine::*;
use crate::feed::*;
use crate::head::*;
use crate::options::*;
use crate::room::*;
use crate::source::*;
use crate::status::*;
use std::ffi::{c_void, CStr};
use std::ptr::{null, null_mut};

const OK: PeriphonStatus = PeriphonStatus::Ok;

fn head() -> *mut PeriphonHead {
    let positions: [f64; 18] =
        [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0];
    let responses: Vec<f32> = (0..6 * 2 * 8).map(|i| if i % 8 == 2 { 1.0 } else { 0.1 }).collect();
    let mut head = null_mut();
    // SAFETY: six directions of eight samples, as said.
    let status = unsafe {
        periphon_head_from_responses(positions.as_ptr(), responses.as_ptr(), 6, 8, 8000.0, 8000.0, &mut head)
    };
    assert_eq!(status, OK, "{}", last());
    head
}

fn last() -> String {
    // SAFETY: the library's own text.
    unsafe { CStr::from_ptr(periphon_last_error()) }.to_string_lossy().into_owned()
}

fn engine(head: *mut PeriphonHead) -> (*mut PeriphonEngine, *mut PeriphonControl) {
    let mut options = PeriphonOptions { max_block: 32, max_sources: 3, space: 0, ..PeriphonOptions::default() };
    options.offline = 1;
    let (mut engine, mut control) = (null_mut(), null_mut());
    // SAFETY: everything is there.
    assert_eq!(unsafe { periphon_engine_new(head, &options, &mut engine, &mut control) }, OK, "{}", last());
    (engine, control)
}

/// Counts how often it has been released, through `user`.
unsafe extern "C" fn released(user: *mut c_void) {
    // SAFETY: the test hands over a number that lives as long.
    unsafe { *user.cast::<u32>() += 1 };
}

unsafe extern "C" fn ones(_user: *mut c_void, out: *mut f32, frames: usize) -> usize {
    // SAFETY: so many samples are there.
    unsafe { std::slice::from_raw_parts_mut(out, frames) }.fill(1.0);
    // From here, the control is out of reach.
    assert_eq!(periphon_control_tidy(null_mut()), PeriphonStatus::WrongThread);
    frames
}

#[test]
fn blocks_by_planes_callback_and_feed_are_sound() {
    let head = head();
    let (engine, control) = engine(head);
    assert_eq!(periphon_head_free(head), OK);
    let spec = PeriphonSourceSpec::default();
    let mut sources = [0u64; 3];
    let mut feed = null_mut();
    let mut count = 0u32;
    let user = (&raw mut count).cast::<c_void>();
    // SAFETY: everything is there, and the count outlives the engine.
    unsafe {
        assert_eq!(periphon_control_add(control, &spec, &mut sources[0]), OK);
        let (fill, release): (PeriphonFill, PeriphonRelease) = (Some(ones), Some(released));
        assert_eq!(periphon_control_add_callback(control, &spec, fill, release, user, &mut sources[1]), OK);
        assert_eq!(periphon_control_add_feed(control, &spec, 64, &mut sources[2], &mut feed), OK);
        let x = [0.5f32; 40];
        let mut pushed = 0;
        assert_eq!(periphon_feed_push(feed, x.as_ptr(), 40, &mut pushed), OK);
        let (mut left, mut right) = ([9.0f32; 40], [9.0f32; 40]);
        let inputs = [x.as_ptr(), null(), null()];
        assert_eq!(periphon_engine_process(engine, inputs.as_ptr(), 3, left.as_mut_ptr(), right.as_mut_ptr(), 40), OK);
        assert!(left.iter().chain(&right).all(|x| x.is_finite() && *x != 9.0) && left[5] > 0.1);
        assert_eq!(periphon_control_remove(control, sources[1]), OK);
        for _ in 0..30 {
            periphon_engine_process(engine, null(), 0, left.as_mut_ptr(), right.as_mut_ptr(), 40);
        }
        assert_eq!(count, 0);
        assert_eq!(periphon_control_tidy(control), OK);
        assert_eq!(count, 1);
        assert_eq!(
            periphon_control_add_callback(control, null(), Some(ones), Some(released), user, &mut sources[1]),
            PeriphonStatus::Null
        );
        assert_eq!(count, 2, "released where it was never taken in, too");
    }
    assert_eq!([periphon_engine_free(engine), periphon_control_free(control), periphon_feed_free(feed)], [OK; 3]);
}

#[test]
fn freed_null_and_foreign_handles_are_told_apart() {
    let head = head();
    let (engine, control) = engine(head);
    let mut rate = 0.0;
    // SAFETY: handles are never followed.
    unsafe {
        assert_eq!(periphon_head_sample_rate(null(), &mut rate), PeriphonStatus::Null);
        assert_eq!(periphon_head_sample_rate(engine.cast(), &mut rate), PeriphonStatus::Handle);
        assert_eq!(last(), "this is not a head, or one that has been freed");
        assert_eq!(
            periphon_head_sample_rate(std::ptr::without_provenance(usize::MAX), &mut rate),
            PeriphonStatus::Handle
        );
        assert_eq!(periphon_head_sample_rate(head, null_mut()), PeriphonStatus::Null);
        assert_eq!(periphon_head_sample_rate(head, &mut rate), OK);
        assert_eq!(rate, 8000.0);
    }
    assert_eq!([periphon_head_free(head), periphon_head_free(head)], [OK, PeriphonStatus::Handle]);
    let again = self::head();
    assert_ne!(again, head, "a new generation");
    assert_eq!(periphon_head_free(head), PeriphonStatus::Handle);
    assert_eq!(periphon_head_free(again), OK);
    assert_eq!(periphon_room_free(control.cast()), PeriphonStatus::Handle);
    assert_eq!(
        [periphon_control_free(control), periphon_engine_free(engine), periphon_engine_free(null_mut())],
        [OK; 3]
    );
}

#[test]
fn overlapping_and_unaligned_samples_are_refused() {
    let head = head();
    let (engine, control) = engine(head);
    let mut x = [0.0f32; 64];
    let at = x.as_mut_ptr();
    // SAFETY: refused before anything is read.
    unsafe {
        let run = |inputs: *const *const f32, count, left, right| {
            periphon_engine_process(engine, inputs, count, left, right, 20)
        };
        assert_eq!(run(null(), 0, at, at.add(10)), PeriphonStatus::Argument);
        let ear = [at.add(5).cast_const()];
        assert_eq!(run(ear.as_ptr(), 1, at, at.add(20)), PeriphonStatus::Argument);
        assert_eq!(run(null(), 4, at, at.add(20)), PeriphonStatus::Argument);
        assert_eq!(run(null(), 1, at, at.add(20)), PeriphonStatus::Null);
        assert_eq!(run(null(), 0, at.byte_add(1), at.add(30)), PeriphonStatus::Argument);
        assert_eq!(periphon_engine_process(engine, null(), 0, at, at.add(30), usize::MAX), PeriphonStatus::Argument);
        assert_eq!(periphon_engine_process(engine, null(), 0, null_mut(), null_mut(), 0), OK, "an empty block");
    }
    assert_eq!([periphon_control_free(control), periphon_engine_free(engine), periphon_head_free(head)], [OK; 3]);
}
