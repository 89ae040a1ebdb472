//! opentrack's "UDP over network": 48 bytes, six little-endian doubles x, y, z (cm), yaw, pitch, roll (degrees).
//!
//! opentrack's axes: x left, y up, z back; yaw right, pitch up, roll left ear down are positive (as it sends to FlightGear
//! and takes from the Rift; `docs/head-tracking.md`). Some senders append a frame number.

use super::event::HeadEvent;
use crate::coords::Vec3;

/// Reads a packet; `None` if it is none of opentrack's.
pub fn parse(packet: &[u8]) -> Option<HeadEvent> {
    if packet.len() != 48 && packet.len() != 52 {
        return None;
    }
    let mut numbers = [0.0; 6];
    for (number, bytes) in numbers.iter_mut().zip(packet.chunks_exact(8)) {
        *number = f64::from_le_bytes(bytes.try_into().ok()?);
    }
    let [x, y, z, yaw, pitch, roll] = numbers;
    Some(HeadEvent::Pose(Vec3::new(-z, x, y) * 0.01, [-yaw, pitch, -roll]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_read_byte_by_byte() {
        // 10, 20, -30 cm; 90, -45, 1.5 degrees.
        let packet = b"\0\0\0\0\0\0\x24\x40\0\0\0\0\0\0\x34\x40\0\0\0\0\0\0\x3e\xc0\
            \0\0\0\0\0\x80\x56\x40\0\0\0\0\0\x80\x46\xc0\0\0\0\0\0\0\xf8\x3f";
        let expected = HeadEvent::Pose(Vec3::new(0.3, 0.1, 0.2), [-90.0, -45.0, -1.5]);
        assert_eq!(parse(packet), Some(expected));
        let numbered = [&packet[..], &[1, 0, 0, 0]].concat();
        assert_eq!(parse(&numbered), Some(expected));
        for len in [0, 1, 47, 49, 51, 53, 96] {
            assert_eq!(parse(&vec![0; len]), None);
        }
    }
}
