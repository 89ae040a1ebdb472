//! The picture of a room's response: energy decay by octave band, and where in time and frequency its energy lies.

use super::draw::chart::{Axis, Chart, in_order};
use super::draw::{Anchor, GREY, INK, Page};
use crate::dsp::fft::{Fft, Spectrum};
use crate::room::measures::{Measures, decay_curve};
use crate::room::{BAND_CENTRES_HZ, BANDS};

const WIDTH: f64 = 1000.0;
/// Decay curves are drawn this far down, dB.
const DEPTH_DB: f64 = 70.0;
/// Colours of the spectrogram reach this far down, dB.
const RANGE_DB: f64 = 80.0;
/// Points of a curve, columns and rows of the spectrogram.
const POINTS: usize = 600;
const COLUMNS: usize = 300;
const ROWS: usize = 110;
/// Lowest frequency of the spectrogram, Hz.
const LOW_HZ: f64 = 60.0;
/// Frames of one spectrum at 48 kHz.
const WINDOW_S: f64 = 2048.0 / 48_000.0;

/// One page: the decay curves with their T30 and the spectrogram of a response (one channel). `name` is its title.
pub(super) fn decay_picture(name: &str, response: &[f32], sample_rate: f64, measures: &Measures) -> Page {
    let mut page = Page::new(WIDTH, 920.0);
    page.heading((32.0, 38.0), 19.0, name);
    page.text((32.0, 58.0), 12.5, Anchor::Start, GREY, facts(response, sample_rate, measures));
    let curves: Vec<Vec<f64>> = BAND_CENTRES_HZ.iter().map(|hz| decay_curve(response, sample_rate, *hz)).collect();
    let seconds = shown(&curves, response.len(), sample_rate);
    decays(&mut page, &curves, seconds, sample_rate, measures);
    spectrogram(&mut page, response, seconds, sample_rate);
    page
}

fn facts(response: &[f32], sample_rate: f64, measures: &Measures) -> String {
    let minus = |text: String| text.replace('-', "−");
    let mut facts = format!("{:.2} s at {sample_rate} Hz", response.len() as f64 / sample_rate);
    if let Some(onset) = measures.onset_s {
        facts += &format!(", direct sound after {:.1} ms", onset * 1e3);
    }
    if let Some(gap) = measures.itdg_ms {
        facts += &format!(", first reflection {gap:.1} ms later");
    }
    if let Some(drr) = measures.drr_db {
        facts += &format!(", direct-to-reverberant ratio {} dB", minus(format!("{drr:.1}")));
    }
    facts
}

/// Seconds worth showing: until the slowest band has fallen out of the chart.
fn shown(curves: &[Vec<f64>], frames: usize, sample_rate: f64) -> f64 {
    let last = |curve: &Vec<f64>| curve.iter().rposition(|l| *l > -DEPTH_DB).unwrap_or(0);
    let frames = curves.iter().map(last).max().filter(|n| *n > 0).unwrap_or(frames);
    (1.03 * frames as f64 / sample_rate).max(0.02)
}

fn time_axis(seconds: f64) -> Axis {
    let axis = Axis::around("time, s", 0.0, seconds);
    let ticks = axis.ticks.into_iter().filter(|(v, _)| *v <= seconds).collect();
    Axis { to: seconds, ticks, ..axis }
}

/// A band's centre as people write it.
fn band_name(hz: f64) -> String {
    if hz < 1000.0 { format!("{hz} Hz") } else { format!("{} kHz", hz / 1000.0) }
}

fn decays(page: &mut Page, curves: &[Vec<f64>], seconds: f64, sample_rate: f64, measures: &Measures) {
    let levels: Vec<f64> = (0..=(DEPTH_DB / 10.0) as i32).map(|i| f64::from(-10 * i)).collect();
    let chart = Chart {
        left: 80.0,
        top: 110.0,
        width: 680.0,
        height: 370.0,
        x: time_axis(seconds),
        y: Axis::new("energy still to come, dB", -DEPTH_DB, 0.0, &levels),
    };
    chart.frame(page, "energy decay by octave band");
    let colours = in_order(BANDS);
    for (curve, colour) in curves.iter().zip(&colours) {
        let point = |i: usize| {
            let t = seconds * i as f64 / POINTS as f64;
            Some((t, *curve.get((t * sample_rate) as usize)?))
        };
        let points: Vec<(f64, f64)> = (0..=POINTS).map_while(point).collect();
        chart.curve(page, &points, *colour);
    }
    // The legend is a table beside the chart, in the order of the bands.
    let x = [800.0, 885.0, 933.0, 985.0];
    let y = |row: usize| chart.top + 14.0 + 24.0 * row as f64;
    for (x, title) in x[1..].iter().zip(["T30, s", "EDT, s", "C80, dB"]) {
        page.text((*x, y(0) - 4.0), 11.0, Anchor::End, GREY, title);
    }
    for (b, colour) in colours.iter().enumerate() {
        let (y, band) = (y(b + 1), &measures.bands[b]);
        chart.key(page, (x[0] - 12.0, y - 4.0), *colour);
        page.text((x[0] + 8.0, y), 11.5, Anchor::Start, INK, band_name(BAND_CENTRES_HZ[b]));
        let seconds = |v: Option<f64>| v.map_or("–".to_string(), |v| format!("{v:.2}"));
        let db = |v: Option<f64>| v.map_or("–".to_string(), |v| format!("{v:.1}").replace('-', "−"));
        for (x, text) in x[1..].iter().zip([seconds(band.t30), seconds(band.edt), db(band.c80)]) {
            page.text((*x, y), 11.5, Anchor::End, INK, text);
        }
    }
}

fn spectrogram(page: &mut Page, response: &[f32], seconds: f64, sample_rate: f64) {
    let high = 20_000f64.min(0.45 * sample_rate).max(4.0 * LOW_HZ);
    let len = ((WINDOW_S * sample_rate) as usize).next_power_of_two().clamp(64, 1 << 16);
    let window: Vec<f32> =
        (0..len).map(|n| 0.5 - 0.5 * (std::f64::consts::TAU * (n as f64 + 0.5) / len as f64).cos() as f32).collect();
    let mut fft = Fft::new(len);
    let mut spectrum = Spectrum::new(len);
    let mut levels = vec![0f64; COLUMNS * ROWS];
    for column in 0..COLUMNS {
        let centre = seconds * (column as f64 + 0.5) / COLUMNS as f64 * sample_rate;
        let from = centre as isize - len as isize / 2;
        for (n, (x, w)) in fft.time.iter_mut().zip(&window).enumerate() {
            let at = usize::try_from(from + n as isize).ok();
            let sample = at.and_then(|n| response.get(n)).copied().filter(|x| x.is_finite());
            *x = w * sample.unwrap_or(0.0);
        }
        fft.forward(&mut spectrum.re, &mut spectrum.im);
        for row in 0..ROWS {
            let bin = |r: usize| LOW_HZ * (high / LOW_HZ).powf(r as f64 / ROWS as f64) / sample_rate * len as f64;
            let (a, b) = (bin(row), bin(row + 1));
            let at = |k: usize| {
                let bin = |v: &[f32]| f64::from(v.get(k).copied().unwrap_or(0.0));
                bin(&spectrum.re).powi(2) + bin(&spectrum.im).powi(2)
            };
            // At low frequencies a row is narrower than a bin: between two bins on a straight line.
            let power = if b - a < 1.0 {
                let middle = 0.5 * (a + b);
                let part = middle - middle.floor();
                at(middle as usize) * (1.0 - part) + at(middle as usize + 1) * part
            } else {
                let bins = a.round() as usize..b.round() as usize;
                bins.clone().map(at).sum::<f64>() / bins.len().max(1) as f64
            };
            levels[row * COLUMNS + column] = 10.0 * power.max(1e-30).log10();
        }
    }
    let loudest = levels.iter().fold(f64::MIN, |m, v| m.max(*v));
    let values = levels.iter().map(|db| (1.0 + (db - loudest) / RANGE_DB).clamp(0.0, 1.0) as f32).collect();
    let (x, y) = (time_axis(seconds), Axis::hertz(LOW_HZ, high));
    let chart = Chart { left: 80.0, top: 580.0, width: 840.0, height: 270.0, x, y };
    chart.field(page, "spectrogram", COLUMNS, values);
    chart.scale(page, -RANGE_DB, 0.0, "dB");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coords::Vec3;
    use crate::room::measures::measures;
    use crate::room::response::{Shoebox, walls};
    use crate::room::{Air, Room};
    use std::path::Path;

    fn response(order: usize) -> Vec<f32> {
        let mut room = Room::new([7.0, 5.0, 3.0], 0.35);
        room.absorption[4] = [0.1, 0.12, 0.15, 0.3, 0.5, 0.6, 0.65];
        room.absorption[5] = [0.2, 0.22, 0.25, 0.3, 0.35, 0.4, 0.4];
        (room.reflection_order, room.air) = (order, Some(Air::default()));
        let reflection = walls(&room);
        let shoebox = Shoebox::new(&room, &reflection, Vec3::new(5.5, 3.1, 1.5), Vec3::new(2.0, 2.2, 1.6));
        shoebox.omni(48_000.0, 48_000).unwrap()
    }

    #[test]
    fn the_picture_names_every_band_with_its_decay() {
        let x = response(45);
        let m = measures(&x, 48_000.0);
        let page = decay_picture("room.wav", &x, 48_000.0, &m);
        let svg = String::from_utf8(page.to_bytes(Path::new("a.svg")).unwrap()).unwrap();
        if let Some(folder) = option_env!("PICTURES") {
            std::fs::write(format!("{folder}/decay.svg"), &svg).unwrap();
            std::fs::write(format!("{folder}/decay.png"), page.to_bytes(Path::new("a.png")).unwrap()).unwrap();
        }
        for (hz, band) in BAND_CENTRES_HZ.iter().zip(&m.bands) {
            assert!(svg.contains(&band_name(*hz)), "{hz}");
            assert!(svg.contains(&format!("{:.2}", band.t30.unwrap())), "{hz}");
        }
        assert!(svg.contains("direct-to-reverberant ratio"));
    }

    #[test]
    fn odd_responses_make_pictures_too() {
        for x in [vec![], vec![0.0; 100], vec![1.0], vec![f32::NAN; 1000], response(0)] {
            for rate in [8_000.0, 48_000.0, 384_000.0] {
                let page = decay_picture("odd", &x, rate, &measures(&x, rate));
                let svg = String::from_utf8(page.to_bytes(Path::new("a.svg")).unwrap()).unwrap();
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{} samples at {rate} Hz", x.len());
            }
        }
    }
}
