//! Any SOFA file as what it is: global attributes and variables with dimensions, attributes and numbers (AES69, in
//! netCDF-4, in HDF5). It knows nothing of conventions; head sets and measured rooms both start from here.

use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Once};

use hdf5_reader::{Attribute, BytesStorage, Dataset, FileStorage, Hdf5File, OpenOptions, Storage};

use super::number::{Float, Number};
use super::store::{self, foreign};
use crate::error::{Error, Result};

/// The most values that one variable may have: half a GiB as `f32`.
pub const MAX_VALUES: usize = 1 << 27;
/// More variables than any SOFA file has.
const MAX_VARIABLES: usize = 4096;

/// An opened SOFA file.
pub struct Container {
    file: Hdf5File,
    attributes: Vec<(String, String)>,
    variables: Vec<Variable>,
}

/// A variable: what is known before its values are read.
pub struct Variable {
    /// Its name, such as `Data.IR`.
    pub name: String,
    /// Its dimensions, outermost first.
    pub dims: Vec<usize>,
    /// Its attributes, such as `Type` and `Units`, as text.
    pub attributes: Vec<(String, String)>,
    number: Option<Number>,
    dataset: Dataset,
}

impl Variable {
    /// An attribute, without blanks around it; `None` if it is missing or blank.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        find(&self.attributes, name)
    }

    /// How its values are stored, such as `float64`; `None` if they are no plain numbers.
    pub fn stored_as(&self) -> Option<&'static str> {
        self.number.map(Number::name)
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.dims.iter().fold(1, |a: usize, &n| a.saturating_mul(n))
    }

    /// True if it has no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Container {
    /// Opens the bytes of a file. Attributes and the list of variables are read at once, values when they are asked for.
    ///
    /// # Errors
    /// `Malformed` if the bytes are no HDF5 file or a damaged one, `Unsupported` if they use a part of HDF5 that no
    /// SOFA writer uses, `Limit` if the file claims absurd sizes.
    pub fn parse(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Self> {
        Self::from_storage(Arc::new(BytesStorage::from_owner(bytes)))
    }

    /// Opens a file, of which only the parts that are asked for are read.
    ///
    /// # Errors
    /// `Io` if it cannot be read; otherwise as [`Container::parse`]. The error names the file.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |e| Error::io(path, "the SOFA file cannot be read", e);
        let file = File::open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(Error::malformed("this is no regular file, and a SOFA file is read in any order").at(path));
        }
        let storage = FileStorage::from_file(file).map_err(|e| foreign(e).at(path))?;
        Self::from_storage(Arc::new(storage)).map_err(|e| e.at(path))
    }

    fn from_storage(storage: Arc<dyn Storage>) -> Result<Self> {
        check_signature(storage.as_ref())?;
        guard(move || {
            let options = OpenOptions::default()
                // Values do not pass through the reader's cache, so it needs none.
                .with_chunk_cache_bytes(0)
                .with_max_chunk_bytes(store::MAX_CHUNK_BYTES)
                .with_max_read_bytes(64 << 20)
                .with_max_object_header_bytes(16 << 20);
            let file = Hdf5File::from_storage_with_options(storage, options).map_err(foreign)?;
            let root = file.root_group().map_err(foreign)?;
            let attributes = texts(&root.attributes().map_err(foreign)?);
            let datasets = root.datasets().map_err(foreign)?;
            if datasets.len() > MAX_VARIABLES {
                return Err(Error::limit(format!(
                    "the file has {} variables, more than {MAX_VARIABLES}",
                    datasets.len()
                )));
            }
            let variables = datasets.into_iter().map(variable).collect();
            Ok(Self { file, attributes, variables })
        })
    }

    /// A global attribute, without blanks around it; `None` if it is missing or blank.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        find(&self.attributes, name)
    }

    /// All global attributes in the order of the file.
    pub fn attributes(&self) -> &[(String, String)] {
        &self.attributes
    }

    /// All variables in the order of the file.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// A variable by its name.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|v| v.name == name)
    }

    /// A variable that has to be there.
    ///
    /// # Errors
    /// `Malformed` if it is missing.
    pub fn require(&self, name: &str) -> Result<&Variable> {
        self.variable(name).ok_or_else(|| Error::malformed(format!("the file has no variable {name}")))
    }

    /// The values of a variable in C order, for positions, rates, frequencies and delays.
    ///
    /// # Errors
    /// `Malformed` if it is missing or damaged, `Unsupported` if it holds no numbers or is compressed by a filter that
    /// is not part of HDF5, `Limit` above [`MAX_VALUES`].
    pub fn values(&self, name: &str) -> Result<Vec<f64>> {
        self.read(self.require(name)?, false)
    }

    /// As [`Container::values`], in single precision and only if all of it was written: for samples.
    ///
    /// # Errors
    /// As [`Container::values`].
    pub fn samples(&self, name: &str) -> Result<Vec<f32>> {
        self.read(self.require(name)?, true)
    }

    /// As [`Container::samples`], in double precision.
    pub(crate) fn precise_samples(&self, name: &str) -> Result<Vec<f64>> {
        self.read(self.require(name)?, true)
    }

    fn read<T: Float>(&self, variable: &Variable, complete: bool) -> Result<Vec<T>> {
        let name = &variable.name;
        let Some(number) = variable.number else {
            return Err(Error::unsupported(format!(
                "{name} does not hold numbers, but {:?}",
                variable.dataset.dtype()
            )));
        };
        // The same memory for wide numbers and for what is made of them.
        let limit = if size_of::<T>() > 4 { MAX_VALUES / 4 } else { MAX_VALUES };
        if variable.len() > limit {
            return Err(Error::limit(format!(
                "{name} claims {:?} = {} values, more than {limit}",
                variable.dims,
                variable.len()
            )));
        }
        guard(|| store::read(&self.file, &variable.dataset, number, complete)).map_err(|e| prefix(name, e))
    }
}

/// The same error with the name of the variable before its message.
fn prefix(name: &str, error: Error) -> Error {
    let mut named = Error::new(error.kind(), format!("{name} cannot be read: {error}"));
    for hint in error.hints() {
        named = named.hint(hint.clone());
    }
    named.caused_by(error)
}

fn variable(dataset: Dataset) -> Variable {
    // netCDF-4 renames a variable that has the name of a dimension, but is not its coordinate.
    let name = dataset.name().trim_start_matches("_nc4_non_coord_").to_string();
    Variable {
        name,
        dims: dataset.shape().iter().map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect(),
        attributes: texts(&dataset.attributes()),
        number: Number::of(dataset.dtype()),
        dataset,
    }
}

fn find<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
}

/// Attributes as text; what netCDF keeps for itself and what is no text or number is left out.
fn texts(attributes: &[Attribute]) -> Vec<(String, String)> {
    const OWN: [&str; 7] =
        ["CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates", "_NCProperties"];
    attributes
        .iter()
        .filter(|a| !OWN.contains(&a.name.as_str()))
        .map(|a| {
            let empty = a.shape.contains(&0) || a.raw_data.is_empty() && a.decoded_strings.is_none();
            let text = if empty {
                String::new()
            } else {
                a.read_strings()
                    .map(|s| s.join(", "))
                    .or_else(|_| a.read_string())
                    .or_else(|_| a.read_as_f64().map(|v| v.to_string()))
                    .unwrap_or_else(|_| latin1(a).unwrap_or_default())
            };
            (a.name.clone(), text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_string())
        })
        .collect()
}

/// Text that is not UTF-8: older MATLAB tools write Latin-1 and say that it is UTF-8 or ASCII.
fn latin1(attribute: &Attribute) -> Option<String> {
    match attribute.datatype {
        hdf5_reader::Datatype::String { .. } => Some(attribute.raw_data.iter().map(|&b| char::from(b)).collect()),
        _ => None,
    }
}

/// An HDF5 file starts with its signature, or has it after a user block of 512, 1024, ... bytes.
fn check_signature(storage: &dyn Storage) -> Result<()> {
    const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
    let found = std::iter::once(0)
        .chain(std::iter::successors(Some(512u64), |n| n.checked_mul(2)))
        .take_while(|&n| n < storage.len())
        .any(|n| storage.read_range(n, SIGNATURE.len()).is_ok_and(|b| b.as_ref() == SIGNATURE));
    if found {
        return Ok(());
    }
    let start = storage.read_range(0, storage.len().min(512) as usize).map_err(foreign)?;
    let bytes = start.as_ref();
    let what = match bytes {
        [] => "is empty".to_string(),
        _ if bytes.starts_with(b"CDF") => "is a netCDF-3 file, SOFA is netCDF-4 (HDF5)".to_string(),
        _ if bytes.starts_with(b"RIFF") => "is a WAV file".to_string(),
        _ if bytes.starts_with(b"version https://git-lfs") => {
            "is a Git LFS pointer; the set itself has not been fetched".to_string()
        }
        _ if bytes.len() < 512 && bytes.is_ascii() => {
            format!("is a text of {} bytes: a broken link or a failed download?", bytes.len())
        }
        _ if bytes.starts_with(b"<") => "is a web page: a failed download?".to_string(),
        _ => "has no HDF5 signature".to_string(),
    };
    Err(Error::malformed(format!("this is no SOFA file: it {what}")))
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs foreign parsing code so that a panic in it becomes an error, without a message on stderr.
pub(crate) fn guard<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    if cfg!(fuzzing) {
        // Here every panic is to be seen.
        return work();
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let earlier = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                earlier(info);
            }
        }));
    });
    let before = QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(before);
    result.unwrap_or_else(|_| Err(Error::malformed("the file is damaged in a way its reader did not foresee")))
}
