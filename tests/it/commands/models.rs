//! Commands against the simplest thing that could be right.

use super::caller::Caller;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const KEYS: [&str; 4] = ["a", "b", "c", "d"];

/// A string with, perhaps, its end in milliseconds.
type Strings = BTreeMap<usize, (String, Option<i64>)>;

#[derive(Clone, Debug)]
enum StringStep {
    Set(usize, String),
    SetPx(usize, String, i64),
    SetKeepTtl(usize, String),
    SetNx(usize, String),
    Get(usize),
    GetDel(usize),
    Append(usize, String),
    IncrBy(usize, i64),
    Pexpire(usize, i64),
    Persist(usize),
    Pttl(usize),
    Rename(usize, usize),
    Del(usize),
    Wait(u64),
}

fn string_step() -> impl Strategy<Value = StringStep> {
    use StringStep::*;
    let key = || 0..KEYS.len();
    let text = || prop_oneof!["[a-z]{1,3}", "-?[0-9]{1,3}"];
    prop_oneof![
        (key(), text()).prop_map(|(k, v)| Set(k, v)),
        (key(), text(), 1..50_i64).prop_map(|(k, v, ms)| SetPx(k, v, ms)),
        (key(), text()).prop_map(|(k, v)| SetKeepTtl(k, v)),
        (key(), text()).prop_map(|(k, v)| SetNx(k, v)),
        key().prop_map(Get),
        key().prop_map(GetDel),
        (key(), text()).prop_map(|(k, v)| Append(k, v)),
        (key(), -5..5_i64).prop_map(|(k, n)| IncrBy(k, n)),
        (key(), -3..50_i64).prop_map(|(k, ms)| Pexpire(k, ms)),
        key().prop_map(Persist),
        key().prop_map(Pttl),
        (key(), key()).prop_map(|(k, j)| Rename(k, j)),
        key().prop_map(Del),
        (0..30_u64).prop_map(Wait),
    ]
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn integer(n: i64) -> String {
    format!(":{n}\r\n")
}

/// What the server should say, and what the model is afterwards.
fn expect(model: &mut Strings, now: &mut i64, step: &StringStep) -> String {
    use StringStep::*;
    model.retain(|_, (_, at)| at.is_none_or(|at| *now <= at));
    let ok = || "+OK\r\n".to_owned();
    let null = || "$-1\r\n".to_owned();
    match step.clone() {
        Set(k, v) => {
            model.insert(k, (v, None));
            ok()
        }
        SetPx(k, v, ms) => {
            model.insert(k, (v, Some(*now + ms)));
            ok()
        }
        SetKeepTtl(k, v) => {
            let at = model.get(&k).and_then(|(_, at)| *at);
            model.insert(k, (v, at));
            ok()
        }
        SetNx(k, v) => {
            let missing = !model.contains_key(&k);
            model.entry(k).or_insert((v, None));
            integer(i64::from(missing))
        }
        Get(k) => model.get(&k).map_or_else(null, |(v, _)| bulk(v)),
        GetDel(k) => model.remove(&k).map_or_else(null, |(v, _)| bulk(&v)),
        Append(k, v) => {
            let entry = model.entry(k).or_default();
            entry.0.push_str(&v);
            integer(entry.0.len() as i64)
        }
        IncrBy(k, by) => {
            let old = model.get(&k).map_or("0", |(v, _)| v);
            // Only the server's own spelling of a number is one.
            match old.parse::<i64>().ok().filter(|n| n.to_string() == old) {
                Some(n) => {
                    model.entry(k).or_default().0 = (n + by).to_string();
                    integer(n + by)
                }
                None => "-ERR value is not an integer or out of range\r\n".into(),
            }
        }
        Pexpire(k, ms) => match model.get_mut(&k) {
            None => integer(0),
            Some(_) if ms <= 0 => {
                model.remove(&k);
                integer(1)
            }
            Some((_, at)) => {
                *at = Some(*now + ms);
                integer(1)
            }
        },
        Persist(k) => {
            integer(i64::from(model.get_mut(&k).is_some_and(|(_, at)| at.take().is_some())))
        }
        Pttl(k) => integer(model.get(&k).map_or(-2, |(_, at)| at.map_or(-1, |at| at - *now))),
        Rename(k, j) => match model.remove(&k) {
            Some(entry) => {
                model.insert(j, entry);
                ok()
            }
            None => "-ERR no such key\r\n".into(),
        },
        Del(k) => integer(i64::from(model.remove(&k).is_some())),
        Wait(ms) => {
            *now += ms as i64;
            String::new()
        }
    }
}

fn words(step: &StringStep) -> Option<String> {
    use StringStep::*;
    let k = |i: &usize| KEYS[*i];
    Some(match step {
        Set(i, v) => format!("SET {} {v}", k(i)),
        SetPx(i, v, ms) => format!("SET {} {v} PX {ms}", k(i)),
        SetKeepTtl(i, v) => format!("SET {} {v} KEEPTTL", k(i)),
        SetNx(i, v) => format!("SETNX {} {v}", k(i)),
        Get(i) => format!("GET {}", k(i)),
        GetDel(i) => format!("GETDEL {}", k(i)),
        Append(i, v) => format!("APPEND {} {v}", k(i)),
        IncrBy(i, n) => format!("INCRBY {} {n}", k(i)),
        Pexpire(i, ms) => format!("PEXPIRE {} {ms}", k(i)),
        Persist(i) => format!("PERSIST {}", k(i)),
        Pttl(i) => format!("PTTL {}", k(i)),
        Rename(i, j) => format!("RENAME {} {}", k(i), k(j)),
        Del(i) => format!("DEL {}", k(i)),
        Wait(_) => return None,
    })
}

#[derive(Clone, Debug)]
enum ListStep {
    Push { front: bool, values: Vec<u32> },
    Pop { front: bool, count: Option<usize> },
    Range(i64, i64),
    Index(i64),
}

fn list_step() -> impl Strategy<Value = ListStep> {
    let position = || prop_oneof![-12..12_i64, Just(i64::MIN), Just(i64::MAX)];
    prop_oneof![
        (any::<bool>(), proptest::collection::vec(any::<u32>(), 1..5))
            .prop_map(|(front, values)| ListStep::Push { front, values }),
        (any::<bool>(), proptest::option::of(0..4_usize))
            .prop_map(|(front, count)| ListStep::Pop { front, count }),
        (position(), position()).prop_map(|(a, b)| ListStep::Range(a, b)),
        position().prop_map(ListStep::Index),
    ]
}

fn array<'a>(values: impl ExactSizeIterator<Item = &'a String>) -> String {
    let mut text = format!("*{}\r\n", values.len());
    values.for_each(|value| text.push_str(&bulk(value)));
    text
}

/// What the model answers; indexes by brute force over all positions.
fn expect_list(model: &mut VecDeque<String>, step: &ListStep) -> String {
    let len = model.len() as i128;
    let from_front = |at: i64| if at < 0 { i128::from(at) + len } else { i128::from(at) };
    match step {
        ListStep::Push { front, values } => {
            for value in values {
                if *front {
                    model.push_front(value.to_string());
                } else {
                    model.push_back(value.to_string());
                }
            }
            integer(model.len() as i64)
        }
        ListStep::Pop { front, count } => {
            let existed = !model.is_empty();
            let mut popped = Vec::new();
            while popped.len() < count.unwrap_or(1) {
                let one = if *front { model.pop_front() } else { model.pop_back() };
                let Some(one) = one else { break };
                popped.push(one);
            }
            match (count, existed) {
                (None, false) => "$-1\r\n".into(),
                (Some(_), false) => "*-1\r\n".into(),
                (None, true) => bulk(&popped[0]),
                (Some(_), true) => array(popped.iter()),
            }
        }
        ListStep::Range(start, end) => {
            let (start, end) = (from_front(*start), from_front(*end));
            let inside = |at: &usize| (start..=end).contains(&(*at as i128));
            let found: Vec<String> =
                (0..model.len()).filter(inside).map(|at| model[at].clone()).collect();
            array(found.iter())
        }
        ListStep::Index(at) => usize::try_from(from_front(*at))
            .ok()
            .and_then(|at| model.get(at))
            .map_or("$-1\r\n".into(), |value| bulk(value)),
    }
}

fn list_words(step: &ListStep) -> String {
    let side = |front: &bool| if *front { "L" } else { "R" };
    match step {
        ListStep::Push { front, values } => {
            let values: Vec<String> = values.iter().map(u32::to_string).collect();
            format!("{}PUSH l {}", side(front), values.join(" "))
        }
        ListStep::Pop { front, count } => {
            let count = count.map_or(String::new(), |count| format!(" {count}"));
            format!("{}POP l{count}", side(front))
        }
        ListStep::Range(a, b) => format!("LRANGE l {a} {b}"),
        ListStep::Index(at) => format!("LINDEX l {at}"),
    }
}

proptest! {
    #[test]
    fn strings_and_expiry_behave_like_a_map(
        steps in proptest::collection::vec(string_step(), 1..60),
    ) {
        let mut caller = Caller::new();
        let mut model = Strings::new();
        let mut now = 0;
        for step in steps {
            let want = expect(&mut model, &mut now, &step);
            match (words(&step), &step) {
                (Some(words), _) => prop_assert_eq!(caller.say(&words), want, "{}", words),
                (None, StringStep::Wait(ms)) => caller.wait_ms(*ms),
                (None, _) => unreachable!(),
            }
        }
    }

    #[test]
    fn lists_behave_like_a_deque(steps in proptest::collection::vec(list_step(), 1..60)) {
        let mut caller = Caller::new();
        let mut model = VecDeque::new();
        for step in steps {
            let words = list_words(&step);
            let want = expect_list(&mut model, &step);
            prop_assert_eq!(caller.say(&words), want, "{}", words);
            prop_assert_eq!(caller.say("EXISTS l"), integer(i64::from(!model.is_empty())));
        }
    }

    /// SCAN's promise, with keys coming and going between its calls, and tables
    /// growing and shrinking with them.
    #[test]
    fn scan_never_misses_what_stays(
        stay in 1..60_usize,
        go in 0..400_usize,
        haste in 2..100_usize,
        count in 1..12_usize,
        order in any::<u64>(),
    ) {
        let mut caller = Caller::new();
        let mut names: Vec<String> = (0..stay).map(|n| format!("stay:{n}")).collect();
        names.extend((0..go).map(|n| format!("go:{n}")));
        // Any order will do, as long as the two kinds are mixed.
        names.sort_by_key(|name| {
            name.bytes().fold(order, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
        });
        for name in &names {
            caller.say(&format!("SET {name} v"));
        }
        let mut seen = BTreeSet::new();
        let (mut cursor, mut doomed) = ("0".to_owned(), 0);
        loop {
            let reply = caller.say(&format!("SCAN {cursor} COUNT {count}"));
            let mut lines = reply.lines().filter(|line| !line.starts_with(['*', '$']));
            cursor = lines.next().unwrap().to_owned();
            seen.extend(lines.map(str::to_owned));
            if cursor == "0" {
                break;
            }
            for n in 0..haste {
                caller.say(&format!("DEL go:{doomed}"));
                if n < 2 {
                    caller.say(&format!("SET new:{doomed} v"));
                }
                doomed += 1;
            }
            for _ in 0..caller.server.store.databases() {
                caller.server.store.shrink_tables();
            }
        }
        for n in 0..stay {
            prop_assert!(seen.contains(&format!("stay:{n}")), "stay:{} was missed", n);
        }
    }
}
