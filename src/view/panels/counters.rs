//! INFO's counters under INFO's names, with the kitchen's words beside them.

use super::words::{either, note};
use crate::trace::{Footprint, World};
use crate::view::Node;
use crate::view::text::{Phrase, Words, say};

/// A group and its rows.
struct Group {
    title: Words,
    rows: Vec<Row>,
}

/// `name` is INFO's, verbatim.
struct Row {
    name: &'static str,
    value: Option<String>,
}

/// The counters of `world`; rows whose value differs from `previous` (the
/// state at the last rest point) have the class `chg`.
#[must_use]
pub fn counters(world: &World, previous: Option<&World>) -> Node {
    let before: Vec<Group> = previous.map(groups).unwrap_or_default();
    let mut panel = Node::new("div").class("pn0 counters");
    for (g, group) in groups(world).into_iter().enumerate() {
        let before = before.get(g);
        let rows = group.rows.into_iter().enumerate().map(|(r, row)| {
            let old = before.and_then(|group| group.rows.get(r));
            let changed = old.is_some_and(|old| old.value != row.value);
            row.node(changed)
        });
        let table = Node::new("table")
            .class("cn")
            .child(either("caption", "", group.title))
            .child(Node::new("tbody").children(rows));
        panel.push(table);
    }
    panel
}

/// What the page keeps of a run to go back in it, and the bounds.
#[must_use]
pub fn kept(held: &Footprint) -> Node {
    note(say!(
        "counter.kept",
        held.records,
        held.record_limit,
        held.keyframes,
        held.keyframe_limit,
        held.keyframe_bytes,
        held.keyframe_bytes_limit,
        held.spacing
    ))
}

impl Row {
    fn node(self, changed: bool) -> Node {
        let row = Node::new("tr").key(self.name).attr("id", format!("info:{}", self.name));
        let row = if changed { row.class("chg") } else { row };
        row.child(
            Node::new("td").text(Phrase::named("counter.").and(self.name).say().into_kitchen()),
        )
        .child(breakable(self.name))
        .child(Node::new("td").text(self.value.unwrap_or_else(|| "–".into())))
    }
}

/// Long names may break after an underscore, and nowhere else; the text stays
/// what INFO prints, also when it is copied.
fn breakable(name: &'static str) -> Node {
    const FITS: usize = 17;
    let cell = Node::new("th").attr("scope", "row");
    if name.len() <= FITS {
        return cell.text(name);
    }
    let mut cell = cell;
    for piece in name.split_inclusive('_') {
        cell.push(Node::new("span").text(piece));
        cell.push(Node::new("wbr"));
    }
    cell
}

fn groups(world: &World) -> Vec<Group> {
    let c = &world.counters;
    let number = |n: u64| Some(n.to_string());
    let micros = |n: crate::time::Micros| Some(format!("{} µs", n.0));
    let row = |name, value| Row { name, value };
    // A zero would say that there were none.
    let inside = |value: Option<String>| value.filter(|_| !world.from_outside);
    vec![
        Group {
            title: say!("counter.guests"),
            rows: vec![
                row("connected_clients", number(c.connected_clients)),
                row("blocked_clients", inside(number(c.blocked_clients))),
                row("maxclients", world.config.get("maxclients").cloned()),
            ],
        },
        Group {
            title: say!("counter.work-so-far"),
            rows: vec![
                row("total_connections_received", number(c.total_connections_received)),
                row("rejected_connections", number(c.rejected_connections)),
                row("total_commands_processed", inside(number(c.total_commands_processed))),
                row("total_reads_processed", number(c.total_reads_processed)),
                row("total_writes_processed", number(c.total_writes_processed)),
                row("io_threaded_writes_processed", number(c.io_threaded_writes_processed)),
                row("io_threads_active", number(u64::from(c.io_threads_active))),
                row("total_net_input_bytes", number(c.total_net_input_bytes)),
                row("total_net_output_bytes", number(c.total_net_output_bytes)),
                row("total_error_replies", inside(number(c.total_error_replies))),
                row(
                    "client_query_buffer_limit_disconnections",
                    inside(number(c.client_query_buffer_limit_disconnections)),
                ),
                row(
                    "client_output_buffer_limit_disconnections",
                    inside(number(c.client_output_buffer_limit_disconnections)),
                ),
                row("expired_keys", inside(number(c.expired_keys))),
            ],
        },
        Group {
            title: say!("counter.the-loop"),
            rows: vec![
                row("eventloop_cycles", number(c.eventloop_cycles)),
                row("eventloop_duration_sum", micros(c.eventloop_duration_sum)),
                row("eventloop_duration_cmd_sum", inside(micros(c.eventloop_duration_cmd_sum))),
                row("eventloop_duration_max", micros(c.eventloop_duration_max)),
            ],
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed_rows(world: &World, previous: Option<&World>) -> usize {
        counters(world, previous).to_markup().matches("class=\"chg\"").count()
    }

    #[test]
    fn only_what_differs_is_flagged() {
        let before = World::default();
        let mut after = before.clone();
        assert_eq!(changed_rows(&after, Some(&before)), 0);
        after.counters.total_reads_processed = 1;
        after.counters.total_net_input_bytes = 32;
        assert_eq!(changed_rows(&after, Some(&before)), 2);
        assert_eq!(changed_rows(&after, None), 0, "nothing to compare with");
    }

    #[test]
    fn what_is_kept_is_said_with_its_bounds() {
        let held = crate::trace::Timeline::new().footprint();
        let said = kept(&held).to_markup();
        for bound in [held.record_limit, held.keyframe_limit, held.spacing] {
            let digits = bound.to_string();
            let plain: String = said.chars().filter(|c| !matches!(c, ',' | '\u{202f}')).collect();
            assert!(plain.contains(&digits), "{digits}: {said}");
        }
    }

    #[test]
    fn infos_names_stay_verbatim_where_they_may_break() {
        let name = "client_output_buffer_limit_disconnections";
        let markup = breakable(name).to_markup();
        let text: String =
            markup.split('<').filter_map(|tag| tag.split_once('>')).map(|t| t.1).collect();
        assert_eq!(text, name);
    }
}
