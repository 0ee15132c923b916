//! What may be shown of what clients say.
//!
//! A trace is evidence of how a server works, not of what its clients keep in
//! it. So by default it names commands, counts and measures, and shows a key
//! only as a keyed hash, by which two mentions of one key can be told to be of
//! the same; values never. Whoever asks for everything ([`Disclosure::All`])
//! still gets no password: what AUTH, HELLO and CONFIG are told, and what they
//! answer, is masked always.

use crate::commands::{self, Command};
use crate::event::{
    BlockedOn, ClientChange, ClientId, Event, KeyChange, Pipe, Preview, Stamped, TransactionStep,
};
use crate::net::WriteOutcome;
use crate::trace::codec::Header;
use std::hash::{BuildHasher, RandomState};

/// How much of what clients say a trace tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disclosure {
    /// Names of commands, counts, lengths, hashes of keys.
    #[default]
    Redacted,
    /// Everything but passwords.
    All,
}

/// Masks facts on their way out. Each has its own key, so hashes of two runs,
/// or of a file and a stream, cannot be compared.
#[derive(Debug)]
pub struct Redactor {
    disclosure: Disclosure,
    key: RandomState,
    /// Clients whose request of the moment is about a secret, so that its reply
    /// is one, too.
    confiding: Vec<ClientId>,
    /// Clients that hear what others say.
    monitors: Vec<ClientId>,
    /// Replies are stated when they leave, those of several requests as one,
    /// and nothing is said of what goes on inside.
    from_outside: bool,
}

/// Replies that say nothing about what is stored.
const BARE_REPLIES: [&str; 8] = [
    "+OK\\r\\n",
    "+PONG\\r\\n",
    "+QUEUED\\r\\n",
    "+RESET\\r\\n",
    "$-1\\r\\n",
    "*-1\\r\\n",
    "_\\r\\n",
    "*0\\r\\n",
];

/// Instead of the name of a command that there is none of.
const UNKNOWN: &str = "(unknown)";
/// Directives whose values are passwords, and what is shown instead.
const SECRET_DIRECTIVES: [&str; 1] = ["requirepass"];
const HIDDEN: &str = "(hidden)";

impl Redactor {
    #[must_use]
    pub fn new(disclosure: Disclosure) -> Redactor {
        Redactor {
            disclosure,
            key: RandomState::new(),
            confiding: Vec::new(),
            monitors: Vec::new(),
            from_outside: false,
        }
    }

    /// For facts that system calls have told.
    #[must_use]
    pub fn of_system_calls(disclosure: Disclosure) -> Redactor {
        Redactor { from_outside: true, ..Redactor::new(disclosure) }
    }

    /// Masks the directives of a header.
    pub fn directives(&self, header: &mut Header) {
        let masked = header.config.iter().map(|(name, value)| {
            let mut value = value.clone();
            mask_directive(name, &mut value);
            (name.clone(), value)
        });
        header.config = masked.collect();
    }

    /// Masks facts in place. `facts` are all of at least one half-cycle: what
    /// was read is judged by what it turned out to be.
    pub fn redact(&mut self, facts: &mut [Stamped]) {
        for index in 0..facts.len() {
            let (before, after) = facts.split_at_mut(index + 1);
            let Some(Stamped { event, .. }) = before.last_mut() else { continue };
            self.always(event, after);
            if self.disclosure == Disclosure::Redacted {
                self.by_default(event);
            }
        }
    }

    /// What is masked whatever was asked for.
    fn always(&mut self, event: &mut Event, after: &[Stamped]) {
        match event {
            Event::Config { name, value } => mask_directive(name, value),
            Event::Read { client, bytes, .. } if !is_innocent(*client, after) => blank(bytes),
            Event::Parsed { client, argv, .. } | Event::Incomplete { client, argv, .. } => {
                if !self.from_outside {
                    self.confiding.retain(|other| other != client);
                } else if argv.first().is_some_and(|name| is_named(&name.bytes(), "monitor")) {
                    self.monitors.push(*client);
                }
                if confides(argv) {
                    self.confide(*client);
                    blank_arguments(argv);
                }
            }
            Event::Unrecorded { client, .. } => self.confide(*client),
            Event::Write { client, outcome: WriteOutcome::Drained, .. } if self.from_outside => {
                self.confiding.retain(|other| other != client);
            }
            Event::CommandBegin { client, name } if is_confidential(name.as_bytes()) => {
                self.confide(*client);
            }
            Event::ReplyQueued { client, bytes, .. }
                if self.confiding.contains(client) || self.monitors.contains(client) =>
            {
                blank_reply(bytes);
            }
            Event::Monitoring { client, on } => {
                self.monitors.retain(|other| other != client);
                if *on {
                    self.monitors.push(*client);
                }
            }
            Event::ClientFreed { client, .. } => {
                self.confiding.retain(|other| other != client);
                self.monitors.retain(|other| other != client);
            }
            _ => {}
        }
    }

    fn confide(&mut self, client: ClientId) {
        if !self.confiding.contains(&client) {
            self.confiding.push(client);
        }
    }

    fn by_default(&self, event: &mut Event) {
        match event {
            Event::ClientChanged { change: ClientChange::Name(name), .. } => self.veil(name),
            Event::Read { bytes, .. } => blank(bytes),
            Event::Parsed { argv, .. } | Event::Incomplete { argv, .. } => blank_arguments(argv),
            // It quotes a byte of what it did not understand.
            Event::ProtocolError { text, .. } => {
                text.truncate(text.find(", got ").unwrap_or(text.len()));
            }
            Event::CommandBegin { name, .. }
            | Event::CommandEnd { name, .. }
            | Event::CommandRejected { name, .. }
            | Event::Transaction { step: TransactionStep::Queued { name, .. }, .. }
                if command_named(name).is_none() =>
            {
                UNKNOWN.clone_into(name);
            }
            Event::Key { key, change, .. } => {
                self.veil(key);
                if let KeyChange::Written { value, .. } = change {
                    blank(value);
                }
            }
            Event::ReplyQueued { bytes, .. } => blank_reply(bytes),
            Event::Blocked { on: BlockedOn::Keys { keys, .. }, .. } => {
                keys.iter_mut().for_each(|key| self.veil(key));
            }
            Event::Transaction { step: TransactionStep::KeyTouched { key, .. }, .. } => {
                self.veil(key);
            }
            Event::Subscription { name, .. } | Event::Published { channel: name, .. } => {
                self.veil(name);
            }
            Event::Pipe {
                pipe: Pipe::Sent { bytes, .. } | Pipe::Arrived { bytes } | Pipe::Consumed { bytes },
                ..
            } => blank(bytes),
            _ => {}
        }
    }

    /// The same bytes become the same twelve digits, and nobody without the key
    /// can tell from which, or try some out.
    fn veil(&self, bytes: &mut Preview) {
        if bytes.len > 0 {
            let hash = self.key.hash_one((bytes.len, &bytes.head)) >> 16;
            bytes.head = format!("#{hash:012x}");
        }
    }
}

fn mask_directive(name: &str, value: &mut String) {
    if !value.is_empty() && SECRET_DIRECTIVES.contains(&name) {
        HIDDEN.clone_into(value);
    }
}

fn blank(bytes: &mut Preview) {
    bytes.head.clear();
}

fn blank_reply(bytes: &mut Preview) {
    if !BARE_REPLIES.contains(&bytes.head.as_str()) {
        blank(bytes);
    }
}

/// The command's own name, and that of a subcommand, stay.
fn blank_arguments(argv: &mut [Preview]) {
    let Some((name, arguments)) = argv.split_first_mut() else { return };
    let Some(command) = commands::lookup(&name.bytes()) else {
        blank(name);
        return arguments.iter_mut().for_each(blank);
    };
    let mut rest = arguments.iter_mut();
    if !command.subcommands.is_empty()
        && let Some(word) = rest.next()
    {
        let given = word.bytes();
        let is_it = |c: &Command| c.own_name().as_bytes().eq_ignore_ascii_case(&given);
        if !command.subcommands.iter().any(is_it) {
            blank(word);
        }
    }
    rest.for_each(blank);
}

/// A command or subcommand (`client|list`) of the table.
fn command_named(name: &str) -> Option<&'static Command> {
    let own = name.split('|').next().unwrap_or(name);
    let command = commands::lookup(own.as_bytes())?;
    if name == command.name {
        return Some(command);
    }
    command.subcommands.iter().find(|subcommand| subcommand.name == name)
}

/// Whether what a command is told or answers may be a password.
fn is_confidential(name: &[u8]) -> bool {
    let own = name.split(|b| *b == b'|').next().unwrap_or(name);
    ["auth", "hello", "config"].iter().any(|secret| is_named(own, secret))
}

fn is_named(name: &[u8], command: &str) -> bool {
    name.eq_ignore_ascii_case(command.as_bytes())
}

/// A request whose name is not known yet may become anything.
fn confides(argv: &[Preview]) -> bool {
    argv.first().is_none_or(|name| name.is_cut() || is_confidential(&name.bytes()))
}

/// Whether all of what was just read from `client` is known to be requests
/// without a secret: nothing of it is left that nobody has understood yet.
fn is_innocent(client: ClientId, after: &[Stamped]) -> bool {
    let mut understood = false;
    let its = after.iter().map(|fact| &fact.event).filter(|event| event.client() == Some(client));
    for event in its {
        match event {
            Event::Read { .. } => break,
            Event::ProtocolError { .. } => return false,
            Event::Parsed { argv, .. } | Event::Incomplete { argv, .. } if confides(argv) => {
                return false;
            }
            Event::Incomplete { .. } => understood = true,
            Event::QueryTrimmed { left, .. } => understood |= *left == 0,
            _ => {}
        }
    }
    understood
}
