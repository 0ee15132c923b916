//! What the one thread does right now, and where: the only thing on the stage
//! that is ever hot.

use crate::event::{ClientId, CloseReason, Event, Handler};
use crate::trace::World;
use crate::view::frame::Frame;
use crate::view::phase::StagePhase;

/// Where the chef's attention is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The signal board: what did the poll return?
    Board,
    Door,
    Pad(ClientId),
    Grill(ClientId),
    /// A reply is being put on the rack.
    Rack(ClientId),
    Clock,
    /// The sweep, between two clients.
    Track,
    /// A write to this client.
    Table(ClientId),
}

impl Place {
    #[must_use]
    pub fn client(self) -> Option<ClientId> {
        match self {
            Place::Pad(id) | Place::Grill(id) | Place::Rack(id) | Place::Table(id) => Some(id),
            Place::Board | Place::Door | Place::Clock | Place::Track => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// No loop has run yet.
    Opening,
    /// Shut down.
    Closed,
    /// In the poll.
    Asleep,
    Awake {
        segment: StagePhase,
        place: Place,
        pose: Pose,
    },
}

/// How the chef stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pose {
    /// Looks at the board or at the door.
    Look,
    Greet,
    Read,
    Cook,
    Plate,
    /// Looks at the clock.
    Time,
    Sweep,
    /// Looks round once more before going to sleep: nothing is on the rack.
    Tidy,
    /// Shows somebody out.
    Stop,
    /// Somebody leaves of their own accord.
    Farewell,
}

impl Whereabouts {
    #[must_use]
    pub fn of(frame: &Frame<'_>) -> Whereabouts {
        let world = frame.world;
        if world.shut_down {
            return Whereabouts::Closed;
        }
        if world.asleep.is_some() {
            return Whereabouts::Asleep;
        }
        if world.phase.is_none() {
            return Whereabouts::Opening;
        }
        let event = frame.now.map(|record| &record.event);
        let segment = StagePhase::of(world);
        let (place, pose) = match segment {
            StagePhase::Poll => (Place::Board, Pose::Look),
            StagePhase::Read | StagePhase::Parse | StagePhase::Execute | StagePhase::Plate => {
                file_event(world, segment)
            }
            StagePhase::Timers => (Place::Clock, Pose::Time),
            StagePhase::Sweep => sweep(world, event),
        };
        let place = match event {
            Some(Event::ClientFreed { client, .. } | Event::CloseAsap { client, .. }) => {
                Place::Pad(*client)
            }
            _ => place,
        };
        let pose = event.and_then(leave_taking).unwrap_or(pose);
        Whereabouts::Awake { segment, place, pose }
    }

    #[must_use]
    pub fn segment(self) -> Option<StagePhase> {
        match self {
            Whereabouts::Opening | Whereabouts::Closed => None,
            Whereabouts::Asleep => Some(StagePhase::Poll),
            Whereabouts::Awake { segment, .. } => Some(segment),
        }
    }

    #[must_use]
    pub fn place(self) -> Option<Place> {
        match self {
            Whereabouts::Awake { place, .. } => Some(place),
            _ => None,
        }
    }

    /// The client that is being worked for.
    #[must_use]
    pub fn client(self) -> Option<ClientId> {
        self.place().and_then(Place::client)
    }
}

fn file_event(world: &World, segment: StagePhase) -> (Place, Pose) {
    // Between two signals, or behind the last one, he looks at the board.
    let Some(firing) = world.firing else { return (Place::Board, Pose::Look) };
    let Some(id) = firing.client else { return (Place::Door, Pose::Greet) };
    match (firing.handler, segment) {
        (Handler::Accept, _) => (Place::Door, Pose::Greet),
        // Out of turn, not by the final sweep.
        (Handler::SendReply, _) => (Place::Table(id), Pose::Sweep),
        (Handler::ReadQuery, StagePhase::Execute) => (Place::Grill(id), Pose::Cook),
        (Handler::ReadQuery, StagePhase::Plate) => (Place::Rack(id), Pose::Plate),
        (Handler::ReadQuery, _) => (Place::Pad(id), Pose::Read),
    }
}

fn sweep(world: &World, event: Option<&Event>) -> (Place, Pose) {
    let place = match event {
        Some(Event::PendingWriteTaken { client } | Event::Write { client, by: 0, .. }) => {
            Place::Table(*client)
        }
        Some(Event::Watch { fd, .. }) => world
            .clients
            .values()
            .find(|client| client.fd == *fd)
            .map_or(Place::Track, |client| Place::Table(client.id)),
        Some(Event::Limit { client: Some(client), .. }) => Place::Table(*client),
        _ => Place::Track,
    };
    let anything = world.sweep.as_ref().is_some_and(|sweep| !sweep.order.is_empty());
    let pose = if anything || !world.pending_write.is_empty() { Pose::Sweep } else { Pose::Tidy };
    (place, pose)
}

/// Closing is the one kind of work that shows in the chef's face whenever it
/// happens.
fn leave_taking(event: &Event) -> Option<Pose> {
    match event {
        Event::ProtocolError { .. } | Event::AcceptRefused { .. } => Some(Pose::Stop),
        Event::CloseAsap { why, .. }
        | Event::CloseAfterReply { why, .. }
        | Event::ClientFreed { why, .. } => Some(match why {
            CloseReason::PeerClosed
            | CloseReason::ReadError
            | CloseReason::WriteError
            | CloseReason::Quit
            | CloseReason::Shutdown => Pose::Farewell,
            _ => Pose::Stop,
        }),
        _ => None,
    }
}

/// The segments that lie behind the thread in this cycle. The four from
/// reading to plating repeat once per signal, so before the timers they tell
/// of the current signal only.
#[must_use]
pub fn is_done(world: &World, active: StagePhase, segment: StagePhase) -> bool {
    let served_somebody = world
        .fired
        .iter()
        .take(world.fired_begun)
        .any(|fired| world.listeners.iter().all(|(fd, _)| *fd != fired.fd));
    match segment {
        _ if segment >= active => false,
        StagePhase::Poll | StagePhase::Timers | StagePhase::Sweep => true,
        StagePhase::Read => world.fired_begun > 0,
        StagePhase::Parse | StagePhase::Execute | StagePhase::Plate => served_somebody,
    }
}
