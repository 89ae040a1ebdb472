//! The fast response of a shoebox against the sum that defines it.

#[path = "reference/images.rs"]
mod images;
mod reference;

use periphon::coords::Vec3;
use periphon::room::bands::BandFilter;
use periphon::room::response::{Shoebox, shoebox, walls};
use periphon::room::{Air, BANDS, Bands, MOST_ORDER, Room, air};
use reference::Noise;

const RATE: f64 = 48_000.0;

struct Case {
    room: Room,
    source: [f64; 3],
    listener: [f64; 3],
}

fn place(p: [f64; 3]) -> Vec3 {
    Vec3::new(p[0], p[1], p[2])
}

/// A room like those of people, six different walls, both places well inside.
fn case(noise: &mut Noise, order: usize) -> Case {
    let mut between = |low: f64, high: f64| low + (high - low) * (0.5 + 0.5 * noise.next());
    let size = [between(3.0, 9.0), between(3.0, 7.0), between(2.3, 4.0)];
    let mut room = Room::new(size, 0.0);
    room.absorption = std::array::from_fn(|_| [between(0.05, 0.6); BANDS]);
    room.reflection_order = order;
    room.air = None;
    let mut inside = || std::array::from_fn(|axis| size[axis] * between(0.15, 0.85));
    Case { source: inside(), listener: inside(), room }
}

fn frequencies(count: usize) -> Vec<f64> {
    (0..count).map(|i| 100.0 + 15_900.0 * (i as f64 + 0.37) / count as f64).collect()
}

/// The sum over images; `gain` says what is left of one at a frequency.
fn theory(case: &Case, hz: &[f64], gain: impl Fn(&images::Seen, f64) -> (f64, f64)) -> Vec<(f64, f64)> {
    let mut sum = vec![(0.0, 0.0); hz.len()];
    let order = case.room.reflection_order as i32;
    for seen in images::images(case.room.size, case.source, case.listener, order) {
        images::add(&mut sum, hz, seen.distance / case.room.speed_of_sound, |f| gain(&seen, f));
    }
    sum
}

fn left_by_walls(reflection: &[Bands; 6], hits: &[i32; 6], band: usize) -> f64 {
    reflection.iter().zip(hits).map(|(r, n)| r[band].powi(*n)).product()
}

#[test]
fn the_response_is_the_sum_over_images() {
    let mut noise = Noise(3);
    let hz = frequencies(400);
    for order in 0..=6 {
        for _ in 0..3 {
            let case = case(&mut noise, order);
            let reflection = walls(&case.room);
            let all = Shoebox::new(&case.room, &reflection, place(case.source), place(case.listener));
            let got = all.omni(RATE, all.frames(RATE)).unwrap();
            let want = theory(&case, &hz, |seen, _| (left_by_walls(&reflection, &seen.hits, 0) / seen.distance, 0.0));
            let error = images::null_db(&images::transform(&got, &hz, RATE), &want);
            assert!(error < -80.0, "order {order}: {error} dB");
        }
    }
}

#[test]
fn walls_air_and_directivity_by_bands_are_the_sum_over_filtered_images() {
    let mut noise = Noise(5);
    let hz = frequencies(150);
    let filter = BandFilter::new(RATE);
    for order in [0, 2, 5] {
        let mut case = case(&mut noise, order);
        for wall in &mut case.room.absorption {
            *wall = std::array::from_fn(|_| 0.3 + 0.25 * noise.next());
        }
        case.room.air = Some(Air { temperature_c: 15.0, humidity_percent: 30.0 });
        let lost = air::bands(&case.room.air.unwrap());
        let reflection = walls(&case.room);
        // A cardioid that looks along −y at high frequencies only.
        let directivity = |d: Vec3| -> Bands { std::array::from_fn(|k| 1.0 - 0.5 * k as f64 / 6.0 * (1.0 + d.y)) };
        let all = Shoebox::new(&case.room, &reflection, place(case.source), place(case.listener)).sending(&directivity);
        let got = all.omni(RATE, all.frames(RATE) + 4000).unwrap();
        let arrivals = all.arrivals();
        let want = {
            let mut sum = vec![(0.0, 0.0); hz.len()];
            let seen = images::images(case.room.size, case.source, case.listener, order as i32);
            assert_eq!(seen.len(), arrivals.len());
            for seen in seen {
                // The way that the sound takes from the source: mirrored along y if the floor plan's y walls are hit
                // an odd number of times.
                let odd = (seen.hits[2] + seen.hits[3]) % 2 == 1;
                let y = -seen.way[1] / seen.distance * if odd { -1.0 } else { 1.0 };
                let gains: Bands = std::array::from_fn(|k| {
                    left_by_walls(&reflection, &seen.hits, k) * (-lost[k] * seen.distance).exp() / seen.distance
                        * (1.0 - 0.5 * k as f64 / 6.0 * (1.0 + y))
                });
                let listed = arrivals.iter().find(|a| (a.distance - seen.distance).abs() < 1e-9).unwrap();
                assert!(listed.gains.iter().zip(gains).all(|(a, b)| (a - b).abs() < 1e-12));
                let weights = filter.weights(&gains);
                images::add(&mut sum, &hz, seen.distance / case.room.speed_of_sound, |f| {
                    let z = filter.response(&weights, f);
                    (z.re, z.im)
                });
            }
            sum
        };
        let error = images::null_db(&images::transform(&got, &hz, RATE), &want);
        assert!(error < -75.0, "order {order}: {error} dB");
    }
}

#[test]
fn channels_carry_the_directions_of_the_images() {
    let mut noise = Noise(7);
    let hz = frequencies(100);
    for bands in [false, true] {
        let mut case = case(&mut noise, 3);
        if bands {
            // Equal in all bands, but through the band filters.
            case.room.air = Some(Air { temperature_c: 20.0, humidity_percent: 50.0 });
        }
        let reflection = walls(&case.room);
        let all = Shoebox::new(&case.room, &reflection, place(case.source), place(case.listener));
        let first_order = |d: Vec3, out: &mut [f32]| {
            out.copy_from_slice(&[1.0, d.y, d.z, d.x].map(|x| x as f32));
        };
        let frames = all.frames(RATE);
        let got = all.response(RATE, frames, 4, first_order).unwrap();
        assert_eq!(got[0], all.omni(RATE, frames).unwrap());
        if bands {
            continue;
        }
        for (channel, axis) in [(1, 1), (2, 2), (3, 0)] {
            let want = theory(&case, &hz, |seen, _| {
                (left_by_walls(&reflection, &seen.hits, 0) / seen.distance * seen.way[axis] / seen.distance, 0.0)
            });
            let error = images::null_db(&images::transform(&got[channel], &hz, RATE), &want);
            assert!(error < -80.0, "channel {channel}: {error} dB");
        }
    }
}

#[test]
fn orders_apart_add_up_to_the_whole() {
    let mut noise = Noise(9);
    for bands in [false, true] {
        let mut case = case(&mut noise, 6);
        case.room.air = bands.then(Air::default);
        let reflection = walls(&case.room);
        let all = Shoebox::new(&case.room, &reflection, place(case.source), place(case.listener));
        let whole = all.omni(RATE, 6000).unwrap();
        let mut sum = vec![0.0f32; whole.len()];
        let mut count = 0;
        for orders in [0..=0, 1..=1, 2..=4, 5..=99] {
            let part = all.of_orders(orders);
            count += part.arrivals().len();
            sum.iter_mut().zip(part.omni(RATE, 6000).unwrap()).for_each(|(s, x)| *s += x);
        }
        assert_eq!(count, all.arrivals().len());
        let worst = whole.iter().zip(&sum).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(worst < 1e-6, "{worst}");
    }
}

#[test]
fn a_source_at_the_ear_stays_finite_and_exact() {
    let mut room = Room::new([5.0, 4.0, 3.0], 0.3);
    room.reflection_order = 0;
    room.air = None;
    let reflection = walls(&room);
    let listener = Vec3::new(2.0, 2.0, 1.5);
    let hz = frequencies(100);
    for (distance, limit) in [(0.3, -80.0), (0.22, -80.0), (0.15, -80.0), (0.1, -70.0)] {
        let source = listener + Vec3::new(0.0, distance, 0.0);
        let got = shoebox(&room, &reflection, source, listener, RATE, 200).unwrap();
        let mut want = vec![(0.0, 0.0); hz.len()];
        images::add(&mut want, &hz, distance / room.speed_of_sound, |_| (1.0 / distance, 0.0));
        let error = images::null_db(&images::transform(&got, &hz, RATE), &want);
        assert!(error < limit, "{distance} m: {error} dB");
    }
    // Nearer than 0.1 m the level stays.
    let got = shoebox(&room, &reflection, listener, listener, RATE, 200).unwrap();
    assert_eq!((got[0], got[1..].iter().all(|x| *x == 0.0)), (10.0, true));
}

#[test]
fn a_response_may_end_anywhere() {
    let mut noise = Noise(11);
    for bands in [false, true] {
        let mut case = case(&mut noise, 4);
        case.room.air = bands.then(Air::default);
        let reflection = walls(&case.room);
        let all = Shoebox::new(&case.room, &reflection, place(case.source), place(case.listener));
        let long = all.omni(RATE, 20_000).unwrap();
        for frames in [0, 1, 31, 500, 2111, 6000] {
            let short = all.omni(RATE, frames).unwrap();
            assert_eq!(short, long[..frames]);
        }
        let end = all.frames(RATE);
        assert!(bands || long[end..].iter().all(|x| *x == 0.0));
    }
}

#[test]
fn senseless_arguments_are_refused_with_their_names() {
    let room = Room::new([5.0, 4.0, 3.0], 0.3);
    let reflection = walls(&room);
    let inside = Vec3::new(1.0, 1.0, 1.0);
    let nowhere = Vec3::new(f64::NAN, 1.0, 1.0);
    let said =
        |source, rate, frames| shoebox(&room, &reflection, source, inside, rate, frames).unwrap_err().to_string();
    assert!(said(nowhere, RATE, 10).contains("the source must be within"));
    assert!(said(inside, f64::NAN, 10).contains("sample rate"));
    assert!(said(inside, RATE, usize::MAX).contains("frames at most"));
    for far in [-1e300, f64::MAX, f64::INFINITY, 1.1e7] {
        let far = Vec3::new(1.0, far, 1.0);
        assert!(said(far, RATE, 10).contains("the source must be within 10 000 km"));
        let from_afar = Shoebox::new(&room, &reflection, inside, far);
        assert!(from_afar.omni(RATE, 10).unwrap_err().to_string().contains("the listener must be within"));
        assert!(from_afar.frames(RATE) > 1_000_000, "as many as there can be, not a sum that overflows");
    }
    for lead in [f64::NAN, -f64::INFINITY, 1e300] {
        let late = Shoebox::new(&room, &reflection, inside, inside).counting_from(lead).omni(RATE, 10);
        assert!(late.unwrap_err().to_string().contains("counts from"));
    }
    // Far, but within what can be meant: nothing arrives in so few frames.
    let far = shoebox(&room, &reflection, Vec3::new(1.0, 9.9e6, 1.0), inside, RATE, 10).unwrap();
    assert!(far.len() == 10 && far.iter().all(|x| *x == 0.0));
    let mut large = room.clone();
    large.reflection_order = MOST_ORDER + 1;
    assert!(shoebox(&large, &reflection, inside, inside, RATE, 10).is_err());
}
