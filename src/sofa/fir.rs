//! `Data.IR`, `Data.SamplingRate` and `Data.Delay`: filters that are impulse responses already.

use super::container::{Container, MAX_VALUES, Variable};
use super::convention::Form;
use super::finding::Finding;
use crate::dsp::SAMPLE_RATES;
use crate::error::{Error, Result};

/// Filters for two receivers, in whatever form they were kept.
pub(crate) struct Filters {
    pub(crate) sample_rate: f64,
    pub(crate) taps: usize,
    pub(crate) measurements: usize,
    pub(crate) emitters: usize,
    /// `[M][E][2][taps]`.
    pub(crate) irs: Vec<f32>,
    /// Samples, `[M][E]`, receivers in the order of the file.
    pub(crate) delays: Vec<[f64; 2]>,
}

/// The sizes of `[M][R][N]` or `[M][R][N][E]`, with two receivers.
pub(crate) struct Shape {
    pub(crate) m: usize,
    pub(crate) n: usize,
    pub(crate) e: usize,
    emitters_first: bool,
}

impl Shape {
    /// # Errors
    /// `Malformed` if the variable has other dimensions than its data type asks for, `Unsupported` without two
    /// receivers.
    pub(crate) fn of(variable: &Variable, form: Form) -> Result<Self> {
        let name = &variable.name;
        let (m, r, n, e) = match (form, &variable.dims[..]) {
            (Form::Fir | Form::Transfer | Form::Sections, &[m, r, n]) => (m, r, n, 1),
            (Form::FirEmitters | Form::TransferEmitters, &[m, r, n, e]) => (m, r, n, e),
            (Form::FirEmittersFirst, &[m, r, e, n]) => (m, r, n, e),
            (form, dims) => {
                let wanted = match form {
                    Form::Fir | Form::Transfer | Form::Sections => "[M][R][N]",
                    Form::FirEmitters | Form::TransferEmitters => "[M][R][N][E]",
                    Form::FirEmittersFirst => "[M][R][E][N]",
                };
                return Err(Error::malformed(format!("{name} has the dimensions {dims:?}, not {wanted}")));
            }
        };
        if r != 2 {
            return Err(Error::unsupported(format!("{name} has {r} receivers; a head set has two, the ears")));
        }
        for (size, of) in [(m, "measurements (M)"), (n, "samples (N)"), (e, "emitters (E)")] {
            if size == 0 {
                return Err(Error::malformed(format!("{name} has no {of}")));
            }
            if size > MAX_VALUES {
                return Err(Error::limit(format!("{name} claims {size} {of}")));
            }
        }
        Ok(Self { m, n, e, emitters_first: form == Form::FirEmittersFirst })
    }

    /// Puts values of this shape into the order `[M][E][2][N]`.
    pub(crate) fn order<T: Copy + Default>(&self, values: Vec<T>) -> Vec<T> {
        let Self { m, n, e, emitters_first } = *self;
        if e == 1 {
            return values;
        }
        let mut out = vec![T::default(); values.len()];
        for (block, out) in values.chunks_exact(2 * n * e).zip(out.chunks_exact_mut(2 * n * e)).take(m) {
            for emitter in 0..e {
                for r in 0..2 {
                    for i in 0..n {
                        let from = if emitters_first { (r * e + emitter) * n + i } else { (r * n + i) * e + emitter };
                        out[(emitter * 2 + r) * n + i] = block[from];
                    }
                }
            }
        }
        out
    }
}

/// Reads filters of the data types FIR and FIR-E.
pub(crate) fn read(file: &Container, form: Form, findings: &mut Vec<Finding>) -> Result<Filters> {
    let shape = Shape::of(file.require("Data.IR")?, form)?;
    let sample_rate = rate(file, shape.m, findings)?;
    let delays = delays(file, &shape, sample_rate, findings)?;
    let irs = shape.order(file.samples("Data.IR")?);
    if let Some(at) = first_not_finite(&irs) {
        let (n, e) = (shape.n, shape.e);
        return Err(Error::malformed(format!(
            "Data.IR of measurement {}, receiver {} is {} at sample {}",
            at / (2 * n * e),
            at / n % 2,
            irs[at],
            at % n
        ))
        .hint("take that measurement out of the set, or measure it again"));
    }
    Ok(Filters { sample_rate, taps: shape.n, measurements: shape.m, emitters: shape.e, irs, delays })
}

/// Where the first NaN or infinity is.
pub(crate) fn first_not_finite(samples: &[f32]) -> Option<usize> {
    // An exponent of all ones, in blocks without a branch, so that this becomes vector code.
    const EXPONENT: u32 = 0x7f80_0000;
    let bad = |x: &f32| x.to_bits() & EXPONENT == EXPONENT;
    let block = samples.chunks(1024).position(|block| block.iter().fold(false, |any, x| any | bad(x)))?;
    samples[block * 1024..].iter().position(bad).map(|i| block * 1024 + i)
}

/// The sample rate in Hz; one for all measurements.
pub(crate) fn rate(file: &Container, measurements: usize, findings: &mut Vec<Finding>) -> Result<f64> {
    let variable = file.require("Data.SamplingRate")?;
    if variable.len() != 1 && variable.len() != measurements {
        return Err(Error::malformed(format!(
            "Data.SamplingRate has {} values for {measurements} measurements",
            variable.len()
        )));
    }
    let unit = variable.attribute("Units").unwrap_or_default().to_ascii_lowercase();
    let values = file.values("Data.SamplingRate")?;
    let first = values[0];
    if let Some(other) = values.iter().position(|&v| v != first) {
        return Err(Error::unsupported(format!(
            "the measurements have different sample rates: {first} and, from measurement {other} on, {}",
            values[other]
        ))
        .hint("resample the set to one rate"));
    }
    let kilo = matches!(unit.as_str(), "khz" | "kilohertz");
    if !kilo && !matches!(unit.as_str(), "hertz" | "hz") {
        if !unit.is_empty() {
            return Err(Error::unsupported(format!("Data.SamplingRate has the unknown unit '{unit}'"))
                .hint("hertz can be read"));
        }
        findings.push(Finding::info("rate-units", "Data.SamplingRate has no unit; hertz is assumed"));
    }
    let mut rate = first * if kilo { 1000.0 } else { 1.0 };
    if !kilo && (8.0..=384.0).contains(&rate) {
        findings.push(Finding::warning(
            "rate-in-kilohertz",
            format!("Data.SamplingRate is {rate} hertz; it is taken as {rate} kilohertz"),
        ));
        rate *= 1000.0;
    }
    check_rate(rate)?;
    if !(8000.0..=384_000.0).contains(&rate) {
        findings.push(Finding::warning("unusual-rate", format!("the sample rate is {rate} Hz, outside 8 to 384 kHz")));
    } else if ![8000.0, 11025.0, 16000.0, 22050.0, 24000.0, 32000.0].contains(&rate)
        && rate % 44100.0 != 0.0
        && rate % 48000.0 != 0.0
    {
        findings.push(Finding::info("unusual-rate", format!("the sample rate is {rate} Hz, not a usual one")));
    }
    Ok(rate)
}

/// # Errors
/// `Malformed` if no set can have this rate.
pub(crate) fn check_rate(rate: f64) -> Result<()> {
    if SAMPLE_RATES.contains(&rate) {
        return Ok(());
    }
    Err(Error::malformed(format!("the sample rate is {rate} Hz, not one between 1000 and 1000000 Hz")))
}

/// `Data.Delay`, samples: `[I|M][R]` or `[I|M][R][E]`; zeros if it is missing.
pub(crate) fn delays(
    file: &Container,
    shape: &Shape,
    sample_rate: f64,
    findings: &mut Vec<Finding>,
) -> Result<Vec<[f64; 2]>> {
    let (m, e) = (shape.m, shape.e);
    let Some(variable) = file.variable("Data.Delay") else {
        findings.push(Finding::info("no-delay", "the file has no Data.Delay; taken as zero"));
        return Ok(vec![[0.0; 2]; m * e]);
    };
    let (dm, dr, de) = match variable.dims[..] {
        [] => (1, 1, 1),
        [r] => (1, r, 1),
        [m, r] => (m, r, 1),
        [m, r, e] => (m, r, e),
        _ => (0, 0, 0),
    };
    if ![1, m].contains(&dm) || ![1, 2].contains(&dr) || ![1, e].contains(&de) {
        return Err(Error::malformed(format!(
            "Data.Delay has the dimensions {:?}; {m} measurements, 2 receivers and {e} emitters ask for [1 or {m}][2]{}",
            variable.dims,
            if e > 1 { format!("[1 or {e}]") } else { String::new() }
        )));
    }
    let scale = match variable.attribute("Units").map(str::to_ascii_lowercase).as_deref() {
        None | Some("sample" | "samples") => 1.0,
        Some("second" | "seconds" | "s") => sample_rate,
        Some("millisecond" | "milliseconds" | "ms") => sample_rate * 1e-3,
        Some(other) => {
            return Err(Error::unsupported(format!("Data.Delay has the unknown unit '{other}'"))
                .hint("samples and seconds can be read"));
        }
    };
    let values = file.values("Data.Delay")?;
    let mut out = Vec::with_capacity(m * e);
    for i in 0..m {
        for j in 0..e {
            out.push([0, 1].map(|r| {
                let index = ((if dm == 1 { 0 } else { i }) * dr + if dr == 1 { 0 } else { r }) * de;
                values[index + if de == 1 { 0 } else { j }] * scale
            }));
        }
    }
    check_delays(&mut out, sample_rate, findings)?;
    Ok(out)
}

/// Delays that a head can have; common negative ones are shifted to zero.
fn check_delays(delays: &mut [[f64; 2]], sample_rate: f64, findings: &mut Vec<Finding>) -> Result<()> {
    // Sound needs 0.5 ms for 17 cm; no ears lead by 5 ms, no room for a head set is 340 m long.
    let (widest, longest) = (0.005 * sample_rate, sample_rate);
    for (i, d) in delays.iter().enumerate() {
        if d.iter().any(|v| !v.is_finite() || v.abs() > longest) {
            return Err(Error::malformed(format!("Data.Delay of measurement {i} is {d:?} samples")));
        }
        if (d[0] - d[1]).abs() > widest {
            return Err(Error::malformed(format!(
                "Data.Delay of measurement {i} is {d:?} samples: no ear leads by {:.1} ms",
                (d[0] - d[1]).abs() / sample_rate * 1e3
            )));
        }
    }
    let least = delays.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    if least < 0.0 {
        findings.push(Finding::warning(
            "negative-delay",
            format!("Data.Delay goes down to {least} samples; all were shifted so that the least is zero"),
        ));
        delays.iter_mut().flatten().for_each(|d| *d -= least);
    }
    Ok(())
}
