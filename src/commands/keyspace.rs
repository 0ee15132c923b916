//! The only way from a command to a key.
//!
//! Whoever looks a key up here has the ended ones removed, the hits and misses
//! counted, and every look and change stated as a fact (`db.c`).

use super::context::ReplySink;
use super::{Context, Refusal};
use crate::engine::multi::Touch;
use crate::event::{ARG_CAP, Event, KeyChange, Preview, Standing};
use crate::resp::Encoder;
use crate::store::{Db, Deadline, List, Lookup, Place, Previous, StringValue, Value};

impl Context<'_> {
    /// The wall clock as deadlines are compared with it.
    #[inline]
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.unix_ms().cast_signed()
    }

    /// Finds a key to read it; counts a hit or a miss.
    ///
    /// Redis: `lookupKeyRead`, *faithful*.
    #[inline]
    pub fn find_read(&mut self, key: &[u8]) -> Option<Place> {
        let place = self.find(key);
        let stats = &mut self.server.stats;
        match place {
            Some(_) => stats.keyspace_hits += 1,
            None => stats.keyspace_misses += 1,
        }
        place
    }

    /// Finds a key to change it; not counted.
    ///
    /// Redis: `lookupKeyWrite`, *faithful*.
    #[inline]
    pub fn find_write(&mut self, key: &[u8]) -> Option<Place> {
        self.find(key)
    }

    #[inline]
    fn find(&mut self, key: &[u8]) -> Option<Place> {
        let now_ms = self.now_ms();
        let paused = self.server.pause.is_some();
        let db = self.db();
        let place = match db.lookup(key, now_ms, paused) {
            Lookup::Found(place) => Some(place),
            Lookup::Missing => None,
            Lookup::Expired => {
                self.note_expired(key);
                None
            }
        };
        if self.tells() {
            self.state(key, KeyChange::Read { found: place.is_some() });
        }
        place
    }

    #[inline]
    fn tells(&self) -> bool {
        self.server.tap.is_on() && !self.is_brief
    }

    /// [`Context::find_read`] for commands that take only strings.
    ///
    /// # Errors
    /// [`Refusal::WrongType`].
    #[inline]
    pub fn find_string_read(&mut self, key: &[u8]) -> Result<Option<Place>, Refusal> {
        let place = self.find_read(key);
        self.must_be_string(place)
    }

    /// [`Context::find_write`] for commands that take only strings.
    ///
    /// # Errors
    /// [`Refusal::WrongType`].
    #[inline]
    pub fn find_string_write(&mut self, key: &[u8]) -> Result<Option<Place>, Refusal> {
        let place = self.find_write(key);
        self.must_be_string(place)
    }

    /// [`Context::find_read`] for commands that take only lists.
    ///
    /// # Errors
    /// [`Refusal::WrongType`].
    pub fn find_list_read(&mut self, key: &[u8]) -> Result<Option<Place>, Refusal> {
        let place = self.find_read(key);
        self.must_be_list(place)
    }

    /// [`Context::find_write`] for commands that take only lists.
    ///
    /// # Errors
    /// [`Refusal::WrongType`].
    pub fn find_list_write(&mut self, key: &[u8]) -> Result<Option<Place>, Refusal> {
        let place = self.find_write(key);
        self.must_be_list(place)
    }

    #[inline]
    fn must_be_string(&mut self, place: Option<Place>) -> Result<Option<Place>, Refusal> {
        match place.map(|place| self.db().value(place)) {
            None | Some(Value::String(_)) => Ok(place),
            Some(_) => Err(Refusal::WrongType),
        }
    }

    #[inline]
    fn must_be_list(&mut self, place: Option<Place>) -> Result<Option<Place>, Refusal> {
        match place.map(|place| self.db().value(place)) {
            None | Some(Value::List(_)) => Ok(place),
            Some(_) => Err(Refusal::WrongType),
        }
    }

    /// Replies from the caller's database without copying what it answers: the
    /// store is lent out while `write` runs, so that the reply may borrow the
    /// rest of the server.
    #[inline]
    pub fn reply_from<R>(
        &mut self,
        write: impl FnOnce(&Db, &mut Encoder<ReplySink<'_>>) -> R,
    ) -> R {
        let db = usize::from(self.client().db);
        let store = std::mem::take(&mut self.server.store);
        let result = write(store.db(db), &mut self.reply());
        self.server.store = store;
        result
    }

    /// Adds a key or replaces its value.
    ///
    /// Redis: `setKey`, *faithful*, with one look for the key.
    #[inline]
    pub fn put(&mut self, key: &[u8], value: Value, deadline: Deadline) -> Place {
        let now_ms = self.now_ms();
        let upsert = self.db().upsert(key, value, deadline, now_ms);
        if upsert.previous == Previous::Expired {
            self.note_expired(key);
        }
        self.touch(key, Touch::Changed);
        if upsert.previous != Previous::Live && self.is_list(upsert.place) {
            let db = self.client().db;
            self.server.signal_key_as_ready(db, key);
        }
        if self.tells() {
            self.state_written(upsert.place, upsert.previous != Previous::Live);
            if let Deadline::At(_) = deadline {
                self.state_ttl(upsert.place);
            }
        }
        upsert.place
    }

    #[inline]
    fn is_list(&mut self, place: Place) -> bool {
        matches!(self.db().value(place), Value::List(_))
    }

    /// Changes a string in place.
    ///
    /// # Panics
    /// If it is none.
    #[inline]
    pub fn change_string<R>(
        &mut self,
        place: Place,
        change: impl FnOnce(&mut StringValue) -> R,
    ) -> R {
        self.change(place, |value| match value {
            Value::String(string) => change(string),
            Value::List(_) => unreachable!("looked up as a string"),
        })
    }

    /// Changes a list in place; an empty one is a key no more.
    ///
    /// # Panics
    /// If it is none.
    #[inline]
    pub fn change_list<R>(&mut self, place: Place, change: impl FnOnce(&mut List) -> R) -> R {
        let result = self.change(place, |value| match value {
            Value::List(list) => change(list),
            Value::String(_) => unreachable!("looked up as a list"),
        });
        if self.db().value(place).size() == 0 {
            self.delete(place);
        }
        result
    }

    #[inline]
    fn change<R>(&mut self, place: Place, change: impl FnOnce(&mut Value) -> R) -> R {
        let result = self.db().edit(place, change);
        self.touch_place(place);
        if self.server.tap.is_on() {
            self.state_written(place, false);
        }
        result
    }

    /// Takes a key out.
    pub fn delete(&mut self, place: Place) -> Value {
        let (key, value) = self.db().remove(place);
        self.touch(&key, Touch::Changed);
        if self.server.tap.is_on() {
            self.state(&key, KeyChange::Deleted);
        }
        value
    }

    /// Gives a key an end, in Unix milliseconds, or takes it away.
    pub fn set_deadline(&mut self, place: Place, at_ms: Option<i64>) {
        self.db().set_deadline(place, at_ms);
        self.touch_place(place);
        if self.server.tap.is_on() {
            self.state_ttl(place);
        }
    }

    /// Removes a key that an iteration met and that has ended. The last key
    /// moves into its place.
    pub fn drop_expired(&mut self, place: Place) {
        let (key, _) = self.db().remove(place);
        self.note_expired(&key);
    }

    /// Redis: `signalModifiedKey`, *faithful* for the watchers.
    #[inline]
    fn touch(&mut self, key: &[u8], touch: Touch) {
        if !self.server.watched_keys.is_empty() {
            let db = self.client().db;
            self.server.touch_watched_key(db, key, touch);
        }
    }

    #[inline]
    fn touch_place(&mut self, place: Place) {
        if !self.server.watched_keys.is_empty() {
            let key = self.db().key(place).to_vec();
            self.touch(&key, Touch::Changed);
        }
    }

    fn note_expired(&mut self, key: &[u8]) {
        self.server.stats.expired_keys += 1;
        self.touch(key, Touch::Expired);
        if self.server.tap.is_on() {
            self.state(key, KeyChange::Expired);
        }
    }

    /// How many keys the caller's database has, where not each was stated.
    pub fn state_keys(&mut self) {
        let (db, keys) = (self.client().db.into(), self.db().len() as u64);
        self.emit(|| Event::Standing { what: Standing::Keys { db, keys } });
    }

    #[cold]
    fn state(&mut self, key: &[u8], change: KeyChange) {
        let client = self.client();
        let (id, db) = (client.id, u32::from(client.db));
        let key = Preview::of(key, ARG_CAP);
        self.emit(|| Event::Key { client: Some(id), db, key, change });
    }

    #[cold]
    fn state_written(&mut self, place: Place, created: bool) {
        let db: &Db = self.db();
        let value = db.value(place);
        let preview = match value {
            Value::String(string) => Preview::of(string.bytes(&mut itoa::Buffer::new()), ARG_CAP),
            Value::List(_) => Preview::default(),
        };
        let (kind, size) = (value.kind().to_owned(), value.size());
        let key = db.key(place).to_vec();
        self.state(&key, KeyChange::Written { kind, size, value: preview, created });
    }

    #[cold]
    fn state_ttl(&mut self, place: Place) {
        let now_ms = self.now_ms();
        let db: &Db = self.db();
        let left = db.deadline_ms(place).map(|at_ms| at_ms.saturating_sub(now_ms).max(0));
        let key = db.key(place).to_vec();
        self.state(&key, KeyChange::Ttl { ms: left.map(i64::cast_unsigned) });
    }
}
