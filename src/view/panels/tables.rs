//! The table twin: everything the drawing says, as tables.

use super::notepad::{self, closing, pill};
use super::transport;
use super::words::{Words, either};
use super::{amount, badge};
use crate::event::ClientId;
use crate::net::{Fd, Fired, Mask, Timeout};
use crate::trace::World;
use crate::trace::world::{ClientView, Departed, Jar, QueryView};
use crate::view::tree::Text;
use crate::view::why::{Question, questions};
use crate::view::{Frame, Node};

mod caption {
    use super::Words;
    pub const GUESTS: Words = Words::new("Guests at the tables", "Clients");
    pub const KITCHEN: Words = Words::new("The kitchen", "The loop");
    pub const FIRED: Words = Words::new("Signals, in handling order", "fired[], in handling order");
    pub const PANTRY: Words = Words::new("Pantry", "Keyspace");
    pub const DOOR: Words = Words::new("Queue at the door", "Accept queue");
}

/// Rows of a table that can grow without bound; the rest is counted.
const ROWS: usize = 250;

/// The complete table twin of the stage.
#[must_use]
pub fn tables(frame: &Frame) -> Node {
    let world = frame.world;
    Node::new("div")
        .class("pn0 twin")
        .child(kitchen(world))
        .child(fired(world))
        .child(guests(frame))
        .child(door(world))
        .child(pantry(world))
}

/// A table with its caption and column heads; the wrapper scrolls sideways
/// where the page is narrow, and can be focused for that.
fn table(caption: Words, id: &'static str, heads: &[Words], rows: Vec<Node>) -> Node {
    let heads = heads.iter().map(|words| {
        let head = Node::new("th").attr("scope", "col");
        head.children(words.clone().either())
    });
    let table = Node::new("table")
        .class("tw")
        .attr("id", id)
        .child(either("caption", "", caption))
        .child(Node::new("thead").child(Node::new("tr").children(heads)))
        .child(Node::new("tbody").children(rows));
    Node::new("div").class("tws").key(id).attr("tabindex", "0").child(table)
}

fn cell(words: Words) -> Node {
    either("td", "", words)
}

fn text(text: impl Text) -> Node {
    Node::new("td").text(text)
}

fn head(words: Words) -> Node {
    either("th", "", words).attr("scope", "row")
}

fn nothing(columns: usize, words: Words) -> Node {
    Node::new("tr").child(cell(words).attr("colspan", columns.to_string()))
}

fn and_more(columns: usize, rest: usize) -> Option<Node> {
    (rest > 0).then(|| nothing(columns, Words::plain(format!("and {rest} more"))))
}

fn kitchen(world: &World) -> Node {
    let row = |name: Words, value: Words| Node::new("tr").child(head(name)).child(cell(value));
    let mut rows = vec![
        row(Words::new("Round", "Cycle"), Words::plain(world.cycle.to_string())),
        row(Words::new("Time", "Time"), Words::plain(amount::clock(world.at))),
        row(Words::new("The chef", "The thread"), transport::doing(world)),
        row(Words::new("Sleeps until", "Timeout"), timeout(world)),
        row(Words::new("The clock rings", "serverCron"), timer(world)),
        row(Words::new("On the grill", "call()"), grill(world)),
        row(Words::new("Final sweep", "clients_pending_write"), sweep(world)),
    ];
    if world.dropped > 0 {
        let missed = amount::many(world.dropped, "record");
        rows.push(row(Words::new("Not seen", "Dropped"), Words::plain(missed)));
    }
    let heads = [Words::plain("what"), Words::plain("now")];
    table(caption::KITCHEN, "twin-kitchen", &heads, rows)
}

fn timeout(world: &World) -> Words {
    match world.asleep {
        None => Words::new("awake", "not in poll"),
        Some(Timeout::Now) => Words::new("only looks, does not sleep", "0"),
        Some(Timeout::Forever) => Words::new("somebody needs him", "-1 (none)"),
        Some(Timeout::After(after)) => {
            let due = world.slept_since.saturating_add(after);
            let left = due.saturating_sub(world.at);
            Words::said(
                format!("a flag, the bell, or the clock in {}", amount::lasting(left)),
                format!("{after}, {} left", amount::lasting(left)),
            )
        }
    }
}

fn timer(world: &World) -> Words {
    match world.timer {
        None => Words::new("no alarm is set", "not armed"),
        Some(timer) if timer.due <= world.at => Words::new("now", "due"),
        Some(timer) => {
            let left = amount::lasting(timer.due.saturating_sub(world.at));
            Words::said(format!("in {left}"), format!("due in {left}"))
        }
    }
}

fn grill(world: &World) -> Words {
    match &world.executing {
        None => Words::new("cold", "no command"),
        Some(executing) => {
            let argv: Vec<String> = executing.argv.iter().map(ToString::to_string).collect();
            Words::plain(format!("guest {}: {}", executing.client, argv.join(" ")))
        }
    }
}

fn sweep(world: &World) -> Words {
    if let Some(sweep) = world.sweep.as_ref().filter(|sweep| sweep.running) {
        let served = sweep.served.min(sweep.order.len());
        let rest = join(sweep.order[served..].iter().copied());
        let (done, of) = (served, sweep.order.len());
        let (waiters, threads) = match sweep.carriers {
            ..=1 => (String::new(), String::new()),
            n => {
                let waiters = amount::many(n as u64 - 1, "waiter");
                (format!(", {waiters} helping"), format!(", by {n} threads"))
            }
        };
        return Words::said(
            format!("{done} of {of} served{waiters}; still to serve: {rest}"),
            format!("{done} of {of} written{threads}; then {rest}"),
        );
    }
    if world.pending_write.is_empty() {
        return Words::new("no plates to carry", "empty");
    }
    let order = join(world.pending_write.iter().copied());
    Words::said(format!("will serve, newest first: {order}"), format!("from the head: {order}"))
}

fn join(ids: impl Iterator<Item = ClientId>) -> String {
    let all: Vec<String> = ids.take(ROWS).map(|id| id.to_string()).collect();
    if all.is_empty() { "nobody".into() } else { all.join(", ") }
}

fn fired(world: &World) -> Node {
    let heads = [
        Words::plain("#"),
        Words::new("line", "fd"),
        Words::new("whose", "client"),
        Words::new("signal", "mask"),
        Words::new("state", "state"),
    ];
    let rows = world.fired.iter().take(ROWS).enumerate().map(|(i, fired)| {
        let state = match i + 1 {
            n if n < world.fired_begun => Words::new("handled", "handled"),
            n if n == world.fired_begun && world.firing.is_some() => Words::new("now", "now"),
            n if n <= world.fired_begun => Words::new("handled", "handled"),
            _ => Words::new("waits", "waits"),
        };
        Node::new("tr")
            .key(format!("fired:{}", fired.fd))
            .child(head(Words::plain((i + 1).to_string())))
            .child(text(fired.fd.to_string()))
            .child(cell(owner(world, fired.fd)))
            .child(cell(signal(*fired)))
            .child(cell(state))
    });
    let mut rows: Vec<Node> = rows.collect();
    if rows.is_empty() {
        rows.push(nothing(5, Words::new("all lamps are dark", "nothing fired")));
    }
    rows.extend(and_more(5, world.fired.len().saturating_sub(ROWS)));
    table(caption::FIRED, "twin-fired", &heads, rows)
}

fn owner(world: &World, fd: Fd) -> Words {
    if let Some(client) = world.clients.values().find(|c| c.fd == fd) {
        let name = notepad::name_of(world, client);
        let name = if name.is_empty() { name } else { format!(" · {name}") };
        return Words::said(
            format!("guest {}{name}", client.id),
            format!("client {}{name}", client.id),
        );
    }
    if world.listeners.iter().any(|(listener, _)| *listener == fd) {
        return Words::new("the door bell", "listening socket");
    }
    Words::new("nobody any more", "closed")
}

fn signal(fired: Fired) -> Words {
    match (fired.mask.has(Mask::READABLE), fired.mask.has(Mask::WRITABLE)) {
        (true, true) => Words::new("flag up and room on the table", "readable, writable"),
        (true, false) => Words::new("flag up", "readable"),
        (false, true) => Words::new("room on the table", "writable"),
        (false, false) => Words::new("none", "none"),
    }
}

fn guests(frame: &Frame) -> Node {
    let world = frame.world;
    let heads = [
        Words::new("guest", "id"),
        Words::new("name", "name"),
        Words::new("line", "fd"),
        Words::new("state", "state"),
        Words::new("flag", "readable"),
        Words::new("on the slip", "socket"),
        Words::new("on the notepad", "querybuf"),
        Words::new("order", "argv"),
        Words::new("plates", "reply"),
        Words::new("last answer", "last reply"),
        Words::new("marks", "flags"),
        Words::new("why?", "why?"),
    ];
    let count = heads.len();
    let mut rows: Vec<Node> =
        world.clients.values().take(ROWS).map(|client| guest(frame, client)).collect();
    rows.extend(and_more(count, world.clients.len().saturating_sub(ROWS)));
    rows.extend(world.departed.iter().take(ROWS).map(|departed| left(frame, departed, count)));
    if rows.is_empty() {
        rows.push(nothing(count, Words::new("nobody is seated", "no clients")));
    }
    table(caption::GUESTS, "twin-guests", &heads, rows)
}

fn guest(frame: &Frame, client: &ClientView) -> Node {
    let world = frame.world;
    let readable = world.fired.iter().any(|f| f.fd == client.fd && f.mask.has(Mask::READABLE));
    let flag = match (client.waiting_in_socket > 0, readable) {
        (true, _) => Words::new("up", "yes"),
        (false, true) => Words::new("up when he woke", "fired"),
        (false, false) => Words::new("down", "no"),
    };
    let pinned = frame.selected == Some(client.id);
    let row = Node::new("tr").key(format!("guest:{}", client.id));
    let row = if pinned { row.class("sel") } else { row };
    row.child(identity(client.id))
        .child(text(notepad::name_of(world, client)))
        .child(text(client.fd.to_string()))
        .child(cell(pill(world, client).words))
        .child(cell(flag))
        .child(text(amount::size(client.waiting_in_socket)))
        .child(cell(query(&client.query)))
        .child(text(order(client)))
        .child(cell(plates(client)))
        .child(text(client.reply.last.to_string()))
        .child(text(notepad::flags(client)))
        .child(ask(frame, client.id))
}

/// A button (`data-why`) for the most telling question about this guest.
fn ask(frame: &Frame, id: ClientId) -> Node {
    let asked = questions(frame.world, Some(id)).into_iter().find(|q| q.client() == Some(id));
    let question = asked.unwrap_or(Question::Waits(id));
    let words = question.words().pick(frame.terms);
    let button = Node::new("button")
        .class("lnk")
        .attr("type", "button")
        .attr("data-why", question.word())
        .attr("aria-label", format!("Why? {words} ({id})"))
        .text("Why?");
    Node::new("td").child(button)
}

fn identity(id: ClientId) -> Node {
    let number = Node::new("span").text(id.to_string());
    Node::new("th").attr("scope", "row").child(badge(id, 18)).child(number)
}

fn query(query: &QueryView) -> Words {
    if query.len == 0 {
        return Words::new("empty", "0 B");
    }
    let (len, parsed) = (query.len, query.parsed_to.min(query.len));
    Words::said(format!("{parsed} of {len} B understood"), format!("{len} B, qb_pos {parsed}"))
}

fn order(client: &ClientView) -> String {
    let known: Vec<String> = client.argv.iter().map(ToString::to_string).collect();
    let missing = u64::from(client.argc).saturating_sub(known.len() as u64);
    let mut line = known.join(" ");
    if missing > 0 {
        line.push_str(&format!(" (+ {missing})"));
    }
    if client.argv_old && !line.is_empty() {
        line.push_str(" (done)");
    }
    line
}

fn plates(client: &ClientView) -> Words {
    let reply = &client.reply;
    if reply.waiting() == 0 {
        return Words::new("none", "0 B");
    }
    let (mut kitchen, mut redis) = (amount::size(reply.waiting()), amount::size(reply.waiting()));
    if reply.blocks > 0 {
        kitchen.push_str(&format!(", {}", amount::many(reply.blocks.into(), "tray")));
        redis.push_str(&format!(", oll={}", reply.blocks));
    }
    if client.write_handler {
        kitchen.push_str(", no room at the table");
        redis.push_str(", write handler");
    }
    Words::said(kitchen, redis)
}

fn left(frame: &Frame, departed: &Departed, columns: usize) -> Node {
    let world = frame.world;
    let why = closing(departed.why);
    let dropped = amount::size(departed.dropped);
    let words = Words::said(
        format!("has left: {}; {dropped} of plates thrown away", why.kitchen),
        format!("freed: {}; {dropped} dropped", why.redis),
    );
    Node::new("tr")
        .class("gone")
        .key(format!("gone:{}", departed.client.id))
        .child(identity(departed.client.id))
        .child(text(notepad::name_of(world, &departed.client)))
        .child(text(departed.client.fd.to_string()))
        .child(cell(words).attr("colspan", (columns - 4).to_string()))
        .child(ask(frame, departed.client.id))
}

fn door(world: &World) -> Node {
    let heads = [Words::plain("#"), Words::new("guest", "peer"), Words::new("from", "address")];
    let mut rows: Vec<Node> = world
        .backlog
        .iter()
        .take(ROWS)
        .enumerate()
        .map(|(i, peer)| {
            let name = world.guests.get(peer).map(|g| g.name.clone()).unwrap_or_default();
            Node::new("tr")
                .child(head(Words::plain((i + 1).to_string())))
                .child(text(name))
                .child(text(peer.to_string()))
        })
        .collect();
    if rows.is_empty() {
        rows.push(nothing(3, Words::new("nobody waits outside", "empty")));
    }
    rows.extend(and_more(3, world.backlog.len().saturating_sub(ROWS)));
    table(caption::DOOR, "twin-door", &heads, rows)
}

fn pantry(world: &World) -> Node {
    let heads = [
        Words::new("shelf", "db"),
        Words::new("jar", "key"),
        Words::new("kind", "type"),
        Words::new("size", "size"),
        Words::new("inside", "value"),
        Words::new("keeps for", "ttl"),
    ];
    let jars = &world.pantry.jars;
    let mut rows: Vec<Node> = jars.iter().rev().map(|jar| shelf(world, jar)).collect();
    let kept: u64 = world.pantry.sizes.values().fold(0, |sum, n| sum.saturating_add(*n));
    let unseen = kept.saturating_sub(jars.len() as u64);
    if unseen > 0 {
        let words = Words::said(
            format!("and {unseen} more that nobody touched lately"),
            format!("and {unseen} more keys"),
        );
        rows.push(nothing(6, words));
    }
    if rows.is_empty() {
        rows.push(nothing(6, Words::new("the shelves are empty", "no keys")));
    }
    table(caption::PANTRY, "twin-pantry", &heads, rows)
}

fn shelf(world: &World, jar: &Jar) -> Node {
    let touched =
        world.pantry.touched.as_ref().is_some_and(|(db, key)| (*db, key) == (jar.db, &jar.key));
    let key = crate::event::Preview::of(&jar.key, crate::event::ARG_CAP).to_string();
    let ttl = jar.ttl_ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms} ms"));
    let row = Node::new("tr");
    let row = if touched { row.class("touched") } else { row };
    let name = if touched {
        Words::said(format!("{key} (touched last)"), format!("{key} (touched last)"))
    } else {
        Words::plain(key)
    };
    row.child(text(jar.db.to_string()))
        .child(head(name))
        .child(text(jar.kind.clone()))
        .child(text(jar.size.to_string()))
        .child(text(jar.value.to_string()))
        .child(text(ttl))
}
