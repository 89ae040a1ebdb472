//! Headphone correction: what comes out is what the equaliser says, at every rate and in every block, live and offline.

mod reference;

use periphon::headphones::{Correction, Equaliser, Filter, ImpulseResponse, Profile, Shape, corrector};
use reference::Noise;
use std::f64::consts::TAU;

fn equaliser() -> Equaliser {
    let f = |shape, frequency_hz, gain_db, q| Filter { shape, frequency_hz, gain_db, q };
    Equaliser {
        preamp_db: -6.2,
        filters: vec![
            f(Shape::LowShelf, 105.0, 5.5, 0.7),
            f(Shape::Peak, 180.0, -3.3, 0.57),
            f(Shape::Peak, 9140.0, 5.6, 3.46),
            f(Shape::HighShelf, 10_000.0, -1.1, 0.7),
        ],
    }
}

/// Gain at `hz` of a response, dB.
fn gain_db(h: &[f32], hz: f64, rate: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, x) in h.iter().enumerate() {
        let w = TAU * hz * n as f64 / rate;
        re += f64::from(*x) * w.cos();
        im += f64::from(*x) * w.sin();
    }
    20.0 * re.hypot(im).log10()
}

fn run(profile: &Profile, rate: f64, block: usize, input: &[f32], step: usize) -> [Vec<f32>; 2] {
    let mut correction = Correction::new(profile, rate, block).unwrap();
    let (mut left, mut right) = (input.to_vec(), input.iter().map(|x| -x).collect::<Vec<f32>>());
    for (l, r) in left.chunks_mut(step).zip(right.chunks_mut(step)) {
        correction.process(l, r);
    }
    [left, right]
}

fn pulse(frames: usize) -> Vec<f32> {
    let mut x = vec![0.0; frames];
    x[0] = 1.0;
    x
}

#[test]
fn what_comes_out_has_the_gain_that_the_equaliser_says() {
    for rate in [44_100.0, 48_000.0, 96_000.0] {
        let [left, right] = run(&Profile::of("x", equaliser()), rate, 512, &pulse(rate as usize), 512);
        for hz in [20.0, 50.0, 105.0, 180.0, 1000.0, 5000.0, 9140.0, 15_000.0] {
            let expected = equaliser().gain_db(hz, rate);
            assert!((gain_db(&left, hz, rate) - expected).abs() < 0.01, "{rate}, {hz} Hz");
        }
        assert!(left.iter().zip(&right).all(|(l, r)| *l == -r), "both ears alike");
    }
}

#[test]
fn filters_follow_the_difference_equation() {
    let rate = 48_000.0;
    let x = Noise(3).vec(3000);
    let [fast, _] = run(&Profile::of("x", equaliser()), rate, 256, &x, 100);
    // Direct form I, sample by sample.
    let mut y: Vec<f64> = x.iter().map(|x| f64::from(*x) * 10f64.powf(-6.2 / 20.0)).collect();
    for q in equaliser().biquads(rate) {
        let dry = y.clone();
        for n in 0..y.len() {
            let at = |v: &[f64], k: usize| if n >= k { v[n - k] } else { 0.0 };
            y[n] =
                q.b[0] * dry[n] + q.b[1] * at(&dry, 1) + q.b[2] * at(&dry, 2) - q.a[0] * at(&y, 1) - q.a[1] * at(&y, 2);
        }
    }
    let worst = fast.iter().zip(&y).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
    assert!(worst < 1e-6, "{worst}");
}

#[test]
fn the_block_is_not_heard() {
    let x = Noise(7).vec(5000);
    let mut response = vec![0.0f32; 900];
    for (n, y) in response.iter_mut().enumerate() {
        *y = (-(n as f32) / 100.0).exp() * if n % 3 == 0 { 1.0 } else { -0.3 };
    }
    let mut profile = Profile::of("x", equaliser());
    profile.response = Some(ImpulseResponse { sample_rate: 48_000.0, ears: [response.clone(), response] });
    let whole = run(&profile, 48_000.0, 512, &x, 5000);
    for step in [1, 7, 64, 511, 512, 513] {
        let parts = run(&profile, 48_000.0, 512, &x, step);
        for (a, b) in whole.iter().zip(&parts) {
            let worst = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-5, "{step}: {worst}");
        }
    }
}

#[test]
fn a_response_is_convolved_as_it_is_and_each_ear_with_its_own() {
    let left: Vec<f32> = Noise(1).vec(700).iter().enumerate().map(|(n, x)| x * (-(n as f32) / 80.0).exp()).collect();
    let right: Vec<f32> = left.iter().rev().copied().collect();
    let response = ImpulseResponse { sample_rate: 44_100.0, ears: [left.clone(), right.clone()] };
    let profile = Profile::of_response("x", response);
    let mut correction = Correction::new(&profile, 44_100.0, 128).unwrap();
    assert_eq!(correction.latency_frames(), 0);
    let (mut l, mut r) = (pulse(1000), pulse(1000));
    correction.process(&mut l, &mut r);
    for (out, h) in [(l, left), (r, right)] {
        for n in 0..1000 {
            assert!((out[n] - h.get(n).copied().unwrap_or(0.0)).abs() < 1e-5, "{n}");
        }
    }
}

#[test]
fn a_response_of_another_rate_keeps_its_level_and_tells_its_delay() {
    let from = 44_100.0;
    let mut h = vec![0.0f32; 400];
    for (n, x) in h.iter_mut().enumerate() {
        *x = (-(n as f32) / 20.0).exp() * (n as f32 * 0.4).cos();
    }
    let response = ImpulseResponse { sample_rate: from, ears: [h.clone(), h.clone()] };
    let profile = Profile::of_response("x", response);
    for to in [48_000.0, 96_000.0, 32_000.0] {
        let mut correction = Correction::new(&profile, to, 256).unwrap();
        let late = correction.latency_frames();
        assert!(late > 0 && late as f64 / to < 0.0012);
        let (mut l, mut r) = (pulse(8000), pulse(8000));
        correction.process(&mut l, &mut r);
        for hz in [100.0, 1000.0, 5000.0, 10_000.0, 14_000.0] {
            let off = gain_db(&l, hz, to) - gain_db(&h, hz, from);
            assert!(off.abs() < 0.03, "{to}: {off:.3} dB at {hz} Hz");
        }
        let largest = (0..l.len()).max_by(|a, b| l[*a].abs().total_cmp(&l[*b].abs())).unwrap();
        assert!(largest.abs_diff(late) <= 1, "{largest} {late}");
    }
}

#[test]
fn reset_makes_it_new_and_the_tail_is_as_long_as_it_says() {
    let profile =
        Profile::parse("x", "Filter: ON PK Fc 40 Hz Gain 12 dB Q 6\nGraphicEQ: 100 0; 1000 3; 9000 -3").unwrap();
    let mut correction = Correction::new(&profile, 48_000.0, 256).unwrap();
    let x = Noise(5).vec(4000);
    let play = |correction: &mut Correction| {
        let (mut l, mut r) = (x.clone(), x.clone());
        correction.process(&mut l, &mut r);
        l
    };
    let first = play(&mut correction);
    correction.reset();
    assert_eq!(play(&mut correction), first);
    correction.reset();
    let (mut l, mut r) = (pulse(200_000), pulse(200_000));
    correction.process(&mut l, &mut r);
    let energy = |part: &[f32]| part.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    let after = energy(&l[correction.tail_frames()..]) / energy(&l);
    assert!(10.0 * after.max(1e-30).log10() < -80.0, "{}", 10.0 * after.log10());
}

#[test]
fn odd_input_does_not_stay() {
    let mut correction = Correction::new(&Profile::of("x", equaliser()), 48_000.0, 64).unwrap();
    let (mut l, mut r) = (vec![f32::NAN; 64], vec![f32::INFINITY; 64]);
    correction.process(&mut l, &mut r);
    assert!(l.iter().chain(&r).all(|x| *x == 0.0));
    let (mut l, mut r) = (vec![f32::MAX; 64], vec![f32::MIN; 64]);
    correction.process(&mut l, &mut r);
    assert!(l.iter().chain(&r).all(|x| x.is_finite()));
    correction.reset();
    let (mut l, mut r) = (vec![1.0; 64], vec![1e-40; 64]);
    correction.process(&mut l, &mut r);
    assert!(l.iter().chain(&r).all(|x| x.is_finite()) && l[0] > 0.0);
}

#[test]
fn what_cannot_be_is_refused() {
    let filter = |frequency_hz, gain_db, q| {
        let filters = vec![Filter { shape: Shape::Peak, frequency_hz, gain_db, q }];
        Profile::of("x", Equaliser { preamp_db: 0.0, filters })
    };
    for profile in
        [filter(f64::NAN, 0.0, 1.0), filter(100.0, 1e9, 1.0), filter(100.0, 0.0, 0.0), filter(-5.0, 0.0, 1.0)]
    {
        assert!(Correction::new(&profile, 48_000.0, 64).is_err(), "{profile:?}");
    }
    let ears = [vec![f32::NAN; 4], vec![0.0; 4]];
    let odd = Profile::of_response("x", ImpulseResponse { sample_rate: 48_000.0, ears });
    assert!(Correction::new(&odd, 48_000.0, 64).is_err());
    let long = vec![0.1f32; 100_000];
    let long = Profile::of_response("x", ImpulseResponse { sample_rate: 48_000.0, ears: [long.clone(), long] });
    assert_eq!(Correction::new(&long, 48_000.0, 64).unwrap_err().kind(), periphon::ErrorKind::Limit);
    let steep = Filter { shape: Shape::LowPass, frequency_hz: 500.0, gain_db: 0.0, q: 100.0 };
    for filters in [vec![Filter { shape: Shape::Peak, gain_db: 60.0, q: 1.0, ..steep }; 200], vec![steep; 200]] {
        let loud = Profile::of("x", Equaliser { preamp_db: 0.0, filters });
        assert_eq!(Correction::new(&loud, 48_000.0, 64).unwrap_err().kind(), periphon::ErrorKind::Limit);
    }
    assert!(Correction::new(&filter(100.0, 1.0, 1.0), 1.0, 64).is_err());
    assert!(corrector(48_000.0, 0).is_err());
}

/// The figures of `docs/decisions/headphones.md`: `cargo test --release --test headphones -- --nocapture catalogue`.
#[cfg(feature = "headphones")]
#[test]
fn equalisers_of_the_catalogue_are_the_same_at_every_rate() {
    use periphon::headphones::{biquad, catalogue};
    let reference = biquad::REFERENCE_HZ;
    let models: Vec<_> = catalogue::all().iter().step_by(97).collect();
    let grid = |from: f64, to: f64| (0..40).map(move |i| from * (to / from).powf(f64::from(i) / 39.0));
    for rate in [8_000.0, 16_000.0, 22_050.0, 32_000.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0, 384_000.0] {
        let mut line = format!("{rate:6}:");
        for (from, to) in [(20.0, 10_000.0), (10_000.0, 16_000.0), (16_000.0, 20_000.0)] {
            let to = f64::min(to, 0.45 * rate);
            if to <= from {
                continue;
            }
            let (mut sum, mut count, mut worst) = (0.0, 0.0, 0.0f64);
            for model in &models {
                let equaliser = model.equaliser();
                let (here, there) = (equaliser.biquads(rate), equaliser.biquads(reference));
                for hz in grid(from, to) {
                    let gain = |qs: &[biquad::Biquad], rate| qs.iter().map(|q| q.gain_db(hz, rate)).sum::<f64>();
                    let off = gain(&here, rate) - gain(&there, reference);
                    sum += off * off;
                    count += 1.0;
                    worst = worst.max(off.abs());
                }
            }
            let rms = f64::sqrt(sum / count);
            line += &format!("  {from}-{to} Hz rms {rms:.3} worst {worst:.2} dB");
            let most = if rate < 30_000.0 {
                0.4
            } else if from < 15_000.0 {
                0.1
            } else {
                0.3
            };
            assert!(rms < most, "{line}");
        }
        println!("{line}");
    }
}
