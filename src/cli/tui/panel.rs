//! Meters, loudness, load, the head and the list of sources.

use super::app::App;
use super::ballistics::LOWEST_DB;
use super::theme::Theme;
use crate::cli::print::harmless;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Parts of a block, eighths.
const EIGHTHS: [&str; 8] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A page that is written from above.
struct Page<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    theme: Theme,
}

impl Page<'_> {
    /// The next row, in parts; false if there is none.
    fn row(&mut self, parts: &[(&str, Style)]) -> bool {
        if self.area.height == 0 {
            return false;
        }
        let mut x = self.area.x;
        for (text, style) in parts {
            let left = usize::from(self.area.right().saturating_sub(x));
            (x, _) = self.buffer.set_stringn(x, self.area.y, text, left, *style);
        }
        self.area.y += 1;
        self.area.height -= 1;
        true
    }

    fn gap(&mut self) {
        self.row(&[]);
    }

    fn level(&mut self, name: &str, level: f64, peak: f64) {
        let theme = self.theme;
        let (y, x, width) = (self.area.y, self.area.x + 2, self.area.width.saturating_sub(10));
        if self.row(&[(name, theme.faint())]) {
            meter(self.buffer, Rect::new(x, y, width, 1), level, peak, theme);
            let text = if level > LOWEST_DB { format!("{level:7.1}") } else { "      -".to_string() };
            self.buffer.set_stringn(x + width, y, text, 7, theme.plain());
        }
    }
}

/// The style of a level: near full scale, and near the ceiling, it stands out.
fn loud(theme: Theme, db: f64) -> Style {
    match db {
        d if d > -1.0 => theme.bad(),
        d if d > -6.0 => theme.warning(),
        _ => theme.good(),
    }
}

/// A bar from the lowest to 0 dB, and a mark where the peak was.
fn meter(buffer: &mut Buffer, area: Rect, level: f64, peak: f64, theme: Theme) {
    let cells = |db: f64| (1.0 - db / LOWEST_DB).clamp(0.0, 1.0) * f64::from(area.width);
    let filled = cells(level);
    let mark = (peak > LOWEST_DB).then(|| (cells(peak).ceil() as u16).clamp(1, area.width.max(1)) - 1);
    for column in 0..area.width {
        let here = (filled - f64::from(column)).clamp(0.0, 1.0);
        let symbol = match (here, mark) {
            (h, _) if h >= 1.0 => "█",
            (_, Some(m)) if m == column => "|",
            (h, _) => EIGHTHS[((h * 8.0) as usize).min(7)],
        };
        let db = LOWEST_DB * (1.0 - f64::from(column + 1) / f64::from(area.width));
        let style = if symbol == " " { theme.plain() } else { loud(theme, db) };
        buffer.set_string(area.x + column, area.y, symbol, style);
    }
}

fn db(value: f64) -> String {
    if value.is_finite() && value > -99.0 { format!("{value:.1}") } else { "-".to_string() }
}

fn lufs(value: Option<f64>) -> String {
    value.map_or("-".to_string(), db)
}

fn percent(part: f64) -> String {
    format!("{:.1} %", 100.0 * part)
}

fn thousands(n: u64) -> String {
    if n < 100_000 { n.to_string() } else { format!("{}k", n / 1000) }
}

pub(super) fn draw(app: &mut App, theme: Theme, buffer: &mut Buffer, area: Rect) {
    // A column stays free beside the map.
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area };
    let (faint, plain) = (theme.faint(), theme.plain());
    let mut page = Page { buffer, area: inner, theme };
    let (s, m) = (&app.status, &app.shown);
    page.level("L", m.level[0], m.peak[0]);
    page.level("R", m.level[1], m.peak[1]);
    let peaks = format!("{:>6}{:>6}", db(m.peak[0]), db(m.peak[1]));
    let most = format!("{:>6}", db(s.true_peak_dbtp));
    let over = if s.true_peak_dbtp > 0.0 { theme.bad() } else { plain };
    page.row(&[("dBTP  ", faint), (&peaks, plain), ("  most ", faint), (&most, over)]);
    if inner.height > 14 {
        page.gap();
    }
    let loudness = format!(
        "{:>8}{:>8}{:>8}",
        lufs(app.meters.momentary_lufs),
        lufs(app.meters.short_term_lufs),
        lufs(app.meters.integrated_lufs)
    );
    page.row(&[("LUFS     0.4 s     3 s   whole", faint)]);
    page.row(&[("    ", plain), (&loudness, plain)]);
    if inner.height > 14 {
        page.gap();
    }
    let (mean, worst) = (percent(s.mean_load), percent(s.max_load));
    let tight = if s.max_load > 0.8 { theme.warning() } else { plain };
    page.row(&[("load ", faint), (&mean, plain), ("  worst ", faint), (&worst, tight)]);
    let (xruns, late) = (s.xruns.to_string(), format!("{:.1} ms", s.latency_ms));
    let broken = if s.xruns > 0 { theme.bad() } else { plain };
    page.row(&[("xruns ", faint), (&xruns, broken), ("  latency ", faint), (&late, plain)]);
    let device = format!(
        "{} {}",
        harmless(&s.device),
        if s.sample_rate > 0 { s.sample_rate.to_string() } else { String::new() }
    );
    page.row(&[(&device, faint)]);
    if inner.height > 14 {
        page.gap();
    }
    if let Some(stage) = &app.stage {
        let [yaw, pitch, roll] = stage.listener.orientation.yaw_pitch_roll().map(|a| a.round() + 0.0);
        let p = stage.listener.position;
        let turned = format!("yaw {yaw:+.0}  pitch {pitch:+.0}  roll {roll:+.0}");
        page.row(&[("head ", faint), (&turned, plain)]);
        let place = format!("{:.1}, {:.1}, {:.1} m", p.x + 0.0, p.y + 0.0, p.z + 0.0);
        page.row(&[("at   ", faint), (&place, plain)]);
    }
    if let Some(t) = &app.tracking {
        let heard = match t.packets {
            0 => "nothing heard yet".to_string(),
            _ if t.ignored > 0 => format!("{:.0}/s  {} ignored", t.per_second, thousands(t.ignored)),
            _ => format!("{:.0}/s", t.per_second),
        };
        page.row(&[(&t.name, faint), ("  ", plain), (&heard, plain)]);
    }
    if inner.height > 14 {
        page.gap();
    }
    let list = page.area;
    app.regions.sources = sources(app, theme, buffer, list);
}

/// One line for each source that there is room for, the one selected among them.
fn sources(app: &App, theme: Theme, buffer: &mut Buffer, area: Rect) -> (Rect, usize) {
    let Some(stage) = &app.stage else { return (Rect::default(), 0) };
    let rows = usize::from(area.height);
    let first = (app.selected + 1).saturating_sub(rows);
    for (row, (n, source)) in stage.sources.iter().enumerate().skip(first).take(rows).enumerate() {
        let y = area.y + row as u16;
        let strip = app.strip(n);
        let (mark, style) = match (n == app.selected, app.is_silent(n)) {
            (true, _) => ("◆ ", theme.selected()),
            (_, true) => ("  ", theme.faint()),
            _ => ("  ", theme.plain()),
        };
        buffer.set_stringn(area.x, y, mark, 2, style);
        buffer.set_stringn(area.x + 2, y, harmless(&source.name), 10, style);
        let flags = format!("{}{}", if strip.solo { "S" } else { " " }, if strip.mute { "M" } else { " " });
        let gain = if strip.gain_db == 0.0 { String::new() } else { format!("{:+.0} dB", strip.gain_db) };
        let place = if source.everywhere { "all round".to_string() } else { direction(app, source) };
        let text = format!("{flags}{gain:>7} {place:>9}");
        let room = usize::from(area.width.saturating_sub(13));
        buffer.set_stringn(area.x + 13, y, text, room, style);
    }
    let drawn = stage.sources.len().saturating_sub(first).min(rows) as u16;
    (Rect { height: drawn, ..area }, first)
}

/// Where a source is seen from the head: degrees and metres.
fn direction(app: &App, source: &crate::live::SourceView) -> String {
    let Some(stage) = &app.stage else { return String::new() };
    let (azimuth, _, distance) = stage.listener.relative(source.position).to_polar();
    let azimuth = azimuth.round() + 0.0;
    if distance < 99.5 { format!("{azimuth:+.0}° {distance:.1}") } else { format!("{azimuth:+.0}° {distance:.0}") }
}

/// All of it in one line, where there is no room for the panel.
pub(super) fn line(app: &App, theme: Theme, buffer: &mut Buffer, row: Rect) {
    let s = &app.status;
    let text = format!(
        "L{:>5} R{:>5} M{:>6} load {:.0}% x{}",
        db(app.shown.level[0]),
        db(app.shown.level[1]),
        lufs(app.meters.momentary_lufs),
        100.0 * s.mean_load,
        s.xruns
    );
    buffer.set_stringn(row.x, row.y, text, usize::from(row.width), theme.plain());
}
