//! The notepad: everything the server knows of one connection, and the table
//! that finds it.
//!
//! An idle client is small on purpose. Its query buffer exists only while half
//! a request waits, its reply buffer only while bytes wait to leave; both are
//! borrowed from the server the rest of the time (as Redis does since 7.4 for
//! the query buffer).

use super::blocked::Blocked;
use super::multi::{Transaction, WatchedKey};
use super::pubsub::Subscriptions;
use super::reply::Reply;
use crate::commands::Command;
use crate::event::{ClientId, CloseReason, SubscriptionKind};
use crate::net::Fd;
use crate::resp::{OwnedArgs, Protocol, RequestParser};
use crate::time::Micros;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::{Index, IndexMut};

/// `client->flags`, the part that applies here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientFlags(pub u32);

impl ClientFlags {
    /// A member of `clients_pending_write`.
    pub const PENDING_WRITE: u32 = 1 << 0;
    pub const CLOSE_AFTER_REPLY: u32 = 1 << 1;
    pub const CLOSE_ASAP: u32 = 1 << 2;
    /// `CLIENT REPLY OFF`.
    pub const REPLY_OFF: u32 = 1 << 3;
    /// `CLIENT REPLY SKIP`: the next command is silent.
    pub const REPLY_SKIP_NEXT: u32 = 1 << 4;
    /// This command is silent.
    pub const REPLY_SKIP: u32 = 1 << 5;
    pub const AUTHENTICATED: u32 = 1 << 6;
    /// A write handler is installed: the last write left something behind.
    pub const WRITE_HANDLER: u32 = 1 << 7;
    /// Its command is running right now.
    pub const EXECUTING: u32 = 1 << 8;
    pub const BLOCKED: u32 = 1 << 9;
    pub const NO_EVICT: u32 = 1 << 10;
    pub const NO_TOUCH: u32 = 1 << 11;
    /// Between MULTI and EXEC.
    pub const MULTI: u32 = 1 << 12;
    /// A watched key changed: EXEC does nothing.
    pub const DIRTY_CAS: u32 = 1 << 13;
    /// A request was refused while queueing: EXEC aborts.
    pub const DIRTY_EXEC: u32 = 1 << 14;
    /// Its commands come from a transaction: they never wait.
    pub const DENY_BLOCKING: u32 = 1 << 15;
    /// Has at least one subscription.
    pub const PUBSUB: u32 = 1 << 16;
    /// A member of `unblocked_clients`.
    pub const UNBLOCKED: u32 = 1 << 17;
    /// A key it waited for is ready: its command runs once more.
    pub const REEXECUTING: u32 = 1 << 18;
    pub const MONITOR: u32 = 1 << 19;

    #[must_use]
    pub const fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }
    /// Whether of these bits exactly those are set.
    #[must_use]
    pub const fn has_exactly(self, bits: u32, of: u32) -> bool {
        self.0 & of == bits
    }
    pub fn set(&mut self, bit: u32) {
        self.0 |= bit;
    }
    pub fn clear(&mut self, bit: u32) {
        self.0 &= !bit;
    }
}

/// Names a client gave itself (`CLIENT SETNAME`, `CLIENT SETINFO`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub name: Vec<u8>,
    pub lib_name: Vec<u8>,
    pub lib_ver: Vec<u8>,
}

/// Raw input and how far it has been understood (`querybuf`, `qb_pos`,
/// `multibulklen`, `bulklen`, `argv` so far).
#[derive(Debug, Default)]
pub struct Query {
    /// Initialised throughout, so that a read needs no zeroing; only the
    /// first [`Query::filled`] bytes were received.
    pub buffer: Vec<u8>,
    pub filled: usize,
    pub parser: RequestParser,
}

/// `struct client`.
#[derive(Debug)]
pub struct Client {
    pub id: ClientId,
    pub fd: Fd,
    pub flags: ClientFlags,
    /// Selected database.
    pub db: u16,
    /// 2 or 3.
    pub resp: u8,
    pub peer: SocketAddr,
    pub local: SocketAddr,
    pub created_at: Micros,
    /// Refreshed by reads and by writes, so a slow reader that still reads is
    /// not idle.
    pub last_interaction: Micros,
    /// Since when the reply list is above the soft limit.
    pub soft_limit_since: Option<Micros>,
    /// Why it is closing; set with `CLOSE_ASAP` or `CLOSE_AFTER_REPLY`.
    pub close_reason: Option<CloseReason>,
    /// Present only while an unfinished request waits in it.
    pub query: Option<Box<Query>>,
    /// Bytes in the query buffer and the part understood, as CLIENT LIST and
    /// the checker see them, also while a command of this client runs.
    pub query_len: u32,
    pub query_pos: u32,
    pub reply: Reply,
    pub last_command: Option<&'static Command>,
    /// What few clients have.
    pub rare: Option<Box<Rare>>,
}

/// What few clients have, so that the others need not pay for it.
#[derive(Debug, Default)]
pub struct Rare {
    pub names: Names,
    pub transaction: Option<Transaction>,
    /// In the order they were watched; empty once one of them changed.
    pub watched: Vec<WatchedKey>,
    pub subscriptions: Subscriptions,
    /// Present while `BLOCKED` is set.
    pub blocked: Option<Box<Blocked>>,
    /// What a pause had put off and now may run (`CLIENT_PENDING_COMMAND`).
    pub pending_command: Option<OwnedArgs>,
    /// Until when a woken client waits if it was woken for nothing.
    pub retained_until: Option<Micros>,
}

impl Client {
    /// `createClient`: nothing read, nothing to write.
    #[must_use]
    pub fn new(id: ClientId, fd: Fd, peer: SocketAddr, local: SocketAddr, now: Micros) -> Client {
        Client {
            id,
            fd,
            flags: ClientFlags::default(),
            db: 0,
            resp: 2,
            peer,
            local,
            created_at: now,
            last_interaction: now,
            soft_limit_since: None,
            close_reason: None,
            query: None,
            query_len: 0,
            query_pos: 0,
            reply: Reply::default(),
            last_command: None,
            rare: None,
        }
    }

    /// What few clients have, made if there is none.
    pub fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// `resetClient`: CLIENT REPLY SKIP silences the command after this one.
    #[inline]
    pub fn reset(&mut self) {
        const SKIPS: u32 = ClientFlags::REPLY_SKIP | ClientFlags::REPLY_SKIP_NEXT;
        if self.flags.has(SKIPS) {
            let skip_next = self.flags.has(ClientFlags::REPLY_SKIP_NEXT);
            self.flags.clear(SKIPS);
            if skip_next {
                self.flags.set(ClientFlags::REPLY_SKIP);
            }
        }
    }

    /// Whether replies may be appended at all (`prepareClientToWrite`).
    #[must_use]
    pub fn accepts_replies(&self) -> bool {
        const SILENCED: u32 = ClientFlags::REPLY_OFF | ClientFlags::REPLY_SKIP;
        self.accepts_pushes() && !self.flags.has(SILENCED)
    }

    /// Whether pushes may be: they pass through CLIENT REPLY OFF.
    #[must_use]
    pub fn accepts_pushes(&self) -> bool {
        const CLOSING: u32 = ClientFlags::CLOSE_ASAP | ClientFlags::CLOSE_AFTER_REPLY;
        !self.flags.has(CLOSING)
    }

    /// Whether the output limit is worth measuring: something is in the list
    /// and the client is not on its way out already.
    #[must_use]
    pub fn may_be_over_limit(&self) -> bool {
        !self.flags.has(ClientFlags::CLOSE_ASAP)
            && (self.reply.has_blocks() || self.soft_limit_since.is_some())
    }

    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.rare.as_ref().map_or(&[], |rare| &rare.names.name)
    }

    #[must_use]
    pub fn watched_keys(&self) -> &[WatchedKey] {
        self.rare.as_ref().map_or(&[], |rare| &rare.watched)
    }

    /// The dialect it chose.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        if self.resp == 3 { Protocol::Resp3 } else { Protocol::Resp2 }
    }

    /// How many subscriptions of a kind it has.
    #[must_use]
    pub fn subscriptions(&self, kind: SubscriptionKind) -> usize {
        self.rare.as_ref().map_or(0, |rare| rare.subscriptions.of(kind).len())
    }

    /// What it is subscribed to, in order.
    #[must_use]
    pub fn subscribed(&self, kind: SubscriptionKind) -> Vec<Box<[u8]>> {
        let of_kind = |rare: &Rare| rare.subscriptions.of(kind).iter().cloned().collect();
        self.rare.as_deref().map_or_else(Vec::new, of_kind)
    }

    #[must_use]
    pub fn transaction(&self) -> Option<&Transaction> {
        self.rare.as_ref()?.transaction.as_ref()
    }
}

/// A place in the [`ClientTable`]. A stale one (its client is gone) finds
/// nothing, even if the place was taken again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    index: u32,
    generation: u32,
}

#[derive(Debug, Default)]
struct Place {
    generation: u32,
    client: Option<Box<Client>>,
}

/// All clients: by place (fast, for handlers) and by id (ordered, for humans).
#[derive(Debug, Default)]
pub struct ClientTable {
    places: Vec<Place>,
    free: Vec<u32>,
    by_id: BTreeMap<ClientId, Slot>,
    next_id: u64,
}

impl ClientTable {
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The id that the next client gets; ids are never reused.
    pub fn next_id(&mut self) -> ClientId {
        self.next_id += 1;
        ClientId(self.next_id)
    }

    pub fn insert(&mut self, client: Client) -> Slot {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            u32::try_from(self.places.len() - 1).expect("fewer than 2^32 clients")
        });
        let place = &mut self.places[index as usize];
        let slot = Slot { index, generation: place.generation };
        self.by_id.insert(client.id, slot);
        place.client = Some(Box::new(client));
        slot
    }

    /// Takes the client out; every copy of `slot` is stale afterwards.
    pub fn remove(&mut self, slot: Slot) -> Option<Box<Client>> {
        let place = self.places.get_mut(slot.index as usize)?;
        if place.generation != slot.generation {
            return None;
        }
        let client = place.client.take()?;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(slot.index);
        self.by_id.remove(&client.id);
        Some(client)
    }

    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Client> {
        let place = self.places.get(slot.index as usize)?;
        if place.generation == slot.generation { place.client.as_deref() } else { None }
    }

    #[must_use]
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut Client> {
        let place = self.places.get_mut(slot.index as usize)?;
        if place.generation == slot.generation { place.client.as_deref_mut() } else { None }
    }

    #[must_use]
    pub fn find(&self, id: ClientId) -> Option<Slot> {
        self.by_id.get(&id).copied()
    }

    /// In order of id, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &Client)> {
        self.by_id.values().map(|slot| (*slot, &self[*slot]))
    }

    /// The first client whose id is greater than `after`, for round-robin.
    #[must_use]
    pub fn next_after(&self, after: ClientId) -> Option<Slot> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.by_id.range((Excluded(after), Unbounded)).next().map(|(_, slot)| *slot)
    }
}

impl Index<Slot> for ClientTable {
    type Output = Client;
    /// # Panics
    /// If the slot is stale: only for slots known to be alive.
    fn index(&self, slot: Slot) -> &Client {
        self.get(slot).expect("a live client")
    }
}

impl IndexMut<Slot> for ClientTable {
    fn index_mut(&mut self, slot: Slot) -> &mut Client {
        self.get_mut(slot).expect("a live client")
    }
}

#[cfg(test)]
mod tests {
    use super::{Client, Place};

    /// Protects: thousands of idle connections cost little. Redis needs 1.6 to
    /// 1.9 KB for each.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn an_idle_client_takes_less_than_256_bytes() {
        let registered = size_of::<crate::engine::ae::FileEvent>();
        // A B-tree's leaves are at least half full.
        let indexed = 2 * size_of::<(crate::event::ClientId, super::Slot)>();
        let (client, place) = (size_of::<Client>(), size_of::<Place>());
        let sum = client + place + registered + indexed;
        println!("client {client} + place {place} + event {registered} + index {indexed} = {sum}");
        assert!(sum <= 256, "{sum} bytes");
    }
}
