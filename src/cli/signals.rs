//! Ctrl-C and a polite kill: the work stops, nothing is left behind, and the program ends with 130.

use std::sync::atomic::{AtomicBool, Ordering};

/// True while work is under way that ends by itself, with its own error, once it is asked to stop.
static ENDS_BY_ITSELF: AtomicBool = AtomicBool::new(false);

/// Says that the work about to begin listens to [`crate::render::interrupt`]; all other work is ended where it stands.
pub(super) fn work_listens() {
    ENDS_BY_ITSELF.store(true, Ordering::Relaxed);
}

/// Starts to watch. Work that listens is asked to stop; a second signal, or five seconds without an end (a read from a
/// dead network drive, say), ends the program at once. A terminal that is closed says so more than once: by the system,
/// by the shell, by the program it was in.
#[cfg(unix)]
pub(super) fn watch() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    std::thread::spawn(move || {
        for (count, signal) in signals.forever().enumerate() {
            if count > 0 && signal == SIGHUP {
                continue;
            }
            if count > 0 || !ENDS_BY_ITSELF.load(Ordering::Relaxed) {
                end_now();
            }
            crate::render::interrupt();
            std::thread::spawn(|| {
                std::thread::sleep(std::time::Duration::from_secs(5));
                end_now();
            });
        }
    });
}

/// Elsewhere the system ends the program.
#[cfg(not(unix))]
pub(super) fn watch() {}

/// Removes partial files and ends the program.
#[cfg(unix)]
fn end_now() -> ! {
    crate::sink::remove_unfinished();
    super::tui::terminal::restore();
    super::print::error(&crate::Error::new(crate::ErrorKind::Interrupted, "interrupted"));
    std::process::exit(130);
}
