//! The attention line: from the chef to the one place he is at. The program
//! counter, drawn.

use super::draw::{Placed, circle, d, g, path};
use super::geometry::Layout;
use super::motion::{REACHES, between, ease_in_out, part};
use super::pantry;
use super::scene::Scene;
use super::whereabouts::Place;
use crate::event::{ClientId, Event};
use crate::sorted::sort_by_key;
use crate::view::tree::Node;

/// `None` while nobody is awake to pay attention.
pub fn attention(scene: &Scene<'_>) -> Option<Node> {
    let place = scene.chef.place()?;
    let layout = &scene.layout;
    let mut out = g().key("att").attr("id", "att");
    let line = |data: String| {
        let line = path("att", data);
        // A new signal draws its line afresh, from the chef outwards.
        if matches!(scene.event(), Some(Event::Fire { .. })) && scene.t < 1.0 {
            let drawn = ease_in_out(scene.t).max(0.001);
            line.attr("pathLength", "1").attr("stroke-dasharray", d!("{} 1", drawn))
        } else {
            line
        }
    };
    match place {
        Place::Board => {
            let (from, to) = if layout.is_phone() {
                ((158.5, 58.0), (184.0, 58.0))
            } else {
                ((330.5, 94.0), (236.0, 94.0))
            };
            out.push(line(d!("M{} {}H{}", from.0, from.1, to.0)));
            out.push(circle("attd", to.0, to.1, 4.0));
        }
        Place::Clock => {
            if layout.is_phone() {
                out.push(line("M47 41L31 29.5".into()));
                out.push(circle("attd", 30.0, 29.0, 3.4));
            } else {
                out.push(line("M490.5 94H572Q578 94 578 88V35Q578 29 584 29H590".into()));
                out.push(circle("attd", 591.0, 29.0, 4.0));
            }
        }
        Place::Door => {
            let (x, y) = if layout.is_phone() { (41.0, 426.0) } else { (113.0, 462.0) };
            let mut way = down(layout, x);
            if layout.is_phone() {
                way.push_str(&d!("V{}Q{} {} {} {}H36", y - 5.0, x, y, x - 4.0, y));
                out.push(line(way));
                out.push(circle("attd", 35.0, y, 3.4));
            } else {
                way.push_str(&d!("V{}", y));
                out.push(line(way));
                out.push(circle("attd", x, y, 4.0));
            }
        }
        Place::Pad(id) => {
            let x = scene.column_of(id)?;
            out.push(line(format!("{}{}", down(layout, x), d!("V{}", layout.rail - 3.0))));
            out.push(circle("attd", x, layout.rail + 1.0, 4.0));
        }
        Place::Rack(id) => {
            let x = scene.column_of(id)? + layout.plate_dx();
            let y = layout.pad + layout.pad_height + 7.0;
            out.push(line(format!("{}{}", down(layout, x), d!("V{}", y))));
            out.push(circle("attd", x, y, 4.0));
        }
        Place::Grill(_) => grill(scene, &mut out, line),
        Place::Table(id) => {
            let x = scene.column_of(id)? + layout.lane_out();
            sweep(scene, Some(id), &mut out);
            out.push(line(to_track(scene, x)));
            out.push(circle("attd", x, layout.track, 5.0).key("here"));
        }
        Place::Track => {
            sweep(scene, None, &mut out);
            let (x, _) = layout.descent();
            out.push(line(to_track(scene, x)));
            out.push(circle("attd", x, layout.track, 4.0));
        }
    }
    Some(out)
}

/// From the foot of the ring along the gap above the rail to column `x`; ends
/// just below the gap.
fn down(layout: &Layout, x: f64) -> String {
    let (from, top) = layout.descent();
    let y = layout.crossing();
    let side = if x < from { -1.0 } else { 1.0 };
    let r = (x - from).abs().min(12.0) / 2.0;
    d!(
        "M{} {}V{}Q{} {} {} {}H{}Q{} {} {} {}",
        from,
        top,
        y - r,
        from,
        y,
        from + side * r,
        y,
        x - side * r.min(4.0),
        x,
        y,
        x,
        y + r.min(4.0),
    )
}

/// Straight down to the track, then along it.
fn to_track(scene: &Scene<'_>, x: f64) -> String {
    let layout = &scene.layout;
    let (from, top) = layout.descent();
    let reached = match scene.event() {
        Some(Event::PendingWriteTaken { client } | Event::Write { client, by: 0, .. }) => between(
            before(scene, *client).unwrap_or(from),
            x,
            ease_in_out(part(scene.t, 0.0, REACHES)),
        ),
        _ => x,
    };
    let run = reached - from;
    let r = run.abs().min(6.0);
    let side = if run < 0.0 { -1.0 } else { 1.0 };
    let y = layout.track;
    let corner = d!("M{} {}V{}Q{} {} {} {}", from, top, y - r, from, y, from + side * r, y);
    corner + &along(scene, from + side * r, reached)
}

/// Half of the bridge over a lane.
const BRIDGE: f64 = 5.0;

/// Along the track, over the lanes of those whom a waiter serves: the chef
/// does not stop there.
fn along(scene: &Scene<'_>, from: f64, to: f64) -> String {
    let side = if to < from { -1.0 } else { 1.0 };
    let room = BRIDGE + 1.0;
    let is_crossed = |x: &f64| (x - from) * side > room && (to - x) * side > room;
    let mut lanes: Vec<f64> = carried(scene).filter(is_crossed).collect();
    sort_by_key(&mut lanes, |x| (x * side) as i64);
    let mut way = String::new();
    for x in lanes {
        let turn = if side < 0.0 { 0.0 } else { 1.0 };
        way.push_str(&d!("H{}a5 5 0 0 {} {} 0", x - side * BRIDGE, turn, 2.0 * side * BRIDGE));
    }
    way + &d!("H{}", to)
}

/// Out-lanes of those whom a waiter has served in this sweep.
fn carried<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = f64> + 'a {
    let by_a_waiter = |id: &&ClientId| {
        scene.world.clients.get(*id).is_some_and(|client| client.reply.last_by > 0)
    };
    let sweep = scene.world.sweep.iter();
    let served = sweep.flat_map(|sweep| sweep.order.iter().take(sweep.served));
    served
        .filter(by_a_waiter)
        .filter_map(|id| scene.column_of(*id))
        .map(|x| x + scene.layout.lane_out())
}

/// Out-lane of the client whose turn was before this one's.
fn before(scene: &Scene<'_>, id: ClientId) -> Option<f64> {
    let order = &scene.world.sweep.as_ref()?.order;
    let before = order.iter().take_while(|other| **other != id);
    let carried: Vec<f64> = carried(scene).collect();
    before
        .filter_map(|other| scene.column_of(*other))
        .map(|x| x + scene.layout.lane_out())
        .filter(|x| !carried.contains(x))
        .last()
}

/// The part of the track that this sweep has passed.
fn sweep(scene: &Scene<'_>, current: Option<ClientId>, out: &mut Node) {
    let layout = &scene.layout;
    let Some(sweep) = &scene.world.sweep else { return };
    let lane = |id: &ClientId| scene.column_of(*id).map(|x| x + layout.lane_out());
    let carried: Vec<f64> = carried(scene).collect();
    let served: Vec<f64> = sweep
        .order
        .iter()
        .take(sweep.served)
        .filter(|id| Some(**id) != current)
        .filter_map(lane)
        .filter(|x| !carried.contains(x))
        .collect();
    let here = current.as_ref().and_then(lane);
    let all = || served.iter().copied().chain(here);
    let (left, right) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    if left < right {
        let way = d!("M{} {}", left, layout.track) + &along(scene, left, right);
        out.push(path("pass", way).key("pass"));
    }
    out.push(
        g().key("passed")
            .children(served.into_iter().map(|x| circle("passd", x, layout.track, 2.6))),
    );
}

/// Ring to ticket, and ticket to the shelf of the key.
fn grill(scene: &Scene<'_>, out: &mut Node, line: impl Fn(String) -> Node) {
    let shelf = pantry::hot_shelf(scene);
    if scene.layout.is_phone() {
        out.push(line("M163 101H183".into()));
        out.push(circle("attd", 184.0, 101.0, 4.0));
        if let Some(board) = shelf {
            let way = if board < 160.0 {
                "M276 114H285".into()
            } else {
                d!("M276 114H281V{}H285", board - 27.0)
            };
            out.push(line(way).key("shelf"));
            let y = if board < 160.0 { 114.0 } else { board - 27.0 };
            out.push(circle("attd", 286.0, y, 4.0));
        }
        return;
    }
    out.push(line("M490.5 94H593".into()));
    out.push(circle("attd", 594.0, 94.0, 4.0));
    if let Some(board) = shelf {
        let way =
            if board < 100.0 { "M721 94H742".into() } else { d!("M721 94H731V{}H742", board) };
        out.push(line(way).key("shelf"));
        out.push(circle("attd", 721.0, 94.0, 4.0));
        if board > 100.0 {
            out.push(circle("attd", 742.0, board, 4.0).fading(1.0));
        }
    }
}
