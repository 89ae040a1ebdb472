//! A thread that listens for a tracker on a UDP socket and says where the head is.

use super::event::HeadEvent;
use super::read_packet;
use super::tracker::{Recentre, Tracker, TrackerOptions};
use crate::coords::Pose;
use crate::error::{Error, ErrorKind, Result};
use std::io::ErrorKind as Io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Open Sound Control.
    Osc,
    /// opentrack's "UDP over network".
    OpenTrack,
}

/// What to listen for, and where: `osc:PORT`, `opentrack:PORT`, with an address in front of the port to listen there
/// only (`osc:127.0.0.1:9000`, `osc:[::1]:9000`). Without one, trackers on the network are heard as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// What is spoken.
    pub protocol: Protocol,
    /// Where; port 0 takes any that is free.
    pub address: SocketAddr,
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let hint = "write osc:PORT or opentrack:PORT, such as osc:9000 or opentrack:4242";
        let (protocol, place) = text.split_once(':').unwrap_or((text, ""));
        let protocol = match protocol.to_ascii_lowercase().as_str() {
            "osc" => Protocol::Osc,
            "opentrack" => Protocol::OpenTrack,
            _ => {
                return Err(
                    Error::argument(format!("a head tracker speaks osc or opentrack, not '{protocol}'")).hint(hint)
                );
            }
        };
        let everywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let address = match (place.parse::<u16>(), place.parse::<SocketAddr>()) {
            (Ok(port), _) => SocketAddr::new(everywhere, port),
            (_, Ok(address)) => address,
            _ if place.is_empty() => return Err(Error::argument("the head tracker has no port").hint(hint)),
            _ => {
                return Err(Error::argument(format!(
                    "'{place}' is no port from 1 to 65535, nor an address with a port such as 127.0.0.1:9000"
                ))
                .hint(hint));
            }
        };
        if address.port() == 0 {
            return Err(Error::argument("a head tracker's port is from 1 to 65535, not 0").hint(hint));
        }
        Ok(Self { protocol, address })
    }
}

/// Poses are delivered no faster than this, seconds, however many packets arrive: what comes between counts as one.
const LEAST_INTERVAL: Duration = Duration::from_millis(2);
/// How often smoothing and prediction are followed while no packet arrives.
const POLL: Duration = Duration::from_millis(5);
/// How often a listener without news looks whether it is to end.
const IDLE: Duration = Duration::from_millis(50);
/// Packets read in one go at most, so that a flood cannot keep poses from being delivered.
const MOST_AT_ONCE: usize = 256;
/// For so long after the last packet smoothing and prediction may still move the head.
const SETTLING: Duration = Duration::from_secs(3);
/// Longer than any packet that means something.
const LONGEST_PACKET: usize = 4096;

/// What the thread and its owner share.
#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    /// 0: nothing, 1: recentre the heading, 2: recentre all, 3: forget.
    recentre: AtomicU8,
    packets: AtomicU64,
    accepted: AtomicU64,
    ignored: AtomicU64,
}

/// What a listener heard so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Packets.
    pub packets: u64,
    /// Packets that held nothing of use: of another protocol, damaged, for somebody else, or numbers that make no sense.
    pub ignored: u64,
    /// Events taken in.
    pub accepted: u64,
}

/// A thread that listens, until dropped.
pub struct Listener {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("address", &self.address).field("heard", &self.heard()).finish_non_exhaustive()
    }
}

impl Listener {
    /// Opens the socket and listens. `deliver` is called on the listener's thread with each new pose, at most 500 times a
    /// second; it may store it in a [`super::PoseSlot`] or send it to an engine's control.
    ///
    /// # Errors
    /// `Argument` if an option is out of its range, `Io` if the socket or the thread cannot be had.
    pub fn start(
        source: Source,
        options: TrackerOptions,
        mut deliver: impl FnMut(Pose) + Send + 'static,
    ) -> Result<Self> {
        let tracker = Tracker::new(options)?;
        let socket = UdpSocket::bind(source.address).map_err(|e| {
            let error = Error::new(ErrorKind::Io, format!("cannot listen for a head tracker at {}", source.address));
            let error = match e.kind() {
                Io::AddrInUse => error.hint("another program listens there: choose another port, also in the tracker"),
                Io::PermissionDenied => error.hint("choose a port above 1023"),
                Io::AddrNotAvailable => error.hint("that is no address of this machine: leave it out to hear all"),
                _ => error,
            };
            error.caused_by(e)
        })?;
        let failed = |e| Error::new(ErrorKind::Io, "cannot listen for a head tracker").caused_by(e);
        let address = socket.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let opentrack = source.protocol == Protocol::OpenTrack;
        let thread = std::thread::Builder::new()
            .name("head tracking".into())
            .spawn(move || listen(&socket, opentrack, tracker, &theirs, &mut deliver))
            .map_err(failed)?;
        Ok(Self { shared, address, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes ahead of where the head looks now.
    pub fn recentre(&self, how: Recentre) {
        self.shared.recentre.store(if how == Recentre::Yaw { 1 } else { 2 }, Ordering::Relaxed);
        self.wake();
    }

    /// Undoes every recentring.
    pub fn forget_centre(&self) {
        self.shared.recentre.store(3, Ordering::Relaxed);
        self.wake();
    }

    /// What was heard so far.
    pub fn heard(&self) -> Heard {
        let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Heard {
            packets: of(&self.shared.packets),
            ignored: of(&self.shared.ignored),
            accepted: of(&self.shared.accepted),
        }
    }

    /// An empty packet to ourselves, so that the thread need not be waited for.
    fn wake(&self) {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let any: IpAddr = if ip.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        // Should it fail, the thread looks by itself a little later.
        if let Ok(socket) = UdpSocket::bind((any, 0)) {
            let _ = socket.send_to(&[], (ip, self.address.port()));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn listen(socket: &UdpSocket, opentrack: bool, mut tracker: Tracker, shared: &Shared, deliver: &mut dyn FnMut(Pose)) {
    let began = Instant::now();
    let mut packet = [0u8; LONGEST_PACKET];
    let mut delivered: Option<(Pose, Instant)> = None;
    let mut last_packet = began;
    let mut pending = false;
    while !shared.stop.load(Ordering::Relaxed) {
        let wait = if pending {
            // Something came too soon after the last pose.
            delivered.map_or(POLL, |(_, at)| LEAST_INTERVAL.saturating_sub(at.elapsed()))
        } else if last_packet.elapsed() < SETTLING && delivered.is_some() {
            POLL
        } else {
            IDLE
        };
        let _ = socket.set_nonblocking(false);
        let _ = socket.set_read_timeout(Some(wait.max(Duration::from_micros(200))));
        let mut failing = false;
        for i in 0..MOST_AT_ONCE {
            match socket.recv(&mut packet) {
                Ok(0) => {}
                Ok(len) => {
                    last_packet = Instant::now();
                    let time = began.elapsed().as_secs_f64();
                    shared.packets.fetch_add(1, Ordering::Relaxed);
                    let mut accepted = 0;
                    let mut take = |event: HeadEvent| accepted += u64::from(tracker.event(time, event));
                    read_packet(opentrack, &packet[..len], &mut take);
                    shared.accepted.fetch_add(accepted, Ordering::Relaxed);
                    shared.ignored.fetch_add(u64::from(accepted == 0), Ordering::Relaxed);
                    pending |= accepted > 0;
                }
                Err(e) => {
                    // What a closed port at the other end sends back concerns nobody here.
                    failing =
                        !matches!(e.kind(), Io::WouldBlock | Io::TimedOut | Io::Interrupted | Io::ConnectionReset);
                    break;
                }
            }
            if i == 0 {
                let _ = socket.set_nonblocking(true);
            }
        }
        if failing {
            std::thread::sleep(IDLE);
        }
        match shared.recentre.swap(0, Ordering::Relaxed) {
            0 => {}
            1 => tracker.recentre(Recentre::Yaw),
            2 => tracker.recentre(Recentre::Full),
            _ => tracker.forget_centre(),
        }
        if delivered.is_some_and(|(_, at)| at.elapsed() < LEAST_INTERVAL) {
            continue;
        }
        let time = began.elapsed().as_secs_f64();
        if tracker.age_s(time).is_some() {
            let pose = tracker.pose(time);
            if delivered.is_none_or(|(before, _)| moved(&before, &pose)) {
                deliver(pose);
                delivered = Some((pose, Instant::now()));
            }
            pending = false;
        }
    }
}

/// True if a head has moved by more than a thousandth of a degree or a hundredth of a millimetre.
fn moved(a: &Pose, b: &Pose) -> bool {
    let (p, q) = (a.orientation, b.orientation);
    let same = p.w * q.w + p.x * q.x + p.y * q.y + p.z * q.z;
    1.0 - same.abs() > 4e-11 || (a.position - b.position).norm() > 1e-5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::PoseSlot;
    use std::sync::mpsc;

    #[test]
    fn sources_are_read_and_mistakes_named() {
        let osc = |address: &str| Source { protocol: Protocol::Osc, address: address.parse().unwrap() };
        assert_eq!("osc:9000".parse::<Source>().unwrap(), osc("0.0.0.0:9000"));
        assert_eq!("OSC:127.0.0.1:9000".parse::<Source>().unwrap(), osc("127.0.0.1:9000"));
        assert_eq!("osc:[::1]:9000".parse::<Source>().unwrap(), osc("[::1]:9000"));
        assert_eq!("opentrack:4242".parse::<Source>().unwrap().protocol, Protocol::OpenTrack);
        for (text, words) in [
            ("", "osc or opentrack"),
            ("9000", "not '9000'"),
            ("osc", "no port"),
            ("osc:", "no port"),
            ("osc:70000", "'70000'"),
            ("osc:-1", "'-1'"),
            ("osc:0", "not 0"),
            ("osc:localhost:9000", "'localhost:9000'"),
            ("freetrack:4242", "'freetrack'"),
        ] {
            let error = text.parse::<Source>().unwrap_err();
            assert!(error.to_string().contains(words), "{text}: {error}");
            assert_eq!(error.kind(), ErrorKind::Argument);
            assert!(error.hints()[0].contains("osc:9000"));
        }
    }

    fn anywhere(protocol: Protocol) -> Source {
        Source { protocol, address: (Ipv4Addr::LOCALHOST, 0).into() }
    }

    fn osc_yaw(degrees: f32) -> Vec<u8> {
        let mut packet = b"/yaw\0\0\0\0,f\0\0".to_vec();
        packet.extend(degrees.to_be_bytes());
        packet
    }

    fn yaw(pose: &Pose) -> f64 {
        pose.orientation.rotate(crate::coords::Vec3::new(1.0, 0.0, 0.0)).to_polar().0
    }

    #[test]
    fn a_packet_becomes_a_pose_within_milliseconds_and_the_thread_ends_when_dropped() {
        let (send, receive) = mpsc::channel();
        let deliver = move |pose| send.send(pose).unwrap_or_default();
        let listener = Listener::start(anywhere(Protocol::Osc), TrackerOptions::raw(), deliver).unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut times = Vec::new();
        for i in 1..=40 {
            std::thread::sleep(Duration::from_millis(3));
            let sent = Instant::now();
            socket.send_to(&osc_yaw(i as f32), listener.address()).unwrap();
            let pose = receive.recv_timeout(Duration::from_secs(5)).unwrap();
            times.push(sent.elapsed());
            assert!((yaw(&pose) - f64::from(i)).abs() < 1e-3);
        }
        times.sort();
        println!("packet to pose: median {:?}, worst {:?}", times[20], times[39]);
        assert!(times[20] < Duration::from_millis(5), "{times:?}");
        // Recentring takes effect without another packet.
        listener.recentre(Recentre::Yaw);
        assert!(yaw(&receive.recv_timeout(Duration::from_secs(5)).unwrap()).abs() < 1e-3);
        let heard = listener.heard();
        assert_eq!((heard.packets, heard.accepted, heard.ignored), (40, 40, 0));
        let ending = Instant::now();
        drop(listener);
        assert!(ending.elapsed() < Duration::from_millis(500));
        assert!(receive.recv().is_err(), "the thread has let go");
    }

    #[test]
    fn a_flood_is_coalesced_and_nonsense_is_counted() {
        let slot = Arc::new(PoseSlot::new());
        let calls = Arc::new(AtomicU64::new(0));
        let (theirs, counted) = (Arc::clone(&slot), Arc::clone(&calls));
        let listener = Listener::start(anywhere(Protocol::OpenTrack), TrackerOptions::raw(), move |pose| {
            theirs.store(pose);
            counted.fetch_add(1, Ordering::Relaxed);
        })
        .unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let began = Instant::now();
        for i in 0..5000 {
            let mut packet = [0u8; 48];
            packet[24..32].copy_from_slice(&(-f64::from(i % 90)).to_le_bytes());
            let sent = if i % 5 == 0 { &packet[..20] } else { &packet[..] };
            let _ = socket.send_to(sent, listener.address());
        }
        let mut last = [0u8; 48];
        last[24..32].copy_from_slice(&(-45f64).to_le_bytes());
        let deadline = Instant::now() + Duration::from_secs(5);
        while slot.load().is_none_or(|(pose, _)| (yaw(&pose) - 45.0).abs() > 1e-6) {
            assert!(Instant::now() < deadline);
            socket.send_to(&last, listener.address()).unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
        let most = began.elapsed().as_secs_f64() / LEAST_INTERVAL.as_secs_f64() + 2.0;
        assert!(calls.load(Ordering::Relaxed) as f64 <= most);
        let heard = listener.heard();
        assert!(heard.ignored > 0 && heard.accepted + heard.ignored == heard.packets, "{heard:?}");
    }

    #[test]
    fn a_port_in_use_is_told() {
        let first = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let source = Source { protocol: Protocol::Osc, address: first.local_addr().unwrap() };
        let error = Listener::start(source, TrackerOptions::raw(), |_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains("cannot listen") && error.hints()[0].contains("another port"));
    }
}
