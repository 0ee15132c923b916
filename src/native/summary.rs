//! The cycles of a run, summed up: for a person, or for a program.

use crate::sim::summary::{self, Row};
use crate::trace::Record;
use serde::Serialize;

/// What the summary is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Columns that line up.
    Table,
    /// One array of JSON, an object a cycle; times in microseconds.
    Json,
}

#[derive(Serialize)]
struct Cycle<'a> {
    cycle: u64,
    at_us: u64,
    slept_us: u64,
    busy_us: u64,
    fired: usize,
    reads: u64,
    bytes_in: u64,
    commands: Vec<Command<'a>>,
    bytes_out: u64,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Command<'a> {
    name: &'a str,
    times: u64,
}

impl<'a> From<&'a Row> for Cycle<'a> {
    fn from(row: &'a Row) -> Cycle<'a> {
        let commands = row.commands.iter().map(|(name, times)| Command { name, times: *times });
        Cycle {
            cycle: row.cycle,
            at_us: row.at.0,
            slept_us: row.slept.0,
            busy_us: row.busy.0,
            fired: row.fired,
            reads: row.reads,
            bytes_in: row.bytes_in,
            commands: commands.collect(),
            bytes_out: row.bytes_out,
            notes: &row.notes,
        }
    }
}

/// Sums up `records`, with a line break at the end.
///
/// # Panics
/// Never: what is written holds only numbers, texts and lists of them.
#[must_use]
pub fn of(records: &[Record], form: Form) -> String {
    match form {
        Form::Table => summary::table(records),
        Form::Json => {
            let rows = summary::rows(records);
            let cycles: Vec<Cycle<'_>> = rows.iter().map(Cycle::from).collect();
            let mut text = serde_json::to_string_pretty(&cycles).expect("numbers and texts");
            text.push('\n');
            text
        }
    }
}
