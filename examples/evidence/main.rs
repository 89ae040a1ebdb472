//! Every figure that the README shows, by one command:
//! `cargo build --release && cargo run --release --example evidence [-- --write] [--quick] [--dense FILE]`
//!
//! `--write` puts the table into the README, `--quick` looks at parts of it all in half a minute, and `--dense` opens a
//! SOFA file with thousands of directions as well. The exit code is 1 where an aim is missed, but not
//! with `--quick`: short tracks are mostly start-up, and `tests/evidence.rs` gates the sound.

#[path = "../../tests/reference/quality.rs"]
mod quality;

mod cost;
mod damage;
mod measure;
mod program;
mod sound;
mod sounds;
mod table;

use program::Program;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use table::Row;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(1)
        }
    }
}

fn run() -> Result<bool, String> {
    let (mut write, mut quick, mut dense) = (false, false, None::<PathBuf>);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--write" => write = true,
            "--quick" => quick = true,
            "--dense" => dense = Some(arguments.next().ok_or("--dense wants a file")?.into()),
            other => return Err(format!("there is no option '{other}': --write, --quick, --dense FILE")),
        }
    }
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let rows = measure_all(folder.path(), dense.as_deref(), quick)?;
    let table = table::markdown(&rows, quick);
    println!("{table}");
    if write {
        table::write(&Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"), &table)?;
    }
    Ok(quick || rows.iter().all(|r| r.met != Some(false)))
}

fn measure_all(folder: &Path, dense: Option<&Path>, quick: bool) -> Result<Vec<Row>, String> {
    let began = Instant::now();
    let told = |what: &str| eprintln!("{:6.1} s  {what}", began.elapsed().as_secs_f64());
    let mut moving = cost::Moving::default();
    moving.measure(quick)?;
    told("what is heard");
    let sound = sound::rows(quick)?;
    moving.measure(quick)?;
    told("opening heads");
    let opening = cost::opening(folder, dense, quick)?;
    moving.measure(quick)?;
    let mut whole = Vec::new();
    match Program::find() {
        Ok(program) => {
            told("the whole program");
            whole.extend(program::rows(&program, folder, quick)?);
            moving.measure(quick)?;
            told("damaged inputs");
            whole.push(damage::row(&program, folder, quick)?);
        }
        Err(why) => {
            eprintln!("skipped what needs the program: {why}");
            whole.push(Row::skipped("the whole command: time, memory, loudness", &why, "beside ffmpeg's `sofalizer`"));
            whole.push(damage::skipped(&why));
        }
    }
    moving.measure(quick)?;
    told("done");
    Ok(sound.into_iter().chain(moving.rows()).chain(opening).chain(whole).collect())
}
