//! A spill file for the mix between two passes: gain and limiter come after the loudness of the whole is known, and the
//! memory that a track takes must not grow with its length.

use super::place::{self, create_beside, refused};
use crate::AudioBuffer;
use crate::error::Result;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Frames of each channel that lie together in the file.
const BLOCK_FRAMES: usize = 4096;

/// Planar `f32` on disk. On Unix the file has no name from the start, elsewhere it is removed at the end: in either case
/// it is gone when the program is, and [`super::remove_unfinished`] knows of it.
pub struct Scratch {
    file: File,
    /// For errors; and to remove where the name could not go at once.
    path: PathBuf,
    waiting: AudioBuffer,
    bytes: Vec<u8>,
    frames: u64,
    /// Frames that are still to be read.
    left: u64,
}

impl Scratch {
    /// An empty scratch file of `channels` channels in the folder of `output`: what has room for the output has, more or
    /// less, room for it; or in the system's temporary folder if `output` is a pipe or device.
    ///
    /// # Errors
    /// `Io` if the system refuses.
    pub fn new(output: impl AsRef<Path>, channels: usize) -> Result<Self> {
        let output = output.as_ref();
        let near = if place::is_stream(output) { std::env::temp_dir().join("periphon") } else { output.to_path_buf() };
        let name = near.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (file, path) = create_beside(&near.with_file_name(format!("{name}.scratch")))?;
        if cfg!(unix) {
            place::discard(&path);
        }
        let waiting = AudioBuffer::new(channels, 0);
        Ok(Self { file, path, waiting, bytes: Vec::new(), frames: 0, left: 0 })
    }

    /// Appends frames, one slice a channel, all of one length.
    ///
    /// # Errors
    /// `Io` if the system refuses, above all for want of space.
    ///
    /// # Panics
    /// Panics if the slices are not one a channel, or differ in length.
    pub fn write(&mut self, planes: &[&[f32]]) -> Result<()> {
        assert_eq!(planes.len(), self.waiting.channels(), "one slice a channel");
        let frames = planes.first().map_or(0, |p| p.len());
        let mut done = 0;
        while done < frames {
            let n = (frames - done).min(BLOCK_FRAMES - self.waiting.frames());
            let part: Vec<&[f32]> = planes.iter().map(|p| &p[done..done + n]).collect();
            if n == BLOCK_FRAMES {
                self.send(&part)?;
            } else {
                self.waiting.extend(&part);
                if self.waiting.frames() == BLOCK_FRAMES {
                    self.send_waiting()?;
                }
            }
            done += n;
        }
        self.frames += frames as u64;
        Ok(())
    }

    /// Frames written.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.waiting.channels()
    }

    /// Ends writing and goes back to the start, as often as needed.
    ///
    /// # Errors
    /// `Io` if the system refuses.
    pub fn rewind(&mut self) -> Result<()> {
        if !self.waiting.is_empty() {
            self.send_waiting()?;
        }
        self.left = self.frames;
        self.file
            .seek(SeekFrom::Start(0))
            .map(drop)
            .map_err(|e| refused(&self.path, "cannot rewind the scratch file", e))
    }

    /// Reads the next frames into `buffer`, which gets their number: up to 4096, and 0 at the end. After
    /// [`Scratch::rewind`].
    ///
    /// # Errors
    /// `Io` if the system refuses.
    pub fn read(&mut self, buffer: &mut AudioBuffer) -> Result<usize> {
        let frames = self.left.min(BLOCK_FRAMES as u64) as usize;
        buffer.set_channels(self.waiting.channels());
        buffer.resize(frames);
        self.bytes.resize(4 * frames * self.waiting.channels(), 0);
        self.file.read_exact(&mut self.bytes).map_err(|e| refused(&self.path, "cannot read the scratch file", e))?;
        let mut rest = &self.bytes[..];
        for plane in buffer.iter_mut() {
            let (bytes, more) = rest.split_at(4 * frames);
            rest = more;
            for (x, b) in plane.iter_mut().zip(bytes.chunks_exact(4)) {
                *x = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
            }
        }
        self.left -= frames as u64;
        Ok(frames)
    }

    fn send_waiting(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let sent = self.send(&waiting.iter().collect::<Vec<_>>());
        self.waiting = waiting;
        self.waiting.resize(0);
        sent
    }

    fn send(&mut self, planes: &[&[f32]]) -> Result<()> {
        let frames = planes.first().map_or(0, |p| p.len());
        self.bytes.resize(4 * frames * planes.len(), 0);
        let mut rest = &mut self.bytes[..];
        for plane in planes {
            let (bytes, more) = rest.split_at_mut(4 * frames);
            rest = more;
            for (b, x) in bytes.chunks_exact_mut(4).zip(*plane) {
                b.copy_from_slice(&x.to_le_bytes());
            }
        }
        self.file.write_all(&self.bytes).map_err(|e| refused(&self.path, "cannot write the scratch file", e))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        place::discard(&self.path);
    }
}
