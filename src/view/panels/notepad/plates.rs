//! Plates: what waits to be written, what it costs, and what comes next.

use super::super::amount;
use super::super::words::{Words, either, heading, note};
use super::limits::{self, Line, OutputLimit};
use super::state;
use crate::trace::World;
use crate::trace::world::{ClientView, Departed, Doing};
use crate::view::tree::short;
use crate::view::{Node, Terms};

const TITLE: Words = Words::new("Plates for this guest", "buf + reply list");
const LIMIT_TITLE: Words = Words::new("How much may pile up", "client-output-buffer-limit");
const NO_TRAYS: Words = Words::new("no extra trays", "reply list empty");

/// `PROTO_REPLY_CHUNK_BYTES`: the private buffer, and the smallest block.
const CHUNK_BYTES: u64 = 16 * 1024;
/// Blocks drawn one by one; the rest is a count.
const BLOCKS_DRAWN: u32 = 22;

pub(super) fn section(
    world: &World,
    client: &ClientView,
    departed: Option<&Departed>,
) -> Vec<Node> {
    let waiting = amount::size(client.reply.waiting());
    let glance = match departed {
        Some(d) => Words::said(
            format!("{} thrown away", amount::size(d.dropped)),
            format!("{} dropped", amount::size(d.dropped)),
        ),
        None => Words::said(format!("{waiting} waiting"), format!("{waiting} pending")),
    };
    let mut nodes = vec![heading(TITLE, glance), buffer(client), blocks(client)];
    if let Some(limit) = limits::output_limit(world)
        && limits::output_usage_bytes(&client.reply) > 0
    {
        nodes.extend(limit_axis(world, client, limit));
    }
    nodes.extend(next(world, client, departed).map(note));
    nodes
}

fn buffer(client: &ClientView) -> Node {
    let used = client.reply.buffered.min(CHUNK_BYTES);
    let width = short(used as f64 / CHUNK_BYTES as f64 * 100.0);
    // Five bytes in 16 KB would be invisible, and "something" is the point.
    let floor = if used > 0 { ";min-width:3px" } else { "" };
    let fill = Node::new("i").attr("style", format!("width:{width}%{floor}"));
    let used = match used {
        0..1024 => format!("{used} B of 16 KB"),
        _ => format!("{} of 16 KB", amount::size(used)),
    };
    Node::new("div")
        .class("barx")
        .child(Node::new("div").class("bar").attr("aria-hidden", "true").child(fill))
        .child(Node::new("span").text(used))
}

fn blocks(client: &ClientView) -> Node {
    let (blocks, row) = (client.reply.blocks, Node::new("div").class("blk"));
    if blocks == 0 {
        let empty = Node::new("i").class("e").attr("aria-hidden", "true");
        return row.child(empty).child(either("span", "", NO_TRAYS));
    }
    let drawn = (0..blocks.min(BLOCKS_DRAWN)).map(|_| Node::new("i").attr("aria-hidden", "true"));
    let listed = amount::size(client.reply.listed);
    let label = match blocks.checked_sub(BLOCKS_DRAWN).filter(|rest| *rest > 0) {
        Some(rest) => Words::said(
            format!("+ {rest} more trays, {listed} in all"),
            format!("+ {rest} more blocks, {listed} in all"),
        ),
        None => Words::said(
            format!("{}, {listed}", amount::many(blocks.into(), "tray")),
            format!("{}, {listed}", amount::many(blocks.into(), "block")),
        ),
    };
    row.children(drawn).child(either("span", "", label))
}

fn limit_axis(world: &World, client: &ClientView, limit: OutputLimit) -> Vec<Node> {
    let seconds = limit.soft_seconds;
    let glance = match client.soft_limit_since {
        Some(since) => {
            let over = limits::seconds_over(world, since);
            Words::said(
                format!("{over} s of {seconds} s over"),
                format!("soft {over} / {seconds} s"),
            )
        }
        None => Words::new("below the soft limit", "soft not reached"),
    };
    let mut lines = Vec::new();
    if limit.soft_bytes > 0 {
        lines.push(Line {
            at_bytes: limit.soft_bytes,
            above: Words::plain(format!("soft {}", amount::size(limit.soft_bytes))),
            below: Words::plain(format!("{seconds} s at most")),
            soft: true,
        });
    }
    if limit.hard_bytes > 0 {
        lines.push(Line {
            at_bytes: limit.hard_bytes,
            above: Words::plain(format!("hard {}", amount::size(limit.hard_bytes))),
            below: Words::plain("at once"),
            soft: false,
        });
    }
    let usage = limits::output_usage_bytes(&client.reply);
    vec![heading(LIMIT_TITLE, glance), limits::axis(usage, lines, Terms::Redis)]
}

/// What happens to these plates next.
fn next(world: &World, client: &ClientView, departed: Option<&Departed>) -> Option<Words> {
    if departed.is_some() || client.close_asap.is_some() {
        return Some(Words::new(
            "Nothing more is carried to this table. What is left on the rack is thrown away.",
            "Nothing more is written. freeClient drops whatever is still queued.",
        ));
    }
    if let Some(since) = client.soft_limit_since {
        return Some(soft_limit_ends(world, since));
    }
    if client.close_after_reply.is_some() {
        return Some(Words::new(
            "What stands on the rack is still served; then the guest is shown out.",
            "CLOSE_AFTER_REPLY: queued bytes are written, new ones ignored, then the client is freed.",
        ));
    }
    if state::is_executing(world, client.id) {
        return Some(Words::new(
            "Next: the answer goes on the rack. It does not go to the table yet.",
            "Next: addReply appends to buf and queues the client in clients_pending_write.",
        ));
    }
    match client.doing {
        Doing::TableFull => {
            return Some(Words::new(
                "The table has no room. The chef asked to be told when there is, and serves the others.",
                "The socket's send buffer is full. sendReplyToClient continues when it is writable.",
            ));
        }
        Doing::BudgetSpent => {
            return Some(Words::new(
                "64 KB is one guest's share of a round. The rest is carried in the next one.",
                "NET_MAX_WRITES_PER_EVENT is used up. The write handler continues in the next cycle.",
            ));
        }
        _ => {}
    }
    if let Some(place) = world.pending_write.iter().position(|id| *id == client.id) {
        let place = place + 1;
        return Some(Words::said(
            format!("It waits for the final sweep, at place {place}: the newest goes first."),
            format!("clients_pending_write, place {place}: linked at the head, so newest first."),
        ));
    }
    let sent = client.reply.last_sent;
    (client.reply.waiting() == 0 && sent > 0).then(|| {
        let (waiter, on) = match client.reply.last_by {
            0 => (String::new(), String::new()),
            by => (format!(", carried by waiter {by}"), format!(" on io-thread {by}")),
        };
        let sent = amount::size(sent);
        Words::said(
            format!("{sent} left the rack in the last sweep{waiter}."),
            format!("The last write{on} took {sent}; buf and list are empty."),
        )
    })
}

fn soft_limit_ends(world: &World, since: crate::time::Micros) -> Words {
    let seconds = limits::output_limit(world).map(|limit| limit.soft_seconds);
    let left = seconds.map(|s| s.saturating_sub(limits::seconds_over(world, since)));
    match left {
        Some(left @ 1..) => Words::said(
            format!(
                "The guest gets no warning. In {left} s all its plates are thrown away and it is shown out."
            ),
            format!(
                "No warning is sent. In {left} s clientsCron frees the client and drops its replies."
            ),
        ),
        _ => Words::new(
            "The guest gets no warning. At the next look all its plates are thrown away.",
            "No warning is sent. The next check frees the client and drops its replies.",
        ),
    }
}
