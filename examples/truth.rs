//! What must every binding render, to the bit? Writes into a folder what they compare with: `walk.f32`, the walk of
//! `tests/data/truth/walk.txt` through the engine's API, and `scene.f32`, the scene `scene.toml` with its sound
//! `noise.wav`. The `.f32` files are both ears, frame by frame, as little-endian 32-bit floats.
//!
//! `cargo run --release --example truth -- FOLDER`

#[path = "../tests/truth/mod.rs"]
mod truth;

use periphon::render::{RenderJob, RenderStream};
use std::path::Path;
use truth::{Fed, Noise};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("name a folder to write to")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("walk.f32"), truth::bytes(&truth::walk(Fed::Planes)?))?;

    std::fs::write(folder.join("noise.wav"), noise_wav(60_000))?;
    let scene = folder.join("scene.toml");
    std::fs::write(&scene, include_str!("../tests/data/truth/scene.toml"))?;
    let mut stream = RenderStream::open(&RenderJob::new(&scene, ""))?;
    let mut ears = [Vec::new(), Vec::new()];
    let (mut left, mut right) = ([0.0; 1000], [0.0; 1000]);
    loop {
        let frames = stream.read(&mut left, &mut right)?;
        if frames == 0 {
            break;
        }
        ears[0].extend(&left[..frames]);
        ears[1].extend(&right[..frames]);
    }
    std::fs::write(folder.join("scene.f32"), truth::bytes(&ears))?;
    println!("{}: walk.f32, scene.f32 ({} frames)", folder.display(), ears[0].len());
    Ok(())
}

/// Two channels of noise as a WAV file of 32-bit floats.
fn noise_wav(frames: u32) -> Vec<u8> {
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + 8 * frames).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x03\0\x02\0");
    wav.extend(48_000u32.to_le_bytes());
    wav.extend((48_000u32 * 8).to_le_bytes());
    wav.extend(b"\x08\0\x20\0data");
    wav.extend((8 * frames).to_le_bytes());
    let (mut left, mut right) = (Noise(5), Noise(6));
    wav.extend((0..frames).flat_map(|_| [left.next().to_le_bytes(), right.next().to_le_bytes()]).flatten());
    wav
}
