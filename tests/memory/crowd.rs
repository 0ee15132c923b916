//! A house full of guests on a network that takes no memory for what it does,
//! so that all that is counted is the engine's.

use onechef::engine::Engine;
use onechef::engine::config::Config;
use onechef::engine::server::Birth;
use onechef::net::{Accepted, Fd, Fired, Listening, Mask, Net, NetError, Timeout, Work};
use onechef::time::Micros;
use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddr};

pub const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const LISTENER: Fd = Fd(6);
const FIRST_GUEST: u32 = 8;

/// Guests are numbered by their descriptors, all say the same, and nobody
/// remembers what they were told.
struct Crowd {
    now: Micros,
    seated: u32,
    at_the_door: u32,
    /// What each guest says when it is read.
    says: Vec<u8>,
    /// Guests take their replies.
    reading: bool,
    gone: bool,
}

impl Net for Crowd {
    fn now(&self) -> Micros {
        self.now
    }

    fn listen(&mut self, address: SocketAddr, _: u32) -> Result<Listening, NetError> {
        Ok(Listening { fd: LISTENER, address })
    }

    fn accept(&mut self, _: Fd) -> Result<Accepted, NetError> {
        if self.at_the_door == 0 {
            return Err(NetError::WouldBlock);
        }
        self.at_the_door -= 1;
        let fd = Fd(FIRST_GUEST + self.seated);
        self.seated += 1;
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(Accepted { fd, peer: at(50_001), local: at(6379) })
    }

    fn read(&mut self, _: Fd, into: &mut [u8]) -> Result<usize, NetError> {
        if self.gone {
            return Ok(0);
        }
        into[..self.says.len()].copy_from_slice(&self.says);
        Ok(self.says.len())
    }

    fn write(&mut self, _: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError> {
        match self.reading {
            true => Ok(pieces.iter().map(|piece| piece.len()).sum()),
            false => Err(NetError::WouldBlock),
        }
    }

    fn watch(&mut self, _: Fd, _: Mask) {}

    fn close(&mut self, _: Fd) {}

    fn spend(&mut self, _: Work) {}
}

pub struct House {
    net: Crowd,
    engine: Engine,
    /// Who is ready in a cycle; made once.
    ready: Vec<Fired>,
}

/// More than any test seats.
const GUESTS_MAX: u32 = 20_000;

impl House {
    pub fn open() -> House {
        let mut net = Crowd {
            now: Micros::ZERO,
            seated: 0,
            at_the_door: 0,
            says: Vec::with_capacity(64 * 1024),
            reading: true,
            gone: false,
        };
        let birth = Birth {
            unix_epoch_us: 1_700_000_000_000_000,
            seed: 1,
            hash_seed: 1,
            process_id: 1,
            multiplexing_api: "none",
        };
        let config = Config { maxclients: GUESTS_MAX, ..Config::default() };
        let mut engine = Engine::new(config, birth);
        let door = SocketAddr::from((Ipv4Addr::LOCALHOST, 6379));
        engine.listen(&mut net, door).expect("this door always opens");
        House { net, engine, ready: Vec::with_capacity(GUESTS_MAX as usize) }
    }

    pub fn clients(&self) -> usize {
        self.engine.server().clients.len()
    }

    /// So many more come in and have a PING answered.
    pub fn seat_and_serve(&mut self, guests: u32) {
        self.net.at_the_door = guests;
        self.net.reading = true;
        let wanted = self.clients() + guests as usize;
        while self.clients() < wanted {
            self.cycle(&[Fired { fd: LISTENER, mask: Mask::READABLE }]);
        }
        self.hear_from_all(PING);
    }

    /// Every guest says this, all in one cycle.
    pub fn hear_from_all(&mut self, bytes: &[u8]) {
        self.net.says.clear();
        self.net.says.extend_from_slice(bytes);
        self.read_from_all();
    }

    /// No guest takes replies any more.
    pub fn stop_reading(&mut self) {
        self.net.reading = false;
    }

    /// All guests close their ends.
    pub fn leave(&mut self) {
        self.net.gone = true;
        self.read_from_all();
        self.net.gone = false;
        self.net.seated = 0;
    }

    /// Nobody says anything for a while; the clock's own work goes on.
    pub fn rest(&mut self, period: Micros) {
        let until = self.net.now.saturating_add(period);
        while self.net.now < until {
            self.cycle(&[]);
        }
    }

    fn read_from_all(&mut self) {
        let mut ready = std::mem::take(&mut self.ready);
        let guests = FIRST_GUEST..FIRST_GUEST + self.net.seated;
        ready.clear();
        ready.extend(guests.map(|fd| Fired { fd: Fd(fd), mask: Mask::READABLE }));
        self.cycle(&ready);
        self.cycle(&[]);
        self.ready = ready;
    }

    /// Time passes as the engine would wait.
    fn cycle(&mut self, fired: &[Fired]) {
        let timeout = self.engine.before_poll(&mut self.net);
        let wait = match timeout {
            Timeout::After(wait) if fired.is_empty() => wait,
            _ => Micros(1),
        };
        self.net.now = self.net.now.saturating_add(wait);
        self.engine.after_poll(&mut self.net, fired);
    }
}
