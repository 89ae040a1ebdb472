//! How much of each bin belongs to which direction, and how much to none: one short-time spectrum at a time.
//!
//! Direct sound of one source is in both channels with real gains, in phase; ambience is not. The covariance of the two
//! channels, smoothed over neighbouring bins and some thirty milliseconds, tells both: its principal axis is the panning angle θ,
//! tan 2θ = 2 Re R₁₂ / (R₁₁ − R₂₂), and the excess of its larger eigenvalue over the smaller one, as a part of their sum, is how much
//! of the bin is one direct sound (Avendano & Jot, J. Audio Eng. Soc. 52(7/8), 2004; Merimaa, Goodwin, Jot, AES 123, 2007;
//! Faller, J. Audio Eng. Soc. 54(11), 2006). Sound out of phase counts as no direction.
//!
//! Reverberation is what is left when the sound has gone. So where a bin holds little more than a room of one second
//! would still hold of what went before, only nearly perfect coherence counts as direct.
//!
//! An onset reaches into the frames before it as far as masks differ from bin to bin. Where the power of a band of sixteen bins
//! jumps, the band's own covariance of this moment takes the place of the remembered ones: what begins goes to one
//! place as a whole, and its parts begin when it does.

use crate::dsp::fft::LANES;

/// Time constant of the covariance, seconds.
const MEMORY_S: f64 = 0.03;
/// A room's decay to −60 dB, seconds, and the part of a steady sound's power that its reverberation has.
const ROOM_T60_S: f64 = 1.0;
const ROOM_POWER: f32 = 0.12;
/// The excess of the larger eigenvalue from which a bin begins to be direct, and from which it is nothing else: for fresh
/// sound, and for what may be reverberation.
const FRESH: [f32; 2] = [0.3, 0.95];
const DECAYING: [f32; 2] = [0.9, 0.999];
/// An onset: the power of a band against what it was, where it begins to be one and where it is nothing else; and the
/// frames that hold it, one window's.
const ONSET: [f32; 2] = [1.5, 4.0];
const FRAMES: usize = 4;
/// Of the way between two directions, the part over which a sound goes from one to the other is 1 / this.
pub(super) const SHARPNESS: f32 = 3.0;
/// Below the first all sound is of the centre, above the second none because of it: low bass is not taken apart, Hz.
pub(super) const BASS_HZ: [f64; 2] = [80.0, 160.0];
/// Power below which nothing is heard: −200 dB.
const NOTHING: f32 = 1e-20;

/// Spectra of both channels.
pub(super) struct Stereo<'a> {
    pub re: [&'a [f32]; 2],
    pub im: [&'a [f32]; 2],
}

/// State and results for one frame after the other. All slices are padded to [`LANES`], plus a margin on each side where
/// neighbours are looked at.
#[derive(Clone)]
pub(super) struct Masks {
    /// `[left, right, real part of the cross power][LANES + bins + LANES]`
    raw: [Vec<f32>; 3],
    smooth: [Vec<f32>; 3],
    /// The same of bands of [`LANES`] bins, now, with one more at each end.
    wide: [Vec<f32>; 3],
    /// The power of each band as remembered, how much of an onset each of the last frames was, and the most of them.
    past: Vec<f32>,
    onsets: [Vec<f32>; FRAMES],
    turn: usize,
    onset: Vec<f32>,
    /// What a room would still hold.
    held: Vec<f32>,
    decay: Vec<f32>,
    /// 0 in the bass to 1.
    open: Vec<f32>,
    /// Of each bin, the part that is direct; and its direction, 0 hard left to `sectors − 1` hard right.
    pub direct: Vec<f32>,
    pub direction: Vec<f32>,
    /// What of each bin goes to the centre whatever it is.
    pub bass: Vec<f32>,
    /// The last bin.
    nyquist: usize,
    scale: f32,
    keep: f32,
    hold: f32,
    directions: f32,
}

impl Masks {
    pub(super) fn new(sample_rate: f64, len: usize, hop: usize, sectors: usize, bins: usize) -> Self {
        let wide = || vec![0.0; bins + 2 * LANES];
        let open = |k: usize| {
            let hz = k as f64 * sample_rate / len as f64;
            let t = ((hz.max(1.0) / BASS_HZ[0]).log2() / (BASS_HZ[1] / BASS_HZ[0]).log2()).clamp(0.0, 1.0);
            (t * t * (3.0 - 2.0 * t)) as f32
        };
        let open: Vec<f32> = (0..bins).map(open).collect();
        Self {
            raw: std::array::from_fn(|_| wide()),
            smooth: std::array::from_fn(|_| vec![0.0; bins]),
            wide: std::array::from_fn(|_| vec![0.0; bins / LANES + 2]),
            past: vec![0.0; bins / LANES],
            onsets: std::array::from_fn(|_| vec![0.0; bins / LANES]),
            turn: 0,
            onset: vec![0.0; bins / LANES + 2],
            held: vec![0.0; bins],
            decay: wide(),
            bass: open.iter().map(|o| 1.0 - o).collect(),
            open,
            direct: vec![0.0; bins],
            direction: vec![0.0; bins],
            nyquist: len / 2,
            scale: (1.0 / (len as f64 * len as f64)) as f32,
            keep: (-(hop as f64) / (MEMORY_S * sample_rate)).exp() as f32,
            // −60 dB are 13.8 nepers of power.
            hold: (-13.815_5 * hop as f64 / (ROOM_T60_S * sample_rate)).exp() as f32,
            directions: (sectors - 1) as f32,
        }
    }

    pub(super) fn reset(&mut self) {
        self.smooth.iter_mut().for_each(|s| s.fill(0.0));
        self.held.fill(0.0);
        self.past.fill(0.0);
        self.onsets.iter_mut().for_each(|o| o.fill(0.0));
        self.turn = 0;
    }

    /// Looks at the next frame.
    pub(super) fn update(&mut self, x: &Stereo<'_>) {
        let bins = self.direct.len();
        let margin = LANES..LANES + bins;
        let [ll, rr, lr] = &mut self.raw;
        powers(x, self.scale, [&mut ll[margin.clone()], &mut rr[margin.clone()], &mut lr[margin.clone()]]);
        self.find_onsets();
        self.raw.iter_mut().for_each(|raw| mirror(raw, self.nyquist));
        let [ll, rr, lr] = &self.raw;
        let sum = [&ll[..], &rr[..], &lr[..]];
        remember(sum, &mut self.smooth, self.keep);
        decaying(sum, &mut self.held, &mut self.decay[margin], self.hold);
        mirror(&mut self.decay, self.nyquist);
        let seen = Seen { smooth: &self.smooth, wide: &self.wide, onset: &self.onset, decay: &self.decay };
        let half = LANES / 2;
        for (band, start) in (0..=bins).step_by(LANES).enumerate() {
            // From the middle of one band to that of the next.
            let from = start.saturating_sub(half);
            let to = (start + half).min(bins);
            let shift = from + half - start;
            let (direct, direction) = (&mut self.direct[from..to], &mut self.direction[from..to]);
            judge(&seen, band, shift, from, &self.open[from..to], direct, direction, self.directions);
        }
    }

    /// Looks for bands whose power jumps.
    fn find_onsets(&mut self) {
        let bands = self.past.len();
        for (raw, wide) in self.raw.iter().zip(&mut self.wide) {
            let sum = |band: usize| raw[(band + 1) * LANES..][..LANES].iter().sum::<f32>();
            // A quarter, a half and a quarter of three neighbours; beyond an end is the mirror image of the band before it.
            let [mut before, mut this] = [sum(1.min(bands - 1)), sum(0)];
            for band in 0..bands {
                let next = if band + 1 < bands { sum(band + 1) } else { before };
                wide[band + 1] = 0.5 * this + 0.25 * (before + next);
                (before, this) = (this, next);
            }
            (wide[0], wide[bands + 1]) = (wide[1], wide[bands]);
        }
        for band in 0..bands {
            let power = self.wide[0][band + 1] + self.wide[1][band + 1];
            let jump = (power / (self.past[band] + NOTHING) - ONSET[0]) / (ONSET[1] - ONSET[0]);
            self.onsets[self.turn][band] = jump.clamp(0.0, 1.0);
            self.past[band] = self.keep * self.past[band] + (1.0 - self.keep) * power;
            self.onset[band + 1] = self.onsets.iter().fold(0.0, |most, o| most.max(o[band]));
        }
        (self.onset[0], self.onset[bands + 1]) = (self.onset[1], self.onset[bands]);
        self.turn = (self.turn + 1) % FRAMES;
    }
}

/// What the judgement of a frame goes by.
struct Seen<'a> {
    smooth: &'a [Vec<f32>; 3],
    wide: &'a [Vec<f32>; 3],
    onset: &'a [f32],
    decay: &'a [f32],
}

/// Neighbours of the first and of the last bin: spectra of real signals are mirror images of themselves there.
fn mirror(x: &mut [f32], nyquist: usize) {
    x[LANES - 1] = x[LANES + 1];
    x[LANES + nyquist + 1] = x[LANES + nyquist - 1];
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn powers(x: &Stereo<'_>, scale: f32, out: [&mut [f32]; 3]) {
    let [ll, rr, lr] = out;
    let n = ll.len();
    let [lre, rre] = x.re.map(|s| &s[..n]);
    let [lim, rim] = x.im.map(|s| &s[..n]);
    let (rr, lr) = (&mut rr[..n], &mut lr[..n]);
    for k in 0..n {
        ll[k] = (lre[k] * lre[k] + lim[k] * lim[k]) * scale;
        rr[k] = (rre[k] * rre[k] + rim[k] * rim[k]) * scale;
        lr[k] = (lre[k] * rre[k] + lim[k] * rim[k]) * scale;
    }
}

/// One of a bin and its neighbours, a quarter, a half and a quarter; `k` counts from the margin.
macro_rules! three {
    ($x:expr, $k:expr) => {
        0.5 * $x[$k + 1] + 0.25 * ($x[$k] + $x[$k + 2])
    };
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn remember(raw: [&[f32]; 3], smooth: &mut [Vec<f32>; 3], keep: f32) {
    for (raw, smooth) in raw.into_iter().zip(smooth) {
        let n = smooth.len();
        let raw = &raw[LANES - 1..][..n + 2];
        for k in 0..n {
            smooth[k] = keep * smooth[k] + (1.0 - keep) * three!(raw, k);
        }
    }
}

/// How near each bin is to what a room would still hold of what went before, 0 to 1.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn decaying(raw: [&[f32]; 3], held: &mut [f32], decay: &mut [f32], hold: f32) {
    let n = held.len();
    let (ll, rr) = (&raw[0][LANES - 1..][..n + 2], &raw[1][LANES - 1..][..n + 2]);
    let decay = &mut decay[..n];
    for k in 0..n {
        let power = three!(ll, k) + three!(rr, k);
        decay[k] = (ROOM_POWER * held[k] / (power + NOTHING)).min(1.0);
        held[k] = hold * held[k] + (1.0 - hold) * power;
    }
}

/// The bins from `from` on, which lie between the middles of the bands `band` − 1 and `band`, `shift` bins behind the first of them.
#[multiversion::multiversion(targets("x86_64+avx2"))]
#[allow(clippy::too_many_arguments)] // One loop, all that it reads and writes.
fn judge(
    seen: &Seen<'_>,
    band: usize,
    shift: usize,
    from: usize,
    open: &[f32],
    direct: &mut [f32],
    direction: &mut [f32],
    directions: f32,
) {
    let n = direct.len();
    let (open, direction) = (&open[..n], &mut direction[..n]);
    let [ll, rr, lr] = seen.smooth.each_ref().map(|s| &s[from..from + n]);
    let decay = &seen.decay[LANES - 1 + from..][..n + 2];
    // With the margin of one, the bands are at `band` and the one behind it.
    let [l0, r0, x0] = seen.wide.each_ref().map(|w| w[band]);
    let [l1, r1, x1] = seen.wide.each_ref().map(|w| w[band + 1]);
    let [o0, o1] = [seen.onset[band], seen.onset[band + 1]];
    for k in 0..n {
        let t = ((k + shift) as f32 + 0.5) / LANES as f32;
        let onset = o0 + t * (o1 - o0);
        let keep = 1.0 - onset;
        let ll = keep * ll[k] + onset * (l0 + t * (l1 - l0));
        let rr = keep * rr[k] + onset * (r0 + t * (r1 - r0));
        let lr = keep * lr[k] + onset * (x0 + t * (x1 - x0));
        let (difference, twice) = (ll - rr, 2.0 * lr.max(0.0));
        let excess = (difference * difference + twice * twice).sqrt();
        let part = excess / (ll + rr + NOTHING);
        let old = keep * three!(decay, k);
        let low = FRESH[0] + old * (DECAYING[0] - FRESH[0]);
        let high = FRESH[1] + old * (DECAYING[1] - FRESH[1]);
        let t = ((part - low) / (high - low)).clamp(0.0, 1.0);
        direct[k] = t * t * (3.0 - 2.0 * t) * open[k];
        // The cosine of twice the panning angle; of silence, that of the middle.
        let cosine = (difference / (excess + NOTHING)).clamp(-1.0, 1.0);
        direction[k] = arc_cosine(cosine) * (directions / std::f32::consts::PI);
    }
}

/// The arc cosine to 2e-8, without branches (Abramowitz & Stegun, Handbook of Mathematical Functions, 4.4.46).
#[inline(always)]
fn arc_cosine(x: f32) -> f32 {
    const A: [f32; 8] = [
        std::f32::consts::FRAC_PI_2,
        -0.214_598_8,
        0.088_978_99,
        -0.050_174_3,
        0.030_891_88,
        -0.017_088_126,
        0.006_670_09,
        -0.001_262_491_1,
    ];
    let a = x.abs();
    let mut p = A[7];
    p = p * a + A[6];
    p = p * a + A[5];
    p = p * a + A[4];
    p = p * a + A[3];
    p = p * a + A[2];
    p = p * a + A[1];
    p = p * a + A[0];
    let y = (1.0 - a).max(0.0).sqrt() * p;
    if x < 0.0 { std::f32::consts::PI - y } else { y }
}

/// The spectrum of one direction: its part of every bin, as much of it as lies along its panning angle, whose gains are
/// `gains`; the centre has the bass besides.
pub(super) fn pick(masks: &Masks, x: &Stereo<'_>, sector: usize, centre: bool, gains: [f32; 2], out: [&mut [f32]; 2]) {
    let bass = if centre { 1.0 } else { 0.0 };
    pick_bins([&masks.direct, &masks.direction, &masks.bass], x, sector as f32, bass, gains, out);
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn pick_bins(masks: [&[f32]; 3], x: &Stereo<'_>, sector: f32, bass: f32, gains: [f32; 2], out: [&mut [f32]; 2]) {
    let [re, im] = out;
    let n = re.len();
    let im = &mut im[..n];
    let [direct, direction, low] = masks.map(|s| &s[..n]);
    let [lre, rre] = x.re.map(|s| &s[..n]);
    let [lim, rim] = x.im.map(|s| &s[..n]);
    for k in 0..n {
        let near = ((0.5 - (direction[k] - sector).abs()) * SHARPNESS + 0.5).clamp(0.0, 1.0);
        let mask = near * direct[k] + bass * low[k];
        re[k] = mask * (gains[0] * lre[k] + gains[1] * rre[k]);
        im[k] = mask * (gains[0] * lim[k] + gains[1] * rim[k]);
    }
}
