//! The interface as a whole: pictures of fixed states against committed ones, and keys and clicks against what the player
//! is asked for.
//!
//! The pictures lie in `tests/data/interface/`; `PERIPHON_DRAW_EXPECTED=1 cargo test cli::tui` draws them anew.

use super::action::{Action, Order, Topic};
use super::app::{App, Drag, Overlay, Tracking};
use super::theme::Theme;
use super::{draw, meaning, samples};
use crate::coords::{Pose, Rotation, Vec3};
use crate::live::State;
use crate::render::Placement;
use crate::tracking::Recentre;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

fn picture(app: &mut App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw::draw(app, Theme::new(false), frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y: u16| {
        let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        line.trim_end().to_string()
    };
    (0..height).map(row).collect::<Vec<_>>().join("\n") + "\n"
}

fn assert_picture(name: &str, drawn: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/interface").join(name);
    if std::env::var_os("PERIPHON_DRAW_EXPECTED").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, drawn).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    let differing = drawn.lines().zip(expected.lines()).enumerate().filter(|(_, (d, e))| d != e);
    let differing: String = differing.map(|(n, (d, e))| format!("row {n}\n  is       {d}\n  expected {e}\n")).collect();
    assert!(drawn == expected, "{name}\n{differing}");
}

fn key(app: &mut App, code: KeyCode, modifiers: KeyModifiers) -> Vec<Order> {
    input(app, Event::Key(KeyEvent::new(code, modifiers)))
}

fn letter(app: &mut App, c: char) -> Vec<Order> {
    key(app, KeyCode::Char(c), KeyModifiers::NONE)
}

fn mouse(app: &mut App, kind: MouseEventKind, column: u16, row: u16) -> Vec<Order> {
    input(app, Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
}

fn input(app: &mut App, event: Event) -> Vec<Order> {
    let actions = meaning(app, event);
    actions.into_iter().flat_map(|a| app.act(a)).collect()
}

const DOWN: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
const HELD: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
const UP: MouseEventKind = MouseEventKind::Up(MouseButton::Left);

#[test]
fn a_room_is_drawn_as_committed_at_three_sizes() {
    for (width, height) in [(100, 30), (80, 24), (40, 12)] {
        let mut app = samples::app();
        assert_picture(&format!("room-{width}x{height}.txt"), &picture(&mut app, width, height));
    }
}

#[test]
fn the_open_a_measured_room_and_no_spatialisation_are_drawn_as_committed() {
    let mut app = samples::app();
    let stage = app.stage.as_mut().unwrap();
    stage.room = None;
    stage.listener.position = Vec3::default();
    stage.sources.truncate(2);
    stage.sources[0].position = Vec3::new(0.87, 0.5, 0.0);
    stage.sources[1].position = Vec3::new(0.87, -0.5, 0.0);
    stage.sources.iter_mut().for_each(|s| s.reflections.clear());
    app.tracking = Some(Tracking { name: "osc:9000".into(), packets: 1200, ignored: 3, per_second: 100.0 });
    app.warn("the sound device is gone (unplugged); looking for it");
    app.status.state = State::Reopening;
    assert_picture("open-80x24.txt", &picture(&mut app, 80, 24));
    let stage = app.stage.as_mut().unwrap();
    (stage.sources, stage.steerable) = (Vec::new(), false);
    app.status.duration_s = None;
    app.repeat = true;
    assert_picture("stereo-80x24.txt", &picture(&mut app, 80, 24));
}

#[test]
fn a_long_message_is_shown_whole_where_there_is_room() {
    let mut app = samples::app();
    let text = "cannot open the impulse response '/home/someone/Music/rooms/a hall by the sea/left.wav': it has no samples \
                (choose a WAV with one or two channels, or type another path)";
    app.warn(text);
    let drawn = picture(&mut app, 80, 24);
    let lines: Vec<&str> = drawn.lines().collect();
    let first = lines.iter().position(|l| l.contains("cannot open")).unwrap();
    assert_eq!(lines[first..23].iter().map(|l| l.trim()).collect::<Vec<_>>().join(" "), text);
    // With little room as much as fits, and a sign that there is more.
    let drawn = picture(&mut app, 40, 8);
    assert!(drawn.contains("cannot open the impulse") && drawn.contains('…'), "{drawn}");
}

#[test]
fn help_and_lists_are_drawn_as_committed() {
    let mut app = samples::app();
    letter(&mut app, '?');
    assert_picture("help-100x30.txt", &picture(&mut app, 100, 30));
    assert_picture("help-80x24.txt", &picture(&mut app, 80, 24));
    assert_picture("help-40x12.txt", &picture(&mut app, 40, 12));
    // On this screen it has several pages, on which nothing is missing.
    let pages = app.regions.help_pages;
    let mut shown = String::new();
    for page in 0..pages {
        assert_eq!(app.overlay, Overlay::Help(page));
        for line in picture(&mut app, 40, 12).lines() {
            shown += line.trim_matches(|c: char| "│ ".contains(c));
            shown += " ";
        }
        letter(&mut app, '?');
    }
    assert_eq!(app.overlay, Overlay::None);
    let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
    let shown = words(&shown);
    for (keys, what) in super::keys::HELP {
        for word in words(keys).into_iter().chain(words(what)) {
            assert!(shown.contains(&word), "'{word}' of '{keys}: {what}' is missing in {shown:?}");
        }
    }
    letter(&mut app, 'f');
    "sennheiser hd 650".chars().for_each(|c| drop(letter(&mut app, c)));
    key(&mut app, KeyCode::Down, KeyModifiers::NONE);
    assert_picture("headphones-80x24.txt", &picture(&mut app, 80, 24));
    key(&mut app, KeyCode::Esc, KeyModifiers::NONE);
    letter(&mut app, 'r');
    assert_picture("rooms-80x24.txt", &picture(&mut app, 80, 24));
}

#[test]
fn every_size_from_nothing_on_is_drawn_and_hostile_numbers_are_too() {
    for overlay in ['x', '?', 'f'] {
        let mut app = samples::app();
        app.title = "a\u{1b}[2J\nb\u{4e16}\u{754c}".repeat(40);
        let stage = app.stage.as_mut().unwrap();
        stage.sources[0].position = Vec3::new(f64::NAN, 0.0, 0.0);
        stage.sources[1].position = Vec3::new(1e300, -1e300, 0.0);
        stage.sources[2].name = "\u{4e16}".repeat(100);
        stage.listener.position = Vec3::new(-70.0, 9e9, 0.0);
        (app.status.position_s, app.status.true_peak_dbtp, app.status.max_load) = (1e18, f64::INFINITY, f64::NAN);
        letter(&mut app, overlay);
        for width in (0..130).step_by(7) {
            for height in (0..45).step_by(3) {
                let drawn = picture(&mut app, width.max(1), height.max(1));
                assert!(!drawn.contains('\u{1b}'));
            }
        }
        app.stage.as_mut().unwrap().room = None;
        picture(&mut app, 80, 24);
    }
}

#[test]
fn keys_ask_the_player_for_what_they_stand_for() {
    let app = &mut samples::app();
    assert_eq!(letter(app, ' '), [Order::Pause(true)]);
    assert_eq!(letter(app, 'n'), [Order::Skip(1)]);
    assert_eq!(letter(app, 'p'), [Order::Skip(-1)]);
    // Later, with no other track to skip to.
    app.tick(2.0, samples::status(), None, samples::meters());
    let at = app.status.position_s;
    assert_eq!(key(app, KeyCode::Right, KeyModifiers::NONE), [Order::Seek(at + 5.0)]);
    // Before the player has said where it is, the next step counts from where it was sent.
    assert_eq!(key(app, KeyCode::Right, KeyModifiers::SHIFT), [Order::Seek(at + 35.0)]);
    (0..20).for_each(|_| drop(key(app, KeyCode::Left, KeyModifiers::SHIFT)));
    assert_eq!(app.position(), 0.0);
    assert_eq!(letter(app, 'u'), [Order::Repeat(true)]);
    let turned = |yaw: f64, pitch: f64, position: Vec3| {
        [Order::Head(Pose { position, orientation: Rotation::from_yaw_pitch_roll(yaw, pitch, 0.0) })]
    };
    assert_eq!(letter(app, 'a'), turned(5.0, 0.0, Vec3::default()));
    assert_eq!(letter(app, '.'), turned(0.0, 0.0, Vec3::default()));
    assert_eq!(letter(app, 'g'), turned(0.0, -5.0, Vec3::default()));
    assert_eq!(letter(app, 'c'), turned(0.0, 0.0, Vec3::default()));
    app.tracking = Some(Tracking { name: "osc:1".into(), packets: 0, ignored: 0, per_second: 0.0 });
    assert_eq!(letter(app, 'c')[0], Order::Recentre(Recentre::Yaw));
    assert_eq!(letter(app, 'C')[0], Order::Recentre(Recentre::Full));
    // The listener looks 30 degrees to the left, and walks there.
    let [Order::Head(pose)] = &letter(app, 'w')[..] else { panic!() };
    let step = Vec3::from_polar(30.0, 0.0, 0.1);
    assert!((pose.position - step).norm() < 1e-9, "{pose:?}");
    (0..200).for_each(|_| drop(letter(app, 'w')));
    let here = app.stage.as_ref().unwrap().listener.position;
    assert!((here - Vec3::new(4.85, 3.85, 1.6)).norm() < 1e-9, "walls hold: {here:?}");
    let [Order::Head(pose)] = &key(app, KeyCode::Home, KeyModifiers::NONE)[..] else { panic!() };
    assert_eq!(pose.position, Vec3::default());
    assert_eq!(key(app, KeyCode::Esc, KeyModifiers::NONE), [Order::Stop]);
    assert_eq!(app.ending, Some(false));
    assert_eq!(key(app, KeyCode::Char('c'), KeyModifiers::CONTROL), []);
}

#[test]
fn sources_are_selected_moved_muted_and_made_louder() {
    let app = &mut samples::app();
    assert_eq!(key(app, KeyCode::Tab, KeyModifiers::NONE), []);
    assert_eq!(app.selected, 1);
    assert_eq!(letter(app, 'm'), [Order::Gain(1, 0.0)]);
    assert_eq!(letter(app, 'm'), [Order::Gain(1, 1.0)]);
    assert_eq!(letter(app, 'o'), [Order::Gain(0, 0.0), Order::Gain(2, 0.0), Order::Gain(3, 0.0)]);
    letter(app, 'o');
    let [Order::Gain(1, louder)] = &letter(app, '+')[..] else { panic!() };
    assert!((louder - 10f64.powf(0.05)).abs() < 1e-12);
    assert_eq!(letter(app, '0'), [Order::Gain(1, 1.0)]);
    let moved = key(app, KeyCode::Up, KeyModifiers::ALT);
    assert_eq!(moved, [Order::Move(1, Vec3::new(4.1, 1.0, 1.2))]);
    app.selected = 3;
    assert_eq!(key(app, KeyCode::Up, KeyModifiers::ALT), []);
    assert!(app.message.as_ref().unwrap().0.contains("everywhere"));
    assert_eq!(key(app, KeyCode::BackTab, KeyModifiers::NONE), []);
    assert_eq!(app.selected, 2);
}

#[test]
fn what_is_shown_of_a_track_is_what_is_heard_of_it() {
    let app = &mut samples::app();
    let of_track = |app: &mut App, track: usize, gains: [f64; 4], steerable: bool| {
        let mut stage = samples::stage();
        (stage.track, stage.steerable) = (track, steerable);
        stage.sources.iter_mut().zip(gains).for_each(|(s, gain)| s.gain = gain);
        app.tick(0.05, samples::status(), Some(stage), samples::meters());
        picture(app, 80, 24)
    };
    let muted = |drawn: &str| drawn.lines().any(|l| l.contains("vocals") && l.contains(" M "));
    assert_eq!(letter(app, 'm'), [Order::Gain(0, 0.0)]);
    assert!(muted(&of_track(app, 0, [0.0, 1.0, 1.0, 1.0], true)));
    assert!(!muted(&of_track(app, 1, [1.0; 4], true)));
    assert!(muted(&of_track(app, 0, [0.0, 1.0, 1.0, 1.0], true)), "the player has kept it");
    assert!(!muted(&of_track(app, 0, [0.0, 1.0, 1.0, 1.0], false)), "a measured room is heard as it is");
    assert!(muted(&of_track(app, 0, [0.0, 1.0, 1.0, 1.0], true)), "in another room it holds again");
    assert_eq!(letter(app, 'm'), [Order::Gain(0, 1.0)], "pressed once, not twice");
    assert_eq!(letter(app, 'm'), [Order::Gain(0, 0.0)]);
    assert!(!muted(&of_track(app, 0, [1.0; 4], true)), "the player has forgotten it");
}

#[test]
fn a_seek_counts_from_where_its_own_track_is() {
    let app = &mut samples::app();
    let track = |app: &mut App, track: usize, position_s: f64| {
        let status = crate::live::Status { track, position_s, ..samples::status() };
        app.tick(0.05, status, None, samples::meters());
    };
    track(app, 0, 233.0);
    key(app, KeyCode::Right, KeyModifiers::NONE);
    // The track has ended meanwhile.
    track(app, 1, 0.2);
    assert_eq!(key(app, KeyCode::Right, KeyModifiers::NONE), [Order::Seek(5.2)]);
    // One that is skipped to begins at its beginning.
    letter(app, 'n');
    assert_eq!(key(app, KeyCode::Right, KeyModifiers::NONE), [Order::Seek(5.0)]);
    // Behind the last there is none.
    track(app, 11, 20.0);
    letter(app, 'n');
    assert_eq!(key(app, KeyCode::Right, KeyModifiers::NONE), [Order::Seek(25.0)]);
}

#[test]
fn a_listener_held_back_by_walls_leaves_them_with_the_first_step() {
    let app = &mut samples::app();
    let stage = app.stage.as_mut().unwrap();
    // It was walked ten metres ahead in a larger room.
    stage.listener = Pose { position: Vec3::new(4.85, 2.0, 1.6), ..Pose::default() };
    stage.held_back = Vec3::new(-7.0, 0.0, 0.0);
    let [Order::Head(pose)] = &letter(app, 's')[..] else { panic!() };
    assert!((pose.position - Vec3::new(-7.1, 0.0, 0.0)).norm() < 1e-9, "{pose:?}");
    let [Order::Head(pose)] = &letter(app, 's')[..] else { panic!() };
    assert!((pose.position - Vec3::new(-7.2, 0.0, 0.0)).norm() < 1e-9, "once: {pose:?}");
}

#[test]
fn in_the_open_nothing_jumps_that_is_far_away() {
    let app = &mut samples::app();
    let stage = app.stage.as_mut().unwrap();
    stage.room = None;
    stage.sources[0].position = Vec3::new(300.0, 0.0, 80.0);
    stage.listener = Pose { position: Vec3::new(1200.0, -100.0, 1.7), ..Pose::default() };
    let [Order::Move(0, to)] = key(app, KeyCode::Right, KeyModifiers::ALT)[..] else { panic!() };
    assert!((to - Vec3::new(300.0, -0.1, 80.0)).norm() < 1e-9, "{to:?}");
    let [Order::Head(pose)] = &letter(app, 's')[..] else { panic!() };
    assert!((pose.position - Vec3::new(-0.1, 0.0, 0.0)).norm() < 1e-9, "{pose:?}");
    // Farther than the player lets it go it does not, and is not stuck there.
    app.stage.as_mut().unwrap().listener.position = Vec3::new(-1200.0, 0.0, 1.7);
    assert_eq!(app.act(Action::WalkTo(0.0, 0.0)), []);
    assert_eq!(letter(app, 'a').len(), 1);
}

#[test]
fn space_pressed_again_before_the_player_has_paused_means_the_opposite() {
    let app = &mut samples::app();
    let hear = |app: &mut App, state: State| {
        let status = crate::live::Status { state, ..samples::status() };
        app.tick(0.05, status, None, samples::meters());
    };
    assert_eq!(letter(app, ' '), [Order::Pause(true)]);
    assert_eq!(letter(app, ' '), [Order::Pause(false)]);
    assert_eq!(letter(app, ' '), [Order::Pause(true)]);
    hear(app, State::Playing);
    assert!(app.is_paused(), "it is about to");
    hear(app, State::Paused);
    // From here on the player knows best: another may have told it to go on.
    hear(app, State::Playing);
    assert_eq!(letter(app, ' '), [Order::Pause(true)]);
    hear(app, State::Reopening);
    assert_eq!(letter(app, ' '), [Order::Pause(false)]);
}

#[test]
fn what_a_stage_cannot_do_is_said_and_not_asked_for() {
    let app = &mut samples::app();
    let stage = app.stage.as_mut().unwrap();
    stage.steerable = false;
    stage.room.as_mut().unwrap().size = None;
    for (c, word) in [('m', "muted"), ('w', "measured in one place")] {
        assert_eq!(letter(app, c), []);
        assert!(app.message.as_ref().unwrap().0.contains(word), "{:?}", app.message);
    }
    assert_eq!(key(app, KeyCode::Up, KeyModifiers::ALT), []);
    assert!(app.message.as_ref().unwrap().0.contains("loudspeakers"));
    assert_eq!(letter(app, 'a').len(), 1, "the head turns");
    let stage = app.stage.as_mut().unwrap();
    (stage.sources, stage.room) = (Vec::new(), None);
    assert_eq!(letter(app, 'a'), []);
    assert!(app.message.as_ref().unwrap().0.contains("without spatialisation"));
    assert!(app.log.is_empty(), "refusals are not repeated behind the end");
}

#[test]
fn lists_give_rooms_heads_placements_and_headphones() {
    let app = &mut samples::app();
    let choose = |app: &mut App, open: char, text: &str| {
        letter(app, open);
        text.chars().for_each(|c| drop(letter(app, c)));
        key(app, KeyCode::Enter, KeyModifiers::NONE)
    };
    assert_eq!(choose(app, 'r', "cathed"), [Order::Room(Some("cathedral".into()))]);
    assert_eq!(choose(app, 'h', "kemar"), [Order::Hrtf("kemar".into())]);
    assert_eq!(choose(app, 'l', "stereo as"), [Order::Place(Some(Placement::Stereo))]);
    assert_eq!(choose(app, 'l', "usual"), [Order::Place(None)]);
    let [Order::Headphones(Some(name))] = &choose(app, 'f', "hd 650")[..] else { panic!() };
    assert!(name.contains("HD 650"), "{name}");
    assert_eq!(choose(app, 'f', "none"), [Order::Headphones(None)]);
    assert_eq!(choose(app, 'r', "no such room"), []);
    assert!(app.message.as_ref().unwrap().0.contains("nothing matches 'no such room'"), "{:?}", app.message);
    assert!(matches!(app.overlay, Overlay::Picker(_)), "it stays open to be put right");
    key(app, KeyCode::Esc, KeyModifiers::NONE);
    assert!(app.overlay == Overlay::None && app.ending.is_none(), "esc leaves the list, not the program");
    letter(app, 'r');
    picture(app, 80, 24);
    let (list, first) = app.regions.list;
    let clicked = mouse(app, DOWN, list.x + 4, list.y + 2);
    let presets = crate::room::preset::all();
    assert_eq!((first, clicked), (0, vec![Order::Room(Some(presets[0].name.into()))]));
    assert_eq!(app.act(Action::Open(Topic::Room)), []);
}

#[test]
fn a_click_below_the_last_entry_of_a_list_takes_nothing() {
    let mut app = samples::app();
    letter(&mut app, 'l');
    picture(&mut app, 100, 30);
    let (list, _) = app.regions.list;
    let Overlay::Picker(picker) = &app.overlay else { panic!("{:?}", app.overlay) };
    let below = list.y + picker.shown.len() as u16;
    assert!(below < list.bottom());
    let press = MouseEventKind::Down(MouseButton::Left);
    assert!(mouse(&mut app, press, list.x + 4, below).is_empty() && app.overlay != Overlay::None);
    assert!(!mouse(&mut app, press, list.x + 4, below - 1).is_empty());
}

#[test]
fn the_mouse_drags_sources_and_the_listener_turns_the_head_and_seeks() {
    let app = &mut samples::app();
    picture(app, 100, 30);
    let map = app.regions.map.unwrap();
    let (x, y) = map.cell(app.stage.as_ref().unwrap().sources[1].position).unwrap();
    assert_eq!(mouse(app, DOWN, x, y), []);
    assert_eq!((app.selected, app.drag), (1, Some(Drag::Source)));
    let [Order::Move(1, to)] = mouse(app, HELD, x + 5, y + 2)[..] else { panic!() };
    let (ahead, left) = map.place(x + 5, y + 2);
    assert!((to - Vec3::new(ahead, left, 1.2)).norm() < 1e-9, "{to:?}");
    assert_eq!(mouse(app, UP, x + 5, y + 2), []);
    // The listener.
    let here = app.stage.as_ref().unwrap().listener.position;
    let (x, y) = map.cell(here).unwrap();
    mouse(app, DOWN, x, y);
    let [Order::Head(pose)] = mouse(app, HELD, x - 6, y)[..] else { panic!() };
    assert!(pose.position.y > 0.3 && pose.position.z == 0.0, "{pose:?}");
    mouse(app, UP, x - 6, y);
    // Somewhere else: to the right of a head that looks 30 degrees to the left.
    app.stage = Some(samples::stage());
    let (x, y) = map.cell(Vec3::new(2.0, 0.7, 0.0)).unwrap();
    let [Order::Head(pose)] = mouse(app, DOWN, x, y)[..] else { panic!() };
    let [yaw, ..] = pose.orientation.yaw_pitch_roll();
    assert!((yaw + 120.0).abs() < 5.0, "{yaw}");
    // The mouse slides on before the player has said where the head is now.
    let [Order::Head(pose)] = mouse(app, HELD, x + 1, y)[..] else { panic!() };
    let [slid, ..] = pose.orientation.yaw_pitch_roll();
    assert!((slid - yaw).abs() < 20.0, "{yaw} {slid}");
    mouse(app, UP, x, y);
    // The bar: heard when the button is let go.
    let bar = app.regions.bar;
    assert_eq!(mouse(app, DOWN, bar.x, bar.y), []);
    assert_eq!(mouse(app, HELD, bar.x + 10, bar.y), []);
    assert!(app.preview.is_some());
    let [Order::Seek(to)] = mouse(app, UP, bar.x + (bar.width - 1) / 2, bar.y)[..] else { panic!() };
    assert!((to - 117.5).abs() < 3.0, "{to}");
    // The list of sources.
    let (list, _) = app.regions.sources;
    mouse(app, DOWN, list.x + 3, list.y + 2);
    assert_eq!(app.selected, 2);
    mouse(app, DOWN, list.x + 3, list.y + 6);
    assert_eq!(app.selected, 2, "below the last there is none");
    assert_eq!(mouse(app, MouseEventKind::Moved, 0, 0), []);
    assert_eq!(mouse(app, DOWN, 0, 0), [], "the title does nothing");
}

#[test]
fn a_button_held_while_a_list_is_opened_holds_nothing_any_more() {
    let app = &mut samples::app();
    picture(app, 100, 30);
    let bar = app.regions.bar;
    mouse(app, DOWN, bar.x + 10, bar.y);
    letter(app, 'r');
    assert_eq!(mouse(app, UP, bar.x + 10, bar.y), []);
    assert_eq!((app.drag, app.preview), (None, None));
    key(app, KeyCode::Esc, KeyModifiers::NONE);
    let (list, _) = app.regions.sources;
    assert_eq!(mouse(app, DOWN, list.x, list.y), []);
    assert_eq!(mouse(app, UP, list.x, list.y), [], "no seek");
}

#[test]
fn the_picture_is_drawn_anew_when_it_may_be_damaged() {
    let app = &mut samples::app();
    for event in [Event::Resize(80, 24), Event::Key(KeyEvent::new(KeyCode::Char('l'), KeyModifiers::CONTROL))] {
        app.redraw = false;
        assert_eq!(input(app, event), []);
        assert!(app.redraw);
    }
}

#[test]
fn a_file_that_is_dropped_is_a_head_a_room_or_a_track_by_its_kind() {
    let dir = tempfile::tempdir().unwrap();
    let path = |n: &str| dir.path().join(n);
    std::fs::write(path("room.toml"), "format = 1\n[room]\npreset = \"club\"\n").unwrap();
    std::fs::write(path("scene.toml"), "format = 1\n[[source]]\nid = \"a\"\nfile = \"a.wav\"\nposition = [1, 0, 0]\n")
        .unwrap();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path("a.wav"), spec).unwrap();
    (0..200).for_each(|n| wav.write_sample(n as i16).unwrap());
    wav.finalize().unwrap();
    std::fs::write(path("text.txt"), "nothing of use").unwrap();
    std::fs::write(path("eq.txt"), "Preamp: -6.2 dB\nFilter 1: ON LSC Fc 105 Hz Gain 5.5 dB Q 0.70\n").unwrap();
    let app = &mut samples::app();
    let mut drop_file = |name: &str| input(app, Event::Paste(path(name).display().to_string()));
    assert_eq!(drop_file("a.wav"), [Order::Add(path("a.wav"))]);
    assert_eq!(drop_file("scene.toml"), [Order::Add(path("scene.toml"))]);
    assert_eq!(drop_file("room.toml"), [Order::Room(Some(path("room.toml").display().to_string()))]);
    assert_eq!(drop_file("eq.txt"), [Order::Headphones(Some(path("eq.txt").display().to_string()))]);
    assert_eq!(drop_file("text.txt"), []);
    let said = |app: &App| app.message.as_ref().unwrap().0.clone();
    assert_eq!(said(app), "text.txt: expected a sound file, this is a text file");
    assert_eq!(input(app, Event::Paste("/music/caf\u{fffd}.wav".into())), []);
    assert!(said(app).contains("not Unicode"));
    assert_eq!(input(app, Event::Paste("rm -rf /".into())), []);
    assert!(app.message.as_ref().unwrap().0.contains("no file"));
    // Onto an open list a file is what the list is of; other text is typed.
    letter(app, 'r');
    let dropped = input(app, Event::Paste(path("a.wav").display().to_string()));
    assert_eq!(dropped, [Order::Room(Some(path("a.wav").display().to_string()))]);
    letter(app, 'r');
    input(app, Event::Paste("cathedral".into()));
    assert_eq!(key(app, KeyCode::Enter, KeyModifiers::NONE), [Order::Room(Some("cathedral".into()))]);
    // And so it is if its path is typed.
    letter(app, 'f');
    path("eq.txt").to_str().unwrap().chars().for_each(|c| drop(letter(app, c)));
    let drawn = picture(app, 80, 24);
    assert!(drawn.contains("eq.txt") && drawn.contains("this file"), "{drawn}");
    let chosen = key(app, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!(chosen, [Order::Headphones(Some(path("eq.txt").display().to_string()))]);
}
