//! The figures that the README shows, gated: on the built-in heads the sound may not get worse than this.
//! `cargo run --release --example evidence` measures the same and more, in full.
#![cfg(feature = "sofa")]

#[path = "reference/quality.rs"]
mod quality;

use periphon::hrtf::{HrtfSet, Measured, read};
use periphon::sofa::builtin_names;
use std::sync::Arc;

fn heads() -> impl Iterator<Item = (&'static str, Measured)> {
    builtin_names().map(|name| (name, Measured::from(read(name).expect("a built-in head"))))
}

// The measures themselves first, on cases that are known by hand.

#[test]
fn the_onset_of_a_delayed_pulse_is_delayed_and_shifting_undoes_it() {
    let onsets = quality::Onsets::new(48_000.0);
    let mut pulse = vec![0.0; 128];
    pulse[40] = 1.0;
    let base = onsets.find(&pulse);
    for by in [1.0, 7.5, 20.25] {
        let later = onsets.find(&quality::shift(&pulse, by, 128));
        assert!(((later - base) * 48_000.0 - by).abs() < 0.07, "{by}");
    }
}

#[test]
fn twice_the_level_is_a_distortion_of_six_decibels_and_a_null_of_none() {
    let one = [vec![1.0, 0.3, -0.2, 0.1], vec![0.5, 0.25, 0.125, 0.0]].map(|x: Vec<f64>| [x, vec![0.0; 508]].concat());
    let two = one.clone().map(|x| x.iter().map(|x| 2.0 * x).collect());
    assert!((quality::lsd_db(&two, &one, 48_000.0) - 6.0206).abs() < 1e-3);
    assert!(quality::null_db(&two, &one, 48_000.0).abs() < 1e-9);
    assert!(quality::null_db(&one, &one, 48_000.0) < -250.0);
}

#[test]
fn at_measured_places_the_response_is_the_file_s_own() {
    for (name, measured) in heads() {
        let worst = quality::worst_null_db(&measured, measured.positions.len() / 40);
        assert!(worst <= -100.0, "{name}: {worst:.1} dB");
    }
}

#[test]
fn between_measured_places_the_response_beats_aligned_mixing() {
    for (name, measured) in heads() {
        let found = quality::left_out(&measured, 3);
        assert!(found.directions > 80, "{name}: {found:?}");
        assert!(found.ratio() <= 0.95, "{name}: {found:?}");
        assert!(found.itd_us <= 5.0, "{name}: {found:?}");
    }
}

#[test]
fn a_tone_that_circles_the_head_stays_a_tone() {
    for (name, measured) in heads() {
        let set = Arc::new(HrtfSet::new(&measured, 48_000.0).unwrap());
        for hz in [500.0, 2000.0, 7000.0] {
            let away = quality::away_from_tone_db(&set, hz);
            assert!(away <= -80.0, "{name}, {hz} Hz: {away:.1} dB");
        }
    }
}

#[test]
fn a_source_is_as_loud_at_every_sample_rate() {
    for (name, measured) in heads() {
        let spread = quality::levels_differ_db(&measured);
        assert!(spread <= 0.05, "{name}: {spread:.3} dB");
    }
}

#[test]
fn the_block_is_not_heard_on_measured_heads() {
    for (name, measured) in heads() {
        let set = Arc::new(HrtfSet::new(&measured, 48_000.0).unwrap());
        for (moving, limit) in [(false, -120.0), (true, -60.0)] {
            let d = quality::blocks_differ_db(&set, moving);
            assert!(d <= limit, "{name}, moving {moving}: {d:.1} dB");
        }
    }
}
