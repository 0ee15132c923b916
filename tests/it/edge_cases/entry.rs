//! Other protocols, passwords, and who may ask what.

use super::{Row, row};
use onechef::event::Event;

const PASSWORD: &[(&str, &str)] = &[("requirepass", "secret")];

pub const ROWS: &[Row] = &[
    row(33, "`POST / HTTP/1.1`", |p| {
        p.send(0, "POST / HTTP/1.1\r\n");
        p.hears(0, "");
        p.closed(0);
    }),
    row(34, "`GET / HTTP/1.1`, then `Host: x`", |p| {
        p.send(0, "GET / HTTP/1.1\r\nHost: x\r\n");
        p.hears(0, "");
        p.closed(0);
    }),
    row(35, "PING and POST in one packet", |p| {
        p.send(0, "PING\r\nPOST / HTTP/1.1\r\n");
        p.hears(0, "");
        p.closed(0);
    }),
    row(36, "PING, its answer, then POST", |p| {
        p.send(0, "PING\r\n");
        p.hears(0, "+PONG\r\n");
        p.send(0, "POST / HTTP/1.1\r\n");
        p.hears(0, "");
        p.closed(0);
    }),
    row(37, "A command that there is not", |p| {
        p.say(0, "x a b");
        p.hears(0, "-ERR unknown command 'x', with args beginning with: 'a' 'b' \r\n");
        p.stays(0);
    }),
    row(38, "Before AUTH: 11 arguments, and 10", |p| {
        p.send(0, "*11\r\n");
        p.hears(0, "-ERR Protocol error: unauthenticated multibulk length\r\n");
        p.closed(0);
        let guest = p.connect();
        p.send(guest, "*10\r\n");
        p.hears(guest, "");
        p.stays(guest);
    })
    .with(PASSWORD),
    row(39, "Before AUTH: an argument of 16,385 bytes, and of 16,384", |p| {
        p.send(0, "*1\r\n$16385\r\n");
        p.hears(0, "-ERR Protocol error: unauthenticated bulk length\r\n");
        p.closed(0);
        let guest = p.connect();
        p.send(guest, "*1\r\n$16384\r\n");
        p.hears(guest, "");
        p.stays(guest);
    })
    .with(PASSWORD),
    row(40, "Before AUTH: a flood of requests, no answer read", |p| {
        p.send(0, "SET x 5\r\n".repeat(100_000));
        p.gone(0);
        p.facts("it was owed 64 KB at most", |facts| {
            let owed = |event: &Event| match event {
                Event::ReplyQueued { buffered, listed, .. } => buffered + listed,
                _ => 0,
            };
            facts.iter().map(owed).max().is_some_and(|most| most <= 64 * 1024)
        });
    })
    .with(PASSWORD)
    .differs(
        "Redis 7.4.1 queues without end; 7.4.3 and later close, as here, when more than 1 KB \
         waits beyond the first buffer (CVE-2025-21605).",
    ),
    row(41, "Protected mode: no password, a guest from another machine; then without it", |p| {
        p.foreign();
        let guest = p.connect();
        p.heard_is(guest, "one line, `-DENIED …`", |heard| {
            heard.starts_with(b"-DENIED ") && heard.iter().filter(|b| **b == b'\n').count() == 1
        });
        p.closed(guest);
        p.server("rejected_connections is 1", |server| server.stats.rejected_connections == 1);
        p.say(0, "CONFIG SET protected-mode no");
        let guest = p.connect();
        p.say(guest, "PING");
        p.hears(guest, "+PONG\r\n");
    })
    .differs(
        "The text is our own. Where the guest comes from is pretended on TCP, too: tests talk \
         to this machine only.",
    ),
    row(42, "A subscriber in RESP2 sends GET", |p| {
        p.say(0, "SUBSCRIBE news");
        p.hears(0, "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
        p.say(0, "GET k");
        p.hears(
            0,
            "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / \
             RESET are allowed in this context\r\n",
        );
        p.stays(0);
    }),
];
