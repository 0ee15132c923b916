//! "Worth noticing": the run's lints as a list.

use super::badge;
use super::words::{either, note};
use crate::view::Node;
use crate::view::lint::Lint;
use crate::view::text::{Phrase, line, say};

const TITLE: Phrase = Phrase::named("lints.worth-noticing");
const NOTHING: Phrase = Phrase::named("lints.nothing-out-of-the");

/// Rows at most: those nearest to the playhead.
const ROWS: usize = 40;

/// The lints, by time; those after the playhead are printed as the future is.
/// Folded away until asked for, with their count. Each is a button whose `data-seek` leads to the moment after it.
#[must_use]
pub fn lints(lints: &[Lint], playhead: usize) -> Node {
    let past = lints.partition_point(|lint| lint.record < playhead);
    let count = match lints.len() {
        0 => line!("lints.none"),
        all => line!("lints.so-far", past, all),
    };
    let summary = Node::new("summary")
        .children(TITLE.say().either())
        .child(Node::new("span").class("rt").text(count));
    let section = Node::new("details").class("fold lints").key("lints").child(summary);
    if lints.is_empty() {
        return section.child(note(NOTHING.say()));
    }
    let first = past.saturating_sub(ROWS / 2).min(lints.len().saturating_sub(ROWS));
    let shown = lints.iter().enumerate().skip(first).take(ROWS);
    let rows = shown.map(|(number, lint)| row(number, lint, number >= past));
    let list = Node::new("ol").class("ev").key("list").children(rows);
    let rest = lints.len().saturating_sub(ROWS);
    let section = section.child(list);
    if rest == 0 {
        return section;
    }
    section.child(note(say!("lints.more", rest)).key("more"))
}

fn row(number: usize, lint: &Lint, future: bool) -> Node {
    let text = either("span", "tx", lint.words.clone());
    let button = Node::new("button")
        .class("row")
        .attr("type", "button")
        .attr("data-seek", (lint.record + 1).to_string())
        .child(Node::new("span").class("no").text((number + 1).to_string()))
        .child(badge(lint.client, 20))
        .child(text);
    let item = Node::new("li").key(format!("lint:{}:{number}", lint.record));
    let item = if future { item.class("fut") } else { item };
    item.child(button)
}
