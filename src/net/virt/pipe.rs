//! One direction of a connection: a sender's buffer, a window, a receiver's
//! buffer.
//!
//! ```text
//!  application ─write─► unsent ─segment─► (wire) ─arrive─► unread ─take─► application
//!                         ▲                                   │
//!                         └──────────────── ack ◄─────────────┘
//! ```
//!
//! Bytes are counted from the start of the stream, as TCP does. Written bytes
//! occupy the sender's buffer until they are acknowledged; a sender may send
//! up to `edge`, which the receiver moves as its application reads. So a
//! reader that stops fills first its own buffer, then the sender's, and then
//! a write finds no room: back-pressure needs no further rule.
//!
//! *Simplified* against TCP: no loss, no congestion window, no delayed
//! acknowledgement, and segments are as long as the window allows.

use std::collections::VecDeque;

/// Bytes on their way, perhaps with the end of the stream behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub bytes: Vec<u8>,
    pub fin: bool,
}

/// What a receiver tells the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ack {
    /// Bytes that arrived, from the start of the stream.
    pub arrived: u64,
    /// How far the sender may send.
    pub edge: u64,
}

/// Where the sender's end of the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fin {
    /// More may be written.
    Open,
    /// It follows the last unsent byte.
    Queued,
    Sent,
    /// The connection broke: nothing leaves any more.
    Abandoned,
}

/// See the module documentation.
#[derive(Clone, Debug)]
pub(super) struct Pipe {
    send_limit_bytes: u64,
    unsent: VecDeque<u8>,
    written: u64,
    sent: u64,
    acknowledged: u64,
    edge: u64,
    fin: Fin,

    receive_limit_bytes: u64,
    unread: VecDeque<u8>,
    arrived: u64,
    /// The last edge told to the sender.
    told_edge: u64,
    fin_arrived: bool,
}

impl Pipe {
    /// A buffer of zero bytes could never pass anything on, so each has at
    /// least one.
    pub fn new(send_limit_bytes: u64, receive_limit_bytes: u64) -> Pipe {
        let receive_limit_bytes = receive_limit_bytes.max(1);
        Pipe {
            send_limit_bytes: send_limit_bytes.max(1),
            unsent: VecDeque::new(),
            written: 0,
            sent: 0,
            acknowledged: 0,
            edge: receive_limit_bytes,
            fin: Fin::Open,
            receive_limit_bytes,
            unread: VecDeque::new(),
            arrived: 0,
            told_edge: receive_limit_bytes,
            fin_arrived: false,
        }
    }

    // The sender's side.

    /// Free bytes in the sender's buffer.
    pub fn room(&self) -> u64 {
        self.send_limit_bytes.saturating_sub(self.written - self.acknowledged)
    }

    /// Linux calls a TCP socket writable once a third of its send buffer is
    /// free, so that a slow reader does not cause a wake-up for every byte it
    /// takes.
    pub fn is_writable(&self) -> bool {
        let room = self.room();
        room > 0 && room.saturating_mul(3) >= self.send_limit_bytes
    }

    /// Whether the sender may still write.
    pub fn is_open(&self) -> bool {
        self.fin == Fin::Open
    }

    /// Takes the bytes; whether they fit is the caller's rule. A connection
    /// that broke swallows them.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.fin == Fin::Open {
            self.unsent.extend(bytes);
            self.written += bytes.len() as u64;
        }
    }

    /// No more bytes after those already written.
    pub fn finish(&mut self) {
        if self.fin == Fin::Open {
            self.fin = Fin::Queued;
        }
    }

    /// The connection broke: what has not left never will.
    pub fn abandon(&mut self) {
        self.unsent.clear();
        self.fin = Fin::Abandoned;
    }

    /// The next segment that the window allows.
    pub fn next_segment(&mut self) -> Option<Segment> {
        let allowed = self.edge.saturating_sub(self.sent).min(self.unsent.len() as u64);
        let bytes: Vec<u8> = self.unsent.drain(..allowed as usize).collect();
        self.sent += allowed;
        let fin = self.fin == Fin::Queued && self.unsent.is_empty();
        if fin {
            self.fin = Fin::Sent;
        }
        (fin || !bytes.is_empty()).then_some(Segment { bytes, fin })
    }

    pub fn acknowledge(&mut self, ack: Ack) {
        self.acknowledged = self.acknowledged.max(ack.arrived);
        self.edge = self.edge.max(ack.edge);
    }

    // The receiver's side.

    /// A segment comes to rest; the answer goes back to the sender.
    pub fn arrive(&mut self, segment: &Segment) {
        self.unread.extend(&segment.bytes);
        self.arrived += segment.bytes.len() as u64;
        self.fin_arrived |= segment.fin;
    }

    /// Bytes that the receiver's application can take.
    pub fn unread(&self) -> u64 {
        self.unread.len() as u64
    }

    /// The sender's stream has ended and everything before was taken.
    pub fn is_at_end(&self) -> bool {
        self.fin_arrived && self.unread.is_empty()
    }

    /// Copies to the front of `into`; returns how many bytes.
    pub fn take(&mut self, into: &mut [u8]) -> usize {
        let n = into.len().min(self.unread.len());
        let (front, back) = self.unread.as_slices();
        let first = n.min(front.len());
        into[..first].copy_from_slice(&front[..first]);
        into[first..n].copy_from_slice(&back[..n - first]);
        self.unread.drain(..n);
        n
    }

    /// What to answer to a segment.
    pub fn ack(&mut self) -> Ack {
        self.told_edge = self.arrived - self.unread() + self.receive_limit_bytes;
        Ack { arrived: self.arrived, edge: self.told_edge }
    }

    /// What to tell the sender after the application has read: something only
    /// if the window was shut or has grown by half the buffer, since every
    /// segment is answered with the newest edge anyway.
    pub fn window_update(&mut self) -> Option<Ack> {
        let edge = self.arrived - self.unread() + self.receive_limit_bytes;
        let was_shut = self.told_edge == self.arrived && edge > self.told_edge;
        let grown = edge - self.told_edge;
        (was_shut || grown >= self.receive_limit_bytes.div_ceil(2)).then(|| self.ack())
    }
}
