//! Missions: goals that a run of the reader's own fulfils, or does not.

use super::Evening;
use crate::event::{ClientId, CloseReason, Event, KeyChange, Pipe, ReadOutcome};
use crate::sorted::{SortedMap, SortedSet};
use crate::view::text::Phrase;

/// Orders that a pipeline must hold to count.
const PIPELINE_ORDERS: u32 = 20;
/// Rounds that a reply must take to leave.
const CYCLES_TO_LEAVE: u32 = 3;
/// Reads that an order must need.
const READS_FOR_ONE: u32 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mission {
    DelaysTwo,
    ShownOutByOutputLimit,
    ThreeCyclesToLeave,
    ThreeReadsForOne,
    TwentyInOneRead,
    TurnedAway,
    AnsweredThenRefused,
    ExpiredUnseen,
}

impl Mission {
    pub const ALL: [Mission; 8] = [
        Mission::DelaysTwo,
        Mission::TwentyInOneRead,
        Mission::ThreeReadsForOne,
        Mission::ThreeCyclesToLeave,
        Mission::ShownOutByOutputLimit,
        Mission::AnsweredThenRefused,
        Mission::TurnedAway,
        Mission::ExpiredUnseen,
    ];

    /// Its name in memory, and of the bundled scenario that shows one way.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Mission::DelaysTwo => "wait-for-it",
            Mission::ShownOutByOutputLimit => "shown-out",
            Mission::ThreeCyclesToLeave => "three-sweeps",
            Mission::ThreeReadsForOne => "three-slips",
            Mission::TwentyInOneRead => "twenty-at-once",
            Mission::TurnedAway => "full-house",
            Mission::AnsweredThenRefused => "last-plate",
            Mission::ExpiredUnseen => "unseen",
        }
    }

    fn said(self, what: &str) -> String {
        Phrase::named("mission.").and(self.slug()).and(what).say().into_kitchen()
    }

    #[must_use]
    pub fn goal(self) -> String {
        self.said("")
    }

    /// Free, and from vague to plain.
    #[must_use]
    pub fn hints(self) -> [String; 2] {
        [".vague", ".plain"].map(|hint| self.said(hint))
    }

    /// The index of the record at which the run has fulfilled it.
    #[must_use]
    pub fn met(self, evening: &Evening<'_>) -> Option<usize> {
        match self {
            Mission::DelaysTwo => delays_two(evening),
            Mission::ShownOutByOutputLimit => evening.find(0, |event| match event {
                Event::ClientFreed { why, .. } => {
                    matches!(why, CloseReason::OutputBufferHard | CloseReason::OutputBufferSoft)
                }
                _ => false,
            }),
            Mission::ThreeCyclesToLeave => three_cycles_to_leave(evening),
            Mission::ThreeReadsForOne => three_reads_for_one(evening),
            Mission::TwentyInOneRead => twenty_in_one_read(evening),
            Mission::TurnedAway => {
                evening.find(0, |event| matches!(event, Event::AcceptRefused { .. }))
            }
            Mission::AnsweredThenRefused => answered_then_refused(evening),
            Mission::ExpiredUnseen => expired_unseen(evening),
        }
    }
}

/// While one command runs, the bytes of two other guests arrive and lie there.
fn delays_two(evening: &Evening<'_>) -> Option<usize> {
    let mut cooking: Option<(ClientId, SortedSet<ClientId>)> = None;
    evening.records.iter().position(|record| {
        match (&record.event, &mut cooking) {
            (Event::CommandBegin { client, .. }, _) => cooking = Some((*client, SortedSet::new())),
            (Event::Pipe { peer, pipe: Pipe::Arrived { .. } }, Some((cook, waiting))) => {
                let from = evening.clients().find(|client| evening.is_from(*client, *peer));
                waiting.extend(from.filter(|client| client != cook));
            }
            (Event::CommandEnd { .. }, _) => {
                return cooking.take().is_some_and(|(_, waiting)| waiting.len() >= 2);
            }
            _ => {}
        }
        false
    })
}

/// A reply that leaves with the write that ends it, in a later cycle than it
/// was put on the rack, counting every cycle that carried some of it.
fn three_cycles_to_leave(evening: &Evening<'_>) -> Option<usize> {
    let mut trips: SortedMap<ClientId, u32> = SortedMap::new();
    evening.find(0, |event| match event {
        // Nothing was waiting before: a new count begins.
        Event::PendingWriteQueued { client } => {
            trips.insert(*client, 0);
            false
        }
        Event::Write { client, left, .. } => {
            let trips = trips.or_default(*client);
            *trips += 1;
            *left == 0 && *trips >= CYCLES_TO_LEAVE
        }
        _ => false,
    })
}

fn three_reads_for_one(evening: &Evening<'_>) -> Option<usize> {
    let mut reads: SortedMap<ClientId, u32> = SortedMap::new();
    evening.find(0, |event| match event {
        Event::Read { client, outcome: ReadOutcome::Bytes, .. } => {
            *reads.or_default(*client) += 1;
            false
        }
        Event::Parsed { client, .. } => {
            // What else lies in the buffer came with the last read.
            reads.insert(*client, 0).is_some_and(|count| count >= READS_FOR_ONE)
        }
        _ => false,
    })
}

fn twenty_in_one_read(evening: &Evening<'_>) -> Option<usize> {
    let mut orders = 0;
    evening.find(0, |event| match event {
        Event::Read { .. } => {
            orders = 0;
            false
        }
        Event::Parsed { .. } => {
            orders += 1;
            orders == PIPELINE_ORDERS
        }
        _ => false,
    })
}

/// The answer was not an error, lay on the rack when the scribble was met,
/// and everything left before the guest did.
fn answered_then_refused(evening: &Evening<'_>) -> Option<usize> {
    let mut waiting: SortedSet<ClientId> = SortedSet::new();
    let mut doomed: SortedSet<ClientId> = SortedSet::new();
    evening.find(0, |event| match event {
        Event::CommandEnd { client, error: false, .. } => {
            waiting.insert(*client);
            false
        }
        Event::ProtocolError { client, .. } => {
            if waiting.contains(client) {
                doomed.insert(*client);
            }
            false
        }
        Event::Write { client, left, .. } => {
            if *left == 0 {
                waiting.remove(client);
            }
            *left == 0 && doomed.contains(client)
        }
        _ => false,
    })
}

/// The clock removed it: nobody looked it up at that moment.
fn expired_unseen(evening: &Evening<'_>) -> Option<usize> {
    evening.find(0, |event| {
        matches!(event, Event::Key { client: None, change: KeyChange::Expired, .. })
    })
}
