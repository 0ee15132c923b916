//! What the picture says without eyes and without a mouse: its description,
//! and one button per client.

use super::card::state_line;
use super::draw::{Wording, g, rect};
use super::geometry::Dining;
use super::pad::name;
use super::scene::{Scene, Sitter};
use super::thread::Thread;
use crate::view::frame::Terms;
use crate::view::tree::Node;

/// A target is at least this high and wide, where columns allow it.
const TARGET_PX: f64 = 44.0;

pub fn hits(scene: &Scene<'_>) -> Node {
    let layout = &scene.layout;
    let mut out = g().key("hits").attr("id", "obj:hits");
    if let Dining::Map(grid) = layout.dining {
        for sitter in &scene.sitters {
            if sitter.seat % grid.clients_per_seat != 0 {
                continue;
            }
            let Some((x, y)) = layout.map_seat(sitter.seat) else { continue };
            let (w, h) = (grid.pitch_x, grid.pitch_y);
            // Hundreds of tab stops would be a trap: the keyboard reaches the
            // columns at the pass, and everybody through the console.
            let target = rect("hit", x - w / 2.0, y - h / 2.0, w, h);
            out.push(named(scene, sitter, target, "seat-hit").attr("tabindex", "-1"));
        }
    }
    let bottom = match layout.dining {
        Dining::Tables => layout.caption + 6.0,
        Dining::Map(_) => layout.boundary,
    };
    let width = (layout.pitch() - 4.0).max(TARGET_PX.min(layout.pitch()));
    for sitter in scene.at_the_pass() {
        let (top, left) = (layout.rail - 6.0, sitter.x - width / 2.0);
        let target = rect("hit", left, top, width, bottom - top).num("rx", 4.0);
        out.push(named(scene, sitter, target, "hit").attr("tabindex", "0"));
    }
    out
}

fn named(scene: &Scene<'_>, sitter: &Sitter<'_>, target: Node, kind: &'static str) -> Node {
    let id = sitter.id();
    let selected = scene.frame.selected == Some(id);
    let (words, _) = state_line(scene, sitter);
    let label = match scene.frame.terms {
        Terms::Redis => format!("client {id}, {}: {}", name(sitter), words.redis),
        Terms::Kitchen | Terms::Both => format!("table {id}, {}: {}", name(sitter), words.kitchen),
    };
    target
        .key(format!("{kind}:{id}"))
        .attr("id", format!("{kind}:{id}"))
        .attr("role", "button")
        .attr("aria-label", label)
        .attr("aria-pressed", if selected { "true" } else { "false" })
        .attr("data-client", id.to_string())
}

/// One paragraph: what the chef does, what the poll returned, who is here.
pub fn description(scene: &Scene<'_>) -> String {
    let kitchen = scene.frame.terms != Terms::Redis;
    let pick = |words: Wording| if kitchen { words.kitchen } else { words.redis };
    let mut out = String::new();
    out.push_str(match (scene.thread, kitchen) {
        (Thread::Opening, true) => "The kitchen opens.",
        (Thread::Opening, false) => "The server starts.",
        (Thread::Closed, true) => "The kitchen is closed.",
        (Thread::Closed, false) => "The server has shut down.",
        (Thread::Asleep, true) => "The chef is asleep.",
        (Thread::Asleep, false) => "The thread is blocked in the poll.",
        (Thread::Awake { .. }, true) => "The chef is awake.",
        (Thread::Awake { .. }, false) => "The thread is running.",
    });
    let seated = scene.world.clients.len();
    let waiting = scene.world.backlog.len();
    let signals = scene.signals.len();
    out.push_str(&if kitchen {
        format!(" {seated} seated, {waiting} at the door, {signals} signals.")
    } else {
        format!(" {seated} clients, {waiting} in the backlog, {signals} events fired.")
    });
    for sitter in scene.at_the_pass().take(24) {
        let (words, _) = state_line(scene, sitter);
        let noun = if kitchen { "Table" } else { "Client" };
        out.push_str(&format!(" {noun} {}: {}.", sitter.id(), pick(words)));
    }
    out
}
