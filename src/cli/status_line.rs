//! The line on standard error in which `periphon play` says how it is going where there is no interface.

use super::tui::{clock, cut, terminal};
use super::{Common, print};
use crate::live::{Player, State};
use std::io::{IsTerminal, Write};

/// One line, if standard error is a terminal that is ours to write to.
pub(super) struct StatusLine {
    /// What is played.
    pub(super) title: String,
    visible: bool,
    /// Columns written last.
    shown: usize,
}

impl StatusLine {
    pub(super) fn new(common: &Common) -> Self {
        let ours = std::io::stderr().is_terminal() && terminal::is_in_front();
        Self { title: String::new(), visible: ours && !common.quiet && !common.json, shown: 0 }
    }

    pub(super) fn show(&mut self, player: &Player) {
        if !self.visible {
            return;
        }
        let s = player.status();
        let what = match s.state {
            State::Opening => "opening",
            State::Playing => "playing",
            State::Paused => "paused",
            State::Reopening => "waiting for the device",
            State::Ended => "ended",
        };
        let of = s.duration_s.map_or(String::new(), |d| format!(" / {}", clock(d)));
        let text = format!(
            "{what} {}/{}  {}{of}  load {:.0} % (worst {:.0} %)  xruns {}  {}",
            s.track + 1,
            s.tracks.max(1),
            clock(s.position_s),
            100.0 * s.mean_load,
            100.0 * s.max_load,
            s.xruns,
            self.title,
        );
        self.write(&text);
    }

    pub(super) fn clear(&mut self) {
        if self.shown > 0 {
            self.write("");
            let _ = write!(std::io::stderr().lock(), "\r");
        }
    }

    /// Writes over what was there, with spaces: not every terminal can erase a line.
    fn write(&mut self, text: &str) {
        // A line as wide as the terminal would go on below.
        let (text, columns) =
            cut(&print::one_line(text).replace('\t', " "), terminal::columns_of_stderr().saturating_sub(1));
        let rest = self.shown.saturating_sub(columns);
        let _ = write!(std::io::stderr().lock(), "\r{text}{}", " ".repeat(rest));
        self.shown = columns;
    }
}
