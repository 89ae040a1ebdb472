//! A minimum-phase response from a curve of gains.
//!
//! The logarithm of the magnitude, transformed back, is the cepstrum; folding its second half onto its first makes every
//! zero and pole lie inside the unit circle (Oppenheim & Schafer, *Discrete-Time Signal Processing*, 3rd ed., 13.5).

use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

/// The response of `points` (Hz and dB, rising; not empty) at a sample rate: about 170 ms, faded out over its last half.
pub(crate) fn minimum_phase(points: &[(f64, f64)], sample_rate: f64) -> Vec<f32> {
    let taps = (0.17 * sample_rate) as usize;
    // Room for the cepstrum to die away, so that its end does not fold back.
    let len = (4 * taps).next_power_of_two();
    let mut spectrum: Vec<Complex<f64>> = (0..len)
        .map(|bin| {
            let hz = bin.min(len - bin) as f64 * sample_rate / len as f64;
            Complex::new(at(points, hz) * std::f64::consts::LN_10 / 20.0, 0.0)
        })
        .collect();
    let mut planner = FftPlanner::new();
    let (forward, inverse) = (planner.plan_fft_forward(len), planner.plan_fft_inverse(len));
    inverse.process(&mut spectrum);
    let scale = 1.0 / len as f64;
    for (n, x) in spectrum.iter_mut().enumerate() {
        let fold = match n {
            0 => 1.0,
            n if n == len / 2 => 1.0,
            n if n < len / 2 => 2.0,
            _ => 0.0,
        };
        *x = Complex::new(x.re * scale * fold, 0.0);
    }
    forward.process(&mut spectrum);
    spectrum.iter_mut().for_each(|x| *x = x.exp());
    inverse.process(&mut spectrum);
    let fade = |n: usize| {
        let part = (2.0 * n as f64 / taps as f64 - 1.0).max(0.0);
        (0.5 * std::f64::consts::PI * part).cos().powi(2)
    };
    spectrum[..taps].iter().enumerate().map(|(n, x)| (x.re * scale * fade(n)) as f32).collect()
}

/// The curve at a frequency, dB: straight between its points on a logarithmic axis.
pub(crate) fn at(points: &[(f64, f64)], hz: f64) -> f64 {
    let next = points.partition_point(|p| p.0 <= hz);
    match (next.checked_sub(1).and_then(|i| points.get(i)), points.get(next)) {
        (Some(below), Some(above)) if below.0 > 0.0 => {
            let part = (hz / below.0).ln() / (above.0 / below.0).ln();
            below.1 + (above.1 - below.1) * part
        }
        (Some(below), _) => below.1,
        (None, above) => above.map_or(0.0, |p| p.1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn the_response_has_the_curve_and_begins_at_once() {
        let points: Vec<(f64, f64)> = (0..127)
            .map(|i| {
                let hz = 20.0 * 1.0563f64.powi(i);
                (hz, 6.0 * (2.0 * hz.ln()).sin() - 3.0)
            })
            .collect();
        for rate in [44_100.0, 96_000.0] {
            let h = minimum_phase(&points, rate);
            for hz in [30.0, 100.0, 1000.0, 3000.0, 10_000.0, 19_000.0] {
                let (mut re, mut im) = (0.0, 0.0);
                for (n, x) in h.iter().enumerate() {
                    let w = TAU * hz * n as f64 / rate;
                    re += f64::from(*x) * w.cos();
                    im += f64::from(*x) * w.sin();
                }
                let off = 20.0 * re.hypot(im).log10() - at(&points, hz);
                assert!(off.abs() < 0.2, "{rate}, {hz} Hz: {off:.3} dB");
            }
            let energy = |part: &[f32]| part.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
            assert!(energy(&h[..(0.001 * rate) as usize]) > 0.9 * energy(&h));
        }
    }

    #[test]
    fn a_flat_curve_is_a_gain() {
        let h = minimum_phase(&[(100.0, -6.0)], 48_000.0);
        assert!((f64::from(h[0]) - 10f64.powf(-0.3)).abs() < 1e-6);
        assert!(h[1..].iter().all(|x| x.abs() < 1e-6));
    }
}
