//! The event list: what happened around the playhead, and what comes.

use super::badge;
use super::words::either;
use crate::event::{ClientId, Event};
use crate::net::WriteOutcome;
use crate::time::Micros;
use crate::trace::timeline::{CycleSummary, MarkKind};
use crate::trace::{Record, Timeline, World};
use crate::view::beat::is_step;
use crate::view::text::{Phrase, Words, say};
use crate::view::{Narration, Node, narrate};

const BEFORE_FIRST: Phrase = Phrase::named("events.before-the-first-round");
const NOTHING: Phrase = Phrase::named("events.nothing-has-happened-yet");

/// Steps shown before the playhead's and after it; what one side lacks, near
/// either end of the run, the other side has more.
const STEPS_BEFORE: usize = 7;
const STEPS_AFTER: usize = 12;

/// The steps around `playhead`, grouped by cycle, each a button whose
/// `data-seek` leads to the moment after it. Book-keeping records, which a
/// reader never stops at, have no row; numbers are those of the readout. The
/// rows of whoever is `selected` are marked.
#[must_use]
pub fn events(timeline: &Timeline, playhead: usize, selected: Option<ClientId>) -> Node {
    let list = Node::new("ol").class("ev");
    let shown = window(timeline, playhead);
    if shown.is_empty() {
        return list.child(either("li", "sep", NOTHING.say()));
    }
    let current = (0..playhead).rev().find(|i| is_step_at(timeline, *i));
    let mut before = World::clone(&timeline.world_at(shown.start));
    let mut after = before.clone();
    let mut number = Numbers::at(timeline, shown.start);
    let mut list = list;
    for index in shown {
        let Some(record) = timeline.record(index) else { break };
        after.fold(record);
        if let Some(separator) = number.enter(timeline, index) {
            list.push(separator);
        }
        if is_step(&record.event) {
            number.count += 1;
            let told = narrate(record, &before, &after, timeline.you());
            let time = match current {
                Some(now) if index == now => Time::Now,
                Some(now) if index < now => Time::Past,
                _ => Time::Future,
            };
            let mine = selected.is_some() && told.badge == selected;
            let row = row(index, number.count, record, told, time);
            list.push(if mine { row.attr("data-mine", "") } else { row });
        }
        before.fold(record);
    }
    list
}

/// Records from some steps before the playhead to some steps after it.
fn window(timeline: &Timeline, playhead: usize) -> std::ops::Range<usize> {
    let playhead = playhead.min(timeline.len());
    let steps = |i: &usize| is_step_at(timeline, *i);
    let all = STEPS_BEFORE + 1 + STEPS_AFTER;
    let past = (0..playhead).rev().filter(steps).take(all).count().min(STEPS_BEFORE + 1);
    let ahead = (playhead..timeline.len()).filter(steps).take(all - past).count();
    let first = (0..playhead).rev().filter(steps).take(all - ahead.min(STEPS_AFTER)).last();
    let last = (playhead..timeline.len()).filter(steps).take(ahead).last();
    let end = last.map_or(playhead, |last| last + 1);
    first.unwrap_or(0)..end
}

fn is_step_at(timeline: &Timeline, index: usize) -> bool {
    timeline.record(index).is_some_and(|record| is_step(&record.event))
}

/// Counts steps within their cycle and notices where a cycle begins.
struct Numbers {
    cycle: Option<usize>,
    /// Whether the separator of `cycle` has been given.
    announced: bool,
    count: usize,
}

impl Numbers {
    fn at(timeline: &Timeline, index: usize) -> Numbers {
        let cycle = timeline.cycle_of(index);
        let first = cycle.map_or(0, |cycle| timeline.cycles()[cycle].first);
        let count = (first..index).filter(|i| is_step_at(timeline, *i)).count();
        Numbers { cycle, announced: false, count }
    }

    fn enter(&mut self, timeline: &Timeline, index: usize) -> Option<Node> {
        let cycle = timeline.cycle_of(index);
        if cycle != self.cycle {
            *self = Numbers { cycle, announced: false, count: 0 };
        }
        if std::mem::replace(&mut self.announced, true) {
            return None;
        }
        let words = match cycle {
            None => before_the_first_cycle(),
            Some(cycle) => cycle_line(&timeline.cycles()[cycle]),
        };
        Some(either("li", "sep", words).key(format!("cycle:{}", cycle.map_or(0, |c| c + 1))))
    }
}

/// Heads what happened before the loop began to turn.
#[must_use]
pub fn before_the_first_cycle() -> Words {
    BEFORE_FIRST.say()
}

/// Heads a cycle.
#[must_use]
pub fn cycle_line(cycle: &CycleSummary) -> Words {
    let awake: Micros = cycle.ended.saturating_sub(cycle.began);
    let (number, commands) = (cycle.cycle, cycle.commands);
    say!("events.cycle", number, commands, awake)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Time {
    Past,
    Now,
    Future,
}

fn row(index: usize, number: usize, record: &Record, told: Narration, time: Time) -> Node {
    let class = match (time, warns(&record.event)) {
        (Time::Now, _) => "now",
        (Time::Future, false) => "fut",
        (Time::Future, true) => "fut warn",
        (Time::Past, true) => "warn",
        (Time::Past, false) => "",
    };
    let badge = told.badge.map_or_else(|| Node::new("span"), |client| badge(client, 20));
    let text = Node::new("span")
        .class("tx")
        .children(told.words.either())
        .child(Node::new("span").class("r").text(told.words.term().to_owned()));
    let button = Node::new("button")
        .class("row")
        .attr("type", "button")
        .attr("data-seek", (index + 1).to_string());
    let button = if time == Time::Now { button.attr("aria-current", "step") } else { button };
    let item = Node::new("li").key(format!("event:{index}"));
    let item = if class.is_empty() { item } else { item.class(class) };
    item.child(
        button
            .child(Node::new("span").class("no").text(number.to_string()))
            .child(badge)
            .child(text),
    )
}

/// Printed bold: something did not go the usual way.
fn warns(event: &Event) -> bool {
    match event {
        Event::Write { outcome, .. } => *outcome != WriteOutcome::Drained,
        Event::CloseAsap { .. } | Event::Limit { .. } | Event::Dropped { .. } => true,
        event => matches!(MarkKind::of(event), Some(MarkKind::Error | MarkKind::WriteHandler)),
    }
}
