//! What goes out: replies, the sweep, write handlers, limits.

use super::Scene;
use super::words::shown;
use crate::event::{ClientId, Event, LimitKind, ReplyInto};
use crate::net::{Fd, Mask, WriteOutcome};
use crate::view::text::{Words, say};

pub(super) fn tell(event: &Event, scene: &Scene<'_>) -> Words {
    match event {
        Event::ReplyQueued { client, bytes: reply, into: ReplyInto::Buffer, .. } => {
            say!("reply.buffer", *client, reply.len, &shown(reply))
        }
        Event::ReplyQueued { client, bytes: reply, .. } => {
            say!("reply.list", *client, reply.len, &shown(reply))
        }
        Event::PendingWriteQueued { client } => say!("pending.queued", *client),
        Event::PendingWriteTaken { client } => say!("pending.taken", *client),
        Event::SweepBegin { clients: 0 } => say!("sweep.empty"),
        Event::SweepBegin { clients } => {
            let threads = scene.after.carriers(*clients as usize);
            if threads > 1 {
                say!("sweep.shared", *clients, threads, threads - 1)
            } else if scene.after.io_threads() > 1 {
                say!("sweep.alone", *clients, scene.after.io_threads())
            } else {
                say!("sweep.begin", *clients)
            }
        }
        Event::SweepEnd { clients } => say!("sweep.end", *clients),
        Event::Write { .. } => write(event),
        Event::Watch { fd, mask } => watch(*fd, *mask, scene),
        Event::Limit { client, kind, at, limit } => limit_reached(*client, *kind, *at, *limit),
        _ => Words::plain(""),
    }
}

fn write(event: &Event) -> Words {
    let Event::Write { client, fd, outcome, bytes, calls, left, by, .. } = event else {
        return Words::plain("");
    };
    let (client, fd, by, sent, left) = (*client, *fd, *by, *bytes, *left);
    let calls = if *calls > 1 { *calls } else { 0 };
    match outcome {
        WriteOutcome::Drained => say!("write.drained", client, fd, by, sent, left, calls),
        WriteOutcome::WouldBlock if sent == 0 => {
            say!("write.full", client, fd, by, sent, left, calls)
        }
        WriteOutcome::WouldBlock => say!("write.part", client, fd, by, sent, left, calls),
        WriteOutcome::Budget => say!("write.budget", client, fd, by, sent, left, calls),
        WriteOutcome::Reset => say!("write.reset", client, fd, by, sent, left, calls),
    }
}

fn watch(fd: Fd, mask: Mask, scene: &Scene<'_>) -> Words {
    let who = scene.client_of(fd);
    let had = scene.before.watched.get(&fd).copied().unwrap_or(Mask::NONE);
    let bell = scene.after.listeners.iter().any(|(listener, _)| *listener == fd);
    if mask.is_none() {
        say!("watch.off", fd, who, bell)
    } else if mask.has(Mask::WRITABLE) {
        say!("watch.write", fd, who, bell)
    } else if had.has(Mask::WRITABLE) {
        say!("watch.write-off", fd, who, bell)
    } else {
        say!("watch.read", fd, who, bell)
    }
}

fn limit_reached(who: Option<ClientId>, kind: LimitKind, at: u64, limit: u64) -> Words {
    match kind {
        LimitKind::QueryBuffer => say!("limit.query", who, at, limit),
        LimitKind::OutputHard => say!("limit.hard", who, at, limit),
        LimitKind::OutputSoftStarted => say!("limit.soft", who, at, limit),
        LimitKind::OutputSoftCleared => say!("limit.soft-cleared", who, at, limit),
        LimitKind::OutputSoftExpired => say!("limit.soft-expired", who, at, limit),
        LimitKind::MaxClients => say!("limit.clients", who, at, limit),
        LimitKind::WriteBudget => say!("limit.budget", who, at, limit),
    }
}
