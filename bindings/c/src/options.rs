//! What an engine is made for.

use crate::arg;
use crate::status::{argument, guard, Failure, PeriphonStatus};
use periphon::{Engine, EngineBuilder, HrtfSet, Space};
use std::sync::Arc;

/// What an engine is made for. `periphon_options_init` fills it in; change what should differ.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PeriphonOptions {
    /// Bytes of this struct, as `periphon_options_init` sets it: so that later versions can tell it from theirs.
    pub size: usize,
    /// The block that will be asked for, frames, 1 to 8192. Any other length may be rendered.
    pub max_block: usize,
    /// The most sources at once, 1 to 65536. Memory is set aside for all of them.
    pub max_sources: usize,
    /// Not 0: for rendering to a file. Motion does not depend on the length of the blocks.
    pub offline: i32,
    /// Not 0: ready for rooms, directed and wide sources. 0: sources are points in the free field, which costs less.
    pub space: i32,
    /// Not 0: distance delays the sound, and motion shifts its pitch. Needs `space`.
    pub propagation: i32,
    /// The farthest distance whose delay is kept, metres, 1 to 10000: 1 MB for each source and 100 m at 48 kHz.
    pub reach_m: f64,
    /// Metres a second, 100 to 2000.
    pub speed_of_sound: f64,
}

impl Default for PeriphonOptions {
    fn default() -> Self {
        let space = Space::default();
        Self {
            size: size_of::<Self>(),
            max_block: 1024,
            max_sources: 32,
            offline: 0,
            space: 1,
            propagation: 0,
            reach_m: space.reach_m,
            speed_of_sound: space.speed_of_sound,
        }
    }
}

impl PeriphonOptions {
    pub(crate) fn builder(&self, head: &Arc<HrtfSet>) -> Result<EngineBuilder, Failure> {
        if self.size != size_of::<Self>() {
            return Err(argument(format!(
                "the options have {} bytes, {} are known here: fill them in by periphon_options_init",
                self.size,
                size_of::<Self>()
            )));
        }
        let mut builder = Engine::builder(head).max_block(self.max_block).max_sources(self.max_sources);
        if self.offline != 0 {
            builder = builder.offline();
        }
        if self.space != 0 {
            let mut space = Space::default().with_speed_of_sound(self.speed_of_sound);
            if self.propagation != 0 {
                space = space.with_propagation(self.reach_m);
            }
            builder = builder.space(space);
        } else if self.propagation != 0 {
            return Err(argument("propagation needs space, which the options switch off"));
        }
        Ok(builder)
    }
}

/// Fills in options with what is usual: blocks of 1024 frames, 32 sources, live, ready for rooms, no delays.
///
/// # Safety
/// `options` is where they go.
#[no_mangle]
pub unsafe extern "C" fn periphon_options_init(options: *mut PeriphonOptions) -> PeriphonStatus {
    // SAFETY: by this function's contract.
    guard(|| unsafe { arg::put(options, PeriphonOptions::default()) })
}
