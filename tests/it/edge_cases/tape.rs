//! A run on real sockets, had again: what the kernel said is written down,
//! call by call, and said once more to another engine.

use onechef::engine::Engine;
use onechef::event::Stamped;
use onechef::net::{Accepted, Fd, Fired, Listening, Mask, Net, NetError, Timeout, Wait, Work};
use onechef::time::Micros;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::net::SocketAddr;

/// One call of the loop's, and what came of it.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Now(Micros),
    Listen(Result<Listening, NetError>),
    Accept(Fd, Result<Accepted, NetError>),
    Read(Fd, Result<Vec<u8>, NetError>),
    /// The bytes offered, hashed.
    Write(Fd, u64, Result<usize, NetError>),
    Watch(Fd, Mask),
    Close(Fd),
    Spend(Work),
    Wait(Vec<Fired>),
}

/// Writes down what a network says.
pub struct Tape<N> {
    pub inner: N,
    said: RefCell<Vec<Said>>,
}

impl<N> Tape<N> {
    pub fn new(inner: N) -> Tape<N> {
        Tape { inner, said: RefCell::default() }
    }

    fn say(&self, said: Said) {
        self.said.borrow_mut().push(said);
    }
}

fn hash(pieces: &[IoSlice<'_>]) -> u64 {
    let bytes = pieces.iter().flat_map(|piece| piece.iter());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl<N: Net> Net for Tape<N> {
    fn now(&self) -> Micros {
        let now = self.inner.now();
        self.say(Said::Now(now));
        now
    }

    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Listening, NetError> {
        let listening = self.inner.listen(address, backlog);
        self.say(Said::Listen(listening));
        listening
    }

    fn accept(&mut self, listener: Fd) -> Result<Accepted, NetError> {
        let accepted = self.inner.accept(listener);
        self.say(Said::Accept(listener, accepted));
        accepted
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, NetError> {
        let read = self.inner.read(fd, into);
        self.say(Said::Read(fd, read.map(|n| into[..n].to_vec())));
        read
    }

    fn write(&mut self, fd: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError> {
        let written = self.inner.write(fd, pieces);
        self.say(Said::Write(fd, hash(pieces), written));
        written
    }

    fn watch(&mut self, fd: Fd, mask: Mask) {
        self.say(Said::Watch(fd, mask));
        self.inner.watch(fd, mask);
    }

    fn close(&mut self, fd: Fd) {
        self.say(Said::Close(fd));
        self.inner.close(fd);
    }

    fn spend(&mut self, work: Work) {
        self.say(Said::Spend(work));
        self.inner.spend(work);
    }
}

impl<N: Wait> Wait for Tape<N> {
    fn wait(&mut self, timeout: Timeout, fired: &mut Vec<Fired>) {
        self.inner.wait(timeout, fired);
        self.say(Said::Wait(fired.clone()));
    }
}

/// Says again what was said.
struct Replay {
    said: RefCell<VecDeque<Said>>,
}

impl Replay {
    fn next(&self) -> Said {
        self.said.borrow_mut().pop_front().expect("a call more than the first time")
    }

    /// What the loop does without an answer must be what it did.
    fn expect(&self, does: &Said) {
        assert_eq!(self.next(), *does, "another call than the first time");
    }
}

impl Net for Replay {
    fn now(&self) -> Micros {
        match self.next() {
            Said::Now(now) => now,
            other => panic!("the time is asked for; the first time it was {other:?}"),
        }
    }

    fn listen(&mut self, _: SocketAddr, _: u32) -> Result<Listening, NetError> {
        match self.next() {
            Said::Listen(listening) => listening,
            other => panic!("a door is opened; the first time it was {other:?}"),
        }
    }

    fn accept(&mut self, listener: Fd) -> Result<Accepted, NetError> {
        match self.next() {
            Said::Accept(fd, accepted) if fd == listener => accepted,
            other => panic!("accept({listener}); the first time it was {other:?}"),
        }
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, NetError> {
        match self.next() {
            Said::Read(known, read) if known == fd => read.map(|bytes| {
                into[..bytes.len()].copy_from_slice(&bytes);
                bytes.len()
            }),
            other => panic!("read({fd}); the first time it was {other:?}"),
        }
    }

    fn write(&mut self, fd: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError> {
        match self.next() {
            Said::Write(known, bytes, written) if known == fd && bytes == hash(pieces) => written,
            other => panic!("write({fd}); the first time it was {other:?}"),
        }
    }

    fn watch(&mut self, fd: Fd, mask: Mask) {
        self.expect(&Said::Watch(fd, mask));
    }

    fn close(&mut self, fd: Fd) {
        self.expect(&Said::Close(fd));
    }

    fn spend(&mut self, work: Work) {
        self.expect(&Said::Spend(work));
    }
}

impl<N> Tape<N> {
    /// The facts that another engine states when it hears the same.
    pub fn replay(&mut self, mut engine: Engine, door: SocketAddr) -> Vec<Stamped> {
        let mut net = Replay { said: RefCell::new(self.said.take().into()) };
        let mut facts = Vec::new();
        engine.watch_events(&net, true);
        engine.listen(&mut net, door).expect("it was free the first time");
        while !net.said.borrow().is_empty() {
            engine.before_poll(&mut net);
            if engine.is_stopping() {
                engine.shut_down(&mut net);
            } else {
                match net.next() {
                    Said::Wait(fired) => engine.after_poll(&mut net, &fired),
                    other => panic!("the loop sleeps; the first time it was {other:?}"),
                }
            }
            engine.take_events(&mut facts);
        }
        facts
    }
}
