//! Connections: coming, staying, and every way to leave.

use super::far_end::Act;
use super::play::{BUSY_CYCLES, words_of};
use super::{Row, row};
use onechef::event::{AcceptEnd, CloseReason, Event, SkipReason};
use onechef::net::NetError;

pub const ROWS: &[Row] = &[
    row(43, "`maxclients` reached", |p| {
        let guest = p.connect();
        p.hears(guest, "-ERR max number of clients reached\r\n");
        p.closed(guest);
        p.server("rejected_connections is 1", |server| server.stats.rejected_connections == 1);
    })
    .with(&[("maxclients", "1")]),
    row(44, "Somebody who wants to raise `maxclients` then", |p| {
        let guest = p.knock();
        p.queue(guest, words_of("CONFIG SET maxclients 2"));
        p.settle();
        p.hears(guest, "-ERR max number of clients reached\r\n");
        p.gone(guest);
        p.server("maxclients is still 1", |server| server.config.maxclients == 1);
    })
    .with(&[("maxclients", "1")]),
    row(45, "35 connect at once", |p| {
        p.mark();
        (0..35).for_each(|_| _ = p.knock());
        p.settle();
        p.facts("accepted 10, 10, 10 and 5, a cycle each", |facts| {
            accepted(facts) == [10, 10, 10, 5]
        });
    }),
    row(46, "No descriptor is free", |p| {
        p.exhausted(true);
        p.mark();
        let guest = p.connect();
        p.hears(guest, "");
        p.stays(guest);
        p.facts("accept fails once a cycle, in every cycle", |facts| {
            let failed = |event: &&Event| {
                let why = AcceptEnd::Failed(NetError::Exhausted);
                matches!(event, Event::AcceptEnd { accepted: 0, why: w } if *w == why)
            };
            let failures = facts.iter().filter(failed).count();
            (BUSY_CYCLES - 3..=BUSY_CYCLES).contains(&failures)
        });
        p.exhausted(false);
        p.say(guest, "PING");
        p.hears(guest, "+PONG\r\n");
    }),
    row(47, "Five PINGs, then the guest ends its side", |p| {
        p.queue(0, "PING\r\n".repeat(5));
        p.act(0, Act::HalfClose);
        p.hears(0, "+PONG\r\n".repeat(5));
        p.closed(0);
    }),
    row(48, "The same after asking for 10 MB, reading slowly", |p| {
        p.say(0, "DEBUG POPULATE 1 big 10000000");
        p.hears(0, "+OK\r\n");
        p.intend(0, Act::StopReading);
        p.queue(0, words_of("GET big:0"));
        p.act(0, Act::HalfClose);
        p.act(0, Act::Read);
        p.closed(0);
        p.heard_is(0, "the beginning of the reply, not its end", |heard| {
            heard.starts_with(b"$10000000\r\n") && heard.len() < 10_000_000
        });
    }),
    row(49, "A reset in mid-reply", |p| {
        p.say(0, "DEBUG POPULATE 1 big 10000000");
        p.intend(0, Act::StopReading);
        p.say(0, "GET big:0");
        p.mark();
        p.act(0, Act::Reset);
        p.server("the client is freed", |server| server.clients.is_empty());
        p.facts("a read or a write said so", |facts| {
            let failed = [CloseReason::ReadError, CloseReason::WriteError];
            freed(facts).iter().all(|why| failed.contains(why))
        });
    }),
    row(50, "The guest's machine loses its power", |p| {
        p.pass_ms(3_600_000);
        p.stays(0);
        p.server("it keeps its seat", |server| server.clients.len() == 1);
    })
    .differs(
        "Keepalive is the kernel's: 300 s, then three times 100 s, as set on every accepted \
         socket (a unit test of `net::tcp` reads it back). Neither network here loses its \
         power, so what is seen is that the loop itself never gives a silent guest up, except \
         by `timeout`.",
    ),
    row(51, "`timeout 1`, and an idle guest", |p| {
        p.pass_ms(900);
        p.stays(0);
        p.pass_ms(1_200);
        p.hears(0, "");
        p.closed(0);
    })
    .with(&[("timeout", "1")]),
    row(52, "`timeout 1`, and guests who wait or listen", |p| {
        let listener = p.connect();
        p.say(0, "BLPOP queue 0");
        p.say(listener, "SUBSCRIBE news");
        p.pass_ms(10_000);
        p.stays(0);
        p.stays(listener);
    })
    .with(&[("timeout", "1")]),
    row(53, "QUIT and PING in one packet", |p| {
        p.send(0, "QUIT\r\nPING\r\n");
        p.hears(0, "+OK\r\n");
        p.closed(0);
    }),
    row(54, "CLIENT KILL of oneself, by id and by address, and PING behind it", |p| {
        p.send(0, "CLIENT KILL ID 1 SKIPME no\r\nPING\r\n");
        p.hears(0, ":1\r\n");
        p.closed(0);
        let guest = p.connect();
        let kill = format!("CLIENT KILL {}\r\nPING\r\n", p.address(guest));
        p.send(guest, kill);
        p.hears(guest, "+OK\r\n");
        p.closed(guest);
    }),
    row(55, "CLIENT KILL of another, who is owed a reply", |p| {
        let victim = p.connect();
        p.queue(victim, "PING\r\n");
        p.queue(0, "CLIENT KILL ID 2\r\n");
        p.settle();
        p.hears(0, ":1\r\n");
        p.hears(victim, "");
        p.gone(victim);
    })
    .differs("Which of the two is read first decides whether the reply exists; it never leaves."),
    row(56, "A guest is freed while its own event waits in the list", |p| {
        let victim = p.connect();
        p.mark();
        p.queue(0, "CLIENT KILL ID 2\r\n");
        p.queue(victim, "SET k v\r\n");
        p.settle();
        p.hears(0, ":1\r\n");
        p.reset(victim);
        p.server("its request never ran", |server| server.store.db(0).is_empty());
        p.facts("its event was skipped", |facts| {
            let skipped = |event: &Event| {
                matches!(event, Event::FireSkipped { why: SkipReason::NoLongerWatched, .. })
            };
            facts.iter().any(skipped)
        });
    }),
    row(57, "PING, and SHUTDOWN behind it", |p| {
        let other = p.connect();
        p.send(0, "PING\r\nSHUTDOWN NOSAVE\r\n");
        p.hears(0, "+PONG\r\n");
        p.closed(0);
        p.closed(other);
    })
    .differs("Redis may lose the first reply; here what can leave leaves before the doors close."),
];

fn accepted(facts: &[Event]) -> Vec<u32> {
    let each = facts.iter().filter_map(|event| match event {
        Event::AcceptEnd { accepted, .. } => Some(*accepted),
        _ => None,
    });
    each.collect()
}

fn freed(facts: &[Event]) -> Vec<CloseReason> {
    let each = facts.iter().filter_map(|event| match event {
        Event::ClientFreed { why, .. } => Some(*why),
        _ => None,
    });
    each.collect()
}
