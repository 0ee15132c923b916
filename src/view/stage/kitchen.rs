//! The clock (time events) and the grill (command execution).

use super::draw::{
    Anchor, Placed, circle, d, g, label, one, path, polar, rect, small, small_bold, symbol, text,
    torn_edge,
};
use super::identity::badge;
use super::motion::{between, part};
use super::scene::Scene;
use super::whereabouts::Place;
use super::words::{MONO_PX, fit_mono};
use crate::event::{ClientId, Event, Preview};
use crate::time::Micros;
use crate::trace::world::TimerView;
use crate::view::text::{Words, say};
use crate::view::tree::Node;

/// Milliseconds until the nearest timer, rounded up as the poll's timeout is.
pub fn left_ms(scene: &Scene<'_>) -> u64 {
    let due = scene.world.timer.map_or(Micros::ZERO, |timer| timer.due);
    due.saturating_sub(scene.world.at).0.div_ceil(1_000)
}

/// The elapsed share of the timer's period.
fn elapsed(scene: &Scene<'_>) -> f64 {
    let Some(TimerView { armed_at, due }) = scene.world.timer else { return 0.0 };
    let period = due.saturating_sub(armed_at).0;
    let passed = scene.world.at.saturating_sub(armed_at).0.min(period);
    let share = if period == 0 { 1.0 } else { passed as f64 / period as f64 };
    match scene.event() {
        // Rung: the dial fills up to the last, to begin anew at the next fact.
        Some(Event::TimerFired { .. }) => between(share, 1.0, scene.t),
        _ => share,
    }
}

fn dial(scene: &Scene<'_>, x: f64, y: f64, r: f64) -> Node {
    let class = if scene.is_at(Place::Clock) { "clockf hotb" } else { "clockf" };
    let mut out = g().key("clock").attr("id", "obj:clock").child(circle(class, x, y, r));
    let ticks: String = (0..12)
        .map(|i| {
            let length = if i % 3 == 0 { 4.5 } else { 3.0 };
            let a = f64::from(i) * 30.0;
            let ((x1, y1), (x2, y2)) = (polar(x, y, r - length, a), polar(x, y, r - 1.6, a));
            d!("M{} {}L{} {}", x1, y1, x2, y2)
        })
        .collect();
    out.push(path("st1", ticks));
    let share = elapsed(scene);
    let hand = r - 5.5;
    let (tip_x, tip_y) = polar(x, y, hand, share * 360.0);
    if share > 0.0 && share < 1.0 {
        let large = if share > 0.5 { 1.0 } else { 0.0 };
        let data =
            d!("M{} {}V{}A{} {} 0 {} 1 {} {}Z", x, y, y - hand, hand, hand, large, tip_x, tip_y);
        out.push(path("wedge", data));
    } else if share >= 1.0 {
        out.push(circle("wedge", x, y, hand));
    }
    out.push(path("st2", d!("M{} {}L{} {}", x, y, tip_x, tip_y)));
    out.child(circle("inkf", x, y, 1.8))
}

fn due_words(scene: &Scene<'_>) -> Words {
    match (scene.world.timer, left_ms(scene)) {
        (None, _) if scene.world.from_outside => say!("stage.not-shown"),
        (None, _) => say!("stage.kitchen.not-wound-up"),
        (Some(_), 0) => say!("stage.kitchen.rings-now"),
        (Some(_), ms) => say!("stage.kitchen.rings-in", ms),
    }
}

/// The phone's dial, left of the ring.
pub fn phone_clock(scene: &Scene<'_>) -> Node {
    let mut out = g().key("phone-clock").child(dial(scene, 20.0, 21.0, 12.0));
    if scene.world.timer.is_some() {
        out.push(text("sm", 22.0, 46.0, format!("{} ms", left_ms(scene))).middle());
    }
    out
}

/// Clock and grill on the desktop; the grill alone on the phone.
pub fn kitchen(scene: &Scene<'_>) -> Node {
    let out = g().key("kitchen");
    let mut out = if scene.is_asleep() { out.class("lightsout") } else { out };
    if scene.layout.is_phone() {
        out.push(phone_grill(scene));
        return out;
    }
    let (x, y) = (590.0, 10.0);
    out.push(dial(scene, x + 17.0, y + 19.0, 16.0));
    let name = say!("stage.kitchen.clock");
    let mut words =
        label("lab obj", x + 42.0, y + 15.0, name, Anchor::Start, 13.5).key("clockname");
    if let Some(class) = scene.is_at(Place::Clock).then_some("sm sub3 hot") {
        let w = due_words(scene);
        words.push(text(class, x + 42.0, y + 42.0, w.kitchen().to_owned()));
    } else {
        one!("sm sub3", x + 42.0, y + 42.0, due_words(scene), Anchor::Start)
            .into_iter()
            .for_each(|line| words.push(line));
    }
    out.push(words);
    out.push(desktop_grill(scene));
    out
}

/// The ticket above the grill.
struct Ticket<'a> {
    client: ClientId,
    argv: &'a [Preview],
    /// Not any more once the command has ended.
    lit: bool,
}

/// What is on the grill: nothing until the ticket has arrived there.
fn on_the_grill<'a>(scene: &Scene<'a>) -> Option<Ticket<'a>> {
    if let Some(running) = &scene.world.executing {
        let t = match scene.event() {
            Some(Event::CommandBegin { .. }) => scene.t,
            _ => 1.0,
        };
        let (client, argv) = (running.client, running.argv.as_slice());
        let lit = part(t, 0.75, 0.9) > 0.0;
        return (t >= TICKET_LANDS).then_some(Ticket { client, argv, lit });
    }
    match scene.event() {
        Some(Event::CommandEnd { client, .. }) if scene.is_at(Place::Grill(*client)) => {
            let argv = scene.world.clients.get(client)?.argv.as_slice();
            Some(Ticket { client: *client, argv, lit: false })
        }
        _ => None,
    }
}

/// The part of the beat after which the flying ticket is on the grill.
pub const TICKET_LANDS: f64 = 0.6;

fn flames(n: u32, x: f64, pitch: f64, y: f64) -> Node {
    g().key("flames").children((0..n).map(|i| {
        let k = if i % 2 == 0 { 0.8 } else { 1.0 };
        symbol("#flame", 0.0, 0.0).moved_scaled(x + f64::from(i) * pitch, y, k)
    }))
}

fn desktop_grill(scene: &Scene<'_>) -> Node {
    let (x, y, w, h) = (590.0, 150.0, 134.0, 56.0);
    let cooking = on_the_grill(scene);
    let class = if cooking.is_some() { "panel hotb" } else { "panel" };
    let mut out =
        g().key("grill").attr("id", "obj:grill").child(rect(class, x, y, w, h).round(4.0));
    let name = say!("stage.kitchen.grill");
    out.push(label("lab obj", x + 14.0, y + 24.0, name, Anchor::Start, 14.0));
    let lit = cooking.as_ref().is_some_and(|ticket| ticket.lit);
    for i in 0..3 {
        let knob_x = x + w - 18.0 - f64::from(i) * 19.0;
        let on = lit && i == 0;
        out.push(circle(if on { "knob on" } else { "knob" }, knob_x, y + 28.0, 5.5));
        let mark = if on {
            d!("M{} {}H{}", knob_x, y + 28.0, knob_x + 5.0)
        } else {
            d!("M{} {}V{}", knob_x, y + 28.0, y + 23.0)
        };
        out.push(path("st15", mark));
    }
    let grate = d!(
        "M{} {}H{}M{} {}V{}M{} {}V{}M{} {}V{}",
        x + 8.0,
        y - 5.0,
        x + w - 8.0,
        x + 22.0,
        y - 5.0,
        y,
        x + w - 22.0,
        y - 5.0,
        y,
        x + w / 2.0,
        y - 5.0,
        y,
    );
    out.push(path("st15", grate));
    match cooking {
        None => {
            let outside = scene.world.from_outside;
            let words = if outside { say!("stage.not-shown") } else { say!("stage.kitchen.cold") };
            out.push(small(x + w / 2.0, y - 14.0, words, Anchor::Middle).key("cold"));
        }
        Some(order) => {
            if order.lit {
                out.push(flames(7, x + 25.0, 14.0, y - 6.0));
            }
            out.push(ticket(&order, x, 74.0, w));
        }
    }
    out
}

/// What a chip is wider than its word.
const CHIP_PX: f64 = 6.0;

/// The order slip above the fire, its arguments as chips.
fn ticket(order: &Ticket<'_>, x: f64, y: f64, w: f64) -> Node {
    let mut out = g().key("ticket").attr("id", "obj:ticket");
    let edge = torn_edge(x + w - 4.0, y + 40.0, w - 8.0, 10, 4.0, 0.0);
    let sheet = d!("M{} {}H{}V{}", x + 4.0, y, x + w - 4.0, y + 40.0);
    out.push(path("padf hotb", format!("{sheet}{edge}Z")));
    out.push(badge(order.client, x + 17.0, y + 19.0, 18.0));
    let mut at = x + 30.0;
    let end = x + w - 7.0;
    for (i, arg) in order.argv.iter().enumerate() {
        let room = end - at - CHIP_PX;
        // Room for a chip that says that there is more; one that is cut says
        // it itself.
        let more = if i + 1 < order.argv.len() { MONO_PX + CHIP_PX + 2.0 } else { 0.0 };
        let word = arg.to_string();
        let fitted = fit_mono(&word, room - more);
        let whole = !fitted.ends_with('…') || word.ends_with('…');
        let shown =
            if whole { fitted.into_owned() } else { fit_mono(&(word + "…"), room).into_owned() };
        let wide = shown.chars().count() as f64 * MONO_PX + CHIP_PX;
        out.push(rect("chip", at, y + 9.0, wide, 20.0).round(2.5));
        out.push(text("pm", at + wide / 2.0, y + 23.0, shown).middle());
        if !whole {
            break;
        }
        at += wide + 2.0;
    }
    out
}

fn phone_grill(scene: &Scene<'_>) -> Node {
    let (x, y, w) = (184.0, 74.0, 92.0);
    let cooking = on_the_grill(scene);
    let class = if cooking.is_some() { "panel hotb" } else { "panel" };
    let mut out = g().key("grill").attr("id", "obj:grill");
    out.push(rect(class, x, y + 76.0, w, 42.0).round(4.0));
    out.push(small_bold(x + 10.0, y + 101.0, say!("stage.kitchen.grill")));
    let lit = cooking.as_ref().is_some_and(|ticket| ticket.lit);
    out.push(circle(if lit { "knob on" } else { "knob" }, x + w - 14.0, y + 97.0, 4.5));
    out.push(circle("knob", x + w - 28.0, y + 97.0, 4.5));
    let grate = d!(
        "M{} {}H{}M{} {}V{}M{} {}V{}",
        x + 6.0,
        y + 72.0,
        x + w - 6.0,
        x + 18.0,
        y + 72.0,
        y + 76.0,
        x + w - 18.0,
        y + 72.0,
        y + 76.0,
    );
    out.push(path("st15", grate));
    let Some(order) = cooking else {
        let outside = scene.world.from_outside;
        let words = if outside { say!("stage.not-shown") } else { say!("stage.kitchen.cold-2") };
        out.push(small(x + w / 2.0, y + 62.0, words, Anchor::Middle).key("cold"));
        return out;
    };
    if order.lit {
        out.push(flames(5, x + 18.0, 14.0, y + 71.0));
    }
    let mut slip = g().key("ticket").attr("id", "obj:ticket");
    slip.push(rect("padf hotb", x, y + 6.0, w, 42.0).round(3.0));
    slip.push(badge(order.client, x + 13.0, y + 18.0, 16.0));
    let mut words = order.argv.iter().map(ToString::to_string);
    let name = words.next().unwrap_or_default();
    slip.push(text("pm", x + 25.0, y + 22.0, fit_mono(&name, w - 30.0).into_owned()));
    let rest = words.collect::<Vec<_>>().join(" ");
    slip.push(text("pm", x + 8.0, y + 40.0, fit_mono(&rest, w - 14.0).into_owned()));
    out.push(slip);
    out
}
