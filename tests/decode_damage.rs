//! A few hundred damaged files: each gives a clear error or a clean result, never a panic, a hang or NaN.

#![cfg(feature = "files")]
#![allow(missing_docs)]

use std::path::Path;
use std::time::Instant;

use periphon::{AudioBuffer, decode};

/// xorshift64*: the same cases on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n.max(1)
    }
}

fn damage(data: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = data.to_vec();
    let n = out.len();
    match random.below(7) {
        0 => out.truncate(random.below(n)),
        1 => (0..1 + random.below(200)).for_each(|_| out[random.below(n)] = random.below(256) as u8),
        2 => {
            let at = random.below(n);
            let end = (at + 4096).min(n);
            out[at..end].fill(0);
        }
        3 => out = (0..1 + random.below(5000)).map(|_| random.below(256) as u8).collect(),
        4 => out.rotate_left(random.below(n)),
        5 => (0..8).for_each(|_| out[random.below(n.min(200))] = [0, 255, 127, 128][random.below(4)]),
        _ => {
            // Sizes and counts are where parsers break: four bytes of extremes anywhere in the first kilobytes.
            for _ in 0..4 {
                let at = random.below(n.min(4096).saturating_sub(4));
                let value = [0u32, u32::MAX, 0x7fff_ffff, 0x8000_0000, 1, 0x00ff_ffff][random.below(6)];
                out[at..at + 4].copy_from_slice(&value.to_be_bytes());
            }
        }
    }
    out
}

/// `PERIPHON_DAMAGE_CASES` raises the number of cases for a longer hunt.
#[test]
fn damaged_files_are_refused_or_read_in_part() {
    let cases: usize = std::env::var("PERIPHON_DAMAGE_CASES").ok().and_then(|v| v.parse().ok()).unwrap_or(400);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audio");
    let names = [
        "ref_1s.flac",
        "stereo.ogg",
        "stereo.opus",
        "stereo_opus.mp4",
        "s_opus.webm",
        "stereo_aac.m4a",
        "stereo_aac.adts.aac",
        "stereo_cbr128.mp3",
        "tagged.mp3",
        "s.aiff",
        "s.w64",
        "s24.caf",
        "s_alac.m4a",
        "s_flac.mka",
        "s_flac.oga",
        "s_ima.wav",
        "s_mulaw.wav",
        "foa_family2.opus",
        "movie.mp4",
    ];
    let files: Vec<Vec<u8>> = names.iter().map(|n| std::fs::read(folder.join(n)).unwrap()).collect();
    let dir = tempfile::tempdir().unwrap();
    let mut random = Random(0x5eed_1234_abcd_0001);
    let mut out = AudioBuffer::default();
    let (mut read, mut refused) = (0, 0);
    for case in 0..cases {
        let which = case % names.len();
        let bytes = damage(&files[which], &mut random);
        let path = dir.path().join(format!("case{case}"));
        std::fs::write(&path, &bytes).unwrap();
        let start = Instant::now();
        match decode::open(&path) {
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
            Ok(mut decoder) => {
                read += 1;
                let mut frames = 0;
                loop {
                    match decoder.read(&mut out, 4096) {
                        Ok(0) | Err(_) => break,
                        Ok(n) => frames += n,
                    }
                    let finite = out.iter().all(|c| c.iter().all(|x| x.is_finite()));
                    assert!(finite, "case {case} ({}) gives what is not finite", names[which]);
                    // Silence compresses without end, but not these files.
                    assert!(frames < 100_000_000, "case {case} ({}) does not end", names[which]);
                }
                let _ = decoder.seek(frames as u64 / 2);
                let _ = decoder.read(&mut out, 100);
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        assert!(seconds < 10.0, "case {case} ({}) took {seconds} s", names[which]);
        let _ = std::fs::remove_file(&path);
    }
    assert!(read > cases / 10 && refused > cases / 20, "{read} read, {refused} refused");
}
