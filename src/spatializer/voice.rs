//! A voice: one source as both ears hear it along one uninterrupted way.
//!
//! A voice that moves is mixed from the filter bank, control point by control point. Once it has rested for three
//! segments its filter is computed at full quality and kept; from then on it costs a fraction, and at a measured
//! direction it is the measured response. The way there and back is a control point like any other, so nothing jumps.

use super::point::{Basis, EarPoint, NO_SLOT, Point};
use crate::coords::Vec3;
use crate::dsp::fft::{Fft, delay_spectrum};
use crate::dsp::kernel::{Kernels, Sums, Sweep, Term};
use crate::dsp::simd::fetch;
use crate::hrtf::near_field::{NearEar, near_ear};
use crate::hrtf::{FilterBank, HrtfSet, Interpolator, Place};

/// Gain 1/d stops rising at this distance, metres.
pub(crate) const NEAREST: f64 = 0.1;

/// Places nearer than this have near-field cues. They set in at 1 m, where they are nothing; a hair less leaves out the
/// many sources that are at 1 m but for rounding.
const NEAR_FIELD: f64 = 0.9999;

/// Change of an ear's arrival time from one control point to the next, samples, that a moving filter follows: about 1000
/// degrees a second at 48 kHz. Beyond it the expansion of the kernel would no longer hold, and a sound that crosses the
/// head in a few milliseconds would chirp; such a way is cut into cross-fades.
const MOST_DELAY_STEP: f64 = 1.2;

/// Slots for spectra of the voice's own: three that come one after another while it moves close to the head, and two
/// in turn for where it rests.
const NEAR_SLOTS: usize = 3;
const SLOTS: usize = NEAR_SLOTS + 2;

/// What a voice is to sound like at a control point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Target {
    /// Metres, as the head sees it.
    pub at: Vec3,
    /// Linear, without the distance.
    pub gain: f64,
    /// Not from anywhere: both ears alike, without a head. For low-frequency effects.
    pub everywhere: bool,
}

/// What voices share while they prepare their filters.
pub(crate) struct Workshop<'a> {
    pub bank: &'a FilterBank,
    pub interpolator: &'a mut Interpolator,
    /// Of the bank's length.
    pub fft: &'a mut Fft,
    /// `[taps]`
    pub response: &'a mut [f32],
    /// Resting filters that may still be computed in this segment.
    pub budget: usize,
    /// Cross-fades that may still begin in this segment, where no way is short enough to glide along.
    pub jumps: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Voice {
    points: [Point; 3],
    /// Last triangles, for each ear on two shells.
    near: [[u32; 2]; 2],
    last: Option<Target>,
    /// Segments for which the place has been the same.
    still: u32,
    /// Which of the two resting slots is current, and for which place.
    rest: u8,
    rest_at: Option<Vec3>,
    rest_delay: [f64; 2],
    turn: usize,
    resting: bool,
    /// Spectra of its own without their arrival times, `[SLOTS][2][re, im][bins]`.
    own: Vec<f32>,
    /// The filter at rest with its arrival times, at gain 1, `[2][re, im][bins]`.
    filter: Vec<f32>,
    bins: usize,
}

impl Voice {
    pub(crate) fn new(bins: usize) -> Self {
        Self {
            points: [[EarPoint::SILENT; 2]; 3],
            near: [[0; 2]; 2],
            last: None,
            still: 0,
            rest: 0,
            rest_at: None,
            rest_delay: [0.0; 2],
            turn: 0,
            resting: false,
            own: vec![0.0; SLOTS * 4 * bins],
            filter: vec![0.0; 4 * bins],
            bins,
        }
    }

    /// Starts afresh on a way through three targets; at full quality at once if it stands still.
    pub(crate) fn start(&mut self, targets: [Target; 3], shop: &mut Workshop<'_>) {
        self.last = None;
        self.rest_at = None;
        self.still = 0;
        let stands = targets[0] == targets[1] && targets[1] == targets[2];
        if stands {
            self.make_rest(&targets[2], shop);
            self.points = [self.rest_point(&targets[2]); 3];
            self.still = 3;
        } else {
            for (i, t) in targets.iter().enumerate() {
                self.points[i] = self.moving_point(t, shop);
            }
            let [a, b, c] = &self.points;
            if too_far(a, b) || too_far(b, c) {
                self.points = [*c; 3];
            }
        }
        self.last = Some(targets[2]);
        self.update_resting();
    }

    /// Starts afresh at one place, from the table.
    pub(crate) fn start_at(&mut self, target: Target, shop: &mut Workshop<'_>) {
        self.rest_at = None;
        self.still = 0;
        self.points = [self.moving_point(&target, shop); 3];
        self.last = Some(target);
        self.update_resting();
    }

    /// The next segment, with the target at its far control point. False, and nothing changes, if the target is too far
    /// from the last one to be reached in a segment.
    pub(crate) fn advance(&mut self, target: Target, shop: &mut Workshop<'_>) -> bool {
        let same = self.last.is_some_and(|l| l.at == target.at && l.everywhere == target.everywhere);
        let still = if same { self.still.saturating_add(1) } else { 0 };
        let rested = self.rest_at == Some(target.at);
        let next = if same && rested {
            self.rest_point(&target)
        } else if still >= 3 && shop.budget > 0 {
            shop.budget -= 1;
            self.make_rest(&target, shop);
            self.rest_point(&target)
        } else {
            self.moving_point(&target, shop)
        };
        if too_far(&self.points[2], &next) {
            return false;
        }
        self.still = still;
        self.last = Some(target);
        self.points = [self.points[1], self.points[2], next];
        self.update_resting();
        true
    }

    /// The next segment, going no farther.
    pub(crate) fn hold(&mut self) {
        self.points = [self.points[1], self.points[2], self.points[2]];
        self.update_resting();
    }

    /// The next segment on the way to silence, staying where it is.
    pub(crate) fn advance_to_silence(&mut self) {
        let next = self.points[2].map(EarPoint::silenced);
        self.points = [self.points[1], self.points[2], next];
        self.update_resting();
    }

    /// The first two control points without sound: the voice fades in over its first segments.
    pub(crate) fn fade_in(&mut self) {
        for p in &mut self.points[..2] {
            *p = p.map(EarPoint::silenced);
        }
        self.update_resting();
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.points
            .iter()
            .flatten()
            .all(|e| e.own_weight == 0.0 && e.terms[..e.count as usize].iter().all(|t| t.1 == 0.0))
    }

    /// True when the filter does not change within the segment and is the one for `target`.
    pub(crate) fn is_resting_at(&self, target: &Target) -> bool {
        self.resting && self.last == Some(*target)
    }

    fn update_resting(&mut self) {
        let [a, b, c] = &self.points;
        let alike = |x: &EarPoint, y: &EarPoint| {
            x.slot >= NEAR_SLOTS as u8 && x.slot != NO_SLOT && x.slot == y.slot && x.own_weight == y.own_weight
        };
        self.resting = (0..2).all(|e| alike(&a[e], &c[e]) && alike(&b[e], &c[e]));
    }

    /// Where one ear's filter is to be looked up for a place, and what the near field adds.
    fn look_up(&mut self, at: Vec3, ear: usize, set: &HrtfSet) -> (Place, f64, Option<NearEar>) {
        let near = if at.norm() < NEAR_FIELD && set.models_near_field() { near_ear(at, ear) } else { None };
        let place = set.place(near.map_or(at, |n| n.direction), &mut self.near[ear]);
        let delay = set.delay(&place, ear) + near.map_or(0.0, |n| n.delay_s * set.sample_rate());
        (place, delay, near)
    }

    /// A control point mixed from the table; close to the head into a spectrum of the voice's own, which then goes
    /// through the near field's filter.
    fn moving_point(&mut self, target: &Target, shop: &mut Workshop<'_>) -> Point {
        let gain = target.gain / target.at.norm().max(NEAREST);
        let bank = shop.bank;
        let set = bank.set();
        self.turn = (self.turn + 1) % NEAR_SLOTS;
        std::array::from_fn(|ear| {
            let (place, delay, near) = self.look_up(target.at, ear, set);
            let Some(near) = near else { return EarPoint::from_table(&place, delay, gain) };
            let own = own_range(self.turn, ear, self.bins);
            let (re, im) = self.own[own].split_at_mut(self.bins);
            re.fill(0.0);
            im.fill(0.0);
            for (vertex, weight) in place.terms() {
                let (from_re, from_im, scale) = bank.spectrum(*vertex, ear);
                let w = *weight as f32 * scale;
                re.iter_mut().zip(from_re).for_each(|(y, x)| *y += w * f32::from(*x));
                im.iter_mut().zip(from_im).for_each(|(y, x)| *y += w * f32::from(*x));
            }
            near.shelves.apply(re, im, bank.len(), set.sample_rate());
            EarPoint::own(self.turn as u8, delay, gain)
        })
    }

    fn rest_point(&self, target: &Target) -> Point {
        let gain = if target.everywhere { target.gain } else { target.gain / target.at.norm().max(NEAREST) };
        let slot = NEAR_SLOTS as u8 + self.rest;
        std::array::from_fn(|ear| EarPoint::own(slot, self.rest_delay[ear], gain))
    }

    /// Computes the filter for a place to rest at, into the resting slot that is not in use.
    fn make_rest(&mut self, target: &Target, shop: &mut Workshop<'_>) {
        self.rest = 1 - self.rest;
        self.rest_at = Some(target.at);
        let bank = shop.bank;
        let set = bank.set();
        let len = bank.len();
        let scale = 1.0 / len as f32;
        for ear in 0..2 {
            let (place, delay, near) = self.look_up(target.at, ear, set);
            if target.everywhere {
                // In step with the head's own front, so that low-frequency effects and speakers arrive together.
                let front = set.place(Vec3::new(1.0, 0.0, 0.0), &mut [0; 2]);
                let at = (0.5 * (set.delay(&front, 0) + set.delay(&front, 1))).round() as usize;
                shop.response.fill(0.0);
                shop.response[at.min(set.taps() - 1)] = 1.0;
            } else {
                shop.interpolator.response(set, place.terms(), ear, set.delay(&place, ear), shop.response);
                if let Some(near) = &near {
                    shop.interpolator.bring_near(shop.response, near, set.sample_rate());
                }
            }
            for (t, x) in shop.fft.time.iter_mut().zip(shop.response.iter()) {
                *t = x * scale;
            }
            shop.fft.time[set.taps()..].fill(0.0);
            let (re, im) = self.filter[2 * ear * self.bins..][..2 * self.bins].split_at_mut(self.bins);
            shop.fft.forward(re, im);
            self.rest_delay[ear] = delay;
            let own = own_range(NEAR_SLOTS + self.rest as usize, ear, self.bins);
            let (own_re, own_im) = self.own[own].split_at_mut(self.bins);
            own_re.copy_from_slice(re);
            own_im.copy_from_slice(im);
            delay_spectrum(own_re, own_im, -delay, len);
        }
    }

    /// Brings the spectra nearer that the next [`Voice::add`] will read.
    pub(crate) fn fetch(&self, bank: &FilterBank) {
        if self.resting {
            return fetch(&self.filter);
        }
        for (ear, point) in self.points[2].iter().enumerate() {
            for (vertex, _) in &point.terms[..point.count as usize] {
                let (re, im, _) = bank.spectrum(*vertex, ear);
                fetch(re);
                fetch(im);
            }
        }
    }

    /// Adds the voice's sound for one hop to the sums of both ears; `x` is the source's spectrum.
    pub(crate) fn add(
        &self,
        x: (&[f32], &[f32]),
        basis: &Basis,
        bank: &FilterBank,
        kernels: &Kernels,
        sums: &mut [Sums; 2],
    ) {
        if self.resting {
            let gain = self.points[2][0].own_weight;
            if gain != 0.0 {
                let filters =
                    std::array::from_fn(|ear| self.filter[2 * ear * self.bins..][..2 * self.bins].split_at(self.bins));
                let [left, right] = sums;
                kernels.apply([left, right], x.0, x.1, filters, gain);
            }
            return;
        }
        for (ear, sums) in sums.iter_mut().enumerate() {
            self.sweep(ear, x, basis, bank, kernels, sums);
        }
    }

    fn sweep(
        &self,
        ear: usize,
        x: (&[f32], &[f32]),
        basis: &Basis,
        bank: &FilterBank,
        kernels: &Kernels,
        sums: &mut Sums,
    ) {
        let (mut table, mut own) = (Terms::<MOST>::default(), Terms::<3>::default());
        let mut delay = [0.0; 3];
        for (i, point) in self.points.iter().enumerate() {
            let p = &point[ear];
            let weights = [basis[0][i], basis[1][i], basis[2][i]];
            for (d, w) in delay.iter_mut().zip(weights) {
                *d += w * p.delay;
            }
            let weights = weights.map(|w| w as f32);
            for (vertex, weight) in &p.terms[..p.count as usize] {
                let weight = weight * bank.scale(*vertex, ear);
                table.add(2 * vertex + ear as u32, weights.map(|w| w * weight));
            }
            if p.slot != NO_SLOT {
                own.add(2 * u32::from(p.slot) + ear as u32, weights.map(|w| w * p.own_weight));
            }
        }
        let way = Sweep {
            table: bank.table(),
            table_terms: table.terms(),
            own: &self.own,
            own_terms: own.terms(),
            delay,
            len: bank.len(),
        };
        kernels.sweep(sums, x.0, x.1, &way);
    }
}

/// True if no segment leads from one point to the next.
fn too_far(a: &Point, b: &Point) -> bool {
    (0..2).any(|ear| (a[ear].delay - b[ear].delay).abs() > MOST_DELAY_STEP)
}

/// Where the voice's own spectrum of one ear lies.
fn own_range(slot: usize, ear: usize, bins: usize) -> std::ops::Range<usize> {
    let at = (slot * 2 + ear) * 2 * bins;
    at..at + 2 * bins
}

/// Three control points of six vertices each.
const MOST: usize = 18;

/// Spectra that several control points share, merged: three points within one triangle need three spectra, not nine.
struct Terms<const N: usize> {
    entries: [Term; N],
    count: usize,
}

impl<const N: usize> Default for Terms<N> {
    fn default() -> Self {
        Self { entries: [Term::default(); N], count: 0 }
    }
}

impl<const N: usize> Terms<N> {
    fn add(&mut self, index: u32, weights: [f32; 3]) {
        match self.entries[..self.count].iter_mut().find(|t| t.index == index) {
            Some(t) => t.weights.iter_mut().zip(weights).for_each(|(w, x)| *w += x),
            None => {
                self.entries[self.count] = Term { index, weights };
                self.count += 1;
            }
        }
    }

    fn terms(&self) -> &[Term] {
        &self.entries[..self.count]
    }
}
