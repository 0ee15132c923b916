//! The order of a cycle, as strace sees it on a real Redis: what is read
//! when, what leaves when, who is served first, who is shown out how.

use crate::house::{House, request};
use onechef::event::{AcceptEnd, CloseReason, Event, Phase, ReadOutcome};
use onechef::net::virt::{Conn, GuestAction, GuestEnd, Link};
use onechef::net::{Timeout, Wait};
use onechef::sim::{Sim, scenarios};
use onechef::time::Micros;

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

#[test]
fn reads_go_in_fired_order_and_writes_leave_newest_first() {
    let mut house = House::new(&[]);
    (1..=4).for_each(|guest| house.connect(guest));
    house.settle();
    house.take_facts();
    (1..=4).for_each(|guest| house.send(guest, PING));
    house.settle();
    let order: Vec<String> = house
        .take_facts()
        .iter()
        .filter_map(|fact| match fact {
            Event::PollReturn { fired } if !fired.is_empty() => {
                Some(format!("poll={}", fired.len()))
            }
            Event::Read { client, .. } => Some(format!("read {client}")),
            Event::CommandEnd { client, name, .. } => Some(format!("{name} {client}")),
            Event::Write { client, .. } => Some(format!("write {client}")),
            _ => None,
        })
        .collect();
    let expected = "poll=4 | read 1 | ping 1 | read 2 | ping 2 | read 3 | ping 3 | read 4 | ping 4 \
                    | write 4 | write 3 | write 2 | write 1";
    assert_eq!(order.join(" | "), expected);
    (1..=4).for_each(|guest| assert_eq!(house.heard(guest), "+PONG\r\n"));
}

#[test]
fn a_storm_of_connections_is_let_in_ten_at_a_time() {
    let mut house = House::new(&[]);
    (1..=35).for_each(|guest| house.connect(guest));
    house.settle();
    let passes: Vec<(u32, AcceptEnd)> = house
        .take_facts()
        .iter()
        .filter_map(|fact| match fact {
            Event::AcceptEnd { accepted, why } => Some((*accepted, *why)),
            _ => None,
        })
        .collect();
    let limit = AcceptEnd::CycleLimit;
    assert_eq!(passes, [(10, limit), (10, limit), (10, limit), (5, AcceptEnd::Drained)]);
}

#[test]
fn a_connection_is_read_in_the_cycle_after_its_accept_at_the_earliest() {
    let mut house = House::new(&[]);
    house.connect(1);
    house.send(1, PING);
    house.settle();
    let mut cycle = 0;
    let (mut accepted, mut read) = (0, 0);
    for fact in house.take_facts() {
        match fact {
            Event::CycleBegin { cycle: begun } => cycle = begun,
            Event::Accept { .. } => accepted = cycle,
            Event::Read { .. } => read = cycle,
            _ => {}
        }
    }
    assert!(accepted > 0 && read > accepted, "accepted in {accepted}, read in {read}");
    assert_eq!(house.heard(1), "+PONG\r\n");
}

#[test]
fn a_request_may_be_cut_after_any_byte() {
    for cut in 1..PING.len() {
        let mut house = House::new(&[]);
        house.connect(1);
        house.settle();
        house.take_facts();
        house.send(1, &PING[..cut]);
        house.settle();
        assert_eq!(house.heard(1), "", "cut after {cut}");
        let partial = house.take_facts().iter().any(|f| matches!(f, Event::Incomplete { .. }));
        assert!(partial, "cut after {cut} is half an order");
        house.send(1, &PING[cut..]);
        house.settle();
        assert_eq!(house.heard(1), "+PONG\r\n", "cut after {cut}");
        let client = house.engine.server().clients.iter().next().expect("one client").1;
        assert!(client.query.is_none(), "an idle client holds no query buffer");
    }
}

#[test]
fn one_read_per_readable_event_however_much_is_there() {
    let mut house = House::new(&[]);
    house.connect_by(1, Link { server_receive_bytes: 1 << 20, ..Link::default() });
    house.settle();
    house.take_facts();
    house.send(1, PING.repeat(20_000));
    house.settle();
    let mut reads_this_cycle = 0;
    let mut reads = 0;
    for fact in house.take_facts() {
        match fact {
            Event::CycleBegin { .. } => reads_this_cycle = 0,
            Event::Read { outcome: ReadOutcome::Bytes, .. } => {
                reads_this_cycle += 1;
                reads += 1;
                assert_eq!(reads_this_cycle, 1);
            }
            _ => {}
        }
    }
    // 280,000 bytes in pieces of 16 KB, and twice that once a buffer grew:
    // Redis needed 19 reads.
    assert!((9..=20).contains(&reads), "{reads} reads");
    assert_eq!(house.heard(1), "+PONG\r\n".repeat(20_000));
}

#[test]
fn what_follows_a_protocol_error_is_not_read_and_what_preceded_it_is_answered() {
    let mut house = House::new(&[]);
    house.connect(1);
    house.send(1, [PING, b"*1\r\n+4\r\n", PING].concat());
    house.settle();
    assert_eq!(house.heard(1), "+PONG\r\n-ERR Protocol error: expected '$', got '+'\r\n");
    assert!(house.end(1).is_some());
    assert!(house.engine.server().clients.is_empty());
}

/// The offending byte comes back as it was: half a character is no character.
#[test]
fn a_protocol_error_quotes_the_byte_itself() {
    let mut house = House::new(&[]);
    house.connect(1);
    house.send(1, b"*1\r\n\xdb\r\n".to_vec());
    house.settle();
    let heard = house.net.received(Conn(1));
    assert_eq!(heard, b"-ERR Protocol error: expected '$', got '\xdb'\r\n");
}

#[test]
fn quit_and_what_follows_it() {
    let mut house = House::new(&[]);
    house.connect(1);
    house.send(1, [&request(&["QUIT"]), PING].concat());
    house.settle();
    assert_eq!(house.heard(1), "+OK\r\n");
    assert_eq!(house.end(1), Some(GuestEnd::Closed));
}

#[test]
fn a_browser_gets_not_a_word_not_even_what_it_had_earned() {
    let mut house = House::new(&[]);
    house.connect(1);
    house.send(1, [PING, b"POST / HTTP/1.1\r\nHost: x\r\n\r\n"].concat());
    house.settle();
    assert_eq!(house.heard(1), "");
    assert!(house.end(1).is_some());
}

#[test]
fn all_replies_reach_a_guest_who_only_stopped_sending() {
    let mut house = House::new(&[]);
    house.connect(1);
    house.send(1, PING.repeat(3));
    house.act(1, GuestAction::HalfClose);
    house.settle();
    assert_eq!(house.heard(1), "+PONG\r\n".repeat(3));
    assert_eq!(house.end(1), Some(GuestEnd::Closed));
}

#[test]
fn the_house_is_full() {
    let mut house = House::new(&[("maxclients", "1")]);
    house.connect(1);
    house.settle();
    house.connect(2);
    house.settle();
    assert_eq!(house.heard(2), "-ERR max number of clients reached\r\n");
    assert_eq!(house.end(2), Some(GuestEnd::Closed));
    assert_eq!(house.engine.server().stats.rejected_connections, 1);
    house.send(1, PING);
    house.settle();
    assert_eq!(house.heard(1), "+PONG\r\n");
}

#[test]
fn too_big_an_order_is_shown_out_without_a_word() {
    let mut house = House::new(&[("client-query-buffer-limit", "1mb")]);
    house.connect_by(1, Link { server_receive_bytes: 1 << 22, ..Link::default() });
    house.send(1, b"*2\r\n$3\r\nGET\r\n$2000000\r\n".to_vec());
    house.send(1, vec![b'x'; 1_500_000]);
    house.settle();
    assert_eq!(house.heard(1), "");
    assert!(house.end(1).is_some());
    let stats = &house.engine.server().stats;
    assert_eq!(stats.client_query_buffer_limit_disconnections, 1);
}

#[test]
fn an_idle_guest_is_shown_out_after_the_timeout() {
    let mut house = House::new(&[("timeout", "1")]);
    house.connect(1);
    house.settle();
    house.pass(Micros::from_millis(900));
    assert_eq!(house.end(1), None);
    house.pass(Micros::from_millis(1_500));
    assert_eq!(house.end(1), Some(GuestEnd::Closed));
    let freed = house
        .take_facts()
        .iter()
        .any(|fact| matches!(fact, Event::ClientFreed { why: CloseReason::IdleTimeout, .. }));
    assert!(freed);
}

#[test]
fn an_idle_loop_wakes_hz_times_a_second() {
    let mut house = House::new(&[]);
    house.settle();
    let before = house.engine.server().stats.eventloop_cycles;
    house.pass(Micros::from_secs(1));
    let cycles = house.engine.server().stats.eventloop_cycles - before;
    assert!((10..=11).contains(&cycles), "{cycles} cycles in a second");
}

#[test]
fn a_client_that_is_freed_is_in_no_structure() {
    let mut house = House::new(&[]);
    (1..=3).for_each(|guest| house.connect(guest));
    house.send(1, PING);
    house.settle();
    (1..=3).for_each(|guest| house.act(guest, GuestAction::Reset));
    house.settle();
    let server = house.engine.server();
    assert!(server.clients.is_empty());
    assert!(server.pending_write.is_empty() && server.to_close.is_empty());
    assert_eq!(house.engine.event_loop().watched(), server.listeners.len());
}

/// What guests hear of an evening with everything in it, and what the server
/// says of it at the end.
fn evening(told: bool) -> (Vec<String>, usize) {
    let mut house = House::new(&[("maxclients", "8"), ("client-query-buffer-limit", "1mb")]);
    if !told {
        house.tell_nobody();
    }
    let slow = Link { server_send_bytes: 4_096, guest_receive_bytes: 4_096, ..Link::default() };
    (1..=4).for_each(|guest| house.connect(guest));
    house.connect_by(5, slow);
    house.settle();
    house.send(1, [PING, PING, b"*1\r\n$7\r\nUNKNOWN\r\n", &PING[..7]].concat());
    house.send(2, request(&["BLPOP", "dish", "0"]));
    house.send(3, request(&["SUBSCRIBE", "news"]));
    house.act(5, GuestAction::StopReading);
    house.send(5, "DEBUG POPULATE 1 k 100000\r\nGET k:0\r\n");
    house.settle();
    house.send(1, &PING[7..]);
    house.send(1, request(&["PUBLISH", "news", "fish"]));
    house.send(4, "MULTI\r\nSET a 1\r\nRPUSH dish soup\r\nEXEC\r\n*1\r\n$x\r\n");
    house.settle();
    house.act(5, GuestAction::ReadOnly { bytes: 50_000 });
    house.pass(Micros::from_millis(250));
    let mut heard: Vec<String> = (1..=5).map(|guest| house.heard(guest)).collect();
    heard.push(house.ask(1, "INFO EVERYTHING"));
    (heard, house.take_facts().len())
}

/// Protects: the engine that is compiled without its statements of facts is the
/// same engine.
#[test]
fn telling_nobody_changes_nothing_but_the_telling() {
    let ((told, facts), (untold, no_facts)) = (evening(true), evening(false));
    assert_eq!(told, untold);
    assert!(facts > 100 && no_facts == 0, "{facts} and {no_facts} facts");
}

/// What a guest hears who asks for a lot at once, with and without the loop
/// looking ahead at what comes next.
fn pipeline(told: bool) -> String {
    let mut house = House::new(&[]);
    if !told {
        house.tell_nobody();
    }
    house.connect(1);
    house.settle();
    let large = "x".repeat(1_500);
    let key = |n: usize| format!("a:key:whose:name:is:long:{n}");
    let mut sent = Vec::new();
    let mut ask = |words: &[&str]| sent.extend(request(words));
    (0..40).for_each(|n| ask(&["SET", &key(n), &large]));
    for n in 0..60 {
        ask(&["GET", &key(n)]);
        match n {
            3 => ask(&["DEL", &key(5)]),
            7 => ask(&["APPEND", &key(9), "y"]),
            11 => ask(&["PING"]),
            13 => ask(&["RPUSH", "list", &large]),
            14 => ask(&["GET", "list"]),
            20 => ask(&["SELECT", "3"]),
            22 => ask(&["SET", &key(23), "of another database"]),
            25 => ask(&["SELECT", "0"]),
            30 => ask(&["MGET", &key(1), "k", "k", "k", "k", "k", "k", "k", "k", "k", &key(2)]),
            35 => ask(&["FLUSHALL"]),
            _ => {}
        }
    }
    sent.extend_from_slice(b"GET an-inline-key\r\n*0\r\n*2\r\n$3\r\nGET\r\n!1\r\n");
    house.send(1, sent);
    house.settle();
    house.heard(1)
}

/// Protects: looking ahead finds nothing out that the answers depend on.
#[test]
fn looking_ahead_in_a_pipeline_changes_no_answer() {
    let answers = pipeline(false);
    assert_eq!(answers, pipeline(true));
    assert_eq!(answers.matches("$1500\r\n").count(), 29 + 2);
    assert!(answers.ends_with("-ERR Protocol error: expected '$', got '!'\r\n"));
}

/// Protects: SHUTDOWN is the last command that runs, whoever sent more.
#[test]
fn nothing_runs_after_a_shutdown() {
    let mut house = House::with_guests(&[], 2);
    let last = [request(&["PING"]), request(&["SHUTDOWN"]), request(&["SET", "a", "1"])];
    house.send(1, last.concat());
    house.send(2, request(&["SET", "b", "1"]));
    while !house.engine.is_stopping() {
        house.cycle();
    }
    house.engine.shut_down(&mut house.net);
    house.net.wait(Timeout::After(Micros::from_millis(10)), &mut Vec::new());
    assert_eq!((house.news(1), house.news(2)), ("+PONG\r\n".into(), String::new()));
    assert!(house.engine.server().store.db(0).is_empty());
}

/// Protects: whoever reads the log knows at each fact which part of the cycle
/// it belongs to: the parts come in Redis's order, and none is left open.
#[test]
fn each_part_of_a_cycle_is_entered_in_order_and_left() {
    use Phase::{AfterSleep, BeforeSleep, Files, Poll, Timers};
    let whole = [BeforeSleep, Poll, AfterSleep, Files, Timers].map(|p| [(p, true), (p, false)]);
    for bundled in scenarios() {
        let (mut sim, mut records) = (Sim::new(&bundled.scenario()), Vec::new());
        sim.run_to_quiet(200, &mut records);
        let parts: Vec<(Phase, bool)> = records
            .iter()
            .filter_map(|record| match record.event {
                Event::PhaseEnter { phase } => Some((phase, true)),
                Event::PhaseLeave { phase } => Some((phase, false)),
                _ => None,
            })
            .collect();
        assert!(parts.len() > 10, "{}: {parts:?}", bundled.slug);
        let due = whole.as_flattened().iter().cycle();
        let astray = parts.iter().zip(due).position(|(is, due)| is != due);
        assert_eq!(astray, None, "{}: {parts:?}", bundled.slug);
    }
}

/// Protects: keys that end all at once do not stay until the clock has rung
/// often enough: what its cycle had to leave, the next `beforeSleep` goes on
/// with (`ACTIVE_EXPIRE_CYCLE_FAST`), within a bound of its own.
#[test]
fn keys_that_end_in_crowds_go_before_the_loop_sleeps_as_well() {
    let mut house = House::with_guests(&[("hz", "500")], 1);
    let sets = (0..4_000).flat_map(|n| request(&["SET", &format!("k{n}"), "v", "PX", "60000"]));
    house.send(1, sets.collect::<Vec<u8>>());
    house.settle();
    house.take_facts();
    house.pass(Micros::from_secs(61));
    let cycles: Vec<(bool, u64)> = house
        .take_facts()
        .iter()
        .filter_map(|fact| match fact {
            Event::ExpireCycle { fast, expired } => Some((*fast, *expired)),
            _ => None,
        })
        .collect();
    assert_eq!(cycles.iter().map(|(_, expired)| expired).sum::<u64>(), 4_000, "{cycles:?}");
    let first = cycles.iter().position(|(_, expired)| *expired == 500).expect("all it may look at");
    assert_eq!(cycles[first..first + 2], [(false, 500), (true, 1_000)], "{cycles:?}");
}

/// Protects: a monitor is served like a replica, without a budget, also when
/// its kernel buffer has room again.
#[test]
fn a_monitor_catches_up_without_a_budget() {
    let longest_write = |monitors: bool| {
        let mut house = House::new(&[]);
        let wide = Link {
            server_receive_bytes: 1 << 20,
            server_send_bytes: 1 << 20,
            guest_receive_bytes: 1 << 20,
            ..Link::default()
        };
        house.connect_by(1, wide);
        house.connect_by(2, wide);
        house.settle();
        house.act(1, GuestAction::StopReading);
        let dish = "x".repeat(200_000);
        if monitors {
            house.ask(1, "MONITOR");
            (0..20).for_each(|_| house.send(2, request(&["ECHO", &dish])));
        } else {
            house.ask(2, &format!("SET dish {dish}"));
            (0..420).for_each(|_| house.send(1, request(&["GETRANGE", "dish", "0", "9999"])));
        }
        house.settle();
        house.take_facts();
        house.act(1, GuestAction::Read);
        house.settle();
        let facts = house.take_facts();
        let writes = facts.iter().filter_map(|fact| match fact {
            Event::Write { client, bytes, .. } if client.0 == 1 => Some(*bytes),
            _ => None,
        });
        writes.max().expect("it was written to")
    };
    let (monitor, other) = (longest_write(true), longest_write(false));
    assert!(other <= 64 * 1024 + 16 * 1024, "{other} bytes at once");
    assert!(monitor > 400_000, "{monitor} bytes at once");
}
