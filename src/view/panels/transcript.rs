//! The conversation with one client, as its bytes.

use super::words::{either, note};
use crate::event::ClientId;
use crate::trace::Timeline;
use crate::view::Node;
use crate::view::text::{Phrase, say};
use crate::view::transcript::{Entry, Kind, Transcript};

const TITLE: Phrase = Phrase::named("said.title");
const NOTHING: Phrase = Phrase::named("said.nothing");
const LABEL: Phrase = Phrase::named("said.");

/// What `client` said and was told so far; `None` while it is folded away. The
/// button that unfolds it carries `data-act="said"`. Each entry is a button
/// whose `data-seek` leads to the moment after it was understood or queued;
/// where reply bytes left is a button beside it.
#[must_use]
pub fn transcript(timeline: &Timeline, client: ClientId, said: Option<&Transcript>) -> Node {
    let mut unfold = Node::new("button")
        .class("sum")
        .attr("type", "button")
        .attr("data-act", "said")
        .attr("aria-expanded", if said.is_some() { "true" } else { "false" })
        .children(TITLE.say().either())
        .child(Node::new("code").class("bothc").text("RESP"));
    let section = Node::new("div").class("fold said").key("said");
    let Some(said) = said else { return section.child(unfold) };
    unfold.push(either("span", "rt", say!("said.count", said.before + said.entries.len())));
    let mut section = section.child(unfold);
    if said.entries.is_empty() {
        return section.child(note(NOTHING.say()));
    }
    if said.before > 0 {
        section.push(note(say!("said.before", said.before)));
    }
    let rows = said.entries.iter().map(|entry| row(timeline, entry, said.over));
    section.child(Node::new("ol").class("ev").key(format!("said:{client}")).children(rows))
}

fn row(timeline: &Timeline, entry: &Entry, over: Option<usize>) -> Node {
    let (mark, kind) = match entry.kind {
        Kind::Request => ("→", "request"),
        Kind::Unreadable => ("→", "unreadable"),
        Kind::Unrecorded => ("→", "unrecorded"),
        Kind::Unfinished if entry.is_partial => ("→", "unfinished"),
        Kind::Unfinished => ("→", "unread"),
        Kind::Reply => ("←", "reply"),
        Kind::Continued => ("←", "goes-on"),
        Kind::Push => ("←", "push"),
    };
    let what = LABEL.and(kind).say();
    let (cycle, at) = when(timeline, entry.record);
    let head = match entry.whole {
        Some(whole) => say!("said.half", &what, entry.len, whole, cycle, at),
        None => say!("said.head", &what, entry.len, cycle, at),
    };
    let code =
        Node::new("code").children(entry.pieces.iter().map(|piece| {
            Node::new(if piece.framing { "i" } else { "b" }).text(piece.text.clone())
        }));
    let text = Node::new("span").class("tx").child(either("span", "", head)).child(code);
    let mut button = jump("row", entry.record);
    if entry.is_now {
        button = button.attr("aria-current", "step");
    }
    let item = Node::new("li").key(format!("said:{}:{kind}", entry.record));
    let item = match (entry.is_now, entry.kind.is_out()) {
        (false, false) => item,
        (false, true) => item.class("out"),
        (true, false) => item.class("now"),
        (true, true) => item.class("out now"),
    };
    let item = item.child(button.child(Node::new("span").class("no").text(mark)).child(text));
    if !entry.kind.is_out() {
        return item;
    }
    item.child(fate(timeline, entry, over))
}

/// What became of a reply.
fn fate(timeline: &Timeline, entry: &Entry, over: Option<usize>) -> Node {
    let rest = entry.len - entry.left;
    let over = over.filter(|_| rest > 0);
    let Some(record) = over.or(entry.carried) else {
        return either("span", "st", say!("said.waiting"));
    };
    let (cycle, at) = when(timeline, record);
    let words = match over {
        Some(_) => say!("said.lost", rest, cycle, at),
        None if rest > 0 => say!("said.partly", entry.left, entry.len, cycle, at),
        None => say!("said.left", cycle, at),
    };
    jump("lnk", record).children(words.either())
}

fn jump(class: &'static str, record: usize) -> Node {
    Node::new("button")
        .class(class)
        .attr("type", "button")
        .attr("data-seek", (record + 1).to_string())
}

/// The cycle, 0 before the first, and the time of a record.
fn when(timeline: &Timeline, record: usize) -> (u64, u64) {
    let cycle = timeline.cycle_of(record).map_or(0, |cycle| timeline.cycles()[cycle].cycle);
    (cycle, timeline.record(record).map_or(0, |record| record.at.0))
}
