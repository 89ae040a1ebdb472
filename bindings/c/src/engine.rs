//! Engines: the half for the audio thread.

use crate::arg;
use crate::control::{self, PeriphonControl};
use crate::handle::Table;
use crate::head::{self, PeriphonHead};
use crate::options::PeriphonOptions;
use crate::status::{guard, guard_off, in_block, Failure, PeriphonStatus};
use periphon::Engine;

/// The half of an engine that belongs to the audio thread.
pub struct PeriphonEngine {
    _private: [u8; 0],
}

/// An engine with room for the slices that a block is called with.
struct Half {
    engine: Engine,
    /// Empty outside of a block.
    inputs: Vec<&'static [f32]>,
}

static ENGINES: Table<Half, 1024> = Table::new(3, "this is not an engine, or one that has been freed\0");

/// Makes an engine that hears with `head`: its half for the audio thread and its half for any other. Each is freed on
/// its own, in any order. Not for the audio thread.
///
/// # Safety
/// `options` is null, for what is usual, or filled in by `periphon_options_init`; `engine` and `control` are where the
/// handles go.
#[no_mangle]
pub unsafe extern "C" fn periphon_engine_new(
    head: *const PeriphonHead,
    options: *const PeriphonOptions,
    engine: *mut *mut PeriphonEngine,
    control: *mut *mut PeriphonControl,
) -> PeriphonStatus {
    guard_off(|| {
        arg::writable(engine)?;
        arg::writable(control)?;
        // SAFETY: by this function's contract.
        let options = if options.is_null() { PeriphonOptions::default() } else { unsafe { arg::read(options) }? };
        let (half, steering) = options.builder(&head::head(head)?)?.build()?;
        let inputs = Vec::with_capacity(options.max_sources);
        let half: *mut PeriphonEngine = ENGINES.insert(Half { engine: half, inputs })?;
        let steering = control::insert(steering).inspect_err(|_| _ = ENGINES.remove(half))?;
        // SAFETY: by this function's contract.
        unsafe { arg::put(engine, half) }?;
        // SAFETY: by this function's contract.
        unsafe { arg::put(control, steering) }
    })
}

/// Renders one block of `frames` frames, of any length. For the audio thread: neither allocates, nor locks, nor waits.
///
/// `inputs[i]` points to the `frames` samples of the source whose `periphon_source_input` is i; null is silence, and so is
/// what is beyond `input_count`. Sources with a callback or a feed need none. Both ears are overwritten; they must not
/// overlap each other or the inputs. On any status but `PERIPHON_STATUS_OK` they are left as they were. What is not
/// finite is silenced and counted.
///
/// # Safety
/// `inputs` points to `input_count` pointers, each null or to `frames` samples; `left` and `right` have room for `frames`.
#[no_mangle]
pub unsafe extern "C" fn periphon_engine_process(
    engine: *mut PeriphonEngine,
    inputs: *const *const f32,
    input_count: usize,
    left: *mut f32,
    right: *mut f32,
    frames: usize,
) -> PeriphonStatus {
    guard(|| {
        ENGINES.with(engine, false, |half| {
            if input_count > half.inputs.capacity() {
                return Err(Failure::Fixed(
                    PeriphonStatus::Argument,
                    "there are more inputs than the engine has sources\0",
                ));
            }
            // SAFETY: by this function's contract.
            let planes = unsafe { arg::slice(inputs, input_count, "the inputs are null\0") }?;
            if arg::overlap(left, right, frames) {
                return Err(Failure::Fixed(PeriphonStatus::Argument, "both ears have the same samples\0"));
            }
            if planes.iter().any(|p| arg::overlap(*p, left, frames) || arg::overlap(*p, right, frames)) {
                return Err(Failure::Fixed(PeriphonStatus::Argument, "an input is one of the ears\0"));
            }
            // SAFETY: by this function's contract.
            let left = unsafe { arg::slice_mut(left, frames, "the left ear's samples are null\0") }?;
            // SAFETY: by this function's contract.
            let right = unsafe { arg::slice_mut(right, frames, "the right ear's samples are null\0") }?;
            half.inputs.clear();
            for plane in planes {
                let plane: &'static [f32] = if plane.is_null() {
                    &[]
                } else {
                    // SAFETY: the samples are there by this function's contract for as long as it runs, and the slices
                    // are dropped before it ends: at the latest at the beginning of the next block they are cleared
                    // without being looked at.
                    unsafe { arg::slice(*plane, frames, "an input is null\0") }?
                };
                half.inputs.push(plane);
            }
            in_block(|| half.engine.process(&half.inputs, left, right));
            half.inputs.clear();
            Ok(())
        })
    })
}

/// The sample rate of an engine, Hz. For the audio thread.
///
/// # Safety
/// `out` is where the number goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_engine_sample_rate(engine: *const PeriphonEngine, out: *mut f64) -> PeriphonStatus {
    // SAFETY: by this function's contract.
    guard(|| ENGINES.with(engine, false, |half| unsafe { arg::put(out, half.engine.sample_rate()) }))
}

/// Frames that sound after the last input has ended, as things are. For the audio thread.
///
/// # Safety
/// `out` is where the number goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_engine_tail(engine: *const PeriphonEngine, out: *mut usize) -> PeriphonStatus {
    // SAFETY: by this function's contract.
    guard(|| ENGINES.with(engine, false, |half| unsafe { arg::put(out, half.engine.tail_frames()) }))
}

/// Frees an engine; null is nothing to free. Not for the audio thread, and not while a block is under way: that gives
/// `PERIPHON_STATUS_BUSY`, and nothing is freed.
#[no_mangle]
pub extern "C" fn periphon_engine_free(engine: *mut PeriphonEngine) -> PeriphonStatus {
    guard_off(|| ENGINES.remove(engine).map(drop))
}
