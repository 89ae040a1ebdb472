//! The half of an engine that any thread but the audio thread may use. Calls from several threads wait for each other.

use crate::arg;
use crate::callback::{Callback, PeriphonFill, PeriphonRelease};
use crate::feed::{self, PeriphonFeed};
use crate::handle::Table;
use crate::room::{self, PeriphonRoom};
use crate::source::{beam, PeriphonSource, PeriphonSourceSpec};
use crate::status::{argument, guard_off, Failure, PeriphonStatus};
use periphon::{Control, HeadMotion, Motion, Pose, SourceId, Vec3};
use std::ffi::c_void;

/// The half of an engine that says what sounds where, who listens, and in which room. For any thread but the audio
/// thread. What is asked for takes effect with the next block.
pub struct PeriphonControl {
    _private: [u8; 0],
}

/// One place on a source's way.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PeriphonKey {
    /// Seconds on the engine's clock, which begins with its first frame; rising from key to key.
    pub t: f64,
    /// Metres.
    pub position: [f64; 3],
}

/// One pose on the listener's way.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PeriphonPose {
    /// Seconds on the engine's clock, which begins with its first frame; rising from pose to pose. Not looked at where a
    /// single pose is asked for.
    pub t: f64,
    /// The middle of the head, metres.
    pub position: [f64; 3],
    /// How it is turned: a quaternion w, x, y, z of length 1. (1, 0, 0, 0) looks along +x with +z up.
    pub orientation: [f64; 4],
}

static CONTROLS: Table<Control, 1024> = Table::new(4, "this is not a control, or one that has been freed\0");

pub(crate) fn insert(control: Control) -> Result<*mut PeriphonControl, Failure> {
    CONTROLS.insert(control)
}

fn with(control: *mut PeriphonControl, what: impl FnOnce(&mut Control) -> Result<(), Failure>) -> PeriphonStatus {
    guard_off(|| CONTROLS.with(control, true, what))
}

/// Adds a source that plays the engine's input `periphon_source_input`. It sounds from the next block on.
///
/// # Safety
/// `spec` is filled in by `periphon_source_init`; `out` is where the source goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_control_add(
    control: *mut PeriphonControl,
    spec: *const PeriphonSourceSpec,
    out: *mut PeriphonSource,
) -> PeriphonStatus {
    with(control, |control| {
        arg::writable(out)?;
        // SAFETY: by this function's contract.
        let id = control.add(unsafe { arg::read(spec) }?.spec()?)?;
        // SAFETY: by this function's contract.
        unsafe { arg::put(out, id.to_bits()) }
    })
}

/// Adds a source whose samples `fill` makes on the audio thread. `release` may be null; otherwise it is called with
/// `user` once nothing calls `fill` any more: when the source has been removed and has faded out, when the engine is
/// freed, and also when this call fails. It is called by a thread that calls a function of the control or frees the
/// engine, never inside a block, and must not call this library.
///
/// # Safety
/// `spec` is filled in by `periphon_source_init`; `out` is where the source goes; `fill` and `release` are functions that
/// `user` may be handed to, on those threads.
#[no_mangle]
pub unsafe extern "C" fn periphon_control_add_callback(
    control: *mut PeriphonControl,
    spec: *const PeriphonSourceSpec,
    fill: PeriphonFill,
    release: PeriphonRelease,
    user: *mut c_void,
    out: *mut PeriphonSource,
) -> PeriphonStatus {
    let callback = Callback { fill, release, user };
    with(control, |control| {
        arg::writable(out)?;
        if callback.fill.is_none() {
            return Err(Failure::Fixed(PeriphonStatus::Null, "the function that makes the samples is null\0"));
        }
        // SAFETY: by this function's contract.
        let id = control.add_signal(unsafe { arg::read(spec) }?.spec()?, callback)?;
        // SAFETY: by this function's contract.
        unsafe { arg::put(out, id.to_bits()) }
    })
}

/// Adds a source that plays what is pushed into a feed that holds `samples` samples (1 to 16777216). The source and the
/// feed end on their own: a source without a feed is silent, a feed without a source says so.
///
/// # Safety
/// `spec` is filled in by `periphon_source_init`; `out` and `feed` are where source and feed go.
#[no_mangle]
pub unsafe extern "C" fn periphon_control_add_feed(
    control: *mut PeriphonControl,
    spec: *const PeriphonSourceSpec,
    samples: usize,
    out: *mut PeriphonSource,
    feed: *mut *mut PeriphonFeed,
) -> PeriphonStatus {
    with(control, |control| {
        arg::writable(out)?;
        arg::writable(feed)?;
        // SAFETY: by this function's contract.
        let (id, writer) = control.add_feed(unsafe { arg::read(spec) }?.spec()?, samples)?;
        let handle = feed::insert(writer).or_else(|e| {
            control.remove(id)?;
            Err(e)
        })?;
        // SAFETY: by this function's contract.
        unsafe { arg::put(out, id.to_bits()) }?;
        // SAFETY: by this function's contract.
        unsafe { arg::put(feed, handle) }
    })
}

/// Takes a source to x, y, z (metres) within `seconds` (0 to 3600) on a straight line.
#[no_mangle]
pub extern "C" fn periphon_control_move(
    control: *mut PeriphonControl,
    source: PeriphonSource,
    x: f64,
    y: f64,
    z: f64,
    seconds: f64,
) -> PeriphonStatus {
    with(control, |control| Ok(control.move_over(id(source), Motion::Still(Vec3::new(x, y, z)), seconds)?))
}

/// Puts a source elsewhere at once: the old place fades out while the new one fades in.
#[no_mangle]
pub extern "C" fn periphon_control_snap(
    control: *mut PeriphonControl,
    source: PeriphonSource,
    x: f64,
    y: f64,
    z: f64,
) -> PeriphonStatus {
    with(control, |control| Ok(control.snap_to(id(source), Motion::Still(Vec3::new(x, y, z)))?))
}

/// Sends a source along a way of `count` keys, which it joins within `seconds` (0 to 3600): straight from key to key, before
/// the first in its place, and after the last.
///
/// # Safety
/// `keys` points to `count` keys.
#[no_mangle]
pub unsafe extern "C" fn periphon_control_set_way(
    control: *mut PeriphonControl,
    source: PeriphonSource,
    keys: *const PeriphonKey,
    count: usize,
    seconds: f64,
) -> PeriphonStatus {
    with(control, |control| {
        // SAFETY: by this function's contract.
        let keys = unsafe { arg::slice(keys, count, "the keys of the way are null\0") }?;
        let way = Motion::path(keys.iter().map(|k| (k.t, Vec3::new(k.position[0], k.position[1], k.position[2]))))?;
        Ok(control.move_over(id(source), way, seconds)?)
    })
}

/// Sends a source around a vertical axis through `centre`, from `start` (metres from the centre, at time 0) on, in
/// `seconds_per_turn` seconds counter-clockwise; negative turns clockwise.
///
/// # Safety
/// `centre` and `start` point to three numbers each.
#[no_mangle]
pub unsafe extern "C" fn periphon_control_set_orbit(
    control: *mut PeriphonControl,
    source: PeriphonSource,
    centre: *const f64,
    start: *const f64,
    seconds_per_turn: f64,
    seconds: f64,
) -> PeriphonStatus {
    with(control, |control| {
        // SAFETY: by this function's contract.
        let (centre, start) = unsafe { (arg::vec3(centre)?, arg::vec3(start)?) };
        Ok(control.move_over(id(source), Motion::Orbit { centre, start, seconds_per_turn }, seconds)?)
    })
}

/// Sets a source's gain, linear, without a click.
#[no_mangle]
pub extern "C" fn periphon_control_set_gain(
    control: *mut PeriphonControl,
    source: PeriphonSource,
    gain: f64,
) -> PeriphonStatus {
    with(control, |control| Ok(control.set_gain(id(source), gain)?))
}

/// Turns a source, or changes its pattern (1 omnidirectional, 0.5 cardioid, 0 figure of eight).
///
/// # Safety
/// `facing` points to three numbers.
#[no_mangle]
pub unsafe extern "C" fn periphon_control_set_beam(
    control: *mut PeriphonControl,
    source: PeriphonSource,
    pattern: f64,
    facing: *const f64,
) -> PeriphonStatus {
    with(control, |control| {
        // SAFETY: by this function's contract.
        let facing = unsafe { arg::vec3(facing) }?;
        Ok(control.set_beam(id(source), beam(pattern, facing)?)?)
    })
}

/// Fades a source out and frees its place.
#[no_mangle]
pub extern "C" fn periphon_control_remove(control: *mut PeriphonControl, source: PeriphonSource) -> PeriphonStatus {
    with(control, |control| Ok(control.remove(id(source))?))
}

/// Takes the listener to a pose within `seconds` (0 to 3600; 0.02 suits head trackers).
///
/// # Safety
/// `pose` points to a pose.
#[no_mangle]
pub unsafe extern "C" fn periphon_control_set_listener(
    control: *mut PeriphonControl,
    pose: *const PeriphonPose,
    seconds: f64,
) -> PeriphonStatus {
    with(control, |control| {
        // SAFETY: by this function's contract.
        let pose = unsafe { arg::read(pose) }?;
        Ok(control.set_head_motion(HeadMotion::Still(self::pose(&pose)), seconds)?)
    })
}

/// Sends the listener along a way of `count` poses, joined within `seconds` (0 to 3600): straight, and turning at constant
/// speed, from pose to pose.
///
/// # Safety
/// `poses` points to `count` poses.
#[no_mangle]
pub unsafe extern "C" fn periphon_control_set_listener_way(
    control: *mut PeriphonControl,
    poses: *const PeriphonPose,
    count: usize,
    seconds: f64,
) -> PeriphonStatus {
    with(control, |control| {
        // SAFETY: by this function's contract.
        let poses = unsafe { arg::slice(poses, count, "the poses of the way are null\0") }?;
        let way = HeadMotion::path(poses.iter().map(|p| (p.t, pose(p))))?;
        Ok(control.set_head_motion(way, seconds)?)
    })
}

/// Puts sources and listener in a room, or in the open where `room` is null, by a cross-fade of `seconds` (0 to 3600). The
/// engine must have been made with `space`. Takes some milliseconds.
#[no_mangle]
pub extern "C" fn periphon_control_set_room(
    control: *mut PeriphonControl,
    room: *const PeriphonRoom,
    seconds: f64,
) -> PeriphonStatus {
    with(control, |control| {
        let room = if room.is_null() { None } else { Some(room::room(room)?) };
        Ok(control.set_room(room.as_ref(), seconds)?)
    })
}

/// Input samples that were not finite, or absurdly large, and have been silenced.
///
/// # Safety
/// `out` is where the number goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_control_non_finite(control: *mut PeriphonControl, out: *mut u64) -> PeriphonStatus {
    // SAFETY: by this function's contract.
    with(control, |control| unsafe { arg::put(out, control.counters().non_finite()) })
}

/// Frames that the engine has rendered.
///
/// # Safety
/// `out` is where the number goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_control_frames(control: *mut PeriphonControl, out: *mut u64) -> PeriphonStatus {
    // SAFETY: by this function's contract.
    with(control, |control| unsafe { arg::put(out, control.counters().frames()) })
}

/// Frees what the engine no longer needs, such as callbacks of sources that have faded out. Every other call does it too.
#[no_mangle]
pub extern "C" fn periphon_control_tidy(control: *mut PeriphonControl) -> PeriphonStatus {
    with(control, |control| {
        control.tidy();
        Ok(())
    })
}

/// Frees a control; null is nothing to free. Its engine goes on as it is.
#[no_mangle]
pub extern "C" fn periphon_control_free(control: *mut PeriphonControl) -> PeriphonStatus {
    guard_off(|| CONTROLS.remove(control).map(drop))
}

/// The quaternion (w, x, y, z) of a head turned left by `yaw`, then its nose up by `pitch`, then its right ear down by
/// `roll`; degrees. For any thread.
///
/// # Safety
/// `quaternion` has room for four numbers.
#[no_mangle]
pub unsafe extern "C" fn periphon_orientation(yaw: f64, pitch: f64, roll: f64, quaternion: *mut f64) -> PeriphonStatus {
    crate::status::guard(|| {
        if !(yaw.is_finite() && pitch.is_finite() && roll.is_finite()) {
            return Err(argument("angles must be finite"));
        }
        // SAFETY: by this function's contract.
        let out =
            unsafe { arg::slice_mut(quaternion, 4, "there is nowhere to put the quaternion: its pointer is null\0") }?;
        let q = periphon::Rotation::from_yaw_pitch_roll(yaw, pitch, roll);
        out.copy_from_slice(&[q.w, q.x, q.y, q.z]);
        Ok(())
    })
}

fn id(source: PeriphonSource) -> SourceId {
    SourceId::from_bits(source)
}

fn pose(pose: &PeriphonPose) -> Pose {
    arg::pose(pose.position, pose.orientation)
}
