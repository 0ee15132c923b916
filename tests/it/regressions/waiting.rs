//! Bugs of waiting, of time, and of memory that is taken and given back.

use super::{GUEST, hears, replies, run, seated};
use crate::house::{House, request};
use onechef::event::{CloseReason, Event};
use onechef::resp::{Protocol, ReplyParser};
use onechef::time::Micros;

fn popped(key: &str, value: &str) -> String {
    format!("*2\r\n${}\r\n{key}\r\n${}\r\n{value}\r\n", key.len(), value.len())
}

/// CVE-2026-23479: a blocked client was evicted by its own command, run again
/// after the wait, and touched once more. Here its own pipeline is what makes
/// it the largest; the checker looks for the dead everywhere.
#[test]
fn a_client_evicted_while_it_is_being_unblocked_is_not_touched_again() {
    let text = "onechef scenario 1\nset maxmemory-clients 128kb\n\
        net server-receive-buffer 1mb\nclient ana\nclient bob\n\
        at 1ms ana connects\nat 1ms bob connects\n\
        at 2ms ana sends BLPOP queue 0\nat 3ms ana sends 100 x SET k <1kb>\n\
        at 5ms bob sends RPUSH queue <40kb>\nat 9ms bob sends PING";
    let (sim, records) = run(text);
    let evicted: Vec<u64> = records
        .iter()
        .filter_map(|record| match record.event {
            Event::ClientFreed { client, why: CloseReason::Evicted, .. } => Some(client.0),
            _ => None,
        })
        .collect();
    assert_eq!(evicted, [1]);
    let gone = records
        .iter()
        .position(|r| matches!(r.event, Event::ClientFreed { .. }))
        .expect("somebody was evicted");
    let later = records[gone + 1..].iter().filter_map(|record| record.event.client());
    assert!(later.into_iter().all(|client| client.0 != 1));
    assert_eq!(sim.engine().server().clients.len(), 1);
}

/// CVE-2025-21605: refusals piled up without end for a stranger who read none.
#[test]
fn refusals_for_strangers_do_not_pile_up() {
    use onechef::net::virt::GuestAction;
    let mut house = seated(&[("requirepass", "secret")]);
    house.act(GUEST, GuestAction::StopReading);
    let mut most = 0;
    for _ in 0..500 {
        house.send(GUEST, "SET x 5\r\n".repeat(200));
        house.settle();
        let clients = house.engine.server().clients.iter();
        most = most.max(clients.map(|(_, client)| client.reply.len()).sum());
    }
    assert!(most <= 32 * 1024, "{most} bytes were owed");
    assert!(house.engine.server().clients.is_empty(), "it was shown out");
}

/// CVE-2023-41056, Redis #13725: a buffer was made smaller, and its old size
/// believed; the timer gave back what a request in progress still needed.
#[test]
fn half_a_request_survives_the_shrinking_of_its_buffer() {
    let value: String = (0..90_000).map(|i| char::from(b'a' + (i % 26) as u8)).collect();
    let bytes = request(&["ECHO", &value]);
    for part in [1, 20, 16_383, 40_000, 89_999, bytes.len() - 1] {
        let mut house = seated(&[]);
        house.send(GUEST, &bytes[..part]);
        house.settle();
        house.pass(Micros::from_secs(5));
        let server = house.engine.server();
        let (_, client) = server.clients.iter().next().expect("still seated");
        let query = client.query.as_ref().expect("half a request");
        assert!(query.buffer.len() - query.filled <= 4_096, "free space was given back");
        house.send(GUEST, &bytes[part..]);
        house.settle();
        assert_eq!(house.heard(GUEST), format!("$90000\r\n{value}\r\n"), "cut at {part}");
    }
}

/// CVE-2021-21309: with the limit at its largest, lengths overflowed.
#[test]
fn the_largest_limit_overflows_nothing() {
    let mut house = seated(&[]);
    let most = i64::MAX.to_string();
    house.send(GUEST, request(&["CONFIG", "SET", "proto-max-bulk-len", &most]));
    house.send(GUEST, request(&["SET", "s", "text"]));
    house.send(GUEST, request(&["SETRANGE", "s", "9223372036854775806", "xy"]));
    house.send(GUEST, request(&["DEBUG", "POPULATE", "1", "k", &most]));
    house.settle();
    let said = house.heard(GUEST);
    assert_eq!(said.matches("-ERR string exceeds maximum allowed size").count(), 2, "{said}");
    house.send(GUEST, format!("*2\r\n$4\r\nECHO\r\n${most}\r\nabc"));
    house.settle();
    assert_eq!(house.end(GUEST), None, "it waits for the rest");
}

/// CVE-2021-32762, CVE-2021-32765, ioredis #2138: what a server announces,
/// believed by whoever reads it.
#[test]
fn a_reader_of_replies_believes_no_announcement() {
    for bytes in ["*4294967296\r\n", "%9223372036854775807\r\n", "$9223372036854775807\r\n"] {
        let mut parser = ReplyParser::new(Protocol::Resp3);
        parser.feed(bytes.as_bytes());
        assert!(!matches!(parser.next_reply(), Ok(Some(_))), "{bytes:?} is not a whole reply");
    }
    let mut parser = ReplyParser::new(Protocol::Resp2);
    parser.feed("*1\r\n".repeat(100_000).as_bytes());
    assert!(!matches!(parser.next_reply(), Ok(Some(_))), "nesting without end, or refused");
}

/// Access lists panicked on malformed rules. Here are none to malform.
#[test]
fn there_are_no_access_lists() {
    let (heard, _) = hears(&[], &request(&["ACL", "SETUSER", "x", "%"]));
    assert!(heard.starts_with("-ERR unknown command 'ACL'"), "{heard}");
}

/// Redis #13004: woken for nothing, a client waited its whole time again.
#[test]
fn waking_for_nothing_does_not_begin_the_wait_anew() {
    let mut house = House::with_guests(&[("hz", "100")], 2);
    house.ask(1, "BLPOP queue 0.5");
    let began = house.net_now();
    let waited = |house: &House| house.net_now().saturating_sub(began);
    let mut woken = 0;
    while waited(&house) < Micros::from_millis(300) {
        woken += 1;
        // There, and gone again before the wait could end.
        house.ask(2, "MULTI");
        house.ask(2, "RPUSH queue x");
        house.ask(2, "LPOP queue");
        house.ask(2, "EXEC");
        house.ask(2, "SET queue text");
        house.ask(2, "DEL queue");
    }
    assert!(woken > 1 && waited(&house) < Micros::from_millis(490));
    assert_eq!(house.news(1), "");
    house.pass(Micros::from_millis(520).saturating_sub(waited(&house)));
    assert_eq!(house.news(1), "*-1\r\n", "half a second after it began");
}

/// Redis #12474: a wait so long that the sum overflowed.
#[test]
fn the_longest_waits_are_answered_or_refused() {
    for seconds in ["9223372036854775", "9223372036854775.807", "1e300", "1e18", "4611686018427387"]
    {
        let mut house = House::with_guests(&[], 2);
        let said = house.ask(1, &format!("BLPOP queue {seconds}"));
        house.pass(Micros::from_secs(2));
        let waits = house.engine.server().blocking.clients() == 1;
        assert!(waits != said.starts_with("-ERR timeout is"), "{seconds}: {said}");
        assert_eq!(house.ask(2, "PING"), "+PONG\r\n");
    }
    for ms in ["9223372036854775807", "9223372036854775808"] {
        let (heard, _) = hears(&[], &request(&["CLIENT", "PAUSE", ms]));
        assert!(heard.starts_with("-ERR timeout is"), "{ms}: {heard}");
    }
}

/// 64f201c2a: several commands that wait, in one packet.
#[test]
fn waits_in_one_pipeline_follow_one_another() {
    let mut house = House::with_guests(&[], 2);
    let waits = ["a", "b", "c"].map(|key| request(&["BLPOP", key, "0"])).concat();
    house.send(1, [waits, request(&["PING"])].concat());
    house.settle();
    // In another order: what is not waited for yet stays in its list.
    for key in ["c", "a", "b"] {
        assert_eq!(house.ask(2, &format!("RPUSH {key} {key}{key}")), ":1\r\n");
    }
    let all = [popped("a", "aa"), popped("b", "bb"), popped("c", "cc")].concat();
    assert_eq!(house.news(1), all + "+PONG\r\n");
}

/// Redis #9477: a new pause ended when the old one would have.
#[test]
fn a_pause_that_was_ended_has_no_part_in_the_next_one() {
    let mut house = House::with_guests(&[("hz", "100")], 2);
    house.ask(1, "CLIENT PAUSE 100000 WRITE");
    house.ask(1, "CLIENT UNPAUSE");
    house.ask(1, "CLIENT PAUSE 200 WRITE");
    assert_eq!(house.ask(2, "SET k v"), "");
    house.pass(Micros::from_millis(250));
    assert_eq!(house.news(2), "+OK\r\n");
}

/// RANDOMKEY looked for a living key for ever while a pause kept the dead.
#[test]
fn randomkey_ends_although_every_key_is_past_its_time() {
    let mut house = House::with_guests(&[], 1);
    for key in ["a", "b", "c"] {
        house.ask(1, &format!("SET {key} v PX 5"));
    }
    house.ask(1, "CLIENT PAUSE 100000 WRITE");
    house.pass(Micros::from_millis(50));
    let said = house.ask(1, "RANDOMKEY");
    assert_eq!(replies(&said).len(), 1, "{said}");
}

/// 513931dfe: the table of descriptors grew while a handler held a place in it.
#[test]
fn the_tables_grow_while_the_door_is_open() {
    let mut text = "onechef scenario 1\nset max-new-connections-per-cycle 1000\n".to_owned();
    (0..400).for_each(|n| text.push_str(&format!("client guest-{n}\n")));
    for n in 0..400 {
        text.push_str(&format!("at 1ms guest-{n} connects\nat 2ms guest-{n} sends PING\n"));
    }
    let (sim, _) = run(&text);
    assert_eq!(sim.engine().server().clients.len(), 400);
    assert!((0..400).all(|guest| sim.received(guest) == b"+PONG\r\n"));
}

/// Ours, found by seed 76111: in the cycle that ended a pause, what a guest
/// sent next ran before what the pause had held up.
#[test]
fn what_comes_with_the_end_of_a_pause_waits_for_what_it_held_up() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "CLIENT PAUSE 100000 WRITE");
    assert_eq!(house.ask(2, "SET k v"), "");
    house.send(1, request(&["CLIENT", "UNPAUSE"]));
    house.send(2, request(&["PING"]));
    house.settle();
    assert_eq!(house.news(2), "+OK\r\n+PONG\r\n");
}

/// Ours, found by seed 25828: a write told that a client was gone while its
/// command waited for a pause to end; the command ran all the same.
#[test]
fn what_a_pause_held_up_is_not_run_for_somebody_who_is_gone() {
    run(GONE_DURING_A_PAUSE);
}

const GONE_DURING_A_PAUSE: &str = r#"onechef scenario 1
seed    25828
fault   short-reads 732 read-eagain 257 accept-aborted 171 spurious 233
calm    80ms
client  guest-0
client  guest-1 latency 1us receive-buffer 85 send-buffer 213 server-receive-buffer 117
client  guest-2
at 4.934ms guest-2 connects
at 5.719ms guest-0 connects
at 6.36ms  guest-2 sends CLIENT REPLY ON
at 7.425ms guest-2 sends CLIENT PAUSE 5
at 7.57ms  guest-1 connects
at 9.464ms guest-1 sends RESET
at 10.453ms guest-1 sends INFO
at 11.096ms guest-2 sends CLIENT PAUSE 4
at 13.165ms guest-1 reads 1
at 13.594ms guest-0 sends LPUSH 0:0s "x" y
at 17.163ms guest-1 sends HELLO 3
at 18.317ms guest-1 resets"#;
