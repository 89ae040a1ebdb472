//! t
use periphon::coords::{Pose, Rotation, Vec3};
use periphon::render::{EngineOptions, Space, Engine, Control, engine};
use periphon::room::Room;
use periphon::spatializer::{HeadMotion, Motion, SourceSpec};
struct Cal { e: Engine, _c: Control, x: Vec<f32>, l: Vec<f32>, r: Vec<f32> }
impl Cal {
    fn new(set: &std::sync::Arc<periphon::hrtf::HrtfSet>) -> Self {
        let (e, mut c) = engine(set, &EngineOptions::live(48e3, 128, 64)).unwrap();
        for i in 0..64 {
            c.add(SourceSpec::new(Motion::Orbit { start: Vec3::from_polar(i as f64 * 5.0, 0.0, 1.0), seconds_per_turn: 4.0 })).unwrap();
        }
        let x: Vec<f32> = (0..128).map(|k| ((k * k) as f32 * 0.7).sin()).collect();
        Self { e, _c: c, x, l: vec![0.0; 128], r: vec![0.0; 128] }
    }
    fn run(&mut self, secs: f64) -> f64 {
        let inputs: Vec<&[f32]> = (0..64).map(|_| &self.x[..]).collect();
        let mut v = vec![];
        for _ in 0..(secs * 375.0) as usize { let t = std::time::Instant::now(); self.e.process(&inputs, &mut self.l, &mut self.r); v.push(t.elapsed().as_secs_f64()); }
        v.sort_by(f64::total_cmp);
        v[v.len() / 2] * 375.0 / 64.0 * 1e6
    }
}
fn main() {
    let set = periphon::hrtf::open("ku100", 48000.0).unwrap();
    let block = 256;
    let pick: Option<usize> = std::env::args().nth(1).and_then(|s| s.parse().ok());
    let rounds: usize = std::env::args().nth(2).and_then(|s| s.parse().ok()).unwrap_or(9);
    let mut cal = Cal::new(&set);
    cal.run(0.2);
    for (k, (n, moving, order, late, air, turn)) in [
        (1, false, 3, true, false, false),
        (1, true, 3, true, false, false),
        (8, true, 3, true, false, false),
        (1, false, 3, true, true, false),
        (1, true, 3, true, true, false),
        (8, true, 3, true, true, false),
        (8, false, 3, true, true, false),
        (8, false, 3, true, false, false),
        (1, false, 3, true, false, true),
        (1, true, 1, false, false, false),
        (1, true, 0, true, false, false),
        (1, false, 0, false, false, false),
        (1, false, 0, true, false, false),
        (1, false, 1, false, false, false),
    ].into_iter().enumerate() {
        if pick.is_some_and(|p| p != k) { continue; }
        let (mut e, mut c) = engine(&set, &EngineOptions::live(48e3, block, n).with_space(Space { propagation: true, ..Space::default() })).unwrap();
        c.set_head_motion(HeadMotion::Still(Pose { position: Vec3::new(2.0, 2.2, 1.6), ..Pose::default() }), 0.0).unwrap();
        let mut room = Room::new([6.0, 5.0, 3.0], 0.2);
        room.reflection_order = order;
        room.late = late;
        if !air { room.air = None; }
        c.set_room(Some(&room), 0.0).unwrap();
        for i in 0..n {
            let at = Vec3::new(4.5, 2.5 - 0.1 * i as f64, 1.5);
            let key = |t: f64, x: f64| periphon::spatializer::PathKey { t, value: Vec3::new(x, 2.5, 1.5) };
            let path = periphon::spatializer::Path::new((0..4000).map(|k| key(k as f64, if k % 2 == 0 { 1.0 } else { 2.5 + 0.1 * i as f64 })).collect()).unwrap();
            c.add(if moving { SourceSpec::new(Motion::Path(std::sync::Arc::new(path))) } else { SourceSpec::still(at) }).unwrap();
        }
        let x: Vec<f32> = (0..block).map(|k| ((k * k) as f32 * 0.7).sin()).collect();
        let inputs: Vec<&[f32]> = (0..n).map(|_| &x[..]).collect();
        let (mut l, mut r) = (vec![0.0; block], vec![0.0; block]);
        let mut worst0 = 0.0f64;
        for b in 0..200 {
            let t = std::time::Instant::now();
            e.process(&inputs, &mut l, &mut r);
            if b < 3 { worst0 = worst0.max(t.elapsed().as_secs_f64()); }
        }
        let secs = if n > 1 { 1.0 } else { 2.0 };
        let mut ratios = vec![];
        let mut raw = vec![];
        let mut worst = f64::MAX;
        let mut hash = 0.0f64;
        for _ in 0..rounds {
            let a = cal.run(0.15);
            let mut v = vec![];
            let mut w = 0.0f64;
            for b in 0..(secs * 187.5) as usize {
                if turn {
                    c.set_head_motion(HeadMotion::Still(Pose { position: Vec3::new(2.0, 2.2, 1.6), orientation: Rotation::from_yaw_pitch_roll(b as f64 * 0.5, 0.0, 0.0) }), 0.005).unwrap();
                }
                let t = std::time::Instant::now();
                e.process(&inputs, &mut l, &mut r);
                let t = t.elapsed().as_secs_f64(); w = w.max(t); v.push(t);
                hash += l.iter().map(|x| f64::from(x * x)).sum::<f64>();
            }
            worst = worst.min(w);
            v.sort_by(f64::total_cmp); let me = v[v.len() / 2] * 187.5 * 1e3;
            let b = cal.run(0.15);
            raw.push(me);
            ratios.push(me * 420.0 / (0.5 * (a + b)));
        }
        ratios.sort_by(f64::total_cmp);
        raw.sort_by(f64::total_cmp);
        println!("{k} {n} src moving {moving} turn {turn} order {order} late {late} air {air}: {:.2} norm ({:.2}..{:.2}) raw {:.2}; worst/mean {:.2}, start block {:.2} ms; energy {:.6e}",
            ratios[rounds / 2], ratios[0], ratios[rounds - 1], raw[0], worst * 1e3 / (raw[0] / 187.5), worst0 * 1e3, hash);
    }
}
