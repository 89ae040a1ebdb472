//! Rooms.

use crate::arg;
use crate::handle::Table;
use crate::status::{argument, guard_off, Failure, PeriphonStatus};
use periphon::room::{material, preset, Air, Room, BANDS};
use std::ffi::c_char;

/// A room: a shoebox `[0, x] x [0, y] x [0, z]` in metres, with walls, air and perhaps a wanted decay. A description that
/// engines copy: one room may be given to many, and freed at once.
pub struct PeriphonRoom {
    _private: [u8; 0],
}

/// The walls of a room.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriphonWall {
    /// x = 0
    Back = 0,
    /// x = length
    Front = 1,
    /// y = 0
    Right = 2,
    /// y = width
    Left = 3,
    /// z = 0
    Floor = 4,
    /// z = height
    Ceiling = 5,
    /// All six.
    All = 6,
}

static ROOMS: Table<Room, 1024> = Table::new(2, "this is not a room, or one that has been freed\0");

/// What a handle describes.
pub(crate) fn room(handle: *const PeriphonRoom) -> Result<Room, Failure> {
    ROOMS.with(handle, true, |room| Ok(room.clone()))
}

/// Changes a room, unless what comes of it makes no sense.
fn change(handle: *mut PeriphonRoom, what: impl FnOnce(&mut Room) -> Result<(), Failure>) -> PeriphonStatus {
    guard_off(|| {
        ROOMS.with(handle, true, |room| {
            let mut changed = room.clone();
            what(&mut changed)?;
            changed.check()?;
            *room = changed;
            Ok(())
        })
    })
}

/// A room by name: `car`, `studio`, `bedroom`, `living-room`, `club`, `theatre`, `concert-hall`, `cathedral`,
/// `open-air`. Not for the audio thread.
///
/// # Safety
/// `name` is a string in UTF-8; `out` is where the handle goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_room_preset(name: *const c_char, out: *mut *mut PeriphonRoom) -> PeriphonStatus {
    guard_off(|| {
        arg::writable(out)?;
        // SAFETY: by this function's contract.
        let name = unsafe { arg::text(name) }?;
        let names = || preset::all().iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
        let found = preset::find(name).ok_or_else(|| {
            periphon::Error::argument(format!("there is no room '{name}'")).hint(format!("there are: {}", names()))
        })?;
        // SAFETY: by this function's contract.
        unsafe { arg::put(out, ROOMS.insert(found.room())?) }
    })
}

/// A shoebox of x, y and z metres (0.5 to 1000 each) whose walls all take the part `absorption` (0 to 1) of the energy
/// that meets them, with image sources up to third order, air and a late field. Not for the audio thread.
///
/// # Safety
/// `out` is where the handle goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_room_shoebox(
    x: f64,
    y: f64,
    z: f64,
    absorption: f64,
    out: *mut *mut PeriphonRoom,
) -> PeriphonStatus {
    guard_off(|| {
        arg::writable(out)?;
        let room = Room::new([x, y, z], absorption);
        room.check()?;
        // SAFETY: by this function's contract.
        unsafe { arg::put(out, ROOMS.insert(room)?) }
    })
}

/// Sets the absorption of a wall (a `PeriphonWall`): seven parts of the energy, 0 to 1, for the octave bands from 125 to
/// 8000 Hz. Not for the audio thread.
///
/// # Safety
/// `absorption` points to seven numbers.
#[no_mangle]
pub unsafe extern "C" fn periphon_room_set_wall(
    room: *mut PeriphonRoom,
    wall: i32,
    absorption: *const f64,
) -> PeriphonStatus {
    change(room, |room| {
        // SAFETY: by this function's contract.
        let bands = unsafe { bands(absorption) }?;
        for wall in walls(wall)? {
            room.absorption[wall] = bands;
        }
        Ok(())
    })
}

/// Makes a wall (a `PeriphonWall`) of a material by name, such as `plaster`, `glass`, `curtain` or `carpet`. Not for the
/// audio thread.
///
/// # Safety
/// `name` is a string in UTF-8.
#[no_mangle]
pub unsafe extern "C" fn periphon_room_set_material(
    room: *mut PeriphonRoom,
    wall: i32,
    name: *const c_char,
) -> PeriphonStatus {
    change(room, |room| {
        // SAFETY: by this function's contract.
        let name = unsafe { arg::text(name) }?;
        let found = material::find(name).ok_or_else(|| argument(format!("there is no material '{name}'")))?;
        for wall in walls(wall)? {
            room.absorption[wall] = found.absorption;
        }
        Ok(())
    })
}

/// Sets the reverberation times wanted, seconds (0.05 to 30) in the seven octave bands; null for what walls and air make
/// it. Not for the audio thread.
///
/// # Safety
/// `t60` is null or points to seven numbers.
#[no_mangle]
pub unsafe extern "C" fn periphon_room_set_t60(room: *mut PeriphonRoom, t60: *const f64) -> PeriphonStatus {
    change(room, |room| {
        // SAFETY: by this function's contract.
        room.t60 = if t60.is_null() { None } else { Some(unsafe { bands(t60) }?) };
        Ok(())
    })
}

/// Sets up to which order image sources are rendered one by one, 0 to 100, and whether a late field follows them. Not
/// for the audio thread.
#[no_mangle]
pub extern "C" fn periphon_room_set_reflections(room: *mut PeriphonRoom, order: usize, late: i32) -> PeriphonStatus {
    change(room, |room| {
        room.reflection_order = order;
        room.late = late != 0;
        Ok(())
    })
}

/// Sets the air: degrees Celsius (-20 to 50) and relative humidity in percent (10 to 100); with a humidity of 0 the air
/// takes nothing. Not for the audio thread.
#[no_mangle]
pub extern "C" fn periphon_room_set_air(
    room: *mut PeriphonRoom,
    temperature_c: f64,
    humidity_percent: f64,
) -> PeriphonStatus {
    change(room, |room| {
        room.air = if humidity_percent == 0.0 { None } else { Some(Air { temperature_c, humidity_percent }) };
        Ok(())
    })
}

/// The size of a room in metres: x, y, z.
///
/// # Safety
/// `size` has room for three numbers.
#[no_mangle]
pub unsafe extern "C" fn periphon_room_size(room: *const PeriphonRoom, size: *mut f64) -> PeriphonStatus {
    guard_off(|| {
        let room = self::room(room)?;
        // SAFETY: by this function's contract.
        let size = unsafe { arg::slice_mut(size, 3, "there is nowhere to put the size: its pointer is null\0") }?;
        size.copy_from_slice(&room.size);
        Ok(())
    })
}

/// Frees a room; null is nothing to free. Not for the audio thread.
#[no_mangle]
pub extern "C" fn periphon_room_free(room: *mut PeriphonRoom) -> PeriphonStatus {
    guard_off(|| ROOMS.remove(room).map(drop))
}

/// The walls that a number means.
fn walls(wall: i32) -> Result<std::ops::Range<usize>, Failure> {
    match usize::try_from(wall) {
        Ok(wall @ 0..=5) => Ok(wall..wall + 1),
        Ok(6) => Ok(0..6),
        _ => Err(argument(format!("a wall is 0 to 6, not {wall}"))),
    }
}

/// # Safety
/// `from` is null or points to seven numbers.
unsafe fn bands(from: *const f64) -> Result<[f64; BANDS], Failure> {
    // SAFETY: by this function's contract.
    let from = unsafe { arg::slice(from, BANDS, "the values of the octave bands are null\0") }?;
    Ok(std::array::from_fn(|b| from[b]))
}
