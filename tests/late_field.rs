//! The late field through the whole chain: how it goes on from the images, how dense it is, and what two ears make of it.
#![cfg(feature = "sofa")]

#[path = "reference/field.rs"]
mod field;

use field::{Diffuse, centre};
use periphon::coords::{Pose, Rotation, Vec3};
use periphon::render::{EngineOptions, Space, engine};
use periphon::room::decay::Decay;
use periphon::room::impulse::{Reverberation, Transmission};
use periphon::room::measures::{decay_curve, echo_density};
use periphon::room::{Room, preset};
use periphon::spatializer::{Beam, HeadMotion, SourceSpec};

const RATE: f64 = 48_000.0;

fn rooms() -> Vec<(&'static str, Room)> {
    let named = ["living-room", "club", "theatre", "concert-hall"];
    // Their walls as mirrors: a room that asks for its decay has no images to be compared with.
    let room = |n: &str| {
        let mut room = preset::find(n).unwrap().room();
        room.t60 = None;
        room
    };
    let mut rooms: Vec<(&str, Room)> = named.iter().map(|n| (*n, room(n))).collect();
    rooms.push(("shoebox", Room::new([6.0, 5.0, 3.0], 0.15)));
    rooms
}

/// Places of a source and a listener in a room, the `i`th pair of a sequence.
fn places(room: &Room, i: u32) -> (Vec3, Vec3) {
    let part = |k: f64| (f64::from(i) * k + 0.37).fract() * 0.7 + 0.15;
    let [x, y, z] = room.size;
    (
        Vec3::new(x * part(0.618), y * part(0.755), z * part(0.57)),
        Vec3::new(x * part(0.414), y * part(0.236), z * part(0.732)),
    )
}

fn omni(room: &Room, i: u32, reverberation: Reverberation, seconds: f64) -> Vec<f32> {
    let (source, position) = places(room, i);
    let head = Pose { position, ..Pose::default() };
    let t = Transmission {
        room: Some(room),
        source,
        head,
        beam: Beam::OMNI,
        gain: 1.0,
        propagation: true,
        speed_of_sound: room.speed_of_sound,
        reverberation,
    };
    t.omni(RATE, (seconds * RATE) as usize).unwrap()
}

#[test]
fn both_ears_hear_the_late_field_as_their_head_hears_a_diffuse_one() {
    let set = periphon::hrtf::open("ku100", RATE).unwrap();
    let truth = Diffuse::of_set(&set, 0).bands();
    for (name, room) in rooms() {
        let mut heard = None;
        let seconds = Decay::new(&room).t30()[3];
        let from = ((2.0 * Decay::new(&room).mixing_time() + 0.05) * RATE) as usize;
        for i in 0..24 {
            let (source, position) = places(&room, i);
            let options = EngineOptions::offline(RATE, 512, 1).with_space(Space::default());
            let (mut engine, mut control) = engine(&set, &options).unwrap();
            let orientation = Rotation::from_yaw_pitch_roll(f64::from(i) * 77.0, 0.0, 0.0);
            control.set_head_motion(HeadMotion::Still(Pose { position, orientation }), 0.0).unwrap();
            control.set_room(Some(&room), 0.0).unwrap();
            control.add(SourceSpec::still(source)).unwrap();
            let frames = ((0.9 * seconds * RATE) as usize + from).max(from + 16_384);
            let mut x = vec![0.0; frames];
            x[0] = 1.0;
            let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
            for at in (0..frames).step_by(512) {
                let end = (at + 512).min(frames);
                engine.process(&[&x[at..end]], &mut left[at..end], &mut right[at..end]);
            }
            heard = Some(Diffuse::of_ears(RATE, [&left[from..], &right[from..]], heard));
        }
        let heard = heard.unwrap().bands();
        // From 100 Hz on: a frame has a handful of bins in the bands below.
        let off: Vec<f64> = (3..truth.len()).map(|b| heard[b].coherence() - truth[b].coherence()).collect();
        let mean = off.iter().map(|x| x.abs()).sum::<f64>() / off.len() as f64;
        let worst = (0..off.len()).max_by(|a, b| off[*a].abs().total_cmp(&off[*b].abs())).unwrap();
        println!("{name}: mean {mean:.3}, worst {:+.3} at {:.0} Hz", off[worst], centre(worst + 3));
        assert!(mean < 0.1, "{name}: {mean:.3}, {off:.2?}");
    }
}

#[test]
fn it_goes_on_without_a_seam() {
    // Mean energies over places, so that one place's own images count little; an octave in which images of a lattice
    // interfere at random.
    for (name, mut room) in rooms() {
        room.air = None;
        // Half of the decay behind the last moment that is looked at: what comes later is 30 dB below that.
        let seconds = 0.21 + 0.5 * Decay::new(&room).t30()[4];
        let curve = |reverberation| {
            let mut sum: Vec<f64> = Vec::new();
            for i in 0..16 {
                let curve = decay_curve(&omni(&room, i, reverberation, seconds), RATE, 2000.0);
                sum.resize(sum.len().max(curve.len()), 0.0);
                sum.iter_mut().zip(curve).for_each(|(s, db)| *s += 10f64.powf(db / 10.0));
            }
            sum
        };
        let (got, want) = (curve(Reverberation::Network), curve(Reverberation::Images));
        let off = |ms: usize| {
            let n = ms * 48;
            10.0 * (got[n] / want[n]).log10()
        };
        let steps: Vec<f64> = (5..200).step_by(5).map(|ms| off(ms + 5) - off(ms)).collect();
        let step = steps.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let most = (5..200).step_by(5).map(|ms| off(ms).abs()).fold(0.0, f64::max);
        println!(
            "{name}: {:?}",
            [5, 20, 40, 60, 80, 100, 120, 150, 180, 200].map(|ms| (off(ms) * 100.0).round() / 100.0)
        );
        println!("{name}: steps of {step:.2} dB at most, {most:.2} dB away at most");
        assert!(step < 0.5, "{name}: {steps:.2?}");
    }
}

#[test]
fn it_is_dense_sooner_than_mirrors_would_make_it() {
    for (name, room) in rooms() {
        // Images alone decide until those of the last order have come; then density has to grow fast.
        let when = 3.0 * Decay::new(&room).mixing_time();
        let density = |reverberation| {
            let of = |i: u32| {
                let response = omni(&room, i, reverberation, when + 0.2);
                let (source, listener) = places(&room, i);
                let at = when + (source - listener).norm() / room.speed_of_sound;
                let near = echo_density(&response, RATE, 0.001).into_iter().filter(|(t, _)| (t - at).abs() < 0.01);
                let (sum, n) = near.fold((0.0, 0.0), |(sum, n), (_, d)| (sum + d, n + 1.0));
                sum / n
            };
            (0..8).map(of).sum::<f64>() / 8.0
        };
        let (network, images) = (density(Reverberation::Network), density(Reverberation::Images));
        println!("{name}: {network:.2} at {:.0} ms, images {images:.2}", 1e3 * when);
        assert!(network > 0.85 && network > images, "{name}: {network:.2}, images {images:.2}");
    }
}
