//! From a track to blocks ready for the engine: decoded, measured, summed where asked, at the output's rate, with
//! silence behind the end for as long as the filters ring.

use super::job::RenderJob;
use super::panorama::Opening;
use super::place::sum_channels;
#[cfg(feature = "separate")]
use super::singing::Singing;
use crate::buffer::AudioBuffer;
use crate::decode::{self, Decoder};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::Layout;
use crate::output::loudness::LoudnessMeter;
use crate::resample::Resampler;
use crate::sink::{Cover, Tags};
use crate::stems::arrange::Seat;
use std::sync::mpsc::sync_channel;

/// Frames decoded at a time.
pub(super) const READ: usize = 8192;
/// Blocks decoded ahead of the engine.
const AHEAD: usize = 4;

/// Something that is played: blocks of inputs for an engine.
pub(crate) trait Program: Send {
    /// The next block; false at the end.
    fn next(&mut self, out: &mut AudioBuffer) -> Result<bool>;

    /// Frames of silence behind the end that are still to come.
    fn tail_left(&self) -> u64;
}

/// The part of a track that is rendered.
pub(crate) struct Feed {
    decoder: Decoder,
    pub(super) layout: Layout,
    pub(super) rate: u32,
    /// Frames still to be read; `None` for all there are.
    left: Option<u64>,
    buffer: AudioBuffer,
    /// Measures what goes in.
    pub(super) meter: Option<LoudnessMeter>,
    sum: bool,
    resampler: Option<Resampler>,
    /// Changes how loud the voice is, before everything else.
    #[cfg(feature = "separate")]
    singing: Option<Box<Singing>>,
    /// Parts that come as channels of their own, one behind the other; 1 if none do.
    parts: usize,
    /// Which of the parts' channels each input of the engine plays; none for all in their order.
    seats: Vec<Seat>,
    /// Takes a stereo track apart, after resampling.
    opening: Option<Box<Opening>>,
    /// What has been resampled and not yet been taken apart.
    fresh: AudioBuffer,
    /// What waits to be rendered, at the output's rate.
    ready: AudioBuffer,
    block: usize,
    ended: bool,
    tail: u64,
}

impl Feed {
    /// Opens the track of a job.
    pub(super) fn open(job: &RenderJob) -> Result<Self> {
        let mut decoder = match &job.layout {
            Some(layout) => decode::open_as(&job.input, layout)?,
            None => decode::open(&job.input)?,
        };
        let info = decoder.info();
        let (layout, rate) = (info.layout.clone(), info.sample_rate);
        if job.start > 0.0 {
            let first = (job.start * f64::from(rate)).round() as u64;
            if info.frames.is_some_and(|n| first >= n) {
                let seconds = info.seconds().unwrap_or(0.0);
                return Err(Error::argument(format!(
                    "--start {} is past the end: the track has {seconds:.3} s",
                    job.start
                ))
                .at(&job.input));
            }
            decoder.seek(first)?;
        }
        #[cfg(not(feature = "separate"))]
        if job.vocals.is_some() || job.separate || job.model.is_some() {
            return Err(Error::unsupported("this build cannot tell voice from band")
                .hint("build it with the feature 'separate'"));
        }
        #[cfg(feature = "separate")]
        let singing = if job.vocals.is_some() || job.separate {
            Some(Box::new(Singing::new(job, rate, layout.channels())?))
        } else {
            None
        };
        Ok(Self {
            #[cfg(feature = "separate")]
            parts: singing.as_ref().filter(|_| job.separate).map_or(1, |s| s.names().len()),
            #[cfg(not(feature = "separate"))]
            parts: 1,
            #[cfg(feature = "separate")]
            singing,
            seats: Vec::new(),
            decoder,
            rate,
            left: job.duration.map(|d| (d * f64::from(rate)).round() as u64),
            buffer: AudioBuffer::default(),
            meter: None,
            sum: false,
            resampler: None,
            opening: None,
            fresh: AudioBuffer::default(),
            ready: AudioBuffer::new(layout.channels(), 0),
            layout,
            block: READ,
            ended: false,
            tail: 0,
        })
    }

    /// Says what blocks are wanted: all channels in one if `sum`, at `rate` Hz, of `block` frames, and `tail` frames of
    /// silence behind them.
    pub(super) fn prepare(&mut self, sum: bool, rate: u32, block: usize, tail: u64) -> Result<()> {
        let channels = if sum { 1 } else { self.placed_channels() };
        self.resampler = (rate != self.rate).then(|| Resampler::new(self.rate, rate, channels)).transpose()?;
        self.ready = AudioBuffer::new(channels, 0);
        (self.sum, self.block, self.tail) = (sum, block, tail);
        Ok(())
    }

    /// Channels that are read, before anything is summed or taken apart.
    fn read_channels(&self) -> usize {
        self.layout.channels() * self.parts
    }

    /// Channels that are placed.
    fn placed_channels(&self) -> usize {
        if self.seats.is_empty() { self.read_channels() } else { self.seats.len() }
    }

    /// Names of the parts that a model tells apart; none without a model.
    pub(super) fn part_names(&self) -> &[String] {
        #[cfg(feature = "separate")]
        if let Some(singing) = &self.singing {
            return singing.names();
        }
        &[]
    }

    /// Says what the engine's inputs play; before [`Feed::prepare`].
    pub(super) fn seat(&mut self, seats: Vec<Seat>) {
        self.seats = seats;
    }

    /// Channels of each block.
    #[cfg(feature = "live")]
    pub(super) fn channels(&self) -> usize {
        self.ready.channels()
    }

    /// Frames that all blocks together will have, if that is known.
    pub(super) fn total_frames(&self) -> Option<u64> {
        let all = self.decoder.info().frames.map(|n| n.saturating_sub(self.decoder.position()));
        let frames = match (all, self.left) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b)?,
        };
        Some(self.resampler.as_ref().map_or(frames, |r| r.output_frames(frames)) + self.tail)
    }

    /// Hands out the parts of a stereo track instead of its channels; after [`Feed::prepare`].
    pub(super) fn open_up(&mut self, opening: Opening) {
        self.ready = AudioBuffer::new(opening.channels(), 0);
        self.opening = Some(Box::new(opening));
    }

    /// Measures what goes in.
    pub(super) fn measure(&mut self) -> Result<()> {
        self.meter = Some(LoudnessMeter::new(&self.layout, self.rate)?.without_true_peak());
        Ok(())
    }

    pub(super) fn tags(&self) -> Tags {
        let info = self.decoder.info();
        let cover = info.cover.as_ref().map(|c| Cover { mime: c.mime.clone(), data: c.data.clone() });
        Tags { entries: info.tags.clone(), cover }
    }

    /// Samples that were NaN or infinite and have been silenced.
    pub(super) fn non_finite(&self) -> u64 {
        self.decoder.non_finite()
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        #[cfg(feature = "separate")]
        if let Some(singing) = &self.singing {
            return [singing.warnings(), self.decoder.warnings()].concat();
        }
        self.decoder.warnings().to_vec()
    }
}

impl Program for Feed {
    fn next(&mut self, out: &mut AudioBuffer) -> Result<bool> {
        while self.ready.frames() < self.block && !self.ended {
            if self.read()? {
                if let Some(meter) = &mut self.meter {
                    if self.parts > 1 {
                        meter.push(&together(&self.buffer, self.parts).iter().collect::<Vec<_>>());
                    } else {
                        meter.push(&self.buffer.iter().collect::<Vec<_>>());
                    }
                }
                if !self.seats.is_empty() {
                    self.buffer = seated(&self.buffer, &self.seats, self.layout.channels());
                }
                if self.sum {
                    sum_channels(&mut self.buffer);
                }
                match (&mut self.resampler, &mut self.opening) {
                    (Some(r), None) => r.process(&self.buffer, &mut self.ready)?,
                    (None, None) => self.ready.extend(&self.buffer.iter().collect::<Vec<_>>()),
                    (None, Some(o)) => o.push(&self.buffer, &mut self.ready),
                    (Some(r), Some(o)) => {
                        self.fresh.set_channels(self.buffer.channels());
                        self.fresh.resize(0);
                        r.process(&self.buffer, &mut self.fresh)?;
                        o.push(&self.fresh, &mut self.ready);
                    }
                }
            } else {
                self.ended = true;
                let (opens, channels) = (self.opening.is_some(), self.placed_channels());
                if let Some(r) = &mut self.resampler {
                    self.fresh.set_channels(channels);
                    self.fresh.resize(0);
                    r.finish(if opens { &mut self.fresh } else { &mut self.ready })?;
                }
                if let Some(o) = &mut self.opening {
                    if self.resampler.is_some() {
                        o.push(&self.fresh, &mut self.ready);
                    }
                    o.finish(&mut self.ready);
                }
            }
        }
        if self.ended {
            let silence = (self.block.saturating_sub(self.ready.frames()) as u64).min(self.tail);
            self.tail -= silence;
            self.ready.resize(self.ready.frames() + silence as usize);
        }
        let frames = self.ready.frames().min(self.block);
        out.set_channels(self.ready.channels());
        out.resize(0);
        out.extend(&self.ready.iter().map(|c| &c[..frames]).collect::<Vec<_>>());
        self.ready.drain_front(frames);
        Ok(frames > 0)
    }

    fn tail_left(&self) -> u64 {
        self.tail
    }
}

impl Feed {
    /// Brings the next frames into the buffer; false at the end.
    fn read(&mut self) -> Result<bool> {
        #[cfg(feature = "separate")]
        if self.singing.is_some() {
            return self.read_singing();
        }
        self.read_track()
    }

    #[cfg(feature = "separate")]
    fn read_singing(&mut self) -> Result<bool> {
        loop {
            let Some(singing) = &mut self.singing else { return Ok(false) };
            if singing.pull(&mut self.buffer, READ) > 0 {
                return Ok(true);
            }
            if singing.is_over() {
                return Ok(false);
            }
            let more = self.read_track()?;
            let Some(singing) = &mut self.singing else { return Ok(false) };
            if more {
                singing.push(&self.buffer)?;
            } else {
                singing.finish()?;
            }
        }
    }

    /// Reads the next frames into the buffer, no more than the block needs; false at the end.
    fn read_track(&mut self) -> Result<bool> {
        // Without resampling exactly what is missing, so that nothing has to be moved up afterwards.
        let wanted = if self.resampler.is_some() { READ } else { self.block - self.ready.frames() };
        let most = self.left.map_or(wanted, |left| wanted.min(usize::try_from(left).unwrap_or(usize::MAX)));
        let got = if most == 0 { 0 } else { self.decoder.read(&mut self.buffer, most)? };
        if let Some(left) = &mut self.left {
            *left -= got as u64;
        }
        Ok(got > 0)
    }
}

/// Parts with `channels` channels each as the inputs of an engine.
fn seated(parts: &AudioBuffer, seats: &[Seat], channels: usize) -> AudioBuffer {
    let mut inputs = AudioBuffer::new(seats.len(), parts.frames());
    for (input, seat) in inputs.iter_mut().zip(seats) {
        for c in (0..channels).filter(|c| seat.channel.is_none_or(|wanted| wanted == *c)) {
            input.iter_mut().zip(parts.channel(seat.part * channels + c)).for_each(|(i, x)| *i += x);
        }
    }
    inputs
}

/// Parts in the channels that they were told apart from.
fn together(apart: &AudioBuffer, parts: usize) -> AudioBuffer {
    let channels = apart.channels() / parts;
    let mut sum = AudioBuffer::new(channels, apart.frames());
    for c in 0..channels {
        sum.channel_mut(c).copy_from_slice(apart.channel(c));
        for part in 1..parts {
            sum.channel_mut(c).iter_mut().zip(apart.channel(part * channels + c)).for_each(|(s, x)| *s += x);
        }
    }
    sum
}

/// Hands every block to `render`, in order; with two threads or more, blocks are decoded ahead on another one.
pub(super) fn run(
    program: &mut dyn Program,
    threads: usize,
    mut render: impl FnMut(&AudioBuffer) -> Result<()>,
) -> Result<()> {
    if threads < 2 {
        let mut block = AudioBuffer::default();
        while program.next(&mut block)? {
            render(&block)?;
        }
        return Ok(());
    }
    std::thread::scope(|scope| {
        let (full, blocks) = sync_channel::<AudioBuffer>(AHEAD);
        let (back, empty) = sync_channel::<AudioBuffer>(AHEAD + 2);
        let worker = scope.spawn(move || -> Result<()> {
            loop {
                let mut block = empty.try_recv().unwrap_or_default();
                // A receiver that went away has an error of its own to tell.
                if !program.next(&mut block)? || full.send(block).is_err() {
                    return Ok(());
                }
            }
        });
        let mut rendered = Ok(());
        for block in &blocks {
            rendered = render(&block);
            if rendered.is_err() {
                break;
            }
            let _ = back.try_send(block);
        }
        drop(blocks);
        let decoded = worker
            .join()
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Malformed, "the decoder broke off with a defect")));
        rendered.and(decoded)
    })
}

/// Keeps one channel of many.
pub(super) fn keep(buffer: &mut AudioBuffer, channel: usize) {
    if channel > 0 {
        let mut planes = buffer.iter_mut();
        let first = planes.next();
        if let (Some(first), Some(kept)) = (first, planes.nth(channel - 1)) {
            first.copy_from_slice(kept);
        }
    }
    buffer.set_channels(1);
}
