//! The way out for what no Rust decoder reads: the `ffmpeg` command, where it is installed, decodes into a pipe.
//!
//! ffmpeg is a program beside ours, not a part of it: no shell is involved, the path is handed over as `file:...` (so
//! that a leading dash or a name like `http://` cannot be taken for something else), and only files may be opened.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::info::{ReplayGain, TrackInfo};
use super::stream::Source;
use super::tags::Tags;
use super::wav::{Bytes, WavHeader, read_header};
use super::wav_read::{Pcm, describe};
use super::{Opened, check_limits};
use crate::buffer::AudioBuffer;
use crate::error::{Error, ErrorKind, Result};

/// Of what ffmpeg says, this much is kept.
const MAX_SAID: usize = 4096;

impl Bytes for ChildStdout {
    fn skip(&mut self, bytes: u64) -> std::io::Result<()> {
        std::io::copy(&mut self.take(bytes), &mut std::io::sink()).map(|_| ())
    }
}

/// A running ffmpeg; it is killed when dropped.
struct Pipe {
    child: Child,
    stdout: ChildStdout,
    said: Arc<Mutex<Vec<u8>>>,
    listener: Option<JoinHandle<()>>,
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

impl Pipe {
    fn start(path: &Path) -> std::io::Result<Self> {
        let mut input = OsString::from("file:");
        input.push(path);
        let mut child = Command::new("ffmpeg")
            .args(["-nostdin", "-hide_banner", "-v", "error", "-protocol_whitelist", "file,pipe", "-i"])
            .arg(input)
            .args(["-map", "0:a:0", "-vn", "-sn", "-dn", "-c:a", "pcm_f32le", "-f", "wav", "pipe:1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let said = Arc::new(Mutex::new(Vec::new()));
        let (Some(stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(std::io::Error::other("no pipe to ffmpeg"));
        };
        // Read on beside us, or ffmpeg would wait for room in the pipe.
        let ear = Arc::clone(&said);
        let listener = std::thread::spawn(move || {
            let mut piece = [0; 1024];
            while let Ok(n @ 1..) = stderr.read(&mut piece) {
                let mut said = ear.lock().unwrap_or_else(PoisonError::into_inner);
                let room = MAX_SAID.saturating_sub(said.len()).min(n);
                said.extend_from_slice(&piece[..room]);
            }
        });
        Ok(Self { child, stdout, said, listener: Some(listener) })
    }

    /// Waits for the end: whether ffmpeg was content, and its first words.
    fn finish(&mut self) -> (bool, String) {
        let content = self.child.wait().is_ok_and(|status| status.success());
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        (content, first_words(&String::from_utf8_lossy(&said)))
    }
}

/// The first line of what ffmpeg said, for people.
pub(crate) fn first_words(said: &str) -> String {
    let line = said.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("");
    // "[ac3 @ 0x55d0...] message": the address says nothing to anyone.
    match line.split_once("] ") {
        Some((head, rest)) if head.starts_with('[') => rest.to_string(),
        _ => line.to_string(),
    }
}

/// Opens the first sound track by ffmpeg; `what` names the format or coding for messages.
///
/// `why` is what our own decoders said, if they were asked first.
pub(super) fn open(path: &Path, what: &str, why: Option<Error>) -> Result<Opened> {
    let missing = |message: String| {
        let error = Error::unsupported(message)
            .hint("install ffmpeg (it is used where it is found), or convert the file elsewhere to FLAC or WAV");
        match why {
            Some(why) => error.caused_by(why),
            None => error,
        }
    };
    let mut pipe = match Pipe::start(path) {
        Ok(pipe) => pipe,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let message = format!("the sound is {what}, which no built-in decoder reads, and ffmpeg is not installed");
            return Err(missing(message));
        }
        Err(e) => {
            return Err(missing(format!("the sound is {what}, and ffmpeg, which would read it, did not start: {e}")));
        }
    };
    let mut tags = Tags::default();
    let Ok(header) = read_header(&mut pipe.stdout, None, &mut tags, &mut Vec::new()) else {
        let (_, said) = pipe.finish();
        if said.contains("matches no streams") {
            return Err(Error::malformed(format!("there is no sound in it, only what else {what} holds")));
        }
        let said = if said.is_empty() { "no sound came".into() } else { said };
        return Err(Error::malformed(format!("the sound is {what}, and ffmpeg could not decode it: {said}")));
    };
    let Some(format) = header.format else {
        return Err(Error::unsupported(format!("ffmpeg gave a kind of PCM that is not expected for {what}")));
    };
    check_limits(header.sample_rate, header.channels)?;
    let pcm = Pcm::new(&header, format);
    let channels = header.channels;
    let mut source = FfmpegSource {
        path: path.to_path_buf(),
        pipe: Some(pipe),
        pcm,
        head: AudioBuffer::new(channels, 1),
        held: 0,
        delivered: 0,
        notes: Vec::new(),
    };
    // One frame in hand shows that there is sound at all.
    let mut first = AudioBuffer::new(channels, 1);
    if source.pull(&mut first, 0, 1)? == 0 {
        let why = source.notes.pop().map_or(String::new(), |w| format!(": {w}"));
        return Err(Error::malformed(format!("the {what} track holds no frame that can be decoded{why}")));
    }
    source.head = first;
    source.held = 1;
    source.delivered = 0;
    // ffmpeg names itself as the encoder of its WAV; that says nothing of the track.
    tags.tags.retain(|(name, value)| name != "ENCODER" || !value.starts_with("Lavf"));
    let info = TrackInfo {
        container: container_of(what).into(),
        codec: what.into(),
        decoder: "ffmpeg",
        bits: None,
        frames: None,
        replay_gain: ReplayGain::from_tags(&tags.tags),
        tags: tags.tags,
        ..describe(&header, format)
    };
    let warnings = assumed(&header);
    Ok(Opened { info, source: Box::new(source), warnings, exact: false, float: true })
}

fn assumed(header: &WavHeader) -> Vec<String> {
    header.placement.assumed.clone().into_iter().collect()
}

/// The container to show: a raw stream is its own.
fn container_of(what: &str) -> &str {
    match what {
        "HE-AAC" | "AAC other than LC" => "AAC",
        other => other,
    }
}

struct FfmpegSource {
    path: PathBuf,
    pipe: Option<Pipe>,
    pcm: Pcm,
    /// The first frame, read when the file was opened.
    head: AudioBuffer,
    held: usize,
    delivered: u64,
    notes: Vec<String>,
}

impl FfmpegSource {
    fn pull(&mut self, out: &mut AudioBuffer, at: usize, frames: usize) -> Result<usize> {
        let Some(pipe) = &mut self.pipe else { return Ok(0) };
        let n = self
            .pcm
            .read(&mut pipe.stdout, out, at, frames)
            .map_err(|e| Error::new(ErrorKind::Io, "reading from ffmpeg failed").caused_by(e))?;
        self.delivered += n as u64;
        if n == 0 {
            let (content, said) = pipe.finish();
            self.pipe = None;
            if !content && self.delivered == 0 {
                return Err(Error::malformed(format!("ffmpeg could not decode the file: {said}")));
            }
            if !content || !said.is_empty() {
                self.notes
                    .push(format!("ffmpeg met damage: {}", if said.is_empty() { "no reason given" } else { &said }));
            }
        }
        Ok(n)
    }
}

impl Source for FfmpegSource {
    fn read(&mut self, out: &mut AudioBuffer, at: usize, frames: usize) -> Result<usize> {
        if self.held > 0 && frames > 0 {
            self.held = 0;
            for (to, from) in out.iter_mut().zip(self.head.iter()) {
                to[at] = from[0];
            }
            return Ok(1);
        }
        self.pull(out, at, frames)
    }

    /// Decodes again from the start and drops: exact for every codec, if not quick.
    fn seek(&mut self, frame: u64) -> Result<()> {
        self.pipe = None;
        self.held = 0;
        let mut pipe = Pipe::start(&self.path)
            .map_err(|e| Error::new(ErrorKind::Io, "ffmpeg did not start again to seek").caused_by(e))?;
        read_header(&mut pipe.stdout, None, &mut Tags::default(), &mut Vec::new())?;
        self.pipe = Some(pipe);
        self.delivered = 0;
        let mut scratch = AudioBuffer::new(self.head.channels(), 4096);
        while self.delivered < frame {
            let want = (frame - self.delivered).min(4096) as usize;
            if self.pull(&mut scratch, 0, want)? == 0 {
                break;
            }
        }
        Ok(())
    }

    fn warnings(&mut self, into: &mut Vec<String>) {
        into.append(&mut self.notes);
    }
}
