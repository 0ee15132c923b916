//! What each fact changes: the one place where records become a [`World`].
//!
//! Total by design. A trace may be cut, filtered or edited by hand, so a fact
//! about a client, a descriptor or a guest that nobody introduced changes only
//! what it can, arithmetic saturates, and nothing panics.

mod guests;
mod sessions;
mod standing;

use super::Record;
use super::activity::Activity;
use super::known::drop_front;
use super::world::{
    ClientView, Counters, Departed, Doing, Firing, Jar, PANTRY_CAP, QueryView, ReplyView,
    Subscriptions, Sweep, TimerView, World,
};
use crate::event::{
    ClientChange, ClientId, CloseReason, Event, Handler, KeyChange, LimitKind, Phase, Preview,
    ReadOutcome, RefuseReason,
};
use crate::net::{Fd, Fired, Mask, Timeout, WriteOutcome};
use crate::time::Micros;
use std::net::SocketAddr;

impl World {
    /// The state after one more record.
    pub fn fold(&mut self, record: &Record) {
        self.records = self.records.saturating_add(1);
        self.at = self.at.max(record.at);
        if let Some(activity) = Activity::begun_by(&record.event) {
            self.activity = activity;
        }
        match &record.event {
            Event::Listen { fd, address, .. } => self.listen(*fd, *address),
            Event::Config { name, value } => {
                self.config.insert(name.clone(), value.clone());
            }
            Event::CycleBegin { cycle } => self.cycle = *cycle,
            Event::CycleEnd { busy, .. } => self.counters.cycle(*busy),
            Event::PhaseEnter { phase } => self.phase_enter(*phase),
            Event::PhaseLeave { .. } => self.firing = None,
            Event::PollEnter { timeout } => self.poll_enter(*timeout),
            Event::PollReturn { fired } => self.poll_return(fired),
            Event::Fire { fd, client, handler, .. } => self.fire(*fd, *client, *handler),
            Event::FireSkipped { fd, .. } => self.begin_fired(*fd),
            Event::Accept { peer, .. } => self.leave_backlog(*peer),
            Event::AcceptRefused { fd, peer, why } => self.refuse(*fd, *peer, *why),
            Event::ClientCreated { client, fd, peer, .. } => self.create(*client, *fd, *peer),
            Event::ClientChanged { client, change } => self.change(*client, change),
            Event::CloseAfterReply { client, why } => {
                self.with(*client, |c| c.close_after_reply = Some(*why));
            }
            Event::CloseAsap { client, why } => self.close_asap(*client, *why),
            Event::ClientFreed { client, why, dropped, .. } => self.free(*client, *why, *dropped),
            Event::Read { client, outcome, bytes, .. } => self.read(*client, *outcome, bytes),
            Event::Parsed { client, argc, argv, parsed_to } => {
                self.request(*client, *argc, argv, *parsed_to, Doing::Parsed);
            }
            Event::Incomplete { client, argc, argv, parsed_to, need } => {
                self.request(*client, *argc, argv, *parsed_to, Doing::Partial { need: *need });
            }
            Event::ProtocolError { client, text, at } => self.unreadable(*client, text, *at),
            Event::QueryTrimmed { client, bytes, left } => {
                self.with(*client, |c| c.query.trim(*bytes, *left));
            }
            Event::Unrecorded { client, .. } => {
                self.with(*client, |c| c.query = QueryView::default())
            }
            Event::CommandBegin { client, name } => self.command_begin(*client, name),
            Event::CommandEnd { client, took, error, .. } => {
                self.command_end(*client, *took, *error);
            }
            Event::CommandRejected { client, .. } => self.command_rejected(*client),
            Event::Key { db, key, change, .. } => self.key(*db, key, change),
            Event::Flushed { db } => self.flushed(*db),
            Event::ReplyQueued { client, bytes, buffered, listed, blocks, .. } => {
                self.reply_queued(*client, bytes, *buffered, *listed, *blocks);
            }
            Event::PendingWriteQueued { client } => self.pending_write_queued(*client),
            Event::PendingWriteTaken { client } => self.pending_write_taken(*client),
            Event::SweepBegin { .. } => self.sweep_begin(),
            Event::SweepEnd { .. } => self.sweep_end(),
            Event::Write { client, outcome, bytes, left, blocks, by, .. } => {
                self.write(*client, *outcome, *bytes, *left, *blocks);
                self.with(*client, |c| c.reply.last_by = *by);
            }
            Event::Watch { fd, mask } => self.watch(*fd, *mask),
            Event::TimerAdded { due, .. } | Event::TimerRearmed { due, .. } => {
                self.timer = Some(TimerView { armed_at: self.at, due: *due });
                // `serverCron` has looked, too, whether helpers are worth it.
                let still = self.carriers(self.pending_write.len()) > 1;
                self.counters.io_threads_active &= still;
            }
            Event::Blocked { client, on } => self.blocked(*client, on),
            Event::Unblocked { client, why } => self.unblocked(*client, *why),
            Event::Transaction { client, step } => self.transaction(*client, step),
            Event::Subscription { client, kind, subscribed, .. } => {
                self.with(*client, |c| c.subscriptions.set(*kind, *subscribed));
            }
            Event::Paused { scope, until } => self.pause(*scope, *until),
            Event::Monitoring { client, on } => self.with(*client, |c| c.monitoring = *on),
            Event::Limit { client, kind, .. } => self.limit(*client, *kind),
            Event::Shutdown => self.shut_down = true,
            Event::Pipe { peer, pipe } => self.pipe(*peer, pipe),
            Event::Dropped { count } => self.dropped = self.dropped.saturating_add(*count),
            Event::Standing { what } => self.standing(what),
            // They say when and how much; whatever they changed is stated by
            // facts of its own.
            Event::AcceptEnd { .. }
            | Event::Published { .. }
            | Event::ClientMemory { .. }
            | Event::ExpireCycle { .. }
            | Event::TimerFired { .. }
            | Event::ClientsCron { .. } => {}
        }
    }

    /// Changes a client that is known.
    fn with(&mut self, id: ClientId, change: impl FnOnce(&mut ClientView)) {
        if let Some(client) = self.clients.get_mut(&id) {
            change(client);
        }
    }

    fn listen(&mut self, fd: Fd, address: SocketAddr) {
        self.listeners.retain(|(known, _)| *known != fd);
        self.listeners.push((fd, address));
    }
}

/// The cycle.
impl World {
    fn phase_enter(&mut self, phase: Phase) {
        self.phase = Some(phase);
        self.firing = None;
    }

    fn poll_enter(&mut self, timeout: Timeout) {
        self.phase = Some(Phase::Poll);
        self.asleep = Some(timeout);
        self.slept_since = self.at;
        self.firing = None;
        self.executing = None;
    }

    fn poll_return(&mut self, fired: &[Fired]) {
        self.phase = Some(Phase::Poll);
        self.asleep = None;
        // A round begins where the thread wakes; `CycleBegin`, which follows
        // at once, has the engine's own number.
        self.cycle = self.cycle.saturating_add(1);
        self.fired = fired.to_vec();
        self.fired_begun = 0;
        self.firing = None;
        self.departed.clear();
        self.seats.settle(self.at, |id| self.clients.contains_key(&id));
        self.guests.retain(|peer, guest| {
            !guest.gone || guest.client.is_some() || self.backlog.contains(peer)
        });
        // A plate that was carried out is eaten by the time anything new
        // happens. Only the sweep's own clients are visited: this runs every
        // cycle, and most of the house is idle.
        if let Some(sweep) = self.sweep.take() {
            for id in sweep.order {
                self.with(id, |c| {
                    if matches!(c.doing, Doing::Served { .. }) {
                        c.doing = Doing::Idle;
                    }
                });
            }
        }
    }

    fn fire(&mut self, fd: Fd, client: Option<ClientId>, handler: Handler) {
        self.begin_fired(fd);
        self.firing = Some(Firing { fd, client, handler });
    }

    /// A descriptor with both conditions fires twice but counts once.
    fn begin_fired(&mut self, fd: Fd) {
        self.firing = None;
        if let Some(at) = self.fired.iter().position(|fired| fired.fd == fd) {
            self.fired_begun = self.fired_begun.max(at + 1);
        }
    }
}

/// A client's life.
impl World {
    fn refuse(&mut self, fd: Fd, peer: SocketAddr, why: RefuseReason) {
        self.leave_backlog(peer);
        self.counters.rejected_connections += 1;
        // Protected mode turns away a client that was already made;
        // `clientAcceptHandler` then does not count it as received.
        let made = self.clients.values().any(|c| c.fd == fd && c.peer == peer);
        if why == RefuseReason::ProtectedMode && made {
            let received = &mut self.counters.total_connections_received;
            *received = received.saturating_sub(1);
        }
    }

    fn leave_backlog(&mut self, peer: SocketAddr) {
        self.backlog.retain(|waiting| *waiting != peer);
    }

    fn create(&mut self, id: ClientId, fd: Fd, peer: SocketAddr) {
        self.leave_backlog(peer);
        let waiting_in_socket = self.guests.get_mut(&peer).map_or(0, |guest| {
            guest.client = Some(id);
            guest.waiting
        });
        let client = ClientView {
            id,
            fd,
            peer,
            name: String::new(),
            db: 0,
            resp: 2,
            authenticated: self.config.get("requirepass").is_none_or(String::is_empty),
            created_at: self.at,
            last_active: self.at,
            doing: Doing::Idle,
            query: QueryView::default(),
            argc: 0,
            argv: Vec::new(),
            argv_old: false,
            last_command: String::new(),
            commands: 0,
            reply: ReplyView::default(),
            pending_write: false,
            write_handler: self.watched.get(&fd).is_some_and(|m| m.has(Mask::WRITABLE)),
            close_after_reply: None,
            close_asap: None,
            soft_limit_since: None,
            blocked: None,
            transaction: None,
            watched_keys: 0,
            watch_broken: false,
            subscriptions: Subscriptions::default(),
            monitoring: false,
            waiting_in_socket,
            bytes_in: 0,
            bytes_out: 0,
        };
        self.clients.insert(id, client);
        self.seats.arrive(id);
        self.counters.total_connections_received += 1;
        self.count_clients();
    }

    fn change(&mut self, id: ClientId, change: &ClientChange) {
        self.with(id, |c| match change {
            ClientChange::Name(name) => c.name = name.head.clone(),
            ClientChange::Db(db) => c.db = *db,
            ClientChange::Resp(version) => c.resp = *version,
            ClientChange::Authenticated => c.authenticated = true,
        });
    }

    fn close_asap(&mut self, id: ClientId, why: CloseReason) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        if client.close_asap.replace(why).is_none() {
            self.to_close.push(id);
            self.counters.disconnected(why);
        }
    }

    fn free(&mut self, id: ClientId, why: CloseReason, dropped: u64) {
        self.pending_write.retain(|other| *other != id);
        self.to_close.retain(|other| *other != id);
        if self.firing.is_some_and(|firing| firing.client == Some(id)) {
            self.firing = None;
        }
        if self.executing.as_ref().is_some_and(|running| running.client == id) {
            self.executing = None;
        }
        let Some(client) = self.clients.remove(&id) else { return };
        // `clientsCron` frees on the spot; everybody else was announced.
        if client.close_asap.is_none() {
            self.counters.disconnected(why);
        }
        self.watched.remove(&client.fd);
        if let Some(guest) = self.guests.get_mut(&client.peer)
            && guest.client == Some(id)
        {
            guest.client = None;
        }
        self.departed.push(Departed { client, why, dropped });
        self.count_clients();
    }

    fn count_clients(&mut self) {
        self.counters.connected_clients = self.clients.len() as u64;
        let blocked = self.clients.values().filter(|c| c.blocked.is_some()).count();
        self.counters.blocked_clients = blocked as u64;
    }

    fn limit(&mut self, id: Option<ClientId>, kind: LimitKind) {
        let at = self.at;
        let Some(id) = id else { return };
        self.with(id, |c| match kind {
            LimitKind::OutputSoftStarted => c.soft_limit_since = Some(at),
            LimitKind::OutputSoftCleared => c.soft_limit_since = None,
            LimitKind::QueryBuffer
            | LimitKind::OutputHard
            | LimitKind::OutputSoftExpired
            | LimitKind::MaxClients
            | LimitKind::WriteBudget => {}
        });
    }

    fn watch(&mut self, fd: Fd, mask: Mask) {
        if mask.is_none() {
            self.watched.remove(&fd);
        } else {
            self.watched.insert(fd, mask);
        }
        if let Some(client) = self.clients.values_mut().find(|c| c.fd == fd) {
            client.write_handler = mask.has(Mask::WRITABLE);
        }
    }
}

/// In: bytes, requests.
impl World {
    fn read(&mut self, id: ClientId, outcome: ReadOutcome, bytes: &Preview) {
        let at = self.at;
        let taken = if outcome == ReadOutcome::Bytes { bytes.len } else { 0 };
        self.counters.total_reads_processed += 1;
        add(&mut self.counters.total_net_input_bytes, taken);
        let Some(client) = self.clients.get_mut(&id) else { return };
        if outcome != ReadOutcome::Bytes {
            return;
        }
        client.last_active = at;
        client.doing = Doing::Read { bytes: taken };
        add(&mut client.bytes_in, taken);
        client.waiting_in_socket = client.waiting_in_socket.saturating_sub(taken);
        client.query.append(bytes);
        if let Some(guest) = self.guests.get_mut(&client.peer) {
            guest.waiting = guest.waiting.saturating_sub(taken);
            drop_front(&mut guest.waiting_head, taken);
        }
    }

    fn request(&mut self, id: ClientId, argc: u32, argv: &[Preview], to: u64, doing: Doing) {
        self.with(id, |c| {
            c.argc = argc;
            c.argv = argv.to_vec();
            c.argv_old = false;
            c.query.parsed_to = to.min(c.query.len);
            c.doing = doing;
        });
    }

    fn unreadable(&mut self, id: ClientId, text: &str, at: u64) {
        self.counters.total_error_replies += 1;
        self.with(id, |c| c.doing = Doing::Unreadable { text: text.to_owned(), at });
    }
}

/// The command, the keyspace.
impl World {
    fn command_rejected(&mut self, id: ClientId) {
        self.counters.total_error_replies += 1;
        self.with(id, |c| c.argv_old = true);
    }

    fn key(&mut self, db: u32, key: &Preview, change: &KeyChange) {
        let name = key.bytes();
        if let Some(running) = &mut self.executing {
            running.key = Some((db, name.clone()));
        }
        let pantry = &mut self.pantry;
        pantry.touched = Some((db, name.clone()));
        let at = pantry.jars.iter().position(|jar| jar.db == db && jar.key == name);
        let known = at.map(|at| pantry.jars.remove(at));
        let blank = || Jar {
            db,
            key: name,
            kind: String::new(),
            size: 0,
            value: Preview::default(),
            ends: None,
        };
        let jar = match change {
            KeyChange::Read { found: true } => known.unwrap_or_else(blank),
            KeyChange::Read { found: false } => return,
            KeyChange::Written { kind, size, value, created } => {
                if *created {
                    add(pantry.sizes.or_default(db), 1);
                }
                let (kind, size, value) = (kind.clone(), *size, value.clone());
                let known = known.filter(|_| !created).unwrap_or_else(blank);
                Jar { kind, size, value, ..known }
            }
            KeyChange::Ttl { ms } => {
                let ends = ms.map(|ms| self.at.saturating_add(Micros::from_millis(ms)));
                Jar { ends, ..known.unwrap_or_else(blank) }
            }
            KeyChange::Deleted | KeyChange::Expired => {
                let size = pantry.sizes.or_default(db);
                *size = size.saturating_sub(1);
                self.counters.expired_keys += u64::from(*change == KeyChange::Expired);
                return;
            }
        };
        if pantry.jars.len() == PANTRY_CAP {
            pantry.jars.remove(0);
        }
        pantry.jars.push(jar);
    }

    fn flushed(&mut self, db: Option<u32>) {
        let pantry = &mut self.pantry;
        pantry.touched = None;
        match db {
            Some(db) => {
                pantry.jars.retain(|jar| jar.db != db);
                pantry.sizes.remove(&db);
            }
            None => {
                pantry.jars.clear();
                pantry.sizes.clear();
            }
        }
    }
}

/// Out: replies, the sweep.
impl World {
    fn reply_queued(
        &mut self,
        id: ClientId,
        bytes: &Preview,
        buffered: u64,
        listed: u64,
        blocks: u32,
    ) {
        self.with(id, |c| {
            c.reply.buffered = buffered;
            c.reply.listed = listed;
            c.reply.blocks = blocks;
            c.reply.last = bytes.clone();
            // What made the request unreadable stays to be seen; its error
            // reply is the last thing that happens here.
            if !matches!(c.doing, Doing::Unreadable { .. }) {
                c.doing = Doing::Replied { bytes: bytes.len };
            }
        });
    }

    fn pending_write_queued(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        client.pending_write = true;
        if !self.pending_write.contains(&id) {
            self.pending_write.insert(0, id);
        }
    }

    fn pending_write_taken(&mut self, id: ClientId) {
        self.pending_write.retain(|other| *other != id);
        self.with(id, |c| c.pending_write = false);
    }

    fn sweep_begin(&mut self) {
        let order = self.pending_write.clone();
        let carriers = self.carriers(order.len());
        self.counters.io_threads_active = carriers > 1;
        if carriers > 1 {
            add(&mut self.counters.io_threaded_writes_processed, order.len() as u64);
        }
        self.sweep = Some(Sweep { order, carriers, served: 0, running: true });
    }

    fn sweep_end(&mut self) {
        if let Some(sweep) = &mut self.sweep {
            sweep.running = false;
        }
    }

    fn write(&mut self, id: ClientId, outcome: WriteOutcome, bytes: u64, left: u64, blocks: u32) {
        let at = self.at;
        self.counters.total_writes_processed += 1;
        add(&mut self.counters.total_net_output_bytes, bytes);
        if let Some(sweep) = &mut self.sweep
            && sweep.running
            && let Some(at) = sweep.order.iter().position(|other| *other == id)
            && at >= sweep.served
        {
            sweep.order[sweep.served..=at].rotate_right(1);
            sweep.served += 1;
        }
        self.with(id, |c| {
            add(&mut c.bytes_out, bytes);
            c.reply.last_sent = bytes;
            // The buffer goes first; `left` is the engine's own sum and wins
            // over ours.
            c.reply.buffered = c.reply.buffered.saturating_sub(bytes).min(left);
            c.reply.listed = left - c.reply.buffered;
            c.reply.blocks = blocks;
            if bytes > 0 {
                c.last_active = at;
            }
            match outcome {
                WriteOutcome::Drained => c.doing = Doing::Served { bytes },
                WriteOutcome::WouldBlock => c.doing = Doing::TableFull,
                WriteOutcome::Budget => c.doing = Doing::BudgetSpent,
                WriteOutcome::Reset => {}
            }
        });
    }
}

impl Counters {
    fn cycle(&mut self, busy: Micros) {
        self.eventloop_cycles += 1;
        self.eventloop_duration_sum = self.eventloop_duration_sum.saturating_add(busy);
        self.eventloop_duration_max = self.eventloop_duration_max.max(busy);
    }

    fn disconnected(&mut self, why: CloseReason) {
        match why {
            CloseReason::QueryBufferLimit => self.client_query_buffer_limit_disconnections += 1,
            CloseReason::OutputBufferHard | CloseReason::OutputBufferSoft => {
                self.client_output_buffer_limit_disconnections += 1;
            }
            CloseReason::Evicted => self.evicted_clients += 1,
            _ => {}
        }
    }
}

fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}
