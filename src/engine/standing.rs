//! What holds now, as facts: for a watcher who was not there when it came to
//! be so.

use super::Engine;
use super::blocked::Waiting;
use super::client::{Client, ClientFlags};
use super::networking::incomplete;
use crate::event::{
    ARG_CAP, ARGV_CAP, BYTES_CAP, BlockedOn, ClientChange, CloseReason, Event, KeyChange,
    LimitKind, Phase, Preview, ReadOutcome, ReplyInto, Stamped, Standing, SubscriptionKind,
    TransactionStep,
};
use crate::net::Timeout;
use crate::resp::Args;
use crate::store::Value;

/// Of so many keys it is stated what they are; of the others only how many.
pub(crate) const KEYS_CAP: usize = 64;
/// Of so many queued commands it is stated what they are.
const QUEUED_CAP: usize = 64;

impl Engine {
    /// The facts that add up to what holds now: whoever folds them after any
    /// others knows the same as one who has seen all, but for what only the
    /// past can tell (what each client has sent so far, say). To be asked for
    /// between half-cycles.
    ///
    /// Takes time in proportion to the clients.
    #[must_use]
    pub fn standing(&self) -> Vec<Event> {
        let mut facts = vec![told(Standing::Begun)];
        self.house_stands(&mut facts);
        for (_, client) in self.server.clients.iter() {
            self.client_stands(client, &mut facts);
        }
        // The end of the list is the head of Redis's.
        for slot in &self.server.pending_write {
            facts.push(Event::PendingWriteQueued { client: self.server.id_of(*slot) });
        }
        for slot in &self.server.to_close {
            let client = &self.server.clients[*slot];
            facts.push(Event::CloseAsap { client: client.id, why: reason(client) });
        }
        self.keys_stand(&mut facts);
        self.counters_stand(&mut facts);
        facts
    }

    /// The same as facts of this moment, the thread being about to go to sleep
    /// for `timeout` at most: what a trace begins anew with.
    #[must_use]
    pub fn standing_asleep(&self, timeout: Timeout) -> Vec<Stamped> {
        let at = self.server.tap.last_stamp();
        let asleep = [Event::PhaseEnter { phase: Phase::Poll }, Event::PollEnter { timeout }];
        let facts = self.standing().into_iter().chain(asleep);
        facts.map(|event| Stamped { at, event }).collect()
    }

    fn house_stands(&self, facts: &mut Vec<Event>) {
        let server = &self.server;
        for (name, value) in server.config.changed_from_default() {
            facts.push(Event::Config { name: name.to_owned(), value });
        }
        let backlog = server.config.tcp_backlog;
        for listener in &server.listeners {
            let (fd, address) = (listener.fd, listener.address);
            facts.push(Event::Listen { fd, address, backlog });
            facts.push(Event::Watch { fd, mask: self.ae.file(fd).mask });
        }
        for timer in self.ae.timers() {
            facts.push(Event::TimerAdded { timer: timer.kind, due: timer.due });
        }
        if let Some(pause) = server.pause {
            facts.push(Event::Paused { scope: Some(pause.scope), until: pause.until });
        }
    }

    fn client_stands(&self, client: &Client, facts: &mut Vec<Event>) {
        let (id, fd, peer) = (client.id, client.fd, client.peer);
        let local = self.server.clients.local_address(client.local);
        facts.push(Event::ClientCreated { client: id, fd, peer, local });
        facts.push(Event::Watch { fd, mask: self.ae.file(fd).mask });
        settings_stand(client, facts);
        transaction_stands(client, facts);
        reply_stands(client, facts);
        query_stands(client, facts);
        waiting_stands(client, facts);
        facts.push(told(Standing::Client {
            client: id,
            created: client.created_at,
            active: client.last_interaction,
            last_command: client.last_command.map_or("", |command| command.name).to_owned(),
        }));
    }

    fn keys_stand(&self, facts: &mut Vec<Event>) {
        let store = &self.server.store;
        let now_ms = self.server.unix_ms().cast_signed();
        let mut left = KEYS_CAP;
        for index in 0..store.databases() {
            let db = store.db(index);
            let number = u32::try_from(index).unwrap_or(u32::MAX);
            for place in (0..db.len().min(left)).filter_map(|nth| db.nth(nth)) {
                left -= 1;
                let key = Preview::of(db.key(place), ARG_CAP);
                let (kind, size) = (db.value(place).kind().to_owned(), db.value(place).size());
                let value = preview_of(db.value(place));
                let written = KeyChange::Written { kind, size, value, created: true };
                facts.push(key_fact(number, key.clone(), written));
                if let Some(deadline) = db.deadline_ms(place) {
                    let ms = Some(deadline.saturating_sub(now_ms).max(0).cast_unsigned());
                    facts.push(key_fact(number, key, KeyChange::Ttl { ms }));
                }
            }
            if !db.is_empty() {
                facts.push(told(Standing::Keys { db: number, keys: db.len() as u64 }));
            }
        }
    }

    fn counters_stand(&self, facts: &mut Vec<Event>) {
        let s = &self.server.stats;
        let counters = [
            ("total_connections_received", s.total_connections_received),
            ("rejected_connections", s.rejected_connections),
            ("total_commands_processed", s.total_commands_processed),
            ("total_reads_processed", s.total_reads_processed),
            ("total_writes_processed", s.total_writes_processed),
            ("total_net_input_bytes", s.total_net_input_bytes),
            ("total_net_output_bytes", s.total_net_output_bytes),
            ("total_error_replies", s.total_error_replies),
            (
                "client_query_buffer_limit_disconnections",
                s.client_query_buffer_limit_disconnections,
            ),
            (
                "client_output_buffer_limit_disconnections",
                s.client_output_buffer_limit_disconnections,
            ),
            ("expired_keys", s.expired_keys),
            ("evicted_clients", s.evicted_clients),
            ("eventloop_cycles", s.eventloop_cycles),
            ("eventloop_duration_sum", s.eventloop_duration_sum.0),
            ("eventloop_duration_cmd_sum", s.eventloop_duration_cmd_sum.0),
            ("eventloop_duration_max", s.eventloop_duration_max.0),
        ];
        facts.extend(
            counters.map(|(name, value)| told(Standing::Counter { name: name.to_owned(), value })),
        );
    }
}

fn told(what: Standing) -> Event {
    Event::Standing { what }
}

fn key_fact(db: u32, key: Preview, change: KeyChange) -> Event {
    Event::Key { client: None, db, key, change }
}

fn preview_of(value: &Value) -> Preview {
    match value {
        Value::String(text) => Preview::of(text.bytes(&mut itoa::Buffer::new()), ARG_CAP),
        Value::List(_) => Preview::default(),
    }
}

fn reason(client: &Client) -> CloseReason {
    client.close_reason.unwrap_or(CloseReason::Killed)
}

fn settings_stand(client: &Client, facts: &mut Vec<Event>) {
    let id = client.id;
    let mut change = |change| facts.push(Event::ClientChanged { client: id, change });
    if !client.name().is_empty() {
        change(ClientChange::Name(Preview::of(client.name(), ARG_CAP)));
    }
    if client.db != 0 {
        change(ClientChange::Db(client.db.into()));
    }
    if client.resp != 2 {
        change(ClientChange::Resp(client.resp));
    }
    if client.flags.has(ClientFlags::AUTHENTICATED) {
        change(ClientChange::Authenticated);
    }
    if client.flags.has(ClientFlags::MONITOR) {
        facts.push(Event::Monitoring { client: id, on: true });
    }
    if client.flags.has(ClientFlags::CLOSE_AFTER_REPLY) {
        facts.push(Event::CloseAfterReply { client: id, why: reason(client) });
    }
    for kind in [SubscriptionKind::Channel, SubscriptionKind::Pattern, SubscriptionKind::Shard] {
        let subscribed = u32::try_from(client.subscriptions(kind)).unwrap_or(u32::MAX);
        for name in client.subscribed(kind).iter().take(ARGV_CAP) {
            let name = Preview::of(name, ARG_CAP);
            facts.push(Event::Subscription { client: id, kind, name, on: true, subscribed });
        }
    }
}

fn transaction_stands(client: &Client, facts: &mut Vec<Event>) {
    let id = client.id;
    if let Some(transaction) = client.transaction() {
        facts.push(step(client, TransactionStep::Begun));
        for (queued, commands) in transaction.queue.iter().zip(1..).take(QUEUED_CAP) {
            let (argc, argv) = request(queued.args.args());
            facts.push(Event::Parsed { client: id, argc, argv, parsed_to: 0 });
            let name = queued.command.name.to_owned();
            facts.push(step(client, TransactionStep::Queued { name, commands }));
        }
        if let Some(last) = transaction.queue.last() {
            let (name, commands) = (last.command.name.to_owned(), transaction.commands);
            facts.push(step(client, TransactionStep::Queued { name, commands }));
        }
        if client.flags.has(ClientFlags::DIRTY_EXEC) {
            facts.push(step(client, TransactionStep::Flawed));
        }
    }
    if !client.watched_keys().is_empty() {
        let keys = u32::try_from(client.watched_keys().len()).unwrap_or(u32::MAX);
        facts.push(step(client, TransactionStep::Watching { keys }));
    }
    if client.flags.has(ClientFlags::DIRTY_CAS) {
        // Which key it was is not kept.
        let touched = TransactionStep::KeyTouched { db: 0, key: Preview::default() };
        facts.push(step(client, touched));
    }
}

fn step(client: &Client, step: TransactionStep) -> Event {
    Event::Transaction { client: client.id, step }
}

fn request(args: Args<'_>) -> (u32, Vec<Preview>) {
    let argv = args.iter().take(ARGV_CAP).map(|arg| Preview::of(arg, ARG_CAP)).collect();
    (u32::try_from(args.len()).unwrap_or(u32::MAX), argv)
}

fn query_stands(client: &Client, facts: &mut Vec<Event>) {
    let Some(query) = client.query.as_deref().filter(|query| query.filled > 0) else { return };
    let bytes = Preview::of(&query.buffer[..query.filled], BYTES_CAP);
    let (id, fd, outcome) = (client.id, client.fd, ReadOutcome::Bytes);
    facts.push(Event::Read { client: id, fd, outcome, bytes });
    if !query.parser.is_fresh() {
        facts.push(incomplete(id, query, 0));
    }
}

fn waiting_stands(client: &Client, facts: &mut Vec<Event>) {
    let blocked = client.rare.as_ref().and_then(|rare| rare.blocked.as_ref());
    let Some(blocked) = blocked else { return };
    let on = match &blocked.on {
        Waiting::Pause => BlockedOn::Pause,
        Waiting::Keys { keys, until, .. } => {
            let keys = keys.iter().take(ARGV_CAP).map(|key| Preview::of(key, ARG_CAP)).collect();
            BlockedOn::Keys { keys, until: *until }
        }
    };
    facts.push(Event::Blocked { client: client.id, on });
}

fn reply_stands(client: &Client, facts: &mut Vec<Event>) {
    let (buffered, listed) = client.reply.waiting_split();
    if buffered + listed > 0 {
        let into = if listed > 0 { ReplyInto::List } else { ReplyInto::Buffer };
        facts.push(Event::ReplyQueued {
            client: client.id,
            bytes: Preview::default(),
            into,
            buffered,
            listed,
            blocks: client.reply.blocks(),
        });
    }
    if client.soft_limit_since().is_some() {
        let (kind, at) = (LimitKind::OutputSoftStarted, client.reply.limit_usage_bytes());
        facts.push(Event::Limit { client: Some(client.id), kind, at, limit: 0 });
    }
}
