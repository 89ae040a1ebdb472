//! The balance of a song: a slow correction that keeps its long-term spectrum as it was given, in both ears together and in
//! their mono sum.
//!
//! The stage's equalisers ([`super::timbre`]) know what its places do, not what a song has where: bass that the channels
//! have unlike comes to ears that are nearly alike, treble on the sides meets places of another colour. What the ears get
//! of the parts, looking ahead, follows from the responses of their places. Both are compared in third octaves: the powers of the
//! channels' middle and side with those of the ears', as running sums over many seconds, in spectra eight times as
//! fine as those of the decomposition. `verdict` makes two gains a band of them, one for the middle and one for the
//! side, which the [`Decomposer`](super::Decomposer) applies to pairs of mirrored parts while they are spectra
//! ([`PairGains`]). The places themselves, and all that is between the ears of one of them, stay as they are.
//!
//! Nothing jumps: a song begins with gains of one, a band moves by two decibels a second and by four in all at most.
//! It works at hops in absolute time, so blocks of any length give the same bits.

mod pairs;
mod sources;
mod verdict;

pub use pairs::PairGains;

use super::parts::PartsLayout;
use super::timbre::Pair;
use crate::dsp::fft::{Fft, Spectrum, padded_bins};
use sources::{Source, add, product};
use std::ops::Range;
use verdict::Heard;

/// Spectra are as long as so many of the decomposition's.
const FINER: usize = 8;
/// Third octaves, Hz: the lowest, and how many there are at most.
const LOWEST_HZ: f64 = 62.5;
const THIRDS: usize = 24;
/// Time constant of the running sums, seconds.
const MEMORY_S: f64 = 15.0;
/// The gains of one that a song begins with count as so much sound, seconds.
const BEGIN_S: f64 = 0.3;
/// No gain moves faster, dB a second; and so much more at the beginning, when nobody knows yet how the song sounds, fading with a
/// time constant in seconds.
const FASTEST_DB_S: f64 = 2.0;
const EAGER_DB_S: f64 = 4.0;
const EAGER_S: f64 = 1.0;
/// After so much sound only every second spectrum is looked at, for speed.
const SETTLED_S: f64 = 8.0;
/// A spectrum whose power is less is silence: −140 dB in all.
const SILENCE: f64 = 1e-14;

/// Keeps a song's balance. `new` allocates, nothing else does: it may run on the audio thread.
///
/// Ask it for its gains, take a hop's frames apart with them, and let it listen to the parts:
/// ```
/// use periphon::panorama::{Balance, Decomposer, Options};
///
/// let mut decomposer = Decomposer::new(48_000.0, &Options::default())?;
/// let layout = decomposer.layout();
/// // What each part's place sounds like in both ears; here all in both alike.
/// let responses = vec![[vec![1.0], vec![1.0]]; layout.len()];
/// let mut balance = Balance::new(48_000.0, &decomposer, &responses, &[]);
/// let (left, right) = (vec![0.25f32; 1024], vec![0.25f32; 1024]);
/// let mut parts = vec![vec![0.0f32; decomposer.hop_frames()]; layout.len()];
/// let mut at = 0;
/// while at < left.len() {
///     let step = decomposer.frames_to_hop().min(left.len() - at);
///     decomposer.process_with(&left[at..at + step], &right[at..at + step], &mut parts, balance.gains());
///     balance.listen(&parts, step);
///     at += step;
/// }
/// # Ok::<(), periphon::Error>(())
/// ```
pub struct Balance {
    layout: PartsLayout,
    hop: usize,
    len: usize,
    window: Vec<f32>,
    fft: Fft,
    sources: Vec<Source>,
    /// The parts since the last look, `[len]`, of which `filled` frames are there.
    parts: Vec<Vec<f32>>,
    filled: usize,
    /// These frames are not looked at.
    rests: bool,
    spectrum: Spectrum,
    /// The channels' middle and side; what both ears get alike of the middle and of the side, and unlike.
    sums: [Spectrum; 6],
    centres: Vec<f64>,
    bands: Vec<Range<usize>>,
    wanted: Vec<f64>,
    heard: Vec<Heard>,
    keep: f64,
    /// Seconds between two looks, and of sound that the running sums have.
    every: f64,
    seconds: f64,
    /// Of each band, dB: the gains at the last look, those at the next one, and the verdict they head for.
    was: Vec<[f64; 2]>,
    next: Vec<[f64; 2]>,
    verdict: Vec<[f64; 2]>,
    /// Where a bin of the decomposition lies: the band before it, and how far it is on the way to the next one.
    places: Vec<(usize, f32)>,
    gains: PairGains,
    goal: PairGains,
}

impl std::fmt::Debug for Balance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Balance").field("layout", &self.layout).field("len", &self.len).finish_non_exhaustive()
    }
}

impl Balance {
    /// For the parts of `decomposer`, at `sample_rate` Hz. `responses` are those from each part's place, or all its
    /// places together, to both ears of a head that looks ahead, equalisers included and gains that are meant to be heard
    /// not; missing ones are silent. `wanted` is what the ears are meant to have more than the channels, as points (Hz and dB,
    /// rising); nothing if it is empty.
    pub fn new(sample_rate: f64, decomposer: &super::Decomposer, responses: &[Pair], wanted: &[(f64, f64)]) -> Self {
        let layout = decomposer.layout();
        let (hop, short) = (decomposer.hop_frames(), decomposer.latency_frames());
        let len = FINER * short;
        let mut fft = Fft::new(len);
        let sources = Source::all(layout, responses, &mut fft);
        let per_bin = sample_rate / len as f64;
        let half = (1.0f64 / 6.0).exp2();
        let centres: Vec<f64> = (0..THIRDS)
            .map(|b| LOWEST_HZ * (b as f64 / 3.0).exp2())
            .filter(|hz| hz * half < 0.5 * sample_rate)
            .collect();
        let bin = |hz: f64| (hz / per_bin).ceil() as usize;
        let place = |k: usize| {
            let hz = (k as f64 * sample_rate / short as f64).max(1.0);
            let at = (3.0 * (hz / LOWEST_HZ).log2()).clamp(0.0, (centres.len() - 1) as f64);
            let band = (at as usize).min(centres.len() - 2);
            (band, (at - band as f64) as f32)
        };
        let every = len as f64 / sample_rate;
        let window = |n: usize| 0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / len as f64).cos();
        let flat = vec![[0.0; 2]; centres.len()];
        let bins = decomposer.gain_bins();
        Self {
            layout,
            hop,
            len,
            window: (0..len).map(|n| window(n) as f32).collect(),
            fft,
            sources,
            parts: vec![vec![0.0; len]; layout.len()],
            filled: 0,
            rests: false,
            spectrum: Spectrum::new(len),
            sums: std::array::from_fn(|_| Spectrum::new(len)),
            bands: centres.iter().map(|hz| bin(hz / half)..bin(hz * half).min(padded_bins(len))).collect(),
            wanted: centres
                .iter()
                .map(|hz| if wanted.is_empty() { 0.0 } else { crate::headphones::graphic::at(wanted, *hz) })
                .collect(),
            heard: vec![[0.0; 9]; centres.len()],
            keep: (-every / MEMORY_S).exp(),
            every,
            seconds: 0.0,
            was: flat.clone(),
            next: flat.clone(),
            verdict: flat,
            places: (0..bins).map(place).collect(),
            gains: PairGains::unity(bins),
            goal: PairGains::unity(bins),
            centres,
        }
    }

    /// The gains for the decomposition's next hop.
    pub fn gains(&self) -> &PairGains {
        &self.gains
    }

    /// The gains of middle and side that it heads for, dB, and the bands that have them, Hz.
    pub fn bands(&self) -> impl Iterator<Item = (f64, [f64; 2])> + '_ {
        self.centres.iter().copied().zip(self.next.iter().copied())
    }

    /// As new.
    pub fn reset(&mut self) {
        self.filled = 0;
        self.rests = false;
        self.seconds = 0.0;
        self.heard.fill([0.0; 9]);
        for curve in [&mut self.was, &mut self.next, &mut self.verdict] {
            curve.fill([0.0; 2]);
        }
        for gains in [&mut self.gains, &mut self.goal] {
            gains.mid.fill(1.0);
            gains.side.fill(1.0);
        }
    }

    /// Takes the next `frames` of all parts as they came out, with the gains in them, in the order of [`PartsLayout`]; no
    /// more than up to the decomposition's next hop.
    pub fn listen<P: AsRef<[f32]>>(&mut self, parts: &[P], frames: usize) {
        let frames = frames.min(self.hop - self.filled % self.hop);
        for (kept, part) in self.parts.iter_mut().zip(parts).filter(|_| !self.rests) {
            let part = part.as_ref();
            let n = frames.min(part.len());
            kept[self.filled..self.filled + n].copy_from_slice(&part[..n]);
            kept[self.filled + n..self.filled + frames].fill(0.0);
        }
        self.filled += frames;
        if self.filled.is_multiple_of(self.hop) {
            let left = ((self.len - self.filled) / self.hop + 1) as f32;
            approach(&mut self.gains.mid, &self.goal.mid, 1.0 / left);
            approach(&mut self.gains.side, &self.goal.side, 1.0 / left);
        }
        if self.filled == self.len {
            self.filled = 0;
            if self.rests {
                self.was.copy_from_slice(&self.next);
                self.rests = false;
            } else {
                self.look();
                self.rests = self.seconds > SETTLED_S;
            }
        }
    }

    /// Adds the last `len` frames to what was heard, and sets out for new gains.
    fn look(&mut self) {
        self.sums.iter_mut().for_each(Spectrum::clear);
        for source in &self.sources {
            source.listen(&self.parts, &self.window, &mut self.fft.time);
            let Spectrum { re, im } = &mut self.spectrum;
            self.fft.forward(re, im);
            let [mid, side, alike, alike_too, unlike, unlike_too] = &mut self.sums;
            let (channel, alike, unlike) =
                if source.is_side { (side, alike_too, unlike_too) } else { (mid, alike, unlike) };
            add(&mut channel.re, re, source.share);
            add(&mut channel.im, im, source.share);
            product(alike, &source.ears[0], re, im);
            product(unlike, &source.ears[1], re, im);
        }
        let scale = 1.0 / (self.len as f64 * self.len as f64);
        // A look stands for the one that was left out before it.
        let looks = if self.seconds > SETTLED_S { 2 } else { 1 };
        let keep = self.keep.powi(looks);
        let mut all = 0.0;
        for (band, bins) in self.bands.iter().enumerate() {
            let power = |a: usize, b: usize| {
                let [a, b] = [&self.sums[a], &self.sums[b]];
                let re = a.re[bins.clone()].iter().zip(&b.re[bins.clone()]);
                let im = a.im[bins.clone()].iter().zip(&b.im[bins.clone()]);
                scale * re.zip(im).map(|((a, b), (c, d))| f64::from(a * b + c * d)).sum::<f64>()
            };
            let now = [
                power(0, 0),
                power(1, 1),
                power(2, 2),
                power(3, 3),
                2.0 * power(2, 3),
                power(4, 4),
                power(5, 5),
                2.0 * power(4, 5),
                power(0, 1),
            ];
            // As it would have been without gains.
            let undo = [0, 1].map(|g| 10f64.powf(-0.05 * (self.was[band][g] + self.next[band][g])));
            let powers = verdict::behind(&now, undo);
            all += powers[0] + powers[1];
            for (sum, power) in self.heard[band].iter_mut().zip(powers) {
                *sum = keep * *sum + f64::from(looks) * power;
            }
        }
        self.was.copy_from_slice(&self.next);
        if all < SILENCE {
            // Nothing was heard: nothing is forgotten, and nothing moves.
            self.heard.iter_mut().flatten().for_each(|sum| *sum /= keep);
            return;
        }
        self.seconds = keep * self.seconds + f64::from(looks) * self.every;
        let known = self.seconds / (self.seconds + BEGIN_S);
        verdict::gains(&self.heard, &self.centres, &self.wanted, &mut self.verdict);
        let step = (FASTEST_DB_S + EAGER_DB_S * (-self.seconds / EAGER_S).exp()) * self.every;
        for (next, verdict) in self.next.iter_mut().flatten().zip(self.verdict.iter().flatten()) {
            *next += (known * verdict - *next).clamp(-step, step);
        }
        for ((place, mid), side) in self.places.iter().zip(&mut self.goal.mid).zip(&mut self.goal.side) {
            let (band, part) = (place.0, f64::from(place.1));
            let [a, b] = [self.next[band], self.next[band + 1]];
            *mid = 10f64.powf(0.05 * (a[0] + part * (b[0] - a[0]))) as f32;
            *side = 10f64.powf(0.05 * (a[1] + part * (b[1] - a[1]))) as f32;
        }
    }
}

fn approach(x: &mut [f32], goal: &[f32], part: f32) {
    x.iter_mut().zip(goal).for_each(|(x, goal)| *x += part * (goal - *x));
}

#[cfg(test)]
mod tests;
