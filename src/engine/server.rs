//! Everything the one thread owns (`struct redisServer`), apart from the loop
//! itself. Commands see this and nothing more; no network is in reach.

use super::blocked::{Blocking, Pause};
use super::client::{ClientFlags, ClientTable, Slot};
use super::command_stats::{CommandStats, ErrorStats};
use super::concerns::Concerns;
use super::config::Config;
use super::eviction::ClientMemoryUsage;
use super::latency::LatencyEvents;
use super::multi::WatchedKeys;
use super::pubsub::PubSub;
use super::reply::{BufferPool, Reply};
use super::slowlog::Slowlog;
use super::stats::{RecentPeaks, Stats};
use super::tap::Tap;
use crate::event::{ClientId, CloseReason};
use crate::net::Fd;
use crate::store::Store;
use crate::time::Micros;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng;
use std::net::SocketAddr;

/// What the driver decides once, because the engine owns no clock, no entropy
/// and no process.
#[derive(Clone, Debug)]
pub struct Birth {
    /// Unix time, in microseconds, at the loop's time zero.
    pub unix_epoch_us: u64,
    /// Seeds RANDOMKEY, active expiry and the run id.
    pub seed: u64,
    /// Seeds the keyspace's hash; random natively, so that no client can
    /// choose keys that collide. Order never depends on it.
    pub hash_seed: u64,
    /// For INFO.
    pub process_id: u32,
    /// For INFO: `epoll`, `kqueue`, `virtual`.
    pub multiplexing_api: &'static str,
}

/// `SHUTDOWN` was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShutdownRequest;

/// What DEBUG switched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DebugSwitches {
    /// `SET-ACTIVE-EXPIRE 0`: keys end only when somebody asks for them.
    pub no_active_expire: bool,
    /// `PAUSE-CRON 1`: the timer rings, and nothing is done.
    pub pause_cron: bool,
}

/// The file that the server was started with, if it was; only a driver knows
/// files.
pub trait ConfigFile: std::fmt::Debug {
    /// `CONFIG REWRITE`.
    ///
    /// # Errors
    /// Why the file could not be read or written, in the system's words.
    fn rewrite(&self, config: &Config) -> Result<(), String>;
}

/// A door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    pub fd: Fd,
    pub address: SocketAddr,
}

/// Bytes that one client's command put on another's rack: from and to which
/// length of its reply.
#[derive(Clone, Copy, Debug)]
pub struct Pushed {
    pub slot: Slot,
    pub from: u64,
    pub to: u64,
}

/// A reply that is being added to: stated up to this length of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub slot: Slot,
    pub from: u64,
}

/// See the module documentation.
#[derive(Debug)]
pub struct Server {
    pub config: Config,
    pub config_file: Option<Box<dyn ConfigFile>>,
    /// The most clients that the system has descriptors for; only a driver
    /// knows.
    pub clients_limit: u32,
    pub birth: Birth,
    pub clients: ClientTable,
    pub listeners: Vec<Listener>,
    pub store: Store,
    pub stats: Stats,
    /// The counters at the last CONFIG RESETSTAT; INFO shows what came since.
    pub stats_baseline: Stats,
    pub tap: Tap,
    pub rng: Pcg64Mcg,
    /// `updateCachedTime`: the loop's time, refreshed once per cycle and
    /// before each command.
    pub now: Micros,
    /// `clients_pending_write`: the end is Redis's head, so the sweep walks
    /// it backwards, newest first.
    pub pending_write: Vec<Slot>,
    /// Whether the last sweep was shared with helpers, and the next is likely
    /// to be (`server.io_threads_active`).
    pub io_threads_active: bool,
    /// `clients_to_close`, oldest first.
    pub to_close: Vec<Slot>,
    /// Other clients killed by the running command (`CLIENT KILL`): freed as
    /// soon as it returns, since only the loop may touch the network.
    pub killed: Vec<Slot>,
    pub watched_keys: WatchedKeys,
    pub pubsub: PubSub,
    pub blocking: Blocking,
    pub pause: Option<Pause>,
    /// Clients that hear every command, oldest first.
    pub monitors: Vec<Slot>,
    pub(super) concerns: Concerns,
    pub slowlog: Slowlog,
    pub latency_events: LatencyEvents,
    pub command_stats: CommandStats,
    pub error_stats: ErrorStats,
    pub client_memory: ClientMemoryUsage,
    /// Pushes for the client whose command is running, after its reply
    /// (`pending_push_messages`).
    pub pending_pushes: Vec<u8>,
    /// Error replies that commands gave to others than their callers, ever:
    /// to whomever CLIENT UNBLOCK ended the wait of.
    pub errors_to_others: u64,
    /// What the running command put on others' racks, still to be stated;
    /// always empty while nobody watches.
    pub pushed: Vec<Pushed>,
    /// Whose replies are being added to, the innermost last; always empty
    /// while nobody watches.
    pub(super) marks: Vec<Mark>,
    pub shutdown: Option<ShutdownRequest>,
    pub debug: DebugSwitches,
    pub recent_peaks: RecentPeaks,
    pub reply_pool: BufferPool,
}

impl Server {
    /// An empty house.
    #[must_use]
    pub fn new(config: Config, birth: Birth) -> Server {
        let mut server = Server {
            store: Store::new(config.databases as usize, birth.hash_seed),
            rng: Pcg64Mcg::seed_from_u64(birth.seed),
            config,
            config_file: None,
            clients_limit: u32::MAX,
            birth,
            clients: ClientTable::default(),
            listeners: Vec::new(),
            stats: Stats::default(),
            stats_baseline: Stats::default(),
            tap: Tap::default(),
            now: Micros::ZERO,
            pending_write: Vec::new(),
            io_threads_active: false,
            to_close: Vec::new(),
            killed: Vec::new(),
            watched_keys: WatchedKeys::default(),
            pubsub: PubSub::default(),
            blocking: Blocking::default(),
            pause: None,
            monitors: Vec::new(),
            concerns: Concerns::default(),
            slowlog: Slowlog::default(),
            latency_events: LatencyEvents::default(),
            command_stats: CommandStats::default(),
            error_stats: ErrorStats::default(),
            client_memory: ClientMemoryUsage::default(),
            pending_pushes: Vec::new(),
            errors_to_others: 0,
            pushed: Vec::new(),
            marks: Vec::new(),
            shutdown: None,
            debug: DebugSwitches::default(),
            recent_peaks: RecentPeaks::default(),
            reply_pool: BufferPool::default(),
        };
        server.review_concerns();
        server
    }

    /// Wall clock in milliseconds at the cached time.
    #[must_use]
    pub fn unix_ms(&self) -> u64 {
        (self.birth.unix_epoch_us + self.now.0) / 1_000
    }

    /// Wall clock in microseconds at the cached time.
    #[must_use]
    pub fn unix_us(&self) -> u64 {
        self.birth.unix_epoch_us + self.now.0
    }

    /// Seconds since a point of the loop's time, as Redis counts ages and idle
    /// times: seconds of the wall clock that have begun since.
    #[must_use]
    pub fn seconds_since(&self, at: Micros) -> u64 {
        let second = |at: Micros| (self.birth.unix_epoch_us + at.0) / 1_000_000;
        second(self.now).saturating_sub(second(at))
    }

    /// `freeClientAsync`: nothing more is written to it; freed at the end of
    /// the next `beforeSleep`'s sweep. Does nothing the second time.
    pub fn free_client_async(&mut self, slot: Slot, why: CloseReason) {
        let Some(client) = self.clients.get_mut(slot) else { return };
        if client.flags.has(ClientFlags::CLOSE_ASAP) {
            return;
        }
        client.flags.set(ClientFlags::CLOSE_ASAP);
        client.close_reason = Some(why);
        let id = client.id;
        self.to_close.push(slot);
        self.tap.emit(|| crate::event::Event::CloseAsap { client: id, why });
    }

    /// Sets `CLOSE_AFTER_REPLY`: what is queued still leaves, nothing new is
    /// added, nothing more is read.
    pub fn close_after_reply(&mut self, slot: Slot, why: CloseReason) {
        let Some(client) = self.clients.get_mut(slot) else { return };
        if client.flags.has(ClientFlags::CLOSE_AFTER_REPLY) {
            return;
        }
        client.flags.set(ClientFlags::CLOSE_AFTER_REPLY);
        client.close_reason.get_or_insert(why);
        let id = client.id;
        self.tap.emit(|| crate::event::Event::CloseAfterReply { client: id, why });
    }

    /// Whether a live client has yet to authenticate. Without a password
    /// nobody has to, whenever it was taken away (`authRequired`).
    #[inline]
    #[must_use]
    pub fn must_authenticate(&self, slot: Slot) -> bool {
        !self.clients[slot].flags.has(ClientFlags::AUTHENTICATED)
            && !self.config.requirepass.is_empty()
    }

    /// Whether keys and values take more than `maxmemory`, so that commands
    /// that may need more are refused. Client buffers are not counted
    /// (*simplified*: Redis counts them, but can ask its allocator).
    #[inline]
    #[must_use]
    pub fn is_out_of_memory(&self) -> bool {
        self.config.maxmemory > 0 && self.store.used_bytes() > self.config.maxmemory
    }

    /// Puts bytes on a client's rack that answer no command of its own, even if
    /// it wants no replies (`CLIENT_PUSHING`). Those for the very client whose
    /// command is running wait until it has its reply.
    pub fn push(&mut self, slot: Slot, bytes: &[u8]) {
        let client = &self.clients[slot];
        if !client.accepts_pushes() {
            return;
        }
        if client.flags.has(ClientFlags::EXECUTING) {
            self.pending_pushes.extend_from_slice(bytes);
            return;
        }
        self.mark_reply(slot);
        self.append_reply(slot, bytes);
        self.note_push();
        self.update_client_memory(slot);
    }

    /// From here on a client's reply is added to. Measuring a long reply list
    /// costs; only a watcher pays.
    #[inline]
    pub(super) fn mark_reply(&mut self, slot: Slot) {
        if self.tap.is_on() {
            let from = self.clients[slot].reply.appended();
            self.marks.push(Mark { slot, from });
        }
    }

    /// What was added since the last mark is a push, still to be stated. Unless
    /// it went to the very client that is being answered: then it is stated
    /// with the answer.
    #[inline]
    pub(super) fn note_push(&mut self) {
        if let Some(Mark { slot, from }) = self.marks.pop() {
            let to = self.clients[slot].reply.appended();
            if to > from && !self.marks.iter().any(|outer| outer.slot == slot) {
                self.pushed.push(Pushed { slot, from, to });
            }
        }
    }

    /// Appends to a client's reply; the first byte links it into the
    /// pending-write queue, a new block has the output limit checked. Returns
    /// whether there was one.
    ///
    /// Redis: `putClientInPendingWriteQueue` and `_addReplyToBufferOrList`,
    /// *faithful*.
    pub fn append_reply(&mut self, slot: Slot, bytes: &[u8]) -> bool {
        let (reply, pool) = self.reply_of(slot);
        let added = reply.push(bytes, pool);
        if added {
            super::limits::close_if_over_output_limit(self, slot);
        }
        added
    }

    /// The place in a client's reply buffer where up to `bytes` bytes may be
    /// appended, if it has room for them. Whoever asks appends something, here
    /// or with [`Server::append_reply`].
    #[inline]
    pub fn reply_room(&mut self, slot: Slot, bytes: usize) -> Option<&mut Vec<u8>> {
        let (reply, pool) = self.reply_of(slot);
        reply.room(bytes, pool)
    }

    /// A reply that is about to be appended to.
    #[inline]
    fn reply_of(&mut self, slot: Slot) -> (&mut Reply, &mut BufferPool) {
        const LINKED: u32 = ClientFlags::PENDING_WRITE | ClientFlags::WRITE_HANDLER;
        let client = &mut self.clients[slot];
        if !client.flags.has(LINKED) {
            client.flags.set(ClientFlags::PENDING_WRITE);
            self.pending_write.push(slot);
        }
        (&mut client.reply, &mut self.reply_pool)
    }

    /// The id of a live client.
    #[must_use]
    pub fn id_of(&self, slot: Slot) -> ClientId {
        self.clients[slot].id
    }
}
