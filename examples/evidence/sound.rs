//! What is heard: figures of the engine against the files' own data and against theory.

use crate::quality;
use crate::table::Row;
use periphon::hrtf::{HrtfSet, Measured, read};
use periphon::sofa::builtin_names;
use std::path::Path;
use std::sync::Arc;

/// All rows; `quick` looks at a part of the directions.
pub fn rows(quick: bool) -> Result<Vec<Row>, String> {
    let heads = heads()?;
    Ok(vec![
        at_measured_places(&heads, quick),
        left_out(&heads, quick)?,
        motion(&heads)?,
        blocks(&heads)?,
        levels(&heads),
    ])
}

fn heads() -> Result<Vec<(&'static str, Measured)>, String> {
    builtin_names().map(|name| Ok((name, Measured::from(read(name).map_err(|e| e.to_string())?)))).collect()
}

fn worst(figures: impl Iterator<Item = f64>) -> f64 {
    figures.fold(f64::NEG_INFINITY, f64::max)
}

fn at_measured_places(heads: &[(&str, Measured)], quick: bool) -> Row {
    let step = if quick { 16 } else { 1 };
    let figure = worst(heads.iter().map(|(_, m)| quality::worst_null_db(m, step)));
    let directions: usize = heads.iter().map(|(_, m)| m.positions.len().div_ceil(step)).sum();
    Row::new(
        "at a measured direction: difference from the file's own response",
        format!("{figure:.0} dB (worst of {directions})"),
        "≤ −100 dB",
        figure <= -100.0,
        "impulse through the engine, both built-in heads, 100 Hz to 0.42 of the rate",
    )
}

fn left_out(heads: &[(&str, Measured)], quick: bool) -> Result<Row, String> {
    let mut sets: Vec<(&str, Measured)> = heads.to_vec();
    // One person's ears, where the data shared among developers is at hand.
    let person = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hrtf/variety/sonicom_axd_p1_48k.sofa");
    if person.exists() {
        let data = periphon::sofa::open(&person).map_err(|e| e.to_string())?;
        sets.push(("SONICOM P1", Measured::from(data)));
    }
    let (mut figure, mut met) = (Vec::new(), true);
    for (name, measured) in &sets {
        let found = quality::left_out(measured, if quick { 8 } else { 1 });
        met &= found.ratio() <= 0.9 && found.itd_us <= 5.0;
        figure.push(format!("{name} {:.2} ({:.2} dB), ITD {:.1} µs", found.ratio(), found.lsd_db, found.itd_us));
    }
    Ok(Row::new(
        "at directions left out of the set (every second one): spectral distortion over that of ideal aligned mixing",
        figure.join("; "),
        "≤ 0.9, ITD ≤ 5 µs",
        met,
        "200 Hz to 16 kHz, against what was measured there",
    ))
}

fn sets(heads: &[(&str, Measured)], rate: f64) -> Result<Vec<Arc<HrtfSet>>, String> {
    heads.iter().map(|(_, m)| HrtfSet::new(m, rate).map(Arc::new).map_err(|e| e.to_string())).collect()
}

fn motion(heads: &[(&str, Measured)]) -> Result<Row, String> {
    let sets = sets(heads, 48_000.0)?;
    let at = |hz: f64| worst(sets.iter().map(|set| quality::away_from_tone_db(set, hz)));
    let figures = [500.0, 2000.0, 7000.0].map(at);
    let [a, b, c] = figures;
    Ok(Row::new(
        "a tone circling the head at 180°/s: energy away from it",
        format!("{a:.0}, {b:.0}, {c:.0} dB at 0.5, 2, 7 kHz"),
        "≤ −80 dB",
        figures.iter().all(|f| *f <= -80.0),
        "more than 300 Hz away, both ears, the worse head",
    ))
}

fn blocks(heads: &[(&str, Measured)]) -> Result<Row, String> {
    let sets = sets(heads, 48_000.0)?;
    let [still, moving] = [false, true].map(|moving| worst(sets.iter().map(|s| quality::blocks_differ_db(s, moving))));
    Ok(Row::new(
        "block of 64 against 1024 frames: difference",
        format!("still {still:.0} dB, moving {moving:.0} dB"),
        "≤ −120, ≤ −60 dB",
        still <= -120.0 && moving <= -60.0,
        "noise, the worse head",
    ))
}

fn levels(heads: &[(&str, Measured)]) -> Row {
    let figure = worst(heads.iter().map(|(_, m)| quality::levels_differ_db(m)));
    Row::new(
        "level of a source at 44.1 to 192 kHz: spread",
        format!("{figure:.3} dB"),
        "≤ 0.05 dB",
        figure <= 0.05,
        "six rates, six directions, both ears of both heads, 100 Hz to 16 kHz",
    )
}
