//! One track under way: its decoder ahead on a thread of its own, its engine in the callback, and a ring between them.

use super::plan::Plan;
use super::playout::FADE_S;
use crate::buffer::AudioBuffer;
use crate::coords::Pose;
use crate::error::{Error, Result};
use crate::render::live::{Ears, Pace, Show, open};
use crate::render::{Control, RenderJob};
use rtrb::{Consumer, Producer, RingBuffer};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Inputs of an engine that is played live, at most: their slices stand on the callback's stack.
const MOST_INPUTS: usize = 1024;
/// Played unheard before a machine that begins inside its track is heard, so that its room rings, seconds.
const RING_S: f64 = 1.5;
/// Seconds decoded ahead.
const AHEAD_S: f64 = 1.0;
/// Rendered before a machine takes over, seconds: in a cross-fade, and while its memory is new to the processor's caches,
/// the callback has one engine to run, not two.
const AHEAD_OF_TIME_S: f64 = 1.5 * FADE_S;
/// Parts of a machine's memory that are fetched one a callback.
const PARTS: usize = 4;
/// How long to wait for the decoder before the machine is taken for stuck.
const PATIENCE: Duration = Duration::from_secs(30);
/// Room for poses of a measured room's head.
const POSES: usize = 64;

/// What the ring holds next.
#[derive(Clone, Copy, Debug)]
enum Mark {
    /// A block of so many frames, so many of them behind the track's end.
    Block(usize, usize),
    End,
}

/// What went wrong while decoding, in words, for the steward.
pub(super) type Trouble = Arc<Mutex<Vec<String>>>;

/// A fade between silence and full.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fade {
    gain: f32,
    step: f32,
}

impl Fade {
    pub(super) fn at(gain: f32) -> Self {
        Self { gain, step: 0.0 }
    }

    /// Heads for full or silence, which it reaches in `frames`, less if it is on its way.
    pub(super) fn turn(&mut self, up: bool, frames: usize) {
        let step = 1.0 / frames.max(1) as f32;
        self.step = if up { step } else { -step };
    }

    pub(super) fn is_silent(&self) -> bool {
        self.gain <= 0.0 && self.step <= 0.0
    }

    /// Silent as yet, wherever it is going.
    pub(super) fn is_unheard(&self) -> bool {
        self.gain <= 0.0
    }

    /// Fades the frames in place.
    pub(super) fn apply(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.step == 0.0 && self.gain == 1.0 {
            return;
        }
        for (l, r) in left.iter_mut().zip(right) {
            self.gain = (self.gain + self.step).clamp(0.0, 1.0);
            *l *= self.gain;
            *r *= self.gain;
        }
        if (self.gain == 1.0 && self.step > 0.0) || (self.gain == 0.0 && self.step < 0.0) {
            self.step = 0.0;
        }
    }
}

/// What the steward knows of a machine that it has given away.
pub(super) struct Card {
    /// Tells machines apart.
    pub id: u64,
    /// Frames of the track, without what rings on, if known.
    pub frames: Option<u64>,
    pub hrtf: String,
    pub room: String,
    pub headphones: String,
    pub control: Option<Control>,
    /// Turns the head where there is no control.
    pub poses: Producer<Pose>,
    pub measured: bool,
    pub trouble: Trouble,
    pub warnings: Vec<String>,
    pub plan: Plan,
}

/// A thread that will decode, started before its track is open: it has the priority of whoever starts it.
pub(super) struct Feeder(Sender<Box<dyn FnOnce() + Send>>);

impl Feeder {
    /// For a track in this file.
    ///
    /// # Errors
    /// `Io` if no thread can be started.
    pub(super) fn start(track: &Path) -> Result<Self> {
        let (work, wanted) = channel::<Box<dyn FnOnce() + Send>>();
        std::thread::Builder::new()
            .name("periphon-feed".to_string())
            // A track that cannot be opened needs nothing decoded.
            .spawn(move || wanted.recv().map_or((), |work| work()))
            .map_err(|e| Error::io(track, "cannot start a thread to decode", e))?;
        Ok(Self(work))
    }
}

/// The audio half. Counts frames on the output's clock, from the first that a render of the job would have.
pub(super) struct Machine {
    pub(super) id: u64,
    ears: Ears,
    samples: Consumer<f32>,
    marks: Consumer<Mark>,
    poses: Consumer<Pose>,
    channels: usize,
    gap: Option<usize>,
    /// The inputs of a block, planar.
    planes: Vec<f32>,
    block: usize,
    /// Room for a block, and for what is rendered before it is wanted.
    out: [Vec<f32>; 2],
    /// What of `out` is filled, and what of that is gone.
    filled: usize,
    taken: usize,
    position: u64,
    /// Where the track ends and only its room sounds on.
    source_end: Option<u64>,
    ended: bool,
    gain: f32,
    /// How many parts of its memory are still away from the processor that runs the callback.
    away: usize,
    pub(super) fade: Fade,
}

impl Machine {
    /// Opens the track of a job, ready to play from frame `from` on the output's clock; `RING_S` seconds before it are
    /// played unheard, so that the room sounds as if it had been listened to all along.
    /// Gives up where `stop` is set meanwhile.
    pub(super) fn open(
        id: u64,
        job: &RenderJob,
        pace: Pace,
        from: u64,
        feeder: Feeder,
        stop: &AtomicBool,
    ) -> Result<(Box<Self>, Card)> {
        let mut job = job.clone();
        let mut begin = 0;
        let is_scene = job.is_scene()?;
        if from > 0 && !is_scene {
            // Only now is the rate known; the decoder is opened anew at the place that the rate gives.
            let rate = job.rate.map_or_else(|| crate::decode::open(&job.input).map(|d| d.info().sample_rate), Ok)?;
            begin = from.saturating_sub((RING_S * f64::from(rate)) as u64);
            let seconds = begin as f64 / f64::from(rate);
            job.start += seconds;
            job.duration = job.duration.map(|d| (d - seconds).max(0.0));
        }
        let (mut show, mut ears) = open(&job, pace)?;
        let from = from.max(ears.skip);
        if is_scene && from > 0 {
            begin = from.saturating_sub((RING_S * f64::from(ears.rate)) as u64);
            show.begin_at(begin)?;
        }
        let channels = show.channels();
        let gap = ears.gap();
        if channels + 1 > MOST_INPUTS {
            return Err(Error::limit(format!(
                "the input has {channels} channels; live, an engine takes {} at most",
                MOST_INPUTS - 1
            ))
            .at(&job.input)
            .hint("render it to a file instead"));
        }
        // A scene counts from its own beginning.
        let before = if is_scene { 0 } else { begin };
        let total = show.total_frames().map(|n| before + n.saturating_sub(ears.tail));
        let block = ears.block;
        ears.start_at(begin);
        let ahead = ((AHEAD_S * f64::from(ears.rate)) as usize).div_ceil(block).max(4);
        let (full, samples) = RingBuffer::new(ahead * block * channels.max(1));
        let (said, marks) = RingBuffer::new(ahead + 2);
        let (turn, poses) = RingBuffer::new(POSES);
        let trouble = Trouble::default();
        let card = Card {
            id,
            frames: total,
            hrtf: ears.hrtf.clone(),
            room: ears.room.clone(),
            headphones: ears.headphones.clone(),
            control: ears.take_control(),
            poses: turn,
            measured: ears.is_measured(),
            trouble: Arc::clone(&trouble),
            plan: Plan::new(&ears),
            warnings: show.warnings().into_iter().chain(ears.warnings()).collect(),
        };
        let (tail, rate) = (ears.tail, ears.rate);
        // It waits for just this.
        let _ = feeder.0.send(Box::new(move || feed(show, full, said, tail, &trouble)));
        let mut machine = Box::new(Self {
            id,
            ears,
            samples,
            marks,
            poses,
            channels,
            gap,
            planes: vec![0.0; block * channels],
            block,
            out: std::array::from_fn(|_| vec![0.0; block + (AHEAD_OF_TIME_S * f64::from(rate)) as usize]),
            filled: 0,
            taken: 0,
            position: begin,
            source_end: None,
            ended: false,
            gain: 1.0,
            away: 0,
            fade: Fade::at(1.0),
        });
        machine.advance_to(from, stop)?;
        Ok((machine, card))
    }

    /// Linear, for everything it plays.
    pub(super) fn set_gain(&mut self, gain: f32) {
        self.gain = gain;
    }

    /// Frames on the output's clock.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Plays unheard up to a frame, unless `stop` is set. Waits for the decoder: not for the audio thread.
    pub(super) fn advance_to(&mut self, frame: u64, stop: &AtomicBool) -> Result<()> {
        let mut since = Instant::now();
        while self.position < frame && !self.ended {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::argument("the end was asked for"));
            }
            if self.filled > self.taken {
                let frames =
                    (self.filled - self.taken).min(usize::try_from(frame - self.position).unwrap_or(usize::MAX));
                self.taken += frames;
                self.position += frames as u64;
                since = Instant::now();
            } else if !self.next_block() {
                if since.elapsed() > PATIENCE {
                    return Err(Error::new(crate::ErrorKind::Io, "the decoder gives nothing any more"));
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(())
    }

    /// Waits until the first block is decoded, or the track has ended.
    pub(super) fn wait_ready(&self) {
        let since = Instant::now();
        while self.marks.is_empty() && self.filled == self.taken && !self.ended && since.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Renders the first frames that will be heard, as many as there is room for. Not for the audio thread.
    pub(super) fn render_ahead(&mut self) {
        while self.filled + self.block <= self.out[0].len() && self.next_block() {}
        self.rested();
    }

    /// Another thread had it, or it has not been played for long: its memory is not near the processor that plays it.
    pub(super) fn rested(&mut self) {
        self.away = PARTS;
    }

    /// Brings a part of what the next block reads nearer to the processor; false if all is there.
    pub(super) fn fetch(&mut self) -> bool {
        if self.away == 0 {
            return false;
        }
        self.away -= 1;
        self.ears.fetch(self.away, PARTS);
        true
    }

    /// True when nothing more will sound.
    pub(super) fn is_over(&self) -> bool {
        self.ended && self.filled == self.taken
    }

    /// The frame at which the track ends, as far as it is known.
    pub(super) fn source_end(&self) -> Option<u64> {
        self.source_end
    }

    /// Frames to the end of the track, as far as it is known; 0 there and behind it.
    pub(super) fn source_left(&self) -> Option<u64> {
        self.source_end.map(|end| end.saturating_sub(self.position))
    }

    /// Writes the next frames, faded; returns how many there were: fewer at the end, or if the decoder is late.
    pub(super) fn draw(&mut self, left: &mut [f32], right: &mut [f32]) -> usize {
        let wanted = left.len().min(right.len());
        let mut done = 0;
        while done < wanted {
            if self.filled == self.taken && !self.next_block() {
                break;
            }
            let mut n = (self.filled - self.taken).min(wanted - done);
            // Not beyond the track's end at once: another begins there.
            if let Some(to_end) = self.source_left().filter(|n| *n > 0) {
                n = n.min(usize::try_from(to_end).unwrap_or(usize::MAX));
            }
            let from = self.taken..self.taken + n;
            left[done..done + n].copy_from_slice(&self.out[0][from.clone()]);
            right[done..done + n].copy_from_slice(&self.out[1][from]);
            self.taken += n;
            self.position += n as u64;
            done += n;
            if self.source_left() == Some(0) && self.source_end == Some(self.position) {
                break;
            }
        }
        self.fade.apply(&mut left[..done], &mut right[..done]);
        // The last callbacks that have nothing to render.
        while self.away > (self.filled - self.taken) / self.block && self.fetch() {}
        done
    }

    /// Looks whether the end is next, so that whoever follows does not come late.
    pub(super) fn look_ahead(&mut self) {
        if self.filled == self.taken && !self.ended {
            self.next_block();
        }
    }

    /// Renders one block behind what is there already; false if none is there.
    fn next_block(&mut self) -> bool {
        if self.ended {
            return false;
        }
        if self.filled == self.taken {
            (self.filled, self.taken) = (0, 0);
        }
        // Where the block begins on the output's clock.
        let begin = self.position + (self.filled - self.taken) as u64;
        let Ok(mark) = self.marks.pop() else { return false };
        let Mark::Block(frames, tail) = mark else {
            self.ended = true;
            self.source_end.get_or_insert(begin);
            return false;
        };
        let count = frames * self.channels;
        // The mark was pushed behind the samples, so they are there.
        let Ok(chunk) = self.samples.read_chunk(count) else { return false };
        let (a, b) = chunk.as_slices();
        self.planes[..a.len()].copy_from_slice(a);
        self.planes[a.len()..count].copy_from_slice(b);
        chunk.commit_all();
        while let Ok(pose) = self.poses.pop() {
            self.ears.turn_measured(pose);
        }
        let mut inputs: [&[f32]; MOST_INPUTS] = [&[]; MOST_INPUTS];
        let mut slots = 0;
        for (c, plane) in self.planes[..count].chunks_exact(frames.max(1)).enumerate() {
            // The empty input stays where it is.
            slots += usize::from(self.gap == Some(c));
            inputs[slots] = plane;
            slots += 1;
        }
        let [left, right] = &mut self.out;
        let to = self.filled..self.filled + frames;
        let (left, right) = (&mut left[to.clone()], &mut right[to]);
        self.ears.process(&inputs[..slots], left, right);
        if self.gain != 1.0 {
            left.iter_mut().chain(right).for_each(|x| *x *= self.gain);
        }
        if tail > 0 && self.source_end.is_none() {
            self.source_end = Some(begin + (frames - tail) as u64);
        }
        self.filled += frames;
        true
    }
}

/// Decodes ahead until the end, or until the machine is gone.
fn feed(mut show: Show, mut samples: Producer<f32>, mut marks: Producer<Mark>, tail: u64, trouble: &Trouble) {
    let tell = |news: &mut dyn Iterator<Item = String>| {
        if let Ok(mut all) = trouble.lock() {
            all.extend(news);
        }
    };
    let known = show.warnings();
    let mut block = AudioBuffer::default();
    let mut tail_left = tail;
    loop {
        let mark = match show.program().next(&mut block) {
            Ok(true) => {
                let behind = tail_left - show.program().tail_left().min(tail_left);
                tail_left -= behind;
                Mark::Block(block.frames(), usize::try_from(behind).unwrap_or(usize::MAX).min(block.frames()))
            }
            Ok(false) => {
                // Some is known only now, such as how many packets were damaged.
                tell(&mut show.warnings().into_iter().filter(|w| !known.contains(w)));
                Mark::End
            }
            Err(e) => {
                tell(&mut std::iter::once(format!("{}: the rest of the track is left out", e.sentence())));
                Mark::End
            }
        };
        let count = if matches!(mark, Mark::End) { 0 } else { block.frames() * block.channels() };
        while samples.slots() < count || marks.slots() == 0 {
            if samples.is_abandoned() {
                return;
            }
            // The callback must not wake anybody: that would be a system call.
            std::thread::sleep(Duration::from_millis(5));
        }
        if count > 0
            && let Ok(chunk) = samples.write_chunk_uninit(count)
        {
            chunk.fill_from_iter(block.iter().flatten().copied());
        }
        if marks.push(mark).is_err() || matches!(mark, Mark::End) {
            return;
        }
    }
}
