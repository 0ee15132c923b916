//! The whole stage in a few sentences: what the drawing is labelled with.

use super::words::{clip, order, shown};
use crate::event::{ClientId, Preview};
use crate::net::{Mask, Timeout};
use crate::trace::world::{ClientView, Doing};
use crate::trace::{Activity, World};
use crate::view::Frame;
use crate::view::text::{Words, line, say};

/// Guests that are told one by one; the rest is a number.
const TOLD_ONE_BY_ONE: usize = 6;

/// What the stage shows, for somebody who cannot see it: the chef, the board,
/// the guests, the rack, the door, the pantry.
#[must_use]
pub fn alt(frame: &Frame<'_>) -> String {
    let world = frame.world;
    let mut text = String::new();
    let mut tell = |said: Words| {
        text.push_str(if text.is_empty() { "" } else { " " });
        text.push_str(said.kitchen());
    };
    tell(chef(world));
    if world.asleep.is_none() && !world.fired.is_empty() {
        tell(say!("alt.board", world.fired.len(), world.fired_begun));
    }
    guests(world, &mut tell);
    rack(world, &mut tell);
    if !world.backlog.is_empty() {
        tell(say!("alt.door", world.backlog.len()));
    }
    let keys: u64 = world.pantry.sizes.values().fold(0, |sum, n| sum.saturating_add(*n));
    if keys > 0 {
        let last = world.pantry.touched.as_ref();
        let last = last.map(|(_, key)| clip(&shown(&Preview::of(key, key.len()))));
        tell(say!("alt.pantry", keys, &last.unwrap_or_default()));
    }
    text
}

fn chef(world: &World) -> Words {
    let round = world.cycle;
    let firing = world.firing.and_then(|firing| firing.client);
    match (world.asleep, world.activity) {
        (Some(Timeout::Now), _) => say!("alt.chef.glances", round),
        (Some(_), _) if world.signal_is_up() => say!("alt.chef.signal"),
        (Some(_), _) => say!("alt.chef.asleep"),
        (None, Activity::Poll) => say!("alt.chef.poll", round),
        (None, Activity::Read | Activity::Parse) => match firing {
            Some(client) => say!("alt.chef.slip", round, client),
            None => say!("alt.chef.door", round),
        },
        (None, Activity::Execute | Activity::Reply) => match &world.executing {
            Some(running) if running.argv.is_empty() => say!("alt.chef.cooks", round),
            Some(running) => say!("alt.chef.grill", round, &order(&running.argv)),
            None if world.activity == Activity::Execute => say!("alt.chef.cooked", round),
            None => say!("alt.chef.rack", round, firing),
        },
        (None, Activity::Timers) => say!("alt.chef.clock", round),
        (None, Activity::Sweep) => say!("alt.chef.sweep", round),
    }
}

fn guests(world: &World, tell: &mut dyn FnMut(Words)) {
    if world.clients.is_empty() {
        return tell(say!("alt.nobody"));
    }
    let waiting = world.clients.values().filter(|c| c.waiting_in_socket > 0).count();
    tell(say!("alt.tables", world.clients.len(), waiting));
    let mut busy = world.clients.values().filter_map(state);
    busy.by_ref().take(TOLD_ONE_BY_ONE).for_each(&mut *tell);
    let more = busy.count();
    if more > 0 {
        tell(say!("alt.more", more));
    }
}

/// What a table is at; `None` if nothing.
fn state(client: &ClientView) -> Option<Words> {
    let id = client.id;
    if client.close_asap.is_some() {
        return Some(say!("alt.table.out", id));
    }
    Some(match &client.doing {
        Doing::Idle if client.waiting_in_socket > 0 => {
            say!("alt.table.slip", id, client.waiting_in_socket)
        }
        Doing::Idle => return None,
        Doing::Read { bytes } => say!("alt.table.read", id, *bytes),
        Doing::Partial { .. } => say!("alt.table.half", id),
        Doing::Parsed | Doing::Executing => say!("alt.table.ordered", id, &order(&client.argv)),
        Doing::Replied { .. } => say!("alt.table.waits", id, client.reply.waiting()),
        Doing::Served { bytes } => say!("alt.table.served", id, *bytes),
        Doing::TableFull => say!("alt.table.full", id),
        Doing::BudgetSpent => say!("alt.table.share", id),
        Doing::Unreadable { at, .. } => say!("alt.table.unreadable", id, *at),
        Doing::Blocked(_) => say!("alt.table.blocked", id),
    })
}

fn rack(world: &World, tell: &mut dyn FnMut(Words)) {
    let full: Vec<(ClientId, u64)> = world
        .clients
        .values()
        .map(|client| (client.id, client.reply.waiting()))
        .filter(|(_, waiting)| *waiting > 0)
        .collect();
    if full.is_empty() {
        return;
    }
    let shown = full.iter().take(TOLD_ONE_BY_ONE);
    let list: Vec<String> =
        shown.map(|(id, waiting)| line!("alt.rack.item", *waiting, *id)).collect();
    let stuck = world.watched.values().any(|mask| mask.has(Mask::WRITABLE));
    tell(say!("alt.rack", &list.join(", "), full.len() - list.len(), stuck));
}
