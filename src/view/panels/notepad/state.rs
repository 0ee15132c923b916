//! The pill: a client's state in one or two words.

use super::super::words::either;
use crate::event::{BlockedOn, ClientId, CloseReason, Handler};
use crate::trace::World;
use crate::trace::world::{ClientView, Doing};
use crate::view::Node;
use crate::view::narration::words::reason;
use crate::view::text::{Phrase, Words, say};

/// How a pill is drawn. Hot means now and cool means bytes, as on the stage;
/// faults are printed in reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Tone {
    Rest,
    Now,
    Bytes,
    /// Not a fault, but somebody has to act.
    Warning,
    Fault,
}

#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Pill {
    pub words: Words,
    pub tone: Tone,
}

impl Pill {
    fn new(tone: Tone, words: Words) -> Pill {
        Pill { words, tone }
    }

    pub(super) fn node(self) -> Node {
        let class = match self.tone {
            Tone::Rest => "pill",
            Tone::Now => "pill on",
            Tone::Bytes => "pill cool",
            Tone::Warning => "pill wn",
            Tone::Fault => "pill rv",
        };
        either("span", class, self.words)
    }
}

/// The state that matters most: an end that is decided, then what runs right
/// now, then what was done last.
pub(in super::super) fn pill(world: &World, client: &ClientView) -> Pill {
    let fault = |words| Pill::new(Tone::Fault, words);
    if let Some(why) = client.close_asap {
        return fault(closing(why));
    }
    if let Doing::Unreadable { .. } = client.doing {
        return fault(say!("pill.unreadable"));
    }
    if client.close_after_reply.is_some() {
        return fault(say!("pill.one-last-plate"));
    }
    if client.soft_limit_since.is_some() {
        return fault(say!("pill.over-the-soft-limit"));
    }
    if is_executing(world, client.id) {
        return Pill::new(Tone::Now, say!("pill.on-the-grill"));
    }
    if is_being_served(world, client) {
        return Pill::new(Tone::Now, say!("pill.being-served"));
    }
    doing(world, client)
}

fn doing(world: &World, client: &ClientView) -> Pill {
    let handled = world.firing.is_some_and(|f| f.client == Some(client.id));
    let now_or = |tone| if handled { Tone::Now } else { tone };
    match &client.doing {
        Doing::Idle if client.commands == 0 && client.bytes_in == 0 => {
            Pill::new(Tone::Rest, say!("pill.just-sat-down"))
        }
        Doing::Idle => {
            let idle = world.at.saturating_sub(client.last_active);
            Pill::new(Tone::Rest, say!("pill.idle", idle, idle.as_secs()))
        }
        Doing::Read { bytes } => {
            let reading = handled && world.firing.is_some_and(|f| f.handler == Handler::ReadQuery);
            Pill::new(now_or(Tone::Bytes), say!("pill.read", *bytes, reading))
        }
        Doing::Partial { .. } => Pill::new(Tone::Bytes, say!("pill.half-an-order")),
        Doing::Parsed => Pill::new(now_or(Tone::Rest), say!("pill.order-understood")),
        Doing::Executing => Pill::new(now_or(Tone::Rest), say!("pill.on-the-grill")),
        Doing::Replied { bytes } => Pill::new(Tone::Rest, say!("pill.replied", *bytes)),
        Doing::Served { bytes } => Pill::new(Tone::Rest, say!("pill.served", *bytes)),
        Doing::TableFull => Pill::new(Tone::Warning, say!("pill.table-is-full")),
        Doing::BudgetSpent => Pill::new(Tone::Warning, say!("pill.64-kb-this-round")),
        Doing::Unreadable { .. } => Pill::new(Tone::Fault, say!("pill.unreadable")),
        Doing::Blocked(BlockedOn::Keys { .. }) => {
            Pill::new(Tone::Rest, say!("pill.waits-for-a-key"))
        }
        Doing::Blocked(BlockedOn::Pause) => {
            Pill::new(Tone::Rest, say!("pill.waits-kitchen-paused"))
        }
    }
}

/// For a client that was freed in this cycle.
pub(super) fn left(why: CloseReason) -> Pill {
    Pill::new(Tone::Fault, say!("pill.left", &closing(why)))
}

pub(super) fn is_executing(world: &World, client: ClientId) -> bool {
    world.executing.as_ref().is_some_and(|e| e.client == client)
}

/// The sweep stands at this client: taken off the queue, and the next one
/// not yet.
fn is_being_served(world: &World, client: &ClientView) -> bool {
    let Some(sweep) = world.sweep.as_ref().filter(|sweep| sweep.running) else { return false };
    let next = sweep.order.get(sweep.served);
    if next == Some(&client.id) {
        return !client.pending_write;
    }
    let last = sweep.served.checked_sub(1).and_then(|last| sweep.order.get(last));
    let next_waits = next.is_none_or(|next| world.pending_write.contains(next));
    last == Some(&client.id) && next_waits && matches!(client.doing, Doing::Served { .. })
}

/// Why a client is closed.
pub(in super::super) fn closing(why: CloseReason) -> Words {
    Phrase::named("pill.close.").and(reason(why)).say()
}
