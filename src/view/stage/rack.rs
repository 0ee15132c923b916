//! The heat rack: reply bytes that have not left. A plate is the 16 KB buffer,
//! a tower of trays is the reply list.

use super::card::{OutputLimit, output_limit};
use super::draw::{Anchor, Placed, circle, d, g, line, of_client, one, path, rect, symbol, text};
use super::geometry::{Layout, Scale};
use super::motion::REACHES;
use super::scene::{Scene, Sitter};
use super::whereabouts::Place;
use super::words::{bytes_short, fit_mono};
use crate::event::{ClientId, Event, Phase};
use crate::net::WriteOutcome;
use crate::trace::world::{ClientView, Doing};
use crate::view::text::{Words, say, size};
use crate::view::tree::Node;

/// Squares on a plate, by the size of what it carries.
#[must_use]
pub fn helping(bytes: u64) -> u32 {
    match bytes {
        0 => 0,
        1..8 => 1,
        8..32 => 2,
        32..256 => 3,
        _ => 6,
    }
}

/// Squares in a heap, widest row below.
fn heap(squares: u32) -> Node {
    let rows: &[u32] = match squares {
        0 => &[],
        1 => &[1],
        2 => &[2],
        3 => &[2, 1],
        4 => &[3, 1],
        5 => &[3, 2],
        _ => &[3, 2, 1],
    };
    g().children(rows.iter().enumerate().flat_map(|(row, count)| {
        (0..*count).map(move |i| {
            let x = (f64::from(i) - f64::from(count - 1) / 2.0) * 7.0;
            symbol("#sq", x, -10.0 - 7.0 * row as f64)
        })
    }))
}

/// A plate with its foot at (x, y).
pub fn plate(x: f64, y: f64, squares: u32, k: f64) -> Node {
    g().moved_scaled(x, y, k).child(symbol("#plate", 0.0, 0.0)).child(heap(squares))
}

/// A tower of at most five trays.
pub fn tower(x: f64, y: f64, trays: u32, k: f64) -> Node {
    let mut out = g().moved_scaled(x, y, k).child(symbol("#tray", 0.0, 0.0));
    for i in 0..trays.clamp(1, 5) {
        let up = f64::from(i) * 7.0;
        out.push(rect("wh", -20.0, -11.0 - up, 40.0, 7.0).round(1.5));
        out.push(rect("byte2", -16.0, -9.2 - up, 32.0, 3.4).round(0.6));
    }
    out
}

/// What one tray carries: a block of the reply list.
const TRAY: u64 = 16 * 1_024;

/// Where the last plate of a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Empty,
    /// Squares on it.
    Plate(u32),
    /// Trays.
    Tower(u32),
    /// It has just been carried away: its outline.
    Gone,
}

/// Whether the newest fact is that this client's plate was carried out.
fn leaving_now(scene: &Scene<'_>, id: ClientId) -> bool {
    matches!(
        scene.event(),
        Some(Event::Write { client, outcome: WriteOutcome::Drained, .. }) if *client == id
    )
}

fn cell(scene: &Scene<'_>, sitter: &Sitter<'_>) -> Cell {
    let client = sitter.client;
    let waiting = client.reply.waiting();
    // Nothing more is written to a client that is being closed.
    if sitter.departed.is_some() || client.close_asap.is_some() {
        Cell::Empty
    } else if leaving_now(scene, client.id) {
        // It stands there until the line has reached it.
        match client.reply.last_sent {
            _ if scene.t >= REACHES => Cell::Gone,
            sent if sent > TRAY => Cell::Tower(sent.div_ceil(TRAY) as u32),
            sent => Cell::Plate(helping(sent)),
        }
    } else if client.reply.listed > 0 {
        Cell::Tower(trays(client))
    } else if waiting > 0 {
        Cell::Plate(helping(waiting))
    } else {
        Cell::Empty
    }
}

/// What is on the rack, or on its last moment there.
fn on_the_rack(scene: &Scene<'_>, client: &ClientView) -> u64 {
    if leaving_now(scene, client.id) { client.reply.last_sent } else { client.reply.waiting() }
}

fn trays(client: &ClientView) -> u32 {
    client.reply.blocks.max(1).saturating_add(u32::from(client.reply.buffered > 0))
}

/// How far the sweep is with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Waiting,
    Now,
    Served,
    Stuck,
}

/// The client's number in the sweep's order, while the sweep is on.
fn ordinal(scene: &Scene<'_>, client: &ClientView) -> Option<(usize, Turn)> {
    let sweep = scene.world.sweep.as_ref()?;
    if scene.is_asleep() || scene.world.phase != Some(Phase::BeforeSleep) {
        return None;
    }
    let index = sweep.order.iter().position(|id| *id == client.id)?;
    let turn = if scene.is_at(Place::Table(client.id)) || leaving_now(scene, client.id) {
        Turn::Now
    } else if matches!(client.doing, Doing::TableFull | Doing::BudgetSpent) {
        Turn::Stuck
    } else if index < sweep.served || matches!(client.doing, Doing::Served { .. }) {
        Turn::Served
    } else {
        Turn::Waiting
    };
    Some((index + 1, turn))
}

pub fn cell_of(scene: &Scene<'_>, sitter: &Sitter<'_>) -> Option<Node> {
    let layout = &scene.layout;
    let client = sitter.client;
    let cell = cell(scene, sitter);
    let ordinal = ordinal(scene, client);
    if cell == Cell::Empty && ordinal.is_none() {
        return None;
    }
    let id = client.id;
    let mut out = of_client("rack", id).attr("data-client", id.to_string());
    let mut place = of_client("place", id);
    let x = sitter.x + layout.plate_dx();
    let scale = layout.plate_scale().0;
    match cell {
        Cell::Empty => {}
        Cell::Plate(squares) => {
            // What is still on its way here is not on this plate yet.
            let squares = match on_its_way(scene, id) {
                Some(flying) => helping(client.reply.waiting().saturating_sub(flying)),
                None => squares,
            };
            if squares > 0 {
                let plate = plate(x, layout.shelf, squares, scale);
                place.push(plate.key(format!("plate:{id}")).attr("id", format!("plate:{id}")));
            }
        }
        Cell::Tower(trays) => stack(scene, sitter, x, trays, &mut place),
        Cell::Gone => {
            let ghost = symbol("#plate", 0.0, 0.0).moved_scaled(x, layout.shelf, scale);
            place.push(g().class("outline").key("gone").child(ghost));
        }
    }
    match layout.scale {
        Scale::Large => {
            ordinal.into_iter().for_each(|(n, turn)| out.push(number(layout, sitter.x, n, turn)));
            place.push(label(scene, sitter, cell, ordinal.map(|(_, turn)| turn), x));
        }
        Scale::Medium => place.push(short_label(scene, sitter, cell, x)),
        Scale::Small => {}
    }
    Some(out.child(place))
}

/// The bytes of a plate that is still flying from the grill.
pub fn on_its_way(scene: &Scene<'_>, id: ClientId) -> Option<u64> {
    match scene.event() {
        Some(Event::ReplyQueued { client, bytes, .. }) if *client == id && scene.t < 1.0 => {
            Some(bytes.len)
        }
        _ => None,
    }
}

/// The tower, and the lines it must not reach if a limit is set.
fn stack(scene: &Scene<'_>, sitter: &Sitter<'_>, x: f64, trays: u32, out: &mut Node) {
    let layout = &scene.layout;
    let limited = sitter.client.soft_limit_since.is_some();
    let k = match layout.scale {
        Scale::Large if limited => 0.8,
        Scale::Large => 1.0,
        Scale::Medium => 0.66,
        Scale::Small => 0.42,
    };
    let id = sitter.id();
    let key = format!("plate:{id}");
    out.push(tower(x, layout.shelf, trays, k).key(key.clone()).attr("id", key));
    if trays > 5 && layout.scale == Scale::Large {
        out.push(text("rk b", x + 30.0 * k, layout.shelf - 6.0, format!("×{trays}")).key("times"));
    }
    if !limited {
        return;
    }
    let OutputLimit { hard_bytes, soft_bytes, .. } = output_limit(scene).unwrap_or_default();
    let (left, right) = match layout.scale {
        Scale::Large => (sitter.x - 12.0, sitter.x + 48.0),
        Scale::Medium => (sitter.x - 18.0, sitter.x + 20.0),
        Scale::Small => (sitter.x - 11.0, sitter.x + 11.0),
    };
    let mut lines = g().key("limits");
    if soft_bytes > 0 {
        let y = layout.shelf - 20.5;
        lines.push(path("limit", d!("M{} {}H{}", left, y, right)));
        if layout.scale == Scale::Large {
            lines.push(text("bd", left - 3.0, y + 3.5, "soft").end());
        }
    }
    if hard_bytes > 0 {
        let y = layout.shelf - 31.5;
        lines.push(path("limit2", d!("M{} {}H{}", left, y, right)));
        if layout.scale == Scale::Large {
            lines.push(text("bd", left - 3.0, y + 3.5, "hard").end());
        }
    }
    out.push(lines);
}

fn number(layout: &Layout, cx: f64, n: usize, turn: Turn) -> Node {
    let (disc, digit) = match turn {
        Turn::Waiting => ("ordc", "ordt"),
        Turn::Now => ("ordc now", "ordt now"),
        Turn::Served => ("ordc ok", "ordt ok"),
        Turn::Stuck => ("ordc stuck", "ordt stuck"),
    };
    let (x, y) = (cx - 44.0, layout.shelf + 9.0);
    g().key("ord")
        .child(circle(disc, x, y, 7.0))
        .child(text(digit, x, y + 3.7, n.to_string()).middle())
}

/// On the shelf's front edge.
fn label(scene: &Scene<'_>, sitter: &Sitter<'_>, cell: Cell, turn: Option<Turn>, x: f64) -> Node {
    let client = sitter.client;
    let y = scene.layout.shelf + 13.0;
    let waiting = on_the_rack(scene, client);
    let out = g().key("label");
    let lines = match (cell, turn) {
        (Cell::Gone, _) => {
            one!("rk hot", x, y, Words::plain(size(client.reply.last_sent)), Anchor::Middle)
        }
        (Cell::Empty, Some(Turn::Served)) => {
            one!("rk ok", x, y, say!("stage.rack.sent"), Anchor::Middle)
        }
        (Cell::Empty, _) => return out,
        _ if client.close_after_reply.is_some() => {
            let head = client.reply.last.head.split([' ', '\\']).next().unwrap_or("");
            let words = say!("stage.rack.last-plate", &*fit_mono(head, 40.0), waiting);
            one!("rk b", x, y, words, Anchor::Middle)
        }
        _ if client.soft_limit_since.is_some() => {
            one!("rk b", x, y, Words::plain(size(waiting)), Anchor::Middle)
        }
        _ if matches!(client.doing, Doing::TableFull | Doing::BudgetSpent) => {
            one!("rk", x, y, say!("stage.rack.left", waiting), Anchor::Middle)
        }
        _ => one!("rk", x, y, Words::plain(size(waiting)), Anchor::Middle),
    };
    out.children(lines)
}

fn short_label(scene: &Scene<'_>, sitter: &Sitter<'_>, cell: Cell, x: f64) -> Node {
    let client = sitter.client;
    let y = scene.layout.shelf + 10.8;
    let y = if scene.layout.is_phone() { y } else { y + 2.2 };
    let label = match cell {
        Cell::Gone => text("rks hot", x, y, bytes_short(client.reply.last_sent)),
        Cell::Empty => text("rks ok", x, y, "✓"),
        _ if client.close_after_reply.is_some() || client.soft_limit_since.is_some() => {
            text("rks b", x, y, bytes_short(on_the_rack(scene, client)))
        }
        _ => text("rks", x, y, bytes_short(on_the_rack(scene, client))),
    };
    label.middle().key("label")
}

/// The rail, the rack, the boundary and what the gutter calls them.
pub fn pass(scene: &Scene<'_>) -> Node {
    let layout = &scene.layout;
    let x = layout.pass;
    let right = layout.width - 4.0;
    let mut out = g().key("pass");
    out.push(line("rail", x, layout.rail, right, layout.rail));
    out.push(rect("shelf", x, layout.shelf, right - x, layout.shelf_height).round(2.0));
    out.push(line("bound", 0.0, layout.boundary, layout.width, layout.boundary));
    let pads = say!("stage.rack.notepads");
    let rack = say!("stage.rack.heat-rack");
    if layout.is_phone() {
        let pads = say!("stage.rack.notes");
        let rack = say!("stage.rack.rack");
        out.push(super::draw::small_bold(4.0, 328.0, pads));
        out.push(super::draw::small_bold(4.0, 392.0, rack));
    } else {
        out.push(super::draw::label("lab obj", 8.0, 332.0, pads, Anchor::Start, 13.5));
        out.push(super::draw::label("lab obj", 8.0, 416.0, rack, Anchor::Start, 13.5));
        let up = say!("stage.rack.inside");
        let down = say!("stage.rack.outside");
        out.push(g().children(one!("bd", 8.0, layout.boundary - 5.0, up, Anchor::Start)));
        out.push(g().children(one!("bd", 8.0, layout.boundary + 12.0, down, Anchor::Start)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::helping;

    #[test]
    fn a_helping_grows_with_the_size_of_the_reply() {
        let squares = [0, 1, 7, 8, 31, 32, 255, 256, 16_384].map(helping);
        assert_eq!(squares, [0, 1, 1, 2, 2, 3, 3, 6, 6]);
    }
}
