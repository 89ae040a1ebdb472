//! Heads: measured responses of two ears, and what lies between the measured directions.

use crate::arrays::{places, rows, sample_rate, shaped, values};
use crate::errors::{OrRaise, argument};
use crate::pool;
use numpy::{PyReadonlyArray2, PyReadonlyArray3};
use periphon::hrtf::near_field::near_ear;
use periphon::hrtf::{self, Interpolator};
use periphon::{HrtfSet, Measured, Rotation, Vec3};
use pyo3::prelude::*;
use std::sync::Arc;

/// Two ears, prepared for one sample rate.
#[pyclass(frozen, module = "periphon._periphon")]
pub(crate) struct Head {
    /// Shared with the engines that hear with it.
    pub(crate) set: Arc<HrtfSet>,
}

#[pymethods]
impl Head {
    /// A built-in head by name, or a SOFA file.
    #[staticmethod]
    fn open(py: Python<'_>, name: &str, rate: f64) -> PyResult<Self> {
        let rate = sample_rate(rate)?;
        let set = py.detach(|| hrtf::open(name, rate)).or_raise()?;
        Ok(Self { set })
    }

    /// From responses `[M][2][taps]` measured at places `[M][3]`.
    #[staticmethod]
    fn measured(
        py: Python<'_>,
        at: PyReadonlyArray2<'_, f64>,
        responses: PyReadonlyArray3<'_, f32>,
        measured_rate: f64,
        rate: f64,
    ) -> PyResult<Self> {
        let (measured_rate, rate) = (sample_rate(measured_rate)?, sample_rate(rate)?);
        let positions = places("places", &at)?;
        let (count, ears, taps) = responses.as_array().dim();
        if (count, ears) != (positions.len(), 2) {
            let message = format!(
                "responses: [{}][2][taps] is needed, one pair for each place, not [{count}][{ears}][{taps}]",
                positions.len()
            );
            return Err(argument(message));
        }
        let measured = Measured {
            sample_rate: measured_rate,
            taps,
            delays: vec![[0.0; 2]; positions.len()],
            positions,
            responses: values(&responses),
        };
        let set = py.detach(|| HrtfSet::new(&measured, rate)).or_raise()?;
        Ok(Self { set: Arc::new(set) })
    }

    /// Hz.
    #[getter]
    fn rate(&self) -> f64 {
        self.set.sample_rate()
    }

    /// Samples of each response.
    #[getter]
    fn taps(&self) -> usize {
        self.set.taps()
    }

    /// Directions that were measured.
    #[getter]
    fn count(&self) -> usize {
        self.set.measured()
    }

    /// Metres at which was measured, the nearest first.
    #[getter]
    fn distances(&self) -> Vec<f64> {
        self.set.shells().iter().map(|s| s.radius).collect()
    }

    /// `[V][3]`: the places of the vertices, those made up to close gaps included.
    fn places<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let all = self.set.shells().iter().flat_map(|s| s.mesh.directions().iter().map(|d| *d * s.radius));
        let flat: Vec<f64> = all.flat_map(|p| [p.x, p.y, p.z]).collect();
        shaped(py, flat, [self.set.vertices(), 3])
    }

    /// `[V][2][taps]`: the responses of the vertices.
    fn stored<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let all = (0..self.set.vertices() as u32).flat_map(|v| [(v, 0), (v, 1)]);
        let flat: Vec<f32> = all.flat_map(|(v, ear)| self.set.response(v, ear).iter().copied()).collect();
        shaped(py, flat, [self.set.vertices(), 2, self.set.taps()])
    }

    /// `[N][2][taps]`: the responses at places `[N][3]`, as a source that rests there is heard at gain 1, without the
    /// 1/distance.
    fn responses<'py>(&self, py: Python<'py>, at: PyReadonlyArray2<'py, f64>) -> PyResult<Bound<'py, PyAny>> {
        let (at, set) = (places("places", &at)?, &*self.set);
        let taps = set.taps();
        let mut out = pool::zeros(&[at.len(), 2, taps]).or_raise()?;
        let shop = || Interpolator::new(taps);
        pool::fill(py, &mut out, 2 * taps, None, shop, |shop, i, pair| {
            pair.chunks_exact_mut(taps).enumerate().for_each(|(ear, out)| heard(set, at[i], ear, shop, out));
            Ok(())
        })?;
        shaped(py, out, [at.len(), 2, taps])
    }

    /// `[N][2]`: seconds until the sound arrives in those responses.
    fn arrivals<'py>(&self, py: Python<'py>, at: PyReadonlyArray2<'py, f64>) -> PyResult<Bound<'py, PyAny>> {
        let (at, set) = (places("places", &at)?, &*self.set);
        let one = |p: &Vec3| [0, 1].map(|ear| look_up(set, *p, ear).1 / set.sample_rate());
        let flat: Vec<f64> = at.iter().flat_map(one).collect();
        shaped(py, flat, [at.len(), 2])
    }
}

/// Where one ear's response is to be looked up, when it arrives (samples), and what nearness adds.
fn look_up(set: &HrtfSet, at: Vec3, ear: usize) -> (hrtf::Place, f64, Option<hrtf::near_field::NearEar>) {
    let near = if set.models_near_field() { near_ear(at, ear) } else { None };
    let place = set.place(near.map_or(at, |n| n.direction), &mut [0; 2]);
    let delay = set.delay(&place, ear);
    (place, delay + near.map_or(0.0, |n| n.delay_s * set.sample_rate()), near)
}

/// The engine's filter of a source at rest.
fn heard(set: &HrtfSet, at: Vec3, ear: usize, shop: &mut Interpolator, out: &mut [f32]) {
    let (place, _, near) = look_up(set, at, ear);
    shop.response(set, place.terms(), ear, set.delay(&place, ear), out);
    if let Some(near) = near {
        shop.bring_near(out, &near, set.sample_rate());
    }
}

/// The unit quaternions (w, x, y, z), `[N][4]`, of turns by yaw, pitch and roll, `[N][3]` in degrees.
#[pyfunction]
pub(crate) fn quaternion<'py>(py: Python<'py>, angles: PyReadonlyArray2<'py, f64>) -> PyResult<Bound<'py, PyAny>> {
    let angles = rows::<3>("angles", &angles)?;
    if angles.iter().flatten().any(|a| !a.is_finite()) {
        return Err(argument("angles must be finite"));
    }
    let one = |[yaw, pitch, roll]: &[f64; 3]| {
        let q = Rotation::from_yaw_pitch_roll(*yaw, *pitch, *roll);
        [q.w, q.x, q.y, q.z]
    };
    shaped(py, angles.iter().flat_map(one).collect::<Vec<f64>>(), [angles.len(), 4])
}
