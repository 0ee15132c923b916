//! Why things are as they are: a question about one moment, answered by the
//! facts that led to it, newest first.
//!
//! The answer is found by walking back through the records and by nothing
//! else: every cause is a record, told in the narration's own words, and a
//! place to jump to. Where the records do not say, the chain ends by saying
//! so.

mod role;
mod walk;

pub use role::Role;

use super::narration::{Narration, narrate};
use super::panels::Words;
use super::text::say;
use super::tree::{Children, Node};
use crate::event::{ClientId, Event, Pipe};
use crate::net::Mask;
use crate::sorted::SortedSet;
use crate::trace::world::Doing;
use crate::trace::{Timeline, World};
use walk::Walk;

/// What can be asked of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// Why is this flag up?
    Flag(ClientId),
    /// Why is this plate still on the rack?
    Plate(ClientId),
    /// Why was this guest shown out?
    ShownOut(ClientId),
    /// Why does this guest wait?
    Waits(ClientId),
    /// Why this order in the sweep?
    SweepOrder,
    Asleep,
    Awake,
}

/// One fact on the way to the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Index of the record; always before the moment asked about.
    pub record: usize,
    /// What it has to do with the question.
    pub role: Role,
    pub sentence: Narration,
}

/// What the records do not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Silence {
    /// Only a simulated far end tells what it does.
    FarEnd,
    /// The far end reads, only not as fast as plates come.
    SlowReader,
    /// The rest of the order was never sent, so far.
    RestNotSent,
    /// Nothing is owed to this guest.
    NothingOwed,
    /// What was asked is not so at this moment.
    NotSo,
    /// Nobody of that number is in the records so far.
    Unknown,
    /// The first poll is still to come.
    NotOpen,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub question: Question,
    /// The moment asked about: so many records had happened.
    pub playhead: usize,
    /// Newest first.
    pub causes: Vec<Cause>,
    pub silence: Option<Silence>,
}

/// Causes at most: beyond that a reader asks the next question at one of them.
pub const CAUSES_MAX: usize = 24;

/// The facts that led to what `question` asks about, as things stand after the
/// first `playhead` records.
#[must_use]
pub fn chain(timeline: &Timeline, playhead: usize, question: &Question) -> Chain {
    let playhead = playhead.min(timeline.len());
    let mut walk = Walk::new(timeline, playhead);
    match *question {
        Question::Flag(client) => walk.flag(client),
        Question::Plate(client) => walk.plate(client),
        Question::ShownOut(client) => walk.shown_out(client),
        Question::Waits(client) => walk.waits(client),
        Question::SweepOrder => walk.sweep_order(),
        Question::Asleep => walk.asleep(),
        Question::Awake => walk.awake(),
    }
    let (found, silence) = walk.finish();
    // Told oldest first: each world is then a short way from the one before.
    let mut causes: Vec<Cause> = found
        .into_iter()
        .filter_map(|(index, role)| {
            let record = timeline.record(index)?;
            let before = timeline.world_at(index);
            let after = timeline.world_at(index + 1);
            let sentence = narrate(record, &before, &after, timeline.you());
            Some(Cause { record: index, role, sentence })
        })
        .collect();
    causes.reverse();
    Chain { question: *question, playhead, causes, silence }
}

/// What is worth asking at this moment about `client`, the most telling
/// question first; and about the chef, which can always be asked.
#[must_use]
pub fn questions(world: &World, client: Option<ClientId>) -> Vec<Question> {
    let mut found = Vec::new();
    if let Some(id) = client {
        match world.clients.get(&id) {
            Some(view) => {
                if view.close_asap.is_some() || view.close_after_reply.is_some() {
                    found.push(Question::ShownOut(id));
                }
                if view.reply.waiting() > 0 {
                    found.push(Question::Plate(id));
                }
                let announced = world
                    .fired
                    .iter()
                    .skip(world.fired_begun)
                    .any(|fired| fired.fd == view.fd && fired.mask.has(Mask::READABLE));
                if view.waiting_in_socket > 0 || (announced && world.asleep.is_none()) {
                    found.push(Question::Flag(id));
                }
                let half = matches!(view.doing, Doing::Partial { .. });
                let on_the_way = world.guests.get(&view.peer).is_some_and(|g| g.in_flight > 0);
                if half || view.blocked.is_some() || (on_the_way && found.is_empty()) {
                    found.push(Question::Waits(id));
                }
            }
            // Gone: at this moment or earlier.
            None => found.push(Question::ShownOut(id)),
        }
    }
    let several = |order: &[ClientId]| order.len() > 1;
    if several(&world.pending_write) || world.sweep.as_ref().is_some_and(|s| several(&s.order)) {
        found.push(Question::SweepOrder);
    }
    found.push(if world.asleep.is_some() { Question::Asleep } else { Question::Awake });
    found
}

impl Question {
    /// Whom it is about; `None`: the chef.
    #[must_use]
    pub fn client(self) -> Option<ClientId> {
        match self {
            Question::Flag(client)
            | Question::Plate(client)
            | Question::ShownOut(client)
            | Question::Waits(client) => Some(client),
            Question::SweepOrder | Question::Asleep | Question::Awake => None,
        }
    }

    /// As a reader asks it.
    #[must_use]
    pub fn words(self) -> Words {
        match self {
            Question::Flag(_) => say!("why.why-is-this-flag"),
            Question::Plate(_) => {
                say!("why.why-is-this-plate")
            }
            Question::ShownOut(_) => {
                say!("why.why-does-this-guest")
            }
            Question::Waits(_) => {
                say!("why.why-does-this-guest-2")
            }
            Question::SweepOrder => {
                say!("why.why-this-order-in")
            }
            Question::Asleep => say!("why.why-is-the-chef"),
            Question::Awake => say!("why.why-is-the-chef-2"),
        }
    }

    /// The value of a button's `data-why`: [`Question::parse`] reads it back.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Question::Flag(client) => format!("flag:{client}"),
            Question::Plate(client) => format!("plate:{client}"),
            Question::ShownOut(client) => format!("shown-out:{client}"),
            Question::Waits(client) => format!("waits:{client}"),
            Question::SweepOrder => "sweep-order".into(),
            Question::Asleep => "asleep".into(),
            Question::Awake => "awake".into(),
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Question> {
        let (kind, client) = match word.split_once(':') {
            Some((kind, number)) => (kind, Some(ClientId(number.parse().ok()?))),
            None => (word, None),
        };
        Some(match (kind, client) {
            ("flag", Some(client)) => Question::Flag(client),
            ("plate", Some(client)) => Question::Plate(client),
            ("shown-out", Some(client)) => Question::ShownOut(client),
            ("waits", Some(client)) => Question::Waits(client),
            ("sweep-order", None) => Question::SweepOrder,
            ("asleep", None) => Question::Asleep,
            ("awake", None) => Question::Awake,
            _ => return None,
        })
    }
}

impl Silence {
    #[must_use]
    pub fn words(self) -> Words {
        match self {
            Silence::FarEnd => say!("why.what-the-guest-did"),
            Silence::SlowReader => say!("why.the-guest-does-eat"),
            Silence::RestNotSent => say!("why.the-rest-of-the"),
            Silence::NothingOwed => say!("why.nothing-is-owed-to"),
            Silence::NotSo => say!("why.at-this-moment-it"),
            Silence::Unknown => say!("why.the-log-knows-nobody"),
            Silence::NotOpen => say!("why.the-house-is-only"),
        }
    }
}

/// Marks the objects of a drawing that an answer speaks of (`data-because`):
/// in ink and not hot, since they are not what happens now.
#[must_use]
pub fn mark(mut drawing: Node, spots: &[Spot]) -> Node {
    if !spots.is_empty() {
        let ids: Vec<String> = spots.iter().map(|spot| spot.id()).collect();
        mark_all(&mut drawing, &ids);
    }
    drawing
}

fn mark_all(node: &mut Node, ids: &[String]) {
    let named = node.attrs.iter().any(|(name, id)| *name == "id" && ids.iter().any(|i| i == id));
    if named {
        node.attrs.push(("data-because", "".into()));
    }
    if let Children::Nodes(nodes) = &mut node.children {
        nodes.iter_mut().for_each(|child| mark_all(child, ids));
    }
}

/// An object of the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    Pad(ClientId),
    Rack(ClientId),
    Seat(ClientId),
    Door,
    Chef,
    Clock,
}

impl Spot {
    /// The id of its node in the drawing.
    #[must_use]
    pub fn id(self) -> String {
        match self {
            Spot::Pad(client) => format!("pad:{client}"),
            Spot::Rack(client) => format!("rack:{client}"),
            Spot::Seat(client) => format!("seat:{client}"),
            Spot::Door => "obj:door".into(),
            Spot::Chef => "obj:chef".into(),
            Spot::Clock => "obj:clock".into(),
        }
    }
}

impl Chain {
    /// What on the stage it speaks of, each once.
    #[must_use]
    pub fn spots(&self, timeline: &Timeline) -> Vec<Spot> {
        let spots: SortedSet<Spot> =
            self.causes.iter().filter_map(|cause| spot(timeline, cause)).collect();
        spots.iter().copied().collect()
    }
}

fn spot(timeline: &Timeline, cause: &Cause) -> Option<Spot> {
    let who = cause.sentence.badge;
    match &timeline.record(cause.record)?.event {
        Event::Pipe { pipe: Pipe::Queued { .. } | Pipe::BacklogFull { .. }, .. }
        | Event::Accept { .. }
        | Event::AcceptRefused { .. } => Some(Spot::Door),
        Event::Pipe { .. } => who.map(Spot::Seat),
        Event::ReplyQueued { .. }
        | Event::Write { .. }
        | Event::PendingWriteQueued { .. }
        | Event::Limit { .. } => who.map(Spot::Rack),
        Event::PollEnter { .. } | Event::PollReturn { .. } | Event::SweepBegin { .. } => {
            Some(Spot::Chef)
        }
        Event::TimerAdded { .. } | Event::TimerFired { .. } | Event::TimerRearmed { .. } => {
            Some(Spot::Clock)
        }
        _ => who.map(Spot::Pad),
    }
}
