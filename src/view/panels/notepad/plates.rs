//! Plates: what waits to be written, what it costs, and what comes next.

use super::super::words::{either, heading, note};
use super::limits::{self, Line, OutputLimit};
use super::state;
use crate::trace::World;
use crate::trace::world::{ClientView, Departed, Doing};
use crate::view::text::{Phrase, Words, line, say};
use crate::view::tree::short;
use crate::view::{Node, Terms};

const TITLE: Phrase = Phrase::named("plates.plates-for-this-guest");
const LIMIT_TITLE: Phrase = Phrase::named("plates.how-much-may-pile");
const NO_TRAYS: Phrase = Phrase::named("plates.no-extra-trays");

/// `PROTO_REPLY_CHUNK_BYTES`: the private buffer.
const CHUNK_BYTES: u64 = 16 * 1024;
/// Blocks drawn one by one; the rest is a count.
const BLOCKS_DRAWN: u32 = 22;

pub(super) fn section(
    world: &World,
    client: &ClientView,
    departed: Option<&Departed>,
) -> Vec<Node> {
    let glance = match departed {
        Some(d) => say!("plates.dropped", d.dropped),
        None => say!("plates.waiting", client.reply.waiting()),
    };
    let mut nodes = vec![heading(TITLE.say(), glance), buffer(client), blocks(client)];
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
    let used = line!("plates.used", used);
    Node::new("div")
        .class("barx")
        .child(Node::new("div").class("bar").attr("aria-hidden", "true").child(fill))
        .child(Node::new("span").text(used))
}

fn blocks(client: &ClientView) -> Node {
    let (blocks, row) = (client.reply.blocks, Node::new("div").class("blk"));
    if blocks == 0 {
        let empty = Node::new("i").class("e").attr("aria-hidden", "true");
        return row.child(empty).child(either("span", "", NO_TRAYS.say()));
    }
    let drawn = (0..blocks.min(BLOCKS_DRAWN)).map(|_| Node::new("i").attr("aria-hidden", "true"));
    let listed = client.reply.listed;
    let label = match blocks.checked_sub(BLOCKS_DRAWN).filter(|rest| *rest > 0) {
        Some(rest) => say!("plates.more-blocks", rest, listed),
        None => say!("plates.blocks", blocks, listed),
    };
    row.children(drawn).child(either("span", "", label))
}

fn limit_axis(world: &World, client: &ClientView, limit: OutputLimit) -> Vec<Node> {
    let seconds = limit.soft_seconds;
    let glance = match client.soft_limit_since {
        Some(since) => {
            say!("plates.over", limits::seconds_over(world, since), seconds)
        }
        None => say!("plates.below-the-soft-limit"),
    };
    let mut lines = Vec::new();
    if limit.soft_bytes > 0 {
        lines.push(Line {
            at_bytes: limit.soft_bytes,
            above: say!("plates.soft", limit.soft_bytes),
            below: say!("plates.seconds", seconds),
            soft: true,
        });
    }
    if limit.hard_bytes > 0 {
        lines.push(Line {
            at_bytes: limit.hard_bytes,
            above: say!("plates.hard", limit.hard_bytes),
            below: say!("plates.at-once"),
            soft: false,
        });
    }
    let usage = limits::output_usage_bytes(&client.reply);
    vec![heading(LIMIT_TITLE.say(), glance), limits::axis(usage, lines, Terms::Redis)]
}

/// What happens to these plates next.
fn next(world: &World, client: &ClientView, departed: Option<&Departed>) -> Option<Words> {
    if departed.is_some() || client.close_asap.is_some() {
        return Some(say!("plates.nothing-more-is-carried"));
    }
    if let Some(since) = client.soft_limit_since {
        return Some(soft_limit_ends(world, since));
    }
    if client.close_after_reply.is_some() {
        return Some(say!("plates.what-stands-on-the"));
    }
    if state::is_executing(world, client.id) {
        return Some(say!("plates.next-the-answer-goes"));
    }
    match client.doing {
        Doing::TableFull => {
            return Some(say!("plates.the-table-has-no"));
        }
        Doing::BudgetSpent => {
            return Some(say!("plates.64-kb-is-one"));
        }
        _ => {}
    }
    if let Some(place) = world.pending_write.iter().position(|id| *id == client.id) {
        return Some(say!("plates.place", place + 1));
    }
    let sent = client.reply.last_sent;
    let by = client.reply.last_by;
    (client.reply.waiting() == 0 && sent > 0).then(|| say!("plates.sent", sent, by))
}

fn soft_limit_ends(world: &World, since: crate::time::Micros) -> Words {
    let seconds = limits::output_limit(world).map(|limit| limit.soft_seconds);
    let left = seconds.map(|s| s.saturating_sub(limits::seconds_over(world, since)));
    match left {
        Some(left @ 1..) => say!("plates.soft-ends", left),
        _ => say!("plates.the-guest-gets-no"),
    }
}
