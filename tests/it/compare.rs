//! A run and what a change in its past made of it: where they part, and which
//! moments belong side by side.

use crate::facts;
use onechef::event::Event;
use onechef::sim::{Action, Input, Packets, Scenario, Sim, scenarios};
use onechef::time::Micros;
use onechef::trace::{Record, Timeline};
use onechef::view::compare::{self, Side};
use onechef::view::{Frame, Motion, Terms, Viewport, narrate, stage};

fn records(scenario: &Scenario) -> Vec<Record> {
    let mut records = Vec::new();
    Sim::new(scenario).run_to_quiet(50, &mut records);
    records
}

/// The first bundled scenario of two guests, and the same with a PING by the
/// first of them right after the playhead.
fn fork(playhead: usize) -> (Vec<Record>, Vec<Record>) {
    let bundled = scenarios().iter().find(|b| b.slug == "two-guests").expect("bundled");
    let mut scenario = bundled.scenario();
    let was = records(&scenario);
    let at = was[playhead - 1].at.saturating_add(Micros(1));
    let action = Action::Send(Packets::command(&["PING"]));
    scenario.insert(Input { at, client: 0, action });
    (was, records(&scenario))
}

/// Protects: what was before a gesture stays; the reader may trust that the
/// two pictures differ by what was done and nothing else.
#[test]
fn a_gesture_parts_the_runs_after_its_moment_and_not_before() {
    for playhead in [26, 36, 46] {
        let (was, is) = fork(playhead);
        let parting = compare::parting(&was, &is);
        assert!(parting >= playhead, "{parting} is before the gesture at {playhead}");
        assert_eq!(was[..parting], is[..parting]);
        assert_ne!(was.get(parting), is.get(parting), "after {playhead} of {}", was.len());
        let ping = |r: &&Record| matches!(&r.event, Event::Pipe { .. }) && r.at >= is[parting].at;
        assert!(is[parting..].iter().find(ping).is_some(), "the gesture is what differs");
    }
    let (was, _) = fork(26);
    assert_eq!(compare::parting(&was, &was), was.len(), "a run does not part from itself");
    assert_eq!(compare::parting(&was, &was[..10]), 10);
}

/// Protects: moments side by side are the same one before the parting and at
/// the same time after it, and never in the future of the other.
#[test]
fn the_run_that_was_is_shown_at_the_same_time() {
    let (was, is) = fork(26);
    let parting = compare::parting(&was, &is);
    let (was, is): (Timeline, Timeline) = (facts::timeline_of(&was), facts::timeline_of(&is));
    let mut before = 0;
    for playhead in 0..=is.len() {
        let now = is.world_at(playhead).at;
        let then = compare::abreast(&was, parting, playhead, now);
        assert!(then >= before, "it never goes back");
        if playhead <= parting {
            assert_eq!(then, playhead);
        } else {
            assert!(was.world_at(then).at <= now);
            assert!(was.record(then).is_none_or(|next| next.at > now), "it is not left behind");
        }
        before = then;
    }
}

/// Protects: the table says the same of both until they part, and marks it
/// from then on; the second picture holds nothing to be found or pressed.
#[test]
fn what_differs_is_marked_and_the_second_picture_is_only_a_picture() {
    let (was, is) = fork(26);
    let parting = compare::parting(&was, &is);
    let (was, is) = (facts::timeline_of(&was), facts::timeline_of(&is));
    let told = |playhead: usize| {
        let world = is.world_at(playhead);
        let then = compare::abreast(&was, parting, playhead, world.at);
        let (old, before) = (was.world_at(then), is.world_at(playhead - 1));
        let old_before = was.world_at(then.saturating_sub(1));
        let tell = |now: Option<&Record>, before, world| {
            now.map(|record| narrate(record, before, world, None).words)
        };
        let told_then = tell(was.now(then), &old_before, &old);
        let told = tell(is.now(playhead), &before, &world);
        let was = Side { world: &old, told: told_then.as_ref() };
        let is = Side { world: &world, told: told.as_ref() };
        compare::table(was, is).to_markup()
    };
    assert!(!told(parting).contains("differs"), "{}", told(parting));
    assert!(told(is.len()).contains("differs"));
    for playhead in [1, parting, is.len()] {
        let world = is.world_at(playhead);
        let frame = Frame {
            world: &world,
            now: is.now(playhead),
            progress: 1.0,
            terms: Terms::Both,
            motion: Motion::Reduced,
            viewport: Viewport::Desktop,
            selected: None,
            you: None,
        };
        let markup = compare::picture(stage::stage(&frame)).to_markup();
        assert!(!markup.contains(" id=\"") && !markup.contains("tabindex"), "{playhead}");
        assert!(markup.contains("role=\"img\"") && markup.contains("aria-label"));
    }
}
