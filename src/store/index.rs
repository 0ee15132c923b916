//! Which position a key is at, by its hash.

use std::num::NonZeroU32;

/// A hash table of positions: open addressing, one place after the other. It
/// knows no keys, only 32 bits of their hashes, so that a look into it touches
/// one cache line, and nearly always finds the right position or none.
#[derive(Debug)]
pub(super) struct Index {
    slots: Vec<Slot>,
    /// What of a hash says where its key belongs: the bits above this many.
    shift: u32,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    /// The position plus one.
    ordinal: Option<NonZeroU32>,
}

const FREE: Slot = Slot { hash: 0, ordinal: None };

impl Slot {
    #[inline]
    fn position(self) -> Option<u32> {
        self.ordinal.map(|ordinal| ordinal.get() - 1)
    }
}

impl Index {
    pub(super) const fn new() -> Index {
        Index { slots: Vec::new(), shift: 29, len: 0 }
    }

    /// Its slots are taken with the first position.
    fn with_room_for(len: usize) -> Index {
        let mut index = Index::new();
        while index.shift > 0 && len >= index.size() / 4 * 3 {
            index.shift -= 1;
        }
        index
    }

    /// Whether so few slots are taken that a smaller table is worth making:
    /// less than a tenth (`HASHTABLE_MIN_FILL`).
    fn is_sparse(&self) -> bool {
        self.slots.len() > Index::new().size() && self.len < self.slots.len() / 10
    }

    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.slots.len()
    }

    fn size(&self) -> usize {
        1 << (32 - self.shift)
    }

    /// The position with this hash that `is_it` says is the right one.
    #[inline]
    pub(super) fn find(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        loop {
            let slot = *self.slots.get(at)?;
            let position = slot.position()?;
            if slot.hash == hash && is_it(position) {
                return Some(position);
            }
            at = self.next(at);
        }
    }

    /// Only looks: what was there is worth nothing, that it was read is.
    #[inline]
    pub(super) fn touch(&self, hash: u32) -> u32 {
        self.slots.get(self.home(hash)).map_or(0, |slot| slot.hash)
    }

    /// Adds a position.
    ///
    /// # Panics
    /// At 2^32 positions.
    pub(super) fn insert(&mut self, hash: u32, position: u32) {
        let ordinal = position.checked_add(1).and_then(NonZeroU32::new);
        let ordinal = ordinal.expect("fewer than 2^32 keys in one database");
        // At its largest it may fill up: there are as many slots as hashes.
        if self.len >= self.slots.len() / 4 * 3 && self.shift > 0 {
            self.grow();
        }
        self.len += 1;
        self.settle(Slot { hash, ordinal: Some(ordinal) });
    }

    /// What was at one position is at another now.
    pub(super) fn relocate(&mut self, hash: u32, from: u32, to: u32) {
        let at = self.slot_of(hash, from);
        self.slots[at].ordinal = NonZeroU32::new(to + 1);
    }

    /// Takes a position out. What had to go further because of it moves back.
    pub(super) fn remove(&mut self, hash: u32, position: u32) {
        self.len -= 1;
        let mut hole = self.slot_of(hash, position);
        let mut at = self.next(hole);
        let mask = self.slots.len() - 1;
        while self.slots[at].ordinal.is_some() {
            let from_home = at.wrapping_sub(self.home(self.slots[at].hash)) & mask;
            if from_home >= at.wrapping_sub(hole) & mask {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
            at = self.next(at);
        }
        self.slots[hole] = FREE;
    }

    fn slot_of(&self, hash: u32, position: u32) -> usize {
        let mut at = self.home(hash);
        while self.slots[at].position() != Some(position) {
            at = self.next(at);
        }
        at
    }

    fn settle(&mut self, slot: Slot) {
        let mut at = self.home(slot.hash);
        while self.slots[at].ordinal.is_some() {
            at = self.next(at);
        }
        self.slots[at] = slot;
    }

    /// To twice the size. The upper bits say where a key belongs, so both the
    /// old slots and the new are met in their order.
    fn grow(&mut self) {
        if !self.slots.is_empty() {
            self.shift -= 1;
        }
        let slots = vec![FREE; self.size()];
        for slot in std::mem::replace(&mut self.slots, slots) {
            if slot.ordinal.is_some() {
                self.settle(slot);
            }
        }
    }

    #[inline]
    fn home(&self, hash: u32) -> usize {
        (hash >> self.shift) as usize
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }
}

/// A smaller table in the making, a part at a time. Until it is complete the
/// old one answers, so whoever looks for a key never meets it.
///
/// Redis: `dictResize` and `dictRehash`, *simplified*: there buckets move one
/// by one, and both tables are asked meanwhile. Here positions are gone
/// through from the first, so it is known which of them it has to follow.
#[derive(Debug)]
pub(super) struct Successor {
    index: Index,
    /// Holds all positions below this one.
    done: usize,
}

impl Successor {
    /// To an index of which too little is taken.
    pub(super) fn of(index: &Index) -> Option<Successor> {
        index.is_sparse().then(|| Successor { index: Index::with_room_for(index.len), done: 0 })
    }

    /// Takes over a part of all `len` positions; the index, if that was the
    /// rest.
    pub(super) fn go_on(
        &mut self,
        part: usize,
        len: usize,
        hash: impl Fn(usize) -> u32,
    ) -> Option<Index> {
        let end = len.min(self.done + part);
        for position in self.done..end {
            self.index.insert(hash(position), position as u32);
        }
        self.done = end;
        (end == len).then(|| std::mem::replace(&mut self.index, Index::new()))
    }

    /// What was at a position is gone, and the last, with this hash, is there
    /// now, unless it was the last itself.
    pub(super) fn swap_remove(&mut self, gone: (u32, u32), last: (u32, u32)) {
        let ((gone_hash, at), (last_hash, last)) = (gone, last);
        if at as usize >= self.done {
            return;
        }
        self.index.remove(gone_hash, at);
        if last as usize >= self.done {
            self.index.insert(last_hash, at);
        } else {
            self.done = last as usize;
            if at != last {
                self.index.relocate(last_hash, last, at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Few hashes, so that many positions belong to one place, and those at
        /// the end of the table, where it begins again.
        #[test]
        fn every_position_is_found_as_long_as_it_is_there(
            steps in prop::collection::vec((any::<bool>(), 0..4_u32, 0..40_u32), 1..200),
        ) {
            let mut index = Index::new();
            let mut model: Vec<(u32, u32)> = Vec::new();
            for (add, high, position) in steps {
                let hash = (high << 30).wrapping_sub(position & 1);
                let there = model.iter().position(|&(_, p)| p == position);
                match there {
                    None if add => {
                        index.insert(hash, position);
                        model.push((hash, position));
                    }
                    Some(at) if add => {
                        let (hash, _) = model[at];
                        index.relocate(hash, position, position + 100);
                        index.relocate(hash, position + 100, position);
                    }
                    Some(at) => {
                        let (hash, _) = model.swap_remove(at);
                        index.remove(hash, position);
                        prop_assert_eq!(index.find(hash, |p| p == position), None);
                    }
                    None => {}
                }
                prop_assert_eq!(index.len, model.len());
                for &(hash, position) in &model {
                    prop_assert_eq!(index.find(hash, |p| p == position), Some(position));
                }
                let taken = index.slots.iter().filter(|slot| slot.ordinal.is_some()).count();
                prop_assert_eq!(taken, model.len());
            }
        }
    }
}
