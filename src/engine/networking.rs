//! The way in: the door, the read, the parse loop, and the way out of the
//! house (`networking.c`).

use super::Engine;
use super::ae::Owner;
use super::client::{Client, ClientFlags, Slot};
use super::query::{Query, READ_BYTES};
use crate::commands::context::reply_to;
use crate::event::{
    ARG_CAP, ARGV_CAP, AcceptEnd, BYTES_CAP, ClientId, CloseReason, Event, LimitKind, Need,
    Preview, ReadOutcome, RefuseReason,
};
use crate::net::{Accepted, Fd, Mask, Net, NetError, Work};
use crate::resp::request::{self, Limits, Progress, RequestParser};
use crate::store::Ahead;
use std::io::IoSlice;

/// Whoever has yet to give the password may not send more than this ahead,
/// whatever the limit (since 7.4).
const UNAUTHENTICATED_QUERY_BYTES: u64 = 1024 * 1024;

impl Engine {
    /// The door bell: a bounded number of accepts per cycle, so that a storm
    /// of connections cannot starve those already seated; level triggering
    /// announces the rest again.
    ///
    /// Redis: `connSocketAcceptHandler`, *faithful*, but an aborted connection
    /// does not end the pass (as since 8.0.3, CVE-2025-48367).
    pub(super) fn accept_handler<N: Net>(&mut self, net: &mut N, listener: Fd) {
        let limit = self.server.config.max_new_connections_per_cycle;
        let mut accepted = 0;
        let mut tried = 0;
        let why = loop {
            if tried == limit {
                break AcceptEnd::CycleLimit;
            }
            tried += 1;
            match net.accept(listener) {
                Ok(connection) => {
                    accepted += 1;
                    self.accept_common_handler(net, connection);
                }
                Err(NetError::Aborted) => {}
                Err(NetError::WouldBlock) => break AcceptEnd::Drained,
                Err(error) => break AcceptEnd::Failed(error),
            }
        };
        self.state(net, || Event::AcceptEnd { accepted, why });
    }

    /// Whoever comes when the house is full, or from outside in protected
    /// mode, gets one line, written without a client object and without caring
    /// whether it arrives.
    ///
    /// Redis: `acceptCommonHandler`, *faithful*, and `clientAcceptHandler`,
    /// *simplified*: there protected mode turns away a client that was made
    /// already and is freed asynchronously.
    fn accept_common_handler<N: Net>(&mut self, net: &mut N, connection: Accepted) {
        let Accepted { fd, peer, local } = connection;
        self.state(net, || Event::Accept { fd, peer });
        let connected = self.server.clients.len() as u64;
        let maxclients = u64::from(self.server.config.maxclients);
        if connected >= maxclients {
            let kind = LimitKind::MaxClients;
            self.state(net, || Event::Limit {
                client: None,
                kind,
                at: connected + 1,
                limit: maxclients,
            });
            self.refuse(net, connection, RefuseReason::MaxClients, MAXCLIENTS_LINE);
            return;
        }
        let protected = self.server.config.protected_mode
            && self.server.config.requirepass.is_empty()
            && !peer.ip().is_loopback();
        if protected {
            self.refuse(net, connection, RefuseReason::ProtectedMode, DENIED_LINE);
            return;
        }
        let id = self.server.clients.next_id();
        let local_number = self.server.clients.number_local_address(local);
        let mut client = Client::new(id, fd, peer, local_number, self.server.now);
        if self.server.config.requirepass.is_empty() {
            client.flags.set(ClientFlags::AUTHENTICATED);
        }
        let slot = self.server.clients.insert(client);
        self.server.stats.total_connections_received += 1;
        self.server.update_client_memory(slot);
        self.state(net, || Event::ClientCreated { client: id, fd, peer, local });
        let watch = self.ae.watch(net, fd, Owner::Client(slot), Mask::READABLE);
        self.state(net, || watch);
    }

    fn refuse<N: Net>(&mut self, net: &mut N, to: Accepted, why: RefuseReason, line: &[u8]) {
        let Accepted { fd, peer, .. } = to;
        let _ = net.write(fd, &[IoSlice::new(line)]);
        net.close(fd);
        self.server.stats.rejected_connections += 1;
        self.state(net, || Event::AcceptRefused { fd, peer, why });
    }

    /// One `read` per readable event, never repeated until `EAGAIN`: level
    /// triggering brings the descriptor back next cycle, and that is the
    /// fairness among clients.
    ///
    /// Redis: `readQueryFromClient`, *faithful* but for a large argument: we
    /// grow with what arrives instead of reserving what was announced.
    pub(super) fn read_query_from_client<N: Net>(&mut self, net: &mut N, slot: Slot) {
        let client = &mut self.server.clients[slot];
        let (id, fd) = (client.id, client.fd);
        let own = client.query.take();
        let mut query = match own {
            Some(own) if own.is_large() => own,
            own => {
                let mut shared = self.shared_query.take().unwrap_or_default();
                shared.take_up(own);
                shared
            }
        };
        self.server.stats.total_reads_processed += 1;
        let result = net.read(fd, query.room());
        match result {
            Ok(n) if n > 0 => {
                self.server.stats.total_net_input_bytes += n as u64;
                let now = self.server.now;
                let client = &mut self.server.clients[slot];
                client.last_interaction = now;
                let bytes = &query.buffer[query.filled..query.filled + n];
                if self.is_told::<N>() {
                    self.server.tap.at(net.now());
                    let bytes = Preview::of(bytes, BYTES_CAP);
                    let outcome = ReadOutcome::Bytes;
                    self.server.tap.emit(|| Event::Read { client: id, fd, outcome, bytes });
                }
                query.filled += n;
                let limited = self.server.client_eviction_limit_bytes().is_some();
                if query.size > READ_BYTES && limited {
                    // Redis has counted a large argument since it was announced.
                    self.server.measure_client(slot, query.size as u64);
                }
                if !self.exceeds_query_limit(net, slot, &query) {
                    self.process_input_buffer(net, slot, &mut query);
                }
            }
            other => self.read_gave_nothing(net, slot, other),
        }
        self.put_query_back(slot, query);
        self.server.update_client_memory(slot);
        self.before_next_client(net, slot);
    }

    /// `beforeNextClient`: a client whose end was decided while it was being
    /// served goes at once, so that nobody serves it another dish.
    pub(super) fn before_next_client<N: Net>(&mut self, net: &mut N, slot: Slot) {
        let Some(client) = self.server.clients.get(slot) else { return };
        if client.flags.has(ClientFlags::CLOSE_ASAP) {
            let why = client.close_reason.unwrap_or(CloseReason::Killed);
            self.free_client(net, slot, why);
        }
    }

    /// What a client sent while it waited.
    pub(super) fn process_held_input<N: Net>(&mut self, net: &mut N, slot: Slot) {
        let Some(client) = self.server.clients.get_mut(slot) else { return };
        if let Some(mut query) = client.query.take() {
            self.process_input_buffer(net, slot, &mut query);
            self.put_query_back(slot, query);
        }
    }

    fn read_gave_nothing<N: Net>(
        &mut self,
        net: &mut N,
        slot: Slot,
        result: Result<usize, NetError>,
    ) {
        let client = &self.server.clients[slot];
        let (id, fd) = (client.id, client.fd);
        let (outcome, close) = match result {
            Ok(_) => (ReadOutcome::Eof, Some(CloseReason::PeerClosed)),
            Err(NetError::WouldBlock) => (ReadOutcome::WouldBlock, None),
            Err(_) => (ReadOutcome::Reset, Some(CloseReason::ReadError)),
        };
        self.state(net, || Event::Read { client: id, fd, outcome, bytes: Preview::default() });
        if let Some(why) = close {
            // Even if replies are pending: whoever stopped sending is gone,
            // as far as Redis is concerned.
            self.server.free_client_async(slot, why);
        }
    }

    /// `client-query-buffer-limit`: closed without a word. What a transaction
    /// has queued counts, too; the arguments that are understood already do
    /// not: Redis has moved them out of the buffer.
    fn exceeds_query_limit<N: Net>(&mut self, net: &N, slot: Slot, query: &Query) -> bool {
        let limit = self.server.config.client_query_buffer_limit;
        let limit = if self.server.must_authenticate(slot) {
            limit.min(UNAUTHENTICATED_QUERY_BYTES)
        } else {
            limit
        };
        let client = &self.server.clients[slot];
        let queued = client.transaction().map_or(0, |transaction| transaction.queued_bytes);
        let held = query.not_understood() as u64 + queued;
        if held <= limit {
            return false;
        }
        let client = Some(client.id);
        let kind = LimitKind::QueryBuffer;
        self.state(net, || Event::Limit { client, kind, at: held, limit });
        self.server.stats.client_query_buffer_limit_disconnections += 1;
        self.server.free_client_async(slot, CloseReason::QueryBufferLimit);
        true
    }

    /// Half a request stays with its client, in a buffer of its size unless it
    /// is large; the shared buffer returns.
    fn put_query_back(&mut self, slot: Slot, mut query: Box<Query>) {
        if let Some(client) = self.server.clients.get_mut(slot) {
            client.query_len = u32::try_from(query.filled).unwrap_or(u32::MAX);
            client.query_pos = u32::try_from(query.parser.position()).unwrap_or(u32::MAX);
            if query.filled > 0 && query.is_large() {
                query.keep();
                client.query = Some(query);
                return;
            }
            if query.filled > 0 {
                client.query = Some(query.set_aside());
            }
        }
        if self.shared_query.is_none() && query.may_be_shared() {
            query.clear();
            self.shared_query = Some(query);
        }
    }

    /// Everything complete in the buffer runs before the next client is
    /// looked at; the consumed prefix leaves once, at the end.
    ///
    /// Redis: `processInputBuffer`, *faithful*.
    pub(super) fn process_input_buffer<N: Net>(
        &mut self,
        net: &mut N,
        slot: Slot,
        query: &mut Query,
    ) {
        const STOP: u32 = ClientFlags::CLOSE_ASAP
            | ClientFlags::CLOSE_AFTER_REPLY
            | ClientFlags::BLOCKED
            | ClientFlags::SHUTDOWN;
        let batch_began = net.now();
        let mut start = 0;
        let mut keep = false;
        // For how many of the next requests keys were prefetched; `None` once it
        // did not pay.
        let mut prefetched = Some(0);
        while start < query.filled {
            let Some(client) = self.server.clients.get_mut(slot) else { return };
            if client.flags.has(STOP) || client.has_pending_command() {
                break;
            }
            client.query_len = u32::try_from(query.filled - start).unwrap_or(u32::MAX);
            let limits = Limits {
                max_bulk_len: self.server.config.proto_max_bulk_len.cast_signed(),
                authenticated: client.flags.has(ClientFlags::AUTHENTICATED)
                    || self.server.config.requirepass.is_empty(),
            };
            let bytes = &query.buffer[start..query.filled];
            // What an earlier read had understood is not looked at again.
            let understood = query.parser.position();
            match query.parser.parse(bytes, &limits) {
                Progress::Complete { consumed } => {
                    net.spend(Work::Parse { bytes: (consumed - understood) as u64 });
                    let args = query.parser.args(bytes);
                    self.state_parsed(net, slot, args, (start + consumed) as u64);
                    self.process_command(net, slot, args);
                    query.parser.reset();
                    start += consumed;
                    // Only where nothing is told, which is never in the page:
                    // it has no use for this, and so not its code either.
                    if !N::TOLD && start < query.filled {
                        prefetched = match prefetched {
                            Some(0 | 1) => self.prefetch(slot, &query.buffer[start..query.filled]),
                            other => other.map(|left| left - 1),
                        };
                    }
                }
                Progress::Empty { consumed } => {
                    net.spend(Work::Parse { bytes: consumed as u64 });
                    // Asking for nothing counts, too, where CLIENT REPLY SKIP
                    // counts (`resetClient`).
                    self.server.clients[slot].reset();
                    query.parser.reset();
                    start += consumed;
                }
                Progress::Incomplete => {
                    let fresh = query.parser.position() - understood;
                    net.spend(Work::Parse { bytes: fresh as u64 });
                    self.state_incomplete(net, slot, query, start);
                    break;
                }
                Progress::Error { error, at } => {
                    self.set_protocol_error(net, slot, error, (start + at) as u64);
                    keep = true;
                    break;
                }
            }
        }
        let spent = net.now().saturating_sub(batch_began);
        let stats = &mut self.server.stats;
        stats.eventloop_duration_cmd_sum = stats.eventloop_duration_cmd_sum.saturating_add(spent);
        if !keep {
            self.trim_query(net, slot, query, start);
        }
    }

    /// Reads what the keys of the next requests lead to, so that it is in the
    /// cache when they run. Returns how many requests that covers, or `None` if
    /// looking ahead is not worth while.
    ///
    /// Redis: `prefetchCommands` (since 8.0), *simplified*: the first argument
    /// is taken for a key.
    fn prefetch(&self, slot: Slot, mut bytes: &[u8]) -> Option<usize> {
        let client = self.server.clients.get(slot)?;
        let db = self.server.store.db(usize::from(client.db));
        let limits = Limits { max_bulk_len: request::BIG_ARG_BYTES as i64, authenticated: false };
        let mut parser = RequestParser::default();
        let mut ahead = Ahead::default();
        while !ahead.is_full()
            && bytes.first() == Some(&b'*')
            && let Progress::Complete { consumed } = parser.parse(bytes, &limits)
        {
            let args = parser.args(bytes);
            if args.len() > 1 {
                ahead.add(db, args.get(1));
                if ahead.len() == 1 && !db.is_worth_prefetching(&ahead) {
                    return None;
                }
            }
            bytes = &bytes[consumed..];
        }
        db.prefetch(&ahead);
        (!ahead.is_empty()).then_some(ahead.len())
    }

    fn trim_query<N: Net>(&mut self, net: &N, slot: Slot, query: &mut Query, start: usize) {
        if start == 0 {
            return;
        }
        query.buffer.copy_within(start..query.filled, 0);
        query.filled -= start;
        let (bytes, left) = (start as u64, query.filled as u64);
        if let Some(client) = self.server.clients.get(slot) {
            let client = client.id;
            self.state(net, || Event::QueryTrimmed { client, bytes, left });
        }
    }

    /// `setProtocolError`: one last line, then the door.
    fn set_protocol_error<N: Net>(
        &mut self,
        net: &mut N,
        slot: Slot,
        error: request::ProtocolError,
        at: u64,
    ) {
        let client = self.server.id_of(slot);
        self.state(net, || Event::ProtocolError { client, text: error.to_string(), at });
        self.answer(net, slot, |server| {
            reply_to(server, slot).error([b"ERR Protocol error: ", &error.text()[..]].concat());
        });
        self.server.close_after_reply(slot, CloseReason::ProtocolError);
    }

    fn state_parsed<N: Net>(
        &mut self,
        net: &N,
        slot: Slot,
        args: crate::resp::Args<'_>,
        parsed_to: u64,
    ) {
        if self.is_told::<N>() {
            let client = self.server.id_of(slot);
            let argv = preview_args(args);
            let argc = args.len() as u32;
            self.state(net, || Event::Parsed { client, argc, argv, parsed_to });
        }
    }

    fn state_incomplete<N: Net>(&mut self, net: &N, slot: Slot, query: &Query, start: usize) {
        if self.is_told::<N>() {
            let client = self.server.id_of(slot);
            self.state(net, || incomplete(client, query, start));
        }
    }

    /// `freeClientsInAsyncFreeQueue`: oldest first, after the sweep.
    pub(super) fn free_clients_in_async_free_queue<N: Net>(&mut self, net: &mut N) {
        for slot in std::mem::take(&mut self.server.to_close) {
            let why = self
                .server
                .clients
                .get(slot)
                .and_then(|c| c.close_reason)
                .unwrap_or(CloseReason::Killed);
            self.free_client(net, slot, why);
        }
    }

    /// `freeClient`: out of every structure, then the descriptor is closed.
    pub(super) fn free_client<N: Net>(&mut self, net: &mut N, slot: Slot, why: CloseReason) {
        let Some(mut client) = self.server.clients.remove(slot) else { return };
        self.server.pending_write.retain(|s| *s != slot);
        self.server.to_close.retain(|s| *s != slot);
        self.server.killed.retain(|s| *s != slot);
        self.server.purge_client_memory(slot, client.id);
        if client.flags.has(ClientFlags::MONITOR) {
            self.server.monitors.retain(|s| *s != slot);
            self.server.review_concerns();
        }
        if let Some(rare) = client.rare.take() {
            self.server.purge_watched_keys(slot, &rare.watched);
            self.server.purge_subscriptions(slot, &rare);
            self.server.purge_blocked(slot, client.id, &rare);
        }
        let dropped = client.reply.len();
        client.reply.release(&mut self.server.reply_pool);
        self.ae.forget(client.fd);
        net.close(client.fd);
        let (client, fd): (ClientId, Fd) = (client.id, client.fd);
        self.state(net, || Event::ClientFreed { client, fd, why, dropped });
    }
}

/// What is known of a request whose rest has not come; it begins at `start`.
pub(super) fn incomplete(client: ClientId, query: &Query, start: usize) -> Event {
    let args = query.parser.args(&query.buffer[start..query.filled]);
    let argv = preview_args(args);
    let argc = u32::try_from(query.parser.argc_expected().max(0)).unwrap_or(u32::MAX);
    let parsed_to = (start + query.parser.position()) as u64;
    let need = match query.parser.need() {
        request::Need::InlineEnd => Need::InlineEnd,
        request::Need::MultibulkHeader => Need::MultibulkHeader,
        request::Need::BulkHeader => Need::BulkHeader,
        request::Need::BulkBytes(n) => Need::BulkBytes(n),
    };
    Event::Incomplete { client, argc, argv, parsed_to, need }
}

fn preview_args(args: crate::resp::Args<'_>) -> Vec<Preview> {
    (0..args.len().min(ARGV_CAP)).map(|i| Preview::of(args.get(i), ARG_CAP)).collect()
}

const MAXCLIENTS_LINE: &[u8] = b"-ERR max number of clients reached\r\n";

/// Ours; Redis's says the same at greater length.
const DENIED_LINE: &[u8] = b"-DENIED onechef is running in protected mode because protected mode \
is enabled and no password is set. In this mode connections are only accepted from the loopback \
interface. To accept others, set a password with requirepass, or turn protected-mode off.\r\n";
