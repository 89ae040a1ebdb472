//! Text in lines.

use ratatui::text::Span;

/// Columns that a text takes.
fn columns(text: &str) -> usize {
    Span::raw(text).width()
}

/// As much of a text as fits into a line, and how many columns that takes.
pub(in crate::cli) fn cut(text: &str, width: usize) -> (String, usize) {
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = columns(c.encode_utf8(&mut [0; 4]));
        if used + wide > width {
            break;
        }
        kept.push(c);
        used += wide;
    }
    (kept, used)
}

/// A text in lines of `width` columns at most, broken between words; a word that is longer, such as a path, is broken
/// wherever the line ends.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = width;
    for word in text.split_whitespace() {
        if used + 1 + columns(word) <= width {
            lines.last_mut().into_iter().for_each(|line| *line += " ");
            used += 1;
        } else {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let wide = columns(c.encode_utf8(&mut [0; 4]));
            if used > 0 && used + wide > width {
                lines.push(String::new());
                used = 0;
            }
            lines.last_mut().into_iter().for_each(|line| line.push(c));
            used += wide;
        }
    }
    lines
}

/// So many lines of a text at most; a sign at the end says that there is more.
pub(super) fn wrapped_within(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines = wrapped(text, width);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = cut(last, width.saturating_sub(1)).0;
            last.push('…');
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_break_between_words_where_they_can() {
        assert_eq!(wrapped("one  two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("of abcdefghij it", 4), ["of", "abcd", "efgh", "ij", "it"]);
        assert!(wrapped(" ", 4).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_line_is_too_long(text in "[a-zé世 ]{0,60}", width in 0usize..20) {
            let (begins, used) = cut(&text, width);
            prop_assert!(text.starts_with(&begins) && used == columns(&begins) && used <= width);
            prop_assert!(begins == text || columns(&text) > width);
            let lines = wrapped(&text, width);
            let letters = |t: &str| t.split_whitespace().collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
            // One character there always is.
            prop_assert!(lines.iter().all(|l| columns(l) <= width || l.chars().count() == 1));
            let few = wrapped_within(&text, width, 2);
            prop_assert!(few.iter().all(|l| columns(l) <= width || l.chars().count() <= 2));
            prop_assert_eq!(few.last().is_some_and(|l| l.ends_with('…')), lines.len() > 2);
        }
    }
}
