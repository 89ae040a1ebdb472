//! `Data.Real` and `Data.Imag` on a grid of frequencies, to impulse responses.
//!
//! The grid says all that an inverse transform needs if it is even and starts at 0 Hz or one step above: N frequencies
//! up to f give 2 (N - 1) samples at 2 f. Any other grid would need invented values, so it is refused.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use super::container::{Container, MAX_VALUES};
use super::convention::Form;
use super::finding::Finding;
use super::fir::{Filters, Shape, check_rate, delays};
use crate::error::{Error, Result};

/// Reads filters of the data types TF and TF-E.
pub(crate) fn read(file: &Container, form: Form, findings: &mut Vec<Finding>) -> Result<Filters> {
    let shape = Shape::of(file.require("Data.Real")?, form)?;
    if file.require("Data.Imag")?.dims != file.require("Data.Real")?.dims {
        return Err(Error::malformed("Data.Real and Data.Imag have different dimensions"));
    }
    let (first, step) = grid(file, shape.n)?;
    // The bins below the first one of the file: none, or the one at 0 Hz.
    let missing = usize::from(first);
    let bins = shape.n + missing;
    let taps = 2 * (bins - 1);
    let sample_rate = step * taps as f64;
    check_rate(sample_rate)?;
    if shape.m.saturating_mul(shape.e).saturating_mul(2 * taps) > MAX_VALUES / 4 {
        return Err(Error::limit(format!(
            "{} measurements of {} frequencies make more than {} samples",
            shape.m,
            shape.n,
            MAX_VALUES / 4
        )));
    }
    if sample_rate < 32_000.0 {
        findings.push(
            Finding::warning(
                "band-limited",
                format!("the transfer functions end at {} Hz, so nothing above is heard", sample_rate / 2.0),
            )
            .hint("simulate the set up to 20 kHz"),
        );
    }
    let real = shape.order(file.precise_samples("Data.Real")?);
    let imag = shape.order(file.precise_samples("Data.Imag")?);
    if let Some(at) = real.iter().zip(&imag).position(|(a, b)| !a.is_finite() || !b.is_finite()) {
        let (n, e) = (shape.n, shape.e);
        return Err(Error::malformed(format!(
            "the transfer function of measurement {}, receiver {} is {} + {}i at frequency {}",
            at / (2 * n * e),
            at / n % 2,
            real[at],
            imag[at],
            at % n
        )));
    }
    if missing > 0 {
        findings.push(Finding::info(
            "no-dc",
            format!("the transfer functions start at {step} Hz; at 0 Hz they get the magnitude they have there"),
        ));
    }
    let delays = match file.variable("Data.Delay") {
        Some(_) => delays(file, &shape, sample_rate, findings)?,
        None => vec![[0.0; 2]; shape.m * shape.e],
    };
    let mut irs = inverse(&real, &imag, shape.n, missing);
    unwrap(&mut irs, taps, sample_rate, findings);
    Ok(Filters { sample_rate, taps, measurements: shape.m, emitters: shape.e, irs, delays })
}

/// The step of the frequency grid, and whether 0 Hz is missing.
fn grid(file: &Container, n: usize) -> Result<(bool, f64)> {
    let variable = file.require("N")?;
    let unit = variable.attribute("Units").unwrap_or("hertz").to_ascii_lowercase();
    let scale = match unit.as_str() {
        "hertz" | "hz" => 1.0,
        "kilohertz" | "khz" => 1000.0,
        _ => {
            return Err(Error::unsupported(format!("the frequencies N have the unknown unit '{unit}'"))
                .hint("hertz can be read"));
        }
    };
    let f: Vec<f64> = file.values("N")?.iter().map(|v| v * scale).collect();
    if f.len() != n {
        return Err(Error::malformed(format!("{} frequencies N for transfer functions of {n} values", f.len())));
    }
    let uneven = |message: String| {
        Error::unsupported(message).hint(
            "an impulse response needs frequencies in even steps from 0 Hz, or from the first step, up to the top",
        )
    };
    if n < 2 {
        return Err(uneven("the transfer functions have one frequency only".into()));
    }
    let step = f[1] - f[0];
    // Frequencies may be kept in single precision.
    let slack = 1e-3 * step.abs() + 1e-6 * f[n - 1].abs();
    if let Some(k) = (0..n).find(|&k| !((f[k] - f[0] - k as f64 * step).abs() <= slack)) {
        return Err(uneven(format!(
            "the frequencies are uneven: N {k} is {} Hz, steps of {step} Hz from {} Hz ask for {}",
            f[k],
            f[0],
            f[0] + k as f64 * step
        )));
    }
    // Over the whole range the step is known better than from its first two values.
    let step = (f[n - 1] - f[0]) / (n - 1) as f64;
    if step.is_nan() || step <= 0.0 {
        return Err(uneven(format!("the frequencies go from {} to {} Hz, not upwards", f[0], f[n - 1])));
    }
    if f[0].abs() <= slack {
        Ok((false, step))
    } else if (f[0] - step).abs() <= slack {
        Ok((true, f[n - 1] / n as f64))
    } else {
        Err(uneven(format!("the frequencies start at {} Hz in steps of {step} Hz", f[0])))
    }
}

/// `[...][n]` bins to `[...][2 (n + missing - 1)]` samples.
fn inverse(real: &[f64], imag: &[f64], n: usize, missing: usize) -> Vec<f32> {
    let taps = 2 * (n + missing - 1);
    let plan = RealFftPlanner::<f64>::new().plan_fft_inverse(taps);
    let mut spectrum = plan.make_input_vec();
    let mut samples = plan.make_output_vec();
    let mut scratch = plan.make_scratch_vec();
    let mut out = Vec::with_capacity(real.len() / n * taps);
    for (re, im) in real.chunks_exact(n).zip(imag.chunks_exact(n)) {
        for ((bin, &re), &im) in spectrum[missing..].iter_mut().zip(re).zip(im) {
            *bin = Complex::new(re, im);
        }
        if missing > 0 {
            spectrum[0] = Complex::new(spectrum[1].norm(), 0.0);
        }
        // A real signal has real values at both ends of its spectrum.
        spectrum[0].im = 0.0;
        spectrum[n + missing - 1].im = 0.0;
        // It fails only if the lengths or the imaginary parts at the ends are wrong, and neither is.
        let done = plan.process_with_scratch(&mut spectrum, &mut samples, &mut scratch).is_ok();
        debug_assert!(done, "lengths are those of the plan");
        out.extend(samples.iter().map(|&x| (x / taps as f64) as f32));
    }
    out
}

/// Responses that begin before time zero have their beginnings at the end. If the last eighth holds more than a
/// hundredth of the energy, all responses are turned by one common number of samples that starts them after the
/// quietest stretch.
fn unwrap(irs: &mut [f32], taps: usize, sample_rate: f64, findings: &mut Vec<Finding>) {
    let mut envelope = vec![0f64; taps];
    for ir in irs.chunks_exact(taps) {
        envelope.iter_mut().zip(ir).for_each(|(e, &x)| *e += f64::from(x) * f64::from(x));
    }
    let total: f64 = envelope.iter().sum();
    let window = (taps / 8).max(1);
    let late: f64 = envelope[taps - window..].iter().sum();
    if late <= 0.01 * total {
        return;
    }
    let mut energy: f64 = envelope[..window].iter().sum();
    let (mut quietest, mut least) = (0, energy);
    for start in 1..taps {
        energy += envelope[(start + window - 1) % taps] - envelope[start - 1];
        if energy < least {
            (quietest, least) = (start, energy);
        }
    }
    // The new beginning is the end of that stretch, less a few samples of it.
    let begin = (quietest + window - window / 4) % taps;
    if begin == 0 {
        return;
    }
    irs.chunks_exact_mut(taps).for_each(|ir| ir.rotate_left(begin));
    let common = taps - begin;
    findings.push(Finding::warning(
        "wrapped",
        format!(
            "the responses begin before time zero; all were delayed by {common} samples ({:.2} ms)",
            common as f64 / sample_rate * 1e3
        ),
    ));
}
