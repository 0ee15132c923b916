//! Waiting: who is served when, and what becomes of whoever waits no longer.

use crate::house::{EPOCH_US, House, request};
use onechef::engine::client::ClientFlags;
use onechef::event::{BlockedOn, Event, UnblockReason};
use onechef::net::virt::GuestAction;
use onechef::time::Micros;

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

fn popped(key: &str, value: &str) -> String {
    format!("*2\r\n${}\r\n{key}\r\n${}\r\n{value}\r\n", key.len(), value.len())
}

#[test]
fn who_came_first_to_a_key_is_served_first() {
    let mut house = House::with_guests(&[], 4);
    assert_eq!(house.ask(2, "BLPOP other k 0"), "");
    assert_eq!(house.ask(1, "BRPOP k 0"), "");
    assert_eq!(house.ask(3, "BLMPOP 0 1 k LEFT COUNT 9"), "");
    assert_eq!(house.engine.server().blocking.clients(), 3);
    assert_eq!(house.ask(4, "RPUSH k a b c d"), ":4\r\n");
    assert_eq!(house.news(2), popped("k", "a"));
    assert_eq!(house.news(1), popped("k", "d"));
    assert_eq!(house.news(3), "*2\r\n$1\r\nk\r\n*2\r\n$1\r\nb\r\n$1\r\nc\r\n");
    assert_eq!(house.ask(4, "EXISTS k"), ":0\r\n");
    let blocking = &house.engine.server().blocking;
    assert_eq!((blocking.clients(), blocking.keys(), blocking.timeouts()), (0, 0, 0));
}

#[test]
fn one_element_serves_one_and_the_others_wait_on() {
    let mut house = House::with_guests(&[], 3);
    house.ask(1, "BLPOP k 0");
    house.ask(2, "BLPOP k 0");
    house.take_facts();
    house.ask(3, "LPUSH k x");
    assert_eq!((house.news(1), house.news(2)), (popped("k", "x"), String::new()));
    house.ask(3, "LPUSH k y");
    assert_eq!(house.news(2), popped("k", "y"));
}

/// The order of facts: the pusher is done before anybody is served.
#[test]
fn the_waiter_s_command_runs_again_after_the_command_that_pushed() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "BLPOP k 0");
    house.ask(2, "LPUSH k x");
    let told: Vec<String> = house
        .take_facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Event::CommandBegin { client, name } => Some(format!("{client} {name}(")),
            Event::CommandEnd { client, name, .. } => Some(format!("){name} {client}")),
            Event::Blocked { client, on: BlockedOn::Keys { keys, until: None } } => {
                Some(format!("{client} waits for {}", keys[0]))
            }
            Event::Unblocked { client, why: UnblockReason::KeyReady } => {
                Some(format!("{client} is woken"))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        told.join(", "),
        "1 blpop(, 1 waits for k, )blpop 1, 2 lpush(, )lpush 2, 1 is woken, 1 blpop(, )blpop 1"
    );
    assert_eq!(house.engine.server().stats.total_commands_processed, 2, "a wait counts once");
}

#[test]
fn moves_wake_whoever_waits_for_their_target() {
    let mut house = House::with_guests(&[], 3);
    house.ask(1, "BLMOVE a b LEFT RIGHT 0");
    house.ask(2, "BRPOPLPUSH b c 0");
    house.ask(3, "RPUSH a x");
    assert_eq!((house.news(1), house.news(2)), ("$1\r\nx\r\n".into(), "$1\r\nx\r\n".into()));
    assert_eq!(house.ask(3, "LRANGE c 0 -1"), "*1\r\n$1\r\nx\r\n");
}

#[test]
fn another_type_wakes_nobody_and_rename_does() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "BLPOP k 0");
    house.ask(2, "SET k text");
    house.ask(2, "DEL k");
    house.ask(2, "RPUSH j x");
    assert_eq!(house.news(1), "");
    assert_eq!(house.ask(2, "RENAME j k"), "+OK\r\n");
    assert_eq!(house.news(1), popped("k", "x"));
}

#[test]
fn a_transaction_wakes_when_it_is_over_and_never_waits() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "BLPOP k 0");
    let pipeline = [
        request(&["MULTI"]),
        request(&["LPUSH", "k", "x"]),
        request(&["DEL", "k"]),
        request(&["BLPOP", "k", "0"]),
        request(&["BLMOVE", "k", "k", "LEFT", "LEFT", "0"]),
        request(&["BLMPOP", "0", "1", "k", "LEFT"]),
        request(&["EXEC"]),
    ];
    house.send(2, pipeline.concat());
    house.settle();
    assert!(house.news(2).ends_with("*5\r\n:1\r\n:1\r\n*-1\r\n$-1\r\n*-1\r\n"));
    assert_eq!(house.news(1), "", "the list came and went");
    assert!(house.engine.server().blocking.is_settled());
}

#[test]
fn time_runs_out_in_the_next_cycle_and_the_answer_is_null() {
    let mut house = House::with_guests(&[], 3);
    let before = house.net_now();
    house.send(1, request(&["BLPOP", "k", "3"]));
    house.send(2, request(&["BRPOPLPUSH", "k", "j", "2.0001"]));
    house.settle();
    assert_eq!(house.engine.server().blocking.timeouts(), 2);
    house.pass(Micros::from_millis(4_000));
    assert_eq!((house.news(1), house.news(2)), ("*-1\r\n".into(), "*-1\r\n".into()));
    let ends: Vec<(u64, Micros)> = house
        .facts
        .iter()
        .filter_map(|fact| match fact.event {
            Event::Unblocked { client, why: UnblockReason::Timeout } => Some((client.0, fact.at)),
            _ => None,
        })
        .collect();
    assert_eq!(ends.iter().map(|end| end.0).collect::<Vec<_>>(), [2, 1], "in order of time");
    for ((_, at), least_ms) in ends.into_iter().zip([2_001, 3_000]) {
        let waited = at.saturating_sub(before);
        // A tick of the cron, and the way to the server.
        let most = Micros::from_millis(least_ms + 120);
        assert!(waited >= Micros::from_millis(least_ms) && waited <= most, "{waited}");
    }
    assert_eq!(house.ask(3, "LPUSH k x"), ":1\r\n");
    assert_eq!(house.ask(3, "LLEN k"), ":1\r\n");
}

#[test]
fn what_was_sent_while_waiting_runs_afterwards_and_in_order() {
    let mut house = House::with_guests(&[], 2);
    house.send(1, [&request(&["BLPOP", "k", "0"])[..], &PING.repeat(1_000)].concat());
    house.settle();
    assert_eq!(house.news(1), "");
    assert_eq!(house.client_field(2, 1, "qbuf"), "14000");
    assert_eq!(house.client_field(2, 1, "flags"), "b");
    assert!(house.ask(2, "INFO clients").contains("blocked_clients:1\r\n"));
    house.ask(2, "LPUSH k x");
    assert_eq!(house.news(1), popped("k", "x") + &"+PONG\r\n".repeat(1_000));
    assert_eq!(house.client_field(2, 1, "qbuf"), "0");
}

#[test]
fn whoever_leaves_while_waiting_takes_nothing_along() {
    for leave in [GuestAction::HalfClose, GuestAction::Reset, GuestAction::Close] {
        let mut house = House::with_guests(&[], 2);
        house.ask(1, "BLPOP k 500");
        // In the same cycle: the end first, then what it waited for.
        house.act(1, leave);
        house.send(2, request(&["LPUSH", "k", "x"]));
        house.settle();
        assert_eq!(house.news(2), ":1\r\n");
        let blocking = &house.engine.server().blocking;
        assert_eq!((blocking.clients(), blocking.keys(), blocking.timeouts()), (0, 0, 0));
        assert_eq!(house.ask(2, "LLEN k"), ":1\r\n");
    }
}

#[test]
fn client_unblock_answers_in_place_of_the_key() {
    let mut house = House::with_guests(&[], 2);
    house.send(1, [request(&["BLPOP", "k", "0"]), PING.to_vec()].concat());
    house.settle();
    assert_eq!(house.ask(2, "CLIENT UNBLOCK 1"), ":1\r\n");
    assert_eq!(house.news(1), "*-1\r\n+PONG\r\n");
    assert_eq!(house.ask(2, "CLIENT UNBLOCK 1"), ":0\r\n");
    house.ask(1, "BLPOP k 100");
    assert_eq!(house.ask(2, "CLIENT UNBLOCK 1 ERROR"), ":1\r\n");
    assert_eq!(house.news(1), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
    assert_eq!(house.engine.server().blocking.timeouts(), 0);
    assert_eq!(
        house.ask(2, "CLIENT UNBLOCK 1 NOW"),
        "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR\r\n"
    );
    assert!(house.ask(2, "CLIENT UNBLOCK x").starts_with("-ERR value is not an integer"));
}

#[test]
fn who_waits_is_not_idle() {
    let mut house = House::new(&[("timeout", "1")]);
    house.connect(1);
    house.ask(1, "BLPOP k 0");
    house.pass(Micros::from_millis(3_000));
    assert_eq!(house.end(1), None);
}

#[test]
fn a_silent_skip_covers_the_whole_wait() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "CLIENT REPLY SKIP");
    house.send(1, [request(&["BLPOP", "k", "0"]), PING.to_vec()].concat());
    house.settle();
    house.ask(2, "LPUSH k x");
    assert_eq!(house.news(1), "+PONG\r\n");
}

#[test]
fn a_pause_of_writes_puts_off_writes_and_nothing_else() {
    let mut house = House::with_guests(&[], 3);
    assert_eq!(house.ask(3, "CLIENT PAUSE 3000 WRITE"), "+OK\r\n");
    assert_eq!(
        house.ask(3, "CLIENT PAUSE 100 ALL NOW"),
        "-ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP.\r\n"
    );
    assert_eq!(
        house.ask(3, "CLIENT PAUSE x"),
        "-ERR timeout is not an integer or out of range\r\n"
    );
    assert_eq!(house.ask(3, "CLIENT PAUSE -1"), "-ERR timeout is negative\r\n");
    assert_eq!(
        house.ask(3, "CLIENT PAUSE 1 READ"),
        "-ERR CLIENT PAUSE mode must be WRITE or ALL\r\n"
    );
    house.send(1, [request(&["SET", "k", "1"]), PING.to_vec()].concat());
    house.ask(2, "MULTI");
    house.send(2, request(&["SET", "k", "2"]));
    house.settle();
    assert_eq!((house.news(1), house.news(2)), (String::new(), String::new()));
    assert_eq!(house.ask(3, "GET k"), "$-1\r\n");
    assert_eq!(house.client_field(3, 1, "flags"), "b");
    assert_eq!(house.ask(3, "CLIENT UNBLOCK 1"), ":0\r\n", "nobody is freed from a pause");
    house.pass(Micros::from_millis(3_500));
    assert_eq!((house.news(1), house.news(2)), ("+OK\r\n+PONG\r\n".into(), "+QUEUED\r\n".into()));
    assert_eq!(house.ask(3, "GET k"), "$1\r\n1\r\n");
}

#[test]
fn unpause_lets_everybody_go_on_in_order() {
    let mut house = House::with_guests(&[], 4);
    house.ask(4, "CLIENT PAUSE 100000 WRITE");
    for guest in [2, 1, 3] {
        let name = guest.to_string();
        house.send(guest, request(&["RPUSH", "l", &name]));
        house.settle();
    }
    assert_eq!(house.ask(4, "CLIENT UNPAUSE"), "+OK\r\n");
    assert_eq!(house.ask(4, "LRANGE l 0 -1"), "*3\r\n$1\r\n2\r\n$1\r\n1\r\n$1\r\n3\r\n");
    assert!((1..=3).all(|guest| house.news(guest).starts_with(':')));
    let flags = |house: &House| {
        house.engine.server().clients.iter().any(|(_, c)| c.flags.has(ClientFlags::BLOCKED))
    };
    assert!(!flags(&house));
}

#[test]
fn a_pause_of_everything_holds_up_everything_and_keeps_keys_that_end() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "SET k 1 PX 500");
    // Of two the stricter one and the longer one count.
    house.ask(1, "CLIENT PAUSE 2500 WRITE");
    house.ask(1, "CLIENT PAUSE 20 ALL");
    assert_eq!(house.ask(2, "PING"), "");
    house.pass(Micros::from_millis(1_200));
    assert_eq!(house.engine.server().store.db(0).len(), 1, "ended, and still there");
    house.pass(Micros::from_millis(3_000));
    assert_eq!(house.news(2), "+PONG\r\n");
    assert_eq!(house.engine.server().store.db(0).len(), 0);
}

/// Protects: no key goes while writes are paused, not even one that is asked for
/// after its end (`expireIfNeeded`).
#[test]
fn who_asks_for_an_ended_key_in_a_pause_gets_nothing_and_leaves_it_there() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "SET k 1 PX 500");
    house.ask(1, "CLIENT PAUSE 3000 WRITE");
    house.pass(Micros::from_millis(800));
    assert_eq!(house.ask(2, "GET k"), "$-1\r\n");
    assert_eq!(house.ask(2, "DBSIZE"), ":1\r\n");
    house.pass(Micros::from_millis(3_000));
    assert_eq!(house.ask(2, "GET k"), "$-1\r\n");
    assert_eq!(house.ask(2, "DBSIZE"), ":0\r\n");
}

/// Protects: what a slow command took is not taken off the lives of keys that
/// are written behind it in the same cycle (`call` refreshes the cached time).
#[test]
fn a_key_written_behind_a_slow_command_lives_as_long_as_it_was_told() {
    let mut house = House::with_guests(&[], 1);
    house.ask(1, "DEBUG POPULATE 500000");
    house.take_facts();
    let began = house.net_now();
    let (slow, set) = (request(&["KEYS", "none"]), request(&["SET", "k", "v", "PX", "1000"]));
    house.send(1, [slow, set].concat());
    house.settle();
    assert_eq!(house.news(1), "*0\r\n+OK\r\n");
    let took = house.take_facts().into_iter().find_map(|fact| match fact {
        Event::CommandEnd { took, .. } => Some(took),
        _ => None,
    });
    let took = took.expect("it ran");
    assert!(took > Micros::from_millis(20), "{took}");
    let ends = house.ask(1, "PEXPIRETIME k");
    let ends_ms: u64 = ends.trim_start_matches(':').trim_end().parse().expect("a time");
    let written = (EPOCH_US + began.saturating_add(took).0) / 1_000;
    assert!(ends_ms >= written + 1_000, "written at {written}, ends at {ends_ms}");
}

/// Protects: who names a key twice stands in its queue once, wherever that is.
#[test]
fn who_names_a_key_twice_behind_others_gets_one_element() {
    let mut house = House::with_guests(&[], 4);
    for (guest, words) in [(1, "BLPOP k 0"), (2, "BLPOP k k 0"), (3, "BLPOP k 0")] {
        assert_eq!(house.ask(guest, words), "");
        let waits = house.take_facts().into_iter().find_map(|fact| match fact {
            Event::Blocked { on: BlockedOn::Keys { keys, .. }, .. } => Some(keys.len()),
            _ => None,
        });
        assert_eq!(waits, Some(1), "{words}");
    }
    assert_eq!(house.ask(4, "RPUSH k a b c d"), ":4\r\n");
    for (guest, element) in [(1, "a"), (2, "b"), (3, "c")] {
        assert_eq!(house.news(guest), format!("*2\r\n$1\r\nk\r\n$1\r\n{element}\r\n"));
    }
    assert_eq!(house.engine.server().blocking.keys(), 0);
    assert_eq!(house.ask(2, "LRANGE k 0 -1"), "*1\r\n$1\r\nd\r\n");
}

/// Protects: waiting for many keys costs as much as naming them, and so does
/// having them all filled at once. With each key compared to all before it,
/// one request held everybody up for minutes.
#[test]
fn waiting_for_very_many_keys_holds_nobody_up() {
    const KEYS: usize = 200_000;
    let keys: Vec<String> = (0..KEYS).map(|n| format!("k{n}")).collect();
    let mut house = House::with_guests(&[], 2);
    house.tell_nobody();
    let mut words = vec!["BLPOP"];
    words.extend(keys.iter().map(String::as_str));
    words.push("k7");
    words.push("0");
    house.send(1, request(&words));
    house.settle();
    assert_eq!(house.engine.server().blocking.keys(), KEYS, "the same key twice counts once");
    let pushes = keys.iter().flat_map(|key| request(&["RPUSH", key, "x"]));
    house.send(2, request(&["MULTI"]).into_iter().chain(pushes).collect::<Vec<u8>>());
    house.settle();
    house.news(2);
    assert!(house.ask(2, "EXEC").starts_with(&format!("*{KEYS}\r\n:1\r\n")));
    assert_eq!(house.news(1), popped("k0", "x"));
    assert_eq!(house.engine.server().blocking.keys(), 0);
}

/// Protects: of a crowd that waits for one key, those for whom nothing is left
/// are not even looked at.
#[test]
fn one_element_for_a_crowd_of_waiters_serves_one() {
    let mut house = House::with_guests(&[], 2_001);
    house.tell_nobody();
    (1..=2_000).for_each(|guest| house.send(guest, request(&["BLPOP", "k", "0"])));
    house.settle();
    let push = request(&["RPUSH", "k", "x"]);
    house.send(2_001, push.repeat(1_990));
    house.settle();
    let served = (1..=2_000).filter(|guest| !house.news(*guest).is_empty()).count();
    assert_eq!((served, house.engine.server().blocking.clients()), (1_990, 10));
}
