//! The player against a device made of this test, which calls the callback as devices do: with odd sizes, late, not at
//! all for a while, and gone in the middle. What it hears is compared with a render to a file, bit for bit.
#![cfg(feature = "live")]

mod requests;
mod sounds;
mod watching;

use periphon::coords::{Pose, Rotation, Vec3};
use periphon::live::{Backend, Event, Opened, Player, Settings, State, Stream};
use periphon::render::{Loudness, Placement, RenderJob, render};
use periphon::sink::SampleFormat;
use periphon::{Error, ErrorKind, Result};
use sounds::{noise, wav};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use watching::watched;

const RATE: u32 = 48_000;

type Line = (periphon::live::Lease, periphon::live::Reports);

/// The device: its callback is called by the test.
#[derive(Clone, Default)]
struct Fake {
    line: Arc<Mutex<Option<Line>>>,
    /// How often it will not be found.
    missing: Arc<AtomicUsize>,
    /// How often it has been sought.
    sought: Arc<AtomicUsize>,
    /// The rate at which it was found last.
    found: Arc<AtomicU32>,
    /// It is found, but cannot be started at this rate.
    busy: Option<u32>,
    /// A rate that it insists on, if not 0.
    rate: Arc<AtomicU32>,
    /// Streams do not end when they are dropped, but are put here.
    hangs: Arc<AtomicBool>,
    hung: Arc<Mutex<Vec<Line>>>,
}

struct Running(Fake);

impl Stream for Running {}

impl Drop for Running {
    fn drop(&mut self) {
        let line = self.0.line.lock().unwrap().take();
        if self.0.hangs.load(Ordering::Relaxed) {
            self.0.hung.lock().unwrap().extend(line);
        }
    }
}

impl Backend for Fake {
    fn find(&mut self, rate: u32) -> Result<Opened> {
        self.sought.fetch_add(1, Ordering::Relaxed);
        if self.missing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
            return Err(Error::new(ErrorKind::Device, "not there"));
        }
        let insists = self.rate.load(Ordering::Relaxed);
        let rate = if insists == 0 { rate } else { insists };
        self.found.store(rate, Ordering::Relaxed);
        Ok(Opened { name: "fake".to_string(), rate })
    }

    fn start(&mut self, lease: periphon::live::Lease, reports: periphon::live::Reports) -> Result<Box<dyn Stream>> {
        if self.busy == Some(self.found.load(Ordering::Relaxed)) {
            return Err(Error::new(ErrorKind::Device, "someone else has it"));
        }
        *self.line.lock().unwrap() = Some((lease, reports));
        Ok(Box::new(Running(self.clone())))
    }
}

/// A player on such a device, and what was heard of it.
struct Listener {
    fake: Fake,
    player: Player,
    heard: [Vec<f32>; 2],
    heap: u64,
    /// Rest after every 50 ms of sound, ms.
    rest: u64,
}

impl Listener {
    fn new(tracks: &[PathBuf], settings: Settings, fake: Fake) -> Self {
        let player = Player::start(tracks.to_vec(), settings, Box::new(fake.clone())).unwrap();
        Self { fake, player, heard: Default::default(), heap: 0, rest: 8 }
    }

    /// One callback of `frames` frames; false if the device is not open.
    fn callback(&mut self, frames: usize) -> bool {
        let mut out = vec![1.0; 2 * frames];
        {
            let mut line = self.fake.line.lock().unwrap();
            let Some((lease, _)) = line.as_mut() else { return false };
            self.heap += watched(|| lease.fill(&mut out, 2, Some(Duration::from_millis(500))));
        }
        for (ear, heard) in self.heard.iter_mut().enumerate() {
            heard.extend(out.iter().skip(ear).step_by(2));
        }
        true
    }

    /// Callbacks until something has been heard and `done` says so, with rests for the threads beside.
    fn listen(&mut self, sizes: &[usize], mut done: impl FnMut(&Self) -> bool) {
        let since = Instant::now();
        let mut owed = 0;
        for size in sizes.iter().cycle() {
            assert!(since.elapsed() < Duration::from_secs(60), "{:?}", self.player.status());
            if done(self) {
                return;
            }
            // Before the first sound there is nothing to be fast for.
            if !self.callback(*size) || self.player.status().state == State::Opening {
                std::thread::sleep(Duration::from_millis(1));
            }
            owed += size;
            if owed > 2400 {
                std::thread::sleep(Duration::from_millis(self.rest));
                owed = 0;
            }
        }
    }

    /// To the end of everything.
    fn play_out(mut self, sizes: &[usize]) -> [Vec<f32>; 2] {
        self.listen(sizes, |l| l.player.is_over());
        assert_eq!(self.player.status().starved_frames, 0);
        assert_eq!(self.heap, 0, "the callback touched the heap");
        self.player.finish().unwrap();
        self.heard
    }

    fn seconds(&mut self, sizes: &[usize], seconds: f64) {
        let until = self.heard[0].len() + (seconds * f64::from(RATE)) as usize;
        self.listen(sizes, |l| l.heard[0].len() >= until);
    }

    fn until_playing(&mut self) {
        self.listen(&[128], |l| l.player.status().state == State::Playing);
    }
}

fn write(path: &Path, channels: &[&[f32]]) -> PathBuf {
    wav(path, RATE, channels)
}

/// Loudspeakers, or what else becomes of the input, without a gain and a limiter.
fn plain(input: &Path) -> RenderJob {
    let stereo = hound::WavReader::open(input).is_ok_and(|wav| wav.spec().channels == 2);
    let placement = stereo.then_some(Placement::Speakers);
    RenderJob { placement, loudness: Loudness::Off, true_peak: None, ..RenderJob::new(input, "") }
}

fn rendered(dir: &Path, job: &RenderJob) -> [Vec<f32>; 2] {
    let output = dir.join("rendered.wav");
    let job = RenderJob { output: output.clone(), format: SampleFormat::F32, force: true, ..job.clone() };
    render(&job, &mut |_| {}).unwrap();
    let all: Vec<f32> = hound::WavReader::open(output).unwrap().samples::<f32>().map(Result::unwrap).collect();
    [0, 1].map(|ear| all.iter().skip(ear).step_by(2).copied().collect())
}

/// What was heard from the first sound on.
fn from_first_sound(heard: &[Vec<f32>; 2]) -> [&[f32]; 2] {
    let first = heard.iter().filter_map(|h| h.iter().position(|x| *x != 0.0)).min().expect("something is heard");
    heard.each_ref().map(|h| &h[first..])
}

fn assert_same(heard: &[Vec<f32>; 2], expected: &[Vec<f32>; 2]) {
    let (heard, expected) = (from_first_sound(heard), from_first_sound(expected));
    for (ear, (h, e)) in heard.iter().zip(expected).enumerate() {
        assert!(h.len() >= e.len(), "ear {ear}: {} frames of {}", h.len(), e.len());
        let different = h.iter().zip(e).position(|(a, b)| a.to_bits() != b.to_bits() && !(*a == 0.0 && *b == 0.0));
        if let Some(at) = different {
            let worst = h.iter().zip(e).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            panic!("ear {ear}: frame {at} of {} differs first, by {worst:e} at most", e.len());
        }
        assert!(h[e.len()..].iter().all(|x| x.abs() < 1e-4), "something sounds after the end");
    }
}

/// The strongest of the error over the strongest of the signal, dB.
fn error_db(heard: &[f32], expected: &[f32]) -> f64 {
    let power = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x) * f64::from(x)).sum::<f64>();
    let error = power(&mut heard.iter().zip(expected).map(|(a, b)| a - b));
    10.0 * (error / power(&mut expected.iter().copied())).log10()
}

#[test]
fn what_is_played_is_what_is_rendered_bit_for_bit_whatever_the_buffers() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (noise(1, 60_000), noise(2, 60_000));
    let stereo = write(&dir.path().join("stereo.wav"), &[&a, &b]);
    let mono = write(&dir.path().join("mono.wav"), &[&a]);
    let at = Vec3::from_polar(30.0, 10.0, 1.0);
    let jobs = [
        plain(&stereo),
        plain(&mono),
        RenderJob { placement: Some(Placement::Orbit(at, 1.0)), ..plain(&mono) },
        RenderJob { placement: Some(Placement::Orbit(at, 2.0)), room: Some("bedroom".into()), ..plain(&mono) },
        RenderJob { placement: Some(Placement::Stereo), start: 0.1, duration: Some(0.9), ..plain(&stereo) },
        RenderJob { room: Some("none".into()), ..plain(&stereo) },
    ];
    for (job, sizes) in jobs.iter().zip([&[128][..], &[1, 7, 500], &[256], &[441, 8192, 3], &[1024], &[480]]) {
        let heard = Listener::new(std::slice::from_ref(&job.input), Settings::new(job.clone()), Fake::default());
        assert_same(&heard.play_out(sizes), &rendered(dir.path(), job));
    }
}

#[test]
fn a_scene_with_moving_sources_is_played_as_it_is_rendered() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a.wav"), &[&noise(3, 48_000)]);
    let scene = dir.path().join("scene.toml");
    std::fs::write(
        &scene,
        "format = 1\nduration = 1.2\n[listener]\nposition = [2.0, 2.0, 1.6]\n[room]\nsize = [5, 4, 3]\nmaterial = 0.3\n\
         [[source]]\nid = \"a\"\nfile = \"a.wav\"\n[[source.path]]\nt = 0.0\nposition = [4, 1, 1.5]\n\
         [[source.path]]\nt = 1.0\nposition = [4, 3, 1.5]\n",
    )
    .unwrap();
    let job = plain(&scene);
    let heard = Listener::new(std::slice::from_ref(&scene), Settings::new(job.clone()), Fake::default());
    assert_same(&heard.play_out(&[200]), &rendered(dir.path(), &job));
}

#[test]
fn stems_are_played_as_they_are_rendered_and_sought_in() {
    let dir = tempfile::tempdir().unwrap();
    let vocals = write(&dir.path().join("vocals.wav"), &[&noise(3, 60_000)]);
    let drums = write(&dir.path().join("drums.wav"), &[&noise(4, 48_000), &noise(5, 48_000)]);
    let job = RenderJob { stems: vec![vocals, drums], ..plain(dir.path()) };
    let heard = Listener::new(std::slice::from_ref(&job.input), Settings::new(job.clone()), Fake::default());
    assert_same(&heard.play_out(&[200]), &rendered(dir.path(), &job));
    let late = RenderJob { start: 0.5, ..job };
    let heard = Listener::new(std::slice::from_ref(&late.input), Settings::new(late.clone()), Fake::default());
    assert_same(&heard.play_out(&[128]), &rendered(dir.path(), &late));
}

#[test]
fn a_device_of_another_rate_hears_the_render_at_that_rate() {
    let dir = tempfile::tempdir().unwrap();
    let mono = write(&dir.path().join("mono.wav"), &[&noise(1, 48_000)]);
    let fake = Fake { rate: Arc::new(44_100.into()), ..Fake::default() };
    let heard = Listener::new(std::slice::from_ref(&mono), Settings::new(plain(&mono)), fake).play_out(&[128]);
    assert_same(&heard, &rendered(dir.path(), &RenderJob { rate: Some(44_100), ..plain(&mono) }));
}

#[test]
fn a_pause_is_silent_loses_nothing_and_does_not_click() {
    let dir = tempfile::tempdir().unwrap();
    let tone: Vec<f32> = (0..3 * RATE).map(|n| 0.5 * (n as f32 * 0.02).cos()).collect();
    let path = write(&dir.path().join("tone.wav"), &[&tone, &tone]);
    let job = RenderJob { placement: Some(Placement::Stereo), ..plain(&path) };
    let mut l = Listener::new(std::slice::from_ref(&path), Settings::new(job), Fake::default());
    l.until_playing();
    l.seconds(&[128], 0.3);
    l.player.pause(true);
    l.listen(&[128], |l| l.heard[0].last() == Some(&0.0));
    let position = l.player.status().position_s;
    l.seconds(&[128], 0.3);
    let quiet = l.heard[0].len();
    assert!(l.heard[0][quiet - 10_000..].iter().all(|x| *x == 0.0));
    assert_eq!(l.player.status().state, State::Paused);
    assert!((l.player.status().position_s - position).abs() < 0.02);
    l.player.pause(false);
    let heard = l.play_out(&[128]);
    let first = heard[0].iter().position(|x| *x != 0.0).unwrap();
    let last = heard[0].iter().rposition(|x| *x != 0.0).unwrap();
    let step = heard[0][first + 1..last].windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    // The tone's own steps are 0.01; ten milliseconds of fade add 0.5/480.
    assert!(step < 0.0115, "{step}");
    let silence = heard[0][first..=last].iter().filter(|x| **x == 0.0).count();
    let sounding = last + 1 - first - silence;
    assert!(sounding >= tone.len() - 100, "{sounding} of {}", tone.len());
}

#[test]
fn a_seek_lands_on_the_frame_and_does_not_click() {
    let dir = tempfile::tempdir().unwrap();
    let ramp: Vec<f32> = (0..5 * RATE).map(|n| 0.1 + n as f32 * 1e-6).collect();
    let path = write(&dir.path().join("ramp.wav"), &[&ramp, &ramp]);
    let job = RenderJob { placement: Some(Placement::Stereo), ..plain(&path) };
    let mut l = Listener::new(std::slice::from_ref(&path), Settings::new(job), Fake::default());
    l.until_playing();
    l.seconds(&[128], 0.2);
    let before = l.heard[0].len();
    l.player.seek(4.0);
    // The seek is heard as soon as it is ready: the track ends a second after it.
    let heard = l.play_out(&[100]);
    let step = heard[0][before..].windows(2).map(|w| w[1] - w[0]).fold(0.0f32, f32::max);
    assert!(step < 1e-3, "{step}");
    let end = heard[0].iter().rposition(|x| *x != 0.0).unwrap();
    assert_eq!(heard[0][end], *ramp.last().unwrap());
    let from = 4 * RATE as usize + 600;
    assert_eq!(heard[0][end + 1 - (ramp.len() - from)..=end], ramp[from..]);
}

#[test]
fn a_scene_can_be_sought_far_into_its_loops_and_at_another_rate() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("loop.wav"), &[&noise(3, 30_011)]);
    let scene = dir.path().join("scene.toml");
    std::fs::write(
        &scene,
        "format = 1\nduration = 90.0\nsample_rate = 44100\n[[source]]\nid = \"a\"\nfile = \"loop.wav\"\npolar = { azimuth = 30, distance = 1 }\n\
         start = 0.25\nloop = true\n",
    )
    .unwrap();
    let job = plain(&scene);
    let expected = rendered(dir.path(), &job);
    let mut l = Listener::new(std::slice::from_ref(&scene), Settings::new(job), Fake::default());
    l.until_playing();
    l.player.seek(88.0);
    let began = Instant::now();
    let heard = l.play_out(&[256]);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    // Both end at the same frame.
    let frames = 44_100;
    let tail = |x: &Vec<f32>| {
        let end = x.iter().rposition(|x| *x != 0.0).unwrap() + 1;
        x[end - frames..end].to_vec()
    };
    let error = error_db(&tail(&heard[0]), &tail(&expected[0]));
    assert!(error < -100.0, "{error} dB");
}

#[test]
fn tracks_follow_one_another_without_a_gap_and_rooms_ring_on() {
    let dir = tempfile::tempdir().unwrap();
    let whole = noise(5, 96_001);
    let path = |n: &str| dir.path().join(n);
    let parts = [
        write(&path("1.wav"), &[&whole[..30_001], &whole[..30_001]]),
        write(&path("2.wav"), &[&whole[30_001..60_500], &whole[30_001..60_500]]),
        write(&path("3.wav"), &[&whole[60_500..], &whole[60_500..]]),
    ];
    let whole = write(&path("whole.wav"), &[&whole, &whole]);
    let job = RenderJob { placement: Some(Placement::Stereo), ..plain(&whole) };
    let slow = |job| Listener { rest: 50, ..Listener::new(&parts, Settings::new(job), Fake::default()) };
    let heard = slow(job.clone()).play_out(&[128, 333]);
    assert_same(&heard, &rendered(dir.path(), &job));
    let expected = rendered(dir.path(), &plain(&whole));
    let heard = slow(plain(&whole)).play_out(&[128, 333]);
    let (heard, expected) = (from_first_sound(&heard), from_first_sound(&expected));
    // Each track's room rings on beside the next: by linearity that is the room's answer to the whole, but for the first
    // block of a track, in which an engine fades in what its room answers.
    let error = error_db(&heard[0][..96_000], &expected[0][..96_000]);
    assert!(error < -45.0, "{error} dB");
}

#[test]
fn one_can_go_to_the_next_track_and_back_and_a_broken_one_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let level = |n: &str, v: f32| write(&dir.path().join(n), &[&vec![v; 96_000], &vec![v; 96_000]]);
    let tracks = [level("1.wav", 0.1), dir.path().join("missing.wav"), level("3.wav", 0.3)];
    let job = RenderJob { placement: Some(Placement::Stereo), ..plain(&tracks[0]) };
    let mut l = Listener::new(&tracks, Settings::new(job), Fake::default());
    l.until_playing();
    l.player.skip(1);
    l.listen(&[128], |l| l.heard[0].last() == Some(&0.3));
    let told: Vec<Event> = l.player.events().collect();
    assert!(told.iter().any(|e| matches!(e, Event::Warning(w) if w.contains("missing.wav"))), "{told:?}");
    l.player.skip(-1);
    l.listen(&[128], |l| l.heard[0].last() == Some(&0.1));
    l.player.stop();
    l.listen(&[128], |l| l.player.is_over());
    assert_eq!(l.heap, 0);
}

#[test]
fn another_head_is_faded_in_at_the_same_frame_and_its_room_rings_already() {
    let dir = tempfile::tempdir().unwrap();
    // The fake device plays six times as fast as time goes, and the other head takes a while to build.
    let (a, b) = (noise(1, 16 * 48_000), noise(2, 16 * 48_000));
    let stereo = write(&dir.path().join("stereo.wav"), &[&a, &b]);
    let job = plain(&stereo);
    let mut l = Listener::new(std::slice::from_ref(&stereo), Settings::new(job.clone()), Fake::default());
    l.until_playing();
    l.seconds(&[128], 0.5);
    l.player.set_hrtf("kemar");
    l.listen(&[128], |l| l.player.status().hrtf == "kemar");
    let switched = l.heard[0].len();
    let heard = l.play_out(&[128]);
    let other = rendered(dir.path(), &RenderJob { hrtf: "kemar".into(), ..job.clone() });
    let before = rendered(dir.path(), &job);
    // Both renders begin at one frame: where the first head's begins to be heard.
    let first = heard[0].iter().position(|x| *x != 0.0).unwrap();
    let offset = before[0].iter().position(|x| *x != 0.0).unwrap();
    let at = |n: usize| n - first + offset;
    assert_eq!(heard[0][first..first + 12_000], before[0][offset..offset + 12_000]);
    let from = switched + 2000;
    let n = 48_000;
    let error = error_db(&heard[0][from..from + n], &other[0][at(from)..at(from) + n]);
    assert!(error < -60.0, "{error} dB");
}

#[test]
fn the_end_does_not_wait_for_all_that_was_asked_for_before() {
    let dir = tempfile::tempdir().unwrap();
    let x = noise(1, 4 * 48_000);
    let stereo = write(&dir.path().join("stereo.wav"), &[&x, &x]);
    let job = RenderJob { room: Some("living-room".into()), ..plain(&stereo) };
    let mut l = Listener::new(std::slice::from_ref(&stereo), Settings::new(job), Fake::default());
    l.until_playing();
    // Each of these builds a room; together they would take a minute.
    const ASKED: usize = 2000;
    (0..ASKED).for_each(|_| l.player.skip(0));
    l.seconds(&[128], 0.5);
    let asked = std::time::Instant::now();
    l.player.stop();
    l.listen(&[128], |l| l.player.is_over());
    let waited = asked.elapsed().as_secs_f64();
    assert!(waited < 5.0, "{waited} s");
    let told: Vec<Event> = l.player.events().collect();
    assert!(!told.iter().any(|e| matches!(e, Event::Warning(_))), "{told:?}");
}

#[test]
fn a_lost_device_is_opened_again_and_nothing_of_the_track_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let a = noise(9, 96_000);
    let stereo = write(&dir.path().join("stereo.wav"), &[&a, &a]);
    let job = plain(&stereo);
    let fake = Fake::default();
    let mut l = Listener::new(std::slice::from_ref(&stereo), Settings::new(job.clone()), fake.clone());
    l.until_playing();
    l.seconds(&[128], 0.4);
    fake.missing.store(3, Ordering::Relaxed);
    fake.line.lock().unwrap().as_ref().unwrap().1.lost("unplugged");
    let since = Instant::now();
    let mut told = Vec::new();
    while !told.iter().any(|e| matches!(e, Event::DeviceBack(_))) && since.elapsed() < Duration::from_secs(10) {
        told.extend(l.player.events());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(told.iter().any(|e| matches!(e, Event::DeviceLost(why) if why == "unplugged")), "{told:?}");
    assert_same(&l.play_out(&[128]), &rendered(dir.path(), &job));
}

#[test]
fn a_turned_head_is_heard_with_the_next_block() {
    let dir = tempfile::tempdir().unwrap();
    let a = noise(4, 96_000);
    let mono = write(&dir.path().join("mono.wav"), &[&a]);
    let job = plain(&mono);
    let settings = Settings { follow_head: Some(128), ..Settings::new(job) };
    let run = |turn: bool| {
        let mut l = Listener::new(std::slice::from_ref(&mono), settings.clone(), Fake::default());
        l.until_playing();
        l.listen(&[128], |l| {
            let first = l.heard[0].iter().position(|x| *x != 0.0);
            first.is_some_and(|f| l.heard[0].len() - f > 40_000)
        });
        let first = l.heard[0].iter().position(|x| *x != 0.0).unwrap();
        if turn {
            let orientation = Rotation::from_yaw_pitch_roll(60.0, 0.0, 0.0);
            l.player.set_head(Pose { position: Vec3::default(), orientation }).unwrap();
        }
        let at = l.heard[0].len() - first;
        l.seconds(&[128], 0.1);
        assert_eq!(l.heap, 0);
        (l.heard[0][first..].to_vec(), at)
    };
    let (still, _) = run(false);
    let (turned, at) = run(true);
    let n = still.len().min(turned.len());
    assert_eq!(still[..at], turned[..at]);
    let changed = (at..n).find(|i| (still[*i] - turned[*i]).abs() > 1e-4).expect("the turn is heard");
    assert!(changed - at < 128, "{} frames", changed - at);
}

/// As the command line has it by default: a room, the input's loudness, a limiter at work.
#[test]
fn a_short_track_and_one_that_was_rendered_before_are_played_as_rendered_by_default() {
    let dir = tempfile::tempdir().unwrap();
    let loud = |seed, seconds: usize| -> Vec<f32> {
        noise(seed, seconds * 48_000).iter().map(|x| (6.0 * x).powi(3).tanh() * 0.9).collect()
    };
    let write = |name: &str, seconds| write(&dir.path().join(name), &[&loud(1, seconds), &loud(2, seconds)]);
    let memory = periphon::render::GainMemory::new(dir.path().join("gains"));
    for (name, seconds, remembered) in [("short.wav", 3, false), ("long.wav", 13, true)] {
        let path = write(name, seconds);
        let mut job = RenderJob { format: SampleFormat::F32, ..RenderJob::new(&path, dir.path().join("out.wav")) };
        job.force = true;
        let report = render(&job, &mut |_| ()).unwrap();
        assert!(report.limited_frames > 0 && report.gain_db.abs() > 0.3, "{report:?}");
        if remembered {
            memory.note(&RenderJob { rate: Some(RATE), ..job.clone() }, report.gain_db);
        }
        let settings = Settings { memory: Some(memory.clone()), ..Settings::new(job.clone()) };
        // A panorama takes more work than six times its pace leaves time for.
        let l = Listener::new(std::slice::from_ref(&path), settings, Fake::default());
        let heard = Listener { rest: 40, ..l }.play_out(&[441]);
        // Its partitions are those of its blocks: the same but for the last bits.
        let (heard, expected) = (from_first_sound(&heard), rendered(dir.path(), &job));
        let expected = from_first_sound(&expected);
        let error = error_db(&heard[0][..expected[0].len()], expected[0]);
        assert!(error < -110.0, "{error} dB");
    }
}

#[test]
fn the_loudness_set_before_playing_is_near_that_of_the_render() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (noise(1, 20 * 48_000), noise(2, 20 * 48_000));
    let stereo = write(&dir.path().join("stereo.wav"), &[&a, &b]);
    let [played, rendered] = gains(&RenderJob { output: dir.path().join("out.wav"), ..RenderJob::new(&stereo, "") });
    assert!((played - rendered).abs() < 0.2, "{played} dB, render {rendered} dB");
}

/// What the player would set a job's gain to, and what its render does, dB.
fn gains(job: &RenderJob) -> [f64; 2] {
    let report = render(job, &mut |_| {}).unwrap();
    let mut l = Listener::new(std::slice::from_ref(&job.input), Settings::new(job.clone()), Fake::default());
    l.until_playing();
    let gain = l.player.status().gain_db;
    l.player.stop();
    l.listen(&[128], |l| l.player.is_over());
    [gain, report.gain_db]
}

#[test]
fn a_break_in_the_middle_is_not_taken_for_the_track() {
    let dir = tempfile::tempdir().unwrap();
    let mut x = noise(1, 30 * 48_000);
    x[10 * 48_000..18 * 48_000].iter_mut().for_each(|x| *x *= 0.01);
    let track = write(&dir.path().join("stereo.wav"), &[&x, &x]);
    let output = dir.path().join("out.wav");
    for loudness in [Loudness::Lufs(-16.0), Loudness::Source] {
        let [played, rendered] =
            gains(&RenderJob { output: output.clone(), force: true, loudness, ..RenderJob::new(&track, "") });
        assert!((played - rendered).abs() < 1.0, "{loudness:?}: {played} dB, render {rendered} dB");
    }
}

#[test]
fn what_comes_near_late_in_a_scene_is_not_turned_up_as_if_it_were_far() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a.wav"), &[&noise(1, 40 * 48_000)]);
    let scene = |name: &str, seconds: u32| {
        let half = seconds / 2;
        let text = format!(
            "format = 1\nduration = {seconds}\n[[source]]\nid = \"a\"\nfile = \"a.wav\"\npath = [{{ t = 0, position = [40, 1, 0] }}, \
             {{ t = {half}, position = [0, 1, 0] }}, {{ t = {seconds}, position = [-40, 1, 0] }}]\n"
        );
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    // One that sounds for a moment only, and is near then; and one that would be near, but has ended by then.
    let short_voice = |name: &str, start: u32, near: [u32; 2]| {
        write(&dir.path().join("voice.wav"), &[&noise(2, 3 * 48_000)]);
        let text = format!(
            "format = 1\nduration = 40\n[[source]]\nfile = \"voice.wav\"\nstart = {start}\npath = [{{ t = {}, position = [40, 0, 0] }}, \
             {{ t = {}, position = [1, 0, 0] }}, {{ t = {}, position = [1, 0, 0] }}, {{ t = {}, position = [40, 0, 0] }}]\n",
            near[0] - 1,
            near[0],
            near[1],
            near[1] + 1
        );
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    for path in [short_voice("moment.toml", 21, [21, 25]), short_voice("ended.toml", 2, [30, 35])] {
        let job = RenderJob { output: dir.path().join("out.wav"), force: true, ..RenderJob::new(&path, "") };
        let [played, rendered] = gains(&job);
        assert!((played - rendered.min(20.0)).abs() < 2.0, "{}: {played} dB, render {rendered} dB", path.display());
    }
    // A short one is measured whole.
    for (path, off) in [(scene("short.toml", 10), 0.01), (scene("long.toml", 40), 3.0)] {
        let job = RenderJob { output: dir.path().join("out.wav"), force: true, ..RenderJob::new(&path, "") };
        let [played, rendered] = gains(&job);
        assert!((played - rendered).abs() < off, "{played} dB, render {rendered} dB");
    }
}

#[test]
fn what_cannot_be_played_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none.wav");
    let player = Player::start(vec![path.clone()], Settings::new(plain(&path)), Box::new(Fake::default())).unwrap();
    let error = player.finish().unwrap_err();
    assert!(error.to_string().contains("none.wav"), "{error}");
    let mono = write(&path, &[&noise(1, 4800)]);
    let fake = Fake::default();
    fake.missing.store(1, Ordering::Relaxed);
    let error =
        Player::start(vec![mono.clone()], Settings::new(plain(&mono)), Box::new(fake)).unwrap().finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Device);
}
