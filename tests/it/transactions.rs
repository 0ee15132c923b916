//! Transactions: nothing in between, and what makes them fail.

use crate::house::{House, request};
use onechef::event::{CloseReason, Event, TransactionEnd, TransactionStep};
use onechef::net::virt::{GuestAction, Link};
use onechef::time::Micros;

/// Asks in order and compares each reply.
#[track_caller]
fn talk(house: &mut House, lines: &[(u32, &str, &str)]) {
    for (guest, words, reply) in lines {
        assert_eq!(house.ask(*guest, words), *reply, "guest {guest}: {words}");
    }
}

#[test]
fn commands_are_queued_and_answered_by_exec_in_order() {
    let mut house = House::with_guests(&[], 2);
    talk(
        &mut house,
        &[
            (1, "MULTI", "+OK\r\n"),
            (1, "SET k 1", "+QUEUED\r\n"),
            (1, "INCR k", "+QUEUED\r\n"),
            (1, "LPUSH k x", "+QUEUED\r\n"),
            (1, "GET k", "+QUEUED\r\n"),
            (2, "GET k", "$-1\r\n"),
            (
                1,
                "EXEC",
                "*4\r\n+OK\r\n:2\r\n-WRONGTYPE Operation against a key holding the wrong kind of \
                 value\r\n$1\r\n2\r\n",
            ),
            (1, "EXEC", "-ERR EXEC without MULTI\r\n"),
            (1, "DISCARD", "-ERR DISCARD without MULTI\r\n"),
            (1, "MULTI", "+OK\r\n"),
            (1, "EXEC", "*0\r\n"),
            (1, "MULTI", "+OK\r\n"),
            (1, "SET k 9", "+QUEUED\r\n"),
            (1, "DISCARD", "+OK\r\n"),
            (1, "GET k", "$1\r\n2\r\n"),
        ],
    );
}

#[test]
fn a_refused_request_spoils_the_transaction_and_an_error_of_multi_does_not() {
    let mut house = House::with_guests(&[], 1);
    let aborted = "-EXECABORT Transaction discarded because of previous errors.\r\n";
    talk(
        &mut house,
        &[
            (1, "MULTI", "+OK\r\n"),
            (1, "MULTI", "-ERR MULTI calls can not be nested\r\n"),
            (1, "WATCH k", "-ERR WATCH inside MULTI is not allowed\r\n"),
            (1, "SET k 1", "+QUEUED\r\n"),
            (1, "EXEC", "*1\r\n+OK\r\n"),
            (1, "MULTI", "+OK\r\n"),
            (1, "SET k 2", "+QUEUED\r\n"),
            (1, "GET", "-ERR wrong number of arguments for 'get' command\r\n"),
            (1, "SET k 3", "+QUEUED\r\n"),
            (1, "EXEC", aborted),
            (1, "MULTI", "+OK\r\n"),
            (1, "SHUTDOWN NOSAVE", "-ERR Command not allowed inside a transaction\r\n"),
            (1, "EXEC", aborted),
            (
                1,
                "EXEC now",
                "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' \
                 command\r\n",
            ),
            (1, "GET k", "$1\r\n1\r\n"),
        ],
    );
}

#[test]
fn exec_does_nothing_once_a_watched_key_changed_in_any_way() {
    let changes = [
        "SET k 2",
        "APPEND k x",
        "DEL k",
        "EXPIRE k 100",
        "RENAME k other",
        "RENAME other k",
        "FLUSHDB",
        "FLUSHALL",
        "GETDEL k",
        "PERSIST k",
    ];
    for change in changes {
        let mut house = House::with_guests(&[], 2);
        talk(
            &mut house,
            &[
                (2, "SET k 1 EX 500", "+OK\r\n"),
                (2, "SET other o", "+OK\r\n"),
                (1, "WATCH k", "+OK\r\n"),
            ],
        );
        house.ask(2, change);
        let dirty = house.client_field(2, 1, "flags");
        assert_eq!(dirty, "d", "{change}");
        talk(
            &mut house,
            &[
                (1, "MULTI", "+OK\r\n"),
                (1, "SET k mine", "+QUEUED\r\n"),
                (1, "EXEC", "*-1\r\n"),
                (1, "MULTI", "+OK\r\n"),
                (1, "EXEC", "*0\r\n"),
            ],
        );
    }
}

#[test]
fn looking_is_no_change_and_unwatch_forgives() {
    let mut house = House::with_guests(&[], 2);
    talk(
        &mut house,
        &[
            (1, "SET k 1", "+OK\r\n"),
            (1, "WATCH k nothing", "+OK\r\n"),
            (2, "GET k", "$1\r\n1\r\n"),
            (2, "SELECT 1", "+OK\r\n"),
            (2, "SET k elsewhere", "+OK\r\n"),
            (2, "FLUSHDB", "+OK\r\n"),
            (1, "MULTI", "+OK\r\n"),
            (1, "EXEC", "*0\r\n"),
            (1, "WATCH k", "+OK\r\n"),
            (1, "SET k 2", "+OK\r\n"),
            (1, "UNWATCH", "+OK\r\n"),
            (1, "MULTI", "+OK\r\n"),
            (1, "EXEC", "*0\r\n"),
        ],
    );
    assert!(house.engine.server().watched_keys.is_empty());
}

/// A key that ends by itself has changed, noticed or not; one that had ended
/// before it was watched has not.
#[test]
fn expiry_is_a_change() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "SET k 1 PX 200");
    house.ask(1, "WATCH k");
    house.ask(1, "MULTI");
    house.pass(Micros::from_millis(600));
    assert_eq!(house.ask(1, "EXEC"), "*-1\r\n", "the active cycle removed it");

    let pipeline = ["SET k 1 PX 50", "WATCH k", "DEBUG SLEEP 0.1", "MULTI", "EXEC"];
    let words = |line: &str| request(&line.split(' ').collect::<Vec<_>>());
    house.send(1, pipeline.map(words).concat());
    house.settle();
    assert_eq!(house.news(1), "+OK\r\n+OK\r\n+OK\r\n+OK\r\n*-1\r\n", "nobody noticed yet");
    let pipeline = ["SET k 1 PX 50", "DEBUG SLEEP 0.1", "WATCH k", "GET k", "MULTI", "EXEC"];
    house.send(1, pipeline.map(words).concat());
    house.settle();
    assert_eq!(house.news(1), "+OK\r\n+OK\r\n+OK\r\n$-1\r\n+OK\r\n*0\r\n");
}

#[test]
fn each_queued_command_has_its_own_facts_inside_those_of_exec() {
    let mut house = House::with_guests(&[], 1);
    let pipeline = [
        request(&["MULTI"]),
        request(&["SET", "k", "1"]),
        request(&["GET", "k"]),
        request(&["EXEC"]),
    ];
    house.send(1, pipeline.concat());
    house.settle();
    assert_eq!(house.heard(1), "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$1\r\n1\r\n");
    let told: Vec<String> = house
        .take_facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Event::CommandBegin { name, .. } => Some(format!("{name}(")),
            Event::CommandEnd { name, .. } => Some(format!("){name}")),
            Event::ReplyQueued { bytes, .. } => Some(bytes.head),
            Event::Transaction { step, .. } => Some(match step {
                TransactionStep::Begun => "begun".into(),
                TransactionStep::Queued { name, commands } => format!("{name}:{commands}"),
                TransactionStep::Executing { commands } => format!("executing {commands}"),
                TransactionStep::Ended { how: TransactionEnd::Executed } => "done".into(),
                other => panic!("{other:?}"),
            }),
            _ => None,
        })
        .collect();
    let expected = r"multi( begun )multi +OK\r\n set:1 +QUEUED\r\n get:2 +QUEUED\r\n exec( executing 2 *2\r\n set( )set +OK\r\n get( )get $1\r\n1\r\n done )exec";
    assert_eq!(told.join(" "), expected);
    assert_eq!(house.engine.server().stats.total_commands_processed, 4);
}

#[test]
fn client_list_tells_of_the_queue_and_of_watched_keys() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "WATCH a b a");
    assert_eq!(house.client_field(2, 1, "watch"), "2");
    assert_eq!(house.client_field(2, 1, "multi"), "-1");
    house.ask(1, "MULTI");
    house.ask(1, "SET a 1");
    assert_eq!(house.client_field(2, 1, "flags"), "x");
    assert_eq!(house.client_field(2, 1, "multi"), "1");
    assert_ne!(house.client_field(2, 1, "multi-mem"), "0");
    assert_eq!(house.client_field(2, 1, "cmd"), "set");
    house.ask(1, "RESET");
    assert_eq!(house.client_field(2, 1, "flags"), "N");
    assert_eq!(house.client_field(2, 1, "watch"), "0");
    assert!(house.engine.server().watched_keys.is_empty());
}

/// A queue is input that was taken and not worked off: it counts.
#[test]
fn a_queue_without_end_is_an_order_without_end() {
    let mut house = House::new(&[("client-query-buffer-limit", "1mb")]);
    house.connect_by(1, Link { server_receive_bytes: 1 << 22, ..Link::default() });
    house.send(1, request(&["MULTI"]));
    let value = "v".repeat(100_000);
    (0..12).for_each(|_| house.send(1, request(&["SET", "k", &value])));
    house.settle();
    assert!(house.end(1).is_some());
    let why = house.take_facts().into_iter().find_map(|fact| match fact {
        Event::ClientFreed { why, .. } => Some(why),
        _ => None,
    });
    assert_eq!(why, Some(CloseReason::QueryBufferLimit));
}

/// As since 7.4: memory is no reason to refuse what needs none, in a transaction
/// as outside; how much may be queued is `client-query-buffer-limit`'s matter.
#[test]
fn above_maxmemory_a_transaction_is_refused_only_what_needs_more() {
    let oom = "OOM command not allowed when used memory > 'maxmemory'.\r\n";
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "SET k 1");
    house.ask(1, "MULTI");
    house.ask(1, "SET k 2");
    house.ask(2, "CONFIG SET maxmemory 1");
    assert_eq!(house.ask(1, "GET k"), "+QUEUED\r\n");
    assert_eq!(
        house.ask(1, "EXEC"),
        format!("-EXECABORT Transaction discarded because of: {oom}"),
        "a queued command needs memory"
    );
    house.ask(1, "MULTI");
    assert_eq!(house.ask(1, "GET k"), "+QUEUED\r\n");
    assert_eq!(house.ask(1, "EXEC"), "*1\r\n$1\r\n1\r\n");
    house.ask(1, "MULTI");
    assert_eq!(house.ask(1, "SET k 2"), format!("-{oom}"));
    assert!(house.ask(1, "EXEC").starts_with("-EXECABORT"));
}

#[test]
fn whoever_leaves_in_the_middle_leaves_nothing_behind() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "WATCH a b");
    house.ask(1, "MULTI");
    house.ask(1, "SET a 1");
    house.act(1, GuestAction::Reset);
    house.settle();
    assert!(house.engine.server().watched_keys.is_empty());
    assert_eq!(house.ask(2, "SET a 2"), "+OK\r\n");
}

/// Protects: who stops watching a key, or leaves, takes nobody else's watch
/// along.
#[test]
fn a_key_that_several_watch_is_watched_until_the_last_one_stops() {
    for ends in ["UNWATCH", "QUIT"] {
        let mut house = House::with_guests(&[], 3);
        talk(&mut house, &[(1, "WATCH k", "+OK\r\n"), (2, "WATCH k", "+OK\r\n")]);
        house.ask(2, ends);
        talk(
            &mut house,
            &[
                (3, "SET k 2", "+OK\r\n"),
                (1, "MULTI", "+OK\r\n"),
                (1, "SET k mine", "+QUEUED\r\n"),
                (1, "EXEC", "*-1\r\n"),
                (1, "GET k", "$1\r\n2\r\n"),
            ],
        );
        assert!(house.engine.server().watched_keys.is_empty(), "{ends}");
    }
}

/// Protects: what watching one more key costs does not grow with how many are
/// watched already.
#[test]
fn watching_very_many_keys_holds_nobody_up() {
    const KEYS: usize = 200_000;
    let keys: Vec<String> = (0..KEYS).map(|n| format!("k{n}")).collect();
    let mut words = vec!["WATCH", "k7"];
    words.extend(keys.iter().map(String::as_str));
    let mut house = House::with_guests(&[], 1);
    house.tell_nobody();
    house.send(1, request(&words));
    house.settle();
    assert_eq!(house.news(1), "+OK\r\n");
    assert_eq!(house.engine.server().watched_keys.len(), KEYS, "the same key twice counts once");
    assert_eq!(house.ask(1, "UNWATCH"), "+OK\r\n");
    assert!(house.engine.server().watched_keys.is_empty());
}

/// Protects: GETEX … PERSIST of a key without an end changes nothing, so nobody's
/// transaction fails for it.
#[test]
fn what_changes_nothing_fails_nobody() {
    for words in ["GETEX k PERSIST", "PERSIST k", "SETNX k 2", "GETEX k", "LPUSHX l x", "DEL none"]
    {
        let mut house = House::with_guests(&[], 2);
        talk(&mut house, &[(1, "SET k 1", "+OK\r\n"), (1, "WATCH k l none", "+OK\r\n")]);
        house.ask(2, words);
        talk(&mut house, &[(1, "MULTI", "+OK\r\n"), (1, "EXEC", "*0\r\n")]);
        assert_eq!(house.ask(1, "GET k"), "$1\r\n1\r\n", "{words}");
    }
}
