//! The pantry: values, keyspace, expiry; knows no client.
//!
//! [`Store`] is all databases, a [`Db`] one of them, a [`Value`] what a key
//! holds. Time is always given, in Unix milliseconds. Nothing here depends on
//! the order of hashes, on the width of a pointer or on chance, so the same
//! commands give the same answers everywhere.

mod db;
pub mod expire;
mod hash;
mod index;
mod integer;
mod list;
mod prefetch;
mod segments;
mod short;
mod value;

pub use db::{Db, Deadline, Lookup, Place, Previous, Upsert};
pub use expire::{Expired, Pace, expire_cycle};
pub use integer::parse_integer;
pub use list::{End, List};
pub use prefetch::Ahead;
pub use short::Key;
pub use value::{Encoding, StringValue, Value};

/// Keys that are seen to in one step of shrinking: a fraction of a millisecond.
const SHRINK_STEP: usize = 10_000;

/// All databases.
///
/// The default has none: it only stands in for a store that is lent out.
#[derive(Debug, Default)]
pub struct Store {
    dbs: Vec<Db>,
    expire: expire::Progress,
    /// Whose tables are looked at next (`resize_db`).
    shrink_next: usize,
}

impl Store {
    /// Empty. `hash_seed` makes it hard to choose keys that collide; no
    /// answer depends on it.
    ///
    /// # Panics
    /// If there is to be no database at all.
    #[must_use]
    pub fn new(databases: usize, hash_seed: u64) -> Store {
        assert!(databases > 0, "at least one database");
        let dbs = (0..databases).map(|_| Db::new(hash_seed)).collect();
        Store { dbs, ..Store::default() }
    }

    /// How many databases there are.
    #[must_use]
    pub fn databases(&self) -> usize {
        self.dbs.len()
    }

    /// # Panics
    /// If there is no such database.
    #[inline]
    #[must_use]
    pub fn db(&self, index: usize) -> &Db {
        &self.dbs[index]
    }

    /// # Panics
    /// If there is no such database.
    #[inline]
    pub fn db_mut(&mut self, index: usize) -> &mut Db {
        &mut self.dbs[index]
    }

    /// Empties one database, or all. Returns how many keys went.
    ///
    /// # Panics
    /// If there is no such database.
    pub fn flush(&mut self, index: Option<usize>) -> u64 {
        match index {
            Some(index) => self.dbs[index].clear(),
            None => self.dbs.iter_mut().map(Db::clear).sum(),
        }
    }

    /// A step of shrinking tables that hold little of what they once held, of
    /// one database after the other.
    ///
    /// Redis: `databasesCron`, the part about resizing, *simplified*: there
    /// sixteen are looked at in each call.
    pub fn shrink_tables(&mut self) {
        let db = self.shrink_next % self.dbs.len();
        if !self.dbs[db].shrink(SHRINK_STEP) {
            self.shrink_next = db + 1;
        }
    }

    /// An estimate of the memory that keys and values take, in bytes; the
    /// same on every platform.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.dbs.iter().map(Db::used_bytes).sum()
    }

    /// Estimated share of volatile keys that have expired but still sit
    /// there, in millionths (INFO's `expired_stale_perc`).
    #[must_use]
    pub fn stale_ppm(&self) -> u64 {
        self.expire.stale_ppm()
    }

    /// How often an expire cycle ran out of its budget (INFO's
    /// `expired_time_cap_reached_count`).
    #[must_use]
    pub fn expire_budget_exhausted(&self) -> u64 {
        self.expire.budget_exhausted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects: every database gets its turn to be shrunk, not the first
    /// alone, and the first one again after the last.
    #[test]
    fn the_tables_of_all_databases_shrink_in_turn() {
        let mut store = Store::new(3, 7);
        for round in 0..2 {
            for db in 0..3 {
                for n in 0..2_000_u16 {
                    let value = Value::String(StringValue::text(b"v"));
                    store.db_mut(db).upsert(&n.to_be_bytes(), value, Deadline::At(9), 0);
                }
                for n in 20..2_000_u16 {
                    let place = store.db(db).find(&n.to_be_bytes()).expect("a key");
                    store.db_mut(db).remove(place);
                }
            }
            (0..12).for_each(|_| store.shrink_tables());
            for db in 0..3 {
                let more = store.dbs[db].shrink(SHRINK_STEP);
                assert!(!more, "round {round}: database {db} was passed over");
            }
        }
    }
}
