//! How the crowds of a run fared, so that they can be compared: two lines each,
//! so that a narrow panel holds the figures.

use super::words::either;
use crate::trace::Timeline;
use crate::view::Node;
use crate::view::lanes::Load;
use crate::view::requests::Requests;
use crate::view::text::{self, say};

/// Nothing, if no crowd has had an answer within the first `playhead` records.
#[must_use]
pub fn loads(timeline: &Timeline, requests: &Requests, playhead: usize) -> Option<Node> {
    let loads = Load::all(timeline, requests, playhead);
    if loads.is_empty() {
        return None;
    }
    let head = |words| either("th", "", words).attr("scope", "col");
    let heads = [
        say!("load.per-second"),
        say!("load.p50"),
        say!("load.p90"),
        say!("load.p99"),
        say!("load.max"),
    ];
    let rows = loads.into_iter().map(|Load { crowd, sent, took, per_second }| {
        let times = [took.p50, took.p90, took.p99, took.max].map(text::time);
        let cells = [per_second.to_string()].into_iter().chain(times);
        let name = Node::new("th").attr("scope", "rowgroup").attr("colspan", "5");
        let served = either("span", "rt", say!("load.served", took.orders, sent));
        Node::new("tbody")
            .key(crowd.clone())
            .child(Node::new("tr").child(name.child(Node::new("span").text(crowd)).child(served)))
            .child(Node::new("tr").children(cells.map(|cell| Node::new("td").text(cell))))
    });
    let table = Node::new("table")
        .class("tw duo loads")
        .child(either("caption", "", say!("load.title")))
        .child(Node::new("thead").child(Node::new("tr").children(heads.map(head))))
        .children(rows);
    Some(table.key("loads"))
}
