//! How diffuse a response is: how densely its reflections come, and how alike the two ears hear it.

use super::octave::BandPass;

/// Density of echoes over time: 1 where a response is as dense as Gaussian noise, near 0 where single reflections stand
/// apart. Points (seconds, density) every `hop_s`, each over a Hann window of 20 ms around it.
///
/// Source: Abel and Huang, "A simple, robust measure of reverberation echo density", AES 121st Convention, 2006.
pub fn echo_density(response: &[f32], sample_rate: f64, hop_s: f64) -> Vec<(f64, f64)> {
    /// Share of Gaussian noise beyond its standard deviation: erfc(1/√2).
    const OUTSIDE: f64 = 0.317_310_507_862_914;
    if !super::SAMPLE_RATES.contains(&sample_rate) {
        return Vec::new();
    }
    let half = (0.01 * sample_rate).max(1.0) as usize;
    let hop = (hop_s * sample_rate).max(1.0) as usize;
    let window: Vec<f64> = (0..=2 * half)
        .map(|k| 0.5 - 0.5 * (std::f64::consts::PI * (k as f64 + 0.5) / (half as f64 + 0.5)).cos())
        .collect();
    let density = |centre: usize| {
        let from = centre - half;
        let part = response[from..=centre + half].iter().zip(&window).map(|(x, w)| (f64::from(*x).powi(2), *w));
        let sum: f64 = window.iter().sum();
        let power = part.clone().map(|(e, w)| e * w).sum::<f64>() / sum;
        let outside = part.filter(|(e, _)| *e > power).map(|(_, w)| w).sum::<f64>() / sum;
        (centre as f64 / sample_rate, outside / OUTSIDE)
    };
    (half..response.len().saturating_sub(half)).step_by(hop).map(density).collect()
}

/// Interaural cross-correlation: the largest magnitude of the normalised correlation of the two ears for lags of up to
/// ±1 ms, between `from_s` and `to_s` of the responses, within `band` (broadband if `None`). 1: both ears hear the same;
/// 0 for silence.
///
/// Source: ISO 3382-1:2009, annex B: IACC_E over the first 80 ms from the direct sound, IACC_L from there on.
pub fn iacc(ears: [&[f32]; 2], sample_rate: f64, from_s: f64, to_s: f64, band: Option<&BandPass>) -> f64 {
    let len = ears[0].len().min(ears[1].len());
    let frame = |s: f64| ((s * sample_rate).max(0.0) as usize).min(len);
    let (from, to) = (frame(from_s), frame(to_s));
    if from >= to || !super::SAMPLE_RATES.contains(&sample_rate) {
        return 0.0;
    }
    let lag = (0.001 * sample_rate) as usize;
    let heard = ears.map(|ear| {
        let mut x: Vec<f64> = ear[from..to].iter().map(|x| f64::from(*x)).collect();
        if let Some(band) = band {
            // Room for what the filter rings on.
            x.resize(x.len() + band.ring(), 0.0);
            band.run(&mut x);
        }
        x
    });
    let energy = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
    let whole = (energy(&heard[0]) * energy(&heard[1])).sqrt();
    if whole <= 0.0 {
        return 0.0;
    }
    let correlation = |a: &[f64], b: &[f64], by: usize| -> f64 {
        a.iter().zip(b.get(by..).unwrap_or(&[])).map(|(a, b)| a * b).sum::<f64>().abs()
    };
    let [left, right] = &heard;
    (0..=lag).map(|by| correlation(left, right, by).max(correlation(right, left, by))).fold(0.0, f64::max) / whole
}

/// Centres of the third octaves from 100 Hz to 10 kHz, Hz: exact powers of ten (IEC 61260).
pub fn third_octaves() -> [f64; 21] {
    std::array::from_fn(|i| 10f64.powf(0.1 * (20 + i) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, mut word: u32) -> Vec<f32> {
        // Sums of twelve, near enough to Gaussian.
        let mut next = move || {
            word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (word >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..n).map(|_| (0..12).map(|_| next()).sum()).collect()
    }

    #[test]
    fn noise_is_dense_and_single_echoes_are_not() {
        let dense = echo_density(&noise(48_000, 3), 48_000.0, 0.01);
        let mean = dense.iter().map(|d| d.1).sum::<f64>() / dense.len() as f64;
        assert!((mean - 1.0).abs() < 0.03, "{mean}");
        assert!(dense.iter().all(|d| (d.1 - 1.0).abs() < 0.3));
        let mut sparse = vec![0.0; 48_000];
        (0..48_000).step_by(700).for_each(|n| sparse[n] = 1.0);
        assert!(echo_density(&sparse, 48_000.0, 0.01).iter().all(|d| d.1 < 0.02));
        assert!(echo_density(&[], 48_000.0, 0.01).is_empty());
    }

    #[test]
    fn equal_ears_correlate_and_independent_ones_do_not() {
        let (a, b) = (noise(48_000, 3), noise(48_000, 5));
        let rate = 48_000.0;
        let third = BandPass::fraction(1000.0, 1.0 / 3.0, rate);
        assert!((iacc([&a, &a], rate, 0.0, 1.0, third.as_ref()) - 1.0).abs() < 1e-9);
        // Late at the right ear by half a millisecond.
        assert!(iacc([&a[24..], &a[..47_976]], rate, 0.0, 1.0, None) > 0.999);
        assert!(iacc([&a, &b], rate, 0.0, 1.0, None) < 0.03);
        // A third of an octave is 230 Hz wide: about 460 independent numbers a second.
        assert!(iacc([&a, &b], rate, 0.0, 1.0, third.as_ref()) < 0.2);
        let mixed: Vec<f32> = a.iter().zip(&b).map(|(a, b)| 0.6 * a + 0.8 * b).collect();
        let half = iacc([&a, &mixed], rate, 0.0, 1.0, None);
        assert!((half - 0.6).abs() < 0.02, "{half}");
        assert_eq!(iacc([&a, &[]], rate, 0.0, 1.0, None), 0.0);
    }
}
