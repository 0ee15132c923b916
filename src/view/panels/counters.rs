//! INFO's counters under INFO's names, with the kitchen's words beside them.

use super::words::{Words, either};
use crate::trace::World;
use crate::view::Node;

/// A group and its rows.
struct Group {
    title: Words,
    rows: Vec<Row>,
}

/// `name` is INFO's, verbatim.
struct Row {
    kitchen: &'static str,
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

impl Row {
    fn node(self, changed: bool) -> Node {
        let row = Node::new("tr").key(self.name).attr("id", format!("info:{}", self.name));
        let row = if changed { row.class("chg") } else { row };
        row.child(Node::new("td").text(self.kitchen))
            .child(breakable(self.name))
            .child(Node::new("td").text(self.value.unwrap_or_else(|| "–".into())))
    }
}

/// Long names may break after an underscore, and nowhere else; the text stays
/// what INFO prints, also when it is copied.
fn breakable(name: &'static str) -> Node {
    const FITS: usize = 28;
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
    let row = |kitchen, name, value| Row { kitchen, name, value };
    vec![
        Group {
            title: Words::new("Guests", "# Clients"),
            rows: vec![
                row("seated", "connected_clients", number(c.connected_clients)),
                row("waiting", "blocked_clients", number(c.blocked_clients)),
                row("seats at most", "maxclients", world.config.get("maxclients").cloned()),
            ],
        },
        Group {
            title: Words::new("Work so far", "# Stats"),
            rows: vec![
                row("arrived", "total_connections_received", number(c.total_connections_received)),
                row("turned away", "rejected_connections", number(c.rejected_connections)),
                row(
                    "orders cooked",
                    "total_commands_processed",
                    number(c.total_commands_processed),
                ),
                row("slips taken", "total_reads_processed", number(c.total_reads_processed)),
                row("plates served", "total_writes_processed", number(c.total_writes_processed)),
                row(
                    "with waiters’ help",
                    "io_threaded_writes_processed",
                    number(c.io_threaded_writes_processed),
                ),
                row("bytes in", "total_net_input_bytes", number(c.total_net_input_bytes)),
                row("bytes out", "total_net_output_bytes", number(c.total_net_output_bytes)),
                row("error plates", "total_error_replies", number(c.total_error_replies)),
                row(
                    "order too long",
                    "client_query_buffer_limit_disconnections",
                    number(c.client_query_buffer_limit_disconnections),
                ),
                row(
                    "never ate",
                    "client_output_buffer_limit_disconnections",
                    number(c.client_output_buffer_limit_disconnections),
                ),
                row("spoiled", "expired_keys", number(c.expired_keys)),
            ],
        },
        Group {
            title: Words::new("The loop", "# Event loop"),
            rows: vec![
                row("rounds", "eventloop_cycles", number(c.eventloop_cycles)),
                row("awake in all", "eventloop_duration_sum", micros(c.eventloop_duration_sum)),
                row(
                    "of it cooking",
                    "eventloop_duration_cmd_sum",
                    micros(c.eventloop_duration_cmd_sum),
                ),
                row("longest round", "eventloop_duration_max", micros(c.eventloop_duration_max)),
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
    fn infos_names_stay_verbatim_where_they_may_break() {
        let name = "client_output_buffer_limit_disconnections";
        let markup = breakable(name).to_markup();
        let text: String =
            markup.split('<').filter_map(|tag| tag.split_once('>')).map(|t| t.1).collect();
        assert_eq!(text, name);
    }
}
