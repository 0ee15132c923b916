//! A loop that makes the wrong calls.

use crate::net::fault::Fault;
use crate::net::virt::Virt;
use crate::net::{Accepted, Fd, Fired, Listening, Mask, Net, NetError, Share, Timeout, Wait, Work};
use crate::sim::Simulated;
use crate::sim::check::witness::{Call, Testimony, Witness};
use crate::time::Micros;
use std::io::IoSlice;
use std::net::SocketAddr;

/// What the loop does wrong at the seam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    None,
    /// Gets other bytes than were read.
    ReadGarbles,
    /// Believes that a byte has left that has not.
    WriteSkips,
    /// Believes that half of what has left has not.
    WriteRepeats,
    WriteGarbles,
    ReadTwice,
    ForgetWriteWatch,
    ForgetClose,
    CloseTwice,
    AcceptOnward,
    /// Serves what has not fired.
    InventFired,
}

/// Stands between the loop and the witness.
#[derive(Debug)]
pub struct Saboteur {
    pub inner: Witness<Fault<Virt>>,
    pub sabotage: Sabotage,
}

impl Net for Saboteur {
    fn now(&self) -> Micros {
        self.inner.now()
    }

    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Listening, NetError> {
        self.inner.listen(address, backlog)
    }

    fn accept(&mut self, listener: Fd) -> Result<Accepted, NetError> {
        let accepted = self.inner.accept(listener);
        if self.sabotage == Sabotage::AcceptOnward && accepted == Err(NetError::WouldBlock) {
            return Err(NetError::Aborted);
        }
        accepted
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, NetError> {
        let mut got = self.inner.read(fd, into)?;
        match self.sabotage {
            Sabotage::ReadGarbles if got > 0 => into[got - 1] ^= 1,
            Sabotage::ReadTwice if got > 0 && got < into.len() => {
                got += self.inner.read(fd, &mut into[got..]).unwrap_or(0);
            }
            _ => {}
        }
        Ok(got)
    }

    fn write(&mut self, fd: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError> {
        let mut first = pieces.first().map_or(Vec::new(), |piece| piece.to_vec());
        match self.sabotage {
            Sabotage::WriteRepeats => Ok(self.inner.write(fd, pieces)?.div_ceil(2)),
            Sabotage::WriteSkips if first.len() > 2 => {
                let taken = self.inner.write(fd, &[IoSlice::new(&first[1..])])?;
                Ok(taken + 1)
            }
            Sabotage::WriteGarbles => {
                let last = first.len() - 1;
                first[last / 2] ^= 1;
                self.inner.write(fd, &[IoSlice::new(&first)])
            }
            _ => self.inner.write(fd, pieces),
        }
    }

    fn share(&mut self, step: Share) -> bool {
        self.inner.share(step)
    }

    fn watch(&mut self, fd: Fd, mask: Mask) {
        let forgets = self.sabotage == Sabotage::ForgetWriteWatch && mask.has(Mask::WRITABLE);
        if !forgets {
            self.inner.watch(fd, mask);
        }
    }

    fn close(&mut self, fd: Fd) {
        if self.sabotage != Sabotage::ForgetClose {
            self.inner.close(fd);
        }
        if self.sabotage == Sabotage::CloseTwice {
            self.inner.close(fd);
        }
    }

    fn spend(&mut self, work: Work) {
        self.inner.spend(work);
    }
}

impl Wait for Saboteur {
    fn wait(&mut self, timeout: Timeout, fired: &mut Vec<Fired>) {
        self.inner.wait(timeout, fired);
        if self.sabotage == Sabotage::InventFired && !fired.is_empty() {
            fired.push(Fired { fd: fired[0].fd, mask: Mask::BOTH });
        }
    }
}

impl Simulated for Saboteur {
    fn faults_mut(&mut self) -> &mut Fault<Virt> {
        self.inner.faults_mut()
    }

    fn kernel(&self) -> &Virt {
        self.inner.kernel()
    }
}

impl Testimony for Saboteur {
    fn take_calls(&mut self, out: &mut Vec<Call>) {
        self.inner.take_calls(out);
    }
}
