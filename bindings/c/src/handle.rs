//! Handles: numbers that look like pointers to C, and the tables they are looked up in. They are never followed.
//!
//! A handle says its kind, its place in the table and the generation of that place, so that what has been freed, and
//! what is of another kind, is not found. A place that is in use is locked; the audio thread only ever tries the lock,
//! and as nobody waits for it, neither locking nor unlocking is more than an atomic operation.

use crate::status::{Failure, PeriphonStatus};
use std::sync::{Mutex, MutexGuard, TryLockError};

#[cfg(target_pointer_width = "64")]
const BITS: (u32, u32) = (20, 4);
#[cfg(not(target_pointer_width = "64"))]
const BITS: (u32, u32) = (14, 3);

const INDEX_MASK: usize = (1 << BITS.0) - 1;
const KIND_MASK: usize = (1 << BITS.1) - 1;
const GENERATION_SHIFT: u32 = BITS.0 + BITS.1;
const MOST_GENERATIONS: usize = usize::MAX >> GENERATION_SHIFT;

struct Entry<T> {
    generation: usize,
    object: Option<Box<T>>,
}

/// The objects of one kind.
pub(crate) struct Table<T: 'static, const N: usize> {
    /// 1 to 7.
    kind: usize,
    /// What the library calls one of them, ending in NUL.
    unknown: &'static str,
    entries: [Mutex<Entry<T>>; N],
}

/// What became of an attempt at a lock.
fn locked<T>(entry: &Mutex<Entry<T>>, wait: bool) -> Option<MutexGuard<'_, Entry<T>>> {
    if wait {
        // Whoever panicked has been told so; the object can still be freed.
        return Some(entry.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
    match entry.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl<T, const N: usize> Table<T, N> {
    pub(crate) const fn new(kind: usize, unknown: &'static str) -> Self {
        assert!(kind > 0 && kind <= KIND_MASK && N <= INDEX_MASK);
        Self { kind, unknown, entries: [const { Mutex::new(Entry { generation: 0, object: None }) }; N] }
    }

    /// Takes an object in. Not for the audio thread.
    pub(crate) fn insert<H>(&self, object: T) -> Result<*mut H, Failure> {
        let object = Box::new(object);
        for (index, entry) in self.entries.iter().enumerate() {
            let Some(mut entry) = locked(entry, false) else { continue };
            if entry.object.is_none() {
                entry.generation = entry.generation % MOST_GENERATIONS + 1;
                entry.object = Some(object);
                let handle = entry.generation << GENERATION_SHIFT | self.kind << BITS.0 | index;
                return Ok(std::ptr::without_provenance_mut(handle));
            }
        }
        Err(periphon::Error::limit(format!("there are {N} handles of this kind already: free some")).into())
    }

    /// Does something with an object, waiting for whoever is just using it if asked to.
    pub(crate) fn with<H, R>(
        &self,
        handle: *const H,
        wait: bool,
        what: impl FnOnce(&mut T) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let (mut entry, generation) = self.entry(handle, wait)?;
        let current = entry.generation == generation;
        match entry.object.as_mut().filter(|_| current) {
            Some(object) => what(object),
            None => Err(self.unknown()),
        }
    }

    /// Frees an object; null is nothing to free. What is in use is not waited for.
    pub(crate) fn remove<H>(&self, handle: *const H) -> Result<Option<Box<T>>, Failure> {
        if handle.is_null() {
            return Ok(None);
        }
        let (mut entry, generation) = self.entry(handle, false)?;
        if entry.generation != generation || entry.object.is_none() {
            return Err(self.unknown());
        }
        // A lock that a defect has poisoned is as good as new for the next object.
        Ok(entry.object.take())
    }

    fn entry<H>(&self, handle: *const H, wait: bool) -> Result<(MutexGuard<'_, Entry<T>>, usize), Failure> {
        if handle.is_null() {
            return Err(Failure::Fixed(PeriphonStatus::Null, "a handle is null\0"));
        }
        let handle = handle.addr();
        let kind = handle >> BITS.0 & KIND_MASK;
        let Some(entry) = self.entries.get(handle & INDEX_MASK).filter(|_| kind == self.kind) else {
            return Err(self.unknown());
        };
        let entry = locked(entry, wait).ok_or(Failure::Fixed(
            PeriphonStatus::Busy,
            "the handle is just being used, perhaps by another thread\0",
        ))?;
        Ok((entry, handle >> GENERATION_SHIFT))
    }

    fn unknown(&self) -> Failure {
        Failure::Fixed(PeriphonStatus::Handle, self.unknown)
    }
}
