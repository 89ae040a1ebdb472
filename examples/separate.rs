//! Voice and band of a track: `cargo run --release --example separate -- TRACK VOICE.wav BAND.wav [THREADS]`

use periphon::AudioBuffer;
use periphon::separate::{Model, Separator};
use periphon::sink::{FileSink, SampleFormat, SinkSpec};
use std::error::Error;
use std::time::Instant;

const BLOCK: usize = 8192;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [input, voice_path, band_path, rest @ ..] = words.as_slice() else {
        return Err("usage: separate TRACK VOICE.wav BAND.wav [THREADS]".into());
    };
    let threads = rest.first().map_or(Ok(2), |n| n.parse())?;
    let mut track = periphon::decode::open(input)?;
    let (rate, layout) = (track.info().sample_rate, track.info().layout.clone());
    let began = Instant::now();
    let mut separator = Separator::new(Model::built_in()?, rate, layout.channels(), threads)?;
    let loaded = began.elapsed().as_secs_f64();
    let spec = SinkSpec::new(rate, layout, SampleFormat::F32);
    let mut files = [FileSink::create(voice_path, &spec, true)?, FileSink::create(band_path, &spec, true)?];
    let (mut block, mut voice, mut band) = <(AudioBuffer, AudioBuffer, AudioBuffer)>::default();
    let mut frames = 0;
    loop {
        if track.read(&mut block, BLOCK)? == 0 {
            separator.finish();
        } else {
            separator.push(&block.iter().collect::<Vec<_>>())?;
        }
        while separator.pull(&mut voice, &mut band, BLOCK) > 0 {
            files[0].write_buffer(&voice)?;
            files[1].write_buffer(&band)?;
            frames += voice.frames();
        }
        if block.is_empty() {
            break;
        }
    }
    for file in files {
        file.finish()?;
    }
    let (sound, taken) = (frames as f64 / f64::from(rate), began.elapsed().as_secs_f64());
    // The most memory that this process ever had, where the system tells (Linux).
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).map_or("unknown", str::trim);
    println!("at most {most} of memory");
    println!(
        "model ready after {loaded:.3} s; {sound:.2} s of sound in {taken:.2} s: {:.1} x real time",
        sound / taken
    );
    Ok(())
}
