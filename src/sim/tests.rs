//! The driver: quiet is told from busy, the log decides everything, and a
//! gesture made while it runs is the same as one that was planned.

use super::*;
use crate::event::{Event, Pipe};

const CAP_CYCLES: u64 = 200;

fn scenario(lines: &str) -> Scenario {
    let text = format!("onechef scenario 1\nseed 9\nclient ana\nclient bob\n{lines}\n");
    Scenario::parse("test", &text).expect("a well-formed scenario")
}

fn run(scenario: &Scenario) -> (Sim, Vec<Record>) {
    let (mut sim, mut records) = (Sim::new(scenario), Vec::new());
    let end = sim.run_to_quiet(CAP_CYCLES, &mut records);
    assert_eq!(end, Progress::Quiet, "{}", summary::table(&records));
    (sim, records)
}

const LIVELY: &str = "at 1ms ana connects\nat 1ms bob connects\n\
    at 3ms ana sends 5 x PING\nat 3ms bob sends PING split every 3\n\
    at 9ms ana sends inline \"PING\"\nat 40ms bob closes\nat 250ms ana sends PING";

fn send(at: u64, client: usize) -> Input {
    Input { at: Micros(at), client, action: Action::Send(Packets::command(&["PING"])) }
}

#[test]
fn numbers_have_no_gaps_and_time_never_goes_back() {
    let (_, records) = run(&scenario(LIVELY));
    assert!(records.len() > 100);
    for (i, pair) in records.windows(2).enumerate() {
        assert_eq!(pair[0].seq, i as u64);
        assert_eq!(pair[1].seq, i as u64 + 1);
        assert!(pair[0].at <= pair[1].at, "{:?} before {:?}", pair[0], pair[1]);
    }
}

#[test]
fn the_same_scenario_gives_the_same_records() {
    for faults in ["", "fault short-reads 400 delayed 300 shuffled 500 read-eagain 200"] {
        let scenario = scenario(&format!("{faults}\n{LIVELY}"));
        assert_eq!(run(&scenario).1, run(&scenario).1);
    }
}

#[test]
fn the_seed_decides_what_is_left_to_chance() {
    let mut scenario = scenario(&format!("fault short-reads 500 read-eagain 300\n{LIVELY}"));
    let first = run(&scenario).1;
    scenario.seed += 1;
    assert_ne!(first, run(&scenario).1);
}

#[test]
fn faults_change_the_way_and_not_the_answers() {
    let plain = run(&scenario(LIVELY)).0;
    let rough = "fault short-reads 500 short-writes 500 read-eagain 200 write-eagain 200 \
        shuffled 500 spurious 300 delayed 300";
    let rough = run(&scenario(&format!("{rough}\n{LIVELY}"))).0;
    assert_eq!(plain.received(0), b"+PONG\r\n".repeat(7));
    for client in 0..2 {
        assert_eq!(plain.received(client), rough.received(client));
    }
}

#[test]
fn every_input_shows_in_the_records() {
    let (_, records) = run(&scenario(
        "at 1ms ana connects\nat 1ms bob connects\nat 2ms ana stops reading\n\
         at 3ms ana sends PING\nat 4ms ana reads\nat 5ms ana shuts down\nat 6ms bob resets",
    ));
    let shows = |want: fn(&Pipe) -> bool| {
        records.iter().any(|r| matches!(&r.event, Event::Pipe { pipe, .. } if want(pipe)))
    };
    assert!(shows(|p| *p == Pipe::Queued { name: "ana".into() }));
    assert!(shows(|p| *p == Pipe::Reading { on: false }));
    assert!(shows(|p| *p == Pipe::Reading { on: true }));
    assert!(shows(|p| matches!(p, Pipe::Sent { bytes, .. } if bytes.len == 14)));
    assert!(shows(|p| matches!(p, Pipe::Consumed { bytes } if bytes.head == "+PONG\\r\\n")));
    assert!(shows(|p| *p == Pipe::FinArrived));
    assert!(shows(|p| *p == Pipe::ResetArrived));
}

#[test]
fn a_quiet_world_has_a_heartbeat() {
    let (mut sim, mut records) = run(&scenario(""));
    assert_eq!(sim.cycles(), 0, "nobody came: quiet as soon as it sleeps");
    for beat in 1..=3 {
        // Waking, the cycle, and asleep again.
        let steps = [(); 3].map(|()| sim.advance(&mut records));
        assert_eq!(steps, [Progress::Ran, Progress::Ran, Progress::Quiet]);
        assert_eq!(sim.cycles(), beat);
    }
    let fired = records.iter().filter(|r| matches!(r.event, Event::TimerFired { .. })).count();
    assert_eq!(fired, 3);
}

#[test]
fn it_is_not_quiet_while_bytes_lie_unread() {
    // More than one read takes: nothing is under way, yet there is work.
    let (sim, records) = run(&scenario("at 1ms ana connects\nat 2ms ana sends 3000 x PING"));
    assert_eq!(sim.received(0).len(), 3_000 * 7, "{}", summary::table(&records));
}

#[test]
fn a_gesture_joins_the_log_and_a_rerun_of_the_log_is_the_same_run() {
    let planned = scenario("at 1ms ana connects\nat 3ms ana sends PING");
    let (mut sim, mut records) = (Sim::new(&planned), Vec::new());
    // Live, in the middle of things: one gesture at a time that the wire is
    // busy at, one in the past (hence now), one from a new guest.
    for _ in 0..7 {
        sim.advance(&mut records);
    }
    sim.push(send(3_200, 0));
    sim.push(send(0, 0));
    let eve = sim.add_client("eve");
    let connect = Input { at: Micros(4_000), client: eve, action: Action::Connect };
    sim.push(connect);
    sim.push(send(4_000, eve));
    sim.run_to_quiet(CAP_CYCLES, &mut records);
    let names = sim.scenario().clients.iter().map(|client| &client.name);
    assert!(names.eq(["ana", "bob", "eve"]));
    assert_eq!(sim.received(0), b"+PONG\r\n".repeat(3));
    assert_eq!(sim.received(eve), b"+PONG\r\n");

    let (rerun, again) = run(sim.scenario());
    assert_eq!(again, records);
    let shared = Scenario::parse("shared", &sim.scenario().to_text()).expect("its own text");
    assert_eq!(run(&shared).1, records);
    assert_eq!(rerun.inputs(), sim.inputs());
}

#[test]
fn a_fork_has_the_same_past() {
    let (sim, original) = run(&scenario(LIVELY));
    let last = original.last().expect("records").at.0;
    for at in [1_001, 1_200, 3_000, 3_200, 3_203, 3_400, 8_000, 40_200, last] {
        let mut fork = sim.fork(send(at, 0));
        let mut records = Vec::new();
        fork.run_to_quiet(CAP_CYCLES, &mut records);
        let past = |records: &[Record]| {
            records.iter().take_while(|r| r.at.0 < at).cloned().collect::<Vec<_>>()
        };
        assert_eq!(past(&records), past(&original), "forked at {at}");
        let sent = |records: &[Record]| {
            let sent =
                |r: &&Record| matches!(&r.event, Event::Pipe { pipe: Pipe::Sent { .. }, .. });
            records.iter().filter(sent).count()
        };
        assert_eq!(sent(&records), sent(&original) + 1, "forked at {at}");
    }
}

#[test]
fn the_table_names_guests_and_counts() {
    let (_, records) = run(&scenario(
        "at 2ms ana connects\nat 2ms bob connects\n\
         at 5ms ana sends 3 x PING\nat 5ms bob sends PING split 4",
    ));
    let rows = summary::rows(&records);
    let row = rows.iter().find(|row| !row.commands.is_empty()).expect("a busy cycle");
    assert_eq!(row.commands, [("ana ping".to_owned(), 3)]);
    assert_eq!((row.fired, row.reads, row.bytes_in, row.bytes_out), (2, 2, 46, 21));
    assert_eq!(row.notes, ["bob half an order"]);
    let table = summary::table(&records);
    assert!(table.contains("ana ping ×3"), "{table}");
    assert!(table.ends_with(&format!("28 bytes out, {} records\n", records.len())), "{table}");
}
