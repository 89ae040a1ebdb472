//! The walk over all images, and the sum of their impulses.
//!
//! Squared distances and reflections are separable along the axes, so an image costs two additions, a root and two
//! products before its kernel is added. Images are taken in batches, in no order: nothing is sorted, and for one channel
//! nothing but the batch is kept.

use super::super::bands::BandFilter;
use super::super::bands::many::{LANES, ManyWeights};
use super::super::lattice::Image;
use super::super::{BANDS, Bands};
use super::sinc::{self, HALF, PHASES, TAPS, Taps};
use super::{NEAREST_M, Shoebox};
use crate::coords::Vec3;

/// Images added together.
const BATCH: usize = 1024;
/// Responses side by side: seven parts and nothing.
const PARTS: usize = 8;

/// Channel gains of a direction.
pub(super) type Encode<'a> = &'a mut dyn FnMut(Vec3, &mut [f32]);

/// What is known along one axis, for the indices −order to order.
struct Along {
    /// From the listener to the image.
    way: Vec<f64>,
    /// What the two walls leave, band by band.
    gain: Vec<Bands>,
}

impl Along {
    fn new(shoebox: &Shoebox<'_>, axis: usize) -> Self {
        let order = shoebox.orders.1 as i32;
        let images = (-order..=order).map(|n| {
            let mut index = [0; 3];
            index[axis] = n;
            Image { index }
        });
        let along = |v: Vec3| [v.x, v.y, v.z][axis];
        Self {
            way: images
                .clone()
                .map(|i| along(i.position(shoebox.room.size, shoebox.source) - shoebox.listener))
                .collect(),
            gain: images.map(|i| i.reflection(shoebox.reflection)).collect(),
        }
    }
}

/// Images under way into the response.
#[derive(Default)]
struct Batch {
    /// Delay in steps of the table, and what is left of a step.
    step: Vec<u32>,
    part: Vec<f32>,
    /// Flat: the gain of each image.
    gain: Vec<f32>,
    /// By bands: the gains, then what each part gets.
    bands: Vec<[f32; PARTS]>,
    /// `[images][channels]`
    channels: Vec<f32>,
    /// Images too near for the table, and their taps.
    near: Vec<(usize, Taps)>,
}

impl Batch {
    fn clear(&mut self) {
        self.step.clear();
        self.part.clear();
        self.gain.clear();
        self.bands.clear();
        self.channels.clear();
        self.near.clear();
    }

    fn len(&self) -> usize {
        self.step.len()
    }
}

/// `[channels][frames]`; the arguments have been checked.
pub(super) fn respond(
    shoebox: &Shoebox<'_>,
    sample_rate: f64,
    frames: usize,
    channels: usize,
    encode: Option<Encode<'_>>,
) -> Vec<Vec<f32>> {
    let flat = |bands: &Bands| bands.iter().all(|b| *b == bands[0]);
    let by_bands = shoebox.room.air.is_some() || shoebox.directivity.is_some() || !shoebox.reflection.iter().all(flat);
    let walk = Walk { shoebox, per_metre: sample_rate / shoebox.room.speed_of_sound, frames, channels, by_bands };
    if by_bands { walk.by_bands(sample_rate, encode) } else { walk.flat(encode) }
}

struct Walk<'a> {
    shoebox: &'a Shoebox<'a>,
    /// Frames a metre.
    per_metre: f64,
    frames: usize,
    channels: usize,
    by_bands: bool,
}

impl Walk<'_> {
    fn flat(&self, encode: Option<Encode<'_>>) -> Vec<Vec<f32>> {
        let mut out = vec![vec![0.0f32; self.frames + TAPS]; self.channels];
        self.images(encode, BATCH, &mut |batch| {
            for (c, out) in out.iter_mut().enumerate() {
                add(out, batch, c, self.channels);
            }
        });
        out.iter_mut().for_each(|o| o.truncate(self.frames));
        out
    }

    fn by_bands(&self, sample_rate: f64, encode: Option<Encode<'_>>) -> Vec<Vec<f32>> {
        let filter = BandFilter::new(sample_rate);
        let many = ManyWeights::new(&filter);
        let poles = filter.poles();
        // Nothing sounds after the last image but the filters.
        let used = self.frames.min(self.shoebox.frames(sample_rate));
        let mut parts = vec![[0.0f32; PARTS]; used + TAPS];
        let mut out = vec![vec![0.0f32; self.frames]; self.channels];
        // Several channels share one sum of parts, one after the other, so all images are kept for them.
        let size = if self.channels == 1 { BATCH } else { usize::MAX };
        self.images(encode, size, &mut |batch| {
            weigh(&many, &mut batch.bands);
            if self.channels == 1 {
                return add_parts(&mut parts, batch, 0, 1);
            }
            for (c, out) in out.iter_mut().enumerate() {
                parts.fill([0.0; PARTS]);
                add_parts(&mut parts, batch, c, self.channels);
                filter_parts(&poles, &parts, out);
            }
        });
        if let [out] = &mut out[..] {
            filter_parts(&poles, &parts, out);
        }
        out
    }

    /// Hands out all images that are heard in time, at most about `size` at once.
    fn images(&self, mut encode: Option<Encode<'_>>, size: usize, take: &mut dyn FnMut(&mut Batch)) {
        let (low, high) = (self.shoebox.orders.0 as i32, self.shoebox.orders.1 as i32);
        if low > high {
            return;
        }
        let [x, y, z] = std::array::from_fn(|axis| Along::new(self.shoebox, axis));
        let air = self.shoebox.room.air.as_ref().map(super::super::air::bands);
        let squares: Vec<f64> = z.way.iter().map(|w| w * w).collect();
        let gains: Vec<f32> = z.gain.iter().map(|g| g[0] as f32).collect();
        let mut batch = Batch::default();
        let mut row = Row::new(2 * high as usize + 1);
        for nx in -high..=high {
            for ny in nx.abs() - high..=high - nx.abs() {
                let (i, j) = ((nx + high) as usize, (ny + high) as usize);
                let left = high - nx.abs() - ny.abs();
                let least = low - nx.abs() - ny.abs();
                let halves = if least > 0 { [(-left, -least), (least, left)] } else { [(-left, left), (1, 0)] };
                for (from, to) in halves.into_iter().filter(|(from, to)| from <= to) {
                    let span = (from + high) as usize..(to + high) as usize + 1;
                    let flat_xy = x.gain[i][0] * y.gain[j][0];
                    let square = x.way[i] * x.way[i] + y.way[j] * y.way[j];
                    let scale = (self.per_metre, self.shoebox.lead);
                    reach(&mut row, &squares[span.clone()], &gains[span.clone()], square, flat_xy, scale);
                    for (r, k) in span.enumerate() {
                        let step = row.step[r];
                        if step as usize / PHASES >= self.frames + HALF {
                            continue;
                        }
                        let distance = row.distance[r];
                        if (step as usize) < HALF * PHASES {
                            batch.near.push((batch.len(), sinc::near((distance - self.shoebox.lead) * self.per_metre)));
                        }
                        batch.step.push(step);
                        batch.part.push(row.part[r]);
                        if self.by_bands {
                            let way = Vec3::new(x.way[i], y.way[j], z.way[k]);
                            let image = Image { index: [nx, ny, k as i32 - high] };
                            let mut bands = self.gains(&image, way, distance, air.as_ref());
                            for b in 0..BANDS {
                                bands[b] *= (x.gain[i][b] * y.gain[j][b] * z.gain[k][b]) as f32;
                            }
                            batch.bands.push(bands);
                        } else {
                            batch.gain.push(row.gain[r]);
                        }
                        let at = batch.channels.len();
                        if let Some(encode) = &mut encode {
                            batch.channels.resize(at + self.channels, 0.0);
                            let way = Vec3::new(x.way[i], y.way[j], z.way[k]);
                            encode(way.direction(), &mut batch.channels[at..]);
                        }
                    }
                    if batch.len() >= size {
                        take(&mut batch);
                        batch.clear();
                    }
                }
            }
        }
        take(&mut batch);
    }

    /// What distance, air and directivity leave in each band.
    fn gains(&self, image: &Image, way: Vec3, distance: f64, air: Option<&Bands>) -> [f32; PARTS] {
        let spread = 1.0 / distance.max(NEAREST_M);
        let sent = self.shoebox.directivity.map(|d| d(image.seen_by_source(-way.direction())));
        let mut gains = [0.0; PARTS];
        for k in 0..BANDS {
            let lost = air.map_or(1.0, |a| (-a[k] * distance).exp());
            gains[k] = (spread * lost * sent.map_or(1.0, |s| s[k])) as f32;
        }
        gains
    }
}

/// A row of images along z.
struct Row {
    distance: Vec<f64>,
    step: Vec<u32>,
    part: Vec<f32>,
    gain: Vec<f32>,
}

impl Row {
    fn new(len: usize) -> Self {
        Self { distance: vec![0.0; len], step: vec![0; len], part: vec![0.0; len], gain: vec![0.0; len] }
    }
}

/// Distance, delay and flat gain of a row; `square` and `gain` are what x and y make. Delays are frames a metre, counted
/// from a distance.
#[multiversion::multiversion(targets("x86_64+avx2+fma"))]
fn reach(row: &mut Row, squares: &[f64], gains: &[f32], square: f64, gain: f64, (per_metre, lead): (f64, f64)) {
    let n = squares.len();
    let (distance, step) = (&mut row.distance[..n], &mut row.step[..n]);
    let (part, out, gains) = (&mut row.part[..n], &mut row.gain[..n], &gains[..n]);
    // Delays beyond the longest response there may be are all the same.
    let most = f64::from(i32::MAX - 1);
    let scale = per_metre * PHASES as f64;
    for i in 0..n {
        let d = (square + squares[i]).sqrt();
        distance[i] = d;
        let late = (d - lead) * scale;
        let late = if late > 0.0 { late } else { 0.0 };
        let steps = if late < most { late } else { most };
        let whole = steps as i32;
        step[i] = whole as u32;
        part[i] = (steps - f64::from(whole)) as f32;
        let floored = if d < NEAREST_M { NEAREST_M } else { d };
        out[i] = gains[i] * (gain / floored) as f32;
    }
}

/// In place: gains of bands become the weights of the low-passes, which are differences of those of the parts.
fn weigh(many: &ManyWeights, bands: &mut [[f32; PARTS]]) {
    for chunk in bands.chunks_mut(LANES) {
        let mut lanes = [[0.0f32; LANES]; BANDS];
        for (i, gains) in chunk.iter().enumerate() {
            (0..BANDS).for_each(|k| lanes[k][i] = gains[k]);
        }
        many.solve(&mut lanes);
        for (i, weights) in chunk.iter_mut().enumerate() {
            for k in 0..BANDS {
                weights[k] = lanes[k][i] - lanes.get(k + 1).map_or(0.0, |above| above[i]);
            }
        }
    }
}

/// Where an impulse begins, its phase, and whether it lies in the table.
#[inline(always)]
fn place(step: u32) -> Option<(usize, usize)> {
    let step = step as usize;
    Some(((step / PHASES).checked_sub(HALF)? + 1, step % PHASES))
}

/// Adds a batch of impulses to channel `c`.
#[multiversion::multiversion(targets("x86_64+avx2+fma"))]
fn add(out: &mut [f32], batch: &Batch, c: usize, channels: usize) {
    let table = sinc::table();
    let mut near = batch.near.iter();
    let omni = batch.channels.is_empty();
    for (i, ((step, part), gain)) in batch.step.iter().zip(&batch.part).zip(&batch.gain).enumerate() {
        let gain = if omni { *gain } else { gain * batch.channels[i * channels + c] };
        if let Some((first, phase)) = place(*step) {
            let (a, b) = (&table[phase], &table[phase + 1]);
            let (close, far) = (gain * (1.0 - part), gain * part);
            if let Some(out) = out.get_mut(first..first + TAPS) {
                for k in 0..TAPS {
                    out[k] += close * a[k] + far * b[k];
                }
            }
        } else if let Some((_, taps)) = near.next() {
            out.iter_mut().zip(taps).for_each(|(o, t)| *o += gain * t);
        }
    }
}

/// Adds a batch of impulses of channel `c` to the sums before the low-passes.
#[multiversion::multiversion(targets("x86_64+avx2+fma"))]
fn add_parts(out: &mut [[f32; PARTS]], batch: &Batch, c: usize, channels: usize) {
    let table = sinc::table();
    let mut near = batch.near.iter();
    let omni = batch.channels.is_empty();
    for (i, ((step, part), weights)) in batch.step.iter().zip(&batch.part).zip(&batch.bands).enumerate() {
        let gain = if omni { 1.0 } else { batch.channels[i * channels + c] };
        let weights = weights.map(|w| w * gain);
        if let Some((first, phase)) = place(*step) {
            let taps = sinc::mix(&table[phase], &table[phase + 1], *part, 1.0);
            if let Some(out) = out.get_mut(first..first + TAPS) {
                for k in 0..TAPS {
                    for p in 0..PARTS {
                        out[k][p] += taps[k] * weights[p];
                    }
                }
            }
        } else if let Some((_, taps)) = near.next() {
            for (out, tap) in out.iter_mut().zip(taps) {
                (0..PARTS).for_each(|p| out[p] += tap * weights[p]);
            }
        }
    }
}

/// The six low-passes of [`BandFilter`] over their sums; the seventh sum passes.
#[multiversion::multiversion(targets("x86_64+avx2+fma"))]
fn filter_parts(poles: &[f32; BANDS - 1], parts: &[[f32; PARTS]], out: &mut [f32]) {
    let mut pole = [0.0f32; PARTS];
    pole[..BANDS - 1].copy_from_slice(poles);
    let mut state = [0.0f32; PARTS];
    let silence = [0.0f32; PARTS];
    // After the last sum the filters ring on into what is left of the response.
    for (n, out) in out.iter_mut().enumerate() {
        let x = parts.get(n).unwrap_or(&silence);
        let mut low = [0.0f32; PARTS];
        for p in 0..PARTS {
            let v = (x[p] - state[p]) * pole[p];
            low[p] = v + state[p];
            state[p] = low[p] + v;
        }
        *out = low[..BANDS - 1].iter().sum::<f32>() + x[BANDS - 1];
    }
}
