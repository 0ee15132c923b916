//! Moments of an evening, as predicates over its facts.

use super::Evening;
use crate::event::{ClientId, Event, Handler, Pipe, ReadOutcome};
use crate::net::{Mask, WriteOutcome};

/// A kind of moment; in a run it is the next record for which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// `listen`: the door has its bell.
    DoorOpens,
    /// `epoll_wait` is entered.
    FallsAsleep,
    /// The clock's handler runs.
    TimerRings,
    /// Somebody is in the line outside.
    Knock,
    /// `epoll_wait` returned signals.
    Woken,
    BellAnswered,
    Admitted(ClientId),
    Named(ClientId),
    /// Bytes lie in the socket: the flag is up.
    Arrived(ClientId),
    /// The handler of a readable socket begins.
    FlagSeen(ClientId),
    /// `read` gave bytes.
    Taken(ClientId),
    /// `read` gave the end of the stream.
    FarewellRead(ClientId),
    Partial(ClientId),
    Understood(ClientId),
    Cooking(ClientId),
    Cooked(ClientId),
    Plated(ClientId),
    /// The final sweep begins, with plates to carry.
    Sweep,
    /// `write` took all there was.
    Served(ClientId),
    /// `write` took less than there was.
    TableFull(ClientId),
    /// A write handler is installed.
    RoomAwaited(ClientId),
    /// The write handler runs.
    RoomFound(ClientId),
    StopsReading(ClientId),
    /// The connection is gone, and the kernel knows.
    HangsUp(ClientId),
    Scribble(ClientId),
    LimitReached(ClientId),
    ShownOut(ClientId),
}

impl Moment {
    /// The index of the first record from `from` on at which it holds.
    #[must_use]
    pub fn find(self, evening: &Evening<'_>, from: usize) -> Option<usize> {
        let later = evening.records.get(from..)?;
        (from..)
            .zip(later)
            .find(|(index, record)| self.holds(evening, *index, &record.event))
            .map(|(index, _)| index)
    }

    fn holds(self, evening: &Evening<'_>, index: usize, event: &Event) -> bool {
        match self {
            Moment::DoorOpens => matches!(event, Event::Listen { .. }),
            Moment::FallsAsleep => matches!(event, Event::PollEnter { .. }),
            Moment::TimerRings => matches!(event, Event::TimerFired { .. }),
            Moment::Knock => matches!(event, Event::Pipe { pipe: Pipe::Queued { .. }, .. }),
            Moment::Woken => matches!(event, Event::PollReturn { fired } if !fired.is_empty()),
            Moment::BellAnswered => {
                matches!(event, Event::Fire { handler: Handler::Accept, .. })
            }
            Moment::Sweep => matches!(event, Event::SweepBegin { clients } if *clients > 0),
            Moment::Arrived(client) => {
                outside(evening, client, event, |pipe| matches!(pipe, Pipe::Arrived { .. }))
            }
            Moment::StopsReading(client) => {
                outside(evening, client, event, |pipe| matches!(pipe, Pipe::Reading { on: false }))
            }
            Moment::HangsUp(client) => {
                outside(evening, client, event, |pipe| matches!(pipe, Pipe::ResetArrived))
            }
            Moment::RoomAwaited(client) => match event {
                Event::Watch { fd, mask } => {
                    mask.has(Mask::WRITABLE) && evening.client_at(*fd, index) == Some(client)
                }
                _ => false,
            },
            of_client => event.client().is_some_and(|client| of_client.holds_inside(client, event)),
        }
    }

    /// For the facts that name their client.
    fn holds_inside(self, client: ClientId, event: &Event) -> bool {
        use Moment as M;
        let (of, holds) = match self {
            M::Admitted(of) => (of, matches!(event, Event::ClientCreated { .. })),
            M::Named(of) => (of, matches!(event, Event::ClientChanged { .. })),
            M::FlagSeen(of) => {
                (of, matches!(event, Event::Fire { handler: Handler::ReadQuery, .. }))
            }
            M::RoomFound(of) => {
                (of, matches!(event, Event::Fire { handler: Handler::SendReply, .. }))
            }
            M::Taken(of) => (of, matches!(event, Event::Read { outcome: ReadOutcome::Bytes, .. })),
            M::FarewellRead(of) => {
                (of, matches!(event, Event::Read { outcome: ReadOutcome::Eof, .. }))
            }
            M::Partial(of) => (of, matches!(event, Event::Incomplete { .. })),
            M::Understood(of) => (of, matches!(event, Event::Parsed { .. })),
            M::Cooking(of) => (of, matches!(event, Event::CommandBegin { .. })),
            M::Cooked(of) => (of, matches!(event, Event::CommandEnd { .. })),
            M::Plated(of) => (of, matches!(event, Event::ReplyQueued { .. })),
            M::Served(of) => {
                (of, matches!(event, Event::Write { outcome: WriteOutcome::Drained, .. }))
            }
            M::TableFull(of) => (of, matches!(event, Event::Write { left: 1.., .. })),
            M::Scribble(of) => (of, matches!(event, Event::ProtocolError { .. })),
            M::LimitReached(of) => (of, matches!(event, Event::Limit { .. })),
            M::ShownOut(of) => (of, matches!(event, Event::ClientFreed { .. })),
            M::DoorOpens
            | M::FallsAsleep
            | M::TimerRings
            | M::Knock
            | M::Woken
            | M::BellAnswered
            | M::Sweep
            | M::Arrived(_)
            | M::StopsReading(_)
            | M::HangsUp(_)
            | M::RoomAwaited(_) => return false,
        };
        of == client && holds
    }
}

fn outside(
    evening: &Evening<'_>,
    client: ClientId,
    event: &Event,
    holds: impl Fn(&Pipe) -> bool,
) -> bool {
    match event {
        Event::Pipe { peer, pipe } => evening.is_from(client, *peer) && holds(pipe),
        _ => false,
    }
}
