//! What goes out: replies, the sweep, write handlers, limits.

use super::words::{bytes, client, grouped, many, sentence, shown, table};
use super::{Scene, Told, told};
use crate::event::{ClientId, Event, LimitKind, Preview, ReplyInto};
use crate::net::{Fd, Mask, WriteOutcome};

pub(super) fn tell(event: &Event, scene: &Scene<'_>) -> Told {
    match event {
        Event::ReplyQueued { client, bytes: reply, into, .. } => queued(*client, reply, *into),
        Event::PendingWriteQueued { client } => told(
            format!("Table {client} is noted for the sweep, in front of the others."),
            format!("Client {client} is linked at the head of clients_pending_write."),
            format!("putClientInPendingWriteQueue(client {client})"),
        ),
        Event::PendingWriteTaken { client } => told(
            format!("The sweep comes to table {client}."),
            format!("Client {client} leaves clients_pending_write."),
            format!("handleClientsWithPendingWrites · client {client}"),
        ),
        Event::SweepBegin { clients: 0 } => told(
            "The rack is empty: nothing to carry out.",
            "No client has a pending write.",
            "beforeSleep → handleClientsWithPendingWrites · 0",
        ),
        Event::SweepBegin { clients } if scene.after.carriers(*clients as usize) > 1 => {
            let (n, threads) = (u64::from(*clients), scene.after.carriers(*clients as usize));
            let waiters = many(threads as u64 - 1, "waiter");
            told(
                format!(
                    "{} wait, so the chef calls {waiters}: the plates go round in turn.",
                    sentence(&many(n, "table"))
                ),
                format!(
                    "{n} pending writes are at least 2 × {threads} threads: they are shared out in turn."
                ),
                format!("handleClientsWithPendingWritesUsingThreads · {n} · {threads} threads"),
            )
        }
        Event::SweepBegin { clients } if scene.after.io_threads() > 1 => {
            let (n, threads) = (u64::from(*clients), scene.after.io_threads());
            told(
                format!(
                    "The final sweep: {}, too few for waiters, so the chef carries alone.",
                    many(n, "table")
                ),
                format!(
                    "{n} pending writes are fewer than 2 × {threads} threads: the one thread writes."
                ),
                format!("stopThreadedIOIfNeeded → handleClientsWithPendingWrites · {n}"),
            )
        }
        Event::SweepBegin { clients } => {
            let n = u64::from(*clients);
            told(
                format!(
                    "The final sweep: the plates of {} leave the rack, newest first.",
                    many(n, "table")
                ),
                format!(
                    "Before polling again, one pass writes the replies of {}, newest first.",
                    many(n, "client")
                ),
                format!("beforeSleep → handleClientsWithPendingWrites · {clients}"),
            )
        }
        Event::SweepEnd { clients } => told(
            "The sweep is over.",
            format!("The pass over {} is done.", many(u64::from(*clients), "pending client")),
            format!("handleClientsWithPendingWrites = {clients}"),
        ),
        Event::Write { client, fd, outcome, bytes, calls, left, by, .. } => {
            let wrote = Wrote { bytes: *bytes, left: *left, calls: *calls, by: *by };
            write(*client, *fd, *outcome, &wrote)
        }
        Event::Watch { fd, mask } => watch(*fd, *mask, scene),
        Event::Limit { client, kind, at, limit } => limit_reached(*client, *kind, *at, *limit),
        _ => told("Something happened at the rack.", "A reply moved on.", "reply"),
    }
}

fn queued(client: ClientId, reply: &Preview, into: ReplyInto) -> Told {
    let place = match into {
        ReplyInto::Buffer => "reply buffer",
        ReplyInto::List => "reply list",
    };
    told(
        format!(
            "The plate for table {client}, {}, goes on the heat rack and waits.",
            bytes(reply.len)
        ),
        format!(
            "{} are added to client {client}'s {place}; nothing is sent yet.",
            bytes(reply.len)
        ),
        format!("addReply → _addReplyToBufferOrList · {}", shown(reply)),
    )
}

struct Wrote {
    bytes: u64,
    left: u64,
    calls: u32,
    by: u8,
}

fn write(client: ClientId, fd: Fd, outcome: WriteOutcome, wrote: &Wrote) -> Told {
    let (sent, left) = (bytes(wrote.bytes), bytes(wrote.left));
    let (who, on) = match wrote.by {
        0 => ("The chef".to_owned(), String::new()),
        by => (format!("Waiter {by}"), format!("io-thread {by} · ")),
    };
    let times = if wrote.calls > 1 { format!(" in {} calls", wrote.calls) } else { String::new() };
    let call = format!("{on}writeToClient → write({fd})");
    match outcome {
        WriteOutcome::Drained => told(
            format!("{who} carries {sent} to table {client}; its place on the rack is empty."),
            format!("write() hands {sent} to client {client}'s socket: nothing is left to send."),
            format!("{call} = {}{times}", wrote.bytes),
        ),
        WriteOutcome::WouldBlock if wrote.bytes == 0 => told(
            format!("Table {client} has no room: {left} of plates stay on the rack."),
            format!("Client {client}'s socket is full: write() would block, {left} stay."),
            format!("{call} = EAGAIN"),
        ),
        WriteOutcome::WouldBlock => told(
            format!("Table {client} takes {sent} and is full; {left} stay on the rack."),
            format!("Client {client}'s socket takes {sent}, then is full; {left} stay."),
            format!("{call} = {}{times}, then EAGAIN", wrote.bytes),
        ),
        WriteOutcome::Budget => told(
            format!("Table {client} got its share, {sent}; {left} wait for the next round."),
            format!(
                "Client {client}'s write budget of 64 KB is used up: {sent} sent, {left} stay."
            ),
            format!("{call} = {}{times} · NET_MAX_WRITES_PER_EVENT", wrote.bytes),
        ),
        WriteOutcome::Reset => told(
            format!("The line to table {client} broke; {left} of plates cannot be served."),
            format!("write() fails: client {client}'s connection is gone, {left} unsent."),
            format!("{call} = error · {left} unsent"),
        ),
    }
}

fn watch(fd: Fd, mask: Mask, scene: &Scene<'_>) -> Told {
    let who = scene.client_of(fd);
    let had = scene.before.watched.get(&fd).copied().unwrap_or(Mask::NONE);
    let whose = if who.is_some() {
        table(who)
    } else if scene.after.listeners.iter().any(|(listener, _)| *listener == fd) {
        "the bell".to_owned()
    } else {
        "a table".to_owned()
    };
    if mask.is_none() {
        return told(
            format!("The board no longer shows {whose}."),
            format!("Descriptor {fd} is no longer watched."),
            format!("aeDeleteFileEvent({fd})"),
        );
    }
    if mask.has(Mask::WRITABLE) {
        return told(
            format!("The board will light up when {whose} has room again."),
            format!(
                "A write handler is installed: the poll tells when {} can take more.",
                client(who)
            ),
            format!("connSetWriteHandler → aeCreateFileEvent({fd}, AE_WRITABLE)"),
        );
    }
    if had.has(Mask::WRITABLE) {
        return told(
            format!("Room at {whose} is no longer waited for: everything is served."),
            format!("Descriptor {fd}'s write handler is removed."),
            format!("connSetWriteHandler(NULL) → aeDeleteFileEvent({fd}, AE_WRITABLE)"),
        );
    }
    told(
        format!("The board watches {whose} from now on."),
        format!("Descriptor {fd} is watched for reading."),
        format!("aeCreateFileEvent({fd}, AE_READABLE)"),
    )
}

fn limit_reached(who: Option<ClientId>, kind: LimitKind, at: u64, limit: u64) -> Told {
    let (guest, holder) = (table(who), client(who));
    let term = |name: &str| format!("{name} · {} of {}", grouped(at), grouped(limit));
    let of = format!("{} against {}", bytes(at), grouped(limit));
    match kind {
        LimitKind::QueryBuffer => told(
            format!("The order of {guest} has grown past the limit: {of}."),
            format!("The query buffer of {holder} is over its limit: {of}."),
            term("client-query-buffer-limit"),
        ),
        LimitKind::OutputHard => told(
            format!("The plates of {guest} are past the last line: {of}."),
            format!("The replies of {holder} reach the hard limit: {of}."),
            term("checkClientOutputBufferLimits · hard"),
        ),
        LimitKind::OutputSoftStarted => told(
            format!("The plates of {guest} pass the soft line, {of}; its time runs."),
            format!("The replies of {holder} pass the soft limit, {of}; its seconds count."),
            term("checkClientOutputBufferLimits · soft"),
        ),
        LimitKind::OutputSoftCleared => told(
            format!("The plates of {guest} are below the soft line again."),
            format!("The replies of {holder} are below the soft limit again."),
            term("checkClientOutputBufferLimits · cleared"),
        ),
        LimitKind::OutputSoftExpired => told(
            format!("The plates of {guest} stood above the soft line for too long."),
            format!("The replies of {holder} were over the soft limit for too long."),
            term("checkClientOutputBufferLimits · soft expired"),
        ),
        LimitKind::MaxClients => told(
            format!("The house is full: {}.", many(at, "guest")),
            format!("maxclients is reached: {}, limit {}.", many(at, "client"), grouped(limit)),
            term("maxclients"),
        ),
        LimitKind::WriteBudget => told(
            format!("Enough for {guest} in this round: {}.", bytes(at)),
            format!("The write budget of {holder} is used up: {of}."),
            term("NET_MAX_WRITES_PER_EVENT"),
        ),
    }
}
