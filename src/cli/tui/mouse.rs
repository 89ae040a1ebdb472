//! What the mouse does: on the map, on the bar, in the list of sources and in an open list.

use super::action::Action;
use super::app::{App, Drag, Overlay};
use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

/// How near a click has to be to what it means, columns.
const NEAR: f64 = 2.5;
/// Degrees of a notch of the wheel.
const TURN: f64 = 5.0;

/// What the mouse asks for, in order.
pub(super) fn actions(app: &mut App, event: &MouseEvent) -> Vec<Action> {
    let at = Position::new(event.column, event.row);
    if app.overlay != Overlay::None {
        // What was held when it was opened is let go.
        (app.drag, app.preview) = (None, None);
    }
    if let Overlay::Picker(picker) = &app.overlay {
        return match event.kind {
            MouseEventKind::ScrollUp => vec![Action::Scroll(-3)],
            MouseEventKind::ScrollDown => vec![Action::Scroll(3)],
            MouseEventKind::Down(MouseButton::Left) => {
                match line(app.regions.list, at).filter(|line| *line < picker.shown.len()) {
                    Some(line) => vec![Action::Point(line), Action::Choose],
                    None => Vec::new(),
                }
            }
            _ => Vec::new(),
        };
    }
    if let Overlay::Help(_) = app.overlay {
        return match event.kind {
            MouseEventKind::Down(_) => vec![Action::Help],
            _ => Vec::new(),
        };
    }
    let on_map = app.regions.map.filter(|m| m.area.contains(at));
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => press(app, at),
        MouseEventKind::Drag(MouseButton::Left) => drag(app, at),
        MouseEventKind::Up(MouseButton::Left) => match app.drag.take() {
            Some(Drag::Bar) => vec![Action::SeekTo(part(app.regions.bar, at))],
            _ => Vec::new(),
        },
        MouseEventKind::ScrollUp if on_map.is_some() => vec![Action::Turn(TURN, 0.0)],
        MouseEventKind::ScrollDown if on_map.is_some() => vec![Action::Turn(-TURN, 0.0)],
        MouseEventKind::ScrollUp if line(app.regions.sources, at).is_some() => vec![Action::Select(-1)],
        MouseEventKind::ScrollDown if line(app.regions.sources, at).is_some() => vec![Action::Select(1)],
        _ => Vec::new(),
    }
}

fn press(app: &mut App, at: Position) -> Vec<Action> {
    app.drag = None;
    if app.regions.bar.contains(at) {
        app.drag = Some(Drag::Bar);
        return vec![Action::Preview(part(app.regions.bar, at))];
    }
    if let Some(n) = line(app.regions.sources, at) {
        return vec![Action::SelectOnly(n)];
    }
    let (Some(map), Some(stage)) = (app.regions.map.filter(|m| m.area.contains(at)), &app.stage) else {
        return Vec::new();
    };
    let near = stage
        .sources
        .iter()
        .enumerate()
        .filter(|(_, s)| !s.everywhere)
        .map(|(n, s)| (n, map.distance(s.position, at.x, at.y)))
        .filter(|(_, d)| *d <= NEAR)
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let head = map.distance(stage.listener.position, at.x, at.y);
    match near {
        Some((n, d)) if d <= head => {
            app.drag = Some(Drag::Source);
            vec![Action::SelectOnly(n)]
        }
        _ if head <= NEAR => {
            app.drag = Some(Drag::Listener);
            Vec::new()
        }
        _ => {
            app.drag = Some(Drag::Look);
            drag(app, at)
        }
    }
}

fn drag(app: &App, at: Position) -> Vec<Action> {
    if app.drag == Some(Drag::Bar) {
        return vec![Action::Preview(part(app.regions.bar, at))];
    }
    let (Some(drag), Some(map)) = (app.drag, app.regions.map) else { return Vec::new() };
    let (x, y) = map.place(at.x, at.y);
    match drag {
        Drag::Source => vec![Action::PlaceAt(x, y)],
        Drag::Listener => vec![Action::WalkTo(x, y)],
        Drag::Look => vec![Action::LookAt(x, y)],
        Drag::Bar => Vec::new(),
    }
}

/// Which entry of a list lies under the mouse.
fn line((area, first): (Rect, usize), at: Position) -> Option<usize> {
    area.contains(at).then(|| first + usize::from(at.y - area.y))
}

/// How far along the bar, 0 to 1.
fn part(bar: Rect, at: Position) -> f64 {
    f64::from(at.x.saturating_sub(bar.x)) / f64::from(bar.width.saturating_sub(1).max(1))
}
