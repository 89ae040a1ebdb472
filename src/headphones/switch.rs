//! A correction that may be exchanged while it runs: a half for the audio thread and a half for any other.
//!
//! New corrections are built on the control side and travel through a single-producer queue; the old one fades out while
//! the new one fades in, both on the same sound, and then travels back to be freed.

use super::correction::Correction;
use super::profile::Profile;
use crate::error::{Error, Result};
use rtrb::{Consumer, Producer, RingBuffer};

/// How long the cross-fade to another correction takes, seconds.
pub const FADE_S: f64 = 0.02;

/// Corrections that may wait for the next block.
const QUEUE: usize = 8;

type Slot = Option<Box<Correction>>;

/// The audio side: corrects both ears, or leaves them as they are.
pub struct Corrector {
    current: Slot,
    /// What fades out, and how many frames of that are done.
    leaving: Option<(Slot, usize)>,
    /// What was asked for meanwhile; the last counts.
    waiting: Option<Slot>,
    fade_frames: usize,
    started: bool,
    /// The sound of what leaves.
    old: [Vec<f32>; 2],
    inbox: Consumer<Slot>,
    outbox: Producer<Box<Correction>>,
}

/// The control side: may be called from any thread but the audio thread. Dropping it leaves the corrector as it is.
pub struct CorrectorControl {
    commands: Producer<Slot>,
    returned: Consumer<Box<Correction>>,
    sample_rate: f64,
    block: usize,
}

impl std::fmt::Debug for Corrector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Corrector").field("current", &self.current).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for CorrectorControl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CorrectorControl").field("sample_rate", &self.sample_rate).finish_non_exhaustive()
    }
}

/// Makes a corrector that corrects nothing yet, for `sample_rate` Hz and blocks of mostly `block` frames, and its control.
///
/// # Errors
/// `Argument` if a number is out of range: 8000 to 384000 Hz, 1 to 8192 frames.
pub fn corrector(sample_rate: f64, block: usize) -> Result<(Corrector, CorrectorControl)> {
    if !(8_000.0..=384_000.0).contains(&sample_rate) || !(1..=8192).contains(&block) {
        return Err(Error::argument(format!(
            "a corrector runs at 8000 to 384000 Hz in blocks of 1 to 8192 frames, not at {sample_rate} Hz in blocks of {block}"
        )));
    }
    let (commands, inbox) = RingBuffer::new(QUEUE);
    // As many as can be on their way: in the queue, in use, leaving, waiting; every call of the control side empties it.
    let (outbox, returned) = RingBuffer::new(2 * QUEUE);
    let corrector = Corrector {
        current: None,
        leaving: None,
        waiting: None,
        fade_frames: ((FADE_S * sample_rate).round() as usize).max(1),
        started: false,
        old: [vec![0.0; block], vec![0.0; block]],
        inbox,
        outbox,
    };
    Ok((corrector, CorrectorControl { commands, returned, sample_rate, block }))
}

impl CorrectorControl {
    /// Changes to another correction, or to none, by a cross-fade of [`FADE_S`]; at once if nothing has been played yet.
    /// A change asked for while another is under way waits for it; the last one asked for counts. Builds the correction
    /// here, which takes some milliseconds.
    ///
    /// # Errors
    /// As [`Correction::new`]; `Limit` if the queue is full.
    pub fn set(&mut self, profile: Option<&Profile>) -> Result<()> {
        self.tidy();
        let next = profile.map(|p| Correction::new(p, self.sample_rate, self.block).map(Box::new)).transpose()?;
        self.commands
            .push(next)
            .map_err(|_| Error::limit("the queue of the headphone correction is full: is the sound running?"))
    }

    /// Frees what came back. [`CorrectorControl::set`] does it too.
    pub fn tidy(&mut self) {
        while self.returned.pop().is_ok() {}
    }
}

impl Corrector {
    /// Corrects both ears in place; of unequal ones the common length. Neither allocates nor frees.
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        while let Ok(next) = self.inbox.pop() {
            if !self.started {
                let before = std::mem::replace(&mut self.current, next);
                self.give_back(before);
            } else if let Some(superseded) = self.waiting.replace(next) {
                self.give_back(superseded);
            }
        }
        let step = self.old[0].len();
        let frames = left.len().min(right.len());
        self.started |= frames > 0;
        for (left, right) in left[..frames].chunks_mut(step).zip(right[..frames].chunks_mut(step)) {
            self.block(left, right);
        }
    }

    fn block(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.leaving.is_none()
            && let Some(next) = self.waiting.take()
        {
            self.leaving = Some((std::mem::replace(&mut self.current, next), 0));
        }
        let frames = left.len();
        let Some((from, done)) = &mut self.leaving else {
            if let Some(correction) = &mut self.current {
                correction.process(left, right);
            }
            return;
        };
        let [old_left, old_right] = &mut self.old;
        let (old_left, old_right) = (&mut old_left[..frames], &mut old_right[..frames]);
        old_left.copy_from_slice(left);
        old_right.copy_from_slice(right);
        if let Some(correction) = from {
            correction.process(old_left, old_right);
        }
        if let Some(correction) = &mut self.current {
            correction.process(left, right);
        }
        for (new, old) in [(left, old_left), (right, old_right)] {
            for (i, (y, x)) in new.iter_mut().zip(old).enumerate() {
                // Both come from the same sound and add up in amplitude.
                let part = ((*done + i + 1) as f32 / self.fade_frames as f32).min(1.0);
                *y = part * *y + (1.0 - part) * *x;
            }
        }
        *done += frames;
        if *done >= self.fade_frames
            && let Some((gone, _)) = self.leaving.take()
        {
            self.give_back(gone);
        }
    }

    /// Forgets all sound; a fade under way is over.
    pub fn reset(&mut self) {
        if let Some((gone, _)) = self.leaving.take() {
            self.give_back(gone);
        }
        if let Some(correction) = &mut self.current {
            correction.reset();
        }
    }

    /// Frames by which the correction in use is late; see [`Correction::latency_frames`].
    pub fn latency_frames(&self) -> usize {
        self.current.as_ref().map_or(0, |c| c.latency_frames())
    }

    fn give_back(&mut self, slot: Slot) {
        if let Some(correction) = slot
            && let Err(rtrb::PushError::Full(correction)) = self.outbox.push(correction)
        {
            // Cannot happen by the queues' sizes; and if it did, a leak is better than freeing on this thread.
            std::mem::forget(correction);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headphones::{Equaliser, Filter, Shape};

    fn profile(preamp_db: f64, gain_db: f64) -> Profile {
        let filters = vec![Filter { shape: Shape::Peak, frequency_hz: 300.0, gain_db, q: 1.0 }];
        Profile::of("x", Equaliser { preamp_db, filters })
    }

    fn tone(n: usize) -> Vec<f32> {
        (0..n).map(|i| (0.5 * (i as f64 * 0.05).sin()) as f32).collect()
    }

    #[test]
    fn without_a_correction_nothing_is_touched() {
        let (mut corrector, _control) = corrector(48_000.0, 64).unwrap();
        let x = tone(300);
        let (mut left, mut right) = (x.clone(), x.clone());
        corrector.process(&mut left, &mut right);
        assert_eq!((left, right), (x.clone(), x));
    }

    #[test]
    fn a_correction_set_before_the_first_frame_is_there_from_it_on() {
        let x = tone(500);
        let (mut corrector, mut control) = corrector(48_000.0, 64).unwrap();
        control.set(Some(&profile(-3.0, 5.0))).unwrap();
        let (mut left, mut right) = (x.clone(), x.clone());
        corrector.process(&mut left, &mut right);
        let mut alone = Correction::new(&profile(-3.0, 5.0), 48_000.0, 64).unwrap();
        let (mut expected, mut other) = (x.clone(), x);
        alone.process(&mut expected, &mut other);
        assert_eq!(left, expected);
    }

    #[test]
    fn a_change_is_a_cross_fade_without_a_click_and_the_old_one_comes_back() {
        let rate = 48_000.0;
        let x = tone(9600);
        let (mut corrector, mut control) = corrector(rate, 128).unwrap();
        control.set(Some(&profile(0.0, 6.0))).unwrap();
        let (mut left, mut right) = (x.clone(), x.clone());
        let steepest_before = 0.5 * 0.05 * 2.0;
        for (i, (l, r)) in left.chunks_mut(100).zip(right.chunks_mut(100)).enumerate() {
            match i {
                30 => control.set(Some(&profile(-6.0, -6.0))).unwrap(),
                // Asked for during the fade: the second of them counts.
                32 => control.set(Some(&profile(-20.0, 0.0))).unwrap(),
                33 => control.set(None).unwrap(),
                _ => {}
            }
            corrector.process(l, r);
        }
        let steepest = left.windows(2).map(|w| f64::from((w[1] - w[0]).abs())).fold(0.0, f64::max);
        assert!(steepest < 1.1 * steepest_before, "{steepest}");
        assert_eq!(left[8000..], x[8000..], "no correction in the end");
        assert!(corrector.current.is_none() && corrector.leaving.is_none() && corrector.waiting.is_none());
        let mut back = 0;
        while control.returned.pop().is_ok() {
            back += 1;
        }
        // The first, and of the other two the one that was used and the one that never was; some were freed by `set`.
        assert!(back >= 1);
        assert_eq!(left, right);
    }

    #[test]
    fn a_full_queue_is_an_error_and_everything_is_freed_in_the_end() {
        let (mut corrector, mut control) = corrector(48_000.0, 64).unwrap();
        let set = |control: &mut CorrectorControl| control.set(Some(&profile(0.0, 3.0)));
        for _ in 0..QUEUE {
            set(&mut control).unwrap();
        }
        assert_eq!(set(&mut control).unwrap_err().kind(), crate::ErrorKind::Limit);
        let (mut left, mut right) = (tone(2000), tone(2000));
        corrector.process(&mut left, &mut right);
        assert_eq!(control.returned.slots(), QUEUE - 1);
        set(&mut control).unwrap();
        assert_eq!(control.returned.slots(), 0);
    }
}
