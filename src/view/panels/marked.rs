//! The moments that the reader marked, above the events.

use crate::trace::Timeline;
use crate::view::marks::Marks;
use crate::view::text::{Words, line};
use crate::view::tree::short;
use crate::view::{Node, narrate};

/// What happened at each mark, in the same order.
#[must_use]
pub fn told_at(marks: &Marks, timeline: &Timeline) -> Vec<Words> {
    let tell = |place: &usize| {
        let before = timeline.world_at(place.saturating_sub(1));
        let after = timeline.world_at(*place);
        let told = timeline.now(*place).map(|now| narrate(now, &before, &after, timeline.you()));
        told.map_or_else(super::before_the_first_cycle, |told| told.words)
    };
    marks.places().iter().map(tell).collect()
}

/// Folded away until asked for, with their count: a button that marks the
/// present moment or takes its mark away, and the marked ones as a list, each
/// a button that leads there.
#[must_use]
pub fn marked(marks: &Marks, told: &[Words], playhead: usize) -> Node {
    let here = marks.places().contains(&playhead);
    let switch = Node::new("button")
        .attr("type", "button")
        .class("btn")
        .attr("data-act", "mark")
        .attr("aria-pressed", if here { "true" } else { "false" })
        .text(line!("marks.switch"));
    let rows = marks.places().iter().zip(told).map(|(place, words)| {
        let row = Node::new("button").attr("type", "button").class("row");
        let row = row.attr("data-seek", place.to_string());
        let row = if *place == playhead { row.attr("aria-current", "step") } else { row };
        Node::new("li").key(place.to_string()).child(row.children(words.either()))
    });
    let count = Node::new("span").class("rt").text(told.len().to_string());
    let summary =
        Node::new("summary").child(Node::new("span").text(line!("marks.label"))).child(count);
    let list = Node::new("ol").class("marked").key("list").children(rows);
    let section = Node::new("details").class("fold").key("marked").child(summary);
    let section = section.child(switch.key("switch"));
    if told.is_empty() { section } else { section.child(list) }
}

/// The marks on the scrubber of a run of so many records.
#[must_use]
pub fn notches(marks: &Marks, len: usize) -> Vec<Node> {
    let notch = |place: &usize| {
        let percent = *place as f64 * 100.0 / len.max(1) as f64;
        let at = ["--at:", &short(percent)].concat();
        Node::new("i").key(place.to_string()).attr("style", at)
    };
    marks.places().iter().map(notch).collect()
}
