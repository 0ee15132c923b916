//! Recording: a trace says everything, survives the way through text, and any
//! moment of it can be had again.

use crate::facts::{Dice, EVENT_KINDS, noise, timeline_of};
use crate::runs::{run, scenarios};
use onechef::event::{ClientId, Event};
use onechef::net::Fd;
use onechef::sorted::SortedMap;
use onechef::time::Micros;
use onechef::trace::codec::{
    self, EVENT_NAMES, EVENTS_HASH, Ending, FORMAT_VERSION, Header, Native, Simulation, Source,
};
use onechef::trace::timeline::MarkKind;
use onechef::trace::{Record, Timeline, World};
use onechef::view::requests::Requests;
use onechef::view::{Frame, Terms, panels};
use proptest::collection::vec;
use proptest::prelude::*;

fn folded(records: &[Record]) -> World {
    let mut world = World::default();
    records.iter().for_each(|record| world.fold(record));
    world
}

fn header() -> Header {
    let source = Simulation { scenario: "onechef scenario 1\ntitle \"x\"\n".into(), seed: 7 };
    let config = [("hz".to_owned(), "10".to_owned())].into_iter().collect();
    Header::new(Source::Simulation(source), config)
}

proptest! {
    #[test]
    fn no_sequence_of_facts_upsets_the_fold(seeds in vec(any::<u64>(), 0..400)) {
        let world = folded(&noise(&seeds));
        prop_assert_eq!(world.records, seeds.len() as u64);
        prop_assert_eq!(world.counters.connected_clients, world.clients.len() as u64);
    }

    #[test]
    fn a_moment_is_the_fold_of_what_came_before(
        seed in any::<u64>(),
        asked in vec(any::<prop::sample::Index>(), 1..30),
        spacing in 1..40_usize,
        keyframes in 1..6_usize,
    ) {
        let records = run(seed, 12);
        let mut timeline = Timeline::with_keyframes(spacing, keyframes);
        for (count, record) in records.iter().enumerate() {
            prop_assert_eq!((*timeline.world_at(count)).clone(), folded(&records[..count]));
            timeline.push(record.clone()).expect("few records");
        }
        for index in asked {
            let count = index.index(records.len() + 1);
            prop_assert_eq!((*timeline.world_at(count)).clone(), folded(&records[..count]));
        }
    }

    #[test]
    fn cycles_share_out_the_records_and_the_time_awake(seed in any::<u64>()) {
        let records = run(seed, 15);
        let timeline = timeline_of(&records);
        let cycles = timeline.cycles();
        prop_assert_eq!(cycles.len(), 15);
        prop_assert_eq!(cycles.last().map(|c| c.end), Some(records.len()));
        for (nth, cycle) in cycles.iter().enumerate() {
            if nth > 0 {
                prop_assert_eq!(cycles[nth - 1].end, cycle.first);
            }
            let awake = [cycle.read, cycle.cook, cycle.serve, cycle.cron];
            let awake = awake.into_iter().fold(Micros::ZERO, Micros::saturating_add);
            prop_assert_eq!(awake, cycle.ended.saturating_sub(cycle.began));
            prop_assert_eq!(cycle.cycle, nth as u64 + 1);
            for index in cycle.first..cycle.end {
                prop_assert_eq!(timeline.cycle_of(index), Some(nth));
            }
        }
        for mark in timeline.marks() {
            prop_assert_eq!(MarkKind::of(&records[mark.record].event), Some(mark.kind));
        }
    }

    #[test]
    fn a_trace_survives_the_way_through_text(seeds in vec(any::<u64>(), 0..60), cut in 1..64_usize) {
        let records = noise(&seeds);
        let text = codec::to_text(&header(), &records);
        let mut reader = codec::Reader::new();
        let mut read = Vec::new();
        for piece in text.as_bytes().chunks(cut) {
            reader.feed(piece, &mut read).expect("our own text");
        }
        prop_assert_eq!(reader.finish(&mut read), Ok(Ending::Complete));
        prop_assert_eq!(read, records);
        prop_assert_eq!(reader.header(), Some(&header()));
    }

    #[test]
    fn a_damaged_trace_is_read_or_refused(
        seeds in vec(any::<u64>(), 1..20),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut text = codec::to_text(&header(), &noise(&seeds)).into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        if let Err(error) = codec::read(&text) {
            prop_assert!(error.line >= 1 && error.column >= 1 && !error.problem.is_empty());
        }
    }
}

#[test]
fn a_trace_cut_anywhere_plays_up_to_the_cut_and_says_so() {
    let records = run(3, 4);
    let text = codec::to_text(&header(), &records);
    for cut in 1..text.len() {
        let trace = codec::read(&text.as_bytes()[..cut]).expect("a cut is no error");
        let whole = &text[..cut];
        let lines = whole.lines().count();
        // A line whose JSON is whole counts although its end is missing.
        let is_whole = text.as_bytes()[cut] == b'\n' || whole.ends_with('\n');
        let expected =
            if is_whole { Ending::Complete } else { Ending::CutMidLine { line: lines as u64 } };
        assert_eq!(trace.ending, expected, "cut at {cut}");
        let known = (lines - usize::from(!is_whole)).saturating_sub(1);
        assert_eq!(trace.records, records[..known], "cut at {cut}");
    }
}

#[test]
fn a_recorded_scenario_read_again_gives_the_same_worlds() {
    for records in scenarios() {
        let text = codec::to_text(&header(), &records);
        let trace = codec::read(text.as_bytes()).expect("our own text");
        assert_eq!((trace.ending, trace.skipped), (Ending::Complete, 0));
        assert_eq!(folded(&trace.records), folded(&records));
        assert_eq!(trace.records, records);
    }
}

#[test]
fn seeking_in_a_long_run_folds_little_and_keeps_little() {
    let mut records = Vec::new();
    while records.len() < 100_000 {
        let base = records.len() as u64;
        let again = run(base, 200);
        records.extend(again.into_iter().zip(base..).map(|(r, seq)| Record { seq, ..r }));
    }
    let timeline = timeline_of(&records);
    let footprint = timeline.footprint();
    assert!(footprint.keyframes <= footprint.keyframe_limit, "{footprint:?}");
    assert!(footprint.keyframe_bytes <= footprint.keyframe_bytes_limit, "{footprint:?}");
    assert!(footprint.spacing <= 256, "{footprint:?}");
    let middle = records.len() / 2 + 17;
    assert_eq!(timeline.world_at(middle).as_ref(), &folded(&records[..middle]));
}

/// `left`, the reader's answer to a trace of these lines after a header.
fn answer(lines: &str) -> String {
    let text = format!("{}{lines}", codec::header_line(&header()));
    match codec::read(text.as_bytes()) {
        Ok(trace) => format!("{} records, {} skipped", trace.records.len(), trace.skipped),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_malformed_is_named_with_line_and_column() {
    let check = |lines: &str, expected: &str| assert_eq!(answer(lines), expected, "for {lines}");
    check("\n{\"n\":0,\"us\":5,\"ev\":\"shutdown\"}\r\n", "1 records, 0 skipped");
    check("{\"n\":0,\"us\":5}\n", "2:14: missing field `ev`");
    check(
        "{\"n\":0,\"us\":\"soon\",\"ev\":\"shutdown\"}\n",
        "2:13: expected a whole number from 0 to 18446744073709551615, found \"soon\"",
    );
    check("{\"n\":0,,}\n", "2:8: expected a name in quotes, found ,");
    check("{\"n\":0\n", "2:6: expected a comma or }, found the end");
    check(
        "{\"n\":3,\"us\":5,\"ev\":\"shutdown\"}\n{\"n\":3,\"us\":5,\"ev\":\"shutdown\"}\n",
        "3:1: expected n to be at least 4, found 3",
    );
    check(
        "{\"n\":3,\"us\":5,\"ev\":\"shutdown\"}\n{\"n\":4,\"us\":4,\"ev\":\"shutdown\"}\n",
        "3:1: expected us to be at least 5, found 4",
    );
    check("{\"n\":0,\"us\":5,\"ev\":{\"watch\":{\"fd\":1}}}\n", "2:36: missing field `mask`");
}

#[test]
fn what_a_later_writer_adds_is_passed_over() {
    let check = |line: &str, expected: &str| assert_eq!(answer(line), expected, "for {line}");
    check("{\"n\":0,\"us\":0,\"ev\":{\"teleported\":{\"fd\":[1,{}]}}}\n", "0 records, 1 skipped");
    check("{\"n\":0,\"us\":0,\"ev\":\"vanished\"}\n", "0 records, 1 skipped");
    let later =
        "{\"new\":[1],\"ev\":{\"watch\":{\"fd\":1,\"mask\":1,\"new\":2}},\"n\":0,\"us\":0}\n";
    check(later, "1 records, 0 skipped");
    let text = "{\"onechef-trace\":1,\"source\":{\"strace\":{}},\"new\":0}\n";
    let trace = codec::read(text.as_bytes()).expect("a kind of source is no reason to stop");
    assert_eq!(trace.header.map(|h| h.source), Some(Source::Unknown));
}

#[test]
fn what_is_no_trace_is_refused() {
    let check = |text: &str, expected: &str| {
        let error = codec::read(text.as_bytes()).expect_err("no trace").to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check("", "1:1: expected a trace's header");
    check("hello\n", "1:1: expected a trace's header");
    check("{\"n\":0,\"us\":0,\"ev\":\"shutdown\"}\n", "1:30: expected a trace's header");
    check(
        "{\"onechef-trace\":2}\n",
        "1:1: expected a trace of version 1 or earlier, found version 2",
    );
    check("{\"onechef-trace\":1}\n", "1:19: missing field `source`");
}

#[test]
fn a_native_header_survives_too() {
    let native = Native { version: "0.1.0".into(), pid: 4711, started_unix_us: 1 };
    let header = Header::new(Source::Native(native), SortedMap::new());
    let trace = codec::read(codec::header_line(&header).as_bytes()).expect("our own text");
    assert_eq!((trace.header, trace.ending), (Some(header), Ending::Complete));
}

#[test]
fn every_event_has_its_name_and_its_fields_in_the_specification() {
    let specification = include_str!("../../src/trace/codec/mod.rs");
    let mut seen = Vec::new();
    let mut dice = Dice::new(1);
    for kind in (0..EVENT_KINDS).flat_map(|kind| [kind; 40]) {
        let event = dice.event_of_kind(kind);
        let name = codec::event_name(&event);
        seen.push(name);
        let (_, row) = specification
            .lines()
            .filter_map(|line| line.strip_prefix("//! | ")?.split_once(" | "))
            .find(|(names, _)| names.contains(&format!("`{name}`")))
            .unwrap_or_else(|| panic!("{name} has no row"));
        let line = codec::record_line(&Record { seq: 0, at: Micros::ZERO, event });
        let record: serde_json::Value = serde_json::from_str(&line).expect("a line is JSON");
        let value = &record["ev"];
        if let Some(fields) = value.get(name).and_then(|fields| fields.as_object()) {
            for field in fields.keys() {
                let told = row.contains(&format!("`{field}`")) || row.contains("the same and");
                assert!(told, "{name} does not tell of {field}");
            }
        } else {
            assert_eq!(value, name);
        }
    }
    seen.dedup();
    let mut names = EVENT_NAMES.to_vec();
    names.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, names, "the generator, the names and the events agree");
}

#[test]
fn the_events_and_the_format_change_together() {
    let sources = [
        include_str!("../../src/event.rs"),
        include_str!("../../src/event/session.rs"),
        include_str!("../../src/event/pipe.rs"),
        include_str!("../../src/event/standing.rs"),
    ];
    let hash = sources
        .iter()
        .flat_map(|source| source.lines())
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
        .flat_map(str::bytes)
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
    assert_eq!(
        hash, EVENTS_HASH,
        "the events changed: bring the table in src/trace/codec/mod.rs up to date, raise \
         FORMAT_VERSION (now {FORMAT_VERSION}) if an old reader would be wrong, and set \
         EVENTS_HASH to {hash:#018x} (with underscores)"
    );
}

/// Protects: a cycle's summary says how long the thread slept before it, and
/// counts nothing of that as work.
#[test]
fn a_cycle_slept_from_the_poll_to_its_return() {
    let records = run(11, 40);
    let timeline = timeline_of(&records);
    let cycles = timeline.cycles();
    assert_eq!(cycles.len(), 40);
    assert!(cycles.iter().any(|cycle| cycle.slept > Micros::ZERO));
    for cycle in &cycles[1..] {
        let woke = records[cycle.first].at;
        let before = records[..cycle.first].iter().rev();
        let mut polls = before.filter(|r| matches!(r.event, Event::PollEnter { .. }));
        let slept_from = polls.next().expect("it slept").at;
        assert_eq!(cycle.slept, woke.saturating_sub(slept_from), "cycle {}", cycle.cycle);
        let work = [cycle.read, cycle.cook, cycle.serve, cycle.cron];
        let work = work.into_iter().fold(0, |sum, part| sum + part.0);
        assert_eq!(work, cycle.ended.saturating_sub(cycle.began).0, "cycle {}", cycle.cycle);
    }
}

#[test]
fn counters_are_infos_own() {
    let records = run(11, 40);
    let world = folded(&records);
    let count = |is: fn(&Event) -> bool| records.iter().filter(|r| is(&r.event)).count() as u64;
    let counters = world.counters;
    assert_eq!(counters.eventloop_cycles, 40);
    assert_eq!(counters.total_commands_processed, count(|e| matches!(e, Event::CommandEnd { .. })));
    assert_eq!(
        counters.connected_clients,
        count(|e| matches!(e, Event::ClientCreated { .. }))
            - count(|e| matches!(e, Event::ClientFreed { .. }))
    );
    assert_eq!(counters.total_net_output_bytes, 7 * counters.total_writes_processed);
}

#[test]
fn keyframes_of_a_full_house_are_bounded_by_what_they_weigh() {
    let address = |port: u64| ([127, 0, 0, 1], port as u16).into();
    let mut timeline = Timeline::new();
    for seq in 0..20_000 {
        let (client, fd) = (ClientId(seq % 2_000 + 1), Fd(seq as u32 % 2_000 + 8));
        let event =
            Event::ClientCreated { client, fd, peer: address(seq % 2_000), local: address(6_379) };
        timeline.push(Record { seq, at: Micros(seq), event }).expect("room");
    }
    let footprint = timeline.footprint();
    assert_eq!(timeline.head().clients.len(), 2_000);
    assert!(footprint.keyframe_bytes <= footprint.keyframe_bytes_limit, "{footprint:?}");
    assert!(footprint.keyframes <= 16, "each is 2 MB of guests: {footprint:?}");
}

/// Protects: times and sizes that only a made-up trace has are shown like any
/// others: they break neither the lanes nor the table.
#[test]
fn the_largest_numbers_are_shown_like_any_others() {
    let last = Micros(u64::MAX);
    for mut records in scenarios() {
        for record in &mut records {
            record.at = last;
            match &mut record.event {
                Event::Read { bytes, .. } => bytes.len = u64::MAX,
                Event::Write { bytes, .. } => *bytes = u64::MAX,
                _ => {}
            }
        }
        let table = onechef::sim::summary::table(&records);
        assert!(table.ends_with(&format!("{} records\n", records.len())), "{table}");
        let timeline = timeline_of(&records);
        let requests = Requests::of(timeline.records());
        let (playhead, terms) = (timeline.len(), Terms::Both);
        let (world, now) = (timeline.world_at(playhead), timeline.now(playhead));
        let (motion, viewport) = Default::default();
        let frame = Frame {
            world: &world,
            now,
            progress: 1.0,
            terms,
            motion,
            viewport,
            selected: None,
            you: None,
        };
        let _ = panels::lanes(&timeline, &requests, playhead, &frame, 366);
    }
}

/// Protects: a cycle in which a large house ordered is a long row, and not the
/// end of the table.
#[test]
fn a_row_may_be_as_long_as_its_cycle_is_busy() {
    let poll = || Event::PollReturn { fired: Vec::new() };
    let began =
        (1..=8_000).map(|n| Event::CommandBegin { client: ClientId(n), name: "ping".into() });
    let events = std::iter::once(poll()).chain(began).chain([poll()]);
    let records: Vec<Record> =
        (0..).zip(events).map(|(seq, event)| Record { seq, at: Micros(seq), event }).collect();
    let table = onechef::sim::summary::table(&records);
    assert!(table.contains("#1 ping, #2 ping, ") && table.contains("#8000 ping\n"));
    assert!(table.lines().nth(2).expect("the second cycle").len() < 100, "{table}");
}
