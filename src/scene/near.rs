//! The known name that a mistaken one was most likely meant to be.

/// The name nearest to `name` by edit distance, if any is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Beyond this nothing known is meant, and the table would grow with the square of it.
    if name.chars().count() > 64 {
        return None;
    }
    let plain = name.to_lowercase().replace(['_', ' '], "-");
    let score = |k: &str| {
        let k = k.replace('_', "-");
        let longest = k.chars().count().max(plain.chars().count());
        let d = distance(&plain, &k);
        let within = plain.len() >= 3 && k.len() >= 3 && (k.contains(&plain) || plain.contains(&k));
        (d <= (longest + 1) / 3 || within).then_some(if within { d.min(longest / 3 + 1) } else { d })
    };
    let scored = known.into_iter().filter_map(|k| score(k).map(|s| (s, k)));
    scored.min_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.len().cmp(&b.1.len()))).map(|(_, k)| k)
}

/// Insertions, deletions, replacements and swaps of neighbours (Damerau's distance, without overlaps).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_pen_are_understood_and_other_words_are_not() {
        let known = ["position", "polar", "path", "gain_db", "start", "loop", "file", "id"];
        let near = |name| nearest(name, known);
        assert_eq!(near("postion"), Some("position"));
        assert_eq!(near("poistion"), Some("position"));
        assert_eq!(near("Gain-dB"), Some("gain_db"));
        assert_eq!(near("gain"), Some("gain_db"));
        assert_eq!(near("pth"), Some("path"));
        assert_eq!(near("colour"), None);
        assert_eq!(near(&"x".repeat(10_000)), None);
    }

    #[test]
    fn the_distance_counts_a_swap_once() {
        assert_eq!([("ab", "ba"), ("", "abc"), ("kitten", "sitting")].map(|(a, b)| distance(a, b)), [1, 3, 3]);
    }
}
