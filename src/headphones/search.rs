//! Headphones by name, as people type it: in any case, order and punctuation, with or without the maker and the source.

use super::catalogue::{Model, all};
use crate::error::{Error, Result};
use std::sync::OnceLock;

/// Sources in the order in which they are taken when none is asked for: the most careful rigs first, as AutoEq ranks them.
const PREFERRED: [&str; 5] = ["oratory1990", "crinacle", "Rtings", "Innerfidelity", "Headphone.com Legacy"];

/// Names shown in a hint at most.
const MOST_SHOWN: usize = 6;

/// Words in lower case without accents; letters and digits are words of their own, so that `HD650` is `HD 650`.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = None;
    for c in text.chars().flat_map(char::to_lowercase) {
        let c = plain(c);
        let class = if c.is_ascii_digit() {
            1
        } else if c.is_alphanumeric() || c == '+' {
            2
        } else {
            0
        };
        match (class, last == Some(class), words.last_mut()) {
            (0, ..) => {}
            (_, true, Some(word)) => word.push(c),
            _ => words.push(c.to_string()),
        }
        last = Some(class);
    }
    words
}

fn plain(c: char) -> char {
    match c {
        'à'..='å' => 'a',
        'ç' => 'c',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ñ' => 'n',
        'ò'..='ö' | 'ø' => 'o',
        'ù'..='ü' => 'u',
        _ => c,
    }
}

/// Takes the words of `wanted` out of `from`; returns those that are not in it.
fn without(wanted: &[String], from: &mut Vec<String>) -> Vec<String> {
    let missing = |w: &&String| match from.iter().position(|f| f == *w) {
        Some(at) => {
            from.remove(at);
            false
        }
        None => true,
    };
    wanted.iter().filter(missing).cloned().collect()
}

/// A name in words.
struct Words {
    vendor: Vec<String>,
    product: Vec<String>,
    source: Vec<String>,
}

/// Every model with its words, found out once.
fn indexed() -> impl Iterator<Item = (&'static Model, &'static Words)> {
    static WORDS: OnceLock<Vec<Words>> = OnceLock::new();
    let of = |m: &Model| Words { vendor: words(m.vendor), product: words(m.product), source: words(m.source) };
    all().iter().zip(WORDS.get_or_init(|| all().iter().map(of).collect()))
}

/// How well a model fits that has all words asked for; less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Words of the product that were not given.
    left: usize,
    /// Words that are the source's.
    of_source: usize,
    /// The maker was not given in full.
    without_maker: bool,
}

fn fits(query: &[String], words: &Words) -> Option<Fit> {
    // Most models lack a word, and one searches with every key: nothing is copied for those.
    let has = |w: &String| words.product.contains(w) || words.vendor.contains(w) || words.source.contains(w);
    if !query.iter().all(has) {
        return None;
    }
    let (mut product, mut vendor) = (words.product.clone(), words.vendor.clone());
    let left = without(query, &mut product);
    let left = without(&left, &mut vendor);
    let of_source = left.len();
    let left = without(&left, &mut words.source.clone());
    left.is_empty().then_some(Fit { left: product.len(), of_source, without_maker: !vendor.is_empty() })
}

/// Where a source stands among the preferred ones.
fn rank(source: &str) -> (usize, usize) {
    let first = PREFERRED.iter().position(|p| source.starts_with(p)).unwrap_or(PREFERRED.len());
    (first, source.len())
}

/// All that fit, the best first, otherwise in the order of the catalogue.
fn fitting(query: &[String]) -> Vec<(Fit, &'static Model)> {
    let mut found: Vec<(Fit, &Model)> =
        indexed().filter_map(|(m, words)| fits(query, words).map(|fit| (fit, m))).collect();
    if !query.is_empty() {
        found.sort_by_key(|(fit, _)| *fit);
    }
    found
}

/// The models that have all words of `query` in their name or source, best fit first; all models for an empty query.
pub fn search(query: &str) -> Vec<&'static Model> {
    fitting(&words(query)).into_iter().map(|(_, m)| m).collect()
}

/// The one model that `name` means. The name may leave out the maker, and may add words of the source (`HD 650
/// oratory1990`); without them the most trusted source is taken. What a report calls a model, `NAME (SOURCE)`, means just
/// that one.
///
/// # Errors
/// `Argument` if no model or several fit; the hint names the nearest ones.
pub fn find(name: &str) -> Result<&'static Model> {
    if let Some(model) = all().iter().find(|m| m.title() == name) {
        return Ok(model);
    }
    let query = words(name);
    let found = if query.is_empty() { Vec::new() } else { fitting(&query) };
    let Some(&(best, first)) = found.first() else { return Err(unknown(name)) };
    // Spellings such as "HD 600" and "HD600" are one headphone; names of the same words in another order are not.
    let spelt = |m: &Model| words(&m.name()).concat();
    let equal: Vec<&Model> = found.iter().filter(|(fit, _)| *fit == best).map(|(_, m)| *m).collect();
    let typed = query.concat();
    let as_typed = |m: &&&Model| spelt(m) == typed || words(m.product).concat() == typed;
    let meant = equal.iter().find(as_typed).copied().unwrap_or(first);
    let name_of = spelt(meant);
    if equal.iter().find(as_typed).is_none() && equal.iter().any(|m| spelt(m) != name_of) {
        return Err(ambiguous(name, &found, best));
    }
    // Of one model any source that has the words asked for.
    let sources = found.iter().filter(|(fit, m)| fit.of_source == best.of_source && spelt(m) == name_of);
    Ok(sources.map(|(_, m)| *m).min_by_key(|m| rank(m.source)).unwrap_or(meant))
}

fn ambiguous(name: &str, found: &[(Fit, &'static Model)], best: Fit) -> Error {
    // Of names given in full those that are equal; else all that begin to fit.
    let meant = found.iter().filter(|(fit, _)| best.left > 0 || *fit == best);
    let mut names: Vec<String> = Vec::new();
    for (_, model) in meant {
        let name = model.name();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let (count, more) = (names.len(), names.len().saturating_sub(MOST_SHOWN));
    names.truncate(MOST_SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Error::argument(format!("'{name}' may mean any of {count} headphones"))
        .hint(format!("say which: {}{more}", names.join(", ")))
        .hint("list them with: periphon headphones NAME")
}

fn unknown(name: &str) -> Error {
    let near = nearest(name);
    let error = Error::argument(format!("there is no headphone called '{}', and no such file", short(name)));
    let error = if near.is_empty() { error } else { error.hint(format!("the nearest are {}", near.join(", "))) };
    error.hint("list them with: periphon headphones NAME")
}

fn short(text: &str) -> String {
    if text.chars().count() > 80 { text.chars().take(77).chain("...".chars()).collect() } else { text.to_string() }
}

/// Names that share the most pairs of letters with `name` (Dice's coefficient), if they share enough of them.
fn nearest(name: &str) -> Vec<String> {
    let pairs = |text: &str| -> Vec<[char; 2]> {
        let letters: Vec<char> = words(text).concat().chars().take(64).collect();
        let mut pairs: Vec<[char; 2]> = letters.windows(2).map(|w| [w[0], w[1]]).collect();
        pairs.sort_unstable();
        pairs
    };
    let wanted = pairs(name);
    let likeness = |text: &str| {
        let other = pairs(text);
        let (mut i, mut j, mut common) = (0, 0, 0);
        while i < wanted.len() && j < other.len() {
            match wanted[i].cmp(&other[j]) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => (i, j, common) = (i + 1, j + 1, common + 1),
            }
        }
        2.0 * f64::from(common) / (wanted.len() + other.len()).max(1) as f64
    };
    let mut scored: Vec<(f64, String)> = Vec::new();
    let mut before = ("", "");
    for model in all() {
        if before != (model.vendor, model.product) {
            before = (model.vendor, model.product);
            let name = model.name();
            let score = likeness(&name).max(likeness(model.product));
            if score > 0.4 {
                scored.push((score, name));
            }
        }
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(MOST_SHOWN).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_order_and_punctuation() {
        for name in ["Sennheiser HD 650", "sennheiser hd650", "HD-650", "650 hd SENNHEISER", "hd 650 (oratory1990)"] {
            let model = find(name).unwrap();
            assert_eq!((model.vendor, model.product, model.source), ("Sennheiser", "HD 650", "oratory1990"), "{name}");
        }
        assert_eq!(find("HD 650 crinacle").unwrap().source, "crinacle");
        assert_eq!(find("hd 650 crinacle 2020 worn").unwrap().source, "crinacle (2020, worn earpads)");
        assert_eq!(find("RODE nth100").unwrap().vendor, "RØDE");
        assert_eq!(find("wf1000xm4 sony").unwrap().product, "WF-1000XM4");
    }

    #[test]
    fn every_model_is_found_by_its_own_full_name_or_told_apart_in_the_hint() {
        let mut before = String::new();
        let mut clashes = 0;
        for model in all().iter().step_by(31) {
            let name = model.name();
            if name == before {
                continue;
            }
            match find(&name) {
                Ok(found) => assert_eq!(words(&found.name()).concat().len(), words(&name).concat().len(), "{name}"),
                Err(e) => {
                    assert!(e.hints()[0].contains(&name), "{name}: {:?}", e.hints());
                    clashes += 1;
                }
            }
            before = name;
        }
        // Names that differ in punctuation only.
        assert!(clashes < 10, "{clashes}");
    }

    #[test]
    fn what_is_ambiguous_or_unknown_is_answered_with_names() {
        let error = find("sennheiser").unwrap_err();
        assert!(error.to_string().contains("'sennheiser' may mean any of"), "{error}");
        assert!(error.hints()[0].contains("Sennheiser ") && error.hints()[0].contains(" more"), "{:?}", error.hints());
        let error = find("Senheisser HD 651").unwrap_err();
        assert!(error.hints()[0].contains("Sennheiser HD 650"), "{:?}", error.hints());
        assert!(find("").is_err() && find("???").is_err());
        assert!(find("zzzzqqq").unwrap_err().hints().len() == 1);
        assert!(find(&"x".repeat(100_000)).is_err());
    }

    #[test]
    fn a_search_lists_the_best_first_and_everything_for_nothing() {
        let found = search("hd 600");
        assert_eq!(found[0].product, "HD 600");
        assert!(found.iter().all(|m| m.product.contains("600")), "{found:?}");
        assert_eq!(search("").len(), all().len());
    }
}
