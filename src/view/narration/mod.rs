//! One fact in words: for the kitchen, for a reader of Redis's source, and as
//! the call and its result.
//!
//! Every number comes from the record or from the world around it, the same
//! that the drawing shows; nothing is guessed. Sentences have at most
//! [`WORDS_MAX`] words, whatever clients send: their text is clipped and its
//! control characters are shown as escapes.

mod alt;
mod guests;
mod orders;
mod plates;
mod rounds;
mod sessions;
pub(super) mod words;

pub use alt::alt;

use crate::event::{ClientId, Event};
use crate::net::Fd;
use crate::trace::{Record, World};
use crate::view::text::Words;
use std::net::SocketAddr;

/// Most words of a sentence.
pub const WORDS_MAX: usize = 20;

/// See the module documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narration {
    pub words: Words,
    /// Whose badge stands beside it.
    pub badge: Option<ClientId>,
}

/// Where a fact happened: the states on both sides of it.
struct Scene<'a> {
    before: &'a World,
    after: &'a World,
    you: Option<SocketAddr>,
}

impl Scene<'_> {
    /// Whose descriptor it is, or just was.
    fn client_of(&self, fd: Fd) -> Option<ClientId> {
        let of = |world: &World| world.clients.values().find(|c| c.fd == fd).map(|c| c.id);
        of(self.after).or_else(|| of(self.before))
    }
}

/// Says `record`, which led from `before` to `after`, to somebody who comes from
/// `you`, if the reader plays a guest.
#[must_use]
pub fn narrate(
    record: &Record,
    before: &World,
    after: &World,
    you: Option<SocketAddr>,
) -> Narration {
    let scene = Scene { before, after, you };
    let words = tell(&record.event, &scene);
    let badge = record.event.client().or_else(|| match &record.event {
        Event::Watch { fd, .. } => scene.client_of(*fd),
        Event::Pipe { peer, .. } => after.guests.get(peer).and_then(|guest| guest.client),
        _ => None,
    });
    Narration { words, badge }
}

fn tell(event: &Event, scene: &Scene<'_>) -> Words {
    match event {
        Event::Listen { .. }
        | Event::Config { .. }
        | Event::CycleBegin { .. }
        | Event::CycleEnd { .. }
        | Event::PhaseEnter { .. }
        | Event::PhaseLeave { .. }
        | Event::PollEnter { .. }
        | Event::PollReturn { .. }
        | Event::Fire { .. }
        | Event::FireSkipped { .. }
        | Event::TimerAdded { .. }
        | Event::TimerFired { .. }
        | Event::TimerRearmed { .. }
        | Event::ClientsCron { .. }
        | Event::Shutdown
        | Event::Dropped { .. }
        | Event::Standing { .. } => rounds::tell(event, scene),
        Event::Accept { .. }
        | Event::AcceptRefused { .. }
        | Event::AcceptEnd { .. }
        | Event::ClientCreated { .. }
        | Event::ClientChanged { .. }
        | Event::CloseAfterReply { .. }
        | Event::CloseAsap { .. }
        | Event::ClientFreed { .. }
        | Event::Pipe { .. } => guests::tell(event, scene),
        Event::Blocked { .. }
        | Event::Unblocked { .. }
        | Event::Transaction { .. }
        | Event::Subscription { .. }
        | Event::Published { .. }
        | Event::Paused { .. }
        | Event::Monitoring { .. }
        | Event::ClientMemory { .. } => sessions::tell(event),
        Event::Read { .. }
        | Event::Parsed { .. }
        | Event::Incomplete { .. }
        | Event::ProtocolError { .. }
        | Event::QueryTrimmed { .. }
        | Event::Unrecorded { .. }
        | Event::CommandBegin { .. }
        | Event::CommandEnd { .. }
        | Event::CommandRejected { .. }
        | Event::Key { .. }
        | Event::Flushed { .. }
        | Event::ExpireCycle { .. } => orders::tell(event, scene),
        Event::ReplyQueued { .. }
        | Event::PendingWriteQueued { .. }
        | Event::PendingWriteTaken { .. }
        | Event::SweepBegin { .. }
        | Event::SweepEnd { .. }
        | Event::Write { .. }
        | Event::Watch { .. }
        | Event::Limit { .. } => plates::tell(event, scene),
    }
}
