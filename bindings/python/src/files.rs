//! Tracks and scenes from files: to memory, or to files again.

use crate::arrays::shaped;
use crate::errors::{OrRaise, argument, raise};
use crate::pool;
use periphon::Vec3;
use periphon::render::{self, Loudness, Placement, RenderJob, RenderStream};
use periphon::sink::SampleFormat;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyDictMethods};
use std::collections::HashMap;

/// Frames between two looks at the user's patience.
const STRETCH: usize = 1 << 16;

/// What a job is asked for beyond its input: names as the package has them. Options that are not known are the caller's
/// mistake.
fn job(input: &str, output: &str, options: &HashMap<String, Bound<'_, PyAny>>) -> PyResult<RenderJob> {
    let mut job = RenderJob::new(input, output);
    let (mut place, mut at, mut orbit) = (None::<String>, None::<[f64; 3]>, 8.0);
    for (name, value) in options {
        match name.as_str() {
            "head" => job.hrtf = value.extract()?,
            "room" => job.room = Some(value.extract()?),
            "stage" => job.stage = Some(value.extract()?),
            "headphones" => job.headphones = Some(value.extract()?),
            "layout" => job.layout = Some(value.extract()?),
            "rate" => job.rate = Some(rate(value)?),
            "start" => job.start = value.extract()?,
            "duration" => job.duration = Some(value.extract()?),
            "tail" => job.tail = Some(value.extract()?),
            "block" => job.block = Some(value.extract()?),
            "threads" => job.threads = Some(value.extract()?),
            "force" => job.force = value.extract()?,
            "true_peak" => job.true_peak = value.extract()?,
            "place" => place = Some(value.extract()?),
            "at" => at = Some(value.extract()?),
            "orbit" => orbit = value.extract()?,
            "format" => job.format = format(&value.extract::<String>()?)?,
            "loudness" => job.loudness = loudness(value)?,
            other => return Err(argument(format!("there is no option '{other}'"))),
        }
    }
    for (name, seconds) in [("start", Some(job.start)), ("duration", job.duration), ("tail", job.tail)] {
        if seconds.is_some_and(|s| !(0.0..=1e9).contains(&s)) {
            return Err(argument(format!("{name}: seconds from 0 on are needed, not {}", seconds.unwrap_or(f64::NAN))));
        }
    }
    if job.block.is_some_and(|b| !(16..=8192).contains(&b)) || job.threads == Some(0) {
        return Err(argument("block: 16 to 8192 frames are needed; threads: at least 1"));
    }
    let [azimuth, elevation, distance] = at.unwrap_or([0.0, 0.0, 1.0]);
    let point = Vec3::from_polar(azimuth, elevation, distance);
    if !(point.is_finite() && f64::is_finite(orbit)) {
        return Err(argument("at: azimuth, elevation and distance must be finite, and so must orbit"));
    }
    job.placement = match place.as_deref() {
        None if at.is_some() => Some(Placement::Point(point)),
        None => None,
        Some("panorama") => Some(Placement::Panorama),
        Some("stereo") => Some(Placement::Stereo),
        Some("speakers") => Some(Placement::Speakers),
        Some("point") => Some(Placement::Point(point)),
        Some("orbit") => Some(Placement::Orbit(point, orbit)),
        Some(other) => {
            let error = periphon::Error::argument(format!("there is no placement '{other}'"));
            return Err(raise(&error.hint("there are: panorama, stereo, speakers, point, orbit")));
        }
    };
    Ok(job)
}

fn rate(value: &Bound<'_, PyAny>) -> PyResult<u32> {
    let rate: f64 = value.extract()?;
    if (8_000.0..=384_000.0).contains(&rate) && rate.fract() == 0.0 {
        return Ok(rate as u32);
    }
    Err(argument(format!("a sample rate is a whole number of 8000 to 384000 Hz, not {rate}")))
}

fn format(name: &str) -> PyResult<SampleFormat> {
    match name {
        "i16" => Ok(SampleFormat::I16),
        "i24" => Ok(SampleFormat::I24),
        "f32" => Ok(SampleFormat::F32),
        _ => Err(argument(format!("format: i16, i24 or f32 is needed, not '{name}'"))),
    }
}

fn loudness(value: &Bound<'_, PyAny>) -> PyResult<Loudness> {
    if value.is_none() {
        return Ok(Loudness::Off);
    }
    if let Ok(name) = value.extract::<String>() {
        return match name.as_str() {
            "source" => Ok(Loudness::Source),
            "off" => Ok(Loudness::Off),
            _ => Err(argument(format!("loudness: LUFS, 'source' or 'off' is needed, not '{name}'"))),
        };
    }
    let lufs: f64 = value.extract()?;
    if (-100.0..=0.0).contains(&lufs) {
        return Ok(Loudness::Lufs(lufs));
    }
    Err(argument(format!("loudness: -100 to 0 LUFS is needed, not {lufs}")))
}

/// Both ears `[2][frames]` of a track or a scene, without gain or limiter; the sample rate; what was odd.
#[pyfunction]
pub(crate) fn render_stream<'py>(
    py: Python<'py>,
    input: &str,
    options: HashMap<String, Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, u32, Vec<String>)> {
    let job = job(input, "", &options)?;
    let (ears, rate, warnings) = py.detach(|| -> PyResult<_> {
        let mut stream = RenderStream::open(&job).or_raise()?;
        let (mut left, mut right) = (Vec::new(), Vec::new());
        loop {
            let done = left.len();
            for ear in [&mut left, &mut right] {
                let stretch: Vec<f32> = pool::zeros(&[STRETCH]).or_raise()?;
                ear.extend_from_slice(&stretch);
            }
            let frames = stream.read(&mut left[done..], &mut right[done..]).or_raise()?;
            left.truncate(done + frames);
            right.truncate(done + frames);
            if frames < STRETCH {
                break;
            }
            Python::attach(|py| py.check_signals())?;
        }
        left.append(&mut right);
        Ok((left, stream.sample_rate(), stream.warnings()))
    })?;
    let frames = ears.len() / 2;
    Ok((shaped(py, ears, [2, frames])?, rate, warnings))
}

/// Renders a file to a file; the report.
#[pyfunction]
pub(crate) fn render_file<'py>(
    py: Python<'py>,
    input: &str,
    output: &str,
    options: HashMap<String, Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let job = job(input, output, &options)?;
    let report = py.detach(|| render::render(&job, &mut |_| ())).or_raise()?;
    let all = PyDict::new(py);
    all.set_item("output", report.output.display().to_string())?;
    all.set_item("frames", report.frames)?;
    all.set_item("sample_rate", report.sample_rate)?;
    all.set_item("channels", report.channels)?;
    all.set_item("placement", report.placement)?;
    all.set_item("layout", report.layout)?;
    all.set_item("input_lufs", report.input_lufs)?;
    all.set_item("output_lufs", report.output_lufs)?;
    all.set_item("true_peak_dbtp", report.true_peak_dbtp)?;
    all.set_item("gain_db", report.gain_db)?;
    all.set_item("limited_frames", report.limited_frames)?;
    all.set_item("clipped_samples", report.clipped_samples)?;
    all.set_item("non_finite_samples", report.non_finite_samples)?;
    all.set_item("seconds_elapsed", report.seconds_elapsed)?;
    all.set_item("realtime_factor", report.realtime_factor)?;
    all.set_item("stage", report.stage)?;
    all.set_item("hrtf", report.hrtf)?;
    all.set_item("room", report.room)?;
    all.set_item("headphones", report.headphones)?;
    all.set_item("warnings", report.warnings)?;
    Ok(all)
}
