//! Voice and band of a track, as it streams through.
//!
//! Input is cut into windows at once ([`Frames`]). Whenever twelve seconds of them are there, the networks look at them
//! ([`Answers`]); the next twelve begin a little before these end and their answers fade into each other. A frame's
//! share is applied as soon as the gate knows what follows it, to the window of the input itself, and the windows add up
//! to the voice. The band is what is left.

use super::answers::Answers;
use super::frames::{Frames, View};
use super::model::Model;
use super::shares::{Evidence, FAR, extend, split};
use super::unet::{BINS, FRAMES};
use crate::buffer::{AudioBuffer, is_sound};
use crate::dsp::denormals::FlushDenormals;
use crate::error::{Error, Result};
use std::collections::VecDeque;
use std::sync::Arc;

/// Frames that two segments share, those at each end that count for nothing, because a network sees only one side of
/// them.
const SHARED: usize = 64;
const EDGE: usize = 8;
/// Frames from a segment to the next.
const ADVANCE: usize = FRAMES - SHARED;
/// Frames that the gate looks back and ahead: 1.7 s.
const REACH: usize = 75;

/// A frame that waits for its gate.
struct Waiting {
    /// `[2][BINS]`
    shares: Vec<f32>,
    /// Of the lines from [`FAR`] on, `[2][BINS - FAR]`.
    magnitudes: Vec<f32>,
    evidence: Evidence,
}

/// Separates a stream of one or two channels into voice and band, which add up to it.
///
/// Blocks of any size go in by [`Separator::push`] and come out by [`Separator::pull`], the same numbers whatever the
/// sizes and the number of threads. Memory is bounded, whatever the length. It works in bursts: most calls take
/// microseconds, every ten seconds of sound one takes as long as the networks do, so this is nothing for the audio
/// thread.
///
/// ```no_run
/// # fn main() -> periphon::Result<()> {
/// use periphon::AudioBuffer;
/// use periphon::separate::{Model, Separator};
///
/// let mut separator = Separator::new(Model::built_in()?, 44_100, 2, 2)?;
/// let (mut voice, mut band) = (AudioBuffer::new(2, 0), AudioBuffer::new(2, 0));
/// let block = [0.0; 512];
/// separator.push(&[&block, &block])?;
/// separator.finish();
/// while separator.pull(&mut voice, &mut band, 512) > 0 {
///     // voice and band of the next 512 frames
/// }
/// # Ok(())
/// # }
/// ```
pub struct Separator {
    channels: usize,
    frames: Frames,
    answers: Answers,
    /// The input that is still needed, `[channel]`, the first of it sample `origin`.
    history: Vec<Vec<f32>>,
    origin: i64,
    taken: u64,
    silenced: u64,
    ended: bool,
    /// The first frame of the segment under way, and how many of it are there.
    segment: u64,
    filled: usize,
    /// Frames from `next` on.
    waiting: VecDeque<Waiting>,
    next: u64,
    /// Of the last frames before `next`, at most [`REACH`].
    past: VecDeque<Evidence>,
    /// Windows of the voice that are not complete, `[channel][window]`.
    sums: Vec<Vec<f32>>,
    gains: Vec<f32>,
    voice: AudioBuffer,
    band: AudioBuffer,
    /// Frames of `voice` and `band` that have been pulled.
    pulled: usize,
}

impl std::fmt::Debug for Separator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Separator")
            .field("channels", &self.channels)
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}

impl Separator {
    /// A separator for `channels` channels (1 or 2) at `sample_rate` Hz (8000 to 384000), with up to `threads` threads
    /// while the networks run (0 counts as 1).
    ///
    /// # Errors
    /// `Argument` for another number of channels or another rate.
    pub fn new(model: Arc<Model>, sample_rate: u32, channels: usize, threads: usize) -> Result<Self> {
        if !(1..=2).contains(&channels) {
            return Err(Error::argument(format!("voice and band are separated in 1 or 2 channels, not in {channels}"))
                .hint("fold the track down to stereo first"));
        }
        if !(8_000..=384_000).contains(&sample_rate) {
            return Err(Error::argument(format!(
                "the sample rate is {sample_rate} Hz; 8000 to 384000 Hz can be separated"
            )));
        }
        let frames = Frames::new(f64::from(sample_rate));
        let mut this = Self {
            channels,
            answers: Answers::new(model, threads.max(1)),
            history: vec![Vec::new(); channels],
            origin: 0,
            taken: 0,
            silenced: 0,
            ended: false,
            segment: 0,
            filled: 0,
            waiting: VecDeque::new(),
            next: 0,
            past: VecDeque::new(),
            sums: vec![vec![0.0; frames.len]; channels],
            gains: vec![0.0; frames.bins()],
            voice: AudioBuffer::new(channels, 0),
            band: AudioBuffer::new(channels, 0),
            pulled: 0,
            frames,
        };
        this.reset();
        Ok(this)
    }

    /// The most frames that may have gone in without coming out.
    pub fn latency_frames(&self) -> usize {
        (FRAMES + REACH + 5) * self.frames.hop
    }

    /// Samples that were no numbers, or absurdly large, and have been silenced.
    pub fn silenced(&self) -> u64 {
        self.silenced
    }

    /// Forgets everything, as if new.
    pub fn reset(&mut self) {
        // The first window that reaches the first sample begins three hops before it.
        let lead = 3 * self.frames.hop + self.frames.beyond();
        for plane in &mut self.history {
            plane.clear();
            plane.resize(lead, 0.0);
        }
        self.origin = -(lead as i64);
        self.sums.iter_mut().for_each(|s| s.fill(0.0));
        (self.taken, self.silenced, self.ended) = (0, 0, false);
        (self.segment, self.filled, self.next) = (0, 0, 0);
        self.waiting.clear();
        self.past.clear();
        self.voice.resize(0);
        self.band.resize(0);
        self.pulled = 0;
    }

    /// Takes frames, one slice a channel, all of one length. After [`Separator::finish`] a new track begins.
    ///
    /// # Errors
    /// `Argument` if the number of slices is not the number of channels, or their lengths differ; nothing is taken then.
    pub fn push(&mut self, input: &[&[f32]]) -> Result<()> {
        let frames = input.first().map_or(0, |x| x.len());
        if input.len() != self.channels || input.iter().any(|x| x.len() != frames) {
            let lengths: Vec<usize> = input.iter().map(|x| x.len()).collect();
            return Err(Error::argument(format!(
                "{} channels of one length are expected, not {lengths:?}",
                self.channels
            )));
        }
        if self.ended {
            self.reset();
        }
        // A segment at a time, so that a whole track in one call is not held twice.
        let most = ADVANCE * self.frames.hop;
        for start in (0..frames).step_by(most) {
            let count = most.min(frames - start);
            for (plane, x) in self.history.iter_mut().zip(input) {
                for &x in &x[start..start + count] {
                    let sound = is_sound(x);
                    self.silenced += u64::from(!sound);
                    plane.push(if sound { x } else { 0.0 });
                }
            }
            self.taken += count as u64;
            self.advance();
        }
        Ok(())
    }

    /// Says that the track is over, so that the rest can be pulled.
    pub fn finish(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        let lead = 3 * self.frames.hop + self.frames.beyond();
        for plane in &mut self.history {
            plane.resize(plane.len() + self.frames.len + lead, 0.0);
        }
        self.advance();
    }

    /// Frames that can be pulled now.
    pub fn available(&self) -> usize {
        self.voice.frames() - self.pulled
    }

    /// Replaces the contents of `voice` and `band` by the next frames, at most `frames` of them, and returns how many.
    /// `voice + band` is the input: to the bit if it has 24 bits or fewer, and to a part in 2²⁴ of the larger part else.
    pub fn pull(&mut self, voice: &mut AudioBuffer, band: &mut AudioBuffer, frames: usize) -> usize {
        let count = frames.min(self.available());
        for (to, from) in [(voice, &self.voice), (band, &self.band)] {
            to.set_channels(self.channels);
            to.resize(count);
            for channel in 0..self.channels {
                to.channel_mut(channel).copy_from_slice(&from.channel(channel)[self.pulled..self.pulled + count]);
            }
        }
        self.pulled += count;
        if self.available() == 0 {
            self.voice.resize(0);
            self.band.resize(0);
            self.pulled = 0;
        }
        count
    }

    /// Bytes of sound and frames that wait.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        let planes = self.history.iter().map(Vec::capacity).sum::<usize>();
        let out = (self.voice.frames() + self.band.frames()) * self.channels;
        4 * (planes + out + self.waiting.capacity() * (4 * BINS - 2 * FAR))
    }

    /// All frames of a finished track.
    fn total(&self) -> u64 {
        if self.taken == 0 { 0 } else { (self.taken - 1) / self.frames.hop as u64 + 4 }
    }

    /// The sample at which the window of frame `index` begins.
    fn start(&self, index: u64) -> i64 {
        (index as i64 - 3) * self.frames.hop as i64
    }

    /// Does what can be done with the input so far.
    fn advance(&mut self) {
        let _flush = FlushDenormals::new();
        loop {
            let index = self.segment + self.filled as u64;
            let end = self.start(index) + (self.frames.len + self.frames.beyond()) as i64;
            let there = if self.ended { index < self.total() } else { end <= self.taken as i64 };
            if !there {
                break;
            }
            self.look(index);
            if self.filled == FRAMES {
                self.answer(false);
            }
        }
        if self.ended && self.next < self.total() {
            self.answer(true);
        }
    }

    /// Both views of a frame.
    fn look(&mut self, index: u64) {
        let first = (self.start(index) - self.frames.beyond() as i64 - self.origin) as usize;
        let len = self.frames.len + 2 * self.frames.beyond();
        for view in View::ALL {
            let frame = self.answers.magnitudes_mut(view, self.filled);
            let (left, right) = frame.split_at_mut(BINS);
            self.frames.magnitudes(view, &self.history[0][first..first + len], left);
            match self.history.get(1) {
                Some(plane) => self.frames.magnitudes(view, &plane[first..first + len], right),
                None => right.copy_from_slice(left),
            }
        }
        self.filled += 1;
    }

    /// Asks the networks about the segment, and hands out what is settled by it.
    fn answer(&mut self, last: bool) {
        let count = self.filled;
        self.answers.ask(count);
        let mut shares = vec![0.0; 2 * BINS];
        for i in 0..count {
            let mut evidence = self.answers.shares(i, &mut shares);
            if self.channels == 1 {
                let (left, right) = shares.split_at_mut(BINS);
                left.iter_mut().zip(right).for_each(|(l, r)| *l = 0.5 * (*l + *r));
            }
            let place = (self.segment + i as u64 - self.next) as usize;
            if let Some(old) = self.waiting.get_mut(place) {
                let fade = (i as f32 + 0.5 - EDGE as f32) / (SHARED - 2 * EDGE) as f32;
                let fade = fade.clamp(0.0, 1.0);
                old.shares.iter_mut().zip(&shares).for_each(|(o, n)| *o += fade * (n - *o));
                let mut both = Evidence::default();
                both.add(&old.evidence, 1.0 - f64::from(fade));
                both.add(&evidence, f64::from(fade));
                old.evidence = both;
            } else {
                let magnitudes = self.answers.magnitudes_mut(View::Plain, i);
                let magnitudes = magnitudes.chunks_exact(BINS).flat_map(|m| &m[FAR..]).copied().collect();
                let evidence = std::mem::take(&mut evidence);
                self.waiting.push_back(Waiting { shares: shares.clone(), magnitudes, evidence });
            }
        }
        if last {
            self.filled = 0;
            self.emit(self.total(), self.total());
        } else {
            self.answers.keep_last(SHARED);
            self.filled = SHARED;
            self.segment += ADVANCE as u64;
            self.emit(self.segment.saturating_sub(REACH as u64), self.segment);
        }
    }

    /// Applies the shares of the frames before `until`; those before `settled` will not change any more.
    fn emit(&mut self, until: u64, settled: u64) {
        let hop = self.frames.hop;
        // What has been pulled makes room.
        self.voice.drain_front(self.pulled);
        self.band.drain_front(self.pulled);
        self.pulled = 0;
        while self.next < until {
            let ahead = (settled - self.next) as usize;
            let gate = self.gate(ahead);
            let Some(frame) = self.waiting.pop_front() else { break };
            let start = self.start(self.next);
            let first = (start - self.origin) as usize;
            // The first hop of the window is complete now; it may lie before the track or after it.
            let from = (-start).clamp(0, hop as i64) as usize;
            let to = (self.taken as i64 - start).clamp(from as i64, hop as i64) as usize;
            let done = self.voice.frames();
            self.voice.resize(done + to - from);
            self.band.resize(done + to - from);
            for channel in 0..self.channels {
                let sum = &mut self.sums[channel];
                let window = &self.history[channel][first..first + self.frames.len];
                if gate > 0.0 {
                    let shares = &frame.shares[channel * BINS..][..BINS];
                    let magnitudes = &frame.magnitudes[channel * (BINS - FAR)..][..BINS - FAR];
                    extend(shares, magnitudes, gate, &mut self.gains);
                    self.frames.filter(window, &self.gains, sum);
                }
                let voice = &mut self.voice.channel_mut(channel)[done..];
                let band = &mut self.band.channel_mut(channel)[done..];
                for (i, (voice, band)) in (from..to).zip(voice.iter_mut().zip(band)) {
                    (*voice, *band) = split(window[i], sum[i]);
                }
                sum.copy_within(hop.., 0);
                let end = sum.len() - hop;
                sum[end..].fill(0.0);
            }
            self.past.push_back(frame.evidence);
            if self.past.len() > REACH {
                self.past.pop_front();
            }
            self.next += 1;
        }
        let needed = (self.start(self.next) - self.frames.beyond() as i64 - self.origin).max(0) as usize;
        for plane in &mut self.history {
            plane.drain(..needed.min(plane.len()));
        }
        self.origin += needed as i64;
    }

    /// The gate at frame `next`: the evidence around it under a Hann window, `ahead` frames of it settled.
    fn gate(&self, ahead: usize) -> f32 {
        let weight = |distance: usize| 0.5 + 0.5 * (std::f64::consts::PI * distance as f64 / (REACH + 1) as f64).cos();
        let mut sum = Evidence::default();
        for (i, evidence) in self.past.iter().rev().enumerate() {
            sum.add(evidence, weight(i + 1));
        }
        for (i, frame) in self.waiting.iter().take(ahead.min(REACH + 1)).enumerate() {
            sum.add(&frame.evidence, weight(i));
        }
        sum.gate()
    }
}
