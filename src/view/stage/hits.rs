//! What can be clicked and reached by keyboard: one button per client, over
//! the whole height of its column.

use super::card::state_line;
use super::draw::{g, rect};
use super::geometry::Dining;
use super::pad::name;
use super::scene::{Scene, Sitter};
use super::words::fit_sans;
use crate::view::text::say;
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
    let name = name(sitter);
    // Whatever a client calls itself, a name read aloud is one short line.
    let name = fit_sans(&name, 200.0, 11.5);
    let label = say!("stage.hit.label", id, &*name, &words);
    let label = label.pick(scene.frame.terms).to_owned();
    target
        .key(format!("{kind}:{id}"))
        .attr("id", format!("{kind}:{id}"))
        .attr("role", "button")
        .attr("aria-label", label)
        .attr("aria-pressed", if selected { "true" } else { "false" })
        .attr("data-client", id.to_string())
}
