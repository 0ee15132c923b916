//! What commands were asked for and what became of them (INFO commandstats),
//! and which errors were answered (INFO errorstats).

use crate::commands::{Command, NUMBERS, numbered};
use crate::sorted::{SortedMap, sort_by_key};
use crate::time::Micros;

/// The counters of one command or subcommand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub calls: u64,
    /// Of the calls that were timed for the server's own sake: all of a command
    /// that may be slow, and of one that is fast by its nature those made while
    /// SLOWLOG or LATENCY wants to know. What only a watcher had timed is not
    /// counted: being watched must not change what INFO says.
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

    /// Of the commands that have counted anything, by name.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&'static str, Counts)> {
        let mut rows: Vec<_> = (self.0.iter().enumerate())
            .filter(|(_, counts)| counts.calls + counts.rejected_calls + counts.failed_calls > 0)
            .map(|(number, counts)| (numbered(number).name, *counts))
            .collect();
        sort_by_key(&mut rows, |(name, _)| *name);
        rows
    }
}

/// Error replies by their code.
#[derive(Debug, Default)]
pub struct ErrorStats(SortedMap<Box<[u8]>, u64>);

impl ErrorStats {
    /// The code is what stands before the first space, else `ERR`.
    ///
    /// Redis: `afterErrorReply`, *simplified*: without scripts nobody can make
    /// up codes, so there is no limit to them.
    pub fn count(&mut self, text: &[u8]) {
        let end = text.iter().position(|byte| *byte == b' ');
        let code = end.map_or(&b"ERR"[..], |end| &text[..end]);
        *self.0.or_default(code.into()) += 1;
    }

    pub fn reset(&mut self) {
        self.0.clear();
    }

    /// By code, in order of their bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.0.iter().map(|(code, count)| (&code[..], *count))
    }
}
