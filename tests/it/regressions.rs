//! What has broken real servers before, by name: each test is one bug of
//! Redis or Valkey that must not happen here.
//!
//! Not here, because what broke does not exist here: deferred reply lengths
//! (CVE-2025-49112: counts are known before their replies), references to
//! values in replies (#14934, #13711), a shutdown that can be called off
//! (#14420), nested loops (01c08b508), finalizers of timers and more than one
//! of them (8ac7af1c5, 67b70a181), access lists (CVE-2024-51741,
//! CVE-2024-31227), unix sockets (CVE-2023-45145), scripts, cluster,
//! replication, TLS, and a command-line client (CVE-2018-12326).

mod waiting;

use crate::house::{House, request};
use onechef::commands;
use onechef::event::{AcceptEnd, Event};
use onechef::net::NetError;
use onechef::net::virt::GuestEnd;
use onechef::resp::{Protocol, ReplyParser, Value};
use onechef::sim::check::examine;
use onechef::sim::{Progress, Scenario, Sim};
use onechef::time::Micros;
use onechef::trace::Record;

const GUEST: u32 = 1;

/// A server with one guest seated.
fn seated(directives: &[(&str, &str)]) -> House {
    let mut house = House::new(directives);
    house.connect(GUEST);
    house.settle();
    house
}

/// What a guest hears who sends these bytes, and how it ends.
fn hears(directives: &[(&str, &str)], bytes: &[u8]) -> (String, Option<GuestEnd>) {
    let mut house = seated(directives);
    house.send(GUEST, bytes);
    house.settle();
    (house.heard(GUEST), house.end(GUEST))
}

/// The same, one byte at a time.
fn hears_bytewise(bytes: &[u8]) -> String {
    let mut house = seated(&[]);
    for byte in bytes {
        house.send(GUEST, [*byte]);
        house.settle();
    }
    house.heard(GUEST)
}

fn replies(heard: &str) -> Vec<Value> {
    let mut parser = ReplyParser::new(Protocol::Resp2);
    parser.feed(heard.as_bytes());
    let mut replies = Vec::new();
    while let Some(reply) = parser.next_reply().expect("strict RESP") {
        replies.push(reply);
    }
    assert!(parser.is_between_replies(), "half a reply: {heard}");
    replies
}

fn run(text: &str) -> (Sim, Vec<Record>) {
    let scenario = Scenario::parse("regression", text).unwrap_or_else(|e| panic!("{e}"));
    if let Err(violation) = examine(&scenario) {
        panic!("{violation}");
    }
    let (mut sim, mut records) = (Sim::new(&scenario), Vec::new());
    assert_eq!(sim.run_to_quiet(10_000, &mut records), Progress::Quiet);
    (sim, records)
}

/// CVE-2026-27623: an empty request did not reset the request type, and the
/// next one hit an assertion, before any password.
#[test]
fn empty_requests_leave_nothing_behind() {
    let ping = request(&["PING"]);
    for empty in [&b"*0\r\n"[..], b"*-1\r\n", b"\r\n", b"\n", b"*0\r\n\r\n*-1\r\n"] {
        for times in [1, 7] {
            let multibulk = [empty.repeat(times), ping.clone()].concat();
            let inline = [empty.repeat(times), b"PING\r\n".to_vec()].concat();
            for bytes in [multibulk, inline] {
                assert_eq!(hears(&[], &bytes).0, "+PONG\r\n", "{empty:?}");
                assert_eq!(hears_bytewise(&bytes), "+PONG\r\n", "{empty:?}");
            }
        }
    }
}

fn crowd(faults: &str) -> String {
    let mut text = format!(
        "onechef scenario 1\nseed 3\nset max-new-connections-per-cycle 1000\nfault {faults}\ncalm 50ms\n"
    );
    (0..100).for_each(|n| text.push_str(&format!("client guest-{n}\n")));
    (0..100).for_each(|n| text.push_str(&format!("at 1ms guest-{n} connects\n")));
    text
}

fn accept_ends(records: &[Record]) -> Vec<(u32, AcceptEnd)> {
    let ends = records.iter().filter_map(|record| match record.event {
        Event::AcceptEnd { accepted, why } => Some((accepted, why)),
        _ => None,
    });
    ends.collect()
}

/// CVE-2025-48367: one guest who left the queue ended the whole pass, so that
/// a stream of them kept everybody else outside.
#[test]
fn guests_who_leave_the_queue_do_not_keep_the_others_out() {
    let (sim, records) = run(&crowd("accept-aborted 950"));
    let seated = sim.engine().server().clients.len() as u32;
    assert!((1..30).contains(&seated), "{seated} of 100 got through");
    assert_eq!(accept_ends(&records), [(seated, AcceptEnd::Drained)], "all in one pass");
}

/// The counterpart: without a descriptor to give, trying on is a busy loop.
#[test]
fn without_descriptors_accept_is_called_once_a_cycle() {
    let (sim, records) = run(&crowd("accept-exhausted 900"));
    let ends = accept_ends(&records);
    let failed = (0, AcceptEnd::Failed(NetError::Exhausted));
    assert!(ends.contains(&failed), "{ends:?}");
    assert_eq!(sim.engine().server().clients.len(), 100, "everybody kept the place in line");
}

/// CVE-2021-32675, CVE-2025-46686: lengths announced by somebody who has not
/// given the password.
#[test]
fn strangers_may_not_announce_much() {
    let password = [("requirepass", "secret")];
    let (heard, end) = hears(&password, b"*100\r\n");
    assert_eq!(heard, "-ERR Protocol error: unauthenticated multibulk length\r\n");
    assert_eq!(end, Some(GuestEnd::Closed));
    let (heard, end) = hears(&password, b"*1\r\n$100000000\r\n");
    assert_eq!(heard, "-ERR Protocol error: unauthenticated bulk length\r\n");
    assert_eq!(end, Some(GuestEnd::Closed));
    let (heard, _) = hears(&password, &[b"*10\r\n".to_vec(), b"$1\r\nx\r\n".repeat(10)].concat());
    assert!(heard.starts_with("-ERR unknown command") || heard.starts_with("-NOAUTH"), "{heard}");
}

/// The same with the password: memory is for what has arrived.
#[test]
fn what_is_announced_takes_no_memory() {
    for header in [&b"*1048576\r\n"[..], b"*1\r\n$500000000\r\n"] {
        let mut house = seated(&[]);
        house.send(GUEST, header);
        house.settle();
        let server = house.engine.server();
        let (_, client) = server.clients.iter().next().expect("still seated");
        let query = client.query.as_ref().expect("half a request");
        assert!(query.buffer.len() <= 64 * 1024, "{} bytes", query.buffer.len());
    }
}

/// CVE-2025-67733, Redis #15496: text of the guest's in an error line could
/// end the line and begin another reply.
#[test]
fn errors_that_quote_stay_one_line() {
    let long = "x".repeat(64 * 1024);
    for text in ["a\r\n+OK\r\n", "a\0b", "\n", "\r", long.as_str()] {
        // These quote 128 characters at most, the others all of it, as in Redis.
        let shortening: &[&[&str]] = &[
            &[text],
            &[text, "argument", text],
            &["nosuch", text],
            &["CLIENT", text],
            &["CONFIG", text],
            &["OBJECT", text, "x"],
            &["COMMAND", text],
        ];
        let quoting: &[&[&str]] = &[
            &["CONFIG", "SET", text, "1"],
            &["CLIENT", "SETINFO", text, "x"],
            &["CLIENT", "KILL", "USER", text],
            &["CLIENT", "LIST", "TYPE", text],
            &["DEBUG", text],
            &["HELLO", "3", text],
        ];
        for words in shortening.iter().chain(quoting) {
            let bytes = [request(words), request(&["PING"])].concat();
            let (heard, _) = hears(&[], &bytes);
            let replies = replies(&heard);
            assert_eq!(replies.len(), 2, "{words:?}: {replies:?}");
            let Value::Error(line) = &replies[0] else { panic!("{words:?}: {replies:?}") };
            let limit = if shortening.contains(words) { 400 } else { 2 * text.len() + 400 };
            let len = line.len();
            assert!(len <= limit, "{len} characters are echoed by {}", words[0]);
            assert_eq!(replies[1], Value::Simple("PONG".into()));
        }
    }
}

/// CVE-2022-36021, CVE-2024-31228: patterns that took exponential time or all
/// of the stack. That the test ends is what it asserts.
#[test]
fn patterns_of_nothing_but_stars_end() {
    let key = "a".repeat(2_000);
    let stars = "a*".repeat(1_000) + "b";
    let long = "*?".repeat(32 * 1024);
    let brackets = "[a-".repeat(10_000);
    let mut house = seated(&[]);
    house.send(GUEST, request(&["SET", &key, "x"]));
    for pattern in [&stars, &long, &brackets] {
        house.send(GUEST, request(&["KEYS", pattern]));
        house.send(GUEST, request(&["SCAN", "0", "MATCH", pattern]));
        house.send(GUEST, request(&["CONFIG", "GET", pattern]));
    }
    house.settle();
    assert_eq!(replies(&house.heard(GUEST)).len(), 10);
}

/// CVE-2023-22458, CVE-2022-35977 and others: integers at the edge of their
/// type, in every place that takes one.
#[test]
fn integers_at_the_edge_are_answered() {
    let edges = [
        i64::MIN,
        i64::MIN + 1,
        -(1 << 31) - 1,
        -(1 << 31),
        -1,
        0,
        1,
        (1 << 31) - 1,
        1 << 31,
        (1 << 32) - 1,
        1 << 32,
        i64::MAX - 1,
        i64::MAX,
    ];
    let places: &[&[&str]] = &[
        &["INCRBY", "n", "#"],
        &["DECRBY", "n", "#"],
        &["GETRANGE", "s", "#", "#"],
        &["SETRANGE", "s", "#", "x"],
        &["LRANGE", "l", "#", "#"],
        &["LINDEX", "l", "#"],
        &["LSET", "l", "#", "x"],
        &["LTRIM", "l", "#", "#"],
        &["LREM", "l", "#", "x"],
        &["LPOP", "l", "#"],
        &["RPOP", "l", "#"],
        &["EXPIRE", "s", "#"],
        &["PEXPIRE", "s", "#"],
        &["EXPIREAT", "s", "#"],
        &["PEXPIREAT", "s", "#"],
        &["SETEX", "s", "#", "x"],
        &["PSETEX", "s", "#", "x"],
        &["SET", "s", "x", "EX", "#"],
        &["SET", "s", "x", "PXAT", "#"],
        &["GETEX", "s", "EX", "#"],
        &["SELECT", "#"],
        &["SCAN", "#", "COUNT", "#"],
        &["CLIENT", "KILL", "ID", "#"],
        &["CLIENT", "KILL", "MAXAGE", "#"],
        &["CLIENT", "LIST", "ID", "#"],
        &["HELLO", "#"],
        &["CONFIG", "SET", "hz", "#"],
        &["CONFIG", "SET", "timeout", "#"],
    ];
    for edge in edges {
        let edge = edge.to_string();
        let mut house = seated(&[]);
        for words in places {
            let words: Vec<&str> =
                words.iter().map(|word| if *word == "#" { edge.as_str() } else { word }).collect();
            let setup: [&[&str]; 3] =
                [&["SET", "n", "7"], &["SET", "s", "text"], &["RPUSH", "l", "a"]];
            setup.iter().for_each(|words| house.send(GUEST, request(words)));
            house.send(GUEST, request(&words));
            house.settle();
        }
        assert_eq!(house.end(GUEST), None, "{edge}");
        assert_eq!(replies(&house.heard(GUEST)).len(), 4 * places.len(), "{edge}");
    }
}

/// CVE-2016-10517: a browser can be made to send a POST whose body is a list
/// of commands.
#[test]
fn a_browser_is_shown_out() {
    for post in ["POST / HTTP/1.1", "post / HTTP/1.1", "PoSt /x"] {
        let bytes = format!("{post}\r\nHost: x\r\n\r\nSET a b\r\n");
        let mut house = seated(&[]);
        house.send(GUEST, bytes);
        house.settle();
        assert_eq!(house.heard(GUEST), "", "not a word");
        assert!(house.end(GUEST).is_some());
        assert!(house.engine.server().store.db(0).is_empty(), "nothing was set");
    }
    let (heard, end) = hears(&[], b"GET / HTTP/1.1\r\nhOST: x\r\n\r\nSET a b\r\n");
    // It is doomed before the sweep, so not even the error about GET leaves.
    assert_eq!(heard, "");
    assert!(end.is_some());
}

/// CVE-2026-81934, CVE-2026-56684: a walk over a list of clients kept a
/// pointer to the next one, and what it did freed that one. Killing is tried
/// from every place in the pipeline's order, in every direction, and the
/// checker looks for the dead in every table afterwards.
#[test]
fn any_client_can_be_killed_from_inside_a_pipeline() {
    let victims: [(&str, usize); 6] = [
        ("CLIENT KILL ID 1", 2),
        ("CLIENT KILL ID 2 SKIPME no", 2),
        ("CLIENT KILL ID 3", 2),
        ("CLIENT KILL TYPE normal", 1),
        ("CLIENT KILL TYPE normal SKIPME no", 0),
        ("CLIENT KILL SKIPME yes", 1),
    ];
    for (kill, survivors) in victims {
        for order in ["ana bob cy", "cy bob ana", "bob ana cy", "ana cy bob"] {
            let mut text = "onechef scenario 1\nclient ana\nclient bob\nclient cy\n\
                at 1ms ana connects\nat 2ms bob connects\nat 3ms cy connects\n"
                .to_owned();
            for who in order.split(' ') {
                // All in one cycle: everybody has output waiting when it strikes.
                text.push_str(&format!("at 9ms {who} sends 3 x PING\n"));
                if who == "bob" {
                    text.push_str(&format!("at 9ms bob sends {kill}\nat 9ms bob sends PING\n"));
                }
            }
            let (sim, records) = run(&text);
            let left = sim.engine().server().clients.len();
            assert_eq!(
                left,
                survivors,
                "{kill}, {order}\n{}",
                onechef::sim::summary::table(&records)
            );
        }
    }
}

/// What comes behind QUIT is not run, however it arrives.
#[test]
fn nothing_runs_behind_quit() {
    let bytes = [request(&["QUIT"]), request(&["SET", "a", "b"]), request(&["PING"])].concat();
    let mut house = seated(&[]);
    house.send(GUEST, bytes);
    house.settle();
    assert_eq!(house.heard(GUEST), "+OK\r\n");
    assert!(house.engine.server().store.db(0).is_empty());
    // Unread requests remain, yet the reply came first.
    assert!(house.end(GUEST).is_some());
}

/// Redis #7714: an error text that is shared was trimmed in place, and every
/// later reply with it lacked its line end.
#[test]
fn the_same_refusal_twice_is_the_same_twice() {
    let directives = [("requirepass", "secret")];
    let (heard, _) = hears(&directives, &request(&["GET", "a"]).repeat(5));
    assert_eq!(heard, "-NOAUTH Authentication required.\r\n".repeat(5));
    let (heard, _) = hears(&[], &request(&["GET"]).repeat(5));
    assert_eq!(heard, "-ERR wrong number of arguments for 'get' command\r\n".repeat(5));
}

/// Redis #8764: in the last moments before a timer the loop asked for a sleep
/// of nothing, over and over.
#[test]
fn an_idle_loop_wakes_for_its_timer_only() {
    for hz in ["1", "10", "37", "500"] {
        let mut house = seated(&[("hz", hz)]);
        let before = house.engine.server().stats.eventloop_cycles;
        house.pass(Micros::from_secs(1));
        let cycles = house.engine.server().stats.eventloop_cycles - before;
        let rings: u64 = hz.parse().expect("a number");
        assert!(cycles <= rings + 2, "{cycles} cycles for {rings} rings");
    }
}

/// Protects: with many guests the clock rings more often, so that each run
/// sees few of them; `dynamic-hz no` leaves it at what `hz` says.
#[test]
fn the_clock_rings_more_often_for_many_guests_unless_it_is_told_not_to() {
    for (dynamic, guests, rings) in [("yes", 200, 1), ("yes", 201, 2), ("no", 201, 1)] {
        let directives = [("hz", "1"), ("dynamic-hz", dynamic)];
        let mut house = House::with_guests(&directives, guests);
        // What was due before all of them were seated comes first.
        house.pass(Micros::from_secs(1));
        house.take_facts();
        house.pass(Micros::from_secs(4));
        let rung = |fact: &&Event| matches!(fact, Event::TimerFired { .. });
        let rung = house.take_facts().iter().filter(rung).count();
        assert_eq!(rung, 4 * rings, "dynamic-hz {dynamic}, {guests} guests");
    }
}

/// After CVE-2023-44487 (rapid reset) and its kin: coming and going costs the
/// house nothing that stays. The checker compares with the baseline.
#[test]
fn coming_and_going_leaves_nothing_behind() {
    let mut text = "onechef scenario 1\nset max-new-connections-per-cycle 7\n".to_owned();
    (0..200).for_each(|n| text.push_str(&format!("client guest-{n}\n")));
    for n in 0..200 {
        let (at, how) = (1_000 + n * 7, if n % 2 == 0 { "closes" } else { "resets" });
        text.push_str(&format!("at {at}us guest-{n} connects\n"));
        text.push_str(&format!("at {}us guest-{n} {how}\n", at + 50 * (n % 40)));
    }
    let (sim, _) = run(&text);
    assert!(sim.engine().server().clients.is_empty());
}

/// After RUSTSEC-2024-0332: a header that never ends.
#[test]
fn a_line_without_an_end_is_refused() {
    let endless = "x".repeat(70 * 1024);
    let cases = [
        (endless.clone(), "too big inline request"),
        (format!("*{endless}"), "too big mbulk count string"),
        (format!("*2\r\n${endless}"), "too big bulk count string"),
    ];
    for (bytes, error) in cases {
        let (heard, end) = hears(&[], bytes.as_bytes());
        assert_eq!(heard, format!("-ERR Protocol error: {error}\r\n"));
        assert!(end.is_some());
    }
}

/// CVE-2016-8339: the class of a limit was not checked.
#[test]
fn classes_of_the_output_limit_are_checked() {
    for class in ["master", "nobody", "0", "-1", "3", "1000000", ""] {
        let value = format!("{class} 1mb 1mb 1");
        let words = ["CONFIG", "SET", "client-output-buffer-limit", &value];
        let (heard, _) = hears(&[], &request(&words));
        assert!(heard.starts_with("-ERR CONFIG SET failed"), "{class}: {heard}");
    }
}

/// CVE-2023-36824: the keys of a request that does not fit its command.
#[test]
fn keys_are_found_in_no_request_that_does_not_fit() {
    let mut house = seated(&[]);
    let mut asked = 0;
    for command in commands::all() {
        for extra in 0..7 {
            let mut words = vec!["COMMAND", "GETKEYS"];
            words.extend(command.name.split('|'));
            words.extend(std::iter::repeat_n("1", extra));
            house.send(GUEST, request(&words));
            asked += 1;
        }
    }
    house.settle();
    assert_eq!(replies(&house.heard(GUEST)).len(), asked);
}

/// Valkey #2872: the two bytes behind an argument are skipped whatever they
/// are, as in Redis. Not pretty, but on every way the same.
#[test]
fn the_end_of_an_argument_is_not_looked_at() {
    let bytes = b"*2\r\n$4\r\nECHOxx$5\r\nvalueXX*1\r\n$4\r\nPING\r\n";
    let expected = "$5\r\nvalue\r\n+PONG\r\n";
    assert_eq!(hears(&[], bytes).0, expected);
    assert_eq!(hears_bytewise(bytes), expected);
}

/// A request for nothing is no command, but uses a CLIENT REPLY SKIP up all the
/// same, as in Redis (`resetClient`); found by the differential test.
#[test]
fn asking_for_nothing_ends_a_skip() {
    for nothing in [&b"\r\n"[..], b"\n", b"*0\r\n", b"*-1\r\n"] {
        let skip = [b"CLIENT REPLY SKIP\r\n", nothing, b"PING\r\n"].concat();
        assert_eq!(hears(&[], &skip).0, "+PONG\r\n", "{nothing:?}");
        assert_eq!(hears_bytewise(&skip), "+PONG\r\n", "{nothing:?}");
    }
    let scenario = "onechef scenario 1\nclient ana\nat 1ms ana connects\n\
        at 2ms ana sends raw \"CLIENT REPLY SKIP\\r\\n\\r\\nPING\\r\\n\"";
    examine(&Scenario::parse("skip", scenario).expect("well-formed")).expect("nothing is broken");
}
