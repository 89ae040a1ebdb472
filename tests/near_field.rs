//! The near field against the series of a rigid sphere.

#[path = "reference/sphere.rs"]
mod sphere;

use periphon::coords::Vec3;
use periphon::dsp::fft::{Fft, Spectrum};
use periphon::hrtf::near_field::{NearEar, near_ear};
use std::f64::consts::TAU;

const A: f64 = 0.0875;
const C: f64 = 343.0;

/// What the left ear makes of a source `degrees` from its axis.
fn left(d: f64, degrees: f64) -> NearEar {
    let (s, c) = degrees.to_radians().sin_cos();
    near_ear(Vec3::new(d * s, d * c, 0.0), 0).expect("a near source")
}

fn db(x: f64) -> f64 {
    20.0 * x.log10()
}

// The slow one first, on cases that are known by hand.

#[test]
fn the_series_tends_to_potential_flow_at_low_frequencies() {
    for d in [0.1, 0.12, 0.3, 1.0] {
        for degrees in [2.0f64, 30.0, 90.0, 140.0, 180.0] {
            let theta = degrees.to_radians();
            let (series, flow) = (sphere::pressure(A, d, theta, 0.1, C).abs(), sphere::pressure_at_rest(A, d, theta));
            assert!((series / flow - 1.0).abs() < 1e-5, "{d} m, {degrees}: {series} {flow}");
        }
    }
}

#[test]
fn the_series_of_a_far_source_is_the_free_field_when_low_and_doubles_at_normal_incidence_when_high() {
    for degrees in [0.0f64, 70.0, 180.0] {
        assert!(db(sphere::pressure(A, 500.0, degrees.to_radians(), 1.0, C).abs()).abs() < 0.01);
    }
    let doubled = db(sphere::pressure(A, 500.0, 0.0, 20_000.0, C).abs());
    assert!((doubled - 6.02).abs() < 0.05, "{doubled}");
}

#[test]
fn the_series_has_the_known_interaural_delays() {
    // Kuhn, J. Acoust. Soc. Am. 62(1), 1977: 3 (a / c) sin(azimuth) for low notes.
    for azimuth in [10.0f64, 45.0, 80.0] {
        let s = azimuth.to_radians().sin();
        let phase = |theta: f64| sphere::pressure(A, 200.0, theta, 20.0, C).arg();
        let itd = (phase(s.acos()) - phase((-s).acos())) / (TAU * 20.0);
        assert!((itd / (3.0 * A / C * s) - 1.0).abs() < 0.01, "{azimuth}: {itd}");
    }
    // High notes arrive at an ear in sight along the straight line, ahead of the middle by a / c at normal incidence.
    let (low, high) = (sphere::pressure(A, 200.0, 0.0, 15_000.0, C), sphere::pressure(A, 200.0, 0.0, 15_010.0, C));
    let lead = (high.arg() - low.arg()) / (TAU * 10.0);
    assert!((lead / (A / C) - 1.0).abs() < 0.01, "{lead}");
}

#[test]
fn the_field_of_the_series_vanishes_inside_of_the_rigid_sphere() {
    // Kirchhoff and Helmholtz: with a rigid wall, the source's own field and that radiated by the pressure on the wall,
    // p_source(x) + ∮ p ∂G/∂n dS, cancel at every point inside. This needs nothing of the series' derivation.
    for (d, hz) in [(0.1, 300.0), (0.12, 2500.0), (0.4, 9000.0)] {
        let (k, n) = (TAU * hz / C, 8000);
        for z in [-0.06, 0.0, 0.03, 0.07] {
            let way = d - z - d;
            let (mut re, mut im) = (d / (d - z) * (k * way).cos(), -d / (d - z) * (k * way).sin());
            for i in 0..n {
                let x = -1.0 + (f64::from(i) + 0.5) * 2.0 / f64::from(n);
                let p = sphere::pressure(A, d, x.acos(), hz, C);
                let r = (A * A + z * z - 2.0 * A * z * x).sqrt();
                // ∂G/∂n dS over a ring: −(jk + 1/r) e^(−jkr) / (4πr) · (a − zx) / r · 2πa² dx
                let ring = -(A - z * x) / (2.0 * r * r) * A * A * 2.0 / f64::from(n);
                let (s, c) = (-k * r).sin_cos();
                let (gr, gi) = (ring * (c / r - k * s), ring * (s / r + k * c));
                re += p.re * gr - p.im * gi;
                im += p.re * gi + p.im * gr;
            }
            assert!(re.hypot(im) < 1e-4, "{d} m, {hz} Hz, at {z}: {}", re.hypot(im));
        }
    }
}

// The fast one against it.

/// Largest and root-mean-square error of the filter over 0.12 to 1 m, from 100 Hz to 10 kHz, in dB; off the table's grid.
fn errors(from: f64, to: f64) -> (f64, f64) {
    let (mut worst, mut sum, mut count) = (0.0f64, 0.0, 0.0);
    for i in 0..29 {
        let d = 0.12f64.powf(1.0 - f64::from(i) / 29.0);
        for j in 0..25 {
            let degrees = from + (to - from) * (f64::from(j) + 0.5) / 25.0;
            let shelves = left(d, degrees).shelves;
            for k in 0..41 {
                let hz = 100.0 * 100f64.powf(f64::from(k) / 40.0);
                let error = shelves.magnitude_db(hz) - sphere::nearness_db(A, d, degrees.to_radians(), hz, C);
                worst = worst.max(error.abs());
                sum += error * error;
                count += 1.0;
            }
        }
    }
    (worst, f64::sqrt(sum / count))
}

#[test]
fn the_filter_follows_the_series_within_1_db_at_an_ear_on_the_source_s_side() {
    let (worst, rms) = errors(0.0, 90.0);
    println!("0 to 90 degrees: worst {worst:.2} dB, rms {rms:.3} dB");
    assert!(worst < 1.0 && rms < 0.15, "{worst} {rms}");
}

#[test]
fn in_the_shadow_the_filter_follows_the_series_but_for_its_ripples() {
    // Around the point opposite of the source the waves from both sides interfere, and the pattern shifts with distance:
    // notches that no shelf follows and that no real head has as deep.
    for (from, to, most, most_rms) in [(90.0, 110.0, 1.8, 0.35), (110.0, 130.0, 3.2, 0.6), (130.0, 150.0, 6.0, 1.0)] {
        let (worst, rms) = errors(from, to);
        println!("{from} to {to} degrees: worst {worst:.2} dB, rms {rms:.3} dB");
        assert!(worst < most && rms < most_rms, "{from} to {to}: {worst} {rms}");
    }
    let (worst, rms) = errors(150.0, 180.0);
    println!("150 to 180 degrees: worst {worst:.2} dB, rms {rms:.3} dB");
    assert!(rms < 1.3, "{rms}");
}

/// As [`errors`], of levels in third-octave bands from 125 Hz to 8 kHz, with the sphere itself for the far response.
fn band_errors(from: f64, to: f64) -> (f64, f64) {
    let (mut worst, mut sum, mut count) = (0.0f64, 0.0, 0.0);
    for i in 0..15 {
        let d = 0.12f64.powf(1.0 - f64::from(i) / 15.0);
        for j in 0..15 {
            let degrees = from + (to - from) * (f64::from(j) + 0.5) / 15.0;
            let theta = degrees.to_radians();
            let ear = left(d, degrees);
            for band in -9..=9 {
                let (mut near, mut made) = (0.0, 0.0);
                for k in 0..9 {
                    let hz = 1000.0 * 2f64.powf((f64::from(band) + (f64::from(k) - 4.0) / 9.0) / 3.0);
                    let far = sphere::pressure(A, 1.0, sphere::parallax(A, d, theta), hz, C).abs();
                    near += sphere::pressure(A, d, theta, hz, C).abs().powi(2);
                    made += (far * 10f64.powf(ear.shelves.magnitude_db(hz) / 20.0)).powi(2);
                }
                let error = 10.0 * f64::log10(made / near);
                worst = worst.max(error.abs());
                sum += error * error;
                count += 1.0;
            }
        }
    }
    (worst, f64::sqrt(sum / count))
}

#[test]
fn in_third_octaves_the_shadow_is_as_deep_as_the_series_has_it() {
    for (from, to) in [(0.0, 90.0), (90.0, 110.0), (110.0, 130.0), (130.0, 150.0), (150.0, 180.0)] {
        let (worst, rms) = band_errors(from, to);
        println!("third octaves, {from} to {to} degrees: worst {worst:.2} dB, rms {rms:.3} dB");
        assert!(rms < 1.2, "{from} to {to}: {worst} {rms}");
    }
}

#[test]
fn the_direction_is_that_of_the_ray_from_the_ear() {
    for d in [0.1, 0.15, 0.5, 0.95] {
        for degrees in [0.0f64, 5.0, 80.0, 135.0, 180.0] {
            let direction = left(d, degrees).direction;
            let want = sphere::parallax(A, d, degrees.to_radians());
            assert!((direction.norm() - 1.0).abs() < 1e-12);
            assert!((direction.y - want.cos()).abs() < 1e-12 && (direction.x - want.sin()).abs() < 1e-9);
        }
    }
}

#[test]
fn a_source_near_the_left_ear_is_much_louder_there() {
    // Brungart & Rabinowitz, J. Acoust. Soc. Am. 106(3), 1999: at 500 Hz the level difference of a source at the side
    // grows from a few dB at 1 m to more than 15 dB next to the head.
    let ild = |d: f64| {
        let ear = |ear: usize| {
            let near = near_ear(Vec3::new(0.0, d, 0.0), ear).expect("a near source");
            let axis = if ear == 0 { near.direction.y } else { -near.direction.y };
            let far = db(sphere::pressure(A, 1.0, axis.clamp(-1.0, 1.0).acos(), 500.0, C).abs());
            far + near.shelves.magnitude_db(500.0)
        };
        ear(0) - ear(1)
    };
    let ilds = [0.999, 0.5, 0.2, 0.125].map(ild);
    println!("interaural level difference at 500 Hz, at 1, 0.5, 0.2, 0.125 m: {ilds:.1?} dB");
    assert!((2.0..7.0).contains(&ilds[0]), "{ilds:?}");
    assert!(ilds[2] > 9.0 && ilds[3] > 15.0, "{ilds:?}");
    assert!(ilds.is_sorted(), "{ilds:?}");
}

#[test]
fn arrival_times_follow_the_phase_of_the_series() {
    // The phase of near over far, less that of filter and delay, as a time; with its mean and spread from 300 Hz to 3 kHz.
    let mut worst = 0.0f64;
    let (mut sum, mut count) = (0.0, 0.0);
    for d in [0.13, 0.2, 0.35, 0.7] {
        for degrees in [0.0f64, 20.0, 45.0, 70.0, 90.0, 110.0, 130.0, 150.0] {
            let theta = degrees.to_radians();
            let ear = left(d, degrees);
            for hz in [300.0, 500.0, 800.0, 1200.0, 2000.0, 3000.0] {
                let near = sphere::pressure(A, d, theta, hz, C).arg();
                let far = sphere::pressure(A, 1.0, sphere::parallax(A, d, theta), hz, C).arg();
                let filter: f64 = ear
                    .shelves
                    .sections()
                    .iter()
                    .map(|[z, p]| (hz / f64::from(*z)).atan() - (hz / f64::from(*p)).atan())
                    .sum();
                let turn = near - far - filter + TAU * hz * ear.delay_s;
                let error = (turn - TAU * (turn / TAU).round()) / (TAU * hz) * 1e6;
                worst = worst.max(error.abs());
                sum += error * error;
                count += 1.0;
            }
        }
    }
    let rms = f64::sqrt(sum / count);
    println!("phase delay against the series: worst {worst:.0} us, rms {rms:.1} us");
    assert!(worst < 150.0 && rms < 30.0, "{worst} {rms}");
}

#[test]
fn small_moves_change_little_and_1_m_is_crossed_without_a_step() {
    // Moves of 1 mm along many lines, some through 1 m, none nearer than 0.11 m.
    let mut state = 7u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0
    };
    let hzs = [0.0, 200.0, 700.0, 2000.0, 6000.0, 12_000.0];
    let seen = |place: Vec3, ear: usize| match near_ear(place, ear) {
        Some(n) => (n.direction, n.delay_s, hzs.map(|hz| n.shelves.magnitude_db(hz))),
        None => (place.direction(), 0.0, [0.0; 6]),
    };
    let (mut crossed, mut most_db, mut most_turn, mut most_time) = (0, 0.0f64, 0.0f64, 0.0f64);
    for i in 0..20_000 {
        let somewhere = Vec3::new(random(), random(), random()) * 0.7;
        // Every fourth starts within half a step of 1 m.
        let from = if i % 4 == 0 { somewhere.direction() * (1.0 + 0.0005 * random()) } else { somewhere };
        let step = Vec3::new(random(), random(), random()).direction() * 0.001;
        if from.norm() < 0.111 {
            continue;
        }
        crossed += usize::from((from.norm() < 1.0) != ((from + step).norm() < 1.0));
        for ear in 0..2 {
            let side = if ear == 0 { A } else { -A };
            // The nearer the ear, the more 1 mm is.
            let reach = (from - Vec3::new(0.0, side, 0.0)).norm().max(0.01);
            let (a, b) = (seen(from, ear), seen(from + step, ear));
            let change = a.2.iter().zip(b.2).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            most_db = most_db.max(change * reach);
            most_turn = most_turn.max((a.0 - b.0).norm() * reach);
            most_time = most_time.max((a.1 - b.1).abs());
        }
    }
    println!(
        "1 mm at r m from the ear: {most_db:.4} / r dB, {:.4} / r degrees, {:.2} us",
        most_turn.to_degrees(),
        most_time * 1e6
    );
    assert!(crossed > 1000, "{crossed}");
    assert!(most_db < 0.065 && most_turn < 0.0025, "{most_db} {most_turn}");
    // No way grows by more than the move at either end, and there are four.
    assert!(most_time < 4.0 * 0.001 / C, "{most_time}");
}

#[test]
fn going_out_along_a_line_ends_in_nothing() {
    for degrees in (0..=180).step_by(6) {
        let mut last = f64::MAX;
        for d in [0.9, 0.99, 0.999, 0.9999, 0.999_99] {
            let n = left(d, f64::from(degrees));
            let left_over = [100.0, 1000.0, 8000.0].map(|hz| n.shelves.magnitude_db(hz).abs());
            let most = left_over.into_iter().fold(n.delay_s.abs() * 1e6 / 50.0, f64::max);
            assert!(most < last.max(1e-4), "{degrees} at {d}: {most}");
            last = most;
        }
        assert!(last < 1e-3, "{degrees}: {last}");
    }
}

#[test]
fn the_filter_fits_into_a_transform() {
    // What wraps around in a transform of 512 samples at 48 kHz: all after the first 256 of the response.
    let mut fft = Fft::new(512);
    let mut s = Spectrum::new(512);
    let mut worst = f64::MIN;
    for d in [0.1, 0.13, 0.2, 0.4] {
        for degrees in (0..=180).step_by(10) {
            s.re.fill(1.0);
            s.im.fill(0.0);
            left(d, f64::from(degrees)).shelves.apply(&mut s.re, &mut s.im, 512, 48_000.0);
            fft.inverse(&s.re, &s.im);
            let energy = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
            worst = worst.max(10.0 * (energy(&fft.time[192..320]) / energy(&fft.time)).log10());
        }
    }
    println!("energy between samples 192 and 320 of 512: {worst:.1} dB at most");
    assert!(worst < -50.0, "{worst}");
}
