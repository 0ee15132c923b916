//! The pill: a client's state in one or two words.

use super::super::amount;
use super::super::words::{Words, either};
use crate::event::{BlockedOn, ClientId, CloseReason, Handler};
use crate::trace::World;
use crate::trace::world::{ClientView, Doing};
use crate::view::Node;

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
        return fault(Words::new("unreadable", "protocol error"));
    }
    if client.close_after_reply.is_some() {
        return fault(Words::new("one last plate", "close after reply"));
    }
    if client.soft_limit_since.is_some() {
        return fault(Words::new("over the soft limit", "soft limit"));
    }
    if is_executing(world, client.id) {
        return Pill::new(Tone::Now, Words::new("on the grill", "executing"));
    }
    if is_being_served(world, client) {
        return Pill::new(Tone::Now, Words::new("being served", "write()"));
    }
    doing(world, client)
}

fn doing(world: &World, client: &ClientView) -> Pill {
    let handled = world.firing.is_some_and(|f| f.client == Some(client.id));
    let now_or = |tone| if handled { Tone::Now } else { tone };
    match &client.doing {
        Doing::Idle if client.commands == 0 && client.bytes_in == 0 => {
            Pill::new(Tone::Rest, Words::new("just sat down", "new"))
        }
        Doing::Idle => {
            let idle = world.at.saturating_sub(client.last_active);
            let words = Words::said(
                format!("idle {}", amount::lasting(idle)),
                format!("idle={}", idle.as_secs()),
            );
            Pill::new(Tone::Rest, words)
        }
        Doing::Read { bytes } => {
            let reading = handled && world.firing.is_some_and(|f| f.handler == Handler::ReadQuery);
            let verb = if reading { "taking" } else { "took" };
            let words = Words::said(
                format!("{verb} {}", amount::many(*bytes, "byte")),
                format!("read() = {bytes}"),
            );
            Pill::new(now_or(Tone::Bytes), words)
        }
        Doing::Partial { .. } => Pill::new(Tone::Bytes, Words::new("half an order", "partial")),
        Doing::Parsed => Pill::new(now_or(Tone::Rest), Words::new("order understood", "parsed")),
        Doing::Executing => Pill::new(now_or(Tone::Rest), Words::new("on the grill", "executing")),
        Doing::Replied { bytes } => {
            let words =
                Words::said("plate on the rack", format!("{} queued", amount::size(*bytes)));
            Pill::new(Tone::Rest, words)
        }
        Doing::Served { bytes } => {
            Pill::new(Tone::Rest, Words::said("served", format!("write() = {bytes}")))
        }
        Doing::TableFull => Pill::new(Tone::Warning, Words::new("table is full", "EAGAIN")),
        Doing::BudgetSpent => {
            Pill::new(Tone::Warning, Words::new("64 KB this round", "budget spent"))
        }
        Doing::Unreadable { .. } => {
            Pill::new(Tone::Fault, Words::new("unreadable", "protocol error"))
        }
        Doing::Blocked(BlockedOn::Keys { .. }) => {
            Pill::new(Tone::Rest, Words::new("waits for a key", "blocked"))
        }
        Doing::Blocked(BlockedOn::Pause) => {
            Pill::new(Tone::Rest, Words::new("waits: kitchen paused", "paused"))
        }
    }
}

/// For a client that was freed in this cycle.
pub(super) fn left(why: CloseReason) -> Pill {
    let words = closing(why);
    let words = Words::said(format!("left: {}", words.kitchen), format!("freed: {}", words.redis));
    Pill::new(Tone::Fault, words)
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
    match why {
        CloseReason::PeerClosed => Words::new("guest went home", "peer closed"),
        CloseReason::ReadError => Words::new("line broke", "read error"),
        CloseReason::WriteError => Words::new("line broke", "write error"),
        CloseReason::ProtocolError => Words::new("unreadable note", "protocol error"),
        CloseReason::QueryBufferLimit => Words::new("order too long", "query buffer limit"),
        CloseReason::OutputBufferHard => Words::new("too many plates", "output hard limit"),
        CloseReason::OutputBufferSoft => Words::new("never ate", "output soft limit"),
        CloseReason::IdleTimeout => Words::new("sat too long", "idle timeout"),
        CloseReason::Quit => Words::new("said goodbye", "QUIT"),
        CloseReason::Killed => Words::new("sent away", "CLIENT KILL"),
        CloseReason::CrossProtocol => Words::new("wrong house", "HTTP on this port"),
        CloseReason::ProtectedMode => Words::new("not let in", "protected mode"),
        CloseReason::Evicted => Words::new("no paper left", "evicted"),
        CloseReason::Shutdown => Words::new("kitchen closes", "shutdown"),
        CloseReason::Unseen => Words::new("reason not seen", "unknown"),
    }
}
