//! Clients that take too much memory together (`maxmemory-clients`).

use super::Engine;
use super::client::{Client, ClientFlags, Rare, Slot};
use super::config::ClientMemory;
use super::server::Server;
use crate::event::{ClientId, CloseReason, Event};
use crate::net::Net;
use crate::sorted::CrowdSet;

/// `sizeof(client)` and what the table keeps of it, in round figures and the
/// same on every platform.
pub const CLIENT_BYTES: u64 = 512;

/// A watched key or a subscription, in round figures, without the name, which
/// clients have in common (`multiStateMemOverhead`, `pubsubMemOverhead`).
const ENTRY_BYTES: u64 = 32;

const LEAST_LIMIT_BYTES: u64 = 128 * 1024;

/// What each client takes, kept only while there is a limit.
///
/// Redis sorts clients into buckets by powers of two and evicts from the
/// topmost; *simplified*: the order here is exact, the largest first and of
/// equals the youngest.
#[derive(Debug, Default)]
pub struct ClientMemoryUsage {
    /// By the client's place; 0 is who is not counted.
    by_place: Vec<u64>,
    by_size: CrowdSet<(u64, ClientId)>,
    total_bytes: u64,
}

impl ClientMemoryUsage {
    /// Of all clients that may be evicted.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    fn set(&mut self, slot: Slot, id: ClientId, bytes: u64) {
        let place = slot.index as usize;
        if place >= self.by_place.len() {
            self.by_place.resize(place + 1, 0);
        }
        let before = std::mem::replace(&mut self.by_place[place], bytes);
        if before == bytes {
            return;
        }
        if before > 0 {
            self.by_size.remove(&(before, id));
        }
        if bytes > 0 {
            self.by_size.or_default((bytes, id));
        }
        self.total_bytes = self.total_bytes - before + bytes;
    }
}

/// Memory of one client, estimated (`getClientMemoryUsage`).
#[must_use]
pub fn client_memory_bytes(client: &Client) -> u64 {
    let query = client.query.as_ref().map_or(0, |query| query.size as u64);
    let queued = client.transaction().map_or(0, |transaction| transaction.queued_bytes);
    let entries = |rare: &Rare| rare.watched.len() + rare.subscriptions.total();
    let entries = client.rare.as_deref().map_or(0, entries) as u64 * ENTRY_BYTES;
    CLIENT_BYTES
        + query
        + queued
        + entries
        + reply_buffer_bytes(client)
        + client.reply.limit_usage_bytes()
}

/// Of the reply buffer: there is one only while something is in it.
#[must_use]
pub fn reply_buffer_bytes(client: &Client) -> u64 {
    if client.reply.buffered() > 0 { super::reply::REPLY_CHUNK_BYTES as u64 } else { 0 }
}

impl Server {
    /// `getClientEvictionLimit`: `None` is no limit. A limit is 128 KB at least,
    /// so that somebody can always stay connected to raise it.
    #[inline]
    #[must_use]
    pub fn client_eviction_limit_bytes(&self) -> Option<u64> {
        match self.config.maxmemory_clients {
            ClientMemory::Bytes(0) | ClientMemory::Percent(0) => None,
            ClientMemory::Bytes(bytes) => Some(bytes.max(LEAST_LIMIT_BYTES)),
            ClientMemory::Percent(percent) => {
                let maxmemory = self.config.maxmemory;
                let share = || (u128::from(maxmemory) * u128::from(percent) / 100) as u64;
                (maxmemory > 0).then(|| share().max(LEAST_LIMIT_BYTES))
            }
        }
    }

    /// `updateClientMemUsageAndBucket`.
    #[inline]
    pub fn update_client_memory(&mut self, slot: Slot) {
        if self.client_eviction_limit_bytes().is_some() {
            self.measure_client(slot, 0);
        }
    }

    /// The same where there is a limit; `query_bytes` are those of a query
    /// buffer that is in the loop's hands.
    #[cold]
    pub(super) fn measure_client(&mut self, slot: Slot, query_bytes: u64) {
        if let Some(client) = self.clients.get(slot) {
            let counts = !client.flags.has(ClientFlags::NO_EVICT);
            let bytes = if counts { client_memory_bytes(client) + query_bytes } else { 0 };
            self.client_memory.set(slot, client.id, bytes);
        }
    }

    /// A client that is being freed takes nothing any more.
    pub fn purge_client_memory(&mut self, slot: Slot, id: ClientId) {
        if self.client_memory.total_bytes > 0 {
            self.client_memory.set(slot, id, 0);
        }
    }

    /// The limit was set, changed or lifted: everybody is measured anew.
    pub fn remeasure_clients(&mut self) {
        self.client_memory = ClientMemoryUsage::default();
        let slots: Vec<Slot> = self.clients.iter().map(|(slot, _)| slot).collect();
        slots.into_iter().for_each(|slot| self.update_client_memory(slot));
    }
}

impl Engine {
    /// `evictClients`: the largest go, until the rest is below the limit. Who
    /// said CLIENT NO-EVICT neither counts nor goes.
    pub(super) fn evict_clients<N: Net>(&mut self, net: &mut N) {
        let Some(limit) = self.server.client_eviction_limit_bytes() else { return };
        while self.server.client_memory.total_bytes >= limit {
            let used = self.server.client_memory.total_bytes;
            let largest = self.server.client_memory.by_size.last();
            let Some(slot) = largest.and_then(|(_, id)| self.server.clients.find(*id)) else {
                return;
            };
            self.state(net, || Event::ClientMemory { used, limit });
            self.server.stats.evicted_clients += 1;
            self.free_client(net, slot, CloseReason::Evicted);
        }
    }
}
