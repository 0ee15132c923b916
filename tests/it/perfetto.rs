//! The export for other viewers: what a viewer needs to draw it, and that it
//! says what the trace says.

use crate::runs;
use onechef::event::Event;
use onechef::trace::{Record, perfetto};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

type Lane = (u64, u64);

struct Slice {
    name: String,
    from: u64,
    to: u64,
}

struct Export {
    named: BTreeSet<Lane>,
    slices: BTreeMap<Lane, Vec<Slice>>,
}

fn export(records: &[Record]) -> Export {
    let text = perfetto::to_text(records);
    let json: Value = serde_json::from_str(&text).expect("JSON");
    let mut export = Export { named: BTreeSet::new(), slices: BTreeMap::new() };
    for event in json["traceEvents"].as_array().expect("a list") {
        let number = |field: &str| event[field].as_u64().expect(field);
        let lane = (number("pid"), number("tid"));
        match event["ph"].as_str().expect("a kind") {
            "M" if event["name"] == "thread_name" => assert!(export.named.insert(lane)),
            "M" => {}
            "X" => export.slices.entry(lane).or_default().push(Slice {
                name: event["name"].as_str().expect("a name").to_owned(),
                from: number("ts"),
                to: number("ts") + number("dur"),
            }),
            "i" => assert!(export.named.contains(&lane)),
            other => panic!("a viewer does not know {other}"),
        }
    }
    export
}

/// Protects: viewers draw slices of one lane inside each other, and what only
/// half overlaps they draw wrong or drop.
#[test]
fn every_lane_is_named_and_its_slices_nest() {
    for (name, records) in runs::scenarios().into_iter().enumerate() {
        let export = export(&records);
        for (lane, slices) in &export.slices {
            assert!(export.named.contains(lane), "{name}: {lane:?} has no name");
            for (i, one) in slices.iter().enumerate() {
                for other in &slices[..i] {
                    let apart = one.from >= other.to || other.from >= one.to;
                    let inside = (one.from >= other.from && one.to <= other.to)
                        || (other.from >= one.from && other.to <= one.to);
                    assert!(apart || inside, "{name} {lane:?}: {} and {}", one.name, other.name);
                }
            }
        }
    }
}

/// Protects: no cycle, command or client of the trace is missing.
#[test]
fn it_tells_what_the_trace_tells() {
    for (name, records) in runs::scenarios().into_iter().enumerate() {
        let export = export(&records);
        let count = |tell: fn(&Event) -> bool| records.iter().filter(|r| tell(&r.event)).count();
        let cycles = export.slices.get(&(1, 1)).map_or(0, |cycles| {
            cycles.iter().filter(|slice| slice.name.starts_with("cycle ")).count()
        });
        assert_eq!(cycles, count(|e| matches!(e, Event::CycleEnd { .. })), "{name}");
        let commands: usize = (export.slices.iter())
            .filter(|((process, lane), _)| *process == 2 && lane % 4 == 2)
            .flat_map(|(_, slices)| slices)
            .filter(|slice| !matches!(&*slice.name, "blocked" | "commands"))
            .count();
        assert_eq!(commands, count(|e| matches!(e, Event::CommandEnd { .. })), "{name}");
        let clients = export.named.iter().filter(|(process, _)| *process == 2).count();
        assert_eq!(clients, 4 * count(|e| matches!(e, Event::ClientCreated { .. })), "{name}");
    }
}
