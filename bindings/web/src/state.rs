//! What the module holds, its buffers, and what a call came to.

use periphon::{Control, Engine, Error, ErrorKind, HrtfSet, Result};
use std::cell::RefCell;
use std::sync::Arc;

/// The most sources of an engine.
pub const MOST_SOURCES: usize = 256;
/// Numbers that a call may take: a room's, which are the most.
pub const NUMBERS: usize = 64;
/// The largest file or path, bytes.
const MOST_BYTES: usize = 1 << 28;

/// Everything in the module.
#[derive(Default)]
pub(crate) struct State {
    /// Text, a file, or a path on its way in.
    pub inbox: Vec<u8>,
    pub numbers: Vec<f64>,
    pub error: String,
    pub head: Option<Arc<HrtfSet>>,
    pub halves: Option<Halves>,
}

/// An engine with its buffers.
pub(crate) struct Halves {
    pub engine: Engine,
    pub control: Control,
    pub block: usize,
    /// `[sources][block]`
    pub inputs: Vec<f32>,
    /// Which inputs sound in the next block: not 0.
    pub active: Vec<u8>,
    /// `[2][block]`
    pub ears: Vec<f32>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Runs a call: its status, and its sentence where it fails.
pub(crate) fn call(what: impl FnOnce(&mut State) -> Result<()>) -> u32 {
    with(|state| match what(state) {
        Ok(()) => 0,
        Err(error) => {
            state.error.clear();
            state.error += &error.to_string();
            for hint in error.hints() {
                state.error += "\nhint: ";
                state.error += hint;
            }
            status(&error)
        }
    })
}

/// Looks at the state. A call from within a call is not possible: nothing in here calls out.
pub(crate) fn with<T>(what: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(what)
}

/// As in the C library.
fn status(error: &Error) -> u32 {
    match error.kind() {
        ErrorKind::Argument => 2,
        ErrorKind::Io => 6,
        ErrorKind::Malformed => 7,
        ErrorKind::Limit => 9,
        _ => 8,
    }
}

impl State {
    pub fn halves(&mut self) -> Result<&mut Halves> {
        self.halves.as_mut().ok_or_else(|| Error::argument("there is no engine yet: make one first"))
    }

    /// What came in, as text; taken out.
    pub fn text(&mut self) -> Result<String> {
        String::from_utf8(std::mem::take(&mut self.inbox)).map_err(|_| Error::argument("a name is text in UTF-8"))
    }

    /// What came in, as numbers; taken out.
    pub fn doubles(&mut self, count: usize) -> Result<Vec<f64>> {
        let bytes = std::mem::take(&mut self.inbox);
        if bytes.len() != count * 8 {
            return Err(Error::argument(format!("{count} numbers have {} bytes, not {}", count * 8, bytes.len())));
        }
        Ok(bytes.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap_or_default())).collect())
    }
}

/// Makes the module ready; to be called first. A panic then leaves its message where [`periphon_error`] finds it, before the
/// module stops for good.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_begin() {
    with(|state| state.numbers = vec![0.0; NUMBERS]);
    std::panic::set_hook(Box::new(|info| {
        // The state may be in use just now; then there is a trap without a sentence.
        STATE.with(|state| {
            if let Ok(mut state) = state.try_borrow_mut() {
                state.error = format!("a defect in periphon: {info}");
            }
        });
    }));
}

/// Where `bytes` bytes may be written for the next call that takes text, a file or a path; 0 if there is no room for so many.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_inbox(bytes: usize) -> *mut u8 {
    with(|state| {
        state.inbox.clear();
        if bytes > MOST_BYTES || state.inbox.try_reserve_exact(bytes).is_err() {
            return std::ptr::null_mut();
        }
        state.inbox.resize(bytes, 0);
        state.inbox.as_mut_ptr()
    })
}

/// Where [`NUMBERS`] numbers may be written and read.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_numbers() -> *mut f64 {
    with(|state| state.numbers.as_mut_ptr())
}

/// The sentence of the last call that failed, UTF-8, with lines `hint: ...`.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_error() -> *const u8 {
    with(|state| state.error.as_ptr())
}

/// Its length in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_error_bytes() -> usize {
    with(|state| state.error.len())
}
