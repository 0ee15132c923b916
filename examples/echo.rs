//! The floor under every server: `epoll_wait`, `read`, `write`, and nothing
//! else.
//!
//! Answers PING without parsing it, so that `cargo xtask bench` can tell how
//! much of a request's CPU time is the kernel's, which no server can save:
//! `cargo run --release --example echo -- PORT`, then
//! `redis-benchmark -p PORT -t ping_mbulk`.

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

const LISTENER: Token = Token(0);
const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const PONG: &[u8] = b"+PONG\r\n";
/// As many bytes as Redis reads at once.
const READ_BYTES: usize = 16 * 1024;

struct Guest {
    stream: TcpStream,
    /// Bytes of a PING that was cut by a read's end.
    carried: usize,
}

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(7601);
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let pongs = PONG.repeat(READ_BYTES / PING.len() + 1);
    let mut guests = BTreeMap::new();
    let mut next = 1;
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    poll.registry().register(&mut stream, Token(next), Interest::READABLE)?;
                    guests.insert(Token(next), Guest { stream, carried: 0 });
                    next += 1;
                }
            } else if let Some(guest) = guests.get_mut(&event.token())
                && !serve(guest, &pongs)
            {
                guests.remove(&event.token());
            }
        }
    }
}

/// One read and one write, as a server does it per readable client; a full
/// buffer asks for another read, since mio reports edges. `false` when the
/// connection is over.
fn serve(guest: &mut Guest, pongs: &[u8]) -> bool {
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
            let bytes = guest.carried + got;
            guest.carried = bytes % PING.len();
            &pongs[..bytes / PING.len() * PONG.len()]
        };
        if guest.stream.write_all(answer).is_err() {
            return false;
        }
        if got < READ_BYTES {
            return true;
        }
    }
}
