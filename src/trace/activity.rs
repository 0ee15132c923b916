//! What the one thread is at.

use crate::event::{Event, Handler, Phase, Standing};

/// A stretch of work as a reader tells them apart: finer than [`Phase`], since
/// one signal is read, parsed, executed and answered inside `Files`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Activity {
    /// Asleep in, or just back from, the poll.
    #[default]
    Poll,
    /// Taking a signal: a connection, or bytes.
    Read,
    Parse,
    Execute,
    /// At the reply buffers: adding to them or, for a write handler's signal,
    /// emptying them.
    Reply,
    Timers,
    /// `beforeSleep`: the writes, then the frees.
    Sweep,
}

impl Activity {
    /// The activity that a fact begins; `None` if it happens within whatever
    /// is going on. So the activity at any record is that of the last one
    /// that began any.
    #[must_use]
    pub fn begun_by(event: &Event) -> Option<Activity> {
        match event {
            // How things stand is told from the poll.
            Event::PollEnter { .. }
            | Event::PollReturn { .. }
            | Event::CycleBegin { .. }
            | Event::Standing { what: Standing::Begun } => Some(Activity::Poll),
            Event::PhaseEnter { phase } => Some(match phase {
                Phase::BeforeSleep => Activity::Sweep,
                Phase::Timers => Activity::Timers,
                // The files' first signal says what is done.
                Phase::Poll | Phase::AfterSleep | Phase::Files => Activity::Poll,
            }),
            Event::Fire { handler, .. } => Some(match handler {
                Handler::Accept | Handler::ReadQuery => Activity::Read,
                Handler::SendReply => Activity::Reply,
            }),
            Event::FireSkipped { .. } | Event::Read { .. } => Some(Activity::Read),
            Event::Parsed { .. } | Event::Incomplete { .. } | Event::ProtocolError { .. } => {
                Some(Activity::Parse)
            }
            Event::CommandBegin { .. } => Some(Activity::Execute),
            Event::ReplyQueued { .. } => Some(Activity::Reply),
            Event::TimerFired { .. } => Some(Activity::Timers),
            Event::SweepBegin { .. } => Some(Activity::Sweep),
            _ => None,
        }
    }
}
