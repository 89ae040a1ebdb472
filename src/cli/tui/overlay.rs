//! What lies over the map: the help, and lists to choose from.

use super::app::{App, Overlay};
use super::keys::HELP;
use super::theme::Theme;
use super::wrapping::wrapped;
use crate::cli::print::harmless;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns that a box has at most.
const WIDEST: u16 = 72;
/// Columns of the help, and of the keys in it.
const HELP_WIDTH: u16 = 52;
const KEYS_WIDTH: u16 = 12;

/// An empty box in the middle of an area; returns its inside.
fn open(buffer: &mut Buffer, area: Rect, width: u16, height: u16, title: &str, theme: Theme) -> Rect {
    let (width, height) = ((width + 2).min(area.width), (height + 2).min(area.height));
    let (x, y) = (area.x + (area.width - width) / 2, area.y + (area.height - height) / 2);
    let outer = Rect { x, y, width, height };
    for row in outer.rows() {
        for at in row.columns() {
            if let Some(cell) = buffer.cell_mut((at.x, at.y)) {
                cell.reset();
                let (side, end) =
                    (at.x == outer.x || at.x + 1 == outer.right(), at.y == outer.y || at.y + 1 == outer.bottom());
                cell.set_symbol(match (side, end) {
                    (true, true) => "+",
                    (true, _) => "│",
                    (_, true) => "─",
                    _ => " ",
                });
            }
        }
    }
    for (x, y, corner) in [
        (outer.x, outer.y, "┌"),
        (outer.right().saturating_sub(1), outer.y, "┐"),
        (outer.x, outer.bottom().saturating_sub(1), "└"),
        (outer.right().saturating_sub(1), outer.bottom().saturating_sub(1), "┘"),
    ] {
        buffer.set_string(x, y, corner, theme.plain());
    }
    let most = usize::from(outer.width.saturating_sub(4));
    buffer.set_stringn(outer.x + 2, outer.y, format!(" {title} "), most, theme.strong());
    Rect {
        x: outer.x + 1,
        y: outer.y + 1,
        width: outer.width.saturating_sub(2),
        height: outer.height.saturating_sub(2),
    }
}

/// One line of the help: keys, where it is the first of theirs, and a part of what they do.
type HelpLine = (&'static str, String);

/// How many pages the help has on a screen.
pub(super) fn help_pages(area: Rect) -> usize {
    paged(area).len()
}

/// The help in pages that a screen has room for. What belongs to a key stays on one page.
fn paged(area: Rect) -> Vec<Vec<HelpLine>> {
    let width = usize::from(HELP_WIDTH.min(area.width.saturating_sub(2)).saturating_sub(KEYS_WIDTH + 3)).max(8);
    let rows = usize::from(area.height.saturating_sub(2)).max(1);
    let mut pages: Vec<Vec<HelpLine>> = vec![Vec::new()];
    for (keys, what) in HELP {
        let lines = wrapped(what, width);
        if pages.last().is_some_and(|p| !p.is_empty() && p.len() + lines.len() > rows) {
            pages.push(Vec::new());
        }
        for (n, line) in lines.into_iter().enumerate() {
            if pages.last().is_some_and(|p| p.len() == rows) {
                pages.push(Vec::new());
            }
            pages.last_mut().into_iter().for_each(|p| p.push((if n == 0 { *keys } else { "" }, line.clone())));
        }
    }
    pages
}

pub(super) fn help(page: usize, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let pages = paged(area);
    let page = page.min(pages.len() - 1);
    let rows = pages.iter().map(Vec::len).max().unwrap_or_default();
    let title =
        if pages.len() > 1 { format!("Keys {}/{}, ? goes on", page + 1, pages.len()) } else { "Keys".to_string() };
    let inside = open(buffer, area, HELP_WIDTH, rows as u16, &title, theme);
    for (row, (keys, what)) in inside.rows().zip(pages.get(page).into_iter().flatten()) {
        let room = row.width.saturating_sub(2);
        buffer.set_stringn(row.x + 1, row.y, keys, usize::from(room.min(KEYS_WIDTH)), theme.strong());
        let room = usize::from(room.saturating_sub(KEYS_WIDTH + 1));
        buffer.set_stringn(row.x + KEYS_WIDTH + 2, row.y, what, room, theme.plain());
    }
}

pub(super) fn picker(app: &mut App, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let Overlay::Picker(picker) = &app.overlay else { return };
    let inside = open(buffer, area, WIDEST, area.height.saturating_sub(2), picker.title(), theme);
    if inside.height < 3 {
        return;
    }
    let width = usize::from(inside.width.saturating_sub(2));
    let (x, y) = (inside.x + 1, inside.y);
    let (end, _) = buffer.set_stringn(x, y, format!("> {}", harmless(&picker.query)), width, theme.accent());
    if picker.query.is_empty() {
        buffer.set_stringn(end, y, "type to search, enter takes, esc leaves", width.saturating_sub(2), theme.faint());
    } else {
        buffer.set_stringn(end, y, "_", 1, theme.accent());
    }
    let count = format!("{} of them", picker.shown.len());
    let at = inside.right().saturating_sub(count.len() as u16 + 1);
    if at > end + 42 || (!picker.query.is_empty() && at > end + 2) {
        buffer.set_stringn(at, y, count, width, theme.faint());
    }
    let list = Rect { y: inside.y + 1, height: inside.height - 1, ..inside };
    let rows = usize::from(list.height);
    // The one that is marked stays in the middle, as far as there are lines on both sides.
    let first = picker.at.saturating_sub(rows / 2).min(picker.shown.len().saturating_sub(rows));
    if picker.shown.is_empty() {
        buffer.set_stringn(list.x + 3, list.y, "nothing has all of these words", width, theme.faint());
    }
    for (row, (n, item)) in picker.shown.iter().enumerate().skip(first).take(rows).enumerate() {
        let y = list.y + row as u16;
        let style = if n == picker.at { theme.chosen() } else { theme.plain() };
        let half = width * 11 / 20;
        let text = format!(" {:<half$} ", harmless(&item.label));
        buffer.set_stringn(list.x + 1, y, text, half + 2, style);
        let room = width.saturating_sub(half + 2);
        let note = format!("{:<room$}", harmless(&item.note));
        buffer.set_stringn(list.x + 3 + half as u16, y, note, room, if n == picker.at { style } else { theme.faint() });
    }
    app.regions.list = (list, first);
}
