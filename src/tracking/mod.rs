//! Head tracking: packets from trackers become a pose of the head.
//!
//! A packet is read by [`osc`] or [`opentrack`], [`address`] knows what the senders of OSC mean by their numbers, and a
//! [`Tracker`] makes a pose of the [`HeadEvent`]s: recentred, smoothed, predicted. All of that is pure: time is an
//! argument. [`Listener`] (feature `tracking`) does it live, on a thread with a socket.
//!
//! Which senders are understood, with axes and signs: `docs/head-tracking.md`. Inside, the conventions are those of
//! [`crate::coords`]: yaw left, pitch up and roll right ear down are positive, degrees.

pub mod address;
pub mod event;
#[cfg(feature = "tracking")]
pub mod listen;
pub mod opentrack;
pub mod osc;
pub mod slot;
pub mod tracker;

pub use event::{Axis, HeadEvent};
#[cfg(feature = "tracking")]
pub use listen::{Listener, Protocol, Source};
pub use slot::PoseSlot;
pub use tracker::{Recentre, Tracker, TrackerOptions};

/// Reads one packet of a protocol and hands each event in it to `each`. True if there was any. Neither allocates nor
/// panics, whatever the packet holds.
pub fn read_packet(opentrack: bool, packet: &[u8], each: &mut dyn FnMut(HeadEvent)) -> bool {
    if opentrack {
        let event = opentrack::parse(packet);
        event.into_iter().for_each(&mut *each);
        return event.is_some();
    }
    let mut any = false;
    let read = osc::parse(packet, &mut |message| {
        if let Some(event) = address::event(&message) {
            any = true;
            each(event);
        }
    });
    read.is_ok() && any
}
