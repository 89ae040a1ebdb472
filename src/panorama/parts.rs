//! What the signals of a decomposition are, and how they add up to the stereo signal again.

use crate::error::{Error, Result};

/// The order of a decomposition's signals: the direct sounds from hard left to hard right, then the ambience of the left
/// and of the right channel.
///
/// A direct signal of panning angle θ (0 hard left, 90° hard right) is in the stereo signal with the gains cos θ and
/// sin θ, so that it is as loud alone as it is there in both channels together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartsLayout {
    sectors: usize,
}

impl PartsLayout {
    /// With `sectors` panning directions: 3, 5, 7 or 9.
    ///
    /// # Errors
    /// `Argument` for any other number.
    pub fn new(sectors: usize) -> Result<Self> {
        if matches!(sectors, 3 | 5 | 7 | 9) {
            Ok(Self { sectors })
        } else {
            Err(Error::argument(format!("a panorama has 3, 5, 7 or 9 panning directions, not {sectors}")))
        }
    }

    /// Panning directions.
    pub fn sectors(self) -> usize {
        self.sectors
    }

    /// Signals in all.
    #[allow(clippy::len_without_is_empty)] // There is no empty one.
    pub fn len(self) -> usize {
        self.sectors + 2
    }

    /// The signal of what is panned to the middle, most often a voice.
    pub fn centre(self) -> usize {
        self.sectors / 2
    }

    /// The signals of the ambience, left and right.
    pub fn ambience(self) -> [usize; 2] {
        [self.sectors, self.sectors + 1]
    }

    /// Panning of a direction: -1 hard left, 0 the middle, 1 hard right.
    pub fn pan(self, sector: usize) -> f64 {
        2.0 * sector as f64 / (self.sectors - 1) as f64 - 1.0
    }

    /// The gains with which a signal is in the left and in the right channel.
    pub fn gains(self, part: usize) -> [f32; 2] {
        if part == self.sectors {
            [1.0, 0.0]
        } else if part > self.sectors {
            [0.0, 1.0]
        } else {
            let angle = (self.pan(part) + 1.0) * std::f64::consts::FRAC_PI_4;
            // Hard right has no left, not 6e-17 of it.
            if part + 1 == self.sectors { [0.0, 1.0] } else { [angle.cos() as f32, angle.sin() as f32] }
        }
    }

    /// Adds some of the signals up to left and right, which are overwritten: all of them are the signal that was taken
    /// apart; the centre alone, or all but the centre, are the crudest of separations. As far as the shortest slice goes.
    pub fn add_up<P: AsRef<[f32]>>(
        self,
        parts: &[P],
        which: impl Fn(usize) -> bool,
        left: &mut [f32],
        right: &mut [f32],
    ) {
        for (ear, out) in [left, right].into_iter().enumerate() {
            out.fill(0.0);
            for (part, signal) in parts.iter().enumerate().take(self.len()).filter(|(p, _)| which(*p)) {
                let gain = self.gains(part)[ear];
                out.iter_mut().zip(signal.as_ref()).for_each(|(y, x)| *y += gain * x);
            }
        }
    }
}
