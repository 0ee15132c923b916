//! Looking at what will be wanted before it is.
//!
//! A read waits three times for memory, each time for what tells where the next
//! is: the place in the index, the entry, the value. When many keys are known
//! beforehand, as in a pipeline, they are gone through together, step by step:
//! then the waits of all keys are one wait, since none of them needs to know
//! what another found. Nothing changes and nothing is answered.
//!
//! Redis: `memory_prefetch.c` (since 8.0), *simplified*: a processor's own
//! instruction for it is out of reach of safe code, but reading does the same.

use super::Db;
use std::hint::black_box;

/// Hashes of keys that will be wanted soon.
#[derive(Debug, Default)]
pub struct Ahead {
    hashes: [u32; Ahead::KEYS],
    len: usize,
}

/// A shorter value comes with its first line.
const WORTHWHILE_BYTES: usize = 256;
/// After so many the processor has seen what is going on.
const TOUCHED_BYTES: usize = 1024;
const LINE_BYTES: usize = 64;

impl Ahead {
    /// So many that the waits vanish, and so few that what is fetched stays.
    pub const KEYS: usize = 16;

    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len == Ahead::KEYS
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a key, if there is room.
    pub fn add(&mut self, db: &Db, key: &[u8]) {
        if let Some(hash) = self.hashes.get_mut(self.len) {
            *hash = db.hash(key);
            self.len += 1;
        }
    }
}

impl Db {
    /// Whether the value of the first is so large that it pays to look ahead.
    #[must_use]
    pub fn is_worth_prefetching(&self, ahead: &Ahead) -> bool {
        let place = self.guess(ahead.hashes[0]);
        place.is_some_and(|place| self.value(place).outside().len() >= WORTHWHILE_BYTES)
    }

    /// Brings keys and values near.
    pub fn prefetch(&self, ahead: &Ahead) {
        let hashes = &ahead.hashes[..ahead.len];
        black_box(hashes.iter().fold(0, |seen, &hash| seen ^ self.touch_index(hash)));
        let mut places = [None; Ahead::KEYS];
        let mut seen = 0;
        for (place, &hash) in places.iter_mut().zip(hashes) {
            *place = self.guess(hash);
            seen ^= place.map_or(0, |place| self.touch_entry(place));
        }
        black_box(seen);
        let mut seen = 0;
        for place in places.into_iter().flatten() {
            let value = self.value(place).outside();
            let value = &value[..value.len().min(TOUCHED_BYTES)];
            seen ^= value.iter().step_by(LINE_BYTES).fold(0, |seen, byte| seen ^ byte);
        }
        black_box(seen);
    }
}
