//! The notepad: everything the server knows of one connection, and the table
//! that finds it.
//!
//! An idle client is small on purpose. Its query buffer exists only while half
//! a request waits, its reply buffer only while bytes wait to leave; the rest of
//! the time both are the server's, which lends them. Redis 7.4 gives each
//! client a query buffer and a reply buffer of its own; since 8.0 it lends the
//! query buffer, too.

use super::blocked::Blocked;
use super::multi::{Transaction, WatchedKey};
use super::pubsub::Subscriptions;
use super::query::Query;
use super::reply::Reply;
use crate::commands::Command;
use crate::event::{ClientId, CloseReason, SubscriptionKind};
use crate::net::Fd;
use crate::resp::{OwnedArgs, Protocol};
use crate::time::Micros;
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
    /// Somebody asked for SHUTDOWN: nothing that anybody says runs any more.
    pub const SHUTDOWN: u32 = 1 << 20;

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
    pub local: LocalAddress,
    pub created_at: Micros,
    /// Refreshed by reads and by writes, so a slow reader that still reads is
    /// not idle.
    pub last_interaction: Micros,
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
    /// Since when the reply list is above the soft limit.
    pub soft_limit_since: Option<Micros>,
}

impl Client {
    /// `createClient`: nothing read, nothing to write.
    #[must_use]
    pub fn new(id: ClientId, fd: Fd, peer: SocketAddr, local: LocalAddress, now: Micros) -> Client {
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
            && (self.reply.has_blocks() || self.soft_limit_since().is_some())
    }

    #[must_use]
    pub fn soft_limit_since(&self) -> Option<Micros> {
        self.rare.as_ref()?.soft_limit_since
    }

    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.rare.as_ref().map_or(&[], |rare| &rare.names.name)
    }

    #[must_use]
    pub fn watched_keys(&self) -> &[WatchedKey] {
        self.rare.as_ref().map_or(&[], |rare| &rare.watched)
    }

    /// Whether a command that a pause held up is still to run: nothing sent
    /// later may run before it (`CLIENT_PENDING_COMMAND`).
    #[inline]
    #[must_use]
    pub fn has_pending_command(&self) -> bool {
        let pending = || self.rare.as_ref().is_some_and(|rare| rare.pending_command.is_some());
        self.flags.has(ClientFlags::UNBLOCKED) && pending()
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
        let of_kind = |rare: &Rare| rare.subscriptions.of(kind).keys().cloned().collect();
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
    pub(super) index: u32,
    generation: u32,
}

#[derive(Debug, Default)]
struct Place {
    generation: u32,
    client: Option<Box<Client>>,
}

/// One of our own addresses that clients connected to. There are few, so a
/// client keeps a number instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalAddress(u32);

/// All clients: by place (fast, for handlers) and by id (ordered, for humans).
#[derive(Debug, Default)]
pub struct ClientTable {
    places: Vec<Place>,
    /// Where there is room. Some are beyond the end, or taken.
    free: Vec<u32>,
    /// By rising id, since ids only rise. Rows of those who are gone stay, as
    /// stale slots, until they are the most.
    by_id: Vec<(ClientId, Slot)>,
    present: usize,
    next_id: u64,
    /// Of the last insertion; tells it from all others.
    generation: u32,
    local_addresses: Vec<SocketAddr>,
}

impl ClientTable {
    #[must_use]
    pub fn len(&self) -> usize {
        self.present
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.present == 0
    }

    /// The id that the next client gets; ids are never reused.
    pub fn next_id(&mut self) -> ClientId {
        self.next_id += 1;
        ClientId(self.next_id)
    }

    /// The number of one of our own addresses.
    pub fn number_local_address(&mut self, address: SocketAddr) -> LocalAddress {
        let known = self.local_addresses.iter().position(|known| *known == address);
        let index = known.unwrap_or_else(|| {
            self.local_addresses.push(address);
            self.local_addresses.len() - 1
        });
        LocalAddress(u32::try_from(index).expect("fewer than 2^32 addresses of our own"))
    }

    /// The address of that number.
    #[must_use]
    pub fn local_address(&self, number: LocalAddress) -> SocketAddr {
        self.local_addresses[number.0 as usize]
    }

    pub fn insert(&mut self, client: Client) -> Slot {
        let index = self.free_place();
        self.generation = self.generation.wrapping_add(1);
        let slot = Slot { index, generation: self.generation };
        debug_assert!(self.by_id.last().is_none_or(|(last, _)| *last < client.id));
        reserve_an_eighth(&mut self.by_id);
        self.by_id.push((client.id, slot));
        self.present += 1;
        let client = Some(Box::new(client));
        self.places[index as usize] = Place { generation: self.generation, client };
        slot
    }

    fn free_place(&mut self) -> u32 {
        while let Some(index) = self.free.pop() {
            if self.places.get(index as usize).is_some_and(|place| place.client.is_none()) {
                return index;
            }
        }
        reserve_an_eighth(&mut self.places);
        self.places.push(Place::default());
        u32::try_from(self.places.len() - 1).expect("fewer than 2^32 clients")
    }

    /// Takes the client out; every copy of `slot` is stale afterwards.
    pub fn remove(&mut self, slot: Slot) -> Option<Box<Client>> {
        let place = self.places.get_mut(slot.index as usize)?;
        if place.generation != slot.generation {
            return None;
        }
        let client = place.client.take()?;
        self.present -= 1;
        self.free.push(slot.index);
        while self.places.last().is_some_and(|last| last.client.is_none()) {
            self.places.pop();
        }
        if self.places.is_empty() {
            self.free.clear();
        }
        give_back_slack(&mut self.places);
        give_back_slack(&mut self.free);
        self.forget_who_is_gone();
        Some(client)
    }

    fn forget_who_is_gone(&mut self) {
        if self.present == 0 {
            self.by_id = Vec::new();
        } else if self.by_id.len() > 2 * self.present + TABLE_SLACK {
            let mut rows = std::mem::take(&mut self.by_id);
            rows.retain(|(_, slot)| self.get(*slot).is_some());
            give_back_slack(&mut rows);
            self.by_id = rows;
        }
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
        let at = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        let slot = self.by_id[at].1;
        self.get(slot).map(|_| slot)
    }

    /// In order of id, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &Client)> {
        self.by_id.iter().filter_map(|(_, slot)| Some((*slot, self.get(*slot)?)))
    }

    /// The first client whose id is greater than `after`, for round-robin.
    #[must_use]
    pub fn next_after(&self, after: ClientId) -> Option<Slot> {
        let later = self.by_id.partition_point(|(id, _)| *id <= after);
        self.by_id[later..].iter().map(|(_, slot)| *slot).find(|slot| self.get(*slot).is_some())
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

/// A table of one row per client grows by an eighth, not to twice its size:
/// what is reserved for clients that do not come is theirs who did.
pub(super) fn reserve_an_eighth<T>(rows: &mut Vec<T>) {
    if rows.len() == rows.capacity() {
        rows.reserve_exact(rows.len() / 8 + TABLE_SLACK);
    }
}

/// Such a table gives room back that is four times what it needs.
pub(super) fn give_back_slack<T>(rows: &mut Vec<T>) {
    if rows.capacity() / 4 > rows.len() + TABLE_SLACK {
        rows.shrink_to(rows.len() + TABLE_SLACK);
    }
}

/// Rows that a table may always have to spare.
const TABLE_SLACK: usize = 16;

#[cfg(test)]
mod tests {
    use super::{Client, ClientTable, LocalAddress, Slot};
    use crate::event::ClientId;
    use crate::net::Fd;
    use crate::time::Micros;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn client(id: ClientId) -> Client {
        let peer = ([127, 0, 0, 1], 50_000).into();
        Client::new(id, Fd(9), peer, LocalAddress(0), Micros::ZERO)
    }

    proptest! {
        /// Whoever comes and goes in whatever order: each slot finds its own
        /// client while that is there, and nobody ever after.
        #[test]
        fn a_slot_finds_its_own_client_or_nobody(
            steps in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 1..200)
        ) {
            let mut table = ClientTable::default();
            let mut present: BTreeMap<ClientId, Slot> = BTreeMap::new();
            let mut gone: Vec<Slot> = Vec::new();
            for (comes, which) in steps {
                if comes || present.is_empty() {
                    let id = table.next_id();
                    present.insert(id, table.insert(client(id)));
                } else {
                    let id = *which.get(&present.keys().copied().collect::<Vec<_>>());
                    let slot = present.remove(&id).expect("it was drawn from there");
                    prop_assert_eq!(table.remove(slot).map(|client| client.id), Some(id));
                    gone.push(slot);
                }
                prop_assert_eq!(table.len(), present.len());
                prop_assert!(gone.iter().all(|slot| table.get(*slot).is_none()));
                for (id, slot) in &present {
                    prop_assert_eq!(table[*slot].id, *id);
                    prop_assert_eq!(table.find(*id), Some(*slot));
                }
                prop_assert!(table.iter().map(|(slot, _)| slot).eq(present.values().copied()));
            }
        }
    }

    #[test]
    fn an_address_of_our_own_has_one_number() {
        let mut table = ClientTable::default();
        let (here, there) = (([127, 0, 0, 1], 1).into(), ([127, 0, 0, 1], 2).into());
        let number = table.number_local_address(here);
        assert_ne!(table.number_local_address(there), number);
        assert_eq!(table.number_local_address(here), number);
        assert_eq!(table.local_address(number), here);
    }
}
