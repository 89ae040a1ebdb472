use super::*;

const RATE: f64 = 48_000.0;

/// White noise that falls by 60 dB in `t60` seconds, after `lead` frames of silence; even spread is enough here.
fn decay(t60: f64, seconds: f64, lead: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let fall = |n: usize| 10f64.powf(-3.0 * n as f64 / RATE / t60);
    let body = (0..(seconds * RATE) as usize).map(|n| (next() * fall(n)) as f32);
    std::iter::repeat_n(0.0, lead).chain(body).collect()
}

/// Sines at the centres of all bands, each with its own decay: no chance in it.
fn tones(t60: [f64; BANDS]) -> Vec<f32> {
    (0..120_000)
        .map(|n| {
            let t = n as f64 / RATE;
            let tone =
                |b: usize| (std::f64::consts::TAU * BAND_CENTRES_HZ[b] * t).sin() * 10f64.powf(-3.0 * t / t60[b]);
            (0..BANDS).map(tone).sum::<f64>() as f32
        })
        .collect()
}

#[test]
fn a_made_decay_is_the_decay() {
    let t60 = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4];
    let m = measures(&tones(t60), RATE);
    for (band, t60) in m.bands.iter().zip(t60) {
        for t in [band.t30, band.t20, band.edt] {
            assert!((t.unwrap() / t60 - 1.0).abs() < 0.01, "{band:?} for {t60} s");
        }
        assert_eq!(band.missing, None);
    }
}

#[test]
fn clarity_definition_and_centre_time_of_an_exponential_are_those_of_the_formula() {
    const SEEDS: u64 = 40;
    let t60 = 1.2;
    // Energy falls as exp(−t/τ).
    let tau = t60 / 13.815_51;
    for lead in [0, 4800] {
        let mut sums = [[0.0; 4]; BANDS];
        for seed in 0..SEEDS {
            let m = measures(&decay(t60, 1.5, lead, seed), RATE);
            for (sum, b) in sums.iter_mut().zip(&m.bands) {
                let got = [b.c50.unwrap(), b.c80.unwrap(), b.d50.unwrap(), b.ts.unwrap()];
                sum.iter_mut().zip(got).for_each(|(s, g)| *s += g / SEEDS as f64);
            }
            assert!((m.onset_s.unwrap() - lead as f64 / RATE).abs() < 0.001);
        }
        let clarity = |t: f64| 10.0 * ((t / tau).exp() - 1.0).log10();
        for (b, got) in sums.iter().enumerate() {
            // Chance, more of it in the narrow bands.
            let loose = [1.2, 0.8, 0.6, 0.4, 0.3, 0.2, 0.2][b];
            assert!((got[0] - clarity(0.05)).abs() < loose, "band {b}: C50 {} not {}", got[0], clarity(0.05));
            assert!((got[1] - clarity(0.08)).abs() < loose, "band {b}: C80 {} not {}", got[1], clarity(0.08));
            let d50 = 1.0 - (-0.05 / tau).exp();
            assert!((got[2] - d50).abs() < 0.1 * loose, "band {b}: D50 {} not {d50}", got[2]);
            assert!((got[3] - tau).abs() < 0.01 * loose, "band {b}: Ts {} not {tau}", got[3]);
        }
    }
}

#[test]
fn a_noise_floor_does_not_lengthen_the_decay() {
    for (floor_db, seconds) in [(-60.0, 3.0), (-50.0, 2.0), (-50.0, 6.0)] {
        let clean = decay(1.0, seconds, 2000, 3);
        let noise = decay(1e9, seconds, 2000, 77);
        let gain = 10f32.powf(floor_db / 20.0);
        let noisy: Vec<f32> = clean.iter().zip(&noise).map(|(c, n)| c + gain * n).collect();
        let (want, got) = (measures(&clean, RATE), measures(&noisy, RATE));
        for (b, (want, got)) in want.bands.iter().zip(&got.bands).enumerate() {
            let t30 = got.t30.unwrap() / want.t30.unwrap();
            let limit = [0.08, 0.06, 0.05, 0.04, 0.03, 0.03, 0.03][b];
            assert!((t30 - 1.0).abs() < limit, "{floor_db} dB, band {b}: T30 {t30} of the clean one");
            assert!((got.c80.unwrap() - want.c80.unwrap()).abs() < 0.1);
            assert!((got.ts.unwrap() / want.ts.unwrap() - 1.0).abs() < 0.02);
            assert!((got.range_db.unwrap() + f64::from(floor_db)).abs() < 6.0, "{:?}", got.range_db);
        }
    }
}

#[test]
fn figures_without_range_are_none_and_say_why() {
    let clean = decay(1.0, 2.0, 0, 3);
    let noise = decay(1e9, 2.0, 0, 77);
    let noisy: Vec<f32> = clean.iter().zip(&noise).map(|(c, n)| c + 0.05 * n).collect();
    for band in &measures(&noisy, RATE).bands {
        assert_eq!((band.t30, band.t20, band.edt.is_some()), (None, None, true));
        assert!(band.missing.unwrap().to_string().contains("T30 needs 45"));
    }
    let short = measures(&clean[..19_200], RATE);
    assert!(short.bands.iter().all(|b| b.t30.is_none() && b.c80.is_some()), "{short:?}");
    let low = measures(&clean, 12_000.0);
    assert_eq!(low.bands[6].missing, Some(Missing::Rate));
    for silent in [&[][..], &[0.0; 1000], &[f32::NAN; 1000]] {
        let m = measures(silent, RATE);
        assert!(m.bands.iter().all(|b| b.missing == Some(Missing::Silence)) && m.drr_db.is_none());
    }
}

#[test]
fn no_response_panics() {
    let mut odd: Vec<Vec<f32>> = (0..200).map(|n| decay(0.3, 0.001 * n as f64, n % 7, n as u64)).collect();
    odd.push(vec![1.0]);
    odd.push(vec![f32::MAX; 5000]);
    odd.push(vec![1e-40; 5000]);
    odd.push((0..5000).map(|n| if n % 100 == 0 { f32::INFINITY } else { 1.0 }).collect());
    odd.push((0..5000).map(|n| n as f32).collect());
    odd.push((0..5000).map(|n| if n == 4999 { 1.0 } else { 0.0 }).collect());
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
        let m = measures(&odd[150], rate);
        assert!(m.bands.iter().all(|b| b.missing == Some(Missing::Rate)) && m.onset_s.is_none());
        assert!(decay_curve(&odd[150], rate, 1000.0).is_empty() && echo_density(&odd[150], rate, 0.01).is_empty());
        assert_eq!(iacc([&odd[150], &odd[151]], rate, 0.0, 1.0, None), 0.0);
    }
    for x in &odd {
        let m = measures(x, RATE);
        let all = m.bands.iter().flat_map(|b| [b.t20, b.t30, b.edt, b.c50, b.c80, b.d50, b.ts]);
        assert!(all.flatten().chain(m.drr_db).chain(m.itdg_ms).all(f64::is_finite), "{m:?}");
    }
}

#[test]
fn the_direct_sound_and_the_first_reflection_are_told_apart() {
    let mut x = vec![0.0f32; 24_000];
    x[1000] = 1.0;
    x[1000 + 96] = 0.04;
    x[1000 + 480] = -0.5;
    x[1000 + 1200] = 0.25;
    let m = measures(&x, RATE);
    assert_eq!(m.itdg_ms, Some(10.0));
    let want = -10.0 * (0.25f64 + 0.0625).log10();
    // 2 ms after the direct sound the weak one still counts as direct.
    assert!((m.drr_db.unwrap() - want).abs() < 0.02, "{:?} not {want}", m.drr_db);
}

#[test]
fn a_gap_after_the_direct_sound_is_not_the_end_of_the_decay() {
    let mut x = decay(1.0, 2.0, 8000, 3);
    x[1700] = 4.0;
    for band in measures(&x, RATE).bands {
        assert!((band.t30.unwrap() - 1.0).abs() < 0.15, "{band:?}");
    }
}
