//! The last guard: NaN, infinity and denormals never leave.

/// Puts 0 in the place of every NaN, infinite and denormal sample, and says how many there were. Never allocates.
pub fn silence_odd(samples: &mut [f32]) -> u64 {
    let mut count = 0;
    for part in samples.chunks_mut(4096) {
        // The common answer, "none", comes from a loop that the compiler turns into vectors.
        if has_odd(part) {
            for x in part.iter_mut().filter(|x| is_odd(**x) != 0) {
                *x = 0.0;
                count += 1;
            }
        }
    }
    count
}

/// True if any sample is NaN, infinite or denormal. Never allocates.
#[multiversion::multiversion(targets("x86_64+avx2"))]
pub fn has_odd(samples: &[f32]) -> bool {
    const LANES: usize = 16;
    let mut found = [0i32; LANES];
    let mut parts = samples.chunks_exact(LANES);
    for part in &mut parts {
        for i in 0..LANES {
            found[i] |= is_odd(part[i]);
        }
    }
    found.iter().any(|&f| f != 0) || parts.remainder().iter().any(|&x| is_odd(x) != 0)
}

/// All ones for a sample that must not leave.
#[inline(always)]
fn is_odd(x: f32) -> i32 {
    let magnitude = (x.to_bits() & 0x7fff_ffff) as i32;
    // The exponent is all ones; or the number lies between zero and the smallest normal one.
    let not_finite = -i32::from(magnitude > 0x7f7f_ffff);
    let denormal = -i32::from(magnitude < 0x0080_0000) & -i32::from(magnitude > 0);
    not_finite | denormal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_samples_are_silenced_and_counted_and_all_others_kept() {
        let mut samples = vec![0.25f32; 10_000];
        samples[1] = -0.0;
        samples[2] = f32::MIN_POSITIVE;
        samples[3] = f32::MAX;
        let keep = samples.clone();
        assert_eq!(silence_odd(&mut samples), 0);
        assert_eq!(samples, keep);
        for (i, odd) in [(5, f32::NAN), (70, f32::INFINITY), (5000, f32::NEG_INFINITY), (9999, 1e-40), (9998, -1e-45)] {
            samples[i] = odd;
        }
        assert_eq!(silence_odd(&mut samples), 5);
        assert!(samples.iter().all(|x| x.is_finite()));
        assert_eq!(samples[9999], 0.0);
        assert_eq!(samples[0], 0.25);
    }
}
