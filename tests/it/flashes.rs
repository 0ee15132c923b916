//! Nothing flashes: whatever the speed and whether it moves or jumps, nothing
//! on the page lights up more than three times in any second of play.

use crate::facts::timeline_of;
use crate::runs::scenarios;
use crate::stage::{attr, is_hot};
use onechef::trace::Timeline;
use onechef::view::pictures::{GAP_MS, Pictures};
use onechef::view::player::{Player, SPEED_MAX, Tick};
use onechef::view::tree::Children;
use onechef::view::{Frame, Grain, Motion, Node, Terms, Viewport, panels, rest, stage};
use std::collections::{BTreeMap, BTreeSet};

const FRAME_MS: f64 = 40.0;

/// One picture of the player: when it was shown, and what was lit in it.
struct Picture {
    at_ms: f64,
    lit: BTreeSet<String>,
}

/// What is highlighted, each thing by its own name: those of the elements around
/// it that have one.
fn lit(node: &Node, around: &str, into: &mut BTreeSet<String>) {
    let name = match (attr(node, "id"), node.key.as_deref()) {
        (Some(id), _) => id.to_owned(),
        (None, Some(key)) => format!("{around} {key}"),
        (None, None) => around.to_owned(),
    };
    let class = attr(node, "class").unwrap_or_default();
    if is_hot(node) || class.split(' ').any(|class| class == "chg") {
        into.insert(name.clone());
    }
    if let Children::Nodes(nodes) = &node.children {
        nodes.iter().for_each(|child| lit(child, &name, into));
    }
}

/// What is shown while a run is played, as the page shows it.
fn played(timeline: &Timeline, speed: i8, motion: Motion) -> Vec<Picture> {
    let (mut player, mut pictures) = (Player::new(), Pictures::default());
    player.set_speed(speed);
    player.set_motion(motion);
    player.play();
    let (mut shown, mut now_ms) = (Vec::new(), 0.0);
    let mut drawn = None;
    loop {
        now_ms += FRAME_MS;
        let tick = player.tick(FRAME_MS, timeline);
        let in_haste = player.is_in_haste();
        let what = (player.playhead(), player.progress(timeline).to_bits());
        if pictures.are_due(now_ms, in_haste) && drawn.replace(what) != Some(what) {
            let count = player.playhead();
            let before = pictures.show(count);
            let step = rest::before(timeline, Grain::Event, count);
            let since = if in_haste { before.min(step) } else { step };
            let stepped = timeline.world_at(since);
            let world = timeline.world_at(count);
            let frame = Frame {
                world: &world,
                now: timeline.now(count),
                progress: player.progress(timeline),
                terms: Terms::Both,
                motion,
                viewport: Viewport::Desktop,
                selected: None,
                you: None,
            };
            let mut lights = BTreeSet::new();
            lit(&stage::stage(&frame), "stage", &mut lights);
            lit(&panels::counters(&world, Some(&stepped)), "counters", &mut lights);
            lit(&panels::strip(timeline.cycles(), count, &frame, 900), "strip", &mut lights);
            shown.push(Picture { at_ms: now_ms, lit: lights });
        }
        match tick {
            Tick::Moving | Tick::Moved => {}
            Tick::AtEnd => return shown,
            other => panic!("{other:?}"),
        }
    }
}

/// Whatever lights up more often than three times within a second, and when.
fn flashing(shown: &[Picture]) -> Vec<(String, f64)> {
    let mut begun: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for pair in shown.windows(2) {
        for name in pair[1].lit.difference(&pair[0].lit) {
            begun.entry(name).or_default().push(pair[1].at_ms);
        }
    }
    let too_often = |times: &[f64]| times.windows(4).find(|w| w[3] - w[0] < 1_000.0).map(|w| w[0]);
    begun
        .into_iter()
        .filter_map(|(name, times)| Some((name.to_owned(), too_often(&times)?)))
        .collect()
}

fn timelines() -> Vec<Timeline> {
    let finished = |records: Vec<_>| {
        let mut timeline = timeline_of(&records);
        timeline.finish();
        timeline
    };
    scenarios().into_iter().map(finished).collect()
}

#[test]
fn nothing_lights_up_more_than_three_times_a_second_at_any_speed() {
    // Slower is rarer, so what holds at 2× holds at every speed below.
    let mut found = Vec::new();
    for (timeline, bundled) in timelines().iter().zip(onechef::sim::scenarios()) {
        for motion in [Motion::Full, Motion::Reduced] {
            for speed in 1..=SPEED_MAX {
                let flashing = flashing(&played(timeline, speed, motion));
                found.extend(flashing.into_iter().map(|it| (bundled.slug, motion, speed, it)));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// In haste, no picture follows another within a third of a second, so nothing
/// at all, highlight or not, changes more often.
#[test]
fn in_haste_pictures_are_few_and_at_rest_and_say_what_the_round_adds_up_to() {
    for timeline in timelines() {
        let shown = played(&timeline, SPEED_MAX, Motion::Full);
        let gaps: Vec<f64> = shown.windows(2).map(|w| w[1].at_ms - w[0].at_ms).collect();
        let (last, others) = gaps.split_last().expect("pictures");
        assert!(others.iter().all(|gap| *gap >= GAP_MS), "{gaps:?}");
        assert!(*last > 0.0);
        let end = timeline.len();
        let told = panels::round(timeline.cycles(), end).expect("a cycle");
        assert!(told.kitchen().contains("cook"), "{}", told.kitchen());
    }
}

/// Whoever follows a busy server is taken along the faster the more there is.
#[test]
fn following_in_haste_shows_no_more_pictures_than_playing_in_haste() {
    for motion in [Motion::Full, Motion::Reduced] {
        let (mut player, mut pictures) = (Player::new(), Pictures::default());
        player.set_motion(motion);
        let mut timeline = Timeline::new();
        let (mut shown, mut now_ms) = (Vec::new(), 1_000.0);
        for records in scenarios().iter().take(1) {
            for some in records.chunks(12) {
                for record in some {
                    timeline.push(record.clone()).expect("few records");
                }
                now_ms += FRAME_MS;
                player.follow(FRAME_MS, &timeline);
                if pictures.are_due(now_ms, player.is_in_haste()) && player.is_in_haste() {
                    shown.push(now_ms);
                }
            }
        }
        assert!(player.is_in_haste());
        assert!(shown.windows(2).all(|w| w[1] - w[0] >= GAP_MS), "{motion:?}: {shown:?}");
    }
}
