//! Opening a head by name or by file.

use super::set::{HrtfSet, Measured};
use crate::coords::Vec3;
use crate::error::{Error, Result};
use crate::sofa::{self, HrirData};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The head used when none is named.
pub const DEFAULT_HEAD: &str = "ku100";

/// Reads a head: a SOFA file, or the name of a built-in set. A file of that name wins.
///
/// # Errors
/// `Argument` if there is neither such a file nor such a set; otherwise what reading it ran into. A set that cannot be
/// used is refused, never replaced.
pub fn read(name: &str) -> Result<HrirData> {
    let path = Path::new(name);
    if let Some(bytes) = (!path.exists()).then(|| sofa::builtin(name)).flatten() {
        return sofa::parse(bytes);
    }
    if !path.exists() && !name.contains(['/', '.']) {
        let names: Vec<&str> = sofa::builtin_names().collect();
        return Err(Error::argument(format!("there is no built-in head '{name}' and no file of that name"))
            .hint(format!("built in: {}; or give the path of a SOFA file", names.join(", "))));
    }
    sofa::open(path)
}

/// Opens a head by name or path, prepared for `sample_rate` Hz. A built-in head that is in use at that rate is shared.
///
/// # Errors
/// As [`read`] and [`HrtfSet::new`].
pub fn open(name: &str, sample_rate: f64) -> Result<Arc<HrtfSet>> {
    static IN_USE: Mutex<Vec<Opened>> = Mutex::new(Vec::new());
    let prepare = || HrtfSet::new(&Measured::from(read(name)?), sample_rate).map(Arc::new).map_err(|e| e.at(name));
    // A file may change while it is in use.
    if Path::new(name).exists() {
        return prepare();
    }
    let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    in_use.retain(|(_, _, set)| set.strong_count() > 0);
    let known = in_use.iter().find(|(n, rate, _)| n == name && *rate == sample_rate);
    if let Some(set) = known.and_then(|(_, _, set)| set.upgrade()) {
        return Ok(set);
    }
    let set = prepare()?;
    in_use.push((name.to_string(), sample_rate, Arc::downgrade(&set)));
    Ok(set)
}

/// A built-in head at a rate.
type Opened = (String, f64, Weak<HrtfSet>);

impl From<HrirData> for Measured {
    fn from(d: HrirData) -> Self {
        Self {
            sample_rate: d.sample_rate,
            taps: d.taps,
            positions: d.positions.iter().map(|[x, y, z]| Vec3::new(*x, *y, *z)).collect(),
            responses: d.irs,
            delays: d.delays,
        }
    }
}
