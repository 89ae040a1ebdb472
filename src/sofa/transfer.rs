//! `Data.Real` and `Data.Imag` on a grid of frequencies, to impulse responses.
//!
//! The grid says all that an inverse transform needs if it is even and starts at 0 Hz or one step above: N frequencies
//! up to f give 2 (N - 1) samples at 2 f. Any other grid would need invented values, so it is refused.

use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

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
    let mut turned = unwrap(&mut irs, taps);
    if backwards(&irs, taps) {
        // Back to time zero, mirrored there, and once more to a beginning after the quietest stretch.
        for ir in irs.chunks_exact_mut(taps) {
            ir.rotate_right(turned);
            ir[1..].reverse();
        }
        turned = unwrap(&mut irs, taps);
        findings.push(Finding::warning(
            "conjugated",
            "the louder ear comes later, so the phases follow the other time convention (exp -iwt); conjugated",
        ));
    }
    if turned > 0 {
        let common = taps - turned;
        findings.push(Finding::warning(
            "wrapped",
            format!(
                "the responses begin before time zero; all were delayed by {common} samples ({:.2} ms)",
                common as f64 / sample_rate * 1e3
            ),
        ));
    }
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
    let off = |k: usize| (f[k] - f[0] - k as f64 * step).abs();
    if let Some(k) = (0..n).find(|&k| off(k).is_nan() || off(k) > slack) {
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
    let plan = FftPlanner::<f64>::new().plan_fft_inverse(taps);
    let mut spectrum = vec![Complex::default(); taps];
    let mut scratch = vec![Complex::default(); plan.get_inplace_scratch_len()];
    let mut out = Vec::with_capacity(real.len() / n * taps);
    for (re, im) in real.chunks_exact(n).zip(imag.chunks_exact(n)) {
        for ((bin, &re), &im) in spectrum[missing..].iter_mut().zip(re).zip(im) {
            *bin = Complex::new(re, im);
        }
        if missing > 0 {
            spectrum[0] = Complex::new(spectrum[1].norm(), 0.0);
        }
        // A real signal has real values at both ends of its spectrum, and mirror images between them.
        let last = n + missing - 1;
        spectrum[0].im = 0.0;
        spectrum[last].im = 0.0;
        for k in 1..last {
            spectrum[taps - k] = spectrum[k].conj();
        }
        plan.process_with_scratch(&mut spectrum, &mut scratch);
        out.extend(spectrum.iter().map(|x| (x.re / taps as f64) as f32));
    }
    out
}

/// Responses that begin before time zero have their beginnings at the end. If the last eighth holds more than a
/// hundredth of the energy, all responses are turned left by one common number of samples, which is returned, so that
/// they start after the quietest stretch.
fn unwrap(irs: &mut [f32], taps: usize) -> usize {
    let mut envelope = vec![0f64; taps];
    for ir in irs.chunks_exact(taps) {
        envelope.iter_mut().zip(ir).for_each(|(e, &x)| *e += f64::from(x) * f64::from(x));
    }
    let total: f64 = envelope.iter().sum();
    let window = (taps / 8).max(1);
    let late: f64 = envelope[taps - window..].iter().sum();
    if late <= 0.01 * total {
        return 0;
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
    irs.chunks_exact_mut(taps).for_each(|ir| ir.rotate_left(begin));
    begin
}

/// True if, where the ears differ by 2 dB or more, the louder one nearly always has its peak later. No head does that.
fn backwards(irs: &[f32], taps: usize) -> bool {
    let peak = |ir: &[f32]| {
        ir.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).map_or(0.0, |(i, _)| i as f64)
    };
    let energy = |ir: &[f32]| ir.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
    let (mut seen, mut late) = (0usize, 0usize);
    for pair in irs.chunks_exact(2 * taps) {
        let (a, b) = pair.split_at(taps);
        let db = 10.0 * (energy(a) / energy(b)).log10();
        let lead = peak(b) - peak(a);
        if db.is_finite() && db.abs() >= 2.0 && lead != 0.0 {
            seen += 1;
            late += usize::from((lead > 0.0) != (db > 0.0));
        }
    }
    seen >= 2 && late * 10 >= seen * 9
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A left and a right ear, `lead` samples apart, the first one louder.
    fn pair(taps: usize, first: usize, lead: usize) -> Vec<f32> {
        let mut irs = vec![0f32; 2 * taps];
        irs[first % taps] = 1.0;
        irs[taps + (first + lead) % taps] = 0.5;
        irs
    }

    #[test]
    fn spectra_with_and_without_dc_give_their_impulse_response() {
        // A delay of 3 of 8 samples: bins k = 0..=4.
        let bin = |k: usize| (-std::f64::consts::TAU * (k * 3) as f64 / 8.0).sin_cos();
        let (imag, real): (Vec<f64>, Vec<f64>) = (0..5).map(bin).unzip();
        let mut want = [0f32; 8];
        want[3] = 1.0;
        for missing in [0, 1] {
            let got = inverse(&real[missing..], &imag[missing..], 5 - missing, missing);
            assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-6), "{got:?}");
        }
    }

    #[test]
    fn responses_before_time_zero_are_turned_by_one_common_delay() {
        let mut irs = pair(64, 62, 4);
        let begin = unwrap(&mut irs, 64);
        let peak = |ir: &[f32]| ir.iter().position(|&x| x != 0.0).unwrap();
        assert!(begin > 0);
        assert_eq!(peak(&irs[64..]) - peak(&irs[..64]), 4);
    }

    #[test]
    fn a_louder_ear_that_comes_later_is_backwards() {
        let right = [pair(64, 10, 5), pair(64, 12, 3)].concat();
        assert!(!backwards(&right, 64));
        let wrong: Vec<f32> = right.chunks_exact(64).flat_map(|ir| ir.iter().rev().copied()).collect();
        assert!(backwards(&wrong, 64));
    }
}
