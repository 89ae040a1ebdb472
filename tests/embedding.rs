//! The library inside another program: what a client of the engine relies on.

mod reference;

use periphon::room::directivity::Directivity;
use periphon::{Beam, Engine, ErrorKind, HeadMotion, Motion, Pose, Room, Rotation, SourceSpec, Space, Vec3};
use reference::{Noise, set};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const RATE: f64 = 48_000.0;
const BLOCK: usize = 256;

fn ears(engine: &mut Engine, input: &[f32]) -> [Vec<f32>; 2] {
    let mut out = [vec![0.0; input.len()], vec![0.0; input.len()]];
    let [left, right] = &mut out;
    for at in (0..input.len()).step_by(BLOCK) {
        let to = (at + BLOCK).min(input.len());
        engine.process(&[&input[at..to]], &mut left[at..to], &mut right[at..to]);
    }
    out
}

fn energy(x: &[f32]) -> f64 {
    x.iter().map(|x| f64::from(*x).powi(2)).sum()
}

#[test]
fn samples_from_a_queue_or_a_closure_sound_as_those_that_come_with_the_block() {
    let head = set(20, 128, RATE);
    let x = Noise(1).vec(10 * BLOCK);
    let place =
        || SourceSpec::new(Motion::path([(0.0, Vec3::new(1.0, 0.0, 0.0)), (0.1, Vec3::new(0.0, 2.0, 0.5))]).unwrap());
    let build = || Engine::builder(&head).max_block(BLOCK).max_sources(1).build().unwrap();

    let (mut engine, mut control) = build();
    control.add(place()).unwrap();
    let want = ears(&mut engine, &x);

    let (mut engine, mut control) = build();
    let (_, mut feed) = control.add_feed(place(), x.len()).unwrap();
    assert_eq!(feed.push(&x), x.len());
    assert_eq!(ears(&mut engine, &vec![9.0; x.len()]), want, "the engine's input is not listened to");
    assert_eq!((feed.queued(), feed.missing()), (0, 0));

    let (mut engine, mut control) = build();
    let (mine, mut at) = (x.clone(), 0);
    let make = move |out: &mut [f32]| {
        out.copy_from_slice(&mine[at..at + out.len()]);
        at += out.len();
        out.len()
    };
    control.add_signal(place(), make).unwrap();
    assert_eq!(ears(&mut engine, &vec![0.0; x.len()]), want);
}

#[test]
fn a_signal_that_is_done_is_freed_where_the_control_is_and_its_place_is_free_again() {
    struct Tone(Arc<AtomicU32>, std::thread::ThreadId);
    impl periphon::Signal for Tone {
        fn fill(&mut self, out: &mut [f32]) -> usize {
            out.fill(0.5);
            usize::MAX
        }
    }
    impl Drop for Tone {
        fn drop(&mut self) {
            assert_eq!(std::thread::current().id(), self.1, "freed on the audio thread");
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let dropped = Arc::new(AtomicU32::new(0));
    let (mut engine, mut control) = Engine::builder(&set(30, 64, RATE)).max_sources(1).build().unwrap();
    let spec = || SourceSpec::still(Vec3::new(1.0, 0.0, 0.0));
    let here = std::thread::current().id();
    let id = control.add_signal(spec(), Tone(Arc::clone(&dropped), here)).unwrap();
    assert!(control.has(id));
    let full = control.add(spec()).unwrap_err();
    assert_eq!(full.kind(), ErrorKind::Limit);
    let engine = std::thread::scope(|s| {
        s.spawn(|| {
            ears(&mut engine, &[0.0; 4 * BLOCK]);
            control.remove(id).unwrap();
            assert!(!control.has(id));
            let out = ears(&mut engine, &[0.0; 16 * BLOCK]);
            assert!(energy(&out[0][..BLOCK]) > 0.0, "it fades out with its sound");
            assert_eq!(energy(&out[0][15 * BLOCK..]), 0.0);
            &mut engine
        })
        .join()
        .unwrap()
    });
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
    control.tidy();
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
    assert_eq!(control.set_gain(id, 1.0).unwrap_err().kind(), ErrorKind::Argument, "it is another's place now");
    control.add(spec()).unwrap();
    drop(control);
    // Without a control the engine goes on.
    assert!(energy(&ears(engine, &Noise(1).vec(BLOCK))[0]) > 0.0);
}

#[test]
fn a_block_longer_than_the_longest_is_rendered_all_the_same() {
    let head = set(20, 128, RATE);
    let x = Noise(5).vec(5 * BLOCK + 77);
    let run = |block: usize| {
        let (mut engine, mut control) = Engine::builder(&head).max_block(BLOCK).max_sources(2).build().unwrap();
        let orbit = Motion::Orbit { centre: Vec3::default(), start: Vec3::new(1.0, 0.0, 0.0), seconds_per_turn: 0.5 };
        control.add(SourceSpec::new(orbit)).unwrap();
        let (_, mut feed) = control.add_feed(SourceSpec::still(Vec3::new(0.0, 1.0, 0.0)), x.len()).unwrap();
        assert_eq!(feed.push(&x), x.len());
        let (mut left, mut right) = (vec![9.0; x.len() + 10], vec![9.0; x.len()]);
        for at in (0..x.len()).step_by(block) {
            let to = (at + block).min(x.len());
            let beyond = if to == x.len() { left.len() } else { to };
            engine.process(&[&x[at..to]], &mut left[at..beyond], &mut right[at..to]);
        }
        assert_eq!(left[x.len()..], [0.0; 10], "beyond the shorter ear is silence");
        (left, right)
    };
    let want = run(BLOCK);
    assert!(energy(&want.1[5 * BLOCK..]) > 0.0);
    assert_eq!(run(x.len()), want);
}

#[test]
fn a_source_that_turns_away_gets_softer_without_a_click() {
    let build = || Engine::builder(&set(20, 128, RATE)).max_block(BLOCK).max_sources(1).space(Space::default()).build();
    let beam = |facing: f64| Beam::new(Directivity::Cardioid, Vec3::from_polar(facing, 0.0, 1.0));
    let at = SourceSpec::still(Vec3::new(2.0, 0.0, 0.0));
    let x: Vec<f32> = (0..60 * BLOCK).map(|n| (n as f64 * 500.0 / RATE * std::f64::consts::TAU).sin() as f32).collect();
    let (mut engine, mut control) = build().unwrap();
    let id = control.add(at.clone().with_beam(beam(180.0))).unwrap();
    let towards = ears(&mut engine, &x);
    control.set_beam(id, beam(0.0)).unwrap();
    let away = ears(&mut engine, &x);
    let step = |x: &[f32]| x.windows(2).fold(0.0f32, |m, w| m.max((w[1] - w[0]).abs()));
    assert!(energy(&away[0][30 * BLOCK..]) < 1e-6 * energy(&towards[0][30 * BLOCK..]), "a cardioid is deaf behind");
    let joined: Vec<f32> = towards[0][30 * BLOCK..].iter().chain(&away[0]).copied().collect();
    assert!(step(&joined) < 1.05 * step(&towards[0][30 * BLOCK..]), "no step in it");
    assert!(energy(&away[0][..BLOCK]) > 0.0);
    assert_eq!(control.set_beam(id, Beam { everywhere: 2.0, ..Beam::OMNI }).unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!(
        control.set_beam(id, Beam { everywhere: 0.5, facing: Vec3::default() }).unwrap_err().kind(),
        ErrorKind::Argument
    );
}

#[test]
fn a_builder_begins_where_it_is_told_to() {
    let head = set(20, 128, RATE);
    let room = Room::new([6.0, 5.0, 3.0], 0.3).with_order(1);
    let pose = Pose::new(Vec3::new(2.0, 2.0, 1.5), Rotation::from_yaw_pitch_roll(40.0, 0.0, 0.0));
    let x = Noise(3).vec(4 * BLOCK);
    let source = SourceSpec::still(Vec3::new(4.0, 3.0, 1.2)).with_gain(0.5);
    let (mut engine, mut control) =
        Engine::builder(&head).offline().max_block(BLOCK).max_sources(2).room(&room).listener(pose).build().unwrap();
    control.add(source.clone()).unwrap();
    let (mut other, mut steered) =
        Engine::builder(&head).offline().max_block(BLOCK).max_sources(2).space(Space::default()).build().unwrap();
    steered.set_head_motion(HeadMotion::Still(pose), 0.0).unwrap();
    steered.set_room(Some(&room), 0.0).unwrap();
    steered.add(source).unwrap();
    let heard = ears(&mut engine, &x);
    assert_eq!(heard, ears(&mut other, &x));
    assert!(energy(&heard[0]) > 0.0);
}

#[test]
fn what_makes_no_sense_is_refused_by_a_sentence() {
    let head = set(30, 64, RATE);
    let small = || Engine::builder(&head).max_block(64).max_sources(2);
    assert!(small().max_block(0).build().unwrap_err().to_string().contains("1 to 8192 frames, not 0"));
    assert!(small().max_sources(0).build().unwrap_err().to_string().contains("1 to 65536 sources, not 0"));
    assert!(small().room(&Room::new([6.0, f64::NAN, 3.0], 0.3)).build().is_err());
    assert!(small().listener(Pose::at(Vec3::new(f64::INFINITY, 0.0, 0.0))).build().is_err());
    let (_engine, mut control) = small().build().unwrap();
    let turned = |w: f64| Pose { orientation: Rotation { w, ..Rotation::IDENTITY }, ..Pose::default() };
    for w in [0.0, 2.0, f64::NAN] {
        assert_eq!(control.set_head(turned(w)).unwrap_err().kind(), ErrorKind::Argument, "{w}");
    }
    control.set_head(turned(1.0 + 1e-5)).unwrap();
    let path = HeadMotion::path([(0.0, turned(1.0)), (1.0, turned(3.0))]).unwrap();
    assert_eq!(control.set_head_motion(path, 0.0).unwrap_err().kind(), ErrorKind::Argument);
    assert!(Motion::path([]).is_err());
    let still = SourceSpec::still(Vec3::new(1.0, 0.0, 0.0));
    for spec in [still.clone().with_gain(f64::NAN), still.clone().with_spread(400.0), still.clone().with_fade_in(-1.0)]
    {
        assert_eq!(control.add(spec).unwrap_err().kind(), ErrorKind::Argument);
    }
    assert!(control.add_feed(still, 0).is_err());
    let unready = control.set_room(Some(&Room::new([6.0, 5.0, 3.0], 0.3)), 0.0).unwrap_err();
    assert!(unready.to_string().contains("without space for rooms"));
    assert!(!unready.hints().is_empty());
}

#[test]
fn a_queue_of_commands_that_nobody_reads_fills_up_and_says_so() {
    let (mut engine, mut control) = Engine::builder(&set(30, 64, RATE)).max_sources(1).build().unwrap();
    let id = control.add(SourceSpec::still(Vec3::new(1.0, 0.0, 0.0))).unwrap();
    let full = (0..100_000).find_map(|_| control.set_gain(id, 0.5).err()).expect("the queue is bounded");
    assert_eq!(full.kind(), ErrorKind::Limit);
    ears(&mut engine, &[0.0; BLOCK]);
    control.set_gain(id, 1.0).unwrap();
}
