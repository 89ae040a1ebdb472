//! One running stream of a device, through cpal: its callback, its sample format, its troubles.

use super::backend::{Backend, Lease, Opened, Reports, Stream};
use super::device::{Choice, find};
use crate::error::{Error, ErrorKind, Result};
use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{BufferSize, OutputCallbackInfo, SampleFormat, SizedSample, StreamConfig, SupportedBufferSize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Frames converted at a time.
const PART: usize = 512;
/// How long a device may take to open.
const PATIENCE: Duration = Duration::from_secs(5);

/// Plays through a device of this system.
#[derive(Default)]
pub struct DeviceBackend {
    /// The name asked for; the default otherwise.
    name: Option<String>,
    buffer: Option<u32>,
    choice: Option<Choice>,
    /// Since when the device has been sought again.
    sought: Option<Instant>,
    /// The stream that runs.
    running: Weak<()>,
}

/// How long a sound system whose device is gone is given to offer another, before other systems are asked.
const LOYALTY: Duration = Duration::from_secs(3);

impl DeviceBackend {
    /// For the output called `name`, or the default, with buffers of `buffer` frames, or of about 10 ms.
    pub fn new(name: Option<String>, buffer: Option<u32>) -> Self {
        Self { name, buffer, ..Self::default() }
    }
}

impl Backend for DeviceBackend {
    fn find(&mut self, rate: u32) -> Result<Opened> {
        let before = self.choice.as_mut().map(|c| {
            // Its client is asked again.
            c.give_back();
            c.host.clone()
        });
        let since = *self.sought.get_or_insert_with(Instant::now);
        let host = before.filter(|_| self.name.is_none() && since.elapsed() < LOYALTY);
        match find(self.name.as_deref().or(host.as_deref()), rate) {
            Ok(choice) => self.choice = Some(choice),
            Err(e) => {
                // An output that only one stream can have answers nobody else while ours runs.
                let ours = self.choice.as_mut().filter(|_| self.running.strong_count() > 0);
                if !ours.is_some_and(|choice| choice.run_at(rate)) {
                    return Err(e);
                }
            }
        }
        self.sought = None;
        self.choice
            .as_ref()
            .map(|c| Opened { name: c.name.clone(), rate: c.rate })
            .ok_or_else(|| Error::new(ErrorKind::Device, "no device has been chosen"))
    }

    fn start(&mut self, lease: Lease, reports: Reports) -> Result<Box<dyn Stream>> {
        let Some(choice) = &mut self.choice else {
            return Err(Error::new(ErrorKind::Device, "no device has been chosen"));
        };
        let device = match choice.device.take() {
            Some(device) => device,
            None => {
                *choice = find(Some(&choice.name), choice.rate)?;
                choice.device.take().ok_or_else(|| Error::new(ErrorKind::Device, "the device is gone"))?
            }
        };
        let asked = self.buffer.or_else(|| usual_buffer(choice));
        let buffer_size = match (asked, choice.range.buffer_size()) {
            (Some(frames), SupportedBufferSize::Range { min, max }) if self.buffer.is_none() => {
                BufferSize::Fixed(frames.clamp(*min, (*max).max(*min)))
            }
            (Some(frames), _) => BufferSize::Fixed(frames),
            (None, _) => BufferSize::Default,
        };
        let config = StreamConfig { channels: choice.range.channels(), sample_rate: choice.rate, buffer_size };
        let build = match choice.range.sample_format() {
            SampleFormat::F32 => build::<f32>,
            SampleFormat::F64 => build::<f64>,
            SampleFormat::I32 => build::<i32>,
            SampleFormat::I16 => build::<i16>,
            _ => build::<u16>,
        };
        let leave = Arc::new(Leave::default());
        let stream = build(&device, config, lease, reports, Arc::clone(&leave)).map_err(|e| {
            let error = failed(&choice.name, &e);
            match self.buffer {
                Some(frames) => error.hint(format!("buffers of {frames} frames were asked for: try without --buffer")),
                None => error,
            }
        })?;
        choice.leave();
        stream.play().map_err(|e| failed(&choice.name, &e))?;
        let alive = Arc::new(());
        self.running = Arc::downgrade(&alive);
        Ok(Box::new(Running { stream: Some(stream), leave, _alive: alive }))
    }
}

/// About 10 ms; what the server says in JACK.
fn usual_buffer(choice: &Choice) -> Option<u32> {
    (choice.host != "jack").then(|| (choice.rate / 100).next_power_of_two())
}

fn failed(name: &str, e: &cpal::Error) -> Error {
    Error::new(ErrorKind::Device, format!("the device '{name}' cannot be played on: {e}"))
}

/// Asks the callback to render no more, before its stream is closed: JACK ends the thread wherever it is, and where that is
/// in the midst of a callback that takes too long, the whole process ends.
#[derive(Default)]
struct Leave {
    asked: AtomicBool,
    heard: AtomicBool,
}

impl Leave {
    /// Waits until a callback has heard of it, or until there plainly is none any more.
    fn ask(&self) {
        self.asked.store(true, Ordering::Release);
        let since = Instant::now();
        while !self.heard.load(Ordering::Acquire) && since.elapsed() < LAST_CALLBACK {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// True in a callback that is to render nothing.
    fn is_due(&self) -> bool {
        let due = self.asked.load(Ordering::Acquire);
        if due {
            self.heard.store(true, Ordering::Release);
        }
        due
    }
}

/// How long the next callback is waited for.
const LAST_CALLBACK: Duration = Duration::from_millis(100);

/// Dropping it stops the callbacks.
struct Running {
    stream: Option<cpal::Stream>,
    leave: Arc<Leave>,
    _alive: Arc<()>,
}

/// How long a stream may take to stop before it is left to itself.
const FAREWELL: Duration = Duration::from_millis(300);

impl Drop for Running {
    /// Of a PulseAudio sink that is gone, stopping waits for an answer that never comes: so somebody else waits.
    fn drop(&mut self) {
        let (stream, leave) = (self.stream.take(), Arc::clone(&self.leave));
        let (done, stopped) = std::sync::mpsc::channel();
        let waits = std::thread::Builder::new().name("periphon-stop".to_string()).spawn(move || {
            leave.ask();
            drop(stream);
            // Nobody may be listening any more.
            let _ = done.send(());
        });
        if waits.is_ok() {
            let _ = stopped.recv_timeout(FAREWELL);
        }
    }
}

impl Stream for Running {}

fn build<T: Written>(
    device: &cpal::Device,
    config: StreamConfig,
    mut lease: Lease,
    reports: Reports,
    leave: Arc<Leave>,
) -> Result<cpal::Stream, cpal::Error> {
    let channels = usize::from(config.channels);
    let mut part = vec![0.0f32; PART * channels];
    let mut noise = 0x9e37_79b9u32;
    device.build_output_stream::<T, _, _>(
        config,
        move |out: &mut [T], info: &OutputCallbackInfo| {
            if leave.is_due() {
                out.fill(T::EQUILIBRIUM);
                return;
            }
            let at = info.timestamp();
            let latency = at.playback.checked_duration_since(at.callback);
            if let Some(same) = T::as_floats(out) {
                lease.fill(same, channels, latency);
                return;
            }
            // Of a long buffer every part but the first is not late, whatever the clock says.
            lease.fill_in_parts(out.len(), &mut part, channels, latency, |from, part| {
                for (to, x) in out[from..].iter_mut().zip(part) {
                    *to = T::of(*x, &mut noise);
                }
            });
        },
        move |e: cpal::Error| match e.kind() {
            cpal::ErrorKind::Xrun => reports.xrun(),
            cpal::ErrorKind::DeviceNotAvailable
            | cpal::ErrorKind::StreamInvalidated
            | cpal::ErrorKind::DeviceBusy
            | cpal::ErrorKind::HostUnavailable => reports.lost(&e.to_string()),
            // Everything else is odd, but the callbacks go on.
            _ => reports.odd(&e.to_string()),
        },
        Some(PATIENCE),
    )
}

/// A format in which samples are written.
trait Written: SizedSample + Send + 'static {
    /// The buffer itself where nothing is to be converted.
    fn as_floats(_: &mut [Self]) -> Option<&mut [f32]> {
        None
    }
    /// One sample; `noise` is the state of the dither.
    fn of(x: f32, noise: &mut u32) -> Self;
}

impl Written for f32 {
    fn as_floats(out: &mut [Self]) -> Option<&mut [f32]> {
        Some(out)
    }
    fn of(x: f32, _: &mut u32) -> Self {
        x
    }
}

impl Written for f64 {
    fn of(x: f32, _: &mut u32) -> Self {
        f64::from(x)
    }
}

impl Written for i32 {
    fn of(x: f32, _: &mut u32) -> Self {
        // A cast holds at the ends.
        (f64::from(x) * 2_147_483_648.0).round() as i32
    }
}

impl Written for i16 {
    fn of(x: f32, noise: &mut u32) -> Self {
        (x * 32_768.0 + triangle(noise)).round() as i16
    }
}

impl Written for u16 {
    fn of(x: f32, noise: &mut u32) -> Self {
        (x * 32_768.0 + 32_768.0 + triangle(noise)).round() as u16
    }
}

/// Triangular noise of two steps' width, for the dither: two numbers of a linear congruential generator.
fn triangle(state: &mut u32) -> f32 {
    let mut next = || {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (*state >> 8) as f32 / 16_777_216.0
    };
    next() - next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_holds_and_silence_stays_within_the_dither() {
        let mut noise = 1;
        assert_eq!(i32::of(2.0, &mut noise), i32::MAX);
        assert_eq!(i32::of(-2.0, &mut noise), i32::MIN);
        assert_eq!(i16::of(2.0, &mut noise), i16::MAX);
        assert_eq!(u16::of(-2.0, &mut noise), 0);
        let steps: Vec<i16> = (0..10_000).map(|_| i16::of(0.25 / 32_768.0, &mut noise)).collect();
        assert!(steps.iter().all(|s| s.abs() <= 1));
        let mean = steps.iter().map(|s| f64::from(*s)).sum::<f64>() / 10_000.0;
        assert!((mean - 0.25).abs() < 0.03, "{mean}");
    }
}
