//! A witness at the seam: writes down every call of the loop and what it gave.
//!
//! Facts are what the engine says of itself; the calls are what it did. The
//! checker believes the calls.

use crate::net::fault::Fault;
use crate::net::virt::Virt;
use crate::net::{Accepted, Fd, Fired, Listening, Mask, Net, NetError, Share, Timeout, Wait, Work};
use crate::sim::Simulated;
use crate::time::Micros;
use std::collections::BTreeSet;
use std::io::IoSlice;
use std::net::SocketAddr;

/// One call and its result, payloads in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    Listen {
        fd: Fd,
    },
    Accept {
        result: Result<Fd, NetError>,
    },
    Read {
        fd: Fd,
        result: Result<Vec<u8>, NetError>,
    },
    /// `Ok` holds the bytes that were taken.
    Write {
        fd: Fd,
        result: Result<Vec<u8>, NetError>,
    },
    Watch {
        fd: Fd,
        mask: Mask,
    },
    Close {
        fd: Fd,
    },
    Wait {
        timeout: Timeout,
        fired: Vec<Fired>,
    },
}

/// A network that tells what was asked of it.
pub trait Testimony: Simulated {
    /// Moves the calls since the last time to the end of `out`.
    fn take_calls(&mut self, out: &mut Vec<Call>);
}

/// See the module documentation. Calls on a descriptor that is not open are
/// written down and go no further, so that a fault of the loop is reported
/// instead of stopping the simulated kernel.
#[derive(Debug)]
pub struct Witness<N> {
    inner: N,
    open: BTreeSet<Fd>,
    calls: Vec<Call>,
}

impl<N> Witness<N> {
    #[must_use]
    pub fn new(inner: N) -> Witness<N> {
        Witness { inner, open: BTreeSet::new(), calls: Vec::new() }
    }
}

impl<N: Net> Net for Witness<N> {
    fn now(&self) -> Micros {
        self.inner.now()
    }

    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Listening, NetError> {
        let listening = self.inner.listen(address, backlog)?;
        self.open.insert(listening.fd);
        self.calls.push(Call::Listen { fd: listening.fd });
        Ok(listening)
    }

    fn accept(&mut self, listener: Fd) -> Result<Accepted, NetError> {
        let accepted = self.inner.accept(listener);
        if let Ok(accepted) = accepted {
            self.open.insert(accepted.fd);
        }
        self.calls.push(Call::Accept { result: accepted.map(|accepted| accepted.fd) });
        accepted
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, NetError> {
        let got =
            if self.open.contains(&fd) { self.inner.read(fd, into) } else { Err(NetError::Reset) };
        self.calls.push(Call::Read { fd, result: got.map(|n| into[..n].to_vec()) });
        got
    }

    fn write(&mut self, fd: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError> {
        let taken = if self.open.contains(&fd) {
            self.inner.write(fd, pieces)
        } else {
            Err(NetError::Reset)
        };
        let bytes = |n: usize| pieces.iter().flat_map(|p| p.iter()).copied().take(n).collect();
        self.calls.push(Call::Write { fd, result: taken.map(bytes) });
        taken
    }

    fn share(&mut self, step: Share) -> bool {
        self.inner.share(step)
    }

    fn watch(&mut self, fd: Fd, mask: Mask) {
        self.calls.push(Call::Watch { fd, mask });
        if self.open.contains(&fd) {
            self.inner.watch(fd, mask);
        }
    }

    fn close(&mut self, fd: Fd) {
        self.calls.push(Call::Close { fd });
        if self.open.remove(&fd) {
            self.inner.close(fd);
        }
    }

    fn spend(&mut self, work: Work) {
        self.inner.spend(work);
    }
}

impl<N: Wait> Wait for Witness<N> {
    fn wait(&mut self, timeout: Timeout, fired: &mut Vec<Fired>) {
        self.inner.wait(timeout, fired);
        self.calls.push(Call::Wait { timeout, fired: fired.clone() });
    }
}

impl<N: Simulated> Simulated for Witness<N> {
    fn faults_mut(&mut self) -> &mut Fault<Virt> {
        self.inner.faults_mut()
    }

    fn kernel(&self) -> &Virt {
        self.inner.kernel()
    }
}

impl<N: Simulated> Testimony for Witness<N> {
    fn take_calls(&mut self, out: &mut Vec<Call>) {
        out.append(&mut self.calls);
    }
}
