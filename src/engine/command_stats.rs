//! What commands were asked for and what became of them (INFO commandstats).

use crate::commands::{Command, NUMBERS, numbered};
use crate::sorted::sort_by_key;
use crate::time::Micros;

/// The counters of one command or subcommand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub calls: u64,
    /// Of the calls that were timed: a command that is fast by its nature is
    /// only while SLOWLOG, LATENCY or a recording wants to know.
    pub took: Micros,
    pub rejected_calls: u64,
    pub failed_calls: u64,
}

/// By the command's number.
#[derive(Debug)]
pub struct CommandStats(Box<[Counts; NUMBERS]>);

impl Default for CommandStats {
    fn default() -> CommandStats {
        CommandStats(Box::new([Counts::default(); NUMBERS]))
    }
}

impl CommandStats {
    #[inline]
    pub fn of(&mut self, command: &Command) -> &mut Counts {
        &mut self.0[usize::from(command.number)]
    }

    pub fn reset(&mut self) {
        self.0.fill(Counts::default());
    }

    /// Of those that were asked for at all, by name.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&'static str, Counts)> {
        let mut rows: Vec<_> = (self.0.iter().enumerate())
            .filter(|(_, counts)| **counts != Counts::default())
            .map(|(number, counts)| (numbered(number).name, *counts))
            .collect();
        sort_by_key(&mut rows, |(name, _)| *name);
        rows
    }
}
