//! Text in lines.

/// A text in lines of `width` characters at most, broken between words; a word that is longer, such as a path, is
/// broken wherever the line ends.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut used = width;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used + 1 + length <= width {
            lines.last_mut().into_iter().for_each(|line| *line += " ");
            used += 1;
        } else {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            if used == width {
                lines.push(String::new());
                used = 0;
            }
            lines.last_mut().into_iter().for_each(|line| line.push(c));
            used += 1;
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
            let lines = wrapped(&text, width);
            let letters = |t: &str| t.split_whitespace().collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
            prop_assert!(lines.iter().all(|l| l.chars().count() <= width.max(1)));
        }
    }
}
