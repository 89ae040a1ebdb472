//! One picture of the interface: where on the screen its parts are, and what is left out where there is little room.
//!
//! ```text
//! title
//! map                 | panel          the panel from 60 columns on; else one line of meters
//! room, head, headphones, placement    from 16 rows on
//! bar
//! message                              more lines where it is long
//! keys                                 from 16 rows on
//! ```

use super::app::{App, Overlay, Regions, Tone};
use super::theme::Theme;
use super::wrapping::wrapped_within;
use super::{bar, map, overlay, panel};
use crate::cli::print::harmless;
use crate::live::State;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the panel.
const PANEL: u16 = 34;
/// Lines of a message at most, and the part of the screen that they may take.
const MESSAGE_LINES: u16 = 4;
const MESSAGE_PART: u16 = 6;

/// Draws everything, and notes where it is.
pub(super) fn draw(app: &mut App, theme: Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    app.regions = Regions { help_pages: overlay::help_pages(area), ..Regions::default() };
    if area.width < 16 || area.height < 4 {
        buffer.set_stringn(area.x, area.y, "periphon: no room", usize::from(area.width), theme.plain());
        return;
    }
    let mut rows = Rows { left: area };
    title(app, theme, buffer, rows.top());
    let roomy = area.height >= 16;
    if roomy {
        let keys = "? keys  space pause  <- -> seek  a d turn  w s q e walk  r h l f change  esc end";
        let row = rows.bottom();
        buffer.set_stringn(row.x, row.y, keys, usize::from(row.width), theme.faint());
    }
    message(app, theme, buffer, &mut rows);
    bar::draw(app, theme, buffer, rows.bottom());
    if roomy {
        settings(app, theme, buffer, rows.bottom());
    }
    let mut main = rows.left;
    if area.width >= 60 {
        let side = Rect { x: main.right() - PANEL, width: PANEL, ..main };
        main.width -= PANEL;
        panel::draw(app, theme, buffer, side);
    } else if main.height > 4 {
        panel::line(app, theme, buffer, rows.bottom());
        main = rows.left;
    }
    map::draw(app, theme, buffer, main);
    match app.overlay {
        Overlay::None => {}
        Overlay::Help(page) => overlay::help(page, theme, buffer, area),
        Overlay::Picker(_) => overlay::picker(app, theme, buffer, rows.left),
    }
}

/// What is left of the screen, taken row by row.
struct Rows {
    left: Rect,
}

impl Rows {
    fn top(&mut self) -> Rect {
        let row = Rect { height: 1, ..self.left };
        self.left.y += 1;
        self.left.height -= 1;
        row
    }

    fn bottom(&mut self) -> Rect {
        self.left.height -= 1;
        Rect { y: self.left.bottom(), height: 1, ..self.left }
    }
}

type Buffer = ratatui::buffer::Buffer;

fn title(app: &App, theme: Theme, buffer: &mut Buffer, row: Rect) {
    let s = &app.status;
    let state = match s.state {
        State::Opening => "opening",
        State::Playing => "playing",
        State::Paused => "paused",
        State::Reopening => "waiting for the device",
        State::Ended => "ended",
    };
    let mut right = state.to_string();
    if s.tracks > 1 {
        right = format!("{right}  track {}/{}", s.track + 1, s.tracks);
    }
    if app.repeat {
        right.push_str("  loop");
    }
    let width = usize::from(row.width);
    let (x, _) = buffer.set_stringn(row.x, row.y, "periphon  ", width, theme.faint());
    let free = width.saturating_sub(usize::from(x - row.x) + right.len() + 2);
    buffer.set_stringn(x, row.y, harmless(&app.title), free, theme.strong());
    let at = row.right().saturating_sub(right.len() as u16);
    let style = if s.state == State::Reopening { theme.bad() } else { theme.accent() };
    buffer.set_stringn(at.max(row.x), row.y, right, width, style);
}

fn settings(app: &App, theme: Theme, buffer: &mut Buffer, row: Rect) {
    let s = &app.status;
    let placement = app.stage.as_ref().map_or("-", |s| s.placement);
    let pairs = [
        ("room", base_name(&s.room)),
        ("head", base_name(&s.hrtf)),
        ("placement", placement.to_string()),
        ("headphones", s.headphones.clone()),
    ];
    let mut x = row.x;
    for (name, value) in pairs {
        let left = |x: u16| usize::from(row.right().saturating_sub(x));
        (x, _) = buffer.set_stringn(x, row.y, format!("{name} "), left(x), theme.faint());
        (x, _) = buffer.set_stringn(x, row.y, harmless(&value), left(x), theme.plain());
        x = (x + 2).min(row.right());
    }
}

/// A file without its folder; a name as it is.
fn base_name(name: &str) -> String {
    std::path::Path::new(name).file_name().map_or(name.to_string(), |n| n.to_string_lossy().into_owned())
}

fn message(app: &App, theme: Theme, buffer: &mut Buffer, rows: &mut Rows) {
    let width = usize::from(rows.left.width);
    let (text, tone) = app.message.as_ref().map_or(("", Tone::Note), |(text, tone, _)| (text.as_str(), *tone));
    let style = match tone {
        Tone::Note => theme.plain(),
        Tone::Warning => theme.warning(),
    };
    let most = usize::from(MESSAGE_LINES.min(rows.left.height / MESSAGE_PART).max(1));
    let mut lines = wrapped_within(&harmless(&text.replace(['\n', '\t'], " ")), width, most);
    lines.resize(lines.len().max(1), String::new());
    for line in lines.iter().rev() {
        let row = rows.bottom();
        buffer.set_stringn(row.x, row.y, line, width, style);
    }
}
