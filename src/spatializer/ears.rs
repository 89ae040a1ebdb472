//! One signal as both ears hear it: its last samples, and the one or two voices that they are heard by.

use super::voice::{Target, Voice, Workshop};
use crate::dsp::simd::fetch;
use crate::hrtf::FilterBank;

pub(crate) struct Ears {
    voices: [Voice; 2],
    current: usize,
    fading: bool,
    ring: Vec<f32>,
    at: usize,
    /// Frames of silence at the end of the ring.
    quiet: usize,
}

impl Ears {
    pub(crate) fn new(len: usize, bins: usize) -> Self {
        Self {
            voices: [Voice::new(bins), Voice::new(bins)],
            current: 0,
            fading: false,
            ring: vec![0.0; len],
            at: 0,
            quiet: len,
        }
    }

    /// Begins afresh, with nothing heard before.
    pub(crate) fn begin(&mut self, targets: [Target; 3], shop: &mut Workshop<'_>) {
        self.fading = false;
        self.ring.fill(0.0);
        self.quiet = self.ring.len();
        self.voices[self.current].start(targets, shop);
    }

    /// True when the filters do not change within the segment and are those for `target`.
    pub(crate) fn are_resting_at(&self, target: &Target) -> bool {
        !self.fading && self.voices[self.current].is_resting_at(target)
    }

    /// True while an earlier place fades out.
    pub(crate) fn are_fading(&self) -> bool {
        self.fading
    }

    /// Ends a cross-fade that is over. Belongs at the start of every segment.
    pub(crate) fn settle(&mut self) {
        if self.fading {
            let old = &mut self.voices[1 - self.current];
            old.advance_to_silence();
            self.fading = !old.is_silent();
        }
    }

    /// The next segment, on the way to `target`; where no way leads there, by a cross-fade, as soon as one may begin.
    pub(crate) fn advance(&mut self, target: Target, shop: &mut Workshop<'_>) {
        if self.voices[self.current].advance(target, shop) {
            return;
        }
        if self.fading || shop.jumps == 0 {
            self.voices[self.current].hold();
        } else {
            shop.jumps -= 1;
            self.cross_fade().start_at(target, shop);
            self.voices[self.current].fade_in();
        }
    }

    /// The next segment, cross-fading to a way through `targets`. Not while fading.
    pub(crate) fn cut_to(&mut self, targets: [Target; 3], shop: &mut Workshop<'_>) {
        self.cross_fade().start(targets, shop);
        self.voices[self.current].fade_in();
    }

    /// The next segment on the way to silence; true when it is reached.
    pub(crate) fn advance_to_silence(&mut self) -> bool {
        let voice = &mut self.voices[self.current];
        voice.advance_to_silence();
        voice.is_silent() && !self.fading
    }

    /// Lets the voice that sounds fade out and gives the other one, to begin elsewhere.
    fn cross_fade(&mut self) -> &mut Voice {
        self.voices[self.current].advance_to_silence();
        self.current = 1 - self.current;
        self.fading = true;
        &mut self.voices[self.current]
    }

    /// Takes in the next `frames` frames, finite, silence where `input` is shorter.
    pub(crate) fn push(&mut self, input: &[f32], frames: usize) {
        let len = self.ring.len();
        let silent = input.iter().fold(0, |any, x| any | (x.to_bits() << 1)) == 0;
        if silent && self.are_quiet() {
            return;
        }
        self.quiet = if silent { (self.quiet + frames).min(len) } else { 0 };
        let (from, to) = (self.at, (self.at + frames) % len);
        let first = frames.min(len - from);
        let padded = |range: std::ops::Range<usize>| {
            input.get(range.start.min(input.len())..range.end.min(input.len())).unwrap_or(&[])
        };
        for (room, part) in [(from..from + first, padded(0..first)), (0..frames - first, padded(first..frames))] {
            let room = &mut self.ring[room];
            let (sound, rest) = room.split_at_mut(part.len());
            sound.copy_from_slice(part);
            rest.fill(0.0);
        }
        self.at = to;
    }

    /// True when nothing of the ring sounds.
    pub(crate) fn are_quiet(&self) -> bool {
        self.quiet >= self.ring.len()
    }

    /// The last frames, the older part first.
    pub(crate) fn window(&self) -> (&[f32], &[f32]) {
        let (new, old) = self.ring.split_at(self.at);
        (old, new)
    }

    /// Brings what the next hop reads nearer to the processor.
    pub(crate) fn fetch(&self, bank: &FilterBank) {
        fetch(std::slice::from_ref(self));
        fetch(&self.ring);
        self.voices().for_each(|v| v.fetch(bank));
    }

    /// The voices that sound.
    pub(crate) fn voices(&self) -> impl Iterator<Item = &Voice> {
        let fading = self.fading.then(|| &self.voices[1 - self.current]);
        std::iter::once(&self.voices[self.current]).chain(fading)
    }
}
