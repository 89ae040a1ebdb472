//! Scenes through serde (JSON and its kin): the same keys and the same checks as in TOML.

use super::node::{Key, Node, Value};
use super::{Scene, read, write};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::HashSet;
use std::fmt;

impl Serialize for Scene {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        write::scene(self).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Scene {
    /// Fails with every mistake, one a line.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let document = Node::deserialize(from)?;
        read::scene(&document, &read::Options::default()).map_err(D::Error::custom)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Text(t) => to.serialize_str(t),
            Value::Integer(i) => to.serialize_i64(*i),
            Value::Float(x) => to.serialize_f64(*x),
            Value::Bool(b) => to.serialize_bool(*b),
            Value::List(items) => to.collect_seq(items),
            Value::Table(entries) => {
                let mut map = to.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(&key.name, value)?;
                }
                map.end()
            }
            Value::Other(what) => to.serialize_str(what),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyValue).map(Self::from)
    }
}

/// The null of JSON.
const NOTHING: Value = Value::Other("nothing");

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scene")
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E>(self, i: i64) -> Result<Value, E> {
        Ok(Value::Integer(i))
    }

    fn visit_u64<E>(self, i: u64) -> Result<Value, E> {
        Ok(i64::try_from(i).map_or(Value::Float(i as f64), Value::Integer))
    }

    fn visit_f64<E>(self, x: f64) -> Result<Value, E> {
        Ok(Value::Float(x))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(NOTHING)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(NOTHING)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let (mut all, mut names) = (Vec::new(), HashSet::new());
        while let Some((name, node)) = entries.next_entry::<String, Node>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("the key '{name}' is there twice")));
            }
            // What is nothing is not there.
            if node.value != NOTHING {
                all.push((Key { at: None, name }, node));
            }
        }
        Ok(Value::Table(all))
    }
}
