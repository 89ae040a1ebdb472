//! Scenes from text and back: every mistake at its line and column, and nothing lost on the way.
#![cfg(feature = "scene")]

use periphon::coords::Vec3;
use periphon::room::directivity::Directivity;
use periphon::room::{Wall, material, preset};
use periphon::scene::{
    Angles, Bed, BedLayout, Channel, Facing, Listener, ListenerKey, Place, Polar, RoomChoice, RoomFile, RoomSpec,
    Scene, SceneErrors, Source, SourceKey, Surface,
};
use periphon::spatializer::HeadMotion;
use proptest::prelude::*;

/// The scene of the contract, all of it.
const WHOLE: &str = r#"format = 1
sample_rate = 48000
duration = 20.0
speed_of_sound = 340.0
propagation = false

[listener]
position = [2.0, 2.2, 1.6]
orientation = { yaw = 0, pitch = 0, roll = 10 }

[room]
size = [6.0, 5.0, 3.0]
material = "plaster"
materials = { front = "glass", back = 0.3, left = "curtain", right = "plaster", floor = "carpet", ceiling = [0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5] }
reflection_order = 3
air_absorption = true
late = true
t60 = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]

[[source]]
id = "voice"
file = "stems/vocals.flac"
channel = "sum"
position = [4.5, 2.5, 1.5]
gain_db = 0.0
start = 0.0
loop = false
directivity = "omni"
facing = { yaw = 180, pitch = 0 }
spread = 0

[[bed]]
file = "bed.wav"
layout = "ambix"
head_locked = false
"#;

fn parse(text: &str) -> Result<Scene, SceneErrors> {
    Scene::parse(text, "")
}

fn good(text: &str) -> Scene {
    parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// A source at a good place, with one line more.
fn with_source(line: &str) -> String {
    format!("format = 1\n[[source]]\nfile = \"a.wav\"\nposition = [1, 0, 0]\n{line}\n")
}

#[test]
fn the_scene_of_the_contract_is_read_and_comes_back() {
    let scene = good(WHOLE);
    assert_eq!((scene.sample_rate, scene.duration, scene.propagation), (Some(48_000), Some(20.0), false));
    assert_eq!(scene.sources[0].id, "voice");
    let text = scene.to_toml();
    assert_eq!(good(&text), scene);
    assert_eq!(good(&text).to_toml(), text);
    let Some(RoomChoice::Shoebox(room)) = scene.room_choice() else { panic!("a shoebox") };
    assert_eq!(room.speed_of_sound, 340.0);
    assert_eq!(room.absorption[Wall::Back as usize], [0.3; 7]);
    assert_eq!(room.absorption[Wall::Front as usize], material::find("glass").unwrap().absorption);
    assert_eq!(room.absorption[Wall::Ceiling as usize][6], 0.5);
    assert_eq!(room.t60.unwrap()[0], 0.9);
    room.check().unwrap();
}

#[test]
fn only_what_differs_from_the_usual_is_written() {
    assert_eq!(Scene::new().to_toml(), "format = 1\n");
    let text = Scene::new().source(Source::at("drums.wav", Vec3::new(1.0, 0.0, 0.0))).to_toml();
    assert_eq!(text, "format = 1\n\n[[source]]\nfile = \"drums.wav\"\nposition = [1.0, 0.0, 0.0]\n");
}

#[test]
fn every_mistake_has_its_line_and_column() {
    let source = |line: &str| with_source(line);
    let path = |keys: &str| format!("format = 1\n[[source]]\nfile = \"a.wav\"\npath = [{keys}]\n");
    let room = |lines: &str| format!("format = 1\n[room]\n{lines}\n");
    let mut different = Vec::new();
    for (text, place, says, hints) in [
        ("format = 2\nnew = 3\n".to_string(), (1, 10), "format 2", "newer"),
        ("[listener]\n".into(), (1, 1), "format", "format = 1"),
        ("format = 1\nformat = 1\n".into(), (2, 1), "duplicate", "once"),
        ("format = 1\nlistener = 3\n".into(), (2, 12), "table", ""),
        ("format = 1\nsampel_rate = 48000\n".into(), (2, 1), "sampel_rate", "'sample_rate'"),
        ("format = 1\nsample_rate = 100\n".into(), (2, 15), "8000 to 384000", ""),
        ("format = 1\nsample_rate = 44100.5\n".into(), (2, 15), "whole", ""),
        ("format = 1\nduration = 1999-01-01\n".into(), (2, 12), "date", ""),
        ("format = 1\npropagation = 1\n".into(), (2, 15), "true or false", "true"),
        ("format = 1\npropagation = yes\n".into(), (2, 15), "quotes", "quotes"),
        ("format = 1\nduration = nan\n".into(), (2, 12), "not NaN", ""),
        ("format = 1\n[listener]\nposition = [1, 2]\n".into(), (3, 12), "three numbers", ""),
        ("format = 1\n[listener]\nposition = [1, \"2\", 3]\n".into(), (3, 16), "position[1]", "quotes"),
        ("format = 1\n[listener]\norientation = { jaw = 3 }\n".into(), (3, 17), "jaw", "'yaw'"),
        (source("gain = 3"), (5, 1), "gain", "'gain_db'"),
        (source("gain_db = \"3\""), (5, 11), "number, not a text", "quotes"),
        (source("gain_db = 61"), (5, 11), "-120 to 60, not 61", ""),
        (source("channel = \"left\""), (5, 11), "left", "counted from 0"),
        (source("channel = -1"), (5, 11), "0 to", ""),
        (source("directivity = \"cardiod\""), (5, 15), "cardiod", "'cardioid'"),
        (source("facing = { yaw = 0, roll = 1 }"), (5, 21), "roll", "known here: yaw, pitch"),
        (source("polar = { azimuth = 3 }"), (5, 1), "do not go together", "one of"),
        (source("head_locked = true"), (5, 1), "needs polar", "polar = {"),
        (source("id = \"\""), (5, 6), "empty", ""),
        (source("[[source]]\nfile = \"b/a.mp3\"\nposition = [0, 1, 0]"), (6, 8), "id 'a' of source[0]", "id"),
        (source("[[source]]\nfile = \"b.wav\"\n"), (5, 1), "source[1] has no place", "position"),
        (source("[[source]]\nposition = [1, 1, 1]\n"), (5, 1), "source[1] has no file", "file = "),
        ("format = 1\n[source]\nfile = \"a\"\n".into(), (2, 2), "list of tables", "[[source]]"),
        (path("{ t = 1, position = [1, 0, 0] }, { t = 1, position = [2, 0, 0] }"), (4, 48), "after", "sort"),
        (path("{ t = 0, position = [1, 0, 0] }, { t = 1, polar = {} }"), (4, 42), "mixes", "same"),
        (path("{ position = [1, 0, 0] }"), (4, 9), "no time", "t ="),
        (path(""), (2, 1), "at least one key", "t and a position"),
        (room("preset = \"cathedal\""), (3, 10), "cathedal", "'cathedral'"),
        (room("preset = \"studio\"\nsize = [3, 3, 3]"), (4, 1), "do not go together", "leave out"),
        (room("file = \"a.sofa\"\nlate = true"), (4, 1), "do not go together", "measured"),
        (room("file = \"a.toml\""), (3, 8), "measured room", "--room"),
        (room("late = true"), (2, 1), "no size", "preset"),
        (room("size = [3, 3, 3]"), (2, 1), "made of: back, front", "material"),
        (room("size = [3, 0.1, 3]\nmaterial = 1"), (3, 12), "size[1] must be 0.5 to 1000", ""),
        (room("size = [3, 3, 3]\nmaterial = \"plastr\""), (4, 12), "plastr", "'plaster'"),
        (room("size = [3, 3, 3]\nmaterial = [1, 0, 1]"), (4, 12), "seven", ""),
        (room("size = [3, 3, 3]\nmaterial = 1.5"), (4, 12), "0 to 1, not 1.5", ""),
        (room("size = [3, 3, 3]\nmaterials = { roof = 1 }\nt60 = 1"), (4, 15), "roof", "known here"),
        (room("preset = \"studio\"\nreflection_order = 101"), (4, 20), "0 to 100", ""),
        (room("preset = \"studio\"\n[listener]\nposition = [3, 9, 1]"), (5, 12), "[3, 9, 1] is outside", "inside"),
        (room("preset = \"car\"\n[[source]]\nfile = \"a\"\nposition = [1, 1, 2]"), (6, 12), "[0, 2.4]", "inside"),
        (room("preset = \"car\"\n[[source]]\nfile = \"a\"\npolar = { distance = 9 }"), (6, 9), "outside", "inside"),
        (room("preset = \"car\"\n[[bed]]\nfile = \"a\"\nlayout = \"5.1\"\ndistance = 2"), (7, 12), "M+030", "inside"),
        ("format = 1\n[[bed]]\nfile = \"a\"\nlayout = \"7.1.5\"\n".into(), (4, 10), "7.1.5", "'7.1.4'"),
        ("format = 1\n[[bed]]\nfile = \"a\"\nlayout = \"hoa\"\n".into(), (4, 10), "hoa", "ambix"),
        ("format = 1\n[[bed]]\nfile = \"a\"\nlayout = \"ambix\"\ndistance = 2\n".into(), (5, 1), "ambix", "middle"),
        (
            "format = 1\n[[listener.path]]\nt = 0\norientation = {}\n[[listener.path]]\nt = 1\n".into(),
            (5, 1),
            "no orientation",
            "every key",
        ),
        (
            "format = 1\n[listener]\nposition = [0, 0, 0]\npath = [{ t = 0, position = [1, 1, 1] }]\n".into(),
            (3, 1),
            "do not go",
            "leave out",
        ),
        ("format = 1\n# ä\nid = [1,\n".into(), (3, 9), "not TOML", ""),
    ] {
        let errors = parse(&text).expect_err(&text).errors;
        let [e] = &errors[..] else { panic!("{text}\n{errors:#?}") };
        let hint = e.hint.clone().unwrap_or_default();
        if e.place != Some(place) || !e.message.contains(says) || !hint.contains(hints) {
            different.push(format!("{text}{e:?}\nnot {place:?} {says} {hints}\n"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn one_mistake_hides_no_other() {
    let text = "format = 1\nx = 1\n[listener]\nposition = [1]\n[room]\npreset = \"moon\"\nlate = 3\n\
                [[source]]\nfile = \"a.wav\"\nposition = \"here\"\ngain_db = 99\n[[source]]\nspread = 400\ncolour = 1\n";
    let errors = parse(text).unwrap_err();
    let places: Vec<usize> = errors.errors.iter().map(|e| e.place.unwrap().0).collect();
    assert_eq!(places, [2, 4, 6, 7, 10, 11, 12, 12, 13, 14], "{errors}");
    // A line that is no TOML hides neither what stands before it nor what stands after.
    let broken = text.replace("late = 3", "late = = 3");
    let errors = parse(&broken).unwrap_err();
    let places: Vec<usize> = errors.errors.iter().map(|e| e.place.unwrap().0).collect();
    for line in [2, 4, 6, 7, 10, 11, 13, 14] {
        assert!(places.contains(&line), "{line}: {errors}");
    }
}

#[test]
fn files_are_looked_for_when_a_scene_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("scene.toml");
    std::fs::write(dir.path().join("guitar.wav"), "").unwrap();
    std::fs::write(&path, with_source("").replace("a.wav", "gitar.wav")).unwrap();
    let errors = Scene::open(&path).unwrap_err();
    assert_eq!(errors.errors[0].place, Some((3, 8)));
    assert!(errors.errors[0].hint.as_ref().unwrap().contains("guitar.wav"), "{errors}");
    assert!(errors.to_string().starts_with(&format!("{}:3:8: ", path.display())), "{errors}");
    std::fs::write(&path, with_source("").replace("a.wav", "guitar.wav")).unwrap();
    let scene = Scene::open(&path).unwrap();
    assert_eq!(scene.objects().unwrap()[0].file, dir.path().join("guitar.wav"));
    assert_eq!(Scene::open(dir.path().join("none.toml")).unwrap_err().kind, periphon::ErrorKind::Io);
    std::fs::write(&path, b"format = 1\n# caf\xe9\n").unwrap();
    assert_eq!(Scene::open(&path).unwrap_err().errors[0].place, Some((2, 6)));
}

#[test]
fn polar_places_are_around_the_listener_as_they_stand_at_first() {
    let scene = Scene::new()
        .listener(Listener {
            orientation: Angles { yaw: 90.0, ..Angles::default() },
            ..Listener::at(Vec3::new(1.0, 1.0, 1.0))
        })
        .source(Source::polar("a.wav", 0.0, 0.0, 2.0))
        .source(Source { head_locked: true, ..Source::polar("b.wav", 90.0, 0.0, 2.0) });
    scene.check().unwrap();
    let objects = scene.objects().unwrap();
    assert!((objects[0].motion.at(0.0) - Vec3::new(1.0, 3.0, 1.0)).norm() < 1e-9);
    assert!((objects[1].motion.at(0.0) - Vec3::new(0.0, 2.0, 0.0)).norm() < 1e-9, "in the head's own frame");
    // Without `facing` it looks at the listener.
    let ahead = objects[0].facing.rotate(Vec3::new(1.0, 0.0, 0.0));
    assert!((ahead - Vec3::new(0.0, -1.0, 0.0)).norm() < 1e-9);
}

#[test]
fn a_polar_path_keeps_its_distance_and_counts_its_turns() {
    let key = |t: f64, azimuth: f64| SourceKey { t, at: Polar { azimuth, elevation: 0.0, distance: 2.0 } };
    let scene = Scene::new().source(Source::new("a.wav", Place::PolarPath(vec![key(0.0, 0.0), key(8.0, 720.0)])));
    let motion = scene.objects().unwrap().remove(0).motion;
    for i in 0..800 {
        let t = 0.01 * f64::from(i);
        let (azimuth, _, distance) = motion.at(t).to_polar();
        assert!((distance - 2.0).abs() < 1e-3, "{distance} at {t} s");
        let off = (azimuth - 90.0 * t + 180.0).rem_euclid(360.0) - 180.0;
        assert!(off.abs() < 0.01, "{azimuth} at {t} s");
    }
}

#[test]
fn a_listener_may_turn_in_place_or_walk() {
    let text = "format = 1\n[listener]\nposition = [1, 2, 3]\n[[listener.path]]\nt = 0\norientation = {}\n\
                [[listener.path]]\nt = 2\norientation = { yaw = 90 }\n";
    let HeadMotion::Path(path) = good(text).listener_motion().unwrap() else { panic!("a path") };
    assert_eq!(path.at(1.0).position, Vec3::new(1.0, 2.0, 3.0));
    let (yaw, _, _) = path.at(1.0).orientation.rotate(Vec3::new(1.0, 0.0, 0.0)).to_polar();
    assert!((yaw - 45.0).abs() < 1e-9);
}

#[test]
fn a_preset_gives_the_listener_a_place_and_lets_itself_be_changed() {
    let scene = good(
        "format = 1\n[room]\npreset = \"cathedral\"\nlate = false\nreflection_order = 1\nair_absorption = false\n",
    );
    let cathedral = preset::find("cathedral").unwrap();
    let [x, y, z] = cathedral.listener;
    assert_eq!(scene.listener_pose().position, Vec3::new(x, y, z));
    let Some(RoomChoice::Shoebox(room)) = scene.room_choice() else { panic!("a shoebox") };
    assert_eq!((room.late, room.reflection_order, room.air), (false, 1, None));
    assert_eq!(room.absorption, cathedral.room().absorption);
}

#[test]
fn walls_of_which_only_the_decay_is_known_make_that_decay() {
    let scene = good("format = 1\n[room]\nsize = [6, 5, 3]\nt60 = 0.5\n");
    let Some(RoomChoice::Shoebox(room)) = scene.room_choice() else { panic!("a shoebox") };
    let eyring = 0.161 * room.volume() / (-room.surface() * (1.0 - room.absorption[0][3]).ln());
    assert!((eyring - 0.5).abs() < 1e-9, "{eyring}");
}

#[test]
fn a_room_file_is_the_room_of_a_scene() {
    let file =
        RoomFile::parse("[room]\nsize = [6, 5, 3]\nmaterial = \"brick\"\n[listener]\nposition = [1, 1, 1]\n").unwrap();
    assert_eq!(file.listener, Some(Vec3::new(1.0, 1.0, 1.0)));
    assert_eq!(file.room.shoebox_room(343.0).unwrap().size, [6.0, 5.0, 3.0]);
    let errors =
        RoomFile::parse("[room]\nsize = [6, 5, 3]\nmaterial = 0.1\n[listener]\nposition = [7, 1, 1]\n[[source]]\n");
    let places: Vec<_> = errors.unwrap_err().errors.iter().map(|e| e.place.unwrap().0).collect();
    assert_eq!(places, [6]);
    assert!(RoomFile::parse("").is_err());
}

#[test]
fn a_scene_made_in_code_is_checked_like_one_that_is_read() {
    let scene = Scene::new().room(RoomSpec::shoebox([3.0, 3.0, 3.0], Surface::named("tile").unwrap()));
    scene.check().unwrap();
    let errors = scene.source(Source::at("a.wav", Vec3::new(4.0, 1.0, f64::NAN)).gain_db(99.0)).check().unwrap_err();
    assert_eq!(errors.errors.len(), 2, "{errors}");
    assert!(errors.errors.iter().all(|e| e.place.is_none()));
}

#[test]
fn the_sample_scene_is_without_mistakes() {
    let scene = Scene::open(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/band.toml"));
    let scene = scene.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(scene.sources.len(), 3);
}

/// Every complete scene of the reference page, and every room file, is without mistakes.
#[test]
fn the_examples_of_the_reference_are_without_mistakes() {
    let page = include_str!("../docs/scene-file.md");
    let mut seen = 0;
    for example in page.split("```toml\n").skip(1).map(|e| e.split("```").next().unwrap()) {
        seen += 1;
        if example.contains("format") {
            let scene = good(example);
            assert_eq!(good(&scene.to_toml()), scene);
        } else {
            RoomFile::parse(example).unwrap_or_else(|e| panic!("{e}\n{example}"));
        }
    }
    assert!(seen >= 5);
    for material in material::all() {
        let bands: Vec<String> = material.absorption.iter().map(f64::to_string).collect();
        let row = format!("| {} | {} | {} |", material.name, bands.join(" | "), material.what);
        assert!(include_str!("../docs/materials.md").contains(&row), "{row}");
    }
}

fn number(low: f64, high: f64) -> impl Strategy<Value = f64> {
    prop_oneof![
        low..=high,
        Just(low),
        Just(high),
        (low..=high).prop_map(f64::round).prop_map(move |x| x.clamp(low, high))
    ]
}

fn point() -> impl Strategy<Value = Vec3> {
    (number(0.0, 3.0), number(0.0, 3.0), number(0.0, 3.0)).prop_map(|(x, y, z)| Vec3::new(x, y, z))
}

fn polar() -> impl Strategy<Value = Polar> {
    (number(-360.0, 360.0), number(-90.0, 90.0), number(0.01, 50.0)).prop_map(|(azimuth, elevation, distance)| Polar {
        azimuth,
        elevation,
        distance,
    })
}

fn angles() -> impl Strategy<Value = Angles> {
    (number(-360.0, 360.0), number(-180.0, 180.0), number(-180.0, 180.0)).prop_map(|(yaw, pitch, roll)| Angles {
        yaw,
        pitch,
        roll,
    })
}

fn keys<T: Clone + std::fmt::Debug>(at: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<SourceKey<T>>> {
    prop::collection::vec((0.001..10.0f64, at), 1..4).prop_map(|keys| {
        let mut t = 0.0;
        keys.into_iter()
            .map(|(step, at)| {
                t += step;
                SourceKey { t, at }
            })
            .collect()
    })
}

fn surface() -> impl Strategy<Value = Surface> {
    prop_oneof![
        (0..material::all().len()).prop_map(|i| Surface::Material(&material::all()[i])),
        prop::array::uniform7(number(0.0, 1.0)).prop_map(Surface::Absorption),
        number(0.0, 1.0).prop_map(|a| Surface::Absorption([a; 7])),
    ]
}

fn room() -> impl Strategy<Value = Option<RoomSpec>> {
    let bits = (
        prop::option::of(0..=50usize),
        prop::option::of(any::<bool>()),
        prop::option::of(number(-20.0, 50.0)),
        prop::option::of(number(10.0, 100.0)),
        prop::option::of(any::<bool>()),
        prop::option::of(prop::array::uniform7(number(0.05, 30.0))),
    );
    let walls = prop::array::uniform6(prop::option::of(surface()));
    (0..3, surface(), walls, bits).prop_map(|(kind, material, walls, bits)| {
        let mut room = match kind {
            0 => return None,
            1 => RoomSpec::preset(preset::find("concert-hall").unwrap()),
            _ => RoomSpec { materials: walls, ..RoomSpec::shoebox([3.0, 3.0, 3.0], material) },
        };
        (room.reflection_order, room.air_absorption, room.temperature_c, room.humidity_percent, room.late, room.t60) =
            bits;
        Some(room)
    })
}

fn source() -> impl Strategy<Value = Source> {
    let place = prop_oneof![
        point().prop_map(Place::At),
        polar().prop_map(Place::Polar),
        keys(point()).prop_map(Place::Path),
        keys(polar()).prop_map(Place::PolarPath),
    ];
    let channel = prop_oneof![Just(Channel::Sum), (0..64usize).prop_map(Channel::Index)];
    let facing = prop::option::of((number(-360.0, 360.0), number(-90.0, 90.0)));
    let numbers = (number(-120.0, 60.0), number(0.0, 100.0), number(0.0, 360.0), 0..6usize, any::<bool>());
    ("\\PC{1,12}", place, channel, facing, numbers).prop_map(|(name, place, channel, facing, numbers)| {
        let polar = matches!(place, Place::Polar(_) | Place::PolarPath(_));
        let (gain_db, start, spread, pattern, looped) = numbers;
        Source {
            channel,
            gain_db,
            start,
            looped,
            spread,
            directivity: Directivity::ALL[pattern],
            facing: facing.map(|(yaw, pitch)| Facing { yaw, pitch }),
            // Around the listener it would be outside of small rooms.
            head_locked: polar,
            ..Source::new(&name, place)
        }
    })
}

fn scene() -> impl Strategy<Value = Scene> {
    let listener = prop_oneof![
        (prop::option::of(point()), angles()).prop_map(|(position, orientation)| Listener {
            position,
            orientation,
            path: Vec::new()
        }),
        (keys((point(), angles())), any::<bool>()).prop_map(|(keys, turns)| Listener {
            path: keys
                .into_iter()
                .map(|k| ListenerKey { t: k.t, position: Some(k.at.0), orientation: turns.then_some(k.at.1) })
                .collect(),
            ..Listener::default()
        }),
    ];
    let bed = (any::<bool>(), number(-120.0, 60.0)).prop_map(|(locked, gain_db)| Bed {
        layout: Some(if locked { BedLayout::Ambix } else { BedLayout::find("7.1.4").unwrap() }),
        head_locked: true,
        gain_db,
        ..Bed::new("bed \"1\".wav")
    });
    let top = (prop::option::of(8000..=384_000u32), prop::option::of(number(0.001, 1e6)), number(100.0, 2000.0));
    let lists = (prop::collection::vec(source(), 0..4), prop::collection::vec(bed, 0..3));
    (top, any::<bool>(), listener, room(), lists).prop_map(|(top, propagation, listener, room, (mut sources, beds))| {
        sources.iter_mut().enumerate().for_each(|(i, s)| s.id = format!("{i} {}", s.id));
        let (sample_rate, duration, speed_of_sound) = top;
        Scene { sample_rate, duration, speed_of_sound, propagation, listener, room, sources, beds, ..Scene::new() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_again(scene in scene()) {
        let text = scene.to_toml();
        let back = parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        prop_assert_eq!(&back, &scene, "{}", text);
        prop_assert!(scene.objects().is_ok() && scene.listener_motion().is_ok());
    }

    #[test]
    fn damaged_text_is_refused_or_read_but_never_a_panic(at in 0..WHOLE.len(), n in 0..6usize, junk in "\\PC{0,4}") {
        let end = (at + n).min(WHOLE.len());
        let text = format!("{}{junk}{}", &WHOLE[..at], &WHOLE[end..]);
        if let Ok(scene) = parse(&text) {
            prop_assert!(scene.objects().is_ok() && scene.listener_motion().is_ok());
            prop_assert_eq!(parse(&scene.to_toml()).unwrap(), scene);
        }
    }
}

#[cfg(feature = "cli")]
#[test]
fn json_says_the_same_and_is_checked_alike() {
    let scene = good(WHOLE);
    let json = serde_json::to_string(&scene).unwrap();
    assert_eq!(serde_json::from_str::<Scene>(&json).unwrap(), scene);
    assert_eq!(serde_json::from_str::<Scene>("{\"format\": 1, \"room\": null}").unwrap(), Scene::new());
    let wrong = json.replace("\"plaster\"", "\"plastr\"").replace("\"spread\"", "\"spred\"");
    let error = serde_json::from_str::<Scene>(&wrong).unwrap_err().to_string();
    assert!(error.contains("plastr"), "{error}");
    assert!(serde_json::from_str::<Scene>("[]").is_err());
    assert!(serde_json::from_str::<Scene>("{\"format\": 1, \"format\": 1}").is_err());
}
