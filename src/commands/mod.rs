//! The menu: one table of all commands, one file a family.

pub mod context;
pub mod glob;

pub use context::Context;

/// What a command is known by (`struct redisCommand`).
#[derive(Debug)]
pub struct Command {
    /// Lower case, as INFO and CLIENT LIST show it; subcommands as
    /// `client|list`.
    pub name: &'static str,
    /// Exact number of arguments with the name; negative = at least.
    pub arity: i32,
    pub flags: Flags,
    /// Position of the first and last key and the step, as COMMAND reports.
    pub keys: (i32, i32, i32),
    pub run: fn(&mut Context<'_>),
    pub subcommands: &'static [Command],
    /// For COMMAND DOCS.
    pub summary: &'static str,
    pub since: &'static str,
    pub group: &'static str,
    pub complexity: &'static str,
}

/// Command flags, as COMMAND reports them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub u32);
