//! Heads.

use crate::arg;
use crate::handle::Table;
use crate::status::{guard_off, Failure, PeriphonStatus};
use periphon::{hrtf, sofa, HrtfSet, Measured, Vec3};
use std::ffi::c_char;
use std::sync::Arc;

/// A head: measured responses of two ears, prepared for one sample rate. Shared by all engines made with it, which keep
/// what they need of it: it may be freed as soon as the last one is made.
pub struct PeriphonHead {
    _private: [u8; 0],
}

static HEADS: Table<Arc<HrtfSet>, 256> = Table::new(1, "this is not a head, or one that has been freed\0");

/// The set behind a handle.
pub(crate) fn head(handle: *const PeriphonHead) -> Result<Arc<HrtfSet>, Failure> {
    HEADS.with(handle, true, |set| Ok(Arc::clone(set)))
}

/// Opens a head for a sample rate in Hz: `ku100` or `kemar`, which are built in, or the path of a SOFA file. Not for the
/// audio thread.
///
/// # Safety
/// `name` is a string in UTF-8; `out` is where the handle goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_head_open(
    name: *const c_char,
    sample_rate: f64,
    out: *mut *mut PeriphonHead,
) -> PeriphonStatus {
    guard_off(|| {
        arg::writable(out)?;
        // SAFETY: by this function's contract.
        let name = unsafe { arg::text(name) }?;
        let set = hrtf::open(name, sample_rate)?;
        // SAFETY: by this function's contract.
        unsafe { arg::put(out, HEADS.insert(set)?) }
    })
}

/// Reads a head from a SOFA file in memory, for a sample rate in Hz. Not for the audio thread.
///
/// # Safety
/// `data` points to `size` bytes; `out` is where the handle goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_head_from_sofa(
    data: *const u8,
    size: usize,
    sample_rate: f64,
    out: *mut *mut PeriphonHead,
) -> PeriphonStatus {
    guard_off(|| {
        arg::writable(out)?;
        // SAFETY: by this function's contract.
        let data = unsafe { arg::slice(data, size, "the data of the SOFA file are null\0") }?;
        let set = HrtfSet::new(&Measured::from(sofa::parse(data)?), sample_rate)?;
        // SAFETY: by this function's contract.
        unsafe { arg::put(out, HEADS.insert(Arc::new(set))?) }
    })
}

/// Makes a head from measured responses: `measurements` directions, each with x, y, z in metres from the middle of the
/// head (`positions`, three numbers each) and with `taps` samples for the left ear and as many for the right
/// (`responses`), measured at `measured_rate` Hz. Not for the audio thread.
///
/// # Safety
/// `positions` points to 3 * `measurements` numbers, `responses` to 2 * `taps` * `measurements`; `out` is where the
/// handle goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_head_from_responses(
    positions: *const f64,
    responses: *const f32,
    measurements: usize,
    taps: usize,
    measured_rate: f64,
    sample_rate: f64,
    out: *mut *mut PeriphonHead,
) -> PeriphonStatus {
    guard_off(|| {
        arg::writable(out)?;
        let values = measurements.checked_mul(2).and_then(|n| n.checked_mul(taps));
        let values = values.ok_or_else(|| crate::status::argument("so many responses cannot be meant"))?;
        let coordinates = measurements.saturating_mul(3);
        // SAFETY: by this function's contract.
        let positions = unsafe { arg::slice(positions, coordinates, "the positions are null\0") }?;
        // SAFETY: by this function's contract.
        let responses = unsafe { arg::slice(responses, values, "the responses are null\0") }?;
        let measured = Measured {
            sample_rate: measured_rate,
            taps,
            positions: positions.chunks_exact(3).map(|p| Vec3::new(p[0], p[1], p[2])).collect(),
            responses: responses.to_vec(),
            delays: vec![[0.0; 2]; measurements],
        };
        let set = HrtfSet::new(&measured, sample_rate)?;
        // SAFETY: by this function's contract.
        unsafe { arg::put(out, HEADS.insert(Arc::new(set))?) }
    })
}

/// The sample rate that a head is prepared for, Hz: that of its engines.
///
/// # Safety
/// `out` is where the number goes.
#[no_mangle]
pub unsafe extern "C" fn periphon_head_sample_rate(head: *const PeriphonHead, out: *mut f64) -> PeriphonStatus {
    // SAFETY: by this function's contract.
    guard_off(|| unsafe { arg::put(out, self::head(head)?.sample_rate()) })
}

/// Frees a head; null is nothing to free. Not for the audio thread.
#[no_mangle]
pub extern "C" fn periphon_head_free(head: *mut PeriphonHead) -> PeriphonStatus {
    guard_off(|| HEADS.remove(head).map(drop))
}
