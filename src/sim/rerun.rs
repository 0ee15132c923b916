//! A recording of a real server, run again in the simulation.
//!
//! A recording that was made with everything told has, beside its records,
//! what the network gave ([`tape`](crate::net::tape)): so it can be turned into
//! a scenario ([`scenario`]) whose run states the same facts at the same times,
//! and can be changed from any moment on. [`compare`] holds the two together.
//!
//! # The core trace
//!
//! A recording's **core trace** is its records but for those that say how
//! things stood or that something was missed (from
//! [`Standing::Begun`] to the next `poll_enter`, and `dropped`): what happened,
//! as it was told. A rerun's core trace is the same to the byte of each line
//! but `n`, which counts what the watcher was told, and `in`, which is the
//! tape. A recording from the server's start on, as `--record` makes it, has
//! the same numbers, too.
//!
//! # What cannot be run again
//!
//! - What was recorded without values: the bytes are not there.
//! - What begins in mid-run: a file that was begun anew by its size limit, or
//!   a live view of a server that keeps no inputs.
//! - Exactly: a run in which a password came in two pieces, or a wrong one of
//!   one or two letters: passwords are replaced by as many letters of a keyed
//!   hash, and only whole ones are known to be the same.

use super::{ClientSpec, Scenario, Sim};
use crate::engine::config::Config;
use crate::event::{Event, Standing};
use crate::net::tape::Tape;
use crate::trace::codec::{self, Header, Source};
use crate::trace::{Inputs, Record};
use std::fmt;

/// Why a recording cannot be run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRerun {
    /// A simulation's recording: its scenario is in it.
    Simulated,
    /// No inputs were recorded.
    NoInputs,
    /// They do not begin where the server began.
    NotFromTheStart,
    /// They are another server's: the view went on when it was started again.
    AnotherServer,
    /// The server was set up as this program knows no server to be.
    UnknownSetting,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Same { records } => {
                write!(f, "Run again: the core trace is the same, {records} records.")
            }
            Verdict::Differs { at, recorded, rerun } => {
                let or_end = |line: &str| match line {
                    "" => "its end".to_owned(),
                    line => format!("{{{line}"),
                };
                let (recorded, rerun) = (or_end(recorded), or_end(rerun));
                write!(
                    f,
                    "Run again: it differs from record {at} on. Recorded is {recorded}; the rerun \
                     comes to {rerun}."
                )
            }
        }
    }
}

impl fmt::Display for NoRerun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoRerun::Simulated => "It is a simulation's: its scenario is in its first line.",
            NoRerun::NoInputs => {
                "It does not hold what came in, so it cannot be run again: record with --reveal, \
                 or watch a server that was started with --reveal --rerun."
            }
            NoRerun::NotFromTheStart => {
                "What came in is not there from the server's start on, so it cannot be run again."
            }
            NoRerun::AnotherServer => {
                "The server was started again meanwhile: load the page anew to see one run of it."
            }
            NoRerun::UnknownSetting => {
                "Its first line has a setting that is not known here, so it cannot be run again."
            }
        })
    }
}

impl std::error::Error for NoRerun {}

/// The scenario that runs a recording again.
///
/// # Errors
/// If what is needed was not recorded.
pub fn scenario(title: &str, header: &Header, inputs: &Inputs) -> Result<Scenario, NoRerun> {
    if matches!(header.source, Source::Simulation(_)) {
        return Err(NoRerun::Simulated);
    }
    let tape = inputs.text();
    if tape.is_empty() {
        return Err(NoRerun::NoInputs);
    }
    let birth = Tape::new(tape.as_str().into()).birth().ok_or(NoRerun::NotFromTheStart)?;
    if let Source::Native(native) = &header.source
        && native.started_unix_us != birth.unix_epoch_us
    {
        return Err(NoRerun::AnotherServer);
    }
    let mut trial = Config::default();
    if header.config.iter().any(|(name, value)| trial.set(name, value).is_err()) {
        return Err(NoRerun::UnknownSetting);
    }
    let mut scenario = Scenario {
        title: title.to_owned(),
        about: "A real server's run, as it was recorded, until something is changed.".to_owned(),
        seed: birth.seed,
        config: header.config.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        ..Scenario::default()
    };
    for (number, from) in (1..).zip(Tape::guests(&tape)) {
        let (name, link) = (format!("guest-{number}"), scenario.link);
        scenario.clients.push(ClientSpec { name, link, from: Some(from) });
    }
    scenario.tape = Some(tape.into());
    Ok(scenario)
}

/// What came of comparing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The core traces are the same, so many records long.
    Same { records: usize },
    /// They differ at this record of the recording (an index; its length if
    /// the rerun went on). Lines without `n`; empty where there is none.
    Differs { at: usize, recorded: String, rerun: String },
}

/// Runs `scenario` again and compares its core trace with that of the
/// recording.
#[must_use]
pub fn compare(scenario: &Scenario, records: &[Record], inputs: &Inputs) -> Verdict {
    let mut rerun = Rerun { sim: Sim::new(scenario), made: Vec::new(), next: 0 };
    let mut stated = 0;
    let mut stands = false;
    for (index, record) in records.iter().enumerate().skip(inputs.first_record(records)) {
        match &record.event {
            Event::Dropped { .. } => {}
            Event::Standing { what: Standing::Begun } => stands = true,
            Event::PollEnter { .. } if stands => {
                stands = false;
                rerun.go_to(inputs.len_up_to(record.seq));
            }
            _ if stands => {}
            _ => {
                let (recorded, rerun) = (core_line(record), rerun.line());
                if recorded != rerun {
                    return Verdict::Differs { at: index, recorded, rerun };
                }
                stated += 1;
            }
        }
    }
    match rerun.line() {
        over if over.is_empty() => Verdict::Same { records: stated },
        rerun => Verdict::Differs { at: records.len(), recorded: String::new(), rerun },
    }
}

/// A record's line, as far as it belongs to the core trace.
fn core_line(record: &Record) -> String {
    let line = codec::record_line(record);
    line.split_once(',').map_or(String::new(), |(_, core)| core.trim_end().to_owned())
}

/// A run, record by record, for as long as its tape lasts.
struct Rerun {
    sim: Sim,
    made: Vec<Record>,
    next: usize,
}

impl Rerun {
    /// Passes over what was stated before this place of the tape.
    fn go_to(&mut self, place: usize) {
        while self.sim.plays_tape() && self.sim.tape_place().is_some_and(|at| at < place) {
            self.made.clear();
            self.sim.advance(&mut self.made);
        }
        self.made.clear();
        self.next = 0;
    }

    /// The next line of its core trace; empty at its end.
    fn line(&mut self) -> String {
        let mut stands = false;
        loop {
            while self.next == self.made.len() {
                if !self.sim.plays_tape() {
                    return String::new();
                }
                self.made.clear();
                self.next = 0;
                self.sim.advance(&mut self.made);
            }
            let record = &self.made[self.next];
            self.next += 1;
            match record.event {
                Event::Standing { what: Standing::Begun } => stands = true,
                Event::PollEnter { .. } if stands => stands = false,
                _ if stands => {}
                _ => return core_line(record),
            }
        }
    }
}
