//! Ways of sources and heads.

use crate::arrays::{places, pose, rows, values, vec3};
use crate::errors::{OrRaise, argument};
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

/// Where a source is, in seconds of the engine's clock.
#[pyclass(frozen, module = "periphon._periphon")]
pub(crate) struct Motion {
    pub(crate) motion: periphon::Motion,
}

#[pymethods]
impl Motion {
    /// In one place.
    #[staticmethod]
    fn still(at: [f64; 3]) -> PyResult<Self> {
        let at = vec3(at);
        if !at.is_finite() {
            return Err(argument(format!("a place must be finite, not {:?}", [at.x, at.y, at.z])));
        }
        Ok(Self { motion: periphon::Motion::Still(at) })
    }

    /// From place to place `[N][3]`, at rising times `[N]`.
    #[staticmethod]
    fn path(times: PyReadonlyArray1<'_, f64>, at: PyReadonlyArray2<'_, f64>) -> PyResult<Self> {
        let (times, at) = (values(&times), places("places", &at)?);
        same(times.len(), at.len(), "places")?;
        Ok(Self { motion: periphon::Motion::path(times.into_iter().zip(at)).or_raise()? })
    }

    /// On a circle around a vertical axis through `centre`, from `centre + start`, counter-clockwise.
    #[staticmethod]
    fn orbit(centre: [f64; 3], start: [f64; 3], seconds_per_turn: f64) -> PyResult<Self> {
        let (centre, start) = (vec3(centre), vec3(start));
        if !(centre.is_finite() && start.is_finite() && seconds_per_turn.is_finite() && seconds_per_turn != 0.0) {
            let message = "an orbit needs a finite centre and start, and seconds for a turn that are not 0";
            return Err(argument(message));
        }
        Ok(Self { motion: periphon::Motion::Orbit { centre, start, seconds_per_turn } })
    }
}

/// Where a head is and how it is turned.
#[pyclass(frozen, module = "periphon._periphon")]
pub(crate) struct HeadMotion {
    pub(crate) motion: periphon::HeadMotion,
}

#[pymethods]
impl HeadMotion {
    /// In one pose: x, y, z, then the quaternion w, x, y, z.
    #[staticmethod]
    fn still(at: [f64; 7]) -> Self {
        Self { motion: periphon::HeadMotion::Still(pose(at)) }
    }

    /// From pose to pose `[N][7]`, at rising times `[N]`.
    #[staticmethod]
    fn path(times: PyReadonlyArray1<'_, f64>, poses: PyReadonlyArray2<'_, f64>) -> PyResult<Self> {
        let (times, poses) = (values(&times), rows::<7>("poses", &poses)?);
        same(times.len(), poses.len(), "poses")?;
        let keys = times.into_iter().zip(poses.into_iter().map(pose));
        Ok(Self { motion: periphon::HeadMotion::path(keys).or_raise()? })
    }
}

fn same(times: usize, values: usize, what: &str) -> PyResult<()> {
    if times == values {
        return Ok(());
    }
    Err(argument(format!("a path has a time for each of its {what}: {times} times and {values} {what} were given")))
}
