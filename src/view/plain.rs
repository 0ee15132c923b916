//! A run as plain text: every step a line, in the sentences of the page. For
//! a terminal, a mail, a program, or whoever reads better than he watches.

use super::beat::is_step;
use super::designs::{Comparison, Design, Fared};
use super::frame::Terms;
use super::lanes::Load;
use super::narration::narrate;
use super::panels::{before_the_first_cycle, cycle_line};
use super::text::{Words, time};
use crate::trace::{Timeline, World};
use std::fmt::Write as _;

/// Stands before the step that a link points to.
const HERE: &str = "> ";
const ELSEWHERE: &str = "  ";

/// Tells the whole of `timeline`. The step that brought it to `at` records, if
/// that is asked for, is marked; a heading begins each cycle, as in the list
/// of events. No line holds a control character, whatever clients sent.
#[must_use]
pub fn tell(timeline: &Timeline, at: Option<usize>, terms: Terms) -> String {
    let is_step_at = |index: &usize| timeline.record(*index).is_some_and(|r| is_step(&r.event));
    let here = at.and_then(|at| (0..at.min(timeline.len())).rev().find(is_step_at));
    let mut told = String::new();
    let (mut before, mut after) = (World::default(), World::default());
    let mut cycle = None;
    for (index, record) in timeline.records().iter().enumerate() {
        after.fold(record);
        if is_step(&record.event) {
            let number = timeline.cycle_of(index);
            if told.is_empty() || cycle != number {
                let words = number.map_or_else(before_the_first_cycle, |number| {
                    cycle_line(&timeline.cycles()[number])
                });
                let gap = if told.is_empty() { "" } else { "\n" };
                let _ = writeln!(told, "{gap}{}", wording(&words, terms));
                cycle = number;
            }
            let words = narrate(record, &before, &after, timeline.you()).words;
            let mark = if here == Some(index) { HERE } else { ELSEWHERE };
            let _ = write!(told, "{mark}{:>12}  {}", time(record.at), wording(&words, terms));
            if terms != Terms::Kitchen && !words.term().is_empty() {
                let _ = write!(told, "  [{}]", words.term());
            }
            told.push('\n');
        }
        before.fold(record);
    }
    told
}

/// How the crowds of a run fared, a line each under a line of heads; nothing if
/// there is none.
#[must_use]
pub fn loads(loads: &[Load]) -> String {
    if loads.is_empty() {
        return String::new();
    }
    let row = |cells: [String; 8]| {
        let [crowd, cells @ ..] = cells;
        let cells: String = cells.iter().map(|cell| format!("  {cell:>10}")).collect();
        format!("{crowd:<12}{cells}\n")
    };
    let heads = ["crowd", "sent", "answered", "a second", "p50", "p90", "p99", "max"];
    let mut table = format!("\n{}", row(heads.map(str::to_owned)));
    for Load { crowd, sent, took, per_second } in loads {
        let [sent, answered] = [*sent, took.orders].map(|count| count.to_string());
        let [p50, p90, p99, max] =
            [took.p50, took.p90, took.p99, took.max].map(|took| took.to_string());
        table += &row([crowd.clone(), sent, answered, per_second.to_string(), p50, p90, p99, max]);
    }
    table + "from when a request was meant to be sent until its reply was read\n"
}

/// How the orders of a run fared, and would have fared otherwise: a line each
/// under a line of heads, and what is left out.
#[must_use]
pub fn designs(compared: &Comparison) -> String {
    let mut table = format!(
        "{:<46}{:>11}{:>11}{:>11}{:>9}{:>12}\n",
        "design", "p50", "p99", "max", "wakeups", "busy"
    );
    for Fared { design, took, wakeups, busy } in &compared.rows {
        let name = match *design {
            Design::EventLoop { io_threads: 1, .. } => "event loop, one thread".to_owned(),
            Design::EventLoop { io_threads, shares: 0 } => {
                format!("event loop, io-threads {io_threads} (never called)")
            }
            Design::EventLoop { io_threads, shares } => {
                format!("event loop, io-threads {io_threads} ({shares} shares)")
            }
            Design::ThreadPerClient { threads, cores, locked } => {
                let lock = if locked { "one lock" } else { "no lock" };
                let cores = format!("{cores} core{}", if cores == 1 { "" } else { "s" });
                format!("a thread per client: {threads} on {cores}, {lock}")
            }
        };
        let [p50, p99, max, busy] = [took.p50, took.p99, took.max, *busy].map(|t| t.to_string());
        let _ = writeln!(table, "{name:<46}{p50:>11}{p99:>11}{max:>11}{wakeups:>9}{busy:>12}");
    }
    let orders = compared.rows.first().map_or(0, |row| row.took.orders);
    let left_out = compared.left_out;
    let _ = writeln!(
        table,
        "{orders} requests, from their arrival until the reply had left; {left_out} left out: they\n\
         waited for a key, for a slow reader, or are not answered. The event loop's lines are\n\
         runs of the engine, those with a thread per client a model with the same prices."
    );
    table
}

fn wording(words: &Words, terms: Terms) -> &str {
    match terms {
        Terms::Kitchen | Terms::Both => words.kitchen(),
        Terms::Redis => words.redis(),
    }
}
