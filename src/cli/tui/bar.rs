//! Where in the track it is: two clocks and a bar to click on.

use super::app::App;
use super::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Minutes and seconds, and hours where there are any.
pub(in crate::cli) fn clock(seconds: f64) -> String {
    let s = seconds.max(0.0) as u64;
    if s < 3600 {
        format!("{}:{:02}", s / 60, s % 60)
    } else {
        format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    }
}

pub(super) fn draw(app: &mut App, theme: Theme, buffer: &mut Buffer, row: Rect) {
    let duration = app.status.duration_s;
    let position = match (app.preview, duration) {
        (Some(part), Some(d)) => part * d,
        _ => app.position(),
    };
    let (now, end) = (clock(position), duration.map_or("-:--".to_string(), clock));
    let sign = if app.is_paused() { "= " } else { "> " };
    let width = usize::from(row.width);
    let (x, _) = buffer.set_stringn(row.x, row.y, format!("{sign}{now} "), width, theme.accent());
    let stop = row.right().saturating_sub(end.len() as u16 + 1);
    buffer.set_stringn(stop + 1, row.y, &end, end.len(), theme.plain());
    if stop <= x + 4 {
        return;
    }
    let bar = Rect { x, width: stop - x, ..row };
    let part = duration.filter(|d| *d > 0.0).map(|d| (position / d).clamp(0.0, 1.0));
    let knob = part.map(|p| (p * f64::from(bar.width - 1)).round() as u16);
    for column in 0..bar.width {
        let (symbol, style) = match knob {
            Some(k) if column < k => ("━", theme.accent()),
            Some(k) if column == k => ("●", theme.accent()),
            _ => ("─", theme.faint()),
        };
        buffer.set_string(bar.x + column, bar.y, symbol, style);
    }
    app.regions.bar = bar;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_has_hours_only_where_there_are_any() {
        assert_eq!(["0:00", "1:05", "59:59", "1:00:00"], [-1.0, 65.9, 3599.0, 3600.0].map(clock));
    }
}
