//! What may be shown of what clients say.
//!
//! A trace is evidence of how a server works, not of what its clients keep in
//! it. So by default it names commands, counts and measures, and shows a key
//! only as a keyed hash, by which two mentions of one key can be told to be of
//! the same; values never. Whoever asks for everything ([`Disclosure::All`])
//! still gets no password: what AUTH, HELLO and CONFIG are told, and what they
//! answer, is masked always.

use crate::commands::{self, Command};
use crate::engine::discretion::{Discretion, blank, blank_arguments, blank_reply, mask_directive};
use crate::event::{
    BlockedOn, ClientChange, Event, KeyChange, Pipe, Preview, Stamped, TransactionStep,
};
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
    discretion: Discretion,
}

/// Instead of the name of a command that there is none of.
const UNKNOWN: &str = "(unknown)";

impl Redactor {
    #[must_use]
    pub fn new(disclosure: Disclosure) -> Redactor {
        Redactor { disclosure, key: RandomState::new(), discretion: Discretion::default() }
    }

    /// For facts that system calls have told.
    #[must_use]
    pub fn of_system_calls(disclosure: Disclosure) -> Redactor {
        Redactor { discretion: Discretion::of_system_calls(), ..Redactor::new(disclosure) }
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
        self.discretion.mask(facts);
        if self.disclosure == Disclosure::Redacted {
            facts.iter_mut().for_each(|Stamped { event, .. }| self.by_default(event));
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

/// A command or subcommand (`client|list`) of the table.
fn command_named(name: &str) -> Option<&'static Command> {
    let own = name.split('|').next().unwrap_or(name);
    let command = commands::lookup(own.as_bytes())?;
    if name == command.name {
        return Some(command);
    }
    command.subcommands.iter().find(|subcommand| subcommand.name == name)
}
