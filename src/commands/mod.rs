//! The menu: one table of all commands, one file a family.
//!
//! A [`Command`] is a row: name, arity, flags, keys, function. [`resolve`]
//! finds the row for a request or says, in Redis's words, why there is none.
//! A row's function gets a [`Context`] and nothing else; through it come the
//! arguments, the caller, the keyspace ([`keyspace`]: the only way to a key,
//! so that expiry, hits and facts are never forgotten) and the reply. What it
//! refuses it returns as a [`Refusal`], and the row answers it.

mod absent;
mod client;
mod command;
mod config;
mod connection;
pub mod context;
mod debug;
mod expiry;
pub mod flags;
pub mod glob;
mod info;
mod info_sections;
mod keys;
pub mod keyspace;
mod latency;
mod list_moves;
mod lists;
mod long_double;
mod numbers;
mod pubsub;
mod refusal;
mod scan;
mod server;
mod set;
mod slowlog;
mod strings;
mod table;
mod transactions;
mod waiting;

pub use context::Context;
pub use flags::Flags;
pub use info::used_memory_bytes;
pub use refusal::{Outcome, Refusal};
pub use table::{NUMBERS, Unfit, all, lookup, numbered, resolve};

/// What a command is known by (`struct redisCommand`).
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Lower case, as INFO and CLIENT LIST show it; subcommands as
    /// `client|list`.
    pub name: &'static str,
    /// Its place among all commands and subcommands; given by the table.
    pub number: u16,
    /// Exact number of arguments with the name; negative = at least.
    pub arity: i32,
    pub flags: Flags,
    /// Position of the first and last key and the step, as COMMAND reports.
    pub keys: (i32, i32, i32),
    function: fn(&mut Context<'_>) -> Outcome,
    pub subcommands: &'static [Command],
    /// For COMMAND DOCS.
    pub summary: &'static str,
    pub since: &'static str,
    pub group: &'static str,
    pub complexity: &'static str,
}

impl Command {
    const fn new(
        name: &'static str,
        arity: i32,
        flags: Flags,
        function: fn(&mut Context<'_>) -> Outcome,
    ) -> Command {
        Command {
            name,
            number: 0,
            arity,
            flags,
            keys: (0, 0, 0),
            function,
            subcommands: &[],
            summary: "",
            since: "",
            group: "",
            complexity: "O(1)",
        }
    }

    /// First key, last key (negative = counted from the end), step.
    const fn keys(mut self, first: i32, last: i32, step: i32) -> Command {
        self.keys = (first, last, step);
        self
    }

    const fn about(
        mut self,
        group: &'static str,
        since: &'static str,
        summary: &'static str,
    ) -> Command {
        self.group = group;
        self.since = since;
        self.summary = summary;
        self
    }

    const fn complexity(mut self, complexity: &'static str) -> Command {
        self.complexity = complexity;
        self
    }

    const fn subcommands(mut self, subcommands: &'static [Command]) -> Command {
        self.subcommands = subcommands;
        self
    }

    /// A command that is nothing without a subcommand; its arity keeps it from
    /// being run itself.
    const fn container(name: &'static str, subcommands: &'static [Command]) -> Command {
        Command::new(name, -2, Flags::NONE, |_| Err(Refusal::Syntax))
            .subcommands(subcommands)
            .complexity("depends on the subcommand")
    }

    /// Runs it; a refusal becomes its reply.
    #[inline]
    pub fn run(&self, context: &mut Context<'_>) {
        if let Err(refusal) = (self.function)(context) {
            context.reply().error(refusal.text());
        }
    }

    /// The last part of the name: `list` of `client|list`.
    #[must_use]
    pub fn own_name(&self) -> &'static str {
        self.name.rsplit('|').next().unwrap_or(self.name)
    }

    /// Whether a request of so many words fits the arity.
    #[inline]
    #[must_use]
    pub fn takes(&self, argc: usize) -> bool {
        let wanted = self.arity.unsigned_abs() as usize;
        if self.arity < 0 { argc >= wanted } else { argc == wanted }
    }
}

/// An argument as a keyword, whose case means nothing. To be matched as text:
/// a match of byte strings is compiled byte by byte.
#[must_use]
#[inline(never)]
pub fn keyword(arg: &[u8]) -> String {
    arg.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}
