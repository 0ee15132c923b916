//! The active expire cycle: ended keys go although nobody asks for them.

use super::{Key, Store};

/// How hard one cycle tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Keys looked at before the database is judged (`config_keys_per_loop`).
    pub sample: u32,
    /// A database is left when at most this share of a sample had ended.
    pub acceptable_stale_percent: u32,
    /// Keys looked at in one cycle, at most (rounded up to a sample).
    pub budget_units: u64,
}

impl Pace {
    /// The slow cycle, from `serverCron`, *simplified*: Redis lets it have a
    /// quarter of the time between two crons (more with effort); here that
    /// time buys units at a microsecond each, because a clock that decides
    /// what is deleted could not be replayed.
    ///
    /// `effort` is `active-expire-effort`, 1 to 10.
    #[must_use]
    pub fn slow(effort: u32, hz: u32) -> Pace {
        let percent = 25 + 2 * (u64::from(effort) - 1);
        Pace { budget_units: percent * 10_000 / u64::from(hz.max(1)), ..Pace::with_effort(effort) }
    }

    /// The fast cycle, from `beforeSleep`: 1000 µs, a quarter more with each
    /// unit of effort.
    #[must_use]
    pub fn fast(effort: u32) -> Pace {
        let budget_units = 1_000 + 250 * (u64::from(effort) - 1);
        Pace { budget_units, ..Pace::with_effort(effort) }
    }

    fn with_effort(effort: u32) -> Pace {
        let rescaled = effort.clamp(1, 10) - 1;
        Pace { sample: 20 + 5 * rescaled, acceptable_stale_percent: 10 - rescaled, budget_units: 0 }
    }
}

/// What one cycle did.
#[derive(Debug, Default)]
pub struct Expired {
    /// Keys removed.
    pub count: u64,
    /// The same by name, with the database each was in.
    pub keys: Vec<(u32, Key)>,
    /// Keys looked at.
    pub units: u64,
}

/// What is remembered from cycle to cycle.
#[derive(Debug, Default)]
pub(super) struct Progress {
    next_db: usize,
    hit_budget: bool,
    budget_exhausted: u64,
    stale_ppm: u64,
}

impl Progress {
    pub(super) fn stale_ppm(&self) -> u64 {
        self.stale_ppm
    }

    pub(super) fn budget_exhausted(&self) -> u64 {
        self.budget_exhausted
    }
}

/// At most this many databases in one cycle (`CRON_DBS_PER_CALL`).
const DATABASES_PER_CYCLE: usize = 16;

impl Store {
    /// Whether a fast cycle has a reason to run: the last one had to stop
    /// early, or too many keys are known to be stale.
    #[must_use]
    pub fn wants_fast_cycle(&self, pace: Pace) -> bool {
        let acceptable_ppm = u64::from(pace.acceptable_stale_percent) * 10_000;
        self.expire.hit_budget || self.expire.stale_ppm >= acceptable_ppm
    }
}

/// Removes keys that have ended, some databases at a time, within a budget.
///
/// Redis: `activeExpireCycle`, *simplified*. Kept: databases in turn, samples
/// by a cursor that walks over the keys with an end, another sample of the
/// same database as long as too many of the last had ended, the running
/// estimate of stale keys. Other than there the budget counts keys, not time
/// (see [`Pace::slow`]), and as the keys lie densely no empty buckets need to
/// be skipped.
pub fn expire_cycle(store: &mut Store, now_ms: i64, pace: Pace) -> Expired {
    let mut done = Expired::default();
    store.expire.hit_budget = false;
    for _ in 0..store.databases().min(DATABASES_PER_CYCLE) {
        if store.expire.hit_budget {
            break;
        }
        let db = store.expire.next_db % store.databases();
        // Moved on first: a cycle that stops here must not begin here again.
        store.expire.next_db = db + 1;
        expire_db(store, db, now_ms, pace, &mut done);
    }
    if store.expire.hit_budget {
        store.expire.budget_exhausted += 1;
    }
    let now_stale_ppm = (done.count * 1_000_000).checked_div(done.units).unwrap_or(0);
    store.expire.stale_ppm = (now_stale_ppm * 5 + store.expire.stale_ppm * 95) / 100;
    done
}

fn expire_db(store: &mut Store, index: usize, now_ms: i64, pace: Pace, done: &mut Expired) {
    loop {
        let db = store.db_mut(index);
        let sample = db.volatile_len().min(pace.sample as usize) as u64;
        if sample == 0 {
            return;
        }
        let mut expired = 0;
        for _ in 0..sample {
            // Downwards: a removal moves the last key into the gap, and that
            // one has just been looked at, or is looked at twice; never missed.
            let top = db.volatile_len() as u32;
            let cursor = match db.expire_cursor {
                0 => top,
                cursor => cursor.min(top),
            };
            db.expire_cursor = cursor - 1;
            let place = db.volatile(cursor as usize - 1);
            if db.has_expired(place, now_ms) {
                let (key, _) = db.remove(place);
                done.keys.push((index as u32, key));
                expired += 1;
                if db.volatile_len() == 0 {
                    break;
                }
            }
        }
        done.units += sample;
        done.count += expired;
        if done.units >= pace.budget_units {
            store.expire.hit_budget = true;
            return;
        }
        if expired * 100 <= sample * u64::from(pace.acceptable_stale_percent) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Deadline, StringValue, Value};

    fn store_with(databases: usize, keys: u32, at_ms: impl Fn(u32) -> Deadline) -> Store {
        let mut store = Store::new(databases, 3);
        for db in 0..databases {
            for n in 0..keys {
                let value = Value::String(StringValue::from(i64::from(n)));
                store.db_mut(db).upsert(&n.to_be_bytes(), value, at_ms(n), 0);
            }
        }
        store
    }

    #[test]
    fn a_fully_stale_keyspace_is_emptied_in_one_cycle() {
        let mut store = store_with(3, 500, |_| Deadline::At(10));
        let done = expire_cycle(&mut store, 11, Pace::slow(1, 10));
        assert_eq!(done.count, 1_500);
        assert_eq!(done.keys.len(), 1_500);
        assert!((0..3).all(|db| store.db(db).is_empty()));
    }

    #[test]
    fn nothing_goes_before_its_time() {
        let mut store = store_with(1, 500, |_| Deadline::At(10));
        assert_eq!(expire_cycle(&mut store, 10, Pace::slow(10, 1)).count, 0);
    }

    #[test]
    fn the_budget_bounds_a_cycle_and_the_next_goes_on_elsewhere() {
        let mut store = store_with(2, 10_000, |_| Deadline::At(10));
        let pace = Pace::fast(1);
        let first = expire_cycle(&mut store, 11, pace);
        assert_eq!(first.units, 1_000);
        assert!(first.keys.iter().all(|(db, _)| *db == 0));
        assert!(store.wants_fast_cycle(pace));
        assert_eq!(store.expire_budget_exhausted(), 1);
        let second = expire_cycle(&mut store, 11, pace);
        assert!(second.keys.iter().all(|(db, _)| *db == 1));
    }

    /// One key in a hundred is acceptable: one sample, then leave.
    #[test]
    fn a_mostly_fresh_database_is_left_after_one_sample() {
        let mut store =
            store_with(1, 1_000, |n| Deadline::At(if n % 100 == 0 { 10 } else { 1_000 }));
        let done = expire_cycle(&mut store, 11, Pace::slow(1, 10));
        assert_eq!(done.units, 20);
    }

    #[test]
    fn every_stale_key_goes_within_one_walk_of_the_cursor() {
        let mut store =
            store_with(1, 1_000, |n| Deadline::At(if n % 100 == 0 { 10 } else { 1_000 }));
        let mut gone = 0;
        for _ in 0..1_000 / 20 + 1 {
            gone += expire_cycle(&mut store, 11, Pace::slow(1, 10)).count;
        }
        assert_eq!(gone, 10);
        assert_eq!(store.db(0).volatile_len(), 990);
    }

    #[test]
    fn keys_without_an_end_cost_nothing() {
        let mut store = store_with(1, 1_000, |_| Deadline::Clear);
        assert_eq!(expire_cycle(&mut store, i64::MAX, Pace::slow(10, 1)).units, 0);
        assert_eq!(store.db(0).len(), 1_000);
    }
}
