//! Waiters with heavy trays: who carries what in the final sweep, when, and
//! that nobody at a table can tell.

use crate::house::{House, request};
use onechef::event::{Event, escape};
use onechef::net::Costs;
use onechef::net::fault::FaultConfig;
use onechef::net::virt::{Conn, GuestAction, Link};
use onechef::net::{Mask, Net, WriteOutcome};
use onechef::sim::{Action, ClientSpec, Input, Packets, Progress, Scenario, Sim, summary};
use onechef::time::Micros;
use onechef::trace::Record;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// `guests` are seated, then all send the same at one moment.
fn rush(directives: &[(&str, &str)], guests: u32, words: &[&str]) -> House {
    let mut house = House::with_guests(directives, guests);
    // Past the first run of the clock.
    house.pass(Micros::from_millis(2));
    house.take_facts();
    (1..=guests).for_each(|guest| house.send(guest, request(words)));
    house.settle();
    house
}

/// Who wrote to whom, newest guest first: the order of the sweep.
fn carried(house: &mut House) -> Vec<(u8, u64)> {
    let facts = house.take_facts();
    let writes = facts.iter().filter_map(|fact| match fact {
        Event::Write { client, by, .. } => Some((*by, client.0)),
        _ => None,
    });
    let mut writes: Vec<(u8, u64)> = writes.collect();
    writes.sort_by_key(|(_, client)| std::cmp::Reverse(*client));
    writes
}

#[test]
fn waiters_are_called_from_two_plates_for_each_thread_on() {
    let two = [("io-threads", "2")];
    assert_eq!(carried(&mut rush(&two, 3, &["PING"])), [(0, 3), (0, 2), (0, 1)]);
    let shared = [(0, 4), (1, 3), (0, 2), (1, 1)];
    assert_eq!(carried(&mut rush(&two, 4, &["PING"])), shared, "newest first, in turn");
    let three = [("io-threads", "3")];
    assert!(carried(&mut rush(&three, 5, &["PING"])).iter().all(|(by, _)| *by == 0));
    let shared = [(0, 6), (1, 5), (2, 4), (0, 3), (1, 2), (2, 1)];
    assert_eq!(carried(&mut rush(&three, 6, &["PING"])), shared);
    assert!(carried(&mut rush(&[], 9, &["PING"])).iter().all(|(by, _)| *by == 0), "the default");
}

#[test]
fn info_counts_what_was_shared_and_forgets_that_waiters_are_active() {
    let mut house = House::with_guests(&[("io-threads", "2")], 5);
    house.pass(Micros::from_millis(2));
    (1..=5).for_each(|guest| house.send(guest, request(&["PING"])));
    // Before the clock rings, and before a sweep of one client.
    let soon = house.net.now().saturating_add(Micros::from_millis(1));
    let info = || GuestAction::Send { bytes: request(&["INFO", "everything"]) };
    house.net.schedule(soon, Conn(1), info());
    house.net.schedule(soon.saturating_add(Micros::from_millis(1)), Conn(1), info());
    house.settle();
    let heard = house.heard(1);
    let said = |name: &str| -> Vec<&str> {
        heard.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':')).collect()
    };
    assert_eq!(said("io_threads_active"), ["1", "0"], "INFO's own sweep is the chef's alone");
    assert_eq!(said("io_threaded_writes_processed"), ["5", "5"]);
    assert_eq!(said("io_threaded_reads_processed"), ["0", "0"]);
    house.ask(1, "CONFIG RESETSTAT");
    assert!(house.ask(1, "INFO stats").contains("io_threaded_writes_processed:0"));

    let mut house = rush(&[("io-threads", "2")], 5, &["PING"]);
    house.pass(Micros::from_millis(200));
    let server = house.ask(1, "INFO server");
    assert!(server.contains("io_threads_active:0"), "serverCron has sent them home");
}

/// Somebody who is about to be shown out counts for the rule and takes nobody's
/// turn (`handleClientsWithPendingWritesUsingThreads`).
#[test]
fn the_doomed_take_nobody_s_turn() {
    let limits = ("client-output-buffer-limit", "pubsub 40kb 0 0");
    let mut house = House::with_guests(&[("io-threads", "2"), limits], 4);
    house.ask(3, "SUBSCRIBE news");
    house.take_facts();
    // The end of a long order comes together with two short ones.
    let publish = request(&["PUBLISH", "news", &"x".repeat(70_000)]);
    let (most, rest) = publish.split_at(publish.len() - 2);
    house.send(1, most);
    house.settle();
    house.send(1, rest);
    [2, 4].into_iter().for_each(|guest| house.send(guest, request(&["PING"])));
    house.settle();
    assert_eq!(carried(&mut house), [(0, 4), (1, 2), (0, 1)], "three turns of four in the queue");
}

const RUSH: &str = "onechef scenario 1\nset io-threads 2\n\
    cost syscall 1us copy-per-kb 1us fan-out 10us fan-in 5us\n\
    net send-buffer 1mb receive-buffer 1mb\n\
    client ana\nclient bob\nclient cy\nclient dan\n\
    at 1ms ana connects\nat 1ms bob connects\nat 1ms cy connects\nat 1ms dan connects\n\
    at 5ms ana sends SET essay <20kb>\n\
    at 9ms ana sends PING\nat 9ms bob sends PING\nat 9ms cy sends PING\n\
    at 9ms dan sends GET essay\n";

fn records(text: &str) -> Vec<Record> {
    let scenario = Scenario::parse("rush", text).expect("a scenario of the test");
    let mut records = Vec::new();
    Sim::new(&scenario).run_to_quiet(1_000, &mut records);
    assert!(records.is_sorted_by_key(|record| record.at), "times go back");
    records
}

/// Dan's plate is the heavy one: the chef has it in hand while the waiter
/// serves two.
#[test]
fn everybody_carries_at_once_and_the_sweep_ends_with_the_slowest() {
    let records = records(RUSH);
    let begin = |r: &Record| matches!(r.event, Event::SweepBegin { clients: 4 });
    let begin = records.iter().position(begin).expect("all four wait at once");
    let end = |r: &Record| matches!(r.event, Event::SweepEnd { .. });
    let end = begin + records[begin..].iter().position(end).expect("it ends");
    let since = |record: &Record| record.at.0 - records[begin].at.0;
    let sweep = &records[begin..=end];
    let writes: Vec<(u8, u64, u64)> = sweep
        .iter()
        .filter_map(|record| match record.event {
            Event::Write { by, client, .. } => Some((by, client.0, since(record))),
            _ => None,
        })
        .collect();
    // Handed out after 10 us. Small plates take a call, 1 us; the heavy one
    // 20 us more for its bytes, and then there is bob's.
    assert_eq!(writes, [(1, 3, 11), (1, 1, 12), (0, 4, 31), (0, 2, 32)]);
    assert_eq!(since(&records[end]), 32 + 5, "and one helper's share is taken back");
}

/// What is written travels from the moment at which its copy is done, whoever
/// made it.
#[test]
fn plates_leave_when_they_are_carried_not_when_the_sweep_ends() {
    let records = records(RUSH);
    let sweep = records.iter().rposition(|r| matches!(r.event, Event::SweepBegin { clients: 4 }));
    let begin = records[sweep.expect("all four wait at once")].at;
    let mut arrivals: Vec<(u64, u64)> = Vec::new();
    for record in &records {
        if let Event::Pipe { peer, pipe: onechef::event::Pipe::Delivered { .. } } = record.event
            && record.at > begin
        {
            arrivals.push((u64::from(peer.port()) - 50_000, record.at.0 - begin.0));
        }
    }
    assert_eq!(arrivals, [(3, 211), (1, 212), (4, 231), (2, 232)]);
}

#[test]
fn a_table_that_is_full_waits_for_room_whoever_came() {
    let mut house = House::new(&[("io-threads", "2")]);
    let narrow = Link { server_send_bytes: 1_000, guest_receive_bytes: 1_000, ..Link::default() };
    (1..=4).for_each(|guest| house.connect_by(guest, narrow));
    house.settle();
    house.ask(1, &format!("SET essay {}", "x".repeat(30_000)));
    house.act(1, GuestAction::StopReading);
    house.settle();
    house.take_facts();
    (1..=4).for_each(|guest| house.send(guest, request(&["GET", "essay"])));
    house.cycle();
    house.cycle();
    let mut facts = house.take_facts();
    facts.truncate(facts.iter().position(|f| matches!(f, Event::SweepEnd { .. })).unwrap());
    let stuck = facts.iter().filter(|fact| {
        matches!(fact, Event::Write { outcome: WriteOutcome::WouldBlock, left: 1.., .. })
    });
    assert_eq!(stuck.count(), 4);
    let last = facts.iter().rposition(|fact| matches!(fact, Event::Write { .. })).unwrap();
    let watch = |fact: &Event| matches!(fact, Event::Watch { mask: Mask::BOTH, .. });
    let first = facts.iter().position(watch).unwrap();
    assert!(first > last, "handlers are installed after the whole batch");
    house.act(1, GuestAction::Read);
    house.settle();
    for guest in 1..=4 {
        assert!(house.heard(guest).ends_with(&format!("$30000\r\n{}\r\n", "x".repeat(30_000))));
    }
}

#[test]
fn the_number_of_threads_is_given_at_start_and_not_changed() {
    let mut house = House::with_guests(&[("io-threads", "4")], 1);
    assert_eq!(house.ask(1, "CONFIG GET io-threads"), "*2\r\n$10\r\nio-threads\r\n$1\r\n4\r\n");
    assert_eq!(
        house.ask(1, "CONFIG SET io-threads 2"),
        "-ERR CONFIG SET failed (possibly related to argument 'io-threads') - can't set \
         immutable config\r\n"
    );
    let mut config = onechef::engine::config::Config::default();
    for wrong in ["0", "129"] {
        let refusal = config.set("io-threads", wrong).unwrap_err().to_string();
        assert_eq!(refusal, "argument must be between 1 and 128 inclusive");
    }
    config.set("io-threads", "128").unwrap();
}

/// Keys of their own, so that nobody's answers depend on when others were
/// served; plates from a few bytes to several write budgets.
fn evening(seed: u64) -> Scenario {
    let mut dice = Pcg64Mcg::seed_from_u64(seed);
    let mut below = |bound: u64| dice.next_u64() % bound;
    let mut scenario = Scenario { seed, ..Scenario::default() };
    scenario.costs = Costs { fan_out_ns: below(20_000), fan_in_ns: below(9_000), ..scenario.costs };
    if below(2) == 0 {
        scenario.faults = FaultConfig::bumpy(seed);
    }
    let calm = Micros::from_millis(60);
    scenario.calm = Some(calm);
    for guest in 0..8 + below(5) {
        let client = guest as usize;
        let link = Link {
            server_send_bytes: 64 + below(300_000),
            guest_receive_bytes: 64 + below(100_000),
            ..Link::default()
        };
        scenario.clients.push(ClientSpec { name: format!("guest-{guest}"), link, from: None });
        let connect = Input { at: Micros(1_000 + guest), client, action: Action::Connect };
        scenario.insert(connect);
        let key = format!("essay:{guest}");
        for at in [Micros::from_millis(20), Micros::from_millis(30), Micros::from_millis(40)] {
            let value = "x".repeat(1 << below(17));
            let set = Packets::command(&["SET", &key, &value]).bytes;
            let get = Packets::command(&["GET", &key]).bytes;
            let bytes = [set, get.repeat(below(5) as usize)].concat();
            scenario.insert(Input { at, client, action: Action::Send(Packets::whole(bytes)) });
        }
        if below(4) == 0 {
            let at = Micros(20_000 + below(20_000));
            scenario.insert(Input { at, client, action: Action::ReadOnly { bytes: below(9_000) } });
        }
        scenario.insert(Input { at: calm, client, action: Action::Read });
    }
    scenario
}

#[test]
fn nobody_at_a_table_can_tell_how_many_carry() {
    const SEEDS: u64 = 100;
    let mut threaded = 0;
    for seed in 0..SEEDS {
        let scenario = evening(seed);
        let run = |threads: &str| {
            let mut scenario = scenario.clone();
            scenario.config.push(("io-threads".to_owned(), threads.to_owned()));
            let (mut sim, mut records) = (Sim::new(&scenario), Vec::new());
            let end = sim.run_to_quiet(20_000, &mut records);
            assert_eq!(end, Progress::Quiet, "seed {seed}\n{}", summary::table(&records));
            assert!(records.is_sorted_by_key(|record| record.at), "seed {seed}: times go back");
            (sim, records)
        };
        let (alone, _) = run("1");
        assert_eq!(alone.engine().server().stats.io_threaded_writes_processed, 0);
        for threads in ["2", "4"] {
            let (shared, records) = run(threads);
            threaded += shared.engine().server().stats.io_threaded_writes_processed;
            for guest in 0..scenario.clients.len() {
                let (one, many) = (alone.received(guest), shared.received(guest));
                assert!(one == many, "seed {seed}, {threads} threads, guest {guest}: {}", {
                    escape(&many[..many.len().min(200)])
                });
            }
            assert_eq!(run(threads).1, records, "seed {seed}: not the same again");
        }
    }
    assert!(threaded > 10 * SEEDS, "as if nobody helped: {threaded} writes");
}
