//! How sound decays in a shoebox, averaged over where the source and the listener are: what the late field is tuned to,
//! and how a wanted reverberation time becomes walls.
//!
//! Seen from the listener, images fill space evenly, one for each volume of the room. A ray of length r in direction u
//! crosses `r |u_a| / L_a` walls of axis a on average, so images at the distance r = ct in that direction have lost, in
//! energy, `exp(−t k(u))` with `k(u) = c Σ_a −ln(β_a0 β_a1) |u_a| / L_a + 2 c a` (a: what air takes). A spherical shell
//! of thickness c dt holds `4π r² c dt / V` images of energy 1/r² each: the field of all images is 4πc/V times the mean of
//! that exponential over the sphere, which falls fast at first and slower later when the walls are unequal.
//!
//! The number of walls crossed is not its mean, though: with evenly distributed places it is the integer below or the
//! one above, each as likely as the fraction says. [`Decay::of_order`] uses that to tell the orders apart exactly.
//!
//! Sources: Allen and Berkley, J. Acoust. Soc. Am. 65(4), 1979; Lehmann and Johansson, J. Acoust. Soc. Am. 124(1),
//! 2008, pp. 269–277 (decay of the image method by integration over directions).

use super::air::attenuation_per_metre;
use super::{BAND_CENTRES_HZ, BANDS, Bands, Room};
use crate::coords::Vec3;
use std::f64::consts::{LN_10, PI};

/// The octave bands and one above them, in which the walls stay as they are in the last and air takes more.
pub const SPECTRUM: usize = BANDS + 1;

/// Their centres, Hz.
pub const SPECTRUM_HZ: [f64; SPECTRUM] = {
    let mut hz = [16_000.0; SPECTRUM];
    let mut b = 0;
    while b < BANDS {
        hz[b] = BAND_CENTRES_HZ[b];
        b += 1;
    }
    hz
};

/// One value for each of them.
pub type Spectrum = [f64; SPECTRUM];

/// The longest decay of the late field, seconds to −60 dB: without absorption it would never end.
pub const LONGEST_T60: f64 = 30.0;

/// Nepers of energy in 60 dB.
pub const SIXTY_DB: f64 = 6.0 * LN_10;

/// Absorption where the walls' own cannot be scaled to a wanted time, as with none at all.
const ANY_ABSORPTION: f64 = 0.2;

/// Gauss and Legendre's six points between 0 and 1, and their weights.
const GAUSS: [(f64, f64); 6] = [
    (0.033_765_242_898_424, 0.085_662_246_189_585),
    (0.169_395_306_766_868, 0.180_380_786_524_069),
    (0.380_690_406_958_402, 0.233_956_967_286_346),
    (0.619_309_593_041_598, 0.233_956_967_286_346),
    (0.830_604_693_233_132, 0.180_380_786_524_069),
    (0.966_234_757_101_576, 0.085_662_246_189_585),
];

/// Parts of the sphere: for each axis the directions closest to it, those that decay slowly and those that decay fast.
pub const CELLS: usize = 6;

/// The part of each axis's directions that is not wholly fast.
const FAST_FROM: f64 = 0.85;

/// Which cells, a bit for each: `1 << (2 axis + fast)`.
pub type CellMask = u8;

/// The whole sphere.
pub const EVERYWHERE: CellMask = (1 << CELLS) - 1;

/// How the sphere is cut in cells: sharply between the axes, softly between slow and fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cells {
    /// Decay in a direction: the sum over the axes of this, times the direction's part along the axis.
    slopes: [f64; 3],
    /// Of the directions closest to each axis: the slowest decay, and one above which all is fast.
    bounds: [[f64; 2]; 3],
}

impl Cells {
    /// The axis that a direction (any length but 0) is closest to, and the part of its energy that is counted as slow. For
    /// the audio thread.
    pub fn of(&self, direction: Vec3) -> (usize, f64) {
        let parts = [direction.x.abs(), direction.y.abs(), direction.z.abs()];
        let axis = (0..3).fold(0, |best, a| if parts[a] > parts[best] { a } else { best });
        let decay: f64 = parts.iter().zip(self.slopes).map(|(u, k)| u * k).sum::<f64>() / direction.norm();
        let [low, high] = self.bounds[axis];
        if high - low < 1e-9 {
            return (axis, 0.5);
        }
        let fast = ((decay - low) / (high - low)).clamp(0.0, 1.0);
        (axis, (1.0 - fast) * (1.0 - fast))
    }
}

/// A direction of the first octant; by symmetry it stands for eight.
#[derive(Clone, Copy, Debug)]
struct Ray {
    /// Its part of the sphere; all add up to 1.
    weight: f64,
    /// Walls of each axis crossed in a metre.
    walls: [f64; 3],
    /// The axis it is closest to.
    axis: usize,
    direction: Vec3,
    /// The part of its energy that counts as slow.
    slow: f64,
}

/// A term `energy · exp(−rate t)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// At t = 0, a second.
    pub energy: f64,
    /// Nepers of energy a second.
    pub rate: f64,
}

/// Energy still to come at t, of a sum of exponentials, and its slope.
fn left(terms: &[Term], t: f64) -> (f64, f64) {
    terms.iter().fold((0.0, 0.0), |(sum, slope), term| {
        let now = term.energy * (-term.rate * t).exp();
        (sum + now / term.rate, slope - now)
    })
}

/// Energy still to come at t, of a sum of exponentials.
pub fn energy_after(terms: &[Term], t: f64) -> f64 {
    left(terms, t).0
}

/// When the energy still to come has fallen by `db` (positive) from what it was at 0.
pub fn time_of_fall(terms: &[Term], db: f64) -> f64 {
    let wanted = left(terms, 0.0).0.ln() - db * LN_10 / 10.0;
    let mut t = 0.0;
    // The logarithm of such a sum is convex: Newton's steps come from the left and never overshoot.
    for _ in 0..20 {
        let (sum, slope) = left(terms, t);
        let step = (sum.ln() - wanted) * sum / -slope;
        if !step.is_finite() || step < 1e-6 * t {
            break;
        }
        t += step;
    }
    t
}

/// Reverberation time of a sum of exponentials as ISO 3382-1 measures it: the straight line through the decay from −5 to
/// −35 dB, extended to 60. Seconds.
pub fn t30(terms: &[Term]) -> f64 {
    line_through(terms, 5.0, 35.0)
}

/// Early decay time: the same from 0 to −10 dB.
pub fn edt(terms: &[Term]) -> f64 {
    line_through(terms, 0.0, 10.0)
}

fn line_through(terms: &[Term], from_db: f64, to_db: f64) -> f64 {
    let (from, to) = (time_of_fall(terms, from_db), time_of_fall(terms, to_db));
    let (_, rate) = fit(terms, from, to);
    SIXTY_DB / rate
}

/// The straight line closest to the logarithm of the energy still to come between two times: its value at 0 as a
/// logarithm, and how fast it falls.
pub fn fit(terms: &[Term], from: f64, to: f64) -> (f64, f64) {
    const POINTS: usize = 9;
    let middle = 0.5 * (POINTS - 1) as f64;
    let (mut mean, mut slope, mut squares) = (0.0, 0.0, 0.0);
    for i in 0..POINTS {
        let x = i as f64 - middle;
        let y = left(terms, from + (to - from) * i as f64 / (POINTS - 1) as f64).0.max(1e-300).ln();
        mean += y / POINTS as f64;
        slope += x * y;
        squares += x * x;
    }
    let rate = -slope / squares * (POINTS - 1) as f64 / (to - from);
    (mean + rate * 0.5 * (from + to), rate)
}

/// The mean decay of one room.
#[derive(Clone, Debug)]
pub struct Decay {
    rays: Vec<Ray>,
    /// Energy reflection factors of each wall.
    walls: [Spectrum; 6],
    /// Nepers of energy a metre that air takes.
    air: Spectrum,
    speed: f64,
    volume: f64,
    cells: Cells,
}

impl Ray {
    /// The part of it that is in some cells.
    fn share(&self, cells: CellMask) -> f64 {
        let bit = |cell: usize| f64::from(cells >> cell & 1);
        self.slow * bit(2 * self.axis) + (1.0 - self.slow) * bit(2 * self.axis + 1)
    }
}

impl Decay {
    /// Of a room that has passed [`Room::check`]. With a wanted time the walls are those of [`Decay::reflection`].
    pub fn new(room: &Room) -> Self {
        let walls = room.absorption.map(|wall| std::array::from_fn(|b| 1.0 - wall[b.min(BANDS - 1)]));
        let air = SPECTRUM_HZ.map(|hz| room.air.as_ref().map_or(0.0, |air| 2.0 * attenuation_per_metre(air, hz)));
        let mut decay = Self {
            rays: rays(room.size),
            walls,
            air,
            speed: room.speed_of_sound,
            volume: room.volume(),
            cells: Cells { slopes: [0.0; 3], bounds: [[0.0; 2]; 3] },
        };
        if let Some(wanted) = &room.t60 {
            (0..BANDS).for_each(|b| decay.tune(b, wanted[b]));
            let last: [f64; 6] = std::array::from_fn(|w| decay.walls[w][BANDS - 1]);
            decay.walls.iter_mut().zip(last).for_each(|(wall, q)| wall[BANDS] = q);
        }
        decay.cells = decay.cut(room.size);
        decay.set_cells(&decay.cells.clone());
        decay
    }

    /// How this room's directions fall in cells.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Counts directions by the cells of another room.
    pub fn set_cells(&mut self, cells: &Cells) {
        self.cells = *cells;
        self.rays.iter_mut().for_each(|ray| ray.slow = cells.of(ray.direction).1);
    }

    /// Cells by the decay in the middle bands.
    fn cut(&self, size: [f64; 3]) -> Cells {
        let slopes = std::array::from_fn(|a| (1..6).map(|b| self.axes(b).0[a]).sum::<f64>() / size[a]);
        let bounds = std::array::from_fn(|axis| {
            let decay =
                |r: &Ray| [r.direction.x, r.direction.y, r.direction.z].iter().zip(slopes).map(|(u, k)| u * k).sum();
            let mut own: Vec<(f64, f64)> =
                self.rays.iter().filter(|r| r.axis == axis).map(|r| (decay(r), r.weight)).collect();
            own.sort_by(|a, b| a.0.total_cmp(&b.0));
            let all: f64 = own.iter().map(|(_, w)| w).sum();
            let mut part = 0.0;
            let high = own.iter().find(|(_, w)| {
                part += w;
                part >= FAST_FROM * all
            });
            [own.first(), high].map(|edge| edge.map_or(0.0, |(decay, _)| *decay))
        });
        Cells { slopes, bounds }
    }

    /// Raises the reflection factors of a band to the power that makes its T30 the time wanted.
    fn tune(&mut self, band: usize, wanted: f64) {
        let mut own: [f64; 6] = std::array::from_fn(|w| self.walls[w][band]);
        // Walls that absorb everything have no exponent, and walls that absorb nothing no use for one.
        let loss: f64 = own.iter().map(|q| -q.clamp(1e-3, 1.0).ln()).sum();
        if loss < 1e-3 || own.iter().all(|q| *q < 1e-3) {
            own = [1.0 - ANY_ABSORPTION; 6];
        }
        let air = self.speed * self.air[band];
        let goal = SIXTY_DB / wanted - air;
        let mut power = 1.0;
        for _ in 0..8 {
            for (wall, q) in self.walls.iter_mut().zip(own) {
                wall[band] = q.max(1e-3).powf(power);
            }
            // What the walls alone would do, as if the rates of walls and air added up.
            let got = SIXTY_DB / t30(&self.terms(band, EVERYWHERE)) - air;
            let next = if goal > 0.0 && got > 0.0 { (power * goal / got).clamp(1e-4, 1e3) } else { 1e-4 };
            let done = (next / power - 1.0).abs() < 1e-5;
            power = next;
            if done {
                break;
            }
        }
    }

    /// Pressure reflection factors of the walls: `sqrt(1 − absorption)`. If the room asks for a reverberation time, each
    /// band's factors are raised to one power such that the mean decay has that T30 (ISO 3382-1), which keeps their
    /// proportions in decibels; where they have none to keep (no absorption at all, or nothing else) all walls are taken
    /// alike. A time longer than what air allows leaves the walls rigid.
    pub fn reflection(&self) -> [Bands; 6] {
        self.walls.map(|wall| std::array::from_fn(|b| wall[b].sqrt()))
    }

    /// The mean field of all images in one band as exponentials, of some cells: the
    /// energy that reaches an omnidirectional listener in a second from a source of gain 1 at a metre that clicks once.
    pub fn terms(&self, band: usize, cells: CellMask) -> Vec<Term> {
        let (rates, excess) = self.axes(band);
        let own = |ray: &&Ray| ray.share(cells) > 0.0;
        let scale = 4.0 * PI * self.speed / self.volume * excess;
        self.rays
            .iter()
            .filter(own)
            .map(|ray| {
                let walls: f64 = ray.walls.iter().zip(rates).map(|(n, k)| n * k).sum();
                Term {
                    energy: scale * ray.weight * ray.share(cells),
                    rate: (self.speed * (walls + self.air[band])).max(SIXTY_DB / LONGEST_T60),
                }
            })
            .collect()
    }

    /// Nepers of energy for a crossing of each axis, and by how much the mean over whole crossings lies above the
    /// exponential of the mean number of them.
    fn axes(&self, band: usize) -> ([f64; 3], f64) {
        let mut excess = 1.0;
        let rates = std::array::from_fn(|a| {
            let (low, high) = (self.walls[2 * a][band], self.walls[2 * a + 1][band]);
            let rate = -0.5 * (low * high).max(1e-6).ln();
            let (once, twice) = (0.5 * (low + high), low * high);
            let mean: f64 = (0..16)
                .map(|i| {
                    let x = (f64::from(i) + 0.5) / 8.0;
                    let straight = if x < 1.0 { 1.0 - x + x * once } else { (2.0 - x) * once + (x - 1.0) * twice };
                    straight * (rate * x).exp() / 16.0
                })
                .sum();
            excess *= mean.clamp(1.0, 2.0);
            rate
        });
        (rates, excess)
    }

    /// The rate, nepers of energy a second, of a single exponential with the time wanted in a band of the spectrum; above
    /// the octave bands air takes more, as it does without a wanted time.
    pub fn wanted_rate(&self, wanted: &Bands, band: usize) -> f64 {
        let last = band.min(BANDS - 1);
        SIXTY_DB / wanted[last] + self.speed * (self.air[band] - self.air[last])
    }

    /// Seconds to −60 dB in each band, as ISO 3382-1 measures T30.
    pub fn t30(&self) -> Bands {
        std::array::from_fn(|b| t30(&self.terms(b, EVERYWHERE)))
    }

    /// Energy that arrives after `seconds`, in each band.
    pub fn energy_after(&self, seconds: f64) -> Bands {
        std::array::from_fn(|b| left(&self.terms(b, EVERYWHERE), seconds).0)
    }

    /// Metres between two walls on the way, on average over the directions of some cells.
    pub fn free_path(&self, cells: CellMask) -> f64 {
        let (part, walls) = self.rays.iter().fold((1e-12, 1e-12), |(p, n), ray| {
            let part = ray.weight * ray.share(cells);
            (p + part, n + part * ray.walls.iter().sum::<f64>())
        });
        part / walls
    }

    /// The mean energy of the images of exactly `order` in one band, each weighted by `exp(rate t)` at its time t. Of
    /// some cells.
    pub fn of_order(&self, order: usize, band: usize, cells: CellMask, rate: f64) -> f64 {
        let mut sum = 0.0;
        self.over_orders(order, band, cells, |orders, seconds, energy| {
            let k = order.wrapping_sub(orders);
            if k < 4 {
                sum += energy[k] * (rate * seconds).exp();
            }
        });
        sum
    }

    /// The mean energy of images of up to `order` that arrive after `seconds`, in one band.
    pub fn up_to_order(&self, order: usize, band: usize, seconds: f64) -> f64 {
        let mut sum = 0.0;
        for n in 0..=order {
            self.over_orders(n, band, EVERYWHERE, |orders, t, energy| {
                let k = n.wrapping_sub(orders);
                if k < 4 && t >= seconds {
                    sum += energy[k];
                }
            });
        }
        sum
    }

    /// Walks along every ray where images of `order` may be: calls with an order, the time, and the energy of the images
    /// of that order and the three above it.
    fn over_orders(&self, order: usize, band: usize, cells: CellMask, mut visit: impl FnMut(usize, f64, [f64; 4])) {
        const STEPS: f64 = 8.0;
        let table: [Vec<f64>; 3] = std::array::from_fn(|a| {
            let (low, high) = (self.walls[2 * a][band], self.walls[2 * a + 1][band]);
            let odd = 0.5 * (low + high);
            (0..order as i32 + 6).map(|n| (low * high).powi(n / 2) * if n % 2 == 1 { odd } else { 1.0 }).collect()
        });
        let own = |ray: &&Ray| ray.share(cells) > 0.0;
        for ray in self.rays.iter().filter(own) {
            let all: f64 = ray.walls.iter().sum();
            let step = 1.0 / (all * STEPS);
            let scale = ray.weight * ray.share(cells) * 4.0 * PI / self.volume * step;
            let first = (order.saturating_sub(3) as f64 * STEPS) as usize;
            for i in first..((order + 3) as f64 * STEPS) as usize {
                let metres = (i as f64 + 0.5) * step;
                let (mut orders, mut energy) = (0, [1.0, 0.0, 0.0, 0.0]);
                for (walls, table) in ray.walls.iter().zip(&table) {
                    let crossed = walls * metres;
                    let n = (crossed as usize).min(order + 4);
                    let more = crossed - n as f64;
                    let (below, above) = ((1.0 - more) * table[n], more * table[n + 1]);
                    energy = [
                        energy[0] * below,
                        energy[1] * below + energy[0] * above,
                        energy[2] * below + energy[1] * above,
                        energy[3] * below + energy[2] * above,
                    ];
                    orders += n;
                }
                let scale = scale * (-self.air[band] * metres).exp();
                visit(orders, metres / self.speed, energy.map(|e| e * scale));
            }
        }
    }

    /// When reflections come so densely that they cannot be told apart: 2000 a second and more (Kuttruff, Room
    /// Acoustics, 6th ed., section 4.2), but not before the rule of the square root of the volume in milliseconds.
    pub fn mixing_time(&self) -> f64 {
        let dense = (2000.0 * self.volume / (4.0 * PI * self.speed.powi(3))).sqrt();
        dense.max(0.001 * self.volume.sqrt())
    }
}

/// See [`Decay::reflection`].
pub fn reflection(room: &Room) -> [Bands; 6] {
    Decay::new(room).reflection()
}

/// Each face of a cube around the listener, cut by Gauss's points, which are closer where sound goes to and fro between
/// two walls, and seen as a part of the sphere.
fn rays(size: [f64; 3]) -> Vec<Ray> {
    let mut rays = Vec::with_capacity(3 * GAUSS.len() * GAUSS.len());
    for axis in 0..3 {
        for (s, ws) in GAUSS {
            for (t, wt) in GAUSS {
                let (p, q) = (s * s, t * t);
                let norm = (1.0 + p * p + q * q).sqrt();
                let mut u = [0.0; 3];
                for (i, x) in [1.0, p, q].into_iter().enumerate() {
                    u[(axis + i) % 3] = x / norm;
                }
                rays.push(Ray {
                    weight: 4.0 * s * t * ws * wt / norm.powi(3),
                    walls: std::array::from_fn(|a| u[a] / size[a]),
                    axis,
                    direction: Vec3::new(u[0], u[1], u[2]),
                    slow: 0.5,
                });
            }
        }
    }
    let all: f64 = rays.iter().map(|r| r.weight).sum();
    rays.iter_mut().for_each(|r| r.weight /= all);
    rays
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::lattice::Image;

    /// The energy of every image within `seconds`, by brute force: of one order and of all, from `after` seconds on.
    fn images(room: &Room, source: Vec3, listener: Vec3, band: usize, order: usize, after: f64) -> (f64, f64) {
        let reflection = reflection(room);
        let reach = 60;
        let (mut one, mut all) = (0.0, 0.0);
        for image in Image::up_to(reach) {
            let d = (image.position(room.size, source) - listener).norm();
            let air = room.air.map_or(0.0, |a| attenuation_per_metre(&a, BAND_CENTRES_HZ[band]));
            let energy = (image.reflection(&reflection)[band] / d * (-air * d).exp()).powi(2);
            if image.order() == order {
                one += energy;
            }
            if d / room.speed_of_sound >= after {
                all += energy;
            }
        }
        (one, all)
    }

    #[test]
    fn the_mean_field_is_the_mean_of_the_lattice_over_places() {
        let mut room = Room::new([6.0, 4.5, 3.0], 0.3);
        room.absorption[1] = [0.5; BANDS];
        room.absorption[4] = [0.15; BANDS];
        let decay = Decay::new(&room);
        let mut seed = 5u32;
        let mut random = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(seed >> 8) / f64::from(1 << 24)
        };
        let (mut one, mut all) = (0.0, 0.0);
        let rounds = 8;
        for _ in 0..rounds {
            let mut place = || Vec3::new(6.0 * random(), 4.5 * random(), 3.0 * random());
            let (o, a) = images(&room, place(), place(), 3, 3, 0.06);
            (one, all) = (one + o / f64::from(rounds), all + a / f64::from(rounds));
        }
        let db = |got: f64, want: f64| 10.0 * (got / want).log10();
        let of_order = db(decay.of_order(3, 3, EVERYWHERE, 0.0), one);
        let after = db(decay.energy_after(0.06)[3], all);
        assert!(of_order.abs() < 0.4 && after.abs() < 0.3, "order {of_order} dB, after {after} dB");
    }

    #[test]
    fn a_wanted_time_scales_the_walls_in_proportion() {
        let mut room = Room::new([8.0, 5.0, 3.0], 0.2);
        room.absorption[2] = [0.4; BANDS];
        room.t60 = Some([1.2, 1.1, 1.0, 0.9, 0.8, 0.7, 0.6]);
        let decay = Decay::new(&room);
        for (got, want) in decay.t30().iter().zip(room.t60.iter().flatten()) {
            assert!((got / want - 1.0).abs() < 1e-3, "{got} s for {want}");
        }
        let walls = decay.reflection();
        for b in 0..BANDS {
            let ratio = walls[2][b].ln() / walls[0][b].ln();
            assert!((ratio - 0.6f64.ln() / 0.8f64.ln()).abs() < 1e-6);
        }
        // Nothing to scale: all walls alike.
        for absorption in [0.0, 1.0] {
            room.absorption = [[absorption; BANDS]; 6];
            let got = Decay::new(&room).t30();
            assert!((got[3] / 0.9 - 1.0).abs() < 1e-3, "{got:?}");
        }
    }
}
