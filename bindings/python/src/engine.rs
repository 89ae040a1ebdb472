//! The engine, block by block.
//!
//! Its two halves are locked one by one: while a block is rendered, without the interpreter's lock, another thread may
//! steer. Two threads that render with one engine wait for each other.

use crate::arrays::{shaped, values};
use crate::errors::{OrRaise, argument, raise};
use crate::head::Head;
use crate::motion::{HeadMotion, Motion};
use crate::pool;
use crate::room::Room;
use numpy::PyReadonlyArray1;
use periphon::{Beam, Control, Error, FieldSpec, SourceId, SourceSpec, Space, Vec3};
use pyo3::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The longest stretch rendered in one call, frames: five hours at 48 kHz.
const MOST_FRAMES: usize = 1 << 30;

/// What a source takes at most without delays, and what 100 m of delay take at 48 kHz, bytes: roughly.
const SOURCE_BYTES: f64 = 2e5;
const DELAY_BYTES: f64 = 1e6;

/// An engine of more would have to be meant; without so much memory, the process would end.
const MOST_BYTES: f64 = 8e9;

/// An engine and its control.
#[pyclass(frozen, module = "periphon._periphon")]
pub(crate) struct Engine {
    engine: Mutex<periphon::Engine>,
    control: Mutex<Control>,
    /// Sources and the channels of sound fields.
    #[pyo3(get)]
    inputs: usize,
    #[pyo3(get)]
    rate: f64,
}

#[pymethods]
impl Engine {
    #[new]
    #[allow(clippy::too_many_arguments, reason = "the package has names and defaults for them")]
    fn new(
        py: Python<'_>,
        head: &Head,
        max_block: usize,
        max_sources: usize,
        offline: bool,
        space: bool,
        reach: Option<f64>,
        speed_of_sound: f64,
        fields: Vec<(usize, f32, bool)>,
        room: Option<PyRef<'_, Room>>,
    ) -> PyResult<Self> {
        let delays = reach.unwrap_or(0.0) / 100.0 * DELAY_BYTES * head.set.sample_rate() / 48_000.0;
        if max_sources as f64 * (SOURCE_BYTES + delays) > MOST_BYTES {
            let error = Error::limit(format!("an engine of {max_sources} sources would need more than 8 GB"));
            return Err(raise(&error.hint("ask for fewer sources, or a shorter propagation")));
        }
        let mut builder = periphon::Engine::builder(&head.set).max_block(max_block).max_sources(max_sources);
        if offline {
            builder = builder.offline();
        }
        let mut inputs = max_sources;
        if space {
            let mut ready = Space::default().with_speed_of_sound(speed_of_sound);
            if let Some(reach) = reach {
                ready = ready.with_propagation(reach);
            }
            for (order, gain, head_locked) in fields {
                let mut field = FieldSpec::new(order).with_gain(gain);
                field.head_locked = head_locked;
                ready = ready.with_field(field);
                inputs = inputs.saturating_add(order.saturating_add(1).saturating_pow(2));
            }
            builder = builder.space(ready);
            if let Some(room) = room {
                builder = builder.room(&room.room);
            }
        } else if reach.is_some() || !fields.is_empty() || room.is_some() {
            return Err(argument("rooms, propagation and sound fields need space, which is switched off"));
        }
        let (engine, control) = py.detach(|| builder.build()).or_raise()?;
        let rate = engine.sample_rate();
        Ok(Self { engine: Mutex::new(engine), control: Mutex::new(control), inputs, rate })
    }

    /// Adds a source; the lower 32 bits of its number are its input.
    #[allow(clippy::too_many_arguments, reason = "the package has names and defaults for them")]
    fn add(
        &self,
        py: Python<'_>,
        motion: &Motion,
        gain: f64,
        everywhere_part: f64,
        facing: [f64; 3],
        spread: f64,
        head_locked: bool,
        everywhere: bool,
        fade_in: Option<f64>,
    ) -> PyResult<u64> {
        let mut spec = SourceSpec::new(motion.motion.clone())
            .with_gain(gain)
            .with_beam(beam(everywhere_part, facing))
            .with_spread(spread);
        spec.head_locked = head_locked;
        spec.everywhere = everywhere;
        if let Some(seconds) = fade_in {
            spec = spec.with_fade_in(seconds);
        }
        self.steer(py, |control| control.add(spec)).map(SourceId::to_bits)
    }

    fn move_over(&self, py: Python<'_>, id: u64, motion: &Motion, seconds: f64) -> PyResult<()> {
        self.steer(py, |control| control.move_over(SourceId::from_bits(id), motion.motion.clone(), seconds))
    }

    fn snap_to(&self, py: Python<'_>, id: u64, motion: &Motion) -> PyResult<()> {
        self.steer(py, |control| control.snap_to(SourceId::from_bits(id), motion.motion.clone()))
    }

    fn set_gain(&self, py: Python<'_>, id: u64, gain: f64) -> PyResult<()> {
        self.steer(py, |control| control.set_gain(SourceId::from_bits(id), gain))
    }

    fn set_beam(&self, py: Python<'_>, id: u64, everywhere_part: f64, facing: [f64; 3]) -> PyResult<()> {
        self.steer(py, |control| control.set_beam(SourceId::from_bits(id), beam(everywhere_part, facing)))
    }

    fn remove(&self, py: Python<'_>, id: u64) -> PyResult<()> {
        self.steer(py, |control| control.remove(SourceId::from_bits(id)))
    }

    fn has(&self, py: Python<'_>, id: u64) -> bool {
        py.detach(|| locked(&self.control).has(SourceId::from_bits(id)))
    }

    fn set_head(&self, py: Python<'_>, motion: &HeadMotion, seconds: f64) -> PyResult<()> {
        self.steer(py, |control| control.set_head_motion(motion.motion.clone(), seconds))
    }

    fn set_room(&self, py: Python<'_>, room: Option<PyRef<'_, Room>>, seconds: f64) -> PyResult<()> {
        let room = room.map(|r| r.room.clone());
        self.steer(py, |control| control.set_room(room.as_ref(), seconds))
    }

    /// The first input of a sound field.
    fn field_input(&self, py: Python<'_>, field: usize) -> Option<usize> {
        py.detach(|| locked(&self.engine).field_input(field))
    }

    /// Renders `frames` frames: `[2][frames]`.
    fn process<'py>(
        &self,
        py: Python<'py>,
        given: Vec<(usize, PyReadonlyArray1<'py, f32>)>,
        frames: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        if frames > MOST_FRAMES {
            return Err(argument(format!("a call renders {MOST_FRAMES} frames at most, not {frames}")));
        }
        let mut planes = vec![Vec::new(); self.inputs];
        for (input, samples) in &given {
            let samples = values(samples);
            if samples.len() != frames {
                return Err(argument(format!("input {input}: {frames} samples are needed, not {}", samples.len())));
            }
            let plane = planes.get_mut(*input).ok_or_else(|| {
                argument(format!("the engine has {} inputs, none with the number {input}", self.inputs))
            })?;
            *plane = samples;
        }
        let mut ears = pool::zeros::<f32>(&[2, frames]).or_raise()?;
        py.detach(|| {
            let inputs: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
            let (left, right) = ears.split_at_mut(frames);
            locked(&self.engine).process(&inputs, left, right);
        });
        shaped(py, ears, [2, frames])
    }

    /// Frames that sound after the inputs have ended, as things are.
    #[getter]
    fn tail(&self, py: Python<'_>) -> usize {
        py.detach(|| locked(&self.engine).tail_frames())
    }

    /// Samples that were not finite and were silenced.
    #[getter]
    fn non_finite(&self, py: Python<'_>) -> u64 {
        py.detach(|| locked(&self.control).counters().non_finite())
    }

    /// Frames rendered.
    #[getter]
    fn frames(&self, py: Python<'_>) -> u64 {
        py.detach(|| locked(&self.control).counters().frames())
    }
}

impl Engine {
    fn steer<T: Send>(
        &self,
        py: Python<'_>,
        what: impl FnOnce(&mut Control) -> periphon::Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| what(&mut locked(&self.control))).or_raise()
    }
}

/// A pattern that faces somewhere; directions have any length.
pub(crate) fn beam(everywhere: f64, facing: [f64; 3]) -> Beam {
    let [x, y, z] = facing;
    let facing = Vec3::new(x, y, z);
    // What has the length 1 stays as it is, bit for bit.
    let unit = (facing.norm() - 1.0).abs() < 1e-6;
    Beam { everywhere, facing: if unit || !facing.is_finite() { facing } else { facing.direction() } }
}

fn locked<T>(half: &Mutex<T>) -> MutexGuard<'_, T> {
    half.lock().unwrap_or_else(PoisonError::into_inner)
}
