//! Values of flags, each with its range.

use crate::coords::Vec3;
use crate::render::{Loudness, Vocals};

/// A number from `low` to `high`.
fn within(text: &str, low: f64, high: f64, what: &str) -> Result<f64, String> {
    let value: f64 = text.trim().parse().map_err(|_| format!("{what} is a number, not '{text}'"))?;
    if (low..=high).contains(&value) { Ok(value) } else { Err(format!("{what} is from {low} to {high}, not {text}")) }
}

/// `AZ,EL[,DIST]`.
pub(super) fn position(text: &str) -> Result<Vec3, String> {
    let parts: Vec<&str> = text.split(',').collect();
    if !(2..=3).contains(&parts.len()) {
        return Err("a position is AZIMUTH,ELEVATION or AZIMUTH,ELEVATION,DISTANCE, such as 30,0,1".to_string());
    }
    let azimuth = within(parts[0], -360.0, 360.0, "azimuth in degrees")?;
    let elevation = within(parts[1], -90.0, 90.0, "elevation in degrees")?;
    let distance = parts.get(2).map_or(Ok(1.0), |d| within(d, 0.01, 1000.0, "distance in metres"))?;
    Ok(Vec3::from_polar(azimuth, elevation, distance))
}

/// Seconds for one turn, not zero.
pub(super) fn turn(text: &str) -> Result<f64, String> {
    let value = within(text, -3600.0, 3600.0, "seconds for one turn")?;
    if value.abs() < 0.05 { Err("one turn takes at least 0.05 s".to_string()) } else { Ok(value) }
}

/// A point of time or a length, seconds.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    within(text, 0.0, 1e6, "a time in seconds")
}

/// A number, or a word that stands for none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Maybe(pub Option<f64>);

/// Seconds, or `auto`.
pub(super) fn tail(text: &str) -> Result<Maybe, String> {
    or_word(text, "auto", 0.0, 600.0, "the tail in seconds (or auto)")
}

fn or_word(text: &str, word: &str, low: f64, high: f64, what: &str) -> Result<Maybe, String> {
    if text == word { Ok(Maybe(None)) } else { within(text, low, high, what).map(|x| Maybe(Some(x))) }
}

/// LUFS, `source` or `off`.
pub(super) fn loudness(text: &str) -> Result<Loudness, String> {
    match text {
        "source" => Ok(Loudness::Source),
        "off" => Ok(Loudness::Off),
        _ => within(text, -70.0, 0.0, "loudness in LUFS (or source, off)").map(Loudness::Lufs),
    }
}

/// dB, `off` or `only`.
pub(super) fn vocals(text: &str) -> Result<Vocals, String> {
    match text {
        "off" => Ok(Vocals::Off),
        "only" => Ok(Vocals::Only),
        _ => within(text, -60.0, 20.0, "gain in dB (or off, only)").map(Vocals::Gain),
    }
}

/// dBTP, or `off`.
pub(super) fn true_peak(text: &str) -> Result<Maybe, String> {
    or_word(text, "off", -60.0, 0.0, "true peak in dBTP (or off)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_have_two_or_three_numbers_in_range() {
        assert!((position("90,0").unwrap() - Vec3::new(0.0, 1.0, 0.0)).norm() < 1e-12);
        assert!((position("-90, 0, 2").unwrap() - Vec3::new(0.0, -2.0, 0.0)).norm() < 1e-12);
        for bad in ["", "1", "1,2,3,4", "a,b", "0,91", "0,0,0", "NaN,0", "0,0,inf"] {
            assert!(position(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn words_and_numbers_are_told_apart() {
        assert_eq!(loudness("off"), Ok(Loudness::Off));
        assert_eq!(loudness("-16"), Ok(Loudness::Lufs(-16.0)));
        assert!(loudness("3").is_err() && loudness("loud").is_err());
        assert_eq!(tail("auto"), Ok(Maybe(None)));
        assert_eq!(true_peak("-1"), Ok(Maybe(Some(-1.0))));
        assert!(turn("0").is_err());
    }
}
