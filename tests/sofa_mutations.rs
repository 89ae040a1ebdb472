//! Damaged SOFA files: whatever is done to a file, reading it ends soon, in bounds, and without a panic.
#![cfg(feature = "sofa")]

use std::path::Path;
use std::time::{Duration, Instant};

use periphon::sofa;

/// A small generator with a fixed seed (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// One damage: a cut, flipped bits, zeros, random bytes, a stretch moved, or a number made extreme.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    // Most damage goes where the structure is: near the start, where writers put it.
    let at = if random.below(3) > 0 { at % 16_384.min(bytes.len()) } else { at };
    let end = (at + 1 + random.below(64)).min(bytes.len());
    match random.below(6) {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes[at..end].fill(0),
        3 => bytes[at..end].iter_mut().for_each(|b| *b = random.next() as u8),
        4 => {
            let from = random.below(bytes.len() - (end - at) + 1);
            bytes.copy_within(from..from + (end - at), at);
        }
        _ => {
            let extreme = [0u64, u64::MAX, 1 << 31, 1 << 62, 0xffff_ffff, 0x7fff_ffff][random.below(6)];
            let end = (at + 8).min(bytes.len());
            bytes[at..end].copy_from_slice(&extreme.to_le_bytes()[..end - at]);
        }
    }
}

#[test]
fn damaged_files_end_in_an_error_or_a_sane_set() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hrtf");
    let sources = [
        "tiny/contiguous.sofa",
        "tiny/latest.sofa",
        "tiny/big_endian_f32_shuffled.sofa",
        "tiny/extensible.sofa",
        "tiny/btree2.sofa",
        "tiny/fixed_array.sofa",
        "tiny/transfer.sofa",
        "tiny/sections.sofa",
        "tiny/emitters.sofa",
        "h5_latest_single_chunk.sofa",
        "SimpleFreeFieldHRTF_TF.sofa",
        "FreeFieldHRIR.sofa",
    ];
    let mut random = Random(20);
    let (mut read, mut refused) = (0, 0);
    for name in sources {
        let whole = std::fs::read(folder.join(name)).unwrap();
        for _ in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random.below(3) {
                if !bytes.is_empty() {
                    damage(&mut bytes, &mut random);
                }
            }
            let start = Instant::now();
            match sofa::parse(bytes) {
                Ok(set) => {
                    read += 1;
                    assert_eq!(set.irs.len(), set.len() * 2 * set.taps);
                    assert_eq!(set.delays.len(), set.len());
                    assert!(set.irs.iter().all(|x| x.is_finite()));
                    assert!(set.positions.iter().flatten().all(|x| x.is_finite()));
                    sofa::diagnose(&set);
                    assert!(set.sample_rate.is_finite() && !set.is_empty());
                }
                Err(error) => {
                    refused += 1;
                    // That text stands for a panic inside.
                    assert!(!error.to_string().contains("did not foresee"), "{name}: {error}");
                }
            }
            assert!(start.elapsed() < Duration::from_secs(10), "{name} took {:?}", start.elapsed());
        }
    }
    // The damage must matter, and must not always be fatal, or this test would say nothing.
    assert!(read > 20 && refused > 200, "{read} read, {refused} refused");
}
