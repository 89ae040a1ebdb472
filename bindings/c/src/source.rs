//! What sources are, as C says it.

use crate::arg;
use crate::status::{argument, guard, Failure, PeriphonStatus};
use periphon::{Beam, SourceSpec, Vec3};

/// A source of an engine; 0 is none. A source that has been removed is told from the next one in its place.
pub type PeriphonSource = u64;

/// What a source is when it is added. `periphon_source_init` fills it in; change what should differ.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PeriphonSourceSpec {
    /// Bytes of this struct, as `periphon_source_init` sets it.
    pub size: usize,
    /// Metres: x front, y left, z up.
    pub position: [f64; 3],
    /// Linear; at 1 m a gain of 1 is the head's response unscaled.
    pub gain: f64,
    /// Not 0: the position is given in the head's frame, and turns with it.
    pub head_locked: i32,
    /// Not 0: alike at both ears, without direction and distance.
    pub everywhere: i32,
    /// Directivity: 1 omnidirectional, 0.5 cardioid, 0 figure of eight. Needs an engine with space.
    pub pattern: f64,
    /// Where it faces, of any length but 0.
    pub facing: [f64; 3],
    /// Degrees of width: 0 for a point to 360 for all around. Needs an engine with space.
    pub spread_deg: f64,
    /// Seconds in which it fades in if it is added while the engine runs.
    pub fade_in_s: f64,
}

impl Default for PeriphonSourceSpec {
    fn default() -> Self {
        let usual = SourceSpec::still(Vec3::new(1.0, 0.0, 0.0));
        Self {
            size: size_of::<Self>(),
            position: [1.0, 0.0, 0.0],
            gain: usual.gain,
            head_locked: 0,
            everywhere: 0,
            pattern: usual.beam.everywhere,
            facing: [1.0, 0.0, 0.0],
            spread_deg: usual.spread_deg,
            fade_in_s: usual.fade_in_s,
        }
    }
}

impl PeriphonSourceSpec {
    pub(crate) fn spec(&self) -> Result<SourceSpec, Failure> {
        if self.size != size_of::<Self>() {
            return Err(argument(format!(
                "the source has {} bytes, {} are known here: fill it in by periphon_source_init",
                self.size,
                size_of::<Self>()
            )));
        }
        let [x, y, z] = self.position;
        let [fx, fy, fz] = self.facing;
        let mut spec = SourceSpec::still(Vec3::new(x, y, z))
            .with_gain(self.gain)
            .with_beam(beam(self.pattern, Vec3::new(fx, fy, fz))?)
            .with_spread(self.spread_deg)
            .with_fade_in(self.fade_in_s);
        if self.head_locked != 0 {
            spec = spec.with_head_locked();
        }
        if self.everywhere != 0 {
            spec = spec.with_everywhere();
        }
        Ok(spec)
    }
}

/// A beam of a direction of any length.
pub(crate) fn beam(pattern: f64, facing: Vec3) -> Result<Beam, Failure> {
    let length = facing.norm();
    if !(length > 1e-9 && length.is_finite()) {
        return Err(argument("the direction that a source faces in must be finite and not zero"));
    }
    // What has the length 1 stays as it is, bit for bit.
    let exact = (length - 1.0).abs() < 1e-12;
    Ok(Beam { everywhere: pattern, facing: if exact { facing } else { facing.direction() } })
}

/// Fills in a source with what is usual: a point 1 m ahead of the origin that sends alike in all directions, at unit gain.
///
/// # Safety
/// `spec` is where it goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_source_init(spec: *mut PeriphonSourceSpec) -> PeriphonStatus {
    // SAFETY: by this function's contract.
    guard(|| unsafe { arg::put(spec, PeriphonSourceSpec::default()) })
}

/// Which of `periphon_engine_process`'s inputs a source plays. For any thread.
#[no_mangle]
pub extern "C" fn periphon_source_input(source: PeriphonSource) -> usize {
    (source & 0xffff_ffff) as usize
}
