//! Where the playhead may rest.
//!
//! A playhead is a number of records: 0 is before the first, `n` is after the
//! first `n`. For each [`Grain`] the rest points are a fixed, ordered set of
//! such numbers, decided by the records alone, and stepping only ever moves
//! to the next or the previous member. So going back undoes going forward by
//! construction, at every grain, wherever one came from.
//!
//! - *Event*: after each step ([`is_step`]).
//! - *Phase*: after the last step before another [`Activity`] or another
//!   signal begins; and where the thread falls asleep.
//! - *Cycle*: where the thread falls asleep.
//! - 0 and, once the source has finished, the last step belong to all three.
//!
//! Each set contains the next coarser one.

use super::beat::is_step;
use crate::event::Event;
use crate::trace::{Activity, Timeline};

/// How far one step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grain {
    Event,
    Phase,
    Cycle,
}

impl Grain {
    pub const ALL: [Grain; 3] = [Grain::Event, Grain::Phase, Grain::Cycle];
}

/// What lies ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    Rest(usize),
    /// The records so far do not say: the source must go on first.
    Unknown,
    /// The source has finished, and this was its last.
    End,
}

/// The first rest point after `from`.
#[must_use]
pub fn after(timeline: &Timeline, grain: Grain, from: usize) -> Ahead {
    let mut last_step = None;
    for count in from + 1..=timeline.len() {
        if !steps_to(timeline, count) {
            continue;
        }
        last_step = Some(count);
        match is_rest_at_step(timeline, grain, count) {
            Some(true) => return Ahead::Rest(count),
            Some(false) => {}
            None => break,
        }
    }
    match (timeline.is_finished(), last_step) {
        (false, _) => Ahead::Unknown,
        (true, Some(end)) => Ahead::Rest(end),
        (true, None) => Ahead::End,
    }
}

/// The last rest point before `from`; 0 is its own.
#[must_use]
pub fn before(timeline: &Timeline, grain: Grain, from: usize) -> usize {
    (1..from.min(timeline.len() + 1))
        .rev()
        .find(|count| is_rest(timeline, grain, *count))
        .unwrap_or(0)
}

/// Whether `count` is a rest point. While a source goes on, its newest phase
/// is not known to be over, and therefore no rest point.
#[must_use]
pub fn is_rest(timeline: &Timeline, grain: Grain, count: usize) -> bool {
    if count == 0 {
        return true;
    }
    if count > timeline.len() || !steps_to(timeline, count) {
        return false;
    }
    if is_rest_at_step(timeline, grain, count) == Some(true) {
        return true;
    }
    timeline.is_finished() && next_step(timeline, count).is_none()
}

/// The rest point of the finest grain at or before `count`.
#[must_use]
pub fn at_or_before(timeline: &Timeline, count: usize) -> usize {
    (1..=count.min(timeline.len())).rev().find(|at| steps_to(timeline, *at)).unwrap_or(0)
}

fn event(timeline: &Timeline, count: usize) -> Option<&Event> {
    Some(&timeline.now(count)?.event)
}

fn steps_to(timeline: &Timeline, count: usize) -> bool {
    event(timeline, count).is_some_and(is_step)
}

/// For a `count` that a step led to; `None` if the records so far do not say.
fn is_rest_at_step(timeline: &Timeline, grain: Grain, count: usize) -> Option<bool> {
    let falls_asleep = matches!(event(timeline, count), Some(Event::PollEnter { .. }));
    match grain {
        Grain::Event => Some(true),
        Grain::Cycle => Some(falls_asleep),
        Grain::Phase if falls_asleep => Some(true),
        Grain::Phase => {
            let next = next_step(timeline, count)?;
            let signal = matches!(event(timeline, next), Some(Event::Fire { .. }));
            Some(signal || activity(timeline, next) != activity(timeline, count))
        }
    }
}

pub(super) fn next_step(timeline: &Timeline, count: usize) -> Option<usize> {
    (count + 1..=timeline.len()).find(|next| steps_to(timeline, *next))
}

/// What the thread is at after `count` records; [`World::activity`] without
/// the world, by looking back to the last fact that says so. That is near:
/// every cycle says it many times.
///
/// [`World::activity`]: crate::trace::World::activity
#[must_use]
pub fn activity(timeline: &Timeline, count: usize) -> Activity {
    let known = timeline.records().get(..count).unwrap_or(timeline.records());
    known.iter().rev().find_map(|record| Activity::begun_by(&record.event)).unwrap_or_default()
}
