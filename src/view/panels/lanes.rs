//! The lanes: one bar an order, as long as it took, in stretches of waiting
//! and of work; and the same as a table.

use super::badge;
use super::strip::legend;
use super::words::{either, note};
use crate::sorted::SortedMap;
use crate::time::Micros;
use crate::trace::Timeline;
use crate::view::lanes::{Percentiles, Stage, Way, ways_through};
use crate::view::requests::Requests;
use crate::view::stage::{fit_sans, hue_style};
use crate::view::text::{self, Phrase, Words, line, say};
use crate::view::tree::short;
use crate::view::{Frame, Node, Terms};

const NOTHING: Phrase = Phrase::named("lanes.no-order-is-under");

fn stage_words(stage: Stage) -> Words {
    match stage {
        Stage::Way => say!("lanes.on-the-way"),
        Stage::Socket => say!("lanes.on-the-slip"),
        Stage::Behind => say!("lanes.behind-others"),
        Stage::Taken => say!("lanes.read"),
        Stage::Cooked => say!("lanes.cook"),
        Stage::Rack => say!("lanes.on-the-rack"),
        Stage::Home => say!("lanes.carried-home"),
    }
}

fn class(stage: Stage) -> &'static str {
    match stage {
        Stage::Way | Stage::Home => "l-net",
        Stage::Socket | Stage::Behind => "l-wait",
        Stage::Rack => "l-rack",
        Stage::Taken => "l-read",
        Stage::Cooked => "l-cook",
    }
}

/// Bars at most; the table has all.
const BARS: usize = 6;
/// As high as a target has to be (WCAG 2.5.8).
const ROW: f64 = 24.0;
const BAR: f64 = 11.0;
const TOP: f64 = 14.0;
const LABEL: f64 = 128.0;
const LABEL_NARROW: f64 = 84.0;
const NARROW: f64 = 500.0;
/// A stretch that took any time at all can be seen.
const SHORTEST: f64 = 1.5;

/// The records of the cycle the playhead is in, and its number.
fn cycle(timeline: &Timeline, playhead: usize) -> (std::ops::Range<usize>, u64) {
    let index = playhead.min(timeline.len()).checked_sub(1);
    match index.and_then(|index| timeline.cycle_of(index)) {
        Some(index) => {
            let cycle = &timeline.cycles()[index];
            (cycle.first..cycle.end, cycle.cycle)
        }
        None => (0..playhead, 0),
    }
}

/// The orders of the current cycle as bars on one axis of time, `width_px`
/// wide. Each is a button whose `data-seek` leads to where its command began.
#[must_use]
pub fn lanes(
    timeline: &Timeline,
    requests: &Requests,
    playhead: usize,
    frame: &Frame,
    width_px: u32,
) -> Node {
    let (records, number) = cycle(timeline, playhead);
    let ways = ways_through(timeline, requests, &records);
    let from = ways.iter().filter_map(Way::from).min();
    let to = ways.iter().filter_map(Way::to).max();
    let root = Node::new("div").class("lanes").key("lanes");
    let (Some(from), Some(to)) = (from, to) else {
        return root.child(note(NOTHING.say()));
    };
    let width = f64::from(width_px.max(200));
    let label = if width < NARROW { LABEL_NARROW } else { LABEL };
    let to = to.max(from.saturating_add(Micros(1)));
    let axis = Axis { from, to, x: label, width: width - label - 6.0 };
    // Whoever is pinned is among those shown.
    let by_rank: SortedMap<_, &Way> = ways
        .iter()
        .enumerate()
        .map(|(nth, way)| ((Some(way.client) != frame.selected, way.from(), nth), way))
        .collect();
    let hidden = by_rank.len().saturating_sub(BARS);
    let shown: SortedMap<_, &Way> = by_rank
        .values()
        .take(BARS)
        .map(|way| ((way.client, way.from(), way.record), *way))
        .collect();
    let height = TOP + ROW * shown.len() as f64 + 4.0;
    let bars =
        shown.values().enumerate().map(|(row, way)| bar(way, TOP + ROW * row as f64, &axis, frame));
    let picture = Node::new("svg")
        .class("tl ln")
        .key("picture")
        .attr("viewBox", format!("0 0 {} {}", short(width), short(height)))
        .attr("role", "group")
        .attr("aria-label", line!("lanes.label", number))
        .children(ends(&axis))
        .children(bars)
        .children(now(timeline, playhead, &axis, height));
    let root = root.child(picture);
    let root = match Percentiles::of(timeline, requests, playhead) {
        Some(all) => root.child(summary(all, hidden)),
        None => root,
    };
    root.child(key())
}

struct Axis {
    from: Micros,
    to: Micros,
    x: f64,
    width: f64,
}

impl Axis {
    fn at(&self, time: Micros) -> f64 {
        let all = self.to.saturating_sub(self.from).0.max(1) as f64;
        let time = time.clamp(self.from, self.to);
        self.x + time.saturating_sub(self.from).0 as f64 / all * self.width
    }
}

/// The axis's two ends, as times.
fn ends(axis: &Axis) -> [Node; 2] {
    let text = |x: f64, anchor: &'static str, time: Micros| {
        Node::new("text")
            .class("no")
            .num("x", x)
            .num("y", 9.0)
            .attr("text-anchor", anchor)
            .text(text::time(time))
    };
    [
        text(axis.x, "start", axis.from).key("from"),
        text(axis.x + axis.width, "end", axis.to).key("to"),
    ]
}

fn bar(way: &Way, y: f64, axis: &Axis, frame: &Frame) -> Node {
    let client = way.client;
    let selected = frame.selected == Some(client);
    let name = format!("{client} {}", name(way, frame.terms));
    let shown = fit_sans(&name, axis.x - 16.0, 10.5).into_owned();
    let text = Node::new("text")
        .class(if selected { "lb sel" } else { "lb" })
        .num("x", 12.0)
        .num("y", y + BAR - 0.5)
        .text(shown.clone());
    let hue = Node::new("rect")
        .class("hue")
        .attr("style", hue_style(client))
        .num("x", 1.0)
        .num("y", y)
        .num("width", 7.0)
        .num("height", BAR);
    let hit = Node::new("rect").class("hit").num("x", 0.0).num("y", y - 3.0);
    let hit = hit.num("width", axis.x + axis.width).num("height", ROW);
    let stretches = way.stretches.iter().filter(|s| s.lasted() > Micros::ZERO).map(|stretch| {
        let (from, to) = (axis.at(stretch.from), axis.at(stretch.to));
        Node::new("rect")
            .class(class(stretch.stage))
            .num("x", from)
            .num("y", y)
            .num("width", (to - from).max(SHORTEST))
            .num("height", BAR)
    });
    Node::new("g")
        .class("cyc")
        .key(format!("way:{client}:{}", way.record))
        .attr("role", "button")
        .attr("tabindex", "0")
        .attr("data-seek", (way.record + 1).to_string())
        // What is seen comes first: whoever speaks to the page says that.
        .attr("aria-label", format!("{shown}: {}", spoken(way, frame.terms)))
        .child(hit)
        .child(hue)
        .child(text)
        .children(stretches)
}

fn name(way: &Way, terms: Terms) -> String {
    if !way.order.is_empty() {
        return way.order.clone();
    }
    say!("lanes.half-an-order").pick(terms).to_owned()
}

/// A bar for whoever hears it.
fn spoken(way: &Way, terms: Terms) -> String {
    let mut said = line!("lanes.in-all", way.lasted());
    for stretch in way.stretches.iter().filter(|s| s.lasted() > Micros::ZERO) {
        let stage = stage_words(stretch.stage);
        for part in [", ", stage.pick(terms), " ", &text::time(stretch.lasted())] {
            said.push_str(part);
        }
    }
    said
}

/// Where the playhead is on the axis.
fn now(timeline: &Timeline, playhead: usize, axis: &Axis, height: f64) -> Option<Node> {
    let at = timeline.now(playhead)?.at;
    let x = axis.at(at);
    let line = Node::new("line").class("phi").key("now").num("x1", x).num("x2", x);
    Some(line.num("y1", TOP - 3.0).num("y2", height - 2.0))
}

fn summary(all: Percentiles, hidden: usize) -> Node {
    let words = say!("lanes.percentiles", all.orders, all.p50, all.p99, all.max, hidden);
    note(words).key("percentiles")
}

/// What the stretches' looks mean.
fn key() -> Node {
    let item = |look: &'static str, words: Words| {
        let box_ = Node::new("rect").class(look).num("x", 1.0).num("y", 1.0);
        let box_ = box_.num("width", 10.0).num("height", 10.0);
        let sign = Node::new("svg").class("tl").attr("viewBox", "0 0 12 12");
        Node::new("span")
            .class("it")
            .child(sign.attr("aria-hidden", "true").child(box_))
            .children(words.either())
    };
    Node::new("div")
        .class("legend")
        .key("key")
        .child(item("l-net", say!("lanes.on-the-way-2")))
        .child(item("l-wait", say!("lanes.waits-for-the-chef")))
        .child(item("l-read", stage_words(Stage::Taken)))
        .child(item("l-cook", stage_words(Stage::Cooked)))
        .child(item("l-rack", stage_words(Stage::Rack)))
}

const LANES: Phrase = Phrase::named("lanes.lanes-each-orders-time");

/// The timeline's legend, and the switch (`data-act="lanes"`) that shows the
/// lanes.
#[must_use]
pub fn legend_line(lanes: bool) -> Node {
    let switch = either("button", "lnk", LANES.say())
        .attr("type", "button")
        .attr("data-act", "lanes")
        .attr("aria-pressed", if lanes { "true" } else { "false" });
    Node::new("div").class("lgl").key("legend").child(legend()).child(switch)
}

/// Rows of the table; beyond them the newest are shown.
const ROWS: usize = 100;

/// The lanes' table twin: every order so far, its stretches, and the sum that
/// the server is answerable for. Each row has a button to its place.
#[must_use]
pub fn latencies(timeline: &Timeline, requests: &Requests, playhead: usize) -> Node {
    let begun = |way: &Way| way.record < playhead;
    let ways: Vec<(Way, Option<Micros>)> = requests
        .all()
        .iter()
        .rev()
        .filter_map(|request| {
            let way = Way::of(timeline, requests, request).filter(begun)?;
            let known = request.written.is_some_and(|written| written < playhead);
            Some((way, request.latency(timeline).filter(|_| known)))
        })
        .take(ROWS)
        .collect();
    let head = |words: Words| either("th", "", words).attr("scope", "col");
    let heads = [say!("lanes.guest"), say!("lanes.order")]
        .into_iter()
        .chain(Stage::ALL.map(stage_words))
        .chain([say!("lanes.arrival-to-carried-out")])
        .map(head);
    let now = timeline.now(playhead).map_or(Micros::ZERO, |record| record.at);
    let rows: Vec<Node> =
        ways.iter().rev().map(|(way, latency)| table_row(way, *latency, now)).collect();
    let mut body = Node::new("tbody").children(rows);
    if ways.is_empty() {
        let none =
            either("td", "", NOTHING.say()).attr("colspan", (Stage::ALL.len() + 3).to_string());
        body.push(Node::new("tr").child(none));
    }
    let caption = say!("lanes.where-each-orders-time");
    let table = Node::new("table")
        .class("tw")
        .attr("id", "twin-latency")
        .child(either("caption", "", caption))
        .child(Node::new("thead").child(Node::new("tr").children(heads)))
        .child(body);
    let wrapper = Node::new("div").class("tws").key("twin-latency").attr("tabindex", "0");
    wrapper.child(table)
}

/// A stretch counts as far as it is over at `now`.
fn table_row(way: &Way, latency: Option<Micros>, now: Micros) -> Node {
    let cell = |text: String| Node::new("td").text(text);
    let stages = Stage::ALL.map(|stage| {
        let found = way.stretches.iter().find(|s| s.stage == stage && s.to <= now);
        cell(found.map_or_else(|| "–".to_owned(), |stretch| text::time(stretch.lasted())))
    });
    let seek = Node::new("button")
        .class("lnk")
        .attr("type", "button")
        .attr("data-seek", (way.record + 1).to_string())
        .text(if way.order.is_empty() { "…".to_owned() } else { way.order.clone() });
    Node::new("tr")
        .key(format!("way:{}:{}", way.client, way.record))
        .child(
            Node::new("th")
                .attr("scope", "row")
                .child(badge(way.client, 18))
                .child(Node::new("span").text(way.client.to_string())),
        )
        .child(Node::new("td").child(seek))
        .children(stages)
        .child(cell(latency.map_or_else(|| "–".to_owned(), text::time)))
}
