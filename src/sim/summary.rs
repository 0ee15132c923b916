//! A run as a table that a person can read: one row per cycle.

use crate::event::{ClientId, Event, Pipe, ReadOutcome};
use crate::net::{Mask, WriteOutcome};
use crate::time::Micros;
use crate::trace::Record;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;

/// One cycle, from one return of the poll to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub cycle: u64,
    /// When the poll returned, and how long it had slept.
    pub at: Micros,
    pub slept: Micros,
    /// Awake; zero if the records end before the cycle does.
    pub busy: Micros,
    pub fired: usize,
    pub reads: u64,
    pub bytes_in: u64,
    /// In order, each with its guest; the same one again is counted.
    pub commands: Vec<(String, u64)>,
    pub bytes_out: u64,
    /// What is out of the ordinary, in order.
    pub notes: Vec<String>,
}

/// Folds records into rows.
#[derive(Debug, Default)]
struct Reader {
    rows: Vec<Row>,
    names: BTreeMap<SocketAddr, String>,
    clients: BTreeMap<ClientId, String>,
    asleep_since: Micros,
}

/// The cycles of a run. What comes before the first poll returns belongs to
/// none.
#[must_use]
pub fn rows(records: &[Record]) -> Vec<Row> {
    let mut reader = Reader::default();
    for record in records {
        reader.read(record);
    }
    reader.rows
}

/// A cell that is longer pushes aside what follows in its row, and no other
/// row is filled up to it.
const ALIGNED_CHARS: usize = 200;

/// The table, with a heading and a last line of totals.
#[must_use]
pub fn table(records: &[Record]) -> String {
    let rows = rows(records);
    let heading = ["cycle", "at", "slept", "busy", "fired", "reads", "commands", "out", "notes"];
    let mut cells = vec![heading.map(str::to_owned)];
    cells.extend(rows.iter().map(Row::cells));
    let widths: Vec<usize> = (0..heading.len())
        .map(|column| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .map(|widest| widest.min(ALIGNED_CHARS))
        .collect();
    let mut out = String::new();
    for row in &cells {
        let mut text = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            // Numbers to the right, words to the left.
            let gap = if column == 0 { "" } else { "  " };
            let _ = match column {
                0..=4 | 7 => write!(text, "{gap}{cell:>width$}"),
                _ => write!(text, "{gap}{cell:<width$}"),
            };
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    let commands: u64 = rows.iter().flat_map(|row| &row.commands).map(|(_, times)| times).sum();
    let bytes = |of: fn(&Row) -> u64| rows.iter().map(of).fold(0, u64::saturating_add);
    let _ = writeln!(
        out,
        "{} cycles, {commands} commands, {} bytes in, {} bytes out, {} records",
        rows.len(),
        bytes(|row| row.bytes_in),
        bytes(|row| row.bytes_out),
        records.len(),
    );
    out
}

impl Row {
    fn cells(&self) -> [String; 9] {
        let reads = match self.reads {
            0 => String::new(),
            1 => format!("{} B", self.bytes_in),
            n => format!("{} B in {n}", self.bytes_in),
        };
        let commands = self.commands.iter().map(|(name, times)| match times {
            1 => name.clone(),
            _ => format!("{name} ×{times}"),
        });
        [
            self.cycle.to_string(),
            self.at.to_string(),
            self.slept.to_string(),
            self.busy.to_string(),
            self.fired.to_string(),
            reads,
            commands.collect::<Vec<_>>().join(", "),
            if self.bytes_out == 0 { String::new() } else { format!("{} B", self.bytes_out) },
            self.notes.join("; "),
        ]
    }
}

impl Reader {
    fn read(&mut self, record: &Record) {
        match &record.event {
            Event::Pipe { peer, pipe: Pipe::Queued { name } } => {
                self.names.insert(*peer, name.clone());
            }
            Event::ClientCreated { client, peer, .. } => {
                let name = self.names.get(peer).filter(|name| !name.is_empty());
                let name = name.cloned().unwrap_or_else(|| format!("#{client}"));
                self.clients.insert(*client, name);
            }
            Event::PollEnter { .. } => self.asleep_since = record.at,
            Event::PollReturn { fired } => self.rows.push(Row {
                at: record.at,
                slept: record.at.saturating_sub(self.asleep_since),
                fired: fired.len(),
                ..Row::default()
            }),
            event => {
                let note = self.note(event);
                if let Some(row) = self.rows.last_mut() {
                    row.notes.extend(note);
                    row.count(event, &self.clients);
                }
            }
        }
    }

    fn name(&self, client: ClientId) -> String {
        name_of(&self.clients, client)
    }

    /// What a reader would want pointed out.
    fn note(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::AcceptEnd { accepted, .. } if *accepted > 0 => format!("{accepted} accepted"),
            Event::AcceptRefused { why, .. } => format!("refused: {}", words(why)),
            Event::FireSkipped { fd, .. } => format!("fd {fd} skipped"),
            Event::Read { client, outcome, .. } if *outcome != ReadOutcome::Bytes => {
                format!("{} read: {}", self.name(*client), words(outcome))
            }
            Event::Incomplete { client, .. } => format!("{} half an order", self.name(*client)),
            Event::ProtocolError { client, text, .. } => {
                format!("{} protocol error: {text}", self.name(*client))
            }
            Event::CommandRejected { client, name } => {
                format!("{} rejected: {name}", self.name(*client))
            }
            Event::Write { client, outcome, left, .. } => {
                let why = match outcome {
                    WriteOutcome::Drained => return None,
                    WriteOutcome::WouldBlock => "table full",
                    WriteOutcome::Budget => "write budget spent",
                    WriteOutcome::Reset => "gone",
                };
                format!("{} {why}, {left} B stay", self.name(*client))
            }
            Event::Watch { fd, mask } if mask.has(Mask::WRITABLE) => {
                format!("write handler on fd {fd}")
            }
            Event::Limit { kind, at, limit, .. } => format!("{} {at} of {limit}", words(kind)),
            Event::ClientFreed { client, why, dropped, .. } => {
                let lost = match dropped {
                    0 => String::new(),
                    bytes => format!(", {bytes} B lost"),
                };
                format!("{} freed: {}{lost}", self.name(*client), words(why))
            }
            Event::TimerFired { .. } => "cron".to_owned(),
            Event::ExpireCycle { expired, .. } if *expired > 0 => format!("{expired} expired"),
            Event::Blocked { client, .. } => format!("{} blocked", self.name(*client)),
            Event::Unblocked { client, why } => {
                format!("{} unblocked: {}", self.name(*client), words(why))
            }
            Event::Paused { scope: Some(_), until } => format!("paused until {until}"),
            Event::Paused { scope: None, .. } => "pause over".to_owned(),
            Event::ClientMemory { used, limit } => format!("clients take {used} of {limit} B"),
            Event::Shutdown => "shutdown".to_owned(),
            Event::Dropped { count } => format!("{count} records missed"),
            _ => return None,
        })
    }
}

impl Row {
    fn count(&mut self, event: &Event, clients: &BTreeMap<ClientId, String>) {
        match event {
            Event::CycleBegin { cycle } => self.cycle = *cycle,
            Event::CycleEnd { busy, .. } => self.busy = *busy,
            Event::Read { bytes, .. } => {
                self.reads += 1;
                self.bytes_in = self.bytes_in.saturating_add(bytes.len);
            }
            Event::CommandBegin { client, name, .. } => {
                let command = format!("{} {name}", name_of(clients, *client));
                match self.commands.last_mut() {
                    Some((last, times)) if *last == command => *times += 1,
                    _ => self.commands.push((command, 1)),
                }
            }
            Event::Write { bytes, .. } => self.bytes_out = self.bytes_out.saturating_add(*bytes),
            _ => {}
        }
    }
}

fn name_of(clients: &BTreeMap<ClientId, String>, client: ClientId) -> String {
    clients.get(&client).cloned().unwrap_or_else(|| format!("#{client}"))
}

/// A variant's name in words: `PeerClosed` is "peer closed".
fn words(value: &impl std::fmt::Debug) -> String {
    let mut out = String::new();
    for c in format!("{value:?}").chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
