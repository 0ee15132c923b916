//! What may differ, and why. Each is argued in `docs/fidelity.md` by its name.

use super::calls::{Call, Cycle};

/// A kind of difference: what makes both sides equal where only this differs.
pub struct Argued {
    pub name: &'static str,
    even_out: fn(&mut Vec<Cycle>),
}

pub const ARGUED: &[Argued] = &[
    Argued { name: "wake-ups", even_out: |cycles| drop_calls(cycles, &["woken"]) },
    Argued { name: "registration", even_out: |cycles| drop_calls(cycles, &["epoll_ctl"]) },
    Argued { name: "names of calls", even_out: |cycles| names_of_calls(cycles) },
    Argued {
        name: "looking up addresses",
        even_out: |cycles| drop_calls(cycles, &["getpeername", "getsockname"]),
    },
    Argued { name: "room offered to a read", even_out: |cycles| room_offered(cycles) },
    Argued { name: "idle cycles", even_out: idle_cycles },
    Argued { name: "room in a socket", even_out: room_in_a_socket },
    Argued { name: "guests per cycle", even_out: guests_per_cycle },
];

/// What came of it.
pub struct Comparison {
    pub cycles: usize,
    pub equal: usize,
    /// Those that nothing argues for, in words.
    pub differences: Vec<String>,
    /// The kinds without which more would differ.
    pub argued: Vec<&'static str>,
}

pub fn compare(theirs: Vec<Cycle>, ours: Vec<Cycle>) -> Comparison {
    let evened_out = |but: Option<&Argued>| {
        let (mut theirs, mut ours) = (theirs.clone(), ours.clone());
        for kind in ARGUED.iter().filter(|kind| but.is_none_or(|but| but.name != kind.name)) {
            (kind.even_out)(&mut theirs);
            (kind.even_out)(&mut ours);
        }
        (theirs, ours)
    };
    let (theirs, ours) = evened_out(None);
    let matters = |kind: &&Argued| {
        let (theirs_without, ours_without) = evened_out(Some(kind));
        unequal(&theirs_without, &ours_without) > unequal(&theirs, &ours)
    };
    let argued = ARGUED.iter().filter(matters).map(|kind| kind.name).collect();
    let none = Cycle::default();
    let cycles = theirs.len().max(ours.len());
    let differences: Vec<String> = (0..cycles)
        .map(|at| (at, theirs.get(at).unwrap_or(&none), ours.get(at).unwrap_or(&none)))
        .filter(|(_, theirs, ours)| theirs != ours)
        .map(|(at, theirs, ours)| {
            format!("    cycle {}\n      redis: {theirs}\n      ours:  {ours}", at + 1)
        })
        .collect();
    Comparison { cycles, equal: cycles - differences.len(), differences, argued }
}

fn unequal(theirs: &[Cycle], ours: &[Cycle]) -> usize {
    let differ = theirs.iter().zip(ours).filter(|(theirs, ours)| theirs != ours).count();
    differ + theirs.len().abs_diff(ours.len())
}

fn drop_calls(cycles: &mut [Cycle], names: &[&str]) {
    for Cycle(calls) in cycles.iter_mut() {
        calls.retain(|call| !names.contains(&call.name.as_str()));
    }
}

/// Those in which nothing was done for anybody.
fn idle_cycles(cycles: &mut Vec<Cycle>) {
    cycles.retain(|Cycle(calls)| calls.iter().any(|call| call.name != "woken"));
}

fn each(cycles: &mut [Cycle], change: impl Fn(&mut Call)) {
    cycles.iter_mut().flat_map(|Cycle(calls)| calls).for_each(change);
}

fn names_of_calls(cycles: &mut [Cycle]) {
    each(cycles, |call| {
        let name = match call.name.as_str() {
            "recvfrom" => "read",
            "sendto" | "writev" => "write",
            _ => return,
        };
        name.clone_into(&mut call.name);
    });
}

fn room_offered(cycles: &mut [Cycle]) {
    each(cycles, |call| call.size = 0);
}

/// A client's writes that go on, in a row, cycle after cycle, are one.
fn room_in_a_socket(cycles: &mut Vec<Cycle>) {
    let mut merged: Vec<Cycle> = Vec::new();
    for cycle in cycles.drain(..) {
        let mut calls = cycle.0;
        let goes_on = |last: &Call, next: &Call| {
            let writes = last.name == "write" && next.name == "write";
            writes && last.who == next.who && is_large(last)
        };
        calls.dedup_by(|next, last| goes_on(last, next) && add(last, next));
        if let ([only], Some(Cycle(before))) = (calls.as_slice(), merged.last_mut())
            && let Some(last) = before.last_mut()
            && goes_on(last, only)
            && add(last, only)
        {
            continue;
        }
        merged.push(Cycle(calls));
    }
    forget_what_the_gone_had_room_for(&mut merged);
    *cycles = merged;
}

/// Of a reply whose guest left before its end, the sum is not the reply's size
/// but what the socket had room for.
fn forget_what_the_gone_had_room_for(cycles: &mut [Cycle]) {
    let mut calls: Vec<&mut Call> = cycles.iter_mut().flat_map(|Cycle(calls)| calls).collect();
    for end in 0..calls.len() {
        if !matches!(calls[end].result.as_str(), "ECONNRESET" | "EPIPE") {
            continue;
        }
        let who = calls[end].who;
        let before = calls[..end].iter_mut().rev().find(|call| call.who == who);
        if let Some(call) = before
            && call.name == "write"
            && is_large(call)
        {
            "a part".clone_into(&mut call.result);
        }
    }
}

fn is_large(write: &Call) -> bool {
    write.result.parse::<u64>().is_ok_and(|n| n > 16_384)
}

fn add(last: &mut Call, next: &Call) -> bool {
    let sum = |a: &str, b: &str| Some(a.parse::<u64>().ok()? + b.parse::<u64>().ok()?);
    // A socket that takes nothing has been asked once too often.
    let next = if next.result == "EAGAIN" { "0" } else { &next.result };
    match sum(&last.result, next) {
        Some(sum) => {
            last.result = sum.to_string();
            true
        }
        None => false,
    }
}

/// Accepts in a row, cycle after cycle, are one pass.
fn guests_per_cycle(cycles: &mut Vec<Cycle>) {
    let arrival = |call: &Call| matches!(call.name.as_str(), "accept4" | "setsockopt");
    let mut merged: Vec<Cycle> = Vec::new();
    for Cycle(mut calls) in cycles.drain(..) {
        calls.retain(|call| call.name != "accept4" || call.result != "EAGAIN");
        match merged.last_mut() {
            Some(Cycle(before)) if calls.iter().all(arrival) && before.iter().all(arrival) => {
                before.extend(calls);
            }
            _ => merged.push(Cycle(calls)),
        }
    }
    *cycles = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects: nothing differs without a reason that people can read.
    #[test]
    fn everything_argued_is_in_the_document() {
        let path = crate::root().join("docs/fidelity.md");
        let document = std::fs::read_to_string(path).expect("the document");
        for kind in ARGUED {
            assert!(document.contains(&format!("**{}**", kind.name)), "{}", kind.name);
        }
    }

    fn call(name: &str, who: usize, what: &str, result: &str) -> Call {
        let (name, what, result) = (name.to_owned(), what.to_owned(), result.to_owned());
        Call { name, who: Some(who), what, size: 0, result }
    }

    /// Protects the comparison from seeing nothing.
    #[test]
    fn another_order_of_writes_is_a_difference() {
        let (a, b) = (call("write", 1, "+OK", "5"), call("write", 2, "+OK", "5"));
        let theirs = vec![Cycle(vec![b.clone(), a.clone()])];
        let found = compare(theirs.clone(), vec![Cycle(vec![a, b])]);
        assert_eq!((found.cycles, found.equal, found.differences.len()), (1, 0, 1));
        assert!(compare(theirs.clone(), theirs).differences.is_empty());
    }

    #[test]
    fn a_reply_may_leave_in_pieces_of_any_size() {
        let big = |sizes: &[&str]| {
            sizes.iter().map(|n| Cycle(vec![call("write", 1, "", n)])).collect::<Vec<_>>()
        };
        let found = compare(big(&["100000", "50000"]), big(&["70000", "80000"]));
        assert!(found.differences.is_empty(), "{:?}", found.differences);
        assert_eq!(found.argued, ["room in a socket"]);
        assert_eq!(compare(big(&["100000"]), big(&["70000", "20000"])).differences.len(), 1);
        let left = |size| {
            let gone = Cycle(vec![call("read", 1, "", "ECONNRESET"), call("close", 1, "", "0")]);
            [big(&[size]), vec![gone]].concat()
        };
        assert!(compare(left("393216"), left("262144")).differences.is_empty());
        assert_eq!(compare(left("7"), left("9")).differences.len(), 1, "no large reply");
    }
}
