//! The guests: the door, what they do by themselves, how they leave.

use super::Scene;
use super::words::{clip, errno, shown, why};
use crate::event::{AcceptEnd, ClientChange, ClientId, Event, Pipe, RefuseReason};
use crate::net::{NetError, address_text};
use crate::view::text::{Words, say};
use std::net::SocketAddr;

pub(super) fn tell(event: &Event, scene: &Scene<'_>) -> Words {
    match event {
        Event::Accept { fd, peer } => {
            let listener = scene.after.firing.map_or_else(String::new, |f| f.fd.to_string());
            let (who, you) = guest(*peer, scene);
            say!("accept", &who, *fd, &address_text(*peer), &listener, you)
        }
        Event::AcceptRefused { fd, peer, why } => {
            let (who, you) = guest(*peer, scene);
            match why {
                RefuseReason::MaxClients => say!("accept.refused.full", &who, *fd, you),
                RefuseReason::ProtectedMode => say!("accept.refused.protected", &who, *fd, you),
            }
        }
        Event::AcceptEnd { accepted, why } => accept_end(*accepted, *why),
        Event::ClientCreated { client, fd, peer, .. } => {
            say!("created", *client, *fd, &address_text(*peer))
        }
        Event::ClientChanged { client, change } => changed(*client, change),
        Event::CloseAfterReply { client, why: of } => say!("close.after-reply", *client, &why(*of)),
        Event::CloseAsap { client, why: of } => say!("close.asap", *client, &why(*of)),
        Event::ClientFreed { client, fd, why: of, dropped } => {
            say!("freed", *client, *fd, &why(*of), *dropped)
        }
        Event::Pipe { peer, pipe } => far_end(*peer, pipe, scene),
        _ => Words::plain(""),
    }
}

/// `guest ana`, `table 2` or the address: whatever is known, the nearest first;
/// and whether it is `you`, whose verbs have another form.
fn guest(peer: SocketAddr, scene: &Scene<'_>) -> (Words, bool) {
    if scene.you == Some(peer) {
        return (say!("guest.you"), true);
    }
    let known = scene.after.guests.get(&peer).or_else(|| scene.before.guests.get(&peer));
    let who = match known {
        Some(guest) if !guest.name.trim().is_empty() => say!("guest.named", &clip(&guest.name)),
        Some(guest) if guest.client.is_some() => say!("guest.table", guest.client),
        _ => Words::plain(address_text(peer)),
    };
    (who, false)
}

fn accept_end(accepted: u32, why: AcceptEnd) -> Words {
    match why {
        AcceptEnd::Drained => say!("accept.drained", accepted),
        AcceptEnd::CycleLimit => say!("accept.limit", accepted),
        AcceptEnd::Failed(error) => {
            let errno = errno(error);
            match error {
                NetError::Aborted => say!("accept.failed.gone", accepted, errno),
                NetError::Exhausted => say!("accept.failed.exhausted", accepted, errno),
                NetError::WouldBlock | NetError::Reset | NetError::Unavailable => {
                    say!("accept.failed", accepted, errno)
                }
            }
        }
    }
}

fn changed(client: ClientId, change: &ClientChange) -> Words {
    match change {
        ClientChange::Name(name) if name.len == 0 => say!("changed.nameless", client),
        ClientChange::Name(name) => say!("changed.name", client, &shown(name)),
        ClientChange::Db(db) => say!("changed.db", client, *db),
        ClientChange::Resp(version) => say!("changed.resp", client, *version),
        ClientChange::Authenticated => say!("changed.authenticated", client),
    }
}

/// What the virtual network knows of the far ends.
fn far_end(peer: SocketAddr, pipe: &Pipe, scene: &Scene<'_>) -> Words {
    let (who, you) = &guest(peer, scene);
    let you = *you;
    let at = &address_text(peer);
    match pipe {
        Pipe::Queued { .. } => say!("pipe.queued", who, at, scene.after.backlog.len(), you),
        Pipe::BacklogFull { .. } => say!("pipe.backlog-full", who, at, you),
        Pipe::Sent { bytes: sent, arrives } => {
            say!("pipe.sent", who, at, sent.len, arrives.saturating_sub(scene.after.at), you)
        }
        Pipe::Arrived { bytes: came } => {
            let waiting = scene.after.guests.get(&peer).map_or(came.len, |guest| guest.waiting);
            say!("pipe.arrived", who, at, came.len, waiting, you)
        }
        Pipe::FinArrived => say!("pipe.fin", who, at, you),
        Pipe::ResetArrived => say!("pipe.reset", who, at, you),
        Pipe::Delivered { bytes: n } => say!("pipe.delivered", who, at, *n, you),
        Pipe::Consumed { bytes: eaten } => {
            say!("pipe.consumed", who, at, eaten.len, &shown(eaten), you)
        }
        Pipe::Reading { on: true } => say!("pipe.reading", who, at, you),
        Pipe::Reading { on: false } => say!("pipe.not-reading", who, at, you),
        Pipe::SawClose { reset: false } => say!("pipe.saw-close", who, at, you),
        Pipe::SawClose { reset: true } => say!("pipe.saw-reset", who, at, you),
        Pipe::Left => say!("pipe.left", who, at, you),
    }
}
