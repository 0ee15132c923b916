//! The guests: the door, what they do by themselves, how they leave.

use super::words::{bytes, clip, errno, many, sentence, shown, table, why_kitchen, why_redis};
use super::{Scene, Told, told};
use crate::event::{AcceptEnd, ClientChange, ClientId, Event, Pipe, RefuseReason};
use crate::net::{Fd, NetError};
use std::net::SocketAddr;

pub(super) fn tell(event: &Event, scene: &Scene<'_>) -> Told {
    match event {
        Event::Accept { fd, peer } => accept(*fd, *peer, scene),
        Event::AcceptRefused { fd, peer, why } => refused(*fd, *peer, *why, scene),
        Event::AcceptEnd { accepted, why } => accept_end(*accepted, *why),
        Event::ClientCreated { client, fd, peer, .. } => told(
            format!("Table {client} is taken; the chef hangs up a fresh notepad for it."),
            format!("A client struct is made: id {client}, descriptor {fd}, no buffers yet."),
            format!("createClient · id={client} addr={peer} fd={fd}"),
        ),
        Event::ClientChanged { client, change } => changed(*client, change),
        Event::CloseAfterReply { client, why } => told(
            format!("Table {client} gets one last plate, then it must go: {}.", why_kitchen(*why)),
            format!("Client {client} closes when its reply is written: {}.", why_redis(*why)),
            format!("CLIENT_CLOSE_AFTER_REPLY · client {client}"),
        ),
        Event::CloseAsap { client, why } => told(
            format!("Table {client} is to be shown out: {}.", why_kitchen(*why)),
            format!(
                "Client {client} is scheduled to be freed, nothing more is written: {}.",
                why_redis(*why)
            ),
            format!("freeClientAsync(client {client})"),
        ),
        Event::ClientFreed { client, fd, why, dropped } => freed(*client, *fd, *why, *dropped),
        Event::Pipe { peer, pipe } => far_end(*peer, pipe, scene),
        _ => told("Something happened at the tables.", "A client changed.", "client"),
    }
}

/// `guest ana`, `table 2` or the address: whatever is known, the nearest first.
fn guest(peer: SocketAddr, scene: &Scene<'_>) -> String {
    let known = scene.after.guests.get(&peer).or_else(|| scene.before.guests.get(&peer));
    match known {
        Some(guest) if !guest.name.trim().is_empty() => format!("guest {}", clip(&guest.name)),
        Some(guest) if guest.client.is_some() => table(guest.client),
        _ => peer.to_string(),
    }
}

fn accept(fd: Fd, peer: SocketAddr, scene: &Scene<'_>) -> Told {
    let listener = scene.after.firing.map_or_else(String::new, |firing| firing.fd.to_string());
    told(
        format!("The chef opens the door for {}.", guest(peer, scene)),
        format!("accept() takes a connection from the backlog: descriptor {fd}, peer {peer}."),
        format!("accept4({listener}) = {fd}"),
    )
}

fn refused(fd: Fd, peer: SocketAddr, why: RefuseReason, scene: &Scene<'_>) -> Told {
    let name = sentence(&guest(peer, scene));
    match why {
        RefuseReason::MaxClients => told(
            format!("{name} is turned away: the house is full."),
            "maxclients is reached: the connection gets an error and is closed.",
            format!("acceptCommonHandler → -ERR max number of clients reached · close({fd})"),
        ),
        RefuseReason::ProtectedMode => told(
            format!("{name} is turned away: strangers must wait until a password is set."),
            "Protected mode: no password is set and the peer is not local.",
            format!("clientAcceptHandler → -DENIED · fd {fd}"),
        ),
    }
}

fn accept_end(accepted: u32, why: AcceptEnd) -> Told {
    let came = many(u64::from(accepted), "guest");
    let taken = many(u64::from(accepted), "connection");
    match why {
        AcceptEnd::Drained => told(
            format!("Nobody else waits at the door: {came} came in."),
            format!("The backlog is empty after {taken}."),
            "accept4 = EAGAIN",
        ),
        AcceptEnd::CycleLimit => told(
            format!("{} for one round; who still queues is let in next time.", sentence(&came)),
            format!(
                "max-new-connections-per-cycle is reached after {taken}; the poll announces the rest again."
            ),
            format!("connSocketAcceptHandler · {taken}, limit reached"),
        ),
        AcceptEnd::Failed(error) => {
            let kitchen = match error {
                NetError::Aborted => "A guest left before the door opened.",
                NetError::Exhausted => "The house has no chair left; the queue must wait.",
                NetError::WouldBlock | NetError::Reset | NetError::Unavailable => "The door jams.",
            };
            told(
                kitchen,
                format!("accept() fails after {taken}: {error}."),
                format!("accept4 = {}", errno(error)),
            )
        }
    }
}

fn changed(client: ClientId, change: &ClientChange) -> Told {
    match change {
        ClientChange::Name(name) if name.len == 0 => told(
            format!("Table {client} gives up its name."),
            format!("Client {client} has no name any more."),
            format!("CLIENT SETNAME · client {client}"),
        ),
        ClientChange::Name(name) => told(
            format!("Table {client} is to be called {}.", shown(name)),
            format!("Client {client} names itself {}.", shown(name)),
            format!("CLIENT SETNAME · client {client} = {}", shown(name)),
        ),
        ClientChange::Db(db) => told(
            format!("Table {client} orders from pantry {db} from now on."),
            format!("Client {client} selects database {db}."),
            format!("selectDb(client {client}, {db})"),
        ),
        ClientChange::Resp(version) => told(
            format!("Table {client} speaks another dialect from now on: number {version}."),
            format!("Client {client} speaks RESP{version} from now on."),
            format!("HELLO · client {client} resp={version}"),
        ),
        ClientChange::Authenticated => told(
            format!("Table {client} knows the password."),
            format!("Client {client} is authenticated."),
            format!("ACLAuthenticateUser · client {client}"),
        ),
    }
}

fn freed(client: ClientId, fd: Fd, why: crate::event::CloseReason, dropped: u64) -> Told {
    let (mut kitchen, mut redis, mut term) = (
        format!("Table {client} is cleared, its notepad torn up: {}", why_kitchen(why)),
        format!("Client {client} is freed and its descriptor closed: {}", why_redis(why)),
        format!("freeClient({client}) → close({fd})"),
    );
    if dropped > 0 {
        let lost = bytes(dropped);
        kitchen.push_str(&format!("; {lost} of plates are lost"));
        redis.push_str(&format!("; {lost} of replies are dropped"));
        term.push_str(&format!(" · {lost} dropped"));
    }
    told(kitchen + ".", redis + ".", term)
}

/// What the virtual network knows of the far ends.
fn far_end(peer: SocketAddr, pipe: &Pipe, scene: &Scene<'_>) -> Told {
    let who = guest(peer, scene);
    let name = sentence(&who);
    match pipe {
        Pipe::Queued { .. } => {
            let n = scene.after.backlog.len() as u64;
            told(
                format!(
                    "{name} rings the bell and queues at the door: {} outside.",
                    many(n, "guest")
                ),
                format!("connect() succeeds for {peer}: the accept queue holds {n}."),
                format!("{peer} → SYN, ACK · backlog {n}"),
            )
        }
        Pipe::BacklogFull { .. } => told(
            format!("{name} finds the queue at the door full."),
            format!("The accept queue is full: the connection of {peer} has to wait."),
            format!("{peer} → SYN · backlog full"),
        ),
        Pipe::Sent { bytes: sent, arrives } => {
            let on_the_way = arrives.saturating_sub(scene.after.at);
            told(
                format!("{name} hands in a slip of {}.", bytes(sent.len)),
                format!("{name} writes {}; they arrive in {on_the_way}.", bytes(sent.len)),
                format!("{peer} → {} · in flight", bytes(sent.len)),
            )
        }
        Pipe::Arrived { bytes: came } => {
            let waiting = scene.after.guests.get(&peer).map_or(came.len, |guest| guest.waiting);
            told(
                format!(
                    "The slip of {who} lies on the table: {}. Its flag goes up.",
                    bytes(waiting)
                ),
                format!("{} arrive from {who}: its socket is readable.", bytes(came.len)),
                format!("{peer} → {} · {} waiting", bytes(came.len), bytes(waiting)),
            )
        }
        Pipe::FinArrived => told(
            format!("{name} will hand in nothing more; the flag goes up once more."),
            format!("The FIN of {who} arrives: the next read returns what is left, then 0."),
            format!("{peer} → FIN"),
        ),
        Pipe::ResetArrived => told(
            format!("{name} has run off."),
            format!("A reset arrives from {who}: the connection is over."),
            format!("{peer} → RST"),
        ),
        Pipe::Delivered { bytes: n } => told(
            format!("{} of plates reach {who}.", sentence(&bytes(*n))),
            format!("{} reach the socket of {who}.", bytes(*n)),
            format!("{peer} ← {}", bytes(*n)),
        ),
        Pipe::Consumed { bytes: eaten } => told(
            format!("{name} eats: {}.", bytes(eaten.len)),
            format!("{name} reads {} of replies.", bytes(eaten.len)),
            format!("{peer} · read() = {} · {}", eaten.len, shown(eaten)),
        ),
        Pipe::Reading { on: true } => told(
            format!("{name} eats again."),
            format!("{name} reads its socket again."),
            format!("{peer} · reading"),
        ),
        Pipe::Reading { on: false } => told(
            format!("{name} stops eating; what is served now piles up."),
            format!("{name} stops reading: its receive buffer will fill."),
            format!("{peer} · not reading"),
        ),
        Pipe::SawClose { reset: false } => told(
            format!("{name} is outside again."),
            format!("{name} sees the server's orderly close."),
            format!("{peer} · read() = 0"),
        ),
        Pipe::SawClose { reset: true } => told(
            format!("{name} is put outside."),
            format!("{name} sees the connection reset."),
            format!("{peer} · read() = ECONNRESET"),
        ),
        Pipe::Left => told(
            format!("{name} leaves."),
            format!("{name} closes its socket."),
            format!("{peer} · close()"),
        ),
    }
}
