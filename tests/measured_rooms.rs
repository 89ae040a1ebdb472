//! Measured rooms: every form of the same room reads the same, every odd one is named, every unusable one is refused
//! with the reason; and what is rendered is the convolution with what was measured.
//! `tests/data/rooms/README.md` says where the files come from.
#![cfg(feature = "sofa")]

mod reference;

use periphon::ErrorKind;
use periphon::ambisonics::{Decoder, DecoderFilters, encode_third};
use periphon::coords::{Rotation, Vec3};
use periphon::room::measured::{
    Assignment, BrirRenderer, Emitter, FieldRenderer, MeasuredRoom, Receivers, RoomResponses,
};
use reference::{Noise, difference_db};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn room(name: &str) -> periphon::Result<MeasuredRoom> {
    MeasuredRoom::open(data(&format!("rooms/{name}.sofa")), 48_000.0)
}

fn yaw(degrees: f64) -> Rotation {
    Rotation::from_yaw_pitch_roll(degrees, 0.0, 0.0)
}

fn azimuth(v: Vec3) -> f64 {
    v.to_polar().0
}

/// Sample and value of the first pulse of a response (as in `make_rooms.py`).
fn pulse(m: usize, r: usize, e: usize) -> (usize, f32) {
    (10 + 5 * m + 3 * r + 7 * e, 1.0 / (1 + m + 2 * r + 4 * e) as f32)
}

#[test]
fn every_form_of_one_room_reads_the_same() {
    for name in
        ["emitters_last", "emitters_first", "default_source", "mimo", "single", "general", "right_ear_first", "delays"]
    {
        let room = room(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((room.receivers(), room.sample_rate()), (Receivers::Ears, 48_000.0), "{name}");
        assert_eq!((room.orientations().len(), room.emitters().len()), (3, 2), "{name}");
        for (e, want) in [30.0, -30.0].iter().enumerate() {
            let (a, el, d) = room.emitters()[e].position.to_polar();
            assert!((a - want).abs() < 1e-6 && el.abs() < 1e-6 && (d - 2.0).abs() < 1e-6, "{name}: {a} {el} {d}");
        }
        for m in 0..3 {
            let front = room.orientations()[m].rotate(Vec3::new(1.0, 0.0, 0.0));
            assert!((azimuth(front) - (30.0 * m as f64 - 30.0)).abs() < 1e-6, "{name} {m}");
            for e in 0..2 {
                for r in 0..2 {
                    let (at, value) = pulse(m, r, e);
                    for (n, x) in room.response(m, e, r).iter().enumerate() {
                        let want = value * [1.0, 0.5][usize::from(n == at + 40)] * f32::from(n == at || n == at + 40);
                        assert!((x - want).abs() < 1e-6, "{name} {m} {e} {r} sample {n}: {x}, not {want}");
                    }
                }
            }
        }
        assert!((room.peak() - 1.0).abs() < 1e-6 && (room.energy_db() - 10.0 * 1.25f64.log10()).abs() < 1e-4);
    }
}

#[test]
fn what_is_odd_is_named() {
    for (name, says) in [
        ("default_source", "default"),
        ("right_ear_first", "right ear first"),
        ("gaps", "1 of 3 orientations lack"),
        ("gaps", "1 of 7 measurements have the listener elsewhere"),
        ("gaps", "1 responses were measured again"),
    ] {
        let room = room(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(room.warnings().iter().any(|w| w.contains(says)), "{name}: {:?}", room.warnings());
    }
    assert_eq!(room("gaps").unwrap().orientations().len(), 2);
}

#[test]
fn what_cannot_be_used_is_refused_with_the_reason() {
    use ErrorKind::{Malformed, Unsupported};
    for (name, kind, says, hint) in [
        ("rooms/refused_array", Unsupported, "7 receivers", "two ears"),
        ("rooms/refused_one", Unsupported, "one receiver", "dummy head"),
        ("rooms/refused_delay", Malformed, "Data.Delay has the dimensions [2, 2, 2]", ""),
        ("rooms/refused_rows", Malformed, "EmitterPosition has 3 rows", ""),
        ("rooms/refused_nan", Malformed, "Data.IR is NaN", "measure it again"),
        ("rooms/refused_silent", Malformed, "silent", ""),
        ("rooms/refused_transfer", Unsupported, "keeps TF", "FIR"),
        ("rooms/refused_no_grid", Unsupported, "none of the 2 orientations", "split"),
        ("hrtf/tiny/contiguous", Unsupported, "head set", "--hrtf"),
        ("hrtf/tiny/refused_no_convention", Malformed, "SOFAConventions", ""),
    ] {
        let path = data(&format!("{name}.sofa"));
        let error = MeasuredRoom::open(&path, 48_000.0).expect_err(name);
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.to_string().contains(says), "{name}: {error}");
        assert!(hint.is_empty() || error.hints().iter().any(|h| h.contains(hint)), "{name}: {:?}", error.hints());
        assert_eq!(error.path(), Some(path.as_path()), "{name}");
    }
    assert_eq!(MeasuredRoom::open("no/such/room.sofa", 48_000.0).unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn a_room_from_the_world_is_seen_by_its_listener() {
    let room = MeasuredRoom::open(data("hrtf/SingleRoomSRIR_3views.sofa"), 48_000.0).unwrap();
    assert_eq!((room.orientations().len(), room.emitters().len(), room.receivers()), (3, 1, Receivers::Ears));
    let (a, _, d) = room.emitters()[0].position.to_polar();
    assert!(a.abs() < 1e-6 && (d - 2.0).abs() < 1e-6, "{a} {d}");
    assert!(room.taps() <= 4096);
}

#[test]
fn a_sound_field_is_read_in_sn3d_and_refused_by_ears() {
    let room = Arc::new(room("sound_field").unwrap());
    assert_eq!(room.receivers(), Receivers::SoundField(1));
    let four_pi = 4.0 * std::f32::consts::PI;
    let (at, value) = pulse(2, 0, 1);
    assert!((room.response(2, 1, 0)[at] - value * four_pi.sqrt()).abs() < 1e-5);
    assert!((room.response(2, 1, 3)[at] - value * (four_pi / 3.0).sqrt()).abs() < 1e-5);
    let error = BrirRenderer::new(&room, &[Assignment::emitter(0)], 64, Rotation::IDENTITY).unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("order 1"), "{error}");
}

#[test]
fn the_rate_is_the_one_that_is_asked_for_and_the_level_stays() {
    let (at_48, at_96) = (room("single").unwrap(), MeasuredRoom::open(data("rooms/single.sofa"), 96_000.0).unwrap());
    assert_eq!(at_96.sample_rate(), 96_000.0);
    let dc = |room: &MeasuredRoom| room.response(1, 0, 1).iter().sum::<f32>();
    assert!((dc(&at_48) - dc(&at_96)).abs() < 1e-3 * dc(&at_48), "{} {}", dc(&at_48), dc(&at_96));
}

/// A made room of `azimuths` loudspeakers and `views`: the direct sound arrives as it would at two ears 16 cm apart,
/// decaying noise of its own follows after 60 ms for each loudspeaker and ear, the same for all orientations.
fn made(azimuths: &[f64], views: &[f64], taps: usize) -> Arc<MeasuredRoom> {
    let rate = 48_000.0;
    let mut responses = Vec::new();
    for view in views {
        for (e, az) in azimuths.iter().enumerate() {
            for ear in 0..2 {
                let side = if ear == 0 { 1.0 } else { -1.0 };
                let lateral = (az - view).to_radians().sin() * side;
                let arrival = 60.0 - 0.08 / 343.0 * rate * lateral;
                let mut noise = Noise((e * 2 + ear) as u64 + 10);
                responses.extend((0..taps).map(|n| {
                    let t = n as f64 - arrival;
                    let direct = (1.0 + 0.5 * lateral) * (-0.5 * (t / 1.5).powi(2)).exp();
                    let late = if n > 2880 { 0.02 * noise.next() * (-(n as f64) / 4000.0).exp() } else { 0.0 };
                    (direct + late) as f32
                }));
            }
        }
    }
    let emitter = |az: &f64| Emitter { name: az.to_string(), position: Vec3::from_polar(*az, 0.0, 2.0) };
    let data = RoomResponses {
        sample_rate: rate,
        taps,
        emitters: azimuths.iter().map(emitter).collect(),
        orientations: views.iter().map(|v| yaw(*v)).collect(),
        receivers: Receivers::Ears,
        responses,
        warnings: Vec::new(),
    };
    Arc::new(MeasuredRoom::new(data, rate).unwrap())
}

/// The renderer's response to a pulse after its head has been turned and has come to rest.
fn impulse_response(renderer: &mut BrirRenderer, inputs: usize, input: usize, frames: usize) -> [Vec<f32>; 2] {
    let silence = vec![0.0; 20_000];
    let mut sink = [vec![0.0; 20_000], vec![0.0; 20_000]];
    for part in 0..100 {
        let [l, r] = &mut sink;
        let quiet: Vec<&[f32]> = vec![&silence[..200]; inputs];
        renderer.process(&quiet, &mut l[part * 200..][..200], &mut r[part * 200..][..200]);
    }
    let mut x = vec![0.0; frames];
    x[0] = 1.0;
    let mut y = [vec![0.0; frames], vec![0.0; frames]];
    let mut at = 0;
    while at < frames {
        let n = 128.min(frames - at);
        let all: Vec<&[f32]> = (0..inputs).map(|i| if i == input { &x[at..at + n] } else { &silence[..n] }).collect();
        let [l, r] = &mut y;
        renderer.process(&all, &mut l[at..at + n], &mut r[at..at + n]);
        at += n;
    }
    y
}

fn difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()))
}

#[test]
fn a_resting_head_hears_what_was_measured() {
    let room = made(&[30.0, -30.0, 110.0], &[-30.0, 0.0, 30.0], 12_000);
    let inputs = [Assignment::emitter(2), Assignment::emitter(0)];
    for (o, view) in [(1, 0.0), (0, -30.0), (2, 30.0)] {
        let mut renderer = BrirRenderer::new(&room, &inputs, 128, yaw(view)).unwrap();
        for (input, emitter) in [(0, 2), (1, 0)] {
            let y = impulse_response(&mut renderer, 2, input, 12_000);
            for ear in 0..2 {
                let error = difference(&y[ear], room.response(o, emitter, ear));
                assert!(error < 2e-6, "view {view}, emitter {emitter}, ear {ear}: {error}");
            }
        }
        assert_eq!((renderer.latency_frames(), renderer.tail_frames()), (0, room.taps() - 1));
    }
}

#[test]
fn a_turned_head_hears_the_measured_orientation_it_turned_to() {
    let room = made(&[30.0, -30.0], &[-30.0, 0.0, 30.0], 9000);
    let mut renderer = BrirRenderer::new(&room, &[Assignment::emitter(0)], 128, yaw(0.0)).unwrap();
    renderer.set_head(yaw(30.0));
    let y = impulse_response(&mut renderer, 1, 0, 9000);
    for ear in 0..2 {
        assert!(difference(&y[ear], room.response(2, 0, ear)) < 2e-6, "ear {ear}");
        assert!(difference(&y[ear], room.response(1, 0, ear)) > 0.1, "the head has not turned");
    }
}

#[test]
fn between_two_orientations_the_wavefront_arrives_once_and_in_between() {
    // 15 degrees from both: at each ear two wavefronts six samples apart, if they were only added up.
    let room = made(&[15.0], &[0.0, 30.0], 6000);
    let truth = made(&[15.0], &[15.0], 6000);
    let mut renderer = BrirRenderer::new(&room, &[Assignment::emitter(0)], 128, yaw(15.0)).unwrap();
    let y = impulse_response(&mut renderer, 1, 0, 6000);
    for ear in 0..2 {
        let want = truth.response(0, 0, ear);
        let plain: Vec<f32> =
            room.response(0, 0, ear).iter().zip(room.response(1, 0, ear)).map(|(a, b)| 0.5 * (a + b)).collect();
        assert!(difference(&plain[..2000], &want[..2000]) > 0.3, "the two are too much alike to tell");
        let error = difference(&y[ear][..2000], &want[..2000]);
        assert!(error < 0.02, "ear {ear}: {error}");
    }
}

#[test]
fn a_head_that_keeps_turning_does_not_click() {
    let room = made(&[30.0, -30.0], &[-60.0, -30.0, 0.0, 30.0, 60.0], 9000);
    let mut renderer =
        BrirRenderer::new(&room, &[Assignment::emitter(0), Assignment::emitter(1)], 128, yaw(0.0)).unwrap();
    let tone: Vec<f32> = (0..96_000).map(|n| (n as f32 * 0.02).sin()).collect();
    let mut y = Vec::new();
    for (block, x) in tone.chunks(128).enumerate() {
        renderer.set_head(yaw(50.0 * (block as f64 * 0.02).sin()));
        let (mut l, mut r) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        renderer.process(&[x, x], &mut l, &mut r);
        y.extend(l);
    }
    let level = y.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let bend = y[9000..].windows(3).fold(0.0f32, |m, w| m.max((w[2] - 2.0 * w[1] + w[0]).abs()));
    // The tone's own second difference is 0.0004 of its level.
    assert!(bend < 0.004 * level, "{bend} of {level}");
}

#[test]
fn any_block_gives_the_same_sound() {
    let room = made(&[30.0, -30.0], &[0.0], 9000);
    let inputs = [Assignment::direction(&room, Vec3::from_polar(10.0, 0.0, 1.0))];
    let x = Noise(3).vec(20_000);
    let render = |sizes: &mut dyn FnMut() -> usize| {
        let mut renderer = BrirRenderer::new(&room, &inputs, 256, Rotation::IDENTITY).unwrap();
        let (mut l, mut r) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let mut at = 0;
        while at < x.len() {
            let n = sizes().min(x.len() - at);
            renderer.process(&[&x[at..at + n]], &mut l[at..at + n], &mut r[at..at + n]);
            at += n;
        }
        (l, r)
    };
    let want = render(&mut || 256);
    let level = want.0.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let mut noise = Noise(8);
    let sizes: [&mut dyn FnMut() -> usize; 3] =
        [&mut || 1024, &mut || 100, &mut || 1 + ((noise.next() + 1.0) * 400.0) as usize];
    for size in sizes {
        let got = render(size);
        assert!(difference(&got.0, &want.0).max(difference(&got.1, &want.1)) < 1e-6 * level.max(1.0) * 4.0);
    }
}

#[test]
fn inputs_find_their_loudspeakers() {
    let room = made(&[30.0, -30.0, 0.0, 110.0, -110.0], &[0.0], 200);
    let to = |az: f64, el: f64| Assignment::direction(&room, Vec3::from_polar(az, el, 1.0)).terms;
    // Speakers of BS.2051 are taken as they stand.
    for (az, e) in [(30.0, 0), (-30.0, 1), (0.0, 2), (110.0, 3), (-110.0, 4), (-107.0, 4)] {
        assert_eq!(to(az, 0.0), [(e, 1.0)], "{az}");
    }
    let between = to(15.0, 0.0);
    assert_eq!(between.len(), 2);
    assert!(between.iter().all(|(e, g)| [0, 2].contains(e) && (g - 0.5f32.sqrt()).abs() < 1e-3), "{between:?}");
    // Behind, the two surrounds share it; above, whoever is around.
    let behind = to(180.0, 0.0);
    assert!(behind.len() == 2 && behind.iter().all(|(e, _)| [3, 4].contains(e)), "{behind:?}");
    for (az, el) in [(0.0, 90.0), (70.0, 40.0), (-170.0, -30.0), (20.0, 10.0)] {
        let terms = to(az, el);
        let power: f32 = terms.iter().map(|(_, g)| g * g).sum();
        assert!(!terms.is_empty() && (power - 1.0).abs() < 1e-3 && terms.iter().all(|(_, g)| *g > 0.0), "{terms:?}");
    }
    let one = made(&[30.0], &[0.0], 200);
    assert_eq!(Assignment::direction(&one, Vec3::from_polar(-100.0, 0.0, 1.0)).terms, [(0, 1.0)]);
    let unknown = BrirRenderer::new(&one, &[Assignment::emitter(1)], 64, Rotation::IDENTITY).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Argument);
}

#[test]
fn silence_at_the_end_is_left_out_and_delays_stay() {
    let mut responses = vec![0.0f32; 2 * 5000];
    (responses[1000], responses[5000 + 1200], responses[4000]) = (1.0, 1.0, 1e-6);
    let data = RoomResponses {
        sample_rate: 48_000.0,
        taps: 5000,
        emitters: vec![Emitter { name: "1".into(), position: Vec3::new(1.0, 0.0, 0.0) }],
        orientations: vec![Rotation::IDENTITY],
        receivers: Receivers::Ears,
        responses,
        warnings: Vec::new(),
    };
    let room = MeasuredRoom::new(data.clone(), 48_000.0).unwrap();
    assert_eq!((room.taps(), room.response(0, 0, 0)[1000], room.response(0, 0, 1)[1200]), (1201, 1.0, 1.0));
    let wrong = RoomResponses { taps: 4999, ..data };
    assert_eq!(MeasuredRoom::new(wrong, 48_000.0).unwrap_err().kind(), ErrorKind::Malformed);
}

#[cfg(feature = "files")]
mod sound_files {
    use super::*;

    fn wav(channels: u16, frames: usize, sample: impl Fn(usize, usize) -> f32) -> tempfile::TempPath {
        let path = tempfile::Builder::new().suffix(".wav").tempfile().unwrap().into_temp_path();
        let spec = hound::WavSpec {
            channels,
            sample_rate: 48_000,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for n in 0..frames {
            for c in 0..usize::from(channels) {
                writer.write_sample(sample(c, n)).unwrap();
            }
        }
        writer.finalize().unwrap();
        path
    }

    #[test]
    fn two_channels_are_one_loudspeaker_for_all_inputs() {
        let path = wav(2, 400, |c, n| f32::from(n == 20 + c) * (1.0 - 0.25 * c as f32));
        let room = Arc::new(MeasuredRoom::open(&path, 48_000.0).unwrap());
        assert_eq!((room.emitters().len(), room.orientations().len(), room.taps()), (1, 1, 22));
        let ways = [30.0, -30.0].map(|az| Assignment::direction(&room, Vec3::from_polar(az, 0.0, 1.0)));
        let mut renderer = BrirRenderer::new(&room, &ways, 64, Rotation::IDENTITY).unwrap();
        for input in 0..2 {
            let y = impulse_response(&mut renderer, 2, input, 64);
            assert!((y[0][20] - 1.0).abs() < 1e-5 && (y[1][21] - 0.75).abs() < 1e-5);
        }
    }

    #[test]
    fn four_channels_are_true_stereo() {
        let path = wav(4, 100, |c, n| f32::from(n == 10 + c));
        let room = MeasuredRoom::open(&path, 48_000.0).unwrap();
        assert_eq!(room.emitters().len(), 2);
        for (e, ear) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            assert_eq!(room.response(0, e, ear)[10 + 2 * e + ear], 1.0);
        }
        let left = Assignment::direction(&room, Vec3::from_polar(30.0, 0.0, 1.0));
        assert_eq!(left, Assignment::emitter(0));
    }

    #[test]
    fn other_channels_and_songs_are_refused() {
        for channels in [1, 3, 7] {
            let path = wav(channels, 50, |_, _| 0.5);
            let error = MeasuredRoom::open(&path, 48_000.0).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(
                error.to_string().contains(&format!("{channels} channels")) && !error.hints().is_empty(),
                "{error}"
            );
        }
        let long = wav(2, 48_000 * 61, |_, _| 0.5);
        assert_eq!(MeasuredRoom::open(&long, 48_000.0).unwrap_err().kind(), ErrorKind::Limit);
    }
}

/// A third-order room of one loudspeaker: pulses of plane waves from these directions.
fn field_room(waves: &[(usize, f64, f32)]) -> MeasuredRoom {
    let taps = 3000;
    let mut responses = vec![0.0f32; 16 * taps];
    for (at, azimuth, value) in waves {
        let d = Vec3::from_polar(*azimuth, 10.0, 1.0);
        for (c, g) in encode_third([d.x as f32, d.y as f32, d.z as f32]).iter().enumerate() {
            responses[c * taps + at] += value * g;
        }
    }
    let room = RoomResponses {
        sample_rate: 48_000.0,
        taps,
        emitters: vec![Emitter { name: "1".into(), position: Vec3::new(2.0, 0.0, 0.0) }],
        orientations: vec![Rotation::IDENTITY],
        receivers: Receivers::SoundField(3),
        responses,
        warnings: Vec::new(),
    };
    MeasuredRoom::new(room, 48_000.0).unwrap()
}

#[test]
fn a_room_measured_as_a_sound_field_is_heard_by_any_head_however_it_is_turned() {
    let set = reference::set(10, 256, 48_000.0);
    let heard = |waves: &[(usize, f64, f32)], head: f64, block: usize| {
        let room = field_room(waves);
        let mut renderer = FieldRenderer::new(&room, &[Assignment::emitter(0)], &set, block, yaw(head)).unwrap();
        let x = Noise(5).vec(9000);
        let mut out = [vec![1.0; x.len()], vec![1.0; x.len()]];
        let [left, right] = &mut out;
        let mut at = 0;
        for n in [1usize, 700, 64, 3000].iter().cycle() {
            let n = (*n).min(x.len() - at);
            if n == 0 {
                break;
            }
            renderer.set_head(yaw(head));
            renderer.process(&[&x[at..at + n]], &mut left[at..at + n], &mut right[at..at + n]);
            at += n;
        }
        out
    };
    // The definition: the waves in a bus, decoded.
    let (early, late) = ((40, 60.0, 1.0), (2500, -100.0, 0.5));
    let x = Noise(5).vec(9000);
    let mut bus = vec![vec![0.0f32; x.len()]; 16];
    for (delay, azimuth, value) in [early, late] {
        let d = Vec3::from_polar(azimuth, 10.0, 1.0);
        for (plane, g) in bus.iter_mut().zip(encode_third([d.x as f32, d.y as f32, d.z as f32])) {
            plane[delay..].iter_mut().zip(&x).for_each(|(y, x)| *y += value * g * x);
        }
    }
    let mut want = [vec![0.0; x.len()], vec![0.0; x.len()]];
    let mut decoder = Decoder::new(&Arc::new(DecoderFilters::design(&set, 3).unwrap()), 512).unwrap();
    let [left, right] = &mut want;
    decoder.process(&bus, left, right);
    let off = |a: &[Vec<f32>; 2], b: &[Vec<f32>; 2]| {
        let want: Vec<f64> = b.iter().flatten().map(|x| f64::from(*x)).collect();
        difference_db(&a.concat(), &want)
    };
    let got = heard(&[early, late], 0.0, 256);
    assert!(off(&got, &want) < -100.0, "{:.1} dB", off(&got, &want));
    // A head turned to the wave hears what an unturned one hears from the front.
    let (turned, front) = (heard(&[early], 60.0, 128), heard(&[(40, 0.0, 1.0)], 0.0, 512));
    assert!(off(&turned, &front) < -100.0, "{:.1} dB", off(&turned, &front));
    assert!(off(&turned, &heard(&[early], 0.0, 128)) > -10.0);
}
