//! Where the playhead is, in words, and where play shall stop.

use super::amount;
use super::words::{Words, either};
use crate::event::Phase;
use crate::trace::World;
use crate::trace::timeline::{CycleSummary, MarkKind};
use crate::view::{Frame, Node, Terms};

/// Where a playhead stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Before the first record.
    Start,
    /// Before the first cycle: listening, first guests outside.
    Opening { event: usize },
    /// `event` of `events` (from 1) of a cycle; `index` is the cycle's place
    /// in the list of summaries.
    InCycle { index: usize, event: usize, events: usize },
}

/// The position of `playhead`, the number of records folded.
#[must_use]
pub fn position(cycles: &[CycleSummary], playhead: usize) -> Position {
    let Some(last) = playhead.checked_sub(1) else { return Position::Start };
    let Some(index) = cycles.partition_point(|c| c.first <= last).checked_sub(1) else {
        return Position::Opening { event: playhead };
    };
    let cycle = &cycles[index];
    // Records after a cycle's end (the next sleep) still count as its own.
    let next = cycles.get(index + 1).map_or(cycle.end, |next| next.first);
    let end = cycle.end.max(next).max(playhead);
    Position::InCycle { index, event: playhead - cycle.first, events: end - cycle.first }
}

/// "cycle 134 · event 31 of 36 · t = 13.266 s".
#[must_use]
pub fn readout(cycles: &[CycleSummary], playhead: usize, world: &World) -> Node {
    let (head, tail) = match position(cycles, playhead) {
        Position::Start => ("start".to_owned(), String::new()),
        Position::Opening { event } => ("before cycle 1".to_owned(), format!(" · event {event}")),
        Position::InCycle { index, event, events } => {
            (format!("cycle {}", cycles[index].cycle), format!(" · event {event} of {events}"))
        }
    };
    Node::new("span")
        .class("readout")
        .child(Node::new("b").text(head))
        .child(Node::new("span").text(tail))
        .child(Node::new("span").class("tt").text(format!(" · t = {}", amount::clock(world.at))))
}

/// `aria-valuetext` of the scrubber: the place, and what goes on there.
#[must_use]
pub fn value_text(cycles: &[CycleSummary], playhead: usize, frame: &Frame) -> String {
    let place = match position(cycles, playhead) {
        Position::Start => return "start, before the first event".into(),
        Position::Opening { event } => format!("before the first cycle, event {event}"),
        Position::InCycle { index, event, events } => {
            let last = cycles.last().map_or(0, |c| c.cycle);
            format!("cycle {} of {last}, event {event} of {events}", cycles[index].cycle)
        }
    };
    format!("{place}, {}", doing(frame.world).pick(frame.terms))
}

/// What the one thread does.
pub(super) fn doing(world: &World) -> Words {
    if world.asleep.is_some() {
        return Words::new("asleep", "in epoll_wait");
    }
    if let Some(executing) = &world.executing {
        let (id, name) = (executing.client, &executing.name);
        return Words::said(
            format!("{name} of guest {id} on the grill"),
            format!("executing {name} of client {id}"),
        );
    }
    if let Some(firing) = world.firing {
        use crate::event::Handler;
        let client = firing.client.map_or_else(String::new, |id| format!(" {id}"));
        return match firing.handler {
            Handler::Accept => Words::new("opening the door", "accepting connections"),
            Handler::ReadQuery => Words::said(
                format!("taking the slip of guest{client}"),
                format!("reading client{client}"),
            ),
            Handler::SendReply => Words::said(
                format!("carrying more plates to guest{client}"),
                format!("writing to client{client}"),
            ),
        };
    }
    if world.sweep.as_ref().is_some_and(|sweep| sweep.running) {
        return Words::new("the final sweep", "handleClientsWithPendingWrites");
    }
    match world.phase {
        None => Words::new("not started", "before the first poll"),
        Some(Phase::BeforeSleep) => Words::new("tidying before sleep", "beforeSleep"),
        Some(Phase::Poll) => Words::new("looking at the signal board", "aeApiPoll"),
        Some(Phase::AfterSleep) => Words::new("just woken", "afterSleep"),
        Some(Phase::Files) => Words::new("going through the signals", "file events"),
        Some(Phase::Timers) => Words::new("checking the clock", "processTimeEvents"),
    }
}

/// What play can stop at, in the order of the checklist.
pub const STOPS: [MarkKind; 5] =
    [MarkKind::Accept, MarkKind::Partial, MarkKind::WriteHandler, MarkKind::Error, MarkKind::Close];

/// The value of a checkbox's `data-stop`, and back.
#[must_use]
pub fn stop_name(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Accept => "accept",
        MarkKind::Partial => "partial",
        MarkKind::WriteHandler => "write-handler",
        MarkKind::Error => "error",
        MarkKind::Close => "close",
    }
}

/// The inverse of [`stop_name`].
#[must_use]
pub fn stop_named(name: &str) -> Option<MarkKind> {
    STOPS.into_iter().find(|kind| stop_name(*kind) == name)
}

pub(super) fn stop_words(kind: MarkKind) -> Words {
    match kind {
        MarkKind::Accept => Words::new("new guest", "accept"),
        MarkKind::Partial => Words::new("half an order", "partial read"),
        MarkKind::WriteHandler => Words::new("a table is full", "write handler installed"),
        MarkKind::Error => Words::new("error", "protocol error"),
        MarkKind::Close => Words::new("guest leaves", "close"),
    }
}

/// The checklist of [`STOPS`]; those in `on` are checked. Each checkbox
/// carries `data-stop`.
#[must_use]
pub fn stop_at(on: &[MarkKind]) -> Node {
    let items = STOPS.into_iter().map(|kind| {
        let name = stop_name(kind);
        let input = Node::new("input")
            .key(name)
            .attr("type", "checkbox")
            .attr("id", format!("stop-{name}"))
            .attr("data-stop", name);
        let input = if on.contains(&kind) { input.attr("checked", "") } else { input };
        let label = either("span", "", stop_words(kind));
        Node::new("li").child(Node::new("label").child(input).child(label))
    });
    Node::new("ul").class("stops").attr("aria-label", "Stop at").children(items)
}

/// Spoken form of a kind of mark.
pub(super) fn spoken(kind: MarkKind, terms: Terms) -> String {
    stop_words(kind).pick(terms).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycles() -> Vec<CycleSummary> {
        let cycle =
            |cycle, first, end| CycleSummary { cycle, first, end, ..CycleSummary::default() };
        vec![cycle(1, 3, 10), cycle(2, 11, 20)]
    }

    #[test]
    fn every_playhead_has_one_position() {
        let at = |playhead| position(&cycles(), playhead);
        assert_eq!(at(0), Position::Start);
        assert_eq!(at(3), Position::Opening { event: 3 });
        assert_eq!(at(4), Position::InCycle { index: 0, event: 1, events: 8 });
        // Record 10 is the sleep between the two: still the first one's.
        assert_eq!(at(11), Position::InCycle { index: 0, event: 8, events: 8 });
        assert_eq!(at(12), Position::InCycle { index: 1, event: 1, events: 9 });
        assert_eq!(at(20), Position::InCycle { index: 1, event: 9, events: 9 });
        // A live run whose last cycle is not over yet.
        assert_eq!(at(25), Position::InCycle { index: 1, event: 14, events: 14 });
    }

    #[test]
    fn the_readout_is_the_mocks() {
        let world = World { at: crate::time::Micros(13_266_000), ..World::default() };
        let text = readout(&cycles(), 12, &world).to_markup();
        assert_eq!(
            text,
            "<span class=\"readout\"><b>cycle 2</b><span> · event 1 of 9</span>\
             <span class=\"tt\"> · t = 13.266 s</span></span>"
        );
    }

    #[test]
    fn stops_have_names_that_read_back() {
        for kind in STOPS {
            assert_eq!(stop_named(stop_name(kind)), Some(kind));
        }
        assert_eq!(stop_named("lunch"), None);
        let markup = stop_at(&[MarkKind::Error]).to_markup();
        assert_eq!(markup.matches("checked").count(), 1);
        assert!(markup.contains("data-stop=\"error\" checked"));
    }
}
