//! Rooms through the engine: what is heard is what theory says, and nothing that changes clicks.

mod reference;

use periphon::coords::{Pose, Rotation, Vec3};
use periphon::render::{Control, Engine, EngineOptions, Space, engine};
use periphon::room::Room;
use periphon::spatializer::{HeadMotion, Motion, Path, PathKey, SourceSpec};
use reference::{Noise, set};
use std::sync::Arc;

const RATE: f64 = 48_000.0;

fn in_space(sources: usize, block: usize, space: Space) -> (Engine, Control) {
    engine(&set(15, 200, RATE), &EngineOptions::offline(RATE, block, sources).with_space(space)).unwrap()
}

fn render(engine: &mut Engine, x: &[f32], block: usize, mut before: impl FnMut(usize)) -> [Vec<f32>; 2] {
    let mut out = [vec![0.0; x.len()], vec![0.0; x.len()]];
    for (i, at) in (0..x.len()).step_by(block).enumerate() {
        before(i);
        let end = (at + block).min(x.len());
        let [l, r] = &mut out;
        engine.process(&[&x[at..end], &x[at..end]], &mut l[at..end], &mut r[at..end]);
    }
    out
}

fn energy(x: &[f32]) -> f64 {
    x.iter().map(|x| f64::from(*x).powi(2)).sum()
}

fn difference_db(a: &[f32], b: &[f32]) -> f64 {
    let d: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    10.0 * (d / energy(b)).log10()
}

fn listener() -> HeadMotion {
    HeadMotion::Still(Pose { position: Vec3::new(2.0, 2.2, 1.6), ..Pose::default() })
}

fn room() -> Room {
    Room::new([6.0, 5.0, 3.0], 0.2).with_order(3)
}

#[test]
fn space_without_a_room_changes_nothing() {
    let x = Noise(1).vec(9000);
    let path = |i: usize| PathKey { t: 0.1 * i as f64, value: Vec3::from_polar(50.0 * i as f64, 0.0, 1.5) };
    let spec = || SourceSpec::new(Motion::Path(Arc::new(Path::new((0..4).map(path).collect()).unwrap())));
    let (mut plain, mut control) = engine(&set(15, 200, RATE), &EngineOptions::offline(RATE, 256, 1)).unwrap();
    control.add(spec()).unwrap();
    let want = render(&mut plain, &x, 256, |_| ());
    let (mut spaced, mut control) = in_space(1, 256, Space::default());
    control.add(spec()).unwrap();
    assert_eq!(render(&mut spaced, &x, 256, |_| ()), want);
}

#[test]
fn with_propagation_the_sound_comes_later_by_the_distance() {
    let x = Noise(2).vec(6000);
    let run = |space: Space, x: &[f32]| {
        let (mut engine, mut control) = in_space(1, 256, space);
        control.add(SourceSpec::still(Vec3::new(0.0, 3.43, 0.0))).unwrap();
        render(&mut engine, x, 256, |_| ())
    };
    let (now, later) = (run(Space::default(), &x), run(Space::default().with_propagation(100.0), &x));
    // 3.43 m are 480 samples.
    let d = difference_db(&later[0][480..5000], &now[0][..4520]);
    assert!(d < -60.0, "{d:.1} dB");
}

#[test]
fn blocks_of_any_length_sound_the_same_in_a_room() {
    let x = Noise(3).vec(20_000);
    let run = |block: usize, moving: bool| {
        let (mut engine, mut control) = in_space(1, block, Space::default().with_propagation(100.0));
        control.set_head_motion(listener(), 0.0).unwrap();
        control.set_room(Some(&room()), 0.0).unwrap();
        let key = |t: f64, y: f64| PathKey { t, value: Vec3::new(4.0, y, 1.5) };
        let path = Motion::Path(Arc::new(Path::new(vec![key(0.0, 1.0), key(1.0, 2.5)]).unwrap()));
        control.add(if moving { SourceSpec::new(path) } else { SourceSpec::still(Vec3::new(4.0, 1.0, 1.5)) }).unwrap();
        render(&mut engine, &x, block, |_| ())
    };
    for (moving, limit) in [(false, -100.0), (true, -60.0)] {
        let whole = run(256, moving);
        for block in [64, 100, 1024] {
            let d = difference_db(&run(block, moving)[0], &whole[0]);
            assert!(d < limit, "block {block}, moving {moving}: {d:.1} dB");
        }
    }
}

#[test]
fn the_room_is_heard_and_rings_out() {
    let mut x = vec![0.0; 96_000];
    x[0] = 1.0;
    let (mut engine, mut control) = in_space(1, 256, Space::default().with_propagation(100.0));
    control.set_head_motion(listener(), 0.0).unwrap();
    control.set_room(Some(&room()), 0.0).unwrap();
    control.add(SourceSpec::still(Vec3::new(4.5, 2.5, 1.5))).unwrap();
    let out = render(&mut engine, &x, 256, |_| ());
    for ear in &out {
        let db = |from: usize, to: usize| 10.0 * (energy(&ear[from..to]) / (to - from) as f64).log10();
        // About half a second of reverberation: 60 dB in half a second.
        let slope = (db(4800, 7200) - db(14_400, 16_800)) / 0.2;
        assert!((60.0..240.0).contains(&slope), "{slope} dB/s");
        assert!(db(90_000, 96_000) < -130.0, "{}", db(90_000, 96_000));
    }
}

/// The largest second difference of a low tone, over what the tone itself would have at its loudest: clicks stand out.
fn roughness(y: &[f32], omega: f64) -> f64 {
    let peak = y.iter().fold(0.0f64, |m, y| m.max(f64::from(y.abs())));
    let bend = y.windows(3).map(|w| f64::from(w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f64::max);
    bend / (peak * omega * omega)
}

#[test]
fn nothing_that_changes_in_a_room_clicks() {
    let omega = 0.04;
    let x: Vec<f32> = (0..72_000)
        .map(|n| (0.5 - 0.5 * (n as f64 * 1e-4 * 3.0).min(std::f64::consts::PI).cos()) * (n as f64 * omega).sin())
        .map(|x| x as f32)
        .collect();
    // Live, segments are short, and far images are rendered ahead.
    let ways = [false, true].into_iter().flat_map(|live| {
        ["room", "cut", "drag", "none", "source", "head", "snap", "add", "remove", "snap, remove"]
            .map(|what| (live, what))
    });
    for (live, what) in ways {
        let sizes = if live { EngineOptions::live } else { EngineOptions::offline };
        let options = sizes(RATE, 128, 2).with_space(Space::default().with_propagation(100.0));
        let (mut engine, mut control) = engine(&set(15, 200, RATE), &options).unwrap();
        control.set_head_motion(listener(), 0.0).unwrap();
        control.set_room(Some(&room()), 0.0).unwrap();
        let id = control.add(SourceSpec::still(Vec3::new(4.5, 2.5, 1.5))).unwrap();
        let mut second = None;
        let out = render(&mut engine, &x, 128, |i| {
            // A slider: another room in every block, for a second.
            if what == "drag" && (300..675).contains(&i) {
                let part = (i - 300) as f64 / 375.0;
                let dragged = Room::new([6.0 + part, 5.0, 3.0], 0.2 + 0.7 * part).with_order(2);
                return control.set_room(Some(&dragged), 0.05).unwrap();
            }
            if what == "snap, remove" && i == 302 {
                return control.remove(id).unwrap();
            }
            if i != 300 {
                return;
            }
            let larger = Room::new([9.0, 7.0, 4.0], 0.4).with_order(2);
            match what {
                "room" => control.set_room(Some(&larger), 0.2).unwrap(),
                "cut" => control.set_room(Some(&larger), 0.0).unwrap(),
                "none" => control.set_room(None, 0.2).unwrap(),
                "source" => control.move_over(id, Motion::Still(Vec3::new(1.0, 4.0, 1.0)), 1.0).unwrap(),
                "head" => control
                    .set_head_motion(
                        HeadMotion::Still(Pose {
                            position: Vec3::new(3.0, 1.0, 1.6),
                            orientation: Rotation::from_yaw_pitch_roll(120.0, 10.0, 0.0),
                        }),
                        1.0,
                    )
                    .unwrap(),
                "snap" | "snap, remove" => control.snap_to(id, Motion::Still(Vec3::new(1.0, 4.0, 1.0))).unwrap(),
                "add" => second = Some(control.add(SourceSpec::still(Vec3::new(1.0, 4.0, 1.0))).unwrap()),
                _ => control.remove(id).unwrap(),
            }
        });
        let _ = second;
        for ear in &out {
            let rough = roughness(&ear[30_000..], omega);
            assert!(rough < 1.25, "{what}, live {live}: {rough:.2}");
        }
    }
}

#[test]
fn a_change_of_room_never_makes_it_louder_than_the_louder_room() {
    let x = Noise(5).vec(144_000);
    let rooms = [Room::new([6.0, 5.0, 3.0], 0.1), Room::new([7.0, 4.0, 3.0], 0.35)];
    let level = |from: usize, to: usize, change: bool| {
        let (mut engine, mut control) = in_space(1, 256, Space::default());
        control.set_head_motion(listener(), 0.0).unwrap();
        control.set_room(Some(&rooms[from]), 0.0).unwrap();
        control.add(SourceSpec::still(Vec3::new(4.5, 2.5, 1.5))).unwrap();
        let out = render(&mut engine, &x, 256, |i| {
            if change && i == 281 {
                control.set_room(Some(&rooms[to]), 0.3).unwrap();
            }
        });
        // 20 ms are short enough to see a jump, and long enough for noise to have a level.
        let levels = out[0][48_000..].chunks_exact(4800).map(energy);
        10.0 * levels.fold(0.0, f64::max).log10()
    };
    for (from, to) in [(0, 1), (1, 0)] {
        let steady = level(0, 0, false).max(level(1, 1, false));
        let change = level(from, to, true);
        assert!(change < steady + 1.0, "{from} to {to}: {change:.2} dB, steady {steady:.2} dB");
    }
}

#[test]
fn what_is_fetched_ahead_changes_nothing() {
    let x = Noise(7).vec(12_000);
    let run = |fetched: bool| {
        let (mut engine, mut control) = in_space(2, 128, Space::default().with_propagation(30.0));
        control.set_head_motion(listener(), 0.0).unwrap();
        control.set_room(Some(&room()), 0.0).unwrap();
        control.add(SourceSpec::still(Vec3::new(4.0, 3.0, 1.5))).unwrap();
        let mut out = [vec![0.0; x.len()], vec![0.0; x.len()]];
        let [l, r] = &mut out;
        for (i, at) in (0..x.len()).step_by(128).enumerate() {
            let end = (at + 128).min(x.len());
            if fetched {
                // Parts that are not there as well.
                engine.fetch(i % 7, i % 5);
            }
            engine.process(&[&x[at..end], &x[at..end]], &mut l[at..end], &mut r[at..end]);
        }
        out
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn a_head_that_jumps_is_followed_by_every_reflection() {
    const SOURCES: usize = 12;
    let x = Noise(8).vec(48_000);
    let turned = |yaw: f64| Pose {
        position: Vec3::new(2.0, 2.2, 1.6),
        orientation: Rotation::from_yaw_pitch_roll(yaw, 0.0, 0.0),
    };
    let run = |yaw: f64| {
        let (mut engine, mut control) = in_space(SOURCES, 256, Space::default());
        control.set_head_motion(HeadMotion::Still(turned(yaw)), 0.0).unwrap();
        control.set_room(Some(&room()), 0.0).unwrap();
        for n in 0..SOURCES {
            control.add(SourceSpec::still(Vec3::new(0.5 + 0.4 * n as f64, 3.5, 1.2 + 0.1 * n as f64))).unwrap();
        }
        let mut out = [vec![0.0; x.len()], vec![0.0; x.len()]];
        let [l, r] = &mut out;
        for at in (0..x.len()).step_by(256) {
            if at == 24_064 {
                control.set_head_motion(HeadMotion::Still(turned(0.0)), 0.0).unwrap();
            }
            let end = (at + 256).min(x.len());
            let inputs = [&x[at..end]; SOURCES];
            engine.process(&inputs, &mut l[at..end], &mut r[at..end]);
        }
        out
    };
    let (jumped, stood) = (run(140.0), run(0.0));
    for ear in 0..2 {
        let before = difference_db(&jumped[ear][12_000..24_000], &stood[ear][12_000..24_000]);
        // 72 reflections begin to follow within three segments of 5 ms, each fades for three.
        let soon = difference_db(&jumped[ear][27_000..30_000], &stood[ear][27_000..30_000]);
        let after = difference_db(&jumped[ear][36_000..], &stood[ear][36_000..]);
        assert!(before > -10.0 && soon < -35.0 && after < -60.0, "{before:.1}, {soon:.1}, {after:.1} dB");
    }
}
