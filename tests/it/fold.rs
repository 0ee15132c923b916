//! What the facts add up to is what the engine holds: after every half-cycle,
//! the fold of all records equals the engine's own structures.

use crate::house::{House, request};
use onechef::engine::client::ClientFlags;
use onechef::event::{ClientId, Event, Pipe, Preview, ReadOutcome, Stamped, SubscriptionKind};
use onechef::net::virt::{GuestAction, Link};
use onechef::net::{Fd, Net, Timeout, Wait};
use onechef::time::Micros;
use onechef::trace::world::{Counters, Doing, PANTRY_CAP};
use onechef::trace::{Record, World};
use proptest::prelude::*;

/// Compares everything that both sides know.
fn check(house: &House, world: &World) {
    let server = house.engine.server();
    let ids: Vec<ClientId> = server.clients.iter().map(|(_, c)| c.id).collect();
    assert_eq!(world.clients.keys().copied().collect::<Vec<_>>(), ids);
    for (slot, client) in server.clients.iter() {
        let view = &world.clients[&client.id];
        let id = client.id;
        assert_eq!((view.fd, view.peer), (client.fd, client.peer), "client {id}");
        assert_eq!((view.db, view.resp), (u32::from(client.db), client.resp), "client {id}");
        assert_eq!(view.name.as_bytes(), client.name(), "client {id}");
        let held = client.query.as_ref().map_or(0, |q| q.filled as u64);
        assert_eq!(view.query.len, held, "query buffer of {id}");
        assert_eq!(view.reply.waiting(), client.reply.len(), "reply of {id}");
        assert_eq!(view.reply.blocks, client.reply.blocks(), "blocks of {id}");
        let flag = |bit| client.flags.has(bit);
        assert_eq!(view.pending_write, flag(ClientFlags::PENDING_WRITE), "client {id}");
        assert_eq!(view.write_handler, flag(ClientFlags::WRITE_HANDLER), "client {id}");
        assert_eq!(view.close_asap.is_some(), flag(ClientFlags::CLOSE_ASAP), "client {id}");
        let after = flag(ClientFlags::CLOSE_AFTER_REPLY);
        assert_eq!(view.close_after_reply.is_some(), after, "client {id}");
        assert_eq!(view.soft_limit_since.is_some(), client.soft_limit_since().is_some());
        let queued = client.transaction().map(|t| t.commands);
        assert_eq!(view.transaction.as_ref().map(|t| t.commands), queued, "queue of {id}");
        let flawed = view.transaction.as_ref().is_some_and(|t| t.flawed);
        assert_eq!(flawed, flag(ClientFlags::DIRTY_EXEC), "client {id}");
        assert_eq!(view.watch_broken, flag(ClientFlags::DIRTY_CAS), "client {id}");
        assert_eq!(view.blocked.is_some(), flag(ClientFlags::BLOCKED), "client {id}");
        assert_eq!(view.monitoring, flag(ClientFlags::MONITOR), "client {id}");
        for (kind, count) in [
            (SubscriptionKind::Channel, view.subscriptions.channels),
            (SubscriptionKind::Pattern, view.subscriptions.patterns),
            (SubscriptionKind::Shard, view.subscriptions.shards),
        ] {
            assert_eq!(count as usize, client.subscriptions(kind), "{kind:?} of {id}");
        }
        assert_eq!(view.watched_keys as usize, client.watched_keys().len(), "client {id}");
        let mask = house.engine.event_loop().file(client.fd).mask;
        assert_eq!(world.watched.get(&client.fd).copied(), Some(mask), "mask of {id}");
        let place = server.pending_write.iter().rev().position(|s| *s == slot);
        assert_eq!(world.pending_write.iter().position(|c| *c == id), place, "queue of {id}");
    }
    let (counters, stats) = (&world.counters, &server.stats);
    assert_eq!(counters.total_connections_received, stats.total_connections_received);
    assert_eq!(counters.rejected_connections, stats.rejected_connections);
    assert_eq!(counters.total_commands_processed, stats.total_commands_processed);
    assert_eq!(counters.total_reads_processed, stats.total_reads_processed);
    assert_eq!(counters.total_writes_processed, stats.total_writes_processed);
    assert_eq!(counters.io_threaded_writes_processed, stats.io_threaded_writes_processed);
    assert_eq!(counters.io_threads_active, server.io_threads_active);
    assert_eq!(counters.total_net_input_bytes, stats.total_net_input_bytes);
    assert_eq!(counters.total_net_output_bytes, stats.total_net_output_bytes);
    assert_eq!(counters.total_error_replies, stats.total_error_replies);
    assert_eq!(counters.evicted_clients, stats.evicted_clients);
    assert_eq!(counters.expired_keys, stats.expired_keys);
    assert_eq!(counters.eventloop_cycles, stats.eventloop_cycles);
    assert_eq!(counters.eventloop_duration_sum, stats.eventloop_duration_sum);
    assert_eq!(counters.blocked_clients, server.blocking.clients());
    assert_eq!(world.paused.map(|p| p.until), server.pause.map(|p| p.until));
    assert_eq!(counters.connected_clients, server.clients.len() as u64);
    for (db, size) in world.pantry.sizes.iter() {
        assert_eq!(*size, server.store.db(*db as usize).len() as u64, "keys of db {db}");
    }
}

/// Runs to rest, folding and checking after every half-cycle.
fn settle(house: &mut House, world: &mut World, seq: &mut u64) {
    let mut fired = Vec::new();
    for _ in 0..5_000 {
        let timeout = house.engine.before_poll(&mut house.net);
        absorb(house, world, seq);
        house.net.wait(Timeout::Now, &mut fired);
        let resting = fired.is_empty() && house.net.next_scheduled().is_none();
        if resting && !house.net.in_flight() {
            return;
        }
        if fired.is_empty() {
            house.net.wait(timeout, &mut fired);
        }
        house.engine.after_poll(&mut house.net, &fired);
        absorb(house, world, seq);
    }
    panic!("the loop does not come to rest");
}

fn absorb(house: &mut House, world: &mut World, seq: &mut u64) {
    let mut facts = Vec::new();
    house.engine.take_events(&mut facts);
    for Stamped { at, event } in facts {
        assert!(at >= world.at, "time goes back at {event:?}");
        world.fold(&Record { seq: *seq, at, event });
        *seq += 1;
    }
    check(house, world);
    check_latecomer(house, world);
}

/// Whoever comes only now, or knew something else, is told what amounts to the
/// same as what `seen` has seen.
fn check_latecomer(house: &House, seen: &World) {
    let at = house.net.now();
    for knew in [World::default(), seen.clone()] {
        let mut late = knew;
        for (event, seq) in house.engine.standing().into_iter().zip(0..) {
            late.fold(&Record { seq, at, event });
        }
        check(house, &late);
        assert_eq!(late.listeners, seen.listeners);
        assert_eq!(late.watched, seen.watched);
        assert_eq!(late.timer.map(|t| t.due), seen.timer.map(|t| t.due));
        assert_eq!(late.to_close, seen.to_close);
        // The engine counts parsing in; the facts know the commands alone.
        let eventloop_duration_cmd_sum = late.counters.eventloop_duration_cmd_sum;
        assert_eq!(late.counters, Counters { eventloop_duration_cmd_sum, ..seen.counters.clone() });
        let sizes = |world: &World| {
            let mut sizes = world.pantry.sizes.clone();
            sizes.retain(|_, keys| *keys > 0);
            sizes
        };
        assert_eq!(sizes(&late), sizes(seen));
        for (name, value) in house.engine.server().config.changed_from_default() {
            assert_eq!(late.config.get(name), Some(&value), "{name}");
        }
        for (id, client) in seen.clients.iter() {
            let told = &late.clients[id];
            // The facts are stamped by the clock, the engine's notes by its
            // cached time of the same cycle.
            let soon = |a: Micros, b: Micros| a.0.abs_diff(b.0) < 100_000;
            assert!(soon(told.created_at, client.created_at), "client {id}");
            assert!(soon(told.last_active, client.last_active), "client {id}");
            assert_eq!(told.authenticated, client.authenticated, "client {id}");
            assert_eq!(told.transaction, client.transaction, "client {id}");
            assert_eq!(told.blocked, client.blocked, "client {id}");
            assert_eq!(told.close_after_reply, client.close_after_reply, "client {id}");
            assert_eq!(told.close_asap, client.close_asap, "client {id}");
            let partial = matches!(client.doing, Doing::Partial { .. });
            assert!(!partial || told.doing == client.doing, "client {id}");
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Words(Vec<&'static str>),
    Pipeline(u16),
    Raw(&'static [u8]),
    BigSet(u32),
    Half,
    StopReading,
    Read,
    HalfClose,
    Reset,
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let words = prop::sample::select(vec![
        vec!["PING"],
        vec!["SET", "a", "1"],
        vec!["SET", "b", "text", "PX", "3"],
        vec!["GET", "a"],
        vec!["GET", "big"],
        vec!["INCR", "a"],
        vec!["LPUSH", "l", "x", "y", "z"],
        vec!["LRANGE", "l", "0", "-1"],
        vec!["LPOP", "l"],
        vec!["DEL", "a", "b"],
        vec!["FLUSHALL"],
        vec!["SELECT", "3"],
        vec!["HELLO", "3"],
        vec!["CLIENT", "SETNAME", "ana"],
        vec!["CLIENT", "REPLY", "SKIP"],
        vec!["CLIENT", "KILL", "ID", "2"],
        vec!["CLIENT", "LIST"],
        vec!["RESET"],
        vec!["QUIT"],
        vec!["NOSUCH", "thing"],
        vec!["MULTI"],
        vec!["MULTI"],
        vec!["EXEC"],
        vec!["EXEC"],
        vec!["DISCARD"],
        vec!["WATCH", "a", "b", "a"],
        vec!["UNWATCH"],
        vec!["SUBSCRIBE", "news", "sport"],
        vec!["PSUBSCRIBE", "n*"],
        vec!["SSUBSCRIBE", "news"],
        vec!["UNSUBSCRIBE"],
        vec!["PUBLISH", "news", "hello"],
        vec!["SPUBLISH", "news", "hello"],
        vec!["BLPOP", "l", "m", "0.1"],
        vec!["BLMOVE", "m", "l", "LEFT", "RIGHT", "0"],
        vec!["RPOPLPUSH", "l", "m"],
        vec!["LMPOP", "2", "l", "m", "LEFT", "COUNT", "2"],
        vec!["CLIENT", "UNBLOCK", "1", "ERROR"],
        vec!["CLIENT", "UNBLOCK", "2"],
        vec!["MONITOR"],
        vec!["CONFIG", "SET", "maxmemory-clients", "100kb"],
        vec!["CLIENT", "PAUSE", "30", "WRITE"],
        vec!["CLIENT", "PAUSE", "20"],
        vec!["CLIENT", "UNPAUSE"],
        vec!["GET"],
        vec!["KEYS", "*"],
        vec!["INFO"],
    ]);
    prop_oneof![
        8 => words.prop_map(Step::Words),
        1 => (1u16..3_000).prop_map(Step::Pipeline),
        1 => prop::sample::select(vec![
            &b"*1\r\n+bad\r\n"[..], b"PING\r\n", b"\r\n", b"*0\r\n", b"GET 'a\r\n", b"POST / x\r\n",
        ]).prop_map(Step::Raw),
        1 => (1u32..200_000).prop_map(Step::BigSet),
        1 => Just(Step::Half),
        1 => Just(Step::StopReading),
        1 => Just(Step::Read),
        1 => Just(Step::HalfClose),
        1 => Just(Step::Reset),
        1 => Just(Step::Wait),
    ]
}

/// An error that CLIENT UNBLOCK gives to who waited is counted once, and is not
/// its own.
#[test]
fn the_error_that_ends_a_wait_is_not_that_of_who_ended_it() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "BLPOP l 0");
    house.take_facts();
    assert_eq!(house.ask(2, "CLIENT UNBLOCK 1 ERROR"), ":1\r\n");
    let ends: Vec<bool> = house
        .take_facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Event::CommandEnd { error, .. } => Some(error),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [false]);
    assert_eq!(house.engine.server().stats.total_error_replies, 1);
}

fn fold_all(world: &mut World, facts: Vec<Event>) {
    for event in facts {
        world.fold(&Record { seq: 0, at: Micros::ZERO, event });
    }
}

/// Protects: memory. Of many keys the newest are kept, their number is known,
/// also to who comes when all are there.
#[test]
fn of_very_many_keys_some_are_shown_and_all_are_counted() {
    let mut house = House::new(&[]);
    house.connect(1);
    let sets = (0..100).flat_map(|n| request(&["SET", &format!("k{n}"), "v"]));
    house.send(1, sets.collect::<Vec<u8>>());
    house.settle();
    let mut world = World::default();
    fold_all(&mut world, house.take_facts());
    assert_eq!(world.pantry.jars.len(), PANTRY_CAP);
    assert_eq!(world.pantry.jars.last().map(|jar| &*jar.key), Some(&b"k99"[..]));
    let mut late = World::default();
    fold_all(&mut late, house.engine.standing());
    for world in [world, late] {
        assert_eq!(world.pantry.sizes.get(&0), Some(&100));
    }
}

/// Protects: the commands of a transaction are part of EXEC's time, not more.
#[test]
fn the_time_of_what_exec_runs_is_counted_once() {
    let mut house = House::new(&[]);
    house.connect(1);
    for words in ["MULTI", "SET a 1", "SET b 2", "EXEC"] {
        house.ask(1, words);
    }
    let facts = house.take_facts();
    let mut depth = 0;
    let outermost = facts.iter().map(|fact| match fact {
        Event::CommandBegin { .. } => {
            depth += 1;
            0
        }
        Event::CommandEnd { took, .. } => {
            depth -= 1;
            if depth == 0 { took.0 } else { 0 }
        }
        _ => 0,
    });
    let outermost: u64 = outermost.sum();
    let mut world = World::default();
    fold_all(&mut world, facts);
    assert!(outermost > 0);
    assert_eq!(world.counters.eventloop_duration_cmd_sum, Micros(outermost));
}

/// Protects: who calls from an address that somebody had before is somebody else.
#[test]
fn an_address_that_comes_back_is_another_guest() {
    let peer = "127.0.0.1:50001".parse().expect("an address");
    let pipe = |pipe| Event::Pipe { peer, pipe };
    let name = |name: &str| Pipe::Queued { name: name.into() };
    let bytes = || Preview::of(b"PING\r\n", 64);
    let mut world = World::default();
    fold_all(
        &mut world,
        vec![
            pipe(name("ana")),
            pipe(Pipe::Sent { bytes: bytes(), arrives: Micros(7) }),
            pipe(Pipe::Arrived { bytes: bytes() }),
            pipe(Pipe::FinArrived),
            pipe(Pipe::Left),
            pipe(name("bob")),
        ],
    );
    let guest = world.guests.get(&peer).expect("bob");
    assert_eq!((guest.name.as_str(), guest.waiting), ("bob", 0));
    assert!(!guest.gone && !guest.fin && guest.reading);
}

/// Protects: what still lies in a socket is what has not been read of it.
#[test]
fn a_read_takes_the_first_bytes_out_of_the_socket() {
    let (client, fd) = (ClientId(1), Fd(8));
    let peer = "127.0.0.1:50001".parse().expect("an address");
    let pipe = |pipe| Event::Pipe { peer, pipe };
    let mut world = World::default();
    fold_all(
        &mut world,
        vec![
            pipe(Pipe::Queued { name: "ana".into() }),
            Event::ClientCreated { client, fd, peer, local: peer },
            pipe(Pipe::Arrived { bytes: Preview::of(b"abcdef", 64) }),
            Event::Read {
                client,
                fd,
                outcome: ReadOutcome::Bytes,
                bytes: Preview::of(b"abcd", 64),
            },
        ],
    );
    let guest = world.guests.get(&peer).expect("ana");
    assert_eq!((guest.waiting, guest.waiting_head.as_slice()), (2, &b"ef"[..]));
}

#[test]
fn an_exec_that_is_refused_outside_a_transaction_watches_nothing_any_more() {
    let mut house = House::new(&[]);
    let (mut world, mut seq) = (World::default(), 0);
    house.connect(1);
    for words in [&["WATCH", "a", "b"][..], &["SUBSCRIBE", "news"], &["EXEC"]] {
        house.send(1, request(words));
        settle(&mut house, &mut world, &mut seq);
    }
    assert_eq!(world.clients.values().map(|c| c.watched_keys).collect::<Vec<_>>(), [0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_fold_of_the_facts_is_the_state_of_the_engine(
        script in prop::collection::vec((1u32..5, step(), any::<bool>()), 1..40)
    ) {
        let limits = [
            ("client-output-buffer-limit", "normal 300kb 100kb 1"),
            ("client-query-buffer-limit", "1mb"),
            ("maxclients", "3"),
        ];
        let mut house = House::new(&limits);
        let (mut world, mut seq) = (World::default(), 0);
        let link = Link {
            guest_receive_bytes: 8 * 1_024,
            server_send_bytes: 16 * 1_024,
            ..Link::default()
        };
        (1..5).for_each(|guest| house.connect_by(guest, link));
        for (guest, step, settled) in script {
            match step {
                Step::Words(words) => house.send(guest, request(&words)),
                Step::Pipeline(n) => house.send(guest, request(&["GET", "a"]).repeat(n.into())),
                Step::Raw(bytes) => house.send(guest, bytes),
                Step::BigSet(n) => {
                    let value = "v".repeat(n as usize);
                    house.send(guest, request(&["SET", "big", &value]));
                }
                Step::Half => house.send(guest, b"*2\r\n$3\r\nGET\r\n$5\r\nhal".to_vec()),
                Step::StopReading => house.act(guest, GuestAction::StopReading),
                Step::Read => house.act(guest, GuestAction::Read),
                Step::HalfClose => house.act(guest, GuestAction::HalfClose),
                Step::Reset => house.act(guest, GuestAction::Reset),
                Step::Wait => {
                    let soon = house.net.now().saturating_add(Micros::from_millis(1_200));
                    house.net.schedule(soon, onechef::net::virt::Conn(guest), GuestAction::Read);
                }
            }
            if settled {
                settle(&mut house, &mut world, &mut seq);
            }
        }
        settle(&mut house, &mut world, &mut seq);
    }
}
