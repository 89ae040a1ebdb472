//! Equaliser files: any text is read or refused, and what is read runs without harm.
#![no_main]

use libfuzzer_sys::fuzz_target;
use periphon::headphones::{Correction, Profile};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(profile) = Profile::parse("fuzz", text) else { return };
    // Refused only if it lifts something beyond all reason.
    let Ok(mut correction) = Correction::new(&profile, 48_000.0, 64) else { return };
    let (mut left, mut right) = ([0.5f32; 256], [-0.5f32; 256]);
    correction.process(&mut left, &mut right);
    assert!(left.iter().chain(&right).all(|x| x.is_finite()));
});
