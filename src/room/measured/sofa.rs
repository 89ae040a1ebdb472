//! Measured rooms from SOFA files: every convention that keeps finite impulse responses (data types FIR and FIR-E) for
//! two ears or in spherical harmonics.
//!
//! A response belongs to a measurement (M), a receiver (R) and an emitter (E). The listener's view of the measurement is
//! the orientation of the head; source and emitter together say where the loudspeaker stands. Measurements are sorted
//! into a grid of orientations and loudspeakers; what does not fill the grid is left out and named.

use super::blend::Shifter;
use super::{Emitter, Receivers, RoomResponses};
use crate::coords::{Rotation, Vec3};
use crate::error::{Error, Result};
use crate::sofa::container::{Container, guard};
use crate::sofa::finding::Finding;
use crate::sofa::fir;
use crate::sofa::places::{self, Frame, Places, Pose, System};
use std::path::Path;

/// Responses shorter than this, from the free field, are those of a head, not of a room: seconds.
const HEAD_SECONDS: f64 = 0.05;
/// Loudspeakers nearer than this are one, metres; orientations nearer than this are one, radians.
const SAME_PLACE: f64 = 0.01;
const SAME_TURN: f64 = 0.002;
/// The largest delay that a response may be given, seconds.
const MOST_DELAY: f64 = 1.0;

/// Reads the measured room in a file.
pub(super) fn open(path: &Path) -> Result<RoomResponses> {
    let file = Container::open(path)?;
    guard(|| read(&file))
}

/// The sizes of `Data.IR`.
struct Shape {
    m: usize,
    r: usize,
    n: usize,
    e: usize,
    /// `[M][R][E][N]` instead of `[M][R][N][E]`.
    emitters_first: bool,
}

impl Shape {
    fn of(file: &Container) -> Result<Self> {
        let convention = file.attribute("SOFAConventions").unwrap_or("no convention");
        let Some(data) = file.variable("Data.IR") else {
            let kind = file.attribute("DataType").unwrap_or("nothing");
            return Err(Error::unsupported(format!(
                "a measured room keeps impulse responses in Data.IR; this {convention} keeps {kind}"
            ))
            .hint("the data types FIR and FIR-E can be read"));
        };
        let kind = file.attribute("DataType").unwrap_or_default().to_ascii_uppercase().replace(' ', "");
        let shape = match (kind.as_str(), &data.dims[..]) {
            (_, &[m, r, n]) => Self { m, r, n, e: 1, emitters_first: false },
            ("FIRE", &[m, r, e, n]) => Self { m, r, n, e, emitters_first: true },
            (_, &[m, r, n, e]) => Self { m, r, n, e, emitters_first: false },
            (_, dims) => {
                return Err(Error::malformed(format!(
                    "Data.IR has the dimensions {dims:?}, not [M][R][N] or [M][R][N][E]"
                )));
            }
        };
        if [shape.m, shape.r, shape.n, shape.e].contains(&0) {
            return Err(Error::malformed(format!("Data.IR has the dimensions {:?}: it is empty", data.dims)));
        }
        Ok(shape)
    }

    fn at(&self, m: usize, r: usize, e: usize, n: usize) -> usize {
        if self.emitters_first {
            ((m * self.r + r) * self.e + e) * self.n + n
        } else {
            ((m * self.r + r) * self.n + n) * self.e + e
        }
    }
}

fn read(file: &Container) -> Result<RoomResponses> {
    let mut findings = Vec::new();
    let shape = Shape::of(file)?;
    let rate = fir::rate(file, shape.m, &mut findings)?;
    check_kind(file, &shape, rate)?;
    let receivers_at = places::read(file, "ReceiverPosition", &mut findings)?;
    let receivers = receivers(file, &shape, receivers_at.as_ref())?;
    let mut warnings = Vec::new();
    let grid = Grid::read(file, &shape, &mut findings, &mut warnings)?;
    let delays = Delays::read(file, &shape, rate)?;
    let samples = file.samples("Data.IR")?;
    if let Some(at) = fir::first_not_finite(&samples) {
        return Err(Error::malformed(format!("Data.IR is {} at its value {at}", samples[at]))
            .hint("take that measurement out of the file, or measure it again"));
    }
    let count = receivers.count();
    // The left ear first, by its place.
    let swap = receivers == Receivers::Ears
        && receivers_at.as_ref().is_some_and(|p| p.rows == 2 && p.at(0, 0)[1] < p.at(1, 0)[1]);
    if swap {
        warnings.push("the file has the right ear first; put right".to_string());
    }
    let room_for_delay = delays.largest.ceil() as usize;
    let taps = shape.n + room_for_delay;
    let mut responses = vec![0.0; grid.orientations.len() * grid.emitters.len() * count * taps];
    let shifter = Shifter::new();
    let mut response = vec![0.0; shape.n];
    for (cell, &(m, e)) in grid.cells.iter().enumerate() {
        for receiver in 0..count {
            let r = if swap { 1 - receiver } else { receiver };
            response.iter_mut().enumerate().for_each(|(n, y)| *y = samples[shape.at(m, r, e, n)]);
            let gain = match receivers {
                Receivers::Ears => 1.0,
                // AES69 keeps orthonormal harmonics; SN3D is √(4π / (2l + 1)) times as much.
                Receivers::SoundField(_) => {
                    (4.0 * std::f64::consts::PI / (2 * receiver.isqrt() + 1) as f64).sqrt() as f32
                }
            };
            let out = &mut responses[(cell * count + receiver) * taps..][..taps];
            let delay = delays.at(m, r, e);
            if delay == 0.0 {
                out[..shape.n].iter_mut().zip(&response).for_each(|(y, x)| *y = gain * x);
            } else {
                shifter.add(out, &response, delay, gain);
            }
        }
    }
    warnings.extend(findings.into_iter().map(|f: Finding| f.message));
    Ok(RoomResponses {
        sample_rate: rate,
        taps,
        emitters: grid.emitters,
        orientations: grid.orientations,
        receivers,
        responses,
        warnings,
    })
}

/// Head sets are no rooms.
fn check_kind(file: &Container, shape: &Shape, rate: f64) -> Result<()> {
    let convention = file.attribute("SOFAConventions").unwrap_or_default();
    if convention.is_empty() {
        return Err(Error::malformed("this is an HDF5 file without the attribute SOFAConventions, so no SOFA file"));
    }
    let room = file.attribute("RoomType").unwrap_or("free field").to_ascii_lowercase();
    let free = matches!(room.as_str(), "free field" | "freefield" | "free-field" | "anechoic");
    let seconds = shape.n as f64 / rate;
    let of_rooms = ["MultiSpeakerBRIR", "SingleRoomSRIR", "SingleRoomMIMOSRIR", "SingleRoomDRIR"];
    if free && seconds < HEAD_SECONDS && !of_rooms.iter().any(|c| c.eq_ignore_ascii_case(convention)) {
        return Err(Error::unsupported(format!(
            "this {convention} holds responses of {:.1} ms from the {room}: a head set, not a measured room",
            seconds * 1e3
        ))
        .hint("give it to --hrtf"));
    }
    Ok(())
}

fn receivers(file: &Container, shape: &Shape, places: Option<&Places>) -> Result<Receivers> {
    if places.is_some_and(|p| p.system == System::Harmonics) {
        let order = shape.r.isqrt() - 1;
        if (order + 1) * (order + 1) != shape.r {
            return Err(Error::malformed(format!(
                "ReceiverPosition is spherical harmonics, but {} receivers are not 1, 4, 9, 16, ... of them",
                shape.r
            )));
        }
        return Ok(Receivers::SoundField(order));
    }
    let title = file.attribute("ListenerShortName").unwrap_or("a microphone");
    match shape.r {
        2 => Ok(Receivers::Ears),
        1 => Err(Error::unsupported(format!(
            "Data.IR has one receiver ({title}): a response without directions or ears"
        ))
        .hint("choose a room measured with a dummy head, or in spherical harmonics")),
        r => Err(Error::unsupported(format!(
            "Data.IR has {r} receivers ({title}): a microphone array, which takes a model of the head to be heard"
        ))
        .hint("convert it to two ears, or to spherical harmonics (ReceiverPosition of that type)")),
    }
}

/// `Data.Delay`, samples: `[I|M][R]` or `[I|M][R][E]`.
struct Delays {
    values: Vec<f64>,
    dims: [usize; 3],
    scale: f64,
    least: f64,
    largest: f64,
}

impl Delays {
    fn read(file: &Container, shape: &Shape, rate: f64) -> Result<Self> {
        let Some(variable) = file.variable("Data.Delay") else {
            return Ok(Self { values: vec![0.0], dims: [1; 3], scale: 1.0, least: 0.0, largest: 0.0 });
        };
        let dims = match variable.dims[..] {
            [] => [1, 1, 1],
            [r] => [1, r, 1],
            [m, r] => [m, r, 1],
            [m, r, e] => [m, r, e],
            _ => [0; 3],
        };
        let fits = |i: usize, of: usize| dims[i] == 1 || dims[i] == of;
        if !(fits(0, shape.m) && fits(1, shape.r) && fits(2, shape.e)) {
            return Err(Error::malformed(format!(
                "Data.Delay has the dimensions {:?}; Data.IR asks for [1 or {}][{}][1 or {}]",
                variable.dims, shape.m, shape.r, shape.e
            )));
        }
        let scale = match variable.attribute("Units").map(str::to_ascii_lowercase).as_deref() {
            None | Some("sample" | "samples") => 1.0,
            Some("second" | "seconds" | "s") => rate,
            Some("millisecond" | "milliseconds" | "ms") => rate * 1e-3,
            Some(other) => {
                return Err(Error::unsupported(format!("Data.Delay has the unknown unit '{other}'"))
                    .hint("samples and seconds can be read"));
            }
        };
        let values = file.values("Data.Delay")?;
        let (mut least, mut largest) = (0.0f64, 0.0f64);
        for v in &values {
            let d = v * scale;
            if !d.is_finite() || d.abs() > MOST_DELAY * rate {
                return Err(Error::malformed(format!("Data.Delay is {v}, which is no delay of a second at most")));
            }
            (least, largest) = (least.min(d), largest.max(d));
        }
        // A response cannot begin before its sound: negative ones are shifted together.
        Ok(Self { values, dims, scale, least, largest: largest - least })
    }

    fn at(&self, m: usize, r: usize, e: usize) -> f64 {
        let pick = |i: usize, of: usize| if self.dims[i] == 1 { 0 } else { of };
        let index = (pick(0, m) * self.dims[1] + pick(1, r)) * self.dims[2] + pick(2, e);
        self.values[index] * self.scale - self.least
    }
}

/// Which measurement and emitter of the file gives the response of each orientation and loudspeaker.
struct Grid {
    orientations: Vec<Rotation>,
    emitters: Vec<Emitter>,
    /// `[orientations][emitters]`
    cells: Vec<(usize, usize)>,
}

impl Grid {
    fn read(file: &Container, shape: &Shape, findings: &mut Vec<Finding>, warnings: &mut Vec<String>) -> Result<Self> {
        let source = Pose::read(file, "Source", findings)?;
        let listener = Pose::read(file, "Listener", findings)?;
        source.check("Source", shape.m)?;
        listener.check("Listener", shape.m)?;
        let drivers = emitters(file, shape, findings)?;
        // A MultiSpeakerBRIR whose source was left where the convention puts it has its loudspeakers about the listener.
        let untouched = file.attribute("SOFAConventions").is_some_and(|c| c.eq_ignore_ascii_case("MultiSpeakerBRIR"))
            && (0..shape.m).all(|m| places::length(sub(source.position(m), [1.0, 0.0, 0.0])) < 1e-9)
            && drivers.is_some();
        let here = listener.position(0);
        let mut elsewhere = 0;
        let mut turns: Vec<Rotation> = Vec::new();
        let mut spots: Vec<[f64; 3]> = Vec::new();
        let mut found: Vec<(usize, usize, usize, usize)> = Vec::new();
        for m in 0..shape.m {
            if places::length(sub(listener.position(m), here)) > SAME_PLACE {
                elsewhere += 1;
                continue;
            }
            let turn = rotation(&listener.frame("Listener", m)?);
            let o = index_or_push(&mut turns, turn, |a, b| angle(*a, *b) < SAME_TURN);
            for e in 0..shape.e {
                let offset = match &drivers {
                    Some(d) => source.frame("Source", m)?.outside(d.at(e, if d.per_measurement() { m } else { 0 })),
                    None => [0.0; 3],
                };
                let from = if untouched { [0.0; 3] } else { source.position(m) };
                let spot = [0, 1, 2].map(|k| from[k] + offset[k] - here[k]);
                let s = index_or_push(&mut spots, spot, |a, b| places::length(sub(*a, *b)) < SAME_PLACE);
                found.push((o, s, m, e));
            }
        }
        if elsewhere > 0 {
            warnings.push(format!(
                "{elsewhere} of {} measurements have the listener elsewhere; only the first place is used",
                shape.m
            ));
        }
        if untouched {
            warnings
                .push("SourcePosition was left at its default; the loudspeakers stand about the listener".to_string());
        }
        let mut cells = vec![None; turns.len() * spots.len()];
        let mut again = 0;
        for (o, s, m, e) in found {
            let cell: &mut Option<(usize, usize)> = &mut cells[o * spots.len() + s];
            again += usize::from(cell.is_some());
            cell.get_or_insert((m, e));
        }
        if again > 0 {
            warnings.push(format!("{again} responses were measured again; the first of each is used"));
        }
        let kept: Vec<usize> =
            (0..turns.len()).filter(|o| cells[o * spots.len()..][..spots.len()].iter().all(Option::is_some)).collect();
        if kept.is_empty() {
            return Err(Error::unsupported(format!(
                "none of the {} orientations of the listener (ListenerView) was measured with all {} loudspeakers",
                turns.len(),
                spots.len()
            ))
            .hint("split the file into one for each loudspeaker"));
        }
        if kept.len() < turns.len() {
            warnings.push(format!(
                "{} of {} orientations lack some loudspeakers and are left out",
                turns.len() - kept.len(),
                turns.len()
            ));
        }
        let orientations: Vec<Rotation> = kept.iter().map(|o| turns[*o]).collect();
        let cells =
            kept.iter().flat_map(|o| cells[o * spots.len()..][..spots.len()].iter().flatten().copied()).collect();
        let ahead = reference(&orientations);
        let emitters = spots
            .iter()
            .enumerate()
            .map(|(i, p)| Emitter {
                name: (i + 1).to_string(),
                position: ahead.inverse().rotate(Vec3::new(p[0], p[1], p[2])),
            })
            .collect();
        let orientations = orientations.into_iter().map(|o| ahead.inverse() * o).collect();
        Ok(Self { orientations, emitters, cells })
    }
}

/// Where the emitters are, from their source; `None` if it is their place as well.
fn emitters(file: &Container, shape: &Shape, findings: &mut Vec<Finding>) -> Result<Option<Places>> {
    let Some(places) = places::read(file, "EmitterPosition", findings)? else {
        if shape.e > 1 {
            return Err(Error::malformed(format!("the file has {} emitters, but no EmitterPosition", shape.e)));
        }
        return Ok(None);
    };
    if places.system == System::Harmonics {
        return Err(Error::unsupported("EmitterPosition is spherical harmonics: a source that can be turned")
            .hint("choose a file with loudspeakers at places"));
    }
    if places.rows != shape.e {
        return Err(Error::malformed(format!(
            "EmitterPosition has {} rows; Data.IR has {} emitters",
            places.rows, shape.e
        )));
    }
    Ok(Some(places))
}

/// The orientation that counts as not turned: that of the file's axes if it was measured, else the one in the middle.
fn reference(orientations: &[Rotation]) -> Rotation {
    if orientations.iter().any(|o| angle(*o, Rotation::IDENTITY) < 0.02) {
        return Rotation::IDENTITY;
    }
    let sum = |a: &Rotation| orientations.iter().map(|b| angle(*a, *b)).sum::<f64>();
    orientations.iter().copied().min_by(|a, b| sum(a).total_cmp(&sum(b))).unwrap_or_default()
}

fn angle(a: Rotation, b: Rotation) -> f64 {
    let q = a.inverse() * b;
    2.0 * (q.x * q.x + q.y * q.y + q.z * q.z).sqrt().atan2(q.w.abs())
}

/// From three unit vectors to a quaternion, by the largest of its parts (Shepperd 1978).
fn rotation(frame: &Frame) -> Rotation {
    let [f, l, u] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(|axis| frame.outside(axis));
    let trace = f[0] + l[1] + u[2];
    let (w, x, y, z) = if trace > f[0].max(l[1]).max(u[2]) {
        (1.0 + trace, l[2] - u[1], u[0] - f[2], f[1] - l[0])
    } else if f[0] >= l[1] && f[0] >= u[2] {
        (l[2] - u[1], 1.0 + f[0] - l[1] - u[2], f[1] + l[0], u[0] + f[2])
    } else if l[1] >= u[2] {
        (u[0] - f[2], f[1] + l[0], 1.0 - f[0] + l[1] - u[2], l[2] + u[1])
    } else {
        (f[1] - l[0], u[0] + f[2], l[2] + u[1], 1.0 - f[0] - l[1] + u[2])
    };
    Rotation::from_quaternion(w, x, y, z)
}

fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn index_or_push<T>(list: &mut Vec<T>, item: T, same: impl Fn(&T, &T) -> bool) -> usize {
    if let Some(i) = list.iter().position(|x| same(x, &item)) {
        return i;
    }
    list.push(item);
    list.len() - 1
}
