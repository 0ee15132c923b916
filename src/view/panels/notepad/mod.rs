//! The notepad: one client as CLIENT LIST and the debugger would show it.

mod bytes;
mod limits;
mod order;
mod plates;
mod state;

use super::badge;
use super::words::{either, note};
use crate::event::{ClientId, Event};
use crate::net::{Mask, address_text};
use crate::trace::World;
use crate::trace::world::{ClientView, Departed};
use crate::view::text::{self, Phrase, say};
use crate::view::{Frame, Node};

pub(in crate::view) use limits::{output_limit, output_usage_bytes, query_limit_bytes};
pub(super) use state::{closing, pill};

const NOBODY: Phrase = Phrase::named("pad.nobody-is-seated-whoever");
const GONE: Phrase = Phrase::named("pad.this-guest-has-left");
const FOLLOWING: Phrase = Phrase::named("pad.following-the-chef");
const PINNED: Phrase = Phrase::named("pad.pinned-by-you");
const FOLLOW: Phrase = Phrase::named("pad.follow-the-chef");

/// CLIENT LIST's names and the kitchen's.
mod field {
    use super::Phrase;
    pub const ID: Phrase = Phrase::named("pad.guest");
    pub const FD: Phrase = Phrase::named("pad.line");
    pub const ADDR: Phrase = Phrase::named("pad.from");
    pub const AGE: Phrase = Phrase::named("pad.here-for");
    pub const IDLE: Phrase = Phrase::named("pad.quiet-for");
    pub const CMD: Phrase = Phrase::named("pad.order");
    pub const FLAGS: Phrase = Phrase::named("pad.marks");
    pub const EVENTS: Phrase = Phrase::named("pad.wakes");
    pub const DB: Phrase = Phrase::named("pad.pantry");
    pub const RESP: Phrase = Phrase::named("pad.dialect");
}

/// Whose notepad is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown<'a> {
    /// Nobody is connected and nobody is pinned.
    Nobody,
    Seated(&'a ClientView),
    /// Freed in the current cycle: the pieces are still there.
    Departed(&'a Departed),
    /// Pinned, and gone for longer than that.
    Gone(ClientId),
}

impl Shown<'_> {
    #[must_use]
    pub fn id(&self) -> Option<ClientId> {
        match self {
            Shown::Nobody => None,
            Shown::Seated(client) => Some(client.id),
            Shown::Departed(departed) => Some(departed.client.id),
            Shown::Gone(id) => Some(*id),
        }
    }
}

/// The pinned client, else the one that the last record is about, else the
/// one being handled, else the one that was active last.
#[must_use]
pub fn shown<'a>(frame: &Frame<'a>) -> Shown<'a> {
    let world = frame.world;
    let find = |id: ClientId| {
        if let Some(client) = world.clients.get(&id) {
            return Some(Shown::Seated(client));
        }
        world.departed.iter().find(|d| d.client.id == id).map(Shown::Departed)
    };
    if let Some(id) = frame.selected {
        return find(id).unwrap_or(Shown::Gone(id));
    }
    let named = frame.now.and_then(|record| match &record.event {
        Event::Pipe { peer, .. } => world.guests.get(peer).and_then(|guest| guest.client),
        event => event.client(),
    });
    let handled = world.executing.as_ref().map(|e| e.client);
    let handled = handled.or(world.firing.and_then(|f| f.client));
    let latest = || {
        let seated = world.clients.values();
        seated.max_by_key(|c| (c.last_active, c.id)).map(Shown::Seated)
    };
    named.and_then(find).or_else(|| handled.and_then(find)).or_else(latest).unwrap_or(Shown::Nobody)
}

/// The notepad of [`shown`].
///
/// The button that ends a pin carries `data-follow`.
#[must_use]
pub fn notepad(frame: &Frame) -> Node {
    let panel = Node::new("div").class("pn0 notepad");
    let (client, departed) = match shown(frame) {
        Shown::Nobody => return panel.child(note(NOBODY.say())),
        Shown::Gone(id) => {
            let title = title(id, "");
            let head = Node::new("div")
                .class("who")
                .child(badge(id, 34))
                .child(Node::new("div").child(title).child(sub(frame)));
            return panel.child(head).child(note(GONE.say()));
        }
        Shown::Seated(client) => (client, None),
        Shown::Departed(departed) => (&departed.client, Some(departed)),
    };
    panel
        .child(who(frame, client, departed))
        .child(fields(frame.world, client))
        .children(bytes::section(frame.world, client))
        .children(order::section(frame.world, client))
        .children(plates::section(frame.world, client, departed))
}

fn who(frame: &Frame, client: &ClientView, departed: Option<&Departed>) -> Node {
    let state = match departed {
        Some(departed) => state::left(departed.why),
        None => pill(frame.world, client),
    };
    let name = name_of(frame.world, client);
    Node::new("div")
        .class("who")
        .child(badge(client.id, 34))
        .child(Node::new("div").child(title(client.id, &name)).child(sub(frame)))
        .child(Node::new("span").class("grow"))
        .child(state.node())
}

/// `CLIENT SETNAME`'s name, else what the scenario calls the guest.
pub(super) fn name_of(world: &World, client: &ClientView) -> String {
    if !client.name.is_empty() {
        return client.name.clone();
    }
    world.guests.get(&client.peer).map(|guest| guest.name.clone()).unwrap_or_default()
}

fn title(id: ClientId, name: &str) -> Node {
    either("h2", "", say!("pad.title", id, name))
}

fn sub(frame: &Frame) -> Node {
    let line = Node::new("div").class("sub");
    if frame.selected.is_none() {
        return line.children(FOLLOWING.say().either());
    }
    let follow =
        either("button", "lnk", FOLLOW.say()).attr("type", "button").attr("data-follow", "");
    line.children(PINNED.say().either()).child(Node::new("span").text(" ")).child(follow)
}

/// Instead of what nobody could see.
const NOT_SHOWN: &str = "?";

fn fields(world: &World, client: &ClientView) -> Node {
    let age = world.at.saturating_sub(client.created_at);
    let idle = world.at.saturating_sub(client.last_active);
    let shown = |value| if world.from_outside { NOT_SHOWN.to_owned() } else { value };
    let rows = [
        (field::ID.say(), client.id.to_string()),
        (field::FD.say(), client.fd.to_string()),
        (field::ADDR.say(), short_address(&address_text(client.peer))),
        (field::AGE.say(), text::lasting(age)),
        (field::IDLE.say(), text::lasting(idle)),
        (
            field::CMD.say(),
            match client.last_command.as_str() {
                "" if world.from_outside => NOT_SHOWN.into(),
                "" => "NULL".into(),
                name => name.to_owned(),
            },
        ),
        (field::FLAGS.say(), flags(client)),
        (field::EVENTS.say(), events(world, client)),
        (field::DB.say(), shown(client.db.to_string())),
        (field::RESP.say(), shown(client.resp.to_string())),
    ];
    Node::new("dl").class("f").children(rows.into_iter().map(|(name, value)| {
        Node::new("div")
            .child(Node::new("dt").children(name.both()))
            .child(Node::new("dd").text(value))
    }))
}

/// The end of an address is what tells two of them apart.
fn short_address(address: &str) -> String {
    const KEEP: usize = 7;
    let length = address.chars().count();
    if length <= KEEP + 1 {
        return address.to_owned();
    }
    let tail: String = address.chars().skip(length - KEEP).collect();
    format!("…{tail}")
}

/// CLIENT LIST's `flags`, the letters that the records can tell.
pub(super) fn flags(client: &ClientView) -> String {
    let letters: String = [
        (client.blocked.is_some(), 'b'),
        (client.close_after_reply.is_some(), 'c'),
        (client.close_asap.is_some(), 'A'),
    ]
    .into_iter()
    .filter_map(|(set, letter)| set.then_some(letter))
    .collect();
    if letters.is_empty() { "N".into() } else { letters }
}

/// CLIENT LIST's `events`: what the loop watches for it.
pub(super) fn events(world: &World, client: &ClientView) -> String {
    let mask = world.watched.get(&client.fd).copied().unwrap_or(Mask::NONE);
    match (mask.has(Mask::READABLE), mask.has(Mask::WRITABLE)) {
        (true, true) => "r w".into(),
        (true, false) => "r".into(),
        (false, true) => "w".into(),
        (false, false) => "–".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_end_of_an_address_is_kept() {
        assert_eq!(short_address("127.0.0.1:52114"), "…1:52114");
        assert_eq!(short_address("[::1]:80"), "[::1]:80");
    }
}
