//! t
use periphon::coords::{Pose, Vec3};
use periphon::render::{EngineOptions, Space, engine};
use periphon::room::Room;
use periphon::spatializer::{HeadMotion, Motion, SourceSpec};
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let v: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect();
    (v[11].parse::<f64>().unwrap() + v[12].parse::<f64>().unwrap()) * 10.0
}
fn main() {
    let set = periphon::hrtf::open("ku100", 48000.0).unwrap();
    let block = 256;
    let cal = |set: &std::sync::Arc<periphon::hrtf::HrtfSet>| {
        let (mut e, mut c) = engine(set, &EngineOptions::live(48e3, 128, 64)).unwrap();
        for i in 0..64 {
            c.add(SourceSpec::new(Motion::Orbit {
                centre: Vec3::default(),
                start: Vec3::from_polar(i as f64 * 5.0, 0.0, 1.0),
                seconds_per_turn: 4.0,
            }))
            .unwrap();
        }
        let x: Vec<f32> = (0..128).map(|k| ((k * k) as f32 * 0.7).sin()).collect();
        let inputs: Vec<&[f32]> = (0..64).map(|_| &x[..]).collect();
        let (mut l, mut r) = (vec![0.0; 128], vec![0.0; 128]);
        let t0 = cpu();
        for _ in 0..10 * 375 {
            e.process(&inputs, &mut l, &mut r);
        }
        (cpu() - t0) / 10.0 / 64.0 * 1e3
    };
    let secs = 20;
    for (n, moving, order, late) in [
        (1, false, 3, true),
        (1, true, 3, true),
        (8, true, 3, true),
        (8, false, 3, true),
        (1, true, 3, false),
        (1, true, 1, false),
        (1, true, 0, true),
        (1, false, 0, false),
        (1, false, 1, false),
        (1, false, 3, false),
    ] {
        let (mut e, mut c) = engine(
            &set,
            &EngineOptions::live(48e3, block, n).with_space(Space { propagation: true, ..Space::default() }),
        )
        .unwrap();
        c.set_head_motion(HeadMotion::Still(Pose { position: Vec3::new(2.0, 2.2, 1.6), ..Pose::default() }), 0.0)
            .unwrap();
        let mut room = Room::new([6.0, 5.0, 3.0], 0.2);
        room.reflection_order = order;
        room.late = late;
        if std::env::args().nth(1).is_some() {
            room.air = None;
        }
        let t = std::time::Instant::now();
        c.set_room(Some(&room), 0.0).unwrap();
        let build = t.elapsed().as_secs_f64() * 1e3;
        for i in 0..n {
            let start = Vec3::new(1.5, 0.4 + 0.1 * i as f64, 1.5);
            let at = Vec3::new(4.5, 2.5 - 0.1 * i as f64, 1.5);
            let key = |t: f64, x: f64| periphon::spatializer::PathKey { t, value: Vec3::new(x, 2.5, 1.5) };
            let _ = start;
            let path = periphon::spatializer::Path::new(
                (0..40).map(|k| key(k as f64, if k % 2 == 0 { 1.0 } else { 2.5 + 0.1 * i as f64 })).collect(),
            )
            .unwrap();
            c.add(if moving {
                SourceSpec::new(Motion::Path(std::sync::Arc::new(path)))
            } else {
                SourceSpec::still(at)
            })
            .unwrap();
        }
        let x: Vec<f32> = (0..block).map(|k| ((k * k) as f32 * 0.7).sin()).collect();
        let inputs: Vec<&[f32]> = (0..n).map(|_| &x[..]).collect();
        let (mut l, mut r) = (vec![0.0; block], vec![0.0; block]);
        for _ in 0..200 {
            e.process(&inputs, &mut l, &mut r);
        }
        let c0 = cal(&set);
        let t0 = { cpu() };
        let mut worst = 0.0f64;
        for _ in 0..secs * 48000 / block {
            let t = std::time::Instant::now();
            e.process(&inputs, &mut l, &mut r);
            worst = worst.max(t.elapsed().as_secs_f64());
        }
        println!(
            "{n} sources moving {moving} order {order} late {late}: {:.2} ms/s, worst block {:.2} ms, build {build:.1} ms",
            (cpu() - t0) / secs as f64,
            worst * 1e3
        );
    }
}
