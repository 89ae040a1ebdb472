//! CPU time of this thread and of other programs, and their peak memory.

use periphon::cli::bench::cpu_seconds;
use std::fs;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The middle one of a few figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// CPU seconds of some work on this thread: the median of `runs` after a warm-up.
pub fn cpu_of<T>(runs: usize, mut work: impl FnMut() -> T) -> f64 {
    let mut once = || {
        let began = cpu_seconds();
        std::hint::black_box(work());
        cpu_seconds() - began
    };
    once();
    median((0..runs).map(|_| once()).collect())
}

/// User and system seconds of all children that have ended.
#[cfg(unix)]
fn children_seconds() -> f64 {
    use nix::sys::resource::{UsageWho, getrusage};
    getrusage(UsageWho::RUSAGE_CHILDREN).map_or(f64::NAN, |u| {
        [u.user_time(), u.system_time()].iter().map(|t| t.tv_sec() as f64 + t.tv_usec() as f64 * 1e-6).sum()
    })
}

/// Elsewhere the clock has to do.
#[cfg(not(unix))]
fn children_seconds() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64()
}

/// Runs a program to its end and gives its CPU seconds, start-up included.
pub fn program_cpu(command: &mut Command) -> Result<f64, String> {
    let before = children_seconds();
    let out = command.stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
    if out.status.success() {
        Ok(children_seconds() - before)
    } else {
        let told = String::from_utf8_lossy(&out.stderr);
        Err(format!("{}: {}", command.get_program().to_string_lossy(), told.lines().next().unwrap_or("failed")))
    }
}

/// How a watched program ended.
pub struct Watched {
    /// `None` if it had to be killed.
    pub status: Option<ExitStatus>,
    /// The most memory that it was seen to hold, MiB; 0 where the system does not tell.
    pub peak_mib: f64,
}

/// Runs a program, looking every few milliseconds at the high-water mark that the system keeps of its memory (which
/// starts anew with the program, unlike that of its parent's resource usage); kills it after `limit`.
pub fn watch(command: &mut Command, limit: Duration) -> Result<Watched, String> {
    let mut child = command.stdin(Stdio::null()).spawn().map_err(|e| e.to_string())?;
    let began = Instant::now();
    let mut peak_mib = 0.0f64;
    loop {
        peak_mib = peak_mib.max(high_water_mib(&child));
        if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
            return Ok(Watched { status: Some(status), peak_mib });
        }
        if began.elapsed() > limit {
            // Both fail only if it has just ended by itself.
            let _ = child.kill();
            let _ = child.wait();
            return Ok(Watched { status: None, peak_mib });
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn high_water_mib(child: &Child) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches("kB").trim().parse::<f64>().ok()).map_or(0.0, |kib| kib / 1024.0)
}
