//! From a scene's files to blocks of inputs: every file decoded, at the scene's rate, from its start on, looped where it
//! is asked for.

use super::feed::{Program, READ, keep};
use super::place::sum_channels;
use crate::buffer::AudioBuffer;
use crate::decode::{self, Decoder};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::output::loudness::LoudnessMeter;
use crate::resample::Resampler;
use crate::scene::{BedLayout, Channel, Scene};
use crate::sink::Tags;
use std::path::{Path, PathBuf};

/// Which channels of a file are played.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Take {
    Sum,
    One(usize),
    All,
}

/// The rate of a scene that is not told another.
#[cfg(feature = "live")]
pub(crate) fn rate_of(scene: &Scene) -> Result<u32> {
    match scene.sample_rate {
        Some(rate) => Ok(rate),
        None => Ok(SceneFeed::open(scene, None, Some(1.0))?.rate),
    }
}

/// One file under way.
struct Player {
    path: PathBuf,
    decoder: Decoder,
    layout: Layout,
    rate: u32,
    take: Take,
    /// The first of its inputs, and how many it has.
    first: usize,
    count: usize,
    start_s: f64,
    looped: bool,
    gain: f32,
    resampler: Option<Resampler>,
    buffer: AudioBuffer,
    /// At the scene's rate.
    ready: AudioBuffer,
    ended: bool,
    /// Frames since it was last at its beginning.
    since: u64,
}

/// The inputs of a scene.
pub(crate) struct SceneFeed {
    players: Vec<Player>,
    inputs: usize,
    pub(super) rate: u32,
    block: usize,
    at: u64,
    /// Frames in all, if that is fixed.
    limit: Option<u64>,
    tail: u64,
    meter: Option<LoudnessMeter>,
    /// What is measured.
    sum: AudioBuffer,
}

impl SceneFeed {
    /// Opens every file of a scene.
    pub(super) fn open(scene: &Scene, rate: Option<u32>, duration: Option<f64>) -> Result<Self> {
        let mut players = Vec::new();
        for object in scene.objects()? {
            let take = match object.channel {
                Channel::Sum => Take::Sum,
                Channel::Index(i) => Take::One(i),
            };
            let mut player = Player::open(&object.file, decode::open(&object.file)?, take);
            let channels = player.decoder.info().layout.channels();
            if let Take::One(i) = take
                && i >= channels
            {
                return Err(Error::argument(format!(
                    "source '{}' plays channel {i} of a file that has {channels}, counted from 0",
                    object.id
                ))
                .at(&object.file));
            }
            (player.start_s, player.looped, player.gain) = (object.start, object.looped, object.gain as f32);
            players.push(player);
        }
        for bed in scene.bed_inputs() {
            let decoder = match bed.layout {
                None => decode::open(&bed.file)?,
                Some(BedLayout::Ambix) => decode::open_as(&bed.file, "ambix")?,
                Some(BedLayout::Speakers(name)) => decode::open_as(&bed.file, name)?,
            };
            let mut player = Player::open(&bed.file, decoder, Take::All);
            (player.start_s, player.looped, player.gain) = (bed.start, bed.looped, bed.gain as f32);
            players.push(player);
        }
        if players.is_empty() {
            return Err(Error::argument("the scene has no source and no bed: there is nothing to render")
                .hint("add a [[source]] with a file, or start from 'periphon scene new'"));
        }
        // Sources and loudspeakers first, sound fields behind them, as a stage has them.
        let mut inputs = 0;
        for field in [false, true] {
            for player in players.iter_mut().filter(|p| p.is_field() == field) {
                player.first = inputs;
                inputs += player.count;
            }
        }
        let highest = players.iter().map(|p| p.rate).max().unwrap_or(48_000);
        let rate = rate.or(scene.sample_rate).unwrap_or(highest);
        let seconds = match (scene.duration, duration) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if seconds.is_none()
            && let Some(endless) = players.iter().find(|p| p.looped)
        {
            return Err(Error::argument("the scene would never end: a source is looped and no duration is given")
                .at(&endless.path)
                .hint("write 'duration = SECONDS' in the scene, or give --duration"));
        }
        Ok(Self {
            players,
            inputs,
            rate,
            block: READ,
            at: 0,
            limit: seconds.map(|s| (s * f64::from(rate)).round() as u64),
            tail: 0,
            meter: None,
            sum: AudioBuffer::default(),
        })
    }

    /// The layouts of the beds' files, in order.
    pub(super) fn bed_layouts(&self) -> Vec<Layout> {
        self.players.iter().filter(|p| p.take == Take::All).map(|p| p.layout.clone()).collect()
    }

    /// Says what blocks are wanted, how long the room may ring on, and whether somebody asked for that.
    pub(super) fn prepare(&mut self, block: usize, tail: u64, asked: bool) -> Result<()> {
        for player in &mut self.players {
            if player.rate != self.rate {
                player.resampler = Some(Resampler::new(player.rate, self.rate, player.count)?);
            }
        }
        // A scene that says how long it is ends there, unless somebody asks for more.
        (self.block, self.tail) = (block, if self.limit.is_some() && !asked { 0 } else { tail });
        Ok(())
    }

    /// Measures everything that is played as if each signal had a loudspeaker of its own, at its gain and as far away.
    pub(super) fn measure(&mut self) -> Result<()> {
        let channels = self.players.iter().filter(|p| !p.is_field()).map(|p| p.count).sum();
        if channels > 0 {
            self.meter = Some(LoudnessMeter::new(&Layout::Discrete { channels }, self.rate)?.without_true_peak());
        }
        Ok(())
    }

    pub(super) fn meter(&self) -> Option<&LoudnessMeter> {
        self.meter.as_ref()
    }

    pub(super) fn tags(&self) -> Tags {
        Tags::default()
    }

    pub(super) fn non_finite(&self) -> u64 {
        self.players.iter().map(|p| p.decoder.non_finite()).sum()
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        let of = |p: &Player| {
            let path = p.path.display().to_string();
            p.decoder.warnings().iter().map(move |w| format!("{path}: {w}")).collect::<Vec<_>>()
        };
        self.players.iter().flat_map(of).collect()
    }

    /// Channels of each block.
    #[cfg(feature = "live")]
    pub(super) fn channels(&self) -> usize {
        self.inputs
    }

    /// Makes `frame` of the scene's clock the first of the next block. After [`SceneFeed::prepare`].
    #[cfg(feature = "live")]
    pub(super) fn begin_at(&mut self, frame: u64) -> Result<()> {
        self.at = self.limit.map_or(frame, |limit| frame.min(limit));
        for i in 0..self.players.len() {
            let into = self.at.saturating_sub(self.start(&self.players[i]));
            self.players[i].go_to(into, self.rate)?;
        }
        Ok(())
    }

    /// Frames that all blocks together will have, if that is known.
    pub(super) fn total_frames(&self) -> Option<u64> {
        if self.limit.is_some() {
            return self.limit;
        }
        let mut last = 0;
        for player in &self.players {
            let frames = player.decoder.info().frames?;
            let frames = player.resampler.as_ref().map_or(frames, |r| r.output_frames(frames));
            last = last.max(self.start(player) + frames);
        }
        Some(last + self.tail)
    }

    /// True if an input has something to play at a frame.
    #[cfg(feature = "live")]
    pub(super) fn sounds(&self, input: usize, frame: u64) -> bool {
        let of_it = |p: &&Player| (p.first..p.first + p.count).contains(&input);
        self.players.iter().find(of_it).is_none_or(|player| {
            let since = frame.checked_sub(self.start(player));
            let frames = player.decoder.info().frames.filter(|_| !player.looped);
            let frames = frames.map(|n| player.resampler.as_ref().map_or(n, |r| r.output_frames(n)));
            since.is_some_and(|since| frames.is_none_or(|n| since < n))
        })
    }

    fn start(&self, player: &Player) -> u64 {
        (player.start_s * f64::from(self.rate)).round() as u64
    }
}

impl Program for SceneFeed {
    fn next(&mut self, out: &mut AudioBuffer) -> Result<bool> {
        let mut frames = self.block;
        if let Some(limit) = self.limit {
            frames = frames.min(usize::try_from(limit - self.at).unwrap_or(usize::MAX));
        }
        out.set_channels(self.inputs);
        out.resize(frames);
        out.silence();
        let mut longest = 0;
        for i in 0..self.players.len() {
            let start = self.start(&self.players[i]);
            let skip = usize::try_from(start.saturating_sub(self.at)).unwrap_or(usize::MAX).min(frames);
            let player = &mut self.players[i];
            let got = player.take(skip, frames, out)?;
            let waits = !player.ended || !player.ready.is_empty();
            longest = longest.max(if waits { frames } else { got });
        }
        if self.limit.is_none() && longest < frames {
            let tail = ((frames - longest) as u64).min(self.tail);
            self.tail -= tail;
            frames = longest + tail as usize;
            out.resize(frames);
        }
        self.at += frames as u64;
        if let Some(meter) = &mut self.meter {
            self.sum.set_channels(self.inputs);
            self.sum.resize(frames);
            // At their gains; what lies behind the sources and loudspeakers are sound fields.
            let mut count = 0;
            for player in self.players.iter().filter(|p| !p.is_field()) {
                for c in player.first..player.first + player.count {
                    let plane = self.sum.channel_mut(c);
                    plane.iter_mut().zip(out.channel(c)).for_each(|(s, x)| *s = player.gain * x);
                    count += 1;
                }
            }
            meter.push(&self.sum.iter().take(count).collect::<Vec<_>>());
        }
        Ok(frames > 0)
    }

    fn tail_left(&self) -> u64 {
        self.tail
    }
}

impl Player {
    fn open(path: &Path, decoder: Decoder, take: Take) -> Self {
        let info = decoder.info();
        let (layout, rate) = (info.layout.clone(), info.sample_rate);
        let count = if take == Take::All { layout.channels() } else { 1 };
        Self {
            path: path.to_path_buf(),
            decoder,
            layout,
            rate,
            take,
            first: 0,
            count,
            start_s: 0.0,
            looped: false,
            gain: 1.0,
            resampler: None,
            buffer: AudioBuffer::default(),
            ready: AudioBuffer::new(count, 0),
            ended: false,
            since: 0,
        }
    }

    fn is_field(&self) -> bool {
        self.take == Take::All && matches!(self.layout, Layout::Ambisonic { .. })
    }

    /// Goes on `frame` frames behind its beginning, counted at the scene's rate.
    #[cfg(feature = "live")]
    fn go_to(&mut self, frame: u64, rate: u32) -> Result<()> {
        self.ready.resize(0);
        self.ended = false;
        let mut unheard = 0;
        let mut place = frame;
        if let Some(resampler) = &mut self.resampler {
            resampler.reset();
            // From where both rates have a frame at the same time, and early enough that the filter is full.
            let (from, to) = (u64::from(self.rate), u64::from(rate));
            let common = greatest_common_divisor(from, to);
            let early = (frame * from / to).saturating_sub(from / 20);
            let steps = early / (from / common);
            place = steps * (from / common);
            unheard = usize::try_from(frame - steps * (to / common)).unwrap_or(usize::MAX);
        }
        if self.looped
            && let Some(length) = self.decoder.info().frames.filter(|n| *n > 0)
        {
            place %= length;
        }
        self.decoder.seek(place)?;
        self.since = place;
        while self.ready.frames() < unheard && !self.ended {
            self.read()?;
        }
        self.ready.drain_front(unheard.min(self.ready.frames()));
        Ok(())
    }

    /// Fills its inputs from frame `skip` of the block on. Returns the frames of the block up to the last that it sounds
    /// in.
    fn take(&mut self, skip: usize, frames: usize, out: &mut AudioBuffer) -> Result<usize> {
        let wanted = frames - skip;
        while self.ready.frames() < wanted && !self.ended {
            self.read()?;
        }
        let got = self.ready.frames().min(wanted);
        for c in 0..self.count {
            let plane = out.channel_mut(self.first + c);
            plane[skip..skip + got].copy_from_slice(&self.ready.channel(c)[..got]);
        }
        self.ready.drain_front(got);
        Ok(if got > 0 { skip + got } else { 0 })
    }

    fn read(&mut self) -> Result<()> {
        let got = self.decoder.read(&mut self.buffer, READ)?;
        if got == 0 {
            if self.looped && self.since > 0 {
                self.since = 0;
                return self.decoder.seek(0);
            }
            self.ended = true;
            return self.resampler.as_mut().map_or(Ok(()), |r| r.finish(&mut self.ready));
        }
        self.since += got as u64;
        match self.take {
            Take::Sum => sum_channels(&mut self.buffer),
            Take::One(channel) => keep(&mut self.buffer, channel),
            Take::All => {}
        }
        match &mut self.resampler {
            Some(r) => r.process(&self.buffer, &mut self.ready),
            None => {
                self.ready.extend(&self.buffer.iter().collect::<Vec<_>>());
                Ok(())
            }
        }
    }
}

#[cfg(feature = "live")]
fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
