//! Ctrl-C and a polite kill: the work stops and leaves nothing behind.

#[cfg(unix)]
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Starts to watch. The first signal asks the work to stop; the second ends the program at once.
#[cfg(unix)]
pub(super) fn watch() {
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    std::thread::spawn(move || {
        for (count, _) in signals.forever().enumerate() {
            crate::render::interrupt();
            if count > 0 {
                crate::sink::remove_unfinished();
                std::process::exit(130);
            }
        }
    });
}

#[cfg(not(unix))]
pub(super) fn watch() {}
