//! What commands state about the keyspace: the page draws nothing else.

use super::caller::Caller;
use onechef::event::{Event, KeyChange};
use onechef::time::Micros;
use onechef::trace::{Record, World};

/// Facts in short: `key change`.
fn told(caller: &mut Caller, words: &str) -> Vec<String> {
    caller.say(words);
    caller.facts().into_iter().filter_map(short).collect()
}

fn short(fact: Event) -> Option<String> {
    match fact {
        Event::Key { client, db, key, change } => {
            assert_eq!(client.map(|id| id.0), Some(1));
            let change = match change {
                KeyChange::Read { found } => format!("read {found}"),
                KeyChange::Written { kind, size, value, created } => {
                    format!("written {kind} {size} {value} {created}")
                }
                KeyChange::Deleted => "deleted".into(),
                KeyChange::Expired => "expired".into(),
                KeyChange::Ttl { ms } => format!("ttl {ms:?}"),
            };
            Some(format!("{db}:{key} {change}"))
        }
        Event::Flushed { db } => Some(format!("flushed {db:?}")),
        Event::Config { name, value } => Some(format!("config {name}={value}")),
        _ => None,
    }
}

#[test]
fn every_look_and_change_is_a_fact() {
    let mut caller = Caller::new();
    caller.watch();
    for (words, facts) in [
        ("GET k", &["0:k read false"][..]),
        ("SET k hello", &["0:k written string 5 hello true"]),
        ("SET k 12 EX 5", &["0:k written string 2 12 false", "0:k ttl Some(5000)"]),
        ("INCR k", &["0:k read true", "0:k written string 2 13 false"]),
        ("PERSIST k", &["0:k read true", "0:k ttl None"]),
        ("EXPIRE k 7", &["0:k read true", "0:k ttl Some(7000)"]),
        (
            "RENAME k j",
            &[
                "0:k read true",
                "0:j read false",
                "0:k deleted",
                "0:j written string 2 13 true",
                "0:j ttl Some(7000)",
            ],
        ),
        ("EXPIRE j 0", &["0:j read true", "0:j deleted"]),
        ("RPUSH l a b", &["0:l read false", "0:l written list 2  true"]),
        ("LPOP l", &["0:l read true", "0:l written list 1  false"]),
        ("LPOP l", &["0:l read true", "0:l written list 0  false", "0:l deleted"]),
        ("SELECT 3", &[]),
        ("SET k v PX 1", &["3:k written string 1 v true", "3:k ttl Some(1)"]),
        ("FLUSHDB", &["flushed Some(3)"]),
        ("FLUSHALL", &["flushed None"]),
        ("CONFIG SET hz 20", &["config hz=20"]),
        ("CONFIG SET requirepass secret", &["config requirepass=(hidden)"]),
    ] {
        assert_eq!(told(&mut caller, words), facts, "{words}");
    }
}

#[test]
fn what_expires_unasked_or_asked_is_told() {
    let mut caller = Caller::new();
    caller.watch();
    for words in ["GET k", "SET k w", "RANDOMKEY", "SCAN 0"] {
        caller.say("FLUSHALL");
        caller.say("SET k v PX 1");
        caller.facts();
        caller.wait_ms(2);
        let facts = told(&mut caller, words);
        assert_eq!(facts[0], "0:k expired", "{words}: {facts:?}");
    }
    assert_eq!(caller.server.stats.expired_keys, 4);
}

#[test]
fn a_thousand_keys_are_no_thousand_facts() {
    let mut caller = Caller::new();
    caller.watch();
    let mut world = World::default();
    for (words, keys) in [("SET key:5 mine", 1), ("DEBUG POPULATE 1000", 1_000)] {
        caller.say(words);
        let facts = caller.facts();
        assert!(facts.len() < 150, "{words}: {}", facts.len());
        for (seq, event) in (0..).zip(facts) {
            world.fold(&Record { seq, at: Micros::ZERO, event });
        }
        assert_eq!(world.pantry.sizes.get(&0), Some(&keys), "{words}");
    }
    assert_eq!(caller.server.store.db(0).len(), 1_000);
    assert_eq!(world.pantry.jars.last().map(|jar| &jar.key[..]), Some(&b"key:999"[..]));
}

#[test]
fn hits_and_misses_count_reads_only() {
    let mut caller = Caller::new();
    for words in
        ["SET k v", "GET k", "GET nothing", "MGET k k nothing", "APPEND k x", "DEL nothing"]
    {
        caller.say(words);
    }
    let stats = &caller.server.stats;
    assert_eq!((stats.keyspace_hits, stats.keyspace_misses), (3, 2));
}

#[test]
fn work_is_what_was_touched() {
    let mut caller = Caller::new();
    caller.say("DEBUG POPULATE 1000");
    for (words, units) in [
        ("GET key:1", 1),
        ("KEYS nothing*", 1_001),
        ("MGET a b c", 3),
        ("DEL key:1 key:2", 2),
        ("SCAN 0 COUNT 100", 101),
        ("RPUSH l a b c", 3),
        ("LRANGE l 0 -1", 4),
    ] {
        caller.say(words);
        assert_eq!(caller.units, units, "{words}");
    }
}
