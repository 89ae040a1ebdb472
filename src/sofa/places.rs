//! Positions: from the coordinate systems and units of AES69 to metres seen from the head.

use super::container::{Container, Variable};
use super::finding::Finding;
use crate::error::{Error, Result};

/// A point or direction, metres, +x front, +y left, +z up.
pub(crate) type Vec3 = [f64; 3];

/// The coordinate systems of AES69.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Cartesian,
    Spherical,
    /// The rows stand for spherical harmonics, not for points.
    Harmonics,
}

/// The rows of a position variable: `[rows]`, or `[rows][M]` if each measurement has its own.
pub(crate) struct Places {
    pub(crate) system: System,
    pub(crate) rows: usize,
    measurements: usize,
    points: Vec<Vec3>,
}

impl Places {
    /// Row `row` at measurement `m`.
    pub(crate) fn at(&self, row: usize, m: usize) -> Vec3 {
        self.points[row * self.measurements + if self.measurements == 1 { 0 } else { m }]
    }

    /// True if the rows differ from measurement to measurement.
    pub(crate) fn per_measurement(&self) -> bool {
        self.measurements > 1
    }
}

/// Reads a position variable: `SourcePosition`, `ListenerPosition` (`[I|M][C]`, rows are measurements), or
/// `ReceiverPosition`, `EmitterPosition` (`[R|E][C][I|M]`; the last dimension may be missing). `None` if it is missing.
///
/// # Errors
/// `Malformed` if the shape, the coordinate system or a value is no position; `Unsupported` for unknown units.
pub(crate) fn read(file: &Container, name: &str, findings: &mut Vec<Finding>) -> Result<Option<Places>> {
    read_like(file, name, name, findings)
}

/// As [`read`], with the coordinate system and units of `model` where `name` does not state its own.
fn read_like(file: &Container, name: &str, model: &str, findings: &mut Vec<Finding>) -> Result<Option<Places>> {
    let Some(variable) = file.variable(name) else { return Ok(None) };
    let (rows, measurements) = match variable.dims[..] {
        [3] => (1, 1),
        [rows, 3] => (rows, 1),
        [rows, 3, m] => (rows, m),
        _ => {
            return Err(Error::malformed(format!(
                "{name} has the dimensions {:?}, not three coordinates a row",
                variable.dims
            )));
        }
    };
    if rows == 0 || measurements == 0 {
        return Err(Error::malformed(format!("{name} has no rows")));
    }
    let values = file.values(name)?;
    let stated = match file.variable(model) {
        Some(model) if variable.attribute("Type").is_none() => model,
        _ => variable,
    };
    let system = system(stated, name, findings)?;
    if system == System::Harmonics {
        let points = vec![[values[2 * measurements], 0.0, 0.0]];
        return Ok(Some(Places { system, rows, measurements: 1, points }));
    }
    let units = Units::of(stated, system, name, findings)?;
    let mut points = Vec::with_capacity(rows * measurements);
    for row in 0..rows {
        for m in 0..measurements {
            let [a, b, c] = [0, 1, 2].map(|i| values[(row * 3 + i) * measurements + m]);
            points.push([a, b, c]);
        }
    }
    // Some sets give directions only: a distance of zero or no number, everywhere.
    let unusable = |p: &Vec3| !(p[2].is_finite() && p[2] != 0.0);
    let no_distance = system == System::Spherical
        && name == "SourcePosition"
        && points.iter().all(unusable)
        && points.iter().any(|p| p[0] != points[0][0] || p[1] != points[0][1]);
    if no_distance {
        points.iter_mut().for_each(|p| p[2] = 1.0 / units.length);
        findings.push(Finding::warning("no-distance", format!("{name} gives no distances; 1 m is assumed")));
    }
    if let Some(row) = points.iter().position(|p| p.iter().any(|v| !v.is_finite())) {
        return Err(Error::malformed(format!("{name} {row} is {:?}, not a position", points[row])));
    }
    for p in &mut points {
        *p = match system {
            System::Cartesian => p.map(|v| v * units.length),
            _ => {
                let (azimuth, elevation) = (p[0] * units.angle, p[1] * units.angle);
                from_angles(azimuth, elevation, p[2] * units.length)
            }
        };
    }
    Ok(Some(Places { system, rows, measurements, points }))
}

/// A point from angles in radians.
pub(crate) fn from_angles(azimuth: f64, elevation: f64, distance: f64) -> Vec3 {
    let (sa, ca) = exact_sin_cos(azimuth);
    let (se, ce) = exact_sin_cos(elevation);
    [distance * ce * ca, distance * ce * sa, distance * se]
}

/// Sine and cosine that are exactly 0 at multiples of a quarter turn, so that a source in the median plane stands in it.
fn exact_sin_cos(angle: f64) -> (f64, f64) {
    let (s, c) = angle.sin_cos();
    let clean = |v: f64| if v.abs() < 1e-15 * angle.abs().max(1.0) { 0.0 } else { v };
    (clean(s), clean(c))
}

/// Azimuth in (-180, 180] and elevation in degrees, and distance in metres.
pub(crate) fn to_angles(p: Vec3) -> (f64, f64, f64) {
    let flat = p[0].hypot(p[1]);
    let azimuth = if flat == 0.0 { 0.0 } else { p[1].atan2(p[0]).to_degrees() };
    (if azimuth == -180.0 { 180.0 } else { azimuth }, p[2].atan2(flat).to_degrees(), flat.hypot(p[2]))
}

fn system(variable: &Variable, name: &str, findings: &mut Vec<Finding>) -> Result<System> {
    let units = variable.attribute("Units").unwrap_or_default().to_ascii_lowercase();
    match variable.attribute("Type").map(str::to_ascii_lowercase).as_deref() {
        Some("cartesian") => Ok(System::Cartesian),
        Some("spherical") => Ok(System::Spherical),
        Some("spherical harmonics") => Ok(System::Harmonics),
        Some(other) => Err(Error::unsupported(format!("{name} has the coordinate system '{other}'"))
            .hint("cartesian, spherical and spherical harmonics can be read")),
        None => {
            let system = if units.contains("deg") || units.contains("rad") {
                System::Spherical
            } else if units.contains('m') {
                System::Cartesian
            } else if name == "SourcePosition" {
                return Err(Error::malformed(format!("{name} names neither its coordinate system nor its units"))
                    .hint("add the attribute Type, 'spherical' or 'cartesian'"));
            } else {
                // The default of AES69 for listeners, receivers, emitters and view vectors.
                System::Cartesian
            };
            if name == "SourcePosition" {
                findings.push(Finding::warning(
                    "no-type",
                    format!("{name} does not name its coordinate system; by its units it is {system:?}"),
                ));
            }
            Ok(system)
        }
    }
}

/// Factors to radians and metres.
struct Units {
    angle: f64,
    length: f64,
}

impl Units {
    fn of(variable: &Variable, system: System, name: &str, findings: &mut Vec<Finding>) -> Result<Self> {
        let degree = 1f64.to_radians();
        let mut units = Self { angle: degree, length: 1.0 };
        let Some(text) = variable.attribute("Units") else {
            if name == "SourcePosition" {
                findings
                    .push(Finding::warning("no-units", format!("{name} has no units; degrees and metres are assumed")));
            }
            return Ok(units);
        };
        let lower = text.to_ascii_lowercase();
        for word in lower.split([',', ';', ' ']).filter(|w| !w.is_empty()) {
            match word {
                "degree" | "degrees" | "deg" | "°" => units.angle = degree,
                "radian" | "radians" | "rad" => units.angle = 1.0,
                "metre" | "metres" | "meter" | "meters" | "m" => units.length = 1.0,
                "centimetre" | "centimetres" | "centimeter" | "centimeters" | "cm" => units.length = 0.01,
                "millimetre" | "millimetres" | "millimeter" | "millimeters" | "mm" => units.length = 0.001,
                _ => {
                    return Err(Error::unsupported(format!("{name} has the unknown unit '{word}' in '{text}'"))
                        .hint("degree or radian, and metre, can be read"));
                }
            }
        }
        if system == System::Cartesian && (lower.contains("deg") || lower.contains("rad")) {
            findings.push(Finding::warning("units", format!("{name} is cartesian, but its units are '{text}'")));
        }
        Ok(units)
    }
}

/// Three unit vectors: front, left, up.
pub(crate) struct Frame([Vec3; 3]);

impl Frame {
    /// From a view and an up vector, which need not be at right angles. `None` if they span no plane.
    pub(crate) fn new(view: Vec3, up: Vec3) -> Option<Self> {
        let front = unit(view)?;
        let left = unit(cross(up, front))?;
        Some(Self([front, left, cross(front, left)]))
    }

    /// A vector of the world, seen from within the frame.
    pub(crate) fn inside(&self, v: Vec3) -> Vec3 {
        self.0.map(|axis| dot(axis, v))
    }

    /// A vector seen from within the frame, in the world.
    pub(crate) fn outside(&self, v: Vec3) -> Vec3 {
        [0, 1, 2].map(|i| v[0] * self.0[0][i] + v[1] * self.0[1][i] + v[2] * self.0[2][i])
    }
}

fn unit(v: Vec3) -> Option<Vec3> {
    let n = length(v);
    (n > 1e-6).then(|| v.map(|x| x / n))
}

pub(crate) fn length(v: Vec3) -> f64 {
    dot(v, v).sqrt()
}

pub(crate) fn dot(a: Vec3, b: Vec3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Vec3, b: Vec3) -> Vec3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Where the object (`Listener`, `Source`) stands and looks, one a measurement.
pub(crate) struct Pose {
    position: Option<Places>,
    view: Option<Places>,
    up: Option<Places>,
}

impl Pose {
    pub(crate) fn read(file: &Container, object: &str, findings: &mut Vec<Finding>) -> Result<Self> {
        let (view, up) = (format!("{object}View"), format!("{object}Up"));
        Ok(Self {
            position: read(file, &format!("{object}Position"), findings)?,
            view: read(file, &view, findings)?,
            up: read_like(file, &up, &view, findings)?,
        })
    }

    /// # Errors
    /// `Malformed` if a variable has neither one row nor one a measurement.
    pub(crate) fn check(&self, object: &str, measurements: usize) -> Result<()> {
        for (places, what) in [(&self.position, "Position"), (&self.view, "View"), (&self.up, "Up")] {
            if let Some(p) = places.as_ref().filter(|p| p.rows != 1 && p.rows != measurements) {
                return Err(Error::malformed(format!(
                    "{object}{what} has {} rows for {measurements} measurements",
                    p.rows
                )));
            }
        }
        Ok(())
    }

    pub(crate) fn position(&self, m: usize) -> Vec3 {
        self.position.as_ref().map_or([0.0; 3], |p| p.at(if p.rows == 1 { 0 } else { m }, 0))
    }

    pub(crate) fn given(&self) -> bool {
        self.position.is_some()
    }

    /// The frame at measurement `m`; front is +x and up +z where the file does not say.
    ///
    /// # Errors
    /// `Malformed` if view and up are parallel or zero.
    pub(crate) fn frame(&self, object: &str, m: usize) -> Result<Frame> {
        let pick =
            |p: &Option<Places>, default| p.as_ref().map_or(default, |p| p.at(if p.rows == 1 { 0 } else { m }, 0));
        let view = pick(&self.view, [1.0, 0.0, 0.0]);
        let up = pick(&self.up, [0.0, 0.0, 1.0]);
        Frame::new(view, up).ok_or_else(|| {
            Error::malformed(format!("{object}View {view:?} and {object}Up {up:?} of measurement {m} span no plane"))
        })
    }

    /// True if the object moves or turns from measurement to measurement.
    pub(crate) fn moves(&self) -> bool {
        [&self.position, &self.view, &self.up].into_iter().flatten().any(|p| p.rows > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Vec3, b: Vec3) -> bool {
        length([a[0] - b[0], a[1] - b[1], a[2] - b[2]]) < 1e-12
    }

    #[test]
    fn left_is_plus_90_and_up_is_plus_z() {
        assert!(near(from_angles(90f64.to_radians(), 0.0, 2.0), [0.0, 2.0, 0.0]));
        assert!(near(from_angles(0.0, 90f64.to_radians(), 1.0), [0.0, 0.0, 1.0]));
        assert_eq!(from_angles(std::f64::consts::PI, 0.0, 1.0)[1], 0.0);
        assert_eq!(to_angles([-1.0, 0.0, 0.0]), (180.0, 0.0, 1.0));
    }

    #[test]
    fn a_head_turned_left_sees_a_source_ahead_of_the_room_on_its_right() {
        let frame = Frame::new(from_angles(30f64.to_radians(), 0.0, 1.0), [0.0, 0.0, 1.0]).unwrap();
        let (azimuth, elevation, distance) = to_angles(frame.inside([2.0, 0.0, 0.0]));
        assert!((azimuth + 30.0).abs() < 1e-9 && elevation.abs() < 1e-9 && (distance - 2.0).abs() < 1e-12);
        assert!(near(frame.outside(frame.inside([0.3, -0.2, 0.9])), [0.3, -0.2, 0.9]));
    }

    #[test]
    fn an_up_vector_along_the_view_is_no_frame() {
        assert!(Frame::new([0.0, 0.0, 1.0], [0.0, 0.0, 2.0]).is_none());
        assert!(Frame::new([0.0; 3], [0.0, 0.0, 1.0]).is_none());
    }
}
