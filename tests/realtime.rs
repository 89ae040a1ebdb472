//! The audio thread's rules, in the ordinary test run: the block function does not allocate or free, whatever it is
//! asked to do.

mod reference;
mod watching;

use periphon::Engine;
use periphon::ambisonics::{Decoder, DecoderFilters, Rotator, encode_third};
use periphon::coords::{Pose, Rotation, Vec3};
use periphon::panorama::{Balance, Decomposer, Options};
use periphon::render::{EngineOptions, FieldSpec, Space, engine};
use periphon::room::Room;
use periphon::spatializer::{Beam, HeadMotion, Motion, Path, PathKey, SourceSpec};
use reference::{Noise, set};
use std::sync::Arc;
use watching::watched;

#[test]
fn the_watch_sees_an_allocation() {
    assert!(watched(|| drop(std::hint::black_box(vec![1u8; 100]))) > 0);
}

#[test]
fn the_bus_never_touches_the_heap() {
    let filters = Arc::new(DecoderFilters::design(&set(10, 256, 48_000.0), 3).unwrap());
    let mut decoder = Decoder::new(&filters, 128).unwrap();
    let mut next = Decoder::new(&filters, 128).unwrap();
    let mut rotator = Rotator::new(3);
    let x = Noise(1).vec(128);
    let mut bus = vec![x.clone(); 16];
    let (mut left, mut right) = (vec![0.0f32; 128], vec![0.0f32; 128]);
    let touched = watched(|| {
        for block in 0..50 {
            let gains = encode_third([0.6, 0.8, 0.0]);
            for (c, gain) in bus.iter_mut().zip(gains) {
                c.iter_mut().zip(&x).for_each(|(y, x)| *y = gain * x);
            }
            rotator.set(Rotation::from_yaw_pitch_roll(f64::from(block), 5.0, 0.0));
            rotator.process(&mut bus, 128);
            decoder.process(&bus, &mut left, &mut right);
        }
        next.take_history(&decoder);
        next.process(&bus, &mut left, &mut right);
        decoder.reset();
        rotator.reset();
    });
    assert_eq!(touched, 0);
}

#[test]
fn a_panorama_and_its_balance_never_touch_the_heap() {
    let mut decomposer = Decomposer::new(48_000.0, &Options::default()).unwrap();
    let responses = vec![[vec![1.0], vec![0.5]]; decomposer.layout().len()];
    let mut balance = Balance::new(48_000.0, &decomposer, &responses, &[]);
    let (left, right) = (Noise(1).vec(256), Noise(2).vec(256));
    let mut parts = vec![vec![0.0f32; 256]; decomposer.layout().len()];
    let touched = watched(|| {
        for _ in 0..100 {
            decomposer.process_with(&left, &right, &mut parts, balance.gains());
            balance.listen(&parts, 256);
        }
        balance.reset();
        decomposer.reset();
    });
    assert!(parts[0].iter().any(|x| *x != 0.0));
    assert_eq!(touched, 0);
}

#[test]
fn the_block_function_never_touches_the_heap() {
    let rate = 48_000.0;
    let set = set(10, 256, rate);
    let block = 128;
    let sources = 24;
    let (mut engine, mut control) = engine(&set, &EngineOptions::live(rate, block, sources)).unwrap();
    let path = |k: usize| {
        let key = |i: usize| PathKey {
            t: i as f64 * 0.3,
            value: Vec3::from_polar((i * k * 40) as f64, 10.0, 0.05 + 0.4 * i as f64),
        };
        Motion::Path(Arc::new(Path::new((0..5).map(key).collect()).unwrap()))
    };
    let mut ids = Vec::new();
    let x = Noise(1).vec(block);
    let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
    let mut heap = 0;
    for i in 0..2000 {
        // Everything that can be asked for, all the time, from this side of the fence.
        if ids.len() < sources && i % 7 == 0 {
            ids.extend(control.add(SourceSpec::new(path(i % 5 + 1))));
        }
        if let Some(id) = ids.get(i % 24).copied() {
            match i % 6 {
                0 => control.move_to(id, path(i % 3 + 1)),
                1 => control.snap_to(id, path(i % 4 + 1)),
                2 => control.set_gain(id, (i % 10) as f64 / 10.0),
                3 => control.move_over(id, Motion::Still(Vec3::new(1.0, 0.1, 0.0)), 0.05),
                4 if i % 30 == 4 => {
                    ids.remove(i % 24);
                    control.remove(id)
                }
                _ => control.set_head_motion(
                    HeadMotion::Still(Pose {
                        position: Vec3::default(),
                        orientation: Rotation::from_yaw_pitch_roll(i as f64, 5.0, 1.0),
                    }),
                    0.01,
                ),
            }
            .unwrap();
        }
        let inputs: [&[f32]; 24] = [&x; 24];
        heap += watched(|| engine.process(&inputs, &mut left, &mut right));
        assert!(left.iter().chain(&right).all(|x| x.is_finite()));
    }
    assert_eq!(heap, 0, "allocations or frees on the audio thread");
}

#[test]
fn the_block_function_never_touches_the_heap_in_rooms() {
    let (rate, block, sources) = (48_000.0, 128, 6);
    let field = FieldSpec::new(2).with_gain(0.5);
    let space = Space::default().with_propagation(30.0).with_field(field);
    let options = EngineOptions::live(rate, block, sources).with_space(space);
    let (mut engine, mut control) = engine(&set(15, 256, rate), &options).unwrap();
    let rooms: Vec<Room> = (0..5)
        .map(|k| Room::new([4.0 + k as f64, 5.0, 3.0], 0.1 * k as f64).with_order(k % 4).with_late(k != 3))
        .collect();
    let mut ids = Vec::new();
    let x = Noise(1).vec(block);
    let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
    let (mut heap, mut loudest) = (0, 0.0f32);
    for i in 0..1200usize {
        let place = Vec3::new(0.5 + (i % 30) as f64 * 0.1, 1.0 + (i % 7) as f64 * 0.4, 1.5);
        if i % 9 == 0 && ids.len() < sources {
            let beam = Beam { everywhere: 0.5, facing: Vec3::new(1.0, 0.0, 0.0) };
            let spread_deg = (i % 50) as f64;
            ids.extend(control.add(SourceSpec::still(place).with_beam(beam).with_spread(spread_deg)));
        }
        let Some(id) = ids.get(i % sources).or(ids.first()).copied() else { continue };
        match i % 6 {
            0 => control.move_to(id, Motion::Still(place)),
            1 => control.snap_to(id, Motion::Still(place)),
            2 => control.move_over(id, Motion::Still(place), 0.1),
            // More often than rooms can fade: the last one counts.
            3 => control.set_room((i % 10 != 3).then(|| &rooms[i / 6 % 5]), 0.02),
            4 if i % 30 == 4 => {
                ids.retain(|other| *other != id);
                control.remove(id)
            }
            _ => control
                .set_head_motion(HeadMotion::Still(Pose { position: place, orientation: Rotation::IDENTITY }), 0.1),
        }
        .unwrap();
        let inputs: [&[f32]; 15] = [&x; 15];
        heap += watched(|| engine.fetch(i % 4, 4));
        heap += watched(|| engine.process(&inputs, &mut left, &mut right));
        assert!(left.iter().chain(&right).all(|x| x.is_finite()));
        loudest = left.iter().fold(loudest, |m, x| m.max(x.abs()));
    }
    assert_eq!(heap, 0, "allocations or frees on the audio thread");
    assert!(loudest > 0.1);
}

#[test]
fn sources_with_signals_of_their_own_never_touch_the_heap() {
    let (rate, block) = (48_000.0, 128);
    let (mut engine, mut control) =
        Engine::builder(&set(15, 256, rate)).max_block(block).max_sources(4).space(Space::default()).build().unwrap();
    let x = Noise(1).vec(block);
    let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
    let (mut heap, mut sources) = (0, Vec::new());
    for i in 0..600usize {
        let spec = SourceSpec::still(Vec3::from_polar(i as f64, 0.0, 1.0));
        match i % 20 {
            0 => sources.extend(control.add_feed(spec, 300).map(|(id, feed)| (id, Some(feed)))),
            5 => sources.extend(control.add_signal(spec, move |out: &mut [f32]| out.len()).map(|id| (id, None))),
            10 => sources.iter().for_each(|(id, _)| {
                let facing = Vec3::from_polar(3.0 * i as f64, 0.0, 1.0);
                control.set_beam(*id, Beam { everywhere: 0.3, facing }).unwrap();
            }),
            15 if sources.len() > 2 => control.remove(sources.remove(0).0).unwrap(),
            _ => {}
        }
        for feed in sources.iter_mut().filter_map(|(_, feed)| feed.as_mut()) {
            heap += watched(|| _ = feed.push(&x));
        }
        heap += watched(|| engine.process(&[], &mut left, &mut right));
        assert!(left.iter().chain(&right).all(|x| x.is_finite()));
    }
    assert_eq!(heap, 0, "allocations or frees on the audio thread");
}

#[test]
fn a_measured_room_with_a_turning_head_never_touches_the_heap() {
    use periphon::room::measured::{Assignment, BrirRenderer, Emitter, MeasuredRoom, Receivers, RoomResponses};
    let taps = 9000;
    let orientations: Vec<Rotation> =
        (0..5).map(|k| Rotation::from_yaw_pitch_roll(f64::from(k) * 20.0 - 40.0, 0.0, 0.0)).collect();
    let emitters: Vec<Emitter> =
        [30.0, -30.0].map(|az| Emitter { name: String::new(), position: Vec3::from_polar(az, 0.0, 2.0) }).into();
    let data = RoomResponses {
        sample_rate: 48_000.0,
        taps,
        responses: Noise(4).vec(orientations.len() * emitters.len() * 2 * taps),
        emitters,
        orientations,
        receivers: Receivers::Ears,
        warnings: Vec::new(),
    };
    let room = Arc::new(MeasuredRoom::new(data, 48_000.0).unwrap());
    let ways = [30.0, 0.0, -30.0].map(|az| Assignment::direction(&room, Vec3::from_polar(az, 0.0, 1.0)));
    let mut renderer = BrirRenderer::new(&room, &ways, 128, Rotation::IDENTITY).unwrap();
    let mut x = Noise(1).vec(300);
    x[7] = f32::NAN;
    let (mut left, mut right) = (vec![0.0; 300], vec![0.0; 300]);
    let mut heap = 0;
    for i in 0..1500usize {
        let n = if i % 5 == 0 { 1 + i % 300 } else { 128 };
        let quiet = (600..1000).contains(&i);
        let inputs: [&[f32]; 3] = if quiet { [&[]; 3] } else { [&x[..n], &x[..n / 2], &x[..n]] };
        heap += watched(|| {
            renderer.set_head(Rotation::from_yaw_pitch_roll((i as f64 * 0.7) % 120.0 - 60.0, 3.0, 0.0));
            renderer.process(&inputs, &mut left[..n], &mut right[..n]);
            if i == 1200 {
                renderer.reset();
            }
        });
        assert!(left.iter().chain(&right).all(|x| x.is_finite()));
    }
    assert_eq!(heap, 0, "allocations or frees on the audio thread");
}

#[test]
fn an_exchange_of_long_filters_never_touches_the_heap() {
    use periphon::dsp::partitioned::{Convolver, Filters, Plan};
    let plan = Arc::new(Plan::search(2, 2, 6000, 64, 0).unwrap());
    let responses = |seed| vec![vec![Noise(seed).vec(6000), Noise(seed + 1).vec(6000)]; 2];
    let sets = [Filters::of(&plan, &responses(1)), Filters::of(&plan, &responses(5))];
    let mut convolver = Convolver::new(&sets[0], 256);
    let x = Noise(1).vec(64);
    let (mut left, mut right) = (vec![0.0; 64], vec![0.0; 64]);
    let (mut heap, mut exchanges) = (0, 0);
    for _ in 0..2000 {
        heap += watched(|| {
            for level in 0..plan.levels().len() {
                drop(convolver.take_spent(level));
            }
            exchanges += usize::from(convolver.exchange(&sets[(exchanges + 1) % 2]));
            convolver.process(&[&x, &x], &mut [&mut left, &mut right]);
        });
    }
    assert_eq!(heap, 0, "allocations or frees on the audio thread");
    assert!(exchanges > 10, "{exchanges}");
}

#[test]
fn headphone_corrections_never_touch_the_heap_while_they_are_exchanged() {
    use periphon::headphones::{ImpulseResponse, Profile, corrector};
    let (mut corrector, mut control) = corrector(48_000.0, 128).unwrap();
    let response =
        Noise(2).vec(5000).iter().enumerate().map(|(n, x)| x * (-(n as f32) / 300.0).exp()).collect::<Vec<_>>();
    let profiles = [
        Profile::parse(
            "one",
            "Preamp: -6 dB\nFilter: ON PK Fc 100 Hz Gain 5 dB Q 1\nFilter: ON HSC Fc 9000 Hz Gain 3 dB Q 0.7",
        )
        .unwrap(),
        Profile::parse("two", "GraphicEQ: 20 -3; 1000 0; 10000 4").unwrap(),
        Profile::of_response("three", ImpulseResponse { sample_rate: 44_100.0, ears: [response.clone(), response] }),
    ];
    let x = Noise(1).vec(128);
    let mut heap = 0;
    for i in 0..600 {
        // Now and then faster than a fade, so that some are never used.
        if i % 9 == 0 || i % 50 < 3 {
            control.set(profiles.get(i % 4)).unwrap();
        }
        let (mut left, mut right) = (x.clone(), x.clone());
        heap += watched(|| corrector.process(&mut left, &mut right));
        assert!(left.iter().chain(&right).all(|x| x.is_finite()));
        if i == 400 {
            heap += watched(|| corrector.reset());
        }
    }
    assert_eq!(heap, 0, "allocations or frees on the audio thread");
}
