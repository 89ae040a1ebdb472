//! NumPy arrays in and out. Whatever their strides, they are copied: nobody else can change the copies.

use crate::errors::argument;
use numpy::ndarray::Dimension;
use numpy::{Element, PyArray1, PyReadonlyArray, PyReadonlyArray2};
use periphon::dsp::SAMPLE_RATES;
use periphon::spatializer::{FARTHEST_M, is_meant};
use periphon::{Pose, Rotation, Vec3};
use pyo3::prelude::*;

/// The values of an array, the last axis the fastest.
pub(crate) fn values<T: Element + Copy, D: Dimension>(array: &PyReadonlyArray<'_, T, D>) -> Vec<T> {
    array.as_array().iter().copied().collect()
}

/// The rows of an array of `[rows][N]`.
///
/// # Errors
/// `ArgumentError` if rows have another length.
pub(crate) fn rows<const N: usize>(what: &str, array: &PyReadonlyArray2<'_, f64>) -> PyResult<Vec<[f64; N]>> {
    let view = array.as_array();
    if view.ncols() != N {
        return Err(argument(format!("{what}: rows of {N} numbers are needed, not of {}", view.ncols())));
    }
    Ok(view.rows().into_iter().map(|row| std::array::from_fn(|i| row[i])).collect())
}

/// A sample rate.
///
/// # Errors
/// `ArgumentError` if it is none.
pub(crate) fn sample_rate(rate: f64) -> PyResult<f64> {
    if SAMPLE_RATES.contains(&rate) {
        return Ok(rate);
    }
    Err(argument(format!("a sample rate is 1000 to 1000000 Hz, not {rate}")))
}

/// A place, x, y, z in metres.
///
/// # Errors
/// `ArgumentError` if it is not finite, or farther than anything.
pub(crate) fn place(what: &str, at: [f64; 3]) -> PyResult<Vec3> {
    let place = vec3(at);
    if is_meant(place) {
        return Ok(place);
    }
    Err(argument(format!("{what} must be finite, at most {FARTHEST_M} m away, not {at:?}")))
}

/// Places, one a row: x, y, z in metres.
///
/// # Errors
/// `ArgumentError` if a place is not finite or too far, or rows have not three numbers.
pub(crate) fn places(what: &str, array: &PyReadonlyArray2<'_, f64>) -> PyResult<Vec<Vec3>> {
    let one = |(i, at)| place(&format!("{what}: place {i}"), at);
    rows(what, array)?.into_iter().enumerate().map(one).collect()
}

/// Three numbers as they are.
pub(crate) fn vec3([x, y, z]: [f64; 3]) -> Vec3 {
    Vec3::new(x, y, z)
}

/// A pose: x, y, z, then the quaternion w, x, y, z, as it is.
///
/// # Errors
/// `ArgumentError` as for a place.
pub(crate) fn pose([x, y, z, w, i, j, k]: [f64; 7]) -> PyResult<Pose> {
    Ok(Pose::new(place("the listener's place", [x, y, z])?, Rotation { w, x: i, y: j, z: k }))
}

/// Values as an array of a shape, without copying.
///
/// # Errors
/// What NumPy says if there are not as many values as the shape has.
pub(crate) fn shaped<'py, T: Element, const N: usize>(
    py: Python<'py>,
    values: Vec<T>,
    shape: [usize; N],
) -> PyResult<Bound<'py, PyAny>> {
    let flat = PyArray1::from_vec(py, values);
    if N == 1 {
        return Ok(flat.into_any());
    }
    flat.call_method1("reshape", (shape.to_vec(),))
}
