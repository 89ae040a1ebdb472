//! The figures of ISO 3382-1, for many responses at once.

use crate::arrays::{shaped, values};
use crate::errors::{OrRaise, argument};
use crate::pool;
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use periphon::room::BANDS;
use periphon::room::measures as iso;
use pyo3::prelude::*;

/// Figures of a band.
const FIGURES: usize = 8;

/// Figures of a response.
const ALL: usize = FIGURES * BANDS + 3;

/// `[N][59]` of responses `[N][frames]`: t20, t30, edt, c50, c80, d50, ts and range of seven bands each, then
/// drr, itdg and onset; NaN where a figure is not to be had.
#[pyfunction]
pub(crate) fn measures<'py>(
    py: Python<'py>,
    responses: PyReadonlyArray2<'py, f32>,
    rate: f64,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    check(rate)?;
    let (count, frames) = responses.as_array().dim();
    let all = values(&responses);
    let mut out = pool::zeros::<f64>(&[count, ALL]).or_raise()?;
    pool::fill(
        py,
        &mut out,
        ALL,
        threads,
        || (),
        |(), i, figures| {
            let found = iso::measures(&all[i * frames..][..frames], rate);
            for (b, band) in found.bands.iter().enumerate() {
                let row = [band.t20, band.t30, band.edt, band.c50, band.c80, band.d50, band.ts, band.range_db];
                row.iter().enumerate().for_each(|(f, x)| figures[f * BANDS + b] = x.unwrap_or(f64::NAN));
            }
            let rest = [found.drr_db, found.itdg_ms, found.onset_s].map(|x| x.unwrap_or(f64::NAN));
            figures[FIGURES * BANDS..].copy_from_slice(&rest);
            Ok(())
        },
    )?;
    shaped(py, out, [count, ALL])
}

/// The energy decay curve of an octave band, dB below the whole.
#[pyfunction]
pub(crate) fn decay_curve<'py>(
    py: Python<'py>,
    response: PyReadonlyArray1<'py, f32>,
    rate: f64,
    centre: f64,
) -> PyResult<Bound<'py, PyAny>> {
    check(rate)?;
    let response = values(&response);
    let curve = py.detach(|| iso::decay_curve(&response, rate, centre));
    let frames = curve.len();
    shaped(py, curve, [frames])
}

fn check(rate: f64) -> PyResult<()> {
    if (1.0..=1e7).contains(&rate) {
        return Ok(());
    }
    Err(argument(format!("a sample rate is 1 to 10000000 Hz, not {rate}")))
}
