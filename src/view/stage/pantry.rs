//! The pantry: the keyspace as far as it was touched, the nine most recently
//! touched keys on three shelves.

use super::draw::{Anchor, Placed, circle, d, g, label, line, path, rect, small, small_bold, text};
use super::scene::Scene;
use super::words::fit_mono;
use crate::event::{Event, KeyChange, escape};
use crate::sorted::SortedMap;
use crate::time::Micros;
use crate::trace::world::{Jar, Pantry};
use crate::view::text::say;
use crate::view::tree::Node;

/// Where the shelves stand.
struct Shelves {
    x: f64,
    top: f64,
    width: f64,
    /// Rows, and jars in each.
    rows: usize,
    per_row: usize,
    first: f64,
    pitch: f64,
    row_pitch: f64,
    squeeze: f64,
}

const DESKTOP: Shelves = Shelves {
    x: 742.0,
    top: 44.0,
    width: 168.0,
    rows: 3,
    per_row: 3,
    first: 29.0,
    pitch: 55.0,
    row_pitch: 56.0,
    squeeze: 1.0,
};

const PHONE: Shelves = Shelves {
    x: 286.0,
    top: 90.0,
    width: 96.0,
    rows: 2,
    per_row: 2,
    first: 25.0,
    pitch: 46.0,
    row_pitch: 51.0,
    squeeze: 0.88,
};

/// The key that is being worked on: one jar may be hot, while its command runs
/// or the fact about it is the newest.
pub fn hot_key<'a>(scene: &Scene<'a>) -> Option<(u32, &'a [u8])> {
    scene.chef.place()?;
    let running = scene.world.executing.as_ref().and_then(|running| running.key.as_ref());
    let touched = match scene.event() {
        Some(Event::Key { .. }) => scene.world.pantry.touched.as_ref(),
        _ => None,
    };
    running.or(touched).map(|(db, key)| (*db, key.as_slice()))
}

/// The keys on the shelves: those touched last, but by name, so that touching
/// a jar does not move it.
fn on_the_shelves(pantry: &Pantry, places: usize) -> Vec<&Jar> {
    let recent = pantry.jars.len().saturating_sub(places);
    let named = pantry.jars[recent..].iter().map(|jar| ((jar.db, &jar.key), jar));
    named.collect::<SortedMap<_, _>>().values().copied().collect()
}

/// The row of the hot key, for the attention line to end at.
pub fn hot_shelf(scene: &Scene<'_>) -> Option<f64> {
    let shelves = shelves(scene);
    let (db, key) = hot_key(scene)?;
    let shown = on_the_shelves(&scene.world.pantry, shelves.rows * shelves.per_row);
    let index = shown.iter().position(|jar| jar.db == db && jar.key == key)?;
    Some(shelves.board(index / shelves.per_row))
}

fn shelves(scene: &Scene<'_>) -> &'static Shelves {
    if scene.layout.is_phone() { &PHONE } else { &DESKTOP }
}

impl Shelves {
    /// Height of the board on which a row stands.
    fn board(&self, row: usize) -> f64 {
        let first = if self.rows == 3 { 50.0 } else { 51.0 };
        self.top + first + self.row_pitch * row as f64
    }

    fn bottom(&self) -> f64 {
        self.board(self.rows - 1)
    }
}

pub fn pantry(scene: &Scene<'_>) -> Node {
    let at = shelves(scene);
    let stock = &scene.world.pantry;
    let out = g().key("pantry").attr("id", "obj:pantry");
    let mut out = if scene.is_asleep() { out.class("lightsout") } else { out };
    out.push(title(scene, at, stock));
    let shown = on_the_shelves(stock, at.rows * at.per_row);
    let hot = hot_key(scene);
    let is_hot = |jar: &Jar| hot == Some((jar.db, jar.key.as_slice()));
    let hot_row = shown.iter().position(|jar| is_hot(jar)).map(|index| index / at.per_row);
    if let Some(row) = hot_row {
        let bottom = at.board(row);
        let top = if row == 0 { at.top } else { at.board(row - 1) };
        out.push(rect("hotwash", at.x, top, at.width, bottom - top).key("wash"));
    }
    let frame = rect("frame", at.x, at.top, at.width, at.bottom() - at.top).round(3.0);
    out.push(frame.key("frame"));
    for (i, jar) in shown.iter().enumerate() {
        let (row, column) = (i / at.per_row, i % at.per_row);
        let x = at.x + at.first + at.pitch * column as f64;
        let jar_node = jar_at(x, at.board(row), at.squeeze, jar, is_hot(jar));
        let date =
            jar.ends.map(|ends| date(x + 21.0 * at.squeeze, at.board(row) - 36.0, ends, scene));
        out.push(jar_node.children(date).key(format!("jar:{i}")));
    }
    for row in 0..at.rows {
        let y = at.board(row);
        match (hot_row == Some(row), row + 1 < at.rows) {
            (true, _) => out.push(line("shelfl hots", at.x, y, at.x + at.width, y)),
            (false, true) => out.push(line("shelfl", at.x, y, at.x + at.width, y)),
            (false, false) => {}
        }
    }
    out.children(missed(scene, at))
}

fn title(scene: &Scene<'_>, at: &Shelves, stock: &Pantry) -> Node {
    let keys: u64 = stock.sizes.values().fold(0, |sum, n| sum.saturating_add(*n));
    // A recording may begin when there are keys already: the jars are proof.
    let keys = keys.max(stock.jars.len() as u64);
    let mut out = g().key("title");
    let name = say!("stage.pantry.pantry");
    if scene.layout.is_phone() {
        out.push(small_bold(at.x, at.top - 6.0, name));
        return out;
    }
    out.push(label("lab obj", at.x, 22.0, name, Anchor::Start, 13.5));
    let hidden = keys.saturating_sub(9);
    let databases = stock.sizes.values().filter(|size| **size > 0).count();
    let only = stock.sizes.iter().find(|(_, size)| **size > 0).filter(|_| databases < 2);
    let only = only.map_or_else(String::new, |(db, _)| db.to_string());
    let many = if databases > 1 { databases } else { 0 };
    let words = if scene.world.from_outside {
        say!("stage.not-shown")
    } else {
        say!("stage.pantry.kept", keys, hidden, &only, many)
    };
    out.push(small(at.x + at.width, 22.0, words, Anchor::End));
    out
}

/// Looked for and not there, or thrown away: no jar can show it.
fn missed(scene: &Scene<'_>, at: &Shelves) -> Option<Node> {
    let Some(Event::Key { key, change, .. }) = scene.event() else { return None };
    let words = match change {
        KeyChange::Read { found: false } => say!("stage.pantry.no-such-jar"),
        KeyChange::Deleted => say!("stage.pantry.thrown-away"),
        KeyChange::Expired => say!("stage.pantry.gone-off"),
        KeyChange::Read { found: true } | KeyChange::Written { .. } | KeyChange::Ttl { .. } => {
            return None;
        }
    };
    let y = at.bottom() - 6.0;
    // Where both have no room in one line, the key stands above.
    let (up, room) = if at.per_row == 2 { (13.0, 12.0) } else { (0.0, at.width / 2.0 + 8.0) };
    let mut out = g().key("missed");
    out.push(rect("hotwash", at.x + 1.0, y - 11.0 - up, at.width - 2.0, 16.0 + up));
    let key = fit_mono(&key.head, at.width - room).into_owned();
    out.push(text("jk hot", at.x + 6.0, y - up, key));
    out.push(small(at.x + at.width - 6.0, y, words, Anchor::End));
    Some(out)
}

/// The date on a jar: a clock while it keeps, a reversed mark once it is over.
fn date(x: f64, y: f64, ends: Micros, scene: &Scene<'_>) -> Node {
    let keeps = Jar::left_ms(ends, scene.world.at).is_some();
    let (face, mark) = if keeps { ("clockf", "st1") } else { ("inkf", "st1n") };
    let shape = if keeps { d!("M{} {}v-3.4m0 3.4h2.4", x, y) } else { d!("M{} {}v-3.4v6.8", x, y) };
    g().child(circle(face, x, y, 5.5)).child(path(mark, shape))
}

/// Same body for every key; the lid tells the type.
fn jar_at(x: f64, shelf: f64, squeeze: f64, jar: &Jar, hot: bool) -> Node {
    const W: f64 = 48.0;
    const H: f64 = 34.0;
    let class = if hot { "jar hotb" } else { "jar" };
    let mut body = g();
    let body_y = -H;
    for lid in lid(&jar.kind, class, body_y) {
        body.push(lid);
    }
    let corner = if jar.kind == "string" { 5.0 } else { 1.5 };
    body.push(rect(class, -W / 2.0, body_y, W, H).round(corner));
    let transform = d!("translate({} {}) scale({} 1)", x, shelf, squeeze);
    let width = (W - 2.0) * squeeze;
    let name = fit_mono(&escape(&jar.key), width).into_owned();
    let (key_class, value_class) = if hot { ("jk hot", "jv hot") } else { ("jk", "jv") };
    g().child(body.attr("transform", transform))
        .child(text(key_class, x, shelf - 20.0, name).middle())
        .child(text(value_class, x, shelf - 7.0, contents(jar, width)).middle())
}

fn lid(kind: &str, class: &'static str, y: f64) -> Vec<Node> {
    match kind {
        "string" => vec![rect(class, -17.0, y - 6.0, 34.0, 6.0).round(1.5)],
        "list" => (0..3)
            .map(|i| {
                let i = f64::from(i);
                rect(class, -21.0 + i * 2.0, y - 3.0 - i * 3.0, 42.0 - i * 4.0, 3.0).round(0.8)
            })
            .collect(),
        "hash" => [-18.0, 5.0].map(|x| rect(class, x, y - 5.0, 13.0, 5.0).round(2.0)).into(),
        "set" => vec![path(class, d!("M-16 {}C-14 {} 14 {} 16 {}", y, y - 11.0, y - 11.0, y))],
        "zset" => {
            vec![path(class, d!("M-18 {}V{}H-6V{}H6V{}H18V{}Z", y, y - 9.0, y - 6.0, y - 3.0, y))]
        }
        _ => Vec::new(),
    }
}

/// A string shows itself; everything else its type and its size.
fn contents(jar: &Jar, width: f64) -> String {
    let raw = match jar.kind.as_str() {
        "" => "?".to_owned(),
        "string" if jar.value.len == 0 && jar.size > 0 => format!("{} B", jar.size),
        "string" => format!("\"{}\"", jar.value),
        kind => format!("{kind} {}", jar.size),
    };
    // Smaller type than names have, hence more of it in the same room.
    let size = if width < 44.0 { 9.2 } else { 10.0 };
    fit_mono(&raw, (width + 2.0) * 10.5 / size).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_touched_jar_stays_where_it_stands() {
        let jar = |key: &[u8]| Jar {
            db: 0,
            key: key.to_vec(),
            kind: "string".into(),
            size: 1,
            value: crate::event::Preview::of(b"x", 8),
            ends: None,
        };
        let order = |keys: [&[u8]; 3]| {
            let jars: Vec<_> = keys.map(jar).into();
            let pantry = Pantry { jars, ..Pantry::default() };
            let shown = on_the_shelves(&pantry, 9);
            shown.iter().map(|jar| jar.key.clone()).collect::<Vec<_>>()
        };
        assert_eq!(order([b"a", b"b", b"c"]), order([b"b", b"c", b"a"]));
    }
}
