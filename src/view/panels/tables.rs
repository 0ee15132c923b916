//! The table twin: everything the drawing says, as tables.

use super::badge;
use super::notepad::{self, closing, pill};
use super::transport;
use super::words::either;
use crate::event::ClientId;
use crate::net::{Fd, Fired, Mask, Timeout, address_text};
use crate::trace::World;
use crate::trace::world::{ClientView, Departed, Jar, QueryView};
use crate::view::text::{self, Phrase, Words, line, say};
use crate::view::tree::Text;
use crate::view::why::{Question, questions};
use crate::view::{Frame, Node};

mod caption {
    use super::Phrase;
    pub const GUESTS: Phrase = Phrase::named("table.guests-at-the-tables");
    pub const KITCHEN: Phrase = Phrase::named("table.the-kitchen");
    pub const FIRED: Phrase = Phrase::named("table.signals-in-handling-order");
    pub const PANTRY: Phrase = Phrase::named("table.pantry");
    pub const DOOR: Phrase = Phrase::named("table.queue-at-the-door");
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
        head.children(words.either())
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

fn td(text: impl Text) -> Node {
    Node::new("td").text(text)
}

fn head(words: Words) -> Node {
    either("th", "", words).attr("scope", "row")
}

fn nothing(columns: usize, words: Words) -> Node {
    Node::new("tr").child(cell(words).attr("colspan", columns.to_string()))
}

fn and_more(columns: usize, rest: usize) -> Option<Node> {
    (rest > 0).then(|| nothing(columns, say!("table.more", rest)))
}

fn kitchen(world: &World) -> Node {
    let row = |name: Words, value: Words| Node::new("tr").child(head(name)).child(cell(value));
    let mut rows = vec![
        row(say!("table.round"), Words::plain(world.cycle.to_string())),
        row(say!("table.time"), Words::plain(text::clock(world.at))),
        row(say!("table.the-chef"), transport::doing(world)),
        row(say!("table.sleeps-until"), timeout(world)),
        row(say!("table.the-clock-rings"), timer(world)),
        row(say!("table.on-the-grill"), grill(world)),
        row(say!("table.final-sweep"), sweep(world)),
    ];
    if world.dropped > 0 {
        rows.push(row(say!("table.not-seen"), say!("table.records", world.dropped)));
    }
    let heads = [say!("table.what"), say!("table.now-2")];
    table(caption::KITCHEN.say(), "twin-kitchen", &heads, rows)
}

fn timeout(world: &World) -> Words {
    match world.asleep {
        None => say!("table.awake"),
        Some(Timeout::Now) => say!("table.only-looks-does-not"),
        Some(Timeout::Forever) => say!("table.somebody-needs-him"),
        Some(Timeout::After(after)) => {
            let due = world.slept_since.saturating_add(after);
            let left = due.saturating_sub(world.at);
            say!("table.wakes", after, left)
        }
    }
}

fn timer(world: &World) -> Words {
    match world.timer {
        None => say!("table.no-alarm-is-set"),
        Some(timer) if timer.due <= world.at => say!("table.now"),
        Some(timer) => {
            say!("table.rings-in", timer.due.saturating_sub(world.at))
        }
    }
}

fn grill(world: &World) -> Words {
    match &world.executing {
        None => say!("table.cold"),
        Some(executing) => {
            let argv: Vec<String> = executing.argv.iter().map(ToString::to_string).collect();
            say!("table.grill", executing.client, &argv.join(" "))
        }
    }
}

fn sweep(world: &World) -> Words {
    if let Some(sweep) = world.sweep.as_ref().filter(|sweep| sweep.running) {
        let served = sweep.served.min(sweep.order.len());
        let rest = join(sweep.order[served..].iter().copied());
        let (done, of) = (served, sweep.order.len());
        let waiters = sweep.carriers.saturating_sub(1);
        return say!("table.sweeping", done, of, waiters, sweep.carriers, &rest);
    }
    if world.pending_write.is_empty() {
        return say!("table.no-plates-to-carry");
    }
    let order = join(world.pending_write.iter().copied());
    say!("table.will-serve", &order)
}

fn join(ids: impl Iterator<Item = ClientId>) -> String {
    let all: Vec<String> = ids.take(ROWS).map(|id| id.to_string()).collect();
    if all.is_empty() { line!("table.nobody") } else { all.join(", ") }
}

fn fired(world: &World) -> Node {
    let heads = [
        Words::plain("#"),
        say!("table.line"),
        say!("table.whose"),
        say!("table.signal"),
        say!("table.state"),
    ];
    let rows = world.fired.iter().take(ROWS).enumerate().map(|(i, fired)| {
        let state = match i + 1 {
            n if n < world.fired_begun => say!("table.handled"),
            n if n == world.fired_begun && world.firing.is_some() => say!("table.now-2"),
            n if n <= world.fired_begun => say!("table.handled"),
            _ => say!("table.waits"),
        };
        Node::new("tr")
            .key(format!("fired:{}", fired.fd))
            .child(head(Words::plain((i + 1).to_string())))
            .child(td(fired.fd.to_string()))
            .child(cell(owner(world, fired.fd)))
            .child(cell(signal(*fired)))
            .child(cell(state))
    });
    let mut rows: Vec<Node> = rows.collect();
    if rows.is_empty() {
        rows.push(nothing(5, say!("table.all-lamps-are-dark")));
    }
    rows.extend(and_more(5, world.fired.len().saturating_sub(ROWS)));
    table(caption::FIRED.say(), "twin-fired", &heads, rows)
}

fn owner(world: &World, fd: Fd) -> Words {
    if let Some(client) = world.clients.values().find(|c| c.fd == fd) {
        let name = notepad::name_of(world, client);
        return say!("table.owner", client.id, &name);
    }
    if world.listeners.iter().any(|(listener, _)| *listener == fd) {
        return say!("table.the-door-bell");
    }
    say!("table.nobody-any-more")
}

fn signal(fired: Fired) -> Words {
    match (fired.mask.has(Mask::READABLE), fired.mask.has(Mask::WRITABLE)) {
        (true, true) => say!("table.flag-up-and-room"),
        (true, false) => say!("table.flag-up"),
        (false, true) => say!("table.room-on-the-table"),
        (false, false) => say!("table.none"),
    }
}

fn guests(frame: &Frame) -> Node {
    let world = frame.world;
    let heads = [
        say!("table.guest"),
        say!("table.name"),
        say!("table.line"),
        say!("table.state"),
        say!("table.flag"),
        say!("table.on-the-slip"),
        say!("table.on-the-notepad"),
        say!("table.order"),
        say!("table.plates"),
        say!("table.last-answer"),
        say!("table.marks"),
        say!("table.why"),
    ];
    let count = heads.len();
    let mut rows: Vec<Node> =
        world.clients.values().take(ROWS).map(|client| guest(frame, client)).collect();
    rows.extend(and_more(count, world.clients.len().saturating_sub(ROWS)));
    rows.extend(world.departed.iter().take(ROWS).map(|departed| left(frame, departed, count)));
    if rows.is_empty() {
        rows.push(nothing(count, say!("table.nobody-is-seated")));
    }
    table(caption::GUESTS.say(), "twin-guests", &heads, rows)
}

fn guest(frame: &Frame, client: &ClientView) -> Node {
    let world = frame.world;
    let readable = world.fired.iter().any(|f| f.fd == client.fd && f.mask.has(Mask::READABLE));
    let flag = match (client.waiting_in_socket > 0, readable) {
        (true, _) => say!("table.up"),
        (false, true) => say!("table.up-when-he-woke"),
        (false, false) => say!("table.down"),
    };
    let pinned = frame.selected == Some(client.id);
    let row = Node::new("tr").key(format!("guest:{}", client.id));
    let row = if pinned { row.class("sel") } else { row };
    row.child(identity(client.id))
        .child(td(notepad::name_of(world, client)))
        .child(td(client.fd.to_string()))
        .child(cell(pill(world, client).words))
        .child(cell(flag))
        .child(td(text::size(client.waiting_in_socket)))
        .child(cell(query(&client.query)))
        .child(td(order(client)))
        .child(cell(plates(client)))
        .child(td(client.reply.last.to_string()))
        .child(td(notepad::flags(client)))
        .child(ask(frame, client.id))
}

/// A button (`data-why`) for the most telling question about this guest.
fn ask(frame: &Frame, id: ClientId) -> Node {
    let asked = questions(frame.world, Some(id)).into_iter().find(|q| q.client() == Some(id));
    let question = asked.unwrap_or(Question::Waits(id));
    let button = Node::new("button")
        .class("lnk")
        .attr("type", "button")
        .attr("data-why", question.word())
        .attr("aria-label", line!("table.why.label", question.words().pick(frame.terms), id))
        .text(line!("why.why"));
    Node::new("td").child(button)
}

fn identity(id: ClientId) -> Node {
    let number = Node::new("span").text(id.to_string());
    Node::new("th").attr("scope", "row").child(badge(id, 18)).child(number)
}

fn query(query: &QueryView) -> Words {
    if query.len == 0 {
        return say!("table.empty");
    }
    let (len, parsed) = (query.len, query.parsed_to.min(query.len));
    say!("table.understood", parsed, len)
}

fn order(client: &ClientView) -> String {
    let known: Vec<String> = client.argv.iter().map(ToString::to_string).collect();
    let missing = u64::from(client.argc).saturating_sub(known.len() as u64);
    let mut line = known.join(" ");
    if missing > 0 {
        line.push_str(&format!(" (+ {missing})"));
    }
    if client.argv_old && !line.is_empty() {
        return line!("table.done", &line);
    }
    line
}

fn plates(client: &ClientView) -> Words {
    let reply = &client.reply;
    if reply.waiting() == 0 {
        return say!("table.none-2");
    }
    say!("table.reply", reply.waiting(), reply.blocks, client.write_handler)
}

fn left(frame: &Frame, departed: &Departed, columns: usize) -> Node {
    let world = frame.world;
    let words = say!("table.left", &closing(departed.why), departed.dropped);
    Node::new("tr")
        .class("gone")
        .key(format!("gone:{}", departed.client.id))
        .child(identity(departed.client.id))
        .child(td(notepad::name_of(world, &departed.client)))
        .child(td(departed.client.fd.to_string()))
        .child(cell(words).attr("colspan", (columns - 4).to_string()))
        .child(ask(frame, departed.client.id))
}

fn door(world: &World) -> Node {
    let heads = [Words::plain("#"), say!("table.guest-2"), say!("table.from")];
    let mut rows: Vec<Node> = world
        .backlog
        .iter()
        .take(ROWS)
        .enumerate()
        .map(|(i, peer)| {
            let name = world.guests.get(peer).map(|g| g.name.clone()).unwrap_or_default();
            Node::new("tr")
                .child(head(Words::plain((i + 1).to_string())))
                .child(td(name))
                .child(td(address_text(*peer)))
        })
        .collect();
    if rows.is_empty() {
        rows.push(nothing(3, say!("table.nobody-waits-outside")));
    }
    rows.extend(and_more(3, world.backlog.len().saturating_sub(ROWS)));
    table(caption::DOOR.say(), "twin-door", &heads, rows)
}

fn pantry(world: &World) -> Node {
    let heads = [
        say!("table.shelf"),
        say!("table.jar"),
        say!("table.kind"),
        say!("table.size"),
        say!("table.inside"),
        say!("table.keeps-for"),
    ];
    let jars = &world.pantry.jars;
    let mut rows: Vec<Node> = jars.iter().rev().map(|jar| shelf(world, jar)).collect();
    let kept: u64 = world.pantry.sizes.values().fold(0, |sum, n| sum.saturating_add(*n));
    let unseen = kept.saturating_sub(jars.len() as u64);
    if unseen > 0 {
        rows.push(nothing(6, say!("table.unseen", unseen)));
    }
    if rows.is_empty() {
        rows.push(nothing(6, say!("table.the-shelves-are-empty")));
    }
    table(caption::PANTRY.say(), "twin-pantry", &heads, rows)
}

fn shelf(world: &World, jar: &Jar) -> Node {
    let touched =
        world.pantry.touched.as_ref().is_some_and(|(db, key)| (*db, key) == (jar.db, &jar.key));
    let key = crate::event::Preview::of(&jar.key, crate::event::ARG_CAP).to_string();
    let keeps = match jar.ends.map(|ends| Jar::left_ms(ends, world.at)) {
        None => Words::plain("–"),
        Some(None) => say!("table.past-its-date"),
        Some(Some(ms)) => Words::plain(format!("{ms} ms")),
    };
    let row = Node::new("tr");
    let row = if touched { row.class("touched") } else { row };
    let name = if touched { say!("table.touched", &key) } else { Words::plain(key) };
    row.child(td(jar.db.to_string()))
        .child(head(name))
        .child(td(jar.kind.clone()))
        .child(td(jar.size.to_string()))
        .child(td(jar.value.to_string()))
        .child(either("td", "", keeps))
}
