//! Who hears what (`pubsub.c`).

use super::client::{ClientFlags, Rare, Slot};
use super::server::Server;
use crate::commands::glob;
use crate::event::{ARG_CAP, Event, Preview, SubscriptionKind};
use crate::resp::{Encoder, Protocol};
use crate::sorted::CrowdMap;

/// The subscribers of each name, oldest connection first. Redis keeps them in
/// a hash table and promises no order; here it is the same on every run.
type Names = CrowdMap<Box<[u8]>, Vec<Slot>>;

/// `server.pubsub_channels`, `pubsub_patterns`, `pubsubshard_channels`.
#[derive(Debug, Default)]
pub struct PubSub {
    subscribers: Subscriptions,
    /// Clients with at least one subscription.
    clients: u64,
}

/// Names by kind: all that somebody is subscribed to, with the subscribers;
/// or those of one client, without, in the same type so that the page has its
/// code once.
#[derive(Debug, Default)]
pub struct Subscriptions {
    channels: Names,
    patterns: Names,
    shards: Names,
}

impl Subscriptions {
    #[must_use]
    pub fn of(&self, kind: SubscriptionKind) -> &Names {
        match kind {
            SubscriptionKind::Channel => &self.channels,
            SubscriptionKind::Pattern => &self.patterns,
            SubscriptionKind::Shard => &self.shards,
        }
    }

    fn of_mut(&mut self, kind: SubscriptionKind) -> &mut Names {
        match kind {
            SubscriptionKind::Channel => &mut self.channels,
            SubscriptionKind::Pattern => &mut self.patterns,
            SubscriptionKind::Shard => &mut self.shards,
        }
    }

    #[must_use]
    pub fn total(&self) -> usize {
        self.channels.len() + self.patterns.len() + self.shards.len()
    }
}

impl PubSub {
    /// The names that somebody is subscribed to, in order.
    pub fn names(&self, kind: SubscriptionKind) -> impl Iterator<Item = &[u8]> {
        self.subscribers.of(kind).keys().map(|name| &name[..])
    }

    /// How many names somebody is subscribed to.
    #[must_use]
    pub fn names_len(&self, kind: SubscriptionKind) -> usize {
        self.subscribers.of(kind).len()
    }

    /// How many are subscribed to a name.
    #[must_use]
    pub fn subscribers(&self, kind: SubscriptionKind, name: &[u8]) -> usize {
        self.subscribers.of(kind).get(name).map_or(0, Vec::len)
    }

    /// Clients with at least one subscription.
    #[must_use]
    pub fn clients(&self) -> u64 {
        self.clients
    }

    fn leave(&mut self, kind: SubscriptionKind, name: &[u8], slot: Slot) {
        let names = self.subscribers.of_mut(kind);
        if let Some(subscribers) = names.get_mut(name) {
            subscribers.retain(|other| *other != slot);
            if subscribers.is_empty() {
                names.remove(name);
            }
        }
    }
}

const KINDS: [SubscriptionKind; 3] =
    [SubscriptionKind::Channel, SubscriptionKind::Shard, SubscriptionKind::Pattern];

impl Server {
    /// Returns whether it is new.
    pub fn subscribe(&mut self, slot: Slot, kind: SubscriptionKind, name: &[u8]) -> bool {
        let client = &mut self.clients[slot];
        let id = client.id;
        let names = client.rare().subscriptions.of_mut(kind);
        let new = names.get(name).is_none();
        if new {
            names.or_default(name.into());
            if !client.flags.has(ClientFlags::PUBSUB) {
                client.flags.set(ClientFlags::PUBSUB);
                self.pubsub.clients += 1;
            }
            let subscribers = self.pubsub.subscribers.of_mut(kind).or_default(name.into());
            let older = subscribers.partition_point(|other| self.clients[*other].id < id);
            subscribers.insert(older, slot);
            self.state_subscription(slot, kind, name, true);
        }
        new
    }

    /// Returns whether there was such a subscription.
    pub fn unsubscribe(&mut self, slot: Slot, kind: SubscriptionKind, name: &[u8]) -> bool {
        let client = &mut self.clients[slot];
        let Some(rare) = client.rare.as_deref_mut() else { return false };
        let had = rare.subscriptions.of_mut(kind).remove(name).is_some();
        if had {
            if rare.subscriptions.total() == 0 {
                client.flags.clear(ClientFlags::PUBSUB);
                self.pubsub.clients -= 1;
            }
            self.pubsub.leave(kind, name, slot);
            self.state_subscription(slot, kind, name, false);
        }
        had
    }

    /// `RESET`: from everything, without a word.
    pub fn unsubscribe_from_all(&mut self, slot: Slot) {
        for kind in KINDS {
            for name in self.clients[slot].subscribed(kind) {
                self.unsubscribe(slot, kind, &name);
            }
        }
    }

    /// A client that is being freed hears nothing any more.
    pub fn purge_subscriptions(&mut self, slot: Slot, rare: &Rare) {
        for kind in KINDS {
            for name in rare.subscriptions.of(kind).keys() {
                self.pubsub.leave(kind, name, slot);
            }
        }
        self.pubsub.clients -= u64::from(rare.subscriptions.total() > 0);
    }

    fn state_subscription(&mut self, slot: Slot, kind: SubscriptionKind, name: &[u8], on: bool) {
        let client = &self.clients[slot];
        let (id, subscribed) = (client.id, client.subscriptions(kind) as u32);
        self.tap.emit(|| Event::Subscription {
            client: id,
            kind,
            name: Preview::of(name, ARG_CAP),
            on,
            subscribed,
        });
    }

    /// Puts a message on the rack of everybody who hears it: subscribers of
    /// the channel first, then those of each pattern that matches. Whoever
    /// matches twice gets two. Returns how many messages that were.
    ///
    /// Redis: `pubsubPublishMessageInternal`, *faithful*.
    pub fn publish(&mut self, kind: SubscriptionKind, channel: &[u8], message: &[u8]) -> u64 {
        let word: &[u8] = match kind {
            SubscriptionKind::Shard => b"smessage",
            SubscriptionKind::Channel | SubscriptionKind::Pattern => b"message",
        };
        let mut receivers = 0;
        let subscribers =
            self.pubsub.subscribers.of(kind).get(channel).cloned().unwrap_or_default();
        receivers += self.push_to_all(&subscribers, &[word, channel, message]);
        if kind == SubscriptionKind::Channel && !self.pubsub.subscribers.patterns.is_empty() {
            let matching: Vec<(Box<[u8]>, Vec<Slot>)> = self
                .pubsub
                .subscribers
                .patterns
                .iter()
                .filter(|(pattern, _)| glob::matches(pattern, channel))
                .map(|(pattern, clients)| (pattern.clone(), clients.clone()))
                .collect();
            for (pattern, subscribers) in matching {
                let message = [b"pmessage", &pattern[..], channel, message];
                receivers += self.push_to_all(&subscribers, &message);
            }
        }
        receivers
    }

    /// The same push for many, encoded once for each protocol.
    fn push_to_all(&mut self, receivers: &[Slot], parts: &[&[u8]]) -> u64 {
        let mut encoded: [Option<Vec<u8>>; 2] = [None, None];
        for slot in receivers {
            let protocol = self.clients[*slot].protocol();
            let bytes =
                encoded[usize::from(protocol == Protocol::Resp3)].get_or_insert_with(|| {
                    let mut bytes = Vec::new();
                    let mut encoder = Encoder::new(&mut bytes, protocol);
                    encoder.push(parts.len());
                    parts.iter().for_each(|part| encoder.bulk(part));
                    bytes
                });
            self.push(*slot, bytes);
        }
        receivers.len() as u64
    }
}
