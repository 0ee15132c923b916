//! `docs/invariants.md`: all 49, and how each is held. Where the page is not
//! as it should be, the failing test says the whole of it.

use super::{COMPARISONS, canaries};
use crate::sim::check::Invariant;
use std::fmt::Write;

const PAGE: &str = include_str!("../../../../docs/invariants.md");
const COUNT: u8 = 49;

/// What holds an invariant, as it stands in the source.
struct Place {
    file: &'static str,
    source: &'static str,
    what: &'static str,
}

macro_rules! place {
    ($file:literal, $what:literal) => {
        Some(Place {
            file: $file,
            source: include_str!(concat!("../../../../", $file)),
            what: $what,
        })
    };
}

/// One that is no matter of the checker: what it says, why it is not, and
/// what holds it instead.
struct Elsewhere {
    number: u8,
    meaning: &'static str,
    argument: &'static str,
    held_by: Option<Place>,
}

const ELSEWHERE: [Elsewhere; 6] = [
    Elsewhere {
        number: 10,
        meaning: "the same bytes get the same replies from Redis, and the same close or not",
        argument: "takes a second server: `cargo xtask differential`",
        held_by: place!("xtask/src/differential.rs", "pub fn run"),
    },
    Elsewhere {
        number: 23,
        meaning: "a walk over a list survives the death of any element: nobody is visited twice or passed over",
        argument: "is no state but something that happens: every neighbour is killed on purpose, and 16 and 43 are checked behind it",
        held_by: place!(
            "tests/it/regressions.rs",
            "fn any_client_can_be_killed_from_inside_a_pipeline"
        ),
    },
    Elsewhere {
        number: 24,
        meaning: "a loop inside the loop never frees the client that the outer one is serving",
        argument: "does not apply: nothing here runs the loop from within, since there are neither scripts nor a dataset to load",
        held_by: None,
    },
    Elsewhere {
        number: 33,
        meaning: "the shared query buffer belongs to one client at most, and is empty when it is given back",
        argument: "is held by its type: whoever reads into it has taken it out of the engine, and a second one finds none",
        held_by: place!("src/engine/mod.rs", "shared_query: Option<Box<"),
    },
    Elsewhere {
        number: 48,
        meaning: "what a real network gave, played back, makes the engine state the same facts",
        argument: "takes a native run: every row of the edge cases is had again from its tape, over TCP, too",
        held_by: place!(
            "tests/it/edge_cases.rs",
            "fn every_edge_case_is_as_expected_in_simulation_and_over_tcp"
        ),
    },
    Elsewhere {
        number: 49,
        meaning: "stating facts takes bounded time and memory, whoever watches, and what is dropped is counted",
        argument: "speaks of those who watch a live server",
        held_by: place!(
            "src/native/live/ring.rs",
            "fn whoever_falls_behind_is_told_how_much_was_missed"
        ),
    },
];

const HEADING: &str = "# Invariants

What must hold whatever clients, network and clock do. The checker looks after
every half-cycle of the loop, in tests, in `onechef check` and, on demand, in
the page. That it can fail is tested by breaking the loop on purpose: each such
bug, a canary, must be found and named. A test holds this page to the source.

| # | What must hold | Held by | Canaries |
| --- | --- | --- | --- |
";

fn row(number: u8) -> String {
    let checked = Invariant::ALL.into_iter().find(|invariant| invariant.number() == number);
    let Some(invariant) = checked else {
        let elsewhere = ELSEWHERE.iter().find(|e| e.number == number).expect("every number");
        let Elsewhere { meaning, argument, held_by, .. } = elsewhere;
        let place = held_by.as_ref().map_or(String::new(), |place| format!(" (`{}`)", place.file));
        return format!("| {number} | {meaning} | {argument}{place} | — |");
    };
    let meaning = invariant.statement().1;
    let canaries = canaries().filter(|canary| canary.invariant == invariant).count();
    let (how, canaries) = if COMPARISONS.contains(&invariant) {
        ("the checker, at rest or between runs", "tests of their own".to_owned())
    } else {
        ("the checker, after every step", canaries.to_string())
    };
    format!("| {number} | {meaning} | {how} | {canaries} |")
}

/// Protects: no invariant is forgotten, and the page says what is so.
#[test]
fn every_invariant_is_held_by_something() {
    let mut page = HEADING.to_owned();
    for number in 1..=COUNT {
        let _ = writeln!(page, "{}", row(number));
    }
    for Place { file, source, what } in ELSEWHERE.iter().filter_map(|e| e.held_by.as_ref()) {
        assert!(source.contains(what), "{file} holds no {what}");
    }
    assert!(PAGE == page, "docs/invariants.md has to be:\n{page}");
}
