//! Any bytes as an input file: decoded, or refused with a reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use periphon::AudioBuffer;
use std::io::Write;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let _ = periphon::decode::sniff(file.path());
    let Ok(mut decoder) = periphon::decode::open(file.path()) else { return };
    let mut block = AudioBuffer::default();
    let mut frames = 0;
    while let Ok(n @ 1..) = decoder.read(&mut block, 4096) {
        assert!(block.iter().flatten().all(|x| x.is_finite()));
        frames += n;
        if frames > 10_000_000 {
            break;
        }
    }
});
