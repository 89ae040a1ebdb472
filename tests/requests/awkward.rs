//! Streams that hang, devices that change while something is done, and what is asked for just before something else happens.

use super::*;

/// A track at one level, played straight.
fn playing(dir: &Path, seconds: f64, fake: &Fake) -> Listener {
    let track = level(dir, "1.wav", 48_000, 0.2, seconds);
    let mut l = start(std::slice::from_ref(&track), straight(&track), fake);
    l.seconds(&[128], 0.3);
    l
}

#[test]
fn a_stream_that_hung_and_ends_later_takes_nothing_from_the_one_that_plays() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::default();
    let mut l = playing(dir.path(), 12.0, &fake);
    let mut told = Vec::new();
    fake.hangs.store(true, Ordering::Relaxed);
    lose(&fake, 0);
    wait_for(&l, &mut told, |e| matches!(e, Event::DeviceBack(_)));
    fake.hangs.store(false, Ordering::Relaxed);
    let hung: Vec<_> = fake.hung.lock().unwrap().drain(..).collect();
    for (lease, reports) in hung {
        reports.lost("the server has died");
        drop(lease);
    }
    l.seconds(&[128], 0.3);
    let more: Vec<_> = l.player.events().collect();
    assert!(more.is_empty(), "{more:?}");
    assert_eq!(l.heard[0].last(), Some(&0.2));
    // Nor when that one is lost.
    told.clear();
    lose(&fake, 0);
    wait_for(&l, &mut told, |e| matches!(e, Event::DeviceBack(_)));
    l.seconds(&[128], 0.3);
    assert_eq!(l.heard[0].last(), Some(&0.2));
    let status = l.player.status();
    assert!(status.state == State::Playing && status.position_s > 0.7, "{status:?}");
    end(l);
}

#[test]
fn a_device_that_is_back_at_its_own_rate_goes_on_though_it_could_not_be_started_at_another() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake { busy: Some(44_100), ..Fake::default() };
    let mut l = playing(dir.path(), 12.0, &fake);
    fake.rate.store(44_100, Ordering::Relaxed);
    lose(&fake, 0);
    let mut told = Vec::new();
    wait_for(&l, &mut told, |e| matches!(e, Event::DeviceLost(_)));
    std::thread::sleep(Duration::from_millis(300));
    fake.rate.store(0, Ordering::Relaxed);
    wait_for(&l, &mut told, |e| matches!(e, Event::DeviceBack(_)));
    l.seconds(&[128], 0.5);
    assert_eq!((l.heard[0].last(), l.player.status().state), (Some(&0.2), State::Playing));
    end(l);
}

#[test]
fn a_device_that_is_lost_while_a_room_is_built_is_found_again_before_the_room() {
    let dir = tempfile::tempdir().unwrap();
    let stereo = white(dir.path(), 20);
    let fake = Fake::default();
    let mut l = start(std::slice::from_ref(&stereo), plain(&stereo), &fake);
    l.seconds(&[128], 0.3);
    l.player.set_room(Some("cathedral".to_string()));
    std::thread::sleep(Duration::from_millis(30));
    lose(&fake, 0);
    let (mut told, since) = (Vec::new(), Instant::now());
    wait_for(&l, &mut told, |e| matches!(e, Event::DeviceLost(_)));
    // The room takes seconds.
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    wait_for(&l, &mut told, |e| matches!(e, Event::DeviceBack(_)));
    l.listen(&[128], |l| l.player.status().room.contains("cathedral"));
    end(l);
}

#[test]
fn the_figures_are_those_of_all_streams() {
    let dir = tempfile::tempdir().unwrap();
    let tracks = [level(dir.path(), "1.wav", 48_000, 0.5, 0.5), level(dir.path(), "2.wav", 44_100, 0.1, 0.5)];
    let mut l = start(&tracks, straight(&tracks[0]), &Fake::default());
    l.listen(&[128], |l| l.player.is_over());
    let peak = l.player.finish().unwrap().status.true_peak_dbtp;
    assert!((-6.1..-3.0).contains(&peak), "{peak}");
}

#[test]
fn a_track_that_is_added_to_stems_is_a_track() {
    let dir = tempfile::tempdir().unwrap();
    let vocals = write(&dir.path().join("vocals.wav"), &[&noise(3, 24_000)]);
    let song = write(&dir.path().join("song.wav"), &[&noise(4, 96_000)]);
    let job = RenderJob { stems: vec![vocals], ..plain(dir.path()) };
    let mut l = start(std::slice::from_ref(&job.input), job.clone(), &Fake::default());
    l.player.add_tracks(vec![song]);
    l.listen(&[128], |l| l.player.status().track == 1);
    l.seconds(&[128], 0.1);
    let names: Vec<_> = l.player.stage().unwrap().sources.into_iter().map(|s| s.name).collect();
    assert!(!names.iter().any(|n| n.contains("vocals")), "{names:?}");
    assert_eq!(l.player.status().duration_s, Some(2.0));
    end(l);
}

#[test]
fn a_change_right_behind_a_skip_leaves_the_track_at_its_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let tracks = [level(dir.path(), "1.wav", 48_000, 0.1, 60.0), level(dir.path(), "2.wav", 48_000, 0.2, 60.0)];
    let mut l = start(&tracks, straight(&tracks[0]), &Fake::default());
    l.player.seek(30.0);
    l.listen(&[128], |l| l.player.status().position_s > 30.0);
    // While this is built the others come together.
    l.player.set_hrtf("kemar");
    std::thread::sleep(Duration::from_millis(3));
    l.player.skip(1);
    l.player.change(|job| job.true_peak = Some(-1.0));
    l.listen(&[128], |l| l.player.status().track == 1);
    for _ in 0..20 {
        l.seconds(&[128], 0.05);
        let status = l.player.status();
        assert!(status.track == 1 && status.position_s < 3.0, "{status:?}");
    }
    let told: Vec<_> = l.player.events().filter(is_warning).collect();
    assert!(told.is_empty(), "{told:?}");
    end(l);
}

#[test]
fn a_skip_to_the_track_that_begins_by_itself_meanwhile_does_not_begin_it_twice() {
    let dir = tempfile::tempdir().unwrap();
    let track = |name: &str, right: f32, seconds: usize| {
        let ears = [vec![0.2; seconds * 48_000], vec![right; seconds * 48_000]];
        write(&dir.path().join(name), &[&ears[0], &ears[1]])
    };
    let tracks = [track("1.wav", 0.2, 5), track("2.wav", 0.1, 2)];
    // The level is measured, so the skip takes a while to be built.
    let job = RenderJob { loudness: Loudness::Lufs(-20.0), ..straight(&tracks[0]) };
    for left in [0.3, 0.15, 0.05] {
        let mut l = start(&tracks, job.clone(), &Fake::default());
        // The moment may be missed: then the second track plays, and there is none behind it.
        l.listen(&[128], |l| l.player.status().track == 1 || l.player.status().position_s > 5.0 - left);
        l.player.skip(1);
        l.listen(&[128], |l| l.player.is_over());
        let of_second = |(l, r): &(&f32, &f32)| **r > 0.0 && (**l / **r - 2.0).abs() < 1e-3;
        let heard = l.heard[0].iter().zip(&l.heard[1]).filter(of_second).count();
        assert!((48_000..=96_000).contains(&heard), "{heard} frames of a track of 96000, {left}");
        l.player.finish().unwrap();
    }
}

#[test]
fn a_pause_before_the_first_sound_is_silent_from_the_first_frame_on() {
    let dir = tempfile::tempdir().unwrap();
    let track = level(dir.path(), "1.wav", 48_000, 0.2, 12.0);
    let mut l = Listener::new(std::slice::from_ref(&track), Settings::new(straight(&track)), Fake::default());
    l.player.pause(true);
    l.listen(&[128], |l| l.player.status().state == State::Paused);
    l.seconds(&[128], 0.3);
    assert!(l.heard[0].iter().all(|x| *x == 0.0));
    l.player.pause(false);
    l.listen(&[128], |l| l.heard[0].last() == Some(&0.2));
    end(l);
}

#[test]
fn what_is_changed_while_a_room_rings_on_behind_the_track_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let track = write(&dir.path().join("1.wav"), &[&noise(1, 48_000)]);
    let job = RenderJob { tail: Some(60.0), ..plain(&track) };
    let mut l = start(std::slice::from_ref(&track), job, &Fake::default());
    l.seconds(&[128], 4.0);
    assert!(!l.player.is_over());
    l.player.set_hrtf("kemar");
    l.listen(&[128], |l| l.player.status().hrtf == "kemar");
    let told: Vec<_> = l.player.events().filter(is_warning).collect();
    assert!(told.is_empty(), "{told:?}");
    end(l);
}

#[test]
fn a_head_that_turns_all_through_a_pause_is_where_it_was_last_and_leaves_room_for_other_words() {
    let dir = tempfile::tempdir().unwrap();
    let stereo = white(dir.path(), 12);
    let mut l = start(std::slice::from_ref(&stereo), plain(&stereo), &Fake::default());
    l.seconds(&[128], 0.3);
    l.player.pause(true);
    l.listen(&[128], |l| l.player.status().state == State::Paused);
    let look = |yaw: f64| Pose { orientation: Rotation::from_yaw_pitch_roll(yaw, 0.0, 0.0), ..Pose::default() };
    (0..10_000).for_each(|_| l.player.turn_head(look(-90.0)).unwrap());
    l.player.turn_head(look(90.0)).unwrap();
    l.player.set_source_gain(0, 0.5).unwrap();
    l.player.pause(false);
    l.seconds(&[128], 1.0);
    let power = |ear: usize| l.heard[ear].iter().rev().take(24_000).map(|x| x * x).sum::<f32>();
    // It looks to the left, so the loudspeakers are on its right.
    assert!(power(1) > 4.0 * power(0), "{} {}", power(0), power(1));
    end(l);
}

#[test]
fn tracks_that_the_settings_are_not_for_are_played_without_them_and_that_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mono = |n: &str, of: u32| write(&dir.path().join(n), &[&noise(of, 24_000)]);
    let stereo = white(dir.path(), 1);
    let job = RenderJob { placement: Some(Placement::Panorama), ..plain(&stereo) };
    let tracks = [mono("1.wav", 1), stereo, mono("3.wav", 3)];
    let mut l = start(&tracks, job.clone(), &Fake::default());
    let (mut placements, mut told) = (Vec::new(), Vec::new());
    l.listen(&[128], |l| {
        placements.extend(l.player.stage().map(|s| (s.track, s.placement)));
        placements.dedup();
        l.player.is_over()
    });
    told.extend(l.player.events().filter(is_warning));
    assert_eq!(placements, [(0, "point"), (1, "panorama"), (2, "point")]);
    assert!(told.len() == 2 && format!("{told:?}").contains("played without the placement that is set"), "{told:?}");
    l.player.finish().unwrap();
    // The only track there is has no usual way instead.
    let alone = Player::start(vec![tracks[0].clone()], Settings::new(job), Box::new(Fake::default())).unwrap();
    assert_eq!(alone.finish().unwrap_err().kind(), ErrorKind::Argument);
}

#[test]
fn what_is_set_anew_holds_for_a_track_that_the_old_was_not_for() {
    let dir = tempfile::tempdir().unwrap();
    let mono = write(&dir.path().join("1.wav"), &[&noise(1, 10 * 48_000)]);
    let tracks = [mono, white(dir.path(), 1)];
    let job = RenderJob { placement: Some(Placement::Panorama), ..plain(&tracks[1]) };
    let mut l = start(&tracks, job, &Fake::default());
    l.player.set_room(Some("club".to_string()));
    l.listen(&[128], |l| l.player.status().room == "club");
    // Set once more, it is refused as it would be without the other track.
    let _ = l.player.events().count();
    l.player.set_placement(Some(Placement::Panorama));
    let mut told = Vec::new();
    l.listen(&[128], |l| {
        told.extend(l.player.events());
        told.iter().any(is_warning)
    });
    assert!(format!("{told:?}").contains("a panorama is made of a stereo track"), "{told:?}");
    l.player.set_placement(Some(Placement::Speakers));
    l.listen(&[128], |l| l.player.stage().is_some_and(|s| s.placement == "speakers"));
    end(l);
}
