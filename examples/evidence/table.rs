//! The table and what it says about the machine.

use std::fs;
use std::path::Path;

/// One line of the table.
pub struct Row {
    /// What was measured.
    pub what: &'static str,
    /// What came out.
    pub figure: String,
    /// What it is to be, or what the best other program needs.
    pub aim: String,
    /// How it was measured, in a few words.
    pub how: &'static str,
    /// `Some(false)` where the aim is missed; `None` where nothing could be measured.
    pub met: Option<bool>,
}

impl Row {
    /// A figure and whether it meets its aim.
    pub fn new(what: &'static str, figure: String, aim: impl Into<String>, met: bool, how: &'static str) -> Self {
        Self { what, figure, aim: aim.into(), how, met: Some(met) }
    }

    /// A line that could not be measured here.
    pub fn skipped(what: &'static str, why: &str, how: &'static str) -> Self {
        Self { what, figure: format!("not measured: {why}"), aim: String::new(), how, met: None }
    }
}

/// The table in Markdown with a line on where it is from.
pub fn markdown(rows: &[Row], quick: bool) -> String {
    let mut text =
        String::from("| what | figure | aim, or the best other program | how |\n| --- | --- | --- | --- |\n");
    for r in rows {
        let missed = if r.met == Some(false) { " **(missed)**" } else { "" };
        text += &format!("| {} | {}{missed} | {} | {} |\n", r.what, r.figure, r.aim, r.how);
    }
    let short = if quick { ", the short form" } else { "" };
    text += &format!(
        "\nMeasured on {} with periphon {} ({} loops), {}, by `cargo run --release --example evidence`{short}. \
         Times are CPU time, medians of runs taken in turn with the other programs'.\n",
        today(),
        env!("CARGO_PKG_VERSION"),
        periphon::dsp::kernel::Kernels::detect().name(),
        machine(),
    );
    text
}

/// Replaces what is between the markers in the README.
pub fn write(readme: &Path, table: &str) -> Result<(), String> {
    const BEGIN: &str = "<!-- evidence -->";
    const END: &str = "<!-- /evidence -->";
    let text = fs::read_to_string(readme).map_err(|e| format!("{}: {e}", readme.display()))?;
    let text = match (text.find(BEGIN), text.find(END)) {
        (Some(from), Some(to)) if from < to => {
            format!("{}\n{table}{}", &text[..from + BEGIN.len()], &text[to..])
        }
        (None, None) => format!("{}\n\n{BEGIN}\n{table}{END}\n", text.trim_end()),
        _ => return Err(format!("{}: the markers {BEGIN} and {END} do not make a pair", readme.display())),
    };
    fs::write(readme, text).map_err(|e| format!("{}: {e}", readme.display()))
}

/// The processor and its cores.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|l| l.strip_prefix("model name")?.split_once(':').map(|(_, m)| m.trim()));
    format!("{} ({cores} cores, {})", model.unwrap_or(std::env::consts::ARCH), std::env::consts::OS)
}

/// Today in UTC, by the civil calendar from days since 1970 (Hinnant, "chrono-compatible low-level date algorithms").
fn today() -> String {
    let days = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |t| t.as_secs() / 86_400);
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let m = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}
