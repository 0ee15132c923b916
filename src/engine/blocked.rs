//! Clients that wait: for a key, or for the end of a pause (`blocked.c`,
//! `timeout.c`).
//!
//! A client that waits executes nothing. What it sends meanwhile stays in its
//! query buffer and runs when it waits no longer.

use super::Engine;
use super::client::{ClientFlags, Rare, Slot};
use super::execute::flags_of;
use super::key_table::KeyTable;
use super::server::Server;
use crate::commands::context::reply_to;
use crate::commands::{Command, Flags};
use crate::event::{
    ARG_CAP, ARGV_CAP, BlockedOn, ClientId, Event, PauseScope, Preview, UnblockReason,
};
use crate::net::Net;
use crate::resp::{Args, OwnedArgs};
use crate::sorted::CrowdSet;
use crate::store::Value;
use crate::time::Micros;
use std::collections::VecDeque;

/// `blockingState`: what one client waits for, and what it does then.
#[derive(Debug)]
pub struct Blocked {
    pub on: Waiting,
    /// The command that waits; it runs again from the start.
    args: OwnedArgs,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Waiting {
    /// `BLOCKED_LIST`. `until` is also kept when the client is woken for
    /// nothing and waits again.
    Keys { db: u16, keys: Vec<Box<[u8]>>, until: Option<Micros> },
    /// `BLOCKED_POSTPONE`.
    Pause,
}

/// `CLIENT PAUSE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    pub scope: PauseScope,
    pub until: Micros,
}

/// Everybody who waits.
#[derive(Debug, Default)]
pub struct Blocking {
    /// `db->blocking_keys`: for each key, first come first.
    waiters: KeyTable<Vec<Slot>>,
    /// `server.ready_keys`: each key once, oldest first.
    ready: Vec<(u16, Box<[u8]>)>,
    /// `db->ready_keys`: the same keys as a set. Its values stay empty; it has
    /// the type of [`Blocking::waiters`] so that the page has that code once.
    is_ready: KeyTable<Vec<Slot>>,
    /// `server.clients_timeout_table`; the times in microseconds.
    timeouts: CrowdSet<(u64, ClientId)>,
    /// `server.unblocked_clients`, oldest first.
    unblocked: VecDeque<Slot>,
    /// `server.postponed_clients`, oldest first.
    postponed: VecDeque<Slot>,
    clients: u64,
    /// Woken clients may make keys ready, too: those wait for the next round,
    /// so that everybody's turn comes.
    serving: bool,
}

impl Blocking {
    /// `blocked_clients` of INFO; who is postponed counts.
    #[must_use]
    pub fn clients(&self) -> u64 {
        self.clients
    }

    /// `clients_in_timeout_table`.
    #[must_use]
    pub fn timeouts(&self) -> usize {
        self.timeouts.len()
    }

    /// `total_blocking_keys`.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.waiters.len()
    }

    /// Who waits for a key, first come first.
    #[must_use]
    pub fn waiters(&self, db: u16, key: &[u8]) -> &[Slot] {
        self.waiters.get(db, key).map_or(&[], |waiters| waiters)
    }

    /// Nobody is left whose input must still be processed in this
    /// `beforeSleep`.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.ready.is_empty() && self.unblocked.is_empty()
    }
}

impl Server {
    /// `blockForKeys`, *faithful*.
    pub fn block_for_keys(
        &mut self,
        slot: Slot,
        keys: &[&[u8]],
        until: Option<Micros>,
        args: Args<'_>,
    ) {
        let client = &mut self.clients[slot];
        let db = client.db;
        let until = match client.flags.has(ClientFlags::REEXECUTING) {
            true => client.rare().retained_until,
            false => until,
        };
        let mut distinct: Vec<Box<[u8]>> = Vec::new();
        for key in keys {
            let waiters = self.blocking.waiters.entry(db, key);
            // Whoever is named twice came last both times.
            if waiters.last() != Some(&slot) {
                waiters.push(slot);
                distinct.push((*key).into());
            }
        }
        let previews = |keys: &[Box<[u8]>]| -> Vec<Preview> {
            keys.iter().take(ARGV_CAP).map(|key| Preview::of(key, ARG_CAP)).collect()
        };
        let on = BlockedOn::Keys {
            keys: if self.tap.is_on() { previews(&distinct) } else { Vec::new() },
            until,
        };
        self.block(slot, Waiting::Keys { db, keys: distinct, until }, args, on);
    }

    /// `blockPostponeClient`.
    pub fn postpone(&mut self, slot: Slot, args: Args<'_>) {
        self.blocking.postponed.push_back(slot);
        self.block(slot, Waiting::Pause, args, BlockedOn::Pause);
    }

    /// `blockClient`.
    fn block(&mut self, slot: Slot, on: Waiting, args: Args<'_>, fact: BlockedOn) {
        let client = &mut self.clients[slot];
        client.flags.set(ClientFlags::BLOCKED);
        let id = client.id;
        if let Waiting::Keys { until: Some(until), .. } = &on {
            self.blocking.timeouts.or_default((until.0, id));
        }
        client.rare().blocked = Some(Box::new(Blocked { on, args: args.into() }));
        self.blocking.clients += 1;
        self.tap.emit(|| Event::Blocked { client: id, on: fact });
    }

    /// `unblockClient`, but for what happens next.
    fn unblock(&mut self, slot: Slot, why: UnblockReason) -> Option<Box<Blocked>> {
        let client = &mut self.clients[slot];
        let id = client.id;
        let blocked = client.rare.as_deref_mut()?.blocked.take()?;
        client.flags.clear(ClientFlags::BLOCKED);
        self.forget_blocked(slot, id, &blocked);
        self.tap.emit(|| Event::Unblocked { client: id, why });
        Some(blocked)
    }

    fn forget_blocked(&mut self, slot: Slot, id: ClientId, blocked: &Blocked) {
        self.blocking.clients -= 1;
        match &blocked.on {
            Waiting::Pause => self.blocking.postponed.retain(|other| *other != slot),
            Waiting::Keys { db, keys, until } => {
                if let Some(until) = until {
                    self.blocking.timeouts.remove(&(until.0, id));
                }
                for key in keys {
                    if let Some(waiters) = self.blocking.waiters.get_mut(*db, key) {
                        waiters.retain(|other| *other != slot);
                        if waiters.is_empty() {
                            self.blocking.waiters.remove(*db, key);
                        }
                    }
                }
            }
        }
    }

    /// A client that is being freed waits for nothing.
    pub fn purge_blocked(&mut self, slot: Slot, id: ClientId, rare: &Rare) {
        if let Some(blocked) = &rare.blocked {
            self.forget_blocked(slot, id, blocked);
        }
        self.blocking.unblocked.retain(|other| *other != slot);
    }

    /// `queueClientForReprocessing`: what it sent meanwhile runs in the next
    /// `beforeSleep`.
    fn queue_for_reprocessing(&mut self, slot: Slot) {
        let flags = &mut self.clients[slot].flags;
        if !flags.has(ClientFlags::UNBLOCKED) {
            flags.set(ClientFlags::UNBLOCKED);
            self.blocking.unblocked.push_back(slot);
        }
    }

    /// `signalKeyAsReady`: a list came to be; whoever waits for it is served
    /// when the command is done.
    #[inline]
    pub fn signal_key_as_ready(&mut self, db: u16, key: &[u8]) {
        let blocking = &mut self.blocking;
        if !blocking.waiters.is_empty()
            && blocking.waiters.get(db, key).is_some()
            && blocking.is_ready.get(db, key).is_none()
        {
            blocking.is_ready.entry(db, key);
            blocking.ready.push((db, key.into()));
        }
    }

    /// `unblockClientOnTimeout` and `unblockClientOnError`: an answer instead
    /// of what was waited for. Returns whether the client waited for a key;
    /// nobody is freed from a pause this way.
    pub fn unblock_unserved(&mut self, slot: Slot, why: UnblockReason) -> bool {
        let Some(client) = self.clients.get(slot) else { return false };
        let blocked = client.rare.as_ref().and_then(|rare| rare.blocked.as_ref());
        if !blocked.is_some_and(|blocked| blocked.on != Waiting::Pause) {
            return false;
        }
        self.unblock(slot, why);
        self.mark_reply(slot);
        let mut reply = reply_to(self, slot);
        match why {
            UnblockReason::Error => {
                reply.error("UNBLOCKED client unblocked via CLIENT UNBLOCK");
                self.errors_to_others += 1;
            }
            UnblockReason::KeyReady | UnblockReason::Timeout | UnblockReason::Resumed => {
                reply.null_array();
            }
        }
        self.note_push();
        // `updateStatsOnUnblock`; its time was counted when it began to wait.
        self.stats.total_commands_processed += 1;
        let client = &mut self.clients[slot];
        client.reset();
        if let Some(command) = client.last_command {
            let counts = self.command_stats.of(command);
            counts.calls += 1;
            counts.failed_calls += u64::from(why == UnblockReason::Error);
        }
        // Another's command may have answered it, and weighs only its own client.
        self.update_client_memory(slot);
        self.queue_for_reprocessing(slot);
        true
    }

    /// `pauseClientsByClient`, *faithful*: of two pauses the longer and the
    /// stricter one counts.
    pub fn pause_clients(&mut self, scope: PauseScope, until: Micros) {
        let pause = match self.pause {
            None => Pause { scope, until },
            Some(old) => Pause { scope: scope.max(old.scope), until: until.max(old.until) },
        };
        self.pause = Some(pause);
        self.review_concerns();
        self.tap.emit(|| Event::Paused { scope: Some(pause.scope), until: pause.until });
    }

    /// `unpauseActions`: who was put off goes on, in order.
    pub fn unpause_clients(&mut self) {
        if self.pause.take().is_none() {
            return;
        }
        self.review_concerns();
        let until = self.now;
        self.tap.emit(|| Event::Paused { scope: None, until });
        for slot in self.blocking.postponed.clone() {
            if let Some(blocked) = self.unblock(slot, UnblockReason::Resumed) {
                self.clients[slot].rare().pending_command = Some(blocked.args);
                self.queue_for_reprocessing(slot);
            }
        }
    }

    /// Whether a pause holds this command of this client up.
    #[inline]
    #[must_use]
    pub fn is_held_up(&self, slot: Slot, command: &Command) -> bool {
        let Some(pause) = self.pause else { return false };
        let client = &self.clients[slot];
        if client.flags.has(ClientFlags::MONITOR) {
            return false;
        }
        const WRITES: Flags = Flags::WRITE.with(Flags::MAY_REPLICATE);
        pause.scope == PauseScope::All || flags_of(client, command).has(WRITES)
    }
}

impl Engine {
    /// `blockedBeforeSleep`, *faithful* in order: timeouts, ready keys, then
    /// what unblocked clients had sent meanwhile. The end of a pause is
    /// noticed here, too (there, where expiry asks for it, a step later).
    pub(super) fn blocked_before_sleep<N: Net>(&mut self, net: &mut N) {
        if self.server.pause.is_some() {
            self.update_paused_actions(net.now());
        }
        if !self.server.blocking.timeouts.is_empty() {
            self.handle_blocked_clients_timeout(net);
        }
        self.handle_clients_blocked_on_keys(net);
        self.process_unblocked_clients(net);
    }

    /// `updatePausedActions`.
    pub(super) fn update_paused_actions(&mut self, now: Micros) {
        if self.server.pause.is_some_and(|pause| pause.until <= now) {
            self.server.tap.at(now);
            self.server.unpause_clients();
        }
    }

    /// `handleBlockedClientsTimeout`: in order of their times. Nothing wakes
    /// the loop for them, so they come as late as the next cycle does.
    fn handle_blocked_clients_timeout<N: Net>(&mut self, net: &mut N) {
        let now = net.now();
        while let Some((until, id)) = self.server.blocking.timeouts.first().copied()
            && until < now.0
        {
            let slot = self.server.clients.find(id).expect("who waits is alive");
            self.server.tap.at(now);
            let queued = self.server.pending_write.len();
            self.server.unblock_unserved(slot, UnblockReason::Timeout);
            self.state_pushes(net, queued);
        }
    }

    /// Serves clients in the order in which they came to wait for each key:
    /// their command runs again, and waits again if somebody was faster.
    ///
    /// Redis: `handleClientsBlockedOnKeys`, *faithful*.
    #[inline]
    pub(super) fn handle_clients_blocked_on_keys<N: Net>(&mut self, net: &mut N) {
        if !self.server.blocking.ready.is_empty() && !self.server.blocking.serving {
            self.serve_clients_blocked_on_keys(net);
        }
    }

    fn serve_clients_blocked_on_keys<N: Net>(&mut self, net: &mut N) {
        self.server.blocking.serving = true;
        while !self.server.blocking.ready.is_empty() {
            for (db, key) in std::mem::take(&mut self.server.blocking.ready) {
                self.server.blocking.is_ready.remove(db, &key);
                for slot in self.server.blocking.waiters(db, &key).to_vec() {
                    // Asked first: most often there is nothing left for the rest.
                    if !self.is_list(db, &key) {
                        break;
                    }
                    if self.waits_for(slot, db, &key) {
                        self.unblock_client_on_key(net, slot);
                    }
                }
            }
        }
        self.server.blocking.serving = false;
    }

    /// Whether this client is still there, and still waits for this key: one
    /// that was served before may have changed both.
    fn waits_for(&self, slot: Slot, db: u16, key: &[u8]) -> bool {
        self.server.blocking.waiters(db, key).contains(&slot)
    }

    fn is_list(&self, db: u16, key: &[u8]) -> bool {
        let now_ms = self.server.unix_ms().cast_signed();
        let store = self.server.store.db(usize::from(db));
        store.find(key).is_some_and(|place| {
            !store.has_expired(place, now_ms) && matches!(store.value(place), Value::List(_))
        })
    }

    /// `unblockClientOnKey`.
    fn unblock_client_on_key<N: Net>(&mut self, net: &mut N, slot: Slot) {
        self.server.tap.at(net.now());
        let Some(blocked) = self.server.unblock(slot, UnblockReason::KeyReady) else { return };
        let client = &mut self.server.clients[slot];
        client.flags.set(ClientFlags::REEXECUTING);
        if let Waiting::Keys { until, .. } = blocked.on {
            client.rare().retained_until = until;
        }
        self.process_command(net, slot, blocked.args.args());
        // Whatever ran may have freed it.
        let Some(client) = self.server.clients.get_mut(slot) else { return };
        client.flags.clear(ClientFlags::REEXECUTING);
        if !client.flags.has(ClientFlags::BLOCKED) {
            self.server.queue_for_reprocessing(slot);
        }
    }

    /// `processUnblockedClients`: first the command that was put off, then
    /// what had been sent after it.
    fn process_unblocked_clients<N: Net>(&mut self, net: &mut N) {
        while let Some(slot) = self.server.blocking.unblocked.pop_front() {
            let Some(client) = self.server.clients.get_mut(slot) else { continue };
            client.flags.clear(ClientFlags::UNBLOCKED);
            if client.flags.has(ClientFlags::BLOCKED) {
                continue;
            }
            let doomed = client.flags.has(ClientFlags::CLOSE_ASAP | ClientFlags::SHUTDOWN);
            if let Some(args) = client.rare().pending_command.take()
                && !doomed
            {
                self.process_command(net, slot, args.args());
            }
            self.process_held_input(net, slot);
            self.server.update_client_memory(slot);
            self.before_next_client(net, slot);
        }
    }
}
