//! Headphones on, and everything at once: sixteen sources on the move in a room, a head that turns with every packet, other
//! rooms and heads, jumps and pauses. Prints as JSON what the player counted.
//!
//! `soak [--device NAME] [--buffer FRAMES] [--seconds S] [--still-room]`: with `--still-room` only sources and head
//! move. `--no-device` calls the callback itself, without a rest, from a thread called `callback`, which is what a count of its system
//! calls wants: `strace -f -e trace=all`. With `--work` besides, each callback is measured by CPU time, and by a yardstick of small
//! transforms right after it: its `work` is the same on a machine that is slow for a while.
//!
//! Not every dropout is the player's: a machine of many users, or a busy kernel, takes whole milliseconds away. So witnesses watch
//! (Linux, with the right to real-time priorities): one a processor, above every other thread, which sleeps half a
//! millisecond again and again and writes down when it was woken late. What is missed without any processor having
//! been late is `unexplained`, and ours to explain; `undisturbed_load` is the worst callback at times when none was
//! late. `disturbed` tells for which part of the time one was: so many dropouts would be excused by chance.
//! A processor may also be merely slow, as when another machine's thread shares its core. The witnesses time the same little work again and again:
//! `speed` is how fast the slowest processor was, of the best; `slow` for which part of the time one was below 70 % of that, and
//! `unexplained_at_speed` what was missed when none was late or slow. `undisturbed_load` leaves out slow times, too.
//!
//! `--watch` only watches: what the machine does by itself. `--idle` pauses the player for all the time: what the device
//! misses without us. `--awake` keeps the processors from sleeping between callbacks, with processes of the lowest class.

mod witness;
mod yardstick;

use periphon::coords::{Pose, Rotation, Vec3};
use periphon::live::{Backend, DeviceBackend, Event, Lease, Opened, Player, Reports, Settings, Stream};
use periphon::render::RenderJob;
use periphon::scene::{Place, Scene, Source, SourceKey};
use periphon::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use witness::{Awake, Look, Witnesses, bear_witness, judge, now};
use yardstick::{Callback, Yardstick, sum_up};

const RATE: u32 = 48_000;
const SOURCES: usize = 16;

struct Arguments {
    device: Option<String>,
    buffer: Option<u32>,
    seconds: f64,
    still_room: bool,
    no_device: bool,
    work: bool,
    watch: bool,
    witness: bool,
    idle: bool,
    awake: bool,
    spin: bool,
}

fn arguments() -> Result<Arguments> {
    let mut found = Arguments {
        device: None,
        buffer: Some(128),
        seconds: 600.0,
        still_room: false,
        no_device: false,
        work: false,
        watch: false,
        witness: false,
        idle: false,
        awake: false,
        spin: false,
    };
    let mut all = std::env::args().skip(1);
    let wrong = |what: &str| Error::argument(format!("'{what}' is not understood")).hint("see examples/soak/main.rs");
    while let Some(flag) = all.next() {
        let mut value = || all.next().ok_or_else(|| wrong(&flag));
        match flag.as_str() {
            "--device" => found.device = Some(value()?),
            "--buffer" => found.buffer = Some(value()?.parse().map_err(|_| wrong(&flag))?),
            "--seconds" => found.seconds = value()?.parse().map_err(|_| wrong(&flag))?,
            "--still-room" => found.still_room = true,
            "--no-device" => found.no_device = true,
            "--work" => found.work = true,
            "--watch" => found.watch = true,
            "--witness" => found.witness = true,
            "--idle" => found.idle = true,
            "--awake" => found.awake = true,
            "--spin" => found.spin = true,
            _ => return Err(wrong(&flag)),
        }
    }
    Ok(found)
}

/// What is changed, in turn.
const CHANGES: [&str; 6] = ["studio", "kemar", "pause", "on, living-room", "ku100", "seek"];

/// A scene of sixteen tones and noises, each on its own way around the listener.
fn scene(dir: &Path, seconds: f64) -> Result<PathBuf> {
    let mut scene = Scene::new();
    scene.room = Some(periphon::scene::RoomSpec::preset(
        periphon::room::preset::find("living-room").ok_or_else(|| Error::argument("there is no living-room"))?,
    ));
    scene.duration = Some(seconds);
    let io = |e: hound::Error| Error::argument(format!("a test sound could not be written: {e}"));
    for n in 0..SOURCES {
        let name = format!("{n}.wav");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: RATE,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut wav = hound::WavWriter::create(dir.join(&name), spec).map_err(io)?;
        let mut noise = n as u32 + 1;
        for k in 0..8 * RATE {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let t = f64::from(k) / f64::from(RATE);
            let tone = (std::f64::consts::TAU * 110.0 * (1.0 + n as f64 * 0.37) * t).sin();
            let hiss = f64::from(noise >> 8) / 16_777_216.0 - 0.5;
            wav.write_sample((0.05 * tone + 0.02 * hiss) as f32).map_err(io)?;
        }
        wav.finalize().map_err(io)?;
        // The listener of this room sits near (2.3, 2.3); the walls are further away than a metre and a half.
        let at = |step: usize| {
            let angle = std::f64::consts::TAU * (step as f64 / 16.0 + n as f64 / SOURCES as f64);
            let radius = 0.9 + 0.03 * n as f64;
            Vec3::new(2.3 + radius * angle.cos(), 2.3 + radius * angle.sin(), 0.9 + 0.05 * n as f64)
        };
        let steps = (seconds / 0.5).ceil() as usize;
        let path = (0..=steps).map(|k| SourceKey { t: 0.5 * k as f64, at: at(k) }).collect();
        let mut source = Source::new(&name, Place::Path(path)).id(&format!("s{n}"));
        source.looped = true;
        scene.sources.push(source);
    }
    let path = dir.join("soak.toml");
    std::fs::write(&path, scene.to_toml()).map_err(|e| Error::io(&path, "cannot write the scene", e))?;
    Ok(path)
}

/// Calls the callback without a rest, and measures its work if asked to.
struct Tireless {
    work: Option<Arc<Mutex<Vec<Callback>>>>,
}

struct Runs(Arc<AtomicBool>, Option<std::thread::JoinHandle<()>>);

impl Stream for Runs {}

impl Drop for Runs {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        if let Some(thread) = self.1.take() {
            let _ = thread.join();
        }
    }
}

impl Backend for Tireless {
    fn find(&mut self, rate: u32) -> Result<Opened> {
        Ok(Opened { name: "none".to_string(), rate })
    }

    fn start(&mut self, mut lease: Lease, _: Reports) -> Result<Box<dyn Stream>> {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let mut yardstick = self.work.clone().map(Yardstick::new);
        let period = 128.0 / f64::from(RATE);
        let work = move || {
            let mut buffer = [0.0f32; 256];
            let (began, mut next) = (Instant::now(), Instant::now());
            let mut longest = [(Duration::ZERO, Duration::ZERO); 8];
            while !told.load(Ordering::Relaxed) {
                let start = Instant::now();
                match &mut yardstick {
                    None => lease.fill(&mut buffer, 2, None),
                    Some(yardstick) => yardstick.measure(|| lease.fill(&mut buffer, 2, None)),
                }
                let took = start.elapsed();
                if took > longest[7].0 {
                    longest[7] = (took, start - began);
                    longest.sort_unstable_by(|a, b| b.cmp(a));
                }
                // It spins: a sleep would be a system call that is not ours.
                next += Duration::from_secs_f64(period);
                while Instant::now() < next && !told.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            }
            if yardstick.is_some() {
                return;
            }
            for (took, at) in longest {
                eprintln!("{:.0} % at {:.3} s", 100.0 * took.as_secs_f64() / period, at.as_secs_f64());
            }
        };
        let thread = std::thread::Builder::new().name("callback".to_string()).spawn(work);
        let thread = thread.map_err(|e| Error::argument(format!("no thread: {e}")))?;
        Ok(Box::new(Runs(stop, Some(thread))))
    }
}

fn main() {
    if let Err(e) = run() {
        eprintln!("error: {e}");
        std::process::exit(1);
    }
}

fn run() -> Result<()> {
    let given = arguments()?;
    if given.witness {
        return bear_witness();
    }
    if given.spin {
        loop {
            std::hint::spin_loop();
        }
    }
    let _awake = given.awake.then(Awake::keep);
    if given.watch {
        let witnesses = Witnesses::call();
        std::thread::sleep(Duration::from_secs_f64(given.seconds));
        witnesses.say(given.seconds);
        return Ok(());
    }
    let dir = std::env::temp_dir().join(format!("periphon-soak-{}", std::process::id()));
    std::fs::create_dir_all(&dir).map_err(|e| Error::io(&dir, "cannot make a directory", e))?;
    let done = scene(&dir, given.seconds + 30.0).and_then(|scene| soak(&given, scene));
    let _ = std::fs::remove_dir_all(&dir);
    done
}

fn soak(given: &Arguments, scene: PathBuf) -> Result<()> {
    let settings = Settings { follow_head: Some(128), repeat: true, ..Settings::new(RenderJob::new(&scene, "")) };
    let measured = given.work.then(Default::default);
    let backend: Box<dyn Backend> = if given.no_device {
        Box::new(Tireless { work: measured.clone() })
    } else {
        Box::new(DeviceBackend::new(given.device.clone(), given.buffer))
    };
    let mut witnesses = Witnesses::call();
    let player = Player::start(vec![scene], settings, backend)?;
    player.pause(given.idle);
    let began = Instant::now();
    let (mut changes, mut poses) = (0u32, 0u64);
    let (mut next_change, mut changed) = (2.0, Vec::new());
    let (mut looks, mut missed, mut last, mut before) = (Vec::new(), [0; 2], ("nothing", 0.0), now());
    while began.elapsed().as_secs_f64() < given.seconds && !player.is_over() {
        let t = began.elapsed().as_secs_f64();
        // A head that looks around, as a tracker sends it: a hundred times a second and more.
        let orientation = Rotation::from_yaw_pitch_roll(70.0 * (0.9 * t).sin(), 20.0 * (0.5 * t).sin(), 5.0 * t.sin());
        player.set_head(Pose { orientation, position: Vec3::new(2.3 + 0.2 * (0.3 * t).sin(), 2.3, 1.15) })?;
        poses += 1;
        if !given.still_room && !given.idle && t > next_change {
            next_change += 2.0;
            last = (CHANGES[changes as usize % CHANGES.len()], t);
            changed.push((now(), last.0));
            match changes as usize % CHANGES.len() {
                0 => player.set_room(Some("studio".to_string())),
                1 => player.set_hrtf("kemar"),
                2 => player.pause(true),
                3 => {
                    player.pause(false);
                    player.set_room(Some("living-room".to_string()));
                }
                4 => player.set_hrtf("ku100"),
                _ => player.seek(t * 0.5),
            }
            changes += 1;
        }
        let (status, to) = (player.status(), now());
        let [dropouts, overruns] = [0, 1].map(|k| [status.xruns, status.overruns][k].saturating_sub(missed[k]));
        let said = format!(
            "{t:.2} s: {dropouts} dropouts, {overruns} long callbacks, the worst took {:.0} %, {:.0} ms after '{}'",
            100.0 * status.recent_load,
            1000.0 * (t - last.1),
            last.0
        );
        if dropouts + overruns > 0 {
            eprintln!("{said}");
        }
        looks.push(Look { from: before, to, dropouts, overruns, load: status.recent_load, said });
        (missed, before) = ([status.xruns, status.overruns], to);
        for event in player.events() {
            if let Event::Warning(text) | Event::DeviceLost(text) = event {
                eprintln!("warning: {text}");
            }
        }
        std::thread::sleep(Duration::from_millis(8));
    }
    player.stop();
    let s = player.finish()?.status;
    let mut verdict = if witnesses.watch() { format!(", {}", judge(&looks, &witnesses)) } else { String::new() };
    if let Some(Ok(measured)) = measured.as_ref().map(|m| m.lock()) {
        verdict += &sum_up(&measured, witnesses.undisturbed(), &changed);
    }
    witnesses.dismiss();
    println!(
        "{{\"seconds\": {:.1}, \"device\": \"{}\", \"buffer\": {}, \"poses\": {poses}, \"changes\": {changes}, \"xruns\": {}, \"overruns\": {}, \
         \"starved_frames\": {}, \"mean_load\": {:.4}, \"max_load\": {:.4}{verdict}}}",
        began.elapsed().as_secs_f64(),
        s.device,
        s.buffer,
        s.xruns,
        s.overruns,
        s.starved_frames,
        s.mean_load,
        s.max_load
    );
    Ok(())
}
