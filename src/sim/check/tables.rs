//! What the engine holds, between half-cycles: queues, flags, tables, limits.

use super::checker::Step;
use super::ledger::Ledger;
use super::rulebook::Rulebook;
use super::{Held, Invariant, require};
use crate::engine::ae::{EventLoop, Owner};
use crate::engine::client::{Client, ClientFlags, Slot};
use crate::engine::eviction::client_memory_bytes;
use crate::engine::query::READ_BYTES;
use crate::engine::server::Server;
use crate::event::ClientId;
use crate::net::{Fd, Mask};
use crate::time::Micros;
use crate::trace::World;

/// The engine, and the network's clock.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    pub server: &'a Server,
    pub ae: &'a EventLoop,
    pub now: Micros,
}

/// Somebody who has just left.
#[derive(Clone, Copy, Debug)]
pub struct Freed {
    pub id: ClientId,
    pub slot: Option<Slot>,
    pub fd: Option<Fd>,
    pub closed: bool,
}

/// Most keys whose deadlines are counted again at every poll.
const COUNTED_KEYS: usize = 1_000;

/// `rules`: as the facts say; `listens`: whether another output limit applies to a client, or did;
/// `stranger`: whether a client has never given the password.
pub fn check(
    step: Step,
    state: State<'_>,
    freed: &[Freed],
    rules: &Rulebook,
    listens: impl Fn(ClientId) -> bool,
    stranger: impl Fn(ClientId) -> bool,
) -> Held {
    let server = state.server;
    for (slot, client) in server.clients.iter() {
        check_queues(server, slot, client)?;
        check_handlers(state, slot, client)?;
        check_query(client)?;
        // A limit that was changed meanwhile binds what comes after.
        if !rules.has_changed("client-query-buffer-limit") {
            check_query_limit(server, client)?;
        }
        let newcomer = stranger(client.id) && !rules.has_changed("requirepass");
        if newcomer && server.must_authenticate(slot) {
            check_stranger(client)?;
        }
        if !listens(client.id) && !rules.has_changed("client-output-buffer-limit") {
            check_output(server, client)?;
        }
    }
    check_sums(server)?;
    let strangers = |queue: &[Slot]| queue.iter().any(|slot| server.clients.get(*slot).is_none());
    for (queue, name) in [(&server.pending_write, "pending-write"), (&server.to_close, "closing")] {
        require(!strangers(queue), Invariant::FreedIsGone, || {
            format!("somebody who is gone is in the {name} queue")
        })?;
    }
    for who in freed {
        check_gone(state, who)?;
    }
    let seated = server.clients.len() as u64;
    let limit = u64::from(server.config.maxclients);
    require(seated <= limit || rules.has_changed("maxclients"), Invariant::MaxClients, || {
        format!("{seated} clients are seated, maxclients is {limit}")
    })?;
    require(server.now <= state.now, Invariant::TimersNotEarly, || {
        format!("the loop's clock says {}, the network's {}", server.now, state.now)
    })?;
    if step != Step::AfterPoll {
        check_asleep(server)?;
    }
    check_deadlines(server)
}

fn entries(queue: &[Slot], slot: Slot) -> usize {
    queue.iter().filter(|entry| **entry == slot).count()
}

fn check_queues(server: &Server, slot: Slot, client: &Client) -> Held {
    let id = client.id;
    let pairs = [
        (&server.pending_write, ClientFlags::PENDING_WRITE, Invariant::PendingWriteFlag),
        (&server.to_close, ClientFlags::CLOSE_ASAP, Invariant::CloseQueue),
    ];
    for (queue, flag, invariant) in pairs {
        let (flagged, entries) = (client.flags.has(flag), entries(queue, slot));
        require(entries == usize::from(flagged), invariant, || {
            format!("client {id} is flagged: {flagged}, and {entries} times in the queue")
        })?;
    }
    require(!client.flags.has(ClientFlags::EXECUTING), Invariant::BoundedWork, || {
        format!("client {id} is still executing between half-cycles")
    })
}

fn check_handlers(state: State<'_>, slot: Slot, client: &Client) -> Held {
    let id = client.id;
    let file = state.ae.file(client.fd);
    let found = state.server.clients.find(id);
    require(found == Some(slot) && file.owner == Owner::Client(slot), Invariant::Tables, || {
        format!(
            "client {id} is at {slot:?}; its id finds {found:?}, its descriptor {:?}",
            file.owner
        )
    })?;
    let flags = client.flags;
    let (handler, waiting) = (flags.has(ClientFlags::WRITE_HANDLER), !client.reply.is_empty());
    let watched = file.mask.has(Mask::WRITABLE);
    require(handler == watched && (!handler || waiting), Invariant::WriteHandlerNeeded, || {
        format!(
            "client {id}: handler {handler}, watched for writing {watched}, output waits {waiting}"
        )
    })?;
    let way = handler || flags.has(ClientFlags::PENDING_WRITE | ClientFlags::CLOSE_ASAP);
    require(way || !waiting, Invariant::OutputHasAWay, || {
        format!("client {id}: {} bytes wait, and nobody will write them", client.reply.len())
    })
}

fn check_query_limit(server: &Server, client: &Client) -> Held {
    let doomed = client.flags.has(ClientFlags::CLOSE_ASAP);
    let held = client.query.as_ref().map_or(0, |query| query.not_understood() as u64);
    let limit = server.config.client_query_buffer_limit;
    require(held <= limit || doomed, Invariant::QueryBufferLimit, || {
        format!("client {} holds {held} bytes, the limit is {limit}", client.id)
    })
}

fn check_query(client: &Client) -> Held {
    let id = client.id;
    let (held, room) = client.query.as_ref().map_or((0, 0), |q| (q.filled, q.buffer.len()));
    let position = client.query.as_ref().map_or(0, |query| query.parser.position());
    let stored =
        client.query_len as usize == held && client.query_pos as usize <= held.max(position);
    let idle = client.query.is_none() || held > 0;
    require(position <= held && held <= room && stored && idle, Invariant::QueryPositions, || {
        format!(
            "client {id}: understood {position} of {held} held in {room}; stored as {} of {}",
            client.query_pos, client.query_len
        )
    })
}

/// The limit is checked when a block is added, so between half-cycles a
/// client's list is below it, or the client is on its way out.
fn check_output(server: &Server, client: &Client) -> Held {
    let limit = server.config.client_output_buffer_limit.normal;
    let usage = client.reply.limit_usage_bytes();
    let leaving = ClientFlags::CLOSE_ASAP | ClientFlags::CLOSE_AFTER_REPLY;
    let below = limit.hard == 0 || usage < limit.hard || client.flags.has(leaving);
    require(below, Invariant::OutputLimit, || {
        format!("client {}: {usage} bytes are listed, the hard limit is {}", client.id, limit.hard)
    })
}

/// Whoever has not given the password: 1 MB of requests, 1 KB in the list.
fn check_stranger(client: &Client) -> Held {
    if client.flags.has(ClientFlags::CLOSE_ASAP | ClientFlags::CLOSE_AFTER_REPLY) {
        return Ok(());
    }
    let held = client.query.as_ref().map_or(0, |query| query.not_understood());
    let listed = client.reply.limit_usage_bytes();
    let modest = held <= 1024 * 1024 && listed <= 1024;
    require(modest, Invariant::UnauthenticatedLimits, || {
        format!("client {}, a stranger, has sent {held} bytes and is owed {listed}", client.id)
    })
}

/// Members of groups, and memory that is kept as a running sum.
fn check_sums(server: &Server) -> Held {
    let flagged = |bit| server.clients.iter().filter(|(_, c)| c.flags.has(bit)).count() as u64;
    for (what, stored, counted) in [
        ("subscribers", server.pubsub.clients(), flagged(ClientFlags::PUBSUB)),
        ("monitors", server.monitors.len() as u64, flagged(ClientFlags::MONITOR)),
    ] {
        require(stored == counted, Invariant::Recomputed, || {
            format!("{stored} {what} by the list, {counted} by their flags")
        })?;
    }
    if server.client_eviction_limit_bytes().is_none() {
        return Ok(());
    }
    let stored = server.client_memory.total_bytes();
    let evictable = server.clients.iter().filter(|(_, c)| !c.flags.has(ClientFlags::NO_EVICT));
    let counted: u64 = evictable.map(|(_, client)| client_memory_bytes(client)).sum();
    require(stored == counted, Invariant::Recomputed, || {
        format!("clients take {stored} bytes by the running sum, {counted} counted again")
    })
}

fn check_gone(state: State<'_>, who: &Freed) -> Held {
    let server = state.server;
    let id = who.id;
    require(who.closed, Invariant::FreedIsGone, || {
        format!("client {id} is freed, its descriptor {:?} is open", who.fd)
    })?;
    let known = server.clients.find(id).is_some();
    let Some(slot) = who.slot else { return require(!known, Invariant::FreedIsGone, String::new) };
    let queued = [&server.pending_write, &server.to_close, &server.killed]
        .iter()
        .any(|queue| queue.contains(&slot));
    let watched = who.fd.is_some_and(|fd| state.ae.file(fd).owner == Owner::Client(slot));
    let found = server.clients.get(slot).is_some();
    require(!known && !queued && !watched && !found, Invariant::FreedIsGone, || {
        format!(
            "client {id} is freed; by id {known}, by place {found}, in a queue {queued}, watched {watched}"
        )
    })
}

/// What `before_poll` must have done.
fn check_asleep(server: &Server) -> Held {
    require(server.pending_write.is_empty(), Invariant::SweepComplete, || {
        format!("{} clients were not swept", server.pending_write.len())
    })?;
    let doomed = server.to_close.len() + server.killed.len();
    require(doomed == 0, Invariant::CloseQueue, || format!("{doomed} clients were not closed"))
}

fn check_deadlines(server: &Server) -> Held {
    for index in 0..server.store.databases() {
        let db = server.store.db(index);
        if db.len() > COUNTED_KEYS {
            continue;
        }
        let volatile = (0..db.len())
            .filter_map(|i| db.nth(i))
            .filter(|place| db.deadline_ms(*place).is_some())
            .count();
        require(volatile == db.volatile_len(), Invariant::Recomputed, || {
            format!("db {index}: {} keys are said to end, {volatile} do", db.volatile_len())
        })?;
    }
    Ok(())
}

/// What was asked of the network agrees with the engine's own table, and a
/// buffer is no larger than what came in explains.
pub fn check_seam(state: State<'_>, ledger: &Ledger) -> Held {
    for index in &ledger.touched {
        let connection = &ledger.connections[*index];
        let Some(fd) = connection.fd.filter(|_| !connection.closed) else { continue };
        let file = state.ae.file(fd);
        let Owner::Client(slot) = file.owner else {
            return require(false, Invariant::Tables, || {
                format!("descriptor {fd} is open and belongs to {:?}", file.owner)
            });
        };
        let mask = file.mask.and(Mask::BOTH);
        require(mask == connection.watched, Invariant::NoLostWakeup, || {
            format!("descriptor {fd}: registered {mask:?}, asked for {:?}", connection.watched)
        })?;
        let Some(query) = state.server.clients.get(slot).and_then(|c| c.query.as_ref()) else {
            continue;
        };
        // Greedy growth doubles, and a read is offered at least so much.
        let explained = 2 * (connection.input.len() + READ_BYTES);
        let room = query.buffer.len();
        require(room <= explained, Invariant::MemoryAsReceived, || {
            format!(
                "descriptor {fd}: a buffer of {room} bytes for {} received",
                connection.input.len()
            )
        })?;
    }
    Ok(())
}

/// The fold of the facts is the state of the engine.
pub fn check_fold(world: &World, state: State<'_>) -> Held {
    let server = state.server;
    let unequal = |what: &str| require(false, Invariant::FactsAddUp, || what.to_owned());
    if !world.clients.keys().copied().eq(server.clients.iter().map(|(_, client)| client.id)) {
        return unequal("the facts know other clients than the engine");
    }
    for (slot, client) in server.clients.iter() {
        let (id, view) = (client.id, &world.clients[&client.id]);
        let flag = |bit| client.flags.has(bit);
        let held = client.query.as_ref().map_or(0, |q| q.filled as u64);
        let place = server.pending_write.iter().rev().position(|s| *s == slot);
        let equal = [
            ("descriptor", view.fd == client.fd && view.peer == client.peer),
            ("database", view.db == u32::from(client.db)),
            ("protocol", view.resp == client.resp),
            ("query buffer", view.query.len == held),
            ("waiting reply", view.reply.waiting() == client.reply.len()),
            ("blocks", view.reply.blocks == client.reply.blocks()),
            ("write handler", view.write_handler == flag(ClientFlags::WRITE_HANDLER)),
            ("doom", view.close_asap.is_some() == flag(ClientFlags::CLOSE_ASAP)),
            (
                "last reply",
                view.close_after_reply.is_some() == flag(ClientFlags::CLOSE_AFTER_REPLY),
            ),
            ("soft limit", view.soft_limit_since.is_some() == client.soft_limit_since().is_some()),
            ("mask", world.watched.get(&client.fd) == Some(&state.ae.file(client.fd).mask)),
            ("place in the queue", world.pending_write.iter().position(|c| *c == id) == place),
        ];
        if let Some((what, _)) = equal.iter().find(|(_, equal)| !equal) {
            return unequal(&format!("client {id}: the facts give another {what} than the engine"));
        }
    }
    for (db, size) in world.pantry.sizes.iter() {
        let keys = server.store.db(*db as usize).len() as u64;
        require(*size == keys, Invariant::FactsAddUp, || {
            format!("db {db}: {size} keys by the facts, {keys} in the engine")
        })?;
    }
    Ok(())
}
