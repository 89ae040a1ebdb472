//! The sound systems that are built in, and their devices.
//!
//! cpal's client of a PulseAudio server is a thread that sleeps until the server says something: a host that is merely
//! dropped leaves it there with its connection for good. Only the server's answer to a stream that is closed wakes it, and it
//! ends if nobody but that stream had it. So clients that nobody plays through are kept and asked again, and with a stream
//! goes its client.

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{DeviceDirection, ErrorKind, HostId};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The systems built in, the one to be preferred first: a sound server, then the hardware.
pub(super) fn built() -> Vec<HostId> {
    let mut all = cpal::ALL_HOSTS.to_vec();
    let rank = |id: &HostId| match name(*id).as_str() {
        "pulseaudio" => 0,
        "jack" => 2,
        _ => 1,
    };
    all.sort_by_key(rank);
    all
}

/// As it is called on the command line.
pub(super) fn name(id: HostId) -> String {
    id.name().to_lowercase()
}

/// The outputs of a system.
pub(super) struct Survey {
    /// The one that it prefers comes first.
    pub(super) devices: Vec<cpal::Device>,
    /// It has a preferred one.
    pub(super) has_default: bool,
    pub(super) client: Client,
}

/// Looks for the outputs of a system; with `only_default` for the preferred one alone, because some systems open every device
/// to list it. Otherwise says why it cannot be reached.
pub(super) fn survey(id: HostId, only_default: bool) -> Result<Survey, String> {
    if !cpal::available_hosts().contains(&id) {
        return Err(String::new());
    }
    if name(id) == "pulseaudio" {
        return ask_server(id, only_default);
    }
    let host = cpal::host_from_id(id).map_err(|e| e.to_string())?;
    let (devices, has_default) = outputs(&host, only_default).map_err(|e| e.to_string())?;
    if devices.is_empty() && name(id) == "jack" {
        // A JACK server has one output; there are none where no server runs.
        return Err(String::new());
    }
    Ok(Survey { devices, has_default, client: Client::default() })
}

fn outputs(host: &cpal::Host, only_default: bool) -> Result<(Vec<cpal::Device>, bool), cpal::Error> {
    // ALSA always has one, whether it can be opened or not.
    let default = host.default_output_device().filter(DeviceTrait::supports_output);
    let has_default = default.is_some();
    let mut all: Vec<cpal::Device> = default.into_iter().collect();
    if !only_default {
        // Of JACK's inputs cpal says that sound can be sent to them.
        let is_output = |d: &cpal::Device| d.description().is_ok_and(|d| d.direction() != DeviceDirection::Input);
        let others: Vec<_> = host.output_devices()?.filter(|d| is_output(d) && all.first() != Some(d)).collect();
        all.extend(others);
    }
    Ok((all, has_default))
}

/// A client of a sound server, if it has to be kept. Dropped, it waits for whoever asks next.
#[derive(Default)]
pub(super) struct Client(Option<cpal::Host>);

impl Client {
    /// Leaves it to the stream that has been opened through it.
    pub(super) fn leave(&mut self) {
        self.0 = None;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let (Some(host), Ok(mut idle)) = (self.0.take(), IDLE.lock()) {
            idle.push(host);
        }
    }
}

/// Clients that nobody plays through: as many as were ever asked at the same time.
static IDLE: Mutex<Vec<cpal::Host>> = Mutex::new(Vec::new());
/// Questions that have not been answered.
static OPEN_QUESTIONS: AtomicUsize = AtomicUsize::new(0);
/// When a server last did not answer a new client.
static DEAF_SINCE: Mutex<Option<Instant>> = Mutex::new(None);

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(4);
/// What cpal takes for a server that does not answer a new client leaves a thread behind: that is not done more often.
const DEAF: Duration = Duration::from_secs(10);
/// How long cpal waits for that answer.
const CPAL_WAITS: Duration = Duration::from_secs(2);

struct Question;

impl Drop for Question {
    fn drop(&mut self) {
        OPEN_QUESTIONS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Asks a server on a thread of its own, which a server that does not answer never gives back.
fn ask_server(id: HostId, only_default: bool) -> Result<Survey, String> {
    let deaf = || "it does not answer".to_string();
    if OPEN_QUESTIONS.load(Ordering::Relaxed) > MOST_QUESTIONS {
        return Err(deaf());
    }
    OPEN_QUESTIONS.fetch_add(1, Ordering::Relaxed);
    let question = Question;
    let (told, answer) = channel();
    let asked = std::thread::Builder::new().name("periphon-ask".to_string()).spawn(move || {
        let answer = converse(id, only_default);
        drop(question);
        // A client that nobody waits for any more is kept like any other.
        drop(told.send(answer));
    });
    asked.map_err(|e| e.to_string())?;
    answer.recv_timeout(PATIENCE).unwrap_or_else(|e| {
        Err(if e == RecvTimeoutError::Timeout { deaf() } else { "asking it broke off".to_string() })
    })
}

/// Questions at a time: more are only those to which no answer comes.
const MOST_QUESTIONS: usize = 3;

fn converse(id: HostId, only_default: bool) -> Result<Survey, String> {
    while let Some(host) = IDLE.lock().ok().and_then(|mut idle| idle.pop()) {
        match look(Client(Some(host)), only_default) {
            // Its server has ended, and the client with it.
            Err(e) if e.kind() == ErrorKind::StreamInvalidated => {}
            told => return told.map_err(|e| e.to_string()),
        }
    }
    if DEAF_SINCE.lock().is_ok_and(|since| since.is_some_and(|s| s.elapsed() < DEAF)) {
        return Err("it does not answer".to_string());
    }
    let began = Instant::now();
    let host = cpal::host_from_id(id);
    if let Ok(mut since) = DEAF_SINCE.lock() {
        *since = (host.is_err() && began.elapsed() >= CPAL_WAITS).then(Instant::now);
    }
    host.and_then(|host| look(Client(Some(host)), only_default)).map_err(|e| e.to_string())
}

/// What a client knows of. One that fails because it has lost its server is not kept.
fn look(mut client: Client, only_default: bool) -> Result<Survey, cpal::Error> {
    let Some(host) = &client.0 else { return Err(ErrorKind::HostUnavailable.into()) };
    // Of the preferred output cpal does not say whether there is none or the server is gone.
    match host.devices().and_then(|_| outputs(host, only_default)) {
        Ok((devices, has_default)) => Ok(Survey { devices, has_default, client }),
        Err(e) => {
            if e.kind() == ErrorKind::StreamInvalidated {
                client.leave();
            }
            Err(e)
        }
    }
}
