//! The engine: built once for an instance, then block after block.

use crate::state::{Halves, MOST_SOURCES, State, call, with};
use periphon::{Engine, Error, Result, Space};

/// Builds the engine, or another in its place: blocks of at most `block` frames (1 to 8192) and so many sources (1 to
/// [`MOST_SOURCES`]); `flags`: 1 for rendering to a file, 2 ready for rooms, beams and widths, 4 with delays by distance,
/// up to `reach` metres.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_engine(block: usize, sources: usize, flags: u32, reach: f64) -> u32 {
    call(|state| {
        let head = state.head.clone().ok_or_else(|| Error::argument("there is no head yet: take one first"))?;
        if !(1..=MOST_SOURCES).contains(&sources) {
            return Err(Error::argument(format!("there are 1 to {MOST_SOURCES} sources, not {sources}")));
        }
        let mut builder = Engine::builder(&head).max_block(block).max_sources(sources);
        if flags & 1 != 0 {
            builder = builder.offline();
        }
        if flags & 4 != 0 {
            builder = builder.space(Space::default().with_propagation(reach));
        } else if flags & 2 != 0 {
            builder = builder.space(Space::default());
        }
        let (engine, control) = builder.build()?;
        state.halves = Some(Halves {
            engine,
            control,
            block,
            inputs: vec![0.0; sources * block],
            active: vec![0; sources],
            ears: vec![0.0; 2 * block],
        });
        Ok(())
    })
}

/// Where the inputs are to be written: `[sources][block]` samples. Null without an engine.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_inputs() -> *mut f32 {
    with(|state| state.halves.as_mut().map_or(std::ptr::null_mut(), |h| h.inputs.as_mut_ptr()))
}

/// Where a byte for each input says whether it sounds in the next block: not 0.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_active() -> *mut u8 {
    with(|state| state.halves.as_mut().map_or(std::ptr::null_mut(), |h| h.active.as_mut_ptr()))
}

/// Where both ears are after a block: `[2][block]` samples, the left ear first.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_ears() -> *const f32 {
    with(|state| state.halves.as_ref().map_or(std::ptr::null(), |h| h.ears.as_ptr()))
}

/// Renders `frames` frames of the block from frame `from` on.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_process(from: usize, frames: usize) -> u32 {
    call(|state| process(state, from, frames))
}

fn process(state: &mut State, from: usize, frames: usize) -> Result<()> {
    let Halves { engine, block, inputs, active, ears, .. } = state.halves()?;
    let block = *block;
    let to = from.checked_add(frames).filter(|to| *to <= block);
    let to =
        to.ok_or_else(|| Error::argument(format!("{frames} frames from {from} on do not lie in a block of {block}")))?;
    let mut planes: [&[f32]; MOST_SOURCES] = [&[]; MOST_SOURCES];
    for ((plane, input), active) in planes.iter_mut().zip(inputs.chunks_exact(block)).zip(active.iter()) {
        if *active != 0 {
            *plane = &input[from..to];
        }
    }
    let (left, right) = ears.split_at_mut(block);
    engine.process(&planes[..active.len()], &mut left[from..to], &mut right[from..to]);
    Ok(())
}

/// Frames rendered so far.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_frames() -> f64 {
    with(|state| state.halves.as_ref().map_or(0.0, |h| h.control.counters().frames() as f64))
}

/// Input samples that were not finite, or absurdly large, and have been silenced.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_non_finite() -> f64 {
    with(|state| state.halves.as_ref().map_or(0.0, |h| h.control.counters().non_finite() as f64))
}

/// Frames that sound after the last input has ended, as things are.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_tail() -> f64 {
    with(|state| state.halves.as_ref().map_or(0.0, |h| h.engine.tail_frames() as f64))
}

/// Puts the clock of the ways to a frame, before the first block.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_start_at(frame: f64) -> u32 {
    call(|state| {
        if !(0.0..9e15).contains(&frame) {
            return Err(Error::argument(format!("a clock begins at a frame from 0 on, not {frame}")));
        }
        state.halves()?.engine.start_at(frame as u64);
        Ok(())
    })
}
