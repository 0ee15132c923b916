//! What the one thread does right now, and where: the only thing on the stage
//! that is ever hot.

use crate::event::{ClientId, CloseReason, Event, Handler, Phase};
use crate::trace::World;
use crate::trace::world::Doing;
use crate::view::frame::Frame;

/// The ring's seven segments, in the order of the cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    Poll,
    Read,
    Parse,
    Execute,
    Plate,
    Timers,
    Sweep,
}

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
pub enum Activity {
    /// No loop has run yet.
    Opening,
    /// Shut down.
    Closed,
    /// In the poll.
    Asleep,
    Awake {
        segment: Segment,
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

impl Activity {
    #[must_use]
    pub fn of(frame: &Frame<'_>) -> Activity {
        let world = frame.world;
        if world.shut_down {
            return Activity::Closed;
        }
        if world.asleep.is_some() {
            return Activity::Asleep;
        }
        let Some(phase) = world.phase else { return Activity::Opening };
        let event = frame.now.map(|record| &record.event);
        let (segment, place, pose) = match phase {
            Phase::Poll | Phase::AfterSleep => (Segment::Poll, Place::Board, Pose::Look),
            Phase::Files => file_event(world, event),
            Phase::Timers => timers(event),
            Phase::BeforeSleep => sweep(world, event),
        };
        let pose = event.and_then(leave_taking).unwrap_or(pose);
        Activity::Awake { segment, place, pose }
    }

    #[must_use]
    pub fn segment(self) -> Option<Segment> {
        match self {
            Activity::Opening | Activity::Closed => None,
            Activity::Asleep => Some(Segment::Poll),
            Activity::Awake { segment, .. } => Some(segment),
        }
    }

    #[must_use]
    pub fn place(self) -> Option<Place> {
        match self {
            Activity::Awake { place, .. } => Some(place),
            _ => None,
        }
    }

    /// The client that is being worked for.
    #[must_use]
    pub fn client(self) -> Option<ClientId> {
        self.place().and_then(Place::client)
    }
}

fn file_event(world: &World, event: Option<&Event>) -> (Segment, Place, Pose) {
    if let Some(Event::ClientFreed { client, .. } | Event::CloseAsap { client, .. }) = event {
        return (Segment::Read, Place::Pad(*client), Pose::Stop);
    }
    let Some(firing) = world.firing else {
        // Between two signals, or behind the last one.
        let segment = if world.fired_begun == 0 { Segment::Poll } else { Segment::Plate };
        return (segment, Place::Board, Pose::Look);
    };
    match (firing.handler, firing.client) {
        (Handler::Accept, _) | (_, None) => (Segment::Read, Place::Door, Pose::Greet),
        // Sent from inside the signal's turn, not by the final sweep: the ring
        // has a place for it only where replies are handled.
        (Handler::SendReply, Some(id)) => (Segment::Plate, Place::Table(id), Pose::Sweep),
        (Handler::ReadQuery, Some(id)) => read_query(world, event, id),
    }
}

fn read_query(world: &World, event: Option<&Event>, id: ClientId) -> (Segment, Place, Pose) {
    match event {
        // The state still tells of the last order.
        Some(Event::Fire { .. }) => return (Segment::Read, Place::Pad(id), Pose::Read),
        Some(Event::ReplyQueued { client, .. } | Event::PendingWriteQueued { client }) => {
            return (Segment::Plate, Place::Rack(*client), Pose::Plate);
        }
        Some(Event::QueryTrimmed { .. } | Event::CommandRejected { .. }) => {
            return (Segment::Parse, Place::Pad(id), Pose::Read);
        }
        _ => {}
    }
    if let Some(running) = &world.executing {
        return (Segment::Execute, Place::Grill(running.client), Pose::Cook);
    }
    match world.clients.get(&id).map(|client| &client.doing) {
        Some(Doing::Replied { .. }) => (Segment::Plate, Place::Rack(id), Pose::Plate),
        Some(Doing::Parsed | Doing::Partial { .. } | Doing::Unreadable { .. }) => {
            (Segment::Parse, Place::Pad(id), Pose::Read)
        }
        _ => (Segment::Read, Place::Pad(id), Pose::Read),
    }
}

/// Time events; `clientsCron` may close clients.
fn timers(event: Option<&Event>) -> (Segment, Place, Pose) {
    match event {
        Some(Event::ClientFreed { client, .. } | Event::CloseAsap { client, .. }) => {
            (Segment::Timers, Place::Pad(*client), Pose::Stop)
        }
        _ => (Segment::Timers, Place::Clock, Pose::Time),
    }
}

fn sweep(world: &World, event: Option<&Event>) -> (Segment, Place, Pose) {
    let place = match event {
        Some(Event::ClientFreed { client, .. } | Event::CloseAsap { client, .. }) => {
            Place::Pad(*client)
        }
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
    (Segment::Sweep, place, pose)
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
pub fn is_done(world: &World, active: Segment, segment: Segment) -> bool {
    let served_somebody = world
        .fired
        .iter()
        .take(world.fired_begun)
        .any(|fired| world.listeners.iter().all(|(fd, _)| *fd != fired.fd));
    match segment {
        _ if segment >= active => false,
        Segment::Poll | Segment::Timers => true,
        Segment::Read => world.fired_begun > 0,
        Segment::Parse | Segment::Execute | Segment::Plate => served_somebody,
        Segment::Sweep => false,
    }
}
