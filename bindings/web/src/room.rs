//! Rooms.

use crate::state::call;
use periphon::room::{BANDS, Room, material, preset};
use periphon::{Error, Result};

/// Puts sources and listener in the preset whose name is in the inbox, by a cross-fade of `seconds` (0 to 3600).
#[unsafe(no_mangle)]
pub extern "C" fn periphon_room_preset(seconds: f64) -> u32 {
    call(|state| {
        let found = find(&state.text()?)?;
        state.halves()?.control.set_room(Some(&found.room()), seconds)
    })
}

/// Puts them in a shoebox by numbers: its size (3), order of image sources, late field (not 0), air (not 0), speed of sound,
/// wanted times (not 0), these times (7), absorption of back, front, right, left, floor and ceiling (7 each).
#[unsafe(no_mangle)]
pub extern "C" fn periphon_room(seconds: f64) -> u32 {
    call(|state| {
        let n = &state.numbers;
        if !(n[3] >= 0.0 && n[3] <= 100.0 && n[3].fract() == 0.0) {
            return Err(Error::argument(format!(
                "the order of reflections is a whole number from 0 to 100, not {}",
                n[3]
            )));
        }
        let bands = |from: usize| -> [f64; BANDS] { std::array::from_fn(|b| n[from + b]) };
        let mut room = Room::new([n[0], n[1], n[2]], 0.0).with_order(n[3] as usize).with_late(n[4] != 0.0);
        room.speed_of_sound = n[6];
        if n[5] == 0.0 {
            room = room.with_air(None);
        }
        if n[7] != 0.0 {
            room = room.with_t60(bands(8));
        }
        room.absorption = std::array::from_fn(|wall| bands(8 + BANDS * (wall + 1)));
        room.check()?;
        state.halves()?.control.set_room(Some(&room), seconds)
    })
}

/// Takes them out into the open.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_no_room(seconds: f64) -> u32 {
    call(|state| state.halves()?.control.set_room(None, seconds))
}

/// Puts the absorption of the material whose name is in the inbox into the first seven numbers.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_material() -> u32 {
    call(|state| {
        let name = state.text()?;
        let found = material::find(&name).ok_or_else(|| {
            Error::argument(format!("there is no material '{name}'")).hint("docs/materials.md lists them")
        })?;
        state.numbers[..BANDS].copy_from_slice(&found.absorption);
        Ok(())
    })
}

/// Puts size and usual listener of the preset whose name is in the inbox into the first six numbers.
#[unsafe(no_mangle)]
pub extern "C" fn periphon_preset() -> u32 {
    call(|state| {
        let found = find(&state.text()?)?;
        state.numbers[..3].copy_from_slice(&found.size);
        state.numbers[3..6].copy_from_slice(&found.listener);
        Ok(())
    })
}

fn find(name: &str) -> Result<&'static preset::Preset> {
    preset::find(name).ok_or_else(|| {
        let names: Vec<&str> = preset::all().iter().map(|p| p.name).collect();
        Error::argument(format!("there is no room '{name}'")).hint(format!("there are: {}", names.join(", ")))
    })
}
