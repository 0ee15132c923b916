//! The clock, what is under way, and what has been seen: the three things
//! that every part of the virtual network writes to.

use super::pipe::{Ack, Segment};
use super::{Conn, Fact, GuestAction};
use crate::time::Micros;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::net::SocketAddr;

/// One of a connection's two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Server,
    Guest,
}

/// What will happen at a certain moment.
#[derive(Debug)]
pub(super) enum Due {
    Act(Conn, GuestAction),
    /// A guest's program has its turn.
    Turn(Conn),
    /// The guest's request for a connection reaches the server.
    Syn(Conn),
    /// The server's consent reaches the guest.
    SynAck(Conn),
    /// What the server's program writes is in its socket.
    Copied(Conn, Vec<u8>),
    Segment(Conn, End, Segment),
    Ack(Conn, End, Ack),
    Rst(Conn, End),
}

/// Where something that will happen comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Input,
    Program,
    Travelling,
}

impl Due {
    fn origin(&self) -> Origin {
        match self {
            Due::Act(..) => Origin::Input,
            Due::Turn(_) => Origin::Program,
            _ => Origin::Travelling,
        }
    }
}

/// Something that will happen. The greatest is the one that happens first.
#[derive(Debug)]
struct Scheduled {
    at: Micros,
    origin: Origin,
    number: u64,
    due: Due,
}

impl Scheduled {
    fn key(&self) -> (Micros, Origin, u64) {
        (self.at, self.origin, self.number)
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Scheduled) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Scheduled) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Scheduled) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Scheduled {}

/// See the module documentation.
#[derive(Debug, Default)]
pub(super) struct Wire {
    clock_ns: u64,
    /// By time; then inputs before what follows from others, so that an input
    /// decided late (but before its time) takes effect where it would have if
    /// it had been known from the start; then in the order of scheduling.
    schedule: BinaryHeap<Scheduled>,
    next_number: u64,
    /// How many of `schedule` are on the wire.
    travelling: u64,
    pub facts: Vec<(Micros, SocketAddr, Fact)>,
}

impl Wire {
    pub fn now(&self) -> Micros {
        Micros(self.clock_ns / 1_000)
    }

    pub fn now_ns(&self) -> u64 {
        self.clock_ns
    }

    /// Never back.
    pub fn move_clock(&mut self, to_ns: u64) {
        self.clock_ns = self.clock_ns.max(to_ns);
    }

    pub fn at(&mut self, at: Micros, due: Due) {
        let origin = due.origin();
        self.travelling += u64::from(origin == Origin::Travelling);
        self.schedule.push(Scheduled { at, origin, number: self.next_number, due });
        self.next_number += 1;
    }

    /// After a journey, which takes at least one tick of the clock: an effect
    /// on the far end is always later than its cause.
    pub fn after(&mut self, latency: Micros, due: Due) {
        self.at(self.arrival(latency), due);
    }

    pub fn arrival(&self, latency: Micros) -> Micros {
        self.now().saturating_add(latency.max(Micros(1)))
    }

    pub fn next_at(&self) -> Option<Micros> {
        self.schedule.peek().map(|next| next.at)
    }

    /// The next thing that is due at `until` or before; the clock moves there.
    pub fn pop_due(&mut self, until_ns: u64) -> Option<Due> {
        let at_ns = self.next_at()?.0.saturating_mul(1_000);
        if at_ns > until_ns {
            return None;
        }
        let Scheduled { due, origin, .. } = self.schedule.pop()?;
        self.travelling -= u64::from(origin == Origin::Travelling);
        self.move_clock(at_ns);
        Some(due)
    }

    pub fn is_travelling(&self) -> bool {
        self.travelling > 0
    }

    pub fn tell(&mut self, peer: SocketAddr, fact: Fact) {
        self.facts.push((self.now(), peer, fact));
    }
}
