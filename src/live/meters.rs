//! Levels, true peaks and loudness of what is played, measured beside the audio thread: the callback copies what it hands
//! out into a ring, and whoever looks at the meters works it off.

use super::player::Player;
use crate::buffer::AudioBuffer;
use crate::error::Result;
use crate::layout::Layout;
use crate::output::loudness::LoudnessMeter;
use crate::output::true_peak::TruePeakMeter;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::atomic::Ordering;

/// Sound that the ring holds, seconds: who looks less often misses some.
const HELD_S: f64 = 2.0;
/// Frames measured at a time.
const PART: usize = 1024;

/// The meters at one moment. Levels are dB of full scale, minus infinity for silence; loudness after ITU-R BS.1770 in
/// LUFS, `None` where there is too little to tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meters {
    /// Root of the mean square of each ear since the last look.
    pub level_db: [f64; 2],
    /// Largest true peak of each ear since the last look, dBTP.
    pub true_peak_db: [f64; 2],
    /// Over 0.4 s.
    pub momentary_lufs: Option<f64>,
    /// Over 3 s.
    pub short_term_lufs: Option<f64>,
    /// Gated, since the beginning of the track or [`Player::restart_meters`].
    pub integrated_lufs: Option<f64>,
}

impl Default for Meters {
    fn default() -> Self {
        let silence = [f64::NEG_INFINITY; 2];
        Self {
            level_db: silence,
            true_peak_db: silence,
            momentary_lufs: None,
            short_term_lufs: None,
            integrated_lufs: None,
        }
    }
}

/// A ring from the callback.
pub(super) fn tap(rate: u32) -> (Producer<[f32; 2]>, Consumer<[f32; 2]>) {
    RingBuffer::new((HELD_S * f64::from(rate)) as usize)
}

/// Copies what is handed out; what does not fit is missed. For the audio thread.
pub(super) fn copy(to: &mut Producer<[f32; 2]>, left: &[f32], right: &[f32]) {
    let frames = left.len().min(to.slots());
    if let Ok(chunk) = to.write_chunk_uninit(frames) {
        chunk.fill_from_iter(left.iter().zip(right).map(|(l, r)| [*l, *r]));
    }
}

/// The far end of the ring.
pub(super) struct Bench {
    tap: Consumer<[f32; 2]>,
    loudness: LoudnessMeter,
    peaks: [TruePeakMeter; 2],
    part: AudioBuffer,
    track: usize,
}

impl Bench {
    pub(super) fn new(tap: Consumer<[f32; 2]>, rate: u32) -> Result<Self> {
        Ok(Self {
            tap,
            loudness: LoudnessMeter::new(&Layout::named("stereo", 2)?, rate)?.without_true_peak(),
            peaks: [TruePeakMeter::new(1), TruePeakMeter::new(1)],
            part: AudioBuffer::new(2, 0),
            track: 0,
        })
    }

    fn look(&mut self, track: usize) -> Meters {
        if std::mem::replace(&mut self.track, track) != track {
            self.loudness.reset();
        }
        let (mut squares, mut frames) = ([0.0f64; 2], 0);
        while self.tap.slots() > 0 {
            let n = self.tap.slots().min(PART);
            let Ok(chunk) = self.tap.read_chunk(n) else { break };
            self.part.resize(n);
            for (ear, plane) in self.part.iter_mut().enumerate() {
                let (a, b) = chunk.as_slices();
                plane.iter_mut().zip(a.iter().chain(b)).for_each(|(to, from)| *to = from[ear]);
            }
            chunk.commit_all();
            for (ear, (plane, peaks)) in self.part.iter().zip(&mut self.peaks).enumerate() {
                squares[ear] += plane.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>();
                peaks.push(&[plane]);
            }
            self.loudness.push(&[self.part.channel(0), self.part.channel(1)]);
            frames += n;
        }
        let shown = |lufs: Option<f64>| lufs.filter(|l| l.is_finite());
        Meters {
            level_db: squares.map(|s| 10.0 * (s / (frames as f64).max(1.0)).log10()),
            true_peak_db: self.peaks.each_mut().map(|p| 20.0 * f64::from(p.take_peak()).log10()),
            momentary_lufs: shown(self.loudness.momentary_lufs()),
            short_term_lufs: shown(self.loudness.short_term_lufs()),
            integrated_lufs: shown(self.loudness.integrated_lufs()),
        }
    }
}

impl Player {
    /// The meters, as of the last look. The first look turns them on, and they want to be looked at twice a second at
    /// least, or they miss something. Measures on the caller's thread; takes no lock that the audio thread takes.
    pub fn meters(&self) -> Meters {
        self.shared.gauge.tapped.store(true, Ordering::Relaxed);
        let track = self.shared.status.lock().map_or(0, |s| s.track);
        let Ok(mut bench) = self.shared.bench.lock() else { return Meters::default() };
        bench.as_mut().map_or_else(Meters::default, |b| b.look(track))
    }

    /// Begins to measure the integrated loudness anew.
    pub fn restart_meters(&self) {
        if let Ok(mut bench) = self.shared.bench.lock()
            && let Some(bench) = bench.as_mut()
        {
            bench.loudness.reset();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_has_its_level_peak_and_loudness_and_a_full_ring_only_misses_some() {
        let (mut to, from) = tap(48_000);
        let mut bench = Bench::new(from, 48_000).unwrap();
        let tone: Vec<f32> =
            (0..200_000).map(|n| (0.5 * (n as f64 * std::f64::consts::TAU * 997.0 / 48_000.0).sin()) as f32).collect();
        copy(&mut to, &tone, &tone);
        let m = bench.look(0);
        assert!(m.level_db.iter().all(|l| (l + 9.03).abs() < 0.01), "{m:?}");
        assert!(m.true_peak_db.iter().all(|l| (l + 6.02).abs() < 0.05), "{m:?}");
        // A sine of 997 Hz at 0 dBFS in one channel is -3.01 LUFS; in both, half as strong, -6.02.
        assert!((m.momentary_lufs.unwrap() + 6.02).abs() < 0.1, "{m:?}");
        assert!((m.integrated_lufs.unwrap() + 6.02).abs() < 0.1, "{m:?}");
        assert_eq!(bench.look(0).level_db, [f64::NEG_INFINITY; 2]);
        assert_eq!(bench.look(1).integrated_lufs, None, "another track begins anew");
    }
}
