//! periphon for Python: the module `periphon._periphon`, on which the package `periphon` is built.
//!
//! What is in here takes NumPy arrays of one shape and kind and gives arrays back; names, defaults and broadcasting are
//! the package's (`python/periphon`). Arrays are copied on the way in, strided or not, so that nothing that Python does
//! meanwhile can change what is worked on, and work is done without the interpreter's lock. There is no `unsafe` here.

mod arrays;
mod engine;
mod errors;
mod files;
mod head;
mod measures;
mod motion;
mod pool;
mod responses;
mod room;

/// The native half of the package `periphon`.
#[pyo3::pymodule]
mod _periphon {
    #[pymodule_export]
    use crate::engine::Engine;
    #[pymodule_export]
    use crate::files::{render_file, render_stream};
    #[pymodule_export]
    use crate::head::{Head, quaternion};
    #[pymodule_export]
    use crate::measures::{decay_curve, measures};
    #[pymodule_export]
    use crate::motion::{HeadMotion, Motion};
    #[pymodule_export]
    use crate::responses::responses;
    #[pymodule_export]
    use crate::room::{Room, directivity, materials, presets};
}
