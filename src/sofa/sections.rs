//! `Data.SOS`: cascades of second-order sections, run to impulse responses.

use super::container::{Container, MAX_VALUES};
use super::convention::Form;
use super::finding::Finding;
use super::fir::{Filters, Shape, delays, rate};
use crate::error::{Error, Result};

/// A response is followed until it has decayed by 100 dB, but not longer than this.
const MAX_TAPS: usize = 16_384;
/// -100 dB.
const END: f64 = 1e-5;

/// Reads filters of the data type SOS: six numbers a section, b0 b1 b2 a0 a1 a2.
pub(crate) fn read(file: &Container, findings: &mut Vec<Finding>) -> Result<Filters> {
    let shape = Shape::of(file.require("Data.SOS")?, Form::Sections)?;
    if !shape.n.is_multiple_of(6) {
        return Err(Error::malformed(format!("Data.SOS has {} numbers a filter, not six a section", shape.n)));
    }
    let sample_rate = rate(file, shape.m, findings)?;
    let delays = delays(file, &shape, sample_rate, findings)?;
    let mut values = file.precise_samples("Data.SOS")?;
    let sections = shape.n / 6;
    let mut radius = 0f64;
    for (i, s) in values.chunks_exact_mut(6).enumerate() {
        let place =
            || format!("measurement {}, receiver {}, section {}", i / sections / 2, i / sections % 2, i % sections);
        if s.iter().any(|v| !v.is_finite()) || s[3] == 0.0 {
            return Err(Error::malformed(format!("Data.SOS of {} is {s:?}, no filter", place())));
        }
        let a0 = s[3];
        s.iter_mut().for_each(|v| *v /= a0);
        let pole = pole_radius(s[4], s[5]);
        if pole.is_nan() || pole >= 1.0 {
            return Err(Error::malformed(format!("Data.SOS of {} is unstable: a pole at radius {pole}", place())));
        }
        radius = radius.max(pole);
    }
    let decay = if radius < 1e-6 { 1.0 } else { (END.ln() / radius.ln()).ceil() };
    // Equal poles of several sections decay like a polynomial times an exponential: three times is ample.
    let affordable = MAX_VALUES / (2 * shape.m).max(1);
    let wanted = 2 * sections + 1 + if decay.is_finite() { (3.0 * decay) as usize } else { MAX_TAPS };
    let run = wanted.min(MAX_TAPS).min(affordable).max(1);
    let mut irs = vec![0f32; shape.m * 2 * run];
    for (cascade, ir) in values.chunks_exact(shape.n).zip(irs.chunks_exact_mut(run)) {
        impulse_response(cascade, ir);
    }
    if irs.iter().any(|x| !x.is_finite()) {
        return Err(Error::malformed("Data.SOS gives responses beyond all numbers"));
    }
    // All responses end where the last one has decayed.
    let taps = irs.chunks_exact(run).map(end).max().unwrap_or(1).max(1);
    if wanted > run && taps == run {
        findings.push(Finding::warning(
            "long-decay",
            format!("the filters ring on after {run} samples; the responses end there"),
        ));
    }
    let mut kept = 0;
    for start in (0..irs.len()).step_by(run) {
        irs.copy_within(start..start + taps, kept);
        kept += taps;
    }
    irs.truncate(kept);
    irs.shrink_to_fit();
    Ok(Filters { sample_rate, taps, measurements: shape.m, emitters: 1, irs, delays })
}

/// The largest root of z² + a1 z + a2.
fn pole_radius(a1: f64, a2: f64) -> f64 {
    let discriminant = a1 * a1 / 4.0 - a2;
    if discriminant < 0.0 { a2.sqrt() } else { (a1 / 2.0).abs() + discriminant.sqrt() }
}

/// Transposed direct form II, one section after the other. a0 is 1.
fn impulse_response(cascade: &[f64], out: &mut [f32]) {
    let mut signal = vec![0f64; out.len()];
    signal[0] = 1.0;
    for s in cascade.chunks_exact(6) {
        let [b0, b1, b2, _, a1, a2] = [s[0], s[1], s[2], s[3], s[4], s[5]];
        let (mut z1, mut z2) = (0.0, 0.0);
        for x in &mut signal {
            let y = b0 * *x + z1;
            z1 = b1 * *x - a1 * y + z2;
            z2 = b2 * *x - a2 * y;
            *x = y;
        }
    }
    out.iter_mut().zip(signal).for_each(|(o, x)| *o = x as f32);
}

/// One past the last sample above -100 dB of the peak.
fn end(ir: &[f32]) -> usize {
    let peak = ir.iter().fold(0f32, |a, x| a.max(x.abs()));
    ir.iter().rposition(|x| x.abs() > peak * END as f32).map_or(0, |i| i + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_one_pole_rings_as_its_formula_says() {
        let mut ir = [0f32; 16];
        impulse_response(&[2.0, 0.0, 0.0, 1.0, -0.5, 0.0, 0.5, 0.0, 0.0, 1.0, 0.0, 0.0], &mut ir);
        for (n, x) in ir.iter().enumerate() {
            assert_eq!(*x, 0.5f32.powi(n as i32));
        }
    }

    #[test]
    fn pole_radii_of_real_and_complex_pairs() {
        assert!((pole_radius(-0.5, 0.0) - 0.5).abs() < 1e-15);
        assert!((pole_radius(0.0, 0.81) - 0.9).abs() < 1e-15);
        assert!(pole_radius(-2.1, 1.1) > 1.0);
    }
}
