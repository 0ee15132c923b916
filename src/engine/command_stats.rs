//! What commands were asked for and what became of them (INFO commandstats).

use crate::commands::Command;
use crate::time::Micros;
use foldhash::fast::FixedState;
use indexmap::IndexMap;

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

/// By command.
#[derive(Debug, Default)]
pub struct CommandStats {
    /// Keyed by the row's address, the cheapest name it has; nothing that can
    /// be seen depends on it.
    rows: IndexMap<usize, (&'static Command, Counts), FixedState>,
}

impl CommandStats {
    #[inline]
    pub fn of(&mut self, command: &'static Command) -> &mut Counts {
        let address = std::ptr::from_ref(command).addr();
        &mut self.rows.entry(address).or_insert((command, Counts::default())).1
    }

    pub fn reset(&mut self) {
        self.rows.clear();
    }

    /// By name.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&'static str, Counts)> {
        let mut rows: Vec<_> =
            self.rows.values().map(|(command, counts)| (command.name, *counts)).collect();
        rows.sort_unstable_by_key(|(name, _)| *name);
        rows
    }
}
