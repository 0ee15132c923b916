//! A network whose loop nobody is told of.

use super::{Accepted, Fd, Listening, Mask, Net, NetError, Outgoing, Share, Work, WriteJob};
use crate::time::Micros;
use std::io::IoSlice;
use std::net::SocketAddr;

/// The same network under another type, for which the engine is compiled
/// without its statements of facts: a driver takes this one while nobody wants
/// any, so that being watchable costs nothing.
#[derive(Debug)]
pub struct Untold<'a, N>(pub &'a mut N);

impl<N: Net> Net for Untold<'_, N> {
    const TOLD: bool = false;

    #[inline]
    fn now(&self) -> Micros {
        self.0.now()
    }

    #[inline]
    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Listening, NetError> {
        self.0.listen(address, backlog)
    }

    #[inline]
    fn accept(&mut self, listener: Fd) -> Result<Accepted, NetError> {
        self.0.accept(listener)
    }

    #[inline]
    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, NetError> {
        self.0.read(fd, into)
    }

    #[inline]
    fn write(&mut self, fd: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError> {
        self.0.write(fd, pieces)
    }

    #[inline]
    fn write_batch<S: Outgoing>(&mut self, jobs: &mut [WriteJob<S>], timed: bool) {
        self.0.write_batch(jobs, timed);
    }

    #[inline]
    fn share(&mut self, step: Share) -> bool {
        self.0.share(step)
    }

    #[inline]
    fn watch(&mut self, fd: Fd, mask: Mask) {
        self.0.watch(fd, mask);
    }

    #[inline]
    fn close(&mut self, fd: Fd) {
        self.0.close(fd);
    }

    #[inline]
    fn spend(&mut self, work: Work) {
        self.0.spend(work);
    }
}
