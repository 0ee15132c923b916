//! Transactions (`multi.c`): the queue between MULTI and EXEC, and the keys
//! that must not change meanwhile.

use super::client::{ClientFlags, Slot};
use super::key_table::KeyTable;
use super::server::Server;
use crate::commands::{Command, Flags};
use crate::event::{ARG_CAP, Event, Preview, TransactionEnd, TransactionStep};
use crate::resp::{Args, OwnedArgs};

/// `multiCmd`.
#[derive(Debug)]
pub struct QueuedCommand {
    pub command: &'static Command,
    pub args: OwnedArgs,
}

/// `multiState`: from MULTI to EXEC, DISCARD or the client's end.
#[derive(Debug)]
pub struct Transaction {
    /// Empty while EXEC runs it.
    pub queue: Vec<QueuedCommand>,
    pub commands: u32,
    /// The flags of all queued commands together.
    pub flags: Flags,
    /// What the queue holds in memory (`argv_len_sums`).
    pub queued_bytes: u64,
}

impl Default for Transaction {
    fn default() -> Transaction {
        Transaction { queue: Vec::new(), commands: 0, flags: Flags::NONE, queued_bytes: 0 }
    }
}

/// `watchedKey`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedKey {
    pub db: u16,
    pub key: Box<[u8]>,
    /// It had ended already when it was watched, so its removal is no change.
    pub expired: bool,
}

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    Changed,
    /// It had ended and was removed.
    Expired,
}

/// `db->watched_keys`: who watches what.
pub type WatchedKeys = KeyTable<Vec<Slot>>;

impl Server {
    fn state_transaction(&mut self, slot: Slot, step: impl FnOnce() -> TransactionStep) {
        let client = self.clients[slot].id;
        self.tap.emit(|| Event::Transaction { client, step: step() });
    }

    /// `multiCommand`, once it is allowed.
    pub fn begin_transaction(&mut self, slot: Slot) {
        let client = &mut self.clients[slot];
        client.flags.set(ClientFlags::MULTI);
        client.rare().transaction = Some(Transaction::default());
        self.state_transaction(slot, || TransactionStep::Begun);
    }

    /// `queueMultiCommand`, *faithful*: a transaction that is lost already
    /// answers QUEUED and keeps nothing.
    pub fn queue_command(&mut self, slot: Slot, command: &'static Command, args: Args<'_>) {
        let client = &mut self.clients[slot];
        let lost = client.flags.has(ClientFlags::DIRTY_CAS | ClientFlags::DIRTY_EXEC);
        let transaction = client.rare().transaction.get_or_insert_default();
        if !lost {
            let args = OwnedArgs::from(args);
            transaction.queued_bytes += args.memory_bytes();
            transaction.flags = transaction.flags.with(command.flags);
            transaction.commands = transaction.commands.saturating_add(1);
            transaction.queue.push(QueuedCommand { command, args });
        }
        let commands = transaction.commands;
        self.state_transaction(slot, || TransactionStep::Queued {
            name: command.name.to_owned(),
            commands,
        });
    }

    /// `flagTransaction`: a request of a transaction was refused.
    pub fn flag_transaction(&mut self, slot: Slot) {
        let flags = &mut self.clients[slot].flags;
        if flags.has(ClientFlags::MULTI) && !flags.has(ClientFlags::DIRTY_EXEC) {
            flags.set(ClientFlags::DIRTY_EXEC);
            self.state_transaction(slot, || TransactionStep::Flawed);
        }
    }

    /// `discardTransaction`: no queue, no flags, nothing watched.
    pub fn discard_transaction(&mut self, slot: Slot, how: TransactionEnd) {
        let watched = self.forget_watched_keys(slot);
        let client = &mut self.clients[slot];
        let began = client.flags.has(ClientFlags::MULTI);
        // An EXEC that is refused where none had begun still unwatches.
        let unwatched = watched || client.flags.has(ClientFlags::DIRTY_CAS);
        client.flags.clear(ClientFlags::MULTI | ClientFlags::DIRTY_CAS | ClientFlags::DIRTY_EXEC);
        if let Some(rare) = client.rare.as_deref_mut() {
            rare.transaction = None;
        }
        if began {
            self.state_transaction(slot, || TransactionStep::Ended { how });
        } else if unwatched {
            self.state_transaction(slot, || TransactionStep::Watching { keys: 0 });
        }
    }

    /// `watchForKey`: the same key twice counts once.
    pub fn watch_key(&mut self, slot: Slot, key: &[u8]) {
        let db = self.clients[slot].db;
        let watchers = self.watched_keys.entry(db, key);
        if watchers.contains(&slot) {
            return;
        }
        watchers.push(slot);
        let now_ms = self.unix_ms().cast_signed();
        let store = self.store.db(usize::from(db));
        let expired = store.find(key).is_some_and(|place| store.has_expired(place, now_ms));
        let watched = &mut self.clients[slot].rare().watched;
        watched.push(WatchedKey { db, key: key.into(), expired });
        let keys = watched.len() as u32;
        self.state_transaction(slot, || TransactionStep::Watching { keys });
    }

    /// `unwatchAllKeys`, and what may have become of them is forgotten.
    pub fn unwatch_all_keys(&mut self, slot: Slot) {
        let flags = &mut self.clients[slot].flags;
        let dirty = flags.has(ClientFlags::DIRTY_CAS);
        flags.clear(ClientFlags::DIRTY_CAS);
        if self.forget_watched_keys(slot) || dirty {
            self.state_transaction(slot, || TransactionStep::Watching { keys: 0 });
        }
    }

    /// Returns whether there were any.
    fn forget_watched_keys(&mut self, slot: Slot) -> bool {
        let Some(rare) = self.clients[slot].rare.as_deref_mut() else { return false };
        let watched = std::mem::take(&mut rare.watched);
        for WatchedKey { db, key, .. } in &watched {
            self.stop_watching(slot, *db, key);
        }
        !watched.is_empty()
    }

    fn stop_watching(&mut self, slot: Slot, db: u16, key: &[u8]) {
        if let Some(watchers) = self.watched_keys.get_mut(db, key) {
            watchers.retain(|other| *other != slot);
            if watchers.is_empty() {
                self.watched_keys.remove(db, key);
            }
        }
    }

    /// A client that is being freed watches nothing.
    pub fn purge_watched_keys(&mut self, slot: Slot, watched: &[WatchedKey]) {
        watched.iter().for_each(|w| self.stop_watching(slot, w.db, &w.key));
    }

    /// Whoever watches this key has lost its transaction.
    ///
    /// Redis: `touchWatchedKey`, *simplified*: a key that had ended before it
    /// was watched and is then written counts as changed; there, only its next
    /// change does.
    pub fn touch_watched_key(&mut self, db: u16, key: &[u8], touch: Touch) {
        let Some(watchers) = self.watched_keys.get(db, key) else { return };
        for slot in watchers.clone() {
            let watched = &mut self.clients[slot].rare().watched;
            let entry = watched.iter_mut().find(|w| w.db == db && *w.key == *key);
            if let (Touch::Expired, Some(entry)) = (touch, entry)
                && entry.expired
            {
                entry.expired = false;
                continue;
            }
            self.clients[slot].flags.set(ClientFlags::DIRTY_CAS);
            self.forget_watched_keys(slot);
            // No command of its own comes after this that would count anew.
            self.update_client_memory(slot);
            self.state_transaction(slot, || TransactionStep::KeyTouched {
                db: u32::from(db),
                key: Preview::of(key, ARG_CAP),
            });
        }
    }

    /// Before databases are emptied: the keys that are there will not be.
    ///
    /// Redis: `touchAllWatchedKeysInDb`, *faithful*.
    pub fn touch_keys_to_flush(&mut self, db: Option<u16>) {
        if self.watched_keys.is_empty() {
            return;
        }
        let now_ms = self.unix_ms().cast_signed();
        let touched: Vec<(u16, Vec<u8>, Touch)> = self
            .watched_keys
            .keys(db)
            .filter_map(|(db, key)| {
                let store = self.store.db(usize::from(db));
                let expired = store.has_expired(store.find(key)?, now_ms);
                let touch = if expired { Touch::Expired } else { Touch::Changed };
                Some((db, key.to_vec(), touch))
            })
            .collect();
        for (db, key, touch) in touched {
            self.touch_watched_key(db, &key, touch);
        }
    }

    /// Whether a watched key has ended since, noticed or not
    /// (`isWatchedKeyExpired`).
    #[must_use]
    pub fn has_watched_key_expired(&self, slot: Slot) -> bool {
        let now_ms = self.unix_ms().cast_signed();
        self.clients[slot].watched_keys().iter().any(|watched| {
            let store = self.store.db(usize::from(watched.db));
            let place = store.find(&watched.key);
            !watched.expired && place.is_some_and(|place| store.has_expired(place, now_ms))
        })
    }
}
