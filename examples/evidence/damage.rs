//! Damaged inputs: a clear error or a clean result, never anything else.

use crate::measure::watch;
use crate::program::Program;
use crate::sounds::{Random, write_music};
use crate::table::Row;
use periphon::AudioBuffer;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

const WHAT: &str = "damaged tracks and heads: crashes, hangs, wrong exits, NaN in the output, files left behind";
const HOW: &str = "cut, overwritten, spliced, emptied; fixed seed; memory watched as well";
/// More than this for a file of some hundred kilobytes is a blow-up, MiB.
const MOST_MIB: f64 = 512.0;

/// Sends damaged files through the program.
pub fn row(program: &Program, folder: &Path, quick: bool) -> Result<Row, String> {
    let music = folder.join("music.wav");
    write_music(&music, 3).map_err(|e| e.to_string())?;
    let mut whole = vec![music.clone()];
    let tracks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audio");
    if let Ok(entries) = fs::read_dir(tracks) {
        let mut files: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
        files.retain(|f| f.extension().is_some_and(|e| e != "md"));
        files.sort();
        whole.extend(files);
    }
    let heads = [crate::program::head_file(folder, "ku100")?, crate::program::head_file(folder, "kemar")?];
    let mut random = Random(1);
    let cases = if quick { 60 } else { 1000 };
    // A folder of their own shows what is left behind.
    let place = folder.join("damaged");
    fs::create_dir_all(&place).map_err(|e| e.to_string())?;
    let mut bad = Vec::new();
    for case in 0..cases {
        let is_head = case % 4 == 0;
        let victim = if is_head { &heads[random.below(heads.len())] } else { &whole[random.below(whole.len())] };
        let mut bytes = fs::read(victim).map_err(|e| e.to_string())?;
        damage(&mut bytes, &mut random);
        let name = format!("bad.{}", victim.extension().unwrap_or_default().to_string_lossy());
        let (file, out) = (place.join(name), place.join("out.wav"));
        fs::write(&file, bytes).map_err(|e| e.to_string())?;
        if let Some(what) = judge(program, &file, is_head.then_some(&music), &out)? {
            let victim = victim.file_name().unwrap_or_default().to_string_lossy().into_owned();
            eprintln!("damaged case {case} ({victim}): {what}");
            bad.push(what);
        }
        for entry in fs::read_dir(&place).map_err(|e| e.to_string())? {
            fs::remove_file(entry.map_err(|e| e.to_string())?.path()).map_err(|e| e.to_string())?;
        }
    }
    let figure =
        if bad.is_empty() { format!("none in {cases}") } else { format!("{} in {cases}: {}", bad.len(), bad[0]) };
    Ok(Row::new(WHAT, figure, "none", bad.is_empty(), HOW))
}

/// The row where there is no program.
pub fn skipped(why: &str) -> Row {
    Row::skipped(WHAT, why, HOW)
}

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let len = bytes.len();
    let anything = |random: &mut Random| random.below(256) as u8;
    match random.below(7) {
        0 => bytes.truncate(random.below(len)),
        1 => {
            for _ in 0..1 + random.below(200) {
                bytes[random.below(len)] = anything(random);
            }
        }
        2 => {
            let at = random.below(len);
            bytes[at..(at + 4096).min(len)].fill(0);
        }
        3 => *bytes = (0..1 + random.below(5000)).map(|_| anything(random)).collect(),
        4 => bytes.rotate_left(random.below(len)),
        5 => bytes.clear(),
        _ => {
            for _ in 0..8 {
                bytes[random.below(len.min(200))] = [0, 255, 127, 128][random.below(4)];
            }
        }
    }
}

/// What is wrong with how the program takes a file, as a track, or as the head for `music`.
fn judge(program: &Program, file: &Path, music: Option<&PathBuf>, out: &Path) -> Result<Option<String>, String> {
    let told = out.with_extension("told");
    let mut command = program.render(music.map_or(file, PathBuf::as_path), out);
    if music.is_some() {
        command.args(["--at", "30,0,1", "--hrtf"]).arg(file);
    }
    command.args(["--format", "f32"]);
    command.stdout(Stdio::null()).stderr(fs::File::create(&told).map_err(|e| e.to_string())?);
    let seen = watch(&mut command, Duration::from_secs(30))?;
    let told_text = String::from_utf8_lossy(&fs::read(&told).map_err(|e| e.to_string())?).into_owned();
    fs::remove_file(&told).map_err(|e| e.to_string())?;
    let Some(status) = seen.status else { return Ok(Some("hung for 30 s".to_string())) };
    let wrong = match status.code() {
        _ if told_text.contains("panicked") => Some("panicked".to_string()),
        _ if seen.peak_mib > MOST_MIB => Some(format!("took {:.0} MiB", seen.peak_mib)),
        Some(0) => not_finite(out),
        Some(1 | 2) if !told_text.starts_with("error:") => Some(format!("no `error:` line: {}", told_text.trim())),
        Some(1 | 2) if out.exists() => Some("left an output behind".to_string()),
        Some(1 | 2) => None,
        other => Some(format!("exit {other:?}")),
    };
    let expected = if status.success() { 2 } else { 1 };
    let files = fs::read_dir(out.parent().unwrap_or(Path::new("."))).map_err(|e| e.to_string())?.count();
    Ok(wrong.or_else(|| (files > expected).then(|| "left a file behind".to_string())))
}

/// What is wrong with an output that should be whole.
fn not_finite(out: &Path) -> Option<String> {
    let mut decoder = match periphon::decode::open(out) {
        Ok(decoder) => decoder,
        Err(e) => return Some(format!("its output cannot be read: {e}")),
    };
    let mut buffer = AudioBuffer::new(2, 0);
    loop {
        match decoder.read(&mut buffer, 4096) {
            Ok(0) => break,
            Ok(_) => (),
            Err(e) => return Some(format!("its output cannot be read: {e}")),
        }
    }
    (decoder.non_finite() > 0).then(|| "wrote NaN or infinity".to_string())
}
