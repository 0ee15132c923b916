//! The query buffer, byte by byte.

use super::super::words::{heading, note};
use super::limits::{self, Line};
use super::state;
use crate::event::{Need, escape};
use crate::trace::World;
use crate::trace::world::{ClientView, Doing};
use crate::view::text::{Phrase, Words, line, say};
use crate::view::{Node, Terms};

const TITLE: Phrase = Phrase::named("query.bytes-on-the-notepad");

const ROW: u64 = 16;
/// Rows shown at once; longer buffers are shown around the cursor.
const ROWS: u64 = 6;
/// The query buffer's limit is drawn when this share of it is used.
const LIMIT_SHARE: u64 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Hatched: understood.
    Parsed,
    /// Cool: here, not yet understood.
    Waiting,
    /// Dashed: owed; its content is never guessed.
    Owed,
    /// Reversed: where the protocol broke.
    Offending,
}

/// `byte` is `None` where the content is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    byte: Option<u8>,
    kind: Kind,
}

/// The part of the buffer that is shown.
#[derive(Debug, PartialEq, Eq)]
struct Window {
    /// Offset of the first cell; a multiple of [`ROW`].
    start: u64,
    cells: Vec<Cell>,
    /// `qb_pos`; `None` when the cells are only a memory.
    cursor: Option<u64>,
    /// Received bytes after the last cell.
    beyond: u64,
    /// Bytes owed after the last cell.
    owed_beyond: u64,
}

/// How much is still to come.
#[derive(Clone, Copy)]
enum Owed {
    Nothing,
    Bytes(u64),
    /// Some; drawn to the end of the row.
    Unknown,
}

impl Window {
    fn of(client: &ClientView) -> Window {
        let query = &client.query;
        let memory = query.len == 0;
        let bytes = if memory { &query.memory } else { &query.known };
        let len = if memory { bytes.len() as u64 } else { query.len };
        let parsed = if memory { len } else { understood(client) };
        let offending = match client.doing {
            Doing::Unreadable { at, .. } if at < len => Some(at),
            _ => None,
        };
        let owed = match client.doing {
            Doing::Partial { need } if !memory => match need {
                Need::BulkBytes(n) => Owed::Bytes(n),
                Need::InlineEnd | Need::MultibulkHeader | Need::BulkHeader => Owed::Unknown,
            },
            _ => Owed::Nothing,
        };
        let end = match owed {
            Owed::Nothing => len,
            Owed::Bytes(n) => len.saturating_add(n),
            Owed::Unknown => (len / ROW + 1).saturating_mul(ROW),
        };
        let around = window_start(offending.unwrap_or(parsed), end);
        // Rows of bytes that nobody knows say less than the ones at the start.
        let start = if around < bytes.len() as u64 { around } else { 0 };
        let stop = end.min(start.saturating_add(ROW * ROWS));
        let cell = |at: u64| {
            let kind = match at {
                _ if Some(at) == offending => Kind::Offending,
                _ if at < parsed => Kind::Parsed,
                _ if at < len => Kind::Waiting,
                _ => Kind::Owed,
            };
            let known = usize::try_from(at).ok().and_then(|i| bytes.get(i)).copied();
            Cell { byte: known.filter(|_| at < len), kind }
        };
        let owed_beyond = match owed {
            Owed::Bytes(_) => end.saturating_sub(stop.max(len)),
            Owed::Nothing | Owed::Unknown => 0,
        };
        Window {
            start,
            cells: (start..stop).map(cell).collect(),
            cursor: (!memory && len > 0).then_some(parsed),
            beyond: len.saturating_sub(stop),
            owed_beyond,
        }
    }
}

/// Keeps `focus` in view with two rows of what follows it.
fn window_start(focus: u64, end: u64) -> u64 {
    let rows = end.div_ceil(ROW);
    if rows <= ROWS {
        return 0;
    }
    let wanted = (focus / ROW).saturating_sub(ROWS - 3);
    wanted.min(rows - ROWS) * ROW
}

/// `qb_pos`: what the parser has taken in. At a protocol error it stands
/// before the byte that it could not take.
fn understood(client: &ClientView) -> u64 {
    let parsed = match client.doing {
        Doing::Unreadable { at, .. } => client.query.parsed_to.max(at),
        _ => client.query.parsed_to,
    };
    parsed.min(client.query.len)
}

pub(super) fn section(world: &World, client: &ClientView) -> Vec<Node> {
    let query = &client.query;
    let glance = if query.len == 0 {
        Words::plain("0 B")
    } else {
        say!("query.glance", query.len, understood(client))
    };
    let mut nodes = vec![heading(TITLE.say(), glance)];
    let window = Window::of(client);
    if !window.cells.is_empty() {
        let hot = state::is_executing(world, client.id)
            || world.firing.is_some_and(|f| f.client == Some(client.id));
        nodes.push(grid(client, &window, hot));
    }
    nodes.extend(elided(&window));
    nodes.extend(limit_axis(world, client));
    nodes.push(note(explain(client)));
    nodes
}

fn grid(client: &ClientView, window: &Window, hot: bool) -> Node {
    let shown: Vec<u8> = window.cells.iter().map_while(|cell| cell.byte).collect();
    let all = client.query.len.max(shown.len() as u64);
    let taken = window.cursor.unwrap_or(shown.len() as u64);
    let label = line!("query.label", all, taken, &escape(&shown));
    let rows = window.cells.chunks(ROW as usize).enumerate().map(|(i, cells)| {
        let start = window.start + i as u64 * ROW;
        row(start, cells, window, hot)
    });
    Node::new("div").class("qb").attr("role", "img").attr("aria-label", label).children(rows)
}

fn row(start: u64, cells: &[Cell], window: &Window, hot: bool) -> Node {
    let last = window.start + window.cells.len() as u64;
    let cursor = window.cursor.and_then(|at| {
        let inside = at.checked_sub(start).filter(|i| *i < cells.len() as u64);
        // After the very last cell there is no cell to stand before.
        let after = at == last && start + cells.len() as u64 == last;
        inside.map(|i| (i, false)).or(after.then(|| (cells.len() as u64 - 1, true)))
    });
    let nodes = cells.iter().zip(0_u64..).map(|(cell, i)| {
        let node = cell_node(*cell);
        match cursor {
            Some((at, after)) if at == i => node.child(cursor_node(window.cursor, i, after, hot)),
            _ => node,
        }
    });
    let class = if cursor.is_some() { "cells at" } else { "cells" };
    Node::new("div").class(class).key(format!("row:{start}")).children(nodes)
}

fn cell_node(cell: Cell) -> Node {
    let class = match cell.kind {
        Kind::Parsed => "cell eat",
        Kind::Waiting => "cell new",
        Kind::Owed => "cell miss1",
        Kind::Offending => "cell bad",
    };
    let (glyph, hex) = match cell.byte {
        None => ("·".to_owned(), String::new()),
        Some(byte) => (glyph(byte), format!("{byte:02x}")),
    };
    Node::new("div").class(class).child(Node::new("b").text(glyph)).child(Node::new("i").text(hex))
}

fn glyph(byte: u8) -> String {
    match byte {
        b'\r' => "\\r".into(),
        b'\n' => "\\n".into(),
        b' ' => "␣".into(),
        0x21..=0x7e => char::from(byte).to_string(),
        _ => "·".into(),
    }
}

/// The label stands on the side where there is room for it.
fn cursor_node(at: Option<u64>, column: u64, after: bool, hot: bool) -> Node {
    let class = match (hot, after, column > ROW / 2) {
        (false, false, false) => "cur",
        (false, false, true) => "cur l",
        (false, true, false) => "cur end",
        (false, true, true) => "cur end l",
        (true, false, false) => "cur hotc",
        (true, false, true) => "cur hotc l",
        (true, true, false) => "cur hotc end",
        (true, true, true) => "cur hotc end l",
    };
    let at = at.unwrap_or_default();
    Node::new("span").class(class).child(Node::new("span").text(format!("qb_pos {at}")))
}

fn elided(window: &Window) -> Option<Node> {
    let (before, after, owed) = (window.start, window.beyond, window.owed_beyond);
    (before > 0 || after > 0 || owed > 0).then(|| note(say!("query.elided", before, after, owed)))
}

fn limit_axis(world: &World, client: &ClientView) -> Option<Node> {
    let limit = limits::query_limit_bytes(world)?;
    let used = client.query.len;
    let wanted = used >= limit / LIMIT_SHARE && used > 0;
    wanted.then(|| {
        let line = Line {
            at_bytes: limit,
            above: say!("query.at-most", limit),
            below: say!("query.then-out-at-once"),
            soft: false,
        };
        limits::axis(used, vec![line], Terms::Redis)
    })
}

/// What these bytes mean, and what comes next.
fn explain(client: &ClientView) -> Words {
    let query = &client.query;
    if let Some(crate::event::CloseReason::QueryBufferLimit) = client.close_asap {
        return say!("query.more-than-the-notepad");
    }
    match &client.doing {
        Doing::Unreadable { text, at } => say!("query.unreadable", *at, text),
        Doing::Partial { .. } => partial(client),
        _ if query.len == 0 && !query.memory.is_empty() => say!("query.done-with-the-bytes"),
        _ if query.len == 0 && client.waiting_in_socket > 0 => {
            say!("query.nothing-yet", client.waiting_in_socket)
        }
        _ if query.len == 0 => say!("query.a-guest-who-waits"),
        _ if query.parsed_to == 0 => say!("query.copied-from-the-slip"),
        _ if query.parsed_to >= query.len => say!("query.every-byte-is-accounted"),
        _ => {
            say!("query.pipelined", query.len - query.parsed_to)
        }
    }
}

fn partial(client: &ClientView) -> Words {
    if client.waiting_in_socket > 0 {
        return say!("query.rest", client.id, client.waiting_in_socket);
    }
    say!("query.half-an-order-the")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn client(doing: Doing, known: &[u8], len: u64, parsed_to: u64) -> ClientView {
        let mut world = World::default();
        let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 50_000));
        let created = crate::event::Event::ClientCreated {
            client: crate::event::ClientId(1),
            fd: crate::net::Fd(8),
            peer,
            local: peer,
        };
        let record = crate::trace::Record { seq: 0, at: crate::time::Micros(0), event: created };
        world.fold(&record);
        let mut client = world.clients.pop_first().expect("just created").1;
        client.doing = doing;
        client.query.known = known.to_vec();
        client.query.len = len;
        client.query.parsed_to = parsed_to;
        client
    }

    fn kinds(window: &Window) -> String {
        let letter = |cell: &Cell| match cell.kind {
            Kind::Parsed => 'p',
            Kind::Waiting => 'w',
            Kind::Owed => 'o',
            Kind::Offending => 'x',
        };
        window.cells.iter().map(letter).collect()
    }

    #[test]
    fn an_unknown_rest_is_dashed_to_the_end_of_the_row() {
        let doing = Doing::Partial { need: Need::BulkHeader };
        let window = Window::of(&client(doing, b"*3\r\n$6\r\nINCRBY\r\n$6", 18, 16));
        assert_eq!(kinds(&window), "ppppppppppppppppwwoooooooooooooo");
        assert_eq!((window.cursor, window.owed_beyond), (Some(16), 0));
        assert_eq!(window.cells[17].byte, Some(b'6'));
        assert_eq!(window.cells[18].byte, None, "never a guess");
    }

    #[test]
    fn a_known_rest_is_counted_exactly() {
        let doing = Doing::Partial { need: Need::BulkBytes(3) };
        let window = Window::of(&client(doing, b"$5\r\nabcd", 8, 4));
        assert_eq!(kinds(&window), "ppppwwwwooo");
        let doing = Doing::Partial { need: Need::BulkBytes(1_000) };
        let window = Window::of(&client(doing, b"$5\r\n", 4, 4));
        assert_eq!(window.cells.len() as u64 + window.owed_beyond, 1_004);
    }

    #[test]
    fn a_full_row_still_shows_that_something_is_owed() {
        let doing = Doing::Partial { need: Need::MultibulkHeader };
        let window = Window::of(&client(doing, &[b'*'; 16], 16, 0));
        assert_eq!(kinds(&window), format!("{}{}", "w".repeat(16), "o".repeat(16)));
    }

    #[test]
    fn the_offending_byte_is_the_only_reversed_one() {
        let doing = Doing::Unreadable { text: "expected '$', got '+'".into(), at: 4 };
        let window = Window::of(&client(doing, b"*1\r\n+PING", 9, 0));
        assert_eq!(kinds(&window), "ppppxwwww");
        assert_eq!(window.cursor, Some(4), "the parser stands before it");
    }

    #[test]
    fn a_long_buffer_is_shown_around_the_cursor() {
        let window = Window::of(&client(Doing::Parsed, &[b'a'; 512], 5_000, 300));
        let end = window.start + window.cells.len() as u64;
        assert!(window.start > 0 && window.start <= 300 && 300 < end, "{window:?}");
        assert_eq!(window.cells.len() as u64, ROW * ROWS);
        assert_eq!(window.beyond, 5_000 - end);
    }

    #[test]
    fn where_the_cursors_surroundings_are_unknown_the_start_is_shown() {
        let window = Window::of(&client(Doing::Parsed, &[b'a'; 512], 5_000, 3_000));
        assert_eq!((window.start, window.beyond), (0, 5_000 - ROW * ROWS));
        assert!(window.cells.iter().all(|cell| cell.byte == Some(b'a')));
    }

    #[test]
    fn what_was_trimmed_is_a_memory_without_a_cursor() {
        let mut client = client(Doing::Idle, b"", 0, 0);
        client.query.memory = b"PING\r\n".to_vec();
        let window = Window::of(&client);
        assert_eq!((kinds(&window), window.cursor), ("pppppp".to_owned(), None));
    }

    fn any_need() -> impl Strategy<Value = Need> {
        prop_oneof![
            Just(Need::InlineEnd),
            Just(Need::MultibulkHeader),
            Just(Need::BulkHeader),
            any::<u64>().prop_map(Need::BulkBytes),
        ]
    }

    proptest! {
        /// Lengths come from traces, which anybody may have edited.
        #[test]
        fn any_numbers_give_a_small_window_that_starts_a_row(
            need in any_need(), len in any::<u64>(), parsed_to in any::<u64>(), known in 0_usize..40,
        ) {
            for doing in [Doing::Partial { need }, Doing::Parsed] {
                let window = Window::of(&client(doing, &vec![0; known], len, parsed_to));
                prop_assert!(window.cells.len() as u64 <= ROW * ROWS);
                prop_assert_eq!(window.start % ROW, 0);
            }
        }
    }
}
