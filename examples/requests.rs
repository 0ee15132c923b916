//! One client asks, again and again: on the virtual network, or the loop
//! alone, on a network that does nothing.
//!
//! `cargo xtask bench --instructions` runs it under valgrind to count what a
//! request costs, with facts stated, not stated, and not even built in:
//! `requests COUNT on|off virtual` asks PING, one at a time; `requests COUNT
//! on|off loop COMMAND PIPELINE` asks what `redis-benchmark` does. Simulating a
//! kernel costs more than the loop does, so only the latter shows the loop's
//! own share.

use onechef::engine::Engine;
use onechef::engine::config::Config;
use onechef::engine::server::Birth;
use onechef::net::virt::{Conn, GuestAction, Link, Virt, VirtConfig};
use onechef::net::{Accepted, Fd, Fired, Listening, Mask, Net, NetError, Wait, Work};
use onechef::time::Micros;
use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddr};

const LISTENER: Fd = Fd(6);
const CLIENT: Fd = Fd(8);
/// What `redis-benchmark` writes unless told otherwise.
const VALUE: &str = "xxx";

/// One guest, who has always just asked and takes every answer.
struct Loopback {
    now: Micros,
    /// What the next reads bring.
    asks: Vec<u8>,
    /// How much of it has been read.
    read: usize,
    answered_bytes: u64,
    seated: bool,
}

impl Net for Loopback {
    fn now(&self) -> Micros {
        self.now
    }

    fn listen(&mut self, address: SocketAddr, _: u32) -> Result<Listening, NetError> {
        Ok(Listening { fd: LISTENER, address })
    }

    fn accept(&mut self, _: Fd) -> Result<Accepted, NetError> {
        if std::mem::replace(&mut self.seated, true) {
            return Err(NetError::WouldBlock);
        }
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(Accepted { fd: CLIENT, peer: at(50_001), local: at(6379) })
    }

    fn read(&mut self, _: Fd, into: &mut [u8]) -> Result<usize, NetError> {
        let left = &self.asks[self.read..];
        let n = left.len().min(into.len());
        into[..n].copy_from_slice(&left[..n]);
        self.read = (self.read + n) % self.asks.len();
        Ok(n)
    }

    fn write(&mut self, _: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError> {
        let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
        self.answered_bytes += bytes as u64;
        Ok(bytes)
    }

    fn watch(&mut self, _: Fd, _: Mask) {}

    fn close(&mut self, _: Fd) {}

    fn spend(&mut self, _: Work) {}
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (count, tracing, ground) = match words[..] {
        [count, tracing, "virtual"] => (count, tracing, None),
        [count, tracing, "loop", command, pipeline] => (count, tracing, Some((command, pipeline))),
        _ => panic!("usage: requests COUNT on|off virtual | loop COMMAND PIPELINE"),
    };
    let watched = match tracing {
        "on" => true,
        "off" => false,
        other => panic!("{other}: expected on or off"),
    };
    let count = count.parse().expect("how many requests");
    match ground {
        None => on_the_virtual_network(count, watched),
        Some((command, pipeline)) => {
            let pipeline = pipeline.parse().expect("how many requests at a time");
            on_the_loop_alone(count, watched, command, pipeline);
        }
    }
}

/// What the `n`th request of a batch says.
fn words_of(command: &str, n: u64) -> Vec<String> {
    let key = format!("key:{n:012}");
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match command {
        "PING" => words(&["PING"]),
        "SET" => words(&["SET", &key, VALUE]),
        "GET" => words(&["GET", &key]),
        "INCR" => words(&["INCR", &format!("counter:{n:012}")]),
        "LPUSH" => words(&["LPUSH", "mylist", VALUE]),
        "LRANGE_100" => words(&["LRANGE", "hundred", "0", "99"]),
        "MSET" => {
            let mut mset = vec!["MSET".to_owned()];
            for pair in 0..10 {
                mset.push(format!("key:{:012}", n * 10 + pair));
                mset.push(VALUE.to_owned());
            }
            mset
        }
        other => panic!("{other}: a command that this does not know"),
    }
}

fn request(words: &[String]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    bytes
}

fn batch(command: &str, pipeline: u64) -> Vec<u8> {
    (0..pipeline).flat_map(|n| request(&words_of(command, n))).collect()
}

/// What must be there for the others to find, in one request each.
fn preparation() -> Vec<u8> {
    let mut hundred = vec!["RPUSH".to_owned(), "hundred".to_owned()];
    hundred.resize(102, VALUE.to_owned());
    [request(&hundred), batch("SET", 64)].concat()
}

fn open<N: Net>(net: &mut N, watched: bool) -> Engine {
    let birth = Birth {
        unix_epoch_us: 1_700_000_000_000_000,
        seed: 1,
        hash_seed: 1,
        process_id: 1,
        multiplexing_api: "virtual",
    };
    let mut engine = Engine::new(Config::default(), birth);
    engine.watch_events(net, watched);
    let door = SocketAddr::from((Ipv4Addr::LOCALHOST, 6379));
    engine.listen(net, door).expect("this door always opens");
    engine
}

fn on_the_loop_alone(count: u64, watched: bool, command: &str, pipeline: u64) {
    let asks = preparation();
    let mut net = Loopback { now: Micros::ZERO, asks, read: 0, answered_bytes: 0, seated: false };
    let mut engine = open(&mut net, watched);
    let mut facts = Vec::new();
    let mut cycle = |engine: &mut Engine, fd, net: &mut Loopback| {
        engine.before_poll(net);
        net.now = net.now.saturating_add(Micros(1));
        engine.after_poll(net, &[Fired { fd, mask: Mask::READABLE }]);
        engine.take_events(&mut facts);
        facts.clear();
    };
    cycle(&mut engine, LISTENER, &mut net);
    cycle(&mut engine, CLIENT, &mut net);
    let prepared = engine.server().stats.total_commands_processed;
    net.asks = batch(command, pipeline);
    for _ in 0..count / pipeline {
        cycle(&mut engine, CLIENT, &mut net);
        while net.read > 0 {
            cycle(&mut engine, CLIENT, &mut net);
        }
    }
    // The last answers leave in the sweep of the cycle after it.
    cycle(&mut engine, LISTENER, &mut net);
    let stats = &engine.server().stats;
    assert_eq!(stats.total_commands_processed - prepared, count / pipeline * pipeline);
    assert_eq!(stats.total_error_replies, 0);
    assert_eq!(stats.total_net_output_bytes, net.answered_bytes, "every answer has left");
}

/// PING, one at a time.
fn on_the_virtual_network(count: u64, watched: bool) {
    const PONG_BYTES: u64 = 7;
    let mut net = Virt::new(VirtConfig::default());
    let mut engine = open(&mut net, watched);
    let guest = Conn(0);
    let connect = GuestAction::Connect { name: "ana".into(), link: Link::default() };
    net.schedule(Micros::ZERO, guest, connect);
    let (mut fired, mut facts, mut pipes) = (Vec::new(), Vec::new(), Vec::new());
    let mut asked = 0;
    while net.received(guest).len() as u64 / PONG_BYTES < count {
        if net.received(guest).len() as u64 / PONG_BYTES == asked {
            net.schedule(net.now(), guest, GuestAction::Send { bytes: batch("PING", 1) });
            asked += 1;
        }
        let timeout = engine.before_poll(&mut net);
        net.wait(timeout, &mut fired);
        engine.after_poll(&mut net, &fired);
        engine.take_events(&mut facts);
        net.take_facts(&mut pipes);
        facts.clear();
        pipes.clear();
    }
}
