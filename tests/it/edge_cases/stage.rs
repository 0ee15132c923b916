//! A network as it is, with a clock that a test can move on and two lies that
//! it can be told to tell. The bytes are the network's own.

use onechef::net::{Accepted, Fd, Fired, Listening, Mask, Net, NetError, Timeout, Wait, Work};
use onechef::time::Micros;
use std::io::IoSlice;
use std::net::SocketAddr;

pub struct Stage<N> {
    pub inner: N,
    /// How far the clock is ahead of the network's.
    pub ahead: Micros,
    /// Whoever comes is said to come from another machine.
    pub foreign: bool,
    /// There is no descriptor for anybody.
    pub exhausted: bool,
}

/// An address that is nobody's (RFC 5737).
const FAR_AWAY: ([u8; 4], u16) = ([192, 0, 2, 1], 50_001);

impl<N> Stage<N> {
    pub fn new(inner: N) -> Stage<N> {
        Stage { inner, ahead: Micros::ZERO, foreign: false, exhausted: false }
    }
}

impl<N: Net> Net for Stage<N> {
    fn now(&self) -> Micros {
        self.inner.now().saturating_add(self.ahead)
    }

    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Listening, NetError> {
        self.inner.listen(address, backlog)
    }

    fn accept(&mut self, listener: Fd) -> Result<Accepted, NetError> {
        if self.exhausted {
            return Err(NetError::Exhausted);
        }
        let accepted = self.inner.accept(listener)?;
        let peer = if self.foreign { SocketAddr::from(FAR_AWAY) } else { accepted.peer };
        Ok(Accepted { peer, ..accepted })
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, NetError> {
        self.inner.read(fd, into)
    }

    fn write(&mut self, fd: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError> {
        self.inner.write(fd, pieces)
    }

    fn watch(&mut self, fd: Fd, mask: Mask) {
        self.inner.watch(fd, mask);
    }

    fn close(&mut self, fd: Fd) {
        self.inner.close(fd);
    }

    fn spend(&mut self, work: Work) {
        match work {
            // No test sleeps.
            Work::Sleep { micros } => self.ahead = self.ahead.saturating_add(micros),
            work => self.inner.spend(work),
        }
    }
}

impl<N: Wait> Wait for Stage<N> {
    fn wait(&mut self, timeout: Timeout, fired: &mut Vec<Fired>) {
        self.inner.wait(timeout, fired);
    }
}
