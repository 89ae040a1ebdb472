//! Head sets from any bytes: no panic, no endless work, no set that breaks its own promises.
#![no_main]

use libfuzzer_sys::fuzz_target;
use periphon::sofa;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(set) = sofa::parse(bytes.to_vec()) {
        assert_eq!(set.irs.len(), set.len() * 2 * set.taps);
        assert!(set.irs.iter().all(|x| x.is_finite()));
        assert!(set.positions.iter().flatten().all(|x| x.is_finite()));
        sofa::diagnose(&set);
    }
});
