//! Reading a table key by key. What is wrong is noted and reading goes on, so that one mistake hides no other.

use super::near::nearest;
use super::node::{Node, Value};
use crate::coords::Vec3;
use crate::room::{BANDS, Bands};
use std::cell::RefCell;

/// A mistake with its place in the text.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    pub at: Option<usize>,
    pub message: String,
    pub hint: Option<String>,
    /// Something is not there; after a syntax error this may be its consequence.
    #[cfg_attr(not(feature = "scene"), allow(dead_code))] // Only texts have syntax.
    pub missing: bool,
}

/// All mistakes so far.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(RefCell<Vec<Mistake>>);

/// More would help nobody.
pub(crate) const MOST: usize = 200;

impl Mistakes {
    pub(crate) fn add(&self, mistake: Mistake) {
        let mut all = self.0.borrow_mut();
        // What is looked at twice is still one mistake.
        if all.len() < MOST && !all.iter().any(|m| m.at == mistake.at && m.message == mistake.message) {
            all.push(mistake);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len() >= MOST
    }

    pub(crate) fn into_inner(self) -> Vec<Mistake> {
        self.0.into_inner()
    }
}

/// A table being read, and the name that it goes by in messages, such as `source[1]`.
pub(crate) struct Reader<'a> {
    node: &'a Node,
    mistakes: &'a Mistakes,
    pub name: String,
}

impl<'a> Reader<'a> {
    /// Begins to read a table that may have the keys `known`.
    pub(crate) fn new(
        node: &'a Node,
        name: impl Into<String>,
        known: &[&'static str],
        mistakes: &'a Mistakes,
    ) -> Option<Self> {
        let this = Self { node, mistakes, name: name.into() };
        let Value::Table(entries) = &node.value else {
            this.wrong(node.at, format!("{} must be a table, not {}", this.name, node.kind()), None);
            return None;
        };
        for (key, _) in entries.iter().filter(|(k, _)| !known.contains(&k.name.as_str())) {
            let hint = match nearest(&key.name, known.iter().copied()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let place = if this.name.is_empty() { String::new() } else { format!(" in {}", this.name) };
            this.wrong(key.at, format!("unknown key '{}'{place}", key.name), Some(hint));
        }
        Some(this)
    }

    pub(crate) fn mistakes(&self) -> &'a Mistakes {
        self.mistakes
    }

    /// Where the table begins.
    pub(crate) fn at(&self) -> Option<usize> {
        self.node.at
    }

    /// The full name of a key.
    pub(crate) fn key(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_string() } else { format!("{}.{key}", self.name) }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        self.node.get(key)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Where a key's name stands.
    pub(crate) fn key_at(&self, key: &str) -> Option<usize> {
        let Value::Table(entries) = &self.node.value else { return None };
        entries.iter().find(|(k, _)| k.name == key).and_then(|(k, _)| k.at)
    }

    pub(crate) fn wrong(&self, at: Option<usize>, message: String, hint: Option<String>) {
        self.mistakes.add(Mistake { at, message, hint, missing: false });
    }

    /// Notes that something needed is not there.
    pub(crate) fn missing(&self, message: String, hint: &str) {
        self.mistakes.add(Mistake { at: self.at(), message, hint: Some(hint.to_string()), missing: true });
    }

    /// Notes that two keys do not go together; the second is where the mistake stands.
    pub(crate) fn contradict(&self, key: &str, other: &str, hint: &str) -> bool {
        let both = self.has(key) && self.has(other);
        if both {
            let message = format!("{} and {} do not go together", self.key(key), self.key(other));
            self.wrong(self.key_at(key).max(self.key_at(other)), message, Some(hint.to_string()));
        }
        both
    }

    fn number_of(&self, node: &Node, name: &str, low: f64, high: f64) -> Option<f64> {
        let x = match node.value {
            Value::Float(x) => x,
            Value::Integer(i) => i as f64,
            _ => {
                let hint = match &node.value {
                    Value::Text(t) if t.trim().parse::<f64>().is_ok() => Some("leave out the quotes".to_string()),
                    _ => None,
                };
                self.wrong(node.at, format!("{name} must be a number, not {}", node.kind()), hint);
                return None;
            }
        };
        if (low..=high).contains(&x) {
            return Some(x);
        }
        self.wrong(node.at, format!("{name} must be {low} to {high}, not {x}"), None);
        None
    }

    pub(crate) fn number(&self, key: &str, low: f64, high: f64) -> Option<f64> {
        self.number_of(self.get(key)?, &self.key(key), low, high)
    }

    pub(crate) fn whole(&self, key: &str, low: i64, high: i64) -> Option<i64> {
        let node = self.get(key)?;
        let x = self.number_of(node, &self.key(key), low as f64, high as f64)?;
        if x.fract() == 0.0 {
            return Some(x as i64);
        }
        self.wrong(node.at, format!("{} must be a whole number, not {x}", self.key(key)), None);
        None
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        let node = self.get(key)?;
        if let Value::Bool(b) = node.value {
            return Some(b);
        }
        let hint = match &node.value {
            Value::Text(t) if t == "true" || t == "false" => Some("leave out the quotes".to_string()),
            Value::Integer(i) => Some(format!("write {}", *i != 0)),
            _ => None,
        };
        self.wrong(node.at, format!("{} must be true or false, not {}", self.key(key), node.kind()), hint);
        None
    }

    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        let node = self.get(key)?;
        match &node.value {
            Value::Text(t) if t.is_empty() => {
                self.wrong(node.at, format!("{} must not be empty", self.key(key)), None);
                None
            }
            Value::Text(t) => Some(t),
            _ => {
                let message = format!("{} must be a text, not {}", self.key(key), node.kind());
                self.wrong(node.at, message, Some("put it in quotes".to_string()));
                None
            }
        }
    }

    /// One of a few names.
    pub(crate) fn one_of<T>(
        &self,
        key: &str,
        what: &str,
        find: impl Fn(&str) -> Option<T>,
        known: impl Iterator<Item = &'static str> + Clone,
    ) -> Option<T> {
        let text = self.text(key)?;
        let found = find(text);
        if found.is_none() {
            self.unknown(self.get(key)?.at, what, text, known);
        }
        found
    }

    /// Notes a name that nothing goes by.
    pub(crate) fn unknown(
        &self,
        at: Option<usize>,
        what: &str,
        name: &str,
        known: impl Iterator<Item = &'static str> + Clone,
    ) {
        let hint = match nearest(name, known.clone()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("choose one of: {}", known.collect::<Vec<_>>().join(", ")),
        };
        self.wrong(at, format!("there is no {what} '{name}'"), Some(hint));
    }

    /// A list of exactly `N` numbers. `names` says what they are.
    fn numbers<const N: usize>(&self, node: &Node, name: &str, what: &str, low: f64, high: f64) -> Option<[f64; N]> {
        let Value::List(items) = &node.value else {
            self.wrong(node.at, format!("{name} must be {what}, not {}", node.kind()), None);
            return None;
        };
        if items.len() != N {
            let n = items.len();
            let are = if n == 1 { "1 value".to_string() } else { format!("{n} values") };
            self.wrong(node.at, format!("{name} must be {what}, not a list of {are}"), None);
            return None;
        }
        let mut all = [0.0; N];
        let mut good = true;
        for (i, item) in items.iter().enumerate() {
            match self.number_of(item, &format!("{name}[{i}]"), low, high) {
                Some(x) => all[i] = x,
                None => good = false,
            }
        }
        good.then_some(all)
    }

    /// A list of as many numbers as `count` allows.
    #[cfg_attr(not(feature = "scene"), allow(dead_code))] // Only files have such.
    pub(crate) fn list(
        &self,
        key: &str,
        count: std::ops::RangeInclusive<usize>,
        low: f64,
        high: f64,
    ) -> Option<Vec<f64>> {
        let (node, name) = (self.get(key)?, self.key(key));
        let what = if count.start() == count.end() {
            format!("a list of {} numbers", count.start())
        } else {
            format!("a list of {} to {} numbers", count.start(), count.end())
        };
        let Value::List(items) = &node.value else {
            self.wrong(node.at, format!("{name} must be {what}, not {}", node.kind()), None);
            return None;
        };
        if !count.contains(&items.len()) {
            self.wrong(node.at, format!("{name} must be {what}, not of {}", items.len()), None);
            return None;
        }
        let numbers: Vec<Option<f64>> = items
            .iter()
            .enumerate()
            .map(|(i, item)| self.number_of(item, &format!("{name}[{i}]"), low, high))
            .collect();
        numbers.into_iter().collect()
    }

    pub(crate) fn three(&self, key: &str, low: f64, high: f64) -> Option<[f64; 3]> {
        self.numbers(self.get(key)?, &self.key(key), "three numbers [x, y, z]", low, high)
    }

    /// A place in metres.
    pub(crate) fn point(&self, key: &str) -> Option<Vec3> {
        self.three(key, -10_000.0, 10_000.0).map(|[x, y, z]| Vec3::new(x, y, z))
    }

    /// One number for all octave bands, or seven.
    pub(crate) fn bands(&self, key: &str, low: f64, high: f64) -> Option<Bands> {
        self.bands_of(self.get(key)?, &self.key(key), low, high)
    }

    pub(crate) fn bands_of(&self, node: &Node, name: &str, low: f64, high: f64) -> Option<Bands> {
        match node.value {
            Value::List(_) => self.numbers(node, name, "one number or seven (125 Hz to 8 kHz)", low, high),
            _ => self.number_of(node, name, low, high).map(|x| [x; BANDS]),
        }
    }

    /// The tables of a list of tables.
    pub(crate) fn tables(&self, key: &str) -> Vec<(String, &'a Node)> {
        let Some(node) = self.get(key) else { return Vec::new() };
        let name = self.key(key);
        match &node.value {
            Value::List(items) => items.iter().enumerate().map(|(i, n)| (format!("{name}[{i}]"), n)).collect(),
            _ => {
                let message = format!("{name} must be a list of tables, not {}", node.kind());
                self.wrong(self.key_at(key).or(node.at), message, Some(format!("write [[{}]]", plain(&name))));
                Vec::new()
            }
        }
    }
}

/// A name as it stands in a header: without indices.
fn plain(name: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in name.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}
