//! The network under test, as it is or behind faults, with the laws that hold
//! for every single wait.

use super::ground::Ground;
use onechef::net::fault::{Abort, Fault, FaultConfig};
use onechef::net::{Accepted, Fd, Fired, Mask, Net, NetError, Timeout, Wait};
use onechef::time::Micros;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::ops::Range;

/// A network as it is, or behind something.
pub trait Guise {
    type Over<N: Net + Wait + Abort>: Net + Wait;
    /// How often to run each test.
    const SEEDS: Range<u64>;
    /// Whether it may report what does not hold (law 5 allows it), so that a
    /// test cannot expect silence.
    const INVENTS: bool;
    fn put_on<N: Net + Wait + Abort>(net: N, seed: u64) -> Self::Over<N>;
    fn look_under<N: Net + Wait + Abort>(over: &mut Self::Over<N>) -> &mut N;
}

pub struct Plain;

impl Guise for Plain {
    type Over<N: Net + Wait + Abort> = N;
    const SEEDS: Range<u64> = 0..1;
    const INVENTS: bool = false;
    fn put_on<N: Net + Wait + Abort>(net: N, _: u64) -> N {
        net
    }
    fn look_under<N: Net + Wait + Abort>(over: &mut N) -> &mut N {
        over
    }
}

/// Faults that end no connection: those have tests of their own.
pub struct Faulty;

impl Guise for Faulty {
    type Over<N: Net + Wait + Abort> = Fault<N>;
    const SEEDS: Range<u64> = 0..12;
    const INVENTS: bool = true;
    fn put_on<N: Net + Wait + Abort>(net: N, seed: u64) -> Fault<N> {
        Fault::new(net, FaultConfig::bumpy(seed))
    }
    fn look_under<N: Net + Wait + Abort>(over: &mut Fault<N>) -> &mut N {
        over.inner_mut()
    }
}

/// The network under test, its far ends, and what a loop would remember.
pub struct World<G: Ground, F: Guise> {
    pub net: F::Over<G::Net>,
    pub ground: G,
    pub listener: Fd,
    pub watched: Vec<(Fd, Mask)>,
    pub last_now: Micros,
}

/// A bound for loops that must come to an end.
pub const PATIENCE: usize = 10_000;

impl<G: Ground, F: Guise> World<G, F> {
    pub fn open(seed: u64) -> World<G, F> {
        let (ground, net, listener) = G::open();
        let net = F::put_on(net, seed);
        let mut world =
            World { net, ground, listener, watched: Vec::new(), last_now: Micros::ZERO };
        world.watch(listener, Mask::READABLE);
        world
    }

    pub fn play<T>(&mut self, act: impl FnOnce(&mut G, &mut G::Net) -> T) -> T {
        act(&mut self.ground, F::look_under(&mut self.net))
    }

    pub fn connect(&mut self) -> (usize, SocketAddr) {
        self.play(|ground, net| ground.connect(net))
    }

    pub fn send(&mut self, peer: usize, bytes: &[u8]) {
        self.play(|ground, net| ground.send(net, peer, bytes));
    }

    /// A far end and its seat.
    pub fn seat(&mut self) -> (usize, Fd) {
        let (peer, address) = self.connect();
        let accepted = self.accept();
        assert_eq!(accepted.peer, address);
        self.watch(accepted.fd, Mask::READABLE);
        (peer, accepted.fd)
    }

    pub fn accept(&mut self) -> Accepted {
        for _ in 0..PATIENCE {
            self.wait_for(self.listener, Mask::READABLE);
            match self.net.accept(self.listener) {
                Ok(accepted) => return accepted,
                Err(NetError::WouldBlock | NetError::Exhausted) if F::INVENTS => {}
                Err(error) => panic!("{error}"),
            }
        }
        panic!("nobody comes in");
    }

    pub fn watch(&mut self, fd: Fd, mask: Mask) {
        self.net.watch(fd, mask);
        self.watched.retain(|(known, _)| *known != fd);
        self.watched.push((fd, mask));
    }

    pub fn close(&mut self, fd: Fd) {
        self.net.close(fd);
        self.watched.retain(|(known, _)| *known != fd);
    }

    /// One wait, with the laws that hold for every wait.
    pub fn wait(&mut self, timeout: Timeout) -> Vec<Fired> {
        let mut fired = vec![Fired { fd: Fd(u32::MAX), mask: Mask::BOTH }];
        self.net.wait(timeout, &mut fired);
        for (index, entry) in fired.iter().enumerate() {
            let again = fired[..index].iter().any(|earlier| earlier.fd == entry.fd);
            assert!(!again, "law 2: {} is reported twice in {fired:?}", entry.fd);
            let watched = self.watched.iter().find(|(fd, _)| *fd == entry.fd);
            let (_, watched) = watched.unwrap_or_else(|| panic!("law 4: {entry:?} is not watched"));
            assert!(!entry.mask.is_none() && entry.mask.without(*watched).is_none(), "law 4");
        }
        let now = self.net.now();
        assert!(now >= self.last_now, "law 8: now goes back");
        self.last_now = now;
        fired
    }

    /// Waits until `fd` is reported with all of `mask`.
    pub fn wait_for(&mut self, fd: Fd, mask: Mask) {
        for _ in 0..PATIENCE {
            let fired = self.wait(Timeout::After(Micros::from_millis(1)));
            if fired.iter().any(|entry| entry.fd == fd && mask.without(entry.mask).is_none()) {
                return;
            }
        }
        panic!("{fd} never becomes ready for {mask:?}");
    }

    /// Nothing in `mask` is reported of `fd` now.
    pub fn expect_silence(&mut self, fd: Fd, mask: Mask) {
        for _ in 0..3 {
            let fired = self.wait(Timeout::Now);
            let heard = fired.iter().find(|entry| entry.fd == fd && entry.mask.has(mask));
            assert!(F::INVENTS || heard.is_none(), "{heard:?}");
        }
    }

    /// One read that says something.
    pub fn read(&mut self, fd: Fd, len: usize) -> Result<Vec<u8>, NetError> {
        for _ in 0..PATIENCE {
            self.wait_for(fd, Mask::READABLE);
            let mut buffer = vec![0; len];
            match self.net.read(fd, &mut buffer) {
                Err(NetError::WouldBlock) => {}
                Ok(n) => return Ok(buffer[..n].to_vec()),
                Err(error) => return Err(error),
            }
        }
        panic!("{fd} is readable but never read");
    }

    pub fn read_exact(&mut self, fd: Fd, len: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < len {
            let part = self.read(fd, len - bytes.len()).unwrap();
            assert!(!part.is_empty(), "the stream ends too early");
            bytes.extend(part);
        }
        bytes
    }

    /// Writes until the network takes no more; with faults, until it has
    /// refused so often that it must mean it.
    pub fn write_until_full(&mut self, fd: Fd, bytes: &[u8]) -> usize {
        let (mut written, mut refusals) = (0, 0);
        while written < bytes.len() && refusals < 20 {
            match self.net.write(fd, &[IoSlice::new(&bytes[written..])]) {
                Ok(n) => (written, refusals) = (written + n, 0),
                Err(NetError::WouldBlock) => refusals += 1,
                Err(error) => panic!("{error}"),
            }
        }
        written
    }

    pub fn write_all(&mut self, fd: Fd, bytes: &[u8]) {
        assert_eq!(self.write_until_full(fd, bytes), bytes.len(), "the buffer is big enough");
    }
}
