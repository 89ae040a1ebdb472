//! The engine against the slow truth, and its promises: any block, no click, nothing that is not finite.

#[path = "reference/partition.rs"]
mod partition;
mod reference;

use partition::{Partitioned, PartitionedMix};
use periphon::coords::{Pose, Rotation, Vec3};
use periphon::dsp::kernel::Kernels;
use periphon::hrtf::HrtfSet;
use periphon::render::{Control, Engine, EngineOptions, engine};
use periphon::spatializer::{Motion, Path, PathKey, SourceSpec};
use proptest::prelude::*;
use reference::{Noise, convolve, difference_db, moving_tone, omega, set, to_f64, tone};
use std::sync::Arc;

const RATE: f64 = 48_000.0;

fn offline(set: &Arc<HrtfSet>, block: usize, sources: usize) -> (Engine, Control) {
    engine(set, &EngineOptions::offline(RATE, block, sources)).unwrap()
}

/// Renders one input through one source in blocks of `block` frames, calling `each` before every block.
fn render(engine: &mut Engine, x: &[f32], block: usize, mut each: impl FnMut(usize)) -> [Vec<f32>; 2] {
    let mut out = [vec![0.0; x.len()], vec![0.0; x.len()]];
    for (i, part) in x.chunks(block).enumerate() {
        each(i);
        let [left, right] = &mut out;
        let range = i * block..i * block + part.len();
        engine.process(&[part], &mut left[range.clone()], &mut right[range]);
    }
    out
}

fn one(set: &Arc<HrtfSet>, spec: SourceSpec, x: &[f32], block: usize) -> [Vec<f32>; 2] {
    let (mut engine, mut control) = offline(set, block, 1);
    control.add(spec).unwrap();
    render(&mut engine, x, block, |_| ())
}

#[test]
fn at_a_measured_direction_the_response_is_the_measured_one() {
    let set = set(15, 200, RATE);
    let x = Noise(1).vec(3000);
    for vertex in [0u32, 1, 7, 40, 99] {
        let at = set.shells()[0].mesh.directions()[vertex as usize] * 2.0;
        let out = one(&set, SourceSpec::still(at), &x, 256);
        for ear in 0..2 {
            let want: Vec<f64> = convolve(&x, set.response(vertex, ear), x.len()).iter().map(|y| y / 2.0).collect();
            let d = difference_db(&out[ear], &want);
            assert!(d < -120.0, "vertex {vertex}, ear {ear}: {d:.1} dB");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_sequence_of_blocks_gives_direct_convolution(blocks in prop::collection::vec(1usize..700, 1..12), seed: u64) {
        let set = set(30, 128, RATE);
        let (mut engine, mut control) = offline(&set, 700, 1);
        control.add(SourceSpec::still(set.shells()[0].mesh.directions()[5])).unwrap();
        let frames: usize = blocks.iter().sum();
        let x = Noise(seed).vec(frames);
        let mut out = vec![0.0; frames];
        let mut other = vec![0.0; frames];
        let mut at = 0;
        for b in blocks {
            engine.process(&[&x[at..at + b]], &mut out[at..at + b], &mut other[at..at + b]);
            at += b;
        }
        let want = convolve(&x, set.response(5, 0), frames);
        // Against the level that such noise has there: a handful of samples may all be close to zero.
        let energy = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
        let usual = energy(&to_f64(set.response(5, 0))) * frames as f64 / 3.0;
        let floor = 10.0 * (energy(&want) / usual).log10().min(0.0);
        prop_assert!(difference_db(&out, &want) + floor < -115.0);
    }
}

#[test]
fn a_moving_tone_is_what_the_definition_says() {
    let set = set(10, 128, RATE);
    let motion =
        Motion::Orbit { centre: Vec3::default(), start: Vec3::from_polar(20.0, 12.0, 1.3), seconds_per_turn: 2.0 };
    for (hz, limit) in [(500.0, -90.0), (2000.0, -88.0), (7000.0, -80.0)] {
        let w = omega(hz, RATE);
        let x = tone(w, 24_000);
        for block in [64, 100, 256, 1024] {
            let out = one(&set, SourceSpec::new(motion.clone()), &x, block);
            for ear in 0..2 {
                let want = moving_tone(&set, &motion, ear, w, 256, x.len());
                // The first milliseconds hear the tone begin, which the steady definition does not.
                let d = difference_db(&out[ear][2000..], &want[2000..]);
                assert!(d < limit, "{hz} Hz, block {block}, ear {ear}: {d:.1} dB");
            }
        }
    }
}

#[test]
fn the_block_changes_nothing_that_is_heard() {
    let set = set(10, 256, RATE);
    let x = Noise(3).vec(48_000);
    let orbit = Motion::Orbit { centre: Vec3::default(), start: Vec3::new(1.0, 0.0, 0.0), seconds_per_turn: 2.0 };
    let want = one(&set, SourceSpec::new(orbit.clone()), &x, 1024).map(|y| to_f64(&y));
    for block in [16, 64, 341, 8192] {
        let got = one(&set, SourceSpec::new(orbit.clone()), &x, block);
        for ear in 0..2 {
            let d = difference_db(&got[ear], &want[ear]);
            assert!(d < -60.0, "block {block}, ear {ear}: {d:.1} dB");
        }
    }
}

#[test]
fn every_instruction_set_gives_the_same_sound() {
    let set = set(10, 256, RATE);
    let x = Noise(4).vec(20_000);
    let mut all = Vec::new();
    for kernels in Kernels::all() {
        let (mut engine, mut control) = offline(&set, 256, 1);
        engine.use_kernels(kernels);
        control
            .add(SourceSpec::new(Motion::Orbit {
                centre: Vec3::default(),
                start: Vec3::new(0.5, 1.0, 0.3),
                seconds_per_turn: -1.5,
            }))
            .unwrap();
        all.push(render(&mut engine, &x, 256, |_| ()));
    }
    for other in &all[1..] {
        for ear in 0..2 {
            let d = difference_db(&other[ear], &to_f64(&all[0][ear]));
            assert!(d < -126.0, "{d:.1} dB");
        }
    }
}

/// Energy more than 300 Hz away from a tone, over the total, dB: what a click or a comb adds.
fn away_db(y: &[f32], hz: f64) -> f64 {
    let len = y.len();
    let mut fft = periphon::dsp::fft::Fft::new(len);
    // Four Hann windows' product: sidelobes far below what is looked for.
    for (n, (t, x)) in fft.time.iter_mut().zip(y).enumerate() {
        let w = (std::f64::consts::PI * (n as f64 + 0.5) / len as f64).sin();
        *t = (f64::from(*x) * w.powi(8)) as f32;
    }
    let mut s = periphon::dsp::fft::Spectrum::new(len);
    fft.forward(&mut s.re, &mut s.im);
    let (mut away, mut total) = (0.0, 0.0);
    for (k, (re, im)) in s.re.iter().zip(&s.im).enumerate() {
        let e = f64::from(*re).powi(2) + f64::from(*im).powi(2);
        total += e;
        if (k as f64 * RATE / len as f64 - hz).abs() > 300.0 {
            away += e;
        }
    }
    10.0 * (away / total).log10()
}

#[test]
fn a_source_that_circles_the_head_does_not_click() {
    let set = set(10, 256, RATE);
    for hz in [500.0, 2000.0, 7000.0] {
        let x = tone(omega(hz, RATE), 96_000);
        let orbit = Motion::Orbit { centre: Vec3::default(), start: Vec3::new(1.0, 0.0, 0.0), seconds_per_turn: 2.0 };
        for block in [64, 128, 1024] {
            let out = one(&set, SourceSpec::new(orbit.clone()), &x, block);
            for y in out {
                let d = away_db(&y[4800..4800 + 65_536], hz);
                assert!(d < -85.0, "{hz} Hz, block {block}: {d:.1} dB");
            }
        }
    }
}

#[test]
fn steering_by_hand_does_not_click() {
    let set = set(10, 256, RATE);
    let hz = 1000.0;
    let x = tone(omega(hz, RATE), 96_000);
    let block = 128;
    for what in ["move", "gain", "snap", "head"] {
        let (mut engine, mut control) = engine(&set, &EngineOptions::live(RATE, block, 1)).unwrap();
        let id = control.add(SourceSpec::still(Vec3::from_polar(30.0, 0.0, 1.0))).unwrap();
        let out = render(&mut engine, &x, block, |i| {
            if i % 40 != 20 {
                return;
            }
            let odd = (i / 40) % 2 == 0;
            match what {
                // A pointer that jumps three degrees every tenth of a second.
                "move" => control.move_to(id, Motion::Still(Vec3::from_polar(30.0 + i as f64 / 13.0, 0.0, 1.0))),
                "gain" => control.set_gain(id, if odd { 0.5 } else { 1.0 }),
                "snap" => {
                    control.snap_to(id, Motion::Still(Vec3::from_polar(if odd { -120.0 } else { 30.0 }, 0.0, 1.0)))
                }
                _ => control.set_head(Pose {
                    position: Vec3::default(),
                    orientation: Rotation::from_yaw_pitch_roll(if odd { 3.0 } else { 0.0 }, 0.0, 0.0),
                }),
            }
            .unwrap();
        });
        for y in out {
            let d = away_db(&y[9600..9600 + 65_536], hz);
            // A snap and a step of the gain are fades of 8 ms: steeper than any way from place to place.
            let limit = match what {
                "snap" => -50.0,
                "gain" => -60.0,
                _ => -75.0,
            };
            assert!(d < limit, "{what}: {d:.1} dB");
        }
    }
}

#[test]
fn a_source_that_comes_to_rest_ends_as_if_it_had_always_been_there() {
    let set = set(15, 200, RATE);
    let x = Noise(5).vec(24_000);
    let end = set.shells()[0].mesh.directions()[20] * 1.5;
    let (mut engine, mut control) = offline(&set, 256, 1);
    let id = control.add(SourceSpec::still(Vec3::new(1.0, 1.0, 0.0))).unwrap();
    let out = render(&mut engine, &x, 256, |i| {
        if i == 10 {
            control.move_over(id, Motion::Still(end), 0.1).unwrap();
        }
    });
    let want = convolve(&x, set.response(20, 1), x.len()).iter().map(|y| y / 1.5).collect::<Vec<_>>();
    let d = difference_db(&out[1][16_000..], &want[16_000..]);
    assert!(d < -110.0, "{d:.1} dB");
}

#[test]
fn what_is_not_finite_is_silenced_and_counted() {
    let set = set(30, 128, RATE);
    let mut x = Noise(6).vec(4000);
    (x[100], x[101], x[2000]) = (f32::NAN, f32::INFINITY, f32::NEG_INFINITY);
    let (mut engine, mut control) = offline(&set, 256, 1);
    control.add(SourceSpec::still(set.shells()[0].mesh.directions()[3])).unwrap();
    let out = render(&mut engine, &x, 256, |_| ());
    assert_eq!(control.counters().non_finite(), 3);
    x.iter_mut().filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
    assert!(difference_db(&out[0], &convolve(&x, set.response(3, 0), x.len())) < -110.0);
}

#[test]
fn a_removed_source_fades_and_its_place_is_used_again() {
    let set = set(30, 128, RATE);
    let (mut engine, mut control) = offline(&set, 256, 1);
    let x = Noise(7).vec(256);
    let mut ears = [vec![0.0; 256], vec![0.0; 256]];
    let mut play = |engine: &mut Engine| {
        let [l, r] = &mut ears;
        engine.process(&[&x], l, r);
        l.iter().map(|x| x.abs()).fold(0.0, f32::max)
    };
    let id = control.add(SourceSpec::still(Vec3::new(1.0, 0.0, 0.0))).unwrap();
    assert!(play(&mut engine) > 0.0);
    assert!(control.add(SourceSpec::still(Vec3::new(1.0, 0.0, 0.0))).is_err());
    control.remove(id).unwrap();
    assert!(control.set_gain(id, 1.0).is_err(), "a removed source is not there any more");
    let levels: Vec<f32> = (0..6).map(|_| play(&mut engine)).collect();
    assert!(levels[0] > 0.0 && *levels.last().unwrap() == 0.0, "{levels:?}");
    assert!(control.add(SourceSpec::still(Vec3::new(1.0, 0.0, 0.0))).is_ok());
    assert!(play(&mut engine) > 0.0);
}

#[test]
fn a_mirrored_source_mirrors_the_ears() {
    let set = set(15, 200, RATE);
    let x = Noise(8).vec(8000);
    let a = one(&set, SourceSpec::still(Vec3::from_polar(52.0, 11.0, 1.0)), &x, 256);
    let b = one(&set, SourceSpec::still(Vec3::from_polar(-52.0, 11.0, 1.0)), &x, 256);
    // The grid's triangles need not be mirror images, so this holds to the interpolation's error.
    assert!(difference_db(&a[0], &to_f64(&b[1])) < -25.0);
    let front = one(&set, SourceSpec::still(Vec3::new(1.0, 0.0, 0.0)), &x, 256);
    assert!(difference_db(&front[0], &to_f64(&front[1])) < -100.0);
}

#[test]
fn twice_the_distance_costs_six_decibels_down_to_ten_centimetres() {
    let set = set(30, 128, RATE);
    let x = Noise(9).vec(4000);
    let level = |d: f64| {
        let out = one(&set, SourceSpec::still(Vec3::from_polar(0.0, 0.0, d)), &x, 256);
        10.0 * out[0].iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().log10()
    };
    assert!((level(2.0) - level(4.0) - 6.0206).abs() < 1e-3);
}

#[test]
fn crossing_one_metre_and_coming_close_does_not_click() {
    let set = set(10, 256, RATE);
    for hz in [500.0, 2000.0] {
        let x = tone(omega(hz, RATE), 96_000);
        let key = |t: f64, y: f64| PathKey { t, value: Vec3::new(0.12, y, 0.05) };
        let path = Path::new(vec![key(0.0, 1.4), key(1.2, 0.2), key(2.0, -1.1)]).unwrap();
        let out = one(&set, SourceSpec::new(Motion::Path(Arc::new(path))), &x, 256);
        for y in out {
            let d = away_db(&y[4800..4800 + 65_536], hz);
            assert!(d < -65.0, "{hz} Hz: {d:.1} dB");
        }
    }
}

#[test]
fn a_way_too_fast_to_follow_becomes_cross_fades_and_stays_in_bounds() {
    let set = set(10, 256, RATE);
    let x = Noise(11).vec(48_000);
    let level = |spec: SourceSpec| {
        let out = one(&set, spec, &x, 256);
        out.iter().flatten().fold(0.0f32, |m, y| m.max(y.abs()))
    };
    let loudest = level(SourceSpec::still(Vec3::new(0.0, 1.0, 0.0)));
    for seconds_per_turn in [1.0, 0.3, 0.1, 0.01, -0.003] {
        let peak = level(SourceSpec::new(Motion::Orbit {
            centre: Vec3::default(),
            start: Vec3::new(1.0, 0.0, 0.0),
            seconds_per_turn,
        }));
        assert!(peak < 1.5 * loudest, "{seconds_per_turn} s a turn: {peak} against {loudest}");
    }
    // From ear to ear within a millisecond, by hand.
    let (mut engine, mut control) = offline(&set, 64, 1);
    let id = control.add(SourceSpec::still(Vec3::new(0.0, 1.0, 0.0))).unwrap();
    let out = render(&mut engine, &x, 64, |i| {
        if i % 10 == 0 {
            let side = if i % 20 == 0 { -1.0 } else { 1.0 };
            control.move_over(id, Motion::Still(Vec3::new(0.0, side, 0.0)), 0.001).unwrap();
        }
    });
    let peak = out.iter().flatten().fold(0.0f32, |m, y| m.max(y.abs()));
    assert!(peak < 1.5 * loudest, "{peak} against {loudest}");
}

#[test]
fn a_source_beside_the_head_is_louder_at_its_ear_than_one_far_away() {
    let set = set(10, 256, RATE);
    let x = tone(omega(500.0, RATE), 24_000);
    let ild = |d: f64| {
        let out = one(&set, SourceSpec::still(Vec3::new(0.0, d, 0.0)), &x, 256);
        let level = |y: &[f32]| y[4800..].iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        10.0 * (level(&out[0]) / level(&out[1])).log10()
    };
    let (far, near) = (ild(2.0), ild(0.2));
    assert!((ild(1.0) - far).abs() < 0.01, "nothing changes at one metre");
    assert!(near - far > 6.0, "{far:.1} dB far, {near:.1} dB near");
}

#[test]
fn silence_costs_no_sound_and_ends_in_exact_zeros() {
    let set = set(30, 128, RATE);
    let mut x = Noise(10).vec(1000);
    x.extend([0.0; 4000]);
    let out = one(
        &set,
        SourceSpec::new(Motion::Orbit {
            centre: Vec3::default(),
            start: Vec3::new(1.0, 0.0, 0.0),
            seconds_per_turn: 3.0,
        }),
        &x,
        256,
    );
    assert!(out[0][4000..].iter().all(|x| *x == 0.0));
}

#[test]
fn uniform_partitions_give_the_same_sound() {
    for (taps, block) in [(200, 64), (512, 16), (1024, 128), (100, 256)] {
        let set = set(30, taps, RATE);
        let x = Noise(8).vec(40 * block);
        let places = [3u32, 11].map(|v| set.shells()[0].mesh.directions()[v as usize]);
        let (mut engine, mut control) = engine(&set, &EngineOptions::live(RATE, block, 2)).unwrap();
        for p in places {
            control.add(SourceSpec::still(p)).unwrap();
        }
        let sources = [3u32, 11].map(|v| Partitioned::new([set.response(v, 0), set.response(v, 1)], block));
        let mut other = PartitionedMix::new(sources.into(), block);
        let (mut got, mut want) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for x in x.chunks(block) {
            let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
            engine.process(&[x, x], &mut left, &mut right);
            got[0].extend_from_slice(&left);
            got[1].extend_from_slice(&right);
            other.process(&[x, x], &mut left, &mut right);
            want[0].extend(to_f64(&left));
            want[1].extend(to_f64(&right));
        }
        for ear in 0..2 {
            let d = difference_db(&got[ear], &want[ear]);
            assert!(d < -115.0, "{taps} taps, block {block}, ear {ear}: {d:.1} dB");
        }
    }
}
