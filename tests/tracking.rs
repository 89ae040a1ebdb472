//! Head tracking: smoothing and prediction against theory, recentring, and a million packets that mean no good.

use periphon::coords::{Pose, Rotation, Vec3};
use periphon::tracking::{HeadEvent, Recentre, Tracker, TrackerOptions, read_packet};

fn yaw_of(pose: &Pose) -> f64 {
    pose.orientation.rotate(Vec3::new(1.0, 0.0, 0.0)).to_polar().0
}

/// Degrees between two rotations.
fn apart(a: Rotation, b: Rotation) -> f64 {
    let q = a.inverse() * b;
    2.0 * (q.x * q.x + q.y * q.y + q.z * q.z).sqrt().atan2(q.w.abs()).to_degrees()
}

fn yaw(degrees: f64) -> HeadEvent {
    HeadEvent::Angles([degrees, 0.0, 0.0])
}

fn tracker(smoothing_s: f64, look_ahead_s: f64) -> Tracker {
    Tracker::new(TrackerOptions { smoothing_s, look_ahead_s, ..TrackerOptions::default() }).unwrap()
}

#[test]
fn a_step_is_reached_by_the_time_constant_whatever_the_polling() {
    for polls in [1, 7, 100] {
        let mut t = tracker(0.05, 0.0);
        t.event(0.0, yaw(0.0));
        t.event(1.0, yaw(60.0));
        for i in 1..=polls {
            let elapsed = 0.15 * f64::from(i) / f64::from(polls);
            let expected = 60.0 * (1.0 - (-elapsed / 0.05).exp());
            let is = yaw_of(&t.pose(1.0 + elapsed));
            // Small turns are interpolated along the chord.
            assert!((is - expected).abs() < 0.01, "{elapsed}: {is}, not {expected}");
        }
    }
}

#[test]
fn a_steady_turn_lags_by_the_time_constant_and_is_predicted_away() {
    let speed = 100.0;
    let run = |smoothing_s, look_ahead_s| {
        let mut t = tracker(smoothing_s, look_ahead_s);
        let mut time = 0.0;
        while time < 1.0 {
            t.event(time, yaw(speed * time));
            time += 0.005;
        }
        let last = time - 0.005;
        yaw_of(&t.pose(last)) - speed * last
    };
    // What is held between packets, 5 ms apart, lags by half a packet more.
    let lag = -run(0.04, 0.0) / speed;
    assert!((lag - 0.0425).abs() < 0.001, "{lag}");
    assert!(run(0.0, 0.0).abs() < 1e-9);
    // By the look-ahead beyond where it is now.
    assert!((run(0.0, 0.03) - 3.0).abs() < 0.01);
    assert!(run(0.04, 0.0425).abs() < 0.1);
}

/// Error of the pose that is used `late` seconds after it was made, for a head that shakes sinusoidally; degrees, rms.
fn shaking(hz: f64, amplitude: f64, late: f64, look_ahead_s: f64) -> f64 {
    let at = |time: f64| amplitude * (std::f64::consts::TAU * hz * time).sin();
    let mut t = tracker(0.0, look_ahead_s);
    let (mut sum, mut count) = (0.0, 0.0);
    let mut next = 0.0;
    for i in 0..4000 {
        let time = f64::from(i) * 0.001;
        if time >= next {
            t.event(time, yaw(at(time)));
            next += 0.01;
        }
        let is = yaw_of(&t.pose(time));
        if time > 1.0 {
            sum += (is - at(time + late)).powi(2);
            count += 1.0;
        }
    }
    f64::sqrt(sum / count)
}

#[test]
fn prediction_of_a_shaking_head_leaves_a_fraction_of_the_error() {
    // A brisk look around: 45 degrees at 0.5 Hz, 141 degrees a second at most; packets at 100 Hz, used 30 ms later.
    let (without, with) = (shaking(0.5, 45.0, 0.03, 0.0), shaking(0.5, 45.0, 0.03, 0.03));
    // Theory: 35 ms late on average at an rms speed of 100 degrees a second.
    assert!((3.0..4.0).contains(&without), "{without}");
    assert!(with < 0.5, "{with}");
    // A quick nod: 10 degrees at 2 Hz.
    let (without_nod, with_nod) = (shaking(2.0, 10.0, 0.03, 0.0), shaking(2.0, 10.0, 0.03, 0.03));
    assert!(with_nod < 0.5 * without_nod, "{with_nod} {without_nod}");
    println!(
        "30 ms late, rms degrees: 45 at 0.5 Hz {without:.2}, predicted {with:.2}; 10 at 2 Hz {without_nod:.2}, predicted {with_nod:.2}"
    );
}

#[test]
fn a_silent_tracker_leaves_the_head_where_it_was_last_seen_and_no_prediction_runs_away() {
    let mut t = tracker(0.0, 0.2);
    for i in 0..100 {
        t.event(f64::from(i) * 0.005, yaw(f64::from(i) * 10.0 % 360.0));
    }
    let last = 99.0 * 10.0 % 360.0;
    let seen = Rotation::from_yaw_pitch_roll(last, 0.0, 0.0);
    assert!(apart(t.pose(0.495).orientation, seen) < 25.1, "clamped");
    assert!(apart(t.pose(0.7).orientation, seen) < 1e-6, "rests");
    assert_eq!(t.age_s(1.495), Some(1.0));
    // After the pause the old speed is not believed.
    t.event(5.0, yaw(0.0));
    assert!(yaw_of(&t.pose(5.0)).abs() < 1e-9);
}

#[test]
fn three_angles_in_three_messages_are_one_turn() {
    use periphon::tracking::Axis;
    let mut t = tracker(0.0, 0.02);
    for i in 0..200 {
        let time = f64::from(i) * 0.01;
        t.event(time, HeadEvent::Angle(Axis::Yaw, 20.0 * time));
        t.event(time, HeadEvent::Angle(Axis::Pitch, 10.0));
        t.event(time + 1e-4, HeadEvent::Angle(Axis::Roll, -5.0));
    }
    let expected = Rotation::from_yaw_pitch_roll(20.0 * (1.9901 + 0.02), 10.0, -5.0);
    assert!(apart(t.pose(1.9901).orientation, expected) < 0.1);
}

#[test]
fn recentring_the_heading_keeps_the_tilt() {
    let mut t = tracker(0.0, 0.0);
    t.event(0.0, HeadEvent::Angles([130.0, 10.0, 5.0]));
    t.recentre(Recentre::Yaw);
    assert!(apart(t.pose(0.0).orientation, Rotation::from_yaw_pitch_roll(0.0, 10.0, 5.0)) < 1e-6);
    t.event(1.0, HeadEvent::Angles([170.0, -20.0, 0.0]));
    assert!(apart(t.pose(1.0).orientation, Rotation::from_yaw_pitch_roll(40.0, -20.0, 0.0)) < 1e-6);
    t.forget_centre();
    assert!(apart(t.pose(1.0).orientation, Rotation::from_yaw_pitch_roll(170.0, -20.0, 0.0)) < 1e-6);
}

#[test]
fn a_tracker_that_sits_askew_turns_the_head_about_the_vertical_after_recentring() {
    let mount = Rotation::from_yaw_pitch_roll(0.0, 35.0, -20.0);
    let room = Rotation::from_yaw_pitch_roll(77.0, 0.0, 0.0);
    let says = |head: Rotation| {
        let q = room * head * mount;
        HeadEvent::Quaternion([q.w, q.x, q.y, q.z])
    };
    let mut t = Tracker::new(TrackerOptions { recentre: Recentre::Full, ..TrackerOptions::raw() }).unwrap();
    t.event(0.0, says(Rotation::IDENTITY));
    t.event(0.1, HeadEvent::Recentre);
    assert!(apart(t.pose(0.1).orientation, Rotation::IDENTITY) < 1e-6);
    for (i, angles) in [[40.0, 0.0, 0.0], [0.0, 25.0, 0.0], [-60.0, 10.0, 15.0]].into_iter().enumerate() {
        let head = Rotation::from_yaw_pitch_roll(angles[0], angles[1], angles[2]);
        t.event(1.0 + i as f64, says(head));
        let off = apart(t.pose(1.0 + i as f64).orientation, head);
        assert!(off < 1e-5, "{angles:?}: {off}");
    }
}

#[test]
fn positions_count_from_the_first_and_turn_with_the_heading() {
    let mut t = Tracker::new(TrackerOptions { position: true, ..TrackerOptions::raw() }).unwrap();
    t.event(0.0, HeadEvent::Pose(Vec3::new(5.0, 5.0, 1.0), [90.0, 0.0, 0.0]));
    assert_eq!(t.pose(0.0).position, Vec3::default());
    t.recentre(Recentre::Yaw);
    // One step to where the head now looks.
    t.event(1.0, HeadEvent::Position(Vec3::new(5.0, 6.0, 1.0)));
    assert!((t.pose(1.0).position - Vec3::new(1.0, 0.0, 0.0)).norm() < 1e-9);
    let mut still = Tracker::new(TrackerOptions::raw()).unwrap();
    still.event(0.0, HeadEvent::Position(Vec3::new(5.0, 6.0, 1.0)));
    still.event(0.0, HeadEvent::Position(Vec3::new(6.0, 6.0, 1.0)));
    assert_eq!(still.pose(0.0).position, Vec3::default());
}

#[test]
fn what_makes_no_sense_is_rejected_and_changes_nothing() {
    let mut t = tracker(0.0, 0.0);
    assert!(t.event(0.0, HeadEvent::Quaternion([0.95, 0.0, 0.0, 0.3])), "a rounded one is normalised");
    let before = t.pose(0.0);
    for event in [
        HeadEvent::Quaternion([0.0; 4]),
        HeadEvent::Quaternion([3.0, 0.0, 0.0, 0.0]),
        HeadEvent::Quaternion([f64::NAN, 0.0, 0.0, 1.0]),
        HeadEvent::Quaternion([f64::INFINITY, 0.0, 0.0, 0.0]),
        HeadEvent::Angles([1e6, 0.0, 0.0]),
        HeadEvent::SceneAngles([0.0, f64::NAN, 0.0]),
        HeadEvent::Position(Vec3::new(1e9, 0.0, 0.0)),
        HeadEvent::Pose(Vec3::new(f64::NAN, 0.0, 0.0), [0.0; 3]),
    ] {
        assert!(!t.event(1.0, event), "{event:?}");
    }
    assert!(!t.event(f64::NAN, yaw(1.0)));
    assert_eq!(t.pose(1.0), before);
    assert_eq!(t.counts(), (1, 9));
    // Time that runs backwards stands still.
    assert!(t.event(-5.0, yaw(10.0)));
    assert!((yaw_of(&t.pose(f64::NAN)) - 10.0).abs() < 1e-9);
    assert!(Tracker::new(TrackerOptions { smoothing_s: f64::NAN, ..TrackerOptions::raw() }).is_err());
    assert!(Tracker::new(TrackerOptions { look_ahead_s: 1.0, ..TrackerOptions::raw() }).is_err());
}

/// A xorshift.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

#[test]
fn a_million_random_and_mutated_packets_do_no_harm() {
    let mut opentrack = vec![0u8; 48];
    opentrack[24..32].copy_from_slice(&30f64.to_le_bytes());
    let seeds: [&[u8]; 6] = [
        b"/ypr\0\0\0\0,fff\0\0\0\0\x41\x20\0\0\xc1\xa0\0\0\x3f\0\0\0",
        b"/SceneRotator/quaternions\0\0\0,ffff\0\0\0\x3f\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"#bundle\0\0\0\0\0\0\0\0\x01\0\0\0\x10/yaw\0\0\0\0,f\0\0\x41\x20\0\0\0\0\0\x10/rol\0\0\0\0,f\0\0\x41\x20\0\0",
        b"/headpose\0\0\0,dddddd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"/zero\0\0\0,\0\0\0",
        &opentrack,
    ];
    let mut dice = Dice(0x5eed_1234_5678_9abc);
    let options = TrackerOptions { position: true, ..TrackerOptions::default() };
    let mut t = Tracker::new(options).unwrap();
    let mut packet = Vec::new();
    let (mut understood, mut time) = (0u32, 0.0);
    for i in 0..1_000_000 {
        packet.clear();
        if i % 4 == 0 {
            let len = dice.below(80);
            packet.extend((0..len).map(|_| dice.next() as u8));
        } else {
            packet.extend_from_slice(seeds[dice.below(seeds.len())]);
            for _ in 0..dice.below(4) {
                let at = dice.below(packet.len());
                match dice.below(4) {
                    0 => packet[at] = dice.next() as u8,
                    1 => packet[at] ^= 1 << dice.below(8),
                    2 => packet.truncate(at.max(1)),
                    _ => packet.insert(at, dice.next() as u8),
                }
            }
        }
        time += [0.0, 1e-5, 0.003, -0.1][dice.below(4)];
        let any = read_packet(i % 2 == 0, &packet, &mut |event| {
            t.event(time, event);
        });
        understood += u32::from(any);
        if i % 3 == 0 {
            let pose = t.pose(time);
            let q = pose.orientation;
            let length = q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z;
            assert!((length - 1.0).abs() < 1e-9 && pose.position.is_finite(), "{packet:?}");
        }
    }
    assert!(understood > 50_000, "{understood}");
    println!("{understood} packets were understood; events taken in and rejected: {:?}", t.counts());
}

proptest::proptest! {
    #[test]
    fn any_numbers_leave_a_unit_rotation(values in proptest::collection::vec(proptest::num::f64::ANY, 4), times in
        proptest::collection::vec(proptest::num::f64::ANY, 3)) {
        let mut t = Tracker::new(TrackerOptions { position: true, ..TrackerOptions::default() }).unwrap();
        let v = &values;
        t.event(times[0], HeadEvent::Quaternion([v[0], v[1], v[2], v[3]]));
        t.event(times[1], HeadEvent::Pose(Vec3::new(v[0], v[1], v[2]), [v[1], v[2], v[3]]));
        t.event(times[2], HeadEvent::SceneAngles([v[0], v[1], v[2]]));
        t.recentre(Recentre::Full);
        let q = t.pose(times[1]).orientation;
        proptest::prop_assert!((q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z - 1.0).abs() < 1e-9);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), kind in 0..3) {
        let mut packet = bytes;
        match kind {
            0 => packet.splice(0..0, *b"#bundle\0\0\0\0\0\0\0\0\0").for_each(drop),
            1 => packet.splice(0..0, *b"/ypr\0\0\0\0,").for_each(drop),
            _ => {}
        }
        read_packet(false, &packet, &mut |_| {});
        read_packet(true, &packet, &mut |_| {});
    }
}
