//! Where the playhead is, in words, and where play shall stop.

use crate::event::Phase;
use crate::trace::timeline::MarkKind;
use crate::trace::{Timeline, World};
use crate::view::beat::is_step;
use crate::view::text::{self, Words, line, say};
use crate::view::{Frame, Node};

/// Where a playhead stands, counted in steps: book-keeping records, which a
/// reader never stops at, do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Before the first step.
    Start,
    /// Before the first cycle.
    Opening { event: usize },
    /// `event` of `events` (from 1) of a cycle; `index` is the cycle's place
    /// in [`Timeline::cycles`].
    InCycle { index: usize, event: usize, events: usize },
}

/// The position of `playhead`, the number of records folded.
#[must_use]
pub fn position(timeline: &Timeline, playhead: usize) -> Position {
    let steps = |from: usize, to: usize| {
        let records = timeline.records().get(from..to).unwrap_or_default();
        records.iter().filter(|record| is_step(&record.event)).count()
    };
    let playhead = playhead.min(timeline.len());
    let Some(index) = playhead.checked_sub(1).and_then(|last| timeline.cycle_of(last)) else {
        return match steps(0, playhead) {
            0 => Position::Start,
            event => Position::Opening { event },
        };
    };
    let cycle = &timeline.cycles()[index];
    let events = steps(cycle.first, cycle.end);
    Position::InCycle { index, event: steps(cycle.first, playhead), events }
}

/// "cycle 134 · event 31 of 36 · t = 13.266 s".
#[must_use]
pub fn readout(timeline: &Timeline, playhead: usize, world: &World) -> Node {
    let (head, tail) = match position(timeline, playhead) {
        Position::Start => (line!("readout.start"), String::new()),
        Position::Opening { event } => {
            (line!("readout.opening"), line!("readout.event", event, 0_u64))
        }
        Position::InCycle { index, event, events } => {
            let cycle = timeline.cycles()[index].cycle;
            (line!("readout.cycle", cycle), line!("readout.event", event, events))
        }
    };
    Node::new("span")
        .class("readout")
        .child(Node::new("b").text(head))
        .child(Node::new("span").text(if tail.is_empty() {
            tail
        } else {
            [" · ", &tail].concat()
        }))
        .child(Node::new("span").class("tt").text([" · t = ", &text::clock(world.at)].concat()))
}

/// `aria-valuetext` of the scrubber: the place, and what goes on there.
#[must_use]
pub fn value_text(timeline: &Timeline, playhead: usize, frame: &Frame) -> String {
    let cycles = timeline.cycles();
    let place = match position(timeline, playhead) {
        Position::Start => return line!("value.start"),
        Position::Opening { event } => line!("value.opening", event),
        Position::InCycle { index, event, events } => {
            let last = cycles.last().map_or(0, |c| c.cycle);
            line!("value.cycle", cycles[index].cycle, last, event, events)
        }
    };
    [&place, ", ", doing(frame.world).pick(frame.terms)].concat()
}

/// What the one thread does.
pub(super) fn doing(world: &World) -> Words {
    if world.asleep.is_some() {
        return say!("doing.asleep");
    }
    if let Some(executing) = &world.executing {
        let (id, name) = (executing.client, &executing.name);
        return say!("doing.executing", id, name);
    }
    if let Some(firing) = world.firing {
        use crate::event::Handler;
        return match firing.handler {
            Handler::Accept => say!("doing.opening-the-door"),
            Handler::ReadQuery => say!("doing.reading", firing.client),
            Handler::SendReply => say!("doing.writing", firing.client),
        };
    }
    if world.sweep.as_ref().is_some_and(|sweep| sweep.running) {
        return say!("doing.the-final-sweep");
    }
    match world.phase {
        None => say!("doing.not-started"),
        Some(Phase::BeforeSleep) => say!("doing.tidying-before-sleep"),
        Some(Phase::Poll) => say!("doing.looking-at-the-signal"),
        Some(Phase::AfterSleep) => say!("doing.just-woken"),
        Some(Phase::Files) => say!("doing.going-through-the-signals"),
        Some(Phase::Timers) => say!("doing.checking-the-clock"),
    }
}

/// What play can stop at, in the order of the checklist.
pub const STOPS: [MarkKind; 6] = [
    MarkKind::Accept,
    MarkKind::Partial,
    MarkKind::Waited,
    MarkKind::WriteHandler,
    MarkKind::Error,
    MarkKind::Close,
];

/// The value of a checkbox's `data-stop`, and back.
#[must_use]
pub fn stop_name(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Accept => "accept",
        MarkKind::Partial => "partial",
        MarkKind::WriteHandler => "write-handler",
        MarkKind::Error => "error",
        MarkKind::Close => "close",
        MarkKind::Waited => "waited",
    }
}

/// The inverse of [`stop_name`].
#[must_use]
pub fn stop_named(name: &str) -> Option<MarkKind> {
    STOPS.into_iter().find(|kind| stop_name(*kind) == name)
}

pub(super) fn stop_words(kind: MarkKind) -> Words {
    match kind {
        MarkKind::Accept => say!("doing.new-guest"),
        MarkKind::Partial => say!("doing.half-an-order"),
        MarkKind::WriteHandler => say!("doing.a-table-is-full"),
        MarkKind::Error => say!("doing.error"),
        MarkKind::Close => say!("doing.guest-leaves"),
        MarkKind::Waited => say!("doing.slow-dish"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::net::Timeout;
    use crate::time::Micros;
    use crate::trace::Record;

    /// Listening, then two cycles of two steps each (waking and sleeping)
    /// with book-keeping between them.
    fn timeline() -> Timeline {
        let begin = |cycle| Event::CycleBegin { cycle };
        let wake = || Event::PollReturn { fired: Vec::new() };
        let sleep = || Event::PollEnter { timeout: Timeout::Forever };
        let events = [
            Event::Config { name: "hz".into(), value: "10".into() },
            sleep(),
            wake(),
            begin(1),
            sleep(),
            wake(),
            begin(2),
            sleep(),
        ];
        let mut timeline = Timeline::new();
        for (event, seq) in events.into_iter().zip(0..) {
            let at = Micros(13_000_000 + seq * 1_000);
            timeline.push(Record { seq, at, event }).expect("room");
        }
        timeline
    }

    #[test]
    fn every_playhead_has_one_position_and_only_steps_count() {
        let timeline = timeline();
        let all: Vec<Position> = (0..=9).map(|count| position(&timeline, count)).collect();
        let cycle = |index, event| Position::InCycle { index, event, events: 2 };
        assert_eq!(all[..3], [Position::Start, Position::Start, Position::Opening { event: 1 }]);
        assert_eq!(all[3..6], [cycle(0, 1), cycle(0, 1), cycle(0, 2)]);
        assert_eq!(all[6..9], [cycle(1, 1), cycle(1, 1), cycle(1, 2)]);
        assert_eq!(all[9], all[8], "past the end is at the end");
    }

    #[test]
    fn the_readout_names_cycle_event_and_time() {
        let timeline = timeline();
        let text = readout(&timeline, 6, &timeline.world_at(6)).to_markup();
        assert_eq!(
            text,
            "<span class=\"readout\"><b>cycle 2</b><span> · event 1 of 2</span>\
             <span class=\"tt\"> · t = 13.005 s</span></span>"
        );
    }

    #[test]
    fn stops_have_names_that_read_back() {
        for kind in STOPS {
            assert_eq!(stop_named(stop_name(kind)), Some(kind));
        }
        assert_eq!(stop_named("lunch"), None);
    }
}
