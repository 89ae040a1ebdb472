//! Keys and the mouse, taken in by a thread of their own.
//!
//! crossterm reads a terminal until it has a whole key: of one that has been closed it reads nothing for ever, and of half a key it
//! waits for the other half. So it is asked only when there is something to read, and never by the thread that draws.

use super::keys;
use ratatui::crossterm::event::{Event, poll, read};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How often the thread looks whether it is still wanted, and whether the window has another size.
const TICK: Duration = Duration::from_millis(50);
/// Between two looks at something that is no key yet.
const PATIENCE: Duration = Duration::from_millis(10);

/// What is typed, clicked and dropped.
pub(super) struct Inputs {
    came: Receiver<io::Result<Event>>,
    over: Arc<AtomicBool>,
}

impl Inputs {
    /// Begins to listen.
    pub(super) fn listen() -> io::Result<Self> {
        let (to, came) = channel();
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        // Not waited for at the end: it may be waiting for the other half of a key.
        std::thread::Builder::new().name("periphon-keys".to_string()).spawn(move || {
            if let Err(e) = take_in(&to, &told) {
                let _ = to.send(Err(e));
            }
        })?;
        Ok(Self { came, over })
    }

    /// The next one, if there is one in time.
    ///
    /// # Errors
    /// `UnexpectedEof` if the terminal has been closed; otherwise why it cannot be read.
    pub(super) fn next(&self, within: Duration) -> io::Result<Option<Event>> {
        match self.came.recv_timeout(within) {
            Ok(event) => event.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(closed()),
        }
    }
}

impl Drop for Inputs {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the terminal has been closed")
}

fn take_in(to: &Sender<io::Result<Event>>, over: &AtomicBool) -> io::Result<()> {
    let source = Source::open()?;
    while !over.load(Ordering::Relaxed) {
        let expected = source.wait(TICK)?;
        let mut any = false;
        // Also where nothing is expected: it may know of another size of the window.
        while poll(Duration::ZERO)? {
            any = true;
            let event = read()?;
            if keys::is_interrupt(&event) {
                raise();
            }
            if to.send(Ok(event)).is_err() {
                return Ok(());
            }
        }
        if expected && !any {
            std::thread::sleep(PATIENCE);
        }
    }
    Ok(())
}

/// Ctrl-C is a key while the interface has the terminal. It is a signal all the same: to be obeyed within five seconds, and at
/// once the second time, whatever the other threads wait for.
fn raise() {
    // Where that cannot be, the key still ends playing.
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT);
}

/// The terminal as crossterm reads it: standard input, or the terminal of the session if that is none.
#[cfg(unix)]
struct Source {
    session: Option<std::fs::File>,
}

#[cfg(unix)]
impl Source {
    fn open() -> io::Result<Self> {
        use std::io::IsTerminal;
        let session = if io::stdin().is_terminal() { None } else { Some(std::fs::File::open("/dev/tty")?) };
        Ok(Self { session })
    }

    /// Waits until there is something to read; false if there is not.
    fn wait(&self, within: Duration) -> io::Result<bool> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll as look};
        use std::os::fd::AsFd;
        let stdin = io::stdin();
        let source = self.session.as_ref().map_or(stdin.as_fd(), AsFd::as_fd);
        let mut sources = [PollFd::from_borrowed_fd(source, PollFlags::IN)];
        let within_s = Timespec { tv_sec: 0, tv_nsec: i64::from(within.subsec_nanos()) };
        match look(&mut sources, Some(&within_s)) {
            // By a signal: the window has another size.
            Err(rustix::io::Errno::INTR) => return Ok(false),
            done => done?,
        };
        let seen = sources[0].revents();
        if seen.intersects(PollFlags::HUP | PollFlags::ERR) {
            return Err(closed());
        }
        // Some systems cannot look at a terminal in this way; crossterm has one of its own.
        if seen.contains(PollFlags::NVAL) {
            return poll(within);
        }
        Ok(seen.contains(PollFlags::IN))
    }
}

#[cfg(not(unix))]
struct Source;

#[cfg(not(unix))]
impl Source {
    fn open() -> io::Result<Self> {
        Ok(Self)
    }

    fn wait(&self, within: Duration) -> io::Result<bool> {
        poll(within)
    }
}
