//! What is asked for at an awkward moment: while something is built, while a track ends, while there is no device.

mod awkward;

use super::*;

/// Both ears as the file has them, as loud as it is.
fn straight(input: &Path) -> RenderJob {
    RenderJob { placement: Some(Placement::Stereo), ..plain(input) }
}

/// A track that is `level` all along.
fn level(dir: &Path, name: &str, rate: u32, level: f32, seconds: f64) -> PathBuf {
    let x = vec![level; (seconds * f64::from(rate)) as usize];
    wav(&dir.join(name), rate, &[&x, &x])
}

/// A track with the same noise in both channels.
fn white(dir: &Path, seconds: usize) -> PathBuf {
    let x = noise(1, seconds * 48_000);
    write(&dir.join("stereo.wav"), &[&x, &x])
}

fn start(tracks: &[PathBuf], job: RenderJob, fake: &Fake) -> Listener {
    let mut l = Listener::new(tracks, Settings::new(job), fake.clone());
    l.until_playing();
    l
}

fn lose(fake: &Fake, times: usize) {
    fake.missing.store(times, Ordering::Relaxed);
    fake.line.lock().unwrap().as_ref().unwrap().1.lost("unplugged");
}

/// Waits for an event without calling the device.
fn wait_for(l: &Listener, told: &mut Vec<Event>, wanted: impl Fn(&Event) -> bool) {
    let since = Instant::now();
    while !told.iter().any(&wanted) {
        assert!(since.elapsed() < Duration::from_secs(10), "{told:?}");
        told.extend(l.player.events());
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn is_warning(event: &Event) -> bool {
    matches!(event, Event::Warning(_))
}

fn end(mut l: Listener) {
    l.player.stop();
    l.listen(&[128], |l| l.player.is_over());
    assert_eq!(l.heap, 0, "the callback touched the heap");
    l.player.finish().unwrap();
}

fn steepest(heard: &[f32]) -> f32 {
    heard.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max)
}

#[test]
fn tracks_of_other_rates_are_all_played_to_their_ends_and_the_device_is_asked_once_for_each() {
    let dir = tempfile::tempdir().unwrap();
    let rates = [48_000, 44_100, 48_000, 32_000];
    let lengths = [0.7, 0.7, 5.0, 0.3];
    let tracks: Vec<_> =
        (0..4).map(|n| level(dir.path(), &format!("{n}.wav"), rates[n], 0.1 + 0.1 * n as f32, lengths[n])).collect();
    let fake = Fake::default();
    let mut l = start(&tracks, straight(&tracks[0]), &fake);
    l.listen(&[256], |l| l.player.is_over());
    let told: Vec<_> = l.player.events().filter(is_warning).collect();
    assert!(told.is_empty(), "{told:?}");
    for n in 0..4 {
        let wanted = (f64::from(rates[n]) * lengths[n]) as usize;
        let level = 0.1 + 0.1 * n as f32;
        let heard = l.heard[0].iter().filter(|x| (**x - level).abs() < 1e-6).count();
        assert_eq!(heard, wanted, "track {n}");
    }
    let sought = fake.sought.load(Ordering::Relaxed);
    assert!(sought <= 5, "the device was sought {sought} times");
    l.player.finish().unwrap();
}

#[test]
fn a_track_of_another_rate_is_skipped_to_without_a_click_and_in_a_pause_without_a_sound() {
    let dir = tempfile::tempdir().unwrap();
    let tracks = [level(dir.path(), "1.wav", 48_000, 0.5, 8.0), level(dir.path(), "2.wav", 44_100, 0.0, 8.0)];
    let mut l = start(&tracks, straight(&tracks[0]), &Fake::default());
    l.seconds(&[128], 0.3);
    let from = l.heard[0].len();
    l.player.skip(1);
    l.listen(&[128], |l| l.player.status().track == 1);
    assert!(steepest(&l.heard[0][from - 1..]) < 0.01, "{}", steepest(&l.heard[0][from - 1..]));
    l.player.pause(true);
    l.listen(&[128], |l| l.player.status().state == State::Paused);
    l.seconds(&[128], 0.1);
    let from = l.heard[0].len();
    l.player.skip(-1);
    l.listen(&[128], |l| l.player.status().track == 0);
    l.seconds(&[128], 0.2);
    assert!(l.heard[0][from..].iter().all(|x| *x == 0.0), "a sound in a pause");
    l.player.pause(false);
    l.listen(&[128], |l| l.heard[0].last() == Some(&0.5));
    end(l);
}

#[test]
fn a_change_while_a_track_ends_never_brings_that_track_back() {
    let dir = tempfile::tempdir().unwrap();
    let track = |n: usize| {
        let ears = [vec![0.1 + 0.1 * n as f32; 48_000], vec![0.1; 48_000]];
        write(&dir.path().join(format!("{n}.wav")), &[&ears[0], &ears[1]])
    };
    let tracks: Vec<_> = (0..6).map(track).collect();
    // Each change measures its track anew, which takes a while; what then tells the tracks apart is left over right.
    let job = RenderJob { loudness: Loudness::Lufs(-20.0), ..straight(&tracks[0]) };
    let mut l = start(&tracks, job, &Fake::default());
    let heads = ["kemar", "ku100"];
    for n in 0.. {
        l.seconds(&[128], 0.23);
        if l.player.status().track >= 4 {
            break;
        }
        let head = heads[n % 2];
        l.player.change(move |job| {
            job.hrtf = head.to_string();
            job.true_peak = Some(-1.0 - 0.001 * n as f64);
        });
    }
    let mut highest = 0.0;
    let [left, right] = &l.heard;
    for (at, (l, r)) in left.windows(200).zip(right.windows(200)).enumerate() {
        // Where it stays for a while, so not in a cross-fade.
        if l[0] > 0.0 && [100, 199].iter().all(|n| (l[*n], r[*n]) == (l[0], r[0])) {
            let track = (l[0] / r[0]).round();
            assert!(track >= highest, "track {track} after {highest} at frame {at}");
            highest = track;
        }
    }
    assert!(highest >= 5.0, "{highest}");
    end(l);
}

#[test]
fn a_pause_does_not_wait_for_a_room_that_is_built() {
    let dir = tempfile::tempdir().unwrap();
    let stereo = white(dir.path(), 20);
    let job = RenderJob { room: Some("living-room".into()), loudness: Loudness::Lufs(-20.0), ..plain(&stereo) };
    let mut l = start(std::slice::from_ref(&stereo), job, &Fake::default());
    l.seconds(&[128], 0.3);
    l.player.set_room(Some("cathedral".to_string()));
    std::thread::sleep(Duration::from_millis(30));
    l.player.pause(true);
    let from = l.heard[0].len();
    l.listen(&[128], |l| l.heard[0].iter().rev().take(480).all(|x| *x == 0.0));
    // Half a second of time, of which the room takes several.
    let seconds = (l.heard[0].len() - from) as f64 / f64::from(RATE);
    assert!(seconds < 3.0, "{seconds} s of sound before the pause");
    l.player.pause(false);
    l.listen(&[128], |l| l.player.status().room.contains("cathedral"));
    end(l);
}

#[test]
fn a_change_that_cannot_be_undoes_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let stereo = level(dir.path(), "1.wav", 48_000, 0.2, 30.0);
    let mut l = start(std::slice::from_ref(&stereo), plain(&stereo), &Fake::default());
    l.player.set_room(Some("living-room".to_string()));
    std::thread::sleep(Duration::from_millis(15));
    l.player.set_hrtf("kemar");
    l.player.set_headphones(Some("/no/such/ParametricEQ.txt".to_string()));
    l.listen(&[128], |l| l.player.status().hrtf == "kemar");
    let mut told = Vec::new();
    wait_for(&l, &mut told, is_warning);
    l.seconds(&[128], 0.2);
    told.extend(l.player.events());
    let warnings: Vec<_> = told.iter().filter(|e| is_warning(e)).collect();
    assert!(matches!(&warnings[..], [Event::Warning(w)] if w.contains("/no/such")), "{warnings:?}");
    let status = l.player.status();
    assert!(status.hrtf == "kemar" && status.room.contains("living-room"), "{status:?}");
    end(l);
}

#[test]
fn after_a_track_that_cannot_be_played_the_one_that_plays_can_still_be_changed() {
    let dir = tempfile::tempdir().unwrap();
    let good = level(dir.path(), "1.wav", 48_000, 0.2, 30.0);
    let bad = dir.path().join("nonsense.wav");
    std::fs::write(&bad, b"nonsense").unwrap();
    let mut l = start(&[good.clone(), bad], straight(&good), &Fake::default());
    l.player.skip(1);
    let mut told = Vec::new();
    wait_for(&l, &mut told, |e| matches!(e, Event::Warning(w) if w.contains("none of the other tracks")));
    l.player.seek(20.0);
    l.listen(&[128], |l| l.player.status().position_s >= 20.0);
    let more: Vec<_> = l.player.events().filter(is_warning).collect();
    assert!(more.is_empty(), "{more:?}");
    end(l);
}

#[test]
fn what_is_asked_for_while_the_device_is_gone_is_done_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let stereo = level(dir.path(), "1.wav", 48_000, 0.2, 12.0);
    let fake = Fake::default();
    let mut l = start(std::slice::from_ref(&stereo), straight(&stereo), &fake);
    l.seconds(&[128], 0.2);
    let mut told = Vec::new();
    // Paused while it is gone: silent when it is back.
    lose(&fake, 3);
    wait_for(&l, &mut told, |e| matches!(e, Event::DeviceLost(_)));
    l.player.pause(true);
    l.player.seek(11.5);
    wait_for(&l, &mut told, |e| matches!(e, Event::DeviceBack(_)));
    let from = l.heard[0].len();
    l.listen(&[128], |l| l.player.status().state == State::Paused && l.player.status().position_s > 11.0);
    l.seconds(&[128], 0.3);
    assert!(l.heard[0][from..].iter().all(|x| *x == 0.0), "it sounds though it is paused");
    // Going on while it is gone: heard when it is back, and begun anew at its end.
    told.clear();
    lose(&fake, 3);
    wait_for(&l, &mut told, |e| matches!(e, Event::DeviceLost(_)));
    l.player.pause(false);
    l.player.set_repeat(true);
    wait_for(&l, &mut told, |e| matches!(e, Event::DeviceBack(_)));
    let from = l.heard[0].len();
    l.seconds(&[128], 1.5);
    assert_eq!(l.player.status().state, State::Playing);
    assert!(l.heard[0][from + 48_000..].iter().filter(|x| **x == 0.2).count() > 12_000, "it does not begin anew");
    assert!(!told.iter().any(is_warning), "{told:?}");
    end(l);
}

#[test]
fn the_end_can_be_asked_for_while_the_device_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let stereo = level(dir.path(), "1.wav", 48_000, 0.2, 12.0);
    let fake = Fake::default();
    let l = start(std::slice::from_ref(&stereo), straight(&stereo), &fake);
    let mut told = Vec::new();
    lose(&fake, usize::MAX / 2);
    wait_for(&l, &mut told, |e| matches!(e, Event::DeviceLost(_)));
    let asked = Instant::now();
    l.player.stop();
    l.player.finish().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
}

#[test]
fn a_device_that_is_gone_between_two_tracks_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let tracks = [level(dir.path(), "1.wav", 48_000, 0.1, 5.0), level(dir.path(), "2.wav", 44_100, 0.2, 0.5)];
    let fake = Fake::default();
    let mut l = start(&tracks, straight(&tracks[0]), &fake);
    fake.missing.store(4, Ordering::Relaxed);
    l.listen(&[128], |l| l.player.is_over());
    assert_eq!(l.heard[0].iter().filter(|x| **x == 0.2).count(), 22_050);
    let told: Vec<_> = l.player.events().collect();
    assert!(told.iter().any(|e| matches!(e, Event::DeviceBack(_))) && !told.iter().any(is_warning), "{told:?}");
    l.player.finish().unwrap();
}

#[test]
fn a_device_that_cannot_be_had_for_the_track_skipped_to_ends_playing_with_its_error() {
    let dir = tempfile::tempdir().unwrap();
    let tracks = [level(dir.path(), "1.wav", 48_000, 0.1, 8.0), level(dir.path(), "2.wav", 44_100, 0.2, 8.0)];
    let fake = Fake { busy: Some(44_100), ..Fake::default() };
    let patience = Duration::from_millis(300);
    let mut l = Listener::new(&tracks, Settings { patience, ..Settings::new(straight(&tracks[0])) }, fake);
    l.until_playing();
    l.player.skip(1);
    l.listen(&[128], |l| l.player.is_over());
    let told: Vec<_> = l.player.events().collect();
    assert!(told.iter().any(|e| matches!(e, Event::DeviceLost(_))) && !told.iter().any(is_warning), "{told:?}");
    let why = l.player.finish().unwrap_err();
    assert!(why.kind() == ErrorKind::Device && why.sentence().contains("someone else has it"), "{why:?}");
}

#[test]
fn a_device_with_buffers_of_seconds_is_not_taken_for_lost() {
    let dir = tempfile::tempdir().unwrap();
    let stereo = level(dir.path(), "1.wav", 48_000, 0.2, 30.0);
    let mut l = start(std::slice::from_ref(&stereo), straight(&stereo), &Fake::default());
    l.callback(131_072);
    std::thread::sleep(Duration::from_millis(2_700));
    l.callback(131_072);
    std::thread::sleep(Duration::from_millis(100));
    let told: Vec<_> = l.player.events().filter(|e| !matches!(e, Event::Track(..))).collect();
    assert!(told.is_empty(), "{told:?}");
    end(l);
}

#[test]
fn what_is_damaged_in_a_track_is_told_as_a_render_tells_it() {
    let dir = tempfile::tempdir().unwrap();
    let x: Vec<f32> = noise(1, 48_000).iter().map(|x| 0.2 * x).collect();
    let whole = write(&dir.path().join("whole.wav"), &[&x, &x]);
    let flac = dir.path().join("track.flac");
    render(&RenderJob { output: flac.clone(), format: SampleFormat::I16, ..straight(&whole) }, &mut |_| {}).unwrap();
    let mut bytes = std::fs::read(&flac).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    std::fs::write(&flac, bytes).unwrap();
    let job = RenderJob { output: dir.path().join("out.wav"), force: true, ..straight(&flac) };
    let report = render(&job, &mut |_| {}).unwrap();
    assert!(!report.warnings.is_empty());
    let mut l = start(std::slice::from_ref(&flac), job, &Fake::default());
    l.listen(&[256], |l| l.player.is_over());
    let told: Vec<_> = l.player.events().collect();
    for warning in report.warnings {
        assert!(told.contains(&Event::Warning(warning.clone())), "{warning}: {told:?}");
    }
}

#[test]
fn gains_belong_to_the_sources_that_they_were_set_for() {
    let dir = tempfile::tempdir().unwrap();
    let tracks = ["1.wav", "2.wav"].map(|n| level(dir.path(), n, 48_000, 0.1, 30.0));
    let mut l = start(&tracks, plain(&tracks[0]), &Fake::default());
    let gains = |l: &Listener| l.player.stage().map(|s| s.sources.iter().map(|s| s.gain).collect::<Vec<_>>());
    l.listen(&[128], |l| gains(l) == Some(vec![1.0, 1.0]));
    l.player.set_source_gain(0, 0.25).unwrap();
    let go = |l: &mut Listener, step: isize, track: usize| {
        l.player.skip(step);
        l.listen(&[128], |l| l.player.status().track == track);
    };
    // Kept while another track plays, and in another room.
    go(&mut l, 1, 1);
    l.player.set_room(Some("studio".to_string()));
    l.listen(&[128], |l| l.player.status().room.contains("studio"));
    go(&mut l, -1, 0);
    assert_eq!(gains(&l), Some(vec![0.25, 1.0]));
    // Placed in another way meanwhile, it has other sources.
    go(&mut l, 1, 1);
    l.player.set_placement(Some(Placement::Point(Vec3::new(1.0, 0.0, 0.0))));
    l.listen(&[128], |l| l.player.stage().is_some_and(|s| s.placement == "point"));
    go(&mut l, -1, 0);
    assert!(gains(&l).is_some_and(|g| g.iter().all(|g| *g == 1.0)), "{:?}", gains(&l));
    end(l);
}
