//! What a model cannot say by its shapes: a small TOML file beside it, `model.toml` for `model.onnx`, or the same keys in the
//! model's own metadata.

use super::contract::Kind;
use crate::error::{Error, Result};
use crate::scene::SceneErrors;
use crate::scene::node::{Node, Value};
use crate::scene::parse::from_text;
use crate::scene::reader::{Mistakes, Reader};
use std::path::Path;

/// A longer text describes no model.
const MOST_BYTES: u64 = 1 << 20;

/// What is said; `None` where nothing is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Description {
    pub kind: Option<Kind>,
    pub sample_rate: Option<u32>,
    pub stems: Vec<String>,
    /// Samples that the model sees at once, where its shape does not tell; frames of a spectrogram.
    pub segment: Option<usize>,
    pub window: Option<usize>,
    pub hop: Option<usize>,
    /// Of a segment, with the next one.
    pub overlap: Option<f64>,
    /// What the stems are multiplied by.
    pub gain: Option<f64>,
}

impl Description {
    /// What is said beside `model`; nothing if there is no such file.
    ///
    /// # Errors
    /// `Argument` for a file with mistakes, with line and column; `Io` if it cannot be read.
    pub fn beside(model: &Path) -> Result<Self> {
        let path = model.with_extension("toml");
        let io = |e| Error::io(&path, "the description of the model cannot be read", e);
        match std::fs::metadata(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(io(e)),
            Ok(m) if m.len() > MOST_BYTES => {
                return Err(Error::limit("the description of a model has 1 MB at most").at(&path));
            }
            Ok(_) => {}
        }
        let text = std::fs::read_to_string(&path).map_err(io)?;
        Self::parse(&text).map_err(|e| e.at(&path))
    }

    pub fn parse(text: &str) -> Result<Self> {
        from_text(text, |document| {
            let all = Mistakes::default();
            match (read(document, &all), all.len()) {
                (Some(found), 0) => Ok(found),
                _ => Err(all.into_inner()),
            }
        })
        .map_err(|all: SceneErrors| {
            let mut lines = all.errors.iter().map(|e| (all.line(e), e.hint.clone()));
            let (first, hint) = lines.next().unwrap_or_else(|| ("the description is wrong".to_string(), None));
            hint.into_iter().fold(Error::argument(first), Error::hint)
        })
    }

    /// With what the model's metadata says where nothing else does.
    pub fn or_metadata(mut self, get: impl Fn(&str) -> Option<String>) -> Self {
        if self.stems.is_empty() {
            let text = get("stems").or_else(|| get("sources")).unwrap_or_default();
            let name = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == ' ';
            let names = text.split(|c| !name(c)).map(str::trim).filter(|n| !n.is_empty());
            self.stems = names.map(str::to_string).take(16).collect();
        }
        let number = |key: &str| get(key).and_then(|t| t.trim().parse::<u32>().ok());
        let rate = || number("sample_rate").or_else(|| number("samplerate")).filter(|r| (8000..=384_000).contains(r));
        self.sample_rate = self.sample_rate.or_else(rate);
        self
    }
}

fn read(document: &Node, all: &Mistakes) -> Option<Description> {
    let keys = ["format", "kind", "sample_rate", "stems", "segment", "window", "hop", "overlap", "gain"];
    let r = Reader::new(document, "", &keys, all)?;
    r.whole("format", 1, 1);
    let mut stems = Vec::new();
    if let Some(node) = r.get("stems") {
        match &node.value {
            Value::List(items) if (1..=16).contains(&items.len()) => {
                for item in items {
                    match &item.value {
                        Value::Text(name) if !name.is_empty() => stems.push(name.clone()),
                        _ => r.wrong(item.at, "stems must be names in quotes".to_string(), None),
                    }
                }
            }
            _ => r.wrong(node.at, "stems must be a list of 1 to 16 names".to_string(), None),
        }
    }
    let size = |key, low, high| r.whole(key, low, high).map(|x| x as usize);
    let window = size("window", 64, 1 << 16);
    if let Some(odd) = window.filter(|w| w % 2 == 1) {
        r.wrong(r.key_at("window"), format!("window must be even, not {odd}"), None);
    }
    Some(Description {
        kind: r.one_of("kind", "kind of model", Kind::find, Kind::ALL.iter().map(|k| k.name())),
        sample_rate: r.whole("sample_rate", 8000, 384_000).map(|x| x as u32),
        stems,
        segment: size("segment", 2, 1 << 24),
        window,
        hop: size("hop", 16, 1 << 15),
        overlap: r.number("overlap", 0.01, 0.5),
        gain: r.number("gain", 0.01, 100.0),
    })
}
