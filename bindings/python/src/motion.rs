//! Ways of sources and heads.

use crate::arrays::{place, places, pose, rows, values};
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
        Ok(Self { motion: periphon::Motion::Still(place("a place", at)?) })
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
        let (centre, start) = (place("an orbit's centre", centre)?, place("an orbit's start", start)?);
        if !(1e-3..=1e9).contains(&seconds_per_turn.abs()) {
            return Err(argument(format!("an orbit takes 0.001 to 1e9 s for a turn, not {seconds_per_turn}")));
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
    fn still(at: [f64; 7]) -> PyResult<Self> {
        Ok(Self { motion: periphon::HeadMotion::Still(pose(at)?) })
    }

    /// From pose to pose `[N][7]`, at rising times `[N]`.
    #[staticmethod]
    fn path(times: PyReadonlyArray1<'_, f64>, poses: PyReadonlyArray2<'_, f64>) -> PyResult<Self> {
        let (times, poses) = (values(&times), rows::<7>("poses", &poses)?);
        same(times.len(), poses.len(), "poses")?;
        let poses: Vec<_> = poses.into_iter().map(pose).collect::<PyResult<_>>()?;
        let keys = times.into_iter().zip(poses);
        Ok(Self { motion: periphon::HeadMotion::path(keys).or_raise()? })
    }
}

fn same(times: usize, values: usize, what: &str) -> PyResult<()> {
    if times == values {
        return Ok(());
    }
    Err(argument(format!("a path has a time for each of its {what}: {times} times and {values} {what} were given")))
}
