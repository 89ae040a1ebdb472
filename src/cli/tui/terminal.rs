//! The terminal while the interface has it: raw, its other screen, the mouse, and nobody else writing into the picture.
//!
//! The C libraries of sound systems print to the standard streams as they please. So while the interface runs, both lead
//! into a pipe, whose lines are kept, and the picture goes to the terminal by a descriptor of its own. Whatever happens
//! (an error, a panic, a signal), [`restore`] gives everything back; it may be called from any thread, and twice.

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Mutex};

/// Lines of others that are kept.
const MOST_KEPT: usize = 200;

/// What [`restore`] needs.
static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);

struct Taken {
    screen: File,
    streams: Streams,
}

/// The terminal, drawn on.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<File>>>,
    size_of: File,
    noise: Arc<Mutex<Vec<String>>>,
    /// The next picture is sent whole.
    afresh: bool,
}

impl Screen {
    /// Takes the terminal that standard output is.
    pub(super) fn take() -> io::Result<Self> {
        let noise = Arc::new(Mutex::new(Vec::new()));
        let screen = terminal_of_stdout()?;
        let size_of = screen.try_clone()?;
        let area = size(told_size(&size_of));
        let options = TerminalOptions { viewport: Viewport::Fixed(area) };
        let terminal = Terminal::with_options(CrosstermBackend::new(BufWriter::new(screen.try_clone()?)), options)?;
        enable_raw_mode()?;
        let mut entered = screen.try_clone()?;
        let streams = Streams::redirect(Arc::clone(&noise));
        if let Ok(mut taken) = TAKEN.lock() {
            *taken = Some(Taken { screen, streams });
        }
        let screen = Self { terminal, size_of, noise, afresh: false };
        // From here on dropping it gives everything back.
        execute!(
            entered,
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableMouseCapture,
            cursor::Hide,
            SetTitle("periphon")
        )?;
        Ok(screen)
    }

    /// Draws a picture; only what has changed is sent.
    pub(super) fn draw(&mut self, picture: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        let area = size(told_size(&self.size_of));
        if std::mem::take(&mut self.afresh) || area != self.terminal.get_frame().area() {
            self.terminal.resize(area)?;
        }
        self.terminal.draw(picture)?;
        self.terminal.backend_mut().flush()
    }

    /// Somebody may have written over the picture, or the window may have been smaller for a moment.
    pub(super) fn afresh(&mut self) {
        self.afresh = true;
    }

    /// True if the terminal is gone: its window was closed.
    pub(super) fn is_closed(&self) -> bool {
        is_closed(&self.size_of)
    }

    /// What others printed since the last call.
    pub(super) fn noise(&self) -> Vec<String> {
        self.noise.lock().map(|mut n| std::mem::take(&mut *n)).unwrap_or_default()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back as it was, if the interface has it.
pub(in crate::cli) fn restore() {
    let taken = TAKEN.lock().map_or_else(|poisoned| poisoned.into_inner().take(), |mut t| t.take());
    let Some(mut taken) = taken else { return };
    // If one of these fails, the others are tried all the same.
    let _ = execute!(taken.screen, DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
    taken.streams.give_back();
}

/// True where an interface can be shown: both streams lead to a terminal that can do more than write lines.
pub(in crate::cli) fn is_possible() -> bool {
    use std::io::IsTerminal;
    let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
    io::stdout().is_terminal() && io::stderr().is_terminal() && !dumb && is_in_front()
}

/// False for a program that a shell has started behind itself, with `&`: taking the terminal would stop it.
pub(in crate::cli) fn is_in_front() -> bool {
    // Where no shell shares the terminal out, nobody is behind.
    #[cfg(unix)]
    return rustix::termios::tcgetpgrp(io::stderr()).map_or(true, |front| front == rustix::process::getpgrp());
    #[cfg(not(unix))]
    true
}

/// Columns of the terminal that standard error leads to.
pub(in crate::cli) fn columns_of_stderr() -> usize {
    usize::from(size(told_size(io::stderr())).width)
}

#[cfg(unix)]
fn terminal_of_stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn terminal_of_stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}

/// Columns and rows, as a terminal tells them.
#[cfg(unix)]
fn told_size(terminal: impl std::os::fd::AsFd) -> Option<(u16, u16)> {
    rustix::termios::tcgetwinsize(terminal).ok().map(|s| (s.ws_col, s.ws_row))
}

#[cfg(not(unix))]
fn told_size<T>(_: T) -> Option<(u16, u16)> {
    ratatui::crossterm::terminal::size().ok()
}

/// Columns and rows; a terminal that does not tell has 80 by 24.
fn size(told: Option<(u16, u16)>) -> Rect {
    let (width, height) = told.filter(|(w, h)| *w > 0 && *h > 0).unwrap_or((80, 24));
    // A buffer of more cells than that would be no terminal's.
    Rect::new(0, 0, width.min(1000), height.min(500))
}

/// A terminal that has been closed does not tell its size.
#[cfg(unix)]
fn is_closed(screen: impl std::os::fd::AsFd) -> bool {
    rustix::termios::tcgetwinsize(screen).is_err()
}

#[cfg(not(unix))]
fn is_closed(_: &File) -> bool {
    false
}

/// The standard streams, led into a pipe.
#[cfg(unix)]
struct Streams {
    saved: Option<[std::os::fd::OwnedFd; 2]>,
    reader: Option<std::thread::JoinHandle<()>>,
}

#[cfg(unix)]
impl Streams {
    /// If it cannot be done, others go on writing where they did: only the picture suffers.
    fn redirect(noise: Arc<Mutex<Vec<String>>>) -> Self {
        Self::try_redirect(noise).unwrap_or(Self { saved: None, reader: None })
    }

    fn try_redirect(noise: Arc<Mutex<Vec<String>>>) -> io::Result<Self> {
        use rustix::stdio::{dup2_stderr, dup2_stdout};
        use std::os::fd::AsFd;
        let (from, to) = io::pipe()?;
        let saved = [io::stdout().as_fd().try_clone_to_owned()?, io::stderr().as_fd().try_clone_to_owned()?];
        let reader =
            std::thread::Builder::new().name("periphon-noise".to_string()).spawn(move || keep(from, &noise))?;
        let _ = io::stdout().flush();
        dup2_stdout(&to)?;
        let streams = Self { saved: Some(saved), reader: Some(reader) };
        dup2_stderr(&to)?;
        Ok(streams)
    }

    fn give_back(&mut self) {
        use rustix::stdio::{dup2_stderr, dup2_stdout};
        let _ = io::stdout().flush();
        if let Some([out, err]) = self.saved.take() {
            // What is still said to a terminal that has been closed reaches nobody, and is no error.
            let nobody = if is_closed(&out) { File::options().write(true).open("/dev/null").ok() } else { None };
            let _ = match &nobody {
                Some(nobody) => dup2_stdout(nobody).and_then(|()| dup2_stderr(nobody)),
                None => dup2_stdout(out).and_then(|()| dup2_stderr(err)),
            };
            // The pipe has no writer left, so its reader ends.
            if let Some(reader) = self.reader.take() {
                let _ = reader.join();
            }
        }
    }
}

/// Keeps what comes through the pipe, line by line, until it is closed. What is too much is dropped, but read: a writer must
/// not be blocked.
#[cfg(unix)]
fn keep(from: io::PipeReader, noise: &Mutex<Vec<String>>) {
    use std::io::{BufRead, BufReader, Read};
    let mut from = BufReader::new(from);
    loop {
        let mut line = Vec::new();
        match from.by_ref().take(4096).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line).trim().to_string();
        if let Ok(mut noise) = noise.lock()
            && !text.is_empty()
            && noise.len() < MOST_KEPT
        {
            noise.push(text);
        }
    }
}

#[cfg(not(unix))]
struct Streams;

#[cfg(not(unix))]
impl Streams {
    fn redirect(_: Arc<Mutex<Vec<String>>>) -> Self {
        Self
    }

    fn give_back(&mut self) {}
}
