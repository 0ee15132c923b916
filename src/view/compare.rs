//! Two runs side by side: the one that was, and the one that a change in its
//! past made of it. Where they part, where the one was when the other was
//! here, and what differs.

use super::Node;
use super::text::{Words, grouped, line};
use super::tree::Children;
use crate::time::Micros;
use crate::trace::codec::record_line;
use crate::trace::{Record, Timeline, World};

/// The number of records that both begin with: the first that differs stands
/// there, in at least one of them.
#[must_use]
pub fn parting(was: &[Record], is: &[Record]) -> usize {
    let same = was.iter().zip(is).take_while(|(was, is)| record_line(was) == record_line(is));
    same.count()
}

/// The playhead in the run that was, at the moment of the playhead in the run
/// that is: the same one while they are the same, by the clock afterwards.
#[must_use]
pub fn abreast(was: &Timeline, parting: usize, playhead: usize, now: Micros) -> usize {
    let known = was.records();
    if playhead <= parting {
        return playhead.min(known.len());
    }
    parting + known[parting.min(known.len())..].partition_point(|record| record.at <= now)
}

/// A drawing of the stage in which nothing can be found or pressed: there is
/// one that can.
#[must_use]
pub fn picture(mut stage: Node) -> Node {
    if let Children::Nodes(parts) = &mut stage.children {
        parts.truncate(1);
    }
    forget_ids(&mut stage);
    stage
}

fn forget_ids(node: &mut Node) {
    node.attrs.retain(|(name, _)| *name != "id");
    if let Children::Nodes(nodes) = &mut node.children {
        nodes.iter_mut().for_each(forget_ids);
    }
}

/// One of the two, at its moment.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    pub world: &'a World,
    /// What its last record tells.
    pub told: Option<&'a Words>,
}

/// What is to be said of both; what differs is marked.
#[must_use]
pub fn table(was: Side, is: Side) -> Node {
    let heads = [line!("compare.was"), line!("compare.is")]
        .map(|head| Node::new("th").attr("scope", "col").text(head));
    let heads = [Node::new("td")].into_iter().chain(heads);
    let mut rows = vec![
        row(
            &line!("compare.time"),
            [was, is].map(|side| format!("{} µs", grouped(side.world.at.0))),
        ),
        row(&line!("compare.cycle"), [was, is].map(|side| side.world.cycle.to_string())),
        row(&line!("compare.now"), [was, is].map(said)),
    ];
    let mut names: Vec<&str> = Vec::new();
    for guest in was.world.guests.values().chain(is.world.guests.values()) {
        if !names.contains(&guest.name.as_str()) {
            names.push(&guest.name);
        }
    }
    for name in names.into_iter().take(GUESTS_SHOWN) {
        rows.push(row(name, [was, is].map(|side| guest(side.world, name))));
    }
    Node::new("table")
        .class("tw")
        .child(Node::new("thead").child(Node::new("tr").children(heads)))
        .child(Node::new("tbody").children(rows))
}

/// Rows for guests; the rest is in the pictures.
const GUESTS_SHOWN: usize = 12;

fn row(head: &str, [was, is]: [String; 2]) -> Node {
    let differs = was != is;
    let head = Node::new("th").attr("scope", "row").text(head.to_owned());
    let is = Node::new("td").text(if differs { format!("≠ {is}") } else { is });
    let row = Node::new("tr").child(head).child(Node::new("td").text(was)).child(is);
    if differs { row.class("differs") } else { row }
}

fn said(side: Side) -> String {
    side.told.map_or("", Words::kitchen).to_owned()
}

fn guest(world: &World, name: &str) -> String {
    let Some(guest) = world.guests.values().find(|guest| guest.name == name) else {
        return line!("compare.not-yet");
    };
    let Some(client) = guest.client.and_then(|id| world.clients.get(&id)) else {
        return if guest.gone { line!("compare.gone") } else { line!("compare.outside") };
    };
    line!(
        "compare.guest",
        client.commands,
        client.waiting_in_socket,
        client.reply.waiting(),
        client.write_handler,
    )
}
