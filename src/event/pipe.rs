//! The far ends.

use super::Preview;
use crate::time::Micros;

/// What the simulated kernel or a simulated guest did. A real network cannot
/// know these, so a live trace has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pipe {
    /// The guest's `connect` succeeded: it waits in the accept queue.
    Queued { name: String },
    /// The accept queue is full: the guest is not even in line.
    BacklogFull { name: String },
    /// The guest's application wrote these bytes; they arrive later.
    Sent { bytes: Preview, arrives: Micros },
    /// Bytes came to rest in the server's socket: the flag goes up.
    Arrived { bytes: Preview },
    /// The guest will send no more (FIN).
    FinArrived,
    /// The guest is gone (RST).
    ResetArrived,
    /// Reply bytes reached the guest's own socket buffer.
    Delivered { bytes: u64 },
    /// The guest's application read them.
    Consumed { bytes: Preview },
    /// The guest stopped (or resumed) reading.
    Reading { on: bool },
    /// The guest saw the server's end: an orderly close, or a reset.
    SawClose { reset: bool },
    /// The guest closed its side altogether.
    Left,
}
