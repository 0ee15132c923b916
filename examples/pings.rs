//! One client asks PING, again and again: on the virtual network, or to the
//! loop alone, on a network that does nothing.
//!
//! `cargo xtask bench --instructions` runs it under valgrind to count what a
//! PING costs, with facts stated, not stated, and not even built in:
//! `pings COUNT on|off virtual|loop`. Simulating a kernel costs more than the
//! loop does, so only the second ground shows the loop's own share.

use onechef::engine::Engine;
use onechef::engine::config::Config;
use onechef::engine::server::Birth;
use onechef::net::virt::{Conn, GuestAction, Link, Virt, VirtConfig};
use onechef::net::{Accepted, Fd, Fired, Listening, Mask, Net, NetError, Wait, Work};
use onechef::time::Micros;
use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddr};

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const PONG_BYTES: u64 = 7;
const LISTENER: Fd = Fd(6);
const CLIENT: Fd = Fd(8);

/// One guest, who has always just asked and takes every answer.
#[derive(Default)]
struct Loopback {
    now: Micros,
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
        into[..PING.len()].copy_from_slice(PING);
        Ok(PING.len())
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
    let (count, watched, ground) = match words.as_slice() {
        [count, "on", ground] => (count, true, *ground),
        [count, "off", ground] => (count, false, *ground),
        _ => panic!("usage: pings COUNT on|off virtual|loop"),
    };
    let count = count.parse().expect("a number of PINGs");
    match ground {
        "virtual" => on_the_virtual_network(count, watched),
        "loop" => on_the_loop_alone(count, watched),
        other => panic!("{other}: expected virtual or loop"),
    }
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

fn on_the_loop_alone(count: u64, watched: bool) {
    let mut net = Loopback::default();
    let mut engine = open(&mut net, watched);
    let mut facts = Vec::new();
    let mut cycle = |fd, net: &mut Loopback| {
        engine.before_poll(net);
        net.now = net.now.saturating_add(Micros(1));
        engine.after_poll(net, &[Fired { fd, mask: Mask::READABLE }]);
        engine.take_events(&mut facts);
        facts.clear();
    };
    cycle(LISTENER, &mut net);
    for _ in 0..count {
        cycle(CLIENT, &mut net);
    }
    // The last answer leaves in the sweep of the cycle after it.
    cycle(LISTENER, &mut net);
    assert_eq!(net.answered_bytes, PONG_BYTES * count, "every PING has its PONG");
}

fn on_the_virtual_network(count: u64, watched: bool) {
    let mut net = Virt::new(VirtConfig::default());
    let mut engine = open(&mut net, watched);
    let guest = Conn(0);
    let connect = GuestAction::Connect { name: "ana".into(), link: Link::default() };
    net.schedule(Micros::ZERO, guest, connect);
    let (mut fired, mut facts, mut pipes) = (Vec::new(), Vec::new(), Vec::new());
    let mut asked = 0;
    while net.received(guest).len() as u64 / PONG_BYTES < count {
        if net.received(guest).len() as u64 / PONG_BYTES == asked {
            net.schedule(net.now(), guest, GuestAction::Send { bytes: PING.to_vec() });
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
