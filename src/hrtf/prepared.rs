//! What engines have made of a head: a second listener with the same head costs neither the time nor the memory again.

use super::bank::FilterBank;
use crate::ambisonics::DecoderFilters;
use crate::error::Result;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Shared by the engines of one set. Only the building of engines looks at it, never the audio thread.
#[derive(Default)]
pub(crate) struct Prepared(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// By the length of the transform. They are large, and keep the set alive: so the set keeps none that is not used.
    banks: Vec<(usize, Weak<FilterBank>)>,
    /// By order. Small, and dear to design.
    decoders: Vec<(usize, Arc<DecoderFilters>)>,
}

impl Prepared {
    /// The bank for transforms of `len` samples.
    pub(crate) fn bank(&self, len: usize, make: impl FnOnce() -> Arc<FilterBank>) -> Arc<FilterBank> {
        let mut kept = self.kept();
        kept.banks.retain(|(_, bank)| bank.strong_count() > 0);
        if let Some(bank) = kept.banks.iter().find(|(l, _)| *l == len).and_then(|(_, bank)| bank.upgrade()) {
            return bank;
        }
        let bank = make();
        kept.banks.push((len, Arc::downgrade(&bank)));
        bank
    }

    /// The filters that decode a bus of `order`.
    pub(crate) fn decoder(
        &self,
        order: usize,
        make: impl FnOnce() -> Result<Arc<DecoderFilters>>,
    ) -> Result<Arc<DecoderFilters>> {
        let mut kept = self.kept();
        if let Some((_, filters)) = kept.decoders.iter().find(|(o, _)| *o == order) {
            return Ok(Arc::clone(filters));
        }
        let filters = make()?;
        kept.decoders.push((order, Arc::clone(&filters)));
        Ok(filters)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whoever panicked while it was locked had not changed it yet.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Another set has engines of its own.
impl Clone for Prepared {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prepared")
    }
}

#[cfg(test)]
mod tests {
    use crate::coords::Vec3;
    use crate::hrtf::{FilterBank, HrtfSet, Measured};
    use std::sync::Arc;

    #[test]
    fn engines_of_one_head_share_a_bank_and_the_last_one_takes_it_along() {
        let directions = [(0.0, 0.0), (90.0, 0.0), (-90.0, 0.0), (180.0, 0.0), (0.0, 90.0), (0.0, -90.0)];
        let measured = Measured {
            sample_rate: 48_000.0,
            taps: 4,
            positions: directions.map(|(azimuth, elevation)| Vec3::from_polar(azimuth, elevation, 1.0)).to_vec(),
            responses: [1.0, 0.5, 0.2, 0.1].repeat(12),
            delays: vec![[0.0; 2]; 6],
        };
        let set = Arc::new(HrtfSet::new(&measured, 48_000.0).unwrap());
        let [a, b, c] = [64, 64, 128].map(|len| FilterBank::shared(&set, len));
        assert!(Arc::ptr_eq(&a, &b) && !Arc::ptr_eq(&a, &c));
        assert_eq!((Arc::strong_count(&a), Arc::strong_count(&set)), (2, 3));
        let other = Arc::new(HrtfSet::clone(&set));
        assert!(!Arc::ptr_eq(&a, &FilterBank::shared(&other, 64)));
        drop((a, b, c));
        assert_eq!(Arc::strong_count(&set), 1, "the set does not keep its banks");
        assert_eq!(FilterBank::shared(&set, 64).len(), 64);
    }
}
