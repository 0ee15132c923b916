//! Notepads on the rail: `struct client`, one per connection.

use super::card::{self, Bar, Glyph, Order, Tone};
use super::dining::SITS_DOWN;
use super::draw::{
    Anchor, Placed, circle, d, g, line, of_client, one, path, rect, symbol, text, torn_edge,
};
use super::geometry::{Layout, Scale};
use super::identity::badge;
use super::motion::{ease_in, ease_out, part};
use super::scene::{Scene, Sitter};
use super::words::{MONO_PX, fit_mono, fit_sans};
use crate::event::{CloseReason, Event};
use crate::view::text::{Phrase, Words};
use crate::view::tree::Node;

/// A notepad; a torn one if its client is being closed.
pub fn pad(scene: &Scene<'_>, sitter: &Sitter<'_>) -> Node {
    let layout = &scene.layout;
    let id = sitter.id();
    let why = sitter.departed.map(|d| d.why).or(sitter.client.close_asap);
    let top = layout.pad - descent(scene, sitter);
    let group = of_client("pad", id).attr("data-client", id.to_string());
    let mut sheet = of_client("sheet", id);
    match why {
        Some(why) => torn(scene, sitter, why, &mut sheet),
        None => match layout.scale {
            Scale::Large => large(scene, sitter, top, &mut sheet),
            Scale::Medium => medium(scene, sitter, top, &mut sheet),
            Scale::Small => small(scene, sitter, top, &mut sheet),
        },
    }
    let clip = if layout.scale == Scale::Small { 0.62 } else { 1.0 };
    let group = group.fading(appearance(scene, sitter)).child(sheet);
    group.child(symbol("#clip", 0.0, 0.0).moved_scaled(sitter.x, layout.rail, clip))
}

/// A new pad is not there before its guest has sat down.
fn appearance(scene: &Scene<'_>, sitter: &Sitter<'_>) -> f64 {
    match scene.event() {
        Some(Event::ClientCreated { client, .. }) if *client == sitter.id() => {
            part(scene.t, SITS_DOWN, 0.8)
        }
        _ => 1.0,
    }
}

/// It comes down on its clip.
fn descent(scene: &Scene<'_>, sitter: &Sitter<'_>) -> f64 {
    match scene.event() {
        Some(Event::ClientCreated { client, .. }) if *client == sitter.id() => {
            20.0 * (1.0 - ease_out(part(scene.t, SITS_DOWN, 1.0)))
        }
        _ => 0.0,
    }
}

fn outline(scene: &Scene<'_>, sitter: &Sitter<'_>) -> &'static str {
    let carried = matches!(
        scene.event(), Some(Event::Write { client, by: 1.., .. }) if *client == sitter.id()
    );
    let born = matches!(
        scene.event(), Some(Event::ClientCreated { client, .. }) if *client == sitter.id()
    );
    let awake = scene.chef.place().is_some();
    if scene.is_hot(sitter.id()) || (awake && (carried || born)) { "padf hotb" } else { "padf" }
}

/// Corner brackets: selected, which is independent of being worked for.
fn brackets(x: f64, y: f64, w: f64, h: f64, s: f64) -> Node {
    let data = d!(
        "M{} {}V{}H{}M{} {}H{}V{}M{} {}V{}H{}M{} {}H{}V{}",
        x,
        y + s,
        y,
        x + s,
        x + w - s,
        y,
        x + w,
        y + s,
        x + w,
        y + h - s,
        y + h,
        x + w - s,
        x + s,
        y + h,
        x,
        y + h - s,
    );
    path("selb", data)
}

fn bytes_bar(scene: &Scene<'_>, sitter: &Sitter<'_>, x: f64, y: f64, w: f64, h: f64) -> Node {
    let Bar { filled, understood } = card::bar(sitter.client);
    let filled = match scene.event() {
        Some(Event::Read { client, bytes, .. }) if *client == sitter.id() => {
            let len = sitter.client.query.len.max(1) as f64;
            filled * (1.0 - bytes.len as f64 / len * (1.0 - scene.t))
        }
        _ => filled,
    };
    let mut bar = g().key("bar").child(rect("qbar", x, y, w, h).round(1.0));
    if understood > 0.0 {
        bar.push(rect("qeat", x, y, w * understood, h));
    }
    if filled > understood {
        bar.push(rect("qnew", x + w * understood, y, w * (filled - understood), h));
    }
    bar
}

fn glyph(sitter: &Sitter<'_>, x: f64, y: f64) -> Option<Node> {
    card::glyph(sitter.client).map(|glyph| match glyph {
        Glyph::Warning => symbol("#warn", x, y).key("glyph"),
        Glyph::Hourglass => symbol("#hourglass", x, y).key("glyph"),
    })
}

/// What the client calls itself, or else what the network knows.
pub fn name(sitter: &Sitter<'_>) -> String {
    match sitter.guest {
        _ if !sitter.client.name.is_empty() => sitter.client.name.clone(),
        Some(guest) if !guest.name.is_empty() => guest.name.clone(),
        _ => format!("id {}", sitter.id()),
    }
}

fn large(scene: &Scene<'_>, sitter: &Sitter<'_>, y: f64, out: &mut Node) {
    let Layout { pad_width: w, pad_height: h, .. } = scene.layout;
    let x = sitter.x - w / 2.0;
    out.push(rect(outline(scene, sitter), x, y, w, h).round(3.0));
    if scene.frame.selected == Some(sitter.id()) {
        out.push(brackets(x - 4.0, y - 3.0, w + 8.0, h + 7.0, 7.0).key("sel"));
    }
    out.push(badge(sitter.id(), x + 15.0, y + 15.0, 20.0));
    let mark = glyph(sitter, x + w - 13.0, y + 15.0);
    let room = if mark.is_some() { 58.0 } else { 76.0 };
    out.push(text("pn", x + 30.0, y + 19.5, fit_sans(&name(sitter), room, 11.5).into_owned()));
    mark.into_iter().for_each(|mark| out.push(mark));
    out.push(line("hair", x + 8.0, y + 28.5, x + w - 8.0, y + 28.5));
    let order = card::order(sitter.client, w - 16.0);
    out.push(order_line(scene, sitter, order, x + 8.0, y + 43.0));
    out.push(bytes_bar(scene, sitter, x + 8.0, y + 51.0, w - 16.0, 6.0));
    let (words, tone) = card::state_line(scene, sitter);
    let lines = match tone {
        Tone::Plain => one!("ps", x + 8.0, y + 70.5, words, Anchor::Start),
        Tone::Hot => one!("ps hot", x + 8.0, y + 70.5, words, Anchor::Start),
        Tone::Reversed => {
            out.push(rect("rev", x + 5.0, y + 60.5, w - 10.0, 14.0).round(2.0).key("tag"));
            one!("revt", sitter.x, y + 71.0, words, Anchor::Middle)
        }
    };
    out.push(g().key("line").children(lines));
}

fn order_line(scene: &Scene<'_>, sitter: &Sitter<'_>, order: Order, x: f64, y: f64) -> Node {
    let mut out = g().key("order");
    match order {
        Order::Blank => {}
        Order::Text { text: words, old } => {
            let dim = old && !scene.is_hot(sitter.id());
            out.push(text(if dim { "pm dim" } else { "pm" }, x, y, words));
        }
        Order::Partial { text: words, owed } => {
            let mut at = x + words.chars().count() as f64 * MONO_PX;
            at += if words.is_empty() { 0.0 } else { 5.0 };
            out.push(text("pm", x, y, words));
            let unfolding = match scene.event() {
                Some(Event::Incomplete { client, .. }) if *client == sitter.id() => scene.t,
                _ => 1.0,
            };
            for width in owed {
                out.push(rect("miss", at, y - 9.0, width * unfolding, 11.5).round(1.5));
                at += width + 4.0;
            }
        }
        Order::Unreadable { text: words, at, offender } => {
            let at = x + at as f64 * MONO_PX;
            out.push(text("pm", x, y, words));
            out.push(rect("rev", at - 0.5, y - 9.5, 7.2, 13.0).round(1.0));
            out.push(text("pm rvt", at, y, offender));
        }
    }
    out
}

fn medium(scene: &Scene<'_>, sitter: &Sitter<'_>, y: f64, out: &mut Node) {
    let Layout { pad_width: w, pad_height: h, .. } = scene.layout;
    let x = sitter.x - w / 2.0;
    out.push(rect(outline(scene, sitter), x, y, w, h).round(2.5));
    if scene.frame.selected == Some(sitter.id()) {
        out.push(brackets(x - 2.5, y - 2.5, w + 5.0, h + 5.0, 5.0).key("sel"));
    }
    out.push(badge(sitter.id(), x + 11.5, y + 12.0, 16.0));
    glyph(sitter, x + w - 12.0, y + 12.0).into_iter().for_each(|mark| out.push(mark));
    let (words, tone) = card::state_line(scene, sitter);
    if tone == Tone::Reversed {
        // No room for the sentence: the sign alone, the panel has the words.
        let label = one!("revt", sitter.x, y + 32.0, short_fault(&words), Anchor::Middle);
        out.push(rect("rev", x + 3.0, y + 22.0, w - 6.0, 13.0).round(2.0).key("tag"));
        out.push(g().key("line").children(label));
    } else {
        out.push(verb(sitter, x + 4.5, y + 32.0));
    }
    out.push(bytes_bar(scene, sitter, x + 5.0, y + h - 10.0, w - 10.0, 5.0));
}

fn short_fault(words: &Words) -> Words {
    let first = |text: &str| text.split([' ', ':', ',']).next().unwrap_or("").to_owned();
    let digits = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let kitchen = if digits(words.kitchen()) {
        words.kitchen().split(',').next().unwrap_or("").to_owned()
    } else {
        Phrase::named("stage.pad.fault").say().into_kitchen()
    };
    Words::pair(&kitchen, &fit_sans(&first(words.redis()), 42.0, 10.5))
}

fn verb(sitter: &Sitter<'_>, x: f64, y: f64) -> Node {
    let client = sitter.client;
    let mut out = g().key("order");
    let (partial, old) = match card::order(client, f64::INFINITY) {
        Order::Blank => return out,
        Order::Text { old, .. } => (false, old),
        Order::Partial { .. } => (true, false),
        Order::Unreadable { .. } => (false, false),
    };
    let verb = client.argv.first().map_or("", |name| &*name.head);
    let verb = fit_mono(verb, 6.5 * MONO_PX).into_owned();
    let wide = verb.chars().count() as f64 * MONO_PX;
    out.push(text(if old { "pm dim" } else { "pm" }, x, y, verb));
    if partial {
        out.push(rect("miss", x + wide + 1.2, y - 8.0, 5.0, 9.5).round(1.0));
    }
    out
}

fn small(scene: &Scene<'_>, sitter: &Sitter<'_>, y: f64, out: &mut Node) {
    let Layout { pad_width: w, pad_height: h, .. } = scene.layout;
    let x = sitter.x - w / 2.0;
    out.push(rect(outline(scene, sitter), x, y, w, h).round(2.0));
    if scene.frame.selected == Some(sitter.id()) {
        out.push(brackets(x - 2.0, y - 2.0, w + 4.0, h + 4.0, 5.0).key("sel"));
    }
    out.push(badge(sitter.id(), sitter.x, y + 14.0, 17.0));
    out.push(bytes_bar(scene, sitter, x + 4.0, y + 31.0, w - 8.0, 4.5));
    let mark = match card::state_line(scene, sitter) {
        (_, Tone::Reversed) => Some(Glyph::Warning),
        _ => card::glyph(sitter.client),
    };
    if let Some(mark) = mark {
        let href = if mark == Glyph::Warning { "#warn" } else { "#hourglass" };
        out.push(symbol(href, 0.0, 0.0).moved_scaled(x + w - 2.0, y + h - 2.0, 0.6).key("glyph"));
    }
}

/// The upper half stays on the clip, the lower half falls.
fn torn(scene: &Scene<'_>, sitter: &Sitter<'_>, why: CloseReason, out: &mut Node) {
    let layout = &scene.layout;
    let Layout { pad: y, pad_width: w, pad_height: h, .. } = *layout;
    let x = sitter.x - w / 2.0;
    let upper = (h / 2.0).floor();
    let teeth = if layout.scale == Scale::Large { 8 } else { 6 };
    let (up, down) = if layout.scale == Scale::Large { (-5.0, 3.0) } else { (-4.0, 2.0) };
    let fallen = match scene.event() {
        Some(Event::CloseAsap { client, .. }) if *client == sitter.id() => ease_in(scene.t),
        _ => 1.0,
    };
    let class = outline(scene, sitter);
    let edge = torn_edge(x + w, y + upper, w, teeth, up, down);
    let top = d!("M{} {}H{}V{}", x, y, x + w, y + upper);
    out.push(path(class, format!("{top}{edge}Z")));
    let mut lower = g().key("torn").attr(
        "transform",
        d!(
            "translate({} {}) rotate({})",
            x + 2.0 * fallen,
            y + upper + 12.0 * fallen,
            4.0 * fallen
        ),
    );
    let rest = h - upper - 9.0;
    let step = w / f64::from(teeth);
    let teeth_line: String = (0..teeth)
        .map(|i| d!("L{} {}", step * f64::from(i + 1), if i % 2 == 0 { up } else { down }))
        .collect();
    lower.push(path(class, format!("M0 0{teeth_line}{}", d!("V{}H0Z", rest))));
    if scene.frame.selected == Some(sitter.id()) {
        out.push(brackets(x - 4.0, y - 3.0, w + 8.0, h + 7.0, 7.0).key("sel"));
    }
    let in_peace = card::leaves_in_peace(why);
    if layout.scale == Scale::Large {
        out.push(g().class("fade").child(badge(sitter.id(), x + 15.0, y + 15.0, 20.0)));
        let name = fit_sans(&name(sitter), 76.0, 11.5).into_owned();
        out.push(text("pn fade", x + 30.0, y + 19.5, name));
        let words = card::close_words(why);
        if in_peace {
            lower.push(g().children(one!("ps", w / 2.0, 18.5, words, Anchor::Middle)));
        } else {
            lower.push(rect("rev", 4.0, 6.0, w - 8.0, 17.0).round(2.0));
            lower.push(g().children(one!("revt", w / 2.0, 18.5, words, Anchor::Middle)));
        }
    } else {
        let size = if layout.scale == Scale::Medium { 16.0 } else { 14.0 };
        let at = if layout.scale == Scale::Medium { x + 11.5 } else { sitter.x };
        out.push(g().class("fade").child(badge(sitter.id(), at, y + 12.0, size)));
        if in_peace {
            lower.push(circle("inkf", w / 2.0, rest / 2.0 + 1.0, 1.6));
        } else {
            lower.push(symbol("#warn", w / 2.0, rest / 2.0 + 1.0));
        }
    }
    out.push(lower);
}
