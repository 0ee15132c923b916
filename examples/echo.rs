//! The floor under every server: `epoll_wait`, `read`, `write`, and nothing
//! else.
//!
//! Answers PING and GET without parsing them, so that `cargo xtask bench` can
//! tell how much of a request's CPU time is the kernel's, which no server can
//! save: `cargo run --release --example echo -- PORT [VALUE_BYTES]`, then
//! `redis-benchmark -p PORT -t ping_mbulk`, or `-t get` for the bytes of GETs of
//! values of that size.

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

const LISTENER: Token = Token(0);
const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const PONG: &[u8] = b"+PONG\r\n";
/// What `redis-benchmark -t get` sends, but for the twelve digits of the key.
const GET: &[u8] = b"*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000000\r\n";
/// As many bytes as Redis reads at once.
const READ_BYTES: usize = 16 * 1024;

struct Guest {
    stream: TcpStream,
    /// Bytes of a request that was cut by a read's end.
    carried: usize,
    /// What it asks for.
    gets: bool,
}

/// One kind of request: its length, and as many answers as one read can ask for.
struct Kind {
    request: usize,
    answer: usize,
    answers: Vec<u8>,
}

impl Kind {
    fn new(request: &[u8], answer: &[u8]) -> Kind {
        let answers = answer.repeat(READ_BYTES / request.len() + 1);
        Kind { request: request.len(), answer: answer.len(), answers }
    }
}

fn main() -> io::Result<()> {
    let number = |nth| std::env::args().nth(nth).and_then(|word| word.parse().ok());
    let port = number(1).unwrap_or(7601);
    let value = "x".repeat(usize::from(number(2).unwrap_or(3)));
    let bulk = format!("${}\r\n{value}\r\n", value.len());
    let (ping, get) = (Kind::new(PING, PONG), Kind::new(GET, bulk.as_bytes()));
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut guests = BTreeMap::new();
    let mut next = 1;
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    poll.registry().register(&mut stream, Token(next), Interest::READABLE)?;
                    guests.insert(Token(next), Guest { stream, carried: 0, gets: false });
                    next += 1;
                }
            } else if let Some(guest) = guests.get_mut(&event.token())
                && !serve(guest, &ping, &get)
            {
                guests.remove(&event.token());
            }
        }
    }
}

/// One read and one write, as a server does it per readable client; a full
/// buffer asks for another read, since mio reports edges. `false` when the
/// connection is over.
fn serve(guest: &mut Guest, ping: &Kind, get: &Kind) -> bool {
    let mut buffer = [0; READ_BYTES];
    loop {
        let got = match guest.stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(got) => got,
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        };
        let answer = if buffer.starts_with(b"*3") {
            // redis-benchmark asks for two settings before it begins.
            let questions = buffer[..got].windows(6).filter(|w| w == b"CONFIG").count();
            &b"-ERR not here\r\n".repeat(questions)
        } else {
            if guest.carried == 0 {
                guest.gets = buffer.starts_with(b"*2");
            }
            let kind = if guest.gets { get } else { ping };
            let bytes = guest.carried + got;
            guest.carried = bytes % kind.request;
            &kind.answers[..bytes / kind.request * kind.answer]
        };
        if guest.stream.write_all(answer).is_err() {
            return false;
        }
        if got < READ_BYTES {
            return true;
        }
    }
}
