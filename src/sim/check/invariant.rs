//! What must hold, by number.

use std::fmt;

/// One sentence that the loop must never make untrue. The numbers are the
/// project's list of invariants; the missing ones are explained in the
/// [module documentation](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    InputInOrder,
    OutputInOrder,
    ChunkingInvariance,
    OneReplyEach,
    StrictReplies,
    OneLineErrors,
    WholeRequestsOnly,
    SilentAfterClose,
    OneProtocolError,
    PendingWriteFlag,
    OutputHasAWay,
    SweepComplete,
    WriteHandlerNeeded,
    CloseQueue,
    Tables,
    HonestDispatch,
    HandlerOrder,
    BlockedWait,
    UnblockedServed,
    FirstComeFirst,
    PauseHolds,
    QueryBufferLimit,
    OutputLimit,
    UnauthenticatedLimits,
    MemoryAsReceived,
    MaxClients,
    AcceptBudget,
    WriteBudget,
    Recomputed,
    QueryPositions,
    EvictionOrder,
    TimersNotEarly,
    NoLostWakeup,
    NoStarvation,
    BoundedWork,
    CronVisits,
    TimeoutOrder,
    Liveness,
    FreedIsGone,
    BackToBaseline,
    SameAgain,
    FactsAddUp,
    ObserverEffectZero,
}

impl Invariant {
    pub const ALL: [Invariant; 43] = [
        Invariant::InputInOrder,
        Invariant::OutputInOrder,
        Invariant::ChunkingInvariance,
        Invariant::OneReplyEach,
        Invariant::StrictReplies,
        Invariant::OneLineErrors,
        Invariant::WholeRequestsOnly,
        Invariant::SilentAfterClose,
        Invariant::OneProtocolError,
        Invariant::PendingWriteFlag,
        Invariant::OutputHasAWay,
        Invariant::SweepComplete,
        Invariant::WriteHandlerNeeded,
        Invariant::CloseQueue,
        Invariant::Tables,
        Invariant::HonestDispatch,
        Invariant::HandlerOrder,
        Invariant::BlockedWait,
        Invariant::UnblockedServed,
        Invariant::FirstComeFirst,
        Invariant::PauseHolds,
        Invariant::QueryBufferLimit,
        Invariant::OutputLimit,
        Invariant::UnauthenticatedLimits,
        Invariant::MemoryAsReceived,
        Invariant::MaxClients,
        Invariant::AcceptBudget,
        Invariant::WriteBudget,
        Invariant::Recomputed,
        Invariant::QueryPositions,
        Invariant::EvictionOrder,
        Invariant::TimersNotEarly,
        Invariant::NoLostWakeup,
        Invariant::NoStarvation,
        Invariant::BoundedWork,
        Invariant::CronVisits,
        Invariant::TimeoutOrder,
        Invariant::Liveness,
        Invariant::FreedIsGone,
        Invariant::BackToBaseline,
        Invariant::SameAgain,
        Invariant::FactsAddUp,
        Invariant::ObserverEffectZero,
    ];

    /// Its number in the list, and what it says.
    #[must_use]
    pub const fn statement(self) -> (u8, &'static str) {
        match self {
            Invariant::InputInOrder => (
                1,
                "what is read from a client is what it sent, in order, once; consumed and unparsed make up what was received",
            ),
            Invariant::OutputInOrder => (
                2,
                "what leaves for a client are its replies, in order, nothing skipped or repeated after a short write",
            ),
            Invariant::ChunkingInvariance => (
                3,
                "the same requests get the same reply bytes and leave the same keys, whatever way the bytes took",
            ),
            Invariant::OneReplyEach => (
                4,
                "every request gets one reply, in the order of requests, unless the client asked for silence",
            ),
            Invariant::StrictReplies => (5, "every reply is strict RESP of the client's dialect"),
            Invariant::OneLineErrors => (6, "no line of a reply holds a stray CR or LF"),
            Invariant::WholeRequestsOnly => (
                7,
                "a request runs when, and only when, all of it has arrived, with the arguments that were sent",
            ),
            Invariant::SilentAfterClose => (
                8,
                "a client on its way out runs nothing and is told nothing more, and what it was promised leaves first",
            ),
            Invariant::OneProtocolError => (
                9,
                "bytes that cannot be understood get one error line and the door; what follows them is not read",
            ),
            Invariant::PendingWriteFlag => (
                11,
                "a client is in the pending-write queue once if it is flagged, else not at all, and is served newest first, by helpers only in their turn and if it is worth it",
            ),
            Invariant::OutputHasAWay => {
                (12, "waiting output is in the pending-write queue or has a write handler")
            }
            Invariant::SweepComplete => {
                (13, "nobody is left in the pending-write queue when the loop goes to sleep")
            }
            Invariant::WriteHandlerNeeded => {
                (14, "a write handler is installed only while output waits")
            }
            Invariant::CloseQueue => (
                15,
                "a client is in the closing queue once if it is doomed, else not at all; the queue is empty at the poll",
            ),
            Invariant::Tables => {
                (16, "descriptors, ids and clients name each other one to one; ids only increase")
            }
            Invariant::HonestDispatch => {
                (17, "a handler runs only for what fired and is still watched")
            }
            Invariant::HandlerOrder => {
                (18, "a descriptor is read before it is written, each at most once a cycle")
            }
            Invariant::BlockedWait => {
                (19, "who waits is known to wait, is counted, and runs nothing")
            }
            Invariant::UnblockedServed => {
                (20, "whoever waits no longer is served before the loop sleeps")
            }
            Invariant::FirstComeFirst => (21, "who came first to wait for a key is woken first"),
            Invariant::PauseHolds => (
                22,
                "nothing runs while everything is paused, and nobody is let out of a pause early",
            ),
            Invariant::QueryBufferLimit => {
                (25, "nobody holds more unparsed bytes than the limit and stays")
            }
            Invariant::OutputLimit => (26, "nobody's reply list reaches the hard limit and stays"),
            Invariant::UnauthenticatedLimits => (
                27,
                "who has not given the password runs nothing but what takes it, and may send at most 10 arguments of 16 KB, keep 1 MB waiting and be owed 1 KB in the list",
            ),
            Invariant::MemoryAsReceived => {
                (28, "a query buffer grows with what arrived, not with what was announced")
            }
            Invariant::MaxClients => {
                (29, "no more than maxclients are seated, and everybody turned away is counted")
            }
            Invariant::AcceptBudget => (
                30,
                "one ring of the door bell lets in a bounded number; a guest who left in the queue does not end it",
            ),
            Invariant::WriteBudget => (31, "one turn begins no write after 64 KB have left"),
            Invariant::Recomputed => (32, "every counter is the sum of what it counts"),
            Invariant::QueryPositions => (
                34,
                "0 <= qb_pos <= bytes held <= buffer, and a client holding nothing owns no buffer",
            ),
            Invariant::EvictionOrder => {
                (35, "clients are evicted only above the limit, and never one that is exempt")
            }
            Invariant::TimersNotEarly => {
                (36, "no timer fires early, and the loop's clock is never ahead of the network's")
            }
            Invariant::NoLostWakeup => (
                37,
                "the loop sleeps only if all that is to come can wake it, and not beyond the next timer",
            ),
            Invariant::NoStarvation => (38, "whoever is reported ready is served in that cycle"),
            Invariant::BoundedWork => (
                39,
                "a client gets at most one read, one write event and one turn in the sweep a cycle",
            ),
            Invariant::CronVisits => (
                40,
                "clientsCron visits enough clients, and who idles too long is gone after a round",
            ),
            Invariant::TimeoutOrder => {
                (41, "waits end in the order of their times, never early, at most a cycle late")
            }
            Invariant::Liveness => (
                42,
                "when nothing breaks any more and guests read, the loop comes to rest and nobody is owed anything",
            ),
            Invariant::FreedIsGone => {
                (43, "a freed client is in no structure, and its descriptor is closed once")
            }
            Invariant::BackToBaseline => {
                (44, "when everybody has left, no client, buffer or descriptor remains")
            }
            Invariant::SameAgain => (45, "the same scenario gives the same records"),
            Invariant::FactsAddUp => (46, "the fold of all facts is the state of the engine"),
            Invariant::ObserverEffectZero => {
                (47, "the loop makes the same calls whether or not anybody watches")
            }
        }
    }

    #[must_use]
    pub const fn number(self) -> u8 {
        self.statement().0
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, meaning) = self.statement();
        write!(f, "invariant {number}: {meaning}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_in_order() {
        assert!(Invariant::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        assert!(Invariant::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
