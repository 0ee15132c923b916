//! Framing and parsing: where a request begins and ends.

use super::play::{Play, words_of};
use super::{Row, row};

const MB: usize = 1024 * 1024;

pub const ROWS: &[Row] = &[
    row(1, "A request arrives one byte per packet", |p| {
        p.bytewise(0, "*1\r\n$4\r\nPING\r");
        p.hears(0, "");
        p.send(0, "\n");
        p.hears(0, "+PONG\r\n");
    }),
    row(2, "CR arrives, LF does not; then it does", |p| {
        p.send(0, "*1\r");
        p.hears(0, "");
        p.send(0, "\n$4\r\nPING\r\n");
        p.hears(0, "+PONG\r\n");
    }),
    row(3, "`*1\\rX$4…`: another byte in LF's place", |p| {
        p.send(0, "*1\rX$4\r\nPING\r\n");
        p.hears(0, "+PONG\r\n");
    }),
    row(4, "`$4\\r\\nPINGxx`: other bytes in place of CRLF behind an argument", |p| {
        p.send(0, "*1\r\n$4\r\nPINGxx");
        p.hears(0, "+PONG\r\n");
    }),
    row(5, "Header lines ended by LF alone", |p| {
        p.send(0, "*1\n$4\nPING\n");
        p.hears(0, "");
        p.stays(0);
    }),
    row(6, "An empty line, then PING", |p| {
        p.send(0, "\r\nPING\r\n");
        p.hears(0, "+PONG\r\n");
    }),
    row(7, "`*0`, `*-1`, `*-10`, then PING", |p| {
        p.send(0, "*0\r\n*-1\r\n*-10\r\n");
        p.hears(0, "");
        p.send(0, "PING\r\n");
        p.hears(0, "+PONG\r\n");
    }),
    row(8, "`*00`, `*+1`, `*01`, `*abc`, `*`, `* 1`", |p| {
        let headers = ["*00\r\n", "*+1\r\n", "*01\r\n", "*abc\r\n", "*\r\n", "* 1\r\n"];
        each_is_refused(p, &headers, "invalid multibulk length");
    }),
    row(9, "`*2147483647`", |p| waits_in_little_memory(p, "*2147483647\r\n")),
    row(10, "`*2147483648`, and more than 64 bits hold", |p| {
        let headers = ["*2147483648\r\n", "*99999999999999999999\r\n"];
        each_is_refused(p, &headers, "invalid multibulk length");
    }),
    row(11, "`*1048577`", |p| waits_in_little_memory(p, "*1048577\r\n")),
    row(12, "`$-1`, `$04`, `$+4`, `$abc`, `$`", |p| {
        let headers =
            ["*1\r\n$-1\r\n", "*1\r\n$04\r\n", "*1\r\n$+4\r\n", "*1\r\n$abc\r\n", "*1\r\n$\r\n"];
        each_is_refused(p, &headers, "invalid bulk length");
    }),
    row(13, "`$536870913`, above `proto-max-bulk-len`", |p| {
        each_is_refused(p, &["*1\r\n$536870913\r\n"], "invalid bulk length");
    }),
    row(14, "`$536870912`", |p| waits_in_little_memory(p, "*1\r\n$536870912\r\n")).differs(
        "Redis reserves all of it at once; here memory follows what has arrived \
         (CVE-2021-32675, CVE-2025-46686).",
    ),
    row(15, "A command name of no bytes", |p| {
        p.send(0, "*1\r\n$0\r\n\r\n");
        p.hears(0, "-ERR unknown command '', with args beginning with: \r\n");
        p.stays(0);
    }),
    row(16, "`ECHO \"\"`", |p| {
        p.send(0, "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n");
        p.hears(0, "$0\r\n\r\n");
    }),
    row(17, "`*2\\r\\n+3\\r\\n`: not a `$`", |p| {
        each_is_refused(p, &["*2\r\n+3\r\n"], "expected '$', got '+'");
    }),
    row(18, "A NUL byte where `$` belongs", |p| {
        p.send(0, "*1\r\n\0\r\nPING\r\n");
        p.hears(0, "");
        p.stays(0);
    }),
    row(19, "A header of more than 64 KB without CR", |p| {
        let digits = "1".repeat(65_536);
        each_is_refused(p, &[&format!("*{digits}")], "too big mbulk count string");
        each_is_refused(p, &[&format!("*1\r\n${digits}")], "too big bulk count string");
    }),
    row(20, "65,536 bytes without a line end", |p| {
        p.send(0, "x".repeat(65_536));
        p.hears(0, "");
        p.stays(0);
    }),
    row(21, "65,537 bytes without a line end", |p| {
        each_is_refused(p, &[&"x".repeat(65_537)], "too big inline request");
    }),
    row(22, "A NUL byte inside an inline request", |p| {
        p.send(0, "GET a\0b\r\n");
        p.hears(0, "");
        p.stays(0);
        p.send(0, "x".repeat(65_537 - "GET a\0b\r\n".len()));
        p.hears(0, "-ERR Protocol error: too big inline request\r\n");
        p.closed(0);
    }),
    row(23, "Inline `set a \"b`", |p| {
        each_is_refused(p, &["set a \"b\r\n"], "unbalanced quotes in request");
    }),
    row(24, "Inline `\"a\"b`", |p| {
        each_is_refused(p, &["\"a\"b\r\n"], "unbalanced quotes in request");
    }),
    row(25, "Inline `set k \"\\x41\\n\"`", |p| {
        p.send(0, "set k \"\\x41\\n\"\r\nget k\r\n");
        p.hears(0, "+OK\r\n$2\r\nA\n\r\n");
    }),
    row(26, "Inline, lines ended by LF alone", |p| {
        p.send(0, "PING\n");
        p.hears(0, "+PONG\r\n");
    }),
    row(27, "Inline and multibulk in one connection", |p| {
        p.send(0, "PING\r\n*1\r\n$4\r\nPING\r\nECHO x\r\n");
        p.hears(0, "+PONG\r\n+PONG\r\n$1\r\nx\r\n");
    }),
    row(28, "A good, a broken and a good request in one packet", |p| {
        p.send(0, "PING\r\n*2\r\n+3\r\nSET k v\r\n");
        p.hears(0, "+PONG\r\n-ERR Protocol error: expected '$', got '+'\r\n");
        p.closed(0);
        p.server("nothing was set", |server| server.store.db(0).is_empty());
    }),
    row(29, "An argument that contains CRLF", |p| {
        p.send(0, "*2\r\n$4\r\nECHO\r\n$7\r\na\r\n$1\r\n\r\n");
        p.hears(0, "$7\r\na\r\n$1\r\n\r\n");
    }),
    row(30, "A value of 5 MB", |p| {
        let mut set = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n", 5 * MB).into_bytes();
        set.resize(set.len() + 5 * MB, b'x');
        set.extend(b"\r\n");
        p.send(0, set);
        p.hears(0, "+OK\r\n");
        p.say(0, "STRLEN k");
        p.hears(0, ":5242880\r\n");
        p.server("no query buffer stays", |server| {
            server.clients.iter().all(|(_, client)| client.query.is_none())
        });
    })
    .differs(
        "Redis reserves the argument when its length is known and makes the buffer the value; \
         here the buffer doubles as bytes arrive and the value is copied out of it once.",
    ),
    row(31, "`$400000000` announced, three bytes sent", |p| {
        waits_in_little_memory(p, "*2\r\n$4\r\nECHO\r\n$400000000\r\nabc");
    })
    .differs(
        "Redis reserves 400 MB for it and gives it back after two idle seconds; here memory \
         follows what has arrived.",
    ),
    row(32, "`HELLO 4`", |p| {
        p.say(0, "HELLO 4");
        p.hears(0, "-NOPROTO unsupported protocol version\r\n");
        p.stays(0);
    }),
];

/// Each by a guest of its own: one line, then the door.
fn each_is_refused(p: &mut Play, requests: &[&str], error: &str) {
    for request in requests {
        let guest = p.connect();
        p.send(guest, request);
        p.hears(guest, format!("-ERR Protocol error: {error}\r\n"));
        p.closed(guest);
    }
    p.send(0, words_of("PING"));
    p.ignore(0);
}

fn waits_in_little_memory(p: &mut Play, request: &str) {
    p.send(0, request);
    p.hears(0, "");
    p.stays(0);
    p.server("its buffer has 64 KB at most", |server| {
        let buffers = server.clients.iter().filter_map(|(_, client)| client.query.as_ref());
        buffers.map(|query| query.buffer.len()).sum::<usize>() <= 64 * 1024
    });
}
