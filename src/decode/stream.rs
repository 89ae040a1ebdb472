//! The two shapes of a decoder inside: a [`Source`] that fills planar blocks, and [`Packets`] that come in lumps of
//! their own size and are cut, trimmed and sought by [`Stream`].

use crate::buffer::AudioBuffer;
use crate::error::Result;

/// Something that yields frames one after another.
pub(super) trait Source: Send {
    /// Writes up to `frames` frames into `out` from frame `at` on, channels already in the order of the layout.
    /// Returns how many; fewer than asked for is no sign of the end, zero is.
    fn read(&mut self, out: &mut AudioBuffer, at: usize, frames: usize) -> Result<usize>;

    /// Makes `frame` the next one read; beyond the end is the end.
    fn seek(&mut self, frame: u64) -> Result<()>;

    /// Moves what there is to warn of since the last call.
    fn warnings(&mut self, into: &mut Vec<String>);
}

/// Decoded frames that wait to be read.
#[derive(Default)]
pub(super) struct Planes {
    pub channels: Vec<Vec<f32>>,
    start: usize,
    end: usize,
}

impl Planes {
    /// Declares the frames `from..to` of `channels` to be the content.
    pub fn hold(&mut self, from: usize, to: usize) {
        let have = self.channels.iter().map(Vec::len).min().unwrap_or(0);
        self.end = to.min(have);
        self.start = from.min(self.end);
    }

    /// Makes room for `channels` times `frames` and declares all of it the content.
    pub fn resize(&mut self, channels: usize, frames: usize) {
        self.channels.resize_with(channels, Vec::new);
        for plane in &mut self.channels {
            plane.resize(frames, 0.0);
        }
        self.hold(0, frames);
    }

    pub fn len(&self) -> usize {
        self.end - self.start
    }

    fn skip(&mut self, frames: usize) {
        self.start += frames.min(self.len());
    }
}

/// Where the next packet lies after a seek.
pub(super) enum Landed {
    /// At the very first frame.
    Start,
    /// At the place that the next packet's stamp tells.
    Stamped,
}

/// A stream of packets, each decoded into some frames.
pub(super) trait Packets: Send {
    /// Decodes the next packet that gives frames. `None` at the end, else the place of its first frame if known.
    fn next(&mut self, planes: &mut Planes) -> Result<Option<Option<i64>>>;
    /// Goes to or before `frame`, early enough for the codec to settle; or to the start.
    fn seek(&mut self, frame: u64) -> Result<Landed>;
    /// Goes to the very start.
    fn rewind(&mut self) -> Result<()>;
    /// See [`Source::warnings`].
    fn warnings(&mut self, into: &mut Vec<String>);
}

/// Cuts packets into blocks and drops what the encoder had added at both ends.
pub(super) struct Stream<P> {
    packets: P,
    planes: Planes,
    /// `order[decoded channel] = channel of the layout`.
    order: Vec<usize>,
    /// Encoder delay: frames dropped at the start.
    skip: u64,
    /// Frames after the delay; the rest is padding.
    limit: Option<u64>,
    /// Place of the next frame of `planes`, delay included.
    position: u64,
}

impl<P: Packets> Stream<P> {
    /// `planes` may hold a first packet that was decoded to learn about the stream.
    pub fn new(packets: P, planes: Planes, order: Vec<usize>, skip: u64, limit: Option<u64>) -> Self {
        Self { packets, planes, order, skip, limit, position: 0 }
    }

    /// Drops frames until `target` is next.
    fn advance(&mut self, target: u64) -> Result<bool> {
        while self.position < target {
            if self.planes.len() == 0 && self.packets.next(&mut self.planes)?.is_none() {
                return Ok(false);
            }
            let drop = (target - self.position).min(self.planes.len() as u64);
            self.planes.skip(drop as usize);
            self.position += drop;
        }
        Ok(true)
    }

    fn restart(&mut self) -> Result<()> {
        self.packets.rewind()?;
        self.planes.hold(0, 0);
        self.position = 0;
        Ok(())
    }
}

impl<P: Packets> Source for Stream<P> {
    fn read(&mut self, out: &mut AudioBuffer, at: usize, frames: usize) -> Result<usize> {
        if !self.advance(self.skip)? {
            return Ok(0);
        }
        let left = self.limit.map_or(u64::MAX, |n| (self.skip + n).saturating_sub(self.position));
        if left == 0 || (self.planes.len() == 0 && self.packets.next(&mut self.planes)?.is_none()) {
            return Ok(0);
        }
        let n = frames.min(self.planes.len()).min(usize::try_from(left).unwrap_or(usize::MAX));
        let from = self.planes.start;
        for (plane, &to) in self.planes.channels.iter().zip(&self.order) {
            out.channel_mut(to)[at..at + n].copy_from_slice(&plane[from..from + n]);
        }
        self.planes.skip(n);
        self.position += n as u64;
        Ok(n)
    }

    fn seek(&mut self, frame: u64) -> Result<()> {
        let target = frame.saturating_add(self.skip);
        self.planes.hold(0, 0);
        match self.packets.seek(target)? {
            Landed::Start => self.position = 0,
            Landed::Stamped => match self.packets.next(&mut self.planes)? {
                // Too late, unstamped or nothing there: only counting from the start is exact then.
                Some(Some(at)) if u64::try_from(at).is_ok_and(|at| at <= target) => self.position = at as u64,
                _ => self.restart()?,
            },
        }
        self.advance(target)?;
        Ok(())
    }

    fn warnings(&mut self, into: &mut Vec<String>) {
        self.packets.warnings(into);
    }
}

/// A source that ends early: what follows is padding.
pub(super) struct Limited {
    inner: Box<dyn Source>,
    frames: u64,
    left: u64,
}

impl Limited {
    pub fn new(inner: Box<dyn Source>, frames: u64) -> Self {
        Self { inner, frames, left: frames }
    }
}

impl Source for Limited {
    fn read(&mut self, out: &mut AudioBuffer, at: usize, frames: usize) -> Result<usize> {
        let want = frames.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let n = if want > 0 { self.inner.read(out, at, want)? } else { 0 };
        self.left -= n as u64;
        Ok(n)
    }

    fn seek(&mut self, frame: u64) -> Result<()> {
        self.left = self.frames.saturating_sub(frame);
        self.inner.seek(frame)
    }

    fn warnings(&mut self, into: &mut Vec<String>) {
        self.inner.warnings(into);
    }
}
