//! The model: two networks, one for the voice and one for the band.

use super::file::Tensors;
use super::unet::UNet;
use crate::error::{Error, Result};
use std::path::Path;
use std::sync::Arc;

/// The model that comes along: Spleeter's two stems, weights in eight bits. Origin and licence: models/README.md.
pub(super) static BUILT_IN: &[u8] = include_bytes!("../../models/spleeter_2stems_int8.safetensors");

/// A model file is this long at most, bytes.
const LARGEST: u64 = 1 << 28;

/// Two networks that tell voice from band. Immutable, so that any number of separators share one.
pub struct Model {
    pub(super) voice: UNet,
    pub(super) band: UNet,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Model")
    }
}

impl Model {
    /// The model that comes with the library; takes about 20 MB.
    ///
    /// # Errors
    /// None, unless the library was built with a damaged file.
    pub fn built_in() -> Result<Arc<Self>> {
        Self::parse(BUILT_IN)
    }

    /// Reads a safetensors file of the same architecture: names, shapes and types as models/README.md says.
    ///
    /// # Errors
    /// `Malformed` if the bytes are no such file or cut, `Unsupported` if a tensor is missing or of another shape or type.
    pub fn parse(bytes: &[u8]) -> Result<Arc<Self>> {
        let file = Tensors::parse(bytes)?;
        Ok(Arc::new(Self { voice: UNet::read(&file, "vocals")?, band: UNet::read(&file, "accompaniment")? }))
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// `Io` if it cannot be read, `Limit` beyond 256 MiB; else as [`Model::parse`].
    pub fn open(path: impl AsRef<Path>) -> Result<Arc<Self>> {
        let path = path.as_ref();
        let refused = |e| Error::io(path, "the model cannot be read", e);
        let length = std::fs::metadata(path).map_err(refused)?.len();
        if length > LARGEST {
            return Err(
                Error::limit(format!("a model of {length} bytes is too large, at most {LARGEST} are read")).at(path)
            );
        }
        Self::parse(&std::fs::read(path).map_err(refused)?).map_err(|e| e.at(path))
    }
}
