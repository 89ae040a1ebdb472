//! The alphabet of the rasteriser: letters as strokes, like those of a draughtsman's stencil.
//!
//! A letter is written in a small language, in units of which capitals are 7 high and small letters 5, from the base
//! line up: `M x y` lifts the pen to a point, `L x y` draws to one, `Q cx cy x y` draws a parabola, `A cx cy rx ry from
//! to` lifts the pen and draws part of an ellipse (degrees, counter-clockwise), `C` the same without lifting it.

/// Units of a font's size: capitals are 7 of 10, as in the common sans-serifs.
pub(super) const EM: f64 = 9.8;
/// Between letters, and the width of a blank.
const GAP: f64 = 1.7;
const BLANK: f64 = 1.4;

/// Letter, width, strokes.
const LETTERS: &[(char, f64, &str)] = &[
    ('0', 4.4, "A 2.2 3.5 2.2 3.5 0 360"),
    ('1', 4.4, "M 0.8 5.6 L 2.6 7 L 2.6 0"),
    ('2', 4.4, "A 2.2 4.9 2.1 2.1 170 -38 L 0.1 0 L 4.4 0"),
    ('3', 4.4, "A 2.1 5.3 1.9 1.7 155 -90 L 1.6 3.6 M 2.1 3.6 C 2.1 1.8 2.2 1.8 90 -155"),
    ('4', 4.4, "M 3.4 0 L 3.4 7 L 0 2 L 4.5 2"),
    ('5', 4.4, "M 4 7 L 0.9 7 L 0.5 3.7 C 2.1 2.25 2.2 2.25 138 -150"),
    ('6', 4.4, "A 2.2 2.2 2.2 2.2 0 360 M 0 2.2 Q 0 6.2 3.7 7"),
    ('7', 4.4, "M 0 7 L 4.4 7 L 1.5 0"),
    ('8', 4.4, "A 2.2 5.3 1.85 1.7 0 360 A 2.2 1.8 2.2 1.8 0 360"),
    ('9', 4.4, "A 2.2 4.8 2.2 2.2 0 360 M 4.4 4.8 Q 4.4 0.8 0.7 0"),
    ('a', 4.2, "A 2.1 2.5 2.1 2.5 0 360 M 4.2 5 L 4.2 0"),
    ('b', 4.2, "M 0 7.2 L 0 0 A 2.1 2.5 2.1 2.5 0 360"),
    ('c', 3.7, "A 2.1 2.5 2.1 2.5 48 312"),
    ('d', 4.2, "M 4.2 7.2 L 4.2 0 A 2.1 2.5 2.1 2.5 0 360"),
    ('e', 4.2, "M 0 2.6 L 4.2 2.6 C 2.1 2.5 2.1 2.5 2 312"),
    ('f', 2.5, "M 0.9 0 L 0.9 5.7 C 2.4 5.7 1.5 1.5 180 85 M 0 4.9 L 2.4 4.9"),
    ('g', 4.2, "A 2.1 2.5 2.1 2.5 0 360 M 4.2 5 L 4.2 -0.2 C 2.1 -0.2 2.1 1.8 0 -150"),
    ('h', 4.0, "M 0 7.2 L 0 0 M 0 3 C 2 3 2 2 180 0 L 4 0"),
    ('i', 0.2, "M 0.1 5 L 0.1 0 M 0.1 6.8 L 0.1 6.9"),
    ('j', 0.9, "M 0.9 5 L 0.9 -0.8 C -0.1 -0.8 1 1.2 0 -80 M 0.9 6.8 L 0.9 6.9"),
    ('k', 3.8, "M 0 7.2 L 0 0 M 3.6 5 L 0 1.7 M 1.4 3 L 3.9 0"),
    ('l', 0.2, "M 0.1 7.2 L 0.1 0"),
    ('m', 6.4, "M 0 5 L 0 0 M 0 3.3 C 1.6 3.3 1.6 1.7 180 0 L 3.2 0 M 3.2 3.3 C 4.8 3.3 1.6 1.7 180 0 L 6.4 0"),
    ('n', 4.0, "M 0 5 L 0 0 M 0 3 C 2 3 2 2 180 0 L 4 0"),
    ('o', 4.4, "A 2.2 2.5 2.2 2.5 0 360"),
    ('p', 4.2, "M 0 5 L 0 -2 A 2.1 2.5 2.1 2.5 0 360"),
    ('q', 4.2, "M 4.2 5 L 4.2 -2 A 2.1 2.5 2.1 2.5 0 360"),
    ('r', 2.2, "M 0 5 L 0 0 M 0 3 C 2 3 2 2 180 85"),
    ('s', 3.4, "A 1.75 3.75 1.5 1.25 35 270 C 1.7 1.25 1.7 1.25 90 -150"),
    ('t', 2.5, "M 1 6.5 L 1 1.4 C 2.3 1.4 1.3 1.4 180 275 M 0 4.9 L 2.5 4.9"),
    ('u', 4.0, "M 0 5 L 0 2 C 2 2 2 2 180 360 M 4 5 L 4 0"),
    ('v', 4.0, "M 0 5 L 2 0 L 4 5"),
    ('w', 6.0, "M 0 5 L 1.5 0 L 3 5 L 4.5 0 L 6 5"),
    ('x', 3.8, "M 0 5 L 3.8 0 M 3.8 5 L 0 0"),
    ('y', 4.0, "M 0 5 L 2 0 M 4 5 L 1.7 -1 Q 1.2 -2.1 0.2 -2"),
    ('z', 3.6, "M 0 5 L 3.6 5 L 0 0 L 3.7 0"),
    ('A', 5.4, "M 0 0 L 2.7 7 L 5.4 0 M 0.9 2.3 L 4.5 2.3"),
    ('B', 4.7, "M 0 0 L 0 7 L 2.6 7 C 2.6 5.3 1.7 1.7 90 -90 L 0 3.6 M 2.6 3.6 C 2.8 1.8 1.9 1.8 90 -90 L 0 0"),
    ('C', 5.3, "A 3.1 3.5 3.1 3.5 45 315"),
    ('D', 5.2, "M 2 0 L 0 0 L 0 7 L 2 7 C 2 3.5 3.2 3.5 90 -90"),
    ('E', 4.2, "M 4.2 7 L 0 7 L 0 0 L 4.3 0 M 0 3.6 L 3.8 3.6"),
    ('F', 4.0, "M 4.1 7 L 0 7 L 0 0 M 0 3.5 L 3.6 3.5"),
    ('G', 5.9, "A 3.1 3.5 3.1 3.5 45 320 L 5.6 3.3 L 3.4 3.3"),
    ('H', 5.0, "M 0 0 L 0 7 M 5 0 L 5 7 M 0 3.6 L 5 3.6"),
    ('I', 0.2, "M 0.1 0 L 0.1 7"),
    ('J', 3.2, "M 3.2 7 L 3.2 1.8 C 1.6 1.8 1.6 1.8 0 -170"),
    ('K', 4.8, "M 0 0 L 0 7 M 4.6 7 L 0 2.4 M 1.7 4.1 L 4.9 0"),
    ('L', 3.9, "M 0 7 L 0 0 L 3.9 0"),
    ('M', 6.0, "M 0 0 L 0 7 L 3 1.2 L 6 7 L 6 0"),
    ('N', 5.0, "M 0 0 L 0 7 L 5 0 L 5 7"),
    ('O', 6.4, "A 3.2 3.5 3.2 3.5 0 360"),
    ('P', 4.6, "M 0 0 L 0 7 L 2.7 7 C 2.7 5.1 1.9 1.9 90 -90 L 0 3.2"),
    ('Q', 6.4, "A 3.2 3.5 3.2 3.5 0 360 M 3.8 1.8 L 6.3 -0.5"),
    ('R', 4.8, "M 0 0 L 0 7 L 2.7 7 C 2.7 5.1 1.9 1.9 90 -90 L 0 3.2 M 2.6 3.2 L 4.8 0"),
    ('S', 4.5, "A 2.3 5.25 2 1.75 32 270 C 2.25 1.75 2.25 1.75 90 -152"),
    ('T', 5.0, "M 0 7 L 5 7 M 2.5 7 L 2.5 0"),
    ('U', 5.0, "M 0 7 L 0 2.5 C 2.5 2.5 2.5 2.5 180 360 L 5 7"),
    ('V', 5.2, "M 0 7 L 2.6 0 L 5.2 7"),
    ('W', 7.6, "M 0 7 L 1.9 0 L 3.8 7 L 5.7 0 L 7.6 7"),
    ('X', 4.9, "M 0 7 L 4.9 0 M 4.9 7 L 0 0"),
    ('Y', 5.0, "M 0 7 L 2.5 3.4 L 5 7 M 2.5 3.4 L 2.5 0"),
    ('Z', 4.7, "M 0 7 L 4.7 7 L 0 0 L 4.8 0"),
    ('.', 0.2, "M 0.1 0 L 0.1 0.1"),
    (',', 0.4, "M 0.3 0.1 L 0 -1.3"),
    (':', 0.2, "M 0.1 0 L 0.1 0.1 M 0.1 4 L 0.1 4.1"),
    (';', 0.4, "M 0.3 0.1 L 0 -1.3 M 0.3 4 L 0.3 4.1"),
    ('-', 2.4, "M 0 2.7 L 2.4 2.7"),
    ('−', 3.8, "M 0 3 L 3.8 3"),
    ('–', 4.0, "M 0 2.7 L 4 2.7"),
    ('+', 4.0, "M 0 3 L 4 3 M 2 1 L 2 5"),
    ('±', 4.0, "M 0 3.6 L 4 3.6 M 2 1.8 L 2 5.4 M 0 0.4 L 4 0.4"),
    ('×', 3.4, "M 0 1.2 L 3.4 4.6 M 0 4.6 L 3.4 1.2"),
    ('=', 4.0, "M 0 2.1 L 4 2.1 M 0 3.9 L 4 3.9"),
    ('<', 3.8, "M 3.8 5 L 0 3 L 3.8 1"),
    ('>', 3.8, "M 0 5 L 3.8 3 L 0 1"),
    ('(', 1.4, "M 1.4 7.6 Q -1.2 3 1.4 -1.6"),
    (')', 1.4, "M 0 7.6 Q 2.6 3 0 -1.6"),
    ('[', 1.2, "M 1.2 7.6 L 0 7.6 L 0 -1.5 L 1.2 -1.5"),
    (']', 1.2, "M 0 7.6 L 1.2 7.6 L 1.2 -1.5 L 0 -1.5"),
    ('/', 2.8, "M 0 -0.8 L 2.8 7.4"),
    ('|', 0.2, "M 0.1 -1.5 L 0.1 7.6"),
    ('%', 6.6, "A 1.4 5.4 1.4 1.6 0 360 A 5.2 1.6 1.4 1.6 0 360 M 1.5 0 L 5.1 7"),
    ('°', 2.0, "A 1 6 1 1 0 360"),
    ('µ', 4.0, "M 0 5 L 0 -2 M 0 2 C 2 2 2 2 180 360 M 4 5 L 4 0"),
    ('\'', 0.2, "M 0.1 7.2 L 0.1 5.4"),
    ('"', 1.8, "M 0.1 7.2 L 0.1 5.4 M 1.7 7.2 L 1.7 5.4"),
    ('_', 4.4, "M 0 -1.2 L 4.4 -1.2"),
    ('!', 0.2, "M 0.1 7 L 0.1 2 M 0.1 0 L 0.1 0.1"),
    ('?', 3.8, "A 1.9 5.2 1.9 1.8 165 -60 Q 1.8 2.9 1.8 2 M 1.8 0 L 1.8 0.1"),
    ('#', 4.8, "M 1.2 0 L 2 7 M 3.2 0 L 4 7 M 0 2.2 L 4.6 2.2 M 0.3 4.8 L 4.9 4.8"),
    ('*', 2.8, "M 1.4 7.2 L 1.4 4.2 M 0.1 6.5 L 2.7 4.9 M 0.1 4.9 L 2.7 6.5"),
    ('&', 5.2, "M 5.2 0 L 1 5 C 2.2 5.6 1.3 1.4 200 -40 L 1.2 3.4 C 2 1.7 2 1.75 125 290 Q 4.2 0.9 4.8 3"),
    ('@', 7.0, "A 3.5 2.5 3.5 3.9 -60 290 A 3.5 2.6 1.6 1.9 0 360 M 5.1 4.4 L 5.1 1.8 Q 5.6 0.4 6.6 1.2"),
];

/// A letter that is not known: a box.
const UNKNOWN: (f64, &str) = (3.6, "M 0 0 L 0 6 L 3.6 6 L 3.6 0 L 0 0");

/// A line of the pen.
type Stroke = Vec<(f64, f64)>;

/// The strokes of a text, from its start on the base line, and its width.
pub(super) fn write(text: &str) -> (Vec<Stroke>, f64) {
    let (mut strokes, mut x) = (Vec::new(), 0.0);
    for c in text.chars() {
        if c == ' ' || c == '\u{a0}' {
            x += BLANK + GAP;
            continue;
        }
        let known = LETTERS.iter().find(|(l, ..)| *l == c || (c == 'μ' && *l == 'µ'));
        let (width, path) = known.map_or(UNKNOWN, |(_, w, p)| (*w, *p));
        let from = strokes.len();
        trace(path, &mut strokes);
        strokes[from..].iter_mut().flatten().for_each(|p| p.0 += x);
        x += width + GAP;
    }
    (strokes, (x - GAP).max(0.0))
}

/// Turns the language of strokes into points.
fn trace(path: &str, strokes: &mut Vec<Stroke>) {
    let mut words = path.split_ascii_whitespace();
    let mut pen = Stroke::new();
    while let Some(command) = words.next() {
        let mut number = || words.next().and_then(|w| w.parse::<f64>().ok()).unwrap_or(0.0);
        if matches!(command, "M" | "A") && !pen.is_empty() {
            strokes.push(std::mem::take(&mut pen));
        }
        match command {
            "M" | "L" => pen.push((number(), number())),
            "Q" => {
                let (c, to) = ((number(), number()), (number(), number()));
                let from = pen.last().copied().unwrap_or(to);
                pen.extend((1..=8).map(|i| {
                    let t = f64::from(i) / 8.0;
                    let bend =
                        |a: f64, b: f64, c: f64| (1.0 - t) * ((1.0 - t) * a + t * b) + t * ((1.0 - t) * b + t * c);
                    (bend(from.0, c.0, to.0), bend(from.1, c.1, to.1))
                }));
            }
            _ => {
                let (cx, cy, rx, ry) = (number(), number(), number(), number());
                let (from, to) = (number(), number());
                let steps = ((to - from).abs() / 12.0).ceil().max(1.0) as usize;
                pen.extend((0..=steps).map(|i| {
                    let angle = (from + (to - from) * i as f64 / steps as f64).to_radians();
                    (cx + rx * angle.cos(), cy + ry * angle.sin())
                }));
            }
        }
    }
    strokes.push(pen);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_drawn_within_its_box() {
        for (letter, width, path) in LETTERS {
            let mut strokes = Vec::new();
            trace(path, &mut strokes);
            assert!(strokes.iter().all(|s| s.len() > 1), "{letter}");
            for (x, y) in strokes.iter().flatten() {
                assert!((-1.3..=width + 0.9).contains(x) && (-2.6..=7.7).contains(y), "{letter}: {x} {y}");
            }
        }
        let words = LETTERS.iter().flat_map(|(_, _, p)| p.split_ascii_whitespace());
        assert!(words.clone().all(|w| w.parse::<f64>().is_ok() || ["M", "L", "Q", "A", "C"].contains(&w)));
    }

    #[test]
    fn ascii_is_complete_enough_for_titles() {
        let missing: String = (' '..='z').filter(|c| *c != ' ' && !LETTERS.iter().any(|(l, ..)| l == c)).collect();
        assert_eq!(missing, "$\\^`");
    }
}
