//! The program on real sound servers without a sound card: JACK with its dummy driver, and PulseAudio with a null sink,
//! which is also taken away in the middle. What they were given is captured and compared with a render, and a program
//! that was held up says so.
//!
//! Servers that are not installed are left out and said so, except where `PERIPHON_AUDIO_SERVERS=required` (as in CI).
#![cfg(all(feature = "cli", target_os = "linux"))]

mod servers;
mod sounds;

use servers::capture::{Match, floats_of_wav, lost_pieces, matched, raw_floats};
use servers::{Jack, Pulse, alone, missing};
use sounds::{noise, wav};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const RATE: u32 = 48_000;
const TRACK: &str = "samples/speech.ogg";
/// The flags of the render and of what is played.
const SOUND: [&str; 8] = ["--rate", "48000", "--loudness", "off", "--duration", "4", "--at", "40,0"];
/// Servers are no part of us: on a machine that has other things to do they drop buffers of their own.
const TRIES: usize = 3;

fn periphon() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_periphon"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn rendered(dir: &Path) -> Vec<f32> {
    let out = dir.join("render.wav");
    let done = periphon().args(["render", TRACK, "--format", "f32", "--force", "-o"]).arg(&out).args(SOUND).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    floats_of_wav(&out)
}

/// What a finished `play --json` reported.
fn report(output: &Output) -> serde_json::Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "play: {said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("play --json: {e}: {said}"))
}

fn count(report: &serde_json::Value, key: &str) -> u64 {
    report[key].as_u64().unwrap_or_else(|| panic!("no {key} in {report}"))
}

/// Stops a program for a while, as a machine does that has no time for it.
fn hold_up(child: &Child, length: Duration) {
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    };
    signal("-STOP");
    std::thread::sleep(length);
    signal("-CONT");
}

/// Pieces of 10 ms that are lost at most each time the machine was held up: one or a little more was seen.
const LOST_EACH_TIME: u32 = 3;

/// Counts, on a thread of its own, how often the machine was held up: a sleep of a millisecond took five more.
struct Witness {
    over: Arc<AtomicBool>,
    thread: JoinHandle<u32>,
}

impl Witness {
    fn call() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let mut late = 0;
            while !told.load(Ordering::Relaxed) {
                let began = Instant::now();
                std::thread::sleep(Duration::from_millis(1));
                late += u32::from(began.elapsed() > Duration::from_millis(6));
            }
            late
        });
        Self { over, thread }
    }

    fn dismiss(self) -> u32 {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// Tries until a capture is the render. On a machine that was held up again and again, which tears gaps into what any program plays,
/// what lies between the gaps must be the render; then there is no match to return.
fn until_matched(what: &str, want: &[f32], mut capture: impl FnMut() -> Vec<f32>) -> Option<Match> {
    let (mut best, mut excused): (Option<Match>, bool) = (None, false);
    for _ in 0..TRIES {
        let witness = Witness::call();
        let got = capture();
        let (late, found) = (witness.dismiss(), matched(want, &got));
        println!("{what}: {found:?}");
        if found.is_whole() {
            return Some(found);
        }
        let (lost, of) = lost_pieces(want, &got);
        println!("{what}: the machine was held up {late} times, {lost} of {of} pieces of 10 ms are lost");
        excused |= lost <= LOST_EACH_TIME * late && 2 * lost < of;
        best = Some(best.map_or(found, |b| if b.error_db < found.error_db { b } else { found }));
    }
    assert!(excused, "{what}: what was captured is not the render: {best:?}");
    None
}

#[test]
fn jack_is_given_the_render_in_buffers_of_128() {
    let _alone = alone();
    let Some(jack) = Jack::start(RATE, 128) else { return missing("JACK") };
    let devices = jack.environment(&mut periphon()).arg("devices").output().unwrap();
    let listed = String::from_utf8_lossy(&devices.stdout);
    let listed: Vec<&str> = listed.lines().filter(|l| l.starts_with("jack")).collect();
    if listed.is_empty() {
        return missing("a program built with --features jack");
    }
    assert_eq!(listed, ["jack:output"]);
    let want = rendered(jack.dir());
    let mut reports = Vec::new();
    until_matched("JACK", &want, || {
        let play = ["play", TRACK, "--device", "jack", "--json"];
        let child = jack.environment(periphon().args(play).args(SOUND)).spawn().unwrap();
        let captured = jack.record(6);
        reports.push(report(&child.wait_with_output().unwrap()));
        captured
    });
    let last = reports.last().unwrap();
    assert_eq!(count(last, "buffer"), 128, "{last}");
    assert_eq!(count(last, "starved_frames"), 0, "{last}");
}

#[test]
fn jack_tells_of_xruns_and_playing_goes_on() {
    let _alone = alone();
    let Some(jack) = Jack::start(RATE, 128) else { return missing("JACK") };
    let play = ["play", TRACK, "--device", "jack", "--json"];
    let mut child = jack.environment(periphon().args(play).args(SOUND)).spawn().unwrap();
    if jack.ports(Duration::from_secs(5)).is_empty() {
        let _ = child.kill();
        let _ = child.wait();
        return missing("a program built with --features jack");
    }
    std::thread::sleep(Duration::from_secs(1));
    hold_up(&child, Duration::from_millis(200));
    let told = report(&child.wait_with_output().unwrap());
    assert!(count(&told, "xruns") > 0, "{told}");
    assert!(told["played_to_s"].as_f64().unwrap() > 3.9, "{told}");
}

#[test]
fn pulseaudio_is_given_the_render_bit_for_bit() {
    let _alone = alone();
    let Some(pulse) = Pulse::start(RATE) else { return missing("PulseAudio") };
    let want = rendered(pulse.dir());
    let found = until_matched("PulseAudio", &want, || {
        let recorder = pulse.record("phones");
        let done =
            pulse.environment(periphon().args(["play", TRACK, "--buffer", "256", "--json"]).args(SOUND)).output();
        let told = report(&done.unwrap());
        assert_eq!(count(&told, "starved_frames"), 0, "{told}");
        raw_floats(&recorder.stop())
    });
    assert!(found.is_none_or(|found| found.different == 0), "{found:?}");
}

/// With `PERIPHON` naming a release build and `--nocapture` this is how the published figure is measured.
#[test]
fn the_first_sound_comes_soon_after_the_command() {
    let _alone = alone();
    let Some(pulse) = Pulse::start(RATE) else { return missing("PulseAudio") };
    let (left, right) = (noise(1, 20 * RATE as usize), noise(2, 20 * RATE as usize));
    let track = wav(&pulse.dir().join("track.wav"), RATE, &[left, right]);
    let program = std::env::var_os("PERIPHON").unwrap_or_else(|| env!("CARGO_BIN_EXE_periphon").into());
    for (placement, most_s) in [(&["--place", "stereo"][..], 0.5), (&[], 1.5)] {
        let mut took: Vec<f64> = (0..7)
            .map(|_| {
                let recorder = pulse.record("phones");
                let mut play = Command::new(&program);
                play.arg("play").arg(&track).arg("--plain").args(placement).stderr(Stdio::null());
                play.env("XDG_CACHE_HOME", pulse.dir());
                let began = Instant::now();
                let mut child = pulse.environment(&mut play).spawn().unwrap();
                assert!(recorder.until_sound(Duration::from_secs(20)), "no sound");
                let took = began.elapsed().as_secs_f64();
                child.kill().unwrap();
                child.wait().unwrap();
                recorder.stop();
                took
            })
            .collect();
        took.sort_by(f64::total_cmp);
        println!("first sound {placement:?}: {:.0} ms at best, median {:.0} ms", 1e3 * took[0], 1e3 * took[3]);
        // What a machine that is busy elsewhere adds is not ours.
        assert!(took[0] < most_s, "{took:?}");
    }
}

#[test]
fn pulseaudio_says_nothing_of_a_late_program_but_we_do() {
    let _alone = alone();
    let Some(pulse) = Pulse::start(RATE) else { return missing("PulseAudio") };
    let child = pulse.environment(periphon().args(["play", TRACK, "--json"]).args(SOUND)).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    hold_up(&child, Duration::from_millis(150));
    let told = report(&child.wait_with_output().unwrap());
    assert!(count(&told, "xruns") > 0, "{told}");
    assert!(told["played_to_s"].as_f64().unwrap() > 3.9, "{told}");
}

#[test]
fn a_sink_that_is_taken_away_is_replaced_by_the_next() {
    let _alone = alone();
    let Some(pulse) = Pulse::start(RATE) else { return missing("PulseAudio") };
    let began = Instant::now();
    let child = pulse.environment(periphon().args(["play", TRACK, "--json"]).args(SOUND)).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    pulse.unload_sinks();
    std::thread::sleep(Duration::from_millis(500));
    pulse.load_sink("other");
    let told = report(&child.wait_with_output().unwrap());
    assert!(began.elapsed() < Duration::from_secs(20), "it took {:?}", began.elapsed());
    assert!(told["played_to_s"].as_f64().unwrap() > 3.9, "{told}");
    assert_eq!(told["device"], "pulseaudio:other", "{told}");
    let warned = told["warnings"].to_string();
    assert!(warned.contains("is gone") && warned.contains("goes on"), "{warned}");
}

/// Threads of a process.
fn threads(child: &Child) -> usize {
    std::fs::read_dir(format!("/proc/{}/task", child.id())).map_or(0, Iterator::count)
}

#[test]
fn while_a_device_is_sought_no_clients_pile_up_and_the_server_may_be_held_up() {
    let _alone = alone();
    let Some(pulse) = Pulse::start(RATE) else { return missing("PulseAudio") };
    let child = pulse.environment(periphon().args(["play", TRACK, "--json"]).args(SOUND)).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    println!("playing: {} clients, {} threads", pulse.clients_of(child.id()), threads(&child));
    pulse.unload_sinks();
    std::thread::sleep(Duration::from_secs(4));
    let (few, tasks) = (pulse.clients_of(child.id()), threads(&child));
    std::thread::sleep(Duration::from_secs(3));
    let (clients, more_tasks) = (pulse.clients_of(child.id()), threads(&child));
    println!("sought: {few} and {clients} clients, {tasks} and {more_tasks} threads");
    assert!(clients <= few && clients <= 2 && more_tasks <= tasks, "{few} and {clients}, {tasks} and {more_tasks}");
    pulse.hold(true);
    std::thread::sleep(Duration::from_secs(6));
    pulse.hold(false);
    pulse.load_sink("other");
    let told = report(&child.wait_with_output().unwrap());
    assert_eq!(told["device"], "pulseaudio:other", "{told}");
}

#[test]
fn every_track_has_another_rate_and_the_clients_of_those_before_are_gone() {
    let _alone = alone();
    let Some(pulse) = Pulse::start(RATE) else { return missing("PulseAudio") };
    let tracks: Vec<PathBuf> = (0..8)
        .map(|n| {
            let rate = [48_000, 44_100][n % 2];
            wav(&pulse.dir().join(format!("{n}.wav")), rate, &[noise(n as u32, rate as usize / 2)])
        })
        .collect();
    let play = ["play", "--loop", "--json", "--loudness", "off"];
    let mut child = pulse.environment(periphon().args(play).args(&tracks)).spawn().unwrap();
    let mut most = 0;
    for _ in 0..16 {
        std::thread::sleep(Duration::from_millis(500));
        most = most.max(pulse.clients_of(child.id()));
    }
    println!("{most} clients, {} threads", threads(&child));
    let _ = child.kill();
    let _ = child.wait();
    assert!((1..=3).contains(&most), "{most} clients");
}

#[test]
fn a_sound_system_that_is_named_is_not_replaced_by_another() {
    let _alone = alone();
    let nowhere = std::env::temp_dir().join("periphon-no-such-server");
    let failed = |device: &str| {
        let mut play = periphon();
        play.args(["play", TRACK, "--device", device]).env("XDG_RUNTIME_DIR", &nowhere).env_remove("PULSE_SERVER");
        play.env("JACK_DEFAULT_SERVER", "periphon-no-such-server").env("JACK_NO_START_SERVER", "1");
        let done = play.output().unwrap();
        assert_eq!(done.status.code(), Some(1));
        String::from_utf8(done.stderr).unwrap()
    };
    for device in ["pulseaudio", "pulseaudio:phones"] {
        let said = failed(device);
        assert!(said.contains("error: no PulseAudio server can be reached"), "{said}");
        assert!(said.contains("hint: start one") && said.contains("periphon devices lists"), "{said}");
    }
    let said = failed("jack");
    let built = cfg!(feature = "jack");
    let why = if built { "no JACK server is running" } else { "this build of periphon cannot play through JACK" };
    assert!(said.contains(why) && !said.contains("did you mean"), "{said}");
}

#[test]
fn the_report_names_headphones_and_what_was_passed_over() {
    let _alone = alone();
    let Some(pulse) = Pulse::start(RATE) else { return missing("PulseAudio") };
    wav(&pulse.dir().join("sp ace.wav"), RATE, &[noise(1, RATE as usize / 2)]);
    let list = pulse.dir().join("list.m3u");
    let track = format!("file://{}/sp%20ace.wav", pulse.dir().display());
    std::fs::write(&list, format!("http://radio.example/1\n{track}\n")).unwrap();
    let mut play = periphon();
    play.args(["play", "--json", "--headphones", "HD 6"]).arg(&list);
    let told = report(&pulse.environment(&mut play).output().unwrap());
    let headphones = told["headphones"].as_str().unwrap();
    assert!(headphones.starts_with("Sennheiser HD 6"), "{told}");
    let warned = &told["warnings"];
    assert!(warned.as_array().unwrap().len() == 1 && warned[0].as_str().unwrap().contains("radio.example"), "{told}");
    assert_eq!(count(&told, "tracks"), 1, "{told}");
}

#[test]
fn a_sink_that_sleeps_between_tracks_of_other_rates_is_not_taken_for_lost() {
    let _alone = alone();
    let Some(pulse) = Pulse::start(RATE) else { return missing("PulseAudio") };
    let track = |rate: u32| wav(&pulse.dir().join(format!("{rate}.wav")), rate, &[noise(1, 2 * rate as usize)]);
    let tracks = [44_100, 16_000, 32_000].map(track);
    let mut play = periphon();
    play.args(["play", "--json"]).args(&tracks);
    let told = report(&pulse.environment(&mut play).output().unwrap());
    assert_eq!(told["warnings"].as_array().map(Vec::len), Some(0), "{told}");
    assert_eq!((count(&told, "tracks"), count(&told, "sample_rate")), (3, 32_000), "{told}");
}

/// What the example says that plays everything at once; `None` where it has not been built.
fn soak(arguments: &[&str], environment: impl FnOnce(&mut Command) -> &mut Command) -> Option<serde_json::Value> {
    let example: PathBuf = Path::new(env!("CARGO_BIN_EXE_periphon")).with_file_name("examples").join("soak");
    if !example.exists() {
        missing("the example soak (cargo build --example soak --features jack)");
        return None;
    }
    let done = environment(Command::new(example).args(arguments)).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    println!("{said}{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success());
    Some(serde_json::from_str(&said).unwrap())
}

/// Everything at once, for a while: see the example.
#[test]
fn a_soak_on_jack_starves_nobody() {
    let _alone = alone();
    let Some(jack) = Jack::start(RATE, 128) else { return missing("JACK") };
    let Some(told) = soak(&["--device", "jack", "--seconds", "12"], |c| jack.environment(c)) else { return };
    assert_eq!(count(&told, "starved_frames"), 0, "{told}");
    assert!(count(&told, "changes") >= 5, "{told}");
}

/// Dropouts are counted by hand, on a machine that is quiet enough for that: see docs/decisions/live.md. What can be held anywhere
/// is the work of a callback, in small transforms timed right after it. With all checks compiled in these take longer than in a
/// release, and a quarter and six tenths of a block are fewer of them.
#[test]
fn a_callback_s_work_stays_within_its_share_of_a_block() {
    let _alone = alone();
    let Some(told) = soak(&["--no-device", "--work", "--seconds", "10"], |c| c) else { return };
    let [mean, long] = ["mean_work", "p999_work"].map(|name| told[name].as_f64().unwrap());
    let floors = if cfg!(debug_assertions) { [900.0, 2170.0] } else { [2075.0, 4980.0] };
    assert!(mean < floors[0] && long < floors[1], "{told}");
    assert_eq!(count(&told, "starved_frames"), 0, "{told}");
}
