//! Impulse responses from sources to listeners, one or thousands, on all cores.

use crate::arrays::{places, pose, rows, sample_rate, shaped};
use crate::engine::beam;
use crate::errors::{OrRaise, argument};
use crate::head::Head;
use crate::pool;
use crate::room::Room;
use numpy::PyReadonlyArray2;
use periphon::ambisonics::channels;
use periphon::room::impulse::{self, Reverberation, Transmission};
use periphon::{Engine, HrtfSet, Result, Room as Shoebox, SourceSpec, Space};
use pyo3::prelude::*;
use std::sync::Arc;

/// Frames of the impulse that the engine is asked about at once.
const BLOCK: usize = 8192;

/// What hears.
enum Receiver {
    Omni,
    Ambisonic(usize),
    Binaural(Arc<HrtfSet>),
}

impl Receiver {
    fn channels(&self) -> usize {
        match self {
            Self::Omni => 1,
            Self::Ambisonic(order) => channels(*order),
            Self::Binaural(_) => 2,
        }
    }
}

/// `[N][channels][frames]`: what the listeners hear of an impulse, each in a room of its own (`rooms` has N), in the same
/// (`rooms` has 1) or in the free field (0).
///
/// `sources` is `[N][3]`, `listeners` `[N][7]` (place and quaternion), `beams` `[N][4]` (the part that goes everywhere,
/// and where the rest faces). `receiver` is the order of a sound field, or -1 for a microphone; with a head it is that.
/// Without `frames` all responses are as long as the longest.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "the package has names and defaults for them")]
pub(crate) fn responses<'py>(
    py: Python<'py>,
    rooms: Vec<PyRef<'py, Room>>,
    sources: PyReadonlyArray2<'py, f64>,
    listeners: PyReadonlyArray2<'py, f64>,
    beams: PyReadonlyArray2<'py, f64>,
    rate: f64,
    frames: Option<usize>,
    receiver: i64,
    head: Option<PyRef<'py, Head>>,
    propagation: bool,
    images: bool,
    speed_of_sound: f64,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let sources = places("sources", &sources)?;
    let listeners: Vec<_> = rows("listeners", &listeners)?.into_iter().map(pose).collect::<PyResult<_>>()?;
    let beams = rows::<4>("beams", &beams)?;
    let count = sources.len();
    if listeners.len() != count || beams.len() != count || ![0, 1, count].contains(&rooms.len()) {
        return Err(argument("there must be one listener, beam and room for each source"));
    }
    if beams.iter().flatten().any(|x| !x.is_finite()) {
        return Err(argument("directions must be finite"));
    }
    let rate = sample_rate(rate)?;
    if !(100.0..=2000.0).contains(&speed_of_sound) {
        return Err(argument(format!("the speed of sound must be 100 to 2000 m/s, not {speed_of_sound}")));
    }
    let receiver = match (head, receiver) {
        (Some(head), _) => Receiver::Binaural(Arc::clone(&head.set)),
        (None, -1) => Receiver::Omni,
        (None, order) => Receiver::Ambisonic(usize::try_from(order).unwrap_or(usize::MAX)),
    };
    if let Receiver::Ambisonic(order @ 8..) = receiver {
        return Err(argument(format!("a sound field has an order of 0 to 7, not {order}")));
    }
    // What Python holds stays behind.
    let rooms: Vec<Shoebox> = rooms.iter().map(|r| r.room.clone()).collect();
    let reverberation = match (&receiver, images) {
        (Receiver::Binaural(_), _) | (_, false) => Reverberation::Network,
        _ => Reverberation::Images,
    };
    let between = |i: usize| {
        let [everywhere, facing @ ..] = beams[i];
        Transmission {
            room: rooms.get(i).or(rooms.first()),
            source: sources[i],
            head: listeners[i],
            beam: beam(everywhere, facing),
            gain: 1.0,
            propagation,
            speed_of_sound,
            reverberation,
        }
    };
    let frames = match frames {
        Some(frames) => frames,
        None => {
            let mut each = pool::zeros::<usize>(&[count]).or_raise()?;
            pool::fill(
                py,
                &mut each,
                1,
                threads,
                || (),
                |(), i, out| {
                    out[0] = between(i).frames(rate).map_err(|e| pool::of(i, count, e))?;
                    Ok(())
                },
            )?;
            each.into_iter().max().unwrap_or(0)
        }
    };
    let planes = receiver.channels();
    impulse::check(rate, frames, planes).or_raise()?;
    let mut out = pool::zeros::<f32>(&[count, planes, frames]).or_raise()?;
    pool::fill(
        py,
        &mut out,
        planes * frames,
        threads,
        || None,
        |kept, i, out| {
            let all = match &receiver {
                Receiver::Omni => between(i).omni(rate, frames).map(|x| vec![x]),
                Receiver::Ambisonic(order) => between(i).ambisonic(rate, frames, *order),
                Receiver::Binaural(head) => {
                    return binaural(head, &between(i), out, kept).map_err(|e| pool::of(i, count, e));
                }
            };
            let all = all.map_err(|e| pool::of(i, count, e))?;
            all.iter().zip(out.chunks_exact_mut(frames.max(1))).for_each(|(x, out)| out.copy_from_slice(x));
            Ok(())
        },
    )?;
    shaped(py, out, [count, planes, frames])
}

/// Both ears, one after the other, by the engine that renders scenes. The engine before is kept until the next is made, as
/// what engines share is kept while one uses it.
fn binaural(head: &Arc<HrtfSet>, t: &Transmission<'_>, out: &mut [f32], kept: &mut Option<Engine>) -> Result<()> {
    let speed = t.room.map_or(t.speed_of_sound, |room| room.speed_of_sound);
    let mut space = Space::default().with_speed_of_sound(speed);
    if t.propagation {
        space = space.with_propagation(((t.source - t.head.position).norm() + 1.0).clamp(1.0, 10_000.0));
    }
    let mut builder = Engine::builder(head).offline().max_block(BLOCK).max_sources(1).space(space).listener(t.head);
    if let Some(room) = t.room {
        builder = builder.room(room);
    }
    let (mut engine, mut control) = builder.build()?;
    control.add(SourceSpec::still(t.source).with_beam(t.beam))?;
    let half = out.len() / 2;
    let (left, right) = out.split_at_mut(half);
    let mut pulse = vec![0.0; BLOCK.min(half)];
    pulse.iter_mut().take(1).for_each(|x| *x = 1.0);
    for (left, right) in left.chunks_mut(BLOCK).zip(right.chunks_mut(BLOCK)) {
        engine.process(&[&pulse[..left.len()]], left, right);
        pulse.iter_mut().take(1).for_each(|x| *x = 0.0);
    }
    *kept = Some(engine);
    Ok(())
}
