//! Every edge case of Redis's client networking that the project has listed:
//! what is expected, what the simulation shows, what real sockets show.
//!
//! Each row is a script of a guest or two ([`play`]); it runs on the virtual
//! network and, in the same process, over TCP on the loopback interface. The
//! clock belongs to the test on both, so nothing sleeps. From the rows comes
//! `docs/edge-cases.md`; `UPDATE=1` rewrites it.
//!
//! Every run is had again from what its network said ([`tape`]): the engine
//! has no other source, so the facts must be the same, to the microsecond.

mod connections;
mod entry;
mod far_end;
mod framing;
mod modes;
mod play;
mod stage;
mod tape;
mod volume;

use far_end::{FarEnds, Scripted, Sockets};
use play::{Check, Kitchen, Play};
use std::fmt::Write;
use std::path::Path;

/// One situation.
pub struct Row {
    number: u32,
    situation: &'static str,
    directives: &'static [(&'static str, &'static str)],
    script: Option<fn(&mut Play)>,
    /// Where we differ from Redis, or why there is no script.
    argument: &'static str,
}

const fn row(number: u32, situation: &'static str, script: fn(&mut Play)) -> Row {
    Row { number, situation, directives: &[], script: Some(script), argument: "" }
}

/// What we leave out on purpose.
const fn omitted(number: u32, situation: &'static str, why: &'static str) -> Row {
    Row { number, situation, directives: &[], script: None, argument: why }
}

impl Row {
    const fn with(mut self, directives: &'static [(&'static str, &'static str)]) -> Row {
        self.directives = directives;
        self
    }

    const fn differs(mut self, how: &'static str) -> Row {
        self.argument = how;
        self
    }

    fn play<F: FarEnds + 'static>(&self) -> Vec<Check> {
        let Some(script) = self.script else { return Vec::new() };
        let mut play = Play::new(Box::new(Kitchen::<F>::open(self.directives)));
        script(&mut play);
        if let Err(difference) = play.replays() {
            panic!("{}: a replay differs: {difference}", self.number);
        }
        play.checks
    }
}

const SECTIONS: [(&str, &[Row]); 5] = [
    ("Framing and parsing", framing::ROWS),
    ("Other protocols and passwords", entry::ROWS),
    ("Connections", connections::ROWS),
    ("Volume and pacing", volume::ROWS),
    ("Waiting, transactions, modes", modes::ROWS),
];

const ROWS: u32 = 90;
const PAGE: &str = "docs/edge-cases.md";

/// Protects: the behaviour at every edge, on both networks, and the page that
/// says so.
#[test]
fn every_edge_case_is_as_expected_in_simulation_and_over_tcp() {
    let (mut wrong, mut page) = (String::new(), HEADING.to_owned());
    let mut next = 1;
    for (title, rows) in SECTIONS {
        let _ = write!(page, "\n## {title}\n\n{TABLE_HEAD}");
        for row in rows {
            assert_eq!(row.number, next, "rows are in order");
            next += 1;
            let simulated = row.play::<Scripted>();
            let real = row.play::<Sockets>();
            for (network, checks) in [("simulation", &simulated), ("TCP", &real)] {
                for Check { expected, seen } in checks.iter().filter(|c| c.expected != c.seen) {
                    let number = row.number;
                    let _ =
                        writeln!(wrong, "{number}, {network}:\n  want {expected}\n  seen {seen}");
                }
            }
            line(&mut page, row, &simulated, &real);
        }
    }
    assert_eq!(next - 1, ROWS, "every row is there");
    assert!(wrong.is_empty(), "\n{wrong}");
    compare_with_page(&page);
}

/// One row of the table: what was seen stands there only if it differs.
fn line(page: &mut String, row: &Row, simulated: &[Check], real: &[Check]) {
    let column = |of: fn(&Check) -> &str, checks: &[Check]| match checks {
        [] => "—".to_owned(),
        checks => joined(checks.iter().map(of)),
    };
    let expected = column(|check| &check.expected, simulated);
    let seen = |checks: &[Check]| match column(|check| &check.seen, checks) {
        seen if seen == expected && !checks.is_empty() => "as expected".to_owned(),
        seen => seen,
    };
    let settings = row.directives.iter().map(|(name, value)| format!("`{name} {value}`"));
    let settings: Vec<String> = settings.collect();
    let with = if settings.is_empty() { "" } else { "; with " };
    let cells = [
        row.number.to_string(),
        format!("{}{with}{}", row.situation, settings.join(", ")),
        expected.clone(),
        seen(simulated),
        seen(real),
        row.argument.to_owned(),
    ];
    let cells = cells.map(|cell| cell.replace('|', "\\|"));
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

/// One after the other, repetitions of up to two of them counted.
fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let parts: Vec<&str> = parts.collect();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < parts.len() {
        let times = |period: usize| {
            let Some(first) = parts.get(at..at + period) else { return 0 };
            parts[at..].chunks_exact(period).take_while(|chunk| *chunk == first).count()
        };
        let period = if times(1) > 1 || times(2) < 2 { 1 } else { 2 };
        let (one, count) = (parts[at..at + period].join(", "), times(period));
        out.push(match count {
            1 => one,
            count => format!("{count} times: {one}"),
        });
        at += period * count;
    }
    out.join("; ")
}

fn compare_with_page(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, page).expect("the folder is there");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "{PAGE} is not what the rows say: run this test with UPDATE=1");
}

const HEADING: &str = "# Edge cases

What happens between a server and its clients when something is odd, broken,
too big, too slow or too late. Written by a test, which plays every row twice:
against the engine on the simulated network, and against the same engine on
real sockets of the loopback interface, in one process, step by step. A row
that is not as expected fails the test. The reference is Redis 7.4; where we
differ, or leave something out, the last column argues. Each run is then had
again from nothing but what its network said, and states the same facts at the
same times.

Replies are shown line by line without their CRLF. `closed` is an orderly end
seen by the client, `reset` a reset, `open` neither. In brackets: what the wire
cannot show, read from the server's state or from the facts it states.
";

const TABLE_HEAD: &str = "\
| # | Situation | Expected | In simulation | Over TCP | Remarks |
| --- | --- | --- | --- | --- | --- |
";
