//! The dining room: the kernel's side. Guests at tables, or seats on a map.

use super::draw::{Anchor, Placed, circle, d, g, line, of_client, path, rect, small, symbol, text};
use super::geometry::{Dining, Grid, Scale};
use super::identity::{badge, hue_style, pip};
use super::motion::{ease_in_out, ease_out, part};
use super::rack::{helping, plate};
use super::scene::{Lamp, Scene, Sitter};
use crate::event::{Event, Pipe};
use crate::net::WriteOutcome;
use crate::trace::world::Doing;
use crate::view::text::{say, size};
use crate::view::tree::Node;

/// How a guest sits there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Posture {
    Level,
    /// Looks up: has asked, or is being served.
    Up,
    /// Turned away: takes nothing from the table.
    Away,
    /// Waits with eyes shut.
    Shut,
    /// No longer there.
    Gone,
}

impl Posture {
    const fn href(self) -> &'static str {
        match self {
            Posture::Level => "#guest",
            Posture::Up => "#guest-up",
            Posture::Away => "#guest-away",
            Posture::Shut => "#guest-shut",
            Posture::Gone => "#guest-no",
        }
    }
}

/// The part of an arrival's beat after which the guest sits down.
pub const SITS_DOWN: f64 = 0.7;

/// Whether the guest is still walking in from the door.
pub fn is_walking_in(scene: &Scene<'_>, sitter: &Sitter<'_>) -> bool {
    scene.t < SITS_DOWN
        && matches!(
            scene.event(),
            Some(Event::ClientCreated { client, .. }) if *client == sitter.id()
        )
}

/// Whether the guest cannot put anything more on the table.
pub fn is_table_full(sitter: &Sitter<'_>) -> bool {
    let client = sitter.client;
    // The server knows only that the last write did not fit; a network that can
    // see the guest knows better when something was eaten since.
    match sitter.guest {
        None => client.doing == Doing::TableFull,
        Some(guest) => {
            guest.uneaten > 0 && (client.doing == Doing::TableFull || client.write_handler)
        }
    }
}

/// Whether the table is still, or already, this guest's.
fn has_seat(scene: &Scene<'_>, sitter: &Sitter<'_>) -> bool {
    let client = sitter.client;
    sitter.departed.is_none() && client.close_asap.is_none() && !is_walking_in(scene, sitter)
}

/// Whether the far end has gone, which the chef will learn only by reading.
fn has_run_off(sitter: &Sitter<'_>) -> bool {
    sitter.guest.is_some_and(|guest| guest.gone)
}

fn posture(scene: &Scene<'_>, sitter: &Sitter<'_>) -> Posture {
    let client = sitter.client;
    if !has_seat(scene, sitter) || has_run_off(sitter) {
        Posture::Gone
    } else if client.blocked.is_some() {
        Posture::Shut
    } else if is_table_full(sitter) || sitter.guest.is_some_and(|guest| !guest.reading) {
        Posture::Away
    } else if scene.flag(sitter) || scene.is_hot(client.id) {
        Posture::Up
    } else {
        Posture::Level
    }
}

/// Everybody, at tables or on the map.
pub fn room(scene: &Scene<'_>) -> Node {
    match scene.layout.dining {
        Dining::Tables => {
            g().key("room").children(scene.at_the_pass().map(|sitter| column(scene, sitter)))
        }
        Dining::Map(grid) => map(scene, grid),
    }
}

fn column(scene: &Scene<'_>, sitter: &Sitter<'_>) -> Node {
    let layout = &scene.layout;
    let id = sitter.id();
    let (x, y, k) = (sitter.x, layout.table, layout.guest_scale());
    let posture = posture(scene, sitter);
    let seat = of_client("seat", id).attr("data-client", id.to_string());
    let mut out = of_client("table", id);
    let figure = symbol(posture.href(), 0.0, 0.0).moved_scaled(x, y, k);
    out.push(figure.attr("style", hue_style(id)).key("guest"));
    if scene.flag(sitter) {
        out.push(flag(scene, sitter));
    }
    out.push(table(scene, x, y));
    if has_seat(scene, sitter) {
        let (dy, size) = match layout.scale {
            Scale::Large => (21.0, 22.0),
            Scale::Medium => (15.0, 15.0),
            Scale::Small => (15.0, 16.0),
        };
        out.push(badge(id, x, y + dy, size).key("badge"));
    }
    if scene.flag(sitter) {
        slip(scene, sitter, &mut out);
    }
    plates(scene, sitter, &mut out);
    let mut seat = seat.child(out);
    caption(scene, sitter, &mut seat);
    seat
}

fn table(scene: &Scene<'_>, x: f64, y: f64) -> Node {
    match scene.layout.scale {
        Scale::Large => symbol("#table", x, y),
        Scale::Medium => symbol("#table-m", x, y),
        Scale::Small => g()
            .child(rect("tb", x - 13.0, y, 26.0, 4.0).round(2.0))
            .child(path("st15", d!("M{} {}V{}", x, y + 4.0, y + 30.0))),
    }
    .key("table")
}

/// Whether this guest's slip has just filled.
fn arrived(scene: &Scene<'_>, sitter: &Sitter<'_>) -> bool {
    matches!(
        scene.event(),
        Some(Event::Pipe { peer, pipe: Pipe::Arrived { .. } | Pipe::FinArrived })
            if *peer == sitter.client.peer
    )
}

/// The flag goes up when the first bytes come to rest in the socket.
fn flag(scene: &Scene<'_>, sitter: &Sitter<'_>) -> Node {
    let y = scene.layout.table;
    let first = match scene.event() {
        Some(Event::Pipe { pipe: Pipe::Arrived { bytes }, .. }) => {
            sitter.client.waiting_in_socket <= bytes.len
        }
        _ => true,
    };
    let raised = if arrived(scene, sitter) && first { ease_out(scene.t) } else { 1.0 };
    let (x, height, k) = match scene.layout.scale {
        Scale::Large => (sitter.x - 50.0, 72.0, 1.0),
        Scale::Medium => (sitter.x - 22.0, 50.0, 1.0),
        Scale::Small => (sitter.x - 12.0, 38.0, 0.76),
    };
    let href = if scene.layout.scale == Scale::Large { "#flag" } else { "#flag-m" };
    if raised >= 1.0 {
        return symbol(href, 0.0, 0.0).moved_scaled(x, y, k).key("flag");
    }
    let top = y - height * k * raised;
    let pennant = if scene.layout.scale == Scale::Large {
        d!(
            "M{} {}H{}L{} {}L{} {}H{}Z",
            x - 1.0,
            top + 1.0,
            x - 22.0,
            x - 17.0,
            top + 8.5,
            x - 22.0,
            top + 16.0,
            x - 1.0
        )
    } else {
        d!(
            "M{} {}h{}l{} {}l{} {}h{}Z",
            x + 0.7,
            top,
            12.3 * k,
            -3.0 * k,
            4.5 * k,
            3.0 * k,
            4.5 * k,
            -12.3 * k
        )
    };
    g().key("flag").child(line("pole", x, y, x, y - height * k)).child(path("pen", pennant))
}

/// The socket's receive buffer: a square per eight bytes, six at most, and the
/// exact count.
fn slip(scene: &Scene<'_>, sitter: &Sitter<'_>, out: &mut Node) {
    let (x, y) = (sitter.x + scene.layout.lane_in(), scene.layout.table);
    let waiting = sitter.client.waiting_in_socket;
    // While they are being taken, those not yet off are still on the slip.
    let shown = match scene.event() {
        Some(Event::Read { client, bytes, .. }) if *client == sitter.id() => {
            waiting.saturating_add((bytes.len as f64 * (1.0 - scene.t)) as u64)
        }
        Some(Event::Pipe { pipe: Pipe::Arrived { bytes }, .. }) if arrived(scene, sitter) => {
            waiting - (bytes.len.min(waiting) as f64 * (1.0 - scene.t)) as u64
        }
        _ => waiting,
    };
    let cells = shown.div_ceil(8).min(6) as u32;
    let mut paper = g().key("slip");
    match scene.layout.scale {
        Scale::Large => {
            paper.push(rect("slip", x - 11.0, y - 21.0, 22.0, 21.0).round(1.5));
            paper.push(g().key("cells").children((0..cells).map(|i| {
                symbol("#sq", x - 4.0 + f64::from(i % 2) * 8.0, y - 4.5 - f64::from(i / 2) * 6.8)
            })));
            if waiting > 0 {
                let count = size(waiting);
                // Long counts grow away from the badge.
                let count = if count.len() > 5 {
                    text("by", x + 23.0, y + 21.0, count).end()
                } else {
                    text("by", x - 13.0, y + 21.0, count)
                };
                paper.push(count.key("count"));
            }
        }
        Scale::Medium => {
            paper.push(rect("slip", x - 6.0, y - 13.0, 12.0, 13.0).round(1.0));
            paper.push(g().key("cells").children((0..cells.min(2)).map(|i| {
                symbol("#sq", 0.0, 0.0).moved_scaled(x, y - 3.8 - f64::from(i) * 5.6, 0.7)
            })));
        }
        Scale::Small => {
            paper.push(g().key("cells").children((0..cells.min(2)).map(|i| {
                symbol("#sq", 0.0, 0.0).moved_scaled(x, y - 3.0 - f64::from(i) * 5.0, 0.6)
            })));
        }
    }
    out.push(paper);
}

/// What was carried out and not yet eaten; a full table has no room for more.
fn plates(scene: &Scene<'_>, sitter: &Sitter<'_>, out: &mut Node) {
    let (x, y) = (sitter.x + scene.layout.lane_out(), scene.layout.table);
    let k = scene.layout.plate_scale().1;
    if !has_seat(scene, sitter) || has_run_off(sitter) {
        return;
    }
    if is_table_full(sitter) {
        let mut stack = g().key("served");
        for i in 0..3 {
            let up = f64::from(i) * 6.4 * k;
            stack.push(symbol("#plate", 0.0, 0.0).moved_scaled(x, y - up, k));
        }
        out.push(stack.child(plate(x, y - 3.0 * 6.4 * k, 3, k)));
        return;
    }
    let falling = scene.t < 1.0
        && matches!(
            scene.event(),
            Some(Event::Write { client, outcome: WriteOutcome::Drained, .. })
                if *client == sitter.id()
        );
    let uneaten = sitter.guest.map_or(0, |guest| guest.uneaten);
    let served = match sitter.client.doing {
        Doing::Served { bytes } if !falling => bytes.max(uneaten),
        _ if falling => 0,
        _ => uneaten,
    };
    if served > 0 {
        out.push(plate(x, y, helping(served), k).key("served"));
    }
}

fn caption(scene: &Scene<'_>, sitter: &Sitter<'_>, out: &mut Node) {
    let layout = &scene.layout;
    let client = sitter.client;
    let selected = scene.frame.selected == Some(client.id);
    let is_you = scene.frame.you == Some(client.peer);
    let (x, y) = (sitter.x, layout.caption);
    let tspan = |class, words: String| Node::new("tspan").class(class).text(words);
    match layout.scale {
        Scale::Large => {
            let name = say!("stage.room.table", client.id, is_you);
            let caption = Node::new("text")
                .key("caption")
                .class(if selected { "nm seln" } else { "nm" })
                .num("x", x)
                .num("y", y)
                .middle()
                .child(tspan("k1", name.kitchen().to_owned()))
                .child(tspan("r1", name.redis().to_owned()))
                .child(tspan("fdt", format!(" · fd {}", client.fd)));
            out.push(caption);
            if selected {
                out.push(line("st15", x - 36.0, y + 4.5, x + 36.0, y + 4.5).key("under"));
            }
        }
        Scale::Medium => {
            let class = if selected { "nm seln" } else { "nm" };
            // The number stands on the table: there is no room for both.
            let name =
                if is_you { say!("guest.you") } else { say!("stage.room.table", client.id, false) };
            let caption = Node::new("text").key("caption").class(class).num("x", x).num("y", y);
            let fd = tspan("b0", format!("fd {}", client.fd));
            out.push(caption.middle().child(tspan("k0", name.kitchen().to_owned())).child(fd));
            if selected {
                out.push(line("st15", x - 12.0, y + 3.5, x + 12.0, y + 3.5).key("under"));
            }
        }
        Scale::Small => {
            if selected {
                let y = layout.table + 34.0;
                out.push(line("st15", x - 9.0, y, x + 9.0, y).key("under"));
            }
        }
    }
}

/// Everybody as a seat: idle ones dim, readable ones ringed, the hot one hot.
fn map(scene: &Scene<'_>, grid: Grid) -> Node {
    let mut out = g().key("room");
    let mut totals = Totals::default();
    let mut shared: Vec<(usize, u32)> = Vec::new();
    for sitter in &scene.sitters {
        totals.count(scene, sitter);
        let place = sitter.seat / grid.clients_per_seat;
        match shared.last_mut() {
            Some((last, n)) if *last == place => *n += 1,
            _ => shared.push((place, 1)),
        }
    }
    for sitter in &scene.sitters {
        // Where several share a seat, the first to matter stands for them.
        let lead = sitter.seat % grid.clients_per_seat == 0;
        let matters = state_of(scene, sitter) != SeatState::Idle;
        if (lead || matters)
            && let Some((x, y)) = scene.layout.map_seat(sitter.seat)
        {
            out.push(seat(scene, sitter, x, y, grid));
        }
    }
    if grid.clients_per_seat > 1 {
        for (place, n) in shared {
            if let Some((x, y)) = scene.layout.map_seat(place * grid.clients_per_seat) {
                out.push(text("bd", x, y + 3.0, n.to_string()).middle().key(format!("n:{place}")));
            }
        }
    }
    out.child(totals.line(scene))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SeatState {
    Idle,
    Flag,
    Plates,
    Full,
    Waits,
    Leaving,
}

fn state_of(scene: &Scene<'_>, sitter: &Sitter<'_>) -> SeatState {
    let client = sitter.client;
    if sitter.departed.is_some() || client.close_asap.is_some() {
        SeatState::Leaving
    } else if is_table_full(sitter) || client.write_handler {
        SeatState::Full
    } else if scene.flag(sitter) || scene.lamp(client.id) == Lamp::Now {
        SeatState::Flag
    } else if client.reply.waiting() > 0 {
        SeatState::Plates
    } else if client.blocked.is_some() || matches!(client.doing, Doing::Partial { .. }) {
        SeatState::Waits
    } else {
        SeatState::Idle
    }
}

fn seat(scene: &Scene<'_>, sitter: &Sitter<'_>, x: f64, y: f64, grid: Grid) -> Node {
    let id = sitter.id();
    let k = grid.pip / 0.5;
    let state = state_of(scene, sitter);
    let mut out = of_client("seat", id).attr("data-client", id.to_string()).moved(x, y);
    match state {
        SeatState::Flag => out.push(circle("seatr", 0.0, 0.0, 8.2 * k)),
        SeatState::Full => {
            let r = 9.0 * k;
            out.push(rect("limit2", -r, -r, 2.0 * r, 2.0 * r).round(2.0));
        }
        _ => {}
    }
    if scene.is_hot(id) {
        out.push(circle("hotring", 0.0, 0.0, 10.5 * k).key("now"));
    }
    let mark = pip(id, grid.pip).attr("style", hue_style(id));
    out.push(match state {
        SeatState::Idle => g().class("dimseat").child(mark).key("pip"),
        SeatState::Leaving => g().class("fade").child(mark).key("pip"),
        _ => g().child(mark).key("pip"),
    });
    if state == SeatState::Plates {
        out.push(symbol("#plate", 0.0, 0.0).moved_scaled(0.0, 11.0 * k, 0.4 * k));
    }
    if scene.frame.selected == Some(id) {
        let r = 9.5 * k;
        out.push(line("st15", -r, r + 1.0, r, r + 1.0).key("under"));
    }
    out
}

#[derive(Default)]
struct Totals {
    seated: u32,
    flags: u32,
    plates: u32,
    full: u32,
}

impl Totals {
    fn count(&mut self, scene: &Scene<'_>, sitter: &Sitter<'_>) {
        if sitter.departed.is_some() {
            return;
        }
        self.seated += 1;
        self.flags += u32::from(scene.flag(sitter));
        self.plates += u32::from(sitter.client.reply.waiting() > 0);
        self.full += u32::from(is_table_full(sitter));
    }

    fn line(&self, scene: &Scene<'_>) -> Node {
        let layout = &scene.layout;
        let Totals { seated, flags, plates, full } = *self;
        let words = if layout.is_phone() {
            say!("stage.room.totals.short", seated, flags, plates, full)
        } else {
            say!("stage.room.totals", seated, flags, plates, full)
        };
        let y = layout.height - 6.0;
        small(layout.width - 6.0, y, words, Anchor::End).key("totals").attr("id", "obj:totals")
    }
}

/// How far a walk along the floor has got: the line, then up or down at the
/// table.
#[must_use]
pub fn walk(from: f64, to: f64, t: f64) -> f64 {
    super::motion::between(from, to, ease_in_out(part(t, 0.0, 1.0)))
}
