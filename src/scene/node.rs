//! A document as a tree, whatever it was written in; every value knows where in the text it stands.

use std::fmt::Write;

/// One value of a document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Byte of the text at which it begins, if there is a text.
    pub at: Option<usize>,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<Node>),
    /// Keys with their places, in the order in which they are written.
    Table(Vec<(Key, Node)>),
    /// Something that a scene has no use for, such as a date.
    #[cfg_attr(not(feature = "scene"), allow(dead_code))] // Only texts hold such.
    Other(&'static str),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    pub at: Option<usize>,
    pub name: String,
}

impl Node {
    /// What it is, with its article.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Text(_) => "a text",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(what) => what,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Table(entries) = &self.value else { return None };
        entries.iter().find(|(k, _)| k.name == key).map(|(_, v)| v)
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self { at: None, value }
    }
}

impl From<f64> for Node {
    fn from(x: f64) -> Self {
        Value::Float(x).into()
    }
}

impl From<i64> for Node {
    fn from(x: i64) -> Self {
        Value::Integer(x).into()
    }
}

impl From<bool> for Node {
    fn from(x: bool) -> Self {
        Value::Bool(x).into()
    }
}

impl From<&str> for Node {
    fn from(x: &str) -> Self {
        Value::Text(x.to_string()).into()
    }
}

impl From<&[f64]> for Node {
    fn from(x: &[f64]) -> Self {
        Value::List(x.iter().map(|v| (*v).into()).collect()).into()
    }
}

/// A table under construction.
#[derive(Default)]
pub(crate) struct Table(Vec<(Key, Node)>);

impl Table {
    pub(crate) fn put(&mut self, key: &str, value: impl Into<Node>) {
        self.0.push((Key { at: None, name: key.to_string() }, value.into()));
    }

    pub(crate) fn put_some(&mut self, key: &str, value: Option<impl Into<Node>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    pub(crate) fn put_unless<T: PartialEq + Into<Node>>(&mut self, key: &str, value: T, usual: T) {
        if value != usual {
            self.put(key, value);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Table> for Node {
    fn from(table: Table) -> Self {
        Value::Table(table.0).into()
    }
}

/// A document as TOML: tables and lists of tables as sections down to `[[source.path]]`, everything else in one line.
pub(crate) fn to_toml(document: &Node) -> String {
    let mut text = String::new();
    section(&mut text, "", document);
    text
}

fn is_section(path: &str, node: &Node) -> bool {
    match &node.value {
        Value::Table(_) => path.is_empty(),
        Value::List(items) => !items.is_empty() && items.iter().all(|i| matches!(i.value, Value::Table(_))),
        _ => false,
    }
}

fn section(text: &mut String, path: &str, node: &Node) {
    let Value::Table(entries) = &node.value else { return };
    for (key, value) in entries.iter().filter(|(_, v)| !is_section(path, v)) {
        let _ = writeln!(text, "{} = {}", bare_or_quoted(&key.name), inline(value));
    }
    for (key, value) in entries.iter().filter(|(_, v)| is_section(path, v)) {
        let name = bare_or_quoted(&key.name);
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        if let Value::List(items) = &value.value {
            for item in items {
                let _ = writeln!(text, "\n[[{path}]]");
                section(text, &path, item);
            }
        } else {
            let _ = writeln!(text, "\n[{path}]");
            section(text, &path, value);
        }
    }
}

fn inline(node: &Node) -> String {
    match &node.value {
        Value::Text(t) => quoted(t),
        Value::Integer(i) => i.to_string(),
        Value::Float(x) if x.is_nan() => "nan".to_string(),
        // As short as it can be and still be read as the same number.
        Value::Float(x) => format!("{x:?}"),
        Value::Bool(b) => b.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(entries) => {
            let all: Vec<String> =
                entries.iter().map(|(k, v)| format!("{} = {}", bare_or_quoted(&k.name), inline(v))).collect();
            if all.is_empty() { "{}".to_string() } else { format!("{{ {} }}", all.join(", ")) }
        }
        Value::Other(what) => quoted(what),
    }
}

fn bare_or_quoted(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { key.to_string() } else { quoted(key) }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
