//! What is on its way: bytes up a lane, plates down another, tickets, walking
//! guests, the helper. Each is a path and the frame's progress; at rest only
//! the trace of what moved is left, the same with and without motion.

use super::dining::{SITS_DOWN, is_walking_in, walk};
use super::draw::{Anchor, Placed, circle, d, g, label, of_client, one, path, rect, sine, symbol};
use super::geometry::{Dining, Scale};
use super::identity::{badge, hue_style};
use super::kitchen::TICKET_LANDS;
use super::motion::{Path, REACHES, between, ease_in, ease_in_out, ease_out, part};
use super::rack::{helping, on_its_way, plate, tower};
use super::scene::{Scene, Sitter};
use super::whereabouts::Place;
use crate::event::{ClientId, CloseReason, Event, RefuseReason};
use crate::net::WriteOutcome;
use crate::view::text::say;
use crate::view::tree::Node;

pub fn flights(scene: &Scene<'_>) -> Node {
    let out = g().key("flights");
    let Some(event) = scene.event() else { return out };
    let columns: Vec<&Sitter<'_>> = scene.at_the_pass().collect();
    let find = |id: &ClientId| columns.iter().find(|s| s.id() == *id).copied();
    match event {
        Event::Read { client, bytes, .. } if bytes.len > 0 => {
            out.children(find(client).map(|s| bytes_up(scene, s, bytes.len)))
        }
        Event::CommandBegin { client, .. } => {
            out.children(find(client).and_then(|s| ticket(scene, s)))
        }
        Event::ReplyQueued { client, .. } => {
            out.children(find(client).and_then(|s| to_the_rack(scene, s)))
        }
        Event::Write { client, outcome, bytes, by, .. } => match find(client) {
            Some(sitter) if *by > 0 => out.child(tray(scene, sitter, *bytes)),
            Some(sitter) => out.child(falling(scene, sitter, *outcome, *bytes)),
            None => out,
        },
        Event::Accept { .. } => out.child(in_the_doorway(scene)),
        Event::AcceptRefused { why, .. } => out.child(turned_away(scene, *why)),
        Event::ClientCreated { client, .. } => {
            out.children(find(client).and_then(|s| walking_in(scene, s)))
        }
        Event::CloseAsap { client, .. } => {
            out.children(find(client).and_then(|s| standing_up(scene, s)))
        }
        Event::ClientFreed { client, .. } => {
            out.children(find(client).and_then(|s| walking_out(scene, s)))
        }
        _ => out,
    }
}

fn k_square(scene: &Scene<'_>) -> f64 {
    match scene.layout.scale {
        Scale::Large => 1.0,
        Scale::Medium => 0.8,
        Scale::Small => 0.7,
    }
}

/// One square per eight bytes, three to eight of them, 45 ms apart in a climb
/// of 420 ms.
fn bytes_up(scene: &Scene<'_>, sitter: &Sitter<'_>, len: u64) -> Node {
    let layout = &scene.layout;
    let x = sitter.x + layout.lane_in();
    let from = match (layout.dining, layout.scale) {
        (Dining::Map(_), _) => layout.lane_end() - 4.0,
        (Dining::Tables, Scale::Large) => layout.table - 42.0,
        (Dining::Tables, _) => layout.table - 18.0,
    };
    let to = layout.pad + layout.pad_height + 2.5;
    let mut out = g().key("bytes").attr("id", "obj:bytes");
    out.push(path("lane", d!("M{} {}V{}", x, from, to)));
    let k = k_square(scene);
    let square = |y: f64| symbol("#sq", 0.0, 0.0).moved_scaled(x, y, k);
    if scene.t >= 1.0 {
        let step = if layout.scale == Scale::Large { 11.0 } else { 8.5 };
        let n = ((from - to) / step) as u32;
        let standing = (0..=n).filter(|i| i % 4 != 3);
        return out.children(standing.map(|i| square(from - f64::from(i) * step)));
    }
    let n = len.div_ceil(8).clamp(3, 8) as u32;
    let beat = 420.0 + 45.0 * f64::from(n - 1);
    out.children((0..n).filter_map(|i| {
        let begun = 45.0 * f64::from(i) / beat;
        let p = part(scene.t, begun, begun + 420.0 / beat);
        (p > 0.0 && p < 1.0).then(|| square(between(from, to, p)))
    }))
}

/// The order on its way from the pad over the chef to the grill.
fn ticket(scene: &Scene<'_>, sitter: &Sitter<'_>) -> Option<Node> {
    if scene.t >= TICKET_LANDS {
        return None;
    }
    let layout = &scene.layout;
    let (foot, _) = layout.descent();
    let ring = layout.ring;
    let (grill_x, grill_y) = if layout.is_phone() { (230.0, 101.0) } else { (612.0, 94.0) };
    let way = Path::through([
        (sitter.x, layout.pad + 20.0),
        (sitter.x, layout.crossing()),
        (foot, layout.crossing()),
        (foot, ring.y + ring.r),
        (foot, grill_y),
        (grill_x, grill_y),
    ]);
    let (x, y) = way.at(ease_in_out(part(scene.t, 0.0, TICKET_LANDS)));
    Some(
        g().key("ticket-flight")
            .moved(x, y)
            .child(rect("padf hotb", -14.0, -11.0, 28.0, 22.0).round(2.0))
            .child(badge(sitter.id(), 0.0, 0.0, 16.0)),
    )
}

/// From the grill along the gap and down the column to the rack.
fn to_the_rack(scene: &Scene<'_>, sitter: &Sitter<'_>) -> Option<Node> {
    let bytes = on_its_way(scene, sitter.id())?;
    let layout = &scene.layout;
    let (grill_x, grill_y) = if layout.is_phone() { (230.0, 146.0) } else { (657.0, 144.0) };
    let x = sitter.x + layout.plate_dx();
    let way = Path::through([
        (grill_x, grill_y),
        (grill_x, layout.crossing()),
        (x, layout.crossing()),
        (x, layout.shelf),
    ]);
    let (x, y) = way.at(ease_in_out(scene.t));
    let id = sitter.id();
    let plate = plate(x, y, helping(bytes), layout.plate_scale().0);
    Some(plate.key(format!("plate:{id}:new")).attr("id", format!("plate:{id}:new")))
}

/// Down the right lane to the table; a full table sends it back up.
fn falling(scene: &Scene<'_>, sitter: &Sitter<'_>, outcome: WriteOutcome, bytes: u64) -> Node {
    let layout = &scene.layout;
    let x = sitter.x + layout.lane_out();
    let from = layout.track;
    let k = layout.plate_scale().1;
    let squares = helping(bytes).max(1);
    let mut out = g().key("served-flight").attr("id", "obj:fall");
    if bytes > 0 {
        out.push(path("lane2", d!("M{} {}V{}", x, from, layout.lane_end() - 6.0)));
    }
    if scene.t >= 1.0 || scene.t < REACHES {
        return out;
    }
    let t = part(scene.t, REACHES, 1.0);
    match outcome {
        WriteOutcome::Drained => {
            let y = between(from, layout.lane_end(), ease_in(t));
            let gap = if layout.scale == Scale::Large { 15.0 } else { 9.0 };
            for (i, opacity) in [(2.0, 0.18), (1.0, 0.42)] {
                if y - gap * i > from {
                    out.push(plate(x, y - gap * i, squares, k).fading(opacity));
                }
            }
            out.push(plate(x, y, squares, k));
        }
        WriteOutcome::WouldBlock | WriteOutcome::Budget => {
            let dip = 16.0 * sine(180.0 * t);
            out.push(plate(x, from + dip, squares, k));
        }
        WriteOutcome::Reset => {}
    }
    out
}

/// A waiter for the heavy trays: stands between two guests, behind the tables
/// as they do, with the tray in the air, and puts it down.
pub fn waiter(scene: &Scene<'_>) -> Option<Node> {
    let Some(Event::Write { client, by: by @ 1.., bytes, .. }) = scene.event() else {
        return None;
    };
    let sitter = scene.at_the_pass().find(|sitter| sitter.id() == *client)?;
    let layout = &scene.layout;
    let (x, hand, k) = waiters_hand(scene, sitter);
    let y = hand + 70.0 * k;
    let is_free = scene.t >= 1.0 && *bytes > 0;
    let href = if is_free { "#helper-free" } else { "#helper" };
    let figure = symbol(href, 0.0, 0.0).moved_scaled(x, y, k).attr("id", "obj:helper");
    let out = g().key("helper").child(figure);
    let words = say!("stage.flight.waiter", *by);
    Some(match layout.scale {
        // Between the feet of the two tables.
        Scale::Large => out.child(label("lab wtr", x, y + 17.0, words, Anchor::Middle, 12.0)),
        Scale::Medium => {
            let y = layout.boundary + 12.0;
            out.children(one!("sm hot", x, y, words, Anchor::Middle))
        }
        Scale::Small => out,
    })
}

/// Between which columns he stands, how high his hands are, how large he is.
/// His hem is the tables' lower edge; where no two guests leave him room, he
/// stands behind their heads.
fn waiters_hand(scene: &Scene<'_>, sitter: &Sitter<'_>) -> (f64, f64, f64) {
    let layout = &scene.layout;
    let beside = layout.pitch() / 2.0;
    let (hem, k) = match layout.scale {
        Scale::Large => (7.5, 0.9),
        Scale::Medium => (5.5, 0.56),
        Scale::Small => (-29.0, 0.42),
    };
    let x = sitter.x + if sitter.x + beside + 24.0 * k > layout.width { -beside } else { beside };
    (x, layout.table + hem - 70.0 * k, k)
}

/// The tray from the waiter's hands to the table; at rest the way it took.
fn tray(scene: &Scene<'_>, sitter: &Sitter<'_>, bytes: u64) -> Node {
    let layout = &scene.layout;
    let (x, hand, k) = waiters_hand(scene, sitter);
    let (to, table) = (sitter.x + layout.lane_out(), layout.lane_end());
    let mut out = g().key("tray").attr("id", "obj:fall");
    if bytes > 0 {
        out.push(path("lane2", d!("M{} {}L{} {}", x, hand - 4.0 * k, to, table - 6.0)));
    }
    if scene.t >= 1.0 && bytes > 0 {
        return out;
    }
    let down = if bytes > 0 { ease_in_out(part(scene.t, 0.5, 1.0)) } else { 0.0 };
    let (x, y) = (between(x, to, down), between(hand, table, down));
    let size = k * if layout.scale == Scale::Large { 1.0 } else { 0.84 };
    // A tray is a block of the reply list; three show that it is a pile.
    out.child(match bytes.div_ceil(16 * 1_024) {
        ..=1 => plate(x, y, helping(bytes).max(1), size),
        trays => tower(x, y, trays.min(3) as u32, size),
    })
}

fn door_x(scene: &Scene<'_>) -> f64 {
    if scene.layout.is_phone() { 23.0 } else { 113.0 }
}

/// Accepted, but nobody yet: a figure without a number in the open door.
fn in_the_doorway(scene: &Scene<'_>) -> Node {
    let k = if scene.layout.is_phone() { 0.8 } else { 1.0 };
    let x = door_x(scene) - 20.0 * (1.0 - ease_out(scene.t));
    let floor = if scene.layout.is_phone() { 503.0 } else { 578.0 };
    g().key("doorway").child(symbol("#queue", 0.0, 0.0).moved_scaled(x, floor, k))
}

fn turned_away(scene: &Scene<'_>, why: RefuseReason) -> Node {
    let words = match why {
        RefuseReason::MaxClients => say!("stage.flight.house-full"),
        RefuseReason::ProtectedMode => say!("stage.flight.not-let-in"),
    };
    let mut out = g().key("refused").attr("id", "obj:refused");
    let phone = scene.layout.is_phone();
    let floor = if phone { 503.0 } else { 578.0 };
    let from = door_x(scene);
    let to = if phone { 6.0 } else { 40.0 };
    let k = if phone { 0.7 } else { 1.0 };
    let x = walk(from, to, scene.t);
    out.push(symbol("#queue", 0.0, 0.0).moved_scaled(x, floor, k));
    if !phone {
        out.push(rect("rev", 4.0, floor - 74.0, 72.0, 16.0).round(2.0));
        out.push(g().children(one!("revt", 40.0, floor - 62.4, words, Anchor::Middle)));
    }
    out
}

/// How large somebody is who stands on the floor.
fn standing_scale(scene: &Scene<'_>) -> f64 {
    match scene.layout.scale {
        Scale::Large => 0.88,
        Scale::Medium => 0.62,
        Scale::Small => 0.42,
    }
}

fn standing(scene: &Scene<'_>, id: ClientId, x: f64, y: f64) -> Node {
    let k = standing_scale(scene);
    of_client("walker", id)
        .child(symbol("#stand", 0.0, 0.0).moved_scaled(x, y, k).attr("style", hue_style(id)))
        .child(badge(id, x, y - 20.5 * k, 18.0 * k / 0.88))
}

fn has_tables(scene: &Scene<'_>) -> bool {
    scene.layout.dining == Dining::Tables
}

/// From the door along the floor to the own column.
fn walking_in(scene: &Scene<'_>, sitter: &Sitter<'_>) -> Option<Node> {
    if !is_walking_in(scene, sitter) || !has_tables(scene) {
        return None;
    }
    let t = part(scene.t, 0.05, SITS_DOWN);
    let x = walk(door_x(scene), sitter.x, t);
    Some(standing(scene, sitter.id(), x, scene.layout.floor))
}

/// Told to go: on their feet beside the table.
fn standing_up(scene: &Scene<'_>, sitter: &Sitter<'_>) -> Option<Node> {
    let aside = scene.layout.lane_in() * ease_out(scene.t);
    has_tables(scene).then(|| standing(scene, sitter.id(), sitter.x + aside, scene.layout.floor))
}

/// To the door. At rest: nearly there, with an arrow, so that a still picture
/// says it too.
fn walking_out(scene: &Scene<'_>, sitter: &Sitter<'_>) -> Option<Node> {
    if !has_tables(scene) {
        return None;
    }
    let layout = &scene.layout;
    let from = sitter.x + layout.lane_in();
    // Between the door and the first table.
    let to = if layout.is_phone() { 42.0 } else { 147.0 };
    let x = walk(from.max(to), to, scene.t);
    let y = layout.floor;
    let mut out = g().key("leaving").attr("id", "obj:leaving");
    let endless = sitter.departed.is_some_and(|d| d.why == CloseReason::QueryBufferLimit);
    if endless && layout.scale == Scale::Large {
        out.push(endless_order(x, x + 60.0, y));
    }
    out.push(standing(scene, sitter.id(), x, y));
    if scene.is_at(Place::Pad(sitter.id())) {
        let k = standing_scale(scene);
        let (x, y, tip) = (x - 6.0 * k, y - 77.0 * k, 6.0 * k);
        out.push(path("att", d!("M{} {}h{}", x, y, 3.0 * tip)));
        out.push(path("att", d!("M{} {}l{} {}l{} {}", x + tip, y - tip, -tip, tip, tip, tip)));
    }
    Some(out)
}

/// The scroll that was too long to be read.
fn endless_order(x: f64, end: f64, y: f64) -> Node {
    let mut out = g().key("scroll");
    let sheet = d!(
        "M{} {}C{} {} {} {} {} {}H{}V{}H{}C{} {} {} {} {} {}Z",
        x + 8.0,
        y - 30.0,
        x + 22.0,
        y - 34.0,
        x + 20.0,
        y - 9.0,
        x + 34.0,
        y - 9.0,
        end - 2.0,
        y + 1.0,
        x + 30.0,
        x + 8.0,
        y + 1.0,
        x + 14.0,
        y - 22.0,
        x + 6.0,
        y - 22.0,
    );
    out.push(path("padf", sheet));
    let squares = ((end - x - 50.0) / 8.0).max(0.0) as u32;
    out.push(
        g().children((0..squares).map(|i| symbol("#sq", x + 40.0 + f64::from(i) * 8.0, y - 4.0))),
    );
    out.push(circle("padf", end, y - 7.5, 8.5));
    let curl = d!("M{} {}m-3 0a3 3 0 1 1 3 3a5.5 5.5 0 0 1 -5.5 -5", end, y - 7.5);
    out.child(path("st1", curl))
}
