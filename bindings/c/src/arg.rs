//! Reads what C hands over. All functions here trust pointers that are not null to be what the header asks for; nothing
//! can find out whether they are.

use crate::status::{argument, Failure, PeriphonStatus};
use periphon::{Pose, Rotation, Vec3};
use std::ffi::{c_char, CStr};

/// The longest slice that there can be, bytes.
const MOST: usize = isize::MAX as usize;

fn null(what: &'static str) -> Failure {
    Failure::Fixed(PeriphonStatus::Null, what)
}

/// A slice; null is allowed where there is nothing in it. `what` ends in NUL. For the audio thread.
///
/// # Safety
/// `from` is null or points to `count` values that stay as they are for as long as the slice is used.
pub(crate) unsafe fn slice<'a, T>(from: *const T, count: usize, what: &'static str) -> Result<&'a [T], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    check(from, count, what)?;
    // SAFETY: not null, aligned, of a length that fits, and by this function's contract readable and unchanged.
    Ok(unsafe { std::slice::from_raw_parts(from, count) })
}

/// The same, to write.
///
/// # Safety
/// `to` is null or points to `count` values that nobody else reads or writes for as long as the slice is used.
pub(crate) unsafe fn slice_mut<'a, T>(to: *mut T, count: usize, what: &'static str) -> Result<&'a mut [T], Failure> {
    if count == 0 {
        return Ok(&mut []);
    }
    check(to, count, what)?;
    // SAFETY: not null, aligned, of a length that fits, and by this function's contract ours alone.
    Ok(unsafe { std::slice::from_raw_parts_mut(to, count) })
}

fn check<T>(at: *const T, count: usize, what: &'static str) -> Result<(), Failure> {
    if at.is_null() {
        return Err(null(what));
    }
    if !at.is_aligned() {
        return Err(Failure::Fixed(PeriphonStatus::Argument, "a pointer is not aligned as its type has to be\0"));
    }
    if count > MOST / size_of::<T>() {
        return Err(Failure::Fixed(PeriphonStatus::Argument, "a length is absurd: negative perhaps?\0"));
    }
    Ok(())
}

/// Writes a result; null is an error.
///
/// # Safety
/// `to` is null or points to a value that nobody else is using.
pub(crate) unsafe fn put<T>(to: *mut T, value: T) -> Result<(), Failure> {
    check(to, 1, "there is nowhere to put the result: its pointer is null\0")?;
    // SAFETY: not null, aligned, and by this function's contract ours to write; old contents are plain data.
    unsafe { to.write(value) };
    Ok(())
}

/// Makes sure that a result can be written before work begins.
pub(crate) fn writable<T>(to: *mut T) -> Result<(), Failure> {
    check(to, 1, "there is nowhere to put the result: its pointer is null\0")
}

/// Plain data behind a pointer.
///
/// # Safety
/// `from` is null or points to a value that nobody else writes.
pub(crate) unsafe fn read<T: Copy>(from: *const T) -> Result<T, Failure> {
    check(from, 1, "a struct that has to be there is null\0")?;
    // SAFETY: not null, aligned, readable by this function's contract; `T` is plain data.
    Ok(unsafe { from.read() })
}

/// Text in UTF-8.
///
/// # Safety
/// `from` is null or points to a string that ends in NUL.
pub(crate) unsafe fn text<'a>(from: *const c_char) -> Result<&'a str, Failure> {
    if from.is_null() {
        return Err(null("a text that has to be there is null\0"));
    }
    // SAFETY: not null, and by this function's contract ends in NUL.
    let text = unsafe { CStr::from_ptr(from) };
    text.to_str().map_err(|_| argument("a text is not UTF-8"))
}

/// A place or direction of three numbers.
///
/// # Safety
/// As [`slice`], with three values.
pub(crate) unsafe fn vec3(from: *const f64) -> Result<Vec3, Failure> {
    // SAFETY: by this function's contract.
    let v = unsafe { slice(from, 3, "three numbers that have to be there are null\0") }?;
    Ok(Vec3::new(v[0], v[1], v[2]))
}

pub(crate) fn pose(position: [f64; 3], quaternion: [f64; 4]) -> Pose {
    let [x, y, z] = position;
    let [qw, qx, qy, qz] = quaternion;
    Pose::new(Vec3::new(x, y, z), Rotation { w: qw, x: qx, y: qy, z: qz })
}

/// True if `count` values at both places would share memory; null shares none. For the audio thread.
pub(crate) fn overlap<T>(a: *const T, b: *const T, count: usize) -> bool {
    let bytes = count.saturating_mul(size_of::<T>());
    let (a, b) = (a.addr(), b.addr());
    a != 0 && b != 0 && a < b.saturating_add(bytes) && b < a.saturating_add(bytes)
}
