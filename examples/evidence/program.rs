//! The whole program, in turn with ffmpeg: time, memory, loudness.

use crate::measure::{median, program_cpu, watch};
use crate::sounds::{write_music, write_track};
use crate::table::Row;
use periphon::AudioBuffer;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The built program, if it renders.
pub struct Program(PathBuf);

impl Program {
    /// Looks beside this program: `target/release/periphon`.
    pub fn find() -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|e| e.to_string())?;
        let name = format!("periphon{}", std::env::consts::EXE_SUFFIX);
        let path = own.parent().and_then(Path::parent).map(|p| p.join(&name)).unwrap_or_default();
        if !path.exists() {
            return Err("the program is not built: run `cargo build --release` first".to_string());
        }
        let help = Command::new(&path).args(["render", "--help"]).stdin(Stdio::null()).output();
        match help {
            Ok(out) if out.status.success() && String::from_utf8_lossy(&out.stdout).contains("--place") => {
                Ok(Self(path))
            }
            _ => Err("the program built has no `render`".to_string()),
        }
    }

    /// `periphon render INPUT -o OUT --quiet`, an older OUT removed.
    pub fn render(&self, input: &Path, out: &Path) -> Command {
        // Where there is none, there is nothing to do.
        let _ = fs::remove_file(out);
        let mut command = Command::new(&self.0);
        command.arg("render").arg(input).arg("-o").arg(out).arg("--quiet");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// The same, spatialised and nothing else: what a plain SOFA filter does.
    fn render_plain(&self, input: &Path, out: &Path, head: &Path) -> Command {
        let mut command = self.render(input, out);
        command.args(["--place", "speakers", "--room", "none", "--loudness", "off", "--true-peak", "off"]);
        command.args(["--format", "i24", "--threads", "1", "--hrtf"]).arg(head);
        command
    }
}

/// A built-in head as a file.
pub fn head_file(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let path = folder.join(format!("{name}.sofa"));
    let bytes = periphon::sofa::builtin(name).ok_or("no such head")?;
    fs::write(&path, bytes).map_err(|e| e.to_string())?;
    Ok(path)
}

/// Rows that need the program.
pub fn rows(program: &Program, folder: &Path, quick: bool) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    rows.push(against_ffmpeg(
        "three minutes of stereo, whole command",
        program,
        folder,
        &Bed { layout: "stereo", channels: 2, seconds: if quick { 60 } else { 180 }, filter: "" },
        quick,
    )?);
    rows.push(against_ffmpeg(
        "a 7.1.4 bed of one minute, whole command",
        program,
        folder,
        &Bed {
            layout: "7.1.4",
            channels: 12,
            seconds: if quick { 20 } else { 60 },
            // ffmpeg may have no name for the layout; its channels it knows.
            filter: "aformat=channel_layouts=FL+FR+FC+LFE+BL+BR+SL+SR+TFL+TFR+TBL+TBR,",
        },
        quick,
    )?);
    rows.push(long_track(program, folder, if quick { 4 } else { 60 })?);
    rows.push(loudness(program, folder, if quick { 10 } else { 30 })?);
    Ok(rows)
}

struct Bed {
    layout: &'static str,
    channels: usize,
    seconds: usize,
    filter: &'static str,
}

fn against_ffmpeg(what: &'static str, program: &Program, folder: &Path, bed: &Bed, quick: bool) -> Result<Row, String> {
    let input = folder.join("track.wav");
    write_track(&input, bed.layout, bed.channels, bed.seconds).map_err(|e| e.to_string())?;
    let head = head_file(folder, "kemar")?;
    let (ours, theirs) = (folder.join("ours.wav"), folder.join("theirs.wav"));
    let ffmpeg = || {
        let mut command = Command::new("ffmpeg");
        command.args(["-y", "-v", "error", "-nostdin", "-threads", "1", "-filter_threads", "1", "-i"]).arg(&input);
        command.arg("-af").arg(format!("{}sofalizer=sofa={}:type=freq", bed.filter, head.display()));
        command.args(["-c:a", "pcm_s24le"]).arg(&theirs);
        command
    };
    // A warm-up each; it also tells whether there is an ffmpeg with this filter.
    program_cpu(&mut program.render_plain(&input, &ours, &head))?;
    let peer_there = program_cpu(&mut ffmpeg());
    let (mut own, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..if quick { 3 } else { 7 } {
        own.push(program_cpu(&mut program.render_plain(&input, &ours, &head))?);
        if peer_there.is_ok() {
            peer.push(program_cpu(&mut ffmpeg())?);
        }
    }
    let peak = watch(&mut program.render_plain(&input, &ours, &head), Duration::from_secs(120))?.peak_mib;
    let ratio = median(peer.iter().zip(&own).map(|(p, o)| p / o).collect());
    let own = median(own);
    let seconds = bed.seconds;
    let times = seconds as f64 / own;
    let figure = format!("{own:.3} s for {seconds} s of sound ({times:.0} × real time), peak {peak:.0} MiB");
    let (aim, met) = match peer_there {
        Ok(_) => (format!("5 ×; `sofalizer` {:.3} s: **{ratio:.1} ×**", median(peer)), ratio >= 5.0),
        Err(_) => ("ffmpeg's `sofalizer`: not installed".to_string(), true),
    };
    let how = "s16 WAV in, s24 WAV out, 48 kHz, one thread, KEMAR, no loudness stage";
    fs::remove_file(&input).map_err(|e| e.to_string())?;
    Ok(Row::new(what, figure, aim, met, how))
}

fn long_track(program: &Program, folder: &Path, minutes: usize) -> Result<Row, String> {
    let (input, out) = (folder.join("long.wav"), folder.join("out.wav"));
    write_track(&input, "stereo", 2, 60 * minutes).map_err(|e| e.to_string())?;
    let seen = watch(&mut program.render(&input, &out), Duration::from_secs(600))?;
    let peak = seen.peak_mib;
    for file in [&input, &out] {
        fs::remove_file(file).map_err(|e| e.to_string())?;
    }
    let well = seen.status.is_some_and(|s| s.success());
    let how = "`periphon render` with nothing but defaults; the system's high-water mark";
    Ok(Row::new(
        "peak memory for a long track",
        format!("{peak:.0} MiB ({minutes} minutes{})", if well { "" } else { ", failed" }),
        "≤ 48 MiB for an hour",
        well && peak <= 48.0,
        how,
    ))
}

fn loudness(program: &Program, folder: &Path, seconds: usize) -> Result<Row, String> {
    let (input, out) = (folder.join("music.wav"), folder.join("out.wav"));
    write_music(&input, seconds).map_err(|e| e.to_string())?;
    let (mut off, mut over) = (0.0f64, f64::NEG_INFINITY);
    for target in [-23.0, -16.0, -9.0] {
        let target_text = format!("{target}");
        program_cpu(program.render(&input, &out).args(["--loudness", &target_text, "--true-peak", "-1"]))?;
        let (lufs, peak) = heard(&out)?;
        off = off.max((lufs - target).abs());
        over = over.max(peak + 1.0);
    }
    Ok(Row::new(
        "loudness asked for (−23, −16, −9 LUFS): error; true peak over a ceiling of −1 dBTP",
        format!("{off:.2} LU; {over:+.2} dB"),
        "≤ 0.2 LU; none",
        off <= 0.2 && over <= 0.0,
        "read back with the `ebur128` crate, another meter than the program's",
    ))
}

/// Loudness and true peak of a file by a meter that is not ours.
fn heard(path: &Path) -> Result<(f64, f64), String> {
    let mut decoder = periphon::decode::open(path).map_err(|e| e.to_string())?;
    let rate = decoder.info().sample_rate;
    let mut meter =
        ebur128::EbuR128::new(2, rate, ebur128::Mode::I | ebur128::Mode::TRUE_PEAK).map_err(|e| e.to_string())?;
    let mut buffer = AudioBuffer::new(2, 0);
    while decoder.read(&mut buffer, 4096).map_err(|e| e.to_string())? > 0 {
        meter.add_frames_planar_f32(&[buffer.channel(0), buffer.channel(1)]).map_err(|e| e.to_string())?;
    }
    let peak = (0..2).filter_map(|c| meter.true_peak(c).ok()).fold(0.0, f64::max);
    Ok((meter.loudness_global().map_err(|e| e.to_string())?, 20.0 * peak.log10()))
}
