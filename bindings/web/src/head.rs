//! Heads: the one that is built in, and those of SOFA files.

use crate::pack::unpack;
use crate::state::{State, call};
use periphon::{Error, HrtfSet, Measured, Result, Vec3, sofa};
use std::sync::Arc;

/// The Neumann KU 100 of the SADIE database (`hrtf/README.md`), packed.
pub(crate) const BUILT_IN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ku100.head"));

/// Takes the built-in head, for a sample rate in Hz.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_head_built_in(rate: f64) -> u32 {
    call(|state| {
        let head = unpack(BUILT_IN).ok_or_else(|| Error::malformed("the built-in head is damaged"))?;
        let measured = Measured {
            sample_rate: f64::from(head.rate),
            taps: head.taps,
            positions: head.places.iter().map(|p| Vec3::new(p[0], p[1], p[2])).collect(),
            delays: vec![[0.0; 2]; head.places.len()],
            responses: head.responses,
        };
        take(state, &measured, rate)
    })
}

/// Takes a head from the SOFA file in the inbox.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_head_sofa(rate: f64) -> u32 {
    call(|state| {
        let file = std::mem::take(&mut state.inbox);
        let measured = Measured::from(sofa::parse(file)?);
        take(state, &measured, rate)
    })
}

fn take(state: &mut State, measured: &Measured, rate: f64) -> Result<()> {
    if !(8000.0..=384_000.0).contains(&rate) {
        return Err(Error::argument(format!("a sample rate is 8000 to 384000 Hz, not {rate}")));
    }
    state.head = Some(Arc::new(HrtfSet::new(measured, rate)?));
    Ok(())
}
