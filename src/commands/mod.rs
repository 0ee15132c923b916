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

impl Flags {
    pub const FAST: Flags = Flags(1);
    pub const NO_AUTH: Flags = Flags(2);
    #[must_use]
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }
}

/// Placeholder until the table lands.
#[derive(Debug)]
pub struct Unfit;
impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ERR unknown command")
    }
}

static PING: Command = Command {
    name: "ping",
    arity: -1,
    flags: Flags::FAST,
    keys: (0, 0, 0),
    run: |context| context.reply().simple("PONG"),
    subcommands: &[],
    summary: "",
    since: "1.0.0",
    group: "connection",
    complexity: "O(1)",
};

/// # Errors
/// Placeholder until the table lands: everything but PING.
pub fn resolve(args: crate::resp::Args<'_>) -> Result<&'static Command, Unfit> {
    if args.get(0).eq_ignore_ascii_case(b"ping") { Ok(&PING) } else { Err(Unfit) }
}
