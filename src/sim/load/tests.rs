//! Loads: scenario in, trace out.

use super::*;
use crate::event::{Event, Pipe};
use crate::resp::{Protocol, ReplyParser, Value};
use crate::sim::{Progress as Step, Sim};
use crate::trace::{Record, codec};
use std::collections::BTreeMap;

fn run(lines: &str) -> (Sim, Vec<Record>) {
    let text = format!(
        "onechef scenario 1\nseed 5\ncrowd rush 4\nclient eve\n\
         at 1ms rush connects\nat 1ms eve connects\n{lines}\n"
    );
    let scenario = Scenario::parse("load", &text).expect("a well-formed scenario");
    let (mut sim, mut records) = (Sim::new(&scenario), Vec::new());
    assert_eq!(sim.run_to_quiet(20_000, &mut records), Step::Quiet);
    (sim, records)
}

/// When each guest sent, and how many bytes.
fn sendings(records: &[Record]) -> BTreeMap<u16, Vec<(u64, u64)>> {
    let mut sendings: BTreeMap<u16, Vec<(u64, u64)>> = BTreeMap::new();
    for record in records {
        if let Event::Pipe { peer, pipe: Pipe::Sent { bytes, .. } } = &record.event {
            sendings.entry(peer.port()).or_default().push((record.at.0, bytes.len));
        }
    }
    sendings
}

/// In the order of their execution.
fn orders(records: &[Record]) -> Vec<String> {
    let parsed = |r: &Record| match &r.event {
        Event::Parsed { argv, .. } => {
            Some(argv.iter().map(|arg| arg.head.clone()).collect::<Vec<_>>().join(" "))
        }
        _ => None,
    };
    records.iter().filter_map(parsed).collect()
}

const PING_BYTES: u64 = 14;
const PONG_BYTES: u64 = 7;

/// Protects: in a closed loop nobody has more under way than the pipeline
/// holds, also while the chef is held up, and all of it is answered.
#[test]
fn a_closed_load_has_no_more_under_way_than_it_says() {
    for (pipeline, stall) in [(1, ""), (3, ""), (3, "at 5.5ms eve sends DEBUG SLEEP 0.01")] {
        let load = format!("at 5ms rush sends 50 x PING closed pipeline {pipeline}\n{stall}");
        let (sim, records) = run(&load);
        let mut under_way: BTreeMap<u16, u64> = BTreeMap::new();
        let mut most = 0;
        for record in &records {
            let Event::Pipe { peer, pipe } = &record.event else { continue };
            let owed = under_way.entry(peer.port()).or_default();
            match pipe {
                Pipe::Sent { bytes, .. } if bytes.len % PING_BYTES == 0 => {
                    assert_eq!(*owed, 0, "the next ones wait for the last reply");
                    *owed += bytes.len / PING_BYTES;
                    most = most.max(*owed);
                }
                Pipe::Consumed { bytes } if bytes.len % PONG_BYTES == 0 => {
                    *owed -= bytes.len / PONG_BYTES;
                }
                _ => {}
            }
        }
        assert_eq!(most, pipeline);
        let answered = (0..4).map(|guest| sim.received(guest).len() as u64).sum::<u64>();
        assert_eq!(answered, 50 * PONG_BYTES, "pipeline {pipeline}");
    }
}

/// Protects: a guest thinks after it has read, not after it has sent.
#[test]
fn a_guest_thinks_before_it_orders_again() {
    let (_, records) = run("at 5ms rush sends 8 x PING closed think 3ms");
    let read = |r: &&Record| matches!(&r.event, Event::Pipe { pipe: Pipe::Consumed { .. }, .. });
    for (port, sent) in sendings(&records) {
        let of = |r: &&Record| matches!(&r.event, Event::Pipe { peer, .. } if peer.port() == port);
        let read = records.iter().filter(of).find(read).expect("an answer").at.0;
        assert_eq!(sent, [(5_000, PING_BYTES), (read + 3_000, PING_BYTES)]);
    }
}

/// Protects: who is told to send something besides while it thinks waits for
/// the reply and thinks anew, and goes on no faster afterwards.
#[test]
fn what_is_sent_besides_does_not_hurry_a_guest_that_thinks() {
    for stall in ["", "at 6.4ms eve sends DEBUG SLEEP 0.01"] {
        let load = "at 5ms rush sends 20 x PING closed think 3ms";
        let besides = "at 6.5ms rush.1 sends ECHO besides";
        let (_, records) = run(&format!("{load}\n{stall}\n{besides}"));
        let (mut pings, mut owed, mut read) = (Vec::new(), 0, 2_000);
        for record in &records {
            let Event::Pipe { peer, pipe } = &record.event else { continue };
            match pipe {
                _ if peer.port() != 50_001 => {}
                Pipe::Sent { bytes, .. } if bytes.len == PING_BYTES => {
                    assert_eq!(owed, 0, "{stall}: all was answered before");
                    pings.push(record.at.0 - read);
                    owed += PONG_BYTES;
                }
                Pipe::Sent { .. } => owed += 13,
                Pipe::Consumed { bytes } => (owed, read) = (owed - bytes.len, record.at.0),
                _ => {}
            }
        }
        assert_eq!(pings, [3_000; 5], "{stall}");
    }
}

/// Protects: what an open load sends, and when, depends on no reply.
#[test]
fn an_open_load_is_sent_whatever_is_answered() {
    for pace in ["open every 300us", "open every 300us random"] {
        let load = format!("at 5ms rush sends 60 x SET k <n> {pace}");
        let calm = sendings(&run(&load).1);
        let stalled = format!("{load}\nat 7ms eve sends DEBUG SLEEP 0.02");
        let deaf = format!("{load}\nat 3ms rush stops reading");
        let eve = 50_005;
        for other in [&stalled, &deaf] {
            let mut sent = sendings(&run(other).1);
            sent.remove(&eve);
            assert_eq!(sent, calm, "{pace}");
        }
    }
    let mut times: Vec<u64> = sendings(&run("at 5ms rush sends 9 x PING open every 300us").1)
        .into_values()
        .flatten()
        .map(|(at, _)| at)
        .collect();
    times.sort_unstable();
    assert_eq!(times, (0..9).map(|nth| 5_000 + 300 * nth).collect::<Vec<_>>());
    for (pace, even) in [("open every 300us", true), ("open every 300us random", false)] {
        for sent in sendings(&run(&format!("at 5ms rush sends 60 x PING {pace}")).1).values() {
            let gaps: Vec<u64> = sent.windows(2).map(|two| two[1].0 - two[0].0).collect();
            assert_eq!(gaps.iter().all(|gap| *gap == 4 * 300), even, "{pace}: {gaps:?}");
        }
    }
}

#[test]
fn until_ends_a_load_that_has_no_number() {
    for pace in ["open every 200us", "closed", "closed think 1ms"] {
        let (_, records) = run(&format!("at 5ms rush sends PING {pace} until 9ms"));
        let times: Vec<u64> =
            sendings(&records).into_values().flatten().map(|(at, _)| at).collect();
        assert!(times.iter().all(|at| (5_000..9_000).contains(at)), "{pace}: {times:?}");
        assert!(times.iter().any(|at| *at > 7_500), "{pace}: {times:?}");
    }
}

/// Protects: numbers run over all guests, each once; drawn ones stay within
/// their bounds, and the seed decides them.
#[test]
fn requests_differ_as_the_command_says() {
    let (_, records) = run("at 5ms rush sends 10 x SET dish:<n> <1-3>-<n> closed");
    let mut numbers: Vec<u64> = Vec::new();
    for order in orders(&records) {
        let (key, value) = order.strip_prefix("SET dish:").unwrap().split_once(' ').unwrap();
        let (drawn, again) = value.split_once('-').unwrap();
        assert!(("1"..="3").contains(&drawn), "{order}");
        assert_eq!(key, again);
        numbers.push(key.parse().unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
}

/// Protects: the same scenario is the same trace, to the byte, also when the
/// text has been written and read; another seed is another run.
#[test]
fn a_load_is_the_same_run_every_time() {
    let load = "at 5ms rush sends 80 x SET k:<1-99> <n> open every 200us random\n\
        fault short-reads 300 delayed 200\nat 6ms eve sends DEBUG SLEEP 0.004";
    let bytes = |sim: &Sim, records: &[Record]| codec::to_text(&sim.scenario().header(), records);
    let (sim, records) = run(load);
    assert_eq!(bytes(&sim, &records), {
        let (sim, again) = run(load);
        bytes(&sim, &again)
    });
    let mut scenario = Scenario::parse("again", &sim.scenario().to_text()).expect("its own text");
    let play = |scenario: &Scenario| {
        let (mut sim, mut records) = (Sim::new(scenario), Vec::new());
        sim.run_to_quiet(20_000, &mut records);
        records
    };
    assert_eq!(play(&scenario), records);
    scenario.seed += 1;
    assert_ne!(sendings(&play(&scenario)), sendings(&records));
}

/// Protects: what was pushed live at the time of a guest's turn is the same
/// run again from the log; and a fork has the same past.
#[test]
fn a_gesture_amid_a_load_is_the_same_run_from_its_log() {
    let text = "onechef scenario 1\ncrowd rush 3\nat 1ms rush connects\n\
        at 2ms rush sends 30 x PING open every 100us\n";
    let scenario = Scenario::parse("load", text).expect("a scenario");
    let (mut sim, mut records) = (Sim::new(&scenario), Vec::new());
    while sim.now() < Micros(3_000) {
        sim.advance(&mut records);
    }
    let at = Micros((sim.now().0 / 100 + 2) * 100);
    let besides = crate::sim::Packets::command(&["ECHO", "now"]);
    sim.push(crate::sim::Input { at, client: 1, action: crate::sim::Action::Send(besides) });
    sim.run_to_quiet(2_000, &mut records);
    let (mut again, mut rerun) = (Sim::new(sim.scenario()), Vec::new());
    again.run_to_quiet(2_000, &mut rerun);
    assert_eq!(rerun, records);
}

/// Protects: a reply to what a guest was told to send besides is not taken
/// for one of the load's.
#[test]
fn what_is_sent_besides_has_its_own_reply() {
    let (sim, records) =
        run("at 5ms rush sends 12 x PING closed\nat 5.05ms rush.1 sends ECHO besides");
    let (mut sent, mut read) = (0, 0);
    for record in &records {
        let Event::Pipe { peer, pipe } = &record.event else { continue };
        match pipe {
            Pipe::Sent { bytes, .. } if peer.port() == 50_001 => {
                assert!(bytes.len != PING_BYTES || sent == read, "all was answered before");
                sent += u64::from(bytes.len == PING_BYTES) * PONG_BYTES;
                sent += if bytes.head.ends_with("besides\\r\\n") { 13 } else { 0 };
            }
            Pipe::Consumed { bytes } if peer.port() == 50_001 => read += bytes.len,
            _ => {}
        }
    }
    assert_eq!(sim.received(0).len() as u64, sent);
}

/// Protects: arrivals at random come as often as they should, and as
/// unevenly.
#[test]
fn the_gaps_have_the_mean_and_the_spread_of_the_exponential() {
    let mut dice = Pcg64Mcg::seed_from_u64(7);
    let draws: Vec<f64> =
        (0..40_000).map(|_| exponential(&mut dice) as f64 / f64::from(u32::MAX)).collect();
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    let beyond = |limit: f64| draws.iter().filter(|x| **x > limit).count() as f64 / 40_000.0;
    assert!((mean - 1.0).abs() < 0.02, "{mean}");
    assert!((beyond(1.0) - 0.368).abs() < 0.01, "{}", beyond(1.0));
    assert!((beyond(3.0) - 0.050).abs() < 0.005, "{}", beyond(3.0));
}

/// Protects: replies are counted where the parser ends them, wherever the
/// packets are cut; a push is none.
#[test]
fn replies_are_counted_as_the_parser_reads_them() {
    let all: &[u8] = b"+OK\r\n:7\r\n$-1\r\n*-1\r\n$0\r\n\r\n$5\r\na\r\nbc\r\n*2\r\n:1\r\n*1\r\n$1\r\nx\r\n*0\r\n\
        >2\r\n+invalidate\r\n:1\r\n%1\r\n+a\r\n*1\r\n:2\r\n|1\r\n+k\r\n:1\r\n+v\r\n_\r\n,1.5\r\n#t\r\n=6\r\ntxt:ab\r\n-ERR no\r\n";
    for step in 1..all.len() {
        let (mut counted, mut replies) = (0, Replies::default());
        let (mut parsed, mut parser) = (0, ReplyParser::new(Protocol::Resp3));
        for bytes in all.chunks(step) {
            counted += replies.read(bytes);
            parser.feed(bytes);
            while let Some(value) = parser.next_reply().expect("replies") {
                parsed += u64::from(!matches!(value, Value::Push(_)));
            }
            assert_eq!(counted, parsed, "in steps of {step}");
        }
        assert_eq!(counted, 15);
    }
}
