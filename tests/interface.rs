//! What an interface needs of the player (the stage as it is, meters, steering that lasts), head trackers that send
//! nonsense, and the program in a pseudo-terminal, which it gives back whatever happens.
#![cfg(all(feature = "cli", unix))]

mod fake_device;
#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "nothing is recorded here")]
mod servers;
mod sounds;
mod watching;

use fake_device::{Ears, RATE};
use periphon::coords::{Pose, Rotation, Vec3};
use periphon::live::Settings;
use periphon::render::{Loudness, Placement, RenderJob};
use periphon::spatializer::Motion;
use periphon::tracking::{Listener, Source, TrackerOptions};
use sounds::{noise, wav};
use std::net::UdpSocket;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn job(input: &Path) -> RenderJob {
    RenderJob {
        placement: Some(Placement::Speakers),
        loudness: Loudness::Off,
        true_peak: None,
        ..RenderJob::new(input, "")
    }
}

fn playing(job: RenderJob) -> Ears {
    let settings = Settings { follow_head: Some(128), ..Settings::new(job.clone()) };
    let mut ears = Ears::new(&[job.input], settings);
    ears.until_playing();
    ears
}

#[test]
fn the_stage_is_seen_as_it_is_and_as_it_was_steered_through_another_head_but_not_another_room() {
    let dir = tempfile::tempdir().unwrap();
    let track = wav(&dir.path().join("a.wav"), RATE as u32, &[&noise(1, 40 * RATE), &noise(2, 40 * RATE)]);
    let mut ears = playing(RenderJob { room: Some("living-room".into()), ..job(&track) });
    let stage = ears.player.stage().unwrap();
    let room = stage.room.clone().unwrap();
    let size = room.size.unwrap();
    assert_eq!((room.name.as_str(), stage.placement, stage.steerable), ("living-room", "speakers", true));
    assert_eq!(stage.sources.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["M+030", "M-030"]);
    let left = &stage.sources[0];
    assert!(left.position.y > stage.listener.position.y && left.reflections.len() == 6);
    assert!(left.reflections[1].x == size[0] && left.reflections[3].y == size[1], "{:?}", left.reflections);
    // Steered, it is seen where it was steered to.
    let place = Vec3::new(1.0, 1.5, 1.2);
    ears.player.move_source(0, &Motion::Still(place)).unwrap();
    ears.player.set_source_gain(1, 0.25).unwrap();
    let beside =
        Pose { position: Vec3::new(0.3, -99.0, 0.0), orientation: Rotation::from_yaw_pitch_roll(40.0, 0.0, 0.0) };
    ears.player.turn_head(beside).unwrap();
    let steered = ears.player.stage().unwrap();
    assert_eq!((steered.sources[0].position, steered.sources[1].gain), (place, 0.25));
    assert!((steered.listener.position.x - stage.listener.position.x - 0.3).abs() < 1e-12);
    assert!((steered.listener.position.y - 0.15).abs() < 1e-12, "the wall holds: {:?}", steered.listener);
    assert!((steered.held_back.y - (99.0 + 0.15 - stage.listener.position.y)).abs() < 1e-9, "{steered:?}");
    ears.player.set_hrtf("kemar");
    ears.listen(|e| e.player.status().hrtf == "kemar");
    assert_eq!(ears.player.stage().unwrap().sources, steered.sources);
    ears.player.seek(2.0);
    ears.listen(|e| e.player.status().position_s > 2.0 && e.player.status().position_s < 3.0);
    assert_eq!(ears.player.stage().unwrap().sources, steered.sources);
    ears.player.set_room(Some("club".into()));
    ears.listen(|e| e.player.status().room == "club");
    let elsewhere = ears.player.stage().unwrap();
    assert_ne!(elsewhere.sources[0].position, place, "in another room the old place means nothing");
    assert_eq!(elsewhere.sources[1].gain, 0.25, "its gain does");
    assert!(ears.player.move_source(2, &Motion::Still(place)).is_err());
    assert!(ears.player.turn_head(Pose { position: Vec3::new(f64::NAN, 0.0, 0.0), ..Pose::default() }).is_err());
    assert_eq!(ears.heap, 0);
}

#[test]
fn a_source_that_is_muted_is_not_heard_before_and_after_a_change_of_head() {
    let dir = tempfile::tempdir().unwrap();
    let silence = vec![0.0; 20 * RATE];
    let track = wav(&dir.path().join("a.wav"), RATE as u32, &[&noise(1, 20 * RATE), &silence]);
    let mut ears = playing(RenderJob { room: Some("none".into()), ..job(&track) });
    ears.seconds(0.3);
    assert!(ears.level(0.1) > 1e-3);
    ears.player.set_source_gain(0, 0.0).unwrap();
    ears.seconds(0.3);
    assert!(ears.level(0.1) < 1e-6, "{}", ears.level(0.1));
    ears.player.set_hrtf("kemar");
    ears.listen(|e| e.player.status().hrtf == "kemar");
    ears.seconds(0.3);
    assert!(ears.level(0.1) < 1e-6, "{}", ears.level(0.1));
    ears.player.set_source_gain(0, 1.0).unwrap();
    ears.seconds(0.3);
    assert!(ears.level(0.1) > 1e-3);
}

#[test]
fn what_is_not_spatialised_says_that_it_cannot_be_steered() {
    let dir = tempfile::tempdir().unwrap();
    let track = wav(&dir.path().join("a.wav"), RATE as u32, &[&noise(1, 10 * RATE), &noise(2, 10 * RATE)]);
    let ears = playing(RenderJob { placement: Some(Placement::Stereo), ..job(&track) });
    let stage = ears.player.stage().unwrap();
    assert!(stage.sources.is_empty() && !stage.steerable && stage.placement == "stereo");
    let error = ears.player.set_source_gain(0, 1.0).unwrap_err();
    assert!(error.to_string().contains("without spatialisation"), "{error}");
}

#[test]
fn headphones_are_exchanged_while_playing_without_a_click_and_as_the_render_has_them() {
    let dir = tempfile::tempdir().unwrap();
    let tone: Vec<f32> = (0..20 * RATE).map(|n| 0.2 * (n as f32 * 0.02).sin()).collect();
    let track = wav(&dir.path().join("tone.wav"), RATE as u32, &[&tone, &tone]);
    let equaliser = dir.path().join("half.txt");
    std::fs::write(&equaliser, "Preamp: -6.0206 dB\nFilter 1: ON PK Fc 8000 Hz Gain 0.1 dB Q 1.0\n").unwrap();
    let mut ears = playing(RenderJob { placement: Some(Placement::Stereo), ..job(&track) });
    ears.seconds(0.3);
    let before = ears.level(0.1);
    let from = ears.heard[0].len();
    ears.player.set_headphones(Some(equaliser.display().to_string()));
    ears.listen(|e| e.player.status().headphones != "none");
    ears.seconds(0.3);
    let after = ears.level(0.1);
    assert!((before / after - 2.0).abs() < 0.02, "{before} {after}");
    let step = ears.heard[0][from - 1..].windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    // The tone's own steps are 0.004; a fade of ten milliseconds adds 0.2/480.
    assert!(step < 0.005, "{step}");
    ears.player.set_headphones(Some("no such headphone at all".into()));
    let mut told = Vec::new();
    ears.listen(|e| {
        told.extend(e.player.events());
        told.iter().any(|t| format!("{t:?}").contains("no such headphone"))
    });
    assert_ne!(ears.player.status().headphones, "none", "what cannot be leaves all as it was");
    assert_eq!(ears.heap, 0);
}

#[test]
fn the_meters_show_what_is_handed_out() {
    let dir = tempfile::tempdir().unwrap();
    let tone: Vec<f32> =
        (0..20 * RATE).map(|n| (0.5 * (n as f64 * std::f64::consts::TAU * 997.0 / 48_000.0).sin()) as f32).collect();
    let track = wav(&dir.path().join("tone.wav"), RATE as u32, &[&tone, &vec![0.0; tone.len()]]);
    let mut ears = playing(RenderJob { placement: Some(Placement::Stereo), ..job(&track) });
    // The first look begins in the middle of a wave, which is a step and overshoots.
    ears.player.meters();
    ears.seconds(0.2);
    ears.player.meters();
    ears.seconds(1.0);
    let m = ears.player.meters();
    assert!((m.level_db[0] + 9.03).abs() < 0.1 && m.level_db[1] == f64::NEG_INFINITY, "{m:?}");
    assert!((m.true_peak_db[0] + 6.02).abs() < 0.1, "{m:?}");
    assert!((m.momentary_lufs.unwrap() + 9.03).abs() < 0.2, "{m:?}");
    assert_eq!(ears.heap, 0, "the tap touches no heap");
}

#[test]
fn a_track_can_be_added_and_all_begins_anew_if_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let level = |n: &str, v: f32| wav(&dir.path().join(n), RATE as u32, &[&vec![v; RATE / 2], &vec![v; RATE / 2]]);
    let (a, b) = (level("a.wav", 0.1), level("b.wav", 0.2));
    let mut ears = playing(RenderJob { placement: Some(Placement::Stereo), ..job(&a) });
    ears.player.add_tracks(vec![b]);
    ears.player.set_repeat(true);
    ears.listen(|e| e.heard[0].last() == Some(&0.2));
    ears.listen(|e| e.heard[0].last() == Some(&0.1));
    assert_eq!(ears.player.status().tracks, 2);
    ears.player.set_repeat(false);
    ears.listen(|e| e.player.is_over());
}

#[test]
fn a_packet_of_a_tracker_is_heard_within_the_next_block() {
    let dir = tempfile::tempdir().unwrap();
    let track = wav(&dir.path().join("a.wav"), RATE as u32, &[&noise(1, 4 * RATE)]);
    let run = |turn: bool| {
        let mut ears = playing(job(&track));
        let head = ears.player.head();
        let told = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&told);
        let source = Source { address: "127.0.0.1:0".parse().unwrap(), .."osc:1".parse().unwrap() };
        let listener = Listener::start(source, TrackerOptions::default(), move |pose| {
            head.turn(pose).unwrap();
            tell.store(true, Ordering::Release);
        })
        .unwrap();
        let first = |e: &Ears| e.heard[0].iter().position(|x| *x != 0.0);
        ears.listen(|e| first(e).is_some_and(|f| e.heard[0].len() - f > RATE));
        let from = first(&ears).unwrap();
        let at = ears.heard[0].len() - from;
        if turn {
            let mut packet = b"/yaw\0\0\0\0,f\0\0".to_vec();
            packet.extend(60f32.to_be_bytes());
            UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&packet, listener.address()).unwrap();
            let since = Instant::now();
            while !told.load(Ordering::Acquire) && since.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        ears.seconds(0.1);
        assert_eq!(ears.heap, 0);
        (ears.heard[0][from..].to_vec(), at)
    };
    let ((still, _), (turned, at)) = (run(false), run(true));
    assert_eq!(still[..at], turned[..at]);
    let changed = still.iter().zip(&turned).position(|(a, b)| (a - b).abs() > 1e-4).expect("the turn is heard");
    assert!(changed - at < 128, "{} frames", changed - at);
}

/// A million packets, of which none means anything, at a listener that turns the head of what plays.
#[test]
fn a_million_malformed_packets_change_no_sample() {
    let dir = tempfile::tempdir().unwrap();
    let track = wav(&dir.path().join("a.wav"), RATE as u32, &[&noise(1, 4 * RATE)]);
    let run = |packets: usize| {
        let mut ears = playing(job(&track));
        let head = ears.player.head();
        let source: Source = "osc:127.0.0.1:1".parse().unwrap();
        let source = Source { address: "127.0.0.1:0".parse().unwrap(), ..source };
        let listener =
            Listener::start(source, TrackerOptions::default(), move |pose| head.turn(pose).unwrap()).unwrap();
        let address = listener.address();
        let sender = std::thread::spawn(move || {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            let mut state = 7u32;
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as u8
            };
            let mut packet = [0u8; 64];
            for n in 0..packets {
                let length = usize::from(next() % 64);
                packet[..length].iter_mut().for_each(|b| *b = next());
                // Every other one begins as a real one does, and then goes wrong.
                let begins: &[u8] = b"/ypr\0\0\0\0,fff\0\0\0\0\x7f\xc0\0\0";
                if n % 2 == 0 && length >= begins.len() {
                    packet[..begins.len()].copy_from_slice(begins);
                }
                let _ = socket.send_to(&packet[..length], address);
            }
        });
        let first = |e: &Ears| e.heard[0].iter().position(|x| *x != 0.0);
        ears.listen(|e| first(e).is_some_and(|f| e.heard[0].len() - f > 2 * RATE));
        // What is not read is dropped by the system; what comes in all the same is a great part of it.
        sender.join().unwrap();
        let since = Instant::now();
        while packets > 0 && listener.heard().packets < 1000 && since.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let heard = listener.heard();
        ears.listen(|e| first(e).is_some_and(|f| e.heard[0].len() - f > 3 * RATE));
        assert_eq!((ears.heap, ears.player.status().starved_frames), (0, 0));
        assert_eq!(heard.accepted, 0, "{heard:?}");
        let from = first(&ears).unwrap();
        ([0, 1].map(|ear| ears.heard[ear][from..from + 3 * RATE].to_vec()), heard)
    };
    let (quiet, _) = run(0);
    let (flooded, heard) = run(1_000_000);
    assert!(heard.packets >= 1000 && heard.ignored == heard.packets, "{heard:?}");
    assert!(quiet == flooded, "a sample differs");
}

mod terminal {
    use super::*;
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::fs::File;
    use std::io::{Read, Write};
    use std::process::Command;

    /// Our side of a pseudo-terminal of 80 by 24, and as many of the other as are asked for.
    fn pseudo_terminal<const N: usize>() -> (File, [File; N]) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        // Not the program's: then it would never be closed.
        rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slaves =
            std::array::from_fn(|_| File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap());
        let size = rustix::termios::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&master, size).unwrap();
        (File::from(master), slaves)
    }

    /// Runs the program in a pseudo-terminal of 80 by 24 where no sound device can be found, sends `keys`, and returns
    /// its exit code and all that it wrote.
    fn in_a_terminal(arguments: &[&str], keys: &[u8]) -> (Option<i32>, String) {
        let (mut master, [held, stdin, stdout, stderr]) = pseudo_terminal();
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_periphon"))
            .args(arguments)
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .env("XDG_RUNTIME_DIR", dir.path())
            .env("HOME", dir.path())
            .env("TERM", "xterm-256color")
            .env_remove("PULSE_SERVER")
            .env_remove("ALSA_CONFIG_PATH")
            .spawn()
            .unwrap();
        let mut reader = master.try_clone().unwrap();
        let written = std::thread::spawn(move || {
            let (mut all, mut part) = (Vec::new(), [0u8; 4096]);
            // The last one to hold the terminal closes it, which is an error on some systems.
            while let Ok(n @ 1..) = reader.read(&mut part) {
                all.extend_from_slice(&part[..n]);
            }
            String::from_utf8_lossy(&all).into_owned()
        });
        master.write_all(keys).unwrap();
        let code = child.wait().unwrap().code();
        let left = rustix::termios::tcgetattr(&held).unwrap();
        use rustix::termios::LocalModes;
        assert!(left.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO), "the terminal is no longer raw");
        drop((held, master));
        (code, written.join().unwrap())
    }

    #[test]
    fn without_a_device_the_error_is_told_on_a_terminal_that_is_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let track = wav(&dir.path().join("a.wav"), RATE as u32, &[&noise(1, RATE)]);
        let (code, written) = in_a_terminal(&["play", track.to_str().unwrap(), "--device", "no such device"], b"");
        assert_eq!(code, Some(1), "{written}");
        let at = written.find("error:").expect(&written);
        assert!(!written[at..].contains("\u{1b}[?1049h"), "{written}");
        // Whatever was entered was left.
        assert_eq!(written.matches("\u{1b}[?1049h").count(), written.matches("\u{1b}[?1049l").count(), "{written}");
    }

    /// With the program playing, which takes a sound server.
    #[cfg(target_os = "linux")]
    mod closing {
        use super::servers::{Pulse, alone, missing};
        use super::*;
        use std::process::Child;

        /// The program playing in a pseudo-terminal whose other side is ours.
        fn playing_in_a_terminal(pulse: &Pulse, arguments: &[&str]) -> (Child, File) {
            let (mut master, [stdin, stdout, stderr]) = pseudo_terminal();
            let mut program = Command::new(env!("CARGO_BIN_EXE_periphon"));
            program.arg("play").args(arguments).stdin(stdin).stdout(stdout).stderr(stderr);
            let child = pulse
                .environment(program.env("TERM", "xterm-256color").env("XDG_CACHE_HOME", pulse.dir()))
                .spawn()
                .unwrap();
            // Its copies of the other side go with it.
            drop(program);
            // Its title: now it plays.
            until_written(&mut master, "a.wav");
            (child, master)
        }

        /// Reads what the program writes until `text` is in it.
        fn until_written(master: &mut File, text: &str) -> String {
            let (mut all, mut part) = (Vec::new(), [0u8; 4096]);
            loop {
                let n = master.read(&mut part).unwrap_or(0);
                all.extend_from_slice(&part[..n]);
                let written = String::from_utf8_lossy(&all).into_owned();
                if written.contains(text) {
                    return written;
                }
                assert!(n > 0, "it ended without '{text}': {written}");
            }
        }

        /// State and CPU time, seconds, of a child that has not been waited for.
        fn state_and_time(child: &Child) -> (char, f64) {
            let text = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
            let fields: Vec<&str> = text.rsplit_once(')').unwrap().1.split_whitespace().collect();
            let ticks: f64 = fields[11..13].iter().map(|f| f.parse::<f64>().unwrap()).sum();
            (fields[0].chars().next().unwrap(), ticks / 100.0)
        }

        fn signal(child: &Child, name: &str) {
            assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
        }

        #[test]
        fn a_terminal_that_is_closed_ends_the_program_at_once() {
            let dir = tempfile::tempdir().unwrap();
            let track = wav(&dir.path().join("a.wav"), RATE as u32, &[&noise(1, 30 * RATE)]);
            let _alone = alone();
            let Some(pulse) = Pulse::start(RATE as u32) else { return missing("PulseAudio") };
            // Half a key has come: of a terminal that is closed the other half will never come.
            for (keys, signals) in [("", 0), ("", 2), ("\u{1b}[200~half of what is pasted", 1)] {
                let (mut child, mut master) = playing_in_a_terminal(&pulse, &[track.to_str().unwrap()]);
                master.write_all(keys.as_bytes()).unwrap();
                std::thread::sleep(Duration::from_millis(300));
                let (_, before) = state_and_time(&child);
                let closed = Instant::now();
                drop(master);
                for _ in 0..signals {
                    signal(&child, "-HUP");
                }
                while state_and_time(&child).0 != 'Z' && closed.elapsed() < Duration::from_secs(10) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                let (took, worked) = (closed.elapsed(), state_and_time(&child).1 - before);
                let _ = child.kill();
                let code = child.wait().unwrap().code();
                assert_eq!(code, Some(130), "after {took:?}");
                assert!(
                    took < Duration::from_secs(4) && worked < 0.8,
                    "{keys:?} {signals}: {took:?}, {worked} s of CPU time"
                );
            }
        }

        #[test]
        fn without_the_interface_one_line_is_written_over_and_never_wraps() {
            let dir = tempfile::tempdir().unwrap();
            let name = format!("a.wav, {}.wav", "\u{9577}\u{3044}".repeat(25));
            let track = wav(&dir.path().join(name), RATE as u32, &[&noise(1, 30 * RATE)]);
            let _alone = alone();
            let Some(pulse) = Pulse::start(RATE as u32) else { return missing("PulseAudio") };
            let (mut child, mut master) = playing_in_a_terminal(&pulse, &[track.to_str().unwrap(), "--plain"]);
            let written = until_written(&mut master, "0:01 / 0:30");
            signal(&child, "-INT");
            until_written(&mut master, "error: interrupted");
            assert_eq!(child.wait().unwrap().code(), Some(130));
            let lines: Vec<&str> = written.split('\r').collect();
            assert!(lines.len() > 5 && !written.contains('\n'), "{written}");
            for line in lines {
                let columns = ratatui::text::Span::raw(line).width();
                assert!(columns < 80 && !line.contains('\u{1b}'), "{columns} columns: {line:?}");
            }
        }

        #[test]
        fn ctrl_c_in_the_interface_ends_with_the_figures() {
            let dir = tempfile::tempdir().unwrap();
            let track = wav(&dir.path().join("a.wav"), RATE as u32, &[&noise(1, 30 * RATE)]);
            let _alone = alone();
            let Some(pulse) = Pulse::start(RATE as u32) else { return missing("PulseAudio") };
            let (mut child, mut master) = playing_in_a_terminal(&pulse, &[track.to_str().unwrap()]);
            master.write_all(b"\x03").unwrap();
            let written = until_written(&mut master, "error: interrupted");
            assert!(written.contains("xruns, room"), "{written}");
            assert_eq!(child.wait().unwrap().code(), Some(130));
        }

        #[test]
        fn a_terminal_that_says_twice_that_it_is_closed_is_no_hurry() {
            let dir = tempfile::tempdir().unwrap();
            let track = wav(&dir.path().join("a.wav"), RATE as u32, &[&noise(1, 30 * RATE)]);
            let _alone = alone();
            let Some(pulse) = Pulse::start(RATE as u32) else { return missing("PulseAudio") };
            let (mut child, mut master) = playing_in_a_terminal(&pulse, &[track.to_str().unwrap()]);
            signal(&child, "-HUP");
            signal(&child, "-HUP");
            let written = until_written(&mut master, "error: interrupted");
            // The figures come behind the fade.
            assert!(written.contains("xruns, room"), "{written}");
            assert_eq!(child.wait().unwrap().code(), Some(130));
        }
    }
}
