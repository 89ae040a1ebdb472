//! The callback makes no system call: it runs on a thread that the system ends at the first one. A lock that has to be waited for is
//! one, and so are rest, heap from the system, files and devices.
#![cfg(all(feature = "live", feature = "headphones", target_os = "linux"))]

#[expect(dead_code, reason = "the callback is called from elsewhere")]
mod fake_device;
mod sounds;
mod watching;

use fake_device::{Ears, RATE};
use nix::libc;
use periphon::coords::{Pose, Rotation, Vec3};
use periphon::live::{Lease, Settings};
use periphon::render::RenderJob;
use sounds::{noise, wav};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// From here on any system call ends this thread. False if that cannot be had.
#[expect(unsafe_code, reason = "no crate at hand filters system calls")]
fn forbid_system_calls() -> bool {
    // One instruction: whatever is called, end the thread.
    let mut filter = libc::sock_filter {
        code: (libc::BPF_RET | libc::BPF_K) as u16,
        jt: 0,
        jf: 0,
        k: libc::SECCOMP_RET_KILL_THREAD,
    };
    let program = libc::sock_fprog { len: 1, filter: &raw mut filter };
    // SAFETY: both only read what they are given, which outlives them.
    unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    }
}

/// Begins `work` on a thread that may not call the system any more. What it returns becomes true if the work comes to its end.
fn without_system_calls(work: impl FnOnce() + Send + 'static) -> Arc<AtomicBool> {
    let done = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&done);
    // Not joined: it cannot even end without a call, and is ended.
    std::thread::spawn(move || {
        if forbid_system_calls() {
            work();
            tell.store(true, Ordering::Release);
        }
    });
    done
}

/// Waits until something is true; false if it is not in time.
fn comes(done: &AtomicBool, within: Duration) -> bool {
    let since = Instant::now();
    while !done.load(Ordering::Acquire) && since.elapsed() < within {
        std::thread::sleep(Duration::from_millis(5));
    }
    done.load(Ordering::Acquire)
}

#[test]
fn the_callback_makes_no_system_call_whatever_is_asked_for() {
    let clock = without_system_calls(|| {
        std::hint::black_box(Instant::now());
    });
    if !comes(&clock, Duration::from_secs(5)) {
        // A sandbox without such threads, or a machine whose clock is the system's.
        println!("left out: threads without system calls cannot be had here");
        return;
    }
    let yields = without_system_calls(std::thread::yield_now);
    assert!(!comes(&yields, Duration::from_millis(300)), "a call would not be noticed");

    let dir = tempfile::tempdir().unwrap();
    let track = |name: &str, of: u32| {
        wav(&dir.path().join(name), RATE as u32, &[&noise(of, 30 * RATE), &noise(of + 1, 30 * RATE)])
    };
    let tracks = [track("a.wav", 1), track("b.wav", 3)];
    let job = RenderJob { room: Some("living-room".into()), ..RenderJob::new(&tracks[0], "") };
    let mut ears = Ears::new(&tracks, Settings { follow_head: Some(128), ..Settings::new(job) });
    ears.until_playing();
    let lease = Arc::new(Mutex::new(ears.fake.line.lock().unwrap().take().expect("it plays")));
    let (calls, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let callback = {
        let (lease, calls, over) = (Arc::clone(&lease), Arc::clone(&calls), Arc::clone(&over));
        let mut out = vec![0.0; 2 * 128];
        // Nobody else locks it meanwhile.
        move || {
            let mut lease: std::sync::MutexGuard<'_, Lease> = lease.lock().unwrap();
            while !over.load(Ordering::Acquire) {
                lease.fill(&mut out, 2, Some(Duration::from_millis(500)));
                calls.fetch_add(1, Ordering::Release);
                // About the time that a block lasts, without asking the system for it.
                let since = Instant::now();
                while since.elapsed() < Duration::from_micros(1500) {
                    std::hint::spin_loop();
                }
            }
        }
    };
    let done = without_system_calls(callback);
    let player = &ears.player;
    let ask = |n: usize| match n {
        1 => player.set_hrtf("kemar"),
        2 => player.seek(10.0),
        3 => player.pause(true),
        4 => player.pause(false),
        5 => player.set_headphones(Some("Sennheiser HD 650".into())),
        6 => player.skip(1),
        7 => player.set_room(Some("club".into())),
        _ => {}
    };
    let mut seen = 0;
    // To the last of what is asked for, which takes some seconds to build.
    for n in 0..600 {
        if n % 10 == 0 {
            ask(n / 10);
        }
        let orientation = Rotation::from_yaw_pitch_roll(n as f64, 0.0, 0.0);
        player.turn_head(Pose { orientation, position: Vec3::new(0.001 * n as f64, 0.0, 0.0) }).unwrap();
        player.set_source_gain(0, 0.5 + 0.001 * n as f64).unwrap();
        player.meters();
        std::thread::sleep(Duration::from_millis(100));
        // On a busy machine it may have to wait for its turn.
        let since = Instant::now();
        while calls.load(Ordering::Acquire) == seen {
            assert!(since.elapsed() < Duration::from_secs(10), "ended by a system call behind request {}", n / 10);
            std::thread::sleep(Duration::from_millis(5));
        }
        seen = calls.load(Ordering::Acquire);
        if player.status().room == "club" {
            break;
        }
    }
    let status = player.status();
    over.store(true, Ordering::Release);
    assert!(comes(&done, Duration::from_secs(5)), "ended by a system call, after {seen} callbacks");
    assert!(seen > 1000, "{seen} callbacks");
    assert_eq!((status.track, status.room.as_str(), status.hrtf.as_str()), (1, "club", "kemar"), "{status:?}");
    assert!(status.headphones.contains("HD 650"), "{status:?}");
}
