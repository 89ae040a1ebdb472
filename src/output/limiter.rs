//! A look-ahead true-peak limiter with one gain for all channels, so that the level difference between the ears stays.
//!
//! The gain that a peak needs is known 5 ms before the peak is due. In order: the true peak of every frame (see
//! `oversample`) gives the needed reduction; a running maximum over the look-ahead holds it; a release lets go of it;
//! two running means smooth it into a ramp that has arrived when the peak comes: a mean of values none of which is below
//! the need is not below the need either. Reductions are whole numbers of 2^-30, so the running sums never drift and a
//! gain of one is exactly one: what stays under the ceiling leaves bit for bit as it came.
//!
//! The release is fast after a short peak and slow after sustained reduction (a second envelope that charges slowly):
//! short enough not to be heard as a dip, long enough not to modulate low notes.

use super::guard::silence_odd;
use super::oversample::{BLOCK, CONTEXT, Oversampler, SPAN, sample_peak};
use crate::error::{Error, Result};

/// How far below the ceiling peaks are brought, in dB: room for meters with other filters, which read white noise up to
/// 0.2 dB higher.
pub(super) const MARGIN_DB: f64 = 0.25;
/// Peaks this close under the ceiling are already limited, in dB; all others pass untouched.
pub(crate) const GUARD_DB: f64 = 0.1;
/// Look-ahead, seconds.
const LOOK_AHEAD_S: f64 = 0.005;
/// Time constants of the release: after a short peak; of the slow envelope, charging and letting go.
pub(super) const FAST_RELEASE_S: f64 = 0.06;
pub(super) const SLOW_CHARGE_S: f64 = 0.15;
pub(super) const SLOW_RELEASE_S: f64 = 0.35;

/// A reduction of 1 (silence) in fixed point.
const ONE: f64 = (1u32 << 30) as f64;
/// Reductions smaller than this are let go of at once: a tenth of a thousandth of a decibel.
const NOTHING: f64 = 1e-5;

/// A linked look-ahead true-peak limiter.
#[derive(Clone, Debug)]
pub struct Limiter {
    over: Oversampler,
    /// Linear: peaks above this are limited; to this.
    threshold: f32,
    target: f32,
    control: Control,
    /// Input frames of each channel: what is still to leave, with the context that the detector needs.
    lines: Vec<Vec<f32>>,
    /// In frames since the start: where the lines begin, end, have been judged to, and have left to.
    base: u64,
    written: u64,
    judged: u64,
    max_block: usize,
    latency: usize,
    limited: u64,
    silenced: u64,
    lowest_gain: f32,
}

impl Limiter {
    /// A limiter that holds the true peak of all `channels` under `ceiling_db` dBTP, for blocks of up to `max_block`
    /// frames at `sample_rate` Hz. All memory is taken here.
    ///
    /// # Errors
    /// `Argument` if there are no channels or frames, the ceiling is not from -60 to +20 dBTP, or the rate is not from
    /// 8000 to 384000 Hz.
    pub fn new(sample_rate: u32, channels: usize, ceiling_db: f64, max_block: usize) -> Result<Self> {
        super::check_rate(sample_rate)?;
        if channels == 0 || max_block == 0 {
            return Err(Error::argument("a limiter needs at least one channel and one frame"));
        }
        if !(-60.0..=20.0).contains(&ceiling_db) {
            return Err(Error::argument(format!("a ceiling of {ceiling_db} dBTP is outside -60 to 20")));
        }
        let linear = |db: f64| 10f64.powf(db / 20.0) as f32;
        let control = Control::new(sample_rate, max_block);
        let latency = CONTEXT + BLOCK - 1 + control.delay_frames();
        let room = 2 * CONTEXT + latency + max_block.max(BLOCK) + (4 * max_block).max(4096);
        Ok(Self {
            over: Oversampler::new(),
            threshold: linear(ceiling_db - GUARD_DB),
            target: linear(ceiling_db - MARGIN_DB),
            control,
            lines: vec![vec![0.0; room]; channels],
            base: 0,
            // Frame CONTEXT of the line is the first of the signal: silence came before it.
            written: CONTEXT as u64,
            judged: CONTEXT as u64,
            max_block,
            latency,
            limited: 0,
            silenced: 0,
            lowest_gain: 1.0,
        })
    }

    /// Frames by which the output lags behind the input: about 6 ms.
    pub fn latency_frames(&self) -> usize {
        self.latency
    }

    /// Frames that left with a gain below one so far.
    pub fn limited_frames(&self) -> u64 {
        self.limited
    }

    /// Samples that were NaN, infinite or denormal and became silence.
    pub fn silenced(&self) -> u64 {
        self.silenced
    }

    /// The strongest reduction so far, in dB, as a number from 0 up.
    pub fn max_reduction_db(&self) -> f64 {
        -20.0 * f64::from(self.lowest_gain).log10()
    }

    /// Limits a block in place, one slice a channel: what comes back is the input of [`Limiter::latency_frames`] ago,
    /// silence before the first. Any division into blocks gives the same samples. For the audio thread: does not
    /// allocate.
    ///
    /// # Panics
    /// Panics if the slices are not one a channel, differ in length, or are longer than `max_block`.
    pub fn process(&mut self, planes: &mut [&mut [f32]]) {
        assert_eq!(planes.len(), self.lines.len(), "one slice a channel");
        let frames = planes[0].len();
        assert!(frames <= self.max_block, "at most {} frames", self.max_block);
        assert!(planes.iter().all(|p| p.len() == frames), "slices of one length");
        self.make_room(frames);
        let at = (self.written - self.base) as usize;
        for (line, plane) in self.lines.iter_mut().zip(planes.iter()) {
            let new = &mut line[at..at + frames];
            new.copy_from_slice(plane);
            self.silenced += silence_odd(new);
        }
        self.written += frames as u64;
        while self.written >= self.judged + (BLOCK + CONTEXT) as u64 {
            self.judge_block();
        }
        self.leave(planes, frames);
    }

    /// Back to the start: as new, with the same settings. Does not allocate.
    pub fn reset(&mut self) {
        self.lines.iter_mut().for_each(|l| l.fill(0.0));
        (self.base, self.written, self.judged) = (0, CONTEXT as u64, CONTEXT as u64);
        (self.limited, self.silenced, self.lowest_gain) = (0, 0, 1.0);
        self.control.reset();
    }

    /// Moves what is still needed to the front when the next block would not fit.
    fn make_room(&mut self, frames: usize) {
        let filled = (self.written - self.base) as usize;
        if filled + frames <= self.lines[0].len() {
            return;
        }
        let keep = filled.min(CONTEXT + self.latency);
        for line in &mut self.lines {
            line.copy_within(filled - keep..filled, 0);
        }
        self.base = self.written - keep as u64;
    }

    /// Finds the needs of the next block and hands them to the control chain.
    fn judge_block(&mut self) {
        let start = (self.judged - self.base) as usize - CONTEXT;
        let mut peaks: Option<[f32; BLOCK]> = None;
        for line in &self.lines {
            let Some(span) = line[start..].first_chunk::<SPAN>() else { unreachable!("the line holds a span") };
            if self.over.stays_under(sample_peak(span), self.threshold) {
                continue;
            }
            if let Some(found) = self.over.peaks_over(span, self.threshold) {
                let all = peaks.get_or_insert([0.0; BLOCK]);
                all.iter_mut().zip(found).for_each(|(a, f)| *a = a.max(f));
            }
        }
        match peaks {
            None => self.control.quiet_block(),
            Some(peaks) => {
                for part in peaks.chunks(self.control.interval) {
                    let peak = part.iter().copied().fold(0.0, f32::max);
                    let need = if peak > self.threshold { 1.0 - f64::from(self.target) / f64::from(peak) } else { 0.0 };
                    self.control.push((need * ONE).ceil().clamp(0.0, ONE) as u32);
                }
            }
        }
        self.judged += BLOCK as u64;
    }

    /// Copies the delayed frames out, under their gain.
    fn leave(&mut self, planes: &mut [&mut [f32]], frames: usize) {
        let mut done = 0;
        while done < frames {
            // The signal's own frame number; before its start there is only silence.
            let due = self.written - frames as u64 + done as u64;
            let Some(frame) = due.checked_sub((CONTEXT + self.latency) as u64) else {
                let n = (frames - done).min((CONTEXT + self.latency) - due as usize);
                planes.iter_mut().for_each(|p| p[done..done + n].fill(0.0));
                done += n;
                continue;
            };
            let interval = self.control.interval;
            let phase = (frame % interval as u64) as usize;
            let mut n = (interval - phase).min(frames - done);
            let (from, to) = self.control.reduction(frame / interval as u64);
            let at = (frame + CONTEXT as u64 - self.base) as usize;
            if from == 0 && to == 0 {
                // As far as nothing happens in one go.
                while done + n < frames && self.control.reduction((frame + n as u64) / interval as u64) == (0, 0) {
                    n = (n + interval).min(frames - done);
                }
                for (plane, line) in planes.iter_mut().zip(&self.lines) {
                    plane[done..done + n].copy_from_slice(&line[at..at + n]);
                }
            } else {
                let slope = (f64::from(to) - f64::from(from)) / interval as f64;
                let mut gains = [1.0f32; BLOCK];
                for (i, gain) in gains[..n].iter_mut().enumerate() {
                    *gain = (1.0 - (f64::from(from) + slope * (phase + i) as f64) / ONE) as f32;
                    self.lowest_gain = self.lowest_gain.min(*gain);
                }
                for (plane, line) in planes.iter_mut().zip(&self.lines) {
                    for ((out, x), gain) in plane[done..done + n].iter_mut().zip(&line[at..at + n]).zip(&gains) {
                        *out = x * gain;
                    }
                }
                self.limited += n as u64;
            }
            done += n;
        }
    }
}

/// From the need of each interval to the reduction at each of its borders.
#[derive(Clone, Debug)]
struct Control {
    /// Frames in an interval: 8 up to 48 kHz, more above; a divisor of `BLOCK`.
    interval: usize,
    /// Borders that the running maximum looks ahead.
    ahead: usize,
    /// Lengths of the two running means; together they reach back as far as the maximum looks ahead.
    means: [usize; 2],
    /// The needs at the last borders, a ring.
    needs: Vec<u32>,
    /// What has been held and released; after the first mean; rings for the running sums.
    held: [Vec<u32>; 2],
    sums: [u64; 2],
    /// The reductions of borders that may still be asked for, a ring.
    reductions: Vec<u32>,
    /// Intervals taken so far.
    taken: u64,
    /// The last interval with a need, plus one.
    last_need: u64,
    previous: u32,
    fast: f64,
    slow: f64,
    keep_fast: f64,
    keep_slow: f64,
    charge: f64,
}

impl Control {
    fn new(sample_rate: u32, max_block: usize) -> Self {
        let interval = match sample_rate {
            ..=48_000 => 8,
            48_001..=96_000 => 16,
            _ => 32,
        };
        let interval_s = interval as f64 / f64::from(sample_rate);
        // Two means of m borders reach back 2 m - 2 borders.
        let mean = ((LOOK_AHEAD_S / interval_s).round() as usize / 2 + 1).max(2);
        let ahead = 2 * mean - 2;
        let keep = |seconds: f64| (-interval_s / seconds).exp();
        Self {
            interval,
            ahead,
            means: [mean, mean],
            needs: vec![0; ahead + 1],
            held: [vec![0; mean], vec![0; mean]],
            sums: [0; 2],
            reductions: vec![0; (2 * (ahead + BLOCK) + max_block / interval).next_power_of_two()],
            taken: 0,
            last_need: 0,
            previous: 0,
            fast: 0.0,
            slow: 0.0,
            keep_fast: keep(FAST_RELEASE_S),
            keep_slow: keep(SLOW_RELEASE_S),
            charge: 1.0 - keep(SLOW_CHARGE_S),
        }
    }

    /// Frames between the end of an interval's need and the moment its audio may leave.
    fn delay_frames(&self) -> usize {
        (self.ahead + 1) * self.interval
    }

    fn reset(&mut self) {
        self.needs.fill(0);
        self.held.iter_mut().for_each(|h| h.fill(0));
        self.reductions.fill(0);
        self.sums = [0; 2];
        (self.taken, self.last_need, self.previous, self.fast, self.slow) = (0, 0, 0, 0.0, 0.0);
    }

    /// The reductions at the start and the end of an interval whose audio is due.
    fn reduction(&self, interval: u64) -> (u32, u32) {
        let mask = self.reductions.len() as u64 - 1;
        (self.reductions[(interval & mask) as usize], self.reductions[((interval + 1) & mask) as usize])
    }

    /// A whole block without any need; free of work when nothing is left of earlier ones.
    fn quiet_block(&mut self) {
        let count = (BLOCK / self.interval) as u64;
        let past = self.taken > self.last_need + (2 * self.ahead + 4) as u64 || self.last_need == 0;
        if past && self.fast == 0.0 && self.slow == 0.0 && self.sums == [0; 2] {
            let mask = self.reductions.len() as u64 - 1;
            for border in self.taken..self.taken + count {
                if let Some(border) = border.checked_sub(self.ahead as u64) {
                    self.reductions[(border & mask) as usize] = 0;
                }
            }
            self.taken += count;
            self.previous = 0;
            return;
        }
        (0..count).for_each(|_| self.push(0));
    }

    /// Takes the need of the next interval; settles the reduction at the border `ahead` intervals back.
    fn push(&mut self, need: u32) {
        // A border serves the intervals on both sides of it.
        let at = self.taken;
        let size = self.needs.len() as u64;
        self.needs[(at % size) as usize] = need.max(self.previous);
        self.previous = need;
        self.taken += 1;
        if need > 0 {
            self.last_need = self.taken;
        }
        let held = f64::from(self.needs.iter().copied().max().unwrap_or(0)) / ONE;
        let held = (self.release(held) * ONE).ceil() as u32;
        let Some(border) = at.checked_sub(self.ahead as u64) else {
            // What would belong to borders before the first still enters the means: the start is ready for a peak.
            self.mean(at, held);
            return;
        };
        let reduction = self.mean(at, held);
        let mask = self.reductions.len() as u64 - 1;
        self.reductions[(border & mask) as usize] = reduction;
    }

    /// Both envelopes; the answer is never below `need`.
    fn release(&mut self, need: f64) -> f64 {
        let snap = |x: f64| if x < NOTHING { 0.0 } else { x };
        self.fast = snap(need.max(self.fast * self.keep_fast));
        self.slow = snap(if self.fast > self.slow {
            self.slow + (self.fast - self.slow) * self.charge
        } else {
            (self.slow * self.keep_slow).max(self.fast)
        });
        need.max(self.fast).max(self.slow).min(1.0)
    }

    /// Both running means, rounded up.
    fn mean(&mut self, at: u64, held: u32) -> u32 {
        let mut value = held;
        for ((ring, sum), length) in self.held.iter_mut().zip(&mut self.sums).zip(self.means) {
            let slot = &mut ring[(at % length as u64) as usize];
            *sum = *sum + u64::from(value) - u64::from(*slot);
            *slot = value;
            value = sum.div_ceil(length as u64) as u32;
        }
        value
    }
}

#[cfg(test)]
mod tests;
