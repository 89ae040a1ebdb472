//! Sound servers of a test's own, which end with it.

pub mod capture;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Two servers at once are more than two cores can keep in time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

pub fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Says that something is not there; fails where everything has to be.
pub fn missing(what: &str) {
    let required = std::env::var_os("PERIPHON_AUDIO_SERVERS").is_some_and(|v| v == "required");
    assert!(!required, "{what} is not there");
    println!("left out: {what} is not there");
}

/// A directory and processes that end with the test.
struct Household {
    dir: PathBuf,
    children: Vec<Child>,
}

impl Household {
    fn new(name: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("periphon-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(dir.join("run")).unwrap();
        // A server's directory must be its user's alone.
        let chmod = Command::new("chmod").arg("700").arg(dir.join("run")).status().unwrap();
        assert!(chmod.success());
        Self { dir, children: Vec::new() }
    }

    fn start(&mut self, command: &mut Command) -> bool {
        match command.stdin(Stdio::null()).spawn() {
            Ok(child) => self.children.push(child),
            Err(_) => return false,
        }
        true
    }
}

impl Drop for Household {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = Command::new("kill").arg(child.id().to_string()).status();
            let since = Instant::now();
            while child.try_wait().is_ok_and(|ended| ended.is_none()) {
                if since.elapsed() > Duration::from_secs(2) {
                    let _ = child.kill();
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether a condition comes true in time.
fn comes(within: Duration, mut is_there: impl FnMut() -> bool) -> bool {
    let since = Instant::now();
    while since.elapsed() < within {
        if is_there() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// JACK with its dummy driver.
pub struct Jack {
    home: Household,
    name: String,
}

impl Jack {
    /// None if it is not installed.
    pub fn start(rate: u32, period: u32) -> Option<Self> {
        let mut home = Household::new("jack");
        let name = home.dir.file_name()?.to_string_lossy().into_owned();
        let mut server = quiet("jackd");
        server
            .env("JACK_DEFAULT_SERVER", &name)
            .env("JACK_NO_AUDIO_RESERVATION", "1")
            .env("XDG_RUNTIME_DIR", home.dir.join("run"));
        server.args(["-r", "-d", "dummy", "-C", "2", "-P", "2", "-r", &rate.to_string(), "-p", &period.to_string()]);
        if !home.start(&mut server) {
            return None;
        }
        let jack = Self { home, name };
        let lists = || jack.environment(&mut quiet("jack_lsp")).status().is_ok_and(|s| s.success());
        comes(Duration::from_secs(10), lists).then_some(jack)
    }

    pub fn dir(&self) -> &Path {
        &self.home.dir
    }

    pub fn environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("JACK_DEFAULT_SERVER", &self.name)
            .env("JACK_NO_START_SERVER", "1")
            .env("XDG_RUNTIME_DIR", self.home.dir.join("run"))
    }

    /// The outputs of whoever plays, as soon as there are any.
    pub fn ports(&self, within: Duration) -> Vec<String> {
        let mut found = Vec::new();
        comes(within, || {
            let listed = self.environment(Command::new("jack_lsp").stderr(Stdio::null())).output();
            let listed = listed.map_or(String::new(), |o| String::from_utf8_lossy(&o.stdout).into_owned());
            found =
                listed.lines().filter(|l| !l.starts_with("system") && l.contains("out_")).map(String::from).collect();
            found.len() >= 2
        });
        found
    }

    /// Records what is played, as soon as somebody does.
    pub fn record(&self, seconds: u32) -> Vec<f32> {
        let ports = self.ports(Duration::from_secs(10));
        assert!(!ports.is_empty(), "nobody plays");
        let file = self.home.dir.join("capture.wav");
        let mut recorder = quiet("jack_rec");
        recorder.args(["-b", "32", "-d", &seconds.to_string(), "-f"]).arg(&file).args(&ports);
        let recorded = self.environment(&mut recorder).status();
        assert!(recorded.is_ok(), "jack_rec is not there (Debian: jack-example-tools)");
        capture::floats_of_wav(&file)
    }
}

/// PulseAudio with a null sink called `phones`.
pub struct Pulse {
    home: Household,
}

/// A recorder under way.
pub struct Recorder {
    child: Child,
    file: PathBuf,
}

impl Recorder {
    /// Waits until something other than silence has been captured.
    pub fn until_sound(&self, within: Duration) -> bool {
        let (mut captured, since) = (File::open(&self.file).unwrap(), Instant::now());
        let mut news = Vec::new();
        while since.elapsed() < within {
            news.clear();
            captured.read_to_end(&mut news).unwrap();
            if news.iter().any(|byte| *byte != 0) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        false
    }

    pub fn stop(mut self) -> PathBuf {
        std::thread::sleep(Duration::from_millis(500));
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
        self.file.clone()
    }
}

impl Pulse {
    /// None if it is not installed.
    pub fn start(rate: u32) -> Option<Self> {
        let mut home = Household::new("pulse");
        let mut server = quiet("pulseaudio");
        server.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=true", "-L"]);
        server.arg(Self::sink("phones", rate)).args(["-L", "module-native-protocol-unix"]);
        server.env("XDG_RUNTIME_DIR", home.dir.join("run"));
        if !home.start(&mut server) {
            return None;
        }
        let mut pulse = Self { home };
        let answers = || pulse.environment(quiet("pactl").arg("info")).status().is_ok_and(|s| s.success());
        if !comes(Duration::from_secs(10), answers) {
            return None;
        }
        // An idle null sink works in blocks of two seconds: silence keeps it awake.
        let zeros = File::open("/dev/zero").ok()?;
        let mut silence = quiet("pacat");
        silence.args(["-d", "phones", "--raw", "--format=float32le", "--channels=2", "--latency-msec=20"]);
        silence.arg(format!("--rate={rate}"));
        pulse.environment(&mut silence);
        let child = silence.stdin(zeros).spawn().ok()?;
        pulse.home.children.push(child);
        std::thread::sleep(Duration::from_secs(1));
        Some(pulse)
    }

    fn sink(name: &str, rate: u32) -> String {
        format!("module-null-sink sink_name={name} format=float32le rate={rate} channels=2")
    }

    pub fn dir(&self) -> &Path {
        &self.home.dir
    }

    pub fn environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("XDG_RUNTIME_DIR", self.home.dir.join("run")).env_remove("PULSE_SERVER")
    }

    /// Records what a sink is given.
    pub fn record(&self, sink: &str) -> Recorder {
        let file = self.home.dir.join("capture.f32");
        let out = File::create(&file).unwrap();
        let mut recorder = Command::new("parec");
        recorder.args([
            "-d",
            &format!("{sink}.monitor"),
            "--format=float32le",
            "--rate=48000",
            "--channels=2",
            "--latency-msec=20",
        ]);
        let child = self.environment(&mut recorder).stdout(out).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(500));
        Recorder { child, file }
    }

    pub fn unload_sinks(&self) {
        let done = self.environment(quiet("pactl").args(["unload-module", "module-null-sink"])).status();
        assert!(done.unwrap().success());
    }

    pub fn load_sink(&self, name: &str) {
        let sink = Self::sink(name, 48_000);
        let done = self.environment(quiet("pactl").arg("load-module").args(sink.split(' '))).status();
        assert!(done.unwrap().success());
    }

    /// How many clients of a process the server has.
    pub fn clients_of(&self, process: u32) -> usize {
        let listed = self.environment(Command::new("pactl").args(["list", "clients"])).output().unwrap();
        let wanted = format!("application.process.id = \"{process}\"");
        String::from_utf8_lossy(&listed.stdout).lines().filter(|l| l.trim() == wanted).count()
    }

    /// Stops answering, or answers again.
    pub fn hold(&self, held: bool) {
        let server = self.home.children[0].id().to_string();
        let sent = Command::new("kill").args([if held { "-STOP" } else { "-CONT" }, &server]).status();
        assert!(sent.unwrap().success());
    }
}
