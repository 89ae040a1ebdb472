//! The latest pose, handed from one thread to another without waiting on either side.

use crate::coords::{Pose, Rotation, Vec3};
use std::sync::atomic::{AtomicU64, Ordering, fence};

/// A place for the latest pose. Writing and reading never wait; the reader may be the audio thread.
///
/// A sequence lock: the count is odd while a pose is being written, and a reader that saw it change tries again.
#[derive(Debug, Default)]
pub struct PoseSlot {
    count: AtomicU64,
    numbers: [AtomicU64; 7],
}

/// A reader gives up after this many collisions; there is no more than one a write, and writes are milliseconds apart.
const TRIES: usize = 8;

impl PoseSlot {
    /// Without a pose yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the pose. If another thread is writing one this moment, that one stays.
    pub fn store(&self, pose: Pose) {
        let count = self.count.load(Ordering::Relaxed);
        if !count.is_multiple_of(2)
            || self.count.compare_exchange(count, count + 1, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            return;
        }
        fence(Ordering::Release);
        let (p, q) = (pose.position, pose.orientation);
        for (place, x) in self.numbers.iter().zip([p.x, p.y, p.z, q.w, q.x, q.y, q.z]) {
            place.store(x.to_bits(), Ordering::Relaxed);
        }
        self.count.store(count + 2, Ordering::Release);
    }

    /// The latest pose, and a number that changes with each; `None` before the first.
    pub fn load(&self) -> Option<(Pose, u64)> {
        for _ in 0..TRIES {
            let before = self.count.load(Ordering::Acquire);
            if before == 0 {
                return None;
            }
            let mut x = [0.0; 7];
            for (x, place) in x.iter_mut().zip(&self.numbers) {
                *x = f64::from_bits(place.load(Ordering::Relaxed));
            }
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && self.count.load(Ordering::Relaxed) == before {
                let orientation = Rotation { w: x[3], x: x[4], y: x[5], z: x[6] };
                return Some((Pose { position: Vec3::new(x[0], x[1], x[2]), orientation }, before / 2));
            }
            std::hint::spin_loop();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_reader_never_sees_half_a_pose() {
        let slot = Arc::new(PoseSlot::new());
        assert_eq!(slot.load(), None);
        let writer = {
            let slot = Arc::clone(&slot);
            std::thread::spawn(move || {
                for i in 1..=200_000u32 {
                    let x = f64::from(i);
                    let orientation = Rotation { w: x, x, y: x, z: x };
                    slot.store(Pose { position: Vec3::new(x, x, x), orientation });
                }
            })
        };
        let mut seen = 0;
        while !writer.is_finished() || seen == 0 {
            if let Some((pose, _)) = slot.load() {
                let (p, q) = (pose.position, pose.orientation);
                assert!([p.y, p.z, q.w, q.x, q.y, q.z].iter().all(|x| *x == p.x), "{pose:?}");
                seen += 1;
            }
        }
        writer.join().unwrap();
        assert_eq!(slot.load().unwrap().0.position.x, 200_000.0);
        assert_eq!(slot.load().unwrap().1, 200_000);
    }
}
