//! The whole stage in a few sentences: what the drawing is labelled with.

use super::words::{bytes, clip, many, order, shown, table};
use crate::event::{ClientId, Preview};
use crate::net::{Mask, Timeout};
use crate::trace::world::{ClientView, Doing};
use crate::trace::{Activity, World};
use crate::view::Frame;

/// Guests that are told one by one; the rest is a number.
const TOLD_ONE_BY_ONE: usize = 6;

/// What the stage shows, for somebody who cannot see it: the chef, the board,
/// the guests, the rack, the door, the pantry.
#[must_use]
pub fn alt(frame: &Frame<'_>) -> String {
    let world = frame.world;
    let mut parts = vec![chef(world)];
    parts.extend(board(world));
    parts.push(guests(world));
    parts.extend(rack(world));
    if !world.backlog.is_empty() {
        let waiting = many(world.backlog.len() as u64, "guest");
        parts.push(format!("At the door: {waiting} in the queue."));
    }
    parts.extend(pantry(world));
    parts.join(" ")
}

fn chef(world: &World) -> String {
    let round = world.cycle;
    let firing = world.firing.and_then(|firing| firing.client);
    match (world.asleep, world.activity) {
        (Some(Timeout::Now), _) => format!("Round {round}: the chef glances at the board."),
        (Some(_), _) if world.signal_is_up() => "The chef turns to a signal.".to_owned(),
        (Some(_), _) => "The chef is asleep.".to_owned(),
        (None, Activity::Poll) => format!("Round {round}: the chef looks at the signal board."),
        (None, Activity::Read | Activity::Parse) => match firing {
            Some(client) => format!("Round {round}: the chef attends to table {client}'s slip."),
            None => format!("Round {round}: the chef is at the door."),
        },
        (None, Activity::Execute | Activity::Reply) => match &world.executing {
            Some(running) if running.argv.is_empty() => {
                format!("Round {round}: the chef is at the grill.")
            }
            Some(running) => {
                format!("Round {round}: on the grill, {}.", order(&running.argv))
            }
            None if world.activity == Activity::Execute => {
                format!("Round {round}: the grill is free again.")
            }
            None => format!("Round {round}: the chef is at the rack for {}.", table(firing)),
        },
        (None, Activity::Timers) => format!("Round {round}: the chef looks at his clock."),
        (None, Activity::Sweep) => format!("Round {round}: the final sweep."),
    }
}

fn board(world: &World) -> Option<String> {
    if world.asleep.is_some() || world.fired.is_empty() {
        return None;
    }
    let (begun, all) = (world.fired_begun, world.fired.len());
    Some(format!("Signal board: {}, {begun} taken.", many(all as u64, "signal")))
}

fn guests(world: &World) -> String {
    if world.clients.is_empty() {
        return "No table is taken.".to_owned();
    }
    let taken = many(world.clients.len() as u64, "table");
    let waiting = world.clients.values().filter(|c| c.waiting_in_socket > 0).count();
    let flags = match waiting {
        0 => "no flag is raised".to_owned(),
        1 => "1 flag is raised".to_owned(),
        n => format!("{n} flags are raised"),
    };
    let mut text = format!("{taken} taken, {flags}.");
    let busy = world.clients.values().filter_map(|client| Some((client.id, state(client)?)));
    let mut more = 0_u64;
    for (at, (id, state)) in busy.enumerate() {
        if at < TOLD_ONE_BY_ONE {
            text.push_str(&format!(" Table {id} {state}."));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        text.push_str(&format!(" {} more busy.", many(more, "table")));
    }
    text
}

/// What a table is at; `None` if nothing.
fn state(client: &ClientView) -> Option<String> {
    if client.close_asap.is_some() {
        return Some("is being shown out".to_owned());
    }
    Some(match &client.doing {
        Doing::Idle if client.waiting_in_socket > 0 => {
            format!("has a slip of {}", bytes(client.waiting_in_socket))
        }
        Doing::Idle => return None,
        Doing::Read { bytes: taken } => format!("had {} taken", bytes(*taken)),
        Doing::Partial { .. } => "has half an order".to_owned(),
        Doing::Parsed | Doing::Executing => format!("ordered {}", order(&client.argv)),
        Doing::Replied { .. } => {
            format!("waits for {} on the rack", bytes(client.reply.waiting()))
        }
        Doing::Served { bytes: sent } => format!("was served {}", bytes(*sent)),
        Doing::TableFull => "is full".to_owned(),
        Doing::BudgetSpent => "had its share of this round".to_owned(),
        Doing::Unreadable { at, .. } => format!("wrote something unreadable at byte {at}"),
        Doing::Blocked(_) => "waits for something to happen".to_owned(),
    })
}

fn rack(world: &World) -> Option<String> {
    let full: Vec<(ClientId, u64)> = world
        .clients
        .values()
        .map(|client| (client.id, client.reply.waiting()))
        .filter(|(_, waiting)| *waiting > 0)
        .collect();
    if full.is_empty() {
        return None;
    }
    let shown = full.iter().take(TOLD_ONE_BY_ONE);
    let list: Vec<String> =
        shown.map(|(id, waiting)| format!("{} for table {id}", bytes(*waiting))).collect();
    let more = full.len() - list.len();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let stuck = world.watched.values().filter(|mask| mask.has(Mask::WRITABLE)).count();
    let room = if stuck > 0 { " Some tables have no room." } else { "" };
    Some(format!("On the rack: {}{rest}.{room}", list.join(", ")))
}

fn pantry(world: &World) -> Option<String> {
    let keys: u64 = world.pantry.sizes.values().fold(0, |sum, n| sum.saturating_add(*n));
    if keys == 0 {
        return None;
    }
    let last = world.pantry.touched.as_ref().map(|(_, key)| {
        let key = shown(&Preview::of(key, key.len()));
        format!(", last touched {}", clip(&key))
    });
    Some(format!("In the pantry: {}{}.", many(keys, "jar"), last.unwrap_or_default()))
}
