//! One database.

use super::hash::KeyHash;
use super::index::{Index, Successor};
use super::segments::Segments;
use super::short::Key;
use super::value::Value;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;
use std::num::NonZeroU32;

/// Keys, their values and when they end.
///
/// Entries lie densely, in the order of insertion until one is removed: the
/// last then takes its place. So a random key is a random number, SCAN is a
/// countdown, and the hash decides nothing that can be seen. Redis keeps two
/// hash tables that grow step by step; here it is one, which grows at once
/// (*simplified*: the pause is seldom and short, since only positions move)
/// and shrinks step by step.
#[derive(Debug)]
pub struct Db {
    entries: Segments<Entry>,
    index: Index,
    /// What will be the index when it is complete.
    smaller: Option<Successor>,
    hasher: KeyHash,
    /// Positions of the entries that end (`db->expires`), in no order.
    volatile: Vec<u32>,
    /// Where the next expire cycle goes on, counting down; 0 = from the top.
    pub(super) expire_cursor: u32,
    used_bytes: u64,
}

/// A cache line: a short key, a short value and the end come with one access.
#[derive(Debug)]
#[repr(align(64))]
struct Entry {
    key: Key,
    value: Value,
    /// When it ends, in Unix milliseconds, if it does.
    at_ms: i64,
    /// Position in `volatile`, plus one, if it ends.
    rank: Option<NonZeroU32>,
    hash: u32,
}

impl Entry {
    #[inline]
    fn deadline_ms(&self) -> Option<i64> {
        self.rank.map(|_| self.at_ms)
    }

    fn place_in_volatile(&self) -> Option<usize> {
        self.rank.map(|rank| rank.get() as usize - 1)
    }
}

/// What an entry takes besides key and value: the entry, and its share of the
/// index. Short keys count although they lie in it: so a key costs what its
/// length says, whatever the limit of what is short.
const ENTRY_BYTES: u64 = 72;

/// Where a key is. Only good until a key is added or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u32);

impl Place {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// The outcome of [`Db::lookup`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    Found(Place),
    Missing,
    /// It had ended, and is gone now.
    Expired,
}

/// What [`Db::upsert`] does to the end of a key that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    Keep,
    Clear,
    /// Unix milliseconds.
    At(i64),
}

/// What was there before [`Db::upsert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Previous {
    Nothing,
    /// A value that had ended.
    Expired,
    Live,
}

/// The outcome of [`Db::upsert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upsert {
    pub place: Place,
    pub previous: Previous,
}

impl Db {
    pub(super) fn new(hash_seed: u64) -> Db {
        Db {
            entries: Segments::new(),
            index: Index::new(),
            smaller: None,
            hasher: KeyHash::seeded(hash_seed),
            volatile: Vec::new(),
            expire_cursor: 0,
            used_bytes: 0,
        }
    }

    /// Keys, those that ended but were not noticed yet included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keys with an end.
    #[must_use]
    pub fn volatile_len(&self) -> usize {
        self.volatile.len()
    }

    /// See [`Store::used_bytes`](super::Store::used_bytes).
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes
    }

    /// Whether there is room for so many more keys. Redis takes it
    /// (`dbExpand`); here it is only asked for, since it need not be in one
    /// piece.
    #[must_use]
    pub fn has_room_for(keys: usize) -> bool {
        let mut room: Vec<Entry> = Vec::new();
        std::hint::black_box(&mut room).try_reserve_exact(keys).is_ok()
    }

    /// Finds a key; one that has ended is removed, unless nothing may change
    /// now, when it is just not there (`expireIfNeeded`).
    #[inline]
    pub fn lookup(&mut self, key: &[u8], now_ms: i64, frozen: bool) -> Lookup {
        let Some(place) = self.find(key) else { return Lookup::Missing };
        if self.has_expired(place, now_ms) {
            if frozen {
                return Lookup::Missing;
            }
            self.remove(place);
            return Lookup::Expired;
        }
        Lookup::Found(place)
    }

    /// Finds a key whether or not it has ended.
    #[inline]
    #[must_use]
    pub fn find(&self, key: &[u8]) -> Option<Place> {
        self.find_hashed(key, self.hash(key))
    }

    #[inline]
    fn find_hashed(&self, key: &[u8], hash: u32) -> Option<Place> {
        self.index.find(hash, |position| *self.entries[position as usize].key == *key).map(Place)
    }

    #[inline]
    pub(super) fn hash(&self, key: &[u8]) -> u32 {
        self.hasher.of(key)
    }

    /// The position whose key has this hash, or one with an equal hash.
    #[inline]
    pub(super) fn guess(&self, hash: u32) -> Option<Place> {
        self.index.find(hash, |_| true).map(Place)
    }

    /// A look at where a key with this hash would be.
    #[inline]
    pub(super) fn touch_index(&self, hash: u32) -> u32 {
        self.index.touch(hash)
    }

    /// A look at an entry.
    #[inline]
    pub(super) fn touch_entry(&self, place: Place) -> u32 {
        self.entries[place.index()].hash
    }

    /// The place of the `index`th key, counted from 0.
    #[must_use]
    pub fn nth(&self, index: usize) -> Option<Place> {
        (index < self.len()).then_some(Place(index as u32))
    }

    /// Any key, each as likely as the other; `None` if there is none.
    pub fn random(&self, rng: &mut Pcg64Mcg) -> Option<Place> {
        // The high half of the product is uniform below the length, but for a
        // bias of at most 2^-32.
        let index = (u128::from(rng.next_u64()) * self.len() as u128) >> 64;
        self.nth(index as usize)
    }

    #[must_use]
    pub fn key(&self, place: Place) -> &[u8] {
        &self.entries[place.index()].key
    }

    #[inline]
    #[must_use]
    pub fn value(&self, place: Place) -> &Value {
        &self.entries[place.index()].value
    }

    /// When it ends, in Unix milliseconds.
    #[inline]
    #[must_use]
    pub fn deadline_ms(&self, place: Place) -> Option<i64> {
        self.entries[place.index()].deadline_ms()
    }

    /// A key ends when the clock is *past* its deadline (`keyIsExpired`).
    #[inline]
    #[must_use]
    pub fn has_expired(&self, place: Place, now_ms: i64) -> bool {
        self.deadline_ms(place).is_some_and(|at_ms| now_ms > at_ms)
    }

    /// Changes a value in place.
    #[inline]
    pub fn edit<R>(&mut self, place: Place, change: impl FnOnce(&mut Value) -> R) -> R {
        let value = &mut self.entries[place.index()].value;
        let before = value.heap_bytes();
        let result = change(value);
        let after = value.heap_bytes();
        self.used_bytes = self.used_bytes - before + after;
        result
    }

    /// Adds a key or replaces its value, with one look at what is there. A
    /// key that has ended counts as new and keeps nothing.
    ///
    /// # Panics
    /// At 2^32 keys.
    #[inline]
    pub fn upsert(&mut self, key: &[u8], value: Value, deadline: Deadline, now_ms: i64) -> Upsert {
        let heap_bytes = value.heap_bytes();
        let hash = self.hash(key);
        let (place, previous) = match self.find_hashed(key, hash) {
            Some(place) => {
                let entry = &mut self.entries[place.index()];
                let expired = entry.deadline_ms().is_some_and(|at_ms| now_ms > at_ms);
                self.used_bytes -= entry.value.heap_bytes();
                entry.value = value;
                (place, if expired { Previous::Expired } else { Previous::Live })
            }
            None => {
                let place = Place(self.entries.len() as u32);
                self.used_bytes += ENTRY_BYTES + key.len() as u64;
                self.index.insert(hash, place.0);
                self.entries.push(Entry { key: Key::new(key), value, at_ms: 0, rank: None, hash });
                (place, Previous::Nothing)
            }
        };
        self.used_bytes += heap_bytes;
        match (deadline, previous) {
            (Deadline::At(at_ms), _) => self.set_deadline(place, Some(at_ms)),
            (Deadline::Keep, Previous::Live) | (_, Previous::Nothing) => {}
            (Deadline::Clear | Deadline::Keep, _) => self.set_deadline(place, None),
        }
        Upsert { place, previous }
    }

    /// Gives a key an end, in Unix milliseconds, or takes it away.
    pub fn set_deadline(&mut self, place: Place, at_ms: Option<i64>) {
        let next_rank = self.volatile.len() as u32 + 1;
        let entry = &mut self.entries[place.index()];
        match (entry.place_in_volatile(), at_ms) {
            (Some(_), Some(at_ms)) => entry.at_ms = at_ms,
            (None, Some(at_ms)) => {
                entry.at_ms = at_ms;
                entry.rank = NonZeroU32::new(next_rank);
                self.volatile.push(place.0);
            }
            (Some(rank), None) => {
                entry.rank = None;
                self.forget_volatile(rank);
            }
            (None, None) => {}
        }
    }

    /// Takes a key out. The last key moves into its place.
    pub fn remove(&mut self, place: Place) -> (Key, Value) {
        let index = place.index();
        // First, while every position is still right.
        if let Some(rank) = self.entries[index].place_in_volatile() {
            self.forget_volatile(rank);
        }
        let entry = self.entries.swap_remove(index);
        self.index.remove(entry.hash, place.0);
        self.used_bytes -= ENTRY_BYTES + entry.key.len() as u64 + entry.value.heap_bytes();
        let last = self.entries.len();
        let mut last_hash = entry.hash;
        if index < last {
            let moved = &self.entries[index];
            last_hash = moved.hash;
            self.index.relocate(moved.hash, last as u32, place.0);
            if let Some(rank) = moved.place_in_volatile() {
                self.volatile[rank] = place.0;
            }
        }
        if let Some(smaller) = &mut self.smaller {
            smaller.swap_remove((entry.hash, place.0), (last_hash, last as u32));
        }
        (entry.key, entry.value)
    }

    /// Gives back room of which less than a tenth is taken, so many keys at a
    /// time; whether there was something to do.
    ///
    /// Redis: `tryResizeHashTables` and `incrementallyRehash`.
    pub(super) fn shrink(&mut self, part: usize) -> bool {
        if self.volatile.len() < self.volatile.capacity() / 10 {
            self.volatile.shrink_to(self.volatile.len() * 2);
        }
        if self.smaller.is_none() {
            self.smaller = Successor::of(&self.index);
        }
        let Some(smaller) = &mut self.smaller else { return false };
        let entries = &self.entries;
        let hash = |position| entries[position].hash;
        if let Some(index) = smaller.go_on(part, entries.len(), hash) {
            self.index = index;
            self.smaller = None;
        }
        true
    }

    /// How long keys with an end have left on average, in milliseconds, as far
    /// as twenty of them tell (INFO's `avg_ttl`).
    #[must_use]
    pub fn average_ttl_ms(&self, now_ms: i64) -> u64 {
        let sample = self.volatile.len().min(20);
        let left = (0..sample).filter_map(|rank| self.deadline_ms(self.volatile(rank)));
        let sum: u128 = left.map(|at_ms| at_ms.saturating_sub(now_ms).max(0) as u128).sum();
        // A mean of 64-bit numbers has 64 bits.
        sum.checked_div(sample as u128).unwrap_or(0) as u64
    }

    /// The `rank`th key with an end, counted from 0.
    pub(super) fn volatile(&self, rank: usize) -> Place {
        Place(self.volatile[rank])
    }

    /// Empties it and gives the memory back; returns how many keys went.
    pub(super) fn clear(&mut self) -> u64 {
        let gone = self.len() as u64;
        self.entries = Segments::new();
        self.index = Index::new();
        self.smaller = None;
        self.volatile = Vec::new();
        self.expire_cursor = 0;
        self.used_bytes = 0;
        gone
    }

    fn forget_volatile(&mut self, rank: usize) {
        self.volatile.swap_remove(rank);
        let Some(&moved) = self.volatile.get(rank) else { return };
        self.entries[moved as usize].rank = NonZeroU32::new(rank as u32 + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StringValue;
    use proptest::prelude::*;
    use rand_pcg::rand_core::SeedableRng;
    use std::collections::{BTreeMap, BTreeSet};

    fn text(n: u64) -> Value {
        Value::String(StringValue::text(&vec![b'v'; n as usize]))
    }

    /// Everything that is kept twice must agree.
    fn check(db: &Db) {
        let mut bytes = 0;
        let mut volatile = 0;
        for index in 0..db.len() {
            let entry = &db.entries[index];
            bytes += ENTRY_BYTES + entry.key.len() as u64 + entry.value.heap_bytes();
            if let Some(rank) = entry.place_in_volatile() {
                assert_eq!(db.volatile[rank] as usize, index);
                volatile += 1;
            }
            assert_eq!(db.find(&entry.key), Some(Place(index as u32)));
        }
        assert_eq!((db.used_bytes, db.volatile.len()), (bytes, volatile));
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn an_entry_is_a_cache_line() {
        assert_eq!(size_of::<Entry>(), 64);
    }

    #[test]
    fn order_does_not_depend_on_the_hash() {
        let keys = |seed| {
            let mut db = Db::new(seed);
            for n in 0..100_u8 {
                db.upsert(&[n], text(1), Deadline::Clear, 0);
            }
            for n in (0..100_u8).step_by(3) {
                let place = db.find(&[n]).unwrap();
                db.remove(place);
            }
            (0..db.len()).map(|i| db.key(db.nth(i).unwrap()).to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(keys(1), keys(2));
    }

    #[test]
    fn every_key_can_be_the_random_one() {
        let mut db = Db::new(0);
        let mut rng = Pcg64Mcg::seed_from_u64(1);
        assert_eq!(db.random(&mut rng), None);
        for n in 0..7_u8 {
            db.upsert(&[n], text(0), Deadline::Clear, 0);
        }
        let mut seen = [0; 7];
        for _ in 0..700 {
            seen[db.random(&mut rng).unwrap().index()] += 1;
        }
        assert!(seen.iter().all(|times| *times > 50), "{seen:?}");
    }

    #[derive(Clone, Debug)]
    enum Step {
        Upsert(u8, u64, Deadline),
        Deadline(u8, Option<i64>),
        Remove(u8),
        Lookup(u8),
        Grow(u8),
        Wait(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let key = 0..12_u8;
        let at = 0..100_i64;
        let deadline = prop_oneof![
            Just(Deadline::Keep),
            Just(Deadline::Clear),
            at.clone().prop_map(Deadline::At)
        ];
        prop_oneof![
            (key.clone(), 0..60_u64, deadline).prop_map(|(k, n, d)| Step::Upsert(k, n, d)),
            (key.clone(), proptest::option::of(at)).prop_map(|(k, at)| Step::Deadline(k, at)),
            key.clone().prop_map(Step::Remove),
            key.clone().prop_map(Step::Lookup),
            key.prop_map(Step::Grow),
            (0..5_i64).prop_map(Step::Wait),
        ]
    }

    proptest! {
        /// Keys come and go while a smaller index is made; it has all of them
        /// when it takes over, and the room is gone.
        #[test]
        fn shrinking_loses_nothing(
            steps in proptest::collection::vec((0..4_u8, 0..300_u16, 1..5_usize), 1..80),
        ) {
            let mut db = Db::new(7);
            let name = |n: u16| n.to_be_bytes();
            for n in 0..300_u16 {
                let end = if n % 2 == 0 { Deadline::At(9) } else { Deadline::Clear };
                db.upsert(&name(n), text(1), end, 0);
            }
            let room = |db: &Db| (db.index.room(), db.volatile.capacity());
            let full = room(&db);
            for n in 20..300 {
                db.remove(db.find(&name(n)).unwrap());
            }
            prop_assert_eq!(room(&db), full);
            let mut model: BTreeSet<u16> = (0..20).collect();
            for (what, n, part) in steps {
                let near = n % 30;
                match what {
                    0 => {
                        db.upsert(&name(near), text(1), Deadline::Clear, 0);
                        model.insert(near);
                    }
                    1 if model.remove(&near) => {
                        db.remove(db.find(&name(near)).unwrap());
                    }
                    1 => {}
                    2 => {
                        db.upsert(&name(n), text(1), Deadline::At(9), 0);
                        model.insert(n);
                    }
                    _ => {
                        db.shrink(part);
                    }
                }
                check(&db);
                prop_assert_eq!(db.len(), model.len());
                prop_assert!(model.iter().all(|n| db.find(&name(*n)).is_some()));
            }
            while db.shrink(2) {
                check(&db);
            }
            check(&db);
            prop_assert!(db.index.room() < full.0, "{} of {}", db.index.room(), full.0);
            prop_assert!(db.volatile.capacity() < full.1);
        }

        /// Against a plain map: values, deadlines, and the double bookkeeping.
        #[test]
        fn behaves_like_a_map(steps in proptest::collection::vec(step(), 1..80)) {
            let mut db = Db::new(7);
            let mut model: BTreeMap<u8, (u64, Option<i64>)> = BTreeMap::new();
            let mut now = 0;
            for step in steps {
                match step {
                    Step::Upsert(k, n, deadline) => {
                        let old = model.get(&k).copied();
                        let upsert = db.upsert(&[k], text(n), deadline, now);
                        let live = old.is_some_and(|(_, at)| at.is_none_or(|at| now <= at));
                        prop_assert_eq!(upsert.previous, match old {
                            None => Previous::Nothing,
                            Some(_) if live => Previous::Live,
                            Some(_) => Previous::Expired,
                        });
                        let at = match deadline {
                            Deadline::At(at) => Some(at),
                            Deadline::Keep if live => old.unwrap().1,
                            _ => None,
                        };
                        model.insert(k, (n, at));
                    }
                    Step::Deadline(k, at) => if let Some(place) = db.find(&[k]) {
                        db.set_deadline(place, at);
                        model.get_mut(&k).unwrap().1 = at;
                    },
                    Step::Remove(k) => if let Some(place) = db.find(&[k]) {
                        prop_assert_eq!(&*db.remove(place).0, &[k][..]);
                        model.remove(&k);
                    },
                    Step::Lookup(k) => {
                        let old = model.get(&k).copied();
                        let expired = old.is_some_and(|(_, at)| at.is_some_and(|at| now > at));
                        let found = db.lookup(&[k], now, false);
                        prop_assert_eq!(matches!(found, Lookup::Found(_)), old.is_some() && !expired);
                        prop_assert_eq!(found == Lookup::Expired, expired);
                        if expired {
                            model.remove(&k);
                        }
                    }
                    Step::Grow(k) => if let Some(place) = db.find(&[k]) {
                        db.edit(place, |value| match value {
                            Value::String(s) => s.growing().push(b'v'),
                            Value::List(_) => unreachable!(),
                        });
                        model.get_mut(&k).unwrap().0 += 1;
                    },
                    Step::Wait(ms) => now += ms,
                }
                check(&db);
                prop_assert_eq!(db.len(), model.len());
                for (k, (n, at)) in &model {
                    let place = db.find(&[*k]).unwrap();
                    prop_assert_eq!(db.key(place), &[*k][..]);
                    prop_assert_eq!(db.value(place).size(), *n);
                    prop_assert_eq!(db.deadline_ms(place), *at);
                }
            }
        }
    }
}
