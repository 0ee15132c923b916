//! The guests' side, in words: what their programs do, and what is seen of
//! them and of the wire.

use super::Link;
use crate::time::Micros;
use std::fmt;

/// A guest's program that decides by itself what it writes, and when.
pub trait Program {
    /// Its turn has come.
    fn turn(&mut self, now: Micros) -> Turn;

    /// It has read these bytes. When its next turn is, if that follows.
    fn read(&mut self, bytes: &[u8], now: Micros) -> Option<Micros>;

    /// Its guest has written these by another's order.
    fn also_wrote(&mut self, bytes: &[u8]);
}

/// Without what is in it: a program that had to say that would bring all its
/// parts' ways of saying it into the page.
impl fmt::Debug for dyn Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Program")
    }
}

/// What a program does with its turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// One packet, if it is not empty.
    pub writes: Vec<u8>,
    /// When its next turn is, if that is known by now.
    pub next: Option<Micros>,
}

/// What a guest's program does.
#[derive(Debug)]
pub enum GuestAction {
    /// Its `connect` blocks: until it is through, what it does next waits.
    Connect {
        name: String,
        link: Link,
    },
    /// One packet, unless the server's receive buffer has no room for it.
    Send {
        bytes: Vec<u8>,
    },
    /// Guests read everything at once until told otherwise.
    StopReading,
    /// Reads everything from now on.
    Read,
    /// Reads this many bytes more, then stops.
    ReadOnly {
        bytes: u64,
    },
    /// Sends no more, still reads.
    HalfClose,
    /// A reset if replies lie unread.
    Close,
    Reset,
    /// Has the first turn at once, and goes on until it has no more.
    Run(Box<dyn Program>),
}

/// How a connection ended, as the guest saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestEnd {
    /// An orderly end of the server's stream.
    Closed,
    /// Also: nobody listened, or nobody answered in time.
    Reset,
}

/// Bytes as evidence: how many there were, and the first of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    pub len: u64,
    pub head: Vec<u8>,
}

impl Excerpt {
    pub const CAP_BYTES: usize = 256;

    pub(super) fn of(bytes: &[u8]) -> Excerpt {
        Excerpt {
            len: bytes.len() as u64,
            head: bytes[..bytes.len().min(Excerpt::CAP_BYTES)].to_vec(),
        }
    }
}

/// What happened on the wire or at the far end: `event::Pipe`'s cases, in the
/// network's own terms (the network knows no events).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The guest stands in the accept queue.
    Queued {
        name: String,
    },
    /// The queue is full; the guest knocks again later.
    BacklogFull {
        name: String,
    },
    /// The guest's program wrote; `arrives` at the earliest, later if the
    /// server's receive buffer is full.
    Sent {
        bytes: Excerpt,
        arrives: Micros,
    },
    /// Bytes came to rest in the server's socket.
    Arrived {
        bytes: Excerpt,
    },
    FinArrived,
    ResetArrived,
    /// Reply bytes came to rest in the guest's socket.
    Delivered {
        bytes: u64,
    },
    /// The guest's program read them.
    Consumed {
        bytes: Excerpt,
    },
    Reading {
        on: bool,
    },
    SawClose {
        reset: bool,
    },
    /// The guest closed its socket.
    Left,
}
