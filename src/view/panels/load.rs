//! How the crowds of a run fared: a row each, so that they can be compared.

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
        say!("load.crowd"),
        say!("load.served"),
        say!("load.per-second"),
        say!("load.p50"),
        say!("load.p90"),
        say!("load.p99"),
        say!("load.max"),
    ];
    let rows = loads.into_iter().map(|Load { crowd, sent, took, per_second }| {
        let times = [took.p50, took.p90, took.p99, took.max].map(text::time);
        let counts =
            [[&took.orders.to_string(), " / ", &sent.to_string()].concat(), per_second.to_string()];
        Node::new("tr")
            .key(crowd.clone())
            .child(Node::new("th").attr("scope", "row").text(crowd))
            .children(counts.into_iter().chain(times).map(|cell| Node::new("td").text(cell)))
    });
    let table = Node::new("table")
        .class("tw loads")
        .child(either("caption", "", say!("load.title")))
        .child(Node::new("thead").child(Node::new("tr").children(heads.map(head))))
        .child(Node::new("tbody").children(rows));
    Some(Node::new("div").class("tws").key("loads").attr("tabindex", "0").child(table))
}
