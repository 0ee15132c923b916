//! Stepping, playing and scrubbing visit the same moments, and going back
//! undoes going forward, at every grain.

use crate::facts::{noise, timeline_of};
use crate::runs::{run, scenarios};
use onechef::event::Event;
use onechef::trace::timeline::MarkKind;
use onechef::trace::{Activity, Record, Timeline, World};
use onechef::view::beat::{REDUCED_BEAT_MS, beat_ms, is_step};
use onechef::view::player::{Player, SPEED_MAX, SPEED_MIN, Step, Tick};
use onechef::view::{Grain, Motion, rest};
use proptest::collection::vec;
use proptest::prelude::*;

fn finished(records: &[Record]) -> Timeline {
    let mut timeline = timeline_of(records);
    timeline.finish();
    timeline
}

/// All rest points that stepping forward from the start visits.
fn stepped(timeline: &Timeline, grain: Grain) -> Vec<usize> {
    let mut player = Player::new();
    let mut visited = vec![0];
    while player.forward(grain, timeline) == Step::Moved {
        visited.push(player.playhead());
    }
    visited
}

fn check_symmetry(timeline: &Timeline) {
    for grain in Grain::ALL {
        let visited = stepped(timeline, grain);
        for pair in visited.windows(2) {
            let mut player = Player::new();
            player.seek(pair[0], timeline);
            assert_eq!(player.forward(grain, timeline), Step::Moved);
            assert_eq!(player.playhead(), pair[1]);
            assert_eq!(player.back(grain, timeline), Step::Moved);
            assert_eq!(player.playhead(), pair[0], "{grain:?}");
        }
        let expected: Vec<usize> =
            (0..=timeline.len()).filter(|n| rest::is_rest(timeline, grain, *n)).collect();
        assert_eq!(visited, expected, "{grain:?}");
    }
}

/// Plays from the start; every moment is one that stepping visits, and the
/// same that scrubbing finds: in another order, on a timeline of its own.
fn check_playing(timeline: &Timeline, dt_ms: f64, speed: i8) {
    let mut player = Player::new();
    player.set_speed(speed);
    player.play();
    let mut played = vec![(0, (*timeline.world_at(0)).clone())];
    loop {
        match player.tick(dt_ms, timeline) {
            Tick::Moving => {}
            Tick::Moved => {
                let world = (*timeline.world_at(player.playhead())).clone();
                played.push((player.playhead(), world));
            }
            Tick::AtEnd => break,
            other => panic!("{other:?}"),
        }
    }
    let visited: Vec<usize> = played.iter().map(|(n, _)| *n).collect();
    assert_eq!(visited, stepped(timeline, Grain::Event));
    let scrubbed = timeline_of(timeline.records());
    for (count, world) in played.iter().rev() {
        let mut player = Player::new();
        player.seek(*count, &scrubbed);
        assert_eq!(player.playhead(), *count);
        assert_eq!(&*scrubbed.world_at(player.playhead()), world);
    }
}

#[test]
fn the_bundled_scenarios_step_play_and_scrub_alike() {
    for records in scenarios() {
        let timeline = finished(&records);
        check_symmetry(&timeline);
        check_playing(&timeline, 100.0, 0);
    }
}

/// Protects: whoever follows a live server sees every step for as long as that
/// is possible, comes to the end, and is told what it could not be shown.
#[test]
fn following_goes_forward_through_the_steps_and_arrives() {
    const FRAME_MS: f64 = 16.0;
    for records in scenarios() {
        let timeline = timeline_of(&records);
        let (mut player, mut frames, mut at) = (Player::new(), 0, 0);
        let mut passed_over = 0;
        while player.is_behind(&timeline) {
            passed_over += player.follow(FRAME_MS, &timeline);
            assert!(player.playhead() >= at && !player.is_playing());
            assert!(rest::is_rest(&timeline, Grain::Event, player.playhead()));
            (at, frames) = (player.playhead(), frames + 1);
            assert!(frames < 2_000, "still at {at} of {}", timeline.len());
        }
        assert_eq!(at, rest::at_or_before(&timeline, timeline.len()));
        assert!((passed_over == 0) == (timeline.len() <= 4_000), "{passed_over}");
        assert!(frames > 10, "it jumped");
        let mut reduced = Player::new();
        reduced.set_motion(Motion::Reduced);
        reduced.follow(FRAME_MS, &timeline);
        assert!(!reduced.is_behind(&timeline));
        assert_eq!(reduced.playhead(), at);
    }
}

proptest! {
    #[test]
    fn back_undoes_forward_at_every_grain(seed in any::<u64>(), finished in any::<bool>()) {
        let mut timeline = timeline_of(&run(seed, 8));
        if finished {
            timeline.finish();
        }
        check_symmetry(&timeline);
    }

    #[test]
    fn back_undoes_forward_on_any_facts(seeds in vec(any::<u64>(), 0..120), finished in any::<bool>()) {
        let mut timeline = timeline_of(&noise(&seeds));
        if finished {
            timeline.finish();
        }
        check_symmetry(&timeline);
    }

    #[test]
    fn a_coarser_grain_rests_where_a_finer_one_does(seed in any::<u64>()) {
        let mut timeline = timeline_of(&run(seed, 8));
        timeline.finish();
        for pair in Grain::ALL.windows(2) {
            let (finer, coarser) = (stepped(&timeline, pair[0]), stepped(&timeline, pair[1]));
            prop_assert!(coarser.iter().all(|n| finer.contains(n)));
        }
    }

    #[test]
    fn playing_visits_what_stepping_and_scrubbing_visit(
        seed in any::<u64>(),
        dt_ms in 1.0..400.0,
        speed in -2..=0_i8,
    ) {
        check_playing(&finished(&run(seed, 5)), dt_ms, speed);
    }

    #[test]
    fn activity_by_looking_back_is_the_worlds(seeds in vec(any::<u64>(), 0..100)) {
        let records = noise(&seeds);
        let timeline = timeline_of(&records);
        let mut world = World::default();
        for count in 0..=records.len() {
            prop_assert_eq!(rest::activity(&timeline, count), world.activity);
            if let Some(record) = records.get(count) {
                world.fold(record);
            }
        }
    }
}

/// Protects: the keys of the timeline's slider, which move it by one record.
#[test]
fn a_slider_moved_by_one_record_comes_to_every_step_both_ways() {
    for records in scenarios() {
        let timeline = finished(&records);
        let steps = stepped(&timeline, Grain::Event);
        let mut player = Player::new();
        let mut there = vec![0];
        while there.len() < steps.len() {
            player.scrub(player.playhead() + 1, &timeline);
            assert_ne!(there.last(), Some(&player.playhead()), "stuck");
            there.push(player.playhead());
        }
        assert_eq!(there, steps);
        player.scrub(timeline.len(), &timeline);
        while player.playhead() > 0 {
            there.pop();
            player.scrub(player.playhead() - 1, &timeline);
            assert_eq!(there.last(), Some(&player.playhead()));
        }
    }
}

#[test]
fn every_mark_is_a_step_so_that_one_can_stop_there() {
    for seed in 0..2_000 {
        for record in noise(&[seed]) {
            let marked = MarkKind::of(&record.event).is_some();
            assert!(!marked || is_step(&record.event), "{:?}", record.event);
        }
    }
}

#[test]
fn book_keeping_takes_no_time_and_every_step_takes_some() {
    for seed in 0..2_000 {
        for record in noise(&[seed]) {
            let full = beat_ms(&record.event, Motion::Full);
            let reduced = beat_ms(&record.event, Motion::Reduced);
            let step = is_step(&record.event);
            assert_eq!(full > 0.0, step, "{:?}", record.event);
            assert!(full <= 1_500.0, "{full} ms for {:?}", record.event);
            assert_eq!(reduced, if step { REDUCED_BEAT_MS } else { 0.0 });
        }
    }
}

#[test]
fn a_cycle_rests_where_the_thread_falls_asleep_and_a_phase_where_its_work_changes() {
    let timeline = timeline_of(&run(9, 10));
    for count in stepped(&timeline, Grain::Cycle).into_iter().skip(1) {
        let event = &timeline.now(count).expect("a record").event;
        assert!(matches!(event, Event::PollEnter { .. }), "{event:?}");
    }
    let phases = stepped(&timeline, Grain::Phase);
    let activities: Vec<Activity> = phases.iter().map(|n| rest::activity(&timeline, *n)).collect();
    for wanted in [Activity::Poll, Activity::Read, Activity::Execute, Activity::Sweep] {
        assert!(activities.contains(&wanted), "{wanted:?}");
    }
}

#[test]
fn a_source_that_goes_on_is_asked_for_more_and_a_finished_one_ends() {
    let records = run(4, 3);
    let mut timeline = Timeline::new();
    let mut player = Player::new();
    player.play();
    let mut more = records.iter();
    let ended = loop {
        match player.tick(50.0, &timeline) {
            Tick::NeedMore => match more.next() {
                Some(record) => timeline.push(record.clone()).expect("few records"),
                None => timeline.finish(),
            },
            Tick::AtEnd => break player.playhead(),
            _ => {}
        }
    };
    assert_eq!(Some(&ended), stepped(&timeline, Grain::Event).last());
    assert!(!player.is_playing());
    player.play();
    assert_eq!(player.tick(16.0, &timeline), Tick::AtEnd, "says so again instead of nothing");
    assert_eq!(player.forward(Grain::Event, &timeline), Step::AtEnd);
    player.seek(0, &timeline);
    assert_eq!(player.back(Grain::Cycle, &timeline), Step::AtEnd);
}

#[test]
fn breakpoints_stop_at_every_mark_of_their_kind_and_at_no_other() {
    let mut timeline = timeline_of(&run(21, 30));
    timeline.finish();
    // What others waited for is said by those who follow requests.
    let ends = timeline.records().iter().enumerate().filter(|(index, record)| {
        matches!(record.event, Event::CommandEnd { .. }) && timeline.cycle_of(*index).is_some()
    });
    let ended: Vec<usize> = ends.map(|(index, _)| index).take(2).collect();
    ended.iter().chain(&ended).for_each(|record| timeline.mark_wait(*record));
    for kind in MarkKind::ALL {
        let mut player = Player::new();
        player.set_speed(SPEED_MAX);
        player.breakpoints.set(kind, true);
        let mut stops = Vec::new();
        player.play();
        loop {
            match player.tick(100.0, &timeline) {
                Tick::StoppedAt(hit) => {
                    assert_eq!((hit, player.is_playing()), (kind, false));
                    assert!((player.progress(&timeline) - 1.0).abs() < f64::EPSILON);
                    stops.push(player.playhead() - 1);
                    player.play();
                }
                Tick::AtEnd => break,
                _ => {}
            }
        }
        let marks = timeline.marks().filter(|mark| mark.kind == kind).map(|mark| mark.record);
        assert_eq!(stops, marks.collect::<Vec<_>>(), "{kind:?}");
        assert!(!stops.is_empty(), "the run shows a {kind:?}");
    }
}

#[test]
fn the_slowest_speed_moves_smoothly_and_a_long_pause_of_the_page_skips_nothing() {
    let mut timeline = timeline_of(&run(2, 3));
    timeline.finish();
    let mut player = Player::new();
    player.set_speed(i8::MIN);
    assert_eq!(player.speed(), SPEED_MIN);
    player.play();
    assert_eq!(player.tick(16.0, &timeline), Tick::Moved);
    let first = player.playhead();
    let mut progress = player.progress(&timeline);
    for _ in 0..100 {
        assert_eq!(player.tick(1e9, &timeline), Tick::Moving);
        assert!(player.progress(&timeline) > progress);
        progress = player.progress(&timeline);
    }
    assert_eq!(player.playhead(), first);
}

#[test]
fn a_pause_holds_the_moment_in_mid_motion() {
    let timeline = timeline_of(&run(2, 3));
    let mut player = Player::new();
    player.play();
    player.tick(16.0, &timeline);
    player.tick(30.0, &timeline);
    player.pause();
    let held = player.progress(&timeline);
    assert!(held > 0.0 && held < 1.0, "{held}");
    assert_eq!(player.tick(500.0, &timeline), Tick::Paused);
    assert!((player.progress(&timeline) - held).abs() < f64::EPSILON);
}
