//! What `periphon ir` says: the figures of ISO 3382-1 as JSON and as a table.

use super::ir::Receiver;
use super::print;
use crate::room::BAND_CENTRES_HZ;
use crate::room::measures::{BandMeasures, Measures};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

/// What was written and measured.
pub(super) struct Report<'a> {
    pub output: &'a Path,
    pub plot: Option<&'a Path>,
    pub sample_rate: u32,
    pub frames: usize,
    pub channels: usize,
    pub receiver: Receiver,
    pub source: &'a str,
    pub room: &'a str,
    /// The highest order of images in the omnidirectional response.
    pub order: usize,
    pub hrtf: Option<&'a str>,
    pub measures: &'a Measures,
    pub warnings: &'a [String],
}

/// A figure of a band.
type Figure = fn(&BandMeasures) -> Option<f64>;

/// Name, and how it is taken from a band.
const FIGURES: [(&str, Figure); 7] = [
    ("t20", |b| b.t20),
    ("t30", |b| b.t30),
    ("edt", |b| b.edt),
    ("c50", |b| b.c50),
    ("c80", |b| b.c80),
    ("d50", |b| b.d50),
    ("ts", |b| b.ts),
];

impl Report<'_> {
    /// One object; times in seconds (`ts` too), ratios in dB, null where a figure cannot be measured.
    pub(super) fn json(&self) -> Value {
        let m = self.measures;
        let mut value = json!({
            "output": self.output.to_string_lossy(),
            "plot": self.plot.map(|p| p.to_string_lossy()),
            "sample_rate": self.sample_rate,
            "frames": self.frames,
            "channels": self.channels,
            "receiver": self.receiver.name(),
            "source": self.source,
            "room": self.room,
            "image_order": self.order,
            "hrtf": self.hrtf,
            "figures_of": "omni",
            "bands_hz": BAND_CENTRES_HZ,
            "drr_db": m.drr_db,
            "itdg_ms": m.itdg_ms,
            "onset_ms": m.onset_s.map(|s| s * 1e3),
            "warnings": self.warnings,
        });
        for (name, figure) in FIGURES {
            value[name] = m.bands.iter().map(figure).collect::<Vec<_>>().into();
        }
        value
    }

    /// A few lines and a table.
    pub(super) fn text(&self) -> String {
        let m = self.measures;
        let mut t = format!(
            "{}: {:.3} s at {} Hz, {} ({} channel{})\n",
            self.output.display(),
            self.frames as f64 / f64::from(self.sample_rate),
            self.sample_rate,
            self.receiver.name(),
            self.channels,
            if self.channels == 1 { "" } else { "s" },
        );
        let mut line = |name: &str, value: String| {
            let _ = writeln!(t, "  {name:<22}{value}");
        };
        line("source", self.source.to_string());
        line("room", self.room.to_string());
        line("images up to order", self.order.to_string());
        if let Some(hrtf) = self.hrtf {
            line("head", hrtf.to_string());
        }
        line("direct sound after", print::some(m.onset_s.map(|s| s * 1e3), 2, "ms"));
        line("first reflection", print::some(m.itdg_ms, 2, "ms later"));
        line("direct to reverberant", print::some(m.drr_db, 1, "dB"));
        let _ = writeln!(t, "     Hz   T20 s   T30 s   EDT s  C50 dB  C80 dB   D50 %   Ts ms");
        for (hz, band) in BAND_CENTRES_HZ.iter().zip(&m.bands) {
            let _ = write!(t, "  {hz:>5}");
            let columns = [
                (band.t20, 2),
                (band.t30, 2),
                (band.edt, 2),
                (band.c50, 1),
                (band.c80, 1),
                (band.d50.map(|d| 100.0 * d), 0),
                (band.ts.map(|s| 1e3 * s), 1),
            ];
            for (value, digits) in columns {
                let text = value.map_or("-".to_string(), |v| format!("{v:.digits$}"));
                let _ = write!(t, " {text:>7}");
            }
            t.push('\n');
        }
        let why: Vec<String> = BAND_CENTRES_HZ
            .iter()
            .zip(&m.bands)
            .filter_map(|(hz, b)| b.missing.as_ref().map(|why| format!("  {hz} Hz: {why}\n")))
            .collect();
        t + &why.concat()
    }
}
