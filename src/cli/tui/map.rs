//! The room from above: walls, sources, the listener and where it looks, and the first reflections.

use super::app::App;
use super::dots::Dots;
use super::plan_view::PlanView;
use super::theme::Theme;
use crate::cli::print::harmless;
use crate::coords::Vec3;
use crate::live::{SourceView, StageView};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

/// Of so many sources the reflections of all are drawn; of more, those of the one that is selected.
const ALL_REFLECTIONS: usize = 2;
/// The listener's line of sight, columns.
const SIGHT: f64 = 7.0;

pub(super) fn draw(app: &mut App, theme: Theme, buffer: &mut Buffer, area: Rect) {
    if area.width < 8 || area.height < 3 {
        return;
    }
    let Some(stage) = &app.stage else {
        centred(buffer, area, "opening", theme);
        return;
    };
    if stage.sources.is_empty() {
        let text = if stage.fields > 0 {
            "a sound field: it comes from everywhere"
        } else {
            "as it is, without spatialisation"
        };
        centred(buffer, area, text, theme);
        return;
    }
    let view = PlanView::fit(stage, area);
    walls(stage, view, theme, buffer);
    // Lines only go where nothing is yet: the line of sight before the reflections.
    listener(stage, view, theme, buffer);
    reflections(app, stage, view, theme, buffer);
    let placed = || stage.sources.iter().enumerate().filter(|(_, s)| !s.everywhere);
    placed().for_each(|source| symbol(app, source, view, theme, buffer));
    if let Some((x, y)) = view.cell(stage.listener.position) {
        buffer.set_string(x, y, "◉", theme.accent());
    }
    // The name of the one that is selected comes first, and the others where they find room.
    placed().filter(|(n, _)| *n == app.selected).for_each(|source| name(app, source, view, theme, buffer));
    placed().filter(|(n, _)| *n != app.selected).for_each(|source| name(app, source, view, theme, buffer));
    app.regions.map = Some(view);
}

fn centred(buffer: &mut Buffer, area: Rect, text: &str, theme: Theme) {
    let width = text.chars().count().min(usize::from(area.width));
    let x = area.x + (area.width - width as u16) / 2;
    buffer.set_stringn(x, area.y + area.height / 2, text, width, theme.faint());
}

fn walls(stage: &StageView, view: PlanView, theme: Theme, buffer: &mut Buffer) {
    let caption = match &stage.room {
        None => "the open".to_string(),
        Some(room) => match room.size {
            Some([x, y, z]) => format!("{x:.1} x {y:.1} x {z:.1} m"),
            None => "a measured room".to_string(),
        },
    };
    let Some([length, width, _]) = stage.room.as_ref().and_then(|r| r.size) else {
        let mut dots = Dots::new(view);
        // Circles of one, two, five metres and so on: as large as the map shows whole.
        let half = (0.5 * f64::from(view.area.width)).min(f64::from(view.area.height)) * view.scale;
        let rings = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0, 5000.0];
        let ring = rings.into_iter().rev().find(|r| *r <= half).unwrap_or(0.5);
        dots.circle(Vec3::default(), ring, 72);
        dots.draw(buffer, theme.faint());
        let caption = format!("{caption}, circle {ring} m");
        buffer.set_stringn(view.area.x, view.area.y, caption, usize::from(view.area.width), theme.faint());
        return;
    };
    let corner = |x: f64, y: f64| {
        let (column, row) = view.to_screen(Vec3::new(x, y, 0.0));
        (column.floor() as u16, row.floor() as u16)
    };
    let (left, top) = corner(length, width);
    let (right, bottom) = corner(0.0, 0.0);
    let (right, bottom) = (right.min(view.area.right() - 1), bottom.min(view.area.bottom() - 1));
    for x in left..=right {
        for y in [top, bottom] {
            buffer.set_string(x, y, "─", theme.plain());
        }
    }
    for y in top..=bottom {
        for x in [left, right] {
            buffer.set_string(x, y, "│", theme.plain());
        }
    }
    for (x, y, symbol) in [(left, top, "┌"), (right, top, "┐"), (left, bottom, "└"), (right, bottom, "┘")] {
        buffer.set_string(x, y, symbol, theme.plain());
    }
    let most = usize::from(right.saturating_sub(left + 3));
    buffer.set_stringn(left + 2, top, caption, most, theme.faint());
}

fn reflections(app: &App, stage: &StageView, view: PlanView, theme: Theme, buffer: &mut Buffer) {
    let mut dots = Dots::new(view);
    let all = stage.sources.len() <= ALL_REFLECTIONS;
    for (_, source) in stage.sources.iter().enumerate().filter(|(n, _)| all || *n == app.selected) {
        // Those of floor and ceiling lie on the direct way, seen from above.
        for wall in source.reflections.iter().take(4) {
            dots.line(source.position, *wall, 3);
            dots.line(*wall, stage.listener.position, 3);
        }
    }
    dots.draw(buffer, theme.faint());
}

fn listener(stage: &StageView, view: PlanView, theme: Theme, buffer: &mut Buffer) {
    let nose = stage.listener.orientation.rotate(Vec3::new(SIGHT * view.scale, 0.0, 0.0));
    let from = stage.listener.position;
    let mut dots = Dots::new(view);
    dots.line(from, from + nose, 1);
    dots.draw(buffer, theme.accent());
}

fn style(app: &App, n: usize, theme: Theme) -> Style {
    match (n == app.selected, app.is_silent(n)) {
        (true, _) => theme.selected(),
        (_, true) => theme.faint(),
        _ => theme.plain(),
    }
}

fn symbol(app: &App, (n, source): (usize, &SourceView), view: PlanView, theme: Theme, buffer: &mut Buffer) {
    let Some((x, y)) = view.cell(source.position) else { return };
    let symbol = match (app.is_silent(n), n == app.selected) {
        (true, _) => "○",
        (_, true) => "◆",
        _ => "●",
    };
    buffer.set_string(x, y, symbol, style(app, n, theme));
}

/// A source's name beside it, where nothing but fine lines is; the list has it in any case.
fn name(app: &App, (n, source): (usize, &SourceView), view: PlanView, theme: Theme, buffer: &mut Buffer) {
    let Some((x, y)) = view.cell(source.position) else { return };
    let name: String = harmless(&source.name).chars().take(12).collect();
    let width = Span::raw(&name).width() as u16;
    let letter = |c: &Cell| c.symbol().chars().any(char::is_alphanumeric);
    let free = |buffer: &Buffer, from: u16, y: u16| {
        let blank = |s: &str| s == " " || s.chars().all(|c| ('\u{2800}'..='\u{28ff}').contains(&c));
        from >= view.area.x
            && from + width <= view.area.right()
            && (from..from + width).all(|x| buffer.cell((x, y)).is_some_and(|c| blank(c.symbol())))
            // Two names do not become one.
            && [from.wrapping_sub(1), from + width].into_iter().all(|x| !buffer.cell((x, y)).is_some_and(letter))
    };
    let middle = (x + 1).saturating_sub(width.div_ceil(2));
    let places = [(x + 2, y), (x.saturating_sub(width + 1), y), (middle, y.saturating_sub(1)), (middle, y + 1)];
    let on_map = |y: u16| y >= view.area.y && y < view.area.bottom();
    if let Some((at, y)) = places.into_iter().find(|(at, y)| on_map(*y) && free(buffer, *at, *y)) {
        buffer.set_stringn(at, y, name, usize::from(width), style(app, n, theme));
    }
}
