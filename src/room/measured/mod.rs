//! Measured rooms: responses of real loudspeakers in a real room at the ears of a listener, turned this way and that.
//!
//! [`MeasuredRoom`] holds them at the engine's rate; [`MeasuredRoom::open`] reads SOFA files (`MultiSpeakerBRIR`,
//! `SingleRoomSRIR`, `SingleRoomMIMOSRIR`, and whatever else keeps long responses for two ears) and WAV files of two or
//! four channels. [`Assignment`] sends an input to the loudspeaker that stands where it should come from, or between
//! two or three of them. [`BrirRenderer`] convolves, and blends the measured orientations as the head turns;
//! [`FieldRenderer`] does the same for rooms that were measured as sound fields, for the ears of any head.

mod assign;
mod blend;
mod field;
mod renderer;
#[cfg(feature = "sofa")]
mod sofa;
#[cfg(feature = "files")]
mod wav;

pub use assign::Assignment;
pub use field::FieldRenderer;
pub use renderer::BrirRenderer;

use crate::coords::{Rotation, Vec3};
use crate::dsp::SAMPLE_RATES;
use crate::dsp::resample::{ResponseResampler, resampled_len};
use crate::error::{Error, Result};

/// A loudspeaker in the room, or one of its drivers.
#[derive(Clone, Debug, PartialEq)]
pub struct Emitter {
    /// What the file calls it, or its number from 1 on.
    pub name: String,
    /// Metres from the listener, in the frame of a head that is not turned.
    pub position: Vec3,
}

/// What the responses were taken with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receivers {
    /// Two ears, the left one first.
    Ears,
    /// A sound field in spherical harmonics of this order, ACN and SN3D, in the frame of the listener's view: its
    /// convolved channels belong on an Ambisonic bus.
    SoundField(usize),
}

impl Receivers {
    /// Responses from one emitter.
    pub fn count(self) -> usize {
        match self {
            Self::Ears => 2,
            Self::SoundField(order) => (order + 1) * (order + 1),
        }
    }
}

/// Responses as they were measured.
#[derive(Clone, Debug)]
pub struct RoomResponses {
    /// Hz.
    pub sample_rate: f64,
    /// Samples of each response.
    pub taps: usize,
    /// The loudspeakers.
    pub emitters: Vec<Emitter>,
    /// How the head was turned.
    pub orientations: Vec<Rotation>,
    /// With what.
    pub receivers: Receivers,
    /// `[orientations][emitters][receivers][taps]`.
    pub responses: Vec<f32>,
    /// What a person should know about how the file was read.
    pub warnings: Vec<String>,
}

/// A measured room at one sample rate; immutable, to be shared.
#[derive(Clone, Debug)]
pub struct MeasuredRoom {
    data: RoomResponses,
    /// Largest sample and largest energy of any response.
    peak: f32,
    energy: f64,
}

/// Says whether all inputs come from loudspeakers that the room has.
fn check_assignments(room: &MeasuredRoom, assignments: &[Assignment]) -> Result<()> {
    for (i, a) in assignments.iter().enumerate() {
        if let Some((e, _)) = a.terms.iter().find(|(e, g)| *e >= room.emitters().len() || !g.is_finite()) {
            return Err(Error::argument(format!(
                "input {i} is assigned to emitter {e}; the room has {} and gains are finite",
                room.emitters().len()
            )));
        }
    }
    Ok(())
}

/// What is left out at the end of all responses together: this part of the energy of each (−90 dB).
const LEFT_OUT: f64 = 1e-9;
/// Longest response, seconds.
const MOST_SECONDS: f64 = 60.0;
/// Most numbers after resampling: a gigabyte.
const MOST_NUMBERS: f64 = (1u64 << 28) as f64;

impl MeasuredRoom {
    /// Brings responses to `sample_rate` Hz, their gain kept, and leaves out what is silence at their end.
    ///
    /// # Errors
    /// `Malformed` if sizes do not agree, values are not finite or all are silent; `Limit` if they are too long.
    pub fn new(mut data: RoomResponses, sample_rate: f64) -> Result<Self> {
        let rows = data.orientations.len() * data.emitters.len() * data.receivers.count();
        if rows == 0 || data.taps == 0 || data.responses.len() != rows * data.taps {
            return Err(Error::malformed(format!(
                "{} orientations, {} emitters, {} receivers and {} taps ask for {} samples, not {}",
                data.orientations.len(),
                data.emitters.len(),
                data.receivers.count(),
                data.taps,
                rows * data.taps,
                data.responses.len()
            )));
        }
        for (what, rate) in [("measured", data.sample_rate), ("wanted", sample_rate)] {
            if !SAMPLE_RATES.contains(&rate) {
                return Err(Error::argument(format!("the {what} sample rate is {rate} Hz, not 1000 to 1000000 Hz")));
            }
        }
        if let Some(at) = data.responses.iter().position(|x| !x.is_finite()) {
            return Err(Error::malformed(format!(
                "response {} of the measured room is {} at sample {}",
                at / data.taps,
                data.responses[at],
                at % data.taps
            )));
        }
        trim(&mut data);
        if data.taps == 0 {
            return Err(Error::malformed("all responses of the measured room are silent"));
        }
        let seconds = data.taps as f64 / data.sample_rate;
        if seconds > MOST_SECONDS {
            return Err(Error::limit(format!("the responses last {seconds:.0} s, more than {MOST_SECONDS} s"))
                .hint("cut off what follows the reverberation"));
        }
        if data.sample_rate != sample_rate {
            let taps = resampled_len(data.taps, data.sample_rate, sample_rate);
            if taps as f64 * rows as f64 > MOST_NUMBERS {
                return Err(Error::limit(format!(
                    "{rows} responses of {seconds:.1} s at {sample_rate} Hz are too many"
                )));
            }
            let mut resampler = ResponseResampler::new(data.taps, data.sample_rate, sample_rate);
            let mut out = vec![0.0; rows * taps];
            for (x, y) in data.responses.chunks_exact(data.taps).zip(out.chunks_exact_mut(taps)) {
                resampler.process(x, y);
            }
            (data.responses, data.taps, data.sample_rate) = (out, taps, sample_rate);
        }
        let peak = data.responses.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        let energy = data.responses.chunks_exact(data.taps).map(energy).fold(0.0, f64::max);
        Ok(Self { data, peak, energy })
    }

    /// Reads a measured room from a file, told apart by its content: SOFA, or WAV (or any other sound file) of two or
    /// four channels.
    ///
    /// # Errors
    /// `Io` if it cannot be read, `Malformed` if it is damaged, `Unsupported` if it holds no responses for two ears or in
    /// spherical harmonics; the message names the file, the variable and its shape.
    #[cfg(feature = "sofa")]
    pub fn open(path: impl AsRef<std::path::Path>, sample_rate: f64) -> Result<Self> {
        let path = path.as_ref();
        let read = || -> Result<Self> {
            #[cfg(feature = "files")]
            if !is_hdf5(path)? {
                return Self::new(wav::read(path)?, sample_rate);
            }
            Self::new(sofa::open(path)?, sample_rate)
        };
        read().map_err(|e| e.at(path))
    }

    /// Hz.
    pub fn sample_rate(&self) -> f64 {
        self.data.sample_rate
    }

    /// Samples of each response.
    pub fn taps(&self) -> usize {
        self.data.taps
    }

    /// The loudspeakers.
    pub fn emitters(&self) -> &[Emitter] {
        &self.data.emitters
    }

    /// How the head was turned.
    pub fn orientations(&self) -> &[Rotation] {
        &self.data.orientations
    }

    /// What the responses were taken with.
    pub fn receivers(&self) -> Receivers {
        self.data.receivers
    }

    /// One response, `[taps]`.
    ///
    /// # Panics
    /// Panics if there is none of this orientation, emitter and receiver.
    pub fn response(&self, orientation: usize, emitter: usize, receiver: usize) -> &[f32] {
        assert!(emitter < self.data.emitters.len() && receiver < self.data.receivers.count());
        let row = (orientation * self.data.emitters.len() + emitter) * self.data.receivers.count() + receiver;
        &self.data.responses[row * self.data.taps..][..self.data.taps]
    }

    /// The largest sample of all responses.
    pub fn peak(&self) -> f32 {
        self.peak
    }

    /// The largest energy of all responses, dB: by how much white noise comes out louder than it went in.
    pub fn energy_db(&self) -> f64 {
        10.0 * self.energy.max(f64::MIN_POSITIVE).log10()
    }

    /// What a person should know about how the file was read.
    pub fn warnings(&self) -> &[String] {
        &self.data.warnings
    }

    /// The index of the measured orientation nearest to `head`.
    pub fn nearest_orientation(&self, head: Rotation) -> usize {
        blend::nearest(&self.data.orientations, head)
    }
}

fn energy(x: &[f32]) -> f64 {
    x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum()
}

/// Cuts all responses where [`LEFT_OUT`] of the energy of each is still to come.
fn trim(data: &mut RoomResponses) {
    let mut end = 0;
    for x in data.responses.chunks_exact(data.taps) {
        let limit = LEFT_OUT * energy(x);
        let mut rest = 0.0;
        let mut n = x.len();
        while n > end && rest + f64::from(x[n - 1]).powi(2) <= limit {
            rest += f64::from(x[n - 1]).powi(2);
            n -= 1;
        }
        end = end.max(n);
    }
    if end < data.taps {
        data.responses = data.responses.chunks_exact(data.taps).flat_map(|x| &x[..end]).copied().collect();
        data.taps = end;
    }
}

/// True if the file begins as HDF5 does, or has such a beginning behind a user block.
#[cfg(feature = "files")]
fn is_hdf5(path: &std::path::Path) -> Result<bool> {
    use std::io::{Read, Seek, SeekFrom};
    let failed = |e| Error::io(path, "the room's file cannot be read", e);
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut start = [0u8; 8];
    for at in [0u64, 512, 1024, 2048, 4096] {
        file.seek(SeekFrom::Start(at)).map_err(failed)?;
        if file.read_exact(&mut start).is_ok() && start == *b"\x89HDF\r\n\x1a\n" {
            return Ok(true);
        }
    }
    Ok(path.extension().is_some_and(|e| e.eq_ignore_ascii_case("sofa")))
}
