//! Volume and pacing: much to read, much to write, and who waits for it.

use super::far_end::Act;
use super::play::{Play, words_of};
use super::{Row, row};
use onechef::engine::server::Server;
use onechef::event::{ClientId, CloseReason, Event};
use onechef::net::WRITE_BUDGET_BYTES;

const HARD: &[(&str, &str)] = &[("client-output-buffer-limit", "normal 1mb 0 0")];
const SOFT: &[(&str, &str)] = &[("client-output-buffer-limit", "normal 0 1mb 1")];
const QUERY: &[(&str, &str)] = &[("client-query-buffer-limit", "1mb")];

pub const ROWS: &[Row] = &[
    row(58, "A pipeline of 280,000 bytes", |p| {
        p.mark();
        p.send(0, words_of("PING").repeat(20_000));
        p.hears(0, "+PONG\r\n".repeat(20_000));
        p.facts("at most one read a cycle, more than one cycle", |facts| {
            let reads = reads_per_cycle(facts, ClientId(1));
            reads.iter().all(|reads| *reads <= 1) && reads.iter().sum::<u32>() > 1
        });
    }),
    row(59, "Twenty times GET of 10 MB, nothing read", |p| {
        populate(p);
        p.intend(0, Act::StopReading);
        p.send(0, words_of("GET big:0").repeat(20));
        p.stays(0);
        p.server("all ran, and what the kernel did not take waits", |server| {
            owed(server) > 150_000_000 && server.stats.total_commands_processed == 21
        });
    }),
    row(60, "The same behind a PING, with a hard limit of 1 MB", |p| {
        populate(p);
        p.intend(0, Act::StopReading);
        p.send(0, [words_of("PING"), words_of("GET big:0").repeat(20)].concat());
        p.act(0, Act::Read);
        p.hears(0, "");
        p.closed(0);
        p.server("counted", |server| server.stats.client_output_buffer_limit_disconnections == 1);
    })
    .with(HARD),
    row(61, "A soft limit of 1 MB for 1 s, nothing read", |p| {
        populate(p);
        p.intend(0, Act::StopReading);
        p.say(0, "GET big:0");
        p.pass_ms(900);
        p.server("still there after 0.9 s", |server| server.clients.len() == 1);
        p.mark();
        p.pass_ms(1_300);
        p.facts("gone within 2.2 s, by the soft limit", |facts| {
            let soft = |event: &Event| {
                matches!(event, Event::ClientFreed { why: CloseReason::OutputBufferSoft, .. })
            };
            facts.iter().any(soft)
        });
        p.act(0, Act::Read);
        p.closed(0);
        p.heard_is(0, "the beginning of the reply, not its end", |heard| {
            heard.starts_with(b"$10000000\r\n") && heard.len() < 10_000_000
        });
    })
    .with(SOFT),
    row(62, "The same, but all is read in between", |p| {
        populate(p);
        p.intend(0, Act::StopReading);
        p.say(0, "GET big:0");
        p.pass_ms(900);
        p.act(0, Act::Read);
        p.pass_ms(5_000);
        p.ignore(0);
        p.say(0, "GET big:0");
        p.stays(0);
    })
    .with(SOFT),
    row(63, "An argument larger than `client-query-buffer-limit`", |p| {
        p.send(0, "*2\r\n$3\r\nGET\r\n$3000000\r\n".to_owned() + &"x".repeat(2_000_000));
        p.hears(0, "");
        p.gone(0);
        p.server("counted", |server| server.stats.client_query_buffer_limit_disconnections == 1);
    })
    .with(QUERY),
    row(64, "A transaction whose queue and buffer exceed it together", |p| {
        p.say(0, "MULTI");
        let value = "x".repeat(400_000);
        (0..2).for_each(|_| p.say(0, &format!("SET k {value}")));
        p.hears(0, "+OK\r\n+QUEUED\r\n+QUEUED\r\n");
        p.say(0, &format!("SET k {value}"));
        p.hears(0, "");
        p.gone(0);
    })
    .with(QUERY),
    row(65, "A hard limit exceeded in the middle of EXEC", |p| {
        populate(p);
        p.intend(0, Act::StopReading);
        ["MULTI", "GET big:0", "SET after 1", "EXEC"].iter().for_each(|words| p.say(0, words));
        p.act(0, Act::Read);
        p.hears(0, "+OK\r\n+QUEUED\r\n+QUEUED\r\n");
        p.closed(0);
        p.server("what came after ran", |server| server.store.db(0).find(b"after").is_some());
    })
    .with(HARD),
    row(66, "KEYS * over the hard limit", |p| {
        p.say(0, "DEBUG POPULATE 20000");
        p.ignore(0);
        p.mark();
        p.say(0, "KEYS *");
        p.hears(0, "");
        p.closed(0);
        p.facts("nothing was kept beyond the limit", |facts| {
            let listed = facts.iter().map(|event| match event {
                Event::ReplyQueued { listed, .. } => *listed,
                _ => 0,
            });
            listed.max().is_some_and(|most| most <= 100 * 1024)
        });
    })
    .with(&[("client-output-buffer-limit", "normal 64kb 0 0")]),
    row(67, "GET of 10 MB, read at once", |p| {
        populate(p);
        p.mark();
        p.say(0, "GET big:0");
        p.heard_is(0, "all of it", |heard| heard.len() == "$10000000\r\n\r\n".len() + 10_000_000);
        p.facts("one block, more than the budget in one call", |facts| {
            writes(facts)
                .iter()
                .any(|(bytes, calls)| *calls <= 2 && *bytes > 2 * WRITE_BUDGET_BYTES as u64)
        });
    }),
    row(68, "LRANGE of 6 MB", |p| {
        let push = format!("RPUSH list {}", "y".repeat(1_000));
        p.send(0, words_of(&push).repeat(6_000));
        p.ignore(0);
        p.mark();
        p.say(0, "LRANGE list 0 -1");
        p.heard_is(0, "all of it", |heard| heard.len() == "*6000\r\n".len() + 6_000 * 1_009);
        p.facts("64 KB and a block at most a cycle", |facts| {
            let most = writes(facts).iter().map(|(bytes, _)| *bytes).max();
            most.is_some_and(|most| most <= WRITE_BUDGET_BYTES as u64 + 2 * 16 * 1024)
        });
    }),
    row(69, "CLIENT LIST about a slow reader", |p| {
        populate(p);
        let other = p.connect();
        p.intend(0, Act::StopReading);
        p.say(0, "GET big:0");
        p.say(other, "CLIENT LIST ID 1");
        p.heard_is(other, "`events=rw`, `oll=1`, `omem` near 10 MB", |heard| {
            let text = String::from_utf8_lossy(heard);
            let omem = text.split_once(" omem=").and_then(|(_, rest)| rest.split_once(' '));
            let omem = omem.and_then(|(omem, _)| omem.parse().ok()).unwrap_or(0);
            text.contains(" events=rw ")
                && text.contains(" oll=1 ")
                && (9_000_000..11_000_000).contains(&omem)
        });
    }),
    row(70, "A subscriber who does not read, hard limit 1 MB", |p| {
        let subscriber = p.connect();
        p.say(subscriber, "SUBSCRIBE news");
        p.intend(subscriber, Act::StopReading);
        let publish = format!("PUBLISH news {}", "x".repeat(100_000));
        (0..200).for_each(|_| p.say(0, &publish));
        p.heard_is(0, "first `:1`, in the end `:0`", |heard| {
            heard.starts_with(b":1\r\n") && heard.ends_with(b":0\r\n")
        });
        p.act(subscriber, Act::Read);
        p.closed(subscriber);
    })
    .with(&[("client-output-buffer-limit", "pubsub 1mb 0 0")]),
    row(71, "A large reply while `maxmemory` is reached", |p| {
        let push = format!("RPUSH list {}", "y".repeat(1_000));
        p.send(0, words_of(&push).repeat(600));
        p.say(0, "CONFIG SET maxmemory 100kb");
        p.ignore(0);
        p.mark();
        p.say(0, "LRANGE list 0 -1");
        p.heard_is(0, "all of it", |heard| heard.len() == "*600\r\n".len() + 600 * 1_009);
        p.facts("all of it in one turn: the budget does not apply", |facts| {
            writes(facts).iter().any(|(bytes, _)| *bytes > 600_000)
        });
    }),
    row(72, "More client memory than `maxmemory-clients`", |p| {
        let large = p.connect();
        p.send(large, "*2\r\n$4\r\nECHO\r\n$200000\r\n".to_owned() + &"x".repeat(190_000));
        p.gone(large);
        p.stays(0);
        p.server("counted", |server| server.stats.evicted_clients == 1);
    })
    .with(&[("maxmemory-clients", "128kb")]),
    row(73, "A guest who sends without pause, and others", |p| {
        let others: Vec<usize> = (0..30).map(|_| p.connect()).collect();
        p.mark();
        p.queue(0, "PING\r\n".repeat(30_000));
        others.iter().for_each(|guest| p.queue(*guest, "PING\r\n"));
        p.settle();
        p.hears(0, "+PONG\r\n".repeat(30_000));
        p.facts("one read each a cycle; nobody waits for a second one of the first", |facts| {
            let fair = |guest| reads_per_cycle(facts, ClientId(guest)).iter().all(|n| *n <= 1);
            (1..=31).all(fair)
        });
    }),
];

/// A value of 10 MB.
fn populate(p: &mut Play) {
    p.say(0, "DEBUG POPULATE 1 big 10000000");
    p.ignore(0);
}

fn owed(server: &Server) -> u64 {
    server.clients.iter().map(|(_, client)| client.reply.len()).sum()
}

/// How often a client was read in each cycle.
fn reads_per_cycle(facts: &[Event], reader: ClientId) -> Vec<u32> {
    let mut cycles = vec![0];
    for event in facts {
        match event {
            Event::CycleBegin { .. } => cycles.push(0),
            Event::Read { client, .. } if *client == reader => {
                *cycles.last_mut().expect("never empty") += 1;
            }
            _ => {}
        }
    }
    cycles
}

/// Bytes and calls of each turn of writing.
fn writes(facts: &[Event]) -> Vec<(u64, u32)> {
    let each = facts.iter().filter_map(|event| match event {
        Event::Write { bytes, calls, .. } => Some((*bytes, *calls)),
        _ => None,
    });
    each.collect()
}
