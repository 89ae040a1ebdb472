//! Meters as eyes like them: levels rise at once and fall slowly, peaks stay for a while.

use crate::live::Meters;

/// How fast levels fall, dB a second: that of programme meters (IEC 60268-10, type I, 20 dB in 1.7 s).
const FALL_DB_S: f64 = 20.0 / 1.7;
/// How long a peak stays, seconds.
const HOLD_S: f64 = 1.5;
/// The lowest that is shown, dB.
pub(super) const LOWEST_DB: f64 = -60.0;

/// What is shown of both ears, dB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ballistics {
    pub level: [f64; 2],
    pub peak: [f64; 2],
    held: [f64; 2],
}

impl Default for Ballistics {
    fn default() -> Self {
        Self { level: [LOWEST_DB; 2], peak: [LOWEST_DB; 2], held: [0.0; 2] }
    }
}

impl Ballistics {
    pub(super) fn tick(&mut self, dt: f64, meters: &Meters) {
        for ear in 0..2 {
            let level = meters.level_db[ear].max(LOWEST_DB);
            self.level[ear] = level.max(self.level[ear] - FALL_DB_S * dt);
            let peak = meters.true_peak_db[ear].max(LOWEST_DB);
            self.held[ear] += dt;
            if peak >= self.peak[ear] {
                (self.peak[ear], self.held[ear]) = (peak, 0.0);
            } else if self.held[ear] > HOLD_S {
                self.peak[ear] = peak.max(self.peak[ear] - FALL_DB_S * dt);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_rises_at_once_and_falls_by_twenty_decibels_in_1_7_seconds() {
        let mut shown = Ballistics::default();
        let loud = Meters { level_db: [-10.0, -20.0], true_peak_db: [-3.0, -9.0], ..Meters::default() };
        shown.tick(0.05, &loud);
        assert_eq!((shown.level, shown.peak), ([-10.0, -20.0], [-3.0, -9.0]));
        (0..34).for_each(|_| shown.tick(0.05, &Meters::default()));
        assert!((shown.level[0] + 30.0).abs() < 0.1, "{shown:?}");
        assert!(shown.peak[0] < -3.0 && shown.peak[0] > -7.0, "{shown:?}");
    }
}
