//! Turns a bus, without a click while the turn changes.

use super::rotate::RotationMatrices;
use super::{MAX_ORDER, channels};
use crate::coords::Rotation;

/// Frames worked on together: the channels of one degree stay in the nearest cache.
const CHUNK: usize = 64;
/// Channels of the highest degree.
const WIDEST: usize = 2 * MAX_ORDER + 1;

/// A rotation of a bus that goes from each wanted turn to the next in a straight line of its matrices, sample by
/// sample over one block. Everything is for the audio thread except [`Rotator::new`].
#[derive(Clone, Debug)]
pub struct Rotator {
    now: RotationMatrices,
    to: RotationMatrices,
    turning: bool,
    identity: bool,
    wanted: Rotation,
    scratch: [[f32; CHUNK]; WIDEST],
}

impl Rotator {
    /// No rotation, up to `order` (at most [`MAX_ORDER`]).
    pub fn new(order: usize) -> Self {
        let now = RotationMatrices::new(order);
        Self {
            to: now.clone(),
            now,
            turning: false,
            identity: true,
            wanted: Rotation::IDENTITY,
            scratch: [[0.0; CHUNK]; WIDEST],
        }
    }

    /// Reaches `rotation` at the end of the next block: a sound from `d` then comes from `rotation.rotate(d)`. For a
    /// turned head that is the inverse of its orientation.
    pub fn set(&mut self, rotation: Rotation) {
        if rotation != self.wanted {
            self.wanted = rotation;
            self.to.set(rotation);
            self.turning = true;
        }
    }

    /// Is at `rotation` at once.
    pub fn jump(&mut self, rotation: Rotation) {
        self.wanted = rotation;
        self.to.set(rotation);
        self.arrive();
    }

    /// As new: no rotation.
    pub fn reset(&mut self) {
        self.jump(Rotation::IDENTITY);
    }

    fn arrive(&mut self) {
        self.now.clone_from(&self.to);
        self.turning = false;
        self.identity = self.wanted == Rotation::IDENTITY;
    }

    /// Turns the first `frames` frames of a bus in place. `bus` has one slice for each channel of the order; further
    /// ones are left alone. Frames that a channel lacks, and whole degrees that the bus lacks, are left alone too.
    pub fn process<C: AsRef<[f32]> + AsMut<[f32]>>(&mut self, bus: &mut [C], frames: usize) {
        let frames = bus.iter().take(channels(self.now.order())).map(|c| c.as_ref().len()).fold(frames, usize::min);
        if frames == 0 || (self.identity && !self.turning) {
            return;
        }
        let step = 1.0 / frames as f32;
        for l in 1..=self.now.order() {
            let n = 2 * l + 1;
            let Some(part) = bus.get_mut(l * l..l * l + n) else { break };
            let (now, to) = (self.now.degree(l), self.to.degree(l));
            let mut at = 0;
            while at < frames {
                let len = CHUNK.min(frames - at);
                for (x, c) in self.scratch.iter_mut().zip(part.iter()) {
                    x[..len].copy_from_slice(&c.as_ref()[at..at + len]);
                    x[len..].fill(0.0);
                }
                let x = &self.scratch[..n];
                for (row, c) in part.iter_mut().enumerate() {
                    let y = &mut c.as_mut()[at..at + len];
                    let (now, to) = (&now[row * n..][..n], &to[row * n..][..n]);
                    if self.turning {
                        turn(y, x, now, to, step, (at + 1) as f32 * step);
                    } else {
                        mix(y, x, now);
                    }
                }
                at += len;
            }
        }
        if self.turning {
            self.arrive();
        }
    }
}

/// One channel of the turned field.
#[multiversion::multiversion(targets("x86_64+avx2+fma", "x86_64+avx"))]
fn mix(y: &mut [f32], x: &[[f32; CHUNK]], row: &[f32]) {
    let mut sum = [0.0f32; CHUNK];
    for (x, w) in x.iter().zip(row) {
        for (s, x) in sum.iter_mut().zip(x) {
            *s += w * x;
        }
    }
    y.copy_from_slice(&sum[..y.len()]);
}

/// One channel while the field turns: the ramp is 1 at the block's last frame.
#[multiversion::multiversion(targets("x86_64+avx2+fma", "x86_64+avx"))]
fn turn(y: &mut [f32], x: &[[f32; CHUNK]], now: &[f32], to: &[f32], step: f32, first: f32) {
    let (mut sum, mut change) = ([0.0f32; CHUNK], [0.0f32; CHUNK]);
    for (x, (a, b)) in x.iter().zip(now.iter().zip(to)) {
        let d = b - a;
        for ((s, c), x) in sum.iter_mut().zip(&mut change).zip(x) {
            *s += a * x;
            *c += d * x;
        }
    }
    for (k, ((y, s), c)) in y.iter_mut().zip(&sum).zip(&change).enumerate() {
        *y = s + c * (first + k as f32 * step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambisonics::{MAX_CHANNELS, encode};
    use crate::coords::Vec3;

    fn bus(order: usize, d: Vec3, frames: usize) -> Vec<Vec<f32>> {
        let mut gains = [0.0; MAX_CHANNELS];
        encode(order, d, &mut gains);
        let x = |n: usize| (n as f32 * 0.37).sin();
        gains[..channels(order)].iter().map(|g| (0..frames).map(|n| g * x(n)).collect()).collect()
    }

    #[test]
    fn a_turned_bus_is_the_bus_of_the_turned_direction() {
        for order in [1, 3, 7] {
            let head = Rotation::from_yaw_pitch_roll(40.0, -20.0, 15.0);
            let d = Vec3::from_polar(-75.0, 30.0, 1.0);
            let mut rotator = Rotator::new(order);
            rotator.jump(head.inverse());
            let mut got = bus(order, d, 203);
            rotator.process(&mut got, 203);
            let want = bus(order, head.inverse().rotate(d), 203);
            for (g, w) in got.iter().flatten().zip(want.iter().flatten()) {
                assert!((g - w).abs() < 1e-5, "order {order}: {g} {w}");
            }
        }
    }

    #[test]
    fn a_turn_starts_where_it_was_and_ends_where_it_should() {
        let (a, b) = (Rotation::from_yaw_pitch_roll(10.0, 0.0, 5.0), Rotation::from_yaw_pitch_roll(35.0, 8.0, 0.0));
        let d = Vec3::from_polar(20.0, 10.0, 1.0);
        let mut rotator = Rotator::new(3);
        rotator.jump(a);
        let mut got = bus(3, d, 150);
        rotator.set(b);
        rotator.process(&mut got, 150);
        let (old, new) = (bus(3, a.rotate(d), 150), bus(3, b.rotate(d), 150));
        for c in 0..16 {
            for n in 0..150 {
                let ramp = (n + 1) as f32 / 150.0;
                let want = old[c][n] + (new[c][n] - old[c][n]) * ramp;
                assert!((got[c][n] - want).abs() < 2e-5, "channel {c}, frame {n}: {} {want}", got[c][n]);
            }
        }
        let mut after = bus(3, d, 150);
        rotator.process(&mut after, 150);
        assert!((after[3][99] - new[3][99]).abs() < 1e-5);
    }

    #[test]
    fn no_rotation_changes_no_bit_and_a_short_bus_is_no_trouble() {
        let mut rotator = Rotator::new(3);
        let start = bus(3, Vec3::from_polar(20.0, 10.0, 1.0), 70);
        let mut got = start.clone();
        rotator.process(&mut got, 70);
        assert_eq!(got, start);
        rotator.jump(Rotation::from_yaw_pitch_roll(90.0, 0.0, 0.0));
        rotator.process(&mut got[..3], 500);
        assert_eq!(got, start);
        rotator.process(&mut got[..4], 500);
        assert!(got[1] != start[1] && got[4..] == start[4..]);
    }
}
