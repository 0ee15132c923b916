//! Every type of a trace, by the names that the format gives.
//!
//! A match without a catch-all stands behind each of these lines: what is
//! added to a type and not here does not compile.

use super::json::Raw;
use super::wire::{
    Wire, body, field, kinds, member, names, object, open_kind, transparent, which, write_name,
};
use super::{Header, Native, Simulation, Source, SystemCalls};
use crate::event::{
    AcceptEnd, BlockedOn, ClientChange, ClientId, CloseReason, Event, Handler, KeyChange,
    LimitKind, Need, PauseScope, Phase, Pipe, Preview, ReadOutcome, RefuseReason, ReplyInto,
    SkipReason, Standing, SubscriptionKind, TimerKind, TransactionEnd, TransactionStep,
    UnblockReason,
};
use crate::net::{Fd, Fired, Mask, NetError, Timeout, WriteOutcome};
use crate::time::Micros;
use crate::trace::Record;

transparent!(Micros, Fd, Mask, ClientId);

object!(Record { seq = "n", at = "us", event = "ev" });
object!(Preview { len, head });
object!(Fired { fd, mask });
object!(Simulation { scenario, seed });
object!(Native { version, pid, started_unix_us });
object!(SystemCalls { tracer, pid, started_unix_us });
object!(Header { version = "onechef-trace", source, config });

/// One key names the kind; others are ignored.
impl Wire for Source {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        match self {
            Source::Simulation(simulation) => member(out, "simulation", simulation),
            Source::Native(native) => member(out, "native", native),
            Source::SystemCalls(calls) => member(out, "system_calls", calls),
            Source::Unknown => {}
        }
        out.push(b'}');
    }
    fn read(value: Raw<'_>) -> Source {
        if let Some(simulation) = value.find("simulation") {
            return Source::Simulation(Wire::read(simulation));
        }
        if let Some(native) = value.find("native") {
            return Source::Native(Wire::read(native));
        }
        if let Some(calls) = value.find("system_calls") {
            return Source::SystemCalls(Wire::read(calls));
        }
        Source::Unknown
    }
    fn blank() -> Source {
        Source::Unknown
    }
}

/// All events, in the order of [`Event`].
pub const EVENT_NAMES: &[&str] = Event::NAMES;

/// The name under which an event is written.
#[must_use]
pub fn event_name(event: &Event) -> &'static str {
    event.wire_name()
}

kinds! {
    Event or Shutdown {
        "listen" = Listen { fd, address, backlog },
        "config" = Config { name, value },
        "cycle_begin" = CycleBegin { cycle },
        "cycle_end" = CycleEnd { cycle, busy },
        "phase_enter" = PhaseEnter { phase },
        "phase_leave" = PhaseLeave { phase },
        "poll_enter" = PollEnter { timeout },
        "poll_return" = PollReturn { fired },
        "fire" = Fire { fd, client, handler, mask },
        "fire_skipped" = FireSkipped { fd, why },
        "accept" = Accept { fd, peer },
        "accept_refused" = AcceptRefused { fd, peer, why },
        "accept_end" = AcceptEnd { accepted, why },
        "client_created" = ClientCreated { client, fd, peer, local },
        "client_changed" = ClientChanged { client, change },
        "close_after_reply" = CloseAfterReply { client, why },
        "close_asap" = CloseAsap { client, why },
        "client_freed" = ClientFreed { client, fd, why, dropped },
        "read" = Read { client, fd, outcome, bytes },
        "parsed" = Parsed { client, argc, argv, parsed_to },
        "incomplete" = Incomplete { client, argc, argv, parsed_to, need },
        "protocol_error" = ProtocolError { client, text, at },
        "query_trimmed" = QueryTrimmed { client, bytes, left },
        "unrecorded" = Unrecorded { client, bytes },
        "command_begin" = CommandBegin { client, name },
        "command_end" = CommandEnd { client, name, took, error },
        "command_rejected" = CommandRejected { client, name },
        "key" = Key { client, db, key, change },
        "flushed" = Flushed { db },
        "expire_cycle" = ExpireCycle { fast, expired },
        "reply_queued" = ReplyQueued { client, bytes, into, buffered, listed, blocks },
        "pending_write_queued" = PendingWriteQueued { client },
        "pending_write_taken" = PendingWriteTaken { client },
        "sweep_begin" = SweepBegin { clients },
        "sweep_end" = SweepEnd { clients },
        "write" = Write { client, fd, outcome, bytes, calls, left, blocks, by },
        "watch" = Watch { fd, mask },
        "timer_added" = TimerAdded { timer, due },
        "timer_fired" = TimerFired { timer },
        "timer_rearmed" = TimerRearmed { timer, due },
        "clients_cron" = ClientsCron { visited },
        "blocked" = Blocked { client, on },
        "unblocked" = Unblocked { client, why },
        "transaction" = Transaction { client, step },
        "subscription" = Subscription { client, kind, name, on, subscribed },
        "published" = Published { client, channel, receivers },
        "paused" = Paused { scope, until },
        "monitoring" = Monitoring { client, on },
        "client_memory" = ClientMemory { used, limit },
        "limit" = Limit { client, kind, at, limit },
        "shutdown" = Shutdown,
        "pipe" = Pipe { peer, pipe },
        "dropped" = Dropped { count },
        "standing" = Standing { what },
    }
    AcceptEnd or Drained {
        "drained" = Drained,
        "cycle_limit" = CycleLimit,
        "failed" = Failed(error),
    }
    Need or InlineEnd {
        "inline_end" = InlineEnd,
        "multibulk_header" = MultibulkHeader,
        "bulk_header" = BulkHeader,
        "bulk_bytes" = BulkBytes(bytes),
    }
    KeyChange or Deleted {
        "read" = Read { found },
        "written" = Written { kind, size, value, created },
        "deleted" = Deleted,
        "expired" = Expired,
        "ttl" = Ttl { ms },
    }
    ClientChange or Authenticated {
        "name" = Name(name),
        "db" = Db(number),
        "resp" = Resp(version),
        "authenticated" = Authenticated,
    }
    Pipe or Left {
        "queued" = Queued { name },
        "backlog_full" = BacklogFull { name },
        "sent" = Sent { bytes, arrives },
        "arrived" = Arrived { bytes },
        "fin_arrived" = FinArrived,
        "reset_arrived" = ResetArrived,
        "delivered" = Delivered { bytes },
        "consumed" = Consumed { bytes },
        "reading" = Reading { on },
        "saw_close" = SawClose { reset },
        "left" = Left,
    }
    Standing or Begun {
        "begun" = Begun,
        "from_outside" = FromOutside,
        "counter" = Counter { name, value },
        "keys" = Keys { db, keys },
        "client" = Client { client, created, active, last_command },
    }
    TransactionStep or Begun {
        "watching" = Watching { keys },
        "key_touched" = KeyTouched { db, key },
        "begun" = Begun,
        "queued" = Queued { name, commands },
        "flawed" = Flawed,
        "executing" = Executing { commands },
        "ended" = Ended { how },
    }
    BlockedOn or Pause {
        "keys" = Keys { keys, until },
        "pause" = Pause,
    }
    Timeout or Now {
        "now" = Now,
        "after" = After(duration),
        "forever" = Forever,
    }
}

names! {
    Phase {
        "before_sleep" = BeforeSleep, "poll" = Poll, "after_sleep" = AfterSleep, "files" = Files,
        "timers" = Timers,
    }
    Handler {
        "accept" = Accept, "read_query" = ReadQuery, "send_reply" = SendReply,
    }
    SkipReason {
        "no_longer_watched" = NoLongerWatched,
    }
    RefuseReason {
        "max_clients" = MaxClients, "protected_mode" = ProtectedMode,
    }
    CloseReason {
        "peer_closed" = PeerClosed, "read_error" = ReadError, "write_error" = WriteError,
        "protocol_error" = ProtocolError, "query_buffer_limit" = QueryBufferLimit,
        "output_buffer_hard" = OutputBufferHard, "output_buffer_soft" = OutputBufferSoft,
        "idle_timeout" = IdleTimeout, "quit" = Quit, "killed" = Killed,
        "cross_protocol" = CrossProtocol, "protected_mode" = ProtectedMode, "evicted" = Evicted,
        "shutdown" = Shutdown, "unseen" = Unseen,
    }
    ReadOutcome {
        "bytes" = Bytes, "eof" = Eof, "would_block" = WouldBlock, "reset" = Reset,
    }
    ReplyInto {
        "buffer" = Buffer, "list" = List,
    }
    LimitKind {
        "query_buffer" = QueryBuffer, "output_hard" = OutputHard,
        "output_soft_started" = OutputSoftStarted, "output_soft_cleared" = OutputSoftCleared,
        "output_soft_expired" = OutputSoftExpired, "max_clients" = MaxClients,
        "write_budget" = WriteBudget,
    }
    TimerKind {
        "server_cron" = ServerCron,
    }
    TransactionEnd {
        "executed" = Executed, "discarded" = Discarded, "aborted" = Aborted,
        "key_changed" = KeyChanged,
    }
    SubscriptionKind {
        "channel" = Channel, "pattern" = Pattern, "shard" = Shard,
    }
    UnblockReason (may_lack) {
        "key_ready" = KeyReady, "timeout" = Timeout, "error" = Error, "resumed" = Resumed,
    }
    PauseScope {
        "write" = Write, "all" = All,
    }
    NetError {
        "would_block" = WouldBlock, "reset" = Reset, "aborted" = Aborted, "exhausted" = Exhausted,
        "unavailable" = Unavailable,
    }
    WriteOutcome {
        "drained" = Drained, "would_block" = WouldBlock, "budget" = Budget, "reset" = Reset,
    }
}
