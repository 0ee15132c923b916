//! How the orders of a run would have fared in other kitchens.

use super::words::{either, note};
use crate::view::Node;
use crate::view::designs::{Comparison, Design, Fared};
use crate::view::text::{self, Phrase, Words, say};

const TITLE: Phrase = Phrase::named("designs.title");

/// The comparison, two lines a design so that a narrow panel holds them; folded away unless it is `open`. The button
/// that unfolds it carries `data-act="designs"`. `None` is a run that has no
/// prices to work with.
#[must_use]
pub fn designs(open: bool, compared: Option<&Comparison>) -> Node {
    let unfold = Node::new("button")
        .class("sum")
        .attr("type", "button")
        .attr("id", "designs")
        .attr("data-act", "designs")
        .attr("aria-expanded", if open { "true" } else { "false" })
        .children(TITLE.say().either());
    let section = Node::new("div").class("fold designs").key("designs").child(unfold);
    if !open {
        return section;
    }
    let Some(compared) = compared else { return section.child(note(say!("designs.no-prices"))) };
    let Some(first) = compared.rows.first() else {
        return section.child(note(say!("designs.nothing")));
    };
    let head = |words| either("th", "", words).attr("scope", "col");
    let heads = [say!("load.p50"), say!("load.p99"), say!("designs.wakeups"), say!("designs.busy")];
    let rows = compared.rows.iter().map(|fared| {
        let Fared { took, wakeups, busy, .. } = fared;
        let times = [took.p50, took.p99].map(text::time);
        let cells = times.into_iter().chain([wakeups.to_string(), text::time(*busy)]);
        let design = either("th", "", name(fared.design)).attr("scope", "rowgroup");
        Node::new("tbody")
            .child(Node::new("tr").child(design.attr("colspan", "4")))
            .child(Node::new("tr").children(cells.map(|cell| Node::new("td").text(cell))))
    });
    let table = Node::new("table")
        .class("tw duo")
        .child(Node::new("thead").child(Node::new("tr").children(heads.map(head))))
        .children(rows);
    let orders = say!("designs.orders", first.took.orders, compared.left_out);
    section.child(table).child(note(orders)).child(note(say!("designs.model")))
}

fn name(design: Design) -> Words {
    match design {
        Design::EventLoop { io_threads, shares } => {
            let idle = io_threads > 1 && shares == 0;
            say!("designs.loop", io_threads.saturating_sub(1), idle)
        }
        Design::ThreadPerClient { threads, cores, locked } => {
            say!("designs.threads", threads, cores, locked)
        }
    }
}
