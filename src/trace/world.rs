//! The fold: everything a view can know, made of records and nothing else.

use crate::event::{
    BlockedOn, ClientId, CloseReason, Handler, Need, PauseScope, Phase, Preview, SubscriptionKind,
};
use crate::net::{Fd, Fired, Mask, Timeout};
use crate::sorted::SortedMap;
use crate::time::Micros;
use crate::trace::activity::Activity;
use crate::trace::seats::Seats;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Most bytes of a query buffer that the world remembers.
pub const KNOWN_BYTES_CAP: usize = 512;
/// Most keys that the world remembers, the most recently touched first.
pub const PANTRY_CAP: usize = 64;
/// Most queued commands of one transaction that the world remembers.
pub const QUEUED_CAP: usize = 64;

/// The state after a prefix of the records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// Records folded so far, and the time of the last.
    pub records: u64,
    pub at: Micros,
    pub config: SortedMap<String, String>,
    pub listeners: Vec<(Fd, SocketAddr)>,
    pub cycle: u64,
    /// Where in the cycle the thread is; `None` before the first poll.
    pub phase: Option<Phase>,
    /// The same, as finely as a reader tells the stretches apart.
    pub activity: Activity,
    /// Set from `PollEnter` to `PollReturn`: the thread is asleep.
    pub asleep: Option<Timeout>,
    pub slept_since: Micros,
    /// What the last poll returned, in handling order, and how many of them
    /// have been begun: the current one is `fired[begun - 1]`.
    pub fired: Vec<Fired>,
    pub fired_begun: usize,
    /// The file event that is being handled.
    pub firing: Option<Firing>,
    pub watched: SortedMap<Fd, Mask>,
    /// By id, hence in order of arrival.
    pub clients: SortedMap<ClientId, ClientView>,
    /// `arrive` at `ClientCreated`; `settle` at each `PollReturn`, when the
    /// departed are forgotten.
    pub seats: Seats,
    /// Freed in the current cycle; forgotten when the next poll returns.
    pub departed: Vec<Departed>,
    /// The far ends, seated or still outside; virtual network only.
    pub guests: SortedMap<SocketAddr, Guest>,
    /// Guests in the accept queue, oldest first.
    pub backlog: VecDeque<SocketAddr>,
    /// `clients_pending_write`, next to be served first (newest first).
    pub pending_write: Vec<ClientId>,
    /// The sweep's service order of this cycle, and each one's end.
    pub sweep: Option<Sweep>,
    /// Clients to close, oldest first.
    pub to_close: Vec<ClientId>,
    /// The command that runs right now.
    pub executing: Option<Executing>,
    /// `serverCron`: last armed at, due at.
    pub timer: Option<TimerView>,
    pub pantry: Pantry,
    pub counters: Counters,
    /// `CLIENT PAUSE`.
    pub paused: Option<PauseView>,
    /// What the server keeps to itself is not stated: keys, timers, commands.
    pub from_outside: bool,
    /// Records the watcher missed.
    pub dropped: u64,
    pub shut_down: bool,
}

impl World {
    /// Whether a signal is known to be up, so that a poll would return at
    /// once: somebody queues at the door, or bytes lie unread. Only a virtual
    /// network tells such things beforehand; on a live trace always false.
    #[must_use]
    pub fn signal_is_up(&self) -> bool {
        !self.backlog.is_empty() || self.clients.values().any(|c| c.waiting_in_socket > 0)
    }

    /// About what this moment takes in memory, in bytes: the same on every
    /// machine, since how densely keyframes stand must not differ.
    #[must_use]
    pub fn weight(&self) -> u64 {
        const HOUSE: u64 = 2_000;
        const SEATED: u64 = 1_000;
        const FAR_END: u64 = 300;
        const JAR: u64 = 200;
        const ID: u64 = 16;
        let seated = self.clients.len() + self.departed.len();
        let ids = self.fired.len() + self.pending_write.len() + self.backlog.len();
        HOUSE
            + seated as u64 * SEATED
            + self.guests.len() as u64 * FAR_END
            + self.pantry.jars.len() as u64 * JAR
            + ids as u64 * ID
    }

    /// `io-threads`, the one thread included.
    #[must_use]
    pub fn io_threads(&self) -> usize {
        self.config.get("io-threads").and_then(|threads| threads.parse().ok()).unwrap_or(1)
    }

    /// How many threads share a sweep with so many clients: all, if each has
    /// two clients, else the one alone (`stopThreadedIOIfNeeded`).
    #[must_use]
    pub fn carriers(&self, pending: usize) -> usize {
        let threads = self.io_threads();
        if pending < threads.saturating_mul(2) { 1 } else { threads }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing {
    pub fd: Fd,
    pub client: Option<ClientId>,
    pub handler: Handler,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// Service order: ordinal 1 first. Of those still to be served, as they
    /// stand in the queue: a helper may overtake the one thread.
    pub order: Vec<ClientId>,
    /// How many threads share it, the one thread included.
    pub carriers: usize,
    /// How many have been written to.
    pub served: usize,
    pub running: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Executing {
    pub client: ClientId,
    pub name: String,
    pub argv: Vec<Preview>,
    pub since: Micros,
    /// The last key the command touched, with its database.
    pub key: Option<(u32, Vec<u8>)>,
    /// The `EXEC` that runs it.
    pub within: Option<Box<Executing>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerView {
    pub armed_at: Micros,
    pub due: Micros,
}

/// What the client did last, for the pad's state line.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Doing {
    /// Nothing since `last_active`.
    #[default]
    Idle,
    /// Bytes were just read.
    Read {
        bytes: u64,
    },
    /// Half an order.
    Partial {
        need: Need,
    },
    Parsed,
    Executing,
    /// Reply bytes are on the rack.
    Replied {
        bytes: u64,
    },
    /// Its turn in the sweep ended with everything gone.
    Served {
        bytes: u64,
    },
    /// Its socket is full; a write handler waits.
    TableFull,
    /// The write budget cut it short.
    BudgetSpent,
    Unreadable {
        text: String,
        at: u64,
    },
    Blocked(BlockedOn),
}

#[derive(Clone, Debug, PartialEq)]
pub struct ClientView {
    pub id: ClientId,
    pub fd: Fd,
    pub peer: SocketAddr,
    pub name: String,
    pub db: u32,
    pub resp: u8,
    pub authenticated: bool,
    pub created_at: Micros,
    pub last_active: Micros,
    pub doing: Doing,
    pub query: QueryView,
    /// The request being assembled or run, else the last one.
    pub argc: u32,
    pub argv: Vec<Preview>,
    /// Whether `argv` belongs to a finished request.
    pub argv_old: bool,
    pub last_command: String,
    pub commands: u64,
    pub reply: ReplyView,
    pub pending_write: bool,
    pub write_handler: bool,
    pub close_after_reply: Option<CloseReason>,
    pub close_asap: Option<CloseReason>,
    pub soft_limit_since: Option<Micros>,
    pub blocked: Option<BlockedOn>,
    pub transaction: Option<TransactionView>,
    pub watched_keys: u32,
    /// A watched key changed: EXEC will do nothing.
    pub watch_broken: bool,
    pub subscriptions: Subscriptions,
    pub monitoring: bool,
    /// Bytes waiting in the server's socket (the slip); virtual network only.
    pub waiting_in_socket: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

/// A transaction from MULTI to its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransactionView {
    pub commands: u32,
    /// The first [`QUEUED_CAP`] of them.
    pub queued: Vec<QueuedView>,
    /// A request was refused while queueing: EXEC will be, too.
    pub flawed: bool,
    /// While EXEC runs: how many have begun.
    pub begun: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct QueuedView {
    pub name: String,
    pub argv: Vec<Preview>,
}

/// How much a client is subscribed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscriptions {
    pub channels: u32,
    pub patterns: u32,
    pub shards: u32,
}

impl Subscriptions {
    #[must_use]
    pub fn total(self) -> u32 {
        self.channels.saturating_add(self.patterns).saturating_add(self.shards)
    }

    pub fn set(&mut self, kind: SubscriptionKind, count: u32) {
        *match kind {
            SubscriptionKind::Channel => &mut self.channels,
            SubscriptionKind::Pattern => &mut self.patterns,
            SubscriptionKind::Shard => &mut self.shards,
        } = count;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PauseView {
    pub scope: PauseScope,
    pub until: Micros,
}

/// The query buffer: `len` bytes, of which `known` (a prefix) are remembered
/// and `parsed_to` are understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryView {
    pub len: u64,
    pub known: Vec<u8>,
    pub parsed_to: u64,
    /// Bytes of the finished request that were trimmed last, kept as memory
    /// for the panel until the next read.
    pub memory: Vec<u8>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplyView {
    /// Bytes in the 16 KB buffer, and in the list, that have not left.
    pub buffered: u64,
    pub listed: u64,
    pub blocks: u32,
    /// First bytes of the last reply queued.
    pub last: Preview,
    /// Bytes that left in the last sweep.
    pub last_sent: u64,
    /// Who carried them: 0 is the one thread, 1 and up are helpers.
    pub last_by: u8,
}

impl ReplyView {
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.buffered.saturating_add(self.listed)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Departed {
    pub client: ClientView,
    pub why: CloseReason,
    pub dropped: u64,
}

/// A far end, as the virtual network tells it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guest {
    pub name: String,
    pub client: Option<ClientId>,
    pub reading: bool,
    /// Sent, not yet arrived.
    pub in_flight: u64,
    /// Arrived in the server's socket, not yet read.
    pub waiting: u64,
    /// First bytes of what waits.
    pub waiting_head: Vec<u8>,
    /// Delivered to the guest's socket, not yet consumed.
    pub uneaten: u64,
    /// Replies consumed in all, and the last bytes.
    pub eaten: u64,
    pub last_eaten: Preview,
    pub fin: bool,
    pub gone: bool,
}

/// The keyspace as far as it was touched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pantry {
    /// Keys per database.
    pub sizes: SortedMap<u32, u64>,
    /// Most recently touched last; at most [`PANTRY_CAP`]. A key longer than
    /// a fact's preview is known by the part that the preview keeps.
    pub jars: Vec<Jar>,
    /// The key touched last, with the record's number.
    pub touched: Option<(u32, Vec<u8>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Jar {
    pub db: u32,
    pub key: Vec<u8>,
    /// As `TYPE` says it; empty while the key was only read, never written.
    pub kind: String,
    pub size: u64,
    pub value: Preview,
    /// Its date: until then it keeps. After it the key is still there, until
    /// somebody asks for it or the active expire cycle comes by.
    pub ends: Option<Micros>,
}

impl Jar {
    /// What is left of its time at `now`, in whole milliseconds as `PTTL`
    /// counts them; `None` if it is certainly over. Keys end on a tick of the
    /// server's millisecond, which a trace does not tell: hence one more.
    #[must_use]
    pub fn left_ms(ends: Micros, now: Micros) -> Option<u64> {
        const TICK: Micros = Micros::from_millis(1);
        let over = now > ends.saturating_add(TICK);
        (!over).then(|| ends.saturating_sub(now).0.div_ceil(1_000))
    }
}

/// INFO's counters, recomputed from the records alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub connected_clients: u64,
    pub blocked_clients: u64,
    pub total_connections_received: u64,
    pub rejected_connections: u64,
    pub total_commands_processed: u64,
    pub total_reads_processed: u64,
    pub total_writes_processed: u64,
    pub io_threaded_writes_processed: u64,
    pub io_threads_active: bool,
    pub total_net_input_bytes: u64,
    pub total_net_output_bytes: u64,
    pub total_error_replies: u64,
    pub client_query_buffer_limit_disconnections: u64,
    pub client_output_buffer_limit_disconnections: u64,
    pub expired_keys: u64,
    pub evicted_clients: u64,
    pub eventloop_cycles: u64,
    pub eventloop_duration_sum: Micros,
    pub eventloop_duration_cmd_sum: Micros,
    pub eventloop_duration_max: Micros,
}
