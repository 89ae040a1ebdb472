//! periphon for the browser: the WebAssembly module that runs inside an AudioWorklet.
//!
//! One instance of the module is one engine with one listener. JavaScript never hands over pointers: it asks where the
//! module's own buffers lie ([`state`]), writes text, files, numbers and samples there, and calls a function that reads
//! them. So there is nothing to point astray, and no unsafe code. Every function that may fail returns a status, 0 if
//! it has not; [`state::periphon_error`] has the sentence. What `js/core.js` makes of this is the API.
//!
//! There is one thread. Memory grows while a head, an engine or a room is built, never in a block.

pub mod control;
pub mod engine;
pub mod head;
pub mod pack;
pub mod room;
pub mod state;
