//! Limits as directives spell them, and the axis that shows how near one is.

use crate::part::part;
use crate::time::Micros;
use crate::trace::World;
use crate::trace::world::ReplyView;
use crate::view::text::{self, Words};
use crate::view::tree::short;
use crate::view::{Node, Terms};

/// `client-output-buffer-limit` of class `normal`; zero bytes = no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct OutputLimit {
    pub hard_bytes: u64,
    pub soft_bytes: u64,
    pub soft_seconds: u64,
}

/// `None` if the records say nothing of it, or it is off.
pub(in crate::view) fn output_limit(world: &World) -> Option<OutputLimit> {
    let value = world.config.get("client-output-buffer-limit")?;
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    let class = words.chunks_exact(4).find(|class| class[0].eq_ignore_ascii_case("normal"))?;
    let limit = OutputLimit {
        hard_bytes: memory(class[1])?,
        soft_bytes: memory(class[2])?,
        soft_seconds: class[3].parse().ok()?,
    };
    (limit.hard_bytes > 0 || limit.soft_bytes > 0).then_some(limit)
}

/// `client-query-buffer-limit`.
pub(in crate::view) fn query_limit_bytes(world: &World) -> Option<u64> {
    memory(world.config.get("client-query-buffer-limit")?).filter(|limit| *limit > 0)
}

/// A number with Redis's memory units: `k` and `m` are decimal, `kb` and `mb`
/// binary.
fn memory(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match part(text, digits.len()..).to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// What the output limit measures, as far as the records tell: the list's
/// blocks at their smallest size with their overhead, or its bytes if those
/// are more. A lower bound, since a block may be larger than its bytes.
pub(in crate::view) fn output_usage_bytes(reply: &ReplyView) -> u64 {
    // As in `engine::reply`, which says why.
    const BLOCK_BYTES: u64 = 20 * 1024 - 16;
    const OVERHEAD_BYTES: u64 = 40;
    let blocks = u64::from(reply.blocks);
    reply.listed.max(blocks * BLOCK_BYTES).saturating_add(blocks * OVERHEAD_BYTES)
}

/// How long above the soft limit, in whole seconds as Redis counts them.
pub(super) fn seconds_over(world: &World, since: Micros) -> u64 {
    world.at.saturating_sub(since).as_secs()
}

/// A mark on the axis.
pub(super) struct Line {
    pub at_bytes: u64,
    pub above: Words,
    pub below: Words,
    /// Dashed: it may be crossed for a while.
    pub soft: bool,
}

/// The axis from zero to the farthest line, filled up to `usage_bytes`.
pub(super) fn axis(usage_bytes: u64, lines: Vec<Line>, terms: Terms) -> Node {
    let farthest = lines.iter().map(|line| line.at_bytes).max().unwrap_or(1).max(1);
    // A soft limit alone: leave room to see how far beyond it is.
    let all_soft = lines.iter().all(|line| line.soft);
    let scale = if all_soft { farthest as f64 * 1.25 } else { farthest as f64 };
    let percent = |bytes: u64| short((bytes as f64 / scale * 100.0).min(100.0));
    let mut spoken = text::size(usage_bytes);
    let mut marks = Vec::new();
    for line in lines {
        spoken.push_str(", ");
        spoken.push_str(line.above.pick(terms));
        let at_end = line.at_bytes as f64 >= scale;
        let class = match (line.soft, at_end) {
            (true, _) => "m s",
            (false, true) => "m e",
            (false, false) => "m",
        };
        let left = if at_end {
            "calc(100% - 2px)".to_owned()
        } else {
            format!("{}%", percent(line.at_bytes))
        };
        marks.push(
            Node::new("div")
                .class(class)
                .attr("style", format!("left:{left}"))
                .child(Node::new("span").class("u").children(line.above.either()))
                .child(Node::new("span").class("d").children(line.below.either())),
        );
    }
    let fill = Node::new("i").attr("style", format!("width:{}%", percent(usage_bytes)));
    Node::new("div")
        .class("lim")
        .attr("role", "img")
        .attr("aria-label", spoken)
        .child(Node::new("div").class("ax").child(fill))
        .children(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(value: &str) -> World {
        let mut world = World::default();
        world.config.insert("client-output-buffer-limit".into(), value.into());
        world
    }

    #[test]
    fn the_normal_class_is_found_in_either_spelling() {
        let expected = OutputLimit { hard_bytes: 1 << 20, soft_bytes: 512 << 10, soft_seconds: 10 };
        for value in
            ["normal 1048576 524288 10 slave 0 0 0", "replica 1mb 1mb 60 normal 1mb 512kb 10"]
        {
            assert_eq!(output_limit(&world(value)), Some(expected));
        }
    }

    #[test]
    fn no_limit_and_nonsense_draw_no_axis() {
        for value in ["normal 0 0 0", "normal x 0 0", "normal 1", "", "slave 1 1 1"] {
            assert_eq!(output_limit(&world(value)), None, "{value:?}");
        }
        assert_eq!(memory("18446744073709551615gb"), None);
    }
}
