//! A run, summed up: for a person, or for a program.

use crate::sim::summary::Row;
use serde::Serialize;

/// What the summary is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Columns that line up.
    Table,
    /// One object of JSON: `cycles`, an object each, and `crowds`, the same;
    /// times in microseconds.
    Json,
}

/// How a crowd's load fared. Told by those who read requests out of records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Crowd {
    pub crowd: String,
    pub sent: usize,
    pub answered: usize,
    pub per_second: u64,
    /// From when a request was meant to be sent until its reply was read.
    pub p50_us: u64,
    pub p90_us: u64,
    pub p99_us: u64,
    pub max_us: u64,
}

#[derive(Serialize)]
struct Run<'a> {
    cycles: Vec<Cycle<'a>>,
    crowds: &'a [Crowd],
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

/// A run's cycles and how its crowds fared, as [`Form::Json`], with a line
/// break at the end.
///
/// # Panics
/// Never: what is written holds only numbers, texts and lists of them.
#[must_use]
pub fn json(cycles: &[Row], crowds: &[Crowd]) -> String {
    let run = Run { cycles: cycles.iter().map(Cycle::from).collect(), crowds };
    let mut text = serde_json::to_string_pretty(&run).expect("numbers and texts");
    text.push('\n');
    text
}
