//! Every observable fact, as one closed enum.
//!
//! The engine states facts and the whole rest of the program (recordings, the
//! page, the tests, the invariant checker) reads nothing else. What a view
//! lacks must become an event here: nobody peeks into the engine.
//!
//! Rule for adding one: a reader asked "how do you know?" and the answer was
//! not in the log. A variant names the function of Redis 7.4 that it stands
//! for, if there is one.
//!
//! Payloads are previews with a cap ([`Preview`]), so a fact's size is bounded
//! whatever a client sends.

mod pipe;
mod preview;
mod session;
mod standing;

pub use pipe::Pipe;
pub use preview::{Preview, escape, push_escaped, unescape};
pub use session::{
    BlockedOn, PauseScope, SubscriptionKind, TransactionEnd, TransactionStep, UnblockReason,
};
pub use standing::Standing;

use crate::net::{Fd, Fired, Mask, NetError, Timeout, WriteOutcome};
use crate::time::Micros;
use std::fmt;
use std::net::SocketAddr;

/// Never reused, strictly increasing from 1 (`client->id`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A stretch of the cycle, in the order of `aeProcessEvents`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// `beforeSleep`: unblocked clients, fast expiry, the final sweep, frees.
    BeforeSleep,
    /// `aeApiPoll`: the only place where the thread may sleep.
    Poll,
    /// `afterSleep`: clocks are refreshed.
    AfterSleep,
    /// The file events, in fired order.
    Files,
    /// `processTimeEvents`.
    Timers,
}

/// What will be called for a ready descriptor. Closed, printable, comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handler {
    /// `connSocketAcceptHandler`.
    Accept,
    /// `readQueryFromClient`.
    ReadQuery,
    /// `sendReplyToClient`.
    SendReply,
}

/// Why a fired descriptor's handler was not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// An earlier handler of this cycle unregistered or closed it.
    NoLongerWatched,
}

/// Why an accept pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptEnd {
    /// `EAGAIN`: nobody is left in the backlog.
    Drained,
    /// `max-new-connections-per-cycle` reached; the rest is announced again.
    CycleLimit,
    /// The kernel refused (see [`NetError`]).
    Failed(NetError),
}

/// Why a connection was turned away at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefuseReason {
    MaxClients,
    ProtectedMode,
}

/// Why a client is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// `read` returned 0.
    PeerClosed,
    ReadError,
    WriteError,
    ProtocolError,
    QueryBufferLimit,
    OutputBufferHard,
    OutputBufferSoft,
    IdleTimeout,
    Quit,
    Killed,
    /// `POST` or `Host:` as a command (`securityWarningCommand`).
    CrossProtocol,
    ProtectedMode,
    /// `maxmemory-clients`.
    Evicted,
    Shutdown,
    /// Nobody who told could see it: the loop was watched from outside.
    Unseen,
}

/// What a read call gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    Bytes,
    Eof,
    WouldBlock,
    Reset,
}

/// What an incomplete request still lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The end of an inline line.
    InlineEnd,
    /// The end of the `*count` line.
    MultibulkHeader,
    /// The end of a `$length` line.
    BulkHeader,
    /// This many more bytes of an argument, its CRLF included.
    BulkBytes(u64),
}

/// Where a reply's bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyInto {
    /// All into the 16 KB buffer.
    Buffer,
    /// At least partly into the list of blocks.
    List,
}

/// What happened to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChange {
    /// Looked up; `found` or not.
    Read {
        found: bool,
    },
    /// Created or changed; a type name as `TYPE` says it, its size (bytes or
    /// elements) and, for strings, the value's first bytes; `created` if the
    /// key was not there before.
    Written {
        kind: String,
        size: u64,
        value: Preview,
        created: bool,
    },
    Deleted,
    Expired,
    /// Its time to live is now this many milliseconds; `None` = for ever.
    Ttl {
        ms: Option<u64>,
    },
}

/// A change of a client's own settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientChange {
    /// `CLIENT SETNAME`, `HELLO … SETNAME`; empty = none.
    Name(Preview),
    /// `SELECT`.
    Db(u32),
    /// `HELLO`: 2 or 3.
    Resp(u8),
    Authenticated,
}

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitKind {
    /// `client-query-buffer-limit`.
    QueryBuffer,
    /// `client-output-buffer-limit`, hard.
    OutputHard,
    /// The same, soft: the clock has started.
    OutputSoftStarted,
    /// The usage fell below the soft limit again.
    OutputSoftCleared,
    /// Above the soft limit for longer than allowed.
    OutputSoftExpired,
    MaxClients,
    /// The 64 KB write budget.
    WriteBudget,
}

/// A timer of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimerKind {
    ServerCron,
}

/// One fact. See the module documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `anetListen`: the door has a bell.
    Listen {
        fd: Fd,
        address: SocketAddr,
        backlog: u32,
    },
    /// A directive's value, at start or by `CONFIG SET`.
    Config {
        name: String,
        value: String,
    },

    /// `afterSleep` of cycle `cycle`: as Redis counts `eventloop_cycles`, a
    /// cycle runs from here to the end of the next `beforeSleep`.
    CycleBegin {
        cycle: u64,
    },
    /// End of `beforeSleep`; `busy` since the begin, asleep time excluded.
    CycleEnd {
        cycle: u64,
        busy: Micros,
    },
    PhaseEnter {
        phase: Phase,
    },
    PhaseLeave {
        phase: Phase,
    },
    /// `aeApiPoll` is entered with this timeout.
    PollEnter {
        timeout: Timeout,
    },
    /// `aeApiPoll` returned; `fired` in handling order.
    PollReturn {
        fired: Vec<Fired>,
    },

    /// A file event's handler is about to run.
    Fire {
        fd: Fd,
        client: Option<ClientId>,
        handler: Handler,
        mask: Mask,
    },
    FireSkipped {
        fd: Fd,
        why: SkipReason,
    },

    /// `accept4` returned a descriptor.
    Accept {
        fd: Fd,
        peer: SocketAddr,
    },
    /// `acceptCommonHandler` turned it away.
    AcceptRefused {
        fd: Fd,
        peer: SocketAddr,
        why: RefuseReason,
    },
    /// The accept pass is over.
    AcceptEnd {
        accepted: u32,
        why: AcceptEnd,
    },
    /// `createClient`.
    ClientCreated {
        client: ClientId,
        fd: Fd,
        peer: SocketAddr,
        local: SocketAddr,
    },
    ClientChanged {
        client: ClientId,
        change: ClientChange,
    },
    /// `CLIENT_CLOSE_AFTER_REPLY` was set: one last plate.
    CloseAfterReply {
        client: ClientId,
        why: CloseReason,
    },
    /// `freeClientAsync`: nothing more is written to it.
    CloseAsap {
        client: ClientId,
        why: CloseReason,
    },
    /// `freeClient`; `dropped` reply bytes never left.
    ClientFreed {
        client: ClientId,
        fd: Fd,
        why: CloseReason,
        dropped: u64,
    },

    /// `readQueryFromClient`'s one `read`; `bytes.len` is its result.
    Read {
        client: ClientId,
        fd: Fd,
        outcome: ReadOutcome,
        bytes: Preview,
    },
    /// A complete request: `parsed_to` is `qb_pos` afterwards, counted from
    /// the first byte in the query buffer.
    Parsed {
        client: ClientId,
        argc: u32,
        argv: Vec<Preview>,
        parsed_to: u64,
    },
    /// The buffer ends in mid-request: what is known of it, what it lacks.
    Incomplete {
        client: ClientId,
        argc: u32,
        argv: Vec<Preview>,
        parsed_to: u64,
        need: Need,
    },
    /// `setProtocolError`; `at` is the offset of the offending byte.
    ProtocolError {
        client: ClientId,
        text: String,
        at: u64,
    },
    /// The understood prefix leaves the query buffer, once per pass.
    QueryTrimmed {
        client: ClientId,
        bytes: u64,
        left: u64,
    },

    /// What so many bytes in the query buffer ask for is not known: they, or
    /// those before them, are not in the recording. They count as gone.
    Unrecorded {
        client: ClientId,
        bytes: u64,
    },

    /// `processCommand`/`call`; `name` as CLIENT LIST's `cmd` field shows it.
    CommandBegin {
        client: ClientId,
        name: String,
    },
    /// `took` is execution alone, as SLOWLOG measures it; `error` if it
    /// answered one.
    CommandEnd {
        client: ClientId,
        name: String,
        took: Micros,
        error: bool,
    },
    /// A request that was answered without running (`rejectCommand`): unknown
    /// name, wrong arity, not allowed.
    CommandRejected {
        client: ClientId,
        name: String,
    },
    /// The keyspace was looked at or changed.
    Key {
        client: Option<ClientId>,
        db: u32,
        key: Preview,
        change: KeyChange,
    },
    /// `FLUSHDB`, `FLUSHALL`; `None` = every database.
    Flushed {
        db: Option<u32>,
    },
    /// A fast or slow expire cycle that removed something. Each key was stated
    /// by a [`Event::Key`] of its own before, so this is a sum, not an addition.
    ExpireCycle {
        fast: bool,
        expired: u64,
    },

    /// The reply of one command is on the rack. `buffered` and `listed` are
    /// the totals afterwards (`bufpos` − sent, and the list's bytes),
    /// `blocks` the number of list blocks.
    ReplyQueued {
        client: ClientId,
        bytes: Preview,
        into: ReplyInto,
        buffered: u64,
        listed: u64,
        blocks: u32,
    },
    /// `putClientInPendingWriteQueue`: linked at the head.
    PendingWriteQueued {
        client: ClientId,
    },
    /// Taken off the queue by the sweep.
    PendingWriteTaken {
        client: ClientId,
    },
    /// `handleClientsWithPendingWrites` begins.
    SweepBegin {
        clients: u32,
    },
    SweepEnd {
        clients: u32,
    },
    /// One client's `writeToClient`; `by` 0 is the chef, 1.. a helper; `left`
    /// reply bytes stay, `blocks` list blocks still hold some of them.
    Write {
        client: ClientId,
        fd: Fd,
        outcome: WriteOutcome,
        bytes: u64,
        calls: u32,
        left: u64,
        blocks: u32,
        by: u8,
    },
    /// `aeCreateFileEvent`/`aeDeleteFileEvent`: what is watched from now on.
    Watch {
        fd: Fd,
        mask: Mask,
    },

    TimerAdded {
        timer: TimerKind,
        due: Micros,
    },
    /// Its handler runs.
    TimerFired {
        timer: TimerKind,
    },
    /// Due again, measured from the end of the handler.
    TimerRearmed {
        timer: TimerKind,
        due: Micros,
    },
    /// `clientsCron` visited this many clients.
    ClientsCron {
        visited: u32,
    },

    Blocked {
        client: ClientId,
        on: BlockedOn,
    },
    /// `unblockClient`.
    Unblocked {
        client: ClientId,
        why: UnblockReason,
    },
    Transaction {
        client: ClientId,
        step: TransactionStep,
    },
    /// A subscription began or ended; `subscribed` are left of its kind.
    Subscription {
        client: ClientId,
        kind: SubscriptionKind,
        name: Preview,
        on: bool,
        subscribed: u32,
    },
    /// `pubsubPublishMessage`: so many messages were put on the receivers'
    /// racks, each stated by a [`Event::ReplyQueued`] of its own.
    Published {
        client: ClientId,
        channel: Preview,
        receivers: u64,
    },
    /// `CLIENT PAUSE` and its end (`None`).
    Paused {
        scope: Option<PauseScope>,
        until: Micros,
    },
    /// `MONITOR`, and its end by `RESET`.
    Monitoring {
        client: ClientId,
        on: bool,
    },
    /// `evictClients`: clients take more than `maxmemory-clients`, in bytes.
    ClientMemory {
        used: u64,
        limit: u64,
    },
    /// `at` is the usage, `limit` the threshold; bytes, or clients.
    Limit {
        client: Option<ClientId>,
        kind: LimitKind,
        at: u64,
        limit: u64,
    },
    /// The server was told to stop.
    Shutdown,

    /// Virtual network only.
    Pipe {
        peer: SocketAddr,
        pipe: Pipe,
    },
    /// The watcher missed this many records.
    Dropped {
        count: u64,
    },
    /// A watcher comes late, or has missed something: how things stand.
    Standing {
        what: Standing,
    },
}

impl Event {
    /// The client that this fact is about, as far as the fact itself says it:
    /// facts about a guest outside ([`Event::Pipe`]) name an address instead,
    /// facts about the door or the loop nobody.
    #[must_use]
    pub fn client(&self) -> Option<ClientId> {
        match self {
            Event::ClientCreated { client, .. }
            | Event::ClientChanged { client, .. }
            | Event::CloseAfterReply { client, .. }
            | Event::CloseAsap { client, .. }
            | Event::ClientFreed { client, .. }
            | Event::Read { client, .. }
            | Event::Parsed { client, .. }
            | Event::Incomplete { client, .. }
            | Event::ProtocolError { client, .. }
            | Event::QueryTrimmed { client, .. }
            | Event::Unrecorded { client, .. }
            | Event::CommandBegin { client, .. }
            | Event::CommandEnd { client, .. }
            | Event::CommandRejected { client, .. }
            | Event::ReplyQueued { client, .. }
            | Event::PendingWriteQueued { client }
            | Event::PendingWriteTaken { client }
            | Event::Write { client, .. }
            | Event::Blocked { client, .. }
            | Event::Unblocked { client, .. }
            | Event::Transaction { client, .. }
            | Event::Subscription { client, .. }
            | Event::Published { client, .. }
            | Event::Monitoring { client, .. } => Some(*client),
            Event::Fire { client, .. }
            | Event::Key { client, .. }
            | Event::Limit { client, .. } => *client,
            Event::Listen { .. }
            | Event::Config { .. }
            | Event::CycleBegin { .. }
            | Event::CycleEnd { .. }
            | Event::PhaseEnter { .. }
            | Event::PhaseLeave { .. }
            | Event::PollEnter { .. }
            | Event::PollReturn { .. }
            | Event::FireSkipped { .. }
            | Event::Accept { .. }
            | Event::AcceptRefused { .. }
            | Event::AcceptEnd { .. }
            | Event::Flushed { .. }
            | Event::ExpireCycle { .. }
            | Event::SweepBegin { .. }
            | Event::SweepEnd { .. }
            | Event::Watch { .. }
            | Event::TimerAdded { .. }
            | Event::TimerFired { .. }
            | Event::TimerRearmed { .. }
            | Event::ClientsCron { .. }
            | Event::Paused { .. }
            | Event::ClientMemory { .. }
            | Event::Shutdown
            | Event::Pipe { .. }
            | Event::Dropped { .. }
            | Event::Standing { .. } => None,
        }
    }
}

/// A fact and when it became one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    pub at: Micros,
    pub event: Event,
}

/// Most bytes of a read, an arrival or a protocol dump that a fact keeps.
pub const BYTES_CAP: usize = 256;
/// Most bytes of one argument, key, value or reply that a fact keeps.
pub const ARG_CAP: usize = 64;
/// Most arguments of one request that a fact keeps.
pub const ARGV_CAP: usize = 16;
