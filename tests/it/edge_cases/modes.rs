//! Waiting, transactions, and the other states that a connection can be in.

use super::far_end::Act;
use super::play::words_of;
use super::{Row, omitted, row};
use onechef::event::{AcceptEnd, ClientId, Event};

pub const ROWS: &[Row] = &[
    row(74, "A guest in BLPOP hangs up", |p| {
        p.say(0, "BLPOP queue 0");
        p.act(0, Act::Close);
        p.server("freed, and nobody waits", |server| {
            server.clients.is_empty() && server.blocking.clients() == 0
        });
    }),
    row(75, "BLPOP and 1000 PINGs in one packet", |p| {
        let other = p.connect();
        p.send(0, [words_of("BLPOP queue 0"), words_of("PING").repeat(1_000)].concat());
        p.hears(0, "");
        p.say(other, "CLIENT LIST ID 1");
        p.heard_is(other, "`qbuf=14000`", |heard| {
            String::from_utf8_lossy(heard).contains(" qbuf=14000 ")
        });
        p.say(other, "RPUSH queue soup");
        let pongs = "+PONG\r\n".repeat(1_000);
        p.hears(0, format!("*2\r\n$5\r\nqueue\r\n$4\r\nsoup\r\n{pongs}"));
    }),
    row(76, "A guest in BLPOP keeps sending", |p| {
        p.send(0, words_of("BLPOP queue 0"));
        p.send(0, words_of("PING").repeat(200_000));
        p.hears(0, "");
        p.gone(0);
        p.server("counted", |server| server.stats.client_query_buffer_limit_disconnections == 1);
    })
    .with(&[("client-query-buffer-limit", "1mb")]),
    row(77, "BLPOP for 0.03 s on an idle server, hz 10", |p| {
        p.say(0, "BLPOP queue 0.03");
        p.pass_ms(25);
        p.hears(0, "");
        p.pass_ms(105);
        p.hears(0, "*-1\r\n");
        p.facts("no timer was added for it: the next tick noticed", |facts| {
            let added = |event: &&Event| matches!(event, Event::TimerAdded { .. });
            facts.iter().filter(added).count() == 1
        });
    }),
    row(78, "BLPOP inside MULTI", |p| {
        p.send(0, "MULTI\r\nBLPOP queue 0\r\nEXEC\r\n");
        p.hears(0, "+OK\r\n+QUEUED\r\n*1\r\n*-1\r\n");
    }),
    row(79, "MULTI inside MULTI", |p| {
        p.send(0, "MULTI\r\nMULTI\r\nPING\r\nEXEC\r\n");
        p.hears(0, "+OK\r\n-ERR MULTI calls can not be nested\r\n+QUEUED\r\n*1\r\n+PONG\r\n");
    }),
    row(80, "An error while queueing", |p| {
        p.send(0, "MULTI\r\nGET\r\nPING\r\nEXEC\r\n");
        p.hears(
            0,
            "+OK\r\n-ERR wrong number of arguments for 'get' command\r\n+QUEUED\r\n\
             -EXECABORT Transaction discarded because of previous errors.\r\n",
        );
    }),
    row(81, "CLIENT REPLY OFF, PING, CLIENT REPLY ON", |p| {
        p.send(0, "CLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON\r\n");
        p.hears(0, "+OK\r\n");
    }),
    row(82, "CLIENT REPLY SKIP, PING, PING", |p| {
        p.send(0, "CLIENT REPLY SKIP\r\nPING\r\nPING\r\n");
        p.hears(0, "+PONG\r\n");
    }),
    row(83, "CLIENT PAUSE 400 WRITE, SET; GET by another", |p| {
        let other = p.connect();
        p.send(0, "CLIENT PAUSE 400 WRITE\r\nSET k v\r\n");
        p.hears(0, "+OK\r\n");
        p.say(other, "GET k");
        p.hears(other, "$-1\r\n");
        p.pass_ms(350);
        p.hears(0, "");
        p.pass_ms(150);
        p.hears(0, "+OK\r\n");
    }),
    omitted(
        84,
        "A script runs for more than 5 s",
        "There are no scripts, so no command that the \
        loop could look out of: nothing is ever answered `-BUSY`.",
    ),
    omitted(
        85,
        "The dataset is loading",
        "Nothing is persisted, so nothing is loaded: nothing \
        is ever answered `-LOADING`.",
    ),
    row(86, "RESP3: a push for the very guest whose command is running", |p| {
        p.say(0, "HELLO 3");
        p.say(0, "SUBSCRIBE news");
        p.ignore(0);
        p.say(0, "PUBLISH news soup");
        p.hears(0, ":1\r\n>3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$4\r\nsoup\r\n");
    })
    .differs(
        "Redis's case is a tracking invalidation. Tracking is not offered; what is shown is a \
         message, which goes the same way: the reply first.",
    ),
    omitted(
        87,
        "`appendfsync always`, a reply left over, a request on the same descriptor",
        "There is no append-only file, hence nothing that a reply would have to wait for. The \
        loop obeys the barrier bit all the same; a unit test of the engine sets it.",
    ),
    omitted(
        88,
        "The disk of the append-only file is full",
        "There is no append-only file: no \
        write is ever refused with `-MISCONF`.",
    ),
    row(89, "The system clock jumps", |p| {
        p.say(0, "SET k v PX 500");
        p.ignore(0);
        p.pass_ms(400);
        p.say(0, "EXISTS k");
        p.pass_ms(200);
        p.say(0, "EXISTS k");
        p.hears(0, ":1\r\n:0\r\n");
    })
    .differs(
        "In Redis a jump moves TTLs and idle times. Here the wall clock is read once, at birth; \
         everything, TTLs included, follows the steady clock from there, so there is no jump \
         to see.",
    ),
    row(90, "A command of half a second; meanwhile 20 PINGs and 35 guests at the door", |p| {
        let guests: Vec<usize> = (0..20).map(|_| p.connect()).collect();
        p.mark();
        p.send(0, "DEBUG SLEEP 0.5\r\n");
        p.hears(0, "+OK\r\n");
        guests.iter().for_each(|guest| p.queue(*guest, "PING\r\n"));
        (0..35).for_each(|_| _ = p.knock());
        p.settle();
        guests.iter().for_each(|guest| p.hears(*guest, "+PONG\r\n"));
        p.facts("20 reads, then ten accepts, then 20 writes in reverse", |facts| {
            in_one_cycle(facts)
        });
        p.say(0, "SLOWLOG LEN");
        p.hears(0, ":1\r\n");
    })
    .differs("The half second passes on the test's clock: no test sleeps."),
];

/// Whether one cycle reads 20, then accepts ten, and the next sweep writes the
/// 20 newest first.
fn in_one_cycle(facts: &[Event]) -> bool {
    let cycles = facts.split(|event| matches!(event, Event::CycleBegin { .. }));
    let fits = |cycle: &[Event]| {
        let (mut read, mut written, mut accepts) = (Vec::new(), Vec::<ClientId>::new(), 0);
        for event in cycle {
            match event {
                Event::Read { client, .. } if accepts == 0 => read.push(*client),
                Event::AcceptEnd { accepted: 10, why: AcceptEnd::CycleLimit } => accepts += 1,
                Event::Write { client, .. } if accepts == 1 => written.push(*client),
                _ => {}
            }
        }
        written.reverse();
        read.len() == 20 && accepts == 1 && read == written
    };
    cycles.into_iter().any(fits)
}
