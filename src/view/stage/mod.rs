//! The drawing: one moment as one picture, a pure function of the frame.
//!
//! Three storeys. The kitchen is the one thread; the pass is memory that it
//! owns (client structs, reply buffers); the dining room is the kernel's
//! sockets. The dashed line between pass and dining room is the process
//! boundary: only `read` and `write` cross it. Nothing is drawn that does not
//! stand for something in the [`World`](crate::trace::World).
//!
//! Reading order: `whereabouts` (what the thread is at, the only hot thing),
//! `scene` (who stands where), `geometry`, then one file per object, and
//! `flight` for what moves. Shapes carry classes; colours, fonts and strokes
//! are in `www/stage.css`, the symbols in `www/symbols.svg`.

mod attention;
mod board;
mod card;
mod chef;
mod dining;
mod door;
mod draw;
mod flight;
mod geometry;
mod hits;
mod identity;
mod kitchen;
mod motion;
mod pad;
mod pantry;
mod rack;
mod scene;
mod whereabouts;
mod words;

use crate::view::frame::{Frame, Motion, Viewport};
use crate::view::narration::alt;
use crate::view::text::line;
use crate::view::tree::Node;
use draw::{d, g, path, rect};
use scene::Scene;

pub use identity::{badge_picture, hue_style};
pub use words::{fit_mono, fit_sans};

/// The symbols that the stage, badges and buttons refer to: SVG source for
/// the page to hold once, invisible. A page that includes `www/symbols.svg`
/// itself does not need it; an exported picture does.
pub const SYMBOLS: &str = include_str!("../../../www/symbols.svg");

/// The whole stage.
///
/// The root holds two groups: the picture (`role=img`, described in words) and,
/// above it, one button per client (`data-client`, in the order of their
/// seats). They are siblings because whatever is inside an image is hidden
/// from assistive technology.
#[must_use]
pub fn stage(frame: &Frame<'_>) -> Node {
    let scene = Scene::of(frame);
    let layout = &scene.layout;
    let class = match (layout.viewport, frame.motion) {
        (Viewport::Desktop, Motion::Full) => "stg dk",
        (Viewport::Desktop, Motion::Reduced) => "stg dk still",
        (Viewport::Phone, Motion::Full) => "stg mb",
        (Viewport::Phone, Motion::Reduced) => "stg mb still",
    };
    Node::new("svg")
        .key("stage")
        .class(class)
        .attr("viewBox", d!("0 0 {} {}", layout.width, layout.height))
        .attr("role", "group")
        .attr("aria-label", line!("stage.restaurant"))
        .child(picture(&scene))
        .child(hits::hits(&scene))
}

/// Back to front.
fn picture(scene: &Scene<'_>) -> Node {
    let mut out = g()
        .key("picture")
        .attr("id", "obj:picture")
        .attr("role", "img")
        .attr("aria-label", alt(scene.frame));
    out.push(zones(scene));
    out.push(board::board(scene));
    out.push(chef::chef(scene));
    out.push(kitchen::kitchen(scene));
    out.push(pantry::pantry(scene));
    out.push(rack::pass(scene));
    out.push(door::door(scene));
    attention::attention(scene).into_iter().for_each(|line| out.push(line));
    out.push(g().key("pads").children(scene.at_the_pass().map(|s| pad::pad(scene, s))));
    flight::waiter(scene).into_iter().for_each(|waiter| out.push(waiter));
    out.push(dining::room(scene));
    out.push(g().key("rack").children(scene.at_the_pass().filter_map(|s| rack::cell_of(scene, s))));
    out.child(flight::flights(scene))
}

fn zones(scene: &Scene<'_>) -> Node {
    let layout = &scene.layout;
    let (w, h, x, y) = (layout.width, layout.height, layout.pass, layout.boundary);
    let class = if scene.is_asleep() { "zk night" } else { "zk" };
    let kitchen = rect(class, 0.0, 0.0, w, layout.kitchen);
    let (kitchen, room) = if layout.is_phone() {
        (kitchen, d!("M{} {}H{}V{}H{}Z", x, y, w, h, x))
    } else {
        let corner = d!("Q{} {} {} {}", w, h, w - 8.0, h);
        let room = d!("M{} {}H{}V{}", x, y, w, h - 8.0);
        (kitchen.num("rx", 8.0), format!("{room}{corner}{}", d!("H{}Z", x)))
    };
    g().key("zones").child(kitchen).child(path("zd", room))
}
