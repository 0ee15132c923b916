//! The timeline: cycles as blocks of work, with the sleep between them.

use super::transport;
use super::words::either;
use crate::time::Micros;
use crate::trace::timeline::{CycleSummary, MarkKind};
use crate::view::text::{Phrase, Words, line, say};
use crate::view::tree::short;
use crate::view::{Frame, Node, Terms};

const READ: Phrase = Phrase::named("strip.read");
const COOK: Phrase = Phrase::named("strip.cook");
const SERVE: Phrase = Phrase::named("strip.serve");
const REST: Phrase = Phrase::named("strip.clock");
const ASLEEP: Phrase = Phrase::named("strip.asleep");

const HEIGHT: f64 = 60.0;
/// Top and height of the blocks.
const TOP: f64 = 21.0;
const BLOCK: f64 = 18.0;
const MARGIN: f64 = 4.0;
/// Least width of a block; with the least gap and the space behind it, a
/// target of more than the 24 px that a finger needs.
const BLOCK_MIN: f64 = 10.0;
const BEHIND: f64 = 4.0;
const GAP_MIN: f64 = 12.0;
const GAP_MAX: f64 = 34.0;
/// Pixels per microsecond at most, so that a quiet run is not blown up.
const SCALE_MAX: f64 = 6.0;
/// Width of one marker and the space beside it.
const MARK: f64 = 13.0;
/// Below this width the strip is the phone's.
const NARROW: f64 = 500.0;

/// One cycle's place in the picture.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    /// Index into the summaries.
    index: usize,
    /// The sleep before it begins here.
    gap_x: f64,
    /// The block.
    x: f64,
    width: f64,
}

/// The picture's geometry: a window of cycles around the current one.
#[derive(Clone, Debug, PartialEq)]
struct Layout {
    places: Vec<Place>,
    /// Where the last block's space ends.
    end: f64,
}

fn awake(cycle: &CycleSummary) -> u64 {
    let parts = cycle.read.saturating_add(cycle.cook).saturating_add(cycle.serve);
    cycle.ended.saturating_sub(cycle.began).max(parts).0
}

/// Long sleeps look longer, but ten times longer is one step, not ten.
fn gap(slept: Micros) -> f64 {
    let steps = (1.0 + slept.0 as f64 / 100.0).log10();
    (GAP_MIN + steps * 4.5).min(GAP_MAX)
}

/// Which cycles are shown: so many before the current one and so many after,
/// moved where the run begins or ends.
fn window(cycles: usize, current: usize, width: f64) -> std::ops::Range<usize> {
    let (before, after) = if width < NARROW { (4, 0) } else { (9, 2) };
    let count = before + after + 1;
    let end = (current + after + 1).max(count).min(cycles);
    end.saturating_sub(count)..end
}

fn layout(cycles: &[CycleSummary], current: usize, width: f64, tail: f64) -> Layout {
    let shown = window(cycles.len(), current, width);
    let gaps: f64 = cycles[shown.clone()].iter().map(|c| gap(c.slept) + BEHIND).sum();
    let room = width - 2.0 * MARGIN - gaps - tail;
    let scale = scale(&cycles[shown.clone()], room);
    let mut x = MARGIN;
    let places = shown
        .map(|index| {
            let gap_x = x;
            let block_x = gap_x + gap(cycles[index].slept);
            let width = (awake(&cycles[index]) as f64 * scale).max(BLOCK_MIN);
            x = block_x + width + BEHIND;
            Place { index, gap_x, x: block_x, width }
        })
        .collect();
    Layout { places, end: x }
}

/// The largest scale at which all blocks fit into `room`. Blocks of the least
/// width do not shrink, so it is found by halving, with a fixed number of
/// steps: the same answer on every machine.
fn scale(cycles: &[CycleSummary], room: f64) -> f64 {
    let needs = |scale: f64| -> f64 {
        cycles.iter().map(|c| (awake(c) as f64 * scale).max(BLOCK_MIN)).sum()
    };
    if needs(SCALE_MAX) <= room {
        return SCALE_MAX;
    }
    let (mut low, mut high) = (0.0, SCALE_MAX);
    for _ in 0..48 {
        let middle = (low + high) / 2.0;
        if needs(middle) <= room { low = middle } else { high = middle }
    }
    low
}

/// The timeline around `playhead`, `width_px` wide. Each cycle is a button
/// whose `data-seek` leads to its wake-up.
#[must_use]
pub fn strip(cycles: &[CycleSummary], playhead: usize, frame: &Frame, width_px: u32) -> Node {
    let width = f64::from(width_px.max(200));
    let current = current(cycles, playhead);
    let asleep = frame.world.asleep.is_some();
    let anchor = current.unwrap_or(0);
    // Asleep at the end of what is known: room for a sleep without end.
    let open_end = asleep && anchor + 1 >= cycles.len();
    let tail = if open_end { (width * 0.14).max(60.0) } else { 10.0 };
    let layout = layout(cycles, anchor, width, tail);
    let blocks = layout.places.iter().map(|place| {
        let cycle = &cycles[place.index];
        let at = When { current, asleep, playhead };
        block(cycle, place, &at, frame.terms)
    });
    let label = match current {
        Some(index) => line!("strip.label", cycles[index].cycle),
        None => line!("strip.label", 0_u64),
    };
    Node::new("svg")
        .class("tl")
        .attr("viewBox", format!("0 0 {} {}", short(width), short(HEIGHT)))
        .attr("role", "group")
        .attr("aria-label", label)
        .children(blocks)
        .children(head(cycles, &layout, playhead, current, asleep, width))
}

/// The cycle that owns the record the playhead stands on.
fn current(cycles: &[CycleSummary], playhead: usize) -> Option<usize> {
    let last = playhead.checked_sub(1)?;
    cycles.partition_point(|cycle| cycle.first <= last).checked_sub(1)
}

/// What the playhead says about a cycle's look.
struct When {
    current: Option<usize>,
    asleep: bool,
    playhead: usize,
}

fn block(cycle: &CycleSummary, place: &Place, when: &When, terms: Terms) -> Node {
    let future = when.current.is_none_or(|current| place.index > current);
    let current = when.current == Some(place.index);
    let Place { x, width, gap_x, .. } = *place;
    let class = match (future, current && !when.asleep) {
        (true, _) => "cyc fut",
        (false, true) => "cyc now",
        (false, false) => "cyc",
    };
    let mut node = Node::new("g")
        .class(class)
        .key(format!("cycle:{}", cycle.cycle))
        .attr("role", "button")
        .attr("tabindex", "0")
        .attr("data-seek", (cycle.first + 1).to_string())
        .attr("aria-label", label(cycle, terms))
        .child(rect(gap_x, 0.0, x + width + BEHIND - gap_x, HEIGHT).class("hit"))
        .child(line(gap_x, x - 2.0));
    node.push(
        Node::new("g").class(if future { "b-f" } else { "b" }).children(parts(cycle, x, width)),
    );
    if current && !when.asleep {
        let frame = rect(x - 3.0, TOP - 3.0, width + 6.0, BLOCK + 6.0).class("ph0");
        node.push(frame.attr("rx", "3"));
    }
    // In the current cycle a sign appears when the thing has happened.
    let seen = |record: usize| !future && (!current || record < when.playhead);
    let kinds = kinds(cycle, seen);
    let fit = ((x + width + BEHIND - gap_x) / MARK).max(1.0) as usize;
    for (i, kind) in kinds.into_iter().take(fit).enumerate() {
        node.push(mark(kind, x + 7.0 + i as f64 * MARK));
    }
    if numbered(cycle, place, when) {
        let class = if current && !when.asleep { "no cur" } else { "no" };
        node.push(number(x + width / 2.0, class, &cycle.cycle.to_string()));
    }
    node
}

/// Every second one, counted from the current one, so that numbers never
/// touch; while asleep the playhead carries its cycle's number.
fn numbered(cycle: &CycleSummary, place: &Place, when: &When) -> bool {
    let Some(current) = when.current else { return cycle.cycle % 2 == 1 };
    let even = place.index.abs_diff(current) % 2 == 0;
    even && !(when.asleep && place.index == current)
}

fn kinds(cycle: &CycleSummary, seen: impl Fn(usize) -> bool) -> Vec<MarkKind> {
    let mut kinds = Vec::new();
    for mark in cycle.marks.iter().filter(|mark| seen(mark.record)) {
        if !kinds.contains(&mark.kind) {
            kinds.push(mark.kind);
        }
    }
    kinds
}

/// Read, cook, serve, rest, in the order in which a cycle does them.
fn parts(cycle: &CycleSummary, x: f64, width: f64) -> Vec<Node> {
    let total = awake(cycle);
    let known = [(cycle.read, "b-r"), (cycle.cook, "b-x"), (cycle.serve, "b-w")];
    let worked: u64 = known.iter().fold(0, |sum, (part, _)| sum.saturating_add(part.0));
    let rest = (Micros(total.saturating_sub(worked)), "b-t");
    let mut at = x;
    let mut nodes = Vec::new();
    for (part, class) in known.into_iter().chain([rest]) {
        let share = if total == 0 {
            f64::from(u8::from(class == "b-t"))
        } else {
            part.0 as f64 / total as f64
        };
        if share > 0.0 {
            nodes.push(rect(at, TOP, width * share, BLOCK).class(class));
            at += width * share;
        }
    }
    nodes
}

/// What the cycle at `playhead` adds up to, in a sentence.
#[must_use]
pub fn round(cycles: &[CycleSummary], playhead: usize) -> Option<Words> {
    current(cycles, playhead).map(|index| sum(&cycles[index]))
}

fn sum(cycle: &CycleSummary) -> Words {
    say!(
        "strip.cycle",
        cycle.cycle,
        awake(cycle),
        cycle.read,
        cycle.cook,
        cycle.serve,
        cycle.commands,
        cycle.slept,
    )
}

fn label(cycle: &CycleSummary, terms: Terms) -> String {
    let mut text = sum(cycle).pick(terms).to_owned();
    for kind in kinds(cycle, |_| true) {
        text.push_str(", ");
        text.push_str(transport::stop_words(kind).pick(terms));
    }
    text
}

fn head(
    cycles: &[CycleSummary],
    layout: &Layout,
    playhead: usize,
    current: Option<usize>,
    asleep: bool,
    width: f64,
) -> Vec<Node> {
    let Some(index) = current else { return pointer(MARGIN, "i").into() };
    let Some(at) = layout.places.iter().position(|place| place.index == index) else {
        return Vec::new();
    };
    let place = &layout.places[at];
    if !asleep {
        let x = place.x + place.width * progress(&cycles[index], playhead);
        return pointer(x, "l").into();
    }
    let from = place.x + place.width + BEHIND;
    let next = layout.places.get(at + 1);
    let to = next.map_or(width - MARGIN, |next| next.x - 2.0);
    let x = from + (to - from) * if next.is_some() { 0.5 } else { 0.6 };
    let mut nodes = Vec::new();
    if next.is_none() {
        nodes.push(line(from, to).attr("stroke-dasharray", "1 5"));
        nodes.push(line(from, x));
    }
    nodes.extend(pointer(x, "i"));
    let number = cycles[index].cycle;
    let words = say!("strip.sleeps", number);
    for (class, text) in [("cus k1", words.kitchen()), ("cus r1", words.redis())] {
        nodes.push(number_at_edge(x, class, text, width));
    }
    nodes
}

/// How far into its cycle's records the playhead is, 0 to 1.
fn progress(cycle: &CycleSummary, playhead: usize) -> f64 {
    let records = cycle.end.saturating_sub(cycle.first).max(1);
    let done = playhead.saturating_sub(cycle.first).min(records);
    done as f64 / records as f64
}

/// `kind` is `l` for awake (hot), `i` for asleep (ink).
fn pointer(x: f64, kind: &'static str) -> [Node; 2] {
    let (line_class, tip_class) = if kind == "l" { ("phl", "pht") } else { ("phi", "pti") };
    let stem = Node::new("line")
        .class(line_class)
        .key("playhead")
        .num("x1", x)
        .num("y1", TOP - 7.0)
        .num("x2", x)
        .num("y2", TOP + BLOCK + 3.0);
    let (left, right) = (short(x - 4.5), short(x + 4.5));
    let (top, tip) = (short(TOP - 10.0), short(TOP - 4.0));
    let shape = format!("M{left} {top}H{right}L{} {tip}Z", short(x));
    [stem, Node::new("path").class(tip_class).key("playhead-tip").attr("d", shape)]
}

fn rect(x: f64, y: f64, width: f64, height: f64) -> Node {
    Node::new("rect").num("x", x).num("y", y).num("width", width).num("height", height)
}

fn line(from: f64, to: f64) -> Node {
    let y = TOP + BLOCK / 2.0;
    Node::new("line").class("zz").num("x1", from).num("y1", y).num("x2", to).num("y2", y)
}

fn number(x: f64, class: &'static str, text: &str) -> Node {
    Node::new("text")
        .class(class)
        .num("x", x)
        .num("y", TOP + BLOCK + 17.0)
        .attr("text-anchor", "middle")
        .text(text.to_owned())
}

/// Centred, unless that would leave the picture.
fn number_at_edge(x: f64, class: &'static str, text: &str, width: f64) -> Node {
    let half = text.chars().count() as f64 * 3.2;
    number(x.min(width - half).max(half), class, text)
}

/// A sign, `x` its middle, above the playhead's tip so that both can be seen.
fn mark(kind: MarkKind, x: f64) -> Node {
    sign(kind).attr("transform", format!("translate({} 5.5)", short(x)))
}

fn sign(kind: MarkKind) -> Node {
    let path = |class, d| Node::new("path").class(class).attr("d", d);
    let group = Node::new("g");
    match kind {
        MarkKind::Accept => group.child(path("mk", "M-5 -5H5L0 4Z")),
        MarkKind::Partial => group
            .child(Node::new("circle").class("mk").attr("r", "5"))
            .child(path("mkc", "M0 -5A5 5 0 0 0 0 5Z")),
        MarkKind::Error => {
            let ground = rect(-5.5, -5.5, 11.0, 11.0).class("mki").attr("rx", "1.5");
            let sign = Node::new("text").class("rvt2").num("y", 3.4);
            group.child(ground).child(sign.attr("text-anchor", "middle").text("!"))
        }
        MarkKind::WriteHandler => {
            group.child(path("mks", "M-5 -1C-5 4 5 4 5 -1ZM-2.5 -5H2.5M0 -5V-1"))
        }
        MarkKind::Waited => group.child(path("mk", "M-4.5 -5H4.5L-4.5 5H4.5Z")),
        MarkKind::Close => group.child(path("mks", "M-5 0H4M4 -5V5")),
    }
}

/// What the colours and signs mean.
#[must_use]
pub fn legend() -> Node {
    let picture = |drawing: Node| {
        Node::new("svg")
            .class("tl")
            .attr("viewBox", "-6 -6 12 12")
            .attr("aria-hidden", "true")
            .child(drawing)
    };
    let item = |drawing: Node, words: Words| {
        Node::new("span").class("it").child(picture(drawing)).child(either("span", "", words))
    };
    let swatch = |class| rect(-5.0, -4.0, 10.0, 8.0).class(class);
    let sleep = Node::new("path").class("zz").attr("d", "M-6 0H6");
    let mut node = Node::new("div").class("legend");
    for (class, words) in
        [("b-r", READ.say()), ("b-x", COOK.say()), ("b-w", SERVE.say()), ("b-t", REST.say())]
    {
        node.push(item(swatch(class), words));
    }
    node.push(item(sleep, ASLEEP.say()));
    node.push(Node::new("span").class("grow"));
    for kind in transport::STOPS {
        let words = match kind {
            MarkKind::WriteHandler => say!("strip.table-full"),
            MarkKind::Error => say!("strip.error"),
            MarkKind::Waited => say!("strip.slow"),
            other => transport::stop_words(other),
        };
        node.push(item(sign(kind), words));
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycle(n: u64, awake_us: u64, slept_us: u64) -> CycleSummary {
        let first = n as usize * 10;
        CycleSummary {
            cycle: n,
            first,
            end: first + 10,
            began: Micros(0),
            ended: Micros(awake_us),
            slept: Micros(slept_us),
            read: Micros(awake_us / 2),
            cook: Micros(awake_us / 4),
            ..CycleSummary::default()
        }
    }

    #[test]
    fn more_work_is_never_narrower_and_nothing_is_too_narrow_to_hit() {
        for width in [366.0, 920.0, 1400.0] {
            let works = [0, 1, 5, 40, 300, 300, 2_500, 500_000];
            let cycles: Vec<_> = works.iter().zip(1..).map(|(us, n)| cycle(n, *us, 100)).collect();
            let layout = layout(&cycles, 7, width, 10.0);
            for pair in layout.places.windows(2) {
                assert!(pair[0].width <= pair[1].width, "{pair:?}");
                assert!(pair[1].gap_x >= pair[0].x + pair[0].width, "{pair:?}");
                assert!(pair[1].gap_x - pair[0].gap_x >= 24.0, "{pair:?}");
            }
            assert!(layout.end <= width, "{} in {width}", layout.end);
        }
    }

    #[test]
    fn longer_sleep_is_a_longer_gap_up_to_a_bound() {
        let gaps: Vec<f64> = [0, 100, 10_000, 100_000, u64::MAX].map(|us| gap(Micros(us))).into();
        assert!(gaps.is_sorted(), "{gaps:?}");
        assert!(gaps[1] < gaps[2] && gaps[2] < gaps[3], "{gaps:?}");
        assert!(gaps[0] >= GAP_MIN && gaps[4] <= GAP_MAX);
    }

    #[test]
    fn the_window_holds_the_current_cycle_and_stays_full() {
        for cycles in [1, 5, 12, 40] {
            for current in 0..cycles {
                for width in [366.0, 920.0] {
                    let shown = window(cycles, current, width);
                    assert!(shown.contains(&current), "{shown:?} {current}");
                    let full = if width < NARROW { 5 } else { 12 };
                    assert_eq!(shown.len(), full.min(cycles));
                }
            }
        }
    }

    #[test]
    fn the_playhead_stays_inside_its_cycle() {
        let one = cycle(1, 60, 0);
        let at = |playhead| progress(&one, playhead);
        assert_eq!((at(10), at(15), at(20)), (0.0, 0.5, 1.0));
        assert_eq!(at(99), 1.0);
        assert_eq!(at(0), 0.0);
    }

    #[test]
    fn an_idle_cycle_is_drawn_as_a_round_of_the_clock() {
        let nodes = parts(&cycle(1, 0, 0), 0.0, 10.0);
        assert_eq!(nodes.len(), 1);
        assert!(nodes[0].to_markup().contains("b-t"));
    }
}
