//! The signal board: one lamp per descriptor the poll watches, and the strip
//! of what it returned, in handling order.

use super::draw::{
    Anchor, Placed, circle, d, g, label, line, of_client, one, path, rays, rect, small, small_bold,
    symbol, text,
};
use super::geometry::{Dining, Scale};
use super::identity::badge;
use super::scene::{Lamp, Scene, Signal};
use crate::event::{ClientId, Event};
use crate::net::Timeout;
use crate::view::text::say;
use crate::view::tree::Node;

const X: f64 = 10.0;
const Y: f64 = 10.0;
const W: f64 = 226.0;
const H: f64 = 196.0;

/// Badges on the strip: two handled, the current one, three to come.
const STRIP: usize = 6;

pub fn board(scene: &Scene<'_>) -> Node {
    let out = g().key("board").attr("id", "obj:board");
    let out = if scene.is_asleep() { out.class("lightsout") } else { out };
    if scene.layout.is_phone() { phone(scene, out) } else { desktop(scene, out) }
}

fn outline(scene: &Scene<'_>) -> &'static str {
    let looked_at = scene.is_at(super::whereabouts::Place::Board);
    if looked_at { "panel hotb" } else { "panel" }
}

fn desktop(scene: &Scene<'_>, mut out: Node) -> Node {
    out.push(rect(outline(scene), X, Y, W, H).round(6.0));
    let title = say!("stage.board.signal-board");
    out.push(label("lab obj", X + 14.0, Y + 21.0, title, Anchor::Start, 13.5));
    out.push(count(scene));
    out.push(lamps(scene));
    out.push(line("hair", X + 14.0, Y + 116.0, X + W - 14.0, Y + 116.0));
    out.push(if scene.signals.is_empty() { what_can_wake(scene) } else { strip(scene) });
    out
}

fn count(scene: &Scene<'_>) -> Node {
    let n = scene.signals.len();
    let (x, y) = (X + W - 14.0, Y + 21.0);
    let words = match n {
        0 => say!("stage.board.all-dark"),
        _ => say!("stage.board.n-signals", n),
    };
    let lines = if n == 0 {
        one!("cnt dim", x, y, words, Anchor::End)
    } else {
        one!("cnt", x, y, words, Anchor::End)
    };
    g().key("count").children(lines)
}

/// Lamps come on one after the other, in the order of `fired`.
fn shown(scene: &Scene<'_>, lamp: Lamp, signal: Signal) -> Lamp {
    let woken = matches!(scene.event(), Some(Event::PollReturn { .. }));
    if lamp != Lamp::Lit || !woken || scene.t >= 1.0 {
        return lamp;
    }
    let at = scene.signals.iter().position(|other| *other == signal).unwrap_or(0) as f64;
    if scene.t * (scene.signals.len() as f64 + 1.0) > at { lamp } else { Lamp::Dark }
}

fn lamp_glyph(x: f64, y: f64, r: f64, lamp: Lamp) -> Node {
    let mut out = g();
    if matches!(lamp, Lamp::Lit | Lamp::Now) {
        out.push(rays(x, y, r));
    }
    let class = match lamp {
        Lamp::Dark => "lamp off",
        Lamp::Lit | Lamp::Now => "lamp lit",
        Lamp::Handled => "lamp done",
    };
    out.push(circle(class, x, y, r));
    if lamp == Lamp::Now {
        out.push(circle("hotring", x, y, r + 6.8));
    }
    out
}

fn lamps(scene: &Scene<'_>) -> Node {
    let out = g().key("lamps");
    match (scene.layout.dining, scene.layout.scale) {
        (Dining::Map(_), _) => lamps_of_the_map(scene, out),
        (_, Scale::Large) => lamps_with_badges(scene, out),
        (_, Scale::Medium) => numbered_lamps(scene, out, 7, 28.6, 8.0),
        (_, Scale::Small) => numbered_lamps(scene, out, 9, 23.4, 7.0),
    }
}

fn lamp_group(id: ClientId) -> Node {
    of_client("lamp", id)
}

fn lamps_with_badges(scene: &Scene<'_>, mut out: Node) -> Node {
    let y = Y + 66.0;
    let bell = shown(scene, scene.bell, Signal::Bell);
    let mut group = g().key("lamp:bell").attr("id", "lamp:bell");
    group.push(lamp_glyph(X + 27.0, y, 8.0, bell));
    group.push(symbol("#bell", 0.0, 0.0).moved_scaled(X + 27.0, y + 27.0, 0.8));
    if bell == Lamp::Handled {
        group.push(symbol("#check", X + 27.0, y));
    }
    out.push(group);
    for sitter in &scene.sitters {
        let id = sitter.id();
        let x = X + 31.0 + (sitter.seat + 1) as f64 * 28.6;
        let lamp = shown(scene, scene.lamp(id), Signal::Client(id));
        let mut group = lamp_group(id).child(lamp_glyph(x, y, 8.0, lamp));
        group.push(badge(id, x, y + 27.0, 16.0));
        if lamp == Lamp::Handled {
            group.push(symbol("#check", x, y));
        }
        out.push(group);
    }
    out
}

/// Without badges below: the number stands in the lamp.
fn numbered_lamps(scene: &Scene<'_>, mut out: Node, per_row: usize, pitch: f64, r: f64) -> Node {
    let rows = (scene.layout.slots + 1).div_ceil(per_row);
    let row_pitch = 68.0 / rows as f64;
    let place = |i: usize| {
        let (row, column) = (i / per_row, i % per_row);
        (X + 16.0 + pitch * (column as f64 + 0.38), Y + 42.0 + row_pitch * (row as f64 + 0.5))
    };
    let (x, y) = place(0);
    let bell = shown(scene, scene.bell, Signal::Bell);
    out.push(
        g().key("lamp:bell")
            .attr("id", "lamp:bell")
            .child(circle(lamp_class(bell), x, y, r + 1.5))
            .children((bell == Lamp::Now).then(|| circle("hotring", x, y, r + 4.5)))
            .child(symbol("#bell", 0.0, 0.0).moved_scaled(x, y, 0.46)),
    );
    for sitter in &scene.sitters {
        let id = sitter.id();
        let (x, y) = place(sitter.seat + 1);
        let lamp = shown(scene, scene.lamp(id), Signal::Client(id));
        out.push(numbered_lamp(id, x, y, r + 1.5, lamp));
    }
    out
}

fn lamp_class(lamp: Lamp) -> &'static str {
    match lamp {
        Lamp::Dark => "lamp off",
        Lamp::Lit | Lamp::Now => "lamp lit",
        Lamp::Handled => "lamp done",
    }
}

fn numbered_lamp(id: ClientId, x: f64, y: f64, r: f64, lamp: Lamp) -> Node {
    let mut group = lamp_group(id).child(circle(lamp_class(lamp), x, y, r));
    if lamp == Lamp::Now {
        group.push(circle("hotring", x, y, r + 3.0));
    }
    let class = match lamp {
        Lamp::Lit | Lamp::Now => "lampn lit",
        _ => "lampn",
    };
    let size = match id.0 {
        0..100 => r,
        100..1_000 => r * 0.82,
        _ => r * 0.62,
    };
    let style = format!("font-size:{}px", crate::view::tree::short(size.min(10.5)));
    let number = text(class, x, y + size * 0.38, id.to_string()).middle().attr("style", style);
    group.child(number)
}

/// Too many for a lamp each: the bell, and how many of how many.
fn lamps_of_the_map(scene: &Scene<'_>, mut out: Node) -> Node {
    let y = Y + 66.0;
    let bell = shown(scene, scene.bell, Signal::Bell);
    let mut group = g().key("lamp:bell").attr("id", "lamp:bell");
    group.push(lamp_glyph(X + 27.0, y, 8.0, bell));
    group.push(symbol("#bell", 0.0, 0.0).moved_scaled(X + 27.0, y + 27.0, 0.8));
    if bell == Lamp::Handled {
        group.push(symbol("#check", X + 27.0, y));
    }
    out.push(group);
    let lit = scene.signals.iter().filter(|s| matches!(s, Signal::Client(_))).count();
    let of = scene.sitters.len();
    let lines =
        one!("cnt", X + 56.0, y + 5.0, say!("stage.board.flags-of", lit, of), Anchor::Start);
    out.child(g().key("of").children(lines))
}

/// Two handled, the current one, three to come, "+n".
fn strip(scene: &Scene<'_>) -> Node {
    let mut out = g().key("strip");
    let title = say!("stage.board.handled-in-this-order");
    out.push(small(X + 14.0, Y + 133.0, title, Anchor::Start));
    let n = scene.signals.len();
    let begun = scene.world.fired_begun.min(n);
    let current = scene.world.firing.is_some().then(|| begun.saturating_sub(1));
    let first = current.unwrap_or(begun).saturating_sub(2).min(n.saturating_sub(STRIP));
    let y = Y + 154.0;
    for (slot, (i, signal)) in scene.signals.iter().enumerate().skip(first).take(STRIP).enumerate()
    {
        let x = X + 27.0 + slot as f64 * 34.4;
        if slot > 0 {
            out.push(path("st1l", d!("M{} {}H{}", x - 20.5, y, x - 14.0)));
        }
        let handled = i < begun && current != Some(i);
        let mark = match signal {
            Signal::Client(id) => badge(*id, x, y, 18.0),
            Signal::Bell => symbol("#bell", 0.0, 0.0).moved_scaled(x, y, 0.9),
            Signal::Nobody(fd) => text("sm", x, y + 4.0, fd.to_string()).middle(),
        };
        let mut group = g().key(format!("fired:{i}"));
        group.push(if handled { g().class("fade").child(mark) } else { g().child(mark) });
        if handled {
            group.push(path("st15", d!("M{} {}l3 3l5.5 -5.5", x - 4.5, y + 20.0)));
        }
        if current == Some(i) {
            group.push(circle("hotring", x, y, 13.5));
            let words = say!("stage.board.now");
            group.push(g().children(one!("sm hot", x, Y + 181.5, words, Anchor::Middle)));
        }
        out.push(group);
    }
    let more = n.saturating_sub(first + STRIP);
    if more > 0 {
        out.push(text("sm", X + W - 12.0, Y + 181.5, format!("+{more}")).end());
    }
    out
}

fn what_can_wake(scene: &Scene<'_>) -> Node {
    let out = g().key("strip");
    let Some(timeout) = scene.world.asleep else {
        let words = say!("stage.board.nobody-has-signalled");
        return out.child(small(X + 14.0, Y + 133.0, words, Anchor::Start));
    };
    let guests = scene.world.clients.len();
    let writers = scene.world.clients.values().filter(|client| client.write_handler).count();
    let tables = match guests {
        _ if writers > 0 => say!("stage.board.flag-or-room", guests, writers),
        0 => say!("stage.board.nobody-is-seated-yet"),
        1 => say!("stage.board.a-flag-at-the"),
        n => say!("stage.board.flag-at-any", n),
    };
    let doors = scene.world.listeners.len();
    let clock = match timeout {
        Timeout::Now => say!("stage.board.he-only-blinks"),
        Timeout::Forever => say!("stage.board.no-clock-runs"),
        Timeout::After(_) => say!("stage.board.the-clock", super::kitchen::left_ms(scene)),
    };
    let head = say!("stage.board.nothing-to-do-what");
    let lines = [head, tables, say!("stage.board.the-bell", doors), clock];
    out.children(
        lines
            .into_iter()
            .enumerate()
            .map(|(i, words)| small(X + 14.0, Y + 133.0 + 16.0 * i as f64, words, Anchor::Start)),
    )
}

/// One row of numbered lamps; on the map the count alone.
fn phone(scene: &Scene<'_>, mut out: Node) -> Node {
    let (x, y, w, h) = (184.0, 8.0, 198.0, 58.0);
    out.push(rect(outline(scene), x, y, w, h).round(5.0));
    out.push(small_bold(x + 9.0, y + 16.0, say!("stage.board.signals")));
    let n = scene.signals.len();
    let words = match n {
        0 => say!("stage.board.all-dark"),
        _ => say!("stage.board.raised", n),
    };
    out.push(small(x + w - 9.0, y + 16.0, words, Anchor::End));
    let (pitch, r) = match scene.layout.slots {
        6 => (27.0, 10.5),
        _ => (14.2, 6.4),
    };
    let y = y + 38.0;
    let bell_x = if r > 8.0 { x + 17.0 } else { x + 13.0 };
    let bell = shown(scene, scene.bell, Signal::Bell);
    let mut group = g().key("lamp:bell").attr("id", "lamp:bell");
    group.push(circle(lamp_class(bell), bell_x, y, r));
    if bell == Lamp::Now {
        group.push(circle("hotring", bell_x, y, r + 3.0));
    }
    group.push(symbol("#bell", 0.0, 0.0).moved_scaled(bell_x, y, r * 0.05));
    out.push(group);
    if let Dining::Map(_) = scene.layout.dining {
        let lit = scene.signals.iter().filter(|s| matches!(s, Signal::Client(_))).count();
        let of = scene.sitters.len();
        let words = say!("stage.board.flags-of", lit, of);
        out.push(small(bell_x + 22.0, y + 4.0, words, Anchor::Start));
        return out;
    }
    for sitter in &scene.sitters {
        let id = sitter.id();
        let lamp = shown(scene, scene.lamp(id), Signal::Client(id));
        let x = bell_x + (sitter.seat + 1) as f64 * pitch;
        out.push(numbered_lamp(id, x, y, r, lamp));
    }
    out
}
