//! Head sets from SOFA files (AES69): directional filters for two ears, as the file has them.
//!
//! [`open`] and [`parse`] read every convention that holds such filters and can be read without guessing. What is odd
//! but usable is told by [`HrirData::findings`] and [`doctor`]; what cannot be used is refused with the reason. The
//! general reader below, [`container`], knows nothing of conventions and also serves measured rooms.
//!
//! From bytes to filters: [`container`] (with `store` and `number`) finds variables and numbers, `convention` decides
//! what the file holds, `fir`, `transfer`, `sections` and `harmonics` make impulse responses of it, `places` makes
//! directions relative to the head, `ears` settles which receiver is the left one, [`doctor`] looks at the result.

mod builtin;
pub mod container;
mod convention;
mod doctor;
mod ears;
pub(crate) mod finding;
pub(crate) mod fir;
mod grid;
mod harmonics;
mod number;
pub(crate) mod places;
mod read;
mod sections;
mod store;
mod transfer;

use std::path::Path;

pub use builtin::{builtin, builtin_names};
pub use container::Container;
pub use doctor::{Diagnosis, diagnose, doctor};
pub use finding::{Finding, Severity};
pub use grid::{Grid, GridKind};

use crate::error::Result;

/// Directional filters for two ears.
#[derive(Clone, Debug, PartialEq)]
pub struct HrirData {
    /// Hz.
    pub sample_rate: f64,
    /// Samples of each response.
    pub taps: usize,
    /// Places of the source, one a measurement: metres from the centre of the head, +x front, +y left, +z up.
    pub positions: Vec<[f64; 3]>,
    /// Impulse responses, `[M][2][taps]`, left ear first, at the level of the file.
    pub irs: Vec<f32>,
    /// Delay of each response on top of what is in it, in samples (fractions allowed), left ear first, `[M]`.
    pub delays: Vec<[f32; 2]>,
    /// Who measured whom, and under which terms it may be used.
    pub meta: Meta,
    /// What was odd while the file was read. [`doctor`] adds what shows in the responses themselves.
    pub findings: Vec<Finding>,
}

impl HrirData {
    /// The number of measurements.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// True if there are no measurements (a set that was read has at least one).
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The response of one ear (0 = left, 1 = right) of one measurement.
    ///
    /// # Panics
    /// Panics if there is no such measurement or ear.
    pub fn ir(&self, measurement: usize, ear: usize) -> &[f32] {
        assert!(ear < 2, "an ear is 0 or 1");
        let start = (measurement * 2 + ear) * self.taps;
        &self.irs[start..start + self.taps]
    }
}

/// The global attributes of a file, as they stand there; `None` where they are missing or blank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // The names are those of AES69.
pub struct Meta {
    pub convention: Option<String>,
    pub convention_version: Option<String>,
    pub sofa_version: Option<String>,
    pub data_type: Option<String>,
    pub title: Option<String>,
    pub database: Option<String>,
    pub listener: Option<String>,
    pub license: Option<String>,
    pub author: Option<String>,
    pub organization: Option<String>,
    pub comment: Option<String>,
    pub references: Option<String>,
    pub origin: Option<String>,
    pub application: Option<String>,
    pub room_type: Option<String>,
    pub date_created: Option<String>,
    pub date_modified: Option<String>,
}

impl Meta {
    /// The attributes of a file.
    pub fn of(file: &Container) -> Self {
        let get = |name: &str| file.attribute(name).map(str::to_string);
        Self {
            convention: get("SOFAConventions"),
            convention_version: get("SOFAConventionsVersion"),
            sofa_version: get("Version"),
            data_type: get("DataType"),
            title: get("Title"),
            database: get("DatabaseName"),
            listener: get("ListenerShortName"),
            license: get("License"),
            author: get("AuthorContact"),
            organization: get("Organization"),
            comment: get("Comment"),
            references: get("References"),
            origin: get("Origin"),
            application: get("ApplicationName"),
            room_type: get("RoomType"),
            date_created: get("DateCreated"),
            date_modified: get("DateModified"),
        }
    }
}

/// Reads the head set in a file.
///
/// # Errors
/// `Io` if it cannot be read; otherwise as [`parse`]. The error names the file.
pub fn open(path: &Path) -> Result<HrirData> {
    from_container(&Container::open(path)?).map_err(|e| e.at(path))
}

/// Reads the head set in the bytes of a file: a `Vec<u8>` or a `&'static [u8]`, without a copy.
///
/// # Errors
/// `Malformed` if the bytes are no SOFA file or break its rules, `Unsupported` if the file is sound but holds no
/// directional filters for two ears or needs guessing, `Limit` if it claims absurd sizes.
pub fn parse(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<HrirData> {
    from_container(&Container::parse(bytes)?)
}

/// Reads the head set in an opened file.
///
/// # Errors
/// As [`parse`].
pub fn from_container(file: &Container) -> Result<HrirData> {
    container::guard(|| read::read(file))
}
