//! What a call came to, and the sentence that goes with it.

use periphon::ErrorKind;
use std::cell::{Cell, RefCell};
use std::ffi::{c_char, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// What a call came to. `periphon_last_error` has the sentence that goes with anything but `PERIPHON_STATUS_OK`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriphonStatus {
    /// Done.
    Ok = 0,
    /// A pointer that has to be there is null.
    Null = 1,
    /// An argument is out of its range, or two contradict each other.
    Argument = 2,
    /// A handle that was never given out, has been freed, or is of another kind.
    Handle = 3,
    /// Another thread is just using this handle, or this call is made from within a call with it.
    Busy = 4,
    /// A call that may wait or allocate was made from within a source's callback, on the audio thread.
    WrongThread = 5,
    /// The system refused: a missing file, no permission, a full disk.
    Io = 6,
    /// The data breaks its own format.
    Malformed = 7,
    /// The data is sound, but asks for something that this build cannot do.
    Unsupported = 8,
    /// There is no more room: for sources, handles, commands, or what the data asks for.
    Limit = 9,
    /// A defect in periphon, caught; the handles of this call are of no more use but to be freed.
    Defect = 10,
}

/// Why a call failed.
pub(crate) enum Failure {
    /// A sentence that needs no memory; ends in NUL.
    Fixed(PeriphonStatus, &'static str),
    /// From the library.
    Error(periphon::Error),
}

pub(crate) type Outcome = Result<(), Failure>;

impl From<periphon::Error> for Failure {
    fn from(error: periphon::Error) -> Self {
        Self::Error(error)
    }
}

/// A failure with a sentence of its own.
pub(crate) fn argument(message: impl Into<String>) -> Failure {
    Failure::Error(periphon::Error::argument(message))
}

thread_local! {
    /// The sentence of the last failure, if it is one that needs no memory.
    static FIXED: Cell<&'static str> = const { Cell::new("\0") };
    /// True if that is not the last one.
    static IS_OWNED: Cell<bool> = const { Cell::new(false) };
    static OWNED: RefCell<CString> = RefCell::new(CString::default());
    /// This thread is inside an engine's block, or a callback.
    static IN_BLOCK: Cell<bool> = const { Cell::new(false) };
}

fn remember_fixed(text: &'static str) {
    debug_assert!(text.ends_with('\0'));
    FIXED.set(text);
    IS_OWNED.set(false);
}

fn remember(failure: Failure) -> PeriphonStatus {
    match failure {
        Failure::Fixed(status, text) => {
            remember_fixed(text);
            status
        }
        Failure::Error(error) => {
            let mut text = error.sentence();
            for hint in error.hints() {
                text.push_str("\nhint: ");
                text.push_str(hint);
            }
            text.retain(|c| c != '\0');
            OWNED.with_borrow_mut(|owned| *owned = CString::new(text).unwrap_or_default());
            IS_OWNED.set(true);
            match error.kind() {
                ErrorKind::Io => PeriphonStatus::Io,
                ErrorKind::Malformed => PeriphonStatus::Malformed,
                ErrorKind::Limit => PeriphonStatus::Limit,
                ErrorKind::Argument => PeriphonStatus::Argument,
                _ => PeriphonStatus::Unsupported,
            }
        }
    }
}

/// Runs a call that may be made on the audio thread. Nothing here allocates unless the call fails with an error of the
/// library's, which those calls do not.
pub(crate) fn guard(call: impl FnOnce() -> Outcome) -> PeriphonStatus {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(())) => PeriphonStatus::Ok,
        Ok(Err(failure)) => remember(failure),
        Err(_) => {
            remember_fixed("a defect in periphon was caught: please report it\0");
            PeriphonStatus::Defect
        }
    }
}

/// Runs a call that may allocate and wait: not inside a block.
pub(crate) fn guard_off(call: impl FnOnce() -> Outcome) -> PeriphonStatus {
    guard(|| {
        if IN_BLOCK.get() {
            return Err(Failure::Fixed(
                PeriphonStatus::WrongThread,
                "this call may wait or allocate: it is not for a source's callbacks\0",
            ));
        }
        call()
    })
}

/// Runs a block: calls from within are told apart.
pub(crate) fn in_block<T>(block: impl FnOnce() -> T) -> T {
    /// Also when the block breaks off.
    struct Leave(bool);
    impl Drop for Leave {
        fn drop(&mut self) {
            IN_BLOCK.set(self.0);
        }
    }
    let _leave = Leave(IN_BLOCK.replace(true));
    block()
}

/// The sentence of the last call on this thread that failed: lower-case, what was expected, what came and where,
/// followed by lines that begin with `hint: `. Empty if none has failed. Belongs to the library and stays until the next
/// call on this thread that fails. Never null.
#[no_mangle]
pub extern "C" fn periphon_last_error() -> *const c_char {
    if IS_OWNED.get() {
        OWNED.with_borrow(|owned| owned.as_ptr())
    } else {
        FIXED.get().as_ptr().cast()
    }
}

/// A status in a few words, for instance `argument out of range`. Belongs to the library. Never null.
#[no_mangle]
pub extern "C" fn periphon_status_text(status: i32) -> *const c_char {
    let text = match status {
        0 => "done\0",
        1 => "null pointer\0",
        2 => "argument out of range\0",
        3 => "not a handle, or freed\0",
        4 => "handle in use\0",
        5 => "wrong thread\0",
        6 => "refused by the system\0",
        7 => "malformed data\0",
        8 => "unsupported\0",
        9 => "no more room\0",
        10 => "defect\0",
        _ => "unknown status\0",
    };
    text.as_ptr().cast()
}

/// The library's version, for instance `0.1.0`. Belongs to the library. Never null.
#[no_mangle]
pub extern "C" fn periphon_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
