//! What people see of a running server, and whom it turns out for taking too
//! much: MONITOR, SLOWLOG, maxmemory-clients.

use crate::house::{EPOCH_US, House, request};
use onechef::engine::eviction::client_memory_bytes;
use onechef::event::{CloseReason, Event};
use onechef::net::virt::{GuestAction, Link};
use onechef::time::Micros;

/// A monitor's lines without their times.
fn heard_lines(text: &str) -> Vec<String> {
    let line = |line: &str| line.split_once(' ').expect("a time, then the rest").1.to_owned();
    text.lines().map(line).collect()
}

#[test]
fn a_monitor_hears_every_command_but_administrative_ones_after_it_ran() {
    let mut house = House::with_guests(&[], 3);
    assert_eq!(house.ask(1, "MONITOR"), "+OK\r\n");
    assert_eq!(house.ask(1, "MONITOR"), "");
    assert_eq!(house.client_field(3, 1, "flags"), "O");
    house.ask(2, "SELECT 3");
    house.ask(2, "CONFIG GET port");
    house.send(2, request(&["SET", "k", "a \"b\"\r\n\u{1}"]));
    house.send(2, [request(&["MULTI"]), request(&["GET", "k"]), request(&["EXEC"])].concat());
    house.settle();
    house.ask(2, "AUTH default secret");
    let text = house.news(1);
    assert!(text.starts_with(&format!("+{}.", EPOCH_US / 1_000_000)), "{text}");
    let peer = house.engine.server().clients.iter().nth(1).expect("guest 2").1.peer;
    let expected = [
        r#""SELECT" "3""#,
        r#""SET" "k" "a \"b\"\r\n\x01""#,
        r#""MULTI""#,
        r#""GET" "k""#,
        r#""EXEC""#,
        r#""AUTH" "(redacted)" "(redacted)""#,
    ];
    assert_eq!(heard_lines(&text), expected.map(|words| format!("[3 {peer}] {words}")));
}

#[test]
fn a_command_that_waits_is_told_of_once() {
    let mut house = House::with_guests(&[], 3);
    house.ask(1, "MONITOR");
    house.news(1);
    house.ask(2, "BLPOP k 0");
    house.ask(3, "LPUSH k x");
    let text = house.news(1);
    let told: Vec<bool> = text.lines().map(|line| line.contains("BLPOP")).collect();
    assert_eq!(told, [true, false], "{text}");
}

#[test]
fn a_monitor_hears_its_own_commands_after_their_replies_and_reset_ends_it() {
    let mut house = House::with_guests(&[], 1);
    house.ask(1, "MONITOR");
    let text = house.ask(1, "ECHO k");
    assert!(text.starts_with("$1\r\nk\r\n+") && text.ends_with("\"ECHO\" \"k\"\r\n"), "{text}");
    house.ask(1, "RESET");
    assert_eq!(house.ask(1, "GET k"), "$-1\r\n");
    house.ask(1, "MULTI");
    house.ask(1, "MONITOR");
    let refused = "*1\r\n-ERR MONITOR isn't allowed for DENY BLOCKING client\r\n";
    assert_eq!(house.ask(1, "EXEC"), refused);
    assert!(house.engine.server().monitors.is_empty());
}

/// By code; what DEBUG ERROR answers is no error that the server found, and
/// RESETSTAT forgets all.
#[test]
fn errorstats_count_error_replies_by_their_code() {
    let mut house = House::with_guests(&[], 1);
    house.ask(1, "SET k v");
    house.ask(1, "LPUSH k v");
    house.ask(1, "NONSENSE");
    house.ask(1, "GET");
    assert_eq!(house.ask(1, "DEBUG ERROR nospace"), "-nospace\r\n");
    house.send(1, request(&["DEBUG", "ERROR", "MYCODE of mine"]));
    house.settle();
    house.news(1);
    let text = house.ask(1, "INFO errorstats");
    let fields: Vec<&str> = text.lines().filter(|line| line.starts_with("errorstat_")).collect();
    assert_eq!(fields, ["errorstat_ERR:count=2", "errorstat_WRONGTYPE:count=1"], "{text}");
    assert!(house.ask(1, "INFO stats").contains("total_error_replies:3\r\n"));
    let text = house.ask(1, "INFO commandstats");
    let debug = text.lines().find(|line| line.starts_with("cmdstat_debug:")).expect("called");
    assert!(debug.ends_with("rejected_calls=0,failed_calls=0"), "{debug}");
    house.ask(1, "CONFIG RESETSTAT");
    assert!(!house.ask(1, "INFO errorstats").contains("errorstat_"));
}

/// Who was told of MULTI is told of its end.
#[test]
fn a_monitor_hears_of_an_exec_that_was_refused() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "MONITOR");
    house.news(1);
    house.ask(2, "MULTI");
    house.ask(2, "EXEC now");
    house.ask(2, "GET");
    let text = house.news(1);
    let told: Vec<&str> =
        text.lines().filter_map(|line| line.split_once("] ")).map(|l| l.1).collect();
    assert_eq!(told, ["\"MULTI\"", "\"EXEC\" \"now\""]);
}

/// For Redis a monitor is a kind of replica: it looks on, and no pause holds
/// it up.
#[test]
fn a_monitor_touches_no_key_and_heeds_no_pause() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "MONITOR");
    let refused = "-ERR Replica can't interact with the keyspace\r\n";
    for words in ["GET k", "SET k v", "PUBLISH news x", "FLUSHALL"] {
        assert_eq!(house.ask(1, words), refused, "{words}");
    }
    house.ask(1, "MULTI");
    assert_eq!(house.ask(1, "GET k"), refused);
    assert!(house.ask(1, "EXEC").starts_with("-EXECABORT"));
    house.ask(2, "CLIENT PAUSE 60000 ALL");
    house.news(1);
    house.send(1, request(&["PING"]));
    house.cycle();
    house.cycle();
    assert!(house.news(1).starts_with("+PONG\r\n"));
}

#[test]
fn a_monitor_that_leaves_is_fed_no_more() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "MONITOR");
    house.act(1, GuestAction::Reset);
    house.settle();
    assert!(house.engine.server().monitors.is_empty());
    assert_eq!(house.ask(2, "PING"), "+PONG\r\n");
}

#[test]
fn slow_commands_are_remembered_newest_first_and_cut() {
    let mut house = House::with_guests(&[("slowlog-max-len", "3")], 2);
    house.ask(1, "PING");
    assert_eq!(house.ask(1, "SLOWLOG LEN"), ":0\r\n");
    house.ask(2, "CLIENT SETNAME ana");
    house.ask(2, "DEBUG SLEEP 0.02");
    let log = house.ask(1, "SLOWLOG GET");
    assert!(log.starts_with("*1\r\n*6\r\n:0\r\n:1767225600\r\n:20"), "{log}");
    assert!(log.contains("*3\r\n$5\r\nDEBUG\r\n$5\r\nSLEEP\r\n$4\r\n0.02\r\n"), "{log}");
    assert!(log.ends_with("$3\r\nana\r\n"), "{log}");

    house.ask(2, "CONFIG SET slowlog-log-slower-than 0");
    let long = "x".repeat(200);
    house.send(2, request(&["ECHO", &long]));
    let many: Vec<String> = (0..40).map(|n| format!("k{n}")).collect();
    let words: Vec<&str> = ["EXISTS"].into_iter().chain(many.iter().map(String::as_str)).collect();
    house.send(2, request(&words));
    house.settle();
    house.ask(2, "CONFIG SET slowlog-log-slower-than -1");
    let log = house.ask(1, "SLOWLOG GET -1");
    assert!(log.starts_with("*3\r\n"), "the oldest had to go: {log}");
    assert!(log.contains(&format!("{}... (72 more bytes)", "x".repeat(128))), "{log}");
    assert!(log.contains("$3\r\nk29\r\n") && log.contains("... (10 more arguments)\r\n"), "{log}");
    assert!(log.find("k29") < log.find("xxx"), "newest first");
    assert_eq!(house.ask(1, "SLOWLOG RESET"), "+OK\r\n");
    assert_eq!(house.ask(1, "SLOWLOG GET"), "*0\r\n");
    assert_eq!(
        house.ask(1, "SLOWLOG GET -2"),
        "-ERR count should be greater than or equal to -1\r\n"
    );
}

#[test]
fn the_commands_of_a_transaction_are_slow_on_their_own_account() {
    let mut house = House::with_guests(&[("slowlog-log-slower-than", "0")], 1);
    house.ask(1, "MULTI");
    house.ask(1, "PING");
    house.ask(1, "EXEC");
    let log = house.ask(1, "SLOWLOG GET");
    assert!(log.contains("$4\r\nPING\r\n") && !log.contains("$4\r\nEXEC\r\n"), "{log}");
}

#[test]
fn latency_keeps_the_worst_of_each_second_once_it_is_on() {
    let mut house = House::with_guests(&[], 1);
    house.ask(1, "DEBUG SLEEP 0.02");
    assert_eq!(house.ask(1, "LATENCY LATEST"), "*0\r\n");
    house.ask(1, "CONFIG SET latency-monitor-threshold 10");
    house.send(
        1,
        [request(&["DEBUG", "SLEEP", "0.02"]), request(&["DEBUG", "SLEEP", "0.03"])].concat(),
    );
    house.settle();
    house.news(1);
    let latest = house.ask(1, "LATENCY LATEST");
    assert!(
        latest.starts_with("*1\r\n*4\r\n$7\r\ncommand\r\n:1767225600\r\n:30\r\n:30"),
        "{latest}"
    );
    assert_eq!(house.ask(1, "LATENCY HISTORY command"), "*1\r\n*2\r\n:1767225600\r\n:30\r\n");
    assert_eq!(house.ask(1, "LATENCY HISTORY fork"), "*0\r\n");
    assert_eq!(house.ask(1, "LATENCY RESET fork"), ":0\r\n");
    assert_eq!(house.ask(1, "LATENCY RESET fork command"), ":1\r\n", "each that is named");
    house.ask(1, "DEBUG SLEEP 0.02");
    assert_eq!(house.ask(1, "LATENCY RESET"), ":1\r\n");
    assert_eq!(house.ask(1, "LATENCY LATEST"), "*0\r\n");
}

#[test]
fn commandstats_count_what_ran_failed_and_was_refused() {
    let mut house = House::with_guests(&[], 2);
    for words in ["SET k v", "INCR k", "GET k", "GET k", "MULTI", "SHUTDOWN NOSAVE", "EXEC", "GET"]
    {
        house.ask(1, words);
    }
    house.ask(1, "BLPOP l 0");
    let waiting = house.ask(2, "INFO commandstats");
    assert!(!waiting.contains("cmdstat_blpop"), "nothing has become of it yet: {waiting}");
    house.ask(2, "RPUSH l x");
    let stats = house.ask(2, "INFO commandstats");
    for (name, calls, rejected, failed) in [
        ("get", 2, 1, 0),
        ("incr", 1, 0, 1),
        ("exec", 1, 0, 1),
        ("shutdown", 0, 1, 0),
        ("blpop", 1, 0, 0),
        ("rpush", 1, 0, 0),
    ] {
        let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:")));
        let line = line.unwrap_or_else(|| panic!("{name} in {stats}"));
        assert!(line.contains(&format!("calls={calls},usec=")), "{line}");
        let end = format!("rejected_calls={rejected},failed_calls={failed}");
        assert!(line.ends_with(&end), "{line}");
    }
    house.ask(2, "CONFIG RESETSTAT");
    assert!(!house.ask(2, "INFO commandstats").contains("cmdstat_get"));
}

/// Who waits in vain has been answered, too (`updateStatsOnUnblock`).
#[test]
fn a_wait_that_ends_without_a_key_counts_as_a_call() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "BLPOP l 0.1");
    house.pass(Micros::from_millis(200));
    house.ask(1, "BLPOP l 0");
    assert_eq!(house.ask(2, "CLIENT UNBLOCK 1 ERROR"), ":1\r\n");
    house.ask(1, "BLPOP l 0");
    assert_eq!(house.ask(2, "CLIENT UNBLOCK 1"), ":1\r\n");
    let stats = house.ask(2, "INFO commandstats");
    let line = stats.lines().find(|line| line.starts_with("cmdstat_blpop:")).expect("it waited");
    assert!(line.starts_with("cmdstat_blpop:calls=3,"), "{line}");
    assert!(line.ends_with("rejected_calls=0,failed_calls=1"), "{line}");
}

/// Rates and the longest cycle are forgotten with the counters
/// (`resetServerStats`).
#[test]
fn resetstat_forgets_rates_and_maxima() {
    let mut house = House::with_guests(&[], 1);
    for _ in 0..20 {
        (0..100).for_each(|_| house.send(1, request(&["PING"])));
        house.settle();
        house.pass(Micros::from_millis(100));
    }
    let field = |house: &mut House, name: &str| -> u64 {
        let info = house.ask(1, "INFO stats debug");
        let line = info.lines().find_map(|line| line.strip_prefix(name)).expect("a field of INFO");
        line.trim_start_matches(':').trim().parse().expect("a number")
    };
    house.ask(1, "NONSENSE");
    let counters = [
        "total_connections_received",
        "total_commands_processed",
        "total_net_input_bytes",
        "total_net_output_bytes",
        "total_reads_processed",
        "total_writes_processed",
        "total_error_replies",
    ];
    let before = counters.map(|name| field(&mut house, name));
    house.ask(1, "DEBUG SLEEP 0.5");
    assert!(field(&mut house, "instantaneous_ops_per_sec") > 100);
    assert!(field(&mut house, "eventloop_duration_max") >= 500_000);
    house.ask(1, "CONFIG RESETSTAT");
    assert_eq!(field(&mut house, "instantaneous_ops_per_sec"), 0);
    assert!(field(&mut house, "eventloop_duration_max") < 500_000);
    for (name, before) in counters.into_iter().zip(before) {
        let after = field(&mut house, name);
        assert!(after < before, "{name}: {before}, then {after}");
    }
}

/// Whom the clients' memory limit turned out, in order.
fn evicted(house: &mut House) -> Vec<u64> {
    let facts = house.take_facts().into_iter();
    let gone = facts.filter_map(|fact| match fact {
        Event::ClientFreed { client, why: CloseReason::Evicted, .. } => Some(client.0),
        _ => None,
    });
    gone.collect()
}

#[test]
fn the_largest_client_goes_first_and_only_as_many_as_must() {
    let mut house = House::new(&[]);
    let link = Link { guest_receive_bytes: 4_096, server_send_bytes: 4_096, ..Link::default() };
    (1..=3).for_each(|guest| house.connect_by(guest, link));
    house.connect(4);
    house.settle();
    house.send(4, request(&["SET", "k", &"v".repeat(100_000)]));
    house.settle();
    house.news(4);
    for guest in [1, 2, 3] {
        house.act(guest, GuestAction::StopReading);
        let times = guest as usize;
        house.send(guest, request(&["GET", "k"]).repeat(times));
        house.settle();
    }
    assert_eq!(evicted(&mut house), [0; 0], "there is no limit yet");
    // Together about 600 KB: without the largest it is about 300.
    assert_eq!(house.ask(4, "CONFIG SET maxmemory-clients 350000"), "+OK\r\n");
    assert_eq!(evicted(&mut house), [3]);
    assert_eq!(house.engine.server().stats.evicted_clients, 1);
    assert_eq!(house.ask(4, "CONFIG SET maxmemory-clients 150000"), "+OK\r\n");
    assert_eq!(evicted(&mut house), [2]);
}

#[test]
fn who_said_no_evict_neither_counts_nor_goes() {
    let mut house = House::new(&[("maxmemory-clients", "200000")]);
    let link = Link { guest_receive_bytes: 4_096, server_send_bytes: 4_096, ..Link::default() };
    house.connect_by(1, link);
    house.connect(2);
    house.settle();
    house.ask(1, "CLIENT NO-EVICT on");
    house.send(2, request(&["SET", "k", &"v".repeat(90_000)]));
    house.settle();
    house.news(2);
    house.act(1, GuestAction::StopReading);
    house.send(1, request(&["GET", "k"]).repeat(4));
    house.settle();
    assert_eq!(evicted(&mut house), [0; 0]);
    assert_eq!(house.ask(2, "PING"), "+PONG\r\n");
}

/// A transaction's queue is memory of its client.
#[test]
fn who_queues_too_much_evicts_itself() {
    let mut house = House::new(&[("maxmemory-clients", "200000")]);
    house.connect_by(1, Link { server_receive_bytes: 1 << 20, ..Link::default() });
    house.settle();
    house.send(1, request(&["MULTI"]));
    (0..5).for_each(|_| house.send(1, request(&["SET", "k", &"v".repeat(60_000)])));
    house.settle();
    house.pass(Micros::from_millis(100));
    assert_eq!(evicted(&mut house), [1]);
    assert!(house.end(1).is_some());
}

/// Redis: `processCommand` looks for clients to turn out once it knows that the
/// command exists and may be asked for. What is refused before that evicts
/// nobody, so that who has asked for much may still be served by the sweep.
#[test]
fn a_request_that_is_refused_at_once_evicts_nobody() {
    let mut house = House::new(&[("maxmemory-clients", "128kb")]);
    let wide = Link { server_send_bytes: 1 << 20, guest_receive_bytes: 1 << 20, ..Link::default() };
    [1, 2, 3].into_iter().for_each(|guest| house.connect_by(guest, wide));
    house.settle();
    house.ask(3, "DEBUG POPULATE 1 k 140000");
    for refused in ["NONSENSE", "GET", "EXEC now"] {
        house.send(1, request(&["GET", "k:0"]));
        house.send(2, format!("{refused}\r\n"));
        house.settle();
        assert_eq!(evicted(&mut house), [0; 0], "by {refused}");
        assert!(house.news(1).len() > 140_000);
    }
    house.send(1, request(&["GET", "k:0"]));
    house.send(2, "PING\r\n");
    house.settle();
    assert_eq!(evicted(&mut house), [1], "the two were served in one round");
}

/// Answers to what was refused are memory of their client, at once.
#[test]
fn who_is_refused_too_often_is_evicted_by_the_next_command_that_runs() {
    let mut house = House::new(&[("maxmemory-clients", "128kb")]);
    house.connect(1);
    house.settle();
    // Each two bytes are answered by fifty.
    house.send(1, "x\n".repeat(3_000) + "PING\r\n");
    house.settle();
    assert_eq!(evicted(&mut house), [1]);
    assert_eq!(house.news(1), "", "it was gone before the sweep");
}

/// Its last piece completes the request, but by then it takes too much.
#[test]
fn who_asks_for_too_much_at_once_evicts_itself() {
    let mut house = House::new(&[("maxmemory-clients", "200000")]);
    house.connect_by(1, Link { server_receive_bytes: 1 << 20, ..Link::default() });
    house.settle();
    house.send(1, request(&["SET", "k", &"v".repeat(250_000)]));
    house.settle();
    assert_eq!(evicted(&mut house), [1]);
    assert_eq!(house.engine.server().store.db(0).len(), 0, "it did not run");
}

/// What is understood of half a request is no input any more: Redis has moved
/// it out of the query buffer (`argv`).
#[test]
fn the_query_buffer_limit_is_for_what_is_not_understood_yet() {
    let mut house = House::new(&[("client-query-buffer-limit", "1mb")]);
    house.connect(1);
    house.connect_by(2, Link { server_receive_bytes: 1 << 22, ..Link::default() });
    house.settle();
    let value = "v".repeat(100_000);
    let mut words = vec!["MSET"];
    (0..20).for_each(|_| words.extend(["k", &value]));
    let whole = request(&words);
    let half = whole.len() - 50_000;
    house.send(2, &whole[..half]);
    house.settle();
    assert_eq!(house.client_field(1, 2, "qbuf"), "50002", "half of the last value is there");
    assert_eq!(house.client_field(1, 2, "argv-mem"), (4 + 20 + 19 * 100_000).to_string());
    house.send(2, &whole[half..]);
    house.settle();
    assert_eq!(house.news(2), "+OK\r\n");
}

/// What a client watches and listens to is memory of its, too.
#[test]
fn who_watches_or_subscribes_without_end_evicts_itself() {
    for name in ["WATCH", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"] {
        let mut house = House::with_guests(&[("maxmemory-clients", "200000")], 1);
        for batch in 0..100 {
            let names: Vec<String> = (0..100).map(|i| format!("{}", batch * 100 + i)).collect();
            let words: Vec<&str> =
                std::iter::once(name).chain(names.iter().map(String::as_str)).collect();
            house.send(1, request(&words));
            house.settle();
            house.news(1);
        }
        house.pass(Micros::from_millis(100));
        assert_eq!(evicted(&mut house), [1], "{name}");
    }
}

/// Whoever's watched key another one changes watches nothing more, and weighs
/// less from then on.
#[test]
fn a_watch_that_somebody_else_ends_weighs_nothing() {
    for ends in ["SET k v", "FLUSHALL"] {
        let mut house = House::with_guests(&[("maxmemory-clients", "5mb")], 2);
        house.ask(1, "SET k v");
        house.ask(1, "WATCH k");
        house.ask(2, ends);
        let server = house.engine.server();
        let counted: u64 =
            server.clients.iter().map(|(_, client)| client_memory_bytes(client)).sum();
        assert_eq!(server.client_memory.total_bytes(), counted, "{ends}");
    }
}

/// A limit so low that nobody could ask for another one counts as 128 KB.
#[test]
fn no_limit_for_clients_shuts_everybody_out() {
    let mut house = House::with_guests(&[("maxmemory-clients", "1")], 2);
    assert_eq!(house.ask(1, "PING"), "+PONG\r\n");
    assert_eq!(house.ask(2, "CONFIG SET maxmemory-clients 0"), "+OK\r\n");
    assert_eq!(house.engine.server().stats.evicted_clients, 0);
}

/// DEBUG's switches: the timer rings in vain, keys outlive their time.
#[test]
fn the_timer_and_active_expiry_can_be_switched_off() {
    let mut house = House::with_guests(&[], 1);
    house.ask(1, "DEBUG SET-ACTIVE-EXPIRE 0");
    house.ask(1, "SET k v PX 5");
    house.pass(onechef::time::Micros::from_secs(1));
    assert_eq!(house.engine.server().store.db(0).len(), 1, "nobody asked for it");
    house.ask(1, "DEBUG PAUSE-CRON 1");
    house.ask(1, "DEBUG SET-ACTIVE-EXPIRE 1");
    house.pass(onechef::time::Micros::from_secs(1));
    assert_eq!(house.engine.server().store.db(0).len(), 1, "and nobody looks");
    house.ask(1, "DEBUG PAUSE-CRON 0");
    house.pass(onechef::time::Micros::from_secs(1));
    assert_eq!(house.engine.server().store.db(0).len(), 0);
}

/// INFO tells for eight seconds how much the largest client held.
#[test]
fn the_largest_buffers_are_remembered_for_some_seconds() {
    let mut house = House::with_guests(&[], 2);
    let field = |house: &mut House, name: &str| -> u64 {
        let info = house.ask(2, "INFO clients");
        let of = format!("client_recent_max_{name}_buffer:");
        let line = info.lines().find(|line| line.starts_with(&of)).expect("a field of INFO");
        line[of.len()..].trim().parse().expect("a number")
    };
    house.send(1, format!("*2\r\n$4\r\nECHO\r\n$90000\r\n{}", "x".repeat(50_000)));
    house.settle();
    house.pass(onechef::time::Micros::from_secs(1));
    assert!(field(&mut house, "input") >= 50_000);
    assert_eq!(field(&mut house, "output"), 0);
    house.send(1, "x".repeat(40_000) + "\r\n");
    house.settle();
    house.pass(onechef::time::Micros::from_secs(10));
    assert!(field(&mut house, "input") < 50_000);
    // Of all that wait in the same second the largest counts, whoever of
    // them is seen last.
    let bytes = [(3, 5_000_000), (4, 9_000_000), (5, 4_000_000)];
    for (guest, waits) in bytes {
        house.connect(guest);
        house.act(guest, GuestAction::StopReading);
        house.send(guest, request(&["ECHO", &"x".repeat(waits)]));
    }
    house.settle();
    house.pass(onechef::time::Micros::from_secs(1));
    let most = field(&mut house, "output");
    assert!((8_000_000..10_000_000).contains(&most), "{most}");
    house.act(4, GuestAction::Read);
    house.settle();
    house.pass(onechef::time::Micros::from_secs(10));
    let most = field(&mut house, "output");
    assert!((4_000_000..6_000_000).contains(&most), "{most}");
}

/// Redis notes the command when it looks it up, whatever becomes of it.
#[test]
fn client_list_shows_what_was_asked_for_last_even_if_it_was_refused() {
    let mut house = House::with_guests(&[], 2);
    for (words, name) in [
        ("GET", "get"),
        ("CLIENT GETNAME x", "client|getname"),
        ("CLIENT", "client"),
        ("NOTHING", "NULL"),
        ("GET k", "get"),
        ("CLIENT NOTHING", "NULL"),
        ("MULTI", "multi"),
        ("SET k v", "set"),
        ("EXEC", "exec"),
    ] {
        house.ask(1, words);
        assert_eq!(house.client_field(2, 1, "cmd"), name, "{words}");
    }
    house.ask(2, "CONFIG SET requirepass secret");
    house.connect(3);
    house.ask(3, "LLEN k");
    assert_eq!(house.client_field(2, 3, "cmd"), "llen");
}
