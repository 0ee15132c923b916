//! The seam: what the loop asks of a network, and what a network owes.
//!
//! The engine is generic over [`Net`], none of whose methods blocks. Most stand
//! for one system call each; `write_batch` is a whole sweep, and `spend` and
//! `share` tell a simulation what takes time on a real machine by itself.
//! Waiting is the driver's business ([`Wait`]), so "asleep in `epoll_wait`" is
//! a state that a simulation can hold for as long as somebody wants to look at
//! it.
//!
//! # The laws every implementation owes
//!
//! 1. **Level-triggered.** As long as a watched condition holds, every
//!    [`Wait::wait`] reports it again, whether or not anybody acted on it.
//! 2. **Order of `fired`** is the order in which descriptors became ready;
//!    it is stable for one implementation and carries no other promise. A
//!    descriptor appears at most once, with all its conditions.
//! 3. **Errors and hang-ups report both directions** of whatever is watched,
//!    so that the handler which is present sees the error from its own
//!    `read` or `write`. A peer's half-close is not an error: it is
//!    readable, and `read` returns 0.
//! 4. **Only watched conditions** are reported; watching nothing reports nothing.
//! 5. **Reads and writes may be short**, by any amount, at any time, and may
//!    say [`NetError::WouldBlock`] although readiness was reported.
//! 6. **A write's bytes arrive in order, once**, or not at all after a reset.
//! 7. **A descriptor's number may be reused** right after `close`; events of
//!    the old connection never reach the new one, except that a stale
//!    `fired` entry may name the number.
//! 8. **`now` never goes back**, for any carrier of a batch.
//! 9. `close` is final and infallible: unread input makes the peer see a reset.
//!
//! Implementations: [`virt`] (a deterministic kernel), [`fault`] (breaks any
//! network by seed) and, natively, [`tcp`]. What any of them gave can be put on
//! a [`tape`], which [`virt`] plays again.

mod address;
mod batch;
mod cost;
pub mod fault;
pub mod tape;
#[cfg(not(target_arch = "wasm32"))]
pub mod tcp;
mod untold;
pub mod virt;

pub use address::{address_text, parse_address};
pub use cost::Costs;
pub use untold::Untold;

pub use batch::{
    MAX_SLICES, Outgoing, Share, WRITE_BUDGET_BYTES, WriteJob, WriteOutcome, write_one_by_one,
    write_to_client,
};

use crate::time::Micros;
use std::fmt;
use std::io::IoSlice;
use std::net::SocketAddr;

/// A descriptor, as the kernel numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fd(pub u32);

impl fmt::Display for Fd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What is watched, or what fired: Redis's `AE_READABLE`, `AE_WRITABLE` and
/// `AE_BARRIER` bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mask(pub u8);

impl Mask {
    pub const NONE: Mask = Mask(0);
    pub const READABLE: Mask = Mask(1);
    pub const WRITABLE: Mask = Mask(2);
    /// Write before read on this descriptor. Never given to the network:
    /// it is a wish about the order of handlers.
    pub const BARRIER: Mask = Mask(4);
    pub const BOTH: Mask = Mask(3);

    #[must_use]
    pub const fn has(self, other: Mask) -> bool {
        self.0 & other.0 != 0
    }
    #[must_use]
    pub const fn with(self, other: Mask) -> Mask {
        Mask(self.0 | other.0)
    }
    #[must_use]
    pub const fn without(self, other: Mask) -> Mask {
        Mask(self.0 & !other.0)
    }
    #[must_use]
    pub const fn and(self, other: Mask) -> Mask {
        Mask(self.0 & other.0)
    }
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// One entry of what a poll returned (`aeFiredEvent`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fired {
    pub fd: Fd,
    pub mask: Mask,
}

/// How long the driver may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// Look, but do not sleep.
    Now,
    /// At most this long; a kernel with millisecond timeouts rounds up.
    After(Micros),
    Forever,
}

/// Why a call did nothing. The five cases that the loop treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetError {
    /// `EAGAIN`: nothing to take, or no room. Come back when told.
    WouldBlock,
    /// `ECONNRESET`, `EPIPE`, `ETIMEDOUT`…: this connection is over.
    Reset,
    /// `ECONNABORTED` and its family on `accept`: the guest left before the
    /// door opened; the next one may still be there.
    Aborted,
    /// `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`: no descriptor or memory.
    Exhausted,
    /// `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES` on `listen`.
    Unavailable,
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NetError::WouldBlock => "resource temporarily unavailable",
            NetError::Reset => "connection reset by peer",
            NetError::Aborted => "connection aborted",
            NetError::Exhausted => "too many open files",
            NetError::Unavailable => "address in use or not available",
        })
    }
}

impl std::error::Error for NetError {}

/// A door that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listening {
    pub fd: Fd,
    pub address: SocketAddr,
}

/// A connection taken from the backlog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub fd: Fd,
    pub peer: SocketAddr,
    pub local: SocketAddr,
}

/// What the thread is busy with between system calls. A simulated network
/// charges virtual time for it by its cost model; a real one ignores all but
/// [`Work::Sleep`], since real time passes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Bytes of requests looked at by the parser.
    Parse { bytes: u64 },
    /// One command, by the number of elements it touched (at least 1).
    Command { units: u64 },
    /// The thread itself sleeps (`DEBUG SLEEP`): nobody is served meanwhile.
    Sleep { micros: Micros },
}

/// A network, seen from the loop. See the module documentation for the laws.
pub trait Net {
    /// Whether what the loop does on it may be told. The engine is compiled
    /// for each network, so a network of which nothing is told ([`Untold`])
    /// leaves no trace of the telling in the machine's code.
    const TOLD: bool = true;

    /// The loop's clock (law 8).
    fn now(&self) -> Micros;

    /// `socket`, `bind`, `listen`: readable when somebody waits in the backlog.
    /// Returns the address it got as well: asking for port 0 takes any.
    ///
    /// # Errors
    /// [`NetError::Unavailable`] if the address cannot be had.
    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Listening, NetError>;

    /// `accept4(SOCK_NONBLOCK)`.
    ///
    /// # Errors
    /// [`NetError::WouldBlock`] when nobody waits; `Aborted`, `Exhausted`.
    fn accept(&mut self, listener: Fd) -> Result<Accepted, NetError>;

    /// `read`: up to `into.len()` bytes; 0 is the end of the peer's stream.
    ///
    /// # Errors
    /// `WouldBlock`, `Reset`.
    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, NetError>;

    /// `write` or `writev`: takes any part of the pieces, from the front.
    ///
    /// # Errors
    /// `WouldBlock`, `Reset`.
    fn write(&mut self, fd: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError>;

    /// The final sweep: everybody's turn. `timed` asks for
    /// [`WriteJob::done_at`]. Each carrier takes the jobs that
    /// [`WriteJob::carried_by`] gives it in this order, all carriers at the
    /// same time; the call returns when the slowest is done. A network that
    /// lacks a helper lets the one thread carry its share, and writes 0 into
    /// those jobs.
    fn write_batch<S: Outgoing>(&mut self, jobs: &mut [WriteJob<S>], timed: bool) {
        batch::write_batch(self, jobs, timed);
    }

    /// A step of a batch whose helpers are simulated. False if this network
    /// simulates none; wrappers pass it on.
    fn share(&mut self, _: Share) -> bool {
        false
    }

    /// `epoll_ctl`: from now on report exactly these conditions. `NONE`
    /// forgets the descriptor.
    fn watch(&mut self, fd: Fd, mask: Mask);

    /// `close` (law 9).
    fn close(&mut self, fd: Fd);

    /// The thread was busy (see [`Work`]).
    fn spend(&mut self, work: Work);
}

/// The driver's half: the only call that may block.
pub trait Wait {
    /// Waits until something watched is ready, or `timeout` has passed, and
    /// puts what is ready into `fired` (cleared first).
    fn wait(&mut self, timeout: Timeout, fired: &mut Vec<Fired>);
}
