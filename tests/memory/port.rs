//! An engine on a port of its own, and guests on real sockets, all on one
//! thread: the loop turns while a guest waits for it.

use onechef::engine::Engine;
use onechef::engine::config::Config;
use onechef::engine::server::Birth;
use onechef::net::tcp::{Tcp, TcpConfig};
use onechef::net::{Timeout, Wait};
use onechef::time::Micros;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

pub struct Port {
    net: Tcp,
    engine: Engine,
    address: SocketAddr,
    fired: Vec<onechef::net::Fired>,
    guests: Vec<TcpStream>,
}

/// A loop that has turned so often without what it is waited for has lost it.
const CYCLES_MAX: u32 = 100_000;

impl Port {
    pub fn open() -> Port {
        let mut net = Tcp::new(TcpConfig::default()).expect("a poll instance");
        let birth = Birth {
            unix_epoch_us: 1_700_000_000_000_000,
            seed: 1,
            hash_seed: 1,
            process_id: 1,
            multiplexing_api: "epoll",
        };
        let mut engine = Engine::new(Config::default(), birth);
        let door = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        engine.listen(&mut net, door).expect("any port will do");
        let address = engine.server().listeners[0].address;
        Port { net, engine, address, fired: Vec::new(), guests: Vec::new() }
    }

    /// So many connect and are accepted.
    pub fn seat(&mut self, guests: usize) {
        for _ in 0..guests {
            // The kernel completes the handshake; the engine accepts later.
            self.guests.push(TcpStream::connect(self.address).expect("the door is open"));
        }
        self.turn_until(|engine| engine.server().clients.len() == guests);
    }

    /// All guests close their ends, and the engine has noticed.
    pub fn close_all(&mut self) {
        self.guests = Vec::new();
        self.turn_until(|engine| engine.server().clients.is_empty());
        // What the last cycle left to the next.
        self.cycle();
    }

    fn turn_until(&mut self, done: impl Fn(&Engine) -> bool) {
        for _ in 0..CYCLES_MAX {
            if done(&self.engine) {
                return;
            }
            self.cycle();
        }
        panic!("the loop turned {CYCLES_MAX} times for nothing");
    }

    fn cycle(&mut self) {
        self.engine.before_poll(&mut self.net);
        // A bound, so that a loss is a failure and not a hang.
        self.net.wait(Timeout::After(Micros::from_millis(1)), &mut self.fired);
        self.engine.after_poll(&mut self.net, &self.fired);
    }
}
