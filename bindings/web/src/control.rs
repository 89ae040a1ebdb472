//! What sounds where, and who listens. A source is a number: its place among the inputs in the lower 16 bits, above them what
//! tells it from those that had the place before.

use crate::state::{NUMBERS, call, with};
use periphon::{Beam, Error, HeadMotion, Motion, Pose, Result, Rotation, SourceId, SourceSpec, Vec3};

/// The lower bits.
const SLOTS: f64 = 65_536.0;

fn id(source: f64) -> Result<SourceId> {
    let whole = (0.0..SLOTS * 4_294_967_296.0).contains(&source) && source.fract() == 0.0;
    if !whole {
        return Err(Error::argument(format!("{source} is no source")));
    }
    let (generation, slot) = ((source / SLOTS).floor(), source % SLOTS);
    Ok(SourceId::from_bits((generation as u64) << 32 | slot as u64))
}

fn number(id: SourceId) -> f64 {
    let bits = id.to_bits();
    (bits >> 32) as f64 * SLOTS + (bits & 0xffff_ffff) as f64
}

fn vec3(v: &[f64]) -> Vec3 {
    Vec3::new(v[0], v[1], v[2])
}

/// A pose of seven numbers: place, then quaternion w, x, y, z.
fn pose(v: &[f64]) -> Pose {
    Pose::new(vec3(v), Rotation { w: v[3], x: v[4], y: v[5], z: v[6] })
}

/// A beam of a direction of any length.
fn beam(pattern: f64, facing: Vec3) -> Result<Beam> {
    let length = facing.norm();
    if !(length > 1e-9 && length.is_finite()) {
        return Err(Error::argument("the direction that a source faces in must be finite and not zero"));
    }
    // What has the length 1 stays as it is, bit for bit.
    let exact = (length - 1.0).abs() < 1e-12;
    Ok(Beam { everywhere: pattern, facing: if exact { facing } else { facing.direction() } })
}

/// Adds a source by numbers: x, y, z, gain, pattern, facing x, y, z, spread in degrees, seconds of fading in, head-locked
/// (not 0), everywhere (not 0). The first number is then the source.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_add() -> u32 {
    call(|state| {
        let n: [f64; NUMBERS] = std::array::from_fn(|i| state.numbers[i]);
        let mut spec = SourceSpec::still(vec3(&n))
            .with_gain(n[3])
            .with_beam(beam(n[4], vec3(&n[5..]))?)
            .with_spread(n[8])
            .with_fade_in(n[9]);
        if n[10] != 0.0 {
            spec = spec.with_head_locked();
        }
        if n[11] != 0.0 {
            spec = spec.with_everywhere();
        }
        let source = state.halves()?.control.add(spec)?;
        state.numbers[0] = number(source);
        Ok(())
    })
}

/// Takes a source to x, y, z (metres) within `seconds` (0 to 3600) on a straight line.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_move(source: f64, x: f64, y: f64, z: f64, seconds: f64) -> u32 {
    call(|state| state.halves()?.control.move_over(id(source)?, Motion::Still(Vec3::new(x, y, z)), seconds))
}

/// Puts a source elsewhere at once: the old place fades out while the new one fades in.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_snap(source: f64, x: f64, y: f64, z: f64) -> u32 {
    call(|state| state.halves()?.control.snap_to(id(source)?, Motion::Still(Vec3::new(x, y, z))))
}

/// Sends a source along `count` keys of t, x, y, z in the inbox, joined within `seconds`.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_way(source: f64, count: usize, seconds: f64) -> u32 {
    call(|state| {
        let keys = state.doubles(count.saturating_mul(4))?;
        let way = Motion::path(keys.chunks_exact(4).map(|k| (k[0], vec3(&k[1..]))))?;
        state.halves()?.control.move_over(id(source)?, way, seconds)
    })
}

/// Sets a source's gain, linear, without a click.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_gain(source: f64, gain: f64) -> u32 {
    call(|state| state.halves()?.control.set_gain(id(source)?, gain))
}

/// Turns a source, or changes its pattern (1 omnidirectional, 0.5 cardioid, 0 figure of eight).
#[unsafe(no_mangle)]
pub extern "C" fn periphon_beam(source: f64, pattern: f64, x: f64, y: f64, z: f64) -> u32 {
    call(|state| state.halves()?.control.set_beam(id(source)?, beam(pattern, Vec3::new(x, y, z))?))
}

/// Fades a source out and frees its place.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_remove(source: f64) -> u32 {
    call(|state| state.halves()?.control.remove(id(source)?))
}

/// Takes the listener within `seconds` to the pose in the numbers: x, y, z and the quaternion w, x, y, z.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_listener(seconds: f64) -> u32 {
    call(|state| {
        let pose = pose(&state.numbers);
        state.halves()?.control.set_head_motion(HeadMotion::Still(pose), seconds)
    })
}

/// Sends the listener along `count` keys of t and a pose in the inbox, joined within `seconds`.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_listener_way(count: usize, seconds: f64) -> u32 {
    call(|state| {
        let keys = state.doubles(count.saturating_mul(8))?;
        let way = HeadMotion::path(keys.chunks_exact(8).map(|k| (k[0], pose(&k[1..]))))?;
        state.halves()?.control.set_head_motion(way, seconds)
    })
}

/// Puts the quaternion w, x, y, z of a head turned left by `yaw`, then its nose up by `pitch`, then its right ear down by
/// `roll` (degrees) into the numbers from the fourth on, where a listener's pose has it.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_turn(yaw: f64, pitch: f64, roll: f64) {
    with(|state| {
        let q = Rotation::from_yaw_pitch_roll(yaw, pitch, roll);
        state.numbers[3..7].copy_from_slice(&[q.w, q.x, q.y, q.z]);
    });
}
