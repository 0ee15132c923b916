//! Which records are steps, and how long each one's motion lasts.

use super::frame::Motion;
use crate::event::{AcceptEnd, Event, Handler, Pipe, ReadOutcome, Standing};
use crate::net::{Mask, WriteOutcome};

/// With reduced motion every step takes this long at 1×.
pub const REDUCED_BEAT_MS: f64 = 700.0;

/// A beat that would last less is not drawn in between, only its end.
pub const SHORTEST_TWEEN_MS: f64 = 60.0;

/// Whether a reader stops at this fact. The others are book-keeping: they
/// repeat at a boundary what a neighbour says (`CycleEnd` and `PollEnter`), or
/// change nothing that is drawn. They are folded on the way, take no time, and
/// the playhead never rests on one.
///
/// - A phase is entered and left, a cycle begins and ends: the poll says it.
/// - `Config`, `TimerAdded`, `TimerRearmed`, `ClientsCron`: readings of dials.
/// - `AcceptEnd` at an empty backlog: that is how every pass ends.
/// - `QueryTrimmed`: the notepad is tidied, its text stays as memory.
/// - `PendingWriteQueued`, `PendingWriteTaken`: the reply and the write say it.
/// - `SweepBegin` with nobody waiting, and `SweepEnd`.
/// - `Watch` for reading or for nothing: what every client has, and loses.
/// - `Delivered`: the plate arrived with the write that carried it.
#[must_use]
pub fn is_step(event: &Event) -> bool {
    match event {
        Event::Config { .. }
        | Event::CycleBegin { .. }
        | Event::CycleEnd { .. }
        | Event::PhaseEnter { .. }
        | Event::PhaseLeave { .. }
        | Event::TimerAdded { .. }
        | Event::TimerRearmed { .. }
        | Event::ClientsCron { .. }
        | Event::QueryTrimmed { .. }
        | Event::PendingWriteQueued { .. }
        | Event::PendingWriteTaken { .. }
        | Event::SweepEnd { .. }
        | Event::Pipe { pipe: Pipe::Delivered { .. }, .. } => false,
        Event::AcceptEnd { why, .. } => *why != AcceptEnd::Drained,
        Event::SweepBegin { clients } => *clients > 0,
        Event::Watch { mask, .. } => mask.has(Mask::WRITABLE),
        Event::Listen { .. }
        | Event::PollEnter { .. }
        | Event::PollReturn { .. }
        | Event::Fire { .. }
        | Event::FireSkipped { .. }
        | Event::Accept { .. }
        | Event::AcceptRefused { .. }
        | Event::ClientCreated { .. }
        | Event::ClientChanged { .. }
        | Event::CloseAfterReply { .. }
        | Event::CloseAsap { .. }
        | Event::ClientFreed { .. }
        | Event::Read { .. }
        | Event::Parsed { .. }
        | Event::Incomplete { .. }
        | Event::ProtocolError { .. }
        | Event::Unrecorded { .. }
        | Event::CommandBegin { .. }
        | Event::CommandEnd { .. }
        | Event::CommandRejected { .. }
        | Event::Key { .. }
        | Event::Flushed { .. }
        | Event::ExpireCycle { .. }
        | Event::ReplyQueued { .. }
        | Event::Write { .. }
        | Event::TimerFired { .. }
        | Event::Blocked { .. }
        | Event::Unblocked { .. }
        | Event::Transaction { .. }
        | Event::Subscription { .. }
        | Event::Published { .. }
        | Event::Paused { .. }
        | Event::Monitoring { .. }
        | Event::ClientMemory { .. }
        | Event::Limit { .. }
        | Event::Shutdown
        | Event::Pipe { .. }
        | Event::Dropped { .. }
        | Event::Standing { what: Standing::Begun } => true,
        // What follows it is no course of events.
        Event::Standing { .. } => false,
    }
}

/// How long a step lasts at 1×, in milliseconds; zero for book-keeping.
#[must_use]
pub fn beat_ms(event: &Event, motion: Motion) -> f64 {
    if !is_step(event) {
        return 0.0;
    }
    match motion {
        Motion::Reduced => REDUCED_BEAT_MS,
        Motion::Full => full_beat_ms(event),
    }
}

/// The sum of the motions that follow each other in one event; those that run
/// side by side count once.
fn full_beat_ms(event: &Event) -> f64 {
    match event {
        // Figure and bell together.
        Event::Pipe { pipe, .. } => match pipe {
            Pipe::Queued { .. } => 420.0,
            Pipe::Arrived { .. } | Pipe::FinArrived => 260.0,
            Pipe::Left | Pipe::ResetArrived | Pipe::SawClose { .. } => 600.0,
            Pipe::BacklogFull { .. }
            | Pipe::Sent { .. }
            | Pipe::Delivered { .. }
            | Pipe::Consumed { .. }
            | Pipe::Reading { .. } => 240.0,
        },
        Event::PollEnter { .. } => 400.0,
        Event::PollReturn { fired } => 240.0 + 40.0 * fired.len().clamp(1, 12) as f64,
        Event::Fire { handler: Handler::Accept, .. } => 420.0,
        Event::Fire { .. } => 160.0 + 200.0,
        Event::Accept { .. } => 180.0 + 160.0 + 520.0,
        Event::ClientCreated { .. } => 260.0,
        Event::Read { outcome: ReadOutcome::Bytes, bytes, .. } => {
            420.0 + 45.0 * (squares(bytes.len) - 1) as f64
        }
        Event::CommandBegin { .. } => 320.0 + 120.0,
        Event::ReplyQueued { .. } => 420.0,
        Event::SweepBegin { .. } => 140.0,
        Event::Write { outcome, by, .. } => {
            let turn = match outcome {
                WriteOutcome::Drained => 300.0,
                WriteOutcome::WouldBlock | WriteOutcome::Budget | WriteOutcome::Reset => 220.0,
            };
            let helper = if *by > 0 { 260.0 } else { 0.0 };
            140.0 + helper + turn
        }
        Event::TimerFired { .. } => 240.0,
        Event::CloseAsap { .. } => 260.0,
        Event::AcceptRefused { .. } => 600.0,
        Event::ClientFreed { .. } => 600.0 + 160.0,
        Event::ProtocolError { .. } | Event::CommandEnd { .. } => 120.0,
        _ => 160.0,
    }
}

/// Squares in the lane for that many bytes: at most eight, all of the same
/// number of bytes but the last.
#[must_use]
pub fn squares(bytes: u64) -> u64 {
    let bytes = bytes.max(1);
    bytes.div_ceil(bytes.div_ceil(8))
}

#[cfg(test)]
mod tests {
    use super::squares;

    #[test]
    fn squares_are_few_and_hold_all_bytes() {
        let count: Vec<u64> = [0, 1, 3, 8, 9, 32, 1_000_000].map(squares).to_vec();
        assert_eq!(count, [1, 1, 3, 8, 5, 8, 8]);
    }
}
