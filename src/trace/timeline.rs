//! All records of a run, with keyframes, so that any moment is near.

use crate::event::ClientId;
use crate::time::Micros;

/// What a cycle's strip shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CycleSummary {
    pub cycle: u64,
    /// Index of its first record (`CycleBegin`'s `PollReturn`) and one past its last.
    pub first: usize,
    pub end: usize,
    pub began: Micros,
    pub ended: Micros,
    /// Asleep before it.
    pub slept: Micros,
    /// Time awake, by kind of work: taking and parsing; executing; writing.
    pub read: Micros,
    pub cook: Micros,
    pub serve: Micros,
    pub commands: u32,
    pub marks: Vec<Mark>,
}

/// A thing worth a sign above its cycle.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub kind: MarkKind,
    /// Index of the record.
    pub record: usize,
    pub client: Option<ClientId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarkKind {
    Accept,
    Partial,
    Error,
    WriteHandler,
    Close,
}
