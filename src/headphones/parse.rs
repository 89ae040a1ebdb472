//! Equaliser files as AutoEq publishes them and Equalizer APO reads them, one command a line:
//!
//! ```text
//! Preamp: -6.2 dB
//! Filter 1: ON LSC Fc 105 Hz Gain 5.5 dB Q 0.70
//! Filter 2: ON PK Fc 180 Hz Gain -3.3 dB Q 0.57
//! Filter 3: OFF PK Fc 9140 Hz Gain 5.6 dB Q 3.46
//! GraphicEQ: 20 -0.5; 21 -0.6; 22 -0.6
//! ```
//!
//! Shapes: PK (also PEQ, Modal), LSC and LS, HSC and HS, LP and LPQ, HP and HPQ. A bandwidth in octaves may stand for Q
//! (`BW Oct 1.5`). Shelves without Q have Equalizer APO's slope of 0.9, and the frequency of LS and HS is then the
//! shelf's corner rather than its middle. What this program cannot do is an error, never left out.

use super::equaliser::{Equaliser, Filter, MOST_FILTERS, Shape, within};
use super::profile::Profile;
use crate::error::{Error, Result};

/// Points of a graphic equaliser at most.
const MOST_POINTS: usize = 4096;
/// The longest file that is read, bytes.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// Reads an equaliser file.
///
/// # Errors
/// `Malformed` if a line is not understood, `Unsupported` if it asks for something else than a filter for both ears,
/// `Limit` if there are too many. The message begins with the line's number.
pub(super) fn parse(name: &str, text: &str) -> Result<Profile> {
    if text.len() > MOST_BYTES {
        return Err(Error::limit(format!(
            "an equaliser file has at most {MOST_BYTES} bytes, this one has {}",
            text.len()
        )));
    }
    let mut equaliser = Equaliser::default();
    let mut graphic = Vec::new();
    let mut preamp = None;
    let mut commands = 0;
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        commands += 1;
        command(line, &mut equaliser, &mut graphic, &mut preamp).map_err(|(kind, message)| {
            let text = format!("line {}: {message}", index + 1);
            let hint = "a line looks like: Filter 1: ON PK Fc 105 Hz Gain 5.2 dB Q 0.70";
            match kind {
                Fault::Malformed => Error::malformed(text).hint(hint),
                Fault::Unsupported => Error::unsupported(text),
                Fault::Limit => Error::limit(text),
            }
        })?;
    }
    if commands == 0 {
        return Err(Error::malformed("there is no filter in the file")
            .hint("AutoEq's files are called '... ParametricEQ.txt' and '... GraphicEQ.txt'"));
    }
    equaliser.preamp_db = preamp.unwrap_or(0.0);
    Ok(Profile { graphic, ..Profile::of(name, equaliser) })
}

/// What is wrong with a line.
enum Fault {
    Malformed,
    Unsupported,
    Limit,
}

type Parsed<T> = Result<T, (Fault, String)>;

fn malformed<T>(message: impl Into<String>) -> Parsed<T> {
    Err((Fault::Malformed, message.into()))
}

fn command(
    line: &str,
    equaliser: &mut Equaliser,
    graphic: &mut Vec<(f64, f64)>,
    preamp: &mut Option<f64>,
) -> Parsed<()> {
    let Some((head, rest)) = line.split_once(':') else {
        return malformed(format!("expected 'Preamp:', 'Filter N:' or 'GraphicEQ:', found '{}'", short(line)));
    };
    let (head, rest) = (head.trim(), rest.trim());
    let lower = head.to_ascii_lowercase();
    match lower.split_whitespace().next().unwrap_or_default() {
        "preamp" => {
            let value = number(rest.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' '))
                .map_or_else(|| malformed(format!("a preamp is a number of dB, not '{}'", short(rest))), Ok)?;
            let value = in_range(value, -100.0, 60.0, "the preamp in dB")?;
            // Several preamps add up, as in Equalizer APO.
            *preamp = Some(in_range(preamp.unwrap_or(0.0) + value, -100.0, 60.0, "the sum of the preamps in dB")?);
        }
        "filter" => {
            if let Some(filter) = filter(rest)? {
                if equaliser.filters.len() == MOST_FILTERS {
                    return Err((Fault::Limit, format!("there are more than {MOST_FILTERS} filters")));
                }
                equaliser.filters.push(filter);
            }
        }
        "graphiceq" => {
            if !graphic.is_empty() {
                return Err((Fault::Unsupported, "there is a second GraphicEQ; one is supported".into()));
            }
            *graphic = points(rest)?;
        }
        "channel" if rest.eq_ignore_ascii_case("all") => {}
        "channel" => {
            return Err((
                Fault::Unsupported,
                "filters for one channel only are not supported; a two-channel impulse response can say that".into(),
            ));
        }
        "device" | "include" | "convolution" | "copy" | "delay" | "stage" | "if" | "eval" | "loudnesscorrection" => {
            return Err((Fault::Unsupported, format!("the command '{}' is not supported", short(head))));
        }
        _ => {
            return malformed(format!("expected 'Preamp:', 'Filter N:' or 'GraphicEQ:', found '{}:'", short(head)));
        }
    }
    Ok(())
}

/// The part behind `Filter N:`; `None` if it is off or empty.
fn filter(text: &str) -> Parsed<Option<Filter>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let lower: Vec<String> = words.iter().map(|w| w.to_ascii_lowercase()).collect();
    let (on, code) = match (lower.first().map(String::as_str), lower.get(1).map(String::as_str)) {
        (Some("off"), _) | (Some("on"), Some("none")) => return Ok(None),
        (Some("on"), Some(code)) => (true, code),
        _ => (false, ""),
    };
    if !on {
        return malformed(format!("a filter begins with ON or OFF and its shape, not with '{}'", short(text)));
    }
    let (shape, corner) = match code {
        "pk" | "peq" | "modal" => (Shape::Peak, false),
        "lsc" => (Shape::LowShelf, false),
        "ls" => (Shape::LowShelf, true),
        "hsc" => (Shape::HighShelf, false),
        "hs" => (Shape::HighShelf, true),
        "lp" | "lpq" => (Shape::LowPass, false),
        "hp" | "hpq" => (Shape::HighPass, false),
        "no" | "ap" | "bp" | "iir" => {
            return Err((Fault::Unsupported, format!("filters of the shape '{}' are not supported", words[1])));
        }
        _ => {
            return malformed(format!(
                "'{}' is no shape of a filter; the shapes are PK, LSC, HSC, LS, HS, LP, HP",
                short(words[1])
            ));
        }
    };
    let (mut frequency, mut gain, mut q, mut octaves) = (None, None, None, None);
    let mut at = 2;
    while at < lower.len() {
        let (slot, what, step): (&mut Option<f64>, &str, usize) = match lower[at].as_str() {
            "fc" => (&mut frequency, "Fc", 1),
            "gain" => (&mut gain, "Gain", 1),
            "q" => (&mut q, "Q", 1),
            "bw" if lower.get(at + 1).is_some_and(|w| w == "oct") => (&mut octaves, "BW Oct", 2),
            "hz" | "db" => {
                at += 1;
                continue;
            }
            other => return malformed(format!("expected Fc, Gain or Q, found '{}'", short(other))),
        };
        if slot.is_some() {
            return malformed(format!("{what} is given twice"));
        }
        let word = lower.get(at + step).map_or("", String::as_str);
        let word = word.trim_end_matches("hz").trim_end_matches("db");
        *slot = if what == "Fc" { frequency_number(word) } else { number(word) };
        if slot.is_none() {
            return malformed(format!("{what} is followed by a number, not by '{}'", short(word)));
        }
        at += step + 1;
    }
    let Some(frequency) = frequency else { return malformed("the filter has no frequency (Fc)") };
    let pass = matches!(shape, Shape::LowPass | Shape::HighPass);
    let gain_db = match gain {
        Some(gain) => in_range(gain, -60.0, 60.0, "the gain in dB")?,
        None if pass => 0.0,
        None => return malformed("the filter has no gain (Gain)"),
    };
    let mut frequency_hz = in_range(frequency, 1.0, 100_000.0, "the frequency in Hz")?;
    let q = match (q, octaves) {
        (Some(_), Some(_)) => return malformed("the filter has both a Q and a bandwidth"),
        (Some(q), None) => q,
        // A bandwidth between the points of half the gain (the cookbook's BW, before the bilinear transform).
        (None, Some(octaves)) => {
            let octaves = in_range(octaves, 0.01, 12.0, "the bandwidth in octaves")?;
            0.5 / (0.5 * std::f64::consts::LN_2 * octaves).sinh()
        }
        (None, None) if pass => std::f64::consts::FRAC_1_SQRT_2,
        (None, None) if shape == Shape::Peak => return malformed("the filter has no width (Q)"),
        (None, None) => {
            const SLOPE: f64 = 0.9;
            if corner {
                let factor = 10f64.powf(gain_db.abs() / 80.0 / SLOPE);
                frequency_hz = if shape == Shape::LowShelf { frequency_hz * factor } else { frequency_hz / factor };
                frequency_hz = frequency_hz.clamp(1.0, 100_000.0);
            }
            let amp = 10f64.powf(gain_db / 40.0);
            1.0 / ((amp + 1.0 / amp) * (1.0 / SLOPE - 1.0) + 2.0).sqrt()
        }
    };
    let q = in_range(q, 0.01, 100.0, "Q")?;
    Ok(Some(Filter { shape, frequency_hz, gain_db, q }))
}

/// Pairs of hertz and decibels, frequencies rising.
fn points(text: &str) -> Parsed<Vec<(f64, f64)>> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for pair in text.split(';').map(str::trim).filter(|p| !p.is_empty()) {
        let words: Vec<&str> = pair.split_whitespace().collect();
        let (Some(hz), Some(db), 2) =
            (words.first().and_then(|w| number(w)), words.get(1).and_then(|w| number(w)), words.len())
        else {
            return malformed(format!("a point is a frequency and a gain, not '{}'", short(pair)));
        };
        let hz = in_range(hz, 0.0, 1e6, "the frequency in Hz")?;
        let db = in_range(db, -120.0, 60.0, "the gain in dB")?;
        if points.last().is_some_and(|last| last.0 >= hz) {
            return malformed(format!("the frequencies rise from point to point, {hz} Hz does not"));
        }
        points.push((hz, db));
        if points.len() > MOST_POINTS {
            return Err((Fault::Limit, format!("there are more than {MOST_POINTS} points")));
        }
    }
    if points.is_empty() { malformed("there is no point behind 'GraphicEQ:'") } else { Ok(points) }
}

fn in_range(value: f64, low: f64, high: f64, what: &str) -> Parsed<f64> {
    within(value, low, high, what).map_err(|e| (Fault::Malformed, e.to_string()))
}

/// A number with a decimal point or comma.
fn number(word: &str) -> Option<f64> {
    let word = word.trim().replace('\u{2212}', "-");
    // Rust's own parser would also take "inf" and "nan".
    if !word.bytes().all(|b| b.is_ascii_digit() || b"+-.,eE".contains(&b)) {
        return None;
    }
    let dotted = if word.contains('.') { word.clone() } else { word.replacen(',', ".", 1) };
    dotted.parse().ok().filter(|x: &f64| x.is_finite())
}

/// As [`number`]; a comma before exactly three digits parts the thousands.
fn frequency_number(word: &str) -> Option<f64> {
    match word.split_once(',') {
        Some((left, right)) if right.len() == 3 && !left.is_empty() && !left.starts_with('0') => {
            number(&format!("{left}{right}"))
        }
        _ => number(word),
    }
}

/// A piece of the file that is fit for a message.
fn short(text: &str) -> String {
    let mut cut: String = text.chars().take(40).collect();
    if cut.len() < text.len() {
        cut.push_str("...");
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    const AUTOEQ: &str = "Preamp: -6.2 dB\nFilter 1: ON LSC Fc 105 Hz Gain 5.5 dB Q 0.70\n\
        Filter 2: ON PK Fc 180 Hz Gain -3.3 dB Q 0.57\nFilter 3: OFF PK Fc 9140 Hz Gain 5.6 dB Q 3.46\n\
        Filter 10: ON HSC Fc 10000 Hz Gain -1.1 dB Q 0.70\n";

    #[test]
    fn a_file_of_autoeq_is_read_number_by_number() {
        let profile = parse("x", AUTOEQ).unwrap();
        let expected = [
            Filter { shape: Shape::LowShelf, frequency_hz: 105.0, gain_db: 5.5, q: 0.7 },
            Filter { shape: Shape::Peak, frequency_hz: 180.0, gain_db: -3.3, q: 0.57 },
            Filter { shape: Shape::HighShelf, frequency_hz: 10_000.0, gain_db: -1.1, q: 0.7 },
        ];
        assert_eq!(profile.equaliser.filters, expected);
        assert_eq!(profile.equaliser.preamp_db, -6.2);
        assert!(profile.graphic.is_empty());
    }

    #[test]
    fn other_spellings_mean_the_same() {
        let plain = parse("x", "Filter 1: ON PK Fc 1000 Hz Gain -3.5 dB Q 1.41").unwrap();
        for text in [
            "\u{feff}Filter: ON PK Fc 1000 Hz Gain -3.5 dB Q 1.41\r\n",
            "# a remark\n\nfilter  7:  on  peq  fc 1000hz gain -3.5dB q 1.41 # why",
            "Filter 1: ON PK Fc 1,000 Hz Gain -3,5 dB Q 1,41",
            "Channel: all\nFilter 1: ON PK Gain \u{2212}3.5 dB Fc 1e3 Hz Q 1.41\nFilter 2: ON None",
        ] {
            assert_eq!(parse("x", text).unwrap(), plain, "{text}");
        }
        let octaves = parse("x", "Filter: ON PK Fc 50 Hz Gain -3.0 dB BW Oct 1").unwrap().equaliser.filters[0].q;
        assert!((octaves - 2f64.sqrt()).abs() < 1e-3, "{octaves}");
        let shelf = parse("x", "Filter: ON LS Fc 100 Hz Gain 9 dB").unwrap().equaliser.filters[0];
        assert!((shelf.frequency_hz - 133.35).abs() < 0.01 && (shelf.q - 0.664).abs() < 0.01, "{shelf:?}");
    }

    #[test]
    fn a_graphic_equaliser_is_read() {
        let profile = parse("x", "GraphicEQ: 20 -0.5; 21.5 -0.6; 20000 3;").unwrap();
        assert_eq!(profile.graphic, [(20.0, -0.5), (21.5, -0.6), (20_000.0, 3.0)]);
    }

    #[test]
    fn errors_name_the_line_and_what_was_expected() {
        for (text, line, words, kind) in [
            ("Preamp: loud dB", 1, "'loud dB'", ErrorKind::Malformed),
            ("Preamp: -6 dB\nFilter 1: ON PK Fc 100 Hz Gain 5 dB", 2, "no width", ErrorKind::Malformed),
            ("\n\nFilter 1: ON XX Fc 100 Hz", 3, "'xx'", ErrorKind::Malformed),
            ("Filter 1: PK Fc 100 Hz", 1, "ON or OFF", ErrorKind::Malformed),
            ("Filter 1: ON PK Fc inf Hz Gain 5 dB Q 1", 1, "'inf'", ErrorKind::Malformed),
            ("Filter 1: ON PK Fc 0 Hz Gain 5 dB Q 1", 1, "from 1 to", ErrorKind::Malformed),
            ("Filter 1: ON PK Fc 100 Hz Gain 500 dB Q 1", 1, "from -60 to 60", ErrorKind::Malformed),
            ("Filter 1: ON PK Fc 100 Hz Gain 5 dB Q 0", 1, "Q is from", ErrorKind::Malformed),
            ("Filter 1: ON PK Fc 100 Hz Fc 100 Hz Gain 5 dB Q 1", 1, "twice", ErrorKind::Malformed),
            ("Filter 1: ON PK Fc", 1, "followed by a number", ErrorKind::Malformed),
            ("Channel: L\nFilter 1: ON PK Fc 9 Hz Gain 5 dB Q 1", 1, "one channel", ErrorKind::Unsupported),
            ("Filter 1: ON AP Fc 100 Hz Q 1", 1, "'AP'", ErrorKind::Unsupported),
            ("Include: other.txt", 1, "Include", ErrorKind::Unsupported),
            ("GraphicEQ: 20 1; 20 2", 1, "rise", ErrorKind::Malformed),
            ("GraphicEQ: 20", 1, "a frequency and a gain", ErrorKind::Malformed),
            ("hello", 1, "found 'hello'", ErrorKind::Malformed),
        ] {
            let error = parse("x", text).unwrap_err();
            let message = error.to_string();
            assert!(message.starts_with(&format!("line {line}: ")), "{text}: {message}");
            assert!(message.to_lowercase().contains(&words.to_lowercase()), "{text}: {message}");
            assert_eq!(error.kind(), kind, "{text}");
        }
        assert!(parse("x", "# nothing\n").unwrap_err().to_string().contains("no filter"));
        let many = "Filter: ON PK Fc 9 Hz Gain 5 dB Q 1\n".repeat(257);
        assert_eq!(parse("x", &many).unwrap_err().kind(), ErrorKind::Limit);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}", words in proptest::collection::vec(
            proptest::sample::select(vec!["Filter", "1", ":", "ON", "OFF", "PK", "LS", "Fc", "Gain", "Q", "BW", "Oct", "Hz",
                "dB", "-", "1e9", "nan", "Preamp:", "GraphicEQ:", ";", "\n", "\u{fffd}", "12"]), 0..24)) {
            let _ = parse("x", &text);
            if let Ok(profile) = parse("x", &words.join(" ")) {
                proptest::prop_assert!(profile.equaliser.check().is_ok());
            }
        }
    }
}
