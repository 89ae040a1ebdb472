//! Reading weights: a safetensors file is a length, a JSON header with each tensor's type, shape and place, and bytes.

use crate::error::{Error, Result};
use serde_json::{Map, Value};

/// The header of the models we read is a few kilobytes.
const LONGEST_HEADER: u64 = 1 << 20;

/// The tensors of a file, looked up by name and checked against the shape that is expected.
pub(super) struct Tensors<'a> {
    header: Map<String, Value>,
    data: &'a [u8],
}

impl<'a> Tensors<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// `Malformed` if this is no safetensors file or it is cut, `Limit` if its header is absurdly long.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let (length, rest) = bytes
            .split_first_chunk::<8>()
            .ok_or_else(|| Error::malformed(format!("a model of {} bytes has no header", bytes.len())))?;
        let length = u64::from_le_bytes(*length);
        let have = rest.len();
        let json = usize::try_from(length).ok().and_then(|n| rest.split_at_checked(n));
        let Some((json, data)) = json else {
            return Err(Error::malformed(format!(
                "the model's header should have {length} bytes, but only {have} follow: cut, or not a safetensors file"
            )));
        };
        if length > LONGEST_HEADER {
            return Err(Error::limit(format!(
                "the model's header has {length} bytes, at most {LONGEST_HEADER} are read"
            )));
        }
        match serde_json::from_slice(json) {
            Ok(Value::Object(header)) => Ok(Self { header, data }),
            Ok(_) => Err(Error::malformed("the model's header is JSON, but not an object of tensors")),
            Err(e) => Err(Error::malformed("the model's header is not JSON: not a safetensors file").caused_by(e)),
        }
    }

    /// The bytes of tensor `name`, which must have this type and shape.
    fn bytes(&self, name: &str, kind: &str, width: usize, shape: &[usize]) -> Result<&'a [u8]> {
        let entry = self.header.get(name).ok_or_else(|| {
            Error::unsupported(format!("the model has no tensor '{name}'"))
                .hint("a Spleeter model of two stems is expected, packed as models/README.md says")
        })?;
        let found = entry.get("dtype").and_then(Value::as_str).unwrap_or("none");
        if found != kind {
            return Err(Error::unsupported(format!(
                "tensor '{name}' of the model is of type {found}, {kind} is expected"
            )));
        }
        let numbers = |key: &str| -> Option<Vec<u64>> {
            entry.get(key)?.as_array()?.iter().map(Value::as_u64).collect::<Option<Vec<u64>>>()
        };
        let found = numbers("shape").unwrap_or_default();
        if !found.iter().copied().eq(shape.iter().map(|n| *n as u64)) {
            return Err(Error::unsupported(format!(
                "tensor '{name}' of the model has the shape {found:?}, {shape:?} is expected"
            )));
        }
        let wanted = shape.iter().product::<usize>() * width;
        let place = match numbers("data_offsets").as_deref() {
            Some(&[from, to]) => usize::try_from(from).ok().zip(usize::try_from(to).ok()),
            _ => None,
        };
        place.and_then(|(from, to)| self.data.get(from..to)).filter(|bytes| bytes.len() == wanted).ok_or_else(|| {
            Error::malformed(format!("the {wanted} bytes of tensor '{name}' are not in the model: it is cut"))
        })
    }

    /// Floating-point numbers, all of them finite.
    pub fn floats(&self, name: &str, len: usize) -> Result<Vec<f32>> {
        let (numbers, _) = self.bytes(name, "F32", 4, &[len])?.as_chunks::<4>();
        let numbers: Vec<f32> = numbers.iter().map(|b| f32::from_le_bytes(*b)).collect();
        match numbers.iter().find(|x| !x.is_finite()) {
            Some(x) => Err(Error::malformed(format!("tensor '{name}' of the model holds {x}"))),
            None => Ok(numbers),
        }
    }

    /// Whole numbers of eight bits.
    pub fn bytes_of_shape(&self, name: &str, shape: &[usize]) -> Result<Vec<i8>> {
        Ok(self.bytes(name, "I8", 1, shape)?.iter().map(|b| b.cast_signed()).collect())
    }
}
