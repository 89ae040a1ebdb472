//! The examples do what they say.
#![cfg(feature = "files")]

#[path = "../examples/custom_room.rs"]
mod custom_room;
#[path = "../examples/fly_by.rs"]
mod fly_by;
#[path = "../examples/head_tracking.rs"]
mod head_tracking;
#[path = "../examples/live_samples.rs"]
mod live_samples;
#[path = "../examples/several_listeners.rs"]
mod several_listeners;
mod truth;

fn energy(x: &[f32]) -> f64 {
    x.iter().map(|x| f64::from(*x).powi(2)).sum()
}

/// Crossings of zero upwards in a second, of the low end of a sound.
fn pitch(x: &[f32]) -> f64 {
    let mut low = 0.0f32;
    let low: Vec<f32> = x
        .iter()
        .map(|x| {
            low += 0.01 * (x - low);
            low
        })
        .collect();
    let mut lower = 0.0f32;
    let low: Vec<f32> = low
        .iter()
        .map(|x| {
            lower += 0.01 * (x - lower);
            lower
        })
        .collect();
    low.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count() as f64 * 48_000.0 / x.len() as f64
}

#[test]
fn the_drone_comes_from_the_left_and_falls_in_pitch() {
    let [left, right] = fly_by::fly_by().unwrap();
    let part = |x: &[f32], from: f64| x[(from * 48_000.0) as usize..][..48_000].to_vec();
    assert!(energy(&part(&left, 1.5)) > 2.0 * energy(&part(&right, 1.5)));
    assert!(energy(&part(&left, 3.7)) < 0.5 * energy(&part(&right, 3.7)));
    // Coming and going at 30 m/s: 110 Hz are 120.5 and 101.2.
    let (before, after) = (pitch(&part(&left, 1.0)), pitch(&part(&right, 4.5)));
    assert!((before - 120.5).abs() < 2.0 && (after - 101.2).abs() < 2.0, "{before} {after}");
}

#[test]
fn the_bell_goes_to_the_right_ear_as_the_head_turns_left() {
    let levels = head_tracking::turn().unwrap();
    let [left, right] = levels[0];
    assert!((left - right).abs() < 4.0, "{left} {right}");
    let [left, right] = *levels.last().unwrap();
    assert!(right > left + 6.0, "{left} {right}");
}

#[test]
fn stone_rings_and_curtains_do_not() {
    let [stone, draped] = custom_room::claps().unwrap();
    assert_eq!((stone[0], draped[0]), (0.0, 0.0));
    assert!(draped[8] < stone[8] - 6.0, "{} {}", draped[8], stone[8]);
    assert!(stone.windows(2).all(|w| w[1] < w[0] + 0.5), "it only gets softer: {stone:?}");
}

#[test]
fn all_that_came_of_the_call_was_played() {
    let call = live_samples::call().unwrap();
    assert_eq!(call.pushed, 49 * 960);
    assert!(call.loudest > 0.2, "{call:?}");
}

#[test]
fn friends_who_face_each_other_hear_the_piano_on_opposite_sides() {
    let [ada, ben] = several_listeners::evening().unwrap();
    for (quarter, louder) in [(0, [1, 0]), (1, [0, 1])] {
        let [a, b] = louder;
        assert!(ada[quarter][a] > ada[quarter][1 - a], "{quarter} {ada:?}");
        assert!(ben[quarter][b] > ben[quarter][1 - b], "{quarter} {ben:?}");
    }
}

#[test]
fn one_walk_sounds_alike_however_its_samples_come() {
    let planes = truth::walk(truth::Fed::Planes).unwrap();
    assert!(planes.iter().all(|ear| energy(ear) > 1.0));
    assert_eq!(planes, truth::walk(truth::Fed::Queue).unwrap());
    assert_eq!(planes, truth::walk(truth::Fed::Signal).unwrap());
}
