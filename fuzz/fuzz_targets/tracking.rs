//! Packets of head trackers: whatever comes, the head's rotation stays a rotation.
#![no_main]

use libfuzzer_sys::fuzz_target;
use periphon::tracking::{Tracker, TrackerOptions, read_packet};

fuzz_target!(|data: &[u8]| {
    let options = TrackerOptions { position: true, ..TrackerOptions::default() };
    let Ok(mut tracker) = Tracker::new(options) else { return };
    for (i, packet) in data.split(|b| *b == 0xfe).enumerate() {
        let time = i as f64 * 0.003;
        read_packet(packet.len() == 48, packet, &mut |event| {
            tracker.event(time, event);
        });
        let q = tracker.pose(time).orientation;
        assert!((q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z - 1.0).abs() < 1e-9);
    }
});
